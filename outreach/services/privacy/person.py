"""Export all data held about a person, and erase it (UU PDP 27/2022, articles 7 and 8).

Erasing is never refused, even before an activity of theirs. It withdraws the person from activities not over yet, where
others may count on them; so the page names these activities before staff confirm. Activities that are over keep their
counts: the invitations stay, without a name.
"""

import re
from collections.abc import Callable, Collection, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from outreach.delivery import tokens
from outreach.domain.mail.still_true import SkipReason
from outreach.domain.representation import TO_ASSISTANT
from outreach.domain.states import TO_SEND, ActivityState, InvitationState, MessageState, PollState
from outreach.extensions import db
from outreach.models import (
    ActingPerson,
    Activity,
    AgendaItem,
    AnswerBefore,
    ArchivedMessage,
    Assistant,
    Attempt,
    AuditEntry,
    Certificate,
    Consent,
    DataRequest,
    Feed,
    Invitation,
    Link,
    Message,
    MessageLine,
    PeopleGroup,
    Person,
    PollAnswer,
    PollInvitee,
    RecordedBefore,
    Rung,
    SentMail,
    User,
    agenda_speaker,
    people_group_member,
)
from outreach.models.mails import IS_WAITING
from outreach.models.people import ERASED
from outreach.services import audit, bundles
from outreach.services.directory import import_undo
from outreach.services.directory.people import PersonErased, PersonMissing, get
from outreach.services.invitations import seats
from outreach.services.locking import present_for_change
from outreach.services.planning import bookings
from outreach.services.privacy import marks, requests
from outreach.services.privacy.held import absences as absence_privacy
from outreach.services.privacy.held import calls as call_privacy
from outreach.services.privacy.held import certificates as certificate_privacy
from outreach.services.privacy.held import clashes as clash_privacy
from outreach.services.privacy.held import door as door_privacy
from outreach.services.privacy.held import evidence as evidence_privacy
from outreach.services.privacy.held import feedback as feedback_privacy
from outreach.services.privacy.held import given_answers as answer_privacy
from outreach.services.privacy.held import inbox
from outreach.services.privacy.held import letters as letter_privacy
from outreach.services.privacy.held import materials as material_privacy
from outreach.services.privacy.held import minutes as minutes_privacy
from outreach.services.privacy.held import posts as post_privacy
from outreach.services.privacy.held import timetables as timetable_privacy
from outreach.transactions import writing

AHEAD = (ActivityState.DRAFT, ActivityState.PUBLISHED)


def upcoming(person_id: int, *, now: datetime) -> Sequence[Invitation]:
    """Return the invitations that erasing would withdraw: those to activities not over yet. One query."""
    return db.session.scalars(_ahead(person_id, now)).all()


def export(person_id: int, *, by: User | None, now: datetime) -> dict[str, Any]:
    """Return all data held about a person as JSON values, and record the export in the audit log."""
    person = get(person_id)
    if person.erased_at is not None:
        raise PersonErased
    data = {
        "exported_at": now.isoformat(),
        "person": _columns(person, without=("id",)),
        "organisation": person.organisation.name if person.organisation else None,
        "kelurahan": person.region.name if person.region else None,
        "cadre_roles": [
            {"kind": role.kind.value, "kelurahan": role.region.name, "active": role.active}
            for role in person.cadre_roles
        ],
        "groups": [
            *db.session.scalars(
                sa.select(PeopleGroup.name)
                .join(people_group_member, people_group_member.c.group_id == PeopleGroup.id)
                .where(people_group_member.c.person_id == person_id)
                .order_by(PeopleGroup.name)
            )
        ],
        "adjutant_or_secretary": _assistant(person.assistant) if person.assistant else None,
        "adjutant_or_secretary_of": [
            {"of": (one.person or one.organisation).display_name, **_assistant(one)}
            for one in db.session.scalars(_assisting(person))
        ],
        "invitations": [_invitation(invitation) for invitation in db.session.scalars(_invitations(person_id))],
        **answer_privacy.held(db.session(), person),
        "named_as_representative": [
            {"activity": invitation.activity.title, "starts_at": invitation.activity.starts_at.isoformat()}
            for invitation in db.session.scalars(_represented_by(person).options(joinedload(Invitation.activity)))
        ],
        "sent_as_representative": material_privacy.held_as_acting(
            db.session(), db.session.scalars(_acting(person).with_only_columns(ActingPerson.id)).all()
        ),
        "mails": [
            _columns(mail, without=("fence", "worker", "leased_until", "merge_key", "rfc_message_id"))
            for mail in db.session.scalars(
                sa.select(Message).where(Message.person_id == person_id).order_by(Message.id)
            )
        ],
        "ladders": [
            {"kind": rung.kind.value, "due_at": rung.due_at.isoformat(), "state": rung.state.value}
            for rung in db.session.scalars(
                sa.select(Rung).join(Rung.invitation).where(Invitation.person_id == person_id).order_by(Rung.id)
            )
        ],
        "date_polls": [_poll(asked) for asked in db.session.scalars(_polls(person_id))],
        "archived_mails": [
            _columns(mail, without=("rfc_message_id",)) for mail in db.session.scalars(_archived_to(person_id))
        ],
        **inbox.held(db.session(), person),
        **absence_privacy.held(db.session(), person_id),
        **timetable_privacy.held(db.session(), person),
        **clash_privacy.held(db.session(), person_id),
        **letter_privacy.held(db.session(), person),
        **certificate_privacy.held(db.session(), person_id, _acted(db.session(), person)),
        **minutes_privacy.held(db.session(), person),
        **call_privacy.held(db.session(), person),
        **evidence_privacy.held(db.session(), person_id),
        **material_privacy.held(db.session(), person_id),
        **post_privacy.held(db.session(), person_id),
        **feedback_privacy.held(db.session(), person_id, _acted(db.session(), person)),
        **door_privacy.held(db.session(), person_id),
        "consents": [
            _columns(one, without=("id", "person_id", "recorded_by_id", "withdrawn_by_id"))
            for one in db.session.scalars(sa.select(Consent).where(Consent.person_id == person_id).order_by(Consent.id))
        ],
        "requests": [
            _columns(
                one, without=("id", "person_id", "nonce", "entered_by_id", "done_by_id", "warned_at", "overdue_told_at")
            )
            for one in db.session.scalars(
                sa.select(DataRequest).where(DataRequest.person_id == person_id).order_by(DataRequest.id)
            )
        ],
        "imports": import_undo.held(db.session(), person_id),
        "link": [
            {"expires_at": _plain(link.expires_at), "revoked_at": _plain(link.revoked_at)}
            for link in db.session.scalars(sa.select(Link).where(Link.person_id == person_id))
        ],
        "calendar_addresses": [
            _columns(feed, without=("id", "nonce"))
            for feed in db.session.scalars(sa.select(Feed).where(Feed.person_id == person_id).order_by(Feed.id))
        ],
        "changes_by_staff": [
            {"at": entry.at.isoformat(), "action": entry.action}
            for entry in db.session.scalars(_audit_of(person_id).order_by(AuditEntry.id))
        ],
    }
    with writing() as session:
        session.add(person)
        audit.record(session, by, "person.exported", person, now=now)
    return data


def erase(
    person_id: int,
    *,
    by: User | None,
    now: datetime,
    due: sa.Select[Any, Any] | None = None,
    note: Callable[[Session], None] | None = None,
) -> Person:
    """Erase a person's data for good; raise PersonMissing or PersonErased.

    Invitations to activities not over yet are withdrawn without a mail, and freed seats are offered to the waitlist. The
    link is revoked, mails not yet sent are stopped, the person leaves all groups, and the name is removed from the
    message and audit logs. Documents that were made into one file are deleted. due: of retention, the people (by id) whose
    time is over; PersonMissing if this one is not among them any more. note: called in the transaction.
    """
    with writing() as session:
        timetable_privacy.lock(session)
        person = _locked(session, person_id, now)
        if due is not None and session.execute(due.where(Person.id == person_id)).first() is None:
            raise PersonMissing
        _lock_mails(session, person)
        _withdraw(session, person_id, now)
        inbox.forget(session, person)
        absence_privacy.forget(session, person_id)
        timetable_privacy.forget(session, person)
        clash_privacy.forget(session, person_id)
        letter_privacy.forget(session, person)
        certificate_privacy.forget(session, person_id, _acted(session, person))
        minutes_privacy.forget(session, person)
        call_privacy.forget(session, person)
        evidence_privacy.forget(session, person)
        material_privacy.forget(session, person_id)
        feedback_privacy.forget(session, person_id, _acted(session, person))
        door_privacy.forget(session, person)
        import_undo.forget(session, person_id)
        _forget_mails(session, person_id)
        _forget_answers(session, person)
        _forget_assistants(session, person)
        for kept in (
            AnswerBefore,
            RecordedBefore,
        ):  # any of them may name the person; only undoing needs them, for a day
            session.execute(sa.delete(kept))
        _forget_polls(session, person)
        _forget_log(session, person_id)
        _forget_searches(session, person)
        post_privacy.forget(session, person_id)
        requests.close_all_of(session, person, by=by, now=now)
        session.execute(sa.delete(Consent).where(Consent.person_id == person_id))
        session.execute(sa.update(Link).where(Link.person_id == person_id).values(revoked_at=now))
        session.execute(sa.delete(Feed).where(Feed.person_id == person_id))
        session.execute(sa.delete(people_group_member).where(people_group_member.c.person_id == person_id))
        for role in person.cadre_roles:
            role.active = False
        person.name, person.erased_at, person.sex, person.age_group, person.organisation_id = (
            ERASED,
            now,
            None,
            None,
            None,
        )
        for column in ("title_before", "title_after", "post", "email", "phone", "note"):
            setattr(person, column, "")
        audit.record(session, by, "person.erased", person, now=now, name=ERASED)
        marks.add(session, person, now=now)
        if note is not None:
            note(session)
    bundles.forget_all()  # afterwards, so that none is made meanwhile of what was there before
    return person


def _locked(session: Session, person_id: int, now: datetime) -> Person:
    """Return the person, locked after all activities ahead to which they are invited. Raise PersonMissing or PersonErased.

    If they were invited to another one during the wait, the locks are released and taken again in their order.
    """
    while True:
        locks = session.begin_nested()
        locked = present_for_change(session, {invitation.activity_id for invitation in upcoming(person_id, now=now)})
        session.expire_all()  # read again: waiting for the locks may have taken time
        person = session.get(Person, person_id, with_for_update={"key_share": True}, populate_existing=True)
        if person is None:
            raise PersonMissing
        if person.erased_at is not None:
            raise PersonErased
        if locked.keys() >= {invitation.activity_id for invitation in upcoming(person_id, now=now)}:
            locks.commit()
            return person
        locks.rollback()


def _withdraw(session: Session, person_id: int, now: datetime) -> None:
    ahead = session.scalars(_ahead(person_id, now)).all()
    activities = sorted({invitation.activity_id for invitation in ahead})
    for invitation in ahead:
        invitation.state = InvitationState.WITHDRAWN
        invitation.revision += 1
    items = sa.select(AgendaItem.id).join(Activity).where(_is_ahead(now))
    session.execute(
        sa.delete(agenda_speaker).where(
            agenda_speaker.c.person_id == person_id, agenda_speaker.c.agenda_item_id.in_(items)
        )
    )
    session.flush()
    bookings.rebook_people(session, [person_id])
    for activity_id in activities:
        seats.offer_freed(session, session.get_one(Activity, activity_id), now=now)


def _lock_mails(session: Session, person: Person) -> None:
    """Lock the mails to the person, and waiting ones that name them as representative, before anything of them is removed.

    A worker that stores a mail's result has then stored it already, or waits and finds that the person is erased.
    """
    represented = _represented_by(person).with_only_columns(Invitation.id)
    naming = sa.select(MessageLine.message_id).where(MessageLine.invitation_id.in_(represented))
    naming_them = sa.or_(Message.id.in_(naming), Message.id.in_(_to_their_office(person)))
    to_them = sa.or_(Message.person_id == person.id, Message.representative_of_id.in_(represented))
    about = sa.or_(to_them, sa.and_(IS_WAITING, naming_them))
    # In the order in which workers lock the mails that they settle (delivery/outbox/leases.py: lock).
    session.execute(sa.select(Message.id).where(about).order_by(Message.id).with_for_update())


def _forget_mails(session: Session, person_id: int) -> None:
    own = sa.select(Message.id).where(Message.person_id == person_id)
    session.execute(
        sa.update(Message)
        .where(Message.person_id == person_id, Message.state.in_(TO_SEND))
        .values(state=MessageState.SKIPPED, reason=SkipReason.ERASED.value, merge_key=None)
    )
    session.execute(sa.update(Message).where(Message.person_id == person_id).values(address="", server_reply=""))
    session.execute(sa.update(Attempt).where(Attempt.message_id.in_(own)).values(reply=""))
    session.execute(sa.delete(SentMail).where(SentMail.message_id.in_(own)))
    for message in session.scalars(_archived_to(person_id)):
        message.address, message.server_reply = "", ""
        message.tries = [{**attempt, "reply": ""} for attempt in message.tries]


def _archived_to(person_id: int) -> sa.Select[ArchivedMessage]:
    return sa.select(ArchivedMessage).where(ArchivedMessage.person_id == person_id).order_by(ArchivedMessage.id)


def _forget_answers(session: Session, person: Person) -> None:
    own = sa.select(Invitation.id).where(Invitation.person_id == person.id)
    answer_privacy.forget(session, person.id)
    nothing: dict[str, Any] = {"answer_note": "", "answer_device": "", "answer_replaced": sa.null()}
    session.execute(sa.update(Invitation).where(Invitation.person_id == person.id).values(nothing))
    # Whoever acted for them and has a certificate keeps it, and their page with it.
    keeps = sa.exists().where(Certificate.acting_id == ActingPerson.id)
    chain = session.scalars(sa.select(ActingPerson.id).where(ActingPerson.invitation_id.in_(own), ~keeps)).all()
    acted = session.scalars(_acting(person)).all()
    material_privacy.forget_acting(session, [*chain, *(acting.id for acting in acted)])
    session.execute(sa.delete(ActingPerson).where(ActingPerson.id.in_(chain)))
    acted_for = [acting.invitation_id for acting in acted]
    session.execute(sa.update(Invitation).where(Invitation.id.in_(acted_for)).values(answer_replaced=sa.null()))
    _forget_mails_naming(session, acted_for)
    evidence_privacy.forget_of(session, acted_for)  # a letter that says who comes
    _forget_log_naming(session, acted_for)
    session.execute(sa.delete(SentMail).where(SentMail.message_id.in_(_to_their_office(person))))
    for acting in acted:
        acting.name, acting.nonce = ERASED, tokens.new_nonce()
        acting.post = acting.rank = acting.phone = acting.email = ""


def _forget_assistants(session: Session, person: Person) -> None:
    """Erase their adjutant or secretary, and where they are that of somebody else. The mails to them go, too."""
    person.assistant = None
    for one in session.scalars(_assisting(person)).all():
        column = "person_id" if one.person_id is not None else "organisation_id"
        asked = {column: getattr(one, column)}
        mails = sa.select(Message.id).filter_by(**asked).where(Message.kind.in_(sorted(TO_ASSISTANT)))
        session.execute(sa.delete(SentMail).where(SentMail.message_id.in_(mails)))
        forgotten = sa.update(Message).where(Message.id.in_(mails)).values(address="", server_reply="")
        session.execute(forgotten.execution_options(synchronize_session=False))
        session.execute(sa.update(Attempt).where(Attempt.message_id.in_(mails)).values(reply=""))
        archived = sa.select(ArchivedMessage).filter_by(**asked).where(ArchivedMessage.kind.in_(sorted(TO_ASSISTANT)))
        for message in session.scalars(archived):
            message.address, message.server_reply = "", ""
            message.tries = [{**attempt, "reply": ""} for attempt in message.tries]
        session.delete(one)


def _assisting(person: Person) -> sa.Select[Any]:
    """Select whose adjutant or secretary this person is: the name must match, and the address or the phone."""
    reached: list[sa.ColumnElement[bool]] = [sa.false()]
    if person.email:
        reached.append(sa.func.lower(Assistant.email) == person.email.lower())
    if person.phone:
        reached.append(Assistant.phone == person.phone)
    same_name = sa.func.lower(Assistant.name).contains(person.name.lower(), autoescape=True)
    others = sa.func.coalesce(Assistant.person_id, 0) != person.id
    return sa.select(Assistant).where(sa.or_(*reached), same_name, sa.literal(bool(person.name)), others)


def _assistant(one: Assistant) -> dict[str, Any]:
    return _columns(one, without=("id", "person_id", "organisation_id", "nonce"))


def _to_their_office(person: Person) -> sa.Select[int | None]:
    """The mails to an organisation about activities to which it sends the person: they may name them."""
    under = sa.select(Invitation.nominated_under_id).where(Invitation.person_id == person.id)
    return sa.select(MessageLine.message_id).where(MessageLine.invitation_id.in_(under))


def _forget_mails_naming(session: Session, represented_ids: Collection[int]) -> None:
    """Delete the stored mails about invitations that named somebody as representative, and the address they went to."""
    about = sa.select(MessageLine.message_id).where(MessageLine.invitation_id.in_(represented_ids))
    session.execute(sa.delete(SentMail).where(SentMail.message_id.in_(about)))
    to_them = sa.select(Message.id).where(Message.representative_of_id.in_(represented_ids))
    session.execute(
        sa.update(Attempt)
        .where(Attempt.message_id.in_(to_them))
        .values(reply="")
        .execution_options(synchronize_session=False)
    )
    session.execute(
        sa.update(Message)
        .where(Message.representative_of_id.in_(represented_ids))
        .values(address="", server_reply="")
        .execution_options(synchronize_session=False)
    )


def _forget_polls(session: Session, person: Person) -> None:
    """Remove them from polls not decided yet. In decided polls their choices stay, without a name."""
    for invitee in session.scalars(_polls(person.id)):
        if invitee.poll.state is PollState.DECIDED:
            invitee.answered_by = invitee.note = ""
        else:
            session.delete(invitee)
    if person.name:  # they may have answered a poll for their office
        session.execute(
            sa.update(PollInvitee)
            .where(sa.func.lower(PollInvitee.answered_by).contains(person.name.lower(), autoescape=True))
            .values(answered_by=ERASED)
            .execution_options(synchronize_session=False)
        )


def _polls(person_id: int) -> sa.Select[PollInvitee]:
    return (
        sa.select(PollInvitee)
        .where(PollInvitee.person_id == person_id)
        .options(joinedload(PollInvitee.poll), selectinload(PollInvitee.choices).joinedload(PollAnswer.slot))
        .order_by(PollInvitee.id)
    )


def _poll(one: PollInvitee) -> dict[str, Any]:
    return {
        "poll": one.poll.title,
        **_columns(one, without=("id", "poll_id", "person_id", "organisation_id", "answer_recorded_by_id")),
        "choices": [{"starts_at": _plain(said.slot.starts_at), "choice": said.choice.value} for said in one.choices],
    }


def _forget_log(session: Session, person_id: int) -> None:
    entries = _audit_of(person_id).with_only_columns(AuditEntry.id)
    session.execute(
        sa.update(AuditEntry)
        .where(AuditEntry.id.in_(entries))
        .values(subject_name=ERASED, detail={})
        .execution_options(synchronize_session=False)
    )


def _forget_log_naming(session: Session, invitation_ids: Collection[int]) -> None:
    """Remove the names of representatives from what the log says of these invitations."""
    about = sa.and_(AuditEntry.subject_type == Invitation.__tablename__, AuditEntry.subject_id.in_(invitation_ids))
    for entry in session.scalars(sa.select(AuditEntry).where(about)):
        if "representative" in entry.detail:
            entry.detail = {**entry.detail, "representative": ERASED}


def _forget_searches(session: Session, person: Person) -> None:
    """Remove from the log the search words of downloads that name the person, or give their address or number.

    A list is searched word by word, in any order, so one word of theirs is enough.
    """
    written = AuditEntry.detail["filters"]["q"].as_string()
    for entry in session.scalars(sa.select(AuditEntry).where(AuditEntry.action == audit.DOWNLOADED, written != "")):
        filters = entry.detail["filters"]
        if _names(filters["q"].lower(), person):
            entry.detail = {**entry.detail, "filters": {**filters, "q": ERASED}}


def _names(q: str, person: Person) -> bool:
    mailbox = person.email.lower().partition("@")[0]
    digits = "".join(filter(str.isdigit, q)).lstrip("0")
    if len(digits) > 4 and digits in person.phone.lstrip("+"):
        return True
    name = person.name.lower()
    words = [word.partition("@")[0].strip(".") for word in re.split(r"[\s,;]+", q)]
    return any(word in name.split() or (len(word) >= 3 and (word in name or word in mailbox)) for word in words)


def _is_ahead(now: datetime) -> sa.ColumnElement[bool]:
    """Return the condition for activities that are not over yet. A postponed one is ahead, whatever its former day."""
    ahead = sa.and_(Activity.state.in_(AHEAD), Activity.ends_at > now)
    return sa.or_(ahead, Activity.state == ActivityState.POSTPONED)


def _ahead(person_id: int, now: datetime) -> sa.Select[Any]:
    return (
        _invitations(person_id)
        .where(_is_ahead(now), Invitation.state != InvitationState.WITHDRAWN)
        .order_by(None)
        .order_by(Activity.starts_at, Invitation.id)
    )


def _invitations(person_id: int) -> sa.Select[Any]:
    return (
        sa.select(Invitation)
        .join(Invitation.activity)
        .where(Invitation.person_id == person_id)
        .options(joinedload(Invitation.activity), joinedload(Invitation.attendance))
        .order_by(Invitation.id)
    )


def _acting(person: Person) -> sa.Select[Any]:
    """Select where this person acts or acted for somebody: the name must match, and the address or the phone."""
    conditions = []
    if person.email:
        conditions.append(sa.func.lower(ActingPerson.email) == person.email.lower())
    if person.phone:
        conditions.append(ActingPerson.phone == person.phone)
    same_name = sa.func.lower(ActingPerson.name).contains(person.name.lower(), autoescape=True)
    return sa.select(ActingPerson).where(sa.or_(*conditions, sa.false()), same_name, sa.literal(bool(person.name)))


def _acted(session: Session, person: Person) -> Sequence[int]:
    return session.scalars(_acting(person).with_only_columns(ActingPerson.id)).all()


def _represented_by(person: Person) -> sa.Select[Any]:
    """Select the invitations for which this person acts or acted."""
    return sa.select(Invitation).where(Invitation.id.in_(_acting(person).with_only_columns(ActingPerson.invitation_id)))


def _audit_of(person_id: int) -> sa.Select[Any]:
    invitations = sa.select(Invitation.id).where(Invitation.person_id == person_id)
    return sa.select(AuditEntry).where(
        sa.or_(
            sa.and_(AuditEntry.subject_type == Person.__tablename__, AuditEntry.subject_id == person_id),
            sa.and_(
                AuditEntry.subject_type == Invitation.__tablename__,
                sa.or_(
                    AuditEntry.subject_id.in_(invitations),
                    AuditEntry.subject_id.in_(post_privacy.invited_before(person_id)),
                ),
            ),
        )
    )


def _invitation(invitation: Invitation) -> dict[str, Any]:
    kept = _columns(invitation, without=("id", "activity_id", "person_id", "organisation_id", "nominated_under_id"))
    attendance = invitation.attendance
    return {
        "activity": invitation.activity.title,
        "starts_at": invitation.activity.starts_at.isoformat(),
        **kept,
        "representative_name": invitation.representative_name,
        "representatives": [
            _columns(acting, without=("id", "invitation_id", "nonce", "named_by_user_id"))
            for acting in invitation.chain
        ],
        "present": attendance.present if attendance else None,
    }


def _columns(row: Any, without: tuple[str, ...] = ()) -> dict[str, Any]:
    return {c.key: _plain(getattr(row, c.key)) for c in sa.inspect(row).mapper.column_attrs if c.key not in without}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime | date) else value

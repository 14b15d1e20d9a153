"""The stores of personal data: from when the time of their rows counts, and what erasing does to them.

A row is found as long as there is something to erase in it, and only if nothing still needs it. So running twice does nothing,
and a run that breaks off goes on where it stood. What an activity ahead, an unsent mail or an open question needs is left alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.delivery import tokens
from outreach.domain.kinds import Repeat
from outreach.domain.privacy.retention import Purpose
from outreach.domain.states import FINISHED, ActivityState, FollowUpState, MinutesState, PollState, SearchState
from outreach.models import (
    Absence,
    AbsenceCalendar,
    ActingPerson,
    Activity,
    AnswerEvidence,
    ArchivedActivity,
    ArchivedLine,
    ArchivedMessage,
    Attendance,
    AuditEntry,
    BellSeen,
    Call,
    CallQuestion,
    DataRequest,
    DatePoll,
    Device,
    Feed,
    FollowUp,
    FormerHolder,
    GivenAnswer,
    IncomingMail,
    Invitation,
    Material,
    Message,
    MessageLine,
    Minutes,
    Passkey,
    PasswordReset,
    Person,
    PersonImport,
    PollInvitee,
    PostHolder,
    ProposedTopic,
    ReadingLink,
    RecoveryCode,
    Scan,
    SecurityEvent,
    SignedLine,
    SignedList,
    StoredFile,
    TimetablingSearch,
    User,
    user_area,
    user_role,
)
from outreach.models.mails import IS_WAITING
from outreach.models.people import ERASED
from outreach.services.answers import evidence
from outreach.services.inbox.retention import HAS_WORDS
from outreach.services.materials import send as materials
from outreach.services.privacy.held import materials as material_privacy
from outreach.services.timetabling.searches import LAST_AT

Found = sa.Select[Any, Any]
Erase = Callable[[Session, Sequence[Any]], None]
Rows = Callable[[datetime], Found]


@dataclass(frozen=True)
class Store:
    """Rows that are erased in one way.

    rows: given now, those that could be erased, as (key, since when their time counts). of: the table that is locked.
    erase: by their keys, in the caller's transaction; None: run.py knows another way. tables: what it empties.
    """

    name: str
    purpose: Purpose
    of: Any
    rows: Rows
    erase: Erase | None
    tables: tuple[str, ...] = ()

    def due(self, now: datetime, until: datetime) -> Found:
        """Select (key, since) of the rows whose time counts since before `until`, in the order of their keys."""
        found = self.rows(now)
        key, since = found.selected_columns[0], found.selected_columns[1]
        early: Any = until.date() if isinstance(since.type, sa.Date) else until
        return found.where(since < early).order_by(key)


def _over(now: datetime) -> sa.ColumnElement[bool]:
    """Return the condition for activities that are over. A postponed one is ahead, whatever its former day."""
    return sa.and_(Activity.ends_at < now, Activity.state != ActivityState.POSTPONED)


def _people(now: datetime) -> Found:
    """Select the people whom nothing needs any more: since their last activity, or since they were added."""
    today = now.date()
    own = Invitation.person_id == Person.id
    last = (
        sa.select(sa.func.max(Activity.ends_at))
        .join(Invitation, Invitation.activity_id == Activity.id)
        .where(own)
        .correlate(Person)
        .scalar_subquery()
    )
    since = sa.case((last > Person.created_at, last), else_=Person.created_at)
    asked = sa.exists().where(PollInvitee.person_id == Person.id, PollInvitee.poll_id == DatePoll.id)
    tasks = sa.exists().where(FollowUp.person_id == Person.id, FollowUp.state == FollowUpState.OPEN)
    chairs = sa.exists().where(Minutes.chair_id == Person.id, Minutes.state.in_((MinutesState.ASKED,)))
    holds = sa.exists().where(
        PostHolder.person_id == Person.id, sa.or_(PostHolder.until_on.is_(None), PostHolder.until_on >= today)
    )
    ahead = sa.exists().where(own, Activity.id == Invitation.activity_id, sa.not_(_over(now)))
    needed = (
        asked.where(DatePoll.state.in_((PollState.DRAFT, PollState.OPEN))),
        tasks,
        chairs,
        sa.exists().where(DataRequest.person_id == Person.id, DataRequest.done_at.is_(None)),
        holds,
        ahead,
        sa.exists().where(Message.person_id == Person.id, IS_WAITING),
        sa.exists().where(
            Call.person_id == Person.id, CallQuestion.call_id == Call.id, CallQuestion.settled_at.is_(None)
        ),
    )
    return sa.select(Person.id, since).where(Person.erased_at.is_(None), *(~one for one in needed))


def _given_answers(now: datetime) -> Found:
    said = sa.or_(GivenAnswer.note != "", GivenAnswer.reason != "", GivenAnswer.device != "")
    return _of_invitations(sa.select(GivenAnswer.id, Activity.ends_at), GivenAnswer, now).where(said)


def _of_invitations(statement: Found, model: Any, now: datetime) -> Found:
    joined = statement.select_from(model).join(Invitation, Invitation.id == model.invitation_id)
    return joined.join(Activity, Activity.id == Invitation.activity_id).where(_over(now))


def _forget_given(session: Session, ids: Sequence[int]) -> None:
    words = {"note": "", "reason": "", "wished_on": None, "reason_at": None, "device": "", "incoming_mail_id": None}
    _update(session, GivenAnswer, GivenAnswer.id.in_(ids), words)


def _invitations(now: datetime) -> Found:
    says = sa.or_(
        Invitation.answer_note != "",
        Invitation.answer_device != "",
        sa.cast(Invitation.answer_replaced, sa.Text).not_in(("null", "")),
    )
    found = sa.select(Invitation.id, Activity.ends_at).join(Activity, Activity.id == Invitation.activity_id)
    return found.where(_over(now), says)


def _forget_invitations(session: Session, ids: Sequence[int]) -> None:
    nothing = {"answer_note": "", "answer_device": "", "answer_replaced": sa.null()}
    _update(session, Invitation, Invitation.id.in_(ids), nothing)


def _acting(now: datetime) -> Found:
    return _of_invitations(sa.select(ActingPerson.id, Activity.ends_at), ActingPerson, now).where(
        ActingPerson.name != ERASED
    )


def _forget_acting(session: Session, ids: Sequence[int]) -> None:
    material_privacy.forget_acting(session, ids)
    for one in session.scalars(sa.select(ActingPerson).where(ActingPerson.id.in_(ids))):
        one.name, one.nonce = ERASED, tokens.new_nonce()
        one.post = one.rank = one.phone = one.email = ""


def _forget_evidence(session: Session, ids: Sequence[int]) -> None:
    evidence.drop(session, session.scalars(sa.select(AnswerEvidence).where(AnswerEvidence.id.in_(ids))).all())


def _polls(_now: datetime) -> Found:
    over = DatePoll.state.in_((PollState.CLOSED, PollState.DECIDED))
    said = sa.or_(PollInvitee.note != "", PollInvitee.answered_by != "")
    found = sa.select(PollInvitee.id, DatePoll.closes_at).join(DatePoll, DatePoll.id == PollInvitee.poll_id)
    return found.where(over, said)


def _forget_polls(session: Session, ids: Sequence[int]) -> None:
    _update(session, PollInvitee, PollInvitee.id.in_(ids), {"note": "", "answered_by": ""})


def _scans(now: datetime) -> Found:
    told = sa.or_(Scan.name != "", Scan.code != "", Scan.digest != "")
    found = sa.select(Scan.id, Activity.ends_at).join(Activity, Activity.id == Scan.activity_id)
    return found.where(_over(now), told)


def _forget_scans(session: Session, ids: Sequence[int]) -> None:
    _update(session, Scan, Scan.id.in_(ids), {"name": "", "code": "", "digest": ""})


def _attendance(now: datetime) -> Found:
    timed = sa.or_(Attendance.in_at.is_not(None), Attendance.out_at.is_not(None))
    return _of_invitations(sa.select(Attendance.id, Activity.ends_at), Attendance, now).where(timed)


def _forget_times(session: Session, ids: Sequence[int]) -> None:
    _update(session, Attendance, Attendance.id.in_(ids), {"in_at": None, "out_at": None})


def _signed_lists(now: datetime) -> Found:
    found = sa.select(SignedList.id, Activity.ends_at).join(Activity, Activity.id == SignedList.activity_id)
    return found.where(_over(now))


def _forget_signed_lists(session: Session, ids: Sequence[int]) -> None:
    files = session.scalars(sa.select(SignedList.file_id).where(SignedList.id.in_(ids))).all()
    _delete(session, SignedList, SignedList.id.in_(ids))
    _delete(session, StoredFile, StoredFile.id.in_(files))


def _devices(_now: datetime) -> Found:
    return sa.select(Device.id, Device.seen_at).where(sa.or_(Device.user_id.is_not(None), Device.name != ""))


def _calls(_now: datetime) -> Found:
    asks = sa.exists().where(CallQuestion.call_id == Call.id, CallQuestion.settled_at.is_(None))
    return sa.select(Call.id, Call.ended_at).where(Call.note != "", ~asks)


def _messages(_now: datetime) -> Found:
    """Select what services/messages/archive.py will move: since the last of its activities, or since it was of use."""
    last = (
        sa.select(sa.func.max(Activity.ends_at))
        .join(Invitation, Invitation.activity_id == Activity.id)
        .join(MessageLine, MessageLine.invitation_id == Invitation.id)
        .where(MessageLine.message_id == Message.id)
        .correlate(Message)
        .scalar_subquery()
    )
    waits = sa.exists().where(
        MessageLine.message_id == Message.id,
        Invitation.id == MessageLine.invitation_id,
        Activity.id == Invitation.activity_id,
        Activity.state == ActivityState.POSTPONED,
    )
    since = sa.case((last > Message.expires_at, last), else_=Message.expires_at)
    return sa.select(Message.id, since).where(Message.state.in_(sorted(FINISHED)), ~waits)


def _forget_archived(session: Session, ids: Sequence[int]) -> None:
    _delete(session, ArchivedActivity, ArchivedActivity.message_id.in_(ids))
    _delete(session, ArchivedLine, ArchivedLine.message_id.in_(ids))
    _delete(session, ArchivedMessage, ArchivedMessage.id.in_(ids))


def _materials(now: datetime) -> Found:
    found = sa.select(Material.id, Activity.ends_at).join(Activity, Activity.id == Material.activity_id)
    return found.where(_over(now))


def _forget_materials(session: Session, ids: Sequence[int]) -> None:
    materials.drop(session, session.scalars(sa.select(Material).where(Material.id.in_(ids))).all())


def _topics(now: datetime) -> Found:
    found = sa.select(ProposedTopic.id, Activity.ends_at).join(Activity, Activity.id == ProposedTopic.activity_id)
    return found.where(_over(now))


def _absences(_now: datetime) -> Found:
    return sa.select(Absence.id, Absence.ends_at).where(Absence.repeats == Repeat.ONCE, Absence.calendar_id.is_(None))


def _weekly_absences(_now: datetime) -> Found:
    return sa.select(Absence.id, Absence.repeats_until_on).where(
        Absence.repeats != Repeat.ONCE, Absence.calendar_id.is_(None)
    )


def _calendars(_now: datetime) -> Found:
    """Select the files of calendars all of whose absences are over. One with an address is read again and again."""
    last = sa.select(sa.func.max(Absence.ends_at)).where(Absence.calendar_id == AbsenceCalendar.id)
    goes_on = sa.exists().where(Absence.calendar_id == AbsenceCalendar.id, Absence.repeats != Repeat.ONCE)
    ended = sa.func.coalesce(last.correlate(AbsenceCalendar).scalar_subquery(), AbsenceCalendar.created_at)
    since = sa.case((ended > AbsenceCalendar.created_at, ended), else_=AbsenceCalendar.created_at)
    return sa.select(AbsenceCalendar.id, since).where(
        AbsenceCalendar.url == "", AbsenceCalendar.next_read_at.is_(None), ~goes_on
    )


def _proposals(_now: datetime) -> Found:
    return sa.select(TimetablingSearch.id, LAST_AT).where(TimetablingSearch.state != SearchState.TAKEN)


def _feeds(_now: datetime) -> Found:
    made_on: Any = sa.func.date(Feed.created_at)
    return sa.select(Feed.id, sa.func.coalesce(Feed.read_on, made_on, type_=sa.Date()))


def _accounts(_now: datetime) -> Found:
    """Select closed accounts, since staff last changed them: that was when they were closed."""
    changed = (
        sa.select(sa.func.max(AuditEntry.at))
        .where(AuditEntry.subject_type == User.__tablename__, AuditEntry.subject_id == User.id)
        .correlate(User)
        .scalar_subquery()
    )
    since = sa.func.coalesce(changed, User.create_datetime)
    return sa.select(User.id, since).where(User.active.is_(False), User.name != ERASED)


def _ended_accounts(_now: datetime) -> Found:
    """Select accounts that were for a time, since its last day. Nobody has closed them."""
    return sa.select(User.id, User.access_until).where(User.active, User.access_until.is_not(None), User.name != ERASED)


def _forget_accounts(session: Session, ids: Sequence[int]) -> None:
    """Close accounts, and take their names out. The rows stay, because records say by which account they were made."""
    of_them = sa.and_(AuditEntry.subject_type == User.__tablename__, AuditEntry.subject_id.in_(ids))
    _update(session, AuditEntry, of_them, {"subject_name": ERASED, "detail": {}})
    for table in (user_role, user_area):
        session.execute(sa.delete(table).where(table.c.user_id.in_(ids)))
    for model in (BellSeen, RecoveryCode, Passkey, PasswordReset):
        _delete(session, model, model.user_id.in_(ids))
    for user in session.scalars(sa.select(User).where(User.id.in_(ids))).unique():
        user.active, user.name, user.email = False, ERASED, f"erased-{user.id}@example.invalid"
        user.password, user.fs_uniquifier, user.wants_digest = uuid4().hex, uuid4().hex, False
        user.access_until = user.stands_in_for_id = user.stands_in_from = user.stands_in_until = None
        user.tf_primary_method = user.tf_totp_secret = user.tf_phone_number = None


def _update(session: Session, model: Any, which: sa.ColumnElement[bool], values: dict[str, Any]) -> None:
    session.execute(sa.update(model).where(which).values(values).execution_options(synchronize_session=False))


def _delete(session: Session, model: Any, which: sa.ColumnElement[bool]) -> None:
    session.execute(sa.delete(model).where(which).execution_options(synchronize_session=False))


def _deleting(model: Any) -> Erase:
    return lambda session, ids: _delete(session, model, model.id.in_(ids))


def _plain(model: Any, since: Any, *conditions: sa.ColumnElement[bool]) -> Rows:
    return lambda _now: sa.select(model.id, since).where(*conditions)


def _blanking(model: Any, **values: Any) -> Erase:
    return lambda session, ids: _update(session, model, model.id.in_(ids), values)


# With a person goes all that services/privacy/person.py erases.
OF_PEOPLE = (
    "person", "cadre", "assistant", "people_group_member", "post_holder", "speaker_profile", "link", "replaced_link",
    "address_failure", "wrong_number", "walk_in", "person_import_line", "invited_post", "rung", "intended_clash",
    "agenda_speaker", "speaker_booking", "call_claim", "call_question", "call_invitation", "poll_answer", "reminder",
    "erased_mark", "consent",
)  # fmt: skip
OF_MESSAGES = (
    "message", "message_line", "attempt", "sent_mail", "mail_frame", "minutes_mail", "follow_up_line", "bell_digest",
    "account_mail",
)  # fmt: skip
P = Purpose
STORES: tuple[Store, ...] = (
    Store("answers", P.ANSWERS, GivenAnswer, _given_answers, _forget_given, ("given_answer",)),
    Store("invitations", P.ANSWERS, Invitation, _invitations, _forget_invitations, ("invitation",)),
    Store("acting_people", P.ANSWERS, ActingPerson, _acting, _forget_acting, ("acting_person", "acting_profile")),
    Store(
        "evidence", P.ANSWERS, AnswerEvidence,
        lambda now: _of_invitations(sa.select(AnswerEvidence.id, Activity.ends_at), AnswerEvidence, now),
        _forget_evidence, ("answer_evidence",),
    ),
    Store(
        "former_holders", P.ANSWERS, FormerHolder,
        lambda now: _of_invitations(sa.select(FormerHolder.id, Activity.ends_at), FormerHolder, now),
        _deleting(FormerHolder), ("former_holder",),
    ),
    Store("polls", P.ANSWERS, PollInvitee, _polls, _forget_polls, ("poll_invitee",)),
    Store("scans", P.ATTENDANCE, Scan, _scans, _forget_scans, ("scan",)),
    Store("attendance", P.ATTENDANCE, Attendance, _attendance, _forget_times, ("attendance",)),
    Store("signed_lists", P.ATTENDANCE, SignedList, _signed_lists, _forget_signed_lists, ("signed_list",)),
    Store(
        "signed_lines", P.ATTENDANCE, SignedLine,
        lambda now: _of_invitations(sa.select(SignedLine.invitation_id, Activity.ends_at), SignedLine, now),
        lambda session, ids: _delete(session, SignedLine, SignedLine.invitation_id.in_(ids)), ("signed_line",),
    ),
    Store("devices", P.ATTENDANCE, Device, _devices, _blanking(Device, user_id=None, name=""), ("device",)),
    Store("calls", P.CALLS, Call, _calls, _blanking(Call, note=""), ("call",)),
    Store("mails", P.MESSAGES, Message, _messages, None, OF_MESSAGES),
    Store(
        "archive", P.ARCHIVE, ArchivedMessage, _plain(ArchivedMessage, ArchivedMessage.due_at), _forget_archived,
        ("archived_message", "archived_line", "archived_activity"),
    ),
    Store(
        "mails_received", P.INCOMING, IncomingMail, _plain(IncomingMail, IncomingMail.received_at, HAS_WORDS), None,
        ("incoming_mail",),
    ),
    Store("materials", P.UPLOADS, Material, _materials, _forget_materials, ("material", "stored_file")),
    Store("topics", P.UPLOADS, ProposedTopic, _topics, _deleting(ProposedTopic), ("proposed_topic",)),
    Store("absences", P.ABSENCES, Absence, _absences, _deleting(Absence), ("absence",)),
    Store("weekly_absences", P.ABSENCES, Absence, _weekly_absences, _deleting(Absence), ("absence",)),
    Store(
        "calendars", P.ABSENCES, AbsenceCalendar, _calendars, _deleting(AbsenceCalendar),
        ("absence_calendar", "calendar_file"),
    ),
    Store("proposals", P.PROPOSALS, TimetablingSearch, _proposals, None, ("placement", "placement_taken")),
    Store("feeds", P.FEEDS, Feed, _feeds, _deleting(Feed), ("feed",)),
    Store("audit_log", P.AUDIT, AuditEntry, _plain(AuditEntry, AuditEntry.at), _deleting(AuditEntry), ("audit_entry",)),
    Store("imports", P.AUDIT, PersonImport, _plain(PersonImport, PersonImport.at), _deleting(PersonImport), ("person_import",)),
    Store(
        "security_events", P.SECURITY, SecurityEvent, _plain(SecurityEvent, SecurityEvent.at), _deleting(SecurityEvent),
        ("security_event",),
    ),
    Store(
        "accounts", P.ACCOUNTS, User, _accounts, _forget_accounts,
        ("user", "user_role", "user_area", "recovery_code", "passkey"),
    ),
    Store("ended_accounts", P.ACCOUNTS, User, _ended_accounts, _forget_accounts, ("user",)),
    Store(
        "reading_links", P.ACCOUNTS, ReadingLink, _plain(ReadingLink, ReadingLink.ends_on), _deleting(ReadingLink),
        ("reading_link",),
    ),
    Store(
        "requests", P.REQUESTS, DataRequest, _plain(DataRequest, DataRequest.done_at, DataRequest.done_at.is_not(None)),
        _deleting(DataRequest), ("data_request", "privacy_mail"),
    ),
    Store("people", P.PEOPLE, Person, _people, None, OF_PEOPLE),
)  # fmt: skip

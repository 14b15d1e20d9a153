"""The people that an organisation sends: nominees within its quota, stored as invitations under its own.

Each new address gets an invitation. There is a limit for each day, so that nobody can send mails to strangers through
an office's link. Further invitations wait for a coordinator, who sends them by saving the list.

Called in a transaction that has locked the activity; any problem rolls it back. answers/answer.py decides who may
name them until when; answers/nominee_matching.py finds the person behind a name.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.delivery import tokens
from outreach.domain.directory import email_addresses, names
from outreach.domain.kinds import AnswerSource, Audience, MailKind, Role
from outreach.domain.problems import Problem
from outreach.domain.reminders.due import MissedReason
from outreach.domain.states import TAKES_A_SEAT, UNANSWERED, ActivityState, InvitationState, MessageState, ReminderState
from outreach.models import (
    Absence,
    AbsenceCalendar,
    Feed,
    Invitation,
    Link,
    Message,
    Person,
    PollInvitee,
    Reminder,
    ReplacedLink,
    people_group_member,
)
from outreach.services.answers import nominee_matching as matching
from outreach.services.invitations import given_answers, seats
from outreach.services.invitations.revisions import raise_for_invited, raise_for_withdrawn
from outreach.services.reminders.schedule import event_reminder
from outreach.services.representation import chain, notices

ADDRESSES_FOR_A_SEAT = 2  # invitations to new addresses in a day through an office's link, per seat
A_DAY = timedelta(days=1)
MOST_OF_TITLES = 60  # letters
THEIR_OWN = TAKES_A_SEAT | {InvitationState.NOT_COMING}  # answers that an organisation cannot overrule


class QuotaExceeded(Problem):
    message = (
        "You have %(quota)d seats, but named %(named)d people. Please take somebody off the list, or call %(contact)s."
    )


class NomineeUnnamed(Problem):
    message = "Please write a name for everyone you list, or empty the line."


class NomineeNotAName(Problem):
    message = "“%(name)s” is not a person's name. Please write the name alone, without links or signs."


class NamedTwice(Problem):
    message = "%(name)s is on the list twice. If they are two people, please write their names in full."


class InvitedAlready(Problem):
    message = "%(name)s is invited to this activity already. You can give this seat to somebody else."


class SeatsShort(Problem):
    message = "Only %(left)d seats are left in this activity. Please name fewer people, or call %(contact)s."


@dataclass(frozen=True)
class Nominee:
    """A person that an organisation names. invitation_id: the row that was edited; None for a new row.

    rank: "" for the one that the name begins with.
    """

    name: str
    post: str = ""
    phone: str = ""  # E.164
    email: str = ""
    invitation_id: int | None = None
    rank: str = ""


def name(
    session: Session,
    invitation: Invitation,
    nominees: Sequence[Nominee],
    source: AnswerSource,
    *,
    contact: str,
    now: datetime,
    recorded_by: int | None = None,
) -> None:
    """Make these people the organisation's answer; an empty list leaves its answer open.

    Raise NomineeUnnamed, NomineeNotAName, NamedTwice, QuotaExceeded, InvitedAlready or SeatsShort.
    contact: who to call, for the message. recorded_by: the id of the staff member who records it.
    """
    nominees = _checked(nominees)
    if len(nominees) > (invitation.quota or 0):
        raise QuotaExceeded(quota=invitation.quota or 0, named=len(nominees), contact=contact)
    before = seats.left(session, invitation.activity)
    seated = _seated(invitation)
    _replace(session, invitation, nominees, source, now, recorded_by)
    after = seats.left(session, invitation.activity)
    if before is not None and after is not None and after < min(before, 0):
        raise SeatsShort(left=max(before + seated, 0), contact=contact)
    if nominees:
        invitation.state = InvitationState.COMING
        stamp(invitation, source, now, recorded_by)
    elif invitation.state is InvitationState.COMING:
        invitation.state = InvitationState.INVITED
        invitation.answered_at = None
    seats.offer_freed(session, invitation.activity, now=now)


def drop_all(session: Session, invitation: Invitation, now: datetime) -> None:
    """Withdraw all nominees of an organisation that sends nobody."""
    _withdraw(session, invitation, invitation.nominees, now)
    seats.offer_freed(session, invitation.activity, now=now)


def stamp(invitation: Invitation, source: AnswerSource, now: datetime, recorded_by: int | None = None) -> None:
    """Note when and how an answer came, and for which sequence of the activity. A person who answered also counts as invited."""
    invitation.invited_at = invitation.invited_at or now
    invitation.answered_at = now
    invitation.answered_sequence = invitation.activity.sequence
    invitation.answer_source = source
    invitation.answer_recorded_by_id = recorded_by
    invitation.answer_note = invitation.answer_device = ""
    invitation.answer_replaced = None


def _checked(nominees: Sequence[Nominee]) -> list[Nominee]:
    found = [replace(nominee, name=names.tidy(nominee.name), post=names.tidy(nominee.post)) for nominee in nominees]
    seen = set()
    for named in found:
        if not named.name:
            raise NomineeUnnamed
        if not names.is_name(named.name):
            raise NomineeNotAName(name=named.name)
        if matching.key(named.name) in seen:
            raise NamedTwice(name=named.name)
        seen.add(matching.key(named.name))
    return found


def _seated(invitation: Invitation) -> int:
    return sum(n.state in TAKES_A_SEAT for n in invitation.nominees)


def _replace(
    session: Session,
    invitation: Invitation,
    nominees: Sequence[Nominee],
    source: AnswerSource,
    now: datetime,
    recorded_by: int | None,
) -> None:
    """Make these people the organisation's nominees: keep those already named, add new ones, withdraw the others."""
    present = list(invitation.nominees)
    rows = matching.rows_of(present, nominees)
    addresses = {n.person_id: email_addresses.key(n.person.email) for n in present if n.person}
    waiting, by_staff = _waiting(session, present), recorded_by is not None
    people = _people(session, invitation, nominees, rows, by_staff=by_staff)
    _withdraw(session, invitation, [n for n in present if n not in rows], now)
    for position, (person, row) in enumerate(zip(people, rows, strict=True)):
        if row is None or row.state is InvitationState.WITHDRAWN:
            row = _add(session, invitation, person, source, now, recorded_by)
        elif row.state is InvitationState.COMING and (
            email_addresses.key(person.email) != addresses.get(person.id) or (by_staff and row.id in waiting)
        ):
            _tell(session, row, now, by_staff=by_staff)
        row.list_position = position
    tokens.ensure_links(
        session,
        person_ids=[person.id for person in people],
        expires_at=invitation.activity.ends_at + tokens.lifetime(),
    )
    session.flush()


def _people(
    session: Session,
    invitation: Invitation,
    nominees: Sequence[Nominee],
    rows: list[Invitation | None],
    *,
    by_staff: bool,
) -> list[Person]:
    """Return the person for each name, updated from the list; new people are created.

    A row whose name was changed to another known person is removed from `rows`: that person replaces the former one.
    """
    found = matching.known_people(session, invitation.organisation_id, nominees)
    for index, (nominee, row, known) in enumerate(zip(nominees, rows, found, strict=True)):
        renamed = row is not None and row.person and matching.key(row.person.name) != matching.key(nominee.name)
        if renamed and known is not None:
            rows[index] = None
        elif row is not None:
            found[index] = row.person
    if not by_staff:
        _replace_untold(session, invitation, nominees, rows, found)
    own = matching.own(session, invitation.organisation_id, [person for person in found if person])
    people = []
    for nominee, row, known in zip(nominees, rows, found, strict=True):
        person = known or Person(name=nominee.name, organisation_id=invitation.organisation_id)
        may_correct = person.id in own or (by_staff and row is not None)
        _write(person, nominee, overwrite=may_correct)
        if row is not None and may_correct and nominee.invitation_id == row.id:
            _rename(person, nominee.name)
        session.add(person)
        people.append(person)
    session.flush()
    return people


def _replace_untold(
    session: Session,
    invitation: Invitation,
    nominees: Sequence[Nominee],
    rows: list[Invitation | None],
    found: list[Person | None],
) -> None:
    """Give new names the records of nominees who left the list before and never heard of it, instead of creating people.

    Otherwise a link could fill the directory by replacing names. Only records that this office alone made, for this
    activity, are taken. Who leaves only now stays withdrawn, so that the bell tells coordinators of the other names.
    """
    new = [at for at, (row, known) in enumerate(zip(rows, found, strict=True)) if row is None and known is None]
    left = [
        nominee
        for nominee in invitation.nominees
        if nominee.state is InvitationState.WITHDRAWN and nominee not in rows and nominee.person not in found
    ]
    if not new or not left:
        return
    spare = _never_told(session, left)
    own = matching.own(session, invitation.organisation_id, [unused.person for unused in spare if unused.person])
    free = own - _used(session, own, but_for=invitation)
    spare = [
        unused
        for unused in spare
        if unused.person_id in free
        and unused.attendance is None
        and unused.answered_at == unused.invited_at  # both from when the office named them: no answer of their own
        and unused.answer_source in (AnswerSource.LINK, AnswerSource.ASSISTANT)
        and unused.answer_recorded_by_id is None
    ]
    for at, row in zip(new, sorted(spare, key=lambda one: one.id), strict=False):
        person = row.person
        assert person is not None
        person.name, person.post, person.phone, person.email = nominees[at].name, "", "", ""
        person.title_before = person.title_after = ""
        person.assistant = None
        for link in session.scalars(sa.select(Link).where(Link.person_id == person.id)):
            link.nonce = tokens.new_nonce()  # the one who left must not open what the new one is asked, nor stop it
            session.execute(sa.delete(ReplacedLink).where(ReplacedLink.link_id == link.id))
        rows[at], found[at] = row, person


def _used(session: Session, person_ids: Collection[int], *, but_for: Invitation) -> set[int]:
    """Return those who have something of their own: who ever used the link that staff passed on, or are in another activity,
    or there by staff's choice.
    """
    of_others = (Invitation.nominated_under_id != but_for.id) | Invitation.nominated_under_id.is_(None)
    traces = [
        *(sa.select(model.person_id) for model in (Absence, AbsenceCalendar, Feed, PollInvitee)),
        sa.select(people_group_member.c.person_id),
        sa.select(Link.person_id).where(Link.used_at.is_not(None)),
        sa.select(Invitation.person_id).where(of_others),
        sa.select(Person.id).where(Person.reminders_stopped_at.is_not(None)),
    ]
    return {
        id_
        for trace in traces
        for id_ in session.scalars(trace.where(trace.selected_columns[0].in_(person_ids)))
        if id_
    }


def _write(person: Person, one: Nominee, *, overwrite: bool) -> None:
    """Fill empty fields; overwrite filled ones only with `overwrite`. Never empty a field.

    A title or rank is filled in, too, if the person has none there.
    """
    said_name, known = names.split(one.name), names.split(person.name)
    if not (person.title_before or known.before):
        person.title_before = said_name.before
    if not (person.title_after or known.after):
        person.title_after = said_name.after
    if one.rank and not names.rank_of(person.name):
        person.title_before = _with_rank(person.title_before, names.tidy(one.rank), overwrite=overwrite)
    for field in ("post", "phone", "email"):
        said = getattr(one, field).strip()
        if said and (overwrite or not getattr(person, field)):
            setattr(person, field, said)


def _with_rank(titles: str, rank: str, *, overwrite: bool) -> str:
    """Return the titles before a name with this rank, in place of another one only with `overwrite`."""
    rank, there = names.rank_of(f"{rank} X") or rank, names.rank_of(f"{titles} X")
    if there and overwrite:
        return titles.replace(there, rank, 1)
    found = titles if there or titles.startswith(rank) else f"{rank} {titles}".strip()
    return found if len(found) <= MOST_OF_TITLES else titles


def _rename(person: Person, written: str) -> None:
    """Store a name as written. It replaces the stored titles at those places where it has titles itself."""
    said = names.split(written)
    person.name = written
    person.title_before = "" if said.before else person.title_before
    person.title_after = "" if said.after else person.title_after


def _add(
    session: Session,
    invitation: Invitation,
    person: Person,
    source: AnswerSource,
    now: datetime,
    recorded_by: int | None,
) -> Invitation:
    """Make somebody a nominee, and return their invitation.

    If invited in another role too, they stay one guest: one seat, one answer, one mail.
    """
    there = session.scalars(
        sa.select(Invitation).where(Invitation.activity_id == invitation.activity_id, Invitation.person_id == person.id)
    ).all()
    other = [i for i in there if i.state is not InvitationState.WITHDRAWN]
    if any(i.role is Role.PARTICIPANT for i in other):
        raise InvitedAlready(name=person.full_name)
    nominee = next((i for i in there if i.role is Role.PARTICIPANT), None)
    nominee = nominee or Invitation(person=person, role=Role.PARTICIPANT, activity=invitation.activity)
    session.add(nominee)
    raise_for_invited(nominee, there)
    nominee.nominated_under = invitation
    said = next((i for i in other if i.state in THEIR_OWN), None)
    nominee.state = said.state if said else InvitationState.COMING
    told = [one for one in other if one.state in UNANSWERED or one.state is InvitationState.WAITLISTED]
    for same_person in told:
        same_person.state, same_person.waitlisted_at = InvitationState.COMING, None
        stamp(same_person, source, now, recorded_by)
    nominee.invited_at = now
    stamp(nominee, source, now, recorded_by)
    session.flush()
    given_answers.keep(session, [nominee, *told], source, now, recorded_by=recorded_by)
    chain.copy(session, nominee, said, now=now)
    _tell(session, nominee, now, by_staff=recorded_by is not None)
    return nominee


def _tell(session: Session, nominee: Invitation, now: datetime, *, by_staff: bool) -> None:
    """Notify a nominee. Skip those without an address, or also invited in another role.

    Above the limit of the office's link, the invitation waits for a coordinator, who sees it among the missed ones.
    """
    other = session.scalar(
        sa.select(Invitation.id)
        .where(
            Invitation.activity_id == nominee.activity_id,
            Invitation.person_id == nominee.person_id,
            Invitation.id != nominee.id,
            Invitation.state != InvitationState.WITHDRAWN,
        )
        .limit(1)
    )
    activity = nominee.activity
    if nominee.invitee.email and other is None and activity.state is ActivityState.PUBLISHED:
        too_many = not by_staff and _told_today(session, nominee.nominated_under, now) >= _most(nominee.nominated_under)
        reminder = event_reminder(
            session, activity, MailKind.INVITATION, Audience.ONE, now=now, invitation=nominee,
            text_key="invitation-nominee",
        )  # fmt: skip
        if too_many:
            reminder.state, reminder.reason = ReminderState.MISSED, MissedReason.MANY_NAMED


def _most(office: Invitation | None) -> int:
    return ADDRESSES_FOR_A_SEAT * ((office.quota if office else None) or 1)


def _told_today(session: Session, office: Invitation | None, now: datetime) -> int:
    """Return how many invitations to nominees of this office were written within a day."""
    nominees = sa.select(Invitation.id).where(Invitation.nominated_under == office)
    told = sa.select(sa.func.count()).where(
        Reminder.invitation_id.in_(nominees),
        Reminder.kind == MailKind.INVITATION,
        Reminder.reason != MissedReason.MANY_NAMED,
        Reminder.due_at > now - A_DAY,
    )
    return session.scalar(told) or 0


def _waiting(session: Session, nominees: Collection[Invitation]) -> set[int]:
    """Return the ids of those whose invitation waits for a coordinator."""
    newest = dict(
        session.execute(
            sa.select(Reminder.invitation_id, Reminder.reason)
            .where(
                Reminder.invitation_id.in_([nominee.id for nominee in nominees]), Reminder.kind == MailKind.INVITATION
            )
            .order_by(Reminder.id)
        ).all()
    )
    return {id_ for id_, reason in newest.items() if id_ is not None and reason == MissedReason.MANY_NAMED}


def _never_told(session: Session, nominees: Collection[Invitation]) -> list[Invitation]:
    """Return those who got no mail and will get none."""
    told = set(
        session.scalars(
            sa.select(Reminder.invitation_id).where(
                Reminder.invitation_id.in_([nominee.id for nominee in nominees]),
                Reminder.kind == MailKind.INVITATION,
                Reminder.reason != MissedReason.MANY_NAMED,
            )
        )
    )
    mailed = set(
        session.scalars(
            sa.select(Message.person_id).where(
                Message.person_id.in_([nominee.person_id for nominee in nominees]),
                Message.state.not_in((MessageState.SKIPPED, MessageState.CANCELLED)),
            )
        )
    )
    return [nominee for nominee in nominees if nominee.id not in told and nominee.person_id not in mailed]


def _withdraw(session: Session, invitation: Invitation, dropped: Sequence[Invitation], now: datetime) -> None:
    """Take nominees off the list and notify them, except those who never heard of it or are also invited in another role."""
    activity = invitation.activity
    dropped = [n for n in dropped if n.state is not InvitationState.WITHDRAWN]
    for nominee in dropped:
        nominee.state, nominee.waitlisted_at = InvitationState.WITHDRAWN, None
    session.flush()
    raise_for_withdrawn(session, dropped)
    untold = {nominee.id for nominee in _never_told(session, dropped)} | _waiting(session, dropped)
    still_invited = set(
        session.scalars(
            sa.select(Invitation.person_id).where(
                Invitation.activity_id == activity.id,
                Invitation.person_id.in_([n.person_id for n in dropped]),
                Invitation.state != InvitationState.WITHDRAWN,
            )
        )
    )
    for nominee in dropped:
        if (
            nominee.id not in untold
            and nominee.person_id not in still_invited
            and activity.state is ActivityState.PUBLISHED
        ):
            event_reminder(session, activity, MailKind.WITHDRAWAL, Audience.ONE, now=now, invitation=nominee)
            if nominee.acting is not None:
                notices.tell_no_longer_acting(session, nominee, nominee.acting, now=now)

"""The message log: finding messages, seeing one with its attempts, sending one again, and whether mail can go out at all."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from outreach.delivery import channel, recheck
from outreach.domain.failures import ChannelTrouble, FailureReason
from outreach.domain.kinds import IMPORTANCE
from outreach.domain.problems import Problem
from outreach.domain.reminders import local_day
from outreach.domain.states import FINISHED, IN_WORK, TO_SEND, MessageState, ReminderState
from outreach.domain.truth import SkipReason
from outreach.extensions import db, writing
from outreach.models import (
    Activity,
    Attempt,
    Invitation,
    Message,
    MessageLine,
    Organisation,
    Person,
    Reminder,
    User,
)
from outreach.services import audit
from outreach.services.paging import Page, paged

RESEND = "resend"  # the key of reminders made by hand
NEEDS_A_LOOK = (MessageState.FAILED, MessageState.UNKNOWN)


class Group(StrEnum):
    """The states of messages as a coordinator asks for them."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"
    SKIPPED = "skipped"


GROUPS: dict[Group, frozenset[MessageState]] = {
    Group.WAITING: TO_SEND | IN_WORK,
    Group.SENT: frozenset({MessageState.SENT}),
    Group.FAILED: frozenset(NEEDS_A_LOOK),
    Group.SKIPPED: frozenset({MessageState.SKIPPED, MessageState.CANCELLED}),
}


class MessageMissing(Problem):
    message = "This message does not exist."


class StillUnderWay(Problem):
    message = "This message is still under way. Wait until it is sent or has failed."


class NothingToResend(Problem):
    message = "Sending it again would not be right: %(reason)s"


class NoAddress(Problem):
    message = "No e-mail address is known for %(name)s. Add one to their record, or call them."


@dataclass(frozen=True)
class Filters:
    """What the list is narrowed by; the names are for showing them."""

    group: Group | None = None
    person_id: int | None = None
    organisation_id: int | None = None
    activity_id: int | None = None
    q: str = ""
    name: str = ""  # the person's or the organisation's
    activity_title: str = ""


@dataclass(frozen=True)
class Shown:
    """One message with its attempts, and the message that was sent in its place, where there is one."""

    message: Message
    attempts: list[Attempt]
    resent_as_id: int | None


@dataclass(frozen=True)
class ChannelProblem:
    """Why no mail can go out just now."""

    trouble: ChannelTrouble
    reply: str
    failures: int  # in a row
    since_at: datetime
    paused_until: datetime


def find(filters: Filters, number: int = 1, per_page: int = 25) -> tuple[Page, Filters]:
    """Return one page of messages, newest first, and the filters with their names. The number of queries is fixed."""
    chosen = sa.select(Message).options(
        joinedload(Message.person),
        joinedload(Message.organisation),
        selectinload(Message.lines)
        .joinedload(MessageLine.invitation)
        .joinedload(Invitation.activity)
        .load_only(Activity.title, Activity.zone, Activity.starts_at),
        selectinload(Message.lines).joinedload(MessageLine.reminder).load_only(Reminder.kind),
    )
    if filters.group is not None:
        chosen = chosen.where(Message.state.in_(GROUPS[filters.group]))
    if filters.person_id is not None:
        chosen = chosen.where(Message.person_id == filters.person_id)
    if filters.organisation_id is not None:
        chosen = chosen.where(Message.organisation_id == filters.organisation_id)
    if filters.activity_id is not None:
        about = (
            sa.select(MessageLine.message_id)
            .join(Invitation, MessageLine.invitation_id == Invitation.id)
            .where(Invitation.activity_id == filters.activity_id)
        )
        chosen = chosen.where(Message.id.in_(about))
    if q := filters.q.strip():
        chosen = (
            chosen.outerjoin(Person, Message.person_id == Person.id)
            .outerjoin(Organisation, Message.organisation_id == Organisation.id)
            .where(
                sa.or_(
                    *(
                        column.icontains(q, autoescape=True)
                        for column in (Person.name, Person.post, Organisation.name, Message.address, Message.subject)
                    )
                )
            )
        )
    page = paged(chosen.order_by(Message.id.desc()), number, per_page, q=filters.q)
    return page, _named(filters)


def show(message_id: int) -> Shown:
    """Return a message with everything its page shows; raise MessageMissing."""
    found = recheck.load(db.session(), [message_id])
    if not found:
        raise MessageMissing()
    tried = db.session.scalars(sa.select(Attempt).where(Attempt.message_id == message_id).order_by(Attempt.id)).all()
    again = db.session.scalar(sa.select(sa.func.max(Message.id)).where(Message.resend_of_id == message_id))
    return Shown(found[0], list(tried), again)


def resend(message_id: int, *, by: User | None, now: datetime) -> Message:
    """Write a new message that says the same again, with today's facts; the next tick sends it.

    Raise StillUnderWay, NoAddress, or NothingToResend where nothing of it is true any more, having changed nothing.
    """
    with writing() as session:
        found = recheck.load(session, [message_id])
        if not found:
            raise MessageMissing()
        old = found[0]
        if old.state not in FINISHED or _under_way(session, old):
            raise StillUnderWay()
        lines = _still_true(session, old, now)
        _check_address(old, lines)
        new = _copied(session, old, lines, now)
        audit.record(session, by, "message.resent", new, now=now, name=_reader(old).display_name, message=old.id)
    return new


def channel_problem() -> ChannelProblem | None:
    """Return why no mail can go out just now, or None while the mail server works."""
    found = channel.trouble()
    if found is None or found.trouble is None:
        return None
    assert found.since_at is not None
    assert found.paused_until is not None
    return ChannelProblem(found.trouble, found.reply, found.failures, found.since_at, found.paused_until)


def reason_of(message: Message) -> SkipReason | FailureReason | None:
    """Return why a message was not sent, as a member of its list; None where nothing is to be said."""
    return reason_named(message.reason)


def reason_named(name: str) -> SkipReason | FailureReason | None:
    """Return the member that a stored reason names; None for "" and for what no list knows."""
    found: dict[str, SkipReason | FailureReason] = {
        member.value: member for kind in (SkipReason, FailureReason) for member in kind
    }
    return found.get(name)


def zone_of(message: Message) -> ZoneInfo | None:
    """Return the zone in which the message's instants are shown: its first activity's, or None without lines."""
    return message.lines[0].invitation.activity.zone if message.lines else None


def _named(filters: Filters) -> Filters:
    person = db.session.get(Person, filters.person_id) if filters.person_id else None
    organisation = db.session.get(Organisation, filters.organisation_id) if filters.organisation_id else None
    activity = db.session.get(Activity, filters.activity_id) if filters.activity_id else None
    reader = person or organisation
    return replace(
        filters,
        person_id=person.id if person else None,
        organisation_id=organisation.id if organisation else None,
        activity_id=activity.id if activity else None,
        name=reader.display_name if reader else "",
        activity_title=activity.title if activity else "",
    )


def _reader(message: Message) -> Person | Organisation:
    found = message.person or message.organisation
    assert found is not None
    return found


def _under_way(session: Session, old: Message) -> bool:
    again = sa.exists().where(Message.resend_of_id == old.id, Message.state.not_in(FINISHED))
    return bool(session.scalar(sa.select(again)))


def _still_true(session: Session, old: Message, now: datetime) -> list[MessageLine]:
    known = recheck.earlier(session, [old], now=now)
    if old.state in (MessageState.SENT, MessageState.UNKNOWN):
        told = frozenset(line.invitation_id for line in old.lines if not line.skipped)
        known = replace(known, told=known.told | told)
    verdict = recheck.judge(old, old.lines, known, now, resent=True)
    if not verdict.lines:
        raise NothingToResend(reason=verdict.reason)
    return list(verdict.lines)


def _check_address(old: Message, lines: Collection[MessageLine]) -> None:
    if _reader(old).email or any(line.invitation.representative_email for line in lines):
        return
    raise NoAddress(name=_reader(old).display_name)


def _copied(session: Session, old: Message, lines: Collection[MessageLine], now: datetime) -> Message:
    first = min(lines, key=lambda line: IMPORTANCE.index(line.reminder.kind))
    new = Message(
        person_id=old.person_id,
        organisation_id=old.organisation_id,
        representative_of_id=old.representative_of_id,
        kind=first.reminder.kind,
        local_day=local_day(now, first.invitation.activity.zone),
        due_at=now,
        expires_at=max(recheck.useful_line_until(line) for line in lines),
        resend_of_id=old.id,
    )
    session.add(new)
    activities = {line.invitation.activity_id for line in lines}
    used = session.execute(
        sa.select(Reminder.activity_id, sa.func.max(Reminder.occurrence))
        .where(Reminder.activity_id.in_(activities), Reminder.key == RESEND)
        .group_by(Reminder.activity_id)
    )
    taken = {row[0]: row[1] for row in used}
    for line in sorted(lines, key=lambda line: line.id):
        activity = line.invitation.activity
        taken[activity.id] = taken.get(activity.id, -1) + 1
        reminder = Reminder(
            activity_id=activity.id,
            key=RESEND,
            occurrence=taken[activity.id],
            kind=line.reminder.kind,
            audience=line.reminder.audience,
            invitation_id=line.invitation_id,
            text_key=line.reminder.text_key,
            due_at=now,
            state=ReminderState.EXPANDED,
            expanded_at=now,
            detail=line.reminder.detail,
        )
        session.add(
            MessageLine(
                message=new,
                reminder=reminder,
                invitation_id=line.invitation_id,
                to_representative=line.to_representative,
                sequence=activity.sequence,
            )
        )
    session.flush()
    return new

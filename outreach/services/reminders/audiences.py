"""Who gets a reminder's mail: which invitations, which reader of each, and which readers have had a mail on a day.

Stated once. reminders/expand.py writes messages by it, and reminders/forecast.py counts by it what will be written.
Which invitations an
audience has is a table of values, domain/audiences.py.
"""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from outreach.domain.audiences import AUDIENCES, EVERY_STATE
from outreach.domain.kinds import Audience, MailKind
from outreach.domain.reminders import local_day
from outreach.domain.states import IN_WORK, TO_SEND, InvitationState, MessageState
from outreach.models import Activity, Attendance, Invitation, Message

TO_REPRESENTATIVE_INSTEAD = frozenset({MailKind.REMINDER, MailKind.THANKS})
TO_REPRESENTATIVE_TOO = frozenset({MailKind.CHANGE, MailKind.CANCELLATION})
REPRESENTED = sa.and_(Invitation.state == InvitationState.REPRESENTED, Invitation.representative_email != "")
PRESENT = sa.exists().where(Attendance.invitation_id == Invitation.id, Attendance.present)
WENT_OR_WILL_GO = TO_SEND | IN_WORK | {MessageState.SENT, MessageState.UNKNOWN}


def invitations_in(
    activity: Activity, kind: MailKind, audience: Audience, due_at: datetime, invitation_id: int | None = None
) -> sa.Select[int]:
    """Return a select of the ids of the invitations that a reminder due at `due_at` is for."""
    chosen = sa.select(Invitation.id).where(Invitation.activity_id == activity.id, belongs(audience))
    if invitation_id is not None:
        chosen = chosen.where(Invitation.id == invitation_id)
    before = invited_before(kind, due_at, activity.zone)
    if before is not None:
        chosen = chosen.where(Invitation.invited_at < before)
    return chosen


def belongs(audience: Audience) -> sa.ColumnElement[bool]:
    """Return the condition that an invitation is in the audience."""
    states, present = AUDIENCES[audience]
    conditions: list[sa.ColumnElement[bool]] = []
    if states != EVERY_STATE:
        conditions.append(Invitation.state.in_(states))
    if present is not None:
        conditions.append(PRESENT if present else ~PRESENT)
    return sa.and_(sa.true(), *conditions)


def invited_before(kind: MailKind, due_at: datetime, zone: ZoneInfo) -> datetime | None:
    """Return when those whom a reminder due at `due_at` is for were invited at the latest; None where that does not matter.

    Who is invited on its day or later has just been written to, or joined too late for it.
    """
    return midnight(local_day(due_at, zone), zone) if kind is MailKind.REMINDER else None


def reads(kind: MailKind, *, represented: bool, to_representative: bool) -> bool:
    """Return whether a mail about an invitation goes to this one of two: the invitee, or who comes in their place.

    represented: by somebody who has an address.
    """
    if to_representative:
        return represented and kind in TO_REPRESENTATIVE_INSTEAD | TO_REPRESENTATIVE_TOO
    return not (represented and kind in TO_REPRESENTATIVE_INSTEAD)


def read_by(kind: MailKind, *, to_representative: bool) -> list[sa.ColumnElement[bool]]:
    """Return the same as conditions, one of which an invitation has to meet; none where no mail of the kind goes to that one."""
    either = ((False, ~REPRESENTED), (True, REPRESENTED))
    return [
        condition
        for represented, condition in either
        if reads(kind, represented=represented, to_representative=to_representative)
    ]


def reader(to_representative: sa.SQLColumnExpression[bool]) -> sa.ColumnElement[str]:
    """Return what tells one reader of mails from another: the invitee, the office, or the representative by address and name."""
    person, organisation = (sa.cast(column, sa.String) for column in (Invitation.person_id, Invitation.organisation_id))
    representative = (
        sa.literal("r")
        + person
        + sa.literal(":")
        + sa.func.lower(Invitation.representative_email)
        + sa.literal(":")
        + sa.func.substr(sa.func.lower(Invitation.representative_name), 1, 40)
    )
    return sa.case(
        (to_representative, representative),
        (Invitation.person_id.is_not(None), sa.literal("p") + person),
        else_=sa.literal("o") + organisation,
    )


def had_a_mail(day: date, zone: ZoneInfo, to_representative: sa.SQLColumnExpression[bool]) -> sa.ColumnElement[bool]:
    """Return the condition that a line's reader has had a mail on the day, or surely gets one that no line can join any more.

    Of representatives it is not asked: they hear only what concerns the day itself.
    """
    return sa.and_(~to_representative, invitee_has(is_mail_of(day, zone, joinable=False)))


def is_mail_of(day: date, zone: ZoneInfo, *, joinable: bool) -> sa.ColumnElement[bool]:
    """Return the condition that a message went out on the day, or is the day's mail and surely will.

    joinable: also one that further lines can still join.
    """
    begins = midnight(day, zone)
    of_the_day = sa.and_(Message.local_day == day, Message.state.in_(WENT_OR_WILL_GO))
    if not joinable:
        of_the_day = sa.and_(of_the_day, Message.merge_key.is_(None))
    return sa.or_(of_the_day, sa.and_(Message.sent_at >= begins, Message.sent_at < begins + timedelta(days=1)))


def invitee_has(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Return whether the invitee has a message of their own that meets the condition; looked up by the invitee's index."""
    own = sa.and_(Message.representative_of_id.is_(None), condition)
    return sa.or_(
        sa.exists().where(Message.person_id == Invitation.person_id, own),
        sa.exists().where(Message.organisation_id == Invitation.organisation_id, own),
    )


def midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone)

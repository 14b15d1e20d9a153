"""SQL conditions for who gets a reminder's mail: the invitations, the recipient of each, and who had a mail on a day.

reminders/expand.py writes messages by these conditions, and reminders/forecast.py counts by the same ones. The table of
audiences is domain/reminders/audiences.py.
"""

from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from itertools import product
from typing import NamedTuple
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from outreach.delivery.recheck.moves_told import MAY_COUNT_ON_IT
from outreach.domain.kinds import Audience, LetterKind, MailKind
from outreach.domain.letters.values import WENT_OUT_SIGNED
from outreach.domain.mail.still_true import SkipReason
from outreach.domain.reminders.audiences import AUDIENCES, EVERY_STATE
from outreach.domain.reminders.due import local_day
from outreach.domain.representation import reads
from outreach.domain.states import IN_WORK, TO_SEND, UNANSWERED, InvitationState, MessageState
from outreach.domain.zones import midnight
from outreach.models import (
    Activity,
    Attendance,
    Invitation,
    Letter,
    Message,
    MessageLine,
    Reminder,
    letter_invitation,
)
from outreach.models.certificates import HAS_CERTIFICATE
from outreach.models.mails import IS_SCHEDULED
from outreach.models.materials import OWES_MATERIALS

REPRESENTED = sa.and_(Invitation.state == InvitationState.REPRESENTED, Invitation.representative_email != "")
PRESENT = sa.exists().where(Attendance.invitation_id == Invitation.id, Attendance.present).correlate(Invitation)
LEFT_OUT = sa.exists().where(
    MessageLine.invitation_id == Invitation.id,
    MessageLine.message_id == Message.id,
    MessageLine.reminder_id == Reminder.id,
    Reminder.kind == MailKind.INVITATION,
    sa.or_(
        MessageLine.skipped == SkipReason.ACTIVITY_POSTPONED.value,
        Message.state.in_(TO_SEND | {MessageState.LEASED}),
        sa.and_(Message.state == MessageState.FAILED, MessageLine.skipped == ""),
    ),
)
TOLD = sa.exists().where(
    MessageLine.invitation_id == Invitation.id, MessageLine.message_id == Message.id, MAY_COUNT_ON_IT
)
# Counted as invited, but their invitation did not go out before the activity was postponed.
KEPT_FROM_INVITATION = sa.and_(Invitation.state.in_(sorted(UNANSWERED)), LEFT_OUT, ~TOLD)
# Its activity lets mails wait for the signed letter (Activity.letter_first), and this invitation has none yet, and is not to go
# out without one (services/letters/waiting.py). What an office's letter says is enough for those whom the office names.
LETTER_MISSING = sa.and_(
    Invitation.nominated_under_id.is_(None),
    ~Invitation.without_letter,
    ~sa.exists().where(
        letter_invitation.c.invitation_id == Invitation.id,
        letter_invitation.c.letter_id == Letter.id,
        Letter.kind.in_([LetterKind.INVITATION, LetterKind.SPEAKER_REQUEST]),
        Letter.state.in_(sorted(WENT_OUT_SIGNED)),
        Letter.signed_file_id.is_not(None),
    ),
)
# domain/answers.py: answer_by, on an invitation.
ANSWER_BY = (
    sa.select(
        sa.case((Invitation.invited_at >= Activity.respond_by_at, Activity.starts_at), else_=Activity.respond_by_at)
    )
    .where(Activity.id == Invitation.activity_id)
    .correlate(Invitation)
    .scalar_subquery()
)
SENT_BY_ITSELF = Message.resend_of_id.is_(None)
WENT_OR_WILL_GO = TO_SEND | IN_WORK | {MessageState.SENT, MessageState.UNKNOWN}


class LateInvitee(NamedTuple):
    """An invitee who is invited after the deadline. invited_at: when, or when the invitation will go out."""

    activity_id: int
    invitation_id: int
    invited_at: datetime
    unanswered: bool


def invitations_in(
    activity: Activity, kind: MailKind, audience: Audience, due_at: datetime, at: datetime,
    invitation_id: int | None = None,
) -> sa.Select[int]:  # fmt: skip
    """Select the ids of the invitations that a reminder due at `due_at` is for if it goes out at `at`."""
    chosen = sa.select(Invitation.id).where(Invitation.activity_id == activity.id, belongs(audience))
    if invitation_id is not None:
        chosen = chosen.where(Invitation.id == invitation_id)
    if waits_for_letter(activity, kind):
        chosen = chosen.where(~LETTER_MISSING)
    before = invited_before(kind, due_at, activity.zone)
    if before is not None:
        chosen = chosen.where(Invitation.invited_at < before)
    if kind in (MailKind.REMINDER, MailKind.ASSISTANCE) and audience is Audience.UNANSWERED:
        chosen = chosen.where(at < ANSWER_BY)
    return chosen


def waits_for_letter(activity: Activity, kind: MailKind) -> bool:
    """Return whether mails of this kind wait for the signed letter: LETTER_MISSING says whose is missing."""
    return kind is MailKind.INVITATION and activity.letter_first


def late_invitees(
    session: Session, activity_ids: Collection[int], *, now: datetime, respond_by_at: datetime | None = None
) -> list[LateInvitee]:
    """Return the invitees of these activities who may answer after the deadline, because they are invited after it.

    respond_by_at: the deadline of all of them; None: of each activity.
    """
    if not activity_ids:
        return []
    goes_out_at = (
        sa.select(sa.func.min(Reminder.due_at, type_=Reminder.due_at.type))
        .where(
            IS_SCHEDULED, Reminder.audience == Audience.NEWLY_INVITED, Reminder.activity_id == Invitation.activity_id
        )
        .correlate(Invitation)
        .scalar_subquery()
    )
    rows = session.execute(
        sa.select(
            Invitation.activity_id, Invitation.id, Invitation.state, Invitation.invited_at,
            sa.case((Invitation.state == InvitationState.PREPARED, goes_out_at)).label("goes_out_at"),
            Activity.respond_by_at,
        )
        .join(Activity, Activity.id == Invitation.activity_id)
        .where(
            Invitation.activity_id.in_(activity_ids),
            sa.or_(
                Invitation.state == InvitationState.PREPARED,
                Invitation.invited_at >= (Activity.respond_by_at if respond_by_at is None else respond_by_at),
            ),
        )
    )  # fmt: skip
    found = []
    for row in rows:
        prepared = row.state is InvitationState.PREPARED
        invited_at = max(row.goes_out_at, now) if prepared and row.goes_out_at else row.invited_at
        if invited_at is not None and invited_at >= (respond_by_at or row.respond_by_at):
            open_ = prepared or row.state in UNANSWERED
            found.append(LateInvitee(row.activity_id, row.id, invited_at, open_))
    return found


def last_told_late(invitees: Iterable[LateInvitee], activity_id: int) -> datetime | None:
    """Return when the last of those invitees of the activity who have not answered is invited; None if there is none."""
    return max((one.invited_at for one in invitees if one.activity_id == activity_id and one.unanswered), default=None)


def last_invited(invitees: Iterable[LateInvitee], reminder: Reminder, zone: ZoneInfo) -> datetime | None:
    """Return when the last of those invitees for which a reminder is, was invited; None if it is for none of them."""
    before, only = invited_before(reminder.kind, reminder.due_at, zone), (reminder.detail or {}).get("only")
    times = [
        one.invited_at
        for one in invitees
        if one.activity_id == reminder.activity_id
        and (before is None or one.invited_at < before)
        and (only is None or one.invitation_id in only)
    ]
    return max(times, default=None)


def belongs(audience: Audience) -> sa.ColumnElement[bool]:
    """Return the condition that an invitation is in the audience."""
    states, present, owes_materials, certified = AUDIENCES[audience]
    conditions: list[sa.ColumnElement[bool]] = []
    if states != EVERY_STATE:
        conditions.append(Invitation.state.in_(states))
    if present is not None:
        conditions.append(PRESENT if present else ~PRESENT)
    if owes_materials:
        conditions.append(OWES_MATERIALS)
    if certified:
        conditions.append(HAS_CERTIFICATE)
    return sa.and_(sa.true(), *conditions)


def invited_before(kind: MailKind, due_at: datetime, zone: ZoneInfo) -> datetime | None:
    """Return the instant before which invitees of a reminder due at `due_at` must have been invited; None: no limit.

    Invitees invited on the reminder's day or later have just had a mail, or joined too late for it.
    """
    return midnight(local_day(due_at, zone), zone) if kind is MailKind.REMINDER else None


def read_by(kind: MailKind, *, to_representative: bool) -> list[sa.ColumnElement[bool]]:
    """Return `representation.reads` as SQL conditions; an invitation must meet one of them. Empty if no mail of this kind
    goes there.
    """
    reached = ((False, ~REPRESENTED), (True, REPRESENTED))
    wanted = ((False, ~Invitation.notices_wanted), (True, Invitation.notices_wanted))
    return [
        sa.and_(is_reached, is_wanted)
        for (acts, is_reached), (wants, is_wanted) in product(reached, wanted)
        if reads(kind, reached=acts, notices_wanted=wants, to_acting=to_representative)
    ]


def recipient_key(to_representative: sa.SQLColumnExpression[bool]) -> sa.ColumnElement[str]:
    """Return the key of a recipient: the person, the organisation, or the representative with address and name."""
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
    """Return the condition that a line's recipient had a mail on the day, or will get one that no line can join any more.

    It is false for representatives: they get only mails about the activity's own day. A mail that staff sent again does not
    count: it must not push a reminder to a later day.
    """
    return sa.and_(~to_representative, invitee_has(sa.and_(is_mail_of(day, zone, joinable=False), SENT_BY_ITSELF)))


def was_called_off(day: date, zone: ZoneInfo) -> sa.ColumnElement[bool]:
    """Return the condition that the invitee was notified on that day that this invitation is withdrawn, or will be."""
    line = aliased(MessageLine)  # the statement may select lines itself
    return sa.exists().where(
        line.invitation_id == Invitation.id,
        ~line.to_representative,
        line.reminder_id == Reminder.id,
        Reminder.kind == MailKind.WITHDRAWAL,
        line.message_id == Message.id,
        is_mail_of(day, zone, joinable=False),
    )


def is_mail_of(day: date, zone: ZoneInfo, *, joinable: bool) -> sa.ColumnElement[bool]:
    """Return the condition that a message went out on the day, or is that day's mail and will go out.

    joinable: also count messages that further lines can still join.
    """
    begins = midnight(day, zone)
    of_the_day = sa.and_(Message.local_day == day, Message.state.in_(WENT_OR_WILL_GO))
    if not joinable:
        of_the_day = sa.and_(of_the_day, Message.merge_key.is_(None))
    return sa.or_(of_the_day, sa.and_(Message.sent_at >= begins, Message.sent_at < begins + timedelta(days=1)))


def invitee_has(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Return the condition that the invitee has a message of their own that meets `condition`; uses the invitee's index."""
    own = _own_mail(condition)
    return sa.or_(
        sa.exists().where(Message.person_id == Invitation.person_id, own),
        sa.exists().where(Message.organisation_id == Invitation.organisation_id, own),
    )


def those_with(
    condition: sa.ColumnElement[bool], person_ids: Collection[int], organisation_ids: Collection[int]
) -> sa.Select[int | None, int | None]:
    """Select who of these people and organisations has a message of their own that meets `condition`, as pairs of ids."""
    to_them = sa.or_(Message.person_id.in_(person_ids), Message.organisation_id.in_(organisation_ids))
    return sa.select(Message.person_id, Message.organisation_id).where(to_them, _own_mail(condition)).distinct()


def _own_mail(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    return sa.and_(Message.representative_of_id.is_(None), condition)

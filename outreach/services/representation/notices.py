"""Tell by mail who comes in whose place: the acting person that they are named, the invitee what has changed.

Called inside a transaction that holds the activity's lock, after the chain was changed. The mails say what is true when
they go out; delivery/recheck leaves out what is not true any more. A link names no strangers without end: above a limit, the mail
to a new acting person waits until staff have recorded who comes.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.delivery.mail.texts import (
    ACTING_AGAIN_TEXT,
    CONFIRMED_AGAIN_TEXT,
    LINK_TEXT,
    NO_LONGER_ACTING_TEXT,
    OPEN_AGAIN_TEXT,
)
from outreach.delivery.rows import leaving
from outreach.domain.kinds import Audience, MailKind, NoLongerActing
from outreach.domain.mail.still_true import ACTING
from outreach.domain.reminders.due import MissedReason
from outreach.domain.states import ANSWERED, ActivityState, ReminderState
from outreach.models import ActingPerson, Invitation, Message, MessageLine, Reminder
from outreach.services.reminders.schedule import confirm, event_reminder, spread

TOLD_IN_A_DAY = 3  # mails to acting people of one invitee at an activity, in all roles, without staff having named them
A_DAY = timedelta(days=1)


def tell_acting(
    session: Session, invitation: Invitation, *, now: datetime, by_staff: bool = False, text_key: str = ""
) -> None:
    """Tell the acting person that they come in the invitee's place, with the link to their own page.

    by_staff: staff named them, so no limit applies. text_key: of a text that says it in other words.
    """
    acting = invitation.acting
    if acting is None or not acting.email or not _is_ahead(invitation, now):
        return
    too_many = not by_staff and told_too_often(session, invitation, now=now)
    detail = {ACTING: acting.id}
    reminder = event_reminder(
        session, invitation.activity, MailKind.APPOINTMENT, Audience.ONE, now=now, invitation=invitation, detail=detail,
        text_key=text_key,
    )  # fmt: skip
    if too_many:
        reminder.state, reminder.reason = ReminderState.MISSED, MissedReason.MANY_REPRESENT


def told_too_often(session: Session, invitation: Invitation, *, now: datetime) -> bool:
    """Return whether the next mail to an acting person has to wait until staff have recorded who comes."""
    return _told_today(session, invitation, now) >= TOLD_IN_A_DAY


def tell_no_longer_acting(session: Session, invitation: Invitation, acting: ActingPerson, *, now: datetime) -> None:
    """Tell somebody that they need not come in the invitee's place: they were replaced, or the invitation is withdrawn.

    Who had no mail that they act gets none (delivery/rows/leaving.py). For each mail that says they act, one says that they do
    not: whoever has a link cannot send more.
    """
    told = invitation.activity.state in (ActivityState.PUBLISHED, ActivityState.POSTPONED)
    if not acting.email or not told or now >= invitation.activity.starts_at:
        return
    if _knows_already(session, invitation, acting):
        return
    event_reminder(
        session, invitation.activity, MailKind.WITHDRAWAL, Audience.ONE, now=now, invitation=invitation,
        detail={ACTING: acting.id}, text_key=NO_LONGER_ACTING_TEXT,
    )  # fmt: skip


def tell_acting_again(
    session: Session, invitation: Invitation, ended: NoLongerActing | None, *, now: datetime, by_staff: bool
) -> None:
    """Tell somebody that they come after all, if they know that they did not: a mail said so, or they passed it on.

    A mail that still waits is not sent. Who had confirmed is not asked again. ended: why they did not act.
    by_staff: staff undid it, so no limit applies.
    """
    acting = invitation.acting
    if acting is None:
        return
    called_off = _last_told(session, invitation, acting, MailKind.WITHDRAWAL)
    if called_off is not None and called_off.state is ReminderState.SCHEDULED:
        session.delete(called_off)
    elif (called_off is not None or ended is NoLongerActing.PASSED_ON) and not _told_for_another_role(
        session, invitation, now
    ):
        text_key = _again_text(session, invitation, acting)
        tell_acting(session, invitation, now=now, by_staff=by_staff, text_key=text_key)


def _again_text(session: Session, invitation: Invitation, acting: ActingPerson) -> str:
    """Return the text for somebody who acts again; "" if no mail has told them before, as above the limit."""
    if acting.confirmed_at is not None:
        return CONFIRMED_AGAIN_TEXT
    told = leaving.told_of(session, [one.id for one in _roles(session, invitation)])
    return ACTING_AGAIN_TEXT if acting.email.lower() in {address for _id, address in told} else ""


def _told_for_another_role(session: Session, invitation: Invitation, now: datetime) -> bool:
    """Return whether whoever acts is told the same for another role of the invitee at the activity: by a mail that waits, or
    by the one of this moment, be it held back.
    """
    others = [one.id for one in _roles(session, invitation) if one.id != invitation.id]
    again = Reminder.text_key.in_([ACTING_AGAIN_TEXT, CONFIRMED_AGAIN_TEXT])
    found = sa.select(Reminder.id).where(
        Reminder.invitation_id.in_(others),
        Reminder.kind == MailKind.APPOINTMENT,
        sa.and_(Reminder.state == ReminderState.SCHEDULED, again) | (Reminder.due_at == now),
    )
    return session.scalar(found.limit(1)) is not None


def _roles(session: Session, invitation: Invitation) -> Sequence[Invitation]:
    """Return the invitee's invitations to the activity, one for each role."""
    of_invitee = (Invitation.activity_id == invitation.activity_id, Invitation.person_id == invitation.person_id)
    return session.scalars(sa.select(Invitation).where(*of_invitee)).all()


def _last_told(session: Session, invitation: Invitation, acting: ActingPerson, kind: MailKind) -> Reminder | None:
    """Return the last reminder that tells this person that they act or act no longer, if it is of this kind."""
    to_acting = sa.select(Reminder).where(
        Reminder.invitation_id == invitation.id, Reminder.kind.in_([MailKind.APPOINTMENT, MailKind.WITHDRAWAL])
    )
    found = session.scalars(to_acting.order_by(Reminder.id.desc()))
    last = next((reminder for reminder in found if (reminder.detail or {}).get(ACTING) == acting.id), None)
    return last if last is not None and last.kind is kind else None


def _knows_already(session: Session, invitation: Invitation, acting: ActingPerson) -> bool:
    """Return whether the last mail to this address about this invitation says that they need not come, or one waits that will."""
    address = sa.func.lower(acting.email)
    same = sa.select(ActingPerson.id).where(
        ActingPerson.invitation_id == invitation.id, sa.func.lower(ActingPerson.email) == address
    )
    waiting = sa.select(Reminder).where(
        Reminder.invitation_id == invitation.id,
        Reminder.kind == MailKind.WITHDRAWAL,
        Reminder.state == ReminderState.SCHEDULED,
    )
    theirs = set(session.scalars(same))
    if any((reminder.detail or {}).get(ACTING) in theirs for reminder in session.scalars(waiting)):
        return True
    newest = (
        sa.select(Reminder.kind)
        .join(MessageLine, MessageLine.reminder_id == Reminder.id)
        .join(Message, Message.id == MessageLine.message_id)
        .where(
            MessageLine.invitation_id == invitation.id, MessageLine.to_representative, MessageLine.skipped == "",
            sa.func.lower(Message.address) == address,
        )
        .order_by(MessageLine.id.desc())
        .limit(1)
    )  # fmt: skip
    return session.scalar(newest) is MailKind.WITHDRAWAL


def waits_for_staff(session: Session, invitation: Invitation) -> bool:
    """Return whether the last mail to an acting person was held back by the limit."""
    newest = (
        sa.select(Reminder.reason)
        .where(Reminder.invitation_id == invitation.id, Reminder.kind == MailKind.APPOINTMENT)
        .order_by(Reminder.id.desc())
        .limit(1)
    )
    return session.scalar(newest) == MissedReason.MANY_REPRESENT


def tell_invitee(session: Session, invitation: Invitation, *, now: datetime, by_staff: bool = False) -> None:
    """Tell the invitee who comes in their place, or that their invitation waits for an answer again.

    by_staff: staff changed it, so that no limit applies.
    """
    if not _is_ahead(invitation, now):
        return
    audience = Audience.ONE if invitation.acting is not None else Audience.UNANSWERED
    waiting = session.scalars(
        sa.select(Reminder).where(
            Reminder.invitation_id == invitation.id,
            Reminder.kind == MailKind.REPRESENTATION,
            Reminder.audience == audience,
            Reminder.state == ReminderState.SCHEDULED,
        )
    ).first()
    if waiting is not None:
        if by_staff:
            waiting.due_at = now
        return
    reminder = event_reminder(
        session, invitation.activity, MailKind.REPRESENTATION, audience, now=now, invitation=invitation,
        text_key=OPEN_AGAIN_TEXT if audience is Audience.UNANSWERED else "",
    )  # fmt: skip
    if not by_staff:
        spread(session, reminder, invitation, now=now)


def confirm_to_invitee(session: Session, invitation: Invitation, *, now: datetime) -> None:
    """Tell the invitee who comes now, after they changed it themselves on their page; nothing if they want no notices.

    They may share their link: so they hear of what somebody else did with it.
    """
    if not invitation.notices_wanted:
        return
    if invitation.acting is None and invitation.state in ANSWERED:
        confirm(session, invitation, now=now, text_key=LINK_TEXT)
    else:
        tell_invitee(session, invitation, now=now)


def _told_today(session: Session, invitation: Invitation, now: datetime) -> int:
    told = sa.select(sa.func.count()).where(
        Reminder.invitation_id.in_([one.id for one in _roles(session, invitation)]),
        Reminder.kind == MailKind.APPOINTMENT,
        Reminder.reason != MissedReason.MANY_REPRESENT,
        Reminder.due_at > now - A_DAY,
    )
    return session.scalar(told) or 0


def _is_ahead(invitation: Invitation, now: datetime) -> bool:
    return invitation.activity.state is ActivityState.PUBLISHED and now < invitation.activity.starts_at

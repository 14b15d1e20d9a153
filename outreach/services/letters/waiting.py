"""Invitations whose mail waits for its signed letter: the choice for an activity and for single invitees, and sending them
once it is there.

services/reminders/audiences.py keeps them out of the mails until then (LETTER_MISSING).
"""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.kinds import Audience, MailKind
from outreach.domain.problems import Problem
from outreach.domain.states import ActivityState, InvitationState
from outreach.models import Activity, Invitation, User, letter_invitation
from outreach.services import audit
from outreach.services.locking import activity_for_change
from outreach.services.reminders import audiences
from outreach.services.reminders.schedule import event_reminder, unsent_invitations
from outreach.transactions import writing


class NobodyGoesWithout(Problem):
    message = "Please choose who is invited without a letter."
    field = "invitations"


def choose(activity_id: int, letter_first: bool, *, by: User | None, now: datetime) -> Activity:
    """Let the invitations to an activity wait for their signed letters, or not. Raise ActivityMissing.

    If they no longer wait, those that did go out now.
    """
    with writing() as session:
        activity = activity_for_change(session, activity_id)
        if activity.letter_first is not letter_first:
            activity.letter_first = letter_first
            audit.record(session, by, "activity.letter_first", activity, now=now, letter_first=letter_first)
            send_waiting(session, [activity], now=now)
        return activity


def go_without(activity_id: int, invitation_ids: sa.Select[int], *, by: User | None, now: datetime) -> int:
    """Let these of the activity's invitations not wait for a signed letter. Return how many there are.

    Those that are due go out now; the others of the activity go on waiting. Raise ActivityMissing, NobodyGoesWithout.
    """
    with writing() as session:
        activity = activity_for_change(session, activity_id)
        changed = session.execute(
            sa.update(Invitation)
            .where(
                Invitation.activity_id == activity.id,
                Invitation.state == InvitationState.PREPARED,
                ~Invitation.without_letter,
                Invitation.id.in_(invitation_ids),
            )
            .values(without_letter=True)
            .execution_options(synchronize_session=False)
        )
        count = changed.rowcount  # type: ignore[attr-defined]
        if not count:
            raise NobodyGoesWithout
        audit.record(session, by, "activity.without_letter", activity, now=now, invitations=count)
        send_waiting(session, [activity], now=now)
        return int(count)


def send_waiting(session: Session, activities: Collection[Activity], *, now: datetime) -> None:
    """Send the invitations that need not wait any more, in the caller's transaction. The activities are locked.

    An activity whose invitations have not been due yet sends them at their moment.
    """
    session.flush()
    for activity in activities:
        if activity.state is not ActivityState.PUBLISHED or unsent_invitations(session, activity.id):
            continue
        ready = sa.select(Invitation.id).where(
            Invitation.activity_id == activity.id, Invitation.state == InvitationState.PREPARED
        )
        if activity.letter_first:
            ready = ready.where(~audiences.LETTER_MISSING)
        if session.scalar(sa.select(ready.exists())):
            event_reminder(session, activity, MailKind.INVITATION, Audience.NEWLY_INVITED, now=now)


def is_on(letter_id: int) -> sa.ColumnElement[bool]:
    """Return the condition that an invitation is on the letter."""
    on_it = sa.select(letter_invitation.c.invitation_id).where(letter_invitation.c.letter_id == letter_id)
    return Invitation.id.in_(on_it)

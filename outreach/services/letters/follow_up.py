"""What a move, postponement, cancellation or withdrawal does to signed letters: the draft of the letter that tells of it.

Called inside the transaction of services/activities, once the activity has its new time or state, and when a letter is
accepted as signed. A coordinator reads the draft, numbers it and has it signed; nothing is sent before.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.kinds import LetterKind
from outreach.domain.letters.values import CHANGEABLE, STANDS
from outreach.domain.states import ActivityState, InvitationState, LetterState
from outreach.models import Activity, Invitation, Letter, User, letter_invitation
from outreach.services import audit
from outreach.services.letters import make, plan
from outreach.services.letters.facts import NobodyOnTheLetter


def draft_follow_ups(
    session: Session, activity: Activity, reason: str, *, by: User | None, now: datetime
) -> list[Letter]:
    """Make the draft of a correction for each signed letter about the activity; of a cancellation, if none of its
    activities takes place.

    A draft that an earlier move made, and that is not signed, is given up for the new one.
    """
    made = [_draft(session, letter, reason, by, now) for letter in _inviting(session, activity.id)]
    return [draft for draft in made if draft is not None]


def follow_draft(session: Session, activity: Activity, *, by: User | None, now: datetime) -> None:
    """Make the draft of a correction for each letter that was signed before the activity was published, if it has another
    time or place now. Give it up if the letter is right again.
    """
    for letter in _inviting(session, activity.id):
        if plan.has_moved(session, letter):
            _draft(session, letter, "", by, now)
        else:
            _give_up(session, letter, by, now)


def draft_if_outdated(session: Session, letter: Letter, *, by: User | None, now: datetime) -> Letter | None:
    """Make the draft of what corrects or cancels a letter that was signed, if the plan changed before it came back.

    A draft that a move made already stays.
    """
    followed = any(later.state is not LetterState.CANCELLED for later in letter.corrected_by)
    if followed or letter.kind in make.FOLLOWS_ANOTHER or not (_is_off(letter) or plan.has_moved(session, letter)):
        return None
    return _draft(session, letter, "", by, now)


def is_signed_for(letter: Letter, invitation: Invitation) -> bool:
    """Return whether a letter is signed, stands, and invites nobody but this invitation's invitee any more."""
    signed = letter.state in STANDS and letter.signed_file_id is not None
    gone = InvitationState.WITHDRAWN
    return signed and all(one.id == invitation.id or one.state is gone for one in letter.invitations)


def cancellation_of(session: Session, letter: Letter) -> Letter | None:
    """Return the draft that cancels a letter; None if there is none."""
    session.flush()
    session.expire(letter, ["corrected_by"])
    drafts = (later for later in letter.corrected_by if later.state in CHANGEABLE)
    return next((later for later in drafts if later.kind is LetterKind.CANCELLATION), None)


def give_up_follow_ups(session: Session, activity: Activity, *, by: User | None, now: datetime) -> None:
    """Give up the drafts that a move made, because it was taken back before anybody heard of it."""
    for letter in _inviting(session, activity.id):
        _give_up(session, letter, by, now)


def draft_for_withdrawn(session: Session, invitation: Invitation, *, by: User | None, now: datetime) -> None:
    """Make the draft that cancels each signed letter whose addressees are all withdrawn, now that this one is."""
    for letter in _signed(session, invitation.activity_id):
        if not _invites(letter) and letter.kind not in make.FOLLOWS_ANOTHER and invitation in letter.invitations:
            _give_up(session, letter, by, now)
            make.add_for_withdrawn(session, letter, by=by, now=now)


def give_up_for_invited(session: Session, invitation: Invitation, *, now: datetime) -> None:
    """Give up the drafts that cancel letters of somebody who was withdrawn and is invited again."""
    for letter in _signed(session, invitation.activity_id):
        if invitation in letter.invitations:
            for later in letter.corrected_by:
                if later.kind is LetterKind.CANCELLATION and not _is_off(letter):
                    _give_up(session, letter, None, now)


def _signed(session: Session, activity_id: int) -> list[Letter]:
    """Return the signed letters about an activity that stand, each once."""
    on_it = (
        sa.select(letter_invitation.c.letter_id)
        .join(Invitation, Invitation.id == letter_invitation.c.invitation_id)
        .where(Invitation.activity_id == activity_id)
    )
    wanted = sa.select(Letter).where(
        Letter.id.in_(on_it),
        Letter.state.in_(sorted(STANDS)),
        Letter.signed_file_id.is_not(None),
        Letter.kind != LetterKind.CANCELLATION,
    )
    return list(session.scalars(wanted.order_by(Letter.id)))


def _inviting(session: Session, activity_id: int) -> list[Letter]:
    """Return those of them on which somebody is still invited. A move tells the others nothing."""
    return [letter for letter in _signed(session, activity_id) if _invites(letter)]


def _invites(letter: Letter) -> bool:
    return any(one.state is not InvitationState.WITHDRAWN for one in letter.invitations)


def _is_off(letter: Letter) -> bool:
    return all(one.activity.state is ActivityState.CANCELLED for one in letter.invitations)


def _draft(session: Session, letter: Letter, reason: str, by: User | None, now: datetime) -> Letter | None:
    _give_up(session, letter, by, now)
    kind = LetterKind.CANCELLATION if _is_off(letter) else LetterKind.CORRECTION
    try:
        return make.add_following(session, letter, kind, reason=reason, by=by, now=now)
    except NobodyOnTheLetter:  # all were withdrawn meanwhile, and told so
        return None


def _give_up(session: Session, letter: Letter, by: User | None, now: datetime) -> None:
    for later in letter.corrected_by:
        if later.state in CHANGEABLE:
            later.state = LetterState.CANCELLED
            audit.record(session, by, "letter.withdrawn", later, now=now)

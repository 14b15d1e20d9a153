"""How far signed letters have got by mail: how many had them, and who has to get them on paper. Reads only.

Nothing of it is stored with the letter: a mail that went out after the letter was accepted had it attached
(delivery/mail/attached.py).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from outreach.delivery.mail.attached import CARRIES
from outreach.domain.states import ActivityState, InvitationState, MessageState
from outreach.extensions import db
from outreach.models import (
    Activity,
    Invitation,
    Letter,
    Message,
    MessageLine,
    Organisation,
    Person,
    Reminder,
    StoredFile,
    letter_invitation,
)
from outreach.services.addresses import no_mail_reaches
from outreach.services.letters.versions import ACCEPTED_AT

MOST_NAMES = 20
_CARRIED = sa.or_(*(sa.and_(Reminder.kind == mail, Letter.kind.in_(sorted(kinds))) for mail, kinds in CARRIES.items()))
# In a select over Letter, its StoredFile and Invitation: a mail of this invitation had the letter attached. What the former
# holder of a post had, the present one has not had.
_MAILED = (
    sa.exists()
    .where(
        MessageLine.invitation_id == Invitation.id,
        MessageLine.skipped == "",
        Message.id == MessageLine.message_id,
        sa.or_(Invitation.person_id.is_(None), Message.person_id == Invitation.person_id),
        Message.state == MessageState.SENT,
        Message.sent_at >= ACCEPTED_AT,
        Reminder.id == MessageLine.reminder_id,
        _CARRIED,
    )
    .correlate(Letter, StoredFile, Invitation)
)


@dataclass(frozen=True)
class MailedLetter:
    """invitations: those on the letter that are not withdrawn. on_paper: no mail reaches them, and none had the letter."""

    invitations: int
    mailed: int
    on_paper: int

    @property
    def waiting(self) -> int:
        """Return how many can have it by mail, and have not."""
        return self.invitations - self.mailed - self.on_paper


def mailed(letter_ids: Collection[int]) -> Mapping[int, MailedLetter]:
    """Return how far the signed ones of these letters have got, by id. One statement."""
    counts = (
        sa.func.count(),
        sa.func.count().filter(_MAILED),
        sa.func.count().filter(_on_paper()),
    )
    rows = db.session.execute(_on_letters(Letter.id, *counts).where(Letter.id.in_(letter_ids)).group_by(Letter.id))
    return {row[0]: MailedLetter(*row[1:]) for row in rows}


def on_paper(letter_id: int) -> Sequence[str]:
    """Return the names of who has to get a signed letter on paper, at most MOST_NAMES."""
    wanted = _on_letters(Invitation).where(Letter.id == letter_id, _on_paper()).order_by(Invitation.id)
    return [one.invitee.display_name for one in db.session.scalars(wanted.limit(MOST_NAMES))]


def not_with_everybody() -> sa.ColumnElement[bool]:
    """Return the condition, in a select of Letter, that it is signed and somebody on it has not had it by mail.

    Letters about what is over are left out.
    """
    without = _on_letters(letter_invitation.c.letter_id).join(Activity, Activity.id == Invitation.activity_id)
    return Letter.id.in_(without.where(~_MAILED, Activity.state != ActivityState.HELD))


def _on_letters(*selected: Any) -> sa.Select[Any]:
    """Select over signed letters and the invitations on them."""
    return (
        sa.select(*selected)
        .select_from(Letter)
        .join(StoredFile, StoredFile.id == Letter.signed_file_id)
        .join(letter_invitation, letter_invitation.c.letter_id == Letter.id)
        .join(Invitation, Invitation.id == letter_invitation.c.invitation_id)
        .outerjoin(Person, Person.id == Invitation.person_id)
        .outerjoin(Organisation, Organisation.id == Invitation.organisation_id)
        .where(Invitation.state != InvitationState.WITHDRAWN)
    )


def _on_paper() -> sa.ColumnElement[bool]:
    address = sa.func.coalesce(Person.email, Organisation.email)
    return sa.and_(~_MAILED, Invitation.representative_email == "", no_mail_reaches(address))

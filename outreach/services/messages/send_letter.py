"""Sending a signed letter to those who were told before it was signed: their mail is sent once more, with the letter.

A correction is signed only after the mails about the move have gone out. So these are sent again, as by hand (resend.py).
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from outreach.domain.kinds import LetterKind, MailKind
from outreach.domain.letters.values import STANDS
from outreach.domain.problems import Problem
from outreach.domain.states import MessageState
from outreach.extensions import db
from outreach.models import Invitation, Letter, Message, MessageLine, Reminder, User, letter_invitation
from outreach.services.letters.make import FOLLOWS_ANOTHER
from outreach.services.letters.versions import ACCEPTED_AT, LetterMissing
from outreach.services.messages import resend

TOLD_BY: dict[LetterKind, tuple[MailKind, ...]] = {
    LetterKind.INVITATION: (MailKind.INVITATION,),
    LetterKind.SPEAKER_REQUEST: (MailKind.INVITATION,),
    LetterKind.CORRECTION: (MailKind.CHANGE, MailKind.POSTPONEMENT),
    LetterKind.CANCELLATION: (MailKind.CANCELLATION, MailKind.WITHDRAWAL),
}


class NobodyToSendTo(Problem):
    message = "Nobody has had a mail about this that could be sent again with the letter. Those who are told later get it then."


def send(letter_id: int, *, by: User | None, now: datetime) -> int:
    """Send the mails that invited, or told of the move or cancellation, once more, with the letter. Return how many.

    A mail that is sent again already is left out. Raise LetterMissing or NobodyToSendTo; nothing is changed then.
    """
    ids = mails_to_repeat(db.session(), letter_id)
    db.session.rollback()
    sent = resend.resend_many(ids, by=by, now=now) if ids else 0
    if not sent:
        raise NobodyToSendTo
    return sent


def mails_to_repeat(session: Session, letter_id: int) -> list[int]:
    """Return the ids of the last such mail of each recipient, unless it went out after the letter was accepted.

    If a post changed hands, the mails to its former holders are left out.
    """
    letter = session.get(Letter, letter_id)
    if letter is None:
        raise LetterMissing
    kinds = TOLD_BY.get(letter.kind)
    if kinds is None or letter.state not in STANDS or letter.signed_file_id is None:
        return []
    rows = session.execute(
        sa.select(sa.func.max(Message.id))
        .join(MessageLine, MessageLine.message_id == Message.id)
        .join(Reminder, Reminder.id == MessageLine.reminder_id)
        .join(letter_invitation, letter_invitation.c.invitation_id == MessageLine.invitation_id)
        .join(Invitation, Invitation.id == MessageLine.invitation_id)
        .where(
            sa.or_(
                MessageLine.to_representative,
                Message.person_id == Invitation.person_id,
                Message.organisation_id == Invitation.organisation_id,
            ),
            letter_invitation.c.letter_id == letter.id,
            Reminder.kind.in_(kinds),
            MessageLine.skipped == "",
            Message.state.in_((MessageState.SENT, MessageState.UNKNOWN)),
        )
        .group_by(MessageLine.invitation_id, MessageLine.to_representative)
    )
    found = sorted({row[0] for row in rows})
    signed_at, again = session.scalar(_accepted_at(letter.id)), aliased(Message)
    older = [Message.sent_at.is_(None), Message.sent_at < signed_at]
    if letter.kind in FOLLOWS_ANOTHER:  # its news cannot have carried it
        older.append(sa.and_(Message.sent_at == signed_at, Message.resend_of_id.is_(None)))
    repeated = sa.exists().where(again.resend_of_id == Message.id)
    return list(
        session.scalars(
            sa.select(Message.id).where(Message.id.in_(found), sa.or_(*older), ~repeated).order_by(Message.id)
        )
    )


def _accepted_at(letter_id: int) -> sa.Select[datetime]:
    return sa.select(ACCEPTED_AT).select_from(Letter).join(Letter.signed_file).where(Letter.id == letter_id)

"""Marking incoming mails as handled, and undoing that.

queries/inbox.py finds and shows mails; inbox/record_from_mail.py records an answer from one.
"""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.models import IncomingMail, Invitation, User
from outreach.services import audit
from outreach.services.inbox.waiting import WAITS, IncomingMissing, count_again
from outreach.transactions import writing


def handle(mail_id: int, *, by: User, now: datetime) -> IncomingMail:
    """Mark a mail as handled; a mail that was handled before stays unchanged."""
    with writing() as session:
        mail = note_handled(session, mail_id, by=by, now=now)
    count_again()
    return mail


def note_handled(
    session: Session, mail_id: int, *, by: User | None, now: datetime, about: Invitation | None = None
) -> IncomingMail:
    """Do the same as `handle` in the caller's transaction. After its commit, the caller calls count_again().

    about: the invitation whose answer was recorded from the mail. The link to it is then no longer a guess.
    """
    mail = _for_change(session, mail_id)
    if about is not None and mail.invitation_id == about.id:
        mail.guessed = False
    if mail.seen_at is None:
        mail.seen_at, mail.seen_by_id = now, by.id if by else None
        audit.record(session, by, "incoming_mail.dealt_with", mail, now=now)
    return mail


def handle_all_of_sender(mail_id: int, *, by: User, now: datetime) -> int:
    """Mark all waiting mails of a mail's sender as handled. Return how many."""
    with writing() as session:
        mail = _for_change(session, mail_id)
        same = sa.and_(IncomingMail.sender == mail.sender, IncomingMail.sender != "")
        done: Any = session.execute(
            sa.update(IncomingMail)
            .where(WAITS, sa.or_(IncomingMail.id == mail.id, same))
            .values(seen_at=now, seen_by_id=by.id)
        )
        if done.rowcount:
            audit.record(session, by, "incoming_mail.dealt_with", mail, now=now)
    count_again()
    return int(done.rowcount)


def reopen(mail_id: int, *, by: User, now: datetime, together: bool = False) -> IncomingMail:
    """Make a mail wait again. together: also all mails marked as handled in the same step."""
    with writing() as session:
        mail = _for_change(session, mail_id)
        if mail.seen_at is not None:
            which = marked_together(mail) if together else IncomingMail.id == mail.id
            session.execute(sa.update(IncomingMail).where(which).values(seen_at=None, seen_by_id=None))
            audit.record(session, by, "incoming_mail.reopened", mail, now=now)
    count_again()
    return mail


def _for_change(session: Session, mail_id: int) -> IncomingMail:
    mail = session.get(IncomingMail, mail_id, with_for_update=True)
    if mail is None:
        raise IncomingMissing
    return mail


def marked_together(mail: IncomingMail) -> sa.ColumnElement[bool]:
    """Return the condition that a mail was marked as handled in the same step as this one."""
    at_once = sa.and_(IncomingMail.seen_at == mail.seen_at, IncomingMail.seen_by_id == mail.seen_by_id)
    return sa.or_(IncomingMail.id == mail.id, at_once)

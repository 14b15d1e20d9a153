"""Retention of incoming mails: blanking old ones, and finding those about a person.

Mails that nobody has to read any more are blanked after `archive_days`. The office's mailbox itself is not changed:
the office deletes mails there, and until then they may be read again.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.directory import email_addresses
from outreach.extensions import current_settings, db
from outreach.models import (
    ArchivedLine,
    ArchivedMessage,
    IncomingMail,
    Invitation,
    Message,
    Organisation,
    Person,
)
from outreach.services.inbox.waiting import WAITS
from outreach.transactions import writing

BATCH = 500
SAYS = (IncomingMail.sender, IncomingMail.sender_name, IncomingMail.subject, IncomingMail.text)
# The digest stays, so that a blanked mail is recognised when it is read again and stays blank.
NOTHING: dict[str, Any] = {**{column.key: "" for column in SAYS}, "participation": None}

# It waits for nobody, and its words are still there.
HAS_WORDS = sa.and_(sa.not_(WAITS), sa.or_(*(column != "" for column in SAYS)))


def forget_old(
    now: datetime,
    *,
    days: int | None = None,
    stop: Callable[[], bool] = lambda: False,
    note: Callable[[Session, int], None] | None = None,
) -> int:
    """Blank, in batches, mails received `days` (else `archive_days`) before `now` that wait for nobody. Return how many.

    note: told the number of each batch, in its transaction.
    """
    until = now - timedelta(days=days or current_settings().archive_days)
    old = sa.select(IncomingMail.id).where(IncomingMail.received_at < until, HAS_WORDS).limit(BATCH)
    blanked = 0
    while not stop() and (ids := db.session.scalars(old).all()):
        db.session.rollback()
        with writing() as session:
            blanking = sa.update(IncomingMail).where(IncomingMail.id.in_(ids), HAS_WORDS).values(NOTHING)
            done: Any = session.execute(blanking.execution_options(synchronize_session=False))
            if note is not None:
                note(session, done.rowcount)
        blanked += done.rowcount
    db.session.rollback()
    return blanked


def blank(row: IncomingMail) -> None:
    """Blank the row of a mail that was blanked before and is now read again."""
    for name, value in {**NOTHING, "rfc_message_id": ""}.items():
        setattr(row, name, value)


def mails_about(session: Session, person: Person) -> sa.ColumnElement[bool]:
    """Return the condition for the mails of a person: assigned to them, or sent from an address of theirs only."""
    invitations = sa.select(Invitation.id).where(Invitation.person_id == person.id)
    conditions = [IncomingMail.person_id == person.id, IncomingMail.invitation_id.in_(invitations)]
    conditions.append(IncomingMail.sender.in_(addresses_of(session, person)))
    return sa.or_(*conditions)


def addresses_of(session: Session, person: Person) -> set[str]:
    """Return the person's address and those that we wrote to before, without addresses that somebody else has too."""
    to_another = sa.exists().where(ArchivedLine.message_id == ArchivedMessage.id, ArchivedLine.to_representative)
    written = [
        sa.select(Message.address).where(Message.person_id == person.id, Message.representative_of_id.is_(None)),
        sa.select(ArchivedMessage.address).where(ArchivedMessage.person_id == person.id, ~to_another),
    ]
    known = {person.email, *(address for query in written for address in session.scalars(query))} - {""}
    found = {form for address in known for form in email_addresses.forms(address)}
    others = [
        sa.select(sa.func.lower(Person.email)).where(Person.id != person.id, sa.func.lower(Person.email).in_(found)),
        sa.select(sa.func.lower(Organisation.email)).where(sa.func.lower(Organisation.email).in_(found)),
    ]
    return found - {
        form for query in others for address in session.scalars(query) for form in email_addresses.forms(address)
    }

"""Record that no mail arrives at an address, or that a mail was late. The caller owns the transaction.

services/inbox/delivery_reports.py decides which reports are believed. recheck/judge.py keeps mails from blocked
addresses.
"""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.directory import email_addresses
from outreach.domain.kinds import IncomingKind, IncomingOutcome
from outreach.domain.mail.address_faults import AddressFault
from outreach.domain.mail.incoming import IncomingReason
from outreach.models import AddressFailure, IncomingMail
from outreach.transactions import insert_into

UNCONFIRMED_FOR = timedelta(days=3)  # a failure within this time after an answer concerns its confirmation mail, too


def block(session: Session, address: str, fault: AddressFault | None, reply: str, *, now: datetime) -> None:
    """Block an address: no further mail goes there. reply: the other server's words.

    Recent answers from this address are shown to a coordinator again, because their confirmation mails did not arrive.
    """
    failure = _failure(session, address, now)
    failure.blocked_at = failure.blocked_at or now
    failure.fault, failure.reply = fault, reply[:300]
    session.execute(
        sa.update(IncomingMail)
        .where(
            IncomingMail.sender == email_addresses.key(address),
            IncomingMail.kind == IncomingKind.ANSWER,
            IncomingMail.outcome == IncomingOutcome.APPLIED,
            IncomingMail.created_at > now - UNCONFIRMED_FOR,
        )
        .values(outcome=IncomingOutcome.TO_READ, reason=IncomingReason.UNCONFIRMED, seen_at=None, seen_by_id=None)
    )


def count_delay(session: Session, address: str, *, now: datetime) -> None:
    """Count a mail to an address that was late, or given up for a temporary reason."""
    _failure(session, address, now).delays += 1


def _failure(session: Session, address: str, now: datetime) -> AddressFailure:
    key = email_addresses.key(address)
    first = insert_into(session, AddressFailure).values(address=key, reply="", delays=0, last_at=now)
    session.execute(first.on_conflict_do_nothing())
    failure = session.get_one(AddressFailure, key, with_for_update=True, populate_existing=True)
    failure.last_at = now
    return failure

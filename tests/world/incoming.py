"""Mails as services/inbox/receive.py stores them, and addresses that mail does not reach."""

from datetime import datetime
from itertools import count

from outreach.domain.kinds import IncomingKind, IncomingOutcome
from outreach.domain.mail.address_faults import AddressFault
from outreach.extensions import db
from outreach.models import AddressFailure, IncomingMail
from outreach.services.inbox import waiting
from tests.world import NOW

_uid = count(1)


def mail(
    kind: IncomingKind = IncomingKind.LETTER, outcome: IncomingOutcome = IncomingOutcome.TO_READ, **values: object
) -> IncomingMail:
    """Store a mail that came in."""
    given = {
        "mailbox": "kotak@example.com/INBOX", "uid_validity": 1, "uid": next(_uid), "received_at": NOW,
        "sender": "ani@example.com", "sender_name": "Ani Wijaya", "subject": "Tentang undangan", "text": "Mohon maaf.",
        "kind": kind, "outcome": outcome,
    }  # fmt: skip
    found = IncomingMail(**{**given, **values})
    db.session.add(found)
    db.session.commit()
    waiting.count_again()
    return found


def blocked(
    address: str, at: datetime = NOW, reply: str = "550 5.1.1 no such user", fault: AddressFault | None = None
) -> None:
    """Record that mail does not reach an address."""
    db.session.merge(AddressFailure(address=address.casefold(), blocked_at=at, last_at=at, reply=reply, fault=fault))
    db.session.commit()

"""A person's mails in the inbox and their delivery reports: export and erase them."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.models import AddressFailure, IncomingMail, Person
from outreach.services.inbox.retention import NOTHING, addresses_of, mails_about


def held(session: Session, person: Person) -> dict[str, list[dict[str, Any]]]:
    """Return the data held, as JSON values. Sender, subject and text are left out of mails that somebody else wrote."""
    own = addresses_of(session, person)
    mails = [
        {
            "received_at": mail.received_at.isoformat(),
            "kind": mail.kind.value,
            "outcome": mail.outcome.value,
            "reason": mail.reason,
            "answered": mail.participation.value if mail.participation else None,
            **(
                {"sender": mail.sender, "sender_name": mail.sender_name, "subject": mail.subject, "text": mail.text}
                if mail.sender in own
                else {}
            ),
        }
        for mail in session.scalars(
            sa.select(IncomingMail).where(mails_about(session, person)).order_by(IncomingMail.id)
        )
    ]
    reports = [
        {
            "address": failure.address,
            "blocked_at": failure.blocked_at.isoformat() if failure.blocked_at else None,
            "fault": failure.fault.value if failure.fault else None,
            "reply": failure.reply,
            "delays": failure.delays,
        }
        for failure in session.scalars(sa.select(AddressFailure).where(AddressFailure.address.in_(own)))
    ]
    return {"mails_received": mails, "delivery_reports": reports}


def forget(session: Session, person: Person) -> None:
    """Blank the contents of these mails, in the caller's transaction. Call it before the person's addresses are deleted.

    The rows stay, because they are counted.
    """
    own = addresses_of(session, person)
    session.execute(
        sa.update(IncomingMail)
        .where(mails_about(session, person))
        .values(**NOTHING, rfc_message_id="")
        .execution_options(synchronize_session=False)
    )
    session.execute(sa.delete(AddressFailure).where(AddressFailure.address.in_(own)))

"""The effect of a delivery report: a failure blocks the address, a delay is only counted.

A report is proven if it came to the return path of one message, which contains a MAC. If the office has no return
paths, it is proven if it quotes the Message-ID of a mail that we sent to exactly the address it names. A report can
never block any address but that message's.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.delivery.inbox.reading import Incoming
from outreach.delivery.inbox.reports import DeliveryReport, DeliveryVerdict
from outreach.delivery.outbox import address_failures
from outreach.domain.directory import email_addresses
from outreach.domain.kinds import IncomingOutcome
from outreach.domain.mail.incoming import IncomingReason
from outreach.extensions import current_settings
from outreach.models import IncomingMail, Message, Organisation, Person
from outreach.services.inbox.senders import message_named, tie_to_message


def apply(session: Session, row: IncomingMail, mail: Incoming, *, now: datetime) -> None:
    """Apply a report in the caller's transaction, or note on the mail's row why it has no effect."""
    report = mail.report
    if report is None:
        _show(session, row, mail, now=now)
        return
    message = _proven(session, mail, report)
    if message is None:
        known = _is_known(session, report)
        row.outcome = IncomingOutcome.TO_READ if known else IncomingOutcome.IGNORED
        row.reason = IncomingReason.UNPROVEN if known else IncomingReason.NOT_OURS
        return
    tie_to_message(session, row, message, now=now)
    row.outcome, row.reason = IncomingOutcome.APPLIED, ""
    match report.verdict:
        case DeliveryVerdict.FAILED:
            address_failures.block(session, message.address, report.fault, report.words, now=now)
        case DeliveryVerdict.DELAYED:
            address_failures.count_delay(session, message.address, now=now)
        case DeliveryVerdict.GAVE_UP:
            address_failures.count_delay(session, message.address, now=now)
            row.outcome, row.reason = IncomingOutcome.TO_READ, IncomingReason.GAVE_UP
        case DeliveryVerdict.MAIL_REFUSED:
            row.outcome, row.reason = IncomingOutcome.TO_READ, IncomingReason.MAIL_REFUSED


def _show(session: Session, row: IncomingMail, mail: Incoming, *, now: datetime) -> None:
    """Leave a report that could not be read to a coordinator, unless it returns a mail that is not ours."""
    message = session.get(Message, mail.returned_id) if mail.returned_id is not None else None
    message = message or message_named(session, mail.returned_reference)
    if message is not None:
        tie_to_message(session, row, message, now=now)
    elif mail.returned_reference:
        row.outcome, row.reason = IncomingOutcome.IGNORED, IncomingReason.NOT_OURS


def _proven(session: Session, mail: Incoming, report: DeliveryReport) -> Message | None:
    """Return the message of ours that the report is about, if that is proven."""
    if mail.returned_id is not None:
        message = session.get(Message, mail.returned_id)
        return message if message is not None and message.address else None
    if current_settings().mail_return_path:
        return None
    message = message_named(session, mail.returned_reference)
    if message is None or not message.address or email_addresses.key(message.address) not in report.addresses:
        return None
    return message


def _is_known(session: Session, report: DeliveryReport) -> bool:
    """Return whether a report names the address of a person or organisation in the database."""
    return any(
        session.scalar(sa.select(sa.exists().where(sa.func.lower(invitee.email).in_(report.addresses))))
        for invitee in (Person, Organisation)
    )

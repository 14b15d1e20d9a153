"""Whose mail an incoming mail is, and its invitation: found by the mail of ours that it answers, or by its sender.

Both can be forged, so they only decide where a coordinator finds the mail. If the mail names no invitation, the
sender's next one is taken and marked as a guess.
"""

import re
from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.delivery.inbox.reading import Incoming
from outreach.domain.directory import email_addresses, names
from outreach.domain.kinds import IncomingKind
from outreach.domain.mail.incoming import IncomingReason
from outreach.domain.states import ActivityState, InvitationState
from outreach.models import Activity, IncomingMail, Invitation, Message, MessageLine, Organisation, Person
from outreach.services import addresses

_OUR_ID = re.compile(r"<(\d{1,10})\.[^<>\s]{1,100}>")  # as delivery/mail/compose.py makes it in message_id()
MOST_ID = 2**31 - 1
REPORTS = (IncomingKind.BOUNCE, IncomingKind.DELAY)  # they concern our whole mail, so all its lines


def link(session: Session, row: IncomingMail, mail: Incoming, *, now: datetime) -> None:
    """Link the mail to a message, a person or organisation, and an invitation, where these are not set yet."""
    message = answered_message(session, mail) if row.message_id is None else None
    if message is not None and row.person_id is None and row.organisation_id is None:
        tie_to_message(session, row, message, now=now)
    elif message is not None and (message.person_id, message.organisation_id) == (row.person_id, row.organisation_id):
        row.message_id = message.id
    if row.person_id is None and row.organisation_id is None:
        invitee = sender_of(session, mail)
        if isinstance(invitee, Person):
            row.person_id = invitee.id
        elif invitee is not None:
            row.organisation_id = invitee.id
        elif (represented := _represented_by(session, mail.sender, now)) is not None:
            row.invitation_id, row.person_id, row.guessed = represented.id, represented.person_id, True
    if mail.kind is IncomingKind.LETTER and _is_representatives(session, row, mail.sender):
        row.reason = IncomingReason.REPRESENTATIVE
    of_another = row.reason == IncomingReason.NOT_INVITED  # to a known activity
    if row.invitation_id is None and (row.person_id or row.organisation_id) and not of_another:
        row.invitation_id = _nearest(session, _held_by(row.person_id, row.organisation_id), now)
        row.guessed = row.invitation_id is not None


def tie_to_message(session: Session, row: IncomingMail, message: Message, *, now: datetime) -> None:
    """Link the mail to one of our messages, its recipient, and its invitation; of several, the nearest one."""
    row.message_id, row.person_id, row.organisation_id = message.id, message.person_id, message.organisation_id
    if message.representative_of_id is not None:
        row.invitation_id = message.representative_of_id
        return
    said = session.scalars(
        sa.select(MessageLine.invitation_id).where(MessageLine.message_id == message.id).distinct()
    ).all()
    row.invitation_id = _nearest(session, Invitation.id.in_(said), now) or next(iter(said), None)
    row.guessed = len(said) > 1 and row.kind not in REPORTS


def answered_message(session: Session, mail: Incoming) -> Message | None:
    """Return our message that a mail answers or that bounced, by its return path or its references."""
    if mail.returned_id is not None and (message := session.get(Message, mail.returned_id)) is not None:
        return message
    return next(
        (found for reference in mail.references if (found := message_named(session, reference)) is not None), None
    )


def message_named(session: Session, rfc_message_id: str) -> Message | None:
    """Return the message sent with this Message-ID. The ID contains the row's id; the row must hold the same ID."""
    named = _OUR_ID.fullmatch(rfc_message_id)
    if named is None or int(named[1]) > MOST_ID:
        return None
    message = session.get(Message, int(named[1]))
    return message if message is not None and message.rfc_message_id == rfc_message_id else None


def sender_of(session: Session, mail: Incoming) -> Person | Organisation | None:
    """Return the owner of a mail's sender address. If several share it, use the sender's name; None if unclear."""
    if not mail.sender:
        return None
    people = session.scalars(
        sa.select(Person).where(sa.func.lower(Person.email) == mail.sender, Person.erased_at.is_(None))
    )
    offices = session.scalars(sa.select(Organisation).where(sa.func.lower(Organisation.email) == mail.sender))
    return the_one([*people, *offices], mail.sender_name)


def the_one(invitees: Iterable[Person | Organisation], name: str) -> Person | Organisation | None:
    """Return the only invitee, or the only one with that name among several; None if unclear."""
    found = list(invitees)
    if len(found) > 1:
        wanted = names.key(name)
        found = [invitee for invitee in found if wanted and wanted in _names_of(invitee)]
    return found[0] if len(found) == 1 else None


def _names_of(invitee: Person | Organisation) -> set[str]:
    if isinstance(invitee, Person):
        return {names.key(invitee.name), names.key(invitee.full_name)} - {""}
    return {names.key(invitee.name), names.key(invitee.short_name)} - {""}


def _held_by(person_id: int | None, organisation_id: int | None) -> sa.ColumnElement[bool]:
    if person_id is not None:
        return Invitation.person_id == person_id
    return Invitation.organisation_id == organisation_id


def _represented_by(session: Session, sender: str, now: datetime) -> Invitation | None:
    """Return the next invitation for which the sender is the representative."""
    named = Invitation.id.in_(addresses.acting_at(sender))
    found = _nearest(session, sa.and_(Invitation.state == InvitationState.REPRESENTED, named), now) if sender else None
    return session.get(Invitation, found) if found is not None else None


def _is_representatives(session: Session, row: IncomingMail, sender: str) -> bool:
    invitation = session.get(Invitation, row.invitation_id) if row.invitation_id and sender else None
    return (
        invitation is not None
        and invitation.state is InvitationState.REPRESENTED
        and email_addresses.key(invitation.representative_email) == sender
        and sender != email_addresses.key(invitation.invitee.email)
    )


def _nearest(session: Session, which: sa.ColumnElement[bool], now: datetime) -> int | None:
    """Return the id of the invitation to the next activity that is not over."""
    return session.scalar(
        sa.select(Invitation.id)
        .join(Invitation.activity)
        .where(
            which,
            Activity.state == ActivityState.PUBLISHED,
            Activity.ends_at > now,
            Invitation.state.not_in((InvitationState.PREPARED, InvitationState.WITHDRAWN)),
        )
        .order_by(Activity.starts_at, Invitation.id)
        .limit(1)
    )

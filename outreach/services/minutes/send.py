"""Send the approved minutes to all who were present or represented: at one press, after a forecast of who gets them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.delivery.documents import minutes as documents
from outreach.delivery.documents.typeset import Press, press
from outreach.domain.directory import email_addresses
from outreach.domain.kinds import MailKind
from outreach.domain.minutes.content import MinutesPurpose
from outreach.domain.problems import Problem
from outreach.domain.states import InvitationState, MinutesState
from outreach.extensions import db
from outreach.models import Invitation, Message, Minutes, Office, User, the_office
from outreach.services import addresses, audit, files, office_defaults
from outreach.services.letters import settings
from outreach.services.locking import Stale
from outreach.services.minutes import approval, reading, versions
from outreach.transactions import writing

USEFUL_FOR = timedelta(days=14)


class MinutesNotApproved(Problem):
    message = "Only approved minutes are sent out. Please ask the chair to agree first."


@dataclass(frozen=True)
class CopyReader:
    """Somebody who gets a copy. instead_of: the invitee they represented. reached: whether a mail reaches them."""

    invitation: Invitation
    name: str
    address: str
    instead_of: str = ""
    reached: bool = True

    @property
    def represents(self) -> bool:
        return bool(self.instead_of)


def forecast(minutes: Minutes) -> list[CopyReader]:
    """Return who gets the minutes if they were sent now, each person once. Those without an address are among them."""
    return _readers(db.session(), minutes.activity_id)


def send(activity_id: int, version: int, *, by: User | None, now: datetime) -> list[CopyReader]:
    """Write a mail with the PDF for each reader that mail reaches, and return all readers.

    Raise MinutesMissing, Stale, or MinutesNotApproved.
    """
    before = db.session.scalar(sa.select(Minutes).where(Minutes.activity_id == activity_id))
    if before is None:
        raise versions.MinutesMissing
    if before.state is not MinutesState.APPROVED:
        raise MinutesNotApproved
    made = pdf(before)  # before the transaction: nobody waits to write meanwhile
    db.session.rollback()
    with writing() as session:
        minutes = versions.minutes_for_change(session, activity_id, version)
        if minutes.state is not MinutesState.APPROVED:
            raise Stale
        kept = files.keep(session, made, filename(minutes), "application/pdf", by=by, now=now)
        minutes.file_id, minutes.state, minutes.sent_at, minutes.changed_at = kept.id, MinutesState.SENT, now, now
        day = now.astimezone(office_defaults.zone(session)).date()
        about = {"kind": MailKind.MINUTES, "local_day": day, "due_at": now, "expires_at": now + USEFUL_FOR}
        readers = _readers(session, activity_id)
        for one in readers:
            if one.reached:
                approval.write_mail(session, _message(one, about), minutes, MinutesPurpose.COPY, one.invitation.id)
        reached = sum(one.reached for one in readers)
        audit.record(session, by, "minutes.sent", minutes, now=now, mails=reached, without_mail=len(readers) - reached)
    return readers


def pdf(minutes: Minutes, number: int | None = None, *, on: Press | None = None) -> bytes:
    """Return a version as PDF, the last one by default. It is marked KONSEP until it is approved. on: a running process."""
    made = versions.last(minutes) if number is None else versions.numbered(minutes, number)
    approved = versions.is_approved(minutes, made.number)
    letters = settings.current(db.session).values
    emblem = letters.letterhead.emblem
    found = documents.files_of(
        versions.values_of(made),
        letters.letterhead,
        office=db.session.scalar(the_office(Office.short_name)) or "",
        emblem=files.data_of(db.session, emblem) if emblem else b"",
        draft=not approved,
        approval=approval_of(minutes, made.number),
    )
    if on is not None:
        return on.pdf(found, at=made.made_at)
    with press() as own:
        return own.pdf(found, at=made.made_at)


def approval_of(minutes: Minutes, number: int) -> tuple[str, datetime] | None:
    """Return who agreed to a version, and when."""
    said = next((one for one in reversed(minutes.replies) if one.number == number and one.agrees), None)
    return (said.name, said.said_at.astimezone(minutes.activity.zone)) if said else None


def filename(minutes: Minutes) -> str:
    """Return the name of the PDF in a mail: "Notula-2027-01-18.pdf". It tells a stranger nothing."""
    return f"Notula-{minutes.activity.starts_at.astimezone(minutes.activity.zone).date()}.pdf"


def _readers(session: Session, activity_id: int) -> list[CopyReader]:
    found: dict[tuple[str, str], CopyReader] = {}
    invitations = reading.readers(session, activity_id)
    blocked = addresses.among(
        [one.invitee.email for one in invitations] + [one.representative_email for one in invitations]
    )

    def add(one: Invitation, name: str, address: str, instead_of: str = "") -> None:
        key = email_addresses.key(address) if address else ""
        reached = bool(address) and key not in blocked
        found.setdefault((name.casefold(), key), CopyReader(one, name, address, instead_of, reached))

    for one in invitations:
        if one.person is not None and one.person.erased_at is not None:
            continue
        if one.state is InvitationState.REPRESENTED and one.representative_name:
            add(one, one.representative_name, one.representative_email, one.invitee.display_name)
        add(one, one.invitee.display_name, one.invitee.email)
    return sorted(found.values(), key=lambda one: one.name.casefold())


def _message(one: CopyReader, about: dict[str, Any]) -> Message:
    invitation = one.invitation
    return Message(
        person_id=invitation.person_id,
        organisation_id=invitation.organisation_id,
        representative_of_id=invitation.id if one.represents else None,
        **about,
    )

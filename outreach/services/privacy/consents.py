"""A parent's consent: recorded with the version of the text, the day and the way; withdrawn, after which nothing is sent.

Whether a mail may go out is asked when it is sent (delivery/outbox/prepare.py). Mails that waited for the consent are sent again
when it is recorded.
"""

from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa

from outreach.domain.directory import names
from outreach.domain.mail.still_true import SkipReason
from outreach.domain.privacy.requests import ConsentWay, TextKind
from outreach.domain.problems import Problem
from outreach.domain.states import MessageState
from outreach.extensions import db
from outreach.models import Consent, Message, User
from outreach.services import audit, office_defaults
from outreach.services.directory import people
from outreach.services.directory.people import PersonErased
from outreach.services.messages import resend
from outreach.services.privacy import texts
from outreach.transactions import writing


class GiverMissing(Problem):
    message = "Please write who consented."
    field = "given_by"


class ConsentAhead(Problem):
    message = "The day of the consent cannot lie ahead."
    field = "given_on"


class NoConsent(Problem):
    message = "There is no consent that could be withdrawn."


@dataclass(frozen=True)
class ConsentValues:
    given_by: str
    given_on: date
    way: ConsentWay


def record(person_id: int, values: ConsentValues, *, by: User | None, now: datetime) -> int:
    """Record a consent to the present text; return how many mails that waited for it go out now.

    Raise PersonMissing, PersonErased, GiverMissing or ConsentAhead.
    """
    giver = names.tidy(values.given_by)[:160]
    if not giver:
        raise GiverMissing
    with writing() as session:
        person = people.get(person_id)
        if person.erased_at is not None:
            raise PersonErased
        if values.given_on > now.astimezone(office_defaults.zone(session)).date():
            raise ConsentAhead
        number = texts.current(TextKind.CONSENT).number
        session.add(
            Consent(
                person_id=person_id, text_number=number, given_on=values.given_on, way=values.way, given_by=giver,
                recorded_at=now, recorded_by_id=by.id if by else None,
            )
        )  # fmt: skip
        audit.record(session, by, "person.consent_recorded", person, now=now, way=values.way.value)
    return _send_what_waited(person_id, by=by, now=now)


def withdraw(person_id: int, *, by: User | None, now: datetime) -> None:
    """End all consents for a person. Raise PersonMissing or NoConsent."""
    with writing() as session:
        person = people.get(person_id)
        valid = session.scalars(
            sa.select(Consent).where(Consent.person_id == person_id, Consent.withdrawn_at.is_(None)).with_for_update()
        ).all()
        if not valid:
            raise NoConsent
        for consent in valid:
            consent.withdrawn_at, consent.withdrawn_by_id = now, by.id if by else None
        audit.record(session, by, "person.consent_withdrawn", person, now=now)


def _send_what_waited(person_id: int, *, by: User | None, now: datetime) -> int:
    waited = db.session.scalars(
        sa.select(Message.id).where(
            Message.person_id == person_id,
            Message.state == MessageState.SKIPPED,
            Message.reason == SkipReason.NOT_CONSENTED.value,
            Message.expires_at > now,
        )
    ).all()
    again = [id_ for id_, problem in resend.preview_many(waited, now=now).items() if problem is None]
    return resend.resend_many(again, by=by, now=now) if again else 0

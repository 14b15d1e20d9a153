"""The demo's personal data: parents' consents for the Forum Anak but one, two requests that wait, a period that ends soon."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from outreach.cli.demo.programme import Cast
from outreach.delivery import tokens
from outreach.domain.kinds import LinkPurpose
from outreach.domain.privacy.requests import ConsentWay, Corrections, RequestKind, RequestWay
from outreach.domain.privacy.retention import BOUNDS, Purpose
from outreach.extensions import db
from outreach.models import GivenAnswer, Link, Person
from outreach.models.consents import IS_CHILD
from outreach.services.privacy import consents, requests
from outreach.services.privacy.consents import ConsentValues
from outreach.services.privacy.requests import Entered
from outreach.services.privacy.retention import periods
from outreach.services.privacy.retention.stores import STORES

WAITING = 1  # children for whom nobody has consented yet
SOON = timedelta(days=3)


def consent(cast: Cast, *, now: datetime) -> None:
    """Record a parent's consent for all children but the last ones."""
    children = db.session.scalars(sa.select(Person.id).where(IS_CHILD).order_by(Person.id)).all()
    for number, person_id in enumerate(children[: len(children) - WAITING]):
        way = ConsentWay.WHATSAPP if number % 3 == 0 else ConsentWay.PAPER
        consents.record(person_id, ConsentValues("Orang tua", now.date(), way), by=cast.coordinator, now=now)


def ask(cast: Cast, *, now: datetime) -> None:
    """Let two people ask, one by their link and one by phone two days ago; and keep answers a little shorter than is usual."""
    asking = db.session.scalars(
        sa.select(Link)
        .join(Person, Person.id == Link.person_id)
        .where(Link.purpose == LinkPurpose.ANSWER, Link.revoked_at.is_(None), Person.name != "", Person.email != "")
        .order_by(Link.id)
        .limit(2)
    ).all()
    if len(asking) == 2:
        link, other = asking
        requests.ask_to_correct(tokens.token(link), Corrections(post="Ketua RT 03"), now=now - timedelta(hours=5))
        phoned = Entered(
            other.person_id, "", RequestKind.COPY, RequestWay.PHONE, now - timedelta(hours=50), "Minta salinan."
        )
        requests.enter(phoned, by=cast.coordinator, now=now)
    _keep_answers_until_soon(cast, now)


def _keep_answers_until_soon(cast: Cast, now: datetime) -> None:
    """Choose a period of answers by which last year's are erased in a few days: its page has something to show."""
    store = next(store for store in STORES if store.tables == (GivenAnswer.__tablename__,))
    oldest = db.session.execute(store.due(now, now).limit(1)).first()
    if oldest is not None:
        days = (now - oldest[1] + SOON).days
        bounds = BOUNDS[Purpose.ANSWERS]
        if bounds.least <= days <= bounds.most:
            periods.save({**periods.read(), Purpose.ANSWERS: days}, by=cast.coordinator, now=now)

"""The people and organisations that no mail reaches, and those whose phone number is wrong: the lists and the count."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from outreach.delivery.words import whatsapp
from outreach.delivery.words.whatsapp import WaysToReach
from outreach.domain.mail.address_faults import AddressFault
from outreach.domain.states import ActivityState, InvitationState
from outreach.extensions import db
from outreach.models import ActingPerson, Activity, AddressFailure, Invitation, Organisation, Person, WrongNumber
from outreach.queries.paging import Page, paged
from outreach.services.addresses import represented_ahead

PERSON, ORGANISATION, REPRESENTATIVE = "person", "organisation", "representative"
GONE = (InvitationState.NOT_COMING, InvitationState.WITHDRAWN)


@dataclass(frozen=True)
class Unreachable:
    """Somebody whose address no mail reaches. id: of the person, the organisation, or the represented invitation."""

    kind: str
    id: int
    name: str
    post: str
    address: str
    since_at: datetime
    fault: AddressFault | None
    reply: str  # the mail server's text
    call: WaysToReach
    activities: Sequence[Activity] = field(default=())  # future ones that no mail tells them of; earliest first


def listed(*, now: datetime, number: int = 1, per_page: int = 50) -> Page:
    """Return one page of people and organisations that no mail reaches, by name. Three queries, or two if there are none."""
    owners = _all_unreachable(now).subquery()
    page = paged(sa.select(owners).order_by(sa.func.lower(owners.c.name), owners.c.kind, owners.c.id), number, per_page)
    return Page(_rows(page.items, now), page.total, page.number, page.per_page)


def everybody(*, now: datetime) -> list[Unreachable]:
    """Return all of them, by name. Two queries."""
    owners = _all_unreachable(now).subquery()
    every = sa.select(owners).order_by(sa.func.lower(owners.c.name), owners.c.kind, owners.c.id)
    return _rows(db.session.execute(every).all(), now)


def _rows(items: Sequence[Any], now: datetime) -> list[Unreachable]:
    ahead = _activities_ahead(items, now)
    return [
        Unreachable(
            row.kind, row.id, row.name, row.post, row.address, row.since_at,
            AddressFault(row.fault) if row.fault else None, row.reply, whatsapp.at(row.phone),
            ahead.get((row.kind, row.id), ()),
        )
        for row in items
    ]  # fmt: skip


def count(*, now: datetime) -> int:
    """Return how many people and organisations stand on the page: no mail reaches them, or their number is wrong."""
    mails, phones = _all_unreachable(now).subquery(), _wrong_numbers().subquery()
    numbers = [sa.select(sa.func.count()).select_from(one).scalar_subquery() for one in (mails, phones)]
    return db.session.scalar(sa.select(numbers[0] + numbers[1])) or 0


@dataclass(frozen=True)
class WronglyNumbered:
    """Somebody whose phone number belongs to somebody else. number: E.164."""

    kind: str
    id: int
    name: str
    post: str
    number: str
    found_at: datetime


def wrong_numbers() -> list[WronglyNumbered]:
    """Return people and organisations with a number that a caller found wrong, by name. One query."""
    found = _wrong_numbers().subquery()
    rows = db.session.execute(sa.select(found).order_by(sa.func.lower(found.c.name), found.c.kind, found.c.id))
    return [WronglyNumbered(*row) for row in rows]


def _wrong_numbers() -> Any:
    def of(kind: str, owner: Any, name: Any, post: Any) -> sa.Select[Any]:
        return (
            sa.select(
                sa.literal(kind).label("kind"), owner.id.label("id"), name.label("name"), post.label("post"),
                WrongNumber.number, WrongNumber.found_at,
            )
            .select_from(WrongNumber)
            # Not joined by the key of WrongNumber: SQLite would scan all people and look up each number.
            .join(owner, owner.phone == WrongNumber.number + "")
        )  # fmt: skip

    name = sa.func.coalesce(sa.func.nullif(Person.name, ""), Person.post)
    people = of(PERSON, Person, name, sa.case((Person.name != "", Person.post), else_=""))
    return sa.union_all(people, of(ORGANISATION, Organisation, Organisation.name, sa.literal("")))


def _activities_ahead(rows: Sequence[Any], now: datetime) -> dict[tuple[str, int], list[Activity]]:
    """Return, by kind and id, the published future activities that they may attend. Runs one statement."""
    if not rows:
        return {}
    ids = {kind: [row.id for row in rows if row.kind == kind] for kind in (PERSON, ORGANISATION, REPRESENTATIVE)}
    named = sa.and_(Invitation.id.in_(ids[REPRESENTATIVE]), Invitation.state == InvitationState.REPRESENTED)
    own = sa.or_(Invitation.person_id.in_(ids[PERSON]), Invitation.organisation_id.in_(ids[ORGANISATION]))
    found = db.session.execute(
        sa.select(Invitation.id, Invitation.person_id, Invitation.organisation_id, Activity)
        .join(Invitation.activity)
        .where(
            sa.or_(named, sa.and_(own, Invitation.state.not_in(GONE))),
            Activity.state == ActivityState.PUBLISHED,
            Activity.ends_at > now,
        )
        .order_by(Activity.starts_at, Activity.id)
    )
    ahead: dict[tuple[str, int], list[Activity]] = {}
    for invitation_id, person_id, organisation_id, activity in found:
        for kind, key in ((PERSON, person_id), (ORGANISATION, organisation_id), (REPRESENTATIVE, invitation_id)):
            if key is not None and key in ids[kind] and activity not in ahead.setdefault((kind, key), []):
                ahead[kind, key].append(activity)
    return ahead


def _all_unreachable(now: datetime) -> Any:
    """Select whose address it is: people, organisations, and representatives at future activities."""
    columns = (
        AddressFailure.address, AddressFailure.blocked_at.label("since_at"), AddressFailure.fault, AddressFailure.reply,
    )  # fmt: skip

    def of(kind: str, key: Any, name: Any, post: Any, phone: Any, email: Any) -> sa.Select[Any]:
        named = (sa.literal(kind).label("kind"), key.label("id"), name.label("name"), post.label("post"))
        return (
            sa.select(*named, phone.label("phone"), *columns)
            .select_from(AddressFailure)
            # Not joined by the key of AddressFailure: SQLite would scan all people and look up each address.
            .join(key.class_, sa.func.lower(email) == AddressFailure.address + "")
            .where(AddressFailure.blocked_at.is_not(None))
        )

    people = of(
        PERSON, Person.id, sa.func.coalesce(sa.func.nullif(Person.name, ""), Person.post),
        sa.case((Person.name != "", Person.post), else_=""), Person.phone, Person.email,
    ).where(Person.erased_at.is_(None))  # fmt: skip
    offices = of(
        ORGANISATION, Organisation.id, Organisation.name, sa.literal(""), Organisation.phone, Organisation.email
    )
    representatives = (
        of(
            REPRESENTATIVE, ActingPerson.invitation_id, ActingPerson.name, ActingPerson.post, ActingPerson.phone,
            ActingPerson.email,
        )
        .join(Invitation, Invitation.id == ActingPerson.invitation_id)
        .join(Activity, Activity.id == Invitation.activity_id)
        .where(ActingPerson.acting, *represented_ahead(now))
    )  # fmt: skip
    return sa.union_all(people, offices, representatives)

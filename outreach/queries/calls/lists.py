"""The list of people to call: each once, with all activities that wait for their answer. For one activity, for a
programme, or for everything ahead. First come those with a phone number, and of these the nearest deadline.

Reads only. services/answers/record.py records what they answer on the phone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from outreach.domain.directory import email_addresses
from outreach.domain.states import ActivityState, InvitationState
from outreach.extensions import db
from outreach.models import Activity, AddressFailure, Invitation, Organisation, Person, Programme
from outreach.queries.invitations.lists import answer_links
from outreach.queries.invitations.select import (
    InviteeFilters,
    displayed_name,
    narrowed,
    phone,
    rank,
    row_options,
    to_call,
)
from outreach.queries.paging import Page, paged
from outreach.services import addresses
from outreach.services.locking import InvitationMissing, ProgrammeMissing

PER_PAGE = 100
WORKED_THROUGH_IN = timedelta(hours=12)  # a list of people to call
AT_ONCE = 500  # invitees read together for a file


@dataclass(frozen=True)
class CallScope:
    """Whose invitees are called: one activity's, one programme's, or with neither those of everything ahead."""

    activity_id: int | None = None
    programme_id: int | None = None


@dataclass(frozen=True)
class Callee:
    """Somebody to call: a person or an organisation, with the invitations that wait for their answer, earliest first."""

    invitee: Person | Organisation
    asked: Sequence[Invitation]
    link: str  # the URL of their answer page, "" if there is no working link
    failure: AddressFailure | None = None  # if no mail arrives at their address

    @property
    def kind(self) -> str:
        return "person" if isinstance(self.invitee, Person) else "organisation"


@dataclass(frozen=True)
class CallList:
    page: Page
    callees: Sequence[Callee]
    everyone: int  # without the filter for those that no mail reaches
    unreached: int


def programme_of(programme_id: int) -> Programme:
    """Return the programme; raise ProgrammeMissing."""
    programme = db.session.get(Programme, programme_id)
    if programme is None:
        raise ProgrammeMissing
    return programme


def listed(scope: CallScope, filters: InviteeFilters, *, now: datetime, number: int = 1) -> CallList:
    """Return one page of the people to call. The number of statements is fixed."""
    page = paged(_in_order(scope, filters, now), number, PER_PAGE)
    everyone, unreached = (
        db.session.scalar(
            sa.select(sa.func.count()).select_from(_in_order(scope, narrowed, now).order_by(None).subquery())
        )
        for narrowed in (_but(filters, no_address=False), _but(filters, no_address=True))
    )
    return CallList(page, _callees(page.items, scope, now), everyone or 0, unreached or 0)


def everyone(scope: CallScope, filters: InviteeFilters, *, now: datetime) -> Iterator[Callee]:
    """Yield all people to call, in the list's order."""
    rows = db.session.execute(_in_order(scope, filters, now)).all()
    for first in range(0, len(rows), AT_ONCE):
        yield from _callees(rows[first : first + AT_ONCE], scope, now)


def one(kind: str, id_: int, scope: CallScope, *, now: datetime) -> Callee:
    """Return one invitee with what they are asked, perhaps nothing any more; raise InvitationMissing if they do not exist."""
    invitee = db.session.get(Person, id_) if kind == "person" else db.session.get(Organisation, id_)
    if invitee is None:
        raise InvitationMissing
    asked = _asked([id_] if kind == "person" else [], [id_] if kind == "organisation" else [], scope, now)
    found = _whole(asked)
    return found[0] if found else Callee(invitee, (), "")


def following(
    scope: CallScope, filters: InviteeFilters, kind: str, id_: int, *, now: datetime
) -> tuple[str, int] | None:
    """Return who comes after this invitee in the list, as (kind, id); None at its end.

    The invitee need not be on the list any more: their place stays the same when they have answered.
    """
    places = _places(scope, filters, now)
    key = (places.c.person_id if kind == "person" else places.c.organisation_id) == id_
    here = db.session.execute(sa.select(*_order(places)).where(key)).first()
    chosen = sa.select(places.c.person_id, places.c.organisation_id).where(places.c.waiting > 0)
    if here is not None:
        types = [column.type for column in _order(places)]
        chosen = chosen.where(sa.tuple_(*_order(places)) > sa.tuple_(*here, types=types))
    row = db.session.execute(chosen.order_by(*_order(places)).limit(1)).first()
    if row is None:
        return None
    return ("person", row.person_id) if row.person_id else ("organisation", row.organisation_id)


def _places(scope: CallScope, filters: InviteeFilters, now: datetime) -> sa.Subquery:
    """Select each invitee of the scope once with their place in the list. waiting: the number of invitations to ask about."""
    wanted = narrowed(sa.select(Invitation), filters).join(Activity, Activity.id == Invitation.activity_id)
    return (
        wanted.where(*_within(scope, now), Invitation.state != InvitationState.WITHDRAWN)
        .with_only_columns(
            sa.func.coalesce(Invitation.person_id, 0).label("person_id"),
            sa.func.coalesce(Invitation.organisation_id, 0).label("organisation_id"),
            sa.func.min(sa.case((phone() == "", 1), else_=0)).label("without_phone"),
            _deadline(now).label("deadline"),
            sa.func.min(rank()).label("rank"),
            sa.func.min(displayed_name()).label("name"),
            sa.func.count().filter(to_call(now)).label("waiting"),
        )
        .group_by(Invitation.person_id, Invitation.organisation_id)
        .subquery()
    )


def _in_order(scope: CallScope, filters: InviteeFilters, now: datetime) -> sa.Select[Any]:
    places = _places(scope, filters, now)
    chosen = sa.select(places.c.person_id, places.c.organisation_id).where(places.c.waiting > 0)
    return chosen.order_by(*_order(places))


def _deadline(now: datetime) -> sa.ColumnElement[datetime]:
    """Return the nearest deadline of what to ask. What they have just answered counts, so that their place stays the same."""
    just_answered = Invitation.answered_at > now - WORKED_THROUGH_IN
    nearest = sa.func.min(Activity.respond_by_at)
    return sa.func.coalesce(nearest.filter(sa.or_(to_call(now), just_answered)), nearest)


def _order(places: sa.Subquery) -> tuple[Any, ...]:
    return (
        places.c.without_phone,
        places.c.deadline,
        places.c.rank,
        places.c.name,
        places.c.person_id,
        places.c.organisation_id,
    )


def _within(scope: CallScope, now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    if scope.activity_id is not None:
        return (Invitation.activity_id == scope.activity_id,)
    ahead = (Activity.state == ActivityState.PUBLISHED, Activity.ends_at > now)
    return ahead if scope.programme_id is None else (*ahead, Activity.programme_id == scope.programme_id)


def _asked(people: Sequence[int], organisations: Sequence[int], scope: CallScope, now: datetime) -> list[Invitation]:
    """Return what to ask these invitees: of the scope, and of everything else ahead. Runs one statement, and
    row_options.

    If an activity is cancelled or postponed, they are only told so.
    """
    here = _within(scope, now)
    of_all = sa.or_(sa.and_(*here), sa.and_(*_within(CallScope(), now)))
    wanted = (
        narrowed(sa.select(Invitation), InviteeFilters())
        .join(Activity, Activity.id == Invitation.activity_id)
        .where(
            sa.or_(Invitation.person_id.in_(people), Invitation.organisation_id.in_(organisations)),
            of_all,
            to_call(now),
        )
        .options(
            *row_options(),
            joinedload(Invitation.activity).options(joinedload(Activity.venue), joinedload(Activity.programme)),
        )
        .order_by(Activity.starts_at, Invitation.id)
    )
    found = list(db.session.scalars(wanted).unique())
    if any(invitation.activity.state in (ActivityState.CANCELLED, ActivityState.POSTPONED) for invitation in found):
        return [invitation for invitation in found if invitation.activity_id == scope.activity_id]
    return found


def _callees(rows: Sequence[Any], scope: CallScope, now: datetime) -> list[Callee]:
    """Return the people of these rows, in their order. The number of statements is fixed."""
    people = [row.person_id for row in rows if row.person_id]
    organisations = [row.organisation_id for row in rows if row.organisation_id]
    found = {(callee.kind, callee.invitee.id): callee for callee in _whole(_asked(people, organisations, scope, now))}
    keys = [("person", row.person_id) if row.person_id else ("organisation", row.organisation_id) for row in rows]
    return [found[key] for key in keys if key in found]


def _whole(asked: Sequence[Invitation]) -> list[Callee]:
    """Return whose invitations these are, with link and address. A person with two roles at an activity is asked once."""
    by_invitee: dict[tuple[int | None, int | None], dict[int, Invitation]] = {}
    for each in asked:
        by_invitee.setdefault((each.person_id, each.organisation_id), {}).setdefault(each.activity_id, each)
    links = answer_links(asked)
    failures = addresses.among([each.invitee.email for each in asked])
    callees = []
    for found in by_invitee.values():
        several = list(found.values())
        invitee = several[0].invitee
        failure = failures.get(email_addresses.key(invitee.email))
        callees.append(Callee(invitee, several, links.get(several[0].id, ""), failure))
    return callees


def _but(filters: InviteeFilters, *, no_address: bool) -> InviteeFilters:
    return InviteeFilters(
        q=filters.q, role=filters.role, region_code=filters.region_code, sector=filters.sector, no_address=no_address
    )

"""Lists of follow-ups: of the office, of an activity, of a person or an organisation. Reads only."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager

from outreach.domain.directory import email_addresses
from outreach.domain.minutes.follow_ups import CALL_WITHIN_DAYS
from outreach.domain.states import FollowUpState
from outreach.extensions import db
from outreach.models import Activity, FollowUp, Minutes, Organisation, Person, Programme
from outreach.queries.paging import Page, paged
from outreach.services import addresses, office_defaults
from outreach.services.minutes.follow_ups import FollowUpMissing


class FollowUpGroup(StrEnum):
    OPEN = "open"
    OVERDUE = "overdue"
    CALL = "call"  # due soon or overdue, and no mail reaches the owner
    DONE = "done"
    DROPPED = "dropped"


@dataclass(frozen=True)
class FollowUpFilters:
    """group: None for all. q: words of the task, or of its owner's name."""

    group: FollowUpGroup | None = None
    q: str = ""
    activity_id: int | None = None
    programme_id: int | None = None
    person_id: int | None = None
    organisation_id: int | None = None

    @property
    def query(self) -> dict[str, Any]:
        """Return the filters as values of an address."""
        given = {
            "show": self.group, "q": self.q, "activity": self.activity_id, "programme": self.programme_id,
            "person": self.person_id, "organisation": self.organisation_id,
        }  # fmt: skip
        return {name: value for name, value in given.items() if value}


_OWNERS_ADDRESS = sa.case((FollowUp.person_id.is_not(None), Person.email), else_=Organisation.email)


def to_call(until: Any) -> sa.ColumnElement[bool]:
    """Return the condition that the owner of a task of approved minutes is to be called. Join Minutes, Person, Organisation.

    until: CALL_WITHIN_DAYS after today.
    """
    return sa.and_(
        FollowUp.state == FollowUpState.OPEN,
        FollowUp.due_on <= until,
        Minutes.approved_at.is_not(None),
        addresses.no_mail_reaches(_OWNERS_ADDRESS),
    )


@dataclass(frozen=True)
class FollowUpRow:
    """no_mail: no mail reaches the owner, so they are to be called."""

    follow_up: FollowUp
    overdue: bool
    no_mail: bool

    @property
    def activity(self) -> Activity:
        return self.follow_up.minutes.activity


def listed(filters: FollowUpFilters, number: int = 1, *, now: datetime) -> Page:
    """Return a page of FollowUpRow, those due first on top."""
    today = today_at(now)
    page = paged(_select(filters, today), number, q=filters.q)
    rows = _rows(page.items, today)
    return Page(rows, page.total, page.number, page.per_page, page.q, page.more)


def all_rows(filters: FollowUpFilters, *, now: datetime) -> Iterator[FollowUpRow]:
    """Yield the rows of the whole list, for a download."""
    today = today_at(now)
    for some in db.session.scalars(_select(filters, today).execution_options(yield_per=500)).partitions():
        yield from _rows(some, today)


def of_activity(activity_id: int, *, now: datetime) -> Sequence[FollowUpRow]:
    return list(all_rows(FollowUpFilters(activity_id=activity_id), now=now))


def open_of(
    person_id: int | None = None, organisation_id: int | None = None, *, now: datetime
) -> Sequence[FollowUpRow]:
    """Return the open tasks of a person or an organisation."""
    wanted = FollowUpFilters(FollowUpGroup.OPEN, person_id=person_id, organisation_id=organisation_id)
    return list(all_rows(wanted, now=now))


def one(follow_up_id: int) -> FollowUp:
    """Return a follow-up with its owner and activity; raise FollowUpMissing."""
    found = db.session.scalar(_with_all(sa.select(FollowUp).where(FollowUp.id == follow_up_id)))
    if found is None:
        raise FollowUpMissing
    return found


def programmes() -> Sequence[Programme]:
    """Return the programmes that have follow-ups, for the filter."""
    having = sa.select(Activity.programme_id).join(Minutes, Minutes.activity_id == Activity.id).join(Minutes.follow_ups)
    return db.session.scalars(sa.select(Programme).where(Programme.id.in_(having)).order_by(Programme.title)).all()


def today_at(now: datetime) -> date:
    return now.astimezone(office_defaults.zone(db.session)).date()


def _rows(found: Sequence[FollowUp], today: date) -> list[FollowUpRow]:
    blocked = addresses.among([one.owner.email for one in found])
    return [
        FollowUpRow(
            one,
            overdue=one.state is FollowUpState.OPEN and one.due_on < today,
            no_mail=not one.owner.email or email_addresses.key(one.owner.email) in blocked,
        )
        for one in found
    ]


def _select(filters: FollowUpFilters, today: date) -> sa.Select[Any]:
    wanted = _with_all(sa.select(FollowUp)).order_by(FollowUp.due_on, FollowUp.id)
    match filters.group:
        case FollowUpGroup.OVERDUE:
            wanted = wanted.where(FollowUp.state == FollowUpState.OPEN, FollowUp.due_on < today)
        case FollowUpGroup.CALL:
            wanted = wanted.where(to_call(today + timedelta(days=CALL_WITHIN_DAYS)))
        case None:
            pass
        case group:
            wanted = wanted.where(FollowUp.state == FollowUpState(group.value))
    for column, id_ in (
        (Minutes.activity_id, filters.activity_id),
        (Activity.programme_id, filters.programme_id),
        (FollowUp.person_id, filters.person_id),
        (FollowUp.organisation_id, filters.organisation_id),
    ):
        if id_ is not None:
            wanted = wanted.where(column == id_)
    for word in filters.q.lower().split():
        named = (FollowUp.what, Person.name, Person.post, Organisation.name, Organisation.short_name, Activity.title)
        wanted = wanted.where(sa.or_(*(sa.func.lower(name).contains(word, autoescape=True) for name in named)))
    return wanted


def _with_all(wanted: sa.Select[Any]) -> sa.Select[Any]:
    return (
        wanted.join(FollowUp.minutes)
        .join(Minutes.activity)
        .outerjoin(FollowUp.person)
        .outerjoin(FollowUp.organisation)
        .options(
            contains_eager(FollowUp.minutes).contains_eager(Minutes.activity).joinedload(Activity.programme),
            contains_eager(FollowUp.person).joinedload(Person.organisation),
            contains_eager(FollowUp.organisation),
        )
    )

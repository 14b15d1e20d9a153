"""People who were added at a door, each with the known people that they may be."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from outreach.domain.directory import names
from outreach.extensions import db
from outreach.models import Person, WalkIn
from outreach.queries.paging import Page, paged

PER_PAGE = 25
MOST_LIKELY = 5


@dataclass(frozen=True)
class WalkInRow:
    """likely: those of the same name first, then those of the same kelurahan."""

    walked_in: WalkIn
    likely: list[Person]


def count(activity_id: int) -> int:
    """Return how many of an activity's are not decided yet."""
    wanted = sa.select(sa.func.count()).where(WalkIn.activity_id == activity_id)
    return db.session.scalar(wanted) or 0


def rows(number: int = 1, activity_id: int | None = None) -> tuple[Page, list[WalkInRow]]:
    """Return a page of those who are not decided yet, the newest first. A fixed number of statements."""
    page = paged(_select(activity_id), number, PER_PAGE)
    return page, _rows(page.items)


def all_rows(activity_id: int | None = None) -> list[WalkInRow]:
    return _rows(db.session.scalars(_select(activity_id)).unique().all())


def _select(activity_id: int | None) -> sa.Select[Any]:
    wanted = sa.select(WalkIn).options(joinedload(WalkIn.person).joinedload(Person.region), joinedload(WalkIn.activity))
    if activity_id is not None:
        wanted = wanted.where(WalkIn.activity_id == activity_id)
    return wanted.order_by(WalkIn.came_at.desc(), WalkIn.person_id)


def _rows(found: Sequence[WalkIn]) -> list[WalkInRow]:
    known = _candidates([one.person for one in found])
    return [WalkInRow(one, _likely(one.person, known)) for one in found]


def _candidates(people: Sequence[Person]) -> Sequence[Person]:
    """Return the people of the same kelurahan, or of the same name, with what is shown of them."""
    if not people:
        return []
    same = sa.func.lower(Person.name).in_({person.name.lower() for person in people})
    there = Person.region_code.in_({person.region_code for person in people if person.region_code})
    wanted = sa.select(Person).where(sa.or_(same, there), Person.erased_at.is_(None), Person.name != "")
    return db.session.scalars(
        wanted.options(joinedload(Person.region), joinedload(Person.organisation)).order_by(Person.id)
    ).all()


def _likely(person: Person, known: Sequence[Person]) -> list[Person]:
    """Return whose name is the same, and whose is similar in the same kelurahan."""
    own = _key(person)
    found = []
    for other in known:
        theirs, near = _key(other), other.region_code == person.region_code
        if other.id != person.id and (theirs == own or (near and names.alike(own, theirs))):
            found.append((theirs != own, not near, other.id, other))
    return [other for *_order, other in sorted(found, key=lambda row: row[:3])][:MOST_LIKELY]


def _key(person: Person) -> str:
    return names.key(names.without_courtesy(person.name))

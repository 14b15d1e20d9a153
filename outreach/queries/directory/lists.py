"""The lists of people, groups, organisations and venues, with search and filters; one group; the recent imports.

Each list takes a fixed number of queries.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from outreach.domain.kinds import CadreKind, Sector
from outreach.extensions import db
from outreach.models import (
    Activity,
    Cadre,
    Organisation,
    PeopleGroup,
    Person,
    PersonImport,
    Region,
    Venue,
    people_group_member,
)
from outreach.queries import access
from outreach.queries.paging import Page, paged
from outreach.services.directory.groups import GroupMissing, group_select
from outreach.services.directory.import_undo import UNDO_WITHIN, ImportMissing

MOST_PEOPLE = 100  # of an organisation on its page
MOST_WORDS = 6  # of a search; each makes the statement longer


@dataclass(frozen=True)
class PeopleFilters:
    """Filters of the list of people; empty values filter nothing. region_code: a kecamatan or a kelurahan."""

    q: str = ""
    kind: CadreKind | None = None
    region_code: str = ""
    sector: Sector | None = None
    organisation_id: int | None = None
    no_address: bool = False

    @property
    def narrowing(self) -> bool:
        return self != PeopleFilters()


@dataclass(frozen=True)
class DirectoryCounts:
    """Counts of all people, of cadres among them, and of people without an e-mail address."""

    people: int
    cadres: int
    without_address: int


def people(filters: PeopleFilters, number: int = 1) -> Page:
    """Return a page of people, by name (or by post if they have no name). Three queries; erased people are left out."""
    select = people_select(filters).options(
        joinedload(Person.organisation),
        joinedload(Person.region).joinedload(Region.parent),
        selectinload(Person.cadre_roles),
    )
    return paged(select, number, q=filters.q)


def people_select(filters: PeopleFilters) -> sa.Select[Any]:
    """Select the people of the list, in its order."""
    return (
        sa.select(Person)
        .where(Person.erased_at.is_(None), *_narrowed(filters))
        .order_by(sa.func.lower(sa.func.coalesce(sa.func.nullif(Person.name, ""), Person.post)), Person.id)
    )


def groups(q: str = "", number: int = 1) -> Page:
    """Return a page of groups by name, each with its people. Three queries."""
    return paged(groups_select(q), number, q=q)


def groups_select(q: str) -> sa.Select[Any]:
    """Select the groups of the list with their people, in its order."""
    chosen = sa.select(PeopleGroup).options(selectinload(PeopleGroup.members))
    if q:
        chosen = chosen.where(PeopleGroup.name.icontains(q, autoescape=True))
    return chosen.order_by(sa.func.lower(PeopleGroup.name), PeopleGroup.id)


def count_people() -> DirectoryCounts:
    """Return the counts of all people. One query."""
    is_cadre = sa.exists().where(Cadre.person_id == Person.id, Cadre.active)
    row = db.session.execute(
        sa.select(
            sa.func.count(),
            sa.func.count(sa.case((is_cadre, 1))),
            sa.func.count(sa.case((Person.email == "", 1))),
        ).where(Person.erased_at.is_(None))
    ).one()
    return DirectoryCounts(*row)


def organisations(q: str = "", sector: Sector | None = None, *, no_address: bool = False, number: int = 1) -> Page:
    """Return a page of rows (organisation, people: the number of its people), by name. Two queries."""
    return paged(organisations_select(q, sector, no_address=no_address), number, q=q)


def organisations_select(q: str, sector: Sector | None, *, no_address: bool) -> sa.Select[Any]:
    """Select the rows of the list of organisations, in its order."""
    people_of = (
        sa.select(sa.func.count())
        .where(Person.organisation_id == Organisation.id, Person.erased_at.is_(None))
        .scalar_subquery()
    )
    select = (
        sa.select(Organisation, people_of.label("people"))
        .where(*organisation_matches(q))
        .options(joinedload(Organisation.region))
    )
    if sector is not None:
        select = select.where(Organisation.sector == sector)
    if no_address:
        select = select.where(Organisation.email == "")
    return select.order_by(sa.func.lower(Organisation.name), Organisation.id)


def venues(q: str = "", number: int = 1) -> Page:
    """Return a page of rows (venue, activities: the number of activities there), by name. Two queries."""
    return paged(venues_select(q), number, q=q)


def venues_select(q: str) -> sa.Select[Any]:
    """Select the rows of the list of venues, in its order."""
    held = sa.select(sa.func.count()).where(Activity.venue_id == Venue.id).scalar_subquery()
    select = sa.select(Venue, held.label("activities")).options(joinedload(Venue.region).joinedload(Region.parent))
    for word in words_of(q):
        select = select.where(any_holds(word, Venue.name, Venue.address))
    return select.order_by(sa.func.lower(Venue.name), Venue.id)


def organisation_choices() -> list[tuple[int, str]]:
    """Return every organisation as (id, name), by name. One query."""
    rows = db.session.execute(sa.select(Organisation.id, Organisation.name).order_by(sa.func.lower(Organisation.name)))
    return [(row.id, row.name) for row in rows]


def regions() -> Sequence[Region]:
    """Return the stored kecamatan and kelurahan, each kecamatan before its own. One query."""
    found = db.session.scalars(sa.select(Region).where(Region.level >= 3).order_by(Region.code)).all()
    return [region for region in found if access.shows(region.code)]


def _narrowed(filters: PeopleFilters) -> list[sa.ColumnElement[bool]]:
    found = person_matches(filters.q)
    if filters.kind is not None:
        found.append(sa.exists().where(Cadre.person_id == Person.id, Cadre.kind == filters.kind, Cadre.active))
    if filters.region_code:
        found.append(
            sa.or_(
                Person.region_code == filters.region_code,
                Person.region_code.startswith(f"{filters.region_code}.", autoescape=True),
            )
        )
    if filters.sector is not None:
        own = Organisation.id == Person.organisation_id
        found.append(sa.exists().where(own, Organisation.sector == filters.sector))
    if filters.organisation_id is not None:
        found.append(Person.organisation_id == filters.organisation_id)
    if filters.no_address:
        found.append(Person.email == "")
    return found


def person_matches(q: str) -> list[sa.ColumnElement[bool]]:
    """Return the conditions that a person matches all words of `q`, or has this phone number."""
    if digits := phone_digits(q):
        return [Person.phone.contains(digits, autoescape=True)]
    return [_person_holds(word) for word in words_of(q)]


def organisation_matches(q: str) -> list[sa.ColumnElement[bool]]:
    """Return the conditions that an organisation matches all words of `q`, or has this phone number."""
    if digits := phone_digits(q):
        return [Organisation.phone.contains(digits, autoescape=True)]
    return [any_holds(word, Organisation.name, Organisation.short_name, Organisation.email) for word in words_of(q)]


def _person_holds(word: str) -> sa.ColumnElement[bool]:
    own = sa.select(Organisation.id).where(any_holds(word, Organisation.name, Organisation.short_name))
    return sa.or_(
        any_holds(word, Person.name, Person.title_before, Person.title_after, Person.post, Person.email),
        Person.organisation_id.in_(own),
    )


def words_of(q: str) -> list[str]:
    """Return the words of a search that count: the first few."""
    return q.split()[:MOST_WORDS]


def any_holds(word: str, *columns: Any) -> sa.ColumnElement[bool]:
    """Return the condition that one of the columns contains `word`, which has no blank, in any case. No column is NULL.

    The columns are joined first: one comparison of a long text is several times faster than one for each column.
    """
    joined = columns[0]
    for column in columns[1:]:
        joined = joined.concat(" ").concat(column)
    found: sa.ColumnElement[bool] = joined.icontains(word, autoescape=True)
    return found


def phone_digits(q: str) -> str:
    """Return the part of an E.164 number that a search like "0812-3456" means; "" for a search for words."""
    if not re.fullmatch(r"[+\d\s().-]{4,}", q):
        return ""
    digits = re.sub(r"\D", "", q)
    return digits.lstrip("0") if digits.startswith("0") else digits


def group(group_id: int) -> PeopleGroup:
    """Return a group with its members. Raise GroupMissing."""
    found: PeopleGroup | None = db.session.scalar(group_select(group_id))
    if found is None:
        raise GroupMissing
    return found


def with_group(person_ids: Collection[int], group_id: int) -> list[int]:
    """Return these people and the members of a group, each once. A deleted group has no members."""
    members = db.session.scalars(
        sa.select(people_group_member.c.person_id)
        .join(Person, Person.id == people_group_member.c.person_id)
        .where(people_group_member.c.group_id == group_id, Person.erased_at.is_(None))
        .order_by(Person.name, Person.id)
    )
    return list(dict.fromkeys([*person_ids, *members]))


def group_choices() -> list[tuple[int, str, int]]:
    """Return all groups by name: id, name, number of people. One query."""
    rows = db.session.execute(
        sa.select(PeopleGroup.id, PeopleGroup.name, sa.func.count(people_group_member.c.person_id))
        .outerjoin(people_group_member, people_group_member.c.group_id == PeopleGroup.id)
        .group_by(PeopleGroup.id, PeopleGroup.name)
        .order_by(sa.func.lower(PeopleGroup.name), PeopleGroup.id)
    )
    return [(row[0], row[1], row[2]) for row in rows]


def groups_of(person_id: int) -> list[str]:
    """Return the names of a person's groups."""
    in_it = sa.select(people_group_member.c.group_id).where(people_group_member.c.person_id == person_id)
    return list(
        db.session.scalars(
            sa.select(PeopleGroup.name).where(PeopleGroup.id.in_(in_it)).order_by(sa.func.lower(PeopleGroup.name))
        )
    )


def people_of(organisation_id: int) -> Sequence[Person]:
    """Return up to MOST_PEOPLE people of an organisation, by name."""
    return db.session.scalars(
        sa.select(Person)
        .where(Person.organisation_id == organisation_id, Person.erased_at.is_(None))
        .order_by(sa.func.lower(sa.func.coalesce(sa.func.nullif(Person.name, ""), Person.post)), Person.id)
        .limit(MOST_PEOPLE)
    ).all()


def recent_imports(*, now: datetime) -> Sequence[PersonImport]:
    """Return the imports of the last day, the newest first."""
    return (
        db.session.scalars(
            sa.select(PersonImport)
            .where(PersonImport.at > now - UNDO_WITHIN)
            .options(joinedload(PersonImport.user))
            .order_by(PersonImport.at.desc(), PersonImport.id.desc())
            .limit(20)
        )
        .unique()
        .all()
    )


def recent_import(import_id: int, *, now: datetime) -> PersonImport:
    """Return an import of the last day. Raise ImportMissing."""
    found = db.session.get(PersonImport, import_id)
    if found is None or found.at <= now - UNDO_WITHIN:
        raise ImportMissing
    return found


def filtered_invitee(person_id: int | None, organisation_id: int | None) -> dict[str, Any]:
    """Return the invitee that a list is filtered by, as the filters need it: the ids, if known, and the name."""
    person = db.session.get(Person, person_id) if person_id else None
    organisation = db.session.get(Organisation, organisation_id) if organisation_id else None
    invitee = person or organisation
    return {
        "person_id": person.id if person else None,
        "organisation_id": organisation.id if organisation else None,
        "name": invitee.display_name if invitee else "",
    }

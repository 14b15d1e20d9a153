"""People: adding and correcting them, and their kinds of cadre.

queries/directory/lists.py lists people, services/privacy/person.py erases and exports them, and
services/directory/import_people.py imports many at once.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from outreach.domain.directory import email_addresses, names, phones
from outreach.domain.kinds import AgeGroup, CadreKind, Sex
from outreach.domain.problems import Problem
from outreach.extensions import db
from outreach.models import Cadre, Organisation, Person, Region, User
from outreach.services import records
from outreach.services.directory import assistants
from outreach.services.locking import lock_address_book
from outreach.transactions import writing


class PersonMissing(Problem):
    message = "There is no such person in the list."


class PersonErased(Problem):
    message = "This person's data has been erased, so there is nothing to change any more."


class NameOrPostMissing(Problem):
    message = "Please write a name; or the post, where the name is not known."
    field = "name"


class NotAName(Problem):
    message = "“%(name)s” is not a name. Please write it as on the identity card, such as Siti Rahmawati."
    field = "name"


class KelurahanMissing(Problem):
    message = "A cadre belongs to a kelurahan. Please choose it."
    field = "region_code"


class Namesake(Problem):
    message = (
        "%(name)s of %(place)s is in the list already. If this is somebody else of the same name, "
        "please say so below and save again."
    )
    field = "name"


@dataclass(frozen=True)
class PersonValues:
    """A person's data from the form. email and phone: as typed. namesake: another known person has the same name."""

    name: str = ""
    title_before: str = ""
    title_after: str = ""
    post: str = ""
    organisation_id: int | None = None
    region_code: str | None = None
    sex: Sex | None = None
    age_group: AgeGroup | None = None
    email: str = ""
    phone: str = ""
    shares_phone: bool = False
    locale: str = "id"
    note: str = ""
    kinds: tuple[CadreKind, ...] = ()
    assistant_name: str = ""
    assistant_phone: str = ""
    assistant_email: str = ""
    namesake: bool = False


def get(person_id: int) -> Person:
    """Return a person with organisation, kelurahan and cadre roles. Raise PersonMissing."""
    person = db.session.scalar(_whole().where(Person.id == person_id))
    if person is None:
        raise PersonMissing
    return person


def add(values: PersonValues, *, by: User | None, now: datetime) -> Person:
    """Store a new person. Raise a Problem with the values, or Namesake if the name is known in that kelurahan."""
    with writing() as session:
        lock_address_book(session)
        return store(session, values, by=by, now=now)


def store(session: Session, values: PersonValues, *, by: User | None, now: datetime) -> Person:
    """Do the same as `add` in the caller's transaction."""
    values = _checked(values)
    if not values.namesake:
        _check_namesake(session, values)
    return records.add(session, Person(), values, _fill, by=by, now=now)


def edit(person_id: int, values: PersonValues, *, by: User | None, now: datetime) -> Person:
    """Correct a person. Raise PersonMissing, PersonErased or a Problem with the values."""
    with writing() as session:
        return correct(session, get(person_id), values, by=by, now=now)


def correct(session: Session, person: Person, values: PersonValues, *, by: User | None, now: datetime) -> Person:
    """Do the same as `edit` in the caller's transaction."""
    values = _checked(values)
    if person.erased_at is not None:
        raise PersonErased
    records.correct(session, person, values, values_of, _fill, by=by, now=now)
    return person


def values_of(person: Person) -> PersonValues:
    """Return a person's stored data, as the form shows it."""
    return PersonValues(
        name=person.name,
        title_before=person.title_before,
        title_after=person.title_after,
        post=person.post,
        organisation_id=person.organisation_id,
        region_code=person.region_code,
        sex=person.sex,
        age_group=person.age_group,
        email=person.email,
        phone=person.phone,
        shares_phone=person.shares_phone,
        locale=person.locale,
        note=person.note,
        kinds=tuple(sorted(role.kind for role in person.cadre_roles if role.active)),
        assistant_name=person.assistant_name,
        assistant_phone=person.assistant_phone,
        assistant_email=person.assistant_email,
    )


def _whole() -> sa.Select[Any]:
    return sa.select(Person).options(
        joinedload(Person.organisation),
        joinedload(Person.assistant),
        joinedload(Person.region).joinedload(Region.parent),
        selectinload(Person.cadre_roles).joinedload(Cadre.region),
    )


def _checked(values: PersonValues) -> PersonValues:
    name = names.tidy(values.name)
    post = names.tidy(values.post)
    if not name and not post:
        raise NameOrPostMissing
    if name and not names.is_name(name):
        raise NotAName(name=name)
    before, after = names.tidy(values.title_before), names.tidy(values.title_after)
    if name and not before and not after:
        split = names.split(name)
        name, before, after = split.name, split.before[:60], split.after[:60]
    if values.kinds and not values.region_code:
        raise KelurahanMissing
    return replace(
        values,
        name=name,
        title_before=before,
        title_after=after,
        post=post,
        email=email_addresses.address(values.email),
        phone=phones.number(values.phone),
        note=names.tidy(values.note),
        **assistants.checked(values.assistant_name, values.assistant_phone, values.assistant_email),
    )


def _check_namesake(session: Session, values: PersonValues) -> None:
    if not values.name:
        return
    known = session.scalars(
        sa.select(Person)
        .options(joinedload(Person.region))
        .where(
            sa.func.lower(Person.name) == values.name.lower(),
            Person.erased_at.is_(None),
            Person.region_code == values.region_code if values.region_code else Person.region_code.is_(None),
        )
        .order_by(Person.id)
    ).first()
    if known is not None:
        place = known.region.name if known.region else "-"
        raise Namesake(name=known.full_name, place=place)


def _fill(session: Session, person: Person, values: PersonValues) -> None:
    if values.region_code and session.get(Region, values.region_code) is None:
        raise KelurahanMissing
    if values.organisation_id and session.get(Organisation, values.organisation_id) is None:
        values = replace(values, organisation_id=None)
    for name in (
        "name", "title_before", "title_after", "post", "organisation_id", "region_code", "sex", "age_group", "email",
        "phone", "shares_phone", "locale", "note",
    ):  # fmt: skip
        setattr(person, name, getattr(values, name))
    assistants.write(person, values.assistant_name, values.assistant_phone, values.assistant_email)
    _set_kinds(person, values.kinds, values.region_code)


def _set_kinds(person: Person, kinds: Collection[CadreKind], region_code: str | None) -> None:
    """Set the active roles. A role that ended stays as inactive, because the record shows who was a cadre."""
    held = {role.kind: role for role in person.cadre_roles}
    for kind, role in held.items():
        role.active = kind in kinds
        if role.active and region_code:
            role.region_code = region_code
    for kind in kinds:
        if kind not in held:
            person.cadre_roles.append(Cadre(kind=kind, region_code=region_code))


def people(person_ids: Collection[int]) -> list[Person]:
    """Return these people by name, without erased ones."""
    return list(
        db.session.scalars(
            sa.select(Person)
            .where(Person.id.in_(person_ids), Person.erased_at.is_(None))
            .options(joinedload(Person.organisation), joinedload(Person.region))
            .order_by(Person.name == "", Person.name, Person.post, Person.id)
        )
    )

"""Matching the names on an organisation's list: to its present nominees, to other known people, or to nobody.

One human is one person record, even if several lists name them. An office's link never overwrites data kept by staff.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from difflib import SequenceMatcher
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from outreach.domain.directory import email_addresses, names
from outreach.domain.states import InvitationState
from outreach.models import AuditEntry, Cadre, FormerHolder, Invitation, Person, PostHolder

ALIKE = 0.85  # "Budi Santosa" and "Budi Santoso" are alike; "Siti Aminah" and "Siti Aisyah" are two people


class NamedNominee(Protocol):
    """The fields read here of somebody on a list. invitation_id: the row the name was typed into; None for a new row."""

    @property
    def name(self) -> str: ...
    @property
    def phone(self) -> str: ...
    @property
    def email(self) -> str: ...
    @property
    def invitation_id(self) -> int | None: ...


def key(name: str) -> str:
    """Return the part common to all spellings of a name: letters only, without titles and capitals."""
    return names.key(names.split(name).name)


def rows_of(present: Collection[Invitation], wanted: Sequence[NamedNominee]) -> list[Invitation | None]:
    """Return each name's invitation on the list: matched by row and name, by name, or by row and similar name."""
    left = {i.id: i for i in sorted(present, key=lambda i: i.state is InvitationState.WITHDRAWN)}
    listed, asked = {i.id: key(_name(i)) for i in present}, [key(nominee.name) for nominee in wanted]
    found: list[Invitation | None] = [None] * len(wanted)

    def take(index: int, invitation: Invitation | None) -> None:
        if found[index] is None and invitation is not None:
            found[index] = left.pop(invitation.id)

    for index, nominee in enumerate(wanted):
        row = left.get(nominee.invitation_id or 0)
        take(index, row if row and listed[row.id] == asked[index] else None)
    for index in range(len(wanted)):
        take(index, next((i for i in left.values() if listed[i.id] == asked[index]), None))
    for index, nominee in enumerate(wanted):
        row = left.get(nominee.invitation_id or 0)
        take(
            index,
            row if row and row.state is not InvitationState.WITHDRAWN and _alike(_name(row), nominee.name) else None,
        )
    return found


def known_people(session: Session, organisation_id: int | None, wanted: Sequence[NamedNominee]) -> list[Person | None]:
    """Return each name's known person: in the same organisation, or anywhere with the same phone or e-mail."""
    phones = {nominee.phone for nominee in wanted if nominee.phone}
    addresses = {email_addresses.key(nominee.email) for nominee in wanted if nominee.email}
    candidates = session.scalars(
        sa.select(Person)
        .where(
            Person.erased_at.is_(None),
            Person.name != "",
            sa.or_(
                Person.organisation_id == organisation_id,
                Person.phone.in_(phones),
                sa.func.lower(Person.email).in_(addresses),
            ),
        )
        .order_by(Person.id)
    ).all()
    by_key: dict[str, list[Person]] = defaultdict(list)
    for person in candidates:
        by_key[key(person.name)].append(person)
    return [_best(by_key.get(key(nominee.name), ()), organisation_id, nominee) for nominee in wanted]


def own(session: Session, organisation_id: int | None, people: Collection[Person]) -> set[int]:
    """Return the ids of people who are known only through this organisation: it may correct their data."""
    office = aliased(Invitation)
    theirs = sa.exists().where(office.id == Invitation.nominated_under_id, office.organisation_id == organisation_id)
    kept_by_staff = sa.exists().where(
        AuditEntry.subject_type == Person.__tablename__, AuditEntry.subject_id == Person.id
    )
    return set(
        session.scalars(
            sa.select(Person.id).where(
                Person.id.in_([person.id for person in people]),
                Person.organisation_id == organisation_id,
                sa.exists().where(Invitation.person_id == Person.id, theirs),
                ~sa.exists().where(Invitation.person_id == Person.id, ~theirs),
                *(~sa.exists().where(model.person_id == Person.id) for model in (Cadre, PostHolder, FormerHolder)),
                ~kept_by_staff,
            )
        )
    )


def _best(same: Sequence[Person], organisation_id: int | None, one: NamedNominee) -> Person | None:
    """Return who of the people of that name is meant."""

    def reached(person: Person) -> bool:
        same_address = bool(one.email) and email_addresses.key(person.email) == email_addresses.key(one.email)
        return same_address or (bool(one.phone) and person.phone == one.phone)

    return next((p for p in same if reached(p)), next((p for p in same if p.organisation_id == organisation_id), None))


def _name(invitation: Invitation) -> str:
    return invitation.person.name if invitation.person else ""


def _alike(one: str, other: str) -> bool:
    """Return whether two names differ only by a misspelling, or by a part added at the end."""
    a, b = key(one), key(other)
    return bool(a and b) and (a.startswith(b) or b.startswith(a) or SequenceMatcher(None, a, b).ratio() >= ALIKE)

"""Groups: people who are often invited together, saved under a name. Adding, changing and deleting them.

A group only helps to choose: each person invited from it has an invitation of their own. queries/directory/lists.py shows them.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from outreach.domain.directory import names
from outreach.domain.problems import Problem
from outreach.models import PeopleGroup, Person, User
from outreach.services import audit, office_defaults
from outreach.services.locking import Stale
from outreach.services.records import NameTaken
from outreach.transactions import writing

MOST_MEMBERS = 500


class GroupMissing(Problem):
    message = "There is no such group; perhaps somebody deleted it."


class GroupNameMissing(Problem):
    message = "Please write a name for the group, such as Tim inti."
    field = "name"


class GroupEmpty(Problem):
    message = "Tick at least one person."


class GroupTooLarge(Problem):
    message = "A group has at most %(most)d people."


@dataclass(frozen=True)
class GroupValues:
    """A group as the form has it. Ids of unknown and erased people are left out."""

    name: str
    person_ids: Collection[int]


def add(values: GroupValues, *, by: User | None, now: datetime) -> PeopleGroup:
    """Store a new group. Raise GroupNameMissing, NameTaken, GroupEmpty or GroupTooLarge."""
    with writing() as session:
        group = PeopleGroup(name="")
        _fill(session, group, values)
        session.add(group)
        audit.record(session, by, "people_group.added", group, now=now, people=len(group.members))
    return group


def edit(group_id: int, values: GroupValues, version: int, *, by: User | None, now: datetime) -> PeopleGroup:
    """Change a group's name and members. Raise GroupMissing, Stale, or what `add` raises."""
    with writing() as session:
        group: PeopleGroup | None = session.scalar(group_select(group_id).with_for_update(of=PeopleGroup))
        if group is None:
            raise GroupMissing
        if group.version != version:
            raise Stale
        before = group.name, {member.id for member in group.members}
        _fill(session, group, values)
        after = group.name, {member.id for member in group.members}
        changed = [name for name, old, new in zip(("name", "members"), before, after, strict=True) if old != new]
        if changed:
            group.version += 1
            audit.record(
                session, by, "people_group.edited", group, now=now, changed=sorted(changed), people=len(group.members)
            )
    return group


def delete(group_id: int, *, by: User | None, now: datetime) -> str:
    """Delete a group and return its name; its people and their invitations stay. Raise GroupMissing."""
    with writing() as session:
        group = session.get(PeopleGroup, group_id, with_for_update=True)
        if group is None:
            raise GroupMissing
        name = group.name
        audit.record(session, by, "people_group.deleted", group, now=now)
        session.delete(group)
    return name


def group_select(group_id: int) -> sa.Select[Any]:
    """Select a group with its members."""
    return sa.select(PeopleGroup).where(PeopleGroup.id == group_id).options(selectinload(PeopleGroup.members))


def _fill(session: Session, group: PeopleGroup, values: GroupValues) -> None:
    name = names.tidy(values.name)
    if not name:
        raise GroupNameMissing
    office_defaults.lock(session)  # a new name has no row to lock
    with session.no_autoflush:
        taken = session.scalar(
            sa.select(PeopleGroup.name).where(
                sa.func.lower(PeopleGroup.name) == name.lower(), PeopleGroup.id != (group.id or 0)
            )
        )
        if taken:
            raise NameTaken(name=taken)
        if len(set(values.person_ids)) > MOST_MEMBERS:
            raise GroupTooLarge(most=MOST_MEMBERS)
        people = session.scalars(
            sa.select(Person)
            .where(Person.id.in_(values.person_ids), Person.erased_at.is_(None))
            .order_by(Person.id)
            .with_for_update(key_share=True)
        ).all()
        if not people:
            raise GroupEmpty
        group.name, group.members = name, list(people)

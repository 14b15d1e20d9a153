"""Scopes of reminder rules and texts: the whole office, one programme, or one activity."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.problems import Problem
from outreach.models import Activity, MessageText, Programme, ReminderRule


class ScopeMissing(Problem):
    message = "This programme or activity does not exist any more. It may have been deleted."


@dataclass(frozen=True)
class Scope:
    """Without programme and activity: the office's defaults."""

    programme: Programme | None = None
    activity: Activity | None = None

    @property
    def programme_id(self) -> int | None:
        return self.programme.id if self.programme else None

    @property
    def activity_id(self) -> int | None:
        return self.activity.id if self.activity else None

    @property
    def is_office(self) -> bool:
        return self.programme is None and self.activity is None

    @property
    def title(self) -> str:
        if self.activity:
            return self.activity.title
        return self.programme.title if self.programme else ""

    @property
    def wider(self) -> "Scope":
        """Return the scope from which this one inherits."""
        if self.activity and self.activity.programme:
            return Scope(programme=self.activity.programme)
        return Scope()

    @property
    def query(self) -> dict[str, int]:
        """Return the query arguments of a page's address for this scope."""
        if self.activity:
            return {"activity": self.activity.id}
        return {"programme": self.programme.id} if self.programme else {}


Row = TypeVar("Row", ReminderRule, MessageText)


def scope_of(session: Session, programme_id: int | None = None, activity_id: int | None = None) -> Scope:
    """Return the scope with these ids; the activity comes before the programme. Raise ScopeMissing if it does not exist."""
    if activity_id is not None:
        activity = session.get(Activity, activity_id)
        if activity is None:
            raise ScopeMissing
        return Scope(activity=activity)
    if programme_id is not None:
        programme = session.get(Programme, programme_id)
        if programme is None:
            raise ScopeMissing
        return Scope(programme=programme)
    return Scope()


def within(model: type[Row], scope: Scope) -> sa.ColumnElement[bool]:
    """Return the condition that a row of `model` belongs to the scope or to a wider one."""
    programme_id = scope.activity.programme_id if scope.activity else scope.programme_id
    office = sa.and_(model.programme_id.is_(None), model.activity_id.is_(None))
    found = [office]
    if programme_id is not None:
        found.append(model.programme_id == programme_id)
    if scope.activity_id is not None:
        found.append(model.activity_id == scope.activity_id)
    return sa.or_(*found)


def exactly(model: type[Row], scope: Scope) -> sa.ColumnElement[bool]:
    """Return the condition that a row of `model` belongs to exactly this scope."""
    return sa.and_(
        model.programme_id.is_not_distinct_from(scope.programme_id),
        model.activity_id.is_not_distinct_from(scope.activity_id),
    )


def closeness(row: ReminderRule | MessageText) -> int:
    """Return 0 for a row of the office, 1 of a programme, 2 of an activity. The highest applies."""
    if row.activity_id is not None:
        return 2
    return 1 if row.programme_id is not None else 0


def closest(rows: Iterable[Row]) -> dict[str, Row]:
    """Return, for each key, the row of the closest scope."""
    return {row.key: row for row in sorted(rows, key=closeness)}

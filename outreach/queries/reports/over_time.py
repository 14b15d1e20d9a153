"""Counts by activity or programme, and by month. An activity in a kelurahan is visited by its people: small counts are hidden.

Both tables are protected together, in groups of activities: those of one line and one month.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import date
from typing import Any

from outreach.domain.small_numbers import Audit, Cell
from outreach.queries.reports.hiding import Counted, Protected, Tables, linked

NAMES = ("invited", "answered", "present")
WHOLE = ("whole", None)


@dataclass(frozen=True)
class Totals:
    """Counts of visits; None is hidden."""

    invited: int | None
    answered: int | None
    present: int | None

    @property
    def hides(self) -> bool:
        return None in astuple(self)


@dataclass(frozen=True)
class OverTime:
    """What is shown by line, such as an activity, and by month. counts: of those of the three that may be shown at all."""

    counts: Mapping[str, Protected]

    def line(self, key: Hashable) -> Totals:
        return self._of("line", key)

    def month(self, first: date) -> Totals:
        return self._of("month", first)

    def audits(self) -> list[Audit]:
        return [one.audit() for one in self.counts.values()]

    def _of(self, kind: str, key: Hashable) -> Totals:
        return Totals(*(self.counts[name].shown[kind, key] if name in self.counts else None for name in NAMES))


def protected(
    activities: Sequence[tuple[Hashable, date, Counted]], whole: Totals, heads: Mapping[str, int], below: int
) -> OverTime:
    """Return what may be shown of activities: (line, first day of their month, their counts).

    whole: what the report shows of all of them; where it hides a count, that count is hidden here, too. heads: how many
    different people are in it.
    """
    names = [name for name in NAMES if getattr(whole, name) is not None]
    groups = {(line, month) for line, month, _counts in activities}
    members: dict[Any, set[Any]] = {WHOLE: groups}
    for line, month in groups:
        members.setdefault(("line", line), set()).add((line, month))
        members.setdefault(("month", month), set()).add((line, month))
    cells = {key: Cell(frozenset(some), zero_shown=True) for key, some in members.items()}
    lines = {(kind, WHOLE): [key for key in cells if key[0] == kind] for kind in ("line", "month")}
    tables = []
    for name in names:
        counts: dict[Any, int] = {}
        most: dict[Any, int] = {}
        for line, month, counted in activities:
            number = getattr(counted, name)
            counts[line, month] = counts.get((line, month), 0) + number
            most[line, month] = max(most.get((line, month), 0), number)
        tables.append(Tables(counts, _Heads(counts, most, heads[name]), cells, lines))
    found = linked(tables, cells.keys(), below)
    return OverTime({name: _without_parts(one) for name, one in zip(names, found, strict=True)})


@dataclass(frozen=True)
class _Heads:
    """How many people are in groups of activities, or fewer. Nobody counts twice for one activity, but for two of them."""

    counts: Mapping[Any, int]
    most: Mapping[Any, int]  # who were at one activity of a group
    whole: int

    def __call__(self, groups: frozenset[Any]) -> int:
        if all(group in groups for group, count in self.counts.items() if count):
            return self.whole
        return max((self.most.get(group, 0) for group in groups), default=0)


def _without_parts(one: Protected) -> Protected:
    """Return the tables; without any part where only the whole could be hidden otherwise: it is shown elsewhere."""
    if one.shown[WHOLE] is not None:
        return one
    value = sum(one.tables.counts.values())
    return Protected(one.tables, one.below, {**dict.fromkeys(one.shown), WHOLE: value})

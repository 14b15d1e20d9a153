"""Hides small counts in the tables of one report. How: domain/small_numbers.py.

Several counts of the same places, or of the same activities, are hidden together: invited, answered and present.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from outreach.domain.small_numbers import Audit, Cell, Heads, audit, protect


class Counted(Protocol):
    @property
    def invited(self) -> int: ...
    @property
    def answered(self) -> int: ...
    @property
    def present(self) -> int: ...


@dataclass(frozen=True)
class Tables:
    """All tables of one count, such as of those who were present. counts: by group. cells, lines: as domain/small_numbers.py."""

    counts: Mapping[Any, int]
    heads: Heads
    cells: Mapping[Any, Cell]
    lines: Mapping[Any, Sequence[Any]]


@dataclass(frozen=True)
class Protected:
    """Tables, and what is shown of them: a count for each cell; None if it is hidden."""

    tables: Tables
    below: int
    shown: Mapping[Any, int | None]

    def audit(self) -> Audit:
        one = self.tables
        return audit(
            one.counts, one.counts.keys(), one.cells, self.shown, self.below, heads=one.heads, lines=one.lines
        )  # fmt: skip


def linked(counted: Sequence[Tables], shared: Collection[Any], below: int) -> list[Protected]:
    """Protect several counts together. shared: cells that are hidden in all of them if one hides them, unless they are zero.

    Nobody answers or comes who was not invited, so a shown count would bound a hidden one, and with a total give it away.
    """
    hidden: set[Any] = set()
    made: dict[int, tuple[set[Any], Protected]] = {}  # with what was hidden when it was made
    while True:
        for number, one in enumerate(counted):
            if number not in made or made[number][0] != hidden:
                shown = protect(
                    one.counts, one.counts.keys(), one.cells, below, also=hidden, heads=one.heads, lines=one.lines
                )  # fmt: skip
                hidden = hidden | {key for key in shared if shown[key] is None}
                made[number] = hidden, Protected(one, below, shown)
        if all(known == hidden for known, _protected in made.values()):
            return [protected for _known, protected in made.values()]


def summed(heads: Mapping[Any, int]) -> Heads:
    """Return the heads of groups of which nobody is in two."""
    return partial(_sum_of, heads)


def _sum_of(heads: Mapping[Any, int], groups: frozenset[Any]) -> int:
    return sum(heads.get(group, 0) for group in groups)

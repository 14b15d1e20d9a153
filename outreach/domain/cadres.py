"""Which cadres are invited to a community activity. They take turns: the cadre who was asked longest ago comes first."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from outreach.domain.kinds import CadreKind

_NEVER = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Candidate:
    """A cadre who may be asked. asked_for: the start of the latest activity they were asked to; None: never asked."""

    person_id: int
    name: str
    asked_for: datetime | None = None
    kinds: frozenset[CadreKind] = frozenset()


@dataclass(frozen=True)
class Wanted:
    """How many cadres an activity gets. of_kind: the number for each of these kinds; number: for all other kinds together."""

    number: int
    of_kind: Mapping[CadreKind, int] = field(default_factory=dict)

    def total(self, kinds: Collection[CadreKind]) -> int:
        """Return how many are wanted, if cadres of these kinds are asked."""
        others = self.number if set(kinds) - self.of_kind.keys() or not self.of_kind else 0
        return others + sum(self.of_kind.values())


@dataclass(frozen=True)
class CadreNeed:
    """An activity that needs cadres. candidates: those not asked to it yet.

    asked: for each cadre who is asked to it already and did not decline, their kinds. busy: ids of people expected
    elsewhere then.
    """

    activity_id: int
    starts_at: datetime
    ends_at: datetime
    candidates: tuple[Candidate, ...]
    asked: tuple[frozenset[CadreKind], ...] = ()
    busy: frozenset[int] = field(default_factory=frozenset)


def in_turn(needs: Collection[CadreNeed], wanted: Wanted) -> dict[int, list[int]]:
    """Return for each activity the people to ask: as many as are wanted, or all if there are fewer.

    The cadre who was asked longest ago comes first, then by name. Those who are busy at that time come last. A cadre
    who is chosen for one of the activities has had their turn, so the next activity of the same kelurahan gets others
    first. A cadre of several kinds counts for only one of them. It is chosen so that as many people as possible are
    asked.
    """
    chosen: dict[int, list[int]] = {}
    given: dict[int, list[CadreNeed]] = {}
    for need in sorted(needs, key=lambda one: (one.starts_at, one.activity_id)):
        ordered = sorted(
            need.candidates, key=lambda candidate: _turn(candidate, need, given.get(candidate.person_id, ()))
        )
        places = _Places(wanted)
        for kinds in need.asked:
            places.give(kinds)
        chosen[need.activity_id] = [candidate.person_id for candidate in ordered if places.give(candidate.kinds)]
        for person_id in chosen[need.activity_id]:
            given.setdefault(person_id, []).append(need)
    return chosen


def _turn(candidate: Candidate, need: CadreNeed, given: Iterable[CadreNeed]) -> tuple[bool, datetime, str, int]:
    starts = [other.starts_at for other in given]
    busy = candidate.person_id in need.busy or any(
        other.starts_at < need.ends_at and need.starts_at < other.ends_at for other in given
    )
    return busy, max([candidate.asked_for or _NEVER, *starts]), candidate.name.casefold(), candidate.person_id


class _Places:
    """The places of an activity, by group: one for each kind with a number of its own, and one for all other kinds."""

    def __init__(self, wanted: Wanted) -> None:
        self._own = [*wanted.of_kind]
        self._sizes = [*wanted.of_kind.values(), wanted.number]
        self._given: list[list[frozenset[CadreKind]]] = [[] for _size in self._sizes]
        self._hopeless: set[frozenset[CadreKind]] = set()

    def give(self, kinds: frozenset[CadreKind]) -> bool:
        """Give a place to somebody of these kinds, if one is free. Others may change their group for it, but keep a place."""
        if kinds in self._hopeless:
            return False
        given = self._place(kinds, set())
        if not given:
            self._hopeless.add(kinds)  # places are never given back
        return given

    def _place(self, kinds: frozenset[CadreKind], tried: set[int]) -> bool:
        for group in self._groups(kinds):
            if group in tried:
                continue
            tried.add(group)
            given = self._given[group]
            if len(given) < self._sizes[group]:
                given.append(kinds)
                return True
            for place, other in enumerate(given):
                if other != kinds and self._place(other, tried):
                    given[place] = kinds
                    return True
        return False

    def _groups(self, kinds: frozenset[CadreKind]) -> Sequence[int]:
        own = [group for group, kind in enumerate(self._own) if kind in kinds]
        others = not self._own or kinds.difference(self._own)
        return [*own, len(self._own)] if others else own

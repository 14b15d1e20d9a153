"""Which cadres are invited to a community activity. They take turns: whoever was asked longest ago comes first."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

_NEVER = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Candidate:
    """A cadre who may be asked. asked_for: the start of the latest activity they were asked to; None: never asked."""

    person_id: int
    name: str
    asked_for: datetime | None = None


@dataclass(frozen=True)
class Need:
    """An activity that needs cadres. candidates: those not asked to it yet.

    asked: how many are asked to it already and did not decline. busy: ids of people expected elsewhere at that time.
    """

    activity_id: int
    starts_at: datetime
    ends_at: datetime
    candidates: tuple[Candidate, ...]
    asked: int = 0
    busy: frozenset[int] = field(default_factory=frozenset)


def in_turn(needs: Collection[Need], number: int) -> dict[int, list[int]]:
    """Return for each activity the people to ask, so that it has `number`, or as many as there are.

    Whoever was asked longest ago comes first, then by name. Those who are busy at that time come last. Somebody who is
    chosen for one of the activities has had their turn, so the next activity of the same kelurahan gets others first.
    """
    chosen: dict[int, list[int]] = {}
    given: dict[int, list[Need]] = {}
    for need in sorted(needs, key=lambda one: (one.starts_at, one.activity_id)):
        ordered = sorted(need.candidates, key=lambda one: _turn(one, need, given.get(one.person_id, ())))
        chosen[need.activity_id] = [one.person_id for one in ordered[: max(number - need.asked, 0)]]
        for person_id in chosen[need.activity_id]:
            given.setdefault(person_id, []).append(need)
    return chosen


def _turn(one: Candidate, need: Need, given: Iterable[Need]) -> tuple[bool, datetime, str, int]:
    starts = [other.starts_at for other in given]
    busy = one.person_id in need.busy or any(
        other.starts_at < need.ends_at and need.starts_at < other.ends_at for other in given
    )
    return busy, max([one.asked_for or _NEVER, *starts]), one.name.casefold(), one.person_id

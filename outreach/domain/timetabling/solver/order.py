"""The order of two demands in time in the model: which comes first, and with which gap.

Needs the extra `planner`; used by pairs.py, shared_people.py and times.py.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from outreach.domain.timetabling.solver.model import DemandVariables, Literal, Model, UnitStay


def one_at_a_time(model: Model, users: list[tuple[DemandVariables, Literal, UnitStay]]) -> None:
    """Forbid overlaps of these parts of the demands whose literals are true."""
    if len(users) < 2:
        return
    model.check()
    if all(
        len(choice.values) == 1 for choice, *_ in users
    ):  # these say the same, and the solver proves much more with them
        spans = [
            (choice.values[0] + begins, choice.values[0] + begins + length) for choice, _, (begins, length) in users
        ]
        for together in at_once(spans):
            model.cp.add_at_most_one(users[place][1] for place in together)
        return
    intervals = [
        model.cp.new_fixed_size_interval_var(choice.at + begins, length, "")
        if literal is True
        else model.cp.new_optional_fixed_size_interval_var(choice.at + begins, length, literal, "")
        for choice, literal, (begins, length) in users
    ]
    model.cp.add_no_overlap(intervals)


def at_once(spans: Sequence[tuple[int, int]] | Sequence[tuple[datetime, datetime]]) -> Iterator[list[int]]:
    """Yield the indexes of those which have a moment in common, two or more; no group that is a part of another one."""
    moments = [(begins, True, place) for place, (begins, _) in enumerate(spans)]
    moments += [(ends, False, place) for place, (_, ends) in enumerate(spans)]
    now: set[int] = set()
    grew = False
    for _, begins, place in sorted(moments):  # what ends comes before what begins at that moment
        if begins:
            now.add(place)
        else:
            if grew and len(now) > 1:
                yield sorted(now)
            now.remove(place)
        grew = begins


class Pair:
    """Parts of two demands, by default all of them, and which comes first with which gap. Literals are created on first use."""

    def __init__(
        self,
        model: Model,
        one: DemandVariables,
        other: DemandVariables,
        stay: UnitStay | None = None,
        other_stay: UnitStay | None = None,
    ) -> None:
        self.model, self.one, self.other = model, one, other
        self._stays = (stay or one.whole, other_stay or other.whole)
        self._apart: dict[tuple[bool, int], Literal] = {}
        self.exact = False  # True: a literal must be true if its order holds. False: it may then also be false

    @property
    def can_overlap(self) -> bool:
        return self._gap(0) > 0 and self._gap(0, swapped=True) > 0 and bool(self.one.values and self.other.values)

    def can_be_near(self, units: int) -> bool:
        return (
            self._gap(units) > 0 and self._gap(units, swapped=True) > 0 and bool(self.one.values and self.other.values)
        )

    def first(self, apart: int) -> Literal:
        """Return the literal for: `one` ends at least `apart` units before `other` begins."""
        return self._literal(False, apart)

    def second(self, apart: int) -> Literal:
        return self._literal(True, apart)

    def _ordered(self, *, swapped: bool) -> tuple[DemandVariables, DemandVariables, int]:
        """Return the earlier and the later demand, and by how much their starts differ where the parts just touch."""
        (begins, length), (other_begins, other_length) = self._stays
        if swapped:
            return self.other, self.one, other_begins + other_length - begins
        return self.one, self.other, begins + length - other_begins

    def _gap(self, apart: int, *, swapped: bool = False) -> int:
        """Return by how many units the earlier one's latest end, plus the gap, exceeds the later one's first start."""
        early, late, shift = self._ordered(swapped=swapped)
        if not early.values or not late.values:
            return 0
        return early.values[-1] + shift + apart - late.values[0]

    def _literal(self, swapped: bool, apart: int) -> Literal:
        if (swapped, apart) not in self._apart:
            early, late, shift = self._ordered(swapped=swapped)
            made = self.model.new()
            self.model.cp.add(late.at >= early.at + shift + apart).only_enforce_if(made)
            if self.exact and not apart:
                self.model.cp.add(late.at < early.at + shift).only_enforce_if(~made)
            self._apart[swapped, apart] = made
        return self._apart[swapped, apart]

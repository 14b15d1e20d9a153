"""Hides small counts of people in linked tables, so that no hidden count follows from the others.

People are counted in groups: the finest combinations that any table tells apart, such as one sex, age group and kelurahan.
A cell of a table, and each of its totals, is a set of groups; a set that stands in two tables is one cell. First, small cells
are hidden. Then as many others are hidden as it takes, until each hidden cell could also have another value: `protect` finds a
second distribution of the people that agrees with everything shown. `audit` looks for these second distributions again.

The reader is assumed to know which groups are impossible: nobody was invited in them and nobody came.
"""

from collections.abc import Collection, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Group = Hashable

BELOW = 5  # counts below this one are small
_PRIME = (1 << 61) - 1  # elimination counts modulo this prime; every move that is found is checked in whole numbers
_REPAIRS = 12


@dataclass(frozen=True)
class Cell:
    """The groups that a cell counts. zero_shown: whether “nobody” is shown, also where somebody was invited."""

    groups: frozenset[Any]
    zero_shown: bool = False


@dataclass(frozen=True)
class Audit:
    """recoverable: hidden cells whose value follows from what is shown. narrowest: of all hidden cells, the fewest steps
    between two values that a cell can have; None if none is hidden.
    """

    hidden: int
    recoverable: tuple[Hashable, ...]
    narrowest: int | None


def protect(
    people: Mapping[Any, int],
    possible: Collection[Any],
    cells: Mapping[Any, Cell],
    below: int = BELOW,
    also: Collection[Any] = (),
) -> dict[Any, int | None]:
    """Return what may be shown of each cell: its count, or None.

    people: the count of each group, 0 if it is missing. possible: groups in which somebody was invited or came.
    also: cells that are hidden if anybody is in them, however many.
    Zeros are small, too: who knows a group's only invitee would learn that she did not come. A zero is shown where it is
    impossible that somebody came, and in cells with zero_shown.
    """
    attack = _Attack(people, possible, cells)
    attack.hide(key for key in cells if attack.is_small(key, below) or (key in also and attack.values[key]))
    attack.keep_secret(below)
    while weak := attack.weak():
        attack.strengthen(weak)
    return {key: None if key in attack.hidden else attack.values[key] for key in cells}


def audit(
    people: Mapping[Any, int], possible: Collection[Any], cells: Mapping[Any, Cell], shown: Mapping[Any, int | None]
) -> Audit:
    """Return which hidden cells of published tables can be computed. Raise ValueError if a shown count is wrong."""
    attack = _Attack(people, possible, cells)
    for key, value in shown.items():
        if value is not None and value != attack.values[key]:
            raise ValueError(f"{key!r} is {attack.values[key]}, not {value}.")
    attack.hide(key for key in cells if shown[key] is None)
    weak = attack.weak()
    hidden = [key for key in cells if key in attack.hidden]
    widths = [attack.widths[key] for key in hidden if key in attack.widths]
    return Audit(len(hidden), tuple(key for key in hidden if key in weak), min(widths, default=None))


_Row = dict[Hashable, int]  # coefficients modulo the prime


@dataclass
class _Equation:
    """A combination of shown cells, in reduced form: its pivot has the coefficient 1 and stands in no other equation."""

    row: _Row
    of: _Row  # coefficients of the shown cells


@dataclass
class _Attack:
    """What a reader can conclude. widths: for each hidden cell that can have two values, how far apart they are."""

    people: Mapping[Any, int]
    possible: Collection[Any]
    cells: Mapping[Hashable, Cell]
    values: dict[Hashable, int] = field(default_factory=dict)
    hidden: set[Hashable] = field(default_factory=set)
    secret: dict[Hashable, frozenset[Group]] = field(default_factory=dict)
    widths: dict[Hashable, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.values = {key: sum(self.people.get(g, 0) for g in cell.groups) for key, cell in self.cells.items()}
        empty = [cell.groups for key, cell in self.cells.items() if cell.zero_shown and not self.values[key]]
        self._open = set(self.possible).difference(*empty)  # groups about which the reader knows nothing yet
        self._single = {next(iter(cell.groups)): key for key, cell in self.cells.items() if len(cell.groups) == 1}

    def is_small(self, key: Hashable, below: int) -> bool:
        value = self.values[key]
        return 0 < value < below or (value == 0 and bool(self.cells[key].groups & self._open))

    def hide(self, keys: Iterator[Hashable]) -> None:
        for key in keys:
            self.hidden.add(key)
            self.secret[key] = self.cells[key].groups

    def keep_secret(self, below: int) -> None:
        """Protect small groups, too, that no table shows by themselves."""
        for group in self._open - self._single.keys():
            if self.people.get(group, 0) < below:
                self.secret["group", group] = frozenset({group})

    def weak(self) -> dict[Hashable, _Row]:
        """Return the secrets that have only one possible value, each with the shown cells from which it follows, if by sums."""
        self._eliminate()
        self.widths.clear()
        found: dict[Hashable, _Row] = {}
        unproven: dict[Hashable, _Row] = {}
        for key, groups in self.secret.items():
            rest, of = self._reduced({group: 1 for group in groups if group in self._unknown}, {})
            if rest:
                unproven[key] = {group: 1 for group in groups if group in self._unknown}
            else:
                found[key] = of
        if not found:
            self._find_moves(unproven)
            found.update({key: {} for key in unproven if key not in self.widths})
        return found

    def strengthen(self, weak: Mapping[Hashable, _Row]) -> None:
        """Hide one more cell for each weak secret, the one that says least: few groups, few people."""
        gone: set[Hashable] = set()
        for key, of in weak.items():
            if any(self._touches(other, key, of) for other in gone):
                continue  # what was hidden for another secret may help this one
            best = min(self._candidates(key, of), key=self._cost, default=None)
            if best is None:
                raise AssertionError(f"nothing is left to hide for {key!r}")
            self.hide(iter([best]))
            gone.add(best)

    def _cost(self, key: Hashable) -> tuple[int, int, str]:
        return len(self.cells[key].groups), self.values[key], repr(key)

    def _touches(self, hidden: Hashable, key: Hashable, of: _Row) -> bool:
        if of:
            return hidden in of or self.cells[hidden].groups <= frozenset().union(*(self.cells[k].groups for k in of))
        return bool(self.cells[hidden].groups & self.secret[key])

    def _candidates(self, key: Hashable, of: _Row) -> Iterator[Hashable]:
        """Yield the shown cells without which the secret no longer follows."""
        groups = self.secret[key]
        if of or not groups & self._unknown:  # key = the sum of `of`, and of groups that are shown by themselves
            yield from of
            for group in frozenset().union(groups, *(self.cells[other].groups for other in of)):
                single = self._single.get(group)
                if single is None or single in self.hidden or not self.values[single]:
                    continue
                total = sum(times for other, times in of.items() if group in self.cells[other].groups)
                if (total - (group in groups)) % _PRIME:
                    yield single
            return
        # It follows because no count is below zero. What is known to be empty plays no part in that.
        open_groups = {other: cell.groups & self._unknown for other, cell in self.cells.items()}
        around = [k for k, some in open_groups.items() if k not in self.hidden and self.values[k] and some & groups]
        smallest = min(
            around,
            key=lambda k: (not open_groups[k] >= groups & self._unknown, len(open_groups[k]), self._cost(k)),
            default=None,
        )
        if smallest is None:
            return
        inside = [
            k
            for k, cell in self.cells.items()
            if k not in self.hidden
            and self.values[k]
            and cell.groups < self.cells[smallest].groups
            and cell.groups - groups
        ]
        yield from inside or [smallest]

    def _eliminate(self) -> None:
        """Bring the sums that the shown cells state into reduced form."""
        shown = [key for key in self.cells if key not in self.hidden]
        alone = {group for group, key in self._single.items() if key not in self.hidden}
        self._unknown = self._open - alone
        self._equations: dict[Group, _Equation] = {}  # by pivot
        for key in shown:
            row = {group: 1 for group in self.cells[key].groups if group in self._unknown}
            rest, of = self._reduced(row, {key: 1}, sign=-1)
            if not rest:
                continue
            pivot = max(rest, key=lambda group: (self.people.get(group, 0), repr(group)))
            scale = pow(rest[pivot], -1, _PRIME)
            new = _Equation(_scaled(rest, scale), _scaled(of, scale))
            for equation in self._equations.values():
                if times := equation.row.get(pivot):
                    _subtract(equation.row, new.row, times)
                    _subtract(equation.of, new.of, times)
            self._equations[pivot] = new

    def _reduced(self, row: _Row, of: _Row, sign: int = 1) -> tuple[_Row, _Row]:
        """Return the row without pivots, and the shown cells whose sum was taken away (sign 1) or is left (sign -1)."""
        row, of = dict(row), dict(of)
        for group in [group for group in row if group in self._equations]:
            times = row[group]
            _subtract(row, self._equations[group].row, times)
            _subtract(of, self._equations[group].of, -times * sign)
        return row, of

    def _find_moves(self, wanted: Mapping[Hashable, _Row]) -> None:
        """Write the widths of the wanted cells that some move of people changes, while every shown cell stays as it is."""
        moves = {group: self._move(group) for group in self._unknown if group not in self._equations}
        for move in moves.values():
            self._try(move, wanted)
        for group in sorted(moves, key=repr):
            if all(key in self.widths for key in wanted):
                return
            for sign in (1, -1):
                repaired = self._repaired(_times(moves[group], sign), moves)
                if repaired:
                    self._try(repaired, wanted)

    def _move(self, free: Group) -> dict[Group, int]:
        """Return the move that adds a person to a group that is no pivot."""
        move = {free: 1}
        for pivot, equation in self._equations.items():
            if times := equation.row.get(free):
                move[pivot] = -times if times < _PRIME // 2 else _PRIME - times
        return move

    def _try(self, move: dict[Group, int], wanted: Mapping[Hashable, _Row]) -> None:
        if not self._keeps_what_is_shown(move):
            return
        steps = self._steps(move) + self._steps(_times(move, -1))
        if not steps:
            return
        for key, row in wanted.items():
            if by := abs(sum(move.get(group, 0) for group in row)):
                self.widths[key] = max(self.widths.get(key, 0), by * steps)

    def _keeps_what_is_shown(self, move: dict[Group, int]) -> bool:
        if max(map(abs, move.values())) > 1000:  # no small whole numbers: a fraction modulo the prime
            return False
        return not any(
            sum(move.get(group, 0) for group in cell.groups)
            for key, cell in self.cells.items()
            if key not in self.hidden
        )

    def _steps(self, move: Mapping[Group, int], most: int = 1000) -> int:
        """Return how often the move can be made before a group, or a cell that is known not to be empty, becomes too small."""
        for group, by in move.items():
            if by < 0:
                most = min(most, self.people.get(group, 0) // -by)
        for key in self.hidden:
            if self.cells[key].zero_shown:
                by = sum(move.get(group, 0) for group in self.cells[key].groups)
                if by < 0:
                    most = min(most, (self.values[key] - 1) // -by)
        return most

    def _repaired(self, move: dict[Group, int], moves: Mapping[Group, dict[Group, int]]) -> dict[Group, int] | None:
        """Return the move together with others, so that no group becomes negative; None if none is found quickly."""
        for _ in range(_REPAIRS):
            short = next((g for g, by in move.items() if self.people.get(g, 0) + by < 0), None)
            if short is None:
                return move
            helpers = [m if m[short] > 0 else _times(m, -1) for m in moves.values() if m.get(short)]
            helper = min(helpers, key=lambda m: self._lack(_sum(move, m)), default=None)
            if helper is None:
                return None
            move = _sum(move, helper)
            if not move:
                return None
        return None

    def _lack(self, move: Mapping[Group, int]) -> int:
        return sum(max(0, -by - self.people.get(group, 0)) for group, by in move.items())


def _scaled(row: _Row, scale: int) -> _Row:
    return {key: times * scale % _PRIME for key, times in row.items()}


def _subtract(row: _Row, other: _Row, times: int) -> None:
    for key, by in other.items():
        left = (row.get(key, 0) - times * by) % _PRIME
        if left:
            row[key] = left
        else:
            row.pop(key, None)


def _times(move: Mapping[Group, int], by: int) -> dict[Group, int]:
    return {group: by * number for group, number in move.items()}


def _sum(one: Mapping[Group, int], other: Mapping[Group, int]) -> dict[Group, int]:
    found = {group: one.get(group, 0) + other.get(group, 0) for group in one.keys() | other.keys()}
    return {group: number for group, number in found.items() if number}

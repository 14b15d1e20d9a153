"""Hides small counts of people in linked tables, so that no hidden count follows from the others.

Visits are counted in groups: the finest combinations that any table tells apart, such as one sex, age group and kelurahan.
A cell of a table, and each of its totals, is a set of groups; a set that stands in two tables is one cell. Somebody who came
five times counts five, so a cell is small if few different people are in it, however often they came.

First, small cells are hidden. Then as many others are hidden as it takes, until

- each hidden cell could also have another value: `protect` finds a second distribution of the visits that agrees with
  everything shown. For a small cell, the values that are found are at least half of its own value apart.
- what is hidden of a line together has enough people: its total, less what is shown, is a count like any other.

`audit` looks for all this again. The same counts always hide the same cells: two files with different ones would tell both.
The reader is assumed to know which groups are impossible: nobody was invited in them and
nobody came.
"""

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Group = Hashable

BELOW = 5  # counts below this one are small
Line = tuple[Hashable, Hashable]  # the direction in which a total is divided, and the total
Heads = Callable[[frozenset[Any]], int]  # of groups: how many different people are in them, or fewer
_MOST_STEPS = 1000
_PRIME = (1 << 61) - 1  # elimination counts modulo this prime; every move that is found is checked in whole numbers
_REPAIRS = 12


@dataclass(frozen=True)
class Cell:
    """The groups that a cell counts. zero_shown: whether “nobody” is shown, also where somebody was invited."""

    groups: frozenset[Any]
    zero_shown: bool = False


@dataclass(frozen=True)
class Audit:
    """small: cells that are shown although they are small. recoverable: hidden cells whose value follows from what is shown, or
    nearly. thin: totals of which what is hidden together is small. narrowest: of all hidden cells, the fewest steps between two
    values that a cell can have; None if none is hidden.
    """

    hidden: int
    small: tuple[Hashable, ...]
    recoverable: tuple[Hashable, ...]
    thin: tuple[Hashable, ...]
    narrowest: int | None


def protect(
    counts: Mapping[Any, int],
    possible: Collection[Any],
    cells: Mapping[Any, Cell],
    below: int = BELOW,
    *,
    also: Collection[Any] = (),
    heads: Heads | None = None,
    lines: Mapping[Any, Sequence[Any]] | None = None,
) -> dict[Any, int | None]:
    """Return what may be shown of each cell: its count, or None.

    counts: of each group, 0 if it is missing. possible: groups in which somebody was invited or came.
    also: cells that are hidden if anybody is in them, however many. heads: without it, nobody counts twice.
    lines: for a direction and a total, the cells that it is the sum of.
    Zeros are small, too: who knows a group's only invitee would learn that she did not come. A zero is shown where it is
    impossible that somebody came, and in cells with zero_shown.
    """
    attack = _Attack(counts, possible, cells, below, heads, lines or {})
    attack.hide_everywhere(key for key in cells if attack.is_small(key) or (key in also and attack.values[key]))
    attack.keep_secret()
    while True:
        while thin := attack.thin():
            attack.thicken(thin)
        weak = attack.weak()
        if not weak:
            return {key: None if key in attack.hidden else attack.values[key] for key in cells}
        attack.strengthen(weak)


def audit(
    counts: Mapping[Any, int],
    possible: Collection[Any],
    cells: Mapping[Any, Cell],
    shown: Mapping[Any, int | None],
    below: int = BELOW,
    *,
    heads: Heads | None = None,
    lines: Mapping[Any, Sequence[Any]] | None = None,
) -> Audit:
    """Return which hidden cells of published tables can be computed. Raise ValueError if a shown count is wrong."""
    attack = _Attack(counts, possible, cells, below, heads, lines or {})
    for key, value in shown.items():
        if value is not None and value != attack.values[key]:
            raise ValueError(f"{key!r} is {attack.values[key]}, not {value}.")
    attack.hide(key for key in cells if shown[key] is None)
    small = tuple(key for key, value in shown.items() if value is not None and attack.is_small(key))
    weak = attack.weak()
    hidden = [key for key in cells if key in attack.hidden]
    widths = [attack.widths[key] for key in hidden if key in attack.widths]
    recoverable = tuple(key for key in hidden if key in weak)
    return Audit(len(hidden), small, recoverable, tuple(attack.thin()), min(widths, default=None))


_Row = dict[Hashable, int]  # coefficients modulo the prime


@dataclass
class _Equation:
    """A combination of shown cells, in reduced form: its pivot has the coefficient 1 and stands in no other equation."""

    row: _Row
    of: _Row  # coefficients of the shown cells


@dataclass(frozen=True)
class _Divided:
    """Parts of a total that are shown, and the groups that are left without them, with their visits."""

    shown: Sequence[Hashable]
    rest: frozenset[Any]
    visits: int


@dataclass
class _Attack:
    """What a reader can conclude. secret: what must not follow. enough: for each, how far apart two of its values have to be.
    widths: for each that can have two values, how far apart they are.
    """

    counts: Mapping[Any, int]
    possible: Collection[Any]
    cells: Mapping[Hashable, Cell]
    below: int
    heads: Heads | None
    lines: Mapping[Any, Sequence[Any]]
    values: dict[Hashable, int] = field(default_factory=dict)
    hidden: set[Hashable] = field(default_factory=set)
    secret: dict[Hashable, frozenset[Group]] = field(default_factory=dict)
    enough: dict[Hashable, int] = field(default_factory=dict)
    widths: dict[Hashable, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.values = {key: self._visits(cell.groups) for key, cell in self.cells.items()}
        empty = [cell.groups for key, cell in self.cells.items() if cell.zero_shown and not self.values[key]]
        self._open = set(self.possible).difference(*empty)  # groups about which the reader knows nothing yet
        self._divisions: dict[Hashable, list[Sequence[Hashable]]] = {}
        for (_direction, total), parts in self.lines.items():
            self._divisions.setdefault(total, []).append(parts)
        self._costs = {key: (len(cell.groups), self.values[key], repr(key)) for key, cell in self.cells.items()}
        self._around: dict[Group, list[Hashable]] = {group: [] for group in self._open}  # the cells with a group
        for key, cell in self.cells.items():
            for group in cell.groups & self._open:
                self._around[group].append(key)
        self._same: dict[frozenset[Group], list[Hashable]] = {}
        for key, cell in self.cells.items():
            self._same.setdefault(cell.groups, []).append(key)
        self._single = {next(iter(cell.groups)): key for key, cell in self.cells.items() if len(cell.groups) == 1}

    def is_small(self, key: Hashable) -> bool:
        if not self.values[key]:
            return bool(self.cells[key].groups & self._open)
        return self._has_few(self.cells[key].groups)

    def hide(self, keys: Iterable[Hashable]) -> None:
        for key in keys:
            self.hidden.add(key)
            self._keep(key, self.cells[key].groups)

    def hide_everywhere(self, keys: Iterable[Hashable]) -> None:
        """Hide cells, and those of the same groups in other tables."""
        self.hide(same for key in keys for same in self._same[self.cells[key].groups])

    def keep_secret(self) -> None:
        """Protect small groups, too, that no table shows by themselves."""
        for group in sorted(self._open - self._single.keys(), key=repr):
            if self._has_few(frozenset({group})):
                self._keep(("group", group), frozenset({group}))
                self._around[group].append(("group", group))

    def thin(self) -> dict[Hashable, _Divided]:
        """Return the totals, each with its parts, of which what is hidden together has too few people."""
        known: dict[Hashable, _Divided] = {}
        found = {}
        for total, divisions in self._divisions.items():
            if total in self.hidden:
                continue
            for parts in divisions:
                divided = self._divided(parts, known)
                if divided.visits and self._has_few(divided.rest):
                    found[total] = divided
        return found

    def thicken(self, thin: Mapping[Hashable, _Divided]) -> None:
        """Hide one more part of each of these totals, the smallest; without any, the total."""
        for total, divided in thin.items():
            left = [key for key in divided.shown if self.values[key]]
            self.hide_everywhere([min(left, key=self._cost, default=total)])

    def _divided(self, parts: Sequence[Hashable], known: dict[Hashable, _Divided]) -> _Divided:
        """Return these parts, with the hidden ones divided in turn, in the direction in which the fewest visits are left."""
        shown: list[Hashable] = []
        rest: set[Group] = set()
        for part in parts:
            if part not in self.hidden:
                shown.append(part)
                continue
            if part not in known:
                groups = self.cells[part].groups
                known[part] = _Divided([], groups, self._visits(groups))
                known[part] = min(
                    (self._divided(some, known) for some in self._divisions.get(part, ())),
                    key=lambda divided: divided.visits,
                    default=known[part],
                )
            shown += known[part].shown
            rest |= known[part].rest
        return _Divided(shown, frozenset(rest), self._visits(rest))

    def _has_few(self, groups: frozenset[Group]) -> bool:
        count = self._visits(groups)
        return count < self.below or (self.heads is not None and self.heads(groups) < self.below)

    def _visits(self, groups: Iterable[Group]) -> int:
        return sum(self.counts.get(group, 0) for group in groups)

    def _keep(self, key: Hashable, groups: frozenset[Group]) -> None:
        self.secret[key] = groups
        half = min(self._visits(groups) // 2, _MOST_STEPS)
        self.enough[key] = max(1, half if self._has_few(groups) else 1)

    def weak(self) -> dict[Hashable, _Row]:
        """Return the secrets that have too few possible values, each with the shown cells from which one follows, if by sums."""
        self._eliminate()
        self.widths.clear()
        found: dict[Hashable, _Row] = {}
        unproven: dict[Hashable, None] = {}
        for key, groups in self.secret.items():
            rest, of = self._reduced({group: 1 for group in groups if group in self._unknown}, {})
            if rest:
                unproven[key] = None
            else:
                found[key] = of
        if not found:
            self._find_moves(unproven)
            found.update({key: {} for key in unproven if not self._is_wide(key)})
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
            self.hide_everywhere([best])
            gone.add(best)

    def _cost(self, key: Hashable) -> tuple[int, int, str]:
        return self._costs[key]

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
            if not row:
                continue
            rest, of = self._reduced(row, {key: 1}, sign=-1)
            if not rest:
                continue
            pivot = max(rest, key=lambda group: (self.counts.get(group, 0), repr(group)))
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

    def _find_moves(self, wanted: Collection[Hashable]) -> None:
        """Write the widths of the wanted cells that some move of people changes, while every shown cell stays as it is."""
        free = sorted(self._unknown - self._equations.keys(), key=repr)
        moves = {group: self._move(group) for group in free}
        for move in moves.values():
            self._try(move, wanted)
        for group in free:
            if all(map(self._is_wide, wanted)):
                return
            for sign in (1, -1):
                repaired = self._repaired(_times(moves[group], sign), moves)
                if repaired:
                    self._try(repaired, wanted)

    def _is_wide(self, key: Hashable) -> bool:
        return self.widths.get(key, 0) >= self.enough[key]

    def _move(self, free: Group) -> dict[Group, int]:
        """Return the move that adds a person to a group that is no pivot."""
        move = {free: 1}
        for pivot, equation in self._equations.items():
            if times := equation.row.get(free):
                move[pivot] = -times if times < _PRIME // 2 else _PRIME - times
        return move

    def _try(self, move: dict[Group, int], wanted: Collection[Hashable]) -> None:
        if max(map(abs, move.values())) > _MOST_STEPS:  # no small whole numbers: a fraction modulo the prime
            return
        changes: dict[Hashable, int] = {}
        for group, by in move.items():
            for key in self._around[group]:
                changes[key] = changes.get(key, 0) + by
        if any(by and key in self.cells and key not in self.hidden for key, by in changes.items()):
            return
        steps = self._steps(move) + self._steps(_times(move, -1))
        for key, by in changes.items():
            if key in wanted:
                self.widths[key] = max(self.widths.get(key, 0), abs(by) * steps)

    def _steps(self, move: Mapping[Group, int], most: int = _MOST_STEPS) -> int:
        """Return how often the move can be made before a group, or a cell that is known not to be empty, becomes too small."""
        for group, by in move.items():
            if by < 0:
                most = min(most, self.counts.get(group, 0) // -by)
        for key in self.hidden:
            if self.cells[key].zero_shown:
                by = sum(move.get(group, 0) for group in self.cells[key].groups)
                if by < 0:
                    most = min(most, (self.values[key] - 1) // -by)
        return most

    def _repaired(self, move: dict[Group, int], moves: Mapping[Group, dict[Group, int]]) -> dict[Group, int] | None:
        """Return the move together with others, so that no group becomes negative; None if none is found quickly."""
        for _ in range(_REPAIRS):
            short = next((g for g, by in move.items() if self.counts.get(g, 0) + by < 0), None)
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
        return sum(max(0, -by - self.counts.get(group, 0)) for group, by in move.items())


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
    found = {group: one.get(group, 0) + other.get(group, 0) for group in {**one, **other}}
    return {group: number for group, number in found.items() if number}

"""Small counts in linked tables: what is hidden, and that no hidden count can be computed, checked by trying all tables."""

import subprocess
import sys
from fractions import Fraction
from itertools import combinations, product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from outreach.domain.small_numbers import Cell, audit, protect

ALL = None  # stands for every value of a dimension


def tables(*dimensions, zeros_shown=lambda _key: False):
    """Return the cells of a table with all its margins: by one value, or ALL, of each dimension."""
    cells = {}
    for key in product(*((ALL, *values) for values in dimensions)):
        chosen = (values if wanted is ALL else (wanted,) for values, wanted in zip(dimensions, key, strict=True))
        cells[key] = Cell(frozenset(product(*chosen)), zeros_shown(key))
    return cells


def other_values(people, possible, cells, shown, most, published):
    """Return the values that each hidden cell has in any distribution of visits that agrees with what is published.

    Every distribution with at most `most` visits in a group is tried.
    It has to leave room above the true counts, because some moves only add.
    """
    groups = sorted(possible)
    sums = [
        (frozenset(groups.index(g) for g in cells[key].groups & set(groups)), value) for key, value in shown.items()
    ]
    known = [(members, value) for members, value in sums if value is not None]
    not_empty = [
        frozenset(groups.index(g) for g in cell.groups & set(groups))
        for key, cell in published.items()
        if cell.zero_shown and shown[key] is None
    ]
    found = {key: set() for key, value in shown.items() if value is None}
    for counts in _distributions(len(groups), known, most):
        if any(not any(counts[m] for m in members) for members in not_empty):
            continue
        for key in found:
            found[key].add(sum(counts[groups.index(g)] for g in cells[key].groups & set(groups)))
    return found


def _distributions(groups, known, most, begun=()):
    """Yield the visits in each group that give the known sums. What is begun is given up once it exceeds one of them."""
    at = len(begun)
    for members, value in known:
        so_far = sum(begun[m] for m in members if m < at)
        if so_far > value or (so_far < value and all(m < at for m in members)):
            return
    if at == groups:
        yield begun
        return
    for visits_here in range(most + 1):
        yield from _distributions(groups, known, most, (*begun, visits_here))


def determined_by_sums(possible, cells, shown):
    """Return the hidden cells that are sums and differences of shown ones, by elimination over the rationals."""
    groups = sorted(possible)
    rows = [[Fraction(g in cells[key].groups) for g in groups] for key, value in shown.items() if value is not None]
    pivots = []
    for column in range(len(groups)):
        found = next((row for row in rows if row[column]), None)
        if found is None:
            continue
        rows = [
            [x - row[column] / found[column] * y for x, y in zip(row, found, strict=True)]
            for row in rows
            if row is not found
        ]
        pivots.append((column, found))
    computed = []
    for key, value in shown.items():
        rest = [Fraction(g in cells[key].groups) for g in groups]
        for column, row in pivots:
            rest = [x - rest[column] / row[column] * y for x, y in zip(rest, row, strict=True)]
        if value is None and not any(rest):
            computed.append(key)
    return computed


def lines_of(*dimensions):
    """Return the cells that each total of a table with all its margins is the sum of, in the direction of each dimension."""
    return {
        (at, key): [(*key[:at], value, *key[at + 1 :]) for value in dimensions[at]]
        for key in tables(*dimensions)
        for at in range(len(dimensions))
        if key[at] is ALL
    }


def heads_of(heads):
    return lambda groups: sum(heads.get(group, 0) for group in groups)


# Of each group: (visits, by how many different people).
visits = st.dictionaries(
    st.sampled_from(list(product("PL", "abc"))),
    st.integers(0, 4).flatmap(lambda n: st.tuples(st.just(n), st.integers(min(n, 1), n))),
    max_size=6,
)


@given(visits, st.booleans())
@example({("P", "a"): (4, 4), ("P", "b"): (0, 0), ("P", "c"): (0, 0), ("L", "a"): (4, 4)}, False)  # zeros that follow
@example({("P", "a"): (1, 1)}, True)
@example(
    {("P", "a"): (4, 1), ("P", "b"): (4, 4), ("L", "a"): (4, 3), ("L", "b"): (3, 3)}, False
)  # one who came four times
@example({("P", "a"): (0, 0), ("P", "c"): (3, 3), ("L", "b"): (2, 2)}, False)  # the whole less one cell
@example(
    {("L", "c"): (3, 3), ("P", "a"): (0, 0), ("P", "c"): (4, 2), ("L", "b"): (0, 0), ("P", "b"): (3, 3)}, False
)  # four visits that can only be more
@settings(max_examples=25, deadline=None)
def test_of_a_table_with_margins_no_count_of_few_people_can_be_computed(found, rows_show_zero):
    counts, heads = ({group: pair[at] for group, pair in found.items()} for at in (0, 1))
    cells = tables("PL", "abc", zeros_shown=lambda key: rows_show_zero and key[1] is ALL)
    lines = lines_of("PL", "abc")
    shown = protect(counts, counts, cells, 3, heads=heads_of(heads), lines=lines)
    for key, value in shown.items():
        count, people = (sum(one.get(group, 0) for group in cells[key].groups) for one in (counts, heads))
        assert value in (None, count)
        assert value is None or not count or people >= 3
    sets = {some: Cell(frozenset(some)) for size in range(1, 7) for some in combinations(sorted(counts), size)}
    most = 4 + max((sum(counts[g] for g in some) // 2 for some in sets if sum(heads[g] for g in some) < 3), default=0)
    values = other_values(counts, counts, {**cells, **sets}, {**shown, **dict.fromkeys(sets)}, most, cells)
    for key, several in values.items():
        count, people = (sum(one.get(g, 0) for g in (cells | sets)[key].groups) for one in (counts, heads))
        if key in cells or (count and people < 3):
            assert len(several) > 1, key
        if key in cells and count and people < 3:
            assert max(several) - min(several) >= count // 2, key
    result = audit(counts, counts, cells, shown, 3, heads=heads_of(heads), lines=lines)
    hidden = sum(value is None for value in shown.values())
    assert (result.hidden, result.small, result.recoverable, result.thin) == (hidden, (), (), ())


@given(
    st.lists(st.tuples(st.sampled_from("KLMN"), st.sampled_from("PL"), st.sampled_from("abc")), max_size=80),
    st.sets(st.tuples(st.sampled_from("KLMN"), st.sampled_from("PL"), st.sampled_from("abc"))),
)
@settings(max_examples=25, deadline=None)
def test_no_hidden_count_of_sex_by_age_by_kelurahan_is_a_sum_of_shown_ones(present, invited):
    people = {group: present.count(group) for group in present}
    possible = invited | set(present)
    cells = tables("KLMN", "PL", "abc", zeros_shown=lambda key: key[1:] == (ALL, ALL))
    shown = protect(people, possible, cells)
    assert determined_by_sums(possible, cells, shown) == []
    assert audit(people, possible, cells, shown).recoverable == ()


def test_only_what_is_needed_is_hidden_beside_a_small_count():
    people = {("K", "P"): 3, ("K", "L"): 20, ("M", "P"): 9, ("M", "L"): 30, ("N", "P"): 40, ("N", "L"): 50}
    shown = protect(people, people, tables("KMN", "PL"))
    assert sorted(key for key, value in shown.items() if value is None) == [
        ("K", "L"),
        ("K", "P"),
        ("M", "L"),
        ("M", "P"),
    ]
    assert audit(people, people, tables("KMN", "PL"), shown).narrowest >= 9


def test_a_count_of_five_is_shown_and_one_of_four_is_not():
    cells = {"five": Cell(frozenset({1})), "four": Cell(frozenset({2}))}
    assert protect({1: 5, 2: 4}, {1, 2}, cells) == {"five": 5, "four": None}
    assert protect({1: 5, 2: 4}, {1, 2}, cells, below=4) == {"five": 5, "four": 4}


def test_a_count_is_small_if_few_people_are_in_it_however_often_they_came():
    """One frequent visitor among others: her twelve visits are hidden, and no reader knows them to within half."""
    counts, heads = {"a": 12, "b": 40, "c": 30}, {"a": 1, "b": 20, "c": 5}
    cells = {**{name: Cell(frozenset(name)) for name in "abc"}, "abc": Cell(frozenset("abc"))}
    lines = {("", "abc"): list("abc")}
    shown = protect(counts, counts, cells, heads=heads_of(heads), lines=lines)
    assert shown == {"a": None, "b": 40, "c": None, "abc": 82}
    four = protect(counts, counts, cells, heads=heads_of({**heads, "a": 4}), lines=lines)
    five = protect(counts, counts, cells, heads=heads_of({**heads, "a": 5}), lines=lines)
    assert (four["a"], five["a"]) == (None, 12)


def test_what_is_hidden_of_a_line_together_has_enough_people():
    counts = {"a": 2, "b": 2, "c": 7, "d": 9}
    cells = {**{name: Cell(frozenset(name)) for name in "abcd"}, "all": Cell(frozenset("abcd"))}
    lines = {("", "all"): list("abcd")}
    assert protect(counts, counts, cells, lines=lines) == {"a": None, "b": None, "c": None, "d": 9, "all": 20}
    assert protect({**counts, "a": 3}, counts, cells, lines=lines)["c"] == 7, "a and b have five people together"
    shown = {"a": None, "b": None, "c": 7, "d": 9, "all": 20}
    assert audit(counts, counts, cells, shown, lines=lines).thin == ("all",)


def test_hidden_visits_of_few_people_have_values_that_are_at_least_half_apart():
    counts, heads = {"a": 12, "b": 1, "c": 30}, {"a": 1, "b": 1, "c": 9}
    cells = {
        **{name: Cell(frozenset(name)) for name in "abc"},
        "ab": Cell(frozenset("ab")),
        "all": Cell(frozenset("abc")),
    }
    close = {"a": None, "b": None, "c": 30, "ab": 13, "all": 43}
    assert audit(counts, counts, cells, close, heads=heads_of(heads)).small == ("ab",)
    assert (
        audit({**counts, "b": 5}, counts, cells, {**close, "ab": 17, "all": 47}, heads=heads_of(heads)).narrowest == 17
    )
    only_up = Cell(frozenset("b"), zero_shown=True)
    near = audit({"a": 12, "b": 3}, "ab", {"a": cells["a"], "b": only_up, "ab": cells["ab"]}, {"a": None, "b": None, "ab": 15},
                 heads=heads_of({"a": 1, "b": 9}))  # fmt: skip
    assert near.narrowest == 14


def test_the_same_counts_hide_the_same_cells_in_every_process():
    """Two files of one report with different hidden cells would tell more than each."""
    code = """
from itertools import product
from outreach.domain.small_numbers import Cell, protect
values = ("KLMNO", "PL", "abc")
people = {group: number * 7 % 11 for number, group in enumerate(product(*values))}
keys = product(*((None, *some) for some in values))
cells = {key: Cell(frozenset(g for g in people if all(k in (None, v) for k, v in zip(key, g)))) for key in keys}
print([key for key, value in protect(people, people, cells).items() if value is None])
"""
    said = {
        subprocess.run([sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, check=True, capture_output=True).stdout
        for seed in "0123"
    }  # fmt: skip
    assert len(said) == 1
    assert len(said.pop()) > 100


def test_a_zero_is_shown_only_where_nobody_was_invited_or_where_a_place_is_counted_as_a_whole():
    cells = {"a": Cell(frozenset({1})), "b": Cell(frozenset({2})), "place": Cell(frozenset({1, 3}), zero_shown=True)}
    assert protect({}, {1}, {"a": cells["a"], "b": cells["b"]}) == {"a": None, "b": 0}
    assert protect({}, {1}, {"place": cells["place"]}) == {"place": 0}


def test_a_hidden_place_is_known_not_to_be_empty():
    """Two places with one person each: their total says both counts, so it is hidden, too."""
    cells = {
        "K": Cell(frozenset({"K"}), zero_shown=True), "M": Cell(frozenset({"M"}), zero_shown=True),
        "both": Cell(frozenset({"K", "M"}), zero_shown=True),
    }  # fmt: skip
    assert protect({"K": 1, "M": 1}, {"K", "M"}, cells, 2) == {"K": None, "M": None, "both": None}
    assert protect({"K": 1, "M": 2}, {"K", "M"}, cells, 2) == {"K": None, "M": None, "both": 3}


def test_the_audit_finds_a_count_that_follows_from_totals():
    people = {("K", "P"): 3, ("K", "L"): 20, ("M", "P"): 9, ("M", "L"): 30}
    cells = tables("KM", "PL")
    shown = {key: sum(people[group] for group in cell.groups) for key, cell in cells.items()}
    assert audit(people, people, cells, {**shown, ("K", "P"): None}).recoverable == (("K", "P"),)
    both = {**shown, ("K", "P"): None, ("K", "L"): None}
    assert set(audit(people, people, cells, both).recoverable) == {("K", "P"), ("K", "L")}
    none = {**both, ("M", "P"): None, ("M", "L"): None}
    assert audit(people, people, cells, none).recoverable == ()


def test_the_audit_finds_counts_that_follow_because_no_count_is_below_zero():
    people = {"a": 0, "b": 0, "c": 8}
    cells = {"ab": Cell(frozenset("ab")), **{name: Cell(frozenset(name)) for name in "abc"}}
    shown = {"ab": 0, "a": None, "b": None, "c": 8}
    assert set(audit(people, people, cells, shown).recoverable) == {"a", "b"}


def test_the_audit_refuses_a_table_with_a_wrong_count():
    with pytest.raises(ValueError, match="'a' is 8, not 7"):
        audit({"a": 8}, {"a"}, {"a": Cell(frozenset("a"))}, {"a": 7})


def test_a_small_group_that_no_table_names_is_protected_as_well():
    """Women of one kelurahan, by age in no table: the totals of both tables must not tell them."""
    people = {("K", "P"): 2, ("K", "L"): 6, ("M", "L"): 7}
    cells = {
        "K": Cell(frozenset({("K", "P"), ("K", "L")})), "M": Cell(frozenset({("M", "L")})),
        "L": Cell(frozenset({("K", "L"), ("M", "L")})), "all": Cell(frozenset(people)),
    }  # fmt: skip
    shown = protect(people, people, cells)
    assert None in shown.values()
    assert shown["all"] == 15

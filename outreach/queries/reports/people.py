"""People counted by place, sex and age group: which tables a report shows of them, and what it hides in these.

How counts are hidden: domain/small_numbers.py. Counts by place, by sex and age, and by all three are protected together,
because a reader has them all.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Protocol

from outreach.domain.kinds import AgeGroup, Sex
from outreach.domain.small_numbers import Audit, Cell, audit, protect

SEXES: tuple[Sex | str, ...] = (*Sex, "")  # "": not known
AGES: tuple[AgeGroup | str, ...] = (*AgeGroup, "")
ELSEWHERE = ""  # the code of people whose kelurahan is outside the office's area, or not known


class Counted(Protocol):
    @property
    def invited(self) -> int: ...
    @property
    def answered(self) -> int: ...
    @property
    def present(self) -> int: ...


Key = tuple[str | None, str | None, str | None]  # place, sex, age; None: all of them


@dataclass(frozen=True)
class ReportPlace:
    """A kelurahan or a kecamatan; elsewhere has neither name nor kecamatan. kecamatan: of a kelurahan, its code."""

    code: str
    name: str
    kecamatan: str | None = None
    is_kelurahan: bool = False


@dataclass(frozen=True)
class PlaceLine:
    """A place, how many activities were held in it, and the counts of the people from it. None is hidden."""

    place: ReportPlace
    held: int
    invited: int | None
    answered: int | None
    present: int | None


@dataclass(frozen=True)
class Protected:
    """Cells with their true counts, and what is shown of them."""

    people: Mapping[tuple[str, ...], int]
    possible: Collection[tuple[str, ...]]
    cells: Mapping[Key, Cell]
    shown: Mapping[Key, int | None]

    def audit(self) -> Audit:
        return audit(self.people, self.possible, self.cells, self.shown)


@dataclass(frozen=True)
class PeopleCounts:
    """What a report shows. invited, answered: by place. present: by place, sex and age."""

    places: Sequence[ReportPlace]
    invited: Protected
    answered: Protected
    present: Protected

    def counted(self, code: str | None, sex: str | None, age: str | None) -> int | None:
        """Return how many people were present; None if it is hidden. None as code, sex or age: all of them."""
        return self.present.shown[code, sex, age]

    def lines(self, held_in: Sequence[str]) -> list[PlaceLine]:
        """Return a line for each kecamatan, followed by its kelurahan, and one for elsewhere.

        held_in: the region codes of the activities.
        """
        lines = []
        for place in (*self.places, ReportPlace(ELSEWHERE, "")):
            held = sum(_lies_in(region, place, self.places) for region in held_in)
            counts = (one.shown[place.code, None, None] for one in (self.invited, self.answered, self.present))
            lines.append(PlaceLine(place, held, *counts))
        return lines

    def audits(self) -> list[Audit]:
        return [one.audit() for one in (self.invited, self.answered, self.present)]


def protected(
    groups: Mapping[tuple[str, str, str], Counted], places: Sequence[ReportPlace], below: int
) -> PeopleCounts:
    """Return what may be shown of people counted by (region code, sex, age)."""
    known = {place.code for place in places if place.is_kelurahan}
    invited: dict[tuple[str, ...], int] = {}
    answered: dict[tuple[str, ...], int] = {}
    present: dict[tuple[str, ...], int] = {}
    for (region, sex, age), counts in groups.items():
        place = region if region in known else ELSEWHERE
        _add(invited, (place,), counts.invited)
        _add(answered, (place,), counts.answered)
        if counts.invited or counts.present:
            _add(present, (place, sex, age), counts.present)
    by_place = {key: cell for key, cell in _cells(places) if key[1] is key[2] is None}
    alone = {
        key: Cell(frozenset((place,) for place, _sex, _age in cell.groups), zero_shown=True)
        for key, cell in by_place.items()
    }
    counted = [(invited, alone), (answered, alone), (present, dict(_cells(places)))]
    return PeopleCounts(places, *_linked(counted, by_place, below))


def _linked(
    counted: Sequence[tuple[dict[tuple[str, ...], int], dict[Key, Cell]]], by_place: Collection[Key], below: int
) -> list[Protected]:
    """Protect several counts of the same places: what is hidden of a place in one is hidden in the others, too.

    Nobody answers or comes who was not invited, so a shown count would bound a hidden one, and with a total give it away.
    """
    hidden: set[Key] = set()
    made: dict[int, tuple[set[Key], Protected]] = {}  # with what was hidden when it was made
    while True:
        for number, (people, cells) in enumerate(counted):
            if number not in made or made[number][0] != hidden:
                shown = protect(people, people.keys(), cells, below, hidden)
                hidden = hidden | {key for key in by_place if shown[key] is None}
                made[number] = hidden, Protected(people, people.keys(), cells, shown)
        if all(known == hidden for known, _protected in made.values()):
            return [protected for _known, protected in made.values()]


def _cells(places: Sequence[ReportPlace]) -> Iterator[tuple[Key, Cell]]:
    """Yield all cells of the tables: for each place, kecamatan and in all, by sex and by age, with their totals."""
    kelurahan = [place for place in places if place.is_kelurahan]
    inside: dict[str | None, list[str]] = {
        None: [*(place.code for place in kelurahan), ELSEWHERE],
        ELSEWHERE: [ELSEWHERE],
    }
    for place in places:
        inside[place.code] = (
            [place.code] if place.is_kelurahan else [one.code for one in kelurahan if one.kecamatan == place.code]
        )
    for (code, codes), sex, age in product(inside.items(), (None, *SEXES), (None, *AGES)):
        chosen = product(codes, SEXES if sex is None else (sex,), AGES if age is None else (age,))
        yield (code, sex, age), Cell(frozenset(chosen), zero_shown=sex is None and age is None)


def _lies_in(region: str, place: ReportPlace, places: Sequence[ReportPlace]) -> bool:
    if place.code == ELSEWHERE:
        return not any(region == one.code for one in places)
    return region == place.code or (not place.is_kelurahan and region.startswith(f"{place.code}."))


def _add(counts: dict[tuple[str, ...], int], key: tuple[str, ...], number: int) -> None:
    counts[key] = counts.get(key, 0) + number

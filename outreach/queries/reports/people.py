"""People counted by place, sex and age group: which tables a report shows of them, and what it hides in these.

How counts are hidden: hiding.py. Counts by place, by sex and age, and by all three are protected together,
because a reader has them all.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from outreach.domain.kinds import AgeGroup, Sex
from outreach.domain.small_numbers import Audit, Cell
from outreach.queries.reports.hiding import Counted, Protected, Tables, linked, summed

SEXES: tuple[Sex | str, ...] = (*Sex, "")  # "": not known
AGES: tuple[AgeGroup | str, ...] = (*AgeGroup, "")
ELSEWHERE = ""  # the code of people whose kelurahan is outside the office's area, or not known


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
    visits: Mapping[tuple[str, str, str], Counted],
    heads: Mapping[tuple[str, str, str], Counted],
    places: Sequence[ReportPlace],
    below: int,
) -> PeopleCounts:
    """Return what may be shown of people counted by (region code, sex, age).

    visits: counts everybody once for each activity. heads: counts everybody once.
    """
    known = {place.code for place in places if place.is_kelurahan}
    cells, lines = dict(_cells(places)), _lines(places)
    alone = {
        key: Cell(frozenset((place,) for place, _sex, _age in cell.groups), zero_shown=True)
        for key, cell in cells.items()
        if key[1] is key[2] is None
    }
    alone_lines = {key: parts for key, parts in lines.items() if key[0] == "place" and key[1] in alone}
    counted = []
    for name in ("invited", "answered", "present"):
        by_place_only = name != "present"
        counts: dict[tuple[str, ...], int] = {}
        people: dict[tuple[str, ...], int] = {}
        for found, sums in ((visits, counts), (heads, people)):
            for (region, sex, age), one in found.items():
                place = region if region in known else ELSEWHERE
                if by_place_only:
                    _add(sums, (place,), getattr(one, name))
                elif one.invited or one.present:
                    _add(sums, (place, sex, age), one.present)
        tables = (alone, alone_lines) if by_place_only else (cells, lines)
        counted.append(Tables(counts, summed(people), *tables))
    return PeopleCounts(places, *linked(counted, alone.keys(), below))


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


def _lines(places: Sequence[ReportPlace]) -> dict[tuple[str, Key], list[Key]]:
    """Return the cells that each total is the sum of, in three directions: by place, by sex and by age."""
    kelurahan = [place for place in places if place.is_kelurahan]
    districts = [place for place in places if not place.is_kelurahan]
    inside: dict[str | None, list[str]] = {
        place.code: [one.code for one in kelurahan if one.kecamatan == place.code] for place in districts
    }
    alone = [one.code for one in kelurahan if one.kecamatan not in inside]
    inside[None] = [*(place.code for place in districts), *alone, ELSEWHERE]
    codes = [*(place.code for place in places), ELSEWHERE, None]
    sexes, ages = (None, *SEXES), (None, *AGES)
    return {
        **{("place", (code, sex, age)): [(one, sex, age) for one in inside[code]]
           for code, sex, age in product(inside, sexes, ages)},
        **{("sex", (code, None, age)): [(code, sex, age) for sex in SEXES] for code, age in product(codes, ages)},
        **{("age", (code, sex, None)): [(code, sex, age) for age in AGES] for code, sex in product(codes, sexes)},
    }  # fmt: skip


def _lies_in(region: str, place: ReportPlace, places: Sequence[ReportPlace]) -> bool:
    if place.code == ELSEWHERE:
        return not any(region == one.code for one in places)
    return region == place.code or (not place.is_kelurahan and region.startswith(f"{place.code}."))


def _add(counts: dict[tuple[str, ...], int], key: tuple[str, ...], number: int) -> None:
    counts[key] = counts.get(key, 0) + number

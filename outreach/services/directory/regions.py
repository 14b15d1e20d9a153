"""Indonesia's regions: finding an office's kabupaten/kota, storing its area, and finding a kelurahan by any spelling.

All 91,599 regions are in data/regions/ (see NOTICE.md there). The database holds only the office's own area.
"""

import csv
import gzip
import io
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.directory import place_names
from outreach.domain.problems import Problem
from outreach.models import Region

_DATA = files("outreach") / "data" / "regions"
MOST_KEPT = 20_000  # answers that a Gazetteer remembers
MOST_COMPARED = 300  # unknown names for which similar ones are searched


class UnknownCity(Problem):
    message = "“%(code)s” is not the code of a kabupaten or kota. Kota Metro's is 18.72."
    field = "region_code"


class UnknownKelurahan(Problem):
    message = "There is no kelurahan “%(name)s” here. Please compare it with the list of kelurahan."
    field = "kelurahan"


class UnknownKelurahanNear(UnknownKelurahan):
    message = "There is no kelurahan “%(name)s” here. Is it perhaps %(suggestion)s?"


class UnknownKelurahanIn(UnknownKelurahan):
    message = "There is no kelurahan “%(name)s” here. Kecamatan %(kecamatan)s has %(suggestion)s."


class KelurahanAmbiguous(Problem):
    message = "There is more than one kelurahan “%(name)s”: in %(kecamatan)s. Please give the kecamatan as well."
    field = "kelurahan"


@dataclass(frozen=True)
class Kelurahan:
    code: str
    name: str


@dataclass(frozen=True)
class Kecamatan:
    code: str
    name: str
    kelurahan: tuple[Kelurahan, ...]


class Gazetteer:
    """The stored kelurahan by all their spellings. Loaded once, so that an import needs no query per row."""

    def __init__(self, tree: Iterable[Kecamatan], aliases: Iterable[tuple[str, str]] = ()) -> None:
        self.tree = tuple(tree)
        self._parents = {k.code: kec for kec in self.tree for k in kec.kelurahan}
        self._by_key: dict[str, list[Kelurahan]] = {}
        by_code = {k.code: k for kec in self.tree for k in kec.kelurahan}
        for kelurahan in by_code.values():
            self._add(kelurahan.name, kelurahan)
        for code, alias in aliases:
            if code in by_code:
                self._add(alias, by_code[code])
        self.kecamatan_keys = frozenset(place_names.key(kec.name) for kec in self.tree)
        self._found: dict[tuple[str, str], Kelurahan | Problem] = {}
        self._lies_in: dict[tuple[str, str], bool] = {}
        self._compared = 0

    def find(self, name: str, kecamatan: str = "") -> Kelurahan:
        """Return the kelurahan with that name or code, or named in that address.

        Raise UnknownKelurahan or KelurahanAmbiguous. Answers are remembered, because a list names few kelurahan, each
        very often.
        """
        found = self._found.get((name, kecamatan))
        if found is None:
            try:
                found = self._find(name, kecamatan)
            except Problem as problem:
                found = problem
            if len(self._found) < MOST_KEPT:
                self._found[name, kecamatan] = found
        if isinstance(found, Problem):
            raise type(found)(None, field=None, **found.values)
        return found

    def names(self, text: str) -> bool:
        """Return whether a text is a kelurahan's name or an address in one."""
        return any(key in self._by_key for key in place_names.keys(text)) or bool(self._in_address(text))

    def _find(self, name: str, kecamatan: str) -> Kelurahan:
        name = " ".join(name.split())
        wanted = place_names.key(kecamatan)
        for key in place_names.keys(name):
            found = self._by_key.get(key, [])
            if len(found) > 1 and wanted:
                found = [k for k in found if place_names.key(self._parents[k.code].name) == wanted] or found
            if len(found) == 1:
                return found[0]
            if found:
                where = ", ".join(self._parents[k.code].name for k in found)
                raise KelurahanAmbiguous(name=name, kecamatan=where)
        for code, parent in self._parents.items():
            if code == name:
                return next(k for k in parent.kelurahan if k.code == code)
        in_address = self._in_address(name)
        if len(in_address) == 1:
            return in_address[0]
        raise self._unknown(name, wanted)

    def kecamatan_of(self, code: str) -> str:
        """Return the name of a kelurahan's kecamatan; "" for a code that is not stored."""
        return self._parents[code].name if code in self._parents else ""

    def lies_in(self, code: str, kecamatan: str) -> bool:
        """Return whether a kelurahan lies in the kecamatan with that name, in any spelling."""
        kept = self._lies_in.get((code, kecamatan))
        if kept is None:
            kept = place_names.key(self.kecamatan_of(code)) == place_names.key(kecamatan)
            if len(self._lies_in) < MOST_KEPT:
                self._lies_in[code, kecamatan] = kept
        return kept

    def _add(self, spelling: str, kelurahan: Kelurahan) -> None:
        known = self._by_key.setdefault(place_names.letters(spelling), [])
        if kelurahan not in known:
            known.append(kelurahan)

    def _in_address(self, text: str) -> list[Kelurahan]:
        """Return the kelurahan that an address names: those with the first name in it that is a kelurahan's."""
        for part in place_names.parts(text):
            for key in place_names.keys(part):
                if found := self._by_key.get(key):
                    return found
        return []

    def _unknown(self, name: str, kecamatan_key: str) -> UnknownKelurahan:
        self._compared += 1
        if self._compared > MOST_COMPARED:  # comparing takes long, and nobody reads so many suggestions
            return UnknownKelurahan(name=name)
        near = place_names.nearest(name, (k.name for kec in self.tree for k in kec.kelurahan))
        if near:
            return UnknownKelurahanNear(name=name, suggestion=" / ".join(near))
        for kec in self.tree:
            if kecamatan_key and place_names.key(kec.name) == kecamatan_key and len(kec.kelurahan) <= 12:
                names = ", ".join(k.name for k in kec.kelurahan)
                return UnknownKelurahanIn(name=name, kecamatan=kec.name, suggestion=names)
        return UnknownKelurahan(name=name)


def search_cities(q: str = "", limit: int = 20) -> list[tuple[str, str]]:
    """Return up to `limit` of the 514 kabupaten/kota as (code, name) whose name contains every word of `q`."""
    words = q.casefold().split()
    found = [(code, name) for code, name in _cities() if all(word in name.casefold() for word in words)]
    start = words[0] if words else ""
    found.sort(
        key=lambda city: (not _without_kind(city[1]).startswith(start), len(_without_kind(city[1])) if start else 0)
    )
    return found[:limit]


def install(session: Session, city_code: str) -> int:
    """Store a kabupaten/kota with its province, kecamatan and kelurahan. Return the number of new rows.

    Runs in the caller's transaction; a second call adds nothing. Raise UnknownCity.
    """
    rows = _regions_of(city_code)
    if city_code.count(".") != 1 or city_code not in (code for code, _ in rows):
        raise UnknownCity(code=city_code)
    codes = [code for code, _ in rows]
    stored = set(session.scalars(sa.select(Region.code).where(Region.code.in_(codes))))
    new = sorted((row for row in rows if row[0] not in stored), key=lambda row: (row[0].count("."), row[0]))
    for level in range(4):
        session.add_all(_region(code, name) for code, name in new if code.count(".") == level)
        session.flush()
    return len(new)


def kelurahan_tree(session: Session) -> list[Kecamatan]:
    """Return the stored kecamatan with their kelurahan, in the order of their codes. Runs one query."""
    select = sa.select(Region.code, Region.name, Region.level, Region.parent_code).where(Region.level >= 3)
    rows = session.execute(select.order_by(Region.code)).all()
    children: dict[str | None, list[Kelurahan]] = {}
    for row in rows:
        if row.level == 4:
            children.setdefault(row.parent_code, []).append(Kelurahan(row.code, row.name))
    return [Kecamatan(r.code, r.name, tuple(children.get(r.code, ()))) for r in rows if r.level == 3]


def gazetteer(session: Session) -> Gazetteer:
    """Return the stored kelurahan with all their spellings. Runs one query."""
    return Gazetteer(kelurahan_tree(session), _aliases())


def _region(code: str, name: str) -> Region:
    parent, _, _ = code.rpartition(".")
    return Region(code=code, name=name, level=code.count(".") + 1, parent_code=parent or None)


def _without_kind(city: str) -> str:
    return city.casefold().removeprefix("kabupaten ").removeprefix("kota ").removeprefix("administrasi ")


@lru_cache(maxsize=4)
def _regions_of(city_code: str) -> tuple[tuple[str, str], ...]:
    """Return the code and name of a kabupaten/kota, of its province, and of all that lies in it."""
    above, within = (city_code[:2], city_code), f"{city_code}."
    return tuple((code, name) for code, name in _all_regions() if code in above or code.startswith(within))


def _all_regions() -> Iterable[tuple[str, str]]:
    with gzip.open(
        io.BytesIO((_DATA / "regions-indonesia.csv.gz").read_bytes()), "rt", encoding="utf-8", newline=""
    ) as text:
        for row in csv.DictReader(text):
            yield row["code"], row["name"]


@lru_cache
def _cities() -> tuple[tuple[str, str], ...]:
    return tuple((code, name) for code, name in _all_regions() if code.count(".") == 1)


@lru_cache
def towns_and_kecamatan() -> frozenset[str]:
    """Return the names of all provinces, kabupaten/kota and kecamatan of Indonesia, in small letters."""
    return frozenset(name.casefold() for code, name in _all_regions() if code.count(".") <= 2)


@lru_cache
def _aliases() -> tuple[tuple[str, str], ...]:
    text = (_DATA / "aliases.csv").read_text("utf-8")
    return tuple((row["code"], row["alias"]) for row in csv.DictReader(io.StringIO(text)))

"""The map of the kelurahan for the page of coverage: which one is used. How a file is read and drawn: domain/city_map.py.

The one that an administrator loaded comes first, then the file of OUTREACH_KELURAHAN_MAP, then the shipped one of Kota Metro.
A city without one has the table alone.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

import structlog

from outreach import codec
from outreach.domain.city_map import CityMap, OurKelurahan, read
from outreach.domain.problems import Problem
from outreach.extensions import db
from outreach.models import KelurahanMap
from outreach.services import city_map as loaded_maps

log = structlog.get_logger()
_SHIPPED = files("outreach") / "data" / "regions" / "metro-kelurahan.geojson"
MOST_BYTES = 20_000_000  # of the file that the settings name


@dataclass(frozen=True)
class UsedMap:
    """The map that is used. row: as somebody loaded it; None for the settings' file and the shipped one. ours: our kelurahan."""

    city_map: CityMap | None
    row: KelurahanMap | None
    ours: Sequence[OurKelurahan]

    @property
    def missing(self) -> list[OurKelurahan]:
        """Return our kelurahan without an outline."""
        shown = {outline.code for outline in self.city_map.outlines} if self.city_map else set()
        return [one for one in self.ours if one.code not in shown]


def city_map(own: str, codes: Collection[str]) -> CityMap | None:
    """Return the map of the kelurahan with these codes; None if there is none of them, or if it cannot be read.

    own: the path of the file that the settings name; "" for the shipped one.
    """
    row = loaded_maps.current(db.session())
    if row is None:
        return _drawn(own, frozenset(codes))
    return codec.from_json(CityMap, row.values).only(codes)


def used(own: str) -> UsedMap:
    """Return the map that is used, for the page on which it is replaced."""
    ours = loaded_maps.our_kelurahan(db.session())
    return UsedMap(city_map(own, [one.code for one in ours]), loaded_maps.current(db.session()), ours)


@lru_cache(maxsize=4)
def _drawn(own: str, codes: frozenset[str]) -> CityMap | None:
    try:
        data = _data(Path(own)) if own else _SHIPPED.read_bytes()
        return read(data, [OurKelurahan(code) for code in sorted(codes)]).city_map
    except (OSError, Problem) as problem:
        log.warning("the map of the kelurahan cannot be read", file=own, problem=str(problem))
        return None


def _data(path: Path) -> bytes:
    if path.stat().st_size > MOST_BYTES:
        raise OSError("the file is too large")
    return path.read_bytes()

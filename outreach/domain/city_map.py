"""The outlines of kelurahan, for a map: read from GeoJSON, matched with the office's kelurahan, and drawn simply.

Whoever made the file decided how its properties are called, so the one with most of our codes counts as the code, and the
one with most of our names as the name. Pure: services/city_map.py keeps a map, queries/reports/shapes.py finds it.
"""

import heapq
import json
import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from outreach.domain.problems import Problem

WIDE, HIGH = 600.0, 900.0  # of the picture at most, in its own units
MOST_BYTES = 10 * 1024 * 1024
MOST_FILE_POINTS = 500_000
MOST_POINTS = 8_000  # of the picture: about 90 KB of a page
# Of a triangle that is drawn, in the picture's units; the first that is enough counts.
LEAST_AREAS = (0.3, 1.0, 3.0, 10.0)
LEAST_ISLAND = 2.0  # area of a further part of a kelurahan that is drawn
MOST_KEYS = 200  # characters of the properties' names in a sentence
_DEGREES = ("CRS84", "4326", "4755", "4979", "9470")  # codes of systems in degrees, in the names of coordinate systems
_PATH = re.compile(r"(?:M\d{1,3}(?:\.\d)? \d{1,3}(?:\.\d)?(?:L\d{1,3}(?:\.\d)? \d{1,3}(?:\.\d)?)+Z)+")

Point = tuple[float, float]
Ring = list[Point]


class NoGeoJSON(Problem):
    message = (
        "This file is no GeoJSON with a list of outlines. "
        "Please export the kelurahan as GeoJSON, not as Shapefile, KML or TopoJSON."
    )
    field = "file"


class NoOutlines(Problem):
    message = "This file has no polygons. Each kelurahan needs its outline, not a point or a line."
    field = "file"


class OutlineBroken(Problem):
    message = (
        "Outline number %(number)s of the file cannot be read: it needs a list of positions, each of two numbers. "
        "Please correct it, or export the file once more."
    )
    field = "file"


class NotInDegrees(Problem):
    message = (
        "The positions in this file are not longitude and latitude in degrees, but perhaps metres (such as UTM), or in the "
        "wrong order. Please export it once more as WGS 84 (EPSG:4326)."
    )
    field = "file"


class MapTooFine(Problem):
    message = (
        "The outlines have too many points for a page. Please simplify them first, for example to about 20 metres, and keep "
        "only your kelurahan."
    )
    field = "file"


class MapTooLarge(Problem):
    message = (
        "The file is larger than %(megabytes)s MB. Please simplify its outlines first, or keep only your kelurahan."
    )
    field = "file"


class NoneOfOurs(Problem):
    message = (
        "No outline of this file is one of your kelurahan, neither by its Kemendagri code nor by its name. "
        "The properties of its outlines: %(keys)s."
    )
    field = "file"


@dataclass(frozen=True)
class OurKelurahan:
    """kecamatan: its name; "" if only the code counts."""

    code: str
    name: str = ""
    kecamatan: str = ""


@dataclass(frozen=True)
class KelurahanShape:
    """path: of an SVG. x, y: where its number is written."""

    code: str
    path: str
    x: float
    y: float


@dataclass(frozen=True)
class CityMap:
    width: float
    height: float
    outlines: tuple[KelurahanShape, ...]

    def only(self, codes: Collection[str]) -> "CityMap | None":
        """Return the map with these kelurahan; None if it has none of them."""
        kept = tuple(outline for outline in self.outlines if outline.code in codes)
        return CityMap(self.width, self.height, kept) if kept else None

    def is_sound(self, codes: Collection[str]) -> bool:
        """Return whether it could have been read from a file: it came back from a page."""
        known = [outline.code for outline in self.outlines]
        return (
            0 < self.width <= WIDE
            and 0 < self.height <= HIGH
            and 0 < len(known) == len(set(known))
            and set(known) <= set(codes)
            and sum(outline.path.count(" ") for outline in self.outlines) <= MOST_POINTS
            and all(
                0 <= outline.x <= WIDE and 0 <= outline.y <= HIGH and _PATH.fullmatch(outline.path)
                for outline in self.outlines
            )
        )


@dataclass(frozen=True)
class MapFile:
    """What a file has. by_name: kelurahan without a code of ours, found by their names. missing: without an outline.

    others: how the file calls outlines that are none of ours.
    """

    city_map: CityMap
    by_name: tuple[OurKelurahan, ...]
    missing: tuple[OurKelurahan, ...]
    others: tuple[str, ...]


@dataclass(frozen=True)
class _Outline:
    """number: in the file, from 1. values: its properties that are text or numbers. rings: of longitudes and latitudes."""

    number: int
    values: Mapping[str, str]
    rings: Sequence[Ring] = field(repr=False)


def read(data: bytes, ours: Sequence[OurKelurahan]) -> MapFile:
    """Return the map that a GeoJSON file has of our kelurahan.

    Raise NoGeoJSON, NoOutlines, OutlineBroken, NotInDegrees, NoneOfOurs or MapTooFine.
    """
    outlines = list(_outlines(_features(data)))
    if not outlines:
        raise NoOutlines
    by_code, by_name, name_key = _matched(outlines, ours)
    found = {**by_name, **by_code}
    rings: dict[str, list[Ring]] = {}
    for outline in outlines:
        if outline.number in found:
            rings.setdefault(found[outline.number].code, []).extend(outline.rings)
    city_map = _drawn(rings) if rings else None
    if city_map is None:
        keys = dict.fromkeys(key for outline in outlines for key in outline.values)
        raise NoneOfOurs(keys=", ".join(keys)[:MOST_KEYS] or "–")
    drawn = {outline.code for outline in city_map.outlines}
    codes = {one.code for one in by_code.values()}
    named = {one.code: one for one in by_name.values() if one.code in drawn and one.code not in codes}
    return MapFile(
        city_map,
        tuple(named.values()),
        tuple(one for one in ours if one.code not in drawn),
        tuple(_called(outline, name_key) for outline in outlines if outline.number not in found),
    )


def _features(data: bytes) -> list[Any]:
    try:
        whole = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise NoGeoJSON from None
    if not isinstance(whole, dict) or not isinstance(whole.get("features"), list):
        raise NoGeoJSON
    system = whole.get("crs")
    said = system.get("properties") if isinstance(system, dict) else None
    name = said.get("name") if isinstance(said, dict) else None
    if isinstance(name, str) and name and not any(code in name for code in _DEGREES):
        raise NotInDegrees
    features: list[Any] = whole["features"]
    return features


def _outlines(features: list[Any]) -> Iterator[_Outline]:
    """Yield the features that have an area. Points and lines are left out."""
    points = 0
    for number, one in enumerate(features, 1):
        try:
            geometry, values = one["geometry"], one.get("properties") or {}
            if geometry is None or geometry["type"] not in ("Polygon", "MultiPolygon"):
                continue
            polygons = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
            points += sum(len(ring) for polygon in polygons for ring in polygon)
            if points > MOST_FILE_POINTS:
                raise MapTooFine
            rings = [[_position(point) for point in ring] for polygon in polygons for ring in polygon]
            plain = {str(key): _plain(value) for key, value in values.items() if isinstance(value, str | int | float)}
        except (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError, RecursionError):
            raise OutlineBroken(number=number) from None
        if any(abs(x) > 180 or abs(y) > 90 for ring in rings for x, y in ring):
            raise NotInDegrees
        yield _Outline(number, plain, rings)


def _position(point: Any) -> Point:
    if not isinstance(point, list) or any(type(number) not in (int, float) for number in point[:2]):
        raise ValueError
    x, y = float(point[0]), float(point[1])
    if not (math.isfinite(x) and math.isfinite(y)):
        raise ValueError
    return x, y


def _plain(value: str | float) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()


def _matched(
    outlines: Sequence[_Outline], ours: Sequence[OurKelurahan]
) -> tuple[dict[int, OurKelurahan], dict[int, OurKelurahan], str | None]:
    """Return which outlines are ours by code, which of the others by name, and which property is the name."""
    codes = {_digits(one.code): one for one in ours}
    code_key = _best_key(outlines, _digits, codes)
    by_code = {
        outline.number: codes[digits]
        for outline in outlines
        if code_key and (digits := _digits(outline.values.get(code_key, ""))) in codes
    }
    names: dict[str, list[OurKelurahan]] = {}
    for one in ours:
        if one.name:
            names.setdefault(_name(one.name), []).append(one)
    name_key = _best_key(outlines, _name, names)
    kecamatan = {_name(one.kecamatan) for one in ours if one.kecamatan}
    # A kelurahan's name is often that of another one elsewhere, so its kecamatan counts where the file has it.
    around_key = _best_key(outlines, _name, kecamatan, least=min(2, len(kecamatan)), without=name_key)
    by_name = {}
    for outline in outlines:
        if name_key is None or outline.number in by_code:
            continue
        fits = names.get(_name(outline.values.get(name_key, "")), [])
        if around_key:
            fits = [one for one in fits if _name(one.kecamatan) == _name(outline.values.get(around_key, ""))]
        if len(fits) == 1:
            by_name[outline.number] = fits[0]
    return by_code, by_name, name_key


def _best_key(
    outlines: Sequence[_Outline],
    said: Callable[[str], str],
    known: Collection[str],
    *,
    least: int = 1,
    without: str | None = None,
) -> str | None:
    """Return the property that has most of the known values; None if none has at least so many of them."""
    hits: dict[str, set[str]] = {}
    for outline in outlines:
        for key, value in outline.values.items():
            if key != without and (plain := said(value)) in known:
                hits.setdefault(key, set()).add(plain)
    best = max(hits, key=lambda key: len(hits[key]), default=None)
    return best if best is not None and len(hits[best]) >= max(1, least) else None


def _digits(code: str) -> str:
    return code.replace(".", "")


def _name(written: str) -> str:
    """Return a name without "Kelurahan" or "Kec." before it, and without capitals, spaces and signs."""
    bare = re.sub(r"^(kelurahan|kel\.?|desa|kecamatan|kec\.?)\s+", "", written.casefold().strip())
    return "".join(sign for sign in bare if sign.isalnum())


def _called(outline: _Outline, name_key: str | None) -> str:
    said = outline.values.get(name_key or "", "") or next(filter(None, outline.values.values()), "")
    return said[:80] or f"{outline.number}"


def _drawn(shapes: Mapping[str, Sequence[Ring]]) -> CityMap | None:
    """Return the picture; None if nothing has an area.

    A city is small: degrees of longitude shrink with the cosine of its latitude, and that is projection enough.
    """
    corners = [point for rings in shapes.values() for ring in rings for point in ring]
    west, east = min((x for x, _y in corners), default=0.0), max((x for x, _y in corners), default=0.0)
    south, north = min((y for _x, y in corners), default=0.0), max((y for _x, y in corners), default=0.0)
    shrink = math.cos(math.radians((south + north) / 2))
    width, height = (east - west) * shrink, north - south
    if width < 1e-9 or height < 1e-9:
        return None
    scale = min(WIDE / width, HIGH / height)

    def place(point: Point) -> Point:
        return (point[0] - west) * shrink * scale, (north - point[1]) * scale

    placed = {code: [[place(point) for point in ring] for ring in rings] for code, rings in shapes.items()}
    for least in LEAST_AREAS:
        placed = {code: [_simplified(ring, least) for ring in rings] for code, rings in placed.items()}
        if sum(len(ring) for rings in placed.values() for ring in rings) <= MOST_POINTS:
            break
    else:
        raise MapTooFine
    outlines = [
        _shape(code, kept)
        for code, rings in sorted(placed.items())
        if (kept := [ring for ring in rings if len(ring) > 2 and abs(_area(ring)) >= LEAST_ISLAND])
    ]
    return CityMap(round(width * scale, 1), round(height * scale, 1), tuple(outlines)) if outlines else None


def _shape(code: str, rings: Sequence[Ring]) -> KelurahanShape:
    path = "".join("M" + "L".join(f"{x:g} {y:g}" for x, y in ring) + "Z" for ring in rings)
    return KelurahanShape(code, path, *_middle(max(rings, key=lambda ring: abs(_area(ring)))))


def _simplified(ring: Ring, least: float) -> Ring:
    """Return the ring without the points that change least, one after the other (Visvalingam and Whyatt, 1993).

    least: the area of the triangle that a point makes with its neighbours, from which on it stays.
    """
    rounded = [(round(x, 1), round(y, 1)) for x, y in ring]
    points = [point for at, point in enumerate(rounded, 1) if point != rounded[at % len(rounded)]]
    count = len(points)
    before, after = [at - 1 for at in range(count)], [(at + 1) % count for at in range(count)]
    if count:
        before[0] = count - 1

    def triangle(at: int) -> float:
        return abs(_area([points[before[at]], points[at], points[after[at]]]))

    sizes = [triangle(at) for at in range(count)]
    waiting = [(size, at) for at, size in enumerate(sizes) if size < least]
    heapq.heapify(waiting)
    gone, left = [False] * count, count
    while waiting and left > 3:
        size, at = heapq.heappop(waiting)
        if gone[at] or size != sizes[at]:
            continue
        gone[at], left = True, left - 1
        first, second = before[at], after[at]
        after[first], before[second] = second, first
        for other in (first, second):
            sizes[other] = max(size, triangle(other))
            if sizes[other] < least:
                heapq.heappush(waiting, (sizes[other], other))
    return [point for at, point in enumerate(points) if not gone[at]]


def _area(ring: Sequence[Point]) -> float:
    return sum(x * next_y - next_x * y for (x, y), (next_x, next_y) in zip(ring, [*ring[1:], ring[0]], strict=True)) / 2


def _middle(ring: Ring) -> Point:
    """Return the centroid of a ring."""
    area, x_sum, y_sum = _area(ring), 0.0, 0.0
    for (x, y), (next_x, next_y) in zip(ring, [*ring[1:], ring[0]], strict=True):
        cross = x * next_y - next_x * y
        x_sum += (x + next_x) * cross
        y_sum += (y + next_y) * cross
    return _inside(x_sum / (6 * area), WIDE), _inside(y_sum / (6 * area), HIGH)


def _inside(value: float, most: float) -> float:
    """A ring that crosses itself can have its centroid anywhere."""
    return round(min(max(value, 0.0), most), 1)

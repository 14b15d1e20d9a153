"""The outlines of kelurahan, for a map: read from GeoJSON and projected to the plane of a picture.

The file is the office's own (OUTREACH_KELURAHAN_MAP), or the shipped one of Kota Metro. A city without one has the table alone.
"""

import json
import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import structlog

log = structlog.get_logger()
WIDE = 600.0  # of the picture, in its own units
_SHIPPED = files("outreach") / "data" / "regions" / "metro-kelurahan.geojson"
MOST_BYTES = 20_000_000


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


def city_map(own: str, codes: Collection[str]) -> CityMap | None:
    """Return the map of the kelurahan with these codes; None if the file has none of them, or cannot be read.

    own: the path of the office's file; "" for the shipped one. Each feature has its Kemendagri code as the property "code".
    """
    return _drawn(own, frozenset(codes))


@lru_cache(maxsize=4)
def _drawn(own: str, codes: frozenset[str]) -> CityMap | None:
    try:
        text = _text(Path(own)) if own else _SHIPPED.read_text("utf-8")
        shapes = {code: rings for code, rings in _shapes(json.loads(text)) if code in codes}
        return _projected(shapes) if shapes else None
    except (OSError, ValueError, KeyError, TypeError, IndexError, ZeroDivisionError) as problem:
        log.warning("the map of the kelurahan cannot be read", file=own, problem=str(problem))
        return None


def _text(path: Path) -> str:
    if path.stat().st_size > MOST_BYTES:
        raise ValueError("the file is too large")
    return path.read_text("utf-8")


def _shapes(data: Any) -> Iterator[tuple[str, list[list[tuple[float, float]]]]]:
    """Yield each kelurahan's code with its outer rings of (longitude, latitude)."""
    for feature in data["features"]:
        geometry = feature["geometry"]
        polygons = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
        rings = [[(float(point[0]), float(point[1])) for point in polygon[0]] for polygon in polygons]
        if not all(math.isfinite(number) for ring in rings for point in ring for number in point):
            raise ValueError("a position is no number")
        yield str(feature["properties"]["code"]), rings


def _projected(shapes: dict[str, list[list[tuple[float, float]]]]) -> CityMap:
    """A city is small: degrees of longitude shrink with the cosine of its latitude, and that is projection enough."""
    points = [point for rings in shapes.values() for ring in rings for point in ring]
    west, east = min(x for x, _y in points), max(x for x, _y in points)
    south, north = min(y for _x, y in points), max(y for _x, y in points)
    shrink = math.cos(math.radians((south + north) / 2))
    scale = WIDE / ((east - west) * shrink)

    def place(point: tuple[float, float]) -> tuple[float, float]:
        return round((point[0] - west) * shrink * scale, 1), round((north - point[1]) * scale, 1)

    outlines = []
    for code, rings in sorted(shapes.items()):
        drawn = [[place(point) for point in ring] for ring in rings]
        path = "".join("M" + "L".join(f"{x:g} {y:g}" for x, y in ring) + "Z" for ring in drawn)
        outlines.append(KelurahanShape(code, path, *_middle(max(drawn, key=lambda ring: abs(_area(ring))))))
    return CityMap(WIDE, round((north - south) * scale, 1), tuple(outlines))


def _area(ring: list[tuple[float, float]]) -> float:
    return sum(x * next_y - next_x * y for (x, y), (next_x, next_y) in zip(ring, [*ring[1:], ring[0]], strict=True)) / 2


def _middle(ring: list[tuple[float, float]]) -> tuple[float, float]:
    """Return the centroid of a ring."""
    area, x_sum, y_sum = _area(ring), 0.0, 0.0
    for (x, y), (next_x, next_y) in zip(ring, [*ring[1:], ring[0]], strict=True):
        cross = x * next_y - next_x * y
        x_sum += (x + next_x) * cross
        y_sum += (y + next_y) * cross
    return round(x_sum / (6 * area), 1), round(y_sum / (6 * area), 1)

"""Estimates the travel time between two places, from coordinates or, without them, from regions.

Pure functions. No roads are known here.
"""

from math import asin, ceil, cos, radians, sin, sqrt

from outreach.domain.planning.parties import Place
from outreach.domain.planning.rules import TravelRules

EARTH_KM = 6371.0


def needed_min(one: Place | None, other: Place | None, rules: TravelRules) -> int | None:
    """Return the minutes needed from the end of an activity in one place to the start of the next in the other.

    0 within one venue; None if a place is not known. Both directions take the same time.
    """
    if one is None or other is None:
        return None
    if one.id is not None and one.id == other.id:
        return 0
    if one.coordinates and other.coordinates:
        km = distance_km(one.coordinates, other.coordinates) * rules.detour
        minutes = ceil(round(km / rules.speed_km_h * 60, 6))
    elif one.region_code and other.region_code:
        minutes = _between_regions(one.region_code.split("."), other.region_code.split("."), rules)
    else:
        return None
    return min(minutes + rules.buffer_min, rules.longest_min)


def distance_km(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Return the great-circle distance between two (latitude, longitude) in degrees, by the haversine formula."""
    (lat_1, lon_1), (lat_2, lon_2) = ((radians(lat), radians(lon)) for lat, lon in (one, other))
    h = sin((lat_2 - lat_1) / 2) ** 2 + cos(lat_1) * cos(lat_2) * sin((lon_2 - lon_1) / 2) ** 2
    return 2 * EARTH_KM * asin(sqrt(min(1.0, h)))


def _between_regions(one: list[str], other: list[str], rules: TravelRules) -> int:
    """Return the minutes between two regions, given as Kemendagri codes split at the dots.

    The parts are province, kabupaten/kota, kecamatan, kelurahan/desa.
    """
    for parts, minutes in ((4, rules.same_kelurahan_min), (3, rules.same_kecamatan_min), (2, rules.same_city_min)):
        if len(one) >= parts and one[:parts] == other[:parts]:
            return minutes
    return rules.elsewhere_min

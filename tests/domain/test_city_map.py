"""A GeoJSON file of kelurahan: matched by code or name, simplified, and refused with a sentence when it is something else."""

import json
import math

import pytest

from outreach.domain import city_map as rules
from outreach.domain.city_map import (
    MapTooFine,
    NoGeoJSON,
    NoneOfOurs,
    NoOutlines,
    NotInDegrees,
    OurKelurahan,
    OutlineBroken,
    read,
)
from outreach.domain.problems import Problem

METRO = OurKelurahan("18.72.01.1001", "Metro", "Metro Pusat")
IMOPURO = OurKelurahan("18.72.01.1003", "Imopuro", "Metro Pusat")
YOSODADI = OurKelurahan("18.72.04.1001", "Yosodadi", "Metro Timur")
OURS = [METRO, IMOPURO, YOSODADI]


def square(west=105.0, south=-5.1, side=0.1):
    east, north = west + side, south + side
    return [[west, north], [east, north], [east, south], [west, south], [west, north]]


def feature(ring=None, kind="Polygon", **properties):
    ring = ring or square()
    shape = {"Polygon": [ring], "MultiPolygon": [[ring]], "Point": ring[0], "LineString": ring}[kind]
    return {"type": "Feature", "properties": properties, "geometry": {"type": kind, "coordinates": shape}}


def file_of(*features, **more):
    return json.dumps({"type": "FeatureCollection", "features": features, **more}).encode()


def codes(found):
    return [outline.code for outline in found.city_map.outlines]


def test_outlines_are_found_by_code_or_by_name_and_what_is_left_is_named():
    found = read(
        file_of(
            feature(KDEPUM="1872011001", NAMOBJ="Metro", WADMKC="Metro Pusat", WADMKK="Metro"),
            feature(square(105.1), "MultiPolygon", NAMOBJ="KEL. YOSO DADI", WADMKC="Kec. Metro Timur", WADMKK="Metro"),
            feature(square(105.2), KDEPUM="18.02.01.2001", NAMOBJ="Bangunrejo", WADMKC="Metro Pusat"),
            feature(square(105.3), "Point", NAMOBJ="Imopuro"),
        ),
        OURS,
    )
    assert (codes(found), found.by_name, found.missing, found.others) == (
        [METRO.code, YOSODADI.code], (YOSODADI,), (IMOPURO,), ("Bangunrejo",),
    )  # fmt: skip


def test_a_name_that_two_kelurahan_have_is_settled_by_the_kecamatan_or_not_at_all():
    twin = OurKelurahan("18.72.02.1009", "Imopuro", "Metro Barat")
    ours = [IMOPURO, twin, YOSODADI]
    told_apart = file_of(
        feature(nama="Imopuro", kecamatan="Metro Barat"),
        feature(square(105.1), nama="Yosodadi", kecamatan="Metro Timur"),
        feature(square(105.2), nama="Yosodadi", kecamatan="Pekalongan"),
    )
    found = read(told_apart, ours)
    assert (codes(found), found.others) == ([twin.code, YOSODADI.code], ("Yosodadi",))
    names_only = read(file_of(feature(nama="Imopuro"), feature(square(105.1), nama="Yosodadi")), ours)
    assert (codes(names_only), names_only.others) == ([YOSODADI.code], ("Imopuro",))


def test_a_fine_outline_is_simplified_and_keeps_its_shape():
    around = [
        [105 + 0.05 * math.cos(turn / 5_000 * math.tau), -5 + 0.05 * math.sin(turn / 5_000 * math.tau)]
        for turn in range(5_000)
    ]
    found = read(file_of(feature([*around, around[0]], code=METRO.code)), OURS).city_map
    (circle,) = found.outlines
    assert 20 < circle.path.count(" ") < 300
    assert found.is_sound([METRO.code])
    assert (abs(circle.x - 300) < 2, abs(circle.y - found.height / 2) < 2) == (True, True)


def test_islands_and_holes_are_drawn_and_specks_are_not():
    ring, hole, island, speck = (
        square(),
        square(105.04, -5.06, 0.02),
        square(105.3, -5.1, 0.02),
        square(105.3, -5.0, 1e-4),
    )
    shape = {"type": "MultiPolygon", "coordinates": [[ring, hole], [island], [speck]]}
    found = read(file_of({"properties": {"code": METRO.code}, "geometry": shape}), OURS)
    assert found.city_map.outlines[0].path.count("M") == 3


@pytest.mark.parametrize(
    ("data", "refused"),
    [
        (b"<kml></kml>", NoGeoJSON), (b"\xff\xfe", NoGeoJSON), (b"[]", NoGeoJSON), (b"{}", NoGeoJSON),
        (b"[" * 200_000, NoGeoJSON), (b'{"features":' * 50_000, NoGeoJSON), (b'{"type": "Topology"}', NoGeoJSON),
        (b'{"features": [' + b"9" * 5_000 + b"]}", NoGeoJSON),
        (file_of(), NoOutlines), (file_of(feature(kind="Point"), feature(kind="LineString")), NoOutlines),
        (b'{"features": [1]}', OutlineBroken), (file_of(feature([["<svg>", 1]] * 4)), OutlineBroken),
        (file_of(feature([[float("nan"), 1]] * 4)), OutlineBroken), (file_of(feature([[10**400, 1]] * 4)), OutlineBroken),
        (b'{"features": [{"geometry": {"type": "Polygon", "coordinates": [[[1e999, 1]]]}}]}', OutlineBroken),
        (file_of({"geometry": {"type": "MultiPolygon", "coordinates": [[[[[1, 2]]]]]}}), OutlineBroken),
        (file_of(feature([[500_000, 9_400_000]] * 4)), NotInDegrees), (file_of(feature([[-5, 105]] * 4)), NotInDegrees),
        (file_of(feature(), crs={"properties": {"name": "urn:ogc:def:crs:EPSG::32748"}}), NotInDegrees),
        (file_of(feature(code="11.01.01.1001")), NoneOfOurs), (file_of(feature(square(side=0), code=METRO.code)), NoneOfOurs),
        (file_of(feature(square()[:1], code=METRO.code)), NoneOfOurs),
    ],
)  # fmt: skip
def test_what_is_no_map_of_ours_is_refused_with_a_sentence(data, refused):
    with pytest.raises(refused):
        read(data, OURS)


def test_degrees_may_be_named_as_the_coordinate_system():
    for name in ("urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326"):
        assert codes(read(file_of(feature(code=METRO.code), crs={"properties": {"name": name}}), OURS)) == [METRO.code]


def test_points_are_counted_in_the_file_and_in_the_picture(monkeypatch):
    data = file_of(feature(code=METRO.code))
    for limit, enough in (("MOST_FILE_POINTS", 5), ("MOST_POINTS", 4)):
        with monkeypatch.context() as patch:
            patch.setattr(rules, limit, enough)
            assert codes(read(data, OURS)) == [METRO.code]
            patch.setattr(rules, limit, enough - 1)
            with pytest.raises(MapTooFine):
                read(data, OURS)


def test_a_map_that_no_file_can_have_given_is_not_sound():
    good = read(file_of(feature(code=METRO.code), feature(square(105.1), code=YOSODADI.code)), OURS).city_map
    known = [one.code for one in OURS]
    assert good.is_sound(known)
    one = good.outlines[0]
    for odd in (
        rules.CityMap(good.width, good.height, ()),
        rules.CityMap(good.width, good.height, (one, one)),
        rules.CityMap(float("nan"), good.height, good.outlines),
        rules.CityMap(1e9, good.height, good.outlines),
        rules.CityMap(good.width, good.height, (rules.KelurahanShape(one.code, 'M0 0L1 1"/>Z', 1, 1),)),
        rules.CityMap(good.width, good.height, (rules.KelurahanShape(one.code, one.path, math.inf, 1),)),
    ):
        assert not odd.is_sound(known)
    assert not good.is_sound([METRO.code])


def test_every_refusal_says_what_to_do():
    for kind in (NoGeoJSON, NoOutlines, OutlineBroken, NotInDegrees, MapTooFine, NoneOfOurs):
        assert issubclass(kind, Problem)
        assert kind.field == "file"

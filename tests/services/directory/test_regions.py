"""Finding an office's city, storing its area, and recognising a kelurahan in any spelling."""

import pytest
import sqlalchemy as sa

from outreach.extensions import db
from outreach.models import Region
from outreach.services.directory import regions


def test_metro_is_found_by_name_among_514_cities(any_app):
    assert regions.search_cities("metro") == [("18.72", "Kota Metro")]
    assert len(regions.search_cities("", limit=1000)) == 514


def test_a_city_whose_name_begins_with_the_query_comes_first(any_app):
    assert regions.search_cities("Pusat", limit=2) == [("31.71", "Kota Administrasi Jakarta Pusat")]
    assert regions.search_cities("bima") == [("52.06", "Kabupaten Bima"), ("52.72", "Kota Bima")]


def test_installing_metro_stores_its_province_itself_5_kecamatan_and_22_kelurahan(any_app):
    assert regions.install(db.session, "18.72") == 1 + 1 + 5 + 22
    levels = db.session.execute(sa.select(Region.level, sa.func.count()).group_by(Region.level).order_by(Region.level))
    assert [tuple(row) for row in levels] == [(1, 1), (2, 1), (3, 5), (4, 22)]


def test_installing_twice_stores_nothing_twice(metro):
    assert regions.install(db.session, "18.72") == 0


@pytest.mark.parametrize("code", ["18", "18.72.01", "99.99", "", "18.7", "metro"])
def test_only_a_kabupaten_or_kota_can_be_installed(any_app, code):
    with pytest.raises(regions.UnknownCity):
        regions.install(db.session, code)


def test_the_tree_has_each_kecamatan_with_its_kelurahan(metro):
    tree = regions.kelurahan_tree(db.session)
    assert [(kecamatan.name, len(kecamatan.kelurahan)) for kecamatan in tree] == [
        ("Metro Pusat", 5), ("Metro Utara", 4), ("Metro Barat", 4), ("Metro Timur", 5), ("Metro Selatan", 4),
    ]  # fmt: skip
    assert tree[0].kelurahan[0] == regions.Kelurahan("18.72.01.1001", "Metro")


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Ganjar Agung", "Ganjar Agung"),
        ("Ganjaragung", "Ganjar Agung"),
        ("GANJARAGUNG", "Ganjar Agung"),
        ("Iringmulyo", "Iring Mulyo"),
        ("Kel. Tejoagung", "Tejo Agung"),
        ("Kel.Tejo Agung", "Tejo Agung"),
        ("kelurahan  metro ", "Metro"),
        ("Sumbersari", "Sumbersari Bantul"),
        ("SUMBERSARI BANTUL", "Sumbersari Bantul"),
        ("18.72.01.1003", "Imopuro"),
    ],
)
def test_a_kelurahan_is_recognised_in_both_spellings(metro, written, name):
    assert regions.gazetteer(db.session()).find(written).name == name


def test_a_misspelt_name_is_answered_with_suggestions(metro):
    with pytest.raises(regions.UnknownKelurahanNear) as caught:
        regions.gazetteer(db.session()).find("Yosomulio")
    assert str(caught.value) == "There is no kelurahan “Yosomulio” here. Is it perhaps Yosomulyo?"


def test_a_name_without_a_near_match_is_answered_with_all_names_of_its_kecamatan(metro):
    with pytest.raises(regions.UnknownKelurahan) as caught:
        regions.gazetteer(db.session()).find("Kampung Baru", "Metro Pusat")
    assert caught.value.values["name"] == "Kampung Baru"
    assert caught.value.values["suggestion"] == "Metro, Hadimulyo Timur, Imopuro, Hadimulyo Barat, Yosomulyo"


def test_a_name_in_two_kecamatan_needs_the_kecamatan(any_app):
    tree = [
        regions.Kecamatan("1", "Utara", (regions.Kelurahan("1.1", "Suka Maju"),)),
        regions.Kecamatan("2", "Selatan", (regions.Kelurahan("2.1", "Sukamaju"),)),
    ]
    here = regions.Gazetteer(tree)
    assert here.find("sukamaju", "Kec. Selatan").code == "2.1"
    with pytest.raises(regions.KelurahanAmbiguous) as caught:
        here.find("sukamaju")
    assert caught.value.values == {"name": "sukamaju", "kecamatan": "Utara, Selatan"}

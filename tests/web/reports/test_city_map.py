"""An administrator loads the map of the kelurahan, sees what was found, uses it, and removes it again."""

import io
import json
import re
from html import unescape

import pytest
import sqlalchemy as sa

from outreach.extensions import db
from outreach.models import AuditEntry, KelurahanMap
from tests.web.reading import text_of
from tests.world import rows_of

METRO, YOSODADI = "18.72.01.1001", "18.72.04.1001"
PAGE, COVERAGE = "/reports/map", "/reports/coverage?from=2027-01-01&to=2027-01-31"
pytestmark = pytest.mark.usefixtures("any_app", "office")


def geojson(*properties):
    square = [[105.0, -5.0], [105.1, -5.0], [105.1, -5.1], [105.0, -5.1], [105.0, -5.0]]
    areas = [{"properties": one, "geometry": {"type": "Polygon", "coordinates": [square]}} for one in properties]
    return json.dumps({"type": "FeatureCollection", "features": areas}).encode()


def load(client, data, name="kota.geojson"):
    sent = {"file": (io.BytesIO(data), name)} if data else {}
    return client.post(PAGE, data=sent, content_type="multipart/form-data")


def hidden(html):
    """Return what the preview sends back."""
    return {name: unescape(value) for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', html)}


def on_the_map(client):
    return re.findall(r"<title>([^:<]+): ", client.get(COVERAGE).text)


def test_a_map_is_looked_at_used_replaced_and_removed_each_in_the_audit_log(administrator_client):
    looked_at = load(
        administrator_client, geojson({"code": METRO}, {"nama": "Yosodadi"}, {"nama": "<b>Bandar Jaya</b>"})
    )
    said = text_of(looked_at.text)
    assert "2 of your 3 kelurahan have an outline. 1 was found by its name, without a code: Yosodadi." in said
    assert "1 kelurahan has no outline, and is in the table only: Imopuro." in said
    assert "1 outline is none of yours, and is left out" in said
    assert "<b>Bandar" not in looked_at.text
    assert (rows_of(KelurahanMap), len(on_the_map(administrator_client))) == ([], 3), "nothing is stored yet"
    assert administrator_client.post(f"{PAGE}/use", data=hidden(looked_at.text)).location == "/reports/coverage"
    assert on_the_map(administrator_client) == ["Metro", "Yosodadi"]
    assert "“kota.geojson”, loaded on" in text_of(administrator_client.get(PAGE).text)
    again = load(administrator_client, geojson({"code": METRO}), "baru.geojson")
    administrator_client.post(f"{PAGE}/use", data=hidden(again.text))
    assert ([row.filename for row in rows_of(KelurahanMap)], on_the_map(administrator_client)) == (
        ["baru.geojson"],
        ["Metro"],
    )
    administrator_client.post(f"{PAGE}/remove")
    assert (rows_of(KelurahanMap), len(on_the_map(administrator_client))) == ([], 3)
    written = sa.select(AuditEntry.action).where(AuditEntry.subject_type == "kelurahan_map").order_by(AuditEntry.id)
    assert list(db.session.scalars(written)) == [f"kelurahan_map.{verb}" for verb in ("loaded", "loaded", "deleted")]


def test_what_is_no_map_or_no_preview_of_ours_is_refused_and_nothing_is_stored(administrator_client):
    for data, sentence in (
        (b"<kml></kml>", "This file is no GeoJSON"), (b"", "Please choose a file."),
        (geojson({"kode": "11.01.01.1001", "desa": "Lain"}), "The properties of its outlines: kode, desa."),
    ):  # fmt: skip
        answer = load(administrator_client, data)
        assert (answer.status_code, sentence in text_of(answer.text)) == (422, True)
    for sent in ("", "[]", '{"width": 1}', '{"width": 9, "height": 9, "outlines": []}', "[" * 100_000):
        answer = administrator_client.post(f"{PAGE}/use", data={"map": sent}, follow_redirects=True)
        assert "The preview could not be read back." in text_of(answer.text)
    assert rows_of(KelurahanMap) == []


def test_only_administrators_load_a_map(coordinator_client):
    assert {coordinator_client.get(PAGE).status_code, coordinator_client.post(f"{PAGE}/remove").status_code} == {403}
    assert PAGE not in coordinator_client.get(COVERAGE).text

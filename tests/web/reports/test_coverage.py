"""Coverage: map and table say the same, zero is a word, and another city brings its own map or has the table alone."""

import json
import re
from dataclasses import replace
from html import unescape

import pytest

from outreach.domain.kinds import Sex
from outreach.extensions import current_settings
from tests.world import at, draft_activity, stop_clock
from tests.world.held import held, many_came

METRO, IMOPURO, YOSODADI = "18.72.01.1001", "18.72.01.1003", "18.72.04.1001"
PERIOD = "/reports/coverage?from=2027-01-01&to=2027-03-31"


@pytest.fixture
def quarter(office, monkeypatch):
    """Two activities in Imopuro in January and one in February; nobody of Metro or Yosodadi was invited."""
    for day in (18, 20):
        activity = held(draft_activity(None, None, day, title=f"Sosialisasi {day}", region_code=IMOPURO))
        many_came(activity, 6, region_code=IMOPURO, sex=Sex.FEMALE)
    later = held(
        draft_activity(None, None, 18, starts_at=at(8, month=2), ends_at=at(8, 12, month=2), region_code=IMOPURO)
    )
    many_came(later, 8)
    stop_clock(monkeypatch, at(20, month=3))


def settings(monkeypatch, app, **values):
    monkeypatch.setitem(app.extensions, "outreach", replace(current_settings(), **values))


def drawn(html):
    """Return what the map says: {kelurahan: text}."""
    said = re.findall(r'<path class="step-(\w+)"[^>]*><title>([^:<]+): ([^<]+)</title>', html)
    return {name: (step, words.strip()) for step, name, words in said}


def rows_of(html, heading):
    """Return the rows of a section's tables: first each kecamatan, then what is folded, the kelurahan of each."""
    part = html.partition(f">{heading}<")[2].partition("</section>")[0]
    rows = re.findall(r"<tr.*?</tr>", part, re.DOTALL)
    found = [[_said(cell) for cell in re.findall(r"<td.*?</td>", row, re.DOTALL)] for row in rows]
    return [row for row in found if row]


def _said(cell):
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", cell)).split())


def test_map_and_table_show_the_same_and_zero_is_a_word(quarter, viewer_client):
    html = viewer_client.get(PERIOD).text
    assert drawn(html) == {"Metro": ("0", "zero"), "Imopuro": ("4", "3"), "Yosodadi": ("0", "zero")}
    assert rows_of(html, "By kecamatan and kelurahan") == [
        ["Kecamatan Metro Pusat", "3", "12", "12", "12"], ["Kecamatan Metro Timur", "zero", "zero", "zero", "zero"],
        ["Metro", "zero", "zero", "zero", "zero"], ["Imopuro", "3", "12", "12", "12"],
        ["Yosodadi", "zero", "zero", "zero", "zero"],
    ]  # fmt: skip
    assert re.findall(r"<summary>Kelurahan of ([^<]+)</summary>", html)[:2] == [
        "Kecamatan Metro Pusat",
        "Kecamatan Metro Timur",
    ]
    assert "1 of 3 kelurahan reached" in html
    assert viewer_client.get(f"{PERIOD}&show=nonsense").status_code == 200


def test_a_single_person_from_a_kelurahan_is_hidden_on_the_map(quarter, viewer_client):
    many_came(held(draft_activity(None, None, 22)), 1, region_code=METRO)
    html = viewer_client.get(f"{PERIOD}&show=present").text
    assert (drawn(html)["Metro"], drawn(html)["Yosodadi"]) == (("hidden", "•"), ("0", "zero"))
    assert "2 of 3 kelurahan reached" in html


def test_activities_are_told_by_month(quarter, viewer_client):
    html = viewer_client.get(PERIOD).text
    assert re.findall(r">(January 2027|February 2027)</th>", html)[:3] == [
        "January 2027",
        "February 2027",
        "January 2027",
    ]
    assert rows_of(html, "Activities held, by month")[3] == ["Imopuro", "2", "1"]
    one_month = viewer_client.get("/reports/coverage?from=2027-01-01&to=2027-01-31").text
    assert "Activities held, by month" not in one_month


def test_a_target_says_how_many_activities_are_missing(current_app_, quarter, viewer_client, monkeypatch):
    settings(monkeypatch, current_app_, coverage_target=3)
    rows = {row[0]: row[2] for row in rows_of(viewer_client.get(PERIOD).text, "By kecamatan and kelurahan")}
    assert rows == {
        "Kecamatan Metro Pusat": "3 missing", "Metro": "3 missing", "Imopuro": "reached", "Kecamatan Metro Timur": "3 missing",
        "Yosodadi": "3 missing",
    }  # fmt: skip
    part = viewer_client.get(PERIOD.replace("2027-01-01", "2027-01-02")).text
    assert "3 missing" not in part
    assert "The target is for a year." in part


def test_another_city_has_its_own_map(current_app_, quarter, viewer_client, monkeypatch, tmp_path):
    square = [[105.0, -5.0], [105.1, -5.0], [105.1, -5.1], [105.0, -5.1], [105.0, -5.0]]
    features = [
        {"properties": {"code": METRO}, "geometry": {"type": "MultiPolygon", "coordinates": [[square]]}},
        {"properties": {"code": "11.01.01.1001"}, "geometry": {"type": "Polygon", "coordinates": [square]}},
    ]
    own = tmp_path / "kelurahan.geojson"
    own.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    settings(monkeypatch, current_app_, kelurahan_map=str(own))
    html = viewer_client.get(PERIOD).text
    assert drawn(html) == {"Metro": ("0", "zero")}
    assert 'd="M0 0L600 0L600 ' in html


@pytest.mark.parametrize(
    "content",
    [None, "{", '{"features": [{}]}', '{"features": []}', '{"features": [{"properties": {"code": "18.72.01.1001"}, "geometry":'
     ' {"type": "Polygon", "coordinates": [[["x", 1]]]}}]}'],
)  # fmt: skip
def test_without_a_map_that_can_be_read_there_is_the_table_alone(
    current_app_, quarter, viewer_client, monkeypatch, tmp_path, content
):
    own = tmp_path / "kelurahan.geojson"
    if content is not None:
        own.write_text(content)
    settings(monkeypatch, current_app_, kelurahan_map=str(own))
    html = viewer_client.get(PERIOD).text
    assert "<svg viewBox" not in html
    assert len(rows_of(html, "By kecamatan and kelurahan")) == 5

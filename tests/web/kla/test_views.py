"""The pages of Kota Layak Anak: a year in words, tags from three sides, a list that is replaced after a preview."""

import io
import re

import pytest

from outreach.domain.states import ActivityState
from outreach.extensions import db
from outreach.models import Activity, AuditEntry, IndicatorYear
from outreach.services.kla.tag import TagChange, tag
from tests.support.copied import copied
from tests.web.reading import text_of
from tests.world import NOW, at, count, draft_activity, fresh, rows_of, stop_clock
from tests.world.held import came, held

TABLE = """# Sumber: Lembar 2027
kode;klaster;indikator;bukti
7;Klaster II;Perkawinan anak;foto
31;Klaster V;Baru;surat, notula
"""


@pytest.fixture(autouse=True)
def afterwards(monkeypatch):
    stop_clock(monkeypatch, at(30))


@copied
def tagged(programme, hall, coordinator, ani):
    """A held activity tagged with 7 and 24, where Ani was, and one that is ahead, tagged with 7."""
    over, ahead = draft_activity(programme, hall, 18), draft_activity(programme, hall, 31)
    over.title, ahead.title = "Sosialisasi Metro", "Sosialisasi Imopuro"
    came(held(over), ani)
    tag({over.id: TagChange(frozenset({"7", "24"})), ahead.id: TagChange(frozenset("7"))}, by=coordinator, now=NOW)
    return over, ahead


def upload(client, data, name="kla.csv", year=2027):
    sent = {"file": (io.BytesIO(data if isinstance(data, bytes) else data.encode()), name)}
    return client.post(f"/kla/{year}/list?lang=en", data=sent)


def test_a_year_says_what_is_there_and_missing_in_words_with_a_link_to_mend_each(any_app, tagged, viewer_client):
    over, _ahead = tagged
    assert viewer_client.get("/kla").headers["Location"] == "/kla/2027"
    page = viewer_client.get("/kla/2027?lang=en")
    said = text_of(page.text)
    assert "1 activity held, 1 ahead." in said
    assert "There, of all activities held: report." in said
    assert "No letter: Sosialisasi Metro" in said
    assert "The signed list is not uploaded: Sosialisasi Metro" in said
    assert "list that came with Outreach" in said
    for where in (f"/letters?activity={over.id}", f"/activities/{over.id}/attendance/signed", f"/activities/{over.id}/minutes",
                  f"/activities/{over.id}/documentation"):  # fmt: skip
        assert f'href="{where}"' in page.text
        assert viewer_client.get(where).status_code == 200
    assert not re.search(r"\d+ ?%|score \d|\d+ of \d+|progress", page.text.partition("<main")[2])
    assert "Make the ZIP" in said
    one = text_of(viewer_client.get("/kla/2027/indicators/7?lang=en").text)
    assert "Nobody is recorded" not in one
    assert ("No minutes" in one, "Sosialisasi Imopuro" in one) == (True, True)


def test_years_and_indicators_that_are_not_there_have_a_page_that_says_so(tagged, coordinator_client):
    for address in (
        "/kla/1999",
        "/kla/2027/indicators/99",
        "/kla/activities/9999",
        "/kla/programmes/9999",
        "/kla/2200/list",
    ):
        assert coordinator_client.get(address).status_code == 404, address
    assert coordinator_client.get("/kla/2030").status_code == 200


def test_an_activity_is_tagged_on_its_page_in_its_form_and_with_its_programme(any_app, tagged, coordinator_client):
    over, ahead = tagged
    form = {"was": ["7", "24"], "shown": ["7", "24", "3"], "indicators": ["3", "7"]}
    coordinator_client.post(f"/kla/activities/{over.id}", data=form)
    assert fresh(over).indicators == "3, 7"
    shown = text_of(coordinator_client.get(f"/activities/{over.id}?lang=en").text)
    assert "3. Peran lembaga masyarakat" in shown
    edited = coordinator_client.get(f"/activities/{ahead.id}/edit").text
    assert re.findall(r'name="indicators" value="(\w+)" checked', edited) == ["7"]
    page = coordinator_client.post(
        f"/kla/programmes/{over.programme_id}?lang=en", data={"indicators": ["12"]}, follow_redirects=True
    )
    assert "2 activities are changed." in text_of(page.text)
    coordinator_client.post(f"/kla/programmes/{over.programme_id}", data={"indicators": ["7"], "take": "1"})
    assert [one.indicators for one in rows_of(Activity)] == ["3, 12", "12"]


def test_many_activities_are_tagged_from_the_indicator(any_app, tagged, coordinator_client):
    over, ahead = tagged
    address = "/kla/2027/indicators/24/activities"
    ticked = re.findall(r'name="activity_ids" value="(\d+)" checked', coordinator_client.get(address).text)
    assert ticked == [str(over.id)]
    form = {"shown": [over.id, ahead.id], "was": [over.id], "activity_ids": [ahead.id]}
    assert coordinator_client.post(address, data=form).headers["Location"] == "/kla/2027/indicators/24"
    assert [one.indicators for one in rows_of(Activity)] == ["7", "7, 24"]


def test_viewers_read_and_change_nothing(tagged, viewer_client):
    over, _ahead = tagged
    for address in (f"/kla/activities/{over.id}", f"/kla/programmes/{over.programme_id}"):
        assert viewer_client.get(address).status_code == 403
    assert viewer_client.post("/kla/2027/bundle", data={"code": "99"}).status_code == 404, "a bundle may be asked for"
    for address in ("/kla/2027/list", "/kla/2027/list/replace", "/kla/2027/indicators/7/activities"):
        assert viewer_client.post(address).status_code == 403, address
    assert (count(IndicatorYear), fresh(over).indicators) == (0, "7, 24")


def test_a_list_is_replaced_after_a_preview_that_names_what_changes(any_app, tagged, coordinator_client):
    preview = upload(coordinator_client, TABLE)
    said = text_of(preview.text)
    assert (preview.status_code, count(IndicatorYear)) == (200, 0)
    assert "Renamed 7. Perkawinan anak Before: Pencegahan perkawinan anak" in said
    assert "New 31. Baru" in said
    assert "24. Pelayanan bagi anak yang berhadapan dengan hukum" in said
    assert "until somebody changes it: Sosialisasi Metro" in said
    fields = dict(
        re.findall(
            r'<input type="hidden" name="(list|filename|version)" value="([^"]*)"', preview.text.replace("\n  ", " ")
        )
    )
    form = {name: value.replace("&#34;", '"') for name, value in fields.items()}
    done = coordinator_client.post("/kla/2027/list/replace?lang=en", data=form, follow_redirects=True)
    assert "The list of 2027 is replaced." in text_of(done.text)
    assert rows_of(AuditEntry)[-1].action == "indicator_year.replaced"
    year = text_of(coordinator_client.get("/kla/2027?lang=en").text)
    assert "tagged with codes that are not in this list" in year
    assert re.search("24 ?: ?Sosialisasi Metro", year)
    taken = coordinator_client.get("/kla/2027/list.csv").data
    assert upload(coordinator_client, taken).status_code == 200, "what was taken can be given back"
    assert "1 is as before." not in text_of(upload(coordinator_client, taken).text)


def test_a_wrong_file_is_refused_with_a_sentence_for_each_row(tagged, coordinator_client):
    page = upload(coordinator_client, TABLE + "31;A;Dua kali;\n40;;Tanpa klaster;\n41;A;x;fotografi\n")
    said = text_of(page.text)
    assert page.status_code == 422
    assert "Row 5: the code 31 stands in row 4 already." in said
    assert "Row 6: indicator 40 has no cluster" in said
    assert "Row 7: “fotografi” is no kind of evidence. Please use surat, daftar hadir" in said
    assert count(IndicatorYear) == 0
    for data, name in ((b"", "kla.csv"), (b"PK\x03\x04xl/", "kla.xlsx"), (b"<html>;</html>", "kla.xls")):
        assert upload(coordinator_client, data, name).status_code == 422
    assert coordinator_client.post("/kla/2027/list").status_code == 422
    bad = {"list": '{"indicators": [{"code": "../x", "cluster": "A", "name": "x"}]}', "version": "0"}
    coordinator_client.post("/kla/2027/list/replace", data=bad)
    assert count(IndicatorYear) == 0, "what a preview never showed"


def test_the_shipped_list_is_taken_with_its_remarks(coordinator_client, office):
    text = coordinator_client.get("/kla/2027/list.csv").data.decode("utf-8-sig")
    assert ("PERIKSA DULU" in text, text.count("\r\n")) == (True, 32)


def test_the_list_of_activities_has_the_tags_as_a_file(tagged, coordinator_client):
    address = "/activities?time=all&file=csv&lang=en"
    rows = coordinator_client.get(address, headers={"Sec-Fetch-Site": "same-origin"}).data.decode("utf-8-sig")
    assert "Indicators of Kota Layak Anak" in rows
    assert '"7, 24"' in rows


def test_a_long_gap_names_a_few_activities_and_leads_to_all(any_app, programme, hall, coordinator, coordinator_client):
    some = [held(draft_activity(programme, hall, day)) for day in range(11, 18)]
    for number, one in enumerate(some):
        fresh(one).title = f"Kegiatan {number}"
        db.session.commit()
    tag(dict.fromkeys([one.id for one in some], TagChange(frozenset("7"))), by=coordinator, now=NOW)
    page = coordinator_client.get("/kla/2027?lang=en").text
    assert text_of(page).count("Kegiatan 4") > 1
    assert "Kegiatan 5" not in page
    assert "and 2 more" in text_of(page)
    assert fresh(some[0]).state is ActivityState.HELD

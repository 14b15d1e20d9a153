"""The pages for postponing and for the new date, and where a postponed activity waits visibly."""

import re

import pytest

from outreach import clock
from outreach.domain.states import ActivityState
from outreach.extensions import db
from outreach.models import Activity
from outreach.services.activities import publish as publishing
from outreach.services.reminders import tick as reminding
from tests.support.copied import copied
from tests.web.reading import fields
from tests.world import NOW, at, draft_activity

pytestmark = pytest.mark.usefixtures("clock_stands")


@copied
def postponed(published, coordinator):
    publishing.postpone(published.id, "Banjir", by=coordinator, now=NOW)
    return published


def test_a_postponement_first_shows_who_is_told_and_is_then_saved(coordinator_client, published):
    path = f"/activities/{published.id}/postpone"
    form = fields(coordinator_client.get(path).text)
    missing = coordinator_client.post(path, data={**form, "reason": ""})
    assert (missing.status_code, "Please write why it is postponed" in missing.text) == (422, True)
    preview = coordinator_client.post(path, data={**form, "reason": "Banjir"})
    assert "Who gets which mail when" in preview.text
    assert "its venue and speakers are free again" in preview.text
    assert db.session.get_one(Activity, published.id).state is ActivityState.PUBLISHED
    confirmed = {**fields(preview.text), "reason": "Banjir", "confirm": "1"}
    assert coordinator_client.post(path, data=confirmed).location == f"/activities/{published.id}"
    page = coordinator_client.get(f"/activities/{published.id}").text
    assert "Waits for a new date" in page
    assert f'href="/activities/{published.id}/move"' in page
    assert f'href="/activities/{published.id}/cancel"' in page
    assert f'href="/activities/{published.id}/edit"' not in page


def test_a_coordinator_with_an_older_version_is_told_and_nothing_is_postponed(coordinator_client, published):
    path = f"/activities/{published.id}/postpone"
    form = {**fields(coordinator_client.get(path).text), "reason": "Banjir", "confirm": "1"}
    published.title = "Judul baru"
    db.session.commit()
    answer = coordinator_client.post(path, data=form)
    assert answer.status_code == 422
    assert "Judul baru" in answer.text
    assert db.session.get_one(Activity, published.id).state is ActivityState.PUBLISHED


def test_a_draft_cannot_be_postponed(coordinator_client, activity):
    path = f"/activities/{activity.id}/postpone"
    page = coordinator_client.post(path, data={**fields(coordinator_client.get(path).text), "reason": "Banjir"})
    assert "Only a published activity can be moved, postponed or cancelled." in page.text


def test_the_form_for_the_new_date_has_no_day_filled_in_and_has_the_reason(coordinator_client, postponed):
    path = f"/activities/{postponed.id}/move"
    page = coordinator_client.get(path).text
    form = fields(page)
    assert "<h1" in page
    assert "Set the new date" in page
    assert (form["on"], form["reason"], form["begins"]) == ([""], ["Banjir"], ["08:00"])
    preview = coordinator_client.post(path, data={**form, "on": "2027-01-20"})
    assert "Publish it with this date?" in preview.text
    saved = coordinator_client.post(path, data={**fields(preview.text), "confirm": "1"}, follow_redirects=True)
    assert "The new date is set. Everyone who was told of it and has not declined gets the news." in saved.text
    assert [(activity.state, activity.starts_at) for activity in db.session.query(Activity)] == [
        (ActivityState.PUBLISHED, at(20, 8))
    ]


@pytest.mark.parametrize("page", ["edit", "agenda", "postpone"])
def test_nothing_else_of_a_postponed_activity_can_be_changed(coordinator_client, postponed, page):
    answer = coordinator_client.get(f"/activities/{postponed.id}/{page}", follow_redirects=True)
    assert answer.request.path == f"/activities/{postponed.id}"
    assert "This activity is postponed. Please set its new date first." in answer.text


@pytest.mark.parametrize("page", ["activities/{}/publish", "calendar/{}/move"])
def test_other_pages_redirect_to_the_form_for_the_new_date(coordinator_client, postponed, page):
    answer = coordinator_client.get("/" + page.format(postponed.id))
    assert answer.location == f"/activities/{postponed.id}/move"


def test_a_postponed_activity_can_be_cancelled(coordinator_client, postponed):
    path = f"/activities/{postponed.id}/cancel"
    assert coordinator_client.post(path, data={"reason": "Anggaran", "confirm": "1"}).status_code == 302
    assert db.session.get_one(Activity, postponed.id).state is ActivityState.CANCELLED


def test_a_postponed_activity_stays_visible_until_it_has_a_date_even_long_after_the_former_one(
    coordinator_client, postponed, monkeypatch
):
    monkeypatch.setattr(clock, "now", lambda: at(20, month=6))
    overview = coordinator_client.get("/").text
    assert "1 postponed activity waits for a new date" in overview
    assert f'href="/activities/{postponed.id}/move"' in overview
    upcoming = coordinator_client.get("/activities").text
    assert "Waits for a new date" in upcoming
    assert postponed.title not in coordinator_client.get("/activities?time=past").text
    assert postponed.title in coordinator_client.get("/activities?state=postponed").text
    programme = coordinator_client.get(f"/programmes/{postponed.programme_id}").text
    assert "One activity waits for a new date" in programme
    assert "Without a date" in programme
    calendar = coordinator_client.get("/calendar?on=2027-01-18").text
    assert "One postponed activity waits for a new date and is not shown here." in calendar
    assert f'href="/activities/{postponed.id}"' not in calendar


def test_the_printed_rundown_lists_a_postponed_activity_without_a_time(coordinator_client, postponed, hall):
    draft_activity(postponed.programme, hall, 19, title="Pelatihan")
    page = coordinator_client.get(f"/programmes/{postponed.programme_id}/rundown").text
    assert page.count(postponed.title) == 1
    assert page.index("Postponed, the new date follows") < page.index(postponed.title)
    assert "18 January" not in page.split("Pelatihan")[1]


@pytest.mark.parametrize("page", ["search?q=rapat", "activities/{}/invitees"])
def test_the_former_day_of_a_postponed_activity_is_never_shown_as_its_day(coordinator_client, postponed, page):
    html = coordinator_client.get("/" + page.format(postponed.id)).text
    assert re.findall(r"(.{18})18 Jan", html) == ["new date (before: Mon, "[-18:]]


def test_no_list_for_signing_is_printed_for_the_former_day(coordinator_client, viewer_client, postponed):
    path = f"/activities/{postponed.id}/attendance/paper.pdf"
    for client in (coordinator_client, viewer_client):
        assert client.get(path).location == f"/activities/{postponed.id}"
    assert "It has no day for a list for signing." in coordinator_client.get(f"/activities/{postponed.id}").text
    assert path not in coordinator_client.get(f"/activities/{postponed.id}/attendance").text


def test_a_viewer_sees_that_the_activity_is_postponed_and_no_buttons(viewer_client, postponed):
    assert "Postponed, the new date follows" in viewer_client.get("/").text
    page = viewer_client.get(f"/activities/{postponed.id}").text
    assert "Postponed" in page
    assert "/move" not in page
    assert viewer_client.get(f"/activities/{postponed.id}/postpone").status_code == 403


@pytest.mark.parametrize("page", ["activities", "programmes/{programme}/rundown", "people/{person}"])
def test_the_spreadsheet_of_activities_gives_a_postponed_activity_no_time(coordinator_client, postponed, ani, page):
    path = "/" + page.format(programme=postponed.programme_id, person=ani.id)
    assert f'href="{path}?file=csv"' in coordinator_client.get(path).text
    rows = coordinator_client.get(f"{path}?file=csv").get_data(as_text=True)
    (row,) = [line for line in rows.splitlines() if postponed.title in line]
    assert "Postponed" in row
    assert "2027" not in row


def test_the_spreadsheet_of_people_to_call_gives_a_postponed_activity_no_time(coordinator_client, published, ani):
    ani.email = ""  # so that she is called about it
    db.session.commit()
    reminding.tick(NOW)
    publishing.postpone(published.id, "Banjir", by=None, now=NOW)
    rows = coordinator_client.get(f"/activities/{published.id}/invitees/to-call?file=csv").get_data(as_text=True)
    (row,) = [line for line in rows.splitlines() if published.title in line]
    assert "Ani Wijaya" in row
    assert "2027" not in row


def test_reminders_that_the_postponement_cancelled_are_apart_from_those_of_the_new_date(coordinator_client, postponed):
    page = coordinator_client.get(f"/activities/{postponed.id}").text
    assert page.index("Reminders that were cancelled") < page.index("The activity was postponed.")
    path = f"/activities/{postponed.id}/move"
    preview = coordinator_client.post(path, data={**fields(coordinator_client.get(path).text), "on": "2027-01-20"})
    coordinator_client.post(path, data={**fields(preview.text), "confirm": "1"})
    page = coordinator_client.get(f"/activities/{postponed.id}").text
    assert (
        page.index("Scheduled")
        < page.index("Reminders that were cancelled")
        < page.index("The activity was postponed.")
    )

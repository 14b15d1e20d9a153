"""Editing a programme's days: activities that would lie outside are shown before anything is saved."""

from dataclasses import replace
from datetime import date

import pytest

from outreach.domain.planning.rules import ClashKind, Severity
from outreach.domain.states import ActivityState
from outreach.extensions import db
from outreach.models import Programme
from outreach.services.office import planning_rules as office_planning_rules
from outreach.services.planning import rules as planning_rules
from tests.support.copied import copied
from tests.web.clash_help import button, filled
from tests.web.reading import fields, filled_in, text_of
from tests.world import NOW, at, draft_activity

pytestmark = pytest.mark.usefixtures("clock_stands")


@copied
def path(programme, hall) -> str:
    """The edit page of four days, 18 to 21 January, with an activity on each day but the last."""
    for day, title in ((18, "Rakor"), (19, "Pelatihan"), (20, "Sekolah aman")):
        draft_activity(programme, hall, day, title=title)
    return f"/programmes/{programme.id}/edit"


def days(programme_id: int = 1) -> tuple[date, date]:
    db.session.rollback()
    programme = db.session.get_one(Programme, programme_id)
    return programme.starts_on, programme.ends_on


FOUR = (date(2027, 1, 18), date(2027, 1, 21))


def test_shortening_shows_what_would_lie_outside_and_the_resolutions(coordinator_client, path):
    page = coordinator_client.post(path, data=filled(coordinator_client, path, title="Nanti", days="1"))
    assert page.status_code == 422
    told = text_of(page.text)
    outside = "2 activities would lie outside the programme’s days, Monday, 18 January 2027:"
    assert (
        f"It cannot be saved so. {outside} Pelatihan Tue, 19 Jan 2027, 08:00–12:00 WIB Sekolah aman Wed, 20 Jan" in told
    )
    assert "Rakor" not in told
    assert '<a href="/activities/2">Pelatihan</a>' in page.text
    assert fields(page.text)["title"] == ["Nanti"]
    assert days() == FOUR
    resolution = button(page.text, "Let the programme last 18–20 January 2027")
    longer = coordinator_client.post(path, data={**filled_in(page.text), "way": resolution})
    assert longer.status_code == 200
    assert "It is filled in below, and not saved yet." in longer.text
    assert (fields(longer.text)["starts_on"], fields(longer.text)["days"]) == (["2027-01-18"], ["3"])
    assert days() == FOUR
    assert coordinator_client.post(path, data=filled_in(longer.text)).status_code == 302
    assert days() == (date(2027, 1, 18), date(2027, 1, 20))


def test_a_mere_warning_is_shown_first_and_saved_after_confirmation(coordinator_client, path, programme, hall):
    warned = {ClashKind.OUTSIDE_PROGRAMME: Severity.WARN}
    office_planning_rules.save(replace(planning_rules.values(), severities=warned), by=None, now=NOW)
    asked = coordinator_client.post(path, data=filled(coordinator_client, path, title="Nanti", days="2"))
    assert asked.status_code == 200
    told = text_of(asked.text)
    assert "Nothing is saved yet. Please look at this first" in told
    outside = "1 activity would lie outside the programme’s days, 18–19 January 2027:"
    assert f"{outside} Sekolah aman Wed, 20 Jan 2027, 08:00–12:00 WIB" in told
    assert days() == FOUR
    seen = {**filled_in(asked.text), "seen": button(asked.text, "Save all the same")}
    draft_activity(programme, hall, 21, title="Baru saja")
    again = coordinator_client.post(path, data=seen)  # somebody added one meanwhile
    assert (again.status_code, "Baru saja" in again.text, days()) == (200, True, FOUR)
    saved = coordinator_client.post(path, data={**seen, "seen": button(again.text, "Save all the same")})
    assert (saved.status_code, days()) == (302, (date(2027, 1, 18), date(2027, 1, 19)))


def test_activities_already_outside_and_cancelled_ones_do_not_prevent_saving(coordinator_client, path, programme, hall):
    draft_activity(programme, hall, 25, title="Sudah di luar")
    draft_activity(programme, hall, 21, title="Batal", state=ActivityState.CANCELLED)
    saved = coordinator_client.post(path, data=filled(coordinator_client, path, title="Nanti", days="3"))
    assert (saved.status_code, days()) == (302, (date(2027, 1, 18), date(2027, 1, 20)))


def test_past_activities_still_lie_within(coordinator_client, path, monkeypatch):
    activity = db.session.get_one(Programme, 1).activities[0]
    activity.state = ActivityState.HELD
    db.session.commit()
    monkeypatch.setattr("outreach.clock.now", lambda: at(19, 6))
    page = coordinator_client.post(path, data=filled(coordinator_client, path, starts_on="2027-01-19", days="3"))
    assert (page.status_code, days()) == (422, FOUR)
    assert "Rakor Mon, 18 Jan 2027" in text_of(page.text)
    assert button(page.text, "Let the programme last 18–21 January 2027")


def test_another_zone_can_put_an_activity_outside(coordinator_client, path, programme, hall):
    draft_activity(programme, None, 21, title="Malam", starts_at=at(21, 20), ends_at=at(21, 23))
    page = coordinator_client.post(path, data=filled(coordinator_client, path, zone="Asia/Jayapura"))
    assert (page.status_code, "Malam" in text_of(page.text), days()) == (422, True, FOUR)


def test_the_check_takes_as_many_queries_for_many_activities(queries, coordinator_client, path):
    form = filled(coordinator_client, path, days="1")
    few = queries(lambda: coordinator_client.post(path, data=form))
    for hour in range(8, 18):
        draft_activity(db.session.get_one(Programme, 1), None, 20, starts_at=at(20, hour), ends_at=at(20, hour, 30))
    assert queries(lambda: coordinator_client.post(path, data=form)) == few

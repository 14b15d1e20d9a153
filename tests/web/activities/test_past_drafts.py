"""A draft that would start in the past: shown before it is saved, and saved after confirmation."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from outreach.domain.planning.rules import ClashKind, Severity
from outreach.extensions import db
from outreach.models import Activity
from outreach.services.activities import publish as publishing
from outreach.services.office import planning_rules as office_planning_rules
from outreach.services.planning import rules as planning_rules
from tests.web.clash_help import NEW, activities, button, filled
from tests.web.reading import fields, filled_in, text_of
from tests.world import NOW, at, draft_activity, fresh

pytestmark = pytest.mark.usefixtures("clock_stands")


SENTENCE = "It starts in the past: it cannot be published so, and no invitation or reminder is sent."
YESTERDAY, BEFORE = {"on": "2027-01-03", "begins": "09:00", "ends": "11:00"}, "2027-01-02"


def test_a_new_draft_is_first_shown_with_a_later_day_and_stored_after_confirmation(coordinator_client, office):
    asked = coordinator_client.post("/activities/new", data=NEW | YESTERDAY)
    assert (asked.status_code, activities()) == (200, 0)
    assert SENTENCE in text_of(asked.text)
    later = coordinator_client.post(
        "/activities/new", data=NEW | YESTERDAY | {"way": button(asked.text, "Move it to Mon, 11 Jan 2027")}
    )
    assert (fields(later.text)["on"], fields(later.text)["begins"]) == (["2027-01-11"], ["09:00"])
    seen = {"seen": button(asked.text, "Save all the same")}
    assert coordinator_client.post("/activities/new", data=NEW | YESTERDAY | seen).status_code == 302
    assert db.session.scalars(sa.select(Activity.starts_at)).all() == [at(3, 9)]


@pytest.mark.parametrize(("begins", "asks"), [("07:59", True), ("08:00", True), ("08:01", False)])
def test_an_activity_that_begins_at_this_moment_has_begun(coordinator_client, office, begins, asks):
    today = NEW | {"on": "2027-01-04", "begins": begins, "ends": "11:00"}
    assert (SENTENCE in text_of(coordinator_client.post("/activities/new", data=today).text)) is asks


def test_an_edit_asks_for_confirmation_only_once(coordinator_client, hall):
    alone = draft_activity(None, hall, 18)
    path = f"/activities/{alone.id}/edit"
    form = filled(coordinator_client, path, **YESTERDAY, registration="", respond_on="", respond_at="")
    asked = coordinator_client.post(path, data=form)
    assert (asked.status_code, SENTENCE in text_of(asked.text), fresh(alone).starts_at) == (200, True, at(18, 8))
    seen = {"seen": button(asked.text, "Save all the same")}
    assert coordinator_client.post(path, data=form | seen).status_code == 302
    assert fresh(alone).starts_at == at(3, 9)
    again = filled(coordinator_client, path, title="Rapat kemarin dulu", on=BEFORE)
    assert coordinator_client.post(path, data=again).status_code == 302
    assert fresh(alone).starts_at == at(2, 9)


def test_the_calendar_warns_and_moves_a_draft_but_no_published_activity(coordinator_client, hall):
    alone, told = draft_activity(None, hall, 18), draft_activity(None, hall, 20)
    publishing.publish([told.id], by=None, now=NOW)
    for meeting, status in ((alone, 200), (told, 422)):
        path = f"/calendar/{meeting.id}/move"
        form = filled(coordinator_client, path) | YESTERDAY
        page = coordinator_client.get(path, query_string=form)
        assert (page.status_code, SENTENCE in text_of(page.text)) == (status, status == 200)
        moved = coordinator_client.post(path, data=filled_in(page.text))
        assert moved.status_code == (302 if status == 200 else 422)
    assert (fresh(alone).starts_at, fresh(told).starts_at) == (at(3, 9), at(20, 8))


def test_for_several_activities_the_warning_names_which(coordinator_client, office):
    days = {
        "title": "Dua hari", "starts_on": "2027-01-03", "days": "2", "zone": "Asia/Jakarta", "activities-0-kind": "training",
        "activities-0-title": "Kemarin", "activities-0-on": "2027-01-03", "activities-0-begins": "08:00",
        "activities-0-ends": "12:00", "activities-0-venue_id": "", "activities-0-capacity": "",
    }  # fmt: skip
    days |= {name.replace("-0-", "-1-"): value for name, value in days.items() if "-0-" in name}
    days |= {"activities-1-title": "Hari ini", "activities-1-on": "2027-01-04", "activities-1-begins": "13:00",
             "activities-1-ends": "15:00"}  # fmt: skip
    asked = coordinator_client.post("/programmes/new", data=days)
    assert (asked.status_code, activities()) == (200, 0)
    assert f"Kemarin {SENTENCE}" in text_of(asked.text)
    assert text_of(asked.text).count(SENTENCE) == 1
    seen = {"seen": button(asked.text, "Save all the same")}
    assert coordinator_client.post("/programmes/new", data=days | seen).status_code == 302
    assert activities() == 2


def test_an_office_can_forbid_drafts_in_the_past(coordinator_client, hall):
    blocked = {ClashKind.IN_THE_PAST: Severity.BLOCK}
    office_planning_rules.save(replace(planning_rules.values(), severities=blocked), by=None, now=NOW)
    page = coordinator_client.post("/activities/new", data=NEW | YESTERDAY | {"seen": "x"})
    assert (page.status_code, activities()) == (422, 0)
    assert f"It cannot be saved so. {SENTENCE}" in text_of(page.text)
    alone = draft_activity(None, hall, 18)
    path = f"/calendar/{alone.id}/move"
    looked = coordinator_client.get(path, query_string=filled(coordinator_client, path) | YESTERDAY)
    assert "It cannot be placed so." in text_of(looked.text)
    assert coordinator_client.post(path, data=filled_in(looked.text)).status_code == 422
    assert fresh(alone).starts_at == at(18, 8)

"""Resolutions of clashes in forms, before inviting and in the calendar, and where they lead."""

import re
from dataclasses import replace

import pytest

from outreach.domain.kinds import Role
from outreach.domain.planning.rules import ClashKind, Severity
from outreach.domain.states import ActivityState
from outreach.extensions import db
from outreach.models import Activity, AgendaItem, Invitation, Venue
from outreach.services.office import planning_rules as office_planning_rules
from outreach.services.planning import rules
from tests.support.copied import copied
from tests.web.clash_help import NEW, activities, button, filled
from tests.web.reading import fields, text_of
from tests.world import NOW, an_absence, an_invitation, at, draft_activity

pytestmark = pytest.mark.usefixtures("clock_stands")


@copied
def no_noon_break(office):
    """The office ignores the noon prayer, so that noon can be proposed."""
    values = rules.values()
    severities = {**values.severities, ClashKind.NOON_BREAK: Severity.IGNORE}
    office_planning_rules.save(replace(values, severities=severities), by=None, now=NOW)


def test_too_many_seats_for_the_hall_are_shown_before_saving_and_a_lower_number_fills_the_form(
    coordinator_client, hall, office
):
    data = NEW | {"venue_id": hall.id, "capacity": "101"}
    answer = coordinator_client.post("/activities/new", data=data)
    assert "101 seats are planned, and Aula Bappeda has room for 100." in text_of(answer.text)
    resolution = button(answer.text, "Plan only 100 seats")
    assert fields(coordinator_client.post("/activities/new", data=data | {"way": resolution}).text)["capacity"] == [
        "100"
    ]


def test_a_move_into_a_too_small_hall_links_to_the_form_with_the_seats(coordinator_client, activity, hall, coordinator):
    small = Venue(name="Balai kecil", capacity=20)
    activity.capacity, activity.state, activity.told_at = 40, ActivityState.PUBLISHED, NOW
    db.session.add(small)
    db.session.commit()
    address = f"/activities/{activity.id}/move"
    answer = coordinator_client.post(
        address, data=filled(coordinator_client, address, venue_id=small.id, reason="Dipakai")
    )
    assert "40 seats are planned, and Balai kecil has room for 20." in text_of(answer.text)
    back = f"back=%2Factivities%2F{activity.id}%2Fmove%3F"  # to the move, with what was typed
    assert re.search(
        rf'href="/activities/{activity.id}/edit\?capacity=20&amp;{back}[^"]+">Plan only 20 seats</a>', answer.text
    )
    shown = coordinator_client.get(f"/activities/{activity.id}/edit?capacity=20").text
    assert fields(shown)["capacity"] == ["20"]
    assert "It is filled in below, and not saved yet." in shown
    assert "not saved yet" not in coordinator_client.get(f"/activities/{activity.id}/edit").text
    longer = coordinator_client.get(f"/programmes/{activity.programme_id}/edit?days=5").text
    assert "It is filled in below, and not saved yet." in longer


BACK = "back=%2Ffindings%23clash-1"


def test_for_a_speaker_away_on_all_days_another_speaker_is_suggested(coordinator_client, activity, ani):
    an_invitation(activity, ani, Role.SPEAKER)
    an_absence(person=ani, starts_at=at(17, 0), ends_at=at(23, 0))
    html = coordinator_client.get("/findings").text
    invitation = db.session.query(Invitation).one()
    assert f'href="/invitations/{invitation.id}/withdraw?{BACK}">Ask somebody else in place of Ani Wijaya</a>' in html
    assert f'href="/invitations/{invitation.id}/answer?{BACK}">Note who comes for Ani Wijaya</a>' in html
    assert f'href="/free-times?activity={activity.id}&amp;{BACK}">Find another time</a>' in html
    line = AgendaItem(activity_id=activity.id, starts_at=at(18, 8), ends_at=at(18, 9), topic="Materi", speakers=[ani])
    db.session.add(line)
    db.session.commit()
    html = coordinator_client.get(f"/activities/{activity.id}").text
    assert (
        f'href="/activities/{activity.id}/agenda?back=%2Factivities%2F{activity.id}">Ask somebody else in place of Ani Wijaya</a>'
        in html
    )


# several activities created at once

PROGRAMME = {
    "title": "Empat hari", "starts_on": "2027-01-18", "days": "6", "zone": "Asia/Jakarta",
    "activities-0-kind": "coordination", "activities-0-title": "Rapat", "activities-0-on": "2027-01-18",
    "activities-0-begins": "08:00", "activities-0-ends": "12:00", "activities-0-venue_id": "",
    "activities-1-kind": "training", "activities-1-title": "Pelatihan", "activities-1-on": "2027-01-23",
    "activities-1-begins": "08:00", "activities-1-ends": "12:00", "activities-1-venue_id": "",
}  # fmt: skip


def test_a_new_programmes_warnings_are_shown_first_each_with_its_activity(coordinator_client, office):
    answer = coordinator_client.post("/programmes/new", data=PROGRAMME)
    assert answer.status_code == 200
    assert "Pelatihan Saturday, 23 January 2027 is at the weekend." in text_of(answer.text)
    assert activities() == 0
    resolution = button(answer.text, "Move it to Fri, 22 Jan 2027, 07:30 WIB")
    again = fields(coordinator_client.post("/programmes/new", data=PROGRAMME | {"way": resolution}).text)
    assert (again["activities-0-on"], again["activities-0-begins"]) == (["2027-01-18"], ["08:00"])
    assert (again["activities-1-on"], again["activities-1-begins"]) == (["2027-01-22"], ["07:30"])
    seen = button(answer.text, "Save all the same")
    assert coordinator_client.post("/programmes/new", data=PROGRAMME | {"seen": seen}).status_code == 302
    assert activities() == 2


@pytest.mark.usefixtures("no_noon_break")
def test_blocking_clashes_of_a_new_programme_are_shown_with_resolutions(coordinator_client, activity, hall):
    data = PROGRAMME | {"activities-0-venue_id": hall.id, "activities-1-title": "", "activities-1-on": ""}
    answer = coordinator_client.post("/programmes/new", data=data)
    assert answer.status_code == 422
    assert "It cannot be saved so." in text_of(answer.text)
    assert "Aula Bappeda is taken by" in text_of(answer.text)
    resolution = button(answer.text, "Move it to Mon, 18 Jan 2027, 12:00 WIB")
    assert fields(coordinator_client.post("/programmes/new", data=data | {"way": resolution}).text)[
        "activities-0-begins"
    ] == ["12:00"]
    assert activities() == 1


@pytest.mark.parametrize(
    "resolution", ["of=-999990&on=2027-01-25", "of=x", "of=-" + "9" * 30, "of=1&on=2027-01-25", "on=2027-01-25"]
)
def test_a_resolution_for_a_missing_row_changes_nothing(coordinator_client, office, resolution):
    answer = coordinator_client.post("/programmes/new", data=PROGRAMME | {"way": resolution})
    assert answer.status_code == 200
    assert fields(answer.text)["activities-0-on"] == ["2027-01-18"]


COMMUNITY = {
    "kind": "outreach", "title": "Sosialisasi", "on": "2027-01-23", "begins": "09:00", "ends": "11:00",
    "zone": "Asia/Jakarta", "venue_id": "", "programme_id": "", "capacity": "30", "kecamatan": ["18.72.01", "18.72.04"],
}  # fmt: skip


def test_a_clash_of_all_kelurahan_is_shown_once_and_its_resolution_changes_them_all(coordinator_client, office):
    answer = coordinator_client.post("/activities/community", data=COMMUNITY)
    assert answer.status_code == 200
    said = text_of(answer.text)
    assert said.count("Saturday, 23 January 2027 is at the weekend.") == 1
    assert "Sosialisasi Metro, Sosialisasi Imopuro, and Sosialisasi Yosodadi Saturday" in said
    resolution = button(answer.text, "Move it to Mon, 25 Jan 2027, 09:00 WIB")
    again = coordinator_client.post("/activities/community", data=COMMUNITY | {"way": resolution})
    assert fields(again.text)["on"] == ["2027-01-25"]
    seen = button(answer.text, "Save all the same")
    assert coordinator_client.post("/activities/community", data=COMMUNITY | {"seen": seen}).status_code == 302
    assert activities() == 3


def test_a_copy_shows_the_clashes_on_its_days_and_days_without_any(coordinator_client, programme, activity):
    address = f"/programmes/{programme.id}/copy"
    data = {"title": "Salinan", "starts_on": "2027-01-30"}
    answer = coordinator_client.post(address, data=data)
    assert answer.status_code == 200
    assert "Saturday, 30 January 2027 is at the weekend." in text_of(answer.text)
    assert activities() == 1
    better = re.search(r'name="first" value="([^"]*)"', answer.text)[1]
    assert better == "2027-02-01"
    again = coordinator_client.post(address, data=data | {"first": better})
    assert fields(again.text)["starts_on"] == [better]
    assert activities() == 1
    seen = button(answer.text, "Copy all the same")
    assert coordinator_client.post(address, data=data | {"seen": seen}).status_code == 302
    assert activities() == 2


@pytest.mark.parametrize("first", ["", "x", "2000-01-01", "9999-12-31"])
def test_a_manipulated_first_day_copies_nothing(coordinator_client, programme, activity, first):
    answer = coordinator_client.post(
        f"/programmes/{programme.id}/copy", data={"title": "Salinan", "starts_on": "2027-01-30", "first": first}
    )
    assert answer.status_code == 422
    assert activities() == 1


# before inviting


def test_before_inviting_everyone_who_clashes_can_be_left_out_at_once(coordinator_client, activity, ani, budi, hall):
    an_absence(person=ani, starts_at=at(18, 0), ends_at=at(19, 0))
    address = f"/activities/{activity.id}/invite/people"
    data = {"role": "speaker", "activity_ids": activity.id, "person_ids": [ani.id, budi.id], "do": "check"}
    answer = coordinator_client.post(address, data=data)
    assert "They cannot be invited so." in text_of(answer.text)
    assert f'name="without" value="{ani.id}">Do without Ani Wijaya</button>' in answer.text
    assert f'href="/activities/{activity.id}/edit?on=2027-01-19' in answer.text  # or another day
    kept = fields(answer.text)
    again = coordinator_client.post(
        address, data={name: kept[name] for name in ("role", "activity_ids", "person_ids")} | {"without": ani.id}
    )
    said = text_of(again.text)
    assert "1 chosen: Budi Santoso." in said
    assert "is away" not in said
    kept = fields(again.text)
    assert kept["person_ids"] == [str(budi.id)]
    coordinator_client.post(
        address,
        data={name: kept[name] for name in ("role", "activity_ids", "person_ids", "without")} | {"do": "invite"},
    )
    assert [invitation.person_id for invitation in db.session.query(Invitation)] == [budi.id]


def test_cadres_of_a_kelurahan_are_invited_without_those_who_are_elsewhere(coordinator_client, activity, ani, budi):
    other_activity = draft_activity(None, None, 18)
    an_invitation(other_activity, ani, Role.CADRE)
    address = f"/activities/{activity.id}/invite/cadres"
    codes = ["18.72.01.1003", "18.72.04.1001"]
    data = {"activity_ids": activity.id, "kinds": ["patbm", "pkk"], "region_codes": codes}
    answer = coordinator_client.post(address, data=data)
    assert f'name="without" value="{ani.id}">Do without Ani Wijaya</button>' in answer.text
    again = coordinator_client.post(address, data=data | {"without": ani.id})
    assert fields(again.text)["without"] == [str(ani.id)]
    coordinator_client.post(address, data=data | {"without": ani.id, "do": "invite"})
    asked = db.session.query(Invitation).filter_by(activity_id=activity.id)
    assert [invitation.person_id for invitation in asked] == [budi.id]


def test_for_offices_a_too_small_hall_is_reported_with_their_seats(coordinator_client, activity, police, hall):
    hall.capacity = 5
    db.session.commit()
    address = f"/activities/{activity.id}/invite/organisations"
    data = {"activity_ids": activity.id, "organisation_ids": police.id, f"quota-{police.id}": "6"}
    answer = coordinator_client.post(address, data=data)
    assert "6 people are expected, and Aula Bappeda has room for 5." in text_of(answer.text)


# in the calendar


@pytest.mark.usefixtures("no_noon_break")
def test_in_the_calendar_a_resolution_leads_to_its_preview_there(coordinator_client, activity, hall, programme):
    other_activity = draft_activity(programme, hall, 19)
    address = f"/calendar/{activity.id}/move"
    query = {
        "on": "2027-01-19", "begins": "08:00", "ends": "12:00", "ends_on": "", "venue_id": hall.id,
        "version": activity.version, "back": "/calendar?view=week",
    }  # fmt: skip
    html = coordinator_client.get(address, query_string=query).text
    assert f"is taken by “{other_activity.title}”" in text_of(html)
    [link] = re.findall(r'href="([^"]*)" data-inside>Move it to Tue, 19 Jan 2027, 12:00 WIB', html)
    moved = coordinator_client.get(link.replace("&amp;", "&")).text
    assert "Nothing clashes at this time." in text_of(moved)
    kept = {name: found[0] for name, found in fields(moved).items()}
    assert kept["back"] == "/calendar?view=week"
    assert coordinator_client.post(address, data=kept).status_code == 302
    assert db.session.get_one(Activity, activity.id).starts_at == at(19, 12)


def test_in_the_calendar_no_resolution_proposes_the_present_time_and_venue(coordinator_client, programme, hall):
    activity = draft_activity(programme, hall, 21)
    query = {
        "on": "2027-01-23", "begins": "08:00", "ends": "12:00", "ends_on": "", "venue_id": hall.id,
        "version": activity.version, "back": "/calendar?view=week",
    }  # fmt: skip
    html = coordinator_client.get(f"/calendar/{activity.id}/move", query_string=query).text
    assert "It lies outside its programme" in html
    assert re.findall(r'href="([^"]*)" data-inside>Move it to', html) == []
    assert "Let the programme last" in html  # the other resolutions stay
    assert "Leave it as it was" in html


@pytest.mark.usefixtures("no_noon_break")
def test_in_the_calendar_each_resolution_appears_once_with_what_it_resolves(coordinator_client, hall, office):
    activity, other = draft_activity(None, hall, 18), draft_activity(None, hall, 23)
    query = {
        "on": "2027-01-23", "begins": "08:00", "ends": "12:00", "ends_on": "", "venue_id": hall.id,
        "version": activity.version, "back": "/calendar?view=week",
    }  # fmt: skip
    html = coordinator_client.get(f"/calendar/{activity.id}/move", query_string=query).text
    assert f"is taken by “{other.title}”" in text_of(html)
    assert "Saturday, 23 January 2027 is at the weekend." in text_of(html)
    resolutions = re.findall(r"<li><a [^>]*>([^<]*)</a>(?:<span[^>]*>([^<]*)</span>)?</li>", html)
    assert [(words, said) for words, said in resolutions if "Move it to" in words] == [
        ("Move it to Mon, 25 Jan 2027, 08:00 WIB", "resolves all of it"),
        ("Move it to Sat, 23 Jan 2027, 12:00 WIB", "resolves: Venue taken"),
    ]
    assert html.count("Move it to") == 2
    query["begins"], query["ends"] = "13:00", "15:00"  # then only the weekend is left
    html = coordinator_client.get(f"/calendar/{activity.id}/move", query_string=query).text
    assert "Move it to Mon, 25 Jan 2027, 13:00 WIB</a></li>" in html

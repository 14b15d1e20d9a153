"""The calendar's pages: what they show without script, what the drawn calendar requests, and moves in two steps."""

import json
import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from outreach.domain.kinds import Role
from outreach.domain.planning.parties import AbsenceSource
from outreach.domain.planning.rules import ClashKind, Severity
from outreach.domain.states import ActivityState
from outreach.extensions import db
from outreach.models import Absence, Activity, Venue
from outreach.services.activities import publish as publishing
from outreach.services.invitations import invite as inviting
from outreach.services.office import planning_rules as office_planning_rules
from outreach.services.planning import rules as planning_rules
from outreach.services.planning.rules import PlanValues
from tests.web.reading import fields
from tests.world import NOW, at, draft_activity, fresh, log_in

pytestmark = pytest.mark.usefixtures("clock_stands", "browsers")


MONTH = "/calendar?on=2027-01-15"


def drop(activity: Activity, starts: str, ends: str, **values: object) -> str:
    """Return the address that the drawn calendar requests after a drop."""
    query = {"starts": starts, "ends": ends, "version": activity.version, "back": MONTH, **values}
    return f"/calendar/{activity.id}/move?" + "&".join(f"{k}={str(v).replace('?', '%3F')}" for k, v in query.items())


def press_move(client, activity: Activity, page: str, **changes: str):
    """Press the button on the preview page of a move."""
    form = {name: values[0] for name, values in fields(page if "<main" in page else f"<main>{page}</main>").items()}
    return client.post(f"/calendar/{activity.id}/move", data={**form, **changes})


# --- Pages without script


@pytest.mark.parametrize(
    ("query", "title", "shown"),
    [
        ("on=2027-01-15", "January 2027", True),
        ("view=week&on=2027-01-20", "18–24 January 2027", True),
        ("view=day&on=2027-01-18", "Monday, 18 January 2027", True),
        ("view=day&on=2027-01-19", "Tuesday, 19 January 2027", False),
        ("view=rows&on=2027-01-18", "18–21 January 2027", True),
        ("view=rows&rows=speakers&on=2027-01-18", "18–21 January 2027", True),
        ("view=rows&on=2027-01-22", "22–25 January 2027", False),
    ],
)
def test_each_view_shows_its_days_without_a_script(any_app, activity, coordinator_client, query, title, shown):
    page = coordinator_client.get(f"/calendar?{query}").text
    assert f"<h1>{title}</h1>" in page
    plain = page[page.index('id="calendar-plain"') :]
    assert ("Rapat koordinasi pencegahan kekerasan" in plain) is shown
    assert (f'href="/activities/{activity.id}"' in plain) is shown


def test_a_programmes_rows_are_its_own_days(app, programme, activity, coordinator_client):
    page = coordinator_client.get(f"/calendar?view=rows&programme={programme.id}").text
    assert "<h1>18–21 January 2027</h1>" in page
    assert 'data-days="4"' in page
    programme.ends_on = programme.starts_on + timedelta(days=90)
    db.session.commit()
    assert 'data-days="14"' in coordinator_client.get(f"/calendar?view=rows&programme={programme.id}").text


WRONG = (
    "view=year", "on=nonsense", "on=2027-02-30", "programme=x", "rows=x&view=rows", "on=9999-12-31", "on=0001-01-01",
    "view=month&on=2150-12-31", "venue=99999999999999",
)  # fmt: skip


@pytest.mark.parametrize("query", WRONG)
def test_invalid_parameters_are_ignored(app, coordinator_client, query):
    assert coordinator_client.get(f"/calendar?{query}").status_code == 200


def test_days_off_ramadan_and_breaks_are_shown_in_words(app, office, coordinator_client):
    month = coordinator_client.get("/calendar?on=2027-02-01").text
    assert "Tahun Baru Imlek" in month
    assert "Cuti Bersama Tahun Baru Imlek" in month
    assert 'data-day="2027-02-08" data-note="Ramadan" data-kind="ramadan"' in month
    day = coordinator_client.get("/calendar?view=day&on=2027-01-22").text
    assert "Office hours 07:30–16:30, break 11:30–13:00" in day


def test_links_to_other_views_and_days_keep_the_filters(app, programme, activity, coordinator_client):
    page = coordinator_client.get(f"/calendar?on=2027-01-15&programme={programme.id}&region=18.72.01").text
    for found in re.findall(r'href="(/calendar\?[^"]+)"', page[page.index("cal-bar") : page.index("cal-filters")]):
        query = parse_qs(urlsplit(found.replace("&amp;", "&")).query)
        assert (query["programme"], query["region"]) == ([str(programme.id)], ["18.72.01"])


def test_a_viewer_sees_the_calendar_and_moves_nothing(any_app, published, viewer_client):
    page = viewer_client.get("/calendar?view=week&on=2027-01-18").text
    assert "Rapat koordinasi pencegahan kekerasan" in page
    assert 'data-move=""' in page
    assert "Move …" not in page
    (event,) = [shown for shown in viewer_client.get(events(view="week")).json if "id" in shown]
    assert (event["editable"], event["extendedProps"]["move"]) == (False, "")
    assert viewer_client.get(drop(published, "2027-01-19T08:00:00", "2027-01-19T12:00:00")).status_code == 403
    assert viewer_client.post(f"/calendar/{published.id}/move").status_code == 403
    assert viewer_client.post("/calendar/undo").status_code == 403


# --- Data for the drawn calendar


def events(start: str = "2027-01-18", end: str = "2027-01-25", **query: object) -> str:
    asked = {"start": start, "end": end, **query}
    return "/calendar/events.json?" + "&".join(f"{name}={value}" for name, value in asked.items())


def test_activities_are_given_in_the_offices_local_time(any_app, programme, hall, coordinator_client):
    made = draft_activity(
        programme, hall, zone=ZoneInfo("Asia/Makassar"), title="Rapat", starts_at=at(19, 7), ends_at=at(19, 11),
        registration_at=None,
    )  # fmt: skip
    (event,) = [shown for shown in coordinator_client.get(events(view="week")).json if "id" in shown]
    assert (event["start"], event["end"]) == ("2027-01-19T07:00:00", "2027-01-19T11:00:00")
    assert (event["id"], event["editable"], event["classNames"]) == (str(made.id), True, ["cal-draft"])
    assert event["extendedProps"]["about"] == "08:00–12:00 WITA, Rapat, Aula Bappeda, Draft"


def test_a_held_activity_cannot_be_dragged(app, activity, coordinator_client):
    activity.state = ActivityState.HELD
    db.session.commit()
    (event,) = [shown for shown in coordinator_client.get(events(view="week")).json if "id" in shown]
    assert event["editable"] is False


def test_breaks_and_days_off_are_drawn_in_the_background(app, office, coordinator_client):
    found = coordinator_client.get(events("2027-02-01", "2027-02-15", view="week")).json
    behind = {(event["start"], event["classNames"][0]): event.get("title", "") for event in found}
    assert behind["2027-02-12T11:30:00", "cal-behind-break"] == "Friday prayer"
    assert behind["2027-02-01T12:00:00", "cal-behind-break"] == "Noon prayer and break"
    assert ("2027-02-06T00:00:00", "cal-behind-off") in behind
    assert ("2027-02-05T00:00:00", "cal-behind-joint") in behind
    assert ("2027-02-08T00:00:00", "cal-behind-ramadan") in behind
    assert ("2027-02-06T12:00:00", "cal-behind-break") not in behind


def test_venues_and_speakers_are_rows(app, programme, hall, activity, chief, coordinator_client):
    inviting.invite_people([activity.id], [chief.id], Role.SPEAKER, by=None, now=NOW)
    (event,) = [row for row in coordinator_client.get(events(view="rows")).json if "id" in row]
    assert event["resourceIds"] == [str(hall.id)]
    (event,) = [row for row in coordinator_client.get(events(view="rows", rows="speakers")).json if "id" in row]
    assert event["resourceIds"] == [str(chief.id)]
    page = coordinator_client.get("/calendar?view=rows&rows=speakers&on=2027-01-18").text
    resources = json.loads(re.search(r'data-resources="([^"]*)"', page)[1].replace("&#34;", '"'))
    assert resources == [{"id": str(chief.id), "title": "Kapolres Metro"}]


def test_a_venues_closed_times_are_drawn_in_its_row(app, hall, activity, coordinator_client):
    absence = Absence(venue_id=hall.id, starts_at=at(20, 8), ends_at=at(20, 12), zone="Asia/Jakarta", reason="Rapat paripurna",
                      source=AbsenceSource.COORDINATOR)  # fmt: skip
    db.session.add(absence)
    db.session.commit()
    found = coordinator_client.get(events(view="rows")).json
    (closed,) = [event for event in found if event.get("classNames") == ["cal-behind-absent"]]
    assert (closed["start"], closed["end"], closed["title"], closed["resourceIds"]) == (
        "2027-01-20T08:00:00", "2027-01-20T12:00:00", "Rapat paripurna", [str(hall.id)],
    )  # fmt: skip
    assert (
        "not available: Wed, 20 Jan 2027, 08:00–12:00 WIB"
        in coordinator_client.get("/calendar?view=rows&on=2027-01-18").text
    )


@pytest.mark.parametrize(
    ("start", "end", "status"),
    [
        ("2027-01-01", "2028-02-05", 200),  # 400 days
        ("2027-01-01", "2028-02-06", 400),
        ("2027-01-02", "2027-01-01", 400),
        ("", "2027-01-01", 400),
        ("2027-01-01", "tomorrow", 400),
        ("0001-01-01", "0001-01-02", 400),
        ("9999-12-30", "9999-12-31", 400),
    ],
)
def test_a_range_is_limited(app, office, coordinator_client, start, end, status):
    answer = coordinator_client.get(events(start, end))
    assert answer.status_code == status
    assert isinstance(answer.json, list if status == 200 else dict)
    if status == 400:
        assert answer.json["error"].endswith(".")


# --- Moving


def test_a_drop_shows_the_preview_and_changes_nothing(any_app, published, coordinator_client):
    answer = coordinator_client.get(
        drop(published, "2027-01-19T09:00:00", "2027-01-19T13:00:00"), headers={"X-Fragment": "1"}
    )
    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert "Tuesday, 19 January 2027, 09:00–13:00 WIB" in answer.text
    assert "Who gets which mail when" in answer.text
    assert "Move and tell them" in answer.text
    assert fresh(published).starts_at == at(18)


def test_a_published_activity_is_moved_with_its_reason_and_back(any_app, published, coordinator_client):
    page = coordinator_client.get(drop(published, "2027-01-19T09:00:00", "2027-01-19T13:00:00")).text
    refused = press_move(coordinator_client, published, page)
    assert (refused.status_code, "Please give the reason" in refused.text) == (422, True)
    assert "Who gets which mail when" in refused.text
    moved = press_move(coordinator_client, published, page, reason="Aula dipakai rapat paripurna")
    assert (moved.status_code, moved.location) == (302, MONTH)
    assert fresh(published).starts_at == at(19, 9)

    calendar = coordinator_client.get(MONTH).text
    assert "Everyone who was told of it gets the news." in calendar
    back = re.search(r'href="(/calendar/\d+/move\?[^"]*undo=1[^"]*)"', calendar)[1].replace("&amp;", "&")
    page = coordinator_client.get(back).text
    assert "Take the move back" in page
    assert "Who gets which mail when" in page
    assert 'value="It goes back to the time and place announced before."' in page
    assert fresh(published).starts_at == at(19, 9)  # the preview changed nothing
    assert press_move(coordinator_client, published, page).status_code == 302
    assert fresh(published).starts_at == at(18)
    assert "Take it back" not in coordinator_client.get(MONTH).text


def test_a_draft_is_moved_and_the_move_undone_by_one_button(any_app, activity, coordinator_client):
    page = coordinator_client.get(drop(activity, "2027-01-20T13:00:00", "2027-01-20T16:00:00")).text
    assert "It is a draft, so nobody is told." in page
    assert press_move(coordinator_client, activity, page).status_code == 302
    assert fresh(activity).starts_at == at(20, 13)
    assert "Take it back" in coordinator_client.get(MONTH).text
    undone = coordinator_client.post("/calendar/undo", data={"back": MONTH})
    assert (undone.status_code, undone.location) == (302, MONTH)
    assert fresh(activity).starts_at == at(18)
    assert "nothing to take back" in coordinator_client.post("/calendar/undo", follow_redirects=True).text
    assert fresh(activity).starts_at == at(18)


def test_a_move_cannot_be_undone_after_somebody_changed_the_activity(any_app, activity, coordinator_client):
    page = coordinator_client.get(drop(activity, "2027-01-20T13:00:00", "2027-01-20T16:00:00")).text
    press_move(coordinator_client, activity, page)
    db.session.get(Activity, activity.id).title = "Judul baru"
    db.session.commit()
    assert "Take it back" not in coordinator_client.get(MONTH).text
    said = coordinator_client.post("/calendar/undo", follow_redirects=True).text
    assert "Somebody else saved this meanwhile." in said
    assert fresh(activity).starts_at == at(20, 13)


def test_undo_is_offered_for_half_an_hour(any_app, activity, coordinator_client, monkeypatch):
    page = coordinator_client.get(drop(activity, "2027-01-20T13:00:00", "2027-01-20T16:00:00")).text
    press_move(coordinator_client, activity, page)
    monkeypatch.setattr("outreach.clock.now", lambda: NOW + timedelta(minutes=31))
    assert "Take it back" not in coordinator_client.get(MONTH).text


def test_only_the_person_who_moved_can_undo_the_move(any_app, activity, coordinator_client, administrator):
    page = coordinator_client.get(drop(activity, "2027-01-20T13:00:00", "2027-01-20T16:00:00")).text
    press_move(coordinator_client, activity, page)
    other = log_in(any_app, administrator)
    assert "Take it back" not in other.get(MONTH).text
    other.post("/calendar/undo")
    assert fresh(activity).starts_at == at(20, 13)


def test_a_blocking_clash_is_shown_with_a_link_to_another_time(any_app, programme, hall, activity, coordinator_client):
    draft_activity(programme, hall, 19, title="Pelatihan")
    page = coordinator_client.get(drop(activity, "2027-01-19T10:00:00", "2027-01-19T14:00:00")).text
    assert (
        'class="cal-key-block">Clashes</li><li class="cal-key-warn">To look at</li>'
        in coordinator_client.get(MONTH).text
    )
    assert "Aula Bappeda is taken by “Pelatihan”" in page
    assert "It cannot be placed so." in page
    assert '<button class="btn btn-primary" type="submit"' not in page[page.index("cal-clashes") :]
    forced = press_move(coordinator_client, activity, page)
    assert (forced.status_code, fresh(activity).starts_at) == (422, at(18))


def test_the_form_moves_an_activity_without_dragging(any_app, activity, coordinator_client):
    other_venue = Venue(name="Wisma Haji")
    db.session.add(other_venue)
    db.session.commit()
    page = coordinator_client.get(f"/calendar/{activity.id}/move?back=/calendar%3Fon%3D2027-01-15").text
    form = {name: values[0] for name, values in fields(page).items()}
    assert (form["on"], form["begins"], form["ends"], form["venue_id"]) == (
        "2027-01-18", "08:00", "12:00", str(activity.venue_id),
    )  # fmt: skip
    asked = {**form, "on": "2027-01-21", "begins": "09:30", "ends": "11:00", "venue_id": str(other_venue.id)}
    page = coordinator_client.get(f"/calendar/{activity.id}/move", query_string=asked).text
    assert "Thursday, 21 January 2027, 09:30–11:00 WIB" in page
    assert "Wisma Haji" in page
    moved = press_move(coordinator_client, activity, page)
    assert (moved.status_code, moved.location) == (302, MONTH)
    assert (fresh(activity).starts_at, activity.venue_id) == (at(21, 9, 30), other_venue.id)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"ends": "07:00"}, "The end must be later than the start."),
        ({"on": ""}, "Please choose the day."),
        ({"version": "99"}, "Somebody else saved this meanwhile."),
        ({}, "Time and place are the same as before"),
    ],
)
def test_invalid_input_in_the_form_is_reported(app, activity, coordinator_client, change, sentence):
    page = coordinator_client.get(f"/calendar/{activity.id}/move").text
    form = {name: values[0] for name, values in fields(page).items()}
    answer = coordinator_client.get(f"/calendar/{activity.id}/move", query_string={**form, **change})
    assert (answer.status_code, sentence in answer.text) == (422, True)


NO_DROPS = (
    "starts=x&ends=y",
    "starts=2027-01-19T09:00:00",
    "starts=2027-01-19T09:00:00%2B07:00&ends=2027-01-19T10:00:00",
)


@pytest.mark.parametrize("query", NO_DROPS)
def test_an_invalid_drop_shows_the_error(app, activity, coordinator_client, query):
    answer = coordinator_client.get(f"/calendar/{activity.id}/move?{query}")
    assert answer.status_code in (200, 422)
    assert fresh(activity).starts_at == at(18)


ELSEWHERE = (
    "https://example.com/", "//example.com", "/calendar", "/logout", "javascript:alert(1)", "/calendar?\r\nx",
)  # fmt: skip


@pytest.mark.parametrize("back", ELSEWHERE)
def test_the_return_link_leads_only_to_the_calendar(app, activity, coordinator_client, back):
    page = coordinator_client.get(f"/calendar/{activity.id}/move", query_string={"back": back}).text
    assert fields(page)["back"] == ["/calendar?on=2027-01-18"]


def test_a_drop_in_another_row_sets_that_rows_venue(any_app, programme, hall, activity, coordinator_client):
    other_venue = Venue(name="Wisma Haji")
    db.session.add(other_venue)
    db.session.commit()
    page = coordinator_client.get(
        drop(activity, "2027-01-18T08:00:00", "2027-01-18T12:00:00", venue=other_venue.id)
    ).text
    assert "Wisma Haji" in page
    press_move(coordinator_client, activity, page)
    assert db.session.get(Activity, activity.id).venue_id == other_venue.id
    page = coordinator_client.get(
        drop(db.session.get(Activity, activity.id), "2027-01-18T08:00:00", "2027-01-18T12:00:00", venue="none")
    ).text
    press_move(coordinator_client, activity, page)
    db.session.expire_all()
    assert db.session.get(Activity, activity.id).venue_id is None


def test_an_unknown_activity_is_reported(app, coordinator_client):
    assert coordinator_client.get("/calendar/999/move").status_code == 404


# --- Queries of a move


def plan_readings(statements: list[str]) -> int:
    """Return how often the plan was read: no other query reads the positions of all venues."""
    return sum(bool(re.search(r"venue\.longitude\s+FROM venue\s*$", statement)) for statement in statements)


@pytest.mark.parametrize("is_published", [False, True])
def test_a_move_reads_the_plan_once_to_preview_and_once_to_save(
    any_app, activity, coordinator, coordinator_client, statements, is_published
):
    if is_published:
        publishing.publish([activity.id], by=coordinator, now=NOW)
    address = drop(activity, "2027-01-19T07:30:00", "2027-01-19T11:30:00")
    path, pages, answers = f"/calendar/{activity.id}/move", [], []
    assert plan_readings(statements(lambda: pages.append(coordinator_client.get(address).text))) == 1
    assert "Nothing clashes at this time." in pages[0]
    form = {name: values[0] for name, values in fields(pages[0]).items()} | {"reason": "Aula dipakai"}
    assert plan_readings(statements(lambda: answers.append(coordinator_client.post(path, data=form)))) == 1
    assert [answer.status_code for answer in answers] == [302]
    assert db.session.scalars(sa.select(Activity.starts_at)).all() == [at(19, 7, 30)]


READS = {
    "the rules": r"FROM \(SELECT .* AS one\)",
    "the places": r"venue\.longitude\s+FROM venue\s*$",
    "the programmes": r"SELECT programme\.id, programme\.title, programme\.starts_on, programme\.ends_on, programme\.zone",
    "the absences": r"SELECT absence\.id, absence\.person_id",
}


def reads(statements: list[str]) -> dict[str, int]:
    """Return how often each part of the plan that does not depend on the time was read."""
    flat = [" ".join(statement.split()) for statement in statements]
    return {what: sum(bool(re.search(pattern, statement)) for statement in flat) for what, pattern in READS.items()}


@pytest.mark.parametrize("page", ["/calendar/{id}/move", "/activities/{id}/move"])
def test_a_move_that_clashes_reads_the_plan_once_to_preview_and_once_to_refuse(
    any_app, activity, coordinator, coordinator_client, statements, page
):
    """The clash is a Saturday, and the page proposes a working day, so the days around are read too."""
    severities = {ClashKind.WEEKEND: Severity.BLOCK, ClashKind.OUTSIDE_PROGRAMME: Severity.IGNORE}
    office_planning_rules.save(PlanValues(severities=severities), by=None, now=NOW)
    publishing.publish([activity.id], by=coordinator, now=NOW)
    id_, path, answers = activity.id, page.format(id=activity.id), []
    form = fields(coordinator_client.get(f"/activities/{activity.id}/move").text)
    form = {name: values[0] for name, values in form.items()} | {"reason": "Aula dipakai", "on": "2027-01-23"}
    if page.startswith("/calendar"):
        address = drop(activity, "2027-01-23T08:00:00", "2027-01-23T12:00:00")
        preview = statements(lambda: answers.append(coordinator_client.get(address)))
    else:
        preview = statements(lambda: answers.append(coordinator_client.post(path, data=form)))
    once = {"the places": 1, "the programmes": 1, "the absences": 1}
    assert reads(preview) == {"the rules": 1, **once}
    refusal = statements(lambda: answers.append(coordinator_client.post(path, data={**form, "confirm": "1"})))
    assert reads(refusal).items() >= once.items()
    for answer in answers:
        assert "2027-01-25" in answer.text  # Monday is proposed
        assert "Saturday" in answer.text
    assert answers[-1].status_code == 422
    assert db.session.get(Activity, id_).starts_at == at(18)


def test_a_clash_found_only_by_the_booking_is_shown_in_the_preview_too(
    any_app, programme, hall, activity, coordinator_client
):
    """They clashed before, when the office only warned: a move to another clashing time gives no new clash."""
    office_planning_rules.save(PlanValues(severities={ClashKind.VENUE_TAKEN: Severity.WARN}), by=None, now=NOW)
    draft_activity(programme, hall, 18, title="Pelatihan", holds_venue=False)
    office_planning_rules.save(PlanValues(version=planning_rules.values().version), by=None, now=NOW)
    page = coordinator_client.get(drop(activity, "2027-01-18T09:00:00", "2027-01-18T13:00:00")).text
    assert "Aula Bappeda is taken until" in page
    assert "It cannot be placed so." in page
    assert "Nothing clashes at this time." not in page
    assert '<button class="btn btn-primary" type="submit"' not in page[page.index("cal-clashes") :]
    assert (press_move(coordinator_client, activity, page).status_code, fresh(activity).starts_at) == (422, at(18))


# --- Where it opens


def test_the_calendar_opens_in_the_month_of_the_next_activity(hall, coordinator_client):
    assert "January 2027" in coordinator_client.get("/calendar").text
    draft_activity(None, hall, 3, starts_at=at(3, 8, month=1), ends_at=at(3, 12, month=1))  # over by now
    draft_activity(None, hall, 18, starts_at=at(2, 8, month=3), ends_at=at(2, 12, month=3))
    assert "<title>March 2027" in coordinator_client.get("/calendar").text
    assert "<title>1–7 March 2027" in coordinator_client.get("/calendar?view=week").text
    assert "<title>January 2027" in coordinator_client.get(MONTH).text
    draft_activity(None, hall, 18)
    assert "<title>January 2027" in coordinator_client.get("/calendar").text


def test_a_filtered_calendar_opens_at_the_next_activity_of_its_filter(activity, hall, coordinator_client):
    other_venue = Venue(name="Balai", region_code="18.72.04.1001")
    draft_activity(None, other_venue, 18, starts_at=at(2, 8, month=3), ends_at=at(2, 12, month=3))
    assert "<title>March 2027" in coordinator_client.get(f"/calendar?venue={other_venue.id}").text


def test_only_the_calendar_page_directly_after_a_move_offers_to_undo_it(activity, coordinator_client):
    page = coordinator_client.get(drop(activity, "2027-01-19T08:00:00", "2027-01-19T12:00:00")).text
    answer = press_move(coordinator_client, activity, page)
    shown = coordinator_client.get(answer.location).text
    assert "Take it back" in shown
    assert re.search(r'class="cal-undo"[^>]*data-seconds="(\d+)"', shown)[1] == "1800"
    for other in ("/calendar?on=2027-02-15", "/calendar?view=week&on=2027-01-19", "/calendar"):
        assert "Take it back" not in coordinator_client.get(other).text
    assert "Take it back" in coordinator_client.get(answer.location).text


@pytest.mark.parametrize("state", [ActivityState.CANCELLED, ActivityState.HELD])
@pytest.mark.parametrize("query", ["", "?on=2027-01-19&begins=08:00&ends=12:00&zone=Asia/Jakarta&version=1", "?undo=1"])
def test_an_activity_that_is_over_leads_back_to_its_page(activity, coordinator_client, state, query):
    activity.state = state
    db.session.commit()
    for answer in (
        coordinator_client.get(f"/calendar/{activity.id}/move{query}"),
        coordinator_client.get(drop(activity, "2027-01-19T08:00", "2027-01-19T12:00")),
    ):
        assert (answer.status_code, answer.location) == (302, f"/activities/{activity.id}")
    sent = coordinator_client.post(f"/calendar/{activity.id}/move", data={"on": "2027-01-19", "version": "1"})
    assert sent.status_code in {302, 422}

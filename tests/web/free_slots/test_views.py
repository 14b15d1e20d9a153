"""The page that finds a free slot: the search is in the address, the results below link to the form."""

import re

import pytest

from outreach.domain.kinds import Role
from outreach.domain.states import ActivityState
from outreach.extensions import db
from outreach.settings import ROOT
from tests.web.reading import fields
from tests.world import an_invitation, at, draft_activity

pytestmark = pytest.mark.usefixtures("clock_stands")

FIND = {"do": "find", "length": "120", "first": "2027-01-18", "last": "2027-01-18", "venue": "any", "people": "20"}


def find(client, **changes):
    return client.get("/free-times", query_string={**FIND, **changes})


def test_the_page_first_searches_for_two_hours_in_the_next_two_weeks(coordinator_client, hall):
    page = coordinator_client.get("/free-times").text
    assert 'value="120"' in page
    assert 'value="2027-01-04"' in page
    assert 'value="2027-01-17"' in page


def test_a_free_hall_at_a_good_hour_links_to_the_form_with_both(coordinator_client, hall):
    page = find(coordinator_client).text
    assert "08:00–10:00 WIB" in page
    assert hall.name in page
    link = f"/activities/new?on=2027-01-18&amp;begins=08:00&amp;ends=10:00&amp;zone=Asia/Jakarta&amp;venue_id={hall.id}"
    assert link in page
    form = coordinator_client.get(link.replace("&amp;", "&")).text
    assert 'value="2027-01-18"' in form
    assert f'selected value="{hall.id}"' in form


def test_the_required_people_are_preselected_for_inviting_after_the_activity_is_created(
    coordinator_client, office, ani, hall
):
    page = find(coordinator_client, person=ani.id).text
    link = re.search(r'href="(/activities/new[^"]*)">Use this time', page)[1].replace("&amp;", "&")
    form = {name: found[0] for name, found in fields(coordinator_client.get(link).text).items()}
    made = coordinator_client.post(link, data={**form, "title": "Rakor", "kind": "coordination"}, follow_redirects=True)
    assert made.request.path.endswith("/invite/people")
    assert fields(made.text)["person_ids"] == [str(ani.id)]
    assert fields(made.text)["role"] == ["speaker"]
    assert "saved as a draft" in made.text


def test_no_time_is_found_if_a_required_person_is_busy_all_day(coordinator_client, activity, ani, hall):
    an_invitation(activity, ani, Role.SPEAKER)
    activity.starts_at, activity.ends_at = at(18, 7, 30), at(18, 16)
    activity.venue_id = None
    db.session.commit()
    page = find(coordinator_client, person=ani.id).text
    assert "No time suits" in page
    assert activity.title in page
    assert "/free-times?length=120&amp;first=2027-01-18&amp;last=2027-02-15" in page  # look further ahead
    assert "checked" in page


def test_an_activity_to_be_moved_does_not_block_itself(coordinator_client, activity, ani, hall):
    an_invitation(activity, ani, Role.SPEAKER)
    begun = coordinator_client.get(f"/free-times?activity={activity.id}").text
    assert f'value="{ani.id}" checked' in begun
    page = find(coordinator_client, person=ani.id, activity=activity.id, venue=hall.id).text
    assert f"/activities/{activity.id}/edit?on=2027-01-18" in page
    activity.state = ActivityState.PUBLISHED
    db.session.commit()
    page = find(coordinator_client, person=ani.id, activity=activity.id, venue=hall.id).text
    assert f"/activities/{activity.id}/move?on=2027-01-18" in page


def test_a_booked_hall_is_named_as_the_obstacle(coordinator_client, activity, hall):
    activity.starts_at, activity.ends_at = at(18, 7, 30), at(18, 16)
    db.session.commit()
    page = find(coordinator_client, venue=hall.id).text
    assert "venue=none" in page  # choose the hall later
    assert "Look so" in page


@pytest.mark.parametrize(
    "changes",
    [
        {"length": ""}, {"length": "5"}, {"length": "many"}, {"first": ""}, {"last": "2027-01-17"}, {"last": "2028-01-01"},
        {"first": "2026-12-01", "last": "2026-12-02"}, {"venue": "9999"}, {"people": "-1"}, {"region_code": "99"},
    ],
)  # fmt: skip
def test_invalid_input_gets_a_message_at_its_field(coordinator_client, hall, changes):
    answer = find(coordinator_client, **changes)
    assert answer.status_code == 422
    assert "field-error" in answer.text


def test_too_many_people_for_a_timely_search_get_a_message(coordinator_client, hall):
    """Four hundred took eight seconds."""
    answer = find(coordinator_client, person=[str(number) for number in range(1, 52)])
    assert answer.status_code == 422
    assert "at most 50 people" in answer.text
    assert find(coordinator_client, person=[str(number) for number in range(1, 51)]).status_code == 200


def test_an_unknown_activity_gives_a_not_found_page(coordinator_client):
    assert coordinator_client.get("/free-times?activity=99").status_code == 404
    assert find(coordinator_client, activity="99").status_code == 404


def test_searching_for_people_keeps_the_input(coordinator_client, ani, budi):
    page = coordinator_client.get(
        "/free-times", query_string={**FIND, "do": "search", "q": "Budi", "person": ani.id}
    ).text
    assert f'value="{ani.id}" checked' in page
    assert f'value="{budi.id}"' in page
    assert 'id="slots"' not in page


def test_weekends_are_marked_as_weekends(coordinator_client, hall):
    page = find(coordinator_client, first="2027-01-16", last="2027-01-17").text
    assert "weekends" in page


def test_a_viewer_has_no_access(viewer_client):
    assert viewer_client.get("/free-times").status_code == 403
    assert 'href="/free-times"' not in viewer_client.get("/").text


def test_the_menu_links_coordinators_to_the_page(coordinator_client):
    assert 'href="/free-times"' in coordinator_client.get("/").text


def test_the_search_works_on_both_databases(any_app, coordinator_client, hall, programme):
    db.session.add(draft_activity(programme, hall, starts_at=at(18, 8), ends_at=at(18, 12)))
    db.session.commit()
    page = find(coordinator_client).text
    assert "12:00–14:00 WIB" in page
    assert "08:00–10:00 WIB" not in page


def test_a_poll_can_be_created_from_the_best_slots_of_several_days(coordinator_client, hall):
    page = find(coordinator_client, last="2027-01-20").text
    link = page.split('href="/polls/new?', 1)[1].split('"', 1)[0].replace("&amp;", "&")
    form = coordinator_client.get(f"/polls/new?{link}").text
    assert all(f'value="2027-01-{day}"' in form for day in (18, 19, 20))
    assert 'value="08:00"' in form


def test_a_day_off_is_excluded_though_nothing_is_planned_so_far_ahead(coordinator_client, hall):
    page = find(coordinator_client, first="2027-08-16", last="2027-08-17").text
    assert "begins=08:00" in page
    assert "on=2027-08-16" in page
    assert "on=2027-08-17" not in page  # Hari Kemerdekaan


def test_enter_in_a_field_finds_a_slot_and_does_not_search_for_people(coordinator_client, hall):
    page = coordinator_client.get("/free-times").text
    assert page.index('name="do" value="find"') < page.index('name="do" value="search"')


def test_the_results_are_as_wide_as_the_form(coordinator_client, hall):
    styles = (ROOT / "outreach/static/css/activities.css").read_text()
    assert ".plan-form, .plan-found { max-width" in styles
    for asked in ({}, {"last": "2027-01-18", "not_before": "20:00"}):  # some slots, and none
        [slots] = re.findall(r'<section id="slots" class="([^"]*)"', find(coordinator_client, **asked).text)
        assert "plan-found" in slots.split()

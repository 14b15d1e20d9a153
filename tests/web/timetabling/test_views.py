"""The pages of timetabling a whole plan: requesting, watching, stopping, and applying the proposal."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from outreach.domain.states import ActivityState, SearchState
from outreach.extensions import db
from outreach.models import Activity, Person, TimetablingSearch
from outreach.queries import timetabling as timetabling_pages
from outreach.services.activities import publish as publishing
from outreach.services.timetabling import launch, searches
from outreach.services.timetabling import worker as timetabling_worker
from outreach.settings import how_to_install
from outreach.transactions import writing
from tests.web.reading import words
from tests.world import NOW, at, draft_activity, stop_clock
from tests.world.timetabling import a_request, facilitators, searched, three_at_once

pytestmark = pytest.mark.usefixtures("clock_stands")


@pytest.fixture
def launched(monkeypatch):
    """The numbers of the searches to be started, instead of processes."""
    ids = []
    monkeypatch.setattr(launch, "launch", ids.append)
    return ids


def the_form(activities, people=(), **values):
    return {
        "pick": [activity.id for activity in activities],
        "person": [person.id for person in people],
        "first_on": "2027-01-18",
        "last_on": "2027-01-22",
        "venues": "keep",
        "one_in_kecamatan": "y",
        "seconds": "5",
        **{f"wish_{name}": "little" for name in ("change", "trips", "share", "spread_days", "spread_kecamatan", "hours",
                                                 "notice", "ramadan")},
        **values,
    }  # fmt: skip


def test_the_menu_links_to_a_page_that_explains_timetabling(coordinator_client):
    page = coordinator_client.get("/placements")
    assert 'href="/placements"' in page.get_data(as_text=True)
    assert "Nothing has been placed yet" in words(page.text)


def test_one_button_starts_a_search_of_all_drafts(coordinator_client, launched):
    """The form's default values, sent unchanged, start a search of all drafts."""
    activities = three_at_once()
    page = coordinator_client.get("/placements/new").get_data(as_text=True)
    assert page.count('name="pick"') == 3
    assert len(re.findall(r'name="pick" value="\d+" checked', page)) == 3
    assert 'value="2027-01-18"' in page
    answer = coordinator_client.post("/placements/new", data=the_form(activities))
    [search] = db.session.scalars(sa.select(TimetablingSearch))
    assert (answer.status_code, answer.location) == (302, f"/placements/{search.id}")
    assert launched == [search.id]
    assert search.state is SearchState.QUEUED


def test_published_activities_are_only_timetabled_if_ticked(coordinator_client, launched):
    activities = three_at_once()
    publishing.publish([activities[0].id], by=None, now=NOW)
    page = coordinator_client.get("/placements/new").get_data(as_text=True)
    assert len(re.findall(r'name="pick" value="\d+" checked', page)) == 2
    assert f'name="pick" value="{activities[0].id}">' in page


def test_a_programme_offers_its_own_days_and_drafts(coordinator_client, programme, hall):
    draft_activity(programme, hall, 19)
    draft_activity(None, hall, 25, title="Lain sendiri")
    page = coordinator_client.get(f"/placements/new?programme={programme.id}").get_data(as_text=True)
    assert "Lain sendiri" not in page
    assert 'value="2027-01-18"' in page
    assert 'value="2027-01-21"' in page


def test_searching_for_people_keeps_the_choices(coordinator_client, launched):
    activities, people = three_at_once(), facilitators()
    sent = the_form(activities[:1], people[:1], q="dian", do="search", last_on="2027-01-20")
    page = coordinator_client.post("/placements/new", data=sent).get_data(as_text=True)
    assert "Dian Fasilitator" in page
    assert f'name="person" value="{people[0].id}" checked' in page
    assert len(re.findall(r'name="pick" value="\d+" checked', page)) == 1
    assert 'value="2027-01-20"' in page
    assert launched == []


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"pick": []}, "Choose at least one activity to place."),
        ({"last_on": "2027-01-17"}, "The last day must not be before the first one."),
        ({"last_on": "x"}, "Please choose a day, such as 18/01/2027."),
        ({"first_on": "2026-12-01", "last_on": "2026-12-31"}, "Activities are placed from tomorrow on."),
        ({"first_on": "2027-01-16", "last_on": "2027-01-17"}, "Choose at least one day on which activities may be placed."),
        ({"hours_from": "12:00", "hours_until": "08:00"}, "The preferred hours must end later than they begin."),
        ({"first_on-1": "yesterday"}, "please choose a day, such as 18/01/2027."),
        ({"needed-1": "2"}, "One activity is to have 2 facilitators, and 1 are chosen."),
        ({"venues": "moon"}, "Please choose"),
    ],
)  # fmt: skip
def test_errors_get_a_message_and_nothing_is_stored(coordinator_client, launched, values, said):
    activities, people = three_at_once(), facilitators()
    answer = coordinator_client.post("/placements/new", data=the_form(activities, people[:1], **values))
    assert answer.status_code == 422
    assert said in words(answer.text)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(TimetablingSearch)) == 0


def test_the_order_of_activities_is_entered_in_the_form_and_stored(coordinator_client, launched):
    first, second, _third = activities = three_at_once()
    sent = the_form(activities, order_then=[second.id, ""], order_first=[first.id, ""])
    page = coordinator_client.post("/placements/new", data={**sent, "do": "more"}).get_data(as_text=True)
    assert (page.count('name="order_then"'), launched) == (2, [])
    coordinator_client.post("/placements/new", data=sent)
    assert timetabling_pages.get(launched[0]).request["order"] == [[second.id, first.id]]
    again = coordinator_client.get(f"/placements/new?from={launched[0]}").get_data(as_text=True)
    chosen = re.findall(r'name="order_(\w+)".*?</select>', again)
    assert chosen == ["then", "first"] * 2
    assert again.count(f'<option value="{second.id}" selected>') == 1
    two = the_form(activities, order_then=[second.id, first.id], order_first=[first.id, _third.id], do="more")
    assert coordinator_client.post("/placements/new", data=two).get_data(as_text=True).count('name="order_then"') == 3


def test_an_incomplete_or_circular_order_is_refused_with_a_message(coordinator_client, launched):
    first, second, _third = activities = three_at_once()
    for then, firsts, said in (
        ([second.id], [""], "Please choose both activities, or neither"),
        ([second.id, first.id], [first.id, second.id], "What comes after what goes round in a circle: “"),
        ([first.id], [first.id], "“Metro” → “Metro”"),
    ):
        answer = coordinator_client.post(
            "/placements/new", data=the_form(activities, order_then=then, order_first=firsts)
        )
        assert answer.status_code == 422
        assert said in words(answer.text)
        assert "selected" in answer.get_data(as_text=True)
    assert launched == []


def test_a_late_first_activity_is_named_as_the_obstacle(coordinator_client):
    first, second, _third = three_at_once()
    late = draft_activity(None, None, 28, title="Rakor akhir")
    search = searched(a_request([first, second], order=((first.id, late.id),)))
    said = words(coordinator_client.get(f"/placements/{search.id}").text)
    assert "“Metro” must come after “Rakor akhir”." in said


def test_without_the_extra_the_page_says_so_and_offers_the_other_method(coordinator_client, launched, monkeypatch):
    monkeypatch.setattr(searches, "can_search", lambda: False)
    activities = three_at_once()
    page = coordinator_client.get("/placements/new")
    assert f"can install it: {how_to_install('planner')}." in words(page.text).replace("&#34;", '"').replace(
        "&lt;", "<"
    ).replace("&gt;", ">")
    assert "Place one after the other" in words(page.text)
    coordinator_client.post("/placements/new", data=the_form(activities, do="greedily"))
    timetabling_worker.work(launched[0], clock=lambda: NOW)
    assert "Placed one after the other, without comparing" in words(
        coordinator_client.get(f"/placements/{launched[0]}").text
    )


def test_a_search_is_watched_and_stopped(coordinator_client, launched):
    coordinator_client.post("/placements/new", data=the_form(three_at_once()))
    page = coordinator_client.get(f"/placements/{launched[0]}")
    html = page.get_data(as_text=True)
    assert 'hx-trigger="every 1s"' in html
    assert '<noscript><meta http-equiv="refresh" content="2">' in html
    assert "HX-Refresh" not in page.headers
    coordinator_client.post(f"/placements/{launched[0]}/stop")
    assert timetabling_pages.get(launched[0]).stop_asked_at == NOW
    assert "Stopping" in words(coordinator_client.get(f"/placements/{launched[0]}").text)
    timetabling_worker.work(launched[0], clock=lambda: NOW)
    ended = coordinator_client.get(f"/placements/{launched[0]}", headers={"HX-Request": "true"})
    assert ended.headers["HX-Refresh"] == "true"
    assert "hx-trigger" not in ended.get_data(as_text=True)


def test_an_interrupted_search_is_reported_and_starts_again(coordinator_client, launched, monkeypatch):
    coordinator_client.post("/placements/new", data=the_form(three_at_once()))
    stop_clock(monkeypatch, NOW + searches.LEASE)
    page = coordinator_client.get(f"/placements/{launched[0]}")
    assert "The search was broken off" in words(page.text)
    assert "Broken off" in words(coordinator_client.get("/placements").text)
    coordinator_client.post(f"/placements/{launched[0]}/start")
    assert launched == [launched[0]] * 2


def test_present_and_proposed_times_are_side_by_side_with_reasons(coordinator_client):
    activities, people = three_at_once(), facilitators()
    search = searched(a_request(activities, people))
    said = words(coordinator_client.get(f"/placements/{search.id}").text)
    for wanted in ("At present", "Proposed", "Why there", "Mon, 18 Jan 2027, 09:00–11:00 WIB", "Citra Fasilitator",
                   "Points count what is not as wished"):  # fmt: skip
        assert wanted in said
    assert "Proven: nothing can be placed better." in said or "from the best that can be" in said


def test_applying_first_shows_who_gets_which_mail_and_then_applies(coordinator_client):
    search = searched(a_request(three_at_once(), facilitators()))
    ids = [line["id"] for line in search.result["lines"]]
    page = coordinator_client.get(f"/placements/{search.id}/take", query_string={"pick": ids})
    assert "Nobody: these are drafts." in words(page.text)
    assert set(db.session.scalars(sa.select(Activity.starts_at))) == {at(18, 9)}
    answer = coordinator_client.post(f"/placements/{search.id}/take", data={"pick": ids})
    assert answer.location == f"/placements/{search.id}"
    assert "3 activities are planned so now." in words(coordinator_client.get(answer.location).text)
    assert timetabling_pages.get(search.id).state is SearchState.TAKEN


def test_published_activities_need_a_reason(coordinator_client):
    activities = three_at_once()
    publishing.publish([activity.id for activity in activities], by=None, now=NOW)
    search = searched(a_request(activities, facilitators()))
    ids = [line["id"] for line in search.result["lines"]]
    page = coordinator_client.get(f"/placements/{search.id}/take", query_string={"pick": ids})
    assert "Reason, as it stands in the mail" in words(page.text)
    refused = coordinator_client.post(f"/placements/{search.id}/take", data={"pick": ids})
    assert refused.status_code == 422
    assert "Please give the reason" in words(refused.text)
    done = coordinator_client.post(f"/placements/{search.id}/take", data={"pick": ids, "reason": "Bergiliran"})
    assert done.status_code == 302


def test_changes_made_meanwhile_are_named_and_nothing_is_applied(coordinator_client):
    search = searched(a_request(three_at_once(), facilitators()))
    ids = [line["id"] for line in search.result["lines"]]
    with writing() as session:
        session.get(Activity, ids[0]).title = "Diubah"
    page = coordinator_client.get(f"/placements/{search.id}/take", query_string={"pick": ids})
    assert "These were changed since the search began" in words(page.text)
    assert "Plan it so" not in words(page.text)
    answer = coordinator_client.post(f"/placements/{search.id}/take", data={"pick": ids})
    assert answer.status_code == 422
    assert "Changed since the search began, so nothing was taken" in words(answer.text)


def test_applying_nothing_leads_back(coordinator_client):
    search = searched(a_request(three_at_once(), facilitators()))
    answer = coordinator_client.get(f"/placements/{search.id}/take", follow_redirects=True)
    assert "Tick at least one of the activities" in words(answer.text)
    assert "checked" not in answer.text  # the next press applies what is ticked from here on, not all


def test_an_applied_proposal_shows_the_former_times_and_how_the_search_ended(coordinator_client, launched):
    coordinator_client.post("/placements/new", data=the_form(three_at_once()))
    coordinator_client.post(f"/placements/{launched[0]}/stop")
    timetabling_worker.work(launched[0], clock=lambda: NOW)
    address = f"/placements/{launched[0]}"
    assert "At present" in words(coordinator_client.get(address).text)
    ids = [line["id"] for line in timetabling_pages.get(launched[0]).result["lines"]]
    coordinator_client.post(f"{address}/take", data={"pick": ids})
    said = words(coordinator_client.get(address).text)
    assert "Stopped after" in said
    assert "At present" not in said


def test_a_contradiction_is_explained_in_plain_words_with_a_link_to_the_condition(coordinator_client, launched):
    activities = three_at_once()
    fixed = {f"fixed-{activity.id}": "1" for activity in activities}
    coordinator_client.post("/placements/new", data=the_form(activities, **fixed))
    timetabling_worker.work(launched[0], clock=lambda: NOW)
    page = coordinator_client.get(f"/placements/{launched[0]}")
    said = words(page.text)
    assert "These cannot all be placed: “Metro” and “Imopuro”." in said
    assert "Never two in one kecamatan on one half day: Metro Pusat." in said
    assert "“Metro” is held where it is." in said
    assert f'href="/placements/new?from={launched[0]}#row-{activities[0].id}"' in page.get_data(as_text=True)
    again = coordinator_client.get(f"/placements/new?from={launched[0]}").get_data(as_text=True)
    assert again.count(' name="fixed-1" value="1" checked') == 1


def test_viewers_see_but_change_nothing(viewer_client, coordinator):
    search = searched(a_request(three_at_once(), facilitators()))
    assert viewer_client.get("/placements").status_code == 200
    page = viewer_client.get(f"/placements/{search.id}")
    assert page.status_code == 200
    assert 'name="pick"' not in page.get_data(as_text=True)
    for address in ("new", f"{search.id}/take"):
        assert viewer_client.get(f"/placements/{address}").status_code == 403
    for address in ("new", *(f"{search.id}/{verb}" for verb in ("take", "stop", "start", "delete"))):
        assert viewer_client.post(f"/placements/{address}").status_code == 403
    assert timetabling_pages.get(search.id).state is SearchState.DONE


def test_an_unknown_search_gives_a_not_found_page(coordinator_client):
    for address in ("/placements/99", "/placements/99/take", "/placements/new?from=99"):
        assert coordinator_client.get(address).status_code == 404
    assert coordinator_client.post("/placements/99/stop").status_code == 404


def test_a_proposal_is_deleted(coordinator_client):
    search_id = searched(a_request(three_at_once())).id
    assert "Delete it for good?" in coordinator_client.get(f"/placements/{search_id}").text
    assert coordinator_client.post(f"/placements/{search_id}/delete").location == "/placements"
    assert coordinator_client.get(f"/placements/{search_id}").status_code == 404


def test_an_error_is_shown(coordinator_client, launched):
    coordinator_client.post("/placements/new", data=the_form(three_at_once()))
    with writing() as session:
        session.execute(sa.update(Activity).values(state=ActivityState.CANCELLED))
    timetabling_worker.work(launched[0], clock=lambda: NOW + timedelta(seconds=1))
    assert "Some of the activities are over, cancelled or deleted" in words(
        coordinator_client.get(f"/placements/{launched[0]}").text
    )


def test_the_pages_take_few_queries_for_any_number_of_activities(coordinator_client, queries):
    def asked(address) -> int:
        return queries(lambda: coordinator_client.get(f"/placements/{address}"))

    activities, people = three_at_once(), facilitators()
    search_id = searched(a_request(activities, people)).id
    asked("new")  # the office's name and similar values are read once
    few = [asked("new"), asked(search_id)]
    people = list(db.session.scalars(sa.select(Person)))
    more = [*db.session.scalars(sa.select(Activity)), *(draft_activity(None, None, day) for day in range(18, 23))]
    other_id = searched(a_request(more, people)).id
    assert [asked("new"), asked(other_id)] == few


def test_an_error_in_the_wishes_opens_that_part_of_the_page(coordinator_client, launched):
    sent = the_form(three_at_once(), hours_from="noon")
    page = coordinator_client.post("/placements/new", data=sent).get_data(as_text=True)
    wishes = page.partition('id="more"')[2]
    assert wishes.index("<details") < wishes.index("Please write a time") < wishes.index("</details>")
    assert wishes.partition("<details")[2].startswith(' class="more" open>')
    assert re.search(r'<input[^>]*autofocus[^>]*name="hours_from"', page)


def test_an_applied_proposal_is_undone_on_a_page_that_lists_what_moves_back_and_what_stays(coordinator_client):
    drafts = three_at_once()
    search = searched(a_request(drafts, facilitators()))
    page = f"/placements/{search.id}"
    assert "Undo what was taken" not in coordinator_client.get(page).text
    coordinator_client.post(f"{page}/take", data={"pick": [draft.id for draft in drafts]})
    assert f'href="{page}/undo"' in coordinator_client.get(page).text
    with writing() as session:
        session.get(Activity, drafts[0].id).title = "Diubah orang lain"
    seen = words(coordinator_client.get(f"{page}/undo").text)
    assert "“Diubah orang lain” (changed since)" in seen
    assert "Move these 2 activities back?" in seen
    done = words(coordinator_client.post(f"{page}/undo", follow_redirects=True).text)
    assert "2 activities are back where they were." in done
    assert "Left alone: “Diubah orang lain” (changed since)." in done
    assert "Undo what was taken" not in done
    again = words(coordinator_client.get(f"{page}/undo", follow_redirects=True).text)
    assert "There is nothing left to undo" in again

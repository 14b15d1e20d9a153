"""Pages about the door: what does not agree, the sums while people come in, and people who were added there."""

import pytest

from outreach.extensions import db
from outreach.models import Person, WalkIn
from outreach.queries.door import attendance
from tests.services.door.devices import TWO, scan, send
from tests.support.copied import copied
from tests.web.reading import page, text_of
from tests.world import a_person, at, count, draft_activity, fresh, invitation_of, invite, publish, stop_clock

pytestmark = pytest.mark.usefixtures("any_app")
NINE = at(4, 9)


@pytest.fixture
def today(programme, hall, ani, budi, coordinator, monkeypatch):
    stop_clock(monkeypatch, NINE)
    activity = draft_activity(programme, hall)
    invite(activity, ani, budi, by=coordinator)
    publish(activity, by=coordinator, tick=False)
    activity.starts_at, activity.ends_at = at(4, 9), at(4, 12)
    activity.registration_at = activity.respond_by_at = at(4, 8)
    db.session.commit()
    return activity


@copied
def disputed(today, ani, coordinator):
    """Ani is recorded on device 1, and undone on device 2."""
    anis = invitation_of(today, ani).id
    send(today, coordinator, scan(1, at(4, 8, 14), invitation=anis), now=at(4, 8, 14), name="HP Sari")
    undone = scan(1, at(4, 8, 20), invitation=anis, action="undo")
    send(today, coordinator, undone, scan(2, at(4, 8, 21), how="qr", code="x"), device=TWO, now=at(4, 8, 21))
    return anis


def test_what_does_not_agree_is_named_with_both_devices_and_times_on_both_pages(today, disputed, coordinator_client):
    for path in (f"/activities/{today.id}/attendance", f"/activities/{today.id}"):
        text = text_of(page(coordinator_client, path))
        assert "Recorded: device 1 (HP Sari) at 08:14 WIB. Undone: device 2 at 08:20 WIB." in text
        assert "1 person to look at" in text
    assert "1 scan did not count" in text_of(page(coordinator_client, f"/activities/{today.id}/attendance"))


@pytest.mark.parametrize(("was_there", "said"), [("1", "Ani Wijaya was there."), ("0", "Ani Wijaya was not there.")])
def test_staff_say_how_it_was(today, disputed, ani, coordinator_client, was_there, said):
    sheet = page(coordinator_client, f"/activities/{today.id}/attendance")
    seen = sheet.partition('name="seen" value="')[2].partition('"')[0]
    path = f"/activities/{today.id}/attendance/{disputed}/settle"
    answer = coordinator_client.post(path, data={"was_there": was_there, "seen": seen}, follow_redirects=True)
    row = fresh(invitation_of(today, ani)).attendance
    assert (row.present, row.conflicts) == (was_there == "1", 0)
    assert said in answer.text
    assert "to look at" not in text_of(answer.text)


def test_nobody_settles_what_they_have_not_seen(today, disputed, ani, coordinator_client):
    path = f"/activities/{today.id}/attendance/{disputed}/settle"
    answer = coordinator_client.post(
        path, data={"was_there": "1", "seen": "1", "back": "activity"}, follow_redirects=True
    )
    assert "Something new about Ani Wijaya has arrived." in answer.text
    assert fresh(invitation_of(today, ani)).attendance.conflicts == 1


def test_the_list_says_when_somebody_left(today, budi, coordinator, coordinator_client):
    budis = invitation_of(today, budi).id
    told = scan(1, at(4, 8, 14), invitation=budis), scan(2, at(4, 8, 50), invitation=budis, action="out")
    send(today, coordinator, *told, now=at(4, 8, 51))
    assert "left at 08:50 WIB" in text_of(page(coordinator_client, f"/activities/{today.id}/attendance"))


def test_a_viewer_sees_what_does_not_agree_and_settles_nothing(today, disputed, viewer_client):
    sheet = page(viewer_client, f"/activities/{today.id}/attendance")
    assert ("Undone: device 2" in sheet, "Was there" in sheet) == (True, False)
    assert viewer_client.post(f"/activities/{today.id}/attendance/{disputed}/settle").status_code == 403


def test_the_sums_are_asked_for_again_while_people_come_in(today, budi, coordinator, coordinator_client, monkeypatch):
    now = f"/activities/{today.id}/attendance/now"
    assert f'hx-get="{now}"' in page(coordinator_client, f"/activities/{today.id}/attendance")
    send(today, coordinator, scan(1, NINE, invitation=invitation_of(today, budi).id), now=NINE)
    sums = page(coordinator_client, now)
    assert "1 there, 0 expected" in sums
    assert "2 are invited" in sums
    assert 'id="places" hx-swap-oob="true"' in sums
    stop_clock(monkeypatch, at(5, 9))
    assert "hx-get" not in page(coordinator_client, now)


def test_the_number_of_statements_for_the_sums_does_not_grow_with_the_invitees(today, queries):
    activity_id = today.id
    before = queries(lambda: attendance.counts(activity_id))
    invite(fresh(today), *(a_person(f"Kader {n}") for n in range(20)))
    assert queries(lambda: attendance.counts(activity_id)) == before


@copied
def wati(today, coordinator):
    person = {"name": "Ani Wijaya", "region": "", "sex": "female"}
    [answer] = send(today, coordinator, scan(1, NINE, how="walk_in", person=person), now=NINE).answers
    return answer.scan.invitation.person_id


def test_somebody_added_at_the_door_is_merged_at_a_press(today, wati, ani, coordinator_client):
    assert "1 person was added at the entrance" in page(coordinator_client, f"/activities/{today.id}/attendance")
    listed = page(coordinator_client, f"/walk-ins?activity={today.id}")
    assert f'name="into" value="{ani.id}"' in listed
    answer = coordinator_client.post(f"/walk-ins/{wati}", data={"into": ani.id}, follow_redirects=True)
    assert "Merged: Ani Wijaya was there." in answer.text
    assert (db.session.get(Person, wati), fresh(invitation_of(today, ani)).attendance.present) == (None, True)


def test_somebody_new_is_kept(wati, coordinator_client):
    answer = coordinator_client.post(f"/walk-ins/{wati}", data={"keep": "1"}, follow_redirects=True)
    assert "stays in the list as a new person" in answer.text
    assert count(WalkIn) == 0


def test_a_viewer_merges_nobody(wati, ani, viewer_client):
    assert "Ani Wijaya" in page(viewer_client, "/walk-ins")
    assert viewer_client.post(f"/walk-ins/{wati}", data={"into": ani.id}).status_code == 403

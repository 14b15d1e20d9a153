"""Recording attendance: on the sheet, at two doors at once, and for people who came without an invitation."""

import re
from datetime import timedelta

import pytest

from outreach import clock
from outreach.domain.kinds import AttendanceSource, Role
from outreach.domain.reminders.due import NotReminded
from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.models import Activity, Attendance, Invitation, Person
from outreach.queries.activities.lists import answers_by
from outreach.queries.overview.page import overview
from outreach.services.activities import publish as publishing
from outreach.services.door import attendance
from outreach.services.invitations import invite as inviting
from outreach.services.invitations.withdraw import withdraw
from outreach.services.reminders.remind_now import preview
from tests.support.copied import copied
from tests.web.reading import text_of
from tests.world import NOW, at, draft_activity, invitation_of, invite, publish, set_state, stop_clock


@copied
def long_past(programme, hall, ani, budi, coordinator):
    """An activity long past by the wall clock, with Ani and Budi invited."""
    activity = draft_activity(programme, hall)
    invite(activity, ani, budi, by=coordinator)
    publish(activity, by=coordinator, tick=False)
    activity.starts_at, activity.ends_at = at(18, year=2021), at(18, 12, year=2021)
    activity.registration_at = activity.respond_by_at = at(18, 7, year=2021)
    db.session.commit()
    return activity


@pytest.fixture
def running_today(programme, hall, ani, budi, coordinator, monkeypatch):
    """An activity of this morning, with Ani and Budi invited, who have not answered."""
    stop_clock(monkeypatch, at(4, 8))
    activity = draft_activity(programme, hall)
    invite(activity, ani, budi, by=coordinator)
    publish(activity, by=coordinator, tick=False)
    set_state(activity, InvitationState.INVITED, ani, budi)
    activity.starts_at, activity.ends_at = at(4, 9), at(4, 12)
    activity.registration_at = activity.respond_by_at = at(4, 9)
    db.session.commit()
    return activity


def present() -> list[tuple[str, bool, AttendanceSource]]:
    db.session.rollback()
    rows = db.session.query(Attendance).join(Invitation).order_by(Invitation.id)
    return [(row.invitation.person.name, row.present, row.source) for row in rows]


def test_a_ticked_sheet_is_saved_with_its_source(long_past, ani, budi, coordinator_client):
    anis_id, budis_id = invitation_of(long_past, ani).id, invitation_of(long_past, budi).id
    answer = coordinator_client.post(
        f"/activities/{long_past.id}/attendance",
        data={"shown": [anis_id, budis_id], "present": [anis_id], "source": "paper"},
    )
    assert answer.status_code == 302
    assert present() == [("Ani Wijaya", True, AttendanceSource.PAPER)]


def test_an_older_page_does_not_undo_ticks_from_another_door(long_past, ani, budi, coordinator_client):
    anis_id, budis_id = invitation_of(long_past, ani).id, invitation_of(long_past, budi).id
    address = f"/activities/{long_past.id}/attendance"
    coordinator_client.post(address, data={"shown": [anis_id, budis_id], "present": [anis_id]})
    coordinator_client.post(address, data={"shown": [anis_id, budis_id], "present": [budis_id]})
    assert [(name, there) for name, there, _source in present()] == [("Ani Wijaya", True), ("Budi Santoso", True)]
    coordinator_client.post(
        address, data={"shown": [anis_id, budis_id], "was": [anis_id, budis_id], "present": [budis_id]}
    )
    assert [(name, there) for name, there, _source in present()] == [("Ani Wijaya", False), ("Budi Santoso", True)]


def test_one_tick_returns_its_row_and_the_sums(long_past, ani, coordinator_client):
    invitation_id = invitation_of(long_past, ani).id
    answer = coordinator_client.post(
        f"/activities/{long_past.id}/attendance/{invitation_id}", data={"on": "1", "source": "hand"}
    )
    assert "checked" in answer.text
    assert "1 there, 0 expected" in answer.text
    assert [name for name, there, _source in present() if there] == ["Ani Wijaya"]
    coordinator_client.post(f"/activities/{long_past.id}/attendance/{invitation_id}", data={"on": "0"})
    assert [name for name, there, _source in present() if there] == []


def test_a_tick_sent_later_is_recorded_at_the_time_it_was_made(long_past, ani, coordinator_client):
    invitation_id = invitation_of(long_past, ani).id
    coordinator_client.post(f"/activities/{long_past.id}/attendance/{invitation_id}", data={"on": "1", "ago": "1800"})
    waited = clock.now() - invitation_of(long_past, ani).attendance.recorded_at
    assert timedelta(minutes=30) <= waited < timedelta(minutes=31)


def test_a_tick_sent_later_does_not_undo_a_newer_record_of_somebody_else(
    long_past, ani, coordinator_client, administrator
):
    invitation_id = invitation_of(long_past, ani).id
    attendance.tick(
        long_past.id, [invitation_id], [invitation_id], AttendanceSource.PAPER, by=administrator, now=clock.now()
    )
    address = f"/activities/{long_past.id}/attendance/{invitation_id}"
    answer = coordinator_client.post(address, data={"on": "0", "ago": "60"})
    assert "Ani Wijaya was recorded otherwise meanwhile" in answer.text
    assert present() == [("Ani Wijaya", True, AttendanceSource.PAPER)]
    coordinator_client.post(address, data={"on": "0", "ago": "0"})
    assert present() == [("Ani Wijaya", False, AttendanceSource.HAND)]


def test_nobody_is_ticked_before_the_day(activity, ani, coordinator, coordinator_client):
    inviting.invite_people([activity.id], [ani.id], Role.CADRE, by=coordinator, now=NOW)
    publishing.publish([activity.id], by=coordinator, now=NOW)
    assert clock.now() < activity.starts_at
    invitation_id = invitation_of(activity, ani).id
    answer = coordinator_client.post(
        f"/activities/{activity.id}/attendance", data={"shown": invitation_id, "present": invitation_id}
    )
    assert answer.status_code == 422
    assert "from the day of the activity on" in answer.text
    assert f'id="present-{invitation_id}" checked' in answer.text
    assert present() == []


def test_the_sheet_shows_who_is_still_missing(long_past, ani, budi, coordinator_client):
    set_state(long_past, InvitationState.COMING, ani, budi)
    invitation_id = invitation_of(long_past, ani).id
    coordinator_client.post(f"/activities/{long_past.id}/attendance/{invitation_id}", data={"on": "1"})
    missing = coordinator_client.get(f"/activities/{long_past.id}/attendance?shown_only=missing").text
    there = coordinator_client.get(f"/activities/{long_past.id}/attendance?shown_only=present").text
    assert ("Ani Wijaya" in missing, "Budi Santoso" in missing) == (False, True)
    assert ("Ani Wijaya" in there, "Budi Santoso" in there) == (True, False)


def test_a_known_person_without_an_invitation_is_ticked(long_past, chief, coordinator_client):
    address = f"/activities/{long_past.id}/attendance/walk-in"
    assert "Kapolres Metro" in coordinator_client.get(f"{address}?q=kapol").text
    coordinator_client.post(address, data={"person_id": chief.id})
    assert invitation_of(long_past, chief).attendance.present is True


def test_a_new_person_is_added_and_ticked(long_past, coordinator_client):
    coordinator_client.post(
        f"/activities/{long_past.id}/attendance/walk-in", data={"new-name": "Citra Dewi", "new-phone": "0812-3456-7890"}
    )
    citra = db.session.query(Person).filter_by(name="Citra Dewi").one()
    assert invitation_of(long_past, citra).attendance.present is True


def test_a_person_who_came_uninvited_does_not_count_as_expected_or_as_having_accepted(
    long_past, ani, coordinator_client
):
    set_state(long_past, InvitationState.COMING, ani)
    coordinator_client.post(f"/activities/{long_past.id}/attendance/walk-in", data={"new-name": "Citra Dewi"})
    shown = text_of(coordinator_client.get(f"/activities/{long_past.id}/attendance").text)
    assert "1 there, 1 expected" in shown
    assert shown.rindex("Came uninvited") < shown.rindex("Citra Dewi")
    row = shown[shown.rindex("Citra Dewi") :]
    assert "came uninvited" in row
    assert "said they would come" not in row
    counted = answers_by(Activity.id, [long_past.id])[long_past.id]
    assert (counted.total, counted.coming) == (2, 1)
    missing = coordinator_client.get(f"/activities/{long_past.id}/attendance?shown_only=missing").text
    assert ("Ani Wijaya" in missing, "Citra Dewi" in missing) == (True, False)


def test_an_invited_person_found_among_walk_ins_is_ticked_and_has_still_not_answered(
    long_past, ani, budi, coordinator_client
):
    set_state(long_past, InvitationState.INVITED, ani)
    set_state(long_past, InvitationState.NOT_COMING, budi)
    for person in (ani, budi):
        coordinator_client.post(f"/activities/{long_past.id}/attendance/walk-in", data={"person_id": person.id})
    assert [(name, there) for name, there, _source in present()] == [("Ani Wijaya", True), ("Budi Santoso", True)]
    states = [invitation_of(long_past, person).state for person in (ani, budi)]
    assert states == [InvitationState.INVITED, InvitationState.COMING]


def test_a_person_who_came_without_having_answered_is_not_asked_any_more(running_today, ani, budi, coordinator_client):
    attendance.tick(running_today.id, [invitation_of(running_today, ani).id], [invitation_of(running_today, ani).id],
                    AttendanceSource.HAND, by=None, now=at(4, 8))  # fmt: skip
    found = answers_by(Activity.id, [running_today.id])[running_today.id]
    assert (found.silent, found.came, found.coming, found.asked) == (1, 1, 0, 2)
    ahead = overview(now=at(4, 8)).next[0].answers
    assert (ahead.open, ahead.came, ahead.total) == (1, 1, 2)
    page = text_of(coordinator_client.get(f"/activities/{running_today.id}").text)
    assert "1 came without an answer 1 without an answer" in page
    listed = text_of(coordinator_client.get(f"/activities/{running_today.id}/invitees?state=unanswered").text)
    assert ("Ani Wijaya" in listed, "Budi Santoso" in listed) == (False, True)
    assert "No answer yet 1" in listed
    calls = coordinator_client.get(f"/activities/{running_today.id}/invitees/to-call").text
    assert ("Ani Wijaya" in calls, "Budi Santoso" in calls) == (False, True)
    reading = preview(running_today.id, [invitation_of(running_today, ani).id], now=at(4, 7))
    assert [invitee.reason for invitee in reading] == [NotReminded.CAME]


def test_a_new_person_without_a_name_is_refused(long_past, coordinator_client):
    answer = coordinator_client.post(
        f"/activities/{long_past.id}/attendance/walk-in", data={"new-phone": "081234567890"}
    )
    assert answer.status_code == 422
    assert "Write a name, or the post" in answer.text
    assert db.session.query(Attendance).count() == 0


def test_a_new_person_before_the_day_is_refused_and_not_added(activity, coordinator, coordinator_client):
    publishing.publish([activity.id], by=coordinator, now=NOW)
    answer = coordinator_client.post(
        f"/activities/{activity.id}/attendance/walk-in", data={"new-name": "Citra Dewi", "new-phone": "0812-3456-7890"}
    )
    assert answer.status_code == 422
    assert "from the day of the activity on" in answer.text
    db.session.rollback()
    assert db.session.query(Person).count() == 0


def test_before_the_day_nothing_can_be_ticked_and_the_page_explains_it(activity, ani, coordinator, coordinator_client):
    inviting.invite_people([activity.id], [ani.id], Role.CADRE, by=coordinator, now=NOW)
    publishing.publish([activity.id], by=coordinator, now=NOW)
    page = coordinator_client.get(f"/activities/{activity.id}/attendance").text
    assert "Attendance can be ticked from the day of the activity on." in page
    assert f'id="present-{invitation_of(activity, ani).id}" disabled' in page
    assert "Came uninvited" not in page


def test_an_acceptance_does_not_look_like_attendance(long_past, ani, coordinator_client):
    set_state(long_past, InvitationState.COMING, ani)
    page = coordinator_client.get(f"/activities/{long_past.id}/attendance").text
    assert "said they would come" in page
    assert "tone-green" not in page.partition('id="sums"')[2].partition("</form>")[0]


PROMISED = r"(menyatakan (tidak )?|daftar )hadir\b"  # the answer; the paper that is signed


def test_staff_pages_word_an_acceptance_differently_from_attendance(
    long_past, ani, budi, chief, coordinator_client, coordinator
):
    inviting.invite_people([long_past.id], [chief.id], Role.SPEAKER, by=coordinator, now=NOW)
    set_state(long_past, InvitationState.COMING, ani)
    set_state(long_past, InvitationState.NOT_COMING, budi)
    invitation_id = invitation_of(long_past, ani).id
    attendance.tick(
        long_past.id, [invitation_id], [invitation_id], AttendanceSource.PAPER, by=coordinator, now=clock.now()
    )
    pages = {
        path: text_of(coordinator_client.get(f"{path}?lang=id").text)
        for path in (
            f"/activities/{long_past.id}", f"/activities/{long_past.id}/attendance", f"/activities/{long_past.id}/invitees",
            f"/invitations/{invitation_id}", f"/people/{ani.id}", f"/programmes/{long_past.programme_id}", "/activities",
        )
    }  # fmt: skip
    mixed = {
        path: found
        for path, text in pages.items()
        if (found := re.findall(r".{20}\bhadir\b", re.sub(PROMISED, "", text, flags=re.I), re.I))
    }
    assert mixed == {}
    assert "1 menyatakan hadir" in pages[f"/activities/{long_past.id}"]
    assert "1 datang, 1 diharapkan" in pages[f"/activities/{long_past.id}/attendance"]
    assert re.search(r"Menyatakan hadir\W+datang", pages[f"/people/{ani.id}"])


def test_the_answer_and_the_attendance_of_a_person_are_shown_separately(
    long_past, ani, coordinator, coordinator_client
):
    set_state(long_past, InvitationState.COMING, ani)
    invitation_id = invitation_of(long_past, ani).id
    attendance.tick(
        long_past.id, [invitation_id], [invitation_id], AttendanceSource.PAPER, by=coordinator, now=clock.now()
    )
    page = text_of(coordinator_client.get(f"/activities/{long_past.id}/attendance?lang=id").text)
    assert "menyatakan hadir · datang (daftar hadir kertas)" in page


def test_staff_record_on_the_sheet_that_somebody_left_and_is_back(
    running_today, ani, budi, coordinator_client, monkeypatch
):
    stop_clock(monkeypatch, at(4, 8, 30))
    path = f"/activities/{running_today.id}/attendance"
    anis, budis = invitation_of(running_today, ani).id, invitation_of(running_today, budi).id
    refused = coordinator_client.post(f"{path}/{anis}/left?gone=1", headers={"HX-Request": "true"})
    assert "Ani Wijaya is not ticked as present." in refused.text
    sent = {"shown": [anis, budis], "present": [anis]}  # without a script, the ticks are sent as well
    assert coordinator_client.post(f"{path}/{anis}/left?gone=1", data=sent).status_code == 302
    assert "left at 08:30" in text_of(coordinator_client.get(path).text)
    back = coordinator_client.post(f"{path}/{anis}/left?gone=0", headers={"HX-Request": "true"})
    assert "left at" not in back.text
    assert present() == [("Ani Wijaya", True, AttendanceSource.HAND)]
    assert coordinator_client.post(f"/activities/{running_today.id + 1}/attendance/{anis}/left").status_code == 404


def test_whoever_is_withdrawn_after_they_were_ticked_is_named_until_staff_say_how_it_was(
    running_today, ani, coordinator, coordinator_client
):
    anis = invitation_of(running_today, ani).id
    path = f"/activities/{running_today.id}/attendance"
    coordinator_client.post(f"{path}/{anis}", data={"on": "1"})
    assert "1 person to look at" not in text_of(coordinator_client.get(path).text)
    withdraw(anis, by=coordinator, now=at(4, 10))
    page = coordinator_client.get(path)
    assert "1 person to look at" in text_of(page.text)
    assert "The invitation was withdrawn afterwards." in page.text
    seen = re.search(r'name="seen" value="(\d+)"', page.text)[1]
    coordinator_client.post(f"{path}/{anis}/settle", data={"was_there": "1", "seen": seen})
    assert "person to look at" not in text_of(coordinator_client.get(path).text)

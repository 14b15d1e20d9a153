"""The page of the office's ladders, and what an invitation shows of its own."""

import re
from datetime import time

from outreach.domain.ladder.rungs import LadderName, RungKind, RungRule, RungTiming
from outreach.queries.ladder import rungs as ladder
from outreach.services.ladder import climb, edit
from tests.web.reading import filled_in
from tests.world import NOW, invitation_of, invite, invite_and_publish, publish


def test_a_proposal_is_used_only_once_it_is_saved(office, coordinator_client):
    page = coordinator_client.get("/ladders/cadres").text
    assert "This is a proposal." in page
    assert ladder.of_office()[LadderName.CADRES] == []
    data = {
        "rows-0-kind": "mail", "rows-0-days": "3", "rows-0-timing": "after_invitation", "rows-0-at": "09:00",
        "rows-1-kind": "", "rows-1-timing": "after_invitation",
        "rows-2-kind": "call", "rows-2-days": "2", "rows-2-timing": "before_start", "rows-2-at": "10:30",
    }  # fmt: skip
    saved = coordinator_client.post("/ladders/cadres", data=data, follow_redirects=True).text
    assert "Ladders that run stay as they are." in saved
    assert ladder.of_office()[LadderName.CADRES] == [
        RungRule(RungKind.MAIL, RungTiming.AFTER_INVITATION, 3, time(9)),
        RungRule(RungKind.CALL, RungTiming.BEFORE_START, 2, time(10, 30)),
    ]
    assert "This is a proposal." not in coordinator_client.get("/ladders/cadres").text


def test_an_impossible_number_of_days_is_refused_beside_its_field(office, coordinator_client):
    data = {"rows-0-kind": "mail", "rows-0-days": "61", "rows-0-timing": "after_invitation"}
    assert coordinator_client.post("/ladders/cadres", data=data).status_code == 422
    assert ladder.of_office()[LadderName.CADRES] == []


def test_a_viewer_reads_the_ladders_and_changes_none(office, viewer_client):
    assert "Set up" not in viewer_client.get("/ladders").text
    assert viewer_client.get("/ladders/cadres").status_code == 403


def test_an_unknown_ladder_is_not_found(office, coordinator_client):
    assert coordinator_client.get("/ladders/nobody").status_code == 404


def test_an_invitation_shows_what_comes_next(activity, ani, coordinator, coordinator_client):
    edit.save(LadderName.CADRES, [RungRule(RungKind.CALL, RungTiming.BEFORE_START, 4)], by=coordinator, now=NOW)
    invite_and_publish(activity, ani, by=coordinator)
    climb.tick(NOW)
    page = coordinator_client.get(f"/invitations/{invitation_of(activity, ani).id}").text
    assert "Next: Call: first on the list of people to call, Thursday, 14 January 2027" in page


def test_a_ladder_saved_before_takes_the_newer_rungs_by_one_press(office, coordinator, coordinator_client):
    edit.save(LadderName.OFFICES, [RungRule(RungKind.CALL, RungTiming.BEFORE_START, 4)], by=coordinator, now=NOW)
    assert "New kinds of rungs that this ladder does not have:" in coordinator_client.get("/ladders").text
    after = coordinator_client.post("/ladders/offices/offered", follow_redirects=True).text
    kinds = [rule.kind for rule in ladder.of_office()[LadderName.OFFICES]]
    assert kinds == [RungKind.ASSISTANT, RungKind.CALL]
    assert "New kinds of rungs" not in after


def test_a_viewer_is_offered_no_newer_rungs(office, coordinator, viewer_client):
    edit.save(LadderName.OFFICES, [RungRule(RungKind.CALL, RungTiming.BEFORE_START, 4)], by=coordinator, now=NOW)
    assert "New kinds of rungs" not in viewer_client.get("/ladders").text
    assert viewer_client.post("/ladders/offices/offered").status_code == 403


def test_publishing_moving_and_inviting_name_the_rungs_with_their_times_before_saving(
    activity, ani, budi, coordinator, coordinator_client
):
    edit.save(LadderName.CADRES, [RungRule(RungKind.CALL, RungTiming.BEFORE_START, 4)], by=coordinator, now=NOW)
    invite(activity, ani, by=coordinator)
    rung = r"14 Jan 2027, *\n? *09:00.*Call: first on the list of people to call.*Cadres"
    page = coordinator_client.get(f"/activities/{activity.id}/publish").text
    assert ("If no answer comes" in page, bool(re.search(rung, page, re.DOTALL))) == (True, True)
    publish(activity, by=coordinator)
    climb.tick(NOW)
    data = {"kind": "cadres", "person_ids": [budi.id], "activity_ids": [activity.id], "role": "cadre", "do": "check"}
    page = coordinator_client.post(f"/activities/{activity.id}/invite/people", data=data).text
    assert bool(re.search(rung, page, re.DOTALL))
    path = f"/activities/{activity.id}/move"
    data = filled_in(coordinator_client.get(path).text) | {"on": "2027-01-21", "reason": "Aula dipakai"}
    page = coordinator_client.post(path, data=data).text
    assert bool(re.search(r"15 Jan 2027, *\n? *09:00.*Call: first on the list", page, re.DOTALL))

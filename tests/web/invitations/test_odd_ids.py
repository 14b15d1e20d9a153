"""Ids that somebody changed by hand, too large for any column or no numbers, are left out where people are chosen."""

import pytest

from outreach.domain.kinds import Role
from outreach.extensions import db
from outreach.models import Invitation
from tests.world import draft_activity
from tests.world.polls import a_poll

HUGE = "9" * 40


@pytest.mark.parametrize("odd", [HUGE, "x", "-1", ""])
def test_odd_ids_are_left_out(coordinator_client, activity, ani, odd):
    poll, draft = a_poll(opened=False), draft_activity(None, None, 20)
    people = f"/activities/{activity.id}/invite/people"
    chosen = {"role": "cadre", "activity_ids": activity.id, "person_ids": [odd, ani.id]}
    answers = [
        coordinator_client.post("/activities/publish", data={"activity_ids": [odd, draft.id], "do": "look"}),
        coordinator_client.post("/activities/publish", data={"activity_ids": odd, "do": "look"}),
        coordinator_client.post("/activities/invite/cadres", data={"activity_ids": odd, "do": "choose"}),
        coordinator_client.post("/people/groups/new", data={"name": "Tim", "person_ids": odd, "do": "save"}),
        coordinator_client.post(people, data=chosen | {"do": "check"}),
        coordinator_client.post(people, data=chosen | {"people_group": odd or "0"}),
        coordinator_client.post(f"/polls/{poll.id}/asked", data={"person_ids": odd, "do": "search"}),
        coordinator_client.post(f"/polls/{poll.id}/asked", data={"people_group": odd or "0"}),
        coordinator_client.get("/activities/publish", query_string={"activity": odd}),
        coordinator_client.get("/activities/invite/cadres", query_string={"activity": odd}),
        coordinator_client.get("/people/groups/new", query_string={"person": odd}),
        coordinator_client.get(people, query_string={"person": odd}),
    ]
    codes = [answer.status_code for answer in answers]
    assert [codes[0], *codes[4:6]] == [200, 200, 200]
    assert codes[1:4] == [422, 422, 422]
    assert codes[7:] == [codes[7], 200, 200, 200, 200]
    assert {codes[6], codes[7]} <= {200, 422}
    coordinator_client.post(people, data=chosen | {"do": "invite"})
    assert [(invitation.person_id, invitation.role) for invitation in db.session.query(Invitation)] == [
        (ani.id, Role.CADRE)
    ]


@pytest.mark.parametrize("odd", [HUGE, str(2**31), "-1", ""])
def test_odd_ids_elsewhere_cause_no_server_error(
    any_app, coordinator_client, default_rules, activity, programme, hall, ani, odd
):
    edit = f"/activities/{activity.id}/agenda"
    line = {"on": "2027-01-18", "begins": "08:00", "ends": "09:00", "topic": "Materi", "speakers": odd}
    agenda = {f"lines-0-{name}": value for name, value in line.items()} | {"version": "1", "moderator_id": odd}
    text = {"subject": "Undangan", "greeting": "Yth.", "body": "Isi", "invitation": odd}
    walk_in, sheet = f"/activities/{activity.id}/attendance/walk-in", f"/activities/{activity.id}/attendance"
    free_times = {
        "length": "120",
        "first": "2027-01-18",
        "last": "2027-01-22",
        "venue": odd,
        "person": odd,
        "activity": odd,
    }
    answers = [
        coordinator_client.post(edit, data=agenda),
        coordinator_client.post("/texts/invitation/id/preview", data=text),
        coordinator_client.post("/texts/invitation/id/trial", data=text),
        coordinator_client.get("/texts/invitation/id/preview", query_string={"invitation": odd}),
        coordinator_client.get("/texts/invitation/id", query_string={"activity": odd, "programme": odd}),
        coordinator_client.get("/polls/new", query_string={"slot": f"2027-01-18,08:00,12:00,{odd}", "programme": odd}),
        coordinator_client.post("/polls/new", data={"title": "Rapat", "slots-0-venue_id": odd, "programme_id": odd}),
        coordinator_client.get("/free-times", query_string=free_times),
        coordinator_client.get("/free-times", query_string={"person": odd, "activity": odd}),
        coordinator_client.get("/placements/new", query_string={"activity": odd, "person": odd}),
        coordinator_client.post("/placements/new", data={"activity": odd, "person": odd, "order_then": odd, "before_all": odd}),
        coordinator_client.get("/activities/new", query_string={"person": odd, "venue_id": odd, "programme": odd}),
        coordinator_client.post("/activities/new", data={"venue_id": odd, "person": odd, "title": "Rapat", "version": odd}),
        coordinator_client.post(walk_in, data={"person_id": odd, "new-organisation_id": odd}),
        coordinator_client.post(sheet, data={"present": odd, "was": odd, "shown": odd, "page": odd}),
        coordinator_client.get(sheet, query_string={"page": odd}),
        coordinator_client.post(f"/programmes/{programme.id}/copy", data={"starts_on": "2027-02-01", "activity": odd,
                                                                          "venue_id": odd, "activities-0-venue_id": odd}),
        coordinator_client.get("/activities", query_string={"programme": odd, "venue": odd, "page": odd}),
        coordinator_client.post("/messages/again", data={"message": odd}),
        coordinator_client.post(f"/activities/{activity.id}/invitees/remind", data={"invitation": odd}),
        coordinator_client.get("/calendar", query_string={"venue": odd, "programme": odd, "person": odd}),
        coordinator_client.get("/findings/intended", query_string={"activity": odd, "clash": "x", "of": odd}),
        coordinator_client.post("/to-call/next", query_string={"activity": odd}),
        coordinator_client.post(f"/to-call/person/{odd}/take", query_string={"programme": odd}),
    ]  # fmt: skip
    assert [answer.status_code for answer in answers if answer.status_code >= 500] == []
    assert db.session.query(Invitation).count() == 0

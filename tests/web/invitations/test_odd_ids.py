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
    codes = [one.status_code for one in answers]
    assert [codes[0], *codes[4:6]] == [200, 200, 200]
    assert codes[1:4] == [422, 422, 422]
    assert codes[7:] == [codes[7], 200, 200, 200, 200]
    assert {codes[6], codes[7]} <= {200, 422}
    coordinator_client.post(people, data=chosen | {"do": "invite"})
    assert [(one.person_id, one.role) for one in db.session.query(Invitation)] == [(ani.id, Role.CADRE)]

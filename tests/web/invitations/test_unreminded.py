"""The pages say who gets no reminder, because they were invited after the last one, and staff can remind them there."""

import pytest
from flask import g

from tests.support.copied import copied
from tests.web.reading import text_of
from tests.world import NOW, at, draft_activity, invitation_of, invite, publish, run, stop_clock

PAGES = ("/activities/{activity}", "/activities/{activity}/invitees", "/invitations/{invitation}")


@copied
def begun(default_rules, ani):
    """Its last reminder to answer went out on Friday the 15th; the start is on Monday."""
    activity = draft_activity(None, None, 18, respond_by_at=at(17, 16))
    invite(activity, ani)
    publish(activity)
    for now in (NOW, at(11, 8), at(15, 8)):
        run(now)
    return activity


def test_the_check_before_inviting_says_that_no_reminder_follows(begun, budi, coordinator_client, monkeypatch):
    chosen = {"role": "participant", "activity_ids": [begun.id], "person_ids": [budi.id], "do": "check"}
    stop_clock(monkeypatch, at(16, 9))
    check = coordinator_client.post(f"/activities/{begun.id}/invite/people", data=chosen)
    assert "No reminder to answer follows" in text_of(check.text)


def test_the_check_is_silent_while_a_reminder_is_ahead(default_rules, activity, ani, budi, coordinator_client):
    invite(activity, ani)
    publish(activity)
    chosen = {"role": "participant", "activity_ids": [activity.id], "person_ids": [budi.id], "do": "check"}
    check = coordinator_client.post(f"/activities/{activity.id}/invite/people", data=chosen)
    assert "invited by mail at once" in check.text
    assert "No reminder to answer follows" not in check.text


@pytest.mark.parametrize("page", PAGES)
def test_pages_say_who_gets_no_reminder_and_offer_to_remind_now(begun, budi, coordinator_client, viewer_client, page):
    invite(begun, budi, now=at(16, 9))
    run(at(16, 9))
    address = page.format(activity=begun.id, invitation=invitation_of(begun, budi).id)
    to_remind = f"/activities/{begun.id}/invitees/remind?state=unreminded"
    for client, offered in ((coordinator_client, True), (viewer_client, False)):
        g.pop("_login_user", None)  # each request looks up the signed-in user again
        seen = client.get(address).text
        assert "no reminder" in text_of(seen).lower()
        assert (to_remind in seen) is offered


def test_the_list_for_reminding_holds_only_them(begun, budi, coordinator_client, monkeypatch):
    invite(begun, budi, now=at(16, 9))
    run(at(16, 9))
    stop_clock(monkeypatch, at(17, 9))
    page = text_of(coordinator_client.get(f"/activities/{begun.id}/invitees/remind?state=unreminded").text)
    assert "Budi Santoso" in page
    assert "Ani Wijaya" not in page

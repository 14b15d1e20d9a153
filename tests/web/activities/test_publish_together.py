"""Activities outside a programme are published together, after the usual preview."""

import re

import pytest

from outreach.domain.activities.values import ActivityValues
from outreach.domain.kinds import ActivityKind, Role
from outreach.extensions import db
from outreach.models import Activity
from outreach.services.activities import community
from outreach.services.activities.publish import publish
from tests.support.copied import copied
from tests.web.reading import fields, text_of
from tests.world import JAKARTA, NOW, at, draft_activity, invite

pytestmark = pytest.mark.usefixtures("clock_stands")

ADDRESS = "/activities/publish"


@copied
def drafts(office, coordinator) -> list[Activity]:
    """Outreach in Metro on the 18th and in Imopuro on the 19th, outside a programme."""
    values = ActivityValues(ActivityKind.OUTREACH, "Sosialisasi Kelurahan", at(18, 9), at(18, 11), JAKARTA)
    made = community.create(values, ["18.72.01.1001", "18.72.01.1003"], by=coordinator, now=NOW)
    made[1].starts_at, made[1].ends_at = at(19, 9), at(19, 11)
    db.session.commit()
    return made


def states(*activities: Activity) -> list[str]:
    db.session.rollback()
    return [db.session.get_one(Activity, activity.id).state.value for activity in activities]


def test_drafts_are_published_together_after_the_usual_preview(
    coordinator_client, drafts, ani, budi, default_rules, activity
):
    invite(drafts, ani)
    invite(drafts[1], budi)
    page = coordinator_client.get(ADDRESS).text
    assert "Sosialisasi Kelurahan … 2" in text_of(page)
    [key] = re.findall(r'name="group" value="([^"]+)"', page)
    [place] = re.findall(rf'formaction="{ADDRESS}#([^"]+)"', page)
    assert f'id="{place}"' in page, "the page stays where its group was ticked"
    ticked = coordinator_client.post(ADDRESS, data={"group": key}).text
    assert fields(ticked)["activity_ids"] == [str(draft.id) for draft in drafts]
    look = coordinator_client.post(ADDRESS, data=fields(ticked) | {"do": "look"}).text
    said = text_of(look)
    assert "2 activities will be published" in said
    assert "Who gets which mail when" in said
    assert "One invitee" in said
    assert "2 invitees" in said
    assert states(*drafts) == ["draft", "draft"]
    answer = coordinator_client.post(ADDRESS, data=fields(look))
    assert answer.location == "/activities"
    assert states(*drafts, activity) == ["published", "published", "draft"]
    assert "2 activities are published" in coordinator_client.get("/activities").text


def test_a_link_ticks_the_drafts_of_a_pattern(coordinator_client, drafts, activity):
    page = coordinator_client.get(ADDRESS, query_string={"group": "0:Sosialisasi Kelurahan"}).text
    assert fields(page)["activity_ids"] == [str(draft.id) for draft in drafts]
    page = coordinator_client.get(ADDRESS, query_string={"activity": [activity.id, 999]}).text
    assert fields(page)["activity_ids"] == [str(activity.id)]


def test_without_a_tick_nothing_is_published(coordinator_client, drafts):
    for do in ("look", "publish"):
        answer = coordinator_client.post(ADDRESS, data={"do": do})
        assert (answer.status_code, "Choose at least one activity." in answer.text) == (422, True)
    assert states(*drafts) == ["draft", "draft"]


def test_a_draft_that_cannot_be_published_refuses_all(coordinator_client, drafts, ani):
    for activity in (drafts[0], draft_activity(None, None, 18, starts_at=at(18, 9), title="Rapat")):
        invite(activity, ani, role=Role.CADRE)
    invite(drafts[0], ani, role=Role.PARTICIPANT)
    drafts[1].starts_at, drafts[1].ends_at = at(2, 9), at(2, 11)
    db.session.commit()
    assert "Imopuro" not in text_of(coordinator_client.get(ADDRESS).text)  # it lies in the past
    answer = coordinator_client.post(ADDRESS, data={"activity_ids": [draft.id for draft in drafts], "do": "publish"})
    assert answer.status_code == 422
    assert "would start in the past" in answer.text
    assert states(*drafts) == ["draft", "draft"]


def test_activities_published_meanwhile_are_left_out_of_the_preview(coordinator_client, drafts, coordinator):
    publish([drafts[0].id], by=coordinator, now=NOW)
    data = {"activity_ids": [draft.id for draft in drafts]}
    refused = coordinator_client.post(ADDRESS, data=data | {"do": "publish"})
    assert (refused.status_code, "is published already" in refused.text) == (422, True)
    assert fields(refused.text)["activity_ids"] == [str(drafts[1].id)]
    coordinator_client.post(ADDRESS, data=fields(refused.text))
    assert states(*drafts) == ["published", "published"]
    gone = coordinator_client.post(ADDRESS, data=data | {"do": "look"})
    assert "They are published already, or deleted." in gone.text


def test_the_number_of_queries_does_not_grow_with_the_drafts(coordinator_client, drafts, queries):
    def ask(some):
        return queries(lambda: coordinator_client.post(ADDRESS, data={"do": "look", "activity_ids": some}))

    ids = [draft.id for draft in drafts]
    ask(ids)
    assert ask(ids) - ask(ids[:1]) <= 6  # the forecast asks for the rules and invitees of each


def test_a_forecast_of_many_mails_is_folded_by_day(coordinator_client, office, coordinator, ani, default_rules):
    made = []
    for day in (6, *range(18, 23)):
        values = ActivityValues(ActivityKind.OUTREACH, "Sosialisasi Kelurahan", at(day, 9), at(day, 11), JAKARTA)
        made += community.create(values, ["18.72.01.1001", "18.72.01.1003", "18.72.04.1001"], by=coordinator, now=NOW)
    invite(made, ani)
    ids = [str(activity.id) for activity in made]
    folded = r'<details class="more"><summary>(.+)</summary>'
    assert re.findall(folded, coordinator_client.post(ADDRESS, data={"activity_ids": ids[:2], "do": "look"}).text) == []
    days = re.findall(folded, coordinator_client.post(ADDRESS, data={"activity_ids": ids, "do": "look"}).text)
    assert len(days) > 3
    assert [day for day in days if not re.search(r" · (One mail|\d+ mails|at most [1-9]\d* mails|no mail)$", day)] == []
    missed = [day for day in days if day.endswith(" · no mail")]
    assert missed == ["Wed, 30 Dec 2026 · no mail", "Sun, 3 Jan 2027 · no mail"]  # too late for 6 January

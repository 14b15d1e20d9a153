"""Why somebody does not come, and the day that they wish, in lists and spreadsheets of invitees."""

import csv
import io
from datetime import date

import pytest

from outreach.domain.answers import Choice
from outreach.domain.kinds import Role
from outreach.services.answers import answer as answering
from outreach.services.answers import decline as declining
from tests.support.copied import copied
from tests.web.reading import text_of
from tests.world import NOW, invite, invite_and_publish, minutes, token_of

pytestmark = pytest.mark.usefixtures("clock_stands")


@copied
def declined(app, activity, chief, ani):
    invite(activity, ani)
    invite_and_publish(activity, chief, role=Role.SPEAKER)
    link = token_of(chief)
    answering.answer(link, activity.id, Choice.NOT_COMING, now=NOW)
    declining.explain(link, activity.id, "Ada apel", date(2027, 1, 25), now=NOW + minutes(1))
    return activity


def rows(client, address):
    return list(csv.DictReader(io.StringIO(client.get(f"{address}?file=csv&lang=en").text.lstrip("\ufeff"))))


def test_the_list_of_invitees_says_why_somebody_declined_and_which_day_they_wish(coordinator_client, declined):
    said = text_of(coordinator_client.get(f"/activities/{declined.id}/invitees?lang=en").text)
    assert "Ada apel" in said
    assert "They wish another day: Monday, 25 January 2027" in said


def test_the_spreadsheets_of_invitees_and_of_a_person_have_both(coordinator_client, declined, chief):
    found = rows(coordinator_client, f"/activities/{declined.id}/invitees")
    assert [(row["Why not coming"], row["Wished day"]) for row in found] == [("Ada apel", "2027-01-25"), ("", "")]
    [own] = rows(coordinator_client, f"/people/{chief.id}")
    assert (own["Why not coming"], own["Wished day"]) == ("Ada apel", "2027-01-25")


def test_a_reason_of_an_answer_that_was_changed_since_is_not_said(coordinator_client, declined, chief):
    answering.answer(token_of(chief), declined.id, Choice.COMING, now=NOW + minutes(5))
    assert "Ada apel" not in coordinator_client.get(f"/activities/{declined.id}/invitees").text
    assert {row["Why not coming"] for row in rows(coordinator_client, f"/activities/{declined.id}/invitees")} == {""}

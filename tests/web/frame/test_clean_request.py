"""Input that nobody types but anybody can send: control characters, too large numbers, queries reserved by Flask."""

from itertools import product

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach.domain.states import ActivityState
from outreach.extensions import db
from outreach.models import Office, Organisation, Programme
from outreach.web.frame.clean_request import clean
from tests.world import draft_activity

pytestmark = pytest.mark.usefixtures("browsers")

HUGE = 2**63
LISTS = ["/people", "/organisations", "/venues", "/activities", "/programmes", "/messages", "/audit", "/office/cities",
         "/activities/1/invitees", "/activities/1/attendance", "/activities/1/invite/people"]  # fmt: skip


def test_a_search_ignores_control_characters(any_app: Flask, administrator_client, hall, subtests):
    draft_activity(None, hall)
    queries = ("q=%00", "q=ani%00%1f", "city=%00", "%00=x", "kind=%00", "state=%00", "region=%00", "about=%00")
    for path, query in product(LISTS, queries):
        with subtests.test(f"{path}?{query}"):
            assert administrator_client.get(f"{path}?{query}").status_code == 200


def test_control_characters_are_removed_from_a_name(any_app: Flask, administrator_client, office: Office):
    form = {"name": "Polres\x00 Metro\r\nBcc: x@example.com", "sector": "police", "locale": "id", "region_code": ""}
    assert administrator_client.post("/organisations/new", data=form).status_code == 302
    assert db.session.scalars(sa.select(Organisation.name)).all() == ["Polres Metro Bcc: x@example.com"]


def test_no_title_turns_the_letters_after_it_around(app: Flask, coordinator_client, programme: Programme):
    form = {"title": "Empat \u202eirah\u2066 (\u202aA\u202c)", "public_title": "Rangkaian", "starts_on": "2027-01-18",
            "days": "4", "zone": "Asia/Jakarta", "version": "1"}  # fmt: skip
    coordinator_client.post(f"/programmes/{programme.id}/edit", data=form)
    assert db.session.scalar(sa.select(Programme.title)) == "Empat irah (A)"


def test_a_title_is_one_line(app: Flask, coordinator_client, programme: Programme):
    form = {"title": "Empat hari\r\nBcc: x@example.com", "public_title": "Rangkaian\nkegiatan", "purpose": "Satu\nDua",
            "starts_on": "2027-01-18", "days": "4", "zone": "Asia/Jakarta", "version": "1"}  # fmt: skip
    coordinator_client.post(f"/programmes/{programme.id}/edit", data=form)
    kept = db.session.execute(sa.select(Programme.title, Programme.public_title, Programme.purpose)).one()
    assert kept == ("Empat hari Bcc: x@example.com", "Rangkaian kegiatan", "Satu\nDua")


def test_a_query_parameter_with_a_name_reserved_by_flask_is_harmless(administrator_client, subtests):
    queries = ("endpoint=x", "_scheme=x", "_external=1", "_anchor=x", "_method=x", "self=x", "values=x")
    for path, query in product(("/people", "/activities", "/programmes", "/audit", "/login"), queries):
        with subtests.test(f"{path}?{query}"):
            assert administrator_client.get(f"{path}?{query}", follow_redirects=True).status_code == 200


def test_a_too_large_record_number_is_not_found(any_app: Flask, administrator_client, subtests):
    paths = ("/people/{}", "/people/{}/edit", "/activities/{}", "/organisations/{}", "/messages/{}")
    for path, number in product(paths, (2**31, HUGE, "9" * 5000)):
        with subtests.test(path.format(number)[:40]):
            assert administrator_client.get(path.format(number)).status_code == 404


def test_a_too_large_number_in_a_query_is_ignored(any_app: Flask, administrator_client, subtests):
    names = ("page", "user", "organisation", "activity", "person", "programme")
    queries = (*(f"{name}={HUGE}" for name in names), f"page={'9' * 5000}")
    for path, query in product(("/people", "/activities", "/messages", "/audit", "/people/new"), queries):
        with subtests.test(f"{path}?{query}"[:60]):
            assert administrator_client.get(f"{path}?{query}").status_code == 200


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_day_at_the_end_of_the_calendar_is_an_input_error(coordinator_client, day: str):
    form = {"title": "Empat hari", "starts_on": day, "activities-0-title": "Rapat", "activities-0-on": day,
            "activities-0-starts": "08:00", "activities-0-ends": "12:00", "zone": "Asia/Jakarta"}  # fmt: skip
    refused = coordinator_client.post("/programmes/new", data=form)
    assert refused.status_code == 422
    assert "Please choose a day, such as 18/01/2027." in refused.text


def test_a_too_large_capacity_is_an_input_error(any_app: Flask, coordinator_client):
    refused = coordinator_client.post("/venues/new", data={"name": "Aula", "capacity": str(HUGE)})
    assert refused.status_code == 422


@pytest.mark.parametrize("unseen", ["\u200b", " \u200b ", "\u2800", "\u3164\u00ad"])
def test_a_reason_of_invisible_characters_is_refused(any_app: Flask, coordinator_client, published, unseen: str):
    form = {"reason": unseen, "confirm": "1", "version": str(published.version)}
    refused = coordinator_client.post(f"/activities/{published.id}/postpone", data=form)
    db.session.expire_all()
    assert (refused.status_code, published.state) == (422, ActivityState.PUBLISHED)


@pytest.mark.parametrize("text", ["\ua98f\ua9ba\u200d\ua994", "nama\u200b", "\ufe0f\u2764", " ", "\r\n"])
def test_characters_that_shape_other_letters_are_kept(text: str):
    assert clean(text) == text

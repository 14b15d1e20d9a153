"""Input that nobody types but anybody can send: control characters, too large numbers, queries reserved by Flask."""

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


@pytest.mark.parametrize("path", LISTS)
def test_a_search_ignores_control_characters(any_app: Flask, administrator_client, hall, path):
    draft_activity(None, hall)
    for query in ("q=%00", "q=ani%00%1f", "city=%00", "%00=x", "kind=%00", "state=%00", "region=%00", "about=%00"):
        assert (query, administrator_client.get(f"{path}?{query}").status_code) == (query, 200)


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


@pytest.mark.parametrize("path", ["/people", "/activities", "/programmes", "/audit", "/login"])
@pytest.mark.parametrize(
    "query", ["endpoint=x", "_scheme=x", "_external=1", "_anchor=x", "_method=x", "self=x", "values=x"]
)
def test_a_query_parameter_with_a_name_reserved_by_flask_is_harmless(administrator_client, path: str, query: str):
    assert administrator_client.get(f"{path}?{query}", follow_redirects=True).status_code == 200


@pytest.mark.parametrize(
    "path", ["/people/{}", "/people/{}/edit", "/activities/{}", "/organisations/{}", "/messages/{}"]
)
@pytest.mark.parametrize("number", [2**31, HUGE, "9" * 5000])
def test_a_too_large_record_number_is_not_found(any_app: Flask, administrator_client, path: str, number: object):
    assert administrator_client.get(path.format(number)).status_code == 404


@pytest.mark.parametrize("query", [f"page={HUGE}", f"user={HUGE}", f"organisation={HUGE}", f"activity={HUGE}",
                                   f"person={HUGE}", f"programme={HUGE}", f"page={'9' * 5000}"])  # fmt: skip
@pytest.mark.parametrize("path", ["/people", "/activities", "/messages", "/audit", "/people/new"])
def test_a_too_large_number_in_a_query_is_ignored(any_app: Flask, administrator_client, path, query):
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

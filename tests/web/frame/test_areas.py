"""Accounts with an area, on every page: what is foreign is not there, and what is not their own they do not change."""

import re
from collections.abc import Iterator
from datetime import date

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from outreach.domain.access import NotYours
from outreach.domain.kinds import Role, StaffRole
from outreach.domain.sign_in.events import SecurityKind
from outreach.extensions import db
from outreach.models import Invitation, Region, SecurityEvent, User
from outreach.models.access import GUARDED
from outreach.web.frame import areas
from outreach.web.frame.request import PUBLIC
from tests.web.frame import routes
from tests.world import (
    StandingClock,
    a_person,
    account,
    an_organisation,
    at,
    draft_activity,
    invitation_of,
    invite,
    invite_organisation,
    log_in,
    publish,
)
from tests.world.everywhere import one_row_in_each_table

pytestmark = pytest.mark.usefixtures("browsers")

IMOPURO, YOSODADI = "18.72.01.1003", "18.72.04.1001"
FOREIGN, OWN = "Rahasia", "Punya Imopuro"
# The row of a table that a part of an address names.
ROWS = {
    **areas.ROWS, "absence_id": "absence", "acting_id": "acting_person", "calendar_id": "absence_calendar",
    "case_id": "case_count", "device_id": "device", "evidence_id": "answer_evidence", "holder_id": "post_holder",
    "id_": "person", "import_id": "person_import", "list_id": "signed_list",
    "mail_id": "incoming_mail", "material_id": "material", "message_id": "message", "photo_id": "activity_photo",
    "post_id": "post", "proposal_id": "proposed_topic", "returned_id": "returned_file", "root_id": "trusted_root",
    "search_id": "placement", "slot_id": "poll_slot", "subject_id": "person", "user_id": "user",
}  # fmt: skip
WORDS = {"kind": "person", "key": "x" * 32, "locale": "id", "name": "speakers"}


def with_area(user: User, *codes: str) -> User:
    user.area_only, user.areas = True, [db.session.get_one(Region, code) for code in codes]
    db.session.commit()
    return user


def staff_routes(app: Flask) -> Iterator[tuple[str, str, str]]:
    """Yield (endpoint, rule, method) of every route that needs an account."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint.partition(".")[0] not in PUBLIC and rule.endpoint != "static":
            for method in sorted((rule.methods or set()) & {"GET", "POST"}):
                yield rule.endpoint, rule.rule, method


def address(rule: str, ids: dict[str, int]) -> str:
    def value(part: re.Match[str]) -> str:
        name = part[1]
        return str(ids[ROWS[name]]) if name in ROWS else WORDS[name]

    return re.sub(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>", value, rule)


@pytest.fixture
def foreign(administrator: User) -> dict[str, int]:
    """One row in each table, of Yosodadi."""
    found = one_row_in_each_table(FOREIGN, YOSODADI, administrator.id)
    return {**found, "user": administrator.id, "case_count": 1, "trusted_root": 1}


@pytest.fixture
def siti(office, foreign: dict[str, int]) -> User:
    """The coordinator of Imopuro."""
    return with_area(account(StaffRole.COORDINATOR, "Siti"), IMOPURO)


@pytest.fixture
def own(foreign: dict[str, int], siti: User, hall) -> dict[str, int]:
    """What belongs to Imopuro: an activity that invites a person and an organisation."""
    activity = draft_activity(None, hall, 19, title="Rapat Imopuro", region_code=IMOPURO)
    person = a_person("Sari", region_code=IMOPURO)
    organisation = an_organisation("Kelurahan Imopuro", region_code=IMOPURO)
    invite(activity, person, role=Role.SPEAKER)
    invite_organisation(activity, organisation)
    publish(activity)
    return {
        **dict.fromkeys(ROWS.values(), 99_999_999), "activity": activity.id, "person": person.id, "organisation": organisation.id,
        "invitation": invitation_of(activity, person).id, "venue": hall.id,
    }  # fmt: skip


def answers(app: Flask, client: FlaskClient, ids: dict[str, int], method: str) -> dict[str, str]:
    """Return what each route of the area that takes the method answers about these rows; what shows a foreign text, says so.

    Routes of the office answer 403.
    """
    found = {}
    for endpoint, rule, taken in staff_routes(app):
        if areas.is_own_affair(endpoint):
            continue
        if taken == method and areas.is_offices(endpoint):
            assert client.open(re.sub(r"<[^>]*>", "1", rule), method=method).status_code == 403, endpoint
        elif taken == method:
            answer = client.open(address(rule, ids), method=method)
            where = (
                " " + re.sub(r"\d+", "…", answer.headers["Location"].partition("?")[0])
                if answer.status_code == 302
                else ""
            )
            leak = " shows it" if FOREIGN.encode() in answer.data or FOREIGN in str(answer.headers) else ""
            found[endpoint] = f"{answer.status_code}{where}{leak}"
    return found


def stored() -> dict[str, list[object]]:
    """Return all rows of what accounts with an area see only in part."""
    with db.engine.connect() as connection:
        return {name: list(connection.execute(sa.select(db.metadata.tables[name]))) for name in GUARDED}


def test_every_route_is_the_offices_or_the_areas(app: Flask):
    endpoints = {endpoint for endpoint, _rule, _method in staff_routes(app)}
    known = areas.OFFICE | areas.AREA | areas.OWN_AFFAIRS
    unknown = {one for one in endpoints if not {one, one.partition(".")[0]} & known}
    assert unknown == set(), (
        "write a line in outreach/web/frame/areas.py: is it the office's, or does it show what lies in an area?"
    )
    assert {one for one in known if "." in one} <= endpoints  # no line is left of a page that is gone


def test_a_coordinator_of_an_area_gets_and_changes_nothing_foreign_by_any_route(app: Flask, siti: User, foreign):
    client, before = log_in(app, siti), stored()
    assert answers(app, client, foreign, "GET") == routes.FOREIGN_GET
    assert answers(app, client, foreign, "POST") == routes.FOREIGN_POST
    assert stored() == before


def test_a_coordinator_of_an_area_uses_her_own_pages_and_they_show_nothing_foreign(app: Flask, own, siti: User):
    assert answers(app, log_in(app, siti), own, "GET") == routes.OWN_GET


LISTS = (
    "/", "/activities", "/people", "/people?file=csv", "/organisations", "/organisations?file=csv", "/programmes", "/polls",
    "/people/groups", "/people/posts", "/search?q=activity", "/calendar/events.json?start=2027-01-17&end=2027-01-24",
)  # fmt: skip


def shown_on(client: FlaskClient, text: str) -> set[str]:
    found = {page: client.get(page) for page in LISTS}
    assert {page: answer.status_code for page, answer in found.items()} == dict.fromkeys(LISTS, 200)
    return {
        page for page, answer in found.items() if f"{text} ".encode() in answer.data
    }  # each text goes on after the word


def test_a_viewer_of_an_area_sees_on_no_list_and_in_no_download_what_the_whole_office_sees(app: Flask, own, siti: User):
    coordinator, viewer = siti, with_area(account(StaffRole.VIEWER, "Vera"), IMOPURO)
    assert shown_on(log_in(app, viewer), FOREIGN) == shown_on(log_in(app, coordinator), FOREIGN) == set()
    assert log_in(app, viewer).post(f"/people/{own['person']}/edit", data={"name": "x"}).status_code == 403
    coordinator.area_only = False
    db.session.commit()
    assert shown_on(log_in(app, coordinator), FOREIGN) >= {"/activities", "/people", "/people?file=csv", "/programmes"}


def test_an_activity_of_a_programme_is_seen_in_its_kelurahan_and_stays_the_offices(app: Flask, siti: User, programme):
    activity = draft_activity(programme, None, 20, title="Rapat rangkaian", region_code=IMOPURO)
    page, client = f"/activities/{activity.id}", log_in(app, siti)
    answer = client.get(page)
    assert (answer.status_code, "Rapat rangkaian" in answer.text) == (200, True)
    assert f"{page}/edit" not in answer.text
    assert [client.get(f"{page}/edit").status_code, client.post(f"{page}/publish").status_code] == [403, 403]
    assert [client.get(f"/programmes/{programme.id}{rest}").status_code for rest in ("", "/edit")] == [200, 403]


def test_a_coordinator_of_an_area_adds_and_invites_only_people_of_it(app: Flask, own, siti: User, foreign):
    client = log_in(app, siti)
    added = client.post("/people/new", data={"name": "Cici", "region_code": IMOPURO})
    assert added.status_code == 302
    for region in (YOSODADI, ""):
        assert client.post("/people/new", data={"name": "Dedi", "region_code": region}).status_code == 422
    invitees = f"/activities/{own['activity']}/invite/people"
    client.post(invitees, data={"person": str(foreign["person"]), "role": "speaker", "people": str(foreign["person"])})
    asked = sa.select(Invitation.person_id).where(Invitation.activity_id == own["activity"])
    assert foreign["person"] not in db.session.scalars(asked).all()


def test_a_hall_that_others_use_is_taken_and_nobody_reads_by_whom(app: Flask, siti: User, hall, programme):
    draft_activity(programme, hall, 18, title=FOREIGN, region_code=YOSODADI)
    own = draft_activity(None, hall, 19, title="Rapat Imopuro", region_code=IMOPURO)
    moved = {"on": "2027-01-18", "begins": "08:00", "ends": "12:00", "zone": "Asia/Jakarta", "venue_id": str(hall.id),
             "region_code": IMOPURO}  # fmt: skip
    answer = log_in(app, siti).post(f"/activities/{own.id}/edit", data={**edited(own), **moved})
    assert (answer.status_code, FOREIGN in answer.text) == (422, False)
    assert "by “another activity of the office” (–). Choose another time" in answer.text


def test_a_change_that_is_refused_when_it_is_written_is_recorded_as_well(app: Flask, siti: User, monkeypatch):
    def refuse(*_given, **_named):
        raise NotYours("person [1]")

    monkeypatch.setitem(app.view_functions, "people.index", refuse)
    assert log_in(app, siti).get("/people").status_code == 403
    assert db.session.query(SecurityEvent).filter_by(kind=SecurityKind.FORBIDDEN).one().user_id == siti.id


def edited(activity) -> dict[str, str]:
    return {"kind": activity.kind.value, "title": activity.title, "respond_by_on": "2027-01-16", "respond_by_at": "16:00",
            "version": str(activity.version)}  # fmt: skip


def test_access_ends_after_its_last_day(app: Flask, siti: User, clock_on_tuesday: StandingClock):
    siti.access_until = date(2027, 1, 5)
    db.session.commit()
    assert log_in(app, siti).get("/people").status_code == 200
    clock_on_tuesday.now = at(6)
    client = log_in(app, siti)
    assert client.get("/people").headers["Location"].startswith("/login")
    assert "Your access was until a day that is over." in client.get("/login?lang=en").text
    assert client.get("/people").status_code == 302


def test_who_stands_in_sees_and_changes_on_those_days_what_the_other_one_may(
    app: Flask, siti: User, foreign, office, clock_on_tuesday: StandingClock
):
    budi = with_area(account(StaffRole.VIEWER, "Budi"), YOSODADI)
    budi.roles = list(siti.roles)
    siti.stands_in_for, siti.stands_in_from, siti.stands_in_until = budi, date(2027, 1, 6), date(2027, 1, 7)
    db.session.commit()
    page, found = f"/people/{foreign['person']}/edit", []
    for day in (5, 6, 7, 8):
        clock_on_tuesday.now = at(day)
        found.append(log_in(app, siti).get(page).status_code)
    assert found == [404, 200, 200, 404]
    clock_on_tuesday.now, budi.active = at(6), False
    db.session.commit()
    assert log_in(app, siti).get(page).status_code == 404


def test_an_administrator_gives_an_area_and_the_next_page_keeps_to_it(
    app: Flask, administrator: User, coordinator, regions
):
    client = log_in(app, administrator)
    form = {"name": "Siti", "email": coordinator.email, "role": "coordinator", "locale": "en", "active": "y"}
    refused = client.post(f"/users/{coordinator.id}/edit", data={**form, "where": "areas"})
    assert (refused.status_code, "at least one kecamatan or kelurahan" in refused.text) == (422, True)
    person, theirs = a_person("Budi", region_code=YOSODADI).id, log_in(app, coordinator)
    assert theirs.get(f"/people/{person}").status_code == 200
    given = client.post(f"/users/{coordinator.id}/edit", data={**form, "where": "areas", "areas": ["18.72.01"]})
    assert given.status_code == 302
    assert theirs.get(f"/people/{person}").status_code == 404
    assert "only Metro Pusat" in client.get("/users").text

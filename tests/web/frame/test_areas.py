"""Accounts with an area, on every page: what is foreign is not there, and what is not their own they do not change."""

import re
from collections.abc import Iterator
from datetime import date

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from outreach import reach
from outreach.delivery.mail.ical_feed import feed_url
from outreach.domain.access import NotYours
from outreach.domain.kinds import FeedScope, Role, StaffRole
from outreach.domain.sign_in.events import SecurityKind
from outreach.extensions import db
from outreach.models import Invitation, Region, SecurityEvent, User
from outreach.models.access import GUARDED
from outreach.services import bundles, feeds
from outreach.services.bundles import Bundle, BundleForm, BundleOf, BundleState
from outreach.services.office import access as access_rules
from outreach.services.office import staff
from outreach.services.office.staff import UserValues
from outreach.services.planning.book import SpeakerTaken
from outreach.web.frame import access, areas
from outreach.web.frame.request import PUBLIC
from tests.support.copied import copied
from tests.web.frame import routes
from tests.world import (
    NOW,
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
    move,
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
WORDS = {"kind": "person", "key": "x" * 32, "locale": "id", "name": "speakers", "session_id": "99999999"}


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
        return str(ids[ROWS[name]]) if name in ROWS else WORDS.get(name, "1")

    return re.sub(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>", value, rule)


@copied
def foreign(administrator: User) -> dict[str, int]:
    """One row in each table, of Yosodadi."""
    found = one_row_in_each_table(FOREIGN, YOSODADI, administrator.id)
    return {**found, "user": administrator.id, "case_count": 1, "trusted_root": 1}


@copied
def siti(office, foreign: dict[str, int]) -> User:
    """The coordinator of Imopuro."""
    return with_area(account(StaffRole.COORDINATOR, "Siti"), IMOPURO)


@copied
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


def who_opens(endpoint: str) -> frozenset[str]:
    """Return the one of the three sets of routes.py that has the endpoint's line, or its blueprint's."""
    (found,) = (
        one
        for one in (routes.ADMINISTRATORS, routes.COORDINATORS, routes.EVERYBODY)
        if {endpoint, endpoint.partition(".")[0]} & one
    )
    return found


def expected(role: StaffRole, endpoint: str, method: str) -> str:
    """Return whether a role in the whole office is refused."""
    who = who_opens(endpoint)
    if role is StaffRole.ADMINISTRATOR:
        return "opens"
    changes = method == "POST" and not areas.is_own_affair(endpoint) and endpoint not in access.TAKEN
    looks_only = role is StaffRole.VIEWER and (changes or who is not routes.EVERYBODY)
    of_administrators = who is routes.ADMINISTRATORS or (
        method == "POST" and endpoint in routes.CHANGED_BY_ADMINISTRATORS
    )
    return "403" if looks_only or of_administrators else "opens"


def test_every_route_has_one_line_that_says_who_opens_it(app: Flask):
    endpoints = {endpoint for endpoint, _rule, _method in staff_routes(app)}
    lines = [*routes.ADMINISTRATORS, *routes.COORDINATORS, *routes.EVERYBODY]
    assert len(lines) == len(set(lines))
    by_itself = {line.partition(".")[0] for line in lines if "." in line}
    whole = {line for line in lines if "." not in line}
    assert whole & by_itself == set(), "a blueprint whose routes differ has a line for each of them"
    assert {one for one in endpoints if not {one, one.partition(".")[0]} & set(lines)} == set(), (
        "write a line in tests/web/frame/routes.py"
    )
    assert {
        one for one in lines if one not in endpoints | {endpoint.partition(".")[0] for endpoint in endpoints}
    } == set()


def test_each_role_in_the_whole_office_opens_what_its_line_says_and_nobody_else_opens_anything(
    app: Flask, office, administrator: User
):
    """Nothing of what the addresses name is there: who may open a page is decided before it is looked for."""
    roles = {role: account(role, role.value) for role in (StaffRole.COORDINATOR, StaffRole.VIEWER)}
    substitute, ended = (staff.add(UserValues(name, f"{name}@example.com", role), by=None, now=NOW).user for name, role in
                         (("wati", StaffRole.VIEWER), ("dedi", StaffRole.COORDINATOR)))  # fmt: skip
    substitute.stands_in_for, substitute.password_ends_at = administrator, None
    substitute.stands_in_from = substitute.stands_in_until = NOW.date()
    ended.access_until, ended.password_ends_at = date(2027, 1, 3), None
    db.session.commit()
    clients = {
        "administrator": (log_in(app, administrator), StaffRole.ADMINISTRATOR),
        "coordinator": (log_in(app, roles[StaffRole.COORDINATOR]), StaffRole.COORDINATOR),
        "viewer": (log_in(app, roles[StaffRole.VIEWER]), StaffRole.VIEWER),
        "stands in": (log_in(app, substitute), StaffRole.COORDINATOR),
        "anonymous": (app.test_client(), None),
    }
    ids, wrong = dict.fromkeys(ROWS.values(), 99_999_999), []
    for endpoint, rule, method in staff_routes(app):
        path = address(rule, ids)
        for name, (client, role) in (*clients.items(), ("ended", (log_in(app, ended), None))):
            answer = client.open(path, method=method)
            wanted = "sign in" if role is None else expected(role, endpoint, method)
            if _class_of(answer) != wanted:
                wrong.append((name, method, endpoint, answer.status_code, wanted))
    assert wrong == [], "\n".join(map(str, wrong))


def _class_of(answer: TestResponse) -> str:
    if answer.status_code == 302 and answer.headers["Location"].startswith("/login"):
        return "sign in"
    return "403" if answer.status_code == 403 else "opens"


def test_a_viewer_of_an_area_opens_no_more_of_what_is_foreign_than_its_coordinator(app: Flask, office, foreign):
    viewer, before = with_area(account(StaffRole.VIEWER, "Vera"), IMOPURO), stored()
    client, wrong = log_in(app, viewer), []
    for method, by_coordinator in (("GET", routes.FOREIGN_GET), ("POST", routes.FOREIGN_POST)):
        for endpoint, answer in answers(app, client, foreign, method).items():
            looks = method == "GET" or endpoint in access.TAKEN
            open_to_viewers = looks and who_opens(endpoint) is routes.EVERYBODY
            allowed = {by_coordinator[endpoint]} if open_to_viewers else {"403"} if method == "POST" else {"403", "404"}
            if answer not in allowed:
                wrong.append((method, endpoint, answer, allowed))
    assert wrong == [], "\n".join(map(str, wrong))
    assert stored() == before


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


def test_a_speaker_who_is_elsewhere_is_taken_and_nobody_reads_where(app: Flask, siti: User, hall, programme):
    speaker = a_person("Sari", region_code=IMOPURO)
    for day, title, code in ((18, FOREIGN, YOSODADI), (19, "Rapat Imopuro", IMOPURO)):
        own = draft_activity(None, None, day, title=title, public_title=title, region_code=code)
        invite(own, speaker, role=Role.SPEAKER)
        publish(own, tick=False)
    moved = {
        "on": "2027-01-18",
        "begins": "08:00",
        "ends": "12:00",
        "version": str(own.version),
        "reason": "Aula dipakai",
    }
    client, page = log_in(app, siti), f"/calendar/{own.id}/move"
    for answer in (client.get(page, query_string=moved), client.post(page, data=moved)):
        assert (FOREIGN in answer.text, "another activity of the office" in answer.text) == (False, True)
    with reach.keeping_to(access_rules.reach_of(siti, now=NOW)), pytest.raises(SpeakerTaken) as refused:
        move(own, at(18, 8), at(18, 12), now=NOW)
    assert (FOREIGN in str(refused.value.values), refused.value.values["by"]) == (False, "–")


def test_a_calendar_address_shows_what_the_account_that_made_it_sees_today(app: Flask, own, siti: User, foreign):
    feed = feeds.make(FeedScope.EVERYTHING, None, "HP Siti", by=siti, now=NOW)
    path = feed_url(feed).partition("localhost")[2]

    def shown() -> tuple[bool, bool]:
        calendar = app.test_client().get(path).text
        return f"/activities/{own['activity']}\r\n" in calendar, f"/activities/{foreign['activity']}\r\n" in calendar

    found = [shown()]
    with_area(siti, YOSODADI)
    found.append(shown())
    siti.area_only = False
    db.session.commit()
    assert [*found, shown()] == [(True, False), (False, True), (True, True)]
    siti.access_until = date(2027, 1, 3)
    db.session.commit()
    assert app.test_client().get(path).status_code == 404


def test_a_bundle_of_letters_is_gone_once_one_of_them_is_out_of_sight(app: Flask, siti: User, foreign):
    letter = one_row_in_each_table("Punya", IMOPURO, siti.id, in_programme=False)["letter"]

    long_ago = at(1, year=2020)  # files have the time of the machine: none of them counts as too old

    def kept(*letters: int) -> str:
        bundle = Bundle(siti.id, BundleOf.LETTERS, BundleForm.ZIP, letters, NOW, state=BundleState.STOPPED)
        return bundles.begin(bundle, now=long_ago, launch=lambda _key: None)

    client, keys = log_in(app, siti), [kept(letter), kept(letter, foreign["letter"]), kept()]
    pages = [f"/documents/{key}{rest}" for key in keys for rest in ("", "/file")]
    for key in keys:
        (bundles._folder() / f"{key}.zip").write_bytes(b"PK")
    assert [client.get(page).status_code for page in pages] == [200, 200, 404, 404, 404, 404]
    with_area(siti, YOSODADI)
    assert {client.get(page).status_code for page in pages} == {404}


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

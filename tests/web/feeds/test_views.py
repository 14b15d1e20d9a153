"""The page of calendar feeds, and the files that programs read there without signing in."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.http import http_date

from outreach import create_app
from outreach.delivery.mail.ical_feed import feed_url
from outreach.domain.activities.values import Move
from outreach.domain.kinds import FeedScope, Role
from outreach.extensions import db
from outreach.models import Activity, Feed, Invitation, Region
from outreach.services import feeds
from outreach.services.activities import move as moves
from outreach.services.activities import publish as publishing
from tests.support.apps import settings_for
from tests.support.copied import copied
from tests.world import NOW, publish

pytestmark = pytest.mark.usefixtures("clock_stands", "browsers")


ADDRESS = re.compile(r"http://localhost(/feeds/[\w-]{38}\.ics)")


@copied
def published_for_nobody(activity: Activity, coordinator) -> Activity:
    publish(activity, by=coordinator, tick=False)
    return activity


@copied
def address(current_app_: Flask, published_for_nobody, coordinator_client) -> str:
    """The address of the feed of everything, created through the page."""
    coordinator_client.post("/feeds/new", data={"name": "HP Kepala Bidang", "scope": "everything"})
    return ADDRESS.search(coordinator_client.get("/feeds").text)[1]


def only_feed() -> Feed:
    db.session.expire_all()
    return db.session.scalars(sa.select(Feed)).one()


def test_a_calendar_is_read_without_signing_in(any_app, address):
    answer = any_app.test_client().get(address)
    assert answer.status_code == 200
    assert answer.content_type == "text/calendar; charset=utf-8"
    assert answer.text.startswith("BEGIN:VCALENDAR\r\n")
    assert "SUMMARY:Rapat koordinasi lintas sektor" in answer.text
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert answer.headers["X-Robots-Tag"] == "noindex"
    assert answer.headers["ETag"].startswith('W/"')


def test_a_program_with_the_current_version_gets_not_modified(
    any_app, address, published_for_nobody, coordinator, monkeypatch
):
    client = any_app.test_client()
    monkeypatch.setattr("outreach.clock.now", lambda: NOW + timedelta(seconds=1))
    first = client.get(address)
    again = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    since = client.get(address, headers={"If-Modified-Since": first.headers["Last-Modified"]})
    assert (since.status_code, since.data) == (304, b"")

    later = NOW + timedelta(hours=1)
    monkeypatch.setattr("outreach.clock.now", lambda: later)
    place = Move(
        published_for_nobody.starts_at + timedelta(days=1),
        published_for_nobody.ends_at + timedelta(days=1),
        published_for_nobody.zone,
        None,
    )
    moves.move(published_for_nobody.id, place, "Aula dipakai", None, by=coordinator, now=later)
    for headers in ({"If-None-Match": first.headers["ETag"]}, {"If-Modified-Since": first.headers["Last-Modified"]}):
        changed = client.get(address, headers=headers)
        assert (changed.status_code, "SEQUENCE:1" in changed.text) == (200, True)


def test_a_change_within_the_second_of_the_last_reading_is_not_missed(
    any_app, address, published_for_nobody, coordinator, monkeypatch
):
    client = any_app.test_client()
    first = client.get(address)  # in the second of the last change, which a program cannot tell from a later one
    assert "Last-Modified" not in first.headers
    later = NOW + timedelta(milliseconds=300)
    publishing.cancel(published_for_nobody.id, "Banjir", by=coordinator, now=later)
    monkeypatch.setattr("outreach.clock.now", lambda: later + timedelta(seconds=5))
    changed = client.get(address, headers={"If-Modified-Since": http_date(NOW)})
    assert (changed.status_code, "Last-Modified" in changed.headers) == (200, True)
    kept = client.get(address, headers={"If-Modified-Since": changed.headers["Last-Modified"]})
    assert kept.status_code == 304


def test_a_request_records_the_day_once_and_changes_nothing_else(any_app, address, monkeypatch, queries):
    client = any_app.test_client()
    before = only_feed().read_on
    client.get(address)
    assert (before, str(only_feed().read_on)) == (None, "2027-01-04")
    written = []

    def watch(_connection, _cursor, statement, *_rest):
        if not statement.lstrip().upper().startswith(("SELECT", "BEGIN", "SAVEPOINT", "RELEASE")):
            written.append(statement)

    sa.event.listen(db.engine, "before_cursor_execute", watch)
    client.get(address)
    assert written == []
    monkeypatch.setattr("outreach.clock.now", lambda: NOW + timedelta(days=1))
    client.get(address)
    sa.event.remove(db.engine, "before_cursor_execute", watch)
    assert [statement.split()[0] for statement in written] == ["UPDATE"]
    assert str(only_feed().read_on) == "2027-01-05"


def test_an_unchanged_file_is_written_once(app, address, published_for_nobody, monkeypatch):
    client = app.test_client()
    first = client.get(address).data
    monkeypatch.setattr("outreach.clock.now", lambda: NOW + timedelta(minutes=5))
    assert client.get(address).data == first
    published_for_nobody.public_title = "Rapat lain"
    db.session.commit()
    assert b"SUMMARY:Rapat lain" in client.get(address).data


def test_unknown_forged_and_stopped_addresses_get_the_same_response(any_app, address, coordinator_client):
    client = any_app.test_client()
    forged = address.replace(".ics", "")[:-1] + ("A" if address[-5] != "A" else "B") + ".ics"
    assert client.get(address).status_code == 200
    coordinator_client.post(f"/feeds/{only_feed().id}/revoke")
    answers = [client.get(path) for path in (address, forged, "/feeds/unknown.ics")]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.data for answer in answers}) == 1
    assert len({tuple(sorted(answer.headers)) for answer in answers}) == 1


def test_too_many_requests_are_rate_limited(tmp_path, app, published_for_nobody):
    feed = feeds.make(FeedScope.EVERYTHING, None, "HP", by=None, now=NOW)
    path = feed_url(feed).removeprefix("http://localhost")
    slow = create_app(settings_for(tmp_path, rate_public="3/minute"))
    answers = [slow.test_client().get(path).status_code for _ in range(5)]
    assert answers == [200, 200, 200, 429, 429]


def test_a_new_address_replaces_the_old_one(any_app, address, coordinator_client):
    feed = only_feed()
    assert "stops working at once" in coordinator_client.get(f"/feeds/{feed.id}/renew").text
    assert any_app.test_client().get(address).status_code == 200  # opening the confirmation changed nothing
    coordinator_client.post(f"/feeds/{feed.id}/renew")
    other = ADDRESS.search(coordinator_client.get("/feeds").text)[1]
    assert other != address
    assert [any_app.test_client().get(path).status_code for path in (address, other)] == [404, 200]


def test_a_stopped_address_is_no_longer_shown(any_app, address, coordinator_client):
    coordinator_client.post(f"/feeds/{only_feed().id}/revoke")
    page = coordinator_client.get("/feeds").text
    assert "Stopped" in page
    assert ADDRESS.search(page) is None


def test_each_scope_asks_for_its_record(any_app, programme, hall, ani, coordinator_client):
    for scope, field in (("programme", "programme_id"), ("venue", "venue_id"), ("person", "person_id")):
        answer = coordinator_client.post("/feeds/new", data={"name": "Dinding", "scope": scope})
        assert (answer.status_code, "Please choose what the calendar shows." in answer.text) == (422, True)
        assert f'id="{field}-error"' in answer.text
    for scope, subject in (("programme", programme.id), ("venue", hall.id), ("person", ani.id)):
        form = {"name": "Dinding", "scope": scope, f"{scope}_id": str(subject)}
        answer = coordinator_client.post(f"/feeds/new?{scope}={subject}", data=form)
        assert answer.status_code == 302, answer.text
    found = db.session.execute(
        sa.select(Feed.scope, Feed.programme_id, Feed.venue_id, Feed.person_id).order_by(Feed.id)
    )
    assert [tuple(row) for row in found] == [
        (FeedScope.PROGRAMME, programme.id, None, None),
        (FeedScope.VENUE, None, hall.id, None),
        (FeedScope.PERSON, None, None, ani.id),
    ]


def test_a_link_from_a_venues_page_preselects_it(app, hall, coordinator_client):
    page = coordinator_client.get(f"/feeds/new?venue={hall.id}").text
    assert 'selected value="venue"' in page
    assert f'selected value="{hall.id}"' in page


def test_a_viewer_neither_sees_nor_creates_addresses(any_app, address, viewer_client):
    assert [viewer_client.get(path).status_code for path in ("/feeds", "/feeds/new")] == [403, 403]
    assert viewer_client.post(f"/feeds/{only_feed().id}/renew").status_code == 403


def test_a_persons_feed_is_in_their_language(any_app, published_for_nobody, ani):
    ani.locale = "en"
    published_for_nobody.venue_id = None
    db.session.commit()
    everything = feeds.make(FeedScope.EVERYTHING, None, "HP", by=None, now=NOW)
    assert "akan diberitahukan" in any_app.test_client().get(feed_url(everything)).text
    db.session.add(Invitation(activity_id=published_for_nobody.id, person_id=ani.id, role=Role.CADRE, invited_at=NOW))
    db.session.commit()
    own = feeds.make(FeedScope.PERSON, ani.id, "HP sendiri", by=None, now=NOW)
    assert "to be announced" in any_app.test_client().get(feed_url(own)).text


def test_a_feed_of_an_area_tells_that_an_activity_of_a_programme_has_moved(
    any_app, published_for_nobody, coordinator, administrator, clock_stands
):
    one = published_for_nobody
    one.region_code = "18.72.01.1003"
    coordinator.area_only, coordinator.areas = True, [db.session.get_one(Region, "18.72.01")]
    db.session.commit()
    feed = feeds.make(FeedScope.EVERYTHING, None, "HP", by=coordinator, now=NOW)
    address, client = feed_url(feed).removeprefix("http://localhost"), any_app.test_client()
    clock_stands.now = NOW + timedelta(days=1)
    before = client.get(address)
    assert (one.programme_id is not None, "SEQUENCE:0" in before.text) == (True, True)
    place = Move(one.starts_at + timedelta(days=1), one.ends_at + timedelta(days=1), one.zone, None)
    moves.move(one.id, place, "Aula dipakai", None, by=administrator, now=clock_stands.now + timedelta(hours=1))
    clock_stands.now += timedelta(hours=2)
    after = client.get(address, headers={"If-Modified-Since": before.headers["Last-Modified"]})
    assert (after.status_code, "SEQUENCE:1" in after.text) == (200, True)

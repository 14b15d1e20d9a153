"""The calendar feeds that people create for themselves with their own link."""

import threading

import pytest
import sqlalchemy as sa

from outreach.extensions import db
from outreach.models import AuditEntry, Feed, Link
from outreach.queries import feeds as feed_pages
from outreach.queries.feeds import FeedUnknown
from outreach.services import feeds
from outreach.services.feeds import FeedMissing, OnlyForPeople
from outreach.services.invitations import links
from outreach.services.invitations.links import LinkReplaced, LinkRevoked
from tests.support.waiting import waits_for_another
from tests.world import NOW, token_of

pytestmark = pytest.mark.usefixtures("any_app")


def opened(address: str) -> Feed:
    return feed_pages.open_feed(address.rpartition("/")[2].removesuffix(".ics"))


def test_a_speaker_creates_changes_and_stops_a_feed_of_their_activities(chief_and_police_invited, chief):
    token = token_of(chief)
    assert feed_pages.own_address_of(chief.id) == ""
    feeds.make_own(token, now=NOW)
    first = feed_pages.own_address_of(chief.id)
    assert [entry.activity.id for entry in feed_pages.content(opened(first), now=NOW).entries] == [
        chief_and_police_invited.id
    ]
    feeds.make_own(token, now=NOW)
    second = feed_pages.own_address_of(chief.id)
    with pytest.raises(FeedUnknown):
        opened(first)
    assert opened(second).person_id == chief.id
    feeds.stop_own(token, now=NOW)
    with pytest.raises(FeedUnknown):
        opened(second)
    assert feed_pages.own_address_of(chief.id) == ""
    said = sa.select(AuditEntry.id).where(AuditEntry.subject_type == "feed")
    assert db.session.scalars(said).all() == []  # the log is of what staff do


@pytest.mark.parametrize("end", [links.revoke, links.renew])
def test_a_feed_ends_with_the_link_that_created_it(chief_and_police_invited, chief, end):
    token = token_of(chief)
    feeds.make_own(token, now=NOW)
    address = feed_pages.own_address_of(chief.id)
    given = feeds.make(feeds.FeedScope.PERSON, chief.id, "HP ajudan", by=None, now=NOW)
    end(chief, by=None, now=NOW)
    with pytest.raises(FeedUnknown):
        opened(address)
    assert {row.feed.id for row in feed_pages.all_feeds() if row.url} == {given.id}


def test_an_invalid_link_creates_no_feed_and_an_organisation_has_none(chief_and_police_invited, chief, police):
    with pytest.raises(OnlyForPeople):
        feeds.make_own(token_of(police), now=NOW)
    token = token_of(chief)
    links.revoke(chief, by=None, now=NOW)
    with pytest.raises(LinkRevoked):
        feeds.make_own(token, now=NOW)
    assert db.session.scalars(sa.select(Feed.id)).all() == []


def test_staff_see_the_feed_and_can_only_stop_it(chief_and_police_invited, chief, coordinator):
    made = feeds.make_own(token_of(chief), now=NOW)
    [row] = feed_pages.all_feeds()
    assert (row.own, row.subject) == (True, "Kapolres Metro")
    with pytest.raises(FeedMissing):
        feeds.renew(made.id, by=coordinator, now=NOW)
    feeds.revoke(made.id, by=coordinator, now=NOW)
    assert feed_pages.all_feeds() == []


def test_two_requests_at_once_create_one_feed(chief_and_police_invited, any_app, chief):
    token = token_of(chief)
    db.session.remove()
    together = threading.Barrier(2)

    def press() -> None:
        with any_app.app_context():
            together.wait()
            feeds.make_own(token, now=NOW)
            db.session.remove()

    threads = [threading.Thread(target=press) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Feed)) == 1


@pytest.mark.postgresql
@pytest.mark.parametrize("any_app", ["postgresql"], indirect=True)  # on SQLite one writes at a time
@pytest.mark.parametrize(
    ("ended", "problem"), [({"revoked_at": NOW}, LinkRevoked), ({"nonce": "another-nonce"}, LinkReplaced)]
)
def test_a_link_revoked_at_that_moment_creates_no_feed(chief_and_police_invited, any_app, chief, ended, problem):
    token, chief_id = token_of(chief), chief.id
    db.session.remove()
    raised = []

    def press() -> None:
        with any_app.app_context():
            with pytest.raises(problem) as caught:
                feeds.make_own(token, now=NOW)
            raised.append(caught.value)
            db.session.remove()

    pressing = threading.Thread(target=press)
    with db.engine.begin() as connection:
        connection.execute(sa.update(Link).where(Link.person_id == chief_id).values(ended))
        pressing.start()
        assert waits_for_another()
    pressing.join()
    assert len(raised) == 1
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Feed)) == 0


def test_making_and_stopping_a_feed_opens_the_link_once(chief_and_police_invited, chief, statements):
    token = token_of(chief)
    for change in (feeds.make_own, feeds.stop_own):
        took = statements(lambda change=change: change(token, now=NOW))
        assert sum("FROM link" in statement for statement in took) == 1

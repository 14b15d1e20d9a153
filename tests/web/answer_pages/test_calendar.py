"""A person's own calendar feed, on a page of their answer link."""

import gzip
import html
import re

import pytest
import sqlalchemy as sa

from outreach.delivery import tokens
from outreach.extensions import db
from outreach.models import Feed, Link
from outreach.services import feeds
from outreach.services.directory import assistants
from outreach.web.answer_pages.forms import form_token
from tests.support.copied import copied
from tests.world import NOW

pytestmark = pytest.mark.usefixtures("clock_stands", "any_app")


def link_of(column, id_: int) -> str:
    return tokens.token(db.session.scalars(sa.select(Link).where(column == id_)).one())


@copied
def link(chief_and_police_invited, chief) -> str:
    return link_of(Link.person_id, chief.id)


def sent(phone, link, path="", **data):
    return phone.post(f"/j/{link}/calendar{path}?lang=en", data={"csrf_token": form_token(link), **data})


def feed_ids() -> list[int]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Feed.id)))


def test_an_invitee_creates_a_feed_that_a_calendar_program_reads_and_stops_it(phone, link):
    assert f'href="/j/{link}/calendar"' in phone.get(f"/j/{link}").text
    assert feed_ids() == []
    made = sent(phone, link)
    assert made.status_code == 303
    page = html.unescape(phone.get(made.headers["Location"]).text)
    assert "The address is made." in page
    [address] = re.findall(r'value="(http[^"]+\.ics)"', page)
    assert f'href="webcal:{address.partition(":")[2]}"' in page
    path = address.partition("localhost")[2]
    assert "BEGIN:VEVENT" in phone.get(path).text
    stopped = sent(phone, link, "/stop")
    assert "The address no longer works." in phone.get(stopped.headers["Location"]).text
    assert phone.get(path).status_code == 404


def test_opening_the_page_and_foreign_posts_create_nothing(phone, link):
    page = phone.get(f"/j/{link}/calendar")
    assert (page.status_code, "script" in page.text) == (200, False)
    assert "no-store" in page.headers["Cache-Control"]
    assert phone.post(f"/j/{link}/calendar").status_code == 400
    foreign = phone.post(
        f"/j/{link}/calendar", data={"csrf_token": form_token(link)}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert foreign.status_code == 400
    assert feed_ids() == []


def test_the_page_fits_in_one_round_trip(phone, link):
    sent(phone, link)
    assert len(gzip.compress(phone.get(f"/j/{link}/calendar").get_data())) < 14 * 1024


def test_an_adjutant_gets_no_calendar_address_which_they_would_keep_as_an_earlier_one(phone, link, chief):
    assistants.write(chief, "Rina", "", "rina@example.com")
    db.session.commit()
    theirs = tokens.assistant_token(chief.assistant.nonce)
    assert f'href="/j/{theirs}/calendar"' not in phone.get(f"/j/{theirs}").text
    assert phone.get(f"/j/{theirs}/calendar?lang=en").status_code == 404
    assert sent(phone, theirs).status_code == 404
    assert feed_ids() == []
    sent(phone, link)
    assert sent(phone, theirs, "/stop").status_code == 404
    assert "The address is made." in html.unescape(phone.get(f"/j/{link}/calendar?done=made&lang=en").text)


def test_an_organisation_gets_no_link_to_the_page(phone, chief_and_police_invited, police):
    link = link_of(Link.organisation_id, police.id)
    assert f"/j/{link}/calendar" not in phone.get(f"/j/{link}").text
    assert sent(phone, link).status_code == 404
    assert feed_ids() == []


def test_staff_see_that_the_feed_exists_but_not_its_address(link, coordinator_client):
    feeds.make_own(link, now=NOW)
    page = coordinator_client.get("/feeds").text
    assert "Made by themself" in page
    assert "Kapolres Metro" in page
    assert ".ics" not in page

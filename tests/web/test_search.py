"""The search page, and the way to it from every page."""

import re

import pytest

from outreach.domain.kinds import Sector
from outreach.extensions import db
from outreach.models import Organisation
from outreach.queries.search import SHOWN
from tests.web.reading import page, text_of
from tests.world import a_person

pytestmark = pytest.mark.usefixtures("clock_stands")


def links(html: str) -> list[str]:
    return re.findall(r'href="([^"]+)"', html.partition("<main")[2])


@pytest.mark.parametrize("path", ["/", "/people", "/activities/new", "/messages", "/calendar", "/office"])
def test_every_page_has_the_search_as_an_ordinary_form(administrator_client, path: str):
    html = page(administrator_client, path)
    form = html.partition('<form class="find" method="get" action="/search" role="search">')[2].partition("</form>")[0]
    assert re.search(r'<input [^>]*type="search" name="q"', form)
    assert 'aria-keyshortcuts="/"' in form


def test_the_page_groups_what_it_finds_and_links_to_it(coordinator_client, chief, activity, police):
    html = page(coordinator_client, "/search?q=metro")
    assert re.findall(r'<h2 class="card-title" id="found-\w+">([^<]+)', html) == ["People", "Organisations"]
    assert {f"/people/{chief.id}", f"/organisations/{police.id}"} <= set(links(html))
    assert "Rapat koordinasi pencegahan kekerasan" in text_of(page(coordinator_client, "/search?q=rapat+kekerasan"))


def test_a_link_leads_to_the_whole_list_with_the_same_words(coordinator_client):
    for number in range(SHOWN + 1):
        a_person(f"Sari {number}", post="Ketua RT")
    html = page(coordinator_client, "/search?q=ketua+sari")
    more = next(link for link in links(html) if link.startswith("/people?"))
    assert text_of(page(coordinator_client, more)).count("Sari ") >= SHOWN + 1


def test_words_of_several_fields_are_found_in_the_lists_of_activities_and_programmes_too(coordinator_client, activity):
    assert activity.title in page(coordinator_client, "/activities?q=bappeda+rapat&time=all")
    assert activity.programme.title in page(coordinator_client, "/programmes?q=anak+perlindungan")


def test_a_viewer_finds_the_same_as_a_coordinator(viewer_client, ani):
    assert f"/people/{ani.id}" in links(page(viewer_client, "/search?q=wijaya"))


def test_without_an_account_nothing_is_found(app, ani):
    refused = app.test_client().get("/search?q=wijaya")
    assert (refused.status_code, refused.headers["Location"]) == (302, "/login?next=/search?q%3Dwijaya")


def test_the_page_says_if_nothing_is_found_or_too_little_was_typed(coordinator_client):
    assert "Nothing found" in text_of(page(coordinator_client, "/search?q=zzzz"))
    assert "at least two letters" in text_of(page(coordinator_client, "/search?q=z"))
    assert "at least two letters" in text_of(page(coordinator_client, "/search"))


def test_typed_words_and_results_are_never_markup(coordinator_client):
    db.session.add(Organisation(name="<b>Kantor</b>", sector=Sector.OTHER))
    db.session.commit()
    html = page(coordinator_client, "/search?q=<b>kantor")
    assert "<b>" not in html.partition("<main")[2]
    assert "&lt;b&gt;Kantor&lt;/b&gt;" in html

"""The bell on every page: a number for coordinators, seen and unseen for each account, cached between pages."""

import re

from flask import g

from outreach.domain.answers import Choice
from outreach.domain.kinds import Role
from outreach.queries import bell as news
from tests.support.copied import copied
from tests.world import answer, invite, publish


@copied
def refused(activity, chief):
    invite(activity, chief, role=Role.SPEAKER)
    publish(activity)
    answer(activity, chief, Choice.NOT_COMING)
    news.read_again()
    return activity


def number(page) -> str:
    found = re.search(r'class="bell".*?</a>', page.text, flags=re.DOTALL)
    return re.sub(r"<[^>]+>", " ", found[0][found[0].index("</svg>") :]).split()[0] if found else "no bell"


def test_every_page_has_the_number_until_it_is_seen(refused, coordinator_client, administrator_client):
    pages = ("/", "/people", f"/activities/{refused.id}", "/bell")
    assert [number(coordinator_client.get(page)) for page in pages] == ["1"] * 4
    page = coordinator_client.get("/bell")
    assert "Kapolres Metro is not coming" in page.text
    keys = re.findall(r'name="key"[^>]*value="([^"]+)"', page.text)
    coordinator_client.post("/bell/seen", data={"key": keys[0]})
    assert number(coordinator_client.get("/")) == "No"
    page = coordinator_client.get("/bell")
    assert ("Kapolres Metro is not coming" in page.text, "I have seen all of this" in page.text) == (True, False)
    for name in ("_login_user", "staff_session"):  # the tests' application context outlives a request
        g.pop(name, None)
    assert number(administrator_client.get("/")) == "1"


def test_opening_the_page_marks_nothing_as_seen(refused, coordinator_client):
    coordinator_client.get("/bell")
    news.read_again()
    assert number(coordinator_client.get("/")) == "1"


def test_a_viewer_has_no_bell(refused, viewer_client):
    assert number(viewer_client.get("/")) == "no bell"
    assert [viewer_client.get("/bell").status_code, viewer_client.post("/bell/seen").status_code] == [403, 403]


def test_the_number_needs_no_statement_while_it_is_cached(refused, coordinator_client, statements):
    def fetch():
        g.pop("_login_user", None)
        return coordinator_client.get("/people")

    def read_again_and_fetch():
        news.read_again()
        return fetch()

    fetch()
    asked = [statement for statement in statements(fetch) if "bell_seen" in statement or "noticed_clash" in statement]
    asked_again = [
        statement
        for statement in statements(read_again_and_fetch)
        if "bell_seen" in statement or "noticed_clash" in statement
    ]
    assert (len(asked), len(asked_again)) == (0, 2)

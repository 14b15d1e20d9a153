"""What a head of office reads by a link, without an account; and the pages on which staff make and end such links."""

import re
from datetime import date

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach.domain.kinds import Sex
from outreach.extensions import db
from outreach.models import AuditEntry, ReadingLink, SecurityEvent
from outreach.services.office import reading_links
from tests.support.copied import copied
from tests.world import a_programme, at, draft_activity, log_in, publish, stop_clock
from tests.world.held import held, many_came

pytestmark = pytest.mark.usefixtures("browsers")

IMOPURO = "18.72.01.1003"
PAGES = ("", "/coverage", "/programmes", "/programmes/{programme}", "/calendar?on=2027-01-20")


@pytest.fixture
def january(programme, hall, regions, monkeypatch):
    """A held activity with guests, two of them boys; one ahead, published; a draft; and a programme of a draft only."""
    first = held(draft_activity(programme, hall, 18, title="Rapat rahasia", public_title="Rapat", region_code=IMOPURO))
    many_came(first, 12, region_code=IMOPURO, sex=Sex.FEMALE)
    many_came(first, 2, region_code=IMOPURO, sex=Sex.MALE)
    held(draft_activity(programme, hall, 12, title="Hari lain", public_title="Hari lain", region_code=IMOPURO))
    draft_activity(None, hall, 26, title="Rancangan", public_title="Rancangan")
    draft_activity(
        a_programme(title="Belum diumumkan"), hall, 27, title="Rancangan juga", public_title="Rancangan juga"
    )
    publish(draft_activity(None, hall, 29, title="Sosialisasi", public_title="Sosialisasi"), tick=False)
    stop_clock(monkeypatch, at(20))
    return programme


@copied
def link(january, coordinator) -> str:
    """The path of a link that the coordinator made, until 31 January."""
    made = reading_links.make("Kepala Dinas", date(2027, 1, 31), by=coordinator, now=at(20))
    return f"/lihat/{made.code}"


def test_staff_make_a_link_whose_address_is_shown_once_and_end_it(app: Flask, coordinator_client, january):
    assert 'href="/reports/links"' in coordinator_client.get("/reports").text
    form = coordinator_client.get("/reports/links/new")
    assert 'value="2027-02-19"' in form.text  # thirty days
    made = coordinator_client.post("/reports/links/new", data={"for_post": "Kepala Dinas", "ends_on": "2027-01-31"})
    path = re.search(r"http://localhost(/lihat/[\w-]{43})", made.text)[1]
    listed = coordinator_client.get("/reports/links?lang=en").text
    assert ("/lihat/" in listed, "Not opened yet." in listed) == (False, True)
    reader = app.test_client()
    assert reader.get(path).status_code == 200
    assert "Visited 1 time, last on" in coordinator_client.get("/reports/links?lang=en").text
    link_id = db.session.scalars(sa.select(ReadingLink.id)).one()
    assert coordinator_client.post(f"/reports/links/{link_id}/end").status_code == 302
    over = reader.get(f"{path}?lang=en")
    assert (over.status_code, "Please ask the office for a new one." in over.text) == (404, True)
    assert over.text.replace(path, "") == reader.get(f"/lihat/{'x' * 43}?lang=en").text.replace(
        f"/lihat/{'x' * 43}", ""
    )


def test_a_link_is_refused_without_post_or_day_or_for_longer_than_a_year(coordinator_client, january):
    for post, until in (("", "2027-01-31"), ("Kepala Dinas", ""), ("Kepala Dinas", "2028-01-22")):
        refused = coordinator_client.post("/reports/links/new", data={"for_post": post, "ends_on": until})
        assert (refused.status_code, "/lihat/" in refused.text) == (422, False)


@pytest.mark.parametrize("language", ["id", "en"])
def test_every_page_of_a_link_is_read_without_an_account_menus_or_a_cookie(app: Flask, link, january, language):
    reader = app.test_client()
    seen = set()
    for page in PAGES:
        path = link + page.format(programme=january.id)
        answer = reader.get(f"{path}{'&' if '?' in path else '?'}lang={language}")
        assert answer.status_code == 200, page
        assert "Set-Cookie" not in answer.headers
        headers = [answer.headers[name] for name in ("Cache-Control", "Referrer-Policy", "X-Robots-Tag")]
        assert headers == ["private, no-store", "no-referrer", "noindex, nofollow"]
        inside = set(re.findall(r'(?:href|action|src)="(/[^"]*)"', answer.text))
        strange = {one for one in inside if not one.startswith((link, "/static/"))}
        assert (strange, "<form" in answer.text, "Kepala Dinas" in answer.text) == (set(), False, True), page
        assert "forget.js" not in answer.text  # it would delete what the phone of somebody at the door keeps
        seen |= {one.replace("&amp;", "&") for one in inside if one.startswith(link) and "file=" not in one}
    assert {reader.get(one).status_code for one in seen} == {200}
    assert [reader.post(link + page.format(programme=january.id)).status_code for page in PAGES] == [405] * len(PAGES)


def test_the_pages_show_what_people_were_told_and_no_name(app: Flask, link, january):
    reader = app.test_client()
    month = reader.get(f"{link}/calendar?on=2027-01-01").text
    assert [word in month for word in ("Rapat", "Sosialisasi", "Rapat rahasia", "Rancangan")] == [
        True,
        True,
        False,
        False,
    ]
    programmes = reader.get(f"{link}/programmes").text
    assert (january.title in programmes, "Belum diumumkan" in programmes) == (True, False)
    unknown = db.session.scalar(sa.text("SELECT id FROM programme WHERE title = 'Belum diumumkan'"))
    assert reader.get(f"{link}/programmes/{unknown}").status_code == 404
    assert reader.get(f"{link}/programmes/999999").status_code == 404
    report = reader.get(f"{link}?from=2027-01-01&to=2027-01-20").text
    assert "hidden-count" in report  # the two boys


def test_only_usual_periods_are_reported_so_that_no_two_tell_a_hidden_number(app: Flask, link, coordinator_client):
    reader, days = app.test_client(), "from=2027-01-18&to=2027-01-18"
    of_staff, asked, usual = (
        re.findall(r'<p class="page-sub">([^<]+)', client.get(page).text)
        for client, page in ((coordinator_client, f"/reports?{days}"), (reader, f"{link}?{days}"), (reader, link))
    )
    assert asked == usual != of_staff


def test_the_files_of_a_report_are_recorded_as_taken_by_the_link(app: Flask, link):
    reader = app.test_client()
    started = {"pdf": b"%PDF", "xlsx": b"PK"}
    for kind, begins in started.items():
        assert reader.get(f"{link}?file={kind}").data.startswith(begins)
    assert reader.get(f"{link}/coverage?file=csv").mimetype == "text/csv"
    link_id = db.session.scalars(sa.select(ReadingLink.id)).one()
    taken = db.session.execute(
        sa.select(SecurityEvent.user_id, SecurityEvent.detail).where(SecurityEvent.kind == "exported")
    )
    found = [(user, detail["list"], detail["link"]) for user, detail in taken]
    assert found == [(None, "report", link_id), (None, "report", link_id), (None, "coverage", link_id)]
    assert db.session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "list.downloaded")).all() == []


def test_who_is_signed_in_reads_by_the_link_what_everybody_reads(app: Flask, link, coordinator, coordinator_client):
    answer = coordinator_client.get(link)
    assert (coordinator.name in answer.text, "Set-Cookie" in answer.headers) == (False, False)


def test_wrong_addresses_are_counted(app: Flask, link):
    reader = app.test_client()
    answers = [reader.get(f"/lihat/{number:043}").status_code for number in range(11)]
    assert answers == [404] * 10 + [429]


def test_making_a_link_asks_once_more_for_the_password(app: Flask, january, coordinator):
    client = log_in(app, coordinator)
    with client.session_transaction() as session:
        session["fs_paa"] = 0
    assert client.get("/reports/links/new").headers["Location"].startswith("/verify")

"""The page behind an invitee's link: what it shows, what its buttons do; only buttons change anything."""

import gzip
import re
from html import unescape

import pytest
import sqlalchemy as sa

from outreach import clock
from outreach.delivery import tokens
from outreach.domain.activity import Move
from outreach.domain.answers import Choice
from outreach.domain.kinds import AnswerSource, Role
from outreach.domain.states import ActivityState, InvitationState
from outreach.extensions import db
from outreach.models import AgendaItem, Invitation, Link, Person
from outreach.services.activities import move as moves
from outreach.services.activities import publish as publishing
from outreach.services.answers import answer as answering
from outreach.services.invitations import invite as inviting
from outreach.services.invitations import links
from outreach.services.invitations import withdraw as withdrawing
from outreach.web.answer_pages.forms import form_token
from tests.conftest import NOW, Wall, a_person, at, draft_activity

WINTER_TITLES = (
    "Rapat koordinasi lintas sektor",
    "Penguatan kapasitas kader",
    "Pertemuan satuan pendidikan",
    "Pertemuan organisasi perempuan dan tokoh masyarakat",
)


@pytest.fixture(autouse=True)
def wall(monkeypatch):
    wall = Wall()
    monkeypatch.setattr(clock, "now", wall.now)
    return wall


@pytest.fixture
def browser(app):
    """The browser of a cheap phone without script; it raises the error behind a 500."""
    return app.test_client()


def published(*activities):
    publishing.publish([a.id for a in activities], by=None, now=NOW)


def invite(person, *activities, role=Role.CADRE):
    """Invite somebody and mark the invitation as sent."""
    inviting.invite_people([a.id for a in activities], [person.id], role, by=None, now=NOW)
    _went_out(Invitation.person_id == person.id)


def invite_office(organisation, *activities, quota=2):
    inviting.invite_organisations([a.id for a in activities], {organisation.id: quota}, by=None, now=NOW)
    _went_out(Invitation.organisation_id == organisation.id)


def _went_out(whose):
    db.session.execute(sa.update(Invitation).where(whose).values(state=InvitationState.INVITED, invited_at=NOW))
    db.session.commit()


def link(invitee) -> str:
    return tokens.token(links.link_for(db.session, invitee))


def send(browser, invitee, path, query="", **values):
    """Press a button: an activity's id means the button on its card, whose fields are named without its prefix."""
    token = link(invitee)
    if isinstance(path, int):
        values = {"card": path, **{f"{path}-{name}": value for name, value in values.items()}}
        path = "answers"
    return browser.post(f"/j/{token}/{path}{query}", data={"csrf_token": form_token(token), **values})


def states(person) -> list[str]:
    db.session.rollback()
    wanted = sa.select(Invitation.state).where(Invitation.person_id == person.id).order_by(Invitation.activity_id)
    return [state.value for state in db.session.scalars(wanted)]


def everything() -> dict[str, list[tuple]]:
    """Return every row of every table."""
    db.session.rollback()
    return {
        table.name: [tuple(row) for row in db.session.execute(sa.select(table))]
        for table in db.metadata.sorted_tables
    }  # fmt: skip


def marked(page: str) -> list[str]:
    """Return the choices whose button is marked as the one to press."""
    return [one for one in re.findall(r'-choice" value="(\w+)" class="g"', page) if one != "represented"]


@pytest.fixture
def four_days(programme, hall):
    days = [
        draft_activity(programme, hall, 18 + n, public_title=title, things_to_bring="Surat tugas dan KTP")
        for n, title in enumerate(WINTER_TITLES)
    ]
    published(*days)
    return days


@pytest.fixture
def first(four_days):
    return four_days[0]


def test_opening_shows_all_four_days_and_changes_nothing(browser, four_days, ani):
    invite(ani, *four_days)
    before = everything()
    for query in ("", "?pilih=hadir", "?pilih=tidak", "?pilih=wakil", "?lang=en"):
        page = browser.get(f"/j/{link(ani)}{query}")
        assert page.status_code == 200
        assert [title in page.text for title in WINTER_TITLES] == [True] * 4
        assert browser.head(f"/j/{link(ani)}{query}").status_code == 200
    assert browser.get(f"/j/{link(ani)}/thanks").status_code == 200
    assert browser.get(f"/j/{link(ani)}/{four_days[0].id}.ics").status_code == 200
    assert everything() == before
    assert send(browser, ani, four_days[0].id, choice="coming").status_code == 303
    assert everything() != before


@pytest.mark.parametrize("query", ["", "?lang=en", "?pilih=wakil"])
def test_four_days_fit_in_14_kb_with_everything(browser, four_days, ani, query):
    invite(ani, *four_days)
    page = browser.get(f"/j/{link(ani)}{query}")
    assert len(page.data) <= 14_000
    assert re.findall(r"<(?:script|img|iframe)\b|\bon\w+=|style=|url\(|@import|stylesheet", page.text) == []


def test_the_page_shows_who_what_when_where_and_whose_phone_to_call(browser, first, ani):
    invite(ani, first)
    text = unescape(browser.get(f"/j/{link(ani)}").text)
    for fact in (
        "Ani Wijaya", "DP3AP2KB Kota Metro", "Rapat koordinasi lintas sektor", "Senin, 18 Januari 2027",
        "08.00–12.00 WIB", "07.30", "Aula Bappeda", "Jl. Jenderal Sudirman, Metro", "Surat tugas dan KTP",
        "Sabtu, 16 Januari 2027", "Bidang PPA, 0812-0000-0001",
        'href="tel:+6281200000001"', 'href="https://wa.me/6281200000001"',
    ):  # fmt: skip
        assert fact in text


def test_a_stranger_sees_only_the_neutral_title(browser, first, ani):
    first.description = "Penanganan korban"
    db.session.commit()
    invite(ani, first)
    page = browser.get(f"/j/{link(ani)}").text
    assert "Rapat koordinasi pencegahan kekerasan" not in page
    assert "Penanganan korban" not in page
    title = re.search("<title>(.*)</title>", page)[1]
    assert title in ("Invitation", "Undangan")


def test_the_page_is_excluded_from_caches_and_search_engines(browser, first, ani):
    invite(ani, first)
    headers = browser.get(f"/j/{link(ani)}").headers
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "private, no-store"
    assert headers["X-Robots-Tag"] == "noindex, nofollow"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert "Set-Cookie" not in headers


def test_ani_accepts_and_gets_a_confirmation(browser, first, ani):
    invite(ani, first)
    answered = send(browser, ani, first.id, choice="coming")
    assert (answered.status_code, answered.location) == (303, f"/j/{link(ani)}/thanks?for=answer")
    assert 'role="status"' in browser.get(answered.location).text
    invitation = db.session.scalars(sa.select(Invitation).where(Invitation.person_id == ani.id)).one()
    assert (invitation.state, invitation.answer_source) == (InvitationState.COMING, AnswerSource.LINK)


def test_ani_names_a_representative(browser, first, ani):
    invite(ani, first)
    send(
        browser, ani, first.id, choice="represented", name=" Budi   Santoso ",
        post="Sekretaris", phone="0812 3456 7890", email="b@example.com",
    )  # fmt: skip
    db.session.rollback()
    found = db.session.scalars(sa.select(Invitation).where(Invitation.person_id == ani.id)).one()
    assert found.state is InvitationState.REPRESENTED
    assert (found.representative_name, found.representative_post, found.representative_phone) == (
        "Budi Santoso",
        "Sekretaris",
        "+6281234567890",
    )
    assert found.representative_email == "b@example.com"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": ""}, "name"),
        ({"phone": "rumah"}, "phone"),
        ({"email": "budi@"}, "email"),
        ({"name": "x" * 161}, "name"),
    ],
)
def test_an_error_is_shown_with_the_input_kept_and_nothing_changed(browser, first, ani, wrong, field):
    invite(ani, first)
    before = everything()
    typed = {"name": "Budi", "post": "Ketua RW 04", **wrong}
    page = send(browser, ani, first.id, choice="represented", **typed)
    assert page.status_code == 422
    assert 'value="Ketua RW 04"' in page.text
    assert re.search(rf'name="{first.id}-{field}"[^>]* aria-invalid="true"', page.text)
    assert 'role="alert"' in page.text
    assert everything() == before
    assert send(browser, ani, first.id, choice="represented", name="Budi").status_code == 303


def test_an_error_far_down_is_shown_at_the_top_with_a_link(browser, four_days, ani):
    invite(ani, *four_days)
    page = send(browser, ani, four_days[3].id, "?lang=en", choice="represented").text
    top = page.split("<section")[0]
    assert "Your answer was not stored yet." in top
    assert re.findall(r'<a href="#([\w-]+)">', top) == [f"{four_days[3].id}-name"]
    assert f'<input id="{four_days[3].id}-name"' in page
    title = '<span lang="id">Pertemuan organisasi perempuan dan tokoh masyarakat</span>'
    assert f"{title}, Thu, 21 Jan 2027: Name: Please write the name" in top


def test_input_about_a_representative_does_not_prevent_ani_from_declining(browser, first, ani):
    invite(ani, first)
    typed = {"name": "=Budi", "phone": "rumah", "email": "budi@contoh,com"}
    assert send(browser, ani, first.id, choice="represented", **typed).status_code == 422
    assert send(browser, ani, first.id, choice="not_coming", **typed).status_code == 303
    assert states(ani) == ["not_coming"]


def test_input_about_a_representative_does_not_prevent_an_answer_for_all(browser, four_days, ani):
    invite(ani, *four_days)
    typed = {"name": "=Budi", "phone": "rumah", "email": "budi@contoh,com"}
    assert send(browser, ani, "all", choice="coming", **typed).status_code == 303
    assert states(ani) == ["coming"] * 4


def test_invalid_names_do_not_prevent_the_police_from_declining(browser, first, police):
    invite_office(police, first)
    rows = {"rows-0-name": "Rina", "rows-0-email": "rina@"}
    assert send(browser, police, first.id, choice="coming", **rows).status_code == 422
    assert send(browser, police, first.id, choice="not_coming", **rows).status_code == 303


@pytest.mark.parametrize("choice", ["", "maybe"])
def test_an_unknown_answer_is_refused(browser, first, ani, choice):
    invite(ani, first)
    assert send(browser, ani, first.id, choice=choice).status_code == 422
    assert states(ani) == ["invited"]


def test_one_button_answers_all_four_days(browser, four_days, ani):
    invite(ani, *four_days)
    assert send(browser, ani, "all", choice="coming").status_code == 303
    assert states(ani) == ["coming"] * 4


def test_the_button_for_all_answers_only_what_is_still_open(browser, wall, four_days, ani):
    invite(ani, *four_days)
    wall.stands_at = at(16, 16)  # the first day's deadline
    assert send(browser, ani, "all", choice="not_coming").status_code == 303
    assert states(ani) == ["invited", "not_coming", "not_coming", "not_coming"]


def test_a_representative_for_all_days_must_be_named_too(browser, four_days, ani):
    invite(ani, *four_days)
    page = send(browser, ani, "all", choice="represented", post="Sekretaris")
    assert (page.status_code, states(ani)) == (422, ["invited"] * 4)
    assert "<details open>" in page.text
    assert 'value="Sekretaris"' in page.text
    assert send(browser, ani, "all", choice="represented", name="Budi").status_code == 303
    assert states(ani) == ["represented"] * 4


def test_the_deadline_is_exact_to_the_minute(browser, wall, first, ani):
    invite(ani, first)
    wall.stands_at = at(16, 15, 59)
    assert '-choice"' in browser.get(f"/j/{link(ani)}").text
    assert send(browser, ani, first.id, choice="coming").status_code == 303
    wall.stands_at = at(16, 16)
    page = browser.get(f"/j/{link(ani)}").text
    assert '-choice"' not in page
    assert "Sabtu, 16 Januari 2027" in page
    assert "Bidang PPA (0812-0000-0001)" in page
    refused = send(browser, ani, first.id, choice="not_coming")
    assert (refused.status_code, states(ani)) == (422, ["coming"])


def test_a_cancelled_day_cannot_be_answered(browser, first, ani, coordinator):
    invite(ani, first)
    publishing.cancel(first.id, "Gedung dipakai", by=coordinator, now=NOW)
    page = browser.get(f"/j/{link(ani)}").text
    assert '-choice"' not in page
    assert ".ics" not in page
    assert send(browser, ani, first.id, choice="coming").status_code == 422


def test_in_a_full_hall_an_acceptance_is_put_on_the_waiting_list(browser, programme, hall, ani, budi):
    small = draft_activity(programme, hall, capacity=1)
    published(small)
    invite(ani, small)
    invite(budi, small)
    full = re.compile("All seats are taken|Semua kursi")
    assert not full.search(browser.get(f"/j/{link(budi)}").text)
    send(browser, ani, small.id, choice="coming")
    assert full.search(browser.get(f"/j/{link(budi)}").text)
    assert not full.search(browser.get(f"/j/{link(ani)}").text)
    send(browser, budi, small.id, choice="coming")
    assert states(budi) == ["waitlisted"]
    assert '<b class="n waitlisted">' in browser.get(f"/j/{link(budi)}").text


def test_the_parameter_pilih_only_preselects(browser, first, ani):
    invite(ani, first)
    for pick, chosen in (("hadir", "coming"), ("tidak", "not_coming"), ("wakil", None), ("apa", None)):
        page = browser.get(f"/j/{link(ani)}?pilih={pick}&lang=en").text
        assert marked(page) == [chosen] * 2 if chosen else marked(page) == []  # at the top and on the card
        assert ("Your choice is not sent yet." in page) == (pick != "apa")
        assert bool(re.search('<details class="w"[^>]* open>', page)) == (pick == "wakil")
    assert states(ani) == ["invited"]


@pytest.mark.parametrize(("pick", "days", "leads_on"), [
    ("hadir", 1, "Press it once more to send it:"),
    ("hadir", 2, "Please press it below."),
    ("wakil", 1, "Please write who comes in your place, and send it."),
    ("wakil", 2, "Please write who comes in your place, and send it."),
])  # fmt: skip
def test_a_choice_from_the_mail_says_how_to_send_it(browser, four_days, ani, pick, days, leads_on):
    invite(ani, *four_days[:days])
    top = browser.get(f"/j/{link(ani)}?pilih={pick}&lang=en").text.split("<section")[0]
    assert re.findall(r"Your choice is not sent yet\. ([^<]+)", top) == [leads_on]


def test_a_choice_from_the_mail_is_for_its_activity_where_there_are_several(browser, four_days, ani):
    """The mail was about the second day. Neither the other days nor the answer for all is marked."""
    invite(ani, *four_days)
    second = four_days[1]
    page = browser.get(f"/j/{link(ani)}?pilih=hadir-{second.id}&lang=en").text
    top, *rest = page.split("<section")
    assert "Your choice is not sent yet. Press it once more to send it:" in top
    assert f'name="{second.id}-choice" value="coming" class="g"' in top
    assert "Tue, 19 Jan" in top
    assert marked(page) == ["coming"] * 2  # at the top and on its card
    assert 'value="coming" class="g"' not in rest[0]  # the answer for all
    send(browser, ani, second.id, choice="coming")
    again = browser.get(f"/j/{link(ani)}?pilih=hadir-{second.id}&lang=en").text
    assert "not sent yet" not in again
    assert marked(again) == []
    assert marked(browser.get(f"/j/{link(ani)}?pilih=hadir-99999").text) == []


def test_represented_from_the_mail_opens_the_name_of_its_activity_only(browser, four_days, ani):
    invite(ani, *four_days)
    second = four_days[1]
    page = browser.get(f"/j/{link(ani)}?pilih=wakil-{second.id}").text
    assert page.split("<section")[0].count(f'href="#w{second.id}"') == 1
    assert re.findall(r'<details class="w"[^>]* open>', page) == [f'<details class="w" id="w{second.id}" open>']


def test_represented_from_the_mail_leads_to_the_name(browser, first, ani):
    invite(ani, first)
    page = browser.get(f"/j/{link(ani)}?pilih=wakil").text
    way = f'href="#w{first.id}"'
    assert (page.split("<section")[0].count(way), page.count(f'<details class="w" id="w{first.id}" open>')) == (1, 1)


def test_an_organisation_with_a_choice_from_a_link_is_told_to_name_people(browser, first, police):
    invite_office(police, first)
    for pick in ("hadir", f"hadir-{first.id}"):
        page = browser.get(f"/j/{link(police)}?pilih={pick}&lang=en").text
        top = page.split("<section")[0]
        assert "Your choice is not sent yet. Please write who is sent, and send it." in top
        assert (top.count(f'href="#w{first.id}"'), page.count(f'<fieldset id="w{first.id}"')) == (1, 1)
    nobody = browser.get(f"/j/{link(police)}?pilih=tidak-{first.id}&lang=en").text.split("<section")[0]
    assert f'<button name="{first.id}-choice" value="not_coming" class="g">Sending nobody</button>' in nobody


def test_an_invitation_that_is_not_answered_asks_and_says_nothing_about_an_answer(browser, first, ani, police):
    invite(ani, first)
    invite_office(police, first)
    for who in (ani, police):
        assert "Your answer:" not in browser.get(f"/j/{link(who)}?lang=en").text
    send(browser, ani, first.id, choice="coming")
    assert "Your answer:" in browser.get(f"/j/{link(ani)}?lang=en").text


def test_two_people_who_share_an_address_have_one_page_each(browser, first, ani):
    sister = a_person("Ayu Wijaya", email=ani.email)
    invite(ani, first)
    invite(sister, first)
    assert link(ani) != link(sister)
    send(browser, sister, first.id, choice="coming")
    assert (states(ani), states(sister)) == (["invited"], ["coming"])
    assert "Ayu" not in browser.get(f"/j/{link(ani)}").text


def test_a_speaker_who_is_also_a_participant_answers_once(browser, first, chief):
    first.agenda.append(
        AgendaItem(starts_at=at(18, 9), ends_at=at(18, 10), topic="Pencegahan & pelaporan", speakers=[chief])
    )
    first.agenda.append(AgendaItem(starts_at=at(18, 10), ends_at=at(18, 11), topic="Milik orang lain"))
    db.session.commit()
    invite(chief, first, role=Role.SPEAKER)
    invite(chief, first, role=Role.PARTICIPANT)
    page = browser.get(f"/j/{link(chief)}").text
    assert page.count("<section") == 1
    assert "“Pencegahan &amp; pelaporan”, 09.00–10.00 WIB" in page
    assert "Milik orang lain" not in page
    send(browser, chief, first.id, choice="coming")
    assert states(chief) == ["coming", "coming"]


def test_names_are_shown_and_never_executed(browser, programme, hall):
    nasty = '<script>alert("x")</script>'
    activity = draft_activity(programme, hall, public_title=f"Rapat {nasty}", things_to_bring=nasty)
    person = a_person(nasty, email="x@example.com")
    published(activity)
    invite(person, activity)
    page = send(browser, person, activity.id, choice="represented", name=nasty, post='" onx="').text
    assert nasty not in page
    assert 'onx="' not in page
    assert page.count("&lt;script&gt;") >= 4


def test_a_forged_post_changes_nothing(browser, first, ani, budi):
    invite(ani, first)
    invite(budi, first)
    address = f"/j/{link(ani)}/answers"
    good = form_token(link(ani))
    for values, headers in (
        ({}, {}),
        ({"csrf_token": ""}, {}),
        ({"csrf_token": "é"}, {}),
        ({"csrf_token": form_token(link(budi))}, {}),
        ({"csrf_token": good}, {"Sec-Fetch-Site": "cross-site"}),
        ({"csrf_token": good}, {"Sec-Fetch-Site": "same-site"}),
    ):
        for path in (address, f"/j/{link(ani)}/all", f"/j/{link(ani)}/reminders"):
            answered = browser.post(
                path,
                data={f"{first.id}-choice": "coming", "choice": "coming", "wish": "stop", **values},
                headers=headers,
            )
            assert (answered.status_code, states(ani)) == (400, ["invited"])
    assert db.session.get(Person, ani.id).reminders_stopped_at is None
    same = browser.post(
        address, data={f"{first.id}-choice": "coming", "csrf_token": good}, headers={"Sec-Fetch-Site": "same-origin"}
    )
    assert (same.status_code, states(ani)) == (303, ["coming"])


def test_the_token_in_the_form_works_without_a_cookie(app, first, ani):
    invite(ani, first)
    browser = app.test_client(use_cookies=False)
    page = browser.get(f"/j/{link(ani)}").text
    action = re.search(r'action="(/j/[^"]+/answers)"', page)[1]
    hidden = re.search(r'name="csrf_token" value="(\w+)"', page)[1]
    assert browser.post(action, data={"csrf_token": hidden, f"{first.id}-choice": "not_coming"}).status_code == 303
    assert states(ani) == ["not_coming"]


def test_an_activity_of_another_person_cannot_be_answered(browser, four_days, ani, budi):
    invite(ani, four_days[0])
    invite(budi, four_days[1])
    assert send(browser, ani, four_days[1].id, choice="coming").status_code == 422
    assert send(browser, ani, 4711, choice="coming").status_code == 422
    assert browser.get(f"/j/{link(ani)}/{four_days[1].id}.ics").status_code == 404
    assert (states(ani), states(budi)) == (["invited"], ["invited"])


def test_an_invalid_link_gets_a_friendly_page(browser, wall, first, ani, coordinator):
    invite(ani, first)
    good = link(ani)
    forged = good[:-1] + ("A" if good[-1] != "A" else "B")
    unknown = [browser.get(f"/j/{token}") for token in (forged, "x", "é" * 38, good[:-1], "A" * 38)]
    assert {page.status_code for page in unknown} == {404}
    assert len({page.text for page in unknown}) == 1
    assert "Ani" not in unknown[0].text
    assert "0812-0000-0001" in unknown[0].text
    links.revoke(ani, by=coordinator, now=NOW)
    assert browser.get(f"/j/{good}").status_code == 410
    assert browser.post(f"/j/{good}/all", data={"choice": "coming", "csrf_token": form_token(good)}).status_code == 410
    links.renew(ani, by=coordinator, now=NOW)
    assert browser.get(f"/j/{good}").status_code == 404
    assert browser.get(f"/j/{link(ani)}").status_code == 200
    wall.stands_at = db.session.scalars(sa.select(Link.expires_at)).one()
    expired = browser.get(f"/j/{link(ani)}")
    assert (expired.status_code, "Ani" in expired.text) == (410, False)


def test_reminders_stop_and_resume_by_a_button(browser, first, ani):
    invite(ani, first)
    stopped = send(browser, ani, "reminders", wish="stop")
    assert (stopped.status_code, stopped.location) == (303, f"/j/{link(ani)}/thanks?for=stop")
    db.session.rollback()
    assert db.session.get(Person, ani.id).reminders_stopped_at == at(5)
    assert 'value="resume"' in browser.get(stopped.location).text
    send(browser, ani, "reminders", wish="resume")
    db.session.rollback()
    assert db.session.get(Person, ani.id).reminders_stopped_at is None


def test_the_calendar_file_is_neutral_and_links_to_the_page(browser, first, ani):
    invite(ani, first)
    file = browser.get(f"/j/{link(ani)}/{first.id}.ics")
    text = file.text.replace("\r\n ", "")
    assert file.content_type == "text/calendar; charset=utf-8"
    assert file.headers["Referrer-Policy"] == "no-referrer"
    assert "SUMMARY:Rapat koordinasi lintas sektor" in text
    assert "METHOD:PUBLISH" in text
    assert "kekerasan" not in text
    assert f"/j/{link(ani)}" in text


def test_the_language_is_the_invitees_unless_another_is_requested(browser, first, ani):
    invite(ani, first)
    assert '<html lang="id">' in browser.get(f"/j/{link(ani)}").text
    english = browser.get(f"/j/{link(ani)}?lang=en").text
    assert "Monday, 18 January 2027" in english
    assert f'action="/j/{link(ani)}/answers?lang=en"' in english
    assert send(browser, ani, first.id, query="?lang=en", choice="coming").location.endswith("lang=en")
    ani.locale = "en"
    db.session.commit()
    assert '<html lang="en">' in browser.get(f"/j/{link(ani)}").text
    assert '<html lang="id">' in browser.get(f"/j/{link(ani)}?lang=id").text
    assert '<html lang="en">' in browser.get(f"/j/{link(ani)}?lang=xx").text


def test_people_who_answered_before_a_move_are_asked_to_check_again(browser, first, ani):
    invite(ani, first)
    answering.answer(link(ani), first.id, Choice.COMING, now=NOW)
    assert 'class="m"' not in browser.get(f"/j/{link(ani)}").text
    first.sequence = 1
    db.session.commit()
    assert 'class="m"' in browser.get(f"/j/{link(ani)}").text
    send(browser, ani, first.id, choice="coming")
    assert 'class="m"' not in browser.get(f"/j/{link(ani)}").text


def nominees(of) -> list[tuple[str, str, str]]:
    db.session.rollback()
    rows = db.session.execute(
        sa.select(Person.name, Person.post, Person.phone)
        .join(Invitation, Invitation.person_id == Person.id)
        .join(Invitation.nominated_under.of_type(sa.orm.aliased(Invitation, name="office")))
        .where(Person.organisation_id == of.id, Invitation.state == InvitationState.COMING)
        .order_by(Person.name)
    )
    return [tuple(row) for row in rows]


def test_the_police_name_two_people_and_change_one(browser, first, police):
    invite_office(police, first)
    page = browser.get(f"/j/{link(police)}").text
    assert ("Polres Metro" in page, page.count(f'name="{first.id}-rows-'), 'value="represented"' in page) == (
        True,
        8,
        False,
    )
    assert "Apakah mengirim peserta?" in page
    assert "hadir?" not in page
    assert re.findall(r'-choice" value="(\w+)"[^>]*>([^<]+)<', page) == [
        ("coming", "Mengirim peserta"),
        ("not_coming", "Tidak mengirim"),
    ]
    rows = {"rows-0-name": "Rina", "rows-0-post": "Kanit PPA", "rows-0-phone": "0812 3456 7890", "rows-1-name": "Dedi"}
    assert send(browser, police, first.id, choice="coming", **rows).status_code == 303
    assert nominees(police) == [("Dedi", "", ""), ("Rina", "Kanit PPA", "+6281234567890")]
    assert 'value="Kanit PPA"' in browser.get(f"/j/{link(police)}").text
    send(browser, police, first.id, choice="coming", **{"rows-0-name": "Rina", "rows-1-name": "Sari"})
    assert [name for name, *_ in nominees(police)] == ["Rina", "Sari"]


def test_sending_nobody_asks_before_names_are_withdrawn(browser, first, police):
    invite_office(police, first)
    send(browser, police, first.id, choice="coming", **{"rows-0-name": "Rina", "rows-1-name": "Dedi"})
    asked = send(browser, police, first.id, "?lang=en", choice="not_coming")
    assert (asked.status_code, [name for name, *_ in nominees(police)]) == (422, ["Dedi", "Rina"])
    assert "would get a cancellation: Rina; Dedi." in asked.text
    assert "Do you really send nobody?" in asked.text
    assert f'name="{first.id}-sure"' in asked.text
    assert send(browser, police, first.id, choice="not_coming", sure="1").status_code == 303
    assert nominees(police) == []
    assert "✓ Tidak mengirim" in browser.get(f"/j/{link(police)}").text


@pytest.mark.parametrize(
    "rows",
    [
        {"rows-0-name": "Rina", "rows-1-name": "Dedi", "rows-2-name": "Sari"},  # more than the quota
        {"rows-1-post": "Kanit"},  # somebody without a name
        {"rows-0-name": "Rina", "rows-0-phone": "kantor"},
        {"rows-0-name": "Rina", "rows-0-email": "rina@"},
        {"rows-0-name": "", "rows-1-name": ""},
    ],
)
def test_invalid_input_of_the_police_is_kept_and_nobody_is_named(browser, first, police, rows):
    invite_office(police, first)
    before = everything()
    page = send(browser, police, first.id, choice="coming", **rows)
    assert page.status_code == 422
    assert 'role="alert"' in page.text
    assert all(f'name="{first.id}-{name}"' in page.text for name, value in rows.items() if value)
    assert all(f'value="{value}"' in page.text for value in rows.values() if value)
    assert everything() == before
    assert send(browser, police, first.id, choice="coming", **{"rows-0-name": "Rina"}).status_code == 303


def test_after_the_deadline_the_police_see_their_nominees(browser, wall, first, police):
    invite_office(police, first)
    send(browser, police, first.id, choice="coming", **{"rows-0-name": "Rina"})
    wall.stands_at = at(16, 16)
    page = browser.get(f"/j/{link(police)}").text
    assert ("<li>Rina" in page, "-rows-" in page) == (True, False)
    assert send(browser, police, first.id, choice="coming", **{"rows-0-name": "Budi"}).status_code == 422
    assert [name for name, *_ in nominees(police)] == ["Rina"]


def test_too_many_requests_get_a_friendly_page(tmp_path, first, ani):
    from outreach import create_app
    from tests.conftest import settings_for

    invite(ani, first)
    address = f"/j/{link(ani)}"
    slow = create_app(settings_for(tmp_path, rate_answer="2/minute"))
    with slow.app_context():
        browser = slow.test_client()
        assert [browser.get(address).status_code for _ in range(3)] == [200, 200, 429]
        assert "<main>" in browser.get(address).text
        db.session.remove()
        db.engine.dispose()


def test_the_page_takes_two_queries_for_a_cadre_with_any_number_of_days(queries, four_days, ani, budi, browser):
    invite(ani, *four_days[:1])
    invite(budi, *four_days)
    begin = 1
    addresses = [f"/j/{link(ani)}", f"/j/{link(budi)}"]
    for address in addresses:
        assert queries(lambda address=address: browser.get(address)) == begin + 2


def test_a_closed_day_takes_no_extra_query_and_shows_its_deadline_in_its_own_zone(
    queries, wall, four_days, ani, browser
):
    from zoneinfo import ZoneInfo

    first = four_days[0]
    first.zone = ZoneInfo("Asia/Makassar")
    db.session.commit()
    invite(ani, *four_days)
    wall.stands_at = at(16, 16)
    address = f"/j/{link(ani)}"
    pages = []
    assert queries(lambda: pages.append(browser.get(address).text)) == 3
    assert "17.00 WITA" in pages[0]


def test_a_choice_from_the_mail_is_preselected_and_the_stored_answer_is_still_shown(browser, first, ani):
    invite(ani, first)
    send(browser, ani, first.id, choice="coming")
    page = browser.get(f"/j/{link(ani)}?pilih=tidak&lang=en").text
    assert marked(page) == ["not_coming"] * 2
    assert '<b class="n coming">✓ Will come</b>' in page
    assert states(ani) == ["coming"]


def test_choices_on_all_cards_are_stored_by_any_button(browser, four_days, ani):
    invite(ani, *four_days)
    one, two, three, four = [day.id for day in four_days]
    values = {f"{one}-choice": "coming", f"{three}-choice": "represented", f"{three}-name": "Budi", "card": four}
    assert send(browser, ani, "answers", **values).status_code == 303
    assert states(ani) == ["coming", "invited", "represented", "invited"]
    assert send(browser, ani, "answers", card=two).status_code == 422


def test_a_choice_from_the_mail_against_stored_answers_counts_only_where_it_is_pressed(browser, four_days, ani):
    invite(ani, *four_days)
    send(browser, ani, "all", choice="coming")
    page = browser.get(f"/j/{link(ani)}?pilih=tidak").text
    assert marked(page) == ["not_coming"] * 4  # none at the top: it is not known which day is meant
    send(browser, ani, four_days[1].id, choice="not_coming")
    assert states(ani) == ["coming", "not_coming", "coming", "coming"]


def test_no_thanks_are_shown_where_a_part_was_refused(browser, wall, four_days, ani):
    invite(ani, *four_days)
    wall.stands_at = at(16, 16)  # the first day's deadline
    values = {f"{day.id}-choice": "coming" for day in four_days}
    page = send(browser, ani, "answers", "?lang=en", **values)
    assert page.status_code == 422
    assert states(ani) == ["invited", "coming", "coming", "coming"]
    assert 'role="status"' not in page.text
    assert "What was complete is stored." in page.text
    assert "Your answer was not stored. The time for answering ended" in page.text


def test_a_late_answer_stays_visible(browser, wall, first, ani):
    invite(ani, first)
    wall.stands_at = at(16, 16)
    late = send(browser, ani, first.id, "?lang=en", choice="represented", name="Budi Santoso", post="Sekretaris")
    assert "Your answer was not stored. The time for answering ended" in late.text
    assert "What you sent: <b>Represented, Budi Santoso, Sekretaris</b>" in late.text
    top = late.text.split("<section")[0]
    assert "Your answer was not stored." in top
    assert "Please correct" not in late.text  # there is nothing to correct


def test_who_comes_too_late_is_not_told_that_there_is_nothing_to_answer(browser, wall, first, ani):
    invite(ani, first)
    wall.stands_at = at(16, 16)
    page = browser.get(f"/j/{link(ani)}?lang=en").text
    assert ("There is nothing to answer" in page, "The time for answering ended" in page) == (False, True)


def test_a_cancelled_day_shows_that_first_and_only_what_helps(browser, four_days, ani, coordinator):
    invite(ani, *four_days)
    for day in four_days:
        publishing.cancel(day.id, "Gedung dipakai", by=coordinator, now=NOW)
    page = browser.get(f"/j/{link(ani)}?lang=en").text
    assert page.count('<p class="x"><b>Cancelled</b> Reason: <span lang="id">Gedung dipakai</span></p>') == 4
    assert "has been cancelled" in page
    assert ("To bring" in page, "Please tell us" in page, "<form method" in page.split("<footer>")[0]) == (
        False,
        False,
        False,
    )
    assert browser.get(f"/j/{link(ani)}/{four_days[0].id}.ics").status_code == 410


def test_a_past_day_is_shown_as_past(browser, first, ani):
    invite(ani, first)
    first.state = ActivityState.HELD
    db.session.commit()
    page = browser.get(f"/j/{link(ani)}?lang=en").text
    assert ("This activity is over." in page, "cancelled" in page) == (True, False)


def test_an_answer_for_an_activity_no_longer_on_the_page_gets_its_message(browser, four_days, ani, coordinator):
    invite(ani, *four_days[:2])
    invitation = db.session.scalars(sa.select(Invitation).order_by(Invitation.id)).first()
    withdrawing.withdraw(invitation.id, by=coordinator, now=NOW)
    withdrawn = send(browser, ani, four_days[0].id, "?lang=en", choice="coming")
    foreign = send(browser, ani, four_days[2].id, "?lang=en", choice="coming")
    assert "This invitation has been withdrawn." in withdrawn.text
    unnamed = send(browser, ani, four_days[2].id, "?lang=en", choice="represented")
    assert "This invitation is not among yours." in foreign.text
    assert "This invitation is not among yours." in unnamed.text


def test_an_error_is_shown_in_the_summary_and_beside_its_field(browser, first, ani):
    invite(ani, first)
    page = send(browser, ani, first.id, "?lang=en", choice="represented", name="Budi", email="budi@").text
    top, rest = page.split("<section", 1)
    assert (top.count("This e-mail address is not complete"), rest.count("This e-mail address is not complete")) == (
        1,
        1,
    )
    assert f'aria-describedby="e{first.id}-email"' in page
    assert page.count('role="alert"') == 1


@pytest.mark.parametrize(
    "wrong", [{"name": "https://example.com"}, {"name": "=HYPERLINK(1)"}, {"name": "\0"}, {"post": "=1+1"}]
)
def test_a_representatives_name_and_post_are_shown_in_words(browser, first, ani, wrong):
    invite(ani, first)
    refused = send(browser, ani, first.id, choice="represented", **{"name": "Budi", **wrong})
    assert (refused.status_code, states(ani)) == (422, ["invited"])


@pytest.mark.parametrize("name", ["choice", "name", "phone", "email", "post"])
def test_a_nul_character_anywhere_gives_no_server_error(browser, first, ani, name):
    invite(ani, first)
    typed = {"choice": "represented", "name": "Budi", name: "\0"}
    assert send(browser, ani, first.id, **typed).status_code in (303, 422)
    assert browser.get(f"/j/{link(ani)}%00").status_code == 404


def test_messages_are_in_the_invitees_language(browser, wall, first, ani):
    invite(ani, first)
    ani.locale = "en"
    db.session.commit()
    token = link(ani)
    assert "Please write the name of the person" in send(browser, ani, first.id, choice="represented").text
    assert '<html lang="en">' in browser.get(f"/j/{token}/4711.ics").text
    assert '<html lang="en">' in browser.post(f"/j/{token}/reminders", data={"wish": "stop"}).text


@pytest.mark.parametrize("tail", [")", ".", ",", ">", ").", "%22", "”"])
def test_parameters_added_to_the_link_by_programs_are_harmless(browser, first, ani, tail):
    invite(ani, first)
    page = browser.get(f"/j/{link(ani)}{tail}")
    assert page.status_code == 200
    assert f'action="/j/{link(ani)}/answers"' in page.text


@pytest.mark.parametrize("path", ["/j/", "/j"])
def test_a_truncated_link_gets_the_small_page(browser, office, path):
    page = browser.get(path, follow_redirects=True)
    assert (page.status_code, "<main>" in page.text, "0812-0000-0001" in page.text) == (404, True, True)


def test_a_typed_phone_number_is_shown_in_the_usual_form(browser, first, ani):
    invite(ani, first)
    wrong = send(browser, ani, first.id, choice="represented", name="Budi", phone="081234567891", email="x@").text
    assert 'value="0812-3456-7891"' in wrong


def test_the_calendar_file_has_our_own_address_whatever_host_the_browser_sends(browser, first, ani):
    invite(ani, first)
    text = browser.get(f"/j/{link(ani)}/{first.id}.ics", headers={"Host": "evil.example"}).text.replace("\r\n ", "")
    assert f"http://localhost/j/{link(ani)}" in text
    assert "evil.example" not in text


def test_the_page_is_compressed_for_browsers_that_accept_it(browser, first, ani):
    invite(ani, first)
    plain = browser.get(f"/j/{link(ani)}")
    packed = browser.get(f"/j/{link(ani)}", headers={"Accept-Encoding": "br, gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert len(packed.data) < len(plain.data) / 2


def test_nine_days_and_twenty_names_fit_in_14_kb(browser, programme, hall, ani, police):
    days = [draft_activity(programme, hall, 10 + n, things_to_bring="Surat tugas dan KTP") for n in range(9)]
    published(*days)
    invite(ani, *days)
    invite_office(police, days[0], quota=20)
    rows = {}
    for n in range(20):
        rows[f"rows-{n}-name"] = f"Siti Aminah Rahmawati {chr(65 + n)}"
        rows[f"rows-{n}-post"] = "Kepala Seksi"
        rows[f"rows-{n}-email"] = f"siti.aminah.{n}@example.com"
    assert send(browser, police, days[0].id, choice="coming", **rows).status_code == 303
    addresses = [f"/j/{link(invitee)}" for invitee in (ani, police)]
    pages = [browser.get(address, headers={"Accept-Encoding": "gzip"}).data for address in addresses]
    assert [len(page) <= 14_000 for page in pages] == [True, True]


def test_the_office_sees_its_nominees_own_answers(browser, first, police):
    invite_office(police, first)
    send(browser, police, first.id, choice="coming", **{"rows-0-name": "Rina", "rows-1-name": "Dedi"})
    rina = db.session.scalars(sa.select(Person).where(Person.name == "Rina")).one()
    send(browser, rina, first.id, choice="not_coming")
    page = browser.get(f"/j/{link(police)}?lang=en").text
    assert '<summary>Rina <b class="n not_coming">Will not come</b></summary>' in page
    rows = re.findall(r'name="\d+-rows-(\d)-row" value="(\d+)"', page)
    values = {f"rows-{n}-row": row for n, row in rows}
    values |= {"rows-0-name": "Rina", "rows-1-name": "Dedy", "rows-1-post": "Kanit"}
    send(browser, police, first.id, choice="coming", **values)
    assert states(rina) == ["not_coming"]
    assert nominees(police) == [("Dedy", "Kanit", "")]


def test_the_same_people_can_be_named_for_all_days(browser, four_days, police):
    invite_office(police, *four_days)
    one = four_days[0].id
    values = {f"{one}-choice": "coming", f"{one}-rows-0-name": "Rina", f"{one}-rows-1-name": "Dedi", "same": "1"}
    assert send(browser, police, "answers", card=four_days[2].id, **values).status_code == 303
    rows = db.session.scalars(sa.select(Invitation.state).where(Invitation.nominated_under_id.is_not(None))).all()
    assert [state.value for state in rows] == ["coming"] * 8
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Person)) == 2


def test_naming_the_same_people_fills_only_days_without_names(browser, four_days, police):
    invite_office(police, *four_days)
    one, two, three, four = (day.id for day in four_days)
    send(browser, police, two, choice="coming", **{"rows-0-name": "Sari"})
    send(browser, police, three, choice="not_coming")
    typed = {
        f"{one}-choice": "coming", f"{one}-rows-0-name": "Rina", "same": "1", f"{three}-choice": "not_coming",
        f"{two}-choice": "coming", f"{two}-rows-0-name": "Sari", f"{two}-rows-0-row": _row_of("Sari"),
    }  # fmt: skip
    assert send(browser, police, "answers", card=one, **typed).status_code == 303
    assert _named_by_day() == {one: ["Rina"], two: ["Sari"], four: ["Rina"]}
    withdrawn = sa.select(Invitation).where(Invitation.state == InvitationState.WITHDRAWN)
    assert db.session.scalars(withdrawn).all() == []


def test_names_just_entered_on_another_day_stay_as_entered(browser, four_days, police):
    invite_office(police, *four_days)
    one, two, three, four = (day.id for day in four_days)
    typed = {f"{one}-choice": "coming", f"{one}-rows-0-name": "Rina", f"{three}-rows-0-name": "Dedi", "same": "1"}
    assert send(browser, police, "answers", card=one, **typed).status_code == 303
    assert _named_by_day() == {one: ["Rina"], two: ["Rina"], three: ["Dedi"], four: ["Rina"]}


def _row_of(name: str) -> int:
    return db.session.scalars(sa.select(Invitation.id).join(Invitation.person).where(Person.name == name)).one()


def _named_by_day() -> dict[int, list[str]]:
    db.session.rollback()
    rows = db.session.execute(
        sa.select(Invitation.activity_id, Person.name)
        .join(Invitation.person)
        .where(Invitation.nominated_under_id.is_not(None), Invitation.state == InvitationState.COMING)
        .order_by(Invitation.activity_id, Person.name)
    ).all()
    return {day: [name for other, name in rows if other == day] for day, _ in rows}


def test_one_empty_row_is_open_and_the_others_are_behind_one_more_person(browser, first, police):
    invite_office(police, first, quota=3)
    page = browser.get(f"/j/{link(police)}?lang=en").text
    assert page.count("<summary>One more person</summary>") == 2
    assert page.count('<fieldset class="o"') == 1
    send(browser, police, first.id, choice="coming", **{"rows-0-name": "Rina"})
    page = browser.get(f"/j/{link(police)}?lang=en").text
    assert page.count("<summary>One more person</summary>") == 1
    assert page.count('<fieldset class="o"') == 1
    assert "<summary>Rina</summary>" in page


def test_an_answered_day_is_folded_until_it_needs_attention_again(browser, four_days, ani):
    invite(ani, *four_days)
    folded = re.compile(r'<details><summary class="y">\s*Your answer: <b class="n coming">✓ Will come</b>')
    assert not folded.search(browser.get(f"/j/{link(ani)}?lang=en").text)
    send(browser, ani, four_days[1].id, choice="coming")
    assert len(folded.findall(browser.get(f"/j/{link(ani)}?lang=en").text)) == 1
    assert len(folded.findall(browser.get(f"/j/{link(ani)}?lang=en&pilih=hadir").text)) == 1
    assert not folded.search(browser.get(f"/j/{link(ani)}?lang=en&pilih=tidak").text)
    move = Move(at(21, 13), at(21, 16), four_days[1].zone, four_days[1].venue_id)
    moves.move(four_days[1].id, move, "Bentrok", four_days[1].version, by=None, now=NOW)
    assert not folded.search(browser.get(f"/j/{link(ani)}?lang=en").text)


def test_the_police_are_addressed_as_in_their_mail(browser, first, police):
    invite_office(police, first)
    page = browser.get(f"/j/{link(police)}?lang=en").text
    assert "<h1>Dear the Head of Polres Metro</h1>" in page
    assert "Who is sent? Quota: 2 people." in page


def test_one_link_is_rate_limited_with_its_waiting_time_and_another_is_not(tmp_path, first, ani, budi):
    from outreach import create_app
    from tests.conftest import settings_for

    invite(ani, first)
    invite(budi, first)
    hers, his = f"/j/{link(ani)}", f"/j/{link(budi)}"
    slow = create_app(settings_for(tmp_path, rate_answer="2/minute"))
    with slow.app_context():
        browser = slow.test_client()
        assert [browser.get(hers).status_code for _ in range(3)] == [200, 200, 429]
        assert browser.get(his).status_code == 200
        assert 1 <= int(browser.get(hers).headers["Retry-After"]) <= 60
        forged = [browser.get(f"/j/{n}").status_code for n in range(20)]
        assert (forged[0], forged[-1]) == (404, 429)
        db.session.remove()
        db.engine.dispose()


def test_a_waiting_time_above_a_minute_is_shown(tmp_path, first, ani):
    from outreach import create_app
    from tests.conftest import settings_for

    invite(ani, first)
    address = f"/j/{link(ani)}?lang=en"
    slow = create_app(settings_for(tmp_path, rate_answer="2/2 hour"))
    with slow.app_context():
        browser = slow.test_client()
        page = [browser.get(address) for _ in range(3)][-1]
        assert page.status_code == 429
        minutes = int(re.search(r"Please try again in (\d+) minutes", page.text)[1])
        assert minutes == -(-int(page.headers["Retry-After"]) // 60)
        assert 1 < minutes <= 120
        db.session.remove()
        db.engine.dispose()


@pytest.mark.parametrize(
    ("sent_to", "page"),
    [
        ("answers", ""),
        ("all", ""),
        ("reminders", ""),
        ("away/calendar", "/away"),
        ("away/remove", "/away"),
        ("away/again", "/away"),
        ("calendar/stop", "/calendar"),
    ],
)
def test_a_get_request_to_a_post_only_address_redirects_and_changes_nothing(browser, first, ani, sent_to, page):
    invite(ani, first)
    before = everything()
    opened = browser.get(f"/j/{link(ani)}/{sent_to}?lang=en")
    assert (opened.status_code, opened.location) == (302, f"/j/{link(ani)}{page}?lang=en")
    assert "no-store" in opened.headers["Cache-Control"]
    assert browser.get(opened.location).status_code == 200
    assert everything() == before


def openings(statements: list[str]) -> int:
    """Return how often a link was looked up."""
    return sum(bool(re.search(r"\bFROM link\b", one)) for one in statements)


def test_an_answer_opens_the_link_once_for_the_page_and_once_under_the_lock(
    browser, wall, four_days, ani, police, statements
):
    invite(ani, *four_days)
    invite_office(police, *four_days)
    hers, theirs = link(ani), link(police)
    first, second = (day.id for day in four_days[:2])

    def press(token: str, path: str, **values: object) -> tuple[int, int]:
        answers = []
        data = {"csrf_token": form_token(token), **values}
        took = openings(statements(lambda: answers.append(browser.post(f"/j/{token}/{path}", data=data))))
        return answers[0].status_code, took

    both = {f"{first}-choice": "coming", f"{second}-choice": "coming"}
    assert press(hers, "answers", **both) == (303, 2)
    assert press(hers, "all", choice="not_coming") == (303, 2)
    named = {f"{first}-choice": "coming", f"{first}-rows-0-name": "Rina", "card": first}
    assert press(theirs, "answers", **named) == (303, 2)
    assert press(hers, "reminders", wish="stop") == (303, 2)
    wall.stands_at = at(16, 16)  # the first day's deadline
    assert press(hers, "answers", **both) == (422, 2)


def test_a_page_that_is_only_shown_opens_the_link_once(browser, first, ani, statements):
    invite(ani, first)
    token, first_id = link(ani), first.id
    answers, took = [], {}
    for path in ("", "/thanks", f"/{first_id}.ics", "/calendar", "/stop", "/away"):
        took[path] = openings(statements(lambda path=path: answers.append(browser.get(f"/j/{token}{path}"))))
    assert set(took.values()) == {1}, took
    assert {answer.status_code for answer in answers} == {200}


def test_every_choice_is_a_button_that_sends_at_once(browser, four_days, ani):
    invite(ani, *four_days)
    page = browser.get(f"/j/{link(ani)}").text
    assert 'type="radio"' not in page
    for day in four_days:
        sends = re.findall(rf'<button name="{day.id}-choice" value="(\w+)"', page)
        assert sends == ["coming", "not_coming", "represented"]
    assert "Jawaban langsung terkirim saat ditekan." in page


def test_the_return_key_on_a_phone_presses_no_choice(browser, four_days, ani, police):
    invite(ani, *four_days)
    invite_office(police, four_days[0])
    for invitee in (ani, police):
        page = browser.get(f"/j/{link(invitee)}").text
        form = page.split(f'action="/j/{link(invitee)}/answers"')[1]
        assert re.search("<button[^>]*>", form)[0] == '<button class="h" tabindex="-1" aria-hidden="true">'
    assert send(browser, ani, "answers", **{f"{four_days[0].id}-name": "Budi"}).status_code == 303
    assert states(ani) == ["represented", "invited", "invited", "invited"]
    assert send(browser, ani, "answers").status_code == 422


def test_an_answer_for_all_leaves_what_was_answered(browser, four_days, ani):
    invite(ani, *four_days)
    one, two = (day.id for day in four_days[:2])
    for day, name in ((one, "Rina"), (two, "Dedi")):
        send(browser, ani, day, choice="represented", name=name)
    assert "Jawaban yang sama untuk 2 kegiatan yang belum dijawab?" in browser.get(f"/j/{link(ani)}").text
    assert send(browser, ani, "all", choice="not_coming").status_code == 303
    assert states(ani) == ["represented", "represented", "not_coming", "not_coming"]
    assert 'aria-labelledby="all"' not in browser.get(f"/j/{link(ani)}").text
    stale = send(browser, ani, "all", "?lang=en", choice="not_coming")  # from a page that was opened before
    assert (stale.status_code, "You have answered everything already" in stale.text) == (422, True)
    assert states(ani) == ["represented", "represented", "not_coming", "not_coming"]


def test_an_answer_is_undone_from_its_thanks_page(browser, wall, four_days, ani):
    invite(ani, *four_days)
    thanks = send(browser, ani, "all", "?lang=en", choice="not_coming").location
    page = browser.get(thanks).text
    assert page.count("<b>✓ Will not come</b></p>") == 4
    assert f'action="/j/{link(ani)}/undo?lang=en"' in page
    undone = send(browser, ani, "undo", "?lang=en")
    assert (undone.status_code, undone.location) == (303, f"/j/{link(ani)}/thanks?for=undone&lang=en")
    assert states(ani) == ["invited"] * 4
    undone = browser.get(undone.location).text
    assert "This was undone. Everything is as it was before." in undone
    assert "4 invitations below still wait for your answer." in undone
    assert "/undo" not in browser.get(thanks).text  # there is nothing left to undo
    again = send(browser, ani, "undo", "?lang=en")
    assert (again.status_code, "no answer that can be undone" in again.text) == (422, True)


def test_what_can_be_undone_of_several_days_is_undone(browser, wall, four_days, ani):
    invite(ani, *four_days)
    wall.stands_at = at(16, 15)
    send(browser, ani, "all", choice="coming")
    wall.stands_at = at(16, 16)  # the first day's deadline
    page = send(browser, ani, "undo", "?lang=en")
    assert (page.status_code, states(ani)) == (422, ["coming", "invited", "invited", "invited"])
    assert "Not everything could be undone." in page.text


def test_opening_or_forging_the_undo_address_changes_nothing(browser, first, ani):
    invite(ani, first)
    send(browser, ani, first.id, choice="coming")
    before = everything()
    address = f"/j/{link(ani)}/undo"
    assert browser.get(address).status_code == 302
    assert browser.post(address, data={"csrf_token": "x"}).status_code == 400
    good = {"csrf_token": form_token(link(ani))}
    assert browser.post(address, data=good, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 400
    assert everything() == before


def test_a_valid_answer_is_stored_although_another_card_is_not_valid(browser, four_days, ani):
    invite(ani, *four_days)
    one, two = (day.id for day in four_days[:2])
    values = {f"{one}-name": "Budi", f"{two}-choice": "represented", f"{two}-post": "Sekretaris"}
    page = send(browser, ani, "answers", "?lang=en", **values)
    assert (page.status_code, states(ani)) == (422, ["represented", "invited", "invited", "invited"])
    assert "What was complete is stored." in page.text
    assert 'value="Sekretaris"' in page.text
    assert re.findall(r'<a href="#([\w-]+)">', page.text.split("<section")[0]) == [f"{two}-name"]


def test_the_offices_valid_names_are_stored_and_the_others_asked_for(browser, four_days, police):
    invite_office(police, *four_days[:2], quota=3)
    one, two = (day.id for day in four_days[:2])
    values = {
        f"{one}-rows-0-name": "Rina",
        f"{two}-choice": "coming",
        f"{two}-rows-0-name": "Dedi",
        f"{two}-rows-1-name": "Sari",
        f"{two}-rows-1-email": "sari@",
        f"{two}-rows-2-post": "Kanit",
    }
    page = send(browser, police, "answers", "?lang=en", **values)
    assert (page.status_code, _named_by_day()) == (422, {one: ["Rina"], two: ["Dedi"]})
    faults = re.findall(r'<a href="#([\w-]+)">', page.text.split("<section")[0])
    assert faults == [f"{two}-rows-1-email", f"{two}-rows-2-name"]
    mended = {
        f"{two}-choice": "coming",
        f"{two}-rows-0-name": "Dedi",
        f"{two}-rows-0-row": _row_of("Dedi"),
        f"{two}-rows-1-name": "Sari",
        f"{two}-rows-1-email": "sari@example.com",
    }
    assert send(browser, police, "answers", **mended).status_code == 303
    assert _named_by_day() == {one: ["Rina"], two: ["Dedi", "Sari"]}


def test_a_nominee_whose_new_data_is_not_valid_stays_on_the_list(browser, first, police):
    invite_office(police, first, quota=3)
    send(browser, police, first.id, choice="coming", **{"rows-0-name": "Rina"})
    row = _row_of("Rina")
    values = {"rows-0-name": "Rina", "rows-0-row": row, "rows-0-email": "rina@", "rows-1-name": "Dedi"}
    assert send(browser, police, first.id, choice="coming", **values).status_code == 422
    assert [name for name, *_ in nominees(police)] == ["Dedi", "Rina"]


def test_a_link_that_was_switched_off_is_not_called_replaced(browser, first, ani, coordinator):
    invite(ani, first)
    links.revoke(ani, by=coordinator, now=NOW)
    page = browser.get(f"/j/{link(ani)}")
    assert (page.status_code, "dinonaktifkan oleh kantor kami" in page.text) == (410, True)
    assert "0812-0000-0001" in page.text
    assert "diganti" not in page.text


def test_who_was_withdrawn_reads_that_and_not_that_nothing_was_there(browser, first, ani, coordinator):
    invite(ani, first)
    invitation = db.session.scalars(sa.select(Invitation)).one()
    withdrawing.withdraw(invitation.id, by=coordinator, now=NOW)
    page = browser.get(f"/j/{link(ani)}").text
    assert "Undangan dibatalkan" in page
    assert "Rapat koordinasi lintas sektor" in page
    assert "Bidang PPA (0812-0000-0001)" in page
    assert ("-choice" in page, ".ics" in page, "Belum ada" in page) == (False, False, False)


def test_promised_is_another_word_than_came(browser, first, ani, police):
    invite(ani, first)
    send(browser, ani, first.id, choice="coming")
    assert '<b class="n coming">✓ Menyatakan hadir</b>' in browser.get(f"/j/{link(ani)}").text
    send(browser, ani, first.id, choice="not_coming")
    assert '<b class="n not_coming">✓ Menyatakan tidak hadir</b>' in browser.get(f"/j/{link(ani)}").text


def test_the_thanks_name_what_was_accepted_for_the_same_time(browser, programme, hall, ani):
    days = [draft_activity(programme, hall, 18, public_title="Rapat A"), draft_activity(programme, None, 18)]
    days[1].public_title = "Rapat B"
    db.session.commit()
    published(*days)
    invite(ani, *days)
    alone = browser.get(send(browser, ani, days[0].id, "?lang=en", choice="coming").location).text
    assert "at the same time" not in alone
    both = browser.get(send(browser, ani, days[1].id, "?lang=en", choice="coming").location).text
    assert '“<span lang="id">Rapat A</span>” and “<span lang="id">Rapat B</span>” are at the same time.' in both


def test_the_title_of_a_page_with_errors_says_so_and_the_summary_has_the_focus(browser, first, ani):
    invite(ani, first)
    assert "<title>Undangan</title>" in browser.get(f"/j/{link(ani)}").text
    page = send(browser, ani, first.id, choice="represented").text
    assert "<title>Galat: Undangan</title>" in page
    assert '<div class="e" id="e" role="alert" tabindex="-1" autofocus>' in page
    assert f'<a href="#{first.id}-name">Nama: ' in page
    assert f'id="{first.id}-name"' in page


def test_a_text_that_is_too_long_names_the_limit(browser, first, ani):
    invite(ani, first)
    page = send(browser, ani, first.id, choice="represented", name="x" * 161, post="y" * 161).text
    assert page.count("Mohon persingkat sampai 160 huruf.") == 4  # two fields, each also in the summary


def test_a_mistyped_address_gets_a_suggestion_that_is_taken_by_one_press(browser, first, ani):
    invite(ani, first)
    typed = {"choice": "represented", "name": "Budi", "email": "budi@example,com"}
    page = send(browser, ani, first.id, **typed).text
    assert "Mungkin maksudnya budi@example.com?" in unescape(page)
    assert f'name="{first.id}-use" value="budi@example.com" checked' in page
    assert f'name="{first.id}-asked" value="budi@example,com"' in page
    assert send(browser, ani, first.id, **typed, asked="budi@example,com").status_code == 422  # unticked
    taken = send(browser, ani, first.id, **typed, asked="budi@example,com", use="budi@example.com")
    assert (taken.status_code, representative(ani).representative_email) == (303, "budi@example.com")


def test_an_address_that_looks_misspelt_is_asked_about_once(browser, first, ani):
    invite(ani, first)
    typed = {"choice": "represented", "name": "Budi", "email": "budi@gmial.com"}
    page = send(browser, ani, first.id, **typed)
    assert (page.status_code, "Mungkin maksudnya budi@gmail.com?" in page.text) == (422, True)
    kept = send(browser, ani, first.id, **typed, asked="budi@gmial.com")
    assert (kept.status_code, representative(ani).representative_email) == (303, "budi@gmial.com")
    taken = send(browser, ani, first.id, **typed, asked="budi@gmial.com", use="budi@gmail.com")
    assert (taken.status_code, representative(ani).representative_email) == (303, "budi@gmail.com")


def representative(person) -> Invitation:
    db.session.rollback()
    return db.session.scalars(sa.select(Invitation).where(Invitation.person_id == person.id)).one()


def test_phone_and_email_of_others_are_shown_only_in_part_and_kept(browser, first, ani, police):
    invite(ani, first)
    invite_office(police, first)
    who = {"name": "Budi", "post": "Sekretaris", "phone": "0812 3456 7890", "email": "budi@example.com"}
    send(browser, ani, first.id, choice="represented", **who)
    send(browser, police, first.id, choice="coming", **{f"rows-0-{part}": value for part, value in who.items()})
    for invitee in (ani, police):
        page = unescape(browser.get(f"/j/{link(invitee)}").text)
        assert ("7890" in page, "3456" in page, "budi@" in page) == (False, False, False)
        assert "tercatat: 0812…90." in page
        assert "tercatat: b…@example.com." in page
    send(browser, ani, first.id, choice="represented", name="Budi", post="Kepala Seksi")
    kept = representative(ani)
    assert (kept.representative_post, kept.representative_phone, kept.representative_email) == (
        "Kepala Seksi", "+6281234567890", "budi@example.com",
    )  # fmt: skip
    rows = {"rows-0-name": "Budi", "rows-0-post": "Kanit", "rows-0-row": _row_of("Budi")}
    send(browser, police, first.id, choice="coming", **rows)
    assert nominees(police) == [("Budi", "Kanit", "+6281234567890")]
    send(browser, ani, first.id, choice="represented", name="Sari")  # somebody else has another number
    assert representative(ani).representative_phone == ""


@pytest.mark.parametrize(("sex", "said"), [("female", "Ibu"), ("male", "Bapak"), (None, "Bapak/Ibu")])
def test_people_are_addressed_as_in_their_mail(browser, first, ani, sex, said):
    ani.sex, ani.post = sex, "Ketua PKK"
    db.session.commit()
    invite(ani, first)
    assert f"<h1>Yth. {said} Ani Wijaya, Ketua PKK</h1>" in browser.get(f"/j/{link(ani)}").text
    assert "<h1>Dear Ani Wijaya, Ketua PKK</h1>" in browser.get(f"/j/{link(ani)}?lang=en").text


def test_the_map_is_found_by_address_where_coordinates_lack(browser, first, hall, ani):
    invite(ani, first)
    search = "https://www.google.com/maps/search/?api=1&query=Aula+Bappeda%2C+Jl.+Jenderal+Sudirman%2C+Metro"
    assert f'<a href="{search}"' in unescape(browser.get(f"/j/{link(ani)}").text)
    hall.latitude, hall.longitude = -5.11, 105.3
    db.session.commit()
    assert "https://www.openstreetmap.org/?mlat=-5.11000" in unescape(browser.get(f"/j/{link(ani)}").text)


def test_google_calendar_gets_the_neutral_facts_and_no_link_of_ours(browser, first, ani):
    invite(ani, first)
    page = unescape(browser.get(f"/j/{link(ani)}").text)
    address = re.search(r'href="(https://calendar.google.com/[^"]+)" rel="noreferrer"', page)[1]
    assert address == (
        "https://calendar.google.com/calendar/render?action=TEMPLATE&text=Rapat+koordinasi+lintas+sektor"
        "&dates=20270118T010000Z%2F20270118T050000Z&location=Aula+Bappeda%2C+Jl.+Jenderal+Sudirman%2C+Metro"
    )


def test_what_the_office_wrote_is_marked_as_indonesian_on_english_pages(browser, first, ani):
    invite(ani, first)
    english, indonesian = (browser.get(f"/j/{link(ani)}?lang={lang}").text for lang in ("en", "id"))
    assert f'<h2 id="h{first.id}" lang="id">Rapat koordinasi lintas sektor</h2>' in english
    assert '<dd lang="id">Aula Bappeda' in english
    assert '<dd lang="id">Surat tugas dan KTP' in english
    assert ' lang="id">' not in indonesian.split("<body>")[1]


def test_a_mistake_in_names_for_all_days_is_asked_for_once(browser, four_days, police):
    invite_office(police, *four_days)
    one = four_days[0].id
    values = {f"{one}-choice": "coming", f"{one}-rows-0-name": "Rina", f"{one}-rows-0-email": "rina@", "same": "1"}
    page = send(browser, police, "answers", **values).text
    assert re.findall(r'<a href="#([\w-]+)">', page.split("<section")[0]) == [f"{one}-rows-0-email"]
    assert 'name="same" value="1" checked' in page
    assert send(browser, police, "answers", **values | {f"{one}-rows-0-email": ""}).status_code == 303
    assert _named_by_day() == {day.id: ["Rina"] for day in four_days}


def test_an_error_in_an_offices_list_says_about_which_person(browser, first, police):
    invite_office(police, first)
    names = {
        "rows-0-name": "Rina, S.Pd.",
        "rows-0-phone": "08x",
        "rows-1-name": "Dedi",
        "rows-1-email": "dedi@example,com",
    }
    page = unescape(send(browser, police, first.id, "?lang=en", choice="coming", **names).text)
    told = re.findall(r'<li><a href="#[^"]+">(Person \d, \w+)', page)
    assert told == ["Person 1, Phone", "Person 2, E"]
    names |= {"rows-0-phone": "", "rows-1-email": ""}
    thanks = browser.get(send(browser, police, first.id, "?lang=en", choice="coming", **names).location).text
    assert "</b>: Rina, S.Pd.; Dedi</p>" in thanks

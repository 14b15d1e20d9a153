"""The List-Unsubscribe address: opening it changes nothing; one click or its button stops the reminders."""

import gzip
import re

import pytest
import sqlalchemy as sa
from flask import g

from outreach import create_app
from outreach.delivery import tokens
from outreach.domain.kinds import Role
from outreach.extensions import db
from outreach.models import AuditEntry, Organisation, Person
from outreach.services.activities import publish as publishing
from outreach.services.directory import assistants
from outreach.services.invitations import invite as inviting
from outreach.services.invitations import links
from outreach.web.answer_pages.forms import form_token
from tests.support.apps import settings_for
from tests.support.copied import copied
from tests.world import NOW, at, stop_clock

pytestmark = pytest.mark.usefixtures("clock_on_tuesday")

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@copied
def address(app, activity, ani) -> str:
    """The address at which Ani, invited to an activity, stops her reminders."""
    inviting.invite_people([activity.id], [ani.id], Role.CADRE, by=None, now=NOW)
    publishing.publish([activity.id], by=None, now=NOW)
    return of(ani)


def of(invitee) -> str:
    link = links.link_for(db.session, invitee)
    assert tokens.stop_page_url(tokens.token(link)) == f"http://localhost/j/{tokens.token(link)}/stop"
    return f"/j/{tokens.token(link)}/stop"


def stopped(ani):
    db.session.rollback()
    return db.session.get(Person, ani.id).reminders_stopped_at


def by_button(app, address, wish, **headers):
    token = address.split("/")[2]
    return app.test_client().post(address, data={"wish": wish, "csrf_token": form_token(token)}, headers=headers)


def test_a_mail_programs_one_click_stops_the_reminders_without_login_cookie_or_page(app, address, ani):
    answered = app.test_client(use_cookies=False).post(address, data=ONE_CLICK)
    assert (answered.status_code, stopped(ani)) == (200, at(5))
    assert "Set-Cookie" not in answered.headers
    assert "You get no more reminders" in app.test_client().get(f"{address}?lang=en").text


def test_the_one_click_request_may_be_multipart_and_come_from_another_site(app, address, ani):
    headers = {"Sec-Fetch-Site": "cross-site"}
    answered = app.test_client().post(address, data=ONE_CLICK, content_type="multipart/form-data", headers=headers)
    assert (answered.status_code, stopped(ani)) == (200, at(5))


def test_a_second_click_changes_nothing(app, address, ani):
    assert [app.test_client().post(address, data=ONE_CLICK).status_code for _ in range(2)] == [200, 200]
    assert stopped(ani) == at(5)


def test_opening_the_page_changes_nothing_and_shows_one_button_without_script(app, address, ani):
    page = app.test_client().get(f"{address}?lang=en")
    assert (page.status_code, stopped(ani)) == (200, None)
    assert page.text.count("<button") == 1
    assert "No more reminders?" in page.text
    assert "Should something you accepted change or be cancelled, we still tell you." in page.text
    assert "<script" not in page.text
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "private, no-store"
    assert app.test_client().head(address).status_code == 200
    assert stopped(ani) is None


def test_the_page_is_small_and_in_its_readers_language(app, address, ani):
    page = app.test_client().get(address)
    assert '<html lang="id">' in page.text
    assert ani.full_name in page.text
    assert len(gzip.compress(page.data)) < len(page.data) <= 14_000
    db.session.get(Person, ani.id).locale = "en"
    db.session.commit()
    assert '<html lang="en">' in app.test_client().get(address).text


def test_the_button_stops_and_the_page_then_offers_reminders_again(app, address, ani):
    pressed = by_button(app, address, "stop")
    assert (pressed.status_code, pressed.location) == (303, address)
    assert stopped(ani) == at(5)
    assert 'value="resume"' in app.test_client().get(address).text
    resumed = by_button(app, address, "resume")
    assert resumed.location == address.replace("/stop", "/thanks?for=resume")
    assert stopped(ani) is None


@pytest.mark.parametrize(
    "data", [{}, {"wish": "stop"}, {"wish": "stop", "csrf_token": "f" * 32}, {"List-Unsubscribe": "Two-Clicks"}]
)
def test_a_scanners_post_stops_nothing(app, address, ani, data):
    answered = app.test_client().post(address, data=data)
    assert (answered.status_code, stopped(ani)) == (400, None)
    assert "<button" in answered.text


def test_the_button_of_another_site_stops_nothing(app, address, ani):
    answered = by_button(app, address, "stop", **{"Sec-Fetch-Site": "cross-site"})
    assert (answered.status_code, stopped(ani)) == (400, None)


def test_an_organisation_stops_its_reminders_too(app, activity, police):
    inviting.invite_organisations([activity.id], {police.id: 2}, by=None, now=NOW)
    app.test_client().post(of(police), data=ONE_CLICK)
    db.session.rollback()
    assert db.session.get(Organisation, police.id).reminders_stopped_at == at(5)


def test_an_invalid_link_shows_a_message_and_stops_nothing(app, address, ani):
    def status(method, path, **values):
        return getattr(app.test_client(), method)(path, **values).status_code

    unknown = address[:-6] + "X/stop"
    assert (status("get", unknown), status("post", unknown, data=ONE_CLICK)) == (404, 404)
    assert stopped(ani) is None


def replace(address, ani, coordinator, monkeypatch):
    links.renew(db.session.get(Person, ani.id), by=coordinator, now=NOW)
    links.renew(db.session.get(Person, ani.id), by=coordinator, now=NOW)


def switch_off(address, ani, coordinator, monkeypatch):
    links.revoke(db.session.get(Person, ani.id), by=coordinator, now=NOW)


def let_expire(address, ani, coordinator, monkeypatch):
    stop_clock(monkeypatch, at(18, month=6))


@pytest.mark.parametrize("ended", [replace, switch_off, let_expire])
@pytest.mark.parametrize("press", ["one click", "button"])
def test_an_old_mail_stops_the_reminders_and_opens_nothing_else(
    app, address, ani, coordinator, monkeypatch, ended, press
):
    ended(address, ani, coordinator, monkeypatch)
    page = app.test_client().get(f"{address}?lang=en")
    assert (page.status_code, page.text.count("<button"), stopped(ani)) == (200, 1, None)
    assert ani.full_name not in page.text
    assert "See my invitations" not in page.text
    if press == "button":
        assert by_button(app, address, "stop").status_code == 303
    else:
        assert app.test_client().post(address, data=ONE_CLICK).status_code == 200
    assert stopped(ani) is not None
    after = app.test_client().get(f"{address}?lang=en")
    assert "You get no more reminders" in after.text
    assert "<button" not in after.text
    assert by_button(app, address, "resume").status_code == 410
    assert stopped(ani) is not None
    assert app.test_client().get(address.removesuffix("/stop")).status_code == 410


def test_the_mail_of_a_nominee_whose_record_passed_to_somebody_else_stops_nothing(app, address, ani):
    link = links.link_for(db.session, db.session.get(Person, ani.id))
    link.nonce = tokens.new_nonce()
    db.session.commit()
    assert app.test_client().get(address).status_code == 410
    assert app.test_client().post(address, data=ONE_CLICK).status_code == 410
    assert stopped(ani) is None


def test_too_many_requests_have_to_wait(tmp_path, app, address):
    slow = create_app(settings_for(tmp_path, rate_answer="3/minute"))
    with slow.test_client() as browser:
        codes = [browser.post(address, data=ONE_CLICK).status_code for _ in range(4)]
    assert codes == [200, 200, 200, 429]


def test_staff_see_that_an_old_link_stopped_the_reminders_and_block_it_in_one_press(
    app, address, ani, coordinator, coordinator_client
):
    links.renew(ani, by=coordinator, now=NOW)
    page = coordinator_client.get(f"/people/{ani.id}").text
    assert "whoever has it can still stop the mails" in page
    assert "block_old_links" not in page
    assert app.test_client(use_cookies=False).post(address, data=ONE_CLICK).status_code == 200
    assert stopped(ani) == at(5)
    g.pop("_login_user", None)  # the tests' application context outlives a request
    actions = sa.select(AuditEntry.action).order_by(AuditEntry.id.desc()).limit(1)
    assert db.session.scalar(actions) == "person.reminders_stopped_by_old_link"
    page = coordinator_client.get(f"/people/{ani.id}").text
    assert "Surel dihentikan lewat tautan lama yang sudah diganti" in page
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
    pressed = {"csrf_token": token, "block_old_links": "y"}
    coordinator_client.post(f"/people/{ani.id}/reminders/resume", data=pressed)
    assert stopped(ani) is None
    assert db.session.scalar(actions) == "person.old_links_blocked"
    app.test_client(use_cookies=False).post(address, data=ONE_CLICK)
    assert stopped(ani) is None
    new = of(ani)
    app.test_client(use_cookies=False).post(new, data=ONE_CLICK)
    assert stopped(ani) == at(5)
    g.pop("_login_user", None)
    assert "block_old_links" not in coordinator_client.get(f"/people/{ani.id}").text


def test_an_adjutant_opens_the_page_of_their_invitee_and_stops_only_the_mails_to_them(app, address, ani):
    client = app.test_client()
    assistants.write(ani, "Rina Astuti", "", "rina@example.com")
    db.session.commit()
    page = f"/j/{tokens.assistant_token(ani.assistant.nonce)}"
    assert "Rina Astuti, Bapak/Ibu menjawab di sini untuk Ani Wijaya" in client.get(page).text
    assert "Rina Astuti" not in client.get(address.removesuffix("/stop")).text
    assert client.post(f"{page}/stop", data=ONE_CLICK).status_code == 200
    stopped = db.session.get(Person, ani.id, populate_existing=True)
    assert (stopped.reminders_stopped_at, stopped.assistant.stopped_at is None) == (None, False)
    client.post(f"{page}/stop", data=ONE_CLICK)  # a second press changes nothing
    by_button(app, f"{page}/stop", "resume")
    of_mails = sa.select(AuditEntry.action, AuditEntry.subject_id).where(AuditEntry.action.like("%assistant%"))
    assert [tuple(row) for row in db.session.execute(of_mails.order_by(AuditEntry.id))] == [
        ("person.assistant_mails_stopped", ani.id),
        ("person.assistant_mails_resumed", ani.id),
    ]

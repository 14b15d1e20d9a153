"""Input of a form is kept when the form was rate limited; a form that was too large explains where the input is."""

import io
import re
from dataclasses import replace

import pytest
import sqlalchemy as sa

from outreach.delivery import tokens
from outreach.domain.kinds import Role
from outreach.domain.states import InvitationState
from outreach.extensions import db, limiter
from outreach.models import Absence, AbsenceCalendar, Invitation
from outreach.services.activities import publish as publishing
from outreach.services.invitations import invite as inviting
from outreach.services.invitations import links
from outreach.web.answer_pages.forms import form_token
from outreach.web.frame import rate_limited
from tests.support.copied import copied
from tests.web.reading import fields, text_of
from tests.world import NOW

pytestmark = pytest.mark.usefixtures("clock_stands")


REASON = 'Rapat "akbar" <di> Bandar Lampung & rapat lanjutan\r\nsampai sore'
STOOD = "in most browsers what you typed still stands there"


@copied
def link(app, activity, ani) -> str:
    publishing.publish([activity.id], by=None, now=NOW)
    inviting.invite_people([activity.id], [ani.id], Role.CADRE, by=None, now=NOW)
    db.session.execute(sa.update(Invitation).values(state=InvitationState.INVITED, invited_at=NOW))
    db.session.commit()
    return tokens.token(links.link_for(db.session, ani))


def let_through(app, rate: str) -> None:
    """Set the limit of requests per link from here on, and reset the counts."""
    app.extensions["outreach"] = replace(app.extensions["outreach"], rate_answer=rate)
    limiter.reset()


def sent_again(client, page):
    """Press the only button of a page that kept the input."""
    address = re.search(r'<form method="post" action="([^"]+)"', page.text.partition("<main")[2])[1]
    return client.post(address, data=fields(page.text))


def test_a_cadres_rate_limited_answer_is_kept_and_sent_again_unchanged(app, phone, link, activity):
    card = f"{activity.id}-"
    typed = {"csrf_token": form_token(link), "card": activity.id, f"{card}choice": "represented"}
    typed |= {f"{card}name": "Siti Aminah", f"{card}post": 'Ketua "RT" & kader', f"{card}phone": "0812-3456-7890"}
    let_through(app, "1/minute")
    phone.post(f"/j/{link}/answers")
    page = phone.post(f"/j/{link}/answers?lang=en", data=typed)
    assert page.status_code == 429
    assert 1 <= int(page.headers["Retry-After"]) <= 60
    assert "Wait a minute, then try again. What you entered is kept on this page" in text_of(page.text)
    assert db.session.scalar(sa.select(Invitation.state)) is InvitationState.INVITED
    again = sent_again(phone, page)
    assert (again.status_code, fields(again.text)) == (429, fields(page.text))  # too early: it is still kept
    let_through(app, "100/minute")
    done = sent_again(phone, again)
    assert (done.status_code, done.location) == (303, f"/j/{link}/thanks?for=answer&lang=en")
    db.session.rollback()
    found = db.session.scalars(sa.select(Invitation)).one()
    assert (found.state, found.representative_name, found.representative_post, found.representative_phone) == (
        InvitationState.REPRESENTED, "Siti Aminah", 'Ketua "RT" & kader', "+6281234567890",
    )  # fmt: skip


def test_a_speakers_rate_limited_absence_is_kept_exactly(app, phone, link):
    let_through(app, "1/minute")
    phone.post(f"/j/{link}/away")
    typed = {"csrf_token": form_token(link), "on": "2027-01-19", "reason": REASON}
    page = phone.post(f"/j/{link}/away", data=typed)
    assert page.status_code == 429
    assert fields(page.text)["reason"] == [REASON]
    assert "<di>" not in page.text
    let_through(app, "100/minute")
    assert sent_again(phone, page).status_code == 303
    assert db.session.scalars(sa.select(Absence.reason)).one() == " ".join(REASON.split())


def test_another_sites_form_is_not_repeated_and_a_get_request_keeps_none(app, phone, link):
    let_through(app, "1/minute")
    phone.get(f"/j/{link}")
    phone.post(f"/j/{link}/away")
    foreign = {"Sec-Fetch-Site": "cross-site"}
    for page in (
        phone.post(f"/j/{link}/away?lang=en", data={"reason": "Klik di sini"}, headers=foreign),
        phone.get(f"/j/{link}?lang=en"),
    ):
        assert page.status_code == 429
        assert ("<form" in page.text, "Klik" in page.text, "kept on this page" in page.text) == (False, False, False)


def test_a_rate_limited_file_must_be_resent_by_going_back_in_the_browser(phone, link):
    for _ in range(6):
        phone.post(f"/j/{link}/away/calendar")
    chosen = {"csrf_token": form_token(link), "name": "Dinas", "file": (io.BytesIO(b"x"), "x.ics")}
    page = phone.post(f"/j/{link}/away/calendar?lang=en", data=chosen)
    assert page.status_code == 429
    assert ("<form" in page.text, STOOD in page.text) == (False, True)


def test_staff_keep_their_input_when_rate_limited(coordinator_client, hall):
    address = f"/absences/venue/{hall.id}/calendars"
    typed = {"address": "calendar", "name": "Jadwal “aula” <Bappeda>"}
    pages = [coordinator_client.post(address, data=typed) for _ in range(21)]
    assert [page.status_code for page in pages] == [422] * 20 + [429]
    page = pages[-1]
    assert 1 <= int(page.headers["Retry-After"]) <= 60
    assert "Wait a minute, then try again. What you entered is kept on this page" in text_of(page.text)
    limiter.reset()
    again = sent_again(coordinator_client, page)
    assert (again.status_code, fields(again.text)["name"]) == (422, [typed["name"]])
    assert db.session.scalar(sa.select(AbsenceCalendar)) is None


@pytest.mark.parametrize("secret", sorted(rate_limited.SECRET))
def test_a_password_is_never_repeated(app, secret):
    for name, kept in ((secret, []), ("note", [("email", "x@example.com"), ("note", "bukan-untuk-halaman")])):
        typed = {"email": "x@example.com", name: "bukan-untuk-halaman"}
        with app.test_request_context("/login", method="POST", data=typed):
            assert rate_limited.kept() == kept


def test_a_too_large_request_says_where_the_input_still_is(phone, link, coordinator_client, hall):
    for client, address, token, most_mb in (
        (coordinator_client, f"/absences/venue/{hall.id}/calendars", "", 10),
        (phone, f"/j/{link}/away/calendar?lang=en", form_token(link), 5),
    ):
        big = io.BytesIO(bytes(11 * 1024 * 1024))
        page = client.post(address, data={"csrf_token": token, "name": "Dinas", "file": (big, "x.ics")})
        assert page.status_code == 413
        assert f"A file may have {most_mb} MB at most: choose a smaller one." in page.text
        assert STOOD in page.text

"""After “not coming”, the answer page asks for a reason and another day, and one press looks for it."""

import re
from html import unescape

import pytest
from flask import g

from outreach.domain.answers import Choice
from outreach.domain.kinds import Role
from outreach.extensions import db
from outreach.models import GivenAnswer
from outreach.services.reminders import tick as reminding
from outreach.web.answer_pages.forms import form_token
from tests.support.copied import copied
from tests.web.reading import text_of
from tests.world import NOW, answer, invitation_of, invite, token_of

pytestmark = pytest.mark.usefixtures("clock_stands")


def given_reasons() -> list[GivenAnswer]:
    db.session.rollback()
    return [one for one in db.session.query(GivenAnswer) if one.reason or one.wished_on]


@copied
def link(app, published, chief) -> str:
    invite(published, chief, role=Role.SPEAKER)
    reminding.tick(NOW)
    return token_of(chief)


def decline(phone, link, activity):
    data = {"csrf_token": form_token(link), f"{activity.id}-choice": "not_coming"}
    return phone.get(phone.post(f"/j/{link}/answers", data=data).headers["Location"]).text


def sent(phone, link, activity, **data):
    return phone.post(f"/j/{link}/declined/{activity.id}?lang=en", data={"csrf_token": form_token(link), **data})


def test_declining_leads_to_the_page_and_opening_it_changes_nothing(phone, link, published):
    assert "/declined/" not in phone.get(f"/j/{link}").text
    assert phone.get(f"/j/{link}/declined/{published.id}").status_code == 404
    page = f"/j/{link}/declined/{published.id}"
    assert f'href="{page}"' in decline(phone, link, published)
    shown = phone.get(page)
    assert (shown.status_code, "script" in shown.text, given_reasons()) == (200, False, [])
    assert len(shown.data) <= 14_000


def test_a_wish_is_stored_and_one_press_searches_that_day_or_asks_in_a_poll(
    phone, link, published, chief, coordinator_client
):
    decline(phone, link, published)
    answered = sent(phone, link, published, reason="Ada apel", wished_on="2027-01-19")
    assert "Thank you. The office reads what you wrote." in text_of(phone.get(answered.headers["Location"]).text)
    g.pop("_login_user")  # the tests' application context outlives a request
    page = coordinator_client.get(f"/invitations/{invitation_of(published, chief).id}?lang=en").text
    assert "Ada apel" in page
    search, poll = (unescape(address) for address in re.findall(r'href="([^"]*2027-01-19[^"]*)"', page))
    found = coordinator_client.get(search + "&lang=en").text
    assert 'value="2027-01-19"' in found
    assert "19 January" in text_of(found)
    assert re.search(rf'<input[^>]*name="person"[^>]*value="{chief.id}"', found)
    proposed = coordinator_client.get(poll).text
    assert 'value="2027-01-19"' in proposed
    assert f'value="{published.title}"' in proposed
    assert "“Ada apel”. They wish Tuesday, 19 January 2027 instead" in text_of(
        coordinator_client.get("/bell?lang=en").text
    )


@pytest.mark.parametrize(("wished_on", "sentence"), [("x", "Please choose a day"), ("2027-01-03", "from today on")])
def test_a_day_that_cannot_be_used_is_marked_and_the_reason_stays(phone, link, published, wished_on, sentence):
    decline(phone, link, published)
    refused = sent(phone, link, published, reason="Ada apel", wished_on=wished_on)
    assert (refused.status_code, sentence in text_of(refused.text), "Ada apel</textarea>" in refused.text) == (
        422,
        True,
        True,
    )
    assert given_reasons() == []


def test_a_cadre_is_not_asked_for_a_day(phone, published, ani):
    reminding.tick(NOW)
    answer(published, ani, Choice.NOT_COMING)
    page = phone.get(f"/j/{token_of(ani)}/declined/{published.id}").text
    assert "wished_on" not in page
    assert sent(phone, token_of(ani), published, reason="Sakit").status_code == 303
    assert [one.wished_on for one in given_reasons()] == [None]
    forged = phone.post(f"/j/{token_of(ani)}/declined/{published.id}", data={"csrf_token": "0" * 32, "reason": "x"})
    assert forged.status_code == 400

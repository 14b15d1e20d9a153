"""The address in a code: staff get a person and a button, everybody else learns what the code is for. Opening changes nothing."""

import html
import re
from dataclasses import replace

import pypdfium2
import pytest
import sqlalchemy as sa

from outreach.delivery import door_codes, tokens
from outreach.domain.answers import Choice, Representative
from outreach.domain.states import InvitationState
from outreach.extensions import db, limiter
from outreach.models import Attendance, AuditEntry
from outreach.services.door import codes
from tests.support.copied import copied
from tests.web.reading import text_of
from tests.world import answer, at, invitation_of, invite, publish, set_state, stop_clock, token_of
from tests.world.barcodes import read_from_pixels

DAY = at(18, 8, 14)


@pytest.fixture
def invited(activity, ani, monkeypatch):
    publish(activity, tick=False)
    invite(activity, ani)
    set_state(activity, InvitationState.COMING, ani)
    stop_clock(monkeypatch, DAY)
    return invitation_of(activity, ani)


@copied
def code(invited):
    return codes.code_of(db.session(), invited)


@copied
def client(current_app_):
    return current_app_.test_client()


def press(client, code):
    page = client.get(f"/k/{code}").text
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    return client.post(f"/k/{code}", data={"csrf_token": token[1] if token else ""})


def present():
    db.session.rollback()
    return list(db.session.scalars(sa.select(Attendance.present)))


def test_staff_see_whose_code_it_is_and_one_press_records_them(coordinator_client, code, ani):
    page = coordinator_client.get(f"/k/{code}")
    assert ani.display_name in page.text
    assert present() == []
    assert press(coordinator_client, code).status_code == 302
    assert present() == [True]
    again = text_of(coordinator_client.get(f"/k/{code}").text)
    assert "Was recorded as present before, at Monday, 18 January 2027 at 08:14 WIB." in again
    assert f'action="/k/{code}"' not in again


def test_a_viewer_sees_the_person_and_has_no_button(viewer_client, code, ani):
    page = viewer_client.get(f"/k/{code}").text
    assert ani.display_name in page
    assert f'action="/k/{code}"' not in page
    assert viewer_client.post(f"/k/{code}").status_code == 403
    assert present() == []


def test_everybody_else_reads_what_the_code_is_for_and_nothing_about_a_person(client, code, ani, activity, office):
    page = client.get(f"/k/{code}")
    assert page.status_code == 200
    assert "Kode untuk pintu masuk" in page.text
    for hidden in (ani.name, activity.title, activity.neutral_title):
        assert hidden not in page.text
    assert text_of(client.get(f"/k/{'A' * 104}").text) == text_of(page.text)
    assert len(page.data) < 14_000
    assert "<script" not in page.text
    assert page.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert f"/login?next=/k/{code}" in html.unescape(page.text).replace("%2F", "/")
    assert client.post(f"/k/{code}").status_code in (302, 400)
    assert present() == []


def test_strangers_cannot_try_codes_without_end(app, client, code):
    app.extensions["outreach"] = replace(app.extensions["outreach"], rate_public="3/minute")
    limiter.reset()
    found = [client.get(f"/k/{code}") for _ in range(4)]
    refused = next(one for one in found if one.status_code == 429)
    assert "Mohon tunggu" in text_of(refused.text)
    assert int(refused.headers["Retry-After"]) > 0


def test_a_code_that_does_not_count_says_why_and_records_nobody(coordinator_client, code, ani, activity):
    set_state(activity, InvitationState.WITHDRAWN, ani)
    page = coordinator_client.get(f"/k/{code}").text
    assert "The invitation of this code is withdrawn." in text_of(page)
    assert f'action="/k/{code}"' not in page
    assert "This is no code of this office." in text_of(coordinator_client.get("/k/unknown").text)


def test_before_the_day_there_is_no_button(coordinator_client, code, monkeypatch):
    stop_clock(monkeypatch, at(17, 12))
    page = coordinator_client.get(f"/k/{code}").text
    assert f'action="/k/{code}"' not in page


def test_who_comes_finds_their_code_on_their_page(client, invited, ani, activity):
    token = token_of(ani)
    assert f'href="/j/{token}/code/{activity.id}"' in client.get(f"/j/{token}").text
    page = client.get(f"/j/{token}/code/{activity.id}")
    assert door_codes.drawing(codes.code_of(db.session(), invited)) in page.text
    assert ani.display_name in page.text
    assert len(page.data) < 14_000
    assert "<script" not in page.text


def test_who_does_not_come_has_no_code(client, invited, ani, activity):
    set_state(activity, InvitationState.NOT_COMING, ani)
    token = token_of(ani)
    assert "/code/" not in client.get(f"/j/{token}").text
    assert client.get(f"/j/{token}/code/{activity.id}").headers["Location"].startswith(f"/j/{token}")


def test_who_acts_has_the_code_on_their_own_page_and_the_invitee_has_none(client, invited, ani, activity):
    answer(activity, ani, Choice.REPRESENTED, representative=Representative("Rina Sari"))
    db.session.rollback()
    theirs = tokens.acting_token(invited.acting.nonce)
    page = client.get(f"/j/{theirs}/code/{activity.id}").text
    assert door_codes.drawing(codes.code_of(db.session(), invited)) in page
    assert "Rina Sari" in page
    assert client.get(f"/j/{token_of(ani)}/code/{activity.id}").status_code == 302


def test_cards_have_the_name_and_a_code_that_counts(coordinator_client, invited, budi, activity):
    invite(activity, budi)
    answered = coordinator_client.get(f"/activities/{activity.id}/door/cards.pdf")
    assert answered.content_type == "application/pdf"
    with pypdfium2.PdfDocument(answered.data) as document:
        assert len(document) == 1
        text = document[0].get_textpage().get_text_range()
        read = read_from_pixels(document[0].render(scale=3, grayscale=True))
    assert text.index("Ani Wijaya") < text.index("Budi Santoso")
    assert "Senin, 18 Januari 2027" in text
    judged = [codes.judge(db.session(), one, DAY) for one in read]
    assert {one.invitation.person.name for one in judged if one.fault is None} == {"Ani Wijaya", "Budi Santoso"}
    entry = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "list.downloaded")).one()
    assert (entry.subject_name, entry.detail["rows"], entry.detail["file"]) == (
        f"door_codes: {activity.title}",
        2,
        "pdf",
    )
    single = coordinator_client.get(f"/activities/{activity.id}/door/cards.pdf?invitation={invited.id}")
    with pypdfium2.PdfDocument(single.data) as document:
        assert "Budi" not in document[0].get_textpage().get_text_range()


def test_a_viewer_gets_no_cards(viewer_client, invited, activity):
    assert viewer_client.get(f"/activities/{activity.id}/door/cards.pdf").status_code == 403


@pytest.mark.parametrize(("now", "offered"), [(at(18, 23, 59), True), (at(19, 0), False)])
def test_an_invitation_of_a_past_activity_offers_neither_a_card_nor_withdrawing(
    coordinator_client, activity, ani, monkeypatch, now, offered
):
    publish(activity, tick=False)
    invite(activity, ani)
    set_state(activity, InvitationState.COMING, ani)
    stop_clock(monkeypatch, now)
    page = coordinator_client.get(f"/invitations/{invitation_of(activity, ani).id}").text
    assert [words in page for words in ("Card with the code for the entrance", "Withdraw this invitation")] == [
        offered
    ] * 2

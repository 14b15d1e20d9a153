"""WhatsApp is opened from many pages, and each time it is logged, as just that. No page has a link that logs nothing."""

import re
from html import unescape
from urllib.parse import unquote

import pytest
import sqlalchemy as sa

from outreach.domain.answers import Choice, Representative
from outreach.domain.calls import CallOutcome
from outreach.domain.kinds import IncomingKind, IncomingOutcome
from outreach.extensions import db
from outreach.models import AddressFailure, Call
from outreach.services.calls import record as recording
from outreach.services.calls.callee import CalleeKey
from outreach.services.calls.record import CallResult
from tests.catalogue import ROOT
from tests.support.copied import copied
from tests.world import NOW, a_person, answer, invitation_of, invite_and_publish
from tests.world.incoming import blocked, mail
from tests.world.polls import a_poll, asked

LINKS = re.compile(r"""href=["'{ ]*[^"'>]*(wa\.me|\bwhatsapp\b)""")
# The page that opens it, after it was logged; and an invitee's page, whose button leads to the office.
MAY_LINK = {"calls/whatsapp.html", "answer_pages/frame.html"}
OPENED = re.compile(r'formaction="\s*([^"]*/whatsapp[^"]*)"')


def test_no_template_has_a_link_to_whatsapp_that_is_not_logged():
    templates = ROOT / "templates"
    linking = {
        str(page.relative_to(templates)) for page in templates.rglob("*.html") if LINKS.search(page.read_text("utf-8"))
    }
    assert linking == MAY_LINK
    scripts = (ROOT / "outreach/static/js").rglob("*.js")
    assert [one.name for one in scripts if "wa.me" in one.read_text("utf-8")] == []


@copied
def asked_ani(activity, ani, budi, coordinator):
    """Ani, without an e-mail address, and Budi are invited."""
    ani.email = ""
    db.session.commit()
    return invite_and_publish(activity, ani, budi, by=coordinator)


def opened(client, page: str) -> tuple[str, list[tuple[CallOutcome, int, str]]]:
    """Press the page's button for WhatsApp; return where it leads, and what is logged."""
    shown = unescape(client.get(page).text)
    assert "https://wa.me" not in shown
    (address,) = OPENED.findall(shown)
    answer = client.post(address)
    db.session.rollback()
    calls = db.session.scalars(sa.select(Call).where(Call.outcome == CallOutcome.WHATSAPP_OPENED))
    return unquote(answer.headers["Refresh"]), [(call.outcome, len(call.about), call.note) for call in calls]


@pytest.mark.parametrize("page", ["invitations/{invitation}", "activities/{activity}/invitees"])
def test_the_pages_of_invitations_open_it_with_the_text_for_the_situation(asked_ani, ani, coordinator_client, page):
    where = page.format(invitation=invitation_of(asked_ani, ani).id, activity=asked_ani.id)
    leads, logged = opened(coordinator_client, f"/{where}")
    assert leads.startswith("0; url=https://wa.me/6281234567890?text=Yth.")
    assert "/j/" in leads
    assert logged == [(CallOutcome.WHATSAPP_OPENED, 1, "")]


def test_somebody_who_has_answered_is_not_asked_again(asked_ani, ani, coordinator_client):
    answer(asked_ani, ani, Choice.COMING)
    leads, logged = opened(coordinator_client, f"/invitations/{invitation_of(asked_ani, ani).id}")
    assert leads == "0; url=https://wa.me/6281234567890"
    assert logged == [(CallOutcome.WHATSAPP_OPENED, 1, "")]


def test_the_list_of_unreachable_people_opens_it(asked_ani, budi, coordinator_client):
    budi.phone = "+6281299990000"
    blocked(budi.email)
    leads, logged = opened(coordinator_client, "/incoming/unreachable")
    assert leads.startswith("0; url=https://wa.me/6281299990000?text=Yth.")
    assert logged == [(CallOutcome.WHATSAPP_OPENED, 1, "")]


def test_of_a_representative_the_log_of_the_invitation_says_who_it_was(asked_ani, budi, coordinator_client):
    sari = Representative("Sari Dewi", "Wakapolres", "+6281211112222", "sari@example.com")
    answer(asked_ani, budi, Choice.REPRESENTED, representative=sari)
    blocked("sari@example.com")
    leads, logged = opened(coordinator_client, "/incoming/unreachable")
    assert leads == "0; url=https://wa.me/6281211112222"
    assert logged == [(CallOutcome.WHATSAPP_OPENED, 1, "Sari Dewi")]


def test_a_mail_and_a_question_open_it_without_a_text(asked_ani, ani, coordinator, coordinator_client):
    about = [invitation_of(asked_ani, ani).id]
    letter = mail(IncomingKind.LETTER, IncomingOutcome.TO_READ, person=ani, invitation_id=about[0]).id
    leads, logged = opened(coordinator_client, f"/incoming/{letter}")
    assert (leads, logged) == ("0; url=https://wa.me/6281234567890", [(CallOutcome.WHATSAPP_OPENED, 1, "")])
    question = CallResult(CallOutcome.QUESTION, about, "Boleh membawa anak?")
    recording.record(CalleeKey("person", ani.id), question, by=coordinator, now=NOW)
    leads, logged = opened(coordinator_client, "/to-call/questions")
    assert (leads, len(logged)) == ("0; url=https://wa.me/6281234567890", 2)


def test_a_poll_opens_it_with_its_own_text(office, coordinator_client):
    silent = a_person("Citra Lestari", email="", phone="+6281277770000")
    poll = a_poll(silent)
    leads, logged = opened(coordinator_client, f"/polls/{poll.id}")
    assert f"/polls/{poll.id}" in leads
    assert logged == [(CallOutcome.WHATSAPP_OPENED, 0, poll.title)]


def test_what_belongs_to_somebody_else_is_not_found(asked_ani, ani, budi, coordinator_client):
    poll, budis = a_poll(budi), invitation_of(asked_ani, budi).id
    wrong = [
        f"person/{ani.id}/whatsapp?invitation={budis}", f"person/{ani.id}/whatsapp?poll={asked(poll, budi).id}",
        f"organisation/{budi.id}/whatsapp?poll={asked(poll, budi).id}", f"person/{ani.id}/whatsapp?invitation=999",
        f"person/{ani.id}/whatsapp?poll=999", f"representative/{budis}/whatsapp", "representative/999/whatsapp",
    ]  # fmt: skip
    assert [coordinator_client.post(f"/to-call/{one}").status_code for one in wrong] == [404] * len(wrong)
    assert db.session.scalars(sa.select(Call)).all() == []


def test_who_only_reads_can_not_open_it(asked_ani, ani, budi, viewer_client):
    poll = a_poll(ani)
    db.session.add(AddressFailure(address="budi@example.com", blocked_at=NOW, last_at=NOW))
    db.session.commit()
    pages = [f"/invitations/{invitation_of(asked_ani, ani).id}", "/incoming/unreachable", f"/polls/{poll.id}"]
    shown = [viewer_client.get(page).text for page in pages]
    assert [("Ani Wijaya" in page or "Budi" in page, "/whatsapp" in page, "/j/" in page) for page in shown] == [
        (True, False, False)
    ] * 3
    assert viewer_client.post(f"/to-call/person/{ani.id}/whatsapp").status_code == 403

"""Hostile text that is stored everywhere stands on every page as text: pages of staff, of invitees, and what attendees see."""

from dataclasses import replace
from html import unescape

import pytest
import sqlalchemy as sa

from outreach.delivery import tokens
from outreach.domain.answers import Choice
from outreach.domain.calls import CallOutcome
from outreach.domain.kinds import HolderKind, IncomingKind, IncomingOutcome, LetterKind, Role
from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.models import (
    ActingPerson,
    FormerHolder,
    GivenAnswer,
    Invitation,
    InvitedPost,
    Letter,
    Material,
    MessageText,
    Post,
    PostHolder,
    SpeakerProfile,
)
from outreach.services import files
from outreach.services.answers import answer as answering
from outreach.services.calls import record as recording
from outreach.services.calls.callee import CalleeKey
from outreach.services.calls.record import CallResult
from outreach.services.directory import assistants
from outreach.services.letters import compose, make
from outreach.services.letters.versions import last_values
from outreach.services.materials import publish as materials
from tests.support.copied import copied
from tests.world import NOW, fresh, invitation_of, invite, invite_and_publish, token_of
from tests.world import uploads as made
from tests.world.incoming import mail

pytestmark = pytest.mark.usefixtures("clock_stands")

EVIL = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}"
SIGNS = ("<script>alert(1)", "<img src=x", ">49<", "alert(1)\\u003c")


@copied
def hostile(default_rules, activity, ani, budi, chief, police, coordinator):
    """Everybody and everything that is shown has a hostile text: what an invitee, a caller or a letter's writer can write."""
    for who in (ani, budi, chief):
        who.name, who.post, who.note, who.locale = f"{who.name} {EVIL}", EVIL, EVIL, "en"
    police.name = police.short_name = f"Polres {EVIL}"[:100]
    activity.title = activity.public_title = f"Rapat {EVIL}"
    ani.email = ""
    db.session.add(
        MessageText(key="whatsapp-unreached", locale="en", subject="x", greeting=EVIL, body=f"{EVIL} {{link}}")
    )
    db.session.commit()
    invite(activity, chief, role=Role.SPEAKER, by=coordinator)
    invite_and_publish(activity, ani, budi, by=coordinator)
    db.session.execute(sa.update(Invitation).values(state=InvitationState.INVITED, invited_at=NOW))
    db.session.commit()
    answering.answer(token_of(budi), activity.id, Choice.NOT_COMING, now=NOW)
    about = {who: invitation_of(activity, who) for who in (ani, budi, chief)}
    about[budi].answer_note = EVIL
    db.session.execute(sa.update(GivenAnswer).values(reason=EVIL, note=EVIL, reason_at=NOW))
    db.session.add(ActingPerson(invitation_id=about[chief].id, name=EVIL, post=EVIL, rank=EVIL, named_at=NOW))
    about[chief].state, about[chief].answered_at = InvitationState.REPRESENTED, NOW
    kept = files.keep(db.session, made.PDF, f"{EVIL}.pdf"[:200], "application/pdf", by=None, now=NOW)
    db.session.add(Material(activity_id=activity.id, person_id=chief.id, file=kept))
    post = Post(name=EVIL, organisation_id=police.id, note=EVIL)
    post.holders = [PostHolder(person_id=chief.id, kind=HolderKind.DEFINITIVE, from_on=NOW.date())]
    about[chief].as_post = InvitedPost(post=post, kind=HolderKind.DEFINITIVE)
    db.session.add(
        FormerHolder(
            invitation_id=about[chief].id, person_id=budi.id, kind=HolderKind.DAILY_ACTING, state=InvitationState.COMING,
            left_at=NOW,
        )
    )  # fmt: skip
    for one, address in ((chief, "ajudan@example.com"), (police, "sekretaris@example.com")):
        assistants.write(one, EVIL, "+6281234567899", address)
    db.session.add(SpeakerProfile(person_id=chief.id, biography=EVIL, changed_at=NOW))
    db.session.commit()
    materials.show(activity.id, by=coordinator, now=NOW)
    for who, outcome in ((ani, CallOutcome.QUESTION), (budi, CallOutcome.NO_ANSWER)):
        recording.record(
            CalleeKey("person", who.id), CallResult(outcome, [about[who].id], EVIL), by=coordinator, now=NOW
        )
    mail(
        IncomingKind.LETTER, IncomingOutcome.TO_READ, person=fresh(ani), invitation_id=about[ani].id, subject=EVIL, text=EVIL,
        sender_name=EVIL,
    )  # fmt: skip
    letter = make.make(LetterKind.SPEAKER_REQUEST, [about[chief].id], by=coordinator, now=NOW)
    text = replace(compose.text_of(last_values(letter)), subject=EVIL, opening=EVIL, closing=EVIL, number=EVIL[:80])
    compose.compose(letter.id, text, letter.version, by=coordinator, now=NOW)
    return {who.email or "ani": one.id for who, one in about.items()}


def harmless(page: str) -> bool:
    """Return whether a page has the hostile text only as text."""
    return not any(sign in page for sign in SIGNS)


def test_pages_of_staff_show_it_as_text(hostile, activity, ani, budi, chief, police, coordinator_client):
    letter_id = db.session.scalar(sa.select(Letter.id))
    post_id = db.session.scalar(sa.select(Post.id))
    holder_id = db.session.scalar(sa.select(PostHolder.id))
    ends = ("", "/edit", "/delete", "/holders/new", f"/holders/{holder_id}", "/hand-over")
    posts = [
        "/people/posts",
        "/people/posts?q=script",
        "/people/posts/new",
        *(f"/people/posts/{post_id}{end}" for end in ends),
    ]
    people = [f"/people/{who.id}{end}" for who in (ani, budi, chief) for end in ("", "/history", "/edit")]
    invitations = [
        f"/invitations/{id}{end}" for id in hostile.values() for end in ("", "/history", "/answer", "/withdraw")
    ]
    pages = [
        "/", f"/activities/{activity.id}", f"/activities/{activity.id}/invitees", "/to-call", "/to-call/figures",
        "/to-call/questions", f"/to-call/person/{ani.id}", f"/activities/{activity.id}/invitees/to-call", "/incoming",
        "/incoming/1", "/incoming/unreachable", "/letters", f"/letters/{letter_id}", "/bell", "/search?q=script", "/messages",
        f"/organisations/{police.id}", f"/organisations/{police.id}/history", "/people", "/texts",
        f"/organisations/{police.id}/edit", *people, *invitations, *posts,
    ]  # fmt: skip
    shown = {address: coordinator_client.get(address) for address in pages}
    assert [address for address, page in shown.items() if page.status_code != 200] == []
    assert [address for address, page in shown.items() if not harmless(page.text)] == []
    quoting = [address for address, page in shown.items() if EVIL[3:] in unescape(page.text)]
    assert {f"/invitations/{hostile['ani']}/history", f"/people/{budi.id}", f"/letters/{letter_id}"} <= set(quoting)
    assert {
        "/people/posts",
        f"/people/posts/{post_id}",
        f"/people/{chief.id}/edit",
        f"/organisations/{police.id}/edit",
    } <= set(quoting)
    assert len(quoting) > 20


def test_the_page_that_opens_whatsapp_shows_it_as_text_and_leads_only_there(hostile, ani, coordinator_client):
    opened = coordinator_client.post(f"/to-call/person/{ani.id}/whatsapp?invitation={hostile['ani']}")
    assert harmless(opened.text)
    leads = opened.headers["Refresh"]
    assert leads.startswith("0; url=https://wa.me/6281234567890?text=%22%27%3E%3Cscript%3E")
    assert [sign in leads for sign in ("<", ">", '"', "'", " onerror", "\n")] == [False] * 6


def test_invitees_and_attendees_see_it_as_text(hostile, activity, ani, budi, chief, phone):
    acting = tokens.acting_token(db.session.scalar(sa.select(ActingPerson.nonce)))
    chiefs = token_of(chief)
    adjutants = tokens.assistant_token(fresh(chief).assistant.nonce)
    pages = [f"/j/{token}?lang=en" for token in (token_of(ani), token_of(budi), chiefs, acting, adjutants)]
    shown = [phone.get(address).text for address in [*pages, f"/j/{chiefs}/materials/{activity.id}?lang=en"]]
    answering.answer(token_of(ani), activity.id, Choice.COMING, now=NOW)
    attendee = phone.get(f"/j/{token_of(ani)}/materials/{activity.id}?lang=en")
    assert [harmless(page) for page in shown] == [True] * len(shown)
    assert EVIL[3:] in unescape(shown[len(pages) - 1])  # the adjutant's name
    assert (attendee.status_code, harmless(attendee.text)) == (200, True)
    assert [EVIL[3:] in unescape(page) for page in (attendee.text, shown[-1])] == [True, True]


def test_the_log_of_calls_as_a_file_has_no_formula(activity, ani, coordinator, coordinator_client):
    formula = '=HYPERLINK("http://evil.example.com","x")'
    ani.name = f"@SUM(1+1) {ani.name}"
    db.session.commit()
    invite_and_publish(activity, ani, by=coordinator)
    about = [invitation_of(activity, ani).id]
    recording.record(
        CalleeKey("person", ani.id), CallResult(CallOutcome.NO_ANSWER, about, formula), by=coordinator, now=NOW
    )
    lines = coordinator_client.get("/to-call/figures?file=csv").text
    assert "HYPERLINK" in lines
    assert [begin in lines for begin in (",=", ',"=', ",@", ',"@')] == [False] * 4

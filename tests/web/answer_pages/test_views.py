"""The page behind an invitee's link: what it shows, what its buttons do; only buttons change anything."""

import csv
import gzip
import re
from datetime import date
from html import unescape

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from outreach.delivery import tokens
from outreach.domain.activities.values import Move
from outreach.domain.answers import Choice
from outreach.domain.kinds import AnswerSource, HolderKind, Role
from outreach.domain.sign_in.events import SecurityKind
from outreach.domain.states import ActivityState, InvitationState
from outreach.extensions import db
from outreach.models import Absence, AbsenceCalendar, AgendaItem, AuditEntry, Invitation, Link, Person, SecurityEvent
from outreach.services import posts
from outreach.services.activities import move as moves
from outreach.services.activities import publish as publishing
from outreach.services.answers import answer as answering
from outreach.services.directory import assistants
from outreach.services.invitations import invite as inviting
from outreach.services.invitations import links
from outreach.services.invitations import withdraw as withdrawing
from outreach.services.posts import HolderValues, PostValues
from outreach.web.answer_pages.forms import form_token
from outreach.web.office.audit_words import VERBS
from tests.support.apps import settings_for
from tests.support.copied import copied
from tests.world import (
    NOW,
    a_person,
    all_rows,
    an_organisation,
    at,
    draft_activity,
    fresh,
    invitation_of,
    invite,
    invite_organisation,
    log_in,
    mark_as_invited,
    publish,
    token_of,
)

pytestmark = pytest.mark.usefixtures("clock_on_tuesday")
WINTER_TITLES = (
    "Rapat koordinasi lintas sektor",
    "Penguatan kapasitas kader",
    "Pertemuan satuan pendidikan",
    "Pertemuan organisasi perempuan dan tokoh masyarakat",
)


def invite_and_mark(person, *activities, role=Role.CADRE):
    """Invite somebody and mark the invitation as sent."""
    invite(activities, person, role=role)
    mark_as_invited(Invitation.person_id == person.id)


def invite_office_and_mark(organisation, *activities, quota=2):
    invite_organisation(activities, organisation, seats=quota)
    mark_as_invited(Invitation.organisation_id == organisation.id)


def press(client, invitee, path, query="", **values):
    """Press a button: an activity's id means the button on its card, whose fields are named without its prefix."""
    token = token_of(invitee)
    if isinstance(path, int):
        values = {"card": path, **{f"{path}-{name}": value for name, value in values.items()}}
        path = "answers"
    return client.post(f"/j/{token}/{path}{query}", data={"csrf_token": form_token(token), **values})


def states(person) -> list[str]:
    db.session.rollback()
    wanted = sa.select(Invitation.state).where(Invitation.person_id == person.id).order_by(Invitation.activity_id)
    return [state.value for state in db.session.scalars(wanted)]


def marked(page: str) -> list[str]:
    """Return the choices whose button is marked as the one to press."""
    return [choice for choice in re.findall(r'-choice" value="(\w+)" class="g"', page) if choice != "represented"]


def untagged(page: str) -> str:
    return re.sub(r"</?(?:span|b)\b[^>]*>", "", page)


@copied
def four_days(programme, hall):
    days = [
        draft_activity(programme, hall, 18 + n, public_title=title, things_to_bring="Surat tugas dan KTP")
        for n, title in enumerate(WINTER_TITLES)
    ]
    publish(*days, tick=False)
    return days


@copied
def first(four_days):
    return four_days[0]


def a_post(name, holder, kind, office=None):
    made = posts.add(PostValues(name, office and office.id), by=None, now=NOW)
    posts.add_holder(made.id, HolderValues(holder.id, kind, date(2027, 1, 1)), by=None, now=NOW)
    return made


def invite_post(post, activity, role):
    inviting.invite_people([activity.id], [], role, post_ids=[post.id], by=None, now=NOW)
    publish(activity)


def test_whoever_is_invited_in_a_post_is_greeted_by_it(phone, activity, programme, hall):
    holder = a_person("Hendra Wibowo", title_after="S.H.", post="Camat", email="hendra@example.com")
    post = a_post("Kasat Binmas", holder, HolderKind.DAILY_ACTING, an_organisation("Polres Metro"))
    invite_post(post, activity, Role.SPEAKER)
    mark_as_invited(Invitation.person_id == holder.id)
    address = f"/j/{token_of(holder)}"
    assert "<h1>Yth. Plh. Kasat Binmas Polres Metro</h1>\n<p>Hendra Wibowo, S.H.</p>" in phone.get(address).text
    second = draft_activity(programme, hall, 20)  # invited by name: the post's greeting stays, as in a mail about both
    publish(second)
    invite_and_mark(holder, second)
    assert "Yth. Plh. Kasat Binmas Polres Metro" in phone.get(address).text


def test_whoever_holds_several_invited_posts_is_greeted_by_name(phone, activity, programme, hall):
    holder = a_person("Hendra Wibowo", post="Camat", email="hendra@example.com")
    for name, one in (("Kasat Binmas", activity), ("Wakapolres", draft_activity(programme, hall, 20))):
        invite_post(a_post(name, holder, HolderKind.ACTING), one, Role.PARTICIPANT)
    mark_as_invited(Invitation.person_id == holder.id)
    assert "<h1>Yth. Bapak/Ibu Hendra Wibowo, Camat</h1>" in phone.get(f"/j/{token_of(holder)}").text


def test_opening_shows_all_four_days_and_changes_nothing(phone, four_days, ani):
    invite_and_mark(ani, *four_days)
    before = all_rows()
    for query in ("", "?pilih=hadir", "?pilih=tidak", "?pilih=wakil", "?lang=en"):
        page = phone.get(f"/j/{token_of(ani)}{query}")
        assert page.status_code == 200
        assert [title in page.text for title in WINTER_TITLES] == [True] * 4
        assert phone.head(f"/j/{token_of(ani)}{query}").status_code == 200
    assert phone.get(f"/j/{token_of(ani)}/thanks").status_code == 200
    assert phone.get(f"/j/{token_of(ani)}/{four_days[0].id}.ics").status_code == 200
    assert all_rows() == before
    assert press(phone, ani, four_days[0].id, choice="coming").status_code == 303
    assert all_rows() != before


@pytest.mark.parametrize("query", ["", "?lang=en", "?pilih=wakil"])
def test_four_days_fit_in_14_kb_with_everything(phone, four_days, ani, query):
    invite_and_mark(ani, *four_days)
    page = phone.get(f"/j/{token_of(ani)}{query}")
    assert len(page.data) <= 14_000
    assert re.findall(r"<(?:script|img|iframe)\b|\bon\w+=|style=|url\(|@import|stylesheet", page.text) == []


def test_the_page_shows_who_what_when_where_and_whose_phone_to_call(phone, first, ani):
    invite_and_mark(ani, first)
    text = unescape(phone.get(f"/j/{token_of(ani)}").text)
    for fact in (
        "Ani Wijaya", "DP3AP2KB Kota Metro", "Rapat koordinasi lintas sektor", "Senin, 18 Januari 2027",
        "08.00–12.00 WIB", "07.30", "Aula Bappeda", "Jl. Jenderal Sudirman, Metro", "Surat tugas dan KTP",
        "Sabtu, 16 Januari 2027", "Bidang PPA, 0812-0000-0001",
        'href="tel:+6281200000001"', 'href="https://wa.me/6281200000001"',
    ):  # fmt: skip
        assert fact in text


def test_a_stranger_sees_only_the_neutral_title(phone, first, ani):
    first.description = "Penanganan korban"
    db.session.commit()
    invite_and_mark(ani, first)
    page = phone.get(f"/j/{token_of(ani)}").text
    assert "Rapat koordinasi pencegahan kekerasan" not in page
    assert "Penanganan korban" not in page
    title = re.search("<title>(.*)</title>", page)[1]
    assert title in ("Invitation", "Undangan")


def test_the_page_is_excluded_from_caches_and_search_engines(phone, first, ani):
    invite_and_mark(ani, first)
    headers = phone.get(f"/j/{token_of(ani)}").headers
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "private, no-store"
    assert headers["X-Robots-Tag"] == "noindex, nofollow"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert "Set-Cookie" not in headers


def test_ani_accepts_and_gets_a_confirmation(phone, first, ani):
    invite_and_mark(ani, first)
    answered = press(phone, ani, first.id, choice="coming")
    assert (answered.status_code, answered.location) == (303, f"/j/{token_of(ani)}/thanks?for=answer")
    assert 'role="status"' in phone.get(answered.location).text
    invitation = db.session.scalars(sa.select(Invitation).where(Invitation.person_id == ani.id)).one()
    assert (invitation.state, invitation.answer_source) == (InvitationState.COMING, AnswerSource.LINK)


def test_ani_names_a_representative(phone, first, ani):
    invite_and_mark(ani, first)
    press(
        phone, ani, first.id, choice="represented", name=" Budi   Santoso ",
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
def test_an_error_is_shown_with_the_input_kept_and_nothing_changed(phone, first, ani, wrong, field):
    invite_and_mark(ani, first)
    before = all_rows()
    typed = {"name": "Budi", "post": "Ketua RW 04", **wrong}
    page = press(phone, ani, first.id, choice="represented", **typed)
    assert page.status_code == 422
    assert 'value="Ketua RW 04"' in page.text
    assert re.search(rf'name="{first.id}-{field}"[^>]* aria-invalid="true"', page.text)
    assert 'role="alert"' in page.text
    assert all_rows() == before
    assert press(phone, ani, first.id, choice="represented", name="Budi").status_code == 303


def test_an_error_far_down_is_shown_at_the_top_with_a_link(phone, four_days, ani):
    invite_and_mark(ani, *four_days)
    page = press(phone, ani, four_days[3].id, "?lang=en", choice="represented").text
    top = page.split("<section")[0]
    assert "Your answer was not stored yet." in top
    assert re.findall(r'<a href="#([\w-]+)">', top) == [f"{four_days[3].id}-name"]
    assert f'<input id="{four_days[3].id}-name"' in page
    title = '<span lang="id">Pertemuan organisasi perempuan dan tokoh masyarakat</span>'
    assert f"{title}, Thu, 21 Jan 2027: Name: Please write the name" in top


def test_input_about_a_representative_does_not_prevent_ani_from_declining(phone, first, ani):
    invite_and_mark(ani, first)
    typed = {"name": "=Budi", "phone": "rumah", "email": "budi@contoh,com"}
    assert press(phone, ani, first.id, choice="represented", **typed).status_code == 422
    assert press(phone, ani, first.id, choice="not_coming", **typed).status_code == 303
    assert states(ani) == ["not_coming"]


def test_input_about_a_representative_does_not_prevent_an_answer_for_all(phone, four_days, ani):
    invite_and_mark(ani, *four_days)
    typed = {"name": "=Budi", "phone": "rumah", "email": "budi@contoh,com"}
    assert press(phone, ani, "all", choice="coming", **typed).status_code == 303
    assert states(ani) == ["coming"] * 4


def test_people_who_replace_somebody_without_a_mail_are_asked_to_tell_them(phone, first, ani, police):
    invite_and_mark(ani, first)
    invite_office_and_mark(police, first)
    rows = {"rows-0-name": "Rina", "rows-1-name": "Dedi", "rows-1-email": "dedi@example.com"}
    named = press(phone, police, first.id, choice="coming", **rows)
    assert "yourself that they are not expected" not in phone.get(named.location + "&lang=en").text
    only = press(phone, police, first.id, choice="coming", **{"rows-0-name": "Sari"})
    told = untagged(phone.get(only.location + "&lang=en").text)
    assert "Please tell Rina yourself that they are not expected at “Rapat koordinasi lintas sektor” any more" in told
    press(phone, ani, first.id, choice="represented", name="Rina Wati")
    again = press(phone, ani, first.id, choice="represented", name="Rina Wati", post="Kanit")
    assert "Please tell" not in phone.get(again.location + "&lang=en").text
    other = press(phone, ani, first.id, choice="coming")
    assert "Please tell Rina Wati yourself" in phone.get(other.location + "&lang=en").text


def test_invalid_names_do_not_prevent_the_police_from_declining(phone, first, police):
    invite_office_and_mark(police, first)
    rows = {"rows-0-name": "Rina", "rows-0-email": "rina@"}
    assert press(phone, police, first.id, choice="coming", **rows).status_code == 422
    assert press(phone, police, first.id, choice="not_coming", **rows).status_code == 303


@pytest.mark.parametrize("choice", ["", "maybe"])
def test_an_unknown_answer_is_refused(phone, first, ani, choice):
    invite_and_mark(ani, first)
    assert press(phone, ani, first.id, choice=choice).status_code == 422
    assert states(ani) == ["invited"]


def test_one_button_answers_all_four_days(phone, four_days, ani):
    invite_and_mark(ani, *four_days)
    assert press(phone, ani, "all", choice="coming").status_code == 303
    assert states(ani) == ["coming"] * 4


def test_the_button_for_all_answers_only_what_is_still_open(phone, clock_on_tuesday, four_days, ani):
    invite_and_mark(ani, *four_days)
    clock_on_tuesday.now = at(16, 16)  # the first day's deadline
    assert press(phone, ani, "all", choice="not_coming").status_code == 303
    assert states(ani) == ["invited", "not_coming", "not_coming", "not_coming"]


def test_a_representative_for_all_days_must_be_named_too(phone, four_days, ani):
    invite_and_mark(ani, *four_days)
    page = press(phone, ani, "all", choice="represented", post="Sekretaris")
    assert (page.status_code, states(ani)) == (422, ["invited"] * 4)
    assert "<details open>" in page.text
    assert 'value="Sekretaris"' in page.text
    assert press(phone, ani, "all", choice="represented", name="Budi").status_code == 303
    assert states(ani) == ["represented"] * 4


def test_the_deadline_is_exact_to_the_minute(phone, clock_on_tuesday, first, ani):
    invite_and_mark(ani, first)
    clock_on_tuesday.now = at(16, 15, 59)
    assert '-choice"' in phone.get(f"/j/{token_of(ani)}").text
    assert press(phone, ani, first.id, choice="coming").status_code == 303
    clock_on_tuesday.now = at(16, 16)
    page = phone.get(f"/j/{token_of(ani)}").text
    assert '-choice"' not in page
    assert "Sabtu, 16 Januari 2027" in page
    assert "Bidang PPA (0812-0000-0001)" in page
    refused = press(phone, ani, first.id, choice="not_coming")
    assert (refused.status_code, states(ani)) == (422, ["coming"])


def test_a_cancelled_day_cannot_be_answered(phone, first, ani, coordinator):
    invite_and_mark(ani, first)
    publishing.cancel(first.id, "Gedung dipakai", by=coordinator, now=NOW)
    page = phone.get(f"/j/{token_of(ani)}").text
    assert '-choice"' not in page
    assert ".ics" not in page
    assert press(phone, ani, first.id, choice="coming").status_code == 422


def test_in_a_full_hall_an_acceptance_is_put_on_the_waiting_list(phone, programme, hall, ani, budi):
    small = draft_activity(programme, hall, capacity=1)
    publish(small, tick=False)
    invite_and_mark(ani, small)
    invite_and_mark(budi, small)
    full = re.compile("All seats are taken|Semua kursi")
    assert not full.search(phone.get(f"/j/{token_of(budi)}").text)
    press(phone, ani, small.id, choice="coming")
    assert full.search(phone.get(f"/j/{token_of(budi)}").text)
    assert not full.search(phone.get(f"/j/{token_of(ani)}").text)
    press(phone, budi, small.id, choice="coming")
    assert states(budi) == ["waitlisted"]
    assert '<b class="n waitlisted">' in phone.get(f"/j/{token_of(budi)}").text


def test_the_parameter_pilih_only_preselects(phone, first, ani):
    invite_and_mark(ani, first)
    for pick, chosen in (("hadir", "coming"), ("tidak", "not_coming"), ("wakil", None), ("apa", None)):
        page = phone.get(f"/j/{token_of(ani)}?pilih={pick}&lang=en").text
        assert marked(page) == [chosen] * 2 if chosen else marked(page) == []  # at the top and on the card
        assert ("Your choice is not sent yet." in page) == (pick != "apa")
        assert bool(re.search('<details class="w"[^>]* open>', page)) == (pick == "wakil")
    assert states(ani) == ["invited"]


@pytest.mark.parametrize(("pick", "days", "leads_on"), [
    ("hadir", 1, "Press it once more to send it:"),
    ("hadir", 2, "Please press it below."),
    ("wakil", 1, "Please write who comes instead, and send it."),
    ("wakil", 2, "Please write who comes instead, and send it."),
])  # fmt: skip
def test_a_choice_from_the_mail_says_how_to_send_it(phone, four_days, ani, pick, days, leads_on):
    invite_and_mark(ani, *four_days[:days])
    top = phone.get(f"/j/{token_of(ani)}?pilih={pick}&lang=en").text.split("<section")[0]
    assert re.findall(r"Your choice is not sent yet\. ([^<]+)", top) == [leads_on]


def test_an_adjutant_is_asked_whether_the_invitee_comes(phone, four_days, ani):
    invite_and_mark(ani, *four_days[:1])
    assistants.write(fresh(ani), "Rina Astuti", "", "rina@example.com")
    db.session.commit()
    page = phone.get(f"/j/{tokens.assistant_token(fresh(ani).assistant.nonce)}?lang=en").text
    said = ("Will Ani Wijaya come?", "in their place", "Will you come?", "in my place", "You are invited")
    assert [words in page for words in said] == [True, True, False, False, False]


def test_a_choice_from_the_mail_is_for_its_activity_where_there_are_several(phone, four_days, ani):
    """The mail was about the second day. Neither the other days nor the answer for all is marked."""
    invite_and_mark(ani, *four_days)
    second = four_days[1]
    page = phone.get(f"/j/{token_of(ani)}?pilih=hadir-{second.id}&lang=en").text
    top, *rest = page.split("<section")
    assert "Your choice is not sent yet. Press it once more to send it:" in top
    assert f'name="{second.id}-choice" value="coming" class="g"' in top
    assert "Tue, 19 Jan" in top
    assert marked(page) == ["coming"] * 2  # at the top and on its card
    assert 'value="coming" class="g"' not in rest[0]  # the answer for all
    press(phone, ani, second.id, choice="coming")
    again = phone.get(f"/j/{token_of(ani)}?pilih=hadir-{second.id}&lang=en").text
    assert "not sent yet" not in again
    assert marked(again) == []
    assert marked(phone.get(f"/j/{token_of(ani)}?pilih=hadir-99999").text) == []


@pytest.mark.parametrize("fate", ["withdrawn", "late", "postponed", "gone"])
def test_a_choice_from_the_mail_that_cannot_be_sent_is_named_at_the_top(
    phone, clock_on_tuesday, four_days, ani, coordinator, fate
):
    """Farah's mail was about the second day. She must not answer the first one by mistake."""
    invite_and_mark(ani, *four_days[:2])
    first, second = four_days[:2]
    said = {
        "withdrawn": "This invitation has been withdrawn.",
        "late": "The time for answering ended on",
        "postponed": "This activity is postponed.",
        "gone": "is not among your invitations any more.",
    }
    if fate == "withdrawn":
        hers = db.session.scalars(sa.select(Invitation).where(Invitation.activity_id == second.id)).one()
        withdrawing.withdraw(hers.id, by=coordinator, now=NOW)
    elif fate == "late":
        second.respond_by_at = NOW
        mark_as_invited(Invitation.activity_id == second.id, now=at(3))
    elif fate == "postponed":
        publishing.postpone(second.id, "Narasumber sakit", by=coordinator, now=NOW)
    number = 99999 if fate == "gone" else second.id
    top = untagged(phone.get(f"/j/{token_of(ani)}?pilih=hadir-{number}&lang=en").text.split("<section")[0])
    assert said[fate] in top
    assert ("Penguatan kapasitas kader, Tue, 19 Jan" in top) == (fate != "gone")
    assert "Your choice is not sent yet" not in top
    assert "Rapat koordinasi lintas sektor" not in top
    assert said[fate] not in phone.get(f"/j/{token_of(ani)}?lang=en").text.split("<section")[0]


def test_the_page_says_if_the_choice_from_the_mail_is_already_stored(phone, four_days, ani):
    invite_and_mark(ani, *four_days[:2])
    press(phone, ani, four_days[1].id, choice="coming")
    top = phone.get(f"/j/{token_of(ani)}?pilih=hadir-{four_days[1].id}&lang=en").text.split("<section")[0]
    assert "Penguatan kapasitas kader" in top
    assert "This answer is on record already." in top
    assert "nothing more is needed" not in top  # the other day still waits
    press(phone, ani, four_days[0].id, choice="coming")
    top = phone.get(f"/j/{token_of(ani)}?pilih=hadir-{four_days[1].id}&lang=en").text.split("<section")[0]
    assert "This answer is on record already; nothing more is needed." in top


@pytest.mark.parametrize("moved", [False, True])
def test_after_the_deadline_the_page_says_that_the_choice_from_the_mail_is_already_stored(
    phone, clock_on_tuesday, first, ani, moved
):
    """After a move the stored answer is to the former time. Then the page says until when it could be confirmed."""
    invite_and_mark(ani, first)
    press(phone, ani, first.id, choice="coming")
    first.respond_by_at = NOW
    first.sequence += moved
    for invitation in db.session.scalars(sa.select(Invitation)):
        invitation.invited_at = at(3)
    db.session.commit()
    top = phone.get(f"/j/{token_of(ani)}?pilih=hadir-{first.id}&lang=en").text.split("<section")[0]
    assert ("This answer is on record already; nothing more is needed." in top) == (not moved)
    assert ("Your choice cannot be sent." in top) == moved
    other = phone.get(f"/j/{token_of(ani)}?pilih=tidak-{first.id}&lang=en").text.split("<section")[0]
    assert "Your choice cannot be sent. The time for answering ended on" in other


def test_the_same_choice_from_the_mail_of_a_new_date_is_offered_again(phone, first, ani):
    """The mail asks to confirm the answer for the new date. Pressing the former answer there confirms it."""
    invite_and_mark(ani, first)
    press(phone, ani, first.id, choice="coming")
    assert "not sent yet" not in phone.get(f"/j/{token_of(ani)}?pilih=hadir-{first.id}&lang=en").text
    first.sequence += 1
    db.session.commit()
    page = phone.get(f"/j/{token_of(ani)}?pilih=hadir-{first.id}&lang=en").text
    assert "Your choice is not sent yet. Press it once more to send it:" in page.split("<section")[0]
    press(phone, ani, first.id, choice="coming")
    assert "not sent yet" not in phone.get(f"/j/{token_of(ani)}?pilih=hadir-{first.id}&lang=en").text


def test_choosing_represented_in_the_mail_opens_the_field_for_the_name_of_that_activity_only(phone, four_days, ani):
    invite_and_mark(ani, *four_days)
    second = four_days[1]
    page = phone.get(f"/j/{token_of(ani)}?pilih=wakil-{second.id}").text
    assert page.split("<section")[0].count(f'href="#w{second.id}"') == 1
    assert re.findall(r'<details class="w"[^>]* open>', page) == [f'<details class="w" id="w{second.id}" open>']


def test_choosing_represented_in_the_mail_leads_to_the_field_for_the_name(phone, first, ani):
    invite_and_mark(ani, first)
    page = phone.get(f"/j/{token_of(ani)}?pilih=wakil").text
    way = f'href="#w{first.id}"'
    assert (page.split("<section")[0].count(way), page.count(f'<details class="w" id="w{first.id}" open>')) == (1, 1)


def test_an_organisation_with_a_choice_from_a_link_is_told_to_name_people(phone, first, police):
    invite_office_and_mark(police, first)
    for pick in ("hadir", f"hadir-{first.id}"):
        page = phone.get(f"/j/{token_of(police)}?pilih={pick}&lang=en").text
        top = page.split("<section")[0]
        assert "Your choice is not sent yet. Please write who is sent, and send it." in top
        assert (top.count(f'href="#w{first.id}"'), page.count(f'<fieldset id="w{first.id}"')) == (1, 1)
    nobody = phone.get(f"/j/{token_of(police)}?pilih=tidak-{first.id}&lang=en").text.split("<section")[0]
    assert f'<button name="{first.id}-choice" value="not_coming" class="g">Sending nobody</button>' in nobody


def test_an_unanswered_invitation_shows_no_line_about_an_answer(phone, first, ani, police):
    invite_and_mark(ani, first)
    invite_office_and_mark(police, first)
    for invitee in (ani, police):
        assert "Your answer:" not in phone.get(f"/j/{token_of(invitee)}?lang=en").text
    press(phone, ani, first.id, choice="coming")
    assert "Your answer:" in phone.get(f"/j/{token_of(ani)}?lang=en").text


def test_two_people_who_share_an_address_have_one_page_each(phone, first, ani):
    sister = a_person("Ayu Wijaya", email=ani.email)
    invite_and_mark(ani, first)
    invite_and_mark(sister, first)
    assert token_of(ani) != token_of(sister)
    press(phone, sister, first.id, choice="coming")
    assert (states(ani), states(sister)) == (["invited"], ["coming"])
    assert "Ayu" not in phone.get(f"/j/{token_of(ani)}").text


def test_a_speaker_who_is_also_a_participant_answers_once(phone, first, chief):
    first.agenda.append(
        AgendaItem(starts_at=at(18, 9), ends_at=at(18, 10), topic="Pencegahan & pelaporan", speakers=[chief])
    )
    first.agenda.append(AgendaItem(starts_at=at(18, 10), ends_at=at(18, 11), topic="Milik orang lain"))
    db.session.commit()
    invite_and_mark(chief, first, role=Role.SPEAKER)
    invite_and_mark(chief, first, role=Role.PARTICIPANT)
    page = phone.get(f"/j/{token_of(chief)}").text
    assert page.count("<section") == 1
    assert "“Pencegahan &amp; pelaporan”, 09.00–10.00 WIB" in page
    assert "Milik orang lain" not in page
    press(phone, chief, first.id, choice="coming")
    assert states(chief) == ["coming", "coming"]


def test_names_are_shown_and_never_executed(phone, programme, hall):
    nasty = '<script>alert("x")</script>'
    activity = draft_activity(programme, hall, public_title=f"Rapat {nasty}", things_to_bring=nasty)
    person = a_person(nasty, email="x@example.com")
    publish(activity, tick=False)
    invite_and_mark(person, activity)
    page = press(phone, person, activity.id, choice="represented", name=nasty, post='" onx="').text
    assert nasty not in page
    assert 'onx="' not in page
    assert page.count("&lt;script&gt;") >= 4


def test_a_forged_post_changes_nothing(phone, first, ani, budi):
    invite_and_mark(ani, first)
    invite_and_mark(budi, first)
    address = f"/j/{token_of(ani)}/answers"
    good = form_token(token_of(ani))
    for values, headers in (
        ({}, {}),
        ({"csrf_token": ""}, {}),
        ({"csrf_token": "é"}, {}),
        ({"csrf_token": form_token(token_of(budi))}, {}),
        ({"csrf_token": good}, {"Sec-Fetch-Site": "cross-site"}),
        ({"csrf_token": good}, {"Sec-Fetch-Site": "same-site"}),
    ):
        for path in (address, f"/j/{token_of(ani)}/all", f"/j/{token_of(ani)}/reminders"):
            answered = phone.post(
                path,
                data={f"{first.id}-choice": "coming", "choice": "coming", "wish": "stop", **values},
                headers=headers,
            )
            assert (answered.status_code, states(ani)) == (400, ["invited"])
    assert db.session.get(Person, ani.id).reminders_stopped_at is None
    same = phone.post(
        address, data={f"{first.id}-choice": "coming", "csrf_token": good}, headers={"Sec-Fetch-Site": "same-origin"}
    )
    assert (same.status_code, states(ani)) == (303, ["coming"])


def test_the_token_in_the_form_works_without_a_cookie(app, first, ani):
    invite_and_mark(ani, first)
    phone = app.test_client(use_cookies=False)
    page = phone.get(f"/j/{token_of(ani)}").text
    action = re.search(r'action="(/j/[^"]+/answers)"', page)[1]
    hidden = re.search(r'name="csrf_token" value="(\w+)"', page)[1]
    assert phone.post(action, data={"csrf_token": hidden, f"{first.id}-choice": "not_coming"}).status_code == 303
    assert states(ani) == ["not_coming"]


def test_an_activity_of_another_person_cannot_be_answered(phone, four_days, ani, budi):
    invite_and_mark(ani, four_days[0])
    invite_and_mark(budi, four_days[1])
    assert press(phone, ani, four_days[1].id, choice="coming").status_code == 422
    assert press(phone, ani, 4711, choice="coming").status_code == 422
    assert phone.get(f"/j/{token_of(ani)}/{four_days[1].id}.ics").status_code == 404
    assert (states(ani), states(budi)) == (["invited"], ["invited"])


def test_an_invalid_link_gets_a_friendly_page(phone, clock_on_tuesday, first, ani, coordinator):
    invite_and_mark(ani, first)
    good = token_of(ani)
    forged = good[:-1] + ("A" if good[-1] != "A" else "B")
    unknown = [phone.get(f"/j/{token}") for token in (forged, "x", "é" * 38, good[:-1], "A" * 38)]
    assert {page.status_code for page in unknown} == {404}
    assert len({page.text for page in unknown}) == 1
    assert "Ani" not in unknown[0].text
    assert "0812-0000-0001" in unknown[0].text
    links.revoke(ani, by=coordinator, now=NOW)
    assert phone.get(f"/j/{good}").status_code == 410
    assert phone.post(f"/j/{good}/all", data={"choice": "coming", "csrf_token": form_token(good)}).status_code == 410
    links.renew(ani, by=coordinator, now=NOW)
    assert phone.get(f"/j/{good}").status_code == 410
    assert phone.get(f"/j/{token_of(ani)}").status_code == 200
    clock_on_tuesday.now = db.session.scalars(sa.select(Link.expires_at)).one()
    expired = phone.get(f"/j/{token_of(ani)}")
    assert (expired.status_code, "Ani" in expired.text) == (410, False)


def test_reminders_stop_and_resume_by_a_button(phone, first, ani):
    invite_and_mark(ani, first)
    stopped = press(phone, ani, "reminders", wish="stop")
    assert (stopped.status_code, stopped.location) == (303, f"/j/{token_of(ani)}/thanks?for=stop")
    db.session.rollback()
    assert db.session.get(Person, ani.id).reminders_stopped_at == at(5)
    assert 'value="resume"' in phone.get(stopped.location).text
    press(phone, ani, "reminders", wish="resume")
    db.session.rollback()
    assert db.session.get(Person, ani.id).reminders_stopped_at is None


def test_the_calendar_file_is_neutral_and_links_to_the_page(phone, first, ani):
    invite_and_mark(ani, first)
    file = phone.get(f"/j/{token_of(ani)}/{first.id}.ics")
    text = file.text.replace("\r\n ", "")
    assert file.content_type == "text/calendar; charset=utf-8"
    assert file.headers["Referrer-Policy"] == "no-referrer"
    assert "SUMMARY:Rapat koordinasi lintas sektor" in text
    assert "METHOD:PUBLISH" in text
    assert "kekerasan" not in text
    assert f"/j/{token_of(ani)}" in text


def test_the_language_is_the_invitees_unless_another_is_requested(phone, first, ani):
    invite_and_mark(ani, first)
    assert '<html lang="id">' in phone.get(f"/j/{token_of(ani)}").text
    english = phone.get(f"/j/{token_of(ani)}?lang=en").text
    assert "Monday, 18 January 2027" in english
    assert f'action="/j/{token_of(ani)}/answers?lang=en"' in english
    assert press(phone, ani, first.id, query="?lang=en", choice="coming").location.endswith("lang=en")
    ani.locale = "en"
    db.session.commit()
    assert '<html lang="en">' in phone.get(f"/j/{token_of(ani)}").text
    assert '<html lang="id">' in phone.get(f"/j/{token_of(ani)}?lang=id").text
    assert '<html lang="en">' in phone.get(f"/j/{token_of(ani)}?lang=xx").text


def test_people_who_answered_before_a_move_are_asked_to_check_their_answer(phone, first, ani):
    invite_and_mark(ani, first)
    answering.answer(token_of(ani), first.id, Choice.COMING, now=NOW)
    assert 'class="m"' not in phone.get(f"/j/{token_of(ani)}").text
    first.sequence = 1
    db.session.commit()
    assert 'class="m"' in phone.get(f"/j/{token_of(ani)}").text
    press(phone, ani, first.id, choice="coming")
    assert 'class="m"' not in phone.get(f"/j/{token_of(ani)}").text


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


def test_whoever_declined_is_told_on_the_page_what_a_postponement_and_a_new_date_mean(phone, first, ani, coordinator):
    invite_and_mark(ani, first)
    press(phone, ani, first.id, choice="not_coming")
    publishing.postpone(first.id, "Banjir", by=coordinator, now=NOW)
    page = phone.get(f"/j/{token_of(ani)}?lang=en").text
    assert "You had answered no, so we do not write to you about the new date." in page
    assert "We write to you as soon as" not in page
    new_date = Move(at(18, 13), at(18, 16), first.zone, first.venue_id)
    moves.move(first.id, new_date, "", first.version, by=coordinator, now=NOW)
    page = phone.get(f"/j/{token_of(ani)}?lang=en").text
    assert "Time or place have changed since you answered no. If it is possible now, please change your answer." in page
    assert "whether your answer still holds" not in page


def test_the_police_name_two_people_and_change_one(phone, first, police):
    invite_office_and_mark(police, first)
    page = phone.get(f"/j/{token_of(police)}").text
    inputs = page.count(f'name="{first.id}-rows-')
    assert ("Polres Metro" in page, inputs, 'value="represented"' in page) == (True, 10, False)
    assert "Apakah mengirim peserta?" in page
    assert "hadir?" not in page
    assert re.findall(r'-choice" value="(\w+)"[^>]*>([^<]+)<', page) == [
        ("coming", "Mengirim peserta"),
        ("not_coming", "Tidak mengirim"),
    ]
    rows = {"rows-0-name": "Rina", "rows-0-post": "Kanit PPA", "rows-0-phone": "0812 3456 7890", "rows-1-name": "Dedi"}
    assert press(phone, police, first.id, choice="coming", **rows).status_code == 303
    assert nominees(police) == [("Dedi", "", ""), ("Rina", "Kanit PPA", "+6281234567890")]
    assert 'value="Kanit PPA"' in phone.get(f"/j/{token_of(police)}").text
    press(phone, police, first.id, choice="coming", **{"rows-0-name": "Rina", "rows-1-name": "Sari"})
    assert [name for name, *_ in nominees(police)] == ["Rina", "Sari"]


def test_sending_nobody_asks_before_names_are_withdrawn(phone, first, police):
    invite_office_and_mark(police, first)
    press(phone, police, first.id, choice="coming", **{"rows-0-name": "Rina", "rows-1-name": "Dedi"})
    asked = press(phone, police, first.id, "?lang=en", choice="not_coming")
    assert (asked.status_code, [name for name, *_ in nominees(police)]) == (422, ["Dedi", "Rina"])
    assert "would not be expected any more: Rina; Dedi." in asked.text
    assert "Do you really send nobody?" in asked.text
    assert "Without an e-mail address, so please tell them yourself: Rina; Dedi." in asked.text
    alert = asked.text.split("<section")[0].split('role="alert"')[1]
    assert (
        f'<button form="f" name="{first.id}-choice" value="not_coming">' in alert
    )  # question and answer in sight together
    assert '<form id="f" method="post"' in asked.text
    assert f'name="{first.id}-sure"' in asked.text
    done = press(phone, police, first.id, choice="not_coming", sure="1")
    assert nominees(police) == []
    told = untagged(phone.get(done.location + "&lang=en").text)
    assert (
        "Please tell Dedi; Rina yourself that they are not expected" in told
        or "Please tell Rina; Dedi yourself" in told
    )
    assert "✓ Tidak mengirim" in phone.get(f"/j/{token_of(police)}").text


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
def test_invalid_input_of_the_police_is_kept_and_nobody_is_named(phone, first, police, rows):
    invite_office_and_mark(police, first)
    before = all_rows()
    page = press(phone, police, first.id, choice="coming", **rows)
    assert page.status_code == 422
    assert 'role="alert"' in page.text
    assert all(f'name="{first.id}-{name}"' in page.text for name, value in rows.items() if value)
    assert all(f'value="{value}"' in page.text for value in rows.values() if value)
    assert all_rows() == before
    assert press(phone, police, first.id, choice="coming", **{"rows-0-name": "Rina"}).status_code == 303


def test_after_the_deadline_the_police_see_their_nominees(phone, clock_on_tuesday, first, police):
    invite_office_and_mark(police, first)
    press(phone, police, first.id, choice="coming", **{"rows-0-name": "Rina"})
    clock_on_tuesday.now = at(16, 16)
    page = phone.get(f"/j/{token_of(police)}").text
    assert ("<li>Rina" in page, "-rows-" in page) == (True, False)
    assert press(phone, police, first.id, choice="coming", **{"rows-0-name": "Budi"}).status_code == 422
    assert [name for name, *_ in nominees(police)] == ["Rina"]


def test_too_many_requests_get_a_friendly_page(tmp_path, first, ani):
    from outreach import create_app

    invite_and_mark(ani, first)
    address = f"/j/{token_of(ani)}"
    slow = create_app(settings_for(tmp_path, rate_answer="2/minute"))
    with slow.app_context():
        phone = slow.test_client()
        assert [phone.get(address).status_code for _ in range(3)] == [200, 200, 429]
        assert "<main>" in phone.get(address).text
        db.session.remove()
        db.engine.dispose()


def test_the_page_takes_two_queries_for_a_cadre_with_any_number_of_days(queries, four_days, ani, budi, phone):
    invite_and_mark(ani, *four_days[:1])
    invite_and_mark(budi, *four_days)
    begin = 1
    addresses = [f"/j/{token_of(ani)}", f"/j/{token_of(budi)}"]
    for address in addresses:
        assert queries(lambda address=address: phone.get(address)) == begin + 2


def test_a_closed_day_takes_no_extra_query_and_shows_its_deadline_in_its_own_zone(
    queries, clock_on_tuesday, four_days, ani, phone
):
    from zoneinfo import ZoneInfo

    first = four_days[0]
    first.zone = ZoneInfo("Asia/Makassar")
    db.session.commit()
    invite_and_mark(ani, *four_days)
    clock_on_tuesday.now = at(16, 16)
    address = f"/j/{token_of(ani)}"
    pages = []
    assert queries(lambda: pages.append(phone.get(address).text)) == 3
    assert "17.00 WITA" in pages[0]


def test_a_choice_from_the_mail_is_preselected_and_the_stored_answer_is_still_shown(phone, first, ani):
    invite_and_mark(ani, first)
    press(phone, ani, first.id, choice="coming")
    page = phone.get(f"/j/{token_of(ani)}?pilih=tidak&lang=en").text
    assert marked(page) == ["not_coming"] * 2
    assert '<b class="n coming">✓ Will come</b>' in page
    assert states(ani) == ["coming"]


def test_choices_on_all_cards_are_stored_by_any_button(phone, four_days, ani):
    invite_and_mark(ani, *four_days)
    one, two, three, four = [day.id for day in four_days]
    values = {f"{one}-choice": "coming", f"{three}-choice": "represented", f"{three}-name": "Budi", "card": four}
    assert press(phone, ani, "answers", **values).status_code == 303
    assert states(ani) == ["coming", "invited", "represented", "invited"]
    assert press(phone, ani, "answers", card=two).status_code == 422


def test_a_choice_from_the_mail_against_stored_answers_counts_only_where_it_is_pressed(phone, four_days, ani):
    invite_and_mark(ani, *four_days)
    press(phone, ani, "all", choice="coming")
    page = phone.get(f"/j/{token_of(ani)}?pilih=tidak").text
    assert marked(page) == ["not_coming"] * 4  # none at the top: it is not known which day is meant
    press(phone, ani, four_days[1].id, choice="not_coming")
    assert states(ani) == ["coming", "not_coming", "coming", "coming"]


def test_no_thanks_are_shown_where_a_part_was_refused(phone, clock_on_tuesday, four_days, ani):
    invite_and_mark(ani, *four_days)
    clock_on_tuesday.now = at(16, 16)  # the first day's deadline
    values = {f"{day.id}-choice": "coming" for day in four_days}
    page = press(phone, ani, "answers", "?lang=en", **values)
    assert page.status_code == 422
    assert states(ani) == ["invited", "coming", "coming", "coming"]
    assert 'role="status"' not in page.text
    assert "What was complete is stored." in page.text
    assert "Your answer was not stored. The time for answering ended" in page.text


def test_a_late_answer_stays_visible(phone, clock_on_tuesday, first, ani):
    invite_and_mark(ani, first)
    clock_on_tuesday.now = at(16, 16)
    late = press(phone, ani, first.id, "?lang=en", choice="represented", name="Budi Santoso", post="Sekretaris")
    assert "Your answer was not stored. The time for answering ended" in late.text
    assert "What you sent: <b>Represented, Budi Santoso, Sekretaris</b>" in late.text
    top = late.text.split("<section")[0]
    assert top.count("Your answer was not stored.") == 1
    assert "Please correct" not in late.text  # there is nothing to correct


def test_after_the_deadline_the_page_does_not_say_that_there_is_nothing_to_answer(phone, clock_on_tuesday, first, ani):
    invite_and_mark(ani, first)
    clock_on_tuesday.now = at(16, 16)
    page = phone.get(f"/j/{token_of(ani)}?lang=en").text
    assert ("There is nothing to answer" in page, "The time for answering ended" in page) == (False, True)


def test_a_postponed_day_says_so_first_and_asks_nothing_until_it_has_a_date(
    phone, first, ani, coordinator, clock_on_tuesday
):
    invite_and_mark(ani, first)
    publishing.postpone(first.id, "Gedung dipakai", by=coordinator, now=NOW)
    page = phone.get(f"/j/{token_of(ani)}?lang=en").text
    assert '<p class="x"><b>Postponed</b> Reason: <span lang="id">Gedung dipakai</span></p>' in page.replace("\n", "")
    assert "We write to you as soon as the new date is set; you need not answer until then." in page
    assert ("-choice" in page, ".ics" in page, "To bring" in page, "Aula Bappeda" in page) == (False,) * 4
    assert "<dt>Before" in page
    refused = press(phone, ani, first.id, choice="coming")
    assert (refused.status_code, states(ani)) == (422, ["invited"])
    assert phone.get(f"/j/{token_of(ani)}/{first.id}.ics").status_code == 410
    clock_on_tuesday.now = at(20, month=2)
    assert "Postponed" in phone.get(f"/j/{token_of(ani)}?lang=en").text  # long after its former day


def test_a_cancelled_day_says_so_first_and_shows_only_useful_facts(phone, four_days, ani, coordinator):
    invite_and_mark(ani, *four_days)
    for day in four_days:
        publishing.cancel(day.id, "Gedung dipakai", by=coordinator, now=NOW)
    page = phone.get(f"/j/{token_of(ani)}?lang=en").text
    assert page.count('<p class="x"><b>Cancelled</b> Reason: <span lang="id">Gedung dipakai</span></p>') == 4
    assert "has been cancelled" in page
    assert ("To bring" in page, "Please tell us" in page, "<form method" in page.split("<footer>")[0]) == (
        False,
        False,
        False,
    )
    assert phone.get(f"/j/{token_of(ani)}/{four_days[0].id}.ics").status_code == 410


def test_a_past_day_is_shown_as_past(phone, first, ani):
    invite_and_mark(ani, first)
    first.state = ActivityState.HELD
    db.session.commit()
    page = phone.get(f"/j/{token_of(ani)}?lang=en").text
    assert ("This activity is over." in page, "cancelled" in page) == (True, False)


def test_an_answer_for_an_activity_no_longer_on_the_page_gets_its_message(phone, four_days, ani, coordinator):
    invite_and_mark(ani, *four_days[:2])
    invitation = db.session.scalars(sa.select(Invitation).order_by(Invitation.id)).first()
    withdrawing.withdraw(invitation.id, by=coordinator, now=NOW)
    withdrawn = press(phone, ani, four_days[0].id, "?lang=en", choice="coming")
    foreign = press(phone, ani, four_days[2].id, "?lang=en", choice="coming")
    assert "This invitation has been withdrawn." in withdrawn.text
    unnamed = press(phone, ani, four_days[2].id, "?lang=en", choice="represented")
    assert "This invitation is not among yours." in foreign.text
    assert "This invitation is not among yours." in unnamed.text


def test_an_error_is_shown_in_the_summary_and_beside_its_field(phone, first, ani):
    invite_and_mark(ani, first)
    page = press(phone, ani, first.id, "?lang=en", choice="represented", name="Budi", email="budi@").text
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
def test_a_representatives_name_and_post_are_shown_in_words(phone, first, ani, wrong):
    invite_and_mark(ani, first)
    refused = press(phone, ani, first.id, choice="represented", **{"name": "Budi", **wrong})
    assert (refused.status_code, states(ani)) == (422, ["invited"])


@pytest.mark.parametrize("name", ["choice", "name", "phone", "email", "post"])
def test_a_nul_character_anywhere_gives_no_server_error(phone, first, ani, name):
    invite_and_mark(ani, first)
    typed = {"choice": "represented", "name": "Budi", name: "\0"}
    assert press(phone, ani, first.id, **typed).status_code in (303, 422)
    assert phone.get(f"/j/{token_of(ani)}%00").status_code == 404


def test_messages_are_in_the_invitees_language(phone, clock_on_tuesday, first, ani):
    invite_and_mark(ani, first)
    ani.locale = "en"
    db.session.commit()
    token = token_of(ani)
    assert "Please write the name of the person" in press(phone, ani, first.id, choice="represented").text
    assert '<html lang="en">' in phone.get(f"/j/{token}/4711.ics").text
    assert '<html lang="en">' in phone.post(f"/j/{token}/reminders", data={"wish": "stop"}).text


@pytest.mark.parametrize("tail", [")", ".", ",", ">", ").", "%22", "”"])
def test_parameters_added_to_the_link_by_programs_are_harmless(phone, first, ani, tail):
    invite_and_mark(ani, first)
    page = phone.get(f"/j/{token_of(ani)}{tail}")
    assert page.status_code == 200
    assert f'action="/j/{token_of(ani)}/answers"' in page.text


@pytest.mark.parametrize("path", ["/j/", "/j"])
def test_a_truncated_link_gets_the_small_page(phone, office, path):
    page = phone.get(path, follow_redirects=True)
    assert (page.status_code, "<main>" in page.text, "0812-0000-0001" in page.text) == (404, True, True)


def test_a_typed_phone_number_is_shown_in_the_usual_form(phone, first, ani):
    invite_and_mark(ani, first)
    wrong = press(phone, ani, first.id, choice="represented", name="Budi", phone="081234567891", email="x@").text
    assert 'value="0812-3456-7891"' in wrong


def test_the_calendar_file_has_our_own_address_whatever_host_the_browser_sends(phone, first, ani):
    invite_and_mark(ani, first)
    text = phone.get(f"/j/{token_of(ani)}/{first.id}.ics", headers={"Host": "evil.example"}).text.replace("\r\n ", "")
    assert f"http://localhost/j/{token_of(ani)}" in text
    assert "evil.example" not in text


def test_the_page_is_compressed_for_browsers_that_accept_it(phone, first, ani):
    invite_and_mark(ani, first)
    plain = phone.get(f"/j/{token_of(ani)}")
    packed = phone.get(f"/j/{token_of(ani)}", headers={"Accept-Encoding": "br, gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert len(packed.data) < len(plain.data) / 2


def test_nine_days_and_twenty_names_fit_in_14_kb(phone, programme, hall, ani, police):
    days = [draft_activity(programme, hall, 10 + n, things_to_bring="Surat tugas dan KTP") for n in range(9)]
    publish(*days, tick=False)
    invite_and_mark(ani, *days)
    invite_office_and_mark(police, days[0], quota=20)
    rows = {}
    for n in range(20):
        rows[f"rows-{n}-name"] = f"Siti Aminah Rahmawati {chr(65 + n)}"
        rows[f"rows-{n}-post"] = "Kepala Seksi"
        rows[f"rows-{n}-email"] = f"siti.aminah.{n}@example.com"
    assert press(phone, police, days[0].id, choice="coming", **rows).status_code == 303
    addresses = [f"/j/{token_of(invitee)}" for invitee in (ani, police)]
    pages = [phone.get(address, headers={"Accept-Encoding": "gzip"}).data for address in addresses]
    assert [len(page) <= 14_000 for page in pages] == [True, True]


def test_the_office_sees_its_nominees_own_answers(phone, first, police):
    invite_office_and_mark(police, first)
    press(phone, police, first.id, choice="coming", **{"rows-0-name": "Rina", "rows-1-name": "Dedi"})
    rina = db.session.scalars(sa.select(Person).where(Person.name == "Rina")).one()
    press(phone, rina, first.id, choice="not_coming")
    page = phone.get(f"/j/{token_of(police)}?lang=en").text
    assert '<summary>Rina <b class="n not_coming">Will not come</b></summary>' in page
    rows = re.findall(r'name="\d+-rows-(\d)-row" value="(\d+)"', page)
    values = {f"rows-{n}-row": row for n, row in rows}
    values |= {"rows-0-name": "Rina", "rows-1-name": "Dedy", "rows-1-post": "Kanit"}
    press(phone, police, first.id, choice="coming", **values)
    assert states(rina) == ["not_coming"]
    assert nominees(police) == [("Dedy", "Kanit", "")]


def test_the_same_people_can_be_named_for_all_days(phone, four_days, police):
    invite_office_and_mark(police, *four_days)
    day_id = four_days[0].id
    values = {
        f"{day_id}-choice": "coming",
        f"{day_id}-rows-0-name": "Rina",
        f"{day_id}-rows-1-name": "Dedi",
        "same": "1",
    }
    assert press(phone, police, "answers", card=four_days[2].id, **values).status_code == 303
    rows = db.session.scalars(sa.select(Invitation.state).where(Invitation.nominated_under_id.is_not(None))).all()
    assert [state.value for state in rows] == ["coming"] * 8
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Person)) == 2


def test_naming_the_same_people_fills_only_days_without_names(phone, four_days, police):
    invite_office_and_mark(police, *four_days)
    one, two, three, four = (day.id for day in four_days)
    press(phone, police, two, choice="coming", **{"rows-0-name": "Sari"})
    press(phone, police, three, choice="not_coming")
    typed = {
        f"{one}-choice": "coming", f"{one}-rows-0-name": "Rina", "same": "1", f"{three}-choice": "not_coming",
        f"{two}-choice": "coming", f"{two}-rows-0-name": "Sari", f"{two}-rows-0-row": _row_of("Sari"),
    }  # fmt: skip
    assert press(phone, police, "answers", card=one, **typed).status_code == 303
    assert _named_by_day() == {one: ["Rina"], two: ["Sari"], four: ["Rina"]}
    withdrawn = sa.select(Invitation).where(Invitation.state == InvitationState.WITHDRAWN)
    assert db.session.scalars(withdrawn).all() == []


def test_names_just_entered_on_another_day_stay_as_entered(phone, four_days, police):
    invite_office_and_mark(police, *four_days)
    one, two, three, four = (day.id for day in four_days)
    typed = {f"{one}-choice": "coming", f"{one}-rows-0-name": "Rina", f"{three}-rows-0-name": "Dedi", "same": "1"}
    assert press(phone, police, "answers", card=one, **typed).status_code == 303
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


def test_one_empty_row_is_open_and_the_others_are_behind_one_more_person(phone, first, police):
    invite_office_and_mark(police, first, quota=3)
    page = phone.get(f"/j/{token_of(police)}?lang=en").text
    assert page.count("<summary>One more person</summary>") == 2
    assert page.count('<fieldset class="o"') == 1
    press(phone, police, first.id, choice="coming", **{"rows-0-name": "Rina"})
    page = phone.get(f"/j/{token_of(police)}?lang=en").text
    assert page.count("<summary>One more person</summary>") == 1
    assert page.count('<fieldset class="o"') == 1
    assert "<summary>Rina</summary>" in page


def test_an_answered_day_is_folded_until_it_needs_attention_again(phone, four_days, ani):
    invite_and_mark(ani, *four_days)
    folded = re.compile(r'<details><summary class="y">\s*Your answer: <b class="n coming">✓ Will come</b>')
    assert not folded.search(phone.get(f"/j/{token_of(ani)}?lang=en").text)
    press(phone, ani, four_days[1].id, choice="coming")
    assert len(folded.findall(phone.get(f"/j/{token_of(ani)}?lang=en").text)) == 1
    assert len(folded.findall(phone.get(f"/j/{token_of(ani)}?lang=en&pilih=hadir").text)) == 1
    assert not folded.search(phone.get(f"/j/{token_of(ani)}?lang=en&pilih=tidak").text)
    move = Move(at(21, 13), at(21, 16), four_days[1].zone, four_days[1].venue_id)
    moves.move(four_days[1].id, move, "Bentrok", four_days[1].version, by=None, now=NOW)
    assert not folded.search(phone.get(f"/j/{token_of(ani)}?lang=en").text)


def test_the_police_are_addressed_as_in_their_mail(phone, first, police):
    invite_office_and_mark(police, first)
    page = phone.get(f"/j/{token_of(police)}?lang=en").text
    assert "<h1>Dear Head of Polres Metro</h1>" in page
    assert "Who is sent? Quota: 2 people." in page


def test_one_link_is_rate_limited_with_its_waiting_time_and_another_is_not(tmp_path, first, ani, budi):
    from outreach import create_app

    invite_and_mark(ani, first)
    invite_and_mark(budi, first)
    hers, his = f"/j/{token_of(ani)}", f"/j/{token_of(budi)}"
    slow = create_app(settings_for(tmp_path, rate_answer="2/minute"))
    with slow.app_context():
        phone = slow.test_client()
        assert [phone.get(hers).status_code for _ in range(3)] == [200, 200, 429]
        assert phone.get(his).status_code == 200
        assert 1 <= int(phone.get(hers).headers["Retry-After"]) <= 60
        forged = [phone.get(f"/j/{n}").status_code for n in range(20)]
        assert (forged[0], forged[-1]) == (404, 429)
        db.session.remove()
        db.engine.dispose()


def test_a_waiting_time_above_a_minute_is_shown(tmp_path, first, ani):
    from outreach import create_app

    invite_and_mark(ani, first)
    address = f"/j/{token_of(ani)}?lang=en"
    slow = create_app(settings_for(tmp_path, rate_answer="2/2 hour"))
    with slow.app_context():
        phone = slow.test_client()
        page = [phone.get(address) for _ in range(3)][-1]
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
def test_a_get_request_to_a_post_only_address_redirects_and_changes_nothing(phone, first, ani, sent_to, page):
    invite_and_mark(ani, first)
    before = all_rows()
    opened = phone.get(f"/j/{token_of(ani)}/{sent_to}?lang=en")
    assert (opened.status_code, opened.location) == (302, f"/j/{token_of(ani)}{page}?lang=en")
    assert "no-store" in opened.headers["Cache-Control"]
    assert phone.get(opened.location).status_code == 200
    assert all_rows() == before


def openings(statements: list[str]) -> int:
    """Return how often a link was looked up."""
    return sum(bool(re.search(r"\bFROM link\b", statement)) for statement in statements)


def test_an_answer_opens_the_link_once_for_the_page_and_once_under_the_lock(
    phone, clock_on_tuesday, four_days, ani, police, statements
):
    invite_and_mark(ani, *four_days)
    invite_office_and_mark(police, *four_days)
    hers, theirs = token_of(ani), token_of(police)
    first, second = (day.id for day in four_days[:2])

    def press(token: str, path: str, **values: object) -> tuple[int, int]:
        answers = []
        data = {"csrf_token": form_token(token), **values}
        took = openings(statements(lambda: answers.append(phone.post(f"/j/{token}/{path}", data=data))))
        return answers[0].status_code, took

    both = {f"{first}-choice": "coming", f"{second}-choice": "coming"}
    assert press(hers, "answers", **both) == (303, 2)
    assert press(hers, "all", choice="not_coming") == (303, 2)
    named = {f"{first}-choice": "coming", f"{first}-rows-0-name": "Rina", "card": first}
    assert press(theirs, "answers", **named) == (303, 2)
    assert press(hers, "reminders", wish="stop") == (303, 2)
    clock_on_tuesday.now = at(16, 16)  # the first day's deadline
    assert press(hers, "answers", **both) == (422, 2)


def test_a_page_that_is_only_shown_opens_the_link_once(phone, first, ani, statements):
    invite_and_mark(ani, first)
    token, first_id = token_of(ani), first.id
    answers, took = [], {}
    for path in ("", "/thanks", f"/{first_id}.ics", "/calendar", "/stop", "/away"):
        took[path] = openings(statements(lambda path=path: answers.append(phone.get(f"/j/{token}{path}"))))
    assert set(took.values()) == {1}, took
    assert {answer.status_code for answer in answers} == {200}


def test_every_choice_is_a_button_that_sends_at_once(phone, four_days, ani):
    invite_and_mark(ani, *four_days)
    page = phone.get(f"/j/{token_of(ani)}").text
    assert 'type="radio"' not in page
    for day in four_days:
        sends = re.findall(rf'<button name="{day.id}-choice" value="(\w+)"', page)
        assert sends == ["coming", "not_coming", "represented"]
    assert "Jawaban langsung terkirim saat ditekan." in page


def test_the_return_key_on_a_phone_presses_nothing_and_an_older_page_sends_its_typed_name(
    phone, four_days, ani, police
):
    invite_and_mark(ani, *four_days)
    invite_office_and_mark(police, four_days[0])
    for invitee in (ani, police):
        page = phone.get(f"/j/{token_of(invitee)}").text
        form = page.split(f'action="/j/{token_of(invitee)}/answers"')[1]
        assert re.search("<button[^>]*>", form)[0] == "<button disabled hidden>"
    assert press(phone, ani, "answers", **{f"{four_days[0].id}-name": "Budi"}).status_code == 303
    assert states(ani) == ["represented", "invited", "invited", "invited"]
    assert press(phone, ani, "answers").status_code == 422


def test_an_answer_for_all_leaves_what_was_answered(phone, four_days, ani):
    invite_and_mark(ani, *four_days)
    one, two = (day.id for day in four_days[:2])
    for day, name in ((one, "Rina"), (two, "Dedi")):
        press(phone, ani, day, choice="represented", name=name)
    assert "Jawaban yang sama untuk 2 kegiatan yang belum dijawab?" in phone.get(f"/j/{token_of(ani)}").text
    assert press(phone, ani, "all", choice="not_coming").status_code == 303
    assert states(ani) == ["represented", "represented", "not_coming", "not_coming"]
    assert 'aria-labelledby="all"' not in phone.get(f"/j/{token_of(ani)}").text
    stale = press(phone, ani, "all", "?lang=en", choice="not_coming")  # from a page that was opened before
    assert (stale.status_code, "You have answered everything already" in stale.text) == (422, True)
    assert states(ani) == ["represented", "represented", "not_coming", "not_coming"]


def test_an_answer_is_undone_from_its_thanks_page(phone, clock_on_tuesday, four_days, ani):
    invite_and_mark(ani, *four_days)
    thanks = press(phone, ani, "all", "?lang=en", choice="not_coming").location
    page = phone.get(thanks).text
    assert page.count("<b>✓ Will not come</b></p>") == 4
    assert f'action="/j/{token_of(ani)}/undo?lang=en"' in page
    undone = press(phone, ani, "undo", "?lang=en")
    assert (undone.status_code, undone.location) == (303, f"/j/{token_of(ani)}/thanks?for=undone&lang=en")
    assert states(ani) == ["invited"] * 4
    undone = phone.get(undone.location).text
    assert "Your last answer was undone." in undone
    assert "4 invitations below still wait for your answer." in undone
    assert "/undo" not in phone.get(thanks).text  # there is nothing left to undo
    again = press(phone, ani, "undo", "?lang=en")
    assert (again.status_code, "no answer that can be undone" in again.text) == (422, True)


def test_only_days_that_can_still_be_undone_are_undone(phone, clock_on_tuesday, four_days, ani):
    invite_and_mark(ani, *four_days)
    clock_on_tuesday.now = at(16, 15)
    press(phone, ani, "all", choice="coming")
    clock_on_tuesday.now = at(16, 16)  # the first day's deadline
    page = press(phone, ani, "undo", "?lang=en")
    assert (page.status_code, states(ani)) == (422, ["coming", "invited", "invited", "invited"])
    assert "Not everything could be undone." in page.text


def test_opening_or_forging_the_undo_address_changes_nothing(phone, first, ani):
    invite_and_mark(ani, first)
    press(phone, ani, first.id, choice="coming")
    before = all_rows()
    address = f"/j/{token_of(ani)}/undo"
    assert phone.get(address).status_code == 302
    assert phone.post(address, data={"csrf_token": "x"}).status_code == 400
    good = {"csrf_token": form_token(token_of(ani))}
    assert phone.post(address, data=good, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 400
    assert all_rows() == before


def test_a_valid_answer_is_stored_although_another_card_is_not_valid(phone, four_days, ani):
    invite_and_mark(ani, *four_days)
    one, two = (day.id for day in four_days[:2])
    values = {f"{one}-name": "Budi", f"{two}-choice": "represented", f"{two}-post": "Sekretaris"}
    page = press(phone, ani, "answers", "?lang=en", **values)
    assert (page.status_code, states(ani)) == (422, ["represented", "invited", "invited", "invited"])
    assert "What was complete is stored." in page.text
    assert 'value="Sekretaris"' in page.text
    assert re.findall(r'<a href="#([\w-]+)">', page.text.split("<section")[0]) == [f"{two}-name"]


def test_valid_names_from_an_office_are_stored_and_the_others_are_asked_for_again(phone, four_days, police):
    invite_office_and_mark(police, *four_days[:2], quota=3)
    one, two = (day.id for day in four_days[:2])
    values = {
        f"{one}-rows-0-name": "Rina",
        f"{two}-choice": "coming",
        f"{two}-rows-0-name": "Dedi",
        f"{two}-rows-1-name": "Sari",
        f"{two}-rows-1-email": "sari@",
        f"{two}-rows-2-post": "Kanit",
    }
    page = press(phone, police, "answers", "?lang=en", **values)
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
    assert press(phone, police, "answers", **mended).status_code == 303
    assert _named_by_day() == {one: ["Rina"], two: ["Dedi", "Sari"]}


def test_a_nominee_whose_new_data_is_not_valid_stays_on_the_list(phone, first, police):
    invite_office_and_mark(police, first, quota=3)
    press(phone, police, first.id, choice="coming", **{"rows-0-name": "Rina"})
    row = _row_of("Rina")
    values = {"rows-0-name": "Rina", "rows-0-row": row, "rows-0-email": "rina@", "rows-1-name": "Dedi"}
    assert press(phone, police, first.id, choice="coming", **values).status_code == 422
    assert [name for name, *_ in nominees(police)] == ["Dedi", "Rina"]


def test_a_link_that_was_switched_off_is_not_described_as_replaced(phone, first, ani, coordinator):
    invite_and_mark(ani, first)
    links.revoke(ani, by=coordinator, now=NOW)
    page = phone.get(f"/j/{token_of(ani)}")
    assert (page.status_code, "dinonaktifkan oleh kantor kami" in page.text) == (410, True)
    assert "0812-0000-0001" in page.text
    assert "diganti" not in page.text


def test_a_link_that_was_replaced_says_so_and_reveals_nothing_else(phone, first, ani, coordinator):
    invite_and_mark(ani, first)
    old = token_of(ani)
    links.renew(ani, by=coordinator, now=NOW)
    page = phone.get(f"/j/{old}")
    assert (page.status_code, "Tautan ini sudah diganti dengan yang lebih baru" in page.text) == (410, True)
    assert "tidak dikenal" not in page.text
    assert ("Ani" in page.text, token_of(ani) in page.text) == (False, False)
    stopping = phone.get(f"/j/{old}/stop")  # any mail that we sent may stop the mails
    assert (stopping.status_code, "Ani" in stopping.text, token_of(ani) in stopping.text) == (200, False, False)
    assert phone.get(f"/j/{old}/away").status_code == 410


def test_a_withdrawn_invitee_reads_of_the_withdrawal(phone, first, ani, coordinator):
    invite_and_mark(ani, first)
    invitation = db.session.scalars(sa.select(Invitation)).one()
    withdrawing.withdraw(invitation.id, by=coordinator, now=NOW)
    page = phone.get(f"/j/{token_of(ani)}").text
    assert "Undangan dibatalkan" in page
    assert "Rapat koordinasi lintas sektor" in page
    assert "Bidang PPA (0812-0000-0001)" in page
    assert ("-choice" in page, ".ics" in page, "Belum ada" in page) == (False, False, False)


def test_an_answer_is_worded_differently_from_attendance(phone, first, ani, police):
    invite_and_mark(ani, first)
    press(phone, ani, first.id, choice="coming")
    assert '<b class="n coming">✓ Menyatakan hadir</b>' in phone.get(f"/j/{token_of(ani)}").text
    press(phone, ani, first.id, choice="not_coming")
    assert '<b class="n not_coming">✓ Menyatakan tidak hadir</b>' in phone.get(f"/j/{token_of(ani)}").text


def test_the_thanks_name_what_was_accepted_for_the_same_time(phone, programme, hall, ani):
    days = [draft_activity(programme, hall, 18, public_title="Rapat A"), draft_activity(programme, None, 18)]
    days[1].public_title = "Rapat B"
    db.session.commit()
    publish(*days, tick=False)
    invite_and_mark(ani, *days)
    alone = phone.get(press(phone, ani, days[0].id, "?lang=en", choice="coming").location).text
    assert "at the same time" not in alone
    both = phone.get(press(phone, ani, days[1].id, "?lang=en", choice="coming").location).text
    sentence = '“<span lang="id">Rapat A</span>” and “<span lang="id">Rapat B</span>” are at the same time.'
    assert sentence in both
    assert sentence in phone.get(f"/j/{token_of(ani)}?lang=en").text  # also when the page is opened again
    press(phone, ani, days[0].id, choice="not_coming")
    assert sentence not in phone.get(f"/j/{token_of(ani)}?lang=en").text


def test_an_absence_at_the_time_of_an_accepted_activity_is_named_each_time_the_page_is_opened(phone, first, ani):
    invite_and_mark(ani, first)
    press(phone, ani, first.id, choice="coming")
    assert "you told us that you cannot come" not in phone.get(f"/j/{token_of(ani)}?lang=en").text
    press(phone, ani, "away", on="2027-01-18")
    assert "you told us that you cannot come" in phone.get(f"/j/{token_of(ani)}?lang=en").text.split("<section")[0]


def test_the_same_representative_for_two_activities_at_one_time_is_accepted_with_a_warning(phone, programme, hall, ani):
    days = [draft_activity(programme, hall, 18, public_title="Rapat A"), draft_activity(programme, None, 18)]
    days[1].public_title = "Rapat B"
    db.session.commit()
    publish(*days, tick=False)
    invite_and_mark(ani, *days)
    press(phone, ani, days[0].id, choice="represented", name="Rina Wati, S.H.")
    other = press(phone, ani, days[1].id, choice="represented", name="Dewi Lestari")
    warning = "is to come to “Rapat A” and “Rapat B”, which are at the same time. Please change one of the two."
    assert warning not in untagged(phone.get(other.location + "&lang=en").text)
    same = press(phone, ani, days[1].id, choice="represented", name="rina wati")
    assert states(ani) == ["represented"] * 2
    assert warning in untagged(phone.get(same.location + "&lang=en").text)
    assert warning in untagged(phone.get(f"/j/{token_of(ani)}?lang=en").text)


def test_a_nominee_of_two_activities_at_one_time_is_accepted_with_a_warning(phone, programme, hall, police):
    days = [draft_activity(programme, hall, 18, public_title="Rapat A"), draft_activity(programme, None, 18)]
    days[1].public_title = "Rapat B"
    db.session.commit()
    publish(*days, tick=False)
    invite_office_and_mark(police, *days)
    for day in days:
        press(phone, police, day.id, choice="coming", **{"rows-0-name": "Rina", "rows-1-name": f"Dedi {day.id}"})
    page = untagged(phone.get(f"/j/{token_of(police)}?lang=en").text)
    assert "Rina is to come to “Rapat A” and “Rapat B”, which are at the same time." in page
    assert "Dedi" not in page.split("is to come to")[0].rsplit("</h1>", 1)[-1]


def test_the_title_of_a_page_with_errors_says_so_and_the_summary_has_the_focus(phone, first, ani):
    invite_and_mark(ani, first)
    assert "<title>Undangan</title>" in phone.get(f"/j/{token_of(ani)}").text
    page = press(phone, ani, first.id, choice="represented").text
    assert "<title>Galat: Undangan</title>" in page
    assert '<div class="e" id="e" role="alert" tabindex="-1" autofocus>' in page
    assert f'<a href="#{first.id}-name">Nama: ' in page
    assert f'id="{first.id}-name"' in page


def test_a_text_that_is_too_long_names_the_limit(phone, first, ani):
    invite_and_mark(ani, first)
    page = press(phone, ani, first.id, choice="represented", name="x" * 161, post="y" * 161).text
    assert page.count("Mohon persingkat sampai 160 huruf.") == 4  # two fields, each also in the summary


def test_a_mistyped_address_gets_a_suggestion_that_one_press_accepts(phone, first, ani):
    invite_and_mark(ani, first)
    typed = {"choice": "represented", "name": "Budi", "email": "budi@example,com"}
    page = press(phone, ani, first.id, **typed).text
    assert "Mungkin maksudnya budi@example.com?" in unescape(page)
    assert f'name="{first.id}-use" value="budi@example.com" checked' in page
    assert f'name="{first.id}-asked" value="budi@example,com"' in page
    assert press(phone, ani, first.id, **typed, asked="budi@example,com").status_code == 422  # unticked
    taken = press(phone, ani, first.id, **typed, asked="budi@example,com", use="budi@example.com")
    assert (taken.status_code, representative(ani).representative_email) == (303, "budi@example.com")


def test_an_address_that_looks_mistyped_is_questioned_once(phone, first, ani):
    invite_and_mark(ani, first)
    typed = {"choice": "represented", "name": "Budi", "email": "budi@gmial.com"}
    page = press(phone, ani, first.id, **typed)
    assert (page.status_code, "Mungkin maksudnya budi@gmail.com?" in page.text) == (422, True)
    kept = press(phone, ani, first.id, **typed, asked="budi@gmial.com")
    assert (kept.status_code, representative(ani).representative_email) == (303, "budi@gmial.com")
    taken = press(phone, ani, first.id, **typed, asked="budi@gmial.com", use="budi@gmail.com")
    assert (taken.status_code, representative(ani).representative_email) == (303, "budi@gmail.com")


def representative(person) -> Invitation:
    db.session.rollback()
    return db.session.scalars(sa.select(Invitation).where(Invitation.person_id == person.id)).one()


def test_phone_and_email_of_others_are_shown_only_in_part_and_kept(phone, first, ani, police):
    invite_and_mark(ani, first)
    invite_office_and_mark(police, first)
    representative_values = {
        "name": "Budi",
        "post": "Sekretaris",
        "phone": "0812 3456 7890",
        "email": "budi@example.com",
    }
    press(phone, ani, first.id, choice="represented", **representative_values)
    press(
        phone,
        police,
        first.id,
        choice="coming",
        **{f"rows-0-{part}": value for part, value in representative_values.items()},
    )
    for invitee in (ani, police):
        page = unescape(phone.get(f"/j/{token_of(invitee)}").text)
        assert ("7890" in page, "3456" in page, "budi@" in page) == (False, False, False)
        assert "tercatat: 0812…90." in page
        assert "tercatat: b…@example.com." in page
    press(phone, ani, first.id, choice="represented", name="Budi", post="Kepala Seksi")
    kept = representative(ani)
    assert (kept.representative_post, kept.representative_phone, kept.representative_email) == (
        "Kepala Seksi", "+6281234567890", "budi@example.com",
    )  # fmt: skip
    rows = {"rows-0-name": "Budi", "rows-0-post": "Kanit", "rows-0-row": _row_of("Budi")}
    press(phone, police, first.id, choice="coming", **rows)
    assert nominees(police) == [("Budi", "Kanit", "+6281234567890")]
    press(phone, ani, first.id, choice="represented", name="Sari")  # somebody else has another number
    assert representative(ani).representative_phone == ""


@pytest.mark.parametrize(("sex", "said"), [("female", "Ibu"), ("male", "Bapak"), (None, "Bapak/Ibu")])
def test_people_are_addressed_on_the_page_as_in_their_mail(phone, first, ani, sex, said):
    ani.sex, ani.post = sex, "Ketua PKK"
    db.session.commit()
    invite_and_mark(ani, first)
    assert f"<h1>Yth. {said} Ani Wijaya, Ketua PKK</h1>" in phone.get(f"/j/{token_of(ani)}").text
    assert "<h1>Dear Ani Wijaya, Ketua PKK</h1>" in phone.get(f"/j/{token_of(ani)}?lang=en").text


def test_without_coordinates_the_map_is_found_by_the_address(phone, first, hall, ani):
    invite_and_mark(ani, first)
    search = "https://www.google.com/maps/search/?api=1&query=Aula+Bappeda%2C+Jl.+Jenderal+Sudirman%2C+Metro"
    assert f'<a href="{search}"' in unescape(phone.get(f"/j/{token_of(ani)}").text)
    hall.latitude, hall.longitude = -5.11, 105.3
    db.session.commit()
    assert "https://www.openstreetmap.org/?mlat=-5.11000" in unescape(phone.get(f"/j/{token_of(ani)}").text)


def test_google_calendar_gets_the_neutral_facts_and_no_link_of_ours(phone, first, ani):
    invite_and_mark(ani, first)
    page = unescape(phone.get(f"/j/{token_of(ani)}").text)
    address = re.search(r'href="(https://calendar.google.com/[^"]+)" rel="noreferrer"', page)[1]
    assert address == (
        "https://calendar.google.com/calendar/render?action=TEMPLATE&text=Rapat+koordinasi+lintas+sektor"
        "&dates=20270118T010000Z%2F20270118T050000Z&location=Aula+Bappeda%2C+Jl.+Jenderal+Sudirman%2C+Metro"
    )


def test_text_written_by_the_office_is_marked_as_indonesian_on_english_pages(phone, first, ani):
    invite_and_mark(ani, first)
    english, indonesian = (phone.get(f"/j/{token_of(ani)}?lang={lang}").text for lang in ("en", "id"))
    assert f'<h2 id="h{first.id}" lang="id">Rapat koordinasi lintas sektor</h2>' in english
    assert '<dd lang="id">Aula Bappeda' in english
    assert '<dd lang="id">Surat tugas dan KTP' in english
    assert ' lang="id">' not in indonesian.split("<body>")[1]


def test_an_error_in_names_for_all_days_is_shown_once(phone, four_days, police):
    invite_office_and_mark(police, *four_days)
    day_id = four_days[0].id
    values = {
        f"{day_id}-choice": "coming",
        f"{day_id}-rows-0-name": "Rina",
        f"{day_id}-rows-0-email": "rina@",
        "same": "1",
    }
    page = press(phone, police, "answers", **values).text
    assert re.findall(r'<a href="#([\w-]+)">', page.split("<section")[0]) == [f"{day_id}-rows-0-email"]
    assert 'name="same" value="1" checked' in page
    assert press(phone, police, "answers", **values | {f"{day_id}-rows-0-email": ""}).status_code == 303
    assert _named_by_day() == {day.id: ["Rina"] for day in four_days}


def test_an_error_in_an_offices_list_names_the_person(phone, first, police):
    invite_office_and_mark(police, first)
    names = {
        "rows-0-name": "Rina, S.Pd.",
        "rows-0-phone": "08x",
        "rows-1-name": "Dedi",
        "rows-1-email": "dedi@example,com",
    }
    page = unescape(press(phone, police, first.id, "?lang=en", choice="coming", **names).text)
    told = re.findall(r'<li><a href="#[^"]+">(Person \d, \w+)', page)
    assert told == ["Person 1, Phone", "Person 2, E"]
    names |= {"rows-0-phone": "", "rows-1-email": ""}
    thanks = phone.get(press(phone, police, first.id, "?lang=en", choice="coming", **names).location).text
    assert "</b>: Rina, S.Pd.; Dedi</p>" in thanks


def by_link() -> list[AuditEntry]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(AuditEntry).where(AuditEntry.action.endswith(".answered_by_link"))))


def test_an_answer_by_link_from_a_signed_in_browser_is_in_the_audit_log(app, phone, four_days, ani, coordinator):
    """Staff see the links of invitees, so an answer from a coordinator's browser may be the coordinator's."""
    invite_and_mark(ani, *four_days[:2])
    press(phone, ani, four_days[0].id, choice="coming")
    assert by_link() == [], "an invitee's own answer is nobody's change"
    press(log_in(app, coordinator), ani, four_days[1].id, choice="not_coming")
    (entry,) = by_link()
    assert (entry.user_id, entry.subject_name) == (coordinator.id, "Ani Wijaya")
    assert entry.detail == {"activity": four_days[1].title, "state": "not_coming"}
    assert states(ani) == ["coming", "not_coming"]


@pytest.mark.usefixtures("browsers")
def test_staff_read_which_answers_by_link_came_while_one_of_them_was_signed_in(app, phone, four_days, ani, coordinator):
    invite_and_mark(ani, *four_days[:2])
    press(phone, ani, four_days[0].id, choice="coming")
    client, theirs = log_in(app, coordinator), "while Coordinator was signed in there"
    press(client, ani, four_days[1].id, choice="not_coming")
    for day, said, who in ((0, False, "the invitee"), (1, True, "staff, by the invitee's link")):
        activity, invitation = four_days[day], invitation_of(four_days[day], ani)
        for page in (f"/invitations/{invitation.id}/history", f"/activities/{activity.id}/invitees"):
            answer = client.get(f"{page}?lang=en")
            assert (answer.status_code, theirs in answer.text) == (200, said), page
        file = client.get(f"/activities/{activity.id}/invitees?file=csv&lang=en").data.decode("utf-8-sig")
        (row,) = csv.DictReader(file.splitlines())
        assert (row["Answered by"], row["Recorded by"]) == (who, "Coordinator" if said else "")


def test_every_other_use_of_a_link_from_a_signed_in_browser_is_in_the_audit_log(
    app, phone, four_days, ani, coordinator
):
    """The log must not name an undone answer, and must say as much of a link as of a form."""
    invite_and_mark(ani, four_days[0])
    staff = log_in(app, coordinator)

    def use(client: FlaskClient) -> None:
        press(client, ani, four_days[0].id, choice="coming")
        press(client, ani, "undo")
        for wish in ("stop", "stop", "resume"):
            press(client, ani, "reminders", wish=wish)
        press(client, ani, "stop")
        press(client, ani, "away", on="2027-01-19")
        what = f"absence-{db.session.scalar(sa.select(Absence.id))}"
        db.session.rollback()
        press(client, ani, "away/remove", what=what)
        press(client, ani, "away/calendar", address="https://example.com/ani.ics")
        what = f"calendar-{db.session.scalar(sa.select(AbsenceCalendar.id))}"
        db.session.rollback()
        press(client, ani, "away/remove", what=what)
        press(client, ani, "reminders", wish="resume")

    def log() -> list[tuple[str, int | None]]:
        rows = db.session.scalars(
            sa.select(AuditEntry).where(AuditEntry.action.endswith("_link")).order_by(AuditEntry.id)
        )
        found = [(row.action, row.user_id) for row in rows]
        db.session.rollback()
        return found

    use(phone)
    assert log() == []
    use(staff)
    done = [
        "invitation.answered", "invitation.answer_undone", "person.reminders_stopped", "person.reminders_resumed",
        "person.reminders_stopped", "person.absence_added", "person.absence_removed", "person.calendar_added",
        "person.calendar_removed", "person.reminders_resumed",
    ]  # fmt: skip
    assert log() == [(f"{entry}_by_link", coordinator.id) for entry in done]
    assert {action.partition(".")[2] for action, _user in log()} <= set(VERBS)


def test_an_answer_from_the_browser_of_a_closed_account_counts_as_the_invitees_own(app, four_days, ani, coordinator):
    invite_and_mark(ani, four_days[0])
    client = log_in(app, coordinator)
    coordinator.active = False
    db.session.commit()
    press(client, ani, four_days[0].id, choice="coming")
    assert (by_link(), states(ani)) == ([], ["coming"])


def test_staff_who_open_a_link_see_what_the_invitee_sees(app, phone, four_days, ani, coordinator):
    invite_and_mark(ani, four_days[0])
    address = f"/j/{token_of(ani)}"
    events = sa.select(SecurityEvent.user_id, SecurityEvent.detail).where(
        SecurityEvent.kind == SecurityKind.LINK_VIEWED
    )
    shown = phone.get(address).text
    assert db.session.execute(events).all() == []
    assert log_in(app, coordinator).get(address).text == shown
    db.session.rollback()
    assert db.session.execute(events).all() == [(coordinator.id, {"of": "person", "invitee": ani.id})]


def test_optional_fields_say_so_alike_and_the_address_says_what_it_is_for(phone, first, ani, police):
    invite_and_mark(ani, first)
    invite_office_and_mark(police, first)
    for invitee in (ani, police):
        page = phone.get(f"/j/{token_of(invitee)}").text
        for label in ("Jabatan", "Telepon", "Surel untuk pengingat"):
            assert page.count(f"<label>{label.split()[0]}") == page.count(f"<label>{label} (opsional)<") > 0, label


def test_a_rank_that_an_office_writes_stays_with_a_known_person(phone, first, police):
    siti = Person(name="Siti Utomo", organisation_id=police.id, post="Kanit PPA")
    db.session.add(siti)
    db.session.commit()
    invite_office_and_mark(police, first)
    sent = press(
        phone, police, first.id, choice="coming", **{"rows-0-name": "Bripka Siti Utomo", "rows-1-name": "Dewi"}
    )
    assert "Bripka Siti Utomo; Dewi" in untagged(phone.get(sent.location).text)
    db.session.rollback()
    assert (siti.name, siti.title_before) == ("Siti Utomo", "Bripka")


def test_an_invitation_that_waits_below_answered_ones_is_led_to_from_the_top(phone, four_days, ani):
    invite_and_mark(ani, *four_days[:3])
    link = f'href="#h{four_days[1].id}">1 undangan di bawah ini masih menunggu jawaban'
    press(phone, ani, four_days[2].id, choice="coming")
    assert 'href="#h' not in phone.get(f"/j/{token_of(ani)}").text
    press(phone, ani, four_days[0].id, choice="coming")
    assert link in phone.get(f"/j/{token_of(ani)}").text


def test_a_page_with_a_postponed_activity_does_not_say_that_all_answers_can_be_changed(
    phone, four_days, ani, coordinator
):
    invite_and_mark(ani, *four_days[:2])
    for day in four_days[:2]:
        press(phone, ani, day.id, choice="coming")
    said = "Bapak/Ibu dapat mengubah jawaban di sini sampai batas waktu yang tertulis."
    assert said in phone.get(f"/j/{token_of(ani)}").text
    publishing.postpone(four_days[0].id, "Narasumber sakit", by=coordinator, now=NOW)
    page = phone.get(f"/j/{token_of(ani)}").text
    assert (said in page, "Dapat diubah sampai" in page) == (False, True)

"""The pages of reminder rules and mail texts."""

import re
from html import unescape

import pytest
import sqlalchemy as sa

from outreach.delivery.mail.texts import KEYS
from outreach.domain.kinds import Role
from outreach.extensions import db
from outreach.models import MessageText, ReminderRule
from outreach.services.activities import publish as publishing
from outreach.services.invitations import invite as inviting
from outreach.services.reminders import rules
from outreach.web.reminders.words import reason_words
from tests.servers.smtp import Server
from tests.web.reading import text_of as page_text
from tests.world import NOW, a_person, draft_activity, send_through
from tests.world.composed import parsed, published_invitation, text_of

pytestmark = pytest.mark.usefixtures("default_rules")


RULE = {"days": "4", "at": "09.30", "audience": "unanswered", "text": "usual", "name": "", "enabled": "y"}
TEXT = {"subject": "Undangan {kegiatan}", "greeting": "Halo {nama}", "body": "Jawab: {tautan}"}


def test_the_rules_are_shown_in_words(coordinator_client):
    page = coordinator_client.get("/rules").text
    assert "3 days before, at 08:00" in page
    assert "The day after, at 08:00" in page
    assert "those without an answer" in page


def test_a_programmes_page_shows_what_it_inherits(coordinator_client, programme):
    page = coordinator_client.get(f"/rules?programme={programme.id}").text
    assert page.count("inherited") == len(rules.DEFAULT_RULES)
    assert page.count("Change here") == len(rules.DEFAULT_RULES) - 1


def test_a_rule_is_changed_for_one_programme(coordinator_client, programme):
    query = f"?programme={programme.id}"
    assert "This rule is inherited" in coordinator_client.get(f"/rules/three-days-before/edit{query}").text
    answer = coordinator_client.post(f"/rules/three-days-before/edit{query}", data=RULE)
    assert (answer.status_code, answer.location) == (302, f"/rules{query}")
    rows = db.session.scalars(sa.select(ReminderRule).where(ReminderRule.key == "three-days-before")).all()
    assert [(row.programme_id, row.days) for row in rows] == [(None, 3), (programme.id, 4)]
    assert "changed here" in coordinator_client.get(f"/rules{query}").text
    answer = coordinator_client.post(f"/rules/three-days-before/reset{query}")
    assert answer.status_code == 302
    assert db.session.query(ReminderRule).count() == len(rules.DEFAULT_RULES)


def test_a_rule_is_added(coordinator_client):
    assert coordinator_client.get("/rules/new").status_code == 200
    answer = coordinator_client.post("/rules/new", data=RULE | {"timing": "before_start"})
    assert answer.status_code == 302
    assert "4 days before, at 09:30" in coordinator_client.get("/rules").text


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"days": ""}, "Please write a number of days, such as 3."),
        ({"days": "91"}, "Please write a number of days from 0 to 90."),
        ({"days": "three"}, "Please write a whole number"),
        ({"at": "25.00"}, "Please write a time, such as 08:00."),
        ({"audience": "present"}, "before the start"),
    ],
)
def test_errors_are_reported_and_the_input_is_kept(coordinator_client, wrong, sentence):
    answer = coordinator_client.post("/rules/new", data=RULE | {"timing": "before_start", "name": "Khusus"} | wrong)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert 'value="Khusus"' in answer.text
    assert db.session.query(ReminderRule).count() == len(rules.DEFAULT_RULES)


@pytest.mark.parametrize(
    "path",
    ["/rules?activity=99", "/rules/none/edit", "/rules/invitation/edit", "/texts/none/id", "/texts?programme=99"],
)
def test_an_unknown_record_gives_a_not_found_page(coordinator_client, path):
    assert coordinator_client.get(path).status_code == 404


def test_a_viewer_reads_rules_and_texts_and_changes_none(viewer_client, activity, ani):
    published_invitation(activity, ani)
    assert viewer_client.get("/rules").status_code == 200
    assert viewer_client.get("/texts").status_code == 200
    assert viewer_client.get("/texts/invitation-cadre/id/preview").status_code == 200
    for path in ("/rules/new", "/rules/three-days-before/edit", "/texts/invitation-cadre/id"):
        assert viewer_client.get(path).status_code == 403
        assert viewer_client.post(path, data=RULE | TEXT).status_code == 403


def test_a_text_is_edited_and_reset(coordinator_client):
    page = coordinator_client.get("/texts/invitation-cadre/id").text
    assert "Kami mengundang Bapak/Ibu mengikuti kegiatan “{kegiatan}”." in page
    assert "<code>{day_date}</code>" in page
    answer = coordinator_client.post("/texts/invitation-cadre/id", data=TEXT)
    assert (answer.status_code, answer.location) == (302, "/texts/invitation-cadre/id")
    assert "Undangan {kegiatan}" in coordinator_client.get("/texts").text
    assert coordinator_client.post("/texts/invitation-cadre/id/reset").status_code == 302
    assert db.session.query(MessageText).count() == 0


def test_an_unknown_placeholder_is_named_beside_its_field(coordinator_client):
    answer = coordinator_client.post("/texts/invitation-cadre/id", data=TEXT | {"subject": "{nomor_surat}"})
    assert answer.status_code == 422
    assert "“{nomor_surat}” is not a placeholder. Please choose one from the list of placeholders." in answer.text
    assert 'value="{nomor_surat}"' in answer.text
    assert db.session.query(MessageText).count() == 0


def test_a_preview_is_in_its_own_frame(coordinator_client, activity, ani):
    invitation = published_invitation(activity, ani)
    page = coordinator_client.get("/texts/invitation-cadre/id").text
    assert page.index('id="preview"') < page.index('form="text-form" formaction=') < page.index("<iframe")
    assert " sandbox " in page
    answer = coordinator_client.get(f"/texts/invitation-cadre/id/preview?invitation={invitation.id}")
    assert "Ani Wijaya" in answer.text
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'self'" in policy
    assert "script-src" not in policy


def test_the_invitees_for_a_preview_are_few_and_sorted(coordinator_client, activity):
    for number in range(20):
        published_invitation(activity, a_person(f"Kader {number:02}"))
    page = coordinator_client.get("/texts/invitation-cadre/id").text
    assert re.findall(r"Kader \d\d", page) == [f"Kader {number:02}" for number in range(15)]


@pytest.mark.parametrize(("language", "name"), [("id", "tempat"), ("en", "venue")])
def test_the_placeholders_are_in_the_readers_language(coordinator_client, language, name):
    page = coordinator_client.get(f"/texts/invitation-cadre/id?lang={language}").text
    assert set(re.findall(r"<code>\{(tempat|venue)\}</code>", page)) == {name}


@pytest.mark.parametrize("key", [key for key in KEYS if key.endswith("-organisation")])
def test_a_text_to_organisations_is_previewed_with_an_organisation(coordinator_client, activity, ani, police, key):
    inviting.invite_people([activity.id], [ani.id], Role.CADRE, by=None, now=NOW)
    inviting.invite_organisations([activity.id], {police.id: 2}, by=None, now=NOW)
    page = coordinator_client.get(f"/texts/{key}/id").text
    assert (ani.full_name in page, police.name in page) == (False, True)


def test_a_draft_is_previewed_as_html_and_as_text(coordinator_client, activity, ani):
    invitation = published_invitation(activity, ani)
    data = TEXT | {"body": "Halo <b>{nama}</b>", "invitation": str(invitation.id)}
    html = coordinator_client.post("/texts/invitation-cadre/id/preview", data=data | {"as": "html"}).text
    assert "Halo &lt;b&gt;Ani Wijaya&lt;/b&gt;" in html
    text = coordinator_client.post("/texts/invitation-cadre/id/preview", data=data | {"as": "text"}).text
    assert "<pre>Subject: Undangan Rapat koordinasi lintas sektor" in text
    wrong = coordinator_client.post("/texts/invitation-cadre/id/preview", data=data | {"body": "{x}"})
    assert wrong.status_code == 422
    assert "is not a placeholder" in wrong.text


def test_the_lists_take_as_many_queries_for_many_rows(coordinator_client, programme, hall, queries):
    number = programme.id

    def both():
        assert coordinator_client.get(f"/rules?programme={number}").status_code == 200
        assert coordinator_client.get(f"/texts?programme={number}").status_code == 200

    draft_activity(programme, hall, 18)
    both()
    few = queries(both)
    programme, hall = db.session.merge(programme), db.session.merge(hall)
    for day in range(19, 31):
        draft_activity(programme, hall, day)
    assert queries(both) == few


def test_the_mails_are_shown_before_a_rule_changes_for_published_activities(coordinator_client, activity, ani):
    publishing.publish([activity.id], by=None, now=NOW)
    published_invitation(activity, ani, invited_at=NOW)
    path = "/rules/three-days-before/edit"
    preview = coordinator_client.post(path, data=RULE)
    assert preview.status_code == 200
    assert "Who gets which mail when" in preview.text
    assert "Thu, 14 Jan 2027" in preview.text  # four days before, by its new rule
    assert db.session.scalar(sa.select(ReminderRule.days).where(ReminderRule.key == "three-days-before")) == 3
    again = coordinator_client.post(path, data=RULE | {"back": "1"})
    assert 'value="4"' in again.text
    answer = coordinator_client.post(path, data=RULE | {"confirm": "1"})
    assert answer.status_code == 302
    db.session.expire_all()
    assert db.session.scalar(sa.select(ReminderRule.days).where(ReminderRule.key == "three-days-before")) == 4
    assert "Who gets which mail when" in coordinator_client.post("/rules/three-days-before/reset").text


def test_a_rule_that_differs_only_in_its_name_is_refused(coordinator_client):
    twin = RULE | {"timing": "before_start", "days": "3", "at": "08:00", "name": "Sekali lagi"}
    answer = coordinator_client.post("/rules/new", data=twin)
    assert answer.status_code == 422
    assert "There is a rule like this already" in answer.text
    assert db.session.query(ReminderRule).count() == len(rules.DEFAULT_RULES)
    assert coordinator_client.post("/rules/new", data=twin | {"days": "2"}).status_code == 302


def test_a_reminder_missed_because_its_rule_changed_has_a_reason_in_words(app):
    with app.test_request_context("/?lang=en"):
        assert reason_words("rule_changed") == "Its rule was changed, and the new moment had passed already."


def test_a_rules_own_text_is_named_by_its_rule_and_not_by_a_key(administrator_client):
    data = {"days": "5", "at": "09:00", "audience": "coming", "text": "own", "timing": "before_start"}
    assert administrator_client.post("/rules/new", data=RULE | data).status_code == 302
    rule = db.session.scalars(sa.select(ReminderRule).where(ReminderRule.key.startswith("extra-"))).one()
    assert rule.text_key == f"rule-{rule.key}"
    pages = {path: administrator_client.get(path).text for path in ("/texts", f"/texts/{rule.text_key}/id", "/audit")}
    assert {path: len(re.findall(r"extra-\w+", page_text(page))) for path, page in pages.items()} == dict.fromkeys(
        pages, 0
    )
    named = "Own text of the rule “5 days before, at 09:00, to those coming, or their representative”"
    assert [named in unescape(pages[path]) for path in list(pages)[:2]] == [True, True]
    assert "An additional rule" in pages["/audit"]


@pytest.mark.usefixtures("clock_stands")
def test_a_trial_mail_of_an_unsaved_text_goes_only_to_its_author(app, activity, ani, coordinator, coordinator_client):
    inviting.invite_people([activity.id], [ani.id], Role.CADRE, by=None, now=NOW)
    path = "/texts/invitation-cadre/id/trial"
    text = {
        "subject": "Undangan: {kegiatan}",
        "greeting": "Yth. {nama}",
        "body": "Naskah baru.\n\nHadir: {tautan_hadir}",
    }
    with Server() as server:
        send_through(app, server)
        page = coordinator_client.post(path, data=text)
        assert (page.status_code, coordinator.email in page.text) == (200, True)
        (taken,) = server.taken
        refused = coordinator_client.post(path, data={**text, "subject": "{topic}"})
        assert refused.status_code == 422
        server.at["RCPT"] = "550 5.1.1 no such user"
        failed = coordinator_client.post(path, data=text)
        assert (failed.status_code, "no such user" in failed.text) == (422, True)
    assert taken.recipient == coordinator.email
    assert taken.mail["Subject"].startswith(("Uji coba: Undangan: Rapat", "Trial: Undangan: Rapat"))
    words = text_of(parsed(taken.data))
    assert "Naskah baru." in words
    assert "/j/contoh" in words
    assert db.session.query(MessageText).count() == 0


def test_a_viewer_cannot_send_a_trial_mail(viewer_client):
    assert viewer_client.post("/texts/invitation-cadre/id/trial").status_code == 403

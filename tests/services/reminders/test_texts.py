"""Editing mail texts: what may be stored, where a text applies, and a preview that reveals no link."""

import itertools

import pytest
import sqlalchemy as sa

from outreach.delivery import tokens
from outreach.delivery.mail.placeholders import NotInSubject, UnknownPlaceholder
from outreach.delivery.mail.texts import CALL_KEYS, KEYS, Text, shipped, text_for
from outreach.domain.kinds import Audience, Role, RuleTiming
from outreach.extensions import db
from outreach.models import AuditEntry, MessageText
from outreach.queries.reminders import texts as text_pages
from outreach.queries.reminders.texts import NobodyToPreview, Origin
from outreach.services.reminders import edit_rules, texts
from outreach.services.reminders.edit_rules import RuleValues
from outreach.services.reminders.texts import TextIncomplete, TextMissing, TextTooLong
from tests.world import NOW
from tests.world.composed import published_invitation

pytestmark = pytest.mark.usefixtures("any_app")

KEY = "invitation-cadre"


def a_text(subject="Undangan {kegiatan}", greeting="Halo {nama}", body="Jawab: {tautan}") -> Text:
    return Text(subject, greeting, body)


def save(text=None, key=KEY, locale="id", by=None, **scope):
    return texts.save(key, locale, text or a_text(), **scope, by=by, now=NOW)


def test_the_shipped_text_applies_without_an_edited_one(activity):
    assert text_for(KEY, "id", activity) == shipped(KEY, "id")
    assert text_pages.editor(KEY, "id").shown.origin is Origin.SHIPPED


def test_an_edited_text_applies_in_its_scope_and_language(activity, programme):
    save(a_text("Kantor"))
    save(a_text("Rangkaian"), programme_id=programme.id)
    assert text_for(KEY, "id", activity).subject == "Rangkaian"
    assert text_for(KEY, "en", activity) == shipped(KEY, "en")
    shown = text_pages.editor(KEY, "id", activity_id=activity.id).shown
    assert (shown.text.subject, shown.origin, shown.own) == ("Rangkaian", Origin.PROGRAMME, False)
    save(a_text("Sendiri"), activity_id=activity.id)
    assert text_for(KEY, "id", activity).subject == "Sendiri"


def test_saving_again_changes_the_stored_text():
    save(a_text("Satu"))
    save(a_text("Dua"))
    assert [row.subject for row in db.session.scalars(sa.select(MessageText))] == ["Dua"]


def test_an_edited_text_is_reset_to_the_shipped_text(activity, coordinator):
    save()
    texts.reset(KEY, "id", by=coordinator, now=NOW)
    assert text_for(KEY, "id", activity) == shipped(KEY, "id")
    with pytest.raises(TextMissing):
        texts.reset(KEY, "id", by=coordinator, now=NOW)


@pytest.mark.parametrize(
    ("text", "problem", "field"),
    [
        (a_text(subject=" "), TextIncomplete, "subject"),
        (a_text(body=""), TextIncomplete, "body"),
        (a_text(subject="x" * 200), None, None),
        (a_text(subject="x" * 201), TextTooLong, "subject"),
        (a_text(greeting="x" * 301), TextTooLong, "greeting"),
        (a_text(subject="{materi}"), NotInSubject, "subject"),
        (a_text(body="{nomor_surat}"), UnknownPlaceholder, "body"),
    ],
)
def test_a_text_that_no_mail_can_carry_is_not_stored(text, problem, field):
    if problem is None:
        save(text)
        return
    with pytest.raises(problem) as caught:
        save(text)
    assert caught.value.field == field
    assert db.session.query(MessageText).count() == 0


def test_line_ends_from_a_browser_are_normalised():
    assert save(a_text(body="a\r\n\r\nb\r\n")).body == "a\n\nb"


@pytest.mark.parametrize(("key", "locale"), [("none-such", "id"), (KEY, "fr"), ("rule-none-such", "id")])
def test_unknown_texts_are_refused(key, locale):
    with pytest.raises(TextMissing):
        text_pages.editor(key, locale)


def test_a_rules_own_text_starts_with_the_usual_text(coordinator):
    values = RuleValues(2, NOW.time(), Audience.COMING, own_text=True)
    rule = edit_rules.add(RuleTiming.BEFORE_START, values, by=coordinator, now=NOW)
    assert text_pages.editor(rule.text_key, "id").shown.text == shipped("reminder-coming", "id")
    save(a_text("Khusus"), key=rule.text_key)
    assert text_pages.editor(rule.text_key, "id").shown.text.subject == "Khusus"
    assert [key for key, _shown in text_pages.texts_page().rows] == [*KEYS, *CALL_KEYS, rule.text_key]


def test_a_preview_shows_a_real_invitee_and_reveals_no_link(activity, ani):
    invitation = published_invitation(activity, ani)
    written = text_pages.preview(KEY, "id", None, invitation.id, now=NOW)
    assert written.subject == "Undangan: Rapat koordinasi lintas sektor, Senin, 18 Januari 2027"
    assert "Ani Wijaya" in written.text
    assert "Ani Wijaya" in written.html
    token = tokens.token(tokens.link_for(db.session, ani))
    assert token not in written.text + written.html


def test_a_draft_is_previewed_without_being_stored(activity, ani):
    published_invitation(activity, ani)
    written = text_pages.preview(KEY, "en", a_text("Draft {activity}"), None, now=NOW)
    assert written.subject == "Draft Rapat koordinasi lintas sektor"
    assert db.session.query(MessageText).count() == 0


def test_every_text_has_a_preview(activity, ani, police, chief):
    published_invitation(activity, ani)
    published_invitation(activity, chief, Role.SPEAKER)
    asked = published_invitation(activity, police, Role.PARTICIPANT, quota=2)
    published_invitation(activity, chief, Role.PARTICIPANT, nominated_under_id=asked.id)
    for key, locale in itertools.product(KEYS, ("id", "en")):
        written = text_pages.preview(key, locale, None, None, now=NOW)
        assert "{" not in written.subject + written.text


def test_without_invitees_there_is_no_preview(activity, ani):
    with pytest.raises(NobodyToPreview):
        text_pages.preview(KEY, "id", None, None, now=NOW)
    published_invitation(activity, ani)
    text_pages.preview(KEY, "id", None, None, now=NOW)


def test_every_change_is_in_the_audit_log_without_the_text(activity, coordinator):
    save(a_text(body="Rahasia"), by=coordinator)
    texts.reset(KEY, "id", by=coordinator, now=NOW)
    entries = db.session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [(entry.action, entry.subject_name, entry.detail) for entry in entries] == [
        ("text.changed", "invitation-cadre (id)", {}),
        ("text.reset", "invitation-cadre (id)", {}),
    ]

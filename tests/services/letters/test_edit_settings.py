"""How letters are written is tried before it is saved; what fails leaves the last good settings in use."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from outreach.delivery.documents.letters import shipped_form
from outreach.delivery.documents.typeset import TemplateWrong
from outreach.domain.documents import StrayBlockBrace, UnknownBlockPlaceholder
from outreach.domain.letters.values import LetterKind, LetterSettings, TextBlocks
from outreach.extensions import db
from outreach.models import AuditEntry, StoredFile
from outreach.services.letters import edit_settings, settings
from outreach.services.letters.edit_settings import EmblemNoPicture, EmblemTooLarge, TemplateTooLong, emblem_of
from outreach.services.letters.settings import LetterTextMissing
from outreach.services.locking import Stale
from tests.world import NOW

pytestmark = pytest.mark.usefixtures("office")


def a_picture():
    """Return a PNG that typst itself drew."""
    return edit_settings.preview(LetterSettings(), LetterKind.INVITATION, ppi=5, now=NOW)[0]


def with_text(**parts):
    usual = {"subject": "Undangan", "opening": "Kepada {acara}", "closing": "Terima kasih."}
    return LetterSettings(blocks={LetterKind.INVITATION: TextBlocks(**{**usual, **parts})})


def test_settings_are_saved_and_recorded(administrator):
    edit_settings.save(with_text(closing="Salam."), 0, by=administrator, now=NOW)
    stored = settings.stored(db.session)
    assert (stored.values.blocks_of(LetterKind.INVITATION).closing, stored.version) == ("Salam.", 1)
    [entry] = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "office_letters.changed"))
    assert (entry.user_id, entry.detail) == (administrator.id, {"changed": ["blocks"]})
    with pytest.raises(Stale):
        edit_settings.save(LetterSettings(), 0, by=administrator, now=NOW)


@pytest.mark.parametrize(
    ("settings_", "problem", "field"),
    [
        (with_text(opening="Kepada\n{siapa}"), UnknownBlockPlaceholder, "invitation_opening"),
        (with_text(closing="Kepada {acara"), StrayBlockBrace, "invitation_closing"),
        (with_text(subject=" "), LetterTextMissing, "invitation_subject"),
        (LetterSettings(form="x" * 60_001), TemplateTooLong, "form"),
    ],
)
def test_a_wrong_text_is_refused_at_its_field(settings_, problem, field):
    with pytest.raises(problem) as refused:
        edit_settings.save(settings_, 0, by=None, now=NOW)
    assert refused.value.field == field
    assert settings.stored(db.session).version == 0


def test_a_wrong_template_is_refused_with_its_line_and_the_last_good_one_stays():
    good = shipped_form().decode().replace("22mm", "24mm")
    edit_settings.save(LetterSettings(form=good), 0, by=None, now=NOW)
    with pytest.raises(TemplateWrong) as wrong:
        edit_settings.save(LetterSettings(form=good + "\n#nothing"), 1, by=None, now=NOW)
    assert wrong.value.values["line"] == good.count("\n") + 2
    assert settings.current(db.session).values.form == good


def test_a_template_that_reads_a_file_is_refused():
    with pytest.raises(TemplateWrong):
        edit_settings.save(LetterSettings(form='#read("/etc/passwd")'), 0, by=None, now=NOW)


def test_an_emblem_is_kept_byte_for_byte_and_stands_in_the_letter():
    emblem = emblem_of(a_picture(), "..\\folder/lambang.exe.png")
    plain = edit_settings.preview(LetterSettings(), LetterKind.INVITATION, ppi=20, now=NOW)
    edit_settings.save(LetterSettings(), 0, emblem, by=None, now=NOW)
    [kept] = db.session.scalars(sa.select(StoredFile))
    assert (kept.data, kept.name, kept.media_type) == (emblem.data, "lambang.exe.png", "image/png")
    stored = settings.stored(db.session).values
    assert stored.letterhead.emblem == kept.sha256
    assert edit_settings.preview(stored, LetterKind.INVITATION, ppi=20, now=NOW) != plain


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"<svg onload='alert(1)'/>", EmblemNoPicture),
        (b"<html>", EmblemNoPicture),
        (b"", EmblemNoPicture),
        (b"\x89PNG\r\n\x1a\n" + bytes(2 * 1024 * 1024), EmblemTooLarge),
    ],
)
def test_what_is_no_picture_is_no_emblem(data, problem):
    with pytest.raises(problem):
        emblem_of(data, "lambang.png")


def test_a_broken_picture_is_refused_and_not_kept():
    with pytest.raises(EmblemNoPicture):
        edit_settings.save(LetterSettings(), 0, emblem_of(b"\x89PNG\r\n\x1a\nbroken", "a.png"), by=None, now=NOW)
    assert db.session.scalars(sa.select(StoredFile)).all() == []


@pytest.mark.parametrize("kind", list(LetterKind))
def test_each_kind_has_a_sample(kind):
    assert len(edit_settings.preview(replace(LetterSettings(), tells_end=True), kind, ppi=10, now=NOW)) in (1, 2)

"""Letters leave for Word and for Srikandi, and an office's template is tried before it is used."""

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from outreach.delivery.documents.word import form
from outreach.delivery.documents.word.letters import VARIABLES, VariableNotOnce
from outreach.delivery.documents.word.render import NoWordFile
from outreach.domain.letters.values import LetterKind, LetterState, SrikandiTexts
from outreach.extensions import db
from outreach.models import AuditEntry, StoredFile
from outreach.queries.letters.pages import version_of
from outreach.services.files import UploadTooLarge
from outreach.services.letters import compose, make, settings, word
from outreach.services.letters.compose import LetterSigned, text_of
from outreach.services.letters.versions import last_values
from outreach.services.letters.word import MOST_FORM, LetterNotRead, OwnForm
from outreach.services.locking import Stale
from tests.support.copied import copied
from tests.support.word_forms import own_form
from tests.support.word_forms import text_of as text_of_word
from tests.world import NOW, a_person, an_invitation, fresh

TEXTS = SrikandiTexts("Terbatas", "Segera", "400.2.4", {LetterKind.INVITATION: "Undangan"})
OWN = own_form("Tembusan:", "Tembusan disampaikan kepada Yth.:")


@copied
def letter(office, activity, coordinator):
    invitation = an_invitation(activity, a_person("", email="polres@example.com", post="Kapolres Metro"))
    return make.make(LetterKind.INVITATION, [invitation.id], by=coordinator, now=NOW)


def read(letter, coordinator):
    compose.compose(letter.id, text_of(last_values(letter)), letter.version, by=coordinator, now=NOW)
    return version_of(letter.id)[1]


def test_a_letter_that_was_read_is_taken_to_word_and_the_log_says_so(letter, coordinator):
    made = word.word(read(letter, coordinator), by=coordinator, now=NOW)
    text = text_of_word(made)
    assert "Yth.Kapolres Metro" in text
    assert "hari/tanggal\n:\nSenin, 18 Januari 2027" in text
    entry = db.session.scalar(sa.select(AuditEntry).order_by(AuditEntry.id.desc()))
    assert (entry.action, entry.user_id, entry.detail) == ("letter.taken_to_word", coordinator.id, {"version": 1})


def test_the_konsep_has_each_of_srikandis_variables(letter, coordinator):
    text = text_of_word(word.konsep(read(letter, coordinator), by=coordinator, now=NOW))
    assert [text.count(variable) for variable in VARIABLES.values()] == [1] * 8
    assert db.session.scalar(sa.select(AuditEntry.action).order_by(AuditEntry.id.desc())) == "letter.taken_to_srikandi"


def test_a_letter_that_nobody_read_or_that_is_signed_is_not_taken(letter, coordinator):
    with pytest.raises(LetterNotRead):
        word.word(version_of(letter.id)[1], by=coordinator, now=NOW)
    version = read(letter, coordinator)
    version.letter.state = LetterState.SIGNED
    db.session.commit()
    with pytest.raises(LetterSigned):
        word.konsep(version_of(letter.id)[1], by=coordinator, now=NOW)
    assert "letter.taken" not in " ".join(db.session.scalars(sa.select(AuditEntry.action)))


def test_the_offices_own_template_is_used_until_the_shipped_one_is_wanted_again(letter, coordinator):
    word.save(OwnForm(OWN, "kami.docx"), TEXTS, 0, by=None, now=NOW)
    assert word.form_in_use(db.session) == OWN
    assert settings.stored(db.session).values.srikandi == TEXTS
    assert "Tembusan" not in text_of_word(
        word.word(read(letter, coordinator), by=coordinator, now=NOW)
    )  # no copies here
    word.save(None, TEXTS, 1, by=None, now=NOW)
    assert word.form_in_use(db.session) == OWN
    word.save(None, TEXTS, settings.stored(db.session).version, shipped=True, by=None, now=NOW)
    assert word.form_in_use(db.session) == form.shipped()


def test_a_wrong_template_changes_nothing_and_the_last_good_one_stays(office):
    word.save(OwnForm(OWN, "kami.docx"), TEXTS, 0, by=None, now=NOW)
    for data, problem in (
        (b"<html>", NoWordFile),
        (own_form("{{ ttd }}", ""), VariableNotOnce),
        (b"PK" + bytes(MOST_FORM), UploadTooLarge),
    ):
        with pytest.raises(problem) as refused, capture_logs() as logged:
            word.save(OwnForm(data, "../lain.docx"), SrikandiTexts(), 1, by=None, now=NOW)
        assert refused.value.field == "form"
        assert [(entry["event"], entry["why"]) for entry in logged] == [("word template refused", problem.__name__)]
    assert word.form_in_use(db.session) == OWN
    assert settings.stored(db.session).values.srikandi == TEXTS
    assert db.session.scalars(sa.select(StoredFile.name)).all() == ["kami.docx"]


def test_of_two_who_change_the_settings_the_second_is_told(office):
    word.save(None, TEXTS, 0, by=None, now=NOW)
    with pytest.raises(Stale):
        word.save(None, SrikandiTexts(), 0, by=None, now=NOW)


def test_a_letter_changed_meanwhile_is_not_taken(letter, coordinator, monkeypatch):
    version = read(letter, coordinator)
    composed = word.word_letters.word

    def while_somebody_saves(*values, **options):
        made = composed(*values, **options)
        fresh(letter).subject = "Lain"
        db.session.commit()
        return made

    monkeypatch.setattr(word.word_letters, "word", while_somebody_saves)
    with pytest.raises(Stale):
        word.word(version, by=coordinator, now=NOW)

"""Many letters as one file: each is in it, it can be stopped, and it belongs to who made it."""

import io
import re
import zipfile
from dataclasses import replace
from datetime import date, timedelta

import pypdfium2
import pytest
import sqlalchemy as sa

from outreach.domain.letters.values import LetterKind, LetterSettings
from outreach.engines.chores import UPLOADS
from outreach.extensions import current_settings, db
from outreach.models import AuditEntry, OfficeLetters, StoredFile
from outreach.services import bundles
from outreach.services.bundles import BundleForm, BundleGone, BundlePart, BundleState, BundleTooLarge
from outreach.services.letters import bundle, compose, make
from outreach.services.letters.bundle import NoLettersChosen
from outreach.services.letters.compose import text_of
from outreach.services.letters.versions import last_values
from outreach.services.privacy import person as privacy
from tests.support.copied import copied
from tests.world import NOW, a_person, an_invitation, fresh, until


@copied
def letters(activity, coordinator):
    people = [an_invitation(activity, a_person(f"Orang {number}")).id for number in range(5)]
    return make.make_each(LetterKind.INVITATION, people, by=coordinator, now=NOW)


def begun(letters, form, coordinator, *, to_sign=False):
    ids = [letter.id for letter in letters]
    return bundle.start(ids, form, to_sign=to_sign, by=coordinator, now=NOW, launch=lambda _key: None)


def made(letters, form, coordinator, **options):
    key = begun(letters, form, coordinator, **options)
    bundle.work(key)
    found, path = bundles.result(key, by=coordinator)
    return found, path.read_bytes()


def pages_of(data):
    with pypdfium2.PdfDocument(data) as document:
        return [re.sub(r"\s+", " ", page.get_textpage().get_text_range()) for page in document]


def test_erasing_somebody_deletes_what_is_made_and_what_is_being_made(letters, coordinator):
    then = NOW - timedelta(days=400)  # so that none is too old for the next
    ids = [letter.id for letter in letters]
    finished, waiting, working = (
        bundle.start(ids, BundleForm.ZIP, to_sign=False, by=coordinator, now=then, launch=lambda _key: None) for _ in range(3)
    )  # fmt: skip
    bundle.work(finished)
    assert bundles.result(finished, by=coordinator)[1].exists()
    person = letters[0].invitations[0].person

    def erase(_press):
        privacy.erase(person.id, by=coordinator, now=NOW)
        return b"%PDF"

    bundles.work(
        working, lambda _bundle: [BundlePart("Surat", "surat.pdf", erase), BundlePart("Surat", "dua.pdf", erase)]
    )
    for key in (finished, waiting, working):
        with pytest.raises(BundleGone):
            bundles.read(key, by=coordinator)
    with pytest.raises(BundleGone):
        bundle.work(waiting)
    folder = current_settings().instance / "documents"
    assert {path.suffix for path in folder.iterdir() if path.stem in (finished, waiting, working)} == {".gone"}


def test_a_zip_has_a_pdf_for_each_letter(letters, coordinator):
    found, data = made(letters, BundleForm.ZIP, coordinator)
    assert (found.state, found.done, found.left_out) == (BundleState.DONE, 5, 0)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        texts = [pages_of(archive.read(name))[0] for name in archive.namelist()]
    assert [f"Orang {number}" in text and "KONSEP" in text for number, text in enumerate(texts)] == [True] * 5


def test_one_pdf_has_the_pages_of_all_letters_in_order(letters, coordinator):
    _found, data = made(letters, BundleForm.PDF, coordinator)
    assert [re.search(r"Orang \d", page)[0] for page in pages_of(data)] == [f"Orang {number}" for number in range(5)]


def test_to_be_signed_are_only_letters_with_number_and_date(letters, coordinator):
    first = letters[0]
    text = replace(text_of(last_values(first)), number="005/12/2027", dated_on=date(2027, 1, 4))
    compose.compose(first.id, text, first.version, by=coordinator, now=NOW)
    found, data = made(letters, BundleForm.PDF, coordinator, to_sign=True)
    [page] = pages_of(data)
    assert (found.left_out, "KONSEP" in page, "005/12/2027" in page) == (4, False, True)
    taken = db.session.scalars(
        sa.select(AuditEntry.subject_id).where(AuditEntry.action == "letter.taken_to_sign")
    ).all()
    assert taken == [first.id]


def test_nothing_is_made_of_no_letters(letters, coordinator):
    with pytest.raises(NoLettersChosen):
        begun([], BundleForm.ZIP, coordinator)
    with pytest.raises(NoLettersChosen):
        begun(letters, BundleForm.ZIP, coordinator, to_sign=True)


def test_a_signed_letter_is_in_it_byte_for_byte(letters, coordinator):
    _found, other = made(letters[1:2], BundleForm.PDF, coordinator)
    first = fresh(letters[0])
    first.signed_file = StoredFile(
        sha256="0" * 64, size=len(other), media_type="application/pdf", name="a.pdf", data=other, uploaded_at=NOW
    )
    db.session.commit()
    _found, data = made([first], BundleForm.ZIP, coordinator)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert [archive.read(name) for name in archive.namelist()] == [other]


def test_a_zip_grows_on_the_disk_while_it_is_made(letters, coordinator, monkeypatch):
    key, sizes = begun(letters, BundleForm.ZIP, coordinator), []
    add = bundles._Making.add

    def watched(making, letter, data):
        add(making, letter, data * 10)  # larger than what a file keeps in its buffer
        sizes.append(sum(path.stat().st_size for path in bundles._folder().glob(f"{key}.*") if path.suffix != ".json"))

    monkeypatch.setattr(bundles._Making, "add", watched)
    bundle.work(key)
    assert sizes == sorted(set(sizes))
    assert sizes[0] > 0
    assert [path.suffix for path in sorted(bundles._folder().glob(f"{key}.*"))] == [".json", ".zip"]


def test_letters_too_large_for_one_pdf_are_refused_with_a_sentence(letters, coordinator, monkeypatch):
    monkeypatch.setattr(bundles, "MOST_PDF_BYTES", 1024**2)
    monkeypatch.setattr(bundle, "_pdf", lambda *_arguments, **_options: b"%PDF-" + bytes(300_000))
    key = begun(letters, BundleForm.PDF, coordinator)
    bundle.work(key)
    found = bundles.read(key, by=coordinator)
    assert (found.state, found.problem) == (BundleState.FAILED, BundleTooLarge.message)
    assert found.values == {"megabytes": "1"}
    assert made(letters, BundleForm.ZIP, coordinator)[0].state is BundleState.DONE


def test_stopped_before_it_began_it_has_no_file(letters, coordinator):
    key = begun(letters, BundleForm.ZIP, coordinator)
    bundles.stop(key, by=coordinator)
    bundle.work(key)
    found = bundles.read(key, by=coordinator)
    assert (found.state, found.done) == (BundleState.STOPPED, 0)
    with pytest.raises(BundleGone):
        bundles.result(key, by=coordinator)


def test_it_belongs_to_who_made_it_and_its_name_cannot_be_guessed(letters, coordinator, administrator):
    key = begun(letters, BundleForm.ZIP, coordinator)
    for stranger, other in ((administrator, key), (coordinator, "../../outreach"), (coordinator, "x" * 32)):
        with pytest.raises(BundleGone):
            bundles.read(other, by=stranger)


def test_after_a_day_it_is_deleted(letters, coordinator):
    key = begun(letters, BundleForm.ZIP, coordinator)
    assert UPLOADS.do(lambda: NOW + timedelta(days=365 * 50), lambda: False)["bundles"] == 1
    with pytest.raises(BundleGone):
        bundles.read(key, by=coordinator)


def test_a_template_that_fails_is_told(letters, coordinator):
    broken = LetterSettings(form="#nothing")
    db.session.add(OfficeLetters(values={"form": broken.form}))
    db.session.commit()
    key = begun(letters, BundleForm.ZIP, coordinator)
    bundle.work(key)
    found = bundles.read(key, by=coordinator)
    assert (found.state, found.values) == (BundleState.FAILED, {"line": "1", "said": "unknown variable: nothing"})


def test_a_letter_that_cannot_be_printed_is_named(letters, coordinator):
    second = letters[1]
    text = replace(text_of(last_values(second)), closing="Terima kasih 你")
    compose.compose(second.id, text, second.version, by=coordinator, now=NOW)
    key = begun(letters, BundleForm.ZIP, coordinator)
    bundle.work(key)
    found = bundles.read(key, by=coordinator)
    assert (found.state, found.values) == (BundleState.FAILED, {"character": "你"})
    assert found.at_document == fresh(second).title


def test_a_process_of_its_own_makes_it(letters, coordinator):
    key = bundle.start([letters[0].id], BundleForm.PDF, to_sign=False, by=coordinator, now=NOW)
    assert until(lambda: bundles.read(key, by=coordinator).state is not BundleState.RUNNING)
    assert "Orang 0" in pages_of(bundles.result(key, by=coordinator)[1].read_bytes())[0]

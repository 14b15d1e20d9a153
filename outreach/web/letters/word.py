"""A letter for Word, a letter for Srikandi with what is to be typed there, and the office's template for both."""

from typing import Any

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from flask_wtf.file import FileField
from werkzeug.utils import secure_filename
from wtforms import BooleanField, StringField
from wtforms.validators import Length

from outreach import clock
from outreach.delivery.documents.word.letters import MEDIA_TYPE
from outreach.delivery.words.labels import LABELS
from outreach.domain.kinds import LetterKind
from outreach.domain.letters.values import (
    DOCUMENT_TYPES,
    NATURES,
    URGENCIES,
    SrikandiTexts,
    srikandi_metadata,
)
from outreach.queries.letters import pages as letter_pages
from outreach.services.letters import word
from outreach.services.letters.settings import StoredSettings
from outreach.services.letters.versions import LetterMissing
from outreach.services.letters.word import OwnForm
from outreach.web.fields.fields import ChoiceField, strip
from outreach.web.fields.problems import flashing_problems, renew_version, showing_problems
from outreach.web.fields.times import Versioned
from outreach.web.frame.access import administrator_required, coordinator_required, staff_required
from outreach.web.letters.blueprint import bp

# What a template can say, in the order of a letter.
VALUES: dict[str, Any] = {
    "kop": _l("list: lines of the letterhead"),
    "alamat_kop": _l("list: lines of its address"),
    "lambang": _l("the emblem; empty if there is none"),
    "kota": _l("place of writing"),
    "tanggal": _l("date; once in the letter"),
    "nomor": _l("number; once in the letter"),
    "sifat": _l("urgency; once in the letter"),
    "lampiran": _l("attachments"),
    "hal": _l("subject; once in the letter"),
    "tujuan": _l("list: addressees"),
    "daftar_terlampir": _l("“(daftar terlampir)” if there are more than four addressees, otherwise empty"),
    "di": _l("line below the addressees"),
    "pembuka": _l("list: paragraphs before the facts"),
    "keterangan": _l("list: for each activity a list of rows with label and isi"),
    "penutup": _l("list: paragraphs after the facts"),
    "jabatan": _l("post of who signs; once in the letter"),
    "ttd": _l("place of the signature, empty in Word; once in the letter"),
    "nama": _l("name of who signs; once in the letter"),
    "pangkat": _l("rank"),
    "label_nip": _l("NIP or NRP"),
    "nip": _l("that number; once in the letter"),
    "tembusan": _l("list: copies to"),
    "susunan_acara": _l("list: lines of the agenda with hari, hari_baru, waktu, acara and narasumber"),
    "zona": _l("time zone of the agenda"),
    "nomor_ulang": _l("number again, for attached pages"),
    "tanggal_ulang": _l("date again, for attached pages"),
    "kode": _l("the letter's code; needed, best in the footer"),
    "alamat_periksa": _l("address where anybody can check the letter"),
    "tanpa_biaya": _l("sentence that no fee is ever asked; needed"),
}


class WordSettingsForm(Versioned):
    form = FileField(
        _l("Template of your own"),
        description=_l("A Word document (.docx) of at most 5 MB. It is tried before it is used."),
    )
    shipped = BooleanField(_l("Use the shipped template again"))
    nature = ChoiceField(_l("Usual sifat in Srikandi"), choices=[(name, name) for name in NATURES])
    urgency = ChoiceField(_l("Usual urgensi in Srikandi"), choices=[(name, name) for name in URGENCIES])
    classification = StringField(
        _l("Klasifikasi"), [Length(max=60)], description=_l("The archive code that your letters have, such as 400.2.4.")
    )

    def fill(self, stored: StoredSettings) -> None:
        texts = stored.values.srikandi
        self.version.data = str(stored.version)
        self.nature.data, self.urgency.data, self.classification.data = (
            texts.nature,
            texts.urgency,
            texts.classification,
        )
        for kind in LetterKind:
            self[kind.value].data = texts.document_type(kind)

    @property
    def document_types(self) -> list[Any]:
        return [self[kind.value] for kind in LetterKind]

    @property
    def texts(self) -> SrikandiTexts:
        named = {kind: strip(self[kind.value].data) for kind in LetterKind}
        return SrikandiTexts(
            self.nature.data,
            self.urgency.data,
            strip(self.classification.data),
            {kind: name for kind, name in named.items() if name and name != DOCUMENT_TYPES[kind]},
        )

    @property
    def own(self) -> OwnForm | None:
        sent = self.form.data
        if not sent or not sent.filename:
            return None
        return OwnForm(sent.stream.read(word.MOST_FORM + 1), sent.filename)


for _kind in LetterKind:
    setattr(WordSettingsForm, _kind.value, StringField(LABELS[LetterKind, _kind.value], [Length(max=60)]))


@bp.post("/letters/<int:letter_id>/word")
@coordinator_required
def to_word(letter_id: int) -> Any:
    """Return the letter as .docx, to be finished in Word. The audit log records it."""
    letter, version = letter_pages.version_of(letter_id)
    name = letter.number or letter.code
    with flashing_problems(but=LetterMissing):
        return docx_response(word.word(version, by=current_user, now=clock.now()), f"surat {name}")
    return redirect(url_for(".show", letter_id=letter_id))


@bp.get("/letters/<int:letter_id>/srikandi")
@staff_required
def srikandi(letter_id: int) -> str:
    """Show what is to be typed into Srikandi."""
    page = letter_pages.letter_page(letter_id)
    texts = letter_pages.settings().values.srikandi
    return render_template("letters/srikandi.html", page=page, metadata=srikandi_metadata(page.values, texts))


@bp.post("/letters/<int:letter_id>/srikandi")
@coordinator_required
def to_srikandi(letter_id: int) -> Any:
    """Return Srikandi's konsep. The audit log records it."""
    letter, version = letter_pages.version_of(letter_id)
    code = letter.code
    with flashing_problems(but=LetterMissing):
        return docx_response(word.konsep(version, by=current_user, now=clock.now()), f"konsep {code}")
    return redirect(url_for(".srikandi", letter_id=letter_id))


@bp.route("/office/letters/word", methods=["GET", "POST"])
@administrator_required
def word_settings() -> Any:
    form, stored = WordSettingsForm(), letter_pages.settings()
    if request.method == "GET":
        form.fill(stored)
        return _page(form, stored)
    if form.validate():
        with showing_problems(form) as refusal:
            word.save(
                form.own, form.texts, form.version_number, shipped=form.shipped.data, by=current_user, now=clock.now()
            )
            flash(_("Saved. Letters taken from now on are made so."), "success")
            return redirect(url_for(".word_settings"))
        renew_version(form, refusal.problem, letter_pages.settings().version)
    return _page(form, stored), 422


@bp.get("/office/letters/word/template")
@administrator_required
def word_template() -> Response:
    """Return the template in use, to be changed in Word."""
    return docx_response(letter_pages.word_form(), "templat surat")


def docx_response(data: bytes, name: str) -> Response:
    response = make_response(data)
    response.headers.set("Content-Disposition", "attachment", filename=secure_filename(f"{name}.docx".lower()))
    response.content_type = MEDIA_TYPE
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _page(form: WordSettingsForm, stored: StoredSettings) -> str:
    return render_template("letters/word_settings.html", form=form, stored=stored, names=VALUES)

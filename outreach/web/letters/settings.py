"""How letters are written: letterhead, signatory, texts and template, with a sample letter as picture. For administrators."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from flask_wtf.file import FileField
from wtforms import BooleanField, StringField, TextAreaField
from wtforms.validators import Length

from outreach import clock
from outreach.delivery.documents.letters import shipped_form
from outreach.delivery.documents.parts import PPI
from outreach.delivery.words.labels import LABELS, label
from outreach.domain.documents import Letterhead
from outreach.domain.kinds import LetterKind
from outreach.domain.letters.values import DEFAULT_BLOCKS, PLACEHOLDERS, LetterSettings, TextBlocks
from outreach.domain.problems import Problem
from outreach.extensions import limiter
from outreach.queries.letters import pages as letter_pages
from outreach.services.letters import edit_settings
from outreach.services.letters.edit_settings import Emblem
from outreach.services.letters.settings import StoredSettings
from outreach.web.documents.preview import PREVIEWS, preview_response
from outreach.web.fields.fields import ChoiceField, strip
from outreach.web.fields.problems import renew_version, showing_problems
from outreach.web.fields.times import Versioned
from outreach.web.frame.access import administrator_required
from outreach.web.frame.say import say
from outreach.web.letters.blueprint import bp
from outreach.web.letters.forms import MOST_LINE, MOST_TEXT, SignatoryFields, lines, paragraphs

PARTS_OF_TEXT = {"subject": _l("Subject (hal)"), "opening": _l("Opening"), "closing": _l("Closing")}
MEANINGS: dict[str, Any] = {
    "acara": _l("the activity's title; of several, the programme's or all titles"),
    "rangkaian": _l("the programme's title"),
    "hari_tanggal": _l("weekday and date; empty if the letter is for several activities"),
    "waktu": _l("the hours; empty if the letter is for several activities"),
    "tempat": _l("the venue and its address; empty if the letter is for several activities"),
    "materi": _l("the topics on which they speak"),
    "unit": _l("the office's short name"),
    "nomor_awal": _l("number of the letter that is corrected or cancelled"),
    "tanggal_awal": _l("its date"),
    "hal_awal": _l("its subject"),
    "alasan": _l("the reason for the change, postponement or cancellation"),
}


class LetterSettingsForm(SignatoryFields, Versioned):
    head = TextAreaField(
        _l("Letterhead"),
        [Length(max=MOST_TEXT)],
        description=_l(
            "As on paper, each line on its own. Empty: the government of your kabupaten or kota, and the office's name."
        ),
    )
    address = TextAreaField(
        _l("Address in the letterhead"), [Length(max=MOST_TEXT)], description=_l("Empty: as on the page of the office.")
    )
    emblem = FileField(_l("Emblem"), description=_l("A PNG or JPEG picture of at most 2 MB."))
    without_emblem = BooleanField(_l("Remove the present emblem"))
    place = StringField(
        _l("Place of writing"),
        [Length(max=60)],
        description=_l("Stands before the date. Empty: your kabupaten or kota."),
    )
    nature = StringField(_l("Usual urgency (sifat)"), [Length(max=60)])
    destination = StringField(
        _l("Line below the addressees"), [Length(max=MOST_LINE)], description=_l("Such as di Tempat.")
    )
    copies = TextAreaField(_l("Usual copies to (tembusan)"), [Length(max=MOST_TEXT)], description=_l("One a line."))
    tells_end = BooleanField(
        _l("Write when an activity ends"), description=_l("Otherwise a letter says “pukul 08.00 WIB s.d. selesai”.")
    )
    form = TextAreaField(
        _l("Template"),
        description=_l("Form and order of the letter's parts, written for typst. Empty: as shipped."),
    )
    shown = ChoiceField(
        _l("Preview of"),
        choices=[(kind.value, LABELS[LetterKind, kind.value]) for kind in LetterKind],
        default=LetterKind.INVITATION.value,
    )

    def text_fields(self, kind: LetterKind) -> list[Any]:
        return [self[_named(kind, part)] for part in PARTS_OF_TEXT]

    def fill(self, stored: StoredSettings) -> None:
        values = stored.values
        self.version.data = str(stored.version)
        self.head.data, self.address.data = (
            "\n".join(part) for part in (values.letterhead.lines, values.letterhead.address)
        )
        for name in ("place", "nature", "destination", "tells_end", "form"):
            self[name].data = getattr(values, name)
        self.copies.data = "\n".join(values.copies)
        self.fill_signatory(values.signatory)
        for kind in LetterKind:
            for part in PARTS_OF_TEXT:
                self[_named(kind, part)].data = getattr(values.blocks_of(kind), part)

    def values(self, stored: StoredSettings) -> LetterSettings:
        """Return the settings as written. stored: keeps the present emblem, and what other pages change."""
        emblem = "" if self.without_emblem.data else stored.values.letterhead.emblem
        texts = {
            kind: TextBlocks(**{part: paragraphs(self[_named(kind, part)].data) for part in PARTS_OF_TEXT})
            for kind in LetterKind
        }
        form = (self.form.data or "").replace("\r\n", "\n").strip()
        return replace(
            stored.values,
            letterhead=Letterhead(lines(self.head.data), lines(self.address.data), emblem),
            signatory=self.signatory,
            place=strip(self.place.data),
            nature=strip(self.nature.data),
            destination=strip(self.destination.data),
            copies=lines(self.copies.data),
            tells_end=self.tells_end.data,
            blocks={kind: text for kind, text in texts.items() if text != DEFAULT_BLOCKS[kind]},
            form="" if form == shipped_form().decode().strip() else form,
        )

    @property
    def new_emblem(self) -> Emblem | None:
        """Return the chosen picture; raise EmblemNoPicture or EmblemTooLarge."""
        sent = self.emblem.data
        if not sent or not sent.filename:
            return None
        return edit_settings.emblem_of(sent.stream.read(), sent.filename)


def _named(kind: LetterKind, part: str) -> str:
    return f"{kind.value}_{part}"


for _kind in LetterKind:
    for _part, _words in PARTS_OF_TEXT.items():
        _field: Any = StringField if _part == "subject" else TextAreaField
        setattr(LetterSettingsForm, _named(_kind, _part), _field(_words, [Length(max=MOST_TEXT)]))


@bp.route("/office/letters", methods=["GET", "POST"])
@administrator_required
def settings() -> Any:
    form, stored = LetterSettingsForm(), letter_pages.settings()
    if request.method == "GET":
        form.fill(stored)
        return _page(form, stored)
    if form.validate():
        with showing_problems(form) as refusal:
            edit_settings.save(
                form.values(stored), form.version_number, form.new_emblem, by=current_user, now=clock.now()
            )
            flash(_("Saved. Letters made from now on are written so."), "success")
            return redirect(url_for(".settings"))
        renew_version(form, refusal.problem, letter_pages.settings().version)
    return _page(form, stored), 422


@bp.route("/office/letters/preview", methods=["GET", "POST"])
@administrator_required
@limiter.limit(PREVIEWS, methods=["POST"])
def settings_preview() -> Response:
    """Return a sample letter as pictures, for a frame. GET uses the stored settings, POST those being written."""
    form, stored = LetterSettingsForm(), letter_pages.settings()
    kind = LetterKind(form.shown.data) if form.shown.data in set(LetterKind) else LetterKind.INVITATION
    try:
        values, emblem = (form.values(stored), form.new_emblem) if request.method == "POST" else (stored.values, None)
        drawn = edit_settings.preview(values, kind, emblem, ppi=PPI, now=clock.now())
    except Problem as problem:
        return preview_response((), " ".join(_where(problem)) + say(problem))
    return preview_response(drawn)


@bp.post("/office/letters/template")
@administrator_required
def shipped_template() -> Any:
    """Put the shipped template into the form, to be changed there. Nothing is saved."""
    form, stored = LetterSettingsForm(), letter_pages.settings()
    form.form.data = shipped_form().decode()
    return _page(form, stored)


def _where(problem: Problem) -> Iterator[str]:
    """Yield in which text the problem is."""
    kind, _underscore, part = (problem.field or "").rpartition("_")
    if kind in set(LetterKind):
        yield f"{label(LetterKind(kind))}, {PARTS_OF_TEXT[part]}: "


def _page(form: LetterSettingsForm, stored: StoredSettings) -> str:
    used = letter_pages.completed_settings(replace(stored.values, form=""))
    return render_template(
        "letters/settings.html", form=form, stored=stored, used=used, kinds=LetterKind, placeholders=MEANINGS,
        names=PLACEHOLDERS,
    )  # fmt: skip

"""How certificates are written: numbers, signatory, texts and template, with a sample as picture. For administrators."""

from collections.abc import Iterator
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from wtforms import StringField, TextAreaField
from wtforms.validators import Length

from outreach import clock
from outreach.delivery.documents.certificates import shipped_form
from outreach.delivery.documents.parts import PPI
from outreach.delivery.words.labels import LABELS, label
from outreach.domain.certificates import (
    DEFAULT_BLOCKS,
    MOST_IN_A_NUMBER,
    PLACEHOLDERS,
    CertificateBlocks,
    CertificateSettings,
)
from outreach.domain.kinds import CertificateKind
from outreach.domain.problems import Problem
from outreach.extensions import limiter
from outreach.queries import certificates as pages
from outreach.services.certificates import edit_settings
from outreach.services.certificates.settings import StoredCertificateSettings
from outreach.web.certificates.views import bp
from outreach.web.documents.preview import PREVIEWS, preview_response
from outreach.web.fields.fields import ChoiceField, strip
from outreach.web.fields.problems import renew_version, showing_problems
from outreach.web.fields.times import Versioned
from outreach.web.frame.access import administrator_required
from outreach.web.frame.say import say
from outreach.web.letters.forms import MOST_LINE, MOST_TEXT, SignatoryFields, paragraphs

PARTS_OF_CERTIFICATE = {
    "heading": _l("Heading"),
    "lead": _l("Before the name"),
    "opening": _l("After the name, before the activity"),
    "closing": _l("After the activity"),
}
MEANINGS: dict[str, Any] = {
    "acara": _l("the activity's title"),
    "rangkaian": _l("the programme's title"),
    "hari_tanggal": _l("weekday and date; of several days, from when to when"),
    "waktu": _l("from when to when, with the time zone"),
    "tempat": _l("the venue"),
    "unit": _l("the office's short name"),
}


class CertificateSettingsForm(SignatoryFields, Versioned):
    pattern = StringField(
        _l("Pattern of the numbers"),
        [Length(max=MOST_IN_A_NUMBER)],
        description=_l(
            "{n} counts from 001 in each year, {year} is the year. {unit} is the office's short name, {month} the month "
            "in Roman numerals."
        ),
    )
    form = TextAreaField(
        _l("Template"),
        description=_l("Form and order of the certificate's parts, written for typst. Empty: as shipped."),
    )
    shown = ChoiceField(
        _l("Preview of"),
        choices=[(kind.value, LABELS[CertificateKind, kind.value]) for kind in CertificateKind],
        default=CertificateKind.PARTICIPANT.value,
    )

    def text_fields(self, kind: CertificateKind) -> list[Any]:
        return [self[_named(kind, part)] for part in PARTS_OF_CERTIFICATE]

    def fill(self, stored: StoredCertificateSettings) -> None:
        values = stored.values
        self.version.data, self.pattern.data, self.form.data = str(stored.version), values.pattern, values.form
        self.fill_signatory(values.signatory)
        for kind in CertificateKind:
            for part in PARTS_OF_CERTIFICATE:
                self[_named(kind, part)].data = getattr(values.blocks_of(kind), part)

    @property
    def values(self) -> CertificateSettings:
        """Return the settings as written. Texts as they are shipped are not stored."""
        texts = {
            kind: CertificateBlocks(
                **{part: paragraphs(self[_named(kind, part)].data) for part in PARTS_OF_CERTIFICATE}
            )
            for kind in CertificateKind
        }
        form = (self.form.data or "").replace("\r\n", "\n").strip()
        return CertificateSettings(
            pattern=strip(self.pattern.data),
            signatory=self.signatory,
            blocks={kind: text for kind, text in texts.items() if text != DEFAULT_BLOCKS[kind]},
            form="" if form == shipped_form().decode().strip() else form,
        )


def _named(kind: CertificateKind, part: str) -> str:
    return f"{kind.value}_{part}"


for _kind in CertificateKind:
    for _part, _words in PARTS_OF_CERTIFICATE.items():
        _field: Any = TextAreaField if _part == "closing" else StringField
        _most = MOST_TEXT if _part == "closing" else MOST_LINE
        setattr(CertificateSettingsForm, _named(_kind, _part), _field(_words, [Length(max=_most)]))


@bp.route("/office/certificates", methods=["GET", "POST"])
@administrator_required
def settings() -> Any:
    form = CertificateSettingsForm()
    if request.method == "GET":
        form.fill(pages.settings())
        return _page(form)
    if form.validate():
        with showing_problems(form) as refusal:
            edit_settings.save(form.values, form.version_number, by=current_user, now=clock.now())
            flash(_("Saved. Certificates made from now on are written so."), "success")
            return redirect(url_for(".settings"))
        renew_version(form, refusal.problem, pages.settings().version)
    return _page(form), 422


@bp.route("/office/certificates/preview", methods=["GET", "POST"])
@administrator_required
@limiter.limit(PREVIEWS, methods=["POST"])
def settings_preview() -> Response:
    """Return a sample certificate as a picture, for a frame. GET uses the stored settings, POST those being written."""
    form = CertificateSettingsForm()
    known = form.shown.data in set(CertificateKind)
    kind = CertificateKind(form.shown.data) if known else CertificateKind.PARTICIPANT
    values = form.values if request.method == "POST" else pages.settings().values
    try:
        drawn = edit_settings.preview(values, kind, ppi=PPI, now=clock.now())
    except Problem as problem:
        return preview_response((), " ".join(_where(problem)) + say(problem))
    return preview_response(drawn)


@bp.post("/office/certificates/template")
@administrator_required
def shipped_template() -> Any:
    """Put the shipped template into the form, to be changed there. Nothing is saved."""
    form = CertificateSettingsForm()
    form.form.data = shipped_form().decode()
    return _page(form)


def _where(problem: Problem) -> Iterator[str]:
    """Yield in which text the problem is."""
    kind, _underscore, part = (problem.field or "").rpartition("_")
    if kind in set(CertificateKind):
        yield f"{label(CertificateKind(kind))}, {PARTS_OF_CERTIFICATE[part]}: "


def _page(form: CertificateSettingsForm) -> str:
    return render_template(
        "certificates/settings.html", form=form, kinds=CertificateKind, placeholders=MEANINGS, names=PLACEHOLDERS,
        used=pages.signatory_used(),
    )  # fmt: skip

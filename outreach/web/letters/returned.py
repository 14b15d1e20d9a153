"""A signed letter comes back: its file is uploaded, looked at and accepted; and the choice that mails wait for it."""

from typing import Any

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_login import current_user
from flask_wtf.file import FileField
from werkzeug.utils import secure_filename
from wtforms import BooleanField, HiddenField, StringField
from wtforms.validators import Length

from outreach import clock
from outreach.delivery.documents.returned_pdf import MOST_BYTES
from outreach.delivery.words import signatures as words
from outreach.domain.letters.signatures import ReturnReport
from outreach.extensions import db, limiter
from outreach.models import Letter
from outreach.queries.letters import mailed as mailed_letters
from outreach.queries.letters import pages as letter_pages
from outreach.queries.letters import returned as returned_pages
from outreach.services.letters import returned, roots, waiting
from outreach.services.letters.versions import LetterMissing
from outreach.services.messages import send_letter
from outreach.web.fields.base import ConfirmForm, TidyForm
from outreach.web.fields.fields import DayField, strip, whole
from outreach.web.fields.problems import flashing_problems, renew_version, showing_problems
from outreach.web.fields.times import Versioned
from outreach.web.frame.access import administrator_required, coordinator_required, staff_required
from outreach.web.frame.looks import office_zone
from outreach.web.letters.blueprint import bp

READINGS = "30/minute"  # files that are read in a process of their own
MOST_MB = MOST_BYTES // 1024**2


class ReturnForm(TidyForm):
    file = FileField(
        _l("Signed letter (PDF)"),
        description=_l("The PDF as it came back, not printed or saved again. At most %(most)s MB.", most=MOST_MB),
    )


class AcceptForm(Versioned):
    returned = HiddenField()
    number = StringField(_l("Letter number"), [Length(max=80)], description=_l("As it stands on the signed letter."))
    dated_on = DayField(_l("Date of the letter"))
    sure = BooleanField(_l("I have looked at the file, and it is the right one all the same"))


class RootForm(TidyForm):
    certificate = FileField(
        _l("Root certificate"), description=_l("A file in PEM or DER form; its name mostly ends in .pem, .crt or .cer.")
    )


@bp.context_processor
def _returned_words() -> dict[str, Any]:
    return {
        "came_back": returned_pages.came_back,
        "mail_of": returned_pages.mail_of,
        "mails_to_repeat": lambda letter: send_letter.mails_to_repeat(db.session(), letter.id),
        "mailed_to": lambda letter: mailed_letters.mailed([letter.id]).get(letter.id),
        "named_on_paper": lambda letter: mailed_letters.on_paper(letter.id),
        "waits_for_letters": returned_pages.waits_for_letters,
        "return_form": lambda: ReturnForm(formdata=None, prefix="returned"),
        "accept_form": _filled,
        "findings": lambda report: words.of_report(report, office_zone()),
        "findings_disclaimer": words.disclaimer,
    }


@bp.post("/letters/<int:letter_id>/returned")
@coordinator_required
@limiter.limit(READINGS)
def come_back(letter_id: int) -> Any:
    form = ReturnForm(prefix="returned")
    if form.validate():
        with showing_problems(form, but=LetterMissing):
            upload = form.file.data
            data = upload.read() if upload else b""
            name = upload.filename if upload else ""
            returned.receive(letter_id, data, name or "surat.pdf", by=current_user, now=clock.now())
            flash(_("The file is kept as it is. Read what was found in it, then accept it."), "success")
            return redirect(url_for(".show", letter_id=letter_id, _anchor="returned"))
    page = letter_pages.letter_page(letter_id)
    return render_template("letters/returned.html", page=page, upload=form, accept=None), 422


@bp.post("/letters/<int:letter_id>/returned/check")
@coordinator_required
@limiter.limit(READINGS)
def check_again(letter_id: int) -> Any:
    if ConfirmForm().validate():
        with flashing_problems(but=LetterMissing):
            returned.check_again(letter_id, by=current_user, now=clock.now())
            flash(_("The file was checked again."), "success")
    return redirect(url_for(".show", letter_id=letter_id, _anchor="returned"))


@bp.post("/letters/<int:letter_id>/signed")
@coordinator_required
def accept(letter_id: int) -> Any:
    form = AcceptForm(prefix="accept")
    page = letter_pages.letter_page(letter_id)
    if form.validate():
        with showing_problems(form, but=LetterMissing) as refusal:
            returned.accept(
                letter_id, whole(form.returned.data) or 0, strip(form.number.data), form.dated_on.data,
                form.version_number, sure=bool(form.sure.data), by=current_user, now=clock.now(),
            )  # fmt: skip
            flash(_("The letter is signed. Its file goes out with the mails of its invitations."), "success")
            return redirect(url_for(".show", letter_id=letter_id))
        page = letter_pages.letter_page(letter_id)
        renew_version(form, refusal.problem, page.letter.version)
    return render_template("letters/returned.html", page=page, upload=None, accept=form), 422


@bp.post("/letters/<int:letter_id>/send")
@coordinator_required
def send(letter_id: int) -> Any:
    """Send a signed correction or cancellation to those who were told of the move or cancellation."""
    if ConfirmForm().validate():
        with flashing_problems(but=LetterMissing):
            number = send_letter.send(letter_id, by=current_user, now=clock.now())
            flash(ngettext("One mail goes out.", "%(num)d mails go out.", number), "success")
    return redirect(url_for(".show", letter_id=letter_id, _anchor="returned"))


@bp.get("/letters/<int:letter_id>/files/<int:returned_id>")
@staff_required
def signed_file(letter_id: int, returned_id: int) -> Response:
    """Return a file as it came back, byte for byte."""
    file = returned_pages.file_of(letter_id, returned_id)
    response = make_response(file.data)
    response.content_type = file.media_type
    response.headers.set("Content-Disposition", "attachment", filename=secure_filename(file.name) or "surat.pdf")
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["Cache-Control"] = "private, no-store"
    return response


@bp.post("/activities/<int:activity_id>/letter-first")
@coordinator_required
def letter_first(activity_id: int) -> Any:
    """Let the invitations' mails wait for the signed letters, or not."""
    if ConfirmForm().validate():
        chosen = request.form.get("letter_first") == "yes"
        with flashing_problems():
            waiting.choose(activity_id, chosen, by=current_user, now=clock.now())
            said = (
                _("The invitations’ mails wait for their signed letters.") if chosen else _("The mails no longer wait.")
            )
            flash(said, "success")
    return redirect(url_for(".index", activity=activity_id))


@bp.route("/letters/roots", methods=["GET", "POST"])
@administrator_required
def trusted_roots() -> Any:
    """The root certificates by which signers are checked."""
    form = RootForm()
    if form.validate_on_submit():
        with showing_problems(form):
            data = form.certificate.data.read() if form.certificate.data else b""
            found = roots.add(data, by=current_user, now=clock.now())
            flash(_("This office trusts: %(names)s.", names=", ".join(root.name for root in found)), "success")
            return redirect(url_for(".trusted_roots"))
    status = 422 if form.is_submitted() else 200
    return render_template("letters/roots.html", form=form, roots=returned_pages.roots()), status


@bp.post("/letters/roots/<int:root_id>/remove")
@administrator_required
def remove_root(root_id: int) -> Any:
    if ConfirmForm().validate():
        with flashing_problems():
            roots.remove(root_id, by=current_user, now=clock.now())
            flash(_("The certificate is not trusted any more."), "success")
    return redirect(url_for(".trusted_roots"))


def _filled(letter: Letter, report: ReturnReport, returned_id: int) -> AcceptForm:
    """Return the form with number and date as the letter has them, or as the file's text says them."""
    form = AcceptForm(formdata=None, prefix="accept")
    form.number.data = letter.number or report.number
    form.dated_on.data = letter.dated_on or report.dated_on
    form.returned.data, form.version.data = str(returned_id), str(letter.version)
    return form

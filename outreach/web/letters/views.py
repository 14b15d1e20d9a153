"""Letters: the list, and one letter with its text, its preview and its history."""

from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from outreach import clock
from outreach.delivery.documents.parts import PPI
from outreach.domain.kinds import ListName
from outreach.domain.letters.values import CHANGEABLE
from outreach.domain.problems import Problem
from outreach.extensions import limiter
from outreach.models import Letter
from outreach.queries.letters import pages as letter_pages
from outreach.queries.letters.pages import LetterFilters, LetterGroup, LetterPage
from outreach.services.letters import compose, document, plan
from outreach.services.letters.bundle import MOST_LETTERS
from outreach.services.letters.versions import LetterMissing
from outreach.web.documents.preview import PREVIEWS, pdf_response, preview_response
from outreach.web.exports import columns, file
from outreach.web.fields.base import ConfirmForm
from outreach.web.fields.fields import strip, whole
from outreach.web.fields.problems import flashing_problems, renew_version, showing_problems
from outreach.web.frame.access import coordinator_required, staff_required
from outreach.web.frame.say import page_number, say, search_words
from outreach.web.invitations.forms import member
from outreach.web.letters.blueprint import bp
from outreach.web.letters.forms import NATURES, LetterForm, NumberForm


@bp.get("/letters")
@staff_required
def index() -> Any:
    filters = asked_filters()
    if file.asked():
        return file.send(ListName.LETTERS, columns.letters(), letter_pages.all_rows(filters))
    page = letter_pages.listed(filters, page_number())
    return render_template("letters/index.html", page=page, filters=filters, form=NumberForm(formdata=None))


@bp.route("/letters/<int:letter_id>", methods=["GET", "POST"])
@staff_required
def show(letter_id: int) -> Any:
    """Show a letter; POST saves its text as a new version."""
    page, form = letter_pages.letter_page(letter_id), LetterForm()
    if request.method == "GET":
        form.fill(page.values, page.letter.version)
        return _page(form, page)
    if form.validate():
        with showing_problems(form, but=LetterMissing) as refusal:
            compose.compose(letter_id, form.text, form.version_number, by=current_user, now=clock.now())
            flash(_("The letter is saved, and ready to be signed."), "success")
            return redirect(url_for(".show", letter_id=letter_id))
        page = letter_pages.letter_page(letter_id)
        renew_version(form, refusal.problem, page.letter.version)
    return _page(form, page), 422


@bp.route("/letters/<int:letter_id>/preview", methods=["GET", "POST"])
@staff_required
@limiter.limit(PREVIEWS, methods=["POST"])
def preview(letter_id: int) -> Response:
    """Return the pages as pictures, for a frame. GET shows the stored letter, POST the one being written."""
    page = letter_pages.letter_page(letter_id)
    try:
        values = compose.changed_by(page.values, LetterForm().text) if request.method == "POST" else page.values
        drawn = document.pictures(values, draft=document.is_draft(page.letter), ppi=PPI, now=clock.now())
    except Problem as problem:
        return preview_response((), say(problem))
    return preview_response(drawn)


@bp.get("/letters/<int:letter_id>/pdf")
@staff_required
def pdf(letter_id: int) -> Any:
    """Return the letter as PDF, marked KONSEP until it is signed; of ?version= that version, always marked."""
    number = request.args.get("version", type=int)
    letter, version = letter_pages.version_of(letter_id, number)
    with flashing_problems():
        return letter_pdf(letter, document.pdf(version), f"konsep-v{version.number}")
    return redirect(url_for(".show", letter_id=letter_id))


@bp.post("/letters/<int:letter_id>/to-sign")
@coordinator_required
def to_sign(letter_id: int) -> Any:
    """Return the PDF without the mark, to be signed. The audit log records it."""
    with flashing_problems(but=LetterMissing):
        letter, made = document.pdf_to_sign(
            letter_id, whole(request.form.get("version")), by=current_user, now=clock.now()
        )
        return letter_pdf(letter, made, "surat")
    return redirect(url_for(".show", letter_id=letter_id))


@bp.post("/letters/<int:letter_id>/take-over-plan")
@coordinator_required
def take_over_plan(letter_id: int) -> Any:
    """Write day, time, place and agenda as they are now into the letter."""
    with flashing_problems(but=LetterMissing):
        plan.take_over(letter_id, whole(request.form.get("version")), by=current_user, now=clock.now())
        flash(_("The letter says what the plan says now. Please read it once more."), "success")
    return redirect(url_for(".show", letter_id=letter_id))


@bp.post("/letters/number")
@coordinator_required
def number_all() -> Any:
    """Give number and date to all letters of the list, as it is filtered, that have no number yet."""
    filters, form = asked_filters(), NumberForm()
    if form.validate():
        assert form.dated_on.data
        ids, number = letter_pages.ids_of(filters, MOST_LETTERS), strip(form.number.data)
        count = compose.number_all(ids, number, form.dated_on.data, by=current_user, now=clock.now())
        said = ngettext("%(num)d letter has its number and date.", "%(num)d letters have their number and date.", count)
        flash(said, "success")
    else:
        flash(_("Please write number and date."), "warning")
    return redirect(url_for(".index", **filters.query))


@bp.route("/letters/<int:letter_id>/withdraw", methods=["GET", "POST"])
@coordinator_required
def withdraw(letter_id: int) -> Any:
    """GET asks; POST gives up a letter that nobody has signed."""
    page, form = letter_pages.letter_page(letter_id), ConfirmForm()
    if not form.validate_on_submit():
        return render_template("letters/withdraw.html", page=page, form=form)
    with flashing_problems(but=LetterMissing):
        compose.withdraw(letter_id, page.letter.version, by=current_user, now=clock.now())
        flash(_("The letter is given up. It stays in the list, among those that ended."), "success")
    return redirect(url_for(".show", letter_id=letter_id))


def letter_pdf(letter: Letter, data: bytes, what: str) -> Response:
    """Return a letter's PDF as a download."""
    return pdf_response(data, f"{what} {letter.number or letter.code}")


def asked_filters() -> LetterFilters:
    """Return the filters in the list's address."""
    return LetterFilters(
        member(LetterGroup, request.args.get("show", "")), search_words(), asked_id("activity"), asked_id("programme")
    )


def _page(form: LetterForm, page: LetterPage) -> str:
    changeable = page.letter.state in CHANGEABLE
    return render_template("letters/show.html", form=form, page=page, changeable=changeable, natures=NATURES)


def asked_id(name: str) -> int | None:
    """Return an id of the address."""
    return whole(request.args.get(name)) or None

"""Import people: choose a spreadsheet, see what is accepted or refused and why, confirm, get the report."""

from typing import Any

from flask import Response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from outreach import clock, codec
from outreach.delivery.words.formats import language
from outreach.domain.kinds import CadreKind
from outreach.domain.problems import Problem
from outreach.services.directory import import_people as importing
from outreach.services.directory import import_report as reports
from outreach.services.directory import uploads
from outreach.services.directory.import_report import ImportReport
from outreach.services.directory.uploads import Upload, UploadGone
from outreach.services.directory.workbook import MOST_BYTES
from outreach.web.directory.people.blueprint import bp
from outreach.web.directory.people.forms import ImportForm
from outreach.web.fields.fields import add_error
from outreach.web.frame.accounts import coordinator_required
from outreach.web.frame.clean_request import clean
from outreach.web.frame.say import say


@bp.errorhandler(UploadGone)
def _gone(problem: UploadGone) -> Any:
    form = ImportForm(formdata=None)
    form.file.errors = [say(problem)]
    return render_template("directory/people/import.html", form=form), 404


@bp.route("/import", methods=["GET", "POST"])
@coordinator_required
def import_() -> Any:
    form = ImportForm()
    if request.method == "GET":
        return render_template("directory/people/import.html", form=form)
    if form.validate():
        chosen = form.file.data
        name, data = clean(chosen.filename)[-120:], chosen.stream.read(MOST_BYTES + 1)
        try:
            importing.read(data, name, default_kinds=form.default_kinds)
        except Problem as problem:
            add_error(form.file, say(problem))
        else:
            kinds = [kind.value for kind in form.default_kinds]
            upload = uploads.keep(data, name, {"kinds": kinds}, by=current_user, now=clock.now())
            return redirect(url_for(".import_preview", key=upload.key))
    return render_template("directory/people/import.html", form=form), 422


@bp.get("/import/<key>")
@coordinator_required
def import_preview(key: str) -> Any:
    upload = _upload(key)
    if _is_stored(upload):
        return redirect(url_for(".import_report", key=key))
    return render_template("directory/people/import_preview.html", report=_report(upload), upload_key=key, say=say)


@bp.post("/import/<key>")
@coordinator_required
def import_confirm(key: str) -> Any:
    upload = _upload(key)
    if not _is_stored(upload):
        try:
            reading = importing.store(
                upload.data, upload.filename, default_kinds=_kinds(upload), by=current_user, now=clock.now()
            )
        except Problem as problem:
            form = ImportForm(formdata=None)
            form.file.errors = [say(problem)]
            return render_template("directory/people/import.html", form=form), 422
        kept = codec.to_json(reports.report_of(reading))
        uploads.settle(upload, {"report": kept}, by=current_user, now=clock.now())
    return redirect(url_for(".import_report", key=key))


@bp.get("/import/<key>/report")
@coordinator_required
def import_report(key: str) -> Any:
    upload = _upload(key)
    if not _is_stored(upload):
        return redirect(url_for(".import_preview", key=key))
    return render_template("directory/people/import_report.html", report=_report(upload), upload_key=key, say=say)


@bp.get("/import/<key>/refused.csv")
@coordinator_required
def import_refused(key: str) -> Any:
    """Return the refused rows as a CSV file for Excel: with byte order mark, and semicolons in Indonesian."""
    text = reports.refused_csv(
        _report(_upload(key)),
        (_("Sheet"), _("Row"), _("Why it was refused")),
        say,
        ";" if language() == "id" else ",",
    )
    response = Response("\ufeff" + text, mimetype="text/csv")
    response.headers.set("Content-Disposition", "attachment", filename=_("refused") + ".csv")
    return response


def _upload(key: str) -> Upload:
    return uploads.fetch(key, by=current_user, now=clock.now())


def _is_stored(upload: Upload) -> bool:
    return "report" in upload.options


def _kinds(upload: Upload) -> tuple[CadreKind, ...]:
    return tuple(CadreKind(kind) for kind in upload.options.get("kinds", ()))


def _report(upload: Upload) -> ImportReport:
    if _is_stored(upload):
        return codec.from_json(ImportReport, upload.options["report"])
    return reports.report_of(importing.read(upload.data, upload.filename, default_kinds=_kinds(upload)))

"""Import people: choose a spreadsheet, see what its columns mean and what each row does, correct and choose, confirm, undo."""

from dataclasses import replace
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from outreach import clock, codec
from outreach.delivery.words.formats import phone
from outreach.delivery.words.labels import label
from outreach.domain.directory import spreadsheet
from outreach.domain.directory.columns import Basis
from outreach.domain.directory.spreadsheet import Column
from outreach.domain.kinds import AgeGroup, CadreKind, ListName
from outreach.domain.problems import Problem
from outreach.queries.directory import lists as directory
from outreach.services.directory import import_people as importing
from outreach.services.directory import import_report as reports
from outreach.services.directory import import_shapes, import_undo, uploads
from outreach.services.directory.import_people import ImportPlan
from outreach.services.directory.import_report import ImportReport, RefusedLine
from outreach.services.directory.import_rows import Decision, RowState
from outreach.services.directory.import_undo import UNDO_WITHIN, ImportMissing, WhyKept
from outreach.services.directory.uploads import Upload, UploadGone
from outreach.services.directory.workbook import MOST_BYTES, Workbook, open_workbook
from outreach.web.directory.people.blueprint import bp
from outreach.web.directory.people.forms import ImportForm, default_kind_words
from outreach.web.exports import file
from outreach.web.fields.fields import add_error
from outreach.web.fields.problems import flashing_problems, missing_page
from outreach.web.frame.access import coordinator_required
from outreach.web.frame.clean_request import clean
from outreach.web.frame.say import say
from outreach.web.invitations.forms import member

COLUMN_WORDS: dict[str, Any] = {
    Column.NAME: _l("Full name"),
    Column.SEX: _l("Sex"),
    Column.AGE_GROUP: _l("Age group"),
    Column.KELURAHAN: _l("Kelurahan"),
    Column.KECAMATAN: _l("Kecamatan"),
    Column.PHONE: _l("Phone or WhatsApp"),
    Column.EMAIL: _l("E-mail"),
    Column.KIND: _l("Kind of cadre"),
    Column.CONSENT: _l("A parent's consent"),
    Column.POST: _l("Post"),
    Column.ORGANISATION: _l("Organisation"),
    "titles": _l("Titles"),
}
BASIS_WORDS = {
    Basis.HEADING: _l("from its heading"),
    Basis.CONTENT: _l("from what stands in it"),
    Basis.REMEMBERED: _l("as chosen last time"),
    Basis.CHOSEN: _l("chosen by you"),
}
REASON_WORDS = (  # the message ids of import_remarks.REASONS
    _l("The name is missing"),
    _l("This is not a name"),
    _l("The name is too long"),
    _l("The kelurahan is missing"),
    _l("There is no such kelurahan here"),
    _l("There is more than one such kelurahan"),
    _l("This is not an e-mail address"),
    _l("This e-mail address looks mistyped"),
    _l("Not chosen yet whether it is the same person"),
)
KEPT_WORDS = {
    WhyKept.CHANGED: _l("changed since"),
    WhyKept.USED: _l("invited or otherwise used since"),
    WhyKept.ERASED: _l("their data has been erased"),
}
REFUSED, NOTES = "refused", "notes"
MOST_TEXT = 300  # characters of a cell that is corrected
MOST_CHOICES = 50_000
missing_page(bp, ImportMissing)


@bp.errorhandler(UploadGone)
def _gone(problem: UploadGone) -> Any:
    form = ImportForm(formdata=None)
    form.file.errors = [say(problem)]
    return _choose(form), 404


@bp.route("/import", methods=["GET", "POST"])
@coordinator_required
def import_() -> Any:
    form = ImportForm()
    if request.method == "GET":
        return _choose(form)
    if form.validate():
        chosen = form.file.data
        name, data = clean(chosen.filename)[-120:], chosen.stream.read(MOST_BYTES + 1)
        try:
            book = open_workbook(data, name)
            plan = ImportPlan(kinds=form.default_kinds)
            options = _options(plan, reports.report_of(importing.read(book, name, plan)))
        except Problem as problem:
            add_error(form.file, say(problem))
        else:
            upload = uploads.keep(book.packed, name, options, by=current_user, now=clock.now())
            return redirect(url_for(".import_preview", key=upload.key))
    return _choose(form), 422


@bp.get("/import/<key>")
@coordinator_required
def import_preview(key: str) -> Any:
    upload = _upload(key)
    if _is_stored(upload):
        return redirect(url_for(".import_report", key=key))
    return _page("directory/people/import_preview.html", upload, stored=False)


@bp.post("/import/<key>")
@coordinator_required
def import_confirm(key: str) -> Any:
    upload = _upload(key)
    if not _is_stored(upload):
        now = clock.now()
        try:
            reading = importing.store(_book(upload), upload.filename, _plan(upload), by=current_user, now=now)
        except Problem as problem:
            form = ImportForm(formdata=None)
            form.file.errors = [say(problem)]
            return _choose(form), 422
        kept = {
            **_options(_plan(upload), reports.report_of(reading)),
            "refused": codec.to_json(reports.refused_lines(reading)),
            "import_id": reading.import_id,
        }
        if not _is_stored(_upload(key)):  # a second press finds nothing new, and must not replace the first report
            uploads.settle(upload, kept, by=current_user, now=now)
    return redirect(url_for(".import_report", key=key))


@bp.post("/import/<key>/columns")
@coordinator_required
def import_columns(key: str) -> Any:
    """Take the user's choice of columns, and remember it for the next file of this shape."""
    upload = _open(key)
    plan, report = _plan(upload), _report(upload)
    columns: dict[str, dict[int, Column]] = {}
    for number, (sheet, layout) in enumerate(report.layouts.items()):
        chosen = {
            index: column
            for index in range(len(layout.headings))
            if (column := member(Column, request.form.get(f"c-{number}-{index}")))
        }
        twice = next((c for c in chosen.values() if list(chosen.values()).count(c) > 1), None)
        if twice is not None:
            flash(
                _("Two columns are chosen as “%(column)s”. Please choose one of them.", column=COLUMN_WORDS[twice]),
                "danger",
            )
            return redirect(url_for(".import_preview", key=key))
        columns[sheet] = chosen
    kind = member(CadreKind, request.form.get("kind"))
    _take(upload, replace(plan, columns=columns, kinds=(kind,) if kind else ()))
    for sheet, chosen in columns.items():
        layout = report.layouts[sheet]
        if chosen != {index: column for column, index in layout.columns.items()}:
            import_shapes.remember(layout, chosen, now=clock.now())
    return redirect(url_for(".import_preview", key=key))


@bp.post("/import/<key>/correct")
@coordinator_required
def import_correct(key: str) -> Any:
    """Take a suggestion in place of the written value, or all suggestions for a column."""
    upload = _open(key)
    plan = _plan(upload)
    column = member(Column, request.form.get("column"))
    written, value = (request.form.get(name, "")[:MOST_TEXT] for name in ("written", "value"))
    if column is not None:
        taken = {written: value} if value else {}
        if request.form.get("all"):
            said = request.form.get("reason", "")
            taken = reports.suggestions(importing.read(_book(upload), upload.filename, plan), column, said)
        known = {**plan.corrections.get(column, {}), **taken}
        if len(known) <= MOST_CHOICES:
            _take(upload, replace(plan, corrections={**plan.corrections, column.value: known}))
    return redirect(url_for(".import_preview", key=key, show=REFUSED, _anchor="rows"))


@bp.post("/import/<key>/decide")
@coordinator_required
def import_decide(key: str) -> Any:
    """Take the user's decision on one row, or on all doubtful or changed rows without a decision."""
    upload = _open(key)
    plan = _plan(upload)
    decision = member(Decision, request.form.get("decision"))
    row = request.form.get("row", "")[:MOST_TEXT]
    match request.form.get("all"):
        case "doubtful":
            plan = replace(plan, doubtful=decision)
        case "changed":
            plan = replace(plan, leave_changes=decision is Decision.LEAVE)
        case _:
            decisions = {key: one for key, one in plan.decisions.items() if key != row}
            if decision is not None and row and len(decisions) < MOST_CHOICES:
                decisions[row] = decision
            plan = replace(plan, decisions=decisions)
    report = _take(upload, plan)
    shown = member(RowState, request.form.get("show"))
    if shown is not None and not report.count(shown):
        shown = None
    return redirect(url_for(".import_preview", key=key, show=shown, _anchor="rows"))


@bp.get("/import/<key>/report")
@coordinator_required
def import_report(key: str) -> Any:
    upload = _upload(key)
    if not _is_stored(upload):
        return redirect(url_for(".import_preview", key=key))
    return _page("directory/people/import_report.html", upload, stored=True)


@bp.get("/import/<key>/refused.xlsx")
@coordinator_required
def import_refused(key: str) -> Any:
    """Return the refused rows as a spreadsheet, with a column that says why."""
    upload = _upload(key)
    if _is_stored(upload):
        lines = codec.from_json(list[RefusedLine], upload.options["refused"])
    else:
        lines = reports.refused_lines(importing.read(_book(upload), upload.filename, _plan(upload)))
    headings = {"why": _("Why it was refused"), "sheet": _("Sheet"), "row": _("Row")}
    file.record(ListName.REFUSED_ROWS, len(lines), "xlsx")
    data = reports.refused_file(lines, _report(upload).columns, headings, say)
    response = Response(data, mimetype="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    response.headers.set("Content-Disposition", "attachment", filename=_("refused") + ".xlsx")
    return response


@bp.get("/imports/<int:import_id>")
@coordinator_required
def import_done(import_id: int) -> Any:
    """Show what undoing an import would do, or which people it has left."""
    done = directory.recent_import(import_id, now=clock.now())
    return render_template(
        "directory/people/import_undo.html",
        done=done,
        forecast=import_undo.forecast(done),
        until=done.at + UNDO_WITHIN,
        kept_words=KEPT_WORDS,
    )


@bp.post("/imports/<int:import_id>/undo")
@coordinator_required
def import_undone(import_id: int) -> Any:
    with flashing_problems(but=ImportMissing):
        done = import_undo.undo(import_id, by=current_user, now=clock.now())
        flash(
            _(
                "The import is undone: %(removed)d removed, %(restored)d as before, %(left)d left as they are.",
                removed=done.removed,
                restored=done.restored,
                left=done.left_count,
            ),
            "success",
        )
    return redirect(url_for(".import_done", import_id=import_id))


def _choose(form: ImportForm) -> str:
    return render_template("directory/people/import.html", form=form, recent=directory.recent_imports(now=clock.now()))


def _page(template: str, upload: Upload, *, stored: bool) -> str:
    report = _report(upload)
    return render_template(
        template,
        report=report,
        plan=_plan(upload),
        upload_key=upload.key,
        import_id=upload.options.get("import_id"),
        stored=stored,
        show=_shown(report),
        states=RowState,
        say=say,
        fact=_fact,
        column_words=COLUMN_WORDS,
        basis_words=BASIS_WORDS,
        all_columns=list(Column),
        kinds=default_kind_words(),
        regions=directory.regions(),
    )


def _shown(report: ImportReport) -> str:
    """Return which rows the page shows: those asked for, or else those that most need a decision."""
    counts = {REFUSED: report.refused_count, **{state.value: report.count(state) for state in RowState}}
    counts[NOTES] = len(report.noted)
    asked = request.args.get("show", "")
    if counts.get(asked):
        return asked
    order = (RowState.DOUBTFUL, REFUSED, RowState.CHANGED, RowState.NEW, RowState.SAME, RowState.LEFT)
    return next((state for state in order if counts[state]), "")


def _fact(column: str, text: str) -> str:
    """Return a row's value as the page shows it."""
    if column == Column.PHONE and text:
        return phone(text)
    if column == Column.KIND:
        return ", ".join(label(kind) if (kind := member(CadreKind, part)) else part for part in text.split(", "))
    if column == Column.SEX and text:
        return _("Female") if text in ("P", "female") else _("Male")
    if column == Column.AGE_GROUP and (group := member(AgeGroup, text) or spreadsheet.age_group(text)):
        return label(group)
    return text.replace(" … ", ", ")


def _upload(key: str) -> Upload:
    return uploads.fetch(key, by=current_user, now=clock.now())


def _open(key: str) -> Upload:
    """Return an upload that is not stored yet."""
    upload = _upload(key)
    if _is_stored(upload):
        raise UploadGone
    return upload


def _take(upload: Upload, plan: ImportPlan) -> ImportReport:
    """Read the file again with the new choices; keep the choices and the report."""
    report = reports.report_of(importing.read(_book(upload), upload.filename, plan))
    uploads.amend(upload, _options(plan, report), by=current_user, now=clock.now())
    return report


def _options(plan: ImportPlan, report: ImportReport) -> dict[str, Any]:
    return {"plan": codec.to_json(plan), "report": codec.to_json(report)}


def _is_stored(upload: Upload) -> bool:
    return "import_id" in upload.options


def _book(upload: Upload) -> Workbook:
    return Workbook(upload.filename, upload.data)


def _plan(upload: Upload) -> ImportPlan:
    return codec.from_json(ImportPlan, upload.options["plan"])


def _report(upload: Upload) -> ImportReport:
    return codec.from_json(ImportReport, upload.options["report"])

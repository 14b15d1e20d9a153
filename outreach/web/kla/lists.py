"""The list of indicators of a year: as it is, as a file, and replaced by a file after a preview."""

import io
import json
from typing import Any

from flask import Response, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from flask_wtf.file import FileField

from outreach import clock, codec
from outreach.codec import Unreadable
from outreach.delivery.spreadsheets import harmless
from outreach.domain.kla.evidence import WORDS
from outreach.domain.kla.indicators import IndicatorList, TableRefused, compare, read, written
from outreach.domain.problems import Problem
from outreach.queries.kla import year as pages
from outreach.services.directory.workbook import MOST_BYTES
from outreach.services.kla import lists
from outreach.web.fields.base import TidyForm
from outreach.web.fields.fields import add_error, whole
from outreach.web.fields.problems import flashing_problems, show_problem
from outreach.web.frame.access import coordinator_required, staff_required
from outreach.web.frame.clean_request import clean
from outreach.web.frame.say import say
from outreach.web.kla.blueprint import bp, crumbs

LONGEST = 200_000  # characters of a list that a preview sends back
LONGEST_NAME = 120


class ListForm(TidyForm):
    file = FileField(_l("File"), description=_l("CSV, .xlsx, .xls or .ods."))


@bp.get("/<int:year>/list")
@staff_required
def list_(year: int) -> Any:
    return _page(year, ListForm(formdata=None))


@bp.get("/<int:year>/list.csv")
@staff_required
def list_file(year: int) -> Response:
    """Return the list as a file to edit: with semicolons, as a spreadsheet in Indonesian writes it."""
    used = pages.list_of(year)
    lines = [";".join(_cell(cell) for cell in row) for row in written(used.values)]
    if used.shipped:  # its remarks say what must be checked
        lines = lists.SHIPPED.read_text("utf-8").splitlines()
    data = io.BytesIO(("\ufeff" + "\r\n".join(lines) + "\r\n").encode())
    response = send_file(data, "text/csv", as_attachment=True, download_name=f"indikator-kla-{year}.csv")
    response.headers["Cache-Control"] = "private, no-store"
    return response


@bp.post("/<int:year>/list")
@coordinator_required
def preview(year: int) -> Any:
    """Read the file, and show what it would change. Nothing is stored."""
    form = ListForm()
    used = pages.list_of(year)
    refused: list[str] = []
    if form.validate():
        chosen = request.files.get("file")
        if chosen is None or not chosen.filename:
            add_error(form.file, _("Please choose a file."))
        else:
            name, data = clean(chosen.filename)[-LONGEST_NAME:], chosen.stream.read(MOST_BYTES + 1)
            try:
                values = lists.opened(data, name)
            except TableRefused as problem:
                show_problem(form, problem)
                refused = [say(one) for one in problem.refused]
            except Problem as problem:
                show_problem(form, problem)
            else:
                return _preview(year, values, name, used)
    return _page(year, form, refused), 422


@bp.post("/<int:year>/list/replace")
@coordinator_required
def replace(year: int) -> Any:
    """Store the list that the preview showed."""
    try:
        sent = codec.from_json(IndicatorList, json.loads(request.form.get("list", "")[:LONGEST]))
        values = read(written(sent))
        name = clean(request.form.get("filename", ""))[-LONGEST_NAME:]
    except (Unreadable, ValueError, RecursionError, Problem):
        flash(_("The preview could not be read back. Please choose the file again."), "warning")
        return redirect(url_for(".list_", year=year))
    with flashing_problems(but=lists.KlaYearMissing):
        version = whole(request.form.get("version"))
        lists.replace(year, values, version, name, by=current_user, now=clock.now())
        flash(_("The list of %(year)s is replaced.", year=year), "success")
    return redirect(url_for(".list_", year=year))


def _preview(year: int, values: IndicatorList, name: str, used: lists.YearList) -> Any:
    changes = compare(used.values, values)
    losing = pages.losing(year, [one.code for one in changes.gone], now=clock.now())
    return render_template(
        "kla/list_preview.html", year=year, used=used, values=values, changes=changes, losing=losing, filename=name,
        packed=json.dumps(codec.to_json(values), ensure_ascii=False), crumbs=_crumbs(year, _("Preview")),
    )  # fmt: skip


def _page(year: int, form: ListForm, refused: list[str] | None = None) -> str:
    page = pages.kla_year(year, now=clock.now())
    return render_template(
        "kla/list.html", page=page, form=form, refused=refused or [], words=[some[0] for some in WORDS.values()],
        crumbs=_crumbs(year),
    )  # fmt: skip


def _crumbs(year: int, here: str = "") -> list[tuple[str, str]]:
    own = (_("Indicators"), url_for(".list_", year=year) if here else "")
    return crumbs(year, own, *([(here, "")] if here else []))


def _cell(text: str) -> str:
    """Return a cell of a CSV file, in which no part is read as a formula."""
    safe = text if text == "-" else harmless(text)
    return '"' + safe.replace('"', '""') + '"' if any(sign in safe for sign in ';"\r\n') else safe

"""A list as a file to download: which type is asked for, and the response."""

import os
import tempfile
from collections.abc import Iterable, Sequence
from typing import Any

import structlog
from flask import flash, redirect, request, send_file
from flask_login import current_user
from werkzeug.utils import secure_filename

from outreach import clock
from outreach.delivery import spreadsheets
from outreach.delivery.spreadsheets import Column, Filetype, ListTooLong
from outreach.delivery.words.formats import language
from outreach.web.frame.looks import office_zone, url_with
from outreach.web.frame.say import say

log = structlog.get_logger()
TYPES = {
    Filetype.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Filetype.CSV: "text/csv; charset=utf-8",
}


def asked() -> Filetype | None:
    """Return the type of file that is asked for; None if the page is."""
    return request.args.get("file", type=Filetype)


def send(title: str, columns: Sequence[Column], rows: Iterable[Any], kind: Filetype | None = None) -> Any:
    """Return the rows as a file; if they are too many, the way back to the list with a sentence.

    Who took which list is logged, because a file leaves the house. kind: else the one asked for.
    """
    kind = kind or asked() or Filetype.XLSX
    file = tempfile.TemporaryFile()  # noqa: SIM115  the response closes it
    try:
        if kind is Filetype.XLSX:
            number = spreadsheets.write_xlsx(file, title, columns, rows)
        else:  # semicolons: what Excel expects where a comma separates decimals
            number = spreadsheets.write_csv(file, columns, rows, ";" if language() == "id" else ",")
    except ListTooLong as problem:
        file.close()
        flash(say(problem), "warning")
        return redirect(url_with(file=None))
    log.info("list exported", endpoint=request.endpoint, user_id=current_user.id, rows=number, kind=kind.value)
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    today = clock.now().astimezone(office_zone()).date()
    name = secure_filename(title.lower()).strip("_") or "outreach"
    response = send_file(file, TYPES[kind], as_attachment=True, download_name=f"{name}-{today}.{kind.value}")
    response.content_length = size
    response.headers["Cache-Control"] = "private, no-store"
    return response

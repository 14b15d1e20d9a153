"""A list as a file to download: which type is asked for, and the response."""

import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any

import structlog
from flask import flash, g, redirect, request, send_file
from flask_login import current_user
from werkzeug.utils import secure_filename

from outreach import clock
from outreach.delivery import spreadsheets
from outreach.delivery.spreadsheets import Filetype, ListColumn, ListTooLong
from outreach.delivery.words.formats import language
from outreach.delivery.words.labels import LIST_LABELS
from outreach.domain.kinds import CadreKind, ListName, Role, Sector
from outreach.domain.sign_in.events import SecurityKind
from outreach.services import audit
from outreach.services.sign_in.events import security_event
from outreach.web.frame.looks import office_zone, url_with
from outreach.web.frame.request import is_from_own_page
from outreach.web.frame.say import say

log = structlog.get_logger()
TYPES = {
    Filetype.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Filetype.CSV: "text/csv",
}


# The filters of lists in their addresses. The audit log names them.
FILTERS = (
    "q", "kind", "sector", "region", "role", "state", "show", "shown_only", "time", "severity", "no_address", "archive",
    "activity", "programme", "organisation", "person", "user", "about", "from", "to",
)  # fmt: skip
# A value that is none of these is ignored by the lists.
_CLOSED: dict[str, type[StrEnum]] = {"kind": CadreKind, "sector": Sector, "role": Role}
_NUMBERS = frozenset({"activity", "programme", "organisation", "person", "user"})


def asked() -> Filetype | None:
    """Return the type of file that is asked for; None if the page itself is asked for.

    A file is recorded in the audit log, so no other site may ask for one in a user's name: it gets the page.
    """
    if request.method != "GET" or not is_from_own_page():
        return None
    return request.args.get("file", type=Filetype)


def send(
    name: ListName,
    columns: Sequence[ListColumn],
    rows: Iterable[Any],
    *,
    of: str = "",
    also: Mapping[str, str] | None = None,
) -> Any:
    """Return the rows as a file; if they are too many, a redirect to the list with a message.

    of: what the list belongs to, such as an activity's title. also: filters that the page sets by itself.
    The audit log records who took which list, because a file leaves the office. It is recorded after the file is
    written, and before it is sent.
    """
    kind = asked() or Filetype.XLSX
    title = f"{LIST_LABELS[name]} {of}".strip()
    file = tempfile.TemporaryFile()  # noqa: SIM115  the response closes it
    try:
        if kind is Filetype.XLSX:
            number = spreadsheets.write_xlsx(file, title, columns, rows)
        else:  # Excel expects semicolons where a comma separates decimals
            number = spreadsheets.write_csv(file, columns, rows, ";" if language() == "id" else ",")
    except ListTooLong as problem:
        file.close()
        flash(say(problem), "warning")
        return redirect(url_with(file=None))
    now = clock.now()
    record(name, number, kind.value, of=of, also=also)
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    today = now.astimezone(office_zone()).date()
    filename = secure_filename(title.lower()).strip("_") or "outreach"
    response = send_file(file, TYPES[kind], as_attachment=True, download_name=f"{filename}-{today}.{kind.value}")
    response.content_length = size
    response.headers["Cache-Control"] = "private, no-store"
    return response


def record(name: ListName, rows: int, filetype: str, *, of: str = "", also: Mapping[str, str] | None = None) -> None:
    """Write into the audit log that the user takes a list, with its filters. Who reads by a link has no account."""
    if not current_user.is_authenticated:
        security_event(SecurityKind.EXPORTED, now=clock.now(), list=name.value, rows=rows, **g.get("reader", {}))
        return
    given = {filter: request.args[filter].strip() for filter in FILTERS if filter in request.args}
    filters = {filter: value for filter, value in {**(also or {}), **given}.items() if _narrows(filter, value)}
    log.info("list exported", endpoint=request.endpoint, user_id=current_user.id, rows=rows, kind=filetype)
    now = clock.now()
    audit.downloaded(name, filters, of=of, rows=rows, filetype=filetype, by=current_user, now=now)
    security_event(SecurityKind.EXPORTED, current_user._get_current_object(), now=now, list=name.value, rows=rows)


def _narrows(filter: str, value: str) -> bool:
    if filter in _CLOSED:
        return value in set(_CLOSED[filter])
    return value.isdecimal() if filter in _NUMBERS else bool(value)

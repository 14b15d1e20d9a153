"""The audit log: who changed what, and when. For administrators."""

from datetime import date
from typing import Any

from flask import Blueprint, render_template, request

from outreach.domain.kinds import ListName
from outreach.queries import audit_log, exports
from outreach.queries.audit_log import AuditFilter
from outreach.web.exports import columns, file
from outreach.web.frame.access import administrator_required
from outreach.web.frame.looks import office_zone
from outreach.web.frame.say import page_number
from outreach.web.office.audit_words import SUBJECTS, details, name, page_of, subject, verb

bp = Blueprint("audit", __name__)


def _day(written: str) -> date:
    """Return the day. Raise ValueError if it is invalid or outside 1970 to 2199."""
    day = date.fromisoformat(written)
    if not 1970 <= day.year < 2200:
        raise ValueError
    return day


@bp.get("/audit")
@administrator_required
def index() -> Any:
    wanted = AuditFilter(
        q=request.args.get("q", "").strip(),
        user_id=request.args.get("user", type=int),
        subject_type=request.args.get("about", ""),
        first_on=request.args.get("from", type=_day),
        last_on=request.args.get("to", type=_day),
    )
    zone = office_zone()
    if file.asked():
        rows = exports.audit_entries(wanted, zone=zone)
        return file.send(ListName.AUDIT_LOG, columns.audit_entries(subject, name, verb, details, zone), rows)
    page = audit_log.entries(wanted, page_number(), zone=zone)
    return render_template(
        "office/audit.html",
        page=page,
        wanted=wanted,
        authors=audit_log.authors(),
        subjects=SUBJECTS,
        zone=zone,
        about=subject,
        name=name,
        senders=audit_log.senders(page.items),
        verb=verb,
        details=details,
        page_of=page_of,
    )

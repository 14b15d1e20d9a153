"""The audit log: who changed what, when. For administrators."""

from datetime import date

from flask import Blueprint, render_template, request

from outreach.services import auditing
from outreach.services.auditing import AuditFilter
from outreach.web.audit_words import SUBJECTS, details, name, page_of, subject, verb
from outreach.web.shell import administrator_required, office_zone, page_number

bp = Blueprint("audit", __name__)


def _day(written: str) -> date:
    """Return the day; raise ValueError where it is none that anything can have been changed on."""
    day = date.fromisoformat(written)
    if not 1970 <= day.year < 2200:
        raise ValueError
    return day


@bp.get("/audit")
@administrator_required
def index() -> str:
    wanted = AuditFilter(
        q=request.args.get("q", "").strip(),
        user_id=request.args.get("user", type=int),
        subject_type=request.args.get("about", ""),
        first_on=request.args.get("from", type=_day),
        last_on=request.args.get("to", type=_day),
    )
    zone = office_zone()
    page = auditing.entries(wanted, page_number(), zone=zone)
    return render_template(
        "audit/index.html",
        page=page,
        wanted=wanted,
        authors=auditing.authors(),
        subjects=SUBJECTS,
        zone=zone,
        about=subject,
        name=name,
        senders=auditing.senders(page.items),
        verb=verb,
        details=details,
        page_of=page_of,
    )

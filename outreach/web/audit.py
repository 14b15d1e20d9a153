"""The audit log: who changed what, when. For administrators."""

from datetime import date

from flask import Blueprint, render_template, request

from outreach.services import auditing
from outreach.services.auditing import AuditFilter
from outreach.web.audit_words import SUBJECTS, details, page_of, subject, verb
from outreach.web.shell import administrator_required, office_zone, page_number

bp = Blueprint("audit", __name__)


@bp.get("/audit")
@administrator_required
def index() -> str:
    wanted = AuditFilter(
        q=request.args.get("q", "").strip(),
        user_id=request.args.get("user", type=int),
        subject_type=request.args.get("about", ""),
        first_on=request.args.get("from", type=date.fromisoformat),
        last_on=request.args.get("to", type=date.fromisoformat),
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
        verb=verb,
        details=details,
        page_of=page_of,
    )

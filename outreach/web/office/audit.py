"""The audit log: who changed what, and when. For administrators."""

from typing import Any

from flask import Blueprint, render_template, request

from outreach.domain.kinds import ListName
from outreach.queries import exports
from outreach.queries.office import audit_log
from outreach.queries.office.audit_log import AuditFilter
from outreach.web.exports import columns, file
from outreach.web.frame.access import administrator_required
from outreach.web.frame.looks import office_zone
from outreach.web.frame.say import page_number, written_day
from outreach.web.office.audit_words import SUBJECTS, details, name, page_of, subject, verb

bp = Blueprint("audit", __name__)


@bp.get("/audit")
@administrator_required
def index() -> Any:
    authors, zone = audit_log.authors(), office_zone()
    known: dict[str, Any] = {
        "user": request.args.get("user", type={"0": 0, **{str(id): id for id, _name in authors}}.get),
        "about": request.args.get("about", type={kind: kind for kind in SUBJECTS}.get),
        "from": request.args.get("from", type=written_day),
        "to": request.args.get("to", type=written_day),
    }
    unknown = [request.args[name] for name, value in known.items() if request.args.get(name) and value is None]
    wanted = AuditFilter(
        q=request.args.get("q", "").strip(),
        user_id=known["user"],
        subject_type=known["about"] or "",
        first_on=known["from"],
        last_on=known["to"],
    )
    if file.asked() and not unknown:
        rows = exports.audit_entries(wanted, zone=zone)
        return file.send(ListName.AUDIT_LOG, columns.audit_entries(subject, name, verb, details, zone), rows)
    page = audit_log.entries(wanted, page_number(), zone=zone)
    return render_template(
        "office/audit.html",
        page=page,
        wanted=wanted,
        authors=authors,
        unknown=unknown,
        subjects=SUBJECTS,
        zone=zone,
        about=subject,
        name=name,
        senders=audit_log.senders(page.items),
        verb=verb,
        details=details,
        page_of=page_of,
    )

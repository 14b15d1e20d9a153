"""Security events, for administrators: a list with filters, as a file, too."""

from typing import Any

from flask import Blueprint, render_template, request

from outreach.domain.kinds import ListName
from outreach.domain.sign_in.events import SecurityKind
from outreach.queries import sign_in as pages
from outreach.queries.exports import every
from outreach.queries.office import audit_log
from outreach.queries.sign_in import EventFilter
from outreach.web.exports import columns, file
from outreach.web.frame.access import administrator_required
from outreach.web.frame.looks import office_zone
from outreach.web.frame.say import page_number, written_day
from outreach.web.sign_in import words

bp = Blueprint("securityevents", __name__)


@bp.get("/security-events")
@administrator_required
def index() -> Any:
    zone, chosen = office_zone(), request.args.get("kind", "")
    wanted = EventFilter(
        kind=request.args.get("kind", type=SecurityKind),
        failures=chosen == "failures",
        user_id=request.args.get("user", type=int),
        network_address=request.args.get("from_address", "").strip(),
        first_on=request.args.get("from", type=written_day),
        last_on=request.args.get("to", type=written_day),
    )
    if file.asked():
        select = pages.events_select(wanted, zone=zone)
        return file.send(
            ListName.SECURITY_EVENTS, columns.security_events(words.kind, words.device, zone), every(select)
        )
    page = pages.events(wanted, page_number(), zone=zone)
    by = [row.detail["by"] for row in page if isinstance(row.detail.get("by"), int)]
    return render_template(
        "sign_in/security_events.html", page=page, wanted=wanted, words=words, names=pages.accounts_named(by),
        accounts=audit_log.authors(), zone=zone,
    )  # fmt: skip

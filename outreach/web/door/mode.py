"""Door mode: the page with which a phone or tablet of staff scans codes and finds people, also without a network.

The page itself names nobody, so a device may keep it. What it keeps of the list comes as JSON (queries/door/manifest.py), what it
records goes to web/door/scans.py. Its script is static/js/door/page.js.
"""

from typing import Any

from flask import Blueprint, make_response, render_template, request
from flask_login import current_user

from outreach import clock
from outreach.domain.door.codes import valid_until
from outreach.domain.kinds import AgeGroup, Sex
from outreach.domain.problems import Problem
from outreach.queries.door import manifest
from outreach.queries.door.attendance import AttendanceRow
from outreach.queries.door.codes import who_comes
from outreach.queries.invitations import lists as invitees
from outreach.services.door import attendance
from outreach.services.locking import ActivityMissing
from outreach.web.directory.people.forms import kelurahan_options
from outreach.web.door.words import words
from outreach.web.exports import columns
from outreach.web.fields.problems import missing_page
from outreach.web.frame.access import POLICY, coordinator_required
from outreach.web.frame.say import say

SHORTEST_Q = 2  # letters
POLICY_WITH_READER = f"{POLICY}; script-src 'self' 'wasm-unsafe-eval'"  # the reader of codes is WebAssembly
bp = Blueprint("door", __name__)
missing_page(bp, ActivityMissing)


@bp.get("/activities/<int:activity_id>/door")
@coordinator_required
def page(activity_id: int) -> Any:
    """Show door mode. After the last day it only sends what still waits on the device."""
    activity = invitees.activity_of(activity_id)
    now, closed = clock.now(), ""
    try:
        attendance.check_open(activity, now)
    except Problem as problem:
        closed = say(problem)
    until = valid_until(activity.ends_at, activity.zone)
    response = make_response(render_template(
        "door/mode.html", activity=activity, closed=closed, words=words(), kelurahan=kelurahan_options(),
        sexes=list(Sex), age_groups=list(AgeGroup), account=current_user.id, until_ms=round(until.timestamp() * 1000),
        over=now >= until,
    ))  # fmt: skip
    response.headers["Content-Security-Policy"] = POLICY_WITH_READER
    response.headers["Permissions-Policy"] = "camera=(self), microphone=(), geolocation=()"
    return response


@bp.get("/activities/<int:activity_id>/door/list")
@coordinator_required
def kept_list(activity_id: int) -> Any:
    """Return what a device keeps of the list."""
    return manifest.manifest(activity_id, now=clock.now())


@bp.get("/activities/<int:activity_id>/door/people")
@coordinator_required
def people(activity_id: int) -> Any:
    """Return people on the sheet whom two letters find, with their names; the device keeps none of it."""
    q = request.args.get("q", "").strip()
    invitees.activity_of(activity_id)
    return {"people": [_found(row) for row in manifest.found(activity_id, q)] if len(q) >= SHORTEST_Q else []}


def _found(row: AttendanceRow) -> dict[str, Any]:
    return {
        "id": row.invitation.id,
        "name": who_comes(row.invitation),
        "place": columns.belongs_to(row.invitation, short=True),
        "present": row.present,
        "left": bool(row.present and row.invitation.attendance and row.invitation.attendance.out_at),
    }

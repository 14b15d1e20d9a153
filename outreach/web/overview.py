"""The start page: for a coordinator what needs to be done, for a viewer what is planned, and its results."""

from dataclasses import replace

from flask import Blueprint, current_app, render_template

from outreach import clock
from outreach.domain.kinds import StaffRole
from outreach.domain.needs import NeedKind
from outreach.queries.overview import reading
from outreach.queries.overview.page import overview
from outreach.services.sign_in import alarm, factors
from outreach.web.frame.access import has_role, may_change, staff_required
from outreach.web.frame.looks import office_zone

bp = Blueprint("overview", __name__)
# Whether the demo still sends the mails of its past days. Until then some of them are late, without anything being wrong.
PLAYS_PAST = "DEMO_PLAYS_PAST"
LATE = frozenset({NeedKind.NOTHING_SENDS, NeedKind.LADDERS})


@bp.get("/")
@staff_required
def index() -> str:
    now = clock.now()
    if not may_change():
        return render_template("overview/reading.html", found=reading.read(now=now, zone=office_zone()))
    found = overview(now=now)
    playing = current_app.config.get(PLAYS_PAST, False)
    if playing:
        found = replace(found, needs=[need for need in found.needs if need.kind not in LATE])
    failed = alarm.many(now=now) if has_role(StaffRole.ADMINISTRATOR) else 0
    lone = factors.lone_administrator() if has_role(StaffRole.ADMINISTRATOR) else None
    return render_template("overview/index.html", found=found, playing=playing, lone=lone, failed=failed)

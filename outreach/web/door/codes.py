"""The address in a code for the entrance.

A phone's own camera opens the address. Staff who are signed in see whose code it is, and a button: opening changes nothing.
Everybody else reads what the code is for, whether it is genuine or not, and nothing about a person.
"""

from typing import Any

from flask import Blueprint, Response, flash, make_response, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from werkzeug.exceptions import HTTPException

from outreach import clock
from outreach.delivery.words import formats
from outreach.domain.door.codes import CodeFault
from outreach.domain.kinds import AttendanceSource
from outreach.domain.problems import Problem
from outreach.extensions import current_settings, limiter
from outreach.queries.answers import page as answer_page
from outreach.queries.door import codes
from outreach.queries.door.codes import ScannedCode
from outreach.services.door import attendance
from outreach.web.answer_pages.draw import draw, speak
from outreach.web.exports import columns
from outreach.web.frame import rate_limited
from outreach.web.frame.access import coordinator_required, error_page, may_change
from outreach.web.frame.request import asked_language
from outreach.web.frame.say import say
from outreach.web.invitations.forms import ButtonForm

FAULTS = {
    CodeFault.FORGED: _l("This is no code of this office."),
    CodeFault.OTHER_ACTIVITY: _l("This code is for another activity."),
    CodeFault.EXPIRED: _l("This code was valid until the end of the activity's last day."),
    CodeFault.WITHDRAWN: _l("The invitation of this code is withdrawn."),
    CodeFault.REPLACED: _l("This code was replaced: somebody else comes, or there is a newer code."),
}

bp = Blueprint("doorcodes", __name__, url_prefix="/k")
limiter.limit(lambda: current_settings().rate_public)(bp)


@bp.get("/<code>")
def show(code: str) -> Any:
    if not current_user.is_authenticated:
        return _for_everybody(code)
    return _person(codes.scanned(code, now=clock.now()), code)


@bp.post("/<code>")
@coordinator_required
def check_in(code: str) -> Any:
    """Record that whose code it is has come."""
    form, found = ButtonForm(), codes.scanned(code, now=clock.now())
    invitation = found.invitation
    if not form.validate() or invitation is None or found.fault is not None:
        return _person(found, code), 422
    try:
        attendance.tick(
            invitation.activity_id, [invitation.id], [invitation.id], AttendanceSource.QR, by=current_user,
            now=clock.now(),
        )  # fmt: skip
    except Problem as problem:
        return _person(found, code, say(problem)), 422
    flash(_("%(name)s is ticked as present.", name=codes.who_comes(invitation)), "success")
    return redirect(url_for(".show", code=code))


@bp.errorhandler(HTTPException)
def _too_often(error: HTTPException) -> Any:
    """Answer strangers in the looks of the answer pages."""
    if current_user.is_authenticated or error.code != 429:
        return error_page(error.code or 500)
    speak(None)
    wait_s = rate_limited.wait_s()
    page = draw(
        "problem.html", 429, title=_("One moment, please"), sentence=rate_limited.when_again(wait_s),
        contact=answer_page.office_contact(),
    )  # fmt: skip
    page.headers["Retry-After"] = str(wait_s)
    return page


def _for_everybody(code: str) -> Response:
    speak(asked_language())
    return draw(
        "door/code.html", contact=answer_page.office_contact(),
        sign_in=url_for("security.login", next=url_for(".show", code=code)),
    )  # fmt: skip


def _person(found: ScannedCode, code: str, problem: str = "") -> Any:
    """Show staff whose code it is."""
    invitation = found.invitation
    closed = ""
    if invitation is not None and found.fault is None and not problem:
        try:
            attendance.check_open(invitation.activity, clock.now())
        except Problem as refused:
            closed = say(refused)
    since = found.present_since
    page = make_response(render_template(
        "door/person.html", found=found, invitation=invitation, code=code, problem=problem, closed=closed,
        fault=FAULTS[found.fault] if found.fault else "", who=codes.who_comes(invitation) if invitation else "",
        belongs_to=columns.belongs_to(invitation) if invitation else "", form=ButtonForm(formdata=None),
        since=formats.moment(since, invitation.activity.zone) if since and invitation else "", may_record=may_change(),
    ))  # fmt: skip
    return page

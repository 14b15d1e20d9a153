"""People to call: the lists, their file, and one call after the other, each recorded for all activities of a person.

The list's activity or programme and its filters stay in the address, so a call returns to the same list and knows who is next.
"""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from outreach import clock
from outreach.delivery.words import whatsapp
from outreach.domain.answers import Choice
from outreach.domain.kinds import AnswerSource, ListName, Role, Sector
from outreach.domain.problems import Problem
from outreach.domain.states import ANSWERED
from outreach.queries import directory
from outreach.queries.calls import lists as to_call
from outreach.queries.calls.lists import Callee, CallScope
from outreach.queries.invitations import lists as invitees
from outreach.services.answers import record as recording
from outreach.services.locking import ActivityMissing, InvitationMissing, ProgrammeMissing
from outreach.web.calls.forms import CalledAnswer, CalledForm
from outreach.web.exports import columns, file
from outreach.web.fields.problems import missing_page
from outreach.web.frame.access import coordinator_required, may_change, staff_required
from outreach.web.frame.say import page_number, say
from outreach.web.frame.sender import sender
from outreach.web.frame.way_back import coming_back
from outreach.web.invitations.forms import filters_from

bp = Blueprint("calls", __name__)
missing_page(bp, ActivityMissing, ProgrammeMissing, InvitationMissing)
FILTERS = ("q", "role", "region", "sector", "no_address", "page")


@bp.get("/activities/<int:activity_id>/invitees/to-call")
@staff_required
def activity(activity_id: int) -> Any:
    """Show an activity's invitees to call, for working through or printing."""
    found = invitees.activity_of(activity_id)
    return _list(CallScope(activity_id=activity_id), activity=found, is_moved=whatsapp.is_moved(found))


@bp.get("/programmes/<int:programme_id>/to-call")
@staff_required
def programme(programme_id: int) -> Any:
    """Show the people to call about a programme's activities ahead."""
    return _list(CallScope(programme_id=programme_id), programme=to_call.programme_of(programme_id))


@bp.get("/to-call")
@staff_required
def index() -> Any:
    """Show the people to call about all activities ahead."""
    return _list(CallScope())


@bp.route("/to-call/person/<int:person_id>", methods=["GET", "POST"])
@coordinator_required
def person(person_id: int) -> Any:
    return _call("person", person_id)


@bp.route("/to-call/organisation/<int:organisation_id>", methods=["GET", "POST"])
@coordinator_required
def organisation(organisation_id: int) -> Any:
    return _call("organisation", organisation_id)


@bp.get("/to-call/next")
@staff_required
def next_one() -> Any:
    """Go to the next invitee after ?after=person-5 in the list; at its end to the list."""
    kind, _dash, id_ = request.args.get("after", "").partition("-")
    if kind not in ("person", "organisation") or not id_.isdecimal() or len(id_) > 9:
        return redirect(_list_address())
    if "still" in request.args and to_call.one(kind, int(id_), _scope(), now=clock.now()).asked:
        return redirect(_call_address(kind, int(id_)))
    found = to_call.following(_scope(), filters_from(request.args), kind, int(id_), now=clock.now())
    if found is None:
        flash(_("That was the last one on this list. Those who did not answer are still on it."), "info")
        return redirect(_list_address())
    return redirect(_call_address(*found))


def _list(scope: CallScope, **about: Any) -> Any:
    now, filters = clock.now(), filters_from(request.args)
    if file.asked():
        lines = ((callee, i) for callee in to_call.everyone(scope, filters, now=now) for i in callee.asked)
        whose = about.get("activity") or about.get("programme")
        return file.send(ListName.CALLS, columns.calls(), lines, of=whose.title if whose else "")
    found = to_call.listed(scope, filters, now=now, number=page_number())
    rows = [(callee, _reach(callee), _call_address(callee.kind, callee.invitee.id, scope)) for callee in found.callees]
    answered_before = any(i.state in ANSWERED for callee in found.callees for i in callee.asked)  # before a move
    return render_template(
        "calls/index.html", found=found, rows=rows, answered_before=answered_before, filters=filters,
        filter_roles=Role, filter_sectors=Sector,
        regions=directory.regions(), on_paper=(Choice.COMING, Choice.NOT_COMING), **about,
    )  # fmt: skip


def _call(kind: str, id_: int) -> Any:
    """Show one call; POST records what they said and goes on to the next, or back to the page that the user came from."""
    now, scope = clock.now(), _scope()
    one = to_call.one(kind, id_, scope, now=now)
    form, of_organisation = CalledForm(), kind == "organisation"
    rows = [
        (i, CalledAnswer(request.form or None, prefix=f"i{i.id}-", of_organisation=of_organisation)) for i in one.asked
    ]
    problem_said = ""
    if form.is_submitted():
        # Each is validated, so that each shows its errors.
        looked_at = [form.validate(), *(row.validate() for _invitation, row in rows)]
        valid = all(looked_at)
        told = [said for i, row in rows if (said := row.told(i.id))] if valid else []
        if told:
            try:
                recording.record_answers(told, AnswerSource(form.source.data), by=current_user, now=now)
            except Problem as problem:
                problem_said = say(problem)
            else:
                flash(_("The answer of %(name)s is recorded.", name=one.invitee.display_name), "success")
                return redirect(coming_back() or _next_address(kind, id_))
        elif valid:
            problem_said = _("Nothing is chosen yet. Choose what they answered, or go on to the next.")
    page = render_template(
        "calls/call.html", one=one, rows=rows, form=form, reach=_reach(one), problem=problem_said,
        list_address=coming_back() or _list_address(), next_address="" if coming_back() else _next_address(kind, id_),
        still_address=coming_back() or _next_address(kind, id_, still=1),
    )  # fmt: skip
    return page, 422 if form.is_submitted() else 200


def _scope() -> CallScope:
    return CallScope(request.args.get("activity", type=int), request.args.get("programme", type=int))


def _asked_of(scope: CallScope) -> dict[str, Any]:
    """Return the list's activity or programme and its filters, as an address has them."""
    return {"activity": scope.activity_id, "programme": scope.programme_id, **_filters()}


def _filters() -> dict[str, Any]:
    return {name: request.args[name] for name in FILTERS if request.args.get(name)}


def _list_address() -> str:
    scope, kept = _scope(), _filters()
    if scope.activity_id is not None:
        return url_for("calls.activity", activity_id=scope.activity_id, **kept)
    if scope.programme_id is not None:
        return url_for("calls.programme", programme_id=scope.programme_id, **kept)
    return url_for("calls.index", **kept)


def _call_address(kind: str, id_: int, scope: CallScope | None = None) -> str:
    asked = _asked_of(scope or _scope())
    if kind == "person":
        return url_for("calls.person", person_id=id_, **asked)
    return url_for("calls.organisation", organisation_id=id_, **asked)


def _next_address(kind: str, id_: int, still: int | None = None) -> str:
    return url_for("calls.next_one", after=f"{kind}-{id_}", still=still, **_asked_of(_scope()))


def _reach(one: Callee) -> whatsapp.Reach:
    """Return how to reach them, with a text about everything they are asked. Only users who may change records get the link."""
    if not one.asked:
        return whatsapp.at(one.invitee.phone)
    return whatsapp.call_about(one.asked, one.link if may_change() else "", sender(), now=clock.now())

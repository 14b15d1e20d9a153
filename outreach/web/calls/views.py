"""People to call: the lists with their file, and one call after the other.

A caller presses a button to be given somebody, and records what came of the call by another; then the next one follows.
The list's activity or programme and its filters stay in the address, so a call returns to the same list.
"""

from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from outreach import clock
from outreach.delivery.words import calls as words
from outreach.delivery.words import whatsapp
from outreach.delivery.words.formats import clock as clock_time
from outreach.delivery.words.formats import moment
from outreach.domain.answers import Choice
from outreach.domain.calls import ANSWERED_AS, CallOutcome
from outreach.domain.kinds import ListName, Role, Sector
from outreach.domain.problems import Problem
from outreach.domain.states import ANSWERED
from outreach.queries import bell as news
from outreach.queries.calls import figures, questions
from outreach.queries.calls import lists as to_call
from outreach.queries.calls import texts as call_texts
from outreach.queries.calls.lists import Callee, CallScope
from outreach.queries.calls.opening import ChatAbout
from outreach.queries.calls.opening import opening as opening_chat
from outreach.queries.directory import lists as directory
from outreach.queries.invitations import lists as invitees
from outreach.services.calls import claim, numbers
from outreach.services.calls import questions as settling
from outreach.services.calls import record as recording
from outreach.services.calls.callee import CalleeKey
from outreach.services.calls.questions import QuestionUnknown
from outreach.services.locking import ActivityMissing, InvitationMissing, ProgrammeMissing
from outreach.web.calls.forms import CallForm
from outreach.web.exports import columns, file
from outreach.web.fields.problems import missing_page, show_problem
from outreach.web.frame.access import coordinator_required, may_change, staff_required
from outreach.web.frame.looks import office_zone
from outreach.web.frame.say import page_number, say
from outreach.web.frame.sender import sender
from outreach.web.frame.way_back import coming_back
from outreach.web.invitations.evidence import ask_for_file_again
from outreach.web.invitations.forms import filters_from

bp = Blueprint("calls", __name__)
missing_page(bp, ActivityMissing, ProgrammeMissing, InvitationMissing, QuestionUnknown)
FILTERS = ("q", "role", "region", "sector", "no_address")
USUAL_AGAIN = timedelta(hours=2)


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


@bp.get("/to-call/figures")
@staff_required
def progress() -> Any:
    """Show how many are reached, and what each caller did; the log of calls as a file."""
    now, scope = clock.now(), _scope()
    if file.asked():
        return file.send(ListName.CALL_LOG, columns.call_log(), figures.log(scope, now=now))
    return render_template(
        "calls/figures.html", goal=figures.reached(scope, now=now), activities=figures.by_activity(scope, now=now),
        callers=figures.by_caller(scope, now=now), list_address=_list_address(),
    )  # fmt: skip


@bp.route("/to-call/person/<int:person_id>", methods=["GET", "POST"])
@coordinator_required
def person(person_id: int) -> Any:
    return _call(CalleeKey("person", person_id))


@bp.route("/to-call/organisation/<int:organisation_id>", methods=["GET", "POST"])
@coordinator_required
def organisation(organisation_id: int) -> Any:
    return _call(CalleeKey("organisation", organisation_id))


@bp.post("/to-call/next")
@coordinator_required
def take_next() -> Any:
    """Give the caller the next person of the list: the one whom they have already, if they come back to the list."""
    now = clock.now()
    held = to_call.held_by(current_user.id, now=now)
    if held is not None and to_call.one(held.kind, held.id, _scope(), now=now).asked:
        return redirect(_call_address(held))
    return redirect(_next(now))


@bp.post("/to-call/<string:kind>/<int:id_>/take")
@coordinator_required
def take(kind: str, id_: int) -> Any:
    """Give the caller this person, from their line in the list."""
    callee = _callee(kind, id_)
    try:
        claim.take(callee, by=current_user, now=clock.now())
    except claim.CallTaken as problem:
        flash(say(problem), "warning")
    return redirect(_call_address(callee, back=coming_back() or None))


@bp.post("/to-call/<string:kind>/<int:id_>/skip")
@coordinator_required
def skip(kind: str, id_: int) -> Any:
    now = clock.now()
    try:
        claim.skip(_callee(kind, id_), by=current_user, now=now)
    except claim.CallTaken as problem:
        flash(say(problem), "warning")
    return redirect(coming_back() or _next(now))


@bp.post("/to-call/<string:kind>/<int:id_>/whatsapp")
@coordinator_required
def open_whatsapp(kind: str, id_: int) -> Any:
    """Note that WhatsApp was opened, and open it: the text is filled in, and the user presses send. For all pages.

    kind: person, organisation, or representative, with the id of the invitation in which they are named.

    A form may only lead to this site (form-action), so the answer is a page that goes on by itself.
    """
    now, asked = clock.now(), request.args
    about = ChatAbout(
        _scope(), asked.get("invitation", type=int), asked.get("poll", type=int), plain="plain" in asked
    )  # fmt: skip
    opening = opening_chat(kind, id_, about, sender(), now=now)
    if not opening.reach.whatsapp:
        return redirect(_call_address(opening.key))
    recording.whatsapp_opened(opening.key, opening.about, by=current_user, now=now, note=opening.note)
    page = render_template("calls/whatsapp.html", opening=opening)
    return page, 200, {"Refresh": f"0; url={opening.reach.whatsapp}", "Referrer-Policy": "no-referrer"}


@bp.post("/to-call/leave")
@coordinator_required
def leave() -> Any:
    """End calling for now: others can be given whom this caller had."""
    claim.leave(by=current_user, now=clock.now())
    return redirect(coming_back() or _list_address())


@bp.get("/to-call/questions")
@staff_required
def asked_questions() -> Any:
    """Show the questions that invitees asked on the phone and that nobody has settled yet."""
    if file.asked():
        return file.send(ListName.CALL_QUESTIONS, columns.call_questions(), questions.waiting())
    return render_template(
        "calls/questions.html", rows=[(call, whatsapp.at(call.callee.phone)) for call in questions.waiting()]
    )


@bp.post("/to-call/questions/<int:call_id>/settled")
@coordinator_required
def settle(call_id: int) -> Any:
    settling.settle(call_id, by=current_user, now=clock.now())
    news.read_again()
    flash(_("The question is settled. They can be called again."), "success")
    return redirect(url_for(".asked_questions"))


@bp.post("/to-call/numbers")
@coordinator_required
def allow_number() -> Any:
    """Let people be called again at a number that was marked as wrong."""
    numbers.allow_again(request.form.get("number", ""), by=current_user, now=clock.now())
    flash(_("The number is used again."), "success")
    return redirect(coming_back() or url_for("incoming.addresses"))


def _list(scope: CallScope, **about: Any) -> Any:
    now, filters = clock.now(), filters_from(request.args)
    if file.asked():
        lines = ((callee, i) for callee in to_call.everyone(scope, filters, now=now) for i in callee.asked)
        whose = about.get("activity") or about.get("programme")
        return file.send(ListName.CALLS, columns.calls(), lines, of=whose.title if whose else "")
    found = to_call.listed(scope, filters, now=now, number=page_number())
    rows = [(callee, _reach(callee, now), _call_address(callee.key, scope)) for callee in found.callees]
    answered_before = any(i.state in ANSWERED for callee in found.callees for i in callee.asked)  # before a move
    return render_template(
        "calls/index.html", found=found, rows=rows, answered_before=answered_before, filters=filters,
        filter_roles=Role, filter_sectors=Sector, now=now, asked=_asked_of(scope), words=words,
        goal=figures.reached(scope, now=now), questions=len(questions.waiting()),
        regions=directory.regions(), on_paper=(Choice.COMING, Choice.NOT_COMING), **about,
    )  # fmt: skip


def _call(callee: CalleeKey) -> Any:
    """Show one call; POST records what came of it and goes on to the next, or back to where the user came from."""
    now, scope = clock.now(), _scope()
    one = to_call.one(callee.kind, callee.id, scope, now=now)
    form, problem_said = CallForm(one.asked), ""
    outcome = form.pressed
    if form.is_submitted():
        if form.validate() and outcome is not None:
            try:
                recording.record(callee, form.result(outcome, office_zone()), by=current_user, now=now)
            except InvitationMissing:
                raise
            except Problem as problem:
                problem_said = show_problem(form, problem)
            else:
                return _recorded(one, outcome, now)
        elif outcome is None:
            problem_said = _("Nothing is chosen yet. Press what came of the call.")
    else:
        again = (now + USUAL_AGAIN).astimezone(office_zone())
        form.again_on.data, form.again_at.data = again.date(), again.time().replace(minute=0, second=0, microsecond=0)
    if form.is_submitted():
        ask_for_file_again(form)
    holder = one.holder_at(now)
    page = render_template(
        "calls/call.html", one=one, form=form, reach=_reach(one, now), problem=problem_said, outcome=outcome,
        mine=holder == current_user.id, taken=holder is not None and holder != current_user.id, now=now,
        goal=figures.reached(scope, now=now), history=figures.of_invitee(one.invitee), words=words,
        asked=_asked_of(scope), back=coming_back(), list_address=coming_back() or _list_address(),
        still_address=coming_back() or _call_address(callee),
    )  # fmt: skip
    return page, 422 if form.is_submitted() else 200


def _recorded(one: Callee, outcome: CallOutcome, now: datetime) -> Any:
    """Go on after a call: with the same person, if something is left to ask them, or with the next."""
    name = one.invitee.display_name
    if outcome in ANSWERED_AS:
        flash(_("The answer of %(name)s is recorded.", name=name), "success")
        if to_call.one(one.kind, one.invitee.id, _scope(), now=now).asked:
            return redirect(_call_address(one.key, back=coming_back() or None))
    else:
        flash(_("Noted for %(name)s: %(outcome)s.", name=name, outcome=words.outcome(outcome)), "success")
    if outcome is CallOutcome.QUESTION:
        news.read_again()
    if back := coming_back():
        claim.leave(by=current_user, now=now)
        return redirect(back)
    return redirect(_next(now))


def _next(now: datetime) -> str:
    """Give the caller the next person, and return the address of the call; of the list, if there is nobody."""
    scope, filters = _scope(), filters_from(request.args)
    candidates = to_call.candidates(scope, filters, by_id=current_user.id, now=now)
    found = claim.take_next(candidates, lambda one: _can_be_asked(one, scope, now), by=current_user, now=now)
    if found is not None:
        return _call_address(found)
    ends = to_call.next_rest_ends(scope, filters, now=now)
    if ends is None:
        flash(_("Nobody is left to call on this list."), "info")
    else:
        zone = office_zone()
        soon = ends.astimezone(zone).date() == now.astimezone(zone).date()
        at = clock_time(ends, zone) if soon else moment(ends, zone)
        flash(_("Nobody is left to call for now. The next can be called again: %(moment)s.", moment=at), "info")
    return _list_address()


def _can_be_asked(callee: CalleeKey, scope: CallScope, now: datetime) -> bool:
    one = to_call.one(callee.kind, callee.id, scope, now=now)
    return bool(one.asked) and not one.question and not one.wrong_number


def _callee(kind: str, id_: int) -> CalleeKey:
    if kind not in to_call.KINDS:
        raise InvitationMissing
    return CalleeKey(kind, id_)


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


def _call_address(callee: CalleeKey, scope: CallScope | None = None, back: str | None = None) -> str:
    asked = callee.values | _asked_of(scope or _scope())
    return url_for(f"calls.{callee.kind}", **asked, back=back)


def _reach(one: Callee, now: datetime) -> whatsapp.WaysToReach:
    """Return how to reach them, with a text about everything they are asked. Only users who may change records get the link."""
    return call_texts.reach(one, sender(), with_link=may_change(), now=now)

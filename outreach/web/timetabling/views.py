"""Timetabling of a whole plan: ask for it, watch the search, and apply the proposal."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from outreach import clock
from outreach.delivery.words import ladder as rung_words
from outreach.delivery.words.clashes import sentence
from outreach.domain.kinds import ListName
from outreach.domain.planning.rules import Severity
from outreach.domain.problems import Problem
from outreach.domain.states import ActivityState
from outreach.domain.timetabling import CauseKind
from outreach.models import Activity, TimetablingSearch
from outreach.queries import timetabling as timetabling_pages
from outreach.queries.invitations import choices
from outreach.services.directory import people
from outreach.services.directory import people as directory_people
from outreach.services.timetabling import apply as applying
from outreach.services.timetabling import launch, searches
from outreach.services.timetabling import request as timetabling_request
from outreach.services.timetabling import result as timetabling_result
from outreach.services.timetabling import undo as undoing
from outreach.services.timetabling.result import ProposalLine, SearchResult
from outreach.settings import how_to_install
from outreach.web.exports import columns, file
from outreach.web.fields.fields import whole
from outreach.web.fields.problems import flashing_problems, missing_page, mistakes, show_problem, showing_problems
from outreach.web.frame.access import coordinator_required, staff_required
from outreach.web.frame.looks import office_zone
from outreach.web.frame.say import say
from outreach.web.timetabling import words as timetabling_words
from outreach.web.timetabling.forms import ApplyForm, TaskRow, TimetablingForm, days_for, rows_of, sent_rows

OF_ROWS = (CauseKind.DAYS, CauseKind.FIXED)  # conditions in an activity's own row of the form


TaskGroup = tuple[str, list[TaskRow], bool]  # title, rows, whether they are published


bp = Blueprint("placements", __name__, url_prefix="/placements")
missing_page(bp, searches.SearchMissing)
ALONE = "alone"  # in the choice of activities: those that belong to no programme
FACILITATOR = "fasilitator"  # the post that facilitators have in the address book
FIELDS = {"days": "last_on", "pick": "title", "order": "order_then"}


@bp.get("")
@staff_required
def index() -> Any:
    now = clock.now()
    rows = [(search, timetabling_pages.is_broken_off(search, now)) for search in timetabling_pages.recent()]
    if file.asked():
        return file.send(ListName.SEARCHES, columns.searches(), rows)
    return render_template("timetabling/index.html", rows=rows, can_search=searches.can_search())


@bp.get("/new")
@coordinator_required
def new() -> Any:
    """Show the form with the drafts, of all or of one programme. ?from= fills in an earlier request, ?activity= ticks some."""
    earlier = request.args.get("from", type=int)
    asked = timetabling_request.from_json(timetabling_pages.get(earlier).request) if earlier else None
    candidates = timetabling_pages.candidates(now=clock.now())
    form, rows = TimetablingForm(), rows_of(_scoped(candidates), asked, request.args.getlist("activity", type=int))
    tomorrow = clock.now().astimezone(office_zone()).date() + timedelta(days=1)
    if asked:
        days = (max(asked.first_on, tomorrow), max(asked.last_on, tomorrow))
        form.title.data = timetabling_pages.get(earlier).title if earlier else ""
    else:
        programme = rows[0].activity.programme if rows and request.args.get("programme", "").isdecimal() else None
        last = programme.ends_on if programme else None
        days = days_for(rows, programme.starts_on if programme else tomorrow, last, tomorrow)
        form.person.data = request.args.getlist("person", type=int)
    form.start(asked, days)
    if not asked:
        form.before_all.data = request.args.get("first", type=int)
    return _form(form, rows, candidates)


@bp.post("/new")
@coordinator_required
def ask() -> Any:
    """Store the request, start the search and redirect to its page.

    do=search only searches people; do=more only offers another pair to order.
    """
    form, candidates = TimetablingForm(), timetabling_pages.candidates(now=clock.now())
    try:
        rows = sent_rows(_scoped(candidates), request.form, request.form.getlist("pick"))
    except Problem as problem:
        show_problem(form, problem, FIELDS)
        return _form(form, rows_of(_scoped(candidates), None), candidates), 422
    form.offer(rows)
    if request.form.get("do") in ("search", "more"):
        return _form(form, rows, candidates)
    if not form.validate():
        return _form(form, rows, candidates), 422
    now = clock.now()
    with showing_problems(form, but=searches.SearchMissing, names=FIELDS):
        asked = form.asked(rows, greedily=request.form.get("do") == "greedily")
        title = (form.title.data or "").strip() or _title(rows)
        search = searches.create(asked, title=title, by=current_user, now=now)
        return _begin(search.id)
    return _form(form, rows, candidates), 422


@bp.get("/<int:search_id>")
@staff_required
def show(search_id: int) -> Any:
    """Show the progress of a search, its proposal, and its conflicts. While it runs, the page asks again each second."""
    now = clock.now()
    search = timetabling_pages.get(search_id)
    if file.asked():
        return _proposal_file(search)
    running = searches.is_running(search, now)
    response = make_response(
        render_template(
            "timetabling/show.html",
            search=search,
            running=running,
            broken_off=timetabling_pages.is_broken_off(search, now),
            can_search=searches.can_search(),
            undoable=undoing.latest(search_id) is not None,
            **shown(search),
        )
    )
    if "HX-Request" in request.headers and not running:
        response.headers["HX-Refresh"] = "true"  # the page of a finished search has more than the reloaded part
    return response


@bp.post("/<int:search_id>/start")
@coordinator_required
def start(search_id: int) -> Any:
    """Start a search that was prepared or interrupted."""
    timetabling_pages.get(search_id)
    return _begin(search_id)


@bp.post("/<int:search_id>/stop")
@coordinator_required
def stop(search_id: int) -> Any:
    searches.ask_to_stop(search_id, by=current_user, now=clock.now())
    return redirect(url_for(".show", search_id=search_id))


@bp.post("/<int:search_id>/delete")
@coordinator_required
def delete(search_id: int) -> Any:
    try:
        searches.delete(search_id, by=current_user, now=clock.now())
    except searches.AlreadyStarted:
        flash(_("It is still being searched for. Stop the search first."), "warning")
        return redirect(url_for(".show", search_id=search_id))
    flash(_("The placement is deleted. What was taken of it stays."), "success")
    return redirect(url_for(".index"))


@bp.get("/<int:search_id>/take")
@coordinator_required
def take(search_id: int) -> Any:
    """Show the result of applying the ticked activities, and who gets which mail."""
    return _preview_page(timetabling_pages.get(search_id), ApplyForm(), request.args.getlist("pick", type=int))


@bp.post("/<int:search_id>/take")
@coordinator_required
def taken(search_id: int) -> Any:
    search = timetabling_pages.get(search_id)
    form, picked = ApplyForm(), request.form.getlist("pick", type=int)
    if not form.validate():
        return _preview_page(search, form, picked), 422
    with showing_problems(form, but=searches.SearchMissing):
        result = applying.apply(search_id, picked, reason=form.reason.data or "", by=current_user, now=clock.now())
        count = len(set(picked) & result.taken)
        flash(_("%(count)s activities are planned so now.", count=count), "success")
        return redirect(url_for(".show", search_id=search_id))
    return _preview_page(timetabling_pages.get(search_id), form, picked), 422


@bp.route("/<int:search_id>/undo", methods=["GET", "POST"])
@coordinator_required
def undo(search_id: int) -> Any:
    """Show which applied changes would be undone, and which are left alone; after confirmation, undo them."""
    search, form, now = timetabling_pages.get(search_id), ApplyForm(), clock.now()
    if form.is_submitted() and form.validate():
        with showing_problems(form, but=(searches.SearchMissing, undoing.NothingToUndo)):
            done = undoing.undo(search_id, reason=form.reason.data or "", by=current_user, now=now)
            flash(ngettext("One activity is back where it was.", "%(num)d activities are back where they were.",
                           len(done.back)), "success")  # fmt: skip
            if done.left:
                flash(_("Left alone: %(what)s.", what="; ".join(timetabling_words.left_words(done.left))), "warning")
            return redirect(url_for(".show", search_id=search_id))
    elif not form.is_submitted():
        form.reason.data = _("It goes back to the time and place announced before.")
    with flashing_problems(but=searches.SearchMissing):
        seen = undoing.preview(search_id, now=now)
        page = render_template(
            "timetabling/undo.html",
            search=search,
            form=form,
            seen=seen,
            words=timetabling_words,
            rung_words=rung_words,
        )
        return page, 422 if form.is_submitted() else 200
    return redirect(url_for(".show", search_id=search_id))


def _begin(search_id: int) -> Any:
    with flashing_problems("danger", but=searches.SearchMissing):
        searches.start(search_id, launch=launch.launch, by=current_user, now=clock.now())
    return redirect(url_for(".show", search_id=search_id))


def _scoped(found: list[Activity]) -> list[Activity]:
    """Return the activities to choose from: all, or those of the chosen programme."""
    wanted = request.values.get("programme", "")
    if wanted == ALONE:
        return [activity for activity in found if activity.programme_id is None]
    programme_id = whole(wanted)
    return [activity for activity in found if not programme_id or activity.programme_id == programme_id]


def _form(form: TimetablingForm, rows: list[TaskRow], candidates: list[Activity]) -> Any:
    form.offer(rows)
    chosen = [person_id for person_id in form.person.data or [] if person_id is not None]
    found = choices.find_people(form.q.data or FACILITATOR, chosen)
    programmes = {activity.programme_id: activity.programme.title for activity in candidates if activity.programme}
    return render_template(
        "timetabling/new.html",
        form=form,
        mistakes=list(mistakes(form)),
        groups=grouped(rows),
        scope=request.values.get("programme", ""),
        programmes=programmes,
        alone=ALONE,
        people=people.people(chosen),
        also=found,
        can_search=searches.can_search(),
        how_to_install_planner=how_to_install("planner"),
        earlier=request.args.get("from", ""),
    )


def _title(rows: list[TaskRow]) -> str:
    picked = [row.activity for row in rows if row.picked]
    programmes = {activity.programme.title for activity in picked if activity.programme}
    if len(programmes) == 1 and all(activity.programme for activity in picked):
        return programmes.pop()
    return picked[0].title if len(picked) == 1 else _("%(count)s activities", count=len(picked))


def _preview_page(search: TimetablingSearch, form: ApplyForm, picked: list[int]) -> Any:
    try:
        previewed = applying.preview(search, picked, now=clock.now())
    except applying.NothingTicked as problem:
        flash(say(problem), "warning")
        return redirect(url_for(".show", search_id=search.id, none=1))  # so that activities stay unticked
    found = sorted(previewed.found, key=lambda clash: clash.severity is not Severity.BLOCK)
    clashes = list(dict.fromkeys((clash.severity, clash.activities[-1].title, sentence(clash)) for clash in found))
    result: SearchResult = timetabling_result.read(search.result)
    return render_template(
        "timetabling/take.html",
        search=search,
        form=form,
        preview=previewed,
        clashes=clashes,
        venues=venue_names(result),
        words=timetabling_words,
        rung_words=rung_words,
    )


def grouped(rows: Sequence[TaskRow]) -> list[TaskGroup]:
    """Return the rows by programme: first the drafts, then the published activities."""
    found: dict[tuple[bool, int], TaskGroup] = {}
    for row in rows:
        programme, known = row.activity.programme, row.activity.state is ActivityState.PUBLISHED
        title = programme.title if programme else _("Standing alone")
        key = (known, programme.id if programme else 0)
        found.setdefault(key, (title, [], known))[1].append(row)
    return sorted(found.values(), key=lambda group: group[2])


def venue_names(result: SearchResult) -> Mapping[int, str]:
    spots = [spot for line in result.lines for spot in (line.before, line.after)]
    wanted = {spot.venue_id for spot in spots if spot.venue_id is not None}
    wanted |= {id for clash in result.conflicts for cause in clash.causes for id in cause.venues}
    return timetabling_pages.venue_names(wanted) if wanted else {}


def shown(search: TimetablingSearch) -> dict[str, Any]:
    """Return the values for the page of one search."""
    result = timetabling_result.read(search.result)
    asked = timetabling_request.from_json(search.request)
    venues = venue_names(result)
    return {
        "result": result,
        "asked": asked,
        "venues": venues,
        "words": timetabling_words,
        "problem": _problem(search),
        "clashes": _clashes(result, asked, venues),
        "costs": [(timetabling_words.TERMS[term], cost) for term, cost in result.costs.items()],
        "unplaced": [result.titles.get(id, "–") for id in result.unplaced],
    }


def _proposal_file(search: TimetablingSearch) -> Any:
    result = timetabling_result.read(search.result)

    def why(line: ProposalLine) -> str:
        return timetabling_words.reasons_words(line, result.titles)

    def notes(line: ProposalLine) -> str:
        return "; ".join([*timetabling_words.worse_words(line), *map(timetabling_words.note_words, line.warnings)])

    found = columns.proposal(
        venue_names(result), people=timetabling_words.who_words, why=why, notes=notes, taken=result.taken
    )
    return file.send(ListName.PROPOSAL, found, result.lines, of=search.title)


def _problem(search: TimetablingSearch) -> str:
    if not search.problem:
        return ""
    return _(search.problem, **search.progress.get("values", {}))


def _clashes(result: SearchResult, asked: Any, venues: Mapping[int, str]) -> list[tuple[str, bool, list[Any]]]:
    """Return for each conflict: the sentence, whether removing one cause is enough, and the causes.

    Each cause has examples, and the id of the activity whose row of the form has the condition.
    """
    if not result.conflicts:
        return []
    codes = {code for clash in result.conflicts for cause in clash.causes for code in cause.kecamatan}
    kecamatan = timetabling_pages.region_names(codes) if codes else {}
    people = [person.display_name for person in directory_people.people(asked.facilitators)]
    said = []
    for clash in result.conflicts:
        causes = [
            (
                timetabling_words.cause_words(
                    cause, asked, result.titles, venues=venues, kecamatan=kecamatan, people=people
                ),
                list(dict.fromkeys(map(timetabling_words.example_words, cause.examples)))[:3],
                cause.ids[0] if cause.kind in OF_ROWS else None,
            )
            for cause in clash.causes
        ]
        said.append((timetabling_words.clash_words(clash.ids, result.titles), clash.is_minimal, causes))
    return said

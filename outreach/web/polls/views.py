"""Date polls for coordinators: list, new ones, editing and deleting drafts, and the results of a poll's slots.

web/polls/ask.py chooses invitees, opens and closes polls. web/polls/decide.py chooses a slot.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from outreach import clock
from outreach.domain.kinds import ActivityKind, ListName, PollChoice
from outreach.domain.planning.rules import Severity
from outreach.domain.polls import MOST_SLOTS
from outreach.domain.states import PollState
from outreach.models import DatePoll
from outreach.queries import exports
from outreach.queries import polls as poll_pages
from outreach.queries.activities import lists as browsing
from outreach.queries.polls import SlotRow, Which
from outreach.services.office_defaults import usual_closing
from outreach.services.polls import edit as polls
from outreach.services.polls.edit import PollMissing
from outreach.web.clashes import shown as clashes_shown
from outreach.web.clashes.in_forms import ClashPreview
from outreach.web.clashes.shown import ShownClash
from outreach.web.exports import columns, file
from outreach.web.fields import choices
from outreach.web.fields.base import ConfirmForm
from outreach.web.fields.problems import flashing_problems, missing_page, renew_version, showing_problems
from outreach.web.frame.access import coordinator_required, staff_required
from outreach.web.frame.looks import office_zone
from outreach.web.frame.say import page_number
from outreach.web.frame.sender import sender
from outreach.web.invitations.forms import member
from outreach.web.polls.blueprint import bp
from outreach.web.polls.forms import EMPTY_ROWS, PollForm, proposed_by

BUTTONS = ("add", "drop", "look")  # buttons that only change the form, or check its times


missing_page(bp, PollMissing)


@bp.context_processor
def _words() -> dict[str, Any]:
    return {"poll_crumbs": poll_crumbs, "PollChoice": PollChoice}


def poll_crumbs(poll: DatePoll, here: str = "") -> list[tuple[str, str]]:
    """Return the breadcrumbs to a poll, and to the page `here` below it."""
    own = url_for("polls.show", poll_id=poll.id) if here else ""
    return [(_("Date polls"), url_for("polls.index")), (poll.title, own), *([(here, "")] if here else [])]


@bp.get("")
@staff_required
def index() -> Any:
    which = member(Which, request.args.get("show", Which.RUNNING.value))
    if file.asked():
        also = {"show": which.value if which else "all"}
        return file.send(ListName.POLLS, columns.polls(), exports.polls(which), also=also)
    return render_template("polls/index.html", page=poll_pages.listed(which, page_number()), which=which)


@bp.route("/new", methods=["GET", "POST"])
@coordinator_required
def new() -> Any:
    """Create a draft. ?slot=2027-01-18,08:00,12:00,3 (day, from, to, venue's id) fills in times; it may be repeated."""
    form = PollForm()
    if request.method == "GET":
        _begin(form)
        return _form_page(form)
    if _only_changes(form) or not _validated(form):
        return _form_page(form), 200 if _pressed() else 422
    if (seen := _preview(form)).asks:
        return _form_page(form, clash_preview=seen)
    with showing_problems(form):
        poll = polls.create(form.values(), by=current_user, now=clock.now())
        flash(_("The date poll is saved as a draft. Now choose who is asked."), "success")
        return redirect(url_for(".asked", poll_id=poll.id))
    return _form_page(form), 422


@bp.route("/<int:poll_id>/edit", methods=["GET", "POST"])
@coordinator_required
def edit(poll_id: int) -> Any:
    poll = poll_pages.get(poll_id)
    if poll.state is not PollState.DRAFT:
        flash(_("People have been asked already, so what the poll proposes stays as it is."), "warning")
        return redirect(url_for(".show", poll_id=poll_id))
    form = PollForm()
    if request.method == "GET":
        form.fill(poll)
        return _form_page(form, poll)
    if _only_changes(form) or not _validated(form):
        return _form_page(form, poll), 200 if _pressed() else 422
    if (seen := _preview(form)).asks:
        return _form_page(form, poll, clash_preview=seen)
    with showing_problems(form, but=PollMissing) as refusal:
        polls.edit(poll_id, form.values(), form.version_number, by=current_user, now=clock.now())
        flash(_("Saved."), "success")
        return redirect(url_for(".show", poll_id=poll_id))
    poll = poll_pages.get(poll_id)
    renew_version(form, refusal.problem, poll.version)
    return _form_page(form, poll), 422


@bp.get("/<int:poll_id>")
@staff_required
def show(poll_id: int) -> Any:
    if file.asked():
        poll = poll_pages.get(poll_id)
        slots = sorted(poll.slots, key=lambda slot: slot.starts_at)
        return file.send(
            ListName.POLL_ANSWERS, columns.poll_answers(slots, poll.zone), poll_pages.invitees_of(poll), of=poll.title
        )
    table = poll_pages.table(poll_id, now=clock.now(), sender=sender())
    return render_template(
        "polls/show.html", table=table, poll=table.poll, form=ConfirmForm(), clashes=slot_clashes(table.rows)
    )


@bp.route("/<int:poll_id>/delete", methods=["GET", "POST"])
@coordinator_required
def delete(poll_id: int) -> Any:
    """GET asks; POST deletes a draft about which nobody was told."""
    poll, form = poll_pages.get(poll_id), ConfirmForm()
    if poll.state is not PollState.DRAFT:
        flash(_("People have been asked already, so this date poll stays. You can close it."), "warning")
        return redirect(url_for(".show", poll_id=poll_id))
    if not form.validate_on_submit():
        return render_template("polls/delete.html", poll=poll, form=form)
    title = poll.title
    with flashing_problems(but=PollMissing):
        polls.delete_draft(poll_id, by=current_user, now=clock.now())
        flash(_("“%(title)s” is deleted.", title=title), "success")
        return redirect(url_for(".index", show=Which.DRAFTS.value))
    return redirect(url_for(".show", poll_id=poll_id))


def slot_clashes(rows: Iterable[SlotRow]) -> dict[int, list[ShownClash]]:
    """Return the clashes of each slot, in sentences, by slot id."""
    return {row.slot.id: clashes_shown.shown(row.found, about=[-row.slot.id], with_resolutions=False) for row in rows}


def _begin(form: PollForm) -> None:
    """Fill in what the address names: a title, a programme, slots; without slots, some empty rows."""
    asked, zone = request.args, office_zone()
    form.zone.data = zone.key
    form.title.data = asked.get("title", "")[:200]
    form.kind.data = (member(ActivityKind, asked.get("kind")) or ActivityKind.COORDINATION).value
    form.programme_id.data = asked.get("programme", type=int)
    form.region_code.data = asked.get("region") or None
    form.fill_closing(usual_closing(zone, clock.now()), zone)
    named = [proposed_by(written, zone) for written in asked.getlist("slot")[:MOST_SLOTS]]
    slots = [slot for slot in named if slot is not None]
    form.propose(slots, empty=0 if slots else EMPTY_ROWS)


def _pressed() -> bool:
    return any(button in request.form for button in BUTTONS)


def _only_changes(form: PollForm) -> bool:
    """Add or drop a row if that button was pressed. Return whether it was."""
    if "add" in request.form:
        form.add_row()
    elif "drop" in request.form:
        form.drop_row(request.form.get("drop", -1, type=int))
    return _pressed()


def _validated(form: PollForm) -> bool:
    _offer(form)
    return form.validate()


def _offer(form: PollForm) -> None:
    form.offer(choices.venues(), choices.programmes(), choices.kelurahan(browsing.districts()))


def _form_page(form: PollForm, poll: DatePoll | None = None, *, clash_preview: ClashPreview | None = None) -> str:
    _offer(form)
    return render_template(
        "polls/form.html",
        form=form,
        poll=poll,
        most=MOST_SLOTS,
        clash_preview=clash_preview or ClashPreview(),
        warnings=_warnings(form),
    )


def _warnings(form: PollForm) -> list[list[ShownClash]]:
    """Return for each row what speaks against its time: a day off, the hours, a venue that is taken."""
    asked = form.proposals()
    found = poll_pages.of_proposals(
        [proposed for proposed in asked if proposed], form.chosen_zone, form.region_code.data, now=clock.now()
    )
    rows = iter(
        clashes_shown.shown(clashes, about=[activity.id], with_resolutions=False) for activity, clashes in found
    )
    return [next(rows) if proposed else [] for proposed in asked]


def _preview(form: PollForm) -> ClashPreview:
    """Return what speaks against the times, to be read once before saving. It does not refuse a proposal."""
    found = [row for rows in _warnings(form) for row in rows]
    return ClashPreview(tuple(replace(row, severity=Severity.WARN) for row in found))

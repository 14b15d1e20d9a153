"""Choose one of a date poll's slots: preview, clashes with resolutions, and the button that creates the activity.

A resolution only fills in this page's form: another venue, another hour of that day, or leaving somebody out.
Resolutions that change something else lead there and back.
"""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.datastructures import MultiDict

from outreach import clock
from outreach.delivery.words.formats import short_day, span
from outreach.domain.clashes import LeaveOut, MoveTo
from outreach.domain.polls import Proposed
from outreach.domain.problems import Problem
from outreach.domain.states import PollState
from outreach.models import DatePoll, PollSlot
from outreach.queries import polls as poll_pages
from outreach.queries.polls import PollTable, SlotRow
from outreach.services.planning.book import SpeakerTaken, VenueTaken
from outreach.services.planning.checks import PlanBlocked
from outreach.services.planning.clashes import FoundClashes
from outreach.services.polls import decide as poll_deciding
from outreach.services.polls import projected
from outreach.services.polls.decide import AlreadyDecided
from outreach.services.polls.edit import PollMissing
from outreach.web.calendar.forms import TimeAndPlaceForm
from outreach.web.clashes.in_forms import took_a_resolution
from outreach.web.clashes.resolutions import ShownResolution
from outreach.web.clashes.shown import CommonResolution, ShownClash, common_resolutions, shown
from outreach.web.fields.fields import whole
from outreach.web.frame.access import coordinator_required
from outreach.web.frame.say import say
from outreach.web.frame.way_back import address_with, came_back, leading_back, sent
from outreach.web.polls.blueprint import bp

WITHOUT, PREVIEW = "without", "look"  # buttons: leave these out; check again with the ticked people
RUNNING = (PollState.OPEN, PollState.CLOSED)


@bp.route("/<int:poll_id>/choose/<int:slot_id>", methods=["GET", "POST"])
@coordinator_required
def choose(poll_id: int, slot_id: int) -> Any:
    """GET shows the preview and who is told. POST creates the activity and invites, once, or fills in a resolution."""
    poll = poll_pages.get(poll_id)
    slot = next((slot for slot in poll.slots if slot.id == slot_id), None)
    if slot is None:
        return redirect(url_for(".show", poll_id=poll_id))
    form, chosen, sentence, is_found = _form(poll, slot), _chosen(poll), "", False
    only_preview = took_a_resolution(form) or WITHOUT in request.form or PREVIEW in request.form
    if not form.validate():
        sentence = next(str(error) for errors in form.errors.values() for error in errors)
        form.fill_place(poll_deciding.proposed(slot))
    elif form.is_submitted() and not only_preview:
        publish = request.form.get("do") == "publish"
        try:
            made = poll_deciding.decide(
                poll_id, slot_id, at=_at(form), invitee_ids=chosen, publish=publish, by=current_user, now=clock.now()
            )
        except PollMissing:
            raise
        except AlreadyDecided as problem:
            flash(say(problem), "warning")
            return redirect(url_for(".show", poll_id=poll_id))
        except Problem as problem:
            sentence, is_found = say(problem), isinstance(problem, PlanBlocked | VenueTaken | SpeakerTaken)
        else:
            if publish:
                flash(_("The date is chosen and the activity published. The invitations are on their way."), "success")
            else:
                flash(
                    _("The date is chosen. The activity is a draft with its invitees; nobody is told yet."), "success"
                )
            return redirect(url_for("activities.show", activity_id=made.id))
    return _page(poll_id, slot, form, chosen, sentence, is_found=is_found)


def _page(
    poll_id: int, slot: PollSlot, form: TimeAndPlaceForm, chosen: Collection[int], sentence: str, *, is_found: bool
) -> Any:
    """Return the page. sentence: why it was refused. is_found: whether the page's clashes already say that."""
    now = clock.now()
    table = poll_pages.table(poll_id, now=now)
    row = next(row for row in table.rows if row.slot.id == slot.id)
    if table.poll.state not in RUNNING:
        return redirect(url_for(".show", poll_id=poll_id))
    at = _at(form)
    found = poll_deciding.preview(table.poll, slot, at, chosen, now=now)
    here = address_with([*form.asked().items(), *(("invitee", str(id)) for id in chosen or [0])])
    clashes = [_here(clash, table, slot, here) for clash in shown(found, about=[-slot.id])]
    page = render_template(
        "polls/choose.html",
        poll=table.poll,
        table=table,
        row=row,
        form=form,
        at=at,
        as_asked=(at.starts_at, at.ends_at) == (slot.starts_at, slot.ends_at),
        venue_name=dict(form.venue_id.choices or ()).get(form.venue_id.data or "", ""),
        problem="" if is_found and found.blocking else sentence,  # which is shown above everything else
        chosen=chosen,
        clashes=clashes,
        refused=bool(found.blocking),
        resolutions=_resolutions(found, clashes, table, row),
    )
    return page, 422 if sentence else 200


def _form(poll: DatePoll, slot: PollSlot) -> TimeAndPlaceForm:
    """Return time and place as filled in, or as the slot proposes. The token is checked elsewhere."""
    form = TimeAndPlaceForm(poll.zone, formdata=None, meta={"csrf": False})
    form.fill_place(poll_deciding.proposed(slot))
    if request.method != "POST" and not came_back():
        return form
    return TimeAndPlaceForm(poll.zone, formdata=MultiDict({**form.asked(), **sent().to_dict()}), meta={"csrf": False})


def _chosen(poll: DatePoll) -> list[int]:
    """Return which of the invitees are ticked: at first everybody."""
    everybody = [invitee.id for invitee in poll.invitees]
    if request.method != "POST" and not came_back():
        return everybody
    ticked = {whole(text) for text in sent().getlist("invitee")}
    without = {whole(text) for text in request.form.get(WITHOUT, "").split()}
    return [id for id in everybody if id in ticked - without]


def _at(form: TimeAndPlaceForm) -> Proposed:
    return Proposed(form.starts_at, form.ends_at, form.venue_id.data)


def _here(row: ShownClash, table: PollTable, slot: PollSlot, here: str) -> ShownClash:
    """Return the clash with this page's resolutions: another venue, another hour that day, leaving out. Others lead back."""
    resolutions = [*_without(row, table, slot)]
    for resolution in row.resolutions:
        if resolution.activity_id != -slot.id:
            resolutions.append(replace(resolution, href=leading_back(resolution.href, here)))
        elif not isinstance(resolution.resolution, MoveTo) or _is_that_day(resolution.resolution, slot, table.poll):
            resolutions.append(resolution)
    return replace(row, resolutions=tuple(resolutions))


def _without(row: ShownClash, table: PollTable, slot: PollSlot) -> list[ShownResolution]:
    invitees = [invitee for invitee in table.invitees if projected.party_of(invitee) in row.parties]
    if not invitees or row.clash.said_yes:
        return []
    party = projected.party_of(invitees[0])
    button = (WITHOUT, " ".join(str(invitee.id) for invitee in invitees))
    if len(invitees) == 1:
        return [
            ShownResolution(
                _("Do without %(name)s", name=party.name), "", button=button, resolution=LeaveOut(-slot.id, party)
            )
        ]
    return [ShownResolution(_("Do without these %(count)s", count=len(invitees)), "", button=button)]


def _is_that_day(resolution: MoveTo, slot: PollSlot, poll: DatePoll) -> bool:
    """Return whether the time is on the day of the slot: people were not asked about other days."""
    return resolution.starts_at.astimezone(poll.zone).date() == slot.starts_at.astimezone(poll.zone).date()


def _resolutions(
    found: FoundClashes, clashes: list[ShownClash], table: PollTable, row: SlotRow
) -> list[CommonResolution]:
    """Return the resolutions, each once, and last the best of the other proposed times that is available."""
    others = [other for other in table.rows if other is not row and other.standing.suits and not other.standing.over]
    best = next((other for other in others if not other.found.blocking), None)
    common = common_resolutions(found, clashes)
    if best is None or all(clash.clash.said_yes for clash in clashes):
        return common
    slot, zone = best.slot, table.poll.zone
    when = f"{short_day(slot.starts_at, zone)}, {span(slot.starts_at, slot.ends_at, zone)}"
    words = _("Choose the next best time: %(when)s", when=when)
    resolution = ShownResolution(words, url_for(".choose", poll_id=table.poll.id, slot_id=slot.id))
    return [*common, CommonResolution(resolution, "" if best.found.clashes else _("nothing clashes then"))]

"""Find a time: the search is in the address; the result is below it."""

from dataclasses import replace
from datetime import date
from itertools import groupby
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask_babel import gettext as _

from outreach import clock
from outreach.domain.free_slots.criteria import Slot
from outreach.domain.states import ActivityState
from outreach.queries.activities import free_slots
from outreach.queries.activities import lists as browsing
from outreach.queries.activities.free_slots import FoundSlots, SlotRequest
from outreach.queries.invitations import choices
from outreach.services.directory import people as directory_people
from outreach.services.locking import ActivityMissing
from outreach.web.fields.fields import whole
from outreach.web.fields.instants import wall_day, wall_time
from outreach.web.fields.problems import missing_page, showing_problems
from outreach.web.frame.access import coordinator_required
from outreach.web.frame.looks import office_zone
from outreach.web.frame.way_back import coming_back, leading_back
from outreach.web.free_slots import words as free_slot_words
from outreach.web.free_slots.form import ANY, DAYS, NONE, USUAL_MIN, FreeTimeForm

DAYS_SHOWN = 10
SLOTS_A_DAY = 6
POLLED = 5
bp = Blueprint("freetimes", __name__, url_prefix="/free-times")
missing_page(bp, ActivityMissing)


@bp.get("")
@coordinator_required
def index() -> Any:
    """Show the form, filled in from ?activity= if that activity needs another time. With ?length=, show the result, too.

    ?on=: a day that somebody wishes; it is searched at once.
    """
    wished_on: date | None = None
    searching = "length" in request.args
    form = FreeTimeForm(request.args if searching else None)
    _offer(form)
    zone, now = office_zone(), clock.now()
    if not searching:
        activity_id = whole(request.args.get("activity"))
        today = wall_day(now, zone)
        usual = SlotRequest(USUAL_MIN, today, today + DAYS, tuple(request.args.getlist("person", type=int)))
        asked = free_slots.start_with(activity_id, now=now, zone=zone) if activity_id else usual
        wished_on = request.args.get("on", type=date.fromisoformat)
        if wished_on:
            also = request.args.getlist("person", type=int)  # who wishes it has declined, and is not expected any more
            people = tuple(dict.fromkeys((*asked.person_ids, *also)))
            asked = replace(asked, first=wished_on, last=wished_on, person_ids=people)
        form.start(asked)
    found, status = None, 200
    if wished_on:
        with showing_problems(form, but=ActivityMissing):
            found = free_slots.find(asked, now=now, zone=zone)
    if searching and request.args.get("do") != "search":
        if form.validate():
            with showing_problems(form, but=ActivityMissing):
                found = free_slots.find(form.asked(), now=now, zone=zone)
        status = 200 if found else 422
    chosen = [person_id for person_id in form.person.data or [] if person_id is not None]
    page = render_template(
        "free_slots/index.html", form=form, found=found, days=_by_day(found), zone=_zone(found),
        words=free_slot_words, poll=_poll,
        people=directory_people.people(chosen), also=choices.find_people(form.q.data or "", chosen), use=_use, widen=_widened,
        most_days=DAYS_SHOWN, most_slots=SLOTS_A_DAY,
    )  # fmt: skip
    return page, status


def _offer(form: FreeTimeForm) -> None:
    venues = [(str(id_), name) for id_, name, _seats in browsing.venue_choices()]
    form.venue.choices = [(ANY, _("Any that is large enough")), (NONE, _("None yet")), *venues]
    districts = browsing.districts()
    form.region_code.choices = {
        "": [("", _("Anywhere"))],
        **{
            district.name: [(district.code, district.name), *((r.code, r.name) for r in district.kelurahan)]
            for district in districts
        },
    }


def _zone(found: FoundSlots | None) -> Any:
    return found.moving.zone if found and found.moving else office_zone()


def _by_day(found: FoundSlots | None) -> list[tuple[Any, list[Slot]]]:
    """Return the days with their slots, ordered by each day's best slot."""
    if found is None:
        return []
    zone = _zone(found)
    rank = {id(slot): index for index, slot in enumerate(found.slots)}
    by_day = groupby(
        sorted(found.slots, key=lambda slot: slot.starts_at), key=lambda slot: wall_day(slot.starts_at, zone)
    )
    days = [(day, sorted(slots, key=lambda slot: rank[id(slot)])) for day, slots in by_day]
    return sorted(days, key=lambda pair: rank[id(pair[1][0])])


def _use(found: FoundSlots, slot: Slot, venue_id: int | None = None) -> str:
    """Return the address of the form that a slot leads to, filled in with the slot."""
    zone = _zone(found)
    values: dict[str, Any] = {
        "on": wall_day(slot.starts_at, zone),
        "begins": f"{wall_time(slot.starts_at, zone):%H:%M}",
        "ends": f"{wall_time(slot.ends_at, zone):%H:%M}",
        "zone": zone.key,
        "venue_id": venue_id or (slot.place.id if slot.place else None),
    }
    if found.moving is None:
        people = request.args.getlist("person", type=int)
        return url_for("activities.new", region_code=request.args.get("region_code") or None, person=people, **values)
    moves = found.moving.state in (ActivityState.PUBLISHED, ActivityState.POSTPONED)
    address = url_for("activities.move" if moves else "activities.edit", activity_id=found.moving.id, **values)
    return leading_back(address, coming_back())


def _poll(found: FoundSlots, days: list[tuple[Any, list[Slot]]]) -> str:
    """Return the address of a new date poll that proposes the best time of each of the first days."""
    zone = _zone(found)
    written = [
        ",".join(
            (f"{wall_day(slot.starts_at, zone)}", f"{wall_time(slot.starts_at, zone):%H:%M}",
             f"{wall_time(slot.ends_at, zone):%H:%M}", str(slot.place.id if slot.place else ""))
        )
        for slot in (slots[0] for _day, slots in days[:POLLED])
    ]  # fmt: skip
    about = found.moving
    return url_for("polls.new", slot=written, title=about.title if about else None,
                   programme=about.programme_id if about else None)  # fmt: skip


def _widened(asked: SlotRequest, opening: Any) -> str:
    """Return the address of the same search with a change."""
    change = opening.change
    changed = asked
    values: dict[str, Any] = {}
    match change:
        case free_slot_words.WithoutParty(party):
            changed = replace(
                asked, person_ids=tuple(person_id for person_id in asked.person_ids if person_id != party.key)
            )
        case free_slot_words.AnyVenue():
            changed = replace(asked, venue_id=None)
        case free_slot_words.SmallerVenue(capacity):
            changed = replace(asked, people=capacity)
        case free_slot_words.NoVenue():
            changed = replace(asked, venue_id=None, without_venue=True)
        case free_slot_words.Shorter(length):
            changed = replace(asked, length=int(length.total_seconds() // 60))
        case free_slot_words.Later(last):
            changed = replace(asked, last=last)
        case free_slot_words.AnyHour():
            changed = replace(asked, not_before=None, not_after=None)
    values = {
        "length": changed.length, "first": changed.first, "last": changed.last, "people": changed.people or None,
        "person": changed.person_ids, "region_code": changed.region_code, "activity": changed.activity_id,
        "venue": NONE if changed.without_venue else changed.venue_id or ANY,
        "not_before": f"{changed.not_before:%H:%M}" if changed.not_before else None,
        "not_after": f"{changed.not_after:%H:%M}" if changed.not_after else None,
    }  # fmt: skip
    return leading_back(url_for(".index", **values), coming_back())

"""A timetabling request, its proposal and its conflicts, in sentences."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from babel.lists import format_list
from babel.numbers import format_percent
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from outreach.delivery.words.formats import day, days, language, short_day, span
from outreach.delivery.words.labels import label
from outreach.domain.planning.rules import ClashKind
from outreach.domain.timetabling import CauseKind, ReasonKind, SearchStatus, Term
from outreach.models import Activity
from outreach.services.timetabling.request import Request, VenueChoice, Weight, Wish
from outreach.services.timetabling.result import (
    ClashNote,
    ConflictCause,
    Cost,
    ProposalLine,
    ProposalReason,
    SearchResult,
    Spot,
)
from outreach.services.timetabling.undo import LeftBecause, TakenLine

NAMED = 6
REASONS = 3
_WEAK = (ReasonKind.FREE_KECAMATAN, ReasonKind.PREFERRED_HOURS, ReasonKind.BEFORE_RAMADAN)
VENUES: Mapping[VenueChoice, Any] = {
    VenueChoice.KEEP: _l("Each stays in its venue"),
    VenueChoice.KELURAHAN: _l("Any venue in its own kelurahan"),
    VenueChoice.ANY: _l("Any venue that is large enough"),
}
WEIGHTS: Mapping[Weight, Any] = {
    Weight.OFF: _l("Does not matter"),
    Weight.LITTLE: _l("A little"),
    Weight.MUCH: _l("Much"),
}
WISHES: Mapping[Wish, Any] = {
    Wish.CHANGE: _l("Change as little as possible"),
    Wish.TRIPS: _l("Few days out for speakers and facilitators"),
    Wish.SHARE: _l("Share the activities evenly among the facilitators"),
    Wish.SPREAD_DAYS: _l("Spread over the days"),
    Wish.SPREAD_KECAMATAN: _l("Each kecamatan on different days"),
    Wish.HOURS: _l("Keep to the preferred hours"),
    Wish.NOTICE: _l("Tell people early enough"),
    Wish.RAMADAN: _l("Be done well before Ramadan"),
}
TERMS: Mapping[Term, Any] = {
    Term.WARNING: _l("Clashes that your office only warns of"),
    Term.HOURS: _l("Outside the preferred hours"),
    Term.NOTICE: _l("People are told late"),
    Term.RAMADAN: _l("Too close to Ramadan, or later"),
    Term.SPREAD_DAYS: _l("Several on one day"),
    Term.SPREAD_KECAMATAN: _l("Several in one kecamatan on one day"),
    Term.TRIPS: _l("Days out for speakers and facilitators"),
    Term.SHARE: _l("Uneven shares among the facilitators"),
    Term.TIME_CHANGED: _l("Another day or hour than at present"),
    Term.VENUE_CHANGED: _l("Another venue than at present"),
    Term.FACILITATOR_CHANGED: _l("Another facilitator than at present"),
}


def gap_words(result: SearchResult) -> str:
    """Return how good the proposal is known to be; "" without a proposal."""
    if not result.lines:
        return ""
    if result.unplaced:
        return ngettext(
            "One activity has found no place.", "%(num)d activities have found no place.", len(result.unplaced)
        )
    if result.is_proven:
        return _("Proven: nothing can be placed better.")
    if result.gap is None:
        return _("How much better it could be is not known.")
    part = format_percent(round(result.gap, 2), locale=language())
    return _("At most %(part)s from the best that can be.", part=part)


def objective_words(result: SearchResult) -> str:
    """Return the points of the proposal and of the present plan."""
    if result.objective is None:
        return ""
    if not result.is_enough:
        return _("%(points)s points", points=result.objective)
    if result.present is None:
        return _("%(points)s points; as planned at present it is not allowed", points=result.objective)
    return _("%(points)s points, %(present)s as planned at present", points=result.objective, present=result.present)


def when_words(spot: Spot, zone: ZoneInfo) -> str:
    return f"{short_day(spot.starts_at, zone)}, {span(spot.starts_at, spot.ends_at, zone)}"


def who_words(spot: Spot) -> str:
    return format_list([name for _id, name in spot.people], locale=language()) if spot.people else ""


def reasons_words(line: ProposalLine, titles: Mapping[int, str]) -> str:
    """Return why an activity is proposed there, in one sentence. Common reasons are named only if there are few others."""
    telling = [why for why in line.reasons if why.kind not in _WEAK]
    weak = [why for why in line.reasons if why.kind in _WEAK][: max(0, REASONS - len(telling))]
    said = "; ".join(reason_words(why, titles) for why in (*telling, *weak))
    return f"{said[:1].upper()}{said[1:]}." if said else ""


def reason_words(why: ProposalReason, titles: Mapping[int, str]) -> str:
    """Return one reason in a few words."""
    others = _titles(why.ids, titles)
    match why.kind:
        case ReasonKind.FIXED:
            return _("held here by a coordinator")
        case ReasonKind.KEPT:
            return _("time and place stay as they are")
        case ReasonKind.ONLY_START:
            return _("no other time is possible")
        case ReasonKind.ONLY_VENUE:
            return _("no other venue is possible")
        case ReasonKind.FOLLOWS:
            return _("soon after %(what)s", what=others)
        case ReasonKind.SHARES_TRIP if len(why.ids) == 1 and others:
            return _("%(who)s is out that day anyway, for %(what)s", who=why.who, what=others)
        case ReasonKind.SHARES_TRIP if why.ids:
            return _("%(who)s is out that day anyway, for %(count)s others", who=why.who, count=len(why.ids))
        case ReasonKind.SHARES_TRIP:
            return _("%(who)s is out that day anyway", who=why.who)
        case ReasonKind.EMPTY_DAY:
            return _("nothing else is on that day")
        case ReasonKind.FREE_KECAMATAN:
            return _("the only one in its kecamatan that day")
        case ReasonKind.PREFERRED_HOURS:
            return _("within the preferred hours")
        case _:
            return _("before Ramadan, with time to spare")


def worse_words(line: ProposalLine) -> list[str]:
    """Return which wishes the proposal does not meet."""
    return [said for cost in line.costs if (said := _cost(cost))]


def _cost(cost: Cost) -> str:
    match cost.term:
        case Term.HOURS:
            return ngettext(
                "half an hour outside the preferred hours", "%(num)d half hours outside the preferred hours", cost.units
            )
        case Term.NOTICE:
            return ngettext(
                "one day less notice than wished", "%(num)d days less notice than wished", cost.units
            )  # fmt: skip
        case Term.RAMADAN:
            return ngettext("one day too close to Ramadan", "%(num)d days too close to Ramadan", cost.units)
        case Term.SHARE:
            return _("%(who)s has more than an even share", who=cost.who)
        case Term.SPREAD_KECAMATAN:
            return _("another in its kecamatan that day")
        case _:
            return ""


def note_words(note: ClashNote) -> str:
    """Return a clash in brief."""
    parts = [part for part in (note.who, note.where, ", ".join(f"“{part}”" for part in note.titles), note.why) if part]
    said = label(note.kind)
    return _("%(who)s: %(what)s", who=said, what=", ".join(parts)) if parts else said


def example_words(note: ClashNote) -> str:
    """Return a clash in brief, with its day."""
    return f"{note_words(note)} ({day(note.day)})" if note.day else note_words(note)


def clash_words(ids: Sequence[int], titles: Mapping[int, str]) -> str:
    """Return which activities cannot all be planned."""
    if len(ids) == 1:
        return _("%(what)s finds no place.", what=_titles(ids, titles))
    return _("These cannot all be placed: %(what)s.", what=_titles(ids, titles))


def cause_words(
    cause: ConflictCause,
    request: Request,
    titles: Mapping[int, str],
    *,
    venues: Mapping[int, str],
    kecamatan: Mapping[str, str],
    people: Sequence[str],
) -> str:
    """Return one cause in a sentence. people: names of the facilitators to choose from."""
    title = titles.get(cause.ids[0], "") if cause.ids else ""
    match cause.kind:
        case CauseKind.RULE:
            return _rule(cause, venues, kecamatan)
        case CauseKind.DAYS:
            line = next((asked_for for asked_for in request.lines if asked_for.id in cause.ids), None)
            return _days(title, request, line)
        case CauseKind.ORDER if len(cause.ids) == 2:
            return _(
                "“%(title)s” must come after “%(first)s”.", title=title, first=titles.get(cause.ids[1], "")
            )  # fmt: skip
        case CauseKind.VENUES if request.venues is VenueChoice.KEEP:
            return _("“%(title)s” stays in its venue.", title=title)
        case CauseKind.VENUES:
            return _("Only some venues are allowed for “%(title)s”.", title=title)
        case CauseKind.SEATS:
            return _("“%(title)s” needs a venue that is large enough.", title=title)
        case CauseKind.FACILITATORS:
            return _("“%(title)s” is to be led by one of these: %(who)s.", title=title, who=_names(people))
        case CauseKind.FIXED:
            return _("“%(title)s” is held where it is.", title=title)
        case _:
            return _("The days do not suffice: %(days)s.", days=days(request.first_on, request.last_on))


def _rule(cause: ConflictCause, venues: Mapping[int, str], kecamatan: Mapping[str, str]) -> str:
    people = _names(cause.people)
    match cause.rule:
        case ClashKind.SAME_KECAMATAN if cause.kecamatan:
            where = _names([kecamatan.get(code, code) for code in cause.kecamatan])
            return _("Never two in one kecamatan on one half day: %(where)s.", where=where)
        case ClashKind.SPEAKER_TWICE | ClashKind.CADRE_TWICE | ClashKind.INVITEE_TWICE if people:
            return _("Nobody can be in two places at once: %(who)s.", who=people)
        case ClashKind.SPEAKER_TRAVEL | ClashKind.TRAVEL if people:
            return _("There must be time to get from one to the other: %(who)s.", who=people)
        case ClashKind.VENUE_TAKEN if cause.venues:
            where = _names([venues.get(id, "–") for id in cause.venues])
            return _("A venue takes one activity at a time: %(where)s.", where=where)
        case _:
            return _("Your office does not allow this: %(rule)s.", rule=label(cause.rule) if cause.rule else "–")


def _days(title: str, request: Request, line: Any) -> str:
    first = line.first_on if line and line.first_on else request.first_on
    last = line.last_on if line and line.last_on else request.last_on
    return _("“%(title)s” has days of its own: %(days)s.", title=title, days=days(first, last))


def status_words(result: SearchResult, greedily: bool) -> str:
    """Return how the search ended."""
    if greedily:
        return _("Placed one after the other, without comparing: there may be much better plans.")
    if result.status is SearchStatus.IMPOSSIBLE:
        return _("These can be placed together; the others collide with them.")
    if result.status is SearchStatus.BEST:
        return _("Searched to the end.")
    return _("The best that was found in the time given.")


def seconds_words(seconds: float) -> str:
    return ngettext("%(num)d second", "%(num)d seconds", int(seconds))


def _titles(ids: Sequence[int], titles: Mapping[int, str]) -> str:
    return _names([f"“{titles[id]}”" for id in ids if id in titles])


def _names(names: Sequence[str]) -> str:
    names = list(names)
    if len(names) > NAMED:
        names = [*names[: NAMED - 1], _("%(count)s others", count=len(names) - NAMED + 1)]
    return format_list(names, locale=language()) if names else ""


LEFT = {
    LeftBecause.CHANGED: _l("changed since"),
    LeftBecause.ANSWERED: _l("a facilitator has answered"),
    LeftBecause.PASSED: _l("its former time has passed"),
    LeftBecause.BLOCKED: _l("its former time or place is taken"),
}


def left_words(left: Iterable[tuple[str, LeftBecause]]) -> list[str]:
    """Return each activity that an undo leaves alone, with the reason."""
    return [f"“{title}” ({LEFT[why]})" for title, why in left]


def back_words(activity: Activity, line: TakenLine) -> str:
    """Return where the activity is, and where it goes back to."""
    assert line.back is not None
    now, then = (
        f"{short_day(one.starts_at, one.zone)}, {span(one.starts_at, one.ends_at, one.zone)}"
        for one in (activity, line.back)
    )
    return f"{now} → {then}"

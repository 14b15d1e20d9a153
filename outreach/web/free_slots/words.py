"""Why a slot is good, what prevents any, and which change would allow one, in sentences."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import ngettext

from outreach.delivery.words.formats import day, days, short_day, span
from outreach.delivery.words.labels import label
from outreach.domain.free_slots.criteria import Slot, SlotReason
from outreach.domain.free_slots.openings import (
    AnyHour,
    AnyVenue,
    Later,
    Nothing,
    NoVenue,
    Obstacle,
    Opening,
    Shorter,
    SmallerVenue,
    WithoutParty,
)
from outreach.domain.planning.parties import AbsenceSpan
from outreach.domain.planning.plan import PlannedActivity

NAMED_AT_MOST = 3


def why_words(slot: Slot, people: int) -> list[str]:
    """Return a slot's advantages, each in a few words."""
    return [words for reason in slot.why if (words := _why(reason, slot, people))]


def _why(reason: SlotReason, slot: Slot, people: int) -> str:
    match reason:
        case SlotReason.NOTHING_FOUND:
            return _("nothing speaks against it")
        case SlotReason.ALL_FREE:
            return _("everybody can come")
        case SlotReason.NEEDED_FREE:
            return _("all who are needed can come")
        case SlotReason.ROOM:
            assert slot.place
            return _("%(seats)s seats for %(people)s people", seats=slot.place.capacity, people=people)
        case SlotReason.IN_REGION:
            return _("in the right kecamatan")
        case SlotReason.MORNING:
            return _("in the morning")
        case SlotReason.THERE_ANYWAY:
            return _("%(who)s is there that day anyway", who=_named([party.name for party in slot.there]))
        case SlotReason.NOTICE:
            return ngettext("one day's notice", "%(num)d days' notice", slot.notice_days)


def missing_words(slot: Slot) -> str:
    """Return which invitees cannot come then; "" if all can."""
    if not slot.missing:
        return ""
    return _("Cannot come: %(who)s", who=_named([party.name for party in slot.missing]))


def nothing_words(found: Nothing) -> str:
    """Return in one sentence why there is no slot."""
    if found.days and found.shut_days == found.days:
        return ngettext(
            "Nobody works on that day: it is a weekend or a holiday.",
            "Nobody works on these days: they are weekends or holidays.",
            found.days,
        )
    if not found.tried:
        return _("It does not fit between these hours on any of these days.")
    return ngettext(
        "One start was looked at, and it does not suit.",
        "%(num)d starts were looked at, and none suits.",
        found.tried,
    )


def obstacle_words(one: Obstacle, tried: int) -> str:
    """Return an obstacle, and how many of the tried starts it affects."""
    if one.kind is None:
        what = _("No venue is free that has room enough")
    elif one.party is not None:
        what = _("%(who)s: %(what)s", who=one.party.name, what=label(one.kind))
    elif one.place is not None and one.place.name:
        what = _("%(who)s: %(what)s", who=one.place.name, what=label(one.kind))
    else:
        what = label(one.kind)
    return _("%(what)s (at %(starts)s of %(tried)s starts)", what=what, starts=one.starts, tried=tried)


def obstacle_details(one: Obstacle, zone: ZoneInfo) -> list[str]:
    """Return the activities and absences behind an obstacle, earliest first. zone: for the absences."""
    rows = [_taken(activity) for activity in one.activities] + [away_words(absence, zone) for absence in one.absences]
    more = len(rows) - NAMED_AT_MOST
    return [*rows[:NAMED_AT_MOST], ngettext("and one more", "and %(num)d more", more)] if more > 0 else rows


def opening_words(one: Opening) -> str:
    """Return a change as an action of the coordinator."""
    match one.change:
        case WithoutParty(party):
            return _("Do without %(who)s", who=party.name)
        case AnyVenue():
            return _("Take another venue: %(venue)s", venue=one.slot.place.name if one.slot.place else "–")
        case SmallerVenue(capacity):
            return _("Make do with %(seats)s seats: %(venue)s", seats=capacity,
                     venue=one.slot.place.name if one.slot.place else "–")  # fmt: skip
        case NoVenue():
            return _("Settle the time now and the venue later")
        case Shorter(length):
            return _("Make it shorter: %(minutes)s minutes", minutes=int(length / timedelta(minutes=1)))
        case Later():
            return _("Look further ahead")
        case AnyHour():
            return _("Allow the whole working day")


def slot_words(slot: Slot, zone: ZoneInfo) -> str:
    """Return a slot as day and span: "Selasa, 2 Maret 2027, 09.00–11.00 WIB"."""
    return f"{day(slot.starts_at, zone)}, {span(slot.starts_at, slot.ends_at, zone)}"


def _taken(activity: PlannedActivity) -> str:
    when = (
        f"{short_day(activity.starts_at, activity.zone)}, {span(activity.starts_at, activity.ends_at, activity.zone)}"
    )
    who = f" ({activity.coordinator})" if activity.coordinator else ""
    return f"“{activity.title}”{who}: {when}"


def away_words(absence: AbsenceSpan, zone: ZoneInfo) -> str:
    """Return when somebody or a venue is unavailable: whole days as days, hours with their day."""
    first, until = absence.starts_at.astimezone(zone), absence.ends_at.astimezone(zone)
    last = until - timedelta(microseconds=1)
    if first.date() == last.date() and first.time() == until.time():
        return days(first.date(), last.date())
    if first.date() == last.date():
        return f"{short_day(absence.starts_at, zone)}, {span(absence.starts_at, absence.ends_at, zone)}"
    return days(first.date(), last.date())


def _named(names: list[str]) -> str:
    shown = ", ".join(names[:NAMED_AT_MOST])
    left = len(names) - NAMED_AT_MOST
    more = ngettext("and one more", "and %(num)d more", left)
    return f"{shown} {more}" if left > 0 else shown

"""Clashes as sentences: who, what, where, until when, whose. Each is told from the side of one of its activities.

Resolutions are in web/clashes/resolutions.py.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta

from babel.lists import format_list
from flask_babel import gettext as _
from flask_babel import ngettext

from outreach.delivery.words.formats import clock, day, days, language, moment, short_day, span
from outreach.delivery.words.labels import label
from outreach.domain.clashes import Clash
from outreach.domain.planning.parties import AbsenceSpan
from outreach.domain.planning.plan import PlannedActivity, Span
from outreach.domain.planning.rules import ClashKind

NAMED = 4  # most people named in one sentence; further ones are counted
_TRAVEL = frozenset({ClashKind.SPEAKER_TRAVEL, ClashKind.TRAVEL})
_TWICE = frozenset({ClashKind.SPEAKER_TWICE, ClashKind.CADRE_TWICE, ClashKind.INVITEE_TWICE})
_A_DAY = timedelta(days=1)


def sentence(
    clash: Clash, about: int | None = None, *, names: Sequence[str] = (), kecamatan: Mapping[str, str] | None = None
) -> str:
    """Return the clash in one sentence.

    about: id of the activity from whose side it is told; None: the later of the two. names: everybody with the same
    clash; none given: the clash's own party. kecamatan: names by code.
    """
    own = next((activity for activity in clash.activities if activity.id == about), clash.activities[-1])
    other = clash.other(own.id)
    if other is not None:
        people = list(dict.fromkeys(names)) or ([clash.party.name] if clash.party else [])
        return _of_two(clash, own, other, people, kecamatan or {})
    return _of_one(clash, own)


def refusal(clash: Clash, about: int | None = None) -> str:
    """Return why something cannot be saved, and what to do."""
    return _(
        "%(sentence)s Your office does not allow that: choose another time, place or person.",
        sentence=sentence(clash, about),
    )


def _of_two(
    clash: Clash, own: PlannedActivity, other: PlannedActivity, people: Sequence[str], kecamatan: Mapping[str, str]
) -> str:
    what, at = whose(other), _when(other, own)
    if clash.kind is ClashKind.VENUE_TAKEN:
        place = clash.place.name if clash.place else _("The venue")
        return _("%(venue)s is taken by %(what)s: %(when)s.", venue=place, what=what, when=at)
    if clash.kind in _TWICE:
        own_turn, other_turn = _turn(clash, own), _turn(clash, other)
        at = _during(other_turn, other, own) if other_turn else at
        if own_turn:
            return ngettext(
                "%(who)s has a turn here (%(turn)s) and is expected at %(what)s at the same time: %(when)s.",
                "%(who)s have a turn here (%(turn)s) and are expected at %(what)s at the same time: %(when)s.",
                len(people), who=listed(people), turn=span(*own_turn, own.zone), what=what, when=at,
            )  # fmt: skip
        return ngettext(
            "%(who)s is expected at %(what)s at the same time: %(when)s.",
            "%(who)s are expected at %(what)s at the same time: %(when)s.",
            len(people), who=listed(people), what=what, when=at,
        )  # fmt: skip
    if clash.kind in _TRAVEL:
        return _travel(clash, people)
    name = kecamatan.get(clash.kecamatan_code or "")
    if name:
        return _(
            "%(what)s is in %(kecamatan)s too, on the same half day: %(when)s.", what=what, kecamatan=name, when=at
        )
    return _("%(what)s is in the same kecamatan on the same half day: %(when)s.", what=what, when=at)


def _travel(clash: Clash, people: Sequence[str]) -> str:
    (until, first), (since, second) = sorted(
        zip(clash.meeting, clash.activities, strict=True), key=lambda pair: pair[0]
    )
    values = {
        "who": listed(people),
        "there": minutes(clash.there or 0),
        "needed": minutes(clash.needed or 0),
        "first": f"“{first.title}”",
        "second": f"“{second.title}”",
        "until": clock(until[1], first.zone),
        "since": clock(since[0], second.zone),
    }
    return ngettext(
        "%(who)s has %(there)s to get from %(first)s (until %(until)s) to %(second)s (from %(since)s); "
        "about %(needed)s are needed.",
        "%(who)s have %(there)s to get from %(first)s (until %(until)s) to %(second)s (from %(since)s); "
        "about %(needed)s are needed.",
        len(people), **values,
    )  # fmt: skip


def _of_one(clash: Clash, own: PlannedActivity) -> str:
    kind, place = clash.kind, clash.place.name if clash.place else _("The venue")
    match kind:
        case ClashKind.VENUE_ABSENT if clash.absence:
            return _("%(venue)s is not available: %(when)s.", venue=place, when=_away(clash.absence, own))
        case ClashKind.VENUE_TOO_SMALL if clash.is_of_seats:
            return _(
                "%(needed)s seats are planned, and %(venue)s has room for %(there)s.",
                needed=clash.needed, venue=place, there=clash.there,
            )  # fmt: skip
        case ClashKind.VENUE_TOO_SMALL:
            return _(
                "%(needed)s people are expected, and %(venue)s has room for %(there)s.",
                needed=clash.needed, venue=place, there=clash.there,
            )  # fmt: skip
        case ClashKind.SPEAKER_ABSENT | ClashKind.INVITEE_ABSENT if clash.absence:
            who = _("%(name)s (%(role)s)", name=clash.party.name, role=label(clash.roles[0])) if clash.party else ""
            away = _away(clash.absence, own)
            if clash.said_yes:
                return _(
                    "%(who)s is away (%(when)s), but answered in the date poll that this time is possible.",
                    who=who, when=away,
                )  # fmt: skip
            return _("%(who)s is away: %(when)s.", who=who, when=away)
        case ClashKind.OUTSIDE_PROGRAMME if clash.programme:
            during = days(clash.programme.starts_on, clash.programme.ends_on)
            return _(
                "It lies outside its programme “%(title)s”, which lasts %(days)s.",
                title=clash.programme.title,
                days=during,
            )
        case ClashKind.DEADLINE_AFTER_START if own.respond_by_at:
            return _(
                "Answers are wanted by %(deadline)s, which is after the start.",
                deadline=moment(own.respond_by_at, own.zone),
            )
        case ClashKind.IN_THE_PAST:
            return _("It starts in the past: it cannot be published so, and no invitation or reminder is sent.")
        case ClashKind.SHORT_NOTICE:
            return _notice(clash.there or 0, clash.needed or 0)
        case _:
            return _of_day(clash)


def _of_day(clash: Clash) -> str:
    on = day(clash.day) if clash.day else ""
    match clash.kind:
        case ClashKind.HOLIDAY | ClashKind.JOINT_HOLIDAY if clash.day_off:
            return _("%(day)s is a day off: %(holiday)s.", day=on, holiday=clash.day_off.name)
        case ClashKind.WEEKEND:
            return _("%(day)s is at the weekend.", day=on)
        case ClashKind.OUTSIDE_HOURS if clash.hours:
            hours = {"day": on, "opens": hour(clash.hours.opens), "closes": hour(clash.hours.closes)}
            if clash.in_ramadan:
                return _("Office hours on %(day)s, in Ramadan, are %(opens)s to %(closes)s.", **hours)
            return _("Office hours on %(day)s are %(opens)s to %(closes)s.", **hours)
        case ClashKind.NOON_BREAK if clash.hours:
            return _(
                "It runs into the noon prayer (zuhur) and break: %(day)s, %(begins)s to %(ends)s.",
                day=on, begins=hour(clash.hours.break_from), ends=hour(clash.hours.break_until),
            )  # fmt: skip
        case ClashKind.FRIDAY_BREAK if clash.hours:
            return _(
                "It runs into Friday prayer: %(day)s, %(begins)s to %(ends)s.",
                day=on, begins=hour(clash.hours.break_from), ends=hour(clash.hours.break_until),
            )  # fmt: skip
        case _:
            return f"{label(clash.kind)}."


def _notice(there: int, needed: int) -> str:
    if there == 0:
        return _("Invitees hear of it on the day itself; your office wants %(needed)s days’ notice.", needed=needed)
    return ngettext(
        "Invitees hear of it %(num)d day before; your office wants %(needed)s days’ notice.",
        "Invitees hear of it %(num)d days before; your office wants %(needed)s days’ notice.",
        there, needed=needed,
    )  # fmt: skip


def whose(activity: PlannedActivity) -> str:
    """Return an activity's title and coordinator: “Rapat koordinasi” (Dewi)."""
    return f"“{activity.title}” ({activity.coordinator})" if activity.coordinator else f"“{activity.title}”"


def when(activity: PlannedActivity) -> str:
    """Return "Sen, 18 Jan 2027, 08.00–12.00 WIB". If it lasts several days, return both instants."""
    if len(activity.days) > 1:
        return span(activity.starts_at, activity.ends_at, activity.zone)
    return (
        f"{short_day(activity.starts_at, activity.zone)}, {span(activity.starts_at, activity.ends_at, activity.zone)}"
    )


def minutes(count: int) -> str:
    """Return "45 minutes", "2 hours" or "1 hour 30 minutes"."""
    hours, rest = divmod(count, 60)
    parts = [ngettext("%(num)d hour", "%(num)d hours", hours)] if hours else []
    if rest or not hours:
        parts.append(ngettext("%(num)d minute", "%(num)d minutes", rest))
    return " ".join(parts)


def _turn(clash: Clash, activity: PlannedActivity) -> Span | None:
    """Return the turn that clashes; None if it is the whole activity."""
    turn = clash.meeting_of(activity)
    return None if turn == (activity.starts_at, activity.ends_at) else turn


def _when(other: PlannedActivity, own: PlannedActivity) -> str:
    """Return when the other activity is. If both are on the same single day, the hours suffice."""
    return _during((other.starts_at, other.ends_at), other, own)


def _during(turn: Span, other: PlannedActivity, own: PlannedActivity) -> str:
    if other.days == own.days and len(own.days) == 1:
        return span(*turn, other.zone)
    return (
        f"{short_day(turn[0], other.zone)}, {span(*turn, other.zone)}"
        if len(other.days) == 1
        else span(*turn, other.zone)
    )


def _away(absence: AbsenceSpan, own: PlannedActivity) -> str:
    told = _absent(absence.starts_at, absence.ends_at, own)
    return _("%(when)s, %(reason)s", when=told, reason=absence.reason) if absence.reason else told


def _absent(starts_at: datetime, ends_at: datetime, own: PlannedActivity) -> str:
    first, last = starts_at.astimezone(own.zone), ends_at.astimezone(own.zone)
    if first.time() == last.time() == datetime.min.time():
        until = (last - _A_DAY).date()
        return day(first.date()) if until == first.date() else days(first.date(), until)
    if first.date() == last.date() == own.local_start.date() and len(own.days) == 1:
        return span(starts_at, ends_at, own.zone)
    if first.date() == last.date():
        return f"{short_day(starts_at, own.zone)}, {span(starts_at, ends_at, own.zone)}"
    return span(starts_at, ends_at, own.zone)


def hour(at: time) -> str:
    """Return "07.30" in Indonesian, "07:30" in English."""
    return f"{at:%H.%M}" if language() == "id" else f"{at:%H:%M}"


def listed(names: Sequence[str]) -> str:
    """Return the names as a list. If there are many, name the first few and count the others."""
    named = list(names)
    if len(named) > NAMED:
        named = [*named[: NAMED - 1], _("%(count)s others", count=len(named) - NAMED + 1)]
    return format_list(named, locale=language())

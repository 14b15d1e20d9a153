"""What the coordinator asks the planner for, as it is kept: JSON with a documented shape, checked whenever it is read.

{"lines": [{"id": 7, "needed": 1, "first_on": "2027-01-20", "last_on": null, "fixed": false}, …],
 "first_on": "2027-01-18", "last_on": "2027-01-28", "venues": "keep", "venue_kinds": ["hall"], "facilitators": [3, 4],
 "before_all": 7, "order": [[9, 8], …], "one_in_kecamatan": true, "hours": ["08:00", "12:00"], "wishes": {"trips": "much"},
 "seconds": 30, "greedily": false}

ids are those of activities and people; of two in "order" the one begins once the other has ended; days are of the office's
zone. What is left out has its default.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from enum import StrEnum
from typing import Any

from outreach.domain.kinds import VenueKind
from outreach.domain.problems import Problem
from outreach.domain.timetabling import Order

SECONDS = 30
SECONDS_MOST = 300
DAYS_MOST = 120  # how far ahead is known who is away
ACTIVITIES_MOST = 300
NEEDED_MOST = 10
ORDERS_MOST = 100


class RequestOdd(Problem):
    message = "What was asked for cannot be read any more. Please ask again."


class NothingChosen(Problem):
    message = "Choose at least one activity to place."
    field = "pick"


class TooManyChosen(Problem):
    message = "Choose at most %(most)s activities at once."
    field = "pick"


class DaysReversed(Problem):
    message = "The last day must not be before the first one."
    field = "last_on"


class OwnDaysReversed(Problem):
    message = "The last day must not be before the first one, for each activity that has days of its own."


class HoursReversed(Problem):
    message = "The preferred hours must end later than they begin."
    field = "hours_until"


class TooFewFacilitators(Problem):
    message = "One activity is to have %(needed)s facilitators, and %(count)s are chosen. Choose more people, or fewer for each."
    field = "person"


class FirstNotChosen(Problem):
    message = "The activity that comes before all others must be one of those to place."
    field = "before_all"


class OrderNotChosen(Problem):
    message = "Of two activities of which one comes after the other, at least one must be among those to place."
    field = "order"


class TooManyOrders(Problem):
    message = "Say of at most %(most)s pairs which activity comes after which."
    field = "order"


class OrderCircular(Problem):
    message = "What comes after what goes round in a circle: %(titles)s. Leave out one of these conditions."
    field = "order"


class VenueChoice(StrEnum):
    KEEP = "keep"  # each stays where it is
    KELURAHAN = "kelurahan"  # any venue in its own kelurahan
    ANY = "any"  # any that is large enough


class Wish(StrEnum):
    """What the office would like, in the order in which it is shown."""

    CHANGE = "change"
    TRIPS = "trips"
    SHARE = "share"
    SPREAD_DAYS = "spread_days"
    SPREAD_KECAMATAN = "spread_kecamatan"
    HOURS = "hours"
    NOTICE = "notice"
    RAMADAN = "ramadan"


class Weight(StrEnum):
    OFF = "off"
    LITTLE = "little"
    MUCH = "much"


@dataclass(frozen=True)
class RequestLine:
    """One activity to place. needed: facilitators. first_on, last_on: days of its own."""

    id: int
    needed: int = 0
    first_on: date | None = None
    last_on: date | None = None
    fixed: bool = False


@dataclass(frozen=True)
class Request:
    """venue_kinds: only venues of these kinds; none: of any. before_all: the activity that all others must follow.
    order: of two activities, the first given begins once the other has ended; of these at least one is to be placed.

    one_in_kecamatan: never two community activities in one kecamatan on one half day, even where the office only warns of it.
    hours: the preferred ones. wishes: one left out matters a little. greedily: one after the other, without searching.
    """

    lines: tuple[RequestLine, ...]
    first_on: date
    last_on: date
    venues: VenueChoice = VenueChoice.KEEP
    venue_kinds: tuple[VenueKind, ...] = ()
    facilitators: tuple[int, ...] = ()
    before_all: int | None = None
    order: tuple[Order, ...] = ()
    one_in_kecamatan: bool = True
    hours: tuple[time, time] | None = None
    wishes: Mapping[Wish, Weight] = field(default_factory=dict)
    seconds: int = SECONDS
    greedily: bool = False

    @property
    def ids(self) -> tuple[int, ...]:
        return tuple(line.id for line in self.lines)

    @property
    def orders(self) -> tuple[Order, ...]:
        """Return of all two that are in order the one that comes after, and the one before it."""
        first = self.before_all
        of_all = () if first is None else ((id, first) for id in self.ids if id != first)
        return tuple(dict.fromkeys([*of_all, *self.order]))

    def weight(self, wish: Wish) -> Weight:
        return self.wishes.get(wish, Weight.LITTLE)


def check(request: Request) -> Request:
    """Return the request; raise the Problem that it has by itself."""
    if not request.lines:
        raise NothingChosen
    if len(request.lines) > ACTIVITIES_MOST:
        raise TooManyChosen(most=ACTIVITIES_MOST)
    if request.last_on < request.first_on:
        raise DaysReversed
    if any(one.first_on and one.last_on and one.last_on < one.first_on for one in request.lines):
        raise OwnDaysReversed
    if request.hours and request.hours[1] <= request.hours[0]:
        raise HoursReversed
    if request.before_all is not None and request.before_all not in request.ids:
        raise FirstNotChosen
    if len(request.order) > ORDERS_MOST:
        raise TooManyOrders(most=ORDERS_MOST)
    if any(set(request.ids).isdisjoint(two) for two in request.order):
        raise OrderNotChosen
    needed, count = max(one.needed for one in request.lines), len(request.facilitators)
    if request.facilitators and needed > count:
        raise TooFewFacilitators(needed=needed, count=count)
    return request


def as_json(request: Request) -> dict[str, Any]:
    return {
        "lines": [
            {"id": one.id, "needed": one.needed, "first_on": _day(one.first_on), "last_on": _day(one.last_on),
             "fixed": one.fixed}
            for one in request.lines
        ],
        "first_on": request.first_on.isoformat(),
        "last_on": request.last_on.isoformat(),
        "venues": request.venues.value,
        "venue_kinds": [kind.value for kind in request.venue_kinds],
        "facilitators": list(request.facilitators),
        "before_all": request.before_all,
        "order": [list(two) for two in request.order],
        "one_in_kecamatan": request.one_in_kecamatan,
        "hours": [f"{at:%H:%M}" for at in request.hours] if request.hours else None,
        "wishes": {wish.value: weight.value for wish, weight in request.wishes.items()},
        "seconds": request.seconds,
        "greedily": request.greedily,
    }  # fmt: skip


def from_json(stored: Any) -> Request:
    """Return the request; raise RequestOdd where it has another shape, or the Problem that it has by itself."""
    try:
        return check(_read(stored))
    except (LookupError, TypeError, ValueError, AttributeError):
        raise RequestOdd from None


def _read(stored: dict[str, Any]) -> Request:
    hours = stored.get("hours")
    lines = {line.id: line for line in map(_line, stored["lines"])}  # each once
    return Request(
        lines=tuple(lines.values()),
        first_on=date.fromisoformat(stored["first_on"]),
        last_on=date.fromisoformat(stored["last_on"]),
        venues=VenueChoice(stored.get("venues", VenueChoice.KEEP)),
        venue_kinds=tuple(VenueKind(one) for one in stored.get("venue_kinds", ())),
        facilitators=tuple(dict.fromkeys(_id(one) for one in stored.get("facilitators", ()))),
        before_all=None if stored.get("before_all") is None else _id(stored["before_all"]),
        order=tuple(dict.fromkeys((_id(then), _id(first)) for then, first in stored.get("order", ()))),
        one_in_kecamatan=bool(stored.get("one_in_kecamatan", True)),
        hours=(time.fromisoformat(hours[0]), time.fromisoformat(hours[1])) if hours else None,
        wishes={Wish(wish): Weight(weight) for wish, weight in stored.get("wishes", {}).items()},
        seconds=min(max(int(stored.get("seconds", SECONDS)), 1), SECONDS_MOST),
        greedily=bool(stored.get("greedily", False)),
    )


def _line(stored: dict[str, Any]) -> RequestLine:
    return RequestLine(
        id=_id(stored["id"]),
        needed=min(max(int(stored.get("needed", 0)), 0), NEEDED_MOST),
        first_on=_date(stored.get("first_on")),
        last_on=_date(stored.get("last_on")),
        fixed=bool(stored.get("fixed", False)),
    )


def _id(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 2**31:
        raise ValueError(value)
    return value


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None

"""A coordinator's request for timetabling. It is stored as JSON (outreach/codec.py), and checked when it is read.

Ids are those of activities and people. Days are in the office's zone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, time
from enum import StrEnum
from itertools import chain
from typing import Any

from outreach import codec
from outreach.domain.kinds import VenueKind
from outreach.domain.problems import Problem
from outreach.domain.timetabling import Order

SECONDS = 30
SECONDS_MOST = 300
DAYS_MOST = 120  # absences are read this far ahead
ACTIVITIES_MOST = 1000
NEEDED_MOST = 10
ORDERS_MOST = 100
ID_MOST = 2**31 - 1


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
    KEEP = "keep"  # each keeps its venue
    KELURAHAN = "kelurahan"  # any venue in its own kelurahan
    ANY = "any"  # any venue that is large enough


class Wish(StrEnum):
    """The office's soft wishes, in the order in which the page shows them."""

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
    """One activity to schedule. needed: number of facilitators. first_on, last_on: its own range of days."""

    id: int
    needed: int = 0
    first_on: date | None = None
    last_on: date | None = None
    fixed: bool = False


@dataclass(frozen=True)
class Request:
    """venue_kinds: only venues of these kinds; empty: any. before_all: the activity that all others must follow.

    order: pairs of activities; the first begins after the second has ended. At least one of a pair is in `lines`.
    one_in_kecamatan: never two community activities in one kecamatan on one half day, even if the office only warns.
    hours: the preferred hours. wishes: one left out has Weight.LITTLE. greedily: one after the other, without a search.
    seconds: the time for the search.
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
        """Return all ordered pairs: the activity that comes after, and the one before it."""
        first = self.before_all
        of_all = () if first is None else ((id, first) for id in self.ids if id != first)
        return tuple(dict.fromkeys([*of_all, *self.order]))

    def weight(self, wish: Wish) -> Weight:
        return self.wishes.get(wish, Weight.LITTLE)


def check(request: Request) -> Request:
    """Return the request; raise a Problem if it contradicts itself."""
    if not request.lines:
        raise NothingChosen
    if len(request.lines) > ACTIVITIES_MOST:
        raise TooManyChosen(most=ACTIVITIES_MOST)
    if request.last_on < request.first_on:
        raise DaysReversed
    if any(line.first_on and line.last_on and line.last_on < line.first_on for line in request.lines):
        raise OwnDaysReversed
    if request.hours and request.hours[1] <= request.hours[0]:
        raise HoursReversed
    if request.before_all is not None and request.before_all not in request.ids:
        raise FirstNotChosen
    if len(request.order) > ORDERS_MOST:
        raise TooManyOrders(most=ORDERS_MOST)
    if any(set(request.ids).isdisjoint(two) for two in request.order):
        raise OrderNotChosen
    needed, count = max(line.needed for line in request.lines), len(request.facilitators)
    if request.facilitators and needed > count:
        raise TooFewFacilitators(needed=needed, count=count)
    return request


def as_json(request: Request) -> dict[str, Any]:
    return codec.to_json(request)


def from_json(stored: Any) -> Request:
    """Return the request; raise RequestOdd if the JSON has another shape, or what `check` raises."""
    try:
        request = codec.from_json(Request, stored)
    except codec.Unreadable:
        raise RequestOdd from None
    first = () if request.before_all is None else (request.before_all,)
    if not all(0 < id <= ID_MOST for id in (*request.ids, *request.facilitators, *chain(*request.order), *first)):
        raise RequestOdd
    return check(replace(request, order=tuple(dict.fromkeys(request.order))))

"""The values of domain/free_slots/search.py: the request for a time, and the slots found or refused."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from outreach.domain.clashes import Clash
from outreach.domain.kinds import ActivityKind, Role
from outreach.domain.planning.parties import Party, Place

DAYS_MOST = 92


@dataclass(frozen=True, slots=True)
class Criteria:
    """The request for a time. people: how many the venue must seat, including the named ones.

    needed: no slot suits without all of them. wished: a slot that suits them is better.
    venue_ids: one of these; empty: any large enough. without_venue: no venue is searched. usual_venue_id: comes first.
    region_code: where it should be held (a kecamatan or kelurahan); venues there come first.
    first, last: days, both included; at most DAYS_MOST are searched. not_before, not_after: local time of day.
    """

    length: timedelta
    first: date
    last: date
    zone: ZoneInfo
    needed: tuple[tuple[Party, Role], ...] = ()
    wished: tuple[tuple[Party, Role], ...] = ()
    venue_ids: frozenset[int] = frozenset()
    without_venue: bool = False
    usual_venue_id: int | None = None
    people: int = 0
    kind: ActivityKind = ActivityKind.OTHER
    programme_id: int | None = None
    region_code: str | None = None
    not_before: time | None = None
    not_after: time | None = None

    def __post_init__(self) -> None:
        if self.length <= timedelta(0):
            raise ValueError("The length must be above zero.")
        if self.last < self.first:
            raise ValueError("The last day must not be before the first.")


class SlotReason(StrEnum):
    """A reason for a slot."""

    NOTHING_FOUND = "nothing_found"  # no warning at all
    ALL_FREE = "all_free"  # all needed and wished people are free
    NEEDED_FREE = "needed_free"  # the needed people are free
    ROOM = "room"  # the venue has enough seats
    IN_REGION = "in_region"  # the venue is in the region
    MORNING = "morning"  # it begins in the morning, when people are fresh
    THERE_ANYWAY = "there_anyway"  # some of the people are in that venue on that day
    NOTICE = "notice"  # at least twice the notice that the office requires


@dataclass(frozen=True, slots=True)
class Slot:
    """A time that suits. warnings: its remaining clashes. missing: wished people who are not free.

    place: the proposed venue; others: further free venues, the most suitable first. there: people who are there anyway.
    """

    starts_at: datetime
    ends_at: datetime
    place: Place | None
    others: tuple[Place, ...]
    warnings: tuple[Clash, ...]
    missing: tuple[Party, ...]
    why: tuple[SlotReason, ...]
    there: tuple[Party, ...] = ()
    notice_days: int = 0
    cost: tuple[float, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class RefusedSlot:
    """A start that does not suit, with its clashes."""

    starts_at: datetime
    clashes: tuple[Clash, ...]
    no_room: bool = False  # no hall is free and large enough

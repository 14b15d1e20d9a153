"""What a time is looked for, and what is found: the values of domain/free_slots/search.py."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from outreach.domain.clashes import Clash
from outreach.domain.kinds import ActivityKind, Role
from outreach.domain.planning.parties import Party, Place

DAYS_MOST = 92


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a time is looked for. people: how many there must be room for, those named included.

    needed: without any of them no slot suits. wished: a slot that suits them is better.
    venue_ids: one of these; none: any with room enough; without_venue: none is looked for. usual_venue_id: comes first.
    region_code: where it should be held, so that halls there come first (a kecamatan or kelurahan).
    first, last: days, both included; at most DAYS_MOST of them are looked at. not_before, not_after: of the clock.
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
    """What speaks for a slot."""

    NOTHING_FOUND = "nothing_found"  # no warning at all
    ALL_FREE = "all_free"  # all needed and wished
    NEEDED_FREE = "needed_free"  # the needed ones
    ROOM = "room"  # the hall has seats enough
    IN_REGION = "in_region"  # the hall lies where it should
    MORNING = "morning"  # it begins when people are still fresh
    THERE_ANYWAY = "there_anyway"  # some of them are in that place on that day
    NOTICE = "notice"  # more notice than the office asks for


@dataclass(frozen=True, slots=True)
class Slot:
    """A time that suits. warnings: what is found all the same. missing: wished people who cannot.

    place: the hall proposed; others: further ones free then, the most suitable first. there: who is there anyway.
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
    """A candidate that does not suit, and because of what. place: None where every hall is refused, or none is looked for."""

    starts_at: datetime
    clashes: tuple[Clash, ...]
    no_room: bool = False  # no hall is free and large enough

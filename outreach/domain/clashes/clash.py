"""The value Clash: its kind, severity, what is involved, and its numbers. The words are in delivery/words/clashes.py."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime

from outreach.domain.kinds import Role
from outreach.domain.planning.office_hours import DayHours, DayOff
from outreach.domain.planning.parties import AbsenceSpan, Party, Place
from outreach.domain.planning.plan import HalfDay, PlannedActivity, ProgrammeDays, Span
from outreach.domain.planning.rules import ClashKind, Severity

Signature = tuple[ClashKind, tuple[int, ...], Party | None]
SUBSTANCE_LENGTH = 32  # hexadecimal digits
# Only the day matters for these: at another hour of it, the clash is the same.
_OF_DAY = frozenset({ClashKind.HOLIDAY, ClashKind.JOINT_HOLIDAY, ClashKind.WEEKEND, ClashKind.SHORT_NOTICE})
_ORDER = {kind: place for place, kind in enumerate(ClashKind)}


@dataclass(frozen=True, slots=True)
class Clash:
    """One clash in the plan.

    activities: the one it is about, or the two that clash, by start. roles: the party's role in each of them.
    needed, there: what is required and what there is. Minutes for TRAVEL and SPEAKER_TRAVEL, days for SHORT_NOTICE,
    people for VENUE_TOO_SMALL (seats if `is_of_seats`).
    turns: for a clash of a person in two activities, when they are needed in each of them; meeting: the two that clash.
    day: the day that is a day off or a weekend, is outside hours, or has the prayer break. hours: the office hours of that day.
    """

    kind: ClashKind
    severity: Severity
    activities: tuple[PlannedActivity, ...]
    party: Party | None = None
    roles: tuple[Role, ...] = ()
    turns: tuple[tuple[Span, ...], ...] = ()
    meeting: tuple[Span, ...] = ()
    place: Place | None = None  # of the VENUE_ kinds
    programme: ProgrammeDays | None = None
    absence: AbsenceSpan | None = None
    said_yes: bool = (
        False  # the party said yes to this time in a date poll: the clash only warns, and has no resolution
    )
    day: date | None = None
    day_off: DayOff | None = None
    hours: DayHours | None = None
    in_ramadan: bool = False
    kecamatan_code: str | None = None
    half_day: HalfDay | None = None
    needed: int | None = None
    there: int | None = None

    @property
    def ids(self) -> tuple[int, ...]:
        return tuple(activity.id for activity in self.activities)

    def other(self, activity_id: int) -> PlannedActivity | None:
        """Return the other activity of this clash; None if it is about one activity only."""
        return next((activity for activity in self.activities if activity.id != activity_id), None)

    def meeting_of(self, activity: PlannedActivity) -> Span:
        """Return when the person is needed in one of the two activities, where these needs clash."""
        return self.meeting[self.ids.index(activity.id)]

    @property
    def is_of_seats(self) -> bool:
        """Return whether the venue is too small only for the planned seats, and large enough for the people expected so far."""
        return self.kind is ClashKind.VENUE_TOO_SMALL and self.activities[0].people <= (self.there or 0)

    @property
    def signature(self) -> Signature:
        """Return the identity of a clash. It stays the same while its activities are moved and the clash is not resolved."""
        return self.kind, tuple(sorted(self.ids)), self.party

    @property
    def shortage(self) -> int:
        """Return how many minutes or people are too much; 0 for clashes without such numbers."""
        if self.kind is ClashKind.SHORT_NOTICE:  # this number changes with the day, so it is no shortage
            return 0
        return max(0, (self.needed or 0) - (self.there or 0))

    @property
    def substance(self) -> str:
        """Return a digest of what the clash is about: kind, activities, times, party, place, absence.

        If it changes, or the shortage grows, a mark "this is intended" no longer covers the clash. Names are not part of it.
        """
        times = self.turns or tuple(((activity.starts_at, activity.ends_at),) for activity in self.activities)
        if self.kind is ClashKind.VENUE_TOO_SMALL:
            when: list[object] = ["" for activity in self.activities]
        elif self.kind in _OF_DAY:
            when = [[day.isoformat() for day in activity.days] for activity in self.activities]
        else:
            when = [[[_utc(instant) for instant in span] for span in spans] for spans in times]
        absence, days = self.absence, self.programme
        facts = [
            self.kind.value,
            sorted(zip(self.ids, when, strict=True)),
            [self.party.kind.value, str(self.party.key)] if self.party else None,
            self.place.id if self.place else None,
            [_utc(absence.starts_at), _utc(absence.ends_at)] if absence else None,
            [days.starts_on, days.ends_on] if days else None,
            self.day,
            self.hours,
            _utc(self.activities[0].respond_by_at)
            if self.kind is ClashKind.DEADLINE_AFTER_START and self.activities[0].respond_by_at
            else None,
        ]
        return hashlib.sha256(repr(facts).encode()).hexdigest()[:SUBSTANCE_LENGTH]

    @property
    def sort_key(self) -> tuple:
        party = (self.party.kind, str(self.party.key)) if self.party else ("", "")
        absent = self.absence.starts_at.timestamp() if self.absence else 0.0
        return self.activities[0].starts_at, self.ids, _ORDER[self.kind], party, self.day or date.min, absent


def _utc(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat()

"""The value Clash: its kind, severity, what is involved, and its numbers. The words are in delivery/words/clashes.py."""

from dataclasses import dataclass
from datetime import date

from outreach.domain.kinds import Role
from outreach.domain.planning.office_hours import DayHours, DayOff
from outreach.domain.planning.parties import Absence, Party, Place
from outreach.domain.planning.plan import HalfDay, PlannedActivity, ProgrammeDays, Span
from outreach.domain.planning.rules import ClashKind, Severity

Signature = tuple[ClashKind, tuple[int, ...], Party | None]
_ORDER = {kind: place for place, kind in enumerate(ClashKind)}


@dataclass(frozen=True, slots=True)
class Clash:
    """One clash in the plan.

    activities: the one it is about, or the two that clash, by start. roles: the party's role in each of them.
    needed, there: what is required and what there is. Minutes for TRAVEL and SPEAKER_TRAVEL, days for SHORT_NOTICE,
    people for VENUE_TOO_SMALL (seats if `is_of_seats`).
    turns: for a clash of a person in two activities, when they are needed in each of them; meeting: the two that clash.
    day: the day that is a day off or a weekend, is outside hours, or has Friday prayer. hours: the office hours of that day.
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
    absence: Absence | None = None
    said_yes: bool = False  # the party said yes to this time in a date poll: it only warns, without resolution
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

    @property
    def is_of_seats(self) -> bool:
        """Return whether the venue is too small only for the planned seats, and large enough for the people expected so far."""
        return self.kind is ClashKind.VENUE_TOO_SMALL and self.activities[0].people <= (self.there or 0)

    @property
    def signature(self) -> Signature:
        """Return the identity of a clash. It stays the same while its activities are moved and the clash is not resolved."""
        return self.kind, tuple(sorted(self.ids)), self.party

    @property
    def sort_key(self) -> tuple:
        party = (self.party.kind, str(self.party.key)) if self.party else ("", "")
        absent = self.absence.starts_at.timestamp() if self.absence else 0.0
        return self.activities[0].starts_at, self.ids, _ORDER[self.kind], party, self.day or date.min, absent

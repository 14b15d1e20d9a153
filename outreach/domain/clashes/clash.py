"""What a finding says: its kind, how grave it is, the things involved, and the numbers for its sentence. No words: web/."""

from dataclasses import dataclass
from datetime import date

from outreach.domain.kinds import Role
from outreach.domain.planning.office_hours import DayHours, DayOff
from outreach.domain.planning.parties import Absence, Party, Place
from outreach.domain.planning.plan import HalfDay, PlannedActivity, ProgrammeDays
from outreach.domain.planning.rules import ClashKind, Severity

Signature = tuple[ClashKind, tuple[int, ...], Party | None]
_ORDER = {kind: place for place, kind in enumerate(ClashKind)}


@dataclass(frozen=True, slots=True)
class Clash:
    """One thing to look at. By whom and until when something is taken is said by the other of its `activities`.

    activities: the one it is about, or the two that clash, by their start. roles: the party's, in each of these.
    needed, there: of TRAVEL and SPEAKER_TRAVEL minutes, of SHORT_NOTICE days, of VENUE_TOO_SMALL people, or seats where it
    `is_of_seats`: what it would take, and what there is.
    day: which of its days is a day off, a weekend, outside hours or has Friday prayer; hours: that day's.
    """

    kind: ClashKind
    severity: Severity
    activities: tuple[PlannedActivity, ...]
    party: Party | None = None
    roles: tuple[Role, ...] = ()
    place: Place | None = None  # of the VENUE_ kinds
    programme: ProgrammeDays | None = None
    absence: Absence | None = None
    said_yes: bool = False  # the party, in a date poll, to just this time: then it only warns, and needs no way out
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
        """Return the activity that this one clashes with; None where it is found by itself."""
        return next((activity for activity in self.activities if activity.id != activity_id), None)

    @property
    def is_of_seats(self) -> bool:
        """Return whether too small a venue is so only for the seats that are planned, and holds those expected so far."""
        return self.kind is ClashKind.VENUE_TOO_SMALL and self.activities[0].people <= (self.there or 0)

    @property
    def signature(self) -> Signature:
        """Return what stays the same of a finding while its activities are moved about and it is not resolved."""
        return self.kind, tuple(sorted(self.ids)), self.party

    @property
    def sort_key(self) -> tuple:
        party = (self.party.kind, str(self.party.key)) if self.party else ("", "")
        absent = self.absence.starts_at.timestamp() if self.absence else 0.0
        return self.activities[0].starts_at, self.ids, _ORDER[self.kind], party, self.day or date.min, absent

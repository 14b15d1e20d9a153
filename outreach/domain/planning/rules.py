"""The office's rules: what counts as a clash, how severe each kind is, and how travel time and notice are computed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from outreach.domain.planning.office_hours import OfficeHours


class Severity(StrEnum):
    """The severity of a kind of clash; the office sets it for each."""

    IGNORE = "ignore"  # not checked
    WARN = "warn"
    BLOCK = "block"  # the plan cannot be saved with it


class ClashKind(StrEnum):
    """The kinds of clash, in the order in which they are shown.

    A speaker is anybody who speaks or moderates. An invitee is any other person, representatives included, who is no cadre.
    """

    VENUE_TAKEN = "venue_taken"
    VENUE_ABSENT = "venue_absent"  # closed, or lent to others
    VENUE_TOO_SMALL = "venue_too_small"
    SPEAKER_TWICE = "speaker_twice"  # in two activities at the same time, speaker in at least one
    SPEAKER_TRAVEL = "speaker_travel"  # in two activities in succession, without enough travel time
    SPEAKER_ABSENT = "speaker_absent"
    CADRE_TWICE = "cadre_twice"  # cadre in at least one, speaker in neither
    INVITEE_TWICE = "invitee_twice"
    TRAVEL = "travel"  # like SPEAKER_TRAVEL, for those who are speakers in neither
    INVITEE_ABSENT = "invitee_absent"  # cadres included
    OUTSIDE_PROGRAMME = "outside_programme"
    DEADLINE_AFTER_START = "deadline_after_start"
    HOLIDAY = "holiday"
    JOINT_HOLIDAY = "joint_holiday"  # cuti bersama
    WEEKEND = "weekend"
    OUTSIDE_HOURS = "outside_hours"
    FRIDAY_BREAK = "friday_break"
    NOON_BREAK = "noon_break"  # zuhur, on the other days
    SHORT_NOTICE = "short_notice"
    IN_THE_PAST = "in_the_past"  # a draft whose start has passed
    SAME_KECAMATAN = "same_kecamatan"  # two community activities in one kecamatan on one half day


_BLOCKING = {
    ClashKind.VENUE_TAKEN, ClashKind.VENUE_ABSENT, ClashKind.SPEAKER_TWICE, ClashKind.SPEAKER_ABSENT,
    ClashKind.OUTSIDE_PROGRAMME, ClashKind.DEADLINE_AFTER_START,
}  # fmt: skip
DEFAULT_SEVERITIES: Mapping[ClashKind, Severity] = MappingProxyType(
    {kind: Severity.BLOCK if kind in _BLOCKING else Severity.WARN for kind in ClashKind}
)


@dataclass(frozen=True, slots=True)
class TravelRules:
    """How travel time between two places is estimated. All lengths in minutes.

    Between two places with coordinates: straight-line distance times `detour`, at `speed_km_h`. Otherwise: by their regions.
    buffer_min is added to both: for leaving one place, parking, and signing in at the other.
    """

    speed_km_h: float = 25.0
    detour: float = 1.4
    buffer_min: int = 15
    same_kelurahan_min: int = 5
    same_kecamatan_min: int = 10
    same_city_min: int = 25
    elsewhere_min: int = 90
    longest_min: int = 720  # upper limit of any estimate

    def __post_init__(self) -> None:
        if self.speed_km_h <= 0 or self.detour < 1 or self.longest_min < 0 or self.buffer_min < 0:
            raise ValueError("Travel needs a speed above 0, a detour of at least 1, and no negative lengths.")


@dataclass(frozen=True, slots=True)
class Rules:
    """The office's settings. A kind missing in `severities` has its default. notice_days: calendar days."""

    severities: Mapping[ClashKind, Severity] = field(default_factory=dict)
    notice_days: int = 7
    deadline_days: int = 2  # answers are due this many days before, at 16.00
    travel: TravelRules = field(default_factory=TravelRules)
    hours: OfficeHours = field(default_factory=OfficeHours)

    def severity(self, kind: ClashKind) -> Severity:
        return self.severities.get(kind, DEFAULT_SEVERITIES[kind])

    def sought(self, kind: ClashKind) -> Severity | None:
        """Return the severity of this kind of clash, or None if the office ignores it."""
        severity = self.severity(kind)
        return None if severity is Severity.IGNORE else severity

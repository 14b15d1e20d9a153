"""What a search has found so far, as it is kept in JSON and read again: values for pages, without sentences. Written by
timetabling/keep.py.

{"status": "best", "lines": [{"id", "title", "version", "state", "zone", "before": SPOT, "after": SPOT, "let_go": [PERSON…],
"reasons": [{"kind", "ids", "who", "day"}…], "costs": [{"term", "cost", "units", "who", "day"}…], "warnings": [NOTE…]}…],
"unplaced": [id…], "costs": {term: cost}, "objective", "present", "is_enough", "bound", "solved": number of clashes that go away,
"conflicts": [{"ids", "minimal", "causes": [{"kind", "ids", "rule", "people", "venues", "kecamatan", "examples": [NOTE…]}…]}…],
"titles": {id: title}, "taken": [id…]}
SPOT: {"starts_at", "ends_at", "venue_id", "people": [PERSON…]}; PERSON: [id, name]; NOTE: {"kind", "new", "day", "who", "where",
"titles", "why"}. Instants and days are ISO 8601.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from outreach.domain.planning.rules import ClashKind
from outreach.domain.states import ActivityState
from outreach.domain.timetabling import CauseKind, ReasonKind, SearchStatus, Term

Person = tuple[int, str]  # id, name


@dataclass(frozen=True)
class Spot:
    """When, where and with which facilitators an activity is."""

    starts_at: datetime
    ends_at: datetime
    venue_id: int | None
    people: tuple[Person, ...]


@dataclass(frozen=True)
class ProposalReason:
    kind: ReasonKind
    ids: tuple[int, ...] = ()
    who: str = ""
    day: date | None = None


@dataclass(frozen=True)
class Cost:
    term: Term
    cost: int
    units: int
    who: str = ""
    day: date | None = None


@dataclass(frozen=True)
class ClashNote:
    """A finding in brief. is_new: it is not there at present. titles: of the other activities; why: an absence's, a holiday's."""

    kind: ClashKind
    is_new: bool = True
    day: date | None = None
    who: str = ""
    where: str = ""
    titles: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True)
class ProposalLine:
    """One activity, as it was when the search began and as proposed."""

    id: int
    title: str
    version: int
    state: ActivityState
    zone: ZoneInfo
    before: Spot
    after: Spot
    let_go: tuple[Person, ...]
    reasons: tuple[ProposalReason, ...]
    costs: tuple[Cost, ...]
    warnings: tuple[ClashNote, ...]

    @property
    def is_moved(self) -> bool:
        return (self.before.starts_at, self.before.ends_at) != (self.after.starts_at, self.after.ends_at)

    @property
    def changes_venue(self) -> bool:
        return self.before.venue_id != self.after.venue_id

    @property
    def added(self) -> tuple[Person, ...]:
        there = {id for id, _name in self.before.people}
        return tuple(one for one in self.after.people if one[0] not in there)

    @property
    def is_change(self) -> bool:
        return self.is_moved or self.changes_venue or bool(self.added or self.let_go)


@dataclass(frozen=True)
class Blame:
    kind: CauseKind
    ids: tuple[int, ...]
    rule: ClashKind | None
    people: tuple[str, ...]
    venues: tuple[int, ...]
    kecamatan: tuple[str, ...]
    examples: tuple[ClashNote, ...]


@dataclass(frozen=True)
class Clash:
    ids: tuple[int, ...]
    is_minimal: bool
    causes: tuple[Blame, ...]


@dataclass(frozen=True)
class Result:
    """status: None while the search goes on, and of what was placed without searching.

    present: what the present plan costs; None where it is blocked. is_enough: whether that plan does what was asked for; one
    without facilitators costs less, and is no measure.
    """

    status: SearchStatus | None = None
    lines: tuple[ProposalLine, ...] = ()
    unplaced: tuple[int, ...] = ()
    costs: Mapping[Term, int] = field(default_factory=dict)
    objective: int | None = None
    present: int | None = None
    is_enough: bool = True
    bound: int | None = None
    solved: int = 0
    conflicts: tuple[Clash, ...] = ()
    titles: Mapping[int, str] = field(default_factory=dict)
    taken: frozenset[int] = frozenset()

    @property
    def is_proven(self) -> bool:
        return not self.unplaced and self.bound is not None and (self.objective or 0) <= self.bound

    @property
    def gap(self) -> float | None:
        """Return which part of the objective a better proposal might save, 0 to 1; None where nothing is proven."""
        if self.bound is None or self.objective is None or self.unplaced:
            return None
        return max(0, self.objective - self.bound) / self.objective if self.objective else 0.0

    @property
    def changes(self) -> tuple[ProposalLine, ...]:
        return tuple(line for line in self.lines if line.is_change)

    @property
    def open(self) -> tuple[ProposalLine, ...]:
        """Return the changes that have not been taken yet."""
        return tuple(line for line in self.changes if line.id not in self.taken)


def read(stored: Mapping[str, Any]) -> Result:
    """Return what is kept."""
    return Result(
        status=SearchStatus(stored["status"]) if stored.get("status") else None,
        lines=tuple(map(_read_line, stored.get("lines", ()))),
        unplaced=tuple(stored.get("unplaced", ())),
        costs={Term(term): cost for term, cost in stored.get("costs", {}).items()},
        objective=stored.get("objective"),
        present=stored.get("present"),
        is_enough=stored.get("is_enough", True),
        bound=stored.get("bound"),
        solved=stored.get("solved", 0),
        conflicts=tuple(map(_read_conflict, stored.get("conflicts", ()))),
        titles={int(id): title for id, title in stored.get("titles", {}).items()},
        taken=frozenset(stored.get("taken", ())),
    )


def _read_line(stored: dict[str, Any]) -> ProposalLine:
    return ProposalLine(
        id=stored["id"],
        title=stored["title"],
        version=stored["version"],
        state=ActivityState(stored["state"]),
        zone=ZoneInfo(stored["zone"]),
        before=_read_spot(stored["before"]),
        after=_read_spot(stored["after"]),
        let_go=_read_people(stored["let_go"]),
        reasons=tuple(
            ProposalReason(ReasonKind(one["kind"]), tuple(one["ids"]), one["who"], _date(one["day"]))
            for one in stored["reasons"]
        ),
        costs=tuple(
            Cost(Term(one["term"]), one["cost"], one["units"], one["who"], _date(one["day"])) for one in stored["costs"]
        ),
        warnings=tuple(map(_read_note, stored["warnings"])),
    )


def _read_spot(stored: dict[str, Any]) -> Spot:
    starts_at, ends_at = (datetime.fromisoformat(stored[name]) for name in ("starts_at", "ends_at"))
    return Spot(starts_at, ends_at, stored["venue_id"], _read_people(stored["people"]))


def _read_people(stored: Iterable[Any]) -> tuple[Person, ...]:
    return tuple((int(id), str(name)) for id, name in stored)


def _read_note(stored: dict[str, Any]) -> ClashNote:
    return ClashNote(
        ClashKind(stored["kind"]), stored["new"], _date(stored["day"]), stored["who"], stored["where"],
        tuple(stored["titles"]), stored["why"],
    )  # fmt: skip


def _read_conflict(stored: dict[str, Any]) -> Clash:
    causes = tuple(
        Blame(
            CauseKind(one["kind"]), tuple(one["ids"]), ClashKind(one["rule"]) if one["rule"] else None,
            tuple(one["people"]), tuple(one["venues"]), tuple(one["kecamatan"]), tuple(map(_read_note, one["examples"])),
        )
        for one in stored["causes"]
    )  # fmt: skip
    return Clash(tuple(stored["ids"]), stored["minimal"], causes)


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None

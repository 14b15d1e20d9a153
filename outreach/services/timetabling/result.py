"""The result of a search so far: values for pages, without sentences. It is stored as JSON (outreach/codec.py)."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from outreach import codec
from outreach.domain import timetabling as search
from outreach.domain.clashes import Clash, find_clashes
from outreach.domain.planning.parties import Party, roles_of
from outreach.domain.planning.plan import PlannedActivity
from outreach.domain.planning.rules import ClashKind
from outreach.domain.states import ActivityState
from outreach.domain.timetabling import (
    CauseKind,
    Proposal,
    ProposedActivity,
    ReasonKind,
    SearchOutcome,
    SearchStatus,
    Task,
    Term,
    applied,
)
from outreach.services.planning.clashes import identity

NamedPerson = tuple[int, str]  # id, name


@dataclass(frozen=True)
class Spot:
    """An activity's time, venue and facilitators."""

    starts_at: datetime
    ends_at: datetime
    venue_id: int | None
    people: tuple[NamedPerson, ...]


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
    """A clash in brief. is_new: not in the present plan. titles: of the other activities. why: the absence or holiday."""

    kind: ClashKind
    is_new: bool = field(default=True, metadata=codec.key("new"))
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
    let_go: tuple[NamedPerson, ...]
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
    def added(self) -> tuple[NamedPerson, ...]:
        there = {id for id, _name in self.before.people}
        return tuple(person for person in self.after.people if person[0] not in there)

    @property
    def is_change(self) -> bool:
        return self.is_moved or self.changes_venue or bool(self.added or self.let_go)


@dataclass(frozen=True)
class ConflictCause:
    """A Cause of domain/timetabling with its people, examples and rule as the page shows them."""

    kind: CauseKind
    ids: tuple[int, ...]
    rule: ClashKind | None
    people: tuple[str, ...]
    venues: tuple[int, ...]
    kecamatan: tuple[str, ...]
    examples: tuple[ClashNote, ...]


@dataclass(frozen=True)
class StoredConflict:
    ids: tuple[int, ...]
    is_minimal: bool = field(metadata=codec.key("minimal"))
    causes: tuple[ConflictCause, ...]


@dataclass(frozen=True)
class SearchResult:
    """status: None while the search runs, and for a proposal made without a search.

    present: the cost of the present plan; None if it is blocked. is_enough: whether the present plan fulfils the request;
    otherwise its cost cannot be compared, because a plan without facilitators costs less.
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
    conflicts: tuple[StoredConflict, ...] = ()
    titles: Mapping[int, str] = field(default_factory=dict)
    taken: frozenset[int] = frozenset()

    @property
    def is_proven(self) -> bool:
        return not self.unplaced and self.bound is not None and (self.objective or 0) <= self.bound

    @property
    def gap(self) -> float | None:
        """Return which part of the objective a better proposal might save, 0 to 1; None if no bound is known."""
        if self.bound is None or self.objective is None or self.unplaced:
            return None
        return max(0, self.objective - self.bound) / self.objective if self.objective else 0.0

    @property
    def changes(self) -> tuple[ProposalLine, ...]:
        return tuple(line for line in self.lines if line.is_change)

    @property
    def open(self) -> tuple[ProposalLine, ...]:
        """Return the changes that have not been applied yet."""
        return tuple(line for line in self.changes if line.id not in self.taken)


def written(
    task: Task, versions: Mapping[int, int], proposal: Proposal | None, outcome: SearchOutcome | None = None
) -> dict[str, Any]:
    """Return the result as JSON. outcome: that of a search that has ended."""
    return codec.to_json(_found(task, versions, proposal, outcome))


def read(stored: Mapping[str, Any]) -> SearchResult:
    """Return the result from the JSON of `written`; raise codec.Unreadable if it has another shape."""
    return codec.from_json(SearchResult, stored)


def _found(
    task: Task, versions: Mapping[int, int], proposal: Proposal | None, outcome: SearchOutcome | None
) -> SearchResult:
    result = SearchResult(
        status=outcome.status if outcome else None,
        conflicts=tuple(_conflict(conflict, task) for conflict in outcome.conflicts) if outcome else (),
        titles={id: task.plan.activities[id].title for id in sorted(_named(task))},
    )
    if proposal is None:
        return result
    was = {identity(clash) for clash in find_clashes(task.plan, among=task.ids)}
    after = applied(task.base, proposal.proposed)
    will = {
        identity(clash) for clash in find_clashes(after, among=[proposed.activity_id for proposed in proposal.proposed])
    }
    return replace(
        result,
        lines=tuple(_line(proposed, task, versions, was) for proposed in proposal.proposed),
        unplaced=proposal.unplaced,
        costs=proposal.costs,
        objective=proposal.objective,
        present=proposal.present,
        is_enough=_is_enough(task),
        bound=proposal.bound,
        solved=len(was - will),
    )


def _named(task: Task) -> frozenset[int]:
    """Return the ids of the activities to schedule, and of others that are ordered before or after one of them."""
    in_order = {id for demand in task.demands for id in (*demand.after, *demand.before)}
    return task.ids | (in_order & task.plan.activities.keys())


def _is_enough(task: Task) -> bool:
    """Return whether the present plan has the requested facilitators, order and days."""
    for demand in task.demands:
        activity = task.activity(demand)
        there = roles_of(activity.engagements)
        if (
            demand.facilitators
            and sum(facilitator in there for facilitator in demand.facilitators) < demand.facilitators_needed
        ):
            return False
        firsts = [task.plan.activities[id] for id in demand.after if id in task.plan.activities]
        thens = [task.plan.activities[id] for id in demand.before if id in task.plan.activities]
        if any(first.ends_at > activity.starts_at for first in firsts):
            return False
        if any(activity.ends_at > then.starts_at for then in thens):
            return False
        day = activity.local_start.date()
        if day not in task.horizon.days or not (demand.first_on or day) <= day <= (demand.last_on or day):
            return False
    return True


def _line(one: ProposedActivity, task: Task, versions: Mapping[int, int], was: Collection[Any]) -> ProposalLine:
    there = roles_of(one.before.engagements)
    present = (*(party for party in one.facilitators if party in there), *one.let_go)
    return ProposalLine(
        id=one.activity_id,
        title=one.before.title,
        version=versions.get(one.activity_id, 0),
        state=one.before.state,
        zone=one.before.zone,
        before=_spot(one.before, present),
        after=_spot(one.after, one.facilitators),
        let_go=_people(one.let_go),
        reasons=tuple(ProposalReason(why.kind, why.activity_ids, _name(why.party), why.day) for why in one.reasons),
        costs=tuple(
            Cost(charge.term, charge.cost, charge.units, _name(charge.party), charge.day)
            for charge in one.charges
            if charge.term is not Term.WARNING
        ),
        warnings=tuple(_note(found, one.activity_id, identity(found) not in was) for found in one.clashes),
    )


def _spot(activity: PlannedActivity, people: Iterable[Party]) -> Spot:
    return Spot(activity.starts_at, activity.ends_at, activity.venue_id, _people(people))


def _people(parties: Iterable[Party]) -> tuple[NamedPerson, ...]:
    return tuple((int(party.key), party.name) for party in parties)


def _name(party: Party | None) -> str:
    return party.name if party else ""


def _note(clash: Clash, about: int | None, is_new: bool = True) -> ClashNote:
    return ClashNote(
        kind=clash.kind,
        is_new=is_new,
        day=clash.day or clash.activities[0].local_start.date(),
        who=_name(clash.party),
        where=clash.place.name if clash.place else "",
        titles=tuple(activity.title for activity in clash.activities if activity.id != about),
        why=clash.absence.reason if clash.absence else clash.day_off.name if clash.day_off else "",
    )


def _conflict(one: search.Conflict, task: Task) -> StoredConflict:
    return StoredConflict(one.activity_ids, one.is_minimal, tuple(_cause(cause, task) for cause in one.causes))


def _cause(one: search.Cause, task: Task) -> ConflictCause:
    return ConflictCause(
        kind=one.kind,
        ids=one.activity_ids,
        rule=one.rule,
        people=tuple(party.name for party in one.parties),
        venues=one.venue_ids,
        kecamatan=one.kecamatan_codes,
        examples=tuple(_note(found, next((id for id in found.ids if id in task.ids), None)) for found in one.clashes),
    )

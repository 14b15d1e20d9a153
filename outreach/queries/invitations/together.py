"""The cadres of each community activity's own kelurahan, and a suggestion of who to ask. Reads only.

domain/cadres.py has the rule of turns; queries/activities/together.py the activities to choose from.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased, joinedload

from outreach.domain.cadres import CadreNeed, Candidate, Wanted, in_turn
from outreach.domain.directory.names import Name
from outreach.domain.kinds import CadreKind
from outreach.domain.planning.parties import ENGAGED
from outreach.domain.states import ActivityState, InvitationState
from outreach.extensions import db
from outreach.models import Activity, Cadre, Invitation, Person, Region, Venue
from outreach.queries.invitations.choices import OPEN, own_kelurahan

_NEVER = datetime(1, 1, 1, tzinfo=UTC)
MOST_OTHERS = 30  # cadres offered for an activity besides the chosen ones


@dataclass(frozen=True)
class SuggestedCadre:
    """A cadre on the page. asked_for: the start of the latest activity to which they were asked.

    elsewhere: the title of another activity where they are expected at that time, or "".
    """

    person_id: int
    name: str
    kinds: tuple[CadreKind, ...]
    has_address: bool
    asked_for: datetime | None
    elsewhere: str = ""


@dataclass(frozen=True)
class OwnCadres:
    """An activity and the cadres of its kelurahan, in turn. invited: those invited to it already."""

    activity: Activity
    region: Region
    rows: tuple[SuggestedCadre, ...]
    invited: tuple[SuggestedCadre, ...] = ()
    declined: frozenset[int] = frozenset()  # which of the invited are not coming

    def chosen(self, ids: Collection[int]) -> list[SuggestedCadre]:
        return [row for row in self.rows if row.person_id in ids]

    def others(self, ids: Collection[int]) -> list[SuggestedCadre]:
        """Return the first MOST_OTHERS of the cadres that are not chosen, in turn."""
        return [row for row in self.rows if row.person_id not in ids][:MOST_OTHERS]

    def lacking(self, ids: Collection[int], of_kind: Mapping[CadreKind, int]) -> list[tuple[CadreKind, int]]:
        """Return (kind, number of its cadres) for each kind that has too few cadres although all are chosen."""
        rows = [*self.rows, *(row for row in self.invited if row.person_id not in self.declined)]
        there = {kind: sum(kind in row.kinds for row in rows) for kind in of_kind}
        left = {kind for row in self.rows if row.person_id not in ids for kind in row.kinds}
        return [(kind, there[kind]) for kind, number in of_kind.items() if there[kind] < number and kind not in left]

    def hidden(self, ids: Collection[int]) -> int:
        """Return how many cadres that are not chosen the page leaves out."""
        return max(sum(row.person_id not in ids for row in self.rows) - MOST_OTHERS, 0)

    @property
    def need(self) -> CadreNeed:
        return CadreNeed(
            activity_id=self.activity.id,
            starts_at=self.activity.starts_at,
            ends_at=self.activity.ends_at,
            candidates=tuple(
                Candidate(row.person_id, row.name, row.asked_for, frozenset(row.kinds)) for row in self.rows
            ),
            asked=tuple(frozenset(row.kinds) for row in self.invited if row.person_id not in self.declined),
            busy=frozenset(row.person_id for row in self.rows if row.elsewhere),
        )


def suggested(found: Sequence[OwnCadres], wanted: Wanted) -> dict[int, list[int]]:
    """Return for each activity the cadres to ask in turn, so that it has as many as wanted: people's ids by activity id."""
    return in_turn([group.need for group in found], wanted)


def own_cadres(activity_ids: Collection[int], kinds: Collection[CadreKind]) -> list[OwnCadres]:
    """Return these activities by time, each with the active cadres of its kelurahan and of these kinds.

    Activities that nobody can be invited to any more, and those without a kelurahan, are left out. Six queries at most.
    """
    activities = db.session.scalars(
        sa.select(Activity)
        .where(Activity.id.in_(activity_ids), Activity.state.in_(OPEN))
        .options(
            joinedload(Activity.venue).joinedload(Venue.region),
            joinedload(Activity.region),
            joinedload(Activity.programme),
        )
        .order_by(Activity.starts_at, Activity.id)
    ).all()
    regions = {activity.id: region for activity in activities if (region := own_kelurahan(activity)) is not None}
    codes = {region.code for region in regions.values()}
    cadres = _cadres(kinds, codes)
    asked_for = _asked_for(kinds, codes)
    invited = _invited(regions)
    elsewhere = _elsewhere(regions, kinds, codes)
    found = []
    for activity in activities:
        if activity.id not in regions:
            continue
        states = invited[activity.id]
        rows = [
            SuggestedCadre(
                row.person_id, row.name, row.kinds, row.has_address, asked_for.get(row.person_id),
                elsewhere.get((activity.id, row.person_id), ""),
            )
            for row in cadres[regions[activity.id].code]
        ]  # fmt: skip
        rows.sort(key=lambda row: (row.asked_for or _NEVER, row.name.casefold(), row.person_id))
        found.append(
            OwnCadres(
                activity,
                regions[activity.id],
                tuple(row for row in rows if row.person_id not in states),
                tuple(row for row in rows if row.person_id in states),
                frozenset(row.person_id for row in rows if states.get(row.person_id) is InvitationState.NOT_COMING),
            )
        )
    return found


def _cadres(kinds: Collection[CadreKind], codes: Collection[str]) -> dict[str, list[SuggestedCadre]]:
    """Return the active cadres by kelurahan; one of several kinds stands there once."""
    rows = db.session.execute(
        sa.select(
            Cadre.region_code, Cadre.kind, Person.id, Person.name, Person.title_before, Person.title_after, Person.post,
            Person.email,
        )
        .join(Person, Person.id == Cadre.person_id)
        .where(_of(kinds, codes))
        .order_by(Cadre.region_code, Person.id, Cadre.id)
    )  # fmt: skip
    found: dict[tuple[str, int], SuggestedCadre] = {}
    for row in rows:
        known = found.get((row.region_code, row.id))
        name = Name(row.name, row.title_before, row.title_after).full if row.name else row.post
        kinds_held = (*(known.kinds if known else ()), row.kind)
        found[row.region_code, row.id] = SuggestedCadre(row.id, name, kinds_held, bool(row.email), None)
    by_kelurahan: dict[str, list[SuggestedCadre]] = defaultdict(list)
    for (code, _id), cadre in found.items():
        by_kelurahan[code].append(cadre)
    return by_kelurahan


def _of(kinds: Collection[CadreKind], codes: Collection[str]) -> sa.ColumnElement[bool]:
    return sa.and_(Cadre.active, Person.erased_at.is_(None), Cadre.kind.in_(kinds), Cadre.region_code.in_(codes))


def _ids(kinds: Collection[CadreKind], codes: Collection[str]) -> sa.Select[Any]:
    return sa.select(Cadre.person_id).join(Person, Person.id == Cadre.person_id).where(_of(kinds, codes))


def _asked_for(kinds: Collection[CadreKind], codes: Collection[str]) -> dict[int, datetime]:
    """Return for these cadres the start of the latest activity to which they were asked, in any role."""
    rows = db.session.execute(
        sa.select(Invitation.person_id, sa.func.max(Activity.starts_at, type_=Activity.starts_at.type))
        .join(Activity, Activity.id == Invitation.activity_id)
        .where(
            Invitation.person_id.in_(_ids(kinds, codes)),
            Invitation.state != InvitationState.WITHDRAWN,
            Activity.state != ActivityState.CANCELLED,
        )
        .group_by(Invitation.person_id)
    )
    return {person_id: starts_at for person_id, starts_at in rows if person_id is not None}


def _invited(activity_ids: Collection[int]) -> Mapping[int, dict[int, InvitationState]]:
    """Return which people are invited to each of these activities, in any role, with the state."""
    found: dict[int, dict[int, InvitationState]] = defaultdict(dict)
    for row in db.session.execute(
        sa.select(Invitation.activity_id, Invitation.person_id, Invitation.state).where(
            Invitation.activity_id.in_(activity_ids),
            Invitation.person_id.is_not(None),
            Invitation.state != InvitationState.WITHDRAWN,
        )
    ):
        found[row.activity_id][row.person_id or 0] = row.state
    return found


def _elsewhere(
    activity_ids: Collection[int], kinds: Collection[CadreKind], codes: Collection[str]
) -> dict[tuple[int, int | None], str]:
    """Return the other activities where these cadres are expected at the same time: titles by (activity id, person id)."""
    wanted: Any = aliased(Activity)
    other: Any = aliased(Activity)
    rows = db.session.execute(
        sa.select(wanted.id, Invitation.person_id, other.title)
        .join(other, other.id == Invitation.activity_id)
        .join(wanted, sa.and_(other.starts_at < wanted.ends_at, wanted.starts_at < other.ends_at))
        .where(
            wanted.id.in_(activity_ids),
            other.id != wanted.id,
            other.state.in_(OPEN),
            Invitation.state.in_(sorted(ENGAGED)),
            Invitation.person_id.in_(_ids(kinds, codes)),
        )
        .order_by(other.starts_at, other.id)
    )
    return {(row[0], row.person_id): row.title for row in rows}

"""Activities to choose several of: by programme, and by what their titles have in common. Reads only."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from outreach.domain.activities.values import pattern
from outreach.domain.planning.plan import COMMUNITY_KINDS
from outreach.domain.states import ActivityState
from outreach.extensions import db
from outreach.models import Activity, Programme, Region, Venue
from outreach.queries.activities.lists import AnswerCounts, answers_by
from outreach.queries.activities.page import ActivityLine, line_of
from outreach.queries.invitations.choices import KELURAHAN, OPEN, own_kelurahan

MOST = 300  # activities offered at once; others are found by search


@dataclass(frozen=True)
class Pattern:
    """Activities of one programme, or of none, whose titles differ only by the kelurahan. key: identifies it on a page."""

    key: str
    title: str
    activities: tuple[Activity, ...]

    @property
    def ids(self) -> set[int]:
        return {activity.id for activity in self.activities}


@dataclass(frozen=True)
class Group:
    """The activities of a programme; or, with None, those outside every programme."""

    key: str
    programme: Programme | None
    patterns: tuple[Pattern, ...]

    @property
    def ids(self) -> set[int]:
        return {id for pattern in self.patterns for id in pattern.ids}


@dataclass(frozen=True)
class Offered:
    """more: whether there are further activities that are not offered here."""

    groups: tuple[Group, ...]
    more: bool = False

    @property
    def ids(self) -> set[int]:
        return {id for group in self.groups for id in group.ids}

    def of(self, keys: Collection[str]) -> set[int]:
        """Return the ids of the activities in the groups and patterns with these keys."""
        patterns = [pattern for group in self.groups for pattern in group.patterns]
        choices: list[Group | Pattern] = [*self.groups, *patterns]
        return {id for choice in choices if choice.key in keys for id in choice.ids}

    def toggled(self, ticked: Collection[int], key: str) -> list[int]:
        """Return the ticked ids with all of a group or pattern ticked; or unticked, if all of it are ticked."""
        ids, found = self.of([key]), set(ticked)
        return sorted(found - ids if ids <= found else found | ids)


def drafts(q: str = "", keep: Collection[int] = (), *, now: datetime) -> Offered:
    """Return the drafts that may be published: those not begun yet whose title contains the text, and those in `keep`."""
    return _offered(q, keep, Activity.state == ActivityState.DRAFT, Activity.starts_at > now)


def community(q: str = "", keep: Collection[int] = (), *, now: datetime) -> Offered:
    """Return the activities with a kelurahan of their own to which one may still invite, as in `drafts`."""
    of_it = sa.or_(
        Activity.region.has(Region.level == KELURAHAN),
        sa.and_(
            Activity.region_code.is_(None),
            Activity.kind.in_(sorted(COMMUNITY_KINDS)),
            Activity.venue.has(Venue.region.has(Region.level == KELURAHAN)),
        ),
    )
    return _offered(q, keep, of_it, Activity.state.in_(OPEN), Activity.starts_at > now)


def lines(activity_ids: Collection[int], *, now: datetime) -> list[ActivityLine]:
    """Return those of these activities that are drafts, by time, with the numbers of invitees. Three queries."""
    found = db.session.scalars(
        sa.select(Activity)
        .where(Activity.id.in_(activity_ids), Activity.state == ActivityState.DRAFT)
        .options(joinedload(Activity.venue), joinedload(Activity.programme), selectinload(Activity.agenda))
        .order_by(Activity.starts_at, Activity.id)
    ).all()
    answers = answers_by(Activity.id, [activity.id for activity in found])
    return [line_of(activity, answers.get(activity.id, AnswerCounts()), now) for activity in found]


def _offered(q: str, keep: Collection[int], *conditions: sa.ColumnElement[bool]) -> Offered:
    chosen = (
        sa.select(Activity)
        .where(*conditions)
        .options(
            joinedload(Activity.venue).joinedload(Venue.region),
            joinedload(Activity.region),
            joinedload(Activity.programme),
        )
    )
    if q.strip():
        fits = Activity.title.icontains(q.strip(), autoescape=True)
        chosen = chosen.where(sa.or_(fits, Activity.id.in_(keep)))
    first = (Activity.id.not_in(keep), Activity.starts_at, Activity.id)
    found = db.session.scalars(chosen.order_by(*first).limit(MOST + 1)).all()
    return Offered(_grouped(found[:MOST]), more=len(found) > MOST)


def _grouped(activities: Iterable[Activity]) -> tuple[Group, ...]:
    programmes: dict[int, Programme | None] = {}
    patterns: dict[int, dict[str, list[Activity]]] = {}
    for activity in sorted(activities, key=lambda activity: (activity.starts_at, activity.id)):
        region = own_kelurahan(activity)
        programmes.setdefault(activity.programme_id or 0, activity.programme)
        common = pattern(activity.title, region.name if region else "")
        patterns.setdefault(activity.programme_id or 0, {}).setdefault(common, []).append(activity)
    return tuple(Group(str(id), programme, tuple(_patterns(id, patterns[id]))) for id, programme in programmes.items())


def _patterns(programme_id: int, found: dict[str, list[Activity]]) -> Iterable[Pattern]:
    for title, activities in found.items():
        yield Pattern(f"{programme_id}:{title}", title, tuple(activities))

"""What the invite forms offer to choose from, and what an invitation would do before it is confirmed.

Reads only; the inviting itself is inviting.py.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from outreach.domain.kinds import CadreKind, Role, Sector
from outreach.domain.states import ActivityState, InvitationState
from outreach.extensions import db
from outreach.models import Activity, Cadre, Invitation, Organisation, Person, Region

OPEN = (ActivityState.DRAFT, ActivityState.PUBLISHED)
FOUND_AT_MOST = 30


@dataclass(frozen=True)
class ActivityPreview:
    """What inviting would do to one activity. new, already: invitees."""

    activity: Activity
    new: int
    already: int

    @property
    def mails_at_once(self) -> bool:
        return self.activity.state is ActivityState.PUBLISHED and self.new > 0


@dataclass(frozen=True)
class Preview:
    """What inviting would do. mails: people who get one at once. without_address: of those chosen."""

    activities: list[ActivityPreview]
    people: int
    mails: int
    without_address: int
    names: list[str]  # a first few, to recognise them by

    @property
    def new(self) -> int:
        return sum(a.new for a in self.activities)


@dataclass(frozen=True)
class RegionNode:
    """A kecamatan with its kelurahan, and how many active cadres live there by kind."""

    region: Region
    cadres: int
    children: list["RegionNode"]


def open_activities(activity: Activity) -> list[Activity]:
    """Return the activities that an invite form offers together: this one first, then its programme's that are open."""
    if activity.programme_id is None:
        return [activity]
    others = db.session.scalars(
        sa.select(Activity)
        .where(Activity.programme_id == activity.programme_id, Activity.state.in_(OPEN), Activity.id != activity.id)
        .options(joinedload(Activity.venue))
        .order_by(Activity.starts_at, Activity.id)
    )
    return [activity, *others]


def find_people(q: str, but: Collection[int] = ()) -> list[Person]:
    """Return the first people whose name, post, organisation or kelurahan holds the text."""
    if not q.strip():
        return []
    texts = (Person.name, Person.post, Organisation.name, Organisation.short_name, Region.name)
    return list(
        db.session.scalars(
            sa.select(Person)
            .outerjoin(Organisation, Organisation.id == Person.organisation_id)
            .outerjoin(Region, Region.code == Person.region_code)
            .where(
                sa.or_(*(text.icontains(q.strip(), autoescape=True) for text in texts)),
                Person.erased_at.is_(None),
                Person.id.not_in(but),
            )
            .options(joinedload(Person.organisation), joinedload(Person.region))
            .order_by(
                ~sa.or_(*(text.istartswith(q.strip(), autoescape=True) for text in (Person.name, Person.post))),
                Person.name == "",
                Person.name,
                Person.post,
                Person.id,
            )
            .limit(FOUND_AT_MOST)
        )
    )


def people(person_ids: Collection[int]) -> list[Person]:
    """Return these people, by name."""
    return list(
        db.session.scalars(
            sa.select(Person)
            .where(Person.id.in_(person_ids), Person.erased_at.is_(None))
            .options(joinedload(Person.organisation), joinedload(Person.region))
            .order_by(Person.name == "", Person.name, Person.post, Person.id)
        )
    )


def organisations_by_sector() -> list[tuple[Sector, list[Organisation]]]:
    """Return all organisations, grouped by sector in the sectors' order."""
    found = db.session.scalars(
        sa.select(Organisation).options(joinedload(Organisation.region)).order_by(Organisation.name)
    ).all()
    groups = [(sector, [o for o in found if o.sector is sector]) for sector in Sector]
    return [(sector, group) for sector, group in groups if group]


def invited_organisation_ids(activity_id: int) -> set[int]:
    """Return the organisations that are invited to an activity already."""
    return set(
        db.session.scalars(
            sa.select(Invitation.organisation_id).where(
                Invitation.activity_id == activity_id,
                Invitation.organisation_id.is_not(None),
                Invitation.state != InvitationState.WITHDRAWN,
            )
        )
    )


def cadre_regions() -> list[RegionNode]:
    """Return the kecamatan with their kelurahan, each with the number of its active cadres."""
    rows = db.session.execute(
        sa.select(Cadre.region_code, sa.func.count(sa.distinct(Cadre.person_id)))
        .join(Person, Person.id == Cadre.person_id)
        .where(Cadre.active, Person.erased_at.is_(None))
        .group_by(Cadre.region_code)
    )
    counted = {row[0]: row[1] for row in rows}
    regions = db.session.scalars(sa.select(Region).where(Region.level >= 3).order_by(Region.code)).all()
    nodes = []
    for district in (r for r in regions if r.level == 3):
        children = [RegionNode(r, counted.get(r.code, 0), []) for r in regions if r.parent_code == district.code]
        nodes.append(RegionNode(district, sum(c.cadres for c in children), children))
    return nodes


def cadre_kinds() -> dict[CadreKind, int]:
    """Return how many active cadres there are of each kind."""
    rows = db.session.execute(
        sa.select(Cadre.kind, sa.func.count())
        .join(Person, Person.id == Cadre.person_id)
        .where(Cadre.active, Person.erased_at.is_(None))
        .group_by(Cadre.kind)
    )
    counted = {row[0]: row[1] for row in rows}
    return {kind: counted.get(kind, 0) for kind in CadreKind}


def preview_people(activity_ids: Collection[int], person_ids: Collection[int], role: Role) -> Preview:
    """Return what inviting these people in a role would do."""
    chosen = sa.select(Person.id, Person.name, Person.post, Person.email).where(
        Person.id.in_(person_ids), Person.erased_at.is_(None)
    )
    return _preview(activity_ids, chosen, Invitation.person_id, Invitation.role == role)


def preview_cadres(
    activity_ids: Collection[int], kinds: Collection[CadreKind], region_codes: Collection[str]
) -> Preview:
    """Return what inviting the cadres of these kinds and kelurahan would do; an empty collection means all."""
    chosen = (
        sa.select(Person.id, Person.name, Person.post, Person.email)
        .join(Cadre, Cadre.person_id == Person.id)
        .where(Cadre.active, Person.erased_at.is_(None))
        .distinct()
    )
    if kinds:
        chosen = chosen.where(Cadre.kind.in_(kinds))
    if region_codes:
        chosen = chosen.where(Cadre.region_code.in_(region_codes))
    return _preview(activity_ids, chosen, Invitation.person_id, Invitation.role == Role.CADRE)


def preview_organisations(activity_ids: Collection[int], quotas: Mapping[int, int]) -> Preview:
    """Return what inviting these organisations would do."""
    chosen = sa.select(Organisation.id, Organisation.name, sa.literal("").label("post"), Organisation.email).where(
        Organisation.id.in_(quotas)
    )
    return _preview(activity_ids, chosen, Invitation.organisation_id, sa.true())


def _preview(activity_ids: Collection[int], chosen: sa.Select, column: Any, extra: sa.ColumnElement[bool]) -> Preview:
    """chosen: rows of id, name, post, email. column: the invitation's, that holds such an id."""
    rows = db.session.execute(chosen.order_by("name", "post")).all()
    ids = {row.id for row in rows}
    activities = db.session.scalars(
        sa.select(Activity)
        .where(Activity.id.in_(activity_ids), Activity.state.in_(OPEN))
        .options(joinedload(Activity.venue))
        .order_by(Activity.starts_at, Activity.id)
    ).all()
    invited: dict[int, set[int]] = {activity.id: set() for activity in activities}
    for activity_id, holder_id in db.session.execute(
        sa.select(Invitation.activity_id, column).where(
            Invitation.activity_id.in_(invited),
            column.is_not(None),
            Invitation.state != InvitationState.WITHDRAWN,
            extra,
        )
    ):
        invited[activity_id].add(holder_id)
    published = [a.id for a in activities if a.state is ActivityState.PUBLISHED]
    mailed = {row.id for row in rows if row.email and any(row.id not in invited[one] for one in published)}
    return Preview(
        activities=[ActivityPreview(a, len(ids - invited[a.id]), len(ids & invited[a.id])) for a in activities],
        people=len(ids),
        mails=len(mailed),
        without_address=sum(1 for row in rows if not row.email),
        names=[row.name or row.post for row in rows[:12]],
    )

"""The choices in the invite forms. Reads only.

invitations/preview.py previews the effects of inviting; services/invitations/invite.py invites.
"""

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from outreach.domain.kinds import CadreKind, Sector
from outreach.domain.planning.plan import COMMUNITY_KINDS
from outreach.domain.states import ActivityState, InvitationState
from outreach.extensions import db
from outreach.models import Activity, Cadre, Invitation, Organisation, Person, Region

OPEN = (ActivityState.DRAFT, ActivityState.PUBLISHED)
FOUND_AT_MOST = 30
KELURAHAN = 4  # the level of a kelurahan among regions


@dataclass(frozen=True)
class RegionNode:
    """A kecamatan with its kelurahan, and how many active cadres live there by kind."""

    region: Region
    cadres: int
    children: list["RegionNode"]


def open_activities(activity: Activity) -> list[Activity]:
    """Return the activities that an invite form offers: this one first, then the open ones of its programme."""
    if activity.programme_id is None:
        return [activity]
    others = db.session.scalars(
        sa.select(Activity)
        .where(Activity.programme_id == activity.programme_id, Activity.state.in_(OPEN), Activity.id != activity.id)
        .options(joinedload(Activity.venue))
        .order_by(Activity.starts_at, Activity.id)
    )
    return [activity, *others]


def own_kelurahan(activity: Activity) -> Region | None:
    """Return the kelurahan that an activity is for, or None.

    A community activity without one is for the kelurahan of its venue. A meeting in a hall is not.
    """
    own = activity.region
    if own is None and activity.kind in COMMUNITY_KINDS and activity.venue is not None:
        own = activity.venue.region
    return own if own is not None and own.level == KELURAHAN else None


def find_people(q: str, but: Collection[int] = ()) -> list[Person]:
    """Return at most FOUND_AT_MOST people whose name, post, organisation or kelurahan contains the text."""
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


def organisations_by_sector(q: str = "", keep: Collection[int] = ()) -> list[tuple[Sector, list[Organisation]]]:
    """Return the organisations whose name contains the text, and those in `keep`, grouped by sector in order of Sector."""
    wanted = sa.select(Organisation).options(joinedload(Organisation.region)).order_by(Organisation.name)
    if q.strip():
        texts = (Organisation.name, Organisation.short_name)
        fits = (text.icontains(q.strip(), autoescape=True) for text in texts)
        wanted = wanted.where(sa.or_(Organisation.id.in_(keep), *fits))
    found = db.session.scalars(wanted).all()
    groups = [(sector, [o for o in found if o.sector is sector]) for sector in Sector]
    return [(sector, group) for sector, group in groups if group]


def invited_organisation_ids(activity_id: int) -> set[int]:
    """Return the ids of the organisations that are invited to an activity already."""
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
    """Return the number of active cadres of each kind."""
    rows = db.session.execute(
        sa.select(Cadre.kind, sa.func.count())
        .join(Person, Person.id == Cadre.person_id)
        .where(Cadre.active, Person.erased_at.is_(None))
        .group_by(Cadre.kind)
    )
    counted = {row[0]: row[1] for row in rows}
    return {kind: counted.get(kind, 0) for kind in CadreKind}

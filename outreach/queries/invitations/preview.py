"""Preview the effects of inviting before it is confirmed: who is new, who gets a mail at once, whether seats suffice.

Reads only. invitations/choices.py has the choices of the forms; services/invitations/invite.py invites.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased, joinedload

from outreach.domain.kinds import CadreKind, Role
from outreach.domain.posts import title
from outreach.domain.states import ActivityState, InvitationState
from outreach.extensions import db
from outreach.models import Activity, Cadre, Invitation, Organisation, Person
from outreach.queries.invitations.choices import OPEN
from outreach.services.invitations import post_holders

OUT = (InvitationState.WITHDRAWN, InvitationState.NOT_COMING)


@dataclass(frozen=True)
class ActivityPreview:
    """The effects of inviting on one activity. new, already: numbers of invitees. asked: people invited in all afterwards;
    organisations count by their seats, and declined invitees do not count.
    """

    activity: Activity
    new: int
    already: int
    asked: int

    @property
    def mails_at_once(self) -> bool:
        return self.activity.state is ActivityState.PUBLISHED and self.new > 0


@dataclass(frozen=True)
class ChosenHolder:
    """Who is invited for a post to one activity. post: as they hold it, such as "Plh. Kapolres Metro"."""

    post: str
    name: str
    activity: Activity


@dataclass(frozen=True)
class InvitationPreview:
    """The effects of inviting. mails: invitees who get one at once. without_address: chosen invitees without an address."""

    activities: list[ActivityPreview]
    people: int
    mails: int
    without_address: int
    names: list[str]  # the first 12 names
    engaged: int  # how many of those chosen are invited to another activity at the same time
    offices: list[tuple[str, int]] = field(default_factory=list)  # each chosen organisation with its seats
    ids: frozenset[int] = frozenset()  # of those chosen
    posts: list[ChosenHolder] = field(default_factory=list)  # who of them holds a post that is invited

    @property
    def new(self) -> int:
        return sum(a.new for a in self.activities)


def of_people(activity_ids: Collection[int], person_ids: Collection[int], role: Role) -> InvitationPreview:
    """Return the effects of inviting these people in a role."""
    chosen = sa.select(Person.id, Person.name, Person.post, Person.email).where(
        Person.id.in_(person_ids), Person.erased_at.is_(None)
    )
    return _preview(activity_ids, chosen, Invitation.person_id, Invitation.role == role)


def of_posts(
    activity_ids: Collection[int], person_ids: Collection[int], post_ids: Collection[int], role: Role
) -> InvitationPreview:
    """Return the effects of inviting these people, and whoever holds these posts on each activity's day. Raise NobodyHolds."""
    activities = db.session.scalars(
        sa.select(Activity).where(Activity.id.in_(activity_ids)).order_by(Activity.starts_at, Activity.id)
    ).all()
    held = post_holders.holders(db.session(), activities, post_ids)
    found = of_each({activity.id: {*person_ids, *held[activity.id]} for activity in activities}, role)
    chosen = [
        ChosenHolder(title(post.name, term.kind), db.session.get_one(Person, person_id).display_name, activity)
        for activity in activities
        for person_id, (post, term) in held[activity.id].items()
    ]
    return replace(found, posts=chosen)


def of_each(chosen: Mapping[int, Collection[int]], role: Role) -> InvitationPreview:
    """Return the effects of inviting to each activity its own people. chosen: people's ids by activity id."""
    people = {person_id for own in chosen.values() for person_id in own}
    rows = sa.select(Person.id, Person.name, Person.post, Person.email).where(
        Person.id.in_(people), Person.erased_at.is_(None)
    )
    return _preview(chosen, rows, Invitation.person_id, Invitation.role == role, each=chosen)


def of_cadres(
    activity_ids: Collection[int],
    kinds: Collection[CadreKind],
    region_codes: Collection[str],
    without: Collection[int] = (),
) -> InvitationPreview:
    """Return the effects of inviting the cadres of these kinds in these kelurahan. without: people to leave out."""
    chosen = (
        sa.select(Person.id, Person.name, Person.post, Person.email)
        .join(Cadre, Cadre.person_id == Person.id)
        .where(
            Cadre.active,
            Person.erased_at.is_(None),
            Cadre.kind.in_(kinds),
            Cadre.region_code.in_(region_codes),
            Person.id.not_in(without),
        )
        .distinct()
    )
    return _preview(activity_ids, chosen, Invitation.person_id, Invitation.role == Role.CADRE)


def of_organisations(activity_ids: Collection[int], quotas: Mapping[int, int]) -> InvitationPreview:
    """Return the effects of inviting these organisations."""
    chosen = sa.select(Organisation.id, Organisation.name, sa.literal("").label("post"), Organisation.email).where(
        Organisation.id.in_(quotas)
    )
    found = _preview(activity_ids, chosen, Invitation.organisation_id, sa.true(), quotas)
    offices = [(row.name, quotas[row.id]) for row in db.session.execute(chosen.order_by(Organisation.name))]
    return replace(found, offices=offices)


def _preview(
    activity_ids: Collection[int],
    chosen: sa.Select,
    column: Any,
    extra: sa.ColumnElement[bool],
    seats: Mapping[int, int] | None = None,
    each: Mapping[int, Collection[int]] | None = None,
) -> InvitationPreview:
    """Return the effects of inviting these.

    chosen: rows of id, name, post, email. column: the column of Invitation that holds these ids. seats: by id; None:
    one each.
    each: by activity id, the ids that are invited to it; None: all are invited to every activity.
    """
    rows = db.session.execute(chosen.order_by("name", "post")).all()
    ids = {row.id for row in rows}
    activities = db.session.scalars(
        sa.select(Activity)
        .where(Activity.id.in_(activity_ids), Activity.state.in_(OPEN))
        .options(joinedload(Activity.venue))
        .order_by(Activity.starts_at, Activity.id)
    ).all()
    invited: dict[int, set[int]] = {activity.id: set() for activity in activities}
    for activity_id, invitee_id in db.session.execute(
        sa.select(Invitation.activity_id, column).where(
            Invitation.activity_id.in_(invited),
            column.is_not(None),
            Invitation.state != InvitationState.WITHDRAWN,
            extra,
        )
    ):
        invited[activity_id].add(invitee_id)
    own = {activity_id: ids if each is None else ids.intersection(each[activity_id]) for activity_id in invited}
    published = [a.id for a in activities if a.state is ActivityState.PUBLISHED]
    mailed = {row.id for row in rows if row.email and any(row.id in own[a] - invited[a] for a in published)}
    asked = _asked(invited)
    for to in invited:
        asked[to] = asked.get(to, 0) + sum(seats[i] if seats else 1 for i in own[to] - invited[to])
    return InvitationPreview(
        activities=[
            ActivityPreview(a, len(own[a.id] - invited[a.id]), len(own[a.id] & invited[a.id]), asked[a.id])
            for a in activities
        ],
        people=len(ids),
        mails=len(mailed),
        without_address=sum(1 for row in rows if not row.email),
        names=[row.name or row.post for row in rows[:12]],
        engaged=_engaged(invited, ids, column),
        ids=frozenset(ids),
    )


def _asked(activity_ids: Collection[int]) -> dict[int, int]:
    """Return how many people are invited to each activity. Organisations count by their seats, declined ones do not."""
    rows = db.session.execute(
        sa.select(
            Invitation.activity_id,
            sa.func.count(sa.distinct(Invitation.person_id)).filter(Invitation.nominated_under_id.is_(None)),
            sa.func.coalesce(sa.func.sum(Invitation.quota).filter(Invitation.organisation_id.is_not(None)), 0),
        )
        .where(Invitation.activity_id.in_(activity_ids), Invitation.state.not_in(OUT))
        .group_by(Invitation.activity_id)
    )
    return {row[0]: row[1] + (row[2] or 0) for row in rows}


def _engaged(activity_ids: Collection[int], ids: Collection[int], column: Any) -> int:
    """Return how many of these are invited to another activity that overlaps one of the given ones."""
    wanted, other = aliased(Activity), aliased(Activity)
    return (
        db.session.scalar(
            sa.select(sa.func.count(sa.distinct(column)))
            .join(other, other.id == Invitation.activity_id)
            .join(wanted, sa.and_(other.starts_at < wanted.ends_at, wanted.starts_at < other.ends_at))
            .where(
                wanted.id.in_(activity_ids),
                other.id.not_in(activity_ids),
                other.state.in_(OPEN),
                Invitation.state.not_in(OUT),
                column.in_(ids),
            )
        )
        or 0
    )

"""Who a letter can be for, or who goes without one: an activity's or a programme's invitations, filtered and in pages.

What is chosen is a statement, not a list of ids: it holds for any number of invitations. Reads only.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from outreach.domain.kinds import Role, Sector
from outreach.domain.letters.values import LetterState
from outreach.domain.states import ActivityState, InvitationState
from outreach.extensions import db
from outreach.models import (
    Activity,
    Invitation,
    Letter,
    Organisation,
    Person,
    Programme,
    Region,
    letter_invitation,
)
from outreach.queries.invitations.counting import AWAITS_LETTER
from outreach.queries.invitations.select import InviteeFilters, narrowed, order
from outreach.queries.letters.returned import TO_BE_SIGNED
from outreach.queries.paging import Page, paged
from outreach.services.locking import ActivityMissing, ProgrammeMissing

PER_PAGE = 50
ON_A_LETTER = (
    sa.exists()
    .where(
        letter_invitation.c.invitation_id == Invitation.id,
        Letter.id == letter_invitation.c.letter_id,
        Letter.state != LetterState.CANCELLED,
    )
    .correlate(Invitation)
)


class Lacks(StrEnum):
    """A filter: what the invitations have not got."""

    LETTER = "letter"  # they are on no letter
    SIGNED = "signed"  # their mail waits for a signed letter
    DRAFT = "draft"  # the same, and no letter that could be signed is for them


LACKING = {
    Lacks.LETTER: ~ON_A_LETTER,
    Lacks.SIGNED: AWAITS_LETTER,
    Lacks.DRAFT: sa.and_(AWAITS_LETTER, Invitation.id.not_in(TO_BE_SIGNED)),
}


@dataclass(frozen=True)
class ChoiceScope:
    """Whose invitations: of one activity, or of a programme's activities that lie ahead."""

    activity: Activity | None = None
    programme: Programme | None = None

    @property
    def title(self) -> str:
        found = self.activity or self.programme
        assert found is not None
        return found.title


@dataclass(frozen=True)
class ChoiceFilters:
    """Empty values filter nothing. region_code: a kecamatan or a kelurahan."""

    q: str = ""
    role: Role | None = None
    sector: Sector | None = None
    region_code: str = ""
    lacks: Lacks | None = None


@dataclass(frozen=True)
class LetterChoice:
    """scope: where the choice began. page: of Invitation. lettered: ids of those on the page that are on a letter already."""

    scope: ChoiceScope
    page: Page
    lettered: Collection[int]
    regions: Sequence[Region] = field(default_factory=list)

    @property
    def by_activity(self) -> list[tuple[Activity, list[Invitation]]]:
        return [(activity, list(its)) for activity, its in groupby(self.page, key=lambda one: one.activity)]


def scope_of(activity_id: int | None, programme_id: int | None = None) -> ChoiceScope:
    """Return whose invitations are chosen from. Raise ActivityMissing or ProgrammeMissing."""
    if activity_id is not None:
        activity = db.session.get(Activity, activity_id)
        if activity is None:
            raise ActivityMissing
        return ChoiceScope(activity)
    programme = db.session.get(Programme, programme_id) if programme_id is not None else None
    if programme is None:
        raise ProgrammeMissing
    return ChoiceScope(programme=programme)


def to_choose(scope: ChoiceScope, filters: ChoiceFilters, number: int = 1) -> LetterChoice:
    """Return a page of those who match. Nominees are left out: the letter goes to their organisation."""
    wanted = _matching(scope, filters).options(
        joinedload(Invitation.person).joinedload(Person.organisation),
        joinedload(Invitation.organisation).load_only(Organisation.name),
        joinedload(Invitation.activity),
    )
    page = paged(wanted.order_by(Activity.starts_at, Activity.id, *order()), number, PER_PAGE, q=filters.q)
    shown = sa.select(Invitation.id).where(Invitation.id.in_([one.id for one in page]), ON_A_LETTER)
    regions = db.session.scalars(sa.select(Region).where(Region.level >= 3).order_by(Region.code)).all()
    return LetterChoice(scope, page, set(db.session.scalars(shown)), regions)


def chosen(scope: ChoiceScope, filters: ChoiceFilters, ids: Collection[int] | None = None) -> sa.Select[int]:
    """Select the ids of all who match, or with `ids` of those among them."""
    wanted = _matching(scope, filters).with_only_columns(Invitation.id)
    return wanted if ids is None else wanted.where(Invitation.id.in_(ids))


def _matching(scope: ChoiceScope, filters: ChoiceFilters) -> sa.Select[Any]:
    wanted = (
        sa.select(Invitation)
        .join(Activity, Activity.id == Invitation.activity_id)
        .where(Invitation.state != InvitationState.WITHDRAWN, Invitation.nominated_under_id.is_(None))
    )
    if scope.activity is not None:
        wanted = wanted.where(Activity.id == scope.activity.id)
    else:
        assert scope.programme is not None
        wanted = wanted.where(
            Activity.programme_id == scope.programme.id,
            Activity.state.not_in((ActivityState.CANCELLED, ActivityState.HELD)),
        )
    if filters.lacks is not None:
        wanted = wanted.where(LACKING[filters.lacks])
    invitees = InviteeFilters(q=filters.q, role=filters.role, sector=filters.sector, region_code=filters.region_code)
    return narrowed(wanted, invitees)

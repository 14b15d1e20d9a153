"""How far the calls of a list have come: how many are reached, what each caller did, and the log of calls.

Reached is who has answered, by whatever way, and who spoke with a caller.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from outreach.domain.calls import ANSWERED_AS, IS_A_CALL, SPOKE, CallOutcome
from outreach.domain.states import ANSWERED, InvitationState
from outreach.extensions import db
from outreach.models import Activity, Call, Invitation, Organisation, Person, User, call_invitation
from outreach.queries.calls.lists import CallScope, party, within

AT_ONCE = 500


@dataclass(frozen=True)
class Reached:
    """Of `total` people and organisations invited, how many are reached."""

    reached: int
    total: int


@dataclass(frozen=True)
class ActivityReached:
    id: int
    title: str
    reached: Reached
    calls: int


@dataclass(frozen=True)
class CallerFigures:
    """What one caller did. answers: calls that ended with an answer. spoke: calls in which they reached somebody."""

    name: str
    calls: int
    spoke: int
    answers: int
    no_answer: int
    wrong_numbers: int
    whatsapp_opened: int


_PARTY = party(Invitation)


def _is_reached() -> sa.ColumnElement[bool]:
    spoke = (
        sa.select(call_invitation.c.invitation_id)
        .join(Call, Call.id == call_invitation.c.call_id)
        .where(Call.outcome.in_(sorted(SPOKE)))
    )
    return sa.or_(Invitation.state.in_(sorted(ANSWERED)), Invitation.id.in_(spoke))


def reached(scope: CallScope, *, now: datetime) -> Reached:
    """Return the figures of the goal line. Runs one statement."""
    row = db.session.execute(
        sa.select(
            sa.func.count(sa.distinct(_PARTY)).filter(_is_reached()), sa.func.count(sa.distinct(_PARTY))
        )
        .select_from(Invitation)
        .join(Activity, Activity.id == Invitation.activity_id)
        .where(*within(scope, now), Invitation.state != InvitationState.WITHDRAWN)
    ).one()  # fmt: skip
    return Reached(*row)


def by_activity(scope: CallScope, *, now: datetime) -> list[ActivityReached]:
    """Return the same for each activity, the earliest first, with the number of calls about it."""
    calls = (
        sa.select(Invitation.activity_id, sa.func.count(sa.distinct(Call.id)).label("calls"))
        .join(call_invitation, call_invitation.c.invitation_id == Invitation.id)
        .join(Call, Call.id == call_invitation.c.call_id)
        .where(Call.outcome.in_(sorted(IS_A_CALL)))
        .group_by(Invitation.activity_id)
        .subquery()
    )
    rows = db.session.execute(
        sa.select(
            Activity.id, Activity.title, sa.func.count(sa.distinct(_PARTY)).filter(_is_reached()).label("reached"),
            sa.func.count(sa.distinct(_PARTY)).label("total"), sa.func.max(calls.c.calls).label("calls"),
        )
        .select_from(Invitation)
        .join(Activity, Activity.id == Invitation.activity_id)
        .outerjoin(calls, calls.c.activity_id == Activity.id)
        .where(*within(scope, now), Invitation.state != InvitationState.WITHDRAWN)
        .group_by(Activity.id, Activity.title, Activity.starts_at)
        .order_by(Activity.starts_at, Activity.id)
    )  # fmt: skip
    return [ActivityReached(row.id, row.title, Reached(row.reached, row.total), row.calls or 0) for row in rows]


def by_caller(scope: CallScope, *, now: datetime) -> list[CallerFigures]:
    """Return what each caller did about the scope's activities, who called most first."""

    def number(*outcomes: CallOutcome) -> sa.ColumnElement[int]:
        return sa.func.count().filter(Call.outcome.in_(sorted(outcomes)))

    name = sa.func.coalesce(sa.func.nullif(User.name, ""), User.email, "")
    calls = number(*IS_A_CALL)
    rows = db.session.execute(
        sa.select(
            name, calls, number(*SPOKE), number(*ANSWERED_AS), number(CallOutcome.NO_ANSWER),
            number(CallOutcome.WRONG_NUMBER), number(CallOutcome.WHATSAPP_OPENED),
        )
        .select_from(Call)
        .outerjoin(User, User.id == Call.caller_id)
        .where(Call.id.in_(_about(scope, now)))
        .group_by(User.id, User.name, User.email)
        .order_by(calls.desc(), name)
    )  # fmt: skip
    return [CallerFigures(*row) for row in rows]


def log(scope: CallScope, *, now: datetime) -> Iterator[Call]:
    """Yield all calls about the scope's activities, the oldest first."""
    ids = db.session.scalars(sa.select(Call.id).where(Call.id.in_(_about(scope, now))).order_by(Call.id)).all()
    for first in range(0, len(ids), AT_ONCE):
        yield from calls_by_id(ids[first : first + AT_ONCE])


def calls_by_id(ids: Sequence[int]) -> Sequence[Call]:
    """Return these calls with whom, by whom and about what, the oldest first. The number of statements is fixed."""
    return db.session.scalars(
        sa.select(Call)
        .where(Call.id.in_(ids))
        .options(
            joinedload(Call.person).joinedload(Person.organisation), joinedload(Call.organisation),
            joinedload(Call.caller).lazyload(User.roles),
            selectinload(Call.about).joinedload(Invitation.activity),
        )
        .order_by(Call.id)
    ).all()  # fmt: skip


def of_invitee(invitee: Person | Organisation) -> Sequence[Call]:
    """Return the calls to one invitee, the oldest first."""
    column = Call.person_id if isinstance(invitee, Person) else Call.organisation_id
    return calls_by_id(db.session.scalars(sa.select(Call.id).where(column == invitee.id)).all())


def _about(scope: CallScope, now: datetime) -> Any:
    return (
        sa.select(call_invitation.c.call_id)
        .join(Invitation, Invitation.id == call_invitation.c.invitation_id)
        .join(Activity, Activity.id == Invitation.activity_id)
        .where(*within(scope, now))
    )

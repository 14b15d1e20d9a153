"""Who calls whom at the moment: somebody who is shown to a caller is theirs for a while.

A claim is one statement that changes the invitee's row only if nobody else holds them; so of two callers one gets them,
on both databases. A claim ends with a result, on leaving, or after CLAIMED_FOR.
"""

from collections.abc import Callable, Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.calls import CLAIMED_FOR, SKIPPED_FOR
from outreach.domain.problems import Problem
from outreach.models import CallClaim, User
from outreach.services.calls.callee import CalleeKey
from outreach.transactions import insert_into, writing


class CallTaken(Problem):
    message = "Somebody else is calling them at the moment."


def take(callee: CalleeKey, *, by: User, now: datetime) -> None:
    """Give an invitee to this caller, even if they rest; raise CallTaken or InvitationMissing."""
    with writing() as session:
        callee.read(session)
        if not _claimed(session, callee, by.id, now, although_resting=True):
            raise CallTaken


def take_next(
    candidates: Iterable[CalleeKey], still_to_call: Callable[[CalleeKey], bool], *, by: User, now: datetime
) -> CalleeKey | None:
    """Give the caller the first of these invitees that nobody holds, and take back what they held. None: there is none.

    still_to_call: asked after each claim. Another caller may have had them, and their answer, since the list was read.
    """
    user_id = by.id
    leave(by=by, now=now)
    for callee in candidates:
        with writing() as session:
            claimed = _claimed(session, callee, user_id, now)
        if claimed and still_to_call(callee):
            return callee
        if claimed:
            _release(callee, user_id)
    return None


def leave(*, by: User, now: datetime) -> None:
    """Take back everybody that this caller holds."""
    with writing() as session:
        session.execute(
            sa.update(CallClaim)
            .where(CallClaim.caller_id == by.id, CallClaim.claimed_until > now)
            .values(claimed_until=None)
        )


def skip(callee: CalleeKey, *, by: User, now: datetime) -> None:
    """Leave an invitee out for a while: neither this caller nor another is given them before SKIPPED_FOR is over.

    Raise InvitationMissing, or CallTaken while somebody else calls them: that caller decides when they rest.
    """
    with writing() as session:
        callee.read(session)
        column = callee.column(CallClaim)
        claim = session.scalar(sa.select(CallClaim).where(column == callee.id).with_for_update())
        if claim and claim.caller_id != by.id and claim.claimed_until and claim.claimed_until > now:
            raise CallTaken
        end(session, callee, by.id, now=now, rests_until=now + SKIPPED_FOR)


def end(
    session: Session, callee: CalleeKey, user_id: int | None, *, now: datetime, rests_until: datetime | None,
    keep: bool = False,
) -> datetime:  # fmt: skip
    """End a caller's claim in this transaction, and set until when the invitee rests. Return when the claim began.

    Without a claim of theirs that is now. keep: the claim stays, because something is left to ask.
    """
    column = callee.column(CallClaim)
    row = session.scalar(sa.select(CallClaim).where(column == callee.id).with_for_update())
    if row is None:
        insert = insert_into(session, CallClaim).values(**callee.values, rests_until=rests_until)
        session.execute(insert.on_conflict_do_update(index_elements=[column.key], set_={"rests_until": rests_until}))
        return now
    mine = row.caller_id == user_id and row.claimed_until is not None and row.claimed_until > now
    row.rests_until = rests_until
    if mine and not keep:
        row.claimed_until = None
    return row.claimed_at if mine and row.claimed_at else now


def _claimed(
    session: Session, callee: CalleeKey, user_id: int, now: datetime, *, although_resting: bool = False
) -> bool:
    """Claim an invitee if they are free; return whether this caller has them now."""
    column = callee.column(CallClaim)
    mine = sa.and_(CallClaim.caller_id == user_id, CallClaim.claimed_until > now)
    free = sa.or_(CallClaim.claimed_until.is_(None), CallClaim.claimed_until <= now)
    if not although_resting:
        free = sa.and_(free, sa.or_(CallClaim.rests_until.is_(None), CallClaim.rests_until <= now))
    values = {"caller_id": user_id, "claimed_until": now + CLAIMED_FOR}
    insert = insert_into(session, CallClaim).values(**callee.values, **values, claimed_at=now)
    claiming = insert.on_conflict_do_update(
        index_elements=[column.key],
        set_={**values, "claimed_at": sa.case((mine, CallClaim.claimed_at), else_=now)},
        where=sa.or_(mine, free),
    ).returning(CallClaim.id)
    return session.scalar(claiming) is not None


def _release(callee: CalleeKey, user_id: int) -> None:
    with writing() as session:
        session.execute(
            sa.update(CallClaim)
            .where(callee.column(CallClaim) == callee.id, CallClaim.caller_id == user_id)
            .values(claimed_until=None)
        )

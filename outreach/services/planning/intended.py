"""Clashes marked as intended ("memang dikehendaki"): with a reason. Marks stay on record; a mark can be taken back.

domain/clashes leaves out a clash that a mark covers. If the clash changes in substance, the mark no longer covers it.
"""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.clashes import Clash, find_clashes, find_intended
from outreach.domain.planning.parties import PartyKind
from outreach.domain.planning.rules import ClashKind
from outreach.domain.problems import Problem
from outreach.extensions import db
from outreach.models import Activity, IntendedClash, User
from outreach.services import audit
from outreach.services.locking import present_for_change
from outreach.services.planning import load as plans
from outreach.services.planning import load_part as plan_parts
from outreach.services.planning.clashes import FoundClashes, around, found_in, gathered
from outreach.transactions import writing

REASON_MAX = 300


class ClashGone(Problem):
    message = "This clash does not exist any more, or has changed meanwhile. Look at the present state."


class IntentionMissing(Problem):
    message = "This has been taken back already."


def group(activity_ids: Collection[int], substance: str, *, now: datetime) -> tuple[FoundClashes, list[Clash]]:
    """Return the clashes shown together with the one of this substance. Raise ClashGone."""
    ids = set(activity_ids)
    plan = plan_parts.that_clash(now=now, among=ids, within=around(plans.planned(db.session(), ids, engaged=False)))
    found = found_in(plan, find_clashes(plan, ids))
    for clashes in gathered(clash for clash in found.clashes if set(clash.ids) == ids):
        if clashes[0].substance == substance:
            return found, clashes
    raise ClashGone


def mark(activity_ids: Collection[int], substance: str, reason: str, *, by: User | None, now: datetime) -> int:
    """Mark these clashes as intended, and return how many. Raise ClashGone."""
    with writing() as session:
        present_for_change(session, activity_ids)
        _found, clashes = group(activity_ids, substance, now=now)
        for clash in clashes:
            one, other = clash.activities[0], clash.other(clash.activities[0].id)
            is_person = clash.party is not None and clash.party.kind is PartyKind.PERSON
            session.add(
                IntendedClash(
                    kind=clash.kind, activity_id=one.id, other_activity_id=other.id if other else None,
                    person_id=int(clash.party.key) if is_person and clash.party else None,
                    substance=clash.substance, shortage=clash.shortage, reason=reason.strip(), created_at=now,
                    by_id=by.id if by else None,
                )
            )  # fmt: skip
        for activity in clashes[0].activities:
            _record(session, "activity.clash_intended", activity.id, clashes[0].kind, reason.strip(), by, now)
    return len(clashes)


def take_back(id: int, *, by: User | None, now: datetime) -> None:
    """Take back a mark, and those set with it. Raise IntentionMissing."""
    with writing() as session:
        kept = session.get(IntendedClash, id, with_for_update=True)
        if kept is None or kept.taken_back_at is not None:
            raise IntentionMissing
        session.execute(
            sa.update(IntendedClash)
            .where(
                IntendedClash.kind == kept.kind,
                IntendedClash.activity_id == kept.activity_id,
                IntendedClash.other_activity_id.is_not_distinct_from(kept.other_activity_id),
                IntendedClash.created_at == kept.created_at,
                IntendedClash.taken_back_at.is_(None),
            )
            .values(taken_back_at=now, taken_back_by_id=by.id if by else None)
        )
        for activity_id in (kept.activity_id, kept.other_activity_id):
            if activity_id is not None:
                _record(session, "activity.clash_not_intended", activity_id, kept.kind, kept.reason, by, now)


def _record(
    session: Session, action: str, activity_id: int, kind: ClashKind, reason: str, by: User | None, now: datetime
) -> None:
    activity = session.get_one(Activity, activity_id)
    audit.record(session, by, action, activity, now=now, clash=kind.value, reason=reason)


def covers(session: Session, kind: ClashKind, activity_ids: Collection[int], person_id: int | None = None) -> bool:
    """Return whether this clash of two stored activities, as flushed, is marked as intended."""
    if not plans.intended(session, activity_ids):
        return False
    stored = plans.planned(session, activity_ids)
    now = min(activity.starts_at for activity in stored)
    plan = plan_parts.shared_with(activity_ids, now=now, within=around(stored))
    return any(
        clash.kind is kind
        and set(clash.ids) == set(activity_ids)
        and (person_id is None or (clash.party is not None and clash.party.key == person_id))
        for clash in find_intended(plan, activity_ids)
    )

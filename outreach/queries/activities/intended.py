"""Clashes marked as intended, for their list."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from outreach.extensions import db
from outreach.models import Activity, IntendedClash, planned

MOST = 100


def standing(*, now: datetime, activity_id: int | None = None) -> Sequence[IntendedClash]:
    """Return the marks not taken back of activities that are still ahead, by their start; of one activity, or of all."""
    asked = (
        sa.select(IntendedClash)
        .join(Activity, Activity.id == IntendedClash.activity_id)
        .where(IntendedClash.taken_back_at.is_(None), planned.IS_PLANNED, Activity.ends_at > now)
        .options(
            joinedload(IntendedClash.by),
            joinedload(IntendedClash.person),
            joinedload(IntendedClash.activity),
            joinedload(IntendedClash.other_activity),
        )
        .order_by(Activity.starts_at, IntendedClash.id)
        .limit(MOST)
    )
    if activity_id is not None:
        asked = asked.where(
            sa.or_(IntendedClash.activity_id == activity_id, IntendedClash.other_activity_id == activity_id)
        )
    return db.session.scalars(asked).unique().all()

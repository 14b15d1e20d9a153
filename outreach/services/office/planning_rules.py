"""Saving the office's planning rules."""

from datetime import datetime

import sqlalchemy as sa

from outreach.models import PlanSettings, User
from outreach.services import audit, office_defaults
from outreach.services.locking import Stale
from outreach.services.planning import bookings
from outreach.services.planning.rules import PlanValues, changes, check, read, written
from outreach.transactions import writing


def save(values: PlanValues, *, by: User | None, now: datetime) -> PlanValues:
    """Save the planning rules. Raise Stale if somebody else saved since they were read.

    Raise NoticeOutOfRange, TravelOutOfRange or RamadanOdd; nothing is changed then.
    """
    check(values)
    with writing() as session:
        office_defaults.lock(session)  # the settings have no row to lock the first time
        row = session.scalar(sa.select(PlanSettings).order_by(PlanSettings.id).limit(1).with_for_update())
        if (row.version if row else 0) != values.version:
            raise Stale
        before, after = row.values if row else {}, written(values)
        if row is None:
            if not after:
                return values
            row = PlanSettings(values={})
            session.add(row)
        if before != after:
            row.values = after
            session.flush()
            if before.get("severities") != after.get("severities"):
                bookings.rebook_all(session)
            changed = changes(read(before, 0), values)
            audit.record(session, by, "plan_settings.changed", row, now=now, **changed)
        return read(row.values, row.version)

"""The periods that the office chose: read, previewed and saved."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from outreach.domain.privacy import retention
from outreach.domain.privacy.retention import BOUNDS, CHANGEABLE, ONLY_TOLD, Due, Purpose
from outreach.extensions import current_settings, db
from outreach.models import User
from outreach.models.retention import ErasedCount, RetentionPeriod
from outreach.services import audit, office_defaults
from outreach.transactions import writing

AHEAD_DAYS = 60  # how far a preview looks ahead
Periods = Mapping[Purpose, int]


@dataclass(frozen=True)
class Erased:
    """How much was erased on a day, by purpose and store."""

    on: date
    store: str
    purpose: Purpose
    number: int


def read() -> Periods:
    """Return the days of each purpose that has a period: the office's choice, or the default."""
    settings = current_settings()
    default = {purpose: bounds.default for purpose, bounds in BOUNDS.items()}
    for purpose, days in (
        (Purpose.MESSAGES, settings.archive_days),
        (Purpose.INCOMING, settings.archive_days),
        (Purpose.PROPOSALS, settings.placement_days),
    ):
        default[purpose] = days
    chosen = {row.purpose: row.days for row in db.session.scalars(sa.select(RetentionPeriod))}
    return {**default, **chosen}


def save(wanted: Periods, *, by: User | None, now: datetime) -> bool:
    """Store the office's periods; return whether any is another one. Raise PeriodOutOfBounds, having changed nothing."""
    days = {purpose: retention.checked(purpose, wanted.get(purpose)) for purpose in CHANGEABLE}
    with writing() as session:
        before = read()
        changed = {purpose: value for purpose, value in days.items() if before[purpose] != value}
        for purpose, value in changed.items():
            session.merge(
                RetentionPeriod(purpose=purpose, days=value, changed_at=now, changed_by_id=by.id if by else None)
            )
        office = office_defaults.office(session)
        if changed and office is not None:
            detail: dict[str, Any] = {
                purpose.value: [str(before[purpose]), str(value)] for purpose, value in changed.items()
            }
            audit.record(session, by, "office.retention_changed", office, now=now, **detail)
    return bool(changed)


def preview(wanted: Periods, *, now: datetime, days: int = AHEAD_DAYS) -> list[Due]:
    """Return what would be erased with these periods, by purpose and day: at the next run, and in the days after it."""
    zone = office_defaults.zone(db.session)
    today = now.astimezone(zone).date()
    found: Counter[tuple[Purpose, date | None]] = Counter()
    from outreach.services.privacy.retention.stores import STORES  # loads all subjects; a backup only reads the periods

    for store in STORES:
        period = wanted.get(store.purpose)
        if period is None or store.purpose in ONLY_TOLD:
            continue
        last = retention.cutoff(now, period)
        due = store.due(now, last).order_by(None).subquery()
        if at_once := db.session.scalar(sa.select(sa.func.count()).select_from(due)):
            found[store.purpose, None] += at_once
        later = store.due(now, last + timedelta(days=days))
        since: Any = later.selected_columns[1]
        for (began,) in db.session.execute(
            later.with_only_columns(since).where(since >= _as(since, last)).order_by(None)
        ):
            if isinstance(began, datetime):
                on = (began + timedelta(days=period)).astimezone(zone).date()
            else:
                on = began + timedelta(days=period + 1)
            found[store.purpose, max(on, today)] += 1
    order = list(Purpose)
    rows = [Due(purpose, on, number) for (purpose, on), number in found.items()]
    return sorted(rows, key=lambda due: (order.index(due.purpose), due.on or date.min))


def _as(since: Any, instant: datetime) -> Any:
    """Return the instant as the column holds it: some have only a day."""
    return instant.date() if isinstance(since.type, sa.Date) else instant


def log(*, limit: int = 200) -> list[Erased]:
    """Return what was erased, the latest day first."""
    rows = db.session.scalars(
        sa.select(ErasedCount).order_by(ErasedCount.on.desc(), ErasedCount.purpose, ErasedCount.store).limit(limit)
    )
    return [Erased(row.on, row.store, row.purpose, row.number) for row in rows]

"""Change reminder rules: the office's defaults, or those of one programme or activity.

The reminders of published activities are updated in the same transaction. reminders/rules.py says which rule applies.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, time, timedelta
from secrets import token_hex
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.delivery.mail import texts
from outreach.domain.kinds import Audience, MailKind, RuleTiming
from outreach.domain.problems import Problem
from outreach.domain.states import ActivityState
from outreach.models import Activity, ReminderRule, User
from outreach.services import audit
from outreach.services.reminders import forecast as forecasting
from outreach.services.reminders import schedule as scheduling
from outreach.services.reminders.forecast import Forecast
from outreach.services.reminders.rules import DEFAULTS, all_rules, values_of
from outreach.services.reminders.scopes import Scope, closest, exactly, scope_of, within
from outreach.transactions import writing

AUDIENCES = {
    RuleTiming.BEFORE_START: (Audience.UNANSWERED, Audience.COMING, Audience.EXPECTED, Audience.NO_MATERIALS),
    RuleTiming.AFTER_END: (Audience.PRESENT, Audience.ABSENT),
}
KINDS = {RuleTiming.BEFORE_START: MailKind.REMINDER, RuleTiming.AFTER_END: MailKind.THANKS}
MOST_DAYS = 90

EXTRA = "extra-"  # how the keys of added rules begin


class RuleMissing(Problem):
    message = "This rule does not exist any more."


class RuleFixed(Problem):
    message = "The invitation always goes out at publishing. Only its text can be changed."


class DaysOutOfRange(Problem):
    message = "Please write a number of days from %(low)d to %(high)d."
    field = "days"


class AudienceDoesNotFit(Problem):
    message = (
        "Before the start, choose those without an answer, those coming, all, or speakers without materials; after the end, "
        "those present or absent."
    )
    field = "audience"


class SameRule(Problem):
    message = "There is a rule like this already: the same moment, for the same people. One mail is enough."
    field = "days"


@dataclass(frozen=True)
class RuleValues:
    """at: local to each activity. own_text: the rule has a text of its own instead of the usual one."""

    days: int
    at: time
    audience: Audience
    enabled: bool = True
    own_text: bool = False
    name: str = ""


def edit(
    key: str, values: RuleValues, programme_id: int | None = None, activity_id: int | None = None, *,
    by: User | None, now: datetime,
) -> ReminderRule:  # fmt: skip
    """Change a rule; an inherited rule is overridden in the scope of the programme or activity."""
    with writing() as session:
        scope = scope_of(session, programme_id, activity_id)
        row = _edit(session, scope, key, values, by, now)
        _follow(session, scope, now)
    return row


def add(
    timing: RuleTiming, values: RuleValues, programme_id: int | None = None, activity_id: int | None = None, *,
    by: User | None, now: datetime,
) -> ReminderRule:  # fmt: skip
    """Add a further rule to a scope."""
    with writing() as session:
        scope = scope_of(session, programme_id, activity_id)
        row = _add(session, scope, timing, values, by, now)
        _follow(session, scope, now)
    return row


def reset(
    key: str, programme_id: int | None = None, activity_id: int | None = None, *, by: User | None, now: datetime
) -> None:
    """Let a scope inherit the rule again; a default rule of the office gets its shipped values back.

    An added rule that no wider scope has is removed, together with the rules that override it.
    """
    with writing() as session:
        scope = scope_of(session, programme_id, activity_id)
        _reset(session, scope, key, by, now)
        _follow(session, scope, now)


def preview_edit(
    key: str, values: RuleValues, programme_id: int | None = None, activity_id: int | None = None, *, now: datetime
) -> Forecast | None:
    """Forecast what the changed rule would send in the published activities it affects; None if it affects none."""
    return _preview_rules(
        programme_id, activity_id, lambda session, scope: _edit(session, scope, key, values, None, now), now
    )


def preview_add(
    timing: RuleTiming, values: RuleValues, programme_id: int | None = None, activity_id: int | None = None, *,
    now: datetime,
) -> Forecast | None:  # fmt: skip
    """Forecast the same for a further rule."""
    return _preview_rules(
        programme_id, activity_id, lambda session, scope: _add(session, scope, timing, values, None, now), now
    )


def preview_reset(
    key: str, programme_id: int | None = None, activity_id: int | None = None, *, now: datetime
) -> Forecast | None:
    """Forecast the same for a rule that is inherited again or removed."""
    return _preview_rules(programme_id, activity_id, lambda session, scope: _reset(session, scope, key, None, now), now)


def _preview_rules(
    programme_id: int | None, activity_id: int | None, change: Callable[[Session, Scope], object], now: datetime
) -> Forecast | None:
    """Make the change, read the rules as they would be, and roll it back; then forecast the mails, so that others can write."""
    with writing() as session:
        change(session, scope_of(session, programme_id, activity_id))
        session.flush()
        wanted = all_rules(session)
        session.rollback()
    present = all_rules(session)
    activities = _published(session, scope_of(session, programme_id, activity_id), now)
    before = {activity.id: present.of(activity) for activity in activities}
    after = {activity.id: wanted.of(activity) for activity in activities}
    changed = [activity for activity in activities if set(after[activity.id]) != set(before[activity.id])]
    return forecasting.for_rules(changed, before, after, now=now) if changed else None


def _edit(session: Session, scope: Scope, key: str, values: RuleValues, by: User | None, now: datetime) -> ReminderRule:
    holding = applying_rule(session, scope, key)
    _check(session, scope, key, holding.timing, values)
    row = _own(session, scope, key)
    before = _shown(holding)
    if row is None:
        row = ReminderRule(
            programme_id=scope.programme_id, activity_id=scope.activity_id,
            key=key, kind=holding.kind, timing=holding.timing, name=holding.name,
        )  # fmt: skip
        session.add(row)
    _apply(row, values)
    changed = {name: [before[name], value] for name, value in _shown(row).items() if before[name] != value}
    audit.record(session, by, "rule.changed", row, name=_named(row, scope), now=now, **changed)
    return row


def _add(
    session: Session, scope: Scope, timing: RuleTiming, values: RuleValues, by: User | None, now: datetime
) -> ReminderRule:
    key = f"{EXTRA}{token_hex(4)}"
    _check(session, scope, key, timing, values)
    row = ReminderRule(
        programme_id=scope.programme_id,
        activity_id=scope.activity_id,
        key=key,
        kind=KINDS[timing],
        timing=timing,
        name="",
    )
    _apply(row, values)
    session.add(row)
    audit.record(session, by, "rule.added", row, name=_named(row, scope), now=now, **_shown(row))
    return row


def _reset(session: Session, scope: Scope, key: str, by: User | None, now: datetime) -> None:
    row = _own(session, scope, key)
    if row is None:
        raise RuleMissing
    if scope.is_office and key in DEFAULTS:
        for name, value in values_of(DEFAULTS[key]).items():
            setattr(row, name, value)
        row.text_key = row.name = ""
        audit.record(session, by, "rule.reset", row, name=_named(row, scope), now=now)
        return
    audit.record(session, by, "rule.removed", row, name=_named(row, scope), now=now, **_shown(row))
    session.delete(row)
    session.flush()
    if key not in closest(session.scalars(_rows(scope))):
        _remove_narrower(session, scope, key)


def _rows(scope: Scope) -> sa.Select[Any]:
    return sa.select(ReminderRule).where(within(ReminderRule, scope))


def applying_rule(session: Session, scope: Scope, key: str) -> ReminderRule:
    """Return the rule of this key that applies in the scope. Raise RuleMissing, or RuleFixed for the invitation."""
    row = closest(session.scalars(_rows(scope).where(ReminderRule.key == key))).get(key)
    if row is None:
        raise RuleMissing
    if row.timing is RuleTiming.AT_PUBLISHING:
        raise RuleFixed
    return row


def _own(session: Session, scope: Scope, key: str) -> ReminderRule | None:
    return session.scalar(sa.select(ReminderRule).where(exactly(ReminderRule, scope), ReminderRule.key == key))


def _check(session: Session, scope: Scope, key: str, timing: RuleTiming, values: RuleValues) -> None:
    low = 1 if timing is RuleTiming.AFTER_END else 0
    if not low <= values.days <= MOST_DAYS:
        raise DaysOutOfRange(low=low, high=MOST_DAYS)
    if values.audience not in AUDIENCES.get(timing, ()):
        raise AudienceDoesNotFit
    wanted = (timing, values.days, values.at, values.audience)
    for other in closest(session.scalars(_rows(scope))).values():
        same = (other.timing, other.days, other.at, other.audience) == wanted
        if values.enabled and other.enabled and same and other.key != key:
            raise SameRule


def _apply(row: ReminderRule, values: RuleValues) -> None:
    for field in fields(values):
        if field.name != "own_text":
            setattr(row, field.name, getattr(values, field.name))
    row.text_key = texts.rule_text_key(row.key) if values.own_text else ""


def _shown(row: ReminderRule) -> dict[str, Any]:
    return {
        "days": row.days, "at": f"{row.at:%H:%M}", "audience": row.audience.value, "enabled": row.enabled,
        "text": row.text_key or "", "name_given": row.name or "",
    }  # fmt: skip


def _named(row: ReminderRule, scope: Scope) -> str:
    return f"{row.name or row.key}, {scope.title}".removesuffix(", ")


def _remove_narrower(session: Session, scope: Scope, key: str) -> None:
    """Remove the rules of narrower scopes that overrode a removed rule."""
    inner = [ReminderRule.key == key]
    if scope.activity:
        return
    if scope.programme:
        own = sa.select(Activity.id).where(Activity.programme_id == scope.programme_id)
        inner.append(ReminderRule.activity_id.in_(own))
    session.execute(sa.delete(ReminderRule).where(*inner))


def _follow(session: Session, scope: Scope, now: datetime) -> None:
    session.flush()
    for activity in _published(session, scope, now):
        scheduling.reschedule(session, activity, now=now)


def _published(session: Session, scope: Scope, now: datetime) -> Sequence[Activity]:
    """Return the activities in scope that may still send a mail: published or held, and ended less than MOST_DAYS ago."""
    published = sa.select(Activity).where(
        Activity.state.in_((ActivityState.PUBLISHED, ActivityState.HELD)),
        Activity.ends_at > now - timedelta(days=MOST_DAYS),
    )
    if scope.activity:
        published = published.where(Activity.id == scope.activity_id)
    elif scope.programme:
        published = published.where(Activity.programme_id == scope.programme_id)
    return session.scalars(published.order_by(Activity.id)).all()

"""The pages of reminder rules: those that apply in a scope, and one rule. services/reminders/edit_rules.py changes them."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.extensions import db
from outreach.models import Activity, MessageText, Programme, ReminderRule
from outreach.services.reminders.edit_rules import applying_rule
from outreach.services.reminders.rules import DEFAULTS, by_moment
from outreach.services.reminders.scopes import Scope, closeness, closest, exactly, scope_of, within

SHOWN_NARROWER = 30


@dataclass(frozen=True)
class RuleInScope:
    """A rule as it applies in a scope. own: made or changed for exactly this scope, not inherited."""

    row: ReminderRule
    own: bool
    overrides: bool  # a wider scope has a rule of this key too
    shipped: bool  # one of the default rules

    @property
    def key(self) -> str:
        return self.row.key


@dataclass(frozen=True)
class Narrower:
    """A programme of the office, or an activity of a programme. own: it has rules or texts of its own."""

    scope: Scope
    own: bool


@dataclass(frozen=True)
class RulesPage:
    scope: Scope
    rules: list[RuleInScope]
    narrower: list[Narrower]


@dataclass(frozen=True)
class RuleToEdit:
    scope: Scope
    row: ReminderRule
    own: bool


def rules_page(programme_id: int | None = None, activity_id: int | None = None) -> RulesPage:
    """Return the rules of a scope; raise ScopeMissing."""
    session: Session = db.session()
    scope = scope_of(session, programme_id, activity_id)
    return RulesPage(scope, _rules_in(session, scope), narrower(session, scope, ReminderRule))


def scope_page(programme_id: int | None = None, activity_id: int | None = None) -> Scope:
    """Return the scope with these ids; raise ScopeMissing."""
    return scope_of(db.session(), programme_id, activity_id)


def rule_page(key: str, programme_id: int | None = None, activity_id: int | None = None) -> RuleToEdit:
    """Return one rule of a scope; raise RuleMissing, RuleFixed or ScopeMissing."""
    session: Session = db.session()
    scope = scope_of(session, programme_id, activity_id)
    row = applying_rule(session, scope, key)
    own = session.scalar(sa.select(ReminderRule.id).where(exactly(ReminderRule, scope), ReminderRule.key == key))
    return RuleToEdit(scope, row, own is not None)


def narrower(session: Session, scope: Scope, model: type[ReminderRule] | type[MessageText]) -> list[Narrower]:
    """Return the programmes (newest first), or a programme's activities, and whether they have rows of `model`."""
    if scope.activity:
        return []
    if scope.programme:
        own = set(session.scalars(sa.select(model.activity_id).where(model.activity_id.is_not(None))))
        activities = session.scalars(
            sa.select(Activity).where(Activity.programme_id == scope.programme_id).order_by(Activity.starts_at)
        )
        return [Narrower(Scope(activity=activity), activity.id in own) for activity in activities]
    own = set(session.scalars(sa.select(model.programme_id).where(model.programme_id.is_not(None))))
    programmes = session.scalars(sa.select(Programme).order_by(Programme.starts_on.desc()).limit(SHOWN_NARROWER))
    return [Narrower(Scope(programme=programme), programme.id in own) for programme in programmes]


def _rules_in(session: Session, scope: Scope) -> list[RuleInScope]:
    """Return the rules that apply in a scope, and whether each is its own or inherited."""
    rows = list(session.scalars(sa.select(ReminderRule).where(within(ReminderRule, scope))))
    level = 2 if scope.activity else 1 if scope.programme else 0
    own = {row.key for row in rows if closeness(row) == level}
    wider = {row.key for row in rows if closeness(row) < level}
    found = sorted(closest(rows).values(), key=by_moment)
    return [RuleInScope(row, row.key in own, row.key in own & wider, row.key in DEFAULTS) for row in found]

"""What the pages about rules and texts show: the rules of a scope, and where else they differ."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.extensions import db
from outreach.models import Activity, MessageText, Programme, ReminderRule
from outreach.services.reminders import edit_rules
from outreach.services.reminders.edit_rules import RuleToEdit
from outreach.services.reminders.rules import RuleInScope, rules_in
from outreach.services.reminders.scopes import Scope, scope_of

SHOWN_NARROWER = 30


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


def rules_page(programme_id: int | None = None, activity_id: int | None = None) -> RulesPage:
    """Return the rules of a scope; raise ScopeMissing."""
    session: Session = db.session()
    scope = scope_of(session, programme_id, activity_id)
    return RulesPage(scope, rules_in(session, scope), narrower(session, scope, ReminderRule))


def scope_page(programme_id: int | None = None, activity_id: int | None = None) -> Scope:
    """Return the scope that a page's address names; raise ScopeMissing."""
    return scope_of(db.session(), programme_id, activity_id)


def rule_page(key: str, programme_id: int | None = None, activity_id: int | None = None) -> RuleToEdit:
    """Return one rule of a scope; raise RuleMissing, RuleFixed or ScopeMissing."""
    return edit_rules.to_edit(db.session(), key, programme_id, activity_id)


def narrower(session: Session, scope: Scope, model: type[ReminderRule] | type[MessageText]) -> list[Narrower]:
    """Return the programmes (newest first), or a programme's activities, and whether they have rows of `model`."""
    if scope.activity:
        return []
    if scope.programme:
        own = set(session.scalars(sa.select(model.activity_id).where(model.activity_id.is_not(None))))
        activities = session.scalars(
            sa.select(Activity).where(Activity.programme_id == scope.programme_id).order_by(Activity.starts_at)
        )
        return [Narrower(Scope(activity=one), one.id in own) for one in activities]
    own = set(session.scalars(sa.select(model.programme_id).where(model.programme_id.is_not(None))))
    programmes = session.scalars(sa.select(Programme).order_by(Programme.starts_on.desc()).limit(SHOWN_NARROWER))
    return [Narrower(Scope(programme=one), one.id in own) for one in programmes]

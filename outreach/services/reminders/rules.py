"""Which reminder rules apply to an activity: its own, otherwise its programme's, otherwise the office's; and their moments.

reminders/edit_rules.py changes them; domain/reminders/due.py computes when they are due.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.kinds import Audience, MailKind, Role, RuleTiming
from outreach.domain.mail.hours import MailHours, held_until
from outreach.domain.reminders.due import ActivityTimes, DueRule, Rule, moments
from outreach.domain.states import InvitationState
from outreach.models import Activity, Invitation, ReminderRule
from outreach.services import audit, holidays
from outreach.services.reminders.scopes import Scope, closest, within
from outreach.transactions import writing

EIGHT = time(8, 0)
DEFAULT_RULES = (
    Rule("invitation", MailKind.INVITATION, RuleTiming.AT_PUBLISHING, Audience.NEWLY_INVITED),
    Rule("seven-days-before", MailKind.REMINDER, RuleTiming.BEFORE_START, Audience.UNANSWERED, 7, EIGHT),
    Rule("three-days-before", MailKind.REMINDER, RuleTiming.BEFORE_START, Audience.UNANSWERED, 3, EIGHT),
    Rule("materials", MailKind.REMINDER, RuleTiming.BEFORE_START, Audience.NO_MATERIALS, 5, EIGHT),
    Rule("day-before", MailKind.REMINDER, RuleTiming.BEFORE_START, Audience.COMING, 1, EIGHT),
    Rule("thanks", MailKind.THANKS, RuleTiming.AFTER_END, Audience.PRESENT, 1, EIGHT),
)
DEFAULTS = {rule.key: rule for rule in DEFAULT_RULES}


def install_defaults(*, now: datetime) -> int:
    """Add the default rules that the office does not have yet; return how many were added."""
    with writing() as session:
        return add_defaults(session, now=now)


def add_defaults(session: Session, *, now: datetime) -> int:
    """Add the missing default rules in the caller's transaction; return how many were added."""
    present = set(session.scalars(sa.select(ReminderRule.key).where(within(ReminderRule, Scope()))))
    missing = [rule for rule in DEFAULT_RULES if rule.key not in present]
    for rule in missing:
        row = ReminderRule(**values_of(rule))
        session.add(row)
        audit.record(session, None, "rule.added", row, name=rule.key, now=now)
    return len(missing)


def values_of(rule: Rule) -> dict[str, object]:
    """Return a rule's values by column name."""
    return {
        "key": rule.key, "kind": rule.kind, "timing": rule.timing, "audience": rule.audience,
        "days": rule.days, "at": rule.at, "enabled": rule.enabled,
    }  # fmt: skip


def rows_for(session: Session, activity: Activity) -> list[ReminderRule]:
    """Return the rule rows that apply to an activity, one for each key, in order of time."""
    found = session.scalars(sa.select(ReminderRule).where(within(ReminderRule, Scope(activity=activity))))
    return sorted(closest(found).values(), key=by_moment)


@dataclass(frozen=True)
class AllRules:
    """All rules as values, still readable after a rollback: of the office, by programme and by activity."""

    office: dict[str, Rule]
    programmes: dict[int, dict[str, Rule]]
    activities: dict[int, dict[str, Rule]]
    with_speakers: frozenset[int | None]  # ids of activities

    def of(self, activity: Activity) -> list[Rule]:
        """Return what `rules_for` returns."""
        closest = {
            **self.office,
            **self.programmes.get(activity.programme_id or 0, {}),
            **self.activities.get(activity.id, {}),
        }
        found = sorted(closest.values(), key=by_moment)
        return found if activity.id in self.with_speakers else _without_materials(found)


def all_rules(session: Session) -> AllRules:
    """Return all rules. Two queries."""
    found = AllRules(
        {}, {}, {}, frozenset(session.scalars(sa.select(Invitation.activity_id).where(_SPEAKS).distinct()))
    )
    for row in session.scalars(sa.select(ReminderRule)):
        if row.activity_id is not None:
            found.activities.setdefault(row.activity_id, {})[row.key] = as_rule(row)
        elif row.programme_id is not None:
            found.programmes.setdefault(row.programme_id, {})[row.key] = as_rule(row)
        else:
            found.office[row.key] = as_rule(row)
    return found


def rules_for(session: Session, activity: Activity) -> list[Rule]:
    """Return the rules that apply to an activity, including disabled ones, in order of time.

    Without a speaker, nobody is reminded of materials.
    """
    found = [as_rule(row) for row in rows_for(session, activity)]
    return found if _has_speakers(session, activity.id) else _without_materials(found)


_SPEAKS = sa.and_(
    Invitation.role == Role.SPEAKER,
    Invitation.person_id.is_not(None),
    Invitation.state != InvitationState.WITHDRAWN,
)


def _has_speakers(session: Session, activity_id: int) -> bool:
    return bool(session.scalar(sa.select(sa.exists().where(Invitation.activity_id == activity_id, _SPEAKS))))


def _without_materials(rules: Iterable[Rule]) -> list[Rule]:
    return [rule for rule in rules if rule.audience is not Audience.NO_MATERIALS]


def moments_of(
    rules: Iterable[Rule], times: ActivityTimes, zone: ZoneInfo, told_at: datetime, hours: MailHours | None, *,
    late_told_at: datetime | None = None,
) -> list[DueRule]:  # fmt: skip
    """Return the moments of these rules for an activity, soonest first.

    told_at: when its invitations go out, or when it was moved to its day. hours: the office's hours for mail;
    invitations may wait for them. late_told_at: when the last ones that are invited after the deadline get theirs.
    """

    def read_at(sent_at: datetime) -> datetime:
        kind, audience = MailKind.INVITATION, Audience.NEWLY_INVITED
        return held_until(kind, audience, sent_at, times, sent_at, hours, invited_at=sent_at) or sent_at

    year = times.starts_at.astimezone(zone).year
    return moments(
        rules, times, zone, holidays.days_off({year - 1, year}), read_at(told_at),
        late_told_at=read_at(late_told_at) if late_told_at else None,
    )  # fmt: skip


def as_rule(row: ReminderRule) -> Rule:
    return Rule(row.key, row.kind, row.timing, row.audience, row.days, row.at, row.enabled, row.text_key)


_ORDER = (RuleTiming.AT_PUBLISHING, RuleTiming.BEFORE_START, RuleTiming.AFTER_END)


def by_moment(row: ReminderRule | Rule) -> tuple[int, int, time, str]:
    """Return the key that sorts rules in order of time."""
    days = -row.days if row.timing is RuleTiming.BEFORE_START else row.days
    return _ORDER.index(row.timing), days, row.at, row.key

"""Reminder rules: which rule applies where, and that scheduled reminders follow a change."""

from datetime import time

import pytest
import sqlalchemy as sa

from outreach.domain.kinds import Audience, MailKind, Role, RuleTiming
from outreach.domain.states import ReminderState
from outreach.extensions import db
from outreach.models import AuditEntry, Reminder, ReminderRule
from outreach.queries.reminders import rules as rule_pages
from outreach.services.activities import publish as publishing
from outreach.services.reminders import edit_rules, rules
from outreach.services.reminders.edit_rules import (
    AudienceDoesNotFit,
    DaysOutOfRange,
    RuleFixed,
    RuleMissing,
    RuleValues,
)
from outreach.services.reminders.scopes import ScopeMissing
from tests.world import JAKARTA, NOW, draft_activity, invite, publish, somebody_writes

pytestmark = pytest.mark.usefixtures("any_app", "default_rules")

THREE = "three-days-before"


def values(days=4, at=time(9, 30), audience=Audience.UNANSWERED, **others) -> RuleValues:
    return RuleValues(days=days, at=at, audience=audience, **others)


def days_of(activity, key=THREE) -> int:
    return {rule.key: rule.days for rule in rules.rules_for(db.session, activity)}[key]


def scheduled(activity) -> dict[str, str]:
    rows = db.session.scalars(
        sa.select(Reminder).where(Reminder.activity_id == activity.id, Reminder.state == ReminderState.SCHEDULED)
    )
    return {
        row.key: f"{row.due_at.astimezone(JAKARTA):%d %b %H.%M}" for row in rows if row.kind is not MailKind.INVITATION
    }


def test_the_defaults_are_those_of_the_office_and_ask_for_materials_where_somebody_speaks(activity, chief):
    for_all = [rule for rule in rules.DEFAULT_RULES if rule.key != "materials"]
    assert rules.rules_for(db.session, activity) == for_all
    invite(activity, chief, role=Role.SPEAKER)
    assert {rule.key for rule in rules.rules_for(db.session, activity)} == {rule.key for rule in rules.DEFAULT_RULES}
    assert rules.all_rules(db.session).of(activity) == rules.rules_for(db.session, activity)


def test_installing_the_defaults_again_adds_nothing():
    assert rules.install_defaults(now=NOW) == 0
    assert db.session.query(ReminderRule).count() == len(rules.DEFAULT_RULES)


def test_the_most_specific_rule_applies(programme, activity, hall, coordinator):
    other_activity = draft_activity(None, hall, 25)
    edit_rules.edit(THREE, values(days=4), by=coordinator, now=NOW)
    assert (days_of(activity), days_of(other_activity)) == (4, 4)
    edit_rules.edit(THREE, values(days=5), programme_id=programme.id, by=coordinator, now=NOW)
    assert (days_of(activity), days_of(other_activity)) == (5, 4)
    edit_rules.edit(THREE, values(days=6), activity_id=activity.id, by=coordinator, now=NOW)
    assert (days_of(activity), days_of(other_activity)) == (6, 4)
    edit_rules.reset(THREE, activity_id=activity.id, by=coordinator, now=NOW)
    edit_rules.reset(THREE, programme_id=programme.id, by=coordinator, now=NOW)
    edit_rules.reset(THREE, by=coordinator, now=NOW)
    assert (days_of(activity), days_of(other_activity)) == (3, 3)


def test_the_reminders_of_a_published_activity_follow_a_change(programme, activity, coordinator):
    publishing.publish([activity.id], by=coordinator, now=NOW)
    assert scheduled(activity) == {
        "seven-days-before": "11 Jan 08.00", THREE: "15 Jan 08.00",
        "day-before": "17 Jan 08.00", "thanks": "19 Jan 08.00",
    }  # fmt: skip
    edit_rules.edit(THREE, values(days=4), programme_id=programme.id, by=coordinator, now=NOW)
    assert scheduled(activity)[THREE] == "14 Jan 09.30"
    edit_rules.edit(THREE, values(enabled=False), activity_id=activity.id, by=coordinator, now=NOW)
    assert THREE not in scheduled(activity)
    edit_rules.reset(THREE, activity_id=activity.id, by=coordinator, now=NOW)
    assert scheduled(activity)[THREE] == "14 Jan 09.30"


def test_an_added_rule_is_scheduled_and_its_removal_cancels_it(activity, coordinator):
    publishing.publish([activity.id], by=coordinator, now=NOW)
    before = scheduled(activity)
    made = edit_rules.add(
        RuleTiming.BEFORE_START, values(days=4, audience=Audience.COMING, own_text=True), by=coordinator, now=NOW
    )
    assert scheduled(activity) == before | {made.key: "14 Jan 09.30"}
    reminder = db.session.scalars(sa.select(Reminder).where(Reminder.key == made.key)).one()
    assert reminder.text_key == f"rule-{made.key}"
    edit_rules.edit(made.key, values(days=1), activity_id=activity.id, by=coordinator, now=NOW)
    edit_rules.reset(made.key, by=coordinator, now=NOW)
    assert scheduled(activity) == before
    assert db.session.query(ReminderRule).filter_by(key=made.key).count() == 0


def test_a_programmes_rule_does_not_apply_to_another_programme(programme, activity, hall, coordinator):
    other_activity = draft_activity(None, hall, 25)
    made = edit_rules.add(
        RuleTiming.AFTER_END, values(1, audience=Audience.ABSENT), programme.id, by=coordinator, now=NOW
    )
    assert made.key in {rule.key for rule in rules.rules_for(db.session, activity)}
    assert made.key not in {rule.key for rule in rules.rules_for(db.session, other_activity)}


@pytest.mark.parametrize(
    ("timing", "days", "audience", "problem"),
    [
        (RuleTiming.BEFORE_START, 0, Audience.COMING, None),
        (RuleTiming.BEFORE_START, -1, Audience.COMING, DaysOutOfRange),
        (RuleTiming.BEFORE_START, 90, Audience.COMING, None),
        (RuleTiming.BEFORE_START, 91, Audience.COMING, DaysOutOfRange),
        (RuleTiming.BEFORE_START, 1, Audience.PRESENT, AudienceDoesNotFit),
        (RuleTiming.AFTER_END, 1, Audience.PRESENT, None),
        (RuleTiming.AFTER_END, 0, Audience.PRESENT, DaysOutOfRange),
        (RuleTiming.AFTER_END, 1, Audience.UNANSWERED, AudienceDoesNotFit),
    ],
)
def test_an_invalid_rule_is_refused(coordinator, timing, days, audience, problem):
    def add():
        edit_rules.add(timing, values(days, audience=audience), by=coordinator, now=NOW)

    if problem is None:
        add()
    else:
        with pytest.raises(problem):
            add()
    assert db.session.query(ReminderRule).count() == len(rules.DEFAULT_RULES) + (problem is None)


def test_the_invitations_moment_cannot_be_changed(coordinator):
    with pytest.raises(RuleFixed):
        edit_rules.edit("invitation", values(), by=coordinator, now=NOW)


def test_an_unknown_rule_or_scope_is_reported(coordinator):
    with pytest.raises(RuleMissing):
        edit_rules.edit("none-such", values(), by=coordinator, now=NOW)
    with pytest.raises(RuleMissing):
        edit_rules.reset("none-such", by=coordinator, now=NOW)
    with pytest.raises(ScopeMissing):
        edit_rules.edit(THREE, values(), activity_id=99, by=coordinator, now=NOW)


def test_the_page_shows_what_is_inherited(programme, activity, coordinator):
    edit_rules.edit(THREE, values(), programme_id=programme.id, by=coordinator, now=NOW)
    edit_rules.edit("day-before", values(1, audience=Audience.COMING), activity_id=activity.id, by=coordinator, now=NOW)
    page = rule_pages.rules_page(activity_id=activity.id)
    assert [(rule.key, rule.own) for rule in page.rules] == [
        ("invitation", False), ("seven-days-before", False), ("materials", False), (THREE, False),
        ("day-before", True), ("thanks", False),
    ]  # fmt: skip
    office = rule_pages.rules_page()
    assert [(narrower.scope.title, narrower.own) for narrower in office.narrower] == [(programme.title, True)]


def test_every_change_is_in_the_audit_log(activity, coordinator):
    made = edit_rules.add(RuleTiming.BEFORE_START, values(), by=coordinator, now=NOW)
    edit_rules.edit(THREE, values(days=5), by=coordinator, now=NOW)
    edit_rules.reset(THREE, by=coordinator, now=NOW)
    edit_rules.reset(made.key, by=coordinator, now=NOW)
    entries = db.session.scalars(
        sa.select(AuditEntry).where(AuditEntry.user_id == coordinator.id).order_by(AuditEntry.id)
    ).all()
    assert [entry.action for entry in entries] == ["rule.added", "rule.changed", "rule.reset", "rule.removed"]
    assert entries[1].detail == {"days": [3, 5], "at": ["08:00", "09:30"]}


def test_a_preview_forecasts_a_rule_while_others_write(activity, ani, coordinator, monkeypatch):
    invite(activity, ani, by=coordinator)
    publish(activity, by=coordinator, tick=False)
    forecast = edit_rules.forecasting.for_rules

    def while_forecasting(*given, **more):
        somebody_writes()
        return forecast(*given, **more)

    monkeypatch.setattr(edit_rules.forecasting, "for_rules", while_forecasting)
    changed = edit_rules.preview_edit(THREE, values(days=4), now=NOW)
    added = edit_rules.preview_add(RuleTiming.BEFORE_START, values(days=5), activity_id=activity.id, now=NOW)
    assert [[f"{row.due_at.astimezone(JAKARTA):%d %b %H.%M}" for row in found.rows] for found in (changed, added)] == [
        ["14 Jan 09.30"],
        ["13 Jan 09.30"],
    ]
    assert days_of(activity) == 3


@pytest.mark.parametrize("scope", ["programme_id", "activity_id"])
def test_all_rules_at_once_are_those_of_each_activity(programme, activity, hall, coordinator, scope):
    other_activity = draft_activity(None, hall, 25)
    ids = {"programme_id": programme.id, "activity_id": activity.id}
    edit_rules.edit(THREE, values(days=5), by=coordinator, now=NOW)
    edit_rules.edit(THREE, values(days=6), **{scope: ids[scope]}, by=coordinator, now=NOW)
    every = rules.all_rules(db.session)
    for either in (activity, other_activity):
        assert every.of(either) == rules.rules_for(db.session, either)

"""The office's planning rules: stored as differences from the defaults, checked, and audited."""

from dataclasses import replace
from datetime import date, time

import pytest
import sqlalchemy as sa

from outreach.domain.planning.office_hours import DayHours, DayRange, OfficeHours
from outreach.domain.planning.rules import ClashKind, Rules, Severity, TravelRules
from outreach.extensions import db
from outreach.models import AuditEntry, Office, PlanSettings
from outreach.services.locking import Stale
from outreach.services.office import planning_rules as office_planning_rules
from outreach.services.planning import rules as planning_rules
from outreach.services.planning.rules import (
    HoursOutOfOrder,
    NoticeOutOfRange,
    PlanValues,
    RamadanOdd,
    TravelOutOfRange,
)
from tests.world import NOW

OFFICIAL = DayRange(date(2027, 2, 9), date(2027, 3, 9))


def save(values: PlanValues) -> PlanValues:
    return office_planning_rules.save(values, by=None, now=NOW)


def test_an_office_without_settings_has_the_defaults_and_its_own_deadline(any_app, office):
    assert planning_rules.current() == Rules()
    db.session.get_one(Office, office.id).deadline_days = 5
    db.session.commit()
    assert planning_rules.current() == Rules(deadline_days=5)


def test_the_defaults_apply_before_set_up(any_app):
    assert planning_rules.current() == Rules()


def test_saved_rules_apply_and_only_differences_are_stored(any_app, administrator):
    friday = DayHours(time(7, 30), time(16, 30), time(11, 15), time(13, 15))
    wanted = PlanValues(
        severities={ClashKind.WEEKEND: Severity.BLOCK, ClashKind.VENUE_TAKEN: Severity.BLOCK},
        notice_days=10,
        hours=OfficeHours(friday=friday),
        travel=TravelRules(speed_km_h=30.0),
        ramadans={1448: OFFICIAL},
    )
    kept = office_planning_rules.save(wanted, by=administrator, now=NOW)
    assert planning_rules.values() == kept
    assert planning_rules.current() == Rules(
        severities={ClashKind.WEEKEND: Severity.BLOCK},
        notice_days=10,
        hours=OfficeHours(friday=friday),
        travel=TravelRules(speed_km_h=30.0),
    )
    assert kept.ramadans == {1448: OFFICIAL}
    assert db.session.scalar(sa.select(PlanSettings.values)) == {
        "severities": {"weekend": "block"},
        "notice_days": 10,
        "hours": {"friday": ["07:30", "16:30", "11:15", "13:15"]},
        "travel": {"speed_km_h": 30.0},
        "ramadans": {"1448": ["2027-02-09", "2027-03-09"]},
    }
    entry = db.session.scalars(sa.select(AuditEntry)).one()
    assert (entry.action, entry.user_id) == ("plan_settings.changed", administrator.id)
    assert entry.detail == {
        "weekend": ["warn", "block"],
        "notice_days": [7, 10],
        "hours_friday": ["07:30, 16:30, 11:30, 13:00", "07:30, 16:30, 11:15, 13:15"],
        "speed_km_h": [25.0, 30.0],
        "ramadan_1448": ["", "2027-02-09 – 2027-03-09"],
    }


def test_keys_unknown_to_this_version_are_ignored(app, office):
    stored = {
        "severities": {"weekend": "block", "eclipse": "warn"},
        "hours": {"sunday": ["07:30", "16:30", "11:15", "13:15"], "friday": ["07:30", "16:30", "11:15", "13:15"]},
        "travel": {"by_boat_min": 40, "buffer_min": 20},
        "moon": "full",
    }
    db.session.add(PlanSettings(values=stored))
    db.session.commit()
    assert planning_rules.current() == Rules(
        severities={ClashKind.WEEKEND: Severity.BLOCK},
        hours=OfficeHours(friday=DayHours(time(7, 30), time(16, 30), time(11, 15), time(13, 15))),
        travel=TravelRules(buffer_min=20),
    )


def test_going_back_to_the_defaults_stores_nothing(any_app, office):
    kept = save(PlanValues(notice_days=10))
    save(PlanValues(version=kept.version))
    assert db.session.scalar(sa.select(PlanSettings.values)) == {}
    assert planning_rules.current() == Rules()


def test_the_second_to_save_is_refused(any_app, office):
    first = planning_rules.values()
    kept = save(replace(first, notice_days=10))
    with pytest.raises(Stale):
        save(replace(first, notice_days=3))
    assert planning_rules.current().notice_days == 10
    assert save(replace(kept, notice_days=3)).notice_days == 3


@pytest.mark.parametrize("days", [0, 90])
def test_notice_is_accepted_up_to_its_bounds(app, office, days):
    assert save(PlanValues(notice_days=days)).notice_days == days


@pytest.mark.parametrize("days", [-1, 91])
def test_notice_beyond_its_bounds_is_refused(app, office, days):
    with pytest.raises(NoticeOutOfRange):
        save(PlanValues(notice_days=days))


@pytest.mark.parametrize("travel", [{"speed_km_h": 201.0}, {"buffer_min": 1441}, {"detour": float("nan")}])
def test_impossible_travel_values_are_refused(app, office, travel):
    with pytest.raises(TravelOutOfRange) as refused:
        save(PlanValues(travel=TravelRules(**travel)))
    assert refused.value.field == next(iter(travel))


@pytest.mark.parametrize(
    "days",
    [
        DayRange(date(2027, 2, 8), date(2027, 3, 6)),  # 27 days
        DayRange(date(2027, 2, 8), date(2027, 3, 11)),  # 32
        DayRange(date(2028, 2, 8), date(2028, 3, 8)),  # another year's
    ],
)
def test_an_impossible_ramadan_is_refused(app, office, days):
    with pytest.raises(RamadanOdd):
        save(PlanValues(ramadans={1448: days}))


def test_hours_out_of_order_are_reported_at_their_day():
    with pytest.raises(HoursOutOfOrder) as refused:
        planning_rules.hours_of("friday", time(8), time(16), time(13), time(12))
    assert refused.value.field == "friday_opens"

"""Whether an activity's own days and hours are suitable."""

from dataclasses import replace
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from outreach.domain.clashes import find_clashes
from outreach.domain.planning.office_hours import Calendar, DayOff, DayOffKind, DayRange
from outreach.domain.planning.rules import ClashKind, Rules, Severity
from outreach.domain.states import ActivityState
from tests.domain.plan_help import JAKARTA, PROGRAMME, activity, at, plan

FRIDAY, SATURDAY, SUNDAY = 22, 23, 24
QUIET = Rules(notice_days=0)
CALENDAR = Calendar(
    {
        date(2027, 1, 5): DayOff("Isra Mikraj"),
        date(2027, 2, 5): DayOff("Cuti bersama Tahun Baru Imlek", DayOffKind.JOINT),
        date(2027, 2, 6): DayOff("Tahun Baru Imlek"),  # a Saturday
    },
    (DayRange(date(2027, 2, 8), date(2027, 3, 9)),),
)


def found(*activities, **more):
    return [clash.kind for clash in find_clashes(plan(*activities, **{"rules": QUIET, "calendar": CALENDAR, **more}))]


def on(day, month, starts, ends):
    return replace(activity(1, 8, 9), starts_at=at(starts, day, month), ends_at=at(ends, day, month))


# hours


@pytest.mark.parametrize(
    ("starts", "ends", "outside"),
    [(7.5, 16, 0), (7.25, 16, 1), (7.5, 16.25, 1), (16, 17, 1), (19, 21, 1), (5, 6, 1), (5, 20, 1)],
)
def test_a_monday_has_hours_from_half_past_seven_to_four(starts, ends, outside):
    assert found(activity(1, starts, ends)) == [ClashKind.OUTSIDE_HOURS] * outside


def test_the_clash_gives_the_hours_of_that_day():
    (outside,) = find_clashes(plan(activity(1, 7, 9), rules=QUIET))
    assert (outside.severity, outside.day) == (Severity.WARN, date(2027, 1, 18))
    assert (outside.hours.opens, outside.hours.closes, outside.in_ramadan) == (time(7, 30), time(16, 0), False)


def test_in_ramadan_the_office_opens_at_eight_and_closes_at_three():
    assert found(on(8, 2, 8, 15)) == []
    assert found(on(8, 2, 7.5, 15)) == found(on(8, 2, 8, 15.25)) == [ClashKind.OUTSIDE_HOURS]
    assert found(on(10, 3, 7.5, 16)) == []  # the day after
    (outside,) = find_clashes(plan(on(8, 2, 7.5, 15), rules=QUIET, calendar=CALENDAR))
    assert outside.in_ramadan


@pytest.mark.parametrize(
    ("starts", "ends", "cut"), [(8, 11.5, 0), (8, 11.75, 1), (12.75, 15, 1), (13, 15, 0), (8, 16, 1)]
)
def test_friday_prayer_is_excluded_from_the_day(starts, ends, cut):
    assert found(activity(1, starts, ends, day=FRIDAY)) == [ClashKind.FRIDAY_BREAK] * cut


@pytest.mark.parametrize(
    ("starts", "ends", "cut"),
    [(8, 12, 0), (9, 12.25, 1), (12.75, 15, 1), (13, 16, 0), (11.5, 13.5, 1), (8.5, 13, 1), (8, 13, 0), (8, 16, 0)],
)
def test_the_noon_prayer_is_excluded_on_other_days_if_the_activity_fits_beside_it(starts, ends, cut):
    assert found(activity(1, starts, ends, day=21)) == [ClashKind.NOON_BREAK] * cut  # Thursday
    rules = replace(QUIET, severities={ClashKind.NOON_BREAK: Severity.IGNORE})
    assert find_clashes(plan(activity(1, starts, ends, day=21), rules=rules)) == []


def test_the_noon_prayer_warns_unless_the_office_sets_it_otherwise():
    (warned,) = find_clashes(plan(activity(1, 11, 13), rules=QUIET))
    assert (warned.kind, warned.severity, warned.day) == (ClashKind.NOON_BREAK, Severity.WARN, date(2027, 1, 18))
    rules = replace(QUIET, severities={ClashKind.NOON_BREAK: Severity.BLOCK})
    assert [clash.severity for clash in find_clashes(plan(activity(1, 11, 13), rules=rules))] == [Severity.BLOCK]


def test_the_noon_break_is_shorter_in_ramadan():
    assert found(on(10, 2, 12.5, 15)) == []
    assert found(on(10, 2, 12.25, 14)) == [ClashKind.NOON_BREAK]


def test_friday_prayer_is_shorter_in_ramadan():
    assert found(on(12, 2, 12.5, 15.5)) == []
    assert found(on(12, 2, 12.25, 15)) == [ClashKind.FRIDAY_BREAK]


def test_the_hours_are_in_the_activitys_own_zone():
    makassar = replace(activity(1, 7, 15), zone=ZoneInfo("Asia/Makassar"))  # 08.00 to 16.00 there
    assert found(makassar) == []
    assert found(replace(makassar, zone=JAKARTA)) == [ClashKind.OUTSIDE_HOURS]


def test_for_a_training_of_three_days_the_first_start_and_the_last_end_count():
    training = replace(activity(1, 8, 12), ends_at=at(16, 20))
    assert found(training) == []
    assert found(replace(training, ends_at=at(17, 20))) == [ClashKind.OUTSIDE_HOURS]
    assert found(replace(training, starts_at=at(6))) == [ClashKind.OUTSIDE_HOURS]


# days off


def test_a_holiday_is_named_and_a_joint_holiday_is_its_own_kind():
    (off,) = find_clashes(plan(on(5, 1, 8, 10), rules=QUIET, calendar=CALENDAR))
    assert (off.kind, off.day, off.day_off.name) == (ClashKind.HOLIDAY, date(2027, 1, 5), "Isra Mikraj")
    assert found(on(5, 2, 8, 10)) == [ClashKind.JOINT_HOLIDAY]
    assert found(on(4, 2, 8, 10)) == []


def test_saturday_and_sunday_are_a_weekend_and_a_holiday_on_a_weekend_is_a_holiday():
    assert [found(activity(1, 8, 10, day=day)) for day in (FRIDAY, SATURDAY, SUNDAY, 25)] == [
        [], [ClashKind.WEEKEND], [ClashKind.WEEKEND], [],
    ]  # fmt: skip
    assert found(on(6, 2, 8, 10)) == [ClashKind.HOLIDAY]


def test_a_training_over_a_weekend_is_reported_for_both_days():
    training = replace(activity(1, 13, 16, day=FRIDAY), ends_at=at(12, 25))
    assert [clash.day.day for clash in find_clashes(plan(training, rules=QUIET))] == [SATURDAY, SUNDAY]


# programme, deadline, notice


@pytest.mark.parametrize(("day", "outside"), [(15, 1), (18, 0), (21, 0), (22, 1)])
def test_a_programme_of_four_days_ends_on_its_fourth(day, outside):
    held = activity(1, 8, 10, day=day, programme_id=PROGRAMME.id)
    assert found(held) == [ClashKind.OUTSIDE_PROGRAMME] * outside
    assert found(replace(held, programme_id=None)) == []


def test_an_activity_that_ends_after_its_programmes_last_day_lies_outside():
    held = replace(activity(1, 13, 14, day=21, programme_id=1), ends_at=at(9, 22))
    (outside,) = find_clashes(plan(held, rules=QUIET))
    assert (outside.kind, outside.severity, outside.programme) == (
        ClashKind.OUTSIDE_PROGRAMME, Severity.BLOCK, PROGRAMME,
    )  # fmt: skip


def test_answers_may_be_due_at_the_start_but_not_later():
    assert found(activity(1, 8, 10, respond_by_at=at(8))) == []
    assert found(activity(1, 8, 10, respond_by_at=at(8.1))) == [ClashKind.DEADLINE_AFTER_START]
    assert found(activity(1, 8, 10)) == []


def test_seven_days_notice_means_seven_midnights():
    in_time, late = activity(1, 8, 10, day=11), activity(1, 8, 10, day=8)
    assert found(in_time, rules=Rules()) == []
    (short,) = find_clashes(plan(late, rules=Rules()))
    assert (short.kind, short.needed, short.there) == (ClashKind.SHORT_NOTICE, 7, 4)
    assert found(late, rules=Rules(notice_days=4)) == []


def test_notice_of_a_published_activity_counts_from_when_people_were_notified():
    told = activity(1, 8, 10, day=8, told_at=datetime(2026, 12, 28, 8, 0, tzinfo=JAKARTA))
    assert found(told, rules=Rules()) == []
    assert found(told.moved(at(8, 7)), rules=Rules()) == [ClashKind.SHORT_NOTICE]
    assert found(told.moved(at(9, 8)), rules=Rules()) == []  # an hour later that day


def test_a_started_activity_has_no_negative_notice():
    told = activity(1, 8, 10, state=ActivityState.PUBLISHED)
    (short,) = find_clashes(plan(told, now=at(9), rules=Rules(notice_days=1)))
    assert (short.needed, short.there) == (1, 0)


@pytest.mark.parametrize(
    ("now", "kind"), [(7.98, ClashKind.SHORT_NOTICE), (8, ClashKind.IN_THE_PAST), (9.98, ClashKind.IN_THE_PAST)]
)
def test_a_draft_whose_start_has_passed_is_in_the_past_and_has_no_notice_clash(now, kind):
    draft = activity(1, 8, 10)
    assert found(draft, now=at(now), rules=Rules(notice_days=1)) == [kind]
    ignored = {ClashKind.IN_THE_PAST: Severity.IGNORE}
    left = [kind] if kind is ClashKind.SHORT_NOTICE else []
    assert found(draft, now=at(now), rules=Rules(ignored, notice_days=1)) == left

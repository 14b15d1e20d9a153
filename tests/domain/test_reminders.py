"""When reminders are due, tested on both sides of each boundary."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.domain.kinds import Audience, MailKind, RuleTiming
from outreach.domain.reminders import (
    ActivityTimes,
    MissedReason,
    Rule,
    days_ahead,
    due_at,
    local_day,
    may_wait_until,
    missed_because,
    next_morning,
    upcoming,
    useful_until,
)

JAKARTA, JAYAPURA = ZoneInfo("Asia/Jakarta"), ZoneInfo("Asia/Jayapura")
START = datetime(2027, 1, 18, 8, tzinfo=JAKARTA)
END = START + timedelta(hours=4)
SECOND = timedelta(seconds=1)


def before(days: int, at: time = time(8), audience: Audience = Audience.UNANSWERED) -> Rule:
    return Rule(f"{days}-before", MailKind.REMINDER, RuleTiming.BEFORE_START, audience, days, at)


THANKS = Rule("thanks", MailKind.THANKS, RuleTiming.AFTER_END, Audience.PRESENT, 1)
AT_ONCE = Rule("invitation", MailKind.INVITATION, RuleTiming.AT_PUBLISHING, Audience.NEWLY_INVITED)


def test_three_days_before_at_eight_means_eight_o_clock_local_time():
    assert due_at(START, END, JAKARTA, before(3)) == datetime(2027, 1, 15, 8, tzinfo=JAKARTA)
    assert due_at(START, END, JAYAPURA, before(3)) == datetime(2027, 1, 15, 6, tzinfo=JAKARTA)


def test_days_are_counted_in_local_time_not_in_utc():
    early = datetime(2027, 1, 18, 5, tzinfo=JAYAPURA)  # still the 17th in UTC
    assert due_at(early, early + timedelta(hours=1), JAYAPURA, before(1)) == datetime(2027, 1, 17, 8, tzinfo=JAYAPURA)


def test_thanks_are_due_the_day_after_the_end():
    assert due_at(START, END, JAKARTA, THANKS) == datetime(2027, 1, 19, 8, tzinfo=JAKARTA)


def test_an_invitation_has_no_due_time_of_its_own():
    assert due_at(START, END, JAKARTA, AT_ONCE) is None


def test_negative_days_and_naive_instants_are_refused():
    with pytest.raises(ValueError, match="negative"):
        due_at(START, END, JAKARTA, before(-1))
    with pytest.raises(ValueError, match="aware"):
        due_at(START.replace(tzinfo=None), END, JAKARTA, before(1))


def test_only_future_moments_are_upcoming():
    moment = datetime(2027, 1, 15, 8, tzinfo=JAKARTA)
    assert [d.due_at for d in upcoming([before(3)], START, END, JAKARTA, moment - SECOND)] == [moment]
    assert upcoming([before(3)], START, END, JAKARTA, moment) == []


def test_a_rule_on_the_day_itself_after_the_start_is_never_due():
    now = START - timedelta(days=1)
    assert len(upcoming([before(0, time(7, 59))], START, END, JAKARTA, now)) == 1
    assert upcoming([before(0, time(8))], START, END, JAKARTA, now) == []


def test_switched_off_rules_are_never_due():
    off = Rule("x", MailKind.REMINDER, RuleTiming.BEFORE_START, Audience.COMING, 3, enabled=False)
    assert upcoming([off], START, END, JAKARTA, START - timedelta(days=30)) == []


TIMES = ActivityTimes(START, END, datetime(2027, 1, 16, 16, tzinfo=JAKARTA))


def missed(kind: MailKind, due: datetime, now: datetime, audience: Audience = Audience.COMING, **more):
    return missed_because(kind, audience, due, TIMES, now, **more)


def test_a_reminder_is_useful_until_the_start_and_thanks_are_useful_for_a_week():
    due = datetime(2027, 1, 17, 8, tzinfo=JAKARTA)
    assert missed(MailKind.REMINDER, due, START - SECOND) is None
    assert missed(MailKind.REMINDER, due, START) is MissedReason.ACTIVITY_BEGAN
    thanks = datetime(2027, 1, 19, 8, tzinfo=JAKARTA)
    assert missed(MailKind.THANKS, thanks, thanks + timedelta(days=7) - SECOND) is None
    assert missed(MailKind.THANKS, thanks, thanks + timedelta(days=7)) is MissedReason.TOO_OLD


def test_asking_for_an_answer_is_useful_until_the_deadline():
    due, deadline = datetime(2027, 1, 15, 8, tzinfo=JAKARTA), TIMES.respond_by_at
    assert missed(MailKind.REMINDER, due, deadline - SECOND, Audience.UNANSWERED) is None
    assert missed(MailKind.REMINDER, due, deadline, Audience.UNANSWERED) is MissedReason.DEADLINE_PASSED
    assert missed(MailKind.REMINDER, due, deadline) is None


def test_a_later_rule_for_the_same_people_supersedes_a_missed_one():
    due = datetime(2027, 1, 11, 8, tzinfo=JAKARTA)
    late = due + timedelta(days=5)
    assert missed(MailKind.REMINDER, due, late, later_rule_is_due=True) is MissedReason.SUPERSEDED
    assert missed(MailKind.INVITATION, due, late, later_rule_is_due=True) is None


def test_a_cancellation_is_useful_until_the_end():
    assert useful_until(MailKind.CANCELLATION, Audience.EXPECTED, START, TIMES) == END
    assert useful_until(MailKind.POSTPONEMENT, Audience.EXPECTED, START, TIMES) == END
    assert useful_until(MailKind.CHANGE, Audience.EXPECTED, START, TIMES) == START


def test_news_of_an_activity_without_a_date_is_useful_for_a_week():
    dateless = replace(TIMES, dateless=True)
    for kind in (MailKind.POSTPONEMENT, MailKind.CANCELLATION, MailKind.WITHDRAWAL):
        late = END + timedelta(days=10)
        assert useful_until(kind, Audience.EXPECTED, late, dateless) == late + timedelta(days=7)
        assert useful_until(kind, Audience.EXPECTED, END - timedelta(days=30), dateless) == END


def test_an_invitation_may_wait_while_a_day_is_left_to_answer_and_news_may_not():
    due = datetime(2027, 1, 4, 8, tzinfo=JAKARTA)
    assert may_wait_until(MailKind.INVITATION, Audience.NEWLY_INVITED, due, TIMES) == TIMES.respond_by_at - timedelta(
        days=1
    )
    assert may_wait_until(MailKind.REMINDER, Audience.COMING, due, TIMES) == START - timedelta(hours=4)
    for kind in (MailKind.CHANGE, MailKind.CANCELLATION, MailKind.WITHDRAWAL, MailKind.SEAT, MailKind.CONFIRMATION):
        assert may_wait_until(kind, Audience.EXPECTED, due, TIMES) is None


def test_the_next_morning_is_eight_o_clock_on_the_next_local_day():
    late = datetime(2027, 1, 4, 23, 59, tzinfo=JAKARTA)
    assert next_morning(late, JAKARTA) == datetime(2027, 1, 5, 8, tzinfo=JAKARTA)
    assert next_morning(late + timedelta(minutes=1), JAKARTA) == datetime(2027, 1, 6, 8, tzinfo=JAKARTA)


def test_midnight_separates_today_from_tomorrow():
    midnight = datetime(2027, 1, 18, 0, 0, tzinfo=JAKARTA)
    assert days_ahead(START, midnight - SECOND, JAKARTA) == 1
    assert days_ahead(START, midnight, JAKARTA) == 0
    assert local_day((midnight - SECOND).astimezone(UTC), JAKARTA).day == 17


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1)),
    st.integers(0, 60),
    st.times(),
    st.sampled_from([ZoneInfo("Asia/Jakarta"), ZoneInfo("Asia/Makassar"), ZoneInfo("Asia/Jayapura")]),
)
def test_any_rule_is_due_at_its_local_time_on_its_local_day(starts, days, at, zone):
    starts = starts.replace(tzinfo=UTC)
    due = due_at(starts, starts + timedelta(hours=2), zone, before(days, at)).astimezone(zone)
    assert due.time() == at
    assert (starts.astimezone(zone).date() - due.date()).days == days

"""When reminders are due, tested on both sides of each boundary."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.domain.answers import answer_by, refusal
from outreach.domain.kinds import Audience, MailKind, RuleTiming
from outreach.domain.planning.working_days import is_working_day
from outreach.domain.reminders.due import (
    ActivityTimes,
    DueRule,
    MissedReason,
    OtherDay,
    Rule,
    days_ahead,
    due_at,
    local_day,
    may_wait_until,
    missed_because,
    moments,
    next_morning,
    upcoming,
    useful_until,
)
from outreach.domain.states import ActivityState, InvitationState

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
    found = [DueRule(before(3), moment)]
    assert upcoming(found, START, moment - SECOND) == found
    assert upcoming(found, START, moment) == []


def test_a_rule_on_the_day_itself_after_the_start_is_never_due():
    now = START - timedelta(days=1)
    assert len(upcoming([DueRule(before(0, time(7, 59)), START - timedelta(minutes=1))], START, now)) == 1
    assert upcoming([DueRule(before(0), START)], START, now) == []


def test_switched_off_rules_are_never_due():
    off = Rule("x", MailKind.REMINDER, RuleTiming.BEFORE_START, Audience.COMING, 3, enabled=False)
    assert placed([off], day(18), day(16, 16)) == []


def day(number: int, hour: int = 8, minute: int = 0) -> datetime:
    """Return an instant of January 2027 in Jakarta; the 4th is a Monday."""
    return datetime(2027, 1, number, hour, minute, tzinfo=JAKARTA)


TOLD = day(4)


def placed(
    rules: list[Rule], starts_at: datetime, deadline: datetime, told_at: datetime = TOLD, off: frozenset = frozenset()
) -> list[tuple[int, int, int, str]]:
    """Return, for each reminder: its rule's days, the day and hour on which it is due, and why on another day."""
    times = ActivityTimes(starts_at, starts_at + timedelta(hours=2), deadline)
    found = moments(rules, times, JAKARTA, off, told_at)
    return [
        (
            moment.rule.days,
            moment.due_at.day,
            moment.due_at.hour,
            "same day" if moment.superseded else moment.other_day or "",
        )
        for moment in found
    ]


def test_a_reminder_to_answer_goes_out_before_a_deadline_that_was_moved_before_the_weekend():
    """Tuesday 19: "two days before" is Sunday, so answers are due on Friday; "three days before" is Saturday."""
    assert placed([before(7), before(3)], day(19), day(15, 16)) == [(7, 12, 8, ""), (3, 14, 8, "deadline")]


def test_a_reminder_on_a_weekend_or_holiday_goes_out_on_the_working_day_before():
    assert placed([before(3)], day(19), day(18, 16)) == [(3, 15, 8, "day_off")]  # Saturday 16
    joint = frozenset({day(15).date(), day(14).date()})
    assert placed([before(3)], day(19), day(18, 16), off=joint) == [(3, 13, 8, "day_off")]
    assert placed([before(3)], day(19), day(18, 16), off=joint | {day(16).date()}) == [(3, 13, 8, "day_off")]
    assert placed([before(3)], day(18), day(16, 16)) == [(3, 15, 8, "")]  # Friday


def test_reminders_for_tomorrow_and_today_keep_their_day():
    coming = [
        before(2, audience=Audience.COMING),
        before(1, audience=Audience.COMING),
        before(0, time(6), Audience.COMING),
    ]
    sunday = day(17, 10)
    assert placed(coming, sunday, day(14, 16)) == [(2, 15, 8, ""), (1, 16, 8, ""), (0, 17, 6, "")]
    assert placed(coming[:1], day(18), day(14, 16)) == [(2, 15, 8, "day_off")]


def test_thanks_go_out_on_their_day_even_if_it_is_a_day_off():
    friday = day(15)
    assert placed([THANKS], friday, day(13, 16)) == [(1, 16, 8, "")]


def test_a_rule_for_the_day_before_also_asks_before_the_deadline():
    assert placed([before(1)], day(21), day(19, 16)) == [(1, 18, 8, "deadline")]


def test_without_a_working_day_before_the_deadline_the_reminder_goes_out_on_its_day():
    assert placed([before(3)], day(19), day(15, 16), told_at=day(13, 20)) == [(3, 14, 8, "deadline")]
    assert placed([before(3)], day(19), day(15, 16), told_at=day(14, 7)) == [(3, 15, 8, "deadline")]
    assert placed([before(3)], day(19), day(15, 12), told_at=day(14, 7)) == [(3, 15, 8, "deadline")]
    assert placed([before(3)], day(19), day(15, 11, 59), told_at=day(14, 7)) == [(3, 16, 8, "")]  # less than four hours
    assert placed([before(3)], day(19), day(15, 16), told_at=day(15, 7)) == [(3, 16, 8, "")]  # invited that day
    assert placed([before(3)], day(19), day(16, 16), told_at=day(15, 7)) == [
        (3, 16, 8, "")
    ]  # the deadline is on a Saturday


def test_people_invited_on_the_day_of_the_last_reminder_are_reminded_on_a_later_day():
    rules = [before(7), before(3)]
    assert placed(rules, day(21), day(19, 16), told_at=day(17, 10))[1:] == [(3, 18, 8, "")]
    assert placed(rules, day(21), day(19, 16), told_at=day(18, 7))[1:] == [(3, 19, 8, "invitation")]
    assert placed(rules, day(22), day(21, 16), told_at=day(19, 9))[1:] == [(3, 20, 8, "invitation")]


def test_only_the_last_rule_moves_and_only_if_no_other_comes_in_time():
    rules = [before(7), before(4), before(3)]
    assert placed(rules, day(21), day(19, 16), told_at=day(14, 9)) == [
        (7, 14, 8, ""), (4, 15, 8, "day_off"), (3, 18, 8, ""),
    ]  # fmt: skip
    assert placed(rules, day(21), day(19, 16), told_at=day(18, 7)) == [
        (7, 14, 8, ""), (4, 17, 8, ""), (3, 19, 8, "invitation"),
    ]  # fmt: skip


def test_if_two_reminders_meet_on_one_day_the_moved_one_is_left_out():
    assert placed([before(3), before(2)], day(19), day(15, 16)) == [(2, 14, 8, "deadline"), (3, 14, 8, "same day")]
    assert placed([before(5), before(3)], day(19), day(15, 16)) == [(3, 14, 8, "same day"), (5, 14, 8, "")]
    others = before(5, audience=Audience.EXPECTED)
    assert placed([others, before(3)], day(19), day(15, 16)) == [(3, 14, 8, "deadline"), (5, 14, 8, "")]


@given(
    st.integers(8, 20),
    st.integers(0, 12),
    st.integers(0, 23),
    st.integers(0, 12 * 24),
    st.frozensets(st.integers(1, 20), max_size=5),
    st.lists(st.tuples(st.integers(0, 9), st.integers(6, 17)), min_size=1, max_size=4, unique=True),
)
def test_people_without_an_answer_are_reminded_before_the_deadline_if_a_working_day_is_left(
    start, earlier, hour, told_before, off, rules
):
    starts_at = day(start)
    deadline = min(starts_at, starts_at.replace(hour=hour) - timedelta(days=earlier))
    told_at, days_off = deadline - timedelta(hours=told_before), frozenset(day(number).date() for number in off)
    rules = [before(days, time(at)) for days, at in rules]
    times = ActivityTimes(starts_at, starts_at + timedelta(hours=2), deadline)
    found = [moment for moment in moments(rules, times, JAKARTA, days_off, told_at) if not moment.superseded]
    for due in found:
        if due.other_day is not None:
            assert is_working_day(due.due_at.date(), days_off)
            assert due.due_at < answer_by(deadline, starts_at, told_at)
            assert due.due_at.date() > told_at.date()
    between = [told_at.date() + timedelta(days=n) for n in range(1, (deadline.date() - told_at.date()).days)]
    if any(is_working_day(day, days_off) for day in between):
        assert any(told_at.date() < moment.due_at.date() and moment.due_at < deadline for moment in found)


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


moments_around = st.integers(-60 * 24 * 4, 60).map(lambda minutes: START + timedelta(minutes=minutes))


@given(deadline=moments_around, invited_at=st.none() | moments_around, now=moments_around)
def test_a_reminder_to_answer_is_useful_exactly_as_long_as_its_recipient_may_answer(deadline, invited_at, now):
    times = ActivityTimes(START, END, min(deadline, START))
    by = answer_by(times.respond_by_at, START, invited_at)
    may_answer = refusal(ActivityState.PUBLISHED, InvitationState.INVITED, by, now, "") is None
    kind, audience = MailKind.REMINDER, Audience.UNANSWERED
    assert (now < useful_until(kind, audience, START, times, invited_at)) is may_answer
    missed = missed_because(kind, audience, START - timedelta(days=9), times, now, last_invited_at=invited_at)
    assert (missed is None) is may_answer
    waits_until = may_wait_until(kind, audience, START, times, invited_at)
    assert waits_until == by - timedelta(days=1)


def test_reminders_for_people_invited_after_the_deadline_keep_their_own_days():
    times = ActivityTimes(day(20), day(20, 10), day(8, 16))
    rules = [before(7), before(3), before(2, audience=Audience.COMING)]
    assert [(due.rule.days, due.due_at.day, due.superseded) for due in moments(rules, times, JAKARTA, frozenset(), TOLD)] == [
        (3, 7, False), (7, 7, True), (2, 18, False)
    ]  # fmt: skip
    late = moments(rules, times, JAKARTA, frozenset(), TOLD, late_told_at=day(11, 9))
    assert [(due.rule.days, due.due_at.day, due.superseded) for due in late] == [
        (7, 13, False), (3, 15, False), (2, 18, False)
    ]  # fmt: skip


def test_people_invited_late_to_an_activity_soon_are_still_reminded_once():
    times = ActivityTimes(day(20), day(20, 10), day(8, 16))
    late = moments([before(7), before(3)], times, JAKARTA, frozenset(), TOLD, late_told_at=day(18, 9))
    assert [(due.rule.days, due.due_at.day, due.other_day) for due in late] == [
        (7, 13, None), (3, 19, OtherDay.INVITATION)
    ]  # fmt: skip


def test_if_all_invitations_come_after_the_deadline_reminders_to_answer_keep_their_days():
    assert placed([before(3)], day(20), day(8, 16), told_at=day(11)) == [(3, 15, 8, "day_off")]


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

"""When somebody or something is unavailable: once, for days, or weekly, in local time."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.domain.kinds import Repeat
from outreach.domain.planning import absences
from outreach.domain.planning.absences import DAY, WEEK, Absent, Stated, days, hours, last_moment, occurrences, weekly

JAKARTA, BERLIN = ZoneInfo("Asia/Jakarta"), ZoneInfo("Europe/Berlin")
TUESDAY = date(2027, 1, 19)
ZONES = [JAKARTA, BERLIN, ZoneInfo("America/Santiago"), ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Africa/Cairo")]


def jakarta(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=JAKARTA)


def test_the_chief_is_away_on_one_morning():
    away = hours(TUESDAY, time(8), time(12), JAKARTA)
    assert list(occurrences(away, jakarta(2027, 1, 1), jakarta(2027, 2, 1))) == [
        (jakarta(2027, 1, 19, 8), jakarta(2027, 1, 19, 12))
    ]
    assert not list(occurrences(away, jakarta(2027, 1, 19, 12), jakarta(2027, 2, 1)))
    assert not list(occurrences(away, jakarta(2027, 1, 1), jakarta(2027, 1, 19, 8)))


def test_a_leave_includes_its_last_day():
    away = days(TUESDAY, date(2027, 1, 22), JAKARTA)
    assert (away.starts_at, away.ends_at) == (jakarta(2027, 1, 19), jakarta(2027, 1, 23))
    assert (away.first_on, away.last_on, away.whole_days) == (TUESDAY, date(2027, 1, 22), True)


def test_a_weekly_absence_includes_its_last_day():
    away = weekly(hours(TUESDAY, time(13), time(15), JAKARTA), date(2027, 2, 2))
    found = list(occurrences(away, jakarta(2027, 1, 1), jakarta(2028, 1, 1)))
    assert [begins.astimezone(JAKARTA).date() for begins, _ in found] == [
        date(2027, 1, 19), date(2027, 1, 26), date(2027, 2, 2),
    ]  # fmt: skip
    assert last_moment(away) == jakarta(2027, 2, 2, 15)


def test_an_endless_absence_is_found_far_ahead_without_counting_all_weeks():
    away = weekly(hours(TUESDAY, time(13), time(15), JAKARTA), None)
    assert len(list(occurrences(away, jakarta(2190, 1, 1), jakarta(2190, 1, 15)))) == 2
    assert not list(occurrences(away, jakarta(2200, 2, 1), jakarta(2200, 3, 1)))
    assert last_moment(away) is None


def test_hours_stay_the_same_in_local_time_when_clocks_change():
    away = weekly(hours(date(2027, 3, 22), time(9), time(10), BERLIN), None)
    spring = list(occurrences(away, datetime(2027, 3, 22, tzinfo=BERLIN), datetime(2027, 4, 3, tzinfo=BERLIN)))
    assert [begins.astimezone(UTC).hour for begins, _ in spring] == [8, 7]


def test_repeated_hours_are_absent_both_times_and_skipped_hours_not_at_all():
    autumn = hours(date(2027, 10, 31), time(2), time(3), BERLIN)
    assert autumn.ends_at - autumn.starts_at == timedelta(hours=2)
    sundays = weekly(hours(date(2027, 3, 21), time(2), time(3), BERLIN), None)
    found = [begins for begins, _ in occurrences(sundays, sundays.starts_at, sundays.starts_at + 2 * WEEK)]
    assert [begins.astimezone(BERLIN).day for begins in found] == [21, 4]
    longer = weekly(hours(date(2027, 3, 21), time(2, 30), time(4), BERLIN), None)
    cut = list(occurrences(longer, longer.starts_at + DAY, longer.starts_at + 2 * WEEK))[0]
    assert cut == (datetime(2027, 3, 28, 1, tzinfo=UTC), datetime(2027, 3, 28, 2, tzinfo=UTC))


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda: hours(TUESDAY, time(12), time(12), JAKARTA), absences.EndsBeforeStart),
        (lambda: hours(date(2027, 3, 28), time(2, 10), time(2, 50), BERLIN), absences.NoSuchTime),
        (lambda: days(TUESDAY, TUESDAY - DAY, JAKARTA), absences.LastDayBeforeFirst),
        (lambda: days(TUESDAY, TUESDAY + 366 * DAY, JAKARTA), absences.TooLong),
        (lambda: weekly(days(TUESDAY, TUESDAY, JAKARTA), TUESDAY - DAY), absences.LastWeekBeforeFirst),
        (lambda: weekly(days(TUESDAY, TUESDAY + 7 * DAY, JAKARTA), None), absences.LongerThanAWeek),
    ],
)
def test_an_invalid_absence_is_refused_with_a_message(make, problem):
    with pytest.raises(problem):
        make()


AFTERNOON = {"begins": time(13), "until": time(15)}


def test_a_filled_form_becomes_an_absence():
    assert Stated(TUESDAY).absent(JAKARTA) == days(TUESDAY, TUESDAY, JAKARTA)
    assert Stated(TUESDAY, TUESDAY + DAY).absent(JAKARTA) == days(TUESDAY, TUESDAY + DAY, JAKARTA)
    afternoon = hours(TUESDAY, time(13), time(15), JAKARTA)
    assert Stated(TUESDAY, TUESDAY, **AFTERNOON).absent(JAKARTA) == afternoon
    until = TUESDAY + WEEK
    assert Stated(TUESDAY, **AFTERNOON, weekly=True, weekly_until_on=until).absent(JAKARTA) == weekly(afternoon, until)


@pytest.mark.parametrize(
    ("stated", "problem"),
    [
        (Stated(None), absences.DayMissing),
        (Stated(TUESDAY, begins=time(13)), absences.HourMissing),
        (Stated(TUESDAY, until=time(0)), absences.HourMissing),
        (Stated(TUESDAY, weekly_until_on=TUESDAY + DAY), absences.EveryWeekUnticked),
        (Stated(TUESDAY, TUESDAY + DAY, **AFTERNOON), absences.HoursOfSeveralDays),
        (Stated(TUESDAY, begins=time(15), until=time(13)), absences.EndsBeforeStart),
    ],
)
def test_an_incomplete_form_is_refused(stated, problem):
    with pytest.raises(problem):
        stated.absent(JAKARTA)


def test_the_longest_allowed_absence_is_accepted():
    assert days(TUESDAY, TUESDAY + 365 * DAY, JAKARTA).last_on == TUESDAY + 365 * DAY
    assert weekly(days(TUESDAY, TUESDAY + 6 * DAY, JAKARTA), TUESDAY).repeats is Repeat.WEEKLY


@st.composite
def weekly_ones(draw: st.DrawFn) -> Absent:
    zone = draw(st.sampled_from(ZONES))
    on = draw(st.dates(date(2026, 1, 1), date(2028, 1, 1)))
    begins = draw(st.integers(0, 23 * 60))
    until = draw(st.integers(begins + 1, 24 * 60 - 1))
    try:
        first = hours(on, time(begins // 60, begins % 60), time(until // 60, until % 60), zone)
    except absences.NoSuchTime:
        first = days(on, on, zone)
    return weekly(first, draw(st.none() | st.dates(on, date(2029, 1, 1))))


@given(weekly_ones(), st.datetimes(datetime(2026, 1, 1), datetime(2029, 6, 1)), st.integers(0, 60))
def test_a_window_has_the_same_occurrences_as_the_whole_series(away, opens, length):
    opens = opens.replace(tzinfo=UTC)
    closes = opens + length * DAY
    every = list(occurrences(away, away.starts_at, datetime(2030, 1, 1, tzinfo=UTC)))
    assert list(occurrences(away, opens, closes)) == [
        span for span in every if span[0] < closes and span[1] > opens and length
    ]


@given(weekly_ones(), st.datetimes(datetime(2026, 1, 1), datetime(2029, 1, 1)))
def test_a_weekly_absence_applies_exactly_during_its_local_hours(away, moment):
    """Checked independently: by local time, day by day."""
    moment = moment.replace(second=0, microsecond=0, tzinfo=UTC)
    shown = moment.astimezone(away.zone)
    starts, ends = (at.astimezone(away.zone) for at in (away.starts_at, away.ends_at))
    day = (shown.date() - starts.date()).days
    expected = (
        day > 0
        and day % 7 == 0
        and starts.time() <= shown.time()
        and (ends.date() > starts.date() or shown.time() < ends.time())
        and (away.until_on is None or shown.date() <= away.until_on)
    )
    found = any(b <= moment < e for b, e in occurrences(away, moment, moment + timedelta(minutes=1)))
    if day > 0 and not _near_a_change(moment, away.zone):
        assert found == expected


def _near_a_change(moment: datetime, zone: ZoneInfo) -> bool:
    return len({(moment + n * DAY).astimezone(zone).utcoffset() for n in (-1, 0, 1)}) > 1

"""Mails that can wait go out in the office's hours; what would come too late does not wait."""

from dataclasses import replace
from datetime import time
from zoneinfo import ZoneInfo

import pytest

from outreach.domain.activities.values import WAS_POSTPONED
from outreach.domain.kinds import Audience, MailKind
from outreach.domain.mail.hours import MailHours, held_until, poll_held_until, start_before
from outreach.domain.reminders.due import ActivityTimes
from tests.world import JAKARTA, at

HOURS = MailHours(JAKARTA)
FAR = ActivityTimes(at(18), at(18, 12), at(16, 16))
LATE = at(4, 22, 3)


@pytest.mark.parametrize(
    ("moment", "opening"),
    [
        (at(4, 6, 59), at(4, 7)),
        (at(4, 7), None),
        (at(4, 19, 59), None),
        (at(4, 20), at(5, 7)),
        (at(4, 22, 3), at(5, 7)),
        (at(5, 0), at(5, 7)),
    ],
)
def test_mails_go_out_from_seven_until_eight_in_the_evening(moment, opening):
    assert HOURS.opening(moment) == opening


def test_the_hours_are_those_of_the_offices_zone():
    assert MailHours(ZoneInfo("Asia/Jayapura")).opening(at(4, 18)) == at(5, 5)  # 20.00 there


def test_an_office_may_send_at_any_hour():
    assert MailHours(JAKARTA, time(7), time(7)).opening(LATE) is None
    assert held_until(MailKind.INVITATION, Audience.NEWLY_INVITED, LATE, FAR, LATE, None) is None


@pytest.mark.parametrize(
    ("kind", "audience"),
    [
        (MailKind.INVITATION, Audience.NEWLY_INVITED),
        (MailKind.REMINDER, Audience.UNANSWERED),
        (MailKind.REMINDER, Audience.COMING),
        (MailKind.THANKS, Audience.PRESENT),
        (MailKind.CHANGE, Audience.EXPECTED),
        (MailKind.CANCELLATION, Audience.EXPECTED),
        (MailKind.POSTPONEMENT, Audience.EXPECTED),
        (MailKind.WITHDRAWAL, Audience.ONE),
        (MailKind.SEAT, Audience.ONE),
    ],
)
def test_mails_about_a_far_activity_wait_for_the_morning(kind, audience):
    assert held_until(kind, audience, LATE, FAR, LATE, HOURS) == at(5, 7)
    assert held_until(kind, audience, LATE, FAR, at(4, 12), HOURS) is None


@pytest.mark.parametrize(
    "kind", [MailKind.CHANGE, MailKind.POSTPONEMENT, MailKind.CANCELLATION, MailKind.WITHDRAWAL, MailKind.SEAT]
)
def test_news_of_tomorrows_activity_goes_out_at_any_hour_of_the_night(kind):
    soon, day_after = replace(FAR, starts_at=at(6, 6, 59)), replace(FAR, starts_at=at(6, 7))
    for now in (at(4, 20), LATE, at(5, 6, 59)):
        assert held_until(kind, Audience.EXPECTED, now, soon, now, HOURS) is None
        assert held_until(kind, Audience.EXPECTED, now, day_after, now, HOURS) == at(5, 7)


def test_a_move_away_from_tomorrow_goes_out_at_any_hour():
    before = {"also_starts_at": at(5, 8)}
    assert held_until(MailKind.CHANGE, Audience.EXPECTED, LATE, FAR, LATE, HOURS, **before) is None


def test_a_confirmation_never_waits():
    assert held_until(MailKind.CONFIRMATION, Audience.ONE, LATE, FAR, LATE, HOURS) is None


def test_a_request_whose_answer_is_wanted_tomorrow_does_not_wait():
    """From the morning on a day is left for the answer, or it goes out at once."""
    enough = replace(FAR, respond_by_at=at(6, 7))
    short = replace(FAR, respond_by_at=at(6, 6, 59))
    assert held_until(MailKind.INVITATION, Audience.NEWLY_INVITED, LATE, enough, LATE, HOURS) == at(5, 7)
    assert held_until(MailKind.INVITATION, Audience.NEWLY_INVITED, LATE, short, LATE, HOURS) is None


def test_a_question_about_dates_waits_if_a_day_is_left_to_answer():
    assert poll_held_until(at(6, 7), LATE, HOURS) == at(5, 7)
    assert poll_held_until(at(6, 6, 59), LATE, HOURS) is None
    assert poll_held_until(at(20), at(4, 12), HOURS) is None


@pytest.mark.parametrize("kind", [MailKind.POSTPONEMENT, MailKind.CANCELLATION, MailKind.WITHDRAWAL])
def test_news_of_a_postponed_activity_waits_for_the_morning_once_its_former_day_has_passed(kind):
    over = ActivityTimes(at(3), at(3, 12), at(1, 16), dateless=True)
    assert held_until(kind, Audience.EXPECTED, LATE, over, LATE, HOURS) == at(5, 7)
    tomorrow = replace(over, starts_at=at(5, 8), ends_at=at(5, 12))
    assert held_until(kind, Audience.EXPECTED, LATE, tomorrow, LATE, HOURS) is None


def test_the_former_start_makes_the_notice_of_a_new_date_urgent_only_until_it_has_passed():
    detail = {"old_starts_at": at(5).isoformat(), WAS_POSTPONED: "yes"}
    assert start_before(detail, at(4)) == at(5)
    assert start_before(detail, at(5)) is None
    assert start_before({"old_starts_at": at(5).isoformat()}, at(6)) == at(5)  # an ordinary move

"""When a rung is due, whether it still helps, and which of several is climbed."""

from datetime import date, time

import pytest

from outreach.domain.kinds import Role
from outreach.domain.ladder.rungs import (
    PROPOSED,
    LadderName,
    RungDaysOutOfRange,
    RungKind,
    RungRule,
    RungTiming,
    TooManyRungs,
    check,
    climbed,
    due_at,
    helps,
    ladder_of,
    offered,
    with_offered,
)
from outreach.domain.planning.office_hours import Calendar, DayOff, DayRange, OfficeHours
from tests.world import JAKARTA, NOW, at

AFTER, BEFORE = RungTiming.AFTER_INVITATION, RungTiming.BEFORE_START
HOLIDAY = Calendar({date(2027, 1, 11): DayOff("Hari libur")})


def due(timing, days, hour=time(9), calendar=HOLIDAY, invited_at=NOW):
    rule = RungRule(RungKind.MAIL, timing, days, hour)
    return due_at(rule, invited_at, at(18), JAKARTA, calendar, OfficeHours())


@pytest.mark.parametrize(
    ("timing", "days", "expected"),
    [
        (AFTER, 1, at(5, 9)),
        (AFTER, 4, at(8, 9)),
        (AFTER, 5, at(12, 9)),  # the weekend and the holiday of the 11th do not count
        (AFTER, 0, at(4, 9)),
        (BEFORE, 4, at(14, 9)),
        (BEFORE, 1, at(15, 9)),  # Sunday: the Friday before
        (BEFORE, 7, at(8, 9)),  # the holiday: the Friday before
    ],
)
def test_days_after_the_invitation_are_working_days_and_those_before_the_start_move_to_one(timing, days, expected):
    assert due(timing, days) == expected


@pytest.mark.parametrize(
    ("hour", "expected"),
    [
        (time(6), time(7, 30)),
        (time(11, 29), time(11, 29)),
        (time(11, 30), time(13)),
        (time(12, 30), time(13)),
        (time(20), time(16, 30)),
    ],
)
def test_a_rung_of_a_friday_keeps_to_the_hours_and_leaves_the_prayer_free(hour, expected):
    assert due(AFTER, 4, hour).astimezone(JAKARTA).time() == expected


def test_in_ramadan_the_hours_of_ramadan_hold():
    ramadan = Calendar(ramadans=(DayRange(date(2027, 1, 1), date(2027, 1, 31)),))
    assert due(AFTER, 1, time(16), ramadan).astimezone(JAKARTA).time() == time(15)


def test_no_rung_is_due_before_the_invitation():
    assert due(AFTER, 0, time(7, 30), invited_at=at(4, 10)) == at(4, 10)
    assert due(BEFORE, 7, invited_at=at(14, 10)) == at(14, 10)


def test_after_the_offices_hours_a_rung_of_that_day_waits_for_the_next_working_day():
    assert due(AFTER, 0, time(9), invited_at=at(8, 20)) == at(12, 9)


def test_a_mail_helps_until_the_deadline_and_a_call_until_the_start():
    times = {"respond_by_at": at(16, 16), "starts_at": at(18)}
    mails = [helps(RungKind.LAST_CALL, now=now, **times) for now in (at(16, 15, 59), at(16, 16))]
    calls = [helps(RungKind.CALL, now=now, **times) for now in (at(16, 16), at(18))]
    assert (mails, calls) == ([True, False], [True, False])


def test_of_rungs_that_are_due_together_only_the_highest_is_climbed():
    assert climbed([(7, 0), (9, 2), (8, 1)]) == ({9}, {7, 8})


def test_who_climbs_which_ladder():
    found = [
        ladder_of(role, is_organisation=False) for role in (Role.SPEAKER, Role.MODERATOR, Role.PARTICIPANT, Role.CADRE)
    ]
    assert found == [LadderName.SPEAKERS, LadderName.SPEAKERS, LadderName.OFFICES, LadderName.CADRES]
    assert ladder_of(Role.PARTICIPANT, is_organisation=True) is LadderName.OFFICES


def test_a_ladder_has_few_rungs_within_two_months():
    rung = RungRule(RungKind.MAIL, AFTER, 60)
    check(LadderName.CADRES, [rung] * 6)
    with pytest.raises(TooManyRungs):
        check(LadderName.CADRES, [rung] * 7)
    with pytest.raises(RungDaysOutOfRange):
        check(LadderName.CADRES, [RungRule(RungKind.MAIL, AFTER, 61)])


def test_a_ladder_saved_before_is_offered_the_newer_rungs_in_their_place():
    mail, call = RungRule(RungKind.MAIL, AFTER, 1), RungRule(RungKind.CALL, BEFORE, 2)
    kinds = [rule.kind for rule in with_offered(LadderName.SPEAKERS, [mail, call])]
    assert kinds == [RungKind.MAIL, RungKind.ASSISTANT, RungKind.CALL, RungKind.SUBSTITUTES]
    assert [rule.kind for rule in offered(LadderName.OFFICES, [call])] == [RungKind.ASSISTANT]
    assert [rule.kind for rule in with_offered(LadderName.OFFICES, [call])] == [RungKind.ASSISTANT, RungKind.CALL]


def test_nothing_is_offered_to_a_ladder_that_is_switched_off_full_or_complete():
    assert offered(LadderName.SPEAKERS, []) == []
    assert offered(LadderName.SPEAKERS, [RungRule(RungKind.MAIL, AFTER, 1)] * 6) == []
    assert offered(LadderName.SPEAKERS, PROPOSED[LadderName.SPEAKERS]) == []
    assert offered(LadderName.CADRES, [RungRule(RungKind.MAIL, AFTER, 1)]) == []


def test_the_proposed_ladders_are_allowed_and_keep_the_usual_order():
    for name, rules in PROPOSED.items():
        check(name, rules)
    kinds = [rule.kind for rule in PROPOSED[LadderName.SPEAKERS]]
    assert kinds == [RungKind.MAIL, RungKind.ASSISTANT, RungKind.LAST_CALL, RungKind.CALL, RungKind.SUBSTITUTES]

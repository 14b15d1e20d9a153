"""The resolutions of a clash."""

from dataclasses import replace
from datetime import date

import pytest

from outreach.domain.clashes import (
    LeaveOut,
    LimitSeats,
    MoveTo,
    Replace,
    Represent,
    RespondBy,
    StretchProgramme,
    TakeVenue,
    applied,
    find_clashes,
    find_resolutions,
    suits_all,
)
from outreach.domain.kinds import ActivityKind, HolderKind, Role
from outreach.domain.planning.office_hours import Calendar, DayOff
from outreach.domain.planning.parties import AbsenceSpan, Engagement, Place, Succession
from outreach.domain.planning.rules import ClashKind, Rules, Severity
from outreach.domain.posts import HolderTerm
from outreach.domain.states import ActivityState, InvitationState
from tests.domain.plan_help import (
    ANI,
    BAPPEDA,
    GANJAR_AGUNG,
    SITI,
    YOSODADI,
    activity,
    at,
    plan,
    speaks,
    takes_part,
    volunteers,
)

QUIET = Rules({ClashKind.NOON_BREAK: Severity.IGNORE}, notice_days=0)


def offered(held, kind, moving=None):
    (clash,) = [clash for clash in find_clashes(held) if clash.kind is kind]
    return find_resolutions(held, clash, moving)


def quiet_plan(*activities, **more):
    return plan(*activities, **{"rules": QUIET, **more})


def test_a_booked_hall_gets_another_hall_the_next_free_hour_except_noon_and_the_next_day():
    held = quiet_plan(activity(1, 8, 12, venue_id=1), activity(2, 10, 12.5, venue_id=1, people=35))
    assert offered(held, ClashKind.VENUE_TAKEN) == [
        TakeVenue(2, GANJAR_AGUNG.id),  # 40 seats; Yosodadi has 30
        MoveTo(2, at(13)),
        MoveTo(2, at(10, 19)),
    ]


def test_near_halls_come_first_and_the_smaller_of_two_adjacent_ones():
    near = [
        Place(id, f"Ruang {id}", seats, "18.72.01.1001", -5.1131, 105.3071) for id, seats in ((7, 90), (8, 50), (9, 20))
    ]
    held = quiet_plan(
        activity(1, 8, 12, venue_id=1), activity(2, 8, 12, venue_id=1, people=35), places=(GANJAR_AGUNG, BAPPEDA, *near)
    )
    assert offered(held, ClashKind.VENUE_TAKEN)[:2] == [TakeVenue(2, 8), TakeVenue(2, 7)]


def test_a_booked_or_closed_hall_is_not_offered():
    both = (activity(1, 8, 12, venue_id=1), activity(2, 8, 12, venue_id=1))
    taken = activity(3, 11, 13, venue_id=GANJAR_AGUNG.id)
    closed = AbsenceSpan(at(9), at(10), venue_id=YOSODADI.id)
    assert offered(quiet_plan(*both), ClashKind.VENUE_TAKEN)[:2] == [TakeVenue(2, 2), TakeVenue(2, 3)]
    assert offered(quiet_plan(*both, taken, absences=(closed,)), ClashKind.VENUE_TAKEN)[0] == MoveTo(2, at(12))


def test_no_other_time_is_offered_for_a_too_small_hall():
    held = quiet_plan(activity(1, 8, 12, venue_id=YOSODADI.id, people=31))
    assert offered(held, ClashKind.VENUE_TOO_SMALL) == [TakeVenue(1, GANJAR_AGUNG.id), TakeVenue(1, BAPPEDA.id)]


def test_fewer_seats_are_offered_if_the_expected_people_fit():
    held = quiet_plan(activity(1, 8, 12, venue_id=YOSODADI.id, people=30, seats=35))
    assert offered(held, ClashKind.VENUE_TOO_SMALL) == [
        LimitSeats(1, 30), TakeVenue(1, GANJAR_AGUNG.id), TakeVenue(1, BAPPEDA.id),
    ]  # fmt: skip
    held = quiet_plan(activity(1, 8, 12, venue_id=YOSODADI.id, people=31, seats=35))
    assert offered(held, ClashKind.VENUE_TOO_SMALL) == [TakeVenue(1, GANJAR_AGUNG.id), TakeVenue(1, BAPPEDA.id)]


def test_another_hall_must_have_the_planned_seats():
    both = (activity(1, 8, 12, venue_id=1), activity(2, 8, 12, venue_id=1, people=5, seats=35))
    assert offered(quiet_plan(*both), ClashKind.VENUE_TAKEN)[0] == TakeVenue(2, GANJAR_AGUNG.id)  # Yosodadi has 30


def test_a_draft_moves_rather_than_a_published_activity_and_the_dragged_one_rather_than_either():
    known = activity(3, 8, 10, venue_id=1, state=ActivityState.PUBLISHED, told_at=at(8, 4))
    held = quiet_plan(known, activity(2, 9, 11, venue_id=1))
    moved = [resolution.activity_id for resolution in offered(held, ClashKind.VENUE_TAKEN)]
    assert set(moved) == {2}
    assert {resolution.activity_id for resolution in offered(held, ClashKind.VENUE_TAKEN, moving=3)} == {3}


def test_fixed_activities_stay_and_two_fixed_ones_have_no_resolution():
    both = [activity(id, 8, 10, venue_id=1, fixed=id == 2) for id in (1, 2)]
    assert {resolution.activity_id for resolution in offered(quiet_plan(*both), ClashKind.VENUE_TAKEN)} == {1}
    assert offered(quiet_plan(*(replace(meeting, fixed=True) for meeting in both)), ClashKind.VENUE_TAKEN) == []


def test_a_travelling_speaker_gets_the_needed_travel_time():
    here = activity(1, 8, 10, venue_id=BAPPEDA.id, engagements=(speaks(SITI),))
    there = activity(2, 10.25, 12, venue_id=YOSODADI.id, engagements=(speaks(SITI),))
    assert offered(quiet_plan(here, there), ClashKind.SPEAKER_TRAVEL)[0] == MoveTo(
        2, at(10 + 40 / 60)
    )  # 25 and 15 minutes


def test_a_double_booked_cadre_may_be_left_out_of_one_and_a_speaker_may_not():
    both = [activity(id, 8, 10, engagements=(volunteers(ANI),)) for id in (1, 2)]
    assert offered(quiet_plan(*both), ClashKind.CADRE_TWICE)[0] == LeaveOut(2, ANI)
    speaking = [replace(meeting, engagements=(speaks(ANI),)) for meeting in both]
    assert {type(resolution) for resolution in offered(quiet_plan(*speaking), ClashKind.SPEAKER_TWICE)} == {MoveTo}


def test_an_evening_is_moved_into_the_offices_hours():
    held = quiet_plan(activity(1, 19, 21))
    assert offered(held, ClashKind.OUTSIDE_HOURS) == [MoveTo(1, at(14)), MoveTo(1, at(14, 19))]


def test_an_activity_in_friday_prayer_starts_after_it_or_on_monday():
    held = quiet_plan(activity(1, 11, 13.5, day=22))
    assert offered(held, ClashKind.FRIDAY_BREAK) == [MoveTo(1, at(13, 22)), MoveTo(1, at(11, 25))]


def test_a_holiday_is_replaced_by_the_next_working_day_at_the_same_hour():
    days_off = {date(2027, 1, day): DayOff("Libur") for day in (22, 25)}
    held = quiet_plan(activity(1, 9, 11, day=22), calendar=Calendar(days_off))
    assert offered(held, ClashKind.HOLIDAY) == [MoveTo(1, at(9, 26))]


def test_an_activity_is_moved_after_a_speakers_trip():
    trip = AbsenceSpan(at(0, 18), at(0, 21), party=SITI)
    held = quiet_plan(activity(1, 9, 11, engagements=(speaks(SITI),)), absences=(trip,))
    assert offered(held, ClashKind.SPEAKER_ABSENT) == [MoveTo(1, at(9, 21))]


def test_a_speaker_away_on_all_days_of_the_programme_is_replaced():
    trip = AbsenceSpan(at(0, 17), at(0, 23), party=SITI)
    drafted = activity(1, 9, 11, programme_id=1, engagements=(replace(speaks(SITI), state=InvitationState.PREPARED),))
    assert offered(quiet_plan(drafted, absences=(trip,)), ClashKind.SPEAKER_ABSENT) == [Replace(1, SITI)]
    told = replace(drafted, engagements=(speaks(SITI),))
    assert offered(quiet_plan(told, absences=(trip,)), ClashKind.SPEAKER_ABSENT) == [
        Replace(1, SITI),
        Represent(1, SITI),
    ]


def test_if_no_time_helps_a_mere_participant_is_left_out():
    fixed = [
        activity(id, 8, 10, fixed=True, engagements=(engagement,))
        for id, engagement in ((1, speaks(SITI)), (2, takes_part(SITI)))
    ]
    assert offered(quiet_plan(*fixed), ClashKind.SPEAKER_TWICE) == [LeaveOut(2, SITI)]
    assert offered(quiet_plan(*fixed), ClashKind.SPEAKER_TWICE, moving=1) == [Replace(1, SITI), Represent(1, SITI)]


def test_a_resolution_of_several_similar_activities_must_suit_each():
    alike = [activity(-number, 8, 10, day=23, venue_id=number) for number in (1, 2)]
    taken = activity(9, 8, 10, day=25, venue_id=2)
    held = quiet_plan(*alike, taken)
    weekend = [clash for clash in find_clashes(held) if clash.kind is ClashKind.WEEKEND]
    (monday,) = find_resolutions(held, weekend[1], -1)
    assert monday == MoveTo(-1, at(8, 25))
    assert not suits_all(held, monday, [-1, -2], weekend)
    assert suits_all(held.without(9), monday, [-1, -2], weekend)


def test_a_day_on_which_another_person_would_clash_is_not_offered():
    wanted = activity(1, 19, 21, engagements=(takes_part(ANI),))
    busy = [activity(id, 7.5, 16, day=day, engagements=(takes_part(ANI),)) for id, day in ((2, 18), (3, 19))]
    assert offered(quiet_plan(wanted, *busy), ClashKind.OUTSIDE_HOURS) == [MoveTo(1, at(14, 20))]


def test_an_activity_outside_its_programme_is_moved_into_it_or_the_programme_extended():
    held = quiet_plan(activity(1, 9, 11, day=22, programme_id=1))
    assert offered(held, ClashKind.OUTSIDE_PROGRAMME) == [
        StretchProgramme(1, date(2027, 1, 18), date(2027, 1, 22)),
        MoveTo(1, at(9, 21)),
    ]


def test_a_time_that_resolves_other_clashes_too_comes_before_the_nearest_time():
    held = quiet_plan(activity(1, 17, 19, day=23))  # a Saturday evening
    assert offered(held, ClashKind.WEEKEND) == [MoveTo(1, at(14, 25))]  # not Monday at 17.00
    assert offered(held, ClashKind.OUTSIDE_HOURS) == [MoveTo(1, at(14, 23)), MoveTo(1, at(14, 25))]


def test_a_time_that_would_be_refused_is_not_offered_beside_an_accepted_one():
    held = quiet_plan(
        activity(1, 10.5, 12.5, day=22, programme_id=1)
    )  # in Friday prayer, and after the programme's days
    assert offered(held, ClashKind.FRIDAY_BREAK) == [MoveTo(1, at(10.5, 21))]  # not Friday at 13.00


def test_a_deadline_after_the_start_is_reset_to_the_offices_default():
    held = quiet_plan(activity(1, 9, 11, respond_by_at=at(10)))
    assert offered(held, ClashKind.DEADLINE_AFTER_START) == [RespondBy(1, at(16, 15))]  # not on Saturday, the 16th


def test_short_notice_is_extended():
    held = plan(activity(1, 9, 11, day=6), rules=Rules(notice_days=9))
    assert offered(held, ClashKind.SHORT_NOTICE) == [MoveTo(1, at(9, 13))]


def test_a_draft_in_the_past_is_moved_to_the_next_working_day_with_enough_notice():
    held = plan(activity(1, 9, 11), now=at(9.5), rules=Rules(notice_days=3))
    assert offered(held, ClashKind.IN_THE_PAST) == [MoveTo(1, at(9, 21))]


def test_one_of_two_activities_in_a_kecamatan_moves_after_the_noon_break():
    both = [
        activity(id, starts, starts + 2, kind=ActivityKind.OUTREACH, region_code="18.72.02.1001")
        for id, starts in ((1, 8), (2, 10))
    ]
    assert offered(quiet_plan(*both), ClashKind.SAME_KECAMATAN) == [MoveTo(2, at(13)), MoveTo(2, at(10, 19))]


def test_nothing_is_moved_into_the_past():
    both = [activity(id, 8, 10, venue_id=1) for id in (1, 2)]
    held = quiet_plan(*both, now=at(9.75), places=(BAPPEDA,))
    assert offered(held, ClashKind.VENUE_TAKEN)[0] == MoveTo(2, at(10))
    assert offered(quiet_plan(*both, now=at(7), places=(BAPPEDA,)), ClashKind.VENUE_TAKEN)[0] == MoveTo(2, at(10))


def test_an_activity_three_days_ahead_may_change_its_hall_but_not_its_day():
    told = {"state": ActivityState.PUBLISHED, "told_at": at(8, 4), "day": 20, "venue_id": 1}
    held = plan(activity(1, 8, 10, **told), activity(2, 8, 10, **told), now=at(8, 17), rules=Rules())
    found = offered(held, ClashKind.VENUE_TAKEN)
    assert found == [TakeVenue(2, 2), TakeVenue(2, 3), MoveTo(2, at(10, 20)), MoveTo(2, at(8, 25))]


@pytest.mark.parametrize(
    "resolution",
    [
        MoveTo(9, at(8)),
        TakeVenue(9, 1),
        LimitSeats(9, 30),
        LeaveOut(9, SITI),
        Replace(9, SITI),
        StretchProgramme(9, date.min, date.max),
    ],
)
def test_a_resolution_about_a_deleted_record_is_an_error(resolution):
    with pytest.raises(KeyError):
        applied(quiet_plan(), resolution)


@pytest.mark.parametrize(("busy_on_20", "day"), [(SITI, 20), (ANI, 21)])
def test_on_another_day_the_holder_of_the_post_then_has_to_be_free(busy_on_20, day):
    terms = (
        HolderTerm(int(SITI.key), date(2026, 1, 1)),
        HolderTerm(int(ANI.key), date(2027, 1, 20), date(2027, 1, 20), HolderKind.DAILY_ACTING),
    )
    kapolres = Engagement(SITI, Role.SPEAKER, succession=Succession(terms, (SITI, ANI)))
    away = [AbsenceSpan(at(7, on), at(18, on), party) for on, party in ((18, SITI), (19, SITI), (20, busy_on_20))]
    held = quiet_plan(activity(1, 8, 12, engagements=(kapolres,)), absences=away)
    assert offered(held, ClashKind.SPEAKER_ABSENT) == [MoveTo(1, at(8, day))]

"""Double bookings, unavailable people and venues, and too small venues."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from outreach.domain.clashes import clashes_of, find_clashes, find_resolutions
from outreach.domain.kinds import ActivityKind, Role
from outreach.domain.planning.parties import AbsenceSource, AbsenceSpan, Engagement, Party, Yes
from outreach.domain.planning.rules import ClashKind, Rules, Severity, TravelRules
from outreach.domain.states import ActivityState, InvitationState
from tests.domain.plan_help import (
    ANI,
    BAPPEDA,
    BUDI,
    GANJAR_AGUNG,
    NOW,
    POLRES,
    SITI,
    YOSODADI,
    activity,
    at,
    plan,
    session,
    speaks,
    takes_part,
    volunteers,
)

QUIET = Rules({ClashKind.NOON_BREAK: Severity.IGNORE}, notice_days=0)


def found(*activities, **more):
    """Return (kind, ids of the activities) of all clashes."""
    return [(clash.kind, clash.ids) for clash in find_clashes(plan(*activities, **{"rules": QUIET, **more}))]


# venues


def test_a_hall_is_booked_until_the_other_activity_ends_and_free_afterwards():
    rakor = activity(1, 8, 12, venue_id=BAPPEDA.id, coordinator="Dewi Anggraini")
    early, late = activity(2, 11.5, 14, venue_id=BAPPEDA.id), activity(2, 12, 14, venue_id=BAPPEDA.id)
    (taken,) = find_clashes(plan(rakor, early, rules=QUIET))
    assert (taken.kind, taken.severity, taken.place) == (ClashKind.VENUE_TAKEN, Severity.BLOCK, BAPPEDA)
    assert (taken.other(2).coordinator, taken.other(2).ends_at) == ("Dewi Anggraini", at(12))
    assert find_clashes(plan(rakor, late, rules=QUIET)) == []


def test_another_hall_at_the_same_time_is_no_clash():
    assert found(activity(1, 8, 12, venue_id=BAPPEDA.id), activity(2, 8, 12, venue_id=YOSODADI.id)) == []
    assert found(activity(1, 8, 12), activity(2, 8, 12)) == []  # no hall chosen yet


def test_three_activities_in_one_hall_are_three_clashes():
    three = [activity(id, 8, 12, venue_id=1) for id in (1, 2, 3)]
    assert [ids for _, ids in found(*three)] == [(1, 2), (1, 3), (2, 3)]


@pytest.mark.parametrize("state", [ActivityState.CANCELLED, ActivityState.HELD])
def test_a_cancelled_or_held_activity_books_no_hall(state):
    rakor = activity(1, 8, 12, venue_id=1, engagements=(speaks(SITI),))
    other = replace(rakor, id=2)
    assert len(found(rakor, other)) == 2
    assert found(rakor, replace(other, state=state)) == []


def test_a_past_activity_has_no_clashes():
    told = {"venue_id": 1, "state": ActivityState.PUBLISHED}
    both = (activity(1, 8, 12, **told), activity(2, 8, 13, **told))
    assert found(*both, now=at(11.9)) == [(ClashKind.VENUE_TAKEN, (1, 2))]
    assert found(*both, now=at(12)) == []


def test_a_hall_with_120_seats_is_too_small_for_121_people():
    assert found(activity(1, 8, 12, venue_id=BAPPEDA.id, people=120)) == []
    (small,) = find_clashes(plan(activity(1, 8, 12, venue_id=BAPPEDA.id, people=121), rules=QUIET))
    assert (small.kind, small.severity) == (ClashKind.VENUE_TOO_SMALL, Severity.WARN)
    assert (small.needed, small.there, small.place) == (121, 120, BAPPEDA)


def test_a_hall_is_too_small_for_the_planned_seats_though_few_are_invited_yet():
    assert found(activity(1, 8, 12, venue_id=BAPPEDA.id, people=3, seats=120)) == []
    (small,) = find_clashes(plan(activity(1, 8, 12, venue_id=BAPPEDA.id, people=3, seats=121), rules=QUIET))
    assert (small.kind, small.needed, small.there, small.is_of_seats) == (ClashKind.VENUE_TOO_SMALL, 121, 120, True)


def test_if_more_people_are_expected_than_fit_the_clash_counts_them():
    (small,) = find_clashes(plan(activity(1, 8, 12, venue_id=BAPPEDA.id, people=125, seats=150), rules=QUIET))
    assert (small.needed, small.there, small.is_of_seats) == (125, 120, False)
    (small,) = find_clashes(plan(activity(1, 8, 12, venue_id=BAPPEDA.id, people=200, seats=150), rules=QUIET))
    assert (small.needed, small.is_of_seats) == (150, False)  # more than the seats will decline


def test_a_quota_below_the_number_of_invitees_needs_no_larger_hall():
    assert found(activity(1, 8, 12, venue_id=BAPPEDA.id, people=200, seats=100)) == []


def test_a_hall_of_unknown_size_is_never_too_small():
    unknown = replace(BAPPEDA, capacity=None)
    assert found(activity(1, 8, 12, venue_id=1, people=5000), places=(unknown,)) == []


def test_an_absence_entered_twice_is_one_clash():
    wedding = AbsenceSpan(at(7), at(10), venue_id=BAPPEDA.id)
    twice = plan(activity(1, 8, 12, venue_id=BAPPEDA.id), absences=[wedding, replace(wedding)], rules=QUIET)
    assert [clash.kind for clash in find_clashes(twice)] == [ClashKind.VENUE_ABSENT]


def test_a_wedding_in_the_hall_is_shown_with_its_reason():
    wedding = AbsenceSpan(at(7), at(10), venue_id=BAPPEDA.id, reason="Resepsi")
    held = activity(1, 8, 12, venue_id=BAPPEDA.id)
    (absent,) = find_clashes(plan(held, absences=(wedding,), rules=QUIET))
    assert (absent.kind, absent.severity, absent.absence) == (ClashKind.VENUE_ABSENT, Severity.BLOCK, wedding)
    assert found(activity(1, 10, 12, venue_id=BAPPEDA.id), absences=(wedding,)) == []
    assert found(replace(held, venue_id=YOSODADI.id), absences=(wedding,)) == []


# people


def test_siti_cannot_speak_in_two_activities_at_once_in_any_programmes():
    rakor = activity(1, 8, 10, venue_id=1, programme_id=1, engagements=(speaks(SITI),))
    alone = activity(2, 9, 11, venue_id=3, engagements=(speaks(SITI),))
    (twice,) = find_clashes(plan(rakor, alone, rules=QUIET))
    assert (twice.kind, twice.severity, twice.party) == (ClashKind.SPEAKER_TWICE, Severity.BLOCK, SITI)
    assert (twice.roles, twice.party.name) == ((Role.SPEAKER, Role.SPEAKER), "Siti Rahmawati")
    assert found(rakor, replace(alone, engagements=(speaks(BUDI),))) == []


def test_a_speaker_who_participates_elsewhere_is_still_a_speaker_in_two_places():
    found_at_once = found(
        activity(1, 8, 10, engagements=(takes_part(SITI),)), activity(2, 9, 11, engagements=(speaks(SITI),))
    )
    assert found_at_once == [(ClashKind.SPEAKER_TWICE, (1, 2))]


def test_a_moderator_counts_as_a_speaker():
    moderates = Engagement(BUDI, Role.MODERATOR)
    assert found(activity(1, 8, 10, engagements=(moderates,)), activity(2, 9, 11, engagements=(moderates,))) == [
        (ClashKind.SPEAKER_TWICE, (1, 2))
    ]


def test_a_cadre_invited_to_two_at_once_is_a_warning():
    both = [activity(id, 8, 10, engagements=(volunteers(ANI),)) for id in (1, 2)]
    (twice,) = find_clashes(plan(*both, rules=QUIET))
    assert (twice.kind, twice.severity, twice.party) == (ClashKind.CADRE_TWICE, Severity.WARN, ANI)
    invited = replace(both[1], engagements=(takes_part(ANI),))
    assert found(both[0], invited) == [(ClashKind.CADRE_TWICE, (1, 2))]
    assert found(invited, replace(invited, id=3)) == [(ClashKind.INVITEE_TWICE, (2, 3))]


@pytest.mark.parametrize(
    ("state", "clashes"),
    [
        (InvitationState.PREPARED, 1), (InvitationState.INVITED, 1), (InvitationState.COMING, 1),
        (InvitationState.WAITLISTED, 1), (InvitationState.NO_ANSWER, 1),
        (InvitationState.NOT_COMING, 0), (InvitationState.WITHDRAWN, 0),
    ],
)  # fmt: skip
def test_only_people_who_may_still_come_clash(state, clashes):
    there = activity(1, 8, 10, engagements=(volunteers(ANI),))
    assert len(found(there, activity(2, 8, 10, engagements=(Engagement(ANI, Role.CADRE, state),)))) == clashes


def test_an_invitee_with_a_representative_is_free_and_the_representative_is_not():
    wiji = Party.representative("Wiji Lestari")
    sent = Engagement(wiji, Role.PARTICIPANT, InvitationState.REPRESENTED, in_place_of=SITI)
    meeting, other = activity(1, 8, 10, engagements=(sent,)), activity(2, 8, 10, engagements=(speaks(SITI),))
    assert found(meeting, other) == []
    (twice,) = find_clashes(
        plan(meeting, activity(2, 9, 11, engagements=(replace(sent, in_place_of=BUDI),)), rules=QUIET)
    )
    assert (twice.kind, twice.party) == (ClashKind.INVITEE_TWICE, Party.representative("WIJI LESTARI"))


def test_an_office_can_send_people_to_two_activities_at_once():
    both = [activity(id, 8, 10, engagements=(takes_part(POLRES),)) for id in (1, 2)]
    assert found(*both) == []
    assert len(found(*(replace(meeting, engagements=(takes_part(SITI),)) for meeting in both))) == 1


def test_a_person_in_two_roles_of_one_activity_clashes_once_with_another():
    rakor = activity(1, 8, 10, engagements=(takes_part(SITI), speaks(SITI)))
    assert found(rakor) == []
    assert found(rakor, activity(2, 9, 11, engagements=(takes_part(SITI), volunteers(SITI)))) == [
        (ClashKind.SPEAKER_TWICE, (1, 2))
    ]


def test_a_speakers_trip_is_shown_with_who_entered_it():
    trip = AbsenceSpan(at(8), at(16), party=SITI, reason="Dinas luar", source=AbsenceSource.SELF)
    (absent,) = find_clashes(plan(activity(1, 15, 16, engagements=(speaks(SITI),)), absences=(trip,), rules=QUIET))
    assert (absent.kind, absent.severity, absent.party) == (ClashKind.SPEAKER_ABSENT, Severity.BLOCK, SITI)
    assert (absent.absence, absent.roles) == (trip, (Role.SPEAKER,))
    assert found(activity(1, 16, 17, engagements=(speaks(SITI),)), absences=(trip,)) == [
        (ClashKind.OUTSIDE_HOURS, (1,))
    ]


def test_an_invitees_absence_is_another_kind_of_clash():
    trip = AbsenceSpan(at(8), at(16), party=ANI)
    assert found(activity(1, 8, 9, engagements=(volunteers(ANI),)), absences=(trip,)) == [
        (ClashKind.INVITEE_ABSENT, (1,))
    ]


# travel time


def travelling(gap_h, *, to=GANJAR_AGUNG, engaged=speaks, **more):
    here = activity(1, 8, 10, venue_id=BAPPEDA.id, engagements=(engaged(SITI),))
    return find_clashes(
        plan(here, activity(2, 10 + gap_h, 12 + gap_h, venue_id=to and to.id, engagements=(engaged(SITI),), **more),
             rules=replace(QUIET, travel=TravelRules(speed_km_h=20, detour=1.5, buffer_min=10)))
    )  # fmt: skip


def test_a_travel_time_of_21_minutes_needs_21_minutes_between():
    (late,) = travelling(20 / 60)
    assert (late.kind, late.severity, late.party) == (ClashKind.SPEAKER_TRAVEL, Severity.WARN, SITI)
    assert (late.needed, late.there, late.ids) == (21, 20, (1, 2))
    assert travelling(21 / 60) == []


def test_one_activity_can_directly_follow_another_in_one_hall():
    assert travelling(0, to=BAPPEDA) == []
    assert len(travelling(0)) == 1


def test_without_coordinates_the_kecamatan_decides():
    (late,) = travelling(34 / 60, to=YOSODADI)
    assert (late.needed, late.there) == (35, 34)
    assert travelling(35 / 60, to=YOSODADI) == []


def test_no_travel_time_is_estimated_for_an_unknown_place():
    assert travelling(0, to=None) == []
    assert len(travelling(0, to=None, region_code="18.72.01")) == 1  # BAPPEDA's kecamatan, but not the hall


def test_a_cadres_travel_time_is_a_kind_of_its_own():
    assert [clash.kind for clash in travelling(0, engaged=volunteers)] == [ClashKind.TRAVEL]


def test_a_travel_time_can_be_longer_than_another_activity_between():
    far = replace(YOSODADI, id=4, region_code="18.71.01.1001")  # Bandar Lampung: 90 minutes and the buffer
    here = activity(1, 8, 9, venue_id=BAPPEDA.id, engagements=(takes_part(ANI),))
    brief = activity(2, 9, 9.5, venue_id=BAPPEDA.id, engagements=(takes_part(ANI),))
    there = activity(3, 10, 11, venue_id=4, engagements=(takes_part(ANI),))
    late = [
        (clash.ids, clash.there) for clash in find_clashes(plan(here, brief, there, places=(BAPPEDA, far), rules=QUIET))
    ]
    assert late == [((1, 3), 60), ((2, 3), 30)]


# kecamatan


def test_two_community_activities_in_one_kecamatan_on_one_half_day_are_a_warning():
    (both,) = find_clashes(plan(session(1, 8, 10), session(2, 10, 12, "18.72.02.1004"), rules=QUIET))
    assert (both.kind, both.severity, both.ids) == (ClashKind.SAME_KECAMATAN, Severity.WARN, (1, 2))
    assert (both.kecamatan_code, both.half_day) == ("18.72.02", (at(0).date(), False))


def test_there_is_no_clash_in_another_kecamatan_half_day_or_day():
    assert found(session(1, 8, 10), session(2, 8, 10, "18.72.03.1001")) == []
    assert found(session(1, 8, 10), session(2, 12, 14)) == []
    assert found(session(1, 8, 10), session(2, 8, 10, day=19)) == []
    assert len(found(session(1, 8, 10), session(2, 11.9, 14))) == 1


def test_an_activity_without_a_region_is_where_its_hall_is():
    at_hall = session(2, 8, 10, None, venue_id=GANJAR_AGUNG.id)
    assert found(session(1, 8, 10), at_hall) == [(ClashKind.SAME_KECAMATAN, (1, 2))]


def test_a_meeting_of_offices_is_no_community_activity():
    assert found(session(1, 8, 10), session(2, 8, 10, kind=ActivityKind.COORDINATION)) == []
    assert len(found(session(1, 8, 10), session(2, 8, 10, kind=ActivityKind.GUIDANCE))) == 1


def test_two_whole_days_in_one_kecamatan_are_one_clash():
    assert len(found(session(1, 8, 16), session(2, 9, 15))) == 1


# severities, and who is involved


def test_ignored_kinds_are_not_found_and_blocking_kinds_are_marked():
    both = (activity(1, 8, 10, venue_id=1, people=500), activity(2, 8, 10, venue_id=1))
    rules = Rules({ClashKind.VENUE_TAKEN: Severity.IGNORE, ClashKind.VENUE_TOO_SMALL: Severity.BLOCK}, notice_days=0)
    assert [(clash.kind, clash.severity) for clash in find_clashes(plan(*both, rules=rules))] == [
        (ClashKind.VENUE_TOO_SMALL, Severity.BLOCK)
    ]


def test_a_search_among_some_finds_only_clashes_that_involve_them():
    three = [activity(id, 8, 10, venue_id=1) for id in (1, 2, 3)]
    held = plan(*three, rules=QUIET)
    assert [clash.ids for clash in find_clashes(held, among={3})] == [(1, 3), (2, 3)]
    assert [clash.ids for clash in find_clashes(held, among={2, 3})] == [(1, 2), (1, 3), (2, 3)]
    assert find_clashes(held, among={4}) == []


def test_a_drag_is_checked_before_it_is_saved():
    rakor, other = activity(1, 8, 10, venue_id=1), activity(2, 13, 15, venue_id=1)
    held = plan(rakor, other, rules=QUIET)
    assert [clash.ids for clash in clashes_of(held, other.moved(at(9)))] == [(1, 2)]
    assert [clash.ids for clash in clashes_of(held, replace(other, id=-1))] == [(-1, 2)]  # not stored yet
    assert find_clashes(held) == []


# people who said yes in a date poll although they are known to be away


def said_yes(party, starts, ends, *, day=18, said_at=NOW):
    return Engagement(party, Role.SPEAKER, said_yes=Yes(at(starts, day), at(ends, day), said_at))


def away(party=SITI, *, known_at: datetime | None = NOW - timedelta(hours=1)) -> AbsenceSpan:
    return AbsenceSpan(at(14), at(17), party, known_at=known_at)


def test_a_yes_to_that_time_despite_an_absence_is_shown_and_does_not_block():
    held = activity(1, 15, 16, engagements=(said_yes(SITI, 15, 16),))
    (found,) = find_clashes(plan(held, absences=(away(),), rules=QUIET))
    assert (found.kind, found.severity, found.said_yes) == (ClashKind.SPEAKER_ABSENT, Severity.WARN, True)
    assert find_resolutions(plan(held, absences=(away(),), rules=QUIET), found) == []


@pytest.mark.parametrize(
    "engagement",
    [
        speaks(SITI),  # no answer
        said_yes(SITI, 13, 15),  # to another time, though it overlaps
        said_yes(SITI, 15, 16, day=19),
        said_yes(SITI, 15, 16, said_at=NOW - timedelta(hours=1)),  # at the moment when the absence became known
    ],
)
def test_a_yes_to_another_time_or_before_the_absence_was_known_changes_nothing(engagement):
    held = activity(1, 15, 16, engagements=(engagement,))
    (found,) = find_clashes(plan(held, absences=(away(),), rules=QUIET))
    assert (found.severity, found.said_yes) == (Severity.BLOCK, False)


def test_a_yes_changes_nothing_about_absences_of_unknown_age_or_of_others():
    held = activity(1, 15, 16, engagements=(said_yes(SITI, 15, 16), speaks(BUDI)))
    absences = (away(known_at=None), away(BUDI))
    found = find_clashes(plan(held, absences=absences, rules=QUIET))
    assert [(clash.party, clash.severity) for clash in found] == [(SITI, Severity.BLOCK), (BUDI, Severity.BLOCK)]


def test_a_yes_does_not_resolve_a_double_booking():
    held = activity(1, 15, 16, engagements=(said_yes(SITI, 15, 16),))
    other = activity(2, 15, 16, engagements=(speaks(SITI),))
    (found,) = find_clashes(plan(held, other, rules=QUIET))
    assert (found.kind, found.severity) == (ClashKind.SPEAKER_TWICE, Severity.BLOCK)


# turns on the agenda

KAPOLRES = Party.person(4, "AKBP Heri")


def turn(party, *hours, role=Role.SPEAKER):
    """An engagement for the hours after the activity's start: turn(SITI, (1, 2)) from one hour to two hours after it."""
    return Engagement(
        party, role, turns=tuple((timedelta(hours=begins), timedelta(hours=ends)) for begins, ends in hours)
    )


def test_a_speaker_is_needed_only_for_the_turn_that_the_agenda_gives():
    there = activity(1, 8, 12, engagements=(turn(KAPOLRES, (1, 2)),))  # 09.00 to 10.00
    assert found(there, activity(2, 10, 11, engagements=(speaks(KAPOLRES),))) == []
    assert found(there, activity(2, 9.75, 11, engagements=(speaks(KAPOLRES),))) == [(ClashKind.SPEAKER_TWICE, (1, 2))]
    assert found(replace(there, engagements=(speaks(KAPOLRES),)), activity(2, 10, 11, engagements=(speaks(KAPOLRES),)))


def test_between_two_turns_the_travel_time_counts():
    there = activity(1, 8, 12, venue_id=BAPPEDA.id, engagements=(turn(KAPOLRES, (1, 2)),))
    near, far = (
        activity(2, hour, 12, venue_id=GANJAR_AGUNG.id, engagements=(turn(KAPOLRES, (0, 0.5)),)) for hour in (10.5, 10)
    )
    assert found(there, near) == []
    (late,) = find_clashes(plan(there, far, rules=QUIET))
    assert (late.kind, late.there) == (ClashKind.SPEAKER_TRAVEL, 0)
    assert late.meeting == ((at(9), at(10)), (at(10), at(10.5)))


def test_the_travel_time_counts_to_an_earlier_turn_in_the_activity_that_begins_later():
    long = activity(1, 8, 14, venue_id=BAPPEDA.id, engagements=(turn(KAPOLRES, (3, 4)),))  # 11.00 to 12.00
    short = activity(2, 9, 13, venue_id=GANJAR_AGUNG.id, engagements=(turn(KAPOLRES, (0, 2)),))  # 09.00 to 11.00
    (late,) = find_clashes(plan(long, short, rules=QUIET))
    assert (late.kind, late.ids, late.there) == (ClashKind.SPEAKER_TRAVEL, (1, 2), 0)


def test_a_speaker_who_also_takes_part_or_moderates_is_needed_for_the_whole_activity():
    elsewhere = activity(2, 10, 11, engagements=(speaks(KAPOLRES),))
    for other in (takes_part(KAPOLRES), Engagement(KAPOLRES, Role.MODERATOR)):
        there = activity(1, 8, 12, engagements=(turn(KAPOLRES, (1, 2)), other))
        assert found(there, elsewhere) == [(ClashKind.SPEAKER_TWICE, (1, 2))]


def test_an_absence_clashes_only_with_a_turn():
    there = activity(1, 8, 12, engagements=(turn(KAPOLRES, (1, 2), (3, 4)),))
    away = [AbsenceSpan(at(10), at(11), party=KAPOLRES)]
    assert found(there, absences=away) == []
    assert found(there, absences=[AbsenceSpan(at(9.5), at(11.5), party=KAPOLRES)]) == [(ClashKind.SPEAKER_ABSENT, (1,))]


def test_turns_go_with_the_activity_and_end_with_it():
    there = activity(1, 8, 12, engagements=(turn(KAPOLRES, (1, 2), (2, 3), (3.5, 9)),)).moved(at(13))
    assert there.spans_of(KAPOLRES) == ((at(14), at(16)), (at(16.5), at(17)))
    beside = replace(there, engagements=(turn(KAPOLRES, (-1, 0)),))  # only during registration: nothing is known then
    assert beside.spans_of(KAPOLRES) == ((at(13), at(17)),)

"""Queries on a plan; changing a plan leaves the former plan unchanged."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.domain.kinds import ActivityKind, Role
from outreach.domain.planning.intervals import Intervals
from outreach.domain.planning.parties import AbsenceSpan, Engagement, Party, Place, roles_of
from outreach.domain.planning.plan import kecamatan
from outreach.domain.states import ActivityState, InvitationState
from tests.domain.plan_help import (
    ANI,
    BAPPEDA,
    BUDI,
    GANJAR_AGUNG,
    POLRES,
    SITI,
    YOSODADI,
    activity,
    at,
    plan,
    speaks,
    takes_part,
)  # fmt: skip

starts = st.integers(0, 40)
spans = st.lists(st.tuples(starts, st.integers(1, 9)), max_size=12)


def ids(found):
    return [activity.id for activity in found]


def test_a_hall_is_booked_until_the_minute_its_activity_ends():
    rakor = activity(1, 8, 12, venue_id=BAPPEDA.id)
    assert ids(plan(rakor).at_venue(BAPPEDA.id, at(11.9), at(14))) == [1]
    assert ids(plan(rakor).at_venue(BAPPEDA.id, at(12), at(14))) == []
    assert ids(plan(rakor).at_venue(GANJAR_AGUNG.id, at(8), at(12))) == []


def test_siti_is_found_in_both_her_activities_in_her_most_important_role():
    both = (takes_part(SITI), speaks(SITI))
    found = plan(activity(2, 13, 15, engagements=both), activity(1, 8, 10, engagements=both[:1]))
    assert [(booked.activity.id, booked.role) for booked in found.of_party(SITI, at(8), at(17))] == [
        (1, Role.PARTICIPANT),
        (2, Role.SPEAKER),
    ]


def test_declined_and_withdrawn_people_are_not_engaged_and_people_without_an_answer_are():
    states = {
        SITI: InvitationState.NOT_COMING, BUDI: InvitationState.WITHDRAWN, ANI: InvitationState.NO_ANSWER,
        POLRES: InvitationState.PREPARED,
    }  # fmt: skip
    assert set(roles_of(Engagement(party, Role.CADRE, state) for party, state in states.items())) == {ANI, POLRES}


def test_cancelled_held_and_past_activities_are_in_the_plan_but_occupy_nobody():
    for change in ({"state": ActivityState.CANCELLED}, {"state": ActivityState.HELD}, {"day": 3}):
        found = plan(activity(1, 8, 12, venue_id=1, engagements=(speaks(SITI),), **change))
        assert ids(found.activities.values()) == [1]
        assert ids(found.at_venue(1, at(0, 1), at(23, 30))) == []
        assert list(found.of_party(SITI, at(0, 1), at(23, 30))) == []


def test_moving_an_activity_leaves_the_former_plan_unchanged():
    before = plan(activity(1, 8, 12, venue_id=1, kind=ActivityKind.OUTREACH, engagements=(speaks(SITI),)))
    after = before.with_(before.activities[1].moved(at(13), venue_id=YOSODADI.id))
    assert ids(before.at_venue(1, at(8), at(9))) == [1]
    assert ids(before.in_half_day("18.72.01", (date(2027, 1, 18), False))) == [1]
    assert (ids(after.at_venue(1, at(8), at(9))), ids(after.at_venue(YOSODADI.id, at(16), at(18)))) == ([], [1])
    assert [booked.activity.id for booked in after.of_party(SITI, at(13), at(17))] == [1]
    assert ids(after.in_half_day("18.72.03", (date(2027, 1, 18), True))) == [1]
    assert ids(after.in_half_day("18.72.01", (date(2027, 1, 18), False))) == []
    assert ids(after.without(1).activities.values()) == []
    with pytest.raises(KeyError):
        after.without(2)


def test_a_moved_activity_keeps_its_length_and_deadline_distance_and_on_another_day_counts_as_new():
    rakor = activity(1, 8, 12, respond_by_at=at(16, 15), told_at=at(8, 4))
    later, next_day = rakor.moved(at(9)), rakor.moved(at(9, 19))
    assert (later.ends_at, later.respond_by_at, later.told(at(8, 6))) == (at(13), at(17, 15), at(8, 4))
    assert (next_day.ends_at, next_day.respond_by_at, next_day.told(at(8, 6))) == (at(13, 19), at(17, 16), at(8, 6))


def test_people_count_as_told_of_another_day_once_the_waiting_invitations_go_out():
    waiting = activity(1, 8, 12, told_at=at(8, 10)).moved(at(9, 19))
    assert (waiting.told(at(8, 6)), waiting.told(at(8, 12))) == (at(8, 10), at(8, 12))


def test_an_absence_belongs_to_a_party_or_a_venue():
    trip, wedding = AbsenceSpan(at(8), at(12), party=BUDI), AbsenceSpan(at(8), at(12), venue_id=1)
    found = plan(absences=(trip, wedding))
    assert list(found.absences_of(Party.person(BUDI.key), at(11), at(13))) == [trip]
    assert list(found.absences_of(1, at(12), at(13))) == []
    assert list(found.absences_of(1, at(11), at(13))) == [wedding]
    with pytest.raises(ValueError):
        AbsenceSpan(at(8), at(12), party=BUDI, venue_id=1)


def test_two_spellings_of_a_representative_are_one_party():
    assert Party.representative("Nur'aini") == Party.representative("NURAINI")
    assert Party.representative("Nur'aini") != Party.representative("Aini")


def test_half_days_meet_at_noon():
    assert activity(1, 8, 12).half_days == [(date(2027, 1, 18), False)]
    assert activity(1, 12, 14).half_days == [(date(2027, 1, 18), True)]
    assert activity(1, 11, 12.5).half_days == [(date(2027, 1, 18), False), (date(2027, 1, 18), True)]


def test_an_activity_until_midnight_does_not_touch_the_next_day():
    evening = activity(1, 20, 23)
    assert evening.moved(at(21)).days == [date(2027, 1, 18)]
    assert evening.moved(at(22)).days == [date(2027, 1, 18), date(2027, 1, 19)]


def test_the_kecamatan_of_a_kelurahan_is_its_code_without_the_last_part():
    assert [kecamatan(code) for code in ("18.72.01.1001", "18.72.01", "18.72", None)] == [
        "18.72.01", "18.72.01", None, None,
    ]  # fmt: skip


def test_an_activity_without_a_venue_is_somewhere_in_its_region():
    found = plan(activity(1, 8, 9, region_code="18.72.04"), activity(2, 8, 9), activity(3, 8, 9, venue_id=3))
    assert [found.whereabouts(found.activities[id]) for id in (1, 2, 3)] == [
        Place(None, region_code="18.72.04"), None, YOSODADI,
    ]  # fmt: skip


@given(spans, st.tuples(starts, st.integers(1, 9)))
def test_overlaps_are_found_in_any_order_of_adding_and_removing_spans(all_spans, wanted):
    made = [activity(id, 0, 1).moved(at(0) + timedelta(hours=start)) for id, (start, _) in enumerate(all_spans)]
    some = [_long(planned, hours) for planned, (_, hours) in zip(made, all_spans, strict=True)]
    first = at(0) + timedelta(hours=wanted[0])
    last = first + timedelta(hours=wanted[1])
    expected = {planned.id for planned in some if planned.starts_at < last and first < planned.ends_at}
    at_once, by_and_by = Intervals(some), Intervals()
    for again in some:
        by_and_by = by_and_by.with_(_long(again, 30)).without(_long(again, 30)).with_(again)
    assert set(ids(at_once.overlapping(first, last))) == expected
    assert set(ids(by_and_by.overlapping(first, last))) == expected


def _long(planned, hours):
    return replace(planned, ends_at=planned.starts_at + timedelta(hours=hours))

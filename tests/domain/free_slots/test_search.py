"""Finding a slot: slots that suit everybody come first, and obstacles are named."""

from dataclasses import replace
from datetime import date, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.domain.clashes import clashes_of
from outreach.domain.free_slots.criteria import Criteria, RefusedSlot, SlotReason
from outreach.domain.free_slots.openings import AnyVenue, Later, NoVenue, Shorter, SmallerVenue, WithoutParty, nothing
from outreach.domain.free_slots.search import as_planned, candidates, slots
from outreach.domain.kinds import Role
from outreach.domain.planning.parties import AbsenceSpan
from outreach.domain.planning.rules import ClashKind, Rules, Severity
from tests.domain.plan_help import (
    ANI,
    BAPPEDA,
    BUDI,
    GANJAR_AGUNG,
    JAKARTA,
    SITI,
    YOSODADI,
    activity,
    at,
    plan,
    speaks,
    takes_part,
)  # fmt: skip

QUIET = Rules({ClashKind.NOON_BREAK: Severity.IGNORE}, notice_days=0)
HOURS = timedelta(hours=1)


def criteria(length_h: float = 2, first: int = 18, last: int = 18, **more: object) -> Criteria:
    return Criteria(length_h * HOURS, date(2027, 1, first), date(2027, 1, last), JAKARTA, **more)  # type: ignore[arg-type]


def needs(*parties):
    return tuple((party, Role.SPEAKER) for party in parties)


def times(found):
    return sorted(slot.starts_at for slot in found)


def test_on_a_free_day_every_half_hour_within_office_hours_suits():
    found = slots(plan(rules=QUIET), criteria(length_h=7, without_venue=True))
    assert times(found) == [at(7.5), at(8), at(8.5), at(9)]
    assert found[0].starts_at == at(8)  # an hour at which people are fresh and nobody has to come at 7.30


def test_times_at_which_a_required_speaker_is_elsewhere_are_excluded():
    busy = activity(1, 7.5, 13.5, engagements=(speaks(SITI),))
    found = slots(plan(busy, rules=QUIET), criteria(without_venue=True, needed=needs(SITI)))
    assert times(found) == [at(13.5), at(14)]
    assert SlotReason.ALL_FREE in found[0].why


def test_the_travel_time_between_halls_counts_where_the_office_blocks_for_it():
    busy = activity(1, 7.5, 12, venue_id=BAPPEDA.id, engagements=(speaks(SITI),))
    strict = Rules(notice_days=0, severities={ClashKind.SPEAKER_TRAVEL: Severity.BLOCK})
    want = criteria(needed=needs(SITI), venue_ids=frozenset({GANJAR_AGUNG.id}))
    assert times(slots(plan(busy, rules=strict), want))[0] == at(12.5)
    warned = slots(plan(busy, rules=QUIET), want)
    assert times(warned)[0] == at(12)
    assert [warning.kind for warning in next(slot for slot in warned if slot.starts_at == at(12)).warnings] == [
        ClashKind.SPEAKER_TRAVEL
    ]
    assert warned[-1].starts_at == at(12)  # slots without warnings come first


def test_an_absent_required_person_excludes_a_slot_even_if_the_office_only_warns():
    away = AbsenceSpan(at(7.5), at(14), party=ANI)
    rules = Rules(notice_days=0, severities={ClashKind.INVITEE_ABSENT: Severity.WARN})
    want = criteria(without_venue=True, needed=((ANI, Role.PARTICIPANT),))
    assert times(slots(plan(rules=rules, absences=(away,)), want)) == [at(14)]


def test_an_optional_person_improves_a_slot_and_is_named_where_missing():
    away = AbsenceSpan(at(7.5), at(12), party=BUDI)
    found = slots(plan(rules=QUIET, absences=(away,)), criteria(without_venue=True, wished=needs(BUDI)))
    assert found[0].starts_at == at(13)
    assert found[0].missing == ()
    early = next(slot for slot in found if slot.starts_at == at(8))
    assert early.missing == (BUDI,)
    assert SlotReason.ALL_FREE not in early.why


def test_the_smallest_sufficient_hall_is_proposed_and_larger_ones_are_named():
    found = slots(plan(rules=QUIET), criteria(people=35))
    assert (found[0].place, found[0].others) == (GANJAR_AGUNG, (BAPPEDA,))
    assert SlotReason.ROOM in found[0].why


def test_a_hall_in_the_preferred_region_comes_before_a_better_fitting_one():
    found = slots(plan(rules=QUIET), criteria(people=20, region_code="18.72.01"))
    assert found[0].place == BAPPEDA
    assert SlotReason.IN_REGION in found[0].why


def test_a_booked_hall_is_not_proposed():
    rakor = activity(1, 7.5, 16, venue_id=GANJAR_AGUNG.id)
    shut = AbsenceSpan(at(0), at(23), venue_id=BAPPEDA.id)
    found = slots(plan(rakor, rules=QUIET, absences=(shut,)), criteria(people=20))
    assert {slot.place for slot in found} == {YOSODADI}
    assert all(slot.others == () for slot in found)


def test_a_region_where_somebody_is_that_day_anyway_is_preferred():
    there = activity(1, 8, 10, venue_id=YOSODADI.id, engagements=(speaks(SITI),))
    found = slots(plan(there, rules=QUIET), criteria(needed=needs(SITI)))
    assert found[0].place == YOSODADI
    assert found[0].there == (SITI,)
    assert found[0].starts_at >= at(10)


def test_weekends_and_past_times_are_excluded():
    found = slots(plan(rules=QUIET, now=at(10, day=16)), criteria(first=15, last=18, length_h=8.5, without_venue=True))
    assert times(found) == [at(7.5)]


def test_the_day_can_be_limited_by_hours():
    found = slots(plan(rules=QUIET), criteria(without_venue=True, not_before=time(9), not_after=time(12)))
    assert times(found) == [at(9), at(9.5), at(10)]


def test_without_a_slot_the_obstacles_are_named_the_most_frequent_first():
    busy = activity(1, 7.5, 12, engagements=(speaks(SITI),))
    away = AbsenceSpan(at(13), at(16), party=SITI)
    want = criteria(needed=needs(SITI), without_venue=True)
    assert slots(plan(busy, rules=QUIET, absences=(away,)), want) == []
    why = nothing(plan(busy, rules=QUIET, absences=(away,)), want)
    kinds = [(obstacle.kind, obstacle.party, obstacle.starts) for obstacle in why.obstacles]
    assert kinds == [(ClashKind.SPEAKER_TWICE, SITI, 9), (ClashKind.SPEAKER_ABSENT, SITI, 6)]
    assert why.obstacles[0].activities == (busy,)
    assert why.obstacles[1].absences == (away,)
    assert (why.tried, why.days, why.shut_days) == (14, 1, 0)


def test_the_changes_that_would_give_a_slot_are_offered_with_the_slot():
    busy = activity(1, 7.5, 12, engagements=(speaks(SITI),))
    away = AbsenceSpan(at(13), at(16), party=SITI)
    want = criteria(needed=needs(SITI, BUDI), without_venue=True)
    why = nothing(plan(busy, rules=QUIET, absences=(away,)), want)
    opened = {type(opening.change): opening for opening in why.openings}
    assert set(opened) == {Later, WithoutParty, Shorter}
    assert opened[WithoutParty].change.party == SITI
    assert opened[Shorter].change.length == HOURS
    assert opened[Shorter].slot.starts_at == at(12)
    assert opened[Later].slot.starts_at.date() == date(2027, 1, 19)


def test_without_a_hall_other_halls_and_no_hall_are_offered():
    rakor = activity(1, 7.5, 16, venue_id=BAPPEDA.id)
    want = criteria(people=100, venue_ids=frozenset({BAPPEDA.id}))
    why = nothing(plan(rakor, rules=QUIET), want)
    assert why.obstacles[0].kind is None
    assert {type(opening.change) for opening in why.openings} == {Later, NoVenue}
    smaller = nothing(plan(rakor, rules=QUIET), replace(want, venue_ids=frozenset()))
    assert any(
        opening.change == SmallerVenue(40) and opening.slot.place == GANJAR_AGUNG for opening in smaller.openings
    )
    other = nothing(plan(rakor, rules=QUIET), replace(want, people=30))
    assert any(isinstance(opening.change, AnyVenue) for opening in other.openings)


def test_a_search_only_on_days_off_is_explained_by_the_days_off():
    why = nothing(plan(rules=QUIET), criteria(first=16, last=17, without_venue=True))
    assert (why.tried, why.days, why.shut_days, why.obstacles) == (0, 2, 2, ())


@pytest.mark.parametrize("bad", [{"length_h": 0}, {"first": 19, "last": 18}])
def test_a_search_that_cannot_succeed_is_refused(bad):
    with pytest.raises(ValueError):
        criteria(**bad)


@given(
    busy=st.lists(
        st.tuples(st.integers(14, 30), st.integers(1, 8), st.sampled_from((1, 2, 3)), st.booleans()), max_size=6
    ),
    length=st.integers(1, 8),
    people=st.integers(0, 130),
)
def test_every_proposed_slot_has_no_blocking_clash_and_every_refused_one_has_a_reason(busy, length, people):
    there = [
        activity(n, start / 2, (start + long) / 2, venue_id=venue, engagements=((speaks if on else takes_part)(SITI),))
        for n, (start, long, venue, on) in enumerate(busy)
    ]
    known = plan(*there, rules=QUIET)
    want = criteria(length_h=length / 2, people=people, needed=needs(SITI), last=19)
    for candidate in candidates(known, want):
        if isinstance(candidate, RefusedSlot):
            assert candidate.no_room or candidate.clashes
            continue
        found = clashes_of(known, as_planned(want, candidate.starts_at, candidate.place))
        assert not [clash for clash in found if clash.severity is Severity.BLOCK]
        assert set(candidate.warnings) == set(found)

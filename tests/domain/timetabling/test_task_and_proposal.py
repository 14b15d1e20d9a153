"""Timetabling by hand-made examples: request, preferences, proposal and explanation. Without the extra."""

from dataclasses import replace
from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from outreach.domain.clashes import find_clashes
from outreach.domain.kinds import Role
from outreach.domain.planning.office_hours import Calendar, DayOff, DayRange
from outreach.domain.planning.parties import AbsenceSpan, Engagement, Party
from outreach.domain.planning.rules import ClashKind, Rules, Severity
from outreach.domain.states import ActivityState, InvitationState
from outreach.domain.timetabling import (
    BlockedByRule,
    Demand,
    Horizon,
    NoDays,
    NothingToPlace,
    ReasonKind,
    Task,
    Term,
    Wishes,
    alternatives,
    applied,
    charges,
    options_of,
    place_greedily,
    propose,
    suitable_venues,
)
from outreach.domain.timetabling.heuristic.lower_bound import at_least
from tests.domain.plan_help import (
    BAPPEDA,
    BUDI,
    GANJAR_AGUNG,
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
from tests.domain.timetabling.timetabling_help import (
    FRIDAY,
    MONDAY,
    NOTHING,
    QUIET,
    THURSDAY,
    TUESDAY,
    WEDNESDAY,
    WEEK,
    task,
)


def proposed(asked):
    options = options_of(asked)
    return propose(asked, options, place_greedily(asked, options))


def when(proposal, id=1):
    (proposed_one,) = (
        proposed_activity for proposed_activity in proposal.proposed if proposed_activity.activity_id == id
    )
    return proposed_one.after.local_start


def reasons(proposal, id=1):
    (proposed_one,) = (
        proposed_activity for proposed_activity in proposal.proposed if proposed_activity.activity_id == id
    )
    return [reason.kind for reason in proposed_one.reasons]


# the request


def test_starts_are_on_half_hours_within_office_hours():
    only_monday = task(activity(1, 8, 12), horizon=Horizon((MONDAY,)))
    starts = options_of(only_monday)[1].starts
    assert (starts[0], starts[-1], len(starts)) == (at(7.5), at(12), 10)  # the office closes at four


def test_starts_in_ramadan_are_within_its_hours():
    asked = task(activity(1, 8, 12), horizon=Horizon((MONDAY,)), calendar=Calendar({}, (DayRange(MONDAY, FRIDAY),)))
    starts = options_of(asked)[1].starts
    assert (starts[0], starts[-1]) == (at(8), at(11))


def test_the_hours_are_in_the_activitys_own_zone():
    makassar = replace(activity(1, 8, 12), zone=ZoneInfo("Asia/Makassar"))
    assert options_of(task(makassar, horizon=Horizon((MONDAY,))))[1].starts[0] == at(6.5)


def test_the_present_start_may_be_kept_though_it_is_on_no_step():
    starts = options_of(task(replace(activity(1, 8, 10), starts_at=at(8.2)), horizon=Horizon((MONDAY,))))[1].starts
    assert at(8.2) in starts


def test_a_blocking_clash_excludes_an_option_and_a_warning_costs():
    held = activity(1, 8, 10)
    holiday = Calendar({TUESDAY: DayOff("Libur")})
    rules = Rules({ClashKind.HOLIDAY: Severity.BLOCK}, notice_days=0)
    both = Horizon((MONDAY, TUESDAY))
    assert {
        start.date() for start in options_of(task(held, calendar=holiday, rules=rules, horizon=both))[1].starts
    } == {MONDAY}
    warned = options_of(
        task(held, calendar=holiday, horizon=both, wishes=replace(NOTHING, warnings={ClashKind.HOLIDAY: 7}))
    )[1]
    assert dict(zip(warned.days(), warned.start_costs, strict=True)) == {MONDAY: 0, TUESDAY: 7}


def test_a_fixed_activity_outside_the_searched_days_is_checked_at_its_own_time():
    fixed = activity(1, 8, 10, fixed=True, engagements=(speaks(SITI),))
    away = AbsenceSpan(fixed.starts_at, fixed.ends_at, party=SITI)
    thursday = Horizon((date(2027, 2, 18),))
    assert options_of(task(fixed, horizon=thursday))[1].starts == [fixed.starts_at]
    assert options_of(task(fixed, horizon=thursday, absences=[away]))[1].starts == []


def test_a_first_and_a_last_day_are_respected():
    asked = task(activity(1, 8, 10), demands=[Demand(1, first_on=TUESDAY, last_on=WEDNESDAY)])
    assert set(options_of(asked)[1].days()) == {TUESDAY, WEDNESDAY}


def test_nothing_is_timetabled_into_the_past():
    asked = task(activity(1, 12, 14), horizon=Horizon((MONDAY,)), now=at(9))
    assert options_of(asked)[1].starts[0] == at(9.5)


def test_only_venues_with_enough_seats_are_options():
    asked = task(activity(1, 8, 10), demands=[Demand(1, venues=(1, 2, 3), seats=40)])
    assert options_of(asked)[1].venues == [1, 2]


def test_suitable_venues_are_in_the_region_and_large_enough():
    held = plan()
    assert suitable_venues(held) == (3, 2, 1)
    assert suitable_venues(held, seats=35) == (2, 1)
    assert suitable_venues(held, region_code="18.72.02") == suitable_venues(held, region_code="18.72.02.1001") == (2,)
    assert suitable_venues(held, region_code="18.72.0") == ()


@pytest.mark.parametrize("state", [ActivityState.CANCELLED, ActivityState.HELD])
def test_an_activity_without_options_is_reported_at_once(state):
    with pytest.raises(NothingToPlace):
        task(activity(1, 8, 10, state=state))
    with pytest.raises(NothingToPlace):
        task(activity(1, 8, 10), now=at(11))
    with pytest.raises(NothingToPlace):
        Task(plan(), (), WEEK)
    with pytest.raises(NoDays):
        Horizon.between(date(2027, 1, 23), date(2027, 1, 24), Calendar())  # a weekend
    with pytest.raises(ValueError, match="before itself"):
        Demand(1, after=(1,))
    with pytest.raises(ValueError, match="facilitators"):
        Demand(1, facilitators=(SITI,), facilitators_needed=2)


# the proposal


def test_a_speakers_trip_and_the_order_are_respected():
    trip = AbsenceSpan(at(7), at(17), party=SITI, reason="Dinas luar")
    rakor, session_ = activity(1, 8, 12, engagements=(speaks(SITI),)), activity(2, 8, 10)
    asked = task(rakor, session_, demands=[Demand(1), Demand(2, after=(1,))], absences=(trip,))
    proposal = proposed(asked)
    assert when(proposal, 1).date() == TUESDAY
    assert when(proposal, 2) >= asked.plan.activities[1].moved(when(proposal, 1)).ends_at
    assert ReasonKind.FOLLOWS in reasons(proposal, 2)


def test_two_activities_in_one_hall_are_timetabled_one_after_the_other():
    proposal = proposed(
        task(*(activity(id, 8, 12, venue_id=1) for id in (1, 2, 3)), horizon=Horizon((MONDAY, TUESDAY)))
    )
    assert find_clashes(applied(plan(rules=QUIET), proposal.proposed)) == []
    assert proposal.unplaced == ()


def test_an_activity_without_a_place_is_reported():
    three = (activity(id, 8, 12, venue_id=1) for id in (1, 2, 3))
    proposal = proposed(task(*three, horizon=Horizon((MONDAY,))))
    assert (len(proposal.proposed), len(proposal.unplaced)) == (2, 1)
    assert not proposal.bounded(0).is_proven


def test_one_of_three_facilitators_is_chosen_and_others_stay_invited():
    team = tuple(Party.person(n, f"Fasilitator {n}") for n in (7, 8, 9))
    away = [AbsenceSpan(at(0), at(0, day=25), party=facilitator) for facilitator in team[:2]]
    held = activity(1, 8, 10, engagements=(volunteers(BUDI), speaks(team[0])))
    (proposed_one,) = proposed(task(held, demands=[Demand(1, facilitators=team)], absences=away)).proposed
    assert (proposed_one.facilitators, proposed_one.let_go) == ((team[2],), (team[0],))
    assert proposed_one.after.engagements == (
        volunteers(BUDI),
        Engagement(team[2], Role.SPEAKER, InvitationState.PREPARED),
    )
    assert proposed_one.changes_facilitators


def test_people_who_declined_or_participate_are_not_chosen():
    declined = Engagement(SITI, Role.SPEAKER, InvitationState.NOT_COMING)
    held = activity(1, 8, 10, engagements=(declined, takes_part(BUDI)))
    assert options_of(task(held, demands=[Demand(1, facilitators=(SITI, BUDI))]))[1].facilitators == ()


def test_fixed_activities_stay():
    fixed = activity(1, 6, 7, fixed=True)
    proposal = proposed(task(fixed))
    assert when(proposal) == at(6)
    assert reasons(proposal)[0] is ReasonKind.FIXED


# the preferences


def test_an_activity_stays_where_it_is_if_nothing_is_better():
    proposal = proposed(task(activity(1, 10, 12, day=20), wishes=replace(NOTHING, change=1)))
    assert (when(proposal), proposal.objective) == (at(10, 20), 0)
    assert not proposal.proposed[0].is_change
    assert ReasonKind.KEPT in reasons(proposal)


def test_notified_people_make_a_date_more_expensive_to_change():
    wishes = replace(NOTHING, change=1, hours=(time(13), time(16)), hours_weight=1)
    known = activity(1, 9, 11, told_at=at(8, 1))
    assert when(proposed(task(activity(1, 9, 11), wishes=wishes))) == at(13)
    assert when(proposed(task(known, wishes=replace(wishes, told_factor=20)))) == at(9)
    untold = activity(1, 9, 11, told_at=at(8, 17))  # its invitations go out later
    assert when(proposed(task(untold, wishes=replace(wishes, told_factor=20)))) == at(13)


def test_the_noon_break_counts_as_outside_the_preferred_hours_if_an_activity_can_avoid_it():
    wishes = replace(NOTHING, hours=(time(8), time(16)), hours_weight=1)

    def units(begins, ends):
        asked = task(activity(1, begins, ends), demands=(Demand(1, fixed=True),), wishes=wishes)
        return sum(charge.units for charge in charges(asked, asked.plan.activities) if charge.term is Term.HOURS)

    assert [units(8, 12), units(11, 12.5), units(12, 14), units(8, 16)] == [0, 1, 2, 0]


def test_each_cost_is_shown_with_its_units():
    wishes = Wishes(
        spread_days=1, spread_kecamatan=10, trips=100, share=1000, hours=(time(9), time(11)), hours_weight=3, notice=0,
        ramadan=0, change=0, warnings={ClashKind.SAME_KECAMATAN: 50000},
    )  # fmt: skip
    first = session(1, 8, 10, engagements=(speaks(SITI),))
    second = session(2, 10, 12, "18.72.02.1004", engagements=(speaks(SITI),))
    stays = session(3, 13, 15, "18.72.02.1002")
    asked = task(first, second, stays, demands=[Demand(1), Demand(2)], wishes=wishes, rules=Rules(
        {ClashKind.SPEAKER_TRAVEL: Severity.IGNORE}, notice_days=0))  # fmt: skip
    found = charges(asked, {1: first, 2: second})
    assert [(charge.term, charge.cost, charge.units, charge.activity_ids) for charge in found] == [
        (Term.WARNING, 50000, 1, (1, 2)),
        (Term.HOURS, 6, 2, (1,)),
        (Term.HOURS, 6, 2, (2,)),
        (Term.SPREAD_DAYS, 3, 3, (1, 2)),
        (Term.SPREAD_KECAMATAN, 30, 3, (1, 2)),
        (Term.TRIPS, 100, 1, (1, 2)),
    ]


def test_a_day_on_which_a_speaker_is_out_anyway_costs_no_trip():
    stays = activity(9, 8, 10, day=20, engagements=(speaks(SITI),))
    held = activity(1, 13, 15, engagements=(speaks(SITI),))
    proposal = proposed(task(held, stays, demands=[Demand(1)], wishes=replace(NOTHING, trips=4)))
    assert (when(proposal).date(), proposal.objective) == (WEDNESDAY, 0)
    assert ReasonKind.SHARES_TRIP in reasons(proposal)


def test_facilitators_get_even_shares():
    team = (SITI, BUDI)
    four = [activity(id, 8, 10, venue_id=None, day=17 + id) for id in (1, 2, 3, 4)]
    demands = [Demand(planned.id, facilitators=team) for planned in four]
    proposal = proposed(task(*four, demands=demands, wishes=replace(NOTHING, share=5, trips=1)))
    assert sorted(party.key for proposed_activity in proposal.proposed for party in proposed_activity.facilitators) == [
        1,
        1,
        2,
        2,
    ]


def test_days_before_ramadan_are_better():
    calendar = Calendar({}, (DayRange(FRIDAY, FRIDAY + timedelta(days=29)),))
    asked = task(
        activity(1, 8, 10, day=21), calendar=calendar, wishes=replace(NOTHING, ramadan=1, ramadan_margin_days=2)
    )
    proposal = proposed(asked)
    assert when(proposal).date() <= TUESDAY
    assert ReasonKind.BEFORE_RAMADAN in reasons(proposal)


def test_more_notice_is_better():
    asked = task(activity(1, 8, 10), wishes=replace(NOTHING, notice=1, notice_days=17))
    assert when(proposed(asked)).date() >= THURSDAY  # seventeen days after the fourth


def test_a_forbidden_proposal_is_refused_with_its_clashes():
    both = [activity(id, 8, 10, venue_id=1) for id in (1, 2)]
    with pytest.raises(BlockedByRule) as refused:
        charges(task(*both), {planned.id: planned for planned in both})
    assert [clash.kind for clash in refused.value.clashes] == [ClashKind.VENUE_TAKEN]
    assert proposed(task(*both)).present is None


def test_the_lower_bound_of_the_cost_is_known_at_once():
    three = [activity(id, 8, 10, engagements=(speaks(SITI),)) for id in (1, 2, 3)]
    asked = task(*three, horizon=Horizon((MONDAY, TUESDAY)), wishes=replace(NOTHING, spread_days=1, trips=10))
    assert at_least(asked, options_of(asked)) == 1 + 10


# why not elsewhere


def test_each_other_day_shows_its_cost_or_what_forbids_it():
    trip = AbsenceSpan(at(7, 19), at(17, 19), party=SITI, reason="Dinas luar")
    held = activity(1, 8, 10, engagements=(speaks(SITI),))
    wishes = replace(NOTHING, change=1)
    asked = task(held, absences=(trip,), horizon=Horizon((MONDAY, TUESDAY, WEDNESDAY)), wishes=wishes)
    tuesday, wednesday = alternatives(asked, proposed(asked), 1)
    assert (tuesday.starts_at, [clash.kind for clash in tuesday.blocking]) == (None, [ClashKind.SPEAKER_ABSENT])
    assert (wednesday.starts_at, wednesday.extra) == (at(8, 20), 2)
    assert [charge.term for charge in wednesday.charges] == [Term.TIME_CHANGED]
    with pytest.raises(KeyError):
        alternatives(asked, proposed(asked), 2)


def test_a_hall_in_another_place_is_chosen_for_lack_of_room():
    held = activity(1, 8, 10, venue_id=YOSODADI.id, people=100)
    wishes = replace(NOTHING, change=1, warnings={ClashKind.VENUE_TOO_SMALL: 20})
    proposal = proposed(task(held, demands=[Demand(1, venues=(3, 2, 1))], wishes=wishes))
    (proposed_one,) = proposal.proposed
    assert (proposed_one.venue_id, proposed_one.changes_venue, proposal.objective) == (BAPPEDA.id, True, 1)
    small = propose(
        task(held, demands=[Demand(1, venues=(3, 2))], wishes=wishes),
        options_of(task(held, demands=[Demand(1, venues=(3, 2))], wishes=wishes)),
        {1: replace(held, venue_id=GANJAR_AGUNG.id)},
    )
    assert [clash.kind for clash in small.proposed[0].clashes] == [ClashKind.VENUE_TOO_SMALL]

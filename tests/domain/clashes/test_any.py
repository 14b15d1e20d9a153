"""Properties of the clashes of any plan."""

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from outreach.domain.clashes import (
    MoveTo,
    OfActivity,
    OfInvitee,
    StretchProgramme,
    applied,
    clashes_of,
    crossings,
    find_clashes,
    find_resolutions,
    suits_all,
)
from outreach.domain.kinds import ActivityKind, Role
from outreach.domain.planning.office_hours import Calendar, DayOff, DayRange
from outreach.domain.planning.parties import AbsenceSpan, Engagement, Party
from outreach.domain.planning.plan import PlannedActivity
from outreach.domain.planning.rules import ClashKind, Rules, Severity
from outreach.domain.states import ActivityState, InvitationState
from tests.domain.plan_help import ANI, BUDI, JAKARTA, POLRES, SITI, at, plan
from tests.support.long_form import many

MIDNIGHT = at(0)
PARTIES = (SITI, BUDI, ANI, POLRES, Party.representative("Wiji"))
IN_TWO = {
    ClashKind.SPEAKER_TWICE, ClashKind.SPEAKER_TRAVEL, ClashKind.CADRE_TWICE, ClashKind.INVITEE_TWICE,
    ClashKind.TRAVEL,
}  # fmt: skip
CALENDAR = Calendar({date(2027, 1, 20): DayOff("Libur")}, (DayRange(date(2027, 1, 24), date(2027, 2, 1)),))

quarters = st.integers(0, 8 * 96).map(lambda n: MIDNIGHT + timedelta(minutes=15 * n))  # from Monday to Monday week
lengths = st.one_of(st.integers(1, 20), st.integers(90, 200)).map(lambda n: timedelta(minutes=15 * n))
maybe_venue = st.sampled_from([None, 1, 2, 3])
turns = st.lists(
    st.tuples(st.integers(-2, 12), st.integers(1, 6)).map(
        lambda turn: (timedelta(minutes=15 * turn[0]), timedelta(minutes=15 * (turn[0] + turn[1])))
    ),
    max_size=3,
).map(tuple)
engagements = st.lists(
    st.builds(
        Engagement,
        st.sampled_from(PARTIES),
        st.sampled_from(Role),
        st.sampled_from(InvitationState),
        turns=st.just(()) | turns,
    ),
    max_size=3,
).map(tuple)


@st.composite
def activities(draw, id):
    starts_at = draw(quarters)
    return PlannedActivity(
        id,
        "",
        draw(st.sampled_from(ActivityKind)),
        starts_at,
        starts_at + draw(lengths),
        JAKARTA,
        draw(st.sampled_from([ActivityState.DRAFT, ActivityState.PUBLISHED, ActivityState.CANCELLED])),
        programme_id=draw(st.sampled_from([None, 1])),
        venue_id=draw(maybe_venue),
        region_code=draw(st.sampled_from([None, "18.72.01.1001", "18.72.02.1002", "18.72"])),
        respond_by_at=draw(st.none() | quarters),
        told_at=draw(st.none() | st.just(at(8, 1))),
        people=draw(st.integers(0, 130)),
        seats=draw(st.none() | st.integers(1, 130)),
        engagements=draw(engagements),
        fixed=draw(st.booleans()),
    )


@st.composite
def absences(draw):
    starts_at = draw(quarters)
    subject = draw(st.sampled_from([{"party": party} for party in PARTIES] + [{"venue_id": id} for id in (1, 2, 3)]))
    return AbsenceSpan(starts_at, starts_at + draw(lengths), **subject)


@st.composite
def plans(draw):
    count = draw(st.integers(1, 6))
    rules = Rules(draw(st.dictionaries(st.sampled_from(ClashKind), st.sampled_from(Severity), max_size=4)))
    return plan(
        *(draw(activities(id)) for id in range(1, count + 1)),
        absences=draw(st.lists(absences(), max_size=3)),
        calendar=CALENDAR,
        rules=replace(rules, notice_days=draw(st.integers(0, 20))),
        now=draw(st.sampled_from([at(8, 4), at(10, 19)])),
    )


@given(plans(), st.sets(st.integers(1, 6)))
def test_the_clashes_of_some_are_those_of_all_that_involve_them(held, ids):
    everything = find_clashes(held)
    assert find_clashes(held, among=ids) == [clash for clash in everything if ids & set(clash.ids)]


@given(plans())
def test_each_clash_is_found_once_and_from_either_side(held):
    everything = find_clashes(held)
    assert max(Counter(everything).values(), default=1) == 1
    for id, activity in held.activities.items():
        assert clashes_of(held, activity) == [clash for clash in everything if id in clash.ids]


@given(plans())
def test_two_activities_clash_in_time_exactly_where_they_overlap(held):
    counting = [activity for activity in held.activities.values() if held.counts(activity)]
    expected = {
        (activity.id, other.id)
        for activity in counting
        for other in counting
        if activity.id < other.id and activity.venue_id is not None and activity.venue_id == other.venue_id
        if activity.starts_at < other.ends_at and other.starts_at < activity.ends_at
    }
    asked = plan(*held.activities.values(), now=held.now)
    found = [clash for clash in find_clashes(asked) if clash.kind is ClashKind.VENUE_TAKEN]
    assert {tuple(sorted(clash.ids)) for clash in found} == expected


@given(plans(), activities(99))
def test_an_unrelated_activity_changes_nothing(held, other):
    stranger = Engagement(Party.person(99), Role.SPEAKER)
    elsewhere = replace(other, venue_id=None, region_code="31.71.01.1001", programme_id=None, engagements=(stranger,))
    with_it = held.with_(elsewhere)
    assert [clash for clash in find_clashes(with_it) if 99 not in clash.ids] == find_clashes(held)
    assert all(clash.ids == (99,) for clash in find_clashes(with_it, among={99}))


@given(plans(), activities(1))
def test_a_changed_plan_equals_one_created_that_way(held, changed):
    made = plan(
        *(changed if activity.id == 1 else activity for activity in held.activities.values()),
        absences=[absence for kept in held._absences.values() for absence in kept],
        calendar=held.calendar, rules=held.rules, now=held.now,
    )  # fmt: skip
    before = find_clashes(held)
    assert find_clashes(held.with_(changed)) == find_clashes(made)
    assert find_clashes(held.with_(changed).with_(held.activities[1])) == before == find_clashes(held)


@settings(max_examples=many(100, 1000), deadline=None)
@given(plans())
def test_every_resolution_resolves_its_clash_and_gives_its_activity_no_new_one(held):
    for clash in find_clashes(held):
        offered = find_resolutions(held, clash)
        assert len(offered) <= 5
        for resolution in offered:
            after = applied(held, resolution)
            left = {other_clash.signature for other_clash in find_clashes(after)}
            assert clash.signature not in left, resolution
            assert left <= {other_clash.signature for other_clash in find_clashes(held)}, resolution
            if not isinstance(resolution, OfInvitee | StretchProgramme):
                changed = after.activities[resolution.activity_id]
                assert changed.length == held.activities[resolution.activity_id].length


@settings(max_examples=many(80, 800), deadline=None)
@given(plans(), st.integers(2, 3))
def test_a_shared_resolution_resolves_the_clash_of_each_similar_activity(held, count):
    first = replace(held.activities[1], state=ActivityState.DRAFT, fixed=False)
    alike = [replace(first, id=-number, engagements=()) for number in range(1, count + 1)]
    held = held.with_(*alike)
    ids = [activity.id for activity in alike]
    for clash in find_clashes(held, ids):
        for resolution in find_resolutions(held, clash, ids[0]):
            if isinstance(resolution, OfActivity) and suits_all(held, resolution, ids, [clash]):
                after = held.with_(*(_as_by(resolution, held, activity) for activity in alike))
                left = {other_clash.signature for other_clash in find_clashes(after, ids)}
                assert clash.signature not in left
                assert left <= {other_clash.signature for other_clash in find_clashes(held, ids)}


def _as_by(resolution, held, activity):
    """Return the activity with the resolution's change applied."""
    before, own = held.activities[resolution.activity_id], applied(held, resolution).activities[resolution.activity_id]
    if isinstance(resolution, MoveTo):
        return activity.moved(activity.starts_at + (own.starts_at - before.starts_at))
    values = {name: (getattr(before, name), getattr(own, name)) for name in ("venue_id", "respond_by_at", "seats")}
    return replace(activity, **{name: then for name, (now, then) in values.items() if now != then})


@given(plans())
def test_a_person_in_two_activities_clashes_only_if_the_activities_and_some_roles_do(held):
    crossing = crossings(held)
    for clash in find_clashes(held):
        if clash.kind in IN_TWO:
            assert clash.ids[1] in crossing[clash.ids[0]]
    for id, others in crossing.items():
        for other in others:
            assert id in crossing[other]
            found = (
                find_clashes(_with_siti(held, id, other, role)) for role in (Role.SPEAKER, Role.CADRE, Role.PARTICIPANT)
            )
            asked = {
                clash.kind for some in found for clash in some if clash.party == SITI and set(clash.ids) == {id, other}
            }
            assert asked & IN_TWO


@given(plans(), st.sets(st.integers(1, 6)))
def test_the_crossings_of_some_are_those_of_all_that_involve_them(held, ids):
    everything = crossings(held)
    expected = {frozenset((id, other)) for id, others in everything.items() for other in others if {id, other} & ids}
    found = crossings(held, among=ids)
    assert {frozenset((id, other)) for id, others in found.items() for other in others} == expected


def _with_siti(held, id, other, role):
    """The plan with only her in both activities."""
    return held.with_(
        *(replace(held.activities[activity_id], engagements=(Engagement(SITI, role),)) for activity_id in (id, other))
    )

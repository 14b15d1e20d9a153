"""Loading a part of the plan gives the same clashes as the whole plan, and skips people without clashes."""

from dataclasses import replace
from datetime import date, timedelta
from random import Random

import pytest
import sqlalchemy as sa

from outreach.domain.clashes import Clash, clashes_of, find_clashes, find_resolutions
from outreach.domain.kinds import ActivityKind, Repeat, Role, Sector
from outreach.domain.planning.parties import Engagement
from outreach.domain.planning.plan import Plan, PlannedActivity
from outreach.domain.planning.rules import ClashKind, Severity
from outreach.domain.states import ActivityState, InvitationState
from outreach.extensions import db
from outreach.models import (
    Absence,
    ActingPerson,
    Activity,
    AgendaItem,
    Invitation,
    Organisation,
    Person,
    PlanSettings,
    Programme,
    Venue,
)
from outreach.queries import clashes as clash_pages
from outreach.services.planning import clashes as clashing
from outreach.services.planning import load as plans
from outreach.services.planning import load_part as plan_parts
from tests.support.copied import copied
from tests.world import JAKARTA, NOW, a_person, at, draft_activity

ROUNDS = 8
REGIONS = (None, "18.72", "18.72.01.1001", "18.72.01.1003", "18.72.04.1001")
NAMES = ("Kompol Rudi", "KOMPOL RUDI.", "Wiji", "—")
QUERIES = 13


@pytest.fixture(params=range(ROUNDS))
def any_plan(request, any_app, office) -> Random:
    """Some activities of two weeks, with random people, offices, representatives, absences and rules."""
    draw = Random(request.param)
    write(draw)
    return draw


def write(draw: Random) -> None:
    severities = {kind.value: draw.choice(list(Severity)).value for kind in draw.sample(list(ClashKind), 5)}
    travel = {"longest_min": draw.choice((0, 720, 1440)), "elsewhere_min": draw.choice((90, 900))}
    rules = PlanSettings(values={"severities": severities, "travel": travel} if draw.random() < 0.6 else {})
    places = [
        Venue(name=f"Aula {n}", capacity=draw.choice((None, 2, 3, 6)), region_code=draw.choice(REGIONS),
              latitude=draw.choice((None, -5.1, -5.4)), longitude=105.3)
        for n in range(4)
    ]  # fmt: skip
    people = [Person(name=f"Orang {n}", email="") for n in range(9)]
    offices = [Organisation(name=f"Instansi {n}", sector=Sector.OTHER) for n in range(2)]
    programme = Programme(title="Empat hari", starts_on=date(2027, 1, 18), ends_on=date(2027, 1, 21), zone=JAKARTA)
    db.session.add_all([rules, *places, *people, *offices, programme])
    activities = [an_activity(draw, places, programme) for _ in range(draw.randint(8, 14))]
    db.session.add_all(activities)
    db.session.flush()
    for activity in activities:
        invite_at_random(draw, activity, people, offices)
        set_agenda(draw, activity, people)
    for subject in draw.sample([*people, *offices, *places], 7):
        db.session.add(an_absence(draw, subject))
    db.session.flush()


def an_activity(draw: Random, places: list[Venue], programme: Programme) -> Activity:
    day = draw.choice((18, 18, 19, draw.randint(1, 28)))
    starts_at = at(day, 7) + timedelta(minutes=15 * draw.randint(0, 36))
    long = draw.random() < 0.15
    venue = draw.choice((None, *places))
    return Activity(
        title="Kegiatan", kind=draw.choice(list(ActivityKind)), zone=JAKARTA, starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=15 * draw.randint(1, 600 if long else 12)), holds_venue=False,
        respond_by_at=starts_at - timedelta(days=draw.randint(-1, 3)), venue=venue, region_code=draw.choice(REGIONS),
        programme=draw.choice((None, programme)), capacity=draw.choice((None, None, 2, 4, 8)),
        fixed=draw.random() < 0.2, state=draw.choices(list(ActivityState), (4, 4, 1, 1, 1))[0],
    )  # fmt: skip


def invite_at_random(draw: Random, activity: Activity, people: list[Person], offices: list[Organisation]) -> None:
    some = list(InvitationState)
    for person in draw.sample(people, draw.randint(0, 5)):
        for role in draw.sample(list(Role), draw.choice((1, 1, 1, 2))):
            state = draw.choice((*some, InvitationState.REPRESENTED))
            named = draw.choice(("", *NAMES)) if state in plans.REPRESENTATIVE_COMES else ""
            db.session.add(
                Invitation(
                    activity=activity,
                    person_id=person.id,
                    role=role,
                    state=state,
                    acting=ActingPerson(name=named) if named else None,
                )
            )
    for office in draw.sample(offices, draw.randint(0, 2)):
        quota = draw.choice((None, 0, 1, 4))
        asked = Invitation(
            activity=activity, organisation=office, quota=quota, role=Role.PARTICIPANT, state=draw.choice(some)
        )
        db.session.add(asked)
        db.session.flush()
        already = set(db.session.scalars(sa.select(Invitation.person_id).where(Invitation.activity_id == activity.id)))
        free = [person for person in people if person.id not in already]
        for nominee in draw.sample(free, min(len(free), draw.randint(0, 2))):
            db.session.add(
                Invitation(
                    activity=activity, person=nominee, role=Role.PARTICIPANT, state=draw.choice(some),
                    nominated_under=asked,
                )
            )  # fmt: skip
        db.session.flush()


def set_agenda(draw: Random, activity: Activity, people: list[Person]) -> None:
    """Write some lines of an agenda, some of them outside the activity's hours."""
    for _ in range(draw.choice((0, 0, 1, 3))):
        starts_at = activity.starts_at + timedelta(minutes=15 * draw.randint(-2, 8))
        speakers = draw.sample(people, draw.randint(0, 3))
        until = starts_at + timedelta(minutes=15 * draw.randint(1, 4))
        activity.agenda.append(AgendaItem(starts_at=starts_at, ends_at=until, topic="Materi", speakers=speakers))


def an_absence(draw: Random, subject: Person | Organisation | Venue) -> Absence:
    starts_at = at(18) + timedelta(hours=draw.randint(-20 * 24, 3 * 24))
    absence = Absence(
        starts_at=starts_at, ends_at=starts_at + timedelta(hours=draw.choice((4, 30, 100))), zone="Asia/Jakarta",
        source="coordinator", repeats=draw.choice(list(Repeat)), reason="",
    )  # fmt: skip
    setattr(absence, type(subject).__name__.lower(), subject)
    return absence


def without_people(found: list[Clash]) -> list[tuple]:
    """Return what the clashes say, without the list of other people in their activities."""
    return [
        (
            replace(
                clash, activities=tuple(replace(activity, engagements=(), people=0) for activity in clash.activities)
            ),
            people_of(clash),
        )
        for clash in found
    ]


def people_of(clash: Clash) -> int | None:
    return clash.activities[0].people if clash.kind is ClashKind.VENUE_TOO_SMALL else None


def test_the_same_clashes_are_found_as_in_the_whole_plan(any_plan):
    found = clashing.everything(now=NOW).clashes
    assert without_people(found) == without_people(find_clashes(plans.load(now=NOW)))


def test_some_activities_have_the_same_clashes_and_resolutions(any_plan):
    whole = plans.load(now=NOW)
    ids = list(db.session.scalars(sa.select(Activity.id)))
    for some in ([id_] for id_ in ids), [ids[::2]]:
        for chosen in some:
            found = clash_pages.of_activities(chosen, now=NOW)
            expected = find_clashes(whole, chosen)
            assert found.clashes == expected
            assert [find_resolutions(found.plan, clash) for clash in found.clashes] == [
                find_resolutions(whole, clash) for clash in expected
            ]


def test_the_clashes_on_a_page_have_the_same_resolutions_as_in_the_whole_plan(any_plan):
    whole = plans.load(now=NOW)
    groups = clashing.gathered(clashing.everything(now=NOW).clashes)[::3]
    resolvable, on_page = clash_pages.to_resolve(clashing.FoundClashes(whole), groups, now=NOW)
    expected = clashing.gathered(find_clashes(whole))[::3]
    assert on_page == expected
    assert [find_resolutions(resolvable.plan, group[0]) for group in on_page] == [
        find_resolutions(whole, group[0]) for group in expected
    ]


def test_the_same_clashes_are_found_for_one_activity_at_another_time(any_plan):
    whole = plans.load(now=NOW)
    for stored in plans.planned(db.session(), list(whole.activities)):
        moved = stored.moved(stored.starts_at + timedelta(minutes=15 * any_plan.randint(-200, 200)))
        found = clashing.preview_saved(moved, now=NOW)
        then = whole.with_(moved)
        expected = clashing.brought(then, [moved], [stored])
        assert without_people(found.clashes) == without_people(expected)
        assert [find_resolutions(found.plan, clash, moved.id) for clash in found.clashes] == [
            find_resolutions(then, clash, moved.id) for clash in expected
        ]


def test_the_same_clashes_are_found_for_chosen_people_in_another_activity(any_plan):
    whole = plans.load(now=NOW)
    parties = sorted(plan_parts.parties_of(whole.activities.values()), key=str)
    chosen = any_plan.sample(parties, min(len(parties), 4))
    part = plan_parts.shared_with((), chosen, now=NOW)
    for n in range(30):
        starts_at = at(16) + timedelta(hours=3 * n)
        engaged = tuple(Engagement(party, any_plan.choice(list(Role))) for party in chosen)
        another = PlannedActivity(
            -1, "", ActivityKind.OTHER, starts_at, starts_at + timedelta(hours=2), JAKARTA, engagements=engaged
        )
        assert without_people(clashes_of(part, another)) == without_people(clashes_of(whole, another))


def read(plan: Plan) -> dict[int, int]:
    """Return how many engaged people were read, by activity."""
    return {id: len(planned.engagements) for id, planned in plan.activities.items() if planned.engagements}


@copied
def crowd(any_app, office) -> list[Person]:
    return [a_person(f"Kader {n}") for n in range(6)]


def invite_all(activity: Activity, people: list[Person]) -> None:
    for person in people:
        db.session.add(
            Invitation(activity_id=activity.id, person_id=person.id, role=Role.CADRE, state=InvitationState.INVITED)
        )
    db.session.commit()


def test_people_without_clashes_are_not_read(crowd, hall, programme):
    here, afterwards = (
        draft_activity(programme, hall, 18, starts_at=at(18, hour), ends_at=at(18, hour + 2)) for hour in (8, 10)
    )
    elsewhere = draft_activity(programme, None, 18, starts_at=at(18, 8), ends_at=at(18, 10))
    invite_all(here, crowd[:3])
    invite_all(afterwards, crowd[:3])  # in the same hall, as soon as the first is over
    invite_all(elsewhere, crowd[3:])
    assert read(plan_parts.that_clash(now=NOW)) == {}
    invite_all(elsewhere, crowd[:1])
    assert read(plan_parts.that_clash(now=NOW)) == {here.id: 1, elsewhere.id: 1}
    assert read(plans.load(now=NOW)) == {here.id: 3, afterwards.id: 3, elsewhere.id: 4}


def test_only_people_of_the_activity_are_read_from_other_activities(crowd, programme):
    asked, others = draft_activity(programme, None, 18), draft_activity(programme, None, 20)
    invite_all(asked, crowd[:3])
    invite_all(others, crowd[2:])
    assert read(plan_parts.shared_with([asked.id], now=NOW)) == {asked.id: 3, others.id: 1}


def test_the_number_of_queries_does_not_grow(crowd, programme, queries):
    for _ in range(3):
        invite_all(draft_activity(programme, None, 18), crowd)
    begins = db.engine.dialect.name == "sqlite"  # its BEGIN is counted too
    assert queries(lambda: plan_parts.that_clash(now=NOW)) == QUERIES + begins

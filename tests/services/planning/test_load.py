"""The plan read from the database: what is planned and not over, with its people, venues and calendar."""

from dataclasses import replace
from datetime import date, timedelta

import sqlalchemy as sa

from outreach.domain.clashes import find_clashes
from outreach.domain.kinds import ActivityKind, Role
from outreach.domain.planning.office_hours import DayOffKind, DayRange
from outreach.domain.planning.parties import Engagement, Party, Place
from outreach.domain.planning.plan import ProgrammeDays
from outreach.domain.planning.rules import ClashKind
from outreach.domain.states import ActivityState, InvitationState
from outreach.extensions import db
from outreach.models import Absence, ActingPerson, Activity, Invitation, Person, Programme, Venue
from outreach.services.office import planning_rules as office_planning_rules
from outreach.services.planning import load as plans
from outreach.services.planning import rules as planning_rules
from tests.support.copied import copied
from tests.world import JAKARTA, NOW, a_person, an_invitation, at, draft_activity

QUERIES = 8


def test_an_activity_is_read_with_its_venue_programme_and_coordinator(any_app, activity, hall, programme, coordinator):
    activity.coordinator_id = coordinator.id
    activity.fixed = True
    db.session.commit()
    plan = plans.load(now=NOW)
    planned = plan.activities[activity.id]
    assert (planned.title, planned.kind, planned.state) == (
        activity.title,
        ActivityKind.COORDINATION,
        ActivityState.DRAFT,
    )
    assert (planned.starts_at, planned.ends_at, planned.zone) == (at(18, 8), at(18, 12), JAKARTA)
    assert (planned.respond_by_at, planned.told_at, planned.coordinator, planned.fixed) == (
        at(16, 16),
        None,
        "Coordinator",
        True,
    )
    assert plan.whereabouts(planned) == Place(hall.id, "Aula Bappeda", 100, "18.72.01.1001")
    assert plan.programmes == {
        programme.id: ProgrammeDays(programme.id, programme.title, date(2027, 1, 18), date(2027, 1, 21), JAKARTA)
    }


def test_only_planned_activities_that_are_not_over_are_read(any_app, programme, hall):
    held = draft_activity(programme, hall, 18, state=ActivityState.HELD)
    cancelled = draft_activity(programme, hall, 18, state=ActivityState.CANCELLED)
    over = draft_activity(None, None, 18, starts_at=NOW - timedelta(hours=3), ends_at=NOW)
    going_on = draft_activity(
        None,
        None,
        18,
        starts_at=NOW - timedelta(hours=3),
        ends_at=NOW + timedelta(minutes=1),
        state=ActivityState.PUBLISHED,
    )
    draft = draft_activity(programme, hall, 20)
    assert set(plans.load(now=NOW).activities) == {going_on.id, draft.id}
    assert {held.id, cancelled.id, over.id}.isdisjoint(plans.load(now=NOW).activities)


def test_engagements_name_the_person_who_would_come(any_app, activity, ani, budi, chief, police):
    an_invitation(activity, ani, role=Role.CADRE, state=InvitationState.COMING)
    an_invitation(activity, budi, state=InvitationState.WITHDRAWN)
    an_invitation(
        activity, chief, role=Role.SPEAKER, state=InvitationState.REPRESENTED, acting=ActingPerson(name="Kompol Rudi")
    )
    an_invitation(activity, police, quota=3)
    planned = plans.load(now=NOW).activities[activity.id]
    kapolres, polres = Party.person(chief.id), Party.organisation(police.id)
    assert planned.engagements == (
        Engagement(Party.person(ani.id), Role.CADRE, InvitationState.COMING),
        Engagement(Party.representative("Kompol Rudi"), Role.SPEAKER, InvitationState.REPRESENTED, kapolres),
        Engagement(polres, Role.PARTICIPANT, InvitationState.INVITED),
    )
    assert [engagement.party.name for engagement in planned.engagements] == [
        "Ani Wijaya",
        "Kompol Rudi",
        "Polres Metro",
    ]
    assert planned.engagements[1].in_place_of.name == "Kapolres Metro"


def test_a_name_is_read_with_its_titles(any_app, activity):
    siti = a_person("Siti Rahmawati", title_before="Dr. Hj.", title_after="S.H., M.H.")
    an_invitation(activity, siti)
    planned = plans.load(now=NOW).activities[activity.id]
    assert planned.engagements[0].party.name == siti.full_name == "Dr. Hj. Siti Rahmawati, S.H., M.H."


def test_seats_are_needed_for_those_expected(any_app, activity, ani, budi, chief, police):
    assert plans.load(now=NOW).activities[activity.id].people == 0
    an_invitation(activity, ani, role=Role.CADRE)
    an_invitation(activity, ani, role=Role.SPEAKER)  # one person takes one seat
    an_invitation(activity, budi, state=InvitationState.NOT_COMING)
    asked = an_invitation(activity, police, quota=7)
    assert plans.load(now=NOW).activities[activity.id].people == 1 + 7
    an_invitation(activity, chief, nominated_under_id=asked.id)
    assert plans.load(now=NOW).activities[activity.id].people == 1 + 1
    activity.capacity = 1
    db.session.commit()
    assert plans.load(now=NOW).activities[activity.id].room == 1  # of those two only one can come


def test_the_days_of_a_past_programme_are_known_for_an_activity_to_be_added_to_it(any_app, activity):
    over = Programme(title="Tahun lalu", starts_on=date(2026, 1, 5), ends_on=date(2026, 1, 8), zone=JAKARTA)
    db.session.add(over)
    db.session.commit()
    late = replace(plans.load(now=NOW).activities[activity.id], id=-1, programme_id=over.id)
    assert over.id not in plans.load(now=NOW).programmes
    assert plans.load(now=NOW, also=[late]).programmes[over.id].ends_on == date(2026, 1, 8)


def test_the_calendar_has_both_kinds_of_days_off_and_the_offices_ramadan(any_app, activity):
    calendar = plans.load(now=NOW).calendar
    assert calendar.days_off[date(2027, 1, 5)].kind is DayOffKind.HOLIDAY
    assert calendar.days_off[date(2027, 2, 5)].kind is DayOffKind.JOINT
    assert DayRange(date(2027, 2, 8), date(2027, 3, 9)) in calendar.ramadans
    official = DayRange(date(2027, 2, 9), date(2027, 3, 9))
    office_planning_rules.save(planning_rules.PlanValues(ramadans={1448: official}), by=None, now=NOW)
    calendar = plans.load(now=NOW).calendar
    assert official in calendar.ramadans
    assert not calendar.in_ramadan(date(2027, 2, 8))


def test_only_activities_that_touch_the_requested_span_are_read(any_app, programme, hall):
    monday, tuesday = draft_activity(programme, hall, 18), draft_activity(programme, hall, 19)
    plan = plans.load(now=NOW, within=[(at(18, 12), at(19, 8, 1))])
    assert set(plan.activities) == {tuesday.id}
    plan = plans.load(now=NOW, within=[(at(18, 11, 59), at(18, 13)), (at(19, 11), at(19, 12))])
    assert set(plan.activities) == {monday.id, tuesday.id}


def test_the_number_of_queries_does_not_grow(any_app, programme, hall, ani, budi, queries):
    for day in (18, 19, 20):
        activity = draft_activity(programme, hall, day)
        for person in (ani, budi):
            an_invitation(activity, person)
    begins = db.engine.dialect.name == "sqlite"  # its BEGIN is counted too
    assert queries(lambda: plans.load(now=NOW)) == QUERIES + begins


@copied
def a_years_plan(any_app, office) -> None:
    """2,000 activities at 40 venues and 5,000 invitations of 500 people."""
    db.session.execute(sa.insert(Venue), [{"name": f"Balai {n}", "capacity": 50, "kind": "hall"} for n in range(40)])
    db.session.execute(
        sa.insert(Person),
        [{"name": f"Orang {n}", "email": "", "locale": "id", "note": "", "phone": ""} for n in range(500)],
    )
    venues, people = (list(db.session.scalars(sa.select(table.id))) for table in (Venue, Person))
    days = [at(4) + timedelta(days=n) for n in range(1, 300)]
    db.session.execute(
        sa.insert(Activity),
        [
            {
                "title": f"Kegiatan {n}", "kind": "outreach", "zone": JAKARTA, "venue_id": venues[n % 40],
                "starts_at": days[n % 299], "ends_at": days[n % 299] + timedelta(hours=2),
                "respond_by_at": days[n % 299], "state": "draft",
            }
            for n in range(2000)
        ],
    )  # fmt: skip
    ids = list(db.session.scalars(sa.select(Activity.id)))
    db.session.execute(
        sa.insert(Invitation),
        [
            {
                "activity_id": ids[n * 2 // 5],
                "person_id": people[n * n % 500],
                "role": "participant",
                "state": "invited",
            }
            for n in range(5000)
        ],
    )
    db.session.commit()


def test_absences_are_included(any_app, activity, hall, ani):
    away = Absence(person=ani, starts_at=at(18, 10), ends_at=at(18, 11), zone="Asia/Jakarta", source="coordinator")
    closed = Absence(venue=hall, starts_at=at(18), ends_at=at(18, 9), zone="Asia/Jakarta", source="coordinator")
    db.session.add_all([away, closed])
    db.session.commit()
    plan = plans.load(now=NOW)
    assert [absence.id for absence in plan.absences_of(Party.person(ani.id), at(18), at(19))] == [away.id]
    assert [absence.id for absence in plan.absences_of(hall.id, at(18), at(19))] == [closed.id]


def test_a_years_plan_is_read_completely_and_its_clashes_are_found(a_years_plan):
    plan = plans.load(now=NOW)
    found = find_clashes(plan)
    assert len(plan.activities) == 2000
    assert sum(len(activity.engagements) for activity in plan.activities.values()) == 5000
    assert any(clash.kind is ClashKind.INVITEE_TWICE for clash in found)

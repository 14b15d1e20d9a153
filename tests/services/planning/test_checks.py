"""What the office blocks is refused in every action: creating, editing, moving, publishing, inviting."""

from dataclasses import replace
from datetime import date

import pytest

from outreach.domain.activities.values import ActivityValues, Move
from outreach.domain.kinds import ActivityKind, CadreKind, Role
from outreach.domain.planning.rules import ClashKind, Severity
from outreach.domain.states import ActivityState
from outreach.extensions import db
from outreach.models import Activity, Invitation
from outreach.services.activities import agenda as agendas
from outreach.services.activities import community as community_activities
from outreach.services.activities import edit as planning
from outreach.services.activities import move as moves
from outreach.services.activities import publish as publishing
from outreach.services.activities.checks import check_within
from outreach.services.invitations import invite as inviting
from outreach.services.planning.checks import DeadlineAfterStart, OutsideProgramme, PlanBlocked
from outreach.services.programmes import copy as copying
from outreach.services.programmes import edit as programmes
from outreach.services.programmes.edit import ProgrammeValues
from tests.support.copied import copied
from tests.world import JAKARTA, NOW, an_absence, at, draft_activity, set_severities


@copied
def closed(hall) -> None:
    """The hall is lent to others on Tuesday the 19th."""
    an_absence(venue=hall, starts_at=at(19, 0), ends_at=at(20, 0))


def values(day: int, venue=None, **more) -> ActivityValues:
    return ActivityValues(
        **{
            "kind": ActivityKind.COORDINATION,
            "title": "Rapat",
            "starts_at": at(day, 8),
            "ends_at": at(day, 12),
            "zone": JAKARTA,
            "venue_id": venue.id if venue else None,
            **more,
        }
    )


def test_an_activity_is_refused_where_the_venue_is_unavailable(any_app, programme, hall, closed):
    with pytest.raises(PlanBlocked) as refused:
        planning.create_activity(values(19, hall), programme_id=programme.id, by=None, now=NOW)
    assert refused.value.clash.kind is ClashKind.VENUE_ABSENT
    assert db.session.query(Activity).count() == 0
    assert planning.create_activity(values(20, hall), programme_id=programme.id, by=None, now=NOW).id


def test_a_whole_programme_is_refused_with_its_activity(any_app, hall, closed):
    days = ProgrammeValues("Rangkaian", date(2027, 1, 18), date(2027, 1, 20), JAKARTA)
    with pytest.raises(PlanBlocked):
        programmes.create(days, [values(18, hall), values(19, hall)], by=None, now=NOW)
    assert programmes.create(days, [values(18, hall), values(20, hall)], by=None, now=NOW).id


def test_a_draft_is_not_moved_to_a_closed_day_but_one_already_there_can_be_edited(any_app, activity, hall, closed):
    with pytest.raises(PlanBlocked):
        planning.edit_activity(activity.id, values(19, hall), activity.version, by=None, now=NOW)
    set_severities(venue_absent=Severity.WARN)
    there = planning.edit_activity(activity.id, values(19, hall), activity.version, by=None, now=NOW)
    set_severities()
    worded = planning.edit_activity(there.id, values(19, hall, title="Lain"), there.version, by=None, now=NOW)
    assert worded.title == "Lain"
    with pytest.raises(PlanBlocked):
        publishing.publish([activity.id], by=None, now=NOW)
    assert db.session.get_one(Activity, activity.id).state is ActivityState.DRAFT


def test_a_move_is_refused(any_app, activity, hall, closed):
    publishing.publish([activity.id], by=None, now=NOW)
    with pytest.raises(PlanBlocked):
        moves.move(activity.id, Move(at(19, 8), at(19, 12), JAKARTA, hall.id), "alasan", None, by=None, now=NOW)
    moved = moves.move(activity.id, Move(at(20, 8), at(20, 12), JAKARTA, hall.id), "alasan", None, by=None, now=NOW)
    assert moved.activity.starts_at == at(20, 8)


def test_an_absent_speaker_is_not_invited_and_an_absent_cadre_is(any_app, activity, ani):
    an_absence(person=ani, starts_at=at(18, 9), ends_at=at(18, 10))
    with pytest.raises(PlanBlocked) as refused:
        inviting.invite_people([activity.id], [ani.id], Role.SPEAKER, by=None, now=NOW)
    assert refused.value.clash.kind is ClashKind.SPEAKER_ABSENT
    assert db.session.query(Invitation).count() == 0
    assert inviting.invite_people([activity.id], [ani.id], Role.CADRE, by=None, now=NOW).new == 1


def test_an_absent_speaker_cannot_be_added_by_the_agenda(any_app, activity, ani):
    an_absence(person=ani, starts_at=at(18, 9), ends_at=at(18, 10))
    line = agendas.AgendaValues(at(18, 8), at(18, 9, 30), "Pembukaan", (ani.id,))
    with pytest.raises(PlanBlocked):
        agendas.set_agenda(activity.id, [line], by=None, now=NOW)
    assert db.session.query(Invitation).count() == 0
    agendas.set_agenda(activity.id, [replace(line, ends_at=at(18, 9))], by=None, now=NOW)  # away only after the turn


def test_cadres_and_offices_are_refused_where_the_office_says_so(any_app, activity, ani, police):
    set_severities(invitee_absent=Severity.BLOCK)
    an_absence(person=ani, starts_at=at(18, 9), ends_at=at(18, 10))
    an_absence(organisation=police, starts_at=at(18, 9), ends_at=at(18, 10))
    with pytest.raises(PlanBlocked):
        inviting.invite_cadres([activity.id], [CadreKind.PATBM], ["18.72.01.1003"], by=None, now=NOW)
    with pytest.raises(PlanBlocked):
        inviting.invite_organisations([activity.id], {police.id: 2}, by=None, now=NOW)
    assert db.session.query(Invitation).count() == 0


def test_the_programmes_days_and_the_deadline_follow_the_offices_rules(any_app, activity, programme, hall):
    late = {"respond_by_at": at(18, 9)}
    with pytest.raises(OutsideProgramme):
        planning.create_activity(values(22), programme_id=programme.id, by=None, now=NOW)
    with pytest.raises(DeadlineAfterStart):
        planning.edit_activity(activity.id, values(18, hall, **late), activity.version, by=None, now=NOW)
    set_severities(outside_programme=Severity.WARN, deadline_after_start=Severity.IGNORE)
    assert planning.create_activity(values(22), programme_id=programme.id, by=None, now=NOW).id
    planning.edit_activity(activity.id, values(18, hall, **late), activity.version, by=None, now=NOW)
    shorter = ProgrammeValues(programme.title, date(2027, 1, 19), date(2027, 1, 21), JAKARTA)
    assert programmes.edit(programme.id, shorter, programme.version, by=None, now=NOW).starts_on == date(2027, 1, 19)


def test_another_activitys_clash_does_not_block(any_app, activity, programme, hall, closed):
    set_severities(venue_absent=Severity.WARN)
    draft_activity(programme, hall, 19)
    set_severities()
    edited = planning.edit_activity(activity.id, values(18, hall, title="Lain"), activity.version, by=None, now=NOW)
    assert edited.title == "Lain"


def test_activities_for_each_kelurahan_can_be_created_at_one_time(any_app, office):
    set_severities(same_kecamatan=Severity.BLOCK)
    both = ["18.72.01.1001", "18.72.01.1003"]
    community = values(18, kind=ActivityKind.OUTREACH, title="Sosialisasi")
    made = community_activities.create(community, both, by=None, now=NOW)
    assert len(made) == 2
    with pytest.raises(PlanBlocked) as refused:
        planning.create_activity(replace(community, region_code=both[0]), by=None, now=NOW)
    assert refused.value.clash.kind is ClashKind.SAME_KECAMATAN


def test_a_programme_is_not_copied_to_days_on_which_its_venue_is_unavailable(any_app, activity, hall, closed):
    with pytest.raises(PlanBlocked) as refused:
        copying.copy_programme(activity.programme_id, date(2027, 1, 19), "Lagi", by=None, now=NOW)
    assert refused.value.clash.kind is ClashKind.VENUE_ABSENT
    assert db.session.query(Activity).count() == 1
    assert copying.copy_programme(activity.programme_id, date(2027, 1, 25), "Lagi", by=None, now=NOW).activities


def test_an_office_gets_at_most_the_venues_seats(any_app, activity, hall, police):
    set_severities(venue_too_small=Severity.BLOCK)
    inviting.invite_organisations([activity.id], {police.id: 2}, by=None, now=NOW)
    invitation = db.session.query(Invitation).one()
    hall.capacity = 10
    db.session.commit()
    assert inviting.set_quota(invitation.id, 10, by=None, now=NOW).quota == 10
    with pytest.raises(PlanBlocked):
        inviting.set_quota(invitation.id, 11, by=None, now=NOW)


def test_an_activity_that_ends_at_midnight_does_not_touch_the_next_day(programme):
    check_within(programme, at(18, 20), at(22, 0))
    with pytest.raises(OutsideProgramme):
        check_within(programme, at(18, 20), at(22, 0, 1))

"""Creating and editing programmes and activities: what is stored, and what is refused without any change."""

from dataclasses import replace
from datetime import date

import pytest
import sqlalchemy as sa

from outreach.domain.activities.values import ActivityValues
from outreach.domain.kinds import ActivityKind, Role
from outreach.domain.states import ActivityState, InvitationState
from outreach.extensions import db
from outreach.models import Activity, AgendaItem, AuditEntry, Invitation, Programme, Venue
from outreach.services import locking
from outreach.services.activities import agenda as agendas
from outreach.services.activities import checks
from outreach.services.activities import community as community_activities
from outreach.services.activities import delete as deleting
from outreach.services.activities import edit as planning
from outreach.services.activities import publish as publishing
from outreach.services.activities.agenda import AgendaValues
from outreach.services.invitations import invite as inviting
from outreach.services.planning import book
from outreach.services.planning import checks as planning_checks
from outreach.services.programmes import copy as copying
from outreach.services.programmes import edit as programmes
from outreach.services.programmes.edit import ProgrammeValues
from tests.world import JAKARTA, NOW, at, count, draft_activity

pytestmark = pytest.mark.usefixtures("any_app")

FOUR_DAYS = ProgrammeValues(
    "Empat hari", date(2027, 1, 18), date(2027, 1, 21), JAKARTA, public_title="Rangkaian Januari"
)
RAKOR = ActivityValues(ActivityKind.COORDINATION, "Rapat koordinasi", at(18, 8), at(18, 12), JAKARTA)


def test_a_programme_is_created_together_with_its_activities(coordinator, hall):
    made = programmes.create(
        FOUR_DAYS, [replace(RAKOR, venue_id=hall.id), replace(RAKOR, starts_at=at(19), ends_at=at(19, 12))],
        by=coordinator, now=NOW,
    )  # fmt: skip
    assert [(activity.title, activity.starts_at, activity.state) for activity in made.activities] == [
        ("Rapat koordinasi", at(18), ActivityState.DRAFT),
        ("Rapat koordinasi", at(19), ActivityState.DRAFT),
    ]
    assert made.activities[0].respond_by_at == at(15, 16)


def test_one_bad_activity_prevents_the_whole_programme(coordinator):
    with pytest.raises(planning_checks.OutsideProgramme):
        programmes.create(
            FOUR_DAYS, [RAKOR, replace(RAKOR, starts_at=at(22), ends_at=at(22, 12))], by=coordinator, now=NOW
        )
    assert count(Programme) == 0


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"title": "  "}, checks.TitleMissing),
        ({"ends_at": at(18, 8)}, checks.EndBeforeStart),
        ({"ends_at": at(18, 12, year=2127)}, checks.LastsTooLong),
        ({"respond_by_at": at(18, 8, 1)}, planning_checks.DeadlineAfterStart),
        ({"registration_at": at(18, 8, 1)}, checks.RegistrationAfterStart),
        ({"capacity": 0}, checks.CapacityNotPositive),
        ({"venue_id": 999}, book.VenueGone),
    ],
)
def test_bad_values_are_refused_and_nothing_is_created(office, change, problem):
    with pytest.raises(problem):
        planning.create_activity(replace(RAKOR, **change), by=None, now=NOW)
    assert count(Activity) == 0


def test_the_largest_allowed_values_are_accepted(office):
    made = planning.create_activity(
        replace(RAKOR, ends_at=at(18, 8, 1), respond_by_at=at(18, 8), registration_at=at(18, 8), capacity=1),
        by=None, now=NOW,
    )  # fmt: skip
    assert made.capacity == 1


def test_a_draft_edited_to_another_day_takes_its_agenda_along(activity, coordinator):
    line = AgendaValues(at(18, 9), at(18, 10), "Materi")
    agendas.set_agenda(activity.id, [line], by=coordinator, now=NOW)
    values = replace(RAKOR, venue_id=activity.venue_id, starts_at=at(19, 9), ends_at=at(19, 13))
    edited = planning.edit_activity(activity.id, values, activity.version, by=coordinator, now=NOW)
    assert [(item.starts_at, item.ends_at) for item in edited.agenda] == [(at(19, 10), at(19, 11))]
    assert edited.registration_at == RAKOR.registration_at  # as the form has it, not shifted


def test_a_hall_is_booked_only_once_at_a_time_and_the_refusal_says_who_has_it(hall, coordinator):
    planning.create_activity(replace(RAKOR, venue_id=hall.id), by=coordinator, now=NOW)
    with pytest.raises(book.VenueTaken) as refused:
        planning.create_activity(
            replace(RAKOR, venue_id=hall.id, starts_at=at(18, 11, 59), ends_at=at(18, 14)), by=None, now=NOW
        )
    assert (refused.value.values["by"], refused.value.values["until"]) == ("Coordinator", at(18, 12))
    planning.create_activity(
        replace(RAKOR, venue_id=hall.id, starts_at=at(18, 12), ends_at=at(18, 14)), by=None, now=NOW
    )
    assert count(Activity) == 2


def test_a_draft_is_edited_freely_and_a_published_activity_only_moved(activity, coordinator):
    values = replace(RAKOR, venue_id=activity.venue_id, starts_at=at(19), ends_at=at(19, 12))
    edited = planning.edit_activity(activity.id, values, activity.version, by=coordinator, now=NOW)
    assert edited.starts_at == at(19)
    publishing.publish([activity.id], by=coordinator, now=NOW)
    with pytest.raises(planning.NeedsMove):
        planning.edit_activity(
            activity.id, replace(values, ends_at=at(19, 13)), activity.version, by=coordinator, now=NOW
        )
    renamed = planning.edit_activity(
        activity.id, replace(values, title="Rakor"), activity.version, by=coordinator, now=NOW
    )
    assert (renamed.title, renamed.ends_at, renamed.sequence) == ("Rakor", at(19, 12), 0)


def test_the_audit_log_names_only_real_differences_whatever_the_zone_of_the_instants(activity, coordinator):
    assert activity.starts_at.tzinfo is not JAKARTA  # as read from the database
    values = replace(
        RAKOR, public_title=activity.public_title, registration_at=at(18, 7, 30), venue_id=activity.venue_id,
        respond_by_at=at(16, 16),
    )  # fmt: skip
    planning.edit_activity(activity.id, values, activity.version, by=coordinator, now=NOW)
    entry = db.session.scalars(sa.select(AuditEntry).filter_by(action="activity.edited")).one()
    assert entry.detail == {"changed": {"title": ["Rapat koordinasi pencegahan kekerasan", "Rapat koordinasi"]}}


def test_the_second_to_save_is_refused(activity, coordinator):
    seen = activity.version
    values = replace(RAKOR, venue_id=activity.venue_id)
    planning.edit_activity(activity.id, values, seen, by=coordinator, now=NOW)
    with pytest.raises(locking.Stale):
        planning.edit_activity(activity.id, replace(values, title="Lain"), seen, by=coordinator, now=NOW)
    assert db.session.get_one(Activity, activity.id).title == "Rapat koordinasi"


def test_speakers_on_the_agenda_become_invitees(activity, chief):
    agendas.set_agenda(
        activity.id, [AgendaValues(at(18, 9), at(18, 10), "Pencegahan dan pelaporan", (chief.id,))], by=None, now=NOW
    )
    invitation = db.session.scalars(sa.select(Invitation)).one()
    assert (invitation.person_id, invitation.role, invitation.state) == (
        chief.id,
        Role.SPEAKER,
        InvitationState.PREPARED,
    )


@pytest.mark.parametrize(
    ("item", "problem"),
    [
        (AgendaValues(at(18, 9), at(18, 10), " "), agendas.TopicMissing),
        (AgendaValues(at(18, 9), at(18, 9), "Materi"), checks.EndBeforeStart),
        (AgendaValues(at(18, 7, 29), at(18, 9), "Materi"), agendas.AgendaOutside),
        (AgendaValues(at(18, 11), at(18, 12, 1), "Materi"), agendas.AgendaOutside),
    ],
)
def test_a_bad_agenda_is_refused_as_a_whole(activity, item, problem):
    good = AgendaValues(at(18, 7, 30), at(18, 12), "Registrasi")
    agendas.set_agenda(activity.id, [good], by=None, now=NOW)
    with pytest.raises(problem):
        agendas.set_agenda(activity.id, [good, item], by=None, now=NOW)
    assert count(AgendaItem) == 1


def test_each_kelurahan_gets_its_activity_at_its_own_hall(office, coordinator):
    made = community_activities.create(
        replace(RAKOR, kind=ActivityKind.OUTREACH, title="Sosialisasi Kelurahan"),
        ["18.72.01.1003", "18.72.04.1001"],
        by=coordinator,
        now=NOW,
    )
    assert [(activity.title, activity.venue.name, activity.region_code) for activity in made] == [
        ("Sosialisasi Kelurahan Imopuro", "Balai Kelurahan Imopuro", "18.72.01.1003"),
        ("Sosialisasi Kelurahan Yosodadi", "Balai Kelurahan Yosodadi", "18.72.04.1001"),
    ]
    with pytest.raises(community_activities.NoKelurahan):
        community_activities.create(RAKOR, [], by=coordinator, now=NOW)


def test_only_a_draft_can_be_deleted(activity, ani):
    inviting.invite_people([activity.id], [ani.id], Role.CADRE, by=None, now=NOW)
    deleting.delete_draft(activity.id, by=None, now=NOW)
    assert (count(Activity), count(Invitation)) == (0, 0)


def test_a_published_activity_is_not_deleted(activity):
    publishing.publish([activity.id], by=None, now=NOW)
    with pytest.raises(deleting.NotADraft):
        deleting.delete_draft(activity.id, by=None, now=NOW)


def test_copying_last_years_programme_keeps_days_times_invitees_and_no_answers(
    programme, hall, ani, chief, coordinator
):
    for day in (18, 20):
        activity = draft_activity(programme, hall, day)
        inviting.invite_people([activity.id], [ani.id], Role.CADRE, by=None, now=NOW)
    agendas.set_agenda(activity.id, [AgendaValues(at(20, 9), at(20, 10), "Materi", (chief.id,))], by=None, now=NOW)
    copy = copying.copy_programme(programme.id, date(2028, 1, 17), "Empat hari 2028", by=coordinator, now=NOW)
    assert [(activity.starts_at, activity.venue_id) for activity in copy.activities] == [
        (at(17, 8, year=2028), hall.id),
        (at(19, 8, year=2028), hall.id),
    ]
    assert [activity.topic for activity in copy.activities[1].agenda] == ["Materi"]
    copied = db.session.scalars(
        sa.select(Invitation.state).where(Invitation.activity_id == copy.activities[1].id)
    ).all()
    assert copied == [InvitationState.PREPARED] * 2
    assert count(Venue) == 1

"""Saving an agenda: speakers and moderator follow it, no input is lost, and one save never undoes another."""

from dataclasses import replace

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.activities.values import ActivityValues
from outreach.domain.kinds import MailKind, Role
from outreach.domain.states import ActivityState, InvitationState
from outreach.extensions import db
from outreach.models import AgendaItem, Invitation, Reminder
from outreach.services import locking, venues
from outreach.services.activities import agenda as agendas
from outreach.services.activities import delete as deleting
from outreach.services.activities import edit as planning
from outreach.services.activities import publish as publishing
from outreach.services.activities.agenda import AgendaValues
from outreach.services.programmes import edit as programmes
from tests.world import NOW, at, mark_as_invited

OPENING = AgendaValues(at(18, 8), at(18, 9), "Pembukaan")


def invitations(role: Role) -> dict[str, InvitationState]:
    found = db.session.scalars(sa.select(Invitation).where(Invitation.role == role))
    return {invitation.invitee.display_name: invitation.state for invitation in found}


def withdrawals() -> int:
    return db.session.scalar(
        sa.select(sa.func.count()).select_from(Reminder).where(Reminder.kind == MailKind.WITHDRAWAL)
    )


def test_the_second_to_save_an_agenda_is_refused_and_the_first_save_stays(activity):
    seen = activity.version
    agendas.set_agenda(activity.id, [OPENING], version=seen, by=None, now=NOW)
    with pytest.raises(locking.Stale):
        agendas.set_agenda(activity.id, [], version=seen, by=None, now=NOW)
    assert [item.topic for item in db.session.scalars(sa.select(AgendaItem))] == ["Pembukaan"]


def test_overlapping_lines_are_saved_only_after_confirmation(activity):
    talk = AgendaValues(at(18, 8, 59), at(18, 10), "Materi 1")
    with pytest.raises(agendas.AgendaOverlaps):
        agendas.set_agenda(activity.id, [talk, OPENING], overlaps=False, by=None, now=NOW)
    assert (
        agendas.set_agenda(activity.id, [talk, OPENING], overlaps=True, by=None, now=NOW).agenda[1].topic == "Materi 1"
    )
    after = AgendaValues(at(18, 9), at(18, 10), "Materi 1")
    assert len(agendas.set_agenda(activity.id, [after, OPENING], overlaps=False, by=None, now=NOW).agenda) == 2


def test_a_speaker_removed_from_the_agenda_stays_invited_unless_withdrawn(activity, chief):
    talk = AgendaValues(at(18, 9), at(18, 10), "Materi", (chief.id,))
    agendas.set_agenda(activity.id, [talk], by=None, now=NOW)
    agendas.set_agenda(activity.id, [OPENING], by=None, now=NOW)
    assert invitations(Role.SPEAKER) == {"Kapolres Metro": InvitationState.PREPARED}
    agendas.set_agenda(activity.id, [talk], by=None, now=NOW)
    publishing.publish([activity.id], by=None, now=NOW)
    mark_as_invited(Invitation.activity_id == activity.id)
    agendas.set_agenda(activity.id, [OPENING], withdraw_removed=True, by=None, now=NOW)
    assert invitations(Role.SPEAKER) == {"Kapolres Metro": InvitationState.WITHDRAWN}
    assert withdrawals() == 1


def test_a_new_moderator_replaces_the_first_in_the_same_transaction(activity, ani, budi):
    agendas.set_agenda(activity.id, [OPENING], moderator_id=ani.id, by=None, now=NOW)
    commits = []

    def committed(session):
        commits.append(session)

    sa.event.listen(Session, "after_commit", committed)
    agendas.set_agenda(activity.id, [OPENING], moderator_id=budi.id, by=None, now=NOW)
    sa.event.remove(Session, "after_commit", committed)
    assert len(commits) == 1
    db.session.expire_all()
    assert invitations(Role.MODERATOR) == {
        "Ani Wijaya": InvitationState.WITHDRAWN,
        "Budi Santoso": InvitationState.PREPARED,
    }
    agendas.set_agenda(activity.id, [OPENING], by=None, now=NOW)
    assert invitations(Role.MODERATOR)["Budi Santoso"] is InvitationState.PREPARED


def waiting_for_a_seat(activity, ani, budi) -> None:
    publishing.publish([activity.id], by=None, now=NOW)
    db.session.add(Invitation(activity=activity, person=ani, role=Role.CADRE, state=InvitationState.COMING))
    db.session.add(
        Invitation(activity=activity, person=budi, role=Role.CADRE, state=InvitationState.WAITLISTED, waitlisted_at=NOW)
    )
    db.session.commit()


def test_a_seat_added_to_the_activity_goes_to_the_waiting_list(activity, ani, budi):
    activity.capacity = 1
    waiting_for_a_seat(activity, ani, budi)
    values = {name: getattr(activity, name) for name in ActivityValues.__dataclass_fields__}
    planning.edit_activity(activity.id, ActivityValues(**{**values, "capacity": 2}), activity.version, by=None, now=NOW)
    assert invitations(Role.CADRE)["Budi Santoso"] is InvitationState.COMING


def test_a_seat_added_to_the_hall_goes_to_the_waiting_list(activity, hall, ani, budi):
    hall.capacity = 1
    waiting_for_a_seat(activity, ani, budi)
    venues.edit(hall.id, replace(venues.values_of(hall), capacity=2), by=None, now=NOW)
    assert invitations(Role.CADRE)["Budi Santoso"] is InvitationState.COMING


def test_a_programme_of_drafts_is_deleted_with_them_but_not_once_people_were_notified(activity, ani, chief):
    talk = AgendaValues(at(18, 9), at(18, 10), "Materi", (chief.id,))
    agendas.set_agenda(activity.id, [talk], moderator_id=ani.id, by=None, now=NOW)
    publishing.publish([activity.id], by=None, now=NOW)
    programme = activity.programme
    with pytest.raises(deleting.NotOnlyDrafts):
        deleting.delete_programme(programme.id, by=None, now=NOW)
    activity.state = ActivityState.DRAFT
    db.session.commit()
    deleting.delete_programme(programme.id, by=None, now=NOW)
    assert [
        db.session.scalar(sa.select(sa.func.count()).select_from(model)) for model in (type(programme), type(activity))
    ] == [0, 0]


def test_the_second_to_save_a_programme_is_refused(programme):
    values = {name: getattr(programme, name) for name in programmes.ProgrammeValues.__dataclass_fields__}
    seen = programme.version
    programmes.edit(
        programme.id, programmes.ProgrammeValues(**{**values, "title": "Empat hari"}), seen, by=None, now=NOW
    )
    with pytest.raises(locking.Stale):
        programmes.edit(programme.id, programmes.ProgrammeValues(**values), seen, by=None, now=NOW)
    assert programme.title == "Empat hari"

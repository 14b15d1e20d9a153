"""The audit log names who pressed a button and about what, also on pages whose changes other subjects store."""

from datetime import datetime

import pytest
import sqlalchemy as sa

from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.models import AuditEntry
from outreach.services.timetabling import launch, searches
from tests.world import NOW, at, invitation_of, invite_organisation, publish
from tests.world.timetabling import a_request, three_at_once

pytestmark = pytest.mark.usefixtures("clock_stands")


def entries() -> list[tuple[str, int | None, str]]:
    """What was pressed, by which account, about what; the newest is the last."""
    db.session.rollback()
    found = sa.select(AuditEntry.action, AuditEntry.user_id, AuditEntry.subject_name).order_by(AuditEntry.id)
    return [tuple(entry) for entry in db.session.execute(found)]


def test_starting_and_stopping_a_placement(coordinator_client, coordinator, monkeypatch):
    monkeypatch.setattr(launch, "launch", lambda _id: None)
    search = searches.create(a_request(three_at_once()), title="Minggu ketiga", by=None, now=NOW)
    for button in ("start", "stop"):
        coordinator_client.post(f"/placements/{search.id}/{button}")
    assert entries()[-2:] == [
        ("placement.started", coordinator.id, "Minggu ketiga"), ("placement.stopped", coordinator.id, "Minggu ketiga")
    ]  # fmt: skip


def test_sending_reminders_to_an_organisation_again(coordinator_client, coordinator, police):
    police.reminders_stopped_at = NOW
    db.session.commit()
    coordinator_client.post(f"/organisations/{police.id}/reminders/resume")
    assert entries() == [("organisation.reminders_resumed", coordinator.id, "Polres Metro")]


def test_recording_what_an_organisation_said_on_the_phone(coordinator_client, coordinator, activity, police):
    invite_organisation(activity, police, seats=2)
    publish(activity)
    before = len(entries())
    said = {"source": "phone", "outcome": "not_coming", "about": [invitation_of(activity, police).id]}
    coordinator_client.post(f"/to-call/organisation/{police.id}", data=said)
    assert set(entries()[before:]) == {
        ("invitation.answer_recorded", coordinator.id, "Polres Metro"),
        ("organisation.called", coordinator.id, "Polres Metro"),
    }
    [detail] = db.session.scalars(sa.select(AuditEntry.detail).where(AuditEntry.action == "invitation.answer_recorded"))
    assert (detail["source"], detail["state"][1]) == ("phone", InvitationState.NOT_COMING.value)


def test_taking_a_draft_back_in_the_calendar(coordinator_client, coordinator, activity):
    moved = {"on": "2027-01-20", "begins": "13:00", "ends": "16:00", "zone": "Asia/Jakarta", "version": activity.version,
             "venue_id": activity.venue_id}  # fmt: skip
    coordinator_client.post(f"/calendar/{activity.id}/move", data=moved)
    coordinator_client.post("/calendar/undo")
    assert [entry[:2] for entry in entries()] == [("activity.edited", coordinator.id)] * 2
    assert {entry[2] for entry in entries()} == {activity.title}
    detail = db.session.scalars(sa.select(AuditEntry.detail).order_by(AuditEntry.id.desc())).first()
    assert [datetime.fromisoformat(moment) for moment in detail["changed"]["starts_at"]] == [at(20, 13), at(18, 8)]

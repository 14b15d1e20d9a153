"""Moving an activity to another time or venue from the calendar: the preview, the move, and undoing it."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from outreach.domain.activities.values import Move
from outreach.domain.kinds import MailKind, Role
from outreach.domain.planning.rules import ClashKind
from outreach.domain.states import ActivityState, InvitationState
from outreach.extensions import db
from outreach.models import Activity, AgendaItem, AuditEntry, Invitation, Reminder, Venue
from outreach.services.activities import move as moves
from outreach.services.activities import publish as publishing
from outreach.services.activities.checks import CannotEdit, EndBeforeStart
from outreach.services.activities.move import NothingMoved
from outreach.services.activities.publish import InThePast, ReasonMissing
from outreach.services.locking import Stale
from outreach.services.planning.book import SpeakerTaken
from outreach.services.planning.checks import OutsideProgramme
from tests.world import NOW, at, draft_activity


def to(activity: Activity, starts_at: datetime, hours: float = 4, venue_id: int | None = -1) -> Move:
    venue_id = activity.venue_id if venue_id == -1 else venue_id
    return moves.move_to(activity, starts_at, starts_at + timedelta(hours=hours), venue_id, now=NOW)


def shift(activity: Activity, move: Move, reason: str = "", by=None) -> moves.Moved:
    return moves.move(activity.id, move, reason, activity.version, by=by, now=NOW)


def times(activity: Activity) -> tuple[datetime | None, ...]:
    db.session.refresh(activity)
    return activity.starts_at, activity.ends_at, activity.registration_at, activity.respond_by_at


def mails() -> int:
    return (
        db.session.scalar(sa.select(sa.func.count()).select_from(Reminder).where(Reminder.kind == MailKind.CHANGE)) or 0
    )


def kinds(previewed: moves.MovePreview) -> list[ClashKind]:
    return [clash.kind for clash in previewed.found.clashes]


def test_a_draft_moves_with_its_agenda_and_its_deadline(any_app, activity, coordinator):
    db.session.add(AgendaItem(activity_id=activity.id, starts_at=at(18, 9), ends_at=at(18, 10), topic="Alur rujukan"))
    db.session.commit()
    done = shift(activity, to(activity, at(19, 9)), by=coordinator)
    assert times(activity) == (at(19, 9), at(19, 13), at(19, 8, 30), at(17, 16))
    assert [(item.starts_at, item.ends_at) for item in activity.agenda] == [(at(19, 10), at(19, 11))]
    assert (done.version, mails()) == (activity.version, 0)
    entry = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "activity.edited")).one()
    assert set(entry.detail["changed"]) == {"starts_at", "ends_at", "registration_at", "respond_by_at"}


def test_a_longer_activity_keeps_its_deadline(any_app, activity):
    shift(activity, to(activity, at(18, 8), hours=6))
    assert times(activity) == (at(18, 8), at(18, 14), at(18, 7, 30), at(16, 16))


def test_a_deadline_that_would_have_passed_is_reset_to_the_default(any_app, activity):
    move = to(activity, at(5, 8))  # tomorrow; two days before it has already passed
    assert move.respond_by_at is None


def test_moving_a_published_activity_sends_its_mails(any_app, published, coordinator):
    previewed = moves.preview(published, to(published, at(19, 9)), published.version, now=NOW)
    assert (previewed.needs_reason, previewed.blocked) == (True, False)
    assert [row.kind for row in previewed.forecast.rows][0] is MailKind.CHANGE
    with pytest.raises(ReasonMissing):
        shift(published, to(published, at(19, 9)), " ", by=coordinator)
    assert mails() == 0
    done = shift(published, to(published, at(19, 9)), "Aula dipakai", by=coordinator)
    assert times(published)[:2] == (at(19, 9), at(19, 13))
    assert (mails(), published.sequence, done.back.starts_at) == (1, 1, at(18, 8))


def test_undoing_a_move_restores_everything_exactly(any_app, activity, coordinator):
    before = times(activity)
    done = shift(activity, to(activity, at(20, 13)), by=coordinator)
    assert times(activity) != before
    moves.move(activity.id, done.back, "", done.version, by=coordinator, now=NOW)
    assert times(activity) == before


def test_a_move_cannot_be_undone_after_somebody_changed_the_activity(any_app, activity, coordinator):
    done = shift(activity, to(activity, at(20, 13)), by=coordinator)
    activity.title = "Judul baru"
    db.session.commit()
    with pytest.raises(Stale):
        moves.move(activity.id, done.back, "", done.version, by=coordinator, now=NOW)


def test_a_clash_is_shown_in_the_preview_and_refused_on_moving(any_app, programme, hall, activity, coordinator):
    other_activity = draft_activity(programme, hall, 19, title="Pelatihan", coordinator_id=coordinator.id)
    previewed = moves.preview(activity, to(activity, at(19, 10)), activity.version, now=NOW)
    assert (kinds(previewed)[:1], previewed.blocked) == ([ClashKind.VENUE_TAKEN], True)
    assert previewed.found.clashes[0].other(activity.id).id == other_activity.id
    before = times(activity)
    with pytest.raises(Exception) as raised:
        shift(activity, to(activity, at(19, 10)))
    assert type(raised.value).__name__ in ("VenueTaken", "PlanBlocked")
    assert times(activity) == before
    shift(activity, to(activity, at(19, 12)))  # next to it is free


def test_a_published_activity_is_refused_what_the_office_blocks(any_app, published, coordinator):
    before = times(published)
    with pytest.raises(OutsideProgramme):
        shift(published, to(published, at(25, 8)), "Aula dipakai", by=coordinator)  # outside its programme's days
    assert (times(published), mails()) == (before, 0)


def test_a_warning_is_shown_and_does_not_refuse_the_move(any_app, hall):
    alone = draft_activity(None, hall, 22)
    previewed = moves.preview(alone, to(alone, at(23, 8)), alone.version, now=NOW)  # a Saturday
    assert (ClashKind.WEEKEND in kinds(previewed), previewed.blocked) == (True, False)
    shift(alone, to(alone, at(23, 8)))
    assert times(alone)[0] == at(23, 8)


def test_a_move_to_another_venue_changes_the_venue(any_app, activity):
    other_venue = Venue(name="Wisma Haji", capacity=200)
    db.session.add(other_venue)
    db.session.commit()
    shift(activity, to(activity, at(18, 8), venue_id=other_venue.id))
    assert times(activity)[0] == at(18, 8)
    assert activity.venue_id == other_venue.id


@pytest.mark.parametrize(
    ("move", "problem"),
    [
        (lambda activity: to(activity, at(18, 8)), NothingMoved),
        (lambda activity: to(activity, at(19, 8), hours=-1), EndBeforeStart),
    ],
)
def test_invalid_moves_are_refused(app, activity, move, problem):
    with pytest.raises(problem):
        moves.preview(activity, move(activity), activity.version, now=NOW)
    with pytest.raises(problem):
        shift(activity, move(activity))


def test_only_drafts_may_be_moved_into_the_past(app, hall):
    told, draft = draft_activity(None, hall, 20), draft_activity(None, hall, 22)
    publishing.publish([told.id], by=None, now=NOW)
    for moved in (
        moves.preview,
        lambda *request, now: moves.move(request[0].id, request[1], "x", request[2], by=None, now=now),
    ):
        with pytest.raises(InThePast):
            moved(told, to(told, at(3, 8)), told.version, now=NOW)
    previewed = moves.preview(draft, to(draft, at(3, 8)), draft.version, now=NOW)
    assert (kinds(previewed), previewed.blocked) == ([ClashKind.IN_THE_PAST], False)
    shift(draft, to(draft, at(3, 8)))
    assert times(draft)[0] == at(3, 8)


@pytest.mark.parametrize("state", [ActivityState.HELD, ActivityState.CANCELLED])
def test_a_past_activity_cannot_be_moved(app, activity, state):
    activity.state = state
    db.session.commit()
    with pytest.raises(CannotEdit):
        shift(activity, to(activity, at(19, 8)))


def test_an_older_version_is_stale(any_app, activity):
    with pytest.raises(Stale):
        moves.move(activity.id, to(activity, at(19, 8)), "", activity.version - 1, by=None, now=NOW)


def test_the_preview_stores_nothing(any_app, published, ani):
    before = times(published)
    moves.preview(published, to(published, at(20, 9)), published.version, now=NOW)
    db.session.commit()
    assert (times(published), mails()) == (before, 0)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Activity)) == 1
    assert {invitation.state for invitation in db.session.scalars(sa.select(Invitation))} == {InvitationState.PREPARED}


def test_a_draft_moves_to_another_hall_even_if_its_speaker_is_elsewhere_then(any_app, activity, programme, ani):
    """The speaker's clash existed before, and another hall neither causes nor solves it."""
    draft_activity(programme, None, 18)
    other_hall = Venue(name="Aula PKK")
    db.session.add_all(
        [
            other_hall,
            *(
                Invitation(activity_id=stored.id, person_id=ani.id, role=Role.SPEAKER)
                for stored in db.session.query(Activity)
            ),
        ]
    )
    db.session.commit()
    shift(activity, to(activity, at(18, 8), venue_id=other_hall.id))
    assert db.session.get_one(Activity, activity.id).venue_id == other_hall.id
    with pytest.raises(SpeakerTaken):
        shift(activity, to(activity, at(18, 9)))

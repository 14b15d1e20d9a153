"""Booking halls and speakers: refused where the office blocks it, and never refused by an invitee's own answer."""

from dataclasses import replace

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from outreach.domain.activity import ActivityValues, Move
from outreach.domain.answers import Choice
from outreach.domain.kinds import AnswerSource, Role
from outreach.domain.planning.rules import ClashKind, Severity
from outreach.domain.states import ActivityState, InvitationState
from outreach.extensions import db
from outreach.models import Activity, Invitation, SpeakerBooking, Venue
from outreach.services import attendance
from outreach.services.activities import agenda as agendas
from outreach.services.activities import delete as deleting
from outreach.services.activities import edit as planning
from outreach.services.activities import move as moves
from outreach.services.activities import publish as publishing
from outreach.services.answers import answer as answering
from outreach.services.answers import record as recording
from outreach.services.invitations import invite as inviting
from outreach.services.invitations import withdraw as withdrawing
from outreach.services.planning.book import SpeakerTaken, VenueTaken, book
from outreach.services.planning.checks import PlanBlocked
from outreach.services.privacy import person as privacy
from outreach.services.reminders import tick as reminding
from outreach.transactions import writing
from tests.services.planning.booking_help import PEOPLE_TWICE, UNBOOKED, bookings_now, counted_by
from tests.world import JAKARTA, NOW, a_person, answer, at, draft_activity, move, set_severity

pytestmark = pytest.mark.usefixtures("any_app")


@pytest.fixture
def siti(office):
    """A speaker."""
    return a_person("Siti Rahmawati", title_before="Dr.")


@pytest.fixture
def two(office):
    """Two drafts on one morning; the second is an hour later and in another hall."""
    halls = [Venue(name="Aula Bappeda"), Venue(name="Aula Kemenag")]
    activity = draft_activity(None, halls[0], title="Rakor")
    other_activity = draft_activity(None, halls[1], title="Sosialisasi", starts_at=at(18, 9), ends_at=at(18, 13))
    return activity, other_activity


def invite_as(person, *activities, role=Role.SPEAKER):
    inviting.invite_people([activity.id for activity in activities], [person.id], role, by=None, now=NOW)


def with_booked_venue() -> list[int]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Activity.id).where(Activity.holds_venue).order_by(Activity.id)))


def test_a_speaker_booked_elsewhere_is_refused_with_the_activity_place_and_end(siti, two, coordinator):
    one, other = two
    one.coordinator = coordinator
    db.session.commit()
    invite_as(siti, one)
    with pytest.raises(SpeakerTaken) as refused:
        invite_as(siti, other, role=Role.MODERATOR)
    assert refused.value.values == {
        "person": "Dr. Siti Rahmawati", "title": "Rakor", "until": at(18, 12), "by": "Coordinator",
    }  # fmt: skip
    assert bookings_now() == [(one.id, siti.id)]
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Invitation)) == 1


def test_overlapping_bookings_in_one_request_are_refused_and_consecutive_ones_accepted(siti, two):
    one, other = two
    with pytest.raises(SpeakerTaken):
        invite_as(siti, one, other)
    other.starts_at = at(18, 12)
    db.session.commit()
    invite_as(siti, one, other)
    assert bookings_now() == [(one.id, siti.id), (other.id, siti.id)]


def test_a_participant_is_not_booked(siti, two):
    one, other = two
    invite_as(siti, one)
    with (
        writing() as session
    ):  # for example as an office's nominee; planning/clashes.py handles what the plan says of that
        session.add(Invitation(activity_id=other.id, person_id=siti.id, role=Role.PARTICIPANT))
    assert bookings_now() == [(one.id, siti.id)]


@pytest.mark.parametrize("ending", ["not_coming", "represented", "withdrawn", "cancelled", "deleted", "erased", "held"])
def test_a_speaker_is_released(siti, two, ending):
    one, other = two
    invite_as(siti, one)
    if ending != "deleted":
        publishing.publish([one.id], by=None, now=NOW)
    match ending:
        case "not_coming":
            answer(one, siti, Choice.NOT_COMING)
        case "represented":
            invitation_id = db.session.scalar(sa.select(Invitation.id))
            by = answering.Representative("Rudi Hartono")
            recording.record_answer(invitation_id, Choice.REPRESENTED, AnswerSource.PHONE, by, by=None, now=NOW)
        case "withdrawn":
            withdrawing.withdraw(db.session.scalar(sa.select(Invitation.id)), by=None, now=NOW)
        case "cancelled":
            publishing.cancel(one.id, "alasan", by=None, now=NOW)
        case "deleted":
            deleting.delete_draft(one.id, by=None, now=NOW)
        case "erased":
            privacy.erase(siti.id, by=None, now=NOW)
        case "held":
            reminding.tick(at(19))
    assert bookings_now() == []
    if ending not in ("erased", "held"):
        invite_as(siti, other)
        assert bookings_now() == [(other.id, siti.id)]


def test_an_answer_is_never_refused_and_books_as_soon_as_possible(siti, two):
    one, other = two
    invite_as(siti, one)
    publishing.publish([one.id], by=None, now=NOW)
    answer(one, siti, Choice.NOT_COMING)
    invite_as(siti, other)
    answer(one, siti, Choice.COMING)
    assert db.session.scalar(sa.select(Invitation.state).where(Invitation.activity_id == one.id)) == "coming"
    assert bookings_now() == [(other.id, siti.id)]
    assert (counted_by(PEOPLE_TWICE), counted_by(UNBOOKED)) == (1, 1)
    deleting.delete_draft(other.id, by=None, now=NOW)
    assert bookings_now() == [(one.id, siti.id)]


def test_a_move_checks_the_speakers_only_if_the_time_changes(siti, two):
    one, other = two
    other.starts_at, other.ends_at = at(19, 8), at(19, 12)
    db.session.commit()
    invite_as(siti, one, other)
    publishing.publish([one.id, other.id], by=None, now=NOW)
    with pytest.raises(SpeakerTaken) as refused:
        move(other, at(18, 11), at(18, 15))
    assert (refused.value.values["title"], refused.value.values["until"]) == ("Rakor", at(18, 12))
    present, to = db.session.get(Activity, other.id), Move(at(18, 11), at(18, 15), JAKARTA, other.venue_id)
    previewed = moves.preview(present, to, present.version, now=NOW)
    assert (type(previewed.refused), previewed.blocked) == (SpeakerTaken, True)
    db.session.rollback()
    move(other, at(18, 12), at(18, 15))
    assert db.session.scalars(sa.select(SpeakerBooking.starts_at).order_by(SpeakerBooking.starts_at)).all() == [
        at(18, 8), at(18, 12),
    ]  # fmt: skip


def test_another_hall_is_accepted_though_a_speaker_clashes_anyway(siti, two):
    one, other = two
    set_severity(ClashKind.SPEAKER_TWICE, Severity.WARN)
    invite_as(siti, one, other)
    publishing.publish([one.id, other.id], by=None, now=NOW)
    set_severity(ClashKind.SPEAKER_TWICE, Severity.BLOCK)
    hall = Venue(name="Gedung Wanita")
    db.session.add(hall)
    db.session.commit()
    move(one, at(18, 8), at(18, 12), venue_id=hall.id)
    assert db.session.get(Activity, one.id).venue_id == hall.id


@pytest.mark.parametrize("severity", [Severity.WARN, Severity.IGNORE])
def test_if_the_office_only_warns_both_are_stored_and_the_second_books_nothing(siti, two, severity):
    one, other = two
    set_severity(ClashKind.VENUE_TAKEN, severity)
    set_severity(ClashKind.SPEAKER_TWICE, severity)
    values = ActivityValues(one.kind, "Rapat", at(18, 11), at(18, 14), JAKARTA, venue_id=one.venue_id)
    third = planning.create_activity(values, by=None, now=NOW)
    invite_as(siti, one, third)
    assert with_booked_venue() == [one.id, other.id]
    assert bookings_now() == [(one.id, siti.id)]
    set_severity(ClashKind.VENUE_TAKEN, Severity.BLOCK)
    set_severity(ClashKind.SPEAKER_TWICE, Severity.BLOCK)
    assert with_booked_venue() == [one.id, other.id]
    with pytest.raises((VenueTaken, SpeakerTaken)):
        publishing.publish([third.id], by=None, now=NOW)
    assert db.session.get(Activity, third.id).state is ActivityState.DRAFT
    deleting.delete_draft(one.id, by=None, now=NOW)
    assert with_booked_venue() == [other.id, third.id]
    assert bookings_now() == [(third.id, siti.id)]


def test_everything_possible_is_booked_again_when_the_office_blocks_again(siti, two):
    one, other = two
    invite_as(siti, one)
    db.session.execute(sa.update(Activity).values(holds_venue=False))
    db.session.execute(sa.delete(SpeakerBooking))
    db.session.commit()
    set_severity(ClashKind.VENUE_TAKEN, Severity.WARN)
    assert with_booked_venue() == [one.id, other.id]
    assert bookings_now() == [(one.id, siti.id)]


def test_an_activity_that_leaves_its_hall_lets_the_other_book_it(two):
    one, _other = two
    set_severity(ClashKind.VENUE_TAKEN, Severity.WARN)
    publishing.publish([one.id], by=None, now=NOW)
    values = ActivityValues(one.kind, "Rapat", at(18, 11), at(18, 14), JAKARTA, venue_id=one.venue_id)
    third = planning.create_activity(values, by=None, now=NOW)
    assert third.id not in with_booked_venue()
    move(one, at(25, 8), at(25, 12))
    assert third.id in with_booked_venue()


def test_a_title_can_be_corrected_despite_any_clash(two):
    one, other = two
    set_severity(ClashKind.VENUE_TAKEN, Severity.WARN)
    values = ActivityValues(
        other.kind, "Rapat", other.starts_at, other.ends_at, JAKARTA, venue_id=one.venue_id, respond_by_at=at(16)
    )
    third = planning.create_activity(values, by=None, now=NOW)
    set_severity(ClashKind.VENUE_TAKEN, Severity.BLOCK)
    planning.edit_activity(third.id, replace(values, title="Rapat lanjutan"), third.version, by=None, now=NOW)
    assert db.session.get(Activity, third.id).title == "Rapat lanjutan"


def speak(person, activity, *hours):
    """Put the person on the activity's agenda for these hours: (9, 10) is from 09.00 to 10.00."""
    lines = [agendas.AgendaValues(at(18, since), at(18, until), "Materi", (person.id,)) for since, until in hours]
    agendas.set_agenda(activity.id, lines, by=None, now=NOW)


def booked() -> list[tuple[int, int, int]]:
    """Return which activity has booked somebody for which hours."""
    db.session.rollback()
    rows = db.session.scalars(sa.select(SpeakerBooking).order_by(SpeakerBooking.activity_id, SpeakerBooking.starts_at))
    return [
        (row.activity_id, *(moment.astimezone(JAKARTA).hour for moment in (row.starts_at, row.ends_at))) for row in rows
    ]


def test_a_speaker_is_booked_only_for_the_turns_and_free_between_them(siti, two):
    one, other = two
    speak(siti, one, (8, 9), (11, 12))
    assert booked() == [(one.id, 8, 9), (one.id, 11, 12)]
    speak(siti, other, (9, 11))  # it begins at 9 and ends at 13
    assert booked() == [(one.id, 8, 9), (one.id, 11, 12), (other.id, 9, 11)]
    with pytest.raises(SpeakerTaken) as refused:
        invite_as(siti, draft_activity(None, None, title="Rapat", starts_at=at(18, 10), ends_at=at(18, 11)))
    assert (refused.value.values["title"], refused.value.values["until"]) == ("Sosialisasi", at(18, 11))
    invite_as(siti, draft_activity(None, None, starts_at=at(18, 12), ends_at=at(18, 13)))


def test_a_turn_that_overlaps_another_turn_is_refused_and_nothing_changes(siti, two):
    one, other = two
    speak(siti, one, (9, 10))
    speak(siti, other, (10, 11))
    with pytest.raises((SpeakerTaken, PlanBlocked)):
        speak(siti, other, (9, 11))
    assert booked() == [(one.id, 9, 10), (other.id, 10, 11)]


def test_a_speaker_without_a_turn_or_who_moderates_is_booked_for_the_whole_activity(siti, two):
    one, _other = two
    speak(siti, one, (9, 10))
    speak(siti, one)  # no longer on the agenda, but still invited to speak
    assert booked() == [(one.id, 8, 12)]
    speak(siti, one, (9, 10))
    invite_as(siti, one, role=Role.MODERATOR)
    assert booked() == [(one.id, 8, 12)]


def test_turns_move_with_their_activity_whether_it_is_moved_or_edited(siti, two):
    one, other = two
    speak(siti, one, (9, 10))
    speak(siti, other, (10, 11))
    move(one, at(18, 13), at(18, 17))
    assert booked() == [(one.id, 14, 15), (other.id, 10, 11)]
    values = ActivityValues(one.kind, "Rakor", at(18, 7), at(18, 11), JAKARTA, venue_id=one.venue_id)
    planning.edit_activity(one.id, values, db.session.get(Activity, one.id).version, by=None, now=NOW)
    assert booked() == [(one.id, 8, 9), (other.id, 10, 11)]
    with pytest.raises(SpeakerTaken):
        move(one, at(18, 9), at(18, 13))
    assert booked() == [(one.id, 8, 9), (other.id, 10, 11)]


def place(activities, *times):
    """Give the activities these times in one request."""
    with writing() as session, session.no_autoflush:
        found = [session.get(Activity, activity.id) for activity in activities]
        for one, (starts_at, ends_at) in zip(found, times, strict=True):
            one.starts_at, one.ends_at = starts_at, ends_at
        book(session, found)


def test_two_activities_swap_times_in_one_request(siti, two):
    one, other = two
    rudi = a_person("Rudi Hartono")
    other.starts_at, other.ends_at, other.venue_id = at(18, 13), at(18, 15), one.venue_id
    db.session.commit()
    invite_as(siti, one, other)
    invite_as(rudi, one)
    place(two, (at(18, 12), at(18, 15)), (at(18, 8), at(18, 11)))
    assert with_booked_venue() == [one.id, other.id]
    assert len(bookings_now()) == 3
    assert counted_by(UNBOOKED) == 0
    with pytest.raises(VenueTaken):
        place(two, (at(18, 12), at(18, 15)), (at(18, 8), at(18, 13)))


def test_an_invited_speaker_who_attends_after_all_is_booked_by_the_attendance(siti, two):
    one, _other = two
    invite_as(siti, one)
    publishing.publish([one.id], by=None, now=NOW)
    answer(one, siti, Choice.NOT_COMING)
    attendance.walk_in(one.id, siti.id, source=attendance.AttendanceSource.HAND, by=None, now=at(18, 8))
    assert bookings_now() == [(one.id, siti.id)]
    assert db.session.scalar(sa.select(Invitation.state)) is InvitationState.COMING


@pytest.mark.postgresql
@pytest.mark.parametrize("any_app", ["postgresql"], indirect=True)
def test_postgresql_itself_refuses_two_bookings_at_one_time(siti, two):
    one, other = two
    one_id, other_id, person_id, hall_id = one.id, other.id, siti.id, one.venue_id
    db.session.execute(sa.insert(SpeakerBooking).values(
        activity_id=one_id, person_id=person_id, starts_at=at(18, 8), ends_at=at(18, 12)
    ))  # fmt: skip
    db.session.commit()
    with pytest.raises(IntegrityError, match="ex_speaker_booking_person"):
        db.session.execute(sa.insert(SpeakerBooking).values(
            activity_id=other_id, person_id=person_id, starts_at=at(18, 9), ends_at=at(18, 13)
        ))  # fmt: skip
    db.session.rollback()
    with pytest.raises(IntegrityError, match="ex_activity_venue"):
        db.session.execute(sa.update(Activity).where(Activity.id == other_id).values(venue_id=hall_id))
    db.session.rollback()

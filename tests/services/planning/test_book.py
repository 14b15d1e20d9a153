"""Booking halls and speakers: refused where the office blocks it, and never refused by an invitee's own answer."""

from dataclasses import replace

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from outreach.domain.activities.values import ActivityValues, Move
from outreach.domain.answers import Choice
from outreach.domain.kinds import AnswerSource, Role
from outreach.domain.planning.rules import ClashKind, Severity
from outreach.domain.states import ActivityState, InvitationState
from outreach.extensions import db
from outreach.models import Activity, Invitation, SpeakerBooking, Venue
from outreach.services.activities import agenda as agendas
from outreach.services.activities import delete as deleting
from outreach.services.activities import edit as planning
from outreach.services.activities import move as moves
from outreach.services.activities import publish as publishing
from outreach.services.answers import answer as answering
from outreach.services.answers import record as recording
from outreach.services.door import attendance
from outreach.services.invitations import invite as inviting
from outreach.services.invitations import withdraw as withdrawing
from outreach.services.planning.book import SpeakerTaken, VenueTaken, book
from outreach.services.planning.checks import PlanBlocked
from outreach.services.privacy import person as privacy
from outreach.services.reminders import tick as reminding
from outreach.transactions import writing
from tests.services.planning.booking_help import PEOPLE_TWICE, UNBOOKED, bookings_now, counted_by
from tests.support.copied import copied
from tests.world import JAKARTA, NOW, a_person, answer, at, draft_activity, move, set_severity

pytestmark = pytest.mark.usefixtures("any_app")


@copied
def siti(office):
    """A speaker."""
    return a_person("Siti Rahmawati", title_before="Dr.")


@copied
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
    first, second = two
    first.coordinator = coordinator
    db.session.commit()
    invite_as(siti, first)
    with pytest.raises(SpeakerTaken) as refused:
        invite_as(siti, second, role=Role.MODERATOR)
    assert refused.value.values == {
        "person": "Dr. Siti Rahmawati", "title": "Rakor", "until": at(18, 12), "by": "Coordinator",
    }  # fmt: skip
    assert bookings_now() == [(first.id, siti.id)]
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Invitation)) == 1


def test_overlapping_bookings_in_one_request_are_refused_and_consecutive_ones_accepted(siti, two):
    first, second = two
    with pytest.raises(SpeakerTaken):
        invite_as(siti, first, second)
    second.starts_at = at(18, 12)
    db.session.commit()
    invite_as(siti, first, second)
    assert bookings_now() == [(first.id, siti.id), (second.id, siti.id)]


def test_a_participant_is_not_booked(siti, two):
    first, second = two
    invite_as(siti, first)
    with (
        writing() as session
    ):  # for example as an office's nominee; planning/clashes.py handles what the plan says of that
        session.add(Invitation(activity_id=second.id, person_id=siti.id, role=Role.PARTICIPANT))
    assert bookings_now() == [(first.id, siti.id)]


@pytest.mark.parametrize("ending", ["not_coming", "represented", "withdrawn", "cancelled", "deleted", "erased", "held"])
def test_a_speaker_is_released(siti, two, ending):
    first, second = two
    invite_as(siti, first)
    if ending != "deleted":
        publishing.publish([first.id], by=None, now=NOW)
    match ending:
        case "not_coming":
            answer(first, siti, Choice.NOT_COMING)
        case "represented":
            invitation_id = db.session.scalar(sa.select(Invitation.id))
            by = answering.Representative("Rudi Hartono")
            recording.record_answer(invitation_id, Choice.REPRESENTED, AnswerSource.PHONE, by, by=None, now=NOW)
        case "withdrawn":
            withdrawing.withdraw(db.session.scalar(sa.select(Invitation.id)), by=None, now=NOW)
        case "cancelled":
            publishing.cancel(first.id, "alasan", by=None, now=NOW)
        case "deleted":
            deleting.delete_draft(first.id, by=None, now=NOW)
        case "erased":
            privacy.erase(siti.id, by=None, now=NOW)
        case "held":
            reminding.tick(at(19))
    assert bookings_now() == []
    if ending not in ("erased", "held"):
        invite_as(siti, second)
        assert bookings_now() == [(second.id, siti.id)]


def test_an_answer_is_never_refused_and_books_as_soon_as_possible(siti, two):
    first, second = two
    invite_as(siti, first)
    publishing.publish([first.id], by=None, now=NOW)
    answer(first, siti, Choice.NOT_COMING)
    invite_as(siti, second)
    answer(first, siti, Choice.COMING)
    assert db.session.scalar(sa.select(Invitation.state).where(Invitation.activity_id == first.id)) == "coming"
    assert bookings_now() == [(second.id, siti.id)]
    assert (counted_by(PEOPLE_TWICE), counted_by(UNBOOKED)) == (1, 1)
    deleting.delete_draft(second.id, by=None, now=NOW)
    assert bookings_now() == [(first.id, siti.id)]


def test_a_move_checks_the_speakers_only_if_the_time_changes(siti, two):
    first, second = two
    second.starts_at, second.ends_at = at(19, 8), at(19, 12)
    db.session.commit()
    invite_as(siti, first, second)
    publishing.publish([first.id, second.id], by=None, now=NOW)
    with pytest.raises(SpeakerTaken) as refused:
        move(second, at(18, 11), at(18, 15))
    assert (refused.value.values["title"], refused.value.values["until"]) == ("Rakor", at(18, 12))
    present, to = db.session.get(Activity, second.id), Move(at(18, 11), at(18, 15), JAKARTA, second.venue_id)
    previewed = moves.preview(present, to, present.version, now=NOW)
    assert (type(previewed.refused), previewed.blocked) == (SpeakerTaken, True)
    db.session.rollback()
    move(second, at(18, 12), at(18, 15))
    assert db.session.scalars(sa.select(SpeakerBooking.starts_at).order_by(SpeakerBooking.starts_at)).all() == [
        at(18, 8), at(18, 12),
    ]  # fmt: skip


def test_another_hall_is_accepted_though_a_speaker_clashes_anyway(siti, two):
    first, second = two
    set_severity(ClashKind.SPEAKER_TWICE, Severity.WARN)
    invite_as(siti, first, second)
    publishing.publish([first.id, second.id], by=None, now=NOW)
    set_severity(ClashKind.SPEAKER_TWICE, Severity.BLOCK)
    hall = Venue(name="Gedung Wanita")
    db.session.add(hall)
    db.session.commit()
    move(first, at(18, 8), at(18, 12), venue_id=hall.id)
    assert db.session.get(Activity, first.id).venue_id == hall.id


@pytest.mark.parametrize("severity", [Severity.WARN, Severity.IGNORE])
def test_if_the_office_only_warns_both_are_stored_and_the_second_books_nothing(siti, two, severity):
    first, second = two
    set_severity(ClashKind.VENUE_TAKEN, severity)
    set_severity(ClashKind.SPEAKER_TWICE, severity)
    values = ActivityValues(first.kind, "Rapat", at(18, 11), at(18, 14), JAKARTA, venue_id=first.venue_id)
    third = planning.create_activity(values, by=None, now=NOW)
    invite_as(siti, first, third)
    assert with_booked_venue() == [first.id, second.id]
    assert bookings_now() == [(first.id, siti.id)]
    set_severity(ClashKind.VENUE_TAKEN, Severity.BLOCK)
    set_severity(ClashKind.SPEAKER_TWICE, Severity.BLOCK)
    assert with_booked_venue() == [first.id, second.id]
    with pytest.raises((VenueTaken, SpeakerTaken)):
        publishing.publish([third.id], by=None, now=NOW)
    assert db.session.get(Activity, third.id).state is ActivityState.DRAFT
    deleting.delete_draft(first.id, by=None, now=NOW)
    assert with_booked_venue() == [second.id, third.id]
    assert bookings_now() == [(third.id, siti.id)]


def test_everything_possible_is_booked_again_when_the_office_blocks_again(siti, two):
    first, second = two
    invite_as(siti, first)
    db.session.execute(sa.update(Activity).values(holds_venue=False))
    db.session.execute(sa.delete(SpeakerBooking))
    db.session.commit()
    set_severity(ClashKind.VENUE_TAKEN, Severity.WARN)
    assert with_booked_venue() == [first.id, second.id]
    assert bookings_now() == [(first.id, siti.id)]


def test_an_activity_that_leaves_its_hall_lets_the_other_book_it(two):
    first, _second = two
    set_severity(ClashKind.VENUE_TAKEN, Severity.WARN)
    publishing.publish([first.id], by=None, now=NOW)
    values = ActivityValues(first.kind, "Rapat", at(18, 11), at(18, 14), JAKARTA, venue_id=first.venue_id)
    third = planning.create_activity(values, by=None, now=NOW)
    assert third.id not in with_booked_venue()
    move(first, at(25, 8), at(25, 12))
    assert third.id in with_booked_venue()


def test_a_title_can_be_corrected_despite_any_clash(two):
    first, second = two
    set_severity(ClashKind.VENUE_TAKEN, Severity.WARN)
    values = ActivityValues(
        second.kind, "Rapat", second.starts_at, second.ends_at, JAKARTA, venue_id=first.venue_id, respond_by_at=at(16)
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
    first, second = two
    speak(siti, first, (8, 9), (11, 12))
    assert booked() == [(first.id, 8, 9), (first.id, 11, 12)]
    speak(siti, second, (9, 11))  # it begins at 9 and ends at 13
    assert booked() == [(first.id, 8, 9), (first.id, 11, 12), (second.id, 9, 11)]
    with pytest.raises(SpeakerTaken) as refused:
        invite_as(siti, draft_activity(None, None, title="Rapat", starts_at=at(18, 10), ends_at=at(18, 11)))
    assert (refused.value.values["title"], refused.value.values["until"]) == ("Sosialisasi", at(18, 11))
    invite_as(siti, draft_activity(None, None, starts_at=at(18, 12), ends_at=at(18, 13)))


def test_a_turn_that_overlaps_another_turn_is_refused_and_nothing_changes(siti, two):
    first, second = two
    speak(siti, first, (9, 10))
    speak(siti, second, (10, 11))
    with pytest.raises((SpeakerTaken, PlanBlocked)):
        speak(siti, second, (9, 11))
    assert booked() == [(first.id, 9, 10), (second.id, 10, 11)]


def test_a_speaker_without_a_turn_or_who_moderates_is_booked_for_the_whole_activity(siti, two):
    first, _second = two
    speak(siti, first, (9, 10))
    speak(siti, first)  # no longer on the agenda, but still invited to speak
    assert booked() == [(first.id, 8, 12)]
    speak(siti, first, (9, 10))
    invite_as(siti, first, role=Role.MODERATOR)
    assert booked() == [(first.id, 8, 12)]


def test_turns_move_with_their_activity_whether_it_is_moved_or_edited(siti, two):
    first, second = two
    speak(siti, first, (9, 10))
    speak(siti, second, (10, 11))
    move(first, at(18, 13), at(18, 17))
    assert booked() == [(first.id, 14, 15), (second.id, 10, 11)]
    values = ActivityValues(first.kind, "Rakor", at(18, 7), at(18, 11), JAKARTA, venue_id=first.venue_id)
    planning.edit_activity(first.id, values, db.session.get(Activity, first.id).version, by=None, now=NOW)
    assert booked() == [(first.id, 8, 9), (second.id, 10, 11)]
    with pytest.raises(SpeakerTaken):
        move(first, at(18, 9), at(18, 13))
    assert booked() == [(first.id, 8, 9), (second.id, 10, 11)]


def place(activities, *times):
    """Give the activities these times in one request."""
    with writing() as session, session.no_autoflush:
        found = [session.get(Activity, activity.id) for activity in activities]
        for first, (starts_at, ends_at) in zip(found, times, strict=True):
            first.starts_at, first.ends_at = starts_at, ends_at
        book(session, found)


def test_two_activities_swap_times_in_one_request(siti, two):
    first, second = two
    rudi = a_person("Rudi Hartono")
    second.starts_at, second.ends_at, second.venue_id = at(18, 13), at(18, 15), first.venue_id
    db.session.commit()
    invite_as(siti, first, second)
    invite_as(rudi, first)
    place(two, (at(18, 12), at(18, 15)), (at(18, 8), at(18, 11)))
    assert with_booked_venue() == [first.id, second.id]
    assert len(bookings_now()) == 3
    assert counted_by(UNBOOKED) == 0
    with pytest.raises(VenueTaken):
        place(two, (at(18, 12), at(18, 15)), (at(18, 8), at(18, 13)))


def test_an_invited_speaker_who_attends_after_all_is_booked_by_the_attendance(siti, two):
    first, _second = two
    invite_as(siti, first)
    publishing.publish([first.id], by=None, now=NOW)
    answer(first, siti, Choice.NOT_COMING)
    attendance.walk_in(first.id, siti.id, source=attendance.AttendanceSource.HAND, by=None, now=at(18, 8))
    assert bookings_now() == [(first.id, siti.id)]
    assert db.session.scalar(sa.select(Invitation.state)) is InvitationState.COMING


@pytest.mark.postgresql
@pytest.mark.parametrize("any_app", ["postgresql"], indirect=True)
def test_postgresql_itself_refuses_two_bookings_at_one_time(siti, two):
    first, second = two
    one_id, other_id, person_id, hall_id = first.id, second.id, siti.id, first.venue_id
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

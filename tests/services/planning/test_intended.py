"""Marking a clash as intended: it is no longer found and blocks nothing, until it changes in substance or is taken back."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from outreach.domain.activities.values import Move
from outreach.domain.clashes import find_clashes
from outreach.domain.kinds import Role
from outreach.domain.planning.rules import ClashKind, Severity
from outreach.domain.states import ActivityState
from outreach.extensions import db
from outreach.models import Activity, AuditEntry, IntendedClash, Invitation, Venue
from outreach.services.activities import move as moves
from outreach.services.activities import publish as publishing
from outreach.services.invitations import invite as inviting
from outreach.services.planning import clashes as clashing
from outreach.services.planning import intended
from outreach.services.planning import load as plans
from outreach.services.planning.book import SpeakerTaken, VenueTaken
from outreach.services.privacy import person as privacy
from tests.services.planning.booking_help import bookings_now
from tests.support.copied import copied
from tests.world import JAKARTA, NOW, a_person, at, at_once, draft_activity, set_severity

pytestmark = pytest.mark.usefixtures("any_app")
TWICE = ClashKind.SPEAKER_TWICE


@copied
def two(office):
    """Two drafts at one time in two halls, with one speaker: the office only warned of that, and then began to block it."""
    halls = [Venue(name="Aula Bappeda"), Venue(name="Aula Kemenag")]
    activity = draft_activity(None, halls[0], title="Rakor")
    other_activity = draft_activity(None, halls[1], title="Sosialisasi", starts_at=at(18, 9), ends_at=at(18, 13))
    set_severity(TWICE, Severity.WARN)
    chief = a_person("Heri Wibowo")
    inviting.invite_people([activity.id, other_activity.id], [chief.id], Role.SPEAKER, by=None, now=NOW)
    set_severity(TWICE, Severity.BLOCK)
    return activity, other_activity


def found(kind=TWICE):
    db.session.rollback()
    return [clash for clash in clashing.everything(now=NOW).clashes if clash.kind is kind]


def mark(kind=TWICE, reason="Beliau membuka keduanya"):
    (clash,) = found(kind)
    return intended.mark(clash.ids, clash.substance, reason, by=None, now=NOW)


def test_a_clash_marked_as_intended_is_no_longer_found_and_is_recorded(two, coordinator):
    (clash,) = found()
    intended.mark(clash.ids, clash.substance, " Beliau membuka keduanya ", by=coordinator, now=NOW)
    assert found() == []
    assert [found_clash for found_clash in find_clashes(plans.load(now=NOW)) if found_clash.kind is TWICE] == []
    stored = db.session.scalars(sa.select(IntendedClash)).one()
    assert (stored.reason, stored.by.name, stored.created_at) == ("Beliau membuka keduanya", "Coordinator", NOW)
    log = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "activity.clash_intended")).all()
    assert [(entry.subject_name, entry.detail["reason"]) for entry in log] == [
        ("Rakor", "Beliau membuka keduanya"), ("Sosialisasi", "Beliau membuka keduanya"),
    ]  # fmt: skip


def test_a_blocking_clash_no_longer_hinders_publishing_once_it_is_intended(two):
    first_id, second_id = (activity.id for activity in two)
    with pytest.raises(SpeakerTaken):
        publishing.publish([first_id, second_id], by=None, now=NOW)
    mark()
    publishing.publish([first_id], by=None, now=NOW)
    publishing.publish([second_id], by=None, now=NOW)
    states = db.session.scalars(sa.select(Activity.state).where(Activity.id.in_([first_id, second_id]))).all()
    assert states == [ActivityState.PUBLISHED] * 2
    assert len(bookings_now()) == 1  # only one of the two can book the speaker


def test_a_shared_hall_can_be_intended_too(two):
    first, second = two
    set_severity(ClashKind.VENUE_TAKEN, Severity.WARN)
    moves.move(second.id, replace(moves.as_it_is(second), venue_id=first.venue_id), "", None, by=None, now=NOW)
    set_severity(ClashKind.VENUE_TAKEN, Severity.BLOCK)
    mark()
    with pytest.raises(VenueTaken):
        publishing.publish([second.id], by=None, now=NOW)
    mark(ClashKind.VENUE_TAKEN, "Aula dibagi dua")
    publishing.publish([second.id], by=None, now=NOW)
    assert db.session.get(Activity, second.id).state is ActivityState.PUBLISHED


def test_an_intended_clash_is_found_again_after_the_mark_is_taken_back(two):
    mark()
    id = db.session.scalar(sa.select(IntendedClash.id))
    intended.take_back(id, by=None, now=NOW)
    assert len(found()) == 1
    stored = db.session.get(IntendedClash, id)
    assert (stored.taken_back_at, stored.reason) == (NOW, "Beliau membuka keduanya")
    actions = db.session.scalars(sa.select(AuditEntry.action).where(AuditEntry.action.startswith("activity.clash")))
    assert sorted(actions) == ["activity.clash_intended"] * 2 + ["activity.clash_not_intended"] * 2
    with pytest.raises(intended.IntentionMissing):
        intended.take_back(id, by=None, now=NOW)
    mark()
    assert found() == []


def test_an_intended_clash_is_found_again_only_if_it_changes_in_substance(two):
    first, second = two
    mark()
    db.session.get(Activity, second.id).title = "Sosialisasi PPA"
    db.session.commit()
    assert found() == []
    set_severity(TWICE, Severity.WARN)  # otherwise the changed clash is refused as a new one
    moves.move(second.id, Move(at(18, 10), at(18, 13), JAKARTA, second.venue_id), "", None, by=None, now=NOW)
    assert len(found()) == 1
    moves.move(second.id, Move(at(18, 9), at(18, 13), JAKARTA, second.venue_id), "", None, by=None, now=NOW)
    assert found() == []


def test_a_moved_activity_with_an_intended_clash_is_checked_like_any_other(two):
    _one, second = two
    mark()
    with pytest.raises(SpeakerTaken):
        moves.move(second.id, Move(at(18, 10), at(18, 13), JAKARTA, second.venue_id), "", None, by=None, now=NOW)


def test_an_intended_too_small_hall_is_found_again_when_more_people_are_expected(office):
    hall = Venue(name="Aula kecil", capacity=1)
    rapat = draft_activity(None, hall, title="Rapat")

    def invite(name):
        db.session.add(Invitation(activity_id=rapat.id, person_id=a_person(name).id, role=Role.PARTICIPANT))
        db.session.commit()

    for name in ("Ani", "Budi"):
        invite(name)
    mark(ClashKind.VENUE_TOO_SMALL, "Sebagian berdiri")
    assert found(ClashKind.VENUE_TOO_SMALL) == []
    invite("Citra")
    assert len(found(ClashKind.VENUE_TOO_SMALL)) == 1


def test_short_notice_stays_intended_as_the_days_go_by(office):
    draft_activity(None, None, starts_at=at(8, 9), ends_at=at(8, 11), respond_by_at=at(7))
    mark(ClashKind.SHORT_NOTICE, "Undangan lisan sudah")
    later = NOW + timedelta(days=1)
    assert [clash for clash in clashing.everything(now=later).clashes if clash.kind is ClashKind.SHORT_NOTICE] == []


def test_a_clash_that_has_changed_meanwhile_is_not_marked(two):
    (clash,) = found()
    _one, other = two
    set_severity(TWICE, Severity.WARN)
    moves.move(other.id, Move(at(18, 11), at(18, 13), JAKARTA, other.venue_id), "", None, by=None, now=NOW)
    with pytest.raises(intended.ClashGone):
        intended.mark(clash.ids, clash.substance, "Sengaja", by=None, now=NOW)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(IntendedClash)) == 0


def test_erasing_a_person_erases_the_marks_about_them_and_their_reasons(two):
    mark(reason="Heri membuka keduanya")
    person_id = db.session.scalar(sa.select(IntendedClash.person_id))
    assert privacy.export(person_id, by=None, now=NOW)["clashes_intended"][0]["reason"] == "Heri membuka keduanya"
    privacy.erase(person_id, by=None, now=NOW)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(IntendedClash)) == 0
    details = db.session.scalars(sa.select(AuditEntry.detail).where(AuditEntry.action.startswith("activity.clash")))
    assert list(details) == [{}, {}]


def test_two_presses_at_the_same_moment_make_one_mark(any_app, two):
    (clash,) = found()
    for _round in range(5):
        outcomes = at_once(any_app, [lambda: intended.mark(clash.ids, clash.substance, "Ya", by=None, now=NOW)] * 3)
        assert sorted(outcomes) == ["ClashGone", "ClashGone", "done"]
        db.session.rollback()
        standing = sa.select(IntendedClash.id).where(IntendedClash.taken_back_at.is_(None))
        (mark,) = db.session.scalars(standing).all()
        intended.take_back(mark, by=None, now=NOW)
        assert len(found()) == 1

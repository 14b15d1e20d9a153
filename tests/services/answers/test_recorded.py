"""Answers that staff record: the evidence that is kept with them, and undoing them within a day."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from outreach.delivery import tokens
from outreach.domain.answers import Choice, Representative
from outreach.domain.calls import CallOutcome
from outreach.domain.kinds import AnswerSource, Audience, Role
from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.models import AnswerEvidence, AuditEntry, Invitation, RecordedBefore, StoredFile
from outreach.services import files
from outreach.services.answers import acting, evidence
from outreach.services.answers import answer as answering
from outreach.services.answers import before as kept_answers
from outreach.services.answers import record as recording
from outreach.services.answers import undo as undoing
from outreach.services.answers.evidence import EvidenceNotTaken
from outreach.services.answers.nominees import Nominee
from outreach.services.answers.record import NotRecordable
from outreach.services.answers.undo import AnsweredSince, NothingRecorded
from outreach.services.calls import record as calls
from outreach.services.calls.callee import CalleeKey
from outreach.services.files import UploadTooLarge
from outreach.services.invitations import invite as inviting
from outreach.services.invitations import withdraw as withdrawing
from outreach.services.privacy import person as privacy
from outreach.services.reminders import audiences
from tests.support.copied import copied
from tests.world import NOW, at, at_once, count, draft_activity, invitation_of, invite, publish, token_of
from tests.world import uploads as made

pytestmark = pytest.mark.usefixtures("any_app", "default_rules")


@copied
def asked(activity, ani) -> int:
    """The id of Ani's invitation to the published activity."""
    invite(activity, ani)
    publish(activity)
    return invitation_of(activity, ani).id


def photo(name="surat.jpg"):
    return evidence.check(made.jpeg(), name)


def record(invitation_id, choice=Choice.NOT_COMING, representative=None, *, by=None, now, shown_by=None):
    return recording.record_answer(
        invitation_id, choice, AnswerSource.LETTER, representative, "per surat", by=by, now=now, shown_by=shown_by
    )


def stands(invitation_id) -> tuple[str, str, str]:
    db.session.rollback()
    one = db.session.get_one(Invitation, invitation_id)
    return one.state.value, one.representative_name, one.answer_source.value if one.answer_source else ""


def shown(invitation_id) -> list[str]:
    db.session.rollback()
    of_it = sa.select(StoredFile.name).join(AnswerEvidence, AnswerEvidence.file_id == StoredFile.id)
    return list(db.session.scalars(of_it.where(AnswerEvidence.invitation_id == invitation_id)))


def test_evidence_is_kept_with_the_answer_and_named_in_the_log(asked, coordinator):
    record(asked, by=coordinator, now=at(5), shown_by=photo())
    file = db.session.scalars(sa.select(StoredFile)).one()
    assert (file.name, file.media_type, file.uploaded_by_id) == ("surat.jpg", "image/jpeg", coordinator.id)
    assert made.GPS not in file.data
    logged = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "invitation.answer_recorded")).one()
    assert logged.detail["sha256"] == file.sha256


@pytest.mark.parametrize("data", [b"<script>", made.office(), b"", b"%PDF-1.7 without an end"])
def test_only_photos_and_pdfs_are_evidence(data):
    with capture_logs() as logged, pytest.raises(EvidenceNotTaken):
        evidence.check(data, "surat.pdf")
    assert [(one["event"], one["bytes"]) for one in logged] == [("file refused", len(data))]


def test_a_file_that_is_too_large_is_refused(monkeypatch):
    monkeypatch.setattr(files, "MOST_BYTES", 10)
    with pytest.raises(UploadTooLarge):
        evidence.check(made.PDF, "surat.pdf")


def test_a_refused_answer_leaves_no_file(asked, activity):
    withdrawing.withdraw(asked, by=None, now=at(4))
    with pytest.raises(NotRecordable):
        record(asked, now=at(5), shown_by=photo())
    assert (count(StoredFile), count(AnswerEvidence)) == (0, 0)


def test_one_call_about_two_days_keeps_one_file_for_both(programme, hall, ani, coordinator):
    days = [draft_activity(programme, hall, day) for day in (18, 19)]
    invite(days, ani)
    publish(*days)
    ids = [invitation_of(day, ani).id for day in days]
    result = calls.CallResult(CallOutcome.NOT_COMING, ids, shown_by=photo())
    calls.record(CalleeKey("person", ani.id), result, by=coordinator, now=at(5))
    assert ([shown(id_) for id_ in ids], count(StoredFile)) == ([["surat.jpg"]] * 2, 1)
    undoing.undo_recorded(ids[0], by=coordinator, now=at(5, 10))
    assert ([shown(id_) for id_ in ids], count(StoredFile)) == ([[], ["surat.jpg"]], 1)
    undoing.undo_recorded(ids[1], by=coordinator, now=at(5, 10))
    assert (count(StoredFile), [stands(id_)[0] for id_ in ids]) == (0, ["invited"] * 2)


def test_undoing_puts_back_what_the_invitee_had_answered(asked, activity, ani, coordinator):
    answering.answer(token_of(ani), activity.id, Choice.REPRESENTED, Representative("Rina"), now=at(4))
    record(asked, by=coordinator, now=at(5), shown_by=photo())
    assert stands(asked) == ("not_coming", "", "letter")
    undoing.undo_recorded(asked, by=coordinator, now=at(5, 12))
    assert stands(asked) == ("represented", "Rina", "link")
    logged = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "invitation.recorded_undone")).one()
    assert (logged.user_id, logged.detail["state"]) == (coordinator.id, ["not_coming", "represented"])
    assert (count(AnswerEvidence), count(StoredFile), count(RecordedBefore)) == (0, 0, 0)
    with pytest.raises(NothingRecorded):
        undoing.undo_recorded(asked, by=coordinator, now=at(5, 13))


def test_who_gets_reminders_again_after_undoing_is_who_has_not_answered(asked, activity):
    def unanswered() -> list[int]:
        db.session.rollback()
        of_it = sa.and_(Invitation.activity_id == activity.id, audiences.belongs(Audience.UNANSWERED))
        return list(db.session.scalars(sa.select(Invitation.id).where(of_it)))

    record(asked, now=at(5))
    assert unanswered() == []
    undoing.undo_recorded(asked, by=None, now=at(5, 10))
    assert unanswered() == [asked]


def test_what_the_invitee_answered_since_is_not_undone(asked, activity, ani):
    record(asked, now=at(5))
    answering.answer(token_of(ani), activity.id, Choice.COMING, now=at(5, 10))
    with pytest.raises(AnsweredSince):
        undoing.undo_recorded(asked, by=None, now=at(5, 11))
    assert stands(asked) == ("coming", "", "link")
    assert not undoing.undoable(db.session(), db.session.get_one(Invitation, asked), now=at(5, 11))


def test_a_representative_who_has_said_that_they_come_is_not_undone(asked, activity):
    record(asked, Choice.REPRESENTED, Representative("Rina", email="rina@example.com"), now=at(5))
    one = db.session.get_one(Invitation, asked)
    acting.answer(tokens.acting_token(one.acting.nonce), activity.id, Choice.COMING, now=at(5, 10))
    with pytest.raises(AnsweredSince):
        undoing.undo_recorded(asked, by=None, now=at(5, 11))
    assert stands(asked) == ("represented", "Rina", "letter")


def test_it_can_be_undone_for_a_day_even_after_the_deadline(asked):
    record(asked, now=at(17))
    with pytest.raises(NothingRecorded):
        undoing.undo_recorded(asked, by=None, now=at(17) + kept_answers.OFFERED_FOR)
    undoing.undo_recorded(asked, by=None, now=at(17) + kept_answers.OFFERED_FOR - timedelta(seconds=1))
    assert stands(asked) == ("invited", "", "")


def test_a_double_tap_can_still_be_undone_to_what_was_before(asked, activity, ani):
    answering.answer(token_of(ani), activity.id, Choice.COMING, now=at(4))
    for minute in (1, 2):
        record(asked, now=at(5, 9, minute))
    undoing.undo_recorded(asked, by=None, now=at(5, 10))
    assert stands(asked) == ("coming", "", "link")


def test_undone_twice_at_the_same_moment_one_restores_and_the_other_says_why_not(any_app, asked):
    for round_ in range(3):
        record(asked, now=at(5, 9, round_))
        actions = [lambda: undoing.undo_recorded(asked, by=None, now=at(5, 10))] * 2
        assert sorted(at_once(any_app, actions)) == ["NothingRecorded", "done"]
        assert stands(asked)[0] == "invited"


def test_all_roles_are_undone_from_the_page_of_any(activity, ani):
    invite(activity, ani, role=Role.SPEAKER)
    invite(activity, ani, role=Role.MODERATOR)
    publish(activity)
    ids = list(db.session.scalars(sa.select(Invitation.id).order_by(Invitation.id)))
    record(ids[0], now=at(5), shown_by=photo())
    undoing.undo_recorded(ids[1], by=None, now=at(5, 9))
    assert ([stands(id_)[0] for id_ in ids], count(StoredFile)) == (["invited"] * 2, 0)


def test_a_seat_that_went_on_meanwhile_stays_with_who_has_it(programme, hall, ani, budi):
    activity = draft_activity(programme, hall, capacity=1)
    invite(activity, ani, budi)
    publish(activity)
    answering.answer(token_of(ani), activity.id, Choice.COMING, now=at(5))
    answering.answer(token_of(budi), activity.id, Choice.COMING, now=at(6))
    record(invitation_of(activity, ani).id, now=at(7))
    undoing.undo_recorded(invitation_of(activity, ani).id, by=None, now=at(7, 12))
    states = [stands(invitation_of(activity, who).id)[0] for who in (ani, budi)]
    assert states == ["waitlisted", "coming"]


def test_an_offices_list_that_staff_wrote_down_is_undone(activity, police, coordinator):
    inviting.invite_organisations([activity.id], {police.id: 2}, by=None, now=NOW)
    publish(activity)
    mine = db.session.scalars(sa.select(Invitation.id).where(Invitation.organisation_id == police.id)).one()
    recording.nominate_for(mine, [Nominee("Rina"), Nominee("Dedi")], by=coordinator, now=at(5))
    recording.nominate_for(mine, [Nominee("Joko")], by=coordinator, now=at(6), shown_by=photo("daftar.jpg"))
    assert shown(mine) == ["daftar.jpg"]
    undoing.undo_recorded(mine, by=coordinator, now=at(6, 12))
    sent = sa.select(Invitation).where(
        Invitation.nominated_under_id == mine, Invitation.state != InvitationState.WITHDRAWN
    )
    db.session.rollback()
    assert sorted(one.person.name for one in db.session.scalars(sent)) == ["Dedi", "Rina"]
    assert (shown(mine), count(StoredFile)) == ([], 0)


def test_evidence_is_exported_and_erased_with_its_person_and_what_was_replaced_is_forgotten(
    activity, asked, ani, budi, coordinator
):
    record(asked, by=coordinator, now=at(5), shown_by=photo())
    (held,) = privacy.export(ani.id, by=coordinator, now=at(5))["answers_shown_by"]
    assert (held["activity"], held["file"]) == (activity.title, "surat.jpg")
    privacy.erase(budi.id, by=coordinator, now=at(5))
    assert (count(StoredFile), count(RecordedBefore)) == (1, 0)
    privacy.erase(ani.id, by=coordinator, now=at(5))
    assert (count(StoredFile), count(AnswerEvidence)) == (0, 0)


def test_what_was_replaced_is_forgotten_after_a_day(asked):
    record(asked, now=at(5))
    assert (kept_answers.delete_old(at(6, 7, 59)), kept_answers.delete_old(at(6, 8))) == (0, 1)


def test_a_letter_that_names_a_representative_is_erased_with_them(asked, budi, coordinator):
    named = Representative(budi.name, phone=budi.phone, email=budi.email)
    record(asked, Choice.REPRESENTED, named, now=at(5), shown_by=photo())
    privacy.erase(budi.id, by=coordinator, now=at(5))
    assert count(StoredFile) == 0

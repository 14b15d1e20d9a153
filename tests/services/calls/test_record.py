"""What came of a call: the answers, the rest, the question and the wrong number; one row for each try, never changed."""

from datetime import timedelta

import pytest

from outreach.domain.answers import Representative, RepresentativeUnnamed
from outreach.domain.calls import CallOutcome
from outreach.domain.kinds import AnswerSource
from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.models import AuditEntry, Call, CallQuestion, WrongNumber
from outreach.queries.calls import figures, lists, questions
from outreach.queries.calls.figures import Reached
from outreach.queries.calls.lists import CallScope
from outreach.services.calls import claim, numbers
from outreach.services.calls import record as recording
from outreach.services.calls.callee import CalleeKey
from outreach.services.calls.record import CallResult
from tests.support.copied import copied
from tests.world import NOW, at, draft_activity, invitation_of, invite, invite_organisation, publish, rows_of

COMING, INVITED = InvitationState.COMING, InvitationState.INVITED


@copied
def days(activity, programme, hall, ani, budi, police, coordinator):
    """Ani is invited to two days, Budi and the police to the first."""
    other_activity = draft_activity(programme, hall, 19, title="Hari kedua", public_title="Hari kedua")
    invite([activity, other_activity], ani, by=coordinator)
    invite(activity, budi, by=coordinator)
    invite_organisation(activity, police, by=coordinator)
    publish(activity, other_activity, by=coordinator)
    return activity, other_activity


def key(person):
    return CalleeKey("person", person.id)


def ids(days, person):
    return [invitation_of(day, person).id for day in days]


def record(person, outcome, about, by, now=NOW, **values):
    return recording.record(key(person), CallResult(outcome, about, **values), by=by, now=now)


def test_an_answer_counts_for_the_ticked_activities_only(any_app, days, ani, coordinator):
    first, second = ids(days, ani)
    record(ani, CallOutcome.COMING, [first], coordinator, note="Datang pukul 09.00")
    answered = invitation_of(days[0], ani)
    assert [invitation_of(day, ani).state for day in days] == [COMING, INVITED]
    assert (answered.answer_note, answered.answer_source, answered.answer_recorded_by_id) == (
        "Datang pukul 09.00", AnswerSource.PHONE, coordinator.id,
    )  # fmt: skip
    [call] = rows_of(Call)
    assert (call.outcome, [i.id for i in call.about], call.note) == (CallOutcome.COMING, [first], "Datang pukul 09.00")
    record(ani, CallOutcome.NOT_COMING, [second], coordinator)
    assert [call.outcome for call in rows_of(Call)] == [CallOutcome.COMING, CallOutcome.NOT_COMING]


def test_the_call_began_when_the_caller_was_given_the_person(any_app, days, ani, coordinator):
    claim.take(key(ani), by=coordinator, now=NOW)
    later = NOW + timedelta(minutes=4)
    call = record(ani, CallOutcome.NO_ANSWER, ids(days, ani), coordinator, later)
    assert (call.started_at, call.ended_at) == (NOW, later)
    assert lists.held_by(coordinator.id, now=later) is None


def test_an_answer_keeps_the_claim_because_more_may_be_asked(any_app, days, ani, coordinator):
    claim.take(key(ani), by=coordinator, now=NOW)
    record(ani, CallOutcome.COMING, ids(days, ani)[:1], coordinator)
    assert lists.held_by(coordinator.id, now=NOW) == key(ani)


def test_a_representative_is_recorded_with_the_call(any_app, days, budi, coordinator):
    siti = Representative("Siti Aminah", "Ketua PKK")
    record(budi, CallOutcome.REPRESENTED, ids(days[:1], budi), coordinator, representative=siti)
    found = invitation_of(days[0], budi)
    assert (found.state, found.representative_name) == (InvitationState.REPRESENTED, "Siti Aminah")


def test_who_does_not_pick_up_rests_for_the_hours_that_are_set_and_into_the_offices_hours(
    any_app, office, days, ani, coordinator
):
    office.mails_from, office.mails_until = at(4, 7).time(), at(4, 16).time()
    db.session.commit()
    record(ani, CallOutcome.NO_ANSWER, ids(days, ani), coordinator, at(4, 9))
    assert lists.one("person", ani.id, CallScope(), now=at(4, 9)).rests_at(at(4, 9)) == at(4, 12)
    record(ani, CallOutcome.NO_ANSWER, ids(days, ani), coordinator, at(4, 14))
    assert lists.one("person", ani.id, CallScope(), now=at(4, 14)).rests_at(at(4, 14)) == at(5, 7)


@pytest.mark.parametrize(
    ("outcome", "values", "problem"),
    [
        (CallOutcome.COMING, {"about": []}, recording.NoActivityTicked),
        (CallOutcome.REPRESENTED, {"representative": Representative("")}, RepresentativeUnnamed),
        (CallOutcome.AGAIN, {}, recording.AgainWhen),
        (CallOutcome.AGAIN, {"again_at": NOW}, recording.AgainWhen),
        (CallOutcome.AGAIN, {"again_at": NOW + timedelta(days=61)}, recording.AgainWhen),
        (CallOutcome.QUESTION, {"note": "  "}, recording.QuestionMissing),
    ],
)
def test_a_result_without_what_it_needs_is_refused_and_nothing_is_stored(
    any_app, days, ani, coordinator, outcome, values, problem
):
    values = {"about": ids(days, ani), **values}
    with pytest.raises(problem):
        record(ani, outcome, by=coordinator, **values)
    assert rows_of(Call) == []


def test_a_wrong_number_without_a_number_is_refused(any_app, days, ani, coordinator):
    ani.phone = ""
    db.session.commit()
    with pytest.raises(recording.NoNumber):
        record(ani, CallOutcome.WRONG_NUMBER, ids(days, ani), coordinator)


def test_a_wrong_number_is_marked_until_it_is_corrected_or_allowed_again(any_app, days, ani, budi, coordinator):
    budi.phone = "+6281299990000"
    db.session.commit()
    record(budi, CallOutcome.WRONG_NUMBER, ids(days[:1], budi), coordinator)
    record(budi, CallOutcome.WRONG_NUMBER, ids(days[:1], budi), coordinator)
    wrong = lambda person: lists.one("person", person.id, CallScope(), now=NOW).wrong_number  # noqa: E731
    assert (wrong(budi), wrong(ani)) == (True, False)
    assert [row.number for row in rows_of(WrongNumber)] == ["+6281299990000"]
    numbers.allow_again("+6281299990000", by=coordinator, now=NOW)
    assert wrong(budi) is False


def test_a_question_waits_for_the_coordinator(any_app, days, ani, coordinator):
    call = record(ani, CallOutcome.QUESTION, ids(days, ani), coordinator, note="Boleh membawa anak?")
    assert [(one.id, one.note) for one in questions.waiting()] == [(call.id, "Boleh membawa anak?")]
    assert [row.settled_at for row in rows_of(CallQuestion)] == [None]


def test_opened_whatsapp_is_logged_as_just_that(any_app, days, ani, coordinator):
    recording.whatsapp_opened(key(ani), ids(days, ani), by=coordinator, now=NOW)
    one = lists.one("person", ani.id, CallScope(), now=NOW)
    assert [call.outcome for call in rows_of(Call)] == [CallOutcome.WHATSAPP_OPENED]
    assert (one.last, one.rests_at(NOW), len(one.asked)) == (None, None, 2)
    assert figures.reached(CallScope(), now=NOW) == Reached(0, 3)


def test_an_organisation_sends_nobody(any_app, days, police, coordinator):
    about = [invitation_of(days[0], police).id]
    callee = CalleeKey("organisation", police.id)
    recording.record(callee, CallResult(CallOutcome.NOT_COMING, about), by=coordinator, now=NOW)
    assert invitation_of(days[0], police).state is InvitationState.NOT_COMING


def test_the_goal_counts_who_answered_or_spoke_with_a_caller(any_app, days, ani, budi, coordinator):
    assert figures.reached(CallScope(), now=NOW) == Reached(0, 3)
    record(budi, CallOutcome.NO_ANSWER, ids(days[:1], budi), coordinator)
    assert figures.reached(CallScope(), now=NOW) == Reached(0, 3)
    record(budi, CallOutcome.AGAIN, ids(days[:1], budi), coordinator, again_at=NOW + timedelta(hours=1))
    record(ani, CallOutcome.COMING, ids(days, ani)[1:], coordinator)
    assert figures.reached(CallScope(), now=NOW) == Reached(2, 3)
    assert figures.reached(CallScope(activity_id=days[0].id), now=NOW) == Reached(1, 3)
    [caller] = figures.by_caller(CallScope(), now=NOW)
    assert (caller.name, caller.calls, caller.spoke, caller.answers, caller.no_answer) == ("Coordinator", 3, 2, 1, 1)
    assert [(one.title, one.reached, one.calls) for one in figures.by_activity(CallScope(), now=NOW)] == [
        (days[0].title, Reached(1, 3), 2),
        ("Hari kedua", Reached(1, 1), 1),
    ]
    assert [call.outcome for call in figures.log(CallScope(), now=NOW)] == [
        CallOutcome.NO_ANSWER, CallOutcome.AGAIN, CallOutcome.COMING,
    ]  # fmt: skip


def test_each_call_is_in_the_audit_log_without_what_was_said(any_app, days, ani, coordinator):
    record(ani, CallOutcome.QUESTION, ids(days, ani), coordinator, note="Boleh membawa anak?")
    [entry] = [row for row in rows_of(AuditEntry) if row.action == "person.called"]
    assert (entry.user_id, entry.subject_name, entry.detail) == (coordinator.id, "Ani Wijaya", {"outcome": "question"})

"""Feedback is one answer of a link, and nothing that is stored tells whose it is."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest
from flask import current_app

from outreach.delivery import tokens
from outreach.domain.answers import Choice, Representative
from outreach.domain.feedback import (
    FeedbackAnswer,
    FeedbackClosed,
    FeedbackGivenAlready,
    FeedbackIncomplete,
    RemarkTooLong,
    WasNotThere,
)
from outreach.extensions import current_settings, db
from outreach.models import AuditEntry, FeedbackGiven, FeedbackRemark, FeedbackTally, Link, SealedFeedback
from outreach.queries import feedback as feedback_pages
from outreach.services.feedback import give as giving
from outreach.services.feedback import questions, seal
from outreach.services.feedback.questions import QuestionTexts
from tests.support.copied import copied
from tests.world import NOW, all_rows, answer, at, count, fresh, invitation_of, invite, publish, rows_of, token_of
from tests.world import feedback as world
from tests.world.feedback import DAY_AFTER, people, say, was_there, were_there

pytestmark = pytest.mark.usefixtures("any_app")


@copied
def came(activity, office):
    """Twelve people who were there."""
    found = people(12)
    were_there(activity, *found)
    return found


def counts(activity):
    return [one.counts for one in feedback_pages.result(activity.id).questions]


def test_five_answers_make_a_result_and_four_make_none(activity, came):
    for person in came[:4]:
        say(activity, person, (5, 4, 3), f"dari {person.name}")
    assert feedback_pages.result(activity.id).number == 0
    assert feedback_pages.summary(activity.id) == (0, 0.0)
    say(activity, came[4], (1, 1, 1))
    found = feedback_pages.result(activity.id)
    assert found.number == 5
    assert counts(activity) == [(1, 0, 0, 0, 4), (1, 0, 0, 4, 0), (1, 0, 4, 0, 0)]
    assert [round(one.mean, 1) for one in found.questions] == [4.2, 3.4, 2.6]
    assert sorted(found.remarks) == sorted(f"dari {person.name}" for person in came[:4])
    assert feedback_pages.summary(activity.id) == (5, pytest.approx(3.4))


def test_the_sixth_answer_does_not_show_until_five_more_have_come(activity, came):
    for person in came[:5]:
        say(activity, person)
    before = feedback_pages.result(activity.id)
    for person in came[5:9]:
        say(activity, person, (1, 1, 1), "buruk")
        assert feedback_pages.result(activity.id) == before
    say(activity, came[9], (1, 1, 1))
    assert feedback_pages.result(activity.id).number == 10


def test_a_link_has_one_answer(activity, came):
    say(activity, came[0])
    with pytest.raises(FeedbackGivenAlready):
        say(activity, came[0], (1, 1, 1))
    assert (count(FeedbackGiven), count(SealedFeedback)) == (1, 1)


def test_answers_that_wait_cannot_be_read_from_the_database(activity, came):
    say(activity, came[0], (1, 2, 3), "Ruangan panas sekali")
    say(activity, came[1], (5, 5, 5))
    stored = repr(all_rows())
    assert "Ruangan panas" not in stored
    waiting = rows_of(SealedFeedback)
    assert len({len(one.sealed) for one in waiting}) == 1  # its length tells nothing either
    assert count(FeedbackTally) == count(FeedbackRemark) == 0


@pytest.mark.parametrize("any_app", ["sqlite"], indirect=True)
def test_answers_that_wait_are_not_in_the_files_of_the_database_either(activity, came):
    """The file and its write-ahead log, with the pages of rows that were deleted."""
    for person in came[:4]:
        say(activity, person, remark="Ruangan panas sekali")
    folder = current_settings().instance

    def written() -> bytes:
        return b"".join(file.read_bytes() for file in sorted(folder.glob("outreach.db*")))

    assert b"feedback_sealed" in written()
    assert b"Ruangan panas" not in written()
    say(activity, came[4])
    assert b"Ruangan panas" in written()


def test_no_row_of_a_result_refers_to_a_person_an_invitation_or_a_time(activity, came):
    columns = {
        table: {column.name for column in db.metadata.tables[table].columns}
        for table in ("feedback_given", "feedback_sealed", "feedback_tally", "feedback_remark")
    }
    assert columns == {
        "feedback_given": {"invitation_id"},
        "feedback_sealed": {"id", "activity_id", "sealed"},
        "feedback_tally": {"activity_id", "question", "value", "number"},
        "feedback_remark": {"id", "activity_id", "text"},
    }


def test_whoever_compares_the_database_before_and_after_each_answer_sees_groups_of_five_only(activity, came):
    """Each answer has a remark of its own. Between two looks, either nothing readable changes, or five at once."""
    seen, appeared = set(), []
    for number, person in enumerate(came):
        say(activity, person, (1 + number % 5, 3, 3), f"kata ke-{number}")
        now = {row[2] for row in world.raw("feedback_remark")}
        appeared.append(len(now - seen))
        seen = now
    assert appeared == [0, 0, 0, 0, 5, 0, 0, 0, 0, 5, 0, 0]
    untouched = {"feedback_given", "feedback_sealed", "feedback_tally", "feedback_remark", "feedback_questions"}
    assert all("kata ke-" not in repr(rows) for name, rows in all_rows().items() if name not in untouched)


def test_neither_rows_nor_keys_follow_the_order_of_answers(activity, came):
    """Left to chance this fails once in 3.6 million runs."""
    given = [f"kata ke-{number}" for number in range(10)]
    for person, remark in zip(came, given, strict=False):
        say(activity, person, remark=remark)
    rows = world.raw("feedback_remark")
    assert sorted(row[2] for row in rows) == given
    assert [row[2] for row in rows] != given
    assert [row[2] for row in sorted(rows)] != given


def test_remarks_that_were_there_before_are_written_again_among_the_new_ones(activity, came):
    for person in came[:5]:
        say(activity, person, remark=f"lama {person.name}")
    before = {row[0] for row in world.raw("feedback_remark")}
    for person in came[5:10]:
        say(activity, person, remark=f"baru {person.name}")
    assert before.isdisjoint({row[0] for row in world.raw("feedback_remark")})
    assert count(FeedbackRemark) == 10


def test_giving_feedback_changes_nothing_else(activity, came):
    before = all_rows()
    say(activity, came[0])
    after = all_rows()
    assert {name for name in after if after[name] != before[name]} == {
        "feedback_given",
        "feedback_sealed",
        "feedback_questions",
    }
    assert count(AuditEntry) == len(before["audit_entry"])
    assert all(link.used_at is None for link in rows_of(Link))


def test_answers_sealed_with_a_replaced_key_are_still_opened(activity, came, monkeypatch):
    for person in came[:4]:
        say(activity, person)
    old = current_settings()
    replaced = replace(old, secret_key="k" * 40, previous_secret_keys=old.secret_key)
    monkeypatch.setattr(seal, "current_settings", lambda: replaced)
    say(activity, came[4])
    assert feedback_pages.result(activity.id).number == 5


def test_answers_that_no_key_opens_any_more_are_dropped_and_five_others_are_needed(activity, came, monkeypatch):
    say(activity, came[0])
    lost = replace(current_settings(), secret_key="k" * 40)
    monkeypatch.setattr(seal, "current_settings", lambda: lost)
    for person in came[1:5]:
        say(activity, person)
    assert (feedback_pages.result(activity.id).number, count(SealedFeedback)) == (0, 4)
    say(activity, came[5])
    assert feedback_pages.result(activity.id).number == 5


def test_who_was_not_there_is_not_asked(activity, came, office):
    [absent] = people(1)
    invite(activity, absent)
    with pytest.raises(WasNotThere):
        say(activity, absent)


def test_people_are_asked_from_the_end_on_for_two_weeks(activity, came):
    with pytest.raises(FeedbackClosed):
        say(activity, came[0], now=activity.ends_at - timedelta(seconds=1))
    ends_at = fresh(activity).ends_at
    say(activity, came[0], now=ends_at)
    say(activity, came[1], now=ends_at + timedelta(days=14) - timedelta(seconds=1))
    with pytest.raises(FeedbackClosed):
        say(activity, came[2], now=ends_at + timedelta(days=14))


def test_who_came_in_somebodys_place_is_asked_and_the_invitee_is_not(activity, chief):
    invite(activity, chief)
    publish(activity)
    answer(activity, chief, Choice.REPRESENTED, representative=Representative("Rina", email="rina@example.com"))
    was_there(activity, chief)
    with pytest.raises(WasNotThere):
        say(activity, chief)
    token = tokens.acting_token(invitation_of(activity, chief).acting.nonce)
    giving.give(token, activity.id, FeedbackAnswer((3, 3, 3)), now=DAY_AFTER)
    assert [row.invitation_id for row in rows_of(FeedbackGiven)] == [invitation_of(activity, chief).id]


def test_two_presses_at_once_give_one_answer(activity, came):
    app = current_app._get_current_object()
    token, activity_id = token_of(came[0]), activity.id
    both = Barrier(2)

    def press() -> str:
        with app.app_context():
            both.wait()
            try:
                giving.give(token, activity_id, FeedbackAnswer((4, 4, 4)), now=DAY_AFTER)
            except FeedbackGivenAlready:
                return "refused"
            return "taken"

    with ThreadPoolExecutor(2) as pool:
        done = [future.result() for future in [pool.submit(press), pool.submit(press)]]
    assert sorted(done) == ["refused", "taken"]
    assert (count(FeedbackGiven), count(SealedFeedback)) == (1, 1)


@pytest.mark.parametrize("values", [(0, 4, 4), (4, 4, 6), (4, 0, 4)])
def test_each_question_needs_one_of_five_answers(activity, came, values):
    with pytest.raises(FeedbackIncomplete):
        say(activity, came[0], values)
    assert count(FeedbackGiven) == 0


def test_a_remark_has_five_hundred_letters_at_most(activity, came):
    with pytest.raises(RemarkTooLong):
        say(activity, came[0], remark="a" * 501)
    say(activity, came[0], remark="😀" * 500)
    assert count(FeedbackGiven) == 1


def test_once_it_is_closed_nobody_knows_any_more_who_answered_and_lonely_answers_are_gone(activity, came):
    for person in came[:7]:
        say(activity, person)
    ends_at = fresh(activity).ends_at
    assert giving.forget_closed(now=ends_at + timedelta(days=14) - timedelta(seconds=1)) == 0
    assert giving.forget_closed(now=ends_at + timedelta(days=14)) == 2
    assert (count(FeedbackGiven), count(SealedFeedback)) == (0, 0)
    assert feedback_pages.result(activity.id).number == 5


def test_an_activity_that_people_have_answered_about_keeps_its_questions(activity, came, coordinator):
    questions.save(QuestionTexts(first="Apakah berguna?"), by=coordinator, now=NOW)
    say(activity, came[0])
    questions.save(QuestionTexts(first="Pertanyaan baru?"), by=coordinator, now=NOW)
    assert questions.texts_of(db.session(), activity.id).first == "Apakah berguna?"


def test_questions_of_an_activity_can_be_changed_until_it_ends(activity, came, coordinator):
    own = QuestionTexts(second="Apakah narasumber jelas?")
    questions.save_of_activity(activity.id, own, True, by=coordinator, now=at(18, 11, 59))
    assert questions.texts_of(db.session(), activity.id) == own
    with pytest.raises(questions.QuestionsAsked):
        questions.save_of_activity(activity.id, own, False, by=coordinator, now=at(18, 12))


def test_an_office_that_does_not_ask_about_an_activity_gets_no_feedback(activity, came, coordinator):
    questions.save_of_activity(activity.id, QuestionTexts(), False, by=coordinator, now=NOW)
    with pytest.raises(FeedbackClosed):
        say(activity, came[0])

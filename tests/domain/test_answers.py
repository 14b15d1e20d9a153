"""Deadlines and seats, tested on both sides of each boundary."""

from datetime import date, timedelta

import pytest

from outreach.domain.answers import (
    ActivityCancelled,
    ActivityEnded,
    AnsweredBy,
    Choice,
    DeadlinePassed,
    NotInvited,
    answered_by,
    default_deadline,
    refusal,
    state_for,
)
from outreach.domain.kinds import AnswerSource
from outreach.domain.states import ActivityState, InvitationState
from tests.world import JAKARTA, at

SECOND = timedelta(seconds=1)


OFF = {date(2027, 1, 13), date(2027, 1, 14)}  # a holiday, and cuti bersama


def test_answers_are_due_two_days_before_at_four():
    assert default_deadline(at(20), JAKARTA, at(4), OFF) == at(18, 16)


def test_answers_are_never_due_on_a_day_off_but_on_the_working_day_before():
    assert default_deadline(at(18), JAKARTA, at(4), OFF) == at(15, 16)  # not on Saturday
    assert default_deadline(at(19), JAKARTA, at(4), OFF) == at(15, 16)  # nor on Sunday
    assert default_deadline(at(15), JAKARTA, at(4), OFF) == at(12, 16)  # nor on a holiday
    assert default_deadline(at(16), JAKARTA, at(4), OFF) == at(12, 16)  # nor in cuti bersama
    assert default_deadline(at(18), JAKARTA, at(15, 16), OFF) == at(18)  # that has passed: the start


def test_an_activity_on_a_day_off_at_short_notice_wants_answers_on_the_working_day_before():
    assert default_deadline(at(16), JAKARTA, at(13), OFF, 3) == at(15, 16)
    assert default_deadline(at(16), JAKARTA, at(15, 16), OFF, 3) == at(16)  # nothing else is left


def test_at_short_notice_answers_are_due_at_the_start():
    assert default_deadline(at(20), JAKARTA, at(18, 15, 59), OFF) == at(18, 16)
    assert default_deadline(at(20), JAKARTA, at(18, 16), OFF) == at(20)


def test_an_answer_is_accepted_until_the_deadline():
    published, invited = ActivityState.PUBLISHED, InvitationState.INVITED
    assert refusal(published, invited, at(16, 16), at(16, 16) - SECOND, "0812") is None
    assert isinstance(refusal(published, invited, at(16, 16), at(16, 16), "0812"), DeadlinePassed)


@pytest.mark.parametrize(
    ("state", "problem"),
    [
        (ActivityState.DRAFT, ActivityEnded),
        (ActivityState.HELD, ActivityEnded),
        (ActivityState.CANCELLED, ActivityCancelled),
    ],
)
def test_only_a_published_activity_accepts_answers(state, problem):
    assert type(refusal(state, InvitationState.INVITED, at(16), at(5), "0812")) is problem


def test_a_withdrawn_invitation_accepts_no_answer():
    assert isinstance(refusal(ActivityState.PUBLISHED, InvitationState.WITHDRAWN, at(16), at(5), "0812"), NotInvited)


@pytest.mark.parametrize(
    ("choice", "seats_left", "had_a_seat", "state"),
    [
        (Choice.COMING, 1, False, InvitationState.COMING),
        (Choice.COMING, 0, False, InvitationState.WAITLISTED),
        (Choice.COMING, 0, True, InvitationState.COMING),
        (Choice.COMING, None, False, InvitationState.COMING),
        (Choice.REPRESENTED, 1, False, InvitationState.REPRESENTED),
        (Choice.REPRESENTED, 0, False, InvitationState.WAITLISTED),
        (Choice.NOT_COMING, 0, True, InvitationState.NOT_COMING),
    ],
)
def test_newcomers_wait_for_a_full_activity(choice, seats_left, had_a_seat, state):
    assert state_for(choice, seats_left=seats_left, had_a_seat=had_a_seat) is state


def test_who_gave_an_answer_follows_from_its_way_and_from_who_is_noted_with_it():
    said = {
        (None, False, False): None,
        (AnswerSource.LINK, False, False): AnsweredBy.INVITEE,
        (AnswerSource.CALENDAR, False, False): AnsweredBy.INVITEE,
        (AnswerSource.ASSISTANT, False, False): AnsweredBy.ASSISTANT,
        (AnswerSource.LINK, False, True): AnsweredBy.ACTING,
        (AnswerSource.LINK, True, False): AnsweredBy.STAFF_BY_LINK,
        (AnswerSource.LINK, True, True): AnsweredBy.STAFF_BY_LINK,
        (AnswerSource.ASSISTANT, True, False): AnsweredBy.STAFF_BY_LINK,
        (AnswerSource.MAIL, True, False): AnsweredBy.STAFF_BY_MAIL,
        (AnswerSource.PHONE, True, False): AnsweredBy.STAFF,
        (AnswerSource.WALK_IN, True, False): AnsweredBy.STAFF,
    }
    found = {key: answered_by(key[0], by_staff=key[1], by_acting=key[2]) for key in said}
    assert found == said

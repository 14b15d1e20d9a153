"""The next step of a coordinator: what an activity lacks, never more than is true."""

import pytest

from outreach.domain.activities.next_step import NextStep, next_step, programmes_next_step
from outreach.domain.states import ActivityState
from tests.world import NOW, at


def step(state=ActivityState.DRAFT, now=NOW, **counts):
    known = dict.fromkeys(("invitees", "audience", "speakers", "agenda_lines", "attended"), 0)
    return next_step(state, at(18), at(18, 12), now, **{**known, **counts})


def test_a_draft_with_only_speakers_still_needs_those_who_should_attend():
    assert step() is NextStep.INVITE
    assert step(invitees=2, speakers=2, agenda_lines=2) is NextStep.INVITE
    assert step(invitees=3, speakers=2, audience=1, agenda_lines=2) is NextStep.PUBLISH


def test_a_published_activity_with_only_speakers_needs_invitees_too_but_first_a_speaker():
    told = {"state": ActivityState.PUBLISHED, "agenda_lines": 2}
    assert step(**told, invitees=1, speakers=1) is NextStep.INVITE
    assert step(**told, invitees=1, speakers=0, declined=1) is NextStep.FIND_SPEAKER
    assert step(**told, invitees=2, speakers=1, audience=1) is NextStep.WAIT


@pytest.mark.parametrize(("now", "found"), [(at(17, 23), NextStep.INVITE), (at(18), NextStep.NEW_DATE)])
def test_a_draft_whose_start_has_passed_needs_a_new_date(now, found):
    assert step(now=now) is found


def test_a_programme_takes_the_most_urgent_step():
    assert programmes_next_step([]) is NextStep.ADD_ACTIVITIES
    assert programmes_next_step([NextStep.WAIT, NextStep.PUBLISH, NextStep.INVITE]) is NextStep.INVITE


@pytest.mark.parametrize("now", [NOW, at(19)])
def test_a_postponed_activity_needs_its_new_date_whatever_its_former_day(now):
    assert step(ActivityState.POSTPONED, now, invitees=3, audience=3) is NextStep.POSTPONED
    assert programmes_next_step([NextStep.ATTENDANCE, NextStep.POSTPONED]) is NextStep.POSTPONED


def test_letters_come_before_what_their_invitees_could_answer():
    told = {"state": ActivityState.PUBLISHED, "agenda_lines": 2, "invitees": 3, "audience": 2}
    assert step(**told, declined=1, without_letter=1) is NextStep.LETTERS
    assert step(**told, declined=1, without_letter=1, changes_to_sign=1) is NextStep.SIGN_CHANGE


@pytest.mark.parametrize("state", [ActivityState.DRAFT, ActivityState.POSTPONED, ActivityState.CANCELLED])
def test_a_letter_that_tells_of_a_change_is_signed_first_until_the_day_is_over(state):
    assert step(state, changes_to_sign=1) is NextStep.SIGN_CHANGE
    late = step(state, at(18, 12), changes_to_sign=1)
    assert (late is NextStep.SIGN_CHANGE) is (state is ActivityState.POSTPONED)

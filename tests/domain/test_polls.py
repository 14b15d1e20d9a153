"""Which slot suits best, and when a mail that asks for dates is still true."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.domain import polls
from outreach.domain.kinds import PollChoice
from outreach.domain.mail.still_true import SkipReason
from outreach.domain.polls import MailFacts, Proposed, Voter, ranked
from outreach.domain.states import PollState
from tests.world import JAKARTA, NOW, at

YES, MAYBE, NO = PollChoice.YES, PollChoice.IF_NEED_BE, PollChoice.NO
MONDAY, TUESDAY, WEDNESDAY = 1, 2, 3
OFF = {date(2027, 1, 13), date(2027, 1, 14)}
DAYS = [(MONDAY, at(18)), (TUESDAY, at(19)), (WEDNESDAY, at(20))]


def order(*voters: Voter, **options) -> list[int]:
    return [assessment.slot_id for assessment in ranked(DAYS, voters, now=NOW, **options)]


def says(id: int, monday, tuesday, wednesday, needed: bool = False) -> Voter:
    return Voter(id, needed, {MONDAY: monday, TUESDAY: tuesday, WEDNESDAY: wednesday})


def test_a_no_of_a_required_person_counts_more_than_the_noes_of_all_others():
    chief = says(1, NO, YES, YES, needed=True)
    others = [says(n, YES, NO, MAYBE) for n in range(2, 6)]
    assert order(chief, *others) == [WEDNESDAY, TUESDAY, MONDAY]


def test_fewer_noes_are_more_important_than_fewer_if_need_be_answers():
    assert order(says(1, MAYBE, NO, YES), says(2, MAYBE, YES, YES)) == [WEDNESDAY, MONDAY, TUESDAY]


def test_between_equal_slots_one_without_a_clash_is_first_and_then_the_earlier():
    everyone = says(1, YES, YES, YES)
    assert order(everyone) == [MONDAY, TUESDAY, WEDNESDAY]
    assert order(everyone, clashes={MONDAY: (0, 1), TUESDAY: (1, 0)}) == [WEDNESDAY, MONDAY, TUESDAY]


def test_a_clash_counts_less_than_the_answers():
    assert order(says(1, YES, NO, NO), clashes={MONDAY: (1, 2)})[0] == MONDAY


def test_a_slot_whose_start_has_passed_is_last():
    voter = says(1, YES, NO, NO)
    assert [assessment.slot_id for assessment in ranked(DAYS, [voter], now=at(18))] == [TUESDAY, WEDNESDAY, MONDAY]
    assert [assessment.slot_id for assessment in ranked(DAYS, [voter], now=at(18) - timedelta(seconds=1))][0] == MONDAY


def test_each_slot_lists_who_gave_which_answer():
    monday = ranked(DAYS, [says(1, NO, YES, YES, needed=True), Voter(2, needed=True), says(3, MAYBE, NO, NO)], now=NOW)
    found = {slot.slot_id: slot for slot in monday}[MONDAY]
    assert (found.yes, found.if_need_be, found.no, found.unanswered) == ((), (3,), (1,), (2,))
    assert (found.needed_no, found.needed_unanswered, found.suits) == ((1,), (2,), False)


def test_no_slot_is_best_before_any_answer_or_if_none_suits():
    assert polls.best(ranked(DAYS, [Voter(1), Voter(2)], now=NOW)) == set()
    assert polls.best(ranked(DAYS, [says(1, NO, NO, NO, needed=True)], now=NOW)) == set()
    assert polls.best(ranked(DAYS, [says(1, YES, YES, NO)], now=NOW)) == {MONDAY, TUESDAY}
    assert polls.best([]) == set()


choices = st.sampled_from(PollChoice)
voters = st.lists(st.tuples(st.booleans(), st.none() | st.tuples(choices, choices, choices)), max_size=6)


@given(voters)
def test_every_voter_is_counted_once_in_each_slot_and_a_better_answer_never_lowers_it(given_voters):
    asked = [
        Voter(n, needed, dict(zip((MONDAY, TUESDAY, WEDNESDAY), said, strict=True)) if said else {})
        for n, (needed, said) in enumerate(given_voters)
    ]
    before = ranked(DAYS, asked, now=NOW)
    for assessment in before:
        assert sorted(assessment.yes + assessment.if_need_be + assessment.no + assessment.unanswered) == [
            voter.id for voter in asked
        ]
    place = [assessment.slot_id for assessment in before].index(MONDAY)
    better = [replace(voter, choices={**voter.choices, MONDAY: YES}) if voter.choices else voter for voter in asked]
    assert [assessment.slot_id for assessment in ranked(DAYS, better, now=NOW)].index(MONDAY) <= place


def test_a_poll_without_slots_is_refused_with_a_message():
    with pytest.raises(polls.NoSlots) as refused:
        polls.check_slots([])
    assert "at least one proposed time" in refused.value.message


def test_slots_end_after_they_start_and_are_proposed_once():
    slot = Proposed(at(18, 8), at(18, 12))
    polls.check_slots([slot, Proposed(at(18, 8), at(18, 12), venue_id=3)])
    with pytest.raises(polls.SlotTwice):
        polls.check_slots([slot, slot])
    with pytest.raises(polls.SlotEndsBeforeStart):
        polls.check_slots([Proposed(at(18, 8), at(18, 8))])
    many = [Proposed(at(1) + timedelta(days=n), at(1, 9) + timedelta(days=n)) for n in range(polls.MOST_SLOTS + 1)]
    polls.check_slots(many[:-1])
    with pytest.raises(polls.TooManySlots):
        polls.check_slots(many)


def test_a_poll_must_close_in_the_future_and_before_its_first_slot_begins():
    polls.check_closing(at(18, 8), [at(18, 8), at(19, 8)], NOW)
    with pytest.raises(polls.ClosesAfterASlot):
        polls.check_closing(at(18, 8, 1), [at(18, 8), at(19, 8)], NOW)
    with pytest.raises(polls.ClosesInThePast):
        polls.check_closing(NOW, [at(18)], NOW)


def test_silent_invitees_are_reminded_on_the_morning_before_the_close_unless_asked_that_day():
    assert polls.remind_at(at(7, 16), JAKARTA, at(5, 9)) == at(6, 8)
    assert polls.remind_at(at(6, 16), JAKARTA, at(5, 9)) is None
    assert polls.remind_at(at(6, 16), JAKARTA, at(5, 7)) is None  # asked at seven, and again at eight?
    assert polls.usual_closing(NOW, JAKARTA, OFF) == at(7, 16)
    assert polls.usual_closing(at(6), JAKARTA, OFF) == at(8, 16)  # not on Saturday
    assert polls.usual_closing(at(12), JAKARTA, OFF) == at(15, 16)
    assert polls.usual_closing(at(11), JAKARTA, OFF) == at(12, 16)  # not on a holiday
    assert polls.usual_closing(at(12), JAKARTA, {*OFF, date(2027, 1, 15)}) == at(18, 16)  # nothing before it is ahead


def test_a_person_with_a_mail_today_is_asked_next_morning_if_that_leaves_a_day():
    assert polls.waits_until(at(5, 9), at(7, 8), JAKARTA) == at(6, 8)
    assert polls.waits_until(at(5, 9), at(7, 7, 59), JAKARTA) == at(5, 9)


ASKS = MailFacts(PollState.OPEN, at(7, 16), False, False, False, False, False, True, False)


@pytest.mark.parametrize(
    ("facts", "now", "reason"),
    [
        (ASKS, at(7, 15, 59), None),
        (ASKS, at(7, 16), SkipReason.POLL_CLOSED),
        (replace(ASKS, state=PollState.CLOSED), at(5), SkipReason.POLL_CLOSED),
        (replace(ASKS, state=PollState.DECIDED), at(5), SkipReason.POLL_CLOSED),
        (replace(ASKS, state=None, closes_at=None), at(5), SkipReason.NOT_ATTENDING),
        (replace(ASKS, answered=True), at(5), SkipReason.ANSWERED),
        (replace(ASKS, stopped=True), at(5), None),
        (replace(ASKS, stopped=True, reminds=True), at(5), SkipReason.STOPPED),
        (replace(ASKS, erased=True), at(5), SkipReason.ERASED),
        (replace(ASKS, link_revoked=True), at(5), SkipReason.LINK_REVOKED),
        (replace(ASKS, has_address=False), at(5), SkipReason.NO_ADDRESS),
        (replace(ASKS, blocked=True), at(5), SkipReason.ADDRESS_BLOCKED),
    ],
)  # fmt: skip
def test_a_mail_that_asks_is_sent_only_while_it_is_true(facts, now, reason):
    assert polls.skip_because(facts, now) is reason

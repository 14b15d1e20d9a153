"""Which text fits somebody to call, and until when they rest."""

from datetime import time, timedelta

import pytest

from outreach.domain.calls import CallOutcome, Situation, rests_until, situation
from outreach.domain.mail.hours import MailHours
from tests.world import JAKARTA, NOW, at

REST = timedelta(hours=3)
OFFICE = MailHours(JAKARTA, time(7), time(16))
NO_ANSWER, AGAIN = CallOutcome.NO_ANSWER, CallOutcome.AGAIN


@pytest.mark.parametrize(
    ("starts", "mail_reaches", "last", "expected"),
    [
        (at(18), True, None, Situation.UNANSWERED),
        (at(18), False, None, Situation.UNREACHED),
        (at(18), False, NO_ANSWER, Situation.CALL_BACK),
        (at(18), True, AGAIN, Situation.CALL_BACK),
        (at(18), True, CallOutcome.WRONG_NUMBER, Situation.UNANSWERED),
        (at(4, 23), False, NO_ANSWER, Situation.TODAY),
        (at(5, 0), True, None, Situation.UNANSWERED),
    ],
)
def test_the_situation_decides_which_text_is_ready(starts, mail_reaches, last, expected):
    assert situation([(starts, JAKARTA)], mail_reaches=mail_reaches, last=last, now=NOW) is expected


def test_one_activity_of_today_among_others_is_enough():
    starts = [(at(18), JAKARTA), (at(4, 13), JAKARTA)]
    assert situation(starts, mail_reaches=True, last=None, now=NOW) is Situation.TODAY


@pytest.mark.parametrize(
    ("outcome", "now", "expected"),
    [
        (NO_ANSWER, at(4, 8), at(4, 11)),
        (NO_ANSWER, at(4, 12, 59), at(4, 15, 59)),
        (NO_ANSWER, at(4, 13), at(5, 7)),
        (AGAIN, at(4, 8), at(4, 20)),
        (CallOutcome.COMING, at(4, 8), None),
        (CallOutcome.QUESTION, at(4, 8), None),
    ],
)
def test_who_did_not_pick_up_rests_into_the_offices_hours_and_who_named_a_time_until_then(outcome, now, expected):
    assert rests_until(outcome, now=now, again_at=at(4, 20), rest=REST, hours=OFFICE) == expected

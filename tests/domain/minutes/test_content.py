"""Minutes and follow-ups as rules: texts as paragraphs and lists, days of reminders, mails that are no longer true."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from outreach.domain.mail.still_true import SkipReason
from outreach.domain.minutes import content as minutes
from outreach.domain.minutes import follow_ups
from outreach.domain.minutes.content import MinutesMailFacts, MinutesPurpose, TextBlock, blocks
from outreach.domain.minutes.follow_ups import OVERDUE, FollowUpFacts, LeadsWrong, lead_today, read_leads
from outreach.domain.states import ActivityState, FollowUpState, MinutesState

NOW = datetime(2027, 1, 19, 2, tzinfo=UTC)
DUE, NOTED = date(2027, 2, 15), date(2027, 1, 18)


def test_a_text_is_read_as_paragraphs_and_lists():
    assert blocks("Rapat dibuka.\nSemua hadir.\n\n- satu\n- dua\n1. pertama\n2) kedua\nPenutup.") == (
        TextBlock("p", ("Rapat dibuka. Semua hadir.",)),
        TextBlock("ul", ("satu", "dua")),
        TextBlock("ol", ("pertama", "kedua")),
        TextBlock("p", ("Penutup.",)),
    )
    assert blocks(" \n\n ") == ()


def test_minutes_are_written_from_the_activitys_day_on():
    day = date(2027, 1, 18)
    assert [
        minutes.can_be_written(state, day, today)
        for state, today in (
            (ActivityState.PUBLISHED, date(2027, 1, 17)),
            (ActivityState.PUBLISHED, day),
            (ActivityState.HELD, date(2027, 3, 1)),
            (ActivityState.CANCELLED, day),
            (ActivityState.POSTPONED, day),
            (ActivityState.DRAFT, day),
        )
    ] == [False, True, True, False, False, False]


def test_leads_are_read_as_an_office_writes_them():
    assert [read_leads(text) for text in ("7, 1", "1;7;7", "", "0")] == [(7, 1), (7, 1), (), (0,)]
    for wrong in ("a", "-1", "91", "1,2,3,4,5,6", "1.5"):
        with pytest.raises(LeadsWrong):
            read_leads(wrong)


@pytest.mark.parametrize(
    ("today", "told", "lead"),
    [
        (date(2027, 2, 7), (), None),
        (date(2027, 2, 8), (), 7),
        (date(2027, 2, 9), (7,), None),
        (date(2027, 2, 10), (), 7),  # its day was missed
        (date(2027, 2, 14), (7,), 1),
        (date(2027, 2, 14), (), 1),  # both were missed: only the last one
        (date(2027, 2, 15), (7, 1), None),
        (date(2027, 2, 16), (7, 1), OVERDUE),
        (date(2027, 3, 16), (7, 1, OVERDUE), None),
    ],
)
def test_each_reminder_goes_out_once_on_its_day_or_as_soon_as_possible_after_it(today, told, lead):
    assert lead_today(DUE, NOTED, today, (7, 1), told) == lead


def test_a_task_noted_after_a_leads_day_is_not_reminded_of_by_that_lead():
    assert lead_today(DUE, date(2027, 2, 10), date(2027, 2, 11), (7, 1), ()) is None
    assert lead_today(DUE, date(2027, 2, 10), date(2027, 2, 14), (7, 1), ()) == 1


def test_a_line_is_true_while_its_task_is_open_of_the_same_owner_and_day():
    facts = FollowUpFacts(FollowUpState.OPEN, True, DUE, DUE, 7, date(2027, 2, 8))
    assert follow_ups.skip_because(facts) is None
    assert [
        follow_ups.skip_because(replace(facts, **change))
        for change in (
            {"state": FollowUpState.DONE},
            {"state": None},
            {"still_owner": False},
            {"due_on": date(2027, 2, 20)},
            {"today": date(2027, 2, 16)},
        )
    ] == [
        SkipReason.FOLLOW_UP_SETTLED,
        SkipReason.FOLLOW_UP_SETTLED,
        SkipReason.FOLLOW_UP_CHANGED,
        SkipReason.FOLLOW_UP_CHANGED,
        SkipReason.TOO_LATE,
    ]


ASK = MinutesMailFacts(
    purpose=MinutesPurpose.ASK, state=MinutesState.ASKED, number=2, last=2, present=False, erased=False,
    has_address=True, blocked=False, expires_at=datetime(2027, 2, 1, tzinfo=UTC),
)  # fmt: skip
COPY = replace(ASK, purpose=MinutesPurpose.COPY, state=MinutesState.SENT, present=True)


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (ASK, None),
        (replace(ASK, state=MinutesState.APPROVED), SkipReason.MINUTES_ANSWERED),
        (replace(ASK, last=3), SkipReason.MINUTES_CHANGED),
        (replace(ASK, expires_at=NOW), SkipReason.TOO_LATE),
        (replace(ASK, erased=True), SkipReason.ERASED),
        (replace(ASK, has_address=False), SkipReason.NO_ADDRESS),
        (replace(ASK, blocked=True), SkipReason.ADDRESS_BLOCKED),
        (COPY, None),
        (replace(COPY, present=False), SkipReason.NOT_ATTENDING),
        (replace(COPY, state=MinutesState.DRAFT), SkipReason.MINUTES_CHANGED),
        (replace(COPY, state=None), SkipReason.MINUTES_CHANGED),
        (replace(ASK, purpose=MinutesPurpose.REPLIED, last=9), None),
    ],
)
def test_a_mail_about_minutes_is_sent_only_while_it_is_true(facts, reason):
    assert minutes.skip_because(facts, NOW) == reason

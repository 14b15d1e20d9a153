"""The start page's list of what needs a coordinator."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from outreach.domain.needs import ActivityStanding, Answers, Need, NeedKind, PollStanding, Troubles, needs
from outreach.domain.states import ActivityState

NOW = datetime(2027, 1, 15, 1, 0, tzinfo=UTC)
NOBODY = Answers()
SECOND = timedelta(seconds=1)


def standing(number: int = 1, **values: object) -> ActivityStanding:
    """Return a published activity on 18 January 2027 that needs nothing."""
    usual = {
        "id": number, "title": f"Rapat {number}", "state": ActivityState.PUBLISHED,
        "starts_at": datetime(2027, 1, 18, 1, 0, tzinfo=UTC), "ends_at": datetime(2027, 1, 18, 5, 0, tzinfo=UTC),
        "zone": ZoneInfo("Asia/Jakarta"), "respond_by_at": NOW + timedelta(days=9), "venue": "Aula Bappeda",
        "seats": 100, "agenda_lines": 1, "answers": Answers(speakers=1),
    }  # fmt: skip
    return ActivityStanding(**{**usual, **values})  # type: ignore[arg-type]


def kinds(*standings: ActivityStanding, troubles: Troubles = Troubles()) -> list[NeedKind]:  # noqa: B008
    return [need.kind for need in needs(standings, troubles, NOW)]


def test_an_activity_in_order_needs_nothing():
    assert kinds(standing()) == []


@pytest.mark.parametrize(
    ("respond_by_at", "expected"),
    [
        (NOW, [NeedKind.SILENT]),
        (NOW + SECOND, [NeedKind.DEADLINE]),
        (NOW + timedelta(days=3), [NeedKind.DEADLINE]),
        (NOW + timedelta(days=3) + SECOND, []),
    ],
)
def test_missing_answers_are_listed_three_days_before_the_deadline_and_after_it(
    respond_by_at: datetime, expected: list[NeedKind]
):
    assert kinds(standing(respond_by_at=respond_by_at, answers=Answers(open=2, speakers=1))) == expected


def test_missing_answers_of_several_activities_are_listed_together_with_the_first():
    first, second = (standing(n, respond_by_at=NOW, answers=Answers(open=n, speakers=1)) for n in (1, 2))
    assert needs([first, second], Troubles(), NOW) == [Need(NeedKind.SILENT, 3, ((first, 1), (second, 2)))]


def test_missing_answers_are_not_listed_once_the_activity_has_begun():
    assert kinds(standing(starts_at=NOW, respond_by_at=NOW - SECOND, answers=Answers(open=2, speakers=1))) == []
    assert kinds(standing(starts_at=NOW + SECOND, respond_by_at=NOW - SECOND, answers=Answers(open=2, speakers=1))) == [
        NeedKind.SILENT
    ]


@pytest.mark.parametrize(("seats", "expected"), [(41, []), (40, []), (39, [NeedKind.FULL]), (None, [])])
def test_an_activity_is_over_capacity_from_the_first_person_without_a_seat(seats: int | None, expected: list[NeedKind]):
    assert kinds(standing(seats=seats, answers=Answers(coming=40, seats_taken=40, speakers=1))) == expected


def test_an_agenda_without_a_speaker_needs_one():
    assert kinds(standing(agenda_lines=3, answers=NOBODY)) == [NeedKind.NO_SPEAKER]
    assert kinds(standing(agenda_lines=3, answers=Answers(speakers=1))) == []
    assert kinds(standing(agenda_lines=0, answers=Answers(speakers=1))) == []
    assert kinds(standing(agenda_lines=0, answers=NOBODY)) == [NeedKind.NO_AGENDA]


def test_a_speaker_who_declined_is_named_with_an_agenda_or_without():
    for lines in (0, 3):
        evening = standing(agenda_lines=lines)
        [need] = needs([evening], Troubles(declined={evening.id: ["Kapolres Metro"]}), NOW)
        assert (need.kind, need.urgency, need.parts, need.names) == (
            NeedKind.DECLINED, "urgent", ((evening, 1),), ("Kapolres Metro",),
        )  # fmt: skip


def test_a_draft_is_listed_calmly_and_needs_nothing_else():
    draft = standing(state=ActivityState.DRAFT, agenda_lines=3, respond_by_at=NOW, answers=Answers(prepared=5))
    assert [(need.kind, need.urgency) for need in needs([draft], Troubles(), NOW)] == [(NeedKind.DRAFT, "calm")]


def test_the_mail_server_comes_first_and_explains_the_waiting_mails():
    assert kinds(troubles=Troubles(overdue=4)) == [NeedKind.NOTHING_SENDS]
    assert kinds(troubles=Troubles(rungs_overdue=2)) == [NeedKind.LADDERS]
    assert kinds(troubles=Troubles(channel_since_at=NOW, overdue=4, rungs_overdue=2)) == [
        NeedKind.CHANNEL,
        NeedKind.LADDERS,
    ]
    assert kinds(troubles=Troubles(channel_since_at=NOW, overdue=4, failed=1)) == [NeedKind.CHANNEL, NeedKind.FAILED]


def test_kelurahan_without_any_acceptance_are_named():
    first, second = standing(1), standing(2)
    found = needs([first, second], Troubles(uncovered={1: ["Imopuro", "Yosodadi"], 2: ["Yosodadi"]}), NOW)
    assert found == [Need(NeedKind.UNCOVERED, 2, ((first, 2), (second, 1)), names=("Imopuro", "Yosodadi"))]


def test_answers_are_counted_without_the_prepared():
    answers = Answers(coming=5, represented=2, waiting=1, not_coming=6, open=3, prepared=4)
    assert (answers.total, answers.answered) == (17, 14)


def poll(number: int = 1, **values: object) -> PollStanding:
    usual = {
        "id": number, "title": f"Rapat {number}", "closes_at": NOW + timedelta(days=1), "zone": ZoneInfo("Asia/Jakarta"),
        "takes_answers": True, "asked": 3, "answered": 2,
    }  # fmt: skip
    return PollStanding(**{**usual, **values})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("values", "expected", "urgency"),
    [
        ({}, NeedKind.POLLS_RUN, "calm"),
        ({"answered": 3}, NeedKind.POLLS_DECIDE, ""),
        ({"takes_answers": False}, NeedKind.POLLS_DECIDE, ""),
    ],
)
def test_a_date_poll_waits_for_answers_until_all_have_answered_or_it_closes(
    values: dict, expected: NeedKind, urgency: str
):
    open_poll = poll(**values)
    [need] = needs([], Troubles(polls=[open_poll]), NOW)
    assert (need, need.urgency) == (Need(expected, 1, polls=(open_poll,)), urgency)


def test_date_polls_to_decide_are_listed_apart_from_open_ones():
    first, second, third = poll(1), poll(2, answered=3), poll(3)
    assert needs([], Troubles(polls=[first, second, third]), NOW) == [
        Need(NeedKind.POLLS_DECIDE, 1, polls=(second,)),
        Need(NeedKind.POLLS_RUN, 2, polls=(first, third)),
    ]

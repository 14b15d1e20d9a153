"""The page before saving says who gets which mail when; afterwards just that is what happens."""

from datetime import date

import pytest
import sqlalchemy as sa

from outreach.domain.activity import Move
from outreach.domain.answers import Choice
from outreach.domain.kinds import AnswerSource, MailKind, Role
from outreach.extensions import db
from outreach.models import Invitation, Message
from outreach.services.activities import publish as publishing
from outreach.services.answers import record as recording
from outreach.services.invitations import invite as inviting
from outreach.services.reminders import forecast as forecasting
from outreach.services.reminders import rules
from outreach.services.reminders import tick as reminding
from tests.conftest import JAKARTA, NOW, a_person, at, draft_activity

pytestmark = pytest.mark.usefixtures("any_app")


@pytest.fixture(autouse=True)
def default_rules(office):
    rules.install_defaults(now=NOW)


def rows(forecast) -> list[tuple]:
    return [(r.day.day, r.kind.value, r.people, r.at_most, r.note.value if r.note else "") for r in forecast.rows]


def test_publishing_foretells_each_rule(activity, ani, budi, police):
    budi.email = ""
    db.session.commit()
    inviting.invite_people([activity.id], [ani.id, budi.id], Role.CADRE, by=None, now=NOW)
    inviting.invite_organisations([activity.id], {police.id: 2}, by=None, now=NOW)
    forecast = forecasting.for_publishing([activity.id], now=NOW)
    assert rows(forecast) == [
        (4, "invitation", 2, 2, ""),
        (11, "reminder", 2, 2, ""),
        (15, "reminder", 2, 2, ""),
        (17, "reminder", 0, 4, ""),  # Ani, the office, and the two it may name
        (19, "thanks", 0, 3, ""),
    ]
    assert (forecast.without_address, forecast.mails_per_day[0][1]) == (1, 2)


def test_one_person_in_two_activities_counts_one_mail_a_day(programme, hall, ani):
    both = [draft_activity(programme, hall, day).id for day in (18, 19)]
    inviting.invite_people(both, [ani.id], Role.CADRE, by=None, now=NOW)
    forecast = forecasting.for_publishing(both, now=NOW)
    assert forecast.mails_per_day[0] == (date(2027, 1, 4), 1)


def test_a_rule_whose_moment_has_passed_is_shown_as_such(activity, ani):
    inviting.invite_people([activity.id], [ani.id], Role.CADRE, by=None, now=at(12))
    forecast = forecasting.for_publishing([activity.id], now=at(12))
    assert rows(forecast)[0] == (11, "reminder", 0, 0, "moment_passed")


def test_what_is_foretold_at_publishing_is_what_is_sent(activity, ani, budi):
    inviting.invite_people([activity.id], [ani.id, budi.id], Role.CADRE, by=None, now=NOW)
    previewed = forecasting.for_publishing([activity.id], now=NOW).mails_per_day
    publishing.publish([activity.id], by=None, now=NOW)
    reminding.tick(NOW)
    for day in range(5, 18):
        reminding.tick(at(day))
    per_day = db.session.execute(
        sa.select(Message.local_day, sa.func.count()).group_by(Message.local_day).order_by(Message.local_day)
    )
    assert tuple(tuple(row) for row in per_day) == previewed


def test_who_had_a_mail_today_is_foretold_to_get_the_next_one_tomorrow(programme, hall, ani, budi):
    first, second = (draft_activity(programme, hall, day) for day in (18, 19))
    inviting.invite_people([first.id], [ani.id], Role.CADRE, by=None, now=NOW)
    publishing.publish([first.id], by=None, now=NOW)
    reminding.tick(NOW)
    sent()
    inviting.invite_people([second.id], [ani.id, budi.id], Role.CADRE, by=None, now=at(4, 9))
    forecast = forecasting.for_publishing([second.id], now=at(4, 9))
    assert (forecast.rows[0].people, forecast.rows[0].later) == (2, 1)
    assert forecast.mails_per_day[:2] == ((date(2027, 1, 4), 1), (date(2027, 1, 5), 1))


def test_a_reminder_to_answer_after_the_deadline_is_shown_as_not_going_out(programme, hall, ani):
    activity = draft_activity(programme, hall, 18, respond_by_at=at(12, 16))
    inviting.invite_people([activity.id], [ani.id], Role.CADRE, by=None, now=NOW)
    assert (15, "reminder", 0, 0, "deadline_passed") in rows(forecasting.for_publishing([activity.id], now=NOW))


def sent() -> None:
    db.session.execute(sa.update(Message).values(state="sent", sent_at=NOW, merge_key=None))
    db.session.commit()


def test_a_move_and_a_cancellation_count_only_who_was_told_and_has_not_declined(activity, ani, budi, chief):
    inviting.invite_people([activity.id], [ani.id, budi.id], Role.CADRE, by=None, now=NOW)
    publishing.publish([activity.id], by=None, now=NOW)
    reminding.tick(NOW)
    sent()
    inviting.invite_people([activity.id], [chief.id], Role.SPEAKER, by=None, now=at(5))
    invitation = db.session.scalars(sa.select(Invitation).where(Invitation.person_id == budi.id)).one()
    recording.record_answer(invitation.id, Choice.NOT_COMING, AnswerSource.PHONE, by=None, now=at(5))
    move = Move(at(20), at(20, 12), JAKARTA, activity.venue_id)
    moved = forecasting.for_move(activity.id, move, now=at(5))
    assert [(r.kind, r.people) for r in moved.rows][0] == (MailKind.CHANGE, 1)
    assert [r.day.day for r in moved.rows[1:]] == [13, 17, 19, 21]
    cancelled = forecasting.for_cancelling(activity.id, now=at(5))
    assert [(r.kind, r.people) for r in cancelled.rows] == [(MailKind.CANCELLATION, 1)]


def test_what_is_still_to_come_follows_the_answers(activity, ani, budi):
    inviting.invite_people([activity.id], [ani.id, budi.id], Role.CADRE, by=None, now=NOW)
    publishing.publish([activity.id], by=None, now=NOW)
    reminding.tick(NOW)
    invitation = db.session.scalars(sa.select(Invitation).where(Invitation.person_id == ani.id)).one()
    recording.record_answer(invitation.id, Choice.COMING, AnswerSource.PHONE, by=None, now=NOW)
    assert rows(forecasting.for_activities([activity.id], now=NOW)) == [
        (11, "reminder", 1, 1, ""),
        (15, "reminder", 1, 1, ""),
        (17, "reminder", 1, 2, ""),
        (19, "thanks", 0, 2, ""),
    ]


def test_a_forecast_needs_the_same_few_queries_for_many_invitees(activity, queries, office):
    activity_id, people = activity.id, [a_person(f"Kader{i} Satu").id for i in range(30)]
    few = queries(lambda: forecasting.for_publishing([activity_id], now=NOW))
    inviting.invite_people([activity_id], people, Role.CADRE, by=None, now=NOW)
    assert queries(lambda: forecasting.for_publishing([activity_id], now=NOW)) == few

"""Speakers who are coming and have sent no file are reminded; afterwards they get a thank-you of their own."""

import pytest
import sqlalchemy as sa

from outreach.delivery import tokens
from outreach.domain.answers import Choice, Representative
from outreach.domain.kinds import Audience, Role
from outreach.domain.mail.still_true import SkipReason
from outreach.domain.states import ReminderState
from outreach.extensions import db
from outreach.models import MessageLine, Reminder
from outreach.services.answers import answer as answering
from outreach.services.invitations import withdraw as withdrawing
from outreach.services.materials import send as sending
from outreach.services.materials.send import GivenFile
from outreach.services.reminders import forecast as forecasting
from outreach.services.reminders import tick as reminding
from tests.support.copied import copied
from tests.world import NOW, answer, at, drain, invitation_of, invite, mails, publish, run, token_of
from tests.world import uploads as made

pytestmark = pytest.mark.usefixtures("any_app", "default_rules")


@copied
def speaking(activity, chief, ani):
    """The activity, published; the chief speaks and is coming, Ani is coming as a cadre."""
    invite(activity, chief, role=Role.SPEAKER)
    invite(activity, ani)
    publish(activity)
    run(NOW)
    answer(activity, chief, Choice.COMING)
    answer(activity, ani, Choice.COMING)
    return activity


def sends(activity, speaker, now=NOW) -> None:
    sending.send(token_of(speaker), activity.id, GivenFile(made.PDF, "a.pdf"), most_mb=40, now=now)


def row_of(activity, now=NOW):
    (row,) = [
        row for row in forecasting.for_activities([activity.id], now=now).rows if row.audience is Audience.NO_MATERIALS
    ]
    return row


def test_a_speaker_who_sent_nothing_is_reminded_and_the_forecast_says_so(speaking):
    assert (row_of(speaking).due_at, row_of(speaking).people, row_of(speaking).at_most) == (at(13), 1, 1)
    run(at(13))
    assert mails()[2:] == [("Kapolres", "13 08.00", ["reminder"])]


def test_who_has_sent_a_file_is_not_reminded(speaking, chief):
    sends(speaking, chief)
    assert row_of(speaking).people == 0
    run(at(13))
    assert mails()[2:] == []


def test_a_file_that_comes_while_the_reminder_waits_stops_it(speaking, chief, server):
    reminding.tick(at(13))
    sends(speaking, chief, at(13, 8, 1))
    drain(at(13, 8, 2))
    assert server.taken == []
    assert db.session.scalars(sa.select(MessageLine.skipped).where(MessageLine.skipped != "")).all() == [
        SkipReason.MATERIALS_SENT
    ]


def test_the_mail_says_until_when_and_leads_to_the_page(speaking, server):
    reminding.tick(at(13))
    drain(at(13, 8, 1))
    (taken,) = server.taken
    text = taken.mail.get_body(("plain",)).get_content()
    assert "Jumat, 15 Januari 2027 pukul 16.00 WIB" in text
    assert "/j/" in text


def test_a_speaker_who_has_not_answered_may_still_join(activity, chief):
    invite(activity, chief, role=Role.SPEAKER)
    publish(activity)
    assert (row_of(activity).people, row_of(activity).at_most) == (0, 1)


def test_a_speaker_invited_after_publishing_is_reminded_too(activity, ani, chief):
    invite(activity, ani)
    publish(activity)
    assert not db.session.scalar(sa.select(Reminder.id).where(Reminder.audience == Audience.NO_MATERIALS))
    invite(activity, chief, role=Role.SPEAKER, now=at(5))
    reminder = db.session.scalars(sa.select(Reminder).where(Reminder.audience == Audience.NO_MATERIALS)).one()
    assert (reminder.due_at, reminder.state) == (at(13), ReminderState.SCHEDULED)
    withdrawing.withdraw(invitation_of(activity, chief).id, by=None, now=at(6))
    run(at(13))
    assert [kinds for _who, day, kinds in mails() if day.startswith("13")] == []


def test_whoever_acts_for_the_speaker_is_reminded_in_their_place(speaking, chief):
    rina = Representative("Kompol Rina Dewi", email="rina@example.com")
    answering.answer(token_of(chief), speaking.id, Choice.REPRESENTED, rina, now=at(5))
    run(at(5))
    assert row_of(speaking, at(5)).people == 1
    run(at(13))
    assert [mail for mail in mails() if mail[2] == ["reminder"]] == [("Kompol Rina Dewi", "13 08.00", ["reminder"])]


def test_what_the_acting_person_or_the_speaker_has_sent_is_not_asked_for(speaking, chief):
    rina = Representative("Kompol Rina Dewi", email="rina@example.com")
    answering.answer(token_of(chief), speaking.id, Choice.REPRESENTED, rina, now=at(5))
    rinas = tokens.acting_token(invitation_of(speaking, chief).acting.nonce)
    sending.send(rinas, speaking.id, GivenFile(made.PDF, "a.pdf"), most_mb=40, now=at(6))
    run(at(5), at(13))
    assert [mail for mail in mails() if mail[2] == ["reminder"]] == []

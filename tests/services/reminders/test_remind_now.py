"""Staff remind chosen invitees by hand. The page says first who gets it and when, and exactly these mails are sent."""

from datetime import time

import pytest
import sqlalchemy as sa

from outreach.domain.answers import Choice
from outreach.domain.reminders.due import NotReminded
from outreach.domain.states import ReminderState
from outreach.extensions import db
from outreach.models import Message, Reminder
from outreach.services.activities import publish as publishing
from outreach.services.reminders import forecast as forecasting
from outreach.services.reminders import remind_now as by_hand
from outreach.services.reminders import schedule as scheduling
from outreach.services.reminders import tick as reminding
from outreach.services.reminders.remind_now import NobodyToRemind, NotUnderWay, Reminded
from outreach.transactions import writing
from tests.support.copied import copied
from tests.world import NOW, a_person, answer, at, draft_activity, invitation_of, invite, mails, publish, run

pytestmark = pytest.mark.usefixtures("any_app", "default_rules")


@copied
def people(activity, ani, budi):
    """Ani is silent, Budi comes, Citra has no address, Dedi has declined, Eka stopped reminders, Fajar is new today."""
    found = {"Ani": ani, "Budi": budi, "Citra": a_person("Citra", email="")}
    for name in ("Dedi", "Eka", "Fajar"):
        found[name] = a_person(name, email=f"{name.lower()}@example.com")
    invite(activity, *[found[name] for name in ("Ani", "Budi", "Citra", "Dedi", "Eka")])
    publish(activity)
    run(NOW)
    answer(activity, found["Budi"], Choice.COMING)
    answer(activity, found["Dedi"], Choice.NOT_COMING)
    found["Eka"].reminders_stopped_at = NOW
    db.session.commit()
    invite(activity, found["Fajar"], now=at(6, 9))
    run(at(6, 9))
    return {invitation_of(activity, person).id: name for name, person in found.items()}


def said(activity, people, now):
    return {
        people[invitee.invitation_id]: invitee.reason or invitee.at
        for invitee in by_hand.preview(activity.id, people, now=now)
    }


def test_the_preview_says_who_gets_a_reminder_and_who_does_not(activity, people):
    assert said(activity, people, at(6, 10)) == {
        "Ani": at(6, 10),
        "Budi": at(6, 10),
        "Citra": NotReminded.NO_ADDRESS,
        "Dedi": NotReminded.NOT_EXPECTED,
        "Eka": NotReminded.STOPPED,
        "Fajar": NotReminded.INVITED_TODAY,
    }
    before = len(mails())
    assert by_hand.remind(activity.id, people, by=None, now=at(6, 10)) == Reminded(now=2, later=0)
    run(at(6, 10))
    assert sorted(mails()[before:]) == [("Ani", "06 10.00", ["reminder"]), ("Budi", "06 10.00", ["reminder"])]


def test_only_the_chosen_are_reminded_and_the_rules_go_on(activity, people):
    (ani,) = [id_ for id_, name in people.items() if name == "Ani"]
    before = len(mails())
    by_hand.remind(activity.id, [ani], by=None, now=at(6, 10))
    assert sum(row.people for row in forecasting.for_activities([activity.id], now=at(6, 10)).rows[:1]) == 1
    left = sa.select(sa.func.count()).select_from(Reminder).where(Reminder.state == ReminderState.SCHEDULED)
    scheduled = db.session.scalar(left)
    run(at(6, 10))
    assert mails()[before:] == [("Ani", "06 10.00", ["reminder"])]
    assert db.session.scalar(left) == scheduled - 1


def test_people_who_had_a_mail_today_are_reminded_tomorrow_and_the_preview_says_so(activity, people, ani):
    other_activity = draft_activity(None, None, 20, title="Lain")
    invite(other_activity, ani, now=at(6, 9, 30))
    publish(other_activity, now=at(6, 9, 30))
    run(at(6, 9, 30))
    (id_,) = [id_ for id_, name in people.items() if name == "Ani"]
    (reminded,) = by_hand.preview(activity.id, [id_], now=at(6, 10))
    assert reminded.at == at(7, 8)
    assert by_hand.remind(activity.id, [id_], by=None, now=at(6, 10)) == Reminded(now=0, later=1)
    reminding.tick(at(6, 10))
    last = db.session.scalars(sa.select(Message).order_by(Message.id.desc())).first()
    assert last.due_at == at(7, 8)


def test_reminders_sent_by_hand_in_the_evening_wait_for_the_morning(activity, people, office):
    office.mails_from, office.mails_until = time(7), time(20)
    db.session.commit()
    before = len(mails())
    assert said(activity, people, at(6, 22))["Budi"] == at(7, 7)
    by_hand.remind(activity.id, people, by=None, now=at(6, 22))
    run(at(6, 22))
    assert len(mails()) == before
    run(at(7, 7))
    assert {name for name, _, _ in mails()[before:]} == {"Ani", "Budi"}


def test_after_the_deadline_only_those_coming_are_reminded(activity, people):
    found = said(activity, people, at(17, 10))
    assert (found["Ani"], found["Budi"]) == (NotReminded.TOO_LATE, at(17, 10))


def test_people_invited_after_the_deadline_are_reminded_by_hand_as_long_as_they_may_answer(programme, hall, ani, budi):
    activity = draft_activity(programme, hall, 18, respond_by_at=at(8, 16))
    invite(activity, ani)
    publish(activity)
    run(NOW)
    invite(activity, budi, now=at(11, 9))
    run(at(11, 9))
    names = {invitation_of(activity, person).id: person.name for person in (ani, budi)}
    before = len(mails())
    for now, expected in ((at(14, 10), at(14, 10)), (at(18, 7, 59), at(18, 7, 59)), (at(18, 8), NotReminded.TOO_LATE)):
        assert said(activity, names, now) == {ani.name: NotReminded.TOO_LATE, budi.name: expected}
    by_hand.remind(activity.id, names, by=None, now=at(14, 10))
    run(at(14, 10))
    assert mails()[before:] == [("Budi", "14 10.00", ["reminder"])]


def test_nothing_is_written_if_nobody_may_be_reminded(activity, people):
    chosen = [id_ for id_, name in people.items() if name in ("Citra", "Dedi")]
    with pytest.raises(NobodyToRemind):
        by_hand.remind(activity.id, chosen, by=None, now=at(6, 10))
    publishing.cancel(activity.id, "Banjir", by=None, now=at(6, 11))
    with pytest.raises(NotUnderWay):
        by_hand.remind(activity.id, people, by=None, now=at(6, 12))


def test_a_move_keeps_a_reminder_by_hand_that_waits(activity, people, office):
    """It is no rule's reminder, so writing the rules' reminders again must not cancel it."""
    office.mails_from, office.mails_until = time(7), time(20)
    db.session.commit()
    by_hand.remind(activity.id, people, by=None, now=at(6, 22))
    with writing() as session:
        scheduling.reschedule(session, session.merge(activity), now=at(6, 23))
    states = set(db.session.scalars(sa.select(Reminder.state).where(Reminder.key == "by-hand")))
    assert states == {ReminderState.SCHEDULED}

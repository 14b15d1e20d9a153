"""Publishing, moving and cancelling: which reminders and messages are written, and for which people."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from outreach.domain.activities.values import Move
from outreach.domain.answers import Choice
from outreach.domain.kinds import Role
from outreach.domain.states import ActivityState, InvitationState, ReminderState
from outreach.extensions import db
from outreach.models import Activity, AuditEntry, Message, MessageLine, Reminder
from outreach.services.activities import move as moves
from outreach.services.activities import publish as publishing
from outreach.services.invitations import invite as inviting
from outreach.services.reminders import tick as reminding
from tests.world import JAKARTA, NOW, answer, at, draft_activity, invitation_of, invite

pytestmark = pytest.mark.usefixtures("any_app", "default_rules")


def written() -> list[tuple[str, str]]:
    """Return (reader's first name, kind) of every outbox line, in order of writing."""
    return [
        (line.invitation.invitee.display_name.split()[0], line.reminder.kind.value)
        for line in db.session.scalars(sa.select(MessageLine).order_by(MessageLine.id))
    ]


def scheduled(activity) -> dict[str, str]:
    rows = db.session.scalars(
        sa.select(Reminder).where(Reminder.activity_id == activity.id, Reminder.state == ReminderState.SCHEDULED)
    )
    return {row.key: f"{row.due_at.astimezone(JAKARTA):%d %b %H.%M}" for row in rows}


def messages_sent() -> None:
    """Simulate that the outbox has sent what is due, so no new line is merged into those messages."""
    db.session.execute(
        sa.update(Message).where(Message.sent_at.is_(None)).values(state="sent", sent_at=NOW, merge_key=None)
    )
    db.session.commit()


def test_publishing_writes_one_reminder_per_rule(activity, ani, budi):
    invite(activity, ani, budi)
    publishing.publish([activity.id], by=None, now=NOW)
    assert scheduled(activity) == {
        "invitation": "04 Jan 08.00",
        "seven-days-before": "11 Jan 08.00",
        "three-days-before": "15 Jan 08.00",
        "day-before": "17 Jan 08.00",
        "thanks": "19 Jan 08.00",
    }


def test_everyone_prepared_is_invited_at_the_next_tick_only_once(activity, ani, budi):
    invite(activity, ani, budi)
    assert reminding.tick(NOW).expanded == 0
    publishing.publish([activity.id], by=None, now=NOW)
    assert reminding.tick(NOW).lines == 2
    assert reminding.tick(NOW).lines == 0
    assert written() == [("Ani", "invitation"), ("Budi", "invitation")]
    assert invitation_of(activity, ani).state is InvitationState.INVITED


def test_publishing_a_published_activity_changes_nothing(activity, ani):
    publishing.publish([activity.id], by=None, now=NOW)
    with pytest.raises(publishing.AlreadyPublished):
        publishing.publish([activity.id], by=None, now=NOW)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Reminder)) == 5


def test_an_activity_that_has_begun_cannot_be_published(activity):
    with pytest.raises(publishing.InThePast):
        publishing.publish([activity.id], by=None, now=at(18, 8))
    assert publishing.publish([activity.id], by=None, now=at(18, 7, 59))[0].state is ActivityState.PUBLISHED


def test_one_person_invited_to_two_activities_gets_one_mail(programme, hall, ani):
    first, second = draft_activity(programme, hall, 18), draft_activity(programme, hall, 19)
    inviting.invite_people([first.id, second.id], [ani.id], Role.CADRE, by=None, now=NOW)
    publishing.publish([first.id, second.id], by=None, now=NOW)
    reminding.tick(NOW)
    assert written() == [("Ani", "invitation")] * 2
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Message)) == 1


def test_two_roles_of_one_person_share_one_mail(activity, ani):
    invite(activity, ani, role=Role.SPEAKER)
    invite(activity, ani, role=Role.MODERATOR)
    publishing.publish([activity.id], by=None, now=NOW)
    reminding.tick(NOW)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Message)) == 1


def test_two_cadres_who_share_an_address_get_one_mail_each(activity, ani, budi):
    budi.email = ani.email
    db.session.commit()
    invite(activity, ani, budi)
    publishing.publish([activity.id], by=None, now=NOW)
    reminding.tick(NOW)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Message)) == 2


def test_a_late_invitee_gets_no_reminder_of_one_week_before(activity, ani, budi):
    invite(activity, ani)
    publishing.publish([activity.id], by=None, now=NOW)
    reminding.tick(NOW)
    messages_sent()
    inviting.invite_people([activity.id], [budi.id], Role.CADRE, by=None, now=at(12))
    reminding.tick(at(12))
    assert written() == [("Ani", "invitation"), ("Ani", "reminder"), ("Budi", "invitation")]
    reminding.tick(at(15))
    assert sorted(written()[3:]) == [("Ani", "reminder"), ("Budi", "reminder")]


def test_a_person_invited_on_the_day_of_a_reminder_gets_no_reminder_that_day(activity, ani):
    publishing.publish([activity.id], by=None, now=NOW)
    inviting.invite_people([activity.id], [ani.id], Role.CADRE, by=None, now=at(11, 7, 30))
    reminding.tick(at(11, 7, 30))
    reminding.tick(at(11, 8))
    assert written() == [("Ani", "invitation")]


def test_reminders_depend_on_the_answers(activity, ani, budi):
    invite(activity, ani, budi)
    publishing.publish([activity.id], by=None, now=NOW)
    reminding.tick(NOW)
    messages_sent()
    answer(activity, ani, Choice.COMING)
    reminding.tick(at(11))
    assert written()[2:] == [("Budi", "reminder")]
    messages_sent()
    answer(activity, budi, Choice.NOT_COMING, now=at(12))
    reminding.tick(at(15))
    reminding.tick(at(17))
    assert written()[3:] == [("Ani", "reminder")]


def test_a_rule_that_came_due_while_nothing_ran_is_sent_late(activity, ani):
    invite(activity, ani)
    publishing.publish([activity.id], by=None, now=NOW)
    reminding.tick(NOW)
    reminding.tick(at(13))
    assert written() == [("Ani", "invitation"), ("Ani", "reminder")]


def test_only_the_later_of_two_missed_rules_for_the_same_people_is_sent(activity, ani):
    invite(activity, ani)
    publishing.publish([activity.id], by=None, now=NOW)
    reminding.tick(NOW)
    reminding.tick(at(15, 9))
    assert written() == [("Ani", "invitation"), ("Ani", "reminder")]
    seven = db.session.scalars(sa.select(Reminder).where(Reminder.key == "seven-days-before")).one()
    assert (seven.state, seven.reason) == (ReminderState.MISSED, "superseded")


def test_a_reminder_after_the_start_is_missed_with_a_reason(activity, ani):
    invite(activity, ani)
    publishing.publish([activity.id], by=None, now=NOW)
    reminding.tick(NOW)
    reminding.tick(at(18, 8))
    missed = {
        reminder.key: reminder.reason
        for reminder in db.session.scalars(sa.select(Reminder).where(Reminder.state == ReminderState.MISSED))
    }
    assert missed == {
        "seven-days-before": "superseded",
        "three-days-before": "activity_began",
        "day-before": "activity_began",
    }


def test_silence_becomes_the_status_no_answer_at_the_deadline(activity, ani):
    invite(activity, ani)
    publishing.publish([activity.id], by=None, now=NOW)
    reminding.tick(at(16, 15, 59))
    assert invitation_of(activity, ani).state is InvitationState.INVITED
    reminding.tick(at(16, 16))
    assert invitation_of(activity, ani).state is InvitationState.NO_ANSWER


def test_an_activity_gets_the_status_held_once_it_is_over(activity):
    publishing.publish([activity.id], by=None, now=NOW)
    reminding.tick(at(18, 11, 59))
    assert db.session.get_one(Activity, activity.id).state is ActivityState.PUBLISHED
    reminding.tick(at(18, 12))
    assert db.session.get_one(Activity, activity.id).state is ActivityState.HELD


def moved_to(activity, day) -> Move:
    return Move(at(day, 8), at(day, 12), JAKARTA, activity.venue_id)


def test_a_move_notifies_those_already_notified_and_moves_the_reminders(activity, ani, budi):
    invite(activity, ani, budi)
    publishing.publish([activity.id], by=None, now=NOW)
    reminding.tick(NOW)
    messages_sent()
    answer(activity, budi, Choice.NOT_COMING)
    moved = moves.move(activity.id, moved_to(activity, 20), "Aula dipakai", None, by=None, now=at(5))
    assert moved.activity.sequence == 1
    reminding.tick(at(5))
    assert written()[2:] == [("Ani", "change")]
    assert scheduled(activity) == {
        "seven-days-before": "13 Jan 08.00",
        "three-days-before": "15 Jan 08.00",
        "day-before": "19 Jan 08.00",
        "thanks": "21 Jan 08.00",
    }


def test_a_move_far_ahead_sends_the_reminders_again(activity, ani):
    activity.programme.ends_on = date(2027, 1, 31)
    db.session.commit()
    invite(activity, ani)
    publishing.publish([activity.id], by=None, now=NOW)
    reminding.tick(NOW)
    reminding.tick(at(11))
    moves.move(activity.id, moved_to(activity, 27), "Aula dipakai", None, by=None, now=at(12))
    assert scheduled(activity)["seven-days-before"] == "20 Jan 08.00"


def test_a_move_needs_a_reason_and_a_difference(activity):
    publishing.publish([activity.id], by=None, now=NOW)
    with pytest.raises(publishing.ReasonMissing):
        moves.move(activity.id, moved_to(activity, 20), " ", None, by=None, now=NOW)
    with pytest.raises(moves.NothingMoved):
        moves.move(activity.id, moved_to(activity, 18), "Aula dipakai", None, by=None, now=NOW)
    assert db.session.get_one(Activity, activity.id).sequence == 0


def test_a_cancelled_activity_sends_only_the_cancellation(activity, ani):
    invite(activity, ani)
    publishing.publish([activity.id], by=None, now=NOW)
    reminding.tick(NOW)
    messages_sent()
    publishing.cancel(activity.id, "Banjir", by=None, now=at(5))
    for day in range(5, 21):
        reminding.tick(at(day, 8))
    assert written() == [("Ani", "invitation"), ("Ani", "cancellation")]
    assert scheduled(activity) == {}


def test_every_change_is_in_the_audit_log(activity, coordinator):
    publishing.publish([activity.id], by=coordinator, now=NOW)
    moves.move(activity.id, moved_to(activity, 20), "Aula dipakai", None, by=coordinator, now=NOW)
    publishing.cancel(activity.id, "Banjir", by=coordinator, now=NOW)
    entries = db.session.execute(
        sa.select(AuditEntry.action, AuditEntry.user_id).where(AuditEntry.user_id.is_not(None))
    )
    assert [tuple(entry) for entry in entries] == [
        ("activity.published", coordinator.id),
        ("activity.moved", coordinator.id),
        ("activity.cancelled", coordinator.id),
    ]


def test_thanks_go_to_those_present(activity, ani, budi):
    from outreach.domain.kinds import AttendanceSource
    from outreach.services.door import attendance

    invite(activity, ani, budi)
    publishing.publish([activity.id], by=None, now=NOW)
    reminding.tick(NOW)
    messages_sent()
    ids = [invitation_of(activity, person).id for person in (ani, budi)]
    assert attendance.tick(activity.id, ids[:1], ids, AttendanceSource.HAND, by=None, now=at(18, 9)) == 1
    reminding.tick(at(18, 12))
    reminding.tick(at(19, 8) + timedelta(days=6))
    assert written()[2:] == [("Ani", "thanks")]


def test_the_notice_period_counts_from_when_people_were_notified_of_the_day(activity):
    publishing.publish([activity.id], by=None, now=NOW)
    assert db.session.get_one(Activity, activity.id).told_at == NOW
    there = Move(at(18, 13), at(18, 15), activity.zone, activity.venue_id)
    moves.move(activity.id, there, "Aula dipakai", None, by=None, now=at(5))
    assert db.session.get_one(Activity, activity.id).told_at == NOW
    moves.move(activity.id, moved_to(activity, 20), "Aula dipakai", None, by=None, now=at(6))
    assert db.session.get_one(Activity, activity.id).told_at == at(6)


def test_a_move_before_the_invitations_went_out_does_not_count_as_notice(activity):
    publishing.publish([activity.id], by=None, now=NOW, invitations_at=at(7))
    moves.move(activity.id, moved_to(activity, 20), "Aula dipakai", None, by=None, now=at(5))
    assert db.session.get_one(Activity, activity.id).told_at == at(7)


def test_invitations_that_a_move_sends_at_once_count_as_notice_from_that_moment(programme, hall):
    activity = draft_activity(programme, hall, 20)
    publishing.publish([activity.id], by=None, now=NOW, invitations_at=at(18))
    moves.move(activity.id, moved_to(activity, 18), "Aula dipakai", None, by=None, now=at(5))
    assert db.session.get_one(Activity, activity.id).told_at == at(5)

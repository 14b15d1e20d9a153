"""Ladders: copied when an invitation is out, climbed in order, ended by an answer, caught up once after a standstill."""

from collections import Counter
from datetime import timedelta

import pytest
import sqlalchemy as sa

from outreach.domain.answers import Choice
from outreach.domain.kinds import AnswerSource, Role
from outreach.domain.ladder.rungs import (
    CHANNELS,
    AnswerChannel,
    LadderName,
    RungKind,
    RungRule,
    RungState,
    RungTiming,
)
from outreach.domain.states import ActivityState, InvitationState, ReminderState
from outreach.engines.chores import EXPAND
from outreach.extensions import db
from outreach.models import Invitation, LadderRung, Message, MessageLine, Person, Reminder, Rung
from outreach.queries.calls import lists as calls
from outreach.queries.calls.lists import CallScope
from outreach.queries.invitations.select import InviteeFilters
from outreach.queries.ladder import rungs as pages
from outreach.services.activities import publish as publishing
from outreach.services.answers import record as recording
from outreach.services.invitations import withdraw as withdrawing
from outreach.services.ladder import climb, edit
from outreach.services.operations import metrics
from outreach.services.reminders import tick as reminding
from tests.support.copied import copied
from tests.world import NOW, answer, at, at_once, invitation_of, invite, invite_and_publish, move, rows_of, set_state

AFTER, BEFORE = RungTiming.AFTER_INVITATION, RungTiming.BEFORE_START
WAITING, DONE, ENDED, MISSED = RungState.WAITING, RungState.DONE, RungState.ENDED, RungState.MISSED
LADDER = (
    RungRule(RungKind.MAIL, AFTER, 2),  # Thursday 7 January, 09.00: the 5th is a holiday
    RungRule(RungKind.LAST_CALL, AFTER, 5),  # Tuesday 12 January
    RungRule(RungKind.CALL, BEFORE, 4),  # Thursday 14 January
)


@copied
def climbing(any_app, activity, ani, budi, coordinator):
    """Ani and Budi are invited on Monday 4 January to an activity on the 18th; cadres have a ladder."""
    edit.save(LadderName.CADRES, LADDER, by=coordinator, now=NOW)
    invite_and_publish(activity, ani, budi, by=coordinator)
    climb.tick(NOW)
    return activity


def work(now):
    climb.tick(now)
    reminding.tick(now)


def rungs(activity, person):
    return [(rung.state, rung.reason) for rung in pages.of_invitation(invitation_of(activity, person).id)]


def states(activity, person):
    return [state for state, _reason in rungs(activity, person)]


def reminders_to(person):
    db.session.rollback()
    lines = sa.select(Reminder.text_key).select_from(MessageLine).join(Message).join(Reminder)
    theirs = lines.where(Message.person_id == person.id, Reminder.kind == "reminder")
    return list(db.session.scalars(theirs.order_by(MessageLine.id)))


def test_the_rungs_are_copied_once_and_the_invitation_shows_the_next(climbing, ani):
    climb.tick(NOW)
    own = pages.of_invitation(invitation_of(climbing, ani).id)
    assert [(rung.kind, rung.due_at) for rung in own] == [
        (RungKind.MAIL, at(7, 9)), (RungKind.LAST_CALL, at(12, 9)), (RungKind.CALL, at(14, 9)),
    ]  # fmt: skip
    assert pages.next_of(own) == own[0]


def test_without_ladders_nothing_is_written(any_app, activity, ani, coordinator):
    invite_and_publish(activity, ani, by=coordinator)
    climb.tick(NOW)
    assert rows_of(Rung) == []


def test_a_ladder_saved_later_starts_for_those_who_are_invited_already(any_app, activity, ani, coordinator):
    invite_and_publish(activity, ani, by=coordinator)
    climb.tick(NOW)
    edit.save(LadderName.CADRES, LADDER, by=coordinator, now=at(8, 9))
    work(at(8, 9))
    assert rungs(activity, ani) == [(MISSED, "passed"), (WAITING, ""), (WAITING, "")]
    assert reminders_to(ani) == []


def test_each_rung_is_climbed_at_its_time_and_the_call_comes_first_on_the_list(climbing, ani, budi, coordinator):
    answer(climbing, budi, Choice.COMING)
    for now in (at(7, 8, 59), at(7, 9), at(7, 10), at(12, 9), at(14, 9)):
        work(now)
    assert states(climbing, ani) == [DONE, DONE, DONE]
    assert reminders_to(ani) == ["", "last-call"]
    assert reminders_to(budi) == []


def test_who_has_come_to_the_call_is_given_to_a_caller_before_others(climbing, ani, budi, coordinator):
    db.session.execute(sa.update(Rung).where(Rung.invitation_id == invitation_of(climbing, ani).id).values(state=ENDED))
    db.session.commit()
    work(at(14, 9))
    found = calls.candidates(CallScope(), InviteeFilters(), by_id=coordinator.id, now=at(14, 9))
    assert [callee.id for callee in found] == [budi.id, ani.id]


def test_an_answer_ends_the_ladder_and_a_withdrawn_answer_resumes_it(climbing, ani):
    answer(climbing, ani, Choice.COMING)
    work(at(7, 9))
    assert states(climbing, ani) == [ENDED, ENDED, ENDED]
    set_state(climbing, InvitationState.INVITED, ani)
    work(at(8, 9))
    assert states(climbing, ani) == [ENDED, WAITING, WAITING]
    work(at(12, 9))
    assert states(climbing, ani) == [ENDED, DONE, WAITING]


def test_a_cancellation_ends_all_ladders(climbing, ani, budi, coordinator):
    publishing.cancel(climbing.id, "Aula dipakai", by=coordinator, now=NOW)
    work(at(7, 9))
    assert Counter(rung.state for rung in rows_of(Rung)) == {ENDED: 6}


def test_an_edited_ladder_leaves_those_that_run_alone(climbing, ani, coordinator):
    before = [(rung.kind, rung.due_at) for rung in rows_of(Rung)]
    edit.save(LadderName.CADRES, LADDER[:1], by=coordinator, now=NOW)
    climb.tick(NOW)
    assert [(rung.kind, rung.due_at) for rung in rows_of(Rung)] == before
    assert len(rows_of(LadderRung)) == 1


def test_after_a_standstill_there_is_one_catch_up(climbing, ani):
    work(at(13, 9))
    assert rungs(climbing, ani) == [(MISSED, "superseded"), (DONE, ""), (WAITING, "")]
    assert reminders_to(ani) == ["last-call"]


def test_a_rung_that_no_longer_helps_is_missed(climbing, ani):
    edit.save(LadderName.CADRES, LADDER[:2], by=None, now=NOW)
    db.session.execute(sa.delete(Rung))
    db.session.commit()
    climb.tick(NOW)
    work(at(16, 16))
    assert rungs(climbing, ani) == [(MISSED, "superseded"), (MISSED, "too_late")]
    assert reminders_to(ani) == []


def test_no_mail_goes_to_somebody_without_an_address_and_the_call_still_comes(climbing, ani):
    ani.email = ""
    db.session.commit()
    work(at(7, 9))
    work(at(14, 9))
    assert rungs(climbing, ani) == [(MISSED, "no_mail"), (MISSED, "superseded"), (DONE, "")]


def test_a_rung_before_the_start_follows_a_move(climbing, ani):
    move(climbing, at(21), at(21, 12))
    climb.tick(NOW)
    own = pages.of_invitation(invitation_of(climbing, ani).id)
    assert [rung.due_at for rung in own] == [at(7, 9), at(12, 9), at(15, 9)]


def test_a_ladder_that_ended_follows_a_move_too_and_resumes_at_the_new_times(climbing, ani):
    answer(climbing, ani, Choice.COMING)
    work(at(14, 10))
    assert states(climbing, ani) == [ENDED, ENDED, ENDED]
    move(climbing, at(21), at(21, 12), now=at(14, 11))
    set_state(climbing, InvitationState.INVITED, ani)
    work(at(14, 12))
    work(at(14, 12))
    own = pages.of_invitation(invitation_of(climbing, ani).id)
    assert [(rung.state, rung.due_at) for rung in own[2:]] == [(WAITING, at(15, 9))]


def test_who_is_invited_again_after_a_withdrawal_climbs_from_the_first_rung(climbing, ani):
    work(at(7, 9))
    withdrawing.withdraw(invitation_of(climbing, ani).id, by=None, now=at(7, 10))
    work(at(7, 10))
    invite(climbing, ani, now=at(7, 11))
    again = invitation_of(climbing, ani)
    again.state, again.invited_at = InvitationState.INVITED, at(7, 11)
    db.session.commit()
    climb.tick(at(7, 12))
    assert [(rung.state, rung.due_at) for rung in pages.of_invitation(again.id)] == [
        (WAITING, at(11, 9)), (WAITING, at(14, 9)), (WAITING, at(14, 9)),
    ]  # fmt: skip


def test_who_is_invited_again_after_a_postponement_climbs_from_the_first_rung(climbing, ani):
    publishing.postpone(climbing.id, "Banjir", by=None, now=at(5))  # before the invitation's mail went out
    work(at(13))
    move(climbing, at(21), at(21, 12), now=at(13, 10))
    work(at(13, 11))
    work(at(13, 12))
    assert [(rung.state, rung.due_at) for rung in pages.of_invitation(invitation_of(climbing, ani).id)] == [
        (WAITING, at(15, 9)), (WAITING, at(20, 9)), (WAITING, at(15, 9)),
    ]  # fmt: skip


def many_invited(activity, count, role):
    people = [Person(name=f"Warga {number}") for number in range(count)]
    db.session.add_all(people)
    db.session.flush()
    asked = {"activity_id": activity.id, "role": role, "state": InvitationState.INVITED, "invited_at": NOW}
    db.session.add_all(Invitation(person_id=person.id, **asked) for person in people)
    activity.state = ActivityState.PUBLISHED
    db.session.commit()


def test_a_thousand_invitees_start_a_ladder_of_six_rungs(any_app, activity, coordinator):
    edit.save(LadderName.CADRES, LADDER * 2, by=coordinator, now=NOW)
    many_invited(activity, 1100, Role.CADRE)
    assert climb.tick(NOW).started == 1100
    assert len(rows_of(Rung)) == 6600


def test_invitees_whose_ladder_is_switched_off_keep_nobody_from_starting(any_app, activity, coordinator):
    edit.save(LadderName.CADRES, LADDER, by=coordinator, now=NOW)
    many_invited(activity, climb.STARTED_AT_ONCE, Role.PARTICIPANT)
    many_invited(activity, 1, Role.CADRE)
    assert climb.tick(NOW).started == 1


def test_a_ladder_that_cannot_be_read_keeps_no_mail_from_going_out(any_app, activity, ani, coordinator):
    invite_and_publish(activity, ani, by=coordinator)
    broken = {"invitation_id": invitation_of(activity, ani).id, "kind": "mail", "timing": "after_invitation"}
    moments = {"starts_at": activity.starts_at, "due_at": NOW, "at": LADDER[0].at}
    db.session.execute(sa.insert(Rung).values(position=0, days=1, reason="", state=WAITING, **broken, **moments))
    db.session.execute(sa.text("UPDATE rung SET kind = 'smoke'"))
    db.session.execute(sa.update(Reminder).values(state="scheduled", due_at=NOW))
    db.session.commit()
    with pytest.raises(LookupError):
        EXPAND.do(lambda: NOW, lambda: False)
    assert [one for one in rows_of(Reminder) if one.state is ReminderState.SCHEDULED and one.due_at <= NOW] == []


def test_three_engines_at_once_climb_a_rung_once(climbing, any_app, ani, budi):
    db.session.rollback()
    assert at_once(any_app, [lambda: climb.tick(at(7, 9))] * 3) == ["done"] * 3
    by_hand = [reminder for reminder in rows_of(Reminder) if (reminder.detail or {}).get("only")]
    ids = sorted(db.session.scalars(sa.select(Invitation.id)))
    assert [reminder.detail["only"] for reminder in by_hand] == [ids]


def test_overdue_rungs_are_a_figure(climbing):
    late = at(7, 9) + timedelta(minutes=15)
    assert (climb.overdue(late), climb.overdue(late + timedelta(seconds=1))) == (0, 2)
    assert metrics.figures(now=at(7, 10)).rungs_overdue == 2


def test_answers_are_counted_by_rung_and_by_how_they_came(climbing, ani, budi):
    work(at(7, 9))
    answer(climbing, ani, Choice.COMING, now=at(7, 11))
    recording.record_answer(
        invitation_of(climbing, budi).id, Choice.COMING, AnswerSource.WHATSAPP, by=None, now=at(7, 13)
    )
    (mail,) = [one for one in pages.figures() if one.kind is RungKind.MAIL]
    assert (mail.climbed, mail.answered, mail.hours) == (2, 2, 3.0)
    assert [(one.channel, one.answered, one.percent, one.hours) for one in mail.channels] == [
        (AnswerChannel.PHONE, 1, 50, 2.0), (AnswerChannel.WHATSAPP, 1, 50, 4.0),
    ]  # fmt: skip


def test_every_way_to_answer_has_a_channel():
    assert CHANNELS.keys() == set(AnswerSource)


def test_a_rung_missed_because_its_time_had_passed_waits_again_after_a_move_to_a_later_day(
    any_app, activity, ani, coordinator
):
    edit.save(
        LadderName.CADRES,
        [RungRule(RungKind.CALL, BEFORE, 4)],
        by=coordinator,
        now=NOW,
    )
    invite_and_publish(activity, ani, by=coordinator, now=at(15, 8))
    work(at(15, 8, 1))
    assert rungs(activity, ani)[0] == (MISSED, "passed")
    move(activity, at(21, 8), at(21, 12), now=at(15, 8, 30))
    work(at(15, 8, 31))
    assert rungs(activity, ani)[0] == (WAITING, "")
    work(at(15, 9))
    assert rungs(activity, ani)[0] == (DONE, "")


def test_a_rung_of_the_invitations_own_day_is_not_missed_because_its_hour_has_passed(
    any_app, activity, ani, coordinator
):
    edit.save(LadderName.CADRES, [RungRule(RungKind.CALL, AFTER, 0)], by=coordinator, now=NOW)
    invite_and_publish(activity, ani, by=coordinator, now=at(6, 10))
    work(at(6, 10, 1))
    assert rungs(activity, ani) == [(DONE, "")]


def test_an_answer_counts_for_the_rung_before_it(climbing, ani, budi):
    for now in (at(7, 9), at(12, 9)):
        work(now)
    answer(climbing, ani, Choice.COMING, now=at(12, 13))
    found = {one.kind: (one.climbed, one.answered, one.hours) for one in pages.figures()}
    assert found == {
        RungKind.MAIL: (2, 0, None), RungKind.ASSISTANT: (0, 0, None), RungKind.LAST_CALL: (2, 1, 4.0),
        RungKind.CALL: (0, 0, None), RungKind.SUBSTITUTES: (0, 0, None),
    }  # fmt: skip

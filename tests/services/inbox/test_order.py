"""Which of several answers counts: after moves, late, duplicated, and beside answers by link."""

from dataclasses import replace
from datetime import timedelta

import pytest
from icalendar import Calendar

from outreach.delivery import tokens
from outreach.delivery.outbox import drain as outbox
from outreach.domain.answers import Choice
from outreach.domain.kinds import AnswerSource
from outreach.domain.mail.incoming import IncomingReason
from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.services.activities import publish as publishing
from outreach.services.answers import answer as answering
from outreach.services.answers import record as recording
from outreach.services.invitations import links
from outreach.services.invitations import withdraw as withdrawing
from outreach.services.reminders import tick as reminding
from tests.servers.smtp import Server
from tests.services.inbox.inbox_help import (
    APPLIED,
    IGNORED,
    REFUSED,
    TO_READ,
    confirmations,
    first_invitation_of,
    result,
)
from tests.world import NOW, StandingClock, at, invite, invite_and_publish, move, send_through
from tests.world.mail_samples import PROGRAMS, Answer, gmail, outlook


def pressed(mail, partstat: str, stamp: str) -> bytes:
    """The reply of a calendar program to the request in our mail: its organiser, attendee, UID and version."""
    (part,) = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
    (event,) = Calendar.from_ical(part.get_content()).walk("VEVENT")
    attendee = event["ATTENDEE"]
    return outlook(
        Answer(
            partstat, uid=str(event["UID"]), sequence=int(event["SEQUENCE"]), stamp=stamp,
            address=str(attendee).removeprefix("mailto:"), name=str(attendee.params["CN"]),
        )
    )  # fmt: skip


def test_our_own_requests_can_be_answered_after_moving_withdrawing_and_inviting_again(any_app, activity, ani, arrives):
    with Server() as server:
        send_through(any_app, server, imap_server="imap.example.com")
        invite_and_publish(activity, ani)

        def next_mail(now):
            reminding.tick(now)
            outbox.drain(now=StandingClock(now), worker="w1")
            return server.taken[-1].mail

        first = next_mail(NOW)
        assert result(arrives(pressed(first, "ACCEPTED", "20270105T010000Z"), now=at(5, 8, 1))) == (APPLIED, "")
        move(activity, at(19, 8), at(19, 12), now=at(6))
        moved = next_mail(at(6))
        outdated = arrives(pressed(first, "DECLINED", "20270106T020000Z"), now=at(6, 9, 1))
        assert result(outdated) == (REFUSED, IncomingReason.ACTIVITY_CHANGED)
        assert result(arrives(pressed(moved, "ACCEPTED", "20270106T030000Z"), now=at(6, 10, 1))) == (APPLIED, "")
        withdrawing.withdraw(first_invitation_of(ani).id, by=None, now=at(7))
        next_mail(at(7))
        invite(activity, ani)
        again = next_mail(at(8))
        outdated = arrives(pressed(moved, "DECLINED", "20270108T020000Z"), now=at(8, 9, 1))
        assert result(outdated) == (REFUSED, IncomingReason.ACTIVITY_CHANGED)
        assert result(arrives(pressed(again, "ACCEPTED", "20270108T030000Z"), now=at(8, 10, 1))) == (APPLIED, "")
        assert first_invitation_of(ani).state is InvitationState.COMING


def test_a_second_reply_changes_the_answer_and_an_equal_reply_sends_no_mail(activity, ani, arrives):
    invite_and_publish(activity, ani)
    arrives(gmail(Answer(uid=activity.uid)))
    again = arrives(gmail(Answer(uid=activity.uid, stamp="20270105T011000Z")))
    assert (result(again), len(confirmations())) == ((APPLIED, ""), 1)
    changed = arrives(gmail(Answer("DECLINED", uid=activity.uid, stamp="20270105T012000Z")), now=at(5, 10))
    assert result(changed) == (APPLIED, "")
    assert first_invitation_of(ani).state is InvitationState.NOT_COMING


def test_an_answer_to_the_first_invitation_counts_after_a_move_and_its_way_back_that_nobody_heard_of(
    activity, ani, arrives
):
    invite_and_publish(activity, ani)
    move(activity, at(19, 8), at(19, 12), now=at(5, 8, 30))
    move(activity, at(18, 8), at(18, 12), now=at(5, 8, 31))
    answer = arrives(gmail(Answer(uid=activity.uid, sequence=0, stamp="20270105T014000Z")))
    assert result(answer) == (APPLIED, "")


def test_an_answer_to_the_entry_from_before_a_move_is_refused(activity, ani, arrives):
    invite_and_publish(activity, ani)
    move(activity, at(19, 8), at(19, 12), now=at(5, 8, 30))
    old = arrives(gmail(Answer(uid=activity.uid, sequence=0, stamp="20270105T014000Z")))
    assert result(old) == (REFUSED, IncomingReason.ACTIVITY_CHANGED)
    assert first_invitation_of(ani).state is InvitationState.INVITED
    new = arrives(gmail(Answer(uid=activity.uid, sequence=1, stamp="20270105T015000Z")))
    assert result(new) == (APPLIED, "")
    assert first_invitation_of(ani).answered_sequence == 1


def test_only_the_new_entry_can_be_answered_after_withdrawing_and_inviting_again(activity, ani, arrives):
    invite_and_publish(activity, ani)
    withdrawing.withdraw(first_invitation_of(ani).id, by=None, now=at(5, 8, 10))
    assert result(arrives(gmail(Answer(uid=activity.uid)))) == (TO_READ, IncomingReason.WITHDRAWN)
    invite(activity, ani)
    reminding.tick(at(5, 8, 20))
    revision = first_invitation_of(ani).revision
    assert revision > 0
    early = arrives(gmail(Answer(uid=activity.uid, sequence=revision - 1, stamp="20270105T013000Z")))
    assert result(early) == (REFUSED, IncomingReason.ACTIVITY_CHANGED)
    assert result(arrives(gmail(Answer(uid=activity.uid, sequence=revision, stamp="20270105T014000Z")))) == (
        APPLIED,
        "",
    )


def test_the_newest_reply_counts_when_replies_arrive_out_of_order(activity, ani, arrives):
    invite_and_publish(activity, ani)
    arrives(gmail(Answer("DECLINED", uid=activity.uid, stamp="20270105T012000Z")))
    for older in ("20270105T012000Z", "20270105T011959Z"):
        late = arrives(outlook(Answer("ACCEPTED", uid=activity.uid, stamp=older)))
        assert result(late) == (REFUSED, IncomingReason.NEWER_ANSWER)
    assert first_invitation_of(ani).state is InvitationState.NOT_COMING
    assert result(arrives(outlook(Answer("ACCEPTED", uid=activity.uid, stamp="20270105T012001Z")))) == (APPLIED, "")


def test_two_quick_replies_read_in_one_round_both_count(activity, ani, arrives):
    invite_and_publish(activity, ani)
    arrives(gmail(Answer("ACCEPTED", uid=activity.uid, stamp="20270105T010000Z")), now=at(5, 9))
    arrives(gmail(Answer("DECLINED", uid=activity.uid, stamp="20270105T010100Z")), now=at(5, 9))
    assert first_invitation_of(ani).state is InvitationState.NOT_COMING


def test_an_answer_by_link_replaces_an_older_reply_and_is_replaced_by_a_newer_one(activity, ani, arrives):
    invite_and_publish(activity, ani)
    token = tokens.token(links.link_for(db.session, ani))
    answering.answer(token, activity.id, Choice.NOT_COMING, now=at(5, 8, 30))
    assert result(arrives(gmail(Answer(uid=activity.uid)))) == (REFUSED, IncomingReason.NEWER_ANSWER)
    assert result(arrives(gmail(Answer(uid=activity.uid, stamp="20270105T014500Z")))) == (APPLIED, "")


def test_a_calendar_clock_years_ahead_cannot_block_later_answers(activity, ani, arrives):
    invite_and_publish(activity, ani)
    arrives(gmail(Answer(uid=activity.uid, stamp="20990101T000000Z")))
    assert first_invitation_of(ani).replied_at == at(5, 9)
    arrives(gmail(Answer("DECLINED", uid=activity.uid, stamp="20270105T030000Z")), now=at(5, 10))
    assert first_invitation_of(ani).state is InvitationState.NOT_COMING


def test_the_deadline_applies_to_calendar_replies_too(activity, ani, arrives):
    invite_and_publish(activity, ani)
    in_time = arrives(gmail(Answer("ACCEPTED", uid=activity.uid, stamp="20270116T085800Z")), now=at(16, 15, 59))
    assert result(in_time) == (APPLIED, "")
    late = arrives(gmail(Answer("DECLINED", uid=activity.uid, stamp="20270116T085900Z")), now=at(16, 16))
    assert result(late) == (TO_READ, IncomingReason.DEADLINE_PASSED)
    assert first_invitation_of(ani).state is InvitationState.COMING


def test_a_cancelled_activity_cannot_be_answered(activity, ani, arrives):
    invite_and_publish(activity, ani)
    publishing.cancel(activity.id, "hujan", by=None, now=at(5, 8, 30))
    mail = arrives(gmail(Answer(uid=activity.uid, sequence=1, stamp="20270105T014000Z")))
    assert result(mail) == (REFUSED, IncomingReason.ACTIVITY_CANCELLED)


def test_a_postponed_activity_cannot_be_answered_until_its_new_date(activity, ani, arrives):
    invite_and_publish(activity, ani)
    publishing.postpone(activity.id, "hujan", by=None, now=at(5, 8, 30))
    mail = arrives(gmail(Answer(uid=activity.uid, sequence=1, stamp="20270105T014000Z")))
    assert result(mail) == (REFUSED, IncomingReason.ACTIVITY_POSTPONED)
    assert first_invitation_of(ani).answered_at is None


def test_a_flood_of_replies_becomes_mail_for_a_coordinator(activity, ani, arrives):
    invite_and_publish(activity, ani)
    stamps = [f"20270105T01{minute:02}00Z" for minute in range(12)]
    found = [
        result(arrives(gmail(Answer(("ACCEPTED", "DECLINED")[n % 2], uid=activity.uid, stamp=stamp))))
        for n, stamp in enumerate(stamps)
    ]
    assert found == [(APPLIED, "")] * 10 + [(TO_READ, IncomingReason.TOO_MANY)] * 2


def test_an_answer_is_in_time_by_its_arrival_not_by_its_reading(activity, ani, arrives):
    invite_and_publish(activity, ani)
    deadline = at(16, 16)
    mail = gmail(Answer(uid=activity.uid, stamp="20270116T085900Z"))
    assert result(arrives(mail, now=at(17, 9), came=deadline - timedelta(seconds=1))) == (APPLIED, "")
    changed = gmail(Answer("DECLINED", uid=activity.uid, stamp="20270116T085901Z"))
    assert result(arrives(changed, now=at(17, 9), came=deadline)) == (TO_READ, IncomingReason.DEADLINE_PASSED)


def test_an_answer_read_after_the_activity_is_too_late_however_early_it_arrived(activity, ani, arrives):
    invite_and_publish(activity, ani)
    came, ends = at(16, 15), activity.ends_at
    mail = gmail(Answer(uid=activity.uid, stamp="20270116T075900Z"))
    assert result(arrives(mail, now=ends, came=came)) == (REFUSED, IncomingReason.ACTIVITY_ENDED)
    other = outlook(Answer(uid=activity.uid, stamp="20270116T075900Z"))
    assert result(arrives(other, now=ends - timedelta(seconds=1), came=came)) == (APPLIED, "")


def test_a_slow_clock_does_not_make_a_reply_older_than_the_answer_by_link_before_it(activity, ani, arrives):
    invite_and_publish(activity, ani)
    token = tokens.token(links.link_for(db.session, ani))
    answering.answer(token, activity.id, Choice.COMING, now=at(5, 8, 30))
    no = Answer("DECLINED", uid=activity.uid, stamp="20270105T012500Z")  # five minutes before
    older = replace(no, stamp="20270105T012459Z")
    assert result(arrives(gmail(older), now=at(5, 8, 33))) == (REFUSED, IncomingReason.NEWER_ANSWER)
    assert result(arrives(gmail(no), now=at(5, 8, 33), came=at(5, 8, 30))) == (REFUSED, IncomingReason.NEWER_ANSWER)
    assert result(arrives(outlook(no), now=at(5, 8, 33))) == (APPLIED, "")
    assert first_invitation_of(ani).state is InvitationState.NOT_COMING


def test_late_replies_that_match_the_recorded_answer_need_no_coordinator(activity, ani, arrives):
    invite_and_publish(activity, ani)
    token = tokens.token(links.link_for(db.session, ani))
    answering.answer(token, activity.id, Choice.COMING, now=at(5, 8, 30))
    older = arrives(gmail(Answer(uid=activity.uid)))
    assert result(older) == (IGNORED, IncomingReason.KNOWN)
    assert result(arrives(outlook(Answer(uid=activity.uid)))) == (
        TO_READ,
        IncomingReason.KNOWN,
    )  # it says more: COMMENT
    move(activity, at(19, 8), at(19, 12), now=at(5, 10))
    outdated = arrives(gmail(Answer(uid=activity.uid, stamp="20270105T020000Z")), now=at(5, 11))
    assert result(outdated) == (IGNORED, IncomingReason.KNOWN)
    late = Answer(uid=activity.uid, sequence=1, stamp="20270118T020000Z")
    assert result(arrives(gmail(late), now=at(18, 9))) == (IGNORED, IncomingReason.KNOWN)
    no = Answer("DECLINED", uid=activity.uid, sequence=1, stamp="20270118T030000Z")
    assert result(arrives(gmail(no), now=at(18, 10))) == (TO_READ, IncomingReason.DEADLINE_PASSED)


def test_the_last_arrived_of_two_replies_with_one_stamp_counts(activity, ani, arrives):
    invite_and_publish(activity, ani)
    yes = outlook(Answer(uid=activity.uid, stamp="20270104T010000Z"))
    assert result(arrives(yes, now=at(5, 9))) == (APPLIED, "")
    no = Answer("DECLINED", uid=activity.uid, stamp="20270104T010000Z")
    assert result(arrives(outlook(no), now=at(5, 12), came=at(5, 9))) == (REFUSED, IncomingReason.NEWER_ANSWER)
    assert result(arrives(gmail(replace(no, message_id="<2@example.com>")), now=at(5, 12))) == (APPLIED, "")
    assert first_invitation_of(ani).state is InvitationState.NOT_COMING
    assert result(arrives(yes, now=at(5, 13))) == (IGNORED, IncomingReason.DUPLICATE)  # moved back into the mailbox
    assert first_invitation_of(ani).state is InvitationState.NOT_COMING


def test_an_equal_answer_keeps_a_coordinators_note(activity, ani, arrives, coordinator):
    invite_and_publish(activity, ani)
    recording.record_answer(
        first_invitation_of(ani).id,
        Choice.COMING,
        AnswerSource.PHONE,
        note="Kursi roda",
        by=coordinator,
        now=at(5, 8, 10),
    )
    assert result(arrives(gmail(Answer(uid=activity.uid, stamp="20270105T013000Z")))) == (APPLIED, "")
    found = first_invitation_of(ani)
    assert (found.answer_note, found.answer_recorded_by_id, found.answer_source) == (
        "Kursi roda",
        coordinator.id,
        AnswerSource.PHONE,
    )
    assert (found.answered_at, found.replied_at, confirmations()) == (at(5, 8, 10), at(5, 8, 30), [])
    move(activity, at(19, 8), at(19, 12), now=at(5, 10))
    again = Answer(uid=activity.uid, sequence=1, stamp="20270105T040000Z")
    assert result(arrives(gmail(again), now=at(5, 11))) == (APPLIED, "")
    assert (first_invitation_of(ani).answered_sequence, first_invitation_of(ani).answer_note, len(confirmations())) == (
        1,
        "Kursi roda",
        1,
    )
    arrives(gmail(replace(again, partstat="DECLINED", stamp="20270105T050000Z")), now=at(5, 12))
    assert (first_invitation_of(ani).state, first_invitation_of(ani).answer_note) == (InvitationState.NOT_COMING, "")


@pytest.mark.parametrize("program", ["Outlook", "Apple"])
def test_a_reply_without_a_sequence_refers_to_the_first_entry(activity, ani, arrives, program):
    """RFC 5546, 3.2.3: a reply to a REQUEST whose SEQUENCE is above zero must name it."""
    invite_and_publish(activity, ani)
    yes = Answer(uid=activity.uid, sequence=None)
    assert result(arrives(PROGRAMS[program](yes))) == (APPLIED, "")
    move(activity, at(19, 8), at(19, 12), now=at(5, 10))
    no = replace(yes, partstat="DECLINED", stamp="20270105T040000Z")
    assert result(arrives(PROGRAMS[program](no), now=at(5, 11))) == (REFUSED, IncomingReason.ACTIVITY_CHANGED)
    assert first_invitation_of(ani).state is InvitationState.COMING

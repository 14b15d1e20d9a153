"""Postponing without a new date, and setting the new one: states, bookings, reminders, and what each reader is told."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from outreach.delivery import tokens
from outreach.delivery.outbox import leases, results
from outreach.delivery.outbox import settle as settling
from outreach.delivery.outbox.prepare import Preparer
from outreach.delivery.smtp.outcomes import Accepted, Permanent, Temporary
from outreach.domain.activities.values import Move
from outreach.domain.answers import ActivityPostponed, Choice, Representative
from outreach.domain.kinds import MailKind, Role
from outreach.domain.states import ActivityState, InvitationState, MessageState, ReminderState
from outreach.extensions import current_settings, db
from outreach.models import Activity, Attempt, AuditEntry, Message, MessageLine, Reminder, SpeakerBooking
from outreach.services.activities import agenda as agendas
from outreach.services.activities import edit as editing
from outreach.services.activities import move as moves
from outreach.services.activities import publish as publishing
from outreach.services.activities.checks import WaitsForDate
from outreach.services.activities.publish import InThePast, NotPublished, ReasonMissing
from outreach.services.answers import answer as answering
from outreach.services.answers.record import NotRecordable
from outreach.services.invitations import invite as inviting
from outreach.services.invitations import links
from outreach.services.invitations import withdraw as withdrawing
from outreach.services.invitations.checks import NoDateYet
from outreach.services.locking import Stale
from outreach.services.messages import resend as resending
from outreach.services.planning.book import VenueTaken
from outreach.services.reminders import forecast as forecasting
from outreach.services.reminders import remind_now
from outreach.services.reminders import tick as reminding
from tests.support.copied import copied
from tests.world import NOW, a_person, answer, at, at_once, draft_activity, invitation_of, invite, publish

pytestmark = pytest.mark.usefixtures("any_app", "default_rules")
FEBRUARY = {"month": 2}
LEASE_S = 60.0


def go_out(now: datetime, *, reply=None) -> list[tuple[str, str]]:
    """Let what is due go out, with all checks of the outbox. Return to which address which subject, without its date."""
    reminding.tick(now)
    return hand_over(now, reply=reply)


def hand_over(now: datetime, *, reply=None) -> list[tuple[str, str]]:
    """Let the mails that are written and due go out."""
    claimed = leases.claim("w", 100, LEASE_S, now=now)
    batch = Preparer(current_settings()).prepare(claimed, now=now)
    results.settle(batch.decided, MessageState.LEASED, "w", now=now)
    told = []
    for ready in batch.ready:
        results.turn([], [ready.lease], "w", lease_s=LEASE_S, now=now)
        outcome = reply or Accepted(250, "OK")
        results.settle(
            [settling.settled(ready, ready.planned.write(), outcome, now=now)], MessageState.HANDING_OVER, "w", now=now
        )
        if reply is None:
            told.append((ready.planned.recipient.partition("@")[0], ready.planned.subject.partition(":")[0]))
    db.session.rollback()
    return sorted(told)


def postpone(activity: Activity, now: datetime = NOW, reason: str = "Banjir") -> None:
    publishing.postpone(activity.id, reason, by=None, now=now)


def set_date(activity: Activity, starts_at: datetime, now: datetime = NOW, reason: str = "") -> None:
    to = Move(starts_at, starts_at + timedelta(hours=4), activity.zone, activity.venue_id)
    moves.move(activity.id, to, reason, None, by=None, now=now)


def scheduled(activity: Activity) -> dict[str, datetime]:
    rows = db.session.scalars(
        sa.select(Reminder).where(Reminder.activity_id == activity.id, Reminder.state == ReminderState.SCHEDULED)
    )
    return {row.key: row.due_at for row in rows}


@copied
def told(programme, hall, ani, budi) -> Activity:
    """A published activity on 18 January of which Ani and Budi know. Ani comes."""
    programme.ends_on = programme.ends_on.replace(month=3)
    told = draft_activity(programme, hall, 18)
    invite(told, ani, budi)
    publish(told)
    assert go_out(NOW) == [("ani", "Undangan"), ("budi", "Undangan")]
    answer(told, ani, Choice.COMING)
    return told


def test_everyone_is_told_of_the_postponement_and_nothing_else_goes_out(told):
    postpone(told, at(5))
    assert (told.state, told.cancelled_reason, told.sequence, told.told_at) == (
        ActivityState.POSTPONED, "Banjir", 1, None
    )  # fmt: skip
    assert list(scheduled(told)) == ["postponement"]
    assert go_out(at(5)) == [("ani", "DITUNDA"), ("budi", "DITUNDA")]
    assert [go_out(at(day)) for day in (11, 15, 17, 18, 19, 20)] == [[]] * 6
    assert told.state is ActivityState.POSTPONED  # its former day does not make it held


def test_people_who_declined_or_were_not_invited_yet_are_not_told(told, ani):
    answer(told, ani, Choice.NOT_COMING)
    citra = a_person("Citra Dewi")
    invite(told, citra)
    postpone(told, at(5))
    assert go_out(at(5)) == [("budi", "DITUNDA")]
    assert invitation_of(told, citra).state is InvitationState.PREPARED


def test_a_postponement_frees_the_venue_and_the_speakers(told, programme, hall, chief):
    invite(told, chief, role=Role.SPEAKER)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(SpeakerBooking)) == 1
    other_activity = draft_activity(programme, None, 18, title="Pelatihan")
    same_hall = Move(at(18, 9), at(18, 10), other_activity.zone, hall.id)
    with pytest.raises(VenueTaken):
        moves.move(other_activity.id, same_hall, "", None, by=None, now=NOW)
    postpone(told, at(5))
    assert db.session.scalar(sa.select(sa.func.count()).select_from(SpeakerBooking)) == 0
    moves.move(other_activity.id, same_hall, "", None, by=None, now=at(5))


def test_the_new_date_books_the_hall_again_and_is_refused_if_another_activity_has_it(told, programme, hall):
    postpone(told, at(5))
    draft_activity(programme, hall, 18, title="Pelatihan")
    with pytest.raises(VenueTaken):
        set_date(told, at(18, 8), at(6))  # its former time, which another activity has now
    assert db.session.get_one(Activity, told.id).state is ActivityState.POSTPONED
    set_date(told, at(18, 13), at(6))
    assert (told.state, told.holds_venue) == (ActivityState.PUBLISHED, True)


def test_with_the_new_date_the_activity_is_published_again_with_new_deadline_and_reminders(told, ani):
    postpone(told, at(5))
    go_out(at(5))
    set_date(told, at(10, 8, **FEBRUARY), at(20))
    assert (told.state, told.sequence, told.told_at, told.cancelled_reason) == (
        ActivityState.PUBLISHED, 2, at(20), ""
    )  # fmt: skip
    assert told.respond_by_at == at(8, 16, **FEBRUARY)
    assert {key: due for key, due in scheduled(told).items() if key.endswith(("before", "change"))} == {
        "change": at(20),
        "seven-days-before": at(3, 8, **FEBRUARY),
        "three-days-before": at(4, 8, **FEBRUARY),  # 7 February is a Sunday, and Friday a holiday
        "day-before": at(9, 8, **FEBRUARY),
    }
    assert go_out(at(20)) == [("ani", "WAKTU BARU"), ("budi", "WAKTU BARU")]
    assert invitation_of(told, ani).state is InvitationState.COMING
    assert invitation_of(told, ani).answered_before_the_move


def test_people_never_invited_get_the_invitation_with_the_new_date(told):
    invite(told, a_person("Citra Dewi"), now=at(5))  # the tick has not run yet
    postpone(told, at(5))
    go_out(at(5))
    set_date(told, at(10, 8, **FEBRUARY), at(20))
    assert go_out(at(20)) == [("ani", "WAKTU BARU"), ("budi", "WAKTU BARU"), ("citra", "Undangan")]


def test_an_invitation_that_was_waiting_to_be_tried_again_is_sent_once_with_the_new_date(programme, hall, ani):
    programme.ends_on = programme.ends_on.replace(month=3)
    late = draft_activity(programme, hall, 18)
    invite(late, ani)
    publish(late)
    assert go_out(NOW, reply=Temporary(451, "later")) == []
    postpone(late, at(4, 9))
    assert go_out(at(4, 10)) == []  # never told, so not told of the postponement either
    set_date(late, at(10, 8, **FEBRUARY), at(5))
    assert go_out(at(5)) == [("ani", "Undangan")]
    assert go_out(at(6)) == []


def test_an_invitation_that_waited_until_the_former_day_was_over_is_sent_with_the_new_date(programme, hall, ani):
    programme.ends_on = programme.ends_on.replace(month=3)
    late = draft_activity(programme, hall, 18)
    invite(late, ani)
    publish(late)
    assert go_out(NOW, reply=Temporary(451, "later")) == []
    postpone(late, at(4, 9))
    assert go_out(late.ends_at + timedelta(hours=1)) == []  # the mail server was away until then
    set_date(late, at(10, 8, **FEBRUARY), at(20))
    assert go_out(at(20)) == [("ani", "Undangan")]


def test_an_invitation_that_was_given_up_before_the_postponement_is_sent_with_the_new_date(told, budi):
    late = a_person("Citra Dewi")
    invite(told, late, now=at(5))
    assert go_out(at(5), reply=Permanent(554, "5.7.1 no")) == []
    assert db.session.scalars(sa.select(Message.state).order_by(Message.id)).all()[-1] is MessageState.FAILED
    postpone(told, at(6))
    assert go_out(at(6)) == [("ani", "DITUNDA"), ("budi", "DITUNDA")]
    move = Move(at(10, 8, **FEBRUARY), at(10, 12, **FEBRUARY), told.zone, told.venue_id)
    now = {row.kind: row.people for row in forecasting.for_move(told.id, move, now=at(20)).rows if row.due_at == at(20)}
    assert now == {MailKind.CHANGE: 2, MailKind.INVITATION: 1}
    set_date(told, at(10, 8, **FEBRUARY), at(20))
    assert go_out(at(20)) == [("ani", "WAKTU BARU"), ("budi", "WAKTU BARU"), ("citra", "Undangan")]


def test_people_told_by_phone_after_a_failed_invitation_are_told_the_new_date(told):
    late = a_person("Citra Dewi")
    invite(told, late, now=at(5))
    go_out(at(5), reply=Permanent(554, "5.7.1 no"))
    answer(told, late, Choice.COMING)
    postpone(told, at(6))
    assert ("citra", "DITUNDA") in go_out(at(6))
    set_date(told, at(10, 8, **FEBRUARY), at(20))
    assert ("citra", "WAKTU BARU") in go_out(at(20))


def test_an_invitation_that_waited_in_one_mail_with_a_past_activity_is_sent_with_the_new_date(programme, hall, ani):
    programme.ends_on = programme.ends_on.replace(month=3)
    first, late = draft_activity(programme, None, 11, title="Pelatihan"), draft_activity(programme, hall, 18)
    for activity in (first, late):
        invite(activity, ani)
        publish(activity)
    assert go_out(NOW, reply=Temporary(451, "later")) == []
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Message)) == 1
    postpone(late, at(4, 9))
    assert go_out(at(19)) == []
    message = db.session.scalars(sa.select(Message)).one()
    assert (message.state, [line.skipped for line in message.lines]) == (
        MessageState.FAILED, ["too_late", "activity_postponed"]
    )  # fmt: skip
    set_date(late, at(10, 8, **FEBRUARY), at(20))
    assert go_out(at(20)) == [("ani", "Undangan")]


def test_people_who_heard_of_the_postponement_are_told_if_the_former_date_is_set_again(told):
    postpone(told, at(5))
    go_out(at(5))
    set_date(told, at(18, 8), at(6))
    assert go_out(at(6)) == [("ani", "WAKTU BARU"), ("budi", "WAKTU BARU")]


def test_people_who_never_heard_of_the_postponement_are_not_told_of_the_former_date(told):
    postpone(told, at(5))
    set_date(told, at(18, 8), at(5, 9))  # before the postponement went out
    assert go_out(at(5, 9)) == []


def test_an_answer_still_counts_after_a_postponement_and_its_way_back_that_nobody_heard_of(told, ani):
    postpone(told, at(5))
    set_date(told, at(18, 8), at(5, 8, 1))
    assert (told.sequence, invitation_of(told, ani).answered_before_the_move) == (0, False)
    assert go_out(at(5, 9)) == []
    postpone(told, at(6))
    assert go_out(at(6)) == [("ani", "DITUNDA"), ("budi", "DITUNDA")]
    set_date(told, at(18, 8), at(7))
    assert (told.sequence, invitation_of(told, ani).answered_before_the_move) == (2, True)
    assert go_out(at(7)) == [("ani", "WAKTU BARU"), ("budi", "WAKTU BARU")]


def test_an_answer_still_counts_after_moves_and_their_way_back_that_nobody_heard_of(told, ani):
    for day in (19, 20, 18):
        set_date(told, at(day, 8), at(5), reason="Aula")
    assert (told.sequence, invitation_of(told, ani).answered_before_the_move) == (0, False)
    assert "change" not in scheduled(told)
    assert go_out(at(5)) == []
    set_date(told, at(19, 8), at(6), reason="Aula")
    assert go_out(at(6)) == [("ani", "PERUBAHAN waktu"), ("budi", "PERUBAHAN waktu")]


def previewed(activity: Activity, starts_at: datetime, now: datetime) -> tuple[bool, list[int]]:
    """Return what the preview of a move says: whether nobody has heard of another time, and how many are told of it."""
    db.session.refresh(activity)
    to = Move(starts_at, starts_at + timedelta(hours=4), activity.zone, activity.venue_id)
    seen = moves.preview(activity, to, activity.version, now=now)
    return seen.unheard, [row.people for row in seen.forecast.rows if row.kind is MailKind.CHANGE]


def test_the_preview_of_a_way_back_that_nobody_heard_of_says_that_nobody_is_told(told):
    assert previewed(told, at(19, 8), at(5)) == (False, [2])
    set_date(told, at(19, 8), at(5), reason="Aula")
    assert previewed(told, at(20, 8), at(5)) == (False, [2])
    assert previewed(told, at(18, 8), at(5)) == (True, [])
    go_out(at(5))
    assert previewed(told, at(18, 8), at(5, 9)) == (False, [2])  # they have heard of it
    set_date(told, at(18, 8), at(5, 9), reason="Aula")
    assert len(go_out(at(5, 9))) == 2


def test_the_preview_of_setting_the_former_date_says_whether_anybody_heard_of_the_postponement(told):
    postpone(told, at(5))
    assert previewed(told, at(18, 8), at(5, 8, 1)) == (True, [])
    assert previewed(told, at(19, 8), at(5, 8, 1)) == (False, [2])
    go_out(at(5, 9))
    assert previewed(told, at(18, 8), at(5, 10)) == (False, [2])


def test_the_preview_of_a_withdrawal_counts_the_mail_only_if_the_invitation_went_out(told, ani, dewi_the_next):
    def mails(person) -> int:
        return sum(row.people for row in withdrawing.preview(invitation_of(told, person).id, now=at(5)).forecast.rows)

    assert [mails(ani), mails(dewi_the_next)] == [1, 0]  # hers waits, and counts as invited
    for person in (ani, dewi_the_next):
        withdrawing.withdraw(invitation_of(told, person).id, by=None, now=at(5))
    assert [name for name, _subject in go_out(at(5))] == ["ani"]


@copied
def dewi_the_next(told):
    """Somebody who was invited while the mail server is away."""
    dewi = a_person("Dewi Lestari", email="dewi@example.com")
    inviting.invite_people([told.id], [dewi.id], Role.PARTICIPANT, by=None, now=at(5))
    assert go_out(at(5), reply=Temporary(451, "4.3.0 later")) == []
    assert invitation_of(told, dewi).invited_at is not None
    return dewi


def test_an_answer_was_given_before_the_move_if_anybody_heard_of_it_before_the_way_back(told, ani, budi):
    set_date(told, at(19, 8), at(5), reason="Aula")
    answer(told, budi, Choice.COMING, at(5))  # by phone, for the 19th
    set_date(told, at(18, 8), at(5, 8, 1), reason="Aula")
    assert (told.sequence, invitation_of(told, ani).answered_before_the_move) == (2, True)


def test_a_move_that_nobody_heard_of_is_told_after_a_postponement_that_nobody_heard_of(told):
    set_date(told, at(19, 8), at(5), reason="Aula")
    postpone(told, at(5, 8, 1))
    set_date(told, at(19, 8), at(5, 8, 2))
    assert [name for name, _subject in go_out(at(5, 9))] == ["ani", "budi"]


def test_a_new_date_is_told_although_it_was_postponed_and_set_again_before_anybody_heard_of_it(told):
    postpone(told, at(5))
    go_out(at(5))
    set_date(told, at(10, 8, **FEBRUARY), at(6))
    postpone(told, at(6, 8, 1))
    set_date(told, at(10, 8, **FEBRUARY), at(6, 8, 2))
    assert go_out(at(6, 9)) == [("ani", "WAKTU BARU"), ("budi", "WAKTU BARU")]


def test_a_move_whose_mail_a_postponement_stopped_is_told_with_the_new_date_although_that_is_the_same(told):
    """The mail about the move waits for its next try, and finds the activity postponed before anybody is told of that."""
    set_date(told, at(19, 8), at(5), reason="Aula")
    assert go_out(at(5), reply=Temporary(451, "4.3.0 later")) == []
    postpone(told, at(5, 8, 1))
    assert hand_over(at(5, 8, 5)) == []
    set_date(told, at(19, 8), at(5, 8, 6))
    assert [name for name, _subject in go_out(at(5, 9))] == ["ani", "budi"]


@pytest.mark.parametrize("state", [MessageState.HANDING_OVER, MessageState.SENT])
def test_a_way_back_is_told_if_a_mail_may_have_told_of_the_move(told, state):
    """A mail in hand-over, or one that was repeated after a doubt, leaves no trace of what it told."""
    set_date(told, at(19, 8), at(5), reason="Aula")
    mail = db.session.scalars(sa.select(Message).order_by(Message.id)).first()
    mail.state = state
    if state is MessageState.SENT:
        db.session.add(Attempt(message_id=mail.id, at=at(5, 8, 1), worker="w", outcome=MessageState.UNKNOWN))
    db.session.commit()
    set_date(told, at(18, 8), at(5, 8, 2), reason="Aula")
    assert told.sequence == 2
    assert "change" in scheduled(told)


def test_moves_back_to_another_time_than_the_first_are_told(told):
    for day in (19, 20, 19):
        set_date(told, at(day, 8), at(5), reason="Aula")
    assert told.sequence == 1
    assert go_out(at(5)) == [("ani", "PERUBAHAN waktu"), ("budi", "PERUBAHAN waktu")]


def test_a_new_date_that_is_moved_before_anybody_heard_of_it_is_told_once(told):
    postpone(told, at(5))
    go_out(at(5))
    set_date(told, at(10, 8, **FEBRUARY), at(6))
    set_date(told, at(18, 8), at(6, 8, 1), reason="Aula")  # back to the former day
    assert [name for name, _subject in go_out(at(6, 8, 2))] == ["ani", "budi"]
    assert go_out(at(6, 9)) == []


def test_a_new_date_that_is_moved_before_it_went_out_is_still_told_as_a_new_date(told):
    postpone(told, at(5))
    go_out(at(5))
    set_date(told, at(10, 8, **FEBRUARY), at(6))
    assert go_out(at(6), reply=Temporary(451, "later")) == []
    set_date(told, at(11, 8, **FEBRUARY), at(6, 8, 1), reason="Aula")
    assert go_out(at(6, 9)) == [("ani", "WAKTU BARU"), ("budi", "WAKTU BARU")]


def test_people_who_know_of_no_new_date_are_not_told_of_a_second_postponement(told):
    postpone(told, at(5))
    go_out(at(5))
    set_date(told, at(10, 8, **FEBRUARY), at(6))
    postpone(told, at(6, 8, 1))
    assert go_out(at(6, 9)) == []
    set_date(told, at(11, 8, **FEBRUARY), at(7))
    assert go_out(at(7)) == [("ani", "WAKTU BARU"), ("budi", "WAKTU BARU")]
    postpone(told, at(8))
    assert go_out(at(8)) == [("ani", "DITUNDA"), ("budi", "DITUNDA")]


def test_a_mail_that_waited_for_the_mail_server_is_not_sent_after_the_postponement(told, hall):
    moves.move(told.id, Move(at(19, 8), at(19, 12), told.zone, hall.id), "Aula", None, by=None, now=at(5))
    assert go_out(at(5), reply=Temporary(451, "later")) == []
    postpone(told, at(5, 8, 30))
    assert go_out(at(5, 10)) == [("ani", "DITUNDA"), ("budi", "DITUNDA")]
    reasons = {
        line.skipped for line in db.session.scalars(sa.select(MessageLine)) if line.reminder.kind is MailKind.CHANGE
    }
    assert reasons == {"activity_postponed"}


def test_a_postponement_that_waited_is_not_sent_after_the_new_date(told):
    postpone(told, at(5))
    assert go_out(at(5), reply=Temporary(451, "later")) == []
    set_date(told, at(10, 8, **FEBRUARY), at(5, 8, 30))
    assert go_out(at(5, 10)) == [("ani", "WAKTU BARU"), ("budi", "WAKTU BARU")]


def test_the_representative_is_told_too(told, ani):
    answer(told, ani, Choice.REPRESENTED, representative=Representative("Rudi Hartono", email="rudi@example.com"))
    postpone(told, at(5))
    assert go_out(at(5)) == [("ani", "DITUNDA"), ("budi", "DITUNDA"), ("rudi", "DITUNDA")]


def test_a_postponed_activity_can_be_cancelled_even_after_its_former_day(told):
    postpone(told, at(5))
    go_out(at(5))
    publishing.cancel(told.id, "Anggaran dialihkan", by=None, now=at(25))
    assert (told.state, told.sequence) == (ActivityState.CANCELLED, 2)
    assert go_out(at(25)) == [("ani", "DIBATALKAN"), ("budi", "DIBATALKAN")]


def test_people_withdrawn_while_the_activity_is_postponed_are_told(told, budi):
    postpone(told, at(5))
    go_out(at(5))
    withdrawing.withdraw(invitation_of(told, budi).id, by=None, now=at(25))
    assert go_out(at(25)) == [("budi", "Pembatalan undangan")]
    set_date(told, at(10, 8, **FEBRUARY), at(26))
    assert go_out(at(26)) == [("ani", "WAKTU BARU")]


def test_an_answer_to_a_postponed_activity_is_refused(told, budi):
    postpone(told, at(5))
    token = tokens.token(links.link_for(db.session(), budi))
    with pytest.raises(ActivityPostponed):
        answering.answer(token, told.id, Choice.COMING, now=at(6))
    with pytest.raises(NotRecordable):
        answer(told, budi, Choice.COMING)
    set_date(told, at(10, 8, **FEBRUARY), at(20))
    answering.answer(token, told.id, Choice.COMING, now=at(21))
    assert invitation_of(told, budi).state is InvitationState.COMING


def test_people_who_missed_the_first_deadline_may_answer_for_the_new_date(told, budi):
    reminding.tick(at(17))
    assert invitation_of(told, budi).state is InvitationState.NO_ANSWER
    postpone(told, at(17, 9))
    set_date(told, at(10, 8, **FEBRUARY), at(20))
    assert invitation_of(told, budi).state is InvitationState.INVITED


def test_of_a_postponed_activity_only_the_date_can_be_changed(told, chief):
    postpone(told, at(5))
    with pytest.raises(WaitsForDate):
        agendas.set_agenda(told.id, [], by=None, now=at(6))
    with pytest.raises(WaitsForDate):
        editing.edit_activity(told.id, None, told.version, by=None, now=at(6))
    with pytest.raises(NoDateYet):
        inviting.invite_people([told.id], [chief.id], Role.CADRE, by=None, now=at(6))
    with pytest.raises(remind_now.NotUnderWay):
        remind_now.remind(told.id, [], by=None, now=at(6))
    with pytest.raises(InThePast):
        set_date(told, at(5, 12), at(6))


def test_postponing_needs_a_published_activity_a_reason_and_the_current_version(told, programme):
    with pytest.raises(ReasonMissing):
        postpone(told, reason=" ")
    with pytest.raises(NotPublished):
        postpone(draft_activity(programme, None, 19))
    seen = told.version
    set_date(told, at(19, 8), at(5), reason="Aula")
    with pytest.raises(Stale):
        publishing.postpone(told.id, "Banjir", seen, by=None, now=at(5))
    postpone(told, at(5))
    with pytest.raises(NotPublished):
        postpone(told, at(5))


def test_if_two_coordinators_postpone_at_once_the_second_is_told(any_app, told):
    version, id_ = told.version, told.id
    db.session.remove()
    outcomes = at_once(
        any_app,
        [
            lambda: publishing.postpone(id_, "Banjir", version, by=None, now=at(5)),
            lambda: publishing.postpone(id_, "Pemilihan", version, by=None, now=at(5)),
        ],
    )
    assert sorted(outcomes) == ["Stale", "done"]


def test_a_postponement_is_in_the_audit_log(told, coordinator):
    publishing.postpone(told.id, "Banjir", by=coordinator, now=at(5))
    to = Move(at(10, 8, **FEBRUARY), at(10, 12, **FEBRUARY), told.zone, told.venue_id)
    moves.move(told.id, to, "", None, by=coordinator, now=at(20))
    entries = db.session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id.desc()).limit(2)).all()
    assert [(entry.action, entry.detail["reason"]) for entry in entries] == [
        ("activity.new_date", "Banjir"),  # the reason is kept if no other one is given
        ("activity.postponed", "Banjir"),
    ]


def test_the_forecast_says_who_is_told(told):
    invite(told, a_person("Citra Dewi"), now=at(5))
    said = forecasting.for_postponing(told.id, now=at(5))
    assert [(row.kind, row.people) for row in said.rows] == [(MailKind.POSTPONEMENT, 2)]
    postpone(told, at(5))
    go_out(at(5))
    move = Move(at(10, 8, **FEBRUARY), at(10, 12, **FEBRUARY), told.zone, told.venue_id)
    said = forecasting.for_move(told.id, move, now=at(20))
    people = {row.kind: row.people for row in said.rows if row.due_at == at(20)}
    assert people == {MailKind.CHANGE: 2, MailKind.INVITATION: 1}
    assert [(row.kind, row.people) for row in forecasting.for_cancelling(told.id, now=at(20)).rows] == [
        (MailKind.CANCELLATION, 2)
    ]


def test_the_preview_of_the_new_date_finds_its_clashes_as_new(told, programme, hall):
    postpone(told, at(5))
    draft_activity(programme, hall, 18, title="Pelatihan")
    before = Move(at(18, 8), at(18, 12), told.zone, hall.id)
    previewed = moves.preview(told, before, told.version, now=at(6))
    assert (previewed.needs_reason, previewed.blocked, previewed.forecast) == (True, True, None)
    assert "venue_taken" in [clash.kind.value for clash in previewed.found.clashes]


def test_a_postponement_can_be_sent_again_until_the_new_date(told):
    postpone(told, at(5))
    go_out(at(5))
    sent = db.session.scalars(
        sa.select(Message).where(Message.kind == MailKind.POSTPONEMENT).order_by(Message.id)
    ).first()
    resending.resend(sent.id, by=None, now=at(6))
    assert go_out(at(6)) == [("ani", "DITUNDA")]
    set_date(told, at(10, 8, **FEBRUARY), at(20))
    with pytest.raises(resending.NothingToResend):
        resending.resend(sent.id, by=None, now=at(20))


@pytest.mark.postgresql
@pytest.mark.parametrize("any_app", ["postgresql"], indirect=True)  # on SQLite one writes at a time
def test_no_mail_is_claimed_while_a_way_back_is_stored(any_app, told, programme, hall, monkeypatch):
    """It would tell of the move that has not happened, and nobody would correct it."""
    citra = a_person("Citra", email="citra@example.com")
    invite(told, citra, now=at(5))
    reminding.tick(at(5))
    set_date(told, at(19, 8), at(5, 8, 1), reason="Aula")
    claimed, hasten = [], moves.hasten_invitations

    def meanwhile(*arguments, **named) -> None:
        with ThreadPoolExecutor(1) as other:
            claimed.append(other.submit(claims).result())
        hasten(*arguments, **named)

    def claims() -> int:
        with any_app.app_context():
            found = leases.claim("w", 100, LEASE_S, now=at(5, 8, 2))
            db.session.remove()
        return len(found)

    monkeypatch.setattr(moves, "hasten_invitations", meanwhile)
    set_date(told, at(18, 8), at(5, 8, 2), reason="Aula")
    assert (told.sequence, claimed, claims()) == (0, [0], 1)


@pytest.mark.postgresql
@pytest.mark.parametrize("any_app", ["postgresql"], indirect=True)  # on SQLite one writes at a time
def test_a_move_back_waits_for_no_mail_that_somebody_else_works_on(any_app, told, programme, hall):
    """The tick may hold that mail for another activity, and wait for one that this move holds. So the way back is a move."""
    citra = a_person("Citra", email="citra@example.com")
    invite(told, citra, now=at(5))
    reminding.tick(at(5))
    set_date(told, at(19, 8), at(5, 8, 1), reason="Aula")
    waiting = sa.select(Message.id).where(Message.person_id == citra.id)
    engine = db.engine

    @sa.event.listens_for(engine, "begin")
    def not_for_ever(connection: sa.Connection) -> None:
        connection.exec_driver_sql("SET LOCAL lock_timeout = '5s'")

    try:
        with engine.connect() as tick:
            tick.execute(waiting.with_for_update())
            set_date(told, at(18, 8), at(5, 8, 2), reason="Aula")
    finally:
        sa.event.remove(engine, "begin", not_for_ever)
    assert told.sequence == 2
    assert [name for name, _subject in go_out(at(5, 9))] == ["citra"]  # the others know no other time

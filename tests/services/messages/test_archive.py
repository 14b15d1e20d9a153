"""Finished messages move to the archive ninety days after their last activity: complete, findable and erasable."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from outreach.delivery.outbox import drain as outbox
from outreach.domain.activities.values import Move
from outreach.domain.kinds import IncomingKind, IncomingOutcome
from outreach.domain.states import MessageState
from outreach.extensions import db
from outreach.models import (
    ArchivedLine,
    ArchivedMessage,
    Attempt,
    IncomingMail,
    MailFrame,
    Message,
    MessageLine,
    SentMail,
)
from outreach.queries import inbox
from outreach.queries.activities import page as showing
from outreach.queries.invitations import lists as invitees
from outreach.queries.messages import log as messages
from outreach.queries.messages.log import MessageFilters
from outreach.services.activities import move as moves
from outreach.services.activities import publish as publishing
from outreach.services.messages import archive as archiving
from outreach.services.messages import resend as resending
from outreach.services.messages.resend import MessageMissing
from outreach.services.privacy import person as privacy
from outreach.services.reminders import tick as reminding
from tests.world import NOW, StandingClock, a_person, at, count, draft_activity, invite_and_publish

pytestmark = pytest.mark.usefixtures("any_app", "default_rules", "server")
NINETY_DAYS = timedelta(days=90)
DUE = at(18, 12) + NINETY_DAYS  # the activity ends on 18 January at 12.00
COLUMNS = [column.name for column in ArchivedMessage.__table__.columns if column.name != "tries"]
JUST_AFTER = DUE + timedelta(seconds=1)


@pytest.fixture
def later_mail(office):
    """Invite somebody to an activity in May, so that the newest message is theirs."""

    def write():
        may = draft_activity(None, None, 20, title="Rapat Mei", starts_at=at(20, month=5), ends_at=at(20, 12, month=5),
                             registration_at=None, respond_by_at=at(18, month=5))  # fmt: skip
        invite_and_publish(may, a_person("Zainab Putri"))
        tick_and_drain()
        return may

    return write


def tick_and_drain(now=NOW):
    reminding.tick(now)
    return outbox.drain(now=StandingClock(now), worker="w")


def only_message_of(person) -> Message | ArchivedMessage:
    """Return the person's one message, in the outbox or in the archive."""
    found = [
        message
        for kind in (Message, ArchivedMessage)
        for message in db.session.scalars(sa.select(kind).filter_by(person=person))
    ]
    assert len(found) == 1
    return found[0]


def test_a_sent_mail_moves_ninety_days_after_its_activity_with_lines_and_attempts(server, activity, ani, later_mail):
    server.at["RCPT"] = "451 later"
    invite_and_publish(activity, ani)
    tick_and_drain()
    server.at.clear()
    tick_and_drain(NOW + timedelta(hours=1))
    later_mail()
    before = messages.show(only_message_of(ani).id)
    said = [(line.invitation_id, line.reminder_id, line.skipped) for line in before.message.lines]
    kept = {name: getattr(before.message, name) for name in COLUMNS}
    tried = [(attempt.at, attempt.outcome, attempt.code, attempt.reply) for attempt in before.attempts]
    assert [outcome for _at, outcome, _code, _reply in tried] == [MessageState.RETRY, MessageState.SENT]
    assert archiving.archive(DUE) == 0
    assert archiving.archive(JUST_AFTER) == 1
    after = messages.show(kept["id"])
    assert after.archived
    assert {name: getattr(after.message, name) for name in kept} == kept
    assert [(line.invitation_id, line.reminder_id, line.skipped) for line in after.message.lines] == said
    assert [(attempt.at, attempt.outcome, attempt.code, attempt.reply) for attempt in after.attempts] == tried
    assert (count(Message), count(MessageLine), count(Attempt)) == (1, 1, 1)  # Zainab's
    assert archiving.archive(JUST_AFTER) == 0


def test_the_common_part_of_kept_mails_is_stored_once_a_day_and_deleted_after_the_last_mail(
    server, activity, later_mail
):
    invite_and_publish(activity, *[a_person(f"{name} Kader") for name in ("Ani", "Budi", "Citra", "Dewi")])
    assert tick_and_drain().sent == 4
    mails = db.session.execute(
        sa.select(SentMail.frame_key, sa.func.length(SentMail.data)).order_by(SentMail.message_id)
    ).all()
    assert [bool(key) for key, _ in mails] == [False, True, True, True]  # the first of its kind is composed alone
    assert max(size for key, size in mails if key) * 3 < mails[0][1]
    assert archiving.forget_frames(NOW + timedelta(days=30)) == 0
    later_mail()
    assert archiving.archive(JUST_AFTER) == 4
    assert archiving.forget_frames(NOW) == 0  # made today
    assert archiving.forget_frames(JUST_AFTER) == 1
    assert count(MailFrame) == 0


def test_a_mail_that_also_names_a_later_activity_is_not_archived(server, activity, ani, later_mail):
    april = draft_activity(None, None, 20, title="Rapat April", starts_at=at(28, month=4), ends_at=at(28, 12, month=4),
                           registration_at=None, respond_by_at=at(26, month=4))  # fmt: skip
    invite_and_publish(activity, ani)
    invite_and_publish(april, ani)
    assert tick_and_drain().sent == 1
    later_mail()
    assert archiving.archive(JUST_AFTER) == 0
    server.taken.clear()
    publishing.cancel(april.id, "Aula rusak", by=None, now=JUST_AFTER)
    tick_and_drain(JUST_AFTER)
    assert server.recipients() == ["ani@example.com"]  # a cancellation goes to those who were notified


@pytest.mark.parametrize("invited", [True, False])
def test_the_mails_of_a_postponed_activity_are_kept_so_that_its_readers_get_the_new_date(
    server, ani, budi, later_mail, invited
):
    told = draft_activity(None, None, 18)
    invite_and_publish(told, ani, budi)
    if not invited:
        server.at["RCPT"] = "451 later"
    tick_and_drain()
    server.at.clear()
    publishing.postpone(told.id, "Banjir", by=None, now=at(5))
    tick_and_drain(at(5))
    later_mail()
    assert archiving.archive(at(20, month=5)) == 0  # 122 days after its former day
    server.taken.clear()
    june = Move(at(14, month=6), at(14, 12, month=6), told.zone, told.venue_id)
    moves.move(told.id, june, "", None, by=None, now=at(21, month=5))
    tick_and_drain(at(21, month=5))
    assert sorted(server.recipients()) == ["ani@example.com", "budi@example.com"]


def test_a_postponed_activity_keeps_its_mails_until_its_cancellation_is_sent(server, activity, ani, later_mail):
    invite_and_publish(activity, ani)
    tick_and_drain()
    publishing.postpone(activity.id, "Banjir", by=None, now=at(5))
    tick_and_drain(at(5))
    later_mail()
    server.taken.clear()
    cancelled_at = at(20, 21, month=5)
    publishing.cancel(activity.id, "Anggaran dialihkan", by=None, now=cancelled_at)
    assert archiving.archive(at(20, 22, month=5)) == 0  # before the mail goes out in the morning
    tick_and_drain(at(21, 7, month=5))
    assert server.recipients() == ["ani@example.com"]
    assert archiving.archive(cancelled_at + NINETY_DAYS) == 1  # Zainab's
    assert archiving.archive(cancelled_at + NINETY_DAYS + timedelta(seconds=1)) == 2  # all but the newest


def test_unfinished_messages_and_the_newest_message_stay(server, activity, ani, budi):
    server.at["RCPT"] = lambda address: "451 later" if address.startswith("ani") else None
    invite_and_publish(activity, ani, budi)
    tick_and_drain()
    assert (only_message_of(ani).state, only_message_of(budi).state) == (MessageState.RETRY, MessageState.SENT)
    assert archiving.archive(JUST_AFTER) == 0  # Budi's message is the newest; SQLite would reuse its number
    invite_and_publish(draft_activity(None, None, 19), a_person("Citra Dewi"))
    assert archiving.archive(JUST_AFTER) == 1
    assert (type(only_message_of(ani)), type(only_message_of(budi))) == (Message, ArchivedMessage)


def test_an_interrupted_round_leaves_the_rest_for_the_next(activity, ani, budi, later_mail):
    invite_and_publish(activity, ani, budi, a_person("Citra Dewi"))
    tick_and_drain()
    later_mail()
    assert archiving.archive(JUST_AFTER, stop=lambda: True) == 0
    assert archiving.archive(JUST_AFTER, limit=2) == 2
    assert (count(Message), count(ArchivedMessage)) == (2, 2)
    assert archiving.archive(JUST_AFTER) == 1
    assert (count(Message), count(ArchivedMessage), count(ArchivedLine)) == (1, 3, 3)


def test_a_failed_batch_moves_nothing(activity, ani, budi, later_mail):
    invite_and_publish(activity, ani, budi)
    tick_and_drain()
    later_mail()
    first = only_message_of(ani)
    columns = {name: getattr(first, name) for name in COLUMNS}
    db.session.add(ArchivedMessage(**columns, tries=[]))
    db.session.commit()
    with pytest.raises(sa.exc.IntegrityError):
        archiving.archive(JUST_AFTER)
    assert (count(Message), count(MessageLine), count(Attempt), count(ArchivedMessage)) == (3, 3, 3, 1)


def test_a_repeated_mail_and_the_first_one_still_refer_to_each_other(activity, ani, later_mail):
    invite_and_publish(activity, ani)
    tick_and_drain()
    first = only_message_of(ani).id
    again = resending.resend(first, by=None, now=NOW).id
    tick_and_drain()
    later_mail()
    assert archiving.archive(JUST_AFTER, limit=1) == 1
    assert (messages.show(first).archived, messages.show(first).resent_as_id) == (False, again)
    assert archiving.archive(JUST_AFTER) == 1
    assert (messages.show(first).archived, messages.show(first).resent_as_id) == (True, again)
    assert messages.show(again).message.resend_of_id == first
    with pytest.raises(MessageMissing):
        resending.resend(first, by=None, now=JUST_AFTER)


def test_a_mail_stays_while_its_repetition_waits(server, activity, ani, later_mail):
    invite_and_publish(activity, ani)
    tick_and_drain()
    first = only_message_of(ani).id
    resending.resend(first, by=None, now=NOW)
    server.at["RCPT"] = lambda address: "451 later" if address.startswith("ani") else None
    tick_and_drain()
    later_mail()
    assert archiving.archive(JUST_AFTER) == 0
    assert not messages.show(first).archived


def test_the_log_and_the_invitations_find_archived_mails(activity, ani, budi, later_mail, queries):
    invite_and_publish(activity, ani, budi)
    tick_and_drain()
    may = later_mail()
    invitation_ids = [line.invitation_id for line in db.session.scalars(sa.select(MessageLine))]
    last, ended = invitees.last_mails(invitation_ids), showing.activity(activity.id, now=NOW).messages
    archiving.archive(JUST_AFTER)

    def names(**filters):
        page, _named = messages.find(MessageFilters(archived=True, **filters))
        return [message.person.display_name.split()[0] for message in page]

    assert names() == ["Budi", "Ani"]
    assert names(person_id=ani.id) == ["Ani"]
    assert names(activity_id=activity.id) == ["Budi", "Ani"]
    assert names(activity_id=may.id) == []
    assert names(q="santoso") == ["Budi"]
    assert names(q="ANI@example") == ["Ani"]
    assert [message.person.display_name for message in messages.find(MessageFilters())[0]] == ["Zainab Putri"]
    assert invitees.last_mails(invitation_ids) == last
    assert showing.activity(activity.id, now=NOW).messages == ended
    few = queries(lambda: names(person_id=ani.id))
    assert queries(names) <= few


def test_export_and_erasure_include_the_archive(server, activity, ani, budi, later_mail):
    server.at["RCPT"] = lambda address: "550 no such user ani" if address.startswith("ani") else None
    invite_and_publish(activity, ani, budi)
    tick_and_drain()
    server.at.clear()
    later_mail()
    archiving.archive(JUST_AFTER)
    exported = privacy.export(ani.id, by=None, now=JUST_AFTER)["archived_mails"]
    assert [(mail["address"], mail["tries"][0]["reply"]) for mail in exported] == [
        ("ani@example.com", "no such user ani")
    ]
    privacy.erase(ani.id, by=None, now=JUST_AFTER)
    kept = only_message_of(ani)
    assert (kept.address, kept.server_reply, [attempt["reply"] for attempt in kept.tries]) == ("", "", [""])
    assert only_message_of(budi).address == "budi@example.com"


def test_a_delivery_report_is_kept_when_its_message_is_archived(activity, ani, later_mail):
    invite_and_publish(activity, ani)
    tick_and_drain()
    later_mail()
    db.session.add(
        IncomingMail(
            mailbox="m", uid_validity=1, uid=1, received_at=NOW, kind=IncomingKind.BOUNCE, outcome=IncomingOutcome.APPLIED,
            message_id=only_message_of(ani).id, person_id=ani.id,
        )
    )  # fmt: skip
    db.session.commit()
    assert archiving.archive(JUST_AFTER) == 1
    report = db.session.scalar(sa.select(IncomingMail))
    assert (report.message_id, report.person_id) == (only_message_of(ani).id, ani.id)
    assert (type(only_message_of(ani)), inbox.about_message(only_message_of(ani).id)) == (ArchivedMessage, [report])

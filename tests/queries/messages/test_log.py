"""The message log: found by state, person, activity and words; sending again once, and only while it is true."""

import pytest
import sqlalchemy as sa

from outreach.domain.answers import Choice
from outreach.domain.kinds import AnswerSource
from outreach.domain.mail.still_true import SkipReason
from outreach.domain.needs import NeedKind
from outreach.domain.states import MessageState
from outreach.extensions import db
from outreach.models import AuditEntry, Message, Reminder
from outreach.queries.activities import page as showing
from outreach.queries.messages import log as messages
from outreach.queries.messages.log import MessageFilters, MessageGroup
from outreach.queries.overview.page import overview
from outreach.services.activities import publish as publishing
from outreach.services.answers import record as recording
from outreach.services.messages import resend as resending
from outreach.services.messages.resend import NoAddress, NothingToResend, StillUnderWay
from outreach.services.reminders import tick as reminding
from tests.world import (
    NOW,
    a_person,
    at,
    at_once,
    draft_activity,
    drain,
    invite_and_publish,
    somebody_writes,
)

pytestmark = pytest.mark.usefixtures("any_app", "default_rules")


def message_to(person) -> Message:
    db.session.rollback()
    return db.session.scalars(
        sa.select(Message).where(Message.person_id == person.id).order_by(Message.id.desc())
    ).first()


def names(filters=None) -> list[str]:
    page, _ = messages.find(filters or MessageFilters())
    return [message.person.display_name for message in page]


def test_messages_are_found_by_state_person_activity_and_words(server, activity, ani, budi):
    server.at["RCPT"] = lambda address: "550 no" if address.startswith("budi") else None
    invite_and_publish(activity, ani, budi)
    drain()
    citra = a_person("Citra Dewi")
    other_activity = draft_activity(None, None, 20)
    invite_and_publish(other_activity, citra)
    assert names() == ["Citra Dewi", "Budi Santoso", "Ani Wijaya"]
    assert names(MessageFilters(group=MessageGroup.SENT)) == ["Ani Wijaya"]
    assert names(MessageFilters(group=MessageGroup.FAILED)) == ["Budi Santoso"]
    assert names(MessageFilters(group=MessageGroup.WAITING)) == ["Citra Dewi"]
    assert names(MessageFilters(person_id=ani.id)) == ["Ani Wijaya"]
    assert names(MessageFilters(activity_id=other_activity.id)) == ["Citra Dewi"]
    assert names(MessageFilters(q="budi@EXAMPLE")) == ["Budi Santoso"]
    assert names(MessageFilters(q="wijaya")) == ["Ani Wijaya"]
    assert names(MessageFilters(q="100%")) == []


def test_a_failed_message_is_sent_again_with_its_own_message_id(server, activity, ani, coordinator):
    server.at["RCPT"] = "550 mailbox unavailable"
    invite_and_publish(activity, ani)
    drain()
    failed = message_to(ani)
    assert failed.state is MessageState.FAILED
    server.at.clear()
    new = resending.resend(failed.id, by=coordinator, now=at(5))
    assert new.resend_of_id == failed.id
    assert drain(at(5)).sent == 1
    assert message_to(ani).rfc_message_id != failed.rfc_message_id
    assert messages.show(failed.id).resent_as_id == new.id
    assert [entry.action for entry in db.session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id))][
        -1
    ] == "message.resent"


def test_a_message_sent_again_no_longer_counts_as_failed_unless_that_failed_too(
    server, activity, ani, budi, coordinator
):
    server.at["RCPT"] = "550 mailbox unavailable"
    invite_and_publish(activity, ani, budi)
    drain()

    def failed() -> list[str]:
        [count] = [need.count for need in overview(now=NOW).needs if need.kind is NeedKind.FAILED] or [0]
        found = names(MessageFilters(group=MessageGroup.FAILED))
        assert count == len(found)
        return found

    assert failed() == ["Budi Santoso", "Ani Wijaya"]
    first = message_to(ani).id
    resending.resend(first, by=coordinator, now=NOW)
    assert failed() == ["Budi Santoso"]
    drain()  # refused again: one failed mail, not two
    again = message_to(ani).id
    assert (failed(), again != first) == (["Ani Wijaya", "Budi Santoso"], True)
    server.at.clear()
    resending.resend(again, by=coordinator, now=NOW)
    drain()
    assert (message_to(ani).state, failed()) == (MessageState.SENT, ["Budi Santoso"])
    assert showing.activity(activity.id, now=NOW).messages == {MessageState.SENT: 1, MessageState.FAILED: 1}


def test_a_failed_message_stays_on_the_list_if_sending_it_again_was_skipped(server, activity, ani, coordinator):
    server.at["RCPT"] = "550 mailbox unavailable"
    invite_and_publish(activity, ani)
    drain()
    resending.resend(message_to(ani).id, by=coordinator, now=NOW)
    publishing.cancel(activity.id, "Aula rusak", by=None, now=NOW)
    drain()
    assert message_to(ani).state is MessageState.SKIPPED
    assert names(MessageFilters(group=MessageGroup.FAILED)) == ["Ani Wijaya"]


def test_a_sent_message_may_be_sent_again_even_on_the_same_day_and_twice(server, activity, ani, coordinator):
    invite_and_publish(activity, ani)
    drain()
    for _ in range(2):
        resending.resend(message_to(ani).id, by=coordinator, now=NOW)
        drain()
    assert len(server.taken) == 3
    kept = sa.select(Reminder.occurrence).where(Reminder.key == "resend").order_by(Reminder.occurrence)
    assert list(db.session.scalars(kept)) == [0, 1]


def test_a_message_being_sent_is_not_sent_again(server, activity, ani, coordinator):
    invite_and_publish(activity, ani)
    with pytest.raises(StillUnderWay):
        resending.resend(message_to(ani).id, by=coordinator, now=NOW)
    drain()
    first = message_to(ani)
    resending.resend(first.id, by=coordinator, now=NOW)
    with pytest.raises(StillUnderWay):
        resending.resend(first.id, by=coordinator, now=NOW)


def test_a_message_that_is_no_longer_true_is_not_sent_again(server, activity, ani, budi, coordinator):
    invite_and_publish(activity, ani, budi)
    drain()
    invitation_id = messages.show(message_to(ani).id).message.lines[0].invitation_id
    recording.record_answer(invitation_id, Choice.COMING, AnswerSource.PHONE, by=None, now=NOW)
    with pytest.raises(NothingToResend) as caught:
        resending.resend(message_to(ani).id, by=coordinator, now=NOW)
    assert caught.value.values == {"reason": SkipReason.ANSWERED}
    publishing.cancel(activity.id, "Aula rusak", by=None, now=NOW)
    with pytest.raises(NothingToResend) as caught:
        resending.resend(message_to(budi).id, by=coordinator, now=NOW)
    assert caught.value.values == {"reason": SkipReason.ACTIVITY_CANCELLED}
    assert (
        db.session.scalar(sa.select(sa.func.count()).select_from(Message).where(Message.resend_of_id.is_not(None))) == 0
    )


def test_a_cancellation_can_be_sent_again(server, activity, ani, coordinator):
    invite_and_publish(activity, ani)
    drain()
    publishing.cancel(activity.id, "Aula rusak", by=None, now=at(5))
    reminding.tick(at(5))
    drain(at(5))
    resending.resend(message_to(ani).id, by=coordinator, now=at(5))
    drain(at(5))
    assert len(server.taken) == 3


def test_a_person_without_an_address_gets_no_mail(server, activity, office, coordinator):
    kartini = a_person("Kartini", email="")
    invite_and_publish(activity, kartini)
    drain()
    assert message_to(kartini).reason == "no_address"
    with pytest.raises(NoAddress):
        resending.resend(message_to(kartini).id, by=coordinator, now=NOW)
    kartini.email = "kartini@example.com"
    db.session.commit()
    resending.resend(message_to(kartini).id, by=coordinator, now=NOW)
    assert drain().sent == 1


def test_two_presses_at_the_same_moment_send_a_mail_again_once(server, any_app, activity, ani, budi):
    server.at["DATA"] = "554 5.6.0 content rejected"
    invite_and_publish(activity, ani, budi)
    drain()
    found = messages.ids(MessageFilters(group=MessageGroup.FAILED), 10)
    assert len(found) == 2
    for again in (
        lambda: resending.resend_many(found, by=None, now=NOW),
        lambda: resending.resend(found[0], by=None, now=NOW),
    ):
        outcomes = at_once(any_app, [again] * 3)
        assert set(outcomes) <= {"done", "StillUnderWay"}
        db.session.rollback()
        sent = db.session.scalars(sa.select(Message.resend_of_id).where(Message.resend_of_id.is_not(None))).all()
        assert sorted(sent) == sorted(found)


def test_a_mail_that_was_sent_again_is_not_in_a_list_to_send_again(server, activity, ani, coordinator):
    server.at["DATA"] = "554 5.6.0 content rejected"
    invite_and_publish(activity, ani)
    drain()
    first = message_to(ani).id
    server.at.clear()
    resending.resend(first, by=coordinator, now=NOW)
    drain()
    assert messages.ids(MessageFilters(activity_id=activity.id), 10) == [message_to(ani).id]


def test_what_messages_share_is_read_once_for_all_that_are_sent_again(server, activity, ani, budi, queries):
    server.at["DATA"] = "554 5.6.0 content rejected"
    invite_and_publish(activity, ani, budi, *[a_person(f"Kader {number}") for number in range(10)])
    drain()
    found = messages.ids(MessageFilters(group=MessageGroup.FAILED), 20)
    assert len(found) == 12
    resending.preview_many(found, now=NOW)
    few, all_twelve = (queries(lambda ids=ids: resending.preview_many(ids, now=NOW)) for ids in (found[:2], found))
    assert few == all_twelve
    few, ten = (queries(lambda ids=ids: resending.resend_many(ids, by=None, now=NOW)) for ids in (found[:2], found[2:]))
    assert few == ten
    again = sa.select(Message.resend_of_id).where(Message.resend_of_id.is_not(None)).order_by(Message.id)
    assert db.session.scalars(again).all() == found
    occurrences = sa.select(Reminder.occurrence).where(Reminder.key == resending.RESEND).order_by(Reminder.occurrence)
    assert db.session.scalars(occurrences).all() == list(range(12))


def test_others_can_write_during_a_preview_of_sending_again(server, activity, ani, coordinator, monkeypatch):
    server.at["DATA"] = "554 5.6.0 content rejected"
    invite_and_publish(activity, ani)
    drain()
    still_true = resending._still_true

    def while_looking(*given):
        somebody_writes()
        return still_true(*given)

    monkeypatch.setattr(resending, "_still_true", while_looking)
    first = message_to(ani).id
    assert resending.preview_many([first], now=NOW) == {first: None}
    assert db.session.scalars(sa.select(Message).where(Message.resend_of_id.is_not(None))).all() == []
    publishing.cancel(activity.id, "Aula rusak", by=None, now=NOW)
    (problem,) = resending.preview_many([first], now=NOW).values()
    assert problem.values == {"reason": SkipReason.ACTIVITY_CANCELLED}

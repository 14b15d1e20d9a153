"""The summary of the day's news: once a day, for who wants it, through the outbox and a real mail server."""

from datetime import time, timedelta

import pytest
import sqlalchemy as sa

from outreach.domain.answers import Choice
from outreach.domain.kinds import MailKind, Role
from outreach.domain.mail.still_true import SkipReason
from outreach.domain.states import MessageState
from outreach.engines.chores import BELL
from outreach.extensions import db
from outreach.models import AddressFailure, ArchivedMessage, Message, User
from outreach.queries import bell as news
from outreach.services import bell
from outreach.services.messages import archive as archiving
from outreach.services.messages import resend as resending
from tests.support.copied import copied
from tests.world import NOW, StandingClock, answer, at, drain, invite, publish, send

MORNING = at(5, 7)  # the day after NOW, 07.00 WIB


@copied
def refused(activity, chief, coordinator, administrator):
    """The coordinator wants summaries. The chief declines ten minutes later."""
    bell.want_digest(True, by=coordinator, now=NOW)
    invite(activity, chief, role=Role.SPEAKER)
    publish(activity)
    send(NOW)
    answer(activity, chief, Choice.NOT_COMING, NOW + timedelta(minutes=10))
    return activity


def write(now) -> int:
    return bell.write_digests(lambda user: news.within_reach(user, now=now), news.current(now=now).seen, now=now)


def digests() -> list[Message]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Message).where(Message.kind == MailKind.DIGEST).order_by(Message.id)))


def test_a_summary_goes_out_at_seven_to_those_who_want_it_and_lists_the_news(any_app, server, refused, coordinator):
    db.session.get_one(User, coordinator.id).locale = "id"
    db.session.commit()
    assert write(MORNING - timedelta(seconds=1)) == 0
    assert write(MORNING) == 1
    assert drain(StandingClock(MORNING)).sent == 1
    [taken] = server.taken
    assert taken.recipient == coordinator.email
    mail = taken.mail
    assert mail["Subject"] == "1 kabar baru"
    text = mail.get_body(("plain",)).get_content()
    assert "Kabar 1: Kapolres Metro tidak hadir – Rapat koordinasi pencegahan kekerasan" in text
    assert "http://localhost/bell" in text
    assert "/j/" not in text
    assert 'href="http://localhost/bell"' in mail.get_body(("html",)).get_content()


def test_a_summary_waits_until_the_offices_hours_for_mails_begin(any_app, refused, office):
    office.mails_from, office.mails_until = time(9), time(17)
    db.session.commit()
    assert [write(MORNING), write(at(5, 8, 59)), write(at(5, 9))] == [0, 0, 1]


def test_a_summary_is_written_once_a_day_and_only_with_news_since_the_last_one(any_app, refused, chief):
    assert [write(MORNING), write(MORNING + timedelta(hours=3)), write(MORNING + timedelta(days=1))] == [1, 0, 0]
    answer(refused, chief, Choice.COMING, MORNING + timedelta(days=1, hours=1))
    answer(refused, chief, Choice.NOT_COMING, MORNING + timedelta(days=1, hours=2))
    assert [write(MORNING + timedelta(days=1, hours=3)), write(MORNING + timedelta(days=2))] == [0, 1]


def test_news_already_seen_is_not_in_the_summary(any_app, refused, coordinator):
    bell.see([piece_of_news.key for piece_of_news in news.current(now=MORNING).news], by=coordinator, now=MORNING)
    assert write(MORNING) == 0


@pytest.mark.parametrize("change", [{"active": False}, {"wants_digest": False}, {"roles": []}])
def test_a_closed_account_and_one_that_wants_no_summary_get_none(any_app, refused, coordinator, change):
    for name, value in change.items():
        setattr(db.session.get_one(User, coordinator.id), name, value)
    db.session.commit()
    assert write(MORNING) == 0


def test_a_summary_is_checked_again_before_it_is_sent(any_app, server, refused, coordinator):
    write(MORNING)
    bell.want_digest(False, by=coordinator, now=MORNING)
    drain(StandingClock(MORNING))
    [digest] = digests()
    assert (digest.state, digest.reason, server.taken) == (MessageState.SKIPPED, SkipReason.STOPPED, [])


def test_a_late_summary_and_a_summary_to_a_blocked_address_are_skipped(any_app, server, refused, coordinator):
    write(MORNING)
    drain(StandingClock(MORNING + timedelta(hours=12)))
    bell.want_digest(True, by=coordinator, now=NOW)
    db.session.add(AddressFailure(address=coordinator.email, blocked_at=MORNING, last_at=MORNING, delays=0, reply=""))
    db.session.commit()
    db.session.get_one(User, coordinator.id).digested_at = None
    db.session.commit()
    assert write(MORNING + timedelta(hours=13)) == 1
    drain(StandingClock(MORNING + timedelta(hours=13)))
    assert [(digest.state, digest.reason) for digest in digests()] == [
        (MessageState.SKIPPED, SkipReason.TOO_LATE),
        (MessageState.SKIPPED, SkipReason.ADDRESS_BLOCKED),
    ]
    assert server.taken == []


def test_the_engines_chore_writes_the_summary(any_app, refused):
    assert BELL.do(StandingClock(MORNING), lambda: False) == {"alarms": 0, "clashes": 0, "digests": 1}
    assert len(digests()) == 1


def test_a_sent_summary_is_in_the_log_cannot_be_sent_again_and_is_archived(
    server, refused, coordinator, coordinator_client
):
    write(MORNING)
    drain(StandingClock(MORNING))
    [digest] = digests()
    message_id, name = digest.id, coordinator.name
    assert f"Message to {name}" in coordinator_client.get(f"/messages/{message_id}").text
    assert name in coordinator_client.get("/messages?state=sent").text
    assert coordinator_client.post(f"/messages/{message_id}/resend").status_code == 422
    with pytest.raises(resending.NothingToResend):
        resending.resend(message_id, by=None, now=MORNING)
    publish_after = Message(
        person_id=None, user_id=coordinator.id, kind=MailKind.DIGEST, local_day=MORNING.date(), due_at=MORNING,
        expires_at=MORNING + timedelta(days=900), state=MessageState.DUE,
    )  # fmt: skip
    db.session.add(publish_after)
    db.session.commit()
    archiving.archive(MORNING + timedelta(days=800))
    assert db.session.get_one(ArchivedMessage, message_id).user_id == coordinator.id
    assert name in coordinator_client.get("/messages?archive=1").text


def test_the_page_switches_the_summary_on_and_off(office, coordinator, coordinator_client):
    user_id = coordinator.id
    for value, wanted in (("1", True), ("0", False)):
        coordinator_client.post("/bell/digest", data={"on": value})
        db.session.rollback()
        assert db.session.get_one(User, user_id).wants_digest is wanted

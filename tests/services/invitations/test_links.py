"""A new answer link, and the one mail that brings it."""

import pytest

from outreach.delivery.mail.compose import compose
from outreach.domain.answers import Choice
from outreach.domain.states import MessageState
from outreach.extensions import db
from outreach.models import AddressFailure, Message
from outreach.services.activities import publish as publishing
from outreach.services.invitations import links
from outreach.services.invitations.links import Delivery
from outreach.services.polls.answer import answer as answer_poll
from outreach.services.reminders import tick as reminding
from tests.support.copied import copied
from tests.world import NOW, answer, draft_activity, drain, invite_and_publish, run, send_through, token_of
from tests.world.composed import parsed, text_of
from tests.world.polls import NO, YES, a_poll, dates

pytestmark = pytest.mark.usefixtures("default_rules")


@copied
def invited(programme, hall, ani):
    """Ani was invited to two days in January, and knows of both."""
    days = [draft_activity(programme, hall, day) for day in (18, 19)]
    for day in days:
        invite_and_publish(day, ani)
    run(NOW)
    return days


def new_mails() -> list[Message]:
    reminding.tick(NOW)
    return db.session.query(Message).filter_by(state=MessageState.DUE).all()


def test_a_new_link_goes_out_at_once_in_one_mail_about_all_future_activities(invited, ani):
    answer(invited[1], ani, Choice.NOT_COMING)
    assert links.renew(ani, by=None, now=NOW, send=True) is Delivery.SENT
    (mail,) = new_mails()
    assert (mail.kind.value, mail.due_at, len(mail.lines)) == ("link", NOW, 2)
    said = text_of(parsed(compose(mail, mail.lines, now=NOW).data))
    assert "Tautan dalam surel kami sebelumnya tidak berlaku lagi." in said
    assert said.count(f"/j/{token_of(ani)}\n") == 1


def test_a_link_renewed_without_sending_it_sends_nothing(invited, ani):
    assert links.renew(ani, by=None, now=NOW) is Delivery.NOT_WANTED
    assert new_mails() == []


@pytest.mark.parametrize(
    ("change", "because"),
    [("no address", Delivery.NO_ADDRESS), ("blocked", Delivery.NO_ADDRESS), ("stopped", Delivery.STOPPED)],
)
def test_renewing_a_link_says_why_no_mail_goes_out(invited, ani, change, because):
    if change == "no address":
        ani.email = ""
    elif change == "blocked":
        db.session.add(AddressFailure(address=ani.email, blocked_at=NOW, last_at=NOW))
    else:
        ani.reminders_stopped_at = NOW
    db.session.commit()
    assert links.renew(ani, by=None, now=NOW, send=True) is because
    assert new_mails() == []


def test_without_an_activity_ahead_there_is_nothing_to_write_about(invited, ani):
    for day in invited:
        publishing.cancel(day.id, "Narasumber sakit", by=None, now=NOW)
    run(NOW)
    assert links.renew(ani, by=None, now=NOW, send=True) is Delivery.NOTHING_AHEAD
    assert new_mails() == []


def test_a_new_link_that_was_switched_off_again_is_not_sent(app, server, invited, ani):
    send_through(app, server)
    links.renew(ani, by=None, now=NOW, send=True)
    reminding.tick(NOW)
    links.revoke(ani, by=None, now=NOW)
    drain(NOW)
    assert server.taken == []
    assert db.session.query(Message).order_by(Message.id.desc()).first().reason == "link_revoked"


def test_a_new_link_goes_out_with_a_waiting_invitation_and_only_once(app, server, programme, hall, ani):
    send_through(app, server)
    invite_and_publish(draft_activity(programme, hall, 18), ani)
    assert links.renew(ani, by=None, now=NOW, send=True) is Delivery.SENT
    reminding.tick(NOW)
    drain(NOW)
    (mail,) = server.taken
    assert f"/j/{token_of(ani)}" in text_of(parsed(mail.data))


def test_who_is_only_asked_by_a_date_poll_gets_its_mail_with_the_new_link(app, server, office, ani, police):
    send_through(app, server)
    poll = a_poll(ani, organisations=[police])
    run(NOW)
    server.taken.clear()
    answer_poll(token_of(police), poll.id, dates(poll, YES, YES, NO, who="Rina"), now=NOW)
    assert links.renew(ani, by=None, now=NOW, send=True) is Delivery.SENT
    assert links.renew(police, by=None, now=NOW, send=True) is Delivery.NOTHING_AHEAD
    drain(NOW)
    (mail,) = server.taken
    assert f"/j/{token_of(ani)}/polls/{poll.id}" in text_of(parsed(mail.data))


def test_who_has_activities_ahead_gets_one_mail_even_if_a_date_poll_asks_too(invited, ani):
    a_poll(ani)
    assert [mail.kind.value for mail in new_mails()] == ["poll"]
    links.renew(ani, by=None, now=NOW, send=True)
    assert [mail.kind.value for mail in new_mails()] == ["poll", "link"]

"""The pages of the message log and of the demo's inbox."""

import html
import re
from dataclasses import replace
from datetime import time, timedelta

import pytest
import sqlalchemy as sa
from flask import g

from outreach.delivery import tokens
from outreach.delivery.demo_server.server import DemoServer
from outreach.domain.kinds import IncomingKind, IncomingOutcome, MailKind, Role
from outreach.domain.mail.failures import ChannelTrouble
from outreach.domain.states import MessageState
from outreach.extensions import db
from outreach.models import AddressFailure, Channel, Message, Person
from outreach.queries import paging
from outreach.queries.messages import log as messages
from outreach.services.invitations import invite as inviting
from outreach.services.messages import archive as archiving
from outreach.services.operations.backup import hold
from outreach.services.reminders import tick as reminding
from tests.servers.smtp import DROP_AFTER_TAKING
from tests.web.reading import fields
from tests.world import NOW, a_person, at, draft_activity, drain, invite_and_publish, send_through
from tests.world.composed import line, message_of, published_invitation
from tests.world.incoming import mail

pytestmark = pytest.mark.usefixtures("default_rules")


def test_the_log_shows_each_message_with_its_state_and_reason(server, activity, ani, coordinator_client):
    invite_and_publish(activity, ani, a_person("Kartini", email=""))
    drain()
    page = coordinator_client.get("/messages?lang=en").text
    assert "Ani Wijaya" in page
    assert "No e-mail address is known." in page
    assert "Kartini" not in coordinator_client.get("/messages?state=sent&lang=en").text


def test_a_message_shows_its_attempts_and_the_servers_words(server, activity, ani, coordinator_client):
    server.at["RCPT"] = "550 5.1.1 no such user"
    invite_and_publish(activity, ani)
    drain()
    page = coordinator_client.get(f"/messages/{db.session.scalar(sa.select(Message.id))}?lang=en").text
    assert "550 5.1.1 no such user" in page
    assert "The mail server does not take it. Check the address and send it again, or call them." in page


def test_sending_again_leads_to_the_new_message(server, activity, ani, coordinator_client):
    # the page uses the wall clock, and the activity is in its future or past: both messages are accepted
    invite_and_publish(activity, ani)
    drain()
    first = db.session.scalar(sa.select(Message.id))
    answer = coordinator_client.post(f"/messages/{first}/resend")
    assert answer.status_code in (302, 422)


@pytest.mark.usefixtures("clock_stands")
@pytest.mark.parametrize(
    ("opens", "said"),
    [
        (8, "It will be sent again in a moment."),
        (9, "It will be sent again on Monday, 4 January 2027 at 09:00 WIB, when your office's hours for mails begin."),
    ],
)
def test_the_page_says_when_a_mail_is_sent_again(server, activity, ani, office, coordinator_client, opens, said):
    server.at["RCPT"] = "550 5.1.1 no such user"
    invite_and_publish(activity, ani)
    drain()
    db.session.execute(sa.delete(AddressFailure))
    office.mails_from, office.mails_until = time(opens), time(20)
    db.session.commit()
    first = db.session.scalar(sa.select(Message.id))
    answer = coordinator_client.post(f"/messages/{first}/resend?lang=en", follow_redirects=True)
    assert said in html.unescape(answer.text)


def test_a_viewer_may_read_but_not_send_again(server, activity, ani, viewer_client):
    invite_and_publish(activity, ani)
    drain()
    first = db.session.scalar(sa.select(Message.id))
    assert viewer_client.get(f"/messages/{first}").status_code == 200
    assert viewer_client.post(f"/messages/{first}/resend").status_code == 403


def test_an_unknown_message_gives_a_not_found_page(coordinator_client):
    assert coordinator_client.get("/messages/999").status_code == 404


def test_the_log_takes_as_many_queries_for_25_messages_as_for_3(server, activity, office, coordinator_client, queries):
    invite_and_publish(activity, *[a_person(f"Warga{number}") for number in range(3)])
    activity_id = activity.id
    drain()

    def look():
        g.pop("_login_user", None)  # the next request looks up the user again, as in production
        return coordinator_client.get("/messages").text

    look()
    few = queries(look)
    more = [a_person(f"Kader{number}").id for number in range(40)]
    inviting.invite_people([activity_id], more, Role.CADRE, by=None, now=NOW)
    reminding.tick(NOW)
    assert queries(look) == few
    assert look().count("/messages/") >= 25


@pytest.mark.parametrize("archived", [False, True])
def test_a_messages_page_takes_as_many_queries_for_three_activities_as_for_one(
    programme, hall, activity, ani, coordinator_client, queries, archived
):
    def message(*activities):
        return message_of(*[line(published_invitation(meeting, ani), MailKind.INVITATION) for meeting in activities]).id

    def look(message_id):
        g.pop("_login_user", None)
        return coordinator_client.get(f"/messages/{message_id}").text

    single = message(activity)
    three = message(*[draft_activity(programme, hall, day) for day in (19, 20, 21)])
    if archived:
        message(draft_activity(None, None, 20))  # the newest message is not archived
        db.session.execute(sa.update(Message).values(state=MessageState.SENT, sent_at=NOW))
        db.session.commit()
        assert archiving.archive(at(1, month=12)) == 2
    look(single)
    assert queries(lambda: look(three)) == queries(lambda: look(single))


def test_an_unreachable_server_is_shown(server, activity, ani, coordinator_client):
    invite_and_publish(activity, ani)
    server.stop()
    drain()
    page = coordinator_client.get("/messages?lang=en").text
    assert "No mail can go out" in page
    assert "The mail server cannot be reached. Please tell the administrator of Outreach." in page
    assert re.search(r"It is tried again at 08:0[01] WIB\.", page)
    assert re.search(r"The server.s words: .*refused", page)


def test_a_bounced_mail_is_no_longer_green(server, activity, ani, budi, coordinator_client):
    invite_and_publish(activity, ani, budi)
    drain()
    hers, his = db.session.scalars(sa.select(Message.id).order_by(Message.id))
    log = coordinator_client.get("/messages?lang=en").text
    assert (log.count("Sent, then came back"), log.count('tone-green">Sent<')) == (0, 2)
    mail(IncomingKind.BOUNCE, IncomingOutcome.APPLIED, message_id=hers)
    mail(IncomingKind.BOUNCE, message_id=his, reason="unproven")
    mail(IncomingKind.DELAY, IncomingOutcome.APPLIED, message_id=his)
    log = coordinator_client.get("/messages?lang=en").text
    assert (log.count('tone-orange">Sent, then came back<'), log.count('tone-green">Sent<')) == (1, 1)
    assert "Sent, then came back" in coordinator_client.get(f"/messages/{hers}?lang=en").text
    assert "Sent, then came back" not in coordinator_client.get(f"/messages/{his}?lang=en").text


def test_a_machine_with_a_wrong_clock_is_shown(app, coordinator_client):
    words = "web-1: +45 s"
    db.session.add(Channel(name="clock", trouble=ChannelTrouble.CLOCK, reply=words, failures=1, since_at=NOW))
    db.session.commit()
    page = coordinator_client.get("/messages?lang=en").text
    assert "The clock of a machine that sends is wrong." in page
    assert words in page
    assert "No mail can go out" not in page
    assert (
        "The clock of a machine that sends is wrong, so it sends nothing." in coordinator_client.get("/?lang=en").text
    )


@pytest.fixture
def inbox(app, activity, ani):
    """The demo's inbox with Ani's invitation in it."""
    with DemoServer("127.0.0.1", 0, app.extensions["outreach"].instance / "mailbox", now=lambda: NOW) as demo_server:
        app.extensions["outreach"] = replace(app.extensions["outreach"], demo=True)
        send_through(app, demo_server)
        invite_and_publish(activity, ani)
        drain()
        yield app.test_client()


def key_in(page: str) -> str:
    return page.split('href="/mailbox/')[1].split('"')[0]


def test_the_inbox_does_not_exist_outside_the_demo(app, office):
    assert app.test_client().get("/mailbox").status_code == 404


def test_the_inbox_lists_mails_as_their_readers_see_them_without_login(inbox):
    page = inbox.get("/mailbox?lang=en").text
    assert "Ani Wijaya" in page
    assert "Nothing found" in inbox.get("/mailbox?to=budi&lang=en").text
    assert "Ani Wijaya" in inbox.get("/mailbox?to=ANI@").text


def test_a_mail_is_shown_with_text_attachments_and_headers(inbox):
    key = key_in(inbox.get("/mailbox?lang=en").text)
    page = inbox.get(f"/mailbox/{key}?lang=en").text
    assert "Message-ID" in page
    assert "http://localhost/j/" in page
    assert "For the calendar" in page
    assert f"/mailbox/{key}/html" in page


def test_a_long_mail_gets_a_tall_frame_and_can_be_opened_separately(inbox):
    key = key_in(inbox.get("/mailbox?lang=en").text)
    page = inbox.get(f"/mailbox/{key}?lang=en").text
    lines = page.partition('<pre tabindex="0">')[2].partition("</pre>")[0].count("\n")
    steps = int(page.partition("letter-page tall-")[2].partition('"')[0])
    assert steps * 4 >= lines
    assert f'<a href="/mailbox/{key}/html">' in page


def test_the_mails_html_cannot_affect_the_page(inbox):
    key = key_in(inbox.get("/mailbox").text)
    answer = inbox.get(f"/mailbox/{key}/html")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "allow-scripts" not in policy
    assert '<base target="_top">' in answer.text
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_an_attachment_is_downloaded_as_a_file(inbox):
    key = key_in(inbox.get("/mailbox").text)
    page = inbox.get(f"/mailbox/{key}").text
    number = page.split(f"/mailbox/{key}/files/")[1].split('"')[0]
    answer = inbox.get(f"/mailbox/{key}/files/{number}")
    assert answer.data.startswith(b"BEGIN:VCALENDAR")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert inbox.get(f"/mailbox/{key}/files/99").status_code == 404


@pytest.mark.parametrize("path", ["/mailbox/nope", "/mailbox/..%2foutreach.db", "/mailbox/" + "0" * 32])
def test_an_unknown_mail_is_not_found(inbox, path):
    assert inbox.get(path).status_code == 404


def test_an_archived_mail_is_in_the_archive_under_its_old_address(server, activity, ani, coordinator_client):
    assert "Nothing in the archive" in coordinator_client.get("/messages?archive=1&lang=en").text
    invite_and_publish(activity, ani)
    drain()
    first = db.session.scalar(sa.select(Message.id))
    invite_and_publish(draft_activity(None, None, 20), a_person("Zainab Putri"))
    drain()
    assert archiving.archive(at(19, month=4)) == 1
    archive = coordinator_client.get("/messages?archive=1&lang=en").text
    assert ("Ani Wijaya" in archive, "Zainab Putri" in archive) == (True, False)
    log = coordinator_client.get("/messages?lang=en").text
    assert ("Ani Wijaya" in log, "Zainab Putri" in log) == (False, True)
    page = coordinator_client.get(f"/messages/{first}?lang=en").text
    assert ("Ani Wijaya" in page, "250" in page, "Send again" in page) == (True, True, False)
    assert coordinator_client.post(f"/messages/{first}/resend").status_code == 404


def test_a_list_is_counted_only_up_to_a_maximum(server, activity, ani, budi, coordinator_client):
    invite_and_publish(activity, ani, budi, a_person("Citra Dewi"))
    page, _filters = messages.find(messages.MessageFilters(), 1, 1)
    assert (page.total, page.more, page.pages) == (3, False, 3)
    everybody = paging.paged(sa.select(Person.id).order_by(Person.id), 9, 1)
    assert (everybody.total, everybody.number) == (3, 3)
    many = sa.select(sa.literal_column("value")).select_from(
        sa.func.json_each("[" + "1," * 10_000 + "1]").table_valued("value")
    )
    beyond = paging.paged(many.order_by(sa.literal_column("value")), 500)
    assert (beyond.total, beyond.more, beyond.number) == (10_000, True, 400)


def test_a_sent_mail_can_be_read_as_it_was_sent_but_without_its_answer_link(server, activity, ani, viewer_client):
    invite_and_publish(activity, ani)
    drain()
    first = db.session.scalar(sa.select(Message.id))
    token = tokens.token(tokens.link_for(db.session, ani))
    activity.public_title = "Ganti judul"
    db.session.commit()
    page = viewer_client.get(f"/messages/{first}").text
    assert "Yth. Ibu Ani Wijaya" in page or "Yth. Bapak/Ibu Ani Wijaya" in page
    assert "Rapat koordinasi lintas sektor" in page
    frame = viewer_client.get(f"/messages/{first}/html")
    assert "sandbox" in frame.headers["Content-Security-Policy"]
    assert "Rapat koordinasi lintas sektor" in frame.text
    assert "Ganti judul" not in frame.text
    assert token not in page + frame.text
    assert viewer_client.get("/messages/999/html").status_code == 404


@pytest.mark.usefixtures("clock_stands")
def test_the_failed_mails_of_a_list_are_sent_again_together(server, activity, ani, budi, coordinator_client):
    server.at["DATA"] = "554 5.6.0 content rejected"
    invite_and_publish(activity, ani, budi)
    drain()
    shown = coordinator_client.get("/messages/again?state=failed&lang=en")
    assert shown.status_code == 200
    chosen = fields(shown.text)["message"]
    assert len(chosen) == 2
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Message)) == 2  # looking changes nothing
    done = coordinator_client.post("/messages/again?state=failed", data={"message": chosen})
    assert done.location.endswith("/messages?state=failed")
    db.session.expire_all()
    again = db.session.scalars(sa.select(Message.resend_of_id).where(Message.resend_of_id.is_not(None))).all()
    assert sorted(again) == sorted(int(id_) for id_ in chosen)
    assert "message" not in fields(coordinator_client.get("/messages/again?state=failed").text)


@pytest.mark.usefixtures("clock_stands")
def test_mails_of_unknown_outcome_are_sent_again_together_after_a_look_at_who(
    server, activity, ani, budi, coordinator_client
):
    invite_and_publish(activity, ani, budi, a_person("Citra Dewi"))
    server.at["RCPT"] = lambda address: "550 5.1.1 no such user" if "citra" in address else None
    server.at["DATA"] = DROP_AFTER_TAKING
    drain()
    db.session.execute(sa.update(Message).where(Message.state == MessageState.RETRY).values(state=MessageState.UNKNOWN))
    db.session.commit()
    listed = coordinator_client.get("/messages?state=unknown&lang=en").text
    assert ("Ani Wijaya" in listed, "Budi" in listed, "Citra Dewi" in listed) == (True, True, False)
    assert "/messages/again?state=unknown" in listed
    shown = coordinator_client.get("/messages/again?state=unknown&lang=en").text
    assert ("Ani Wijaya" in shown, "Budi" in shown, "Citra Dewi" in shown) == (True, True, False)
    server.at.clear()
    coordinator_client.post("/messages/again?state=unknown", data={"message": fields(shown)["message"]})
    assert drain().sent == 2
    assert "Ani Wijaya" not in coordinator_client.get("/messages?state=unknown&lang=en").text


@pytest.mark.usefixtures("clock_stands")
def test_what_a_restored_backup_held_back_is_sent_again_together(server, activity, ani, budi, coordinator_client):
    invite_and_publish(activity, ani, budi)
    with db.engine.begin() as connection:
        assert hold.hold(connection, now=NOW).messages == 2
    assert drain().sent == 0
    shown = coordinator_client.get("/messages/again?state=unknown&lang=en").text
    chosen = fields(shown)["message"]
    assert len(chosen) == 2
    coordinator_client.post("/messages/again?state=unknown", data={"message": chosen})
    assert drain().sent == 2
    assert sorted(server.recipients()) == ["ani@example.com", "budi@example.com"]


@pytest.mark.usefixtures("clock_stands")
def test_a_mail_in_doubt_shows_how_often_it_was_handed_over_and_when_it_is_sent_again(
    server, activity, ani, coordinator_client
):
    invite_and_publish(activity, ani)
    server.at["DATA"] = DROP_AFTER_TAKING
    drain()
    drain(NOW + timedelta(minutes=1))
    page = coordinator_client.get(f"/messages/{db.session.scalar(sa.select(Message.id))}?lang=en").text
    assert "It was handed over 2 times without an answer of the mail server." in page
    assert "So it may have arrived more than once." in page
    assert re.search(r"It is sent again on Monday, 4 January 2027 at 08:0[1-3] WIB", page)


def test_a_viewer_sends_nothing_again(viewer_client):
    assert viewer_client.get("/messages/again").status_code == 403
    assert viewer_client.post("/messages/again").status_code == 403

"""Repeated queries of the engine and the watchers use an index: no statement reads the whole outbox."""

import re

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from outreach.delivery.inbox.mailbox import FetchedMail, Folder
from outreach.delivery.outbox import drain as outbox
from outreach.domain.kinds import IncomingKind
from outreach.extensions import db
from outreach.models import Activity, IncomingMail, Message, Reminder
from outreach.queries import inbox
from outreach.queries.directory import unreachable
from outreach.queries.messages import log as messages
from outreach.queries.messages.log import MessageFilters, MessageGroup
from outreach.services import addresses
from outreach.services.inbox import receive as receiving
from outreach.services.messages import archive as archiving
from outreach.services.operations import engines, metrics
from outreach.services.operations import engines as heartbeats
from outreach.services.reminders import rules
from outreach.services.reminders import tick as reminding
from tests.servers.smtp import Server
from tests.support.copied import copied
from tests.world import NOW, StandingClock, at, draft_activity, invite_and_publish, send_through
from tests.world.incoming import blocked
from tests.world.mail_samples import Answer, Returned, gmail, letter, postfix

LARGE = ("message", "message_line", "reminder", "invitation", "attempt", "person", "organisation", "incoming_mail")
PARTLY = "to_send|leased|waiting|sent|failed|skipped|retry|due|missed|trouble"
WHOLE = re.compile(
    rf"SCAN ({'|'.join(LARGE)})(_\d+)?( |$)(?!USING (COVERING )?INDEX ix_(message|reminder|attempt)_({PARTLY})$)"
)


@pytest.fixture
def due(app, office, ani, budi):
    """Ani and Budi are invited to two activities, have waiting mails, and a reminder is due."""
    rules.install_defaults(now=NOW)
    with Server() as server:
        send_through(app, server)
        invite_and_publish(draft_activity(None, None, 18), ani, budi)
        outbox.drain(now=StandingClock(NOW), worker="w")
        invite_and_publish(draft_activity(None, None, 20), ani, budi, now=at(8))
        yield server


def whole(action) -> list[str]:
    """Return the action's statements that scan a whole large table, with the plan step that does."""
    asked: list[tuple[str, object]] = []

    def note(_connection, _cursor, statement, parameters, _context, many):
        asked.append((statement, parameters[0] if many else parameters))

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        action()
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert asked
    found = []
    with db.engine.connect() as connection:
        for statement, parameters in asked:
            if statement.split()[0] in ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH"):
                plan = connection.exec_driver_sql("EXPLAIN QUERY PLAN " + statement, tuple(parameters)).all()
                found += [f"{row[3]}: {' '.join(statement.split())}" for row in plan if WHOLE.match(row[3])]
    db.session.rollback()
    return found


def test_this_test_detects_a_full_table_scan(due):
    assert whole(lambda: db.session.scalar(sa.select(Message.id).where(Message.subject == "x")))
    assert whole(lambda: db.session.scalar(sa.select(Reminder.id).where(Reminder.key == "x")))


def test_a_tick_with_due_reminders_scans_no_table(due):
    assert whole(lambda: reminding.tick(at(11))) == []
    due_now = sa.select(sa.func.count()).select_from(Message).where(Message.due_at <= at(11), Message.sent_at.is_(None))
    assert db.session.scalar(due_now) == 4  # and there was something to read


def test_claiming_and_sending_scan_no_table(due):
    reminding.tick(at(11))
    due.taken.clear()
    assert whole(lambda: outbox.drain(now=StandingClock(at(11)), worker="w")) == []
    assert due.recipients() == ["ani@example.com", "budi@example.com"]


def test_watching_scans_no_table(due):
    assert whole(lambda: engines.overdue(now=at(11))) == []
    assert whole(lambda: metrics._read(at(11))) == []
    assert whole(lambda: inbox.came_back([1, 2])) == []
    assert whole(lambda: heartbeats.silent_since(now=at(11))) == []


@pytest.mark.parametrize("any_app", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True)
def test_watching_scans_no_table_on_postgresql_either(any_app, office):
    """PostgreSQL scans small tables; with scans switched off it shows the index that a large table would use."""
    asked = []

    def note(_connection, _cursor, statement, parameters, _context, _many):
        asked.append((statement, parameters))

    event.listen(db.engine, "before_cursor_execute", note)
    metrics._read(at(11))
    engines.overdue(now=at(11))
    heartbeats.silent_since(now=at(11))
    event.remove(db.engine, "before_cursor_execute", note)
    scans = []
    with db.engine.connect() as connection:
        for setting in ("enable_seqscan", "enable_bitmapscan"):
            connection.exec_driver_sql(f"SET LOCAL {setting} = off")
        for statement, parameters in asked:
            plan = "\n".join(row[0] for row in connection.exec_driver_sql("EXPLAIN " + statement, parameters))
            scans += re.findall(r"(?:using (\w+) )?on (message|reminder|attempt|incoming_mail)\b", plan)
    assert len(scans) > 15
    partly = rf"ix_(message|reminder|attempt)_({PARTLY})|ix_incoming_mail_open"
    assert [scan for scan in scans if not re.fullmatch(partly, scan[0])] == []


@pytest.mark.parametrize("group", MessageGroup)
def test_the_lists_of_the_message_log_use_their_index(due, group):
    assert whole(lambda: messages.find(MessageFilters(group=group))) == []


@copied
def from_outside(due, ani, budi, police) -> dict[str, bytes]:
    """Incoming mails: an answer from a calendar, a report, a letter. No mail reaches Budi or the police."""
    uid = db.session.scalar(sa.select(Activity.uid).order_by(Activity.id))
    sent = db.session.scalar(sa.select(Message).where(Message.person_id == ani.id).order_by(Message.id))
    for address in (budi.email, police.email):
        blocked(address)
    return {
        "answer": gmail(Answer(uid=uid, address=ani.email)),
        "report": postfix(Returned(original=sent.rfc_message_id)),
        "letter": letter(sender=ani.email),
    }


@pytest.mark.parametrize(
    ("which", "kind"),
    [("answer", IncomingKind.ANSWER), ("report", IncomingKind.BOUNCE), ("letter", IncomingKind.LETTER)],
)
def test_reading_a_mail_scans_no_table(from_outside, which, kind):
    fetched = FetchedMail(1, at(6), from_outside[which])
    assert whole(lambda: receiving.take(Folder("undangan@imap.example.com/INBOX", 7), fetched, now=at(6))) == []
    assert db.session.scalars(sa.select(IncomingMail.kind)).all() == [kind]


def test_unreachable_people_are_found_by_their_address(from_outside):
    assert whole(lambda: unreachable.count(now=at(6))) == []
    assert unreachable.count(now=at(6)) == 2


def test_an_address_that_is_allowed_again_is_found_by_index(from_outside, budi, police):
    for address in (budi.email, police.email):
        assert whole(lambda address=address: addresses.allow_again(address, by=None, now=at(6))) == []
    assert unreachable.count(now=at(6)) == 0


@pytest.mark.parametrize("group", [group for group in inbox.InboxGroup if group is not inbox.InboxGroup.ALL])
def test_the_lists_of_received_mails_use_their_index(from_outside, group):
    assert whole(lambda: inbox.find(inbox.InboxFilters(group=group))) == []


def test_archiving_reads_the_outbox_once_by_its_key(due):
    assert [step for step in whole(lambda: archiving.archive(at(11))) if not step.startswith("SCAN message")] == []

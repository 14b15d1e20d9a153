"""Sending in tests: through a real mail server, or marked as sent where only the time between two mails matters."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa
from flask import Flask

from outreach.delivery.outbox import drain as outbox
from outreach.delivery.outbox.drain import Drained
from outreach.domain.states import MessageState
from outreach.extensions import db
from outreach.models import Attempt, Message
from outreach.services.reminders import tick as reminding
from tests.servers.smtp import Server
from tests.world.clocks import StandingClock
from tests.world.days import JAKARTA, NOW


def send_through(app: Flask, server: Server, **values: object) -> None:
    """Make the app send through the server. values: other settings."""
    short = {"mail_timeout_s": 3.0, "mail_answer_s": 9.0}
    where = {"mail_port": server.port, "mail_server": "127.0.0.1"}
    app.extensions["outreach"] = replace(app.extensions["outreach"], **where, **{**short, **values})
    app.extensions["mail"].server, app.extensions["mail"].port = "127.0.0.1", server.port


def drain(clock: Callable[[], datetime] | datetime = NOW, worker: str = "w1", **options: object) -> Drained:
    """Send what is due, as a worker does. clock: its clock, or the instant at which its clock stands."""
    standing = StandingClock(clock) if isinstance(clock, datetime) else clock
    return outbox.drain(now=standing, worker=worker, **options)


def send(now: datetime) -> None:
    """Mark what is due as sent, without a mail server: no line is merged into those messages afterwards."""
    db.session.execute(
        sa.update(Message)
        .where(Message.state == MessageState.DUE, Message.due_at <= now)
        .values(state=MessageState.SENT, sent_at=now, merge_key=None)
    )
    db.session.commit()


def run(*instants: datetime) -> None:
    """Process what is due at each instant, and mark it as sent."""
    for now in instants:
        reminding.tick(now)
        send(now)


def mails() -> list[tuple[str, str, list[str]]]:
    """Return (reader, due day and hour in Jakarta, kinds of the lines) of every message that is not skipped."""
    found = []
    for message in db.session.scalars(
        sa.select(Message).where(Message.state != MessageState.SKIPPED).order_by(Message.id)
    ):
        reader = (message.person or message.organisation).display_name.split()[0]
        if message.representative_of is not None:
            reader = message.representative_of.representative_name
        kinds = [line.reminder.kind.value for line in message.lines]
        found.append((reader, f"{message.due_at.astimezone(JAKARTA):%d %H.%M}", kinds))
    return found


def outbox_now() -> list[tuple[str, str, str]]:
    """Return (first name, state, reason) of each message, in order of writing."""
    db.session.rollback()
    messages = db.session.scalars(sa.select(Message).order_by(Message.id))
    return [
        ((message.person or message.organisation).display_name.split()[0], message.state.value, message.reason)
        for message in messages
    ]


def attempts() -> list[tuple[str, str, int | None, str]]:
    """Return (first name, outcome, code, reply) of each attempt, in order."""
    rows = db.session.execute(sa.select(Attempt, Message).join(Message).order_by(Attempt.id))
    return [
        (message.person.display_name.split()[0], attempt.outcome.value, attempt.code, attempt.reply)
        for attempt, message in rows
    ]

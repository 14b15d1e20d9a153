"""Shared by tests of sending: an activity with invited people, the clock, and the outbox's current state."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa
from flask import Flask, current_app

from outreach.delivery.outbox import drain as outbox
from outreach.delivery.outbox.drain import Drained
from outreach.domain.kinds import Role
from outreach.extensions import db
from outreach.models import Attempt, Message
from tests.conftest import NOW
from tests.servers.smtp import Server
from tests.world import invite, publish


class StandingClock:
    """A clock that stands still until moved."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def send_through(app: Flask, server: Server, **values: object) -> None:
    """Make the app send through the server."""
    app.extensions["outreach"] = replace(
        app.extensions["outreach"], mail_port=server.port, mail_server="127.0.0.1", **{"mail_timeout_s": 3.0, **values}
    )
    app.extensions["mail"].server, app.extensions["mail"].port = "127.0.0.1", server.port


def invited(activity, *people, role: Role = Role.CADRE, now: datetime = NOW) -> None:
    """Invite people to an activity, publish it, and let the invitations become due."""
    invite(activity, *people, role=role, now=now)
    publish(activity, now=now)


def drain(clock: Callable[[], datetime] | None = None, worker: str = "w1", **options: object) -> Drained:
    return outbox.drain(now=clock or StandingClock(), worker=worker, **options)


def outbox_now() -> list[tuple[str, str, str]]:
    """Return (first name, state, reason) of each message, in order of writing."""
    db.session.rollback()
    rows = db.session.scalars(sa.select(Message).order_by(Message.id))
    return [((m.person or m.organisation).display_name.split()[0], m.state.value, m.reason) for m in rows]


def attempts() -> list[tuple[str, str, int | None, str]]:
    """Return (first name, outcome, code, reply) of each attempt, in order."""
    rows = db.session.execute(sa.select(Attempt, Message).join(Message).order_by(Attempt.id))
    return [(m.person.display_name.split()[0], a.outcome.value, a.code, a.reply) for a, m in rows]


def settings():
    return current_app.extensions["outreach"]

"""One office for the state machine: its database, reset for each story, its mail server, and work that crashes."""

import json
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import sqlalchemy as sa

from outreach.delivery import tokens
from outreach.domain.problems import Problem
from outreach.domain.states import FINISHED, MessageState
from outreach.engines import loop
from outreach.extensions import db
from outreach.models import Attempt, Invitation, Message, MessageText, Person
from outreach.services.reminders import rules
from tests.chaos.support import truth
from tests.chaos.support.faults import Fault
from tests.chaos.support.harness import SinkProcess, administer, install
from tests.world import NOW, an_office, at, draft_activity, store_regions

T = TypeVar("T")
PEOPLE = ("ani", "budi", "citra")
STARTS = {"Alfa": at(18, 8), "Beta": at(18, 14), "Gama": at(21, 9)}
GROUP = 2  # mails sent at once
CONNECTIONS = 2  # each with its own group
LASTS = 2 * truth.HOUR


class World:
    """Use as a context. reset() restores the beginning: three people, three drafts, Monday 4 January, 08.00."""

    def __init__(self, folder: Path, postgresql: str = "") -> None:
        self.sink = SinkProcess(folder / "sink.log", keep=True)
        self.folder, self.postgresql = folder, postgresql

    def __enter__(self) -> "World":
        self.sink.__enter__()
        self.office = install(
            self.folder, self.postgresql, mail_server="127.0.0.1", mail_port=self.sink.port, mail_timeout_s=5.0,
            hand_over_group=GROUP, claim_size=5, mail_connections=CONNECTIONS,
        )  # fmt: skip
        self.app = self.office.app()
        with self.app.app_context():
            self._furnish()
            db.engine.dispose()
        if self.postgresql:
            self.name = urlsplit(str(self.office.values["database_url"])).path[1:]
            administer(self.postgresql, f"CREATE DATABASE {self.name}_kept TEMPLATE {self.name}")
        else:
            self.kept = Path(tempfile.mkdtemp(prefix="outreach-chaos-")) / "outreach.db"
            with closing(sqlite3.connect(self.folder / "outreach.db")) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            shutil.copy(self.folder / "outreach.db", self.kept)
        self.crasher = self.office.start(
            module="tests.chaos.support.crasher", stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        return self

    def __exit__(self, *_error: object) -> None:
        self.crasher.stdin.close()
        self.crasher.wait(timeout=300)
        self.crasher.stdout.close()
        with self.app.app_context():
            db.engine.dispose()
        if not self.postgresql:
            shutil.rmtree(self.kept.parent)
        self.sink.__exit__()

    def reset(self) -> dict[str, truth.ExpectedActivity]:
        """Start again; return the three drafts as the truth has them."""
        self.sink.misbehave()
        self.sink.news()
        with self.app.app_context():
            db.engine.dispose()
            if self.postgresql:
                administer(self.postgresql, f"DROP DATABASE {self.name} WITH (FORCE)",
                           f"CREATE DATABASE {self.name} TEMPLATE {self.name}_kept")  # fmt: skip
            else:
                for name in ("outreach.db-wal", "outreach.db-shm"):
                    (self.folder / name).unlink(missing_ok=True)
                shutil.copy(self.kept, self.folder / "outreach.db")
        return {
            title: truth.ExpectedActivity(self.activities[title], title, starts, starts + LASTS, starts)
            for title, starts in STARTS.items()
        }

    def do(self, use_case: Callable[[], T]) -> T | None:
        """Call a use case; return None where it is refused."""
        with self.app.app_context():
            try:
                return use_case()
            except Problem:
                return None

    def work(self, now: Callable[[], datetime], stop: Callable[[], bool] = lambda: False) -> None:
        assert loop.tick(self.app, now=now, worker="w1", stop=stop) is not None, "the tick failed"

    def work_and_crash(self, now: datetime, *, die_at: int = 0, fault: Fault | None = None) -> int:
        """Work in another process that dies; return its exit code (0 if it finished)."""
        self._tell({"now": now.isoformat(), "die_at": die_at})
        pid = int(self.crasher.stdout.readline())
        if fault is not None:
            fault.pid = pid
            self.sink.misbehave(fault)
        self._tell("go")
        code = int(self.crasher.stdout.readline())
        self.sink.misbehave()
        return code

    def invitation(self, title: str, name: str) -> int:
        found = db.session.scalar(
            sa.select(Invitation.id).where(
                Invitation.activity_id == self.activities[title], Invitation.person_id == self.people[name]
            )
        )
        db.session.rollback()
        return found

    def token(self, name: str) -> str:
        person = db.session.get(Person, self.people[name])
        found = tokens.token(tokens.link_for(db.session(), person))
        db.session.rollback()
        return found

    def in_doubt(self) -> set[str]:
        """Return the Message-IDs that the product knows to be, or to have been, in doubt."""
        with self.app.app_context():
            doubted = sa.exists().where(Attempt.message_id == Message.id, Attempt.outcome == MessageState.UNKNOWN)
            return set(
                db.session.scalars(
                    sa.select(Message.rfc_message_id).where(
                        sa.or_(Message.state.in_((MessageState.HANDING_OVER, MessageState.UNKNOWN)), doubted)
                    )
                )
            )

    def doubts(self, rfc_message_id: str) -> int:
        """Return how often this mail was handed over without an answer, by the database."""
        with self.app.app_context():
            counted = (
                sa.select(sa.func.count()).where(
                    Attempt.message_id == Message.id, Attempt.outcome == MessageState.UNKNOWN
                )
            ).scalar_subquery()
            found = db.session.execute(
                sa.select(Message.state, counted).where(Message.rfc_message_id == rfc_message_id)
            ).one()
            return found[1] + (found[0] is MessageState.HANDING_OVER)

    def resent(self) -> set[str]:
        """Return the Message-IDs of mails that staff sent again."""
        with self.app.app_context():
            return set(db.session.scalars(sa.select(Message.rfc_message_id).where(Message.resend_of_id.is_not(None))))

    def finished(self) -> list[sa.Row]:
        """Return (id, state, reason, person_id) of each finished message."""
        with self.app.app_context():
            columns = (Message.id, Message.state, Message.reason, Message.person_id)
            return list(db.session.execute(sa.select(*columns).where(Message.state.in_(FINISHED)).order_by(Message.id)))

    def stuck(self, now: datetime) -> list[sa.Row]:
        """Return what should have ended by now and has not."""
        with self.app.app_context():
            late = (Message.state.not_in(FINISHED), Message.due_at <= now)
            return list(db.session.execute(sa.select(Message.id, Message.state, Message.due_at).where(*late)))

    def name_of(self, person_id: int) -> str:
        return next(name for name, one in self.people.items() if one == person_id)

    def _tell(self, what: object) -> None:
        self.crasher.stdin.write((what if isinstance(what, str) else json.dumps(what)).encode() + b"\n")
        self.crasher.stdin.flush()

    def _furnish(self) -> None:
        store_regions()
        an_office()
        people = [Person(name=f"{name.title()} Wijaya", email=f"{name}@example.com") for name in PEOPLE]
        db.session.add_all(people)
        for key, text in truth.texts():
            db.session.add(
                MessageText(key=key, locale="id", subject=text.subject, greeting=text.greeting, body=text.body)
            )
        db.session.commit()
        rules.install_defaults(now=NOW)
        self.people = {name: person.id for name, person in zip(PEOPLE, people, strict=True)}
        self.activities = {
            title: draft_activity(
                None, None, starts_at=starts, ends_at=starts + LASTS, registration_at=None, public_title=title,
                title=title, respond_by_at=at(starts.day - 2, 16),
            ).id
            for title, starts in STARTS.items()
        }  # fmt: skip
        db.session.remove()

"""Marks of erased people, so that restoring an old backup does not bring them back.

A mark is a keyed hash of a person's number and of when they were added: nobody can be found by it without the secret key. Marks
are in a table that backups leave out and restoring keeps, and in a file of the instance folder, for the day when the database
is lost. The engine writes the file, and erases again whoever came back (retention/run.py).
"""

import hmac
import os
import re
import secrets
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.extensions import current_settings, db
from outreach.models import ErasedMark, Person
from outreach.transactions import insert_into

FILE = "erased-people.txt"
_MARK = re.compile(r"[0-9a-f]{64}")


def add(session: Session, person: Person, *, now: datetime) -> None:
    """Mark a person as erased, in the transaction that erases them. Without a secret key (by command line), nobody is marked."""
    for key in _keys()[:1]:
        adding = insert_into(session, ErasedMark).values(mark=_mark(key, person.id, person.created_at), at=now)
        session.execute(adding.on_conflict_do_nothing())


def write_out() -> int:
    """Write the marks that the file does not have yet; return how many. The file is replaced as a whole."""
    known, path = _in_file(), _path()
    new = set(db.session.scalars(sa.select(ErasedMark.mark))) - known
    db.session.rollback()
    if new:
        unfinished = path.with_name(f"{FILE}.{secrets.token_hex(4)}.part")
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write("".join(f"{mark}\n" for mark in sorted(known | new)))
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    return len(new)


def back() -> list[int]:
    """Return the ids of people who are marked and there again, as after the restore of an old backup."""
    marks = _in_file() | set(db.session.scalars(sa.select(ErasedMark.mark)))
    found = list(_back(marks)) if marks else []
    db.session.rollback()
    return found


def _back(marks: Collection[str]) -> Iterator[int]:
    keys = _keys()
    there = sa.select(Person.id, Person.created_at).where(Person.erased_at.is_(None))
    for person_id, created_at in db.session.execute(there.execution_options(yield_per=1000)):
        if any(_mark(key, person_id, created_at) in marks for key in keys):
            yield person_id


def _mark(key: bytes, person_id: int, created_at: datetime) -> str:
    """Return the mark of a person. Their number alone would mean somebody else in another database."""
    return hmac.digest(key, f"{person_id} {created_at.astimezone(UTC):%Y%m%dT%H%M%S}".encode(), sha256).hex()


def _keys() -> list[bytes]:
    settings = current_settings()
    keys = [settings.secret_key, *settings.previous_secret_keys.split(",")]
    return [hmac.digest(key.encode(), b"outreach erased people", sha256) for key in keys if key]


def _path() -> Path:
    return current_settings().instance / FILE


def _in_file() -> set[str]:
    path = _path()
    return set(_MARK.findall(path.read_text("ascii", errors="replace"))) if path.exists() else set()

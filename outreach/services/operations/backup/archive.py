"""Save all data to one file while everything runs, and restore it into an empty SQLite or PostgreSQL database.

The file is a zip: a manifest, and for each table its rows as lines of JSON. It deliberately omits the secret key and
the settings: with the file alone nobody can open a session or a link.
"""

import json
import os
import secrets
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import sqlalchemy as sa

from outreach.domain.problems import Problem
from outreach.models import AuditEntry, ErasedMark, Office, SealedFeedback, the_office
from outreach.services.operations.backup import hold as holding
from outreach.services.operations.backup import load as loading
from outreach.services.operations.backup.hold import Held
from outreach.services.operations.backup.tables import (
    Kind,
    SavedTable,
    Sum,
    filled,
    line,
    revision_of,
    row_from,
    rows_of,
    tables_of,
)

FORMAT = 1
# Tables without their rows: answers that nobody may read one by one, not even later with the secret key; marks, see KEPT.
LEFT_EMPTY = frozenset({SealedFeedback.__tablename__, ErasedMark.__tablename__})
# Tables that restoring leaves as they are: who was erased since the backup is erased again (services/privacy/marks.py).
KEPT = frozenset({ErasedMark.__tablename__})
MANIFEST = "manifest.json"
MOST_LINE = 16 * 1024 * 1024  # bytes of a row, and of the manifest
# Errors from reading a file that somebody changed: false lengths, values of other types, endless nesting.
UNREADABLE = (
    ValueError, KeyError, TypeError, EOFError, OSError, RuntimeError, OverflowError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip


class NoTables(Problem):
    message = "This database has no tables yet, so there is nothing to save. Make them with: outreach db upgrade"


class FileExists(Problem):
    message = "%(path)s is there already. Name another file, or remove that one."


class FileMissing(Problem):
    message = "There is no file %(path)s."


class NotABackup(Problem):
    message = "%(path)s is no backup made by outreach, or its end is missing."


class Damaged(Problem):
    message = "%(path)s is damaged at table %(table)s. Use another backup; nothing was changed."


class FromNewer(Problem):
    message = "This backup was made by a newer outreach (%(version)s). Install that version, and restore then."


class NotEmpty(Problem):
    message = (
        "The database holds data already (table %(table)s). Restore into an empty one, "
        "or give --force to delete what is there and put the backup in its place."
    )


class OtherRevision(Problem):
    message = (
        "The backup has the tables of another version (%(theirs)s, here %(ours)s), so it cannot replace what is there. "
        "Restore it into an empty database."
    )


@dataclass(frozen=True)
class Saved:
    """Contents of a backup. revision: the newest migration of its tables. tables: each with its count and checksum."""

    version: str
    revision: str
    taken_at: datetime
    database: str  # "sqlite" or "postgresql": the source
    tables: tuple[tuple[SavedTable, Sum], ...]

    @property
    def rows(self) -> int:
        return sum(found.rows for _table, found in self.tables)


def save(path: Path, engine: sa.Engine, *, version: str, now: datetime) -> Saved:
    """Write a snapshot of all data into a new file that only its owner may read, without blocking other writers.

    Raise FileExists or NoTables.
    """
    if path.exists():
        raise FileExists(path=path)
    unfinished = path.with_name(f"{path.name}.{secrets.token_hex(8)}.part")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with (
            os.fdopen(descriptor, "wb") as file,
            zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive,
            loading.snapshot(engine) as connection,
        ):
            revision = revision_of(connection)
            if not revision:
                raise NoTables
            found = [(table, _write(archive, connection, table)) for table in tables_of(connection)]
            saved = Saved(version, revision, now, engine.dialect.name, tuple(found))
            archive.writestr(MANIFEST, json.dumps(_manifest(saved), indent=1))
        _flush(unfinished)
        unfinished.rename(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return saved


def examine(path: Path) -> Saved:
    """Read and check a whole backup; return its contents. Raise FileMissing, NotABackup, Damaged or FromNewer."""
    if not path.exists():
        raise FileMissing(path=path)
    try:
        with zipfile.ZipFile(path) as archive:
            with archive.open(MANIFEST) as entry:
                saved = _saved(json.loads(_line(entry, whole=True)))
            for table, noted in saved.tables:
                found = Sum()
                try:
                    for row in _rows(archive, table):
                        found.add(line(table, row))
                except UNREADABLE:
                    raise Damaged(path=path, table=table.name) from None
                if found != noted:
                    raise Damaged(path=path, table=table.name)
    except UNREADABLE:
        raise NotABackup(path=path) from None
    return saved


def restore(
    path: Path, saved: Saved, engine: sa.Engine, *, now: datetime, force: bool = False, resend_overdue: bool = False
) -> Held:
    """Load an examined backup into a database with tables of its revision, in one transaction; return what is held back.

    force: delete the data in the database first. resend_overdue: hold nothing back, if nothing was sent since the backup.
    Raise OtherRevision, NotEmpty, Damaged, or what load.py raises.
    """
    with zipfile.ZipFile(path) as archive, loading.replacing(engine) as connection:
        if revision_of(connection) != saved.revision:
            raise OtherRevision(theirs=saved.revision, ours=revision_of(connection) or "none")
        here = tables_of(connection)
        _compare(path, saved, here)
        if name := filled(connection):
            if not force:
                raise NotEmpty(table=name)
            loading.empty(connection, [table for table in here if table.name not in KEPT])
        with loading.references_open(connection):
            for each, noted in saved.tables:
                if each.name in KEPT:
                    continue
                if loading.load(connection, each, _rows(archive, each)) != noted:
                    raise Damaged(path=path, table=each.name)
                loading.prove(connection, each, noted)
        holding.forget_workers(connection)
        _note(connection, now)
        return Held() if resend_overdue else holding.hold(connection, now=now)


def _compare(path: Path, saved: Saved, here: Sequence[SavedTable]) -> None:
    """Raise Damaged if the backup's tables or columns differ from the database's, before any name is used in SQL."""
    known = {table.name: (sorted(name for name, _kind in table.columns), sorted(table.key)) for table in here}
    for table, _sum in saved.tables:
        if known.pop(table.name, None) != (sorted(name for name, _kind in table.columns), sorted(table.key)):
            raise Damaged(path=path, table=table.name)
    if known:
        raise Damaged(path=path, table=next(iter(known)))


def _note(connection: sa.Connection, now: datetime) -> None:
    """Record the restore in the audit log, if there is an office."""
    office = connection.execute(the_office(Office.id, Office.name)).first()
    if office is not None:
        connection.execute(
            sa.insert(AuditEntry).values(
                at=now, action="office.restored", subject_type=Office.__tablename__, subject_id=office.id,
                subject_name=office.name[:200], detail={},
            )
        )  # fmt: skip


def _write(archive: zipfile.ZipFile, connection: sa.Connection, table: SavedTable) -> Sum:
    found = Sum()
    with archive.open(_entry(table), "w", force_zip64=True) as entry:
        for row in rows_of(connection, table) if table.name not in LEFT_EMPTY else ():
            text = line(table, row)
            found.add(text)
            entry.write(text + b"\n")
    return found


def _rows(archive: zipfile.ZipFile, table: SavedTable) -> Iterator[Sequence[Any]]:
    with archive.open(_entry(table)) as entry:
        while text := _line(entry):
            yield row_from(table, text)


def _line(entry: IO[bytes], *, whole: bool = False) -> bytes:
    """Return the next line of an entry, or if `whole` all of it; raise ValueError if it has MOST_LINE bytes or more."""
    text = entry.read(MOST_LINE) if whole else entry.readline(MOST_LINE)
    if len(text) == MOST_LINE:
        raise ValueError("too long a line")
    return text


def _entry(table: SavedTable) -> str:
    return f"tables/{table.name}.jsonl"


def _manifest(saved: Saved) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": saved.version,
        "revision": saved.revision,
        "taken_at": saved.taken_at.isoformat(),
        "database": saved.database,
        "tables": [
            {"name": table.name, "columns": table.columns, "key": table.key, "rows": found.rows, "sum": found.digest}
            for table, found in saved.tables
        ],
    }


def _saved(manifest: dict[str, Any]) -> Saved:
    version = _word(manifest["version"])
    if manifest["format"] != FORMAT:
        raise FromNewer(version=version)
    tables = [
        (
            SavedTable(
                _word(each["name"]), tuple((name, Kind(kind)) for name, kind in each["columns"]), tuple(each["key"])
            ),
            Sum(each["rows"], int(each["sum"], 16)),
        )
        for each in manifest["tables"]
    ]
    return Saved(
        version, _word(manifest["revision"]), datetime.fromisoformat(manifest["taken_at"]), manifest["database"],
        tuple(tables),
    )  # fmt: skip


def _word(value: object) -> str:
    """Return a name from the manifest. Raise ValueError for what would steer the terminal that shows it in a message."""
    if not isinstance(value, str) or not value.isprintable():
        raise ValueError("no name")
    return value


def _flush(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())

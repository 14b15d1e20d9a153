"""Copy all data into another database, SQLite or PostgreSQL, and check that every row arrived."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from outreach.domain.problems import Problem
from outreach.models import Message
from outreach.models.mails import IS_IN_WORK
from outreach.services.operations.backup import load as loading
from outreach.services.operations.backup.tables import filled, revision_of, rows_of, tables_of


class TargetNotEmpty(Problem):
    message = "The database to copy to holds data already (table %(table)s). Name an empty one."


class NotUpToDate(Problem):
    message = "This database has not seen the newest migration. Run first: outreach db upgrade"


class BeingSent(Problem):
    message = "%(count)s messages are in a worker's hands. Stop all workers and pages, wait a moment, and copy then."


@dataclass(frozen=True)
class Copied:
    """One copied table. digest: the checksum of all its rows, the same in both databases."""

    table: str
    rows: int
    digest: str


def copy(
    source: sa.Engine, target: sa.Engine, *, newest: str, now: datetime, say: Callable[[Copied], None]
) -> list[Copied]:
    """Copy every row of every table into an empty database that has the newest tables. All or nothing.

    Nobody can write to the source meanwhile; it is not changed. newest: the newest migration. say: called for each table.
    Raise NotUpToDate, TargetNotEmpty, BeingSent, or what load.py raises.
    """
    with loading.snapshot(source, locked=True) as here, loading.replacing(target) as there:
        if revision_of(here) != newest or revision_of(there) != newest:
            raise NotUpToDate
        if name := filled(there):
            raise TargetNotEmpty(table=name)
        held = sa.select(sa.func.count()).select_from(Message).where(IS_IN_WORK, Message.leased_until > now)
        if count := here.scalar(held):
            raise BeingSent(count=count)
        copied = []
        with loading.references_open(there):
            for table in tables_of(here):
                sent = loading.load(there, table, rows_of(here, table))
                loading.prove(there, table, sent)
                copied.append(Copied(table.name, sent.rows, sent.digest))
                say(copied[-1])
        return copied

"""Check whether the database is intact and of this version, and whether its disk has room."""

import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from outreach import rate_store
from outreach.delivery.checks.result import Area, CheckReport, CheckResult
from outreach.extensions import db
from outreach.models import Office, the_office
from outreach.services.operations import database_faults, metrics
from outreach.services.operations.checks.times import CLOCKS_APART, SET_CLOCKS, apart
from outreach.settings import PACKAGE, Settings

GB = 1024**3
LITTLE_ROOM, TOO_LITTLE_ROOM = 5 * GB, GB // 2
OLDEST_POSTGRESQL = 14
OVER_A_NETWORK = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "ceph", "glusterfs", "lustre", "fuse.sshfs", "afs"}


def database(found: Settings, *, now: datetime) -> Iterator[CheckResult]:
    """Yield whether the database can be reached, is intact, has this version's tables, and has room."""
    report = CheckReport(Area.DATABASE)
    if db.engine.dialect.name == "sqlite" and not (found.instance / "outreach.db").exists() and not found.database_url:
        yield report.fail(f"There is no database in {found.instance} yet.", "Run  outreach init  to set up the office.")
        return
    try:
        with db.engine.connect() as connection:
            yield from _reached(connection, report, now)
            yield _at_head(connection, report)
        if found.rate_store == rate_store.DATABASE:
            yield _counting(report)
    except sa.exc.SQLAlchemyError as error:
        words = str(getattr(error, "orig", None) or error).splitlines()[0][:200]
        if any(sign in words for sign in ("malformed", "not a database")):
            yield _damaged(report, words)
        else:
            told = database_faults.sentence(error, db.engine.url) or f"The database cannot be used: {words}."
            yield report.fail(
                told, "See the PostgreSQL server's log." if found.database_url else f"ls -l {found.instance}"
            )
        return
    yield from _room(found, report)


def _reached(connection: sa.Connection, report: CheckReport, now: datetime) -> Iterator[CheckResult]:
    if connection.dialect.name == "postgresql":
        version = connection.exec_driver_sql("SHOW server_version").scalar_one()
        major = int(version.split(".")[0])
        if major < OLDEST_POSTGRESQL:
            yield report.warn(f"PostgreSQL {version} is old.", f"Use version {OLDEST_POSTGRESQL} or newer.")
        else:
            yield report.ok(f"PostgreSQL {version} answers.")
        theirs = connection.exec_driver_sql("SELECT clock_timestamp()").scalar_one()
        if abs(theirs - now) > CLOCKS_APART:
            yield report.fail(
                f"The database server's clock is {apart(theirs, now)} off this machine's.",
                SET_CLOCKS,
            )
        return
    said = connection.exec_driver_sql("PRAGMA quick_check").scalar_one()
    if said == "ok":
        yield report.ok("The SQLite database is whole.")
    else:
        yield _damaged(report, said[:200])


def _damaged(report: CheckReport, words: str) -> CheckResult:
    return report.fail(
        f"The database is damaged: {words}.", "Stop everything, keep the file, and bring back the last back-up."
    )


def _at_head(connection: sa.Connection, report: CheckReport) -> CheckResult:
    head = ScriptDirectory(str(PACKAGE / "migrations")).get_current_head()
    at = MigrationContext.configure(connection).get_current_revision()
    if at != head:
        return report.fail(
            f"The tables are of another version ({at or 'none'}, not {head}).",
            "Make a back-up, then run  outreach db upgrade",
        )
    if connection.scalar(the_office(Office.id)) is None:
        return report.warn("The tables are there, but no office is set up.", "Run  outreach init")
    return report.ok(f"The tables are of this version ({at}).")


def _counting(report: CheckReport) -> CheckResult:
    if rate_store.DatabaseStorage().check():
        return report.ok("Web processes count requests together in this database.")
    return report.fail(
        "Requests cannot be counted in this database: pages that count them, as that to sign in, would fail.",
        "Run  outreach db upgrade ; if pages use another role than that command, grant it "
        f"SELECT, INSERT, UPDATE and DELETE on {rate_store.TABLE}.",
    )


def _room(found: Settings, report: CheckReport) -> Iterator[CheckResult]:
    size = metrics.database_bytes()
    free = shutil.disk_usage(found.instance).free
    said = f"The database takes {size / GB:.2f} GB; {free / GB:.1f} GB are free in {found.instance}"
    if free < TOO_LITTLE_ROOM:
        yield report.fail(f"{said}.", "Make room at once: with a full disk nothing can be written down, or sent.")
    elif free < max(LITTLE_ROOM, size) and db.engine.dialect.name == "sqlite":
        yield report.warn(f"{said}.", "Make room: a back-up needs as much as the database, and it grows.")
    else:
        yield report.ok(f"{said}.")
    if db.engine.dialect.name == "sqlite" and (kind := file_system(found.instance)) in OVER_A_NETWORK:
        yield report.fail(
            f"The SQLite database lies on a network file system ({kind}), whose locks cannot be trusted.",
            "Put instance/ on a disk of this machine, or go over to PostgreSQL.",
        )


def file_system(path: Path, mounts: Path = Path("/proc/mounts")) -> str:
    """Return the type of the file system that holds a path ("ext4", "nfs4"); "" if it is unknown."""
    if not mounts.exists():
        return ""
    wanted = str(path.resolve())
    found = ("", "")
    for line in mounts.read_text("utf-8", "replace").splitlines():
        _device, place, kind = line.split(" ")[:3]
        inside = wanted == place or wanted.startswith(place.rstrip("/") + "/")
        if inside and len(place) >= len(found[0]):
            found = (place, kind)
    return found[1]

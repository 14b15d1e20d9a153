"""`outreach backup` and `outreach restore`: save all data in one file, and restore it."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import sqlalchemy as sa
from flask_migrate import downgrade as migrate_downgrade
from flask_migrate import upgrade as migrate_upgrade

from outreach import __version__, clock
from outreach.cli.data import migrations
from outreach.domain.privacy.retention import BOUNDS, Purpose
from outreach.extensions import db
from outreach.models import RetentionPeriod
from outreach.services.operations.backup import archive as safekeeping
from outreach.services.operations.backup import hold as holding
from outreach.services.operations.backup.tables import filled, revision_of
from outreach.services.privacy.retention import periods

NOT_IN_IT = (
    "Not in it: the secret key and the settings. Keep them elsewhere: without the same secret key the links in mails "
    "that were sent open nothing. The file holds names and addresses: keep it as safe as the database. Keep a copy of "
    "erased-people.txt of the instance folder apart from it, too: by that list, who was erased since is erased again."
)


def backup(file: Path | None) -> None:
    """Save all data in FILE, while everything runs. A FILE that does not end in .zip is a folder; a file is made in it."""
    now = clock.now()
    path = Path(f"outreach-{now:%Y%m%dT%H%M%SZ}.zip")
    if file is not None:
        path = file if file.suffix == ".zip" and not file.is_dir() else _folder(file) / path
    saved = safekeeping.save(path, db.engine, version=__version__, now=now)
    click.echo(f"{saved.rows:,} rows of {len(saved.tables)} tables are saved in {path}.")
    click.echo(NOT_IN_IT, err=True)
    _name_old_ones(path, now)


def _name_old_ones(path: Path, now: datetime) -> None:
    """Say which backups beside this one are older than the office keeps backups. They hold data that is erased here."""
    known = sa.inspect(db.engine).has_table(RetentionPeriod.__tablename__)  # not before `outreach db upgrade`
    days = periods.read()[Purpose.BACKUPS] if known else BOUNDS[Purpose.BACKUPS].default
    old = []
    for other in sorted(path.absolute().parent.glob("outreach-*.zip")):
        with suppress(ValueError):
            made_at = datetime.strptime(other.stem, "outreach-%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            if now - made_at > timedelta(days=days):
                old.append(f"{other} ({(now - made_at).days} days)")
    if old:
        click.echo(
            f"Older than the {days} days for which your office keeps backups; delete them: {', '.join(old)}", err=True
        )


def restore(file: Path, force: bool, resend_overdue: bool, stopped: bool) -> None:
    """Bring back the data of FILE, into an empty database of either kind. Stop workers and pages first.

    What may have been sent since the backup is held back and shown, so that nobody gets a mail twice.
    """
    saved = safekeeping.examine(file)
    known = migrations.revisions()
    if saved.revision not in known:
        raise safekeeping.FromNewer(version=saved.version)
    with db.engine.connect() as connection:
        if not stopped:
            holding.refuse_while_at_work(connection, now=clock.now())
        empty, here = not filled(connection), revision_of(connection)
    if empty and here != saved.revision:
        if here:
            migrate_downgrade(revision="base")
        migrate_upgrade(revision=saved.revision)
    held = safekeeping.restore(
        file, saved, db.engine, now=clock.now(), force=force, resend_overdue=resend_overdue
    )  # fmt: skip
    migrations.upgrade()
    click.echo(
        f"{saved.rows:,} rows of {len(saved.tables)} tables are back, as of {saved.taken_at:%d %B %Y %H:%M} UTC."
    )
    from outreach.services.privacy.retention import run as retention  # loads all subjects

    if again := retention.erase_again(clock.now()):
        click.echo(f"Erased again, as they were erased since the backup: {again} people.")
    if held.messages or held.reminders:
        click.echo(
            f"Held back, as they may have been sent since: {held.messages} messages (state unknown) and {held.reminders} "
            "reminders (missed). They stand on the overview; send again what you know did not arrive."
        )
    click.echo("Next: start pages and workers, with the secret key that was in use when the backup was made.")


def _folder(path: Path) -> Path:
    """Return the folder for backups. If it does not exist, create it, readable by its owner only."""
    if path.exists() and not path.is_dir():
        raise safekeeping.FileExists(path=path)
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path

"""`outreach db copy`: copies all data to another database, for example when an office outgrows SQLite."""

import dataclasses

import click
import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from outreach import clock, create_app
from outreach.cli.data import migrations
from outreach.cli.data.migrations import revisions
from outreach.extensions import current_settings, db
from outreach.services.operations.backup import copy as copying
from outreach.services.operations.backup.copy import Copied
from outreach.services.operations.backup.tables import filled


def copy_to(url: str) -> None:
    """Copy the app's database to another one and print the result of each table. Needs an app context."""
    settings = current_settings()
    wanted = dataclasses.replace(settings, database_url=url)
    try:
        there = sa.make_url(wanted.sqlalchemy_url)
        there.get_dialect().import_dbapi()
        same = there == sa.make_url(settings.sqlalchemy_url)
    except (ArgumentError, ValueError, ModuleNotFoundError):  # the error text may contain the password
        raise click.ClickException("--to is no database's address, such as postgresql://user@host/outreach") from None
    if same:
        raise click.ClickException("--to names the database that is copied from.")
    source, newest = db.engine, revisions()[0]
    with create_app(wanted, serving=False).app_context():
        try:
            with db.engine.connect() as connection:
                table = filled(connection)
        except SQLAlchemyError as error:
            words = str(getattr(error, "orig", error)).splitlines()[0]
            raise click.ClickException(f"The database to copy to cannot be reached: {words}") from None
        if table:
            raise copying.TargetNotEmpty(table=table)
        migrations.upgrade()
        copied = copying.copy(source, db.engine, newest=newest, now=clock.now(), say=_say)
        db.engine.dispose()
    click.echo(
        f"All {sum(each.rows for each in copied):,} rows arrived, and were read back the same, in {_named(there)}"
    )
    click.echo("Next: set OUTREACH_DATABASE_URL to it for pages and workers, and start them. Here nothing was changed.")


def _named(url: sa.URL) -> str:
    """Return the kind, name and host of a database, and no other part of its address: the password may be in any of them."""
    host = f" on {url.host}" if url.host else ""
    return f"the {url.get_backend_name()} database {url.database}{host}."


def _say(copied: Copied) -> None:
    click.echo(f"{copied.table:20} {copied.rows:>12,}  {copied.digest[:16]}")

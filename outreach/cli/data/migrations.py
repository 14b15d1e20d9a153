"""Upgrades the database's tables, from the command line and from other commands."""

import copy
import logging

import click
import sqlalchemy as sa
from alembic.script import ScriptDirectory
from flask import current_app
from flask.cli import with_appcontext
from flask_migrate import upgrade as migrate_upgrade
from flask_migrate.cli import db as migrate_commands

from outreach import rate_store
from outreach.engines import job_queue
from outreach.extensions import current_settings
from outreach.extensions import db as database
from outreach.models import Office, the_office
from outreach.services.operations.backup.tables import revision_of

__all__ = ["MadeByNewer", "db", "is_empty", "make_sure", "revisions", "upgrade"]


class MadeByNewer(click.ClickException):
    def __init__(self) -> None:
        super().__init__(
            "The tables were made by a newer version of Outreach. Install that version, or use another database."
        )


db = copy.copy(migrate_commands)
db.commands = dict(migrate_commands.commands)


@db.command("upgrade")
@click.argument("revision", default="head")
@with_appcontext
def upgrade_command(revision: str) -> None:
    """Bring the tables to their present form: ours, and on PostgreSQL the job queue's and the one of the rate limits, too."""
    _check_known()
    migrate_upgrade(revision=revision)
    if revision == "head":
        _upgrade_others()
        click.echo("The tables are up to date.")


def upgrade() -> None:
    """Run all migrations that are not applied yet. Needs an app context. Raise MadeByNewer."""
    logging.getLogger("alembic").setLevel(logging.WARNING)
    _check_known()
    migrate_upgrade()
    _upgrade_others()


def make_sure(*, create: bool = False) -> None:
    """Raise ClickException unless the tables are of this version. Needs an app context.

    create: make them in a new SQLite database.
    """
    with database.engine.connect() as connection:
        here, tables = revision_of(connection), sa.inspect(connection).get_table_names()
    known = revisions()
    if here == known[0]:
        return
    if here and here not in known:
        raise MadeByNewer
    if here:
        raise click.ClickException(
            f"The tables are of an older version ({here}, not {known[0]}). Make a backup, then run: outreach db upgrade"
        )
    if tables or not create or database.engine.dialect.name != "sqlite":
        raise click.ClickException("The tables are missing in this database. Run: outreach db upgrade")
    upgrade()


def is_empty() -> bool:
    """Return whether no office has been set up in this database yet."""
    found = database.session.scalar(the_office(Office.id))
    database.session.rollback()
    return found is None


def revisions() -> list[str]:
    """Return the migrations that this program knows, newest first."""
    config = current_app.extensions["migrate"].migrate.get_config()
    return [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]


def _check_known() -> None:
    """Raise MadeByNewer if the tables are at a migration that this version does not have."""
    with database.engine.connect() as connection:
        if (revision := revision_of(connection)) and revision not in revisions():
            raise MadeByNewer


def _upgrade_others() -> None:
    """Make or upgrade the tables that no migration of ours makes."""
    rate_store.make_table()
    if not job_queue.usable(current_settings()):
        return
    try:
        job_queue.upgrade()
    except job_queue.UnknownTables:
        raise click.ClickException(
            "This database has tables of Procrastinate that outreach has not made, so it cannot tell how old they are. "
            "Give outreach a database of its own, or drop those tables (procrastinate_…) if nothing else uses them."
        ) from None

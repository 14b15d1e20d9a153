"""`outreach db`: Flask-Migrate's commands with our own `upgrade` and `copy`."""

import click
from flask.cli import with_appcontext

from outreach.cli.data import copy as copying
from outreach.cli.data.migrations import db

__all__ = ["db"]


@db.command("copy")
@click.option(
    "--to", "url", required=True, envvar="OUTREACH_COPY_TO",
    help="The database to copy to, such as postgresql://user@host/outreach. With a password in it, better as "
    "OUTREACH_COPY_TO: everyone on this machine sees the arguments of programs.",
)  # fmt: skip
@with_appcontext
def copy_command(url: str) -> None:
    """Copy every row into another, empty database, and prove that all arrived. Stop pages and workers first."""
    copying.copy_to(url)

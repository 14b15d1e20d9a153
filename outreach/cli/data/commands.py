"""`outreach db`: Flask-Migrate's commands with our own `upgrade` and `copy`."""

from typing import Any

import click
from flask.cli import ScriptInfo, with_appcontext

from outreach.cli import make_app
from outreach.cli.data import copy as copying
from outreach.cli.data.migrations import db

__all__ = ["db"]

_begin = db.callback
assert _begin is not None


@click.pass_context
def _begin_with_our_app(ctx: click.Context, /, **options: Any) -> Any:
    """Let the commands of Flask-Migrate find our app: they take it from Flask's ScriptInfo."""
    ctx.obj = ScriptInfo(create_app=make_app, set_debug_flag=False)
    return _begin(**options)


db.callback = _begin_with_our_app


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

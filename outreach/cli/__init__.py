"""The `outreach` command. Its parts are imported only when needed, so that a small command starts quickly.

COMMANDS names the file of each command: commands.py says what can be asked, and imports the file that does it. Start with
setup.py (`init`, `user`) or serve/command.py.
"""

import gc
import os
import time
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from outreach import __version__
from outreach.domain.problems import Problem
from outreach.settings import SettingsError

if TYPE_CHECKING:
    from flask import Flask

STARTED_S = time.monotonic()  # before the large imports: "ready after" is the whole time a person waits
# What a command loads stays. By Python's own threshold of 700 new objects, a sixth of its start was spent looking for garbage.
gc.set_threshold(50_000)
COMMANDS = {
    "init": (
        "outreach.cli.commands",
        "init",
        "Set up the office, its regions, the default rules and the first administrator.",
    ),
    "user": ("outreach.cli.commands", "user", "Accounts of the people who work with the pages."),
    "db": ("outreach.cli.data.commands", "db", "Make and change the tables (upgrade, migrate, ...)."),
    "serve": ("outreach.cli.commands", "serve", "Serve the pages, and send what is due."),
    "worker": ("outreach.cli.commands", "worker", "Send what is due, without pages."),
    "backup": ("outreach.cli.commands", "backup", "Save all data in one file, while everything runs."),
    "restore": ("outreach.cli.commands", "restore", "Bring back the data of such a file."),
    "doctor": ("outreach.cli.commands", "doctor", "Try the whole set-up, and say of each part what to do."),
    "demo": ("outreach.cli.commands", "demo", "Show the whole product with made-up people, on this machine only."),
    "simulate": (
        "outreach.cli.commands",
        "simulate",
        "Play the demo from publishing to thank-you mails in seconds.",
    ),
}
HIDDEN = {
    "place": ("outreach.cli.commands", "place", "Search for a timetable; its page starts this."),
    "documents": ("outreach.cli.commands", "documents", "Make many documents into one file; their page starts this."),
}


class Outreach(click.Group):
    """The commands above. A user's mistake is shown as one sentence, without a traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        found = COMMANDS.get(cmd_name) or HIDDEN.get(cmd_name)
        if found is None:
            return None
        module, name, _ = found
        command: click.Command = getattr(import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, _, text) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (SettingsError, Problem) as error:
            raise click.ClickException(str(error)) from error
        except Exception as error:
            if words := _of_the_database(error):
                raise click.ClickException(words) from error
            raise


def _of_the_database(error: Exception) -> str:
    """Return the sentence for an error of the database; "" if it is another one."""
    if not type(error).__module__.startswith("sqlalchemy."):
        return ""
    import sqlalchemy as sa

    from outreach.services.operations import database_faults
    from outreach.settings import load

    return database_faults.sentence(error, sa.make_url(load().sqlalchemy_url))


def make_app() -> "Flask":
    """Return the app of a command that shows no pages. Raise SettingsError."""
    from outreach import create_app
    from outreach.settings import strangers

    for stranger in strangers(os.environ):  # pages and workers say it in their log
        click.echo(stranger, err=True)
    return create_app(serving=False)


@click.group(cls=Outreach)
@click.version_option(__version__, prog_name="outreach")
def main() -> None:
    """Plan programmes, invite people and offices, hear who is coming, remind everyone by e-mail."""
    os.umask(0o077)  # databases and mailboxes are readable by the service's own user only

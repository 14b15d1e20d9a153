"""What can be asked of `outreach`: its commands with their options and help. `outreach db` is in data/commands.py.

Each command imports the file that does the work when it runs. So help, and a word that is mistyped, wait for no large package:
this file may import click, the settings and the lists of choices.
"""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

import click

from outreach.cli import make_app
from outreach.domain.kinds import LOCALES, StaffRole
from outreach.engines.queue_names import QUEUES
from outreach.settings import load

P = ParamSpec("P")
R = TypeVar("R")

PASSWORD = click.option(
    "--password",
    envvar="OUTREACH_ADMIN_PASSWORD",
    help="Better given by OUTREACH_ADMIN_PASSWORD; without it, one is made.",
)
LANGUAGE = click.option("--language", type=click.Choice(list(LOCALES)), default="id", show_default=True)
HOST = click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
PORT = click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on.")


class AskingLast(click.Command):
    """A command that asks for what is not given, but only after it has seen that the settings are well-formed."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if "--help" not in args:
            load()
        return super().parse_args(ctx, args)


def in_app(command: Callable[P, R]) -> Callable[P, R]:
    """Run the command in the context of the app: of a new one, unless one is in use already."""

    @wraps(command)
    def run(*args: P.args, **options: P.kwargs) -> R:
        from flask import has_app_context

        if has_app_context():
            return command(*args, **options)
        with make_app().app_context():
            return command(*args, **options)

    return run


@click.command(cls=AskingLast)
@click.option("--office", prompt="The office's full name", help="As it stands on letters.")
@click.option("--short-name", prompt="Its short name, such as DP3AP2KB Kota Metro")
@click.option("--city", prompt="Its kabupaten or kota: code or part of the name", help="Kota Metro is 18.72.")
@click.option("--contact-name", prompt="Name of the person invitees may call")
@click.option("--contact-phone", prompt="The number they call")
@click.option("--name", prompt="Your own name", help="The first administrator's.")
@click.option("--email", prompt="The address you will sign in with")
@LANGUAGE
@PASSWORD
def init(
    office: str, short_name: str, city: str, contact_name: str, contact_phone: str, name: str, email: str, language: str,
    password: str | None,
) -> None:  # fmt: skip
    """Set up the office, its regions, the default rules and the first administrator. Asks for what is not given."""
    from outreach.cli import setup

    setup.init(office, short_name, city, contact_name, contact_phone, name, email, language, password)


@click.group()
def user() -> None:
    """Accounts of the people who work with the pages."""


@user.command(cls=AskingLast)
@click.option("--name", prompt="Name")
@click.option("--email", prompt="Address they sign in with")
@click.option("--role", type=click.Choice([role.value for role in StaffRole]), prompt="What they may do")
@LANGUAGE
@PASSWORD
def add(name: str, email: str, role: str, language: str, password: str | None) -> None:
    """Add an account and show its password once."""
    from outreach.cli import setup

    setup.add(name, email, StaffRole(role), language, password)


@user.command(cls=AskingLast)
@click.option("--email", prompt="Address they sign in with")
def password(email: str) -> None:
    """Give an account a new password and show it once, for somebody who cannot sign in any more."""
    from outreach.cli import setup

    setup.renew_password(email)


@user.command(cls=AskingLast)
@click.argument("email")
def reset_mfa(email: str) -> None:
    """Take away the second factors and recovery codes of EMAIL's account, for somebody who has lost them."""
    from outreach.cli import setup

    setup.reset_factors(email)


@click.command()
@HOST
@PORT
@click.option("--threads", default=8, show_default=True, type=click.IntRange(1, 64), help="Requests answered at once.")
@click.option("--engine/--no-engine", default=True, help="Also look for due mails and send them (the default).")
def serve(host: str, port: int, threads: int, engine: bool) -> None:
    """Show the pages, and send what is due."""
    from outreach.cli.serve import command

    command.serve(host, port, threads, engine)


@click.command()
@click.option("--jobs", type=click.IntRange(1, 8), help="Jobs at once, where workers share PostgreSQL.  [default: 1]")
@click.option(
    "--queue", "queues", multiple=True, type=click.Choice(QUEUES),
    help="Work for these queues only, where workers share PostgreSQL.  [default: all]",
)  # fmt: skip
def worker(jobs: int | None, queues: tuple[str, ...]) -> None:
    """Look for due mails and send them, without showing pages. On PostgreSQL any number may run, on any machines."""
    from outreach.cli.serve import command

    command.worker(jobs, queues)


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@in_app
def backup(file: Path | None) -> None:
    """Save all data in FILE, while everything runs. A FILE that does not end in .zip is a folder; a file is made in it."""
    from outreach.cli.data import backup as work

    work.backup(file)


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Delete what the database holds, and put the backup in its place.")
@click.option(
    "--resend-overdue", is_flag=True,
    help="Send what was due as well. Only where nothing was sent since the backup was made: else it goes out twice.",
)  # fmt: skip
@click.option(
    "--stopped", is_flag=True,
    help="All workers are stopped, though one gave a sign of life in the last five minutes.",
)  # fmt: skip
@in_app
def restore(file: Path, force: bool, resend_overdue: bool, stopped: bool) -> None:
    """Bring back the data of FILE, into an empty database of either kind. Stop workers and pages first.

    What may have been sent since the backup is held back and shown, so that nobody gets a mail twice.
    """
    from outreach.cli.data import backup as work

    work.restore(file, force, resend_overdue, stopped)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as a JSON list.")
@click.option("--send-to", default="", metavar="ADDRESS", help="Send a test mail to this address.")
@click.option(
    "--dns", default="", metavar="SERVER", help="Ask this DNS server, such as 1.1.1.1, in place of this machine's."
)
def doctor(as_json: bool, send_to: str, dns: str) -> None:
    """Try the settings, database, engine, mail server, mailbox, domain and clock; say of each what to do.

    Nothing is changed, and no mail is sent unless --send-to asks for one. Exits 1 where something must be done.
    """
    from outreach.cli import doctor as work

    work.doctor(as_json, send_to, dns)


@click.command()
@PORT
@click.option("--fresh", is_flag=True, help="Forget what was done in the demo, and begin again.")
def demo(port: int, fresh: bool) -> None:
    """Show the whole product with made-up people, on this machine only."""
    from outreach.cli.demo import command

    command.demo(port, fresh)


@click.command()
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="The day of publishing; without it, today.")
def simulate(day: datetime | None) -> None:
    """Play the demo from publishing to thank-you mails in seconds, and check that nothing is sent twice or missed."""
    from outreach.cli.simulate import command

    command.simulate(day)


@click.command()
@click.argument("search_id", type=int)
@in_app
def place(search_id: int) -> None:
    """Run the search of that number, which its page has prepared."""
    from outreach.cli import timetabling

    timetabling.place(search_id)


@click.command()
@click.argument("key")
@in_app
def documents(key: str) -> None:
    """Make the file of that key, which its page has prepared."""
    from outreach.cli import documents as work

    work.documents(key)

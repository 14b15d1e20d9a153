"""`outreach simulate`: plays the demo in a temporary database, shows each day's mails, and fails on a broken promise."""

import sys
import tempfile
import time
from collections import Counter
from datetime import date, datetime
from pathlib import Path

import sqlalchemy as sa
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from outreach import clock, create_app
from outreach.cli.data import migrations
from outreach.cli.demo.command import HOST, demo_settings
from outreach.cli.demo.load import Moment
from outreach.cli.demo.programme import JAKARTA
from outreach.cli.simulate import check, play
from outreach.delivery.demo_server.server import DemoServer
from outreach.domain.kinds import MailKind
from outreach.domain.mail.still_true import SkipReason
from outreach.domain.states import MessageState
from outreach.extensions import db
from outreach.models import Message

HEADINGS = {
    MailKind.INVITATION: "invited",
    MailKind.REMINDER: "reminded",
    MailKind.CHANGE: "change",
    MailKind.CANCELLATION: "cancel",
    MailKind.POSTPONEMENT: "post-\nponed",
    MailKind.WITHDRAWAL: "taken\nback",
    MailKind.SEAT: "seat",
    MailKind.CONFIRMATION: "noted",
    MailKind.LINK: "new\nlink",
    MailKind.APPOINTMENT: "named",
    MailKind.REPRESENTATION: "repre-\nsented",
    MailKind.CERTIFICATE: "certi-\nfied",
    MailKind.THANKS: "thanked",
}
BROKEN_SHOWN = 20


def simulate(day: datetime | None) -> None:
    """Play the demo from publishing to thank-you mails in seconds, and check that nothing is sent twice or missed."""
    console = Console()
    today = day.date() if day else clock.now().astimezone(JAKARTA).date()
    broken = run(today, console)
    sys.exit(1 if broken else 0)


def run(today: date, console: Console) -> list[str]:
    """Play the demo, print the table, and return the broken promises."""
    began = time.monotonic()
    moment = Moment(clock.now)
    with tempfile.TemporaryDirectory(prefix="outreach-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with DemoServer(HOST, 0, folder / "mailbox", now=moment) as server:
            app = create_app(demo_settings(folder, 8000, server.port))
            with app.app_context():
                migrations.upgrade()
                story = play.begin(today)
                _play(story, moment, console)
                broken = check.complaints(story, folder / "mailbox")
                console.print(table())
                db.session.remove()
                db.engine.dispose()
    for line in broken[:BROKEN_SHOWN]:
        console.print(f"[red]✗[/red] {line}", highlight=False)
    if broken:
        console.print(f"[red]{len(broken)} promises broken.[/red]")
    else:
        console.print("[green]✓[/green] Nothing was sent twice, and nothing was missed:")
        console.print(
            "  the mail server received exactly what was due, once each, and at most one mail a person and day.\n"
            f"  Each of {len(story.forecast)} reminders went to as many as the coordinator's page forecast."
        )
    console.print(f"  {time.monotonic() - began:.1f} s", highlight=False)
    return broken


def table() -> Table:
    """Return a table of the mails by day, kind and state."""
    rows = db.session.execute(
        sa.select(Message.local_day, Message.kind, Message.state, Message.reason, sa.func.count())
        .group_by(Message.local_day, Message.kind, Message.state, Message.reason)
        .order_by(Message.local_day)
    ).all()
    sent: Counter[tuple[date, MailKind]] = Counter()
    other: dict[str, Counter[date]] = {"no address": Counter(), "not needed": Counter(), "stuck": Counter()}
    for day, kind, state, reason, count in rows:
        if state is MessageState.SENT:
            sent[day, kind] += count
        elif state is MessageState.SKIPPED:
            other["no address" if reason == SkipReason.NO_ADDRESS else "not needed"][day] += count
        else:
            other["stuck"][day] += count
    kinds = [kind for kind in HEADINGS if any(k is kind for _, k in sent)]
    found = Table(
        title="Mails sent by day and kind, and those not sent", title_justify="left", show_footer=True,
        header_style="bold", footer_style="bold", box=None, padding=(0, 1, 0, 0),
    )  # fmt: skip
    found.add_column("Day", "Sum", no_wrap=True)
    for kind in kinds:
        found.add_column(HEADINGS[kind], _number(sum(n for (_, k), n in sent.items() if k is kind)), justify="right")
    for words, counts in other.items():
        found.add_column(words.replace(" ", "\n"), _number(counts.total()), justify="right", style="dim")
    for day in sorted({row[0] for row in rows}):
        cells = [sent[day, kind] for kind in kinds] + [counts[day] for counts in other.values()]
        found.add_row(f"{day:%a %d %b}", *map(_number, cells))
    return found


def _play(story: play.Story, moment: Moment, console: Console) -> None:
    first = story.prepared.published_at.astimezone(JAKARTA).date()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(f"{first:%a %d %b}", total=(story.ends_at.date() - first).days)
        for now in play.play(story, moment):
            day = now.astimezone(JAKARTA).date()
            progress.update(task, description=f"{day:%a %d %b}", completed=(day - first).days)


def _number(count: int) -> str:
    return str(count) if count else "·"

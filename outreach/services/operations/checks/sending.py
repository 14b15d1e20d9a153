"""Check whether an engine is alive and mails go out in time."""

from collections.abc import Iterator
from datetime import datetime

import sqlalchemy as sa

from outreach.delivery.checks.result import Area, CheckReport, CheckResult, counted
from outreach.extensions import db
from outreach.models import Channel, channels
from outreach.services.operations import engines, metrics
from outreach.services.operations import engines as heartbeats
from outreach.services.operations.checks.times import SET_CLOCKS, moment
from outreach.settings import MOST_COUNTED


def engine(*, now: datetime) -> Iterator[CheckResult]:
    """Yield whether an engine is alive, is not late, and has no trouble with the mail server or the mailbox."""
    report = CheckReport(Area.ENGINE)
    heard = heartbeats.heard()
    silent = heartbeats.silent_since(now=now)
    start = "Start  outreach worker  (or  outreach serve); see its log, and its systemd unit."
    if silent is not None and not heard:
        yield report.fail(f"No engine has run since the office was set up, {moment(silent)}: nothing is sent.", start)
    elif silent is not None:
        yield report.fail(f"No engine has given a sign of life since {moment(silent)}: nothing is sent.", start)
    elif not heard:
        yield report.warn("No engine has run with this database yet, so nothing has been sent.", start)
    else:
        living = heartbeats.living(now=now)
        last_at = (living or heard)[0].at
        yield report.ok(f"{counted(len(living) or 1, 'engine')} at work; the last tick was at {moment(last_at)}.")
    late = engines.overdue(now=now)
    if late:
        yield report.fail(
            f"Some {late} have been due for more than a quarter of an hour.",
            "See below whether the mail server works; else start another worker.",
        )
    for channel in db.session.scalars(sa.select(Channel).where(Channel.trouble.is_not(None)).order_by(Channel.name)):
        since = f" since {moment(channel.since_at)}" if channel.since_at else ""
        if channel.name == channels.CLOCK:
            yield report.fail(
                f"A machine sends nothing{since}, for its clock is not the database's: {channel.reply}.", SET_CLOCKS
            )
            continue
        what = "Sending pauses" if channel.name == "mail" else "Reading the mailbox pauses"
        yield report.fail(
            f"{what}{since}: {channel.trouble} {channel.reply}".rstrip() + ".", "Nothing is lost. See below."
        )
    told = metrics.figures(now=now)
    yield report.ok(
        f"Mails due: {told.due:,}; waiting for their time: {_some(told.waiting)}; sent in the last day: {told.sent['24h']:,}."
    )
    if told.addresses_blocked:
        reaches = f"No mail reaches {counted(told.addresses_blocked, 'address', 'addresses')}."
        yield report.warn(reaches, "See the overview: it lists the people to call.")
    if told.incoming_to_read:
        waits = "waits" if told.incoming_to_read == 1 else "wait"
        yield report.warn(
            f"{counted(told.incoming_to_read, 'mail')} {waits} to be read.", "See the pages, under Mails received."
        )


def _some(count: int) -> str:
    return f"{count:,} or more" if count >= MOST_COUNTED else f"{count:,}"

"""Check the mailbox for answers and delivery reports, over the same connection code that the engine uses."""

import ssl
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from email.utils import parseaddr
from typing import Any

from imap_tools.mailbox import BaseMailBox

from outreach.delivery.checks.connecting import PATIENCE_S, secured, unreached
from outreach.delivery.checks.result import Area, CheckReport, CheckResult, counted
from outreach.delivery.inbox.connection import MailboxDown, leave, opened, trouble
from outreach.delivery.inbox.proof import UNNAMED, judges
from outreach.domain.mail.failures import ChannelTrouble
from outreach.settings import Settings

report = CheckReport(Area.MAILBOX)
LOOKED_AT = 20  # mails
MOST_NAMED = 5  # servers
NAMELESS = "a server without a name"


def check(settings: Settings, *, now: datetime) -> Iterator[CheckResult]:
    """Yield the results, until a failure makes further checks useless. No mail is marked or changed."""
    if not settings.imap_server:
        yield report.warn(
            "No mailbox is read: answers from calendars and reports of mails that could not be delivered go unseen.",
            "Set imap_server, imap_username and imap_password of the mailbox that mail_sender's address belongs to.",
        )
        return
    try:
        box = opened(replace(settings, imap_timeout_s=min(settings.imap_timeout_s, PATIENCE_S)))
    except MailboxDown as down:
        yield from _down(down, settings)
        return
    try:
        yield _answers(settings)
        if isinstance(box.client.sock, ssl.SSLSocket):
            yield from secured(report, box.client.sock, now)
        yield _logged_in(settings)
        yield report.ok(f"The folder {settings.imap_folder} has {counted(_mails_in(box), 'mail')}.")
        yield from _addresses(settings)
        yield _verdicts(box, settings.imap_verdicts_by)
    finally:
        leave(box)


def _down(down: MailboxDown, settings: Settings) -> Iterator[CheckResult]:
    """Yield the steps that worked and the one that failed."""
    if down.trouble in (ChannelTrouble.LOGIN, ChannelTrouble.FOLDER):
        yield _answers(settings)
    if down.trouble is ChannelTrouble.FOLDER:
        yield _logged_in(settings)
        yield report.fail(
            f"The folder {settings.imap_folder} cannot be opened: {down}.",
            "Correct imap_folder, or have the folder made in that mailbox, where imap_username may write.",
        )
    elif down.trouble is ChannelTrouble.LOGIN:
        yield report.fail(
            f"The mailbox refuses us: {down}.", "Correct imap_username and imap_password; some want an app password."
        )
    elif isinstance(down.__cause__, OSError):
        yield unreached(report, down.__cause__, settings.imap_server, settings.imap_port, "imap")
    elif down.trouble is ChannelTrouble.TLS:
        yield report.fail(str(down), "Set imap_use_ssl and imap_port = 993.")
    else:
        yield report.fail(
            f"{settings.imap_server}:{settings.imap_port} breaks off ({down}).",
            "Port and encryption must suit each other: 993 with imap_use_ssl, 143 without.",
        )


def _answers(settings: Settings) -> CheckResult:
    return report.ok(f"{settings.imap_server}:{settings.imap_port} answers.")


def _logged_in(settings: Settings) -> CheckResult:
    return report.ok(f"Logged in as {settings.imap_username}.")


def _mails_in(box: BaseMailBox) -> int:
    found: Any = box.client.untagged_responses.get("EXISTS") or [b"0"]
    return int(found[-1])


def _addresses(settings: Settings) -> Iterator[CheckResult]:
    """Warn if answers go to another address than this mailbox: answers go to the organiser's address, which must lead here."""
    ours = {settings.imap_username, settings.imap_address}
    sender = parseaddr(settings.mail_sender)[1]
    if "@" in settings.imap_username and sender not in ours and not settings.imap_address:
        yield report.warn(
            f"Answers go to {sender}, but the mailbox that is read is {settings.imap_username}.",
            "Write the mailbox's own address into imap_address, or see that the one forwards to the other.",
        )


def _verdicts(box: BaseMailBox, server: str) -> CheckResult:
    """Look whose verdicts head the newest mails, without marking them: only those of one server prove who answers."""
    with trouble(ChannelTrouble.FOLDER):
        newest = box.fetch(mark_seen=False, headers_only=True, limit=LOOKED_AT, reverse=True, bulk=True)
        found = Counter(judges(mail.obj.as_bytes()) for mail in newest)
    looked = found.total()
    ours = found[server.lower()] if server else 0
    told = ", ".join(
        f"{NAMELESS if name == UNNAMED else name or 'none'} ({number})"
        for name, number in found.most_common(MOST_NAMED)
    )
    seen = (
        f"At the top of the last {counted(looked, 'mail')}: {told}."
        if looked
        else "The folder has no mail to look at yet."
    )
    likely = next((name for name, number in found.most_common(1) if name and number > looked / 2), "")
    if not server:
        return report.warn(
            f"No server is named whose verdicts on senders are believed, so each calendar answer waits for a coordinator. {seen}",
            f"If {'it' if likely == UNNAMED else likely} is your own mail server, set imap_verdicts_by = {likely!r}."
            if likely
            else "Let your mail server check SPF, DKIM and DMARC and write Authentication-Results; name it in imap_verdicts_by.",
        )
    if looked and not ours:
        return report.warn(
            f"None of the last {counted(looked, 'mail')} has a verdict of {server} at its top, so calendar answers wait for a "
            f"coordinator. {seen}",
            "Correct imap_verdicts_by, or let that server check SPF, DKIM and DMARC of what comes in.",
        )
    if not looked:
        return report.ok(f"Verdicts of {server} are believed. {seen}")
    return report.ok(
        f"Of the last {counted(looked, 'mail')}, {ours} with a verdict of {server} at the top, which is believed."
    )

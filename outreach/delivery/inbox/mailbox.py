"""Read the office's mailbox over IMAP: find new mails, fetch their bytes, and mark them as taken.

A mail is marked after its effect is committed, never before. No mail is deleted, and no command here expunges: mails
that somebody else marked as deleted stay, too. The caller applies the mail (services/inbox/receive.py).
"""

import imaplib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import structlog

from outreach.delivery.inbox.connection import MailboxDown, leave, opened, trouble
from outreach.delivery.inbox.reading import MOST_BYTES
from outreach.domain.mail.failures import ChannelTrouble
from outreach.settings import Settings

BEGINNING = 64 * 1024  # bytes fetched of a mail that is too large to read: its headers
TRIES = 3  # attempts to get a mail that the server fails to return
SIZES_AT_ONCE = 200  # mails per command that asks for sizes
TAKEN = "OutreachTaken"  # keyword on mails that were taken, if the server stores keywords
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_PASSING = re.compile(rb"\[(UNAVAILABLE|INUSE|LIMIT)\]")  # RFC 5530: the server's trouble, not the mail's
log = structlog.get_logger()


@dataclass(frozen=True)
class Folder:
    """A folder. uid_validity: UIDs have a meaning only together with it (RFC 3501, 2.3.1.1)."""

    name: str  # "undangan@imap.example.com/INBOX"
    uid_validity: int


@dataclass(frozen=True)
class PollProgress:
    """The last mail that was taken from a folder. since: if nothing was taken yet, the earliest date of mails to read."""

    highest_uid: int
    since: date | None = None


@dataclass(frozen=True)
class FetchedMail:
    """A fetched mail. whole: False if it is too large or the server cannot return it; `data` is then only its beginning."""

    uid: int
    received_at: datetime | None  # as the server says
    data: bytes
    whole: bool = True


def folder_name(settings: Settings) -> str:
    return f"{settings.imap_username}@{settings.imap_server}/{settings.imap_folder}"[:200]


def poll(
    settings: Settings,
    *,
    progress: Callable[[Folder], PollProgress],
    take: Callable[[Folder, FetchedMail], None],
    stop: Callable[[], bool] = lambda: False,
) -> int:
    """Pass each new mail to `take`, in order, and mark it when `take` has returned. Return how many mails were taken.

    progress: called once the folder is open. An error from `take` ends the round, and that mail stays unmarked. Raise
    MailboxDown.
    """
    taken = 0
    with _Opened(settings) as box:
        before = progress(box.folder)
        box.mark_last(before.highest_uid)
        new = box.new_uids(before)
        for start in range(0, len(new), SIZES_AT_ONCE):
            for mail in box.mails(new[start : start + SIZES_AT_ONCE], stop):
                take(box.folder, mail)
                box.mark(mail.uid)
                taken += 1
            if stop():
                break
    return taken


def reach(settings: Settings) -> Folder:
    """Connect, log in and open the folder without changing it. This checks the settings. Raise MailboxDown."""
    with _Opened(settings) as box:
        return box.folder


class _Opened:
    """The open folder. Errors of server and network become MailboxDown; errors of the caller pass through unchanged."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def __enter__(self) -> "_Opened":
        self._open()
        return self

    def __exit__(self, *_error: object) -> None:
        leave(self.box)

    def _open(self) -> None:
        self.box = opened(self.settings)
        self.folder = Folder(folder_name(self.settings), int(self._said("UIDVALIDITY") or 0))
        flags = self._said("PERMANENTFLAGS").split(b"(")[-1].rstrip(b")").split()
        self.keeps_keywords = b"\\*" in flags or TAKEN.encode() in flags

    def new_uids(self, before: PollProgress) -> list[int]:
        wanted = f"UID {before.highest_uid + 1}:*"
        if before.highest_uid == 0 and before.since is not None:
            wanted += f" SINCE {before.since.day}-{MONTHS[before.since.month - 1]}-{before.since.year}"
        found = self._command("SEARCH", wanted)
        uids = {int(uid) for line in found if line for uid in line.split()}
        return sorted(uid for uid in uids if uid > before.highest_uid)  # "9:*" always has the last mail, even UID 5

    def mails(self, uids: Sequence[int], stop: Callable[[], bool]) -> Iterator[FetchedMail]:
        """Yield the mails that still exist. Each is fetched only after the one before it was handled."""
        asked = self._command("FETCH", _set_of(uids), "(UID RFC822.SIZE INTERNALDATE)")
        lines = {_value(line, rb"UID (\d+)"): line for line in asked if isinstance(line, bytes)}
        for uid in uids:
            if stop():
                return
            line = lines.get(str(uid), b"")
            large = int(_value(line, rb"RFC822.SIZE (\d+)") or 0) > MOST_BYTES
            found = self._data(uid, BEGINNING if large else MOST_BYTES + 1)
            if found is not None:
                yield FetchedMail(uid, _received_at(line), found or b"", whole=not large and bool(found))

    def mark(self, uid: int) -> None:
        """Mark a mail as taken. Reading goes on if the server refuses: the database knows which mails were taken."""
        flags = rf"(\Seen {TAKEN})" if self.keeps_keywords else r"(\Seen)"
        status, words = self._asked("STORE", str(uid), "+FLAGS.SILENT", flags)
        if status != "OK":
            log.warning("mail not marked", uid=uid, words=str(words)[:200])

    def mark_last(self, uid: int) -> None:
        """Mark the mail that was taken last, in case a crash came between its effect and its mark."""
        if uid and self.keeps_keywords and any(self._command("SEARCH", f"UID {uid} UNKEYWORD {TAKEN}")):
            self.mark(uid)

    def _data(self, uid: int, most: int) -> bytes | None:
        """Return a mail's bytes; None if the mail is gone, b"" if the server cannot return it."""
        for _ in range(TRIES):
            try:
                status, found = self._asked("FETCH", str(uid), f"(UID BODY.PEEK[]<0.{most}>)")
            except MailboxDown as down:
                if not isinstance(down.__cause__, imaplib.IMAP4.abort):
                    raise
                self._open_again()  # some servers disconnect at a damaged mail, and would do so at each poll
                continue
            if status == "OK":
                given = next((bytes(item[1]) for item in found if isinstance(item, tuple)), None)
                return b"" if given is None and any(isinstance(item, bytes) for item in found) else given
            words = b" ".join(line for line in found if isinstance(line, bytes))
            if _PASSING.search(words):
                raise MailboxDown(ChannelTrouble.UNRELIABLE, words.decode("ascii", "replace"))
        log.warning("mail not given", uid=uid)
        return b""

    def _open_again(self) -> None:
        leave(self.box)
        before = self.folder
        self._open()
        if self.folder != before:
            raise MailboxDown(ChannelTrouble.UNRELIABLE, "The folder was deleted and created again.")

    def _command(self, name: str, *arguments: str) -> list[Any]:
        status, found = self._asked(name, *arguments)
        if status != "OK":
            raise MailboxDown(ChannelTrouble.UNRELIABLE, f"{name}: {found!r}"[:300])
        return found

    def _asked(self, name: str, *arguments: str) -> tuple[str, list[Any]]:
        """Return the server's answer to a command, also if it is a refusal."""
        with trouble(ChannelTrouble.UNRELIABLE):
            try:
                return self.box.client.uid(name, *arguments)
            except imaplib.IMAP4.abort:
                raise
            except imaplib.IMAP4.error as error:  # the server calls the command malformed
                return "BAD", [str(error).encode("ascii", "replace")]

    def _said(self, code: str) -> bytes:
        """Return what the server sent for `code` when the folder was opened."""
        found: Any = self.box.client.untagged_responses.get(code) or [b""]
        return found[-1] or b""


def _value(line: bytes, pattern: bytes) -> str:
    found = re.search(pattern, line)
    return found[1].decode("ascii", "replace") if found else ""


def _received_at(line: bytes) -> datetime | None:
    written = _value(line, rb'INTERNALDATE "([^"]{20,40})"').replace("-", " ", 2)
    try:
        return parsedate_to_datetime(written).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _set_of(uids: Sequence[int]) -> str:
    return ",".join(map(str, uids))

"""A small real SMTP server for the demo: it accepts every mail and stores it in a folder, and /mailbox shows it.

Each mail is one .eml file, byte for byte. index.jsonl has one line per recipient with the envelope. The server never
forwards mail.
"""

import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import parseaddr
from pathlib import Path
from uuid import uuid4

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from outreach import clock, codec

INDEX = "index.jsonl"
LIMIT_BYTES = 10 * 1024 * 1024
KEY = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class KeptMail:
    """One caught mail in a list. sender, recipient: from the envelope. from_name, to_name, subject: from the mail."""

    key: str
    received_at: datetime
    sender: str
    recipient: str
    from_name: str
    to_name: str
    subject: str
    size: int  # bytes


class DemoServer:
    """The server. start() returns once it listens; `port` is then its port. Use it as a context, or call stop()."""

    def __init__(self, host: str, port: int, folder: Path, *, now: Callable[[], datetime] = clock.now) -> None:
        self.host = host
        self.port = port  # 0: any free port
        self.folder = folder
        self._now = now
        self._writing = threading.Lock()
        self._controller: Controller | None = None

    def start(self) -> None:
        """Start listening. Raise OSError if the port is taken."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = self.port or _any_port(self.host)
        controller = Controller(
            self,
            hostname=self.host,
            port=self.port,
            data_size_limit=LIMIT_BYTES,
            enable_SMTPUTF8=True,
            ready_timeout=10,
        )
        controller.start()
        self._controller = controller

    def stop(self) -> None:
        controller, self._controller = self._controller, None
        if controller is not None:
            controller.stop()

    def __enter__(self) -> "DemoServer":
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        data = envelope.content or b""
        data = data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data
        for recipient in envelope.rcpt_tos:
            self._keep(data, envelope.mail_from or "", recipient)
        return "250 2.0.0 caught"

    def _keep(self, data: bytes, sender: str, recipient: str) -> None:
        mail = parsed(data, only_headers=True)
        kept = KeptMail(
            key=uuid4().hex,
            received_at=self._now(),
            sender=sender[:254],
            recipient=recipient[:254],
            from_name=_name(mail, "From") or sender,
            to_name=_name(mail, "To") or recipient,
            subject=header(mail, "Subject"),
            size=len(data),
        )
        line = json.dumps(codec.to_json(kept)) + "\n"
        (self.folder / f"{kept.key}.eml").write_bytes(data)
        with self._writing, (self.folder / INDEX).open("a", encoding="utf-8") as index:
            index.write(line)


def listing(folder: Path) -> list[KeptMail]:
    """Return the caught mails, newest first."""
    path = folder / INDEX
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    return [kept for line in reversed(lines) for kept in _read(line)]


def find(folder: Path, key: str) -> tuple[KeptMail, EmailMessage] | None:
    """Return a caught mail by its key, or None."""
    path = folder / f"{key}.eml"
    if not KEY.fullmatch(key) or not path.is_file():
        return None
    found = next((kept for kept in listing(folder) if kept.key == key), None)
    return (found, parsed(path.read_bytes())) if found else None


def headers(folder: Path, kept: KeptMail) -> EmailMessage:
    """Return a mail of the list with nothing but its headers."""
    return parsed((folder / f"{kept.key}.eml").read_bytes(), only_headers=True)


def parsed(data: bytes, *, only_headers: bool = False) -> EmailMessage:
    """Return the parsed mail. If it cannot be parsed, return an empty mail."""
    parser: BytesParser[EmailMessage] = BytesParser(EmailMessage, policy=policy.default)
    try:
        return parser.parsebytes(data, headersonly=only_headers)
    except Exception:
        return EmailMessage()


def header(mail: EmailMessage, name: str) -> str:
    """Return a header's decoded value on one line; "" if it is missing or unreadable."""
    try:
        return " ".join(str(mail.get(name, "")).split())[:500]
    except Exception:
        return ""


def _name(mail: EmailMessage, name: str) -> str:
    shown, address = parseaddr(header(mail, name))
    return shown or address


def _read(line: str) -> Iterator[KeptMail]:
    try:
        yield codec.from_json(KeptMail, json.loads(line))
    except ValueError:  # a line cut off by a crash
        return


def _any_port(host: str) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port

"""Shared by the SMTP tests: a wire without an app, mails, and outcomes as letters."""

from collections.abc import Callable, Iterable
from types import SimpleNamespace

from outreach.delivery.smtp.wire import Accepted, ChannelDown, Envelope, InDoubt, Permanent, Temporary, Wire
from outreach.settings import Settings
from tests.servers.scripted import HANG

NAMES = ("ani", "budi", "citra", "dewi", "eko")
LETTERS = {Accepted: "A", Temporary: "T", Permanent: "P", InDoubt: "D"}
BODY = b"Subject: Undangan\r\n\r\nHalo\r\n.\r\n..\r\n.com\r\n"
PIPELINING, CHUNKING = ("PIPELINING",), ("PIPELINING", "CHUNKING")
WAYS = {"plain": (), "pipelining": PIPELINING, "chunking": CHUNKING}


def patience_s(fault: object) -> float:
    """Return how long to wait for a server with this fault: shortly only where it never answers. Machines may be busy."""
    return 1.0 if fault == HANG else 60.0


def wire_to(port: int, still_true: Callable[[], bool] = lambda: True, **settings: object) -> Wire:
    mail = SimpleNamespace(
        server="127.0.0.1", port=port, use_tls=False, use_ssl=False, username=None, password=None, max_emails=None
    )
    timeout_s = settings.pop("mail_timeout_s", patience_s(None))
    quick = {"mail_timeout_s": timeout_s, "mail_answer_s": 3 * timeout_s}
    return Wire(mail, Settings(**{**quick, **settings}), still_true=still_true)


def a_mail(to: str = "ani@example.com", data: bytes = BODY) -> Envelope:
    return Envelope("kantor@example.com", to, data)


def mails(names: Iterable[str] = NAMES) -> list[Envelope]:
    return [Envelope(f"bounces+{name}@example.com", f"{name}@example.com", BODY) for name in names]


def hand_over(wire: Wire, mail: Envelope) -> Accepted:
    """Send one mail; raise its outcome unless it was accepted."""
    (outcome,) = wire.hand_over_group([mail])
    if not isinstance(outcome, Accepted):
        raise outcome
    return outcome


def in_short(outcomes: Iterable[object]) -> str:
    """Return a letter for each outcome: Accepted, Temporary, Permanent, in Doubt; a ! at the end for ChannelDown."""
    letters = ""
    try:
        for outcome in outcomes:
            letters += LETTERS[type(outcome)]
    except ChannelDown:
        letters += "!"
    return letters

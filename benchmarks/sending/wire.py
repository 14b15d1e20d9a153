"""A mail server 20 ms away that allows three connections: ours against smtplib, both with those three.

The same 8 KB mail, over connections that stay open; ours hands over groups of the product's size, as the outbox does.
Counted at the server: smtp-sink, and a real Postfix that throws everything away, with and without CHUNKING.
"""

import smtplib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from statistics import median
from types import SimpleNamespace

from benchmarks.results import Result
from benchmarks.sending.delay import far_away
from benchmarks.sending.sink import sink
from outreach.delivery.smtp.wire import Accepted, Envelope, Wire
from outreach.settings import Settings
from tests.servers.postfix import Postfix, missing

ONE_WAY_S = 0.010
CONNECTIONS = 3
ROUNDS = 3
SENDER = "outreach@example.com"
SIDES = "no database on either side; smtp-sink keeps nothing, Postfix keeps its queue in memory"
PIPELINING_GOAL, CHUNKING_GOAL = 3.5, 10.0
MAILS_PLAIN, MAILS_PIPELINED, MAILS_CHUNKED = 40, 140, 1000  # over each connection, a few seconds' worth


@dataclass(frozen=True)
class _MailServer:
    """name: as the table says it. taken(n): how many mails it took, once there are n."""

    name: str
    port: int
    taken: Callable[[int], int]


def measure(folder: Path, say: Callable[[str], None]) -> list[Result]:
    """Return mails a second, beside smtplib's to the same server and as a ratio to it."""
    results = []
    for name, server, mails, goal in (
        ("smtp-sink, PIPELINING", _sink, MAILS_PIPELINED, PIPELINING_GOAL),
        ("Postfix, PIPELINING", lambda: postfix("chunking"), MAILS_PIPELINED, PIPELINING_GOAL),
        ("Postfix, CHUNKING", lambda: postfix(""), MAILS_CHUNKED, CHUNKING_GOAL),
    ):
        name = f"{name}, 20 ms away"
        try:
            us, theirs = _compare(name, server, mails, say)
        except RuntimeError as error:
            say(str(error))
            results.append(Result(f"{name}: could not be measured", 0, "mails/s", met=False))
            continue
        ratio = median([our_rate / their_rate for our_rate, their_rate in zip(us, theirs, strict=True)])
        results.append(Result(name, median(us), "mails/s", median(theirs), ratio, goal, ratio >= goal, SIDES))
    return results


def _compare(
    name: str, server: Callable[[], AbstractContextManager[_MailServer]], mails: int, say: Callable[[str], None]
) -> tuple[list[float], list[float]]:
    """Return our mails a second and smtplib's, round by round."""
    us, theirs = [], []
    with server() as running, far_away(running.port, ONE_WAY_S) as port:
        expected = 0
        for round_ in range(ROUNDS):
            theirs.append(per_second(_smtplib, port, MAILS_PLAIN))
            us.append(per_second(ours, port, mails))
            expected += (MAILS_PLAIN + mails) * CONNECTIONS
            if (taken := running.taken(expected)) != expected:
                raise RuntimeError(f"The server took {taken} mails in place of {expected}.")
            say(f"{name}, round {round_ + 1}: smtplib {theirs[-1]:,.0f}, ours {us[-1]:,.0f} a second")
    return us, theirs


def per_second(
    send: Callable[[int, int, threading.Barrier], None], port: int, mails: int, connections: int = CONNECTIONS
) -> float:
    """Return how many mails a second go over all connections, opened beforehand."""
    ready, done = threading.Barrier(connections + 1, timeout=60), threading.Barrier(connections + 1, timeout=600)

    def over_one() -> None:
        try:
            send(port, mails, ready)
            done.wait()
        except BaseException:
            ready.abort()
            done.abort()
            raise

    threads = [threading.Thread(target=over_one) for _ in range(connections)]
    for thread in threads:
        thread.start()
    try:
        ready.wait()
        began = time.perf_counter()
        done.wait()
        return connections * mails / (time.perf_counter() - began)
    except threading.BrokenBarrierError as error:
        raise RuntimeError("A connection to the server broke off.") from error
    finally:
        for thread in threads:
            thread.join()


def _smtplib(port: int, mails: int, ready: threading.Barrier) -> None:
    data = a_mail()
    with smtplib.SMTP("127.0.0.1", port, local_hostname="localhost") as server:
        server.ehlo()
        ready.wait()
        for number in range(mails):
            server.sendmail(SENDER, [f"kader{number}@example.com"], data)


def ours(port: int, mails: int, ready: threading.Barrier, kind: type[Wire] = Wire) -> None:
    data = a_mail()
    settings = Settings()
    mail = SimpleNamespace(
        server="127.0.0.1", port=port, use_tls=False, use_ssl=False, username="", password="", max_emails=None
    )
    with kind(mail, settings) as wire:
        wire.open()
        ready.wait()
        for first in range(0, mails, settings.hand_over_group):
            numbers = range(first, min(first + settings.hand_over_group, mails))
            group = (Envelope(SENDER, f"kader{number}@example.com", data) for number in numbers)
            if not all(isinstance(outcome, Accepted) for outcome in wire.hand_over_group(group)):
                raise RuntimeError("A mail was not accepted.")


@contextmanager
def there(port: int) -> Iterator[int]:
    """Yield the port itself: nothing is added to the server's distance."""
    yield port


@contextmanager
def _sink() -> Iterator[_MailServer]:
    def taken(at_least: int) -> int:
        until = time.monotonic() + 10
        while server.count() < at_least and time.monotonic() < until:
            time.sleep(0.05)
        return server.count()

    with sink() as server:
        yield _MailServer("smtp-sink", server.port, taken)


@contextmanager
def postfix(hidden: str) -> Iterator[_MailServer]:
    if reason := missing():
        raise RuntimeError(reason)
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None  # not this machine's disk is to be measured
    with Postfix((hidden,), under=memory) as server:
        yield _MailServer("Postfix", server.port, lambda at_least: len(server.delivered(at_least)))


def a_mail() -> bytes:
    """Return an invitation of about 8 KB: text, HTML and a calendar as the last alternative."""
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"] = f"Dinas Contoh <{SENDER}>", "Ibu Ani <ani@example.com>"
    mail["Subject"] = "Undangan: Pelatihan kader perlindungan anak"
    mail["Message-ID"], mail["Date"] = "<1.1@example.com>", "Mon, 04 Jan 2027 08:00:00 +0700"
    words = "Bapak/Ibu diundang ke pelatihan kader, dari pencegahan sampai penanganan, di balai kelurahan.\n"
    mail.set_content(words * 22, cte="quoted-printable")
    mail.add_alternative(f"<html><body><p>{words * 28}</p></body></html>", subtype="html", cte="quoted-printable")
    entry = (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Outreach//ID\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:1@example.com\r\n"
        "DTSTAMP:20270104T010000Z\r\nDTSTART:20270118T010000Z\r\nDTEND:20270118T030000Z\r\nSUMMARY:Pelatihan kader\r\n"
        + "".join(f"X-NOTE-{number}:{words.strip()}\r\n" for number in range(20))
        + "END:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    mail.add_alternative(entry, subtype="calendar", cte="quoted-printable", params={"method": "REQUEST"})
    return mail.as_bytes()

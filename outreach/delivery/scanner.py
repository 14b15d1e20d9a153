"""The virus scanner: ClamAV's clamd looks through what people send before anything of it is stored.

web/frame/uploads.py has the files of forms scanned, services/inbox/receive.py the mails. The protocol is that of clamd(8): a
command, the file in pieces with their length before each, and one answer.
"""

import socket
import struct
from collections.abc import Iterable
from functools import partial
from typing import BinaryIO

from outreach.settings import Settings

PIECE = 64 * 1024  # bytes
MOST_OF_A_NAME = 100
_ERROR = " ERROR"  # ends an answer without a verdict
_HARMLESS = b"Outreach asks whether the scanner can examine anything."


class ScannerAway(Exception):
    """The scanner gave no verdict. The text says why; it comes from the scanner or the network."""


class NotJudged(ScannerAway):
    """The scanner gives no verdict on this file, but on others: the file is larger than its own limit, for example.

    Asking again seldom helps, so this file must not hold up others.
    """


def found_in(file: BinaryIO, settings: Settings) -> str:
    """Return the name of what the scanner finds in the file; "" if it finds nothing, or none is set.

    Raise ScannerAway, and NotJudged.
    """
    if not settings.scanner:
        return ""
    verdict = _verdict(settings, iter(partial(file.read, PIECE), b""))
    if verdict.endswith(" FOUND"):
        return verdict.removesuffix(" FOUND")[:MOST_OF_A_NAME]
    if verdict.endswith(_ERROR):
        check(settings)
        raise NotJudged(verdict)
    if verdict != "OK":
        raise ScannerAway(verdict or "no answer")
    return ""


def check(settings: Settings) -> None:
    """Raise ScannerAway if the scanner gives no verdict on a few harmless letters: when its disk is full, for example."""
    if (verdict := _verdict(settings, [_HARMLESS])) != "OK":
        raise ScannerAway(verdict or "no answer")


def _verdict(settings: Settings, pieces: Iterable[bytes]) -> str:
    return ask(settings, "INSTREAM", pieces).removeprefix("stream: ")


def ask(settings: Settings, command: str, pieces: Iterable[bytes] | None = None) -> str:
    """Return the scanner's answer to a command. pieces: of the file for INSTREAM. Raise ScannerAway."""
    try:
        with _line(settings) as line:
            line.sendall(f"z{command}\0".encode())
            broken = pieces is not None and not _sent(line, pieces)
            answer = _answer(line)
    except OSError as error:
        raise ScannerAway(error.strerror or str(error) or type(error).__name__) from error
    if broken and not answer.endswith(_ERROR):
        raise ScannerAway(answer or "it broke off")
    return answer


def _answer(line: socket.socket) -> str:
    """Read up to the NUL that ends an answer: after a file that is too large, the next bytes would be a broken connection."""
    read = b""
    while not read.endswith(b"\0") and (piece := line.recv(4096)):
        read += piece
    return read.rstrip(b"\0").decode("ascii", "replace")


def _sent(line: socket.socket, pieces: Iterable[bytes]) -> bool:
    """Send a file. Return False if the scanner stopped listening: what it answers then says why."""
    try:
        for piece in pieces:
            line.sendall(struct.pack("!L", len(piece)) + piece)
        line.sendall(struct.pack("!L", 0))
    except (BrokenPipeError, ConnectionResetError):
        return False
    return True


def _line(settings: Settings) -> socket.socket:
    if not settings.scanner.startswith("/"):
        host, _, port = settings.scanner.rpartition(":")
        return socket.create_connection((host.strip("[]"), int(port)), timeout=settings.scanner_timeout_s)
    line = socket.socket(socket.AF_UNIX)
    line.settimeout(settings.scanner_timeout_s)
    try:
        line.connect(settings.scanner)
    except OSError:
        line.close()
        raise
    return line

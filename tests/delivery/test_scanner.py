"""A real clamd finds one harmless text; without its verdict nobody says that a file is clean."""

import io
import socketserver
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from outreach.delivery import scanner
from outreach.delivery.checks import virus_scanner as checking
from outreach.delivery.scanner import NotJudged, ScannerAway
from outreach.settings import Settings
from tests.servers import clamd
from tests.world import NOW


@contextmanager
def answering(answers: dict[bytes, str]) -> Iterator[str]:
    """Give the address of a server that knows these commands: one with signatures of a day that the test chooses."""

    class Line(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            asked = self.request.recv(100)
            while asked.startswith(b"zINSTREAM") and not asked.endswith(b"\0" * 4):  # a piece of no bytes ends a file
                asked += self.request.recv(100)
            self.request.sendall(answers[asked.partition(b"\0")[0]].encode())

    with socketserver.TCPServer(("127.0.0.1", 0), Line) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_what_the_scanner_knows_is_found_also_in_an_archive_and_a_file_without_a_verdict_is_not_clean(virus_scanner):
    settings = Settings(scanner=virus_scanner.socket)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a.txt", clamd.BAD * 2)
    assert scanner.found_in(io.BytesIO(b"x" * scanner.PIECE + clamd.BAD), settings) == clamd.NAME
    assert scanner.found_in(io.BytesIO(archive.getvalue()), settings) == clamd.NAME
    assert scanner.found_in(io.BytesIO(clamd.BAD[1:] * 9), settings) == ""
    assert scanner.found_in(io.BytesIO(b""), settings) == ""
    with pytest.raises(NotJudged, match="size limit exceeded"):  # clamd breaks off
        scanner.found_in(io.BytesIO(b"x" * 4 * clamd.MOST_BYTES), settings)
    with pytest.raises(ScannerAway, match="No such file or directory"):
        scanner.found_in(io.BytesIO(b""), Settings(scanner="/nowhere/clamd.ctl"))
    assert scanner.found_in(io.BytesIO(clamd.BAD), Settings()) == ""


def test_a_scanner_that_can_examine_nothing_is_away_so_that_mails_wait_and_none_is_set_aside():
    full = "Can't write to temporary file. ERROR\0"
    with answering({b"zINSTREAM": full, b"zPING": "PONG\0", b"zVERSION": "ClamAV 1.4.6\0"}) as where:
        with pytest.raises(ScannerAway, match="Can't write") as away:
            scanner.found_in(io.BytesIO(b"a small file"), Settings(scanner=where))
        ((level, text),) = (
            (found.level.value, found.text) for found in checking.check(Settings(scanner=where), now=NOW)
        )
    assert type(away.value) is ScannerAway
    assert (level, "examines no file (Can't write" in text) == ("fail", True)


def test_the_doctor_says_whether_the_scanner_answers_and_when_its_signatures_are_old(virus_scanner):
    def told(where: str) -> list[tuple[str, str]]:
        return [(found.level.value, found.text) for found in checking.check(Settings(scanner=where), now=NOW)]

    assert [level for level, _text in told("")] == ["ok"]
    ((level, text),) = told(virus_scanner.socket)  # signatures of the tests' own have no day
    assert (level, text.startswith("ClamAV "), virus_scanner.socket in text) == ("ok", True, True)
    ((level, text),) = told("/nowhere/clamd.ctl")
    assert (level, "does not answer as clamd does (No such file or directory)" in text) == ("fail", True)
    for day, levels in (("27", ["ok", "warn"]), ("29", ["ok"])):
        with answering(
            {
                b"zPING": "PONG\0",
                b"zINSTREAM": "stream: OK\0",
                b"zVERSION": f"ClamAV 1.4.6/27900/Mon Dec {day} 08:00:00 2026\0",
            }
        ) as where:
            assert [level for level, _text in told(where)] == levels

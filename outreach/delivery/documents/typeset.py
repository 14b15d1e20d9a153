"""Run typst in a process of its own, with limits on time and memory. One process sets many documents.

typst_process.py is that process, and says what it may do.
"""

import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from outreach.delivery.documents import typst_process
from outreach.delivery.documents.turns import turn
from outreach.domain.problems import Problem

MAIN = typst_process.MAIN
WITHIN_S = 10.0  # for one document; a letter takes hundredths of a second
STARTS_WITHIN_S = 30.0  # the process loads typst and its fonts first, and says then that it is ready
_PDF, _PNG = "pdf", "png"
_NO_FONT = re.compile(r'the text `"(.+?)"` could not be displayed')


class TemplateWrong(Problem):
    """The template cannot be typeset. line: in the template, 0 if it is not known."""

    message = "Line %(line)s of the template is wrong: %(said)s"
    field = "form"


class CharacterWithoutFont(Problem):
    """PDF/A wants every character to be drawn, so one that no font has is no letter."""

    message = "“%(character)s” cannot be printed in a letter. Please write it in other characters."


class TemplateTooSlow(Problem):
    message = "The template takes too much time or memory. Does something in it repeat without end?"
    field = "form"


class Press:
    """A running process. Not for several threads at once."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(  # noqa: S603  our own program
            [sys.executable, "-I", str(Path(typst_process.__file__))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
        )
        self._files: dict[str, bytes] = {}
        self._ready = False

    def pdf(self, files: Mapping[str, bytes], *, at: datetime) -> bytes:
        """Return a PDF/A-2b of the template MAIN, which reads the other files by their names.

        at: the time of its making that the PDF states. Raise TemplateWrong, TemplateTooSlow, CharacterWithoutFont.
        """
        return self._document(files, _PDF, 0, at)[0]

    def pictures(self, files: Mapping[str, bytes], *, ppi: float, at: datetime) -> list[bytes]:
        """Return each page as PNG. Raise as `pdf`."""
        return self._document(files, _PNG, ppi, at)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                _open(pipe).close()

    def _document(self, files: Mapping[str, bytes], format: str, ppi: float, at: datetime) -> list[bytes]:
        kept = [name for name, data in files.items() if self._files.get(name) is data]
        sent = {name: data for name, data in files.items() if name not in kept}
        job = {
            "format": format,
            "ppi": ppi,
            "timestamp": int(at.timestamp()),
            "files": [[name, len(data)] for name, data in sent.items()],
            "keep": kept,
        }
        if not self._ready:
            with self._ended_after(STARTS_WITHIN_S):
                self._ready = bool(_open(self._process.stdout).readline())
        try:
            with self._ended_after(WITHIN_S):
                answer, pages = self._answer(job, sent)
        except BrokenPipeError:
            raise TemplateTooSlow from None
        self._files = dict(files)
        if "error" in answer:
            if found := _NO_FONT.search(answer["error"]):
                raise CharacterWithoutFont(character=found[1])
            raise TemplateWrong(line=answer["line"], said=answer["error"])
        return pages

    def _answer(self, job: Mapping[str, Any], sent: Mapping[str, bytes]) -> tuple[dict[str, Any], list[bytes]]:
        to, back = _open(self._process.stdin), _open(self._process.stdout)
        to.write(json.dumps(job).encode() + b"\n" + b"".join(sent.values()))
        to.flush()
        line = back.readline()
        if not line:
            raise TemplateTooSlow
        answer: dict[str, Any] = json.loads(line)
        sizes = answer.get("pages", ())
        pages = [back.read(size) for size in sizes]
        if [len(page) for page in pages] != list(sizes):
            raise TemplateTooSlow
        return answer, pages

    @contextmanager
    def _ended_after(self, seconds: float) -> Iterator[None]:
        timer = threading.Timer(seconds, self._process.kill)
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


@contextmanager
def press() -> Iterator[Press]:
    """Wait for a turn, start the process, and end it after the block. Raise DocumentsBusy."""
    with turn():
        running = Press()
        try:
            yield running
        finally:
            running.close()


def _open(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    return pipe

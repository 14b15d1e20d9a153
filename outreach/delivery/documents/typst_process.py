"""A separate program that typesets documents with typst: jobs come on standard input, documents go to standard output.

delivery/documents/typeset.py runs it with limits on memory and time. A template may be changed by the office, so it
is not trusted: after typst is loaded, this process can open no file and no connection any more. All that a document needs
comes with its job. This file imports nothing of Outreach.

A job is a line of JSON, {"format", "ppi", "timestamp", "files": [[name, bytes], …], "keep": [name, …]}, followed by the
files' bytes. Files of `keep` are those of the job before. The
process says that it is ready by a line. The answer is a line of JSON, {"pages": [bytes, …]} followed
by these bytes, or {"error", "line"}.
"""

import contextlib
import json
import re
import sys
from datetime import UTC, datetime
from importlib import import_module
from typing import Any, BinaryIO

MEMORY = 1536 * 1024 * 1024  # bytes of address space; typst's threads reserve much and use little
MAIN = "main.typ"
_PLACE = re.compile(r"main\.typ:(\d+):\d+")
_DETAIL = re.compile(r" \(searched .*| \(http.*", re.DOTALL)  # paths and addresses say nothing to a reader


def main(source: BinaryIO, sink: BinaryIO) -> int:
    """Answer jobs until the input ends."""
    typst: Any = import_module("typst")
    fonts = typst.Fonts(include_system_fonts=False)
    typst.compile({MAIN: b"."}, font_paths=fonts, format="pdf")  # loads all that is loaded at the first document
    _limit()
    sink.write(b"ready\n")
    sink.flush()
    files: dict[str, bytes] = {}
    while line := source.readline():
        job = json.loads(line)
        files = {name: files[name] for name in job["keep"]} | {name: source.read(size) for name, size in job["files"]}
        answer, pages = _document(typst, fonts, job, files)
        sink.write(json.dumps(answer).encode() + b"\n")
        for page in pages:
            sink.write(page)
        sink.flush()
    return 0


def _document(
    typst: Any, fonts: Any, job: dict[str, Any], files: dict[str, bytes]
) -> tuple[dict[str, Any], list[bytes]]:
    is_pdf = job["format"] == "pdf"
    try:
        made = typst.compile(
            files,
            font_paths=fonts,
            format=job["format"],
            ppi=job["ppi"],
            pdf_standards=["a-2b"] if is_pdf else [],
            timestamp=datetime.fromtimestamp(job["timestamp"], UTC),
        )
    except typst.TypstError as error:
        place = _PLACE.search(error.diagnostic)
        return {"error": _DETAIL.sub("", error.message)[:300], "line": int(place[1]) if place else 0}, []
    except RuntimeError as error:
        return {"error": str(error)[:300], "line": 0}, []
    pages = [made] if isinstance(made, bytes) else list(made)
    return {"pages": [len(page) for page in pages]}, pages


def _limit() -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):  # Windows has no such limits
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))  # standard input, output and error, and nothing else


if __name__ == "__main__":
    sys.exit(main(sys.stdin.buffer, sys.stdout.buffer))

"""Run process.py, which fills a .docx template: in a process of its own, with limits on time and memory."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from outreach.delivery.documents.turns import turn
from outreach.delivery.documents.word import process
from outreach.domain.problems import Problem

FORM = process.FORM
WITHIN_S = 30.0  # a letter takes half a second


class NoWordFile(Problem):
    message = "This is no Word document (.docx) that can be read."
    field = "form"


class WordFormTooLarge(Problem):
    message = "This Word document takes too much time or memory. Does something in it repeat without end?"
    field = "form"


class WordFormRunsPrograms(Problem):
    message = "This Word document contains macros or embedded files. Please save it without them, as .docx."
    field = "form"


class WordFormReachesOut(Problem):
    message = "This Word document fetches something from elsewhere (%(said)s). Please put it into the document itself."
    field = "form"


class WordFormBroken(Problem):
    message = "A loop or a condition of this template begins in one paragraph and ends in another. Please write it as {%%p … %%}."
    field = "form"


class WordFormWrong(Problem):
    """said: by Jinja, in English. near: the text of the paragraph, which may be empty."""

    message = "The template is wrong near “%(near)s”: %(said)s"
    field = "form"


class WordPropertiesWrong(Problem):
    message = "A property of this Word document, such as its title or author, is wrong as a template: %(said)s"
    field = "form"


@dataclass(frozen=True)
class WordDocument:
    """A filled document. runs: what stands in each run's text; beside: the same of headers and footers."""

    data: bytes
    runs: tuple[str, ...]
    beside: tuple[str, ...]


REFUSALS: Mapping[str, type[Problem]] = {
    "no_word": NoWordFile,
    "large": WordFormTooLarge,
    "programs": WordFormRunsPrograms,
    "external": WordFormReachesOut,
    "broken": WordFormBroken,
    "wrong": WordFormWrong,
    "properties": WordPropertiesWrong,
}


def render(
    form: bytes,
    words: Mapping[str, Any],
    pictures: Mapping[str, tuple[bytes, float]],
    *,
    replaced: Mapping[str, bytes],
    title: str,
    author: str,
    at: datetime,
) -> WordDocument:
    """Return the template with its values.

    words: text, numbers, lists and mappings of these. pictures: data (PNG or JPEG; empty for none) and width in millimetres.
    replaced: PNG files that take the place of the template's pictures of that name.
    title, author, at: the document's properties, instead of the template's. Raise one of the Problems above.
    """
    files: dict[str, bytes] = (
        {FORM: form} | {name: data for name, (data, _width) in pictures.items() if data} | dict(replaced)
    )
    job = {
        "words": words,
        "pictures": {name: width for name, (_data, width) in pictures.items()},
        "replaced": list(replaced),
        "properties": {
            "title": title, "author": author, "last_modified_by": author, "created": int(at.timestamp()),
            "modified": int(at.timestamp()), "language": "id-ID", "subject": "", "comments": "",
            "keywords": "", "category": "", "identifier": "", "content_status": "", "version": "",
        },
        "files": [[name, len(data)] for name, data in files.items()],
    }  # fmt: skip
    try:
        with turn():
            done = subprocess.run(  # noqa: S603  our own program
                [sys.executable, "-I", str(Path(process.__file__))],
                input=json.dumps(job).encode() + b"\n" + b"".join(files.values()),
                capture_output=True,
                timeout=WITHIN_S,
                check=False,
                env={},
            )
    except subprocess.TimeoutExpired:
        raise WordFormTooLarge from None
    line, _newline, data = done.stdout.partition(b"\n")
    if done.returncode or not line:  # ended by one of its limits
        raise WordFormTooLarge
    answer = json.loads(line)
    if "error" in answer:
        raise REFUSALS[answer["error"]](said=answer.get("said", ""), near=answer.get("near", ""))
    return WordDocument(data, tuple(answer["texts"]["document"]), tuple(answer["texts"]["beside"]))

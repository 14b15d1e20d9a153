"""Gathering message ids from the source, and bringing the Indonesian catalogue up to date with them.

Run `python -m outreach.translations.catalogue` after changing a text: it adds new ids to messages.po, drops unused ones
and compiles messages.mo. Then translate what it lists.
"""

import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[2]
PO = Path(__file__).parent / "id" / "LC_MESSAGES" / "messages.po"
MO = PO.with_suffix(".mo")
KEYWORDS = {"_": None, "_l": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2), "lazy_ngettext": (1, 2)}
PYTHON, JINJA = [("**.py", "python")], [("**.html", "jinja2"), ("**.txt", "jinja2")]
PROBLEM_MESSAGE = re.compile(r"^    message = (\"(?:[^\"\\]|\\.)*\")$", re.MULTILINE)
PLACE = re.compile(r"%(?:\(\w+\))?[a-z%]")


def ids_in_source() -> Catalog:
    """Return a catalogue of every message id that code and templates use. Problems carry theirs in `message`."""
    found = Catalog()
    for folder, method in ((ROOT / "outreach", PYTHON), (ROOT / "templates", JINJA)):
        for _name, _line, message, _comments, _context in extract_from_dir(folder, method, keywords=KEYWORDS):
            found.add(message, flags=["python-format"] if PLACE.search(_first(message)) else [])
    for text in _problem_messages():
        found.add(text, flags=["python-format"] if PLACE.search(text) else [])
    return found


def stored() -> Catalog:
    """Return the Indonesian catalogue as it stands in the repository; an empty one where there is none."""
    if not PO.exists():
        return Catalog(locale="id")
    with PO.open("rb") as file:
        return read_po(file, locale="id")


def faults() -> list[str]:
    """Return a line for each message that is missing, untranslated, unused, or whose %(places)s differ."""
    used, known = ids_in_source(), stored()
    lines = []
    for message in used:
        if not message.id:
            continue
        translated = known.get(message.id)
        if translated is None or translated.fuzzy or not all(_strings(translated.string)):
            lines.append(f"untranslated: {_first(message.id)}")
        elif any(sorted(PLACE.findall(text)) != sorted(PLACE.findall(_last(message.id))) for text in _strings(translated.string)):
            lines.append(f"other places: {_first(message.id)}")
    lines += [f"unused: {_first(m.id)}" for m in known if m.id and m.id not in used]
    return sorted(lines)


def compiled() -> bytes:
    """Return messages.mo as the catalogue in the repository makes it."""
    buffer = io.BytesIO()
    write_mo(buffer, stored())
    return buffer.getvalue()


def update() -> None:
    used, known = ids_in_source(), stored()
    fresh = Catalog(locale="id", project="outreach", charset="utf-8", fuzzy=False)
    for message in sorted((m for m in used if m.id), key=lambda m: _first(m.id).casefold()):
        before = known.get(message.id)
        fresh.add(message.id, before.string if before else None, flags=message.flags)
    with PO.open("wb") as file:
        write_po(file, fresh, omit_header=False, width=120, include_lineno=False)
    MO.write_bytes(compiled())


def _problem_messages() -> Iterator[str]:
    for path in sorted((ROOT / "outreach").rglob("*.py")):
        for literal in PROBLEM_MESSAGE.findall(path.read_text("utf-8")):
            yield literal[1:-1].replace('\\"', '"')


def _first(message: str | tuple | list) -> str:
    return message if isinstance(message, str) else str(message[0])


def _last(message: str | tuple | list) -> str:
    return message if isinstance(message, str) else str(message[-1])


def _strings(text: str | tuple | list) -> list[str]:
    return [text] if isinstance(text, str) else list(text)


if __name__ == "__main__":
    update()
    for line in faults():
        sys.stdout.write(line + "\n")

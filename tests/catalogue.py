"""The check and the update of the translations: `python tests/catalogue.py check` or `update`.

Message ids are found in _() calls of Python and Jinja, and in Problems, whose messages are plain strings that
the page translates; babel.cfg says in which files. `update` writes the template (messages.pot), brings new ids into the
catalogue and compiles it; `check` fails on anything missing.
"""

import ast
import functools
import io
import re
import sys
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir, extract_python
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "outreach" / "translations" / "id" / "LC_MESSAGES"
PO, MO = FOLDER / "messages.po", FOLDER / "messages.mo"
POT = FOLDER.parent.parent / "messages.pot"  # from which a translation into another language begins


def main(arguments: list[str]) -> int:
    """Check or update the Indonesian catalogue. Return the exit code."""
    if arguments == ["update"]:
        update()
        return 0
    complaints = check()
    for line in complaints:
        print(line)
    if complaints:
        print(
            f"{len(complaints)} to mend in {PO.relative_to(ROOT)} (new ids come in with: python tests/catalogue.py update)"
        )
    else:
        print(f"{len(extracted())} messages, all in Indonesian")
    return 1 if complaints else 0


@functools.cache
def extracted() -> Catalog:
    """Return every message id in the code and the templates, with its places."""
    catalog = Catalog(locale="id", project="Outreach", version="", copyright_holder="", fuzzy=False)
    methods, options = _mapping()
    ours = [(pattern, sentences if method == "tests.catalogue:sentences" else method) for pattern, method in methods]
    for name, line, message, comments, context in extract_from_dir(ROOT, ours, options, strip_comment_tags=True):
        catalog.add(message, None, [(name, line)], auto_comments=comments, context=context)
    return catalog


def _mapping() -> tuple[list[tuple[str, str]], dict[str, dict[str, Any]]]:
    with (ROOT / "babel.cfg").open(encoding="utf-8") as file:
        return parse_mapping_cfg(file)


def sentences(
    file: IO[bytes], keywords: Mapping[str, Any], comment_tags: Collection[str], options: dict[str, Any]
) -> Iterator[tuple[int, str, Any, list[str]]]:
    """Yield what Babel finds in a Python file, and the sentences of its Problems: Babel's extractor."""
    yield from extract_python(file, keywords, comment_tags, options)
    file.seek(0)
    for message, line in _problem_sentences(ast.parse(file.read())):
        yield line, "gettext", message, []


def check() -> list[str]:
    """Return one line for each id without a translation, with a wrong placeholder, or that the compiled file lacks."""
    if not PO.exists():
        return [f"there is no {PO.relative_to(ROOT)}"]
    with PO.open("rb") as file:
        stored = read_po(file, locale="id")
    complaints = []
    for message in extracted():
        if not message.id:
            continue
        where = ":".join(map(str, message.locations[0]))
        found = stored.get(message.id, message.context)
        if found is None or not found.string or not all(_strings(found.string)):
            complaints.append(f"{where}: not translated: {message.id!r}")
        elif found.fuzzy:
            complaints.append(f"{where}: marked fuzzy: {message.id!r}")
        else:
            complaints += [f"{where}: {error}: {message.id!r}" for error in found.check(stored)]
    return [*complaints, *_hidden()] or [*_compiled_differs(stored), *_template_differs()]


def update() -> None:
    """Merge the ids now in use into the catalogue, without guesses for new ones, and compile it."""
    catalog = extracted()
    if PO.exists():
        with PO.open("rb") as file:
            stored = read_po(file, locale="id")
        stored.update(catalog, no_fuzzy_matching=True, update_creation_date=False)
        stored.obsolete.clear()
        catalog = stored
    FOLDER.mkdir(parents=True, exist_ok=True)
    POT.write_bytes(_template())
    with PO.open("wb") as file:
        write_po(file, catalog, width=110, sort_output=True, omit_header=False, include_lineno=False)
    with MO.open("wb") as file:
        write_mo(file, catalog)


def _template() -> bytes:
    """Return messages.pot: all ids without translations. It has no date, so it changes only when a sentence does."""
    catalog = Catalog(project="Outreach", version="", fuzzy=False)
    catalog.header_comment = "# The sentences of Outreach, to be translated. Made by: python tests/catalogue.py update"
    for message in extracted():
        if message.id:
            catalog.add(message.id, None, message.locations, message.flags, context=message.context)
    written = io.BytesIO()
    write_po(written, catalog, width=110, sort_output=True, include_lineno=False)
    return re.sub(rb'^"(?:POT-Creation-Date|Generated-By): .*\n', b"", written.getvalue(), flags=re.MULTILINE)


def _template_differs() -> list[str]:
    if POT.exists() and POT.read_bytes() == _template():
        return []
    return [f"{POT.relative_to(ROOT)} is missing or old; make it with: python tests/catalogue.py update"]


def _hidden() -> list[str]:
    """Return a line for each message id inside an f-string, which the extraction does not see."""
    found = []
    ours = next(chosen["keywords"] for chosen in _mapping()[1].values() if "keywords" in chosen)
    for path in sorted((ROOT / "outreach").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            calls = (
                [component for component in ast.walk(node) if isinstance(component, ast.Call)]
                if isinstance(node, ast.JoinedStr)
                else []
            )
            found += [
                f"{path.relative_to(ROOT)}:{call.lineno}: inside an f-string, so never found: {ast.unparse(call)}"
                for call in calls
                if isinstance(call.func, ast.Name) and call.func.id in {*DEFAULT_KEYWORDS, *ours}
            ]
    return found


def _compiled_differs(stored: Catalog) -> list[str]:
    if not MO.exists():
        return [f"{MO.relative_to(ROOT)} is missing; make it with: python tests/catalogue.py update"]
    with MO.open("rb") as file:
        compiled = {_key(message): _strings(message.string) for message in read_mo(file) if message.id}
    written = {_key(message): _strings(message.string) for message in stored if message.id and message.string}
    if compiled != written:
        return [f"{MO.relative_to(ROOT)} is older than the .po; make it with: python tests/catalogue.py update"]
    return []


def _problem_sentences(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Yield the `message = "…"` of classes, and the sentences given to a `raise Something("…")` of a Problem."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            for line in node.body:
                names = line.targets if isinstance(line, ast.Assign) else []
                if any(isinstance(name, ast.Name) and name.id == "message" for name in names):
                    yield from _sentence(line.value)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Problem" and node.args:
            yield from _sentence(node.args[0])


def _sentence(value: ast.expr) -> Iterator[tuple[str, int]]:
    if isinstance(value, ast.Constant) and isinstance(value.value, str) and value.value:
        yield value.value, value.lineno


def _strings(value: str | list[str] | tuple[str, ...]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _key(message: Message) -> tuple[str | None, str]:
    return message.context, _strings(message.id)[0]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

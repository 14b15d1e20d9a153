"""The check and the update of the translations: `python tests/catalogue.py check` or `update`.

Message ids are found in _() calls of Python and Jinja, and in Problems, whose messages are plain strings that
the page translates. `update` writes new ids into the catalogue and compiles it; `check` fails on anything missing.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "outreach" / "translations" / "id" / "LC_MESSAGES"
PO, MO = FOLDER / "messages.po", FOLDER / "messages.mo"
KEYWORDS = {
    **DEFAULT_KEYWORDS,
    "_l": None,
    "_n": (1, 2),
    "lazy_gettext": None,
    "lazy_ngettext": (1, 2),
    "lazy_pgettext": ((1, "c"), 2),
}
METHODS = [("**.py", "python"), ("**.html", "jinja2"), ("**.txt", "jinja2"), ("**.ics", "jinja2")]


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


def extracted() -> Catalog:
    """Return every message id in the code and the templates, with its places."""
    catalog = Catalog(locale="id", project="Outreach", version="", copyright_holder="", fuzzy=False)
    for top in ("outreach", "templates"):
        for name, line, message, comments, context in extract_from_dir(
            ROOT / top, METHODS, {"**.html": {"trimmed": "true", "silent": "false"}}, KEYWORDS, strip_comment_tags=True
        ):
            catalog.add(message, None, [(f"{top}/{name}", line)], auto_comments=comments, context=context)
    for path in sorted((ROOT / "outreach").rglob("*.py")):
        for message, line in _problem_sentences(ast.parse(path.read_text("utf-8"))):
            catalog.add(message, None, [(str(path.relative_to(ROOT)), line)])
    return catalog


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
    return [*complaints, *_hidden()] or _compiled_differs(stored)


def update() -> None:
    """Merge the ids now in use into the catalogue, without guesses for new ones, and compile it."""
    catalog = extracted()
    if PO.exists():
        with PO.open("rb") as file:
            stored = read_po(file, locale="id")
        stored.update(catalog, no_fuzzy_matching=True)
        stored.obsolete.clear()
        catalog = stored
    FOLDER.mkdir(parents=True, exist_ok=True)
    with PO.open("wb") as file:
        write_po(file, catalog, width=110, sort_output=True, omit_header=False, include_lineno=False)
    with MO.open("wb") as file:
        write_mo(file, catalog)


def _hidden() -> list[str]:
    """Return a line for each message id inside an f-string, which the extraction does not see."""
    found = []
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
                if isinstance(call.func, ast.Name) and call.func.id in KEYWORDS
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

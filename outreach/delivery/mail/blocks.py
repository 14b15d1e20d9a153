"""The structure of a filled text: paragraphs, tables of "Label: value" lines, and buttons (links).

The template decides the structure, so no value can change it, except for the number of rows of a list. Text and HTML
are both made from these blocks.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from outreach.delivery.mail.placeholders import BY_NAME, TOKEN, TextPart, clean, fill_line, literal

# Placeholders that distinguish one activity from another.
OF_ONE_ACTIVITY = frozenset({"activity", "full_title", "day_date", "when", "time", "start"})
ANSWER_LINKS = frozenset({"link", "link_yes", "link_no", "link_rep"})
_LABELLED = re.compile(r"([^\W\d_][^:{}]{0,39}):[ \t]+(\S.*)")


@dataclass(frozen=True)
class Paragraph:
    """A paragraph. asks: it belongs to an answer link, even if that was left out. names: it names the activity."""

    lines: tuple[tuple[TextPart, ...], ...]
    asks: bool = False
    names: bool = False
    kind: str = "paragraph"


@dataclass(frozen=True)
class MailRow:
    label: str
    parts: tuple[TextPart, ...]


@dataclass(frozen=True)
class MailTable:
    rows: tuple[MailRow, ...]
    names: bool = False
    kind: str = "table"


@dataclass(frozen=True)
class Button:
    """A link as a button. label: "" if the text has only the link."""

    label: str
    url: str
    kind: str = "button"


Block = Paragraph | MailTable | Button


def blocks_of(
    body: str, values: Mapping[str, str], *, without_buttons: bool = False, without_asking: bool = False
) -> list[Block]:
    """Return a body's blocks with the values filled in. Empty lines divide the body into sections.

    without_buttons: leave out the buttons, for a mail that has one link for everything. without_asking: leave out
    sections with answer links, for a recipient who cannot answer for the invitee.
    """
    found: list[Block] = []
    for stretch in re.split(r"\n[ \t]*\n", body.replace("\r\n", "\n").strip("\n")):
        lines = [line.strip() for line in stretch.split("\n") if line.strip()]
        asks = any(_names(line) & ANSWER_LINKS for line in lines)
        if asks and without_asking:
            continue
        blocks = _stretch(lines, values, asks=asks)
        found.extend(block for block in blocks if not (without_buttons and isinstance(block, Button)))
    return found


def asks(body: str) -> bool:
    """Return whether a text asks for an answer."""
    return bool(_names(body) & ANSWER_LINKS)


def _stretch(lines: Iterable[str], values: Mapping[str, str], *, asks: bool) -> list[Block]:
    found: list[Block] = []
    for line in lines:
        block = _line(line, values, asks=asks)
        if block is None:
            continue
        last = found[-1] if found else None
        if isinstance(block, MailTable) and isinstance(last, MailTable):
            found[-1] = MailTable(last.rows + block.rows, last.names or block.names)
        elif isinstance(block, Paragraph) and isinstance(last, Paragraph):
            found[-1] = Paragraph(last.lines + block.lines, asks, last.names or block.names)
        else:
            found.append(block)
    return found


def _line(line: str, values: Mapping[str, str], *, asks: bool) -> Block | None:
    if bare := _only_link(line):
        parts = fill_line(bare, values)
        return Button("", parts[0].text) if parts else None
    if listed := _only_list(line):
        rows = [row.partition(": ") for row in values.get(listed, "").splitlines()]
        return (
            MailTable(tuple(MailRow(clean(label), tuple(literal(clean(text)))) for label, _, text in rows))
            if rows
            else None
        )
    labelled, names = _LABELLED.fullmatch(line), bool(_names(line) & OF_ONE_ACTIVITY)
    if labelled is None:
        parts = fill_line(line, values)
        return Paragraph((tuple(parts),), asks, names) if parts else None
    label, rest = labelled[1].strip(), labelled[2]
    parts = fill_line(rest, values)
    if not parts:
        return None
    if _only_link(rest) and _names(rest) <= ANSWER_LINKS:
        return Button(label, parts[0].text)
    return MailTable((MailRow(label, tuple(parts)),), names)


def _only_link(text: str) -> str:
    match = TOKEN.fullmatch(text.strip())
    return match[0] if match and match[1] in BY_NAME and BY_NAME[match[1]].is_link else ""


def _only_list(text: str) -> str:
    match = TOKEN.fullmatch(text.strip())
    known = BY_NAME.get(match[1]) if match else None
    return known.name if known and known.is_list else ""


def _names(text: str) -> set[str]:
    return {BY_NAME[m[1]].name for m in TOKEN.finditer(text) if m[1] in BY_NAME}

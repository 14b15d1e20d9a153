"""The text that a person wrote, as short plain text, without markup and without the quoted mail."""

import re
from html import unescape

from outreach.delivery.inbox.decoding import clean
from outreach.delivery.inbox.parts import MailPart

MOST_WORDS = 4000  # characters kept
MOST_READ = 128 * 1024  # bytes read of a part
MOST_LINES = 2000
UNSHOWN = frozenset({"head", "style", "script", "title"})
BREAKS = frozenset({"br", "p", "div", "tr", "li", "h1", "h2", "h3", "h4", "blockquote", "table", "ul", "ol", "hr"})
_TAG = re.compile(r"/?[a-zA-Z][a-zA-Z0-9]{0,15}")
# Lines that come before the quoted mail, as the usual programs write them in Indonesian and English.
_ANSWERED = re.compile(
    r"-{2,} ?(original message|pesan asli|forwarded message|pesan terusan) ?-{2,}|_{20,}|"
    r"(on|pada) .{6,200}(wrote|menulis):|(from|dari): .{1,200}@.{1,200}",
    re.IGNORECASE,
)


def words_of(mail: MailPart) -> str:
    """Return the text that the sender wrote, at most MOST_WORDS characters; "" if there is none."""
    own = [part for part in mail.walk() if not part.enclosed and not part.children and not part.attached]
    for type, plain in (("text/plain", _same), ("text/html", without_markup)):
        for part in own:
            if part.type == type and (text := plain(part.text(MOST_READ)).strip()):
                return _shortened(_without_the_answered(text))
    return ""


def beginning_of(raw: bytes) -> str:
    """Return the first lines of an unreadable mail as text."""
    return clean(raw[:MOST_WORDS].decode("utf-8", "replace")).replace("\ufffd", "?")[: MOST_WORDS // 2]


def without_markup(html: str) -> str:
    """Return the text of an HTML part, well-formed or not. Time is linear in its length."""
    said: list[str] = []
    unshown = ""
    for index, piece in enumerate(html.split("<")):
        tag, closed, text = piece.partition(">") if index else ("", "", piece)
        found = _TAG.match(tag)
        name = found[0].lower() if found else ""
        if unshown:
            if name == f"/{unshown}":
                unshown = ""
            else:
                continue
        if name in UNSHOWN:
            unshown = name
            continue
        if name.lstrip("/") in BREAKS:
            said.append("\n")
        said.append(text if closed or not index else "")
    lines = (" ".join(line.split()) for line in clean(unescape("".join(said))).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _same(text: str) -> str:
    return text


def _without_the_answered(text: str) -> str:
    kept: list[str] = []
    lines = text.split("\n")[:MOST_LINES]
    for index, line in enumerate(lines):
        line = line.rstrip()
        both = f"{line[:450]} {lines[index + 1].strip()[:200]}" if index + 1 < len(lines) else line  # "On … \n wrote:"
        if _ANSWERED.fullmatch(line.strip()[:450]) or (kept and _ANSWERED.fullmatch(both.strip()[:450])):
            break
        if not line.startswith(">"):
            kept.append(line)
    return "\n".join(kept).strip() or text


def _shortened(text: str) -> str:
    return text if len(text) <= MOST_WORDS else text[: MOST_WORDS - 1].rstrip() + "…"

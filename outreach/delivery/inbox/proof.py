"""Whether the sender address of a mail can be trusted, judged by its single From field and our server's verdicts.

To show who a mail names, decoding.mailbox_of is enough. A proven sender needs more: exactly one From field with exactly
one well-formed mailbox (RFC 5322, 3.4 and 3.6.2), nothing cut off, and a verdict of our own mail server in its favour
(Authentication-Results, RFC 8601). The setting imap_verdicts_by names that server.
"""

import re
from collections.abc import Iterator, Sequence

from outreach.delivery.inbox.decoding import clean

MOST_BLOCK = 64 * 1024  # bytes of a mail's headers; genuine mails have fewer
MOST_FROM = 1000  # bytes
MOST_VERDICT = 8000  # characters of one Authentication-Results header
MOST_VERDICTS = 20  # headers
_FIELDS = re.compile(rb"\r?\n(?![ \t])")
_END = re.compile(rb"\r?\n\r?\n")
_AMBIGUOUS = re.compile(rb"\r(?!\n)|\x00")  # programs disagree on where such a line ends
_ADDRESS = r"(?P<{0}>[^\s()<>\[\]:;@\\,\"]{{1,64}}@[^\s()<>\[\]:;@\\,\"]{{1,189}})"
_MAILBOX = re.compile(
    rf"\s*+(?:{_ADDRESS.format('bare')}|"
    r"(?:[^()<>\[\]:;@\\,\"]|\"(?:[^\"\\]|\\.)*+\")*+"  # a name made of words and quoted strings
    rf"<{_ADDRESS.format('angled')}>)\s*+"
)
_RESULT = re.compile(r"\s*([a-z0-9-]{1,30})(?:/\d+)?\s*=\s*([a-z0-9-]{1,30})(?=\s|$)", re.IGNORECASE)
_PROPERTY = re.compile(r"(?<!\S)(header\.from|header\.d|header\.i|smtp\.mailfrom)\s*=\s*(\S+)", re.IGNORECASE)
_COMMENT = re.compile(r"(?<![^\s(])\([^()\"\\]*+\)(?![^\s;)])")  # nothing right before or after it
MOST_PROPERTY = 300  # characters
MOST_NESTED = 3  # comments within each other
Result = tuple[str, str, dict[str, str]]  # method, verdict, properties
UNNAMED = "-"  # in the setting: our server writes its verdicts without its name


def proven_sender(raw: bytes, server: str) -> str:
    """Return a mail's sender in lower case, if the address can be trusted; "" if it is only claimed.

    server: the name of the mail server whose verdicts are believed; UNNAMED if it writes none; "" believes nobody.
    """
    end = _END.search(raw, 0, MOST_BLOCK)
    block = raw[: end.start()] if end else raw
    if len(block) > MOST_BLOCK or raw[:1] in b"\r\n" or _AMBIGUOUS.search(block):
        return ""
    fields = _fields(block)
    named = [value for name, value in fields if name == b"from"]
    sender = _sole_mailbox(named[0]) if len(named) == 1 else ""
    return sender if sender and _vouched_for(_verdicts_in(fields), server, sender.rpartition("@")[2]) else ""


def _fields(block: bytes) -> list[tuple[bytes, bytes]]:
    parts = (field.partition(b":") for field in _FIELDS.split(block))
    return [(name.strip().lower(), value) for name, _, value in parts]


def _verdicts_in(fields: Sequence[tuple[bytes, bytes]]) -> list[bytes]:
    return [value for name, value in fields if name == b"authentication-results"]


def _sole_mailbox(value: bytes) -> str:
    try:
        text = re.sub(r"\r?\n", "", value.decode()) if len(value) <= MOST_FROM else ""
    except UnicodeDecodeError:
        return ""
    found = _MAILBOX.fullmatch(text)
    address = (found["bare"] or found["angled"]) if found else ""
    alike = address.isascii() or address == address.lower()  # some letters become a different letter in lower case
    return address.lower() if alike and clean(address) == address else ""


def _vouched_for(values: Sequence[bytes], server: str, domain: str) -> bool:
    """Return whether our own server judged the mail in favour of the domain.

    It writes its header on top of all that came with the mail, so only the topmost one can speak for the sender. A header
    that is too long proves nothing, nor one with a comment that the sender may have ended. A verdict against the sender counts
    from any header with the server's name.
    """
    if not server or not values or len(values) > MOST_VERDICTS or len(values[0]) > MOST_VERDICT:
        return False
    named = "" if server == UNNAMED else server.lower()
    if not _has_clear_comments(values[0].decode("utf-8", "replace")):
        return False
    judged = [_verdicts(value) for value in values]
    topmost, results = judged[0]
    if topmost != named or any(_is_against(results) for name, results in judged if name == named):
        return False
    return any(verdict == "pass" and _aligned(method, about, domain) for method, verdict, about in results)


def _is_against(results: Sequence[Result]) -> bool:
    return any(method == "dmarc" and verdict == "fail" for method, verdict, _ in results)


def judges(raw: bytes) -> str | None:
    """Return the server of the topmost verdict in a mail's headers, UNNAMED if it has no name; None without a verdict."""
    end = _END.search(raw, 0, MOST_BLOCK)
    values = _verdicts_in(_fields(raw[: end.start()] if end else raw[:MOST_BLOCK]))
    if not values:
        return None
    name, results = _verdicts(values[0])
    return name or (UNNAMED if results else None)


def _verdicts(value: bytes) -> tuple[str, list[Result]]:
    """Return a header's server, and the verdict of each method with its properties. Exchange Online names no server.

    A property that is quoted or too long is "": a sender may have chosen what it contains.
    """
    text = value.decode("utf-8", "replace")
    pieces = list(_pieces(text[:MOST_VERDICT]))
    first = (pieces or [""])[0]
    unnamed = bool(_RESULT.match(first))
    results = []
    for piece in pieces if unnamed else pieces[1:]:
        found = _RESULT.match(piece)
        if found:
            told = reversed(_PROPERTY.findall(piece))
            about = {
                key.lower(): "" if '"' in written or len(written) > MOST_PROPERTY else written.lower()
                for key, written in told
            }
            results.append((found[1].lower(), found[2].lower(), about))
    return "" if unnamed else (first.split() or [""])[0].lower(), results


def _has_clear_comments(text: str) -> bool:
    """Return whether each comment stands by itself and is ended, and none has a quotation mark.

    Some servers write the envelope's sender or the HELO name into a comment as they came. A sender whose name has a bracket
    would end the comment there, and go on with verdicts of their own.
    """
    for _level in range(MOST_NESTED):  # from the innermost one outwards
        text = _COMMENT.sub(" ", text)
    return "(" not in text and ")" not in text


def _pieces(text: str) -> Iterator[str]:
    """Yield the text between semicolons, without comments. A semicolon in a comment or quoted string does not separate."""
    piece: list[str] = []
    depth, quoted, escaped = 0, False, False
    for letter in text:
        if escaped or letter == "\\":
            escaped = not escaped
            letter = "?"
        elif quoted:
            quoted = letter != '"'
        elif letter == '"' and not depth:
            quoted = True
        elif letter == "(":
            depth += 1
        elif letter == ")" and depth:
            depth -= 1
            continue
        elif letter == ";" and not depth:
            yield "".join(piece)
            piece = []
            continue
        if not depth:
            piece.append("?" if quoted and letter.isspace() else letter)
    yield "".join(piece)


def _aligned(method: str, about: dict[str, str], domain: str) -> bool:
    """Return whether a passed check speaks for the From field's domain: the same domain or a parent of it.

    A DMARC verdict without `header.from` is about the From field, too: DMARC judges nothing else (RFC 7489, 11.1).

    DMARC also allows subdomains of the From domain, but that needs a list of public suffixes, which is not available
    here. A server that checks DMARC knows them.
    """
    match method:
        case "dmarc":
            return about.get("header.from", domain).rpartition("@")[2] == domain
        case "dkim":
            signer = about.get("header.d") or about.get("header.i", "")
        case "spf":
            signer = about.get("smtp.mailfrom", "")
        case _:
            return False
    signer = signer.rpartition("@")[2]
    return signer == domain or ("." in signer and domain.endswith(f".{signer}"))

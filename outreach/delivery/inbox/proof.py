"""Whether the sender address of a mail can be trusted, judged by its single From field and our server's verdicts.

To show who a mail names, decoding.mailbox_of is enough. A proven sender needs more: exactly one From field with exactly
one well-formed mailbox (RFC 5322, 3.4 and 3.6.2), nothing cut off, and no negative verdict of the receiving server
(Authentication-Results, RFC 8601).
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
_PROPERTY = re.compile(r"\b(header\.from|header\.d|header\.i|smtp\.mailfrom)\s*=\s*(\S{1,300})", re.IGNORECASE)


def proven_sender(raw: bytes) -> str:
    """Return a mail's sender in lower case, if the address can be trusted; "" if it is only claimed."""
    end = _END.search(raw, 0, MOST_BLOCK)
    block = raw[: end.start()] if end else raw
    if len(block) > MOST_BLOCK or raw[:1] in b"\r\n" or _AMBIGUOUS.search(block):
        return ""
    fields = [
        (name.strip().lower(), value) for name, _, value in (field.partition(b":") for field in _FIELDS.split(block))
    ]
    named = [value for name, value in fields if name == b"from"]
    sender = _sole_mailbox(named[0]) if len(named) == 1 else ""
    verdicts = [value for name, value in fields if name == b"authentication-results"]
    return sender if sender and not _disproved(verdicts, sender.rpartition("@")[2]) else ""


def _sole_mailbox(value: bytes) -> str:
    try:
        text = re.sub(r"\r?\n", "", value.decode()) if len(value) <= MOST_FROM else ""
    except UnicodeDecodeError:
        return ""
    found = _MAILBOX.fullmatch(text)
    address = (found["bare"] or found["angled"]) if found else ""
    alike = address.isascii() or address == address.lower()  # some letters become a different letter in lower case
    return address.lower() if alike and clean(address) == address else ""


def _disproved(values: Sequence[bytes], domain: str) -> bool:
    """Return whether the receiving server judged the mail, and not in favour of the domain.

    The receiving server's own headers have the same server name as the topmost one. Headers of other servers prove
    nothing. Older headers below may claim the same name, so for each method only the first header that mentions it can
    speak for the domain.
    """
    if not values:
        return False
    judged = [_verdicts(value) for value in values[:MOST_VERDICTS]]
    server = judged[0][0]
    settled: set[str] = set()
    passed = False
    for name, results in judged:
        if name != server:
            continue
        told = {method for method, _, _ in results}
        for method, verdict, about in results:
            if method == "dmarc" and verdict == "fail":
                return True
            passed = passed or (method not in settled and verdict == "pass" and _aligned(method, about, domain))
        settled |= told
    return not passed or len(values) > MOST_VERDICTS


def _verdicts(value: bytes) -> tuple[str, list[tuple[str, str, dict[str, str]]]]:
    """Return a header's server, and the verdict of each method with its properties. Exchange Online names no server."""
    text = value.decode("utf-8", "replace")
    pieces = list(_pieces(text[:MOST_VERDICT]))
    first = (pieces or [""])[0]
    unnamed = bool(_RESULT.match(first))
    results = []
    for piece in pieces if unnamed else pieces[1:]:
        found = _RESULT.match(piece)
        if found:
            about = {key.lower(): written.strip('"').lower() for key, written in reversed(_PROPERTY.findall(piece))}
            results.append((found[1].lower(), found[2].lower(), about))
    return "" if unnamed else (first.split() or [""])[0].lower(), results


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

"""Header fields as bytes: addresses and text of any script (RFC 5322, RFC 2047), folded, without stray line breaks.

The standard library's folding drops the quotes of a long name, so a comma in it begins another address. This code
replaces it.
"""

import re
from base64 import b64encode

from outreach.domain.directory import email_addresses
from outreach.domain.problems import Problem

LINE = 76  # octets wanted per line: RFC 2047, 2 allows no more with encoded words; otherwise RFC 5322 allows 998
LONGEST_LINE = 900
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_ATOMS = re.compile(rf"{_ATOM}(?: {_ATOM})*")
_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@[A-Za-z0-9_-]{{1,63}}(?:\.[A-Za-z0-9_-]{{1,63}})*")
_FIELD = re.compile(r"[!-9;-~]+: [ -~]*(?:\r\n [ -~]*)*")
# Characters that stay as they are in an encoded word of a name; RFC 2047, 5 (3).
_SAFE = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")


class AddressUnusable(Problem):
    message = "No mail can be sent to the address “%(address)s”. Please correct it."


def envelope_address(address: str) -> str:
    """Return the address with its domain in the form that every server knows (IDNA).

    Raise AddressUnusable if no mail can be sent to it. Quoted local parts are not supported.
    """
    if _ADDRESS.fullmatch(address):
        return address
    try:
        found = email_addresses.on_the_wire(address)
    except UnicodeError as error:
        raise AddressUnusable(address=address) from error
    if not _ADDRESS.fullmatch(found):
        raise AddressUnusable(address=address)
    return found


def address_field(field: str, name: str, address: str) -> bytes:
    """Return a field with one mailbox and CRLF. name: printable text on one line. address: an envelope_address."""
    if not name:
        return named(field, address)
    if _ATOMS.fullmatch(name) and "=?" not in name:
        phrase = name
    elif name.isascii() and "=?" not in name:
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        phrase = f'"{escaped}"'
    else:
        phrase = "\r\n ".join(_encoded(name, len(field) + 2))
    value = f"{phrase} <{address}>"
    return named(field, value if len(field) + 2 + len(value) <= LINE else _folded(value, len(field) + 2))


def text_field(field: str, text: str) -> bytes:
    """Return a free text field with CRLF. Plain ASCII stays on one line, so the value never begins with an empty line."""
    if text.isascii() and "=?" not in text and len(text) < LONGEST_LINE:
        return named(field, text)
    return named(field, "\r\n ".join(_encoded(text, len(field) + 2)))


def named(field: str, value: str) -> bytes:
    """Return a field with its value as given. Raise ValueError if the value could leave its field."""
    if value.isascii() and value.isprintable():
        return f"{field}: {value}\r\n".encode("ascii")
    line = f"{field}: {value}"
    if not _FIELD.fullmatch(line):
        raise ValueError(f"The header field {field} has a character that it cannot carry.")
    return line.encode("ascii") + b"\r\n"


def _folded(value: str, begun: int) -> str:
    """Return a field's value, folded before spaces if a line is too long. begun: octets already on the first line."""
    lines: list[str] = []
    for given in value.split("\r\n "):
        first, *words = given.split(" ")
        lines.append(first)
        for word in words:
            before = len(lines[-1]) + (begun if len(lines) == 1 else 1)
            if before + 1 + len(word) <= LINE:
                lines[-1] += f" {word}"
            else:
                lines.append(word)
    return "\r\n ".join(lines)


def _encoded(text: str, begun: int) -> list[str]:
    """Return the text as encoded words, each of complete characters, in the shorter of the two encodings.

    begun: octets before the first encoded word on its line.
    """
    data = text.encode("utf-8", "replace")
    quoted = sum(1 if byte in _SAFE or byte == ord(" ") else 3 for byte in data)
    by_base64 = quoted > (len(data) + 2) // 3 * 4
    words: list[str] = []
    chunk, width = "", 0
    for character in text:
        size = _width(character, by_base64=by_base64)
        room = LINE - (1 if words else begun) - len("=?utf-8?q??=")
        if chunk and width + size > (room // 4 * 3 if by_base64 else room):
            words.append(_word(chunk, by_base64=by_base64))
            chunk, width = "", 0
        chunk, width = chunk + character, width + size
    return [*words, _word(chunk, by_base64=by_base64)]


def _width(character: str, *, by_base64: bool) -> int:
    data = character.encode("utf-8", "replace")
    return len(data) if by_base64 else len(_q(data))


def _word(text: str, *, by_base64: bool) -> str:
    data = text.encode("utf-8", "replace")
    return f"=?utf-8?b?{b64encode(data).decode()}?=" if by_base64 else f"=?utf-8?q?{_q(data)}?="


def _q(data: bytes) -> str:
    return "".join("_" if byte == ord(" ") else chr(byte) if byte in _SAFE else f"={byte:02X}" for byte in data)

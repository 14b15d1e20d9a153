"""Turn bytes of a stranger's mail into clean text: correct, unknown and wrong charsets, encoded words in headers.

The text has no control characters except tab and line ends, and nothing that a database cannot store.
"""

import codecs
import re
from email.errors import HeaderParseError
from email.header import decode_header
from email.utils import parseaddr

from outreach.domain.directory import email_addresses

MOST_HEADER = 1000  # characters of a header that are decoded
MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Python's other codecs are not charsets of mails. Some (punycode, idna) take minutes for a megabyte.
CHARSETS = re.compile(
    r"utf_(7|8|16|16_le|16_be|32|32_le|32_be)|ascii|iso8859_\d+|latin_?1|cp\d{3,5}|koi8_[rtu]|mac_\w+|"
    r"gb2312|gbk|gb18030|hz|big5(hkscs)?|euc_\w+|euc(jp|kr)|johab|shift_\w+|iso2022_\w+|tis_620"
)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_MANY_BYTES = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_ADDRESS = re.compile(r"[^\s<>(),;:\"\[\]]{1,64}@[^\s<>(),;:\"\[\]@]{1,189}")


def text_of(data: bytes, charset: str = "") -> str:
    """Decode bytes with the charset of their part. A wrong or unknown charset may cost letters, but never raises.

    Bytes that do not decode are replaced one by one: the letters around them stay.
    """
    for mark, name in MARKS:
        if data.startswith(mark):
            return clean(data[len(mark) :].decode(_of_mark(mark, name), "replace"))
    name = _known(charset)
    if name == "utf_16" or (not name and b"\x00" in data[:2]):
        name = "utf_16_be" if data[:1] == b"\x00" else "utf_16_le"
    if name in ("", "ascii"):
        name = "utf_8"
    for strict in dict.fromkeys((name, name if data.isascii() else "utf_8")):  # UTF-7 and others use ASCII bytes
        try:
            return clean(data.decode(strict))
        except (UnicodeError, LookupError):
            pass
    if name == "utf_8" and not _mostly_utf_8(data):
        name = "cp1252"
    return clean(data.decode(name, "replace"))


def clean(text: str) -> str:
    """Return the text with \\n as line end, without control characters, direction marks and surrogates."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def line_of(value: str, most: int) -> str:
    """Return a header's value as one line, with encoded words (RFC 2047) decoded, cut to `most` characters."""
    value = value[:MOST_HEADER]
    try:
        pieces = decode_header(value)
    except (HeaderParseError, ValueError, TypeError):
        pieces = [(value, None)]
    text = "".join(piece if isinstance(piece, str) else text_of(piece, charset or "") for piece, charset in pieces)
    return " ".join(clean(text).split())[:most].strip()


def mailbox_of(value: str) -> tuple[str, str]:
    """Return name and address (as email_addresses.key) of a From or To header; "" for what is missing or wrong."""
    try:
        name, address = parseaddr(value[:MOST_HEADER])
    except (ValueError, TypeError, IndexError):
        return "", ""
    except RecursionError:  # a thousand nested comments
        name, address = "", ""
    address = clean(address).strip().lower()
    if not _ADDRESS.fullmatch(address):
        found = _ADDRESS.search(clean(value[:MOST_HEADER]).lower())
        address = found[0] if found else ""
    return line_of(name, 160), email_addresses.key(address)


def addresses_in(value: str) -> list[str]:
    """Return all addresses in a header, in the form of email_addresses.key."""
    return [email_addresses.key(found) for found in _ADDRESS.findall(clean(value[: 4 * MOST_HEADER]))]


def _mostly_utf_8(data: bytes) -> bool:
    """Return whether there are more UTF-8 letters beyond ASCII than other bytes beyond ASCII.

    Text in a charset of one byte has hardly any such letters.
    """
    letters = len(_MANY_BYTES.findall(data))
    return letters > data.decode("utf_8", "replace").count("\ufffd")


def _known(charset: str) -> str:
    """Return Python's name of a charset that is allowed in mails, else ""."""
    if not charset or len(charset) > 40:
        return ""
    try:
        name = codecs.lookup(charset).name.replace("-", "_")
    except (LookupError, ValueError):
        return ""
    return name if CHARSETS.fullmatch(name) else ""


def _of_mark(mark: bytes, name: str) -> str:
    if name == "utf-8":
        return name
    return f"{name}-{'be' if mark in (codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE) else 'le'}"

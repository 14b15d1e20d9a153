"""A separate program that reads a PDF from standard input and writes its text and signatures as JSON.

delivery/documents/returned_pdf.py runs it with limits on memory and time. A crafted file can harm only this process.
PDFium (pypdfium2) reads the text, pyHanko the signatures. Nothing is fetched. This file imports nothing of Outreach, and
those libraries only where they are used: the process that starts this one also imports it, for its constants.

Standard input: a line of JSON ("roots": certificates as hexadecimal DER, "now"), then the file. With "pictures" (the most
pages) instead, it writes each page as a PNG picture in base64.
"""

import asyncio
import base64
import contextlib
import io
import json
import logging
import os
import re
import struct
import sys
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

MEMORY = 1536 * 1024 * 1024  # bytes of address space
CPU_S = 15
# Exit codes. FAULT is Python's own after an exception that nobody expected.
FAULT, PROTECTED, DAMAGED, TOO_MANY_PAGES, ACTIVE, TOO_MUCH, ODD, SWELLS = 1, 3, 4, 5, 6, 7, 8, 9
# What is used, and what that loads only when it is used: afterwards nothing can be loaded.
LOADED = (
    "pypdfium2", "pyhanko.pdf_utils.reader", "pyhanko.pdf_utils.filters", "pyhanko.sign.validation",
    "pyhanko.sign.validation.dss",
    "pyhanko.sign.diff_analysis", "pyhanko.sign.fields", "pyhanko_certvalidator", "pyhanko.pdf_utils.crypt",
    "cryptography.hazmat.backends.openssl.backend", "lxml.etree", "gzip", "_strptime",
)  # fmt: skip
ENCODINGS = (
    "utf_8", "utf_16", "utf_16_be", "utf_16_le", "utf_32", "utf_32_be", "latin_1", "ascii", "cp1252", "idna", "punycode",
    "unicode_escape", "raw_unicode_escape",
)  # fmt: skip
MOST_PAGES = 60
MOST_TEXT = 400_000  # characters
PICTURE_WIDTH = 1100  # points: signatures can be read
MOST_SIGNATURES = 20
MOST_NAME = 120  # characters of a name in a certificate
# Actions that a reader's program could carry out: PDF 32000-1, 12.6.4.
ACTIVE_ACTIONS = frozenset(
    {"/JavaScript", "/Launch", "/ImportData", "/SubmitForm", "/Rendition", "/GoToE", "/RichMediaExecute"}
)
ENCLOSED = ("/EmbeddedFiles", "/JavaScript")  # names of a document: 7.7.4

# The same as names anywhere in a file: readers find what they reach in more ways than those walked below.
_ACTIVE_NAME = re.compile(
    rb"/(?:JavaScript|Launch|ImportData|SubmitForm|Rendition|GoToE|RichMedia\w*|EmbeddedFiles?|FileAttachment)(?![\w#])"
    rb"|/XFA(?=[\s\[<])|/EF(?=\s*<<\s*/)"
)
_SIGN = re.compile(rb"#([0-9A-Fa-f]{2})")  # of a name: 7.3.5
_STREAM = re.compile(rb"(?<!end)stream\r?\n")
_FILTER = re.compile(
    rb"/(FlateDecode|Fl|LZWDecode|LZW|RunLengthDecode|RL|ASCII85Decode|A85|ASCIIHexDecode|AHx|DCTDecode|DCT|JPXDecode"
    rb"|CCITTFaxDecode|CCF|JBIG2Decode)(?![\w#])"
)
_ENCRYPTED = re.compile(rb"/Encrypt(?![\w#])")
_PICTURE = re.compile(rb"/(?:Subtype|S)\s*/Image(?![\w#])")
_TEXT = re.compile(rb"[\s!-~]+")
_OPERATOR = re.compile(rb"(?<=\s)(?:BT|Tf|Td|TJ|Tj|cm|re|Do)(?=\s)|^\s*\d+ \d+ ")
MOST_UNPACKED = 20_000_000  # bytes of all that is packed in a file, without its pictures
SPELLED = {"ASCII85Decode", "A85"}
MOST_SPELLED = 3_000_000  # letters of ASCII85 in a file, whose unpacking is slow
BEGINS = 4096  # bytes by which a picture is told from what only calls itself one
PIECE = 65_536


class PdfUnread(Exception):
    """The reading ends here. code: the exit code."""

    def __init__(self, code: int) -> None:
        self.code = code
        super().__init__(code)


def main() -> int:
    _limit()
    logging.disable(logging.CRITICAL)
    head, _, data = sys.stdin.buffer.read().partition(b"\n")
    given = json.loads(head)
    _load(*(LOADED[:1] if "pictures" in given else LOADED))
    _open_nothing_more()
    try:
        document = _opened(data)
        look_into(data)
        if "pictures" in given:
            found: dict[str, Any] = {"pages": _pictures(document, given["pictures"])}
        else:
            pages, text = _text(document)
            roots, now = [bytes.fromhex(root) for root in given["roots"]], datetime.fromisoformat(given["now"])
            found = {"pages": pages, "text": text, "signatures": _signatures(data, roots, now)}
    except PdfUnread as ended:
        return ended.code
    except (MemoryError, RecursionError):
        return TOO_MUCH
    sys.stdout.write(json.dumps(found))
    return 0


def _opened(data: bytes) -> Any:
    """Return PDFium's document. Nothing of its pages is read yet."""
    import pypdfium2
    import pypdfium2.raw as pdfium

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError:
        locked = pdfium.FPDF_GetLastError() == pdfium.FPDF_ERR_PASSWORD
        raise PdfUnread(PROTECTED if locked else DAMAGED) from None
    if not len(document):
        raise PdfUnread(DAMAGED)
    if pdfium.FPDFDoc_GetJavaScriptActionCount(document.raw) or pdfium.FPDFDoc_GetAttachmentCount(document.raw):
        raise PdfUnread(ACTIVE)
    return document


def _text(document: Any) -> tuple[int, str]:
    """Return the number of pages and their text."""
    import pypdfium2

    pages = len(document)
    if pages > MOST_PAGES:
        raise PdfUnread(TOO_MANY_PAGES)
    written: list[str] = []
    for number in range(pages):
        try:
            text = document[number].get_textpage().get_text_range()
        except pypdfium2.PdfiumError:
            raise PdfUnread(DAMAGED) from None
        written.append(text.replace("\r\n", "\n").replace("\r", "\n").replace("￾", ""))
        if sum(map(len, written)) > MOST_TEXT:
            raise PdfUnread(TOO_MUCH)
    return pages, "\n".join(written)


def _pictures(document: Any, most: int) -> list[str]:
    """Return each page in grey, as PNG in base64."""
    import pypdfium2

    if len(document) > most:
        raise PdfUnread(TOO_MANY_PAGES)
    drawn = []
    for page in document:
        try:
            width, height = page.get_size()
            scale = min(PICTURE_WIDTH / max(width, 1), 2 * PICTURE_WIDTH / max(height, 1))
            shown = page.render(scale=scale, grayscale=True)
        except pypdfium2.PdfiumError:
            raise PdfUnread(DAMAGED) from None
        lines = bytes(shown.buffer)
        rows = [lines[at : at + shown.width] for at in range(0, shown.height * shown.stride, shown.stride)]
        drawn.append(base64.b64encode(_png(shown.width, shown.height, rows)).decode())
    return drawn


def _png(width: int, height: int, rows: list[bytes]) -> bytes:
    """Return a picture with a byte of grey for each point (ISO/IEC 15948)."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    points = zlib.compress(b"".join(b"\0" + row for row in rows), 6)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", points) + chunk(b"IEND", b"")


def look_into(data: bytes, most: int = MOST_UNPACKED) -> None:
    """Refuse a file that names something active, or unpacks to more than `most` bytes, whatever its structure.

    pyHanko may be unable to read its structure, and PDFium unpacks all of a page at once. This needs no library, and its
    work is bounded, so another process may do it, too. Raise PdfUnread.
    """
    if _ENCRYPTED.search(data):
        raise PdfUnread(PROTECTED)
    _refuse_active_names(data)
    left = most
    for part in _unpacked(data):
        left -= len(part)
        if left < 0:
            raise PdfUnread(SWELLS)
        _refuse_active_names(part)


def _refuse_active_names(part: bytes) -> None:
    if _ACTIVE_NAME.search(part) or (b"#" in part and _ACTIVE_NAME.search(_unescaped(part))):
        raise PdfUnread(ACTIVE)


def _unpacked(data: bytes) -> Iterator[bytes]:
    """Yield what is packed, without pictures: at most MOST_UNPACKED bytes of each stream, and one more."""
    spelled = MOST_SPELLED
    for found in _STREAM.finditer(data):
        at = found.start()
        near = max(at - BEGINS, 0)
        head = _unescaped(data[max(data.rfind(b"endobj", near, at), data.rfind(b"endstream", near, at), near) : at])
        filters = [name.decode() for name in _FILTER.findall(head)]
        if not filters:
            filters = ["FlateDecode"] if data[found.end() : found.end() + 1] == b"x" else []
        is_object_stream = b"/ObjStm" in head
        if _PICTURE.search(head) and not is_object_stream:
            begins = _decoded(data, found.end(), filters, BEGINS, whole=False)
            if not (_TEXT.fullmatch(begins) and _OPERATOR.search(begins)):
                continue
        if SPELLED.intersection(filters[:1]):
            spelled -= _until_its_end(data, found.end())
        if spelled < 0 or SPELLED.intersection(filters[1:]):
            raise PdfUnread(ODD)
        yield _decoded(data, found.end(), filters, MOST_UNPACKED + 1, whole=is_object_stream)


def _decoded(data: bytes, begins: int, filters: list[str], most: int, *, whole: bool) -> bytes:
    """Return what the filters make of a stream, at most so many bytes. whole: it must not be broken."""
    part = memoryview(data)[begins:]  # until a filter ends it
    for name in filters:
        if name in ("FlateDecode", "Fl"):
            part = memoryview(_inflated(part, most, whole=whole))
        elif name in ("ASCII85Decode", "A85", "ASCIIHexDecode", "AHx"):
            ends = _until_its_end(data, begins) if part.nbytes == len(data) - begins else part.nbytes
            part = memoryview(_from_letters(bytes(part[: min(ends, 2 * most)]), name))
        elif name in ("LZWDecode", "LZW", "RunLengthDecode", "RL"):
            raise PdfUnread(ODD)  # programs of today do not pack so, and nobody knows how much it unpacks to
        else:
            return b""  # a picture
    return bytes(part) if filters else b""


def _until_its_end(data: bytes, begins: int) -> int:
    ends = data.find(b"endstream", begins)
    return (len(data) if ends < 0 else ends) - begins


def _inflated(part: memoryview, most: int, *, whole: bool) -> bytes:
    """Return as much of a part as can be inflated, as readers of PDFs do."""
    packed, made, size = zlib.decompressobj(), [], 0
    try:
        for at in range(0, len(part), PIECE):
            made.append(packed.decompress(part[at : at + PIECE], most - size))
            size += len(made[-1])
            if packed.eof or size >= most:
                break
    except zlib.error:
        if whole:
            raise PdfUnread(DAMAGED) from None
    return b"".join(made)


def _from_letters(part: bytes, name: str) -> bytes:
    letters = b"".join(part.split())
    try:
        if name.startswith("ASCII85") or name == "A85":
            return base64.a85decode(letters.partition(b"~>")[0])
        return bytes.fromhex(letters.partition(b">")[0].decode("ascii"))
    except ValueError:
        raise PdfUnread(DAMAGED) from None


def _unescaped(part: bytes) -> bytes:
    return _SIGN.sub(lambda sign: bytes([int(sign[1], 16)]), part)


def _signatures(data: bytes, roots: list[bytes], now: datetime) -> list[dict[str, Any]]:
    """Return what is known of each signature, in the order of signing. A file that pyHanko cannot read has none."""
    from pyhanko.pdf_utils.misc import PdfError
    from pyhanko.pdf_utils.reader import PdfFileReader

    try:
        reader = PdfFileReader(io.BytesIO(data), strict=False)
        if reader.encrypted:
            raise PdfUnread(PROTECTED)
        _refuse_active(reader)
        signatures = list(reader.embedded_regular_signatures)
    except (PdfUnread, MemoryError, RecursionError):
        raise
    except (PdfError, ValueError, LookupError, TypeError, AttributeError, AssertionError):
        # Without a signature such a file may still be read by eyes; with one, nobody can say what was signed.
        return [_unreadable()] if b"/ByteRange" in data else []
    return [_described(reader, signature, roots, now) for signature in signatures[:MOST_SIGNATURES]]


def _refuse_active(reader: Any) -> None:
    """Refuse programs, enclosed files and commands: in the document's own entries, its pages and their annotations."""
    root = reader.root
    names = root.get("/Names") or {}
    if any(name in names for name in ENCLOSED) or "/AA" in root or _is_active(root.get("/OpenAction")):
        raise PdfUnread(ACTIVE)
    pages = int(root["/Pages"]["/Count"])
    for number in range(min(pages, MOST_PAGES)):
        page, _ = reader.find_page_for_modification(number)
        page = page.get_object()
        if "/AA" in page:
            raise PdfUnread(ACTIVE)
        for annotation in page.get("/Annots") or ():
            annotation = annotation.get_object()
            enclosed = annotation.get("/Subtype") in ("/FileAttachment", "/RichMedia", "/Screen", "/Movie")
            if enclosed or "/AA" in annotation or _is_active(annotation.get("/A")):
                raise PdfUnread(ACTIVE)


def _is_active(action: Any, depth: int = 0) -> bool:
    """Return whether an action, or one that follows it, is more than going to a page or an address."""
    if action is None or not hasattr(action, "get"):
        return False  # a place in the document
    following = action.get("/Next")
    more = following if isinstance(following, list) else [following]
    return depth > 20 or action.get("/S") in ACTIVE_ACTIONS or any(_is_active(_object(one), depth + 1) for one in more)


def _object(found: Any) -> Any:
    return found.get_object() if hasattr(found, "get_object") else found


def _described(reader: Any, signature: Any, roots: list[bytes], now: datetime) -> dict[str, Any]:
    from pyhanko.pdf_utils.misc import PdfError
    from pyhanko.sign.general import CMSExtractionError
    from pyhanko.sign.validation.errors import SignatureValidationError
    from pyhanko_certvalidator.errors import ValidationError

    try:
        status, moment = _status(reader, signature, roots, now)
    except (MemoryError, RecursionError):
        raise
    except (
        PdfError, SignatureValidationError, CMSExtractionError, ValidationError, ValueError, LookupError, TypeError,
        AttributeError,
    ):  # fmt: skip
        return _unreadable()
    certificate = status.signing_cert
    subject, issuer = certificate.subject.native, certificate.issuer.native
    valid_until = certificate.not_valid_after
    stamp = status.timestamp_validity
    stamped = stamp is not None and stamp.intact and stamp.valid
    at = stamp.timestamp if stamped else status.signer_reported_dt
    pages = _pages_then(reader, signature)
    return {
        "intact": bool(status.intact and status.valid),
        "coverage": _coverage(status, pages, int(reader.root["/Pages"]["/Count"])),
        "chain": _chain(status, roots, expired=valid_until < moment),
        "signer": _name(subject, "common_name") or certificate.subject.human_friendly[:MOST_NAME],
        "organisation": _name(subject, "organization_name"),
        "issuer": _name(issuer, "common_name") or certificate.issuer.human_friendly[:MOST_NAME],
        "fingerprint": certificate.sha256.hex(),
        "valid_until": valid_until.isoformat(),
        "signed_at": (at if at.tzinfo else at.replace(tzinfo=UTC)).isoformat() if at else None,
        "clock": "authority" if stamped else "signer" if at else "none",
        "clock_by": _name(stamp.signing_cert.subject.native, "common_name") if stamped else "",
        "pages": pages,
    }


def _status(reader: Any, signature: Any, roots: list[bytes], now: datetime) -> tuple[Any, datetime]:
    """Return pyHanko's verdict, and the moment for which the certificate was checked.

    That is the time of a timestamp authority that the office trusts; else now. Proofs enclosed in the file (B-LT: its DSS)
    are used, others are not fetched.
    """
    from pyhanko.sign.validation import async_validate_pdf_signature
    from pyhanko.sign.validation.settings import KeyUsageConstraints

    usage = KeyUsageConstraints(key_usage={"non_repudiation", "digital_signature"}, match_all_key_usages=False)

    def checked(moment: datetime) -> Any:
        validated = async_validate_pdf_signature(
            signature,
            signer_validation_context=_context(reader, roots, moment),
            ts_validation_context=_context(reader, roots, moment),
            key_usage_settings=usage,
        )
        return asyncio.get_event_loop().run_until_complete(validated)

    status = checked(now)
    stamp = status.timestamp_validity
    if stamp is not None and stamp.intact and stamp.valid and stamp.trusted and stamp.timestamp < now:
        return checked(stamp.timestamp), stamp.timestamp
    return status, now


def _context(reader: Any, roots: list[bytes], moment: datetime) -> Any:
    from asn1crypto import x509
    from pyhanko.sign.validation.dss import DocumentSecurityStore
    from pyhanko.sign.validation.errors import NoDSSFoundError
    from pyhanko_certvalidator import ValidationContext

    settings: dict[str, Any] = {
        "trust_roots": [x509.Certificate.load(root) for root in roots],
        "moment": moment,
        "allow_fetching": False,
        "revocation_mode": "soft-fail",
        "retroactive_revinfo": True,
    }
    with contextlib.suppress(NoDSSFoundError):
        return DocumentSecurityStore.read_dss(reader).as_validation_context(settings)
    return ValidationContext(**settings)


def _coverage(status: Any, pages_then: int, pages_now: int) -> str:
    from pyhanko.sign.diff_analysis import ModificationLevel
    from pyhanko.sign.validation import SignatureCoverageLevel

    if status.coverage is SignatureCoverageLevel.ENTIRE_FILE:
        return "whole"
    if status.coverage is not SignatureCoverageLevel.ENTIRE_REVISION:
        return "unclear"
    if pages_then != pages_now:
        return "pages_changed"
    if status.modification_level in (ModificationLevel.NONE, ModificationLevel.LTA_UPDATES):
        return "whole"
    allowed = status.modification_level is ModificationLevel.FORM_FILLING and status.docmdp_ok
    return "signed_further" if allowed else "changed"


def _chain(status: Any, roots: list[bytes], *, expired: bool) -> str:
    if status.revoked:
        return "revoked"
    if expired:
        return "expired"
    if not roots:
        return "unknown"
    return "trusted" if status.validation_path is not None and status.trust_problem_indic is None else "foreign"


def _pages_then(reader: Any, signature: Any) -> int:
    try:
        return int(reader.get_historical_root(signature.signed_revision)["/Pages"]["/Count"])
    except (LookupError, ValueError, TypeError):
        return 0


def _unreadable() -> dict[str, Any]:
    return {"intact": False, "coverage": "unclear"}


def _name(subject: dict[str, Any], part: str) -> str:
    found = subject.get(part) or ""
    written = found if isinstance(found, str) else ", ".join(map(str, found))
    return "".join(letter for letter in written if letter.isprintable())[:MOST_NAME].strip()


def _load(*modules: str) -> None:
    """Load what is needed, also what libraries load only when they use it: afterwards no file can be opened."""
    for name in modules:
        import_module(name)
    for name in ENCODINGS:
        "".encode(name)
    asyncio.set_event_loop(asyncio.new_event_loop())


def _open_nothing_more() -> None:
    """From now on no file and no connection can be opened."""
    with contextlib.suppress(ImportError, ValueError, OSError):  # Windows has no such limit
        import resource

        free = os.dup(0)
        os.close(free)
        resource.setrlimit(resource.RLIMIT_NOFILE, (free, free))


def _limit() -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):  # Windows has no such limits
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    sys.exit(main())

"""What a letter's PDF says when it comes back: whose letter it is, its number and date, and its electronic signatures.

Pure. delivery/documents/returned_pdf.py reads the file; delivery/words/signatures.py has the sentences. Nothing here says
whether a signature is legally valid.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from outreach.domain.documents import ALPHABET, read_code
from outreach.domain.letters.values import DAY, PLACE, TIME, LetterValues

MONTHS = (
    "januari", "februari", "maret", "april", "mei", "juni", "juli", "agustus", "september", "oktober", "november",
    "desember",
)  # fmt: skip
WEEKDAYS = frozenset({"senin", "selasa", "rabu", "kamis", "jumat", "sabtu", "minggu", "ahad"})
MOST_IN_A_NUMBER = 80  # characters
_MONTH = "|".join(MONTHS)
_DAY = rf"(?P<day>[0-3]?\d)\s+(?P<month>{_MONTH})\s+(?P<year>20\d\d)\b"
# "Metro, 5 Januari 2027"
_PLACED = re.compile(rf"(?<![^\W\d_])(?P<place>[^\W\d_][^\W\d_.]*+)\s*,\s*{_DAY}", re.IGNORECASE)
_DATED = re.compile(rf"\btanggal\s*:\s*{_DAY}", re.IGNORECASE)
_NUMBER = re.compile(r"^[^\S\n]*+(?:nomor|no\.?)\s*:\s*(?P<rest>\S.*)$", re.IGNORECASE | re.MULTILINE)
_AROUND_A_SLASH = re.compile(r"(?<!\s)\s*+/\s*+")
_STAMP = re.compile(
    r"(?:ditandatangani|tanda\s*tangan)\s+secara\s+elektronik|digitally\s+signed|\bTTE\b", re.IGNORECASE
)
_CODE = re.compile(
    rf"(?<![A-Z0-9-])(?:[{ALPHABET}]{{4}}[-‐‑–]){{2}}[{ALPHABET}]{{4}}(?![A-Z0-9-])"
)  # as letters show it
_NOT_LETTERS = re.compile(r"[\W_]+")


class LetterFact(StrEnum):
    """What a letter's text must have to be ours."""

    CODE = "code"
    DAY = "day"
    HOUR = "hour"
    PLACE = "place"


class SignatureCoverage(StrEnum):
    """What happened to the file after a signature."""

    WHOLE = "whole"  # the signature covers the whole file, or what was added proves when it was made
    SIGNED_FURTHER = "signed_further"  # only further signatures, or entries in form fields, were added
    PAGES_CHANGED = "pages_changed"  # the file had another number of pages then
    CHANGED = "changed"
    UNCLEAR = "unclear"  # the signature covers only a part of what there was


class CertificateChain(StrEnum):
    """From whom the signer's certificate comes."""

    TRUSTED = "trusted"
    UNKNOWN = "unknown"  # the office has named no root
    FOREIGN = "foreign"  # from none of the office's roots
    EXPIRED = "expired"
    REVOKED = "revoked"


class SigningClock(StrEnum):
    """Whose clock says when the signature was made."""

    AUTHORITY = "authority"  # a timestamp authority's
    SIGNER = "signer"
    NONE = "none"  # no time is stated


class SignatureVerdict(StrEnum):
    """What is to be said first about a file: the worst of its signatures, or why it has none."""

    INTACT = "intact"
    CHANGED = "changed"
    BROKEN = "broken"
    STAMP_ONLY = "stamp_only"  # a visible note about an electronic signature, and no such signature
    SCAN = "scan"  # pictures without text and signature
    UNSIGNED = "unsigned"  # text without signature


@dataclass(frozen=True)
class PdfSignature:
    """One electronic signature. fingerprint: SHA-256 of the signer's certificate. pages: the file's when it was signed.

    intact: what was signed fits the signature. A signature that cannot be read at all is not intact and has no signer.
    clock_by: the timestamp authority's name.
    """

    intact: bool
    coverage: SignatureCoverage
    chain: CertificateChain = CertificateChain.UNKNOWN
    signer: str = ""
    organisation: str = ""
    issuer: str = ""
    fingerprint: str = ""
    valid_until: datetime | None = None
    signed_at: datetime | None = None
    clock: SigningClock = SigningClock.NONE
    clock_by: str = ""
    pages: int = 0

    @property
    def stands(self) -> bool:
        """Return whether it fits what the file shows now."""
        return self.intact and self.coverage in (SignatureCoverage.WHOLE, SignatureCoverage.SIGNED_FURTHER)


@dataclass(frozen=True)
class ReadPdf:
    """What a PDF contains. text: of all pages."""

    pages: int
    text: str
    signatures: tuple[PdfSignature, ...] = ()


@dataclass(frozen=True)
class ExpectedFacts:
    """What the text of a letter of ours must have, as the letter says it: days, hours and places of all its activities."""

    code: str
    days: tuple[str, ...] = ()
    hours: tuple[str, ...] = ()
    places: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReturnReport:
    """What a returned file is. missing: facts that its text does not have. number, dated_on: as its text says, to be offered.

    verdict: what to say first. A scan has no text, so all facts are missing.
    """

    pages: int
    verdict: SignatureVerdict
    missing: tuple[LetterFact, ...] = ()
    number: str = ""
    dated_on: date | None = None
    signatures: tuple[PdfSignature, ...] = ()

    @property
    def is_ours(self) -> bool:
        return not self.missing

    @property
    def can_be_read(self) -> bool:
        return self.verdict is not SignatureVerdict.SCAN


def report_on(read: ReadPdf, expected: ExpectedFacts) -> ReturnReport:
    """Return what is to be said of a returned file."""
    return ReturnReport(
        pages=read.pages,
        verdict=verdict_of(read),
        missing=missing_in(read.text, expected),
        number=number_in(read.text),
        dated_on=date_in(read.text),
        signatures=read.signatures,
    )


def verdict_of(read: ReadPdf) -> SignatureVerdict:
    if any(not signature.intact for signature in read.signatures):
        return SignatureVerdict.BROKEN
    if any(not signature.stands for signature in read.signatures):
        return SignatureVerdict.CHANGED
    if read.signatures:
        return SignatureVerdict.INTACT
    if not plain(read.text):
        return SignatureVerdict.SCAN
    return SignatureVerdict.STAMP_ONLY if _STAMP.search(read.text) else SignatureVerdict.UNSIGNED


def missing_in(text: str, expected: ExpectedFacts) -> tuple[LetterFact, ...]:
    """Return the facts that the text does not have. Blanks, line breaks, punctuation and case do not matter."""
    said = plain(text)
    wanted = {
        LetterFact.CODE: (expected.code,),
        LetterFact.DAY: expected.days,
        LetterFact.HOUR: expected.hours,
        LetterFact.PLACE: expected.places,
    }
    return tuple(fact for fact, texts in wanted.items() if any(plain(one) not in said for one in texts))


def expected_of(values: LetterValues) -> ExpectedFacts:
    """Return what the text of this letter must have."""
    said = {label: tuple(text for name, text in values.facts if name == label) for label in (DAY, TIME, PLACE)}
    return ExpectedFacts(values.code, said[DAY], said[TIME], said[PLACE])


def codes_in(text: str) -> list[str]:
    """Return what looks like a letter's code in a text, each once, without hyphens."""
    return list(dict.fromkeys(read_code(found) for found in _CODE.findall(text)))


def number_in(text: str) -> str:
    """Return the letter's number as its text says; "" if it has none, or only a placeholder for it.

    In a letter's head the place and date may stand on the same line, so a number ends before them.
    """
    for found in _NUMBER.finditer(text):
        rest = _AROUND_A_SLASH.sub("/", found["rest"])
        placed = _PLACED.search(rest)
        number = (rest[: placed.start()] if placed else rest).split()
        if number and re.search(r"\d", number[0]) and "${" not in number[0] and len(number[0]) <= MOST_IN_A_NUMBER:
            return number[0].rstrip(",;")
    return ""


def date_in(text: str) -> date | None:
    """Return the letter's date as its text says: after a place, or as "Tanggal: …". The activity's day has its weekday."""
    for pattern in (_PLACED, _DATED):
        for found in pattern.finditer(text):
            if found.groupdict().get("place", "").casefold() in WEEKDAYS:
                continue
            try:
                return date(int(found["year"]), MONTHS.index(found["month"].lower()) + 1, int(found["day"]))
            except ValueError:
                continue
    return None


def plain(text: str) -> str:
    """Return a text's letters and digits only, to compare it with what a PDF's lines and columns make of it."""
    return _NOT_LETTERS.sub("", text).casefold()

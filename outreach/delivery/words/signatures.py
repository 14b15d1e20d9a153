"""Sentences about a returned letter: whose it is, and one for each finding about its electronic signatures.

They say what was found and never whether a signature is legally valid. The findings are domain/letters/signatures.py's.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from zoneinfo import ZoneInfo

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from outreach.delivery.words import formats
from outreach.delivery.words.clashes import listed
from outreach.domain.letters.signatures import (
    CertificateChain,
    LetterFact,
    PdfSignature,
    ReturnReport,
    SignatureCoverage,
    SignatureVerdict,
    SigningClock,
)


class FindingTone(StrEnum):
    """How a sentence is shown."""

    GOOD = "good"
    NOTICE = "notice"
    BAD = "bad"


@dataclass(frozen=True)
class FindingSentence:
    text: str
    tone: FindingTone


FACTS = {
    LetterFact.CODE: _l("the letter’s code"),
    LetterFact.DAY: _l("the day"),
    LetterFact.HOUR: _l("the hour"),
    LetterFact.PLACE: _l("the place"),
}


def of_report(report: ReturnReport, zone: ZoneInfo) -> list[FindingSentence]:
    """Return what is to be said of a returned file, in the current language. zone: for the times of signing."""
    said = [_of_facts(report), *_of_missing_signature(report)]
    for signature in report.signatures:
        said += of_signature(signature, report.pages, zone)
    return said


def disclaimer() -> str:
    return gettext(
        "Outreach tells what it finds in the file. It does not say whether a signature is legally valid; only the one who "
        "issued the certificate can."
    )


def of_signature(signature: PdfSignature, pages: int, zone: ZoneInfo) -> list[FindingSentence]:
    """Return one sentence each about the file since this signature, the certificate, and the time. pages: of the file now."""
    if not signature.signer:
        text = gettext("The file has an electronic signature that cannot be read, so nobody can say what was signed.")
        return [FindingSentence(text, FindingTone.BAD)]
    return [_of_file(signature, pages), _of_chain(signature, zone), _of_time(signature, zone)]


def _of_facts(report: ReturnReport) -> FindingSentence:
    if not report.can_be_read:
        text = gettext("The file has no text, so whether it is this letter can only be seen by eye. Please look at it.")
        return FindingSentence(text, FindingTone.NOTICE)
    if report.is_ours:
        return FindingSentence(
            gettext("It is this letter: its code, day, hour and place are in the text."), FindingTone.GOOD
        )
    missing = listed([str(FACTS[fact]) for fact in report.missing])
    text = gettext(
        "Not found in the file’s text: %(missing)s. Please check whether it is the right file.", missing=missing
    )
    return FindingSentence(text, FindingTone.BAD)


def _of_missing_signature(report: ReturnReport) -> Iterator[FindingSentence]:
    match report.verdict:
        case SignatureVerdict.SCAN:
            text = gettext("It is a scan: pictures without an electronic signature. It is mailed as it is.")
            yield FindingSentence(text, FindingTone.NOTICE)
        case SignatureVerdict.STAMP_ONLY:
            text = gettext(
                "It shows a note about an electronic signature, but there is no such signature in the file. Printing or "
                "saving it again may have removed it; ask for the original file."
            )
            yield FindingSentence(text, FindingTone.BAD)
        case SignatureVerdict.UNSIGNED:
            yield FindingSentence(gettext("There is no electronic signature in the file."), FindingTone.NOTICE)


def _of_file(signature: PdfSignature, pages: int) -> FindingSentence:
    name = signature.signer
    if not signature.intact:
        text = gettext("What %(name)s signed has been changed: the signature does not fit the file.", name=name)
        return FindingSentence(text, FindingTone.BAD)
    match signature.coverage:
        case SignatureCoverage.WHOLE:
            text = gettext("%(name)s signed the whole file, and nothing has been changed since.", name=name)
            return FindingSentence(text, FindingTone.GOOD)
        case SignatureCoverage.SIGNED_FURTHER:
            text = gettext(
                "%(name)s signed it; after that only further signatures or entries in form fields were added.",
                name=name,
            )
            return FindingSentence(text, FindingTone.GOOD)
        case SignatureCoverage.PAGES_CHANGED:
            text = gettext(
                "After %(name)s signed, the number of pages was changed: %(then)s then, %(now)s now.",
                name=name, then=signature.pages, now=pages,
            )  # fmt: skip
        case SignatureCoverage.CHANGED:
            text = gettext("After %(name)s signed, the content of the file was changed.", name=name)
        case _:
            text = gettext(
                "The signature of %(name)s covers only a part of the file; the rest may be anything.", name=name
            )
    return FindingSentence(text, FindingTone.BAD)


def _of_chain(signature: PdfSignature, zone: ZoneInfo) -> FindingSentence:
    issuer = signature.issuer
    match signature.chain:
        case CertificateChain.TRUSTED:
            text = gettext("The certificate comes from “%(issuer)s”, which this office trusts.", issuer=issuer)
            return FindingSentence(text, FindingTone.GOOD)
        case CertificateChain.UNKNOWN:
            text = gettext(
                "Chain unknown: the certificate says that it comes from “%(issuer)s”; this office has named no root "
                "certificate by which to check that.",
                issuer=issuer,
            )
            return FindingSentence(text, FindingTone.NOTICE)
        case CertificateChain.FOREIGN:
            text = gettext(
                "The certificate comes from “%(issuer)s”, which does not lead to a root certificate of this office.",
                issuer=issuer,
            )
        case CertificateChain.EXPIRED:
            day = formats.day(signature.valid_until, zone, weekday=False) if signature.valid_until else ""
            text = gettext("The certificate from “%(issuer)s” has expired on %(day)s.", issuer=issuer, day=day)
        case CertificateChain.REVOKED:
            text = gettext("The certificate from “%(issuer)s” was revoked.", issuer=issuer)
    return FindingSentence(text, FindingTone.BAD)


def _of_time(signature: PdfSignature, zone: ZoneInfo) -> FindingSentence:
    if signature.signed_at is None:
        return FindingSentence(gettext("The file does not say when it was signed."), FindingTone.NOTICE)
    moment = formats.moment(signature.signed_at, zone)
    if signature.clock is SigningClock.AUTHORITY:
        by = signature.clock_by
        text = gettext("Signed on %(moment)s, by the clock of the authority “%(by)s”.", moment=moment, by=by)
        return FindingSentence(text, FindingTone.GOOD)
    text = gettext("Signed on %(moment)s, by the signer’s own clock.", moment=moment)
    return FindingSentence(text, FindingTone.NOTICE)

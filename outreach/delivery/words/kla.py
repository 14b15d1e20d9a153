"""The words of Kota Layak Anak: kinds of evidence, and what is missing, each as a short sentence."""

from flask_babel import lazy_gettext as _l

from outreach.domain.kla.evidence import EvidenceGap, EvidenceKind

EVIDENCE: dict[EvidenceKind, object] = {
    EvidenceKind.LETTER: _l("letter"),
    EvidenceKind.ATTENDANCE: _l("attendance list"),
    EvidenceKind.PHOTOS: _l("photos"),
    EvidenceKind.PRESS: _l("press text"),
    EvidenceKind.MINUTES: _l("minutes"),
    EvidenceKind.REPORT: _l("report"),
    EvidenceKind.MATERIALS: _l("materials"),
    EvidenceKind.CERTIFICATES: _l("certificates"),
}
GAPS: dict[EvidenceGap, object] = {
    EvidenceGap.NO_LETTER: _l("No letter"),
    EvidenceGap.LETTER_UNSIGNED: _l("The letter is not signed yet"),
    EvidenceGap.LETTERS_UNSIGNED: _l("Some letters are not signed yet"),
    EvidenceGap.NO_ATTENDANCE: _l("No attendance recorded, and no signed list"),
    EvidenceGap.LIST_UNSIGNED: _l("The signed list is not uploaded"),
    EvidenceGap.NO_PHOTOS: _l("No photos"),
    EvidenceGap.NO_PRESS: _l("No press text"),
    EvidenceGap.NO_MINUTES: _l("No minutes"),
    EvidenceGap.MINUTES_OPEN: _l("The minutes are not approved yet"),
    EvidenceGap.REPORT_EMPTY: _l("Nobody is recorded as present, so the report says nothing of it"),
    EvidenceGap.NO_MATERIALS: _l("No materials of speakers"),
    EvidenceGap.NO_CERTIFICATES: _l("No certificates"),
}


def evidence_words(kind: EvidenceKind) -> str:
    return str(EVIDENCE[kind])


def gap_words(gap: EvidenceGap) -> str:
    return str(GAPS[gap])


def in_words(kinds: tuple[EvidenceKind, ...]) -> str:
    """Return kinds of evidence as a list in a sentence; "" for none."""
    return ", ".join(map(evidence_words, kinds))

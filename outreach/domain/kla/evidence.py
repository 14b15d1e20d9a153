"""Which evidence an indicator can expect of an activity, and what of it is missing. Pure functions.

There is no score, and no rule that adds anything up: a gap is a thing that somebody can mend.
"""

from dataclasses import dataclass
from enum import StrEnum

from outreach.domain.states import MinutesState


class EvidenceKind(StrEnum):
    LETTER = "letter"
    ATTENDANCE = "attendance"
    PHOTOS = "photos"
    PRESS = "press"
    MINUTES = "minutes"
    REPORT = "report"
    MATERIALS = "materials"
    CERTIFICATES = "certificates"


# The words of the list of indicators; the first of each kind is the one that is written.
WORDS: dict[EvidenceKind, tuple[str, ...]] = {
    EvidenceKind.LETTER: ("surat", "surat undangan", "undangan", "letter", "letters"),
    EvidenceKind.ATTENDANCE: ("daftar hadir", "absensi", "presensi", "attendance"),
    EvidenceKind.PHOTOS: ("foto", "foto kegiatan", "dokumentasi", "photo", "photos"),
    EvidenceKind.PRESS: ("siaran pers", "rilis", "press text"),
    EvidenceKind.MINUTES: ("notula", "notulen", "minutes"),
    EvidenceKind.REPORT: ("laporan", "report"),
    EvidenceKind.MATERIALS: ("materi", "paparan", "bahan", "materials"),
    EvidenceKind.CERTIFICATES: ("sertifikat", "piagam", "certificate", "certificates"),
}
KIND_OF = {word: kind for kind, words in WORDS.items() for word in words}


class EvidenceGap(StrEnum):
    """What is missing of an activity that was held. The part before the "-" is the kind of evidence."""

    NO_LETTER = "letter-none"
    LETTER_UNSIGNED = "letter-unsigned"  # none of its letters came back signed
    LETTERS_UNSIGNED = "letter-some"  # some did
    NO_ATTENDANCE = "attendance-none"
    LIST_UNSIGNED = "attendance-unsigned"  # ticked, but the signed list was not uploaded
    NO_PHOTOS = "photos-none"
    NO_PRESS = "press-none"
    NO_MINUTES = "minutes-none"
    MINUTES_OPEN = "minutes-open"  # not approved
    REPORT_EMPTY = "report-empty"  # nobody was recorded as present, so the report says nothing of it
    NO_MATERIALS = "materials-none"
    NO_CERTIFICATES = "certificates-none"

    @property
    def kind(self) -> EvidenceKind:
        return EvidenceKind(self.value.partition("-")[0])


@dataclass(frozen=True)
class EvidenceFound:
    """What is kept of one activity. present: how many people. lists: files of the signed list. certificates: that stand.

    letters: composed or signed, without those that were given up. photos_for_staff: nobody else may see the photos.
    """

    letters: int = 0
    signed_letters: int = 0
    present: int = 0
    lists: int = 0
    photos: int = 0
    photos_for_staff: bool = True
    press: bool = False
    minutes: MinutesState | None = None
    materials: int = 0
    certificates: int = 0

    def gap(self, kind: EvidenceKind) -> EvidenceGap | None:
        """Return what is missing of this kind; None if it is there."""
        return _GAPS[kind](self)


NOTHING_FOUND = EvidenceFound()
APPROVED = frozenset({MinutesState.APPROVED, MinutesState.SENT})


def _letter(found: EvidenceFound) -> EvidenceGap | None:
    if not found.letters:
        return EvidenceGap.NO_LETTER
    if not found.signed_letters:
        return EvidenceGap.LETTER_UNSIGNED
    return EvidenceGap.LETTERS_UNSIGNED if found.signed_letters < found.letters else None


def _attendance(found: EvidenceFound) -> EvidenceGap | None:
    if found.lists:
        return None
    return EvidenceGap.LIST_UNSIGNED if found.present else EvidenceGap.NO_ATTENDANCE


def _minutes(found: EvidenceFound) -> EvidenceGap | None:
    if found.minutes is None:
        return EvidenceGap.NO_MINUTES
    return None if found.minutes in APPROVED else EvidenceGap.MINUTES_OPEN


_GAPS = {
    EvidenceKind.LETTER: _letter,
    EvidenceKind.ATTENDANCE: _attendance,
    EvidenceKind.PHOTOS: lambda found: None if found.photos else EvidenceGap.NO_PHOTOS,
    EvidenceKind.PRESS: lambda found: None if found.press else EvidenceGap.NO_PRESS,
    EvidenceKind.MINUTES: _minutes,
    EvidenceKind.REPORT: lambda found: None if found.present else EvidenceGap.REPORT_EMPTY,
    EvidenceKind.MATERIALS: lambda found: None if found.materials else EvidenceGap.NO_MATERIALS,
    EvidenceKind.CERTIFICATES: lambda found: None if found.certificates else EvidenceGap.NO_CERTIFICATES,
}

"""Certificates: their numbers, what stands on them, and how much of a name the check page shows.

Pure functions from plain facts. A certificate is always Indonesian, as letters are. services/certificates/ decides who gets
one and stores it, delivery/documents/ typesets it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from outreach.domain.directory import names
from outreach.domain.documents import Letterhead, Signatory, days_of, filled, hours_of
from outreach.domain.kinds import CertificateKind, Role
from outreach.domain.problems import Problem

MOST_IN_A_NUMBER = 160  # characters
MOST_IN_A_NAME = 300  # longer than a person's name with all titles
PATTERN = "{n}/SERT/{unit}/{year}"
NUMBER_PARTS = ("n", "unit", "month", "year")  # what may stand between braces in a pattern
PLACEHOLDERS = ("acara", "rangkaian", "hari_tanggal", "waktu", "tempat", "unit")  # of the texts
KINDS = {Role.SPEAKER: CertificateKind.SPEAKER, Role.MODERATOR: CertificateKind.MODERATOR}
_MONTHS = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")  # as offices number
_PART = re.compile(r"\{(\w*)\}")


class NumberPatternWrong(Problem):
    message = (
        "The pattern needs {n} and {year} once each, and may have {unit} and {month}. Nothing else may stand in braces."
    )
    field = "pattern"


class NumberTooLong(Problem):
    message = "The number “%(number)s” is too long. Please shorten the pattern."
    field = "pattern"


@dataclass(frozen=True)
class CertificateBlocks:
    """The texts of a kind of certificate, in its order. The name stands after `lead`, the activity after `opening`."""

    heading: str
    lead: str
    opening: str
    closing: str


@dataclass(frozen=True)
class CertificateSettings:
    """How the office writes its certificates. blocks: only the kinds whose texts differ from DEFAULT_BLOCKS.

    signatory: without a post and a name, the one of letters signs. The letterhead is that of letters. form: the template of
    its own, "" for the one that is shipped.
    """

    pattern: str = PATTERN
    signatory: Signatory = field(default_factory=Signatory)
    blocks: Mapping[CertificateKind, CertificateBlocks] = field(default_factory=dict)
    form: str = ""

    def blocks_of(self, kind: CertificateKind) -> CertificateBlocks:
        return self.blocks.get(kind) or DEFAULT_BLOCKS[kind]


@dataclass(frozen=True)
class CertificateValues:
    """All that a certificate says. topics: of a speaker. replaces: the number of the certificate that this one corrects.

    code, check_url: where anybody can check it.
    """

    kind: CertificateKind
    number: str
    code: str
    check_url: str
    name: str
    heading: str
    lead: str
    opening: str
    activity: str
    closing: str
    dated_on: date
    topics: tuple[str, ...] = ()
    place: str = ""
    replaces: str = ""
    signatory: Signatory = field(default_factory=Signatory)
    letterhead: Letterhead = field(default_factory=Letterhead)


@dataclass(frozen=True)
class ActivityOnCertificate:
    """An activity as a certificate names it. Instants are aware. programme, venue, unit: "" if there is none."""

    title: str
    starts_at: datetime
    ends_at: datetime
    zone: ZoneInfo
    venue: str = ""
    programme: str = ""
    unit: str = ""


_HELD = "yang diselenggarakan oleh {unit} pada {hari_tanggal}, {waktu}, di {tempat}."
DEFAULT_BLOCKS: Mapping[CertificateKind, CertificateBlocks] = {
    CertificateKind.PARTICIPANT: CertificateBlocks("SERTIFIKAT", "Diberikan kepada", "sebagai peserta kegiatan", _HELD),
    CertificateKind.SPEAKER: CertificateBlocks(
        "SERTIFIKAT", "Diberikan kepada", "sebagai narasumber pada kegiatan", _HELD
    ),
    CertificateKind.MODERATOR: CertificateBlocks(
        "SERTIFIKAT", "Diberikan kepada", "sebagai moderator pada kegiatan", _HELD
    ),
}


def kind_of(role: Role) -> CertificateKind:
    """Return which certificate somebody in this role gets."""
    return KINDS.get(role, CertificateKind.PARTICIPANT)


def check_pattern(pattern: str) -> None:
    """Raise NumberPatternWrong for a pattern by which two certificates could get one number."""
    found = _PART.findall(pattern)
    stray = re.search(r"[{}]", _PART.sub("", pattern))
    if stray or set(found) - set(NUMBER_PARTS) or found.count("n") != 1 or found.count("year") != 1:
        raise NumberPatternWrong


def number_of(pattern: str, running: int, dated_on: date, unit: str) -> str:
    """Return the number of the certificate that is the `running`th of its year. Raise NumberTooLong."""
    parts = {"n": f"{running:03}", "unit": unit, "month": _MONTHS[dated_on.month - 1], "year": str(dated_on.year)}
    number = " ".join(_PART.sub(lambda found: parts.get(found[1], ""), pattern).split())
    if len(number) > MOST_IN_A_NUMBER:
        raise NumberTooLong(number=number)
    return number


def words_for(activity: ActivityOnCertificate) -> dict[str, str]:
    """Return the values of the placeholders."""
    first, last = (at.astimezone(activity.zone).date() for at in (activity.starts_at, activity.ends_at))
    return {
        "acara": activity.title,
        "rangkaian": activity.programme,
        "hari_tanggal": days_of(first, last),
        "waktu": hours_of(activity.starts_at, activity.ends_at, activity.zone, tells_end=True),
        "tempat": activity.venue,
        "unit": activity.unit,
    }


def text_of(block: str, words: Mapping[str, str]) -> str:
    """Return a text block with its values. A place that is not known takes its preposition with it: ", di ." is no text."""
    if not words["tempat"]:
        block = re.sub(r"\s*,?\s*(?:bertempat )?di \{tempat\}", "", block)
    return filled(block, words)


def initials(name: str) -> str:
    """Return the first letter of each word of a name without titles: "S. R.".

    Whoever holds the certificate can compare them; nobody else learns a name from them.
    """
    words = re.findall(r"\w+", names.split(name).name)
    return " ".join(f"{word[0].upper()}." for word in words)


def tidied(name: str) -> str:
    """Return a name as it is written on a certificate: one line, without characters that cannot be seen."""
    return names.tidy(name)


def topics_of(topics: Sequence[str]) -> tuple[str, ...]:
    """Return the topics of a speaker's turns, each once."""
    return tuple(dict.fromkeys(" ".join(topic.split()) for topic in topics if topic.strip()))

"""The blueprint of Kota Layak Anak, and what its pages share."""

from typing import Any

from flask import Blueprint, url_for

from outreach.delivery.words.kla import evidence_words, gap_words, in_words
from outreach.domain.kla.evidence import EvidenceGap, EvidenceKind
from outreach.services.kla.lists import IndicatorMissing, KlaYearMissing
from outreach.services.locking import ActivityMissing, ProgrammeMissing
from outreach.web.fields.problems import missing_page
from outreach.web.frame.access import may_change

KLA = "Kota Layak Anak"  # a name, the same in all languages
bp = Blueprint("kla", __name__, url_prefix="/kla")
missing_page(bp, KlaYearMissing, IndicatorMissing, ActivityMissing, ProgrammeMissing)
# Where the evidence of a kind is put in order, and the name of the activity's id there.
_MENDED = {
    EvidenceKind.LETTER: ("letters.index", "activity"),
    EvidenceKind.ATTENDANCE: ("signedlist.show", "activity_id"),
    EvidenceKind.PHOTOS: ("documentation.show", "activity_id"),
    EvidenceKind.PRESS: ("documentation.show", "activity_id"),
    EvidenceKind.MINUTES: ("minutes.show", "activity_id"),
    EvidenceKind.REPORT: ("attendance.sheet", "activity_id"),
    EvidenceKind.MATERIALS: ("activities.show", "activity_id"),
    EvidenceKind.CERTIFICATES: ("certificates.index", "activity"),
}


def mended_at(gap: EvidenceGap, activity_id: int) -> str:
    """Return the page on which this gap of an activity is mended."""
    if gap is EvidenceGap.NO_LETTER and may_change():
        return url_for("letters.new", activity=activity_id)
    if gap is EvidenceGap.NO_ATTENDANCE:
        return url_for("attendance.sheet", activity_id=activity_id)
    endpoint, name = _MENDED[gap.kind]
    values: dict[str, Any] = {name: activity_id}
    return url_for(endpoint, _anchor="materials" if gap.kind is EvidenceKind.MATERIALS else None, **values)


@bp.context_processor
def _words() -> dict[str, Any]:
    return {"mended_at": mended_at, "gap_words": gap_words, "evidence_words": evidence_words, "in_words": in_words}


def crumbs(year: int, *further: tuple[str, str]) -> list[tuple[str, str]]:
    """Return the breadcrumbs to a year's page, and from there."""
    return [(f"{KLA} {year}", url_for("kla.year", year=year) if further else ""), *further]

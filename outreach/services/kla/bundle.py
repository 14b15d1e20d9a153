"""Begin a bundle of evidence, of one indicator or of a whole year, made by services/bundles.py from web/kla/parts.py.

It is made fresh each time and kept for a day, so that what was deleted or erased is in none that is made later.
"""

from collections.abc import Callable
from datetime import datetime

from outreach.extensions import db
from outreach.models import User
from outreach.services import bundles
from outreach.services.bundles import Bundle, BundleForm, BundleOf
from outreach.services.kla import lists
from outreach.services.kla.lists import IndicatorMissing


def start(
    year: int, code: str, *, staff_photos: bool, by: User, now: datetime, launch: Callable[[str], object] | None = None
) -> str:
    """Start making the ZIP; return its key. code: of an indicator, "" for all. staff_photos: also photos that only staff see.

    Who takes the finished file is in the audit log (web/documents/bundles.py). launch: starts the process.
    Raise KlaYearMissing or IndicatorMissing.
    """
    used = lists.of_year(db.session, year)
    if code and used.values.find(code) is None:
        raise IndicatorMissing
    bundle = Bundle(
        by.id, BundleOf.KLA, BundleForm.ZIP, (), now, year=year, code=code, staff_photos=staff_photos
    )  # fmt: skip
    return bundles.begin(bundle, now=now, launch=launch)

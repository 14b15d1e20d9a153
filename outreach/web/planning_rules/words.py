"""The words of the planning rules, for their form and the audit log."""

from typing import Any

from flask_babel import lazy_gettext as _l

from outreach.delivery.words.labels import LABELS
from outreach.domain.planning.rules import ClashKind

DAYS = {
    "usual": _l("Monday to Thursday"),
    "friday": _l("Friday"),
    "ramadan": _l("Monday to Thursday in Ramadan"),
    "ramadan_friday": _l("Friday in Ramadan"),
}
LENGTHS = {
    "buffer_min": _l("On top of each way (minutes)"),
    "same_kelurahan_min": _l("Within a kelurahan (minutes)"),
    "same_kecamatan_min": _l("Within a kecamatan (minutes)"),
    "same_city_min": _l("Within the city or kabupaten (minutes)"),
    "elsewhere_min": _l("To another city or kabupaten (minutes)"),
    "longest_min": _l("Longest travel time that is counted (minutes)"),
}
SPEED = _l("Speed in town (km/h)")
DETOUR = _l("Longer than the straight line, by a factor of")
NOTICE = _l("Notice before an activity (days)")
# Words of the audit log for changes() in services/planning/rules.py.
DETAILS: dict[str, Any] = {
    **{kind.value: LABELS[ClashKind, kind.value] for kind in ClashKind},
    **{f"hours_{day}": words for day, words in DAYS.items()},
    **LENGTHS,
    "speed_km_h": SPEED,
    "detour": DETOUR,
    "notice_days": NOTICE,
}

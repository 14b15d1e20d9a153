"""Indonesia's time zones and their common names."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

NAMES = {
    "Asia/Jakarta": "WIB",
    "Asia/Pontianak": "WIB",
    "Asia/Makassar": "WITA",
    "Asia/Jayapura": "WIT",
}
DEFAULT = ZoneInfo("Asia/Jakarta")  # before an office is set up
CHOICES = [("Asia/Jakarta", "WIB (Jakarta)"), ("Asia/Makassar", "WITA (Makassar)"), ("Asia/Jayapura", "WIT (Jayapura)")]


def zone_name(zone: ZoneInfo) -> str:
    """Return "WIB", "WITA" or "WIT"; the IANA name for a zone outside Indonesia."""
    return NAMES.get(zone.key, zone.key)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant at which a day begins in the zone."""
    return datetime.combine(day, time(), tzinfo=zone)

"""Times as check results show them, and how far two clocks may differ."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from outreach.extensions import db
from outreach.services import office_defaults

CLOCKS_APART = timedelta(seconds=30)
SET_CLOCKS = "Set both by NTP (timedatectl set-ntp true): reminders go by these clocks."


def zone() -> ZoneInfo:
    """Return the office's zone, or UTC if there is no office."""
    return office_defaults.zone(db.session, otherwise=ZoneInfo("UTC"))


def moment(at: datetime) -> str:
    """Return an instant such as "04 Jan 08:00 WIB", in the office's zone."""
    return f"{at.astimezone(zone()):%d %b %H:%M %Z}"


def apart(one: datetime, other: datetime) -> str:
    return f"{abs((one - other).total_seconds()):,.0f} s"

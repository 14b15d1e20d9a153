"""Moments in findings, and how far two clocks may be apart."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from outreach.extensions import db
from outreach.services import office_defaults

CLOCKS_APART = timedelta(seconds=30)
SET_CLOCKS = "Set both by NTP (timedatectl set-ntp true): reminders go by these clocks."


def zone() -> ZoneInfo:
    """Return the office's zone, or UTC where none is set up."""
    return office_defaults.zone(db.session, otherwise=ZoneInfo("UTC"))


def moment(at: datetime) -> str:
    """Return "04 Jan 08:00 WIB", by the office's clocks."""
    return f"{at.astimezone(zone()):%d %b %H:%M %Z}"


def apart(one: datetime, other: datetime) -> str:
    return f"{abs((one - other).total_seconds()):,.0f} s"

"""Dates, times and phone numbers in Indonesian or English. Closed lists are in words/labels.py.

Mails, calendars and pages share these formats.
"""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.numbers import format_decimal
from flask_babel import get_locale, gettext

from outreach.domain.directory import phones
from outreach.domain.zones import zone_name

_NUMBERS = {
    "id": ("nol", "satu", "dua", "tiga", "empat", "lima", "enam", "tujuh", "delapan", "sembilan", "sepuluh"),
    "en": ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
}


def language() -> str:
    """Return the current locale's language: "id" or "en"."""
    locale = get_locale()
    return locale.language if locale else "id"


def day(value: date | datetime, zone: ZoneInfo | None = None, *, weekday: bool = True) -> str:
    """Return "Senin, 18 Januari 2027" or "Monday, 18 January 2027". An instant needs its zone."""
    if isinstance(value, datetime):
        if zone is None:
            raise ValueError("An instant needs a zone to have a day.")
        value = value.astimezone(zone).date()
    return format_date(value, "EEEE, d MMMM y" if weekday else "d MMMM y", locale=language())


def short_day(value: date | datetime, zone: ZoneInfo | None = None) -> str:
    """Return "Sen, 18 Jan 2027" or "Mon, 18 Jan 2027"."""
    if isinstance(value, datetime):
        assert zone is not None
        value = value.astimezone(zone).date()
    return format_date(value, "EEE, d MMM y", locale=language())


def clock(instant: datetime, zone: ZoneInfo, *, with_zone: bool = True) -> str:
    """Return "08.00 WIB" in Indonesian, "08:00 WIB" in English."""
    local = instant.astimezone(zone)
    text = f"{local:%H.%M}" if language() == "id" else f"{local:%H:%M}"
    return f"{text} {zone_name(zone)}" if with_zone else text


def moment(instant: datetime, zone: ZoneInfo) -> str:
    """Return "Senin, 18 Januari 2027 pukul 08.00 WIB"."""
    return gettext("%(day)s at %(time)s", day=day(instant, zone), time=clock(instant, zone))


def span(starts_at: datetime, ends_at: datetime, zone: ZoneInfo) -> str:
    """Return "08.00–12.00 WIB". If it lasts several days, return both instants."""
    if starts_at.astimezone(zone).date() == ends_at.astimezone(zone).date():
        return f"{clock(starts_at, zone, with_zone=False)}–{clock(ends_at, zone)}"
    return f"{moment(starts_at, zone)} – {moment(ends_at, zone)}"


def days(first: date, last: date) -> str:
    """Return "18–21 Januari 2027" or "30 Januari – 2 Februari 2027" for a range of days."""
    if first == last:
        return day(first)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{format_date(last, 'd MMMM y', locale=language())}"
    begin = format_date(first, "d MMMM" if first.year == last.year else "d MMMM y", locale=language())
    return f"{begin} – {format_date(last, 'd MMMM y', locale=language())}"


def in_days(count: int) -> str:
    """Return how far away a day is, for a mail: "today", "tomorrow", "in three days" or "in 12 days"."""
    if count <= 0:
        return gettext("today")
    if count == 1:
        return gettext("tomorrow")
    if count == 7:
        return gettext("in one week")
    words = _NUMBERS[language()]
    return gettext("in %(count)s days", count=words[count] if count < len(words) else count)


def decimal(number: float) -> str:
    """Return a number with one digit behind the decimal sign: "4,3" in Indonesian."""
    return str(format_decimal(number, format="0.0", locale=language()))


def phone(number: str) -> str:
    """Return an E.164 number in Indonesian notation: +6281212345678 as 0812-1234-5678."""
    if not number.startswith("+628"):
        return phones.as_written(number)
    digits = "0" + number[3:]
    return "-".join(part for part in (digits[:4], digits[4:8], digits[8:]) if part)

"""Converts phone numbers, as people and spreadsheets write them, to E.164.

Pure functions. delivery/words/formats.py formats a number for display.
"""

import re
from typing import Any

import phonenumbers
from phonenumbers import PhoneMetadata

from outreach.domain.directory.email_addresses import means_nothing
from outreach.domain.problems import Problem

_COUNTRY = "ID"
MOST_LETTERS = 300  # of a cell with several numbers; the patterns below take quadratic time
# Most numbers in a list are Indonesian mobiles: those are recognised by the same pattern that is_valid_number applies to them.
_METADATA: Any = PhoneMetadata.metadata_for_region(_COUNTRY)
_MOBILE = re.compile(_METADATA.mobile.national_number_pattern)
# A letter among the digits, such as O for 0: it is not certain what was meant, and leaving it out would give another number.
_LETTER_FOR_DIGIT = re.compile(
    r"\d[^\d]*[^\W\d_][^\d]*\d|\d[ .-]*[^\W\d_](?![^\W\d_]|\.\w)|(?<![^\W\d_])[^\W\d_][ .-]*\d"
)
_SEVERAL = re.compile(r"\s*(?:/|;|,|\||\batau\b|\bdan\b|\bor\b|\band\b|\n)\s*", re.IGNORECASE)


class PhoneInvalid(Problem):
    message = "“%(phone)s” is not a phone number. One looks like 0812-1234-5678."
    field = "phone"


def number(written: str | float | int | None) -> str:
    """Return the number in E.164 ("+6281212345678"), "" for none; raise PhoneInvalid.

    Handles numbers that Excel has changed: 82241617525.0 is 0822-4161-7525. Of several in one cell, the first valid one
    is used.
    """
    if isinstance(written, str) and len(written) > MOST_LETTERS:
        raise PhoneInvalid(phone=written.strip()[:40])
    text = _text(written)
    if means_nothing(text):
        return ""
    if isinstance(written, float) and not written.is_integer():
        raise PhoneInvalid(phone=text)
    if text.isascii() and text.isdecimal() and (mobile := _mobile(text)):
        return mobile
    for part in _SEVERAL.split(text):
        if found := _valid(part):
            return found
    raise PhoneInvalid(phone=text[:40])


def as_written(e164: str) -> str:
    """Return a number other than an Indonesian mobile as people write it: "(0725) 41122", "+60 12-345 6789"."""
    try:
        found = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return e164
    at_home = found.country_code == phonenumbers.country_code_for_region(_COUNTRY)
    formats = phonenumbers.PhoneNumberFormat
    return phonenumbers.format_number(found, formats.NATIONAL if at_home else formats.INTERNATIONAL)


def _mobile(digits: str) -> str:
    """Return an Indonesian mobile number in E.164, "" for any other number."""
    local = digits.removeprefix("0") if digits.startswith("08") else digits
    if digits.startswith("628") and len(digits) >= 10:
        local = digits[2:]
    elif digits.startswith("8") and not 9 <= len(digits) <= 13:
        return ""
    return f"+62{local}" if local.startswith("8") and _MOBILE.fullmatch(local) else ""


def may_have_whatsapp(e164: str) -> bool:
    """Return whether a number may be a mobile's. WhatsApp finds nobody at a landline or at a service number."""
    try:
        found = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return False
    kinds = phonenumbers.PhoneNumberType
    return phonenumbers.number_type(found) in (kinds.MOBILE, kinds.FIXED_LINE_OR_MOBILE)


def _text(written: str | float | int | None) -> str:
    if written is None:
        return ""
    if isinstance(written, float):
        return f"{written:.0f}" if written.is_integer() and abs(written) < 1e16 else str(written)
    return re.sub(r"^(\d+)\.0$", r"\1", str(written).strip().lstrip("'`").strip())


def _valid(part: str) -> str:
    text = part.replace("(0)", "").strip()
    if _LETTER_FOR_DIGIT.search(text):
        return ""
    digits = re.sub(r"\D", "", text)
    if not text.startswith("+"):
        if digits.startswith("0062"):
            text = "+" + digits[2:]
        elif digits.startswith("62") and len(digits) >= 10:
            text = "+" + digits
        elif digits.startswith("8") and 9 <= len(digits) <= 13:
            text = "0" + digits
    if re.search(r"[^\W\d_]", text):  # a remaining word makes the text no number: "0812 (Ani)" would call somebody else
        text = re.sub(r"\(?[^\W\d_][^\d]*\)?$|^[^\W\d_]+[.:\s]*", "", text).strip()
        if re.search(r"[^\W\d_]", text):
            return ""
    try:
        found = phonenumbers.parse(text, _COUNTRY)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_valid_number(found):
        return ""
    return phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164)

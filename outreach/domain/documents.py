"""What documents on paper have in common: code, head, who signs, Indonesian dates and hours, and text blocks.

Pure. domain/letters/values.py and domain/certificates.py say what each of them is.
"""

import re
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from outreach.domain.problems import Problem
from outreach.domain.zones import zone_name

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # without 0 and O, 1, I and L, U
CODE_LENGTH = 12  # 30 ** 12: 58 bits
_GROUP = 4
_TOKEN = re.compile(r"\{([^{}\n]*)\}")
_DAYS = ("Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu")
_MONTHS = (
    "Januari", "Februari", "Maret", "April", "Mei", "Juni", "Juli", "Agustus", "September", "Oktober", "November",
    "Desember",
)  # fmt: skip


class UnknownBlockPlaceholder(Problem):
    message = "Line %(line)d: “%(name)s” is not a placeholder of this text. Please choose one from the list."


class StrayBlockBrace(Problem):
    message = "Line %(line)d: there is a brace without its partner. Placeholders look like {acara}."


@dataclass(frozen=True)
class Signatory:
    """Who signs. number_label: "NIP", or "NRP" for police and army."""

    post: str = ""
    name: str = ""
    rank: str = ""
    number_label: str = "NIP"
    number: str = ""


@dataclass(frozen=True)
class Letterhead:
    """The head of the letter (kop surat). emblem: the SHA-256 of its picture's file, "" if it has none."""

    lines: tuple[str, ...] = ()
    address: tuple[str, ...] = ()
    emblem: str = ""


def new_code() -> str:
    """Return a document's code: short enough to type, and not to be guessed."""
    return "".join(secrets.choice(ALPHABET) for _letter in range(CODE_LENGTH))


def shown_code(code: str) -> str:
    """Return a code in groups, as the document shows it: "K7QF-3MXD-92WA"."""
    return "-".join(code[at : at + _GROUP] for at in range(0, len(code), _GROUP))


def read_code(text: str) -> str:
    """Return the code that somebody typed, with or without its hyphens; "" if no document can have it."""
    code = re.sub(r"[\s\-‐‑–]", "", text).upper()
    return code if len(code) == CODE_LENGTH and set(code) <= set(ALPHABET) else ""


def day_of(day: date, *, weekday: bool = True) -> str:
    """Return "Senin, 18 Januari 2027", or without the weekday "18 Januari 2027"."""
    written = f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
    return f"{_DAYS[day.weekday()]}, {written}" if weekday else written


def days_of(first: date, last: date) -> str:
    """Return one day, or "Senin s.d. Rabu, 18 s.d. 20 Januari 2027" for several."""
    if first == last:
        return day_of(first)
    end = day_of(last, weekday=False)
    if (first.year, first.month) == (last.year, last.month):
        begin = str(first.day)
    else:
        begin = day_of(first, weekday=False)
        begin = begin.removesuffix(f" {first.year}") if first.year == last.year else begin
    return f"{_DAYS[first.weekday()]} s.d. {_DAYS[last.weekday()]}, {begin} s.d. {end}"


def hours_of(starts_at: datetime, ends_at: datetime, zone: ZoneInfo, *, tells_end: bool) -> str:
    """Return "pukul 08.00 WIB s.d. selesai", or with `tells_end` "pukul 08.00 s.d. 12.00 WIB"."""
    begins, ends = (f"{instant.astimezone(zone):%H.%M}" for instant in (starts_at, ends_at))
    name = zone_name(zone)
    return f"pukul {begins} s.d. {ends} {name}" if tells_end else f"pukul {begins} {name} s.d. selesai"


def check_blocks(text: str, known: Collection[str], field: str | None = None) -> None:
    """Raise UnknownBlockPlaceholder or StrayBlockBrace, with the line at which a text block is wrong.

    known: what may stand between braces.
    """
    for number, line in enumerate(text.splitlines(), start=1):
        for found in _TOKEN.finditer(line):
            if found[1] not in known:
                raise UnknownBlockPlaceholder(field=field, line=number, name=found[0])
        if re.search(r"[{}]", _TOKEN.sub("", line)):
            raise StrayBlockBrace(field=field, line=number)


def filled(text: str, values: Mapping[str, str]) -> str:
    """Return a text block with its values, by placeholder. One without value is left out, with the blanks around it."""
    made = _TOKEN.sub(lambda found: values.get(found[1], found[0]), text)
    return "\n".join(re.sub(r"[ \t]+", " ", line).strip() for line in made.splitlines()).strip()

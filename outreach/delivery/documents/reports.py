"""A report as data: the same facts and tables for the page, the PDF and the spreadsheet; and what the PDF's template reads.

templates/reports/report.typ is the template: one page first, details after it. It gets the report as data, never as source.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from functools import partial
from typing import IO

from babel.dates import format_date
from babel.numbers import format_decimal
from flask_babel import gettext as _

from outreach.delivery import spreadsheets
from outreach.delivery.documents import parts
from outreach.delivery.documents.typeset import MAIN
from outreach.delivery.spreadsheets import ListColumn
from outreach.delivery.words.formats import language
from outreach.domain.letters.values import LetterSettings
from outreach.settings import TEMPLATES

FORM = TEMPLATES / "reports" / "report.typ"
HIDDEN = "•"
MOST_SHOWN = 200  # rows of a table on a page and on paper; the spreadsheet has all of them
_NARROW, _WIDE = 13, 40
Value = str | int | date | None  # None: hidden


@dataclass(frozen=True)
class Fact:
    """A figure with its words. of: out of how many; None if that says nothing."""

    words: str
    value: Value
    of: int | None = None
    note: str = ""

    @property
    def shown(self) -> str:
        if self.of is None:
            return shown(self.value)
        return _("%(count)s of %(all)s", count=shown(self.value), all=shown(self.of))


@dataclass(frozen=True)
class ReportTable:
    """strong: the numbers of rows that sum up others. first_page: it belongs to the summary. as_file_only: too wide for paper.

    parts: for rows that sum up others, the numbers of these; a page shows them folded.
    sheet: a short name for the spreadsheet, which allows 31 letters; "" for the title.
    """

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]
    strong: frozenset[int] = frozenset()
    first_page: bool = False
    as_file_only: bool = False
    sheet: str = ""
    parts: Mapping[int, range] = field(default_factory=dict)

    @property
    def shown_rows(self) -> tuple[tuple[Value, ...], ...]:
        return self.rows[:MOST_SHOWN]

    @property
    def folded(self) -> list[tuple[tuple[Value, ...], list[tuple[Value, ...]]]]:
        """Return what a page folds: each row that sums up others, with these."""
        shown = self.shown_rows
        found = [
            (self.rows[at], [shown[part] for part in some if part < len(shown)]) for at, some in self.parts.items()
        ]
        return [(row, some) for row, some in found if some]

    @property
    def unfolded(self) -> list[tuple[Value, ...]]:
        inside = {part for some in self.parts.values() for part in some}
        return [row for at, row in enumerate(self.shown_rows) if at not in inside]

    @property
    def sums(self) -> list[tuple[Value, ...]]:
        return [self.rows[at] for at in sorted(self.strong)]

    @property
    def more(self) -> str:
        """Return what pages and papers say below a table that is too long for them; "" for others."""
        left = len(self.rows) - MOST_SHOWN
        return _("%(count)s further rows are in the spreadsheet.", count=shown(left)) if left > 0 else ""


@dataclass(frozen=True)
class ReportContent:
    """main: the four figures that come first. notes: how it was counted. made: when and by which office."""

    title: str
    subject: str
    period: str
    main: tuple[Fact, ...]
    facts: tuple[Fact, ...]
    tables: tuple[ReportTable, ...]
    notes: tuple[str, ...]
    made: str


def shown(value: Value) -> str:
    """Return a value as pages and papers show it: numbers and days in the current language."""
    if value is None:
        return HIDDEN
    if isinstance(value, int):
        return format_decimal(value, locale=language())
    if isinstance(value, date):
        return format_date(value, "d MMM y", locale=language())
    return value


def files_of(
    content: ReportContent, letters: LetterSettings, *, place: str, day: str, emblem: bytes = b""
) -> Mapping[str, bytes]:
    """Return the template and what it reads. letters: whose letterhead and signatory it has. emblem: a PNG or JPEG picture."""
    data = {
        **{name: getattr(content, name) for name in ("title", "subject", "period", "notes", "made")},
        "main": [_fact(fact) for fact in content.main],
        "facts": [_fact(fact) for fact in content.facts],
        "tables": [_table(table) for table in content.tables if not table.as_file_only],
        "letterhead": asdict(letters.letterhead),
        "signatory": asdict(letters.signatory),
        "place_and_day": f"{place}, {day}" if place else day,
        "language": language(),
        "emblem": bool(emblem),
        "words": {"page": _("Page"), "of": _("of"), "details": _("Details")},
    }
    files = {MAIN: FORM.read_bytes(), "report.json": parts.data(data)}
    return files | ({"emblem.svg": parts.in_svg(emblem)} if emblem else {})


def write_xlsx(file: IO[bytes], content: ReportContent) -> int:
    """Write the report as a workbook: a sheet with the facts, and one for each table. Return its number of rows."""
    facts = [
        ListColumn(_("Figure"), _WIDE, lambda fact: fact.words),
        ListColumn(_("Number"), _NARROW, lambda fact: HIDDEN if fact.value is None else fact.value),
        ListColumn(_("Out of"), _NARROW, lambda fact: fact.of),
        ListColumn(_("Remark"), _WIDE, lambda fact: fact.note, wraps=True),
    ]
    about = (Fact(content.title, content.subject or content.period, note=content.period if content.subject else ""),)
    notes = [Fact(_("How it is counted") if not at else "", "", note=note) for at, note in enumerate(content.notes)]
    sheets: list[tuple[str, Sequence[ListColumn], Sequence[object]]] = [
        (_("Summary"), facts, (*about, *content.main, *content.facts, *notes))
    ]
    sheets += [(table.sheet or table.title, _columns(table), table.rows) for table in content.tables]
    return spreadsheets.write_sheets(file, sheets)


def _columns(table: ReportTable) -> list[ListColumn]:
    texts = [
        [value for value in column if isinstance(value, str)]
        for column in zip(table.headings, *table.rows, strict=True)
    ]
    widths = [max(_NARROW, *(min(len(text), _WIDE) for text in some[1:]), 0) for some in texts]
    return [
        ListColumn(heading, width, partial(_cell, at))
        for at, (heading, width) in enumerate(zip(table.headings, widths, strict=True))
    ]


def _cell(at: int, row: tuple[Value, ...]) -> str | int | date:
    value = row[at]
    return HIDDEN if value is None else value


def _fact(fact: Fact) -> dict[str, str]:
    return {"words": fact.words, "shown": fact.shown, "note": fact.note}


def _table(table: ReportTable) -> dict[str, object]:
    return {
        "title": table.title,
        "headings": table.headings,
        "numbers": [
            all(row[at] is None or isinstance(row[at], int) for row in table.rows) for at in range(len(table.headings))
        ],
        "rows": [[shown(value) for value in row] for row in table.shown_rows],
        "strong": sorted(table.strong),
        "more": table.more,
        "first_page": table.first_page,
    }

"""The report on an import: counts, the refused rows with reasons, and notes on accepted rows.

A report is kept as JSON between two pages (outreach/codec.py). Its refused rows can be downloaded as CSV.
"""

import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from defusedcsv import csv

from outreach import codec
from outreach.domain.directory.spreadsheet import Column
from outreach.domain.problems import Problem
from outreach.services.directory.import_people import Reading
from outreach.services.directory.import_remarks import PersonKnown

# Headings of the file of refused rows. The import knows them, so that the corrected file can be read again.
HEADINGS = {
    Column.NAME: "Nama Lengkap",
    Column.SEX: "L/P",
    Column.KELURAHAN: "Kelurahan",
    Column.KECAMATAN: "Kecamatan",
    Column.PHONE: "No. HP/WA",
    Column.EMAIL: "Email",
    Column.KIND: "Jenis Kader",
    Column.POST: "Jabatan",
    Column.ORGANISATION: "Instansi",
}
codec.write_as(
    Problem,
    lambda problem: {"message": problem.message, "values": problem.values},
    lambda stored: Problem(stored["message"], **stored["values"]),
)


@dataclass(frozen=True)
class ImportLine:
    """A row of the sheet and the remarks on it."""

    sheet: str
    number: int
    written: dict[Column, str]
    said: tuple[Problem, ...]

    @property
    def name(self) -> str:
        return self.written.get(Column.NAME, "")


@dataclass(frozen=True)
class ImportReport:
    filename: str
    new: int
    completed: int
    without_address: int  # new people without an e-mail address
    refused: tuple[ImportLine, ...]
    noted: tuple[ImportLine, ...]
    notes: tuple[Problem, ...]
    columns: tuple[Column, ...]

    @property
    def taken(self) -> int:
        return self.new + self.completed

    @property
    def known(self) -> tuple[ImportLine, ...]:
        """Return the refused rows of people who are in the list already; they need no correction."""
        return tuple(line for line in self.refused if _is_known(line))

    @property
    def to_correct(self) -> tuple[ImportLine, ...]:
        """Return the refused rows that need a correction."""
        return tuple(line for line in self.refused if not _is_known(line))

    @property
    def several_sheets(self) -> bool:
        return len({line.sheet for line in (*self.refused, *self.noted)}) > 1

    @property
    def headings(self) -> list[str]:
        return [HEADINGS[column] for column in self.columns]


def report_of(reading: Reading) -> ImportReport:
    """Return the report on a file that was read or stored."""
    return ImportReport(
        filename=reading.filename,
        new=len(reading.new),
        completed=len(reading.completed),
        without_address=reading.without_address,
        refused=tuple(ImportLine(r.sheet, r.number, r.written, (r.problem,)) for r in reading.refused),
        noted=tuple(ImportLine(e.sheet, e.number, {Column.NAME: e.name.full}, e.notes) for e in reading.with_notes),
        notes=reading.notes,
        columns=reading.columns,
    )


def refused_csv(report: ImportReport, headings: Iterable[str], say: Callable[[Problem], str], delimiter: str) -> str:
    """Return the refused rows to correct as CSV: sheet, row number, the written cells, and the reason.

    headings: for sheet, row and reason. Cells that a spreadsheet program would run as formulas are defused.
    """
    sheet, row, reason = headings
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow([sheet, row, *report.headings, reason])
    for line in report.to_correct:
        cells = (line.written.get(column, "") for column in report.columns)
        writer.writerow([line.sheet, line.number, *cells, " ".join(say(problem) for problem in line.said)])
    return out.getvalue()


def _is_known(line: ImportLine) -> bool:
    return any(problem.message == PersonKnown.message for problem in line.said)

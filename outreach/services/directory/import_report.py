"""What an import says to its reader: counts, the rows refused and why, and what to know about rows that were taken.

A report can be kept as JSON between two pages, and be written as a spreadsheet of the refused rows to correct.
"""

import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from defusedcsv import csv

from outreach.domain.directory.spreadsheet import Column
from outreach.domain.problems import Problem
from outreach.services.directory.import_people import Reading
from outreach.services.directory.import_remarks import PersonKnown

# The headings of the refused rows' file: such as the import itself knows, so that the corrected file can be read again.
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


@dataclass(frozen=True)
class ImportLine:
    """A row of the sheet, and the sentences about it."""

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
    without_address: int  # of the new ones
    refused: tuple[ImportLine, ...]
    noted: tuple[ImportLine, ...]
    notes: tuple[Problem, ...]
    columns: tuple[Column, ...]

    @property
    def taken(self) -> int:
        return self.new + self.completed

    @property
    def known(self) -> tuple[ImportLine, ...]:
        """Return the refused rows of people who are in the list already: there is nothing to correct about them."""
        return tuple(line for line in self.refused if _is_known(line))

    @property
    def to_correct(self) -> tuple[ImportLine, ...]:
        """Return the refused rows that somebody has to look at."""
        return tuple(line for line in self.refused if not _is_known(line))

    @property
    def several_sheets(self) -> bool:
        return len({line.sheet for line in (*self.refused, *self.noted)}) > 1

    @property
    def headings(self) -> list[str]:
        return [HEADINGS[column] for column in self.columns]


def report_of(reading: Reading) -> ImportReport:
    """Return the report on what was read, or stored."""
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


def to_json(report: ImportReport) -> dict[str, Any]:
    """Return the report as JSON values."""
    return {
        **vars(report),
        "refused": [_line_to_json(line) for line in report.refused],
        "noted": [_line_to_json(line) for line in report.noted],
        "notes": [_said_to_json(note) for note in report.notes],
    }


def from_json(kept: dict[str, Any]) -> ImportReport:
    """Return a report that to_json() made."""
    return ImportReport(
        **{
            **kept,
            "refused": tuple(_line_from_json(line) for line in kept["refused"]),
            "noted": tuple(_line_from_json(line) for line in kept["noted"]),
            "notes": tuple(_said_from_json(note) for note in kept["notes"]),
            "columns": tuple(Column(column) for column in kept["columns"]),
        }
    )


def refused_csv(report: ImportReport, headings: Iterable[str], say: Callable[[Problem], str], delimiter: str) -> str:
    """Return the refused rows to correct as CSV: where each stands, what was written, why it was refused.

    headings: for the sheet, the row and the reason. Cells that a spreadsheet program would run as formulas are defused.
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


def _line_to_json(line: ImportLine) -> dict[str, Any]:
    return {**vars(line), "said": [_said_to_json(problem) for problem in line.said]}


def _line_from_json(kept: dict[str, Any]) -> ImportLine:
    written = {Column(column): text for column, text in kept["written"].items()}
    return ImportLine(kept["sheet"], kept["number"], written, tuple(_said_from_json(said) for said in kept["said"]))


def _said_to_json(problem: Problem) -> dict[str, Any]:
    return {"message": problem.message, "values": problem.values}


def _said_from_json(kept: dict[str, Any]) -> Problem:
    return Problem(kept["message"], **kept["values"])

"""The report on an import: counts, what storing each row does, the refused rows by reason, and notes on accepted rows.

A report is kept as JSON between two pages (outreach/codec.py), so it holds the first rows of each kind only. All refused
rows can be downloaded as a spreadsheet.
"""

import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from outreach import codec
from outreach.delivery import spreadsheets
from outreach.domain.directory.columns import Layout
from outreach.domain.directory.email_addresses import AddressInDoubt, AddressInvalid
from outreach.domain.directory.spreadsheet import Column
from outreach.domain.problems import Problem
from outreach.services.directory.import_people import Reading, RefusedRow, undecided, written
from outreach.services.directory.import_remarks import ImportKelurahanMissing, reason
from outreach.services.directory.import_rows import ChangedValue, Decision, ImportRow, Known, RowState, ShownNames
from outreach.services.directory.regions import KelurahanAmbiguous, UnknownKelurahan

MOST_LINES = 200  # per state
MOST_VALUES = 60  # per reason
MOST_NUMBERS = 8  # rows listed per value or note
MOST_TEXT = 80  # characters per cell of a listed row

# Headings of the file of refused rows. The import knows them, so that the corrected file can be read again.
HEADINGS = {
    Column.NAME: "Nama Lengkap",
    Column.SEX: "L/P",
    Column.AGE_GROUP: "Kelompok Umur",
    Column.KELURAHAN: "Kelurahan",
    Column.KECAMATAN: "Kecamatan",
    Column.PHONE: "No. HP/WA",
    Column.EMAIL: "Email",
    Column.KIND: "Jenis Kader",
    Column.CONSENT: "Persetujuan Orang Tua",
    Column.POST: "Jabatan",
    Column.ORGANISATION: "Instansi",
}
_WIDTHS = {Column.NAME: 28, Column.EMAIL: 28, Column.SEX: 6, Column.POST: 22, Column.ORGANISATION: 24}
codec.write_as(
    Problem,
    lambda problem: {"message": problem.message, "values": problem.values},
    lambda stored: Problem(stored["message"], **stored["values"]),
)


@dataclass(frozen=True)
class ImportLine:
    """An accepted row. facts: its values by column. known: the values of the stored person that it is or may be."""

    key: str
    sheet: str
    number: int
    name: str
    facts: dict[Column, str]
    changes: tuple[ChangedValue, ...] = ()
    said: tuple[Problem, ...] = ()
    known_id: int | None = None
    known_name: str = ""
    known: dict[Column, str] = field(default_factory=dict)
    decision: Decision | None = None


@dataclass(frozen=True)
class RefusedLine:
    """A refused row, as it was written. problems: why it is refused; in a group, without the reason of the group."""

    sheet: str
    number: int
    written: dict[Column, str]
    problems: tuple[Problem, ...] = ()

    @property
    def name(self) -> str:
        return self.written.get(Column.NAME, "")

    @property
    def others(self) -> tuple[str, ...]:
        """Return the text of the other cells, to recognise a row without a name."""
        return tuple(text for column, text in self.written.items() if text and column != Column.NAME)


@dataclass(frozen=True)
class RefusedValue:
    """A value that some refused rows have in the same column. lines: the first rows. suggestions: values to take instead.

    keep: the value to take if the user says that it is right as written; "" if it cannot be right.
    """

    written: str
    count: int
    lines: tuple[RefusedLine, ...]
    suggestions: tuple[str, ...] = ()
    keep: str = ""


@dataclass(frozen=True)
class RefusedGroup:
    """The rows refused for one reason; a row with several reasons is in several groups.

    column: the column that the reason is about, if any. The rows are then listed by their values in this column.
    """

    reason: str  # a message id
    column: Column | None
    count: int
    values: tuple[RefusedValue, ...]
    lines: tuple[RefusedLine, ...]
    distinct: int  # number of different values, also those that are not listed

    @property
    def suggested(self) -> int:
        """Return the number of rows with exactly one suggestion. The user can take the suggestions for all of them at once."""
        return sum(value.count for value in self.values if len(value.suggestions) == 1)


@dataclass(frozen=True)
class NoteGroup:
    """One note on some accepted rows. count: how many rows. numbers: row numbers of the first ones."""

    note: Problem
    count: int
    numbers: tuple[int, ...]


@dataclass(frozen=True)
class ImportReport:
    """counts: rows by state. lines: the first rows of each state. layouts: what the columns mean, by sheet."""

    filename: str
    counts: dict[RowState, int]
    without_address: int  # new people without an e-mail address
    refused_count: int
    lines: dict[RowState, tuple[ImportLine, ...]]
    refused: tuple[RefusedGroup, ...]
    noted: tuple[NoteGroup, ...]
    notes: tuple[Problem, ...]
    layouts: dict[str, Layout]
    columns: tuple[Column, ...]
    suspected: Column | None = None  # most rows are refused for this column: another column was probably meant

    def count(self, state: RowState) -> int:
        return self.counts.get(state, 0)

    @property
    def taken(self) -> int:
        return self.count(RowState.NEW) + self.count(RowState.CHANGED)

    @property
    def several_sheets(self) -> bool:
        return len(self.layouts) > 1

    @property
    def lacks_names(self) -> bool:
        return not any(layout.has_names for layout in self.layouts.values())


def report_of(reading: Reading) -> ImportReport:
    """Return the report on a file that was read or stored."""
    counts: dict[RowState, int] = {}
    lines: dict[RowState, list[ImportLine]] = {state: [] for state in RowState}
    notes: dict[tuple[str, str], list[int]] = {}
    said: dict[tuple[str, str], Problem] = {}
    for entry in reading.accepted:
        state = entry.state
        counts[state] = counts.get(state, 0) + 1
        if len(lines[state]) < MOST_LINES:
            lines[state].append(_line(entry, reading.words))
        if entry.notes and state is not RowState.SAME:
            for note in entry.notes:
                key = (note.message, str(note))
                said.setdefault(key, note)
                notes.setdefault(key, []).append(entry.number)
    noted = sorted(notes.items(), key=lambda pair: -len(pair[1]))[:MOST_LINES]
    refused = _groups(reading.refused)
    return ImportReport(
        filename=reading.filename,
        counts=counts,
        without_address=reading.without_address,
        refused_count=len(reading.refused),
        lines={state: tuple(found) for state, found in lines.items()},
        refused=refused,
        noted=tuple(NoteGroup(said[key], len(rows), tuple(rows[:MOST_NUMBERS])) for key, rows in noted),
        notes=reading.notes,
        layouts=reading.layouts,
        columns=reading.columns,
        suspected=_suspected(reading, refused),
    )


def refused_lines(reading: Reading) -> list[RefusedLine]:
    """Return all refused rows, and the doubtful ones without a decision."""
    rows: Iterable[RefusedRow] = (*reading.refused, *undecided(reading))
    lines = [RefusedLine(row.sheet, row.number, row.written, row.problems) for row in rows]
    order = {sheet: index for index, sheet in enumerate(reading.layouts)}
    return sorted(lines, key=lambda line: (order.get(line.sheet, 0), line.number))


def suggestions(reading: Reading, column: Column, said: str = "") -> dict[str, str]:
    """Return the suggestion for each refused value of a column that has exactly one suggestion.

    said: the reason of the group to look at; "" for all groups.
    """
    found = {}
    for row in reading.refused:
        for problem in row.problems:
            suggested = _suggested(problem)
            if _about(problem) is column and len(suggested) == 1 and said in ("", reason(problem)):
                found[row.written.get(column, "")] = suggested[0]
    return found


def refused_file(
    lines: Sequence[RefusedLine], columns: Iterable[Column], headings: Mapping[str, str], say: Callable[[Problem], str]
) -> bytes:
    """Return the refused rows as an .xlsx file: all reasons first, then the row as it was written. No cell is a formula.

    headings: the words for "why", "sheet" and "row".
    """
    several = len({line.sheet for line in lines}) > 1
    found = [spreadsheets.ListColumn(headings["why"], 60, lambda line: "\n".join(map(say, line.problems)), wraps=True)]
    if several:
        found.append(spreadsheets.ListColumn(headings["sheet"], 18, lambda line: line.sheet))
    found.append(spreadsheets.ListColumn(headings["row"], 8, lambda line: line.number))
    for column in (known for known in Column if known in set(columns)):
        written = partial(_written, column)
        found.append(spreadsheets.ListColumn(HEADINGS[column], _WIDTHS.get(column, 18), written, wraps=True))
    stream = io.BytesIO()
    spreadsheets.write_xlsx(stream, "Data", found, lines)
    return stream.getvalue()


def _written(column: Column, line: RefusedLine) -> str:
    return line.written.get(column, "")


def _line(entry: ImportRow, words: ShownNames) -> ImportLine:
    known = entry.known
    return ImportLine(
        key=entry.key,
        sheet=entry.sheet,
        number=entry.number,
        name=entry.name.full,
        facts=written(entry, words),
        changes=entry.changes,
        said=entry.notes,
        known_id=known.person_id if known else None,
        known_name=known.name.full if known else "",
        known=_of_known(known, words) if known else {},
        decision=entry.decision,
    )


def _of_known(known: Known, words: ShownNames) -> dict[Column, str]:
    as_row = ImportRow(
        "", 0, known.name, known.sex, known.region_code, known.phone, known.email, tuple(sorted(known.kinds)), known.post,
        known.organisation_id, known.age_group,
    )  # fmt: skip
    return written(as_row, words)


def _groups(refused: Sequence[RefusedRow]) -> tuple[RefusedGroup, ...]:
    by_reason: dict[tuple[str, Column | None], list[tuple[RefusedRow, Problem]]] = {}
    for row in refused:
        for problem in row.problems:
            by_reason.setdefault((reason(problem), _about(problem)), []).append((row, problem))
    found = []
    for (said, column), rows in sorted(by_reason.items(), key=lambda pair: -len(pair[1])):
        values: dict[str, list[tuple[RefusedRow, Problem]]] = {}
        if column is not None:
            for row, problem in rows:
                values.setdefault(row.written.get(column, ""), []).append((row, problem))
        shown = sorted(values.items(), key=lambda pair: -len(pair[1]))[:MOST_VALUES]
        found.append(
            RefusedGroup(
                reason=said,
                column=column,
                count=len(rows),
                values=tuple(_value(text, its_rows) for text, its_rows in shown),
                lines=_named(rows) if column is None else (),
                distinct=len(values),
            )
        )
    return tuple(found)


def _value(text: str, rows: Sequence[tuple[RefusedRow, Problem]]) -> RefusedValue:
    _row, problem = rows[0]
    keep = str(problem.values["address"]) if isinstance(problem, AddressInDoubt) else ""
    return RefusedValue(text, len(rows), _named(rows), _suggested(problem), keep)


def _named(rows: Sequence[tuple[RefusedRow, Problem]]) -> tuple[RefusedLine, ...]:
    """Return the first rows, each with its other problems."""
    return tuple(
        RefusedLine(
            row.sheet,
            row.number,
            {column: text[:MOST_TEXT] for column, text in row.written.items()},
            tuple(other for other in row.problems if other is not problem),
        )
        for row, problem in rows[:MOST_NUMBERS]
    )


def _about(problem: Problem) -> Column | None:
    if isinstance(problem, AddressInvalid | AddressInDoubt):
        return Column.EMAIL
    return Column.KELURAHAN if isinstance(problem, UnknownKelurahan | KelurahanAmbiguous) else None


def _suggested(problem: Problem) -> tuple[str, ...]:
    suggestion = problem.values.get("suggestion")
    return tuple(str(suggestion).split(" / ")) if suggestion and "kecamatan" not in problem.values else ()


def _suspected(reading: Reading, groups: Sequence[RefusedGroup]) -> Column | None:
    """Return the column for which most rows are refused; None if less than half of the rows are refused for one reason."""
    rows = len(reading.refused) + len(reading.accepted)
    if not groups or rows < 5 or groups[0].count * 2 < rows:
        return None
    missing = reason(ImportKelurahanMissing())
    return groups[0].column or (Column.KELURAHAN if groups[0].reason == missing else Column.NAME)

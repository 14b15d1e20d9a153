"""Import of people and cadres from a spreadsheet: a preview of accepted and refused rows, then storing them.

The preview changes nothing. Storing parses the file before its transaction, so that a long sheet does not block other
writers. It compares with known people inside the transaction, so that importing a sheet twice adds nobody twice.
services/directory/workbook.py opens the file; services/directory/import_rows.py checks a row.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.directory import names, spreadsheet
from outreach.domain.directory.spreadsheet import Cell, Column, SheetRow, SheetTable
from outreach.domain.kinds import CadreKind
from outreach.domain.problems import Problem
from outreach.extensions import db
from outreach.models import AuditEntry, Cadre, Organisation, Person, User
from outreach.services.directory import regions
from outreach.services.directory.import_remarks import ImportNote
from outreach.services.directory.import_rows import Directory, ImportRow, Known, against, entry_of
from outreach.services.directory.workbook import WorkbookSheet, open_workbook
from outreach.transactions import writing


class NoTable(Problem):
    message = (
        "“%(filename)s” has no table of people. One row must hold the headings, such as "
        "Nama Lengkap, Kelurahan, No. HP, Email, Jenis Kader."
    )
    field = "file"


class NoRegions(Problem):
    message = "The office's kabupaten or kota is not set up yet, so no kelurahan is known. Please do that first."


class SheetLeftOut(ImportNote):
    message = "The sheet “%(sheet)s” has no table of people and was left out."


class HiddenSheetLeftOut(ImportNote):
    message = "The hidden sheet “%(sheet)s” was left out."


@dataclass(frozen=True)
class RefusedRow:
    """A refused row: its place, what was written there, and why it was refused."""

    sheet: str
    number: int
    written: dict[Column, str]
    problem: Problem

    @property
    def name(self) -> str:
        return self.written.get(Column.NAME, "")


@dataclass(frozen=True)
class Reading:
    """The result of reading a file: accepted rows, refused rows, and notes on the file."""

    filename: str
    accepted: tuple[ImportRow, ...]
    refused: tuple[RefusedRow, ...]
    notes: tuple[ImportNote, ...] = ()
    columns: tuple[Column, ...] = ()

    @property
    def rows(self) -> int:
        return len(self.accepted) + len(self.refused)

    @property
    def new(self) -> tuple[ImportRow, ...]:
        """Return the entries of people who are not known yet."""
        return tuple(entry for entry in self.accepted if entry.is_new)

    @property
    def completed(self) -> tuple[ImportRow, ...]:
        """Return the entries that add to a person who is stored or appears earlier in the file."""
        return tuple(entry for entry in self.accepted if not entry.is_new)

    @property
    def without_address(self) -> int:
        return sum(1 for entry in self.new if not entry.email)

    @property
    def with_notes(self) -> tuple[ImportRow, ...]:
        return tuple(entry for entry in self.accepted if entry.notes)


@dataclass
class _Parsed:
    """A file's rows, each an entry or refused, before they are compared with known people."""

    filename: str
    rows: list[tuple[SheetRow, ImportRow | RefusedRow]] = field(default_factory=list)
    notes: list[ImportNote] = field(default_factory=list)
    columns: dict[Column, None] = field(default_factory=dict)


def read(data: bytes, filename: str, *, default_kinds: tuple[CadreKind, ...] = ()) -> Reading:
    """Return what importing a spreadsheet would do; nothing is changed.

    default_kinds: kinds of cadre for rows that name none; if empty, such a row is a person but no cadre.
    Raise a Problem (NotASpreadsheet, FileTooLarge, NoTable …) if the whole file cannot be read.
    """
    session = db.session()
    return _matched(session, _parsed(session, open_workbook(data, filename), filename, default_kinds))


def store(
    data: bytes, filename: str, *, default_kinds: tuple[CadreKind, ...] = (), by: User | None, now: datetime
) -> Reading:
    """Store a spreadsheet's people in one transaction. Return what was stored and what was refused."""
    parsed = _parsed(db.session(), open_workbook(data, filename), filename, default_kinds)
    with writing() as session:
        reading = _matched(session, parsed)
        _store(session, reading)
        session.add(
            AuditEntry(
                at=now,
                user_id=by.id if by else None,
                action="person.imported",
                subject_type=Person.__tablename__,
                subject_name=filename[:200],
                detail={
                    "new": len(reading.new),
                    "completed": len(reading.completed),
                    "refused": len(reading.refused),
                },
            )
        )
    return reading


def _parsed(
    session: Session, sheets: list[WorkbookSheet], filename: str, default_kinds: tuple[CadreKind, ...]
) -> _Parsed:
    places = regions.gazetteer(session)
    if not places.tree:
        raise NoRegions
    organisations = _organisations(session)
    parsed = _Parsed(filename)
    for sheet, table in _tables(sheets):
        if table is None:
            if sheet.hidden:
                parsed.notes.append(HiddenSheetLeftOut(sheet=sheet.name))
            elif any(spreadsheet.as_text(cell) for row in sheet.rows for cell in row):
                parsed.notes.append(SheetLeftOut(sheet=sheet.name))
            continue
        parsed.columns.update(dict.fromkeys(table.columns))
        for row in table.rows:
            entry: ImportRow | RefusedRow
            try:
                entry = entry_of(row, sheet.name, places, organisations, default_kinds)
            except Problem as problem:
                entry = _refused(row, sheet.name, problem)
            parsed.rows.append((row, entry))
    if not parsed.columns:
        raise NoTable(filename=filename)
    return parsed


def _matched(session: Session, parsed: _Parsed) -> Reading:
    """Compare the rows with all known people and with earlier rows of the file."""
    directory = Directory(_people(session))
    accepted: list[ImportRow] = []
    refused: list[RefusedRow] = []
    for row, entry in parsed.rows:
        if isinstance(entry, RefusedRow):
            refused.append(entry)
            continue
        try:
            found = against(entry, directory)
        except Problem as problem:
            refused.append(_refused(row, entry.sheet, problem))
        else:
            accepted.append(found)
            _remember(directory, found)
    return Reading(parsed.filename, tuple(accepted), tuple(refused), tuple(parsed.notes), tuple(parsed.columns))


def _refused(row: SheetRow, sheet: str, problem: Problem) -> RefusedRow:
    return RefusedRow(sheet, row.number, {column: row.text(column) for column in row.cells}, problem)


def _tables(sheets: list[WorkbookSheet]) -> Iterator[tuple[WorkbookSheet, SheetTable | None]]:
    for sheet in sheets:
        rows: list[list[Cell]] = sheet.rows
        yield sheet, None if sheet.hidden else spreadsheet.find_table(rows)


def _people(session: Session) -> list[Known]:
    kinds: dict[int, set[CadreKind]] = {}
    for person_id, kind in session.execute(sa.select(Cadre.person_id, Cadre.kind)):
        kinds.setdefault(person_id, set()).add(kind)
    people = session.execute(
        sa.select(Person.id, Person.name, Person.region_code, Person.phone, Person.email)
        .where(Person.erased_at.is_(None), Person.name != "")
        .order_by(Person.id)
    )
    return [Known(p.name, p.region_code, p.phone, p.email, kinds.get(p.id, set()), person_id=p.id) for p in people]


def _organisations(session: Session) -> dict[str, int]:
    found: dict[str, int] = {}
    rows = session.execute(sa.select(Organisation.id, Organisation.name, Organisation.short_name))
    for organisation_id, name, short_name in rows:
        for spelling in (name, short_name):
            if spelling:
                found.setdefault(names.key(spelling), organisation_id)
    return found


def _remember(directory: Directory, entry: ImportRow) -> None:
    """Add this row to the directory for the rows below it; a known person gains the row's data."""
    known = directory.find(entry)
    if known is None:
        kinds = set(entry.kinds)
        directory.add(Known(entry.name.name, entry.place, entry.phone, entry.email, kinds, entry=entry))
        return
    known.kinds |= set(entry.kinds)
    known.phone = known.phone or entry.phone
    known.email = known.email or entry.email


def _store(session: Session, reading: Reading) -> None:
    completed = {entry.person_id for entry in reading.accepted if entry.person_id}
    people = {p.id: p for p in session.scalars(sa.select(Person).where(Person.id.in_(completed)))}
    by_row: dict[tuple[str, int], Person] = {}
    for entry in reading.accepted:
        if entry.person_id is not None:
            _complete(people[entry.person_id], entry)
        elif entry.same_as is not None:
            _complete(by_row[entry.same_as], entry)
        else:
            by_row[entry.sheet, entry.number] = person = _person(entry)
            session.add(person)


def _person(entry: ImportRow) -> Person:
    return Person(
        name=entry.name.name,
        title_before=entry.name.before,
        title_after=entry.name.after,
        post=entry.post,
        organisation_id=entry.organisation_id,
        region_code=entry.place,
        sex=entry.sex,
        email=entry.email,
        phone=entry.phone,
        cadre_roles=[Cadre(kind=kind, region_code=entry.place) for kind in entry.kinds],
    )


def _complete(person: Person, entry: ImportRow) -> None:
    person.email = person.email or entry.email
    person.phone = person.phone or entry.phone
    for kind in entry.kinds:
        person.cadre_roles.append(Cadre(kind=kind, region_code=entry.place))

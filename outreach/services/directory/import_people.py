"""Import of people and cadres from a spreadsheet: what each row would do, then storing what was accepted.

Reading changes nothing. Storing parses the file, and compares it with known people, before it takes the address book's
lock, so that a long sheet does not block other writers. Under the lock it looks which people have changed since. It
compares again only if one of them may be in the file. So importing a sheet twice adds nobody twice.
services/directory/workbook.py opens the file, import_rows.py checks a row, import_undo.py takes an import back.
"""

import gc
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.directory import columns as guessing
from outreach.domain.directory import email_addresses, names, spreadsheet
from outreach.domain.directory.columns import HEADER_WITHIN, SAMPLE, Basis, Layout
from outreach.domain.directory.spreadsheet import Column, SheetRow
from outreach.domain.kinds import CadreKind
from outreach.domain.privacy.requests import ConsentWay, TextKind
from outreach.domain.problems import Problem
from outreach.extensions import db
from outreach.models import Cadre, Consent, Organisation, Person, PersonImport, PrivacyText, User
from outreach.services import audit
from outreach.services.directory import import_shapes, import_undo, regions
from outreach.services.directory.import_remarks import ImportNote, Undecided
from outreach.services.directory.import_rows import (
    Decision,
    Directory,
    ImportRow,
    Known,
    RowState,
    ShownNames,
    corrected,
    entry_of,
    sorted_contacts,
)
from outreach.services.directory.import_undo import Touched
from outreach.services.directory.regions import Gazetteer
from outreach.services.directory.workbook import Workbook, WorkbookSheet, open_workbook
from outreach.services.locking import lock_address_book
from outreach.transactions import writing

AT_ONCE = 2000  # people in one statement
_Values = tuple[Any, ...]  # a known person's: the columns of `_people`, and kinds of cadre


class NoTable(Problem):
    message = (
        "“%(filename)s” has no table of people. A table has at least two columns, such as "
        "Nama Lengkap, Kelurahan, No. HP, Email, Jenis Kader."
    )
    field = "file"


class NoRegions(Problem):
    message = "The office's kabupaten or kota is not set up yet, so no kelurahan is known. Please do that first."


class SheetLeftOut(ImportNote):
    message = "The sheet “%(sheet)s” has no table of people and was left out."


class FarCellLeftOut(ImportNote):
    message = "Cell %(cell)s is far from everything else and was left out. You may delete it in the file."


class MacrosNotRun(ImportNote):
    message = "The file contains macros. They were not run; only the cells were read."


class HiddenSheetLeftOut(ImportNote):
    message = "The hidden sheet “%(sheet)s” was left out."


@dataclass(frozen=True)
class ImportPlan:
    """The user's choices for an import. They are kept as JSON between two pages (outreach/codec.py).

    kinds: kinds of cadre for rows that name none; if empty, such a row is a person but no cadre. columns: by sheet and index.
    corrections: by column and written value. decisions: for single rows, by row_key. doubtful: the decision for all
    other doubtful rows. leave_changes: whether all other rows that would change a person are left out.
    """

    kinds: tuple[CadreKind, ...] = ()
    columns: dict[str, dict[int, Column]] = field(default_factory=dict)
    corrections: dict[str, dict[str, str]] = field(default_factory=dict)
    decisions: dict[str, Decision] = field(default_factory=dict)
    doubtful: Decision | None = None
    leave_changes: bool = False


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A refused row: its place, its cells as written, and all problems for which it was refused."""

    sheet: str
    number: int
    written: dict[Column, str]
    problems: tuple[Problem, ...]

    @property
    def name(self) -> str:
        return self.written.get(Column.NAME, "")


@dataclass(frozen=True)
class Reading:
    """The result of reading a file: its rows, accepted or refused, notes on the file, and what its columns mean."""

    filename: str
    accepted: tuple[ImportRow, ...]
    refused: tuple[RefusedRow, ...]
    notes: tuple[ImportNote, ...] = ()
    layouts: dict[str, Layout] = field(default_factory=dict)  # by sheet
    words: ShownNames = field(default_factory=lambda: ShownNames({}, {}))
    import_id: int | None = None

    def having(self, state: RowState) -> tuple[ImportRow, ...]:
        return tuple(entry for entry in self.accepted if entry.state is state)

    @property
    def new(self) -> tuple[ImportRow, ...]:
        return self.having(RowState.NEW)

    @property
    def changed(self) -> tuple[ImportRow, ...]:
        return self.having(RowState.CHANGED)

    @property
    def without_address(self) -> int:
        return sum(1 for entry in self.accepted if entry.state is RowState.NEW and not entry.email)

    @property
    def columns(self) -> tuple[Column, ...]:
        return tuple(dict.fromkeys(column for layout in self.layouts.values() for column in layout.columns))


@dataclass
class _Parsed:
    """A file's rows, each an entry or refused, before they are compared with known people."""

    filename: str
    rows: list[ImportRow | RefusedRow] = field(default_factory=list)
    notes: list[ImportNote] = field(default_factory=list)
    layouts: dict[str, Layout] = field(default_factory=dict)
    words: ShownNames = field(default_factory=lambda: ShownNames({}, {}))


def read(data: bytes | Workbook, filename: str, plan: ImportPlan = ImportPlan()) -> Reading:
    """Return what importing a spreadsheet would do; nothing is changed.

    data: the file, or a workbook that was opened already.
    Raise a Problem (NotASpreadsheet, FileTooLarge, NoTable …) if the whole file cannot be read.
    """
    book = _book(data, filename)
    session = db.session()
    with _no_collections():
        return _matched(_people(session), _parsed(session, book, plan), plan)


def store(
    data: bytes | Workbook,
    filename: str,
    plan: ImportPlan = ImportPlan(),
    *,
    by: User | None,
    now: datetime,
) -> Reading:
    """Store a spreadsheet's people in one transaction. Return what was stored and what was refused."""
    book = _book(data, filename)
    with _no_collections():
        parsed = _parsed(db.session(), book, plan)
        known = _people(db.session())
        reading = _matched(known, parsed, plan)
    with writing() as session, _no_collections():
        lock_address_book(session)
        known_now = _people(session)
        if _may_name(parsed, known.items() ^ known_now.items()):
            reading = _matched(known_now, parsed, plan)
        done = PersonImport(
            at=now,
            user_id=by.id if by else None,
            filename=filename[:200],
            added=len(reading.new),
            changed=len(reading.changed),
        )
        session.add(done)
        session.flush()
        _store(session, reading, done, by, now)
        counts = {"new": done.added, "completed": done.changed, "refused": len(reading.refused)}
        session.add(audit.entry_of_many(by, "person.imported", Person, filename, now=now, **counts))
        import_id = done.id
    return replace(reading, import_id=import_id)


@contextmanager
def _no_collections() -> Iterator[None]:
    """Pause the garbage collector: an import makes very many objects and no cycles, and collecting took a fifth of the time."""
    ours = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if ours:
            gc.enable()


def _book(data: bytes | Workbook, filename: str) -> Workbook:
    return data if isinstance(data, Workbook) else open_workbook(data, filename)


def _parsed(session: Session, book: Workbook, plan: ImportPlan) -> _Parsed:
    places = regions.gazetteer(session)
    if not places.tree:
        raise NoRegions
    organisations, by_id = _organisations(session)
    words = guessing.KnownWords(places.names, places.kecamatan_keys, frozenset(organisations))
    codes = {kelurahan.code: kelurahan.name for kecamatan in places.tree for kelurahan in kecamatan.kelurahan}
    parsed = _Parsed(book.filename, words=ShownNames(codes, by_id))
    sure = _sure_addresses(session, plan)
    for sheet, layout in _layouts(session, book, plan, words, parsed.notes):
        parsed.layouts[sheet.name] = layout
        if layout.has_names:
            rows = spreadsheet.rows_below(sheet.rows, layout.header_number, layout.columns)
            parsed.rows.extend(_entries(rows, sheet.name, places, organisations, plan, sure))
    return parsed


def _layouts(
    session: Session, book: Workbook, plan: ImportPlan, words: guessing.KnownWords, notes: list[ImportNote]
) -> Iterator[tuple[WorkbookSheet, Layout]]:
    """Yield the sheets that are lists of people. If there are none, yield the longest: the user can choose its columns."""
    guesses: list[tuple[WorkbookSheet, Layout | None]] = []
    for sheet in book.sheets:
        guessed = None if sheet.hidden else guessing.guess(sheet.first(HEADER_WITHIN + SAMPLE), words)
        if guessed is not None:
            chosen = plan.columns.get(sheet.name)
            if chosen is not None:
                guessed = guessed.with_columns(chosen, Basis.CHOSEN)
            elif (remembered := import_shapes.remembered(session, guessed)) is not None:
                guessed = guessed.with_columns(remembered, Basis.REMEMBERED)
        guesses.append((sheet, guessed))
    lists = [
        (sheet, layout)
        for sheet, layout in guesses
        if layout and (guessing.is_list(layout) or sheet.name in plan.columns)
    ]
    if not lists:
        possible = [(sheet, layout) for sheet, layout in guesses if layout is not None]
        lists = sorted(possible, key=lambda pair: -len(pair[0].lines))[:1]
    if not lists:
        raise NoTable(filename=book.filename)
    notes += [FarCellLeftOut(cell=sheet.far) for sheet, _ in guesses if sheet.far]
    for sheet, _ in guesses:
        if sheet.name in (listed.name for listed, _ in lists):
            continue
        if sheet.hidden:
            notes.append(HiddenSheetLeftOut(sheet=sheet.name))
        elif any(spreadsheet.as_text(cell) for row in sheet.rows for cell in row):
            notes.append(SheetLeftOut(sheet=sheet.name))
    if any(sheet.macros for sheet, _ in guesses):
        notes.append(MacrosNotRun())
    yield from lists


def _entries(
    rows: Iterator[SheetRow],
    sheet: str,
    places: Gazetteer,
    organisations: Mapping[str, int],
    plan: ImportPlan,
    sure: Collection[str],
) -> Iterator[ImportRow | RefusedRow]:
    for row in map(sorted_contacts, rows):
        meant = corrected(row, plan.corrections) if plan.corrections else row
        entry = entry_of(meant, sheet, places, organisations, plan.kinds, sure)
        yield entry if isinstance(entry, ImportRow) else _refused(row, sheet, entry)


def _sure_addresses(session: Session, plan: ImportPlan) -> set[str]:
    """Return the addresses that look mistyped but need no question: stored already, or chosen by the user for this file."""
    common = (Person.email.endswith(f"@{domain}", autoescape=True) for domain in email_addresses.COMMON_DOMAINS)
    stored = session.scalars(sa.select(Person.email).where(Person.email != "", ~sa.or_(*common)))
    chosen = (taken.lower() for taken in plan.corrections.get(Column.EMAIL, {}).values())
    return {address for address in (*stored, *chosen) if email_addresses.probably_meant(address)}


def _matched(known: Mapping[int, _Values], parsed: _Parsed, plan: ImportPlan) -> Reading:
    """Compare the rows with all known people and with earlier rows of the file. `parsed` stays as it is."""
    directory = Directory(map(_known, known.values()), parsed.words)
    accepted: list[ImportRow] = []
    refused: list[RefusedRow] = []
    for entry in parsed.rows:
        if isinstance(entry, RefusedRow):
            refused.append(entry)
            continue
        decision = plan.decisions.get(entry.key) if plan.decisions else None
        accepted.append(directory.settle(copy(entry), decision, plan.doubtful, leave_changes=plan.leave_changes))
    return Reading(parsed.filename, tuple(accepted), tuple(refused), tuple(parsed.notes), parsed.layouts, parsed.words)


def _may_name(parsed: _Parsed, changed: Iterable[tuple[int, _Values]]) -> bool:
    """Return whether the file may name one of these people, by their values before or after a change."""
    people = [_known(values) for _id, values in changed]
    entries = [entry for entry in parsed.rows if isinstance(entry, ImportRow)] if people else []
    phones, addresses = {entry.phone for entry in entries} - {""}, {entry.email for entry in entries} - {""}
    keys = {names.key(entry.name.name) for entry in entries}
    return any(
        person.phone in phones
        or person.email in addresses
        or names.key(names.without_courtesy(person.name.name)) in keys
        for person in people
    )


def undecided(reading: Reading) -> Iterator[RefusedRow]:
    """Yield the doubtful rows as refused ones: they are not stored until the user decides."""
    for entry in reading.accepted:
        if entry.state is RowState.DOUBTFUL:
            yield RefusedRow(
                entry.sheet, entry.number, written(entry, reading.words), (Undecided(name=_known_name(entry)),)
            )


def written(entry: ImportRow, words: ShownNames) -> dict[Column, str]:
    """Return an entry's values by column, without empty ones."""
    found = {
        Column.NAME: entry.name.full,
        Column.SEX: {"female": "P", "male": "L"}.get(entry.sex or "", ""),
        Column.AGE_GROUP: spreadsheet.AGES[entry.age_group] if entry.age_group else "",
        Column.KELURAHAN: words.regions.get(entry.region_code or "", ""),
        Column.PHONE: entry.phone,
        Column.EMAIL: entry.email,
        Column.KIND: ", ".join(entry.kinds),
        Column.CONSENT: entry.consent_on.isoformat() if entry.consent_on else "",
        Column.POST: entry.post,
        Column.ORGANISATION: words.organisations.get(entry.organisation_id or 0, ""),
    }
    return {column: text for column, text in found.items() if text}


def _known_name(entry: ImportRow) -> str:
    return entry.known.name.full if entry.known else ""


def _refused(row: SheetRow, sheet: str, problems: tuple[Problem, ...]) -> RefusedRow:
    return RefusedRow(sheet, row.number, {column: row.text(column) for column in row.cells}, problems)


def _people(session: Session) -> dict[int, _Values]:
    """Return all known people as plain values, by id."""
    kinds: dict[int, tuple[CadreKind, ...]] = {}
    alone = {kind: (kind,) for kind in CadreKind}  # most cadres have one kind, and share its tuple
    for person_id, kind in session.execute(sa.select(Cadre.person_id, Cadre.kind)):
        kinds[person_id] = (*kinds[person_id], kind) if person_id in kinds else alone[kind]
    people = session.execute(
        sa.select(
            Person.id, Person.name, Person.title_before, Person.title_after, Person.region_code, Person.phone,
            Person.email, Person.sex, Person.post, Person.organisation_id, Person.age_group,
        )
        .where(Person.erased_at.is_(None), Person.name != "")
        .order_by(Person.id)
    )  # fmt: skip
    standing = sa.select(Consent.person_id).where(Consent.withdrawn_at.is_(None))
    consented = set(session.scalars(standing))
    return {values[0]: (*values, kinds.get(values[0], ()), values[0] in consented) for values in people}


def _known(values: _Values) -> Known:
    id_, name, before, after, region_code, phone, email, sex, post, organisation_id, age, kinds, consented = values
    return Known(
        id_, names.Name(name, before, after), region_code, phone, email, sex, post, organisation_id, kinds, age, consented,
    )  # fmt: skip


def _organisations(session: Session) -> tuple[dict[str, int], dict[int, str]]:
    """Return the organisations' ids by the keys of their names, and their names by id."""
    found: dict[str, int] = {}
    by_id: dict[int, str] = {}
    rows = session.execute(sa.select(Organisation.id, Organisation.name, Organisation.short_name))
    for organisation_id, name, short_name in rows:
        by_id[organisation_id] = short_name or name
        for spelling in (name, short_name):
            if spelling:
                found.setdefault(names.key(spelling), organisation_id)
    return found, by_id


def _store(session: Session, reading: Reading, done: PersonImport, by: User | None, now: datetime) -> None:
    new = (entry for entry in reading.accepted if entry.state is RowState.NEW)
    while entries := list(islice(new, AT_ONCE)):
        _add(session, entries, done)
    changed: dict[int, list[ImportRow]] = {}
    for entry in reading.accepted:
        if entry.state is RowState.CHANGED and entry.known:
            changed.setdefault(entry.known.person_id, []).append(entry)
    for portion in _portions(list(changed), AT_ONCE // 4):
        _change(session, {person_id: changed[person_id] for person_id in portion}, done, by, now)


def _portions(ids: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), size):
        yield ids[start : start + size]


def _add(session: Session, entries: list[ImportRow], done: PersonImport) -> None:
    connection = session.connection()
    people, roles, touched = [], [], []
    given: list[tuple[int, date | None]] = []
    for person_id, entry in zip(_free_ids(session, len(entries)), entries, strict=True):
        people.append(
            {
                "id": person_id, "name": entry.name.name, "title_before": entry.name.before,
                "title_after": entry.name.after, "post": entry.post, "organisation_id": entry.organisation_id,
                "region_code": entry.region_code, "sex": entry.sex, "age_group": entry.age_group,
                "email": entry.email, "phone": entry.phone, "locale": "id", "note": "",
            }
        )  # fmt: skip
        for kind in entry.kinds:
            roles.append({"person_id": person_id, "kind": kind, "region_code": entry.region_code, "active": True})
        given.append((person_id, entry.consent_on))
        consents = _is_valid(entry.consent_on, done)
        touched.append(Touched.added(person_id, entry, uses=int(consents)))
    connection.execute(sa.insert(Person), people)
    if roles:
        connection.execute(sa.insert(Cadre), roles)
    _consent(session, given, done)
    import_undo.note(session, done.id, touched)


def _is_valid(day: date | None, done: PersonImport) -> bool:
    """Return whether a consent of this day is recorded: one ahead is a slip of the pen."""
    return day is not None and day <= done.at.date()


def _consent(session: Session, given: Iterable[tuple[int, date | None]], done: PersonImport) -> None:
    """Record parents' consents that the file names, to the present text, on paper. The file does not say who gave them."""
    last = sa.select(sa.func.max(PrivacyText.number)).where(PrivacyText.kind == TextKind.CONSENT)
    number = session.scalar(last) or 0
    session.add_all(
        Consent(
            person_id=person_id, text_number=number, given_on=day, way=ConsentWay.PAPER, given_by=done.filename[:160],
            recorded_at=done.at, recorded_by_id=done.user_id,
        )
        for person_id, day in given
        if day is not None and _is_valid(day, done)
    )  # fmt: skip


def _free_ids(session: Session, count: int) -> Sequence[int]:
    """Return ids for new people. This takes a tenth of the time of reading back each id that the database gives."""
    if session.get_bind().dialect.name == "postgresql":
        drawn = sa.text("SELECT nextval(pg_get_serial_sequence('person', 'id')) FROM generate_series(1, :count)")
        return session.scalars(drawn, {"count": count}).all()
    last = session.scalar(sa.select(sa.func.max(Person.id))) or 0  # SQLite: nobody else writes now
    return range(last + 1, last + count + 1)


def _change(
    session: Session, changed: Mapping[int, list[ImportRow]], done: PersonImport, by: User | None, now: datetime
) -> None:
    people = {p.id: p for p in import_undo.whole(session, changed)}
    befores = {person_id: import_undo.values_of(people[person_id]) for person_id in changed}
    for person_id, entries in changed.items():
        for entry in entries:
            _fill(people[person_id], entry)
    session.flush()
    _consent(
        session,
        [
            (person_id, entry.consent_on)
            for person_id, entries in changed.items()
            for entry in entries
            if any(change.field == Column.CONSENT for change in entry.changes)
        ],
        done,
    )
    uses = import_undo.uses(session, list(changed))
    import_undo.note(
        session,
        done.id,
        [Touched.changed(people[i], befores[i], uses.get(i, 0)) for i in changed],
    )
    for person_id, entries in changed.items():
        fields = sorted({_column_name(change.field) for entry in entries for change in entry.changes})
        session.add(audit.entry(by, "person.edited", people[person_id], now=now, changed=fields))


def _column_name(changed: str) -> str:
    return {
        Column.KELURAHAN: "region_code", Column.ORGANISATION: "organisation_id", Column.KIND: "kinds", "titles": "full_name",
    }.get(changed, changed)  # type: ignore[call-overload, no-any-return]  # fmt: skip


def _fill(person: Person, entry: ImportRow) -> None:
    fields = {change.field for change in entry.changes}
    if Column.NAME in fields:
        person.name = entry.name.name
    if "titles" in fields:
        person.title_before, person.title_after = entry.name.before, entry.name.after
    for column, name in (
        (Column.SEX, "sex"),
        (Column.AGE_GROUP, "age_group"),
        (Column.PHONE, "phone"),
        (Column.EMAIL, "email"),
        (Column.POST, "post"),
        (Column.ORGANISATION, "organisation_id"),
        (Column.KELURAHAN, "region_code"),
    ):
        if column in fields:
            setattr(person, name, getattr(entry, name))
    if Column.KELURAHAN in fields and entry.region_code:
        for role in person.cadre_roles:
            if role.active:
                role.region_code = entry.region_code
    for kind in entry.new_kinds:
        person.cadre_roles.append(Cadre(kind=kind, region_code=entry.region_code))

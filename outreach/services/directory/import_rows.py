"""Checking and correcting one row of an imported sheet, and finding out whether the person is known already.

services/directory/import_people.py stores the rows.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from outreach.domain.directory import email_addresses, names, phones, spreadsheet
from outreach.domain.directory.names import Name
from outreach.domain.directory.spreadsheet import Column, SheetRow
from outreach.domain.kinds import AgeGroup, CadreKind, Sex
from outreach.domain.problems import Problem
from outreach.services.directory.import_remarks import (
    AddressShared,
    ImportKelurahanMissing,
    ImportNameMissing,
    ImportNotAName,
    ImportNote,
    KindUnknown,
    NamesakeInFile,
    NameTooLong,
    OrganisationUnknown,
    OtherKecamatan,
    PerhapsInFile,
    PhoneLeftOut,
    RowAdds,
    RowRepeated,
    RowRepeatedInSheet,
)
from outreach.services.directory.regions import Gazetteer, Kelurahan

NO_NAME = Name("")
# A comma counts as part of the address only where it stands for the dot of the domain.
_ADDRESS = re.compile(r"[^\s;/|,()<>]{1,64}\s*@\s*[^\s;/|,()<>]+(?:,[A-Za-z][\w.-]*+(?!\s*@))?")
Corrections = Mapping[str, Mapping[str, str]]  # by Column: the written value, and the value to use instead


class RowState(StrEnum):
    """What storing the file does with a row."""

    NEW = "new"
    CHANGED = "changed"  # a stored person gets the changes
    SAME = "same"  # nothing to store
    DOUBTFUL = "doubtful"  # perhaps a stored person; stored only when the user has decided
    LEFT = "left"  # the user chose to leave it out


class Decision(StrEnum):
    """The user's decision on a row."""

    SAME = "same"
    NEW = "new"
    LEAVE = "leave"


@dataclass(frozen=True)
class ChangedValue:
    """A value that differs. field: a Column or "titles". Texts as the page shows them; "" for none."""

    field: str
    old: str
    new: str


@dataclass(slots=True)
class Known:
    """A stored person, to compare rows with. kinds: also those of ended roles."""

    person_id: int
    name: Name
    region_code: str | None
    phone: str
    email: str
    sex: Sex | None = None
    post: str = ""
    organisation_id: int | None = None
    kinds: tuple[CadreKind, ...] = ()
    age_group: AgeGroup | None = None
    consented: bool = False  # a parent's consent stands


@dataclass(slots=True)
class ImportRow:
    """A row that is not refused. known: the stored person that it is, or may be. changes: what it would change in that person.

    new_kinds: the kinds of cadre that the known person is not yet.
    """

    sheet: str
    number: int
    name: Name
    sex: Sex | None = None
    region_code: str | None = None
    phone: str = ""
    email: str = ""
    kinds: tuple[CadreKind, ...] = ()
    post: str = ""
    organisation_id: int | None = None
    age_group: AgeGroup | None = None
    consent_on: date | None = None  # a parent's
    notes: tuple[ImportNote, ...] = ()
    state: RowState = RowState.NEW
    known: Known | None = None
    changes: tuple[ChangedValue, ...] = ()
    new_kinds: tuple[CadreKind, ...] = ()
    decision: Decision | None = None

    @property
    def key(self) -> str:
        return row_key(self.sheet, self.number)


def row_key(sheet: str, number: int) -> str:
    """Return the key of a row in ImportPlan.decisions."""
    return f"{number}:{sheet}"


@dataclass(frozen=True)
class ShownNames:
    """Names by code or id, for showing changes."""

    regions: Mapping[str, str]
    organisations: Mapping[int, str]


class Directory:
    """All people known so far, stored or in earlier rows. Finds whether a row is one of them."""

    def __init__(self, people: Iterable[Known], words: ShownNames) -> None:
        self._words = words
        self._by_name: dict[str, list[Known | ImportRow]] = {}
        self._by_email: dict[str, Known | ImportRow] = {}
        self._by_phone: dict[str, Known | ImportRow] = {}
        for person in people:
            self.add(person, names.key(names.without_courtesy(person.name.name)))

    def add(self, known: Known | ImportRow, key: str) -> None:
        self._by_name.setdefault(key, []).append(known)
        if known.email:
            self._by_email.setdefault(known.email, known)
        if known.phone:
            self._by_phone.setdefault(known.phone, known)

    def settle(
        self,
        entry: ImportRow,
        decision: Decision | None = None,
        if_doubtful: Decision | None = None,
        *,
        leave_changes: bool = False,
    ) -> ImportRow:
        """Return the entry with its state. decision: on this row. if_doubtful: on all doubtful rows without a decision.
        leave_changes: whether rows that would change a person are left out if they have no decision.

        The row is a known person if the name and a phone number or address match, or if name and kelurahan match and no
        phone number or address differs. It may be a stored person in three cases: name and kelurahan match, but a phone
        number or address differs; the name matches, one kelurahan is unknown and nothing differs; the name is only
        similar, but a phone number or address matches.
        """
        key = names.key(entry.name.name)
        sure, perhaps = self._find(entry, key)
        entry.decision = decision
        if isinstance(sure, ImportRow):
            return self._repeated(entry, sure)
        if sure is not None:
            self._compare(entry, sure)
            if entry.state is RowState.CHANGED and (decision is Decision.LEAVE or (leave_changes and not decision)):
                entry.state = RowState.LEFT
            elif entry.state is RowState.CHANGED:
                self._take(entry, sure)
            return entry
        if perhaps is not None:
            decision = decision or if_doubtful
        if perhaps is not None and decision is not Decision.NEW:
            self._compare(entry, perhaps)
            if decision is None:
                entry.state = RowState.DOUBTFUL
            elif decision is Decision.LEAVE:
                entry.state = RowState.LEFT
            elif entry.state is RowState.CHANGED:
                self._take(entry, perhaps)
            return entry
        shared = self._by_email.get(entry.email) if entry.email else None
        if shared is not None:
            entry.notes = (*entry.notes, AddressShared(email=entry.email, name=shared.name.name))
        self.add(entry, key)
        return entry

    def _find(self, entry: ImportRow, key: str) -> tuple[Known | ImportRow | None, Known | None]:
        """Return the person that the row certainly is, and otherwise the stored person that it may be."""
        perhaps: Known | None = None
        for known in self._by_name.get(key, ()):
            if (entry.phone and entry.phone == known.phone) or (entry.email and entry.email == known.email):
                return known, None
            differs = (entry.phone and known.phone) or (entry.email and known.email)
            if entry.region_code == known.region_code:
                if not differs:
                    return known, None
                if isinstance(known, ImportRow):
                    if not any(isinstance(note, NamesakeInFile) for note in entry.notes):
                        entry.notes = (*entry.notes, NamesakeInFile(row=known.number))
                else:
                    perhaps = perhaps or known
            elif not differs and isinstance(known, Known) and not (entry.region_code and known.region_code):
                perhaps = perhaps or known
        if perhaps is None:
            for shared in (self._by_phone.get(entry.phone), self._by_email.get(entry.email)):
                if shared is None or not names.alike(key, names.key(names.without_courtesy(shared.name.name))):
                    continue
                if isinstance(shared, Known):
                    return None, shared
                entry.notes = (*entry.notes, PerhapsInFile(row=shared.number, name=shared.name.name))
                break
        return None, perhaps

    def _repeated(self, entry: ImportRow, earlier: ImportRow) -> ImportRow:
        """Add the values of this row to the earlier row of the same person, because only that one is stored."""
        entry.state = RowState.SAME
        kinds = tuple(kind for kind in entry.kinds if kind not in earlier.kinds and earlier.region_code)
        adds = bool(kinds or (entry.email and not earlier.email) or (entry.phone and not earlier.phone))
        earlier.kinds += kinds
        earlier.email, earlier.phone = earlier.email or entry.email, earlier.phone or entry.phone
        earlier.post = earlier.post or entry.post
        earlier.sex = earlier.sex or entry.sex
        earlier.age_group = earlier.age_group or entry.age_group
        earlier.consent_on = earlier.consent_on or entry.consent_on
        earlier.organisation_id = earlier.organisation_id or entry.organisation_id
        if adds:
            said: ImportNote = RowAdds(row=earlier.number)
        elif earlier.sheet != entry.sheet:
            said = RowRepeatedInSheet(row=earlier.number, sheet=earlier.sheet)
        else:
            said = RowRepeated(row=earlier.number)
        entry.notes = (*entry.notes, said)
        return entry

    def _compare(self, entry: ImportRow, known: Known) -> None:
        """Write into the entry what it changes in a stored person. An empty value changes nothing."""
        entry.known = known
        titles = _titles(entry.name) if _titles(entry.name) != _titles(known.name) else ""
        changes = []
        if names.key(entry.name.name) != names.key(known.name.name):
            changes.append(ChangedValue(Column.NAME, known.name.name, entry.name.name))
        if titles:
            changes.append(ChangedValue("titles", _titles(known.name), titles))
        for column, old, new in (
            (Column.SEX, known.sex or "", entry.sex or ""),
            (Column.AGE_GROUP, known.age_group or "", entry.age_group or ""),
            (Column.KELURAHAN, known.region_code or "", entry.region_code or ""),
            (Column.PHONE, known.phone, entry.phone),
            (Column.EMAIL, known.email, entry.email),
            (Column.POST, known.post, entry.post),
            (Column.ORGANISATION, known.organisation_id, entry.organisation_id),
        ):
            if new and new != old:
                changes.append(ChangedValue(column, self._word(column, old), self._word(column, new)))
        entry.new_kinds = tuple(kind for kind in entry.kinds if kind not in known.kinds and entry.region_code)
        if entry.new_kinds:
            changes.append(ChangedValue(Column.KIND, "", ", ".join(entry.new_kinds)))
        if entry.consent_on and not known.consented:
            changes.append(ChangedValue(Column.CONSENT, "", entry.consent_on.isoformat()))
        entry.changes = tuple(changes)
        entry.state = RowState.CHANGED if changes else RowState.SAME

    def _take(self, entry: ImportRow, known: Known) -> None:
        """Change the known person as this row does, so that later rows are compared with the new values."""
        known.kinds = (*known.kinds, *entry.new_kinds)
        known.phone, known.email = entry.phone or known.phone, entry.email or known.email
        known.region_code, known.post = entry.region_code or known.region_code, entry.post or known.post
        known.age_group = entry.age_group or known.age_group
        known.consented = known.consented or entry.consent_on is not None
        known.sex, known.organisation_id = entry.sex or known.sex, entry.organisation_id or known.organisation_id
        if any(change.field in (Column.NAME, "titles") for change in entry.changes):
            known.name = entry.name

    def _word(self, column: Column, value: object) -> str:
        if not value:
            return ""
        if column is Column.KELURAHAN:
            return self._words.regions.get(str(value), str(value))
        if column is Column.ORGANISATION and isinstance(value, int):
            return self._words.organisations.get(value, "")
        return str(value)


def entry_of(
    row: SheetRow,
    sheet: str,
    places: Gazetteer,
    organisations: Mapping[str, int],
    default_kinds: Collection[CadreKind] = (),
    sure: Collection[str] = (),
) -> ImportRow | tuple[Problem, ...]:
    """Return a row as an entry, or all problems for which it is refused.

    organisations: ids by names.key(name). default_kinds: for a row that names no kind of cadre. sure: e-mail addresses
    that look mistyped but need no question.
    """
    notes: list[ImportNote] = []
    problems: list[Problem] = []
    name, email, kelurahan = NO_NAME, "", None
    try:
        name = _name(row)
    except Problem as problem:
        problems.append(problem)
    row = _sorted_kinds(row, organisations)
    kinds = _kinds(row, notes) or tuple(default_kinds)
    try:
        kelurahan = _kelurahan(row, places, notes)
    except Problem as problem:
        problems.append(problem)
    else:
        if kinds and kelurahan is None:
            problems.append(ImportKelurahanMissing())
    try:
        email = email_addresses.certain_address(row.text(Column.EMAIL), sure)
    except Problem as problem:
        problems.append(problem)
    if problems:
        return tuple(problems)
    return ImportRow(
        sheet=sheet,
        number=row.number,
        name=name,
        sex=spreadsheet.sex(row.text(Column.SEX)),
        age_group=spreadsheet.age_group(row.text(Column.AGE_GROUP)),
        consent_on=spreadsheet.consent_day(row.text(Column.CONSENT)),
        region_code=kelurahan.code if kelurahan else None,
        phone=_phone(row, notes),
        email=email,
        kinds=kinds,
        post=_said(row.text(Column.POST))[:160],
        organisation_id=_organisation(row, organisations, notes),
        notes=tuple(notes),
    )


def _sorted_kinds(row: SheetRow, organisations: Mapping[str, int]) -> SheetRow:
    """Return the row with a kind of cadre and an organisation in their columns, if a sheet has both in one column."""
    kind, organisation = (_said(row.text(column)) for column in (Column.KIND, Column.ORGANISATION))
    cells = dict(row.cells)
    if not kind and organisation and _said(row.text(Column.KELURAHAN)):
        if spreadsheet.is_kind(organisation) and names.key(organisation) not in organisations:
            cells[Column.KIND] = cells.pop(Column.ORGANISATION)
    elif kind and not organisation and not spreadsheet.is_kind(kind) and names.key(kind) in organisations:
        cells[Column.ORGANISATION] = cells.pop(Column.KIND)
    return SheetRow(row.number, cells)


def sorted_contacts(row: SheetRow) -> SheetRow:
    """Return the row with a phone number and an e-mail address in their columns, if a sheet has both in one column."""
    cell = row.cells.get(Column.PHONE)
    found = _ADDRESS.search(cell) if isinstance(cell, str) and "@" in cell else None
    if found is None or _said(row.text(Column.EMAIL)):
        return row
    assert isinstance(cell, str)
    number = re.sub(r"\(\s*\)|<\s*>", "", cell[: found.start()] + cell[found.end() :]).strip(" ,;/|")
    return SheetRow(row.number, {**row.cells, Column.EMAIL: found[0], Column.PHONE: number})


def corrected(row: SheetRow, corrections: Corrections) -> SheetRow:
    """Return the row with the corrections that the user chose. One applies to every cell of its column with that text."""
    cells = dict(row.cells)
    for name, taken in corrections.items():
        column = Column(name)
        if (value := taken.get(row.text(column))) is not None:
            cells[column] = value
    return SheetRow(row.number, cells)


def _titles(name: Name) -> str:
    return " … ".join(part for part in (name.before, name.after) if part)


def _name(row: SheetRow) -> Name:
    written = _said(row.text(Column.NAME))
    if not written:
        raise ImportNameMissing
    if not names.is_name(written):
        raise ImportNotAName(name=written[:80])
    name = names.split(written)
    if len(name.name) > 160 or len(name.before) > 60 or len(name.after) > 60:
        raise NameTooLong
    return name


def _kinds(row: SheetRow, notes: list[ImportNote]) -> tuple[CadreKind, ...]:
    written = _said(row.text(Column.KIND))
    if not written:
        return ()
    kinds = spreadsheet.kinds(written)
    if CadreKind.OTHER in kinds and not spreadsheet.names_other(written):
        notes.append(KindUnknown(written=written[:60]))
    return kinds


def _kelurahan(row: SheetRow, places: Gazetteer, notes: list[ImportNote]) -> Kelurahan | None:
    written, kecamatan = _said(row.text(Column.KELURAHAN)), _said(row.text(Column.KECAMATAN))
    if not written:
        return None
    found = places.find(written, kecamatan)
    if kecamatan and not places.lies_in(found.code, kecamatan):
        notes.append(
            OtherKecamatan(kelurahan=found.name, kecamatan=places.kecamatan_of(found.code), written=kecamatan[:60])
        )
    return found


def _phone(row: SheetRow, notes: list[ImportNote]) -> str:
    cell = row.cells.get(Column.PHONE)
    try:
        return phones.number(None if isinstance(cell, bool) else cell)
    except phones.PhoneInvalid as problem:
        notes.append(PhoneLeftOut(phone=problem.values["phone"]))
        return ""


def _organisation(row: SheetRow, organisations: Mapping[str, int], notes: list[ImportNote]) -> int | None:
    written = _said(row.text(Column.ORGANISATION))
    if not written:
        return None
    found = organisations.get(names.key(written))
    if found is None:
        notes.append(OrganisationUnknown(written=written[:80]))
    return found


def _said(text: str) -> str:
    return "" if email_addresses.means_nothing(text) else text

"""Checking and correcting one row of an imported sheet, and finding out whether the person is known already.

services/directory/import_people.py stores the rows.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from outreach.domain.directory import email_addresses, names, phones, spreadsheet
from outreach.domain.directory.names import Name
from outreach.domain.directory.spreadsheet import Column, SheetRow
from outreach.domain.kinds import CadreKind, Sex
from outreach.services.directory.import_remarks import (
    AddressShared,
    ContactAdded,
    ImportKelurahanMissing,
    ImportNameMissing,
    ImportNotAName,
    ImportNote,
    KelurahanRespelt,
    KindUnknown,
    NameRespelt,
    NameTooLong,
    NoContact,
    OrganisationUnknown,
    OtherKecamatan,
    PersonKnown,
    PhoneLeftOut,
    RoleAdded,
    RowRepeated,
    RowRepeatedInSheet,
)
from outreach.services.directory.regions import Gazetteer, Kelurahan


@dataclass(frozen=True)
class ImportRow:
    """A row that can be stored.

    person_id: a stored person to whom this row only adds. same_as: sheet and row number of an earlier row in the file,
    if this row only adds to that person.
    """

    sheet: str
    number: int
    name: Name
    sex: Sex | None = None
    kelurahan: Kelurahan | None = None
    phone: str = ""
    email: str = ""
    kinds: tuple[CadreKind, ...] = ()
    post: str = ""
    organisation_id: int | None = None
    notes: tuple[ImportNote, ...] = ()
    person_id: int | None = None
    same_as: tuple[str, int] | None = None

    @property
    def is_new(self) -> bool:
        return self.person_id is None and self.same_as is None

    @property
    def place(self) -> str | None:
        return self.kelurahan.code if self.kelurahan else None


@dataclass
class Known:
    """A person who may appear again: stored (person_id), or from an earlier row of the file (entry)."""

    name: str
    region_code: str | None
    phone: str
    email: str
    kinds: set[CadreKind] = field(default_factory=set)
    person_id: int | None = None
    entry: ImportRow | None = None


class Directory:
    """All people known so far, by name. Finds whether an entry is one of them."""

    def __init__(self, people: Iterable[Known]) -> None:
        self._by_name: dict[str, list[Known]] = {}
        self._by_email: dict[str, Known] = {}
        for person in people:
            self.add(person)

    def add(self, known: Known) -> None:
        self._by_name.setdefault(names.key(known.name), []).append(known)
        if known.email:
            self._by_email.setdefault(known.email, known)

    def find(self, entry: ImportRow) -> Known | None:
        """Return the known person that the entry describes, or None for a new one.

        It is the same person if the name and a phone or address match, or if name and kelurahan match and no phone or
        address differs. Two people with one name and different phones in one kelurahan are two.
        """
        for known in self._by_name.get(names.key(entry.name.name), []):
            agrees = (entry.phone and entry.phone == known.phone) or (entry.email and entry.email == known.email)
            differs = (entry.phone and known.phone) or (entry.email and known.email)
            if agrees or (entry.place == known.region_code and not differs):
                return known
        return None

    def sharing_address(self, entry: ImportRow) -> Known | None:
        return self._by_email.get(entry.email) if entry.email else None


def entry_of(
    row: SheetRow,
    sheet: str,
    places: Gazetteer,
    organisations: Mapping[str, int],
    default_kinds: Collection[CadreKind] = (),
) -> ImportRow:
    """Return a row as an entry. Raise a Problem that says why the row is refused.

    organisations: ids by names.key(name). default_kinds: for a row that names no kind of cadre.
    """
    notes: list[ImportNote] = []
    name = _name(row, notes)
    email = email_addresses.address(row.text(Column.EMAIL))
    kinds = _kinds(row, notes) or tuple(default_kinds)
    kelurahan = _kelurahan(row, places, notes)
    if kinds and kelurahan is None:
        raise ImportKelurahanMissing
    entry = ImportRow(
        sheet=sheet,
        number=row.number,
        name=name,
        sex=spreadsheet.sex(row.text(Column.SEX)),
        kelurahan=kelurahan,
        phone=_phone(row, notes),
        email=email,
        kinds=kinds,
        post=_said(row.text(Column.POST))[:160],
        organisation_id=_organisation(row, organisations, notes),
    )
    if not entry.phone and not entry.email:
        notes.append(NoContact())
    return replace(entry, notes=tuple(notes))


def against(entry: ImportRow, directory: Directory) -> ImportRow:
    """Return the entry reduced to what it adds to a known person. Raise a Problem if it adds nothing."""
    known = directory.find(entry)
    if known is None:
        shared = directory.sharing_address(entry)
        notes = (*entry.notes, AddressShared(email=entry.email, name=shared.name)) if shared else entry.notes
        return replace(entry, notes=notes)
    kinds = tuple(kind for kind in entry.kinds if kind not in known.kinds and entry.kelurahan)
    contact = bool((entry.email and not known.email) or (entry.phone and not known.phone))
    if not kinds and not contact:
        if known.entry is None:
            raise PersonKnown(name=known.name)
        if known.entry.sheet != entry.sheet:
            raise RowRepeatedInSheet(row=known.entry.number, sheet=known.entry.sheet)
        raise RowRepeated(row=known.entry.number)
    more: list[ImportNote] = [RoleAdded()] if kinds else []
    if contact:
        more.append(ContactAdded())
    same_as = (known.entry.sheet, known.entry.number) if known.entry else None
    return replace(entry, person_id=known.person_id, same_as=same_as, kinds=kinds, notes=(*entry.notes, *more))


def _name(row: SheetRow, notes: list[ImportNote]) -> Name:
    written = _said(row.text(Column.NAME))
    if not written:
        raise ImportNameMissing
    if not names.is_name(written):
        raise ImportNotAName(name=written[:80])
    name = names.split(written)
    if len(name.name) > 160 or len(name.before) > 60 or len(name.after) > 60:
        raise NameTooLong
    if name.full != written:
        notes.append(NameRespelt(written=written, name=name.full))
    return name


def _kinds(row: SheetRow, notes: list[ImportNote]) -> tuple[CadreKind, ...]:
    written = _said(row.text(Column.KIND))
    kinds = spreadsheet.kinds(written)
    if CadreKind.OTHER in kinds and not spreadsheet.names_other(written):
        notes.append(KindUnknown(written=written[:60]))
    return kinds


def _kelurahan(row: SheetRow, places: Gazetteer, notes: list[ImportNote]) -> Kelurahan | None:
    written, kecamatan = _said(row.text(Column.KELURAHAN)), _said(row.text(Column.KECAMATAN))
    if not written:
        return None
    found = places.find(written, kecamatan)
    if found.name.casefold() != written.casefold():
        notes.append(KelurahanRespelt(written=written, name=found.name))
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

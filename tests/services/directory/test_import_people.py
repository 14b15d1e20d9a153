"""Reading people from spreadsheets: what is accepted, what is refused and why; importing twice adds nobody twice."""

import io
from pathlib import Path

import pytest
import sqlalchemy as sa
import xlsxwriter

from outreach.domain.directory.spreadsheet import Column
from outreach.domain.kinds import CadreKind, Sex
from outreach.extensions import db
from outreach.models import AuditEntry, Cadre, Organisation, Person
from outreach.services.directory import import_people as importing
from outreach.services.directory import regions, workbook
from tests.conftest import NOW, a_person

SAMPLE = Path(importing.__file__).parents[2] / "data" / "demo" / "kader-contoh.xlsx"
HEADER = ["No", "Nama Lengkap", "Kelurahan", "No. HP/WA", "Email", "Jenis Kader"]
ANI = [1, "Ani Wijaya", "Imopuro", "081234567890", "ani@example.com", "PATBM"]


@pytest.fixture
def metro(any_app):
    regions.install(db.session, "18.72")
    db.session.commit()


def a_sheet(*rows, header=HEADER, **more_sheets):
    """Return an .xlsx with a header and rows; more_sheets: lists of rows by sheet name."""
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream)
    for name, lines in {"Kader": [header, *rows], **more_sheets}.items():
        sheet = book.add_worksheet(name)
        for at, line in enumerate(lines):
            sheet.write_row(at, 0, line)
    book.close()
    return stream.getvalue()


def store(data, filename="kader.xlsx", **options):
    return importing.store(data, filename, by=None, now=NOW, **options)


def refusals(reading):
    return [(r.number, type(r.problem).__name__, str(r.problem)) for r in reading.refused]


def notes(reading):
    return {entry.number: [str(note) for note in entry.notes] for entry in reading.accepted if entry.notes}


def people():
    return db.session.scalars(sa.select(Person).order_by(Person.id)).all()


def test_the_sample_sheet_gives_304_people_and_refuses_ten_rows_each_with_a_reason(metro):
    reading = importing.read(SAMPLE.read_bytes(), SAMPLE.name)
    assert (len(reading.accepted), len(reading.refused)) == (304, 10)
    address = "“%s@example,com” is not an e-mail address. Is it perhaps %s@example.com?"
    assert refusals(reading) == [
        *(
            (row, "AddressInvalidNear", address % (name, name))
            for row, name in (
                (129, "hesti.fujiati83"),
                (148, "bambang.situmorang10"),
                (170, "maida.dongoran50"),
                (204, "nurul9"),
                (294, "purwa.uwais92"),
                (312, "utama.kuswoyo90"),
            )
        ),
        (316, "RowRepeated", "This is the same person as in row 8."),
        (317, "RowRepeated", "This is the same person as in row 10."),
        (318, "ImportNameMissing", "There is no name. Please write the full name of this person."),
        (
            319,
            "UnknownKelurahanIn",
            "There is no kelurahan “Kampung Baru” here. "
            "Kecamatan Metro Pusat has Metro, Hadimulyo Timur, Imopuro, Hadimulyo Barat, Yosomulyo.",
        ),
    ]
    assert [str(note) for note in reading.notes] == ["The sheet “Rekap” has no table of people and was left out."]


def test_the_sample_is_stored_as_read_and_storing_it_again_adds_nobody(metro):
    first = store(SAMPLE.read_bytes())
    assert (len(first.new), len(first.completed), len(first.refused)) == (304, 0, 10)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Person)) == 304
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Cadre)) == 304
    assert db.session.scalar(sa.select(sa.func.count(sa.distinct(Cadre.region_code)))) == 22
    second = store(SAMPLE.read_bytes())
    assert (len(second.new), len(second.completed), len(second.refused)) == (0, 0, 314)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Person)) == 304


def test_a_row_becomes_a_person_with_titles_sex_phone_and_a_cadre_role(metro):
    store(SAMPLE.read_bytes())
    endah = db.session.scalars(sa.select(Person).where(Person.name == "Endah Adriansyah")).one()
    assert (endah.full_name, endah.sex, endah.phone) == ("Hj. Endah Adriansyah", Sex.FEMALE, "+6287856615955")
    assert (endah.region.name, endah.email, endah.locale) == ("Ganjar Agung", "", "id")
    assert [(c.kind, c.region.name) for c in endah.cadre_roles] == [(CadreKind.PKK, "Ganjar Agung")]


def test_reading_changes_nothing(metro):
    assert len(importing.read(a_sheet(ANI), "kader.xlsx").accepted) == 1
    assert people() == []


def test_the_import_is_in_the_audit_log_with_its_counts(metro):
    store(a_sheet(ANI, [2, "", "Metro", "", "", "PKK"]))
    entry = db.session.scalars(sa.select(AuditEntry)).one()
    assert (entry.action, entry.subject_name, entry.detail) == (
        "person.imported",
        "kader.xlsx",
        {"new": 1, "completed": 0, "refused": 1},
    )


def test_an_invalid_phone_is_left_out_with_a_note_and_the_person_is_kept(metro):
    reading = store(a_sheet([1, "Ani", "Imopuro", "12", "ani@example.com", "PATBM"]))
    assert notes(reading) == {2: ["The phone number “12” cannot be right and was left out."]}
    assert [(p.name, p.phone) for p in people()] == [("Ani", "")]


def test_a_person_without_any_contact_is_accepted_with_a_note(metro):
    reading = store(a_sheet([1, "Ani", "Imopuro", "-", "tidak ada", "PATBM"]))
    assert notes(reading) == {2: ["Neither an e-mail address nor a phone number: nobody can be reached."]}


def test_two_people_of_one_name_in_one_kelurahan_with_different_phones_stay_two(metro):
    other = [2, "ANI WIJAYA", "Kel. Imopuro", "081234567891", "", "PATBM"]
    assert len(store(a_sheet(ANI, other)).new) == 2


def test_the_same_name_elsewhere_is_another_person_unless_the_phone_matches(metro):
    namesake = [2, "Ani Wijaya", "Metro", "", "", "PATBM"]
    moved = [3, "Ani Wijaya", "Metro", "0812 3456 7890", "", "PATBM"]
    reading = store(a_sheet(ANI, namesake, moved))
    assert (len(reading.new), refusals(reading)) == (
        2,
        [(4, "RowRepeated", "This is the same person as in row 2.")],
    )


def test_a_second_kind_of_cadre_becomes_another_role_of_the_same_person(metro):
    store(a_sheet(ANI))
    reading = store(a_sheet([1, "Ani Wijaya", "Imopuro", "081234567890", "", "PKK, PATBM"]))
    assert (len(reading.new), len(reading.completed)) == (0, 1)
    (ani,) = people()
    assert sorted(c.kind for c in ani.cadre_roles) == [CadreKind.PATBM, CadreKind.PKK]


def test_a_later_sheet_adds_a_missing_address_and_never_overwrites_one(metro):
    store(a_sheet([1, "Ani Wijaya", "Imopuro", "081234567890", "", "PATBM"]))
    assert len(store(a_sheet(ANI)).completed) == 1
    assert [p.email for p in people()] == ["ani@example.com"]
    reading = store(a_sheet([1, "Ani Wijaya", "Imopuro", "081234567890", "other@example.com", "PATBM"]))
    assert refusals(reading) == [
        (2, "PersonKnown", "Ani Wijaya is among the people already, with the same data."),
    ]
    assert [p.email for p in people()] == ["ani@example.com"]


def test_a_lower_row_can_complete_a_higher_one(metro):
    bare = [1, "Ani Wijaya", "Imopuro", "", "", "PATBM"]
    reading = store(a_sheet(bare, ANI, [3, "Ani Wijaya", "Imopuro", "", "", "PKK"], ANI))
    assert (len(reading.new), len(reading.completed), len(reading.refused)) == (1, 2, 1)
    (ani,) = people()
    assert (ani.email, ani.phone, sorted(c.kind for c in ani.cadre_roles)) == (
        "ani@example.com",
        "+6281234567890",
        [CadreKind.PATBM, CadreKind.PKK],
    )


def test_an_erased_person_is_not_recognised(metro):
    a_person("Ani Wijaya", region_code="18.72.01.1003", erased_at=NOW)
    assert len(importing.read(a_sheet(ANI), "kader.xlsx").new) == 1


def test_two_people_who_share_an_address_are_both_accepted_with_a_note(metro):
    budi = [2, "Budi", "Metro", "081234567891", "ani@example.com", "PKK"]
    assert notes(store(a_sheet(ANI, budi))) == {3: ["Shares the address ani@example.com with Ani Wijaya."]}


def test_a_wrong_kecamatan_and_an_unknown_kind_are_reported(metro):
    header = ["Nama", "Desa", "Kecamatan", "HP", "Kader"]
    reading = importing.read(
        a_sheet(["Ani", "Imopuro", "Metro Barat", "081234567890", "Lansia"], header=header), "k.xlsx"
    )
    assert notes(reading) == {
        2: [
            "The kind of cadre “Lansia” is not known here and counts as other.",
            "Imopuro lies in kecamatan Metro Pusat, not in “Metro Barat”.",
        ]
    }
    assert reading.accepted[0].kinds == (CadreKind.OTHER,)


def test_a_sheet_of_officials_needs_no_kelurahan_and_finds_their_organisation(metro):
    db.session.add(Organisation(name="Polres Metro", sector="police"))
    db.session.commit()
    header = ["Nama", "Jabatan", "Instansi", "Surel"]
    rows = [
        ["AKBP Heri Sulistyo, S.I.K.", "Kapolres", "POLRES METRO", "heri@example.com"],
        ["Joko", "Camat", "Kecamatan Baru", "joko@example.com"],
    ]
    reading = store(a_sheet(*rows, header=header))
    assert notes(reading) == {3: ["“Kecamatan Baru” is not among the organisations and was left out."]}
    assert [(p.full_name, p.post, p.organisation and p.organisation.name, p.cadre_roles) for p in people()] == [
        ("AKBP Heri Sulistyo, S.I.K.", "Kapolres", "Polres Metro", []),
        ("Joko", "Camat", None, []),
    ]


def test_a_kind_may_be_given_for_a_sheet_without_kinds(metro):
    data = a_sheet(["Ani", "Imopuro"], ["Budi", ""], header=["Nama", "Kelurahan"])
    reading = store(data, default_kinds=(CadreKind.PATBM,))
    assert [c.kind for c in people()[0].cadre_roles] == [CadreKind.PATBM]
    assert refusals(reading) == [
        (3, "ImportKelurahanMissing", "There is no kelurahan. A cadre belongs to one; please write it.")
    ]


def test_a_formula_instead_of_a_name_is_refused(metro):
    data = b'Nama;Kelurahan\n"=HYPERLINK(""http://example.com"")";Metro\n'
    reading = importing.read(data, "kader.csv")
    assert [(r.number, type(r.problem).__name__) for r in reading.refused] == [(2, "ImportNotAName")]


def test_every_sheet_with_a_table_is_read_and_a_duplicate_names_its_sheet(metro):
    second = [["Daftar"], [], ["NAMA KADER", "KEL/DESA"], ["Budi", "Metro"], ["Ani Wijaya", "Imopuro"]]
    reading = importing.read(a_sheet(ANI, Lampiran=second), "kader.xlsx")
    assert [(e.sheet, e.number, e.name.name) for e in reading.accepted] == [
        ("Kader", 2, "Ani Wijaya"),
        ("Lampiran", 4, "Budi"),
    ]
    assert [str(r.problem) for r in reading.refused] == ["This is the same person as in row 2 of the sheet “Kader”."]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_csv_is_read_in_every_form_that_excel_writes(metro, delimiter, encoding):
    text = f"Nama{delimiter}Kelurahan\r\nSitî Nur’aini{delimiter}Metro\r\n"
    reading = importing.read(text.encode(encoding), "kader.csv")
    assert [(e.name.name, e.kelurahan.name) for e in reading.accepted] == [("Sitî Nur’aini", "Metro")]
    assert reading.columns == (Column.NAME, Column.KELURAHAN)


def test_a_table_without_known_headings_is_refused_with_example_headings(metro):
    with pytest.raises(importing.NoTable, match="Nama Lengkap, Kelurahan"):
        importing.read(a_sheet(["Ani", "Metro"], header=["A", "B"]), "kader.xlsx")


def test_nothing_is_read_without_regions(any_app):
    with pytest.raises(importing.NoRegions):
        importing.read(a_sheet(ANI), "kader.xlsx")


def test_nothing_is_stored_when_one_row_cannot_be_stored(app):
    regions.install(db.session, "18.72")
    refuse = (
        "CREATE TRIGGER no_budi BEFORE INSERT ON person WHEN NEW.name = 'Budi' BEGIN SELECT RAISE(ABORT, 'no'); END"
    )
    db.session.execute(sa.text(refuse))
    db.session.commit()
    with pytest.raises(sa.exc.IntegrityError):
        store(a_sheet(ANI, [2, "Budi", "Metro", "", "", "PKK"]))
    assert people() == []


def test_a_sheet_with_the_maximum_of_rows_is_read_and_one_row_more_is_refused(app):
    regions.install(db.session, "18.72")
    most = workbook.MOST_ROWS - 1
    lines = [f"Kader ke-{n};Metro" for n in range(most)]
    data = "\n".join(["Nama;Kelurahan", *lines]).encode()
    assert len(importing.read(data, "kader.csv").accepted) == most
    with pytest.raises(workbook.TooManyRows):
        importing.read(data + b"\nSatu lagi;Metro", "kader.csv")


def test_a_small_file_with_one_long_text_in_very_many_cells_is_refused_quickly(app, office):
    header = ["Nama Lengkap", "Kelurahan", *(f"Kolom {number}" for number in range(28))]
    data = a_sheet(*[["Ani é " * 80] * 30] * 2000, header=header)
    assert len(data) < 200_000
    with pytest.raises(workbook.FileTooLarge):
        importing.read(data, "kader.xlsx")


def test_a_very_long_cell_is_read_only_up_to_the_length_of_a_name(app, office):
    reading = importing.read(a_sheet(["Ani " * 1000, "Imopuro"], header=["Nama Lengkap", "Kelurahan"]), "kader.xlsx")
    assert [len(row.name) for row in reading.refused] == [299]


def test_others_can_write_while_a_sheet_is_read(app, office, monkeypatch):
    from outreach.services.directory import import_rows

    def while_parsing(*given, **more):
        with db.engine.connect() as other:  # a cadre answers meanwhile
            other.exec_driver_sql("PRAGMA busy_timeout = 0")
            other.exec_driver_sql("UPDATE office SET deadline_days = 3")
            other.commit()
        return import_rows.entry_of(*given, **more)

    monkeypatch.setattr(importing, "entry_of", while_parsing)
    data = a_sheet(["Ani Wijaya", "Imopuro"], header=["Nama Lengkap", "Kelurahan"])
    assert len(importing.store(data, "kader.xlsx", by=None, now=NOW).new) == 1

"""Reading people from spreadsheets: what is accepted, what is refused and why; importing twice adds nobody twice."""

import io
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
import xlsxwriter

from outreach.domain.directory.spreadsheet import Column
from outreach.domain.kinds import AgeGroup, CadreKind, Sector, Sex
from outreach.extensions import db
from outreach.models import AuditEntry, Cadre, Consent, Organisation, Person
from outreach.services.directory import import_people as importing
from outreach.services.directory import import_report, import_shapes, import_undo, regions, workbook
from outreach.services.directory import people as adding
from outreach.services.directory.import_people import ImportPlan
from outreach.services.directory.import_rows import Decision, Directory, RowState
from outreach.services.directory.people import PersonValues
from tests.services.directory.sheets import ANI, a_sheet
from tests.world import NOW, a_person, rows_of

SAMPLE = Path(importing.__file__).parents[2] / "data" / "demo" / "kader-contoh.xlsx"


def store(data, filename="kader.xlsx", plan=ImportPlan()):  # noqa: B008  frozen
    return importing.store(data, filename, plan, by=None, now=NOW)


def refusals(reading):
    return [(row.number, type(problem).__name__, str(problem)) for row in reading.refused for problem in row.problems]


def notes(reading):
    return {entry.number: [str(note) for note in entry.notes] for entry in reading.accepted if entry.notes}


def people():
    return db.session.scalars(sa.select(Person).order_by(Person.id)).all()


def test_the_sample_sheet_gives_304_people_two_repeated_rows_and_eight_refused_each_with_a_reason(metro):
    reading = importing.read(SAMPLE.read_bytes(), SAMPLE.name)
    assert (len(reading.new), len(reading.having(RowState.SAME)), len(reading.refused)) == (304, 2, 8)
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
        (318, "ImportNameMissing", "There is no name. Please write the full name of this person."),
        (
            319,
            "UnknownKelurahanIn",
            "There is no kelurahan “Kampung Baru” here. "
            "Kecamatan Metro Pusat has Metro, Hadimulyo Timur, Imopuro, Hadimulyo Barat, Yosomulyo.",
        ),
    ]
    assert notes(reading) == {
        62: ["Shares the address pkk.yosodadi@example.com with Darman Winarno."],
        316: ["This is the same person as in row 8."],
        317: ["This is the same person as in row 10."],
    }
    assert [str(note) for note in reading.notes] == ["The sheet “Rekap” has no table of people and was left out."]


def test_the_sample_is_stored_as_read_and_storing_it_again_adds_nobody(metro):
    first = store(SAMPLE.read_bytes())
    assert (len(first.new), len(first.changed), len(first.refused)) == (304, 0, 8)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Person)) == 304
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Cadre)) == 304
    assert db.session.scalar(sa.select(sa.func.count(sa.distinct(Cadre.region_code)))) == 22
    second = store(SAMPLE.read_bytes())
    assert (len(second.new), len(second.changed), len(second.having(RowState.SAME))) == (0, 0, 306)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Person)) == 304


def test_a_row_becomes_a_person_with_titles_sex_phone_and_a_cadre_role(metro):
    store(SAMPLE.read_bytes())
    endah = db.session.scalars(sa.select(Person).where(Person.name == "Endah Adriansyah")).one()
    assert (endah.full_name, endah.sex, endah.phone) == ("Hj. Endah Adriansyah", Sex.FEMALE, "+6287856615955")
    assert (endah.region.name, endah.email, endah.locale) == ("Ganjar Agung", "", "id")
    assert [(cadre.kind, cadre.region.name) for cadre in endah.cadre_roles] == [(CadreKind.PKK, "Ganjar Agung")]


def test_of_an_age_only_its_group_is_kept_and_a_later_sheet_corrects_it(metro):
    header = ["Nama", "Kelurahan", "Umur"]
    store(a_sheet(["Ani Wijaya", "Imopuro", 17], ["Budi Santoso", "Imopuro", "-"], header=header))
    assert [(p.name, p.age_group) for p in people()] == [("Ani Wijaya", AgeGroup.UNDER_18), ("Budi Santoso", None)]
    corrected = store(a_sheet(["Ani Wijaya", "Imopuro", "18-24"], ["Budi Santoso", "Imopuro", ""], header=header))
    assert [(p.name, p.age_group) for p in people()] == [("Ani Wijaya", AgeGroup.FROM_18), ("Budi Santoso", None)]
    undone = import_undo.undo(corrected.import_id, by=None, now=NOW)
    assert (undone.restored, [p.age_group for p in people()]) == (1, [AgeGroup.UNDER_18, None])


def test_a_parents_consent_comes_with_its_day_once_and_goes_when_the_import_is_undone(metro):
    header = ["Nama", "Kelurahan", "Jenis Kader", "Persetujuan Orang Tua"]
    rows = (
        ["Ani Wijaya", "Imopuro", "Forum Anak", "28/12/2026"],
        ["Budi Santoso", "Imopuro", "Forum Anak", "belum"],
        ["Citra Dewi", "Imopuro", "Forum Anak", "2027-01-05"],  # a day ahead
    )
    first = store(a_sheet(*rows, header=header))
    assert [(one.person_id, one.given_on) for one in rows_of(Consent)] == [(people()[0].id, date(2026, 12, 28))]
    store(a_sheet(*rows, header=header))
    later = store(a_sheet(["Budi Santoso", "Imopuro", "Forum Anak", "3-1-2027"], header=header))
    assert ([one.given_on for one in rows_of(Consent)], len(later.changed)) == (
        [date(2026, 12, 28), date(2027, 1, 3)],
        1,
    )
    import_undo.undo(first.import_id, by=None, now=NOW)
    assert "Ani Wijaya" not in {person.name for person in people()}
    assert len(rows_of(Consent)) == 1


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
    assert [(person.name, person.phone) for person in people()] == [("Ani", "")]


def test_rows_that_are_only_normalised_get_no_note(metro):
    reading = store(a_sheet([1, "HJ. ANI WIJAYA", "Kel. IMOPURO", "-", "tidak ada", "PATBM"]))
    assert notes(reading) == {}
    assert [(person.full_name, person.region.name, person.email) for person in people()] == [
        ("Hj. Ani Wijaya", "Imopuro", "")
    ]


def test_two_people_with_one_name_and_kelurahan_but_different_phones_stay_two_people(metro):
    other = [2, "ANI WIJAYA", "Kel. Imopuro", "081234567891", "", "PATBM"]
    reading = store(a_sheet(ANI, other))
    assert len(reading.new) == 2
    assert notes(reading) == {
        3: ["Row 2 has the same name and kelurahan, with another phone number or address. They count as two people."]
    }


def test_the_same_name_elsewhere_is_another_person_unless_the_phone_matches(metro):
    namesake = [2, "Ani Wijaya", "Metro", "", "", "PATBM"]
    moved = [3, "Ani Wijaya", "Metro", "0812 3456 7890", "", "PATBM"]
    reading = store(a_sheet(ANI, namesake, moved))
    assert (len(reading.new), notes(reading)) == (2, {4: ["This is the same person as in row 2."]})


def test_a_name_with_bu_or_pak_before_it_is_the_same_persons(metro):
    rows = [[2, "Bu Ani Wijaya", "Imopuro", "0812 3456 7890", "ani@example.com", "PATBM"]]
    reading = store(a_sheet(ANI, *rows))
    assert (len(reading.new), notes(reading)) == (1, {3: ["This is the same person as in row 2."]})
    assert [person.name for person in people()] == ["Ani Wijaya"]


def test_a_person_stored_with_bu_before_the_name_is_known(metro):
    a_person("Bu Ani Wijaya", region_code="18.72.01.1001", phone="+6281234567890")
    reading = store(a_sheet([1, "Ani Wijaya", "Metro", "081234567890", "", "PATBM"]))
    assert len(reading.new) == 0


def test_a_similar_name_with_the_same_phone_in_one_file_is_pointed_at(metro):
    reading = store(a_sheet(ANI, [2, "Ani Wijayanti", "Imopuro", "0812 3456 7890", "", "PATBM"]))
    assert notes(reading) == {
        3: ["Row 2, “Ani Wijaya”, has the same phone number or address and a similar name: perhaps the same person."]
    }


def test_a_column_with_kinds_of_cadre_and_offices_gives_each_row_what_it_says(metro):
    police = Organisation(name="Polres Metro", sector=Sector.POLICE)
    db.session.add(police)
    db.session.commit()
    rows = [["Ani Wijaya", "Imopuro", "PKK"], ["Budi Santoso", "Imopuro", police.name], ["Citra Dewi", "Imopuro", "PATBM"],
            ["Dewi Lestari", "Imopuro", police.name]]  # fmt: skip
    for heading in ("Organisasi", "Jenis Kader"):
        reading = importing.read(a_sheet(*rows, header=["Nama", "Kelurahan", heading]), "kader.xlsx", ImportPlan())
        found = [(row.name.name, row.kinds, row.organisation_id) for row in reading.accepted]
        assert found == [
            ("Ani Wijaya", (CadreKind.PKK,), None), ("Budi Santoso", (), police.id), ("Citra Dewi", (CadreKind.PATBM,), None),
            ("Dewi Lestari", (), police.id),
        ]  # fmt: skip
        assert notes(reading) == {}


def test_a_column_with_phones_and_addresses_gives_each_row_both(metro):
    rows = [["Ani Wijaya", "Imopuro", "0812-3456-7890"], ["Budi Santoso", "Imopuro", "budi@example.com"],
            ["Citra Dewi", "Imopuro", "0812 1111 2222 / citra@example.com"], ["Dewi Lestari", "Imopuro", "-"],
            ["Eka Putri", "Imopuro", "081211113333,eka@example.com"],
            ["Fitri Ayu", "Imopuro", "(0725) 41234 <fitri@example.com>"]]  # fmt: skip
    reading = importing.read(a_sheet(*rows, header=["Nama", "Kelurahan", "Kontak"]), "kader.xlsx", ImportPlan())
    assert [(row.phone, row.email) for row in reading.accepted] == [
        ("+6281234567890", ""), ("", "budi@example.com"), ("+6281211112222", "citra@example.com"), ("", ""),
        ("+6281211113333", "eka@example.com"), ("+6272541234", "fitri@example.com"),
    ]  # fmt: skip
    assert notes(reading) == {}


def test_a_mistyped_address_among_phones_is_mended_by_one_press(metro):
    sheet = a_sheet(
        ["Ani Wijaya", "Imopuro", "0812-3456-7890"], ["Budi Santoso", "Imopuro", "budi@example,com"],
        header=["Nama", "Kelurahan", "Kontak"],
    )  # fmt: skip
    [refused] = importing.read(sheet, "kader.xlsx", ImportPlan()).refused
    assert "budi@example,com" in str(refused.problems[0])
    plan = ImportPlan(corrections={"email": {"budi@example,com": "budi@example.com"}})
    assert [row.email for row in importing.read(sheet, "kader.xlsx", plan).accepted] == ["", "budi@example.com"]


def test_a_second_kind_of_cadre_becomes_another_role_of_the_same_person(metro):
    store(a_sheet(ANI))
    reading = store(a_sheet([1, "Ani Wijaya", "Imopuro", "081234567890", "", "PKK, PATBM"]))
    assert (len(reading.new), len(reading.changed)) == (0, 1)
    (ani,) = people()
    assert sorted(cadre.kind for cadre in ani.cadre_roles) == [CadreKind.PATBM, CadreKind.PKK]


def changes(reading):
    return [(change.field, change.old, change.new) for entry in reading.changed for change in entry.changes]


def test_a_later_sheet_says_what_it_changes_and_empty_cells_change_nothing(metro):
    store(a_sheet([1, "Ani Wijaya", "Imopuro", "081234567890", "", "PATBM"]))
    assert changes(store(a_sheet(ANI))) == [("email", "", "ani@example.com")]
    same = store(a_sheet(ANI, [2, "Ani Wijaya", "Imopuro", "", "", "PATBM"]))
    assert [entry.state for entry in same.accepted] == [RowState.SAME, RowState.SAME]
    moved = [1, "Dr. ANI WIJAYA, S.Pd.", "Metro", "081234567890", "ani.wijaya@example.com", "PKK"]
    assert changes(store(a_sheet(moved))) == [
        ("titles", "", "Dr. … S.Pd."),
        ("kelurahan", "Imopuro", "Metro"),
        ("email", "ani@example.com", "ani.wijaya@example.com"),
        ("kind", "", "pkk"),
    ]
    (ani,) = people()
    assert (ani.full_name, ani.region.name, ani.email) == ("Dr. Ani Wijaya, S.Pd.", "Metro", "ani.wijaya@example.com")
    assert sorted((cadre.kind, cadre.region.name) for cadre in ani.cadre_roles) == [
        ("patbm", "Metro"),
        ("pkk", "Metro"),
    ]


def test_each_person_that_an_import_changes_is_in_the_audit_log(metro):
    store(a_sheet(ANI))
    store(a_sheet([1, "Ani Wijaya", "Imopuro", "081234567890", "ani2@example.com", "PKK"]))
    entries = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "person.edited")).all()
    assert [(entry.subject_name, entry.detail) for entry in entries] == [
        ("Ani Wijaya", {"changed": ["email", "kinds"]})
    ]


def test_a_change_can_be_left_out_for_one_row_or_for_all(metro):
    store(a_sheet(ANI))
    data = a_sheet([1, "Ani Wijaya", "Imopuro", "081234567890", "ani2@example.com", "PATBM"])
    key = importing.read(data, "kader.xlsx").accepted[0].key
    for plan in (ImportPlan(decisions={key: Decision.LEAVE}), ImportPlan(leave_changes=True)):
        reading = store(data, plan=plan)
        assert [entry.state for entry in reading.accepted] == [RowState.LEFT]
        assert people()[0].email == "ani@example.com"


DOUBTFUL = {
    "another phone and no other sign": [1, "Ani Wijaya", "Imopuro", "081234567899", "", "PATBM"],
    "one phone and a name spelt otherwise": [1, "Ani Wijaja", "Imopuro", "081234567890", "", "PATBM"],
    "one address and a shorter name": [1, "Ani Wij", "Metro", "", "ani@example.com", "PATBM"],
    "no kelurahan, and nothing that differs": [1, "Ani Wijaya", "", "", "", ""],
}


@pytest.mark.parametrize("row", DOUBTFUL.values(), ids=DOUBTFUL)
def test_a_row_that_may_be_a_known_person_waits_until_somebody_has_chosen(metro, row):
    store(a_sheet(ANI))
    reading = store(a_sheet(row))
    (entry,) = reading.accepted
    assert (entry.state, entry.known.name.full, len(people())) == (RowState.DOUBTFUL, "Ani Wijaya", 1)
    assert [(row.number, type(row.problems[0]).__name__) for row in importing.undecided(reading)] == [(2, "Undecided")]


def test_a_doubtful_row_is_stored_as_chosen(metro):
    store(a_sheet(ANI))
    data = a_sheet(DOUBTFUL["one phone and a name spelt otherwise"])
    key = importing.read(data, "kader.xlsx").accepted[0].key
    store(data, plan=ImportPlan(decisions={key: Decision.LEAVE}))
    assert [person.name for person in people()] == ["Ani Wijaya"]
    store(data, plan=ImportPlan(decisions={key: Decision.SAME}))
    assert [person.name for person in people()] == ["Ani Wijaja"]
    data = a_sheet(DOUBTFUL["another phone and no other sign"])
    store(data, plan=ImportPlan(doubtful=Decision.NEW))
    assert [(person.name, person.phone) for person in people()] == [
        ("Ani Wijaja", "+6281234567890"),
        ("Ani Wijaya", "+6281234567899"),
    ]


def test_a_family_that_shares_a_phone_is_not_doubtful(metro):
    store(a_sheet(ANI))
    reading = store(a_sheet([1, "Budi Santoso", "Imopuro", "081234567890", "", "PATBM"]))
    assert [entry.state for entry in reading.accepted] == [RowState.NEW]


def test_a_later_row_can_complete_an_earlier_one(metro):
    bare = [1, "Ani Wijaya", "Imopuro", "", "", "PATBM"]
    reading = store(a_sheet(bare, ANI, [3, "Ani Wijaya", "Imopuro", "", "", "PKK"], ANI))
    assert (len(reading.new), len(reading.having(RowState.SAME))) == (1, 3)
    adds = "This is the same person as in row 2; what is new here is added there."
    assert notes(reading) == {3: [adds], 4: [adds], 5: ["This is the same person as in row 2."]}
    (ani,) = people()
    assert (ani.email, ani.phone, sorted(cadre.kind for cadre in ani.cadre_roles)) == (
        "ani@example.com",
        "+6281234567890",
        [CadreKind.PATBM, CadreKind.PKK],
    )


ALAMAT = ["NO", "NAMA", "ALAMAT", "KONTAK", "SUREL", "UNSUR"]


def test_a_sheet_whose_kelurahan_column_is_called_alamat_is_read(metro):
    rows = [
        ANI,
        [2, "Budi Santoso", "Jl. Mawar 3, Kel. Yosodadi", "081234567891", "", "PKK"],
        [3, "Siti Aminah", "Imopuro, Metro", "", "", "PKK"],
    ]
    reading = store(a_sheet(*rows, header=ALAMAT))
    assert refusals(reading) == []
    assert [person.region.name for person in people()] == ["Imopuro", "Yosodadi", "Imopuro"]


def test_a_chosen_column_counts_and_is_remembered_for_files_of_this_shape(metro):
    header = ["Nama", "Kelurahan", "Asal"]
    rows = [["Ani", "Metro", "Imopuro"], ["Budi", "Metro", "Yosodadi"]]
    data = a_sheet(*rows, header=header)
    layout = importing.read(data, "kader.xlsx").layouts["Kader"]
    chosen = {0: Column.NAME, 2: Column.KELURAHAN}
    assert places(importing.read(data, "k.xlsx", ImportPlan(columns={"Kader": chosen}))) == ["Imopuro", "Yosodadi"]
    import_shapes.remember(layout, chosen, now=NOW)
    again = importing.read(a_sheet(["Cici", "Metro", "Ganjar Agung"], header=header), "lain.xlsx")
    assert (places(again), again.layouts["Kader"].bases[Column.KELURAHAN]) == (["Ganjar Agung"], "remembered")
    other = importing.read(a_sheet(*rows, header=["Nama", "Kelurahan", "Dari"]), "lain.xlsx")
    assert places(other) == ["Metro", "Metro"]


def places(reading):
    return [reading.words.regions[entry.region_code] for entry in reading.accepted]


def test_an_accepted_suggestion_applies_to_every_row_with_the_same_text(metro):
    rows = [
        [1, "Ani", "Yosodadii", "", "ani@example,com", "PKK"],
        [2, "Budi", "Yosodadii", "", "", "PKK"],
        [3, "Cici", "Imopuro", "", "cici@example,com", "PKK"],
    ]
    data = a_sheet(*rows)
    reading = importing.read(data, "kader.xlsx")
    email = import_report.suggestions(reading, Column.EMAIL)
    assert email == {"ani@example,com": "ani@example.com", "cici@example,com": "cici@example.com"}
    assert import_report.suggestions(reading, Column.KELURAHAN) == {"Yosodadii": "Yosodadi"}
    store(data, plan=ImportPlan(corrections={"email": email, "kelurahan": {"Yosodadii": "Yosodadi"}}))
    assert [(person.name, person.email, person.region.name) for person in people()] == [
        ("Ani", "ani@example.com", "Yosodadi"),
        ("Budi", "", "Yosodadi"),
        ("Cici", "cici@example.com", "Imopuro"),
    ]


def test_rows_refused_for_one_reason_are_one_group_with_one_message(metro):
    rows = [[n, f"Orang {chr(65 + n % 26)}{chr(65 + n // 26)}", f"Kampung {n % 3}", "", "", "PKK"] for n in range(404)]
    report = import_report.report_of(importing.read(a_sheet(*rows), "kader.xlsx"))
    (group,) = report.refused
    assert (group.reason, group.count, group.distinct) == ("There is no such kelurahan here", 404, 3)
    assert [(value.written, value.count) for value in group.values] == [
        ("Kampung 0", 135),
        ("Kampung 1", 135),
        ("Kampung 2", 134),
    ]
    assert report.suspected is Column.KELURAHAN


def test_all_reasons_for_refusing_a_row_are_shown_together(metro):
    reading = importing.read(a_sheet(ANI, [2, "", "Atlantis", "", "budi@example,com", "PKK"]), "kader.xlsx")
    assert refusals(reading) == [
        (3, "ImportNameMissing", "There is no name. Please write the full name of this person."),
        (3, "UnknownKelurahan", "There is no kelurahan “Atlantis” here. Please compare it with the list of kelurahan."),
        (3, "AddressInvalidNear", "“budi@example,com” is not an e-mail address. Is it perhaps budi@example.com?"),
    ]
    groups = import_report.report_of(reading).refused
    assert [(group.reason, [len(line.problems) for value in group.values for line in value.lines]) for group in groups] == [
        ("The name is missing", []),
        ("There is no such kelurahan here", [2]),
        ("This is not an e-mail address", [2]),
    ]  # fmt: skip
    (line,) = groups[0].lines
    assert (line.name, line.others, len(line.problems)) == ("", ("Atlantis", "budi@example,com", "PKK"), 2)


def test_a_long_cell_that_names_its_row_is_shortened(metro):
    report = import_report.report_of(importing.read(a_sheet([1, "A" * 20_000, "Imopuro", "", "", "PKK"]), "kader.xlsx"))
    assert [len(line.name) for group in report.refused for line in group.lines] == [80]


DOUBTED = [1, "Ani Wijaya", "Imopuro", "", "Ani@gmial.com", "PKK"]


def test_an_address_that_looks_mistyped_is_asked_about_with_a_suggestion(metro):
    reading = importing.read(a_sheet(DOUBTED), "kader.xlsx")
    sentence = "“ani@gmial.com” looks mistyped. Is it perhaps ani@gmail.com?"
    assert refusals(reading) == [(2, "AddressInDoubt", sentence)]
    (group,) = import_report.report_of(reading).refused
    assert (group.reason, group.suggested) == ("This e-mail address looks mistyped", 1)
    (value,) = group.values
    assert (value.written, value.suggestions, value.keep) == ("Ani@gmial.com", ("ani@gmail.com",), "ani@gmial.com")


@pytest.mark.parametrize("chosen", ["ani@gmail.com", "ani@gmial.com"])
def test_an_address_that_looks_mistyped_is_stored_as_chosen(metro, chosen):
    store(a_sheet(DOUBTED), plan=ImportPlan(corrections={"email": {"Ani@gmial.com": chosen}}))
    assert [person.email for person in people()] == [chosen]


def test_an_address_that_is_stored_already_is_not_asked_about(metro):
    a_person("Ani Wijaya", email="ani@gmial.com", region_code="18.72.01.1003")
    assert refusals(importing.read(a_sheet(DOUBTED), "kader.xlsx")) == []


def test_accepting_all_suggestions_of_one_reason_does_not_accept_those_of_another(metro):
    reading = importing.read(a_sheet(DOUBTED, [2, "Budi", "Metro", "", "budi@example,com", "PKK"]), "kader.xlsx")
    invalid, doubted = "This is not an e-mail address", "This e-mail address looks mistyped"
    assert import_report.suggestions(reading, Column.EMAIL, invalid) == {"budi@example,com": "budi@example.com"}
    assert import_report.suggestions(reading, Column.EMAIL, doubted) == {"Ani@gmial.com": "ani@gmail.com"}


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
    assert [
        (person.full_name, person.post, person.organisation and person.organisation.name, person.cadre_roles)
        for person in people()
    ] == [
        ("AKBP Heri Sulistyo, S.I.K.", "Kapolres", "Polres Metro", []),
        ("Joko", "Camat", None, []),
    ]


def test_a_kind_may_be_given_for_a_sheet_without_kinds(metro):
    data = a_sheet(["Ani", "Imopuro"], ["Budi", ""], header=["Nama", "Kelurahan"])
    reading = store(data, plan=ImportPlan(kinds=(CadreKind.PATBM,)))
    assert [cadre.kind for cadre in people()[0].cadre_roles] == [CadreKind.PATBM]
    assert refusals(reading) == [
        (3, "ImportKelurahanMissing", "There is no kelurahan. A cadre belongs to one; please write it.")
    ]


def test_a_formula_instead_of_a_name_is_refused(metro):
    data = b'Nama;Kelurahan\n"=HYPERLINK(""http://example.com"")";Metro\n'
    reading = importing.read(data, "kader.csv")
    assert [(number, kind) for number, kind, _sentence in refusals(reading)] == [(2, "ImportNotAName")]


def test_every_sheet_with_a_table_is_read_and_a_duplicate_names_its_sheet(metro):
    second = [["Daftar"], [], ["NAMA KADER", "KEL/DESA"], ["Budi", "Metro"], ["Ani Wijaya", "Imopuro"]]
    reading = importing.read(a_sheet(ANI, Lampiran=second), "kader.xlsx")
    assert [(row.sheet, row.number, row.name.name) for row in reading.accepted] == [
        ("Kader", 2, "Ani Wijaya"),
        ("Lampiran", 4, "Budi"),
        ("Lampiran", 5, "Ani Wijaya"),
    ]
    assert notes(reading) == {5: ["This is the same person as in row 2 of the sheet “Kader”."]}


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_csv_is_read_in_every_form_that_excel_writes(metro, delimiter, encoding):
    text = f"Nama{delimiter}Kelurahan\r\nSitî Nur’aini{delimiter}Metro\r\n"
    reading = importing.read(text.encode(encoding), "kader.csv")
    assert [(row.name.name, row.region_code) for row in reading.accepted] == [("Sitî Nur’aini", "18.72.01.1001")]
    assert reading.columns == (Column.NAME, Column.KELURAHAN)


def test_a_sheet_in_which_no_names_are_recognised_waits_for_somebody_to_choose(metro):
    reading = importing.read(a_sheet(["1", "2"], header=["A", "B"]), "kader.xlsx")
    assert (reading.accepted, reading.refused) == ((), ())
    assert import_report.report_of(reading).lacks_names


def test_a_sheet_of_one_column_is_refused(metro):
    with pytest.raises(importing.NoTable, match="Nama Lengkap, Kelurahan"):
        importing.read(a_sheet(["Ani"], header=["Nama"]), "kader.xlsx")


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


def test_a_sheet_with_the_maximum_of_rows_is_read_and_one_row_more_is_refused(app, monkeypatch):
    regions.install(db.session, "18.72")
    monkeypatch.setattr(workbook, "MOST_ROWS", 50)
    most = workbook.MOST_ROWS - 1
    lines = [f"Kader {chr(97 + n % 26)}{n // 26 * 'x'};Metro" for n in range(most)]
    data = "\n".join(["Nama;Kelurahan", *lines]).encode()
    assert len(importing.read(data, "kader.csv").accepted) == most
    with pytest.raises(workbook.TooManyRows):
        importing.read(data + b"\nSatu lagi;Metro", "kader.csv")


@pytest.mark.parametrize("rows", [48, 49, 50])
def test_rows_are_counted_over_all_sheets_of_a_workbook(app, monkeypatch, rows):
    regions.install(db.session, "18.72")
    monkeypatch.setattr(workbook, "MOST_ROWS", 50)
    lines = [[f"Kader {chr(97 + n % 26)}{n // 26 * 'x'}", "Metro"] for n in range(rows - 10)]
    data = a_sheet(*lines, header=["Nama", "Kelurahan"], Lain=[["Nama", "Kelurahan"]] * 10)
    if rows + 1 <= 50:
        assert len(importing.read(data, "kader.xlsx").accepted) == rows - 10
    else:
        with pytest.raises(workbook.TooManyRows):
            importing.read(data, "kader.xlsx")


def test_row_numbers_are_those_of_the_spreadsheet_where_the_first_rows_and_columns_are_empty(metro):
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream)
    sheet = book.add_worksheet("Kader")
    sheet.write_row(4, 2, ["Nama", "Kelurahan"])
    sheet.write_row(5, 2, ["Ani", "Imopuro"])
    sheet.write_row(7, 2, ["Budi", "Atlantis"])
    book.close()
    reading = importing.read(stream.getvalue(), "kader.xlsx")
    assert [(row.number, row.name.name) for row in reading.accepted] == [(6, "Ani")]
    assert [(row.number, row.name) for row in reading.refused] == [(8, "Budi")]


def test_a_small_file_with_one_long_text_in_very_many_cells_is_refused_quickly(app, office):
    header = ["Nama Lengkap", "Kelurahan", *(f"Kolom {number}" for number in range(28))]
    data = a_sheet(*[["Ani é " * 80] * 30] * 2000, header=header)
    assert len(data) < 200_000
    with pytest.raises(workbook.FileTooLarge):
        importing.read(data, "kader.xlsx")


def test_a_very_long_cell_is_read_only_up_to_the_length_of_a_name(app, office):
    reading = importing.read(a_sheet(["Ani " * 1000, "Imopuro"], header=["Nama Lengkap", "Kelurahan"]), "kader.xlsx")
    assert [len(row.name) for row in reading.refused] == [299]


@pytest.mark.parametrize(
    ("values", "added", "compared"),
    [
        (PersonValues("Citra Lestari", phone="+6281200000077"), ["Ani Wijaya", "Budi Santoso"], 1),
        (PersonValues("Pak Budi Santoso", region_code="18.72.01.1003"), ["Ani Wijaya"], 2),
    ],
)
def test_a_person_whom_somebody_adds_while_a_sheet_is_compared_is_stored_at_once_and_known(
    any_app, office, monkeypatch, values, added, compared
):
    """The import compares again only if the sheet may name that person."""
    times = []

    def other() -> None:
        with any_app.app_context():
            adding.add(values, by=None, now=NOW)
            db.session.remove()

    def while_comparing(*given):
        times.append(len(times))
        if len(times) == 1:
            pool = ThreadPoolExecutor(1)
            saved = pool.submit(other)
            pool.shutdown(wait=False)
            saved.result(timeout=20)
        return Directory(*given)

    monkeypatch.setattr(importing, "Directory", while_comparing)
    data = a_sheet(["Ani Wijaya", "Imopuro"], ["Budi Santoso", "Imopuro"], header=["Nama Lengkap", "Kelurahan"])
    reading = importing.store(data, "kader.xlsx", by=None, now=NOW)
    assert ([row.name.name for row in reading.new], len(times)) == (added, compared)


def test_other_people_can_save_while_a_sheet_is_read(app, office, monkeypatch):
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

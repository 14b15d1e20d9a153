"""Importing people through the pages: choose, check, confirm, report, and correct the refused rows."""

import io
import os
import re
import zipfile
from datetime import timedelta

import pytest
import sqlalchemy as sa
import xlsxwriter
from flask import g
from python_calamine import CalamineWorkbook

from outreach.engines.chores import BESIDE
from outreach.extensions import db
from outreach.models import AuditEntry, Person, PersonImport
from outreach.services.directory import import_people as importing
from outreach.services.directory import uploads
from tests.web.reading import words
from tests.world import NOW, log_in

GOOD = (
    "Nama Lengkap;Kelurahan;No. HP/WA;Email;Jenis Kader\nANI WIJAYA;Imopuro;'+62 812-3456-7890;ani@example.com;PATBM\n"
)
BAD = "=cmd|'/c calc'!A0;Yosodadi;+6281234567891;budi@example,com;PKK\nBudi;Atlantis;0812;;PKK\n"


@pytest.fixture
def coordinator_page(coordinator_client):
    return coordinator_client


def choose(client, text=GOOD + BAD, filename="kader.csv", **fields):
    data = text if isinstance(text, bytes) else text.encode()
    return client.post("/people/import", data={"file": (io.BytesIO(data), filename), "kind": "", **fields})


def how_many():
    return db.session.scalar(sa.select(sa.func.count()).select_from(Person))


def page(client, address, **asked):
    return client.get(address, query_string={"lang": "en", **asked}).get_data(as_text=True)


def test_a_sheet_is_checked_confirmed_and_reported(coordinator_page):
    preview = choose(coordinator_page).location
    text = words(page(coordinator_page, preview))
    assert "Refused 2" in text
    assert "New 1" in text
    assert "There is no such kelurahan here 1 Atlantis row 4 Budi" in text
    assert "Nothing is stored yet. Add one person?" in text
    assert how_many() == 0
    report = coordinator_page.post(preview).location
    assert report == f"{preview}/report"
    assert "1 people added, 0 changed." in words(page(coordinator_page, report))
    ani = db.session.scalars(sa.select(Person)).one()
    assert (ani.name, ani.phone, ani.region_code) == ("Ani Wijaya", "+6281234567890", "18.72.01.1003")


def test_a_common_reason_for_404_rows_is_shown_once_and_another_column_is_suggested(coordinator_page):
    rows = "".join(f"Kader {chr(97 + n % 26)}{chr(97 + n // 26)};Jalan {n % 5}\n" for n in range(404))
    preview = choose(coordinator_page, "Nama;Kelurahan\n" + rows, kind="pkk").location
    text = words(page(coordinator_page, preview))
    assert text.count("There is no such kelurahan here") == 1
    assert "Most rows are refused. Perhaps “Kelurahan” is another column?" in text


def selected(html):
    """Return which meaning is selected for each column."""
    selects = re.findall(r'<select class="form-select" name="(c-[^"]+)".*?</select>', html, re.S)
    bodies = re.findall(r'<select class="form-select" name="c-[^"]+".*?</select>', html, re.S)
    chosen = [re.search(r'value="([^"]*)" selected', body) for body in bodies]
    return dict(zip(selects, [column and column[1] for column in chosen], strict=True))


def test_the_guessed_columns_are_shown_with_the_first_rows_can_be_corrected_and_are_remembered(coordinator_page):
    text = "NAMA;ASAL;ALAMAT\nAni Wijaya;Metro;Imopuro\nBudi Santoso;Metro;Yosodadi\n"
    preview = choose(coordinator_page, text).location
    html = page(coordinator_page, preview)
    assert selected(html) == {"c-0-0": "name", "c-0-1": "kelurahan", "c-0-2": None}
    assert html.index('name="c-0-0"') < html.index("<td>Ani Wijaya</td>")
    assert "from what stands in it" in html
    chosen = {"c-0-0": "name", "c-0-1": "", "c-0-2": "kelurahan", "kind": "pkk"}
    assert coordinator_page.post(f"{preview}/columns", data=chosen).location == preview
    html = page(coordinator_page, preview)
    assert selected(html) == {"c-0-0": "name", "c-0-1": None, "c-0-2": "kelurahan"}
    assert "chosen by you" in html
    coordinator_page.post(preview)
    assert [(person.name, person.region.name) for person in everybody()] == [
        ("Ani Wijaya", "Imopuro"),
        ("Budi Santoso", "Yosodadi"),
    ]
    again = choose(coordinator_page, "NAMA;ASAL;ALAMAT\nCici;Metro;Iringmulyo\n").location
    html = page(coordinator_page, again)
    assert selected(html) == {"c-0-0": "name", "c-0-1": None, "c-0-2": "kelurahan"}
    assert "as chosen last time" in html


def everybody():
    db.session.expire_all()
    return db.session.scalars(sa.select(Person).order_by(Person.id)).all()


def test_a_column_cannot_be_chosen_twice(coordinator_page):
    preview = choose(coordinator_page).location
    coordinator_page.post(f"{preview}/columns", data={"c-0-0": "name", "c-0-1": "name"})
    assert "Two columns are chosen as “Full name”." in page(coordinator_page, preview)


def test_a_file_in_which_nothing_is_recognised_is_read_once_its_columns_are_chosen(coordinator_page):
    preview = choose(coordinator_page, b"a;b\nAni;1\nBudi;2\n").location
    coordinator_page.post(f"{preview}/columns", data={"c-0-0": "", "c-0-1": ""})
    assert "Please choose the column that holds the names." in page(coordinator_page, preview)
    coordinator_page.post(f"{preview}/columns", data={"c-0-0": "name"})
    coordinator_page.post(preview)
    assert [person.name for person in everybody()] == ["Ani", "Budi"]


def test_one_press_accepts_a_suggestion_on_the_page(coordinator_page):
    text = "Nama;Kelurahan;Email\nAni;Imopuro;ani@example,com\nBudi;Metro;budi@example,com\nCici;Atlantis;\n"
    preview = choose(coordinator_page, text).location
    assert "Take ani@example.com" in words(page(coordinator_page, preview))
    correct = {"column": "email", "written": "ani@example,com", "value": "ani@example.com"}
    back = coordinator_page.post(f"{preview}/correct", data=correct).location
    assert back == f"{preview}?show=refused#rows"
    assert "Refused 2" in words(page(coordinator_page, preview))
    coordinator_page.post(f"{preview}/correct", data={"column": "email", "all": "1"})
    assert "Refused 1" in words(page(coordinator_page, preview))
    coordinator_page.post(
        f"{preview}/correct", data={"column": "kelurahan", "written": "Atlantis", "value": "18.72.01.1001"}
    )
    coordinator_page.post(preview)
    assert [(person.name, person.email, person.region.name) for person in everybody()] == [
        ("Ani", "ani@example.com", "Imopuro"),
        ("Budi", "budi@example.com", "Metro"),
        ("Cici", "", "Metro"),
    ]


def test_a_refused_row_shows_its_name_or_its_content_and_all_reasons(coordinator_page):
    preview = choose(coordinator_page, "Nama;Kelurahan;Email\n;Atlantis;ani@example,com\nBudi;Atlantis;\n").location
    text = words(page(coordinator_page, preview))
    unknown = "There is no kelurahan “Atlantis” here. Please compare it with the list of kelurahan."
    address = "“ani@example,com” is not an e-mail address. Is it perhaps ani@example.com?"
    missing = "There is no name. Please write the full name of this person."
    assert f"Atlantis rows 2 Atlantis · ani@example,com , 3 Budi Row 2, too: {missing} {address}" in text
    assert f"no name row 2 · Atlantis · ani@example,com Row 2, too: {unknown} {address}" in text
    rows = CalamineWorkbook.from_filelike(io.BytesIO(coordinator_page.get(f"{preview}/refused.xlsx?lang=en").data))
    why = [row[0] for row in rows.get_sheet_by_index(0).to_python()]
    assert why == ["Why it was refused", f"{missing}\n{unknown}\n{address}", unknown]


@pytest.mark.parametrize(
    ("press", "stored"), [("Take ani@gmail.com", "ani@gmail.com"), ("It is right as it is", "ani@gmial.com")]
)
def test_one_press_corrects_or_keeps_an_address_that_looks_mistyped(coordinator_page, press, stored):
    preview = choose(coordinator_page, "Nama;Kelurahan;Email\nAni;Imopuro;ani@gmial.com\n").location
    html = page(coordinator_page, preview)
    assert "This e-mail address looks mistyped 1 ani@gmial.com row 2 Ani" in words(html)
    (value,) = re.findall(rf'name="value" value="([^"]*)" type="submit">\s*{press}<', html)
    correct = {"column": "email", "written": "ani@gmial.com", "value": value}
    coordinator_page.post(f"{preview}/correct", data=correct)
    coordinator_page.post(preview)
    assert [person.email for person in everybody()] == [stored]


def test_one_press_accepts_all_suggestions_of_one_reason(coordinator_page):
    text = "Nama;Kelurahan;Email\nAni;Imopuro;ani@example,com\nBudi;Metro;budi@example,com\n"
    preview = choose(coordinator_page, text).location
    assert "Take all 2 suggestions" in words(page(coordinator_page, preview))
    coordinator_page.post(f"{preview}/correct", data={"column": "email", "all": "1"})
    corrected = words(page(coordinator_page, preview))
    assert "New 2" in corrected
    assert "Refused" not in corrected


KNOWN = "Nama;Kelurahan;HP;Email\nAni Wijaya;Imopuro;081234567890;ani@example.com\n"
CHANGED = "Nama;Kelurahan;HP;Email\nAni Wijaya;Imopuro;081234567890;baru@example.com\n"
DOUBTFUL = "Nama;Kelurahan;HP;Email\nAni Wijaya;Imopuro;081299998888;\n"


def test_a_change_is_shown_with_old_and_new_value_and_can_be_left_out(coordinator_page):
    coordinator_page.post(choose(coordinator_page, KNOWN).location)
    preview = choose(coordinator_page, CHANGED).location
    html = page(coordinator_page, preview)
    assert "E-mail: ani@example.com → baru@example.com" in words(html)
    row = re.search(r'name="row" value="([^"]+)"', html)[1]
    coordinator_page.post(f"{preview}/decide", data={"row": row, "decision": "leave", "show": "changed"})
    assert "There is nothing to store." in page(coordinator_page, preview)
    coordinator_page.post(f"{preview}/decide", data={"row": row, "decision": "", "show": "left"})
    coordinator_page.post(preview)
    assert [person.email for person in everybody()] == ["baru@example.com"]


@pytest.mark.parametrize(
    ("decision", "phones"),
    [
        ("same", ["+6281299998888"]),
        ("new", ["+6281234567890", "+6281299998888"]),
        ("leave", ["+6281234567890"]),
        ("", ["+6281234567890"]),
    ],
)
@pytest.mark.parametrize("whole", [False, True])
def test_a_doubtful_row_is_shown_beside_the_known_person_and_stored_as_chosen(
    coordinator_page, decision, phones, whole
):
    coordinator_page.post(choose(coordinator_page, KNOWN).location)
    preview = choose(coordinator_page, DOUBTFUL).location
    html = page(coordinator_page, preview)
    assert "In the file, row 2 In the list" in words(html)
    assert "Phone or WhatsApp 0812-9999-8888 0812-3456-7890" in words(html)
    row = {"all": "doubtful"} if whole else {"row": re.search(r'name="row" value="([^"]+)"', html)[1]}
    coordinator_page.post(f"{preview}/decide", data={**row, "decision": decision, "show": "doubtful"})
    coordinator_page.post(preview)
    assert [person.phone for person in everybody()] == phones


def test_rows_that_need_nothing_get_no_note(coordinator_page):
    text = page(coordinator_page, choose(coordinator_page, GOOD).location)
    assert "Ani Wijaya" in text
    assert "show=notes" not in text
    assert "is taken as" not in text


def test_the_question_before_undoing_names_only_what_would_change(coordinator_page):
    added = choose(coordinator_page, KNOWN).location
    coordinator_page.post(added)
    undo = re.search(r'href="(/people/imports/\d+)"', page(coordinator_page, f"{added}/report"))[1]
    text = words(page(coordinator_page, undo))
    assert "Remove 1 person again?" in text
    assert "former values" not in text


def test_an_import_is_undone_from_its_report_or_from_the_list_of_the_last_day(coordinator_page):
    coordinator_page.post(choose(coordinator_page, KNOWN).location)
    preview = choose(coordinator_page, CHANGED + "Budi;Metro;;\n").location
    coordinator_page.post(preview)
    undo = re.search(r'href="(/people/imports/\d+)"', page(coordinator_page, f"{preview}/report"))[1]
    assert undo in page(coordinator_page, "/people/import")
    text = words(page(coordinator_page, undo))
    assert "Remove 1 people again, and give 1 their former values?" in text
    assert coordinator_page.post(f"{undo}/undo").location == undo
    assert [(person.name, person.email) for person in everybody()] == [("Ani Wijaya", "ani@example.com")]
    text = words(page(coordinator_page, undo))
    assert "The import is undone: 1 removed, 1 as before, 0 left as they are." in text
    assert "This import was undone on" in text


def test_people_changed_since_the_import_are_named_before_undoing(coordinator_page):
    preview = choose(coordinator_page, KNOWN + "Budi;Metro;;\n").location
    coordinator_page.post(preview)
    undo = re.search(r'href="(/people/imports/\d+)"', page(coordinator_page, f"{preview}/report"))[1]
    (ani, _) = everybody()
    ani.post = "Ketua"
    db.session.commit()
    text = words(page(coordinator_page, undo))
    assert "1 person stays as they are Ani Wijaya changed since" in text
    coordinator_page.post(f"{undo}/undo")
    assert [person.name for person in everybody()] == ["Ani Wijaya"]


def test_an_import_that_does_not_exist_cannot_be_undone(coordinator_page):
    assert coordinator_page.get("/people/imports/7").status_code == 404
    assert coordinator_page.post("/people/imports/7/undo").status_code == 404


def test_a_viewer_cannot_import_correct_or_undo(viewer_client):
    for address in ("/people/import", "/people/import/x/columns", "/people/import/x/correct", "/people/import/x/decide",
                    "/people/imports/1/undo"):  # fmt: skip
        assert viewer_client.post(address).status_code == 403


def test_confirming_twice_adds_nobody_twice_and_keeps_the_report(coordinator_page):
    preview = choose(coordinator_page).location
    coordinator_page.post(preview)
    coordinator_page.post(preview)
    assert how_many() == 1
    assert coordinator_page.get(preview).location == f"{preview}/report"
    assert "1 people added" in page(coordinator_page, f"{preview}/report")


def test_the_report_does_not_exist_before_the_import(coordinator_page):
    preview = choose(coordinator_page).location
    assert coordinator_page.get(f"{preview}/report").location == preview


@pytest.mark.parametrize("stored", [False, True])
def test_the_refused_rows_are_a_spreadsheet_that_says_why_and_can_be_corrected_and_read_again(coordinator_page, stored):
    preview = choose(coordinator_page).location
    if stored:
        coordinator_page.post(preview)
    response = coordinator_page.get(f"{preview}/refused.xlsx?lang=en")
    assert response.mimetype == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    rows = CalamineWorkbook.from_filelike(io.BytesIO(response.data)).get_sheet_by_index(0).to_python()
    assert rows == [
        ["Why it was refused", "Row", "Nama Lengkap", "Kelurahan", "No. HP/WA", "Email", "Jenis Kader"],
        ["“=cmd|'/c calc'!A0” is not a name. Please write the full name of this person.\n"
         "“budi@example,com” is not an e-mail address. Is it perhaps budi@example.com?",
         3, "=cmd|'/c calc'!A0", "Yosodadi", "+6281234567891", "budi@example,com", "PKK"],
        ["There is no kelurahan “Atlantis” here. Please compare it with the list of kelurahan.", 4, "Budi", "Atlantis", "0812",
         "", "PKK"],
    ]  # fmt: skip
    assert b"<f>" not in zipped(response.data)
    # A file may be called by a person's name, and erasing that person does not find it in the audit log.
    taken = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "list.downloaded")).one()
    assert taken.subject_name == "refused_rows"
    rows[2][3] = "Yosodadi"
    again = choose(coordinator_page, as_xlsx(rows), "perbaikan.xlsx").location
    coordinator_page.post(again)
    assert "Budi" in [person.name for person in everybody()]


def zipped(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read("xl/worksheets/sheet1.xml")


def as_xlsx(rows):
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"strings_to_formulas": False})
    sheet = book.add_worksheet()
    for at, row in enumerate(rows):
        sheet.write_row(at, 0, row)
    book.close()
    return stream.getvalue()


def test_a_kind_can_be_given_for_a_list_without_kinds(coordinator_page):
    preview = choose(coordinator_page, "Nama;Kelurahan\nAni;Metro\n", kind="pkk").location
    coordinator_page.post(preview)
    assert [role.kind for role in db.session.scalars(sa.select(Person)).one().cadre_roles] == ["pkk"]


@pytest.mark.parametrize(
    ("data", "filename", "sentence"),
    [
        (b"%PDF-1.7 nama, kelurahan", "kader.xlsx", "“kader.xlsx” is not a spreadsheet."),
        (b"PK\x03\x04 broken", "kader.xlsx", "“kader.xlsx” is not a spreadsheet."),
        (b"", "kader.csv", "“kader.csv” is empty."),
        (b"a;\n1;\n", "kader.csv", "has no table of people"),
        (b"Nama;Kelurahan\n" + b"Ani;Metro\n" * 100_100, "kader.csv", "has more than 100100 rows."),
    ],
)
def test_an_unreadable_file_gets_a_message(coordinator_page, data, filename, sentence):
    response = choose(coordinator_page, data, filename)
    assert response.status_code == 422
    assert sentence in response.get_data(as_text=True)


def test_a_missing_file_gets_a_message(coordinator_page):
    response = coordinator_page.post("/people/import", data={"kind": ""})
    assert response.status_code == 422
    assert "Please choose a file first." in response.get_data(as_text=True)


def test_a_file_above_the_limit_is_refused(coordinator_page):
    assert choose(coordinator_page, b"Nama;Kelurahan\n" + b"x" * 10 * 1024 * 1024).status_code == 413


def test_another_user_cannot_see_the_chosen_file(coordinator_page, current_app_, administrator):
    preview = choose(coordinator_page).location
    other = log_in(current_app_, administrator)
    g.pop("_login_user")  # the tests' application context outlives a request
    assert other.get(preview).status_code == 404
    assert other.post(preview).status_code == 404
    assert other.get(f"{preview}/refused.xlsx").status_code == 404
    assert how_many() == 0


@pytest.mark.parametrize("key", ["x", "..%2F..%2Foutreach", "a" * 32])
def test_an_invented_key_finds_nothing(coordinator_page, key):
    response = coordinator_page.get(f"/people/import/{key}")
    assert response.status_code == 404


def test_an_engine_deletes_an_uploaded_file_after_its_hour(app, coordinator):
    uploads.keep(b"a;b", "kader.csv", by=coordinator, now=NOW)
    folder = app.extensions["outreach"].instance / "uploads"
    for path in folder.iterdir():
        os.utime(path, (NOW.timestamp(),) * 2)
    chore = next(chore for chore in BESIDE if chore.name == "uploads")
    assert 0 < chore.every_s(app.extensions["outreach"]) <= 600
    assert chore.do(lambda: NOW + timedelta(minutes=59), lambda: False) == {"uploads": 0, "bundles": 0}
    assert chore.do(lambda: NOW + timedelta(minutes=61), lambda: False) == {"uploads": 2, "bundles": 0}
    assert list(folder.iterdir()) == []


def test_the_result_of_an_import_is_kept_for_a_day(app, coordinator):
    upload = uploads.keep(b"a;b", "kader.csv", by=coordinator, now=NOW)
    uploads.settle(upload, {"report": 1}, by=coordinator, now=NOW)
    assert uploads.fetch(upload.key, by=coordinator, now=NOW + timedelta(hours=23)).options == {"report": 1}
    folder = app.extensions["outreach"].instance / "uploads"
    for path in folder.iterdir():  # written two hours before somebody else's file
        os.utime(path, ((NOW - timedelta(hours=2)).timestamp(),) * 2)
    uploads.forget_old(now=NOW + timedelta(hours=2))
    assert len(list(folder.iterdir())) == 2
    uploads.forget_old(now=NOW + timedelta(days=1))
    assert list(folder.iterdir()) == []


def test_a_stored_file_is_deleted_after_an_hour(app, coordinator):
    upload = uploads.keep(b"a;b", "kader.csv", by=coordinator, now=NOW)
    assert uploads.fetch(upload.key, by=coordinator, now=NOW + timedelta(minutes=59)) == upload
    with pytest.raises(uploads.UploadGone):
        uploads.fetch(upload.key, by=coordinator, now=NOW + timedelta(hours=1))


def test_the_file_itself_is_not_kept_after_the_import(coordinator_page, app, coordinator):
    preview = choose(coordinator_page).location
    key = preview.rpartition("/")[2]
    path = app.extensions["outreach"].instance / "uploads" / f"{key}.bin"
    assert path.read_bytes() != b""
    assert path.stat().st_mode & 0o077 == 0
    coordinator_page.post(preview)
    assert path.read_bytes() == b""


def test_a_second_press_while_the_first_is_stored_keeps_the_first_report(coordinator_page, monkeypatch):
    preview, store = choose(coordinator_page).location, importing.store

    def slowly(*given, **named):
        monkeypatch.setattr(importing, "store", store)
        coordinator_page.post(preview)
        return store(*given, **named)

    monkeypatch.setattr(importing, "store", slowly)
    report = page(coordinator_page, coordinator_page.post(preview).location)
    assert "1 people added, 0 changed." in words(report)
    first = db.session.scalars(sa.select(PersonImport.id).order_by(PersonImport.id)).first()
    assert f"/people/imports/{first}" in report

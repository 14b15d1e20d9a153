"""Importing people through the pages: choose, check, confirm, report, and correct the refused rows."""

import csv
import io
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import g

from outreach.extensions import db
from outreach.models import Person
from outreach.services.directory import import_people as importing
from outreach.services.directory import uploads
from tests.conftest import NOW, log_in

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


def test_a_sheet_is_checked_confirmed_and_reported(coordinator_page):
    preview = choose(coordinator_page).location
    text = coordinator_page.get(preview).get_data(as_text=True)
    assert "2 rows are refused" in text
    assert "There is no kelurahan “Atlantis” here." in text
    assert "“ANI WIJAYA” is taken as Ani Wijaya." in text
    assert how_many() == 0
    report = coordinator_page.post(preview).location
    assert report == f"{preview}/report"
    assert "2 rows are refused" in coordinator_page.get(report).get_data(as_text=True)
    ani = db.session.scalars(sa.select(Person)).one()
    assert (ani.name, ani.phone, ani.region_code) == ("Ani Wijaya", "+6281234567890", "18.72.01.1003")


def test_confirming_twice_adds_nobody_twice_and_keeps_the_report(coordinator_page):
    preview = choose(coordinator_page).location
    coordinator_page.post(preview)
    coordinator_page.post(preview)
    assert how_many() == 1
    assert coordinator_page.get(preview).location == f"{preview}/report"
    assert "<b>1</b> added" in coordinator_page.get(f"{preview}/report").get_data(as_text=True)


def test_the_report_does_not_exist_before_the_import(coordinator_page):
    preview = choose(coordinator_page).location
    assert coordinator_page.get(f"{preview}/report").location == preview


def test_the_refused_rows_are_a_file_without_formulas_that_can_be_corrected_and_read_again(coordinator_page):
    preview = choose(coordinator_page).location
    coordinator_page.post(preview)
    response = coordinator_page.get(f"{preview}/refused.csv")
    assert response.mimetype == "text/csv"
    text = response.data.decode("utf-8-sig")
    header, first, second = csv.reader(io.StringIO(text))
    assert header[2:-1] == ["Nama Lengkap", "Kelurahan", "No. HP/WA", "Email", "Jenis Kader"]
    assert first[2].startswith("'=cmd")
    assert second[1:7] == ["4", "Budi", "Atlantis", "0812", "", "PKK"]
    corrected = text.replace("Atlantis", "Yosodadi")
    assert [e.name.name for e in importing.read(corrected.encode(), "b.csv").accepted] == ["Budi"]


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
        (b"a;b\n1;2\n", "kader.csv", "has no table of people"),
        (b"Nama;Kelurahan\n" + b"Ani;Metro\n" * 5000, "kader.csv", "has more than 5000 rows in one sheet"),
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
    assert choose(coordinator_page, b"Nama;Kelurahan\n" + b"x" * 5 * 1024 * 1024).status_code == 413


def test_another_user_cannot_see_the_chosen_file(coordinator_page, current_app_, administrator):
    preview = choose(coordinator_page).location
    other = log_in(current_app_, administrator)
    g.pop("_login_user")  # the tests' application context outlives a request
    assert other.get(preview).status_code == 404
    assert other.post(preview).status_code == 404
    assert other.get(f"{preview}/refused.csv").status_code == 404
    assert how_many() == 0


@pytest.mark.parametrize("key", ["x", "..%2F..%2Foutreach", "a" * 32])
def test_an_invented_key_finds_nothing(coordinator_page, key):
    response = coordinator_page.get(f"/people/import/{key}")
    assert response.status_code == 404


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

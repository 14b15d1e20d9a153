"""Uploaded files are kept byte for byte, under a plain name, and small enough for a backup."""

import hashlib

import pytest

from outreach.extensions import db
from outreach.services import files
from outreach.services.files import UploadTooLarge, plain_name
from outreach.services.operations.backup import archive
from outreach.services.operations.backup.tables import line, tables_of
from tests.world import NOW


def test_a_file_is_kept_byte_for_byte(coordinator):
    kept = files.keep(db.session(), b"%PDF-\x00\xff", "a/b.pdf", "application/pdf", by=coordinator, now=NOW)
    assert (kept.data, kept.size, kept.name) == (b"%PDF-\x00\xff", 7, "b.pdf")
    assert kept.sha256 == hashlib.sha256(b"%PDF-\x00\xff").hexdigest()


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\a\\surat.pdf", "surat.pdf"),
        ("surat\u202efdp.exe", "suratfdp.exe"),  # the sign turns what follows around
        ("a\r\nb\x00.pdf", "ab.pdf"),
        ("", "file"),
        ("..", "file"),
        ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
    ],
)
def test_a_name_has_no_folders_and_nothing_that_hides(given, name):
    assert plain_name(given) == name


def test_what_is_too_large_is_refused(coordinator):
    with pytest.raises(UploadTooLarge):
        files.keep(db.session(), bytes(files.MOST_BYTES + 1), "a.pdf", "application/pdf", by=coordinator, now=NOW)


def test_the_largest_file_fits_into_a_backup(coordinator):
    files.keep(db.session(), bytes(files.MOST_BYTES), "a.pdf", "application/pdf", by=coordinator, now=NOW)
    db.session.commit()
    with db.engine.connect() as connection:
        [table] = [one for one in tables_of(connection) if one.name == "stored_file"]
        [row] = connection.execute(table.clause.select())
        assert len(line(table, row)) < archive.MOST_LINE

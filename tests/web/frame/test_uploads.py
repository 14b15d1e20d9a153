"""Files of staff are scanned like those of strangers, whichever page takes them."""

import io
import re
from pathlib import Path

import pytest

from outreach.extensions import db
from outreach.web.answer_pages.forms import form_token
from tests.servers import clamd
from tests.support.apps import with_settings
from tests.web.reading import text_of

ROOT = Path(__file__).parents[3] / "outreach"


def test_a_sheet_with_a_virus_is_refused_before_its_page_sees_it(current_app_, virus_scanner, administrator_client):
    def choose(text: bytes):
        sheet = (io.BytesIO(b"Nama Lengkap;Kelurahan\nANI WIJAYA;Imopuro\n" + text), "kader.csv")
        return administrator_client.post("/people/import?lang=en", data={"file": sheet, "kind": ""})

    def kept() -> int:
        return len([*Path(current_app_.instance_path).glob("uploads/*.bin")])

    with_settings(current_app_, scanner=virus_scanner.socket)
    refused = choose(clamd.BAD)
    assert refused.status_code == 422
    assert "The virus scanner found something harmful in “kader.csv”." in text_of(refused.text)
    refused = choose(b"ANI WIJAYA;Imopuro\n" * (clamd.MOST_BYTES // 9))
    assert refused.status_code == 422
    assert "The virus scanner cannot examine “kader.csv”" in text_of(refused.text)
    with_settings(current_app_, scanner="127.0.0.1:1")
    refused = choose(b"")
    assert refused.status_code == 503
    assert "The virus scanner does not answer" in text_of(refused.text)
    assert kept() == 0
    db.session.rollback()  # the tests' session reads as it was before the refusals
    shown = text_of(administrator_client.get("/security-events?lang=en").text)
    assert "File or mail with a virus refused" in shown
    assert clamd.NAME in shown
    with_settings(current_app_, scanner=virus_scanner.socket)
    assert choose(b"").status_code == 302
    assert kept() == 1


@pytest.mark.parametrize(
    "path", ["data", "stop", "feedback/1", "materials/1", "materials/1/about", "away/calendar", "confirm-address"]
)
def test_without_a_true_link_nothing_is_scanned(current_app_, phone, path):
    with_settings(current_app_, scanner="127.0.0.1:1")
    made_up = "m" * 38
    sent = {"csrf_token": form_token(made_up), "file": [(io.BytesIO(b"x"), "a.pdf") for _ in range(12)]}
    assert phone.post(f"/j/{made_up}/{path}", data=sent).status_code == 404


def test_a_page_without_a_login_that_takes_no_file_has_none_scanned(current_app_, phone):
    with_settings(current_app_, scanner="127.0.0.1:1")
    token = re.findall(r'name="csrf_token"[^>]* value="([^"]+)"', phone.get("/reset").text)[0]
    sent = {"csrf_token": token, "email": "nobody@example.com", "file": (io.BytesIO(b"x"), "a.pdf")}
    assert phone.post("/reset", data=sent).status_code in {200, 302}


def test_no_page_reads_a_body_past_the_scanner():
    """Only the phone at the door sends something else than a form: lines of text, which are read as JSON."""
    past = re.compile(r"unscanned_files|request\.(?:stream|data\b|get_data)|wsgi\.input")
    found = {
        path.relative_to(ROOT).as_posix() for path in (ROOT / "web").rglob("*.py") if past.search(path.read_text())
    }
    assert found == {
        "web/door/scans.py",
        "web/frame/bodies.py",  # throws it away
        "web/frame/clean_request.py",
        "web/frame/request.py",  # names of files
    }

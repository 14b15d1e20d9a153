"""A template can do no harm: it reads no file, asks no network, and does not run for ever. Its errors name the line."""

import contextlib
import json
import socket
import subprocess
import sys
import threading

import pytest

from outreach.delivery.documents import turns, typeset, typst_process
from outreach.delivery.documents.turns import DocumentsBusy
from outreach.delivery.documents.typeset import MAIN, TemplateTooSlow, TemplateWrong
from tests.world import NOW


@pytest.fixture
def press():
    with typeset.press() as running:
        yield running


def refused(press, source):
    with pytest.raises(TemplateWrong) as wrong:
        press.pdf({MAIN: source.encode()}, at=NOW)
    return wrong.value.values["line"], wrong.value.values["said"]


def test_an_error_names_the_line_and_what_is_wrong(press):
    assert refused(press, "Satu\nDua\n#tiga") == (3, "unknown variable: tiga")
    assert refused(press, "= Judul\n#let x = (1") == (2, "unclosed delimiter")


def test_after_an_error_the_process_goes_on(press):
    refused(press, "#satu")
    assert press.pdf({MAIN: b"Dua"}, at=NOW).startswith(b"%PDF-")


@pytest.mark.parametrize(
    "source",
    [
        '#read("/etc/passwd")',
        '#read("../../../../../../etc/passwd")',
        '#read("/proc/self/environ")',
        '#image("/usr/share/pixmaps/debian-logo.png")',
        '#include "/etc/hostname"',
        '#import "/etc/hostname": *',
        '#json("/etc/hostname")',
        '#plugin("/bin/true")',
    ],
)
def test_no_file_is_read(press, source):
    line, said = refused(press, source)
    assert line == 1
    assert "root:" not in said
    assert press.pdf({MAIN: b"Dua"}, at=NOW).startswith(b"%PDF-")


def test_a_file_that_lies_in_the_working_folder_is_not_read_either(press, tmp_path, monkeypatch):
    (tmp_path / "rahasia.txt").write_text("rahasia")
    monkeypatch.chdir(tmp_path)
    with typeset.press() as here:
        assert refused(here, '#read("rahasia.txt")')[0] == 1
        assert refused(here, f'#read("{tmp_path}/rahasia.txt")')[0] == 1


def test_no_package_is_fetched_even_where_a_proxy_leads_out():
    asked = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def listen():
            with contextlib.suppress(OSError):
                server.accept()[0].close()
                asked.append("a connection")

        listener = threading.Thread(target=listen)
        listener.start()
        source = b'#import "@preview/cetz:0.3.4": *'
        job = {"format": "pdf", "ppi": 0, "timestamp": 0, "files": [[MAIN, len(source)]], "keep": []}
        done = subprocess.run(
            [sys.executable, "-I", typst_process.__file__],
            input=json.dumps(job).encode() + b"\n" + source,
            env={"HTTPS_PROXY": f"http://127.0.0.1:{server.getsockname()[1]}"},
            capture_output=True,
            check=True,
        )
        server.shutdown(socket.SHUT_RDWR)
        listener.join()
    assert json.loads(done.stdout.partition(b"\n")[2])["line"] == 1
    assert asked == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "source",
    [
        "#for a in range(100000) { for b in range(100000) { let c = a * b } }",
        '#let grow = "x" * 1000\n#for n in range(60) { grow = grow + grow }\n#grow',
    ],
)
def test_a_template_that_never_ends_is_stopped(monkeypatch, source):
    monkeypatch.setattr(typeset, "WITHIN_S", 3.0)
    with typeset.press() as here, pytest.raises((TemplateTooSlow, TemplateWrong)):
        here.pdf({MAIN: source.encode()}, at=NOW)


def test_a_loop_without_end_is_told_as_such(press):
    assert refused(press, "Satu\n#while true {}") == (2, "condition is always true")


def test_a_stopped_process_says_so_from_then_on(press):
    press.close()
    with pytest.raises((TemplateTooSlow, ValueError)):
        press.pdf({MAIN: b"Satu"}, at=NOW)


def test_at_most_two_are_made_at_once_and_a_third_is_asked_to_wait(monkeypatch):
    monkeypatch.setattr(turns, "WAITS_S", 0.01)
    with turns.turn(), turns.turn(), pytest.raises(DocumentsBusy, match="wait a moment"), typeset.press():
        pass
    with turns.turn():
        pass

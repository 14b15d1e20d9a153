"""`outreach serve` and `outreach worker` as a user starts and stops them."""

import json
import os
import select
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import click
import pytest
from click.testing import CliRunner
from structlog.testing import capture_logs

from outreach import create_app
from outreach.cli import main
from outreach.cli.serve.bodies import Bounded, make_server
from outreach.cli.serve.command import free_port, reserved, with_port
from outreach.cli.serve.connections import household
from outreach.settings import Settings, SettingsError, load
from tests.servers.smtp import free_port as any_port
from tests.support.apps import SECRET, settings_for
from tests.world import until

pytestmark = [pytest.mark.any_day, pytest.mark.slow]

ROOT = Path(__file__).parents[2]


SERVE_OR_WORKER = (
    "import sys; from outreach.cli.commands import serve, worker; {'serve': serve, 'worker': worker}[sys.argv.pop(1)]()"
)


def start(
    folder: Path,
    *arguments: str,
    program: str = SERVE_OR_WORKER,
    log: int | IO[bytes] = subprocess.PIPE,
    **settings: str,
) -> subprocess.Popen:
    environment = {**os.environ, "OUTREACH_INSTANCE": str(folder), "OUTREACH_SECRET_KEY": SECRET, **settings}
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments], cwd=ROOT, env=environment, stderr=log, text=True
    )


def answers(port: int, seconds: float = 300) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2) as answer:
                return answer.status == 200
        except OSError:
            time.sleep(0.1)
    return False


@dataclass
class Pages:
    """Pages that a process serves, and the file in which its log is."""

    port: int
    log: Path


CRASHING = """
from outreach.cli import commands
from outreach.cli.serve import command
made = command.made

def broken(settings):
    app = made(settings)
    answer = app.wsgi_app

    def crashing(environ, start):
        if "crash" in environ["QUERY_STRING"]:
            raise RuntimeError
        return answer(environ, start)

    app.wsgi_app = crashing
    return app

command.made = broken
commands.serve()
"""


@pytest.fixture(scope="module")
def pages(office_folder, tmp_path_factory) -> Iterator[Pages]:
    """The pages by `outreach serve`, with an address that crashes outside of Flask."""
    port, log = any_port(), tmp_path_factory.mktemp("serve") / "log"
    with log.open("wb") as writing:
        process = start(
            office_folder, "--no-engine", "--port", str(port), program=CRASHING, log=writing, OUTREACH_UPLOAD_LIMIT_MB="1",
            OUTREACH_PROXIES="0",
        )  # fmt: skip
    try:
        assert answers(port)
        yield Pages(port, log)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=300)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_shows_pages_and_stops_quietly(own_office_folder, number):
    port = any_port()
    process = start(own_office_folder, "serve", "--port", str(port))
    try:
        assert answers(port)
    finally:
        process.send_signal(number)
    _, said = process.communicate(timeout=300)
    assert process.returncode == 0
    assert [json.loads(line)["event"] for line in said.splitlines()] == [f"Outreach is at http://localhost:{port}"]


def test_a_worker_stops_quietly(own_office_folder):
    process = start(own_office_folder, "worker")
    assert "looking for due mails" in json.loads(process.stderr.readline())["event"]
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=300)
    assert process.returncode == 0
    assert "Traceback" not in said


def test_serving_without_a_secret_key_is_refused_with_a_message(own_office_folder):
    done = CliRunner(env={"OUTREACH_INSTANCE": str(own_office_folder), "OUTREACH_SECRET_KEY": ""}).invoke(
        main, ["serve"]
    )
    assert (done.exit_code, type(done.exception)) == (1, SystemExit)
    assert "OUTREACH_SECRET_KEY is missing" in done.output


def test_a_port_in_use_gives_a_clear_message_and_another_port(capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        found = free_port("127.0.0.1", port)
    assert found > port
    assert f"Port {port} is in use" in capsys.readouterr().err


def test_a_foreign_address_is_reported():
    with pytest.raises(click.ClickException):
        free_port("192.0.2.1", 8000)


def test_links_follow_the_port_only_on_this_machine():
    assert with_port(Settings(base_url="http://localhost:8000"), 8000, 8003).base_url == "http://localhost:8003"
    assert with_port(Settings(base_url="https://undangan.example"), 8000, 8003).base_url == "https://undangan.example"


def post(port: int, megabytes: int) -> tuple[int, str]:
    """Send a file of the given size to the login, whose form accepts none."""
    body = b"x" * (megabytes * 1024 * 1024)
    with socket.create_connection(("127.0.0.1", port), timeout=300) as connection:
        head = (
            f"POST /login?lang=en HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {len(body)}\r\n"
        )
        connection.sendall(head.encode() + b"Content-Type: application/x-www-form-urlencoded\r\n\r\n" + body)
        said = b""
        while more := connection.recv(65536):
            said += more
    return int(said.split()[1]), said.decode()


def test_a_too_large_file_gets_a_message_and_no_broken_connection(pages):
    status, page = post(pages.port, 50)
    assert status == 413
    assert "Nothing was changed. At most 64 KB can be sent here." in page


def metrics_status(port: int, **headers: str) -> int:
    asked = urllib.request.Request(f"http://127.0.0.1:{port}/metrics", headers=headers)  # noqa: S310
    try:
        with urllib.request.urlopen(asked, timeout=300) as answer:  # noqa: S310
            return answer.status
    except urllib.error.HTTPError as refused:
        return refused.code


def test_the_metrics_are_not_given_through_a_proxy_on_this_machine_that_no_setting_names(pages):
    assert metrics_status(pages.port) == 200
    for header in ("X-Forwarded-For", "X-Forwarded-Proto", "Forwarded", "X-Real-IP", "Via"):
        assert metrics_status(pages.port, **{header: "for=203.0.113.9"}) == 403


def test_the_length_of_a_too_large_body_is_known_and_little_of_it_is_kept():
    body = Bounded(overflow=4, most=6)
    for part in (b"123", b"456", b"7", b"89"):
        body.append(part)
    assert (len(body), body.getfile().read()) == (9, b"123456")


def test_pages_are_shown_while_many_connections_are_kept_open(pages):
    """Twenty browsers keep this many open; with waitress's own limit of 100, others waited until some ended."""
    with ExitStack() as kept:
        for _number in range(150):
            kept.enter_context(socket.create_connection(("localhost", pages.port), timeout=300)).sendall(b"GET / HT")
        assert answers(pages.port)


def test_pages_are_shown_while_one_address_opens_more_connections_than_there_are(pages):
    """Four hundred slow connections from one address kept others out. Now an address loses its oldest beyond 100."""
    with ExitStack() as kept:
        opened = []
        for _number in range(420):
            opened.append(kept.enter_context(socket.create_connection(("127.0.0.1", pages.port), timeout=300)))
            opened[-1].sendall(b"GET / HT")
        assert answers(pages.port)
        ended = [has_ended(connection, within=60.0) for connection in opened[:321]]
        ended += [has_ended(connection) for connection in opened[321:]]
    assert ended == [True] * 321 + [False] * 99  # one more was closed to make room for the check whether it is answered


def has_ended(connection: socket.socket, *, within: float = 0.0) -> bool:
    """Return whether the server closes it within so many seconds; the server sends nothing before a request is complete."""
    if not select.select([connection], [], [], within)[0]:
        return False
    with suppress(ConnectionError):
        return connection.recv(1) == b""
    return True


@contextmanager
def serving(app, **options: int) -> Iterator[int]:
    """Serve the app from a thread, as `serve` does, on the yielded port."""
    server = make_server(app, 5 * 1024 * 1024, host="127.0.0.1", port=0, threads=2, cleanup_interval=1, **options)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield int(server.effective_port)
    finally:
        server.close()
        server.task_dispatcher.shutdown()
        thread.join()


@pytest.mark.parametrize("drop", [b"a", b"\r\n"], ids=["of a header", "between requests"])
def test_a_connection_with_a_dripping_request_is_closed(app, drop):
    with (
        serving(app, channel_timeout=1) as port,
        socket.create_connection(("127.0.0.1", port), timeout=300) as connection,
    ):
        if drop == b"a":
            connection.sendall(b"GET / HTTP/1.1\r\nX: ")
        with suppress(ConnectionError):
            while not has_ended(connection):
                connection.sendall(drop)
                time.sleep(0.1)


def test_a_slow_upload_that_makes_progress_is_waited_for(app, office):
    """In total it takes longer than the limit for a connection without progress."""
    piece, count, patience_s = b"x" * 4_000, 16, 4
    head = f"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: {count * len(piece)}\r\n\r\n"
    with serving(app, channel_timeout=patience_s) as port, ExitStack() as kept:
        connection = kept.enter_context(socket.create_connection(("127.0.0.1", port), timeout=300))
        began = time.monotonic()
        connection.sendall(head.encode())
        for _number in range(count):
            connection.sendall(piece)
            time.sleep(0.4)
        assert time.monotonic() - began > patience_s + 1
        assert connection.recv(12) == b"HTTP/1.1 400"  # read to its end, and answered that its form has expired


@pytest.mark.parametrize(("most", "left"), [(2, [False, True, True]), (0, [True, True, True])])
def test_behind_a_proxy_one_address_may_have_any_number_of_connections(app, most, left):
    with serving(app, most_of_one=most) as port, ExitStack() as kept:
        opened = []
        for _number in range(3):
            opened.append(kept.enter_context(socket.create_connection(("127.0.0.1", port), timeout=300)))
            opened[-1].sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert opened[-1].recv(8) == b"HTTP/1.1"
            while select.select([opened[-1]], [], [], 0.2)[0] and opened[-1].recv(65536):
                pass
        assert [not has_ended(connection) for connection in opened] == left


def test_an_ipv6_address_counts_by_its_network():
    assert household("2001:db8:1:2::1") == household("2001:db8:1:2:ffff::9") != household("2001:db8:1:3::1")
    assert household("192.0.2.1") != household("192.0.2.2")


@pytest.mark.parametrize("around", [b"5;", b"0\r\nA: "], ids=["before a chunk", "after the last"])
def test_endless_framing_around_a_chunked_body_is_refused(pages, around):
    """Otherwise it was kept until its end, filled the memory, and blocked everybody's pages."""
    head = b"POST /login HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    sent, said = 0, b""
    with socket.create_connection(("localhost", pages.port), timeout=300) as connection, suppress(ConnectionError):
        connection.sendall(head + around)
        while sent < 100 and not select.select([connection], [], [], 0.01)[0]:
            connection.sendall(b"a" * 8192)
            sent += 1
        said = connection.recv(65536)
    assert answers(pages.port)
    assert sent < 100
    assert said.startswith((b"HTTP/1.1 431", b"HTTP/1.0 431"))


def test_files_created_by_the_commands_are_for_their_own_user_only(tmp_path):
    folder = tmp_path / "instance"
    done = CliRunner(env={"OUTREACH_INSTANCE": str(folder), "OUTREACH_SECRET_KEY": SECRET}).invoke(
        main, ["db", "upgrade"]
    )
    assert done.exit_code == 0
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.glob("outreach.db")} == {
        "outreach.db": 0o600
    }


def test_the_app_does_not_start_without_its_templates(tmp_path, monkeypatch):
    monkeypatch.setattr("outreach.TEMPLATES", tmp_path)
    with pytest.raises(SettingsError, match="pip install -e"):
        create_app(settings_for(tmp_path))


def test_https_without_a_proxy_gives_a_warning(tmp_path):
    with capture_logs() as events:
        create_app(settings_for(tmp_path, base_url="https://undangan.example"))
        create_app(settings_for(tmp_path, base_url="https://undangan.example", proxies=1))
    assert [event["log_level"] for event in events] == ["warning"]
    assert "OUTREACH_PROXIES=1" in events[0]["event"]


def test_a_reserved_port_is_taken_until_its_pages_are_served(app, office):
    with reserved("127.0.0.1", any_port()) as listening:
        port = listening.getsockname()[1]
        assert free_port("127.0.0.1", port) > port
        server = make_server(app, 1024, sockets=[listening])
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        assert answers(port)
        server.close()


@pytest.mark.parametrize("given", ["kantor", "./kantor", "~/kantor"])
def test_a_relative_instance_folder_counts_from_the_working_folder(tmp_path, monkeypatch, given):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("OUTREACH_INSTANCE", given)
    monkeypatch.setenv("OUTREACH_SECRET_KEY", SECRET)
    settings = load()
    assert (settings.instance, settings.sqlalchemy_url) == (
        tmp_path / "kantor", f"sqlite:///{tmp_path / 'kantor' / 'outreach.db'}",
    )  # fmt: skip
    assert create_app(settings).instance_path == str(tmp_path / "kantor")


TOKENS = ("Ab3dEf6h_jKlMnOpQrStUvWxYz0123456789ab", "zYxWvUtSrQpOnMlKjIhGfEdCbA9876543210zy")


def test_waitress_log_leaves_out_tokens(pages):
    """Flask logs its own errors. Waitress logs those outside of it, with the address that was asked for."""
    before = pages.log.read_text()
    for address in (f"/j/{TOKENS[0]}?crash", f"/feeds/{TOKENS[1]}.ics?crash"):
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(f"http://127.0.0.1:{pages.port}{address}", timeout=300)
    said = pages.log.read_text().removeprefix(before)
    events = [json.loads(line)["event"] for line in said.splitlines()]
    assert events == ["Exception while serving /j/…", "Exception while serving /feeds/….ics"]


@pytest.fixture(scope="module")
def gunicorn(office_folder, tmp_path_factory) -> Iterator[Pages]:
    """The pages by gunicorn, as docs/deploy says, with an address that crashes outside of Flask."""
    folder, port = tmp_path_factory.mktemp("gunicorn"), any_port()
    (folder / "crashing.py").write_text(
        "from wsgi import app as outreach\n"
        "def app(environ, start):\n"
        "    if 'crash' in environ['QUERY_STRING']: raise RuntimeError\n"
        "    return outreach(environ, start)\n"
    )
    environment = {
        **os.environ, "OUTREACH_INSTANCE": str(office_folder), "OUTREACH_SECRET_KEY": SECRET,
        "PYTHONPATH": os.pathsep.join((str(folder), str(ROOT))),
    }  # fmt: skip
    command = ["--config", "docs/deploy/gunicorn.conf.py", "--bind", f"127.0.0.1:{port}", "crashing:app"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", *command], cwd=ROOT, env=environment, stdout=log, stderr=log
        )
    try:
        assert answers(port)
        yield Pages(port, folder / "log")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=300)


def test_gunicorns_log_leaves_out_tokens(gunicorn):
    for address in (f"/j/{TOKENS[0]}/away", f"/feeds/{TOKENS[1]}.ics", f"/j/{TOKENS[0]}?crash", "/people?q=ani"):
        asked = urllib.request.Request(
            f"http://127.0.0.1:{gunicorn.port}{address}", headers={"Referer": f"http://localhost/j/{TOKENS[1]}"}
        )
        with suppress(OSError):
            urllib.request.urlopen(asked, timeout=60).close()
    # A request is logged after its answer is sent, one after the other.
    assert until(lambda: '"path": "/people"' in gunicorn.log.read_text())
    said = gunicorn.log.read_text()
    lines = [json.loads(line) for line in said.splitlines()]
    requests = {(line["method"], line["path"]) for line in lines if line["event"] == "request"}
    assert {("GET", "/j/…/away"), ("GET", "/feeds/….ics"), ("GET", "/people")} <= requests
    [crashed] = [line for line in lines if line["event"].startswith("Error handling request")]
    assert (crashed["event"], crashed["error"]) == ("Error handling request GET /j/…?crash", "RuntimeError")
    assert [token for token in (*TOKENS, "q=ani") if token in said] == []


def test_gunicorn_takes_no_part_of_the_address_from_a_header_that_a_proxy_may_pass_on(gunicorn):
    statuses = []
    for address, prefix in (("/login", "/outside"), ("/outside/livez", "/outside"), ("/livez", "")):
        asked = urllib.request.Request(f"http://127.0.0.1:{gunicorn.port}{address}", headers={"SCRIPT_NAME": prefix})
        try:
            with urllib.request.urlopen(asked, timeout=60) as answer:
                statuses.append(answer.status)
        except urllib.error.HTTPError as refused:
            statuses.append(refused.code)
    assert statuses == [200, 404, 200]
    assert [line for line in gunicorn.log.read_text().splitlines() if "Control socket" in line] == []

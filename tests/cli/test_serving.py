"""`outreach serve` and `outreach worker` as a user starts and stops them."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import click
import pytest

from outreach.cli.serving import free_port, with_port
from outreach.settings import Settings
from tests.conftest import SECRET
from tests.delivery.smtp_server import free_port as any_port

ROOT = Path(__file__).parents[2]


def start(app, *arguments: str, **environment: str) -> subprocess.Popen:
    environment = {
        **os.environ,
        "OUTREACH_INSTANCE": str(app.extensions["outreach"].instance),
        "OUTREACH_SECRET_KEY": SECRET,
        **environment,
    }
    program = "import sys; from outreach.cli.serving import serve, worker; {'serve': serve, 'worker': worker}[sys.argv.pop(1)]()"
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments], cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True
    )


def answers(port: int, seconds: float = 20) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2) as answer:
                return answer.status == 200
        except OSError:
            time.sleep(0.1)
    return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_shows_pages_and_ends_quietly(app, office, number):
    port = any_port()
    process = start(app, "serve", "--port", str(port))
    try:
        assert answers(port)
    finally:
        process.send_signal(number)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 0
    assert f"http://localhost:{port}" in said
    assert "Traceback" not in said


def test_a_worker_ends_quietly(app, office):
    process = start(app, "worker")
    assert "looking for due mails" in process.stderr.readline()
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "Traceback" not in said


def test_serving_without_a_secret_key_refuses_with_a_sentence(app):
    process = start(app, "serve", OUTREACH_SECRET_KEY="")
    _, said = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "OUTREACH_SECRET_KEY is missing" in said
    assert "Traceback" not in said


def test_a_port_in_use_gives_a_clear_line_and_another_port(capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        found = free_port("127.0.0.1", port)
    assert found > port
    assert f"Port {port} is in use" in capsys.readouterr().err


def test_an_address_that_is_not_ours_is_said_so():
    with pytest.raises(click.ClickException):
        free_port("192.0.2.1", 8000)


def test_links_follow_the_port_only_on_this_machine():
    assert with_port(Settings(base_url="http://localhost:8000"), 8000, 8003).base_url == "http://localhost:8003"
    assert with_port(Settings(base_url="https://undangan.example"), 8000, 8003).base_url == "https://undangan.example"

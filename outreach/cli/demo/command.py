"""`outreach demo`: creates secret, tables and people in instance/demo/, then runs pages, scheduler and an SMTP server."""

import dataclasses
import secrets
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import click
from flask import Flask

from outreach import clock, create_app, settings
from outreach.cli import STARTED_S
from outreach.cli.data import migrations
from outreach.cli.demo import guide, soon
from outreach.cli.demo.load import SOON, Moment, Prepared, bring_to_life, prepare
from outreach.cli.serve.command import reserved, serve_app
from outreach.delivery.demo_server.server import DemoServer
from outreach.engines.embedded import EmbeddedEngine
from outreach.settings import Settings
from outreach.web.overview import PLAYS_PAST

HOST = "127.0.0.1"
TICK_S = 2.0
READY_WITHIN_S = 60.0
REMINDER_COMES = "A reminder falls due in half a minute; look into the mailbox."
COMPLETE = "complete"  # this file exists if loading was completed


def demo(port: int, fresh: bool) -> None:
    """Show the whole product with made-up people, on this machine only."""
    folder = settings.instance_folder() / "demo"
    if folder.exists() and not fresh and not all((folder / name).exists() for name in (COMPLETE, guide.FILE)):
        click.echo("The demo was stopped before all of it was loaded, so it begins again.")
        fresh = True
    if fresh:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    moment = Moment(clock.now)
    with (  # from here on no other program can take the port that is printed below
        reserved(HOST, port) as listening,
        DemoServer(HOST, 0, folder / "mailbox", now=moment) as demo_server,
    ):
        taken = int(listening.getsockname()[1])
        app = create_app(demo_settings(folder, taken, demo_server.port))
        with app.app_context():
            try:
                migrations.upgrade()
            except migrations.MadeByNewer:
                raise click.ClickException(
                    "This demo was made by a newer version of Outreach. FRESH=1 (or --fresh) begins again."
                ) from None
            prepared = prepare(now=clock.now()) if migrations.is_empty() else None
            if prepared is not None:
                guide.keep(folder, prepared)
                guide.show_refused(prepared)
            guide.show(folder, f"http://localhost:{taken}")
        with _life(app, folder, prepared, moment), _saying_ready(taken):
            serve_app(app, HOST, taken, engine=False, listening=listening)


def demo_settings(folder: Path, port: int, smtp_port: int) -> Settings:
    """Return settings that use only `folder` and this machine, whatever the environment says."""
    defaults = Settings(instance=folder)
    return dataclasses.replace(
        defaults,
        secret_key=_secret(folder),
        base_url=f"http://localhost:{port}",
        demo=True,
        mail_server=HOST,
        mail_port=smtp_port,
        mail_sender="DP3AP2KB Kota Metro <undangan@example.com>",
        tick_s=TICK_S,
    )


def _secret(folder: Path) -> str:
    path = folder / "secret"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(48), "ascii")
    return path.read_text("ascii").strip()


@contextmanager
def _saying_ready(port: int) -> Iterator[None]:
    """Print when the pages answer."""

    def wait() -> None:
        while time.monotonic() - STARTED_S < READY_WITHIN_S:
            with suppress(OSError), socket.create_connection((HOST, port), timeout=READY_WITHIN_S) as asking:
                asking.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")  # the port is bound long before anybody answers
                if not asking.recv(1):
                    continue
                click.echo(f"  Ready after {time.monotonic() - STARTED_S:.1f} s. Stop with Ctrl+C.")
                return
            time.sleep(0.05)

    threading.Thread(target=wait, name="ready", daemon=True).start()
    yield


@contextmanager
def _life(app: Flask, folder: Path, prepared: Prepared | None, moment: Moment) -> Iterator[None]:
    """Bring a new demo to life behind the pages, then run the engine until the end."""
    stopping = threading.Event()
    app.config[PLAYS_PAST] = prepared is not None

    def live() -> None:
        if prepared is not None:
            with app.app_context():
                bring_to_life(prepared, moment)
            app.config[PLAYS_PAST] = False
            (folder / COMPLETE).touch()
            click.echo(f"  The invitations are out, and answers have come in. {REMINDER_COMES}")
        else:
            with app.app_context():
                if soon.remind_again(clock.now() + SOON, now=clock.now()):
                    click.echo(f"  {REMINDER_COMES}")
        with EmbeddedEngine(app):
            stopping.wait()

    thread = threading.Thread(target=live, name="demo", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join(timeout=10 if (folder / COMPLETE).exists() else 0)

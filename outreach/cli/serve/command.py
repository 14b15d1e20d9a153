"""`outreach serve` (pages, ticks and sending in one process) and `outreach worker` (ticks and sending, without pages)."""

import dataclasses
import errno
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from queue import Empty, SimpleQueue
from types import FrameType
from urllib.parse import urlsplit

import click
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from outreach import create_app, logs
from outreach.cli.data import migrations
from outreach.cli.serve.bodies import make_server
from outreach.engines import job_queue
from outreach.engines.embedded import EmbeddedEngine
from outreach.engines.loop import keep_loaded
from outreach.settings import Settings, SettingsError, how_to_install, load

PORTS_TO_TRY = 50
MOST_CONNECTIONS = 400  # a browser opens six; each may use two file descriptors, of the usual 1024 per process
MOST_OF_ONE = 100  # limit of one address if there is no proxy: sixteen browsers
IDLE_S = 60  # an idle connection is closed after this time, to make room for others
LONGEST_WAIT_S = 1.0


def serve(host: str, port: int, threads: int, engine: bool) -> None:
    """Show the pages, and send what is due."""
    settings = loaded()
    reserved(host, port, move_on=False).close()  # a reverse proxy leads to this port and to no other
    app = made(with_port(settings, port, port))
    with app.app_context():
        migrations.make_sure(create=True)
        if migrations.is_empty():
            logs.say("No office is set up in this database yet. Run, beside this:  outreach init")
    logs.say(f"Outreach is at {app.extensions['outreach'].base_url}", aside="stop with Ctrl+C")
    serve_app(app, host, port, threads=threads, engine=engine)


def worker(jobs: int | None, queues: tuple[str, ...]) -> None:
    """Look for due mails and send them, without showing pages. On PostgreSQL any number may run, on any machines."""
    app = made(loaded(), pages=False)
    with app.app_context():
        migrations.make_sure()
    stopped: SimpleQueue[None] = SimpleQueue()  # unlike an Event's lock, it is never held when a signal arrives
    with _on_signals(lambda: stopped.put(None)), worker_engine(app, jobs, queues):
        logs.say(f"Worker {os.getpid()} is looking for due mails", aside="stop with Ctrl+C")
        while True:  # a signal that comes just before the wait begins does not end it, so no wait lasts long
            with suppress(Empty):
                stopped.get(timeout=LONGEST_WAIT_S)
                return


def worker_engine(app: Flask, jobs: int | None = None, queues: Sequence[str] = ()) -> AbstractContextManager[object]:
    """Return the engine for the database: sharing a queue on PostgreSQL, otherwise one that works alone.

    Raise ClickException if the queue's tables are missing or old, or if an option has no meaning here.
    """
    if not job_queue.usable(app.extensions["outreach"]):
        if jobs or queues:
            raise click.ClickException(
                "--jobs and --queue are for workers that share PostgreSQL: set OUTREACH_DATABASE_URL, and install with  "
                + how_to_install("postgresql")
            )
        return EmbeddedEngine(app)
    from outreach.engines import distributed

    with app.app_context():
        try:
            current = job_queue.is_current()
        except (job_queue.UnknownTables, SQLAlchemyError):
            current = False
    if not current:
        raise click.ClickException(
            "The database cannot be reached, or the job queue's tables in it are missing or old. Run: outreach db upgrade"
        )
    return distributed.QueueEngine(app, jobs=jobs or 1, queues=queues)


def serve_app(
    app: Flask,
    host: str,
    port: int,
    *,
    threads: int = 8,
    engine: bool = True,
    listening: socket.socket | None = None,
) -> None:
    """Serve the app until SIGTERM or Ctrl+C. Then finish the running requests and the mails being sent.

    listening: a socket that is bound to the port already.
    """
    settings: Settings = app.extensions["outreach"]
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    logging.getLogger("waitress").addFilter(logs.WithoutTokens())
    server = make_server(
        app,
        max(settings.upload_limit_mb, settings.photos_limit_mb) * 1024 * 1024,
        most_of_one=0 if settings.proxies else MOST_OF_ONE,
        **({"sockets": [listening]} if listening else {"host": host, "port": port}),
        threads=threads,
        ident=None,
        connection_limit=MOST_CONNECTIONS,
        channel_timeout=IDLE_S,
        clear_untrusted_proxy_headers=False,  # ProxyFix reads them with proxies; /metrics refuses requests that have them
    )
    with EmbeddedEngine(app) if engine else nullcontext(), _on_signals(_leave):
        server.run()  # ends by SystemExit from the signal, after the threads have finished
    server.close()


def free_port(host: str, wanted: int) -> int:
    """Return `wanted`, or the next free port with a message. Raise ClickException as `reserved` does."""
    with reserved(host, wanted) as listening:
        return int(listening.getsockname()[1])


def reserved(host: str, wanted: int, *, move_on: bool = True) -> socket.socket:
    """Return a socket that listens on `wanted`, or on the next free port with a message. No other program can take it then.

    move_on: whether another port will do. Raise ClickException if none is free, or if the address is not ours.
    """
    for port in range(wanted, min(wanted + (PORTS_TO_TRY if move_on else 1), 65536)):
        listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        try:
            if sys.platform != "win32":
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((host, port))
            listening.listen()
        except OSError as error:
            listening.close()
            if error.errno not in (errno.EADDRINUSE, errno.EACCES, getattr(errno, "WSAEADDRINUSE", None)):
                raise click.ClickException(
                    f"Cannot listen on {host}: {error.strerror}. Choose another --host."
                ) from None
            if not move_on:
                raise click.ClickException(_unavailable(host, port, error)) from None
            continue
        if port != wanted:
            click.echo(f"Port {wanted} is in use by another program; taking {port} instead.", err=True)
        return listening
    raise click.ClickException(f"No port from {wanted} on is free. Choose another with --port.")


def _unavailable(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EACCES:
        return f"This user may not listen on port {port}. Choose one from 1024 on with --port, behind a reverse proxy."
    return f"Port {port} of {host} is in use by another program, perhaps by a second outreach serve. Stop it, or choose a --port."


def with_port(settings: Settings, wanted: int, taken: int) -> Settings:
    """Return the settings with base_url set to the port in use, if it pointed to this machine."""
    url = urlsplit(settings.base_url)
    if url.hostname in ("localhost", "127.0.0.1") and url.scheme == "http" and url.port in (wanted, 8000):
        return dataclasses.replace(settings, base_url=f"http://{url.hostname}:{taken}")
    return settings


def loaded() -> Settings:
    try:
        return load()
    except SettingsError as error:
        raise click.ClickException(str(error)) from None


def made(settings: Settings, *, pages: bool = True) -> Flask:
    try:
        app = create_app(settings, pages=pages)
    except SettingsError as error:
        raise click.ClickException(str(error)) from None
    keep_loaded()
    return app


def _leave() -> None:
    sys.exit(0)


@contextmanager
def _on_signals(act: Callable[[], object]) -> Iterator[None]:
    """Call `act` on SIGTERM and SIGINT. Outside the main thread, which alone receives signals, do nothing."""

    def heard(_number: int, _frame: FrameType | None) -> None:
        act()

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, heard) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

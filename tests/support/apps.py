"""Outreach's app for a test: created once per worker, because that takes longer than most tests, and then reset."""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask
from jinja2 import Environment, FileSystemBytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import event

from outreach import _flask_config, create_app, disk_full
from outreach.extensions import db, limiter, prepare_engine
from outreach.settings import Settings
from outreach.web.answer_pages import draw

STATEMENTS = 5000  # the number of compiled SQL statements that are cached
SECRET = "a-secret-for-tests-only-0123456789abcdef"


def settings_for(folder: Path, **values: object) -> Settings:
    return Settings(
        **{
            "secret_key": SECRET,
            "instance": folder,
            "base_url": "http://localhost",
            "rate_login": "1000/minute",
            "rate_storage": "process-memory://",  # the app is made once for both databases
            "rate_answer": "10000/minute",
            "rate_public": "10000/minute",
            "second_factor_for": "",  # a test of the demand switches it on
            "mail_port": 1,  # nothing listens there: a test that sends starts its own server
            **values,
        }
    )


class CompiledTemplates(FileSystemBytecodeCache):
    """Templates of all apps, compiled once for a whole run. An environment that trims blocks has its own."""

    def get_bucket(self, environment: Environment, name: str, filename: str | None, source: str) -> Bucket:
        return super().get_bucket(environment, f"{name}, trimmed: {environment.trim_blocks}", filename, source)


def with_settings(app: Flask, **values: object) -> None:
    """Let the app run with these settings from here on."""
    app.extensions["outreach"] = replace(app.extensions["outreach"], **values)


@dataclass
class _Made:
    """An app, and its state when it was new."""

    app: Flask
    config: dict[str, Any]
    extensions: dict[str, Any]
    storage: object  # where the limits are counted: every new app takes over the extensions, with this store
    addresses: int
    in_use: bool = False

    def is_as_new(self) -> bool:
        return limiter._storage is self.storage and len(self.app.url_map._rules) == self.addresses and not self.in_use


_made: list[_Made] = []


@contextmanager
def app_on(folder: Path, database_url: str = "", clean: Callable[[], None] = lambda: None) -> Iterator[Flask]:
    """Give the app with its instance folder, inside its context, on its own engine; SQLite's file is in the folder.

    clean: called at the end, where the app's session is over.
    """
    settings = settings_for(folder, database_url=database_url)
    if not (_made and _made[0].is_as_new()):
        _made[:] = [_make(settings)]
    made = _made[0]
    made.in_use = True
    _renew(made, settings)
    with made.app.app_context():
        yield made.app
        db.session.remove()
        clean()
        db.engine.dispose()
    made.in_use = False


def _renew(made: _Made, settings: Settings) -> None:
    app = made.app
    app.config.clear()
    app.config.update(copy.copy(made.config), **_flask_config(settings))
    app.config["TESTING"] = True
    app.extensions.clear()
    app.extensions.update(_copied(made.extensions), outreach=settings)
    app.instance_path = str(settings.instance)
    app._got_first_request = False
    app.test_client_class = None
    limiter.reset()
    renew_engine(app)


def _make(settings: Settings) -> _Made:
    limits = limiter.limit_manager._decorated_limits
    for name in [limit for limit in limits if limit.startswith("flask_security.")]:
        del limits[name]  # each create_app sets them again; a test's own strict limits must not apply in later apps
    app = create_app(settings)
    draw._look(app)  # kept with the app: its templates take longer to compile than most tests run
    return _Made(app, dict(app.config), _copied(app.extensions), limiter._storage, len(app.url_map._rules))


def _copied(extensions: dict[str, Any]) -> dict[str, Any]:
    """Return the extensions with copies of what a test or a request changes: dictionaries, and the mail settings."""
    return {
        name: copy.copy(extension) if isinstance(extension, dict) or name == "mail" else extension
        for name, extension in extensions.items()
    }


def renew_engine(app: Flask) -> None:
    """Give the app its own engine, as create_app makes it; values cached for the former engine are not found again.

    It reuses the dialect and the compiled statements of former engines: compiling them takes longer than running them.
    """
    url = sa.make_url(app.config["SQLALCHEMY_DATABASE_URI"])
    first = _first_engine(app, url.drivername)
    pool = first.pool.recreate()
    arguments, named = first.dialect.create_connect_args(url)
    pool._creator = lambda _record=None: first.dialect.connect(*arguments, **named)
    engine = sa.Engine(pool, first.dialect, url, hide_parameters=first.hide_parameters)
    engine._compiled_cache = first._compiled_cache
    engines = db._app_engines[app]
    engines[None].dispose()
    engines[None] = engine
    prepare_engine(engine)
    disk_full.watch(engine)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _in_no_need_of_the_disk)


@contextmanager
def in_database(app: Flask, url: str) -> Iterator[None]:
    """Let the app use another database for a while, or the same one as another user."""
    settings, before = app.extensions["outreach"], app.config["SQLALCHEMY_DATABASE_URI"]
    db.session.remove()
    app.extensions["outreach"] = replace(settings, database_url=url)
    app.config["SQLALCHEMY_DATABASE_URI"] = app.extensions["outreach"].sqlalchemy_url
    renew_engine(app)
    try:
        yield
    finally:
        db.session.remove()
        app.extensions["outreach"], app.config["SQLALCHEMY_DATABASE_URI"] = settings, before
        renew_engine(app)


_first_engines: dict[str, sa.Engine] = {}


def _first_engine(app: Flask, driver: str) -> sa.Engine:
    """Return a worker's first engine of a kind, which has connected once."""
    if driver not in _first_engines:
        options = {
            "query_cache_size": STATEMENTS,
            **app.config["SQLALCHEMY_ENGINE_OPTIONS"],
            "url": app.config["SQLALCHEMY_DATABASE_URI"],
        }
        db._apply_driver_defaults(options, app)
        _first_engines[driver] = db._make_engine(None, options, app)
        _first_engines[driver].connect().close()
        _first_engines[driver].dispose()
    return _first_engines[driver]


def _in_no_need_of_the_disk(connection: Any, _record: Any) -> None:
    """Switch off durability: no test's data has to survive a power cut."""
    connection.execute("PRAGMA synchronous = OFF")

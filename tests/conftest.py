"""Fixtures that all tests share: an app on SQLite (and on PostgreSQL), named people, a query counter, fixed dates."""

import gc
import os
import shutil
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import flask_security.core
import hypothesis
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from outreach import clock, create_app, rate_store
from outreach.delivery.documents import returned_pdf, turns, typeset
from outreach.delivery.documents.word import render
from outreach.delivery.pictures import scale
from outreach.domain.kinds import CadreKind, Role, Sector, StaffRole
from outreach.extensions import db
from outreach.models import Activity, Office, Organisation, Person, Programme, User, Venue
from outreach.queries import bell
from outreach.services.absences import parse
from outreach.services.directory import workbook
from outreach.services.inbox import waiting
from outreach.services.reminders import rules
from outreach.services.reminders import tick as reminding
from tests.servers import clamd, dovecot
from tests.servers.smtp import Server
from tests.support import apps, postgresql, selection, shared, wall_clock
from tests.support.apps import settings_for
from tests.support.copied import Postgresql, Sqlite, begin, copied, end, is_copied
from tests.world import (
    NOW,
    StandingClock,
    a_cadre,
    a_hall,
    a_person,
    a_programme,
    account,
    an_office,
    an_organisation,
    day_asked_for,
    draft_activity,
    invitation_of,
    invite,
    invite_organisation,
    log_in,
    publish,
    send_through,
    stop_clock,
    store_regions,
)

MAILBOX_NUMBERS = count(1)
LIMITS = (
    (parse, "READ_WITHIN_S"), (workbook, "READ_WITHIN_S"), (returned_pdf, "READ_WITHIN_S"), (scale, "WITHIN_S"),
    (render, "WITHIN_S"), (typeset, "WITHIN_S"), (typeset, "STARTS_WITHIN_S"), (turns, "WAITS_S"),
)  # fmt: skip


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "browser: needs Chromium")
    config.addinivalue_line("markers", "postgresql: runs on PostgreSQL")
    config.addinivalue_line("markers", "slow: takes seconds; left out of `make test QUICK=1`")
    config.addinivalue_line("markers", "any_day: takes its days from the clock, which DAY sets (`make test DAY=...`)")
    config.addinivalue_line("markers", "true_clock: compares Outreach's clock with the machine's, so it is not set")
    wall_clock.install()
    gc.disable()  # while thousands of tests are collected nothing becomes garbage
    # A password's hash is slow on purpose; tests do not need that.
    flask_security.core._default_config["PASSWORD_HASH_PASSLIB_OPTIONS"] = {
        "argon2__time_cost": 1, "argon2__memory_cost": 8, "argon2__parallelism": 1,
    }  # fmt: skip
    # A machine with other work is sometimes slow; that is no failure of a test.
    hypothesis.settings.register_profile(
        "outreach", deadline=None, print_blob=True, suppress_health_check=[hypothesis.HealthCheck.too_slow]
    )
    hypothesis.settings.load_profile("outreach")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the dearest tests of a quick run, and spread the dear ones of a large run over its workers."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "0"))
    if seconds := selection.seconds_of():
        most = selection.QUICK_S * max(workers, 1)
        taken = selection.cheap(items, lambda item: seconds.get(selection.named(item.nodeid)), most)
        kept = set(taken)
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = taken
    if workers:
        items[:] = selection.spread(items, workers, lambda item: item.nodeid.partition("::")[0], _is_dear)


def _is_dear(item: pytest.Item) -> bool:
    return item.nodeid.startswith(selection.DEAR) or item.get_closest_marker("slow") is not None


def pytest_collection_finish() -> None:
    """Exclude lasting objects from garbage collection: modules, tests and their parameters.

    After that it looks for garbage seldom: by Python's own threshold of 700 new objects it took a sixteenth of the tests' time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Set the clock under test to Monday 4 January 2027, 08.00, or for tests of any day to the requested day."""
    if item.get_closest_marker("true_clock"):
        wall_clock.set_right()
    else:
        wall_clock.set_to(day_asked_for() if item.get_closest_marker("any_day") else NOW)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef, request: pytest.FixtureRequest) -> Iterator[None]:
    """Let every fixture but pytest's own find in the database what the fixtures before it have stored, no more."""
    takes_no_part = fixturedef.scope == "function" and not is_copied(fixturedef.func)
    if takes_no_part and not fixturedef.func.__module__.startswith("_pytest."):
        end(request.node)
        value = yield
        if "monkeypatch" in fixturedef.argnames and not isinstance(value, StandingClock):
            end(request.node, for_good=True)
        return value
    return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    end(item)


@pytest.fixture(autouse=True)
def own_umask():
    """Commands set the umask of their process (outreach/cli). A later test's Postfix could not enter its own folders."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture(scope="session", autouse=True)
def _compiled_templates(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep compiled templates for every app of every worker: compiling them took a third of the answer pages' tests."""
    folder = shared.folder_of_run(tmp_path_factory) / "compiled-templates"
    folder.mkdir(exist_ok=True)
    Flask.jinja_options = {"bytecode_cache": apps.CompiledTemplates(str(folder))}


@pytest.fixture(scope="session", autouse=True)
def _patience() -> None:
    """Wait for a process longer than users do: a busy machine may need that. A test of a limit sets its own."""
    for module, limit in LIMITS:
        setattr(module, limit, 300.0)


@pytest.fixture(scope="session")
def _postgresql_server() -> Iterator[str]:
    with postgresql.server() as uri:
        yield uri


@pytest.fixture
def postgresql_server(_postgresql_server: str) -> str:
    """The URI of a real PostgreSQL, whose clock is the one under test."""
    postgresql.set_clock(_postgresql_server)
    return _postgresql_server


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template")
    app = create_app(settings_for(folder), pages=False)
    with app.app_context():
        db.create_all()
        with db.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        db.engine.dispose()
    return folder / "outreach.db"


@pytest.fixture
def app(request: pytest.FixtureRequest, tmp_path: Path, _sqlite_template: Path) -> Iterator[Flask]:
    """The app on an empty SQLite database, inside an application context."""
    file = tmp_path / "outreach.db"
    shutil.copy(_sqlite_template, file)
    with apps.app_on(tmp_path) as app:
        begin(request.node, app, Sqlite(file, _sqlite_template))
        yield app


@pytest.fixture(scope="session")
def _postgresql_tables(_postgresql_server: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    app = create_app(settings_for(tmp_path_factory.mktemp("pgapp"), database_url=_postgresql_server), pages=False)
    with app.app_context():
        db.create_all()
        rate_store.make_table()
        db.engine.dispose()
    postgresql.run(_postgresql_server, *postgresql.RIGHTS)
    return _postgresql_server


@pytest.fixture
def postgresql_app(
    request: pytest.FixtureRequest, tmp_path: Path, postgresql_server: str, _postgresql_tables: str
) -> Iterator[Flask]:
    """The app on an empty PostgreSQL database, inside an application context."""

    def empty() -> None:
        with postgresql.own_connection(postgresql_server).transaction():
            postgresql.empty(postgresql.own_connection(postgresql_server))

    with apps.app_on(tmp_path, postgresql.of_pages(postgresql_server), clean=empty) as app:
        empty()  # a test without this fixture may have left rows
        begin(request.node, app, Postgresql(postgresql_server))
        yield app


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def any_app(request: pytest.FixtureRequest) -> Flask:
    """The app on each of the two databases in turn. Use it before fixtures that fill the database."""
    return request.getfixturevalue("app" if request.param == "sqlite" else "postgresql_app")


@pytest.fixture
def current_app_(request: pytest.FixtureRequest) -> Flask:
    """Whichever app the test uses; SQLite's if it uses none."""
    return request.getfixturevalue("any_app" if "any_app" in request.fixturenames else "app")


@copied
def regions(current_app_: Flask) -> None:
    """Kota Metro with two kecamatan and three kelurahan."""
    store_regions()


@copied
def office(regions: None) -> Office:
    return an_office()


@copied
def default_rules(office: Office) -> None:
    """The reminders that every office starts with."""
    rules.install_defaults(now=NOW)


@copied
def coordinator(office: Office) -> User:
    return account(StaffRole.COORDINATOR, "Coordinator")


@copied
def administrator(office: Office) -> User:
    return account(StaffRole.ADMINISTRATOR, "Administrator")


@copied
def viewer(office: Office) -> User:
    return account(StaffRole.VIEWER, "Viewer")


@copied
def coordinator_client(current_app_: Flask, coordinator: User) -> FlaskClient:
    return log_in(current_app_, coordinator)


@copied
def administrator_client(current_app_: Flask, administrator: User) -> FlaskClient:
    return log_in(current_app_, administrator)


@copied
def viewer_client(current_app_: Flask, viewer: User) -> FlaskClient:
    return log_in(current_app_, viewer)


@copied
def hall(office: Office) -> Venue:
    return a_hall()


@copied
def programme(office: Office) -> Programme:
    return a_programme()


@copied
def activity(programme: Programme, hall: Venue) -> Activity:
    """A draft on Monday 18 January 2027, 08.00–12.00 WIB, in a hall for 100."""
    return draft_activity(programme, hall)


@copied
def ani(office: Office) -> Person:
    """A cadre of Imopuro."""
    return a_cadre("Ani Wijaya", CadreKind.PATBM, "18.72.01.1003")


@copied
def budi(office: Office) -> Person:
    """A cadre of Yosodadi."""
    return a_cadre("Budi Santoso", CadreKind.PKK, "18.72.04.1001")


@copied
def police(office: Office) -> Organisation:
    return an_organisation("Polres Metro", sector=Sector.POLICE, email="polres@example.com", region_code="18.72")


@copied
def chief(police: Organisation) -> Person:
    """The police chief, known by post only."""
    return a_person("", post="Kapolres Metro", organisation=police, email="kapolres@example.com", phone="")


@copied
def published(activity: Activity, ani: Person, coordinator: User) -> Activity:
    """The activity, published, with Ani invited. Her mail is written by the next tick."""
    invite(activity, ani, by=coordinator)
    publish(activity, by=coordinator, tick=False)
    return activity


@pytest.fixture
def anis_invitation_id(published: Activity, ani: Person) -> int:
    return invitation_of(published, ani).id


@copied
def chief_and_police_invited(programme: Programme, hall: Venue, chief: Person, police: Organisation) -> Activity:
    """A published activity. The chief speaks, the police have two seats; their mails are due."""
    activity = draft_activity(programme, hall)
    publish(activity, tick=False)
    invite(activity, chief, role=Role.SPEAKER)
    invite_organisation(activity, police)
    reminding.tick(NOW)
    return activity


@pytest.fixture
def sending_settings() -> dict[str, object]:
    """The settings with which `server` sends. A folder or a module has its own by a fixture of this name."""
    return {}


@pytest.fixture
def server(current_app_: Flask, sending_settings: dict[str, object]) -> Iterator[Server]:
    """A mail server that the app sends through."""
    with Server() as server:
        send_through(current_app_, server, **sending_settings)
        yield server


@pytest.fixture(scope="session")
def imap_server() -> Iterator[dovecot.Dovecot]:
    """A real Dovecot. A test that needs it is skipped where it is not installed."""
    if dovecot.PROGRAM is None:
        pytest.skip("Dovecot is not installed (Debian: apt-get install dovecot-imapd)")
    with dovecot.Dovecot() as server:
        yield server


@pytest.fixture(scope="session")
def virus_scanner() -> Iterator[clamd.Clamd]:
    """A real clamd, which finds clamd.BAD. A test that needs it is skipped where it is not installed."""
    if clamd.PROGRAM is None:
        pytest.skip("clamd is not installed (Debian: apt-get install clamav-daemon)")
    with clamd.Clamd() as server:
        yield server


@pytest.fixture
def mailbox(imap_server: dovecot.Dovecot) -> dovecot.Dovecot:
    """The server, with an empty mailbox of its own user."""
    imap_server.user = f"undangan{next(MAILBOX_NUMBERS)}"
    return imap_server


@pytest.fixture
def clock_stands(monkeypatch: pytest.MonkeyPatch) -> StandingClock:
    """Outreach's clock stands at Monday 4 January 2027, 08.00, to the microsecond, until the test sets its `now`."""
    return stop_clock(monkeypatch)


@pytest.fixture
def statements(current_app_: Flask) -> Iterator[Callable[[Callable[[], object]], list[str]]]:
    """Return a function that runs an action and returns its SQL statements."""
    executed: list[str] = []

    def keep(_connection, _cursor, statement, *_rest):
        executed.append(statement)

    event.listen(db.engine, "before_cursor_execute", keep)

    def run(action: Callable[[], object]) -> list[str]:
        db.session.remove()
        waiting.count_again()  # each page counts the waiting mails, unless another did so a moment ago
        bell.count_unseen(0, now=clock.now())  # each page shows the bell, which another page read a moment ago
        db.session.remove()
        executed.clear()
        action()
        return list(executed)

    yield run
    event.remove(db.engine, "before_cursor_execute", keep)


@pytest.fixture
def queries(statements: Callable[[Callable[[], object]], list[str]]) -> Callable[[Callable[[], object]], int]:
    """Return a function that runs an action and returns its number of SQL statements."""
    return lambda action: len(statements(action))

"""Fixtures that all tests share: an app on SQLite (and on PostgreSQL), named people, a query counter, fixed dates."""

import gc
import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import flask_security.core
import hypothesis
import pytest
import sqlalchemy as sa
from flask import Flask
from flask_security.utils import hash_password
from sqlalchemy import event

from outreach import clock, create_app
from outreach.domain.kinds import ActivityKind, CadreKind, Sector, StaffRole
from outreach.extensions import db
from outreach.models import AccountRole, Activity, Cadre, Office, Organisation, Person, Programme, Region, User, Venue
from outreach.queries import bell
from outreach.services.inbox import waiting
from outreach.services.reminders import rules
from tests.support import apps, postgresql, wall_clock
from tests.support.apps import SECRET, settings_for  # noqa: F401  for those who ask here

JAKARTA = ZoneInfo("Asia/Jakarta")
NOW = datetime(2027, 1, 4, 1, 0, tzinfo=UTC)  # Monday 4 January 2027, 08.00 WIB
AT_ANY_HOUR = {"mails_from": time(0), "mails_until": time(0)}  # an office without quiet hours; tests run at any hour
PASSWORD = "bukan-rahasia-2027"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "browser: needs Chromium")
    config.addinivalue_line("markers", "postgresql: runs on PostgreSQL")
    config.addinivalue_line("markers", "slow: takes seconds; left out of `make test QUICK=1`")
    config.addinivalue_line("markers", "any_day: takes its days from the clock, which DAY sets (`make test DAY=...`)")
    config.addinivalue_line("markers", "true_clock: compares Outreach's clock with the machine's, so it is not set")
    wall_clock.install()
    # A password's hash is slow on purpose; tests do not need that.
    flask_security.core._default_config["PASSWORD_HASH_PASSLIB_OPTIONS"] = {
        "argon2__time_cost": 1, "argon2__memory_cost": 8, "argon2__parallelism": 1,
    }  # fmt: skip
    # A machine with other work is sometimes slow; that is no failure of a test.
    hypothesis.settings.register_profile(
        "outreach", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
    )
    hypothesis.settings.load_profile("outreach")


def pytest_collection_finish() -> None:
    """Exclude lasting objects from garbage collection: modules, tests and their parameters."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Set the clock under test to Monday 4 January 2027, 08.00, or for tests of any day to the requested day."""
    if item.get_closest_marker("true_clock"):
        wall_clock.set_right()
    else:
        wall_clock.set_to(day_asked_for() if item.get_closest_marker("any_day") else NOW)


def day_asked_for() -> datetime:
    """Return TESTS_DAY ("2028-02-29T08:00", in Metro's time), or Monday 4 January 2027, 08.00."""
    asked = os.environ.get("TESTS_DAY")
    return datetime.fromisoformat(asked).replace(tzinfo=JAKARTA) if asked else NOW


def at(day: int, hour: int = 8, minute: int = 0, *, month: int = 1, year: int = 2027) -> datetime:
    """Return an instant in Metro's time: at(18) is Monday 18 January 2027, 08.00 WIB."""
    return datetime(year, month, day, hour, minute, tzinfo=JAKARTA)


class Wall:
    """The wall clock that pages read, fixed where a test sets it."""

    def __init__(self) -> None:
        self.stands_at = at(5)

    def now(self) -> datetime:
        return self.stands_at


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
    app = create_app(settings_for(folder))
    with app.app_context():
        db.create_all()
        with db.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        db.engine.dispose()
    return folder / "outreach.db"


@pytest.fixture
def app(tmp_path: Path, _sqlite_template: Path) -> Iterator[Flask]:
    """The app on an empty SQLite database, inside an application context."""
    shutil.copy(_sqlite_template, tmp_path / "outreach.db")
    with apps.app_on(tmp_path) as app:
        yield app


@pytest.fixture(scope="session")
def _postgresql_tables(_postgresql_server: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    app = create_app(settings_for(tmp_path_factory.mktemp("pgapp"), database_url=_postgresql_server))
    with app.app_context():
        db.create_all()
        db.engine.dispose()
    return _postgresql_server


@pytest.fixture
def postgresql_app(tmp_path: Path, postgresql_server: str, _postgresql_tables: str) -> Iterator[Flask]:
    """The app on an empty PostgreSQL database, inside an application context."""

    def empty() -> None:
        with db.engine.begin() as connection:
            postgresql.empty(connection)

    with apps.app_on(tmp_path, postgresql_server, clean=empty) as app:
        yield app


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def any_app(request: pytest.FixtureRequest) -> Flask:
    """The app on each of the two databases in turn. Use it before fixtures that fill the database."""
    return request.getfixturevalue("app" if request.param == "sqlite" else "postgresql_app")


@pytest.fixture
def current_app_(request: pytest.FixtureRequest) -> Flask:
    """Whichever app the test uses; SQLite's if it uses none."""
    return request.getfixturevalue("any_app" if "any_app" in request.fixturenames else "app")


@pytest.fixture
def regions(current_app_: Flask) -> None:
    """Kota Metro with two kecamatan and three kelurahan."""
    for code, name in (
        ("18", "Lampung"),
        ("18.72", "Kota Metro"),
        ("18.72.01", "Metro Pusat"),
        ("18.72.04", "Metro Timur"),
        ("18.72.01.1001", "Metro"),
        ("18.72.01.1003", "Imopuro"),
        ("18.72.04.1001", "Yosodadi"),
    ):
        parent = code.rpartition(".")[0] or None
        db.session.add(Region(code=code, name=name, level=code.count(".") + 1, parent_code=parent))
        db.session.flush()
    db.session.commit()


@pytest.fixture
def office(regions: None) -> Office:
    office = Office(
        name="Dinas Pemberdayaan Perempuan, Perlindungan Anak, Pengendalian Penduduk dan KB Kota Metro",
        short_name="DP3AP2KB Kota Metro",
        region_code="18.72",
        email="dp3ap2kb@example.com",
        phone="+62725000001",
        contact_name="Bidang PPA",
        contact_phone="+6281200000001",
        zone=JAKARTA,
        **AT_ANY_HOUR,
    )
    db.session.add(office)
    db.session.commit()
    return office


@pytest.fixture
def default_rules(office: Office) -> None:
    """The reminders that every office starts with."""
    rules.install_defaults(now=NOW)


def account(role: StaffRole, name: str) -> User:
    found = db.session.scalar(sa.select(AccountRole).where(AccountRole.name == role.value)) or AccountRole(
        name=role.value
    )
    user = User(
        email=f"{role.value}@example.com",
        name=name,
        password=_hashed(),
        fs_uniquifier=f"{role.value}-{name}".ljust(32, "x")[:64],
        active=True,
        locale="en",
        roles=[found],
    )
    db.session.add(user)
    db.session.commit()
    return user


@cache
def _hashed() -> str:
    return hash_password(PASSWORD)


@pytest.fixture
def coordinator(office: Office) -> User:
    return account(StaffRole.COORDINATOR, "Coordinator")


@pytest.fixture
def administrator(office: Office) -> User:
    return account(StaffRole.ADMINISTRATOR, "Administrator")


@pytest.fixture
def viewer(office: Office) -> User:
    return account(StaffRole.VIEWER, "Viewer")


def log_in(app: Flask, user: User):
    """Return a test client that is logged in as `user`; it needs no CSRF tokens."""
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    with client.session_transaction() as session:
        session["_user_id"] = user.fs_uniquifier
        session["_fresh"] = True
    return client


@pytest.fixture
def coordinator_client(current_app_: Flask, coordinator: User):
    return log_in(current_app_, coordinator)


@pytest.fixture
def administrator_client(current_app_: Flask, administrator: User):
    return log_in(current_app_, administrator)


@pytest.fixture
def viewer_client(current_app_: Flask, viewer: User):
    return log_in(current_app_, viewer)


@pytest.fixture
def hall(office: Office) -> Venue:
    venue = Venue(
        name="Aula Bappeda", address="Jl. Jenderal Sudirman, Metro", capacity=100, region_code="18.72.01.1001"
    )
    db.session.add(venue)
    db.session.commit()
    return venue


@pytest.fixture
def programme(office: Office) -> Programme:
    programme = Programme(
        title="Empat hari penguatan perlindungan perempuan dan anak",
        public_title="Rangkaian kegiatan Januari",
        starts_on=date(2027, 1, 18),
        ends_on=date(2027, 1, 21),
        zone=JAKARTA,
    )
    db.session.add(programme)
    db.session.commit()
    return programme


def draft_activity(programme: Programme | None, venue: Venue | None, day: int = 18, **values: object) -> Activity:
    """Store and return a draft on a day of January 2027, 08.00 to 12.00 WIB."""
    activity = Activity(
        **{
            "programme": programme,
            "kind": ActivityKind.COORDINATION,
            "title": "Rapat koordinasi pencegahan kekerasan",
            "public_title": "Rapat koordinasi lintas sektor",
            "zone": JAKARTA,
            "starts_at": at(day, 8),
            "ends_at": at(day, 12),
            "registration_at": at(day, 7, 30),
            "respond_by_at": at(day - 2, 16),
            "venue": venue,
            **values,
        }
    )
    db.session.add(activity)
    db.session.commit()
    return activity


@pytest.fixture
def activity(programme: Programme, hall: Venue) -> Activity:
    """A draft on Monday 18 January 2027, 08.00–12.00 WIB, in a hall for 100."""
    return draft_activity(programme, hall)


def a_person(name: str, **values: object) -> Person:
    email = name.lower().split()[0] + "@example.com"
    person = Person(**{"name": name, "email": email, "phone": "+6281234567890", **values})
    db.session.add(person)
    db.session.commit()
    return person


@pytest.fixture
def ani(office: Office) -> Person:
    """A cadre of Imopuro."""
    person = a_person("Ani Wijaya", region_code="18.72.01.1003")
    db.session.add(Cadre(person=person, kind=CadreKind.PATBM, region_code="18.72.01.1003"))
    db.session.commit()
    return person


@pytest.fixture
def budi(office: Office) -> Person:
    """A cadre of Yosodadi."""
    person = a_person("Budi Santoso", region_code="18.72.04.1001")
    db.session.add(Cadre(person=person, kind=CadreKind.PKK, region_code="18.72.04.1001"))
    db.session.commit()
    return person


@pytest.fixture
def police(office: Office) -> Organisation:
    organisation = Organisation(
        name="Polres Metro", sector=Sector.POLICE, email="polres@example.com", region_code="18.72"
    )
    db.session.add(organisation)
    db.session.commit()
    return organisation


@pytest.fixture
def chief(police: Organisation) -> Person:
    """The police chief, known by post only."""
    person = Person(name="", post="Kapolres Metro", organisation=police, email="kapolres@example.com")
    db.session.add(person)
    db.session.commit()
    return person


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


def minutes(count: int) -> timedelta:
    return timedelta(minutes=count)

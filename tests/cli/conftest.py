"""The demo, loaded once on a fixed day through a real SMTP server, for all tests that only read it."""

import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import copyfile, copytree
from types import SimpleNamespace

import pytest

from outreach import create_app
from outreach.cli.data import migrations
from outreach.cli.demo.command import demo_settings
from outreach.cli.demo.load import Moment, load
from outreach.delivery.demo_server.server import DemoServer
from outreach.domain.kinds import StaffRole
from outreach.extensions import db
from tests.cli.databases import LOADED_AT, app_on, new_postgresql
from tests.support import apps
from tests.support.shared import made_once
from tests.world import account, an_office, store_regions


@pytest.fixture(scope="session")
def _loaded_demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    folder = tmp_path_factory.mktemp("demo")
    copytree(made_once(tmp_path_factory, "loaded-demo", _load_demo), folder, dirs_exist_ok=True)
    app = create_app(demo_settings(folder, 8000, 1))
    prepared = pickle.loads((folder / "prepared").read_bytes())  # noqa: S301  written by another worker
    yield SimpleNamespace(app=app, prepared=prepared, mailbox=folder / "mailbox", folder=folder)
    with app.app_context():
        db.engine.dispose()


def _load_demo(folder: Path) -> None:
    moment = Moment(lambda: LOADED_AT)
    with DemoServer("127.0.0.1", 0, folder / "mailbox", now=moment) as demo_server:
        app = create_app(demo_settings(folder, 8000, demo_server.port))
        apps.renew_engine(app)
        with app.app_context():
            migrations.upgrade()
            prepared = load(moment)
            db.session.remove()
            _write_to_file()
            db.engine.dispose()
    (folder / "prepared").write_bytes(pickle.dumps(prepared))


@pytest.fixture
def loaded_demo(_loaded_demo: SimpleNamespace) -> Iterator[SimpleNamespace]:
    """The loaded demo, inside its app context; do not change its data."""
    with _loaded_demo.app.app_context():
        yield _loaded_demo
        db.session.remove()


@pytest.fixture(scope="session")
def upgraded_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with all tables, created once by the migrations: copy it where a test needs its own."""
    return made_once(tmp_path_factory, "upgraded", _upgrade) / "outreach.db"


@pytest.fixture(scope="session")
def _upgraded_postgresql(_postgresql_server: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a database on PostgreSQL with all tables, created once by the migrations."""
    with app_on(tmp_path_factory.mktemp("upgraded"), new_postgresql(_postgresql_server, "upgraded")):
        migrations.upgrade()
    return "upgraded"


@pytest.fixture
def upgraded(request: pytest.FixtureRequest, upgraded_file: Path) -> Callable[..., str]:
    """Return a function that makes a database as the migrations do, without a row, and gives its URL.

    On SQLite it lies in the folder, and the URL is "". Forty migrations take as long as most tests: it copies what they made.
    """
    made = []

    def url(folder: Path, kind: str = "sqlite") -> str:
        if kind == "sqlite":
            folder.mkdir(exist_ok=True)
            copyfile(upgraded_file, folder / "outreach.db")
            return ""
        made.append(kind)
        server, template = map(request.getfixturevalue, ("postgresql_server", "_upgraded_postgresql"))
        return new_postgresql(server, f"upgraded{len(made)}", template)

    return url


@pytest.fixture(scope="session")
def office_file(upgraded_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with an office and a coordinator: copy it for processes that work on it."""

    def make(folder: Path) -> None:
        copyfile(upgraded_file, folder / "outreach.db")
        with apps.app_on(folder):
            store_regions()
            an_office()
            account(StaffRole.COORDINATOR, "Coordinator")
            _write_to_file()

    return made_once(tmp_path_factory, "office", make) / "outreach.db"


@pytest.fixture(scope="module")
def office_folder(office_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The instance folder of an office, for a process without an engine that several tests ask."""
    folder = tmp_path_factory.mktemp("office")
    copyfile(office_file, folder / "outreach.db")
    return folder


@pytest.fixture
def own_office_folder(office_file: Path, tmp_path: Path) -> Path:
    """The instance folder of an office, for the processes of one test."""
    copyfile(office_file, tmp_path / "outreach.db")
    return tmp_path


def _upgrade(folder: Path) -> None:
    with app_on(folder):
        migrations.upgrade()
        _write_to_file()


def _write_to_file() -> None:
    """Write what the journal still has into SQLite's file, so that the file alone can be copied."""
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

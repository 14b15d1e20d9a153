"""What an administrator meets in the first hour: a database that refuses, old tables, a taken port, settings left behind."""

import getpass
import re
import socket
import sqlite3
import time
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from psycopg import OperationalError
from sqlalchemy.exc import OperationalError as WrappedError

from outreach import logs, settings
from outreach.cli import main
from outreach.cli.serve import command
from outreach.engines import job_queue
from outreach.services.operations.database_faults import sentence
from outreach.settings import Settings
from tests.servers.smtp import free_port
from tests.support import postgresql
from tests.support.apps import SECRET

pytestmark = [pytest.mark.true_clock, pytest.mark.slow]

INIT = ["init", "--office", "Dinas Contoh", "--short-name", "Dinas", "--city", "18.72", "--contact-name", "A",
        "--contact-phone", "0725000001", "--name", "Rina", "--email", "rina@example.com"]  # fmt: skip
ADD = ["user", "add", "--name", "Rina", "--email", "rina@example.com", "--role", "viewer"]
COMMANDS = [["serve"], ["worker"], INIT, ADD, ["db", "upgrade"], ["db", "current"], ["backup"]]


def run(folder: Path, *arguments: str, **values: str) -> tuple[int, str]:
    """Run a command with these settings; return its exit code and all it wrote. An uncaught error fails the test."""
    environment = {"OUTREACH_INSTANCE": str(folder), "OUTREACH_SECRET_KEY": SECRET, "OUTREACH_DATABASE_URL": ""}
    environment |= {f"OUTREACH_{name.upper()}": value for name, value in values.items()}
    port = ("--port", f"{free_port()}") if arguments == ("serve",) else ()  # a demo may run on the usual one
    done = CliRunner().invoke(main, [*arguments, *port], env=environment)
    assert isinstance(done.exception, SystemExit | None), done.exception
    return done.exit_code, done.output


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_database_that_does_not_answer_is_told_in_one_sentence(tmp_path, command):
    code, said = run(tmp_path, *command, database_url=f"postgresql://rina:rahasia@127.0.0.1:{free_port()}/outreach")
    assert code == 1
    assert said.splitlines()[-1].startswith("Error: The database “outreach” on 127.0.0.1 as rina cannot be used: ")
    assert said.endswith("Start the PostgreSQL server, or correct host and port in OUTREACH_DATABASE_URL.\n")
    assert "rahasia" not in said
    assert "?" not in said


@pytest.mark.postgresql
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("wrong", [{"username": "nobody_here"}, {"database": "nothing_here"}], ids=["role", "database"])
def test_a_wrong_role_or_database_is_told_in_one_sentence(tmp_path, postgresql_server, command, wrong):
    url = sa.make_url(postgresql_server).set(**wrong).render_as_string(hide_password=False)
    code, said = run(tmp_path, *command, database_url=url)
    assert code == 1
    assert "cannot be used: " in said.splitlines()[-1]
    assert said.endswith("Make that user and its database (createuser, createdb), or correct OUTREACH_DATABASE_URL.\n")


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        ('FATAL:  password authentication failed for user "rina"', "Correct the password in OUTREACH_DATABASE_URL"),
        ("fe_sendauth: no password supplied", "Correct the password in OUTREACH_DATABASE_URL"),
        ('FATAL:  Peer authentication failed for user "rina"', "Run this as the system's user of the same name"),
        ("FATAL:  connection requires a valid client certificate", "Name the certificate and its key"),
        ("[Errno -2] Name or service not known", "correct host and port"),
    ],
)
def test_the_advice_fits_what_the_server_says(words, advice):
    url = sa.make_url("postgresql+psycopg://rina:rahasia@db.example.com/outreach")
    error = WrappedError(None, None, OperationalError(f"connection failed: {words}"))
    told = sentence(error, url)
    assert told.startswith(
        f"The database “outreach” on db.example.com as rina cannot be used: {' '.join(words.split())}"
    )
    assert advice in told


@pytest.mark.postgresql
def test_on_one_machine_postgresql_takes_the_systems_user_for_the_role_and_needs_no_password(postgresql_server):
    """As docs/operations.md has it: `peer`, over the socket. The pages and the queue sign in alike."""
    me, folder = getpass.getuser(), psycopg.conninfo.conninfo_to_dict(postgresql_server)["host"]
    for statement in (f'CREATE ROLE "{me}" LOGIN', "CREATE ROLE nobody_here LOGIN", "CREATE DATABASE by_peer"):
        postgresql.run(postgresql_server, statement)
    with psycopg.connect(postgresql_server) as connection:
        rules = Path(connection.execute("SHOW hba_file").fetchone()[0])
    before = rules.read_text()
    rules.write_text(f"local by_peer all peer\n{before}")
    postgresql.run(postgresql_server, "SELECT pg_reload_conf()")
    try:
        mine, other = (
            Settings(database_url=f"postgresql://{role}@/by_peer?host={folder}") for role in (me, "nobody_here")
        )
        while _may_sign_in(other):  # until the server has read its rules
            time.sleep(0.02)
        assert _may_sign_in(mine)
        with psycopg.connect(job_queue.conninfo(mine)) as connection:
            assert connection.execute("SELECT current_user").fetchone() == (me,)
    finally:
        rules.write_text(before)
        postgresql.run(
            postgresql_server, "SELECT pg_reload_conf()", "DROP DATABASE by_peer WITH (FORCE)", "DROP ROLE nobody_here",
            f'DROP ROLE "{me}"',
        )  # fmt: skip


@pytest.mark.postgresql
def test_with_the_two_roles_of_the_operations_page_pages_need_no_right_to_change_tables(tmp_path, postgresql_server):
    page = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()
    rights = re.findall(r"^ALTER DEFAULT PRIVILEGES [^;]+", page, re.MULTILINE)
    assert len(rights) == 2
    owner, pages = (
        sa.make_url(postgresql_server).set(username=role, database="by_two").render_as_string(hide_password=False)
        for role in ("owner_of_outreach", "outreach")
    )
    roles = ("CREATE ROLE owner_of_outreach LOGIN", "CREATE ROLE outreach LOGIN")
    try:
        postgresql.run(postgresql_server, *roles, "CREATE DATABASE by_two OWNER owner_of_outreach")
        with psycopg.connect(postgresql_server, dbname="by_two", autocommit=True) as connection:
            for statement in rights:
                connection.execute(statement)
        code, said = run(tmp_path, "db", "upgrade", database_url=pages)
        assert (code, "permission denied for schema public" in said) == (1, True)
        assert "Run this as the role that owns the tables (outreach-service --owner" in said
        assert run(tmp_path, "db", "upgrade", database_url=owner)[0] == 0
        for command in (INIT, ["user", "password", "--email", "rina@example.com"], ["backup", str(tmp_path)]):
            code, said = run(tmp_path, *command, database_url=pages, admin_password="tas-kayu-api-biru")
            assert code == 0, said
        with psycopg.connect(pages.replace("+psycopg", "")) as connection:
            assert connection.execute("SELECT count(*) FROM activity").fetchone() == (0,)
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("DROP TABLE activity")
    finally:
        drop = [
            f"DROP {what}"
            for what in (
                "DATABASE IF EXISTS by_two WITH (FORCE)",
                "ROLE IF EXISTS outreach",
                "ROLE IF EXISTS owner_of_outreach",
            )
        ]
        postgresql.run(postgresql_server, *drop)


def _may_sign_in(settings: Settings) -> bool:
    engine = sa.create_engine(settings.sqlalchemy_url, poolclass=sa.NullPool)
    try:
        engine.connect().close()
    except WrappedError:
        return False
    return True


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """An instance whose tables were made by the first version."""
    run(tmp_path, "db", "upgrade", "0001")
    return tmp_path


@pytest.mark.parametrize("command", [["serve"], ["worker"]], ids=" ".join)
def test_pages_and_workers_refuse_old_tables(old, command):
    code, said = run(old, *command, "--port", str(free_port())) if command == ["serve"] else run(old, *command)
    assert (code, said.splitlines()[-1]) == (
        1, f"Error: The tables are of an older version (0001, not {newest(old)}). Make a backup, then run: outreach db upgrade",
    )  # fmt: skip


def newest(folder: Path) -> str:
    run(folder, "db", "upgrade")
    with sqlite3.connect(folder / "outreach.db") as connection:
        return connection.execute("SELECT version_num FROM alembic_version").fetchone()[0]


def test_a_worker_refuses_a_database_without_tables(tmp_path):
    assert run(tmp_path, "worker") == (1, "Error: The tables are missing in this database. Run: outreach db upgrade\n")


def test_pages_make_the_tables_of_a_new_sqlite_database(tmp_path, monkeypatch):
    monkeypatch.setattr(command, "serve_app", lambda *_arguments, **_options: None)
    monkeypatch.setattr(logs, "on_terminal", lambda: True)
    code, said = run(tmp_path, "serve", "--port", str(free_port()))
    assert (code, "No office is set up in this database yet. Run, beside this:  outreach init" in said) == (0, True)
    assert newest(tmp_path)


@pytest.mark.parametrize("command", [["backup"]], ids=" ".join)
def test_a_command_that_meets_no_tables_says_so(tmp_path, command):
    code, said = run(tmp_path, *command)
    assert code == 1
    assert "outreach db upgrade" in said


def test_a_port_in_use_is_refused_in_production(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, said = run(tmp_path, "serve", "--port", str(port))
    assert code == 1
    assert said.startswith(f"Error: Port {port} of 127.0.0.1 is in use by another program")


@pytest.mark.parametrize("command", [*COMMANDS, ["doctor"]], ids=" ".join)
def test_no_command_leaves_the_services_database_for_one_of_its_own(tmp_path, monkeypatch, command):
    service = tmp_path / "outreach.env"
    monkeypatch.setattr(settings, "SERVICE_FILE", service)
    monkeypatch.setattr(settings, "ROOT", tmp_path)
    for name in ("OUTREACH_INSTANCE", "OUTREACH_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    assert settings.load().sqlalchemy_url.endswith("instance/outreach.db")
    service.write_text("OUTREACH_DATABASE_URL=postgresql://db.example.com/outreach\n")
    done = CliRunner().invoke(main, command, env={"OUTREACH_SECRET_KEY": SECRET})
    assert done.exit_code == 1
    assert f"{service} has the settings of the service on this machine" in done.output
    assert not (tmp_path / "instance").exists()


def test_the_demo_runs_beside_a_service(tmp_path, monkeypatch):
    service = tmp_path / "outreach.env"
    service.touch()
    monkeypatch.setattr(settings, "SERVICE_FILE", service)
    monkeypatch.delenv("OUTREACH_INSTANCE", raising=False)
    assert settings.instance_folder() == settings.ROOT / "instance"


def test_a_folder_that_cannot_be_made_is_told_in_one_sentence(tmp_path):
    (tmp_path / "file").touch()
    code, said = run(tmp_path / "file" / "instance", "db", "upgrade")
    assert code == 1
    assert "OUTREACH_INSTANCE is “" in said

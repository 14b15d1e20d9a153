"""`outreach doctor`, run as a command on a real installation: what works, what does not, and what to do."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask_migrate import upgrade as migrate_upgrade

from outreach import clock, create_app
from outreach.cli import main
from outreach.cli.commands import doctor as command
from outreach.cli.data import migrations
from outreach.extensions import db
from outreach.models import Heartbeat, Office, Region
from outreach.services.operations import checks
from tests.servers.dns import DnsServer
from tests.servers.smtp import Server
from tests.support.apps import SECRET, settings_for
from tests.world import JAKARTA

pytestmark = [pytest.mark.true_clock, pytest.mark.slow]


@pytest.fixture
def set_up(tmp_path: Path, upgraded: Callable[..., str]) -> Path:
    """An office whose engine has just ticked."""
    with create_app(settings_for(tmp_path, database_url=upgraded(tmp_path)), pages=False).app_context():
        db.session.add(Region(code="18.72", name="Kota Metro", level=2))
        db.session.flush()
        db.session.add(Office(name="Dinas Contoh", short_name="Dinas", region_code="18.72", zone=JAKARTA,
                              email="dinas@example.com", contact_name="A", contact_phone="+62725000001"))  # fmt: skip
        db.session.add(Heartbeat(name="a:1", at=clock.now()))
        db.session.commit()
        db.session.remove()
        db.engine.dispose()
    return tmp_path


def environment(instance: Path, **values: object) -> dict[str, str]:
    settings = {"instance": instance, "secret_key": SECRET, "mail_timeout_s": 3, **values}
    return {f"OUTREACH_{name.upper()}": str(value) for name, value in settings.items()}


def doctor(instance: Path, *arguments: str, **values: object) -> tuple[int, str]:
    done = CliRunner().invoke(command, arguments, env=environment(instance, **values))
    assert isinstance(done.exception, SystemExit | None), done.exception
    return done.exit_code, done.stdout


def test_each_part_is_reported_with_advice_and_the_exit_code_says_whether_action_is_needed(set_up):
    with Server() as server:
        values = {"mail_server": "localhost", "mail_port": server.port}
        code, said = doctor(set_up, **values)
        assert server.taken == []
        told = json.loads(doctor(set_up, "--json", **values)[1])
    assert code == 1
    levels = {
        area: [finding["level"] for finding in told if finding["area"] == area]
        for area in {finding["area"] for finding in told}
    }
    assert levels["Database"] == ["ok", "ok", "ok"]
    assert levels["Engine"] == ["ok", "ok"]
    assert levels["Mail server"] == ["ok"] * 4
    assert levels["Mailbox"] == ["warn"]
    assert levels["Domain"] == ["fail"]  # example.com
    assert all(finding["advice"] for finding in told if finding["level"] != "ok")
    for area in (
        "Settings",
        "Database",
        "Engine",
        "Mail server",
        "Mailbox",
        "Domain",
        "Virus scanner",
        "Pages and clock",
        "Libraries",
    ):
        assert f"\n{area}\n" in "\n" + said
    assert (
        "  FAIL  mail_sender is at “example.com”, which is nobody's domain.\n        → Write your office's own" in said
    )
    assert "to be done" in said.splitlines()[-1]


def test_a_working_installation_exits_with_0_and_sends_the_requested_test_mail(set_up):
    records = {("dinas.id", "TXT"): ['"v=spf1 mx -all"'], ("dinas.id", "MX"): ["10 mx.dinas.id."],
               ("_dmarc.dinas.id", "TXT"): ['"v=DMARC1; p=none"']}  # fmt: skip
    with Server() as server, DnsServer(records) as names:
        code, said = doctor(
            set_up, "--send-to", "rina@dinas.id", "--dns", names.address, mail_server="localhost", mail_port=server.port,
            base_url="https://undangan.contoh.invalid", proxies=1, mail_sender="Dinas <undangan@dinas.id>",
        )  # fmt: skip
        assert server.recipients() == ["rina@dinas.id"]
    assert (code, "FAIL" in said) == (0, False)
    assert "DMARC: v=DMARC1; p=none" in said
    assert "The test mail to rina@dinas.id is handed over." in said
    assert said.splitlines()[-1].startswith("0 to be done,")


def test_unreadable_settings_are_reported_in_one_line(tmp_path):
    (tmp_path / "settings.toml").write_text('mail_sever = "x"\n')
    done = CliRunner(env=environment(tmp_path)).invoke(main, ["doctor"])
    assert (done.exit_code, type(done.exception)) == (1, SystemExit)
    assert "has an unknown setting “mail_sever”" in done.stdout


def test_before_set_up_the_first_step_is_reported(tmp_path):
    code, said = doctor(tmp_path, secret_key="")
    assert code == 1
    assert "outreach init" in said
    assert "There is no secret key" in said
    assert not (tmp_path / "outreach.db").exists()


@pytest.fixture
def examined(postgresql_server: str) -> str:
    """The address of a new database, which a role "pages" may use, too."""
    run_sql(
        postgresql_server,
        "DROP DATABASE IF EXISTS examined WITH (FORCE)",
        "CREATE DATABASE examined",
        "DROP ROLE IF EXISTS pages",
        "CREATE ROLE pages LOGIN",
    )
    return sa.make_url(postgresql_server).set(database="examined").render_as_string(hide_password=False)


def run_sql(address: str, *statements: str) -> None:
    engine = sa.create_engine(
        sa.make_url(address).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT"
    )  # fmt: skip
    with engine.connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


def told_of_the_database(folder: Path, **values: object) -> dict[str, tuple[str, str]]:
    """Return level and advice of each sentence about the database."""
    found = json.loads(doctor(folder, "--json", mail_port=1, **values)[1])
    return {
        finding["text"]: (finding["level"], finding["advice"]) for finding in found if finding["area"] == "Database"
    }


@pytest.mark.postgresql
def test_on_postgresql_the_job_queues_tables_are_checked_too(tmp_path, examined):
    where = {"database_url": examined, "rate_storage": "process-memory://"}  # counting has a test of its own
    with create_app(settings_for(tmp_path, **where)).app_context():
        migrate_upgrade()
        before = told_of_the_database(tmp_path, **where)
        migrations.upgrade()
        db.session.remove()
        db.engine.dispose()
    after = told_of_the_database(tmp_path, **where)
    assert before["The job queue's tables are missing or old, so no worker starts."][0] == "fail"
    assert after["The job queue's tables are of the installed Procrastinate."][0] == "ok"


@pytest.mark.postgresql
def test_the_doctor_counts_once_where_the_database_counts_requests(tmp_path, examined):
    """The pages' role owns no table and may make none, as where an administrator upgrades with a role of their own."""
    counting = {"database_url": examined, "rate_storage": "database://"}
    with create_app(settings_for(tmp_path, **counting)).app_context():
        migrate_upgrade()
        missing = told_of_the_database(tmp_path, **counting)
        migrations.upgrade()
        db.session.remove()
        db.engine.dispose()
    run_sql(
        examined,
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO pages",
        "REVOKE ALL ON rate_count FROM pages",
    )
    as_pages = {**counting, "database_url": sa.make_url(examined).set(username="pages").render_as_string()}
    refused = told_of_the_database(tmp_path, **as_pages)
    run_sql(examined, "GRANT SELECT, INSERT, UPDATE, DELETE ON rate_count TO pages")
    fine = told_of_the_database(tmp_path, **as_pages)
    cannot = "Requests cannot be counted in this database: pages that count them, as that to sign in, would fail."
    assert (
        missing[cannot][1]
        == refused[cannot][1]
        == (
            "Run  outreach db upgrade ; if pages use another role than that command, grant it "
            "SELECT, INSERT, UPDATE and DELETE on rate_count."
        )
    )
    assert fine["Web processes count requests together in this database."][0] == "ok"
    with create_app(settings_for(tmp_path, **as_pages)).app_context():
        assert create_app(settings_for(tmp_path, **as_pages)).test_client().get("/login").status_code == 200
        assert db.session.execute(sa.text("SELECT count(*) FROM rate_count WHERE key = 'check'")).scalar() == 0
        migrations.upgrade()  # as each command begins that makes an account
        db.session.remove()
        db.engine.dispose()


@pytest.mark.parametrize(
    ("storage", "level"), [("memory://", "ok"), ("memcached://127.0.0.1:1", "fail"), ("process-memory://", None)]
)
def test_a_shared_storage_of_the_limits_is_tried(tmp_path, storage, level):
    found = list(checks.settings(settings_for(tmp_path, rate_storage=storage)))
    assert [result.level for result in found if "The storage" in result.text] == ([level] if level else [])

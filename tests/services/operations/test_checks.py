"""The doctor's checks report problems in the settings, database, engine, pages and clock."""

import http.server
import sqlite3
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from importlib import metadata
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from flask_migrate import upgrade

from outreach import clock, create_app
from outreach.domain.kinds import Audience, IncomingKind, MailKind
from outreach.domain.mail.failures import ChannelTrouble
from outreach.extensions import current_settings, db
from outreach.models import AuditEntry, Channel, Heartbeat, Reminder
from outreach.services.operations import checks as checking
from outreach.services.operations.checks import storage, versions
from outreach.settings import Settings
from tests.support.apps import SECRET, settings_for
from tests.world import NOW
from tests.world.incoming import blocked, mail
from tests.world.sign_in import recovery_codes_of, with_app

pytestmark = pytest.mark.true_clock

GOOD = Settings(secret_key=SECRET, base_url="https://undangan.example.id", proxies=1)


def told(clashes) -> list[tuple[str, str]]:
    return [(clash.level.value, clash.text) for clash in clashes]


def troubles(clashes) -> list[tuple[str, str]]:
    return [(level, text) for level, text in told(clashes) if level != "ok"]


def test_good_settings_pass(tmp_path):
    assert told(checking.settings(replace(GOOD, instance=tmp_path))) == [
        ("ok", f"The settings can be read; the secret key has {len(SECRET)} characters."),
        ("ok", "Secrets in the environment or in settings.toml: secret_key."),
    ]


@pytest.mark.parametrize(
    ("changed", "level", "words"),
    [
        ({"secret_key": "short"}, "fail", "no secret key, or it is too short"),
        ({"base_url": "http://localhost:8000"}, "fail", "lead each reader to their own machine"),
        ({"base_url": "http://undangan.example.id"}, "warn", "without https"),
        ({"proxies": 0}, "warn", "seem to come from one address"),
        (
            {"database_url": "postgresql://localhost/outreach", "rate_storage": "process-memory://"},
            "warn",
            "each counts tries to log in for itself",
        ),
        ({"demo": True}, "warn", "This is the demo"),
        ({"calendar_own_hosts": "mail.example.id:8443"}, "warn", "even within this network"),
    ],
)
def test_each_unsuitable_setting_is_named(tmp_path, changed, level, words):
    found = troubles(checking.settings(replace(GOOD, instance=tmp_path, **changed)))
    assert [severity for severity, _text in found] == [level]
    assert words in found[0][1]


@pytest.mark.parametrize(
    ("address", "named"),
    [
        ("postgresql://ani@db.example.com/outreach", "db.example.com"),
        ("postgresql://ani@10.0.0.1/outreach?sslmode=require", "10.0.0.1"),
        ("postgresql:///outreach?host=db.example.com,localhost&sslmode=verify-ca", "db.example.com"),
        ("postgresql://ani@db.example.com/outreach?sslmode=verify-full", ""),
        ("postgresql://ani@127.0.0.1/outreach", ""),
        ("postgresql:///outreach?host=/run/postgresql", ""),
        ("postgresql:///outreach", ""),
        ("sqlite:////srv/outreach.db", ""),
    ],
)
def test_a_database_on_another_machine_without_a_checked_certificate_is_reported(tmp_path, monkeypatch, address, named):
    for name in ("PGHOST", "PGSSLMODE"):
        monkeypatch.delenv(name, raising=False)
    settings = replace(GOOD, instance=tmp_path, database_url=address, rate_storage="database://")
    found = troubles(checking.settings(settings))
    assert [level for level, _text in found] == (["warn"] if named else [])
    if named:
        assert f"The database is reached at {named}, and" in found[0][1]
        monkeypatch.setenv("PGSSLMODE", "verify-full")
        assert bool(troubles(checking.settings(settings))) == ("sslmode" in address)


def test_a_settings_file_with_passwords_readable_by_others_is_reported(tmp_path):
    file = tmp_path / "settings.toml"
    file.touch(mode=0o600)
    settings = replace(GOOD, instance=tmp_path)
    assert troubles(checking.settings(settings)) == []
    file.chmod(0o644)
    assert [level for level, _text in troubles(checking.settings(settings))] == ["warn"]


def test_the_files_of_secrets_are_named_and_those_that_everybody_can_read_are_reported(tmp_path, monkeypatch):
    file = tmp_path / "key"
    file.touch(mode=0o640)
    monkeypatch.setenv("OUTREACH_SECRET_KEY_FILE", str(file))
    settings = replace(GOOD, instance=tmp_path)
    assert told(checking.settings(settings))[1:] == [("ok", f"Secrets in files of their own: secret_key ({file}).")]
    file.chmod(0o644)
    assert troubles(checking.settings(settings)) == [
        ("warn", f"Everybody on this machine may read {file}, the file of secret_key.")
    ]


def test_libraries_whose_versions_were_chosen_more_than_ninety_days_ago_are_reported(tmp_path, monkeypatch):
    lock = tmp_path / "requirements.lock"
    monkeypatch.setattr(versions, "LOCK", lock)
    flask = f"flask=={metadata.version('flask')} ; python_version >= '3.11' \\\n    --hash=sha256:0"
    chosen = f"#    make lock, on 2026-12-01\n{flask}\nnone==1\n"
    lock.write_text(chosen)
    for day, levels in ((1, ["ok"]), (2, ["ok", "warn"])):
        found = told(checking.libraries(now=datetime(2027, 3, day, tzinfo=UTC)))
        assert [level for level, _text in found] == levels
        assert found[0][1] == "Their versions were chosen on 01 December 2026: those of requirements.lock."
    lock.write_text(chosen.replace("flask==", "flask==0"))  # another one is installed
    ((level, text),) = told(checking.libraries(now=datetime.now(UTC)))[:1]
    assert (level, text.endswith("the first of them was installed then.")) == ("ok", True)


def test_an_unknown_name_in_the_environment_is_reported_with_the_likely_setting(tmp_path, monkeypatch):
    monkeypatch.setenv("OUTREACH_MAIL_SEVER", "mail.example.com")
    monkeypatch.setenv("OUTREACH_COPY_TO", "postgresql://db/outreach")
    assert troubles(checking.settings(replace(GOOD, instance=tmp_path))) == [
        ("warn", "OUTREACH_MAIL_SEVER is no setting; is OUTREACH_MAIL_SERVER meant?")
    ]


@pytest.fixture
def migrated(tmp_path: Path):
    """A database as `outreach db upgrade` makes it, inside an app context."""
    with create_app(settings_for(tmp_path)).app_context():
        upgrade()
        yield tmp_path
        db.session.remove()
        db.engine.dispose()


def test_before_set_up_the_next_step_is_to_set_up_the_office(migrated):
    assert troubles(checking.database(current_settings(), now=clock.now())) == [
        ("warn", "The tables are there, but no office is set up.")
    ]
    db.engine.dispose()
    empty = replace(current_settings(), instance=migrated / "elsewhere")
    assert [level for level, _text in told(checking.database(empty, now=clock.now()))] == ["fail"]


def test_tables_of_another_version_are_reported(migrated):
    with db.engine.begin() as connection:
        newest = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one()
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    found = troubles(checking.database(current_settings(), now=clock.now()))
    assert found == [("fail", f"The tables are of another version (0001, not {newest}).")]


def test_a_damaged_database_is_reported(migrated):
    db.session.remove()
    db.engine.dispose()
    connection = sqlite3.connect(migrated / "outreach.db")
    (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'region'").fetchone()
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    with (migrated / "outreach.db").open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\x99" * size)
    found = troubles(checking.database(current_settings(), now=clock.now()))
    assert [level for level, _text in found][:1] == ["fail"]
    assert "damaged" in found[0][1]


@pytest.mark.postgresql
def test_postgresql_is_reported_with_its_version_and_its_clock(postgresql_app):
    found = told(checking.database(current_settings(), now=clock.now()))
    assert found[0][0] == "ok"
    assert "PostgreSQL" in found[0][1]
    off = troubles(checking.database(current_settings(), now=clock.now() + timedelta(minutes=2)))
    assert [text for level, text in off if level == "fail" and "clock is 120 s off" in text]


def test_an_unreachable_database_is_reported_in_one_line(tmp_path):
    with create_app(settings_for(tmp_path, database_url="postgresql://x@127.0.0.1:1/none")).app_context():
        found = told(checking.database(current_settings(), now=clock.now()))
    assert [level for level, _text in found] == ["fail"]
    assert "\n" not in found[0][1]


def test_a_network_file_system_is_recognised_by_its_mount(tmp_path):
    mounts = tmp_path / "mounts"
    mounts.write_text("/dev/sda1 / ext4 rw 0 0\nserver:/x /srv nfs4 rw 0 0\n/dev/sdb1 /srv/local xfs rw 0 0\n")
    kinds = [storage.file_system(Path(path), mounts) for path in ("/srv/outreach", "/srv/local/outreach", "/srvx", "/")]
    assert kinds == ["nfs4", "xfs", "ext4", "ext4"]
    assert storage.file_system(tmp_path, tmp_path / "missing") == ""


def test_a_working_engine_and_a_silent_engine_are_reported(app, office):
    assert [text for level, text in troubles(checking.engine(now=NOW)) if "No engine has run" in text]
    db.session.add(Heartbeat(name="a:1", at=NOW))
    db.session.commit()
    assert troubles(checking.engine(now=NOW + timedelta(minutes=4))) == []
    silent = troubles(checking.engine(now=NOW + timedelta(minutes=6)))
    assert silent == [("fail", "No engine has given a sign of life since 04 Jan 08:00 WIB: nothing is sent.")]


def test_an_engine_that_never_ran_is_reported_a_while_after_the_set_up(app, office):
    db.session.add(AuditEntry(at=NOW, action="user.added", subject_type="user"))
    db.session.commit()
    ran = "No engine has run with this database yet, so nothing has been sent."
    assert troubles(checking.engine(now=NOW + timedelta(minutes=14))) == [("warn", ran)]
    assert troubles(checking.engine(now=NOW + timedelta(minutes=15))) == [
        ("fail", "No engine has run since the office was set up, 04 Jan 08:00 WIB: nothing is sent.")
    ]


@pytest.mark.parametrize("zone", ["Asia/Makassar", "Asia/Jayapura"])
def test_times_are_shown_in_the_offices_zone(app, office, zone):
    office.zone = ZoneInfo(zone)
    db.session.add(Heartbeat(name="a:1", at=NOW))
    db.session.commit()
    told = {"Asia/Makassar": "09:00 WITA", "Asia/Jayapura": "10:00 WIT"}[zone]
    assert next(checking.engine(now=NOW)).text == f"1 engine at work; the last tick was at 04 Jan {told}."
    assert checking.zone() == ZoneInfo(zone)


def test_one_address_and_one_mail_are_reported_in_the_singular(app, office):
    db.session.add(Heartbeat(name="a:1", at=NOW))
    blocked("ani@example.com")
    mail(IncomingKind.LETTER)
    assert [text for _level, text in troubles(checking.engine(now=NOW))] == [
        "No mail reaches 1 address.", "1 mail waits to be read."
    ]  # fmt: skip
    db.session.add(Heartbeat(name="b:1", at=NOW))
    blocked("budi@example.com")
    mail(IncomingKind.LETTER)
    later = NOW + timedelta(minutes=1)
    found = told(checking.engine(now=later))
    assert found[0][1].startswith("2 engines at work")
    assert [text for level, text in found if level == "warn"] == [
        "No mail reaches 2 addresses.", "2 mails wait to be read."
    ]  # fmt: skip


def test_overdue_mails_and_a_failing_channel_are_reported(app, activity):
    db.session.add(Heartbeat(name="a:1", at=NOW))
    db.session.add(Reminder(activity=activity, key="x", kind=MailKind.REMINDER, audience=Audience.COMING,
                            due_at=NOW - timedelta(minutes=16)))  # fmt: skip
    db.session.add(Channel(name="mail", trouble=ChannelTrouble.LOGIN, reply="535 no", failures=1, since_at=NOW))
    db.session.commit()
    assert troubles(checking.engine(now=NOW)) == [
        ("fail", "Some reminders have been due for more than a quarter of an hour."),
        ("fail", "Sending pauses since 04 Jan 08:00 WIB: login 535 no."),
    ]


class _Pages(http.server.BaseHTTPRequestHandler):
    code, off = 200, timedelta()

    def do_GET(self):
        self.send_response_only(self.code)
        self.send_header("Date", format_datetime(clock.now() + self.off, usegmt=True))
        self.end_headers()
        self.wfile.write(b'{"state": "engine silent"}')

    def log_message(self, *_said):
        pass


@pytest.mark.parametrize(
    ("code", "off", "trouble"),
    [
        (200, timedelta(), []),
        (503, timedelta(), ["fail says"]),
        (404, timedelta(), ["fail answers 404"]),
        (200, timedelta(minutes=3), ["fail clock"]),
    ],
)
def test_pages_are_requested_at_their_own_address(tmp_path, code, off, trouble):
    handler = type("Pages", (_Pages,), {"code": code, "off": off})
    with http.server.HTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings = replace(GOOD, base_url=f"http://127.0.0.1:{server.server_port}", instance=tmp_path)
        found = troubles(checking.pages(settings, now=clock.now()))
        server.shutdown()
    assert len(found) == len(trouble)
    assert all(
        word in f"{level} {text}" for (level, text), said in zip(found, trouble, strict=True) for word in said.split()
    )


def test_unreachable_pages_are_a_warning_as_they_may_be_reachable_elsewhere(tmp_path):
    settings = replace(GOOD, base_url="http://127.0.0.1:1", instance=tmp_path)
    assert [level for level, _text in troubles(checking.pages(settings, now=clock.now()))] == ["warn"]


def test_a_clock_that_differs_from_the_file_systems_is_reported(tmp_path):
    settings = replace(GOOD, base_url="http://127.0.0.1:1", instance=tmp_path)
    found = troubles(checking.pages(settings, now=clock.now() - timedelta(hours=1)))
    assert [text for level, text in found if level == "fail" and "3,600 s off" in text]


def test_checking_changes_nothing(app, office):
    def rows() -> int:
        tables = (
            db.session.scalar(sa.select(sa.func.count()).select_from(table)) for table in db.metadata.sorted_tables
        )
        return sum(tables)

    before = rows()
    for clashes in (checking.settings(current_settings()), checking.database(current_settings(), now=NOW),
                     checking.engine(now=NOW)):  # fmt: skip
        assert list(clashes)
    assert rows() == before


def test_the_report_says_where_no_second_factor_is_asked_for_and_whom_one_lost_phone_would_lock_out(app, administrator):
    nobody = ("warn", "Nobody is asked for a second factor: who knows a password gets in.")
    lone = f"{administrator.email} is the only administrator, with a second factor and without recovery codes."
    assert told(checking.accounts(replace(GOOD, second_factor_for=""))) == [nobody]
    asked = [("ok", "A second factor is asked of: administrator, coordinator.")]
    assert told(checking.accounts(GOOD)) == asked
    with_app(administrator)
    assert told(checking.accounts(GOOD)) == [*asked, ("warn", lone)]
    recovery_codes_of(administrator)
    assert told(checking.accounts(GOOD)) == asked

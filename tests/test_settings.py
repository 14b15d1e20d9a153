"""An ill-formed setting stops every command with one sentence that names the setting, its value, and what is allowed."""

import os
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest
from click.testing import CliRunner
from limits.storage import SCHEMES

from outreach import create_app, settings
from outreach.cli import main
from outreach.rate_store import ProcessMemoryStorage
from outreach.services.operations import checks
from outreach.settings import Settings, SettingsError
from tests.support.apps import SECRET, settings_for

WRONG = [
    ("rate_login", "often", "“often”", "such as 10/minute"),
    ("rate_login", "", "“”", "such as 10/minute"),
    ("rate_public", "0/minute", "“0/minute”", "such as 10/minute"),
    ("mail_port", "-5", "“-5”", "from 1 to 65535"),
    ("mail_port", "smtp", "“smtp”", "a whole number"),
    ("mail_port", "25.7", "“25.7”", "a whole number"),
    ("tick_s", "0", "“0”", "from 0.1 to 240"),
    ("tick_s", "nan", "“nan”", "from 0.1 to 240"),
    ("lease_s", "inf", "“inf”", "from 5 to"),
    ("claim_size", "0", "“0”", "from 1 to"),
    ("base_url", "undangan.example.com", "“undangan.example.com”", "such as https://undangan.example.com"),
    ("base_url", "ftp://undangan.example.com", "“ftp://undangan.example.com”", "such as https://undangan.example.com"),
    ("base_url", "https://undangan.example.com:port", "“https://undangan.example.com:port”", "such as https://"),
    ("base_url", "https://undangan.example.com/?a=b", "“https://undangan.example.com/?a=b”", "such as https://"),
    ("mail_server", "smtp.example.com\r", r"“smtp.example.com\r”", "a host's name"),
    ("mail_server", "smtp://smtp.example.com", "“smtp://smtp.example.com”", "a host's name"),
    ("mail_server", "smtp.example.com:587", "“smtp.example.com:587”", "a host's name"),
    ("mail_server", "", "“”", "a host's name"),
    ("mail_sender", "Dinas Contoh", "“Dinas Contoh”", "such as Dinas Contoh <undangan@example.com>"),
    ("mail_return_path", "bounces@example.com", "“bounces@example.com”", "{id} before the @"),
    ("mail_ca_file", "/nowhere/ca.pem", "“/nowhere/ca.pem”", "a file that can be read"),
    ("mail_use_tls", "perhaps", "“perhaps”", "true or false"),
    ("imap_address", "mailbox", "“mailbox”", "one e-mail address"),
    ("calendar_own_hosts", "https://cal.example.com", "“https://cal.example.com”", "such as cal.example.com:443"),
    ("calendar_hosts", "*", "“*”", "*.example.com"),
    ("calendar_hosts", "cal.example.com, *.com", "*.com”", "not a whole ending such as *.com"),
    ("calendar_hosts", "ü" * 63 + ".example", "“üüü", "*.example.com"),
    ("calendar_own_hosts", "ü" * 63 + ".example:443", "“üüü", "cal.example.com:443"),
    ("calendar_read_s", "1", "“1”", "a number of at least 60, or 0"),
    ("rate_storage", "redis://localhost:6379", "redis://", "redis"),
    ("rate_storage", "database://", "database://", "PostgreSQL"),
    ("rate_storage", "database:///rahasia", "database://", "nothing behind it"),
    ("rate_login", "10/minute;", "“10/minute;”", "such as 10/minute"),
    ("mail_server", "[::1]", "“[::1]”", "a host's name"),
    ("rate_storage", "files:///rahasia", "files://", "process-memory://"),
    ("database_url", "mysql://u:rahasia@db.example.com/outreach", "mysql://", "postgresql://"),
    ("database_url", "outreach", "OUTREACH_DATABASE_URL", "postgresql://"),
    ("proxies", "-1", "“-1”", "from 0 to"),
    ("metrics_token", "rahasia", "OUTREACH_METRICS_TOKEN", "32 characters or more"),
    ("previous_secret_keys", "rahasia", "OUTREACH_PREVIOUS_SECRET_KEYS", "32 characters or more"),
]


@pytest.mark.parametrize(
    ("name", "value", "shown", "allowed"), WRONG, ids=[f"{name}={value}" for name, value, *_ in WRONG]
)
def test_an_ill_formed_setting_is_named_with_its_value_and_what_is_allowed(
    tmp_path, monkeypatch, name, value, shown, allowed
):
    monkeypatch.setenv("OUTREACH_INSTANCE", str(tmp_path))
    assert settings.load()
    monkeypatch.setenv(f"OUTREACH_{name.upper()}", value)
    with pytest.raises(SettingsError) as refused:
        settings.load()
    said = str(refused.value)
    assert said.count("\n") == 0
    assert f"OUTREACH_{name.upper()}" in said
    assert shown in said
    assert allowed in said
    assert "rahasia" not in said


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("rate_login", "10 per minute; 100/hour"),
        ("rate_login", "10per minute, 100/2 hours"),
        ("mail_port", " 587 "),
        ("tick_s", "0.2"),
        ("base_url", "https://undangan.example.com/kota/"),
        ("base_url", "http://[::1]:8000"),
        ("base_url", "https://undangan.example.com./"),
        ("mail_server", "2001:db8::25"),
        ("mail_server", "mail.example.com."),
        ("mail_server", "mail_1.internal"),
        ("mail_sender", "undangan@example.com"),
        ("mail_sender", '"Dinas, Contoh" <undangan@localhost>'),
        ("mail_per_minute", "0"),
        ("calendar_read_s", "0"),
        ("calendar_own_hosts", "cal.example.com:443, 10.0.0.7:8443"),
        ("calendar_hosts", "calendar.google.com, *.example.go.id"),
        ("calendar_hosts", "bücher.example *.example.com."),
        ("rate_storage", "memory://"),
        ("database_url", "postgres://u@/outreach?host=/run/postgresql"),
        ("database_url", "postgresql://u:a/b#c?d[e@db.example.com:5432/outreach"),
        ("mail_sender", "Dinas Contoh <Undangan@Example.com>"),
        ("database_url", "sqlite:////srv/outreach/x.db"),
        ("database_url", "sqlite+pysqlite:////srv/outreach/x.db"),
        ("imap_verdicts_by", "-"),
        ("upload_limit_mb", "1024"),
    ],
)
def test_a_well_formed_setting_is_taken(tmp_path, monkeypatch, name, value):
    monkeypatch.setenv("OUTREACH_INSTANCE", str(tmp_path))
    monkeypatch.setenv(f"OUTREACH_{name.upper()}", value)
    kept = getattr(settings.load(), name)
    assert kept == type(kept)(value)


@pytest.fixture
def storage_away(monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a storage whose server is away, and whose client connects when it is made, as that of a Redis cluster."""
    monkeypatch.setitem(SCHEMES, "away", ProcessMemoryStorage)

    class Away(ProcessMemoryStorage):
        STORAGE_SCHEME: ClassVar = ["away"]

        def __init__(self, *_arguments: object, **_options: object) -> None:
            raise ConnectionRefusedError("rahasia")

    assert SCHEMES["away"] is Away
    return "away://:rahasia@localhost"


def test_a_storage_that_is_away_stops_pages_with_a_true_sentence_and_no_command_without_pages(tmp_path, storage_away):
    away = settings_for(tmp_path, rate_storage=storage_away)
    assert settings.faults(away) == []
    assert create_app(away, serving=False)
    with pytest.raises(SettingsError) as refused:
        create_app(away)
    assert str(refused.value) == (
        "The storage in OUTREACH_RATE_STORAGE, which begins with “away://”, cannot be used (ConnectionRefusedError). "
        "Start its server, or correct its address."
    )
    assert [found.text for found in checks.settings(away) if "does not answer" in found.text]


def test_every_default_is_well_formed(tmp_path):
    assert settings.faults(Settings(instance=tmp_path)) == []


def test_every_number_has_a_range():
    assert [name for name, kind in settings._HINTS.items() if kind in (int, float)] == []


def test_starttls_and_tls_from_the_first_byte_exclude_each_other(tmp_path, monkeypatch):
    monkeypatch.setenv("OUTREACH_INSTANCE", str(tmp_path))
    monkeypatch.setenv("OUTREACH_MAIL_USE_TLS", "1")
    (tmp_path / "settings.toml").write_text("mail_use_ssl = true\n")
    with pytest.raises(SettingsError, match="OUTREACH_MAIL_USE_TLS and OUTREACH_MAIL_USE_SSL are both on"):
        settings.load()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("mail_port = true", "mail_port in .* is “True”, but must be a whole number from 1 to 65535"),
        ("mail_port = 25.7", "mail_port in .* is “25.7”, but must be a whole number"),
        ("mail_use_tls = 2", "mail_use_tls in .* is “2”, but must be true or false"),
        ("mail_server = ['a', 'b']", "mail_server in .* is a list, but must be a text"),
        ("mail_sever = 'x'", "has an unknown setting “mail_sever”; is mail_server meant?"),
    ],
)
def test_a_fault_in_the_file_is_named_with_the_file(tmp_path, monkeypatch, line, said):
    monkeypatch.setenv("OUTREACH_INSTANCE", str(tmp_path))
    (tmp_path / "settings.toml").write_text(line + "\n")
    with pytest.raises(SettingsError, match=said):
        settings.load()


def test_a_file_that_cannot_be_read_as_text_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("OUTREACH_INSTANCE", str(tmp_path))
    (tmp_path / "settings.toml").write_bytes(b'mail_sender = "\xff"\n')
    with pytest.raises(SettingsError, match=r"settings.toml"):
        settings.load()


def test_all_faults_are_named_at_once(tmp_path, monkeypatch):
    monkeypatch.setenv("OUTREACH_INSTANCE", str(tmp_path))
    monkeypatch.setenv("OUTREACH_MAIL_PORT", "-5")
    monkeypatch.setenv("OUTREACH_TICK_S", "0")
    with pytest.raises(SettingsError) as refused:
        settings.load()
    assert [line.split()[0] for line in str(refused.value).splitlines()] == ["OUTREACH_MAIL_PORT", "OUTREACH_TICK_S"]


@pytest.mark.parametrize("command", [["serve"], ["worker"], ["db", "upgrade"], ["backup"], ["doctor"], ["user", "add"]])
def test_every_command_stops_with_the_same_sentence(tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    wrong = {"OUTREACH_INSTANCE": str(tmp_path), "OUTREACH_SECRET_KEY": SECRET, "OUTREACH_RATE_LOGIN": "often"}
    done = CliRunner(env=wrong).invoke(main, command)
    assert (done.exit_code, type(done.exception)) == (1, SystemExit)
    assert "OUTREACH_RATE_LOGIN is “often”, but must be " in done.output
    assert not (tmp_path / "outreach.db").exists()


@pytest.mark.parametrize("command", [["db", "upgrade"], ["backup"]])
def test_commands_without_pages_name_an_unknown_setting_too(tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    mistyped = {"OUTREACH_DATABASE_ULR": "postgresql://db.example.com/outreach"}
    done = CliRunner(env={"OUTREACH_INSTANCE": str(tmp_path), **mistyped}).invoke(main, command)
    assert "OUTREACH_DATABASE_ULR is no setting; is OUTREACH_DATABASE_URL meant?" in done.stderr


@pytest.fixture
def secret_file(tmp_path, monkeypatch) -> Path:
    """The file that OUTREACH_MAIL_PASSWORD_FILE names."""
    monkeypatch.setenv("OUTREACH_INSTANCE", str(tmp_path))
    monkeypatch.setenv("OUTREACH_MAIL_PASSWORD_FILE", str(tmp_path / "password"))
    return tmp_path / "password"


def test_a_secret_may_stand_in_a_file_of_its_own_or_come_from_systemd(tmp_path, monkeypatch, secret_file):
    secret_file.write_text("\ufeff rahasia\r\n")  # with a mark that some editors put first
    assert settings.load().mail_password == " rahasia"
    given = tmp_path / "credentials"
    given.mkdir()
    (given / "secret_key").write_text(SECRET)
    (given / "mail_port").write_text("587")  # no secret
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(given))
    monkeypatch.setenv("OUTREACH_SECRET_KEY", "")  # as the example of a settings' file has it
    found = settings.load()
    assert (found.secret_key, found.mail_password, found.mail_port) == (SECRET, " rahasia", 25)
    assert settings.strangers({"OUTREACH_MAIL_PASSWORD_FILE": "", "OUTREACH_MAIL_PASWORD_FILE": ""}) == [
        "OUTREACH_MAIL_PASWORD_FILE is no setting; is OUTREACH_MAIL_PASSWORD_FILE meant?"
    ]
    changed = replace(found, mail_password="other", secret_key="")
    for name, value in settings.environment(changed).items():
        monkeypatch.setenv(name, value)
    assert settings.load() == changed


def test_neither_an_error_nor_printed_settings_show_a_secret(tmp_path, monkeypatch):
    monkeypatch.setenv("OUTREACH_INSTANCE", str(tmp_path))
    monkeypatch.setenv("OUTREACH_RATE_STORAGE", "redis:/:rahasia@192.0.2.1:6379/0")  # a slash is missing
    with pytest.raises(SettingsError, match="OUTREACH_RATE_STORAGE must be process-memory://") as error:
        settings.load()
    assert "rahasia" not in str(error.value)
    printed = repr(Settings(secret_key="rahasia", mail_password="rahasia", database_url="postgresql://a:rahasia@db/a"))
    assert "rahasia" not in printed
    assert "mail_port=25" in printed


def test_a_secrets_file_that_cannot_be_used_is_named_without_what_it_says(tmp_path, monkeypatch, secret_file):
    def refused() -> str:
        with pytest.raises(SettingsError) as error:
            settings.load()
        assert "rahasia" not in str(error.value)
        return str(error.value).replace(str(tmp_path), "")

    called = "/password, the file of OUTREACH_MAIL_PASSWORD,"
    assert refused() == (
        f"{called} cannot be read: No such file or directory. "
        "Correct where OUTREACH_MAIL_PASSWORD is read from, or let this process's user read the file."
    )
    secret_file.write_bytes(b"rahasia\xff")
    assert refused() == f"{called} is not text in UTF-8. Write it again."
    secret_file.write_text("rahasia" * 10_000)
    assert refused() == f"{called} is too long for a secret. Put one there that has nothing else."
    secret_file.unlink()
    os.mkfifo(secret_file)
    assert refused() == f"{called} is no ordinary file. Put one with the secret there."
    secret_file.unlink()
    secret_file.write_text("\n")
    assert refused() == f"{called} is empty. Write the secret into it."
    secret_file.write_text("rahasia\nrahasia\n")
    assert refused() == ("OUTREACH_MAIL_PASSWORD in /password has a value that is not shown, but must be a text.")
    secret_file.write_text("rahasia")
    (tmp_path / "mail_password").write_text("rahasia")
    (tmp_path / "settings.toml").write_text('mail_password = "rahasia"')
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    monkeypatch.setenv("OUTREACH_MAIL_PASSWORD", "rahasia")
    assert refused() == (
        "OUTREACH_MAIL_PASSWORD is set more than once: OUTREACH_MAIL_PASSWORD, mail_password in /settings.toml, "
        "/password, /mail_password. Keep one, and remove the others."
    )

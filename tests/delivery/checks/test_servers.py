"""A real mail server and a real mailbox are checked, and each possible problem is named."""

import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiosmtpd.smtp import AuthResult
from flask import Flask
from flask_mail import Mail

from outreach.delivery.checks import mail_server, mailbox
from outreach.delivery.tls import is_this_machine
from tests.servers.certificates import certificate as made
from tests.servers.dovecot import PASSWORD, PROGRAM, Dovecot
from tests.servers.scripted import ScriptedServer
from tests.servers.smtp import DROP, Server, check_password, free_port
from tests.support.apps import settings_for

NOW = datetime.now(UTC)  # because certificates are valid from today
needs_dovecot = pytest.mark.skipif(PROGRAM is None, reason="Dovecot is not on this machine")


def tried(check, values: dict, **options) -> list[tuple[str, str]]:
    settings = settings_for(Path("."), **{"mail_timeout_s": 5.0, "imap_timeout_s": 5.0, **values})
    shell = Flask(__name__)
    Mail(shell)
    with shell.app_context():
        return [(finding.level.value, finding.text) for finding in check(settings, **{"now": NOW, **options})]


@pytest.fixture
def tls_server(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    options = {"tls_context": context, "require_starttls": True, "authenticator": check_password}
    with Server(options=options) as tls_server:
        yield tls_server


@pytest.fixture
def values(tls_server, certificate):
    return {
        "mail_server": "localhost", "mail_port": tls_server.port, "mail_use_tls": True, "mail_username": "kantor",
        "mail_password": "rahasia", "mail_ca_file": str(certificate[0]), "mail_sender": "Dinas <dinas@example.com>",
    }  # fmt: skip


def test_a_working_mail_server_is_reported_step_by_step_and_gets_no_mail(tls_server, values):
    told = tried(mail_server.check, values)
    assert [level for level, _text in told] == ["ok"] * 5
    texts = " ".join(text for _level, text in told)
    assert f"localhost:{tls_server.port} answers." in texts
    assert "TLSv1.3, certificate good until" in texts
    assert "announces 8BITMIME, SIZE" in texts
    assert "Logged in as kantor." in texts
    assert "The sender dinas@example.com is taken." in texts
    assert tls_server.taken == []


def test_a_test_mail_is_sent_only_when_asked_for(tls_server, values):
    told = tried(mail_server.check, values, send_to="rina@example.com")
    assert told[-1][0] == "ok"
    assert tls_server.recipients() == ["rina@example.com"]
    sent = tls_server.taken[0].mail
    assert (sent["From"], sent["Auto-Submitted"]) == ("Dinas <dinas@example.com>", "auto-generated")
    assert sent["Message-ID"].endswith("@example.com>")
    tls_server.at["RCPT"] = "550 no relaying"
    assert tried(mail_server.check, values, send_to="rina@example.com")[-1] == (
        "fail", "The test mail to rina@example.com is refused: 550 no relaying.",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"mail_password": "salah"}, "The login is refused: 535"),
        ({"mail_ca_file": ""}, "is not trusted"),
        ({"mail_server": "127.0.0.1"}, "is for another name"),
        ({"mail_use_tls": False}, "cannot do what the settings ask for"),
        ({"mail_server": "mail.invalid"}, "The name mail.invalid is not known."),
        ({"mail_port": free_port()}, "Nothing listens at localhost"),
        ({"mail_use_ssl": True}, "speaks no TLS"),
    ],
)
def test_a_mail_servers_problem_is_named_and_ends_the_check(values, changed, words):
    told = tried(mail_server.check, {**values, **changed})
    assert [level for level, _text in told].count("fail") == 1
    assert told[-1][0] == "fail"
    assert words in told[-1][1]


def test_a_login_that_the_server_cannot_check_now_is_not_called_refused(values):
    with ScriptedServer(("AUTH PLAIN",), {("AUTH", 1): "454 4.7.0 Temporary authentication failure"}) as server:
        told = tried(mail_server.check, {**values, "mail_use_tls": False, "mail_port": server.port})
    assert told[-1] == (
        "fail", "The server cannot check our login at present: 454 4.7.0 Temporary authentication failure.",
    )  # fmt: skip


def test_a_refused_sender_and_a_dropped_connection_are_named(tls_server, values):
    tls_server.at["MAIL"] = "550 not your address"
    assert tried(mail_server.check, values)[-1] == (
        "fail", "The server refuses the sender dinas@example.com: 550 not your address.",
    )  # fmt: skip
    tls_server.at["MAIL"] = DROP
    assert tried(mail_server.check, values)[-1] == ("fail", "The server breaks off.")


def test_a_server_that_ignores_the_login_does_not_count_as_refusing_it(certificate, values):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    options = {"tls_context": context, "authenticator": lambda *_: AuthResult(success=False, handled=True)}
    with Server(options=options) as silent:
        told = tried(mail_server.check, {**values, "mail_port": silent.port, "mail_timeout_s": 0.5})
    assert told[-1] == ("fail", f"localhost:{silent.port} does not answer.")


def test_an_expired_certificate_is_reported_as_expired(tmp_path):
    files = made(tmp_path, expired=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)
    with Server(options={"tls_context": context}) as tls_server:
        told = tried(
            mail_server.check,
            {
                "mail_server": "localhost",
                "mail_port": tls_server.port,
                "mail_use_tls": True,
                "mail_ca_file": str(files[0]),
            },
        )
    assert told[-1] == ("fail", f"The certificate of localhost:{tls_server.port} has expired.")


@pytest.mark.parametrize(("days", "level"), [(8, "ok"), (10, "warn")])
def test_a_certificate_that_expires_soon_gives_a_warning(values, days, level):
    """The certificate is valid for thirty days, and three weeks count as soon."""
    told = tried(mail_server.check, values, now=NOW + timedelta(days=days))
    assert [severity for severity, text in told if "certificate good until" in text] == [level]


def test_only_a_server_on_this_machine_may_be_without_encryption():
    assert [is_this_machine(host) for host in ("localhost", "127.0.0.1", "::1", "mail.dinas.go.id", "10.0.0.1")] == [
        True, True, True, False, False,
    ]  # fmt: skip


@pytest.fixture(scope="module")
def dovecot():
    with Dovecot() as dovecot:
        yield dovecot


def reading(dovecot, **changed) -> list[tuple[str, str]]:
    values = {
        "imap_server": "localhost", "imap_port": dovecot.tls_port, "imap_username": dovecot.user,
        "imap_password": PASSWORD, "imap_ca_file": dovecot.ca_file, "imap_verdicts_by": "mx.example.org",
    }  # fmt: skip
    return tried(mailbox.check, {**values, **changed})


@needs_dovecot
def test_a_working_mailbox_is_reported_and_its_mails_stay_unchanged(dovecot):
    dovecot.deliver(b"Authentication-Results: mx.example.org; dmarc=pass\r\nSubject: Jawaban\r\n\r\nBaik.\r\n")
    before = dovecot.flags()
    for changed in ({}, {"imap_port": dovecot.port, "imap_use_ssl": False}):
        told = reading(dovecot, **changed)
        assert [level for level, _text in told] == ["ok"] * 5
        assert told[-2][1] == "The folder INBOX has 1 mail."
        assert "certificate good until" in told[1][1]
    assert {uid: flags - {"\\Recent"} for uid, flags in dovecot.flags().items()} == {
        uid: flags - {"\\Recent"} for uid, flags in before.items()
    }


@needs_dovecot
@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"imap_password": "salah"}, "The mailbox refuses us"),
        ({"imap_password": "rahasiä"}, "The mailbox refuses us"),
        ({"imap_folder": "Jawaban"}, "The folder Jawaban cannot be opened"),
        ({"imap_ca_file": "/nowhere.pem"}, "The authority's file cannot be read (/nowhere.pem"),
        ({"imap_ca_file": ""}, "is not trusted"),
        ({"imap_server": "mail.invalid"}, "The name mail.invalid is not known."),
        ({"imap_port": 1}, "Nothing listens at localhost:1."),
    ],
)
def test_a_mailboxs_problem_is_named(dovecot, changed, words):
    told = reading(dovecot, **changed)
    assert [text for level, text in told if level == "fail" and words in text]


@needs_dovecot
def test_a_folder_is_named_as_by_the_engine(dovecot):
    with dovecot.client() as client:
        client.create('"J&AOQ-waban 1"')  # RFC 3501, 5.1.3
    assert reading(dovecot, imap_folder="Jäwaban 1")[-2] == ("ok", "The folder Jäwaban 1 has 0 mails.")


@needs_dovecot
@pytest.mark.parametrize(
    ("server", "level", "words"),
    [
        (
            "mx.example.org",
            "ok",
            "Of the last 20 mails, 15 with a verdict of mx.example.org at the top, which is believed.",
        ),
        ("mx.example.net", "warn", "None of the last 20 mails has a verdict of mx.example.net at its top"),
        ("", "warn", "At the top of the last 20 mails: mx.example.org (15), none (4), a server without a name (1)."),
    ],
)
def test_the_check_names_the_server_whose_verdict_is_first_in_the_newest_mails(server, level, words):
    judged = (
        "Authentication-Results: mx.example.org; spf=none\r\nAuthentication-Results: mx.example.net; dmarc=pass\r\n"
    )
    nameless = "Authentication-Results: spf=pass smtp.mailfrom=example.com\r\n"
    with Dovecot() as dovecot:
        for head in ["Authentication-Results: old.example.org; dmarc=pass\r\n", *[judged] * 15, *[""] * 4, nameless]:
            dovecot.deliver(f"{head}Subject: Jawaban\r\n\r\nBaik.\r\n".encode())
        before = dovecot.flags()
        found, said = reading(dovecot, imap_verdicts_by=server)[-1]
        assert (found, words in said) == (level, True)
        assert {uid: flags - {"\\Recent"} for uid, flags in dovecot.flags().items()} == {
            uid: flags - {"\\Recent"} for uid, flags in before.items()
        }


class PlainServer(threading.Thread):
    """An IMAP server without encryption that opens every folder read-only and accepts every login."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.socket, self.heard = socket.create_server(("127.0.0.1", 0)), b""
        self.port = self.socket.getsockname()[1]
        self.start()

    def run(self) -> None:
        connection, _address = self.socket.accept()
        with connection:
            connection.sendall(b"* OK hello\r\n")
            while line := connection.recv(4096):
                self.heard += line
                tag, verb = line.split()[:2]
                told = {b"CAPABILITY": b"* CAPABILITY IMAP4rev1\r\n", b"LOGOUT": b"* BYE\r\n"}.get(verb, b"")
                connection.sendall(told + tag + b" OK " + b"[READ-ONLY] " * (verb == b"SELECT") + b"done\r\n")


def plainly(host: str) -> tuple[list[tuple[str, str]], bytes]:
    """Return the report about a mailbox without encryption on this host, and what its server received."""
    tls_server = PlainServer()
    values = {"imap_server": host, "imap_port": tls_server.port, "imap_use_ssl": False, "imap_username": "kantor",
              "imap_password": "rahasia"}  # fmt: skip
    return tried(mailbox.check, values), tls_server.heard


def test_the_password_is_never_sent_unencrypted_to_another_machine():
    told, heard = plainly("127.1")  # this machine, by a name that does not show it
    assert told == [("fail", "The server offers no encryption (STARTTLS), so the password is not sent.")]
    assert b"CAPABILITY" in heard
    assert b"rahasia" not in heard
    assert b"rahasia" in plainly("localhost")[1]


def test_a_read_only_folder_is_named():
    told, _heard = plainly("localhost")
    assert [level for level, _text in told] == ["ok", "ok", "fail"]
    assert told[-1][1].startswith("The folder INBOX cannot be opened: ")


def test_a_missing_mailbox_is_a_warning():
    assert [level for level, _text in tried(mailbox.check, {})] == ["warn"]

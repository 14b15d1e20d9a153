"""The wire to the mail server: verified TLS, login, one kept connection, our own bytes, and errors that say what they mean."""

import ssl
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword

from outreach.delivery.smtp import ChannelDown, Envelope, InDoubt, Permanent, Temporary, Wire
from outreach.domain.failures import ChannelTrouble
from tests.delivery.outbox_help import send_through
from tests.delivery.smtp_server import DROP, DROP_AFTER_TAKING, HANG, Server

BODY = b"Subject: x\r\n\r\nHalo\r\n"


def a_mail(to: str = "ani@example.com", data: bytes = BODY) -> Envelope:
    return Envelope("kantor@example.com", to, data)


@pytest.fixture
def wire(app, server):
    with Wire(app.extensions["mail"], app.extensions["outreach"]) as wire:
        yield wire


def test_several_mails_go_over_one_connection(server, wire):
    for name in ("ani", "budi", "citra"):
        assert wire.hand_over(a_mail(f"{name}@example.com")).code == 250
    assert server.recipients() == ["ani@example.com", "budi@example.com", "citra@example.com"]
    assert server.connections == 1


@pytest.mark.parametrize(
    "data",
    [
        b"Subject: x\r\n\r\n.a line with a dot\r\n..two\r\n.\r\nafter\r\n",
        b".begins with a dot\r\n\r\nx\r\n",
        "Subject: x\r\n\r\nperpustakaan — é\r\n".encode(),
    ],
)
def test_the_bytes_arrive_as_they_are(server, wire, data):
    wire.hand_over(a_mail(data=data))
    assert server.taken[0].data == data


@pytest.mark.parametrize(
    "data", [b"Subject: x\n\nHalo\n.\nx", b"Subject: x\r\n\r\nHalo\r.\rx\r\n", b"Subject: x\r\n\r\nHalo\n.\r\nMAIL"]
)
def test_a_bare_line_break_cannot_end_the_mail_early(server, wire, data):
    wire.hand_over(a_mail(data=data))
    assert len(server.taken) == 1
    assert b".\r\n" in server.taken[0].data


@pytest.mark.parametrize(
    ("verb", "reply", "error", "code"),
    [
        ("MAIL", "451 later", Temporary, 451),
        ("MAIL", "550 not you", ChannelDown, 550),
        ("MAIL", "530 log in first", ChannelDown, 530),
        ("RCPT", "421 closing", Temporary, 421),
        ("RCPT", "450 later", Temporary, 450),
        ("RCPT", "550 nobody", Permanent, 550),
        ("RCPT", "530 log in first", ChannelDown, 530),
        ("DATA", "451 later", Temporary, 451),
        ("DATA", "554 spam", Permanent, 554),
        ("MAIL", DROP, Temporary, None),
        ("RCPT", DROP, Temporary, None),
        ("DATA", DROP_AFTER_TAKING, InDoubt, None),
        ("MAIL", HANG, Temporary, None),
        ("RCPT", HANG, Temporary, None),
        ("DATA", HANG, InDoubt, None),
    ],
)
def test_each_refusal_means_one_thing_and_the_next_mail_goes_through(server, wire, verb, reply, error, code):
    server.at[verb] = reply
    with pytest.raises(error) as caught:
        wire.hand_over(a_mail())
    assert caught.value.code == code
    server.at.clear()
    assert wire.hand_over(a_mail("budi@example.com")).code == 250
    assert server.taken[-1].recipient == "budi@example.com"


def test_a_connection_that_the_server_closed_meanwhile_is_opened_again(server, wire):
    wire.hand_over(a_mail())
    server.stop()
    server.start()
    wire.hand_over(a_mail("budi@example.com"))
    assert server.recipients() == ["ani@example.com", "budi@example.com"]


def test_a_server_that_is_not_there_is_a_down_channel(app, server, wire):
    server.stop()
    with pytest.raises(ChannelDown) as caught:
        wire.hand_over(a_mail())
    assert caught.value.trouble is ChannelTrouble.UNREACHABLE


def test_waiting_for_a_silent_server_has_an_end(app):
    import socket

    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        app.extensions["outreach"] = replace(app.extensions["outreach"], mail_timeout_s=0.3)
        app.extensions["mail"].server, app.extensions["mail"].port = silent.getsockname()
        began = time.monotonic()
        with pytest.raises(ChannelDown):
            Wire(app.extensions["mail"], app.extensions["outreach"]).hand_over(a_mail())
        assert time.monotonic() - began < 3


def test_an_address_with_foreign_letters_goes_to_a_server_that_takes_them(server, wire):
    wire.hand_over(a_mail("añi@example.com"))
    wire.hand_over(a_mail("ani@jalan-é.example"))
    assert server.recipients() == ["ani@xn--jalan--gva.example", "añi@example.com"]


def test_a_server_that_does_not_take_them_is_not_asked_to(app):
    with Server(options={"enable_SMTPUTF8": False}) as server:
        send_through(app, server)
        with Wire(app.extensions["mail"], app.extensions["outreach"]) as wire:
            with pytest.raises(Permanent):
                wire.hand_over(a_mail("añi@example.com"))
            wire.hand_over(a_mail("ani@jalan-é.example"))
        assert server.recipients() == ["ani@xn--jalan--gva.example"]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> tuple[Path, Path]:
    """A certificate for localhost that only those trust who are told to; returns (certificate, key)."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("tls")
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "cert.pem", folder / "key.pem"


def check_password(_server, _session, _envelope, _mechanism, given):
    right = isinstance(given, LoginPassword) and (given.login, given.password) == (b"kantor", b"rahasia")
    return AuthResult(success=right)


@pytest.fixture
def tls_server(app, certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    options = {"tls_context": context, "require_starttls": True, "authenticator": check_password}
    with Server(options=options) as server:
        send_through(app, server, mail_ca_file=str(certificate[0]), base_url="http://outreach.example")
        state = app.extensions["mail"]
        state.server, state.use_tls, state.username, state.password = "localhost", True, "kantor", "rahasia"
        yield server


def hand_over(app):
    with Wire(app.extensions["mail"], app.extensions["outreach"]) as wire:
        return wire.hand_over(a_mail())


def test_mail_goes_over_verified_tls_with_login(app, tls_server):
    assert hand_over(app).code == 250
    assert tls_server.recipients() == ["ani@example.com"]


def test_an_untrusted_certificate_is_refused_before_the_password_is_told(app, tls_server):
    app.extensions["outreach"] = replace(app.extensions["outreach"], mail_ca_file="")
    with pytest.raises(ChannelDown) as caught:
        hand_over(app)
    assert caught.value.trouble is ChannelTrouble.TLS
    assert tls_server.taken == []


def test_a_certificate_for_another_name_is_refused(app, tls_server):
    app.extensions["mail"].server = "127.0.0.1"
    with pytest.raises(ChannelDown) as caught:
        hand_over(app)
    assert caught.value.trouble is ChannelTrouble.TLS


def test_a_wrong_password_is_a_down_channel(app, tls_server):
    app.extensions["mail"].password = "salah"
    with pytest.raises(ChannelDown) as caught:
        hand_over(app)
    assert caught.value.trouble is ChannelTrouble.LOGIN
    assert tls_server.taken == []


def test_a_server_without_tls_gets_nothing_where_tls_is_asked_for(app, server):
    app.extensions["mail"].use_tls = True
    with pytest.raises(ChannelDown) as caught:
        hand_over(app)
    assert caught.value.trouble is ChannelTrouble.TLS
    assert server.taken == []

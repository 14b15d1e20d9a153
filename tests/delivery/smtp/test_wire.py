"""The SMTP connection: verified TLS, login, one kept connection, our own bytes, and errors with a clear meaning."""

import re
import socket
import ssl
from dataclasses import replace

import pytest

from outreach.delivery.smtp.wire import ChannelDown, InDoubt, Permanent, Temporary, Wire
from outreach.domain.mail.failures import ChannelTrouble
from tests.delivery.wire_help import CHUNKING, PIPELINING, WAYS, a_mail, hand_over, in_short, mails, wire_to
from tests.servers.scripted import ScriptedServer
from tests.servers.smtp import DROP, DROP_AFTER_TAKING, Server, check_password
from tests.world import send_through

ways = pytest.mark.parametrize("way", WAYS)


@pytest.fixture
def wire(app, server):
    with Wire(app.extensions["mail"], app.extensions["outreach"]) as wire:
        yield wire


def test_several_mails_go_over_one_connection(server, wire):
    for name in ("ani", "budi", "citra"):
        assert hand_over(wire, a_mail(f"{name}@example.com")).code == 250
    assert server.recipients() == ["ani@example.com", "budi@example.com", "citra@example.com"]
    assert server.connections == 1


@pytest.mark.parametrize(
    "data",
    [
        b"Subject: x\r\n\r\n.a line with a dot\r\n..two\r\n.\r\nafter\r\n",
        b".begins with a dot\r\n\r\nx\r\n",
        "Subject: x\r\n\r\nperpustakaan — é\r\n".encode(),
        b"Subject: large\r\n\r\n" + b"..\r\nx.\r\n" * 300_000,
    ],
)
@ways
def test_the_bytes_arrive_unchanged(way, data):
    with ScriptedServer((*WAYS[way], "8BITMIME")) as server, wire_to(server.port) as wire:
        assert in_short(wire.hand_over_group([a_mail(data=data)] * 3)) == "AAA"
        assert [taken for _, _, taken in server.taken] == [data] * 3


@pytest.mark.parametrize(
    "data",
    [b"Subject: x\n\nHalo\n.\nx", b"Subject: x\r\n\r\nHalo\r.\rx\r\n", b"Subject: x\r\n\r\nHalo\n.\r\nMAIL",
     b"Subject: x\r\n\r\nHalo\r\n.\nx", b"x\ry\nz\r\n", b"\n\r\n\r", b"\r\r\n\n", b"", b"no end"],
)  # fmt: skip
@ways
def test_a_bare_line_break_cannot_end_the_mail_early(way, data):
    lines = re.split(rb"\r\n|\r|\n", data)
    whole = b"".join(line + b"\r\n" for line in (lines if lines[-1] else lines[:-1]) or [b""])
    with ScriptedServer(WAYS[way]) as server, wire_to(server.port) as wire:
        assert in_short(wire.hand_over_group([a_mail(data=data)] * 2)) == "AA"
        assert [taken for _, _, taken in server.taken] == [whole] * 2


@pytest.mark.parametrize(
    ("verb", "reply", "error", "code"),
    [
        ("MAIL", "451 later", Temporary, 451),
        ("MAIL", "550 not you", ChannelDown, 550),
        ("MAIL", "530 log in first", ChannelDown, 530),
        ("RCPT", "450 later", Temporary, 450),
        ("RCPT", "550 nobody", Permanent, 550),
        ("DATA", "554 spam", Permanent, 554),
        ("RCPT", DROP, Temporary, None),
        ("DATA", DROP_AFTER_TAKING, InDoubt, None),
    ],
)
def test_each_refusal_means_one_thing_and_the_next_mail_is_sent(server, wire, verb, reply, error, code):
    """test_handover.py has each way and each fault; this server is third-party code."""
    server.at[verb] = reply
    with pytest.raises(error) as caught:
        hand_over(wire, a_mail())
    assert caught.value.code == code
    server.at.clear()
    assert hand_over(wire, a_mail("budi@example.com")).code == 250
    assert server.taken[-1].recipient == "budi@example.com"


def test_a_connection_that_the_server_closed_meanwhile_is_opened_again(server, wire):
    hand_over(wire, a_mail())
    server.stop()
    server.start()
    hand_over(wire, a_mail("budi@example.com"))
    assert server.recipients() == ["ani@example.com", "budi@example.com"]


def test_a_missing_server_is_a_down_channel(app, server, wire):
    server.stop()
    with pytest.raises(ChannelDown) as caught:
        hand_over(wire, a_mail())
    assert caught.value.trouble is ChannelTrouble.UNREACHABLE


def test_waiting_for_a_silent_server_ends(app):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        app.extensions["outreach"] = replace(app.extensions["outreach"], mail_timeout_s=0.3)
        app.extensions["mail"].server, app.extensions["mail"].port = silent.getsockname()
        with pytest.raises(ChannelDown):
            hand_over(Wire(app.extensions["mail"], app.extensions["outreach"]), a_mail())


def test_an_internationalised_address_is_sent_to_a_server_that_accepts_it(server, wire):
    hand_over(wire, a_mail("añi@example.com"))
    hand_over(wire, a_mail("ani@jalan-é.example"))
    assert server.recipients() == ["ani@xn--jalan--gva.example", "añi@example.com"]


def test_a_server_without_support_does_not_get_such_an_address(app):
    with Server(options={"enable_SMTPUTF8": False}) as server:
        send_through(app, server)
        with Wire(app.extensions["mail"], app.extensions["outreach"]) as wire:
            with pytest.raises(Permanent):
                hand_over(wire, a_mail("añi@example.com"))
            hand_over(wire, a_mail("ani@jalan-é.example"))
        assert server.recipients() == ["ani@xn--jalan--gva.example"]


@pytest.mark.parametrize(
    ("words", "trouble"),
    [
        ("454 4.7.0 Temporary authentication failure", ChannelTrouble.LATER),
        ("421 4.7.0 Too many logins", ChannelTrouble.LATER),
        ("535 5.7.8 Authentication failed", ChannelTrouble.LOGIN),
    ],
)
def test_a_login_that_the_server_cannot_check_now_is_not_refused(words, trouble):
    with ScriptedServer(("AUTH PLAIN",), {("AUTH", 1): words}, closes_after_421=False) as server:
        wire = wire_to(server.port)
        wire.mail.username, wire.mail.password = "kantor", "rahasia"
        with wire:
            with pytest.raises(ChannelDown) as caught:
                wire.open()
            assert (caught.value.trouble, f"{caught.value}") == (trouble, words)
            hand_over(wire, a_mail())
            assert ChannelTrouble.LATER in wire.over


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


def hand_over_through(app):
    with Wire(app.extensions["mail"], app.extensions["outreach"]) as wire:
        return hand_over(wire, a_mail())


def test_mail_is_sent_over_verified_tls_with_login(app, tls_server):
    assert hand_over_through(app).code == 250
    assert tls_server.recipients() == ["ani@example.com"]


def test_an_untrusted_certificate_is_refused_before_the_password_is_sent(app, tls_server):
    app.extensions["outreach"] = replace(app.extensions["outreach"], mail_ca_file="")
    with pytest.raises(ChannelDown) as caught:
        hand_over_through(app)
    assert caught.value.trouble is ChannelTrouble.TLS
    assert tls_server.taken == []


def test_a_certificate_for_another_name_is_refused(app, tls_server):
    app.extensions["mail"].server = "127.0.0.1"
    with pytest.raises(ChannelDown) as caught:
        hand_over_through(app)
    assert caught.value.trouble is ChannelTrouble.TLS


def test_a_wrong_password_is_a_down_channel(app, tls_server):
    app.extensions["mail"].password = "salah"
    with pytest.raises(ChannelDown) as caught:
        hand_over_through(app)
    assert caught.value.trouble is ChannelTrouble.LOGIN
    assert tls_server.taken == []


def test_a_server_without_tls_gets_nothing_where_tls_is_required(app, server):
    app.extensions["mail"].use_tls = True
    with pytest.raises(ChannelDown) as caught:
        hand_over_through(app)
    assert caught.value.trouble is ChannelTrouble.TLS
    assert server.taken == []


@pytest.fixture
def tls(certificate) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context


def wire_over_tls(server: ScriptedServer, certificate, **settings):
    wire = wire_to(server.port, mail_ca_file=str(certificate[0]), **settings)
    wire.mail.server, wire.mail.use_tls = "localhost", True
    return wire


@ways
def test_groups_are_sent_over_tls_too(way, tls, certificate):
    with ScriptedServer(WAYS[way], tls=tls) as server, wire_over_tls(server, certificate) as wire:
        group = [a_mail(f"ani{number}@example.com", b"Subject: x\r\n\r\n" + b"Halo\r\n" * 9000) for number in range(50)]
        assert in_short(wire.hand_over_group(group)) == "A" * 50
        assert [(to, text) for _, to, text in server.taken] == [(mail.recipient, mail.data) for mail in group]


@pytest.mark.parametrize(("before", "after"), [(CHUNKING, ()), (CHUNKING, PIPELINING), ((), CHUNKING)])
def test_the_servers_capabilities_count_only_once_tls_is_active(before, after, tls, certificate):
    server = ScriptedServer(after, tls=tls, extensions_before_tls=before)
    with server, wire_over_tls(server, certificate) as wire:
        assert in_short(wire.hand_over_group(mails())) == "AAAAA"
        assert ("BDAT" in server.verbs) == (after == CHUNKING)


@pytest.mark.parametrize(
    ("way", "verb", "expected"),
    [
        ("plain", "END", "AADAA"),
        ("pipelining", "END", "AADAA"),
        ("chunking", "BDAT", "AADDD"),
        ("pipelining", "RCPT", "AATAA"),
    ],
)
def test_a_connection_that_breaks_under_tls_gives_the_same_outcomes(way, verb, expected, tls, certificate):
    with ScriptedServer(WAYS[way], {(verb, 3): "drop"}, tls=tls) as server, wire_over_tls(server, certificate) as wire:
        assert in_short(wire.hand_over_group(mails())) == expected
        assert len(server.taken) == expected.count("A")

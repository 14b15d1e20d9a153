"""Calendars fetched from a given address: what is read, and that no address reaches into our own network."""

import gzip
import socket
import ssl
import threading
import time
import tracemalloc
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.delivery.fetch import problems
from outreach.delivery.fetch.fetch import FetchedFile, Fetcher, checked
from outreach.delivery.fetch.public_addresses import is_public
from tests.servers.certificates import certificate
from tests.servers.web import web_server

CALENDAR = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"
EVERYWHERE = ["127.0.0.1"]
ENOUGH_S = 60  # also on a busy machine


@pytest.fixture
def web_site():
    with web_server() as web_site:
        yield web_site


@pytest.fixture
def fetcher(web_site):
    """Allows requests to the test's own server, and to no other private address."""
    return Fetcher(own_hosts=frozenset({web_site.host}), whole_s=ENOUGH_S)


def test_a_calendar_is_fetched_with_its_validators(web_site, fetcher):
    web_site.says("/cal.ics?key=a%20b", CALENDAR, 'ETag: "1"', "Last-Modified: Mon, 04 Jan 2027 01:00:00 GMT")
    found = fetcher.fetch(web_site.url("/cal.ics?key=a b".replace(" ", "%20")))
    assert found == FetchedFile(CALENDAR, '"1"', "Mon, 04 Jan 2027 01:00:00 GMT")
    assert f"Host: {web_site.host}\r\n" in web_site.asked[0]
    assert "Cookie" not in web_site.asked[0]


def test_an_unchanged_calendar_is_not_sent_again(web_site, fetcher):
    web_site.says("/", b"", status="304 Not Modified")
    assert fetcher.fetch(web_site.url(), etag='"1"', last_modified="yesterday") == FetchedFile(None)
    assert 'If-None-Match: "1"\r\nIf-Modified-Since: yesterday' in web_site.asked[0]
    with pytest.raises(problems.FetchRefused):
        fetcher.fetch(web_site.url())


def test_webcal_uses_https_and_checks_the_certificate_by_name(tmp_path):
    pair = certificate(tmp_path)
    with web_server(pair) as web_site:
        web_site.says("/", CALENDAR)
        own = Fetcher(own_hosts=frozenset({web_site.host, f"other.example:{web_site.port}"}), whole_s=ENOUGH_S)
        address = f"webcal://{web_site.host}/"
        with pytest.raises(problems.NotTrusted):
            own.fetch(address)
        knowing = replace(own, trust=ssl.create_default_context(cafile=str(pair[0])))
        assert knowing.fetch(address).data == CALENDAR
        elsewhere = replace(knowing, resolve=lambda host, port: EVERYWHERE)
        with pytest.raises(problems.NotTrusted):
            elsewhere.fetch(f"https://other.example:{web_site.port}/")


def test_redirects_are_followed_three_times_at_most(web_site, fetcher):
    for number in range(4):
        web_site.says(f"/{number}", b"", f"Location: /{number + 1}", status="302 Found")
    web_site.says("/4", CALENDAR)
    assert fetcher.fetch(web_site.url("/1")).data == CALENDAR
    with pytest.raises(problems.TooManyRedirects):
        fetcher.fetch(web_site.url("/0"))


@pytest.mark.parametrize(
    "target",
    ["http://127.0.0.1/", "http://localhost/", "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://2130706433/"],
)
def test_a_redirect_into_this_machine_is_not_followed(web_site, fetcher, target):
    web_site.says("/", b"", f"Location: {target}", status="301 Moved")
    with pytest.raises(problems.PrivateHost):
        fetcher.fetch(web_site.url())


def test_a_redirect_to_another_port_or_kind_of_address_is_not_followed(web_site, fetcher):
    web_site.says("/port", b"", "Location: http://example.com:25/", status="302 Found")
    web_site.says("/file", b"", "Location: file:///etc/passwd", status="302 Found")
    web_site.says("/nowhere", b"", status="302 Found")
    web_site.says("/odd", b"", "Location: http://[", status="302 Found")
    for path, problem in (
        ("/port", problems.OtherPort),
        ("/file", problems.AddressUnreadable),
        ("/nowhere", problems.AnswerBroken),
        ("/odd", problems.AddressUnreadable),
    ):
        with pytest.raises(problem):
            fetcher.fetch(web_site.url(path))


def test_the_connection_goes_to_the_checked_address_and_to_no_later_one(web_site):
    """A resolver that gives a public address first and loopback afterwards: DNS rebinding."""
    asked = []

    def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["198.41.0.4"] if len(asked) == 1 else EVERYWHERE

    with pytest.raises(problems.FetchProblem):
        Fetcher(resolve=rebinding, whole_s=ENOUGH_S).fetch("http://calendar.example.com/")
    assert (asked, web_site.connections) == (["calendar.example.com"], 0)


@pytest.mark.parametrize("found", [["127.0.0.1"], ["198.41.0.4", "10.0.0.1"], ["2001:500:2::c", "::1"], ["fe80::1%lo"]])
def test_a_name_with_any_private_address_is_refused_before_connecting(found):
    with pytest.raises(problems.PrivateHost):
        Fetcher(resolve=lambda host, port: found, whole_s=ENOUGH_S).fetch("https://calendar.example.com/")


@pytest.mark.parametrize(
    ("host", "is_listed"),
    [
        ("cal.example.com", True), ("CAL.example.com", True), ("a.b.example.org", True), ("example.org", False),
        ("notexample.org", False), ("cal.example.com.example.net", False), ("sub.cal.example.com", False),
    ],
)  # fmt: skip
def test_where_hosts_are_listed_no_other_one_is_asked(host, is_listed):
    asked = Fetcher(hosts=frozenset({"cal.example.com", "*.example.org"}), resolve=lambda host, port: ["10.0.0.1"])
    with pytest.raises(problems.PrivateHost if is_listed else problems.HostNotListed):
        asked.fetch(f"https://{host}/cal.ics")


def test_a_redirect_to_a_host_that_is_not_listed_is_not_followed(web_site, fetcher):
    web_site.says("/", b"", "Location: https://example.net/", status="301 Moved")
    with pytest.raises(problems.HostNotListed):
        replace(fetcher, hosts=frozenset({"example.com"})).fetch(web_site.url())


def test_our_own_host_is_allowed_on_its_port_only(web_site):
    web_site.says("/", CALENDAR)
    assert Fetcher(own_hosts=frozenset({web_site.host})).fetch(web_site.url()).data == CALENDAR
    with pytest.raises(problems.OtherPort):
        Fetcher().fetch(web_site.url())
    with pytest.raises(problems.PrivateHost):
        Fetcher(own_hosts=frozenset({web_site.host})).fetch("http://localhost/")


def test_fifty_megabytes_are_refused(web_site, fetcher):
    web_site.sends("/said", b"HTTP/1.1 200 OK\r\nContent-Length: 52428800\r\n\r\n")
    web_site.sends("/unsaid", b"HTTP/1.1 200 OK\r\n\r\n", *[bytes(1024 * 1024)] * 50)
    for path in ("/said", "/unsaid"):
        with pytest.raises(problems.FetchTooLarge):
            fetcher.fetch(web_site.url(path))


def test_the_limit_counts_decompressed_bytes(web_site, fetcher):
    web_site.says("/", gzip.compress(CALENDAR), "Content-Encoding: gzip")
    assert fetcher.fetch(web_site.url()).data == CALENDAR
    exactly = b"x" * 5 * 1024 * 1024
    web_site.says("/full", gzip.compress(exactly), "Content-Encoding: gzip")
    assert fetcher.fetch(web_site.url("/full")).data == exactly
    bomb = gzip.compress(bytes(200 * 1024 * 1024))
    web_site.says("/bomb", bomb, "Content-Encoding: gzip")
    tracemalloc.start()
    with pytest.raises(problems.FetchTooLarge):
        fetcher.fetch(web_site.url("/bomb"))
    at_most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert at_most < 50 * 1024 * 1024


def test_data_after_the_end_of_a_compressed_response_is_not_waited_for(web_site, fetcher):
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(CALENDAR)
    sent: list[str] = []

    def send(connection: socket.socket, _request: str) -> None:
        connection.sendall(head)
        try:
            while True:  # until the other side closes
                connection.sendall(bytes(1024 * 1024))
        except OSError:
            sent.append("all that is taken")
            raise

    web_site.paths["/"] = send
    assert fetcher.fetch(web_site.url()).data == CALENDAR
    while not sent:
        time.sleep(0.01)


@pytest.mark.parametrize("host", ["2606:4700::abcd", "2001:4860:4860::8888", "::ffff"])
def test_an_ipv6_address_is_requested_by_number(web_site, monkeypatch, host):
    web_site.says("/", CALENDAR)
    connect = socket.socket.connect
    monkeypatch.setattr(socket.socket, "connect", lambda sock, _there: connect(sock, ("127.0.0.1", web_site.port)))
    own = Fetcher(own_hosts=frozenset({f"{host}:80"}), resolve=lambda host, port: EVERYWHERE, whole_s=ENOUGH_S)
    assert own.fetch(f"http://[{host}]/").data == CALENDAR
    assert f"Host: [{host}]\r\n" in web_site.asked[0]


@pytest.mark.parametrize(
    "start",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nX: ",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
)
def test_a_slow_response_ends_at_the_time_limit(web_site, fetcher, start):
    def drip(connection: socket.socket, _request: str) -> None:
        connection.sendall(start)
        while True:  # until the other side closes
            connection.sendall(b"1")
            time.sleep(0.05)

    web_site.paths["/"] = drip
    with pytest.raises(problems.TooSlow) as caught:
        replace(fetcher, whole_s=0.6).fetch(web_site.url())
    assert caught.value.values["host"] == "localhost"


def test_a_silent_resolver_blocks_nobody():
    answering = threading.Event()
    with pytest.raises(problems.TooSlow):
        Fetcher(resolve=lambda host, port: answering.wait() and [], whole_s=0.3).fetch("http://calendar.example.com/")
    answering.set()


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nBEGIN:VCAL",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\nxx",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nnot gzip",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(CALENDAR, mtime=0)[:-12],
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
    ],
)
def test_a_broken_response_is_reported_as_broken(web_site, fetcher, answer):
    web_site.sends("/", answer)
    with pytest.raises(problems.AnswerBroken):
        fetcher.fetch(web_site.url())


@pytest.mark.parametrize(
    ("status", "problem"),
    [
        ("401 Who", problems.NotAllowed),
        ("404 No", problems.NotThere),
        ("410 Gone", problems.NotThere),
        ("500 Ouch", problems.FetchRefused),
        ("204 Nothing", problems.FetchRefused),
    ],
)
def test_a_refusal_says_what_to_do(web_site, fetcher, status, problem):
    web_site.says("/", b"", status=status)
    with pytest.raises(problem):
        fetcher.fetch(web_site.url())


def test_a_port_without_a_listener_is_reported(web_site, fetcher):
    web_site.close()
    with pytest.raises(problems.NoConnection):
        fetcher.fetch(web_site.url())
    with pytest.raises(problems.HostUnknown):
        Fetcher(resolve=lambda host, port: []).fetch("http://calendar.example.com/")


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("", problems.AddressUnreadable),
        ("calendar.example.com/x.ics", problems.AddressUnreadable),
        ("ftp://example.com/", problems.AddressUnreadable),
        ("file:///etc/passwd", problems.AddressUnreadable),
        ("http:///x", problems.AddressUnreadable),
        ("http://exa\r\nmple.com/", problems.AddressUnreadable),
        ("http://example.com\\@127.0.0.1/", problems.AddressUnreadable),
        ("http://[::1", problems.AddressUnreadable),
        ("http://[fe80::1%25lo]/", problems.AddressUnreadable),
        ("http://example.com:99999/", problems.AddressUnreadable),
        ("http://" + "a" * 70 + ".example/", problems.AddressUnreadable),
        ("https://example.com/" + "x" * 1000, problems.AddressUnreadable),
        ("https://ani@example.com/", problems.NameInAddress),
        ("https://ani:secret@example.com/", problems.NameInAddress),
        ("https://example.com:8443/", problems.OtherPort),
        ("http://example.com:0/", problems.OtherPort),
        ("https://127.0.0.1/x.ics", problems.PrivateHost),
        ("webcal://192.168.1.1/", problems.PrivateHost),
        ("http://[::1]:80/", problems.PrivateHost),
    ],
)
def test_invalid_addresses_are_not_requested(address, problem):
    with pytest.raises(problem):
        checked(address)


def test_an_address_is_normalised():
    assert checked(" WebCal://Calendar.Example.com/a#b ").geturl() == "https://calendar.example.com/a"
    assert checked("http://bücher.example/").geturl() == "http://xn--bcher-kva.example/"
    assert checked("https://example.com:80/").geturl() == "https://example.com:80/"


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0", "10.1.2.3", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.255.255", "169.254.169.254",
        "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "224.0.0.1",
        "239.255.255.255", "255.255.255.255", "::", "::1", "::ffff:8.8.8.8", "::8.8.8.8", "64:ff9b::808:808",
        "64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1", "2002:808:808::1", "fc00::1", "fd00::1", "fe80::1", "fec0::1",
        "ff02::1", "fe80::1%eth0", "2600::1%eth0", "localhost", "", "1.1",
    ],
)  # fmt: skip
def test_private_addresses_are_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "100.63.255.255", "100.128.0.0", "172.15.0.1", "172.32.0.1", "2600::1", "2a00::1"]
)
def test_public_addresses_are_public(address):
    assert is_public(address)


@given(st.ip_addresses())
def test_an_address_that_python_calls_private_is_never_public(address):
    if not address.is_global or address.is_multicast:
        assert not is_public(str(address))


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_refused_with_a_message(text):
    with suppress(problems.FetchProblem):
        assert checked("http://" + text).hostname

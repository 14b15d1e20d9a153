"""The pages behind nginx and Caddy, with the files of docs/deploy: two processes of gunicorn, TLS, and what visitors may not."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from tests.servers import proxies
from tests.servers.smtp import free_port
from tests.support.apps import SECRET
from tests.world import PASSWORD

pytestmark = [pytest.mark.any_day, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
TOKEN = "t0ken-of-a-link-that-opens-without-a-login-0123456789"
METRICS = "t0ken-for-the-figures-0123456789abcdef"
MB = 1024 * 1024
STRANGERS = count(2)


@pytest.fixture(scope="module")
def pages_port(office_folder: Path) -> Iterator[int]:
    """The port of gunicorn with two processes, as docs/deploy starts it, behind each of the proxies."""
    port = free_port()
    environment = {
        **os.environ, "OUTREACH_INSTANCE": str(office_folder), "OUTREACH_SECRET_KEY": SECRET,
        "OUTREACH_BASE_URL": f"https://{proxies.HOST}", "OUTREACH_PROXIES": "1", "OUTREACH_RATE_LOGIN": "3/hour",
        "OUTREACH_METRICS_TOKEN": METRICS, "OUTREACH_SECOND_FACTOR_FOR": "",
    }  # fmt: skip
    command = [sys.executable, "-m", "gunicorn", "--config", "docs/deploy/gunicorn.conf.py", "--workers", "2"]
    process = subprocess.Popen(
        [*command, "--bind", f"127.0.0.1:{port}", "outreach.wsgi:app"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    while True:
        assert process.poll() is None
        try:  # the first page takes longest: a proxy does not wait as long as a busy machine may need
            urllib.request.urlopen(f"http://127.0.0.1:{port}/login", timeout=300).close()
            break
        except urllib.error.HTTPError:
            break
        except OSError:
            time.sleep(0.1)
    yield port
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=300)


@dataclass
class Kind:
    """One of the two proxies."""

    name: str
    tmp_path_factory: pytest.TempPathFactory

    def before(self, port: int) -> AbstractContextManager[proxies.Proxy]:
        """Run the proxy before pages at this port."""
        started: Callable[[Path, int], AbstractContextManager[proxies.Proxy]] = getattr(proxies, self.name)
        return started(self.tmp_path_factory.mktemp(self.name), port)


@pytest.fixture(params=["nginx", "caddy"], scope="module")
def kind(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Kind:
    if not (shutil.which(request.param) or Path(f"/usr/sbin/{request.param}").exists()):
        pytest.skip(f"{request.param} is not installed (Debian: apt-get install {request.param})")
    return Kind(request.param, tmp_path_factory)


@pytest.fixture(scope="module")
def proxy(kind: Kind, pages_port: int) -> Iterator[proxies.Proxy]:
    with kind.before(pages_port) as running:
        yield running


def form_of(page: bytes) -> str:
    found = re.search(rb'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert found
    return found[1].decode()


def cookies_of(answer) -> str:
    return "; ".join(line.partition(";")[0] for line in answer.get_all("Set-Cookie") or [])


def sign_in(proxy: proxies.Proxy, email: str, password: str, **headers: str):
    _, first, page = proxy.ask("/login?lang=en")
    body = f"csrf_token={form_of(page)}&email={email.replace('@', '%40')}&password={password}".encode()
    return proxy.ask(
        "/login", method="POST", body=body, Cookie=cookies_of(first), Origin=f"https://{proxies.HOST}",
        Content_Type="application/x-www-form-urlencoded", **headers,
    )  # fmt: skip


def test_pages_are_used_through_the_proxy_as_documented(proxy, pages_port):
    status, headers, page = proxy.ask(
        "/login?lang=en", X_Forwarded_Host="evil.example", X_Forwarded_Prefix="/evil", X_Forwarded_Proto="http",
        X_Forwarded_Port="99", Forwarded="host=evil.example",
    )  # fmt: skip
    assert (status, b"Password" in page) == (200, True)
    assert (b"evil" in page, headers["X-Forwarded-Host"]) == (False, None)
    kept = headers.get_all("Set-Cookie") or []
    assert [cookie for cookie in kept if not (cookie.startswith("__Host-") and "; Secure" in cookie)] == []
    assert kept
    assert proxy.ask("/", X_Forwarded_Host="evil.example", X_Forwarded_Prefix="/evil")[1]["Location"].startswith(
        "/login"
    )
    for name in ("metrics", "livez", "readyz", "healthz"):
        assert proxy.ask(f"/{name}")[0] == 404
    assert proxy.ask("/metrics", Authorization=f"Bearer {METRICS}")[0] == 404
    asked = urllib.request.Request(
        f"http://localhost:{pages_port}/metrics", headers={"Authorization": f"Bearer {METRICS}"}
    )
    with urllib.request.urlopen(asked, timeout=120) as direct:
        assert b"outreach_build_info" in direct.read()

    status, headers, _ = sign_in(proxy, "coordinator@example.com", PASSWORD)
    assert (status, headers["Location"]) == (302, "/")
    session = cookies_of(headers)
    _, headers, page = proxy.ask("/people/import", Cookie=session)
    session = cookies_of(headers)  # the forms' token is another one after signing in
    sent = {}
    for size in (10 * MB - 2000, 10 * MB + 300_000, 12 * MB):
        edge = "----edge"
        part = f'--{edge}\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n'
        body = (
            part % ("csrf_token", "") + form_of(page) + "\r\n" + part % ("file", '; filename="people.csv"')
        ).encode()
        body += b"Nama,Surel\n" + b"x" * (size - len(body)) + f"\r\n--{edge}--\r\n".encode()
        try:
            sent[size], _, _ = proxy.ask(
                "/people/import", method="POST", body=body, Cookie=session, Origin=f"https://{proxies.HOST}",
                Content_Type=f"multipart/form-data; boundary={edge}",
            )  # fmt: skip
        except OSError:  # the proxy closed the connection while the body was still on its way
            sent[size] = 413
    assert sent.pop(10 * MB - 2000) in (200, 302, 422)
    assert set(sent.values()) <= {413, 502}  # 502: Caddy before 2.7, above its own limit


def test_each_visitor_is_counted_by_their_own_address_and_cannot_choose_it(proxy):
    """Each of two processes counts three tries for itself, so one of seven is refused for sure."""
    first, second = next(STRANGERS), next(STRANGERS)
    tried = [
        sign_in(
            proxy, f"nobody{first}@example.com", "wrong", source=f"127.0.0.{first}", X_Forwarded_For=f"10.0.0.{number}"
        )[0]
        for number in range(7)
    ]
    assert (tried[0], 429 in tried) == (200, True), tried
    assert sign_in(proxy, f"somebody{second}@example.com", "wrong", source=f"127.0.0.{second}")[0] == 200


def test_no_log_of_the_proxy_names_a_link(proxy, kind):
    addresses = (f"/j/{TOKEN}", f"/feeds/{TOKEN}.ics", f"/j/{TOKEN}/away?q={TOKEN}")
    for address in addresses:
        assert proxy.ask(address, Referer=f"https://{proxies.HOST}/j/{TOKEN}")[0] in (200, 404, 410)
        asked = urllib.request.Request(f"http://127.0.0.1:{proxy.plain_port}{address}", headers={"Host": proxies.HOST})
        opener = urllib.request.build_opener(NotFollowed)
        with pytest.raises(urllib.error.HTTPError) as moved:
            opener.open(asked)
        assert moved.value.headers["Location"] == f"https://{proxies.HOST}{address}"
    with kind.before(free_port()) as before_nothing:
        for address in addresses:
            assert before_nothing.ask(address, Referer=f"https://{proxies.HOST}/j/{TOKEN}")[0] == 502
    assert TOKEN not in proxy.logs() + before_nothing.logs()


class NotFollowed(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_arguments):
        return None

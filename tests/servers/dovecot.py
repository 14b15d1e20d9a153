"""A real IMAP server for tests: Debian's Dovecot (2.4) in a temporary folder, without root's configuration.

It runs as the user of the tests; under root its processes switch to "nobody", as Dovecot refuses to serve mail as root.
"""

import grp
import imaplib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from outreach.settings import Settings
from tests.servers.certificates import certificate
from tests.servers.smtp import free_port
from tests.support.apps import SECRET

PASSWORD = "rahasia-kotak-surat"  # for any user
PROGRAM = shutil.which("dovecot") or ("/usr/sbin/dovecot" if Path("/usr/sbin/dovecot").exists() else None)

CONFIGURATION = """
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
mail_driver = maildir
mail_path = {folder}/mail/%{{user}}
mail_uid = {uid}
mail_gid = {gid}
first_valid_uid = 1
first_valid_gid = 1
default_login_user = {user}
default_internal_user = {user}
default_internal_group = {group}
ssl = yes
ssl_server_cert_file = {folder}/certificate.pem
ssl_server_key_file = {folder}/key.pem
auth_allow_cleartext = yes
auth_failure_delay = 0
mail_max_userip_connections = 50
passdb static {{
  password = {password}
}}
userdb static {{
}}
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
  }}
}}
"""


class Dovecot:
    """Use as a context. `port` speaks STARTTLS, `tls_port` TLS from the first byte; `ca_file` signs both.

    user: the owner of the mailbox that the methods use. A new user has an empty mailbox.
    """

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="outreach-imap-"))  # short: socket paths have at most 108 characters
        self.ca_file = str(self.folder / "certificate.pem")
        self.user = "undangan"
        self.port = self.tls_port = 0
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Dovecot":
        owner = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
        certificate(self.folder)
        (self.folder / "mail").mkdir()
        self.folder.chmod(0o755)
        if os.geteuid() == 0:
            os.chown(self.folder / "mail", owner.pw_uid, owner.pw_gid)
        self._owner = owner
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        self.port, self.tls_port = self.port or free_port(), self.tls_port or free_port()
        path = self.folder / "dovecot.conf"
        path.write_text(
            CONFIGURATION.format(
                folder=self.folder,
                user=self._owner.pw_name,
                uid=self._owner.pw_uid,
                gid=self._owner.pw_gid,
                group=grp.getgrgid(self._owner.pw_gid).gr_name,
                password=PASSWORD,
                port=self.port,
                tls_port=self.tls_port,
            )
        )
        assert PROGRAM is not None
        self._process = subprocess.Popen(
            [PROGRAM, "-F", "-c", str(path)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        for _ in range(200):
            try:
                imaplib.IMAP4("127.0.0.1", self.port, timeout=5).logout()
                return
            except (OSError, imaplib.IMAP4.error):
                if self._process.poll() is not None:
                    break
                time.sleep(0.05)
        log = self.folder / "log"
        raise OSError(f"Dovecot did not start: {log.read_text() if log.exists() else 'no log'}")

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(timeout=300)
            self._process = None

    def kill(self) -> None:
        """Close every connection at once."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(timeout=300)
        self._process = None

    @contextmanager
    def client(self) -> Iterator[imaplib.IMAP4]:
        """Another mail program on the same mailbox."""
        client = imaplib.IMAP4("127.0.0.1", self.port, timeout=300)
        client.login(self.user, PASSWORD)
        client.select("INBOX")
        try:
            yield client
        finally:
            client.logout()  # close() would expunge

    def deliver(self, *mails: bytes, at: datetime | None = None, folder: str = "INBOX") -> None:
        """Let mails arrive. at: the arrival time that the server records; Dovecot accepts no future time."""
        with self.client() as client:
            when = imaplib.Time2Internaldate((at or datetime.now(UTC)).astimezone(UTC))
            for mail in mails:
                status, words = client.append(folder, None, when, mail)
                assert status == "OK", words

    def flags(self) -> dict[int, set[str]]:
        """Return the flags of all mails in the inbox, by UID."""
        with self.client() as client:
            _status, found = client.uid("fetch", "1:*", "(FLAGS)")
        flags = {}
        for line in found:
            if line:
                uid = int(line.split(b"UID ")[1].split(b" ")[0].rstrip(b")"))
                flags[uid] = {f.decode() for f in imaplib.ParseFlags(line)}
        return flags

    def files(self) -> list[Path]:
        """Return the folder of the mails."""
        return [path for path in (self.folder / "mail" / self.user).rglob("*") if path.parent.name in ("cur", "new")]

    def empty(self) -> None:
        """Delete the mailbox; the next one has another UIDVALIDITY, which Dovecot takes from the clock's seconds."""
        time.sleep(1.1)
        shutil.rmtree(self.folder / "mail" / self.user, ignore_errors=True)


def imap_settings(server: Dovecot, **values: object) -> Settings:
    return Settings(**{**server_settings(server), "secret_key": SECRET, **values})


def server_settings(server: Dovecot) -> dict[str, object]:
    return {
        "imap_server": "localhost",
        "imap_port": server.tls_port,
        "imap_username": server.user,
        "imap_password": PASSWORD,
        "imap_ca_file": server.ca_file,
        "imap_timeout_s": 10.0,
    }

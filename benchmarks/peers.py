"""pretalx, a conference system, as the peer that is measured in the same run: its public schedule page, its own sending.

Only where asked for (`make bench PEERS=1`). It is installed from PyPI into a virtual environment of its own, which is kept in
results/, and gets its own demo event: 36 talks on three days. It runs with its default settings, on its own SQLite,
without a task queue.
"""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes
from pathlib import Path

from benchmarks.results import LATEST
from benchmarks.sending.wire import a_mail
from benchmarks.servers import served

ASKED = "OUTREACH_BENCH_PEERS"
WANTED = (
    "pretalx",
    "gunicorn",
    "Faker",
    "freezegun",
)  # the newest that this Python can run; the last two for its demo event
EVENT = "democon"
HOME = LATEST.parent / "pretalx"
SEND = """
import json, sys, time
import django
django.setup()
from django.db import connection
from django_scopes import scopes_disabled
from pretalx.event.models import Event
from pretalx.mail.models import QueuedMail
try:
    from pretalx.mail.domain.send import send_draft as send
except ImportError:
    send = QueuedMail.send
asked = json.load(sys.stdin)
with scopes_disabled():
    event = Event.objects.get(slug=asked["event"])
    mails = [
        QueuedMail.objects.create(event=event, to=to, subject=asked["subject"], text=asked["text"],
                                  attachments=asked["attachments"])
        for to in asked["to"]
    ]
    began = time.perf_counter()
    for mail in mails:
        send(mail)
    seconds = time.perf_counter() - began
with connection.cursor() as cursor:
    said = [cursor.execute("PRAGMA " + name).fetchone()[0] for name in ("journal_mode", "synchronous")]
print(json.dumps({"s": seconds, "said": said}))
"""


def asked() -> bool:
    """Return whether peers are to be installed and measured."""
    return bool(os.environ.get(ASKED))


@dataclass(frozen=True)
class Pretalx:
    """An installed pretalx with its demo event. durability: what its database flushes, in the words of conditions.py."""

    environment: dict[str, str]
    durability: str

    schedule_path = f"/{EVENT}/schedule/"

    @contextmanager
    def served(self, folder: Path) -> Iterator[str]:
        """Serve its pages in the same way as ours; give the address."""
        python = str(_python())
        with served("pretalx.wsgi:application", folder, self.environment, self.schedule_path, python) as address:
            yield address

    def send(self, mails: int, port: int) -> float:
        """Let it send this number of mails, with the same text and calendar as ours. Return the seconds that it took."""
        return float(_sent(self.environment, mails, port)["s"])


def pretalx(folder: Path, say: Callable[[str], None]) -> Pretalx | None:
    """Return pretalx with a database of its own in `folder`; None if it cannot be installed; then it says why."""
    data = folder / "pretalx"
    data.mkdir(exist_ok=True)
    environment = {
        "DJANGO_SETTINGS_MODULE": "pretalx.settings", "PRETALX_DB_NAME": str(data / "db.sqlite3"),
        "PRETALX_FILESYSTEM_LOGS": str(data / "logs"), "PRETALX_FILESYSTEM_MEDIA": str(data / "media"),
        "PRETALX_FILESYSTEM_STATIC": str(HOME / "static"), "PRETALX_DEBUG": "False", "PRETALX_SITE_URL": "http://127.0.0.1",
        "DJANGO_SUPERUSER_EMAIL": "admin@example.com", "DJANGO_SUPERUSER_PASSWORD": secrets.token_hex(16),
        "PRETALX_INIT_ORGANISER_NAME": "Organiser", "PRETALX_INIT_ORGANISER_SLUG": "organiser",
    }  # fmt: skip
    try:
        if not _python().exists():
            say(f"installing {WANTED[0]} into {HOME}")
            _run([sys.executable, "-m", "venv", str(HOME)])
            _run([str(_python()), "-m", "pip", "install", "--quiet", *WANTED])
        say("filling pretalx's database")
        for command in (
            ["migrate"], ["rebuild"], ["init", "--noinput"],
            ["create_test_event", "--stage", "schedule", "--slug", EVENT, "--seed", "1"],
        ):  # fmt: skip
            _run([str(_python()), "-m", "pretalx", *command], environment)
        journal, synchronous = _sent(environment, 0, 1)["said"]
    except (OSError, RuntimeError) as error:
        say(f"pretalx cannot be measured here: {error}")
        return None
    version = _run([str(_python()), "-c", "from importlib.metadata import version; print(version('pretalx'))"]).strip()
    return Pretalx(environment, f"version {version} on SQLite, journal {journal}, synchronous {synchronous}")


def _sent(environment: dict[str, str], mails: int, port: int) -> dict:
    mail = message_from_bytes(a_mail())
    parts = {part.get_content_type(): part.get_payload(decode=True) for part in mail.walk() if not part.is_multipart()}
    words = {
        "event": EVENT, "to": [f"kader{number}@example.net" for number in range(mails)],  # it drops example.com
        "subject": "Undangan: Pelatihan kader perlindungan anak", "text": bytes(parts["text/plain"]).decode(),
        "attachments": [
            {"name": "undangan.ics", "content": bytes(parts["text/calendar"]).decode(), "content_type": "text/calendar"}
        ],
    }  # fmt: skip
    where = {**environment, "PRETALX_MAIL_HOST": "127.0.0.1", "PRETALX_MAIL_PORT": str(port)}
    said = _run([str(_python()), "-c", SEND], where, json.dumps(words))
    found: dict = json.loads(said.strip().splitlines()[-1])
    return found


def _python() -> Path:
    return HOME / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def _run(command: list[str], environment: dict[str, str] | None = None, asked: str = "") -> str:
    done = subprocess.run(
        command, env={**os.environ, **(environment or {})}, input=asked, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[:4])} failed: {(done.stderr or done.stdout)[-800:]}")
    return done.stdout

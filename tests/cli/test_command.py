"""The `outreach` command itself: what it loads before it knows what it is asked for."""

import os
import subprocess
import sys

import pytest

from outreach.cli import COMMANDS, HIDDEN
from tests.support.apps import SECRET

HEAVY = (
    "flask",
    "sqlalchemy",
    "alembic",
    "werkzeug",
    "jinja2",
    "structlog",
    "rich",
    "apscheduler",
    "icalendar",
    "ortools",
)


LEFT_OUT = """
import os, sys
from outreach.cli import main
os.umask = lambda mask: None
for asked in {asked!r}:
    print("asked:", *asked)
    try: main(asked, prog_name="outreach")
    except SystemExit: pass
print("loaded:", *(name for name in {names!r} if name in sys.modules))
"""


def test_help_comes_without_loading_what_only_pages_and_mails_need():
    """Of `db` as well, the commands are Flask-Migrate's: its help loads Flask and SQLAlchemy."""
    small = [name for name in (*COMMANDS, *HIDDEN) if name != "db"]
    asked = [["--help"], ["--version"], *([name, "--help"] for name in small)]
    asked += [["user", "add", "--help"], ["user", "password", "--help"]]
    done = subprocess.run(
        [sys.executable, "-c", LEFT_OUT.format(asked=asked, names=HEAVY)], capture_output=True, text=True, check=True
    )
    *said, loaded = done.stdout.splitlines()
    assert [line for line in said if line.startswith("Usage: outreach")] != []
    assert sum(line.startswith("Usage: outreach") for line in said) == len(asked) - 1
    assert loaded == "loaded:"


PAGES = ("outreach.web.activities", "outreach.web.invitations", "ortools")
LEAN = (*PAGES, "icalendar", "holidays")
# What is loaded stays loaded: so one process shows it of all, the command that may load least first.
ONE_AFTER_THE_OTHER = [
    (["db", "current"], (*LEAN, "outreach.services.reminders", "dns", "outreach.delivery.mail")),
    (["db", "upgrade"], (*LEAN, "outreach.services.reminders")),
    (["backup", "copy.zip"], (*LEAN, "outreach.services.reminders", "outreach.engines.embedded")),
    (["doctor"], (*LEAN, "outreach.engines.embedded")),
    (["user", "add", "--name", "Rina", "--email", "rina@example.com", "--role", "viewer"], PAGES),
]
EACH = """
import sys
from outreach.cli import main
for asked, names in {all!r}:
    try: main(asked, prog_name="outreach", standalone_mode=False)
    except SystemExit: pass
    print("loaded:", *(name for name in names if name in sys.modules))
"""


@pytest.mark.slow
def test_commands_work_without_loading_the_pages(tmp_path):
    environment = {
        **os.environ, "OUTREACH_INSTANCE": str(tmp_path), "OUTREACH_SECRET_KEY": SECRET, "OUTREACH_MAIL_PORT": "1",
        "OUTREACH_BASE_URL": "http://127.0.0.1:1",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", EACH.format(all=ONE_AFTER_THE_OTHER)], capture_output=True, text=True, check=True, cwd=tmp_path,
        env=environment,
    )  # fmt: skip
    lines = done.stdout.splitlines()
    assert [line for line in lines if line.startswith("loaded:")] == ["loaded:"] * len(ONE_AFTER_THE_OTHER)
    assert ("The tables are up to date." in lines, "Rina signs in with rina@example.com" in lines) == (True, True)
    assert (tmp_path / "copy.zip").exists()

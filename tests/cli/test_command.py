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


@pytest.mark.slow
@pytest.mark.parametrize(
    ("asked", "left_out"),
    [
        (["db", "upgrade"], (*PAGES, "icalendar", "holidays", "outreach.services.reminders")),
        (
            ["db", "current"],
            (*PAGES, "icalendar", "holidays", "dns", "outreach.services.reminders", "outreach.delivery.mail"),
        ),
        (["backup", "copy.zip"], (*PAGES, "icalendar", "holidays", "outreach.services.reminders")),
        (["doctor"], (*PAGES, "icalendar", "holidays", "outreach.engines.embedded")),
        (["user", "add", "--name", "Rina", "--email", "rina@example.com", "--role", "viewer"], PAGES),
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_a_command_works_without_loading_the_pages(tmp_path, asked, left_out):
    environment = {
        **os.environ, "OUTREACH_INSTANCE": str(tmp_path), "OUTREACH_SECRET_KEY": SECRET, "OUTREACH_MAIL_PORT": "1",
        "OUTREACH_BASE_URL": "http://127.0.0.1:1",
    }  # fmt: skip
    program = (
        "import sys\n"
        "from outreach.cli import main\n"
        "try: main({asked!r}, prog_name='outreach', standalone_mode=False)\n"
        "except SystemExit: pass\n"
        "print('loaded:', *(name for name in {names!r} if name in sys.modules))\n"
    )
    for words in (["db", "upgrade"], asked):
        done = subprocess.run(
            [sys.executable, "-c", program.format(asked=words, names=left_out)], capture_output=True, text=True, check=True,
            cwd=tmp_path, env=environment,
        )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "loaded:"

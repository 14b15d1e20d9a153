"""The `outreach` command itself: what it loads before it knows what it is asked for."""

import os
import subprocess
import sys

import pytest

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


@pytest.mark.parametrize("asked", ["--help", "--version"])
def test_help_comes_without_loading_what_only_pages_and_mails_need(asked):
    program = (
        "import sys\n"
        "from outreach.cli import main\n"
        f"main([{asked!r}], prog_name='outreach', standalone_mode=False)\n"
        f"print('loaded:', *(name for name in {HEAVY!r} if name in sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "outreach" in done.stdout.lower()
    assert done.stdout.splitlines()[-1] == "loaded:"


PAGES = ("outreach.web.activities", "outreach.web.invitations", "ortools")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("asked", "left_out"),
    [
        (["db", "upgrade"], (*PAGES, "icalendar", "holidays", "outreach.services.reminders")),
        (["backup", "copy.zip"], (*PAGES, "icalendar", "holidays", "outreach.services.reminders")),
        (["doctor"], (*PAGES, "icalendar", "outreach.engines.embedded")),
        (["user", "add", "--name", "Rina", "--email", "rina@example.com", "--role", "viewer"], PAGES),
    ],
    ids=lambda words: words[0],
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

"""The `outreach` command itself: what it loads before it knows what it is asked for."""

import subprocess
import sys

import pytest

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

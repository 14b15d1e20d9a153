"""docs/operations.md and the files beside it name only existing settings and commands."""

import dataclasses
import re
from pathlib import Path

from outreach.cli import COMMANDS
from outreach.settings import OTHERS, Settings

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
FILES = [
    ROOT / "README.md",
    ROOT / "README.id.md",
    DOCS / "operations.md",
    *(path for path in (DOCS / "deploy").iterdir() if path.suffix != ".pyc"),
]
SETTINGS = {field.name for field in dataclasses.fields(Settings)}


def test_every_named_setting_exists():
    named = {
        name.lower()
        for path in FILES
        for name in re.findall(r"OUTREACH_([A-Z_]+[A-Z])", path.read_text("utf-8"))
        if not name.startswith(OTHERS)
    }
    named |= set(re.findall(r"`((?:mail|imap|tick|drain|rate)_[a-z_]+)`", (DOCS / "operations.md").read_text("utf-8")))
    assert len(named) > 20
    assert named - SETTINGS == set()


def test_every_named_command_exists():
    named = {
        name
        for path in FILES
        for name in re.findall(r"(?:`|/|^|\") ?outreach ([a-z]+)\b", path.read_text("utf-8"), re.M)
    }
    assert {"serve", "worker", "backup", "restore", "db"} <= named
    assert named - COMMANDS.keys() == set()


def test_the_example_and_both_readmes_name_what_a_real_office_must_set():
    needed = {
        "mail_server",
        "mail_sender",
        "mail_return_path",
        "imap_server",
        "imap_username",
        "imap_password",
        "metrics_token",
    }
    for path in (DOCS / "deploy" / "outreach.env.example", ROOT / "README.md", ROOT / "README.id.md"):
        named = {name.lower() for name in re.findall(r"OUTREACH_([A-Z_]+[A-Z])", path.read_text("utf-8"))}
        assert needed - named == set(), path


def test_no_file_contains_a_secret():
    text = (DOCS / "deploy" / "outreach.env.example").read_text("utf-8")
    assert re.findall(r"^OUTREACH_(?:SECRET_KEY|MAIL_PASSWORD|IMAP_PASSWORD|METRICS_TOKEN)=(.+)$", text, re.M) == []

"""Files that other programs read as agreed: Babel's mapping, the template for translators, the checks of a forge."""

import os
import re
import subprocess
import sys
from pathlib import Path

from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def ids(path: Path) -> set[tuple[str, str]]:
    with path.open("rb") as file:
        return {(message.context or "", str(message.id)) for message in read_po(file) if message.id}


def test_babels_own_extract_finds_what_the_template_and_the_indonesian_catalogue_have(tmp_path):
    made = tmp_path / "messages.pot"
    command = [
        sys.executable,
        "-m",
        "babel.messages.frontend",
        "-q",
        "extract",
        "-F",
        "babel.cfg",
        "-o",
        str(made),
        ".",
    ]
    subprocess.run(command, cwd=ROOT, check=True)
    translations = ROOT / "outreach" / "translations"
    found = ids(made)
    assert found == ids(translations / "messages.pot")
    assert found == ids(translations / "id" / "LC_MESSAGES" / "messages.po")


def test_the_forge_runs_what_everybody_runs():
    steps = re.findall(r"^\s*- run: (.+)$", read(".github/workflows/tests.yml"), re.MULTILINE)
    assert steps == [".ci/run"]
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_the_checks_before_a_commit_are_those_of_make_test():
    entries = re.findall(r"^\s*entry: \.venv/bin/(.+)$", read(".pre-commit-config.yaml"), re.MULTILINE)
    assert [entry.replace(" --force-exclude", "") for entry in entries] == [
        "ruff check",
        "ruff format",
        "mypy",
        "lint-imports",
        "python tests/catalogue.py check",
    ]


def test_a_weakness_can_be_reported_to_an_address_that_is_to_be_set():
    assert "**security@example.com**" in read("SECURITY.md")
    assert "](SECURITY.md)" in read("CONTRIBUTING.md")

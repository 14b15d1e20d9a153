"""docs/operations.md and the files beside it name only existing settings and commands."""

import dataclasses
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from outreach.cli import COMMANDS
from outreach.settings import OTHERS, Settings, load

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


def test_a_shell_reads_the_example_as_systemd_does_and_its_values_are_allowed(tmp_path, monkeypatch):
    """Each line is taken, those that are commented out too."""
    text = (DOCS / "deploy" / "outreach.env.example").read_text("utf-8")
    file = tmp_path / "outreach.env"
    file.write_text(re.sub(r"^#(OUTREACH_)", r"\1", text, flags=re.M).replace("redis://", "memory://"))
    lines = dict(line.split("=", 1) for line in file.read_text().splitlines() if line.startswith("OUTREACH_"))
    systemd = {name: value.strip("'") for name, value in lines.items()}
    assert {value for value in lines.values() if re.search(r"[\s<>&?{}]", value) and not value.startswith("'")} == set()
    shell = ["sh", "-c", f"set -eua; . {file}; env"]
    read = subprocess.run(shell, capture_output=True, text=True, check=True, env={}).stdout.splitlines()
    assert {name: value for name, _, value in (line.partition("=") for line in read) if name in systemd} == systemd
    for name, value in systemd.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("OUTREACH_INSTANCE", str(tmp_path))
    assert load().mail_sender == "Dinas Contoh <undangan@example.com>"


def test_the_service_is_set_up_once_and_its_command_has_its_settings(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("makes files as root")
    checkout = tmp_path / "checkout"
    shutil.copytree(DOCS / "deploy", checkout / "docs" / "deploy")
    program = checkout / ".venv" / "bin" / "outreach"
    program.parent.mkdir(parents=True)
    program.write_text('#!/bin/sh\necho "$OUTREACH_MAIL_SENDER|$OUTREACH_INSTANCE|$*"\n')
    program.chmod(0o755)
    (tmp_path / "units").mkdir()
    environment = {
        "PATH": os.environ["PATH"], "SERVICE_USER": "root", "SERVICE_ENV": str(tmp_path / "outreach.env"),
        **{f"SERVICE_{name.upper()}": str(tmp_path / name) for name in ("backups", "commands", "units")},
    }  # fmt: skip
    keys = set()
    for _time in range(2):
        subprocess.run([checkout / "docs" / "deploy" / "set-up.sh"], env=environment, check=True, capture_output=True)
        keys |= set(re.findall(r"^OUTREACH_SECRET_KEY=([\w-]{64})$", (tmp_path / "outreach.env").read_text(), re.M))
    assert len(keys) == 1
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "outreach.env", tmp_path / "backups")} == {0o600, 0o700}
    assert f"WorkingDirectory={checkout}\n" in (tmp_path / "units" / "outreach.service").read_text()
    said = subprocess.run(
        [tmp_path / "commands" / "outreach-service", "db", "current"], env=environment, check=True, capture_output=True,
        text=True,
    ).stdout  # fmt: skip
    assert said == f"Dinas Contoh <undangan@example.com>|{checkout}/instance|db current\n"


@pytest.mark.parametrize("left", ["nothing", "an environment without pip"])
def test_make_says_that_pythons_venv_is_missing_before_anything_is_made(tmp_path, left):
    """As on Debian without python3-venv: a Python that is new enough, and cannot make an environment with pip."""
    python = tmp_path / "python3"
    python.write_text('#!/bin/sh\ncase "$*" in *ensurepip*) exit 1;; esac\n')
    python.chmod(0o755)
    venv = tmp_path / ".venv"
    if left != "nothing":
        (venv / "bin").mkdir(parents=True)
        (venv / "bin" / "python").symlink_to("/bin/false")
    done = subprocess.run(
        ["make", f"PYTHON={python}", f"VENV={venv}", "UV=", f"{venv}/.installed"], cwd=ROOT, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "sudo apt install python3-venv" in done.stdout


def test_make_makes_a_half_made_environment_again(tmp_path):
    python = tmp_path / "python3"
    python.write_text(
        "#!/bin/sh\n"
        'if [ "$1 $2" = "-m venv" ]; then mkdir -p "$3/bin"; printf "#!/bin/sh\\necho \\$*\\n" > "$3/bin/python";'
        ' chmod 755 "$3/bin/python"; fi\n'
    )
    python.chmod(0o755)
    venv = tmp_path / ".venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").symlink_to("/bin/false")  # it runs, and has no pip
    subprocess.run(
        ["make", f"PYTHON={python}", f"VENV={venv}", "UV=", f"{venv}/.installed"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    assert (venv / ".installed").exists()
    assert not (venv / "bin" / "python").is_symlink()


def test_no_file_contains_a_secret():
    text = (DOCS / "deploy" / "outreach.env.example").read_text("utf-8")
    assert re.findall(r"^OUTREACH_(?:SECRET_KEY|MAIL_PASSWORD|IMAP_PASSWORD|METRICS_TOKEN)=(.+)$", text, re.M) == []

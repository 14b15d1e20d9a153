"""docs/operations.md and the files beside it name only existing settings and commands."""

import dataclasses
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from outreach.cli import COMMANDS
from outreach.settings import FILE, OTHERS, SECRETS, Settings, load

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
FILES = [
    ROOT / "README.md",
    ROOT / "README.id.md",
    DOCS / "operations.md",
    *(path for path in (DOCS / "deploy").iterdir() if path.is_file()),
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
    assert named - SETTINGS == {name for name in named if name.removesuffix(FILE.lower()) in SECRETS} - SETTINGS


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


@pytest.fixture
def machine(tmp_path: Path) -> "Machine":
    """A checkout, and the folders of a machine on which set-up.sh makes a service of it."""
    if os.geteuid() != 0:
        pytest.skip("makes files as root")
    checkout = tmp_path / "checkout"
    shutil.copytree(DOCS / "deploy", checkout / "docs" / "deploy")
    program = checkout / ".venv" / "bin" / "outreach"
    program.parent.mkdir(parents=True)
    program.write_text('#!/bin/sh\nenv | grep -a ^OUTREACH_\necho "args=$*"\n')
    program.chmod(0o755)
    (tmp_path / "units").mkdir()
    return Machine(tmp_path, checkout)


@dataclass
class Machine:
    """Each folder of the machine is one below `folder`."""

    folder: Path
    checkout: Path

    def set_up(self, checkout: Path | None = None, user: str = "root") -> subprocess.CompletedProcess[str]:
        places = {
            f"SERVICE_{name.upper()}": str(self.folder / name) for name in ("backups", "commands", "units")
        } | {"SERVICE_ENV": str(self.file)}  # fmt: skip
        return subprocess.run(
            [(checkout or self.checkout) / "docs" / "deploy" / "set-up.sh"], capture_output=True, text=True, check=False,
            env={"PATH": os.environ["PATH"], "SERVICE_USER": user, **places},
        )  # fmt: skip

    @property
    def file(self) -> Path:
        return self.folder / "outreach.env"

    @property
    def program(self) -> Path:
        return self.checkout / ".venv" / "bin" / "outreach"

    def service(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.folder / "commands" / "outreach-service", *arguments], env={"PATH": os.environ["PATH"], **environment},
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    def settings(self) -> dict[str, str]:
        """Return the settings that `outreach-service` gives to `outreach`."""
        done = self.service()
        assert done.returncode == 0, done.stderr
        lines = [line.partition("=") for line in done.stdout.splitlines()]
        return {name: value for name, _, value in lines if name != "args"}


def test_the_service_has_the_settings_of_the_example_and_they_are_allowed(machine, tmp_path, monkeypatch):
    """Each line is taken, those that are commented out too."""
    assert machine.set_up().returncode == 0
    machine.file.write_text(re.sub(r"^#(OUTREACH_)", r"\1", machine.file.read_text("utf-8"), flags=re.M))
    lines = dict(line.split("=", 1) for line in machine.file.read_text().splitlines() if line.startswith("OUTREACH_"))
    assert {
        value for value in lines.values() if re.search(r"[\s<>&?{}$]", value) and not value.startswith("'")
    } == set()
    taken = machine.settings()
    assert taken == {name: value.strip("'") for name, value in lines.items()}
    for name, value in taken.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("OUTREACH_INSTANCE", str(tmp_path))
    assert load().mail_sender == "Dinas Contoh <undangan@example.com>"


def test_a_value_is_taken_as_systemd_takes_it_and_no_shell_reads_it(machine, tmp_path):
    """Expected is what `EnvironmentFile=` of systemd.exec(5) says; the file of a first version had the sender so."""
    machine.set_up()
    machine.file.write_text(
        "OUTREACH_MAIL_SENDER=Dinas Contoh <undangan@example.com>\n"
        f"OUTREACH_MAIL_PASSWORD=pa$word$(touch {tmp_path}/run)`touch {tmp_path}/run`;touch {tmp_path}/run # it's\n"
        "; a comment\nexport OUTREACH_DEMO=1\n"
        "  OUTREACH_IMAP_PASSWORD = no name\n"
        'OUTREACH_IMAP_USERNAME="a $b\'c"  \n'
        "OUTREACH_IMAP_FOLDER='a\\b \"c\"'\r\n"
        "OUTREACH_MAIL_USERNAME=\nOUTREACH_DKIM_SELECTOR=''"
    )
    assert machine.settings() == {
        "OUTREACH_MAIL_SENDER": "Dinas Contoh <undangan@example.com>",
        "OUTREACH_MAIL_PASSWORD": f"pa$word$(touch {tmp_path}/run)`touch {tmp_path}/run`;touch {tmp_path}/run # it's",
        "OUTREACH_IMAP_USERNAME": "a $b'c",
        "OUTREACH_IMAP_FOLDER": 'a\\b "c"',
        "OUTREACH_MAIL_USERNAME": "",
        "OUTREACH_DKIM_SELECTOR": "",
    }
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("value", ["a\\b", "'a'b", "'a", '"a\\"b"', "'a'b'", '"a'])
def test_a_value_that_systemd_would_read_in_another_way_is_refused(machine, value):
    machine.set_up()
    machine.file.write_text(f"\nOUTREACH_MAIL_PASSWORD={value}\n")
    done = machine.service("doctor")
    assert (done.returncode, done.stdout) == (1, "")
    assert f"{machine.file}, line 2: OUTREACH_MAIL_PASSWORD has a backslash, or quotes within quotes." in done.stderr


def test_the_service_is_set_up_once_with_its_user_and_places(machine):
    keys = set()
    for _time in range(2):
        assert machine.set_up(user="daemon").returncode == 0
        keys |= set(re.findall(r"^OUTREACH_SECRET_KEY=([\w-]{64})$", machine.file.read_text(), re.M))
    assert len(keys) == 1
    assert {path.stat().st_mode & 0o777 for path in (machine.file, machine.folder / "backups")} == {0o600, 0o700}
    assert (machine.folder / "backups").owner() == "daemon"
    units = [path.read_text() for path in (machine.folder / "units").glob("*.service")]
    assert len(units) == 4
    for unit in units:
        assert {"User=daemon\n", f"WorkingDirectory={machine.checkout}\n", f"EnvironmentFile={machine.file}\n"} <= set(
            unit.splitlines(keepends=True)
        )
    assert "\nuser=daemon\n" in (machine.folder / "commands" / "outreach-service").read_text()


def test_the_services_command_has_its_settings(machine):
    machine.set_up()
    assert machine.settings()["OUTREACH_INSTANCE"] == f"{machine.checkout}/instance"
    assert machine.service("db", "current").stdout.splitlines()[-1] == "args=db current"


def test_a_checkout_that_units_cannot_name_or_read_is_refused_before_anything_is_made(machine):
    blank = machine.folder / "my checkout"
    shutil.copytree(machine.checkout, blank)
    told = machine.set_up(blank)
    assert (told.returncode, "may have only letters, digits and" in told.stderr) == (1, True)
    (machine.checkout / ".venv" / "bin" / "python").symlink_to("/home/rina/.local/share/uv/python3")
    told = machine.set_up()
    assert told.returncode == 1
    assert told.stderr.startswith(
        "/home/rina/.local/share/uv/python3 is in a home folder, where a service may not read."
    )
    assert not machine.file.exists()


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


def test_secrets_that_systemd_keeps_encrypted_reach_the_units_and_the_services_command(machine):
    """Decrypted with a key of the test's own, by the program that systemd's units use."""
    if shutil.which("systemd-creds") is None:
        pytest.skip("systemd-creds is not installed")
    machine.set_up()
    for unit in (machine.folder / "units").glob("*.service"):
        assert re.findall(r"^LoadCredentialEncrypted=(\w+):outreach\.(\w+)$", unit.read_text(), re.M) == [
            (name, name) for name in SECRETS
        ]
    command = machine.folder / "commands" / "outreach-service"
    store = machine.folder / "store"
    store.mkdir()
    command.write_text(command.read_text().replace("/etc/credstore.encrypted", str(store)))
    machine.program.write_text('#!/bin/sh\ncd "$CREDENTIALS_DIRECTORY"; stat -c %a . *; cat secret_key; exit 3\n')
    key = {"SYSTEMD_CREDENTIAL_SECRET": str(machine.folder / "host.key")}
    encrypt = ["systemd-creds", "encrypt", "--with-key=host", "--name=secret_key", "-", store / "outreach.secret_key"]
    subprocess.run(encrypt, input=b"rahasia", check=True, env={**os.environ, **key})
    assert b"rahasia" not in (store / "outreach.secret_key").read_bytes()
    done = machine.service("doctor", **key)
    assert (done.returncode, done.stdout) == (3, "700\n600\nrahasia"), done.stderr
    assert list(Path("/run").glob("outreach-service.*")) == []


def test_a_command_for_the_owner_of_the_tables_has_the_services_settings_and_the_owners_address(machine):
    machine.set_up()
    machine.file.write_text(
        "OUTREACH_DATABASE_URL=postgresql://outreach@localhost/outreach\nOUTREACH_MAIL_SERVER=localhost\n"
    )
    owner = machine.folder / "outreach-owner.url"
    refused = machine.service("--owner", "db", "upgrade")
    assert (refused.returncode, str(owner) in refused.stderr) == (1, True)
    owner.write_text("postgresql://owner:pa$word'@localhost/outreach\n")
    done = machine.service("--owner", "db", "upgrade")
    assert set(done.stdout.splitlines()) == {
        "OUTREACH_DATABASE_URL=postgresql://owner:pa$word'@localhost/outreach", "OUTREACH_MAIL_SERVER=localhost",
        "args=db upgrade",
    }  # fmt: skip
    assert machine.settings()["OUTREACH_DATABASE_URL"] == "postgresql://outreach@localhost/outreach"

"""`outreach init` and `outreach user`, run as commands on an empty machine."""

import os
import sqlite3
import subprocess
import sys
from functools import partial
from pathlib import Path
from shutil import copytree

import pytest
from click.testing import CliRunner

from outreach.cli import main
from tests.support.apps import SECRET

pytestmark = [pytest.mark.any_day, pytest.mark.slow]

INIT = ["init", "--office", "Dinas PPPA Kota Metro", "--short-name", "DP3AP2KB Kota Metro", "--city", "18.72",
        "--contact-name", "Bidang PPA", "--contact-phone", "081234567890", "--name", "Rina",
        "--email", "rina@example.com"]  # fmt: skip


def settings_in(folder: Path) -> dict[str, str]:
    return {"OUTREACH_INSTANCE": str(folder), "OUTREACH_SECRET_KEY": SECRET}


def run(folder: Path, *arguments: str, **changed: str) -> tuple[int, str]:
    """Run the command with this instance folder; return (exit code, output)."""
    done = CliRunner(env={**settings_in(folder), **changed}).invoke(main, arguments)
    assert isinstance(done.exception, SystemExit | None), done.exception
    return done.exit_code, done.output


@pytest.fixture
def outreach(tmp_path: Path):
    """Run the command with its own instance folder."""
    return partial(run, tmp_path)


@pytest.fixture(scope="module")
def set_up(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """An office's folder, and what the command said that set it up: a process of its own, as a user starts it."""
    folder = tmp_path_factory.mktemp("set-up")
    done = subprocess.run(
        [sys.executable, "-m", "outreach", *INIT], env={**os.environ, **settings_in(folder)}, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    return folder, done.stdout + done.stderr


@pytest.fixture
def in_office(set_up: tuple[Path, str], outreach, tmp_path: Path):
    """Run the command in a copy of an office's folder: its set-up takes seconds."""
    copytree(set_up[0], tmp_path, dirs_exist_ok=True)
    return outreach


def test_an_office_is_set_up_once_with_its_kelurahan_and_first_administrator(set_up, in_office):
    assert ("22 kelurahan" in set_up[1], "rina@example.com" in set_up[1]) == (True, True)
    code, said = in_office(*INIT)
    assert (code, "has an office already" in said) == (1, True)


def test_a_second_account_is_added_and_a_used_address_refused(in_office):
    add = ("user", "add", "--name", "Budi", "--email", "budi@example.com", "--role", "coordinator")
    assert in_office(*add)[0] == 0
    code, said = in_office(*add)
    assert (code, "Budi already signs in" in said) == (1, True)


def test_a_locked_out_user_gets_a_new_password(in_office):
    code, said = in_office("user", "password", "--email", "rina@example.com")
    assert (code, "shown only now" in said) == (0, True)
    code, said = in_office("user", "password", "--email", "budi@example.com")
    assert (code, "Nobody signs in with budi@example.com" in said) == (1, True)


def test_a_city_name_must_be_unique(outreach):
    wrong = [*INIT]
    wrong[wrong.index("18.72")] = "Bandung"
    code, said = outreach(*wrong)
    assert (code, "could be several" in said) == (1, True)


def test_without_a_secret_key_nothing_is_set_up(outreach, tmp_path: Path):
    code, said = outreach(*INIT, OUTREACH_SECRET_KEY="")
    assert (code, "OUTREACH_SECRET_KEY is missing" in said) == (1, True)
    assert not (tmp_path / "outreach.db").exists()


def test_who_lost_the_second_factor_gets_rid_of_it_by_a_command(in_office, tmp_path):
    with sqlite3.connect(tmp_path / "outreach.db") as database:
        database.execute('UPDATE "user" SET tf_primary_method = ?, tf_totp_secret = ?', ("authenticator", "x"))
    code, said = in_office("user", "reset-mfa", "rina@example.com")
    assert (code, "a new second factor has to be set up" in said) == (0, True)
    code, said = in_office("user", "reset-mfa", "rina@example.com")
    assert (code, "Rina has no second factor" in said) == (1, True)
    code, said = in_office("user", "reset-mfa", "budi@example.com")
    assert (code, "Nobody signs in with budi@example.com" in said) == (1, True)

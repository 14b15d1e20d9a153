"""Outreach installed from a wheel, without a checkout: everything is in it, and it runs in an empty folder."""

import ast
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from importlib.metadata import packages_distributions, requires
from pathlib import Path
from zipfile import ZipFile

import pytest

from outreach import settings
from tests.servers.smtp import free_port
from tests.support.apps import SECRET

ROOT = Path(__file__).parents[2]
TRACKED = ("outreach", "templates")
BUILD = "import sys; from setuptools import build_meta; build_meta.build_{kind}(sys.argv[1])"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Path:
    """A copy of what is installed, and of what says how."""
    copy = tmp_path_factory.mktemp("checkout")
    for folder in TRACKED:
        shutil.copytree(ROOT / folder, copy / folder)  # with the bytecode that Python wrote there
    (copy / "outreach" / "a" / "b" / "c" / "d" / "e" / "f").mkdir(parents=True)
    (copy / "outreach" / "a" / "b" / "c" / "d" / "e" / "f" / "deep.pyc").touch()
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE", "wsgi.py"):
        shutil.copy(ROOT / name, copy)
    return copy


def built(checkout: Path, kind: str) -> Path:
    folder = checkout / "dist"
    folder.mkdir(exist_ok=True)
    subprocess.run(
        [sys.executable, "-c", BUILD.format(kind=kind), str(folder)], cwd=checkout, check=True, capture_output=True
    )
    return next(folder.glob("*.whl" if kind == "wheel" else "*.tar.gz"))


@pytest.fixture(scope="module")
def wheel(checkout) -> Path:
    return built(checkout, "wheel")


def files_of(folder: Path) -> set[str]:
    return {
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc"
    }


@pytest.mark.slow
def test_a_wheel_carries_every_file_of_the_program_and_nothing_else(wheel):
    """A module at the top, such as wsgi.py, would stand in the way of other programs' modules."""
    expected = {f"outreach/{name}" for name in files_of(ROOT / "outreach")}
    expected |= {f"outreach/templates/{name}" for name in files_of(ROOT / "templates")}
    assert {name for name in ZipFile(wheel).namelist() if ".dist-info/" not in name} == expected


@pytest.mark.slow
def test_a_source_archive_carries_every_file_that_a_wheel_is_made_of(checkout):
    archive = built(checkout, "sdist")
    unpacked = checkout / "unpacked"
    shutil.unpack_archive(archive, unpacked)
    inside = next(unpacked.iterdir())
    assert files_of(ROOT / "outreach") - files_of(inside / "outreach") == set()
    assert files_of(ROOT / "templates") - files_of(inside / "templates") == set()


@pytest.mark.slow
@pytest.mark.true_clock
def test_serve_runs_from_a_wheel_in_an_empty_folder(wheel, tmp_path):
    site, empty, port = tmp_path / "site", tmp_path / "empty", free_port()
    ZipFile(wheel).extractall(site)
    empty.mkdir()
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("OUTREACH_", "PYTEST_", "PYTHON"))
    } | {"PYTHONPATH": str(site), "OUTREACH_SECRET_KEY": SECRET, "OUTREACH_MAIL_PORT": "1"}
    where = [sys.executable, "-c", "import outreach, outreach.wsgi; print(outreach.__file__)"]
    said = subprocess.run(where, cwd=empty, env=environment, check=True, capture_output=True, text=True).stdout
    assert said == f"{site / 'outreach' / '__init__.py'}\n"
    shutil.rmtree(empty / "instance")  # wsgi has made it
    with subprocess.Popen(
        [sys.executable, "-m", "outreach", "serve", "--port", str(port)], cwd=empty, env=environment,
        stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            page = read(process, f"http://127.0.0.1:{port}/login?lang=id")
            style = re.search(r'"(/static/[^"]+\.css[^"]*)"', page)
            assert style
            assert read(process, f"http://127.0.0.1:{port}{style[1]}")
        finally:
            process.send_signal(signal.SIGTERM)
            _, told = process.communicate(timeout=300)
    assert (process.returncode, "Traceback" in told) == (0, False)
    assert "Kata sandi" in page
    assert (empty / "instance" / "outreach.db").exists()


def read(process: subprocess.Popen, address: str) -> str:
    """Return a page of the started server."""
    while True:
        try:
            with urllib.request.urlopen(address, timeout=60) as answer:
                return answer.read().decode()
        except OSError:
            assert process.poll() is None, process.communicate()
            time.sleep(0.1)


def test_every_package_that_is_imported_is_declared():
    declared = {normal(re.split(r"[ \[<>=;!~]", line)[0]) for line in requires("outreach") or [] if "'dev'" not in line}
    distributions = packages_distributions()
    imported = set()
    for path in (ROOT / "outreach").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                imported.add(node.module.partition(".")[0])
    foreign = imported - set(sys.stdlib_module_names) - {"outreach"}
    missing = {name for name in foreign if not {normal(each) for each in distributions.get(name, [name])} & declared}
    assert missing == set()


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize(
    ("pip", "command"),
    [(None, f"uv pip install --python {sys.executable} "), ("here", f"{sys.executable} -m pip install ")],
)
def test_the_planner_is_installed_by_a_command_that_works_in_this_environment(monkeypatch, pip, command):
    monkeypatch.setattr(settings, "find_spec", lambda name: pip)
    told = settings.how_to_install("planner")
    assert told.startswith(command)
    assert '"ortools' in told
    assert "outreach[" not in told

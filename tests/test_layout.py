"""The folders are as docs/architecture.md and docs/decisions/layout.md say, and one name means one thing."""

import ast
import re
import subprocess
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MOST = 16  # entries of a folder, without its __init__.py: "about 15"
# One idea in two places: WTForms' own word; the two ends of a child process; the same mistake with other words.
SHARED = {"Meta", "LeftOut", "HoursReversed", "NothingToUndo"}
LAYERS = ("domain", "services", "queries", "web")


@cache
def files() -> tuple[str, ...]:
    asked = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    found = subprocess.run(asked, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\n")
    return tuple(name for name in found if name and (ROOT / name).exists())


def entries(folder: str) -> set[str]:
    """Return what lies directly in the folder."""
    return {name.removeprefix(f"{folder}/").split("/")[0] for name in files() if name.startswith(f"{folder}/")}


def folders() -> set[str]:
    return {str(parent) for name in files() for parent in Path(name).parents} - {"."}


def text(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def subjects() -> list[list[str]]:
    """Return the cells of each row of the map's table of subjects."""
    table = text("docs/architecture.md").partition("## Subjects")[2].partition("\n## ")[0]
    rows = [line.strip("|").split("|") for line in table.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def test_two_classes_have_one_name_only_where_they_are_one_idea():
    places = defaultdict(list)
    for name in files():
        if name.startswith("outreach/") and name.endswith(".py") and "/migrations/" not in name:
            for node in ast.walk(ast.parse(text(name))):
                if isinstance(node, ast.ClassDef):
                    places[node.name].append(f"{name}:{node.lineno}")
    assert {name: where for name, where in places.items() if len(where) > 1 and name not in SHARED} == {}
    assert set(places) >= SHARED


@pytest.mark.parametrize("top", ["outreach", "tests", "benchmarks"])
def test_each_package_says_what_it_is(top: str):
    packages = {str(Path(name).parent) for name in files() if name.startswith(f"{top}/") and name.endswith(".py")}
    for package in packages - {"outreach/migrations", "outreach/migrations/versions"}:
        said = ast.get_docstring(ast.parse(text(f"{package}/__init__.py")))
        assert said, package


def test_each_package_of_the_product_names_the_file_to_start_with():
    packages = [name for name in files() if name.startswith("outreach/") and name.endswith("/__init__.py")]
    for package in packages:
        said = ast.get_docstring(ast.parse(text(package))) or ""
        named = re.findall(r"[\w/]+\.(?:py|md)", said)
        near = [Path(package).parent / name for name in named] + [Path("outreach") / name for name in named]
        assert any((ROOT / place).exists() for place in [*near, *map(Path, named)]), package
        missing = [name for name in named if not any(f"/{known}".endswith(f"/{name}") for known in files())]
        assert missing == [], package


def test_folders_with_many_entries_are_those_that_the_decision_names():
    decision = text("docs/decisions/layout.md").partition("These folders hold\nmore:")[2].partition(".\n")[0]
    allowed = set(re.findall(r"`([\w/]+)`", decision)) | {"outreach/migrations/versions"}
    assert {folder for folder in folders() if len(entries(folder) - {"__init__.py"}) > MOST} <= allowed


def test_each_file_and_folder_of_the_map_exists():
    for subject, *cells, templates, start in subjects():
        for layer, cell in zip(LAYERS, cells, strict=True):
            for name in re.findall(r"`([^`]+)`", cell):
                place = ROOT / "outreach" / layer / name
                assert place.is_dir() if name.endswith("/") else place.is_dir() or place.with_suffix(".py").is_file(), (
                    subject,
                    name,
                )
        assert [name for name in templates.split(", ") if name and not (ROOT / "templates" / name).is_dir()] == [], (
            subject
        )
        assert (ROOT / "outreach" / start.strip("`")).exists(), subject


def test_each_subject_is_on_the_map():
    said = text("docs/architecture.md")
    for folder in (*(f"outreach/{layer}" for layer in LAYERS), "templates"):
        for entry in entries(folder) - {"__init__.py", "layout.html", "errors", "paging.py"}:
            assert re.search(rf"\b{entry.partition('.')[0]}\b", said), f"{folder}/{entry}"


def test_each_path_that_the_map_names_exists():
    for name in re.findall(r"`([\w/]+\.(?:py|js|html|csv|example))`", text("docs/architecture.md")):
        assert any(known == name or known.endswith(f"/{name}") for known in files()), name


def test_no_module_imports_a_test_module_or_a_conftest():
    for name in files():
        if name.startswith(("tests/", "benchmarks/")) and name.endswith(".py"):
            nodes = [node for node in ast.walk(ast.parse(text(name))) if isinstance(node, ast.ImportFrom)]
            taken = {f"{node.module}.{alias.name}" for node in nodes for alias in node.names}
            assert [module for module in taken if re.search(r"\.(?:test_\w+|conftest)\b", module)] == [], name

"""All that README, CONTRIBUTING and docs/ name exists: commands and options, settings, figures, make's targets, files."""

import dataclasses
import re
import shlex
from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path

import click
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from outreach import settings
from outreach.cli import main
from outreach.services.operations.checks import versions
from outreach.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
PAGES = (
    "README.md",
    "README.id.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "docs/operations.md",
    "docs/operations.id.md",
    "docs/architecture.md",
    "benchmarks/README.md",
)
NAMES = {field.name for field in dataclasses.fields(Settings)}
# Words like a setting's, of other programs, of the operating system and of our own figures' labels.
OTHERS = {
    "client_max_body_size",
    "limit_conn",
    "max_wal_size",
    "pg_hba",
    "pg_wal",
    "proxy_request_buffering",
    "shared_buffers",
    "ssl_ca_file",
    "ssl_cert_file",
    "ssl_crl_file",
    "ssl_key_file",
    "wal_compression",
}


def text(page: str) -> str:
    return (ROOT / page).read_text("utf-8")


def code(page: str) -> Iterator[str]:
    """Yield each line of the page's code, inline and in blocks; a continued line is one."""
    for block in re.findall(r"^ *```\w*\n(.*?)^ *```", text(page), re.DOTALL | re.MULTILINE):
        yield from block.replace("\\\n", " ").splitlines()
    yield from re.findall(r"`([^`\n]+)`", re.sub(r"^ *```.*?^ *```", "", text(page), flags=re.DOTALL | re.MULTILINE))


def commands(page: str) -> Iterator[tuple[list[str], list[str]]]:
    """Yield the words after "outreach", and the options, of each use of the command."""
    for line in code(page):
        for used in re.findall(r"(?:^|[\s/\\])outreach +([a-z].*)", line.partition("  #")[0]):
            words = shlex.split(used)
            yield words, [word.partition("=")[0] for word in words if word.startswith("--")]


def wanted() -> list[Requirement]:
    """Return what setup.cfg wants in production: Outreach itself, PostgreSQL and the planner."""
    config = ConfigParser()
    config.read(ROOT / "setup.cfg", "utf-8")
    extras = config["options.extras_require"]
    lines = [config["options"]["install_requires"], extras["postgresql"], extras["planner"]]
    return [Requirement(line) for line in "\n".join(lines).splitlines() if line.strip()]


def locked() -> dict[str, str]:
    """Return the version of each package in requirements.lock; every one has hashes."""
    blocks = re.split(r"\n(?=[a-z0-9])", re.sub(r"^#.*\n", "", text("requirements.lock"), flags=re.MULTILINE).strip())
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []
    pins = (re.match(r"([a-z0-9._-]+)(?:\[[^]]*])?==(\S+)", block) for block in blocks)
    return {pin[1]: pin[2] for pin in pins if pin}


def test_the_locked_versions_are_those_that_setup_cfg_allows_and_have_the_day_of_their_choice():
    pins = locked()
    assert versions._DAY.search(text("requirements.lock"))
    for requirement in wanted():
        assert requirement.specifier.contains(pins[canonicalize_name(requirement.name)]), str(requirement)


# The first versions without the advisories known on 1 December 2026.
SAFE_FROM = {
    "flask": "3.1.3", "werkzeug": "3.1.6", "jinja2": "3.1.6", "waitress": "3.0.1", "gunicorn": "23", "idna": "3.7",
    "dnspython": "2.6.1", "aiosmtpd": "1.4.6", "flask-security": "5.3.3", "protobuf": "6.33.5",
}  # fmt: skip


@pytest.mark.parametrize("name", SAFE_FROM)
def test_no_version_with_a_known_advisory_may_be_installed(name: str):
    (requirement,) = [requirement for requirement in wanted() if canonicalize_name(requirement.name) == name]
    floors = [Version(part.version) for part in requirement.specifier if part.operator in (">=", "==")]
    assert floors
    assert max(floors) >= Version(SAFE_FROM[name])


@pytest.mark.parametrize("page", PAGES)
def test_each_command_exists_with_its_options(page: str):
    for words, options in commands(page):
        command: click.Command = main
        rest = list(words)
        for word in words:
            if not isinstance(command, click.Group):
                break
            rest.remove(word)
            found = command.get_command(click.Context(command), word)
            assert found is not None, f"outreach {' '.join(words)}"
            command = found
        known = {name for param in command.params for name in [*param.opts, *param.secondary_opts]}
        assert set(options) <= known, f"outreach {' '.join(words)}"
        if "…" not in rest and not isinstance(command, click.Group):
            parser = command.make_parser(click.Context(command, allow_extra_args=True))
            _values, left, _order = parser.parse_args(rest)
            assert left == [], f"outreach {' '.join(words)}"


def test_the_documents_contain_commands():
    assert [words[0] for words, _ in commands("docs/operations.md")].count("backup") >= 2
    assert any("--city" in options for _, options in commands("docs/operations.md"))


@pytest.mark.parametrize("page", [*PAGES, "docs/deploy/outreach.env.example", "docs/deploy/compose.yaml"])
def test_each_variable_of_the_environment_is_a_setting(page: str):
    named = set(re.findall(r"\bOUTREACH_[A-Z_]*[A-Z]\b", text(page)))
    assert settings.strangers(dict.fromkeys(named, "")) == []


def test_each_setting_of_operations_exists():
    named = {
        name for line in code("docs/operations.md") for name in re.findall(r"^([a-z]+(?:_[a-z]+)+)\b(?![({])", line)
    }
    assert {name for name in named - OTHERS if not name.startswith("outreach_")} <= NAMES
    assert "mail_per_minute" in named


def test_each_figure_of_operations_is_measured():
    source = text("outreach/web/health.py")
    named = {name.removeprefix("outreach_") for name in re.findall(r"\boutreach_\w+", text("docs/operations.md"))}
    assert {name for name in named if name not in source} == set()
    assert named


@pytest.mark.parametrize("page", PAGES)
def test_each_target_of_make_exists(page: str):
    targets = set(re.findall(r"^([\w-]+):", text("Makefile"), re.MULTILINE))
    assert {target for line in code(page) for target in re.findall(r"\bmake (\w[\w-]*)(?![\w=-])", line)} <= targets


def test_the_commands_of_the_first_hour_are_read_from_the_readme():
    from tests.first_hour import Readme

    found = vars(Readme())
    assert {name: command for name, command in found.items() if not command.strip()} == {}
    assert (found["demo"], "outreach-*.whl" in found["from_wheel"], "outreach init" in found["set_up"]) == (
        "make demo", True, True,
    )  # fmt: skip


@pytest.mark.parametrize("page", [*PAGES, "docs/decisions/README.md", "docs/figures.md"])
def test_each_link_leads_to_a_file(page: str):
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text(page)):
        if "://" not in target:
            assert (ROOT / page).parent.joinpath(target).exists(), target


def test_the_operations_page_says_in_indonesian_what_it_says_in_english():
    english, indonesian = ([*code(page)] for page in ("docs/operations.md", "docs/operations.id.md"))
    names = re.compile(r"\b(?:[a-z]+_[a-z_]+|OUTREACH_\w+)\b|--[a-z-]+|/(?:livez|readyz|healthz|metrics)")
    told = [{name for line in lines for name in names.findall(line)} for lines in (english, indonesian)]
    assert told[0] == told[1]
    parts = [re.findall(r"^#+", text(page), re.MULTILINE) for page in ("docs/operations.md", "docs/operations.id.md")]
    assert parts[0] == parts[1]
    assert "(operations.id.md)" in text("docs/operations.md")
    assert "(operations.md)" in text("docs/operations.id.md")


# How many requirements of levels 1 and 2 each section of ASVS 5.0.0 has; those of level 3 come last. V10 and V17 are one row.
SECTIONS = {
    "1.1": 2, "1.2": 9, "1.3": 11, "1.4": 3, "1.5": 2, "2.1": 3, "2.2": 3, "2.3": 4, "2.4": 1, "3.2": 2, "3.3": 4, "3.4": 6,
    "3.5": 5, "3.7": 2, "4.1": 3, "4.2": 1, "4.3": 2, "4.4": 4, "5.1": 1, "5.2": 3, "5.3": 2, "5.4": 3, "6.1": 3, "6.2": 12,
    "6.3": 4, "6.4": 4, "6.5": 5, "6.6": 3, "6.8": 4, "7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5, "7.5": 2, "7.6": 2, "8.1": 2,
    "8.2": 3, "8.3": 1, "8.4": 1, "9.1": 3, "9.2": 4, "11.1": 2, "11.2": 3, "11.3": 3, "11.4": 4, "11.5": 1, "11.6": 1,
    "12.1": 3, "12.2": 2, "12.3": 4, "13.1": 1, "13.2": 5, "13.3": 2, "13.4": 5, "14.1": 2, "14.2": 4, "14.3": 3, "15.1": 3,
    "15.2": 3, "15.3": 7, "16.1": 1, "16.2": 5, "16.3": 4, "16.4": 3, "16.5": 3,
}  # fmt: skip


def test_the_table_of_security_has_each_requirement_once_and_names_existing_tests():
    page = text("docs/security.md")
    rows = [row.split(" | ") for row in re.findall(r"^\| (\d[^\n]*) \|$", page, re.MULTILINE)]
    assert [row[0] for row in rows if len(row) != 4] == []
    asked = [f"{section}.{number + 1}" for section, most in SECTIONS.items() for number in range(most)]
    states = {id_: state for ids, _short, state, _shown in rows for id_ in ids.split(", ")}
    assert sorted(states) == sorted([*asked, "10.1.1–10.7.3", "17.1.1–17.3.2"])
    assert sum(len(ids.split(", ")) for ids, *_ in rows) == len(states)
    assert {state.partition(":")[0] for state in states.values()} <= {
        "met",
        "met by people",
        "partly",
        "not met",
        "not applicable",
    }
    said = {
        id_: state
        for state, ids in re.findall(r"(not met|partly) (?:met )?are ([\d., \n]+\d)", page)
        for id_ in re.split(r",\s+", ids)
    }
    assert said == {id_: state for id_, state in states.items() if state in ("not met", "partly")}
    for named in re.findall(r"`(tests/[^`]+)`", page):
        path, _, test = named.partition("::")
        assert (ROOT / path).exists(), named
        assert not test or f"def {test}(" in text(path), named


def test_each_rule_for_input_is_decided_where_the_page_says():
    rows = [
        line.split("|")[3] for line in text("docs/input.md").splitlines() if line.startswith("|") and ".py`" in line
    ]
    missing = []
    for place in (place for row in rows for place in row.split(";")):
        path, *names = re.findall(r"`([^`]+)`", place)
        code = (ROOT / "outreach" / path).read_text("utf-8")
        missing += [f"{path}: {name}" for name in names if not re.search(rf"^(?:class )?{name}\b", code, re.MULTILINE)]
    assert len(rows) > 30
    assert missing == []

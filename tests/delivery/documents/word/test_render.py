"""A template that repeats without end, or wants the memory of the machine, is stopped, and its process opens nothing."""

import json
import subprocess
import sys

import pytest

from outreach.delivery.documents.word import process, render
from outreach.delivery.documents.word.render import (
    NoWordFile,
    WordFormBroken,
    WordFormReachesOut,
    WordFormRunsPrograms,
    WordFormTooLarge,
    WordFormWrong,
    WordPropertiesWrong,
)
from outreach.domain.problems import Problem
from tests.support.word_forms import a_form, text_of, with_files
from tests.world import NOW


def made(form):
    return render.render(form, {"hal": "Undangan"}, {}, replaced={}, title="Undangan", author="DP3AP2KB", at=NOW)


def test_a_document_comes_back_filled():
    assert text_of(made(a_form("Hal {{ hal }}")).data) == "Hal Undangan"


@pytest.mark.parametrize(
    "loop",
    [
        "{% for a in range(99999) %}{% for b in range(99999) %}{% set c = a * b %}{% endfor %}{% endfor %}",
        "{% macro again() %}{{ again() }}{% endmacro %}{{ again() }}",
        "{{ 10 ** (10 ** 10) }}",
    ],
)
def test_a_template_that_never_ends_is_stopped(monkeypatch, loop):
    monkeypatch.setattr(render, "WITHIN_S", 4.0)
    with pytest.raises(WordFormTooLarge):
        made(a_form(loop))


@pytest.mark.parametrize("big", ["{{ 'x' * 10 ** 12 }}", "{% for a in range(99999) %}{{ 'x' * 10 ** 6 }}{% endfor %}"])
def test_a_template_that_wants_all_memory_is_stopped(big):
    with pytest.raises(WordFormTooLarge):
        made(a_form(big))


@pytest.mark.parametrize(
    ("form", "problem"),
    [
        (b"PK", NoWordFile),
        (with_files(a_form(), {"word/vbaProject.bin": b"x"}), WordFormRunsPrograms),
        (a_form("{{ perihal }}"), WordFormWrong),
        (a_form(title="{{ 1 / 0 }}"), WordPropertiesWrong),
    ],
)
def test_each_refusal_has_its_sentence(form, problem):
    with pytest.raises(problem):
        made(form)


def test_each_word_of_the_process_is_a_problem_with_its_field():
    problems = {
        NoWordFile, WordFormBroken, WordFormReachesOut, WordFormRunsPrograms, WordFormTooLarge, WordFormWrong,
        WordPropertiesWrong,
    }  # fmt: skip
    assert set(render.REFUSALS.values()) == problems
    assert all(issubclass(one, Problem) and one.field == "form" for one in problems)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limits")
def test_the_process_can_open_no_file_and_no_connection():
    source = f"""
import io, runpy, socket, sys
program = runpy.run_path({process.__file__!r})
program["_limit"]()
for attempt in (lambda: open("/etc/hostname"), lambda: socket.socket()):
    try:
        attempt()
    except OSError as error:
        print(error.errno)
"""
    done = subprocess.run([sys.executable, "-I", "-c", source], capture_output=True, text=True, check=True)
    assert json.loads(f"[{','.join(done.stdout.split())}]") == [24, 24]  # EMFILE

"""People read templates too: their lines are short enough for a screen."""

import pytest

from tests.catalogue import ROOT

LONGEST = 140  # characters

PAGES = sorted(path for ending in ("html", "txt", "css") for path in (ROOT / "templates").rglob(f"*.{ending}"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT / "templates")))
def test_no_line_is_longer_than_a_screen(page):
    lines = page.read_text("utf-8").splitlines()
    assert [f"line {number}: {len(line)}" for number, line in enumerate(lines, 1) if len(line) > LONGEST] == []


def test_there_are_templates_to_check():
    assert len(PAGES) > 100
    assert {page.suffix for page in PAGES} == {".html", ".txt", ".css"}

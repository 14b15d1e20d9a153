"""The checks that `make test` runs beside the tests (tests/run.py)."""

import sys

from tests.run import Checks


def says(words: str, code: int = 0) -> list[str]:
    return [sys.executable, "-c", f"print('{words}'); raise SystemExit({code})"]


def test_what_a_failed_check_says_is_shown_first_and_the_others_in_order(capsys):
    checks = Checks((("style", says("all is tidy")), ("types", says("a wrong type", 1)), ("layers", says("kept"))))
    checks.start()
    assert checks.finished() == {"style": True, "types": False, "layers": True}
    shown = [line for line in capsys.readouterr().out.splitlines() if not line.startswith("===") and line]
    assert shown == ["a wrong type", "all is tidy", "kept"]


def test_a_check_that_cannot_be_started_fails(capsys, monkeypatch):
    monkeypatch.setattr("threading.excepthook", lambda _told: None)
    checks = Checks((("style", ["/nowhere/ruff"]), ("layers", says("kept"))))
    checks.start()
    assert checks.finished() == {"style": False, "layers": False}

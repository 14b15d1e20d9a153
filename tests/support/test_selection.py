"""Which tests a run takes, and in which order."""

import json

from tests.run import MEASURED
from tests.support import selection


def file_of(test: str) -> str:
    return test.partition("::")[0]


def spread(tests: list[str], workers: int) -> list[str]:
    return selection.spread(tests, workers, file_of, lambda test: test.startswith("dear"))


def test_each_worker_begins_with_whole_dear_files_and_ends_with_cheap_tests():
    dear = [f"dear{file}::{test}" for file in range(4) for test in range(2)]
    cheap = [f"cheap::{test}" for test in range(12)]
    order = spread(cheap[:5] + dear + cheap[5:], 2)
    one, other = order[:10], order[10:]
    assert one == dear[:2] + dear[4:6] + cheap[:6]
    assert other == dear[2:4] + dear[6:] + cheap[6:]


def test_no_test_is_lost_where_one_file_is_larger_than_a_workers_part():
    tests = [f"dear::{test}" for test in range(30)] + ["cheap::0"]
    assert sorted(spread(tests, 4)) == sorted(tests)
    assert spread(tests, 1) == tests
    assert spread([], 4) == []


def test_a_quick_run_takes_the_cheapest_that_its_time_is_enough_for_and_what_was_never_measured():
    seconds = {"a": 0.25, "b": 0.5, "c": 1.0, "d": 9.0, "e": 0.5}
    tests = ["d", "a", "b", "c", "e", "new"]
    assert selection.cheap(tests, seconds.get, 2.25) == ["a", "b", "c", "e", "new"]
    assert selection.cheap(tests, seconds.get, 2.24) == ["a", "b", "e", "new"]
    assert selection.cheap(tests, seconds.get, 0) == ["new"]
    assert selection.cheap(tests, {}.get, 0) == tests


def test_names_are_those_of_the_report():
    assert selection.named("tests/web/test_views.py::test_it[a::b]") == "tests.web.test_views::test_it[a::b]"


def test_nothing_is_measured_before_the_first_run(monkeypatch, tmp_path):
    monkeypatch.delenv(MEASURED, raising=False)
    assert selection.seconds_of() == {}
    monkeypatch.setenv(MEASURED, str(tmp_path / "seconds.json"))
    assert selection.seconds_of() == {}
    (tmp_path / "seconds.json").write_text(json.dumps({"a": 1.5}))
    assert selection.seconds_of() == {"a": 1.5}

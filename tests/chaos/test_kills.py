"""Workers killed while sending: nothing is lost, and only mails being sent at a kill may arrive twice."""

from pathlib import Path

import pytest

from tests.chaos.support.kills import Run, play

pytestmark = pytest.mark.any_day

FAST = ("PIPELINING", "CHUNKING")
RUNS = (
    Run("one process on SQLite", postgresql=False, workers=1, kills=6, seed=101),
    Run("two schedulers by mistake on one SQLite", postgresql=False, workers=2, kills=4, extensions=FAST, seed=102),
    Run("three workers on PostgreSQL", postgresql=True, workers=3, kills=6, extensions=FAST, seed=103),
    Run("two schedulers by mistake on one PostgreSQL", postgresql=True, workers=2, kills=4, by_mistake=True, seed=104),
)


@pytest.fixture
def postgresql(request: pytest.FixtureRequest, run: Run) -> str:
    return request.getfixturevalue("postgresql_server") if run.postgresql else ""


@pytest.mark.parametrize("run", RUNS, ids=lambda run: run.name)
def test_kill_9_loses_nothing_and_doubles_only_mails_being_sent(run: Run, postgresql: str, tmp_path: Path):
    outcome = play(run, tmp_path, postgresql)
    print(outcome)
    assert outcome.broken() == {}
    assert outcome.kills == run.kills
    assert outcome.doubled <= outcome.handing_over


@pytest.mark.parametrize("run", [
    Run("one process on SQLite", postgresql=False, workers=1, kills=0),
    Run("three workers on PostgreSQL", postgresql=True, workers=3, kills=0, extensions=FAST),
], ids=lambda run: run.name)  # fmt: skip
def test_without_a_kill_each_mail_arrives_once(run: Run, postgresql: str, tmp_path: Path):
    outcome = play(run, tmp_path, postgresql)
    assert outcome.broken() == {}
    assert (outcome.doubled, outcome.unknown) == (0, 0)

"""Workers killed while sending: each reader gets the mail, and a mail arrives again only if it was in doubt."""

from pathlib import Path

import pytest

from tests.chaos.support.kills import Run, play

pytestmark = pytest.mark.any_day

FAST = ("PIPELINING", "CHUNKING")
RUNS = (
    Run("two kills of one process with forty mails", postgresql=False, workers=1, kills=2, seed=105, people=40),
    Run("one process on SQLite", postgresql=False, workers=1, kills=6, seed=101),
    Run("two schedulers by mistake on one SQLite", postgresql=False, workers=2, kills=4, extensions=FAST, seed=102),
    Run("three workers on PostgreSQL", postgresql=True, workers=3, kills=6, extensions=FAST, seed=103),
    Run("two schedulers by mistake on one PostgreSQL", postgresql=True, workers=2, kills=4, by_mistake=True, seed=104),
)


@pytest.fixture
def postgresql(request: pytest.FixtureRequest, run: Run) -> str:
    return request.getfixturevalue("postgresql_server") if run.postgresql else ""


@pytest.mark.parametrize("run", RUNS, ids=lambda run: run.name)
def test_each_reader_gets_the_mail_and_copies_are_mails_that_were_in_doubt(run: Run, postgresql: str, tmp_path: Path):
    outcome = play(run, tmp_path, postgresql)
    print(outcome)
    assert outcome.broken() == {}
    assert outcome.kills == run.kills
    assert outcome.copies <= outcome.in_doubt


@pytest.mark.parametrize("run", [
    Run("one process on SQLite", postgresql=False, workers=1, kills=0),
    Run("three workers on PostgreSQL", postgresql=True, workers=3, kills=0, extensions=FAST),
], ids=lambda run: run.name)  # fmt: skip
def test_without_a_kill_each_mail_arrives_once(run: Run, postgresql: str, tmp_path: Path):
    outcome = play(run, tmp_path, postgresql)
    assert outcome.broken() == {}
    assert (outcome.arrived, outcome.copies, outcome.in_doubt) == (run.messages, 0, 0)

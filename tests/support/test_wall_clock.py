"""The clock under test is set where it should be: in a test, in its child processes, and in PostgreSQL."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from outreach import clock
from outreach.extensions import db
from tests.world import NOW, day_asked_for

A_WHILE = timedelta(minutes=10)  # a busy machine loses no more than this


def in_a_process(code: str) -> datetime:
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    return datetime.fromisoformat(said.strip())


def test_a_test_starts_on_a_fixed_morning_and_the_clock_runs_on():
    first = clock.now()
    assert NOW <= first < NOW + A_WHILE
    while clock.now() == first:
        pass
    assert first < clock.now() < NOW + A_WHILE


def test_child_processes_of_a_test_have_its_clock_and_the_machine_keeps_its_own():
    assert NOW < in_a_process("from outreach import clock; print(clock.now())") < NOW + A_WHILE
    true = in_a_process("from datetime import UTC, datetime; import outreach.clock; print(datetime.now(UTC))")
    assert abs(true - datetime.now(UTC)) < A_WHILE


@pytest.mark.postgresql
def test_postgresql_has_the_tests_clock_too(postgresql_app):
    found = db.session.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
    assert NOW < found < NOW + A_WHILE


@pytest.mark.any_day
def test_a_test_of_any_day_starts_on_the_requested_day():
    assert day_asked_for() <= clock.now() < day_asked_for() + A_WHILE


@pytest.mark.true_clock
def test_a_test_of_the_true_clock_has_the_machines_clock():
    assert abs(clock.now() - datetime.now(UTC)) < A_WHILE

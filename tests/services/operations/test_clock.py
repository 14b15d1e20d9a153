"""A machine whose clock differs too much from the database's must not send; coordinators see which machine it is."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from outreach import clock
from outreach.domain.needs import NeedKind
from outreach.extensions import db
from outreach.models import Channel
from outreach.queries.messages import log as messages
from outreach.queries.overview import page as overview
from outreach.services.operations import checks as checking
from outreach.services.operations import clock as clocks
from tests.support.copied import copied
from tests.support.waiting import waits_for_another

pytestmark = pytest.mark.any_day

LEASE_S = 120.0


@copied
def shared(postgresql_app):
    postgresql_app.extensions["outreach"] = replace(postgresql_app.extensions["outreach"], lease_s=LEASE_S)
    return postgresql_app


def agrees(seconds: float, machine: str = "web-1") -> bool:
    return clocks.agrees(machine, lambda: clock.now() + timedelta(seconds=seconds))


@pytest.mark.postgresql
@pytest.mark.parametrize(
    ("seconds", "right"), [(0, True), (29, True), (-29, True), (31, False), (-31, False), (86400, False)]
)
def test_a_quarter_of_a_lease_is_the_largest_allowed_difference(shared, seconds, right):
    assert agrees(seconds) is right
    assert (clocks.problem() is None) is right


@pytest.mark.postgresql
def test_the_alarm_names_the_machine_and_the_difference_and_ends_once_the_clock_is_right(shared):
    assert not agrees(-3600)
    found = clocks.problem()
    assert (found.trouble, found.words) == ("clock", "web-1: -3600 s")
    assert abs(found.since_at - clock.now()) < timedelta(seconds=20)  # by the correct clock
    assert agrees(0)
    assert clocks.problem() is None


@pytest.mark.postgresql
def test_another_machine_ends_the_alarm_only_once_the_first_is_gone(shared):
    assert not agrees(60)
    assert agrees(0, "web-2")
    assert clocks.problem().words == "web-1: +60 s"
    db.session.get(Channel, "clock").paused_until -= timedelta(minutes=6)  # not renewed for so long
    db.session.commit()
    assert agrees(0, "web-2")
    assert clocks.problem() is None


@pytest.mark.postgresql
def test_the_alarm_is_written_once_a_minute_however_often_it_is_found(shared):
    assert [agrees(60), agrees(60), agrees(60)] == [False] * 3
    assert db.session.get(Channel, "clock", populate_existing=True).failures == 1


@pytest.mark.postgresql
def test_two_machines_that_find_it_at_the_same_moment_both_raise_the_alarm(shared):
    """The first machine has written its row but not committed it when the second one reads."""
    found: list[bool] = []

    def second() -> None:
        with shared.app_context():
            found.append(agrees(60, "web-2"))
            db.session.remove()

    asking = threading.Thread(target=second)
    with db.engine.connect() as first:
        first.execute(sa.insert(Channel).values(name="clock", trouble="clock", reply="web-1: +60 s", failures=1))
        asking.start()
        assert waits_for_another()
        first.commit()
    asking.join(60)
    assert found == [False]
    row = db.session.get_one(Channel, "clock")
    assert (row.reply, row.failures) == ("web-2: +60 s", 2)


@pytest.mark.postgresql
def test_overview_and_doctor_report_it_and_do_not_blame_the_mail_server(shared):
    agrees(60)
    needs = overview.overview(now=clock.now()).needs
    assert [(need.kind, need.urgency) for need in needs] == [(NeedKind.CLOCK, "urgent")]
    assert messages.channel_problem() is None
    found = [(finding.level, finding.text) for finding in checking.engine(now=clock.now()) if "web-1" in finding.text]
    assert len(found) == 1
    assert (found[0][0], "web-1: +60 s" in found[0][1]) == ("fail", True)


def test_sqlite_has_only_one_clock(app):
    assert agrees(86400)
    assert clocks.problem() is None

"""The simulation checks its promises, and each broken promise is found."""

import re
from datetime import date
from io import StringIO

import pytest
from rich.console import Console

from outreach.cli.simulate.check import Received, compared, other_than_forecast, twice_a_day
from outreach.cli.simulate.command import run
from outreach.domain.kinds import MailKind
from tests.world import today

pytestmark = [pytest.mark.any_day, pytest.mark.slow]

MONDAY = date(2027, 1, 18)


@pytest.fixture
def console() -> Console:
    return Console(file=StringIO(), width=140)


def test_the_whole_demo_ends_with_nothing_sent_twice_and_nothing_missed(console):
    assert run(today(), console) == []
    shown = console.file.getvalue()
    assert int(re.search(r"Each of (\d+) reminders went to as many", shown)[1]) > 50
    for word in ("invited", "reminded", "change", "cancel", "poned", "thanked", "Nothing was sent twice"):
        assert word in shown


def test_a_reminder_sent_to_other_people_than_in_the_forecast_is_found():
    assert other_than_forecast({1: 2, 2: 0}, {1: 2}) == []
    assert other_than_forecast({1: 2}, {1: 3}) == ["Reminder 1 was forecast to send 2 mails and sent 3."]
    assert other_than_forecast({1: 2}, {}) == ["Reminder 1 was forecast to send 2 mails and sent 0."]


def test_a_mail_that_arrived_twice_is_found():
    mail = Received("<1@example.com>", "ani@example.com")
    assert compared([("<1@example.com>", "ani@example.com")], [mail]) == []
    assert compared([("<1@example.com>", "ani@example.com")], [mail, mail]) == ["<1@example.com> arrived 2 times."]


def test_a_mail_that_was_lost_or_sent_to_another_person_is_found():
    assert compared([("<1@example.com>", "ani@example.com")], []) == ["<1@example.com> was sent and never arrived."]
    astray = Received("<1@example.com>", "budi@example.com")
    assert len(compared([("<1@example.com>", "ani@example.com")], [astray])) == 2


def test_two_mails_on_a_day_are_found_but_a_change_beside_a_reminder_is_allowed():
    reminder, change = (1, None, MONDAY, MailKind.REMINDER), (1, None, MONDAY, MailKind.CHANGE)
    assert list(twice_a_day([reminder, change])) == []
    assert twice_a_day([reminder, reminder]) == ["Person 1 got 2 mails on 2027-01-18."]

"""Recently read values are cached for their lifetime, per database, and not past a commit where that ends it."""

from collections.abc import Callable
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest
from flask import Flask

from outreach import create_app, reach
from outreach.domain.access import Reach
from outreach.extensions import db
from outreach.models import Programme
from outreach.recent import Life, Recent
from tests.support.apps import settings_for
from tests.world import JAKARTA, NOW

SECOND = timedelta(seconds=1)

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def read() -> Callable[[], int]:
    """Return 1 when first read, then 2, and so on."""
    numbers = count(1)
    return lambda: next(numbers)


def save() -> None:
    db.session.add(Programme(title="Lagi", starts_on=NOW.date(), ends_on=NOW.date(), zone=JAKARTA))
    db.session.commit()


def test_a_value_is_cached_for_its_lifetime_and_not_longer(read):
    recent = Recent(Life(3 * SECOND))
    asked_at = [NOW, NOW + 2.9 * SECOND, NOW + 3 * SECOND, NOW + 5.9 * SECOND]
    assert [recent.value(read, now=now) for now in asked_at] == [1, 1, 2, 2]


def test_a_value_is_not_kept_after_the_clock_was_set_back(read):
    recent = Recent(Life(3 * SECOND))
    assert [recent.value(read, now=now) for now in (NOW, NOW - SECOND)] == [1, 2]


def test_a_forgotten_value_is_read_again(read):
    recent = Recent(Life(3 * SECOND))
    assert recent.value(read, now=NOW) == 1
    recent.forget()
    assert recent.value(read, now=NOW) == 2


def test_a_commit_ends_only_values_that_live_until_a_commit(read):
    short, long = Recent(Life(3 * SECOND, until_commit=True)), Recent(Life(3 * SECOND))
    assert [short.value(read, now=NOW), short.value(read, now=NOW), long.value(read, now=NOW)] == [1, 1, 2]
    save()
    assert [long.value(read, now=NOW), short.value(read, now=NOW)] == [2, 3]


def test_a_value_read_during_a_commit_is_shown_once(read):
    recent = Recent(Life(3 * SECOND, until_commit=True))

    def read_meanwhile() -> int:
        found = read()
        save()
        return found

    assert [recent.value(read_meanwhile, now=NOW), recent.value(read, now=NOW), recent.value(read, now=NOW)] == [
        1,
        2,
        2,
    ]


def test_a_lifetime_may_depend_on_the_time_that_reading_took(read):
    told: list[float] = []

    def life(took_s: float) -> Life:
        told.append(took_s)
        return Life(len(told) * SECOND)

    recent = Recent(life)
    asked_at = [NOW, NOW + SECOND, NOW + 2.9 * SECOND, NOW + 3 * SECOND]
    assert [recent.value(read, now=now) for now in asked_at] == [1, 2, 2, 3]
    assert len(told) == 3
    assert min(told) >= 0


def test_each_database_has_its_own_value(read, tmp_path: Path):
    recent = Recent(Life(3 * SECOND))
    assert recent.value(read, now=NOW) == 1
    other: Flask = create_app(settings_for(tmp_path / "other"))
    with other.app_context():
        assert recent.value(read, now=NOW) == 2
        db.engine.dispose()
    assert recent.value(read, now=NOW) == 1


def test_each_reach_has_a_value_of_its_own(read):
    recent = Recent(Life(3 * SECOND))
    imopuro, yosodadi = (Reach(frozenset({code}), frozenset(), 7) for code in ("18.72.01.1003", "18.72.04.1001"))
    looks_on = Reach(None, frozenset(), 7)  # sees the whole office, and changes nothing

    def asked(whose: Reach | None) -> int:
        with reach.keeping_to(whose):
            return recent.value(read, now=NOW)

    seen = [asked(whose) for whose in (None, imopuro, yosodadi, imopuro, Reach(None, None, 7), looks_on, None)]
    assert seen == [1, 2, 3, 2, 1, 4, 1]

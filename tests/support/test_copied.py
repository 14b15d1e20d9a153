"""Copies of what fixtures stored: each test has them as if it had run the fixtures itself, whatever others did before it."""

import pytest
import sqlalchemy as sa

from outreach import clock
from outreach.domain.states import ActivityState
from outreach.extensions import db
from outreach.models import Activity, Person
from tests.support import wall_clock
from tests.support.copied import copied
from tests.world import a_person, at, count, draft_activity, rows_of

ran: list[str] = []


@pytest.fixture(autouse=True)
def _first(any_app) -> None:
    """On both databases."""


@copied
def two_days(programme, hall) -> dict[str, Activity | list[Activity]]:
    ran.append(db.engine.name)
    days = [draft_activity(programme, hall, day) for day in (18, 19)]
    return {"first": days[0], "both": days}


@copied
def a_moment_later(two_days, clock_stands) -> None:
    clock_stands.now = at(5)


@pytest.fixture
def guest(office) -> Person:
    return a_person("Tamu")


@copied
def seen_by_guest(guest, programme) -> int:
    return count(Person)


@copied
def with_a_setting(current_app_, office) -> None:
    current_app_.test_client_class = current_app_.test_client().__class__


@copied
def page_of_days(two_days, coordinator_client) -> str:
    return coordinator_client.get("/activities").text


@pytest.fixture
def number_seen_before(office) -> int:
    return count(Activity)


@pytest.mark.parametrize("_time", [1, 2, 3])
def test_it_runs_once_and_what_one_test_changes_no_other_test_sees(two_days, ani, _time):
    assert ran.count(db.engine.name) < 2
    first, second = two_days["both"]
    assert first is two_days["first"]
    assert {one.id for one in rows_of(Activity)} == {1, 2}
    assert first.state is ActivityState.DRAFT
    assert (first.programme.title, ani.name) == (second.programme.title, "Ani Wijaya")
    first.state, ani.name = ActivityState.CANCELLED, "Ani Lain"
    db.session.delete(second)
    db.session.commit()
    draft_activity(first.programme, first.venue, 20)  # on PostgreSQL, its number is not given twice
    assert count(Activity) == 2


@pytest.mark.parametrize("_time", [1, 2])
def test_a_clock_stands_where_the_fixture_left_it_and_the_other_is_never_before_what_is_stored(a_moment_later, _time):
    assert clock.now() == at(5)
    with db.engine.connect() as connection:
        newest = connection.scalar(sa.text("SELECT max(created_at) FROM activity"))
    assert newest is not None
    assert str(newest) <= f"{wall_clock.now():%Y-%m-%d %H:%M:%S.%f}"


@pytest.mark.parametrize("_time", [1, 2])
def test_a_fixture_after_one_that_wrote_beside_them_is_run(seen_by_guest, _time):
    assert seen_by_guest == count(Person) == 1


@pytest.mark.parametrize("_time", [1, 2])
def test_a_fixture_of_another_kind_sees_what_the_fixtures_before_it_stored_and_no_more(
    number_seen_before, two_days, _time
):
    assert (number_seen_before, count(Activity)) == (0, 2)


@pytest.mark.parametrize("_time", [1, 2])
def test_a_fixture_that_sets_something_else_is_run_each_time(with_a_setting, current_app_, _time):
    assert current_app_.test_client_class is not None


@pytest.mark.parametrize("_time", [1, 2])
def test_what_a_patch_changes_is_not_kept_for_others(monkeypatch, patched, _time):
    assert patched == "Tamu"


@pytest.fixture
def _name(monkeypatch, office) -> None:
    monkeypatch.setattr("tests.support.test_copied.NAME", "Tamu")


NAME = "Ani"


@copied
def named(office) -> str:
    return a_person(NAME).name


@pytest.fixture
def patched(_name, named) -> str:
    return named


@pytest.mark.parametrize("_time", [1, 2])
def test_whoever_signed_in_is_signed_in(page_of_days, coordinator_client, _time):
    assert "Rapat koordinasi" in page_of_days
    assert "Rapat koordinasi" in coordinator_client.get("/activities").text


@pytest.mark.parametrize("_time", [1, 2])
def test_without_a_patch_it_is_as_usual(named, _time):
    assert named == "Ani"

"""Groups of people: two who save one name at the same moment."""

import pytest

from outreach.extensions import db
from outreach.models import PeopleGroup
from outreach.services.directory import groups
from outreach.services.directory.groups import GroupValues
from tests.world import NOW, at_once

pytestmark = pytest.mark.usefixtures("any_app")


def test_if_two_people_save_one_name_at_the_same_moment_the_second_is_told_that_it_exists(any_app, office, ani):
    person_id = ani.id

    def save(name):
        return lambda: groups.add(GroupValues(name, [person_id]), by=None, now=NOW)

    for round_ in range(4):
        outcomes = at_once(any_app, [save(f"Tim {round_}"), save(f"TIM {round_}"), save(f"Tim {round_}")])
        assert sorted(outcomes) == ["NameTaken", "NameTaken", "done"]
    db.session.rollback()
    assert db.session.query(PeopleGroup).count() == 4

"""An activity that was held, its minutes, and the approved minutes."""

import pytest

from outreach.models import Activity, Minutes
from tests.world import written_minutes


@pytest.fixture
def held(default_rules, activity, chief, ani, budi, administrator) -> Activity:
    return written_minutes.hold(activity, chief, ani, budi, by=administrator)


@pytest.fixture
def written(held, chief, coordinator) -> Minutes:
    return written_minutes.write(held, chief, by=coordinator)


@pytest.fixture
def approved(written, coordinator) -> Minutes:
    return written_minutes.approve(written, by=coordinator)

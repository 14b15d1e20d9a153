"""An activity that was held, its minutes, and the approved minutes."""

from outreach.models import Activity, Minutes
from tests.support.copied import copied
from tests.world import written_minutes


@copied
def held(default_rules, activity, chief, ani, budi, administrator) -> Activity:
    return written_minutes.hold(activity, chief, ani, budi, by=administrator)


@copied
def written(held, chief, coordinator) -> Minutes:
    return written_minutes.write(held, chief, by=coordinator)


@copied
def approved(written, coordinator) -> Minutes:
    return written_minutes.approve(written, by=coordinator)

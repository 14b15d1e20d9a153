"""The report and its map on a phone and on a desk: nothing overflows, and no engine finds a barrier."""

import pytest

from outreach.domain.kinds import AgeGroup, Sex
from tests.browser.pages import DESK, PHONE, holds, log_in
from tests.support.copied import copied
from tests.world import draft_activity
from tests.world.held import held, many_came

pytestmark = pytest.mark.browser
DAYS = "from=2027-01-01&to=2027-03-31"


@copied
def reported(programme, hall):
    """A programme with two held activities."""
    for day, region, number in ((18, "18.72.01.1001", 9), (19, "18.72.04.1001", 2)):
        activity = held(draft_activity(programme, hall, day))
        many_came(activity, number, region_code=region, sex=Sex.FEMALE, age_group=AgeGroup.FROM_25)
    return programme


def test_a_viewer_reads_the_report_and_the_map(viewer, reported, chromium, whole):
    for size in (PHONE, DESK):
        page = chromium.new_context(viewport=size).new_page()
        log_in(page, whole, viewer.email)
        for path in (f"/reports?{DAYS}", f"/reports/programmes/{reported.id}", f"/reports/coverage?{DAYS}"):
            page.goto(whole + path)
            holds(page, size["width"])

"""What a head of office reads by a link, on a phone: it fits, and both engines find nothing."""

from datetime import date

import pytest

from outreach.domain.kinds import Sex
from outreach.services.office import reading_links
from tests.browser.pages import PHONE, holds
from tests.world import at, draft_activity, publish, stop_clock
from tests.world.held import held, many_came

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("default_rules")]
IMOPURO = "18.72.01.1003"


def test_each_page_of_a_link_for_reading_is_sound_on_a_phone(
    programme, hall, coordinator, chromium, address, monkeypatch
):
    first = held(draft_activity(programme, hall, 18, region_code=IMOPURO))
    many_came(first, 12, region_code=IMOPURO, sex=Sex.FEMALE)
    many_came(first, 2, region_code=IMOPURO, sex=Sex.MALE)
    publish(draft_activity(None, hall, 29), tick=False)
    stop_clock(monkeypatch, at(20))
    made = reading_links.make("Kepala Dinas", date(2027, 1, 31), by=coordinator, now=at(20))
    page = chromium.new_context(viewport=PHONE, reduced_motion="reduce", bypass_csp=True).new_page()
    start = f"{address}/lihat/{made.code}"
    for path in ("", "/coverage", "/programmes", f"/programmes/{programme.id}", "/calendar?on=2027-01-20"):
        answer = page.goto(start + path)
        assert answer.status == 200, path
        holds(page, PHONE["width"])
    assert page.goto(f"{address}/lihat/{'a' * 43}").status == 404  # one that is over, or was never made
    holds(page, PHONE["width"])

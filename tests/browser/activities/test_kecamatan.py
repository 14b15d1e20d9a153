"""Ticking a kecamatan where activities are made for many kelurahan, in a real Chromium."""

import pytest

from tests.browser.pages import DESK, log_in

pytestmark = pytest.mark.browser


def test_ticking_a_kecamatan_ticks_its_kelurahan_and_unticking_one_unticks_it(coordinator, chromium, whole):
    page = chromium.new_context(viewport=DESK).new_page()
    log_in(page, whole, coordinator.email)
    page.goto(f"{whole}/activities/community")
    district = page.locator(".district").first
    kecamatan, *kelurahan = [
        district.get_by_role("checkbox").nth(n) for n in range(district.get_by_role("checkbox").count())
    ]
    assert len(kelurahan) == 2

    def ticked() -> list[bool]:
        return [region.is_checked() for region in (kecamatan, *kelurahan)]

    kecamatan.check()
    assert ticked() == [True, True, True]
    kelurahan[0].uncheck()
    assert ticked() == [False, False, True]
    assert kecamatan.evaluate("one => one.indeterminate")
    kelurahan[0].check()
    assert ticked() == [True, True, True]
    kecamatan.uncheck()
    assert ticked() == [False, False, False]

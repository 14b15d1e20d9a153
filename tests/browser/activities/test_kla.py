"""Kota Layak Anak on a phone and on a desk: nothing overflows, no engine finds a barrier, and a ZIP is made and taken."""

import zipfile

import pytest

from outreach.services.kla.tag import TagChange, tag
from tests.browser.pages import DESK, PHONE, holds, log_in
from tests.support.copied import copied
from tests.world import NOW, draft_activity
from tests.world.held import came, held

pytestmark = pytest.mark.browser


@copied
def over(coordinator, programme, hall, ani):
    """A held activity, tagged as one that is ahead is, too."""
    over, ahead = held(draft_activity(programme, hall, 18)), draft_activity(programme, hall, 31)
    came(over, ani)
    tag({over.id: TagChange(frozenset("7")), ahead.id: TagChange(frozenset("7"))}, by=coordinator, now=NOW)
    return over


def test_a_coordinator_reads_a_year_tags_and_takes_the_evidence(coordinator, programme, over, chromium, whole):
    for size in (PHONE, DESK):
        page = chromium.new_context(viewport=size).new_page()
        log_in(page, whole, coordinator.email)
        for path in (
            "/kla/2027", "/kla/2027/indicators/7", "/kla/2027/indicators/7/activities", "/kla/2027/list",
            f"/kla/activities/{over.id}", f"/kla/programmes/{programme.id}",
        ):  # fmt: skip
            page.goto(whole + path)
            holds(page, size["width"])
    page.goto(f"{whole}/kla/2027/list")
    table = b"kode;klaster;indikator;bukti\n7;Klaster II;Perkawinan anak;foto\n"
    page.locator("input[type=file]").set_input_files({"name": "kla.csv", "mimeType": "text/csv", "buffer": table})
    page.locator("form[enctype] button[type=submit]").click()
    page.locator(".confirm-bar").wait_for()
    for size in (PHONE, DESK):
        page.set_viewport_size(size)
        holds(page, size["width"])
    page.goto(f"{whole}/kla/2027/indicators/7")
    page.locator("#bundle button").click()
    with page.expect_download() as taken:
        page.locator("#bundle a[download]").click(timeout=60_000)
    with zipfile.ZipFile(taken.value.path()) as archive:
        assert {"daftar-isi.txt", "daftar-kekurangan.pdf"} <= set(archive.namelist())

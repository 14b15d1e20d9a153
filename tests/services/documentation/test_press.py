"""The press text is saved with who sees it and the photos; a stale form changes nothing."""

import pytest

from outreach.domain.photos import NothingForThePress, PhotoAudience, PressTextIncomplete
from outreach.models import Documentation
from outreach.services.documentation import press
from outreach.services.documentation.press import PressTextTooLong, PressValues
from outreach.services.locking import Stale
from tests.world import NOW, rows_of

pytestmark = pytest.mark.usefixtures("any_app")
TEXT = PressValues("Kader belajar bersama", "Metro, 18 Januari.\r\n\r\nDua puluh kader hadir.", PhotoAudience.PUBLIC)


def test_a_press_text_is_saved_and_its_address_stays(activity, coordinator):
    first = press.save(activity.id, TEXT, 0, by=coordinator, now=NOW)
    key, version = first.public_key, first.version
    again = press.save(activity.id, PressValues("Judul baru"), version, by=coordinator, now=NOW)
    assert (again.public_key, again.press_title, again.audience) == (key, "Judul baru", PhotoAudience.STAFF)
    assert len(key) >= 20


def test_who_saves_an_older_form_is_refused(activity, coordinator):
    press.save(activity.id, TEXT, 0, by=coordinator, now=NOW)
    with pytest.raises(Stale):
        press.save(activity.id, PressValues("Lain"), 0, by=coordinator, now=NOW)
    [row] = rows_of(Documentation)
    assert row.press_text == "Metro, 18 Januari.\n\nDua puluh kader hadir."


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        (PressValues("", "Tanpa judul"), PressTextIncomplete),
        (PressValues("Judul", "a" * 10_001), PressTextTooLong),
        (PressValues("", "", PhotoAudience.PUBLIC), NothingForThePress),
    ],
)
def test_what_cannot_be_shown_is_refused(activity, coordinator, values, problem):
    with pytest.raises(problem):
        press.save(activity.id, values, 0, by=coordinator, now=NOW)
    assert rows_of(Documentation) == []

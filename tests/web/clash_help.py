"""Shared by tests of clashes in forms: a valid form, absences and invitations, and the resolutions on a page."""

import re

from outreach.extensions import db
from outreach.models import Activity
from tests.web.reading import filled_in

NEW = {
    "kind": "coordination", "title": "Rapat", "on": "2027-01-18", "begins": "13:00", "ends": "15:00",
    "zone": "Asia/Jakarta", "venue_id": "", "region_code": "", "programme_id": "",
}  # fmt: skip


def activities() -> int:
    return db.session.query(Activity).count()


def button(html: str, words: str) -> str:
    """Return the value of the button with this text."""
    return re.search(rf'name="(?:way|seen)" value="([^"]*)"[^>]*>{re.escape(words)}', html)[1].replace("&amp;", "&")


def filled(client, address: str, **changed) -> dict:
    return filled_in(client.get(address).text) | changed

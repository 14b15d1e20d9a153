"""If an activity has no venue yet, its invitees read that the place will follow."""

import pytest

from outreach.delivery import tokens
from outreach.extensions import db
from tests.world.composed import published_invitation

pytestmark = pytest.mark.usefixtures("clock_stands")


def test_the_answer_page_and_its_calendar_file_say_that_the_place_will_follow(app, activity, ani):
    activity.venue, ani.locale = None, "en"
    published_invitation(activity, ani)
    page = f"/j/{tokens.token(tokens.link_for(db.session, ani))}"
    browser = app.test_client()
    assert "<dt>Place<dd>to be announced" in browser.get(page).text
    assert "LOCATION:to be announced" in browser.get(f"{page}/{activity.id}.ics").text

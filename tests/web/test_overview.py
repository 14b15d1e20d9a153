"""The start page's alarms about work in the background."""

from outreach.web.overview import PLAYS_PAST
from tests.web.reading import page, text_of
from tests.world import invite, publish


def test_while_the_demo_plays_its_past_late_mails_are_no_alarm(
    current_app_, default_rules, activity, ani, coordinator_client, clock_on_tuesday
):
    invite(activity, ani)
    publish(activity, tick=False)
    said = "mail should have gone out"
    assert said in text_of(page(coordinator_client, "/"))
    current_app_.config[PLAYS_PAST] = True
    shown = text_of(page(coordinator_client, "/"))
    assert (said in shown, "The demo is still sending the mails of its past days." in shown) == (False, True)

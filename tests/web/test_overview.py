"""The start page's alarms: about work in the background, and that one lost phone would lock everybody out."""

import pytest

from outreach.web.overview import PLAYS_PAST
from tests.web.reading import page, text_of
from tests.world import invite, log_in, publish
from tests.world.sign_in import recovery_codes_of, with_app


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


@pytest.mark.usefixtures("browsers")
def test_the_only_administrator_with_a_second_factor_and_without_recovery_codes_is_warned(
    current_app_, office, administrator, coordinator
):
    said = "Only Administrator is an administrator, with a second factor and without recovery codes."
    client = log_in(current_app_, administrator)
    assert said not in text_of(page(client, "/"))
    with_app(administrator)
    shown = text_of(page(client, "/"))
    assert (said in shown, f"outreach user reset-mfa {administrator.email}" in shown) == (True, True)
    assert said not in text_of(page(log_in(current_app_, coordinator), "/"))
    recovery_codes_of(administrator)
    assert said not in text_of(page(client, "/"))

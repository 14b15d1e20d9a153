"""Preparing claimed messages: how old the check "is it still true" may be when a mail is sent."""

from datetime import timedelta

import pytest

from outreach.delivery.outbox import leases
from outreach.delivery.outbox.prepare import Preparer
from outreach.extensions import current_settings
from tests.world import a_person, invite_and_publish

pytestmark = pytest.mark.usefixtures("any_app", "default_rules")


@pytest.mark.parametrize(("later_s", "read_s"), [(0.4, 0.0), (0.6, 0.6), (-5.0, -5.0)])
def test_shared_facts_are_never_trusted_longer_than_a_messages_own(activity, clock, later_s, read_s):
    invite_and_publish(activity, a_person("Ani"), a_person("Budi"))
    settings = current_settings()
    first, second = leases.claim("one", 2, settings.lease_s, now=clock())
    preparer = Preparer(settings)
    began = clock()
    assert preparer.prepare([first], now=began).asked_at == began
    batch = preparer.prepare([second], now=began + timedelta(seconds=later_s))
    assert batch.asked_at == began + timedelta(seconds=read_s)
    assert len(batch.ready) == 1

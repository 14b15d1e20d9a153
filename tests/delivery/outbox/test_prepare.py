"""Making claimed messages ready: how old the answer to "is it still true" may be when a mail leaves."""

from datetime import timedelta

import pytest

from outreach.delivery.outbox import leases
from outreach.delivery.outbox.prepare import Preparer
from outreach.extensions import current_settings
from tests.conftest import a_person
from tests.delivery.outbox.outbox_help import invited

pytestmark = pytest.mark.usefixtures("any_app", "default_rules")


@pytest.mark.parametrize(("later_s", "read_s"), [(0.4, 0.0), (0.6, 0.6), (-5.0, -5.0)])
def test_what_messages_have_in_common_is_never_relied_upon_for_longer_than_their_own(activity, clock, later_s, read_s):
    invited(activity, a_person("Ani"), a_person("Budi"))
    settings = current_settings()
    first, second = leases.claim("one", 2, settings.lease_s, now=clock())
    preparer = Preparer(settings)
    began = clock()
    assert preparer.prepare([first], now=began).asked_at == began
    batch = preparer.prepare([second], now=began + timedelta(seconds=later_s))
    assert batch.asked_at == began + timedelta(seconds=read_s)
    assert len(batch.ready) == 1

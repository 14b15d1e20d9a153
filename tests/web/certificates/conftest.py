"""An activity that is over, and a certificate of it."""

from outreach.services.certificates import make
from tests.support.copied import copied
from tests.world import invitation_of, invite, publish, run
from tests.world.held import AFTER, were_present
from tests.world.held import held as is_over


@copied
def held(activity, ani, budi, clock_stands):
    """Ani and Budi were invited, only Ani was there. It is the morning after."""
    invite(activity, ani, budi)
    publish(activity)
    run(clock_stands.now)
    were_present(invitation_of(activity, ani))
    clock_stands.now = AFTER
    return is_over(activity)


@copied
def certificate(held):
    return make.make_all(held.id, by=None, now=AFTER).certificates[0]

"""Try a mail server that was in trouble, when its pause is over and no waiting mail would show whether it works.

The alarm then ends with its cause, and not only with the next mail.
"""

from collections.abc import Callable
from datetime import datetime

import structlog
from flask import current_app

from outreach.delivery import return_path
from outreach.delivery.outbox import channel, limits
from outreach.delivery.outbox.keeper import Holding, Keeper
from outreach.delivery.smtp.wire import ChannelDown, Temporary, Wire
from outreach.domain.mail.failures import ChannelTrouble
from outreach.extensions import current_settings
from outreach.transactions import writing

log = structlog.get_logger()


def hold(worker: str, now: Callable[[], datetime]) -> None:
    """Try the mail server if that is due, over one of its allowed connections. Clear the alarm or renew it.

    worker: as in outbox/drain.py. A server that answers with a temporary error is tried again after another pause.
    """
    settings = current_settings()
    if not channel.wants_trial(now()):
        return
    slot = limits.take_slot(worker, settings.mail_connections, settings.lease_s, now=now())
    if slot is None:
        return
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    try:
        if channel.take_trial(now()):
            with Keeper(app, settings.lease_s, now) as keeper, Wire(app.extensions["mail"], settings) as wire:
                keeper.add(Holding(worker, slot))
                _try(wire, return_path.return_path(0, settings), now)
    finally:
        limits.free_slot(slot, worker)


def _try(wire: Wire, sender: str, now: Callable[[], datetime]) -> None:
    try:
        wire.try_sender(sender)
    except ChannelDown as down:
        with writing() as session:
            channel.alarm(session, down, now=now())
    except Temporary as error:
        log.warning("mail server tried in vain", code=error.code)
    else:
        channel.clear(set(ChannelTrouble))  # the next mail shows whether it accepts recipients and whole mails

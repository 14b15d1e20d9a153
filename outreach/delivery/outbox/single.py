"""Hand over one mail at once, apart from the outbox: a trial mail that staff send to themselves.

It keeps the limits of the mail server. It is not stored, and not tried again.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from uuid import uuid4

from flask import current_app

from outreach.delivery import return_path
from outreach.delivery.mail.compose import Composed
from outreach.delivery.outbox import limits
from outreach.delivery.outbox.keeper import Holding, Keeper
from outreach.delivery.smtp.outcomes import Accepted, Envelope, NotSent
from outreach.delivery.smtp.wire import ChannelDown, Wire
from outreach.domain.problems import Problem
from outreach.extensions import current_settings

ANSWER_S = 60.0  # how long somebody who waits for a page waits for the mail server's answer


class NotHandedOver(Problem):
    message = "The mail server did not take it: %(words)s"


class ServerBusy(Problem):
    message = "The mail server is busy with other mails. Please try again in a moment."


def hand_over(mail: Composed, now: Callable[[], datetime]) -> Accepted:
    """Hand the mail to the mail server and return its answer. Raise NotHandedOver or ServerBusy."""
    settings = current_settings()
    worker = f"single-{uuid4().hex[:12]}"
    slot = limits.take_slot(worker, settings.mail_connections, settings.lease_s, now=now())
    if slot is None:
        raise ServerBusy
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    patient = replace(settings, mail_answer_s=min(settings.mail_answer_s, ANSWER_S))
    try:
        if settings.mail_per_minute and not limits.take(1, settings.mail_per_minute, now=now()):
            raise ServerBusy
        with Keeper(app, settings.lease_s, now) as keeper, Wire(app.extensions["mail"], patient) as wire:
            keeper.add(Holding(worker, slot))
            envelope = Envelope(return_path.return_path(0, settings), mail.recipient, mail.data)
            try:
                outcomes = list(wire.hand_over_group([envelope]))
            except ChannelDown as down:
                raise NotHandedOver(words=str(down)) from down
    finally:
        limits.free_slot(slot, worker)
    for outcome in outcomes:
        if isinstance(outcome, NotSent):
            raise NotHandedOver(words=str(outcome))
        if isinstance(outcome, Accepted):
            return outcome
    raise ServerBusy

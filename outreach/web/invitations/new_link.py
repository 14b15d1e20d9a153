"""Replacing an invitee's answer link: the new one is sent if that is ticked, and the next page says what happened."""

from flask import flash, request
from flask_babel import gettext as _
from flask_login import current_user

from outreach import clock
from outreach.models import Organisation, Person
from outreach.queries.invitations import invitee as invitee_page
from outreach.services.invitations import links
from outreach.services.invitations.links import Delivery


def renew(invitee: Person | Organisation) -> None:
    """Create a new answer link for them, and send it by mail if that was ticked. An earlier one no longer works."""
    had_one = invitee_page.link_of(invitee, now=clock.now()) is not None
    delivery = links.renew(invitee, by=current_user, now=clock.now(), send=had_one and _wants_it_sent(invitee))
    flash(_link_made(invitee, delivery) if had_one else _("The link is made."), "success")


def _wants_it_sent(invitee: Person | Organisation) -> bool:
    """Return whether the new link is to be sent. Where no mail can go out, the page says so instead of asking."""
    return "send" in request.form or links.delivery_of(invitee, now=clock.now()) is not Delivery.SENT


def _link_made(invitee: Person | Organisation, delivery: Delivery) -> str:
    made = _("There is a new link. The old one does not work any more.")
    then = {
        Delivery.SENT: _(
            "It goes to %(address)s by mail now; outside the office's hours for mails, when they begin.",
            address=invitee.email,
        ),
        Delivery.NOT_WANTED: _("It was not sent. Their next mail carries it."),
        Delivery.NO_ADDRESS: _(
            "No mail can bring it to them. Please pass the new link on yourself, by WhatsApp for example."
        ),
        Delivery.STOPPED: _("They asked for no mails, so it was not sent. Please pass the new link on yourself."),
        Delivery.NOTHING_AHEAD: _(
            "No mail brings it now, because no invitation that they have got lies ahead. The next invitation carries it."
        ),
    }
    return f"{made} {then[delivery]}"

"""Actions of staff on people and organisations as invitees, each with a message for the next page."""

from flask import flash, request
from flask_babel import gettext as _
from flask_login import current_user

from outreach import clock
from outreach.models import Organisation, Person
from outreach.services import addresses
from outreach.services.invitations import invitee as invitee_record


def stop_reminders(invitee: Person | Organisation) -> None:
    invitee_record.stop_reminders(invitee, by=current_user, now=clock.now())
    flash(_("They get no more invitations and reminders; only changes to what they accepted."), "success")


def resume_reminders(invitee: Person | Organisation) -> None:
    """Send reminders again. If that is asked for, links that were replaced cannot stop them any more."""
    block = "block_old_links" in request.form
    invitee_record.resume_reminders(invitee, by=current_user, now=clock.now(), block_old_links=block)
    flash(_("They get invitations and reminders again."), "success")
    if block:
        flash(_("Their old links stop nothing any more."), "success")


def allow_address(address: str) -> None:
    """Allow mails to a blocked address again."""
    addresses.allow_again(address, by=current_user, now=clock.now())
    sentence = _(
        "From now on mails go to this address again. What did not arrive is not sent again by itself: "
        "send it again from its page under “Messages”, or call them."
    )
    flash(sentence, "success")

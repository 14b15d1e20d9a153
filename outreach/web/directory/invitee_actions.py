"""Actions of staff on people and organisations as invitees, each with a message for the next page."""

from flask import flash
from flask_babel import gettext as _
from flask_login import current_user

from outreach import clock
from outreach.models import Organisation, Person
from outreach.queries.invitations import invitee as invitee_page
from outreach.services import addresses
from outreach.services.invitations import invitee as invitee_record
from outreach.services.invitations import links


def stop_reminders(invitee: Person | Organisation) -> None:
    invitee_record.stop_reminders(invitee, by=current_user, now=clock.now())
    flash(_("They get no more invitations and reminders; only changes to what they accepted."), "success")


def resume_reminders(invitee: Person | Organisation) -> None:
    invitee_record.resume_reminders(invitee, by=current_user, now=clock.now())
    flash(_("They get invitations and reminders again."), "success")


def allow_address(address: str) -> None:
    """Allow mails to a blocked address again."""
    addresses.allow_again(address, by=current_user, now=clock.now())
    sentence = _(
        "From now on mails go to this address again. What did not arrive is not sent anew by itself: "
        "send it again from its page under “Messages”, or call them."
    )
    flash(sentence, "success")


def renew_link(invitee: Person | Organisation) -> None:
    """Create a new answer link for them. An earlier one no longer works."""
    had_one = invitee_page.link_of(invitee, now=clock.now()) is not None
    links.renew(invitee, by=current_user, now=clock.now())
    flash(
        _("There is a new link. The old one does not work any more.") if had_one else _("The link is made."), "success"
    )

"""The whole history of an invitation, a person or an organisation: by kind, page by page, on paper, and as a file."""

from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask_babel import gettext as _

from outreach.domain.kinds import ListName
from outreach.models import Invitation, Organisation, Person
from outreach.queries.invitations import history
from outreach.queries.invitations import lists as invitees
from outreach.queries.invitations.history import HistoryGroup
from outreach.services.directory import organisations, people
from outreach.services.directory.organisations import OrganisationMissing
from outreach.services.directory.people import PersonMissing
from outreach.services.locking import InvitationMissing
from outreach.web.exports import columns, file
from outreach.web.fields.problems import missing_page
from outreach.web.frame.access import staff_required
from outreach.web.frame.say import page_number
from outreach.web.history import words
from outreach.web.history.page import by_day, history_of, zone_of

bp = Blueprint("histories", __name__)
missing_page(bp, InvitationMissing, PersonMissing, OrganisationMissing)


@bp.get("/invitations/<int:invitation_id>/history")
@staff_required
def invitation(invitation_id: int) -> Any:
    found = invitees.one(invitation_id).invitation
    address = url_for("invitations.show", invitation_id=invitation_id)
    about = f"{found.activity.title}: {found.invitee.display_name}"
    return _page(found, about, (found.invitee.display_name, address), of=found.activity.title)


@bp.get("/people/<int:person_id>/history")
@staff_required
def person(person_id: int) -> Any:
    found = people.get(person_id)
    crumb = (found.full_name, url_for("people.show", person_id=person_id))
    return _page(found, found.full_name, crumb, also={"person": str(person_id)})


@bp.get("/organisations/<int:organisation_id>/history")
@staff_required
def organisation(organisation_id: int) -> Any:
    found = organisations.get(organisation_id)
    crumb = (found.name, url_for("organisations.show", organisation_id=organisation_id))
    return _page(found, found.name, crumb, of=found.name)


def _page(whose: Invitation | Person | Organisation, about: str, crumb: tuple[str, str], **recorded: Any) -> Any:
    """Show one page of a history, or send all of it as a file. recorded: what the audit log says of the file."""
    group = request.args.get("show", HistoryGroup.ALL, type=HistoryGroup)
    zone, of_invitee = zone_of(whose), not isinstance(whose, Invitation)
    if file.asked():
        rows = words.told(history.everything(history_of(whose), group), zone, of_invitee=of_invitee)
        return file.send(ListName.HISTORY, columns.history(zone), rows, **recorded)
    found = history.listed(history_of(whose), group, page_number())
    return render_template(
        "history/page.html", page=found, days=by_day(found.items, zone, of_invitee=of_invitee), zone=zone, group=group,
        groups=_groups(), about=about, crumb=crumb,
    )  # fmt: skip


def _groups() -> list[tuple[HistoryGroup, str]]:
    return [
        (HistoryGroup.ALL, _("All")),
        (HistoryGroup.ANSWERS, _("Answers")),
        (HistoryGroup.MAILS, _("Mails")),
        (HistoryGroup.CALLS, _("Calls")),
        (HistoryGroup.LETTERS, _("Letters")),
    ]

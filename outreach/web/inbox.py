"""The office's inbox: mails to read or to mark as handled; and the addresses that no mail reaches."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from outreach import clock
from outreach.delivery.words import whatsapp
from outreach.domain.kinds import ListName
from outreach.extensions import current_settings
from outreach.queries import exports, inbox
from outreach.queries.directory import unreachable
from outreach.queries.inbox import InboxFilters, InboxGroup
from outreach.queries.letters import returned as returned_pages
from outreach.services.inbox import handled, waiting
from outreach.services.inbox.waiting import IncomingMissing
from outreach.web.directory import invitee_actions
from outreach.web.exports import columns, file
from outreach.web.fields.problems import missing_page
from outreach.web.frame.access import coordinator_required, staff_required
from outreach.web.frame.say import page_number

bp = Blueprint("incoming", __name__, url_prefix="/incoming")
missing_page(bp, IncomingMissing)


@bp.get("")
@staff_required
def index() -> Any:
    asked = request.args
    wanted = InboxFilters(
        group=asked.get("show", InboxGroup.TO_READ, type=InboxGroup),
        person_id=asked.get("person", type=int),
        organisation_id=asked.get("organisation", type=int),
        q=asked.get("q", "").strip()[:100],
    )
    if file.asked():
        rows, also = exports.mails_received(wanted), {"show": wanted.group.value}
        return file.send(ListName.MAILS_RECEIVED, columns.mails_received(inbox.reason_of), rows, also=also)
    page, wanted = inbox.find(wanted, page_number())
    return render_template(
        "inbox/index.html", page=page, wanted=wanted, marked=_marked(), reason_of=inbox.reason_of, **_around()
    )


@bp.get("/<int:mail_id>")
@staff_required
def show(mail_id: int) -> str:
    shown = inbox.show(mail_id)
    letter = returned_pages.letter_in(shown.mail)
    return render_template("inbox/show.html", shown=shown, mail=shown.mail, letter=letter, reason_of=inbox.reason_of)


@bp.post("/<int:mail_id>/dealt-with")
@coordinator_required
def deal_with(mail_id: int) -> Any:
    handled.handle(mail_id, by=current_user, now=clock.now())
    return redirect(url_for(".index", marked=mail_id))


@bp.post("/<int:mail_id>/sender-dealt-with")
@coordinator_required
def deal_with_sender(mail_id: int) -> Any:
    handled.handle_all_of_sender(mail_id, by=current_user, now=clock.now())
    return redirect(url_for(".index", marked=mail_id))


@bp.post("/<int:mail_id>/reopen")
@coordinator_required
def reopen(mail_id: int) -> Any:
    """Mark a mail as not handled. With `together` (offered for a moment), also those that the same press marked."""
    together = "together" in request.form
    handled.reopen(mail_id, by=current_user, now=clock.now(), together=together)
    flash(_("It stands among those to read again."), "success")
    return redirect(url_for(".index") if together else url_for(".show", mail_id=mail_id))


@bp.get("/unreachable")
@staff_required
def addresses() -> Any:
    """Show the invitees that no mail reaches, to call them or correct their address."""
    if file.asked():
        return file.send(ListName.UNREACHABLE, columns.unreachable(), unreachable.everybody(now=clock.now()))
    page = unreachable.listed(now=clock.now(), number=page_number())
    wrong = [(one, whatsapp.at(one.number)) for one in unreachable.wrong_numbers()]
    return render_template("inbox/unreachable.html", page=page, wrong=wrong, **_around())


@bp.post("/unreachable")
@coordinator_required
def allow_again() -> Any:
    invitee_actions.allow_address(request.form.get("address", ""))
    return redirect(url_for(".addresses"))


def _marked() -> inbox.Marked | None:
    """Return what was just marked as handled (?marked=…). The list offers to undo it."""
    mail_id = request.args.get("marked", type=int)
    return None if mail_id is None else inbox.just_marked(mail_id, by=current_user, now=clock.now())


def _around() -> dict[str, Any]:
    """Return what is around each list: the tabs' counts, and whether the mailbox can be read."""
    return {
        "tabs": _tabs(),
        "waiting": waiting.count_waiting(),
        "unreached": unreachable.count(now=clock.now()),
        "mailbox": inbox.mailbox_problem(),
        "is_read": bool(current_settings().imap_server),
    }


def _tabs() -> list[tuple[InboxGroup, str]]:
    return [
        (InboxGroup.TO_READ, _("To read")),
        (InboxGroup.LETTERS, _("Written by people")),
        (InboxGroup.ANSWERS, _("Answers from calendars")),
        (InboxGroup.REPORTS, _("Delivery reports")),
        (InboxGroup.ALL, _("All")),
    ]

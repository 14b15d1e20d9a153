"""The message log: which mails went to which recipients, their results, and sending one again."""

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from outreach import clock
from outreach.delivery.demo_server import kept_mail
from outreach.delivery.demo_server.server import header
from outreach.delivery.words.formats import moment
from outreach.domain.kinds import ListName
from outreach.domain.problems import Problem
from outreach.domain.states import FINISHED
from outreach.extensions import current_settings
from outreach.queries import exports, inbox
from outreach.queries import polls as poll_pages
from outreach.queries.messages import log as messages
from outreach.queries.messages.log import MessageFilters, MessageGroup
from outreach.services import addresses
from outreach.services.messages import resend as resending
from outreach.services.messages.resend import MessageMissing
from outreach.services.operations import clock as clocks
from outreach.web.exports import columns, file
from outreach.web.fields.base import ConfirmForm
from outreach.web.fields.problems import missing_page
from outreach.web.frame.access import coordinator_required, staff_required
from outreach.web.frame.looks import office_zone
from outreach.web.frame.say import page_number, say

# The mail's own HTML: no script, no form, nothing external; its links lead nowhere, because the secret part is left out.
MAIL_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"
MOST_AGAIN = 500  # the most mails that are sent again in one step
bp = Blueprint("messages", __name__, url_prefix="/messages")
missing_page(bp, MessageMissing)


@bp.get("")
@staff_required
def index() -> Any:
    wanted = _wanted()
    if file.asked():
        return file.send(ListName.MESSAGES, columns.messages(), exports.messages(wanted))
    page, wanted = messages.find(wanted, page_number())
    return render_template(
        "messages/index.html",
        page=page,
        wanted=wanted,
        groups=_groups(),
        reason_of=messages.reason_of,
        zone_of=messages.zone_of,
        poll_of=poll_pages.of_messages(page),
        came_back=inbox.came_back([message.id for message in page]),
        channel=messages.channel_problem(),
        wrong_clock=clocks.problem(),
        is_read=bool(current_settings().imap_server),
        query=_asked(),
    )


@bp.route("/again", methods=["GET", "POST"])
@coordinator_required
def again() -> Any:
    """GET shows which mails of the filtered list would be sent again, and why the others would not; POST sends those ticked."""
    now, form = clock.now(), ConfirmForm()
    if form.validate_on_submit():
        chosen = request.form.getlist("message", type=int)[:MOST_AGAIN]
        sent = resending.resend_many(chosen, by=current_user, now=now)
        said = ngettext("One mail is sent again.", "%(num)d mails are sent again.", sent)
        flash(said, "success" if sent else "warning")
        return redirect(url_for(".index", **_asked()))
    found = messages.ids(_wanted(), MOST_AGAIN + 1)
    refused = resending.preview_many(found[:MOST_AGAIN], now=now)
    return render_template(
        "messages/again.html",
        form=form,
        rows=messages.of_ids(list(refused)),
        refused={id_: say(problem) for id_, problem in refused.items() if problem is not None},
        more=len(found) > MOST_AGAIN,
        poll_of=poll_pages.of_messages(messages.of_ids(list(refused))),
        query=_asked(),
        opening=messages.held_until(now),
    )


@bp.get("/<int:message_id>")
@staff_required
def show(message_id: int) -> str:
    return _page(message_id)


@bp.post("/<int:message_id>/resend")
@coordinator_required
def resend(message_id: int) -> Any:
    now = clock.now()
    try:
        new = resending.resend(message_id, by=current_user, now=now)
    except MessageMissing:
        raise
    except Problem as problem:
        return _page(message_id, say(problem)), 422
    opening = messages.message_held_until(new, now=now)
    if opening is None:
        flash(_("It will be sent again in a moment."), "success")
    else:
        when = moment(opening, office_zone())
        flash(_("It will be sent again on %(when)s, when your office's hours for mails begin.", when=when), "success")
    return redirect(url_for(".show", message_id=new.id))


@bp.get("/<int:message_id>/html")
@staff_required
def sent_html(message_id: int) -> Response:
    """Return the HTML of a mail as it was sent, for a frame."""
    mail = messages.mail_sent(message_id)
    if mail is None:
        raise MessageMissing
    headers = {"Content-Security-Policy": MAIL_POLICY, "Cache-Control": "private, no-store"}
    return Response(kept_mail.html_of(mail), mimetype="text/html", headers=headers)


def _page(message_id: int, problem: str = "") -> str:
    shown = messages.show(message_id)
    return render_template(
        "messages/show.html",
        shown=shown,
        message=shown.message,
        zone=messages.zone_of(shown.message),
        poll=poll_pages.of_messages([shown.message]).get(message_id),
        reason_of=messages.reason_of,
        reason_named=messages.reason_named,
        finished=shown.message.state in FINISHED,
        problem=problem,
        came_back=inbox.came_back([message_id]),
        reports=inbox.about_message(message_id),
        failure=addresses.failure_of(shown.message.address or _address(shown.message)),
        reason_of_report=inbox.reason_of,
        sent_text=kept_mail.text_of(shown.mail) if shown.mail else "",
        sent_subject=header(shown.mail, "Subject") if shown.mail else "",
    )


def _address(message: Any) -> str:
    recipient = message.person or message.organisation or message.user
    return recipient.email if recipient else ""


def _wanted() -> MessageFilters:
    asked = request.args
    return MessageFilters(
        group=asked.get("state", type=MessageGroup),
        person_id=asked.get("person", type=int),
        organisation_id=asked.get("organisation", type=int),
        activity_id=asked.get("activity", type=int),
        archived="archive" in asked,
        q=asked.get("q", "").strip()[:100],
    )


def _asked() -> dict[str, Any]:
    """Return the list's filters as they stand in the address."""
    return {
        name: request.args[name]
        for name in ("state", "person", "organisation", "activity", "q")
        if name in request.args
    }


def _groups() -> list[tuple[str | None, str]]:
    return [
        (None, _("All")),
        (MessageGroup.WAITING.value, _("Waiting")),
        (MessageGroup.SENT.value, _("Sent")),
        (MessageGroup.FAILED.value, _("Failed or unknown")),
        (MessageGroup.UNKNOWN.value, _("Unknown")),
        (MessageGroup.SKIPPED.value, _("Not sent")),
    ]

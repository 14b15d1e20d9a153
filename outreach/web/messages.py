"""The message log: which mails went to which recipients, their results, and sending one again."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from outreach import clock
from outreach.domain.problems import Problem
from outreach.domain.states import FINISHED
from outreach.extensions import current_settings
from outreach.queries import exports, inbox
from outreach.queries.messages import log as messages
from outreach.queries.messages.log import MessageFilters, MessageGroup
from outreach.services import addresses
from outreach.services.messages import resend as resending
from outreach.services.messages.resend import MessageMissing
from outreach.services.operations import clock as clocks
from outreach.services.polls import mail as poll_mails
from outreach.web.exports import columns, file
from outreach.web.frame.accounts import coordinator_required, missing_page, staff_required
from outreach.web.frame.say import page_number, say

bp = Blueprint("messages", __name__, url_prefix="/messages")
missing_page(bp, MessageMissing)


@bp.get("")
@staff_required
def index() -> Any:
    asked = request.args
    wanted = MessageFilters(
        group=asked.get("state", type=MessageGroup),
        person_id=asked.get("person", type=int),
        organisation_id=asked.get("organisation", type=int),
        activity_id=asked.get("activity", type=int),
        archived="archive" in asked,
        q=asked.get("q", "").strip()[:100],
    )
    if file.asked():
        return file.send(_("Messages"), columns.messages(), exports.messages(wanted))
    page, wanted = messages.find(wanted, page_number())
    return render_template(
        "messages/index.html",
        page=page,
        wanted=wanted,
        groups=_groups(),
        reason_of=messages.reason_of,
        zone_of=messages.zone_of,
        poll_of=poll_mails.of_messages(page),
        came_back=inbox.came_back([message.id for message in page]),
        channel=messages.channel_problem(),
        wrong_clock=clocks.problem(),
        is_read=bool(current_settings().imap_server),
    )


@bp.get("/<int:message_id>")
@staff_required
def show(message_id: int) -> str:
    return _page(message_id)


@bp.post("/<int:message_id>/resend")
@coordinator_required
def resend(message_id: int) -> Any:
    try:
        new = resending.resend(message_id, by=current_user, now=clock.now())
    except MessageMissing:
        raise
    except Problem as problem:
        return _page(message_id, say(problem)), 422
    flash(_("It will be sent again in a moment."), "success")
    return redirect(url_for(".show", message_id=new.id))


def _page(message_id: int, problem: str = "") -> str:
    shown = messages.show(message_id)
    return render_template(
        "messages/show.html",
        shown=shown,
        message=shown.message,
        zone=messages.zone_of(shown.message),
        poll=poll_mails.of_messages([shown.message]).get(message_id),
        reason_of=messages.reason_of,
        reason_named=messages.reason_named,
        finished=shown.message.state in FINISHED,
        problem=problem,
        came_back=inbox.came_back([message_id]),
        reports=inbox.about_message(message_id),
        failure=addresses.failure_of(shown.message.address or _address(shown.message)),
        reason_of_report=inbox.reason_of,
    )


def _address(message: Any) -> str:
    reader = message.person or message.organisation
    return reader.email if reader else ""


def _groups() -> list[tuple[str | None, str]]:
    return [
        (None, _("All")),
        (MessageGroup.WAITING.value, _("Waiting")),
        (MessageGroup.SENT.value, _("Sent")),
        (MessageGroup.FAILED.value, _("Failed or unknown")),
        (MessageGroup.SKIPPED.value, _("Not sent")),
    ]

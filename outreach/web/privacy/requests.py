"""The staff's list of requests about personal data: open and done, entered by hand, carried out, and as a file."""

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from wtforms import RadioField, StringField, TextAreaField
from wtforms.validators import Length

from outreach import clock
from outreach.delivery.words import formats
from outreach.delivery.words.labels import label
from outreach.domain.kinds import ListName
from outreach.domain.privacy.requests import (
    MOST_WORDS,
    DataRequestMissing,
    RequestKind,
    RequestOutcome,
    RequestWay,
)
from outreach.domain.problems import Problem
from outreach.queries import privacy as lists
from outreach.services.privacy import requests
from outreach.services.privacy.requests import Entered
from outreach.web.exports import columns, file
from outreach.web.fields.base import TidyForm
from outreach.web.fields.fields import ChoiceField, Clock, DayField, Sentence
from outreach.web.fields.problems import flashing_problems, missing_page, showing_problems
from outreach.web.frame.access import coordinator_required
from outreach.web.frame.looks import office_zone
from outreach.web.frame.say import say

bp = Blueprint("data_requests", __name__, url_prefix="/data-requests")
missing_page(bp, DataRequestMissing)


class RequestForm(TidyForm):
    person_id = RadioField(_l("Who asks"), choices=[], validate_choice=False)
    name = StringField(_l("Name, if it is nobody in the address book"), [Length(max=160)])
    kind = ChoiceField(_l("What they ask for"), choices=lambda: [(one.value, label(one)) for one in RequestKind])
    way = ChoiceField(
        _l("How they asked"),
        choices=lambda: [(one.value, label(one)) for one in RequestWay if one is not RequestWay.LINK],
    )
    on = DayField(_l("Day on which it came"), [Sentence(_l("Please choose the day."))])
    at = Clock(_l("Time"), [Sentence(_l("Please write a time, such as 08:00."))])
    words = TextAreaField(_l("In their words"), [Length(max=MOST_WORDS)])


@bp.get("/")
@coordinator_required
def index() -> Any:
    now, done = clock.now(), request.args.get("state") == "done"
    rows = lists.requests(done=done, now=now)
    if file.asked():
        return file.send(ListName.DATA_REQUESTS, columns.data_requests(), rows)
    return render_template("privacy/requests.html", rows=rows, done=done, open_count=lists.open_count())


@bp.route("/new", methods=["GET", "POST"])
@coordinator_required
def new() -> Any:
    now, zone = clock.now(), office_zone()
    local = now.astimezone(zone)
    form = RequestForm()
    if request.method == "GET":
        form.on.data, form.at.data = local.date(), local.time().replace(second=0, microsecond=0)
    q = request.values.get("q", "")
    found = lists.people_named(q)
    form.person_id.choices = [(str(person.id), person.display_name) for person in found]
    status = 200
    if request.method == "POST" and "look_up" not in request.form:
        status = 422
        if form.validate() and form.on.data and form.at.data:
            chosen = form.person_id.data if form.person_id.data in {str(person.id) for person in found} else None
            if not chosen and not (form.name.data or "").strip():
                form.name.errors = [_("Please choose who asks, or write their name.")]
            else:
                with showing_problems(form):
                    received = datetime.combine(form.on.data, form.at.data, zone).astimezone(UTC)
                    values = Entered(
                        int(chosen) if chosen else None, form.name.data or "", RequestKind(form.kind.data),
                        RequestWay(form.way.data), received, form.words.data or "",
                    )  # fmt: skip
                    made = requests.enter(values, by=current_user, now=now)
                    flash(_("The request is entered. It is due %(moment)s.", moment=_due(made)), "success")
                    return redirect(url_for(".show", request_id=made.id))
    return render_template("privacy/request_new.html", form=form, q=q, found=found), status


@bp.get("/<int:request_id>")
@coordinator_required
def show(request_id: int) -> Any:
    return _shown(request_id)


@bp.post("/<int:request_id>/apply")
@coordinator_required
def apply(request_id: int) -> Any:
    with flashing_problems():
        checked = "checked" in request.form
        requests.apply_corrections(request_id, by=current_user, now=clock.now(), checked=checked)
        flash(_("The record is corrected, and the request is done."), "success")
    return redirect(url_for(".show", request_id=request_id))


@bp.post("/<int:request_id>/settle")
@coordinator_required
def settle(request_id: int) -> Any:
    outcome = request.form.get("outcome", type=RequestOutcome)
    try:
        said = request.form.get("what_done", "")
        requests.settle(request_id, outcome or RequestOutcome.DONE, said, by=current_user, now=clock.now())
    except DataRequestMissing:
        raise
    except Problem as problem:
        return _shown(request_id, problem=say(problem)), 422
    flash(_("The request is done. What was done is kept, without what the person wrote."), "success")
    return redirect(url_for(".show", request_id=request_id))


def _shown(request_id: int, problem: str = "") -> str:
    row = lists.row_of(requests.get(request_id), now=clock.now())
    return render_template(
        "privacy/request.html", row=row, one=row.request, problem=problem, telling=lists.telling(row.request),
        outcomes=[(one.value, label(one)) for one in RequestOutcome],
    )  # fmt: skip


def _due(one: Any) -> str:
    return formats.moment(lists.due_at(one.received_at), office_zone())

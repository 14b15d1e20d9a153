"""The people that a date poll asks; opening, closing and reopening it; and answers by phone."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from outreach import clock
from outreach.domain.kinds import AnswerSource, Role
from outreach.domain.problems import Problem
from outreach.domain.states import PollState
from outreach.models import DatePoll
from outreach.queries import polls as poll_pages
from outreach.queries.directory import lists as directory
from outreach.queries.invitations import choices
from outreach.services.directory import people as directory_people
from outreach.services.invitations.checks import MOST_SEATS
from outreach.services.office_defaults import usual_closing
from outreach.services.polls import answer as poll_answering
from outreach.services.polls import ask as poll_asking
from outreach.services.polls.ask import invitee_of
from outreach.services.polls.edit import PollMissing
from outreach.web.fields.base import ConfirmForm
from outreach.web.fields.fields import whole
from outreach.web.fields.problems import flashing_problems, showing_problems
from outreach.web.frame.access import coordinator_required
from outreach.web.frame.say import say
from outreach.web.invitations.forms import USUAL_QUOTA
from outreach.web.polls.blueprint import bp
from outreach.web.polls.forms import AskForm, ReopenForm, record_form


@bp.route("/<int:poll_id>/asked", methods=["GET", "POST"])
@coordinator_required
def asked(poll_id: int) -> Any:
    """Choose the people to ask: search, tick, add. Searching changes nothing and keeps the ticked ones."""
    poll, form = poll_pages.get(poll_id), AskForm()
    if poll.state not in (PollState.DRAFT, PollState.OPEN):
        flash(_("This date poll is closed or decided, so nobody else can be asked."), "warning")
        return redirect(url_for(".show", poll_id=poll_id))
    if group := whole(request.form.get("people_group")):
        known = {invitee.person_id for invitee in poll.invitees}
        form.person_ids.data = [id for id in directory.with_group(form.person_ids.data or [], group) if id not in known]
        return _asked_page(poll, form)
    if not form.is_submitted() or request.form.get("do") == "search":
        return _asked_page(poll, form)
    if not form.validate():
        return _asked_page(poll, form), 422
    quotas = _quotas(form)
    if quotas is None:
        sentence = _("Write a number of seats from 1 to %(most)d.", most=MOST_SEATS)
        return _asked_page(poll, form, sentence), 422
    now, new = clock.now(), 0
    people, needed = form.person_ids.data or [], bool(form.needed.data)
    try:
        if people or not quotas:
            role = Role(form.role.data)
            new += poll_asking.add_people(poll_id, people, role, needed=needed, by=current_user, now=now)
        if quotas:
            new += poll_asking.add_organisations(poll_id, quotas, needed=needed, by=current_user, now=now)
    except PollMissing:
        raise
    except Problem as problem:
        return _asked_page(poll_pages.get(poll_id), form, say(problem)), 422
    if poll.state is PollState.OPEN:
        flash(ngettext("%(num)d more is asked now.", "%(num)d more are asked now.", new), "success")
    else:
        flash(ngettext("%(num)d is added.", "%(num)d are added.", new), "success")
    return redirect(url_for(".asked", poll_id=poll_id))


@bp.post("/<int:poll_id>/asked/<int:invitee_id>")
@coordinator_required
def change_asked(poll_id: int, invitee_id: int) -> Any:
    """Set whether an invitee is needed, or remove the invitee."""
    do, now = request.form.get("do", ""), clock.now()
    with flashing_problems(but=PollMissing):
        if do == "remove":
            poll_asking.remove(poll_id, invitee_id, by=current_user, now=now)
        elif do in ("needed", "not_needed"):
            poll_asking.set_needed(poll_id, invitee_id, do == "needed", by=current_user, now=now)
    back = ".show" if request.form.get("back") == "show" else ".asked"
    return redirect(url_for(back, poll_id=poll_id))


@bp.route("/<int:poll_id>/open", methods=["GET", "POST"])
@coordinator_required
def open_poll(poll_id: int) -> Any:
    """GET shows who gets which mail; POST asks everybody."""
    poll, form = poll_pages.get(poll_id), ConfirmForm()
    if form.validate_on_submit():
        try:
            mails = poll_asking.open_poll(poll_id, by=current_user, now=clock.now())
        except PollMissing:
            raise
        except Problem as problem:
            return _open_page(poll_pages.get(poll_id), form, say(problem)), 422
        written = len(mails.at_once) + len(mails.tomorrow)
        flash(
            ngettext(
                "The date poll is open. One mail is on its way.",
                "The date poll is open. %(num)d mails are on their way.", written,
            ),
            "success",
        )  # fmt: skip
        if mails.no_mail:
            flash(_("No mail reaches some of those asked. Call them, or send them the text below."), "warning")
        return redirect(url_for(".show", poll_id=poll_id))
    if poll.state is not PollState.DRAFT:
        return redirect(url_for(".show", poll_id=poll_id))
    return _open_page(poll, form)


@bp.post("/<int:poll_id>/close")
@coordinator_required
def close(poll_id: int) -> Any:
    with flashing_problems(but=PollMissing):
        poll_asking.close(poll_id, by=current_user, now=clock.now())
        flash(_("The date poll is closed. Answers are taken no more."), "success")
    return redirect(url_for(".show", poll_id=poll_id))


@bp.route("/<int:poll_id>/reopen", methods=["GET", "POST"])
@coordinator_required
def reopen(poll_id: int) -> Any:
    poll, form = poll_pages.get(poll_id), ReopenForm()
    if form.validate_on_submit():
        with showing_problems(form, but=PollMissing):
            poll_asking.reopen(poll_id, form.closing(poll.zone), by=current_user, now=clock.now())
            flash(_("The date poll is open again."), "success")
            return redirect(url_for(".show", poll_id=poll_id))
        poll = poll_pages.get(poll_id)
    elif request.method == "GET":
        form.fill_closing(usual_closing(poll.zone, clock.now()), poll.zone)
    return render_template("polls/reopen.html", poll=poll, form=form), 422 if form.is_submitted() else 200


@bp.route("/<int:poll_id>/asked/<int:invitee_id>/answer", methods=["GET", "POST"])
@coordinator_required
def record(poll_id: int, invitee_id: int) -> Any:
    """Record which dates suit somebody, from a phone call."""
    poll = poll_pages.get(poll_id)
    try:
        invitee = invitee_of(poll, invitee_id)
    except Problem as problem:
        flash(say(problem), "warning")
        return redirect(url_for(".show", poll_id=poll_id))
    form, sentence = record_form(poll), ""
    if form.validate_on_submit():
        try:
            poll_answering.record(
                poll_id, invitee_id, form.dates(), AnswerSource(form.source.data), by=current_user, now=clock.now()
            )
        except PollMissing:
            raise
        except Problem as problem:
            sentence = say(problem)
            poll = poll_pages.get(poll_id)
            invitee = invitee_of(poll, invitee_id)
        else:
            flash(_("The answer of %(name)s is recorded.", name=invitee.invitee.display_name), "success")
            return redirect(url_for(".show", poll_id=poll_id))
    elif not form.is_submitted():
        form.fill(invitee)
    page = render_template("polls/record.html", poll=poll, one=invitee, form=form, problem=sentence)
    return page, 422 if form.is_submitted() else 200


def _asked_page(poll: DatePoll, form: AskForm, problem: str = "") -> str:
    ticked = set(form.person_ids.data or [])
    offices = set(form.organisation_ids.data or [])
    there = {invitee.person_id for invitee in poll.invitees} | ticked
    asked_offices = {invitee.organisation_id for invitee in poll.invitees}
    q = (form.q.data or "").strip()
    found = choices.organisations_by_sector(q, offices) if q or offices else []
    return render_template(
        "polls/asked.html",
        poll=poll,
        form=form,
        problem=problem,
        q=q,
        chosen=directory_people.people(ticked),
        people=choices.find_people(q, [id for id in there if id is not None]),
        offices=[office for _sector, group in found for office in group if office.id not in asked_offices],
        ticked_offices=offices,
        seats=request.form,
        usual_quota=USUAL_QUOTA,
        groups=directory.group_choices(),
    )


def _open_page(poll: DatePoll, form: ConfirmForm, problem: str = "") -> str:
    return render_template(
        "polls/open.html",
        poll=poll,
        form=form,
        problem=problem,
        mails=poll_asking.preview(poll.id, now=clock.now()),
        remind_at=poll_asking.reminder_of(poll, now=clock.now()),
    )


def _quotas(form: AskForm) -> dict[int, int] | None:
    """Return the seats of the ticked organisations; None if a number is invalid."""
    found = {}
    for organisation_id in form.organisation_ids.data or []:
        raw = request.form.get(f"quota-{organisation_id}", "").strip() or str(USUAL_QUOTA)
        if not 1 <= whole(raw) <= MOST_SEATS:
            return None
        found[organisation_id] = int(raw)
    return found

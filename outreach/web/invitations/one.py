"""One invitation and its actions for staff: record an answer, quota, nominees, link, withdraw."""

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from outreach import clock
from outreach.delivery.words import formats, whatsapp
from outreach.delivery.words import ladder as ladder_words
from outreach.domain.answers import Choice
from outreach.domain.directory.names import rank_of
from outreach.domain.door.codes import valid_until
from outreach.domain.kinds import AnswerSource, MailKind
from outreach.domain.problems import Problem
from outreach.domain.states import UNANSWERED, InvitationState
from outreach.extensions import db
from outreach.models import Activity, IncomingMail
from outreach.queries import inbox, posts, representation
from outreach.queries.invitations import evidence as evidence_pages
from outreach.queries.invitations import lists as invitees
from outreach.queries.invitations.lists import InviteeRow
from outreach.queries.ladder import rungs as ladder
from outreach.services.answers import acting
from outreach.services.answers import decline as declining
from outreach.services.answers import record as recording
from outreach.services.answers import undo as undoing
from outreach.services.inbox import record_from_mail
from outreach.services.invitations import invite as inviting
from outreach.services.invitations import links
from outreach.services.invitations import withdraw as withdrawing
from outreach.services.locking import InvitationMissing
from outreach.web.fields.instants import wall_time
from outreach.web.fields.problems import flashing_problems, show_problem
from outreach.web.frame.access import coordinator_required, may_change, staff_required
from outreach.web.frame.say import say
from outreach.web.frame.way_back import back_or, coming_back, leading_back
from outreach.web.history.page import card
from outreach.web.invitations import new_link
from outreach.web.invitations.blueprint import bp
from outreach.web.invitations.evidence import ask_for_file_again, shown_by
from outreach.web.invitations.forms import ButtonForm, NomineesForm, QuotaForm, RecordAnswerForm
from outreach.web.materials.file import size_in_words


@bp.get("/invitations/<int:invitation_id>")
@staff_required
def show(invitation_id: int) -> Any:
    row = invitees.one(invitation_id)
    nominees = invitees.nominees_of(invitation_id)
    delivery = links.delivery_of(row.invitation.invitee, now=clock.now())
    return render_template(
        "invitations/show.html",
        row=row,
        call=whatsapp.at(row.invitation.invitee.phone),
        nominees=nominees,
        waiting=invitees.waiting_of(nominees),
        form=ButtonForm(),
        delivery=delivery,
        is_over=clock.now() >= valid_until(row.invitation.activity.ends_at, row.invitation.activity.zone),
        acting_link=representation.page_of(row.invitation),
        history=card(row.invitation),
        left_behind=posts.left_behind(row.invitation),
        former_holders=(former := posts.former_holders(invitation_id) if row.invitation.as_post else []),
        evidence=(evidence := evidence_pages.of(row.invitation)),
        evidence_of_former={one.id: evidence_pages.former_holder(one, former) for one in evidence},
        size_in_words=size_in_words,
        undoable=may_change() and undoing.undoable(db.session(), row.invitation, now=clock.now()),
        rungs=(rungs := ladder.of_invitation(invitation_id)),
        next_rung=ladder.next_of(rungs),
        proposed=row.invitation.state in UNANSWERED and ladder.proposes_substitutes(rungs),
        ladder_words=ladder_words,
        said=declining.of(db.session(), [invitation_id]).get(invitation_id),
        wish=_wish,
    )


def _wish(activity: Activity, wished_on: date) -> str:
    """Return the address of a new date poll that proposes the wished day at the activity's hours and place."""
    hours = [f"{wall_time(at, activity.zone):%H:%M}" for at in (activity.starts_at, activity.ends_at)]
    slot = ",".join((f"{wished_on}", *hours, str(activity.venue_id or "")))
    return url_for(
        "polls.new", slot=slot, title=activity.title, programme=activity.programme_id, kind=activity.kind.value,
        region=activity.region_code,
    )  # fmt: skip


@bp.route("/invitations/<int:invitation_id>/answer", methods=["GET", "POST"])
@coordinator_required
def record(invitation_id: int) -> Any:
    """Record a person's answer by phone or from a mail (?mail=…); or that an organisation sends nobody."""
    row = invitees.one(invitation_id)
    mail = _mail()
    organisation = row.invitation.organisation_id is not None
    form = RecordAnswerForm(obj=row.invitation, choices=[Choice.NOT_COMING] if organisation else tuple(Choice))
    if form.validate_on_submit():
        try:
            record_it = _in(mail, recording.record_answer)
            record_it(
                invitation_id, Choice(form.choice.data), AnswerSource(form.source.data), form.representative,
                form.note.data or "", by=current_user, now=clock.now(), shown_by=shown_by(form.file),
            )  # fmt: skip
        except Problem as problem:
            return _refused(form, problem, row, "record", mail)
        flash(_("The answer of %(name)s is recorded.", name=row.invitation.invitee.display_name), "success")
        return _back(row, mail)
    if organisation and not form.is_submitted() and "none" not in request.args:
        names = url_for(".nominees", invitation_id=invitation_id, mail=mail.id if mail else None)
        return redirect(leading_back(names, coming_back()))
    if not form.is_submitted():
        form.choice.data, form.note.data = _answered(row, mail), row.invitation.answer_note
        form.source.data = AnswerSource.MAIL.value if mail else None
        form.representative_phone.data = formats.phone(row.invitation.representative_phone)
    return _page("record", form, row, mail=mail)


@bp.post("/invitations/<int:invitation_id>/answer/undo")
@coordinator_required
def undo_answer(invitation_id: int) -> Any:
    """Undo the answer that staff recorded last: what it replaced counts again."""
    form = ButtonForm()
    if form.validate_on_submit():
        with flashing_problems(but=InvitationMissing):
            undoing.undo_recorded(invitation_id, by=current_user, now=clock.now())
            flash(_("The recorded answer was undone. What was there before counts again."), "success")
    return redirect(url_for(".show", invitation_id=invitation_id))


@bp.post("/invitations/<int:invitation_id>/representative/undo")
@coordinator_required
def undo_representative(invitation_id: int) -> Any:
    """Undo who was named last to come in the invitee's place."""
    form = ButtonForm()
    if form.validate_on_submit():
        try:
            acting.take_back_for(invitation_id, by=current_user, now=clock.now())
        except Problem as problem:
            flash(say(problem), "danger")
        else:
            flash(_("This was undone. Look at the invitation for who comes now."), "success")
    return redirect(url_for(".show", invitation_id=invitation_id))


@bp.route("/invitations/<int:invitation_id>/nominees", methods=["GET", "POST"])
@coordinator_required
def nominees(invitation_id: int) -> Any:
    """Record an organisation's nominees: the full list, up to its quota."""
    row = invitees.one(invitation_id)
    if row.invitation.organisation_id is None:
        return redirect(url_for(".record", invitation_id=invitation_id))
    mail = _mail()
    form = NomineesForm()
    if form.validate_on_submit():
        try:
            nominate = _in(mail, recording.nominate_for)
            nominate(
                invitation_id, form.nominees(), source=AnswerSource(form.source.data), by=current_user, now=clock.now(),
                shown_by=shown_by(form.file),
            )  # fmt: skip
        except Problem as problem:
            return _refused(form, problem, row, "nominees", mail)
        flash(_("The names for %(name)s are recorded.", name=row.invitation.invitee.display_name), "success")
        return _back(row, mail)
    if not form.is_submitted():
        if mail:
            form.source.data = AnswerSource.MAIL.value
        named = [(n.id, n.person) for n in invitees.nominees_of(invitation_id) if n.person]
        for nominee_id, person in named:
            form.rows.append_entry(
                {"row": nominee_id, "name": person.name, "post": person.post, "phone": formats.phone(person.phone),
                 "email": person.email, "rank": rank_of(person.full_name)}
            )  # fmt: skip
        for _empty in range((row.invitation.quota or 0) - len(named)):
            form.rows.append_entry()
    return _page("nominees", form, row, mail=mail, decline=_decline(mail))


@bp.get("/invitations/<int:invitation_id>/names")
@staff_required
def names_paper(invitation_id: int) -> Any:
    """Show an organisation's nominees as a list to be printed: it tells those whom no mail reaches."""
    row = invitees.one(invitation_id)
    if row.invitation.organisation_id is None:
        return redirect(url_for(".show", invitation_id=invitation_id))
    nominees = [one for one in invitees.nominees_of(invitation_id) if one.state is not InvitationState.NOT_COMING]
    return render_template(
        "invitations/names_paper.html", row=row, nominees=nominees, unreached=invitees.unreached_among(nominees)
    )


@bp.route("/invitations/<int:invitation_id>/quota", methods=["GET", "POST"])
@coordinator_required
def quota(invitation_id: int) -> Any:
    row = invitees.one(invitation_id)
    form = QuotaForm(obj=row.invitation)
    if form.validate_on_submit():
        try:
            inviting.set_quota(invitation_id, form.quota.data or 0, by=current_user, now=clock.now())
        except Problem as problem:
            return _refused(form, problem, row, "quota")
        flash(_("The quota of %(name)s is changed.", name=row.invitation.invitee.display_name), "success")
        return redirect(url_for(".show", invitation_id=invitation_id))
    return _page("quota", form, row)


@bp.route("/invitations/<int:invitation_id>/withdraw", methods=["GET", "POST"])
@coordinator_required
def withdraw(invitation_id: int) -> Any:
    """Show which mail goes out, then withdraw."""
    row = invitees.one(invitation_id)
    form = ButtonForm()
    if form.validate_on_submit():
        try:
            withdrawing.withdraw(invitation_id, by=current_user, now=clock.now())
        except Problem as problem:
            return _refused(form, problem, row, "withdraw")
        flash(_("The invitation of %(name)s is withdrawn.", name=row.invitation.invitee.display_name), "success")
        return _back(row, None)
    return _page("withdraw", form, row, **_consequences(row))


def _consequences(row: InviteeRow) -> dict[str, Any]:
    """Return the effects of withdrawing: the mails, and who gets a seat."""
    preview = withdrawing.preview(row.invitation.id, now=clock.now())
    unreached = any(one.without_address for one in preview.forecast.rows if one.kind is MailKind.WITHDRAWAL)
    return {"told": preview.told, "without_address": unreached, "preview": preview}


@bp.post("/invitations/<int:invitation_id>/link/renew")
@coordinator_required
def renew_link(invitation_id: int) -> Any:
    new_link.renew(invitees.one(invitation_id).invitation.invitee)
    return redirect(url_for(".show", invitation_id=invitation_id))


@bp.post("/invitations/<int:invitation_id>/link/revoke")
@coordinator_required
def revoke_link(invitation_id: int) -> Any:
    invitee = invitees.one(invitation_id).invitation.invitee
    links.revoke(invitee, by=current_user, now=clock.now())
    flash(_("The link no longer works. Make a new one when they need it."), "success")
    return redirect(url_for(".show", invitation_id=invitation_id))


def _mail() -> IncomingMail | None:
    """Return the received mail that contains the answer (?mail=…). Raise IncomingMissing."""
    mail_id = request.args.get("mail", type=int)
    return None if mail_id is None else inbox.show(mail_id).mail


def _in(mail: IncomingMail | None, use_case: Callable[..., Any]) -> Callable[..., Any]:
    """Return the use case that records what was said; from a mail, it also marks the mail as handled."""
    return partial(record_from_mail.record, mail.id, use_case) if mail else use_case


def _back(row: InviteeRow, mail: IncomingMail | None) -> Any:
    """Redirect to the page that the user came from."""
    if mail is not None:
        return redirect(url_for("incoming.index", marked=mail.id))
    return redirect(back_or(url_for(".index", activity_id=row.invitation.activity_id)))


def _decline(mail: IncomingMail | None) -> RecordAnswerForm:
    form = RecordAnswerForm(formdata=None, choices=[Choice.NOT_COMING])
    form.source.data = AnswerSource.MAIL.value if mail else None
    for field in form:
        field.id = f"nobody-{field.id}"  # the other form on the page has fields of the same names
    return form


def _page(name: str, form: Any, row: InviteeRow, **values: Any) -> Any:
    status = 422 if form.is_submitted() else 200
    if form.is_submitted() and "file" in form:
        ask_for_file_again(form)
    return render_template(f"invitations/{name}.html", form=form, row=row, **values), status


def _refused(form: Any, problem: Problem, row: InviteeRow, name: str, mail: IncomingMail | None = None) -> Any:
    """Show the form again as it was typed, with the problem beside its field or above the form."""
    show_problem(form, problem)
    if "file" in form:
        ask_for_file_again(form)
    values: dict[str, Any] = {"mail": mail}
    row = invitees.one(row.invitation.id)
    if name == "nominees":
        values["decline"] = _decline(mail)
    if name == "withdraw":
        values |= _consequences(row)
    return render_template(f"invitations/{name}.html", form=form, row=row, **values), 422


def _answered(row: InviteeRow, mail: IncomingMail | None) -> str | None:
    """Return the preselected answer: the one in the calendar reply, or the recorded one.

    None for a letter, which a person has to read.
    """
    if mail is not None:
        said = inbox.answer_in(mail)
        return said.value if said else None
    state = row.invitation.state
    return state.value if state in set(Choice) and state is not InvitationState.PREPARED else None

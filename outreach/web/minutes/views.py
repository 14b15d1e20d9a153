"""The minutes of an activity: write them, ask the chair, take them as a file, send them out."""

from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from werkzeug.utils import secure_filename

from outreach import clock
from outreach.delivery.documents.word.letters import MEDIA_TYPE
from outreach.delivery.mail.kinds.minutes import chair_url, link_ends_at
from outreach.domain.states import MinutesState
from outreach.queries.minutes import follow_ups as follow_up_lists
from outreach.queries.minutes import page as minutes_pages
from outreach.queries.minutes.page import MinutesPage
from outreach.services.locking import ActivityMissing
from outreach.services.minutes import approval, edit, follow_ups, send, word
from outreach.services.minutes.approval import NOTE_LENGTH
from outreach.services.minutes.versions import MinutesMissing, numbered
from outreach.web.documents.preview import pdf_response
from outreach.web.fields.base import ConfirmForm
from outreach.web.fields.fields import whole
from outreach.web.fields.problems import flashing_problems, missing_page, renew_version, showing_problems
from outreach.web.frame.access import coordinator_required, may_change, staff_required
from outreach.web.minutes.forms import FollowUpForm, MinutesForm

bp = Blueprint("minutes", __name__, url_prefix="/activities/<int:activity_id>/minutes")
missing_page(bp, ActivityMissing, MinutesMissing)
BUTTON = "add"  # it only adds a row


@bp.route("", methods=["GET", "POST"])
@staff_required
def show(activity_id: int) -> Any:
    """Show the minutes; POST saves their text as a new version."""
    page, form = _read(activity_id), MinutesForm()
    form.offer(page)
    if request.method == "GET":
        form.fill(page)
        return _drawn(page, form)
    if BUTTON in request.form:
        form.items.append_entry({})
        return _drawn(page, form)
    if form.validate():
        with showing_problems(form, but=ActivityMissing) as refusal:
            edit.save(activity_id, form.text, form.chair_id, form.version_number, by=current_user, now=clock.now())
            flash(_("The minutes are saved."), "success")
            return redirect(url_for(".show", activity_id=activity_id))
        page = _read(activity_id)
        form.offer(page)
        renew_version(form, refusal.problem, page.version)
    return _drawn(page, form), 422


@bp.get("/pdf")
@staff_required
def pdf(activity_id: int) -> Any:
    """Return the minutes as PDF, marked KONSEP until they are approved; of ?version= that version."""
    minutes = minutes_pages.written(activity_id)
    number = request.args.get("version", type=int)
    with flashing_problems(but=MinutesMissing):
        if number is not None:
            numbered(minutes, number)
        return pdf_response(send.pdf(minutes, number), send.filename(minutes).removesuffix(".pdf"))
    return _back(activity_id)


@bp.get("/word")
@staff_required
def to_word(activity_id: int) -> Any:
    """Return the minutes as .docx."""
    minutes = minutes_pages.written(activity_id)
    with flashing_problems(but=MinutesMissing):
        name = send.filename(minutes).removesuffix(".pdf")
        response = make_response(word.word(minutes))
        response.headers.set("Content-Disposition", "attachment", filename=secure_filename(f"{name}.docx"))
        response.content_type = MEDIA_TYPE
        response.headers["Cache-Control"] = "private, no-store"
        return response
    return _back(activity_id)


@bp.post("/ask")
@coordinator_required
def ask(activity_id: int) -> Any:
    """Ask the chair to agree."""
    with flashing_problems(but=(ActivityMissing, MinutesMissing)):
        mails = approval.ask(activity_id, whole(request.form.get("version")), by=current_user, now=clock.now())
        if mails:
            flash(_("The chair gets a mail with the link. You can hand it over, too."), "success")
        else:
            flash(_("No mail reaches the chair. Please hand the link over, by WhatsApp for example."), "warning")
    return _back(activity_id, "approval")


@bp.post("/ask-again")
@coordinator_required
def ask_again(activity_id: int) -> Any:
    """Give the chair a new link."""
    with flashing_problems(but=(ActivityMissing, MinutesMissing)):
        mails = approval.ask_again(activity_id, whole(request.form.get("version")), by=current_user, now=clock.now())
        if mails:
            flash(_("The chair gets a mail with a new link. The former link no longer opens."), "success")
        else:
            flash(_("There is a new link. No mail reaches the chair, so please hand it over."), "warning")
    return _back(activity_id, "approval")


@bp.post("/reply")
@coordinator_required
def reply(activity_id: int) -> Any:
    """Record what the chair said to staff, or signed on paper."""
    with flashing_problems(but=(ActivityMissing, MinutesMissing)):
        agrees, note = request.form.get("said") == "agrees", request.form.get("note", "")[:NOTE_LENGTH]
        version = whole(request.form.get("version"))
        approval.record(activity_id, agrees, note, version, by=current_user, now=clock.now())
        flash(_("It is recorded."), "success")
    return _back(activity_id, "approval")


@bp.post("/whatsapp")
@coordinator_required
def whatsapp(activity_id: int) -> Any:
    """Note that WhatsApp is opened with the chair's link, and lead there."""
    minutes = minutes_pages.written(activity_id)
    chair = minutes.chair
    is_over = link_ends_at(minutes) <= clock.now()
    if minutes.state is not MinutesState.ASKED or is_over or chair is None or not chair.phone:
        return _back(activity_id, "approval")
    title = minutes.activity.neutral_title
    text = _("The minutes of “%(title)s” are written. Please read them and agree here: %(link)s",
             title=title, link=chair_url(minutes))  # fmt: skip
    approval.handed_over(activity_id, by=current_user, now=clock.now())
    return whatsapp_page(chair.full_name, chair.phone, text, url_for(".show", activity_id=activity_id))


@bp.route("/send", methods=["GET", "POST"])
@coordinator_required
def send_out(activity_id: int) -> Any:
    """GET says who would get the minutes; POST sends them."""
    minutes = minutes_pages.written(activity_id)
    form = ConfirmForm()
    if not form.validate_on_submit():
        if minutes.state is not MinutesState.APPROVED:
            return _back(activity_id)
        return render_template(
            "minutes/send.html", minutes=minutes, activity=minutes.activity, readers=send.forecast(minutes), form=form
        )
    with flashing_problems(but=(ActivityMissing, MinutesMissing)):
        readers = send.send(activity_id, whole(request.form.get("version")), by=current_user, now=clock.now())
        count = sum(one.reached for one in readers)
        flash(ngettext("%(num)d mail with the minutes is written.", "%(num)d mails with the minutes are written.", count),
              "success")  # fmt: skip
    return _back(activity_id, "sent")


@bp.post("/follow-ups")
@coordinator_required
def add_follow_up(activity_id: int) -> Any:
    form = FollowUpForm()
    if form.validate():
        with showing_problems(form, but=(ActivityMissing, MinutesMissing)):
            follow_ups.add(activity_id, form.values, by=current_user, now=clock.now())
            flash(_("The task is noted."), "success")
            return _back(activity_id, "tasks")
    page, text = _read(activity_id), MinutesForm(formdata=None)
    text.offer(page)
    text.fill(page)
    return _drawn(page, text, form), 422


def whatsapp_page(name: str, phone: str, text: str, back: str) -> str:
    """Return the page that leads to WhatsApp with a text filled in."""
    href = f"https://wa.me/{phone.removeprefix('+')}?text={quote(text)}"
    return render_template("minutes/whatsapp.html", name=name, href=href, text=text, back=back)


def _read(activity_id: int) -> MinutesPage:
    return minutes_pages.page(activity_id, current_user, now=clock.now())


def _drawn(page: MinutesPage, form: MinutesForm, task_form: FollowUpForm | None = None) -> str:
    tasks = FollowUpForm(formdata=None) if task_form is None else task_form
    if page.minutes is not None:
        tasks.offer(*minutes_pages.owners(page.activity.id))
    ends_at = link_ends_at(page.minutes) if page.minutes is not None else None
    return render_template(
        "minutes/show.html",
        page=page,
        activity=page.activity,
        minutes=page.minutes,
        form=form,
        task_form=tasks,
        rows=follow_up_lists.of_activity(page.activity.id, now=clock.now()) if page.minutes else (),
        writes=page.may_write and may_change(),
        readers=send.forecast(page.minutes) if page.state is MinutesState.SENT and page.minutes else (),
        chair_url=chair_url(page.minutes) if page.state is MinutesState.ASKED and page.minutes else "",
        link_ends_at=ends_at,
        link_is_over=ends_at is not None and ends_at <= clock.now(),
    )


def _back(activity_id: int, anchor: str | None = None) -> Response:
    return redirect(url_for("minutes.show", activity_id=activity_id, _anchor=anchor))  # type: ignore[return-value]

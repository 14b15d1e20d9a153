"""A speaker's page behind their link, or that of whoever acts for them: topic, biography, photo, files. For attendees the
same address shows what was sent.

The rules of the answer pages apply. A file goes out as an attachment that no browser runs or shows as a page.
"""

from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Response, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, FileField, StringField, TextAreaField

from outreach import clock
from outreach.delivery.words import formats
from outreach.domain.materials import MOST_FILES
from outreach.domain.problems import Problem
from outreach.extensions import current_settings, limiter
from outreach.queries import materials as material_pages
from outreach.queries import representation
from outreach.queries.answers import page as answer_page
from outreach.queries.answers.page import AnswerPage
from outreach.queries.materials import LinkHolder
from outreach.queries.representation import ActingPage
from outreach.services.materials import send as sending
from outreach.services.materials.send import MOST_OF_A_BIOGRAPHY, MOST_OF_A_TOPIC, GivenFile
from outreach.web.answer_pages import acting
from outreach.web.answer_pages.blueprint import bp
from outreach.web.answer_pages.draw import draw, foreign_sentence, query, speak, speak_to, staff_here
from outreach.web.answer_pages.forms import LinkForm, form_token
from outreach.web.answer_pages.views import draw_for, this_link
from outreach.web.fields.fields import whole
from outreach.web.frame.bodies import MOST_OF_UPLOADS, takes
from outreach.web.frame.request import asked_language, is_foreign
from outreach.web.frame.say import say
from outreach.web.materials.file import as_attachment, file_mb, size_in_words

UPLOADS = "10/minute;60/hour"  # each may occupy a process for a second
AnyForm = TypeVar("AnyForm", bound=LinkForm)


class OwnFileForm(LinkForm):
    file = FileField(_l("A file"), description=_l("PDF, PowerPoint (.pptx), Word (.docx), .odp, or a picture."))


class IntroductionForm(LinkForm):
    biography = TextAreaField(_l("About you"))
    photo = FileField(_l("A photo of you"))
    without_photo = BooleanField(_l("Remove the present photo"))


class TopicForm(LinkForm):
    topic = StringField()


@bp.get("/<token>/materials/<int:activity_id>")
def materials_page(token: str, activity_id: int) -> Response:
    return _drawn(token, activity_id)


@bp.post("/<token>/materials/<int:activity_id>")
@limiter.limit(UPLOADS, key_func=this_link)
@takes(MOST_OF_UPLOADS)
def material_send(token: str, activity_id: int) -> Any:
    form, sentence = _form(token, OwnFileForm)
    if sentence:
        return _drawn(token, activity_id, 400, notice=sentence)
    upload = _upload(form.file)
    if upload is None:
        return _drawn(token, activity_id, 422, notice=_("Please choose a file first."), wrong="file")
    try:
        sending.send(
            token, activity_id, upload, most_mb=current_settings().materials_limit_mb, file_mb=file_mb(),
            now=clock.now(), staff=staff_here(),
        )  # fmt: skip
    except Problem as problem:
        return _drawn(token, activity_id, 422, notice=say(problem), wrong=problem.field or "")
    return _done(token, activity_id, "sent")


@bp.post("/<token>/materials/<int:activity_id>/about")
@limiter.limit(UPLOADS, key_func=this_link)
@takes(MOST_OF_UPLOADS)
def materials_introduce(token: str, activity_id: int) -> Any:
    form, sentence = _form(token, IntroductionForm)
    if sentence:
        return _drawn(token, activity_id, 400, notice=sentence)
    typed = form.biography.data or ""
    try:
        sending.introduce(
            token, activity_id, typed, _upload(form.photo), without_photo=form.without_photo.data, now=clock.now(),
            staff=staff_here(),
        )  # fmt: skip
    except Problem as problem:
        return _drawn(token, activity_id, 422, notice=say(problem), wrong=problem.field or "", biography=typed)
    return _done(token, activity_id, "noted")


@bp.post("/<token>/materials/<int:activity_id>/topic")
def materials_propose(token: str, activity_id: int) -> Any:
    form, sentence = _form(token, TopicForm)
    if sentence:
        return _drawn(token, activity_id, 400, notice=sentence)
    typed = form.topic.data or ""
    try:
        sending.propose(token, activity_id, typed, now=clock.now(), staff=staff_here())
    except Problem as problem:
        return _drawn(token, activity_id, 422, notice=say(problem), wrong=problem.field or "", topic=typed)
    return _done(token, activity_id, "proposed" if typed.strip() else "noted")


@bp.post("/<token>/materials/<int:activity_id>/remove")
def material_remove(token: str, activity_id: int) -> Any:
    _sent, sentence = _form(token, LinkForm)
    if sentence:
        return _drawn(token, activity_id, 400, notice=sentence)
    try:
        id_ = whole(request.form.get("what"))
        sending.remove(token, activity_id, id_, now=clock.now(), staff=staff_here())
    except Problem as problem:
        return _drawn(token, activity_id, 422, notice=say(problem))
    return _done(token, activity_id, "removed")


@bp.get("/<token>/materials/<int:activity_id>/<int:material_id>")
def material_file(token: str, activity_id: int, material_id: int) -> Response:
    return as_attachment(material_pages.file_by_link(_opened(token).holder, activity_id, material_id))


@bp.get("/<token>/materials/<int:activity_id>/photo/<int:person_id>")
def material_photo(token: str, activity_id: int, person_id: int) -> Response:
    return as_attachment(material_pages.photo_by_link(_opened(token).holder, activity_id, person_id))


@bp.get("/<token>/materials/<int:activity_id>/photo/acting/<int:acting_id>")
def material_acting_photo(token: str, activity_id: int, acting_id: int) -> Response:
    return as_attachment(material_pages.acting_photo_by_link(_opened(token).holder, activity_id, acting_id))


def _to_materials(token: str, activity_id: int) -> Any:
    """Answer somebody who opens an address that only accepts posts."""
    return redirect(_page_of(token, activity_id))


for _path in ("about", "topic", "remove"):
    bp.add_url_rule(f"/<token>/materials/<int:activity_id>/{_path}", f"back_materials_{_path}", _to_materials)


@dataclass(frozen=True)
class _OwnPage:
    """The page that a link opens: an invitee's, or that of somebody who acts for one."""

    page: AnswerPage | ActingPage
    holder: LinkHolder

    def draw(self, token: str, status: int, **values: Any) -> Response:
        if isinstance(self.page, AnswerPage):
            return draw_for(token, self.page, "materials.html", status, **values)
        return draw(
            "materials.html", status, dear=self.page.me.name, speaks_for=self.page.invitee, contact=self.page.contact,
            here=f"/j/{token}", query=query(), form_token=form_token(token), **values,
        )  # fmt: skip


def _opened(token: str) -> _OwnPage:
    if acting.opens(token):
        as_acting = representation.read(token, now=clock.now())
        speak(as_acting.locale)
        return _OwnPage(as_acting, LinkHolder.of_acting(as_acting))
    found = answer_page.read(token, now=clock.now())
    speak_to(found.invitee)
    return _OwnPage(found, LinkHolder.of_invitee(found))


def _form(token: str, kind: type[AnyForm]) -> tuple[AnyForm, str]:
    """Return the form that was sent, and why it is refused, or ""."""
    _opened(token)  # sets the page's language; and a form's files are scanned as soon as it is made
    form = kind(meta={"csrf_context": token})
    if is_foreign():
        return form, foreign_sentence()
    return form, "" if form.validate() else form.first_error


def _upload(field: FileField) -> GivenFile | None:
    chosen = field.data
    if not chosen or not getattr(chosen, "filename", ""):
        return None
    return GivenFile(chosen.stream.read(), chosen.filename)


def _page_of(token: str, activity_id: int, done: str | None = None) -> str:
    return url_for("answers.materials_page", token=token, activity_id=activity_id, lang=asked_language(), done=done)


def _done(token: str, activity_id: int, done: str) -> Any:
    return redirect(_page_of(token, activity_id, done=done), 303)


def _drawn(
    token: str,
    activity_id: int,
    status: int = 200,
    *,
    notice: str = "",
    wrong: str = "",
    biography: str | None = None,
    topic: str | None = None,
) -> Response:
    opened = _opened(token)
    shown = material_pages.by_link(opened.holder, activity_id, now=clock.now())
    own, sentences = (
        shown.own,
        {
            "sent": _("Thank you, your file has arrived."),
            "removed": _("Thank you, it is removed."),
            "noted": _("Thank you, it is noted."),
            "proposed": _("Thank you. We write to the agenda what we take over from it."),
        },
    )
    return opened.draw(
        token,
        status,
        shown=shown,
        a=shown.shown.activity,
        own=own,
        others=shown.others,
        may_send=shown.may_send,
        wanted_by=formats.moment(shown.wanted_by, shown.activity.zone),
        is_shown=shown.activity.materials_published_at is not None,
        title=_("Materials"),
        size=size_in_words,
        turn=lambda item: formats.span(item.starts_at, item.ends_at, shown.activity.zone),
        full=own is not None and len(own.files) >= MOST_FILES,
        most_mb=file_mb(),
        biography=biography if biography is not None else shown.about.biography,
        topic=topic if topic is not None else own.proposal.topic if own and own.proposal else "",
        most_biography=MOST_OF_A_BIOGRAPHY,
        most_topic=MOST_OF_A_TOPIC,
        forms={"file": OwnFileForm, "about": IntroductionForm},
        notice=notice,
        wrong={wrong: notice} if wrong else {},
        faults=[(wrong, notice)] if wrong else [],
        thanks="" if notice else sentences.get(request.args.get("done", ""), ""),
    )

"""The texts of mails: the list, editing one with its placeholders, and a preview with a real invitee's values."""

from typing import Any

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from wtforms import SelectField, StringField, TextAreaField

from outreach import clock
from outreach.delivery.mail.placeholders import CALL_PLACEHOLDERS, PLACEHOLDERS
from outreach.delivery.mail.texts import CALL_KEYS, Text
from outreach.domain.kinds import LOCALES, ListName
from outreach.domain.problems import Problem
from outreach.extensions import limiter
from outreach.models import Invitation
from outreach.queries.reminders import texts as text_pages
from outreach.queries.reminders.texts import Editor, Origin
from outreach.services.reminders import texts
from outreach.services.reminders.scopes import ScopeMissing
from outreach.services.reminders.texts import TextMissing
from outreach.web.exports import columns, file
from outreach.web.fields.base import TidyForm
from outreach.web.fields.fields import optional_int
from outreach.web.fields.problems import missing_page, showing_problems
from outreach.web.frame.access import coordinator_required, staff_required
from outreach.web.frame.say import say
from outreach.web.frame.sender import sender
from outreach.web.reminders.scope import crumbs, scope_ids, scope_query, scope_words
from outreach.web.reminders.words import text_title


class TextForm(TidyForm):
    subject = StringField(
        _l("Subject"), description=_l("Strangers can read it on a phone's screen, so it says only the neutral title.")
    )
    greeting = StringField(_l("Greeting"))
    body = TextAreaField(
        _l("Text"),
        description=_l("An empty line begins a new paragraph. Each line such as “Place: {venue}” is a row of a table."),
    )
    invitation = SelectField(_l("Preview with"), coerce=optional_int, choices=[], validate_choice=False)

    def fill(self, text: Text) -> None:
        self.subject.data, self.greeting.data, self.body.data = text.subject, text.greeting, text.body

    def offer(self, candidates: list[Invitation]) -> None:
        self.invitation.choices = [
            (invitation.id, f"{invitation.invitee.display_name} · {invitation.activity.title}")
            for invitation in candidates
        ]

    def value(self) -> Text:
        return Text(self.subject.data or "", self.greeting.data or "", self.body.data or "")


bp = Blueprint("texts", __name__, url_prefix="/texts")
missing_page(bp, ScopeMissing, TextMissing)

# A mail has inline styles. Nothing else may run or load, and only our own pages may frame it.
PREVIEW_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; form-action 'none'; sandbox"


@bp.context_processor
def _words() -> dict[str, Any]:
    return {"crumbs": crumbs, "scope_words": scope_words, "text_title": text_title, "origin_words": _origin}


@bp.get("")
@staff_required
def index() -> Any:
    page = text_pages.texts_page(**scope_ids())
    if file.asked():
        rows = ((text_title(key, page.rules.get(key)), text) for key, shown in page.rows for text in shown)
        return file.send(ListName.TEXTS, columns.texts(_origin, LOCALES), rows)
    return render_template("reminders/texts.html", page=page)


@bp.route("/<key>/<locale>", methods=["GET", "POST"])
@coordinator_required
def edit(key: str, locale: str) -> Any:
    found = text_pages.editor(key, locale, **scope_ids())
    form = TextForm()
    form.offer(list(found.candidates))
    if request.method == "GET":
        form.fill(found.shown.text)
        return _page(form, found)
    if form.validate():
        with showing_problems(form, but=(ScopeMissing, TextMissing)):
            texts.save(key, locale, form.value(), **scope_ids(), by=current_user, now=clock.now())
            flash(_("The text is saved. It is used from now on."), "success")
            return redirect(url_for(".edit", key=key, locale=locale, **scope_query()))
    return _page(form, found), 422


@bp.route("/<key>/<locale>/preview", methods=["GET", "POST"])
@staff_required
def preview(key: str, locale: str) -> Response:
    """Return the mail as an invitee would get it, for a frame. GET uses the stored text, POST the one being written."""
    form = TextForm()
    draft = form.value() if request.method == "POST" else None
    with_whom = request.values.get("invitation", type=int)
    ready, written = "", None
    try:
        if key in CALL_KEYS:
            ready = text_pages.preview_of_call(
                key, locale, draft, with_whom, **scope_ids(), sender=sender(), now=clock.now()
            )
        else:
            written = text_pages.preview(key, locale, draft, with_whom, **scope_ids(), now=clock.now())
    except (ScopeMissing, TextMissing):
        raise
    except Problem as problem:
        page, status = render_template("reminders/text_preview.html", problem=say(problem)), 422
    else:
        page, status = (
            render_template(
                "reminders/text_preview.html", letter=written, ready=ready, as_text=request.values.get("as") == "text"
            ),
            200,
        )
    response = make_response(page, status)
    response.headers["Content-Security-Policy"] = PREVIEW_POLICY
    return response


@bp.post("/<key>/<locale>/trial")
@coordinator_required
@limiter.limit("20/hour")
def trial(key: str, locale: str) -> Any:
    """Send the text as it is being written to oneself. Nothing is saved."""
    if key in CALL_KEYS:
        raise TextMissing
    found = text_pages.editor(key, locale, **scope_ids())
    form = TextForm()
    form.offer(list(found.candidates))
    if not form.validate():
        return _page(form, found), 422
    sent = False
    with showing_problems(form, but=(ScopeMissing, TextMissing)):
        written = text_pages.preview(key, locale, form.value(), form.invitation.data, **scope_ids(), now=clock.now())
        texts.send_trial(written, locale, to=current_user, now=clock.now)
        sent = True
    said = _("It was sent to %(address)s. A trial saves nothing.", address=current_user.email) if sent else ""
    return _page(form, found, said), 200 if sent else 422


@bp.post("/<key>/<locale>/reset")
@coordinator_required
def reset(key: str, locale: str) -> Any:
    texts.reset(key, locale, **scope_ids(), by=current_user, now=clock.now())
    flash(_("The text is back to what it was before."), "success")
    return redirect(url_for(".edit", key=key, locale=locale, **scope_query()))


def _page(form: TextForm, found: Editor, said: str = "") -> str:
    for_calls = found.shown.key in CALL_KEYS
    known = CALL_PLACEHOLDERS if for_calls else PLACEHOLDERS
    return render_template(
        "reminders/text.html", form=form, found=found, placeholders=known, for_calls=for_calls, said=said
    )


def _origin(origin: Origin) -> str:
    return {
        Origin.SHIPPED: _("as shipped"),
        Origin.OFFICE: _("the office's"),
        Origin.PROGRAMME: _("the programme's"),
        Origin.ACTIVITY: _("this activity's"),
    }[origin]

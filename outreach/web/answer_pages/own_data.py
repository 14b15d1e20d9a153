"""“Your data” on one's own link: see what is held, ask for a copy, a correction or erasing, and stop. Only buttons change it.

Two more pages open by links that we mail: the copy, for 24 hours, and the one that confirms a new address.
"""

from typing import Any

from flask import Response, redirect, request, url_for
from flask import json as flask_json
from flask_babel import gettext as _
from wtforms import StringField, TextAreaField
from wtforms.validators import Length

from outreach import clock
from outreach.delivery.documents import data_copy
from outreach.delivery.words import formats
from outreach.delivery.words.labels import label
from outreach.domain.kinds import LinkPurpose
from outreach.domain.privacy.requests import MOST_WORDS, Corrections, RequestKind, due_at
from outreach.domain.problems import Problem
from outreach.queries.answers import own_data
from outreach.queries.answers import page as answer_page
from outreach.services.invitations import links
from outreach.services.invitations.links import LinkUnknown
from outreach.services.privacy import person as privacy
from outreach.services.privacy import requests
from outreach.web.answer_pages.blueprint import bp
from outreach.web.answer_pages.draw import draw, foreign_sentence, query, speak_to, staff_here
from outreach.web.answer_pages.forms import LinkForm, form_token
from outreach.web.answer_pages.masks import masked_email, masked_phone
from outreach.web.answer_pages.views import draw_for
from outreach.web.frame.looks import office_zone
from outreach.web.frame.request import asked_language, is_foreign
from outreach.web.frame.say import say
from outreach.web.office.audit_words import verb


class DataForm(LinkForm):
    wish = StringField()
    name = StringField(validators=[Length(max=160)])
    post = StringField(validators=[Length(max=160)])
    phone = StringField(validators=[Length(max=40)])
    email = StringField(validators=[Length(max=254)])
    words = TextAreaField(validators=[Length(max=MOST_WORDS)])


@bp.get("/<token>/data")
def data(token: str) -> Response:
    return _data(token)


@bp.post("/<token>/data")
def ask_about_data(token: str) -> Any:
    """Take what the person asks."""
    form = DataForm(meta={"csrf_context": token})
    if is_foreign() or not form.validate():
        return _data(token, 400, notice=foreign_sentence() if is_foreign() else form.first_error, form=form)
    now, said = clock.now(), form.wish.data
    try:
        match said:
            case "copy":
                said = "mailed" if requests.ask_for_copy(token, now=now) else "waits"
            case "correct":
                typed = {name: form[name].data or "" for name in ("name", "post", "phone", "email")}
                requests.ask_to_correct(token, Corrections(**typed), now=now)
            case "stop":
                requests.stop(token, now=now, staff=staff_here())
            case "erase":
                requests.ask_to_erase(token, now=now)
            case "other" if (form.words.data or "").strip():
                requests.ask_other(token, form.words.data or "", now=now)
            case _:
                return _data(token, 422, notice=_("Please write what you would like."), form=form)
    except LinkUnknown:
        raise
    except Problem as problem:
        return _data(token, 422, notice=say(problem), form=form)
    return redirect(url_for("answers.data", token=token, done=said, lang=asked_language()), 303)


@bp.get("/<token>/copy")
def copy_page(token: str) -> Response:
    found = requests.opened(token, LinkPurpose.COPY, now=clock.now())
    speak_to(found.person)
    until = formats.moment(found.received_at + requests.COPY_FOR, office_zone())
    return _mailed("copy.html", token, until=until)


@bp.post("/<token>/copy")
def copy(token: str) -> Any:
    """Return the copy as a file. It is a POST, because it is recorded in the audit log."""
    now = clock.now()
    found = requests.opened(token, LinkPurpose.COPY, now=now)
    assert found.person is not None
    speak_to(found.person)
    form = LinkForm(meta={"csrf_context": token})
    if is_foreign() or not form.validate():
        return _mailed(
            "copy.html", token, 400, notice=foreign_sentence() if is_foreign() else form.first_error, until=""
        )
    held = privacy.export(found.person.id, by=None, now=now)
    if request.form.get("type") == "pdf":
        contact = answer_page.office_contact()
        pdf = data_copy.pdf(held, contact.office, str(contact), zone=office_zone(), verb=verb, now=now)
        return _file(pdf, "application/pdf", "pdf")
    text = flask_json.dumps(held, ensure_ascii=False, indent=2)
    return _file(text.encode(), "application/json", "json")


@bp.get("/<token>/confirm-address")
def address_page(token: str) -> Response:
    found = requests.opened(token, LinkPurpose.ADDRESS, now=clock.now())
    speak_to(found.person)
    return _mailed("address.html", token, confirmed=found.confirmed_at is not None)


@bp.post("/<token>/confirm-address")
def confirm_address(token: str) -> Any:
    form = LinkForm(meta={"csrf_context": token})
    if is_foreign() or not form.validate():
        return _mailed("address.html", token, 400, confirmed=False, notice=form.first_error or foreign_sentence())
    requests.confirm_address(token, now=clock.now())
    return redirect(url_for("answers.address_page", token=token, lang=asked_language()), 303)


def _data(token: str, status: int = 200, *, notice: str = "", form: DataForm | None = None) -> Response:
    found = answer_page.read_invitee(token, now=clock.now())
    speak_to(found.invitee)
    if found.invitee.organisation or found.invitee.assistant or links.assistant_of(token) is not None:
        raise LinkUnknown
    held = own_data.read(found.invitee.id)
    thanks = {
        "mailed": _("The link to your copy is on its way to the address that we know. It is valid for 24 hours."),
        "waits": _("We know no e-mail address that is yours alone, so the office answers you within 3 × 24 hours."),
        "correct": _(
            "Thank you. The office checks it within 3 × 24 hours. Please confirm a new address by our mail to it."
        ),
        "stop": _("You will get no more reminders. Should something you accepted change, we still tell you."),
        "erase": _("Thank you. The office answers within 3 × 24 hours, and asks you first whether it is really you."),
        "other": _("Thank you. The office answers within 3 × 24 hours."),
    }.get(request.args.get("done", "") if not notice else "", "")
    zone = office_zone()
    return draw_for(
        token,
        found,
        "privacy/own.html",
        status,
        held=held,
        kinds=", ".join(label(kind) for kind in held.kinds),
        email=masked_email(held.email),
        phone_shown=masked_phone(held.phone),
        shown=[(one.title, formats.short_day(one.starts_at, one.zone), label(one.state)) for one in held.invitations],
        asked=[
            (label(one.kind), formats.short_day(one.received_at, zone), label(one.outcome) if one.outcome else "",
             formats.moment(due_at(one.received_at), zone))
            for one in held.requests if one.kind is not RequestKind.STOP
        ],
        typed=form,
        thanks=thanks,
        notice=notice,
        most=MOST_WORDS,
    )  # fmt: skip


def _mailed(template: str, token: str, status: int = 200, *, notice: str = "", **values: Any) -> Response:
    return draw(
        f"privacy/{template}", status, contact=answer_page.office_contact(), here=f"/j/{token}", query=query(),
        form_token=form_token(token), notice=notice, **values,
    )  # fmt: skip


def _file(content: bytes, media_type: str, ending: str) -> Response:
    """Return a file whose name names nobody."""
    response = Response(content, mimetype=media_type)
    response.headers.set("Content-Disposition", "attachment", filename=f"data.{ending}")
    return response

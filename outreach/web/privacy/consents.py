"""A parent's consent on a person's page: record it, or note that it was withdrawn."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_login import current_user
from wtforms import StringField
from wtforms.validators import Length

from outreach import clock
from outreach.delivery.words import formats
from outreach.delivery.words.labels import label
from outreach.domain.privacy.requests import ConsentWay, TextKind
from outreach.queries import privacy as lists
from outreach.queries.answers.page import office_contact
from outreach.services.directory import people
from outreach.services.directory.people import PersonErased, PersonMissing
from outreach.services.privacy import consents, texts
from outreach.services.privacy.consents import ConsentValues
from outreach.web.fields.base import TidyForm
from outreach.web.fields.fields import ChoiceField, DayField, Sentence
from outreach.web.fields.problems import flashing_problems, missing_page, showing_problems
from outreach.web.frame.access import coordinator_required
from outreach.web.frame.looks import office_zone

bp = Blueprint("consents", __name__, url_prefix="/people/<int:person_id>/consent")
missing_page(bp, PersonMissing, PersonErased)


class ConsentForm(TidyForm):
    given_by = StringField(_l("Who consented"), [Sentence(_l("Please write who consented.")), Length(max=160)])
    given_on = DayField(_l("Day"), [Sentence(_l("Please choose the day."))])
    way = ChoiceField(_l("How"), choices=lambda: [(one.value, label(one)) for one in ConsentWay])


@bp.route("", methods=["GET", "POST"])
@coordinator_required
def edit(person_id: int) -> Any:
    now = clock.now()
    person, form = people.get(person_id), ConsentForm()
    status = 200
    if request.method == "GET":
        form.given_on.data = now.astimezone(office_zone()).date()
    else:
        status = 422
        if form.validate() and form.given_on.data:
            with showing_problems(form):
                values = ConsentValues(form.given_by.data or "", form.given_on.data, ConsentWay(form.way.data))
                sent = consents.record(person_id, values, by=current_user, now=now)
                flash(
                    ngettext(
                        "The consent is recorded. %(num)d mail that waited for it goes out.",
                        "The consent is recorded. %(num)d mails that waited for it go out.",
                        sent,
                    ) if sent else _("The consent is recorded."),
                    "success",
                )  # fmt: skip
                return redirect(url_for("people.show", person_id=person_id))
    text = texts.current(TextKind.CONSENT)
    page = render_template(
        "privacy/consent.html", person=person, form=form, consents=lists.consents(person_id),
        needed=lists.needs_consent(person_id), number=text.number + 1,
        text=text.texts[formats.language()].replace("{office}", office_contact().office),
    )  # fmt: skip
    return page, status


@bp.post("/withdraw")
@coordinator_required
def withdraw(person_id: int) -> Any:
    with flashing_problems():
        consents.withdraw(person_id, by=current_user, now=clock.now())
        flash(_("It is noted that the consent was withdrawn. Nothing more is sent to this person."), "success")
    return redirect(url_for(".edit", person_id=person_id))

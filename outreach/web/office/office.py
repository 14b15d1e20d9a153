"""The office's page: set-up at the first start, changes later. For administrators."""

from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from werkzeug.wrappers import Response
from wtforms import BooleanField, RadioField, StringField, TelField
from wtforms.validators import Length

from outreach import clock
from outreach.delivery.words import formats
from outreach.domain import zones
from outreach.domain.kinds import LOCALES
from outreach.domain.mail.hours import CLOSES, OPENS
from outreach.domain.materials import DAYS, MOST_DAYS
from outreach.domain.problems import Problem
from outreach.domain.zones import CHOICES
from outreach.extensions import current_settings, limiter
from outreach.models import Office
from outreach.queries.office import pages as office_pages
from outreach.services.directory import regions
from outreach.services.office import office as offices
from outreach.services.office import trial_mail
from outreach.services.office.office import DEADLINE_DAYS_MAX, OfficeValues
from outreach.web.fields.base import TidyForm
from outreach.web.fields.fields import AddressField, Between, ChoiceField, Clock, Number, Sentence, strip
from outreach.web.fields.problems import showing_problems
from outreach.web.frame.access import administrator_required
from outreach.web.frame.say import say


class OfficeForm(TidyForm):
    name = StringField(
        _l("Full name"),
        [Sentence(_l("Please write the office's full name, as it stands on its letters.")), Length(max=200)],
        description=_l(
            "As it stands on letters: Dinas Pemberdayaan Perempuan, Perlindungan Anak, "
            "Pengendalian Penduduk dan Keluarga Berencana Kota Metro."
        ),
    )
    short_name = StringField(
        _l("Short name"),
        [Sentence(_l("Please write a short name, such as DP3AP2KB Kota Metro.")), Length(max=60)],
        description=_l("Stands in mails and at the top of each page: DP3AP2KB Kota Metro."),
    )
    region_code = RadioField(_l("Kabupaten or kota"), choices=[], validate_choice=False)
    address = StringField(
        _l("Address"), [Length(max=300)], description=_l("Such as Jl. Jenderal Sudirman 22, Kota Metro.")
    )
    email = AddressField(_l("E-mail"))
    phone = TelField(_l("Phone"), [Length(max=40)], description=_l("Such as 0725-41234."))
    contact_name = StringField(
        _l("Who answers questions"), [Length(max=120)], description=_l("Stands in each mail: Bidang PPA, or a name.")
    )
    contact_phone = TelField(_l("Their phone or WhatsApp"), [Length(max=40)], description=_l("Such as 0812-1234-5678."))
    zone = ChoiceField(_l("Time zone"), choices=CHOICES)
    locale = ChoiceField(_l("Language of mails, where a person has none"), choices=list(LOCALES.items()), default="id")
    deadline_days = Number(
        _l("Answers are wanted this many days before"),
        [Between(0, DEADLINE_DAYS_MAX)],
        default=2,
        description=_l("At 16:00 on that day. Each activity can have its own."),
    )

    materials_days = Number(
        _l("Speakers' materials are wanted this many days before"),
        [Between(0, MOST_DAYS)],
        default=DAYS,
        description=_l("At 16:00 on that day. Each activity can have its own."),
    )
    follow_up_days = StringField(
        _l("Owners of tasks from meetings are reminded this many days before"),
        [Length(max=20)],
        default="7, 1",
        description=_l("Such as 7, 1. A task that is overdue is reminded of once more. Empty: only then."),
    )
    mails_from = Clock(_l("Mails go out from"), default=OPENS)
    mails_until = Clock(
        _l("Mails go out until"),
        default=CLOSES,
        description=_l(
            "What is due at another hour waits until the next morning. News of an activity within a day and confirmations "
            "never wait. The same time twice: at any hour."
        ),
    )
    confirms_answers = BooleanField(
        _l("Confirm each answer given by link with a mail"),
        description=_l("It says what was answered, when the activity is, and how to change the answer."),
    )

    phones_on_lists = BooleanField(
        _l("Show phone numbers on lists for signing"),
        description=_l("Everybody who signs reads them. Without this, the list has no column for them."),
    )

    @property
    def values(self) -> OfficeValues:
        return OfficeValues(
            name=strip(self.name.data),
            short_name=strip(self.short_name.data),
            region_code=strip(self.region_code.data) if self.region_code.data != "None" else "",
            zone=ZoneInfo(self.zone.data),
            address=strip(self.address.data),
            email=strip(self.email.data),
            phone=strip(self.phone.data),
            contact_name=strip(self.contact_name.data),
            contact_phone=strip(self.contact_phone.data),
            locale=self.locale.data,
            follow_up_days=strip(self.follow_up_days.data),
            mails_from=self.mails_from.data or OPENS,
            mails_until=self.mails_until.data or CLOSES,
            confirms_answers=self.confirms_answers.data,
            phones_on_lists=self.phones_on_lists.data,
            deadline_days=2 if self.deadline_days.data is None else self.deadline_days.data,
            materials_days=DAYS if self.materials_days.data is None else self.materials_days.data,
        )


bp = Blueprint("office", __name__)

LOOK_UP = "look_up"  # the button that searches a city without saving


@bp.route("/office", methods=["GET", "POST"])
@administrator_required
def edit() -> str | Response | tuple[str, int]:
    office = office_pages.office()
    form = OfficeForm() if request.method == "POST" else _filled(office)
    q = request.values.get("city", "").strip()
    form.region_code.choices = _cities(q, form, office)
    if form.is_submitted() and LOOK_UP not in request.form and form.validate():
        with showing_problems(form):
            offices.save(form.values, by=current_user, now=clock.now())
            if office is None:
                flash(_("Your office is set up. Next: plan your first programme."), "success")
                return redirect(url_for("overview.index"))
            flash(_("The office was changed."), "success")
            return redirect(url_for(".edit"))
    is_read = bool(current_settings().imap_server)
    refused = form.is_submitted() and LOOK_UP not in request.form
    return render_template("office/form.html", form=form, office=office, q=q, is_read=is_read), 422 if refused else 200


@bp.post("/office/test-mail")
@administrator_required
@limiter.limit("20/hour")
def test_mail() -> Response:
    """Send a test mail to oneself, and show what the mail server answered."""
    address = current_user.email
    try:
        answer = trial_mail.send(to=current_user, now=clock.now)
    except Problem as problem:
        flash(say(problem), "warning")
    else:
        flash(
            _("The mail server took the test mail to %(address)s and said: %(answer)s", address=address, answer=answer),
            "success",
        )
    return redirect(url_for(".edit"))


@bp.get("/office/cities")
@administrator_required
def cities() -> str:
    """Return the cities that match the typed text, for the page to insert (htmx)."""
    form = OfficeForm(formdata=None)
    q = request.args.get("city", "").strip()
    form.region_code.choices = _cities(q, form, office_pages.office())
    return render_template("office/_cities.html", form=form, q=q)


def _filled(office: Office | None) -> OfficeForm:
    if office is None:
        return OfficeForm(zone=zones.DEFAULT.key)
    form = OfficeForm(obj=office)
    form.zone.data = office.zone.key
    form.phone.data, form.contact_phone.data = formats.phone(office.phone), formats.phone(office.contact_phone)
    return form


def _cities(q: str, form: OfficeForm, office: Office | None) -> list[tuple[str, str]]:
    """Return the cities to choose from: the current one first, then those found."""
    found = dict(regions.search_cities(q, limit=8)) if q else {}
    chosen = form.region_code.data if form.region_code.data not in (None, "None", "") else ""
    present = {}
    if office is not None:
        present[office.region_code] = office.region.name
    elif chosen and chosen not in found:
        present = {code: name for code, name in regions.search_cities("", limit=1000) if code == chosen}
    return list({**present, **found}.items())

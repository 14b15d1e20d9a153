"""The office's page: set-up at the first start, changes later. For administrators."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from outreach import clock
from outreach.delivery.words import formats
from outreach.domain import zones
from outreach.extensions import current_settings
from outreach.models import Office
from outreach.services.directory import regions
from outreach.services.office import office as offices
from outreach.web.fields.problems import showing_problems
from outreach.web.frame.accounts import administrator_required
from outreach.web.office.office_forms import OfficeForm

bp = Blueprint("office", __name__)

LOOK_UP = "look_up"  # the button that searches a city without saving


@bp.route("/office", methods=["GET", "POST"])
@administrator_required
def edit() -> str | Response | tuple[str, int]:
    office = offices.get()
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


@bp.get("/office/cities")
@administrator_required
def cities() -> str:
    """Return the cities that match the typed text, for the page to insert (htmx)."""
    form = OfficeForm(formdata=None)
    q = request.args.get("city", "").strip()
    form.region_code.choices = _cities(q, form, offices.get())
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

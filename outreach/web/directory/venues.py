"""Venues: list, new one, and correction."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from outreach import clock
from outreach.queries import directory
from outreach.services import venues
from outreach.services.venues import VenueMissing
from outreach.web.directory.venue_forms import VenueForm
from outreach.web.fields.problems import showing_problems
from outreach.web.frame.accounts import coordinator_required, missing_page, staff_required
from outreach.web.frame.say import page_number

bp = Blueprint("venues", __name__, url_prefix="/venues")
missing_page(bp, VenueMissing)


@bp.get("")
@staff_required
def index() -> Any:
    q = request.args.get("q", "").strip()[:100]
    return render_template("directory/venues/index.html", page=directory.venues(q, page_number()))


@bp.route("/new", methods=["GET", "POST"])
@coordinator_required
def new() -> Any:
    form = VenueForm()
    if request.method == "GET":
        return render_template("directory/venues/form.html", form=form, venue=None)
    if form.validate():
        with showing_problems(form):
            venue = venues.add(form.values, by=current_user, now=clock.now())
            flash(_("%(name)s is in the list now.", name=venue.name), "success")
            return redirect(url_for(".index"))
    return render_template("directory/venues/form.html", form=form, venue=None), 422


@bp.route("/<int:venue_id>/edit", methods=["GET", "POST"])
@coordinator_required
def edit(venue_id: int) -> Any:
    venue = venues.get(venue_id)
    if request.method == "GET":
        return render_template("directory/venues/form.html", form=VenueForm.of(venues.values_of(venue)), venue=venue)
    form = VenueForm()
    if form.validate():
        with showing_problems(form, but=VenueMissing):
            venues.edit(venue_id, form.values, by=current_user, now=clock.now())
            flash(_("Saved."), "success")
            return redirect(url_for(".index"))
    return render_template("directory/venues/form.html", form=form, venue=venues.get(venue_id)), 422

"""Venues: list, new one, and correction."""

import re
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from wtforms import Field, ValidationError

from outreach import clock
from outreach.delivery.words.labels import label
from outreach.domain.kinds import ListName, VenueKind
from outreach.queries import exports
from outreach.queries.directory import lists as directory
from outreach.services import venues
from outreach.services.venues import MOST_SEATS, PositionOdd, VenueMissing, VenueValues
from outreach.web.directory.people.forms import kelurahan_options
from outreach.web.exports import columns, file
from outreach.web.fields.base import TidyForm
from outreach.web.fields.fields import Between, ChoiceField, Number, optional_text
from outreach.web.fields.problems import missing_page, showing_problems
from outreach.web.frame.access import coordinator_required, staff_required
from outreach.web.frame.say import page_number, say, search_words
from outreach.web.invitations.forms import text

# Two decimal numbers with points, separated by a comma, semicolon or blank.
POSITION = re.compile(r"\s*([+-]?\d{1,3}(?:\.\d{1,15})?)\s*[,;\s]\s*([+-]?\d{1,3}(?:\.\d{1,15})?)\s*")


def kinds() -> list[tuple[str, str]]:
    return [(kind.value, label(kind)) for kind in VenueKind]


class VenueForm(TidyForm):
    name = text(_l("Name"), 160, description=_l("Such as Aula Bappeda, or Balai Kelurahan Yosodadi."))
    kind = ChoiceField(_l("Kind of venue"), choices=kinds, default=VenueKind.OTHER.value)
    capacity = Number(
        _l("How many people fit"),
        [Between(1, MOST_SEATS)],
        description=_l("Nobody gets a seat beyond this. Empty if nothing limits it."),
    )
    address = text(_l("Address"), 300, description=_l("As invitees find it, such as Jl. Jenderal Sudirman 12, Metro."))
    region_code = ChoiceField(_l("Kelurahan"), coerce=optional_text, choices=kelurahan_options)
    position = text(
        _l("Position on the map"),
        60,
        description=_l("As a map shows it: -5.1130, 105.3070. The travel time between venues is computed from it."),
    )
    note = text(_l("Note"), 300, description=_l("For colleagues, such as “key at the security post”."))

    def validate_position(self, field: Field) -> None:
        if field.data and self.coordinates is None:
            raise ValidationError(say(PositionOdd()))

    @property
    def coordinates(self) -> tuple[float, float] | None:
        """Return latitude and longitude, or None if there are none or they are unreadable."""
        found = POSITION.fullmatch(self.position.data or "")
        return (float(found[1]), float(found[2])) if found else None

    @property
    def values(self) -> VenueValues:
        return VenueValues(
            name=self.name.data or "",
            address=self.address.data or "",
            capacity=self.capacity.data,
            region_code=self.region_code.data,
            note=self.note.data or "",
            kind=VenueKind(self.kind.data),
            **dict(zip(("latitude", "longitude"), self.coordinates or (None, None), strict=True)),
        )

    @classmethod
    def of(cls, values: VenueValues) -> "VenueForm":
        """Return the form filled with the stored values."""
        known = values.latitude is not None and values.longitude is not None
        position = f"{values.latitude:.6g}, {values.longitude:.7g}" if known else ""
        return cls(data={**vars(values), "kind": values.kind.value, "position": position})


bp = Blueprint("venues", __name__, url_prefix="/venues")
missing_page(bp, VenueMissing)


@bp.get("")
@staff_required
def index() -> Any:
    q = search_words()
    if file.asked():
        return file.send(ListName.VENUES, columns.venues(), exports.venues(q))
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

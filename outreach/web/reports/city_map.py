"""The map of the kelurahan: an administrator loads a file, sees what was found in it, uses it, and removes it again."""

import json
from collections.abc import Sequence
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from flask_wtf.file import FileField

from outreach import clock, codec
from outreach.codec import Unreadable
from outreach.domain.city_map import MOST_BYTES, CityMap, MapTooLarge, OurKelurahan, read
from outreach.extensions import current_settings, db
from outreach.queries.reports import shapes
from outreach.services import city_map
from outreach.web.fields.base import TidyForm
from outreach.web.fields.fields import add_error
from outreach.web.fields.problems import flashing_problems, showing_problems
from outreach.web.frame.access import administrator_required
from outreach.web.frame.clean_request import clean
from outreach.web.reports.blueprint import bp

LONGEST = 400_000  # characters of a map that a preview sends back
LONGEST_NAME = 120
MOST_NAMED = 30  # outlines that are none of ours


class MapForm(TidyForm):
    file = FileField(
        _l("GeoJSON file"),
        description=_l("Outlines in degrees (WGS 84). Each has the Kemendagri code of its kelurahan, or its name."),
    )


@bp.get("/map")
@administrator_required
def own_map() -> Any:
    return _page(MapForm(formdata=None))


@bp.post("/map")
@administrator_required
def preview_map() -> Any:
    """Read the file, and show what is in it. Nothing is stored."""
    form = MapForm()
    chosen = request.files.get("file")
    if form.validate():
        if chosen is None or not chosen.filename:
            add_error(form.file, _("Please choose a file."))
        else:
            with showing_problems(form):
                data = chosen.stream.read(MOST_BYTES + 1)
                if len(data) > MOST_BYTES:
                    raise MapTooLarge(megabytes=MOST_BYTES // 1024**2)
                ours = city_map.our_kelurahan(db.session())
                found = read(data, ours)
                return render_template(
                    "reports/map_preview.html", found=found, names=_names(ours), filename=clean(chosen.filename)[-LONGEST_NAME:],
                    most=MOST_NAMED, packed=json.dumps(codec.to_json(found.city_map), separators=(",", ":")),
                )  # fmt: skip
    return _page(form), 422


@bp.post("/map/use")
@administrator_required
def use_map() -> Any:
    """Keep the map that the preview showed."""
    with flashing_problems():
        try:
            sent = codec.from_json(CityMap, json.loads(request.form.get("map", "")[:LONGEST]))
        except (Unreadable, ValueError, RecursionError):
            raise city_map.MapOdd from None
        name = clean(request.form.get("filename", ""))[-LONGEST_NAME:]
        city_map.use(sent, name, by=current_user, now=clock.now())
        flash(_("Coverage is shown on this map from now on."), "success")
        return redirect(url_for(".coverage"))
    return redirect(url_for(".own_map"))


@bp.post("/map/remove")
@administrator_required
def remove_map() -> Any:
    city_map.remove(by=current_user, now=clock.now())
    flash(_("The map is removed."), "success")
    return redirect(url_for(".own_map"))


def _page(form: MapForm) -> str:
    own = current_settings().kelurahan_map
    used = shapes.used(own)
    return render_template("reports/map.html", form=form, used=used, names=_names(used.ours), of_settings=own)


def _names(ours: Sequence[OurKelurahan]) -> dict[str, str]:
    return {one.code: one.name for one in ours}

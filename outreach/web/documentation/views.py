"""Staff upload photos, write captions and the press text, and say who sees them."""

import tempfile
import zipfile
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_login import current_user
from werkzeug.utils import secure_filename
from wtforms import HiddenField, RadioField, StringField, TextAreaField
from wtforms.validators import Length

from outreach import clock
from outreach.delivery.words.labels import label
from outreach.domain.kinds import ListName
from outreach.domain.photos import (
    MOST_IN_A_CAPTION,
    MOST_IN_A_TITLE,
    MOST_OF_A_PRESS_TEXT,
    PhotoAudience,
    PhotoMissing,
)
from outreach.extensions import current_settings, limiter
from outreach.queries import documentation as pages
from outreach.queries.invitations.lists import activity_of
from outreach.services.documentation import photos, press
from outreach.services.documentation.photos import UploadedPhoto
from outreach.services.documentation.press import PressValues
from outreach.services.locking import ActivityMissing
from outreach.web.documentation.picture import as_picture
from outreach.web.exports import file
from outreach.web.fields.base import TidyForm
from outreach.web.fields.fields import whole
from outreach.web.fields.problems import flashing_problems, missing_page, renew_version, showing_problems
from outreach.web.frame.access import coordinator_required, staff_required
from outreach.web.frame.bodies import takes_photos
from outreach.web.frame.say import say
from outreach.web.materials.file import size_in_words

UPLOADS = "20/minute;200/hour"  # each occupies a process for some seconds
bp = Blueprint("documentation", __name__, url_prefix="/activities/<int:activity_id>/documentation")
missing_page(bp, ActivityMissing, PhotoMissing)


class PressForm(TidyForm):
    press_title = StringField(_l("Title"), validators=[Length(max=MOST_IN_A_TITLE)])
    press_text = TextAreaField(_l("Text"), validators=[Length(max=MOST_OF_A_PRESS_TEXT)])
    audience = RadioField(_l("Who sees the photos and the press text"))
    version = HiddenField()

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        self.audience.choices = [(one.value, label(one)) for one in PhotoAudience]

    @property
    def values(self) -> PressValues:
        return PressValues(
            self.press_title.data or "", self.press_text.data or "", PhotoAudience(self.audience.data)
        )  # fmt: skip


@bp.get("")
@staff_required
def show(activity_id: int) -> Any:
    return _page(activity_id)


@bp.post("/press")
@coordinator_required
def save(activity_id: int) -> Any:
    form = PressForm()
    if form.validate():
        with showing_problems(form, but=ActivityMissing) as refusal:
            press.save(activity_id, form.values, whole(form.version.data), by=current_user, now=clock.now())
            flash(_("Saved."), "success")
            return redirect(url_for(".show", activity_id=activity_id))
        renew_version(form, refusal.problem, pages.of_activity(activity_of(activity_id)).version)
    return _page(activity_id, form)


@bp.post("/photos")
@limiter.limit(UPLOADS)
@takes_photos
@coordinator_required
def add(activity_id: int) -> Any:
    sent = [UploadedPhoto(one.stream.read(), one.filename) for one in request.files.getlist("photos") if one.filename]
    with flashing_problems(but=ActivityMissing):
        done = photos.add(activity_id, sent, by=current_user, now=clock.now())
        if done.number:
            flash(ngettext("%(num)d photo added.", "%(num)d photos added.", done.number), "success")
        for problem in done.refused:
            flash(say(problem), "warning")
    return redirect(url_for(".show", activity_id=activity_id, _anchor="photos"))


@bp.post("/captions")
@coordinator_required
def arrange(activity_id: int) -> Any:
    """Save the captions; the pressed button may also move or delete a photo."""
    typed = {
        whole(name.removeprefix("caption-")): text for name, text in request.form.items() if name.startswith("caption-")
    }
    with flashing_problems(but=(ActivityMissing, PhotoMissing)):
        photos.describe(activity_id, typed, by=current_user, now=clock.now())
        if removed := whole(request.form.get("remove")):
            photos.remove(activity_id, removed, by=current_user, now=clock.now())
            flash(_("The photo is deleted."), "success")
        elif moved := whole(request.form.get("earlier")):
            photos.move(activity_id, moved, -1, by=current_user, now=clock.now())
        elif moved := whole(request.form.get("later")):
            photos.move(activity_id, moved, 1, by=current_user, now=clock.now())
        else:
            flash(_("Saved."), "success")
    return redirect(url_for(".show", activity_id=activity_id, _anchor="photos"))


@bp.get("/<int:photo_id>.jpg")
@staff_required
def photo(activity_id: int, photo_id: int) -> Response:
    return as_picture(pages.picture(activity_id, photo_id, large=True))


@bp.get("/<int:photo_id>-small.jpg")
@staff_required
def small(activity_id: int, photo_id: int) -> Response:
    return as_picture(pages.picture(activity_id, photo_id, large=False))


@bp.get("/photos.zip")
@staff_required
def archive(activity_id: int) -> Response:
    """Return all photos in their order, with a list of the captions and the press text."""
    activity = activity_of(activity_id)
    shown = pages.of_activity(activity)
    made = tempfile.TemporaryFile()  # noqa: SIM115  the response closes it
    lines = []
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as into:
        for number, (caption, data) in enumerate(pages.files_of(activity_id), start=1):
            into.writestr(f"{number:02}.jpg", data)
            lines.append(f"{number:02}.jpg: {caption}")
        if lines:
            into.writestr(_("captions.txt"), "\n".join(lines) + "\n")
        if shown.row and shown.row.press_title:
            into.writestr(_("press-text.txt"), f"{shown.row.press_title}\n\n{shown.row.press_text}\n")
    file.record(ListName.PHOTOS, len(lines), "zip", of=activity.title)
    made.seek(0)
    photos_word = _("Photos")
    name = secure_filename(f"{photos_word} {activity.title}".lower()) or "foto"
    response = send_file(made, "application/zip", as_attachment=True, download_name=f"{name[:80]}.zip")
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _page(activity_id: int, form: PressForm | None = None) -> Any:
    activity = activity_of(activity_id)
    shown = pages.of_activity(activity)
    refused = form is not None
    if form is None:
        form = PressForm(
            None, press_title=shown.row.press_title if shown.row else "", press_text=shown.row.press_text if shown.row else "",
            audience=shown.audience.value, version=str(shown.version),
        )  # fmt: skip
    public = ""
    if shown.row and shown.audience is PhotoAudience.PUBLIC:
        public = current_settings().base_url.rstrip("/") + url_for("press.show", key=shown.row.public_key)
    page = render_template(
        "documentation/show.html", activity=activity, shown=shown, form=form, public=public, most=current_settings().photos_most,
        most_caption=MOST_IN_A_CAPTION, most_mb=current_settings().photos_limit_mb, side=current_settings().photo_long_side_px,
        size_in_words=size_in_words,
    )  # fmt: skip
    return page, 422 if refused else 200

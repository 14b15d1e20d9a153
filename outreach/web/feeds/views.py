"""Calendar addresses: list, create, renew and revoke. web/feeds/files.py serves the calendars."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from outreach import clock
from outreach.delivery.words.labels import label
from outreach.domain.kinds import FeedScope, ListName
from outreach.queries import calendar as calendars
from outreach.queries import feeds as feed_pages
from outreach.queries.activities import lists as browsing
from outreach.services import feeds
from outreach.services.feeds import FeedMissing
from outreach.web.exports import columns, file
from outreach.web.fields.base import ConfirmForm, TidyForm
from outreach.web.fields.fields import ChoiceField, optional_int
from outreach.web.fields.problems import missing_page, showing_problems
from outreach.web.frame.access import coordinator_required
from outreach.web.invitations.forms import text


class FeedForm(TidyForm):
    name = text(
        _l("Whose calendar it is for"),
        120,
        description=_l("Such as “HP Kepala Bidang”: so you know later which to stop."),
    )
    scope = ChoiceField(_l("What it shows"))
    programme_id = ChoiceField(_l("Programme"), coerce=optional_int)
    venue_id = ChoiceField(_l("Venue"), coerce=optional_int)
    person_id = ChoiceField(_l("Person"), coerce=optional_int)

    def __init__(self, *args: Any, person_id: int | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        none: tuple[int | str, str] = ("", gettext("Please choose"))
        self.scope.choices = [(scope.value, label(scope)) for scope in FeedScope]
        self.programme_id.choices = [none, *browsing.programme_choices()]
        self.venue_id.choices = [none, *((id, name) for id, name, _capacity in browsing.venue_choices())]
        self.person_id.choices = [none, *calendars.person_choices(person_id or self.person_id.data)]

    @property
    def chosen_scope(self) -> FeedScope:
        return FeedScope(self.scope.data)

    @property
    def subject_id(self) -> int | None:
        """Return the id of the chosen scope's subject; None for everything."""
        fields = {
            FeedScope.PROGRAMME: self.programme_id, FeedScope.VENUE: self.venue_id, FeedScope.PERSON: self.person_id,
        }  # fmt: skip
        field = fields.get(self.chosen_scope)
        return field.data if field is not None else None


bp = Blueprint("feeds", __name__, url_prefix="/feeds")
missing_page(bp, FeedMissing)


@bp.get("")
@coordinator_required
def index() -> Any:
    made = request.args.get("made", type=int)
    if file.asked():
        return file.send(ListName.CALENDAR_ADDRESSES, columns.calendar_addresses(), feed_pages.all_feeds())
    return render_template("feeds/index.html", rows=feed_pages.all_feeds(), made=made)


@bp.route("/new", methods=["GET", "POST"])
@coordinator_required
def new() -> Any:
    asked = {name: request.args.get(name, type=int) for name in ("programme", "venue", "person")}
    form = FeedForm(person_id=asked["person"])
    if request.method == "GET":
        form.scope.data = next((name for name, id in asked.items() if id), FeedScope.EVERYTHING.value)
        for name, id in asked.items():
            form[f"{name}_id"].data = id
        return render_template("feeds/new.html", form=form)
    if form.validate():
        with showing_problems(form):
            made = feeds.make(
                form.chosen_scope, form.subject_id, form.name.data or "", by=current_user, now=clock.now()
            )
            flash(_("The address is made. Copy it into the calendar program now."), "success")
            return redirect(url_for(".index", made=made.id, _anchor=f"feed-{made.id}"))
    return render_template("feeds/new.html", form=form), 422


@bp.route("/<int:feed_id>/renew", methods=["GET", "POST"])
@coordinator_required
def renew(feed_id: int) -> Any:
    """GET asks; POST replaces the address."""
    form = ConfirmForm()
    if form.validate_on_submit():
        feeds.renew(feed_id, by=current_user, now=clock.now())
        flash(_("A new address is made. The old one no longer works."), "success")
        return redirect(url_for(".index", made=feed_id, _anchor=f"feed-{feed_id}"))
    return render_template("feeds/confirm.html", form=form, feed=feed_pages.get(feed_id), renewing=True)


@bp.route("/<int:feed_id>/revoke", methods=["GET", "POST"])
@coordinator_required
def revoke(feed_id: int) -> Any:
    """GET asks; POST revokes the address."""
    form = ConfirmForm()
    if form.validate_on_submit():
        feeds.revoke(feed_id, by=current_user, now=clock.now())
        flash(_("The address no longer works."), "success")
        return redirect(url_for(".index"))
    return render_template("feeds/confirm.html", form=form, feed=feed_pages.get(feed_id), renewing=False)

"""Organisations: list, new one, page with its people and invitations, and correction."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from outreach import clock
from outreach.domain.kinds import LOCALES, ListName, Sector
from outreach.queries import exports, inbox
from outreach.queries.calls import lists as calls
from outreach.queries.directory import lists as directory
from outreach.queries.invitations import invitee as invitee_page
from outreach.queries.minutes import follow_ups as follow_up_lists
from outreach.services import addresses
from outreach.services.directory import organisations
from outreach.services.directory.organisations import OrganisationMissing, OrganisationValues
from outreach.services.invitations import links
from outreach.web.directory import invitee_actions
from outreach.web.directory.people.forms import InviteeForm, kelurahan_within_area
from outreach.web.exports import columns, file
from outreach.web.fields.fields import AddressField, ChoiceField, optional_text
from outreach.web.fields.problems import missing_page, showing_problems
from outreach.web.frame.access import coordinator_required, may_change, staff_required
from outreach.web.frame.say import page_number, search_words
from outreach.web.history.page import card
from outreach.web.invitations import new_link
from outreach.web.invitations.forms import member, text, words


class OrganisationForm(InviteeForm):
    name = text(_l("Name"), 200, description=_l("In full, such as Kepolisian Resor Metro, or Kelurahan Imopuro."))
    short_name = text(_l("Short name"), 60, description=_l("As people say it, such as Polres Metro."))
    sector = ChoiceField(_l("Sector"))
    region_code = ChoiceField(
        _l("Kelurahan"),
        coerce=optional_text,
        choices=kelurahan_within_area,
        description=_l("For a kelurahan office or a school; otherwise none."),
    )
    email = AddressField(
        _l("E-mail"),
        description=_l(
            "The invitation goes here, and with it the link by which the office names who comes, such as polres@example.com."
        ),
    )
    phone = text(_l("Phone"), 40, description=_l("Such as 0725-41122."))
    address = text(_l("Address"), 300, description=_l("Such as Jl. AH Nasution 1, Metro."))
    locale = ChoiceField(_l("Language of their mails"), choices=list(LOCALES.items()), default="id")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sector.choices = [("", gettext("Choose one")), *words(Sector)]

    @property
    def values(self) -> OrganisationValues:
        return OrganisationValues(
            name=self.name.data or "",
            sector=member(Sector, self.sector.data),
            short_name=self.short_name.data or "",
            region_code=self.region_code.data,
            address=self.address.data or "",
            email=self.email.data or "",
            phone=self.phone.data or "",
            locale=self.locale.data or "id",
            **self.assistant,
        )

    @classmethod
    def of(cls, values: OrganisationValues) -> "OrganisationForm":
        """Return the form filled with the stored values."""
        return cls(data={**vars(values), "sector": values.sector.value if values.sector else ""})


bp = Blueprint("organisations", __name__, url_prefix="/organisations")
missing_page(bp, OrganisationMissing)


@bp.get("")
@staff_required
def index() -> Any:
    q, sector = search_words(), member(Sector, request.args.get("sector"))
    no_address = request.args.get("no_address") == "1"
    if file.asked():
        rows = exports.organisations(q, sector, no_address=no_address)
        return file.send(ListName.ORGANISATIONS, columns.organisations(), rows)
    return render_template(
        "directory/organisations/index.html",
        page=directory.organisations(q, sector, no_address=no_address, number=page_number()),
        q=q,
        sector=sector,
        no_address=no_address,
        sectors=list(Sector),
    )


@bp.route("/new", methods=["GET", "POST"])
@coordinator_required
def new() -> Any:
    form = OrganisationForm()
    if request.method == "GET":
        return render_template("directory/organisations/form.html", form=form, organisation=None)
    if form.validate():
        with showing_problems(form):
            organisation = organisations.add(form.values, by=current_user, now=clock.now())
            flash(_("%(name)s is in the list now.", name=organisation.name), "success")
            return redirect(url_for(".show", organisation_id=organisation.id))
    return render_template("directory/organisations/form.html", form=form, organisation=None), 422


@bp.get("/<int:organisation_id>")
@staff_required
def show(organisation_id: int) -> Any:
    organisation = organisations.get(organisation_id)
    if file.asked():
        rows = invitee_page.invitations_of(organisation, most=None)
        return file.send(ListName.INVITATIONS, columns.invitations(), rows, of=organisation.name)
    return render_template(
        "directory/organisations/show.html",
        organisation=organisation,
        waiting=calls.one("organisation", organisation_id, calls.CallScope(), now=clock.now()).asked,
        people=directory.people_of(organisation_id),
        invitations=invitee_page.invitations_of(organisation),
        link=invitee_page.link_of(organisation, now=clock.now()) if may_change() else None,
        delivery=links.delivery_of(organisation, now=clock.now()),
        stopped_by_old_link=invitee_page.stopped_by_old_link(organisation),
        failure=addresses.failure_of(organisation.email),
        mails=inbox.of_invitee(organisation),
        history=card(organisation),
        tasks=follow_up_lists.open_of(organisation_id=organisation_id, now=clock.now()),
    )


@bp.route("/<int:organisation_id>/edit", methods=["GET", "POST"])
@coordinator_required
def edit(organisation_id: int) -> Any:
    organisation = organisations.get(organisation_id)
    if request.method == "GET":
        form = OrganisationForm.of(organisations.values_of(organisation))
        return render_template("directory/organisations/form.html", form=form, organisation=organisation)
    form = OrganisationForm()
    if form.validate():
        with showing_problems(form, but=OrganisationMissing):
            organisations.edit(organisation_id, form.values, by=current_user, now=clock.now())
            flash(_("Saved."), "success")
            return redirect(url_for(".show", organisation_id=organisation_id))
    organisation = organisations.get(organisation_id)
    return render_template("directory/organisations/form.html", form=form, organisation=organisation), 422


@bp.post("/<int:organisation_id>/reminders/stop")
@coordinator_required
def stop(organisation_id: int) -> Any:
    invitee_actions.stop_reminders(organisations.get(organisation_id))
    return redirect(url_for(".show", organisation_id=organisation_id))


@bp.post("/<int:organisation_id>/reminders/resume")
@coordinator_required
def resume(organisation_id: int) -> Any:
    invitee_actions.resume_reminders(organisations.get(organisation_id))
    return redirect(url_for(".show", organisation_id=organisation_id))


@bp.post("/<int:organisation_id>/address")
@coordinator_required
def allow_address(organisation_id: int) -> Any:
    invitee_actions.allow_address(organisations.get(organisation_id).email)
    return redirect(url_for(".show", organisation_id=organisation_id))


@bp.post("/<int:organisation_id>/link")
@coordinator_required
def renew_link(organisation_id: int) -> Any:
    new_link.renew(organisations.get(organisation_id))
    return redirect(url_for(".show", organisation_id=organisation_id))

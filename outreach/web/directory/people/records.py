"""The list of people, a new person, a person's page, and correction."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from outreach import clock
from outreach.domain.kinds import ListName
from outreach.queries import certificates as certificate_pages
from outreach.queries import exports, inbox, posts, privacy
from outreach.queries.calls import lists as calls
from outreach.queries.directory import lists as directory
from outreach.queries.invitations import invitee as invitee_page
from outreach.queries.minutes import follow_ups as follow_up_lists
from outreach.services import addresses
from outreach.services.directory import people
from outreach.services.directory.people import PersonErased, PersonMissing
from outreach.services.invitations import links
from outreach.web.directory.people.blueprint import bp
from outreach.web.directory.people.forms import PersonForm, filters_from, kind_words
from outreach.web.exports import columns, file
from outreach.web.fields.problems import showing_problems
from outreach.web.frame.access import coordinator_required, may_change, staff_required
from outreach.web.frame.say import page_number
from outreach.web.history.page import card


@bp.get("")
@staff_required
def index() -> Any:
    filters = filters_from(request.args)
    if file.asked():
        return file.send(ListName.PEOPLE, columns.people(), exports.people(filters))
    return render_template(
        "directory/people/index.html",
        page=directory.people(filters, page_number()),
        counts=directory.count_people(),
        filters=filters,
        regions=directory.regions(),
        kinds=kind_words(),
        organisations=directory.organisation_choices(),
    )


@bp.route("/new", methods=["GET", "POST"])
@coordinator_required
def new() -> Any:
    form = PersonForm()
    if request.method == "GET":
        form.organisation_id.data = request.args.get("organisation", type=int)
        return render_template("directory/people/form.html", form=form, person=None)
    if form.validate():
        with showing_problems(form) as refusal:
            person = people.add(form.values, by=current_user, now=clock.now())
            flash(_("%(name)s is in the list now.", name=person.display_name), "success")
            return redirect(url_for(".show", person_id=person.id))
        return render_template("directory/people/form.html", form=form, person=None, problem=refusal.problem), 422
    return render_template("directory/people/form.html", form=form, person=None), 422


@bp.get("/<int:person_id>")
@staff_required
def show(person_id: int) -> Any:
    person = people.get(person_id)
    if file.asked():
        rows = invitee_page.invitations_of(person, most=None)
        return file.send(ListName.INVITATIONS, columns.invitations(), rows, also={"person": str(person_id)})
    return render_template(
        "directory/people/show.html",
        person=person,
        waiting=None if person.erased_at else calls.one("person", person_id, calls.CallScope(), now=clock.now()).asked,
        invitations=invitee_page.invitations_of(person),
        link=invitee_page.link_of(person, now=clock.now()) if may_change() else None,
        delivery=links.delivery_of(person, now=clock.now()),
        stopped_by_old_link=invitee_page.stopped_by_old_link(person),
        consent_needed=privacy.needs_consent(person_id),
        consent_asked=privacy.is_child(person_id),
        failure=addresses.failure_of(person.email),
        mails=inbox.of_invitee(person),
        groups=directory.groups_of(person_id),
        history=card(person),
        holds=posts.of_person(person_id),
        certificates=certificate_pages.of_person(person_id),
        tasks=follow_up_lists.open_of(person_id, now=clock.now()),
    )


@bp.route("/<int:person_id>/edit", methods=["GET", "POST"])
@coordinator_required
def edit(person_id: int) -> Any:
    person = people.get(person_id)
    if person.erased_at is not None:
        raise PersonErased
    if request.method == "GET":
        return render_template(
            "directory/people/form.html", form=PersonForm.of(people.values_of(person)), person=person
        )
    form = PersonForm()
    if form.validate():
        with showing_problems(form, but=(PersonMissing, PersonErased)):
            people.edit(person_id, form.values, by=current_user, now=clock.now())
            flash(_("Saved."), "success")
            return redirect(url_for(".show", person_id=person_id))
    return render_template("directory/people/form.html", form=form, person=people.get(person_id)), 422

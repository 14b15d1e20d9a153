"""Inviting many in one step: organisations with their quotas, cadres by kind and kelurahan. First choose, then check."""

from collections.abc import Callable
from typing import Any

from flask import render_template, request
from flask_login import current_user

from outreach import clock
from outreach.domain.kinds import Sector
from outreach.domain.problems import Problem
from outreach.services import choosing, invitees, inviting, previewing
from outreach.services.inviting import Invited
from outreach.services.previewing import Preview
from outreach.web.forms.fields import add_error
from outreach.web.forms.invitation_forms import (
    USUAL_QUOTA,
    InviteCadresForm,
    InviteForm,
    InviteOrganisationsForm,
    member,
    words,
)
from outreach.web.invitations.blueprint import back_to_list, bp, tell
from outreach.web.shell import coordinator_required, say


@bp.route("/activities/<int:activity_id>/invite/organisations", methods=["GET", "POST"])
@coordinator_required
def invite_organisations(activity_id: int) -> Any:
    """Choose organisations, each with a number of seats."""
    activity = invitees.activity_of(activity_id)
    activities = choosing.open_activities(activity)
    form = InviteOrganisationsForm()
    form.offer(activities, [activity_id])

    def choose(problem: str = "", status: int = 200) -> Any:
        q, ticked = form.q.data or "", form.organisation_ids.data or []
        page = render_template(
            "invitations/organisations.html", activity=activity, activities=activities, form=form, problem=problem,
            sectors=choosing.organisations_by_sector(q, ticked), invited=choosing.invited_organisation_ids(activity_id),
            quotas=request.form, usual=USUAL_QUOTA,
        )  # fmt: skip
        return page, status

    if not form.is_submitted() or request.form.get("do") in {"search", "back"}:
        return choose()
    if sector := member(Sector, request.form.get("sector")):
        _tick_sector(form, sector)
        return choose()
    valid = form.validate()
    quotas = form.quotas(request.form)
    if not valid or quotas is None:
        return choose(status=422)
    wanted = form.activity_ids.data or []

    def invite() -> Invited:
        return inviting.invite_organisations(wanted, quotas, by=current_user, now=clock.now())

    return _check_or_invite(
        activity_id, form, choose, invite, lambda: previewing.of_organisations(wanted, quotas),
        {f"quota-{key}": value for key, value in quotas.items()},
    )  # fmt: skip


@bp.route("/activities/<int:activity_id>/invite/cadres", methods=["GET", "POST"])
@coordinator_required
def invite_cadres(activity_id: int) -> Any:
    """Choose cadres by kind and kelurahan; nothing ticked means all."""
    activity = invitees.activity_of(activity_id)
    activities = choosing.open_activities(activity)
    regions, kinds = choosing.cadre_regions(), choosing.cadre_kinds()
    form = InviteCadresForm()
    form.offer(activities, [activity_id])
    form.kinds.choices = words(kinds)
    form.region_codes.choices = [(c.region.code, c.region.name) for node in regions for c in node.children]

    def choose(problem: str = "", status: int = 200) -> Any:
        page = render_template(
            "invitations/cadres.html", activity=activity, activities=activities, form=form, problem=problem,
            regions=regions, kinds=kinds, counted=_counted(form),
        )  # fmt: skip
        return page, status

    if not form.is_submitted():
        return choose()
    if request.form.get("do") == "count":
        return render_template("invitations/_counted.html", counted=_counted(form))
    if district := request.form.get("district"):
        _tick_district(form, district, regions)
        return choose()
    if request.form.get("do") == "back":
        return choose()
    if not form.validate():
        return choose(status=422)
    wanted, chosen, codes = form.activity_ids.data or [], form.kinds.data or [], form.region_codes.data or []

    def invite() -> Invited:
        return inviting.invite_cadres(wanted, chosen, codes, by=current_user, now=clock.now())

    return _check_or_invite(activity_id, form, choose, invite, lambda: previewing.of_cadres(wanted, chosen, codes), {})


def _check_or_invite(
    activity_id: int,
    form: InviteForm,
    choose: Callable[..., Any],
    invite: Callable[[], Invited],
    preview: Callable[[], Preview],
    more: dict[str, Any],
) -> Any:
    """Invite where the button of the checking page was pressed, else show that page: what will happen, to how many."""
    if request.form.get("do") == "invite":
        try:
            tell(invite())
        except Problem as problem:
            return refused(form, problem, choose)
        return back_to_list(activity_id)
    found = preview()
    if not found.people:
        return choose(say(inviting.NobodyChosen()), 422)
    return checking(activity_id, found, more)


def refused(form: InviteForm, problem: Problem, choose: Callable[..., Any]) -> Any:
    field = getattr(form, problem.field, None) if problem.field else None
    if field is None:
        return choose(say(problem), 422)
    add_error(field, say(problem))
    return choose(status=422)


def checking(activity_id: int, found: Preview, more: dict[str, Any]) -> Any:
    """Show what inviting will do, with all that was chosen carried along in hidden fields."""
    kept = [
        (name, value)
        for name in request.form
        if name not in {"csrf_token", "do", "q", "district", *more} and not name.startswith("quota-")
        for value in request.form.getlist(name)
    ]
    return render_template(
        "invitations/check.html", activity=invitees.activity_of(activity_id), found=found,
        kept=[*kept, *more.items()], back=request.path,
    )  # fmt: skip


def _counted(form: InviteCadresForm) -> tuple[int, int]:
    return inviting.count_cadres(form.kinds.data or [], form.region_codes.data or [])


def _tick_sector(form: InviteOrganisationsForm, sector: Sector) -> None:
    """Tick all of a sector's organisations that are shown, or untick them where all were ticked."""
    ticked = set(form.organisation_ids.data or [])
    shown = dict(choosing.organisations_by_sector(form.q.data or "", ticked))
    of_it = {o.id for o in shown.get(sector, ())}
    form.organisation_ids.data = sorted(ticked - of_it if of_it <= ticked else ticked | of_it)


def _tick_district(form: InviteCadresForm, code: str, regions: list[choosing.RegionNode]) -> None:
    """Tick a whole kecamatan's kelurahan, or untick them where all were ticked."""
    of_it = {c.region.code for node in regions if node.region.code == code for c in node.children}
    ticked = set(form.region_codes.data or [])
    form.region_codes.data = sorted(ticked - of_it if of_it <= ticked else ticked | of_it)

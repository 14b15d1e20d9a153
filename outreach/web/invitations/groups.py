"""Invite many in one step: organisations with quotas, cadres by kind and kelurahan. First choose, then check."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

from flask import render_template, request
from flask_babel import gettext as _
from flask_login import current_user

from outreach import clock
from outreach.delivery.words import ladder as rung_words
from outreach.domain.kinds import Role, Sector
from outreach.domain.planning.parties import PartyKind
from outreach.domain.planning.rules import ClashKind
from outreach.domain.problems import Problem
from outreach.queries import clashes as clash_pages
from outreach.queries.invitations import choices
from outreach.queries.invitations import lists as invitees
from outreach.queries.invitations import preview as invitation_preview
from outreach.queries.invitations.preview import InvitationPreview
from outreach.services.invitations import checks
from outreach.services.invitations import invite as inviting
from outreach.services.invitations.add import Invited
from outreach.services.ladder import forecast as ladders_ahead
from outreach.services.reminders import forecast as forecasting
from outreach.web.clashes.resolutions import ShownResolution
from outreach.web.clashes.shown import ShownClash, shown
from outreach.web.fields.fields import whole
from outreach.web.fields.problems import show_problem
from outreach.web.frame.access import coordinator_required
from outreach.web.frame.say import say
from outreach.web.frame.way_back import address_with, came_back, leading_back, sent
from outreach.web.invitations.blueprint import back_to_list, bp, tell
from outreach.web.invitations.forms import (
    USUAL_QUOTA,
    InviteCadresForm,
    InviteForm,
    InviteOrganisationsForm,
    member,
    words,
)

MOST = 8  # clashes that the page shows
WITHOUT = "without"  # the button that leaves somebody out, and the fields that remember who
CHOSEN = frozenset({"person_ids", "organisation_ids"})
TWICE = frozenset({ClashKind.SPEAKER_TWICE, ClashKind.CADRE_TWICE, ClashKind.INVITEE_TWICE})


@bp.route("/activities/<int:activity_id>/invite/organisations", methods=["GET", "POST"])
@coordinator_required
def invite_organisations(activity_id: int) -> Any:
    """Choose organisations, each with a number of seats."""
    activity = invitees.activity_of(activity_id)
    activities = choices.open_activities(activity)
    form = InviteOrganisationsForm(**kept_of())
    form.offer(activities, [activity_id])
    without = left_out()
    form.organisation_ids.data = [id for id in form.organisation_ids.data or [] if id not in without]

    def choose(problem: str = "", status: int = 200) -> Any:
        q, ticked = form.q.data or "", form.organisation_ids.data or []
        page = render_template(
            "invitations/organisations.html", activity=activity, activities=activities, form=form, problem=problem,
            sectors=choices.organisations_by_sector(q, ticked), invited=choices.invited_organisation_ids(activity_id),
            quotas=sent(), usual=USUAL_QUOTA,
        )  # fmt: skip
        return page, status

    if not is_chosen() or request.form.get("do") in {"search", "back"}:
        return choose()
    if sector := member(Sector, request.form.get("sector")):
        _tick_sector(form, sector)
        return choose()
    valid = form.validate()
    quotas = form.quotas(sent())
    if not valid or quotas is None:
        return choose(status=422)
    wanted = form.activity_ids.data or []

    def invite() -> Invited:
        return inviting.invite_organisations(wanted, quotas, by=current_user, now=clock.now())

    return _check_or_invite(
        activity_id,
        form,
        choose,
        invite,
        lambda: invitation_preview.of_organisations(wanted, quotas),
        Role.PARTICIPANT,
        quotas,
    )


@bp.route("/activities/<int:activity_id>/invite/cadres", methods=["GET", "POST"])
@coordinator_required
def invite_cadres(activity_id: int) -> Any:
    """Choose cadres by kind and kelurahan. At first all kinds, and the activity's own kelurahan, are ticked."""
    activity = invitees.activity_of(activity_id)
    activities = choices.open_activities(activity)
    regions, kinds = choices.cadre_regions(), choices.cadre_kinds()
    form, own = InviteCadresForm(**kept_of()), choices.own_kelurahan(activity)
    form.offer(activities, [activity_id])
    form.kinds.choices = words(kinds)
    form.region_codes.choices = [(c.region.code, c.region.name) for node in regions for c in node.children]

    def choose(problem: str = "", status: int = 200) -> Any:
        page = render_template(
            "invitations/cadres.html", activity=activity, activities=activities, form=form, problem=problem,
            regions=regions, kinds=kinds, counted=_counted(form), own=own,
        )  # fmt: skip
        return page, status

    if not is_chosen():
        form.kinds.data = [kind for kind, count in kinds.items() if count]
        form.region_codes.data = [own.code] if own else []
        return choose()
    if request.form.get("do") == "count":
        return render_template("invitations/_counted.html", counted=_counted(form), form=form)
    if district := request.form.get("district"):
        _tick_district(form, district, regions)
        return choose()
    if request.form.get("do") == "back":
        return choose()
    if not form.validate():
        return choose(status=422)
    wanted, chosen, codes = form.activity_ids.data or [], form.kinds.data or [], form.region_codes.data or []
    without = left_out()

    def invite() -> Invited:
        return inviting.invite_cadres(wanted, chosen, codes, without=without, by=current_user, now=clock.now())

    def preview() -> InvitationPreview:
        return invitation_preview.of_cadres(wanted, chosen, codes, without)

    return _check_or_invite(activity_id, form, choose, invite, preview, Role.CADRE)


def _check_or_invite(
    activity_id: int,
    form: InviteForm,
    choose: Callable[..., Any],
    invite: Callable[[], Invited],
    preview: Callable[[], InvitationPreview],
    role: Role,
    quotas: Mapping[int, int] | None = None,
) -> Any:
    """Invite if the check page's button was pressed, else show that page: what will happen, for how many people."""
    if request.form.get("do") == "invite":
        try:
            tell(invite())
        except Problem as problem:
            return refused(form, problem, choose)
        return back_to_list(activity_id)
    found = preview()
    if not found.people:
        return choose(say(checks.NobodyChosen()), 422)
    return checking(activity_id, found, role, quotas)


def refused(form: InviteForm, problem: Problem, choose: Callable[..., Any]) -> Any:
    show_problem(form, problem)
    return choose(status=422)


def checking(activity_id: int, found: InvitationPreview, role: Role, quotas: Mapping[int, int] | None = None) -> Any:
    """Show what inviting will do and its clashes, with all choices in hidden fields.

    quotas: of organisations, which are then invited; otherwise people.
    """
    ids = [group.activity.id for group in found.activities]
    chosen: dict[str, Any] = {"person_ids": found.ids} if quotas is None else {"quotas": quotas}
    kind = PartyKind.PERSON if quotas is None else PartyKind.ORGANISATION
    known = clash_pages.preview_invited(ids, role, now=clock.now(), **chosen)
    rows = [_with_leaving_out(row, kind, found.ids) for row in shown(known, about=ids, most=MOST)]
    without, new = left_out(), {group.activity.id: group.new for group in found.activities}
    kept = [
        (name, value)
        for name in sent()
        if name not in {"csrf_token", "do", "q", "district", WITHOUT} and not name.startswith("quota-")
        for value in sent().getlist(name)
        if name not in CHOSEN or whole(value) not in without
    ]
    kept += [(WITHOUT, str(id)) for id in sorted(without)]
    kept += [(f"quota-{key}", str(value)) for key, value in (quotas or {}).items()]
    # Data of a new person must not be in an address, because addresses are written into logs.
    here = address_with((name, value) for name, value in kept if value and not name.startswith("new-"))
    return render_template(
        "invitations/check.html", activity=invitees.activity_of(activity_id), found=found,
        kept=kept, back=request.path, clashes=[leads_back(row, here) for row in rows],
        unreminded=forecasting.not_reminded_if_invited(ids, now=clock.now()), rung_words=rung_words,
        rungs=ladders_ahead.for_inviting(new, role, is_organisation=quotas is not None, now=clock.now()),
        twice=any(row.kind in TWICE for row in rows), refused=any(row.blocks for row in rows),
    )  # fmt: skip


def left_out() -> set[int]:
    """Return the ids of those that the check page left out."""
    return {whole(text) for asked in sent().getlist(WITHOUT) for text in asked.split()}


def is_chosen() -> bool:
    """Return whether there is a choice to check: a sent form, or a user who returns to the check."""
    return request.method == "POST" or came_back()


def kept_of() -> dict[str, Any]:
    """Return the arguments to make a form with the choices of a user who returns. It is only shown, so it needs no token."""
    return {"formdata": sent(), "meta": {"csrf": False}} if came_back() else {}


def _with_leaving_out(row: ShownClash, kind: PartyKind, chosen: Collection[int]) -> ShownClash:
    """Offer first to leave out the chosen ones with this clash, because they are not invited yet."""
    parties = [party for party in row.parties if party.kind is kind and party.key in chosen]
    if not parties:
        return row
    by_name = _("Do without %(name)s", name=parties[0].name)
    words = by_name if len(parties) == 1 else _("Do without these %(count)s", count=len(parties))
    leaving = ShownResolution(words, "", button=(WITHOUT, " ".join(str(party.key) for party in parties)))
    return replace(row, resolutions=(leaving, *row.resolutions))


def leads_back(row: ShownClash, here: str) -> ShownClash:
    """Let resolutions lead back to the check with the choices. If these are too many for an address, drop the links."""
    resolutions = [
        resolution if resolution.button else replace(resolution, href=leading_back(resolution.href, here))
        for resolution in row.resolutions
    ]
    return replace(row, resolutions=tuple(resolution for resolution in resolutions if resolution.button or here))


def _counted(form: InviteCadresForm) -> tuple[int, int]:
    return inviting.count_cadres(form.kinds.data or [], form.region_codes.data or [])


def _tick_sector(form: InviteOrganisationsForm, sector: Sector) -> None:
    """Tick all shown organisations of a sector, or untick them if all are ticked."""
    ticked = set(form.organisation_ids.data or [])
    shown = dict(choices.organisations_by_sector(form.q.data or "", ticked))
    of_it = {o.id for o in shown.get(sector, ())}
    form.organisation_ids.data = sorted(ticked - of_it if of_it <= ticked else ticked | of_it)


def _tick_district(form: InviteCadresForm, code: str, regions: list[choices.RegionNode]) -> None:
    """Tick all kelurahan of a kecamatan, or untick them if all are ticked."""
    of_it = {c.region.code for node in regions if node.region.code == code for c in node.children}
    ticked = set(form.region_codes.data or [])
    form.region_codes.data = sorted(ticked - of_it if of_it <= ticked else ticked | of_it)

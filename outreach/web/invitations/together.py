"""Invite cadres to several community activities at once: each gets those of its own kelurahan.

First the activities, the kinds and the number are chosen; then the names are shown for each kelurahan, to be changed there.
"""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from outreach import clock
from outreach.delivery.words import ladder as rung_words
from outreach.domain.cadres import Wanted
from outreach.domain.kinds import Role
from outreach.domain.problems import Problem
from outreach.queries import clashes as clash_pages
from outreach.queries.activities import together as activities_together
from outreach.queries.activities.lists import Time
from outreach.queries.activities.together import Offered
from outreach.queries.invitations import choices
from outreach.queries.invitations import preview as invitation_preview
from outreach.queries.invitations import together as cadres_together
from outreach.queries.invitations.preview import InvitationPreview
from outreach.queries.invitations.together import OwnCadres
from outreach.services.invitations import invite as inviting
from outreach.services.ladder import forecast as ladders_ahead
from outreach.services.reminders import forecast as forecasting
from outreach.web.clashes.resolutions import ShownResolution
from outreach.web.clashes.shown import ShownClash, shown
from outreach.web.fields.fields import whole
from outreach.web.frame.access import coordinator_required
from outreach.web.frame.say import say
from outreach.web.frame.way_back import address_with, sent
from outreach.web.invitations.blueprint import bp, tell
from outreach.web.invitations.forms import USUAL_CADRES, InviteTogetherForm, words
from outreach.web.invitations.groups import MOST, WITHOUT, is_chosen, kept_of, leads_back

PICK = "pick"  # the field of a chosen cadre: "<activity id>-<person id>"
SEEN = "seen"  # which clashes the page has shown

Picked = dict[int, set[int]]  # people's ids by activity id


@dataclass(frozen=True)
class _Check:
    """What inviting the chosen cadres would do."""

    preview: InvitationPreview
    clashes: list[ShownClash]

    @property
    def refused(self) -> bool:
        return any(row.blocks for row in self.clashes)

    @property
    def digest(self) -> str:
        told = "\n".join(sorted(f"{row.kind} {row.sentence}" for row in self.clashes))
        return hashlib.sha256(told.encode()).hexdigest()[:16] if told else ""


@bp.route("/activities/invite/cadres", methods=["GET", "POST"])
@coordinator_required
def invite_together() -> Any:
    """Choose activities, kinds and a number; then show who that is, for each kelurahan."""
    form, kinds = InviteTogetherForm(**kept_of()), choices.cadre_kinds()
    if not is_chosen():
        form.q.data = request.args.get("q", "")[:100]
    ticked = _numbers(sent().getlist("activity_ids") or request.args.getlist("activity"))
    offered = activities_together.community(form.q.data or "", ticked, now=clock.now())
    form.activity_ids.choices = [(id, str(id)) for id in sorted(offered.ids)]
    form.kinds.choices = words(kinds)

    def choose(problem: str = "", status: int = 200) -> Any:
        page = render_template("invitations/together.html", form=form, offered=offered, kinds=kinds, problem=problem)
        return page, status

    if not is_chosen():
        form.activity_ids.data = sorted({*ticked, *offered.of(request.args.getlist("group"))} & offered.ids)
        form.kinds.data = [kind for kind, count in kinds.items() if count]
        form.number.data, form.only_numbered.data = USUAL_CADRES, True
        return choose()
    if group := request.form.get("group"):
        form.activity_ids.data = offered.toggled(form.activity_ids.data or [], group)
        return choose()
    if request.form.get("do") in {"search", "back"}:
        return choose()
    if not form.validate():
        return choose(status=422)
    if form.only_numbered.data and form.wanted.of_kind:
        form.kinds.data = [*form.wanted.of_kind]
    found = cadres_together.own_cadres(form.activity_ids.data or [], form.kinds.data or [])
    if not any(group.rows or group.invited for group in found):
        return choose(_("There is no cadre of these kinds in these kelurahan."), 422)
    if request.form.get("do") in {"choose", "suggest"}:
        return _show(form, found, _suggested(found, form.wanted))
    picked = _picked(found)
    if request.form.get("do") != "invite" or not any(picked.values()):
        return _show(form, found, picked, status=422 if request.form.get("do") == "invite" else 200)
    return _invite(form, found, picked, offered)


def _invite(form: InviteTogetherForm, found: list[OwnCadres], picked: Picked, offered: Offered) -> Any:
    """Invite the chosen cadres. If there is a clash that the page has not shown, show it first."""
    check = _check(picked)
    if check.refused or (check.digest and check.digest != request.form.get(SEEN)):
        return _show(form, found, picked, check, status=422 if check.refused else 200, unseen=not check.refused)
    try:
        tell(inviting.invite_each(picked, Role.CADRE, by=current_user, now=clock.now()))
    except Problem as problem:
        return _show(form, found, picked, problem=say(problem), status=422)
    groups = [group for group in offered.groups if group.ids & picked.keys()]
    if len(groups) == 1 and groups[0].programme is not None:
        return redirect(url_for("programmes.show", programme_id=groups[0].programme.id))
    patterns = [pattern for group in groups for pattern in group.patterns if pattern.ids & picked.keys()]
    q = patterns[0].title if len(patterns) == 1 else ""
    return redirect(url_for("activities.index", q=q, time=Time.COMING.value))


def _show(
    form: InviteTogetherForm,
    found: list[OwnCadres],
    picked: Picked,
    check: _Check | None = None,
    *,
    problem: str = "",
    status: int = 200,
    unseen: bool = False,
) -> Any:
    """Show the cadres for each activity, those picked ticked, and what inviting them will do.

    unseen: whether somebody has pressed the button already, but there are clashes that the page had not shown then.
    """
    check = check or _check(picked)
    kept = [
        *(("activity_ids", str(group.activity.id)) for group in found),
        *(("kinds", kind.value) for kind in form.kinds.data or []),
    ]
    picks = [(PICK, f"{activity_id}-{id}") for activity_id, people in picked.items() for id in sorted(people)]
    own = [(field.name, str(field.data)) for field in form.numbers if field.data is not None]
    here = address_with([*kept, ("number", str(form.number.data)), *own, *picks])
    rows = [leads_back(_with_leaving_out(row, picked), here) for row in check.clashes]
    page = render_template(
        "invitations/together_check.html", form=form, found=found, picked=picked, kept=kept, check=check, clashes=rows,
        problem=problem, unseen=unseen, wanted=form.wanted, total=form.wanted.total(form.kinds.data or ()),
        nobody=not any(picked.values()), chosen_kinds=dict.fromkeys(form.kinds.data or (), 1),
        previews={group.activity.id: group for group in check.preview.activities},
        unreminded=forecasting.not_reminded_if_invited(list(picked), now=clock.now()), rung_words=rung_words,
        rungs=ladders_ahead.for_inviting(
            {group.activity.id: group.new for group in check.preview.activities}, Role.CADRE, now=clock.now()
        ),
    )  # fmt: skip
    return page, status


def _check(picked: Picked) -> _Check:
    known = clash_pages.if_each_invited(picked, Role.CADRE, now=clock.now())
    return _Check(invitation_preview.of_each(picked, Role.CADRE), shown(known, about=list(picked), most=MOST))


def _suggested(found: list[OwnCadres], wanted: Wanted) -> Picked:
    return {activity_id: set(people) for activity_id, people in cadres_together.suggested(found, wanted).items()}


def _picked(found: list[OwnCadres]) -> Picked:
    """Return those ticked on the page, without those that the pressed button leaves out. Others are ignored."""
    asked, without = _pairs(sent().getlist(PICK)), _pairs(request.form.get(WITHOUT, "").split())
    return {
        group.activity.id: {
            row.person_id
            for row in group.rows
            if (group.activity.id, row.person_id) in asked and (group.activity.id, row.person_id) not in without
        }
        for group in found
    }


def _pairs(values: Collection[str]) -> set[tuple[int, int]]:
    return {(whole(first), whole(second)) for first, _dash, second in (value.partition("-") for value in values)}


def _numbers(values: Collection[str]) -> set[int]:
    return {whole(value) for value in values}


def _with_leaving_out(row: ShownClash, picked: Mapping[int, Collection[int]]) -> ShownClash:
    """Offer first to leave out those with this clash: of two chosen activities, from the later one."""
    pairs = []
    for party in row.parties:
        own = [activity for activity in row.clash.activities if party.key in picked.get(activity.id, ())]
        if own:
            pairs.append((max(own, key=lambda each: (each.starts_at, each.id)), party))
    if not pairs:
        return row
    activity, party = pairs[0]
    words = (
        _("Do without %(name)s at “%(title)s”", name=party.name, title=activity.title)
        if len(pairs) == 1
        else _("Do without these %(count)s", count=len(pairs))
    )
    button = (WITHOUT, " ".join(f"{activity.id}-{party.key}" for activity, party in pairs))
    return replace(row, resolutions=(ShownResolution(words, "", button=button), *row.resolutions))

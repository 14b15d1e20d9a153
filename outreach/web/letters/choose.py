"""Choosing invitees: who gets letters, and whose mail does not wait for a signed letter. In pages, filtered, or all who match."""

from collections.abc import Sequence
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_login import current_user
from wtforms import RadioField

from outreach import clock
from outreach.delivery.words.labels import LABELS
from outreach.domain.kinds import LetterKind, Role, Sector
from outreach.models import Letter
from outreach.queries.letters import choice as letter_choice
from outreach.queries.letters.choice import ChoiceFilters, ChoiceScope, Lacks
from outreach.services.letters import make, waiting
from outreach.services.letters.make import FOLLOWS_ANOTHER
from outreach.services.locking import ActivityMissing, ProgrammeMissing
from outreach.web.fields.base import TidyForm
from outreach.web.fields.fields import Ids
from outreach.web.fields.problems import missing_page, showing_problems
from outreach.web.frame.access import coordinator_required
from outreach.web.frame.say import page_number, search_words
from outreach.web.invitations.forms import member
from outreach.web.letters.blueprint import bp
from outreach.web.letters.views import asked_id

KINDS = [(kind.value, LABELS[LetterKind, kind.value]) for kind in LetterKind if kind not in FOLLOWS_ANOTHER]
ONE, EACH = "one", "each"
ALL = "all"  # the button for all who match

missing_page(bp, ActivityMissing, ProgrammeMissing)


class ChosenForm(TidyForm):
    """Ticked invitations of a page. The button of those who match needs no tick."""

    invitations = Ids(_l("Who it is for"))


class NewLetterForm(ChosenForm):
    kind = RadioField(_l("Which letter"), choices=KINDS, default=LetterKind.INVITATION.value)
    how = RadioField(
        _l("How many letters"),
        choices=[
            (ONE, _l("One letter for all; more than four stand in an attached list")),
            (EACH, _l("A letter of its own for each")),
        ],
        default=ONE,
    )


@bp.route("/letters/new", methods=["GET", "POST"])
@coordinator_required
def new() -> Any:
    """Make letters for invitations of ?activity= or ?programme=: for those ticked, or for all who match the filters."""
    scope = letter_choice.scope_of(asked_id("activity"), asked_id("programme"))
    form, filters = NewLetterForm(), _filters()
    if form.validate_on_submit():
        with showing_problems(form):
            kind, chosen = LetterKind(form.kind.data), _chosen(scope, filters, form)
            if form.how.data == EACH:
                made = make.make_each(kind, chosen, by=current_user, now=clock.now())
            else:
                made = [make.make(kind, chosen, by=current_user, now=clock.now())]
            return _after_making(made)
    return _page("letters/new.html", form, scope, filters)


@bp.route("/activities/<int:activity_id>/without-letter", methods=["GET", "POST"])
@coordinator_required
def without_letter(activity_id: int) -> Any:
    """Choose whose mail does not wait for a signed letter."""
    scope = letter_choice.scope_of(activity_id)
    form, filters = ChosenForm(), _filters(Lacks.SIGNED)
    if form.validate_on_submit():
        with showing_problems(form):
            chosen = _chosen(scope, filters, form)
            count = waiting.go_without(activity_id, chosen, by=current_user, now=clock.now())
            said = ngettext(
                "The mail to %(num)d invitee does not wait for a letter any more.",
                "The mails to %(num)d invitees do not wait for a letter any more.", count,
            )  # fmt: skip
            flash(said, "success")
            return redirect(url_for("activities.show", activity_id=activity_id))
    return _page("letters/without.html", form, scope, filters)


def _page(template: str, form: ChosenForm, scope: ChoiceScope, filters: ChoiceFilters) -> Any:
    found = letter_choice.to_choose(scope, filters, page_number())
    shown = render_template(
        template, form=form, found=found, filters=filters, filtered=filters != ChoiceFilters(), filter_roles=Role,
        filter_sectors=Sector,
    )  # fmt: skip
    return shown, 422 if request.method == "POST" else 200


def _filters(lacks: Lacks | None = None) -> ChoiceFilters:
    """Return the filters in the address. lacks: the only choice of a page that offers no other."""
    asked = request.args
    return ChoiceFilters(
        search_words(), member(Role, asked.get("role")), member(Sector, asked.get("sector")), asked.get("region", ""),
        lacks or member(Lacks, asked.get("lacks")),
    )  # fmt: skip


def _chosen(scope: ChoiceScope, filters: ChoiceFilters, form: ChosenForm) -> Any:
    if request.form.get("who") == ALL:
        return letter_choice.chosen(scope, filters)
    return letter_choice.chosen(scope, filters, (form.invitations.data or [])[: letter_choice.PER_PAGE])


def _after_making(made: Sequence[Letter]) -> Any:
    if len(made) == 1:
        flash(_("The letter is made. Read it, change what you like, and save it."), "success")
        return redirect(url_for(".show", letter_id=made[0].id))
    flash(ngettext("%(num)d letter is made.", "%(num)d letters are made.", len(made)), "success")
    return redirect(url_for(".index", activity=asked_id("activity"), programme=asked_id("programme")))

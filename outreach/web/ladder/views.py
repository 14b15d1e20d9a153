"""The office's ladders: what is tried, and when, until an invitee answers; and which rung brings answers."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from wtforms import FormField

from outreach import clock
from outreach.delivery.words import ladder as words
from outreach.domain.ladder.rungs import (
    MOST_DAYS,
    MOST_RUNGS,
    PROPOSED,
    LadderName,
    RungKind,
    RungRule,
    RungTiming,
    kinds_of,
    offered,
)
from outreach.domain.problems import Problem
from outreach.queries.ladder import rungs as ladder
from outreach.services.ladder import edit as editing
from outreach.services.locking import InvitationMissing
from outreach.web.fields.base import TidyForm, TidyRow
from outreach.web.fields.fields import Between, ChoiceField, Clock, Number, Rows
from outreach.web.fields.problems import missing_page, show_problem
from outreach.web.frame.access import coordinator_required, staff_required

SPARE_ROWS = 2  # empty rows for further rungs
bp = Blueprint("ladders", __name__, url_prefix="/ladders")


class LadderUnknown(Problem):
    message = "There is no such ladder."


missing_page(bp, LadderUnknown, InvitationMissing)


class RungForm(TidyRow):
    """One rung; without a kind there is none."""

    kind = ChoiceField(
        _l("What is done"), choices=[("", _l("– no rung –")), *((kind.value, words.KINDS[kind]) for kind in RungKind)]
    )
    days = Number(_l("How many days"), validators=[Between(0, MOST_DAYS)], default=3)
    timing = ChoiceField(_l("Counted how"), choices=[(timing.value, words.TIMINGS[timing]) for timing in RungTiming])
    at = Clock(_l("At"))

    @property
    def rule(self) -> RungRule | None:
        if not self.kind.data:
            return None
        at = self.at.data or PROPOSED[LadderName.CADRES][0].at
        return RungRule(RungKind(self.kind.data), RungTiming(self.timing.data), self.days.data or 0, at)


class LadderForm(TidyForm):
    rows = Rows(FormField(RungForm), max_entries=MOST_RUNGS)

    def offer(self, name: LadderName) -> None:
        """Offer the kinds of rung that this ladder can have."""
        kinds = [(kind.value, words.KINDS[kind]) for kind in kinds_of(name)]
        for row in self.rows:
            row.form.kind.choices = [("", _l("– no rung –")), *kinds]

    def fill(self, rules: Sequence[RungRule]) -> None:
        for rule in rules:
            self.rows.append_entry(
                {"kind": rule.kind.value, "days": rule.days, "timing": rule.timing.value, "at": rule.at}
            )
        for _empty in range(min(SPARE_ROWS, MOST_RUNGS - len(rules))):
            self.rows.append_entry({"kind": "", "timing": RungTiming.AFTER_INVITATION.value})

    @property
    def rules(self) -> list[RungRule]:
        return [rule for row in self.rows if (rule := row.form.rule) is not None]


@bp.get("")
@staff_required
def index() -> str:
    own = ladder.of_office()
    return render_template(
        "ladder/index.html", ladders=own, offered={name: offered(name, rules) for name, rules in own.items()},
        figures=ladder.figures(), words=words,
    )  # fmt: skip


@bp.post("/<string:name>/offered")
@coordinator_required
def add_offered(name: str) -> Any:
    """Add the rungs of newer kinds that a ladder does not have."""
    editing.add_offered(_named(name), by=current_user, now=clock.now())
    flash(_("The ladder is saved. Ladders that run stay as they are."), "success")
    return redirect(url_for(".index"))


def _named(name: str) -> LadderName:
    if name not in set(LadderName):
        raise LadderUnknown
    return LadderName(name)


@bp.route("/<string:name>", methods=["GET", "POST"])
@coordinator_required
def edit(name: str) -> Any:
    """Change a ladder. An office without one sees a proposal, which is used only once it is saved."""
    chosen, form = _named(name), LadderForm()
    own = ladder.of_office()[chosen]
    if form.is_submitted():
        form.offer(chosen)
        if form.validate():
            try:
                editing.save(chosen, form.rules, by=current_user, now=clock.now())
            except Problem as problem:
                show_problem(form, problem)
            else:
                flash(_("The ladder is saved. Ladders that run stay as they are."), "success")
                return redirect(url_for(".index"))
    else:
        form.fill(own or PROPOSED[chosen])
        form.offer(chosen)
    page = render_template("ladder/edit.html", form=form, name=chosen, is_new=not own, words=words)
    return page, 422 if form.is_submitted() else 200

"""How long the office keeps what: the table, its preview before a change is saved, and what was erased when."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from outreach import clock
from outreach.delivery.words import retention as words
from outreach.domain.privacy.retention import (
    BOUNDS,
    CHANGEABLE,
    ONLY_TOLD,
    Due,
    PeriodOutOfBounds,
    Purpose,
)
from outreach.services.privacy.retention import periods
from outreach.web.frame.access import administrator_required
from outreach.web.frame.say import say

bp = Blueprint("retention", __name__, url_prefix="/retention")


@bp.get("/")
@administrator_required
def index() -> str:
    return _shown(periods.read())


@bp.post("/")
@administrator_required
def save() -> Any:
    """Save the periods. If they erase anything sooner than the present ones, what that is is shown first."""
    typed = {purpose: request.form.get(purpose.value, type=int) for purpose in CHANGEABLE}
    wanted = {purpose: days for purpose, days in typed.items() if days is not None}
    present, now = periods.read(), clock.now()
    wrong: dict[Purpose, str] = {}
    for purpose in CHANGEABLE:
        try:
            periods.retention.checked(purpose, typed[purpose])
        except PeriodOutOfBounds as problem:
            wrong[purpose] = say(problem)
    if wrong:
        return _shown({**present, **wanted}, wrong=wrong), 422
    shorter = any(wanted[purpose] < present[purpose] for purpose in CHANGEABLE)
    if shorter and "sure" not in request.form:
        return _shown(wanted, asking=True)
    if periods.save(wanted, by=current_user, now=now):
        flash(_("The periods are saved. They count from the next run, within the hour."), "success")
    return redirect(url_for(".index"))


def _shown(wanted: periods.Periods, *, wrong: Mapping[Purpose, str] | None = None, asking: bool = False) -> str:
    due = [] if wrong else periods.preview(wanted, now=clock.now())
    return render_template(
        "privacy/retention.html",
        words=words,
        purposes=list(Purpose),
        bounds=BOUNDS,
        only_told=ONLY_TOLD,
        periods=wanted,
        wrong=wrong or {},
        asking=asking,
        due=_lines(due),
        log=periods.log(),
    )


def _lines(due: Sequence[Due]) -> list[tuple[Any, list[str]]]:
    """Return the preview by day: what is erased at the next run (None) and on each day ahead."""
    days: dict[Any, list[str]] = {}
    for one in sorted(due, key=lambda one: (one.on is not None, one.on or 0)):  # type: ignore[arg-type,return-value]
        days.setdefault(one.on, []).append(f"{words.counted(one.purpose, one.number)} – {words.what(one.purpose)}")
    return list(days.items())

"""All clashes in the office's plan on one page, gravest first, with their resolutions."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from wtforms import StringField
from wtforms.validators import Length

from outreach import clock
from outreach.domain.clashes import Clash
from outreach.domain.kinds import ListName
from outreach.domain.planning.rules import Severity
from outreach.queries import clashes as clash_pages
from outreach.queries.activities import intended as intentions
from outreach.queries.activities import lists as browsing
from outreach.queries.paging import Page
from outreach.services.planning import clashes as clashing
from outreach.services.planning import intended
from outreach.web.clashes.marks import shown_marks
from outreach.web.clashes.shown import shown
from outreach.web.exports import columns, file
from outreach.web.fields.base import TidyForm
from outreach.web.fields.fields import Sentence, whole
from outreach.web.fields.problems import flashing_problems
from outreach.web.frame.access import coordinator_required, staff_required
from outreach.web.frame.say import page_number
from outreach.web.frame.way_back import coming_back

bp = Blueprint("findings", __name__, url_prefix="/findings")

PER_PAGE = 25


class IntendedForm(TidyForm):
    reason = StringField(
        _l("Reason"),
        [Sentence(_l("Please write why it is meant so, such as Beliau hanya membuka acara.")),
         Length(max=intended.REASON_MAX)],
        description=_l("It is kept with your name, in case somebody asks later."),
    )  # fmt: skip


ALONE = "alone"  # in the filter: activities without a programme
FOUND = (Severity.BLOCK, Severity.WARN)


@bp.get("")
@staff_required
def index() -> Any:
    asked = request.args.get("severity", "")
    severity = Severity(asked) if asked in set(FOUND) else None
    programme = request.args.get("programme", "")
    now = clock.now()
    found = clashing.everything(now=now)
    groups = clashing.gathered((clash for clash in found.clashes if _is_of(clash, programme)), crowds=True)
    counts = {each: sum(group[0].severity is each for group in groups) for each in FOUND}
    groups = [group for group in groups if severity in (None, group[0].severity)]
    groups.sort(key=lambda group: FOUND.index(group[0].severity))  # a stable sort: within each severity, by time
    if file.asked():
        rows = shown(found, groups=groups, with_resolutions=False)
        return file.send(ListName.CLASHES, columns.clashes(), rows)
    page = _page(groups)
    found, groups = clash_pages.to_resolve(found, page.items, now=now)
    return render_template(
        "clashes/index.html",
        page=page,
        rows=shown(found, groups=groups),
        counts=counts,
        severity=severity,
        programme=programme,
        programmes=browsing.programme_choices(),
        alone=ALONE,
        intended=shown_marks(intentions.standing(now=now)) if page.number == 1 else [],
    )


@bp.route("/intended", methods=["GET", "POST"])
@coordinator_required
def intend() -> Any:
    """Show one clash, and mark it as intended with a reason."""
    ids, substance = request.args.getlist("activity", type=int), request.args.get("clash", "")
    back = _back()
    form, now = IntendedForm(), clock.now()
    with flashing_problems("warning"):
        found, group = intended.group(ids, substance, now=now)
        if form.validate_on_submit():
            intended.mark(ids, substance, form.reason.data or "", by=current_user, now=now)
            flash(_("Noted as intended. It comes back if the clash changes."), "success")
            return redirect(back)
        rows = shown(found, groups=[group], with_resolutions=False)
        status = 422 if form.errors else 200
        return render_template("clashes/intend.html", form=form, row=rows[0], back=back), status
    return redirect(back)


@bp.post("/intended/<int:mark_id>/take-back")
@coordinator_required
def take_back(mark_id: int) -> Any:
    with flashing_problems("warning"):
        intended.take_back(mark_id, by=current_user, now=clock.now())
        flash(_("Taken back. If the clash is still there, it is among the clashes again."), "success")
    return redirect(_back())


def _back() -> str:
    """Return the page from which the user came, the activity's page, or that of all clashes."""
    if back := coming_back():
        return back
    of = request.args.get("of", type=int)
    return url_for("activities.show", activity_id=of) if of else url_for(".index")


def _is_of(clash: Clash, programme: str) -> bool:
    """Return whether it is about an activity of the requested programme. Without a valid one, return True."""
    if programme == ALONE:
        return any(activity.programme_id is None for activity in clash.activities)
    programme_id = whole(programme)
    return not programme_id or any(activity.programme_id == programme_id for activity in clash.activities)


def _page(groups: list[list[Clash]]) -> Page:
    number = min(page_number(), max(1, -(-len(groups) // PER_PAGE)))
    first = (number - 1) * PER_PAGE
    return Page(groups[first : first + PER_PAGE], len(groups), number, PER_PAGE)

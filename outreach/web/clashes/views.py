"""All clashes in the office's plan on one page, gravest first, with their resolutions."""

from typing import Any

from flask import Blueprint, render_template, request
from flask_babel import gettext as _

from outreach import clock
from outreach.domain.clashes import Clash
from outreach.domain.planning.rules import Severity
from outreach.queries.activities import lists as browsing
from outreach.queries.paging import Page
from outreach.services.planning import clashes as clashing
from outreach.web.clashes.shown import shown
from outreach.web.exports import columns, file
from outreach.web.fields.fields import whole
from outreach.web.frame.accounts import staff_required
from outreach.web.frame.say import page_number

bp = Blueprint("findings", __name__, url_prefix="/findings")

PER_PAGE = 25
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
    groups = [one for one in clashing.gathered(found.clashes) if _is_of(one[0], programme)]
    counts = {one: sum(group[0].severity is one for group in groups) for one in FOUND}
    groups = [one for one in groups if severity in (None, one[0].severity)]
    groups.sort(key=lambda group: FOUND.index(group[0].severity))  # a stable sort: within each severity, by time
    if file.asked():
        rows = shown(found, groups=groups, with_resolutions=False)
        return file.send(_("Clashes"), columns.clashes(), rows)
    page = _page(groups)
    found, groups = clashing.to_resolve(found, page.items, now=now)
    return render_template(
        "clashes/index.html",
        page=page,
        rows=shown(found, groups=groups),
        counts=counts,
        severity=severity,
        programme=programme,
        programmes=browsing.programme_choices(),
        alone=ALONE,
    )


def _is_of(clash: Clash, programme: str) -> bool:
    """Return whether it is about an activity of the requested programme. Without a valid one, return True."""
    if programme == ALONE:
        return any(one.programme_id is None for one in clash.activities)
    programme_id = whole(programme)
    return not programme_id or any(one.programme_id == programme_id for one in clash.activities)


def _page(groups: list[list[Clash]]) -> Page:
    number = min(page_number(), max(1, -(-len(groups) // PER_PAGE)))
    first = (number - 1) * PER_PAGE
    return Page(groups[first : first + PER_PAGE], len(groups), number, PER_PAGE)

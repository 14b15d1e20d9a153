"""What the pages of placements show, put together from what is kept."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext as _

from outreach.domain.placement import CauseKind
from outreach.domain.states import ActivityState
from outreach.models import Placement
from outreach.services import choosing, placing, placingrequest, placingresults
from outreach.services.placingresults import Result
from outreach.web import placementwords
from outreach.web.forms.placement_forms import Row

OF_ROWS = (CauseKind.DAYS, CauseKind.FIXED)  # conditions that stand in an activity's own row of the form
Group = tuple[str, list[Row], bool]  # title, rows, whether they are published


def grouped(rows: Sequence[Row]) -> list[Group]:
    """Return the activities to choose from, by programme; first the drafts, then those that people know of."""
    found: dict[tuple[bool, int], Group] = {}
    for row in rows:
        programme, known = row.activity.programme, row.activity.state is ActivityState.PUBLISHED
        title = programme.title if programme else _("Standing alone")
        key = (known, programme.id if programme else 0)
        found.setdefault(key, (title, [], known))[1].append(row)
    return sorted(found.values(), key=lambda group: group[2])


def venue_names(result: Result) -> Mapping[int, str]:
    spots = [spot for line in result.lines for spot in (line.before, line.after)]
    wanted = {spot.venue_id for spot in spots if spot.venue_id is not None}
    wanted |= {id for clash in result.conflicts for cause in clash.causes for id in cause.venues}
    return placing.venue_names(wanted) if wanted else {}


def shown(placement: Placement) -> dict[str, Any]:
    """Return what the page of one placement shows."""
    result = placingresults.read(placement.result)
    asked = placingrequest.from_json(placement.request)
    venues = venue_names(result)
    return {
        "result": result,
        "asked": asked,
        "venues": venues,
        "words": placementwords,
        "problem": _problem(placement),
        "clashes": _clashes(result, asked, venues),
        "costs": [(placementwords.TERMS[term], cost) for term, cost in result.costs.items()],
        "unplaced": [result.titles.get(id, "–") for id in result.unplaced],
    }


def _problem(placement: Placement) -> str:
    if not placement.problem:
        return ""
    return _(placement.problem, **placement.progress.get("values", {}))


def _clashes(result: Result, asked: Any, venues: Mapping[int, str]) -> list[tuple[str, bool, list[Any]]]:
    """Return for each conflict: the sentence, whether lifting one cause suffices, and the causes.

    Each cause with examples, and with the id of the activity in whose row of the form it stands.
    """
    if not result.conflicts:
        return []
    codes = {code for clash in result.conflicts for cause in clash.causes for code in cause.kecamatan}
    kecamatan = placing.region_names(codes) if codes else {}
    people = [one.display_name for one in choosing.people(asked.facilitators)]
    said = []
    for clash in result.conflicts:
        causes = [
            (
                placementwords.cause_words(
                    cause, asked, result.titles, venues=venues, kecamatan=kecamatan, people=people
                ),
                list(dict.fromkeys(map(placementwords.example_words, cause.examples)))[:3],
                cause.ids[0] if cause.kind in OF_ROWS else None,
            )
            for cause in clash.causes
        ]
        said.append((placementwords.clash_words(clash.ids, result.titles), clash.is_minimal, causes))
    return said

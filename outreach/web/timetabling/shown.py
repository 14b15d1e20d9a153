"""What the pages of placements show, put together from what is kept."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext as _

from outreach.domain.states import ActivityState
from outreach.domain.timetabling import CauseKind
from outreach.models import TimetablingSearch
from outreach.queries.invitations import choices
from outreach.services.timetabling import request as timetabling_request
from outreach.services.timetabling import result as timetabling_result
from outreach.services.timetabling import searches
from outreach.services.timetabling.result import Result
from outreach.web.timetabling import words as timetabling_words
from outreach.web.timetabling.forms import TaskRow

OF_ROWS = (CauseKind.DAYS, CauseKind.FIXED)  # conditions that stand in an activity's own row of the form
Group = tuple[str, list[TaskRow], bool]  # title, rows, whether they are published


def grouped(rows: Sequence[TaskRow]) -> list[Group]:
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
    return searches.venue_names(wanted) if wanted else {}


def shown(search: TimetablingSearch) -> dict[str, Any]:
    """Return what the page of one placement shows."""
    result = timetabling_result.read(search.result)
    asked = timetabling_request.from_json(search.request)
    venues = venue_names(result)
    return {
        "result": result,
        "asked": asked,
        "venues": venues,
        "words": timetabling_words,
        "problem": _problem(search),
        "clashes": _clashes(result, asked, venues),
        "costs": [(timetabling_words.TERMS[term], cost) for term, cost in result.costs.items()],
        "unplaced": [result.titles.get(id, "–") for id in result.unplaced],
    }


def _problem(search: TimetablingSearch) -> str:
    if not search.problem:
        return ""
    return _(search.problem, **search.progress.get("values", {}))


def _clashes(result: Result, asked: Any, venues: Mapping[int, str]) -> list[tuple[str, bool, list[Any]]]:
    """Return for each conflict: the sentence, whether lifting one cause suffices, and the causes.

    Each cause with examples, and with the id of the activity in whose row of the form it stands.
    """
    if not result.conflicts:
        return []
    codes = {code for clash in result.conflicts for cause in clash.causes for code in cause.kecamatan}
    kecamatan = searches.region_names(codes) if codes else {}
    people = [one.display_name for one in choices.people(asked.facilitators)]
    said = []
    for clash in result.conflicts:
        causes = [
            (
                timetabling_words.cause_words(
                    cause, asked, result.titles, venues=venues, kecamatan=kecamatan, people=people
                ),
                list(dict.fromkeys(map(timetabling_words.example_words, cause.examples)))[:3],
                cause.ids[0] if cause.kind in OF_ROWS else None,
            )
            for cause in clash.causes
        ]
        said.append((timetabling_words.clash_words(clash.ids, result.titles), clash.is_minimal, causes))
    return said

"""A person's name in timetabling searches: export and erase it. Called by privacy/person.py."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.states import SearchState
from outreach.models import Person, TimetablingSearch
from outreach.services.timetabling.task import FacilitatorsGone

FORGOTTEN = "–"
SEARCHING = (SearchState.QUEUED, SearchState.RUNNING)


def held(session: Session, person: Person) -> dict[str, list[dict[str, Any]]]:
    """Return the searches that name the person, or list them as a possible facilitator, as JSON values."""
    return {"placements": [{"title": row.title, "at": row.created_at.isoformat()} for row in _naming(session, person)]}


def lock(session: Session) -> None:
    """Lock all searches, so that no proposal is applied meanwhile. Call it before activities are locked, as apply does."""
    session.execute(sa.select(TimetablingSearch.id).order_by(TimetablingSearch.id).with_for_update()).all()


def forget(session: Session, person: Person) -> None:
    """Remove a person from all requests and proposals. Call it while the person still has the name.

    Queued and running searches are ended: they have read the names already and would write them again.
    """
    session.execute(
        sa.update(TimetablingSearch)
        .where(TimetablingSearch.state.in_(SEARCHING))
        .values(state=SearchState.FAILED, worker="", problem=FacilitatorsGone.message, result={}, progress={})
    )
    for row in list(_naming(session, person)):
        left = [id for id in row.request.get("facilitators", ()) if id != person.id]
        lines = [{**line, "needed": min(line.get("needed", 0), len(left))} for line in row.request.get("lines", ())]
        session.execute(
            sa.update(TimetablingSearch)
            .where(TimetablingSearch.id == row.id)
            .values(
                request={**row.request, "facilitators": left, "lines": lines},
                result=without(row.result, person.id, person.full_name),
            )
        )


def _naming(session: Session, person: Person) -> Iterator[Any]:
    columns = (
        TimetablingSearch.id,
        TimetablingSearch.title,
        TimetablingSearch.created_at,
        TimetablingSearch.request,
        TimetablingSearch.result,
    )
    for row in session.execute(sa.select(*columns).order_by(TimetablingSearch.id)).yield_per(20):
        chosen = person.id in row.request.get("facilitators", ())
        if chosen or without(row.result, person.id, person.full_name) != row.result:
            yield row


def without(value: Any, person_id: int, name: str) -> Any:
    """Return the JSON without the name, wherever it is a whole value or stands beside the person's id.

    The reason of their absence ("why") is removed too.
    """
    if isinstance(value, dict):
        found = {key: without(part, person_id, name) for key, part in value.items()}
        return {**found, "why": ""} if name and value.get("who") == name and "why" in value else found
    if isinstance(value, list):
        if len(value) == 2 and value[0] == person_id and isinstance(value[1], str):
            return [person_id, FORGOTTEN]
        return [without(part, person_id, name) for part in value]
    return FORGOTTEN if name and value == name else value

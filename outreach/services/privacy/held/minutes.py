"""A person's name in minutes, what they said as chair, and their follow-ups: export and erase them. For privacy/person.py.

The name is taken out of every stored version, as a whole name: "Ani" leaves "Aniswati" as she is. A PDF that was sent stays
as it went out: it is a document of the office.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from outreach.delivery import tokens
from outreach.domain.directory import names
from outreach.models import FollowUp, Minutes, MinutesReply, MinutesVersion, Person
from outreach.models.people import ERASED


def held(session: Session, person: Person) -> dict[str, list[dict[str, Any]]]:
    """Return the minutes that name the person, and their follow-ups, as JSON values."""
    found = {version.minutes_id: version.minutes for version in _naming(session, person)}
    tasks = session.scalars(
        sa.select(FollowUp).where(FollowUp.person_id == person.id).order_by(FollowUp.due_on, FollowUp.id)
    )
    return {
        "minutes": [
            {"activity": minutes.activity.title, "state": minutes.state.value} for _id, minutes in sorted(found.items())
        ],
        "minutes_replies": [
            {
                "activity": minutes.activity.title,
                "at": said.said_at.isoformat(),
                "agrees": said.agrees,
                "note": said.note,
            }
            for minutes in session.scalars(_led(person)).all()
            for said in minutes.replies
        ],
        "follow_ups": [
            {"what": task.what, "due_on": task.due_on.isoformat(), "state": task.state.value, "note": task.note}
            for task in tasks
        ],
    }


def forget(session: Session, person: Person) -> None:
    """Take the person's name out of all minutes, in the caller's transaction. Call it while the person has the name."""
    gone = [name for name in dict.fromkeys((person.full_name, person.name)) if name] if person.name else []
    for version in list(_naming(session, person)):
        version.values = _without(version.values, gone)
    for name in gone:
        session.execute(sa.update(MinutesReply).where(MinutesReply.name == name).values(name=ERASED))
    for task in session.scalars(sa.select(FollowUp).where(FollowUp.person_id == person.id)):
        task.nonce, task.note = tokens.new_nonce(), ""
    for minutes in session.scalars(_led(person)).all():
        minutes.nonce = tokens.new_nonce()
        for said in minutes.replies:
            said.note = ""


def _led(person: Person) -> sa.Select[Any]:
    """Select the minutes whose chair the person is."""
    return sa.select(Minutes).where(Minutes.chair_id == person.id).order_by(Minutes.id)


def _naming(session: Session, person: Person) -> Iterator[MinutesVersion]:
    """Yield the versions that name the person. Somebody known only by post has no name there."""
    if not person.name:
        return
    as_stored = json.dumps(person.name)[1:-1]
    yield from session.scalars(
        sa.select(MinutesVersion)
        .where(sa.cast(MinutesVersion.values, sa.Text).contains(as_stored, autoescape=True))
        .options(joinedload(MinutesVersion.minutes).joinedload(Minutes.activity))
        .order_by(MinutesVersion.minutes_id, MinutesVersion.number)
    )


def _without(value: Any, gone: Sequence[str]) -> Any:
    """Return JSON values without these names. Who was there has a name of their own, so only the whole of it counts there."""
    if isinstance(value, str):
        for name in gone:
            value = names.without(value, name, ERASED)
        return value
    if isinstance(value, dict):
        return {
            key: (ERASED if one in gone else one) if key == "name" else _without(one, gone)
            for key, one in value.items()
        }
    return [_without(one, gone) for one in value] if isinstance(value, list) else value

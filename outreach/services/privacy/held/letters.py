"""A person's name in letters: export and erase it. Called by privacy/person.py.

The name is taken out of every stored version, also of a signed letter. A signed letter's file stays as it came: it is a
document of the office, which the law on archives (UU 43/2009) keeps, and changing one byte would break its signature.
"""

import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from outreach import codec
from outreach.domain.letters import values as letters
from outreach.domain.letters.values import LetterValues
from outreach.models import Letter, LetterVersion, Person
from outreach.models.people import ERASED


def held(session: Session, person: Person) -> dict[str, list[dict[str, Any]]]:
    """Return the letters that name the person, as JSON values."""
    found = {version.letter_id: version.letter for version in _naming(session, person)}
    return {
        "letters": [
            {
                "code": letter.code,
                "kind": letter.kind.value,
                "number": letter.number,
                "dated_on": letter.dated_on.isoformat() if letter.dated_on else None,
                "subject": letter.subject,
                "state": letter.state.value,
            }
            for _id, letter in sorted(found.items())
        ]
    }


def forget(session: Session, person: Person) -> None:
    """Take the person's name out of all letters, in the caller's transaction. Call it while the person has the name."""
    for version in list(_naming(session, person)):
        values = codec.from_json(LetterValues, version.values)
        for name in (person.full_name, person.name):
            values = letters.without_name(values, name, ERASED)
        version.values = codec.to_json(values)


def _naming(session: Session, person: Person) -> Iterator[LetterVersion]:
    """Yield the versions that name the person as addressee or on the agenda. Somebody known only by post has no name there."""
    if not person.name:
        return
    as_stored = json.dumps(person.name)[1:-1]
    yield from session.scalars(
        sa.select(LetterVersion)
        .join(LetterVersion.letter)
        .where(sa.cast(LetterVersion.values, sa.Text).contains(as_stored, autoescape=True))
        .options(joinedload(LetterVersion.letter))
        .order_by(Letter.id, LetterVersion.number)
    )

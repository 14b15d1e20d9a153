"""What the plan says by now of a letter that nobody has signed yet, and taking it over into the letter."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session, scoped_session

from outreach.domain.letters import values as letters
from outreach.domain.letters.values import CHANGEABLE, LetterValues
from outreach.models import Letter, User
from outreach.services.letters import facts, settings
from outreach.services.letters.compose import LetterSigned, add_version
from outreach.services.letters.facts import NobodyOnTheLetter
from outreach.services.letters.make import FOLLOWS_ANOTHER
from outreach.services.letters.versions import last_values, letter_for_change
from outreach.transactions import writing


def has_changed(session: Session | scoped_session, letter: Letter) -> bool:
    """Return whether day, time, place or agenda differ by now from what the letter says.

    A letter that follows another says what has changed; it stays as it is.
    """
    if letter.state not in CHANGEABLE or letter.kind in FOLLOWS_ANOTHER:
        return False
    said = last_values(letter)
    try:
        return _present(session, letter, said) != said
    except NobodyOnTheLetter:  # all were withdrawn meanwhile
        return False


def has_moved(session: Session | scoped_session, letter: Letter) -> bool:
    """Return whether day, time or place differ by now from what the letter says, signed or not."""
    said = last_values(letter).facts
    try:
        found = facts.facts_of(facts.invitations_of(session, [one.id for one in letter.invitations]))
    except NobodyOnTheLetter:  # all were withdrawn meanwhile
        return False
    # The office may have chosen meanwhile whether letters tell the end.
    return said not in [letters.facts_of(found.activities, tells_end=tells_end) for tells_end in (True, False)]


def take_over(letter_id: int, version: int, *, by: User | None, now: datetime) -> None:
    """Write day, time, place and agenda as they are now into the letter, as a new version. Its texts stay as they are.

    Raise LetterMissing, Stale, LetterSigned, NobodyOnTheLetter.
    """
    with writing() as session:
        letter = letter_for_change(session, letter_id, version)
        if letter.kind in FOLLOWS_ANOTHER:
            raise LetterSigned
        add_version(session, letter, _present(session, letter, last_values(letter)), by=by, now=now)


def _present(session: Session | scoped_session, letter: Letter, said: LetterValues) -> LetterValues:
    found = facts.facts_of(facts.invitations_of(session, [one.id for one in letter.invitations]))
    tells_end = settings.current(session).values.tells_end
    values = replace(said, facts=letters.facts_of(found.activities, tells_end=tells_end), agenda=found.agenda)
    if said.attachments == letters.attachments_of(said):  # nobody wrote another text there
        values = replace(values, attachments=letters.attachments_of(values))
    return values

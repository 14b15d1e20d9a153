"""The versions of a letter: its present values, and finding it to change it."""

from sqlalchemy.orm import Session

from outreach import codec
from outreach.domain.letters import LetterValues
from outreach.domain.problems import Problem
from outreach.models import Letter
from outreach.services.locking import Stale


class LetterMissing(Problem):
    message = "There is no such letter."


def last_values(letter: Letter) -> LetterValues:
    """Return what the letter says now."""
    return codec.from_json(LetterValues, letter.versions[-1].values)


def letter_for_change(session: Session, letter_id: int, version: int | None = None) -> Letter:
    """Return the letter, locked for this transaction. Raise LetterMissing, or Stale if its version differs."""
    letter = session.get(Letter, letter_id, with_for_update={"of": Letter, "key_share": True}, populate_existing=True)
    if letter is None:
        raise LetterMissing
    if version is not None and letter.version != version:
        raise Stale
    return letter

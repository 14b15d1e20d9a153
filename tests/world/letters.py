"""Letters that were signed, as services/letters/returned.py leaves them, without signing each for real."""

from datetime import date

from outreach.domain.kinds import LetterKind
from outreach.domain.letters import LetterState
from outreach.extensions import db
from outreach.models import Invitation, Letter
from outreach.services import files
from outreach.services.letters import make
from tests.world import NOW
from tests.world.papers import LETTER, paper

NUMBER, DATED_ON = "400.2/7/2027", date(2027, 1, 5)


def signed_letter(
    *invitations: Invitation, data: bytes = b"", kind: LetterKind = LetterKind.INVITATION, number: str = NUMBER,
    follows: Letter | None = None,
) -> Letter:  # fmt: skip
    """Store a letter to these invitations, or one that follows another, with a file that was accepted."""
    if follows is not None:
        letter = make.follow(follows.id, kind, reason="Aula dipakai", by=None, now=NOW)
    else:
        letter = make.make(kind, [invitation.id for invitation in invitations], by=None, now=NOW)
    letter = db.session.get(Letter, letter.id)
    letter.signed_file = files.keep(db.session, data or paper(LETTER), "surat.pdf", "application/pdf", by=None, now=NOW)
    letter.state, letter.number, letter.dated_on = LetterState.SIGNED, number, DATED_ON
    db.session.commit()
    return letter

"""Signed letters that come back by mail: recognised by the code in their text, and kept on their letter's page.

Only mails of the office's own people are looked at: its address and its accounts. A coordinator still accepts the file, so a
mail alone sends nothing to anybody.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.delivery.inbox.reading import Incoming
from outreach.domain.documents import shown_code
from outreach.domain.mail.incoming import IncomingReason
from outreach.extensions import db
from outreach.models import IncomingMail, Letter, Office, User, the_office
from outreach.services.letters import returned
from outreach.services.letters.returned import LetterEnded, RecognisedFile
from outreach.services.letters.versions import LetterMissing


def recognised(mail: Incoming, *, now: datetime) -> RecognisedFile | None:
    """Return the signed letter in a mail whose sender is proven to be one of ours.

    Call it outside of transactions. Raise PdfReadersBusy: try again later.
    """
    if not mail.files or not mail.sender_proven:
        return None
    ours = _is_ours(db.session(), mail.sender)
    db.session.rollback()
    return returned.recognise(mail.files, now=now) if ours else None


def apply(session: Session, row: IncomingMail, mail: Incoming, letter: RecognisedFile | None, *, now: datetime) -> None:
    """Keep the letter in the caller's transaction, and say on the mail's row what was done."""
    if letter is None:
        if mail.files and not mail.sender_proven and _is_ours(session, mail.sender):
            row.reason = IncomingReason.LETTER_UNPROVEN
        return
    try:
        kept = returned.store(session, letter, by=None, now=now, sender=mail.sender)
    except (LetterEnded, LetterMissing):
        return
    row.reason = IncomingReason.LETTER_RETURNED
    row.text = f"{_named(kept.letter)}\n\n{row.text}".strip()


def _is_ours(session: Session, sender: str) -> bool:
    """Return whether the address is the office's, or that of an account that may sign in."""
    accounts = sa.select(User.id).where(sa.func.lower(User.email) == sender, User.active)
    office = session.scalar(the_office(Office.email)) or ""
    return sender == office.lower() or session.scalar(accounts) is not None


def _named(letter: Letter) -> str:
    return f"{letter.title} ({shown_code(letter.code)})"

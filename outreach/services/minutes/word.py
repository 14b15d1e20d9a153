"""The minutes as .docx, for who finishes them in Word."""

from outreach.delivery.documents.word import minutes as word_minutes
from outreach.extensions import db
from outreach.models import Minutes, Office, the_office
from outreach.services import files
from outreach.services.letters import settings
from outreach.services.minutes import send, versions


def word(minutes: Minutes) -> bytes:
    """Return the last version as .docx, marked KONSEP until it is approved. Raise a Problem of the sandbox."""
    last = versions.last(minutes)
    head = settings.current(db.session).values.letterhead
    made = word_minutes.word(
        versions.values_of(last),
        head,
        office=db.session.scalar(the_office(Office.short_name)) or "",
        at=last.made_at,
        draft=not versions.is_approved(minutes, last.number),
        emblem=files.data_of(db.session, head.emblem) if head.emblem else b"",
        approval=send.approval_of(minutes, last.number),
    )
    return made.data

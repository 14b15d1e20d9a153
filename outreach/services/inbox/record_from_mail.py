"""Recording an answer that is in an incoming mail; the mail becomes handled in the same transaction."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from outreach.models import Invitation, User
from outreach.services.inbox import handled, waiting


def record(
    mail_id: int, use_case: Callable[..., Invitation], *answer: Any, by: User | None, now: datetime, **more: Any
) -> Invitation:
    """Record what the mail says, and mark the mail as handled. Raise IncomingMissing, or what `use_case` raises.

    use_case: `record_answer` or `nominate_for` of answers/record.py. answer, more: its other arguments.
    """

    def note(session: Session, invitation: Invitation) -> None:
        handled.note_handled(session, mail_id, by=by, now=now, about=invitation)

    invitation = use_case(*answer, by=by, now=now, in_mail=mail_id, then=note, **more)
    waiting.count_again()
    return invitation

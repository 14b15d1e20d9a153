"""Recording an answer that is in an incoming mail; the mail becomes handled in the same transaction."""

from collections.abc import Sequence
from datetime import datetime

from outreach.domain.answers import Choice, Representative
from outreach.domain.kinds import AnswerSource
from outreach.models import Invitation, User
from outreach.services.answers import record
from outreach.services.answers.nominees import Nominee
from outreach.services.inbox import handled, waiting
from outreach.transactions import writing


def record_answer(
    mail_id: int,
    invitation_id: int,
    choice: Choice,
    source: AnswerSource,
    representative: Representative | None = None,
    note: str = "",
    *,
    by: User | None,
    now: datetime,
) -> Invitation:
    """Record the answer with answers/record.py and mark the mail as handled. Raise IncomingMissing."""
    with writing() as session:
        invitation = record.record_in(
            session, invitation_id, choice, source, representative, note, by=by, now=now, incoming_mail=mail_id
        )
        handled.note_handled(session, mail_id, by=by, now=now, about=invitation)
    waiting.count_again()
    return invitation


def nominate_for(
    mail_id: int,
    invitation_id: int,
    nominees: Sequence[Nominee],
    *,
    by: User | None,
    now: datetime,
    source: AnswerSource,
) -> Invitation:
    """Record the nominees with answers/record.py and mark the mail as handled. Raise IncomingMissing."""
    with writing() as session:
        invitation = record.nominate_in(session, invitation_id, nominees, source, by=by, now=now, incoming_mail=mail_id)
        handled.note_handled(session, mail_id, by=by, now=now, about=invitation)
    waiting.count_again()
    return invitation

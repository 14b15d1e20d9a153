"""The history of one invitation in one line of time: mails, answers, calls, letters received, and what staff changed.

Each source keeps its own rows; this only reads them together. The number of statements is fixed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from outreach.domain.states import ANSWERED
from outreach.extensions import db
from outreach.models import (
    ArchivedLine,
    ArchivedMessage,
    AuditEntry,
    Call,
    IncomingMail,
    Invitation,
    Message,
    MessageLine,
    User,
    call_invitation,
)
from outreach.queries.invitations import evidence

ANSWER_RECORDED = "invitation.answer_recorded"


class EntryKind(StrEnum):
    """What an entry is about; the page shows each kind in its own way."""

    INVITED = "invited"
    MAIL = "mail"  # what: the Message or ArchivedMessage
    ANSWER = "answer"  # what: the Invitation, with its present answer
    RECORDED = "recorded"  # what: the AuditEntry of an answer that staff recorded
    EVIDENCE = "evidence"  # what: the AnswerEvidence of an answer that staff recorded
    CALL = "call"  # what: the Call
    WROTE = "wrote"  # what: the IncomingMail
    CHANGED = "changed"  # what: the AuditEntry of another change
    CAME = "came"  # what: the Attendance


@dataclass(frozen=True)
class HistoryEntry:
    at: datetime
    kind: EntryKind
    what: Any = None


def of(invitation: Invitation) -> list[HistoryEntry]:
    """Return all that happened about an invitation, the oldest first."""
    found = [*_own(invitation), *_mails(invitation.id), *_calls(invitation.id), *_letters(invitation.id)]
    audited = list(_audited(invitation.id))
    recorded = {entry.at for entry in audited if entry.kind is EntryKind.RECORDED}
    found = [one for one in found if one.kind is not EntryKind.ANSWER or one.at not in recorded]
    shown = [HistoryEntry(one.answered_at, EntryKind.EVIDENCE, one) for one in evidence.of(invitation)]
    return sorted([*found, *audited, *shown], key=lambda one: one.at)


def _own(invitation: Invitation) -> Iterator[HistoryEntry]:
    if invitation.invited_at:
        yield HistoryEntry(invitation.invited_at, EntryKind.INVITED)
    if invitation.answered_at and invitation.state in ANSWERED:
        yield HistoryEntry(invitation.answered_at, EntryKind.ANSWER, invitation)
    if invitation.attendance and invitation.attendance.present:
        yield HistoryEntry(invitation.attendance.recorded_at, EntryKind.CAME, invitation.attendance)


def _mails(invitation_id: int) -> Iterator[HistoryEntry]:
    present = sa.select(MessageLine.message_id).where(MessageLine.invitation_id == invitation_id)
    archived = sa.select(ArchivedLine.message_id).where(ArchivedLine.invitation_id == invitation_id)
    mails = [
        *db.session.scalars(sa.select(Message).where(Message.id.in_(present))),
        *db.session.scalars(sa.select(ArchivedMessage).where(ArchivedMessage.id.in_(archived))),
    ]
    for mail in mails:
        yield HistoryEntry(mail.sent_at or mail.due_at, EntryKind.MAIL, mail)


def _calls(invitation_id: int) -> Iterator[HistoryEntry]:
    ids = sa.select(call_invitation.c.call_id).where(call_invitation.c.invitation_id == invitation_id)
    calls = sa.select(Call).where(Call.id.in_(ids)).options(joinedload(Call.caller).lazyload(User.roles))
    for call in db.session.scalars(calls):
        yield HistoryEntry(call.ended_at, EntryKind.CALL, call)


def _letters(invitation_id: int) -> Iterator[HistoryEntry]:
    for mail in db.session.scalars(sa.select(IncomingMail).where(IncomingMail.invitation_id == invitation_id)):
        yield HistoryEntry(mail.received_at, EntryKind.WROTE, mail)


def _audited(invitation_id: int) -> Iterator[HistoryEntry]:
    own = (AuditEntry.subject_type == Invitation.__tablename__, AuditEntry.subject_id == invitation_id)
    entries = sa.select(AuditEntry).where(*own).options(joinedload(AuditEntry.user).lazyload(User.roles))
    for entry in db.session.scalars(entries):
        kind = EntryKind.RECORDED if entry.action == ANSWER_RECORDED else EntryKind.CHANGED
        yield HistoryEntry(entry.at, kind, entry)

"""What a tick wrote, counted from the tables: the forecast is compared with it."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from outreach.delivery.recheck import judge as recheck
from outreach.delivery.rows import batch as batch_rows
from outreach.delivery.rows import stored as rows_stored
from outreach.domain.kinds import MailKind
from outreach.domain.mail.still_true import SkipReason
from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.models import MessageLine

# One mail or one reminder cannot know this of the others; the outbox finds it when it sends.
FOR_OTHERS_SAKE = {
    SkipReason.SAID_BY_ANOTHER_LINE, SkipReason.ALREADY_WRITTEN_TODAY, SkipReason.JOINED, SkipReason.KNOWN
}  # fmt: skip


@dataclass
class Written:
    """What the tick wrote of one reminder: readers, by whether mail reaches them, and those who get it next morning."""

    mailed: set[object] = field(default_factory=set)
    without_address: set[object] = field(default_factory=set)
    later: set[object] = field(default_factory=set)

    @property
    def numbers(self) -> tuple[int, int, int]:
        return len(self.mailed), len(self.without_address), len(self.later)


def lines_now() -> set[int]:
    """Return the ids of all lines of mails."""
    return set(db.session.scalars(sa.select(MessageLine.id)))


def written(had_lines: Collection[int], now: datetime) -> dict[int, Written]:
    """Return what the tick wrote, by reminder, as the outbox judges it. had_lines: those from before the tick."""
    new = [line for line in db.session.scalars(sa.select(MessageLine)) if line.id not in had_lines]
    skipped = _skipped({line.message_id for line in new}, now)
    found: dict[int, Written] = defaultdict(Written)
    for line in new:
        invitation, message = line.invitation, line.message
        reason = skipped.get(line.id)
        row = rows_stored.line_row(line)
        leaves, assistant = row.leaves, row.assistant
        address = invitation.representative_email if line.to_representative else invitation.invitee.email
        reader = (
            invitation.person_id,
            invitation.organisation_id,
            invitation.representative_name if line.to_representative else "",
        )
        of = found[line.reminder_id]
        if assistant is not None:
            address, reader = assistant.email, (invitation.person_id, invitation.organisation_id, "their assistant")
        if leaves is not None:
            address, reader = leaves.email, (invitation.person_id, None, f"no longer: {leaves.name}")
            if leaves.stays or not address:
                continue
        elif line.reminder.kind is MailKind.WITHDRAWAL and invitation.state is not InvitationState.WITHDRAWN:
            continue  # invited again before the withdrawal was told
        if not address and (reason is None or reason in FOR_OTHERS_SAKE | {SkipReason.NEVER_TOLD}):
            of.without_address.add(reader)
        elif address and (reason is None or reason in FOR_OTHERS_SAKE):
            of.mailed.add(reader)
            if message.due_at > now:
                of.later.add(reader)
    return found


def _skipped(message_ids: set[int], now: datetime) -> dict[int, SkipReason]:
    """Return, by line, why the outbox would not send it now."""
    session = db.session()
    rows = batch_rows.load(session, sorted(message_ids))
    shared = batch_rows.load_shared(session, rows)
    judge = recheck.Judge(shared, recheck.earlier(session, rows, shared, now=now), now)
    return {line_id: reason for row in rows for line_id, reason in judge.judge(row).skipped.items()}

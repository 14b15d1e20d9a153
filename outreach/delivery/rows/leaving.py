"""Lines that tell somebody that they no longer come: their recipients, and whether they are true.

Such a line belongs to a withdrawal's reminder that names a person: somebody who acted for the invitee, or who held the post to
which the invitation goes. Its recipient is that person, whoever acts or holds the post now.
"""

from collections.abc import Collection
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from outreach.domain.kinds import MailKind
from outreach.domain.mail.still_true import ACTING, FORMER_HOLDER
from outreach.domain.states import InvitationState, MessageState
from outreach.models import ActingPerson, Invitation, Message, MessageLine, Reminder

MAY_HAVE_READ = (MessageState.SENT, MessageState.UNKNOWN, MessageState.HANDING_OVER)
ACTS = (InvitationState.REPRESENTED, InvitationState.WAITLISTED)


class Leaving(NamedTuple):
    """Who no longer comes. told: a mail told them that they do. stays: they act, or hold the post, again.

    name, post, email, nonce: of an acting person only.
    """

    name: str = ""
    post: str = ""
    email: str = ""
    nonce: str = ""
    told: bool = False
    stays: bool = False


def is_of(reminder: Reminder) -> bool:
    """Return whether the reminder tells an acting person that they no longer act."""
    return reminder.kind is MailKind.WITHDRAWAL and ACTING in (reminder.detail or {})


def former_holder_of(reminder: Reminder) -> int | None:
    """Return the id of the former holder of a post, if the reminder is for them; None for other reminders."""
    found: int | None = (reminder.detail or {}).get(FORMER_HOLDER)
    return found


def former_holders(session: Session, line_ids: Collection[int]) -> dict[int, Leaving]:
    """Return, by those of these lines that tell a former holder of a post, whether they knew. Two queries at most."""
    if not line_ids:
        return {}
    lines = session.execute(
        sa.select(MessageLine.id, MessageLine.invitation_id, Reminder.detail, Invitation.person_id)
        .join(Reminder, Reminder.id == MessageLine.reminder_id)
        .join(Invitation, Invitation.id == MessageLine.invitation_id)
        .where(MessageLine.id.in_(line_ids), Reminder.kind == MailKind.WITHDRAWAL)
    ).all()
    former = {row.id: row for row in lines if FORMER_HOLDER in (row.detail or {})}
    if not former:
        return {}
    told = told_themselves(session, {row.invitation_id for row in former.values()})
    found = {}
    for row in former.values():
        person_id = row.detail[FORMER_HOLDER]
        knows = (row.invitation_id, person_id) in told
        found[row.id] = Leaving(told=knows, stays=row.person_id == person_id)
    return found


def told_themselves(session: Session, invitation_ids: Collection[int]) -> set[tuple[int, int]]:
    """Return (invitation id, person id) of those who were told of these invitations as invitees. One query at most."""
    if not invitation_ids:
        return set()
    rows = session.execute(
        sa.select(MessageLine.invitation_id, Message.person_id)
        .join(Message, Message.id == MessageLine.message_id)
        .where(
            MessageLine.invitation_id.in_(invitation_ids), ~MessageLine.to_representative, MessageLine.skipped == "",
            Message.person_id.is_not(None), Message.state.in_(MAY_HAVE_READ),
        )
    )  # fmt: skip
    return {(row.invitation_id, row.person_id) for row in rows}


def leaving(session: Session, line_ids: Collection[int]) -> dict[int, Leaving]:
    """Return who leaves, by those of these lines that say so, in a fixed number of queries."""
    if not line_ids:
        return {}
    lines = session.execute(
        sa.select(MessageLine.id, MessageLine.invitation_id, Reminder.detail)
        .join(Reminder, Reminder.id == MessageLine.reminder_id)
        .where(MessageLine.id.in_(line_ids), MessageLine.to_representative, Reminder.kind == MailKind.WITHDRAWAL)
    ).all()
    pairs = {row.id: (row.invitation_id, row.detail[ACTING]) for row in lines}
    found = leaving_of(session, set(pairs.values()))
    return {line_id: found[pair] for line_id, pair in pairs.items()}


def leaving_of(session: Session, pairs: Collection[tuple[int, int]]) -> dict[tuple[int, int], Leaving]:
    """Return who leaves, by (invitation id, acting person's id), in a fixed number of queries."""
    if not pairs:
        return {}
    who, now = aliased(ActingPerson), aliased(ActingPerson)
    invitation_ids = {invitation_id for invitation_id, _ in pairs}
    rows = session.execute(
        sa.select(
            who.invitation_id, who.id, who.name, who.post, who.email, who.nonce, Invitation.state,
            now.id.label("now_id"), now.name.label("now_name"), now.email.label("now_email"),
        )
        .join(Invitation, Invitation.id == who.invitation_id)
        .outerjoin(now, sa.and_(now.invitation_id == Invitation.id, now.acting))
        .where(who.id.in_({acting_id for _, acting_id in pairs}))
    )  # fmt: skip
    told = told_of(session, invitation_ids)
    found = dict.fromkeys(pairs, Leaving())  # erased, or the invitation began again
    for row in rows:
        acts = row.now_id is not None and row.state in ACTS
        same = acts and (row.now_id == row.id or _reader(row.now_name, row.now_email) == _reader(row.name, row.email))
        knows = (row.invitation_id, row.email.lower()) in told
        found[row.invitation_id, row.id] = Leaving(row.name, row.post, row.email, row.nonce or "", knows, same)
    return found


def _reader(name: str, email: str) -> tuple[str, str]:
    return name.casefold(), email.lower()


def told_of(session: Session, invitation_ids: Collection[int]) -> set[tuple[int, str]]:
    """Return (invitation id, address in lower case) of the acting people who were told of these invitations."""
    if not invitation_ids:
        return set()
    rows = session.execute(
        sa.select(MessageLine.invitation_id, sa.func.lower(Message.address))
        .join(Message, Message.id == MessageLine.message_id)
        .where(
            MessageLine.invitation_id.in_(invitation_ids), MessageLine.to_representative, MessageLine.skipped == "",
            Message.state.in_(MAY_HAVE_READ),
        )
    )  # fmt: skip
    return {(invitation_id, address) for invitation_id, address in rows}

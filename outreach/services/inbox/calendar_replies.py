"""Calendar replies: an invitee's answer from their calendar program, if it still fits the activity and is new.

Mail can be forged. So a reply counts only from the attendee's own address, and a mail to that address confirms what
was recorded (reminders/schedule.py, confirm). If no mail reaches the address, nothing is recorded and a coordinator
calls. answers/answer.py decides what may be answered until when, and what happens in a full activity.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.delivery.inbox.reading import Incoming
from outreach.delivery.inbox.replies import CalendarReply, ReplyAttendee
from outreach.domain.answers import (
    ActivityCancelled,
    ActivityEnded,
    ActivityPostponed,
    Choice,
    DeadlinePassed,
    NotInvited,
    Representative,
)
from outreach.domain.directory import email_addresses, names
from outreach.domain.kinds import AnswerSource, IncomingKind, IncomingOutcome
from outreach.domain.mail.incoming import CHOICES, IncomingReason, Participation
from outreach.domain.problems import Problem
from outreach.domain.states import InvitationState
from outreach.models import Activity, IncomingMail, Invitation, Message, MessageLine, Organisation, Person
from outreach.services import addresses
from outreach.services.answers import acting
from outreach.services.answers import answer as answering
from outreach.services.inbox.senders import the_one
from outreach.services.locking import activity_for_change
from outreach.services.reminders import schedule as scheduling

InvitationsByInvitee = dict[Person | Organisation, list[Invitation]]


MOST_A_DAY = 10  # answers from one calendar; each sends its invitee a mail
SLOW_CLOCK = timedelta(
    minutes=5
)  # a phone's clock may be this slow: a reply made after an answer by link then has an earlier time
UNDECIDED = {
    Participation.TENTATIVE: IncomingReason.TENTATIVE,
    Participation.DELEGATED: IncomingReason.DELEGATED,
    Participation.UNCLEAR: IncomingReason.UNCLEAR,
}
# Refusals for invitees. TO_READ: a coordinator may still want to record the answer.
REFUSALS: dict[type[Problem], tuple[IncomingOutcome, IncomingReason]] = {
    NotInvited: (IncomingOutcome.TO_READ, IncomingReason.WITHDRAWN),
    DeadlinePassed: (IncomingOutcome.TO_READ, IncomingReason.DEADLINE_PASSED),
    ActivityCancelled: (IncomingOutcome.REFUSED, IncomingReason.ACTIVITY_CANCELLED),
    ActivityPostponed: (IncomingOutcome.REFUSED, IncomingReason.ACTIVITY_POSTPONED),
    ActivityEnded: (IncomingOutcome.REFUSED, IncomingReason.ACTIVITY_ENDED),
}
# If a reply is refused for one of these and only repeats what is recorded, it is ignored, unless it has a comment.
NO_NEWS_IF_KNOWN = {IncomingReason.DEADLINE_PASSED, IncomingReason.ACTIVITY_CHANGED, IncomingReason.NEWER_ANSWER}
RECORDED_AS = {
    Participation.ACCEPTED: (InvitationState.COMING, InvitationState.WAITLISTED),
    Participation.DECLINED: (InvitationState.NOT_COMING,),
}


def apply(session: Session, row: IncomingMail, mail: Incoming, *, now: datetime) -> None:
    """Record the reply in the caller's transaction, or note on the mail's row why not."""
    reply = mail.reply
    assert reply is not None
    if reply.counter:
        row.text = f"{_proposed(reply)}\n\n{row.text}".strip()
    elif reply.comment and reply.comment not in row.text:
        row.text = f"{reply.comment}\n\n{row.text}".strip()
    attendee = attendee_of(reply, mail.sender)
    row.participation = attendee.participation if attendee else None
    row.outcome, reason = _applied(session, row, mail, attendee, now)
    row.reason = reason or ""


def _applied(
    session: Session, row: IncomingMail, mail: Incoming, attendee: ReplyAttendee | None, now: datetime
) -> tuple[IncomingOutcome, IncomingReason | None]:
    reply = mail.reply
    assert reply is not None
    activity_id = session.scalar(sa.select(Activity.id).where(Activity.uid == reply.uid))
    if activity_id is None:
        return IncomingOutcome.REFUSED, IncomingReason.UNKNOWN_ACTIVITY
    activity = activity_for_change(session, activity_id)
    if attendee is None:
        return IncomingOutcome.REFUSED, IncomingReason.NOT_INVITED
    invitees = invited(session, activity, attendee)
    if not invitees:
        return _by_acting(session, row, mail, activity, attendee, now)
    mine = answering_one(invitees, attendee.name)
    if not mine:
        return IncomingOutcome.TO_READ, IncomingReason.AMBIGUOUS
    _tie(row, mine[0])
    if attendee.address != mail.sender:
        return IncomingOutcome.TO_READ, IncomingReason.SENDER_DIFFERS
    if not mail.sender_proven:
        return IncomingOutcome.TO_READ, IncomingReason.SENDER_UNPROVEN
    stamp = min(reply.stamped_at or row.received_at, now)  # the stamp of a fast clock must not outrank later replies
    refused = _refused(session, row, mine, reply, stamp, now)
    if refused is not None:
        known = refused[1] in NO_NEWS_IF_KNOWN and not reply.counter and _is_known(mine, attendee)
        return _no_news(reply) if known else refused
    if reply.counter:
        return IncomingOutcome.TO_READ, IncomingReason.ANOTHER_TIME
    if mine[0].organisation_id and attendee.participation is Participation.ACCEPTED and _has_named(mine[0]):
        return _no_news(reply)
    undecided = None if _is_delegated(attendee, mine[0]) else _undecided(attendee, mine[0])
    if undecided is not None:
        return IncomingOutcome.TO_READ, undecided
    if _answers_of_the_day(session, mine[0], now) >= MOST_A_DAY:
        return IncomingOutcome.TO_READ, IncomingReason.TOO_MANY
    if addresses.failure_of(attendee.address) is not None:
        return IncomingOutcome.TO_READ, IncomingReason.CANNOT_CONFIRM
    _record(session, row, mine, attendee, _delegate(reply, attendee), stamp, now)
    return IncomingOutcome.APPLIED, None


def _by_acting(
    session: Session,
    row: IncomingMail,
    mail: Incoming,
    activity: Activity,
    attendee: ReplyAttendee,
    now: datetime,
) -> tuple[IncomingOutcome, IncomingReason | None]:
    """Apply the reply of whoever acts for an invitee, or note that the sender is no invitee.

    A delegate whose name we do not know yet (RFC 5546, 3.2.2.3) is for a coordinator to read: the invitee's own reply
    names them.
    """
    reply = mail.reply
    assert reply is not None
    mine = acting.acted_for(session, activity, attendee.address)
    if not mine:
        if attendee.delegated_from and (by := invited(session, activity, _delegator(attendee))):
            _tie(row, next(iter(by.values()))[0])
            return IncomingOutcome.TO_READ, IncomingReason.DELEGATED
        return _by_former_address(session, row, activity, attendee)
    _tie(row, mine[0])
    choice = CHOICES.get(attendee.participation)
    to = _delegate(reply, attendee)
    if attendee.participation is Participation.DELEGATED and to is not None:
        choice = Choice.REPRESENTED
    if attendee.address != mail.sender or not mail.sender_proven or choice is None or reply.counter:
        return IncomingOutcome.TO_READ, IncomingReason.REPRESENTATIVE
    stamp = min(reply.stamped_at or row.received_at, now)
    refused = _refused(session, row, mine, reply, stamp, now)
    if refused is not None:
        return refused
    confirmed = mine[0].acting.confirmed_at if mine[0].acting is not None else None
    if confirmed is not None and not (stamp >= confirmed - SLOW_CLOCK and row.received_at > confirmed):
        return IncomingOutcome.REFUSED, IncomingReason.NEWER_ANSWER
    if _answers_of_the_day(session, mine[0], now) >= MOST_A_DAY:
        return IncomingOutcome.TO_READ, IncomingReason.TOO_MANY
    if choice is Choice.COMING and confirmed is not None:
        for invitation in mine:
            invitation.replied_at = stamp
        return _no_news(reply)
    try:
        acting.take(session, mine, choice, to, AnswerSource.CALENDAR, now=now)
    except Problem:  # passed on before, or to nobody else
        return IncomingOutcome.TO_READ, IncomingReason.REPRESENTATIVE
    for invitation in mine:
        invitation.replied_at = stamp
        if choice is Choice.COMING and invitation.acting is not None:
            invitation.acting.confirmed_at = stamp  # a later reply may wait in the mailbox already
    return IncomingOutcome.APPLIED, None


def _delegator(attendee: ReplyAttendee) -> ReplyAttendee:
    """Return the attendee who delegated it to this one."""
    return ReplyAttendee(attendee.delegated_from, "", attendee.participation)


def _is_delegated(attendee: ReplyAttendee, invitation: Invitation) -> bool:
    """Return whether a person's reply names somebody else who comes. An organisation names its people by its link."""
    names_another = attendee.delegated_to not in ("", attendee.address)
    return attendee.participation is Participation.DELEGATED and names_another and invitation.person_id is not None


def _delegate(reply: CalendarReply, attendee: ReplyAttendee) -> Representative | None:
    """Return to whom the attendee delegates it, by the name that the reply gives; without one, by the address."""
    address = attendee.delegated_to
    if not address:
        return None
    named = next((other.name for other in reply.attendees if other.address == address), "")
    spelled = names.proper(" ".join(re.split(r"[._-]+", address.partition("@")[0])))
    return Representative(named if names.is_name(named) else spelled, email=address)


def _by_former_address(
    session: Session, row: IncomingMail, activity: Activity, attendee: ReplyAttendee
) -> tuple[IncomingOutcome, IncomingReason]:
    found = written_to(session, activity, attendee)
    if found is None:
        return IncomingOutcome.REFUSED, IncomingReason.NOT_INVITED
    _tie(row, found[0])
    return IncomingOutcome.TO_READ, found[1]


def _tie(row: IncomingMail, invitation: Invitation) -> None:
    row.invitation_id, row.person_id, row.organisation_id = (
        invitation.id,
        invitation.person_id,
        invitation.organisation_id,
    )


def _refused(
    session: Session,
    row: IncomingMail,
    mine: Sequence[Invitation],
    reply: CalendarReply,
    stamp: datetime,
    now: datetime,
) -> tuple[IncomingOutcome, IncomingReason] | None:
    """Return why the reply no longer counts, whatever it says; None if it counts."""
    problem = answering.refusal_of(session, mine[0], now, said_at=row.received_at)
    if problem is not None:
        return REFUSALS[type(problem)]
    if reply.sequence < mine[0].activity.sequence + max(invitation.revision for invitation in mine):
        return IncomingOutcome.REFUSED, IncomingReason.ACTIVITY_CHANGED
    if any(_answered_later(session, row, invitation, stamp) for invitation in mine):
        return IncomingOutcome.REFUSED, IncomingReason.NEWER_ANSWER
    return None


def _answered_later(session: Session, row: IncomingMail, invitation: Invitation, stamp: datetime) -> bool:
    """Return whether a reply is older than their latest calendar reply or their latest other answer.

    Some programs put the request's stamp on every reply. Of two replies with equal stamps, the one received later counts.
    """
    replied, answered = invitation.replied_at, invitation.answered_at
    if replied is not None and (stamp < replied or (stamp == replied and not _came_last(session, row))):
        return True
    if invitation.answer_source is AnswerSource.CALENDAR or answered is None or stamp >= answered:
        return False
    by_link = invitation.answer_source in (AnswerSource.LINK, AnswerSource.ASSISTANT)
    return not (by_link and stamp >= answered - SLOW_CLOCK and row.received_at > answered)


def _came_last(session: Session, row: IncomingMail) -> bool:
    """Return whether the reply was received after every applied or unconfirmed one, and repeats none of them."""
    taken = sa.select(IncomingMail).where(
        IncomingMail.invitation_id == row.invitation_id,
        IncomingMail.kind == IncomingKind.ANSWER,
        sa.or_(IncomingMail.outcome == IncomingOutcome.APPLIED, IncomingMail.reason == IncomingReason.UNCONFIRMED),
        IncomingMail.id != row.id,
        sa.or_(IncomingMail.received_at >= row.received_at, IncomingMail.digest == row.digest),
    )
    return not session.scalar(sa.select(taken.exists()))


def _is_known(mine: Sequence[Invitation], attendee: ReplyAttendee) -> bool:
    """Return whether the reply says what is recorded for all their invitations already."""
    participation = attendee.participation
    if participation is Participation.DELEGATED:
        return all(
            one.state is InvitationState.REPRESENTED and one.representative_email.lower() == attendee.delegated_to
            for one in mine
        )
    if mine[0].organisation_id and participation is Participation.ACCEPTED:
        return _has_named(mine[0])
    return all(invitation.state in RECORDED_AS.get(participation, ()) for invitation in mine)


def _no_news(reply: CalendarReply) -> tuple[IncomingOutcome, IncomingReason]:
    """Return the outcome of a reply that says nothing new: ignored, or to be read if it has a comment."""
    return IncomingOutcome.TO_READ if reply.comment else IncomingOutcome.IGNORED, IncomingReason.KNOWN


def _has_named(invitation: Invitation) -> bool:
    return any(nominee.state is not InvitationState.WITHDRAWN for nominee in invitation.nominees)


def _undecided(attendee: ReplyAttendee, invitation: Invitation) -> IncomingReason | None:
    """Return why the reply is neither yes nor no; None if it is one of them."""
    if attendee.participation in UNDECIDED:
        return UNDECIDED[attendee.participation]
    if attendee.participation is Participation.ACCEPTED and invitation.organisation_id:
        return IncomingReason.NAMES_NEEDED
    if attendee.participation is Participation.DECLINED:
        if invitation.state is InvitationState.REPRESENTED:
            return IncomingReason.DELEGATED  # they answered before that a representative comes
        if invitation.organisation_id and (invitation.state is InvitationState.COMING or _has_named(invitation)):
            return IncomingReason.PEOPLE_NAMED  # one press in the office's calendar must not give up all its seats
    return None


def _record(
    session: Session,
    row: IncomingMail,
    mine: Sequence[Invitation],
    attendee: ReplyAttendee,
    delegate: Representative | None,
    stamp: datetime,
    now: datetime,
) -> None:
    first = mine[0]
    before = first.state, first.answered_sequence, first.representative_email
    if not (_is_known(mine, attendee) and first.answered_sequence == first.activity.sequence):
        choice = CHOICES.get(attendee.participation, Choice.REPRESENTED)
        answering.answer_by_calendar(
            session, mine, choice, delegate if choice is Choice.REPRESENTED else None, said_at=row.received_at, now=now
        )
    for invitation in mine:
        invitation.replied_at = stamp
    after = first.state, first.answered_sequence, first.representative_email
    if after != before:  # an answer that was known already is not confirmed again
        scheduling.confirm(session, first, now=now)


def _answers_of_the_day(session: Session, invitation: Invitation, now: datetime) -> int:
    return (
        session.scalar(
            sa.select(sa.func.count())
            .select_from(IncomingMail)
            .where(
                IncomingMail.invitation_id == invitation.id,
                IncomingMail.kind == IncomingKind.ANSWER,
                IncomingMail.outcome == IncomingOutcome.APPLIED,
                IncomingMail.created_at > now - timedelta(days=1),  # by when it was applied
            )
        )
        or 0
    )


def _proposed(reply: CalendarReply) -> str:
    """Return the time that a COUNTER proposes, in the zone it names."""
    written = [
        f"{moment:%Y-%m-%d %H:%M} {moment.tzname() or ''}".strip()
        for moment in (reply.starts_at, reply.ends_at)
        if moment is not None
    ]
    return f"→ {' – '.join(written)}" if written else ""


def attendee_of(reply: CalendarReply, sender: str) -> ReplyAttendee | None:
    """Return the attendee who replies. RFC 5546 allows one, and beside them the delegate; of several, choose the sender."""
    named = [attendee for attendee in reply.attendees if attendee.address]
    named.sort(key=lambda candidate: (candidate.address != sender, candidate.participation is Participation.UNCLEAR))
    return named[0] if named else None


def invited(session: Session, activity: Activity, attendee: ReplyAttendee) -> InvitationsByInvitee:
    """Return the invitations by invitee with the attendee's address. Withdrawn ones only if an invitee has no others."""
    found = session.scalars(
        sa.select(Invitation)
        .outerjoin(Invitation.person)
        .outerjoin(Invitation.organisation)
        .where(
            Invitation.activity_id == activity.id,
            Invitation.state != InvitationState.PREPARED,
            sa.or_(
                sa.and_(sa.func.lower(Person.email) == attendee.address, Person.erased_at.is_(None)),
                sa.func.lower(Organisation.email) == attendee.address,
            ),
        )
        .order_by(Invitation.state == InvitationState.WITHDRAWN, Invitation.role, Invitation.id)
    ).all()
    by_invitee: InvitationsByInvitee = {}
    for invitation in found:
        mine = by_invitee.setdefault(invitation.invitee, [])
        if not mine or invitation.state is not InvitationState.WITHDRAWN or mine[0].state is InvitationState.WITHDRAWN:
            mine.append(invitation)
    return by_invitee


def answering_one(invitees: InvitationsByInvitee, name: str) -> list[Invitation]:
    """Return the invitations of the invitee named in the reply, of those who share the address; [] if unclear.

    If the name does not decide, invitees whose invitation stands are preferred to withdrawn ones.
    """
    standing = [invitee for invitee, mine in invitees.items() if mine[0].state is not InvitationState.WITHDRAWN]
    invitee = the_one(invitees, name) or the_one(standing, name)
    return invitees[invitee] if invitee is not None else []


def written_to(
    session: Session, activity: Activity, attendee: ReplyAttendee
) -> tuple[Invitation, IncomingReason] | None:
    """Return a valid invitation that we mailed to this former or representative's address, and the reason; or None."""
    standing = (
        Invitation.activity_id == activity.id,
        Invitation.state.not_in((InvitationState.PREPARED, InvitationState.WITHDRAWN)),
    )
    represented = session.scalar(
        sa.select(Invitation)
        .where(
            *standing,
            Invitation.state == InvitationState.REPRESENTED,
            Invitation.id.in_(addresses.acting_at(attendee.address)),
        )
        .order_by(Invitation.id)
        .limit(1)
    )
    if represented is not None:
        return represented, IncomingReason.REPRESENTATIVE
    told = session.execute(
        sa.select(Invitation, MessageLine.to_representative)
        .join(MessageLine, MessageLine.invitation_id == Invitation.id)
        .join(Message, Message.id == MessageLine.message_id)
        .where(*standing, sa.func.lower(Message.address).in_(email_addresses.forms(attendee.address)))
        .order_by(MessageLine.to_representative, Invitation.role, Invitation.id)
        .limit(1)
    ).first()
    if told is None:
        return None
    return told[0], IncomingReason.REPRESENTATIVE if told[1] else IncomingReason.ADDRESS_CHANGED

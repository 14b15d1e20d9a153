"""Which invitation a calendar's reply is for: by the attendee's address as it is now, and else as it was when we wrote there.

A representative answers from the invitation of whoever named them; what that means, a coordinator decides.
"""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.delivery.inbox.replies import CalendarReply, ReplyAttendee
from outreach.domain.directory import email_addresses
from outreach.domain.mail.incoming import IncomingReason
from outreach.domain.states import InvitationState
from outreach.models import Activity, Invitation, Message, MessageLine, Organisation, Person
from outreach.services.inbox.senders import the_one

Holders = dict[Person | Organisation, list[Invitation]]


def attendee_of(reply: CalendarReply, sender: str) -> ReplyAttendee | None:
    """Return whom the reply answers for: by RFC 5546 there is one; of several, the sender."""
    named = [one for one in reply.attendees if one.address]
    return next((one for one in named if one.address == sender), named[0] if named else None)


def invited(session: Session, activity: Activity, attendee: ReplyAttendee) -> Holders:
    """Return the invitations of those with the attendee's address, each holder's that stand, or else those withdrawn."""
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
    by_invitee: Holders = {}
    for one in found:
        mine = by_invitee.setdefault(one.invitee, [])
        if not mine or one.state is not InvitationState.WITHDRAWN or mine[0].state is InvitationState.WITHDRAWN:
            mine.append(one)
    return by_invitee


def answering_one(invitees: Holders, name: str) -> list[Invitation]:
    """Return the invitations of whoever the reply names among those that share the address; [] where that is not clear.

    Where the name tells nothing, those withdrawn are not meant as long as one other is invited.
    """
    standing = [invitee for invitee, mine in invitees.items() if mine[0].state is not InvitationState.WITHDRAWN]
    invitee = the_one(invitees, name) or the_one(standing, name)
    return invitees[invitee] if invitee is not None else []


def written_to(
    session: Session, activity: Activity, attendee: ReplyAttendee
) -> tuple[Invitation, IncomingReason] | None:
    """Return an invitation that stands and of which we wrote to an address that is no invitee's now, and why it differs."""
    standing = (
        Invitation.activity_id == activity.id,
        Invitation.state.not_in((InvitationState.PREPARED, InvitationState.WITHDRAWN)),
    )
    represented = session.scalar(
        sa.select(Invitation)
        .where(
            *standing,
            Invitation.state == InvitationState.REPRESENTED,
            sa.func.lower(Invitation.representative_email) == attendee.address,
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

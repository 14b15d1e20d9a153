"""Answers of acting people by their own link, and what the invitee may do about who acts.

An acting person comes, does not come, or passes it on once more. If they do not come, the invitation waits for the
invitee's answer again: the seat is free, reminders go to the invitee, and the deadline is theirs, or the start if the
deadline has passed.
"""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.delivery import tokens
from outreach.domain.answers import Choice, DeadlinePassed, Representative, RepresentativeUnnamed
from outreach.domain.directory.names import tidy
from outreach.domain.kinds import ON_STAGE, AnswerSource, LinkPurpose, NamedBy, NoLongerActing
from outreach.domain.representation import NobodyActs, NotActing, PassedOnAlready, is_same, may_pass_on
from outreach.domain.states import TAKES_A_SEAT, InvitationState
from outreach.models import ActingPerson, Activity, Certificate, Invitation, User
from outreach.services import addresses, audit
from outreach.services.answers import nominees as nominees_of
from outreach.services.answers.answer import NothingToAnswer, held, refusal_of, tell_log
from outreach.services.invitations import given_answers, links, seats
from outreach.services.locking import invitation_for_change, present_for_change
from outreach.services.office_defaults import contact
from outreach.services.planning import bookings
from outreach.services.representation import chain, notices
from outreach.transactions import writing

_SAID = {
    Choice.COMING: InvitationState.COMING,
    Choice.NOT_COMING: InvitationState.NOT_COMING,
    Choice.REPRESENTED: InvitationState.REPRESENTED,
}


def answer(
    token: str,
    activity_id: int,
    choice: Choice,
    representative: Representative | None = None,
    *,
    now: datetime,
    staff: User | None = None,
) -> Invitation:
    """Record an acting person's own answer for one activity, in all roles of the invitee there. Return the invitation.

    staff: the account that is signed in where the link was used, for the audit log.
    Raise LinkReplaced, LinkUnknown, NotActing, PassedOnAlready, RepresentativeUnnamed, or why nobody may answer now.
    Whoever comes may still say so after the deadline.
    """
    with writing() as session:
        activity = present_for_change(session, [activity_id]).get(activity_id)
        me = opened(session, token, now=now)
        mine = acted_by(session, me, activity)
        problem = refusal_of(session, mine[0], now)
        if problem is not None and not (choice is Choice.COMING and isinstance(problem, DeadlinePassed)):
            raise problem
        take(session, mine, choice, representative, AnswerSource.LINK, now=now)
        given_answers.note_staff(session, mine, staff, now)
        if staff is not None:
            tell_log(session, mine[0], staff, "answered_by_link", now)
    return mine[0]


def take(
    session: Session,
    mine: Sequence[Invitation],
    choice: Choice,
    representative: Representative | None,
    source: AnswerSource,
    *,
    now: datetime,
) -> None:
    """Record an acting person's answer in a transaction that has locked the activity. mine: for which they act.

    Raise PassedOnAlready or RepresentativeUnnamed.
    """
    acted, said = {one.id: one.acting for one in mine}, _SAID[choice]
    if choice is Choice.COMING:
        for invitation in mine:
            assert invitation.acting is not None
            invitation.acting.confirmed_at = now
    elif choice is Choice.NOT_COMING:
        _decline(session, mine, now)
    else:
        _pass_on(session, mine, representative, source, now)
    for invitation in mine:
        given_answers.keep(session, [invitation], source, now, acting=acted[invitation.id], said=said)


def acted_for(session: Session, activity: Activity, address: str) -> list[Invitation]:
    """Return the invitations to an activity for which somebody with this address acts, of one invitee; [] if unclear.

    address: as email_addresses.key.
    """
    found = session.scalars(
        sa.select(Invitation)
        .where(
            Invitation.activity_id == activity.id,
            Invitation.state == InvitationState.REPRESENTED,
            Invitation.id.in_(addresses.acting_at(address)),
        )
        .order_by(Invitation.role)
    ).all()
    return list(found) if len({one.person_id for one in found}) == 1 else []


def opened(session: Session, token: str, *, now: datetime) -> ActingPerson:
    """Return the acting person whose page the token opens, whether they still act or not.

    Raise LinkUnknown for a token that is none, LinkReplaced if their address has changed, LinkExpired long after the
    activity, and after their certificate was made.
    """
    nonce = tokens.nonce_of(token, LinkPurpose.ACTING)
    if nonce is None:
        raise links.LinkUnknown
    found = session.execute(
        sa.select(ActingPerson, Activity.ends_at)
        .join(Invitation, Invitation.id == ActingPerson.invitation_id)
        .join(Activity, Activity.id == Invitation.activity_id)
        .where(ActingPerson.nonce == nonce)
    ).one_or_none()
    if found is None:
        raise links.LinkReplaced
    if now >= found.ends_at + tokens.lifetime():
        certified = sa.select(sa.func.max(Certificate.created_at, type_=Certificate.created_at.type))
        made_at = session.scalar(certified.where(Certificate.acting_id == found.ActingPerson.id))
        if made_at is None or now >= made_at + tokens.lifetime():
            raise links.LinkExpired
    me: ActingPerson = found.ActingPerson
    return me


def take_back(token: str, activity_id: int, *, now: datetime, staff: User | None = None) -> Invitation:
    """Undo who was named last, by the invitee's link: the one before acts again, or the invitation is open again.

    Raise a link's problem, NothingToAnswer, or why the invitee may not answer now.
    """
    with writing() as session:
        activity = present_for_change(session, [activity_id]).get(activity_id)
        link = links.use_link(token, now=now)
        if activity is None:
            raise NothingToAnswer
        mine = held(session, link, activity)
        problem = refusal_of(session, mine[0], now)
        if problem is not None:
            raise problem
        _take_back(session, mine, links.source_of(token), now, by_staff=False)
        notices.confirm_to_invitee(session, mine[0], now=now)
        if staff is not None:
            tell_log(session, mine[0], staff, "answer_undone_by_link", now)
    return mine[0]


def take_back_for(invitation_id: int, *, by: User | None, now: datetime) -> Invitation:
    """Undo who was named last, because the invitee asked staff to. No deadline applies. Raise InvitationMissing."""
    with writing() as session:
        invitation = invitation_for_change(session, invitation_id)
        named = invitation.representative_name
        mine = _all_of(session, invitation)
        _take_back(session, mine, AnswerSource.PHONE, now, by_staff=True, by=by)
        notices.tell_invitee(session, invitation, now=now, by_staff=True)
        audit.record(
            session, by, "invitation.representative_undone", invitation, now=now, name=invitation.invitee.display_name,
            activity=invitation.activity.title, representative=named,
        )  # fmt: skip
    return invitation


def want_notices(token: str, activity_id: int, wanted: bool, *, now: datetime) -> None:
    """Choose whether an invitee who is represented gets the notices about the activity, too. Raise as `take_back` does."""
    with writing() as session:
        activity = present_for_change(session, [activity_id]).get(activity_id)
        link = links.use_link(token, now=now)
        if activity is None:
            raise NothingToAnswer
        for invitation in held(session, link, activity):
            invitation.notices_wanted = wanted


def acted_by(session: Session, me: ActingPerson, activity: Activity | None) -> list[Invitation]:
    """Return the invitee's invitations to the activity for which this person acts. Raise NothingToAnswer or NotActing.

    A link serves one person at all activities of one invitee, because one mail tells of all of them.
    """
    first = session.get_one(Invitation, me.invitation_id)
    if activity is None:
        raise NothingToAnswer
    invitee = Invitation.person_id == first.person_id
    theirs = session.scalars(
        sa.select(Invitation)
        .where(Invitation.activity_id == activity.id, invitee, Invitation.state != InvitationState.WITHDRAWN)
        .order_by(Invitation.role)
    ).all()
    mine = [one for one in theirs if one.acting is not None and is_same_reader(one.acting, me)]
    if not mine:
        if not theirs:
            raise NothingToAnswer
        raise NotActing(invitee=first.invitee.display_name)
    return mine


def is_same_reader(one: ActingPerson, other: ActingPerson) -> bool:
    """Return whether both are one person with one address, who then read the same mails and have one page."""
    return is_same(chain.said_of(one), chain.said_of(other)) and one.email.lower() == other.email.lower()


def _all_of(session: Session, invitation: Invitation) -> list[Invitation]:
    """Return the invitee's invitations to the activity for which the same person acts."""
    if invitation.acting is None:
        raise NobodyActs
    theirs = session.scalars(
        sa.select(Invitation).where(
            Invitation.activity_id == invitation.activity_id,
            Invitation.person_id == invitation.person_id,
            Invitation.state != InvitationState.WITHDRAWN,
        )
    ).all()
    return [invitation, *(one for one in chain.same_for(theirs, invitation.acting) if one is not invitation)]


def _decline(session: Session, mine: Sequence[Invitation], now: datetime) -> None:
    for invitation in mine:
        chain.end(session, invitation, NoLongerActing.DECLINED, now=now)
    _open_again(session, mine, now)
    notices.tell_invitee(session, mine[0], now=now)


def _pass_on(
    session: Session, mine: Sequence[Invitation], to: Representative | None, source: AnswerSource, now: datetime
) -> None:
    me = mine[0].acting
    assert me is not None
    if not may_pass_on(me.position):
        raise PassedOnAlready(contact=contact(session, mine[0].activity.programme))
    if to is None or not tidy(to.name) or is_same(chain.said_of(me), to):
        raise RepresentativeUnnamed
    for invitation in mine:
        chain.name(session, invitation, to, source, now=now, by=NamedBy.ACTING)
        nominees_of.stamp(invitation, source, now)
    notices.tell_acting(session, mine[0], now=now)
    notices.tell_invitee(session, mine[0], now=now)


def _take_back(
    session: Session,
    mine: Sequence[Invitation],
    source: AnswerSource,
    now: datetime,
    *,
    by_staff: bool,
    by: User | None = None,
) -> None:
    acting = mine[0].acting
    if acting is None:
        raise NobodyActs
    for invitation in chain.same_for(mine, acting):
        assert invitation.acting is not None
        earlier = chain.before(session, invitation.acting)
        chain.act_again(session, invitation, earlier, now=now, by_staff=by_staff)
        nominees_of.stamp(invitation, source, now, by.id if by else None)
    if mine[0].acting is None:
        _open_again(session, mine, now)


def _open_again(session: Session, mine: Sequence[Invitation], now: datetime) -> None:
    """Let the invitations wait for the invitee's answer again, as if the invitee had just been asked."""
    activity = mine[0].activity
    had_a_seat = any(invitation.state in TAKES_A_SEAT for invitation in mine)
    for invitation in mine:
        invitation.state, invitation.waitlisted_at = InvitationState.INVITED, None
        invitation.answered_at = invitation.answered_sequence = None
        invitation.answer_source = invitation.answer_recorded_by_id = invitation.answer_replaced = None
        invitation.answer_device = invitation.answer_note = ""
        if now >= activity.respond_by_at:
            invitation.invited_at = now  # so they may answer until the start (domain/answers.py: answer_by)
    session.flush()
    bookings.rebook_people(session, {one.person_id for one in mine if one.person_id and one.role in ON_STAGE})
    if had_a_seat:
        seats.offer_freed(session, activity, now=now)

"""Answers that invitees give themselves, by their link or by their calendar program.

answers/record.py holds answers given to staff. domain/answers.py decides who may answer until when, and what happens
in a full activity. inbox/calendar_replies.py finds the invitation that a calendar reply is for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.delivery import tokens
from outreach.delivery.mail.texts import LINK_TEXT
from outreach.domain.answers import (
    ActivityEnded,
    AnsweredMeanwhile,
    Choice,
    Representative,
    RepresentativeUnnamed,
    answer_by,
    refusal,
    state_for,
)
from outreach.domain.directory.names import tidy
from outreach.domain.kinds import ON_STAGE, AnswerSource, NoLongerActing
from outreach.domain.problems import Problem
from outreach.domain.states import TAKES_A_SEAT, InvitationState
from outreach.models import Activity, Invitation, Link, User
from outreach.services import audit
from outreach.services.answers import nominees as nominees_of
from outreach.services.answers.before import ActivityBefore, remember, state_of
from outreach.services.answers.nominees import Nominee
from outreach.services.invitations import given_answers, links, seats
from outreach.services.locking import present_for_change
from outreach.services.office_defaults import confirms_answers, contact
from outreach.services.planning import bookings
from outreach.services.reminders import schedule as scheduling
from outreach.services.representation import chain, notices
from outreach.transactions import writing


class NothingToAnswer(Problem):
    message = "This invitation is not among yours. Please open the link in our mail again."


class NotAnOrganisation(Problem):
    message = "Only an office or organisation names people; you can name a representative instead."


class OrganisationsNominate(Problem):
    message = "An organisation answers by naming the people who come."


@dataclass(frozen=True)
class LinkAnswer:
    """An invitee's answer by link for one activity. nominees: the people that an organisation sends, if it comes.

    seen_at: when the page was drawn on which it was chosen; None if that is not known.
    """

    choice: Choice
    representative: Representative | None = None
    nominees: Sequence[Nominee] = ()
    seen_at: datetime | None = None


def answer(
    token: str, activity_id: int, choice: Choice, representative: Representative | None = None, *, now: datetime
) -> Invitation:
    """Record an invitee's own answer for one activity, in all their roles there. Return the invitation.

    Raise a link's problem, NothingToAnswer, DeadlinePassed, ActivityCancelled, ActivityEnded, NotInvited,
    OrganisationsNominate or RepresentativeUnnamed; nothing is changed then. A full activity has a waiting list.
    """
    with writing() as session:
        activity = present_for_change(session, [activity_id]).get(activity_id)
        link = links.open_link(token, now=now)
        if link.organisation_id and choice is not Choice.NOT_COMING:
            raise OrganisationsNominate
        return _answered(session, link, activity, LinkAnswer(choice, representative), links.source_of(token), now)


def answer_all(
    token: str, replies: Mapping[int, LinkAnswer], *, now: datetime, staff: User | None = None, device: str = ""
) -> dict[int, Problem]:
    """Record answers for several activities, {activity id: reply}, at once. Return the refused ones and why.

    Raise a link's problem. An organisation that comes names its nominees. staff: the account that is signed in where the
    link was used; staff see the links of others, so the answer and the audit log say that it came from there. device: the value
    of the device's cookie. A link may be forwarded: an answer from another device is replaced only if the page showed it.
    """
    refused: dict[int, Problem] = {}
    replaced, source = [], links.source_of(token)
    with writing() as session:
        activities = present_for_change(session, replies)
        link = links.open_link(token, now=now)
        for activity_id in sorted(replies):
            try:
                with session.begin_nested():
                    activity, reply = activities.get(activity_id), replies[activity_id]
                    mine, before = _take(session, link, activity, reply, source, now, device)
                    given_answers.note_staff(session, mine, staff, now)
            except Problem as problem:
                refused[activity_id] = problem
            else:
                replaced.append((before, state_of(mine, now)))
                if staff is not None:
                    tell_log(session, mine[0], staff, "answered_by_link", now)
        remember(session, link, replaced)
    return refused


def tell_log(session: Session, invitation: Invitation, staff: User, verb: str, now: datetime) -> None:
    """Record in the audit log what the invitee's link was used for while this account was signed in there."""
    audit.record(
        session, staff, f"invitation.{verb}", invitation, now=now, name=invitation.invitee.display_name,
        activity=invitation.activity.title, state=invitation.state.value,
    )  # fmt: skip


def nominate(token: str, invitation_id: int, nominees: Sequence[Nominee], *, now: datetime) -> Invitation:
    """Replace the people that an organisation sends, using its own link. An empty list leaves its answer open.

    Raise the same as `answer`, NotAnOrganisation, or the problems of services/answers/nominees.py.
    """
    with writing() as session:
        theirs = sa.select(Invitation.activity_id, Invitation.organisation_id).where(Invitation.id == invitation_id)
        invited = session.execute(theirs).one_or_none()
        activities = present_for_change(session, [invited.activity_id] if invited else [])
        link = links.open_link(token, now=now)
        if link.organisation_id is None:
            raise NotAnOrganisation
        if invited is None or invited.organisation_id != link.organisation_id:
            raise NothingToAnswer
        reply = LinkAnswer(Choice.COMING, nominees=nominees)
        return _answered(session, link, activities.get(invited.activity_id), reply, links.source_of(token), now)


def answer_by_calendar(
    session: Session,
    mine: Sequence[Invitation],
    choice: Choice,
    representative: Representative | None = None,
    *,
    said_at: datetime,
    now: datetime,
) -> Invitation:
    """Record an answer from an invitee's calendar program, in a transaction that has locked the activity.

    mine: all their invitations to one activity. representative: to whom it was delegated. said_at: when the reply arrived.
    Raise the same as `answer`; nothing is changed then. An organisation that comes must use its link, to name its people.
    If the answer does not change, a coordinator's note is kept.
    """
    problem = refusal_of(session, mine[0], now, said_at=said_at)
    if problem is not None:
        raise problem
    if mine[0].organisation_id and choice is not Choice.NOT_COMING:
        raise OrganisationsNominate
    before = [(invitation.state, invitation.answer_note) for invitation in mine]
    settle(session, mine, choice, representative, AnswerSource.CALENDAR, now)
    for in_role, (state, note) in zip(mine, before, strict=True):
        in_role.answer_note = note if in_role.state is state else ""
    if mine[0].organisation_id:
        nominees_of.drop_all(session, mine[0], now)
    given_answers.keep(session, mine, AnswerSource.CALENDAR, now)
    return mine[0]


def refusal_of(
    session: Session, invitation: Invitation, now: datetime, *, said_at: datetime | None = None
) -> Problem | None:
    """Return why an invitee may not answer by themselves at `now`, or None if they may.

    said_at: when their answer arrived, if it is read later. The deadline applies to that moment.
    """
    activity = invitation.activity
    until = answer_by(activity.respond_by_at, activity.starts_at, invitation.invited_at)
    deadline = until.astimezone(activity.zone)
    asked = min(said_at or now, now)
    problem = refusal(activity.state, invitation.state, deadline, asked, contact(session, activity.programme))
    if problem is None and now >= activity.ends_at:
        return ActivityEnded()
    return problem


def settle(
    session: Session,
    mine: Sequence[Invitation],
    choice: Choice,
    representative: Representative | None,
    source: AnswerSource,
    now: datetime,
    recorded_by: int | None = None,
) -> None:
    """Set one person's invitations to one activity to their answer, and offer a freed seat, in the caller's transaction.

    recorded_by: the account of whoever recorded it for them. Raise RepresentativeUnnamed.
    """
    if choice is Choice.REPRESENTED and (representative is None or not tidy(representative.name)):
        raise RepresentativeUnnamed
    activity = mine[0].activity
    had_a_seat = any(i.state in TAKES_A_SEAT for i in mine)
    on_stage = {i.person_id for i in mine if i.person_id and i.role in ON_STAGE}
    seats_left = None if on_stage else seats.left(session, activity)
    state = state_for(choice, seats_left=seats_left, had_a_seat=had_a_seat)
    named = representative if choice is Choice.REPRESENTED else None
    told = mine[0].acting.nonce if mine[0].acting is not None else ""
    for invitation in mine:
        if state is not InvitationState.WAITLISTED:
            invitation.waitlisted_at = None
        elif invitation.state is not InvitationState.WAITLISTED:
            invitation.waitlisted_at = now
        invitation.state = state
        nominees_of.stamp(invitation, source, now)
        if named is None:
            chain.end(session, invitation, NoLongerActing.REPLACED, now=now)
        else:
            chain.name(session, invitation, named, source, now=now, recorded_by=recorded_by)
    session.flush()
    acting = mine[0].acting
    if acting is not None and state is InvitationState.REPRESENTED:
        by_staff = recorded_by is not None
        if acting.nonce != told or (by_staff and notices.waits_for_staff(session, mine[0])):
            notices.tell_acting(session, mine[0], now=now, by_staff=by_staff)
    bookings.rebook_people(
        session, on_stage
    )  # someone who comes to two activities at once is shown as a clash; no answer is refused for it
    if had_a_seat and state not in TAKES_A_SEAT:
        seats.offer_freed(session, activity, now=now)


def stop_reminders(token: str, *, now: datetime, staff: User | None = None) -> Link:
    """Stop reminders and thanks to the invitee; changes and cancellations only go out for what they accepted.

    The link of any mail does it, also one that opens nothing any more; the audit log says if it was one that was replaced.
    An adjutant or secretary stops only what goes to them.
    staff: as for `answer_all`.
    """
    return _set_stopped(token, now, now, staff)


def resume_reminders(token: str, *, now: datetime, staff: User | None = None) -> Link:
    """Send the invitee reminders, thanks and all changes again."""
    return _set_stopped(token, None, now, staff)


def _set_stopped(token: str, value: datetime | None, now: datetime, staff: User | None) -> Link:
    with writing() as session:
        link = links.open_link(token, now=now) if value is None else links.stopping_link(token)
        assistant = links.assistant_of(token)
        invitee = link.person or link.organisation
        assert invitee is not None
        if assistant is not None:
            if (assistant.stopped_at is None) is not (value is None):
                verb = "assistant_mails_resumed" if value is None else "assistant_mails_stopped"
                audit.record(session, staff, f"{invitee.__tablename__}.{verb}", invitee, now=now)
                assistant.stopped_at = value
            return link
        if (invitee.reminders_stopped_at is None) is (value is None):
            return link
        replaced = links.nonce_of(token) != link.nonce
        if not replaced:
            link.used_at = link.used_at or now
        if replaced:
            audit.record(session, staff, f"{invitee.__tablename__}.{links.STOPPED_BY_OLD_LINK}", invitee, now=now)
        elif staff is not None:
            verb = "reminders_resumed_by_link" if value is None else "reminders_stopped_by_link"
            audit.record(session, staff, f"{invitee.__tablename__}.{verb}", invitee, now=now)
        invitee.reminders_stopped_at = value
    return link


def _answered(
    session: Session, link: Link, activity: Activity | None, reply: LinkAnswer, source: AnswerSource, now: datetime
) -> Invitation:
    """Record one reply by link, and keep what it replaced. The activity is locked."""
    mine, before = _take(session, link, activity, reply, source, now)
    remember(session, link, [(before, state_of(mine, now))])
    return mine[0]


def _take(
    session: Session, link: Link, activity: Activity | None, reply: LinkAnswer, source: AnswerSource, now: datetime,
    device: str = "",
) -> tuple[list[Invitation], ActivityBefore]:  # fmt: skip
    """Record one reply by link. Return the invitations, and what was answered before. source: LINK or ASSISTANT.

    activity: locked, or None if it no longer exists. Raise AnsweredMeanwhile in a nested transaction: all is undone then.
    """
    if activity is None:
        raise NothingToAnswer
    mine = held(session, link, activity)
    problem = refusal_of(session, mine[0], now)
    if problem is not None:
        raise problem
    before, stood, acted = state_of(mine, now), _Stood.of(mine[0]), mine[0].acting
    if link.organisation_id is None:
        settle(session, mine, reply.choice, reply.representative, source, now)
    elif reply.choice is Choice.COMING:
        whom_to_call = contact(session, mine[0].activity.programme)
        nominees_of.name(session, mine[0], reply.nominees, source, contact=whom_to_call, now=now)
    elif reply.choice is Choice.REPRESENTED:
        raise OrganisationsNominate
    else:
        settle(session, mine, reply.choice, None, source, now)
        nominees_of.drop_all(session, mine[0], now)
    link.used_at = link.used_at or now
    mark = tokens.device_mark(device, link.nonce)
    changed = before.said != state_of(mine, now).said
    if changed and stood.is_unseen(reply.seen_at, mark):
        raise AnsweredMeanwhile
    of_another = changed and bool(stood.device) and stood.device != mark
    for invitation in mine:
        invitation.answer_device = mark
        invitation.answer_replaced = stood.kept() if of_another else None if changed else stood.replaced
    given_answers.keep(session, mine, source, now)
    if confirms_answers(session) or of_another:
        scheduling.confirm(session, mine[0], now=now, text_key=LINK_TEXT)
    elif mine[0].acting is not acted:
        notices.confirm_to_invitee(session, mine[0], now=now)
    return mine, before


@dataclass(frozen=True)
class _Stood:
    """The answer that stood before, and from which device it came."""

    state: InvitationState
    at: datetime | None
    device: str
    who: str
    replaced: dict[str, str] | None

    @classmethod
    def of(cls, one: Invitation) -> "_Stood":
        return cls(one.state, one.answered_at, one.answer_device or "", one.representative_name, one.answer_replaced)

    def is_unseen(self, drawn_at: datetime | None, mark: str) -> bool:
        """Return whether it came from elsewhere after the page was drawn."""
        of_the_same = bool(mark) and mark == self.device
        return self.at is not None and drawn_at is not None and self.at >= drawn_at and not of_the_same

    def kept(self) -> dict[str, str]:
        return {"state": self.state.value, "at": self.at.isoformat() if self.at else "", "who": self.who}


def _of_invitee(link: Link) -> sa.Select[Invitation]:
    if link.person_id:
        return sa.select(Invitation).where(Invitation.person_id == link.person_id)
    return sa.select(Invitation).where(Invitation.organisation_id == link.organisation_id)


def held(session: Session, link: Link, activity: Activity) -> list[Invitation]:
    """Return the invitee's invitations to an activity, which is locked. Raise NothingToAnswer if there are none."""
    mine = list(
        session.scalars(
            _of_invitee(link)
            .where(Invitation.activity_id == activity.id, Invitation.state != InvitationState.PREPARED)
            .order_by(Invitation.state == InvitationState.WITHDRAWN, Invitation.role)
        )
    )
    if not mine:
        raise NothingToAnswer
    return [i for i in mine if i.state is not InvitationState.WITHDRAWN] or mine

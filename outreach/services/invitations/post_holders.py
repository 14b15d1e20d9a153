"""Invitations that go to a post: they reach its holder on the activity's day, and follow when another person holds it then.

Called inside a transaction that has locked the activities. Whoever changes holders, and whoever invites to a post, waits for the
address book's lock first: then no invitation is made for a holder who is just being replaced.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, contains_eager, joinedload
from sqlalchemy.orm.attributes import flag_modified

from outreach import codec
from outreach.delivery import tokens
from outreach.delivery.mail.texts import OTHER_HOLDER_TEXT
from outreach.domain.kinds import ON_STAGE, Audience, MailKind, Role
from outreach.domain.ladder.rungs import KeptRung
from outreach.domain.mail.still_true import FORMER_HOLDER
from outreach.domain.posts import HolderTerm, NobodyHolds, ToPost, holder_on, passed_on
from outreach.domain.problems import Problem
from outreach.domain.reminders.due import local_day
from outreach.domain.representation import TO_ASSISTANT
from outreach.domain.states import TAKES_A_SEAT, TO_SEND, ActivityState, InvitationState
from outreach.models import (
    ActingPerson,
    Activity,
    AnswerBefore,
    FormerHolder,
    Invitation,
    InvitedPost,
    Link,
    Material,
    Message,
    MessageLine,
    Person,
    Post,
    PostHolder,
    ProposedTopic,
    RecordedBefore,
    Rung,
    User,
)
from outreach.services import audit, locking
from outreach.services.invitations import given_answers, seats
from outreach.services.planning import bookings
from outreach.services.planning import checks as plan_checks
from outreach.services.planning.book import book_people
from outreach.services.reminders.forecast import Passing
from outreach.services.reminders.schedule import event_reminder, reschedule, waiting_invitations
from outreach.services.representation import notices

CHANGED = "invitation.holder_changed"  # the verbs in the audit log
KEPT = "invitation.holder_kept"
FOLLOWS_IN = (ActivityState.DRAFT, ActivityState.PUBLISHED, ActivityState.POSTPONED)


class HolderInvited(Problem):
    message = "%(name)s, who holds the post on that day, is or was invited in the same role already."


@dataclass(frozen=True)
class StayingInvitation:
    """An invitation to a post that still goes to another person than its holder of the day, and why."""

    invitation: Invitation
    because: Problem


@dataclass(frozen=True)
class Followed:
    """What a change of holders did to invitations. moved: those that go to another person now.

    to_call: who should hear of it and has no e-mail address.
    """

    moved: tuple[Invitation, ...] = ()
    staying: tuple[StayingInvitation, ...] = ()
    to_call: tuple[Person, ...] = ()


def day_of(activity: Activity) -> date:
    """Return the day whose holder is invited."""
    return local_day(activity.starts_at, activity.zone)


def terms_of(session: Session, post_ids: Collection[int]) -> dict[int, list[HolderTerm]]:
    """Return who holds these posts when, by post."""
    found: dict[int, list[HolderTerm]] = defaultdict(list)
    for holder in session.scalars(sa.select(PostHolder).where(PostHolder.post_id.in_(post_ids))):
        found[holder.post_id].append(holder.term)
    return found


def holders(
    session: Session, activities: Iterable[Activity], post_ids: Collection[int]
) -> dict[int, dict[int, tuple[Post, HolderTerm]]]:
    """Return who holds these posts on each activity's day: by activity, and then by person. Raise NobodyHolds.

    Somebody who holds several of the posts is invited for the first of them.
    """
    posts = session.scalars(sa.select(Post).where(Post.id.in_(post_ids)).order_by(Post.id)).all()
    terms = terms_of(session, post_ids)
    found: dict[int, dict[int, tuple[Post, HolderTerm]]] = {}
    for activity in activities:
        own = found.setdefault(activity.id, {})
        for post in posts:
            term = holder_on(terms[post.id], day_of(activity))
            if term is None:
                raise NobodyHolds(post=post.name, day=day_of(activity))
            own.setdefault(term.person_id, (post, term))
    return found


def held_on(session: Session, invitation: Invitation, activity: Activity) -> HolderTerm | None:
    """Return who holds an invitation's post on another activity's day; None if it goes to no post, or nobody holds it."""
    if invitation.as_post is None:
        return None
    post_id = invitation.as_post.post_id
    return holder_on(terms_of(session, [post_id])[post_id], day_of(activity))


def bind(new: Iterable[Invitation], found: Mapping[int, Mapping[int, tuple[Post, HolderTerm]]]) -> None:
    """Let these new invitations go to the posts of `holders` by which their people were chosen; the others go to none."""
    for invitation in new:
        held = found.get(invitation.activity_id, {}).get(invitation.person_id or 0)
        invitation.as_post = InvitedPost(post=held[0], kind=held[1].kind) if held else None


def ahead(session: Session, post_id: int, *, now: datetime) -> Sequence[Invitation]:
    """Return the invitations to a post that follow its holders: to activities that are not over.

    They are freshly read, and not locked. One query.
    """
    open_ = sa.or_(
        sa.and_(Activity.state.in_((ActivityState.DRAFT, ActivityState.PUBLISHED)), Activity.ends_at > now),
        Activity.state == ActivityState.POSTPONED,
    )
    return session.scalars(
        sa.select(Invitation)
        .join(InvitedPost, InvitedPost.invitation_id == Invitation.id)
        .join(Activity, Activity.id == Invitation.activity_id)
        .where(InvitedPost.post_id == post_id, Invitation.state != InvitationState.WITHDRAWN, open_)
        .options(contains_eager(Invitation.as_post), contains_eager(Invitation.activity), joinedload(Invitation.person))
        .order_by(Activity.starts_at, Invitation.id)
        .execution_options(populate_existing=True)
    ).all()


def passing(session: Session, days: Mapping[int, date]) -> list[Passing]:
    """Return the invitations that go to other holders of their posts if these activities take place on these days.

    days: by activity id; of those activities only that get another day. Four queries, and at most two for each that goes.
    """
    if not days:
        return []
    to_posts = session.execute(
        sa.select(Invitation, InvitedPost.post_id, Post.name)
        .join(InvitedPost, InvitedPost.invitation_id == Invitation.id)
        .join(Post, Post.id == InvitedPost.post_id)
        .where(Invitation.activity_id.in_(days), Invitation.state != InvitationState.WITHDRAWN)
        .order_by(Invitation.id)
    ).all()
    if not to_posts:
        return []
    terms = terms_of(session, {row.post_id for row in to_posts})
    invited: dict[int, set[tuple[Role, int]]] = defaultdict(set)
    own_people = sa.select(Invitation.activity_id, Invitation.role, Invitation.person_id)
    for row in session.execute(own_people.where(Invitation.activity_id.in_(days), Invitation.person_id.is_not(None))):
        invited[row.activity_id].add((row.role, row.person_id))
    passed: dict[int, HolderTerm] = {}
    for activity_id, day in days.items():
        own = [
            ToPost(one.id, one.role, one.person_id, tuple(terms[post_id]))
            for one, post_id, _name in to_posts
            if one.activity_id == activity_id and one.person_id is not None
        ]
        passed |= passed_on(own, day, invited[activity_id])
    names = {one.id: name for one, _post_id, name in to_posts}
    people = {id for one, *_ in to_posts if one.id in passed for id in (one.person_id, passed[one.id].person_id)}
    found = {one.id: one for one in session.scalars(sa.select(Person).where(Person.id.in_(people)))}
    return [
        _foreseen(session, one, names[one.id], found[one.person_id or 0], found[passed[one.id].person_id])
        for one, *_ in to_posts
        if one.id in passed
    ]


def _foreseen(session: Session, invitation: Invitation, post: str, former: Person, new: Person) -> Passing:
    unheard = _unheard_change(session, invitation, new)
    if unheard is not None:
        return Passing(invitation, post, former, new, unheard.state, counts_again=True)
    then = invitation.state if invitation.acting is not None else InvitationState.PREPARED
    return Passing(invitation, post, former, new, then, is_told=_was_told(invitation))


def _was_told(invitation: Invitation) -> bool:
    """Return whether the holder is told that it goes to somebody else: they know of it, and have not declined."""
    return invitation.invited_at is not None and invitation.state is not InvitationState.NOT_COMING


def follow_post(session: Session, post_id: int, *, by: User | None, now: datetime) -> Followed:
    """Let all invitations to a post that lie ahead follow its holders. Locks their activities."""
    locking.present_for_change(session, {invitation.activity_id for invitation in ahead(session, post_id, now=now)})
    return follow(session, ahead(session, post_id, now=now), by=by, now=now)


def follow_activity(
    session: Session, activity: Activity, agreed: Collection[int] = (), *, by: User | None, now: datetime
) -> Followed:
    """Let an activity's invitations to posts follow the holders of its day, which has just changed.

    agreed: ids of the invitations from `passing`. Their bookings and clashes are checked by whoever moves the activity.
    """
    found = session.scalars(
        sa.select(Invitation)
        .join(InvitedPost, InvitedPost.invitation_id == Invitation.id)
        .where(Invitation.activity_id == activity.id, Invitation.state != InvitationState.WITHDRAWN)
        .order_by(Invitation.id)
    ).all()
    return follow(session, found, agreed, by=by, now=now) if found else Followed()


def follow(
    session: Session, invitations: Sequence[Invitation], agreed: Collection[int] = (), *, by: User | None, now: datetime
) -> Followed:
    """Let each of these invitations to posts go to its post's holder of the activity's day, if that is somebody else.

    One that cannot, stays with the person before: the holder is invited already, or the office blocks the clash.
    agreed: as in `follow_activity`.
    """
    posts = {invitation.as_post.post_id for invitation in invitations if invitation.as_post is not None}
    terms = terms_of(session, posts)
    holding = {
        invitation.id: holder_on(terms[invitation.as_post.post_id], day_of(invitation.activity))
        for invitation in invitations
        if invitation.as_post is not None
    }
    changes = [
        (invitation.person_id, term.person_id)
        for invitation in invitations
        if (term := holding[invitation.id]) is not None and term.person_id != invitation.person_id
    ]
    locking.lock_people(session, {person_id for pair in changes for person_id in pair if person_id is not None})
    moved, staying = [], []
    to_call: dict[int, Person] = {}
    for invitation in invitations:
        as_post, term = invitation.as_post, holding[invitation.id]
        assert as_post is not None
        if term is not None and term.person_id == invitation.person_id:
            as_post.kind = term.kind
            continue
        try:
            if term is None:
                raise NobodyHolds(post=as_post.post.name, day=day_of(invitation.activity))
            with session.begin_nested():
                checks = invitation.id not in agreed
                concerned = _hand_over(session, invitation, as_post, term, checks=checks, by=by, now=now)
            moved.append(invitation)
            to_call |= {person.id: person for person in concerned if not person.email}
        except Problem as problem:
            staying.append(StayingInvitation(invitation, problem))
            audit.record(
                session, by, KEPT, invitation, now=now, name=as_post.post.name, activity=invitation.activity.title
            )
    session.flush()
    return Followed(tuple(moved), tuple(staying), tuple(to_call.values()))


def _hand_over(
    session: Session, invitation: Invitation, as_post: InvitedPost, term: HolderTerm, *,
    checks: bool = True, by: User | None, now: datetime,
) -> list[Person]:  # fmt: skip
    """Let an invitation go to another person, and return who should hear of it. Both people are locked.

    Its answer no longer counts, but a representative whom it named still comes. checks: whether to book the new holder, and to
    refuse what the office blocks.
    """
    activity, former_id = invitation.activity, invitation.person_id
    new = session.get_one(Person, term.person_id)
    _check_not_invited(session, invitation, new)
    assert former_id is not None
    on_stage = invitation.role in ON_STAGE
    planned = plan_checks.before(session, [activity.id]) if checks else []
    was_told = _was_told(invitation)
    answered = (
        None if invitation.state in (InvitationState.PREPARED, InvitationState.INVITED) else invitation.answered_at
    )
    unheard = _unheard_change(session, invitation, new)
    if unheard is None:
        session.add(
            FormerHolder(
                invitation_id=invitation.id, person_id=former_id, kind=as_post.kind, state=invitation.state,
                answered_at=answered, left_at=now, rungs=[codec.to_json(one) for one in _rungs(session, invitation)],
            )
        )  # fmt: skip
    _raise_revision(session, invitation, new)
    invitation.person, as_post.kind = new, term.kind
    if invitation.role is Role.SPEAKER:
        put_on_agenda(activity, former_id, new)
        _keep_what_acting_people_sent(session, invitation, former_id, new.id)
    if unheard is None:
        _open_again(session, invitation)
    else:
        _give_back(session, invitation, unheard)
    session.flush()
    if checks:
        if on_stage:
            bookings.rebook_people(session, {former_id}, locked=True)
            book_people(session, [activity], {new.id}, locked=True)
        plan_checks.refuse_blocking(session, [activity.id], before=planned, now=now)
    tokens.ensure_links(session, person_ids=[new.id], expires_at=activity.ends_at + tokens.lifetime())
    _forget_what_can_be_undone(session, invitation, former_id)
    if unheard is None:
        _tell(session, invitation, former_id if was_told else None, now)
    seats.offer_freed(session, activity, now=now)
    audit.record(session, by, CHANGED, invitation, now=now, name=as_post.post.name, activity=activity.title)
    if activity.state is ActivityState.DRAFT:
        return []
    return [session.get_one(Person, former_id), new] if was_told else [new]


def _unheard_change(session: Session, invitation: Invitation, new: Person) -> FormerHolder | None:
    """Return the last change of holders, if this one takes it back before the holder in between was invited.

    None also if the seat of the answer before is taken meanwhile: then they are asked again.
    """
    if invitation.state is not InvitationState.PREPARED:
        return None
    last = session.scalars(
        sa.select(FormerHolder)
        .where(FormerHolder.invitation_id == invitation.id)
        .order_by(FormerHolder.id.desc())
        .limit(1)
    ).first()
    if last is None or last.person_id != new.id:
        return None
    needs_a_seat = last.state in TAKES_A_SEAT and invitation.role not in ON_STAGE
    left = seats.left(session, invitation.activity) if needs_a_seat else None
    return last if left is None or left > 0 else None


def _give_back(session: Session, invitation: Invitation, before: FormerHolder) -> None:
    """Let the answer count again that a holder had given before a change that nobody heard of."""
    told_at, sequence = session.execute(
        sa.select(sa.func.min(Message.sent_at, type_=Message.sent_at.type), sa.func.max(MessageLine.sequence))
        .join(MessageLine, MessageLine.message_id == Message.id)
        .where(MessageLine.invitation_id == invitation.id, Message.person_id == before.person_id)
    ).one()
    invitation.state, invitation.answered_at = before.state, before.answered_at
    if before.state is InvitationState.WAITLISTED:
        invitation.waitlisted_at = before.answered_at  # the place in the queue, too
    if before.state is not InvitationState.PREPARED:
        invitation.invited_at = told_at or before.left_at
    if before.answered_at is not None:
        invitation.answered_sequence = sequence  # the answer is to what they were told
    given = given_answers.of_holder(session, invitation)
    if given is not None:
        invitation.answer_source, invitation.answer_note = given.source, given.note
        invitation.answer_recorded_by_id, invitation.answer_device = given.recorded_by_id, given.device
    if invitation.acting is None:  # while a representative comes, the ladder stayed
        session.execute(sa.delete(Rung).where(Rung.invitation_id == invitation.id))
        kept = [codec.from_json(KeptRung, one) for one in before.rungs]
        session.add_all(Rung(invitation_id=invitation.id, **vars(one)) for one in kept)
    session.delete(before)


def _rungs(session: Session, invitation: Invitation) -> list[KeptRung]:
    own = sa.select(Rung).where(Rung.invitation_id == invitation.id).order_by(Rung.position)
    names = [one.name for one in fields(KeptRung)]
    return [KeptRung(**{name: getattr(rung, name) for name in names}) for rung in session.scalars(own)]


def _check_not_invited(session: Session, invitation: Invitation, new: Person) -> None:
    same = sa.exists().where(
        Invitation.activity_id == invitation.activity_id,
        Invitation.person_id == new.id,
        Invitation.role == invitation.role,
    )
    if session.scalar(sa.select(same)):
        raise HolderInvited(name=new.display_name)


def _raise_revision(session: Session, invitation: Invitation, new: Person) -> None:
    """Let the calendar entry of the new holder, and the one that takes it away from the former, outrank those before."""
    own = session.scalars(
        sa.select(Invitation).where(Invitation.activity_id == invitation.activity_id, Invitation.person_id == new.id)
    ).all()
    highest = max(row.revision or 0 for row in [invitation, *own]) + 1
    for row in [invitation, *own]:
        row.revision = highest


def put_on_agenda(activity: Activity, former_id: int, new: Person) -> None:
    """Give a speaker's lines of the agenda to somebody else."""
    for item in activity.agenda:
        if former_id in {speaker.id for speaker in item.speakers}:
            others = [speaker for speaker in item.speakers if speaker.id not in (former_id, new.id)]
            item.speakers = [*others, new]
            flag_modified(activity, "title")  # a change of the agenda raises the activity's version


def _keep_what_acting_people_sent(session: Session, invitation: Invitation, former_id: int, new_id: int) -> None:
    """Leave with the turn what representatives sent for it. What the former holder sent stays theirs."""
    chain = sa.select(ActingPerson.id).where(ActingPerson.invitation_id == invitation.id)
    for model, sender in ((Material, Material.sent_by_id), (ProposedTopic, ProposedTopic.proposed_by_id)):
        session.execute(
            sa.update(model)
            .where(model.activity_id == invitation.activity_id, model.person_id == former_id, sender.in_(chain))
            .values(person_id=new_id)
        )


def _open_again(session: Session, invitation: Invitation) -> None:
    """Ask the new holder as somebody new, unless a representative comes for the post: that still holds."""
    invitation.answer_device, invitation.answer_replaced, invitation.replied_at = "", None, None
    invitation.notices_wanted = True
    if invitation.acting is not None:
        return
    invitation.state = InvitationState.PREPARED
    invitation.invited_at = invitation.answered_at = invitation.answered_sequence = None
    invitation.answer_source = invitation.answer_recorded_by_id = invitation.waitlisted_at = None
    invitation.answer_note = ""
    session.execute(
        sa.delete(Rung).where(Rung.invitation_id == invitation.id)
    )  # the ladder counts from the new invitation


def _forget_what_can_be_undone(session: Session, invitation: Invitation, former_id: int) -> None:
    own = sa.select(Link.id).where(Link.person_id == former_id)
    session.execute(sa.delete(AnswerBefore).where(AnswerBefore.link_id.in_(own)))
    session.execute(sa.delete(RecordedBefore).where(RecordedBefore.invitation_id == invitation.id))


def _tell(session: Session, invitation: Invitation, former_id: int | None, now: datetime) -> None:
    """Tell the former holder that the invitation goes to somebody else now, and the new one that they are invited."""
    activity = invitation.activity
    session.execute(  # what waits for the representative goes to them on behalf of the new holder
        sa.update(Message)
        .where(
            Message.representative_of_id == invitation.id,
            Message.state.in_(TO_SEND),
            Message.kind.not_in(sorted(TO_ASSISTANT)),
        )
        .values(person_id=invitation.person_id, merge_key=None)
        .execution_options(synchronize_session=False)
    )
    if activity.state not in (ActivityState.PUBLISHED, ActivityState.POSTPONED):
        return
    if former_id is not None:
        event_reminder(
            session, activity, MailKind.WITHDRAWAL, Audience.ONE, now=now, invitation=invitation,
            detail={FORMER_HOLDER: former_id}, text_key=OTHER_HOLDER_TEXT,
        )  # fmt: skip
    if invitation.state is not InvitationState.PREPARED:
        notices.tell_invitee(session, invitation, now=now, by_staff=True)
    elif activity.state is ActivityState.PUBLISHED:
        if waiting_invitations(session, activity.id, now) is None:
            event_reminder(session, activity, MailKind.INVITATION, Audience.NEWLY_INVITED, now=now)
        if invitation.role is Role.SPEAKER or now >= activity.respond_by_at:
            reschedule(session, activity, now=now)

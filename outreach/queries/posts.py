"""Posts with who holds them: the list, one post's page, those of a person, choices for inviting, and invitations left behind.

Reads only. services/posts.py changes them.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from outreach.domain.posts import HolderTerm, holder_on, next_after
from outreach.domain.states import ActivityState, InvitationState
from outreach.extensions import db
from outreach.models import Activity, FormerHolder, Invitation, InvitedPost, Organisation, Person, Post, PostHolder
from outreach.queries.directory.lists import any_holds, words_of
from outreach.queries.paging import Page, paged
from outreach.services import office_defaults
from outreach.services.invitations import post_holders
from outreach.services.posts import HolderMissing, PostMissing

FOUND_AT_MOST = 30


@dataclass(frozen=True)
class HeldPost:
    """A post with who holds it on a day, and who next; None if nobody does."""

    post: Post
    holder: PostHolder | None
    next: PostHolder | None


@dataclass(frozen=True)
class PostInvitation:
    """An invitation to a post. left_behind: it goes to another person than the holder of its day; None if nobody holds it."""

    invitation: Invitation
    day: date
    holder: PostHolder | None

    @property
    def left_behind(self) -> bool:
        return self.holder is None or self.holder.person_id != self.invitation.person_id


@dataclass(frozen=True)
class PostPage:
    held: HeldPost
    holders: Sequence[PostHolder]  # who began last first
    invitations: Sequence[PostInvitation]

    @property
    def left_behind(self) -> list[PostInvitation]:
        return [one for one in self.invitations if one.left_behind]


@dataclass(frozen=True)
class FormerInvitation:
    """An invitation that went to a person while they held its post. title: the activity's neutral one."""

    post: str
    title: str
    starts_at: datetime
    zone: ZoneInfo


def today(*, now: datetime) -> date:
    """Return the office's day."""
    return now.astimezone(office_defaults.zone(db.session)).date()


def posts(q: str, number: int = 1, *, now: datetime) -> Page:
    """Return a page of posts by name, as HeldPost. A fixed number of queries."""
    page = paged(posts_select(q), number, q=q)
    day = today(now=now)
    return replace(page, items=[held(post, day) for post in page.items])


def posts_select(q: str) -> sa.Select[Any]:
    """Select the posts of the list with their holders, in its order: by name. `q` also finds who ever held one."""
    wanted = (
        sa.select(Post)
        .outerjoin(Organisation, Organisation.id == Post.organisation_id)
        .options(
            joinedload(Post.organisation),
            joinedload(Post.region),
            selectinload(Post.holders).joinedload(PostHolder.person),
        )
    )
    office = sa.func.coalesce(Organisation.name + " " + Organisation.short_name, "")
    for word in words_of(q):
        held_by = sa.exists().where(
            PostHolder.post_id == Post.id, Person.id == PostHolder.person_id, any_holds(word, Person.name, Person.post)
        )
        wanted = wanted.where(sa.or_(any_holds(word, Post.name, office), held_by))
    return wanted.order_by(sa.func.lower(Post.name), Post.id)


def held(post: Post, day: date) -> HeldPost:
    """Return a post, whose holders are loaded, with who holds it that day."""
    by_id = {holder.id: holder for holder in post.holders}
    terms = [holder.term for holder in post.holders]
    return HeldPost(post, _of(by_id, holder_on(terms, day)), _of(by_id, next_after(terms, day)))


def page_of(post_id: int, *, now: datetime) -> PostPage:
    """Return what a post's page shows. Raise PostMissing."""
    post = one(post_id)
    terms = [holder.term for holder in post.holders]
    by_id = {holder.id: holder for holder in post.holders}
    found = []
    for invitation in post_holders.ahead(db.session(), post_id, now=now):
        day = post_holders.day_of(invitation.activity)
        found.append(PostInvitation(invitation, day, _of(by_id, holder_on(terms, day))))
    newest = sorted(post.holders, key=lambda holder: (holder.from_on, holder.id), reverse=True)
    return PostPage(held(post, today(now=now)), newest, found)


def one(post_id: int) -> Post:
    """Return a post with its holders. Raise PostMissing."""
    found = db.session.scalar(posts_select("").where(Post.id == post_id))
    if found is None:
        raise PostMissing
    return found


def holder(post_id: int, holder_id: int) -> PostHolder:
    """Return one entry of a post. Raise HolderMissing."""
    found = db.session.get(PostHolder, holder_id)
    if found is None or found.post_id != post_id:
        raise HolderMissing
    return found


def of_person(person_id: int) -> Sequence[PostHolder]:
    """Return the posts that a person holds or held, who began last first."""
    return db.session.scalars(
        sa.select(PostHolder)
        .where(PostHolder.person_id == person_id)
        .options(joinedload(PostHolder.post).joinedload(Post.organisation))
        .order_by(PostHolder.from_on.desc(), PostHolder.id.desc())
    ).all()


def choices(q: str, ticked: Collection[int], *, now: datetime) -> tuple[list[HeldPost], list[HeldPost]]:
    """Return the ticked posts, and up to FOUND_AT_MOST others that `q` finds."""
    day = today(now=now)
    chosen = db.session.scalars(posts_select("").where(Post.id.in_(ticked))).unique() if ticked else ()
    others = (
        db.session.scalars(posts_select(q).where(Post.id.not_in(ticked)).limit(FOUND_AT_MOST)).unique()
        if q.strip()
        else ()
    )
    return [held(post, day) for post in chosen], [held(post, day) for post in others]


def not_held_by(post_ids: Collection[int], person_ids: Collection[int], activities: Collection[Activity]) -> list[int]:
    """Return those of these posts that none of these people holds on the day of one of the activities: they were left out."""
    if not person_ids or not post_ids:
        return list(post_ids)
    terms = post_holders.terms_of(db.session(), post_ids)
    days = {post_holders.day_of(activity) for activity in activities}

    def left_out(post_id: int) -> bool:
        held = (holder_on(terms[post_id], day) for day in days)
        return any(term is not None and term.person_id in person_ids for term in held)

    return [id for id in post_ids if not left_out(id)]


def left_behind(invitation: Invitation) -> PostInvitation | None:
    """Return an invitation to a post that goes to another person than its holder of the day; None if it does not."""
    if invitation.as_post is None:
        return None
    post = one(invitation.as_post.post_id)
    day = post_holders.day_of(invitation.activity)
    by_id = {holder.id: holder for holder in post.holders}
    found = PostInvitation(invitation, day, _of(by_id, holder_on([holder.term for holder in post.holders], day)))
    return found if found.left_behind else None


def former_holders(invitation_id: int) -> Sequence[FormerHolder]:
    """Return to whom an invitation to a post went before, the first first."""
    return db.session.scalars(
        sa.select(FormerHolder)
        .where(FormerHolder.invitation_id == invitation_id)
        .options(joinedload(FormerHolder.person))
        .order_by(FormerHolder.left_at, FormerHolder.id)
    ).all()


def went_from(person_id: int, *, now: datetime) -> list[FormerInvitation]:
    """Return the invitations ahead that went to a person before, and go to another holder of the post now.

    Those of which the person was never told are left out, and so are drafts and what does not take place.
    """
    rows = db.session.execute(
        sa.select(Post.name, Activity)
        .select_from(FormerHolder)
        .join(Invitation, Invitation.id == FormerHolder.invitation_id)
        .join(InvitedPost, InvitedPost.invitation_id == Invitation.id)
        .join(Post, Post.id == InvitedPost.post_id)
        .join(Activity, Activity.id == Invitation.activity_id)
        .where(
            FormerHolder.person_id == person_id,
            FormerHolder.state != InvitationState.PREPARED,
            Invitation.person_id != person_id,
            Invitation.state != InvitationState.WITHDRAWN,
            Activity.state.in_((ActivityState.PUBLISHED, ActivityState.POSTPONED)),
            Activity.ends_at > now,
        )
        .order_by(Activity.starts_at, Activity.id)
    )
    return [
        FormerInvitation(name, activity.neutral_title, activity.starts_at, activity.zone)
        for name, activity in rows.unique()
    ]


def _of(by_id: dict[int, PostHolder], term: HolderTerm | None) -> PostHolder | None:
    return by_id[term.id] if term is not None else None

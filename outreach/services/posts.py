"""Posts and who holds them when: adding, correcting, ending, and handing a post over. Invitations to the post follow at once.

queries/posts.py lists posts, services/invitations/post_holders.py moves the invitations.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.directory import names
from outreach.domain.kinds import HolderKind
from outreach.domain.posts import HolderTerm, overlapping
from outreach.domain.problems import Problem
from outreach.models import InvitedPost, Organisation, Person, Post, PostHolder, Region, User
from outreach.services import audit
from outreach.services.invitations import post_holders
from outreach.services.invitations.post_holders import Followed
from outreach.services.locking import lock_address_book
from outreach.services.records import NameTaken
from outreach.services.reminders import forecast as forecasting
from outreach.services.reminders.forecast import Forecast
from outreach.transactions import trying, writing

FIRST_YEAR, LAST_YEAR = 1945, 2200


class PostMissing(Problem):
    message = "There is no such post in the list."


class PostNameMissing(Problem):
    message = "Please write the post, such as Kapolres Metro."
    field = "name"


class PostInUse(Problem):
    message = "Invitations went to this post, so it stays in the list. You can end its holder's time instead."


class HolderMissing(Problem):
    message = "This entry does not exist any more; perhaps somebody removed it."


class HolderNotChosen(Problem):
    message = "Please choose who holds the post."
    field = "person_id"


class FirstDayMissing(Problem):
    message = "Please write from which day."
    field = "from_on"


class DayOutOfRange(Problem):
    message = "Please check the year of this day."
    field = "from_on"


class EndsBeforeItBegins(Problem):
    message = "The last day must not be before the first day."
    field = "until_on"


class HeldByAnother(Problem):
    message = (
        "%(name)s holds the post from %(from_on)s on, and a post has only one definitive holder at a time. End that time first, "
        "choose other days, or enter a Plt. or Plh."
    )
    field = "from_on"


class NobodyToFollow(Problem):
    message = "Nobody holds the post the day before. Please enter the new holder as an entry of its own."
    field = "from_on"


class HoldsAlready(Problem):
    message = "%(name)s holds the post already."
    field = "person_id"


class BeganThatDay(Problem):
    message = "%(name)s began to hold the post only on %(from_on)s. Please choose a later day."
    field = "from_on"


@dataclass(frozen=True)
class PostValues:
    name: str
    organisation_id: int | None = None
    region_code: str | None = None
    note: str = ""


@dataclass(frozen=True)
class HolderValues:
    """Who holds a post when; both days included. until_on: None while no end is known."""

    person_id: int | None
    kind: HolderKind
    from_on: date | None
    until_on: date | None = None


@dataclass(frozen=True)
class GoesOver:
    """An invitation that goes from one holder to another. title: of its activity."""

    title: str
    starts_at: datetime
    zone: ZoneInfo
    former: str
    new: str


@dataclass(frozen=True)
class HoldersPreview:
    """What a change of holders would do.

    stays: titles of the activities whose invitations stay, and why. to_call: names of those in Followed.
    """

    goes: tuple[GoesOver, ...]
    stays: tuple[tuple[str, Problem], ...]
    to_call: tuple[str, ...]
    forecast: Forecast


def add(values: PostValues, *, by: User | None, now: datetime) -> Post:
    """Store a new post. Raise PostNameMissing or NameTaken."""
    with writing() as session:
        lock_address_book(session)
        post = Post()
        _fill(session, post, values)
        session.add(post)
        audit.record(session, by, "post.added", post, now=now)
    return post


def edit(post_id: int, values: PostValues, *, by: User | None, now: datetime) -> Post:
    """Correct a post. Its invitations keep going to it. Raise PostMissing, PostNameMissing or NameTaken."""
    with writing() as session:
        post = _post_for_change(session, post_id)
        before = values_of(post)
        _fill(session, post, values)
        changed = sorted(name for name, value in vars(values_of(post)).items() if value != vars(before)[name])
        if changed:
            audit.record(session, by, "post.edited", post, now=now, changed=changed)
    return post


def delete(post_id: int, *, by: User | None, now: datetime) -> str:
    """Delete a post to which no invitation ever went, and return its name. Raise PostMissing or PostInUse."""
    with writing() as session:
        post = _post_for_change(session, post_id)
        if session.scalar(sa.select(sa.exists().where(InvitedPost.post_id == post_id))):
            raise PostInUse
        name = post.name
        audit.record(session, by, "post.deleted", post, now=now)
        session.delete(post)
    return name


def add_holder(post_id: int, values: HolderValues, *, by: User | None, now: datetime) -> Followed:
    """Enter who holds a post from a day on. Raise PostMissing, HeldByAnother or another Problem with the values."""
    with writing() as session:
        return _add_holder(session, post_id, values, by, now)


def edit_holder(holder_id: int, values: HolderValues, *, by: User | None, now: datetime) -> Followed:
    """Correct who holds a post when, or end it. Raise HolderMissing, HeldByAnother or another Problem with the values."""
    with writing() as session:
        return _edit_holder(session, holder_id, values, by, now)


def remove_holder(holder_id: int, *, by: User | None, now: datetime) -> Followed:
    """Remove an entry that was wrong. Raise HolderMissing."""
    with writing() as session:
        return _remove_holder(session, holder_id, by, now)


def hand_over(post_id: int, person_id: int | None, from_on: date | None, *, by: User | None, now: datetime) -> Followed:
    """Let a person hold a post from this day on, and the definitive holder until the day before, in one step.

    Raise PostMissing, NobodyToFollow, HoldsAlready, BeganThatDay, HeldByAnother or a Problem with the values.
    """
    with writing() as session:
        return _hand_over(session, post_id, person_id, from_on, by, now)


def preview_adding(post_id: int, values: HolderValues, *, now: datetime) -> HoldersPreview:
    """Return the effects of `add_holder`, or raise what it raises. Nothing is written; so for the three below."""
    return _previewed(lambda session: _add_holder(session, post_id, values, None, now), post_id, now)


def preview_editing(post_id: int, holder_id: int, values: HolderValues, *, now: datetime) -> HoldersPreview:
    return _previewed(lambda session: _edit_holder(session, holder_id, values, None, now), post_id, now)


def preview_removing(post_id: int, holder_id: int, *, now: datetime) -> HoldersPreview:
    return _previewed(lambda session: _remove_holder(session, holder_id, None, now), post_id, now)


def preview_handing_over(post_id: int, person_id: int | None, from_on: date | None, *, now: datetime) -> HoldersPreview:
    return _previewed(lambda session: _hand_over(session, post_id, person_id, from_on, None, now), post_id, now)


def _previewed(change: Callable[[Session], Followed], post_id: int, now: datetime) -> HoldersPreview:
    """Make the change, see what came of it, and take it back."""
    with trying() as session:
        lock_address_book(session)
        before = {
            one.id: one.person.display_name for one in post_holders.ahead(session, post_id, now=now) if one.person
        }
        concerned = {one.activity_id for one in post_holders.ahead(session, post_id, now=now)}
        since = forecasting.newest(concerned)
        followed = change(session)
        return HoldersPreview(
            goes=tuple(
                GoesOver(
                    one.activity.title, one.activity.starts_at, one.activity.zone, before[one.id], new.display_name
                )
                for one in followed.moved
                if (new := one.person) is not None
            ),
            stays=tuple((one.invitation.activity.title, one.because) for one in followed.staying),
            to_call=tuple(person.display_name for person in followed.to_call),
            forecast=forecasting.caused({one.id for one in followed.moved}, concerned, since, now=now),
        )


def _add_holder(session: Session, post_id: int, values: HolderValues, by: User | None, now: datetime) -> Followed:
    post = _post_for_change(session, post_id)
    holder = PostHolder(post=post)
    _fill_holder(session, post, holder, values)
    return _changed(session, post, holder, "post.holder_added", by, now)


def _edit_holder(session: Session, holder_id: int, values: HolderValues, by: User | None, now: datetime) -> Followed:
    holder = _holder_for_change(session, holder_id)
    _fill_holder(session, holder.post, holder, values)
    return _changed(session, holder.post, holder, "post.holder_edited", by, now)


def _remove_holder(session: Session, holder_id: int, by: User | None, now: datetime) -> Followed:
    holder = _holder_for_change(session, holder_id)
    post, person_id = holder.post, holder.person_id
    post.holders.remove(holder)
    session.flush()
    audit.record(session, by, "post.holder_removed", post, now=now, of_person=person_id)
    return post_holders.follow_post(session, post.id, by=by, now=now)


def _hand_over(
    session: Session, post_id: int, person_id: int | None, from_on: date | None, by: User | None, now: datetime
) -> Followed:
    post = _post_for_change(session, post_id)
    new = _holder_values(session, HolderValues(person_id, HolderKind.DEFINITIVE, from_on))
    assert new.from_on is not None
    eve = new.from_on - timedelta(days=1)
    definitive = [one for one in post.holders if one.kind is HolderKind.DEFINITIVE]
    today = next((one for one in definitive if one.term.covers(new.from_on)), None)
    if today is not None and today.from_on == new.from_on:
        raise BeganThatDay(name=today.person.display_name, from_on=today.from_on)
    present = next((one for one in definitive if one.term.covers(eve)), None)
    if present is None:
        raise NobodyToFollow
    if present.person_id == person_id:
        raise HoldsAlready(name=present.person.display_name)
    present.until_on = eve
    session.flush()
    holder = PostHolder(post=post)
    _fill_holder(session, post, holder, new)
    return _changed(session, post, holder, "post.handed_over", by, now)


def values_of(post: Post) -> PostValues:
    """Return a post's stored data, as the form shows it."""
    return PostValues(post.name, post.organisation_id, post.region_code, post.note)


def follow(post_id: int, *, by: User | None, now: datetime) -> Followed:
    """Try again to let the invitations to a post follow its holders, after a clash was solved. Raise PostMissing."""
    with writing() as session:
        post = _post_for_change(session, post_id)
        return post_holders.follow_post(session, post.id, by=by, now=now)


def _post_for_change(session: Session, post_id: int) -> Post:
    lock_address_book(session)
    post = session.get(Post, post_id, populate_existing=True)
    if post is None:
        raise PostMissing
    return post


def _holder_for_change(session: Session, holder_id: int) -> PostHolder:
    lock_address_book(session)
    holder = session.get(PostHolder, holder_id, populate_existing=True)
    if holder is None:
        raise HolderMissing
    return holder


def _fill(session: Session, post: Post, values: PostValues) -> None:
    name = names.tidy(values.name)
    if not name:
        raise PostNameMissing
    office = session.get(Organisation, values.organisation_id) if values.organisation_id else None
    region = session.get(Region, values.region_code) if values.region_code else None
    taken = session.scalar(
        sa.select(Post.name).where(
            sa.func.lower(Post.name) == name.lower(),
            sa.func.coalesce(Post.organisation_id, 0) == (office.id if office else 0),
            Post.id != (post.id or 0),
        )
    )
    if taken:
        raise NameTaken(name=taken)
    post.name, post.note = name, names.tidy(values.note)
    post.organisation_id, post.region_code = office.id if office else None, region.code if region else None


def _holder_values(session: Session, values: HolderValues) -> HolderValues:
    person = session.get(Person, values.person_id) if values.person_id else None
    if person is None or person.erased_at is not None:
        raise HolderNotChosen
    if values.from_on is None:
        raise FirstDayMissing
    for day in (values.from_on, values.until_on):
        if day is not None and not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise DayOutOfRange
    if values.until_on is not None and values.until_on < values.from_on:
        raise EndsBeforeItBegins
    return values


def _fill_holder(session: Session, post: Post, holder: PostHolder, values: HolderValues) -> None:
    with session.no_autoflush:
        values = _holder_values(session, values)
        assert values.person_id is not None
        assert values.from_on is not None
        new = HolderTerm(values.person_id, values.from_on, values.until_on, values.kind, holder.id or 0)
        others = {one.id: one for one in post.holders if one is not holder}
        held = overlapping((one.term for one in others.values()), new)
        if held is not None:
            raise HeldByAnother(name=others[held.id].person.display_name, from_on=held.from_on)
        session.add(holder)
        holder.person_id, holder.kind = values.person_id, values.kind
        holder.from_on, holder.until_on = values.from_on, values.until_on
    session.flush()


def _changed(session: Session, post: Post, holder: PostHolder, action: str, by: User | None, now: datetime) -> Followed:
    audit.record(
        session, by, action, post, now=now, of_person=holder.person_id, holds_as=holder.kind.value,
        starts_on=holder.from_on.isoformat(), ends_on=holder.until_on.isoformat() if holder.until_on else "",
    )  # fmt: skip
    return post_holders.follow_post(session, post.id, by=by, now=now)

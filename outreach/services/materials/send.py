"""What a speaker gives by their link: files for one activity, a topic, a biography and a photo.

The link is checked inside each transaction, after the activity is locked; so is that its holder speaks there. A refused
file is logged without its name, and nothing of it is kept. publish.py has what staff do; domain/materials.py says which
files are taken.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from outreach.domain import materials
from outreach.domain.directory.names import tidy
from outreach.domain.kinds import Role
from outreach.domain.materials import (
    MOST_FILES,
    FilesTooLarge,
    MaterialMissing,
    MaterialsClosed,
    NotASpeaker,
    Taken,
    TooManyFiles,
)
from outreach.domain.problems import Problem
from outreach.domain.states import InvitationState
from outreach.models import Activity, Invitation, Material, Person, ProposedTopic, SpeakerProfile, StoredFile, User
from outreach.services import audit, files
from outreach.services.invitations import links
from outreach.services.locking import present_for_change
from outreach.services.office_defaults import contact
from outreach.transactions import writing

MOST_OF_A_BIOGRAPHY = 3000  # letters
MOST_OF_A_TOPIC = 300
log = structlog.get_logger()


class BiographyTooLong(Problem):
    message = "This is longer than %(longest)d characters. Please shorten it."
    field = "biography"


class TopicTooLong(Problem):
    message = "This is longer than %(longest)d characters. Please shorten it."
    field = "topic"


@dataclass(frozen=True)
class GivenFile:
    """A file as it was sent. filename: as its sender calls it."""

    data: bytes
    filename: str


@dataclass(frozen=True)
class _Speaker:
    """The holder of a link who speaks at an activity, in the transaction that has locked it."""

    session: Session
    activity: Activity
    person: Person


def send(
    token: str, activity_id: int, upload: GivenFile, *, most_mb: int, now: datetime, staff: User | None = None
) -> Material:
    """Keep a file that a speaker sends.

    most_mb: how much one speaker's files for one activity may have together. staff: the account that is signed in where
    the link was used. Raise a link's problem, NotASpeaker, MaterialsClosed, a problem of `materials.taken`, TooManyFiles,
    FilesTooLarge or UploadTooLarge.
    """
    checked = _checked(upload, materials.taken, activity_id)
    with writing() as session:
        who = _speaking(session, token, activity_id, now)
        count, size = session.execute(
            sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(StoredFile.size), 0))
            .select_from(Material)
            .join(Material.file)
            .where(*_own(who))
        ).one()
        if count >= MOST_FILES:
            raise TooManyFiles(most=MOST_FILES)
        if size + len(checked.data) > most_mb * 1024 * 1024:
            raise FilesTooLarge(megabytes=most_mb)
        made = Material(activity_id=activity_id, person_id=who.person.id, file=_keep(session, checked, now))
        session.add(made)
        _tell_log(who, "material_sent_by_link", staff, now)
    return made


def remove(token: str, activity_id: int, material_id: int, *, now: datetime, staff: User | None = None) -> None:
    """Delete a file that the speaker sent. Raise as `send` does, or MaterialMissing."""
    with writing() as session:
        who = _speaking(session, token, activity_id, now)
        found = session.scalar(sa.select(Material).where(Material.id == material_id, *_own(who)))
        if found is None:
            raise MaterialMissing
        drop(session, [found])
        _tell_log(who, "material_removed_by_link", staff, now)


def introduce(
    token: str,
    activity_id: int,
    biography: str,
    photo: GivenFile | None = None,
    *,
    without_photo: bool = False,
    now: datetime,
    staff: User | None = None,
) -> SpeakerProfile:
    """Store a speaker's biography, the same for all activities, and a new photo if there is one.

    without_photo: delete the present photo. Raise a link's problem, NotASpeaker, MaterialsClosed, BiographyTooLong,
    PhotoNotTaken or UploadTooLarge.
    """
    biography = "\n".join(line.strip() for line in biography.replace("\r\n", "\n").split("\n")).strip()
    if len(biography) > MOST_OF_A_BIOGRAPHY:
        raise BiographyTooLong(longest=MOST_OF_A_BIOGRAPHY)
    checked = _checked(photo, materials.photo, activity_id) if photo else None
    with writing() as session:
        who = _speaking(session, token, activity_id, now)
        profile = session.scalar(sa.select(SpeakerProfile).where(SpeakerProfile.person_id == who.person.id))
        if profile is None:
            profile = SpeakerProfile(person_id=who.person.id)
            session.add(profile)
        profile.biography, profile.changed_at = biography, now
        old = profile.photo
        if checked is not None:
            profile.photo = _keep(session, checked, now)
        elif without_photo:
            profile.photo = None
        if old is not None and old is not profile.photo:
            session.flush()
            session.delete(old)
        _tell_log(who, "profile_changed_by_link", staff, now)
    return profile


def propose(token: str, activity_id: int, topic: str, *, now: datetime, staff: User | None = None) -> None:
    """Store the topic that a speaker proposes; "" takes a proposal back. The agenda stays as it is.

    Raise a link's problem, NotASpeaker, MaterialsClosed or TopicTooLong.
    """
    topic = tidy(topic)
    if len(topic) > MOST_OF_A_TOPIC:
        raise TopicTooLong(longest=MOST_OF_A_TOPIC)
    with writing() as session:
        who = _speaking(session, token, activity_id, now)
        known = session.scalar(
            sa.select(ProposedTopic).where(
                ProposedTopic.activity_id == activity_id, ProposedTopic.person_id == who.person.id
            )
        )
        if not topic:
            if known is not None:
                session.delete(known)
        elif known is None:
            session.add(ProposedTopic(activity_id=activity_id, person_id=who.person.id, topic=topic, proposed_at=now))
        else:
            known.topic, known.proposed_at = topic, now
        _tell_log(who, "topic_proposed_by_link", staff, now)


def drop(session: Session, found: Sequence[Material]) -> None:
    """Delete materials with their files, in the caller's transaction."""
    ids = [one.file_id for one in found]
    for one in found:
        session.delete(one)
    session.flush()
    session.execute(sa.delete(StoredFile).where(StoredFile.id.in_(ids)))


def _checked(upload: GivenFile, check: Callable[[bytes, str], Taken], activity_id: int) -> Taken:
    try:
        return check(upload.data, files.plain_name(upload.filename))
    except Problem as problem:
        log.warning("file refused", why=type(problem).__name__, bytes=len(upload.data), activity_id=activity_id)
        raise


def _keep(session: Session, one: Taken, now: datetime) -> StoredFile:
    return files.keep(session, one.data, one.name, one.kind.media_type, by=None, now=now)


def _speaking(session: Session, token: str, activity_id: int, now: datetime) -> _Speaker:
    """Return who speaks at the activity by this link; raise if nobody does, or if it has begun."""
    activity = present_for_change(session, [activity_id]).get(activity_id)
    link = links.use_link(token, now=now)
    whom_to_call = contact(session, activity.programme if activity else None)
    invitation = session.scalar(
        sa.select(Invitation).where(
            Invitation.activity_id == activity_id,
            Invitation.person_id == link.person_id,
            Invitation.role == Role.SPEAKER,
            Invitation.state.not_in((InvitationState.PREPARED, InvitationState.WITHDRAWN)),
        )
    )
    if activity is None or invitation is None or link.person is None:
        raise NotASpeaker(contact=whom_to_call)
    if not materials.may_send(activity.state, invitation.state, activity.starts_at, now):
        raise MaterialsClosed(contact=whom_to_call)
    return _Speaker(session, activity, link.person)


def _own(who: _Speaker) -> tuple[sa.ColumnElement[bool], ...]:
    return Material.activity_id == who.activity.id, Material.person_id == who.person.id


def _tell_log(who: _Speaker, verb: str, staff: User | None, now: datetime) -> None:
    """Record in the audit log what the speaker's link was used for while an account was signed in there."""
    if staff is not None:
        audit.record(who.session, staff, f"person.{verb}", who.person, now=now, activity=who.activity.title)

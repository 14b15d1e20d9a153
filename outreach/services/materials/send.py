"""What a speaker, or whoever acts for them, gives by link: files for one activity, a topic, a biography and a photo.

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

from outreach.delivery import tokens
from outreach.delivery.documents import returned_pdf
from outreach.delivery.documents.returned_pdf import PdfRefused, PdfRunsPrograms
from outreach.domain import materials
from outreach.domain.directory.names import tidy
from outreach.domain.kinds import LinkPurpose, Role
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
from outreach.models import (
    ActingPerson,
    ActingProfile,
    Activity,
    Invitation,
    Material,
    Person,
    ProposedTopic,
    SpeakerProfile,
    StoredFile,
    User,
)
from outreach.services import audit, files
from outreach.services.answers.acting import acted_by, opened
from outreach.services.invitations import links
from outreach.services.locking import present_for_change
from outreach.services.office_defaults import contact
from outreach.transactions import writing

PDF = "application/pdf"
MOST_OF_A_BIOGRAPHY = 3000  # letters
MOST_OF_A_TOPIC = 300
log = structlog.get_logger()


class BiographyTooLong(Problem):
    message = "This is longer than %(longest)d characters. Please shorten it."
    field = "biography"


class MaterialRunsPrograms(Problem):
    message = (
        "This PDF holds a program, an enclosed file or a command for the reader’s computer. Please save it without: open it, "
        "choose “Print”, and there “Save as PDF”."
    )
    field = "file"


class MaterialNotLookedInto(Problem):
    message = (
        "This PDF cannot be looked into: it is protected, damaged or very large inside. Please open it, choose “Print”, and "
        "there “Save as PDF”."
    )
    field = "file"


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
    """The holder of a link who speaks at an activity, in the transaction that has locked it.

    person: the invited speaker. acting: the holder, if they act for that speaker.
    """

    session: Session
    activity: Activity
    person: Person
    acting: ActingPerson | None = None

    @property
    def acting_id(self) -> int | None:
        return self.acting.id if self.acting is not None else None


def send(
    token: str, activity_id: int, upload: GivenFile, *, most_mb: int, now: datetime, staff: User | None = None,
    file_mb: int = files.MOST_BYTES // 1024 // 1024,
) -> Material:  # fmt: skip
    """Keep a file that a speaker sends, or whoever acts for them.

    most_mb: how much one speaker's files for one activity may have together. file_mb: how much one of them may have.
    staff: the account that is signed in where the link was used. Raise a link's problem, NotActing, NotASpeaker,
    MaterialsClosed, a problem of `materials.taken`, TooManyFiles, FilesTooLarge or UploadTooLarge.
    """
    checked = checked_file(upload, activity_id)
    with writing() as session:
        who = _speaking(session, token, activity_id, now)
        made = keep_for(session, activity_id, who.person.id, checked, most_mb=most_mb, file_mb=file_mb, now=now)
        made.sent_by = who.acting
        _tell_log(who, "material_sent_by_link", staff, now)
    return made


def remove(token: str, activity_id: int, material_id: int, *, now: datetime, staff: User | None = None) -> None:
    """Delete a file of the speaker's turn. Whoever acts deletes only what they sent.

    Raise as `send` does, or MaterialMissing.
    """
    with writing() as session:
        who = _speaking(session, token, activity_id, now)
        wanted = sa.select(Material).where(Material.id == material_id, *_of_the_turn(who))
        if who.acting is not None:
            wanted = wanted.where(Material.sent_by_id == who.acting.id)
        found = session.scalar(wanted)
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
) -> SpeakerProfile | ActingProfile:
    """Store a speaker's biography, the same for all activities, and a new photo if there is one.

    Whoever acts for the speaker has a biography and photo of their own, for this activity. without_photo: delete the
    present photo. Raise a link's problem, NotActing, NotASpeaker, MaterialsClosed, BiographyTooLong, PhotoNotTaken or
    UploadTooLarge.
    """
    biography = "\n".join(line.strip() for line in biography.replace("\r\n", "\n").split("\n")).strip()
    if len(biography) > MOST_OF_A_BIOGRAPHY:
        raise BiographyTooLong(longest=MOST_OF_A_BIOGRAPHY)
    checked = _checked(photo, materials.photo, activity_id) if photo else None
    with writing() as session:
        who = _speaking(session, token, activity_id, now)
        profile = _profile(who)
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
            session.add(
                ProposedTopic(
                    activity_id=activity_id, person_id=who.person.id, topic=topic, proposed_at=now,
                    proposed_by_id=who.acting_id,
                )
            )  # fmt: skip
        else:
            known.topic, known.proposed_at, known.proposed_by_id = topic, now, who.acting_id
        _tell_log(who, "topic_proposed_by_link", staff, now)


def checked_file(upload: GivenFile, activity_id: int) -> Taken:
    """Return a file as it is kept. Raise a problem of `materials.taken`, MaterialRunsPrograms or MaterialNotLookedInto."""
    return _checked(upload, materials.taken, activity_id)


def keep_for(
    session: Session, activity_id: int, person_id: int, one: Taken, *, most_mb: int, file_mb: int, now: datetime,
    by: User | None = None,
) -> Material:  # fmt: skip
    """Add a file for a speaker's turn to the caller's transaction, which has locked the activity. by: of staff.

    Raise TooManyFiles, FilesTooLarge or UploadTooLarge.
    """
    count, size = session.execute(
        sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(StoredFile.size), 0))
        .select_from(Material)
        .join(Material.file)
        .where(Material.activity_id == activity_id, Material.person_id == person_id)
    ).one()
    if count >= MOST_FILES:
        raise TooManyFiles(most=MOST_FILES)
    if size + len(one.data) > most_mb * 1024 * 1024:
        raise FilesTooLarge(megabytes=most_mb)
    file = _keep(session, one, now, file_mb * 1024 * 1024, by)
    made = Material(activity_id=activity_id, person_id=person_id, file=file)
    session.add(made)
    return made


def drop(session: Session, found: Sequence[Material]) -> None:
    """Delete materials with their files, in the caller's transaction."""
    ids = [one.file_id for one in found]
    for one in found:
        session.delete(one)
    session.flush()
    session.execute(sa.delete(StoredFile).where(StoredFile.id.in_(ids)))


def _checked(upload: GivenFile, check: Callable[[bytes, str], Taken], activity_id: int) -> Taken:
    try:
        found = check(upload.data, files.plain_name(upload.filename))
        if found.kind.media_type == PDF:
            _refuse_programs(found.data)
        return found
    except Problem as problem:
        log.warning("file refused", why=type(problem).__name__, bytes=len(upload.data), activity_id=activity_id)
        raise


def _refuse_programs(data: bytes) -> None:
    """Attendees open what is published: a PDF must not run anything there, as a letter must not."""
    try:
        returned_pdf.refuse_programs(data)
    except PdfRunsPrograms:
        raise MaterialRunsPrograms from None
    except PdfRefused:
        raise MaterialNotLookedInto from None


def _keep(
    session: Session, one: Taken, now: datetime, most_bytes: int | None = None, by: User | None = None
) -> StoredFile:
    return files.keep(session, one.data, one.name, one.kind.media_type, by=by, now=now, most_bytes=most_bytes)


def _speaking(session: Session, token: str, activity_id: int, now: datetime) -> _Speaker:
    """Return who speaks at the activity by this link; raise if nobody does, or if it has begun."""
    activity = present_for_change(session, [activity_id]).get(activity_id)
    if tokens.nonce_of(token, LinkPurpose.ACTING) is not None:
        return _acting(session, token, activity, now)
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


def _acting(session: Session, token: str, activity: Activity | None, now: datetime) -> _Speaker:
    """Return whoever acts for a speaker at the activity. The activity is locked. Raise as `_speaking` does, or NotActing."""
    mine = acted_by(session, opened(session, token, now=now), activity)
    whom_to_call = contact(session, activity.programme if activity else None)
    invitation = next((one for one in mine if one.role is Role.SPEAKER), None)
    if activity is None or invitation is None or invitation.person is None:
        raise NotASpeaker(contact=whom_to_call)
    if not materials.may_send(activity.state, invitation.state, activity.starts_at, now):
        raise MaterialsClosed(contact=whom_to_call)
    return _Speaker(session, activity, invitation.person, invitation.acting)


def _profile(who: _Speaker) -> SpeakerProfile | ActingProfile:
    """Return the holder's biography and photo; new ones if there are none."""
    found: SpeakerProfile | ActingProfile | None
    if who.acting is None:
        found = who.session.scalar(sa.select(SpeakerProfile).where(SpeakerProfile.person_id == who.person.id))
    else:
        found = who.session.scalar(sa.select(ActingProfile).where(ActingProfile.acting_id == who.acting.id))
    if found is None:
        found = ActingProfile(acting_id=who.acting.id) if who.acting else SpeakerProfile(person_id=who.person.id)
        who.session.add(found)
    return found


def _of_the_turn(who: _Speaker) -> tuple[sa.ColumnElement[bool], ...]:
    return Material.activity_id == who.activity.id, Material.person_id == who.person.id


def _tell_log(who: _Speaker, verb: str, staff: User | None, now: datetime) -> None:
    """Record in the audit log what the speaker's link was used for while an account was signed in there."""
    if staff is not None:
        audit.record(who.session, staff, f"person.{verb}", who.person, now=now, activity=who.activity.title)

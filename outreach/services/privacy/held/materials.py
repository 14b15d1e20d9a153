"""What a person gave as a speaker, or as somebody who acted for one: export and erase it. Called by privacy/person.py.

The export names each file with its size and its SHA-256. The files themselves are downloaded from the activity's page.
"""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from outreach.models import (
    ActingPerson,
    ActingProfile,
    Activity,
    Invitation,
    Material,
    ProposedTopic,
    SpeakerProfile,
    StoredFile,
)
from outreach.services.materials.send import drop


def held(session: Session, person_id: int) -> dict[str, Any]:
    """Return a speaker's biography, photo, files and proposed topics, as JSON values."""
    profile = session.scalar(_profile(person_id))
    sent = session.scalars(_materials(person_id).options(joinedload(Material.activity)))
    topics = session.execute(
        sa.select(Activity.title, ProposedTopic.topic, ProposedTopic.proposed_at)
        .join(Activity, Activity.id == ProposedTopic.activity_id)
        .where(ProposedTopic.person_id == person_id)
        .order_by(ProposedTopic.id)
    )
    return {
        "biography": profile.biography if profile else "",
        "photo": _file(profile.photo) if profile and profile.photo else None,
        "materials": [{"activity": one.activity.title, **_file(one.file)} for one in sent],
        "topics_proposed": [
            {"activity": title, "topic": topic, "at": proposed_at.isoformat()} for title, topic, proposed_at in topics
        ],
    }


def forget(session: Session, person_id: int) -> None:
    """Delete them all, also the files, in the caller's transaction."""
    drop(session, session.scalars(_materials(person_id)).all())
    session.execute(sa.delete(ProposedTopic).where(ProposedTopic.person_id == person_id))
    profile = session.scalar(_profile(person_id))
    if profile is not None:
        photo = profile.photo
        session.delete(profile)
        session.flush()
        if photo is not None:
            session.delete(photo)


def held_as_acting(session: Session, acting_ids: Collection[int]) -> dict[str, Any]:
    """Return what these acting people gave for the speakers' turns, as JSON values."""
    profiles = session.execute(
        sa.select(Activity.title, ActingProfile)
        .join(ActingPerson, ActingPerson.id == ActingProfile.acting_id)
        .join(Invitation, Invitation.id == ActingPerson.invitation_id)
        .join(Activity, Activity.id == Invitation.activity_id)
        .where(ActingProfile.acting_id.in_(acting_ids))
        .order_by(ActingProfile.id)
    )
    topics = session.execute(
        sa.select(Activity.title, ProposedTopic.topic, ProposedTopic.proposed_at)
        .join(Activity, Activity.id == ProposedTopic.activity_id)
        .where(ProposedTopic.proposed_by_id.in_(acting_ids))
        .order_by(ProposedTopic.id)
    )
    sent = session.scalars(_sent_by(acting_ids).options(joinedload(Material.activity)))
    return {
        "introduced": [
            {
                "activity": title, "biography": profile.biography,
                "photo": _file(profile.photo) if profile.photo else None,
            }
            for title, profile in profiles
        ],
        "materials": [{"activity": one.activity.title, **_file(one.file)} for one in sent],
        "topics_proposed": [
            {"activity": title, "topic": topic, "at": proposed_at.isoformat()} for title, topic, proposed_at in topics
        ],
    }  # fmt: skip


def forget_acting(session: Session, acting_ids: Collection[int]) -> None:
    """Delete what these acting people gave, in the caller's transaction."""
    drop(session, session.scalars(_sent_by(acting_ids)).all())
    session.execute(sa.delete(ProposedTopic).where(ProposedTopic.proposed_by_id.in_(acting_ids)))
    theirs = ActingProfile.acting_id.in_(acting_ids)
    photos = session.scalars(sa.select(ActingProfile.photo_id).where(theirs, ActingProfile.photo_id.is_not(None))).all()
    session.execute(sa.delete(ActingProfile).where(theirs))
    session.execute(sa.delete(StoredFile).where(StoredFile.id.in_(photos)))


def _sent_by(acting_ids: Collection[int]) -> sa.Select[Material]:
    return (
        sa.select(Material)
        .where(Material.sent_by_id.in_(acting_ids))
        .options(joinedload(Material.file))
        .order_by(Material.id)
    )


def _profile(person_id: int) -> sa.Select[SpeakerProfile]:
    return (
        sa.select(SpeakerProfile).where(SpeakerProfile.person_id == person_id).options(joinedload(SpeakerProfile.photo))
    )


def _materials(person_id: int) -> sa.Select[Material]:
    return (
        sa.select(Material)
        .where(Material.person_id == person_id)
        .options(joinedload(Material.file))
        .order_by(Material.id)
    )


def _file(one: StoredFile) -> dict[str, Any]:
    return {
        "file": one.name, "media_type": one.media_type, "bytes": one.size, "sha256": one.sha256,
        "at": one.uploaded_at.isoformat(),
    }  # fmt: skip

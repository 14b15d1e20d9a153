"""What a person gave as a speaker: export and erase it. Called by privacy/person.py.

The export names each file with its size and its SHA-256. The files themselves are downloaded from the activity's page.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from outreach.models import Activity, Material, ProposedTopic, SpeakerProfile, StoredFile
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

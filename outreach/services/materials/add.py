"""Staff add a file for a speaker who gave it to them otherwise, also after the activity, and remove it again.

What a speaker sent by their own link (send.py) is theirs: staff do not remove it here.
"""

from datetime import datetime

import sqlalchemy as sa

from outreach.domain.kinds import Role
from outreach.domain.materials import MaterialMissing
from outreach.domain.problems import Problem
from outreach.domain.states import InvitationState
from outreach.models import Invitation, Material, StoredFile, User
from outreach.services import audit
from outreach.services.locking import activity_for_change
from outreach.services.materials.send import GivenFile, checked_file, drop, keep_for
from outreach.transactions import writing


class SpeakerNotInvited(Problem):
    message = "This person is no speaker of this activity. Please choose somebody from the list."


def add(
    activity_id: int, person_id: int, upload: GivenFile, *, most_mb: int, file_mb: int, by: User, now: datetime
) -> Material:
    """Keep a file for a speaker's turn. most_mb, file_mb: as in send.py.

    Raise ActivityMissing, SpeakerNotInvited, a problem of `materials.taken`, TooManyFiles, FilesTooLarge or UploadTooLarge.
    """
    checked = checked_file(upload, activity_id)
    with writing() as session:
        activity = activity_for_change(session, activity_id)
        speaks = sa.exists().where(
            Invitation.activity_id == activity_id,
            Invitation.person_id == person_id,
            Invitation.role == Role.SPEAKER,
            Invitation.state != InvitationState.WITHDRAWN,
        )
        if not session.scalar(sa.select(speaks)):
            raise SpeakerNotInvited
        made = keep_for(session, activity_id, person_id, checked, most_mb=most_mb, file_mb=file_mb, now=now, by=by)
        audit.record(session, by, "activity.material_added", activity, now=now)
    return made


def remove(activity_id: int, material_id: int, *, by: User, now: datetime) -> None:
    """Delete a file that staff added. Raise ActivityMissing or MaterialMissing."""
    with writing() as session:
        activity = activity_for_change(session, activity_id)
        found = session.scalar(
            sa.select(Material)
            .join(Material.file)
            .where(
                Material.id == material_id, Material.activity_id == activity_id, StoredFile.uploaded_by_id.is_not(None)
            )
        )
        if found is None:
            raise MaterialMissing
        drop(session, [found])
        audit.record(session, by, "activity.material_removed", activity, now=now)

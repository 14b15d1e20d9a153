"""What speakers have sent: for staff on the activity's page, for the speaker, and for attendees once it is shown to them.

A file's data is read only to be downloaded.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, undefer

from outreach.domain import materials
from outreach.domain.kinds import Role
from outreach.domain.materials import MaterialMissing
from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.models import (
    Activity,
    AgendaItem,
    Invitation,
    Material,
    Person,
    ProposedTopic,
    SpeakerProfile,
    StoredFile,
    agenda_speaker,
)
from outreach.queries.answers.page import AnswerPage, ShownInvitation
from outreach.services.office_defaults import materials_days, materials_wanted_by

NOT_SPEAKING = (InvitationState.PREPARED, InvitationState.NOT_COMING, InvitationState.WITHDRAWN)


class SentFile(NamedTuple):
    """A file without its data. id: of the Material; 0 for a photo."""

    id: int
    name: str
    size: int  # bytes
    sent_at: datetime


@dataclass(frozen=True)
class SpeakerMaterials:
    """What one speaker has given for an activity. turns: their lines of the agenda."""

    person: Person
    state: InvitationState
    turns: tuple[AgendaItem, ...] = ()
    files: tuple[SentFile, ...] = ()
    biography: str = ""
    photo: SentFile | None = None
    proposal: ProposedTopic | None = None

    @property
    def empty(self) -> bool:
        return not (self.files or self.biography or self.photo)


@dataclass(frozen=True)
class ActivityMaterials:
    """For staff. wanted_by: until when they are wanted; usual_days: the office's setting."""

    speakers: tuple[SpeakerMaterials, ...]
    wanted_by: datetime
    usual_days: int

    @property
    def files(self) -> int:
        return sum(len(speaker.files) for speaker in self.speakers)


@dataclass(frozen=True)
class LinkMaterials:
    """For the holder of a link. own: what they gave, if they speak. others: those shown to them."""

    activity: Activity
    shown: ShownInvitation
    wanted_by: datetime
    own: SpeakerMaterials | None
    others: tuple[SpeakerMaterials, ...]
    may_send: bool


def of_activity(activity: Activity) -> ActivityMaterials:
    """Return what all speakers of an activity have sent, in a fixed number of queries."""
    speakers = _speakers(activity)
    return ActivityMaterials(tuple(speakers), materials_wanted_by(db.session, activity), materials_days(db.session))


def by_link(found: AnswerPage, activity_id: int, *, now: datetime) -> LinkMaterials:
    """Return what a link's holder sees of an activity's materials. Raise MaterialMissing if that is nothing."""
    shown = _shown(found, activity_id)
    activity = db.session.get_one(Activity, activity_id)
    speakers = _speakers(activity)
    own = next((one for one in speakers if shown.speaks and one.person.id == found.invitee.id), None)
    others = [
        one
        for one in speakers
        if shown.shows_materials and one is not own and one.state not in NOT_SPEAKING and not one.empty
    ]
    may = own is not None and materials.may_send(activity.state, shown.state, activity.starts_at, now)
    return LinkMaterials(activity, shown, materials_wanted_by(db.session, activity), own, tuple(others), may)


def file_by_link(found: AnswerPage, activity_id: int, material_id: int) -> StoredFile:
    """Return a file for a link's holder: one of their own, or one that attendees see. Raise MaterialMissing."""
    shown = _shown(found, activity_id)
    wanted = sa.and_(Material.id == material_id, Material.activity_id == activity_id)
    return _file(sa.select(Material.file_id).where(wanted, _visible(found, shown, Material.person_id, activity_id)))


def photo_by_link(found: AnswerPage, activity_id: int, person_id: int) -> StoredFile:
    """Return a speaker's photo for a link's holder, as `file_by_link` does. Raise MaterialMissing."""
    shown = _shown(found, activity_id)
    visible = _visible(found, shown, SpeakerProfile.person_id, activity_id)
    return _file(sa.select(SpeakerProfile.photo_id).where(SpeakerProfile.person_id == person_id, visible))


def file_for_staff(activity_id: int, material_id: int) -> StoredFile:
    """Return a file with its data. Raise MaterialMissing."""
    return _file(sa.select(Material.file_id).where(Material.id == material_id, Material.activity_id == activity_id))


def photo_for_staff(person_id: int) -> StoredFile:
    """Return a speaker's photo with its data. Raise MaterialMissing."""
    return _file(sa.select(SpeakerProfile.photo_id).where(SpeakerProfile.person_id == person_id))


def _shown(found: AnswerPage, activity_id: int) -> ShownInvitation:
    shown = next((one for one in found.activities if one.activity.id == activity_id), None)
    if shown is None or not (shown.shows_materials or (shown.speaks and not found.invitee.organisation)):
        raise MaterialMissing
    return shown


def _visible(
    found: AnswerPage, shown: ShownInvitation, person: sa.SQLColumnExpression[int], activity_id: int
) -> sa.ColumnElement[bool]:
    """Return the condition that the link's holder sees what this person gave."""
    conditions: list[sa.ColumnElement[bool]] = [sa.false()]
    if shown.speaks and not found.invitee.organisation:
        conditions.append(person == found.invitee.id)
    if shown.shows_materials:
        speaks = sa.exists().where(
            Invitation.activity_id == activity_id,
            Invitation.person_id == person,
            Invitation.role == Role.SPEAKER,
            Invitation.state.not_in(NOT_SPEAKING),
        )
        conditions.append(speaks)
    return sa.or_(*conditions)


def _file(wanted: sa.Select[int | None]) -> StoredFile:
    found = db.session.scalar(sa.select(StoredFile).where(StoredFile.id.in_(wanted)).options(undefer(StoredFile.data)))
    if found is None:
        raise MaterialMissing
    return found


def _speakers(activity: Activity) -> list[SpeakerMaterials]:
    """Return everybody who speaks, or gave something, in the order of the agenda and then of names."""
    invited = db.session.scalars(
        sa.select(Invitation)
        .where(
            Invitation.activity_id == activity.id,
            Invitation.role == Role.SPEAKER,
            Invitation.person_id.is_not(None),
            Invitation.state != InvitationState.WITHDRAWN,
        )
        .options(joinedload(Invitation.person).joinedload(Person.organisation))
    ).all()
    if not invited:
        return []
    turns = defaultdict(list)
    for item, person_id in db.session.execute(
        sa.select(AgendaItem, agenda_speaker.c.person_id)
        .join(agenda_speaker, agenda_speaker.c.agenda_item_id == AgendaItem.id)
        .where(AgendaItem.activity_id == activity.id)
        .order_by(AgendaItem.starts_at, AgendaItem.id)
    ):
        turns[person_id].append(item)
    files = defaultdict(list)
    for material_id, person_id, name, size, sent_at in db.session.execute(
        sa.select(Material.id, Material.person_id, StoredFile.name, StoredFile.size, StoredFile.uploaded_at)
        .join(Material.file)
        .where(Material.activity_id == activity.id)
        .order_by(Material.id)
    ):
        files[person_id].append(SentFile(material_id, name, size, sent_at))
    profiles = {
        one.person_id: one
        for one in db.session.scalars(
            sa.select(SpeakerProfile)
            .where(SpeakerProfile.person_id.in_([one.person_id for one in invited]))
            .options(joinedload(SpeakerProfile.photo))
        )
    }
    proposals = {
        one.person_id: one
        for one in db.session.scalars(sa.select(ProposedTopic).where(ProposedTopic.activity_id == activity.id))
    }
    found = []
    for invitation in invited:
        assert invitation.person is not None
        person_id = invitation.person.id
        profile = profiles.get(person_id)
        photo = profile.photo if profile else None
        found.append(
            SpeakerMaterials(
                invitation.person,
                invitation.state,
                tuple(turns[person_id]),
                tuple(files[person_id]),
                profile.biography if profile else "",
                SentFile(0, photo.name, photo.size, photo.uploaded_at) if photo else None,
                proposals.get(person_id),
            )
        )
    return sorted(found, key=_place)


def _place(one: SpeakerMaterials) -> tuple[bool, Iterable[datetime], str]:
    return not one.turns, [turn.starts_at for turn in one.turns], one.person.full_name

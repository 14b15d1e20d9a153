"""What speakers, or those who act for them, have sent: for staff on the activity's page, for themselves, and for attendees
once it is shown to them.

A file's data is read only to be downloaded.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import aliased, joinedload, undefer

from outreach.domain import materials
from outreach.domain.kinds import Role
from outreach.domain.materials import MaterialMissing
from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.models import (
    ActingPerson,
    ActingProfile,
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
from outreach.queries.representation import ActingPage
from outreach.services.office_defaults import materials_days, materials_wanted_by

NOT_SPEAKING = (InvitationState.PREPARED, InvitationState.NOT_COMING, InvitationState.WITHDRAWN)


class SentFile(NamedTuple):
    """A file without its data. id: of the Material; 0 for a photo. sent_by: who sent it for the speaker, if somebody did.

    by_staff: staff added it.
    """

    id: int
    name: str
    size: int  # bytes
    sent_at: datetime
    sent_by_id: int | None = None
    sent_by: str = ""
    by_staff: bool = False


class About(NamedTuple):
    """What somebody gave about themselves."""

    biography: str = ""
    photo: SentFile | None = None


NOTHING = About()


@dataclass(frozen=True)
class SpeakerMaterials:
    """What was given for one speaker's turn at an activity. turns: their lines of the agenda.

    acting: who speaks in their place, and about_acting what that person gave about themselves.
    """

    person: Person
    state: InvitationState
    turns: tuple[AgendaItem, ...] = ()
    files: tuple[SentFile, ...] = ()
    about: About = NOTHING
    proposal: ProposedTopic | None = None
    acting: ActingPerson | None = None
    about_acting: About = NOTHING

    @property
    def about_whoever_speaks(self) -> About:
        return self.about if self.acting is None else self.about_acting

    @property
    def empty(self) -> bool:
        return not (self.files or any(self.about_whoever_speaks))


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
class LinkHolder:
    """Who opens the page by a link: an invitee, or somebody who acts for one (`acts`).

    speaker_id: the person whose turn it is if they speak; None for an organisation.
    """

    activities: tuple[ShownInvitation, ...]
    speaker_id: int | None
    acts: bool = False

    @classmethod
    def of_invitee(cls, found: AnswerPage) -> "LinkHolder":
        return cls(found.activities, None if found.invitee.organisation else found.invitee.id)

    @classmethod
    def of_acting(cls, found: ActingPage) -> "LinkHolder":
        return cls(tuple(card.shown for card in found.cards if card.acts), found.invitee_id, acts=True)

    def speaks(self, shown: ShownInvitation) -> bool:
        return shown.speaks and self.speaker_id is not None


@dataclass(frozen=True)
class LinkMaterials:
    """For the holder of a link. own: what was given for their turn, if they speak. others: those shown to them."""

    holder: LinkHolder
    activity: Activity
    shown: ShownInvitation
    wanted_by: datetime
    own: SpeakerMaterials | None
    others: tuple[SpeakerMaterials, ...]
    may_send: bool

    @property
    def about(self) -> About:
        """What the holder gave about themselves."""
        if self.own is None:
            return NOTHING
        return self.own.about_acting if self.holder.acts else self.own.about

    def may_remove(self, file: SentFile) -> bool:
        """Return whether the holder may remove a file of their turn: whoever acts only what they sent."""
        acting = self.own.acting if self.own else None
        of_their_own = acting is not None and file.sent_by_id == acting.id
        return self.may_send and (of_their_own or not self.holder.acts)


def of_activity(activity: Activity) -> ActivityMaterials:
    """Return what all speakers of an activity have sent, in a fixed number of queries."""
    speakers = _speakers(activity)
    return ActivityMaterials(tuple(speakers), materials_wanted_by(db.session, activity), materials_days(db.session))


def by_link(holder: LinkHolder, activity_id: int, *, now: datetime) -> LinkMaterials:
    """Return what a link's holder sees of an activity's materials. Raise MaterialMissing if that is nothing."""
    shown = _shown(holder, activity_id)
    activity = db.session.get_one(Activity, activity_id)
    speakers = _speakers(activity)
    own = next((one for one in speakers if holder.speaks(shown) and one.person.id == holder.speaker_id), None)
    others = [
        one
        for one in speakers
        if shown.shows_materials and one is not own and one.state not in NOT_SPEAKING and not one.empty
    ]
    may = own is not None and materials.may_send(activity.state, shown.state, activity.starts_at, now)
    return LinkMaterials(holder, activity, shown, materials_wanted_by(db.session, activity), own, tuple(others), may)


def file_by_link(holder: LinkHolder, activity_id: int, material_id: int) -> StoredFile:
    """Return a file for a link's holder: one of their own turn, or one that attendees see. Raise MaterialMissing."""
    shown = _shown(holder, activity_id)
    wanted = sa.and_(Material.id == material_id, Material.activity_id == activity_id)
    return _file(sa.select(Material.file_id).where(wanted, _visible(holder, shown, Material.person_id, activity_id)))


def photo_by_link(holder: LinkHolder, activity_id: int, person_id: int) -> StoredFile:
    """Return a speaker's photo for a link's holder, as `file_by_link` does. Raise MaterialMissing."""
    shown = _shown(holder, activity_id)
    visible = _visible(holder, shown, SpeakerProfile.person_id, activity_id)
    return _file(sa.select(SpeakerProfile.photo_id).where(SpeakerProfile.person_id == person_id, visible))


def acting_photo_by_link(holder: LinkHolder, activity_id: int, acting_id: int) -> StoredFile:
    """Return the photo of somebody who acts for a speaker, as `file_by_link` does. Raise MaterialMissing."""
    shown = _shown(holder, activity_id)
    visible = _visible(holder, shown, Invitation.person_id, activity_id)
    return _file(_acting_photo(activity_id, acting_id).where(ActingPerson.acting, visible))


def file_for_staff(activity_id: int, material_id: int) -> StoredFile:
    """Return a file with its data. Raise MaterialMissing."""
    return _file(sa.select(Material.file_id).where(Material.id == material_id, Material.activity_id == activity_id))


def photo_for_staff(person_id: int) -> StoredFile:
    """Return a speaker's photo with its data. Raise MaterialMissing."""
    return _file(sa.select(SpeakerProfile.photo_id).where(SpeakerProfile.person_id == person_id))


def acting_photo_for_staff(activity_id: int, acting_id: int) -> StoredFile:
    """Return the photo of somebody who acts or acted for a speaker, with its data. Raise MaterialMissing."""
    return _file(_acting_photo(activity_id, acting_id))


def _acting_photo(activity_id: int, acting_id: int) -> sa.Select[int | None]:
    return (
        sa.select(ActingProfile.photo_id)
        .join(ActingPerson, ActingPerson.id == ActingProfile.acting_id)
        .join(Invitation, Invitation.id == ActingPerson.invitation_id)
        .where(ActingPerson.id == acting_id, Invitation.activity_id == activity_id)
    )


def _shown(holder: LinkHolder, activity_id: int) -> ShownInvitation:
    shown = next((one for one in holder.activities if one.activity.id == activity_id), None)
    if shown is None or not (shown.shows_materials or holder.speaks(shown)):
        raise MaterialMissing
    return shown


def _visible(
    holder: LinkHolder, shown: ShownInvitation, person: sa.SQLColumnExpression[Any], activity_id: int
) -> sa.ColumnElement[bool]:
    """Return the condition that the link's holder sees what was given for this person's turn."""
    conditions: list[sa.ColumnElement[bool]] = [sa.false()]
    if holder.speaks(shown):
        conditions.append(person == holder.speaker_id)
    if shown.shows_materials:
        turn = aliased(Invitation)
        speaks = sa.exists().where(
            turn.activity_id == activity_id,
            turn.person_id == person,
            turn.role == Role.SPEAKER,
            turn.state.not_in(NOT_SPEAKING),
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
    for sent in db.session.execute(
        sa.select(
            Material.id, StoredFile.name, StoredFile.size, StoredFile.uploaded_at, Material.sent_by_id,
            sa.func.coalesce(ActingPerson.name, ""), StoredFile.uploaded_by_id.is_not(None), Material.person_id,
        )
        .join(Material.file)
        .outerjoin(Material.sent_by)
        .where(Material.activity_id == activity.id)
        .order_by(Material.id)
    ):  # fmt: skip
        files[sent.person_id].append(SentFile(*sent[:7]))
    profiles = {
        one.person_id: one
        for one in db.session.scalars(
            sa.select(SpeakerProfile)
            .where(SpeakerProfile.person_id.in_([one.person_id for one in invited]))
            .options(joinedload(SpeakerProfile.photo))
        )
    }
    acting_profiles = {
        one.acting_id: one
        for one in db.session.scalars(
            sa.select(ActingProfile)
            .where(ActingProfile.acting_id.in_([one.acting.id for one in invited if one.acting is not None]))
            .options(joinedload(ActingProfile.photo))
        )
    }
    proposals = {
        one.person_id: one
        for one in db.session.scalars(
            sa.select(ProposedTopic)
            .where(ProposedTopic.activity_id == activity.id)
            .options(joinedload(ProposedTopic.proposed_by))
        )
    }
    found = []
    for invitation in invited:
        assert invitation.person is not None
        person_id, acting = invitation.person.id, invitation.acting
        found.append(
            SpeakerMaterials(
                invitation.person,
                invitation.state,
                tuple(turns[person_id]),
                tuple(files[person_id]),
                _about(profiles.get(person_id)),
                proposals.get(person_id),
                acting,
                _about(acting_profiles.get(acting.id)) if acting else NOTHING,
            )
        )
    return sorted(found, key=_place)


def _about(profile: SpeakerProfile | ActingProfile | None) -> About:
    if profile is None:
        return NOTHING
    photo = profile.photo
    return About(
        profile.biography, SentFile(0, photo.name, photo.size, photo.uploaded_at) if photo is not None else None
    )


def _place(one: SpeakerMaterials) -> tuple[bool, Iterable[datetime], str]:
    return not one.turns, [turn.starts_at for turn in one.turns], one.person.full_name

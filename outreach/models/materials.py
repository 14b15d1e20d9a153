"""What speakers, or those who act for them, give before an activity: files, a topic, their biography and photo."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from outreach.domain.kinds import Role
from outreach.extensions import Model
from outreach.models.base import Identified, UTCDateTime
from outreach.models.files import StoredFile
from outreach.models.invitations import ActingPerson, Invitation
from outreach.models.people import Person
from outreach.models.programmes import Activity


class Material(Identified, Model):
    """A file for a speaker's turn at an activity: sent by the speaker, or by somebody who acted for them (`sent_by`)."""

    __tablename__ = "material"
    __table_args__ = (sa.Index("ix_material_activity_person", "activity_id", "person_id"),)
    activity_id: Mapped[int] = mapped_column(sa.ForeignKey("activity.id", ondelete="CASCADE"))
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), index=True)
    file_id: Mapped[int] = mapped_column(sa.ForeignKey("stored_file.id"), unique=True)
    sent_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("acting_person.id", ondelete="SET NULL"), index=True)
    file: Mapped[StoredFile] = relationship()
    sent_by: Mapped[ActingPerson | None] = relationship()
    person: Mapped[Person] = relationship()
    activity: Mapped[Activity] = relationship()


# A speaker has sent no file for this activity.
OWES_MATERIALS = sa.and_(
    Invitation.role == Role.SPEAKER,
    Invitation.person_id.is_not(None),
    ~sa.exists()
    .where(Material.activity_id == Invitation.activity_id, Material.person_id == Invitation.person_id)
    .correlate(Invitation),
)


class ProposedTopic(Identified, Model):
    """The topic that a speaker, or whoever acts for them, proposes. It goes when the coordinator takes it over."""

    __tablename__ = "proposed_topic"
    __table_args__ = (sa.UniqueConstraint("activity_id", "person_id"),)
    activity_id: Mapped[int] = mapped_column(sa.ForeignKey("activity.id", ondelete="CASCADE"))
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), index=True)
    topic: Mapped[str] = mapped_column(sa.String(300))
    proposed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    proposed_by_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("acting_person.id", ondelete="SET NULL"), index=True
    )
    person: Mapped[Person] = relationship()
    proposed_by: Mapped[ActingPerson | None] = relationship()


class SpeakerProfile(Identified, Model):
    """A speaker's biography and photo, the same for all activities."""

    __tablename__ = "speaker_profile"
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), unique=True)
    biography: Mapped[str] = mapped_column(sa.Text, default="")
    photo_id: Mapped[int | None] = mapped_column(sa.ForeignKey("stored_file.id"), unique=True)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    photo: Mapped[StoredFile | None] = relationship()
    person: Mapped[Person] = relationship()


class ActingProfile(Identified, Model):
    """The biography and photo of somebody who acts for a speaker. The speaker's own stay as they are."""

    __tablename__ = "acting_profile"
    acting_id: Mapped[int] = mapped_column(sa.ForeignKey("acting_person.id", ondelete="CASCADE"), unique=True)
    biography: Mapped[str] = mapped_column(sa.Text, default="")
    photo_id: Mapped[int | None] = mapped_column(sa.ForeignKey("stored_file.id"), unique=True)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    photo: Mapped[StoredFile | None] = relationship()

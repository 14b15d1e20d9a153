"""Certificates of who was present or acted, and how the office writes them."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from outreach.domain.certificates import MOST_IN_A_NAME, MOST_IN_A_NUMBER
from outreach.domain.documents import CODE_LENGTH, new_code
from outreach.domain.kinds import CertificateKind
from outreach.domain.states import CertificateState
from outreach.extensions import Model
from outreach.models.base import Created, Identified, UTCDateTime, enum_of, partly
from outreach.models.invitations import ActingPerson, Invitation
from outreach.models.programmes import Activity
from outreach.models.staff import User


class Certificate(Identified, Created, Model):
    """One certificate. It is never deleted, and its text never changes: a corrected name makes another one.

    running: the how-many-th of its year. acting: whose it is, if somebody came in the invitee's place. values: JSON of
    domain/certificates.py's CertificateValues. replaces: the certificate that this one corrects. ended_at, ended_because: when
    it stopped standing, and why staff revoked it.
    """

    __tablename__ = "certificate"
    __table_args__ = (
        sa.UniqueConstraint("year", "running"),
        sa.Index("uq_certificate_stands", "invitation_id", unique=True, **partly("state = 'stands'")),
    )
    code: Mapped[str] = mapped_column(sa.String(CODE_LENGTH), unique=True, default=new_code)
    kind: Mapped[CertificateKind] = enum_of(CertificateKind)
    state: Mapped[CertificateState] = enum_of(CertificateState, default=CertificateState.STANDS)
    year: Mapped[int]
    running: Mapped[int]
    number: Mapped[str] = mapped_column(sa.String(MOST_IN_A_NUMBER))
    dated_on: Mapped[date]
    name: Mapped[str] = mapped_column(sa.String(MOST_IN_A_NAME))  # as it is written on it, with titles
    activity_id: Mapped[int] = mapped_column(sa.ForeignKey("activity.id"), index=True)
    invitation_id: Mapped[int | None] = mapped_column(sa.ForeignKey("invitation.id", ondelete="SET NULL"), index=True)
    acting_id: Mapped[int | None] = mapped_column(sa.ForeignKey("acting_person.id", ondelete="SET NULL"), index=True)
    replaces_id: Mapped[int | None] = mapped_column(sa.ForeignKey("certificate.id"), unique=True)
    values: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ended_because: Mapped[str] = mapped_column(sa.String(300), default="")
    ended_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    activity: Mapped[Activity] = relationship()
    invitation: Mapped[Invitation | None] = relationship()
    acting: Mapped[ActingPerson | None] = relationship()
    created_by: Mapped[User | None] = relationship(foreign_keys=[created_by_id])
    ended_by: Mapped[User | None] = relationship(foreign_keys=[ended_by_id])
    replaces: Mapped["Certificate | None"] = relationship(remote_side="Certificate.id", back_populates="replaced_by")
    replaced_by: Mapped["Certificate | None"] = relationship(back_populates="replaces", uselist=False)

    @property
    def title(self) -> str:
        """Return how lists and the audit log name it."""
        return self.number


class OfficeCertificates(Identified, Model):
    """How the office writes its certificates, one row. values: JSON of domain/certificates.py's CertificateSettings."""

    __tablename__ = "office_certificates"
    values: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}


# On an invitation: it has a certificate that stands, and whoever it is for can be told by mail. What is for somebody who
# acted is told to nobody else.
HAS_CERTIFICATE = (
    sa.exists()
    .where(
        Certificate.invitation_id == Invitation.id,
        Certificate.state == sa.literal_column(f"'{CertificateState.STANDS.value}'"),
        sa.or_(
            Certificate.acting_id.is_(None),
            sa.exists()
            .where(ActingPerson.id == Certificate.acting_id, ActingPerson.email != "")
            .correlate(Certificate),
        ),
    )
    .correlate(Invitation)
)

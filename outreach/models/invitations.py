"""Invitations with their answers, who acts for the invitee, attendance, and the links for answering."""

import secrets
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, query_expression, relationship

from outreach.domain import posts
from outreach.domain.kinds import (
    AnswerSource,
    AttendanceSource,
    GivenKind,
    HolderKind,
    LinkPurpose,
    NamedBy,
    NoLongerActing,
    Role,
)
from outreach.domain.states import ActivityState, InvitationState
from outreach.extensions import Model
from outreach.models.base import Created, Identified, UTCDateTime, enum_of
from outreach.models.files import StoredFile
from outreach.models.people import Organisation, Person
from outreach.models.posts import Post
from outreach.models.programmes import Activity
from outreach.models.staff import User


class ActingPerson(Identified, Created, Model):
    """One link of a chain of representatives: who comes in whose place. Of a chain, at most one acts.

    The first link is named by the invitee or by staff. The second one is named by the first, who then acts no more.
    `nonce` belongs to this person's own page; its token is derived (delivery/tokens.py).
    """

    __tablename__ = "acting_person"
    __table_args__ = (
        sa.Index(
            "uq_acting_person_acting", "invitation_id", unique=True,
            sqlite_where=sa.text("acting = 1"), postgresql_where=sa.text("acting"),
        ),
        sa.CheckConstraint("position BETWEEN 1 AND 2", name="one_or_two"),
        sa.Index("ix_acting_person_email", sa.text("lower(email)")),
    )  # fmt: skip
    invitation_id: Mapped[int] = mapped_column(sa.ForeignKey("invitation.id", ondelete="CASCADE"), index=True)
    position: Mapped[int] = mapped_column(default=1)
    acting: Mapped[bool] = mapped_column(default=True)
    name: Mapped[str] = mapped_column(sa.String(160))
    post: Mapped[str] = mapped_column(sa.String(160), default="")
    rank: Mapped[str] = mapped_column(sa.String(80), default="")
    phone: Mapped[str] = mapped_column(sa.String(20), default="")
    email: Mapped[str] = mapped_column(sa.String(254), default="")
    nonce: Mapped[str] = mapped_column(sa.String(24), unique=True, default=lambda: secrets.token_urlsafe(12))
    named_by: Mapped[NamedBy] = enum_of(NamedBy, default=NamedBy.INVITEE)
    named_by_user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    source: Mapped[AnswerSource | None] = enum_of(AnswerSource)  # how it was said
    named_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # they said themselves that they come
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ended_because: Mapped[NoLongerActing | None] = enum_of(NoLongerActing)
    named_by_user: Mapped[User | None] = relationship()


def _of_acting(column: str) -> Any:
    """Return an attribute of an invitation: this column of the person who acts for the invitee; "" if nobody does."""

    def of_one(invitation: "Invitation") -> str:
        return getattr(invitation.acting, column) if invitation.acting else ""

    def in_sql(invitation: Any) -> Any:
        acts = sa.select(getattr(ActingPerson, column)).where(
            ActingPerson.invitation_id == invitation.id, ActingPerson.acting
        )
        found = sa.func.coalesce(acts.correlate_except(ActingPerson).scalar_subquery(), "")
        # Named outside the subquery, too: a statement that selects nothing else of the invitation still reads its table.
        return sa.case((invitation.id.is_not(None), found), else_="").label(f"representative_{column}")

    of_one.__name__ = f"representative_{column}"  # a hybrid is named by its function
    return hybrid_property(of_one, expr=in_sql)


class Invitation(Identified, Created, Model):
    """An invitee is asked to an activity in a role. The invitee is a person, or an organisation with a quota of seats.

    A nominee is a person's invitation whose `nominated_under_id` points to the organisation's invitation. An invitation to a
    post has `as_post`; its person is then the post's holder on the activity's day (services/invitations/post_holders.py).
    """

    __tablename__ = "invitation"
    __table_args__ = (
        sa.CheckConstraint("(person_id IS NULL) <> (organisation_id IS NULL)", name="one_invitee"),
        sa.UniqueConstraint("activity_id", "person_id", "role"),
        sa.UniqueConstraint("activity_id", "organisation_id"),
        sa.Index("ix_invitation_seats", "activity_id", "state", "person_id"),
    )
    activity_id: Mapped[int] = mapped_column(sa.ForeignKey("activity.id"))
    role: Mapped[Role] = enum_of(Role)
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    quota: Mapped[int | None]  # seats that an organisation may fill
    nominated_under_id: Mapped[int | None] = mapped_column(sa.ForeignKey("invitation.id"), index=True)
    list_position: Mapped[int] = mapped_column(default=0)  # of a nominee in the organisation's list, from 0
    state: Mapped[InvitationState] = enum_of(InvitationState, default=InvitationState.PREPARED)
    invited_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    answered_sequence: Mapped[int | None]  # the activity's sequence at the time of the answer
    answer_source: Mapped[AnswerSource | None] = enum_of(AnswerSource)
    answer_recorded_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    answer_note: Mapped[str] = mapped_column(sa.String(300), default="")
    # Added to the activity's sequence in this invitee's calendar. A withdrawal and a new invitation increase it.
    revision: Mapped[int] = mapped_column(default=0)
    replied_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # DTSTAMP of the latest calendar reply
    waitlisted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    answer_device: Mapped[str] = mapped_column(sa.String(24), default="")  # of an answer by link (tokens.device_mark)
    # What an answer from another device replaced, by this link: "state", "at", "who" comes in their place.
    answer_replaced: Mapped[dict[str, str] | None] = mapped_column(sa.JSON)
    # Whether an invitee who is represented gets the notices about the activity, too.
    notices_wanted: Mapped[bool] = mapped_column(default=True)
    without_letter: Mapped[bool] = mapped_column(default=False)  # its mail does not wait for a signed letter

    activity: Mapped[Activity] = relationship()
    person: Mapped[Person | None] = relationship()
    organisation: Mapped[Organisation | None] = relationship()
    answer_recorded_by: Mapped[User | None] = relationship()
    nominated_under: Mapped["Invitation | None"] = relationship(remote_side="Invitation.id", back_populates="nominees")
    nominees: Mapped[list["Invitation"]] = relationship(back_populates="nominated_under")
    attendance: Mapped["Attendance | None"] = relationship(back_populates="invitation", uselist=False)
    # Who acts. Joined, because every list says who comes.
    acting: Mapped[ActingPerson | None] = relationship(
        primaryjoin=lambda: sa.and_(ActingPerson.invitation_id == Invitation.id, ActingPerson.acting),
        uselist=False,
        lazy="joined",
        passive_deletes="all",
    )
    as_post: Mapped["InvitedPost | None"] = relationship(
        back_populates="invitation", uselist=False, cascade="all, delete-orphan", passive_deletes=True
    )
    chain: Mapped[list[ActingPerson]] = relationship(order_by=ActingPerson.id, viewonly=True)
    # Why they do not come, if that is their present answer.
    declined: Mapped["GivenAnswer | None"] = relationship(
        primaryjoin=lambda: sa.and_(
            GivenAnswer.invitation_id == Invitation.id,
            Invitation.state == InvitationState.NOT_COMING,
            GivenAnswer.reason_at.is_not(None),
            IS_LATEST_GIVEN,
        ),
        uselist=False,
        viewonly=True,
    )
    representative_name = _of_acting("name")
    representative_post = _of_acting("post")
    representative_phone = _of_acting("phone")
    representative_email = _of_acting("email")
    representative_rank = _of_acting("rank")

    @property
    def invitee(self) -> Person | Organisation:
        found = self.person or self.organisation
        assert found is not None
        return found

    @property
    def post_title(self) -> str:
        """Return the post to which this invitation goes, as its holder has it: "Plh. Kapolres Metro"; "" for none."""
        return posts.title(self.as_post.post.name, self.as_post.kind) if self.as_post is not None else ""

    @property
    def answered_before_the_move(self) -> bool:
        if self.answered_sequence is None or self.activity.state is not ActivityState.PUBLISHED:
            return False
        return self.answered_sequence < self.activity.sequence


class InvitedPost(Model):
    """The invitation goes to a post: to whoever holds it on the activity's day. kind: as what the invitation's person does."""

    __tablename__ = "invited_post"
    invitation_id: Mapped[int] = mapped_column(sa.ForeignKey("invitation.id", ondelete="CASCADE"), primary_key=True)
    post_id: Mapped[int] = mapped_column(sa.ForeignKey("post.id"), index=True)
    kind: Mapped[HolderKind] = enum_of(HolderKind)
    invitation: Mapped[Invitation] = relationship(back_populates="as_post")
    post: Mapped[Post] = relationship()


# The post of an invitation as its holder has it; the statement joins InvitedPost and Post.
POST_TITLE = (
    sa.case(
        *((InvitedPost.kind == kind, sa.literal(before)) for kind, before in posts.BEFORE_THE_NAME.items()), else_=""
    )
    + Post.name
)


class FormerHolder(Identified, Model):
    """Somebody to whom an invitation to a post went, until the post had another holder on the activity's day.

    state, answered_at: the answer that they had given. It does not bind who holds the post now. rungs: of their ladder, as
    domain/ladder/rungs.py's KeptRung; they go on if the post comes back to them before anybody else was invited.
    """

    __tablename__ = "former_holder"
    invitation_id: Mapped[int] = mapped_column(sa.ForeignKey("invitation.id", ondelete="CASCADE"), index=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), index=True)
    kind: Mapped[HolderKind] = enum_of(HolderKind)
    state: Mapped[InvitationState] = enum_of(InvitationState)
    answered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    left_at: Mapped[datetime] = mapped_column(UTCDateTime)
    rungs: Mapped[list[dict[str, Any]]] = mapped_column(sa.JSON, default=list)
    invitation: Mapped[Invitation] = relationship()
    person: Mapped[Person] = relationship()


class Attendance(Identified, Model):
    """Whether an invitee was there. It follows from the scans (domain/door/scans.py), and only services/door/log.py writes it.

    conflicts: how many contradictions of the scans nobody has settled.
    """

    __tablename__ = "attendance"
    invitation_id: Mapped[int] = mapped_column(sa.ForeignKey("invitation.id", ondelete="CASCADE"), unique=True)
    present: Mapped[bool]
    source: Mapped[AttendanceSource] = enum_of(AttendanceSource)
    recorded_at: Mapped[datetime] = mapped_column(UTCDateTime)
    recorded_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    in_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # first, since it was last undone
    out_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    conflicts: Mapped[int] = mapped_column(default=0)
    invitation: Mapped[Invitation] = relationship(back_populates="attendance")


class GivenAnswer(Identified, Model):
    """An answer as it was given, or undone (services/invitations/given_answers.py). The latest row is the present one.

    person_id: the invitee of that time; an invitation to a post may have another one later. acting: the acting person who gave
    it; `state` is then what they said. reason, wished_on: why an invitee does not come, in their own words, and which day
    would suit, in the activity's zone.
    """

    __tablename__ = "given_answer"
    __table_args__ = (sa.Index("ix_given_answer_invitation_id", "invitation_id", "id"),)
    invitation_id: Mapped[int] = mapped_column(sa.ForeignKey("invitation.id", ondelete="CASCADE"))
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"), index=True)
    given_at: Mapped[datetime] = mapped_column(UTCDateTime)
    state: Mapped[InvitationState] = enum_of(InvitationState)
    kind: Mapped[GivenKind] = enum_of(GivenKind, default=GivenKind.ANSWERED)
    named: Mapped[int | None]  # how many people an organisation named
    source: Mapped[AnswerSource | None] = enum_of(AnswerSource)
    recorded_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    acting_id: Mapped[int | None] = mapped_column(sa.ForeignKey("acting_person.id", ondelete="SET NULL"), index=True)
    device: Mapped[str] = mapped_column(sa.String(24), default="")  # tokens.device_mark
    note: Mapped[str] = mapped_column(sa.String(300), default="")
    incoming_mail_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("incoming_mail.id", ondelete="SET NULL"), index=True
    )
    reason: Mapped[str] = mapped_column(sa.String(300), default="")
    wished_on: Mapped[date | None]
    reason_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    device_before: Mapped[str | None] = query_expression()  # from which device the answer by link before it came
    recorded_by: Mapped[User | None] = relationship()
    acting: Mapped[ActingPerson | None] = relationship()


_later = GivenAnswer.__table__.alias("later")
# Whether a row tells of the present answer of its invitation.
IS_LATEST_GIVEN: sa.ColumnElement[bool] = ~sa.exists().where(
    _later.c.invitation_id == GivenAnswer.invitation_id, _later.c.id > GivenAnswer.id
).correlate_except(_later)


class Link(Identified, Created, Model):
    """A link that opens pages without login. The token is derived (services/invitations/links.py); this row does not
    contain it.
    """

    __tablename__ = "link"
    __table_args__ = (
        sa.CheckConstraint("(person_id IS NULL) <> (organisation_id IS NULL)", name="one_holder"),
        sa.UniqueConstraint("purpose", "person_id"),
        sa.UniqueConstraint("purpose", "organisation_id"),
    )
    purpose: Mapped[LinkPurpose] = enum_of(LinkPurpose)
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id", ondelete="CASCADE"))
    organisation_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organisation.id", ondelete="CASCADE"))
    nonce: Mapped[str] = mapped_column(sa.String(24), unique=True)  # 96 random bits, URL-safe
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # when its holder first did something with it
    person: Mapped[Person | None] = relationship()
    organisation: Mapped[Organisation | None] = relationship()


class ReplacedLink(Identified, Model):
    """The nonce that a link had before it was renewed. Mails with it can still stop reminders, and open nothing else."""

    __tablename__ = "replaced_link"
    link_id: Mapped[int] = mapped_column(sa.ForeignKey("link.id", ondelete="CASCADE"), index=True)
    nonce: Mapped[str] = mapped_column(sa.String(24), unique=True)


class AnswerBefore(Identified, Model):
    """What an invitee's last answer by link replaced, so that they can undo it for a while (services/answers/before.py)."""

    __tablename__ = "answer_before"
    link_id: Mapped[int] = mapped_column(sa.ForeignKey("link.id", ondelete="CASCADE"), unique=True)
    made_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    before: Mapped[dict[str, Any]] = mapped_column(sa.JSON)


class RecordedBefore(Identified, Model):
    """What the last answer that staff recorded replaced, so that they can undo it for a while.

    One person's roles at an activity are answered together; the row belongs to the invitation that staff had open.
    """

    __tablename__ = "recorded_before"
    invitation_id: Mapped[int] = mapped_column(sa.ForeignKey("invitation.id", ondelete="CASCADE"), unique=True)
    made_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    before: Mapped[dict[str, Any]] = mapped_column(sa.JSON)


class AnswerEvidence(Identified, Model):
    """What shows that an answer was given to staff: the photo or PDF of a letter or a chat.

    One file may be evidence of several answers, as after one call about several activities.
    """

    __tablename__ = "answer_evidence"
    invitation_id: Mapped[int] = mapped_column(sa.ForeignKey("invitation.id", ondelete="CASCADE"), index=True)
    file_id: Mapped[int] = mapped_column(sa.ForeignKey("stored_file.id"), index=True)
    answered_at: Mapped[datetime] = mapped_column(UTCDateTime)  # of the answer, when it was recorded
    file: Mapped[StoredFile] = relationship()

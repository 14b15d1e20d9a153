"""Claimed messages as plain rows, read in few queries: the facts per recipient for the recheck and for frames.

What is the same for many recipients is read once, by `load_shared`.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple, Protocol

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, joinedload, selectinload

from outreach.delivery.rows.assistants import Assisting, assisting
from outreach.delivery.rows.leaving import Leaving, former_holders, leaving, told_of
from outreach.delivery.rows.letters import AttachedLetter, signed_letters
from outreach.domain.directory import email_addresses
from outreach.domain.directory.names import Name
from outreach.domain.kinds import CadreKind, LinkPurpose, MailKind, Role, Sex
from outreach.domain.states import TAKES_A_SEAT, InvitationState
from outreach.models import (
    ActingPerson,
    Activity,
    AddressFailure,
    AgendaItem,
    Attendance,
    Cadre,
    Invitation,
    InvitedPost,
    Link,
    Message,
    MessageLine,
    Office,
    Organisation,
    Person,
    Post,
    Region,
    Reminder,
    User,
    the_office,
)
from outreach.models.certificates import HAS_CERTIFICATE
from outreach.models.consents import HAS_CONSENT, IS_ADDRESSED_AS_CHILD, IS_CHILD
from outreach.models.invitations import POST_TITLE
from outreach.models.materials import OWES_MATERIALS

MOVED = MailKind.CHANGE.value  # the reminder key of a move's notice


@dataclass(frozen=True)
class SharedRows:
    """Facts that the messages of a batch share, loaded once."""

    activities: dict[int, Activity] = field(default_factory=dict)  # with programme, venue, region, coordinator, agenda
    reminders: dict[int, Reminder] = field(default_factory=dict)  # also those of all moves of the activities
    office: Office | None = None
    blocked: frozenset[str] = frozenset()  # addresses that no mail reaches, as email_addresses.key

    def moves_of(self, activity: Activity) -> list[Reminder]:
        """Return the notices of an activity's moves, oldest first. A notice that was sent again by hand has another key."""
        notices = (
            reminder
            for reminder in self.reminders.values()
            if reminder.activity_id == activity.id and reminder.key == MOVED
        )
        return sorted(notices, key=lambda move: move.occurrence)


class LineRow(NamedTuple):
    """One line of a message with its invitation."""

    id: int
    message_id: int
    reminder_id: int
    activity_id: int
    invitation_id: int
    to_representative: bool
    sequence: int  # the activity's sequence when the line was written
    role: Role
    state: InvitationState
    quota: int | None
    revision: int
    invited_at: datetime | None
    answered_at: datetime | None
    answered_sequence: int | None
    present: bool
    nominated_under_id: int | None
    organisation_name: str  # of the invited organisation, or the one that named the invitee; else ""
    representative_name: str
    representative_post: str
    representative_email: str
    acting_id: int | None = None  # who acts, whether they have an address or not
    acting_nonce: str = ""  # of their own page
    acting_position: int = 1  # in the chain
    notices_wanted: bool = True
    owes_materials: bool = False  # a speaker who has sent no file
    certified: bool = False  # there is a certificate that stands
    invitee_id: int | None = None  # the invited person
    as_post: str = ""  # the post to which the invitation goes, as its holder has it: "Plh. Kapolres Metro"
    post_office: str = ""  # the post's organisation
    post_office_short_name: str = ""
    unreached: str = ""  # of an invited organisation: its nominees that no mail reaches, "Rina; Dewi Lestari, S.H."
    moves: tuple[int, ...] = ()  # for a change, after the recheck: reminders of the moves that it tells, oldest first
    letters: tuple[AttachedLetter, ...] = ()  # signed letters of the invitation
    leaves: Leaving | None = None  # the line tells them that they no longer come; they are then the representative here
    assistant: Assisting | None = (
        None  # the line asks them to pass the invitation on; they stand as representative, too
    )
    representative_told: bool = (
        False  # of a withdrawn invitation: a mail told the acting person, so one tells them of it, too
    )

    def with_told(self, told: Collection[tuple[int, str]]) -> "LineRow":
        """Return the row of a withdrawn invitation. told: acting people who had a mail, as `told_of` returns them."""
        knows = (self.invitation_id, self.representative_email.lower()) in told
        return self._replace(representative_told=True) if knows else self

    def with_leaving(self, leaves: Leaving | None) -> "LineRow":
        """Return the row of a line that goes to somebody who leaves; the same row if nobody does."""
        if leaves is None:
            return self
        return self._replace(
            leaves=leaves, representative_name=leaves.name, representative_post=leaves.post,
            representative_email=leaves.email, acting_nonce=leaves.nonce, as_post="",
        )  # fmt: skip

    def with_assistant(self, assistant: Assisting | None) -> "LineRow":
        """Return the row of a line that goes to an adjutant or secretary; the same row if it does not."""
        if assistant is None:
            return self
        return self._replace(
            assistant=assistant, representative_name=assistant.name, representative_post="",
            representative_email=assistant.email, acting_nonce="",
        )  # fmt: skip

    @property
    def representative(self) -> tuple[str, str] | None:
        """Return name and address of a representative who has an address, casefolded. None if there is none."""
        if self.assistant is not None:
            return self.assistant.name.casefold(), self.assistant.email.casefold()
        if self.leaves is not None:
            return (self.leaves.name.casefold(), self.leaves.email.casefold()) if self.leaves.email else None
        if self.state is not InvitationState.REPRESENTED or not self.representative_email:
            return None
        return self.representative_name.casefold(), self.representative_email.casefold()


class CadreRow(NamedTuple):
    """A person as a cadre of one kind in one kelurahan."""

    kind: CadreKind
    region_name: str
    active: bool


class MessageRow(NamedTuple):
    """One message with its recipient (person or organisation; missing texts are "") and their link."""

    id: int
    fence: int
    kind: MailKind
    expires_at: datetime
    attempts: int
    rfc_message_id: str
    resend_of_id: int | None
    representative_of_id: int | None  # if a representative gets the mail: the invitation that names them
    user_id: int | None  # the account that gets a summary (mail/kinds/digest.py); it then has no lines and no link
    poll_invitee_id: int | None  # the poll invitee that the message asks (mail/kinds/poll.py); it then has no lines
    person_id: int | None
    organisation_id: int | None
    name: str  # the person's without titles, or the organisation's
    title_before: str
    title_after: str
    post: str
    sex: Sex | None
    email: str
    locale: str
    shares_phone: bool  # others read their mails, too
    office_name: str  # the person's organisation
    office_short_name: str
    region_code: str
    region_name: str
    stopped: bool
    erased: bool
    link_nonce: str  # "" if the recipient has no answer link yet
    link_revoked: bool
    unconsented: bool  # a parent has to consent before anything is sent, and none has
    child: bool  # they are addressed as a child
    cadre_roles: tuple[CadreRow, ...] = ()
    lines: tuple[LineRow, ...] = ()  # without lines that were skipped before


# Look-ups of StrEnum members by stored value. They are faster than the column type's conversion.
_KINDS = {member.value: member for member in MailKind}
_ROLES = {member.value: member for member in Role}
_CADRES = {member.value: member for member in CadreKind}
_STATES = {member.value: member for member in InvitationState}
_SEXES: dict[str | None, Sex | None] = {None: None, **{member.value: member for member in Sex}}

_MESSAGE_ID, _INVITATION_ID, _TO_REPRESENTATIVE, _ROLE, _STATE, _QUOTA, _INVITEE_ID, _REPRESENTATIVE_EMAIL = (
    LineRow._fields.index(name)
    for name in (
        "message_id", "invitation_id", "to_representative", "role", "state", "quota", "invitee_id", "representative_email",
    )
)  # fmt: skip
_KIND, _PERSON_ID, _SEX, _POST, _OFFICE_NAME, _OFFICE_SHORT_NAME = (
    MessageRow._fields.index(name) for name in ("kind", "person_id", "sex", "post", "office_name", "office_short_name")
)

_OWN = aliased(Organisation)  # the person's own organisation
_INVITED = aliased(Organisation)
_POST_OFFICE = aliased(Organisation)  # of the invited post
_NAMED_UNDER = aliased(Invitation)
_NAMING = aliased(Organisation)
_LINK = aliased(Link)
_OFFICE_LINK = aliased(Link)


def _raw(column: Any) -> Any:
    return sa.type_coerce(column, sa.String)


def _or_empty(*columns: Any) -> Any:
    return sa.func.coalesce(*columns, "")


_IDS: sa.BindParameter[Any] = sa.bindparam("ids", expanding=True)
_MESSAGES = (
    sa.select(
        Message.id,
        Message.fence,
        _raw(Message.kind),
        Message.expires_at,
        Message.attempts,
        Message.rfc_message_id,
        Message.resend_of_id,
        Message.representative_of_id,
        Message.user_id,
        Message.poll_invitee_id,
        Message.person_id,
        Message.organisation_id,
        _or_empty(Person.name, Organisation.name, User.name),
        _or_empty(Person.title_before),
        _or_empty(Person.title_after),
        _or_empty(Person.post),
        _raw(Person.sex),
        _or_empty(Person.email, Organisation.email, User.email),
        _or_empty(Person.locale, Organisation.locale, User.locale),
        sa.func.coalesce(Person.shares_phone, sa.false()),
        _or_empty(_OWN.name),
        _or_empty(_OWN.short_name),
        _or_empty(Region.code),
        _or_empty(Region.name),
        sa.func.coalesce(Person.reminders_stopped_at, Organisation.reminders_stopped_at).is_not(None),
        Person.erased_at.is_not(None),
        _or_empty(_LINK.nonce, _OFFICE_LINK.nonce),
        sa.func.coalesce(_LINK.revoked_at, _OFFICE_LINK.revoked_at).is_not(None),
        sa.and_(Message.person_id.is_not(None), Message.representative_of_id.is_(None), IS_CHILD, ~HAS_CONSENT),
        sa.and_(Message.person_id.is_not(None), IS_ADDRESSED_AS_CHILD),
    )
    .select_from(Message)
    .outerjoin(Person, Message.person_id == Person.id)
    .outerjoin(_OWN, Person.organisation_id == _OWN.id)
    .outerjoin(Organisation, Message.organisation_id == Organisation.id)
    .outerjoin(User, Message.user_id == User.id)
    .outerjoin(Region, Region.code == sa.func.coalesce(Person.region_code, Organisation.region_code))
    .outerjoin(_LINK, sa.and_(_LINK.person_id == Message.person_id, _LINK.purpose == LinkPurpose.ANSWER))
    .outerjoin(
        _OFFICE_LINK,
        sa.and_(_OFFICE_LINK.organisation_id == Message.organisation_id, _OFFICE_LINK.purpose == LinkPurpose.ANSWER),
    )
    .where(Message.id.in_(_IDS))
)
_LINES = (
    sa.select(
        MessageLine.id,
        MessageLine.message_id,
        MessageLine.reminder_id,
        Invitation.activity_id,
        MessageLine.invitation_id,
        MessageLine.to_representative,
        MessageLine.sequence,
        _raw(Invitation.role),
        _raw(Invitation.state),
        Invitation.quota,
        Invitation.revision,
        Invitation.invited_at,
        Invitation.answered_at,
        Invitation.answered_sequence,
        sa.func.coalesce(Attendance.present, sa.false()),
        Invitation.nominated_under_id,
        _or_empty(_INVITED.name, _NAMING.name),
        _or_empty(ActingPerson.name),
        _or_empty(ActingPerson.post),
        _or_empty(ActingPerson.email),
        ActingPerson.id,
        _or_empty(ActingPerson.nonce),
        sa.func.coalesce(ActingPerson.position, 1),
        Invitation.notices_wanted,
        OWES_MATERIALS,
        HAS_CERTIFICATE,
        Invitation.person_id,
        _or_empty(POST_TITLE),
        _or_empty(_POST_OFFICE.name),
        _or_empty(_POST_OFFICE.short_name),
    )
    .join(Invitation, MessageLine.invitation_id == Invitation.id)
    .outerjoin(ActingPerson, sa.and_(ActingPerson.invitation_id == Invitation.id, ActingPerson.acting))
    .outerjoin(Attendance, Attendance.invitation_id == Invitation.id)
    .outerjoin(InvitedPost, InvitedPost.invitation_id == Invitation.id)
    .outerjoin(Post, Post.id == InvitedPost.post_id)
    .outerjoin(_POST_OFFICE, _POST_OFFICE.id == Post.organisation_id)
    .outerjoin(_INVITED, Invitation.organisation_id == _INVITED.id)
    .outerjoin(_NAMED_UNDER, Invitation.nominated_under_id == _NAMED_UNDER.id)
    .outerjoin(_NAMING, _NAMED_UNDER.organisation_id == _NAMING.id)
    .where(MessageLine.message_id.in_(_IDS))
    .order_by(MessageLine.id)
)


def load(session: Session, message_ids: Collection[int], *, skipped_too: bool = False) -> list[MessageRow]:
    """Return the messages with their lines, in the order of `message_ids`. skipped_too: also lines that were skipped."""
    ids = list(message_ids)
    connection = session.connection()
    lines: dict[int, list[LineRow]] = defaultdict(list)
    wanted = _LINES if skipped_too else _LINES.where(MessageLine.skipped == "")
    rows_of_lines = connection.execute(wanted, {"ids": ids}).all()
    out_of_reach = unreached(session, {values[_INVITATION_ID] for values in rows_of_lines if values[_QUOTA]})
    letters = signed_letters(session, {values[_INVITATION_ID] for values in rows_of_lines})
    to_others = {values[0] for values in rows_of_lines if values[_TO_REPRESENTATIVE]}
    leaves, assistants = leaving(session, to_others), assisting(session, to_others)
    rows = connection.execute(_MESSAGES, {"ids": ids}).all()
    recipients = {values[0]: values[_PERSON_ID] for values in rows}
    leaves |= former_holders(session, {
        values[0] for values in rows_of_lines
        if not values[_TO_REPRESENTATIVE] and recipients.get(values[_MESSAGE_ID]) != values[_INVITEE_ID]
    })  # fmt: skip
    withdrawn = {
        values[_INVITATION_ID] for values in rows_of_lines
        if _STATES[values[_STATE]] is InvitationState.WITHDRAWN and values[_REPRESENTATIVE_EMAIL]
    }  # fmt: skip
    told = told_of(session, withdrawn)
    for values in rows_of_lines:
        invitation_id = values[_INVITATION_ID]
        own = [*values, out_of_reach.get(invitation_id, ""), (), letters.get(invitation_id, ())]
        own[_ROLE], own[_STATE] = _ROLES[own[_ROLE]], _STATES[own[_STATE]]
        lines[own[_MESSAGE_ID]].append(
            LineRow(*own).with_told(told).with_leaving(leaves.get(own[0])).with_assistant(assistants.get(own[0]))
        )
    found: dict[int, MessageRow] = {}
    cadres = _cadre_roles(session, {values[_PERSON_ID] for values in rows})
    for values in rows:
        own = list(values)
        own[_KIND], own[_SEX] = _KINDS[own[_KIND]], _SEXES[own[_SEX]]
        if held := held_post(lines[own[0]]):
            own[_POST], own[_OFFICE_NAME], own[_OFFICE_SHORT_NAME] = held
        own += (tuple(cadres.get(own[_PERSON_ID], ())), tuple(lines[own[0]]))
        found[own[0]] = MessageRow._make(own)
    return [found[id_] for id_ in ids if id_ in found]


class InPost(Protocol):
    """A line of a mail, or an invitation on a page."""

    @property
    def as_post(self) -> str: ...
    @property
    def post_office(self) -> str: ...
    @property
    def post_office_short_name(self) -> str: ...


def held_post(lines: Collection[InPost]) -> tuple[str, str, str] | None:
    """Return the post in which a mail addresses its recipient, with the name and short name of the post's organisation.

    It is the post to which all invitations to posts of the mail go; None if there is none, or several.
    """
    posts = {(line.as_post, line.post_office, line.post_office_short_name) for line in lines if line.as_post}
    return posts.pop() if len(posts) == 1 else None


def unreached(session: Session, invitation_ids: Collection[int]) -> dict[int, str]:
    """Return the names of these organisations' nominees that no mail reaches, by the organisation's invitation.

    If the organisation's invitation is withdrawn, they are those who were withdrawn with it: their withdrawal is of the
    same instant as its last one.
    """
    if not invitation_ids:
        return {}
    office, of_office, of_nominee = aliased(Invitation), aliased(Reminder), aliased(Reminder)
    last = (
        sa.select(sa.func.max(of_office.due_at))
        .where(of_office.invitation_id == office.id, of_office.kind == MailKind.WITHDRAWAL)
        .correlate(office)
        .scalar_subquery()
    )
    withdrawn_together = sa.and_(
        office.state == InvitationState.WITHDRAWN,
        Invitation.state == InvitationState.WITHDRAWN,
        sa.exists().where(
            of_nominee.invitation_id == Invitation.id,
            of_nominee.kind == MailKind.WITHDRAWAL,
            of_nominee.due_at == last,
        ),
    )
    blocked = sa.select(AddressFailure.address).where(AddressFailure.blocked_at.is_not(None))
    rows = session.execute(
        sa.select(Invitation.nominated_under_id, Person.name, Person.title_before, Person.title_after)
        .join(Person, Person.id == Invitation.person_id)
        .join(office, office.id == Invitation.nominated_under_id)
        .where(
            Invitation.nominated_under_id.in_(invitation_ids),
            sa.or_(Invitation.state.in_(TAKES_A_SEAT), withdrawn_together),
            sa.or_(Person.email == "", sa.func.lower(Person.email).in_(blocked)),
        )
        .order_by(Invitation.list_position, Invitation.id)
    )
    found: dict[int, list[str]] = defaultdict(list)
    for under, name, before, after in rows:
        if under is not None:
            found[under].append(Name(name, before, after).full)
    return {under: "; ".join(named) for under, named in found.items()}


def _cadre_roles(session: Session, person_ids: Collection[int | None]) -> dict[int | None, list[CadreRow]]:
    found: dict[int | None, list[CadreRow]] = defaultdict(list)
    rows = session.execute(
        sa.select(Cadre.person_id, _raw(Cadre.kind), Region.name, Cadre.active)
        .join(Region, Region.code == Cadre.region_code)
        .where(Cadre.person_id.in_(person_ids))
        .order_by(Cadre.id)
    )
    for person_id, kind, region_name, active in rows:
        found[person_id].append(CadreRow(_CADRES[kind], region_name, active))
    return found


def load_shared(session: Session, rows: Collection[MessageRow]) -> SharedRows:
    """Return the facts that the messages share, freshly read. The objects are detached, so that nothing expires them."""
    lines = [line for row in rows for line in row.lines]
    with Session(session.get_bind()) as own:
        activities = own.scalars(
            sa.select(Activity)
            .where(Activity.id.in_({line.activity_id for line in lines}))
            .options(
                joinedload(Activity.programme),
                joinedload(Activity.venue),
                joinedload(Activity.region),
                joinedload(Activity.coordinator),
                selectinload(Activity.agenda).selectinload(AgendaItem.speakers),
            )
        ).unique()
        moves = sa.and_(Reminder.activity_id.in_({line.activity_id for line in lines}), Reminder.key == MOVED)
        # Read after the activities: a move in between is then newer than the loaded activity.
        reminders = own.scalars(
            sa.select(Reminder).where(sa.or_(Reminder.id.in_({line.reminder_id for line in lines}), moves))
        )
        found = SharedRows(
            {activity.id: activity for activity in activities},
            {reminder.id: reminder for reminder in reminders},
            own.scalar(the_office()),
        )
        own.expunge_all()
    return replace(found, blocked=blocked_among(session, rows))


def covers(found: SharedRows, rows: Collection[MessageRow]) -> bool:
    """Return whether `found` has everything that these messages share."""
    lines = {(line.activity_id, line.reminder_id) for row in rows for line in row.lines}
    return all(activity in found.activities and reminder in found.reminders for activity, reminder in lines)


def blocked_among(session: Session, rows: Collection[MessageRow]) -> frozenset[str]:
    """Return which of the messages' addresses are blocked, as email_addresses.key."""
    blocked = AddressFailure.blocked_at.is_not(None)
    if not session.scalar(sa.select(sa.exists().where(blocked))):
        return frozenset()
    addresses = {email_addresses.key(row.email) for row in rows}
    addresses |= {email_addresses.key(line.representative_email) for row in rows for line in row.lines}
    return frozenset(
        session.scalars(sa.select(AddressFailure.address).where(blocked, AddressFailure.address.in_(addresses)))
    )

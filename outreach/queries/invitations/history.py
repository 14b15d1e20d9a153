"""What happened about an invitation, or about a person or an organisation, in one line of time.

Each source keeps its own rows; this only reads them together. First the moments of all sources are read as one list, so that
a long history has pages; then what stands behind the moments of one page. The number of statements does not depend on the
number of rows.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased, joinedload, selectinload, with_expression

from outreach.delivery.mail.attached import CARRIES
from outreach.domain.kinds import NoLongerActing, Role
from outreach.domain.ladder.rungs import ANSWERED_FIRST, RungState
from outreach.domain.states import CertificateState, MessageState
from outreach.extensions import db
from outreach.models import (
    ActingPerson,
    Activity,
    AnswerEvidence,
    ArchivedLine,
    ArchivedMessage,
    Attendance,
    AuditEntry,
    Call,
    Certificate,
    FormerHolder,
    GivenAnswer,
    IncomingMail,
    Invitation,
    Letter,
    Material,
    Message,
    MessageLine,
    Organisation,
    Person,
    PersonImport,
    PersonImportLine,
    PollInvitee,
    ReturnedFile,
    Rung,
    StoredFile,
    User,
    call_invitation,
    letter_invitation,
)
from outreach.queries.invitations import evidence
from outreach.queries.paging import Page, paged
from outreach.services.invitations import post_holders
from outreach.services.letters.versions import ACCEPTED_AT

PER_PAGE = 50
# What is said otherwise: a call and an answer by their own entries.
_SAID_OTHERWISE = ("called", "whatsapp_opened")
_KEPT_ANSWERS = ("invitation.answer_recorded", "invitation.nominees_recorded", "invitation.recorded_undone")
_SAID_BY_ITS_FORMER_HOLDER = sa.and_(
    AuditEntry.action == post_holders.CHANGED,
    sa.exists().where(FormerHolder.invitation_id == AuditEntry.subject_id, FormerHolder.left_at == AuditEntry.at),
)
_MOVES = ("activity.moved", "activity.new_date", "activity.postponed", "activity.cancelled")
_SHOWN = ("activity.materials_shown", "activity.materials_hidden")
_LETTER_STEPS = (
    "letter.made", "letter.composed", "letter.taken_to_sign", "letter.taken_to_word", "letter.taken_to_srikandi",
    "letter.returned", "letter.signed", "letter.withdrawn",
)  # fmt: skip


class EntryKind(StrEnum):
    """What an entry is about. The order is that of entries of the same moment, the earliest first."""

    ADDED = "added"  # what: the Person, when they came into the address book
    IMPORTED = "imported"  # what: the PersonImport
    RECORD = "record"  # what: the AuditEntry of a change of the person or organisation
    NOMINATED = "nominated"  # what: the Invitation of somebody whom the organisation named
    LETTER = "letter"  # what: the AuditEntry of an official letter
    CERTIFIED = "certified"  # what: the Certificate
    REVOKED = "revoked"  # what: the Certificate that stands no more
    INVITED = "invited"  # what: the Invitation
    HANDED_OVER = "handed_over"  # what: the FormerHolder, whose post has another holder on the day
    RUNG = "rung"  # what: the Rung
    FOLLOW_UP_ENDED = "follow_up_ended"  # what: the EndedFollowUp
    ACTIVITY = "activity"  # what: the AuditEntry of a move, a cancellation and the like
    MAIL = "mail"  # what: the Message
    ARCHIVED = "archived"  # what: the ArchivedMessage
    WROTE = "wrote"  # what: the IncomingMail
    CALL = "call"  # what: the Call
    ANSWER = "answer"  # what: the GivenAnswer
    DATES = "dates"  # what: the PollInvitee who answered a date poll
    EVIDENCE = "evidence"  # what: the AnswerEvidence of an answer that staff recorded
    NAMED = "named"  # what: the ActingPerson who was named
    STOPPED = "stopped"  # what: the ActingPerson who acts no more
    CHANGED = "changed"  # what: the AuditEntry of another change of the invitation
    MATERIAL = "material"  # what: the Material that a speaker sent
    CAME = "came"  # what: the Attendance


class HistoryGroup(StrEnum):
    """Which entries are shown."""

    ALL = "all"
    ANSWERS = "answers"
    MAILS = "mails"
    CALLS = "calls"
    LETTERS = "letters"


GROUPS: Mapping[HistoryGroup, Collection[EntryKind]] = {
    HistoryGroup.ALL: tuple(EntryKind),
    HistoryGroup.ANSWERS: (
        EntryKind.NOMINATED, EntryKind.ANSWER, EntryKind.DATES, EntryKind.EVIDENCE, EntryKind.NAMED, EntryKind.STOPPED,
        EntryKind.CAME,
    ),
    HistoryGroup.MAILS: (EntryKind.MAIL, EntryKind.ARCHIVED, EntryKind.WROTE),
    HistoryGroup.CALLS: (EntryKind.CALL,),
    HistoryGroup.LETTERS: (EntryKind.LETTER,),
}  # fmt: skip


@dataclass(frozen=True)
class EndedFollowUp:
    """The rungs of an invitation that ended at once, because they were not needed any more."""

    rungs: Sequence[Rung]

    @property
    def id(self) -> int:
        return self.rungs[0].id

    @property
    def invitation_id(self) -> int:
        return self.rungs[0].invitation_id

    @property
    def answered(self) -> bool:
        """Return whether an answer made them needless."""
        return self.rungs[0].reason == ANSWERED_FIRST


@dataclass(frozen=True)
class HistoryOf:
    """Whose history it is: one invitation's, or an invitee's with all their invitations.

    invitation_ids: as values or as a select. invitee: None for one invitation.
    """

    invitation_ids: Sequence[int] | sa.Select[int]
    invitee: Person | Organisation | None = None


@dataclass(frozen=True)
class HistoryEntry:
    """One thing that happened. about: the invitations that it concerns.

    acting: of a mail, the acting person to whom it went. letters: of a mail, the signed letters in it; of a letter's step, the
    letter. returned: of a letter that came back, its file.
    """

    at: datetime
    kind: EntryKind
    what: Any
    about: Sequence[Invitation] = ()
    acting: ActingPerson | None = None
    letters: Sequence[Letter] = field(default=())
    returned: ReturnedFile | None = None


def of_invitation(invitation: Invitation) -> HistoryOf:
    return HistoryOf([invitation.id])


def of_invitee(invitee: Person | Organisation) -> HistoryOf:
    own = Invitation.person_id if isinstance(invitee, Person) else Invitation.organisation_id
    return HistoryOf(sa.select(Invitation.id).where(own == invitee.id), invitee)


def listed(whose: HistoryOf, group: HistoryGroup = HistoryGroup.ALL, number: int = 1, per_page: int = PER_PAGE) -> Page:
    """Return one page of HistoryEntry, the newest first."""
    page = paged(_in_order(whose, group), number, per_page)
    return Page(_entries(page.items), page.total, page.number, page.per_page, more=page.more)


def everything(whose: HistoryOf, group: HistoryGroup = HistoryGroup.ALL) -> list[HistoryEntry]:
    """Return all entries, the newest first, for a file."""
    return _entries(db.session.execute(_in_order(whose, group)).all())


def _in_order(whose: HistoryOf, group: HistoryGroup) -> sa.Select[Any]:
    moments = [select for kind in GROUPS[group] for select in _moments(kind, whose)]
    every = sa.union_all(*moments).subquery()
    return sa.select(every).order_by(every.c.at.desc(), every.c.rank.desc(), every.c.id.desc())


def _moments(kind: EntryKind, whose: HistoryOf) -> list[sa.Select[Any]]:
    """Return the select of an entry kind's moments as rows of at, kind, rank and id; empty if it does not belong here."""
    rank = list(EntryKind).index(kind)
    return [
        select.add_columns(sa.literal(kind.value).label("kind"), sa.literal(rank).label("rank"))
        for select in _SOURCES[kind].moments(whose)
    ]


def _moment(at: Any, id_: Any) -> sa.Select[Any]:
    return sa.select(sa.type_coerce(at, Invitation.invited_at.type).label("at"), id_.label("id"))


def _invited(whose: HistoryOf) -> list[sa.Select[Any]]:
    its = (Invitation.id.in_(whose.invitation_ids), Invitation.invited_at.is_not(None))
    return [_moment(Invitation.invited_at, Invitation.id).where(*its)]


def _nominated(whose: HistoryOf) -> list[sa.Select[Any]]:
    if isinstance(whose.invitee, Person):
        return []
    named_at = sa.func.coalesce(Invitation.invited_at, Invitation.created_at)
    return [_moment(named_at, Invitation.id).where(Invitation.nominated_under_id.in_(whose.invitation_ids))]


def _handed_over(whose: HistoryOf) -> list[sa.Select[Any]]:
    """Select when an invitation to a post left somebody; on a person's page also those that left them."""
    theirs: sa.ColumnElement[bool] = FormerHolder.invitation_id.in_(whose.invitation_ids)
    if isinstance(whose.invitee, Person):
        theirs = sa.or_(theirs, FormerHolder.person_id == whose.invitee.id)
    return [_moment(FormerHolder.left_at, FormerHolder.id).where(theirs)]


def _answers(whose: HistoryOf) -> list[sa.Select[Any]]:
    """Select each answer that was given. A person's are theirs, also of an invitation to a post that they held before."""
    its: sa.ColumnElement[bool] = GivenAnswer.invitation_id.in_(whose.invitation_ids)
    if isinstance(whose.invitee, Person):
        its = GivenAnswer.person_id == whose.invitee.id
    return [_moment(GivenAnswer.given_at, GivenAnswer.id).where(its)]


def _dates(whose: HistoryOf) -> list[sa.Select[Any]]:
    """Select when an invitee answered date polls. Of each poll, only the present answer is known."""
    if whose.invitee is None:
        return []
    own = PollInvitee.person_id if isinstance(whose.invitee, Person) else PollInvitee.organisation_id
    its = (own == whose.invitee.id, PollInvitee.answered_at.is_not(None))
    return [_moment(PollInvitee.answered_at, PollInvitee.id).where(*its)]


def _audited(whose: HistoryOf, *conditions: sa.ColumnElement[bool]) -> list[sa.Select[Any]]:
    own = (AuditEntry.subject_type == Invitation.__tablename__, AuditEntry.subject_id.in_(whose.invitation_ids))
    return [_moment(AuditEntry.at, AuditEntry.id).where(*own, *conditions)]


def _record(whose: HistoryOf) -> list[sa.Select[Any]]:
    invitee = whose.invitee
    if invitee is None:
        return []
    said = [f"{invitee.__tablename__}.{verb}" for verb in _SAID_OTHERWISE]
    own = (AuditEntry.subject_type == invitee.__tablename__, AuditEntry.subject_id == invitee.id)
    return [_moment(AuditEntry.at, AuditEntry.id).where(*own, AuditEntry.action.not_in(said))]


def _added(whose: HistoryOf) -> list[sa.Select[Any]]:
    """Select when somebody came into the address book, unless staff typed them in: the audit log says so."""
    invitee = whose.invitee
    if invitee is None:
        return []
    table = type(invitee)
    typed_in = sa.exists().where(
        AuditEntry.subject_type == table.__tablename__, AuditEntry.subject_id == invitee.id,
        AuditEntry.action == f"{table.__tablename__}.added",
    )  # fmt: skip
    return [_moment(table.created_at, table.id).where(table.id == invitee.id, ~typed_in)]


def _imported(whose: HistoryOf) -> list[sa.Select[Any]]:
    if not isinstance(whose.invitee, Person):
        return []
    lines = sa.select(PersonImportLine.import_id).where(PersonImportLine.person_id == whose.invitee.id)
    return [_moment(PersonImport.at, PersonImport.id).where(PersonImport.id.in_(lines))]


def _activity(whose: HistoryOf) -> list[sa.Select[Any]]:
    """Select what changed about the activities after the invitation; of materials only where they are the speaker."""
    about = (AuditEntry.subject_type == Activity.__tablename__, AuditEntry.subject_id == Invitation.activity_id)
    wanted = sa.or_(
        sa.and_(AuditEntry.action.in_(_MOVES), AuditEntry.at > Invitation.invited_at),
        sa.and_(AuditEntry.action.in_(_SHOWN), Invitation.role == Role.SPEAKER),
    )
    its = (Invitation.id.in_(whose.invitation_ids), wanted)
    return [_moment(AuditEntry.at, AuditEntry.id).join(Invitation, sa.and_(*about)).where(*its).distinct()]


def _mails(whose: HistoryOf, table: Any, lines: Any) -> list[sa.Select[Any]]:
    ids = sa.select(lines.message_id.label("id")).where(lines.invitation_id.in_(whose.invitation_ids))
    if whose.invitee is not None:
        own = table.person_id if isinstance(whose.invitee, Person) else table.organisation_id
        ids = sa.union(ids, sa.select(table.id).where(own == whose.invitee.id)).subquery().select()
    return [_moment(sa.func.coalesce(table.sent_at, table.due_at), table.id).where(table.id.in_(ids))]


def _wrote(whose: HistoryOf) -> list[sa.Select[Any]]:
    ids = sa.select(IncomingMail.id).where(IncomingMail.invitation_id.in_(whose.invitation_ids))
    if whose.invitee is not None:
        own = IncomingMail.person_id if isinstance(whose.invitee, Person) else IncomingMail.organisation_id
        ids = sa.union(ids, sa.select(IncomingMail.id).where(own == whose.invitee.id)).subquery().select()
    return [_moment(IncomingMail.received_at, IncomingMail.id).where(IncomingMail.id.in_(ids))]


def _calls(whose: HistoryOf) -> list[sa.Select[Any]]:
    if whose.invitee is not None:
        own = Call.person_id if isinstance(whose.invitee, Person) else Call.organisation_id
        return [_moment(Call.ended_at, Call.id).where(own == whose.invitee.id)]
    about = sa.select(call_invitation.c.call_id).where(call_invitation.c.invitation_id.in_(whose.invitation_ids))
    return [_moment(Call.ended_at, Call.id).where(Call.id.in_(about))]


def _evidence(whose: HistoryOf) -> list[sa.Select[Any]]:
    ids = whose.invitation_ids
    if not isinstance(ids, sa.Select):
        ids = evidence.same_invitee(ids[0])
    return [_moment(AnswerEvidence.answered_at, AnswerEvidence.id).where(AnswerEvidence.invitation_id.in_(ids))]


def _chain(whose: HistoryOf, at: Any) -> list[sa.Select[Any]]:
    its = (ActingPerson.invitation_id.in_(whose.invitation_ids), at.is_not(None))
    return [_moment(at, ActingPerson.id).where(*its)]


def _stopped(whose: HistoryOf) -> list[sa.Select[Any]]:
    """Select who acts no more, but for those who declined: they answered. Who was undone by staff has the entry that says so."""
    undone = sa.exists().where(
        AuditEntry.subject_type == Invitation.__tablename__, AuditEntry.subject_id == ActingPerson.invitation_id,
        AuditEntry.action == "invitation.representative_undone", AuditEntry.at == ActingPerson.ended_at,
    )  # fmt: skip
    declined = ActingPerson.ended_because.is_not_distinct_from(NoLongerActing.DECLINED)
    return [one.where(~undone, ~declined) for one in _chain(whose, ActingPerson.ended_at)]


def _materials(whose: HistoryOf) -> list[sa.Select[Any]]:
    theirs = sa.and_(Invitation.activity_id == Material.activity_id, Invitation.person_id == Material.person_id)
    sent = _moment(StoredFile.uploaded_at, Material.id).join(Material, Material.file_id == StoredFile.id)
    its = (Invitation.id.in_(whose.invitation_ids), Invitation.role == Role.SPEAKER)
    return [sent.join(Invitation, theirs).where(*its).distinct()]


def _came(whose: HistoryOf) -> list[sa.Select[Any]]:
    its = Attendance.invitation_id.in_(whose.invitation_ids)
    return [_moment(Attendance.recorded_at, Attendance.id).where(its)]


def _letters(whose: HistoryOf) -> list[sa.Select[Any]]:
    of_them = sa.select(letter_invitation.c.letter_id).where(
        letter_invitation.c.invitation_id.in_(whose.invitation_ids)
    )
    about = (AuditEntry.subject_type == Letter.__tablename__, AuditEntry.subject_id.in_(of_them))
    return [_moment(AuditEntry.at, AuditEntry.id).where(*about, AuditEntry.action.in_(_LETTER_STEPS))]


def _certified(whose: HistoryOf) -> list[sa.Select[Any]]:
    return [_moment(Certificate.created_at, Certificate.id).where(Certificate.invitation_id.in_(whose.invitation_ids))]


def _revoked(whose: HistoryOf) -> list[sa.Select[Any]]:
    its = (Certificate.invitation_id.in_(whose.invitation_ids), Certificate.state == CertificateState.REVOKED)
    return [_moment(Certificate.ended_at, Certificate.id).where(*its)]


def _rungs(whose: HistoryOf) -> list[sa.Select[Any]]:
    """Select the rungs that were tried, or that could not be."""
    over = sa.or_(Rung.state == RungState.DONE, Rung.state == RungState.MISSED)
    at = sa.func.coalesce(Rung.done_at, Rung.due_at)
    return [_moment(at, Rung.id).where(Rung.invitation_id.in_(whose.invitation_ids), over)]


def _follow_up_ended(whose: HistoryOf) -> list[sa.Select[Any]]:
    """Select when rungs ended that were not tried: those of an invitation that ended at once are one moment."""
    its = (Rung.invitation_id.in_(whose.invitation_ids), Rung.state == RungState.ENDED, Rung.done_at.is_not(None))
    return [_moment(Rung.done_at, sa.func.min(Rung.id)).where(*its).group_by(Rung.invitation_id, Rung.done_at)]


def _ended(ids: Collection[int]) -> Iterable[EndedFollowUp]:
    first = aliased(Rung)
    same = (Rung.invitation_id == first.invitation_id, Rung.state == RungState.ENDED, Rung.done_at == first.done_at)
    found = db.session.scalars(sa.select(Rung).join(first, sa.and_(*same)).where(first.id.in_(ids)).order_by(Rung.id))
    together: dict[tuple[int, datetime | None], list[Rung]] = defaultdict(list)
    for rung in found:
        together[rung.invitation_id, rung.done_at].append(rung)
    return [EndedFollowUp(rungs) for rungs in together.values()]


def _by_id(table: Any, *options: Any) -> Callable[[Collection[int]], Iterable[Any]]:
    return lambda ids: db.session.scalars(sa.select(table).where(table.id.in_(ids)).options(*options)).unique()


def _given(ids: Collection[int]) -> Iterable[GivenAnswer]:
    before = aliased(GivenAnswer)
    same = (before.invitation_id == GivenAnswer.invitation_id, before.id < GivenAnswer.id, before.device != "")
    device = sa.select(before.device).where(*same).order_by(before.id.desc()).limit(1).scalar_subquery()
    return _by_id(
        GivenAnswer, _user(GivenAnswer.recorded_by), joinedload(GivenAnswer.acting),
        with_expression(GivenAnswer.device_before, device),
    )(ids)  # fmt: skip


def _user(column: Any) -> Any:
    return joinedload(column).lazyload(User.roles)


@dataclass(frozen=True)
class HistorySource:
    """Where entries of a kind come from: their moments, and what stands behind them by id."""

    moments: Callable[[HistoryOf], list[sa.Select[Any]]]
    load: Callable[[Collection[int]], Iterable[Any]]


_entry = _by_id(AuditEntry, _user(AuditEntry.user))
_link = _by_id(ActingPerson, _user(ActingPerson.named_by_user))
_certificate = _by_id(
    Certificate, _user(Certificate.created_by), _user(Certificate.ended_by), joinedload(Certificate.replaces)
)
_one = _by_id(Invitation, _user(Invitation.answer_recorded_by))
_SOURCES: Mapping[EntryKind, HistorySource] = {
    EntryKind.ADDED: HistorySource(_added, lambda ids: ()),
    EntryKind.IMPORTED: HistorySource(_imported, _by_id(PersonImport, _user(PersonImport.user))),
    EntryKind.RECORD: HistorySource(_record, _entry),
    EntryKind.NOMINATED: HistorySource(_nominated, _one),
    EntryKind.LETTER: HistorySource(_letters, _entry),
    EntryKind.CERTIFIED: HistorySource(_certified, _certificate),
    EntryKind.REVOKED: HistorySource(_revoked, _certificate),
    EntryKind.INVITED: HistorySource(_invited, _one),
    EntryKind.HANDED_OVER: HistorySource(_handed_over, _by_id(FormerHolder, joinedload(FormerHolder.person))),
    EntryKind.RUNG: HistorySource(_rungs, _by_id(Rung)),
    EntryKind.FOLLOW_UP_ENDED: HistorySource(_follow_up_ended, _ended),
    EntryKind.ACTIVITY: HistorySource(_activity, _entry),
    EntryKind.MAIL: HistorySource(
        lambda whose: _mails(whose, Message, MessageLine), _by_id(Message, selectinload(Message.lines))
    ),
    EntryKind.ARCHIVED: HistorySource(
        lambda whose: _mails(whose, ArchivedMessage, ArchivedLine),
        _by_id(ArchivedMessage, selectinload(ArchivedMessage.lines)),
    ),
    EntryKind.WROTE: HistorySource(_wrote, _by_id(IncomingMail)),
    EntryKind.CALL: HistorySource(_calls, _by_id(Call, _user(Call.caller), selectinload(Call.about))),
    EntryKind.ANSWER: HistorySource(_answers, _given),
    EntryKind.DATES: HistorySource(_dates, _by_id(PollInvitee, joinedload(PollInvitee.poll))),
    EntryKind.EVIDENCE: HistorySource(
        _evidence, _by_id(AnswerEvidence, joinedload(AnswerEvidence.file).joinedload(StoredFile.uploaded_by))
    ),
    EntryKind.NAMED: HistorySource(lambda whose: _chain(whose, ActingPerson.named_at), _link),
    EntryKind.STOPPED: HistorySource(_stopped, _link),
    EntryKind.CHANGED: HistorySource(
        lambda whose: _audited(whose, AuditEntry.action.not_in(_KEPT_ANSWERS), ~_SAID_BY_ITS_FORMER_HOLDER), _entry
    ),
    EntryKind.MATERIAL: HistorySource(
        _materials,
        _by_id(Material, joinedload(Material.file), joinedload(Material.activity), joinedload(Material.sent_by)),
    ),
    EntryKind.CAME: HistorySource(_came, _by_id(Attendance)),
}
_MAILS = (EntryKind.MAIL, EntryKind.ARCHIVED)
_INVITATIONS = (EntryKind.INVITED, EntryKind.NOMINATED)


def _entries(rows: Sequence[Any]) -> list[HistoryEntry]:
    """Return what stands behind these moments, in their order."""
    wanted: dict[EntryKind, set[int]] = defaultdict(set)
    for row in rows:
        wanted[EntryKind(row.kind)].add(row.id)
    loaded = {kind: {one.id: one for one in _SOURCES[kind].load(ids)} for kind, ids in wanted.items()}
    bare = [
        HistoryEntry(row.at, kind, loaded[kind].get(row.id))
        for row in rows
        if (kind := EntryKind(row.kind)) is EntryKind.ADDED or row.id in loaded[kind]
    ]
    invitations = _invitations({id for entry in bare for id in _about(entry)})
    letters, returned = _letters_of(bare)
    mailed = _letters_in(entry for entry in bare if entry.kind in _MAILS)
    chains = _chains(
        {line.invitation_id for one in bare if one.kind in _MAILS for line in one.what.lines if line.to_representative}
    )
    return [
        HistoryEntry(
            one.at, one.kind, one.what, [invitations[id] for id in _about(one) if id in invitations],
            _reader(one, chains), [*letters.get(_letter_id(one), ()), *mailed.get((one.kind, _id(one)), ())],
            returned.get((_letter_id(one), one.at)) if one.kind is EntryKind.LETTER else None,
        )
        for one in bare
    ]  # fmt: skip


def _id(entry: HistoryEntry) -> int:
    return entry.what.id if entry.what is not None else 0


def _about(entry: HistoryEntry) -> list[int]:
    """Return the ids of the invitations that an entry concerns."""
    what = entry.what
    if entry.kind in _MAILS:
        return list(dict.fromkeys(line.invitation_id for line in what.lines))
    if entry.kind is EntryKind.CALL:
        return [one.id for one in what.about]
    if entry.kind in _INVITATIONS:
        return [what.id]
    if entry.kind is EntryKind.CHANGED:
        return [what.subject_id]
    id_ = getattr(what, "invitation_id", None)
    return [id_] if id_ else []


def _invitations(ids: Collection[int]) -> dict[int, Invitation]:
    if not ids:
        return {}
    wanted = sa.select(Invitation).where(Invitation.id.in_(ids))
    whole = (joinedload(Invitation.activity), joinedload(Invitation.person), joinedload(Invitation.organisation))
    return {one.id: one for one in db.session.scalars(wanted.options(*whole)).unique()}


def _letter_id(entry: HistoryEntry) -> int:
    return entry.what.subject_id if entry.kind is EntryKind.LETTER else 0


def _letters_of(
    entries: Iterable[HistoryEntry],
) -> tuple[dict[int, list[Letter]], dict[tuple[int, datetime], ReturnedFile]]:
    """Return the letters of these steps by id, and the files that came back by letter and moment."""
    ids = {_letter_id(one) for one in entries} - {0}
    if not ids:
        return {}, {}
    letters = db.session.scalars(sa.select(Letter).where(Letter.id.in_(ids)).options(joinedload(Letter.corrects)))
    files = db.session.scalars(sa.select(ReturnedFile).where(ReturnedFile.letter_id.in_(ids)))
    return {one.id: [one] for one in letters}, {(one.letter_id, one.returned_at): one for one in files}


def _letters_in(mails: Iterable[HistoryEntry]) -> dict[tuple[EntryKind, int], list[Letter]]:
    """Return the signed letters that these mails carried: those of the mail's kind that were accepted before it went out."""
    sent = [one for one in mails if one.what.state is MessageState.SENT and one.what.kind in CARRIES]
    ids = {line.invitation_id for one in sent for line in one.what.lines}
    if not ids:
        return {}
    rows = db.session.execute(
        sa.select(letter_invitation.c.invitation_id, Letter, ACCEPTED_AT)
        .join(Letter, Letter.id == letter_invitation.c.letter_id)
        .join(StoredFile, StoredFile.id == Letter.signed_file_id)
        .where(letter_invitation.c.invitation_id.in_(ids))
        .order_by(Letter.id)
    ).all()
    return {
        (one.kind, one.what.id): [
            letter
            for invitation_id, letter, accepted_at in rows
            if letter.kind in CARRIES[one.what.kind]
            and accepted_at <= one.at
            and invitation_id in {line.invitation_id for line in one.what.lines if not line.skipped}
        ]
        for one in sent
    }


def _chains(ids: Collection[int]) -> Mapping[int, Sequence[ActingPerson]]:
    """Return everybody who was named for these invitations, the latest first."""
    found: dict[int, list[ActingPerson]] = defaultdict(list)
    if ids:
        wanted = sa.select(ActingPerson).where(ActingPerson.invitation_id.in_(ids)).order_by(ActingPerson.id.desc())
        for one in db.session.scalars(wanted):
            found[one.invitation_id].append(one)
    return found


def _reader(entry: HistoryEntry, chains: Mapping[int, Sequence[ActingPerson]]) -> ActingPerson | None:
    """Return the acting person to whom a mail went: by its address, or who acted when it was written."""
    if entry.kind not in _MAILS:
        return None
    mail = entry.what
    named = [one for line in mail.lines if line.to_representative for one in chains.get(line.invitation_id, ())]
    by_address = [one for one in named if mail.address and one.email.lower() == mail.address.lower()]
    of_then = [
        one
        for one in by_address or named
        if (one.named_at is None or one.named_at <= entry.at) and (one.ended_at is None or one.ended_at >= entry.at)
    ]
    return next(iter(of_then or by_address or named), None)

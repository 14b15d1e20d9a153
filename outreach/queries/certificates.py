"""What pages show of certificates: the list, who is entitled and has none, one certificate, the check page, and one's own.

Reads only.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased, joinedload

from outreach.domain.certificates import CertificateValues, initials
from outreach.domain.documents import days_of
from outreach.domain.kinds import MailKind
from outreach.domain.states import CertificateState, InvitationState, MessageState
from outreach.extensions import db
from outreach.models import (
    ActingPerson,
    ArchivedLine,
    ArchivedMessage,
    Attendance,
    AuditEntry,
    Certificate,
    Invitation,
    Message,
    MessageLine,
    Organisation,
    Person,
    Reminder,
    User,
)
from outreach.models.people import ERASED
from outreach.queries.paging import Page, paged
from outreach.services.answers.acting import is_same_reader
from outreach.services.certificates import settings as certificate_settings
from outreach.services.certificates.make import (
    WITHOUT_CERTIFICATE,
    CertificateMissing,
    NotEntitled,
    invitations,
    name_of,
    values_of,
)
from outreach.services.certificates.settings import StoredCertificateSettings

# On a certificate: it stands, and its holder counts as not present any more. Staff are asked to revoke it.
UNDONE = sa.and_(
    Certificate.state == CertificateState.STANDS,
    Certificate.invitation_id.is_not(None),
    ~sa.exists()
    .where(Attendance.invitation_id == Certificate.invitation_id, Attendance.present)
    .correlate(Certificate),
)


def _told_by(mail: Any, line: Any) -> sa.Exists:
    return (
        sa.exists()
        .where(
            line.invitation_id == Certificate.invitation_id,
            line.skipped == "",
            Reminder.id == line.reminder_id,
            Reminder.kind == MailKind.CERTIFICATE,
            Reminder.due_at >= Certificate.created_at,
            mail.id == line.message_id,
            mail.state == MessageState.SENT,
        )
        .correlate(Certificate)
    )


# On a certificate: a mail told that it is ready.
TOLD = sa.or_(_told_by(Message, MessageLine), _told_by(ArchivedMessage, ArchivedLine))


class CertificateGroup(StrEnum):
    STANDS = "stands"
    REPLACED = "replaced"
    REVOKED = "revoked"
    UNDONE = "undone"  # stands, but the attendance was undone


@dataclass(frozen=True)
class CertificateFilters:
    group: CertificateGroup | None = None
    q: str = ""
    activity_id: int | None = None

    @property
    def query(self) -> dict[str, Any]:
        """Return the filters as values of an address."""
        given = {"show": self.group, "q": self.q, "activity": self.activity_id}
        return {name: value for name, value in given.items() if value}


@dataclass(frozen=True)
class CertificateRow:
    """told: a mail said that it is ready. undone: its holder counts as not present any more.

    name_now: the name on record, if it is another one by now.
    """

    certificate: Certificate
    told: bool
    undone: bool
    name_now: str = ""


@dataclass(frozen=True)
class CertificatePage:
    """log: its entries of the audit log as rows of at, user, action, detail."""

    row: CertificateRow
    values: CertificateValues
    log: Sequence[Any]

    @property
    def made_with_others(self) -> bool:
        """Return whether it was made by the press for all, of which the log has one entry for the activity."""
        return not any(entry.action in ("certificate.issued", "certificate.name_corrected") for entry in self.log)


@dataclass(frozen=True)
class CertificateCounts:
    """Of one activity. entitled: present, and no certificate yet; unnamed of them are known by post or office only."""

    standing: int = 0
    replaced: int = 0
    revoked: int = 0
    undone: int = 0
    entitled: int = 0
    unnamed: int = 0

    @property
    def made(self) -> int:
        return self.standing + self.replaced + self.revoked


@dataclass(frozen=True)
class Entitled:
    """name: as it would be written; "" if only a post or an organisation is known."""

    invitation: Invitation
    name: str


@dataclass(frozen=True)
class CheckedCertificate:
    """What anybody may know of a certificate by its code. initials: of the name, to be compared with the paper.

    activity: the neutral title, if it has one. by_number: of the certificate that replaced it. ended_on: when it was revoked.
    """

    number: str
    dated_on: date
    initials: str
    activity: str
    neutral: bool
    day: str
    state: CertificateState
    by_number: str = ""
    ended_on: date | None = None


def listed(filters: CertificateFilters, number: int = 1) -> Page:
    """Return a page of CertificateRow, the latest number first."""
    page = paged(_select(filters), number, q=filters.q)
    return Page(_rows(page.items), page.total, page.number, page.per_page, page.q, page.more)


def all_rows(filters: CertificateFilters) -> Iterator[CertificateRow]:
    """Yield the rows of the whole list, for a download."""
    ids = list(db.session.scalars(_select(filters).with_only_columns(Certificate.id)))
    for start in range(0, len(ids), 500):
        found = db.session.scalars(
            sa.select(Certificate)
            .where(Certificate.id.in_(ids[start : start + 500]))
            .options(*_shown())
            .order_by(*_ORDER)
        )
        yield from _rows(found.unique().all())


def ids_of(filters: CertificateFilters, most: int) -> list[int]:
    """Return the ids of the list's certificates, at most this many and one more."""
    return list(db.session.scalars(_select(filters).with_only_columns(Certificate.id).limit(most + 1)))


def certificate_page(certificate_id: int) -> CertificatePage:
    """Return one certificate and what was done with it; raise CertificateMissing."""
    found = db.session.scalar(sa.select(Certificate).where(Certificate.id == certificate_id).options(*_shown()))
    if found is None:
        raise CertificateMissing
    log = db.session.execute(
        sa.select(
            AuditEntry.at,
            sa.func.coalesce(sa.func.nullif(User.name, ""), User.email, "").label("user"),
            AuditEntry.action,
            AuditEntry.detail,
        )
        .outerjoin(User, User.id == AuditEntry.user_id)
        .where(AuditEntry.subject_type == Certificate.__tablename__, AuditEntry.subject_id == found.id)
        .order_by(AuditEntry.id.desc())
    ).all()
    [row] = _rows([found])
    return CertificatePage(row, values_of(found), log)


def of_activity(activity_id: int) -> CertificateCounts:
    """Return how many certificates an activity has, and how many are entitled to one and have none. Three queries."""
    counted = (
        sa.select(Certificate.state, sa.func.count())
        .where(Certificate.activity_id == activity_id)
        .group_by(Certificate.state)
    )
    by_state = {row[0]: row[1] for row in db.session.execute(counted)}
    undone = sa.select(sa.func.count()).select_from(Certificate).where(Certificate.activity_id == activity_id, UNDONE)
    all_, named = db.session.execute(
        _entitled(activity_id, "").with_only_columns(
            sa.func.count(),
            sa.func.count().filter(sa.or_(_ACTING.name != "", Person.name != "")),
            maintain_column_froms=True,
        )
    ).one()
    return CertificateCounts(
        standing=by_state.get(CertificateState.STANDS, 0),
        replaced=by_state.get(CertificateState.REPLACED, 0),
        revoked=by_state.get(CertificateState.REVOKED, 0),
        undone=(db.session.scalar(undone) or 0) if by_state else 0,
        entitled=all_,
        unnamed=all_ - named,
    )


def entitled(activity_id: int, q: str = "", number: int = 1) -> Page:
    """Return a page of Entitled: who was present and never had a certificate, by name."""
    page = paged(_entitled_by_name(activity_id, q), number, q=q)
    rows = [Entitled(one, name_of(one)) for one in page.items]
    return Page(rows, page.total, page.number, page.per_page, page.q, page.more)


def every_entitled(activity_id: int, q: str = "") -> list[Entitled]:
    return [Entitled(one, name_of(one)) for one in db.session.scalars(_entitled_by_name(activity_id, q)).unique()]


def _entitled_by_name(activity_id: int, q: str) -> sa.Select[Any]:
    name = sa.func.coalesce(_ACTING.name, sa.func.nullif(Person.name, ""), Person.post, Organisation.name)
    select = _entitled(activity_id, q).options(joinedload(Invitation.person), joinedload(Invitation.organisation))
    return select.order_by(sa.func.lower(name), Invitation.id)


def entitled_one(invitation_id: int) -> Entitled:
    """Return one invitation whose invitee was present, to make its certificate; raise NotEntitled."""
    found = invitations(db.session, Invitation.id == invitation_id, Attendance.present.is_(True))
    if not found:
        raise NotEntitled
    return Entitled(found[0], name_of(found[0]))


def of_person(person_id: int) -> Sequence[Certificate]:
    """Return a person's own certificates, the latest first; not those of whoever acted for them."""
    return (
        db.session.scalars(
            sa.select(Certificate)
            .join(Invitation, Invitation.id == Certificate.invitation_id)
            .where(Invitation.person_id == person_id, Certificate.acting_id.is_(None))
            .options(joinedload(Certificate.activity))
            .order_by(*_ORDER)
        )
        .unique()
        .all()
    )


def own_of_person(person_id: int) -> list[Certificate]:
    """Return the certificates that a person's own page offers: those that stand."""
    return [one for one in of_person(person_id) if one.state is CertificateState.STANDS]


def own_of_acting(me: ActingPerson) -> list[Certificate]:
    """Return the certificates that stand of somebody who acted, by their link: at all activities of this invitee."""
    other = aliased(Invitation)
    whose = sa.select(other.person_id).where(other.id == me.invitation_id).scalar_subquery()
    found = db.session.scalars(
        sa.select(Certificate)
        .join(Invitation, Invitation.id == Certificate.invitation_id)
        .where(Invitation.person_id == whose, Certificate.state == CertificateState.STANDS)
        .options(joinedload(Certificate.activity), joinedload(Certificate.acting))
        .order_by(*_ORDER)
    ).unique()
    return [one for one in found if one.acting is not None and is_same_reader(one.acting, me)]


def checked(code: str) -> CheckedCertificate | None:
    """Return what anybody may know of the certificate with this code; None if there is none."""
    found = (
        db.session.scalar(
            sa.select(Certificate)
            .where(Certificate.code == code)
            .options(joinedload(Certificate.activity), joinedload(Certificate.replaced_by))
        )
        if code
        else None
    )
    if found is None:
        return None
    activity = found.activity
    first, last = (at.astimezone(activity.zone).date() for at in (activity.starts_at, activity.ends_at))
    neutral = bool(activity.public_title)
    return CheckedCertificate(
        found.number,
        found.dated_on,
        initials(found.name) if found.name != ERASED else "",
        activity.public_title if neutral else values_of(found).activity,
        neutral,
        days_of(first, last),
        found.state,
        found.replaced_by.number if found.replaced_by else "",
        found.ended_at.astimezone(activity.zone).date() if found.ended_at else None,
    )


def settings() -> StoredCertificateSettings:
    """Return how certificates are written, as it was saved."""
    return certificate_settings.stored(db.session)


def signatory_used() -> Any:
    """Return who signs if the settings of certificates name nobody: who signs letters."""
    return certificate_settings.current(db.session, certificate_settings.CertificateSettings()).values.signatory


_ACTING = aliased(ActingPerson)
_ORDER = (Certificate.year.desc(), Certificate.running.desc())


def _shown() -> tuple[Any, ...]:
    invitation = joinedload(Certificate.invitation)
    return (
        joinedload(Certificate.activity),
        invitation.joinedload(Invitation.person),
        invitation.joinedload(Invitation.organisation),
        joinedload(Certificate.acting),
        joinedload(Certificate.replaces),
        joinedload(Certificate.replaced_by),
        joinedload(Certificate.ended_by),
        joinedload(Certificate.created_by),
    )


def _select(filters: CertificateFilters) -> sa.Select[Any]:
    select = sa.select(Certificate).options(*_shown()).order_by(*_ORDER)
    if filters.group is CertificateGroup.UNDONE:
        select = select.where(UNDONE)
    elif filters.group is not None:
        select = select.where(Certificate.state == CertificateState(filters.group.value))
    if filters.activity_id is not None:
        select = select.where(Certificate.activity_id == filters.activity_id)
    for word in filters.q.split()[:6]:
        code = word.replace("-", "")
        select = select.where(
            sa.or_(
                Certificate.number.icontains(word, autoescape=True),
                Certificate.name.icontains(word, autoescape=True),
                Certificate.code.icontains(code, autoescape=True) if code else sa.false(),
            )
        )
    return select


def _rows(certificates: Sequence[Certificate]) -> list[CertificateRow]:
    ids = [one.id for one in certificates]
    told = set(db.session.scalars(sa.select(Certificate.id).where(Certificate.id.in_(ids), TOLD)))
    undone = set(db.session.scalars(sa.select(Certificate.id).where(Certificate.id.in_(ids), UNDONE)))
    return [CertificateRow(one, one.id in told, one.id in undone, _name_now(one)) for one in certificates]


def _name_now(certificate: Certificate) -> str:
    """Return the name on record, if it is no longer the one on a certificate that stands; "" otherwise.

    A name that staff wrote for a post or an organisation is on no record.
    """
    if certificate.state is not CertificateState.STANDS or certificate.invitation is None:
        return ""
    now = name_of(certificate.invitation)
    return now if now and now != certificate.name else ""


def _entitled(activity_id: int, q: str) -> sa.Select[Any]:
    select = (
        sa.select(Invitation)
        .join(Attendance, Attendance.invitation_id == Invitation.id)
        .outerjoin(Person, Person.id == Invitation.person_id)
        .outerjoin(Organisation, Organisation.id == Invitation.organisation_id)
        .outerjoin(
            _ACTING,
            sa.and_(
                _ACTING.invitation_id == Invitation.id,
                _ACTING.acting,
                Invitation.state == InvitationState.REPRESENTED,
            ),
        )
        .where(Invitation.activity_id == activity_id, WITHOUT_CERTIFICATE, Person.erased_at.is_(None))
    )
    for word in q.split()[:6]:
        columns = (_ACTING.name, Person.name, Person.post, Organisation.name)
        select = select.where(sa.or_(*(column.icontains(word, autoescape=True) for column in columns)))
    return select

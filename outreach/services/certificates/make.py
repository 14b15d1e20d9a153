"""Make certificates, correct a name, revoke them. Numbers run by year, without gaps: none is given before its certificate stands.

Entitled is whoever was present under their own name: the acting person where somebody acted, else the invited person. An
organisation has no name of a person, and a post none either, so staff write the name.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, scoped_session

from outreach import codec
from outreach.domain import certificates
from outreach.domain.certificates import ActivityOnCertificate, CertificateValues
from outreach.domain.documents import new_code, shown_code
from outreach.domain.kinds import Audience, CertificateKind, MailKind
from outreach.domain.problems import Problem
from outreach.domain.states import ActivityState, CertificateState, InvitationState
from outreach.extensions import current_settings
from outreach.models import (
    Activity,
    AgendaItem,
    Attendance,
    Certificate,
    Invitation,
    Person,
    User,
    agenda_speaker,
)
from outreach.models.people import ERASED
from outreach.services import audit, office_defaults
from outreach.services.certificates import settings
from outreach.services.certificates.settings import Writing
from outreach.services.invitations import links
from outreach.services.locking import activity_for_change, lock_numbers
from outreach.services.reminders.schedule import event_reminder
from outreach.transactions import writing

MOST_AT_ONCE = 2000
OVER = (ActivityState.PUBLISHED, ActivityState.HELD)
_OWN = sa.exists().where(Certificate.invitation_id == Invitation.id).correlate(Invitation)
# On an invitation joined with its attendance: present, and no certificate was ever made. A revoked one is not made again by
# itself: staff do that, one by one.
WITHOUT_CERTIFICATE = sa.and_(Attendance.present, ~_OWN)


class CertificateMissing(Problem):
    message = "There is no such certificate."


class NotOverYet(Problem):
    message = "Certificates can be made once the activity is over."


class NobodyEntitled(Problem):
    message = "Everybody who was present has a certificate already, or nobody is ticked as present yet."


class TooManyCertificates(Problem):
    message = "At most %(most)s certificates can be made at once."


class NotEntitled(Problem):
    message = "Only who was present gets a certificate. Please tick the attendance first."


class HasCertificate(Problem):
    message = "There is a certificate that stands already: %(number)s."


class CertificateNameMissing(Problem):
    message = "Please write the name as it shall stand on the certificate, with titles."
    field = "name"


class SameName(Problem):
    message = "This is the name that stands on the certificate already."
    field = "name"


class CertificateEnded(Problem):
    message = "This certificate does not stand any more, so nothing can be changed in it."


class RevocationReasonMissing(Problem):
    message = "Please write why the certificate is revoked. Only staff read it."
    field = "reason"


@dataclass(frozen=True)
class MadeCertificates:
    """unnamed: how many were present without the name of a person, so nothing was made for them."""

    certificates: Sequence[Certificate]
    unnamed: int = 0


def make_all(activity_id: int, *, tell: bool = True, by: User | None, now: datetime) -> MadeCertificates:
    """Make a certificate for everybody who was present and never had one. tell: write a mail to each.

    Of more than MOST_AT_ONCE, the first by name; the next call takes the next ones. Raise ActivityMissing, NotOverYet,
    NobodyEntitled or NumberTooLong; then none is made.
    """
    with writing() as session:
        activity = activity_for_change(session, activity_id)
        _check_over(activity, now)
        found = invitations(session, Invitation.activity_id == activity_id, WITHOUT_CERTIFICATE)
        named = [(one, name) for one in found if (name := name_of(one))]
        if not named:
            raise NobodyEntitled
        made = _add(session, activity, named[:MOST_AT_ONCE], by=by, now=now)
        audit.record(
            session, by, "activity.certificates_made", activity, now=now, count=len(made),
            numbers=[made[0].number, made[-1].number],
        )  # fmt: skip
        if tell:
            _tell(session, activity, made, now)
    return MadeCertificates(made, len(found) - len(named))


def make_one(invitation_id: int, name: str = "", *, tell: bool = True, by: User | None, now: datetime) -> Certificate:
    """Make the certificate of one invitation, also after an earlier one was revoked. name: "" for the name on record.

    Raise NotEntitled, HasCertificate, CertificateNameMissing, NotOverYet or NumberTooLong.
    """
    with writing() as session:
        activity_id = session.scalar(sa.select(Invitation.activity_id).where(Invitation.id == invitation_id))
        if activity_id is None:
            raise NotEntitled
        activity = activity_for_change(session, activity_id)
        _check_over(activity, now)
        found = invitations(session, Invitation.id == invitation_id, Attendance.present.is_(True))
        if not found:
            raise NotEntitled
        standing = session.scalar(
            sa.select(Certificate.number).where(
                Certificate.invitation_id == invitation_id, Certificate.state == CertificateState.STANDS
            )
        )
        if standing is not None:
            raise HasCertificate(number=standing)
        called = certificates.tidied(name) or name_of(found[0])
        if not called:
            raise CertificateNameMissing
        [made] = _add(session, activity, [(found[0], called)], by=by, now=now)
        audit.record(session, by, "certificate.issued", made, now=now)
        if tell:
            _tell(session, activity, [made], now)
    return made


def correct(certificate_id: int, name: str, *, tell: bool = True, by: User | None, now: datetime) -> Certificate:
    """Make a certificate with another name and a number of its own, which names the one that it replaces.

    Its text stays as it was; signatory, letterhead and template are those of now. Raise CertificateMissing,
    CertificateEnded, CertificateNameMissing or SameName.
    """
    with writing() as session:
        old = for_change(session, certificate_id)
        if old.state is not CertificateState.STANDS:
            raise CertificateEnded
        called = certificates.tidied(name)
        if not called:
            raise CertificateNameMissing
        if called == old.name:
            raise SameName
        old.state, old.ended_at, old.ended_by_id = CertificateState.REPLACED, now, by.id if by else None
        session.flush()  # before its successor stands
        written, day = settings.current(session), _today(session, now)
        running, code = _next_running(session, day.year), new_code()
        values = replace(
            values_of(old), name=called, number=certificates.number_of(written.values.pattern, running, day, written.unit),
            code=code, check_url=check_url(code), dated_on=day, replaces=old.number, signatory=written.values.signatory,
            letterhead=written.letterhead, place=written.place,
        )  # fmt: skip
        made = _row(values, running, old.activity_id, old.invitation_id, old.acting_id, by=by, now=now)
        made.replaces = old
        session.add(made)
        session.flush()
        audit.record(session, by, "certificate.name_corrected", made, now=now, replaced=old.number)
        if tell and made.invitation_id is not None:
            _tell(session, old.activity, [made], now)
    return made


def revoke(certificate_id: int, reason: str, *, by: User | None, now: datetime) -> Certificate:
    """Let a certificate stand no more. Raise CertificateMissing, CertificateEnded or RevocationReasonMissing."""
    with writing() as session:
        found = for_change(session, certificate_id)
        if found.state is not CertificateState.STANDS:
            raise CertificateEnded
        because = " ".join(reason.split())
        if not because:
            raise RevocationReasonMissing
        found.state, found.ended_at, found.ended_because = CertificateState.REVOKED, now, because[:300]
        found.ended_by_id = by.id if by else None
        audit.record(session, by, "certificate.certificate_revoked", found, now=now, reason=found.ended_because)
    return found


def invitations(session: Session | scoped_session, *conditions: sa.ColumnElement[bool]) -> Sequence[Invitation]:
    """Return the invitations that meet the conditions, with what a certificate says of them, by name."""
    found = session.scalars(
        sa.select(Invitation)
        .join(Attendance, Attendance.invitation_id == Invitation.id)
        .where(*conditions)
        .options(
            joinedload(Invitation.person).joinedload(Person.organisation),
            joinedload(Invitation.organisation),
        )
    ).all()
    return sorted(found, key=lambda one: (name_of(one).casefold(), one.id))


def name_of(invitation: Invitation) -> str:
    """Return the name of who was there, as it is written; "" if only a post or an organisation is known."""
    if invitation.acting is not None and _acts(invitation):
        return certificates.tidied(invitation.acting.name)
    person = invitation.person
    if person is None or person.erased_at is not None or not person.name or person.name == ERASED:
        return ""
    return certificates.tidied(person.full_name)


def values_of(certificate: Certificate) -> CertificateValues:
    return codec.from_json(CertificateValues, certificate.values)


def for_change(session: Session, certificate_id: int) -> Certificate:
    """Return the certificate, with its activity locked for this transaction. Raise CertificateMissing."""
    activity_id = session.scalar(sa.select(Certificate.activity_id).where(Certificate.id == certificate_id))
    if activity_id is None:
        raise CertificateMissing
    activity_for_change(session, activity_id)
    return session.get_one(Certificate, certificate_id, populate_existing=True)


def on_certificate(activity: Activity, unit: str) -> ActivityOnCertificate:
    """Return the activity as its certificates name it."""
    return ActivityOnCertificate(
        activity.title, activity.starts_at, activity.ends_at, activity.zone,
        venue=activity.venue.name if activity.venue else "",
        programme=activity.programme.title if activity.programme else "",
        unit=unit,
    )  # fmt: skip


def values_for(
    activity: ActivityOnCertificate, kind: CertificateKind, name: str, written: Writing, *, number: str, code: str,
    dated_on: date, topics: Sequence[str] = (),
) -> CertificateValues:  # fmt: skip
    """Return what a certificate says, in the office's words."""
    words, blocks = certificates.words_for(activity), written.values.blocks_of(kind)
    return CertificateValues(
        kind=kind,
        number=number,
        code=code,
        check_url=check_url(code),
        name=name,
        heading=certificates.text_of(blocks.heading, words),
        lead=certificates.text_of(blocks.lead, words),
        opening=certificates.text_of(blocks.opening, words),
        activity=activity.title,
        closing=certificates.text_of(blocks.closing, words),
        dated_on=dated_on,
        topics=certificates.topics_of(topics),
        place=written.place,
        signatory=written.values.signatory,
        letterhead=written.letterhead,
    )


def is_over(activity: Activity, now: datetime) -> bool:
    """Return whether certificates can be made for an activity."""
    return activity.state in OVER and now >= activity.ends_at


def check_url(code: str) -> str:
    """Return the address at which anybody can check the certificate with this code."""
    return f"{current_settings().base_url.rstrip('/')}/s/{shown_code(code)}"


def _acts(invitation: Invitation) -> bool:
    return invitation.acting is not None and invitation.state is InvitationState.REPRESENTED


def _check_over(activity: Activity, now: datetime) -> None:
    if not is_over(activity, now):
        raise NotOverYet


def _today(session: Session, now: datetime) -> date:
    return now.astimezone(office_defaults.zone(session)).date()


def _next_running(session: Session, year: int) -> int:
    """Return the next number of the year. Until this transaction ends, nobody else gets one."""
    lock_numbers(session)
    return (session.scalar(sa.select(sa.func.max(Certificate.running)).where(Certificate.year == year)) or 0) + 1


def _add(
    session: Session, activity: Activity, named: Sequence[tuple[Invitation, str]], *, by: User | None, now: datetime
) -> list[Certificate]:
    """Add a certificate for each of these invitations, with this name, to the caller's transaction."""
    written, day = settings.current(session), _today(session, now)
    about, topics = on_certificate(activity, written.unit), _topics(session, activity.id)
    made = []
    for running, (invitation, name) in enumerate(named, start=_next_running(session, day.year)):
        kind = certificates.kind_of(invitation.role)
        values = values_for(
            about, kind, name, written, dated_on=day, code=new_code(),
            number=certificates.number_of(written.values.pattern, running, day, written.unit),
            topics=topics.get(invitation.person_id, ()) if kind is CertificateKind.SPEAKER else (),
        )  # fmt: skip
        acting_id = invitation.acting.id if invitation.acting and _acts(invitation) else None
        made.append(_row(values, running, activity.id, invitation.id, acting_id, by=by, now=now))
    session.add_all(made)
    session.flush()
    return made


def _row(
    values: CertificateValues, running: int, activity_id: int, invitation_id: int | None, acting_id: int | None, *,
    by: User | None, now: datetime,
) -> Certificate:  # fmt: skip
    return Certificate(
        code=values.code, kind=values.kind, state=CertificateState.STANDS, year=values.dated_on.year, running=running,
        number=values.number, dated_on=values.dated_on, name=values.name, activity_id=activity_id,
        invitation_id=invitation_id, acting_id=acting_id, values=codec.to_json(values), created_at=now,
        created_by_id=by.id if by else None,
    )  # fmt: skip


def _topics(session: Session, activity_id: int) -> dict[int | None, list[str]]:
    """Return what each person spoke about, by the agenda."""
    found: dict[int | None, list[str]] = {}
    for person_id, topic in session.execute(
        sa.select(agenda_speaker.c.person_id, AgendaItem.topic)
        .join(AgendaItem, AgendaItem.id == agenda_speaker.c.agenda_item_id)
        .where(AgendaItem.activity_id == activity_id)
        .order_by(AgendaItem.starts_at, AgendaItem.id)
    ):
        found.setdefault(person_id, []).append(topic)
    return found


def _tell(session: Session, activity: Activity, made: Sequence[Certificate], now: datetime) -> None:
    """Write to whoever these certificates are for that they are ready on their own page, which stays open for it."""
    links.prolong_links(session, activity, until=max(activity.ends_at, now))
    event_reminder(
        session, activity, MailKind.CERTIFICATE, Audience.CERTIFIED, now=now,
        detail={"only": sorted(one.invitation_id for one in made if one.invitation_id is not None)},
    )  # fmt: skip

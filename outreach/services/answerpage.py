"""Reading what an answer page shows: the link's holder, and all they are invited to. Nothing is written here.

A phone waits for this page, and after a mailing three hundred open it at once. So it reads the columns it shows, by
statements made once, in two queries; two more only for speakers (their topics) and organisations (their nominees).
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from outreach.delivery import tokens
from outreach.delivery.wording import phone
from outreach.domain.answers import refusal
from outreach.domain.kinds import LinkPurpose, Role
from outreach.domain.problems import Problem
from outreach.domain.states import TAKES_A_SEAT, ActivityState, InvitationState
from outreach.extensions import db
from outreach.models import (
    Activity,
    AgendaItem,
    Invitation,
    Link,
    Office,
    Organisation,
    Person,
    Programme,
    Venue,
    agenda_speaker,
)
from outreach.services import links
from outreach.services.answering import NothingToAnswer

SPEAKING = frozenset({Role.SPEAKER, Role.MODERATOR})


class Contact(NamedTuple):
    """Whom an invitee calls. phone: E.164; "" where none is known."""

    office: str
    name: str
    phone: str

    def __str__(self) -> str:
        return f"{self.name} ({phone(self.phone)})" if self.phone else self.name


class Holder(NamedTuple):
    """organisation: whether the link is an organisation's. stopped: whether they asked for no more reminders."""

    id: int
    name: str
    locale: str
    stopped: bool
    organisation: bool


class Topic(NamedTuple):
    starts_at: datetime
    ends_at: datetime
    topic: str


class Named(NamedTuple):
    """Somebody whom an organisation sends, or who comes in an invitee's place."""

    name: str
    post: str
    phone: str
    email: str


class Facts(NamedTuple):
    """What is the same for everybody invited to an activity. title: the neutral one. latitude, longitude: degrees."""

    id: int
    title: str
    zone: ZoneInfo
    starts_at: datetime
    ends_at: datetime
    registration_at: datetime | None
    respond_by_at: datetime
    things_to_bring: str
    state: ActivityState
    venue: str
    venue_address: str
    latitude: float | None
    longitude: float | None


class Shown(NamedTuple):
    """One activity as its invitee sees it.

    roles: theirs in it. refusal: why they may not answer now. seats_left: None where nothing limits them, or where they
    need no seat any more. moved: moved since they answered.
    """

    activity: Facts
    invitation_id: int
    roles: tuple[Role, ...]
    state: InvitationState
    moved: bool
    representative: Named
    quota: int
    refusal: Problem | None
    seats_left: int | None
    topics: tuple[Topic, ...] = ()
    nominees: tuple[Named, ...] = ()


class AnswerPage(NamedTuple):
    holder: Holder
    contact: Contact
    activities: tuple[Shown, ...]


def read(token: str, *, now: datetime) -> AnswerPage:
    """Return what a link's holder sees: their published activities, earliest first.

    Raise LinkUnknown, LinkExpired or LinkRevoked.
    """
    nonce = tokens.nonce_of(token, LinkPurpose.ANSWER)
    link = db.session.execute(_LINK, {"nonce": nonce}).first() if nonce else None
    if link is None:
        raise links.LinkUnknown
    if link.revoked_at is not None:
        raise links.LinkRevoked
    if now >= link.expires_at:
        raise links.LinkExpired
    holder = _holder(link)
    rows = db.session.execute(
        _OF_ORGANISATION if holder.organisation else _OF_PERSON, {"holder": holder.id, "since": now - links.RENEWED_FOR}
    ).all()
    contact = _contact(link, rows[0] if rows else None)
    found: dict[int, list[Any]] = {}
    for row in rows:
        found.setdefault(row.id, []).append(row)
    shown = [_shown(mine, now, contact) for mine in found.values()]
    if holder.organisation:
        shown = _with_nominees(shown)
    elif any(not SPEAKING.isdisjoint(one.roles) for one in shown):
        shown = _with_topics(shown, holder.id)
    return AnswerPage(holder, contact, tuple(shown))


def office_contact() -> Contact:
    """Return whom anybody may call whose link opens nothing."""
    row = db.session.execute(_OFFICE).first()
    return _contact(row, None) if row else Contact("", "", "")


def activity_for_calendar(token: str, activity_id: int, *, now: datetime) -> Activity:
    """Return one of the holder's activities; raise as `read` does, or NothingToAnswer."""
    if all(one.activity.id != activity_id for one in read(token, now=now).activities):
        raise NothingToAnswer
    return db.session.get_one(Activity, activity_id)


def _holder(link: Any) -> Holder:
    if link.organisation_id is not None:
        return Holder(
            link.organisation_id,
            link.organisation_name,
            link.organisation_locale,
            link.organisation_stopped is not None,
            True,
        )
    person = Person(name=link.name, title_before=link.title_before, title_after=link.title_after, post=link.post)
    return Holder(link.person_id, person.full_name, link.locale, link.stopped is not None, False)


def _contact(office: Any, row: Any) -> Contact:
    if row is not None and row.contact_phone:
        return Contact(office.short_name or "", row.contact_name or office.short_name or "", row.contact_phone)
    name = office.office_contact_name or office.short_name or ""
    return Contact(office.short_name or "", name, office.office_contact_phone or office.office_phone or "")


def _shown(mine: list[Any], now: datetime, contact: Contact) -> Shown:
    row = next((r for r in mine if r.state is not InvitationState.WITHDRAWN), mine[0])
    deadline = row.respond_by_at.astimezone(row.zone)
    facts = Facts(
        row.id,
        row.public_title or row.title,
        row.zone,
        row.starts_at,
        row.ends_at,
        row.registration_at,
        row.respond_by_at,
        row.things_to_bring,
        row.activity_state,
        row.venue or "",
        row.venue_address or "",
        row.latitude,
        row.longitude,
    )
    return Shown(
        activity=facts,
        invitation_id=row.invitation_id,
        roles=tuple(r.role for r in mine),
        state=row.state,
        moved=row.answered_sequence is not None and row.answered_sequence < row.sequence,
        representative=Named(
            row.representative_name, row.representative_post, row.representative_phone, row.representative_email
        ),
        quota=row.quota or 0,
        refusal=refusal(row.activity_state, row.state, deadline, now, str(contact)),
        seats_left=None if row.taken is None else row.seats - row.taken,
    )


def _with_topics(shown: list[Shown], person_id: int) -> list[Shown]:
    topics: dict[int, list[Topic]] = {}
    for row in db.session.execute(_TOPICS, {"holder": person_id, "ids": [one.activity.id for one in shown]}):
        topics.setdefault(row.activity_id, []).append(Topic(row.starts_at, row.ends_at, row.topic))
    return [one._replace(topics=tuple(topics.get(one.activity.id, ()))) for one in shown]


def _with_nominees(shown: list[Shown]) -> list[Shown]:
    named: dict[int, list[Named]] = {}
    for row in db.session.execute(_NOMINEES, {"ids": [one.invitation_id for one in shown]}):
        named.setdefault(row.under, []).append(Named(row.name, row.post, row.phone, row.email))
    return [one._replace(nominees=tuple(named.get(one.invitation_id, ()))) for one in shown]


def _columns(*models: Any) -> Iterable[Any]:
    """Return the models' columns as their tables have them: for reading rows, the objects would only cost time."""
    return (model.__table__.c for model in models)


def _is_none_of(column: Any, states: Iterable[InvitationState]) -> Any:
    return sa.and_(*(column != state for state in states))


_ACTIVITY, _AGENDA, _INVITATION, _LINKS, _OFFICES, _ORGANISATION, _PERSON, _PROGRAMME, _VENUE = _columns(
    Activity, AgendaItem, Invitation, Link, Office, Organisation, Person, Programme, Venue
)
_CONTACT = (
    _OFFICES.short_name,
    _OFFICES.contact_name.label("office_contact_name"),
    _OFFICES.contact_phone.label("office_contact_phone"),
    _OFFICES.phone.label("office_phone"),
)
_OFFICE = sa.select(*_CONTACT).order_by(_OFFICES.id).limit(1)
_LINK = (
    sa.select(
        _LINKS.person_id,
        _LINKS.organisation_id,
        _LINKS.expires_at,
        _LINKS.revoked_at,
        _PERSON.name,
        _PERSON.title_before,
        _PERSON.title_after,
        _PERSON.post,
        _PERSON.locale,
        _PERSON.reminders_stopped_at.label("stopped"),
        _ORGANISATION.name.label("organisation_name"),
        _ORGANISATION.locale.label("organisation_locale"),
        _ORGANISATION.reminders_stopped_at.label("organisation_stopped"),
        *_CONTACT,
    )
    .select_from(Link.__table__)
    .outerjoin(Person.__table__, _PERSON.id == _LINKS.person_id)
    .outerjoin(Organisation.__table__, _ORGANISATION.id == _LINKS.organisation_id)
    .outerjoin(
        Office.__table__, _OFFICES.id == sa.select(sa.func.min(sa.alias(Office.__table__).c.id)).scalar_subquery()
    )
    .where(_LINKS.nonce == sa.bindparam("nonce"), _LINKS.purpose == LinkPurpose.ANSWER)
)


def _invitations(holder: Any) -> sa.Select:
    """Return the statement for one kind of holder. Seats are counted only for who has none and may still want one."""
    other = sa.alias(Invitation.__table__).c
    seats = sa.func.coalesce(_ACTIVITY.capacity, _VENUE.capacity)
    taken = (
        sa.select(sa.func.count(sa.distinct(other.person_id)))
        .where(
            other.activity_id == _ACTIVITY.id,
            other.person_id.is_not(None),
            sa.or_(*(other.state == state for state in sorted(TAKES_A_SEAT))),
        )
        .correlate(Activity.__table__)
        .scalar_subquery()
    )
    needs = sa.and_(
        seats.is_not(None), _is_none_of(_INVITATION.state, TAKES_A_SEAT), _ACTIVITY.state == ActivityState.PUBLISHED
    )
    return (
        sa.select(
            _INVITATION.id.label("invitation_id"),
            _INVITATION.role,
            _INVITATION.state,
            _INVITATION.answered_sequence,
            _INVITATION.quota,
            _INVITATION.representative_name,
            _INVITATION.representative_post,
            _INVITATION.representative_phone,
            _INVITATION.representative_email,
            _ACTIVITY.id,
            _ACTIVITY.title,
            _ACTIVITY.public_title,
            _ACTIVITY.zone,
            _ACTIVITY.starts_at,
            _ACTIVITY.ends_at,
            _ACTIVITY.registration_at,
            _ACTIVITY.respond_by_at,
            _ACTIVITY.things_to_bring,
            _ACTIVITY.state.label("activity_state"),
            _ACTIVITY.sequence,
            _VENUE.name.label("venue"),
            _VENUE.address.label("venue_address"),
            _VENUE.latitude,
            _VENUE.longitude,
            _PROGRAMME.contact_name,
            _PROGRAMME.contact_phone,
            seats.label("seats"),
            sa.case((needs, taken)).label("taken"),
        )
        .select_from(Invitation.__table__)
        .join(Activity.__table__, _ACTIVITY.id == _INVITATION.activity_id)
        .outerjoin(Venue.__table__, _VENUE.id == _ACTIVITY.venue_id)
        .outerjoin(Programme.__table__, _PROGRAMME.id == _ACTIVITY.programme_id)
        .where(
            holder == sa.bindparam("holder"),
            _ACTIVITY.state != ActivityState.DRAFT,
            _is_none_of(_INVITATION.state, (InvitationState.PREPARED, InvitationState.WITHDRAWN)),
            _ACTIVITY.ends_at > sa.bindparam("since", type_=_ACTIVITY.ends_at.type),
        )
        .order_by(_ACTIVITY.starts_at, _ACTIVITY.id, _INVITATION.role)
    )


_OF_PERSON = _invitations(_INVITATION.person_id)
_OF_ORGANISATION = _invitations(_INVITATION.organisation_id)
_TOPICS = (
    sa.select(_AGENDA.activity_id, _AGENDA.starts_at, _AGENDA.ends_at, _AGENDA.topic)
    .select_from(AgendaItem.__table__)
    .join(agenda_speaker, agenda_speaker.c.agenda_item_id == _AGENDA.id)
    .where(
        agenda_speaker.c.person_id == sa.bindparam("holder"),
        _AGENDA.activity_id.in_(sa.bindparam("ids", expanding=True)),
    )
    .order_by(_AGENDA.starts_at, _AGENDA.id)
)
_NOMINEES = (
    sa.select(_INVITATION.nominated_under_id.label("under"), _PERSON.name, _PERSON.post, _PERSON.phone, _PERSON.email)
    .select_from(Invitation.__table__)
    .join(Person.__table__, _PERSON.id == _INVITATION.person_id)
    .where(
        _INVITATION.nominated_under_id.in_(sa.bindparam("ids", expanding=True)),
        _INVITATION.state != InvitationState.WITHDRAWN,
    )
    .order_by(_INVITATION.id)
)

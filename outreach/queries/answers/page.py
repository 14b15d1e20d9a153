"""Read what an answer page shows: the link's invitee, and all their invitations. Nothing is written here.

After a mailing, hundreds of phones open this page at once. So it reads only the columns it shows, in two queries that
are built once (queries/answers/page_sql.py). Speakers (topics) and organisations (nominees) need a third query, and
invitees of date polls one more.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from outreach.delivery.mail.recipient import salutation_of
from outreach.delivery.rows.batch import held_post
from outreach.delivery.words import salutations
from outreach.delivery.words.formats import phone
from outreach.domain.answers import ActivityCancelled, ActivityPostponed, answer_by, refusal
from outreach.domain.directory.names import Name, rank_of
from outreach.domain.feedback import OPEN_FOR
from outreach.domain.kinds import LOCALES, NEUTRAL_TITLES, AnswerSource, NamedBy, Role
from outreach.domain.problems import Problem
from outreach.domain.states import TAKES_A_SEAT, ActivityState, InvitationState
from outreach.extensions import db
from outreach.models import Activity, Invitation, Person
from outreach.queries import posts
from outreach.queries.answers import page_sql as statements
from outreach.queries.posts import FormerInvitation
from outreach.services.addresses import no_mail_reaches
from outreach.services.answers import before as answers_before
from outreach.services.answers.answer import NothingToAnswer
from outreach.services.answers.nominee_matching import key
from outreach.services.invitations import links

SPEAKING = frozenset({Role.SPEAKER, Role.MODERATOR})


class Contact(NamedTuple):
    """The contact for an invitee's questions. phone: E.164; "" if unknown."""

    office: str
    name: str
    phone: str

    def __str__(self) -> str:
        return f"{self.name} ({phone(self.phone)})" if self.phone else self.name


class LinkInvitee(NamedTuple):
    """The invitee of a link. organisation: whether it is an organisation. stopped: whether reminders are stopped.

    salutations: a person's, as in mails, by language. assistant: the name of their adjutant or secretary, if it is the
    link of theirs; `stopped` is then about the mails to them. post: the post to which all invitations to posts go, as on
    letters: "Plh. Kasat Binmas Polres Metro"; "" if there is none, or several. child: whoever holds the link is addressed as one.
    """

    id: int
    name: str
    locale: str
    stopped: bool
    organisation: bool
    salutations: Mapping[str, str] = MappingProxyType({})
    assistant: str = ""
    post: str = ""
    child: bool = False


class Topic(NamedTuple):
    starts_at: datetime
    ends_at: datetime
    topic: str


class NamedRepresentative(NamedTuple):
    """The person who comes in an invitee's place."""

    name: str
    post: str
    phone: str
    email: str
    rank: str = ""


class ShownChain(NamedTuple):
    """How it was said who comes. position: 2 if it was passed on. confirmed: by the acting person themselves.

    notices_wanted: whether the invitee gets the notices, too; without an address of the acting person they do anyway.
    """

    position: int
    named_by: NamedBy
    confirmed: bool
    notices_wanted: bool


class Given(NamedTuple):
    """When and how the stored answer was given. device: as tokens.device_mark. replaced: what it replaced of another
    device.
    """

    at: datetime | None = None
    source: AnswerSource | None = None
    device: str = ""
    replaced: Mapping[str, str] = MappingProxyType({})


class Nominated(NamedTuple):
    """A nominee of an organisation, with their own answer. For people of other organisations only the name is given."""

    name: str
    post: str
    phone: str
    email: str
    invitation_id: int
    state: InvitationState
    full_name: str = ""  # with titles
    rank: str = ""


class Facts(NamedTuple):
    """Facts of an activity that are the same for all invitees. title: the neutral one. latitude, longitude: degrees."""

    id: int
    title: str
    zone: ZoneInfo
    starts_at: datetime
    ends_at: datetime
    registration_at: datetime | None
    respond_by_at: datetime  # the invitee's own, if they were invited after the deadline
    things_to_bring: str
    state: ActivityState
    cancelled_because: str
    venue: str
    venue_address: str
    latitude: float | None
    longitude: float | None


class ShownInvitation(NamedTuple):
    """One activity as its invitee sees it.

    roles: the invitee's. refusal: why they may not answer now. seats_left: None without a limit, or if they need no seat
    any more. moved: whether it moved after their answer.
    """

    activity: Facts
    invitation_id: int
    roles: tuple[Role, ...]
    state: InvitationState
    moved: bool
    representative: NamedRepresentative
    quota: int
    refusal: Problem | None
    seats_left: int | None
    topics: tuple[Topic, ...] = ()
    nominees: tuple[Nominated, ...] = ()
    chain: ShownChain | None = None
    given: Given = Given()
    shows_materials: bool = False  # the speakers' materials, because they take part
    asks_feedback: bool = False  # of whoever was there
    shows_photos: bool = False  # to whoever was there

    @property
    def may_wish(self) -> bool:
        """Return whether another day is asked of them if they decline (services/answers/decline.py)."""
        return self.quota > 0 or not SPEAKING.isdisjoint(self.roles)

    @property
    def speaks(self) -> bool:
        """Return whether the page for materials is theirs: they speak, and are not known not to come."""
        gone = (InvitationState.NOT_COMING, InvitationState.WITHDRAWN)
        return (
            Role.SPEAKER in self.roles and self.state not in gone and self.activity.state is not ActivityState.CANCELLED
        )


class OpenPoll(NamedTuple):
    """A date poll that still accepts the invitee's answer. title: the neutral one."""

    id: int
    title: str
    closes_at: datetime
    zone: ZoneInfo
    answered: bool


class AnswerPage(NamedTuple):
    """link: the row of the opened link, to read the page again without opening the link again."""

    link: Any
    invitee: LinkInvitee
    contact: Contact
    activities: tuple[ShownInvitation, ...] = ()
    polls: tuple[OpenPoll, ...] = ()
    went_on: tuple[FormerInvitation, ...] = ()  # to another holder of their former post


def read(token: str, *, now: datetime) -> AnswerPage:
    """Return what a link's invitee sees: their activities, without drafts, earliest first.

    Raise LinkUnknown, LinkReplaced, LinkExpired or LinkRevoked.
    """
    return _opened_by(token, _page(_link(token, now), now))


def read_again(found: AnswerPage, *, now: datetime) -> AnswerPage:
    """Return what the invitee sees now, after an answer was recorded or refused. The link is not opened again."""
    return _page(found.link, now)._replace(invitee=found.invitee)


def _opened_by(token: str, found: AnswerPage) -> AnswerPage:
    """Return the page as whoever holds the link sees it: the invitee, or their adjutant or secretary."""
    one = links.assistant_of(token)
    if one is None:
        return found
    invitee = found.invitee._replace(assistant=one.name, stopped=one.stopped_at is not None, child=False)
    return found._replace(invitee=invitee)


def _page(link: Any, now: datetime) -> AnswerPage:
    invitee = _invitee(link)
    rows = db.session.execute(
        statements.OF_ORGANISATION if invitee.organisation else statements.OF_PERSON,
        _asked(invitee.id, now),
    ).all()
    contact = _contact(link, rows[0] if rows else None)
    found: dict[int, list[Any]] = {}
    for row in rows:
        found.setdefault(row.id, []).append(row)
    shown = [_shown(mine, now, contact) for mine in found.values()]
    if invitee.organisation:
        shown = _with_nominees(shown, invitee.id)
    elif any(not SPEAKING.isdisjoint(invitation.roles) for invitation in shown):
        shown = _with_topics(shown, invitee.id)
    polls = _polls(invitee, now) if link.has_polls else ()
    went_on = posts.went_from(invitee.id, now=now) if link.held_posts else ()
    return AnswerPage(link, _in_post(link, invitee, rows), contact, tuple(shown), polls, tuple(went_on))


def _in_post(link: Any, invitee: LinkInvitee, rows: Iterable[Any]) -> LinkInvitee:
    """Return the invitee addressed in the post that is invited, as mails do."""
    held = held_post([row for row in rows if row.state is not InvitationState.WITHDRAWN])
    if held is None:
        return invitee
    person = Person(
        name=link.name, title_before=link.title_before, title_after=link.title_after, sex=link.sex, post=held[0]
    )
    said = {locale: salutations.of_person(person, *held[1:], locale) for locale in LOCALES}
    return invitee._replace(post=salutations.of_post(*held), salutations=said)


def of_person(person_id: int, *, now: datetime) -> tuple[Contact, list[ShownInvitation]]:
    """Return what a person is invited to, as on their page, and the contact: for somebody who acts for them."""
    rows = db.session.execute(statements.OF_PERSON, _asked(person_id, now)).all()
    office = db.session.execute(statements.OFFICE).first()
    contact = _contact(office, rows[0] if rows else None) if office else Contact("", "", "")
    found: dict[int, list[Any]] = {}
    for row in rows:
        found.setdefault(row.id, []).append(row)
    shown = [_shown(mine, now, contact) for mine in found.values()]
    return contact, _with_topics(shown, person_id) if shown else shown


def _asked(invitee_id: int, now: datetime) -> dict[str, Any]:
    return {"invitee": invitee_id, "since": now - links.RENEWED_FOR, "now": now, "feedback_since": now - OPEN_FOR}


def read_invitee(token: str, *, now: datetime) -> AnswerPage:
    """Return the link's invitee and contact, without activities; raise as `read` does."""
    link = _link(token, now)
    return _opened_by(token, AnswerPage(link, _invitee(link), _contact(link, None)))


def read_stopping(token: str) -> AnswerPage:
    """Return what the holder of an old mail may see: in which language, and whether reminders are stopped. No name.

    Raise LinkUnknown, or LinkReplaced if it stops nothing.
    """
    link = links.stopping_link(token)
    invitee = link.person or link.organisation
    assert invitee is not None
    assistant = links.assistant_of(token)
    stopped = (assistant.stopped_at if assistant else invitee.reminders_stopped_at) is not None
    nameless = LinkInvitee(invitee.id, "", invitee.locale, stopped, link.person is None)
    return AnswerPage(link, nameless, office_contact())


def last_answered(found: AnswerPage, *, now: datetime) -> tuple[int, ...]:
    """Return the activities of the invitee's last answer by this link, as far as it can still be undone."""
    kept = answers_before.kept(db.session(), found.link.id, now=now)
    if kept is None:
        return ()
    open_ids = {invitation.activity.id for invitation in found.activities if invitation.refusal is None}
    since = {old.id: before.since for before in kept.before.activities for old in before.mine}
    rows = db.session.execute(
        sa.select(Invitation.id, Invitation.activity_id, Invitation.answered_at).where(Invitation.id.in_(since))
    ).all()
    return tuple(sorted({row.activity_id for row in rows if row.answered_at == since[row.id]} & open_ids))


class ToTell(NamedTuple):
    """People who no longer come to an activity because of the invitee's last answer, and get no mail about that."""

    activity: Facts
    names: tuple[str, ...]


def to_tell(found: AnswerPage, *, now: datetime) -> list[ToTell]:
    """Return the people that the invitee has to tell about their last answer by this link: representatives, and
    nominees that no mail reaches.
    """
    kept = answers_before.kept(db.session(), found.link.id, now=now)
    answers = {before.activity_id: before for before in kept.before.activities} if kept else {}
    removed = [old.id for before in answers.values() for old in before.nominees if old.id not in before.stayed]
    unreached = _withdrawn_without_a_mail(removed) if removed else {}
    told = []
    for invitation in found.activities:
        before = answers.get(invitation.activity.id)
        if before is None:
            continue
        named = before.mine[0].representative_name
        replaced = [named] if named and key(named) != key(invitation.representative.name) else []
        names = (*replaced, *(unreached[old.id] for old in before.nominees if old.id in unreached))
        told += [ToTell(invitation.activity, names)] if names else []
    return told


def _withdrawn_without_a_mail(invitation_ids: Sequence[int]) -> dict[int, str]:
    """Return the names of withdrawn nominees who have no other invitation to the activity and are not reached by mail."""
    other = aliased(Invitation)
    elsewhere = sa.exists().where(
        other.activity_id == Invitation.activity_id,
        other.person_id == Invitation.person_id,
        other.state != InvitationState.WITHDRAWN,
    )
    rows = db.session.execute(
        sa.select(Invitation.id, Person.name)
        .join(Person, Person.id == Invitation.person_id)
        .where(
            Invitation.id.in_(invitation_ids),
            Invitation.state == InvitationState.WITHDRAWN,
            no_mail_reaches(Person.email),
            ~elsewhere,
        )
    )
    return {row.id: row.name for row in rows}


def office_contact() -> Contact:
    """Return the office's contact, for people whose link does not work."""
    row = db.session.execute(statements.OFFICE).first()
    return _contact(row, None) if row else Contact("", "", "")


def activity_for_calendar(page: AnswerPage, activity_id: int) -> Activity:
    """Return one of the activities on the invitee's page; raise NothingToAnswer, ActivityCancelled or
    ActivityPostponed.
    """
    found = next((invitation for invitation in page.activities if invitation.activity.id == activity_id), None)
    if found is None or found.state is InvitationState.WITHDRAWN:
        raise NothingToAnswer
    if found.activity.state is ActivityState.CANCELLED:
        raise ActivityCancelled
    if found.activity.state is ActivityState.POSTPONED:
        raise ActivityPostponed
    return db.session.get_one(Activity, activity_id)


def _polls(invitee: LinkInvitee, now: datetime) -> tuple[OpenPoll, ...]:
    wanted = statements.POLLS_OF_ORGANISATION if invitee.organisation else statements.POLLS_OF_PERSON
    return tuple(
        OpenPoll(
            row.id, row.public_title or NEUTRAL_TITLES[row.kind], row.closes_at, row.zone, row.answered_at is not None
        )
        for row in db.session.execute(wanted, {"invitee": invitee.id, "now": now})
    )


def _link(token: str, now: datetime) -> Any:
    return links.opened(db.session.execute(statements.LINK, {"nonce": links.nonce_of(token)}).first(), now)


def _invitee(link: Any) -> LinkInvitee:
    if link.organisation_id is not None:
        return LinkInvitee(
            link.organisation_id,
            link.organisation_name,
            link.organisation_locale,
            link.organisation_stopped is not None,
            True,
        )
    person = Person(name=link.name, title_before=link.title_before, title_after=link.title_after, post=link.post)
    said = {locale: salutation_of(link, locale) for locale in LOCALES}
    return LinkInvitee(
        link.person_id, person.full_name, link.locale, link.stopped is not None, False, said, child=link.child
    )


def _contact(office: Any, row: Any) -> Contact:
    if row is not None and row.contact_phone:
        return Contact(office.short_name or "", row.contact_name or office.short_name or "", row.contact_phone)
    name = office.office_contact_name or office.short_name or ""
    return Contact(office.short_name or "", name, office.office_contact_phone or office.office_phone or "")


def _shown(mine: list[Any], now: datetime, contact: Contact) -> ShownInvitation:
    row = next((r for r in mine if r.state is not InvitationState.WITHDRAWN), mine[0])
    until = answer_by(row.respond_by_at, row.starts_at, row.invited_at)
    facts = Facts(
        row.id,
        row.public_title or row.title,
        row.zone,
        row.starts_at,
        row.ends_at,
        row.registration_at,
        until,
        row.things_to_bring,
        row.activity_state,
        row.cancelled_reason,
        row.venue or "",
        row.venue_address or "",
        row.latitude,
        row.longitude,
    )
    return ShownInvitation(
        activity=facts,
        invitation_id=row.invitation_id,
        roles=tuple(r.role for r in mine if r.state is not InvitationState.WITHDRAWN) or (row.role,),
        state=row.state,
        moved=row.answered_sequence is not None and row.answered_sequence < row.sequence,
        representative=NamedRepresentative(
            row.representative_name,
            row.representative_post,
            row.representative_phone,
            row.representative_email,
            row.representative_rank,
        ),
        quota=row.quota or 0,
        refusal=refusal(row.activity_state, row.state, until.astimezone(row.zone), now, str(contact)),
        seats_left=None if row.taken is None else row.seats - row.taken,
        chain=ShownChain(row.position, row.named_by, row.confirmed_at is not None, row.notices_wanted)
        if row.position
        else None,
        given=Given(row.answered_at, row.answer_source, row.answer_device, row.answer_replaced or {}),
        shows_materials=row.materials_published_at is not None and row.state in TAKES_A_SEAT,
        asks_feedback=bool(row.asks_feedback),
        shows_photos=bool(row.shows_photos),
    )


def _with_topics(shown: list[ShownInvitation], person_id: int) -> list[ShownInvitation]:
    topics: dict[int, list[Topic]] = {}
    for row in db.session.execute(
        statements.TOPICS, {"invitee": person_id, "ids": [invitation.activity.id for invitation in shown]}
    ):
        topics.setdefault(row.activity_id, []).append(Topic(row.starts_at, row.ends_at, row.topic))
    return [invitation._replace(topics=tuple(topics.get(invitation.activity.id, ()))) for invitation in shown]


def _with_nominees(shown: list[ShownInvitation], organisation_id: int) -> list[ShownInvitation]:
    named: dict[int, list[Nominated]] = {}
    values = {"ids": [invitation.invitation_id for invitation in shown], "invitee": organisation_id}
    for row in db.session.execute(statements.NOMINEES, values):
        full_name = Name(row.name, row.title_before, row.title_after).full
        rank = rank_of(full_name)
        nominee = Nominated(row.name, row.post, row.phone, row.email, row.id, row.state, full_name, rank)
        named.setdefault(row.under, []).append(nominee)
    return [invitation._replace(nominees=tuple(named.get(invitation.invitation_id, ()))) for invitation in shown]

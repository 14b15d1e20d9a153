"""An invitee's answers: by their link, or given to staff by phone and recorded. Organisations name their nominees.

Who may answer until when, and what becomes of a full activity, is domain/answers.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, contains_eager, joinedload, selectinload

from outreach.delivery import tokens
from outreach.delivery.wording import phone
from outreach.domain.answers import Choice, Representative, RepresentativeUnnamed, refusal, state_for
from outreach.domain.kinds import AnswerSource, Role
from outreach.domain.problems import Problem
from outreach.domain.states import TAKES_A_SEAT, ActivityState, InvitationState
from outreach.extensions import db, writing
from outreach.models import Activity, AgendaItem, Invitation, Link, Office, Organisation, Person, User
from outreach.services import audit, links, seats
from outreach.services.booking import activity_for_change
from outreach.services.inviting import invitation_for_change

RECORDED = (ActivityState.PUBLISHED, ActivityState.HELD)


class NothingToAnswer(Problem):
    message = "This invitation is not among yours. Please open the link in our mail again."


class NotAnOrganisation(Problem):
    message = "Only an office or organisation names people; you can name a representative instead."


class OrganisationsNominate(Problem):
    message = "An organisation answers by naming the people who come."


class QuotaExceeded(Problem):
    message = (
        "You have %(quota)d seats, but named %(named)d people. Please take somebody off the list, or call %(contact)s."
    )


class NomineeUnnamed(Problem):
    message = "Please write a name for everyone you list, or empty the line."


class SeatsShort(Problem):
    message = "Only %(left)d seats are left in this activity. Please name fewer people, or call %(contact)s."


class NotRecordable(Problem):
    message = "An answer can be recorded only for a published activity and an invitation that stands."


@dataclass(frozen=True)
class Nominee:
    name: str
    post: str = ""
    phone: str = ""  # E.164
    email: str = ""


@dataclass(frozen=True)
class PageActivity:
    """One activity on an invitee's page. refusal: why they may not answer now, if so. seats_left: None if unlimited."""

    activity: Activity
    invitations: tuple[Invitation, ...]
    refusal: Problem | None
    seats_left: int | None

    @property
    def invitation(self) -> Invitation:
        return self.invitations[0]


@dataclass(frozen=True)
class AnswerPage:
    link: Link
    holder: Person | Organisation
    office: Office | None
    activities: tuple[PageActivity, ...]


def page(token: str, *, now: datetime) -> AnswerPage:
    """Return all that the holder of a link sees: their activities that were published, earliest first."""
    link = links.open_link(token, now=now)
    office = db.session.scalar(sa.select(Office).order_by(Office.id).limit(1))
    found: dict[int, list[Invitation]] = {}
    for invitation in db.session.scalars(
        _of_holder(link)
        .join(Invitation.activity)
        .where(
            Activity.state != ActivityState.DRAFT,
            Invitation.state.not_in((InvitationState.PREPARED, InvitationState.WITHDRAWN)),
            Activity.ends_at > now - links.RENEWED_FOR,
        )
        .options(
            contains_eager(Invitation.activity).options(
                joinedload(Activity.venue), selectinload(Activity.agenda).selectinload(AgendaItem.speakers)
            ),
            *([selectinload(Invitation.nominees).joinedload(Invitation.person)] if link.organisation_id else []),
        )
        .order_by(Activity.starts_at, Activity.id, Invitation.role)
    ):
        found.setdefault(invitation.activity_id, []).append(invitation)
    free = _seats_left(found)
    contact = contact_of(office)
    return AnswerPage(
        link,
        link.person or link.organisation,  # type: ignore[arg-type]
        office,
        tuple(
            PageActivity(i[0].activity, tuple(i), _refusal(i[0], now, contact), free[activity_id])
            for activity_id, i in found.items()
        ),
    )


def answer(
    token: str, activity_id: int, choice: Choice, representative: Representative | None = None, *, now: datetime
) -> Invitation:
    """Record an invitee's own answer for one activity, in all their roles there. Return the invitation.

    Raise a link's problem, NothingToAnswer, DeadlinePassed, ActivityClosed, NotInvited or RepresentativeUnnamed,
    having changed nothing. In a full activity the invitee is put on the waiting list.
    """
    with writing() as session:
        link = links.open_link(token, now=now, session=session)
        if link.organisation_id and choice is Choice.REPRESENTED:
            raise OrganisationsNominate
        mine = _held(session, link, activity_id)
        problem = _refusal(mine[0], now, contact_of(_office(session)))
        if problem is not None:
            raise problem
        if link.organisation_id and choice is Choice.COMING:
            raise OrganisationsNominate
        _settle(session, mine, choice, representative, AnswerSource.LINK, now)
        if link.organisation_id:
            _replace_nominees(session, mine[0], [], AnswerSource.LINK, now)
        return mine[0]


def nominate(token: str, invitation_id: int, nominees: Sequence[Nominee], *, now: datetime) -> Invitation:
    """Replace the people whom an organisation sends, by its own link. An empty list leaves its answer open.

    Raise as `answer` does, and NotAnOrganisation, QuotaExceeded, NomineeUnnamed or SeatsShort.
    """
    with writing() as session:
        link = links.open_link(token, now=now, session=session)
        if link.organisation_id is None:
            raise NotAnOrganisation
        activity_id = session.scalar(
            sa.select(Invitation.activity_id).where(
                Invitation.id == invitation_id, Invitation.organisation_id == link.organisation_id
            )
        )
        if activity_id is None:
            raise NothingToAnswer
        invitation = _held(session, link, activity_id)[0]
        problem = _refusal(invitation, now, contact_of(_office(session)))
        if problem is not None:
            raise problem
        _nominate(session, invitation, nominees, AnswerSource.LINK, now)
        return invitation


def nominate_for(
    invitation_id: int,
    nominees: Sequence[Nominee],
    *,
    by: User | None,
    now: datetime,
    source: AnswerSource = AnswerSource.PHONE,
) -> Invitation:
    """Record the people whom an organisation named to staff. The deadline does not bind; the quota does."""
    with writing() as session:
        invitation = invitation_for_change(session, invitation_id)
        if invitation.organisation_id is None:
            raise NotAnOrganisation
        _check_recordable(invitation)
        _nominate(session, invitation, nominees, source, now)
        for one in (invitation, *invitation.nominees):
            one.answer_recorded_by_id = by.id if by else None
        audit.record(
            session, by, "invitation.nominees_recorded", invitation, now=now, name=invitation.invitee.display_name,
            named=len(nominees), activity=invitation.activity.title,
        )  # fmt: skip
        return invitation


def record_answer(
    invitation_id: int,
    choice: Choice,
    source: AnswerSource,
    representative: Representative | None = None,
    note: str = "",
    *,
    by: User | None,
    now: datetime,
) -> Invitation:
    """Record an answer that an invitee gave by phone, WhatsApp, letter or in person. The deadline does not bind."""
    with writing() as session:
        invitation = invitation_for_change(session, invitation_id)
        _check_recordable(invitation)
        if invitation.organisation_id and choice is not Choice.NOT_COMING:
            raise OrganisationsNominate
        before = invitation.state
        mine = [invitation]
        if invitation.person_id:
            mine += session.scalars(
                sa.select(Invitation).where(
                    Invitation.activity_id == invitation.activity_id,
                    Invitation.person_id == invitation.person_id,
                    Invitation.id != invitation.id,
                    Invitation.state != InvitationState.WITHDRAWN,
                )
            ).all()
        _settle(session, mine, choice, representative, source, now)
        if invitation.organisation_id:
            _replace_nominees(session, invitation, [], source, now)
        for one in mine:
            one.answer_recorded_by_id = by.id if by else None
            one.answer_note = note.strip()
        audit.record(
            session, by, "invitation.answer_recorded", invitation, now=now, name=invitation.invitee.display_name,
            activity=invitation.activity.title, state=[before.value, invitation.state.value], source=source.value,
        )  # fmt: skip
        return invitation


def stop_reminders(token: str, *, now: datetime) -> Link:
    """Send the link's holder no more mails, but changes and cancellations of what they accepted."""
    return _set_stopped(token, now, now)


def resume_reminders(token: str, *, now: datetime) -> Link:
    """Send the link's holder mails again."""
    return _set_stopped(token, None, now)


def contact_of(office: Office | None) -> str:
    """Return whom to call, as a sentence can name them: "Bidang PPA (0812-…)"; a plain word where none is set."""
    if office is None:
        return "–"
    number = phone(office.contact_phone or office.phone)
    name = office.contact_name or office.short_name
    return f"{name} ({number})" if number else name


def _set_stopped(token: str, value: datetime | None, now: datetime) -> Link:
    with writing() as session:
        link = links.open_link(token, now=now, session=session)
        holder = link.person or link.organisation
        assert holder is not None
        holder.reminders_stopped_at = value
    return link


def _of_holder(link: Link) -> sa.Select[Invitation]:
    if link.person_id:
        return sa.select(Invitation).where(Invitation.person_id == link.person_id)
    return sa.select(Invitation).where(Invitation.organisation_id == link.organisation_id)


def _held(session: Session, link: Link, activity_id: int) -> list[Invitation]:
    """Return the link holder's invitations to an activity, which is locked; raise NothingToAnswer where there is none."""
    if session.scalar(sa.select(Activity.id).where(Activity.id == activity_id)) is None:
        raise NothingToAnswer
    activity_for_change(session, activity_id)
    mine = list(
        session.scalars(
            _of_holder(link)
            .where(Invitation.activity_id == activity_id, Invitation.state != InvitationState.PREPARED)
            .order_by(Invitation.state == InvitationState.WITHDRAWN, Invitation.role)
        )
    )
    if not mine:
        raise NothingToAnswer
    return [i for i in mine if i.state is not InvitationState.WITHDRAWN] or mine


def _refusal(invitation: Invitation, now: datetime, contact: str) -> Problem | None:
    activity = invitation.activity
    deadline = activity.respond_by_at.astimezone(activity.zone)
    return refusal(activity.state, invitation.state, deadline, now, contact)


def _settle(
    session: Session,
    mine: Sequence[Invitation],
    choice: Choice,
    representative: Representative | None,
    source: AnswerSource,
    now: datetime,
) -> None:
    """Set one person's invitations of one activity to their answer, and offer what seat it frees."""
    if choice is Choice.REPRESENTED and (representative is None or not representative.name.strip()):
        raise RepresentativeUnnamed
    activity = mine[0].activity
    had_a_seat = any(i.state in TAKES_A_SEAT for i in mine)
    bound = not any(i.role in (Role.SPEAKER, Role.MODERATOR) for i in mine)
    state = state_for(choice, seats_left=seats.left(session, activity) if bound else None, had_a_seat=had_a_seat)
    named = representative if choice is Choice.REPRESENTED and representative else Representative("")
    for invitation in mine:
        if state is not InvitationState.WAITLISTED:
            invitation.waitlisted_at = None
        elif invitation.state is not InvitationState.WAITLISTED:
            invitation.waitlisted_at = now
        invitation.state = state
        _stamp(invitation, source, now)
        invitation.representative_name = named.name.strip()
        invitation.representative_post = named.post.strip()
        invitation.representative_phone = named.phone.strip()
        invitation.representative_email = named.email.strip()
    session.flush()
    if had_a_seat and state not in TAKES_A_SEAT:
        seats.offer_freed(session, activity, now=now)


def _stamp(invitation: Invitation, source: AnswerSource, now: datetime) -> None:
    invitation.answered_at = now
    invitation.answered_sequence = invitation.activity.sequence
    invitation.answer_source = source
    invitation.answer_recorded_by_id = None
    invitation.answer_note = ""


def _nominate(
    session: Session, invitation: Invitation, nominees: Sequence[Nominee], source: AnswerSource, now: datetime
) -> None:
    contact = contact_of(_office(session))
    if any(not n.name.strip() for n in nominees):
        raise NomineeUnnamed
    if len(nominees) > (invitation.quota or 0):
        raise QuotaExceeded(quota=invitation.quota or 0, named=len(nominees), contact=contact)
    free = seats.left(session, invitation.activity)
    present = [n for n in invitation.nominees if n.state in TAKES_A_SEAT]
    if free is not None and len(nominees) - len(present) > free:
        raise SeatsShort(left=free + len(present), contact=contact)
    _replace_nominees(session, invitation, nominees, source, now)
    if nominees:
        invitation.state = InvitationState.COMING
        _stamp(invitation, source, now)
    elif invitation.state is InvitationState.COMING:
        invitation.state = InvitationState.INVITED
        invitation.answered_at = None


def _replace_nominees(
    session: Session, invitation: Invitation, nominees: Sequence[Nominee], source: AnswerSource, now: datetime
) -> None:
    """Make the organisation's nominees these people: known ones are kept, new ones are added, others withdrawn."""
    present = {(n.person.name if n.person else "").casefold(): n for n in invitation.nominees}
    kept = set()
    for one in nominees:
        name = " ".join(one.name.split())
        found = present.get(name.casefold())
        if found is None:
            person = Person(name=name, organisation_id=invitation.organisation_id)
            session.add(person)
            session.flush()
            found = Invitation(
                activity_id=invitation.activity_id, person_id=person.id, role=Role.PARTICIPANT,
                nominated_under_id=invitation.id, invited_at=now, answered_at=now,
                answered_sequence=invitation.activity.sequence, answer_source=source,
            )  # fmt: skip
            session.add(found)
            found.person = person
            invitation.nominees.append(found)
        assert found.person is not None
        found.person.post, found.person.phone = one.post.strip(), one.phone.strip()
        found.person.email = one.email.strip()
        found.state = InvitationState.COMING
        kept.add(name.casefold())
    tokens.ensure_links(
        session,
        person_ids=[n.person_id for n in invitation.nominees if n.person_id],
        expires_at=invitation.activity.ends_at + tokens.lifetime(),
    )
    freed = False
    for key, nominee in present.items():
        if key not in kept and nominee.state is not InvitationState.WITHDRAWN:
            nominee.state = InvitationState.WITHDRAWN
            freed = True
    session.flush()
    if freed:
        seats.offer_freed(session, invitation.activity, now=now)


def _check_recordable(invitation: Invitation) -> None:
    if invitation.activity.state not in RECORDED or invitation.state is InvitationState.WITHDRAWN:
        raise NotRecordable


def _seats_left(found: dict[int, list[Invitation]]) -> dict[int, int | None]:
    limited = [i for i, mine in found.items() if mine[0].activity.seats is not None]
    counts: dict[int, int] = {}
    if limited:
        rows = db.session.execute(
            sa.select(Invitation.activity_id, sa.func.count(sa.distinct(Invitation.person_id)))
            .where(
                Invitation.activity_id.in_(limited),
                Invitation.person_id.is_not(None),
                Invitation.state.in_(TAKES_A_SEAT),
            )
            .group_by(Invitation.activity_id)
        ).all()
        counts = {row[0]: row[1] for row in rows}
    return {
        i: None if mine[0].activity.seats is None else mine[0].activity.seats - counts.get(i, 0)
        for i, mine in found.items()
    }


def _office(session: Session) -> Office | None:
    return session.scalar(sa.select(Office).order_by(Office.id).limit(1))

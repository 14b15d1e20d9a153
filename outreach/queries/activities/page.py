"""What the page of one programme or one activity shows, loaded in a fixed number of queries."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from outreach.domain.activities.next_step import NextStep, next_step, programmes_next_step
from outreach.domain.kinds import ON_STAGE, Audience, MailKind, Role
from outreach.domain.reminders.due import MissedReason
from outreach.domain.states import ActivityState, InvitationState, MessageState, ReminderState
from outreach.extensions import db
from outreach.models import (
    Activity,
    AgendaItem,
    Invitation,
    Letter,
    Message,
    MessageLine,
    Organisation,
    Person,
    Programme,
    Reminder,
    Venue,
)
from outreach.models.mails import IS_LOST, IS_SCHEDULED
from outreach.queries.activities.lists import AnswerCounts, answers_by
from outreach.queries.invitations import lists as invitees
from outreach.queries.invitations.choices import own_kelurahan
from outreach.queries.letters import returned as returned_pages
from outreach.queries.letters.returned import LettersAwaited
from outreach.queries.messages import archive
from outreach.queries.messages.log import SENT_AGAIN
from outreach.services import office_defaults
from outreach.services.addresses import no_mail_reaches
from outreach.services.locking import ActivityMissing, ProgrammeMissing
from outreach.services.reminders import forecast
from outreach.services.reminders.expand import held_until

MOST_REPRESENTED = 30


@dataclass(frozen=True)
class ActivityLine:
    """An activity on its programme's page."""

    activity: Activity
    answers: AnswerCounts
    step: NextStep


@dataclass(frozen=True)
class ProgrammeDay:
    """day: None for the postponed activities, which wait for their new date."""

    day: date | None
    lines: tuple[ActivityLine, ...]


@dataclass(frozen=True)
class ProgrammePage:
    programme: Programme
    days: tuple[ProgrammeDay, ...]
    answers: AnswerCounts
    step: NextStep

    @property
    def lines(self) -> list[ActivityLine]:
        return [line for day in self.days for line in day.lines]

    def count(self, step: NextStep) -> int:
        return sum(line.step == step for line in self.lines)

    @property
    def first_to_do(self) -> ActivityLine | None:
        """Return the first activity that needs the programme's next step."""
        return next((line for line in self.lines if line.step is self.step), None)

    @property
    def drafts(self) -> list[Activity]:
        return [line.activity for line in self.lines if line.activity.state is ActivityState.DRAFT]

    @property
    def has_kelurahan(self) -> bool:
        """Return whether cadres can be invited to some of its activities by kelurahan."""
        return any(own_kelurahan(line) is not None for line in self.drafts + self.published)

    @property
    def only_drafts(self) -> bool:
        """Return whether all its activities are drafts, so that it may be deleted."""
        return len(self.drafts) == len(self.lines)

    @property
    def published(self) -> list[Activity]:
        return [line.activity for line in self.lines if line.activity.state is ActivityState.PUBLISHED]


@dataclass(frozen=True)
class ActivityPage:
    activity: Activity
    answers: AnswerCounts
    step: NextStep
    on_stage: tuple[Invitation, ...]  # speakers and moderators, with their state
    reminders: tuple[Reminder, ...]
    messages: dict[MessageState, int]
    invitations_at: datetime | None  # when waiting invitations go out
    represented: tuple[Invitation, ...] = ()  # somebody else comes in their place
    missed_ahead: Mapping[int, MissedReason] = field(
        default_factory=dict
    )  # why scheduled reminders will not go out, by id
    unreminded: int = 0  # invited after the last reminder to answer
    asks_again: bool = False  # a reminder to answer is still to go out
    letters: tuple[Letter, ...] = ()  # drafts that say of a move or cancellation, still to be signed
    awaited: LettersAwaited | None = None  # signed letters for which invitations wait

    @property
    def reminds(self) -> bool:
        """Return whether any reminder is still to go out."""
        return any(r.state is ReminderState.SCHEDULED and r.id not in self.missed_ahead for r in self.reminders)

    @property
    def seats_left(self) -> int | None:
        seats = self.activity.seats
        return None if seats is None else seats - self.answers.seats_taken

    @property
    def declined(self) -> list[Invitation]:
        """Return the speakers who are not coming."""
        return [i for i in self.speakers if i.state is InvitationState.NOT_COMING]

    @property
    def stage_states(self) -> dict[int | None, InvitationState]:
        """Return the state of each speaker's invitation, by person id."""
        return {i.person_id: i.state for i in self.speakers}

    @property
    def moderators(self) -> list[Invitation]:
        return [i for i in self.on_stage if i.role is Role.MODERATOR]

    @property
    def speakers(self) -> list[Invitation]:
        return [i for i in self.on_stage if i.role is Role.SPEAKER]


def programme(programme_id: int, *, now: datetime) -> ProgrammePage:
    """Return a programme with its activities by day; raise ProgrammeMissing."""
    found = (
        db.session.scalars(
            sa.select(Programme)
            .where(Programme.id == programme_id)
            .options(
                joinedload(Programme.coordinator),
                selectinload(Programme.activities).options(
                    joinedload(Activity.venue).joinedload(Venue.region),
                    joinedload(Activity.region),
                    selectinload(Activity.agenda),
                ),
            )
        )
        .unique()
        .one_or_none()
    )
    if found is None:
        raise ProgrammeMissing
    answers = answers_by(Activity.id, [a.id for a in found.activities])
    ids = [a.id for a in found.activities]
    changes = returned_pages.changes_to_sign(ids)
    awaited = returned_pages.letters_awaited(ids, now=now)
    lines = [
        line_of(
            a, answers.get(a.id, AnswerCounts()), now, len(changes.get(a.id, ())),
            awaited[a.id].waiting if a.id in awaited else 0,
        )
        for a in found.activities
    ]  # fmt: skip
    together = answers_by(Activity.programme_id, [found.id]).get(found.id, AnswerCounts())
    dated = [line for line in lines if line.activity.state is not ActivityState.POSTPONED]
    waiting = tuple(line for line in lines if line.activity.state is ActivityState.POSTPONED)
    days = tuple(ProgrammeDay(day, tuple(group)) for day, group in groupby(dated, key=_day))
    days += (ProgrammeDay(None, waiting),) if waiting else ()
    return ProgrammePage(found, days, together, programmes_next_step([line.step for line in lines]))


@dataclass(frozen=True)
class RundownActivity:
    """An activity with its agenda, and who moderates and speaks."""

    activity: Activity
    on_stage: tuple[Invitation, ...]

    @property
    def moderators(self) -> list[Person]:
        return [i.person for i in self.on_stage if i.role is Role.MODERATOR and i.person]

    @property
    def represented(self) -> dict[int, Invitation]:
        """Return the invitations of people who are represented by somebody else, by the person's id."""
        return {
            i.person_id: i for i in self.on_stage if i.state is InvitationState.REPRESENTED and i.person_id is not None
        }

    @property
    def other_speakers(self) -> list[Person]:
        """Return the speakers who have no line of the agenda."""
        in_agenda = {person.id for item in self.activity.agenda for person in item.speakers}
        return [i.person for i in self.on_stage if i.role is Role.SPEAKER and i.person and i.person.id not in in_agenda]


@dataclass(frozen=True)
class Rundown:
    """A programme's activities by day, without cancelled ones. drafts: how many of them are only drafts.

    waiting: those that are postponed and have no day.
    """

    programme: Programme
    days: tuple[tuple[date, tuple[RundownActivity, ...]], ...]
    drafts: int
    waiting: tuple[Activity, ...] = ()

    @property
    def lines(self) -> Iterator[tuple[RundownActivity, AgendaItem | None]]:
        """Yield (activity, agenda item) for each agenda item. An activity without an agenda or a day comes once, with None."""
        for line in (line for _day, some in self.days for line in some):
            yield from ((line, item) for item in line.activity.agenda)
            if not line.activity.agenda:
                yield line, None
        yield from ((RundownActivity(activity, ()), None) for activity in self.waiting)


def rundown(programme_id: int) -> Rundown:
    """Return a programme as it runs, for printing; raise ProgrammeMissing. Five statements."""
    found = db.session.scalars(
        sa.select(Programme)
        .where(Programme.id == programme_id)
        .options(
            selectinload(Programme.activities).options(
                joinedload(Activity.venue),
                selectinload(Activity.agenda).selectinload(AgendaItem.speakers).joinedload(Person.organisation),
            )
        )
    ).one_or_none()
    if found is None:
        raise ProgrammeMissing
    off = (ActivityState.CANCELLED, ActivityState.POSTPONED)
    held = [activity for activity in found.activities if activity.state not in off]
    waiting = tuple(activity for activity in found.activities if activity.state is ActivityState.POSTPONED)
    on_stage: dict[int, list[Invitation]] = {activity.id: [] for activity in held}
    invitations = db.session.scalars(
        sa.select(Invitation)
        .join(Invitation.person)
        .where(
            Invitation.activity_id.in_(on_stage),
            Invitation.role.in_(sorted(ON_STAGE)),
            Invitation.state.not_in((InvitationState.WITHDRAWN, InvitationState.NOT_COMING)),
        )
        .options(contains_eager(Invitation.person).joinedload(Person.organisation))
        .order_by(Person.name, Person.post)
    )
    for invitation in invitations:
        on_stage[invitation.activity_id].append(invitation)
    rows = [RundownActivity(activity, tuple(on_stage[activity.id])) for activity in held]
    by_day = groupby(rows, key=lambda row: row.activity.starts_at.astimezone(row.activity.zone).date())
    drafts = sum(activity.state is ActivityState.DRAFT for activity in held)
    return Rundown(found, tuple((day, tuple(same_day)) for day, same_day in by_day), drafts, waiting)


def activity(activity_id: int, *, now: datetime) -> ActivityPage:
    """Return an activity with its agenda, speakers, reminders and messages; raise ActivityMissing."""
    found = activity_with_agenda(activity_id)
    answers = answers_by(Activity.id, [found.id]).get(found.id, AnswerCounts())
    on_stage = db.session.scalars(
        sa.select(Invitation)
        .join(Invitation.person)
        .where(
            Invitation.activity_id == found.id,
            Invitation.role.in_(sorted(ON_STAGE)),
            Invitation.state != InvitationState.WITHDRAWN,
        )
        .options(contains_eager(Invitation.person).joinedload(Person.organisation))
        .order_by(Invitation.role.desc(), Person.name, Person.post)
    ).all()
    reminders = db.session.scalars(
        sa.select(Reminder)
        .where(Reminder.activity_id == found.id)
        .options(
            joinedload(Reminder.invitation).options(joinedload(Invitation.person), joinedload(Invitation.organisation))
        )
        .order_by(Reminder.due_at, Reminder.id)
        .limit(100)
    ).all()
    messages = db.session.execute(
        sa.select(Message.state, sa.func.count(sa.distinct(Message.id)))
        .join(MessageLine, MessageLine.message_id == Message.id)
        .join(Invitation, Invitation.id == MessageLine.invitation_id)
        .where(Invitation.activity_id == found.id, sa.or_(~IS_LOST, ~SENT_AGAIN))
        .group_by(Message.state)
    ).all()
    represented = db.session.scalars(
        sa.select(Invitation)
        .where(Invitation.activity_id == found.id, Invitation.state == InvitationState.REPRESENTED)
        .options(joinedload(Invitation.person), joinedload(Invitation.organisation))
        .order_by(Invitation.role, Invitation.id)
        .limit(MOST_REPRESENTED)
    ).all()
    missed_ahead = forecast.missed_ahead(found.id, now=now)
    asks_again = sa.exists().where(
        Reminder.activity_id == found.id,
        Reminder.kind == MailKind.REMINDER,
        Reminder.audience == Audience.UNANSWERED,
        IS_SCHEDULED,
        Reminder.id.not_in(missed_ahead),
    )
    changes = returned_pages.changes_to_sign([found.id]).get(found.id, ())
    awaited = returned_pages.letters_awaited([found.id], now=now).get(found.id)
    step = line_of(found, answers, now, len(changes), awaited.waiting if awaited else 0).step
    ended = Counter(dict(messages)) + Counter(archive.states(found.id))
    return ActivityPage(
        found,
        answers,
        step,
        tuple(on_stage),
        tuple(reminders),
        dict(ended),
        invitations_at([found.id], now=now),
        tuple(represented),
        missed_ahead,
        invitees.unreminded(found.id),
        bool(db.session.scalar(sa.select(asks_again))),
        tuple(changes),
        awaited,
    )


def invitations_at(activity_ids: Collection[int], *, now: datetime) -> datetime | None:
    """Return when the first waiting invitations of these activities go out; None if none wait for a later moment."""
    hours = office_defaults.mail_hours(db.session)
    rows = db.session.execute(
        sa.select(Reminder, Activity)
        .join(Reminder.activity)
        .where(IS_SCHEDULED, Reminder.audience == Audience.NEWLY_INVITED, Reminder.activity_id.in_(activity_ids))
    )
    found = [held_until(reminder, its, max(reminder.due_at, now), hours) or reminder.due_at for reminder, its in rows]
    return min((moment for moment in found if moment > now), default=None)


def without_address(activity_ids: Collection[int], limit: int = 50) -> list[Person | Organisation]:
    """Return invitees of these activities that no mail reaches and that need a call; at most `limit` of each kind."""
    found: list[Person | Organisation] = []
    for kind, column in ((Organisation, Invitation.organisation_id), (Person, Invitation.person_id)):
        invited = sa.select(column).where(
            Invitation.activity_id.in_(activity_ids), Invitation.state != InvitationState.WITHDRAWN
        )
        found += db.session.scalars(
            sa.select(kind).where(no_mail_reaches(kind.email), kind.id.in_(invited)).order_by(kind.name).limit(limit)
        )
    return found


def activity_with_agenda(activity_id: int) -> Activity:
    """Return an activity with the related rows that its forms need; raise ActivityMissing."""
    found = (
        db.session.scalars(
            sa.select(Activity)
            .where(Activity.id == activity_id)
            .options(
                joinedload(Activity.venue),
                joinedload(Activity.region),
                joinedload(Activity.programme),
                joinedload(Activity.coordinator),
                selectinload(Activity.agenda).selectinload(AgendaItem.speakers),
            )
        )
        .unique()
        .one_or_none()
    )
    if found is None:
        raise ActivityMissing
    return found


def moderator_of(activity_id: int) -> Invitation | None:
    """Return the invitation of the activity's moderator; the first if there are several."""
    return db.session.scalars(
        sa.select(Invitation)
        .where(
            Invitation.activity_id == activity_id,
            Invitation.role == Role.MODERATOR,
            Invitation.state.not_in((InvitationState.WITHDRAWN, InvitationState.NOT_COMING)),
        )
        .order_by(Invitation.id)
        .limit(1)
    ).one_or_none()


def declined_speakers(activity_id: int) -> set[int]:
    """Return the ids of people who were invited to speak and are not coming."""
    return set(
        db.session.scalars(
            sa.select(Invitation.person_id).where(
                Invitation.activity_id == activity_id,
                Invitation.role == Role.SPEAKER,
                Invitation.state == InvitationState.NOT_COMING,
                Invitation.person_id.is_not(None),
            )
        )
    )  # type: ignore[arg-type]


def line_of(
    one: Activity, answers: AnswerCounts, now: datetime, changes_to_sign: int = 0, without_letter: int = 0
) -> ActivityLine:
    """Return the activity, loaded with its agenda, with its next step. changes_to_sign, without_letter: as in next_step."""
    step = next_step(
        one.state,
        one.starts_at,
        one.ends_at,
        now,
        invitees=answers.total,
        audience=answers.audience,
        speakers=answers.speakers,
        agenda_lines=len(one.agenda),
        declined=answers.declined,
        attended=answers.attended,
        changes_to_sign=changes_to_sign,
        without_letter=without_letter,
    )
    return ActivityLine(one, answers, step)


def _day(line: ActivityLine) -> date:
    return line.activity.starts_at.astimezone(line.activity.zone).date()

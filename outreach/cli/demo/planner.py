"""The demo's data for planning: two clashes, two absences, an open date poll and a decided one.

It uses none of the nine days of the drafts, except one hall's Monday afternoons.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import date, datetime, time, timedelta

import sqlalchemy as sa

from outreach.cli.demo import content
from outreach.cli.demo.programme import JAKARTA, Cast, DemoPlan, local
from outreach.delivery import tokens
from outreach.domain.activities.values import ActivityValues
from outreach.domain.kinds import ActivityKind, PollChoice, Role
from outreach.domain.planning.absences import Stated
from outreach.domain.planning.office_hours import FRIDAY
from outreach.domain.planning.parties import AbsenceSource
from outreach.domain.planning.working_days import working_days
from outreach.domain.polls import Proposed
from outreach.domain.reminders.due import next_morning
from outreach.extensions import db
from outreach.models import Activity, DatePoll, Link, Region
from outreach.services.absences import edit as absences
from outreach.services.absences.edit import Subject, SubjectKind
from outreach.services.activities import community as community_activities
from outreach.services.holidays import holidays_of
from outreach.services.polls import answer as poll_answering
from outreach.services.polls import ask as poll_asking
from outreach.services.polls import decide as poll_deciding
from outreach.services.polls import edit as polls
from outreach.services.polls.answer import Dates
from outreach.services.polls.edit import PollValues

YES, MAYBE, NO = PollChoice.YES, PollChoice.IF_NEED_BE, PollChoice.NO
MONDAY = 0

CLASS_TITLE = "Kelas pengasuhan Puspaga di Kelurahan"
CLASS_HOURS = time(9, 30), time(11, 0)

AWAY = "kapolres"
HALL = "Aula Bappeda Kota Metro"
HALL_HOURS = time(13, 0), time(15, 30)

OPENED_AFTER = timedelta(hours=4)
CLOSES_IN_DAYS, CLOSES = 2, time(16, 0)
RUNNING = "Rapat evaluasi lintas sektor"
RUNNING_ON = (1, 3, 6)  # indexes of the community activities' days
RUNNING_HOURS = time(9, 0), time(11, 0)
RUNNING_PEOPLE = ("kapolres", "kajari", "kepala.dinas")
RUNNING_OFFICES = ("dinsos", "disdikbud", "tp.pkk")
RUNNING_SAID = {
    "kajari": (YES, NO, YES),
    "kepala.dinas": (YES, YES, MAYBE),
    "dinsos": (YES, MAYBE, YES),
    "tp.pkk": (NO, YES, YES),
}

DECIDED = "Pembekalan fasilitator Puspaga"
DECIDED_HALL = "Aula Disdikbud Kota Metro"
DECIDED_AFTER, DECIDED_LENGTH = timedelta(minutes=15), timedelta(minutes=105)  # after the speaker's turn elsewhere
DECIDED_ELSE_ON, DECIDED_ELSE_HOURS = (0, 2), (time(13, 30), time(15, 15))
DECIDED_SPEAKERS = {1: "psikolog", 3: "ketua.pkk"}  # speaker by index of the four days
DECIDED_PEOPLE = ("fasilitator.puspaga", "fasilitator.patbm", "fasilitator.anak")
DECIDED_SAID = ((YES, MAYBE, YES), (YES, YES, NO), (MAYBE, YES, YES))


def plant(cast: Cast, made: DemoPlan, today: date, *, now: datetime) -> None:
    """Draft an activity that clashes with another in its kecamatan, and add absences of a speaker and a venue."""
    community = _activities(made.community)
    first = next(activity for activity in community if _hour(activity) < time(12))
    assert first.region_code is not None
    kecamatan = first.region_code.rpartition(".")[0]
    begins, ends = CLASS_HOURS
    values = ActivityValues(
        kind=ActivityKind.GUIDANCE,
        title=CLASS_TITLE,
        public_title="Pertemuan orang tua di Kelurahan",
        starts_at=local(_day(first), begins),
        ends_at=local(_day(first), ends),
        zone=JAKARTA,
        capacity=content.COMMUNITY_SEATS,
    )
    by, days = cast.coordinator, _days(community)
    other = db.session.scalars(
        sa.select(Region.code)
        .where(Region.parent_code == kecamatan, Region.code != first.region_code)
        .order_by(Region.code)
        .limit(1)
    ).one()
    community_activities.create(values, [other], by=by, now=now)
    away = Stated(days[RUNNING_ON[1]], days[RUNNING_ON[1] + 1])
    monday = today + timedelta(days=(MONDAY - today.weekday()) % 7 or 7)
    taken = Stated(monday, begins=HALL_HOURS[0], until=HALL_HOURS[1], weekly=True)
    for subject, stated, reason in (
        (Subject(SubjectKind.PERSON, cast.people[AWAY]), away, "Dinas luar kota"),
        (Subject(SubjectKind.VENUE, cast.halls[HALL]), taken, "Rapat pimpinan Bappeda"),
    ):
        absences.add(subject, stated.absent(JAKARTA), reason, source=AbsenceSource.COORDINATOR, by=by, now=now)


def hold_polls(
    cast: Cast, made: DemoPlan, opened: datetime, send: Callable[[datetime], None], *, now: datetime
) -> None:
    """Open two date polls at `opened`, record most answers on the next day, and decide one. send: sends what is due."""
    days = _days(_activities(made.community))
    speaker, begins = _speaker_and_day(cast, made)
    running = _open(
        cast,
        RUNNING,
        ActivityKind.COORDINATION,
        [_slot(days[number], RUNNING_HOURS, cast.halls[HALL]) for number in RUNNING_ON],
        {Role.SPEAKER: RUNNING_PEOPLE},
        RUNNING_OFFICES,
        needed=AWAY,
        opened=opened,
        now=now,
    )
    hall = cast.halls[DECIDED_HALL]
    decided = _open(
        cast,
        DECIDED,
        ActivityKind.TRAINING,
        [
            Proposed(begins, begins + DECIDED_LENGTH, hall),
            *(_slot(days[n], DECIDED_ELSE_HOURS, hall) for n in DECIDED_ELSE_ON),
        ],
        {Role.SPEAKER: (speaker,), Role.PARTICIPANT: DECIDED_PEOPLE},
        (),
        needed=speaker,
        opened=opened,
        now=now,
    )
    morning = next_morning(opened, JAKARTA)
    for instant in (opened, morning):  # recipients who had a mail on that day get this one on the next morning
        send(instant)
    said = [(running, key, choices) for key, choices in RUNNING_SAID.items()]
    said += [
        (decided, speaker, (YES, NO, NO)),
        *((decided, *said) for said in zip(DECIDED_PEOPLE, DECIDED_SAID, strict=True)),
    ]
    for number, (poll_id, key, choices) in enumerate(said):
        _answer(cast, poll_id, key, choices, now=morning + timedelta(minutes=50 + 37 * number))
    chosen = db.session.get_one(DatePoll, decided).slots[0].id
    poll_deciding.decide(decided, chosen, publish=False, by=cast.coordinator, now=morning + timedelta(hours=7))


def _open(
    cast: Cast,
    title: str,
    kind: ActivityKind,
    slots: Sequence[Proposed],
    people: dict[Role, Sequence[str]],
    offices: Collection[str],
    *,
    needed: str,
    opened: datetime,
    now: datetime,
) -> int:
    by = cast.coordinator
    soon = now.astimezone(JAKARTA).date() + timedelta(days=CLOSES_IN_DAYS)
    closes_at = local(working_days(soon, 1, holidays_of([soon.year, soon.year + 1]))[0], CLOSES)
    values = PollValues(title=title, public_title=title, kind=kind, zone=JAKARTA, closes_at=closes_at, slots=slots)
    poll_id = polls.create(values, by=by, now=opened).id
    for role, keys in people.items():
        for key in keys:
            poll_asking.add_people(poll_id, [cast.people[key]], role, needed=key == needed, by=by, now=opened)
    if offices:
        quotas = dict.fromkeys((cast.offices[key] for key in offices), 1)
        poll_asking.add_organisations(poll_id, quotas, needed=False, by=by, now=opened)
    poll_asking.open_poll(poll_id, by=by, now=opened)
    return poll_id


def _answer(cast: Cast, poll_id: int, key: str, choices: Sequence[PollChoice], *, now: datetime) -> None:
    """Answer by the link in the mail."""
    office = key in cast.offices
    column, id_ = (Link.organisation_id, cast.offices[key]) if office else (Link.person_id, cast.people[key])
    token = tokens.token(db.session.scalars(sa.select(Link).where(column == id_)).one())
    slots = db.session.get_one(DatePoll, poll_id).slots
    dates = Dates(
        {slot.id: choice for slot, choice in zip(slots, choices, strict=True)}, who="Sekretariat" if office else ""
    )
    poll_answering.answer(token, poll_id, dates, now=now)


def _speaker_and_day(cast: Cast, made: DemoPlan) -> tuple[str, datetime]:
    """Return a morning speaker of a day without Friday prayer at noon, and when the decided activity begins after their turn."""
    found = _activities(made.days)
    number = next(number for number in DECIDED_SPEAKERS if _day(found[number]).weekday() != FRIDAY)
    person_id = cast.people[DECIDED_SPEAKERS[number]]
    turns = [item for item in found[number].agenda if person_id in {speaker.id for speaker in item.speakers}]
    return DECIDED_SPEAKERS[number], max(item.ends_at for item in turns) + DECIDED_AFTER


def _slot(day: date, hours: tuple[time, time], venue_id: int) -> Proposed:
    return Proposed(local(day, hours[0]), local(day, hours[1]), venue_id)


def _activities(ids: Collection[int]) -> Sequence[Activity]:
    wanted = sa.select(Activity).where(Activity.id.in_(ids)).order_by(Activity.starts_at, Activity.id)
    return db.session.scalars(wanted).all()


def _days(activities: Collection[Activity]) -> list[date]:
    return sorted({_day(activity) for activity in activities})


def _day(activity: Activity) -> date:
    return activity.starts_at.astimezone(JAKARTA).date()


def _hour(activity: Activity) -> time:
    return activity.starts_at.astimezone(JAKARTA).time()

"""Helpers of many tests: days, people, activities, and actions with them."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from threading import Barrier

import sqlalchemy as sa

from outreach import clock
from outreach.domain.answers import Choice, Representative
from outreach.domain.kinds import AnswerSource, Role
from outreach.domain.planning.working_days import working_days
from outreach.domain.states import MessageState
from outreach.extensions import db
from outreach.models import Activity, Invitation, Message, Person
from outreach.services.activities import publish as publishing
from outreach.services.answers import record as recording
from outreach.services.holidays import holidays_of, ramadans
from outreach.services.invitations import invite as inviting
from outreach.services.reminders import tick as reminding
from tests.conftest import JAKARTA, NOW


def today() -> date:
    """Return today's date in Metro's time."""
    return clock.now().astimezone(JAKARTA).date()


def working_day(days: int, *, weekday: int | None = None, count: int = 1) -> date:
    """Return the first working day that is at least so many days from today, on that day of the week if one is given.

    count: the number of consecutive working days from there, with no day off between them. None is in Ramadan,
    when offices close earlier and pages say so.
    """
    day = today() + timedelta(days=days)
    years = [day.year, day.year + 1]
    holidays, fasting = holidays_of(years), ramadans(years).values()
    while True:
        day = working_days(day, 1, holidays)[0]
        run = [day + timedelta(days=n) for n in range(count)]
        in_ramadan = any(each in one for one in fasting for each in run)
        if working_days(day, count, holidays) == run and weekday in (None, day.weekday()) and not in_ramadan:
            return day
        day += timedelta(days=1)


def invite(
    activities: Activity | Sequence[Activity], *people: Person, role: Role = Role.CADRE, now: datetime = NOW
) -> None:
    """Invite people to an activity, or to several."""
    several = [activities] if isinstance(activities, Activity) else activities
    inviting.invite_people([a.id for a in several], [p.id for p in people], role, by=None, now=now)


def publish(*activities: Activity, now: datetime = NOW) -> None:
    """Publish activities, and let what is due at once become due."""
    publishing.publish([a.id for a in activities], by=None, now=now)
    reminding.tick(now)


def send(now: datetime) -> None:
    """Send what is due, as the outbox does: no line is merged into those messages afterwards."""
    db.session.execute(
        sa.update(Message)
        .where(Message.state == MessageState.DUE, Message.due_at <= now)
        .values(state=MessageState.SENT, sent_at=now, merge_key=None)
    )
    db.session.commit()


def run(*instants: datetime) -> None:
    """Process and send what is due at each instant."""
    for now in instants:
        reminding.tick(now)
        send(now)


def mails() -> list[tuple[str, str, list[str]]]:
    """Return (reader, due day and hour in Jakarta, kinds of the lines) of every message that is not skipped."""
    found = []
    for message in db.session.scalars(
        sa.select(Message).where(Message.state != MessageState.SKIPPED).order_by(Message.id)
    ):
        reader = (message.person or message.organisation).display_name.split()[0]
        if message.representative_of is not None:
            reader = message.representative_of.representative_name
        found.append(
            (reader, f"{message.due_at.astimezone(JAKARTA):%d %H.%M}", [li.reminder.kind.value for li in message.lines])
        )
    return found


def invitation_of(activity: Activity, person: Person) -> Invitation:
    return db.session.scalars(
        sa.select(Invitation).where(Invitation.activity_id == activity.id, Invitation.person_id == person.id)
    ).one()


def answer(
    activity: Activity,
    person: Person,
    choice: Choice,
    now: datetime = NOW,
    representative: Representative | None = None,
) -> None:
    """Record an answer given by phone."""
    recording.record_answer(
        invitation_of(activity, person).id, choice, AnswerSource.PHONE, representative, by=None, now=now
    )


def at_once(app, actions: list[Callable[[], object]]) -> list[str]:
    """Run the actions at the same moment, each in its own thread and context; return each outcome by name."""
    barrier = Barrier(len(actions))

    def run(action: Callable[[], object]) -> str:
        with app.app_context():
            barrier.wait()
            try:
                action()
            except Exception as error:
                return type(error).__name__
            finally:
                db.session.remove()
            return "done"

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(run, actions))


def somebody_writes() -> None:
    """Let somebody else write at this moment, without waiting. It fails if a writing transaction is open on SQLite."""
    with db.engine.connect() as other:
        if other.dialect.name == "sqlite":
            other.exec_driver_sql("PRAGMA busy_timeout = 0")
        other.execute(sa.text("UPDATE office SET phone = '0725-41234'"))
        other.commit()
        other.invalidate()  # so that no later test waits as little


def until(true, seconds: float = 300) -> bool:
    """Return whether a condition became true within so many seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.02)
    return False

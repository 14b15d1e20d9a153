"""Loads the demo into an empty database in two steps: what the first page needs, and what happened since.

The second step sends the invitations of some days ago, records the answers since then, and plays last year's programme.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from outreach.cli.demo import (
    answers,
    calls,
    drafts,
    history,
    kla,
    materials,
    people,
    planner,
    postponed,
    posts,
    privacy,
    soon,
)
from outreach.cli.demo.calendar import demo_days
from outreach.cli.demo.drafts import Drafts
from outreach.cli.demo.letters import write as letters
from outreach.cli.demo.people import Login
from outreach.cli.demo.programme import JAKARTA, Cast, DemoPlan, local, plan
from outreach.delivery.outbox import drain as outbox
from outreach.domain.planning.working_days import is_working_day
from outreach.domain.problems import Problem
from outreach.extensions import db
from outreach.services.activities import publish as publishing
from outreach.services.directory.import_people import Reading
from outreach.services.holidays import holidays_of
from outreach.services.ladder import climb as climbing
from outreach.services.reminders import tick as reminding

PUBLISHED_BEFORE_DAYS = 3
SOON = timedelta(seconds=30)
WORKER = "demo"


@dataclass(frozen=True)
class Prepared:
    logins: list[Login]
    cast: Cast
    plan: DemoPlan
    reading: Reading
    soon_id: int
    postponed_id: int
    published_at: datetime
    drafts: Drafts | None = None
    calls_id: int | None = None


class Moment:
    """A clock that shows the instant it was set to, or the current time if it is not set."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._set: datetime | None = None

    def set(self, instant: datetime | None) -> None:
        self._set = instant

    def __call__(self) -> datetime:
        return self._set or self._clock()


def prepare(*, now: datetime) -> Prepared:
    """Create the demo as of some days after publishing, with nothing sent yet. Needs an app context."""
    today = now.astimezone(JAKARTA).date()
    holidays = holidays_around(today)
    staged = stage(today, local(_published_on(today, holidays), time(9, 10)), soon_by_hand=True)
    planner.plant(staged.cast, staged.plan, today, now=staged.published_at)
    letters.write_letters(staged.cast, staged.plan, now=staged.published_at)
    kla.tag_coming(staged.cast, staged.plan.activities, now=staged.published_at)
    posts.fill(staged.cast, staged.plan, today, now=staged.published_at)
    days = drafts.days_of(today, holidays)
    calls.set_up_ladder(staged.cast, now=staged.published_at)
    calls_id = calls.plan_calls(staged.cast, today, holidays, now=staged.published_at)
    drafted = drafts.plan_drafts(staged.cast, days, now=staged.published_at)
    return replace(staged, drafts=drafted, calls_id=calls_id)


def stage(today: date, published: datetime, *, soon_by_hand: bool = False) -> Prepared:
    """Set up the office, its address book and a programme ten days after `today`, published at `published`.

    Two small activities are published with it: one that takes place soon, and one for the caller to postpone.

    soon_by_hand: the small activity's only reminder to answer will be sent by hand; otherwise the office's rules apply.
    """
    holidays = holidays_around(today)
    logins = people.set_up(now=published - timedelta(days=400))
    cast, reading = people.assemble(now=published - timedelta(days=400))
    drafted = published - timedelta(days=1)
    privacy.consent(cast, now=drafted)
    made = plan(cast, *demo_days(today, holidays), now=drafted)
    soon_id = soon.plan_soon(cast, today, holidays, now=drafted)
    if soon_by_hand:
        soon.silence_rules(soon_id, by=cast.coordinator, now=drafted)
    postponed_id = postponed.plan_postponed(cast, today, holidays, now=drafted)
    publishing.publish([*made.activities, soon_id, postponed_id], by=cast.coordinator, now=published)
    reminding.tick(published)
    return Prepared(logins, cast, made, reading, soon_id, postponed_id, published)


def bring_to_life(prepared: Prepared, moment: Moment) -> None:
    """Send what was due in the past days through the mail server, and record the answers since then.

    moment: the mail server's clock, so that received mails show their simulated time.
    """
    now = moment()

    def send(instant: datetime) -> None:
        moment.set(instant)
        work(instant)

    def send_until(end: datetime) -> None:
        while (due := reminding.next_due_at()) is not None and due <= end:
            send(due)

    today = now.astimezone(JAKARTA).date()
    history.last_year(prepared.cast, today, holidays_around(today), send)
    send(prepared.published_at)
    planner.hold_polls(prepared.cast, prepared.plan, prepared.published_at + planner.OPENED_AFTER, send, now=now)
    first, last = prepared.published_at + timedelta(minutes=30), now - timedelta(minutes=2)
    visitor = answers.first_cadre(prepared.plan.days[1])
    postponed_at = prepared.published_at + postponed.POSTPONED_AFTER
    for reply in answers.replies([prepared.postponed_id], first, postponed_at):
        answers.give(reply, prepared.cast.coordinator)
    postponed.postpone(prepared.cast, prepared.postponed_id, now=postponed_at)
    for reply in answers.replies(prepared.plan.activities, first, last, but=visitor):
        send_until(reply.at)
        with suppress(Problem):  # a user of the demo may have postponed or cancelled the activity meanwhile
            answers.give(reply, prepared.cast.coordinator)
    send_until(now)
    with suppress(Problem):
        answers.pass_on(prepared.plan.activities)
    send(now)  # for invitees added since the last reminder
    moment.set(None)
    if prepared.calls_id is not None:
        calls.make_calls(prepared.cast, prepared.calls_id, now=moment())
    materials.send_slides(prepared.cast, prepared.plan.activities, now=moment())
    materials.send_as_acting(prepared.plan.activities, now=moment())
    privacy.ask(prepared.cast, now=moment())
    soon.remind(prepared.soon_id, moment() + SOON, by=prepared.cast.coordinator)
    db.session.remove()


def load(moment: Moment) -> Prepared:
    """Do both steps."""
    prepared = prepare(now=moment())
    bring_to_life(prepared, moment)
    return prepared


def work(now: datetime) -> None:
    """Do what an engine would do at `now`."""
    climbing.tick(now)
    reminding.tick(now)
    outbox.drain(now=lambda: now, worker=WORKER)


def holidays_around(today: date) -> dict[date, str]:
    return holidays_of([today.year - 1, today.year, today.year + 1])


def _published_on(today: date, holidays: dict[date, str]) -> date:
    day = today - timedelta(days=PUBLISHED_BEFORE_DAYS)
    while not is_working_day(day, holidays):
        day -= timedelta(days=1)
    return day

"""The coordinator's start page: next activities, what needs attention, and the next mails.

Reads only, as plain values: the eight statements of overview/sql.py for any number of activities, those that count the
readers of the next mails, and those of overview/clash_counts.py, which are cached longer. This page is opened all day,
so its content is cached for KEPT_FOR or until this process commits. Changes by another process may show up to KEPT_FOR
late. domain/needs.py decides what needs attention.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from outreach.domain import needs
from outreach.domain.kinds import Audience, MailKind
from outreach.domain.minutes.follow_ups import CALL_WITHIN_DAYS
from outreach.domain.needs import ActivityStanding, Answers, Need, PollStanding, Troubles
from outreach.domain.polls import is_open
from outreach.domain.states import ActivityState
from outreach.extensions import db
from outreach.queries.overview import clash_counts
from outreach.queries.overview import sql as statements
from outreach.recent import Life, Recent
from outreach.services import office_defaults
from outreach.services.reminders import forecast

KEPT_FOR = timedelta(seconds=3)
MAILS_WITHIN = timedelta(days=14)
OVERDUE = timedelta(minutes=15)  # if a due mail waits longer, no engine is sending


@dataclass(frozen=True, slots=True)
class ComingMail:
    """One reminder that will go out. people: how many get it by present answers and attendance."""

    activity_id: int
    title: str
    kind: MailKind
    audience: Audience
    due_at: datetime
    zone: ZoneInfo
    people: int


@dataclass(frozen=True, eq=False)
class Overview:
    at: datetime
    next: list[ActivityStanding]
    upcoming: int
    needs: list[Need]
    mails: list[ComingMail]
    programmes: int


_NOBODY = Answers()
_recent: Recent[Overview] = Recent(Life(KEPT_FOR, until_commit=True))


def overview(*, now: datetime) -> Overview:
    """Return the start page's content at `now`, or content at most KEPT_FOR old."""
    return _recent.value(lambda: _read(now), now=now)


def _read(now: datetime) -> Overview:
    session = db.session
    today = now.astimezone(office_defaults.zone(session)).date()
    moment = {
        "today": today,
        "call_until": today + timedelta(days=CALL_WITHIN_DAYS),
        "now": now,
        "overdue": now - OVERDUE,
        "soon": now + MAILS_WITHIN,
    }
    unreachable = dict(session.execute(statements.UNREACHABLE, moment).all())
    answers = {
        row[0]: replace(Answers(*row[1:]), unreachable=unreachable.get(row[0], 0))
        for row in session.execute(statements.ANSWERS, moment)
    }
    standings = [_standing(row, answers) for row in session.execute(statements.ACTIVITIES, moment)]
    numbers, clashes = session.execute(statements.TROUBLES, moment).one(), clash_counts.counts(now=now)
    upcoming = [standing for standing in standings if standing.state is not ActivityState.POSTPONED]
    troubles = Troubles(
        channel_since_at=numbers.channel_since_at,
        clock_since_at=numbers.clock_since_at,
        mailbox_since_at=numbers.mailbox_since_at,
        overdue=numbers.overdue,
        rungs_overdue=numbers.rungs_overdue,
        failed=numbers.failed,
        unreachable=numbers.unreachable,
        bounced=numbers.bounced,
        to_read=numbers.to_read,
        questions=numbers.questions,
        data_requests=numbers.data_requests,
        tasks=numbers.tasks,
        tasks_call=numbers.tasks_call,
        clashes=clashes.blocking,
        look_again=clashes.warnings,
        uncovered=_names(session.execute(statements.UNCOVERED, moment)),
        declined=_names(session.execute(statements.DECLINED, moment)),
        polls=[_poll(row, now) for row in session.execute(statements.POLLS, moment)],
    )
    return Overview(
        at=now,
        next=upcoming[: statements.SHOWN],
        upcoming=len(upcoming),
        needs=needs.needs(standings, troubles, now),
        mails=_mails(session.execute(statements.MAILS, moment).all(), now),
        programmes=numbers.programmes,
    )


def _standing(row: Any, answers: dict[int, Answers]) -> ActivityStanding:
    return ActivityStanding(
        row.id, row.title, row.state, row.starts_at, row.ends_at, row.zone, row.respond_by_at, row.venue or "",
        row.venue_capacity if row.capacity is None else row.capacity, row.agenda_lines, answers.get(row.id, _NOBODY),
    )  # fmt: skip


def _mails(rows: Sequence[Any], now: datetime) -> list[ComingMail]:
    """Return the mails that will go out."""
    readers = forecast.readers([row.id for row in rows], now=now) if rows else {}
    return [
        ComingMail(row.activity_id, row.title, row.kind, row.audience, row.due_at, row.zone, readers[row.id])
        for row in rows
        if row.id in readers
    ]


def _poll(row: Any, now: datetime) -> PollStanding:
    takes_answers = is_open(row.state, row.closes_at, now)
    return PollStanding(row.id, row.title, row.closes_at, row.zone, takes_answers, row.asked, row.answered)


def _names(rows: Iterable[Any]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for activity_id, name in rows:
        found.setdefault(activity_id, []).append(name)
    return found

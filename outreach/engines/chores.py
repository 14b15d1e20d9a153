"""The periodic work and its intervals. Each engine decides when and where a chore runs.

A chore that fails is logged, without names, and runs again at its next time.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from outreach.extensions import db
from outreach.queries import bell as news
from outreach.services import bell, bundles
from outreach.services.absences import refresh as absence_refresh
from outreach.services.answers import before as answers
from outreach.services.directory import import_undo, uploads
from outreach.services.feedback import give as feedback
from outreach.services.inbox import receive as receiving
from outreach.services.inbox import retention as inbox_retention
from outreach.services.ladder import climb as ladders
from outreach.services.messages import archive as archiving
from outreach.services.minutes import remind as minutes_reminding
from outreach.services.polls import ask as poll_asking
from outreach.services.reminders import tick as reminding
from outreach.services.timetabling import searches
from outreach.settings import Settings

ReadClock = Callable[[], datetime]
Stop = Callable[[], bool]
ARCHIVED_AT_ONCE = 50_000  # the rest is left for the next round


@dataclass(frozen=True)
class Chore:
    """One kind of periodic work. every_s: its interval by the settings; 0 if it is switched off.

    do: runs one round and returns the counts for the log.
    """

    name: str
    every_s: Callable[[Settings], float]
    do: Callable[[ReadClock, Stop], Mapping[str, int]]


def _expand(now: ReadClock, _stop: Stop) -> Mapping[str, int]:
    try:
        ladders.tick(now())
    finally:  # reminders go out even if a ladder cannot be climbed; the log has the error
        db.session.rollback()
        done = reminding.tick(now())
    return {
        "expanded": done.expanded,
        "missed": done.missed,
        "polls_reminded": poll_asking.tick(now()),
        "tasks_reminded": minutes_reminding.tick(now()),
    }


def _archive(now: ReadClock, stop: Stop) -> Mapping[str, int]:
    archived = archiving.archive(now(), limit=ARCHIVED_AT_ONCE, stop=stop)
    forgotten = inbox_retention.forget_old(now(), stop=stop)
    answers.delete_old(now())
    return {
        "archived": archived,
        "forgotten": forgotten,
        "frames": archiving.forget_frames(now()),
        "placements": searches.delete_old(now(), stop=stop),
        "imports": import_undo.forget_old(now(), stop=stop),
        "feedback": feedback.forget_closed(now=now()),
    }


def _bell(now: ReadClock, _stop: Stop) -> Mapping[str, int]:
    clashes = bell.notice_clashes(now=now())
    found = news.current(now=now())
    return {"clashes": clashes, "digests": bell.write_digests(found.news, found.seen, now=now())}


def _uploads(now: ReadClock, _stop: Stop) -> Mapping[str, int]:
    return {"uploads": uploads.forget_old(now=now()), "bundles": bundles.forget_old(now=now())}


# The engines send after it, in portions: see loop.send.
EXPAND = Chore("expand", lambda settings: settings.tick_s, _expand)
INBOX = Chore("inbox", lambda settings: settings.imap_poll_s if settings.imap_server else 0, receiving.poll)
ARCHIVE = Chore("archive", lambda _settings: 3600, _archive)
CALENDARS = Chore("calendars", lambda _settings: 60, absence_refresh.read_due)
BELL = Chore("bell", lambda _settings: 600, _bell)
UPLOADS = Chore("uploads", lambda _settings: 300, _uploads)
BESIDE = (INBOX, ARCHIVE, CALENDARS, BELL, UPLOADS)  # run beside sending, each independently

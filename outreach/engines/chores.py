"""The periodic work and its intervals. Each engine decides when and where a chore runs.

A chore that fails is logged, without names, and runs again at its next time.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import structlog

from outreach import logs
from outreach.extensions import db
from outreach.queries import bell as news
from outreach.services import bell, bundles
from outreach.services.absences import refresh as absence_refresh
from outreach.services.directory import uploads
from outreach.services.inbox import receive as receiving
from outreach.services.ladder import climb as ladders
from outreach.services.minutes import remind as minutes_reminding
from outreach.services.polls import ask as poll_asking
from outreach.services.privacy import requests as data_requests
from outreach.services.privacy.retention import run as retention
from outreach.services.reminders import tick as reminding
from outreach.services.sign_in import alarm
from outreach.services.sign_in import reset as passwords_by_mail
from outreach.settings import Settings

ReadClock = Callable[[], datetime]
Stop = Callable[[], bool]
log = structlog.get_logger()


@dataclass(frozen=True)
class Chore:
    """One kind of periodic work. every_s: its interval by the settings; 0 if it is switched off.

    do: runs one round and returns the counts for the log.
    """

    name: str
    every_s: Callable[[Settings], float]
    do: Callable[[ReadClock, Stop], Mapping[str, int]]


def _each(now: ReadClock, *parts: Callable[[datetime], Mapping[str, int]]) -> Mapping[str, int]:
    """Run each part, whatever became of those before it, and return all counts. Raise the first error, log others."""
    done: dict[str, int] = {}
    failed: Exception | None = None
    for part in parts:
        try:
            done |= part(now())
        except Exception as error:
            if failed is not None:
                log.error("another part failed", **logs.fault(error))
            failed = failed or error
        db.session.rollback()
    if failed is not None:
        raise failed
    return done


def _climb(now: datetime) -> Mapping[str, int]:
    ladders.tick(now)
    return {}


def _remind(now: datetime) -> Mapping[str, int]:
    done = reminding.tick(now)
    return {"expanded": done.expanded, "missed": done.missed}


def _expand(now: ReadClock, _stop: Stop) -> Mapping[str, int]:
    return _each(
        now,
        _climb,
        _remind,
        lambda at: {"polls_reminded": poll_asking.tick(at)},
        lambda at: {"tasks_reminded": minutes_reminding.tick(at)},
        lambda at: {"new_passwords": passwords_by_mail.tick(at).mails},
        lambda at: {"copies_mailed": data_requests.close_mailed(at)},
        lambda at: {"data_requests_told": data_requests.remind(at)},
    )


def _retention(now: ReadClock, stop: Stop) -> Mapping[str, int]:
    return retention.run(now(), stop=stop)


def _digests(now: datetime) -> Mapping[str, int]:
    written = bell.write_digests(lambda user: news.within_reach(user, now=now), news.current(now=now).seen, now=now)
    return {"digests": written}


def _bell(now: ReadClock, _stop: Stop) -> Mapping[str, int]:
    return _each(
        now,
        lambda at: {"alarms": alarm.tell_administrators(at)},
        lambda at: {"clashes": bell.notice_clashes(now=at)},
        _digests,
    )


def _uploads(now: ReadClock, _stop: Stop) -> Mapping[str, int]:
    return {"uploads": uploads.forget_old(now=now()), "bundles": bundles.forget_old(now=now())}


# The engines send after it, in portions: see loop.send.
EXPAND = Chore("expand", lambda settings: settings.tick_s, _expand)
INBOX = Chore("inbox", lambda settings: settings.imap_poll_s if settings.imap_server else 0, receiving.poll)
RETENTION = Chore("retention", lambda _settings: 3600, _retention)
CALENDARS = Chore("calendars", lambda _settings: 60, absence_refresh.read_due)
BELL = Chore("bell", lambda _settings: 600, _bell)
UPLOADS = Chore("uploads", lambda _settings: 300, _uploads)
BESIDE = (INBOX, RETENTION, CALENDARS, BELL, UPLOADS)  # run beside sending, each independently

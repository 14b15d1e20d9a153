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
        "new_passwords": passwords_by_mail.tick(now()).mails,
        "data_requests_told": data_requests.remind(now()),
    }


def _retention(now: ReadClock, stop: Stop) -> Mapping[str, int]:
    return retention.run(now(), stop=stop)


def _bell(now: ReadClock, _stop: Stop) -> Mapping[str, int]:
    alarms = alarm.tell_administrators(now())
    clashes = bell.notice_clashes(now=now())
    at = now()
    digests = bell.write_digests(lambda user: news.within_reach(user, now=at), news.current(now=at).seen, now=at)
    return {"alarms": alarms, "clashes": clashes, "digests": digests}


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

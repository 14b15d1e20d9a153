"""Why a mail could not be handed over, why a mail server cannot be used, and when to try again.

Pure: talking to the server is delivery/smtp/wire.py, keeping count delivery/outbox/drain.py.
"""

from datetime import datetime, timedelta
from enum import StrEnum

FIRST_DELAY = timedelta(minutes=1)
LONGEST_DELAY = timedelta(hours=1)
SHORTEST_DELAY = timedelta(seconds=15)
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=10)


class FailureReason(StrEnum):
    """Why a message is tried again, or was given up; the page shows the sentence for it."""

    REFUSED = "refused"  # 5xx: the server will never take it
    TEMPORARY = "temporary"  # 4xx, a dropped connection, a timeout before the mail was handed over
    IN_DOUBT = "in_doubt"  # handed over, and the server's word about it never came
    NOT_COMPOSED = "not_composed"  # its text could not be made
    BAD_ADDRESS = "bad_address"  # no mail can be sent to an address like that
    GAVE_UP = "gave_up"  # tried until it would have been useless
    RESTORED = "restored"  # it waited in a backup that was restored, and may have been sent since


class ChannelTrouble(StrEnum):
    """Why nothing can be sent at all; the page shows the sentence for it."""

    UNREACHABLE = "unreachable"
    TLS = "tls"
    LOGIN = "login"
    SENDER = "sender"  # the server refuses our sender address
    RELAY = "relay"  # it takes no recipient at all from us
    UNRELIABLE = "unreliable"  # it breaks off again and again
    FOLDER = "folder"  # of a mailbox: there is none of that name, or it may not be written to
    CLOCK = "clock"  # of a machine that sends: it is far from the database's


def next_try(now: datetime, failures: int, useful_until: datetime, jitter: float) -> datetime | None:
    """Return when to try again after `failures` (1 or more) failures, or None once that would help nobody.

    The delay doubles from one minute to an hour, but never takes more than half of the time that is left, so that a
    mail for an activity in half an hour is tried often. jitter: 0 to 1, spreads the tries over half of the delay.
    """
    left = useful_until - now
    if left < 2 * SHORTEST_DELAY:
        return None
    delay = min(FIRST_DELAY * 2 ** min(failures - 1, 10), LONGEST_DELAY, left / 2)
    return now + max(SHORTEST_DELAY, delay * (0.5 + 0.5 * jitter))


def pause_after(failures: int, jitter: float) -> timedelta:
    """Return how long to leave a mail server alone after `failures` (1 or more) troubles in a row."""
    pause = min(FIRST_PAUSE * 2 ** min(failures - 1, 10), LONGEST_PAUSE)
    return pause * (0.75 + 0.25 * jitter)

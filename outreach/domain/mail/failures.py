"""Why a mail could not be handed over, why a mail server cannot be used, and when to try again.

Pure functions. delivery/smtp/wire.py talks to the server, delivery/outbox/drain.py counts failures.
"""

from datetime import datetime, timedelta
from enum import StrEnum

FIRST_DELAY = timedelta(minutes=1)
LONGEST_DELAY = timedelta(hours=1)
SHORTEST_DELAY = timedelta(seconds=15)
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=10)


class FailureReason(StrEnum):
    """Why a message is tried again or was given up; the page shows the sentence for it."""

    REFUSED = "refused"  # 5xx: the server will never take it
    TEMPORARY = "temporary"  # 4xx, a dropped connection, a timeout before the mail was handed over
    IN_DOUBT = "in_doubt"  # handed over, but the server's reply never came
    NOT_COMPOSED = "not_composed"  # its text could not be composed
    BAD_ADDRESS = "bad_address"  # the address is not one that mail can be sent to
    GAVE_UP = "gave_up"  # tried until it was no longer useful
    RESTORED = "restored"  # it waited in a restored backup and may have been sent since


class ChannelTrouble(StrEnum):
    """Why nothing can be sent at all; the page shows the sentence for it."""

    UNREACHABLE = "unreachable"
    TLS = "tls"
    LATER = "later"  # it cannot check our login at present
    LOGIN = "login"
    SENDER = "sender"  # the server refuses our sender address
    RELAY = "relay"  # it accepts no recipient from us
    UNRELIABLE = "unreliable"  # the connection breaks again and again
    FOLDER = "folder"  # a mailbox folder does not exist or cannot be written to
    SCANNER = "scanner"  # the virus scanner is away, so no mail received may be taken
    CLOCK = "clock"  # the clock of a sending machine differs much from the database's


def next_try(now: datetime, failures: int, useful_until: datetime, jitter: float) -> datetime | None:
    """Return when to try again after `failures` (1 or more) failures, or None if it is too late to be useful.

    The delay doubles from one minute to an hour. It never takes more than half of the time left, so a mail for an
    activity in half an hour is tried often. jitter: 0 to 1, spreads the tries over half of the delay.
    """
    left = useful_until - now
    if left < 2 * SHORTEST_DELAY:
        return None
    delay = min(FIRST_DELAY * 2 ** min(failures - 1, 10), LONGEST_DELAY, left / 2)
    return now + max(SHORTEST_DELAY, delay * (0.5 + 0.5 * jitter))


def pause_after(failures: int, jitter: float) -> timedelta:
    """Return how long to wait with a mail server after `failures` (1 or more) failures in a row."""
    pause = min(FIRST_PAUSE * 2 ** min(failures - 1, 10), LONGEST_PAUSE)
    return pause * (0.75 + 0.25 * jitter)

"""How long a sign-in lasts. The server's clock decides, whatever a cookie says."""

from dataclasses import dataclass
from datetime import datetime, timedelta

NOTED_EVERY = timedelta(minutes=1)  # the last use is written at most this often


@dataclass(frozen=True)
class Lifetimes:
    """longest: from signing in. idle: without a request. staying: from signing in with “stay signed in”, idle or not."""

    longest: timedelta
    idle: timedelta
    staying: timedelta


def is_over(*, began_at: datetime, used_at: datetime, stays: bool, lasts: Lifetimes, now: datetime) -> bool:
    """Return whether a sign-in has ended by its age."""
    if stays:
        return now >= began_at + lasts.staying
    return now >= began_at + lasts.longest or now >= used_at + lasts.idle

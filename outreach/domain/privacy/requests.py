"""What people ask about their data, and within which time the office has to do it (UU 27/2022).

Correcting (article 30), access with a copy (article 32), ending after consent is withdrawn (article 40) and pausing (article 41)
are due within 3 × 24 hours of the request. The law names no hours for erasing (article 43); the office takes the same.

Pure: services/privacy/requests.py stores requests and carries them out.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from outreach.domain.problems import Problem

WITHIN = timedelta(hours=72)
WARNED_BEFORE = timedelta(hours=24)
COPY_FOR = timedelta(hours=24)  # how long the link to a copy opens
CONFIRM_FOR = timedelta(days=3)
TOLD_WITHIN = timedelta(days=3)  # how long a mail with the result is tried
MOST_WORDS = 1000


class RequestKind(StrEnum):
    COPY = "copy"
    CORRECT = "correct"
    STOP = "stop"
    ERASE = "erase"
    OTHER = "other"


class RequestWay(StrEnum):
    """How a request reached the office."""

    LINK = "link"
    PHONE = "phone"
    PAPER = "paper"
    MAIL = "mail"
    IN_PERSON = "in_person"


class RequestOutcome(StrEnum):
    DONE = "done"
    REFUSED = "refused"  # with the reason (article 33)
    WITHDRAWN = "withdrawn"


class PrivacyPurpose(StrEnum):
    """What a mail about personal data is for."""

    COPY = "copy"  # to the known address: the link to the copy
    CONFIRM = "confirm"  # to a new address: is it yours?
    CHANGED = "changed"  # to the old address: somebody asked for another one
    FORMER = "former"  # to the former address: the office writes to another one now
    SETTLED = "settled"  # to the person: what they asked was done, or why not
    DUE_SOON = "due_soon"  # to administrators: a request is due within a day
    OVERDUE = "overdue"  # to administrators


class TextKind(StrEnum):
    """The office's texts whose versions are kept."""

    NOTICE = "notice"  # the privacy page
    CONSENT = "consent"  # what a parent consents to


class ConsentWay(StrEnum):
    """How consent was given."""

    PAPER = "paper"
    IN_PERSON = "in_person"
    WHATSAPP = "whatsapp"
    MAIL = "mail"


class RequestClock(StrEnum):
    """How a request stands against its time."""

    DONE = "done"
    IN_TIME = "in_time"
    SOON = "soon"
    OVERDUE = "overdue"


class DataRequestMissing(Problem):
    message = "This request does not exist."


class RequestDone(Problem):
    message = "This request is done already."


class CorrectionMissing(Problem):
    message = "Please write what should be corrected."


class AddressUnconfirmed(Problem):
    message = (
        "Nobody has confirmed the new address there. Check it otherwise, for example by a call to the number that you know, "
        "and tick that you have checked it."
    )


class WhatWasDoneMissing(Problem):
    message = "Please write what was done, or why not."
    field = "what_done"


class StillWaiting(Problem):
    message = (
        "You have asked this several times already. The office answers within 3 × 24 hours; please wait, or call it."
    )


class CopyGone(Problem):
    message = "This link to a copy has expired, or it is not complete. Ask for a new copy on your own page."


def due_at(received_at: datetime) -> datetime:
    """Return until when a request has to be done: 3 × 24 hours, also over days off."""
    return received_at + WITHIN


def is_told(kind: RequestKind, outcome: RequestOutcome | None) -> bool:
    """Return whether the person has to be told of the outcome (articles 30 and 45), and a mail would not annoy them.

    Who asked for no more reminders gets no mail about it: their page says it, or whoever talks to them. Who took a request back
    knows it.
    """
    return kind is not RequestKind.STOP and outcome in (RequestOutcome.DONE, RequestOutcome.REFUSED)


def clock_of(received_at: datetime, done_at: datetime | None, now: datetime) -> RequestClock:
    if done_at is not None:
        return RequestClock.DONE
    left = due_at(received_at) - now
    if left < timedelta():
        return RequestClock.OVERDUE
    return RequestClock.SOON if left <= WARNED_BEFORE else RequestClock.IN_TIME


@dataclass(frozen=True)
class Corrections:
    """What a person asks to have corrected; "" leaves it as it is."""

    name: str = ""
    post: str = ""
    phone: str = ""
    email: str = ""

    @property
    def given(self) -> dict[str, str]:
        return {name: value for name, value in vars(self).items() if value}

"""News for coordinators: a refusal by a speaker, somebody sent in their place, changed names, another holder of a post, a
question from a call, a certificate without attendance, a new clash, failing mails.

Pure: queries/bell.py reads them from what is stored, services/bell.py notes who has seen which.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import groupby
from zoneinfo import ZoneInfo

KEPT_FOR = timedelta(days=30)


class NewsKind(StrEnum):
    REFUSAL = "refusal"  # a speaker or moderator is not coming
    SWAP = "swap"  # a speaker or moderator sends somebody else
    OPEN_AGAIN = "open_again"  # who was to come in place of a speaker or moderator cannot, and nobody else is named yet
    SUBSTITUTES = "substitutes"  # a ladder has come to the point where somebody else should be asked
    SUBSTITUTED = "substituted"  # a speaker or moderator was swapped for somebody else
    NAMES = "names"  # an organisation sends other people than it had named
    OTHER_HOLDER = "other_holder"  # an invitation to a post goes to its new holder
    LEFT_BEHIND = "left_behind"  # an invitation to a post goes to somebody who does not hold it on the day
    QUESTION = "question"  # somebody asked a caller something that a coordinator must answer
    CERTIFICATE = "certificate"  # a certificate stands although the attendance was undone
    CLASH = "clash"  # a new clash that blocks, or that is about something published
    MINUTES_APPROVED = "minutes_approved"  # the chair agreed to minutes
    MINUTES_RETURNED = "minutes_returned"  # the chair asks for changes in minutes
    DATA_REQUEST = "data_request"  # somebody asks about their data
    MAILS_FAILED = "mails_failed"  # mails that are not tried again
    ADDRESSES = "addresses"  # addresses at which no mail arrives any more


@dataclass(frozen=True, slots=True)
class News:
    """One piece of news. key: identifies it, so that it can be marked as seen; a changed answer has another key.

    id: of the invitation, of the activity of a clash or minutes, of the call, or of the certificate. about: the activity's title.
    name: who, or the clash's kind. other: who comes in their place, the other activity of a clash, the question, or the
    certificate's number. by_id: the account that caused it; this account does not see it as news.
    """

    kind: NewsKind
    key: str
    at: datetime
    id: int = 0
    about: str = ""
    name: str = ""
    other: str = ""
    count: int = 1
    by_id: int | None = None
    reason: str = ""  # of a refusal, in the invitee's words
    wished_on: date | None = None  # the day that they wish instead


def key_of(kind: NewsKind, id: object, at: datetime) -> str:
    return f"{kind.value}:{id}:{int(at.timestamp())}"


def by_day(kind: NewsKind, moments: Iterable[datetime], zone: ZoneInfo) -> list[News]:
    """Return one piece of news for each day on which this happened, with the count.

    If more of it happens on that day, the news counts as unseen again.
    """
    rows = sorted(moments)
    found = []
    for day, same in groupby(rows, key=lambda at: at.astimezone(zone).date()):
        several = list(same)
        found.append(News(kind, f"{kind.value}:{day}:{len(several)}", several[-1], count=len(several)))
    return found


def unseen(news: Iterable[News], seen: Collection[str], user_id: int) -> list[News]:
    """Return what this account has neither seen nor caused itself."""
    return [piece for piece in news if piece.key not in seen and piece.by_id != user_id]

"""Values that were just read, kept in this process for a moment: for pages that are opened all day long.

One value for each database, and for each reach of accounts with an area. A change by another process shows when the value
expires. A change by this process shows at once if the value has `until_commit`.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import reach
from outreach.domain.access import Reach
from outreach.extensions import db

MOST_REACHES = 30
T = TypeVar("T")
_latest_commit = object()  # another one after each commit of this process


@dataclass(frozen=True)
class Life:
    """How long a value is kept. until_commit: at most until this process's next commit, whatever it changed."""

    lasts: timedelta
    until_commit: bool = False


@dataclass(frozen=True)
class _Kept(Generic[T]):
    value: T
    at: datetime
    life: Life
    commit: object  # the latest one before the value was read


class Recent(Generic[T]):
    """A value that is read again when its life is over.

    life: how long a value is kept, or a function that computes it from the reading time in seconds.
    """

    def __init__(self, life: Life | Callable[[float], Life]) -> None:
        self._life = life
        self._kept: WeakKeyDictionary[sa.Engine, dict[Reach | None, _Kept[T]]] = WeakKeyDictionary()

    def value(self, read: Callable[[], T], *, now: datetime) -> T:
        """Return what `read` returns at `now`, or returned a moment ago."""
        of_engine, whose = self._kept.setdefault(db.engine, {}), reach.current()
        kept = of_engine.get(whose)
        if kept is None or not _lives(kept, now):
            commit, began = _latest_commit, time.perf_counter()
            found = read()
            life = self._life if isinstance(self._life, Life) else self._life(time.perf_counter() - began)
            if len(of_engine) >= MOST_REACHES:
                of_engine.clear()
            kept = of_engine[whose] = _Kept(found, now, life, commit)
        return kept.value

    def forget(self) -> None:
        """Read again when next asked."""
        self._kept.clear()


def _lives(kept: _Kept[Any], now: datetime) -> bool:
    """Return whether a value may still be shown. A value that was read during a commit may lack what was committed."""
    if kept.life.until_commit and kept.commit is not _latest_commit:
        return False
    return timedelta() <= now - kept.at < kept.life.lasts


@sa.event.listens_for(sa.Engine, "commit")  # just before
@sa.event.listens_for(Session, "after_commit")
def _note_commit(_of: Any) -> None:
    global _latest_commit
    _latest_commit = object()

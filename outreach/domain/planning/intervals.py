"""Sorted time spans, in which the spans that overlap a given one are found quickly."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar

NONE = timedelta(0)


class Interval(Protocol):
    """Something with a start and an end, both aware instants; the end is excluded."""

    @property
    def starts_at(self) -> datetime: ...
    @property
    def ends_at(self) -> datetime: ...


S = TypeVar("S", bound=Interval)


class Intervals(Generic[S]):
    """Spans sorted by start. Immutable: adding or removing a span returns a new object."""

    __slots__ = ("_longest", "_spans", "_starts")

    def __init__(self, spans: Iterable[S] = ()) -> None:
        self._spans = sorted(spans, key=lambda span: span.starts_at)
        self._starts = [span.starts_at for span in self._spans]
        self._longest = max((span.ends_at - span.starts_at for span in self._spans), default=NONE)

    def __iter__(self) -> Iterator[S]:
        return iter(self._spans)

    def __len__(self) -> int:
        return len(self._spans)

    def overlapping(self, starts_at: datetime, ends_at: datetime) -> Iterator[S]:
        """Yield the spans that overlap this one, by start. Spans that only touch do not overlap."""
        first = bisect_left(self._starts, starts_at - self._longest)
        for place in range(first, bisect_left(self._starts, ends_at)):
            if self._spans[place].ends_at > starts_at:
                yield self._spans[place]

    def with_(self, span: S) -> "Intervals[S]":
        place = bisect_right(self._starts, span.starts_at)
        spans = self._spans.copy()
        spans.insert(place, span)
        return self._of(spans, max(self._longest, span.ends_at - span.starts_at))

    def without(self, span: S) -> "Intervals[S]":
        """Return the spans without this one; raise ValueError if it is not among them."""
        place = self._spans.index(span, bisect_left(self._starts, span.starts_at))
        spans = self._spans[:place] + self._spans[place + 1 :]
        if span.ends_at - span.starts_at < self._longest:
            return self._of(spans, self._longest)
        return Intervals(spans)

    @classmethod
    def _of(cls, spans: list[S], longest: timedelta) -> "Intervals[S]":
        made = cls.__new__(cls)
        made._spans, made._starts, made._longest = spans, [span.starts_at for span in spans], longest
        return made

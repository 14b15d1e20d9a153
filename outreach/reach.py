"""Whose reach the statements of this request keep to, and when they may see everything.

web/frame/areas.py sets it for each request; models/access.py keeps to it. Services decide on all data: `writing` and the plan
look at everything. Without a request (engines, commands), and for accounts of the whole office, there is none.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from outreach.domain.access import Reach

_of_request: ContextVar[Reach | None] = ContextVar("reach", default=None)
_everything: ContextVar[int] = ContextVar("sees everything", default=0)


def keep_to(reach: Reach | None) -> None:
    """Let this request keep to a reach. None: the whole office."""
    _of_request.set(None if reach is None or reach.is_whole else reach)
    _everything.set(0)


def of_request() -> Reach | None:
    """Return the reach of this request, whatever may be seen at the moment; None: the whole office."""
    return _of_request.get()


def current() -> Reach | None:
    """Return the reach to which a statement keeps now; None if it sees everything."""
    return None if _everything.get() else _of_request.get()


@contextmanager
def keeping_to(reach: Reach | None) -> Iterator[None]:
    """Keep to a reach within the block, for example to that of the account that made a calendar address."""
    before, depth = _of_request.get(), _everything.get()
    keep_to(reach)
    try:
        yield
    finally:
        _of_request.set(before)
        _everything.set(depth)


@contextmanager
def unfiltered() -> Iterator[None]:
    """Let statements within the block see all rows: a service's transaction. At its end, what it read is read again."""
    depth = _everything.set(_everything.get() + 1)
    try:
        yield
    finally:
        _everything.reset(depth)


@contextmanager
def seeing_everything() -> Iterator[None]:
    """Let statements within the block see all rows: the plan, outside a transaction. It returns values, without what is foreign.

    Objects that it loads do not stay in the session, where a later look-up by id would find them.
    """
    if _of_request.get() is None:
        yield
        return
    from outreach.extensions import db

    session = db.session()
    known, outermost = set(session), not _everything.get()
    try:
        with unfiltered():
            yield
    finally:
        if outermost:
            for record in set(session) - known:
                if record in session.identity_map.values() and not session.is_modified(record):
                    session.expunge(record)

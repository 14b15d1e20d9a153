"""Connections served by one thread: while one waits for the mail server, another works.

To a server near by, threads would not help: our own work takes the time, and handing the interpreter over costs more than
the wait. Lanes change only where one waits for its server, so never within a database transaction.
"""

import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TypeVar

from greenlet import getcurrent, greenlet

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE
FAIR_S = 0.05  # how long one whose server has answered waits at most while another never needs to wait
ASIDE_S = 3600.0
T = TypeVar("T")
_Selector = getattr(selectors, "PollSelector", selectors.SelectSelector)  # nothing to close, no system call to register


@dataclass(slots=True, eq=False)
class _Waiting:
    lane: greenlet
    until: float
    ready: int | None = None


class Lanes:
    """The lane that makes it, and those begun beside it. All of them belong to one thread."""

    def __init__(self) -> None:
        self._selector = _Selector()
        self._begun: list[greenlet] = []
        self._next: deque[greenlet] = deque()  # able to go on
        self._look_at = 0.0  # when one that needs not wait looks who else could go on, by time.monotonic()

    def begin(self, work: Callable[[], None]) -> None:
        """Let `work` run whenever the others wait. An error in it is raised in the lane that made these."""
        lane = greenlet(work)
        self._begun.append(lane)
        self._next.append(lane)

    def give_way(self) -> None:
        """Let the others work as far as they can, before this lane looks whether what it waits for has come."""
        if time.monotonic() >= self._look_at and self._selector.get_map():
            self._look(0.0)
        if self._next:
            mine = getcurrent()
            self._next.append(mine)
            self._next.popleft().switch()
            if mine in self._next:  # another came to its end
                self._next.remove(mine)

    def wait(self, sock: socket.socket, events: int, timeout_s: float) -> tuple[int, float]:
        """Return which of the events the socket is ready for, 0 where none came in time; and how long no lane had work."""
        mine = _Waiting(getcurrent(), time.monotonic() + timeout_s)
        idle_s = 0.0
        self._selector.register(sock, events, mine)
        try:
            while True:
                while not self._next:
                    idle_s += self._look()
                lane = self._next.popleft()
                if lane is mine.lane:
                    break
                lane.switch()
                if mine.ready is not None and mine.lane not in self._next:
                    break
        finally:
            self._selector.unregister(sock)
        return mine.ready or 0, idle_s

    def finish(self) -> None:
        """Let the lanes that were begun come to their end. Only for the lane that made these."""
        while any(not lane.dead for lane in self._begun):
            while not self._next:
                self._look()
            self._next.popleft().switch()

    def aside(self, work: Callable[[], T]) -> T:
        """Do in a thread of its own what waits by itself, as connecting does, so that the others go on meanwhile."""
        if all(lane.dead for lane in self._begun):
            return work()
        done: Future[T] = Future()
        ours, its = socket.socketpair()

        def do() -> None:
            with its:  # its end is what we wait for
                try:
                    done.set_result(work())
                except BaseException as error:
                    done.set_exception(error)

        with ours:
            threading.Thread(target=do, name="aside", daemon=True).start()
            while not self.wait(ours, READ, ASIDE_S)[0]:
                pass
        return done.result()

    def _look(self, most_s: float = float("inf")) -> float:
        """Find out who can go on, waiting until somebody can, or that long; return how many seconds it took.

        Some systems wait a little less than they are told, and then nobody can.
        """
        began = time.monotonic()
        waiting: list[_Waiting] = [key.data for key in self._selector.get_map().values()]
        soonest = min(one.until for one in waiting)
        for key, events in self._selector.select(min(most_s, max(0.0, soonest - began))):
            key.data.ready = events
        now = time.monotonic()
        for one in waiting:
            if one.ready is None and one.until <= now:
                one.ready = 0
        self._next.extend([one.lane for one in waiting if one.ready is not None and one.lane not in self._next])
        self._look_at = now + FAIR_S
        return now - began

"""Counting requests in memory: windows, their ends, and sweeping."""

from limits import parse
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter

from outreach import rate_store
from outreach.rate_store import ProcessMemoryStorage


class SetTime:
    at = 1000.0

    def time(self) -> float:
        return self.at


def test_a_limit_applies_within_its_window_and_not_after(monkeypatch):
    wall = SetTime()
    monkeypatch.setattr(rate_store, "time", wall)
    storage = storage_from_string("process-memory://")
    assert isinstance(storage, ProcessMemoryStorage)
    limiter = FixedWindowRateLimiter(storage)
    two_a_minute = parse("2/minute")
    assert [limiter.hit(two_a_minute, "ani") for _ in range(3)] == [True, True, False]
    assert limiter.hit(two_a_minute, "budi")
    wall.at = 1059.9
    assert not limiter.hit(two_a_minute, "ani")
    wall.at = 1060.0
    assert limiter.hit(two_a_minute, "ani")


def test_expired_counts_are_removed(monkeypatch):
    wall = SetTime()
    monkeypatch.setattr(rate_store, "time", wall)
    storage = ProcessMemoryStorage()
    for key in ("a", "b"):
        storage.incr(key, 10)
    wall.at = 1000.0 + rate_store.SWEEP_S
    storage.incr("c", 10)
    assert (storage.get("a"), storage.get("c"), storage.reset()) == (0, 1, 1)

"""What a session on the server costs a page: the page as it is, in turn with the same page for which the account is read by
its key alone, as when the cookie said who is signed in.
"""

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import NamedTuple

import sqlalchemy as sa
from flask.testing import FlaskClient

from benchmarks import conditions
from benchmarks.databases import demo_sized
from benchmarks.databases.postgresql import on_both
from benchmarks.results import Result, under
from outreach.extensions import db
from outreach.models import User

ROUNDS, PAGES = 9, 20


class Asked(NamedTuple):
    """words: that only this page has. after_commit: something was committed before, so nothing is kept in memory."""

    path: str
    words: str
    after_commit: bool = False


PAGES_ASKED = {
    "the overview, read again": Asked("/", "Perlu tindakan Anda", after_commit=True),
    "the overview, kept in memory": Asked("/", "Perlu tindakan Anda"),
    "a list of people": Asked("/people", "Kader Contoh 10"),
}


def measure(folder: Path, say: Callable[[str], None]) -> list[Result]:
    """Return the results. folder: a scratch folder."""
    return on_both(folder, lambda place, url, name: _of(place, url, name, say))


def _of(folder: Path, url: str, name: str, say: Callable[[str], None]) -> list[Result]:
    filled = demo_sized.fill(folder, url)
    results = []
    with demo_sized.signed_in(folder, filled.cookie, url) as client:
        durability = conditions.durability(db.session.connection())
        manager = client.application.login_manager  # type: ignore[attr-defined]
        as_it_is, key = manager._user_callback, db.session.scalar(sa.select(User.fs_uniquifier))
        by_key = sa.select(User).where(User.fs_uniquifier == key, User.active)
        loaders = (as_it_is, lambda _code: db.session.scalars(by_key).unique().one())
        for what, asked in PAGES_ASKED.items():
            say(f"asking for {what} on {name}")
            rounds = []
            for _ in range(ROUNDS + 1):
                times = []
                for manager._user_callback in loaders:
                    times.append(_seconds(client, asked))
                rounds.append(times)
            manager._user_callback = as_it_is
            with_row, without = (median(one[n] for one in rounds[1:]) / PAGES * 1e6 for n in range(2))
            ratio = median(one[0] / one[1] for one in rounds[1:])
            results.append(Result(f"{name}: {what}, with a session's row (µs)", with_row, "µs", without, ratio))
    return under(f"only reads, but for one note of use a minute; {durability}", results)


def _seconds(client: FlaskClient, asked: Asked) -> float:
    """Return how long the page took, twenty times. Raise RuntimeError if it was another page."""
    took = 0.0
    for _ in range(PAGES):
        if asked.after_commit:
            db.session.scalar(sa.select(1))
            db.session.commit()
        db.session.remove()
        began = time.perf_counter()
        answer = client.get(asked.path)
        took += time.perf_counter() - began
        if answer.status_code != 200 or asked.words not in answer.text:
            raise RuntimeError(f"{asked.path} answered {answer.status_code}, without “{asked.words}”.")
    return took

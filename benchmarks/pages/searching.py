"""The search over everything with 20,000 people, on SQLite and on PostgreSQL: what the page's query needs, and the page.

Beside it, in turn in the same database: one count over the same people in which every name is compared with the same word.
"""

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from statistics import median

import sqlalchemy as sa
from flask.testing import FlaskClient

from benchmarks import conditions
from benchmarks.databases import demo_sized
from benchmarks.databases.cadres import write_cadres
from benchmarks.databases.postgresql import on_both
from benchmarks.results import Result, under
from outreach import clock
from outreach.domain.kinds import MailKind
from outreach.domain.states import MessageState
from outreach.extensions import db
from outreach.models import Message, Person
from outreach.queries import search

PEOPLE, MESSAGES = 20_000, 40_000
WITHIN_US = 100_000.0
ROUNDS = 7
WORDS = {
    "a rare name": "wulandari 19",
    "a common word": "kader",
    "nothing": "tidakada",
    "a phone number": "0812-0001-99",
}


def measure(folder: Path, say: Callable[[str], None]) -> list[Result]:
    """Return the results. folder: a scratch folder."""
    return on_both(folder, lambda place, url, name: _of(place, url, name, say))


def _of(folder: Path, url: str, name: str, say: Callable[[str], None]) -> list[Result]:
    say(f"searching among {PEOPLE:,} people and {MESSAGES:,} messages on {name}")
    filled = demo_sized.fill(folder, url)
    results = []
    with demo_sized.signed_in(folder, filled.cookie, url) as client:
        _fill()
        durability = conditions.durability(db.session.connection())
        for what, words in WORDS.items():
            rounds = [_round(client, words) for _ in range(ROUNDS + 1)][1:]
            query, page, bare = (median(one[n] for one in rounds) for n in range(3))
            results += [
                Result(f"{name}: search for {what} (µs)", query, "µs", WITHIN_US, query / WITHIN_US, 1.0,
                       query < WITHIN_US),
                Result("… the whole page (µs)", page, "µs", WITHIN_US, page / WITHIN_US, 1.0, page < WITHIN_US),
                Result("… the query, against one comparison of every name", query, "µs", bare, query / bare),
            ]  # fmt: skip
    return under(f"only reads; {durability}", results)


def _round(client: FlaskClient, words: str) -> tuple[float, float, float]:
    """Return how long the query, the page and the bare count took, in microseconds."""
    db.session.remove()
    began = time.perf_counter()
    search.find(words, now=clock.now())
    query = time.perf_counter() - began
    began = time.perf_counter()
    answer = client.get("/search", query_string={"q": words})
    page = time.perf_counter() - began
    if answer.status_code != 200 or words not in answer.text:
        raise RuntimeError(f"No search page, but {answer.status_code}")
    began = time.perf_counter()
    db.session.scalar(
        sa.select(sa.func.count()).select_from(Person).where(Person.name.icontains(words, autoescape=True))
    )
    return 1e6 * query, 1e6 * page, 1e6 * (time.perf_counter() - began)


def _fill() -> None:
    now, stored = clock.now(), write_cadres(PEOPLE)
    db.session.execute(
        sa.insert(Message),
        [
            {"person_id": stored[n % PEOPLE], "kind": MailKind.INVITATION, "local_day": now.date(), "due_at": now,
             "expires_at": now + timedelta(days=9), "state": MessageState.SENT, "sent_at": now,
             "address": f"orang{n % PEOPLE}@example.com", "subject": f"Undangan: pertemuan {n}"}
            for n in range(MESSAGES)
        ],
    )  # fmt: skip
    db.session.commit()
    db.session.execute(sa.text("ANALYZE"))
    db.session.commit()

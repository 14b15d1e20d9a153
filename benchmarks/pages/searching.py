"""The search over everything with 20,000 people, on SQLite and on PostgreSQL: what the page's query needs, and the page.

Beside it, in turn in the same database: one count over the same people in which every name is compared with the same word.
"""

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from statistics import median

import sqlalchemy as sa

from benchmarks import conditions
from benchmarks.databases import demo_sized, postgresql
from benchmarks.results import Result, under
from outreach import clock, create_app
from outreach.domain.kinds import CadreKind, MailKind, Sector
from outreach.domain.states import MessageState
from outreach.extensions import db
from outreach.models import Cadre, Message, Organisation, Person
from outreach.queries import search

PEOPLE, ORGANISATIONS, MESSAGES = 20_000, 500, 40_000
WITHIN_US = 100_000.0
ROUNDS = 7
WORDS = {
    "a rare name": "wulandari 19",
    "a common word": "kader",
    "nothing": "tidakada",
    "a phone number": "0812-0001-99",
}
NAMES = ("Siti", "Dewi", "Sri", "Nur", "Rina", "Ani", "Lestari", "Ratna")
SURNAMES = ("Wulandari", "Rahmawati", "Handayani", "Puspita", "Kusuma", "Anggraini", "Safitri")


def measure(folder: Path, say: Callable[[str], None]) -> list[Result]:
    """Return the results. folder: a scratch folder."""
    results = _of(folder / "sqlite", "", "SQLite", say)
    with postgresql.server() as url:
        results += _of(folder / "postgresql", url, "PostgreSQL", say)
    return results


def _of(folder: Path, url: str, name: str, say: Callable[[str], None]) -> list[Result]:
    folder.mkdir(parents=True, exist_ok=True)
    say(f"searching among {PEOPLE:,} people and {MESSAGES:,} messages on {name}")
    filled = demo_sized.fill(folder, url)
    app = create_app(demo_sized.settings_for(folder, url))
    client = app.test_client()
    cookie, _equals, value = filled.cookie.partition("=")
    client.set_cookie(cookie, value)
    results = []
    with app.app_context():
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
        db.session.remove()
        db.engine.dispose()
    return under(f"only reads; {durability}", results)


def _round(client: object, words: str) -> tuple[float, float, float]:
    """Return how long the query, the page and the bare count took, in microseconds."""
    db.session.remove()
    began = time.perf_counter()
    search.find(words, now=clock.now())
    query = time.perf_counter() - began
    began = time.perf_counter()
    answer = client.get("/search", query_string={"q": words})  # type: ignore[attr-defined]
    page = time.perf_counter() - began
    if answer.status_code != 200 or words not in answer.text:
        raise RuntimeError(f"No search page, but {answer.status_code}")
    began = time.perf_counter()
    db.session.scalar(
        sa.select(sa.func.count()).select_from(Person).where(Person.name.icontains(words, autoescape=True))
    )
    return 1e6 * query, 1e6 * page, 1e6 * (time.perf_counter() - began)


def people(count: int) -> list[int]:
    """Store so many people, each a cadre, and the organisations of most; return their ids."""
    db.session.execute(
        sa.insert(Organisation),
        [
            {"name": f"Kantor Wilayah {n}", "short_name": f"Kanwil {n}", "sector": Sector.GOVERNMENT,
             "email": f"kanwil{n}@example.com"}
            for n in range(ORGANISATIONS)
        ],
    )  # fmt: skip
    offices = list(db.session.scalars(sa.select(Organisation.id)))
    regions = [f"18.72.01.{1001 + n}" for n in range(demo_sized.KELURAHAN)]
    db.session.execute(
        sa.insert(Person),
        [
            {"name": f"{NAMES[n % 8]} {SURNAMES[n // 8 % 7]} {n}", "post": f"Kader RW {n % 30}",
             "email": f"orang{n}@example.com", "phone": f"+62812{n:08}", "region_code": regions[n % len(regions)],
             "organisation_id": offices[n % len(offices)] if n % 3 else None}
            for n in range(count)
        ],
    )  # fmt: skip
    stored = list(db.session.scalars(sa.select(Person.id).order_by(Person.id)))[-count:]
    db.session.execute(
        sa.insert(Cadre),
        [
            {"person_id": person, "kind": CadreKind.PKK, "region_code": regions[n % len(regions)]}
            for n, person in enumerate(stored)
        ],
    )
    db.session.commit()
    return stored


def _fill() -> None:
    now, stored = clock.now(), people(PEOPLE)
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

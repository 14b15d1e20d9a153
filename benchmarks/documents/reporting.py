"""A report over a year of 2,000 activities and 200,000 invitations: its figures, as page, PDF and spreadsheet.

On SQLite and on PostgreSQL. Beside it, in turn: the same database only counts its invitations by activity.
"""

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import sqlalchemy as sa

from benchmarks import conditions
from benchmarks.databases import demo_sized
from benchmarks.databases.cadres import write_cadres
from benchmarks.databases.postgresql import on_both
from benchmarks.databases.rows import insert, numbers, settle_down
from benchmarks.results import Result, under
from outreach.domain.kinds import ActivityKind, AgeGroup, AttendanceSource, LetterKind, Role, Sex
from outreach.domain.states import ActivityState, InvitationState, LetterState
from outreach.extensions import db
from outreach.models import Activity, Attendance, Invitation, Letter, Person
from outreach.models.letters import letter_invitation

YEAR = 2025
ACTIVITIES, INVITED, PEOPLE = 2000, 100, 10_000
WITHIN_US = 2_000_000.0
ROUNDS = 5


def measure(folder: Path, say: Callable[[str], None]) -> list[Result]:
    """Return the results. folder: a scratch folder."""
    return on_both(folder, lambda place, url, name: _of(place, url, name, say))


def _of(folder: Path, url: str, name: str, say: Callable[[str], None]) -> list[Result]:
    say(f"reporting on {ACTIVITIES * INVITED:,} invitations on {name}")
    filled = demo_sized.fill(folder, url)
    with demo_sized.signed_in(folder, filled.cookie, url) as client:
        fill_year()
        settle_down()
        durability = conditions.durability(db.session.connection())
        db.session.remove()
        took: dict[str, list[float]] = {}
        for _ in range(ROUNDS):
            for kind in ("page", "pdf", "xlsx"):
                took.setdefault(kind, []).append(_seconds(lambda kind=kind: _ask(client, kind)))
            took.setdefault("bare", []).append(_seconds(_bare))
    bare = median(took.pop("bare")) * 1e6
    results = []
    for kind, some in took.items():
        value = median(some) * 1e6
        results += [
            Result(f"{name}: a report of a year as {kind} (µs)", value, "µs", WITHIN_US, value / WITHIN_US, 1.0,
                   value < WITHIN_US),
            Result("… against counting the invitations by activity", value, "µs", bare, value / bare),
        ]  # fmt: skip
    return under(f"only reads; {durability}", results)


def fill_year() -> None:
    """Write a year of held activities with invitations, attendance and letters into the database of demo_sized.py. Commit."""
    people = write_cadres(PEOPLE)
    first, sexes, ages = people[0], list(Sex), list(AgeGroup)
    for sex in sexes:
        db.session.execute(sa.update(Person).where(Person.id % 3 == sexes.index(sex)).values(sex=sex))
    for age in ages:
        db.session.execute(sa.update(Person).where(Person.id % 7 == ages.index(age)).values(age_group=age))
    begins = datetime(YEAR, 1, 2, 2, tzinfo=UTC)
    activities = [
        Activity(
            kind=ActivityKind.OUTREACH, title=f"Sosialisasi {n}", zone=demo_sized.ZONE, starts_at=start,
            ends_at=start + timedelta(hours=2), respond_by_at=start - timedelta(days=2), state=ActivityState.HELD,
            holds_venue=False, region_code=f"18.72.01.{1001 + n % demo_sized.KELURAHAN}",
        )
        for n in range(ACTIVITIES)
        for start in [begins + timedelta(hours=n * 4)]
    ]  # fmt: skip
    db.session.add_all(activities)
    db.session.flush()
    ids = [activity.id for activity in activities]
    i = numbers(0, ACTIVITIES * INVITED - 1)
    at = Invitation.__table__.c.invited_at.type
    states = sa.case((i % 10 < 6, InvitationState.COMING.value), (i % 10 < 8, InvitationState.NOT_COMING.value),
                     else_=InvitationState.NO_ANSWER.value)  # fmt: skip
    insert(Invitation, {
        "activity_id": ids[0] + sa.cast(sa.func.floor(i / INVITED), sa.Integer),
        "person_id": first + (i * 37 + sa.cast(i % INVITED, sa.Integer) * 11) % PEOPLE,
        "role": Role.CADRE, "state": states, "revision": 0, "answer_note": "", "answer_device": "", "list_position": 0,
        "notices_wanted": True, "without_letter": False, "created_at": begins, "invited_at": sa.literal(begins, at),
    })  # fmt: skip
    db.session.execute(
        sa.insert(Attendance.__table__).from_select(
            ["invitation_id", "present", "source", "recorded_at"],
            sa.select(
                Invitation.id, sa.literal(True), sa.literal(AttendanceSource.HAND.value), sa.literal(begins, at)
            ).where(Invitation.activity_id >= ids[0], Invitation.state == InvitationState.COMING),
        )
    )
    for number, activity in enumerate(activities):
        letter = Letter(kind=LetterKind.INVITATION, state=LetterState.SIGNED, number=f"400/{number}/2025",
                        dated_on=date(YEAR, 1, 2), subject="Undangan")  # fmt: skip
        db.session.add(letter)
        db.session.flush()
        db.session.execute(
            sa.insert(letter_invitation).from_select(
                ["letter_id", "invitation_id"],
                sa.select(sa.literal(letter.id), Invitation.id).where(Invitation.activity_id == activity.id),
            )
        )
    db.session.commit()


def _ask(client: Any, kind: str) -> None:
    answer = client.get(f"/reports?from={YEAR}-01-01&to={YEAR}-12-31&file={'' if kind == 'page' else kind}")
    if answer.status_code != 200 or len(answer.data) < 2000:
        raise RuntimeError(f"No report, but {answer.status_code}")


def _bare() -> None:
    wanted = sa.select(Invitation.activity_id, sa.func.count()).group_by(Invitation.activity_id)
    db.session.execute(wanted).all()
    db.session.rollback()


def _seconds(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began

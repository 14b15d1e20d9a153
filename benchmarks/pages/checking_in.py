"""Check-ins from three phones at one door with 5,000 invitees: codes, by the page that takes what devices send.

The phones send in turn, so none of them waits for another one: on two cores the three together are not slower.
"""

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

import sqlalchemy as sa
from flask.testing import FlaskClient

from benchmarks import conditions
from benchmarks.databases import demo_sized
from benchmarks.databases.cadres import write_cadres
from benchmarks.databases.postgresql import on_both
from benchmarks.results import Result, under
from outreach import clock
from outreach.delivery import tokens
from outreach.domain.kinds import Role
from outreach.domain.states import ActivityState, InvitationState
from outreach.extensions import db
from outreach.models import Activity, Attendance, Invitation
from outreach.queries.door import attendance
from outreach.services.door import codes

INVITEES = 5_000
PHONES = ("telepon-satu-00000001", "telepon-dua-000000001", "telepon-tiga-00000001")
A_BATCH = 5  # scans; a phone with a network sends what it has after each one
WANTED = 5_000  # an hour
ROUNDS = 9


def measure(folder: Path, say: Callable[[str], None]) -> list[Result]:
    """Return the results. folder: a scratch folder."""
    return on_both(folder, lambda place, url, name: _of(place, url, name, say))


def _of(folder: Path, url: str, name: str, say: Callable[[str], None]) -> list[Result]:
    say(f"checking in {INVITEES:,} invitees from {len(PHONES)} phones on {name}")
    filled = demo_sized.fill(folder, url)
    with demo_sized.signed_in(folder, filled.cookie, url) as client:
        activity_id, told = _fill()
        durability = conditions.durability(db.session.connection())
        db.session.remove()
        batches = [told[at : at + A_BATCH] for at in range(0, len(told), A_BATCH)]
        began, took = time.perf_counter(), []
        for number, batch in enumerate(batches):
            took.append(_send(client, activity_id, PHONES[number % len(PHONES)], number * A_BATCH, batch))
        an_hour = len(told) / (time.perf_counter() - began) * 3600
        present = db.session.scalar(sa.select(sa.func.count()).select_from(Attendance).where(Attendance.present))
        if present != len(told):
            raise RuntimeError(f"{present} are present, and {len(told)} were scanned")
        counting = [_timed(lambda: attendance.counts(activity_id)) for _ in range(ROUNDS)]
    return under(
        durability,
        [
            Result(f"{name}: check-ins an hour, {A_BATCH} in a batch", an_hour, "/h", WANTED, an_hour / WANTED, 1.0,
                   an_hour > WANTED),
            Result("… a batch (µs)", 1e6 * median(took), "µs"),
            Result("… the sums by kelurahan and sector (µs)", 1e6 * median(counting), "µs"),
        ],
    )  # fmt: skip


def _fill() -> tuple[int, list[str]]:
    """Invite everybody to an activity of today. Return its id, and the codes of all."""
    now, people = clock.now(), write_cadres(INVITEES)
    activity = db.session.scalars(sa.select(Activity).order_by(Activity.id).limit(1)).one()
    activity.starts_at, activity.ends_at, activity.capacity = (
        now - timedelta(minutes=5),
        now + timedelta(minutes=1),
        None,
    )
    activity.registration_at = activity.respond_by_at = activity.starts_at
    activity.state = ActivityState.PUBLISHED
    db.session.execute(
        sa.insert(Invitation),
        [
            {"activity_id": activity.id, "person_id": person, "role": Role.PARTICIPANT, "state": InvitationState.COMING,
             "invited_at": now, "answered_at": now}
            for person in people
        ],
    )  # fmt: skip
    tokens.ensure_links(db.session(), person_ids=people, expires_at=now + timedelta(days=30))
    db.session.commit()
    invited = sa.select(Invitation).where(Invitation.activity_id == activity.id, Invitation.person_id.in_(people))
    return activity.id, [
        codes.code_of(db.session(), one) for one in db.session.scalars(invited.order_by(Invitation.id)).unique()
    ]


def _send(client: FlaskClient, activity_id: int, device: str, first: int, told: list[str]) -> float:
    now = round(time.time() * 1000)
    scans: list[dict[str, Any]] = [
        {"number": first + n + 1, "at_ms": now, "how": "qr", "action": "in", "code": code}
        for n, code in enumerate(told)
    ]
    sent = {"device": device, "clock_ms": now, "scans": scans}
    began = time.perf_counter()
    answer = client.post(f"/activities/{activity_id}/door/scans", json=sent)
    took = time.perf_counter() - began
    if answer.status_code != 200 or any(one["outcome"] != "present" for one in answer.get_json()["scans"]):
        raise RuntimeError(f"Not all were present: {answer.status_code} {answer.text[:200]}")
    return took


def _timed(action: Callable[[], object]) -> float:
    db.session.remove()
    began = time.perf_counter()
    action()
    return time.perf_counter() - began

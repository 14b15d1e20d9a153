"""Inviting cadres to 22 community activities, five from the kelurahan of each activity, with one press.

The whole request is timed: the choice is read, clashes are looked for; invitations, links, reminders and the audit log are
written and committed. Beside it, in turn in the same database: the same rows of invitations inserted bare and committed.
"""

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

import sqlalchemy as sa

from benchmarks import conditions
from benchmarks.databases import demo_sized
from benchmarks.results import Result, under
from outreach import clock
from outreach.domain.cadres import Wanted
from outreach.domain.kinds import ActivityKind, CadreKind, Role
from outreach.domain.states import ActivityState, InvitationState
from outreach.extensions import db
from outreach.models import Activity, AuditEntry, Invitation, Reminder
from outreach.queries.invitations import together

EACH = 5
WITHIN_US = 1_000_000.0
ROUNDS = 7
ADDRESS = "/activities/invite/cadres"


def measure(folder: Path, say: Callable[[str], None]) -> list[Result]:
    """Return the results. folder: a scratch folder."""
    say(f"{demo_sized.KELURAHAN} activities get {EACH} cadres each in one press")
    filled = demo_sized.fill(folder)
    with demo_sized.signed_in(folder, filled.cookie) as client:
        ids = _activities()
        found = together.own_cadres(ids, list(CadreKind))
        chosen = together.suggested(found, Wanted(EACH))
        form: dict[str, Any] = {
            "activity_ids": ids,
            "kinds": [kind.value for kind in CadreKind],
            "number": EACH,
            "pick": [f"{activity}-{person}" for activity, people in chosen.items() for person in people],
            "do": "invite",
        }
        durability = conditions.durability(db.session.connection())
        db.session.remove()
        rounds = [_round(client, form, chosen) for _ in range(ROUNDS + 1)][1:]
    pressed, bare = median(one for one, _ in rounds), median(other for _, other in rounds)
    invited = len(form["pick"])
    return under(
        durability,
        [
            Result(f"one press: {invited} cadres invited to {len(ids)} activities (µs)", pressed, "µs", WITHIN_US,
                   pressed / WITHIN_US, 1.0, pressed < WITHIN_US),
            Result("… against the same rows inserted bare", pressed, "µs", bare, pressed / bare),
        ],
    )  # fmt: skip


def _activities() -> list[int]:
    """Store a second community activity for each kelurahan, three a day, and return their ids."""
    first = (clock.now().astimezone(demo_sized.ZONE) + timedelta(days=60)).replace(
        hour=8, minute=0, second=0, microsecond=0
    )
    made = []
    for n in range(demo_sized.KELURAHAN):
        starts_at = first + timedelta(days=n // 3, hours=2 * (n % 3))
        made.append(
            Activity(
                kind=ActivityKind.OUTREACH, title=f"Pembinaan Kelurahan {n + 1}", zone=demo_sized.ZONE, starts_at=starts_at,
                ends_at=starts_at + timedelta(hours=2), respond_by_at=starts_at - timedelta(days=2), capacity=40,
                region_code=f"18.72.01.{1001 + n}", state=ActivityState.PUBLISHED, published_at=clock.now(),
                told_at=clock.now(),
            )
        )  # fmt: skip
    db.session.add_all(made)
    db.session.commit()
    return [activity.id for activity in made]


def _round(client: Any, form: dict[str, Any], chosen: dict[int, list[int]]) -> tuple[float, float]:
    """Return how long the press and the plain insert took, in microseconds. Their rows are deleted again."""
    seen = client.post(ADDRESS, data=form | {"do": "check"}).text
    form = form | {"seen": seen.partition('name="seen" value="')[2].partition('"')[0]}
    began = time.perf_counter()
    answer = client.post(ADDRESS, data=form)
    pressed = time.perf_counter() - began
    if answer.status_code != 302 or _undo(list(chosen)) != len(form["pick"]):
        raise RuntimeError(f"The press invited somebody else: {answer.status_code}")
    rows = [
        {"activity_id": activity_id, "person_id": person_id, "role": Role.CADRE, "state": InvitationState.PREPARED}
        for activity_id, people in chosen.items()
        for person_id in people
    ]
    began = time.perf_counter()
    db.session.execute(sa.insert(Invitation), rows)
    db.session.commit()
    bare = time.perf_counter() - began
    _undo(list(chosen))
    return 1e6 * pressed, 1e6 * bare


def _undo(ids: list[int]) -> int:
    """Delete what was written for these activities; return how many invitations there were."""
    db.session.execute(sa.delete(Reminder).where(Reminder.activity_id.in_(ids)))
    db.session.execute(sa.delete(AuditEntry).where(AuditEntry.action == "activity.invited"))
    gone: Any = db.session.execute(sa.delete(Invitation).where(Invitation.activity_id.in_(ids)))
    db.session.commit()
    return int(gone.rowcount)

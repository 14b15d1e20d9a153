"""Erase what is too old, in portions: each is one transaction together with its count in the log of what was erased.

An engine calls it each hour. Stopping, or a crash, loses nothing: the next run finds what is left. Several engines at once
skip each other's rows.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from outreach.domain.privacy import retention
from outreach.extensions import db
from outreach.models.retention import ErasedCount
from outreach.services import office_defaults
from outreach.services.answers import before as answers
from outreach.services.directory import import_undo
from outreach.services.directory.people import PersonErased, PersonMissing
from outreach.services.feedback import give as feedback
from outreach.services.inbox import retention as inbox_retention
from outreach.services.messages import archive as archiving
from outreach.services.privacy import marks
from outreach.services.privacy import person as people
from outreach.services.privacy.retention import periods
from outreach.services.privacy.retention.stores import STORES, Store
from outreach.services.sign_in import kept_forms, sessions
from outreach.services.timetabling import searches
from outreach.transactions import insert_into, writing

PORTION = 200
ARCHIVED_AT_ONCE = 50_000  # the rest is left for the next round
Stop = Callable[[], bool]


def run(now: datetime, *, stop: Stop = lambda: False, portion: int = PORTION) -> dict[str, int]:
    """Erase what is too old by the office's periods; return the count of each store that had something."""
    wanted = periods.read()
    db.session.rollback()
    done = {"erased_again": erase_again(now)}
    for store in STORES:
        if not stop():
            done[store.name] = _erase(store, now, wanted[store.purpose], stop, portion)
    done |= forget_short_lived(now, stop=stop)
    done["marks"] = marks.write_out()
    return {name: number for name, number in done.items() if number}


def erase_again(now: datetime) -> int:
    """Erase people who were erased before and are there again, as after the restore of an old backup. Return how many."""
    erased = 0
    for person_id in marks.back():
        with suppress(PersonErased, PersonMissing):  # another engine was first
            people.erase(person_id, by=None, now=now)
            erased += 1
    return erased


def forget_short_lived(now: datetime, *, stop: Stop = lambda: False) -> dict[str, int]:
    """Delete what the program needs for hours or days only. No office chooses these times."""
    answers.delete_old(now)
    return {
        "frames": archiving.forget_frames(now),
        "import_values": import_undo.forget_old(now, stop=stop),
        "feedback": feedback.forget_closed(now=now),
        "sessions": sessions.delete_old(now),
        "kept_forms": kept_forms.delete_old(now),
    }


def _erase(store: Store, now: datetime, days: int, stop: Stop, portion: int) -> int:
    def note(session: Session, number: int) -> None:
        _count(session, store, number, now)

    match store.name:
        case "mails":
            return archiving.archive(now, days=days, limit=ARCHIVED_AT_ONCE, stop=stop, note=note)
        case "mails_received":
            return inbox_retention.forget_old(now, days=days, stop=stop, note=note)
        case "proposals":
            return searches.delete_old(now, days=days, stop=stop, note=note)
        case "people":
            return _erase_people(store, now, days, stop)
    assert store.erase is not None
    erased, due = 0, store.due(now, retention.cutoff(now, days)).limit(portion)
    while not stop():
        with writing() as session:
            ids = [row[0] for row in session.execute(due.with_for_update(of=store.of, skip_locked=True))]
            if ids:
                store.erase(session, ids)
                note(session, len(ids))
        erased += len(ids)
        if len(ids) < portion:
            break
    return erased


def _erase_people(store: Store, now: datetime, days: int, stop: Stop) -> int:
    """Erase whole people, each in one transaction, as on request."""
    due = store.due(now, retention.cutoff(now, days))
    ids = [row[0] for row in db.session.execute(due)]
    db.session.rollback()
    erased = 0
    for person_id in ids:
        if stop():
            break
        try:
            people.erase(person_id, by=None, now=now, note=lambda session: _count(session, store, 1, now), due=due)
            erased += 1
        except (PersonErased, PersonMissing):  # another engine was first, or they are needed again
            continue
    return erased


def _count(session: Session, store: Store, number: int, now: datetime) -> None:
    """Add to the log of what was erased, in the caller's transaction."""
    if not number:
        return
    on = now.astimezone(office_defaults.zone(session)).date()
    values: dict[str, Any] = {"on": on, "store": store.name, "purpose": store.purpose, "number": number}
    adding = insert_into(session, ErasedCount).values(values)
    session.execute(
        adding.on_conflict_do_update(
            index_elements=["on", "store"], set_={"number": ErasedCount.number + adding.excluded.number}
        )
    )

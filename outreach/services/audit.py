"""Writing the audit log: every change that staff make to a record, and every list that they download."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.kinds import ListName
from outreach.models import Activity, AuditEntry, Organisation, Programme, Region, User
from outreach.transactions import writing

DOWNLOADED = "list.downloaded"
LIST = "list"
MOST_FILTERS, MOST_LETTERS = 20, 100
# Filters whose value is a primary key, and the column whose text the log stores instead. A person's id stays, because
# their name may have to be erased.
_NAMES: dict[str, tuple[Any, Any]] = {
    "activity": (Activity.id, Activity.title),
    "organisation": (Organisation.id, Organisation.name),
    "programme": (Programme.id, Programme.title),
    "region": (Region.code, Region.name),
    "user": (User.id, sa.func.coalesce(sa.func.nullif(User.name, ""), User.email)),
}


def record(
    session: Session, by: User | None, action: str, subject: Any, *, now: datetime, name: str = "", **detail: Any
) -> None:
    """Add an entry to the caller's transaction. by: None for the command line. detail: JSON values, no mail bodies.

    action: "<subject>.<verb in the past>", for example "activity.moved".
    """
    session.flush()
    session.add(entry(by, action, subject, now=now, name=name, **detail))


def entry(by: User | None, action: str, subject: Any, *, now: datetime, name: str = "", **detail: Any) -> AuditEntry:
    """Return the entry that `record` adds, for use cases that change many records. The subject has its id already."""
    name = name or getattr(subject, "title", "") or getattr(subject, "display_name", "") or getattr(subject, "name", "")
    made = entry_of_many(by, action, subject, name, now=now, **detail)
    made.subject_id = subject.id
    return made


def entry_of_many(by: User | None, action: str, kind: Any, name: str, *, now: datetime, **detail: Any) -> AuditEntry:
    """Return an entry about many records of one kind, such as an import. kind: their class. name: such as its file's."""
    return AuditEntry(
        at=now,
        user_id=by.id if by else None,
        action=action,
        subject_type=kind.__tablename__,
        subject_name=name[:200],
        detail=detail,
    )


def downloaded(
    name: ListName, filters: Mapping[str, str], *, of: str = "", rows: int, filetype: str, by: User, now: datetime
) -> None:
    """Record that a user took a list as a file.

    Called when the file is finished, in a short transaction of its own: nobody waits to write while a long list is
    read. of: what the list belongs to, such as an activity's title; no name of a person. filters: as in the list's
    address.
    """
    user_id = by.id
    with writing() as session:
        session.add(
            AuditEntry(
                at=now,
                user_id=user_id,
                action=DOWNLOADED,
                subject_type=LIST,
                subject_name=(f"{name.value}: {of}" if of else name.value)[:200],
                detail={"rows": rows, "file": filetype, "filters": _named(session, filters)},
            )
        )


def _named(session: Session, filters: Mapping[str, str]) -> dict[str, str]:
    found = {}
    for name, value in list(filters.items())[:MOST_FILTERS]:
        key, shown = _NAMES.get(name, (None, None))
        if key is not None and (name == "region" or (value.isdecimal() and len(value) < 10)):
            value = session.scalar(sa.select(shown).where(key == (value if name == "region" else int(value)))) or value
        found[name] = value[:MOST_LETTERS]
    return found


def changes(before: Mapping[str, object], after: Mapping[str, object]) -> dict[str, list[str]]:
    """Return {name: [before, after]} as text for values that differ; an instant is equal in every zone."""
    return {name: [str(before[name]), str(after[name])] for name in before if before[name] != after[name]}

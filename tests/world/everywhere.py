"""One row in each table, all of one region, with a marker in each text: what accounts of other areas must not see.

Venues are the whole office's, so theirs have none. The rows are made from the metadata, so a new table has its row, too. Their
JSON is empty: pages that show them may fail.
"""

from datetime import date, datetime, time, timedelta
from itertools import count
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from outreach.extensions import db
from outreach.models import AuditEntry
from outreach.models.access import OPEN
from tests.world.days import JAKARTA, at

INSTEAD = {  # columns with values that a constraint asks for, or with which lists show the row
    ("activity", "state"): "published",
    ("activity", "starts_at"): at(18, 8),
    ("activity", "ends_at"): at(18, 12),
    ("invitation", "state"): "coming",
    ("invitation", "role"): "speaker",
    ("date_poll", "state"): "open",
    ("message_text", "programme_id"): None,
    ("reminder_rule", "programme_id"): None,
    ("acting_person", "position"): 1,
    ("message", "state"): "failed",
    ("message", "user_id"): None,
    ("archived_message", "user_id"): None,
    ("archived_message", "poll_invitee_id"): None,
    ("audit_entry", "subject_type"): "activity",
    ("message", "poll_invitee_id"): None,
    ("call_question", "settled_at"): None,
    ("call_question", "settled_by_id"): None,
    ("person", "erased_at"): None,
    ("feed", "revoked_at"): None,
    ("walk_in", "came_at"): at(4, 8),
}
LATER = ("ends_at", "until_on", "ends_on", "expires_at", "again_at", "due_at", "due_on")  # after what begins
COUNTED = ("running", "uid")
ONE_OF = ("organisation_id", "venue_id")  # beside a person: a row is of one of them


def one_row_in_each_table(marker: str, region_code: str, user_id: int, *, in_programme: bool = True) -> dict[str, int]:
    """Store the rows and return their ids by table, of those with an id. Texts begin with the marker.

    user_id: who made them. in_programme: whether the activity and the date poll belong to the programme.
    """
    made: dict[str, Any] = {}
    for table in db.metadata.sorted_tables:
        if table.name in OPEN and table.name != "venue":
            continue
        row = {column.name: _value(column, marker, region_code, user_id, made) for column in table.columns}
        row = {name: value for name, value in row.items() if value is not _DEFAULT}
        if not in_programme and table.name in ("activity", "date_poll"):
            row["programme_id"] = None
        found = db.session.execute(sa.insert(table).values(row)).inserted_primary_key
        made[table.name] = found[0] if found else None
    about = sa.update(AuditEntry).where(AuditEntry.id == made["audit_entry"]).values(subject_id=made["activity"])
    db.session.execute(about)
    db.session.commit()
    return made


_DEFAULT = object()
_NUMBERS = count(2)


def _value(column: sa.Column, marker: str, region_code: str, user_id: int, made: dict[str, Any]) -> Any:
    table = column.table.name
    if (table, column.name) in INSTEAD:
        return INSTEAD[table, column.name]
    if column.name in ONE_OF and "person_id" in column.table.columns and table != "venue":
        return None
    for key in column.foreign_keys:
        target = key.column.table.name
        if target == "region":
            return region_code
        if target == "user":
            return user_id
        if target == table:
            return None  # of itself
        return made[target]
    if column is column.table.autoincrement_column:
        return _DEFAULT
    return _of_type(column, f"Balai {next(_NUMBERS)}" if table == "venue" else f"{marker} {table}")


def _of_type(column: sa.Column, text: str) -> Any:
    kind = column.type
    if isinstance(kind, sa.Enum):
        return kind.enums[0]
    if isinstance(kind, (sa.JSON, postgresql.JSONB)):
        return [] if column.name in ("tries", "lines", "changed") else {}
    python = getattr(kind, "impl_instance", kind).python_type
    if column.name == "zone":
        return JAKARTA.key if isinstance(kind, sa.String) else JAKARTA
    later = timedelta(days=1) if column.name in LATER else timedelta()
    values: dict[type, Any] = {
        bool: column.name in ("active", "acting", "chosen", "enabled", "asked", "holds_venue", "present"),
        int: next(_NUMBERS) if column.unique or column.primary_key or column.name in COUNTED else 1,
        float: -5.1,
        bytes: text.encode(),
        datetime: at(18, 8) + later,
        date: date(2027, 1, 18) + later,
        time: time(8),
        str: text[: getattr(kind, "length", None) or 200],
    }
    return values[python]

"""One row in every table, about one person: each text says WORD, each moment is long ago. For tests over the metadata."""

from datetime import date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa

from outreach.extensions import db
from outreach.models import Activity, Person, StoredFile
from outreach.models.base import UTCDateTime, Zone
from outreach.models.personal import PERSONAL, Erasing
from tests.world.days import JAKARTA

WORD = "kanari"
LONG_AGO = date(2012, 3, 1)
# What a row must say to be one that its readers understand.
VALUES: dict[str, dict[str, Any]] = {
    "acting_person": {"name": "Kanari Wijaya", "email": "kanari@example.com"},
    "message": {
        "state": "sent",
        "merge_key": None,
        "reason": "",
        "user_id": None,
        "poll_invitee_id": None,
        "subject": "",
    },
    "archived_message": {"reason": "", "user_id": None, "poll_invitee_id": None, "subject": "", "tries": []},
    "incoming_mail": {"reason": "", "seen_at": True, "outcome": "applied", "sender": "kanari@example.com"},
    "date_poll": {"state": "closed"},
    "follow_up": {"state": "done", "what": "Rapat lanjutan"},
    "scan": {"name": "Kanari Wijaya"},
    "material": {"sent_by_id": None},
    "proposed_topic": {"proposed_by_id": None},
    "call_question": {"settled_at": True},
    "address_failure": {"address": "kanari@example.com"},
    "wrong_number": {"number": "+6281234567890"},
    "minutes": {"state": "sent"},
    "minutes_version": {"values": {"chair": "Kanari Wijaya"}},
    "invitation": {"state": "coming", "answer_replaced": {"who": "kanari"}},
    "absence": {"repeats": "once", "calendar_id": None, "repeats_until_on": None},
    "absence_calendar": {"url": "", "next_read_at": None, "problem_values": {}},
    "post_holder": {"until_on": LONG_AGO},
    "device": {"number": 1},
    "assistant": {"email": "kanari2@example.com", "phone": "+6281299990009"},
    "rung": {"reason": ""},
    "erased_mark": {"mark": "0" * 64},
    "reminder": {"reason": ""},
    "message_line": {"skipped": ""},
    "archived_line": {"skipped": ""},
    "minutes_reply": {"name": "Kanari Wijaya"},
    "feed": {"revoked_at": None},
    "link": {"purpose": "answer", "revoked_at": None},
    "certificate": {"values": {}, "replaces_id": None},
}
# Documents of the office need more than a word; their own tests fill them.
LEFT_OUT = {"letter_version", "certificate", "returned_file", "trusted_root"}
ALREADY = {
    "region",
    "role",
    "user",
    "user_role",
    "recovery_code",
    "passkey",
    "office",
    "person",
    "activity",
    "programme",
    "venue",
    "cadre",
    "stored_file",
}
PARENTS = {"organisation", "agenda_item", "date_poll", "poll_slot", "post", "people_group"}


def fill_every_table(person: Person, activity: Activity) -> None:
    """Store a row of every table that refers to this person, this activity, or to another of these rows."""
    person.name, person.email = "Kanari Wijaya", "kanari@example.com"
    activity.starts_at = datetime.combine(LONG_AGO, time(8), JAKARTA)
    activity.ends_at = activity.starts_at + timedelta(hours=4)
    activity.state = "held"
    person.created_at = activity.starts_at
    db.session.commit()
    VALUES["audit_entry"] = {"subject_type": "person", "subject_id": person.id, "detail": {"name": [WORD, WORD]}}
    VALUES["placement"] = {"state": "prepared", "title": "", "problem": "", "request": {"facilitators": [person.id]}}
    keys: dict[str, Any] = {"person": person.id, "activity": activity.id, "region": "18.72.01.1001"}
    for name, model in (("user", "user"), ("programme", "programme"), ("venue", "venue"), ("role", "role")):
        keys[name] = db.session.scalar(sa.select(sa.column("id")).select_from(sa.table(model)).limit(1))
    for table in db.metadata.sorted_tables:
        if table.name in ALREADY | LEFT_OUT or table.name not in PERSONAL.keys() | PARENTS:
            continue
        row = {column.name: _value(table, column, keys) for column in table.columns}
        row = {name: value for name, value in row.items() if value is not ...}
        db.session.execute(sa.insert(table).values(row))
        key = table.primary_key.columns.values()[0]
        keys[table.name] = row.get(key.name) or db.session.scalar(sa.select(sa.func.max(key)))
    db.session.commit()


def _value(table: sa.Table, column: sa.Column[Any], keys: dict[str, Any]) -> Any:
    given = VALUES.get(table.name, {})
    if column.name in given and given[column.name] is not True:
        return given[column.name]
    if column.foreign_keys:
        target = next(iter(column.foreign_keys)).column.table.name
        others = {"organisation", "venue"} if "person_id" in table.columns else set()
        if target == "stored_file":
            return _file(table, keys)
        if target == table.name or target in LEFT_OUT or target in others:
            return None
        return keys.get(target)
    if column.name == "id" and isinstance(column.type, sa.Integer) and column.autoincrement is not False:
        return ...
    return _of_type(table, column)


def _file(table: sa.Table, keys: dict[str, Any]) -> int:
    """Return the id of a file of its own, whose words are those of no person if it stays when somebody is erased."""
    word = "document" if PERSONAL[table.name].erasing is Erasing.STAYS else WORD
    values = {
        "sha256": "0" * 64, "size": 6, "media_type": "image/png", "name": word, "data": word.encode(),
        "uploaded_at": datetime.combine(LONG_AGO, time(8), JAKARTA), "uploaded_by_id": keys["user"],
    }  # fmt: skip
    return db.session.scalars(sa.insert(StoredFile).values(values).returning(StoredFile.id)).one()


def _of_type(table: sa.Table, column: sa.Column[Any]) -> Any:
    kind = column.type
    if isinstance(kind, sa.Enum):
        return kind.enums[0] if not kind.enum_class else next(iter(kind.enum_class))
    if isinstance(kind, Zone):
        return JAKARTA
    if isinstance(kind, UTCDateTime):
        later = 1 if "end" in column.name else 0
        return datetime.combine(LONG_AGO, time(8 + later), JAKARTA)
    plain: tuple[tuple[type, Any], ...] = (
        (sa.Boolean, True), (sa.Date, LONG_AGO), (sa.Time, time(8)), (sa.JSON, {}), (sa.Float, 1.0), (sa.Integer, 1),
        (sa.LargeBinary, WORD.encode()),
    )  # fmt: skip
    for type_, value in plain:
        if isinstance(kind, type_):
            return value
    return f"{WORD} {table.name} {column.name}"[: getattr(kind, "length", None) or 200]


def where_it_stands() -> set[str]:
    """Return table.column of each text, JSON or file that still says WORD, in any letters."""
    found = set()
    for table in db.metadata.sorted_tables:
        for row in db.session.execute(sa.select(table)).mappings():
            for name, value in row.items():
                text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
                if WORD in text.lower():
                    found.add(f"{table.name}.{name}")
    return found

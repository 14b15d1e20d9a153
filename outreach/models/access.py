"""Which rows an account with an area sees, as SQL put before each of its statements; and the check of what it changes.

A statement that names a guarded table gets common table expressions of the same names, which hold only the rows within reach:
`WITH person AS (SELECT * FROM main.person WHERE …) SELECT … FROM person`. So it holds for the ORM, for Core and for text, for
lists, subqueries and single rows. What cannot be filtered is refused. The rule itself is domain/access.py.

Start with GUARDED. A table that is neither there nor in OPEN is seen by nobody with an area.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import reach
from outreach.domain.access import Codes, NotYours, Reach
from outreach.extensions import Model

# Tables that hold nothing of people, activities and organisations in any area, or what the whole staff works with.
OPEN = frozenset(
    {
        "account_mail", "bell_seen", "case_count", "channel", "channel_slot", "heartbeat", "import_shape", "indicator_year",
        "kelurahan_map", "kept_form", "ladder_rung", "mail_frame", "office", "office_certificates", "office_letters", "passkey",
        "password_reset", "plan_settings", "privacy_text", "recovery_code", "region", "retention_period", "role",
        "security_event", "staff_session", "trusted_root", "user", "user_area", "user_role", "venue",
    }
)  # fmt: skip

# Sets of ids that the conditions below share. {base}: the schema of the tables themselves; {codes}: the areas as SQL.
SETS = {
    "reach_region": "SELECT code FROM {base}region WHERE {codes}",
    "reach_own": "SELECT id FROM {base}activity WHERE programme_id IS NULL"
    " AND region_code IN (SELECT code FROM reach_region)",
    "reach_own_poll": "SELECT id FROM {base}date_poll WHERE programme_id IS NULL"
    " AND region_code IN (SELECT code FROM reach_region)",
    "reach_home_organisation": "SELECT id FROM {base}organisation WHERE region_code IN (SELECT code FROM reach_region)",
    "reach_home": "SELECT id FROM {base}person WHERE region_code IN (SELECT code FROM reach_region)"
    " OR (region_code IS NULL AND organisation_id IN (SELECT id FROM reach_home_organisation))"
    " OR id IN (SELECT person_id FROM {base}cadre WHERE region_code IN (SELECT code FROM reach_region))",
    "reach_asked": "SELECT person_id, organisation_id FROM {base}invitation"
    " WHERE state <> 'withdrawn' AND activity_id IN (SELECT id FROM reach_own)"
    " UNION ALL SELECT person_id, organisation_id FROM {base}poll_invitee"
    " WHERE poll_id IN (SELECT id FROM reach_own_poll)",
}

_OF_ACTIVITY = "activity_id IN (SELECT id FROM reach_own)"
_OF_INVITATION = "invitation_id IN (SELECT id FROM invitation)"
_OF_INVITEE = (
    "(person_id IN (SELECT id FROM person) OR person_id IS NULL)"
    " AND (organisation_id IN (SELECT id FROM organisation) OR organisation_id IS NULL)"
)
_OF_MINUTES = "minutes_id IN (SELECT id FROM minutes)"
_OF_LETTER = "letter_id IN (SELECT id FROM letter)"
_OF_SCOPE = (
    "(activity_id IS NULL OR activity_id IN (SELECT id FROM activity))"
    " AND (programme_id IS NULL OR programme_id IN (SELECT id FROM programme))"
)
NOBODY = "1 = 0"

# A mail is seen if all that it speaks of is: it may tell one person of several activities.
_MAIL = (
    "{table}.user_id = {user} OR ((" + _OF_INVITEE + ") AND {table}.user_id IS NULL"
    " AND NOT EXISTS (SELECT 1 FROM {{base}}{line} l WHERE l.message_id = {table}.id"
    " AND l.invitation_id NOT IN (SELECT id FROM invitation))"
    " AND (EXISTS (SELECT 1 FROM {{base}}{line} l WHERE l.message_id = {table}.id)"
    " OR poll_invitee_id IN (SELECT id FROM poll_invitee) OR {more}))"
)
_ABOUT_MINUTES = (
    "message.id IN (SELECT message_id FROM {base}minutes_mail WHERE " + _OF_MINUTES + ")"
    " OR message.id IN (SELECT message_id FROM {base}follow_up_line f GROUP BY message_id"
    " HAVING count(*) = count(CASE WHEN f.follow_up_id IN (SELECT id FROM follow_up) THEN 1 END))"
)
_WAS_ABOUT_MINUTES = (
    "archived_message.id IN (SELECT message_id FROM {base}archived_activity GROUP BY message_id"
    " HAVING count(*) = count(CASE WHEN " + _OF_ACTIVITY + " THEN 1 END))"
)

# The rows that an account sees. A table's own name stands for what is seen of it; {base} for all of it. Each row that is seen
# has its parents (the columns that are never empty) in sight, too.
GUARDED = {
    "absence": _OF_INVITEE,
    "absence_calendar": _OF_INVITEE,
    "acting_person": _OF_INVITATION,
    "acting_profile": "acting_id IN (SELECT id FROM acting_person)",
    "activity": "region_code IN (SELECT code FROM reach_region)",
    "activity_photo": _OF_ACTIVITY,
    "address_failure": "address IN (SELECT lower(email) FROM person UNION SELECT lower(email) FROM organisation)",
    "agenda_item": "activity_id IN (SELECT id FROM activity)",
    "agenda_speaker": "agenda_item_id IN (SELECT id FROM agenda_item) AND person_id IN (SELECT id FROM person)",
    "answer_before": "link_id IN (SELECT id FROM link)",
    "answer_evidence": _OF_INVITATION,
    "archived_activity": "message_id IN (SELECT id FROM archived_message) AND " + _OF_ACTIVITY,
    "archived_line": _OF_INVITATION + " AND message_id IN (SELECT id FROM archived_message)",
    "archived_message": _MAIL.format(
        table="archived_message", line="archived_line", user="{user}", more=_WAS_ABOUT_MINUTES
    ),
    "assistant": _OF_INVITEE,
    "attempt": "message_id IN (SELECT id FROM message)",
    "attendance": _OF_INVITATION,
    "audit_entry": "(subject_type = 'invitation' AND subject_id IN (SELECT id FROM invitation))"
    " OR (subject_type = 'person' AND subject_id IN (SELECT id FROM reach_home))"
    " OR (subject_type = 'organisation' AND subject_id IN (SELECT id FROM reach_home_organisation))"
    " OR (subject_type = 'activity' AND subject_id IN (SELECT id FROM reach_own))",
    "bell_digest": "message_id IN (SELECT id FROM message)",
    "cadre": "person_id IN (SELECT id FROM person)",
    "calendar_file": "calendar_id IN (SELECT id FROM absence_calendar)",
    "call": "(" + _OF_INVITEE + ") AND NOT EXISTS (SELECT 1 FROM {base}call_invitation c WHERE c.call_id = call.id"
    " AND c.invitation_id NOT IN (SELECT id FROM invitation))",
    "call_claim": _OF_INVITEE,
    "call_invitation": "call_id IN (SELECT id FROM call) AND " + _OF_INVITATION,
    "call_question": "call_id IN (SELECT id FROM call)",
    "certificate": "activity_id IN (SELECT id FROM activity) AND (" + _OF_INVITATION + " OR (invitation_id IS NULL AND "
    + _OF_ACTIVITY + "))",
    "consent": "person_id IN (SELECT id FROM person)",
    "data_request": NOBODY,
    "date_poll": "region_code IN (SELECT code FROM reach_region)",
    "device": "user_id = {user} OR id IN (SELECT device_id FROM {base}scan WHERE " + _OF_ACTIVITY + ")",
    "documentation": _OF_ACTIVITY,
    "erased_count": NOBODY,
    "erased_mark": NOBODY,
    "feed": "created_by_id = {user}",
    "feedback_given": _OF_INVITATION,
    "feedback_questions": "activity_id IS NULL OR " + _OF_ACTIVITY,
    "feedback_remark": _OF_ACTIVITY,
    "feedback_sealed": _OF_ACTIVITY,
    "feedback_tally": _OF_ACTIVITY,
    "follow_up": _OF_MINUTES + " AND " + _OF_INVITEE,
    "follow_up_line": "follow_up_id IN (SELECT id FROM follow_up)",
    "former_holder": _OF_INVITATION + " AND person_id IN (SELECT id FROM person)",
    "given_answer": _OF_INVITATION,
    "incoming_mail": NOBODY,
    "intended_clash": "activity_id IN (SELECT id FROM activity)"
    " AND (other_activity_id IS NULL OR other_activity_id IN (SELECT id FROM activity))"
    " AND (person_id IS NULL OR person_id IN (SELECT id FROM person))",
    "invitation": "activity_id IN (SELECT id FROM activity) AND ((state <> 'withdrawn' AND " + _OF_ACTIVITY + ")"
    " OR person_id IN (SELECT id FROM reach_home)"
    " OR organisation_id IN (SELECT id FROM reach_home_organisation))",
    "invited_post": _OF_INVITATION + " AND post_id IN (SELECT id FROM post)",
    "letter": "id IN (SELECT letter_id FROM {base}letter_invitation) AND id NOT IN (SELECT li.letter_id"
    " FROM {base}letter_invitation li JOIN {base}invitation i ON i.id = li.invitation_id"
    " WHERE i.activity_id NOT IN (SELECT id FROM reach_own))",
    "letter_invitation": _OF_LETTER + " AND " + _OF_INVITATION,
    "letter_version": _OF_LETTER,
    "link": "person_id IN (SELECT id FROM reach_home)"
    " OR organisation_id IN (SELECT id FROM reach_home_organisation)",
    "material": _OF_ACTIVITY + " AND person_id IN (SELECT id FROM person)",
    "message": _MAIL.format(table="message", line="message_line", user="{user}", more=_ABOUT_MINUTES),
    "message_line": _OF_INVITATION + " AND reminder_id IN (SELECT id FROM reminder)",
    "message_text": _OF_SCOPE,
    "minutes": _OF_ACTIVITY,
    "minutes_mail": _OF_MINUTES + " AND message_id IN (SELECT id FROM message)",
    "minutes_reply": _OF_MINUTES,
    "minutes_version": _OF_MINUTES,
    "noticed_clash": "activity_id IN (SELECT id FROM activity)"
    " AND (other_activity_id IS NULL OR other_activity_id IN (SELECT id FROM activity))",
    "organisation": "id IN (SELECT id FROM reach_home_organisation)"
    " OR id IN (SELECT organisation_id FROM reach_asked WHERE organisation_id IS NOT NULL)"
    " OR id IN (SELECT organisation_id FROM person WHERE organisation_id IS NOT NULL)",
    "people_group": "id IN (SELECT group_id FROM {base}people_group_member) AND id NOT IN (SELECT group_id"
    " FROM {base}people_group_member WHERE person_id NOT IN (SELECT id FROM reach_home))",
    "people_group_member": "group_id IN (SELECT id FROM people_group) AND person_id IN (SELECT id FROM person)",
    "person": "id IN (SELECT id FROM reach_home)"
    " OR id IN (SELECT person_id FROM reach_asked WHERE person_id IS NOT NULL)",
    "person_import": NOBODY,
    "person_import_line": NOBODY,
    "placement": NOBODY,
    "placement_taken": NOBODY,
    "poll_answer": "invitee_id IN (SELECT id FROM poll_invitee) AND slot_id IN (SELECT id FROM poll_slot)",
    "poll_invitee": "poll_id IN (SELECT id FROM date_poll) AND (poll_id IN (SELECT id FROM reach_own_poll)"
    " OR person_id IN (SELECT id FROM reach_home) OR organisation_id IN (SELECT id FROM reach_home_organisation))",
    "poll_slot": "poll_id IN (SELECT id FROM date_poll)",
    "post": "region_code IN (SELECT code FROM reach_region)"
    " OR organisation_id IN (SELECT id FROM reach_home_organisation)",
    "post_holder": "post_id IN (SELECT id FROM post) AND person_id IN (SELECT id FROM person)",
    "privacy_mail": NOBODY,
    "programme": "id IN (SELECT programme_id FROM activity WHERE programme_id IS NOT NULL)",
    "proposed_topic": _OF_ACTIVITY + " AND person_id IN (SELECT id FROM person)",
    "reading_link": NOBODY,
    "recorded_before": _OF_INVITATION,
    "reminder": "activity_id IN (SELECT id FROM activity) AND (invitation_id IS NULL OR " + _OF_INVITATION + ")",
    "reminder_rule": _OF_SCOPE,
    "replaced_link": "link_id IN (SELECT id FROM link)",
    "returned_file": _OF_LETTER,
    "rung": _OF_INVITATION,
    "scan": _OF_ACTIVITY,
    "sent_mail": "message_id IN (SELECT id FROM message)",
    "signed_line": _OF_INVITATION,
    "signed_list": _OF_ACTIVITY,
    "speaker_booking": "activity_id IN (SELECT id FROM activity) AND person_id IN (SELECT id FROM person)",
    "speaker_profile": "person_id IN (SELECT id FROM person)",
    # A file is seen by whoever sees a row that has it.
    "stored_file": "id IN (SELECT file_id FROM returned_file UNION SELECT signed_file_id FROM letter"
    " UNION SELECT file_id FROM minutes UNION SELECT file_id FROM activity_photo UNION SELECT thumbnail_id FROM activity_photo"
    " UNION SELECT file_id FROM answer_evidence UNION SELECT file_id FROM material UNION SELECT photo_id FROM speaker_profile"
    " UNION SELECT photo_id FROM acting_profile UNION SELECT file_id FROM signed_list)",
    "walk_in": _OF_ACTIVITY + " AND person_id IN (SELECT id FROM person)",
    "wrong_number": "number IN (SELECT phone FROM person UNION SELECT phone FROM organisation)",
}  # fmt: skip

_OWN_PARTY = (
    "(person_id IN (SELECT id FROM reach_home) OR person_id IS NULL)"
    " AND (organisation_id IN (SELECT id FROM reach_home_organisation) OR organisation_id IS NULL)"
)
# The rows that an account may change, where these are not the same. Of tables that are missing here nothing is checked: what
# services write there follows from what is checked.
CHANGED = {
    "absence": _OWN_PARTY + " AND venue_id IS NULL",
    "absence_calendar": _OWN_PARTY + " AND venue_id IS NULL",
    "activity": "id IN (SELECT id FROM reach_own)",
    "activity_photo": GUARDED["activity_photo"],
    "agenda_item": _OF_ACTIVITY,
    "assistant": _OWN_PARTY,
    "cadre": "person_id IN (SELECT id FROM reach_home)",
    "certificate": _OF_ACTIVITY,
    "consent": "person_id IN (SELECT id FROM reach_home)",
    "date_poll": "id IN (SELECT id FROM reach_own_poll)",
    "documentation": GUARDED["documentation"],
    "feed": GUARDED["feed"],
    "feedback_questions": _OF_ACTIVITY,
    "follow_up": GUARDED["follow_up"],
    "intended_clash": GUARDED["intended_clash"],
    "invitation": _OF_ACTIVITY + " AND id IN (SELECT id FROM invitation)",
    "letter": GUARDED["letter"],
    "material": GUARDED["material"],
    "message_text": _OF_ACTIVITY,
    "minutes": GUARDED["minutes"],
    "organisation": "id IN (SELECT id FROM reach_home_organisation)",
    "people_group": GUARDED["people_group"],
    "person": "id IN (SELECT id FROM reach_home)",
    "poll_invitee": "poll_id IN (SELECT id FROM reach_own_poll)",
    "poll_slot": "poll_id IN (SELECT id FROM reach_own_poll)",
    "post": GUARDED["post"],
    "post_holder": GUARDED["post_holder"],
    "programme": NOBODY,
    "reminder_rule": _OF_ACTIVITY,
    "venue": NOBODY,
}  # fmt: skip
# What a new row must be: one that may be changed, or for these one that is seen. A nominee or somebody who walked in is a new
# person without a region, whom an own activity asks for.
NEW_IF_SEEN = frozenset({"person", "organisation"})
NEW_ANYWHERE = frozenset({"venue"})  # a place is typed with a new activity

# What an account changes must stay its own. An invitation may be withdrawn, and then is out of its sight.
KEPT = frozenset({"activity", "date_poll", "letter", "organisation", "people_group", "person", "post"})
_NOTED = "within reach"

_READS = re.compile(r"\s*(?:\(\s*)*(SELECT|WITH)\b", re.IGNORECASE)
_WRITES = re.compile(
    r"\s*(INSERT|UPDATE|DELETE|MERGE|REPLACE|TRUNCATE|COPY|VALUES|TABLE|EXPLAIN|DECLARE)\b", re.IGNORECASE
)
_WITH = re.compile(r"\s*WITH\s+(RECURSIVE\s+)?", re.IGNORECASE)
_LOCKS = re.compile(r"\bFOR\s+(NO\s+KEY\s+)?(UPDATE|SHARE|KEY\s+SHARE)\b", re.IGNORECASE)
_CODE = re.compile(r"[0-9]{1,2}(\.[0-9]{1,4}){0,3}")


class CannotFilter(RuntimeError):
    """A statement of an account with an area cannot be filtered. It was not run."""


def conditions() -> Mapping[str, str]:
    """Return the condition of each table that is not open to everybody."""
    return {name: GUARDED.get(name, NOBODY) for name in Model.metadata.tables if name not in OPEN}


@lru_cache(maxsize=1)
def _guards() -> tuple[Mapping[str, str], re.Pattern[str]]:
    found = {**SETS, **conditions()}
    names = "|".join(sorted(found, key=len, reverse=True))
    return found, re.compile(rf'(?<![.\w}}])"?({names})"?(?![.\w(])')


def _named_in(statement: str) -> set[str]:
    _conditions, names = _guards()
    return set(names.findall(statement))


def filtered(statement: str, kept_to: Reach, schema: str) -> str:
    """Return the statement with what it may see of each table. Raise CannotFilter for one that is no SELECT."""
    return _filtered(statement, kept_to.sees, kept_to.user_id, schema)


@lru_cache(maxsize=1000)
def _filtered(statement: str, codes: Codes | None, user_id: int, schema: str) -> str:
    if codes is None:
        return statement
    named = _named_in(statement)
    if _READS.match(statement) is None:
        if named and _WRITES.match(statement):
            raise CannotFilter(
                f"Outside a service's transaction, an account with an area only reads: {statement[:200]}"
            )
        return statement
    if not named:
        return statement
    if _LOCKS.search(statement):
        raise CannotFilter(f"Only a service's transaction locks rows: {statement[:200]}")
    before = _expressions(named, codes, user_id, schema)
    with_ = _WITH.match(statement)
    if with_ is None:
        return f"WITH {before} {statement}"
    return f"WITH {'RECURSIVE ' if with_[1] else ''}{before}, {statement[with_.end() :]}"


def _expressions(named: Collection[str], codes: Codes, user_id: int, schema: str) -> str:
    """Return the common table expressions of these tables and of what they need, each after those that it needs."""
    found, _names = _guards()
    values = {"base": f"{schema}.", "user": str(int(user_id)), "codes": _codes(codes)}
    ordered: dict[str, str] = {}

    def add(name: str) -> None:
        if name in ordered:
            return
        text = found[name]
        for needed in sorted(_named_in(text) - {name}):
            add(needed)
        text = text.format(**values)
        ordered[name] = (
            f"{name} AS ({text})"
            if name in SETS
            else f"{name} AS NOT MATERIALIZED (SELECT * FROM {schema}.{name} WHERE {text})"
        )

    for name in sorted(named):
        add(name)
    return ", ".join(ordered.values())


def _codes(codes: Codes) -> str:
    for code in codes:
        if not _CODE.fullmatch(code):
            raise ValueError("This is no region's code.")
    conditions = (f"code = '{code}' OR substr(code, 1, {len(code) + 1}) = '{code}.'" for code in sorted(codes))
    return " OR ".join(conditions) or NOBODY


@dataclass
class _Noted:
    """What a transaction has made and changed so far."""

    made: list[Any] = field(default_factory=list)
    changed: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))


@sa.event.listens_for(sa.Engine, "before_cursor_execute", retval=True)
def _keep_to_reach(
    connection: sa.Connection, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool
) -> tuple[str, Any]:
    kept_to = reach.current()
    if kept_to is None:
        return statement, parameters
    return filtered(statement, kept_to, connection.dialect.default_schema_name or "main"), parameters


def covered(session: Session, table: str, ids: Iterable[int], condition: str, kept_to: Codes, user_id: int) -> set[int]:
    """Return which of these rows fulfil a condition of GUARDED or CHANGED within these areas. Runs one statement."""
    wanted = ", ".join(str(int(id_)) for id_ in sorted(set(ids)))
    if not wanted:
        return set()
    connection = session.connection()
    schema = connection.dialect.default_schema_name or "main"
    values = {"base": f"{schema}.", "user": str(int(user_id)), "codes": _codes(kept_to)}
    needed = _named_in(condition)
    before = f"WITH {_expressions(needed, kept_to, user_id, schema)} " if needed else ""
    found = connection.exec_driver_sql(
        f"{before}SELECT id FROM {schema}.{table} WHERE id IN ({wanted}) AND ({condition.format(**values)})"
    )
    return {row[0] for row in found}


@sa.event.listens_for(Session, "before_flush")
def _refuse_foreign_changes(session: Session, _context: Any, _instances: Any) -> None:
    """Raise NotYours for a change of a row that the account may not change, before anything is written."""
    kept_to = reach.of_request()
    if kept_to is None or kept_to.changes is None:
        return
    noted: _Noted = session.info.setdefault(_NOTED, _Noted())
    new = {(record.__tablename__, record.id) for record in noted.made}
    touched: dict[str, set[int]] = defaultdict(set)
    asked: dict[str, set[int | None]] = defaultdict(set)  # by new invitations: an account asks only people whom it sees
    with session.no_autoflush:
        for record in [*session.dirty, *session.deleted]:
            if record.__tablename__ in CHANGED and (record in session.deleted or session.is_modified(record)):
                touched[record.__tablename__].add(record.id)
        for record in session.new:
            if record.__tablename__ in CHANGED:
                noted.made.append(record)
            if record.__tablename__ in ("invitation", "poll_invitee"):
                for party in ("person", "organisation"):
                    known = getattr(record, party)
                    asked[party].add(getattr(record, f"{party}_id") or (known.id if known is not None else None))
    for found, conditions_of, rows in ((touched, CHANGED, True), (asked, GUARDED, False)):
        for name, ids in found.items():
            old = {id_ for id_ in ids if id_ is not None and (name, id_) not in new}
            _require(session, name, old, conditions_of[name], kept_to)
            if rows:
                noted.changed[name] |= old
    for record in session.deleted:
        noted.changed[record.__tablename__].discard(getattr(record, "id", 0))


@sa.event.listens_for(Session, "before_commit")
def _refuse_foreign_results(session: Session) -> None:
    """Raise NotYours if a new row, or one as it is now, is none that the account may change."""
    kept_to = reach.of_request()
    if kept_to is None or kept_to.changes is None:
        return
    session.flush()
    noted: _Noted = session.info.pop(_NOTED, _Noted())
    for record in noted.made:
        table = record.__tablename__
        if table not in NEW_ANYWHERE and sa.inspect(record).persistent:
            _require(session, table, {record.id}, (GUARDED if table in NEW_IF_SEEN else CHANGED)[table], kept_to)
    for table in KEPT.intersection(noted.changed):
        _require(session, table, noted.changed[table], CHANGED[table], kept_to)


@sa.event.listens_for(Session, "after_soft_rollback")
def _forget_additions(session: Session, _previous: Any) -> None:
    session.info.pop(_NOTED, None)


def _require(session: Session, table: str, ids: set[int], condition: str, kept_to: Reach) -> None:
    assert kept_to.changes is not None
    with session.no_autoflush, reach.unfiltered():
        if ids - covered(session, table, ids, condition, kept_to.changes, kept_to.user_id):
            raise NotYours(f"{table} {sorted(ids)}")

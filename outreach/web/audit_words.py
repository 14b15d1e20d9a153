"""The audit log's words: each action, kind of record and detail, as a reader says it."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from outreach.delivery.wording import LABELS, clock, short_day

SUBJECTS: dict[str, Any] = {
    "activity": _l("Activity"),
    "attendance": _l("Attendance"),
    "invitation": _l("Invitation"),
    "link": _l("Answer link"),
    "message": _l("Message"),
    "message_text": _l("Text"),
    "office": _l("Office"),
    "organisation": _l("Organisation"),
    "person": _l("Person"),
    "programme": _l("Programme"),
    "reminder_rule": _l("Reminder rule"),
    "user": _l("Account"),
    "venue": _l("Venue"),
}
VERBS: dict[str, Any] = {
    "added": _l("added"),
    "agenda_set": _l("agenda changed"),
    "answer_recorded": _l("answer recorded"),
    "attendance_ticked": _l("attendance ticked"),
    "cancelled": _l("cancelled"),
    "changed": _l("changed"),
    "copied": _l("copied"),
    "created": _l("created"),
    "deleted": _l("deleted"),
    "edited": _l("changed"),
    "erased": _l("data erased"),
    "exported": _l("data exported"),
    "imported": _l("imported"),
    "invited": _l("people invited"),
    "merged": _l("merged"),
    "moved": _l("moved"),
    "nominees_recorded": _l("nominees recorded"),
    "password_changed": _l("own password changed"),
    "password_renewed": _l("new password made"),
    "published": _l("published"),
    "quota_set": _l("quota changed"),
    "removed": _l("removed"),
    "renewed": _l("new link made"),
    "resent": _l("sent again"),
    "reset": _l("set back to the default"),
    "revoked": _l("link revoked"),
    "set_up": _l("set up"),
    "walk_in": _l("came uninvited"),
    "withdrawn": _l("withdrawn"),
}
DETAILS: dict[str, Any] = {
    "activity": _l("activity"),
    "active": _l("may sign in"),
    "address": _l("address"),
    "capacity": _l("capacity"),
    "changed": _l("changed"),
    "contact_name": _l("contact"),
    "contact_phone": _l("contact's phone"),
    "deadline_days": _l("days for answers"),
    "description": _l("description"),
    "email": _l("e-mail"),
    "ends_at": _l("end"),
    "ends_on": _l("last day"),
    "full_name": _l("name"),
    "lines": _l("lines"),
    "locale": _l("language"),
    "name": _l("name"),
    "named": _l("named"),
    "new": _l("new"),
    "old_ends_at": _l("old end"),
    "old_starts_at": _l("old start"),
    "old_venue": _l("old venue"),
    "old_zone": _l("old time zone"),
    "phone": _l("phone"),
    "present": _l("present"),
    "public_title": _l("public title"),
    "quota": _l("quota"),
    "reason": _l("reason"),
    "region_code": _l("region"),
    "respond_by_at": _l("answers until"),
    "role": _l("role"),
    "short_name": _l("short name"),
    "source": _l("how"),
    "starts_at": _l("start"),
    "starts_on": _l("first day"),
    "state": _l("state"),
    "title": _l("title"),
    "venue_id": _l("venue"),
    "zone": _l("time zone"),
}
PAGES = {
    "activity": ("activities.show", "activity_id"),
    "invitation": ("invitations.show", "invitation_id"),
    "message": ("messages.show", "message_id"),
    "office": ("office.edit", ""),
    "organisation": ("organisations.show", "organisation_id"),
    "person": ("people.show", "person_id"),
    "programme": ("programmes.show", "programme_id"),
    "user": ("users.edit", "user_id"),
    "venue": ("venues.edit", "venue_id"),
}
_WORDS = {value: words for (_, value), words in LABELS.items()}


def verb(action: str) -> str:
    """Return what was done: "published" for "activity.published"; an unknown action as it is written."""
    name = action.partition(".")[2] or action
    return str(VERBS.get(name, name.replace("_", " ")))


def subject(subject_type: str) -> str:
    return str(SUBJECTS.get(subject_type, subject_type.replace("_", " ")))


def details(detail: dict[str, Any], zone: ZoneInfo) -> list[str]:
    """Return an entry's details as "word: value", or "word: before → after"; instants by the zone's clock."""
    return [
        f"{DETAILS.get(key, key.replace('_', ' '))}: {_value(value, zone)}"
        for key, value in detail.items()
        if value not in ("", None, [])
    ]


def page_of(row: Any, endpoints: Any) -> tuple[str, dict[str, int]] | None:
    """Return the endpoint and values of the page of what an entry is about, where there is one."""
    endpoint, key = PAGES.get(row.subject_type, ("", ""))
    if endpoint not in endpoints or row.action.endswith((".deleted", ".removed", ".erased")):
        return None
    return endpoint, {key: row.subject_id} if key else {}


def _value(value: Any, zone: ZoneInfo) -> str:
    if isinstance(value, list) and len(value) == 2:
        return f"{_one(value[0], zone)} → {_one(value[1], zone)}"
    if isinstance(value, list):
        return ", ".join(_one(v, zone) for v in value)
    return _one(value, zone)


def _one(value: Any, zone: ZoneInfo) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, StrEnum) or (isinstance(value, str) and value in _WORDS):
        return str(_WORDS[str(value)])
    if isinstance(value, str):
        return str(DETAILS[value]) if value in DETAILS else _instant(value, zone)
    return str(value)


def _instant(text: str, zone: ZoneInfo) -> str:
    if len(text) < 16 or text[4:5] != "-":
        return text
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return text
    return f"{short_day(instant, zone)} {clock(instant, zone)}" if instant.tzinfo else text

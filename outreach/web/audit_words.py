"""The audit log's words: each action, kind of record and detail, as a reader says it."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from outreach.delivery.texts import KEYS
from outreach.delivery.wording import LABELS, clock, language, short_day
from outreach.domain import zones
from outreach.services.rules import DEFAULTS
from outreach.web.rule_words import rule_words

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
    "reminders_resumed": _l("reminders sent again"),
    "reminders_stopped": _l("reminders stopped"),
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
    "activities": _l("activities"),
    "activity": _l("activity"),
    "active": _l("may sign in"),
    "address": _l("address"),
    "at": _l("time of day"),
    "audience": _l("to"),
    "capacity": _l("capacity"),
    "changed": _l("changed"),
    "completed": _l("completed"),
    "contact_name": _l("contact"),
    "contact_phone": _l("contact's phone"),
    "days": _l("days"),
    "deadline_days": _l("days for answers"),
    "description": _l("description"),
    "email": _l("e-mail"),
    "enabled": _l("switched on"),
    "ends_at": _l("end"),
    "ends_on": _l("last day"),
    "full_name": _l("name"),
    "kind": _l("kind"),
    "kinds": _l("cadre of"),
    "lines": _l("lines"),
    "locale": _l("language"),
    "name": _l("name"),
    "name_given": _l("name"),
    "named": _l("named"),
    "new": _l("new"),
    "note": _l("note"),
    "old_ends_at": _l("old end"),
    "old_starts_at": _l("old start"),
    "old_venue": _l("old venue"),
    "old_zone": _l("old time zone"),
    "organisation_id": _l("organisation"),
    "phone": _l("phone"),
    "post": _l("post"),
    "present": _l("present"),
    "public_title": _l("public title"),
    "purpose": _l("purpose"),
    "quota": _l("quota"),
    "reason": _l("reason"),
    "refused": _l("refused"),
    "region_code": _l("region"),
    "registration_at": _l("registration opens"),
    "respond_by_at": _l("answers until"),
    "role": _l("role"),
    "sector": _l("sector"),
    "sex": _l("sex"),
    "short_name": _l("short name"),
    "source": _l("how"),
    "starts_at": _l("start"),
    "starts_on": _l("first day"),
    "state": _l("state"),
    "text": _l("text"),
    "things_to_bring": _l("things to bring"),
    "title": _l("title"),
    "title_after": _l("titles after the name"),
    "title_before": _l("titles before the name"),
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
# What is stored as a number or a key: that it changed can be said, from what to what cannot.
_UNSAID = frozenset({"venue_id", "region_code", "organisation_id", "text", "description", "purpose"})
_REFERENCES: dict[str, Any] = {
    "message": _l("message no. %(number)s"),
    "invitation": _l("invitation no. %(number)s"),
    "copied_from": _l("copied from no. %(number)s"),
}
_LONGEST = 80  # characters of a value
_WORDS = {value: words for (_, value), words in LABELS.items()}


def verb(action: str) -> str:
    """Return what was done: "published" for "activity.published"; an unknown action as it is written."""
    name = action.partition(".")[2] or action
    return str(VERBS.get(name, name.replace("_", " ")))


def subject(subject_type: str) -> str:
    return str(SUBJECTS.get(subject_type, subject_type.replace("_", " ")))


def name(row: Any) -> str:
    """Return what an entry is about by name; a rule and a text by their words, not by their keys."""
    key, comma, scope = row.subject_name.partition(", ")
    if row.subject_type == "reminder_rule" and key in DEFAULTS:
        return f"{rule_words(DEFAULTS[key])}{comma}{scope}"
    text, _, locale = key.partition(" (")
    if row.subject_type == "message_text" and text in KEYS:
        return f"{KEYS[text]} ({locale}{comma}{scope}"
    return row.subject_name or f"#{row.subject_id or ''}"


def details(detail: dict[str, Any], zone: ZoneInfo) -> list[str]:
    """Return an entry's details as "Word: value", or "Word: before → after"; instants by the zone's clock."""
    lines: list[str] = []
    for key, value in detail.items():
        if isinstance(value, dict):
            lines += details(value, zone)
        elif value not in ("", None, []):
            lines.append(_line(key, value, zone))
    return lines


def page_of(row: Any, endpoints: Any) -> tuple[str, dict[str, int]] | None:
    """Return the endpoint and values of the page of what an entry is about, where there is one."""
    endpoint, key = PAGES.get(row.subject_type, ("", ""))
    if (
        endpoint not in endpoints
        or (key and row.subject_id is None)
        or row.action.endswith((".deleted", ".removed", ".erased"))
    ):
        return None
    return endpoint, {key: row.subject_id} if key else {}


def _line(key: str, value: Any, zone: ZoneInfo) -> str:
    if key in _REFERENCES:
        return _capital(str(_REFERENCES[key]) % {"number": value})
    word = _capital(str(DETAILS.get(key, key.replace("_", " "))))
    if key == "changed" and isinstance(value, list):
        return f"{word}: {', '.join(str(DETAILS.get(name, name)) for name in value)}"
    if key in _UNSAID:
        return f"{word}: {DETAILS['changed']}"
    said = _value(value, zone)
    return f"{word}: {said.replace(':', '.') if key == 'at' and language() == 'id' else said}"


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _value(value: Any, zone: ZoneInfo) -> str:
    if isinstance(value, list) and len(value) == 2:
        return f"{_one(value[0], zone)} → {_one(value[1], zone)}"
    if isinstance(value, list):
        return ", ".join(_one(v, zone) for v in value)
    return _one(value, zone)


def _one(value: Any, zone: ZoneInfo) -> str:
    if value is None or value in ("", "None"):
        return "–"
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, StrEnum) or (isinstance(value, str) and value in _WORDS):
        return str(_WORDS[str(value)])
    if value in zones.NAMES:
        return zones.NAMES[value]
    return _instant(value, zone) if isinstance(value, str) else str(value)


def _instant(text: str, zone: ZoneInfo) -> str:
    if len(text) < 16 or text[4:5] != "-":
        return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return text[:_LONGEST]
    return f"{short_day(instant, zone)} {clock(instant, zone)}" if instant.tzinfo else text

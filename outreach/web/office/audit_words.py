"""The audit log's words: each action, kind of record and detail in the user's language."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from outreach.delivery.mail.texts import CALL_KEYS, KEYS, RULE_PREFIX
from outreach.delivery.words.calls import OUTCOMES
from outreach.delivery.words.formats import clock, language, short_day
from outreach.delivery.words.labels import LABELS, LIST_LABELS, STAFF_LABELS
from outreach.domain import zones
from outreach.domain.answers import AnsweredBy
from outreach.domain.kinds import IncomingKind, IncomingOutcome, ListName
from outreach.domain.mail.address_faults import AddressFault
from outreach.domain.mail.incoming import IncomingReason, Participation
from outreach.services.reminders.edit_rules import EXTRA
from outreach.services.reminders.rules import DEFAULTS
from outreach.web.planning_rules import words as planning_rule_words
from outreach.web.reminders.words import rule_words

SUBJECTS: dict[str, Any] = {
    "activity": _l("Activity"),
    "attendance": _l("Attendance"),
    "certificate": _l("Certificate"),
    "data_request": _l("Request about personal data"),
    "date_poll": _l("Date poll"),
    "case_count": _l("Cases in the city"),
    "device": _l("Device"),
    "feed": _l("Calendar address"),
    "follow_up": _l("Task from a meeting"),
    "incoming_mail": _l("Mail received"),
    "indicator_year": _l("Indicators of Kota Layak Anak"),
    "invitation": _l("Invitation"),
    "kelurahan_map": _l("Map of the kelurahan"),
    "ladder_rung": _l("Ladder"),
    "letter": _l("Letter"),
    "link": _l("Answer link"),
    "list": _l("List"),
    "message": _l("Message"),
    "minutes": _l("Minutes"),
    "message_text": _l("Text"),
    "office": _l("Office"),
    "office_certificates": _l("How certificates are written"),
    "office_letters": _l("How letters are written"),
    "organisation": _l("Organisation"),
    "people_group": _l("Group of people"),
    "person": _l("Person"),
    "plan_settings": _l("What counts as a clash"),
    "post": _l("Post"),
    "placement": _l("Placement"),
    "privacy_text": _l("Privacy text"),
    "programme": _l("Programme"),
    "reading_link": _l("Link for reading"),
    "reminder_rule": _l("Reminder rule"),
    "trusted_root": _l("Root certificate"),
    "user": _l("Account"),
    "venue": _l("Venue"),
}
VERBS: dict[str, Any] = {
    "entered": _l("entered"),
    "settled": _l("answered"),
    "consent_recorded": _l("a parent's consent recorded"),
    "consent_withdrawn": _l("a parent's consent withdrawn"),
    "retention_changed": _l("how long data is kept changed"),
    "asked_instead": _l("asked in somebody's place"),
    "absence_added": _l("absence entered"),
    "absence_added_by_link": _l("absence entered by the invitee's link, while signed in"),
    "absence_removed": _l("absence removed"),
    "absence_removed_by_link": _l("absence removed by the invitee's link, while signed in"),
    "added": _l("added"),
    "address_allowed": _l("mails to the address allowed again"),
    "agenda_set": _l("agenda changed"),
    "answer_recorded": _l("answer recorded"),
    "answer_undone_by_link": _l("answer undone by the invitee's link, while signed in"),
    "answered_by_link": _l("answered by the invitee's link, while signed in"),
    "asked": _l("people asked"),
    "attendance_settled": _l("said how it was at the entrance"),
    "link_renewed": _l("link renewed"),
    "left": _l("recorded that somebody left"),
    "came_back": _l("recorded that somebody came back"),
    "attendance_ticked": _l("attendance ticked"),
    "called": _l("called"),
    "calendar_added": _l("calendar of absences added"),
    "calendar_added_by_link": _l("calendar of absences added by the invitee's link, while signed in"),
    "calendar_removed": _l("calendar of absences removed"),
    "calendar_removed_by_link": _l("calendar of absences removed by the invitee's link, while signed in"),
    "cancelled": _l("cancelled"),
    "certificate_revoked": _l("certificate revoked"),
    "certificates_made": _l("certificates made"),
    "changed": _l("changed"),
    "checked": _l("file checked again"),
    "clash_intended": _l("clash marked as intended"),
    "clash_not_intended": _l("mark “intended” taken back"),
    "closed": _l("closed"),
    "composed": _l("letter written"),
    "copied": _l("copied"),
    "created": _l("created"),
    "dates_recorded": _l("dates that suit recorded"),
    "dealt_with": _l("handled"),
    "decided": _l("date chosen"),
    "declined_because_by_link": _l("reason for not coming given by the invitee's link, while signed in"),
    "deleted": _l("deleted"),
    "done": _l("done"),
    "documentation_saved": _l("press text, or who sees the photos"),
    "downloaded": _l("downloaded as a file"),
    "edited": _l("changed"),
    "ended": _l("ended"),
    "erased": _l("data erased"),
    "exported": _l("data exported"),
    "factor_added": _l("second factor set up"),
    "factor_removed": _l("second factor removed"),
    "factors_reset": _l("second factors reset"),
    "feedback_questions_set": _l("questions of the feedback changed"),
    "dropped": _l("dropped"),
    "handed_over": _l("handed over"),
    "holder_added": _l("holder entered"),
    "holder_changed": _l("goes to the new holder of the post"),
    "holder_edited": _l("holder corrected"),
    "holder_kept": _l("could not go to the new holder of the post"),
    "holder_removed": _l("holder removed"),
    "import_undone": _l("import undone"),
    "imported": _l("imported"),
    "indicators_set": _l("indicators of Kota Layak Anak set"),
    "invitations_set": _l("moment of the invitations chosen"),
    "invited": _l("people invited"),
    "issued": _l("certificate made"),
    "kept_as_new": _l("kept as a new person"),
    "letter_first": _l("whether mails wait for the signed letter"),
    "loaded": _l("loaded"),
    "made": _l("made from the plan"),
    "material_added": _l("file added for a speaker"),
    "material_removed": _l("file of a speaker removed"),
    "material_removed_by_link": _l("file removed by the speaker's link, while signed in"),
    "material_sent_by_link": _l("file sent by the speaker's link, while signed in"),
    "materials_days_set": _l("time for materials changed"),
    "materials_hidden": _l("materials hidden from attendees"),
    "materials_shown": _l("materials shown to attendees"),
    "merged": _l("merged"),
    "moved": _l("moved"),
    "name_corrected": _l("certificate with a corrected name made"),
    "new_date": _l("new date set"),
    "noted": _l("noted"),
    "number_allowed": _l("phone number used again"),
    "needed_set": _l("needed or not in a date poll"),
    "nominees_recorded": _l("nominees recorded"),
    "old_links_blocked": _l("old links blocked, so that they stop no reminders any more"),
    "open": _l("open again"),
    "password_chosen_by_mail": _l("password chosen by the link in a mail"),
    "photo_removed": _l("photo deleted"),
    "photos_added": _l("photos added"),
    "photos_described": _l("captions of photos changed"),
    "photos_ordered": _l("photos put in another order"),
    "opened": _l("opened, and everybody asked"),
    "opened_again": _l("opened again"),
    "password_changed": _l("own password changed"),
    "password_renewed": _l("new password made"),
    "poll_left": _l("not asked in the date poll any more"),
    "postponed": _l("postponed"),
    "profile_changed_by_link": _l("biography or photo changed by the speaker's link, while signed in"),
    "printed": _l("taken as a file for printing"),
    "published": _l("published"),
    "recorded_undone": _l("recorded answer undone"),
    "question_settled": _l("question from a call settled"),
    "quota_set": _l("quota changed"),
    "recovery_code_used": _l("signed in with a recovery code"),
    "recovery_codes_made": _l("recovery codes made"),
    "reminded": _l("reminded by hand"),
    "reminders_resumed": _l("reminders sent again"),
    "reminders_resumed_by_link": _l("reminders sent again by the invitee's link, while signed in"),
    "reminders_stopped": _l("reminders stopped"),
    "reminders_stopped_by_old_link": _l("reminders stopped by a link that was replaced"),
    "assistant_mails_stopped": _l("mails to their adjutant or secretary stopped by that person's link"),
    "assistant_mails_resumed": _l("mails to their adjutant or secretary resumed by that person's link"),
    "reminders_stopped_by_link": _l("reminders stopped by the invitee's link, while signed in"),
    "restored": _l("all data restored from a backup"),
    "removed": _l("removed"),
    "renewed": _l("new link made"),
    "reopened": _l("to be handled again"),
    "reply_recorded": _l("what the chair said recorded"),
    "replaced": _l("list replaced"),
    "resent": _l("sent again"),
    "representative_undone": _l("undone who comes in their place"),
    "reset": _l("set back to the default"),
    "returned": _l("file came back"),
    "revoked": _l("link revoked"),
    "scanned": _l("scans received from a device"),
    "sent": _l("sent out"),
    "set_up": _l("set up for the first time"),
    "signed": _l("accepted as signed"),
    "signed_list_kept": _l("signed list uploaded"),
    "signed_list_read": _l("signed list read"),
    "signed_list_removed": _l("file of the signed list removed"),
    "started": _l("search started"),
    "stopped": _l("search stopped"),
    "walk_in": _l("came uninvited"),
    "substituted": _l("swapped for somebody else"),
    "taken": _l("taken over"),
    "taken_to_sign": _l("taken to be signed"),
    "taken_to_srikandi": _l("taken to Srikandi"),
    "taken_to_word": _l("taken to be finished in Word"),
    "topic_proposed_by_link": _l("topic proposed by the speaker's link, while signed in"),
    "topic_refused": _l("proposed topic not taken over"),
    "topic_taken_over": _l("proposed topic taken over"),
    "undone": _l("undone"),
    "whatsapp_opened": _l("WhatsApp opened with a text"),
    "without_letter": _l("people invited without a letter"),
    "withdrawn": _l("withdrawn"),
}
DETAILS: dict[str, Any] = {
    "activities": _l("activities"),
    "activity": _l("activity"),
    "active": _l("may sign in"),
    "address": _l("address"),
    "asked": _l("asked"),
    "at": _l("time of day"),
    "audience": _l("to"),
    "capacity": _l("capacity"),
    "changed": _l("changed"),
    "clash": _l("clash"),
    "closes_at": _l("closes"),
    "completed": _l("completed"),
    "confirms_answers": _l("answers confirmed by mail"),
    "contact_name": _l("contact"),
    "contact_phone": _l("contact's phone"),
    "dated_on": _l("letter’s date"),
    "days": _l("days"),
    "deadline_days": _l("days for answers"),
    "materials_days": _l("days for materials"),
    "follow_up_days": _l("days for reminders of tasks"),
    "description": _l("description"),
    "device": _l("device"),
    "email": _l("e-mail"),
    "enabled": _l("switched on"),
    "ends_at": _l("end"),
    "ends_on": _l("last day"),
    "file": _l("file"),
    "first": _l("first question"),
    "failed": _l("failed"),
    "fingerprint": _l("fingerprint"),
    "full_name": _l("name"),
    "gone": _l("gone"),
    "holds_as": _l("as"),
    "first_scan": _l("first scan"),
    "indicators": _l("indicators"),
    "invitations": _l("invitations"),
    "invitations_at": _l("invitations go out"),
    "invited": _l("invited"),
    "kind": _l("kind"),
    "kinds": _l("cadre of"),
    "last_scan": _l("last scan"),
    "left": _l("left as they are"),
    "letter": _l("letter"),
    "letter_first": _l("mails wait for the signed letter"),
    "lines": _l("lines"),
    "latitude": _l("position on the map"),
    "locale": _l("language"),
    "longitude": _l("position on the map"),
    "mails_from": _l("mails from"),
    "mails_until": _l("mails until"),
    "name": _l("name"),
    "name_given": _l("name"),
    "rungs": _l("rungs"),
    "outcome": _l("what came of it"),
    "named": _l("named"),
    "needed": _l("needed"),
    "new": _l("new"),
    "note": _l("note"),
    "agrees": _l("agrees"),
    "mails": _l("mails"),
    "without_mail": _l("without mail"),
    "was": _l("before"),
    "number": _l("number"),
    "old_ends_at": _l("old end"),
    "old_starts_at": _l("old start"),
    "old_venue": _l("old venue"),
    "old_zone": _l("old time zone"),
    "organisation_id": _l("organisation"),
    "phone": _l("phone"),
    "phones_on_lists": _l("phone numbers on lists for signing"),
    "poll": _l("date poll"),
    "post": _l("post"),
    "present": _l("present"),
    "public_title": _l("public title"),
    "purpose": _l("purpose"),
    "press_title": _l("title of the press text"),
    "quota": _l("quota"),
    "reason": _l("reason"),
    "refused": _l("refused"),
    "region_code": _l("region"),
    "registration_at": _l("registration opens"),
    "removed": _l("removed"),
    "repeats": _l("how often"),
    "renamed": _l("renamed"),
    "replaced": _l("replaces a former file"),
    "respond_by_at": _l("answers until"),
    "restored": _l("as before"),
    "role": _l("role"),
    "areas": _l("areas"),
    "access_until": _l("may sign in until"),
    "stands_in_for": _l("stands in for"),
    "scope": _l("what it shows"),
    "rows": _l("rows"),
    "sector": _l("sector"),
    "scans": _l("scans"),
    "sent": _l("sent by mail"),
    "sex": _l("sex"),
    "age_group": _l("age group"),
    "sha256": _l("SHA-256"),
    "short_name": _l("short name"),
    "slots": _l("proposed times"),
    "source": _l("how"),
    "starts_at": _l("start"),
    "starts_on": _l("first day"),
    "state": _l("state"),
    "text": _l("text"),
    "things_to_bring": _l("things to bring"),
    "title": _l("title"),
    "title_after": _l("titles after the name"),
    "title_before": _l("titles before the name"),
    "unit": _l("what is counted"),
    "venue_id": _l("venue"),
    "version": _l("version"),
    "zone": _l("time zone"),
    **planning_rule_words.DETAILS,
}
FILTERS: dict[str, Any] = {
    "about": _l("about"),
    "activity": _l("activity"),
    "archive": _l("from the archive"),
    "from": _l("from"),
    "kind": _l("cadre of"),
    "no_address": _l("not reached by mail"),
    "organisation": _l("organisation"),
    "person": _l("person"),
    "programme": _l("programme"),
    "q": _l("search words"),
    "region": _l("region"),
    "role": _l("role"),
    "sector": _l("sector"),
    "severity": _l("how grave"),
    "show": _l("shown"),
    "shown_only": _l("shown"),
    "state": _l("state"),
    "time": _l("time"),
    "to": _l("until"),
    "user": _l("done by"),
}
# Words for values of filters that have no label, or whose label means something else.
FILTER_VALUES: dict[tuple[str, str], Any] = {
    ("severity", "block"): _l("Must be solved"),
    ("severity", "warn"): _l("To look at"),
    ("show", "all"): _l("All"),
    ("show", "answers"): _l("Answers from calendars"),
    ("show", "decided"): _l("Decided"),
    ("show", "drafts"): _l("Drafts"),
    ("show", "letters"): _l("Written by people"),
    ("show", "reports"): _l("Delivery reports"),
    ("show", "running"): _l("Running"),
    ("show", "to_read"): _l("To read"),
    ("shown_only", "missing"): _l("Not here yet"),
    ("shown_only", "present"): _l("There"),
    ("state", "failed"): _l("Failed or unknown"),
    ("state", "sent"): _l("Sent"),
    ("state", "skipped"): _l("Not sent"),
    ("state", "unanswered"): _l("Without an answer"),
    ("state", "waiting"): _l("Waiting"),
    ("time", "all"): _l("All"),
    ("time", "coming"): _l("Upcoming"),
    ("time", "past"): _l("Past"),
}
PAGES = {
    "activity": ("activities.show", "activity_id"),
    "certificate": ("certificates.show", "certificate_id"),
    "date_poll": ("polls.show", "poll_id"),
    "data_request": ("data_requests.show", "request_id"),
    "feed": ("feeds.index", ""),
    "incoming_mail": ("incoming.show", "mail_id"),
    "invitation": ("invitations.show", "invitation_id"),
    "letter": ("letters.show", "letter_id"),
    "follow_up": ("followups.show", "follow_up_id"),
    "message": ("messages.show", "message_id"),
    "office": ("office.edit", ""),
    "organisation": ("organisations.show", "organisation_id"),
    "people_group": ("people_groups.edit", "group_id"),
    "person": ("people.show", "person_id"),
    "plan_settings": ("planrules.edit", ""),
    "post": ("posts.show", "post_id"),
    "programme": ("programmes.show", "programme_id"),
    "reading_link": ("readinglinks.index", ""),
    "user": ("users.edit", "user_id"),
    "venue": ("venues.edit", "venue_id"),
}
# Stored as a number or a key: the log can say that it changed, but not from what to what.
_UNSAID = frozenset({"venue_id", "region_code", "organisation_id", "text", "description", "purpose"})
_REFERENCES: dict[str, Any] = {
    "substitute": _l("invitation of the substitute: no. %(number)s"),
    "message": _l("message no. %(number)s"),
    "invitation": _l("invitation no. %(number)s"),
    "copied_from": _l("copied from no. %(number)s"),
    "of_programme": _l("programme no. %(number)s"),
    "of_venue": _l("venue no. %(number)s"),
    "of_person": _l("person no. %(number)s"),
}
_LINKED = "incoming_mail"  # shown as a link
_MARK = "entry"  # the browser's key for an entry that it may send twice; not shown
_LONGEST = 80  # characters of a value
# Lists that the log never names. Some of their values also belong to other lists.
_NEVER_LOGGED = (AddressFault, AnsweredBy, IncomingKind, IncomingOutcome, IncomingReason, Participation)
_WORDS = {one.value: words for one, words in OUTCOMES.items()} | {
    value: words for (kind, value), words in (LABELS | STAFF_LABELS).items() if kind not in _NEVER_LOGGED
}


def verb(action: str) -> str:
    """Return what was done: "published" for "activity.published". An unknown action is returned as written."""
    name = action.partition(".")[2] or action
    return str(VERBS.get(name, name.replace("_", " ")))


def subject(subject_type: str) -> str:
    return str(SUBJECTS.get(subject_type, subject_type.replace("_", " ")))


def name(row: Any, senders: Mapping[int, str] | None = None) -> str:
    """Return the name of an entry's subject. Rules and texts are named by their words, not by their keys.

    senders: of received mails, by id, as far as known.
    """
    if row.subject_type == "list":
        return _list_name(row.subject_name)
    if row.subject_type == "incoming_mail" and senders and row.subject_id in senders:
        return senders[row.subject_id]
    key, comma, scope = row.subject_name.partition(", ")
    if row.subject_type == "reminder_rule" and key in DEFAULTS:
        return f"{rule_words(DEFAULTS[key])}{comma}{scope}"
    if row.subject_type == "reminder_rule" and key.startswith(EXTRA):
        return gettext("An additional rule") + comma + scope
    text, _, locale = key.partition(" (")
    if row.subject_type == "message_text" and text.startswith(RULE_PREFIX):
        return gettext("One rule's own text") + f" ({locale}{comma}{scope}"
    if row.subject_type == "message_text" and (title := KEYS.get(text) or CALL_KEYS.get(text)):
        return f"{title} ({locale}{comma}{scope}"
    return row.subject_name or f"#{row.subject_id or ''}"


def details(detail: dict[str, Any], zone: ZoneInfo) -> list[str]:
    """Return an entry's details as "Word: value" or "Word: before → after". Instants are in the zone."""
    lines: list[str] = []
    for key, value in detail.items():
        if key == "filters":
            lines += [_filter_line(filter, said, zone) for filter, said in value.items()]
        elif isinstance(value, dict):
            lines += details(value, zone)
        elif key not in (_LINKED, _MARK) and value not in ("", None, []):
            lines.append(_line(key, value, zone))
    return lines


def page_of(row: Any, endpoints: Any) -> tuple[str, dict[str, int]] | None:
    """Return endpoint and values of the page about an entry's subject, or None."""
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


def _list_name(stored: str) -> str:
    """Return "Invitees: Rapat koordinasi" for a list's stored name and what it belongs to."""
    name, colon, of = stored.partition(": ")
    return f"{LIST_LABELS[ListName(name)] if name in set(ListName) else name}{colon}{of}"


def _filter_line(filter: str, value: str, zone: ZoneInfo) -> str:
    said = FILTER_VALUES.get((filter, value))
    if said is None and filter in ("no_address", "archive"):
        said = gettext("yes")
    elif said is None and filter == "about":
        said = subject(value)
    elif said is None and filter == "person":
        said = gettext("no. %(number)s", number=value)
    elif said is None:
        said = value if filter == "q" else _one(value, zone)
    return gettext("Filter: %(name)s = %(value)s", name=FILTERS.get(filter, filter), value=said)


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
    if isinstance(value, str) and value.startswith(RULE_PREFIX):
        return gettext("its own text")
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

"""Accounts with an area: how far this request reaches, which pages are the office's, and what must be their own.

Reading needs nothing here: models/access.py filters every statement. A page that is in none of the lists below is closed to
these accounts, and a test fails.
"""

from typing import Any

from flask import abort, current_app, g, request
from flask_login import current_user

from outreach import clock, reach
from outreach.queries import access as records
from outreach.services.office import access
from outreach.services.office.staff import role_of

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

# What belongs to the office as a whole: its settings, rules and texts, programmes, venues, posts, mails received; lists of
# people from files; what reaches across areas, such as everything about a person, many activities at once, placing plans.
OFFICE = frozenset(
    {
        "activities.publish_together", "audit", "calls.allow_number", "certificates.settings",
        "certificates.settings_preview", "certificates.shipped_template", "data_requests", "devices",
        "feedback.usual_questions", "incoming", "invitations.invite_together", "kla", "ladders.add_offered", "ladders.edit",
        "ladders.index", "letters.remove_root", "letters.settings", "letters.settings_preview", "letters.shipped_template",
        "letters.trusted_roots", "letters.word_settings", "letters.word_template", "messages.again", "messages.resend",
        "office", "people.erase", "people.export", "people.import_", "people.import_columns", "people.import_confirm",
        "people.import_correct", "people.import_decide", "people.import_done", "people.import_preview",
        "people.import_refused", "people.import_report", "people.import_undone", "placements", "planrules", "posts.delete",
        "posts.edit", "posts.edit_holder", "posts.follow", "posts.hand_over", "posts.new", "posts.new_holder",
        "posts.remove_holder", "privacy_texts", "programmes.copy", "programmes.delete", "programmes.edit", "programmes.new",
        "programmes.publish", "readinglinks", "reports.delete_case", "reports.own_map", "reports.preview_map",
        "reports.remove_map", "reports.save_case", "reports.use_map", "retention", "rules", "securityevents", "texts",
        "users", "venues.edit", "venues.new", "walkins.decide",
    }
)  # fmt: skip
# What accounts with an area use, each page with what it may show them.
AREA = frozenset(
    {
        "absences", "activities", "attendance", "bell", "calendar", "calls", "certificates", "consents", "documentation",
        "documents", "door", "doorcards", "feedback", "feeds", "findings", "followups", "freetimes", "histories",
        "invitations", "ladders", "letters", "materials", "messages", "minutes", "organisations", "overview", "people",
        "people_groups", "polls", "posts", "programmes", "reports", "scans", "search", "signedlist", "venues", "walkins",
    }
)  # fmt: skip
# Their own settings and sign-ins. Another account's sign-ins are for administrators: the views say so.
OWN_AFFAIRS = frozenset({"account", "goon", "signins", "users.language"})
# Pages with a form that may also be only looked at.
SHOWN = frozenset({"followups.show", "letters.show", "minutes.show", "letters.preview"})
# Calling somebody changes nothing of theirs: whoever is seen may be called.
ONLY_SEEN = frozenset(
    {"calls.person", "calls.organisation", "calls.take", "calls.skip", "calls.open_whatsapp", "followups.whatsapp"}
)
# Which row a part of an address names.
ROWS = {
    "activity_id": "activity",
    "call_id": "call",
    "certificate_id": "certificate",
    "feed_id": "feed",
    "follow_up_id": "follow_up",
    "group_id": "people_group",
    "invitation_id": "invitation",
    "invitee_id": "poll_invitee",
    "letter_id": "letter",
    "mark_id": "intended_clash",
    "organisation_id": "organisation",
    "person_id": "person",
    "poll_id": "date_poll",
    "programme_id": "programme",
    "venue_id": "venue",
}
# Here the person is who comes in somebody's place; the address names the invitation, too.
ONLY_NAMED = frozenset({("ladders.swap", "person_id"), ("materials.photo", "person_id")})


def settle() -> None:
    """Find out how far this request reaches, for the whole of it. Without an account, or for the whole office: no limit."""
    reach.keep_to(None)
    g.lent_role, g.only_looks = None, False
    user: Any = current_user
    if not user.is_authenticated or not access.is_special(user):
        return
    role, found = access.access_of(user, now=clock.now())
    g.lent_role = None if role is role_of(user) else role
    reach.keep_to(found)


def is_offices(endpoint: str) -> bool:
    """Return whether a page is closed to accounts with an area."""
    blueprint = endpoint.partition(".")[0]
    if is_own_affair(endpoint):
        return False
    return endpoint in OFFICE or blueprint in OFFICE or blueprint not in AREA


def opens(endpoint: str) -> bool:
    """Return whether there is such a page, and it is not closed to this account because it has an area."""
    return endpoint in current_app.view_functions and not (reach.of_request() is not None and is_offices(endpoint))


def is_own_affair(endpoint: str) -> bool:
    return endpoint in OWN_AFFAIRS or endpoint.partition(".")[0] in OWN_AFFAIRS


def check() -> None:
    """Refuse an account with an area what is not its own: with 403 if it sees that, otherwise with 404.

    A page that it only sees shows nothing to change.
    """
    kept_to = reach.of_request()
    if kept_to is None:
        return
    endpoint = request.endpoint or ""
    if is_offices(endpoint):
        abort(403)
    if is_own_affair(endpoint):
        return
    if endpoint in ONLY_SEEN:
        if not all(records.sees(ROWS[name], [value]) for name, value in _named()):
            abort(404)
        return
    changes = request.method not in SAFE_METHODS
    form = (
        not changes and endpoint not in SHOWN and "POST" in (request.url_rule.methods or () if request.url_rule else ())
    )
    for name, value in _named():
        table = ROWS.get(name, "")
        if not table or (endpoint, name) in ONLY_NAMED or records.may_change(table, value):
            continue
        if table == "venue" or records.sees(table, [value]):
            if changes or form:
                abort(403)
            g.only_looks = True
        else:
            abort(404)


def _named() -> list[tuple[str, int]]:
    """Return the rows that the address names, as (part of the address, id)."""
    parts = request.view_args or {}
    found = [(name, value) for name, value in parts.items() if name in ROWS and isinstance(value, int)]
    whose = f"{parts.get('kind')}_id"
    found += [(whose, parts[name]) for name in ("subject_id", "id_") if name in parts and whose in ROWS]
    return found

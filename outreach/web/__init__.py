"""The pages. A view parses the request, calls one service or query, and answers.

PAGES names every file of views. Start with frame/access.py: who may open a page.
"""

from importlib import import_module

from flask import Flask, g, has_request_context, request
from flask_login import current_user

from outreach.domain.kinds import LOCALES

# The modules that hold views. Several of one subject share the blueprint in its blueprint.py.
PAGES = (
    "overview", "programmes.views", "activities.views", "activities.agenda", "activities.publish_move_cancel", "free_slots.views",
    "invitations.one", "invitations.lists", "invitations.people", "invitations.groups", "attendance", "directory.people.imports",
    "door.scans", "door.walk_ins", "door.paper", "door.devices", "invitations.together", "directory.groups", "directory.posts",
    "directory.people.records", "directory.people.rights", "directory.organisations", "directory.venues", "clashes.views",
    "planning_rules.views", "timetabling.views", "calendar.views", "calendar.move", "feeds.views", "feeds.files",
    "polls.views", "polls.ask", "polls.decide", "absences.views", "reminders.rules", "reminders.texts", "messages", "inbox",
    "office.audit", "office.accounts", "office.office", "answer_pages.views", "answer_pages.unsubscribe", "answer_pages.absences",
    "ladder.views", "ladder.substitutes",
    "calls.views", "answer_pages.calendar", "answer_pages.poll", "answer_pages.acting", "demo_mailbox", "health", "bell",
    "search", "letters.views", "letters.settings", "letters.word", "letters.bundle", "letters.choose",
    "answer_pages.materials", "answer_pages.decline", "answer_pages.door_code", "door.codes", "door.cards", "door.mode",
    "answer_pages.photos", "documentation.views", "answer_pages.press",
    "answer_pages.feedback", "feedback.views",
    "materials.views", "minutes.views", "minutes.follow_ups", "answer_pages.minutes",
    "letters.returned", "letters.check", "history.views", "documents.bundles", "reports.views", "reports.cases",
    "reports.city_map", "reports.links", "reports.by_link",
    "sign_in.sessions", "sign_in.security_events", "sign_in.go_on", "sign_in.views", "sign_in.reset",
    "certificates.views", "certificates.settings", "certificates.check", "certificates.own", "privacy.retention",
    "privacy.notice", "privacy.requests", "answer_pages.own_data", "privacy.texts", "privacy.consents",
    "kla.views", "kla.lists", "kla.tags",
)  # fmt: skip


def measure() -> None:
    """Refuse a body that is too large, before anything reads it."""
    from outreach.web.frame import bodies

    bodies.measure()


def register(app: Flask) -> None:
    """Connect accounts, headers, filters, error pages and every blueprint to the app."""
    from outreach.web.frame import clean_request
    from outreach.web.frame.accounts import connect as accounts
    from outreach.web.sign_in import anew, first

    app.request_class = clean_request.CleanRequest
    app.url_map.converters.update(int=clean_request.RowId, string=clean_request.Word, default=clean_request.Word)
    accounts.init_app(app)
    first.init_app(app)
    anew.init_app(app)
    modules = [import_module(f"outreach.web.{name}") for name in PAGES]
    for blueprint in dict.fromkeys(module.bp for module in modules):
        app.register_blueprint(blueprint)


def choose_locale() -> str:
    """Return the user's language: from ?lang=, else from the account, else Indonesian."""
    if not has_request_context():
        return "id"
    if (chosen := g.get("locale")) in LOCALES:
        return chosen
    if (asked := request.args.get("lang", "")) in LOCALES:
        return asked
    if current_user and current_user.is_authenticated and current_user.locale in LOCALES:
        return current_user.locale
    return "id"

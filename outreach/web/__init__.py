"""The pages: a view parses, calls one service, answers."""

from importlib import import_module

from flask import Flask, g, has_request_context, request
from flask_login import current_user

from outreach.delivery.wording import LOCALES

BLUEPRINTS = (
    "overview", "programmes", "activities", "freetimes", "invitations", "attendance", "people", "organisations", "venues",
    "findings", "planrules", "placements", "calendar", "feeds", "feedfiles", "polls",
    "absences", "rules", "texts", "messages", "inbox", "audit", "users", "office", "answers", "mailbox", "health",
)  # fmt: skip


def register(app: Flask) -> None:
    """Bind the shell (accounts, headers, filters, error pages) and every blueprint to the app."""
    from outreach.web import incoming, shell

    app.request_class = incoming.CleanRequest
    app.url_map.converters.update(int=incoming.RowId, string=incoming.Word, default=incoming.Word)
    shell.init_app(app)
    for name in (
        "answerstop",
        "answerabsences",
        "answercalendar",
        "answerback",
        "pollanswers",
    ):  # they add their addresses to those of the answer pages
        import_module(f"outreach.web.{name}")
    for name in BLUEPRINTS:
        app.register_blueprint(import_module(f"outreach.web.{name}").bp)


def choose_locale() -> str:
    """Return the reader's language: asked for by ?lang=, else the account's, else Indonesian."""
    if not has_request_context():
        return "id"
    if (chosen := g.get("locale")) in LOCALES:
        return chosen
    if (asked := request.args.get("lang", "")) in LOCALES:
        return asked
    if current_user and current_user.is_authenticated and current_user.locale in LOCALES:
        return current_user.locale
    return "id"

"""The scope of rules and texts in the address: ?programme=…, ?activity=…, or neither for the office."""

from typing import Any

from flask import request, url_for
from flask_babel import gettext as _

from outreach.services.reminders.scopes import Scope


def scope_ids() -> dict[str, int | None]:
    """Return the ids in the current page's address, with the services' parameter names."""
    return {
        "programme_id": request.args.get("programme", type=int),
        "activity_id": request.args.get("activity", type=int),
    }


def scope_query() -> dict[str, Any]:
    """Return the scope as query values for the next page's address."""
    named = {name: request.args.get(name, type=int) for name in ("programme", "activity")}
    return {name: value for name, value in named.items() if value is not None}


def crumbs(scope: Scope, endpoint: str, title: str) -> list[tuple[str, str]]:
    """Return the breadcrumbs from the office's defaults down to the scope."""
    rows: list[Scope] = [scope]
    while not rows[0].is_office:
        rows.insert(0, rows[0].wider)
    return [(title if row.is_office else row.title, url_for(endpoint, **row.query)) for row in rows]  # type: ignore[arg-type]


def scope_words(scope: Scope) -> str:
    """Return in words what the page's values apply to."""
    if scope.activity:
        return _("For this activity only: %(title)s", title=scope.activity.title)
    if scope.programme:
        return _("For the whole programme: %(title)s", title=scope.programme.title)
    return _("For everything your office plans, unless a programme or an activity says otherwise")

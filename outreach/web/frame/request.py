"""Language and origin of a request."""

from flask import request

from outreach.delivery.words.formats import LOCALES


def asked_language() -> str | None:
    asked = request.args.get("lang", "")
    return asked if asked in LOCALES else None


def is_foreign() -> bool:
    """Return whether the browser reports another site as the origin of this request.

    Without a report, it counts as our own; for a post, the token decides.
    """
    return request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}

"""What any request says beside its form: in which language, and whether it comes from another site."""

from flask import request

from outreach.delivery.words.formats import LOCALES


def asked_language() -> str | None:
    asked = request.args.get("lang", "")
    return asked if asked in LOCALES else None


def is_foreign() -> bool:
    """Return whether a browser says that another site sent this post. Those that say nothing are judged by the token."""
    return request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}

"""Language and origin of a request, and whether its page needs a login."""

from urllib.parse import urlsplit

from flask import request

from outreach.domain.kinds import LOCALES

PUBLIC = frozenset(
    {
        "security",
        "reset",
        "answers",
        "lettercheck",
        "certificatecheck",
        "doorcodes",
        "press",
        "feedfiles",
        "readers",
        "health",
        "notice",
        "mailbox",
        "static",
    }
)  # blueprints that need no login

BY_LINK = frozenset({"readers"})  # of them, those with files


def needs_login() -> bool:
    """Return whether the requested page is for staff only. False if there is no such page."""
    return request.endpoint not in (None, "static") and request.blueprint not in PUBLIC


def by_itself() -> bool:
    """Return whether an open page asks for news of its own accord (static/js/requests.js), without anybody's doing."""
    return "X-By-Itself" in request.headers


def names_of_files() -> list[str]:
    """Return the names of the files in the form. Unlike `request.files` this has none of them scanned (uploads.py)."""
    return [file.filename for file in request.unscanned_files.values() if file.filename]  # type: ignore[attr-defined]


def asked_language() -> str | None:
    asked = request.args.get("lang", "")
    return asked if asked in LOCALES else None


def is_from_own_page() -> bool:
    """Return whether the request comes from one of our own pages, or was typed by the user.

    An older browser (Safari before 16.4) does not report the site. Its referrer then has to be a page of ours. What is read
    by a link is read in nobody's name, so that is not asked there.
    """
    if request.blueprint in BY_LINK:
        return True
    if "Sec-Fetch-Site" in request.headers or not request.user_agent.string.startswith("Mozilla/"):
        return not is_foreign()
    return urlsplit(request.referrer or "").netloc == request.host


def is_foreign() -> bool:
    """Return whether the browser reports another site as the origin of this request.

    Without a report, it counts as our own; for a post, the token decides.
    """
    return request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}

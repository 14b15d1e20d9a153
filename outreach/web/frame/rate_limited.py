"""What is said to who was too quick or sent too much, and what is kept for them of what they had typed.

A form that came too often stands in the answer itself, hidden, to be sent again as it was: neither database nor session is
asked for it, so that a limit stays one. What cannot be sent again so (a file, a password) is left to the browser's way back.
"""

import time

from flask import request
from flask_babel import gettext as _

from outreach.extensions import current_settings, limiter
from outreach.web.frame.request import is_foreign

KEPT_MOST = 128 * 1024  # bytes of a body that is read only to be kept
SECRET = frozenset({"password", "new_password", "new_password_confirm"})
_A_MINUTE_S = 60


def wait_s() -> int:
    """Return in how many seconds the limit that was reached lets something through again."""
    limit = limiter.current_limit
    return max(1, int(limit.reset_at - time.time()) if limit else _A_MINUTE_S)


def when_again(seconds: int) -> str:
    """Return when to try again, and what becomes of the form that was sent, in sentences."""
    minutes = -(-seconds // _A_MINUTE_S)
    then = _("Wait a minute, then try again.")
    if minutes > 1:
        then = _("Please try again in %(minutes)d minutes.", minutes=minutes)
    if kept():
        kept_here = _("What you entered is kept on this page, and sent as it is once you press the button.")
        return f"{then} {kept_here}"
    return f"{then} {way_back()}" if request.method == "POST" else then


def kept() -> list[tuple[str, str]]:
    """Return the names and values of the form that was sent; none where it cannot be sent again as it was."""
    length = request.content_length
    if request.method != "POST" or length is None or length > KEPT_MOST or is_foreign():
        return []
    if not SECRET.isdisjoint(request.form) or any(one.filename for one in request.files.values()):
        return []
    return list(request.form.items(multi=True))


def here() -> str:
    """Return the address that was asked for, with its query, to go or to send to once more."""
    return request.full_path.rstrip("?")


def way_back() -> str:
    return _("Go back with your browser’s own button: in most browsers what you typed still stands there.")


def too_large() -> str:
    """Return what to do about a body larger than is taken."""
    told = _(
        "Nothing was changed. A file may have %(megabytes)s MB at most: choose a smaller one.",
        megabytes=current_settings().upload_limit_mb,
    )
    return f"{told} {way_back()}"

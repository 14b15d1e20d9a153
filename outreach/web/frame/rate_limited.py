"""The page for users who were too fast or sent too much, and how their typed values are kept.

A refused form is included in the answer, hidden, so that it can be sent again unchanged. This uses neither database nor
session, so the limit still protects them. If a form cannot be sent again this way (a file, a password), the user goes
back in the browser.
"""

import time

from flask import current_app, request
from flask_babel import gettext as _
from flask_login import current_user

from outreach.extensions import current_settings, limiter
from outreach.web.frame.bodies import TooMuchInForm, most_here, most_of_staff
from outreach.web.frame.request import is_foreign, names_of_files

KEPT_MOST = 128 * 1024  # bytes; larger bodies are not kept
SECRET = frozenset({"password", "new_password", "new_password_confirm"})
_A_MINUTE_S = 60
WAIT_S = "outreach_wait_s"  # of a request: seconds that a try of a password has to wait


def wait_s() -> int:
    """Return in how many seconds the limit allows a request again."""
    if WAIT_S in request.__dict__:  # a password was tried too often
        return int(request.__dict__[WAIT_S])
    limit = limiter.current_limit
    return max(1, int(limit.reset_at - time.time()) if limit else _A_MINUTE_S)


def at_sign_in() -> bool:
    """Return whether somebody who wants to sign in has to wait, because of wrong passwords."""
    return WAIT_S in request.__dict__ and not current_user.is_authenticated


def when_again(seconds: int) -> str:
    """Return, in sentences, when to try again and what happens to the form."""
    minutes = -(-seconds // _A_MINUTE_S)
    then = _("Wait a minute, then try again.")
    if minutes > 1:
        then = _("Please try again in %(minutes)d minutes.", minutes=minutes)
    if at_sign_in():
        by_mail = _(
            "If this stays so, ask for a new password by mail: on the device on which you choose it, nobody else's tries count."
        )
        return f"{then} {by_mail}"
    if kept():
        kept_here = _("What you entered is kept on this page, and sent as it is once you press the button.")
        return f"{then} {kept_here}"
    return f"{then} {way_back()}" if request.method == "POST" else then


def kept() -> list[tuple[str, str]]:
    """Return names and values of the sent form; empty if it cannot be sent again unchanged."""
    length = request.content_length
    if request.method != "POST" or length is None or length > KEPT_MOST or is_foreign():
        return []
    if not SECRET.isdisjoint(request.form) or names_of_files():
        return []
    return list(request.form.items(multi=True))


def here() -> str:
    """Return the requested address with its query, to open it or send to it again."""
    return request.full_path.rstrip("?")


def way_back() -> str:
    return _("Go back with your browser’s own button: in most browsers what you typed still stands there.")


def too_large(error: Exception, most_mb: int = 0) -> tuple[str, str]:
    """Return as title and text what to do about a body that is too large.

    most_mb: how large a file may be here, if less than elsewhere.
    """
    if isinstance(error, TooMuchInForm):
        return _("Too much was sent at once"), _("Nothing was changed. This is far more than the page asks for.")
    most = most_of_staff() if current_user.is_authenticated else most_here()
    if most < 1024**2:
        told = _("Nothing was changed. At most %(kilobytes)s KB can be sent here.", kilobytes=most // 1024)
        return _("Too much was sent at once"), told
    if current_user.is_authenticated and most > current_app.config["MAX_CONTENT_LENGTH"]:
        told = _(
            "Nothing was changed. What is sent at once may have %(megabytes)s MB together: choose fewer files.",
            megabytes=most // 1024**2,
        )
        return _("Too much was sent at once"), f"{told} {way_back()}"
    told = _(
        "Nothing was changed. A file may have %(megabytes)s MB at most: choose a smaller one.",
        megabytes=most_mb or current_settings().upload_limit_mb,
    )
    return _("This file is too large"), f"{told} {way_back()}"

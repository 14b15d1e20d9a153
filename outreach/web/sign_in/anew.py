"""Asking once more who it is, before what would do most harm in a stranger's hands: accounts, secret links, lists and data of
people, erasing, one's own factors, ending sessions. A page left open on a desk then gives nobody those.

It asks before a form is shown, and leaves half an hour more to send it. What is sent later still is kept, and sent once the
password was given and a button pressed (frame/kept_forms.py), so nothing that was typed is lost.
"""

import time
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, flash, redirect, request, session, url_for
from flask_babel import gettext as _
from flask_login import current_user

from outreach.extensions import current_settings
from outreach.web.exports import file
from outreach.web.frame.access import from_script
from outreach.web.frame.areas import SAFE_METHODS
from outreach.web.frame.sign_in import kept_forms

FORMS = frozenset({
    "users.new", "users.edit", "feeds.index", "feeds.new", "feeds.renew", "readinglinks.new", "people.erase",
    "security.two_factor_setup", "security.wan_register", "security.mf_recovery_codes",
})  # fmt: skip
BUTTONS = frozenset(
    {
        "users.renew_password",
        "users.reset_factors",
        "people.export",
        "people.renew_link",
        "invitations.renew_link",
        "organisations.renew_link",
        "retention.save",
        "security.wan_delete",
        "signins.end",
        "signins.end_others",
        "signins.end_of_other",
        "signins.end_all",
    }
)  # fmt: skip  without a page of their own
WITHOUT_PEOPLE = frozenset(
    {
        "activities",
        "devices",
        "feedback",
        "placements",
        "programmes",
        "reports",
        "rules",
        "texts",
        "venues",
    }
)  # fmt: skip  blueprints whose files name nobody; every other list is asked for anew
TO_SEND_S = 1800  # how much longer a form may be sent that was shown in time


def init_app(app: Flask) -> None:
    app.before_request(_ask)


def _ask() -> Any:
    if not _matters() or not current_user.is_authenticated or is_fresh():
        return None
    if from_script():
        return Response(_("Sign in again."), 401, mimetype="text/plain")
    if request.method in SAFE_METHODS:
        return redirect(url_for("security.verify", next=request.full_path.rstrip("?")))
    if (kept := kept_forms.keep()) and set(request.form) - {kept_forms.TOKEN}:
        return redirect(url_for("security.verify", next=kept))
    flash(_("Please confirm first that it is you. Then press the button once more."), "info")
    return redirect(url_for("security.verify", next=_page_before()))


def _matters() -> bool:
    return request.endpoint in FORMS | BUTTONS or (request.blueprint not in WITHOUT_PEOPLE and bool(file.asked()))


def is_fresh() -> bool:
    """Return whether somebody has given the password or a passkey lately enough for this request."""
    limit_s = current_settings().ask_anew_minutes * 60
    if request.method not in SAFE_METHODS and request.endpoint in FORMS:
        limit_s += TO_SEND_S
    return bool(time.time() - session.get("fs_paa", 0) < limit_s)


def _page_before() -> str:
    """Return the page on which the button is; a form's own page is where it was sent to."""
    if request.endpoint in FORMS:
        return request.full_path.rstrip("?")
    before = urlsplit(request.referrer or "")
    return (before.path or "/") if before.netloc == request.host else "/"

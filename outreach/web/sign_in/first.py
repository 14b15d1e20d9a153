"""What an account has to do before anything else: change a first password, set up a second factor. Nothing else is
reachable meanwhile, by whatever way it was signed in.
"""

import time
from typing import Any

from flask import Flask, Response, current_app, redirect, request, session, url_for
from flask_babel import gettext as _
from flask_login import current_user
from flask_security.tf_plugin import tf_clean_session

from outreach.services.sign_in import factors
from outreach.services.sign_in.factors import Owed
from outreach.web.frame.access import from_script

PAGES = {Owed.OWN_PASSWORD: "security.change_password", Owed.SECOND_FACTOR: "account.index"}
REACHABLE = {
    Owed.OWN_PASSWORD: frozenset({"security.change_password"}),
    Owed.SECOND_FACTOR: frozenset({
        "account.index", "security.two_factor_setup", "security.two_factor_setup_validate", "security.verify",
        "security.wan_register", "security.wan_register_response",
    }),
}  # fmt: skip
ALWAYS = frozenset({"static", "security.logout", "users.language"})
BLUEPRINTS = frozenset({"health"})
BETWEEN = frozenset(
    {
        "security.two_factor_token_validation",
        "security.tf_select",
        "security.mf_recovery",
        "security.wan_signin",
        "security.wan_signin_response",
    }
)  # fmt: skip  between password and second factor
BETWEEN_FOR_S = 600  # how long the password counts, while the second factor is waited for


def init_app(app: Flask) -> None:
    app.before_request(_first_things_first)
    app.before_request(_not_too_slowly)
    app.jinja_env.globals["owed_first"] = owed_first


def owed_first() -> Owed | None:
    """Return what the current user has to do before anything else."""
    return factors.owed(current_user) if current_user.is_authenticated else None


def _first_things_first() -> Any:
    if request.endpoint is None or request.endpoint in ALWAYS or request.blueprint in BLUEPRINTS:
        return None
    if (
        current_app.config["SESSION_COOKIE_NAME"] not in request.cookies
    ):  # nobody is signed in, and the session is not looked at: pages for everybody may be cached
        return None
    due = owed_first()
    if due is None or request.endpoint in REACHABLE[due]:
        return None
    if from_script():
        return Response(_("Sign in again."), 401, mimetype="text/plain")
    return redirect(url_for(PAGES[due]))


def _not_too_slowly() -> Any:
    """Ask for the password again if the second factor did not follow it soon; and never sign somebody out by these pages."""
    if request.endpoint == "security.login" and request.method == "POST":
        tf_clean_session()  # a try that is refused before its password is looked at must not make the time longer
        session["tf_since"] = time.time()
        return None
    if request.endpoint not in BETWEEN:
        return None
    if current_user.is_authenticated:
        return redirect(url_for("account.index"))
    if "tf_user_id" in session and time.time() - session.get("tf_since", 0) > BETWEEN_FOR_S:
        tf_clean_session()
    return None

"""Set up what surrounds every page: accounts, access, headers, words and looks.

Views import access rights from access.py, and what they share with templates from looks.py.
"""

import json
from datetime import UTC, datetime
from typing import Any

from flask import Flask, current_app
from flask_login import user_logged_out
from flask_security import SQLAlchemyUserDatastore, password_changed

from outreach import clock
from outreach.domain.kinds import StaffRole
from outreach.domain.sign_in import passwords
from outreach.extensions import current_settings, db
from outreach.models import AccountRole, Passkey, User
from outreach.services.office import staff
from outreach.settings import Settings
from outreach.transactions import begin_writing
from outreach.web.frame import access, areas, looks
from outreach.web.frame.access import has_role, may_change
from outreach.web.frame.accounts import second_factors, security_words
from outreach.web.frame.accounts.password_forms import NewPasswordForm, SameUserForm, SignInForm
from outreach.web.frame.accounts.second_factors import security
from outreach.web.frame.sign_in import sessions
from outreach.web.frame.way_back import back_or, back_to_choices, coming_back, forget_typed, leading_back, this_page


class Accounts(SQLAlchemyUserDatastore):
    """The store of accounts. Changes wait until they may be written, as everywhere else."""

    def put(self, model: Any) -> Any:
        begin_writing()
        return super().put(model)

    def delete(self, model: Any) -> None:
        begin_writing()
        super().delete(model)


def init_app(app: Flask) -> None:
    """Connect accounts, access rules, headers, error pages and template helpers to the app."""
    settings: Settings = app.extensions["outreach"]
    set_up(app)
    access.init_app(app, settings)
    looks.init_app(app)
    app.jinja_env.globals.update(
        may_change=may_change, has_role=has_role, opens=areas.opens, demo=settings.demo, demo_logins=demo_logins,
        back_or=back_or, back_to_choices=back_to_choices, coming_back=coming_back, this_page=this_page,
        leading_back=leading_back, stay_signed_in_days=lambda: current_settings().stay_signed_in_days,
    )  # fmt: skip


def demo_logins() -> list[tuple[str, StaffRole, str]]:
    """Return the demo's logins as (address, role, password); none outside the demo."""
    settings: Settings = current_app.extensions["outreach"]
    path = settings.instance / "guide.json"
    if not settings.demo or not path.exists():
        return []
    return [
        (email, StaffRole(role), password) for role, email, password in json.loads(path.read_text("utf-8"))["logins"]
    ]


def _logged_out(_app: Flask, **_more: Any) -> None:
    forget_typed()


def _password_changed(_app: Flask, user: Any, **_more: Any) -> None:
    staff.note_own_password(user, now=clock.now())


def set_up(app: Flask) -> None:
    """Connect the accounts, with their passwords and sessions. A command that makes accounts needs no more of the pages."""
    app.config.update(
        WTF_CSRF_SSL_STRICT=False,  # answer pages send no Referer; the token and SameSite protect
        SECURITY_PASSWORD_HASH="argon2",  # noqa: S106  the name of a method
        SECURITY_PASSWORD_SINGLE_HASH=True,  # argon2 has its own salt: passwords survive a new secret key
        SECURITY_PASSWORD_LENGTH_MIN=passwords.LEAST,
        SECURITY_REGISTERABLE=False,
        SECURITY_RECOVERABLE=False,
        SECURITY_CHANGEABLE=True,
        SECURITY_SEND_PASSWORD_CHANGE_EMAIL=False,
        SECURITY_CHANGE_URL="/password",
        SECURITY_POST_LOGIN_VIEW="/",
        SECURITY_POST_LOGOUT_VIEW="/login",
        SECURITY_POST_CHANGE_VIEW="/",
        SECURITY_LOGOUT_METHODS=["POST"],
        SECURITY_RETURN_GENERIC_RESPONSES=True,
        SECURITY_DATETIME_FACTORY=lambda: datetime.now(UTC),
        SECURITY_API_ENABLED_METHODS=["session"],
        SECURITY_JOIN_USER_ROLES=False,
        **security_words.settings(),
        **second_factors.configuration(app.extensions["outreach"]),
        SECURITY_CACHE_CONTROL=None,  # frame/access.py sets it for all pages
    )
    security.init_app(
        app,
        Accounts(db, User, AccountRole, Passkey),
        login_form=SignInForm,
        verify_form=SameUserForm,
        change_password_form=NewPasswordForm,
        **second_factors.FORMS,
    )
    second_factors.init_app(app)
    security.want_json(lambda _request: False)
    # No tokens: signed-in users have a session.
    app.login_manager.request_loader(None)  # type: ignore[attr-defined]
    sessions.init_app(app)
    user_logged_out.connect(_logged_out, app)
    password_changed.connect(_password_changed, app)
    access.accounts(app, security)

"""Who is signed in, by a session on the server.

Flask's own cookie has a random code instead of the account, and beside it what one browser's pages need: messages to show
once, the forms' token, typed text (way_back.py). All of it is worthless without the session's row. Who is not signed in has
no row. Flask-Login's cookie “remember” is not used: “stay signed in” is a property of the row.
"""

from datetime import datetime
from typing import Any

from flask import Flask, Response, flash, g, request, session
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import user_logged_out
from flask_security import user_authenticated
from werkzeug.local import LocalProxy

from outreach import clock
from outreach.delivery.words.formats import moment
from outreach.domain.sign_in.events import SecurityKind
from outreach.extensions import db
from outreach.models import User
from outreach.queries import sign_in as pages
from outreach.services import office_defaults
from outreach.services.sign_in import events, kept_forms, sessions
from outreach.services.sign_in.events import security_event
from outreach.services.sign_in.sessions import OpenSession
from outreach.web.frame.request import by_itself, needs_login
from outreach.web.frame.sign_in import devices

_CODE = "_user_id"  # Flask-Login's name for it
ACCOUNT = "account"  # in the cookie: whose forms this browser has open, also after a session's end
_SESSION, _ASKED_AT = "outreach_session", "outreach_asked_at"  # of a request
_LENGTH = 43  # letters of a code
NO_USE = frozenset({400, 404, 405})  # answers to requests that no page of ours sends


def init_app(app: Flask) -> None:
    app.config.update(
        SESSION_PROTECTION=None,  # a phone changes its network all day; the list of sessions shows where each is used
        SESSION_REFRESH_EACH_REQUEST=False,
    )
    app.login_manager.user_loader(_load)  # type: ignore[attr-defined]
    user_authenticated.connect(_begin, app)
    user_logged_out.connect(_end, app)
    app.after_request(_renew_after_asking)
    app.after_request(_note_use)
    devices.init_app(app)


def session_here() -> OpenSession | None:
    """Return the session of this request; None if nobody is signed in."""
    found = _found()
    return found if found and not found.is_over else None


def account_of_ended() -> int | None:
    """Return whose session it was that has ended by its age in this browser."""
    found = _found()
    return found.user.id if found and found.is_over else None


def _found() -> OpenSession | None:
    """Read the session once for each request. Who has no cookie costs no statement."""
    kept = request.__dict__
    if _SESSION not in kept:
        code = str(session.get(_CODE) or "")
        found = sessions.find(code, now=clock.now()) if len(code) == _LENGTH else None
        kept[_SESSION], kept[_ASKED_AT] = found, session.get("fs_paa")
    found = kept[_SESSION]
    return found


def _load(_code: str) -> User | None:
    found = session_here()
    if found is None:
        return None
    g.fs_authn_via = "session"
    g.fs_paa = session.get("fs_paa", 0)
    return found.user


def _begin(_app: Flask, user: User, authn_via: list[str] | None = None, **_more: Any) -> None:
    """Begin a session where Flask-Security has signed somebody in, after all that it asks for."""
    user = user._get_current_object() if isinstance(user, LocalProxy) else user
    former = session_here()
    stays = session.pop("_remember", None) == "set" or bool(former and former.stays)
    session.pop("_remember_seconds", None)
    if session.get(ACCOUNT) != user.id:  # forms in other tabs stay open for their own account alone
        for name in ("csrf_token", "typed_text"):
            session.pop(name, None)
            g.pop(name, None)
    now = clock.now()
    id_, code = sessions.begin(user, stays=stays, now=now)
    if former is not None:
        sessions.sign_out(former.id)
    session[_CODE], session[ACCOUNT], session.permanent = code, user.id, stays
    request.__dict__[_SESSION] = OpenSession(id_, user, now, now, stays, is_over=False)
    request.__dict__[_ASKED_AT] = session.get("fs_paa")
    if former is None:  # a changed password or factor begins a new session, too, and has an event of its own
        # Flask-Security names a passkey, but neither an app's code nor a recovery code.
        via = [*(authn_via or ["password", g.get("second_factor", "")])]
        _welcome(user, [one for one in via if one], stays, now)
    devices.learn(user.id)


def _welcome(user: User, via: list[str], stays: bool, now: datetime) -> None:
    """Say when the account signed in last, so that its owner notices a stranger; and tell it of a new device by mail."""
    last, is_new = pages.last_sign_in(user.id, before=now), not devices.known_as(user.id)
    wrong = pages.wrong_since(user.id, last.at) if last else 0
    events.signed_in(user, via=via, stays=stays, is_new_device=is_new and last is not None, now=now)
    if last is None:
        return
    said = _("You last signed in on %(when)s.", when=moment(last.at, office_defaults.zone(db.session)))
    since = ngettext(
        "Since then a wrong password was given %(num)d time.",
        "Since then a wrong password was given %(num)d times.",
        wrong,
    )
    flash(f"{said} {since}" if wrong else said, "warning" if wrong else "info")


def _end(_app: Flask, user: Any = None, **_more: Any) -> None:
    session.pop(ACCOUNT, None)
    session.permanent = False
    found: OpenSession | None = request.__dict__.get(_SESSION)
    request.__dict__[_SESSION] = None
    if found is not None and not found.is_over:
        sessions.sign_out(found.id)
        kept_forms.forget(found.user.id)
        security_event(SecurityKind.SIGNED_OUT, found.user, now=clock.now())


def _note_use(response: Response) -> Response:
    """Begin the idle time again. Not for what a page asks by itself, so that one left open ends as others do, nor for what is
    refused before it does anything.
    """
    found: OpenSession | None = request.__dict__.get(_SESSION)
    if found and not found.is_over and needs_login() and not by_itself() and response.status_code not in NO_USE:
        sessions.note_use(found, now=clock.now())
    return response


def _renew_after_asking(response: Response) -> Response:
    """Give the session a new code where a password or second factor was given once more in this request."""
    found: OpenSession | None = request.__dict__.get(_SESSION)
    if found and not found.is_over and session.get(_CODE) and session.get("fs_paa") != request.__dict__[_ASKED_AT]:
        request.__dict__[_ASKED_AT] = session.get("fs_paa")
        session[_CODE] = sessions.renew(found)
        security_event(SecurityKind.ASKED_ANEW, found.user, now=clock.now())
    return response

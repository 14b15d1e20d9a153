"""Access rights and security of every answer: access denied by default, headers, error pages, limits."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import structlog
from flask import (
    Flask,
    Response,
    abort,
    current_app,
    flash,
    g,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_babel import gettext as _
from flask_login import current_user, logout_user
from flask_security import Security
from flask_wtf.csrf import CSRFError, generate_csrf
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

from outreach import clock, logs, reach
from outreach.domain.access import NotYours
from outreach.domain.kinds import StaffRole
from outreach.domain.sign_in.events import SecurityKind
from outreach.extensions import current_settings, db, limiter
from outreach.models import Office, the_office
from outreach.services.office import access as own_access
from outreach.services.sign_in.events import security_event
from outreach.settings import Settings
from outreach.web.frame import areas, rate_limited, uploads
from outreach.web.frame.request import PUBLIC, needs_login
from outreach.web.frame.sign_in import kept_forms, tries

log = structlog.get_logger()

CACHED_ELSEWISE = PUBLIC - {"security", "reset"}  # pages for everybody that say themselves how long they may be kept
ASK_FOR_A_PASSWORD = frozenset({
    "security.login", "security.verify", "security.change_password", "security.two_factor_token_validation",
    "security.two_factor_setup_validate", "security.mf_recovery",
})  # fmt: skip
PASSWORDS = frozenset({"security.login", "security.verify", "security.change_password"})
SECOND = frozenset({"security.two_factor_token_validation", "security.mf_recovery"})  # ask for it after a password
SET_UP = frozenset({"office", "users"})  # what an administrator may use before set-up
KNOW_STAFF = frozenset({"doorcodes"})  # pages for everybody that show staff more
RECORDED = {403: SecurityKind.FORBIDDEN, 429: SecurityKind.TOO_MANY_TRIES}
# Making a file of what a viewer reads anyway changes nothing.
TAKEN = frozenset({"kla.start_bundle", "documents.stop_bundle"})
POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
_OFFICE = the_office(Office.id, Office.name, Office.short_name, Office.zone, Office.email)
HEADERS = (
    ("Content-Security-Policy", POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), microphone=(), geolocation=()"),
    ("X-Robots-Tag", "noindex, nofollow"),  # nothing here is for search engines
)
SECRET_PARTS = frozenset({"token", "code"})  # of an address of a page for everybody: who knows it opens the page
OF_SECRETS = (("Referrer-Policy", "no-referrer"), ("Cache-Control", "private, no-store"))


def init_app(app: Flask, settings: Settings) -> None:
    app.before_request(_limit_passwords)
    app.before_request(_let_in)
    app.teardown_request(lambda _error: reach.keep_to(None))
    app.after_request(_protect(settings))
    app.register_error_handler(HTTPException, _error_page)
    app.register_error_handler(CSRFError, _forgery_page)
    app.register_error_handler(NotYours, _not_yours_page)
    app.register_error_handler(Exception, _crash_page)


def _limit_passwords() -> None:
    """Limit tries of passwords before the form's token is looked at. A device that the account knows waits for its own only."""
    if request.endpoint in ASK_FOR_A_PASSWORD:
        is_try = request.method == "POST" and request.endpoint in PASSWORDS
        if not (is_try and tries.is_known_device()):
            _try_from_here()
        if is_try:
            tries.take_turn()
        if request.endpoint in SECOND and "tf_user_id" in session:
            _try_second()


@limiter.limit(lambda: current_settings().rate_public, methods=["GET"])
@limiter.limit(lambda: current_settings().rate_login, methods=["POST"])
def _try_from_here() -> None:
    """Count one request of this address."""


@limiter.shared_limit(
    lambda: current_settings().rate_codes,
    "second factors",
    key_func=lambda: f"second {session['tf_user_id']}",
    methods=["POST"],
)
def _try_second() -> None:
    """Count one try of a second factor of this account. Only who knows its password gets here."""


def has_role(*roles: StaffRole | str) -> bool:
    """Return whether the current user has one of the roles, or stands in for somebody who has."""
    if not current_user.is_authenticated:
        return False
    return any(role.name in roles for role in current_user.roles) or g.get("lent_role") in roles


def may_change() -> bool:
    """Return whether the current user may change records: administrators and coordinators may, viewers may not.

    On a page about something outside the user's area: False.
    """
    return not g.get("only_looks") and has_role(StaffRole.ADMINISTRATOR, StaffRole.COORDINATOR)


def office() -> Any:
    """Return the office as a row (id, name, short_name, zone, email), or None before set-up; one query per request."""
    if "office" not in g:
        g.office = db.session.execute(_OFFICE).first()
    return g.office


def staff_required(view: Callable[..., Any]) -> Callable[..., Any]:
    """Allow only users with an account. Every blueprint outside PUBLIC requires that; this states it explicitly."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        return view(*args, **kwargs) if current_user.is_authenticated else _to_login()

    return guarded


def coordinator_required(view: Callable[..., Any]) -> Callable[..., Any]:
    """Allow coordinators and administrators. Viewers get an error page that says who to ask."""
    return _roles_required(StaffRole.ADMINISTRATOR, StaffRole.COORDINATOR)(view)


def administrator_required(view: Callable[..., Any]) -> Callable[..., Any]:
    """Allow administrators only."""
    return _roles_required(StaffRole.ADMINISTRATOR)(view)


def _roles_required(*roles: StaffRole) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if not current_user.is_authenticated:
                return _to_login()
            if not has_role(*roles):
                abort(403)
            return view(*args, **kwargs)

        return guarded

    return decorate


def _to_login() -> Any:
    if from_script():
        return Response(
            _("Sign in again."), 401, mimetype="text/plain"
        )  # after a redirect, htmx would insert the login page into the page
    target = request.full_path.rstrip("?") if request.method == "GET" else kept_forms.keep()
    return redirect(url_for("security.login", next=None if target == "/" else target))


def from_script() -> bool:
    """Return whether the request comes from a page's script (htmx), which shows the answer within the page."""
    return "HX-Request" in request.headers


def _is_for_another_account() -> bool:
    """Return whether the page was made for another account. Ticks that it kept must not be recorded in this account's name."""
    return from_script() and request.headers.get("X-Account", str(current_user.id)) != str(current_user.id)


def _end_what_is_over() -> bool:
    """Sign out an account that was for a time, after its last day. Return whether it did."""
    if not current_user.is_authenticated or not own_access.has_ended(current_user, now=clock.now()):
        return False
    said = _(
        "Your access was until a day that is over. Ask an administrator of your office."
    )  # in the account's language
    logout_user()
    flash(said, "info")
    return True


def _let_in() -> Any:
    if not needs_login():
        reach.keep_to(None)
        g.lent_role, g.only_looks = None, False
        if request.blueprint in KNOW_STAFF and not _end_what_is_over():
            areas.settle()
        return None
    if _end_what_is_over():
        return _to_login()
    areas.settle()
    if not current_user.is_authenticated or _is_for_another_account():
        return _to_login()
    endpoint = request.endpoint or ""
    viewers_too = request.method in areas.SAFE_METHODS or areas.is_own_affair(endpoint) or endpoint in TAKEN
    if not viewers_too and not may_change():
        abort(403)
    areas.check()
    if office() is None and request.blueprint not in SET_UP and has_role(StaffRole.ADMINISTRATOR):
        return redirect(url_for("office.edit"))
    return None


def _protect(settings: Settings) -> Callable[[Response], Response]:
    always = [*HEADERS]
    if settings.https:
        always.append(("Strict-Transport-Security", "max-age=31536000; includeSubDomains"))

    def protect(response: Response) -> Response:
        headers = response.headers
        if _has_secret():
            says_itself = headers.get("Cache-Control", "").startswith("private")  # such as a photo: for an hour
            headers.update(OF_SECRETS[:1] if says_itself else OF_SECRETS)
        for name, value in always:
            if name not in headers:
                headers.add(name, value)
        if "Cache-Control" not in headers and request.blueprint not in CACHED_ELSEWISE:
            headers.add("Cache-Control", "private, no-store")
        return response

    return protect


def _has_secret() -> bool:
    """Return whether who knows this address can open its page, without an account."""
    found = SECRET_PARTS.intersection(request.url_rule.arguments if request.url_rule else ())
    return "token" in found or (bool(found) and not needs_login())


def _sentences(code: int) -> tuple[str, str]:
    return {
        400: (_("This request could not be understood"), _("Go back, load the page again, and try once more.")),
        403: (
            _("This page is not for your account"),
            _("Your account may neither see nor do this. Ask an administrator of your office."),
        )
        if request.method in areas.SAFE_METHODS
        else (
            _("This is not yours to change"),
            _("Your account may look, but not change this. Ask an administrator of your office."),
        ),
        404: (_("There is nothing here"), _("The page was moved or removed, or its address has a slip in it.")),
        405: (_("This page cannot be used that way"), _("Go back and use the page's own buttons.")),
        422: (_("Something in the form is not right"), _("Go back, correct what you entered, and send it again.")),
        429: (_("Too many tries"), ""),
        500: (
            _("Something went wrong here"),
            _("Nothing of what you just sent was saved. The fault has been noted. Try again in a moment."),
        ),
    }.get(code, (_("This did not work"), _("Go back and try again.")))


def error_page(code: int, title: str = "", text: str = "", **values: Any) -> tuple[str, int]:
    """Return an error page that says what went wrong and where to go next. values: for its template."""
    said_title, said_text = _sentences(code)
    return render_template(
        "errors/error.html", code=code, error_title=title or said_title, error_text=text or said_text, **values
    ), code


def _error_page(error: HTTPException) -> Any:
    if error.code is None or error.code < 400:
        return error
    if error.code in RECORDED:
        _record(RECORDED[error.code])
    response = error.get_response()
    if error.code == 429:
        wait_s = rate_limited.wait_s()
        response.headers["Retry-After"] = str(wait_s)
        page, code = error_page(
            429,
            text=rate_limited.when_again(wait_s),
            kept=rate_limited.kept(),
            here=rate_limited.here(),
            at_sign_in=rate_limited.at_sign_in(),
        )
    else:
        title, text = rate_limited.too_large(error) if error.code == 413 else uploads.why_refused(error)
        page, code = error_page(error.code, title, text)
    response.data = page
    response.content_type = "text/html; charset=utf-8"
    return response, code


def _record(kind: SecurityKind) -> None:
    """Record a refusal. The page for it comes, whether the database takes it or not."""
    user = current_user._get_current_object() if current_user.is_authenticated else None
    try:
        security_event(kind, user, now=clock.now(), page=request.endpoint)
    except SQLAlchemyError as error:
        log.error("security event not stored", kind=kind.value, **logs.fault(error))


def _forgery_page(_error: CSRFError) -> Any:
    """Say that the form has expired. A script of a signed-in user gets a new token, and sends the form again."""
    if from_script() and not current_user.is_authenticated:
        return _to_login()
    _record(SecurityKind.FORGED)
    page, code = error_page(
        400,
        _("This form has expired"),
        _(
            "You were signed out meanwhile, or the page was open very long. "
            "Go back, load the page again, and send the form once more."
        ),
    )
    return page, code, {"X-CSRF-Token": generate_csrf()} if from_script() else {}


def _not_yours_page(_refused: NotYours) -> Any:
    db.session.rollback()
    _record(SecurityKind.FORBIDDEN)
    return error_page(403)


def _crash_page(error: Exception) -> Any:
    db.session.rollback()
    if current_app.testing or current_app.debug:
        raise error
    log.error("page crashed", method=request.method, endpoint=request.endpoint, **logs.fault(error))
    try:
        return error_page(500)
    except Exception as second:  # the page around the error needs the database, too
        log.error("error page crashed", **logs.fault(second))
        return Response(" ".join(_sentences(500)), 500, mimetype="text/plain")


def accounts(app: Flask, security: Security) -> None:
    """Use our own words when Flask-Security refuses access."""
    security.unauthn_handler(lambda *_, **__: _to_login())

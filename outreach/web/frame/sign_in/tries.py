"""Let tries of a password wait, before the form's token is looked at and before anything slow is done."""

from flask import abort, request
from flask_login import current_user

from outreach.services.sign_in import tries
from outreach.services.sign_in.tries import PasswordTry
from outreach.web.frame.rate_limited import WAIT_S
from outreach.web.frame.sign_in import devices

_TRIED = "outreach_tried"  # of a request


def is_known_device() -> bool:
    """Return whether the account of this form has signed in on this device before, or chose its password here by mail."""
    return bool(_tried().device)


def take_turn() -> None:
    """Count the try of a password in this request. One that comes too early gets the page for 429 and is not looked at."""
    if wait := tries.begin(_tried()):
        request.__dict__[WAIT_S] = wait
        abort(429)


def succeeded() -> None:
    """Note that the password was right."""
    if _TRIED in request.__dict__:
        tries.succeeded(request.__dict__[_TRIED])


def _tried() -> PasswordTry:
    if _TRIED not in request.__dict__:
        email = current_user.email if current_user.is_authenticated else request.form.get("email", "")
        device = devices.let_in_as(tries.account_id(email)) if devices.is_any() else ""
        request.__dict__[_TRIED] = PasswordTry(email, request.remote_addr or "", device)
    tried: PasswordTry = request.__dict__[_TRIED]
    return tried

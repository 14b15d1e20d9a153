"""Devices that an account knows: a signed cookie names the accounts that have signed in there, or chose a password by mail.

It opens nothing. It only spares the device the waits that strangers cause (services/sign_in/tries.py), and the account a mail
about a new device.
"""

import secrets
from typing import Any

from flask import Flask, Response, current_app, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from outreach.extensions import current_settings

KNOWN_FOR_S = 180 * 24 * 3600
MOST_ACCOUNTS = 8  # of a shared computer
_LEARNT = "outreach_known_device"  # of a request: what its answer tells the device


def init_app(app: Flask) -> None:
    app.after_request(_keep)


def is_any() -> bool:
    """Return whether this device is known to any account."""
    return _name() in request.cookies


def known_as(user_id: int | None) -> str:
    """Return this device's random value if the account has signed in here before, otherwise ""."""
    here = _here()
    return str(here["id"]) if user_id is not None and user_id in here["of"] else ""


def let_in_as(user_id: int | None) -> str:
    """Return this device's random value if strangers' tries of this account must not hold it up, otherwise ""."""
    here = _here()
    return str(here["id"]) if user_id is not None and user_id in (*here["of"], *here["by_mail"]) else ""


def learn(user_id: int) -> None:
    """Let the device be known to this account from now on; the answer to this request tells it."""
    _note("of", user_id)


def let_in(user_id: int) -> None:
    """Let strangers' tries not hold up this device, on which a link from a mail to the account was used."""
    _note("by_mail", user_id)


def _note(part: str, user_id: int) -> None:
    here = _here()
    noted = [user_id, *(other for other in here[part] if other != user_id)][:MOST_ACCOUNTS]
    request.__dict__[_LEARNT] = {**here, "id": here["id"] or secrets.token_urlsafe(16), part: noted}


def _here() -> dict[str, Any]:
    if _LEARNT in request.__dict__:
        return dict(request.__dict__[_LEARNT])
    try:
        found = _signer().loads(request.cookies.get(_name(), ""), max_age=KNOWN_FOR_S)
    except BadSignature:
        return {"id": "", "of": [], "by_mail": []}
    return {"id": found["id"], "of": found["of"], "by_mail": found.get("by_mail", [])}


def _name() -> str:
    return f"{'__Host-' if current_settings().https else ''}outreach-device"


def _signer() -> URLSafeTimedSerializer:
    keys = [*current_app.config["SECRET_KEY_FALLBACKS"], current_app.config["SECRET_KEY"]]
    return URLSafeTimedSerializer(keys, salt="known device")


def _keep(response: Response) -> Response:
    if _LEARNT in request.__dict__:
        response.set_cookie(
            _name(), str(_signer().dumps(request.__dict__[_LEARNT])), max_age=KNOWN_FOR_S, httponly=True,
            secure=current_settings().https, samesite="Lax",
        )  # fmt: skip
    return response

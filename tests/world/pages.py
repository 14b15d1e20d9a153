"""Pages without a browser: a signed-in test client, and waiting for something."""

import time
from collections.abc import Callable

from flask import Flask
from flask.testing import FlaskClient

from outreach.models import User


def log_in(app: Flask, user: User) -> FlaskClient:
    """Return a test client that is logged in as `user`; it needs no CSRF tokens."""
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    with client.session_transaction() as session:
        session["_user_id"] = user.fs_uniquifier
        session["_fresh"] = True
    return client


def until(true: Callable[[], object], seconds: float = 300, every: float = 0.02) -> bool:
    """Return whether a condition became true within so many seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(every)
    return bool(true())

"""Pages without a browser: a signed-in test client, and waiting for something."""

import time
from collections.abc import Callable
from datetime import timedelta

from flask import Flask
from flask.testing import FlaskClient

from outreach import clock
from outreach.extensions import db
from outreach.models import User
from outreach.services.sign_in import sessions


def log_in(app: Flask, user: User, *, lasting: bool = True) -> FlaskClient:
    """Return a test client that is logged in as `user`; it needs no CSRF tokens.

    lasting: the session does not end, however the test sets its clock.
    """
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    began_at = clock.now() + timedelta(days=3650 if lasting else 0)
    _id, code = sessions.begin(user, stays=lasting, now=began_at)
    db.session.commit()  # on SQLite, what was read before cannot be changed after another transaction
    with client.session_transaction() as session:
        session["_user_id"] = code
        session["fs_paa"] = clock.now().timestamp()
    return client


def until(true: Callable[[], object], seconds: float = 300, every: float = 0.02) -> bool:
    """Return whether a condition became true within so many seconds.

    It asks less and less often, so that it notices at most a fifth later than it could: on a busy machine the engine that is
    waited for needs the processor.
    """
    began = time.monotonic()
    while (passed := time.monotonic() - began) < seconds:
        if true():
            return True
        time.sleep(max(every, min(passed / 5, 0.5)))
    return bool(true())

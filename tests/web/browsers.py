"""A client whose requests are independent, as on a server: only its cookies remain from one request to the next.

With the fixture `browsers` all clients of a test are of this kind.
"""

import re

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from outreach.extensions import db
from tests.world import PASSWORD


class BrowserClient(FlaskClient):
    def open(self, *args, **kwargs):
        with self.application.app_context():
            answer = super().open(*args, **kwargs)
        db.session.rollback()
        return answer


def sign_in(app: Flask, email: str, password: str = PASSWORD, **values: str) -> tuple[object, TestResponse]:
    """Sign in through the login page with its token, as a browser does."""
    client = app.test_client()
    form = {"email": email, "password": password, "csrf_token": token_of(client.get("/login?lang=en")), **values}
    return client, client.post("/login?lang=en", data=form)


def token_of(page: TestResponse) -> str:
    """Return the token of a page's forms."""
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
    assert found
    return found[1]

"""A client whose every request stands for itself, as on a server: nothing is left of the one before but its cookies.

Import `browsers` into a test module, and all its clients are such.
"""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from outreach.extensions import db


class Browser(FlaskClient):
    def open(self, *args, **kwargs):
        with self.application.app_context():
            answer = super().open(*args, **kwargs)
        db.session.rollback()
        return answer


@pytest.fixture(autouse=True)
def browsers(app: Flask) -> None:
    app.test_client_class = Browser

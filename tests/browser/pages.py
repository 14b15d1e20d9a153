"""Shared by browser tests: two screen sizes, signing in, clicking, waiting, and checking that a page is sound."""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.models import Invitation
from tests.browser.accessibility import engines
from tests.world import PASSWORD

PHONE, DESK = {"width": 360, "height": 740}, {"width": 1280, "height": 800}
REQUESTS = "document.querySelectorAll('.htmx-request').length"


def holds(page, width: int) -> None:
    """Check that nothing overflows and that neither engine finds a violation."""
    if page.evaluate(REQUESTS):  # a request in progress is drawn paler
        page.wait_for_function(f"!{REQUESTS}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url
    found = engines.violations(page)
    assert found == {}, (page.url, found)


class Requests:
    """The requests in progress of one server: one that goes on after its test uses the next test's database."""

    def __init__(self) -> None:
        self._changed, self._running, self._ended = threading.Condition(), 0, False

    def begin(self) -> bool:
        """Count another one. Return False if none is taken any more."""
        with self._changed:
            self._running += not self._ended
            return not self._ended

    def done(self) -> None:
        with self._changed:
            self._running -= 1
            self._changed.notify_all()

    def end(self) -> None:
        """Take no more requests, and wait for those in progress."""
        with self._changed:
            self._ended = True
            assert self._changed.wait_for(lambda: not self._running, timeout=300)


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """Serve the app on a free port. Yield its address."""
    requests = Requests()

    class Handler(WSGIRequestHandler):
        def run_wsgi(self) -> None:
            if requests.begin():
                try:
                    super().run_wsgi()
                finally:
                    requests.done()

    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        requests.end()


def states_of(person) -> list[InvitationState]:
    """Return the states of a person's invitations as they are stored now."""
    db.session.rollback()
    wanted = sa.select(Invitation.state).where(Invitation.person_id == person.id).order_by(Invitation.activity_id)
    return list(db.session.scalars(wanted))


def wait_for(check, seconds: float = 300):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        db.session.rollback()
        if found := check():
            return found
        time.sleep(0.1)
    raise AssertionError("It did not happen.")


def press(button) -> None:
    """Click something that leads to another page, and wait for that page."""
    with button.page.expect_navigation():
        button.click()


def log_in(page, address: str, email: str) -> None:
    page.goto(address + "/login")
    page.fill("#email", email)
    page.fill("#password", PASSWORD)
    press(page.get_by_role("button", name=re.compile("^(Sign in|Masuk)$")))

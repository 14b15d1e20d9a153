"""The app on PostgreSQL with a queue, and a mail server that it sends through."""

import pytest

from outreach.engines import job_queue
from outreach.extensions import db
from tests.servers.smtp import Server
from tests.world import send_through


@pytest.fixture
def queue_app(postgresql_app):
    """The app on PostgreSQL with an empty queue."""
    job_queue.upgrade()
    yield postgresql_app
    with db.engine.begin() as connection:
        connection.exec_driver_sql("TRUNCATE procrastinate_jobs, procrastinate_workers RESTART IDENTITY CASCADE")


@pytest.fixture
def current_app_(request):
    """Whichever app the test uses, so that people and offices are stored there."""
    return request.getfixturevalue("queue_app" if "queue_app" in request.fixturenames else "app")


@pytest.fixture
def server(queue_app):
    with Server() as server:
        send_through(queue_app, server, tick_s=1, drain_size=6, claim_size=3, hand_over_group=2)
        yield server

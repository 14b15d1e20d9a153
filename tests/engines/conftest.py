"""The app on PostgreSQL with a queue, and a mail server that it sends through."""

import pytest

from outreach.engines import job_queue
from outreach.extensions import db


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
def sending_settings():
    """Ticks come often, and groups are small."""
    return {"tick_s": 1, "drain_size": 6, "claim_size": 3, "hand_over_group": 2}

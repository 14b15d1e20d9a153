"""The app on PostgreSQL with a queue, and a mail server that it sends through."""

import pytest

from outreach.engines import job_queue
from tests.support import apps, postgresql


@pytest.fixture
def queue_app(postgresql_app, postgresql_server):
    """The app on PostgreSQL with an empty queue."""
    with apps.in_database(postgresql_app, postgresql_server):
        job_queue.upgrade()
    postgresql.run(postgresql_server, *postgresql.RIGHTS)
    yield postgresql_app
    postgresql.run(postgresql_server, "TRUNCATE procrastinate_jobs, procrastinate_workers RESTART IDENTITY CASCADE")


@pytest.fixture
def owner_app(queue_app, postgresql_server):
    """The same app as the owner of the tables, who may change them."""
    with apps.in_database(queue_app, postgresql_server):
        yield queue_app


@pytest.fixture
def current_app_(request):
    """Whichever app the test uses, so that people and offices are stored there."""
    return request.getfixturevalue("queue_app" if "queue_app" in request.fixturenames else "app")


@pytest.fixture
def sending_settings():
    """Ticks come often, and groups are small."""
    return {"tick_s": 1, "drain_size": 6, "claim_size": 3, "hand_over_group": 2}

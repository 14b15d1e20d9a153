"""The tests' PostgreSQL: each test finds it empty."""

import pytest

from outreach.models import Region
from tests.support import postgresql
from tests.world import rows_of


@pytest.mark.postgresql
@pytest.mark.usefixtures("_postgresql_tables")
def test_rows_that_a_test_without_the_app_left_are_gone(request, postgresql_server):
    left = "INSERT INTO region (code, name, level) VALUES ('99', 'Sisa', 1)"
    postgresql.own_connection(postgresql_server).execute(left)
    request.getfixturevalue("postgresql_app")
    assert rows_of(Region) == []

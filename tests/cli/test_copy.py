"""All data is copied from SQLite to PostgreSQL and back: every row, or none."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask_migrate import downgrade

from outreach import clock
from outreach.cli.data import commands
from outreach.domain.kinds import Role
from outreach.domain.states import MessageState
from outreach.extensions import db
from outreach.models import Invitation, Message, Office, Person
from outreach.rate_store import DatabaseStorage
from outreach.services.operations.backup.load import snapshot
from outreach.services.operations.backup.tables import Sum, line
from outreach.transactions import writing
from tests.cli.databases import app_on, contents, new_postgresql
from tests.world import a_person, draft_activity

pytestmark = [pytest.mark.postgresql, pytest.mark.slow]


@pytest.fixture
def target(postgresql_server) -> str:
    return new_postgresql(postgresql_server, "copied")


@pytest.fixture
def small(tmp_path, upgraded):
    """A small database on SQLite, created by the migrations."""
    with app_on(tmp_path / "small", upgraded(tmp_path / "small")) as app:
        yield app


def test_requests_are_counted_while_the_database_is_being_copied(target, tmp_path):
    """The copy blocks all who write to our tables. The counts of requests are not ours: every limited page writes to them."""
    with app_on(tmp_path / "there", target):
        db.create_all()
        DatabaseStorage().incr("login", 60)
        with snapshot(db.engine, locked=True) as connection:
            locked = connection.exec_driver_sql(
                "SELECT relname FROM pg_locks JOIN pg_class ON relation = pg_class.oid WHERE mode = 'ShareLock'"
            )
            names = set(locked.scalars())
    assert "message" in names
    assert "rate_count" not in names


def copied(url: str) -> tuple[int, str]:
    done = CliRunner().invoke(commands.db, ["copy", "--to", url])
    return done.exit_code, done.output + (str(done.exception) if done.exception else "")


def test_a_whole_office_is_copied_to_postgresql_and_back(loaded_demo, target, tmp_path):
    before = contents()
    code, said = copied(target)
    assert (code, "were read back the same" in said) == (0, True)
    assert contents() == before
    with app_on(tmp_path / "there", target):
        assert contents() == before
        assert before["message"][0] > 100
        with writing() as session:
            session.add(Person(name="Baru", email="baru@example.com"))  # numbered after the copied ones
        highest = db.session.scalar(sa.select(sa.func.max(Person.id)))
        assert db.session.get(Person, highest).name == "Baru"
        after = contents()
        code, said = copied(f"sqlite:///{tmp_path}/back.db")
        assert code == 0, said
    with app_on(tmp_path / "back", f"sqlite:///{tmp_path}/back.db"):
        assert contents() == after != before


def test_a_row_may_refer_to_a_later_row(small, target, tmp_path):
    activity = draft_activity(None, None)
    for number, under in ((7, 9), (9, None)):
        person = a_person(f"Warga{number}")
        values = {"id": number, "activity_id": activity.id, "person_id": person.id, "nominated_under_id": None}
        db.session.add(Invitation(role=Role.CADRE, **values))
        db.session.commit()
        if under is None:
            db.session.get(Invitation, 7).nominated_under_id = 9
            db.session.commit()
    assert copied(target)[0] == 0
    with app_on(tmp_path / "there", target):
        assert db.session.get(Invitation, 7).nominated_under_id == 9
        with pytest.raises(sa.exc.IntegrityError), writing() as session:
            session.execute(sa.update(Invitation).where(Invitation.id == 9).values(nominated_under_id=99))


def test_a_database_with_contents_is_not_copied_to(small, target, tmp_path):
    assert copied(target)[0] == 0
    with app_on(tmp_path / "there", target):
        a_person("Ani")
        before = contents()
    code, said = copied(target)
    assert (code, "holds data already (table person)" in said) == (1, True)
    with app_on(tmp_path / "there", target):
        assert contents() == before


def test_an_old_database_is_upgraded_first(small, target):
    downgrade()
    code, said = copied(target)
    assert (code, "outreach db upgrade" in said) == (1, True)


def test_nothing_is_copied_while_a_worker_has_claimed_messages(small, target, tmp_path):
    person = a_person("Ani")
    now = clock.now()
    held = Message(
        person_id=person.id, kind="invitation", local_day=now.date(), due_at=now, expires_at=now + timedelta(days=1),
        state=MessageState.LEASED, leased_until=now + timedelta(minutes=2),
    )  # fmt: skip
    db.session.add(held)
    db.session.commit()
    code, said = copied(target)
    assert (code, "Stop all workers" in said) == (1, True)
    held.leased_until = now - timedelta(seconds=1)
    db.session.commit()
    assert copied(target)[0] == 0


def test_a_row_that_postgresql_refuses_leaves_it_empty(small, target, tmp_path):
    a_person("Ani")
    db.session.execute(sa.update(Person).values(phone="0" * 21))  # SQLite accepts it
    db.session.commit()
    code, said = copied(target)
    assert (code, "Table person has a row" in said, "Ani" in said) == (1, True, False)
    with app_on(tmp_path / "there", target):
        assert {rows for rows, _digest in contents().values()} == {0}


def test_nobody_writes_to_the_database_during_the_copy(small, target, monkeypatch):
    from outreach.services.operations.backup import load as loading

    a_person("Ani")
    seen = []

    def prove(connection, table, sent):
        if table.name == "person":
            monkeypatch.undo()
            with sa.create_engine(source).connect() as other:
                other.exec_driver_sql("PRAGMA busy_timeout = 0")
                with pytest.raises(sa.exc.OperationalError, match="locked"):
                    other.exec_driver_sql("UPDATE person SET name = 'Budi'")
            seen.append(sent.rows)

    source = str(db.engine.url)
    monkeypatch.setattr(loading, "prove", prove)
    assert copied(target)[0] == 0
    assert seen == [1]


def test_an_unreachable_target_or_one_that_is_no_database_is_reported(small):
    assert "cannot be reached" in copied("postgresql://127.0.0.1:1/outreach")[1]
    assert "no database's address" in copied("outreach")[1]
    assert "that is copied from" in copied("")[1]


def test_checksums_depend_on_every_value_and_not_on_the_order(small):
    from outreach.services.operations.backup.tables import Kind, SavedTable

    table = SavedTable("person", (("id", Kind.INTEGER), ("name", Kind.TEXT)), ("id",))

    def digest(*rows) -> str:
        found = Sum()
        for row in rows:
            found.add(line(table, row))
        return found.digest

    assert digest((1, "Ani"), (2, "Budi")) == digest((2, "Budi"), (1, "Ani"))
    others = [digest((1, "Ani")), digest((1, "Budi"), (2, "Ani")), digest((1, "Ani"), (2, "Budi"), (2, "Budi"))]
    assert digest((1, "Ani"), (2, "Budi")) not in others
    assert digest((1, None)) != digest((1, ""))
    assert Office.__tablename__ in contents()


@pytest.mark.parametrize(
    "url",
    [
        "nosuch://u:a-password@127.0.0.1/x",
        "postgresql://u:a-password@127.0.0.1:abc/x",
        "postgresql://u:a-password@127.0.0.1:1/x",
        "postgresql://u:a-password@[::1/x",
        "postgresql://u@127.0.0.1:1/x?password=a-password",
        "mysql://u:a-password@127.0.0.1/x",
        "a-password",
    ],
)
def test_an_impossible_target_is_reported_without_its_password(small, url):
    code, said = copied(url)
    assert (code, "Error: " in said, "a-password" in said, "Traceback" in said) == (1, True, False, False)


def test_the_target_may_be_in_the_environment_and_its_password_is_not_printed(small, target):
    there = sa.make_url(target).update_query_dict({"application_name": "a-password"})
    done = CliRunner().invoke(
        commands.db, ["copy"], env={"OUTREACH_COPY_TO": there.render_as_string(hide_password=False)}
    )
    assert (done.exit_code, "a-password" in done.output) == (0, False)
    assert f"the postgresql database {there.database}" in done.output

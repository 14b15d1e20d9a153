"""The migrations create exactly the tables that the models describe, on both databases."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask_migrate import check, downgrade, upgrade

from outreach.cli.data import migrations
from outreach.extensions import db
from outreach.models import Attendance, GivenAnswer, Link, Scan
from tests.cli.databases import app_on

pytestmark = pytest.mark.slow
BEFORE_THE_LOG = "0035"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def empty_database(request, tmp_path):
    url = ""
    if request.param == "postgresql":
        server = request.getfixturevalue("postgresql_server")
        admin = sa.create_engine(server.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.exec_driver_sql("DROP DATABASE IF EXISTS migrated WITH (FORCE)")
            connection.exec_driver_sql("CREATE DATABASE migrated")
        admin.dispose()
        url = sa.make_url(server).set(database="migrated").render_as_string(hide_password=False)
    with app_on(tmp_path, url):
        yield


@pytest.mark.filterwarnings("ignore:autogenerate skipping")
def test_an_empty_database_is_upgraded_to_the_present_tables_and_downgraded(empty_database):
    upgrade()
    with db.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), db.metadata) == []
    downgrade(revision="base")
    with db.engine.connect() as connection:
        assert set(sa.inspect(connection).get_table_names()) <= {"alembic_version"}


def test_the_partial_indexes_that_keep_the_outbox_fast_exist(empty_database):
    upgrade()
    with db.engine.connect() as connection:
        names = {index["name"] for index in sa.inspect(connection).get_indexes("message")}
    assert {"ix_message_to_send", "ix_message_leased"} <= names


def test_old_overlapping_activities_are_all_kept_and_only_the_first_is_booked(empty_database):
    upgrade(revision="0003")
    with db.engine.begin() as connection:
        write_overlaps(connection)
    upgrade()
    with db.engine.connect() as connection:
        holding = connection.exec_driver_sql("SELECT id FROM activity WHERE holds_venue ORDER BY id").scalars().all()
        booked = connection.exec_driver_sql(
            "SELECT s.activity_id, s.person_id FROM speaker_booking s JOIN activity a ON a.id = s.activity_id"
            " WHERE s.starts_at = a.starts_at AND s.ends_at = a.ends_at ORDER BY 1, 2"
        ).all()
        invited = connection.exec_driver_sql("SELECT COUNT(*) FROM invitation").scalar()
    assert holding == [1, 3, 4, 5, 6]  # 2 begins before 1 ends; 3 begins when 2 ends; 4 is cancelled, 5 elsewhere
    assert booked == [(1, 1), (3, 1), (3, 2)]  # not booked at 2 too; 2 is represented at 1; a participant is not booked
    assert invited == len(INVITED)
    downgrade(revision="0003")
    upgrade()


def test_links_by_which_somebody_answered_count_as_used(empty_database):
    upgrade(revision="0003")
    with db.engine.begin() as connection:
        write_overlaps(connection)
    upgrade(revision="0022")
    with db.engine.begin() as connection:
        for person_id in (1, 2):
            connection.exec_driver_sql(
                "INSERT INTO link (purpose, person_id, nonce, expires_at)"
                f" VALUES ('answer', {person_id}, 'nonce{person_id}', '2027-06-01 00:00:00+00:00')"
            )
        connection.exec_driver_sql(
            "UPDATE invitation SET answer_source = 'link', answered_at = '2027-01-05 02:00:00+00:00' WHERE person_id = 1"
        )
    upgrade()
    with db.engine.connect() as connection:
        used = connection.execute(sa.select(Link.person_id, Link.used_at).order_by(Link.person_id)).all()
    assert used == [(1, datetime(2027, 1, 5, 2, tzinfo=UTC)), (2, None)]


@pytest.mark.filterwarnings("ignore:autogenerate skipping")
def test_speakers_with_turns_are_booked_only_for_these_so_another_activity_fits_between(empty_database):
    upgrade(revision="0003")
    with db.engine.begin() as connection:
        write_overlaps(connection)
    upgrade(revision="0004")
    with db.engine.begin() as connection:
        for id, activity_id, since, until in (
            (1, 1, "08:30", "09:00"),
            (2, 1, "09:00", "09:30"),
            (3, 2, "10:00", "10:30"),
        ):
            connection.exec_driver_sql(
                "INSERT INTO agenda_item (id, activity_id, topic, starts_at, ends_at) VALUES"
                f" ({id}, {activity_id}, 'Materi', '2027-01-18 {since}:00.000000', '2027-01-18 {until}:00.000000')"
            )
            connection.exec_driver_sql(f"INSERT INTO agenda_speaker (agenda_item_id, person_id) VALUES ({id}, 1)")
        connection.exec_driver_sql("DELETE FROM invitation WHERE role = 'moderator' AND activity_id = 1")
    upgrade()
    with db.engine.connect() as connection:
        rows = connection.exec_driver_sql(
            "SELECT activity_id, person_id, starts_at, ends_at FROM speaker_booking ORDER BY 1, 2"
        ).all()
    hours = [(row.activity_id, row.person_id, str(row.starts_at)[11:16], str(row.ends_at)[11:16]) for row in rows]
    assert hours == [
        (1, 1, "08:30", "09:30"),  # two lines that touch
        (2, 1, "10:00", "10:30"),  # not booked before
        (3, 1, "11:00", "14:00"),
        (3, 2, "11:00", "14:00"),
    ]
    downgrade(revision="0004")
    upgrade()


@pytest.mark.filterwarnings("ignore:autogenerate skipping")
def test_people_recorded_at_the_door_without_an_invitation_have_accepted_nothing(empty_database):
    upgrade(revision="0003")
    with db.engine.begin() as connection:
        write_overlaps(connection)
    upgrade(revision="0011")
    with db.engine.begin() as connection:
        came = "role = 'participant', state = 'coming', answer_source = 'in_person', answered_at = '2027-01-18 08:10:00.000000'"
        for id, made in ((1, "2027-01-18 08:10:03"), (3, "2027-01-10 08:10:00"), (4, "2027-01-18 08:10:00")):
            connection.exec_driver_sql(f"UPDATE invitation SET {came}, created_at = '{made}' WHERE id = {id}")
        for id, invitation in ((1, 1), (2, 3)):  # the third was recorded by hand, not at the door
            connection.execute(
                sa.text(
                    "INSERT INTO audit_entry (id, at, action, subject_type, subject_id, subject_name, detail)"
                    " VALUES (:id, :at, 'activity.walk_in', 'activity', 1, '', :detail)"
                ),
                {"id": id, "at": "2027-01-18 08:10:00.000000", "detail": f'{{"invitation": {invitation}}}'},
            )
    upgrade()
    with db.engine.connect() as connection:
        sources = (
            connection.exec_driver_sql("SELECT answer_source FROM invitation WHERE id IN (1, 3, 4) ORDER BY id")
            .scalars()
            .all()
        )
    assert sources == ["walk_in", "in_person", "in_person"]  # the second was invited eight days before
    downgrade(revision="0011")
    upgrade()


@pytest.mark.filterwarnings("ignore:autogenerate skipping")
def test_without_the_table_of_waiting_files_no_calendar_stays_that_is_never_read(empty_database):
    upgrade(revision="0003")
    with db.engine.begin() as connection:
        write_overlaps(connection)
    upgrade()
    with db.engine.begin() as connection:
        for id, due in ((1, None), (2, "2027-01-18 08:10:00.000000")):  # the first file was read
            connection.execute(
                sa.text(
                    "INSERT INTO absence_calendar (id, person_id, name, url, source, next_read_at, failures, problem,"
                    " problem_values, etag, last_modified, digest, created_at)"
                    " VALUES (:id, 1, 'Dinas', '', 'self', :due, 0, '', '{}', '', '', '', '2027-01-04 08:10:00.000000')"
                ),
                {"id": id, "due": due},
            )
        connection.execute(sa.text("INSERT INTO calendar_file (calendar_id, data) VALUES (2, :data)"), {"data": b"..."})
    downgrade(revision="0012")
    with db.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT id FROM absence_calendar").scalars().all() == [1]
    upgrade()


def test_the_names_that_offices_listed_keep_their_order(empty_database):
    upgrade(revision="0003")
    with db.engine.begin() as connection:
        write_overlaps(connection)
    upgrade(revision="0014")
    with db.engine.begin() as connection:
        for office, listed in {5: "3, 1", 7: "2, 4, 9"}.items():
            connection.exec_driver_sql(f"UPDATE invitation SET nominated_under_id = {office} WHERE id IN ({listed})")
    upgrade()
    with db.engine.connect() as connection:
        places = dict(connection.exec_driver_sql("SELECT id, list_position FROM invitation ORDER BY id").tuples().all())
    assert places == {1: 0, 2: 0, 3: 1, 4: 1, 5: 0, 6: 0, 7: 0, 8: 0, 9: 2}
    downgrade(revision="0014")
    upgrade()


def test_a_single_representative_becomes_the_first_link_of_a_chain(empty_database):
    upgrade(revision="0003")
    with db.engine.begin() as connection:
        write_overlaps(connection)
    upgrade(revision="0019")
    with db.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE invitation SET representative_name = 'Rina', representative_email = 'rina@example.com',"
            " answer_source = 'phone' WHERE id = 5"
        )
    upgrade()
    with db.engine.connect() as connection:
        [link] = connection.exec_driver_sql(
            "SELECT invitation_id, position, acting, name, email, source, named_by FROM acting_person"
        ).all()
    assert (*link[:2], bool(link[2]), *link[3:]) == (5, 1, True, "Rina", "rina@example.com", "phone", "invitee")
    downgrade(revision="0019")
    with db.engine.connect() as connection:
        names = connection.exec_driver_sql("SELECT id, representative_name FROM invitation WHERE id IN (4, 5)")
        assert sorted(map(tuple, names.all())) == [(4, ""), (5, "Rina")]
    upgrade()


# Activities by id: hall, state, from and until which hour. Invitations: activity, person, role, state.
HELD = {
    1: (1, "published", 8, 11),
    2: (1, "draft", 10, 13),
    3: (1, "draft", 11, 14),
    4: (1, "cancelled", 8, 14),
    5: (2, "published", 8, 14),
    6: (None, "draft", 8, 14),
}
INVITED = [
    (1, 1, "speaker", "coming"),
    (1, 1, "moderator", "coming"),
    (2, 1, "speaker", "prepared"),
    (3, 1, "speaker", "no_answer"),
    (1, 2, "speaker", "represented"),
    (3, 2, "moderator", "invited"),
    (4, 2, "speaker", "invited"),
    (5, 2, "participant", "coming"),
    (6, 2, "speaker", "not_coming"),
]


def write_overlaps(connection):
    """Write activities and invitations as older versions allowed them: two at once in one hall or with one speaker."""

    def write(table, **values):
        columns, places = ", ".join(values), ", ".join(f":{name}" for name in values)
        connection.execute(sa.text(f"INSERT INTO {table} ({columns}) VALUES ({places})"), values)

    empty = dict.fromkeys(("title_before", "title_after", "post", "email", "phone", "note"), "")
    for id in (1, 2):
        write("person", id=id, name=f"Orang {id}", locale="id", **empty)
        write("venue", id=id, name=f"Aula {id}", address="", note="")
    said = dict.fromkeys(("public_title", "description", "things_to_bring", "cancelled_reason"), "")
    for id, (hall, state, since, until) in HELD.items():
        write(
            "activity", id=id, venue_id=hall, state=state, kind="other", title=f"Kegiatan {id}", zone="Asia/Jakarta",
            starts_at=f"2027-01-18 {since:02}:00:00.000000", ends_at=f"2027-01-18 {until:02}:00:00.000000",
            respond_by_at="2027-01-16 09:00:00.000000", sequence=0, version=1, uid=str(id), **said,
        )  # fmt: skip
    nobody = {f"representative_{part}": "" for part in ("name", "post", "phone", "email")}
    for activity_id, person_id, role, state in INVITED:
        write(
            "invitation", activity_id=activity_id, person_id=person_id, role=role, state=state, answer_note="",
            revision=0, **nobody,
        )  # fmt: skip


def test_attendance_recorded_before_the_log_is_in_it_once_and_stays_when_going_back(empty_database):
    upgrade(revision="0003")
    with db.engine.begin() as connection:
        write_overlaps(connection)
    upgrade(revision=BEFORE_THE_LOG)
    with db.engine.begin() as connection:
        for id, present, source in ((1, True, "paper"), (2, False, "hand")):
            connection.execute(
                sa.text(
                    "INSERT INTO attendance (invitation_id, present, source, recorded_at)"
                    " VALUES (:id, :present, :source, '2027-01-18 08:10:00.000000')"
                ),
                {"id": id, "present": present, "source": source},
            )
    upgrade()
    since = datetime(2027, 1, 18, 8, 10, tzinfo=UTC)
    with db.engine.connect() as connection:
        moved = connection.execute(
            sa.select(Scan.invitation_id, Scan.how, Scan.outcome, Scan.source, Scan.at).order_by(Scan.invitation_id)
        ).all()
        kept = connection.execute(sa.select(Attendance.invitation_id, Attendance.in_at).order_by(Attendance.id)).all()
    assert moved == [(1, "migrated", "present", "paper", since), (2, "migrated", "undone", "hand", since)]
    assert kept == [(1, since), (2, None)]
    db.engine.dispose()
    downgrade(revision=BEFORE_THE_LOG)
    with db.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT invitation_id, present, source FROM attendance ORDER BY 1").all()
    assert [(id, bool(present), source) for id, present, source in rows] == [(1, True, "paper"), (2, False, "hand")]
    upgrade()


@pytest.mark.filterwarnings("ignore:autogenerate skipping")
def test_answers_that_are_known_are_kept_in_the_order_of_time(empty_database):
    upgrade(revision="0003")
    with db.engine.begin() as connection:
        write_overlaps(connection)
    upgrade(revision="0037")
    first, second, third = (f"2027-01-{day:02} 02:00:00.000000" for day in (4, 5, 6))
    with db.engine.begin() as connection:

        def write(sql, **values):
            connection.execute(sa.text(sql), values)

        write(
            "UPDATE invitation SET answered_at = :at, answer_source = 'link', answer_device = 'phone', answer_replaced = :was"
            " WHERE id = 9", at=third, was='{"state": "coming", "at": "2027-01-04T02:00:00+00:00", "who": ""}',
        )  # fmt: skip
        write(
            "INSERT INTO decline_reason (invitation_id, reason, said_at) VALUES (9, 'Ada rapat', :at)", at=third
        )  # fmt: skip
        write(
            "INSERT INTO audit_entry (at, action, subject_type, subject_id, subject_name, detail) VALUES"
            " (:at, 'invitation.answer_recorded', 'invitation', 9, 'x', :detail)",
            at=second, detail='{"state": ["coming", "waitlisted"], "source": "phone", "incoming_mail": 7}',
        )  # fmt: skip
        write(
            "INSERT INTO acting_person (created_at, invitation_id, position, acting, name, post, rank, phone, email, nonce,"
            " named_by, confirmed_at) VALUES (:at, 5, 1, :acts, 'Rina', '', '', '', '', 'nonce', 'invitee', :at)",
            at=second, acts=True,
        )  # fmt: skip
    upgrade()
    with db.engine.connect() as connection:
        rows = connection.execute(
            sa.select(
                GivenAnswer.invitation_id, GivenAnswer.state, GivenAnswer.source, GivenAnswer.device, GivenAnswer.reason,
                GivenAnswer.acting_id.is_not(None),
            ).order_by(GivenAnswer.given_at, GivenAnswer.invitation_id)
        ).all()  # fmt: skip
        in_order = connection.scalars(sa.select(GivenAnswer.given_at).order_by(GivenAnswer.id)).all()
    assert [tuple(row) for row in rows] == [
        (9, "coming", "link", "", "", False),
        (5, "coming", "link", "", "", True),
        (9, "waitlisted", "phone", "", "", False),
        (9, "not_coming", "link", "phone", "Ada rapat", False),
    ]
    assert in_order == sorted(in_order)
    downgrade(revision="0037")
    with db.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT invitation_id, reason FROM decline_reason").all() == [
            (9, "Ada rapat")
        ]
    upgrade()


def test_an_answer_of_a_former_holder_is_theirs_and_kept_once(empty_database):
    upgrade(revision="0003")
    with db.engine.begin() as connection:
        write_overlaps(connection)
    upgrade(revision="0037")
    answered, left, again = (f"2027-01-{day:02} 02:00:00.000000" for day in (4, 5, 6))
    with db.engine.begin() as connection:
        [now_theirs] = connection.scalars(sa.text("SELECT person_id FROM invitation WHERE id = 9"))
        former = connection.scalar(sa.text("SELECT min(id) FROM person WHERE id <> :now"), {"now": now_theirs})
        connection.execute(
            sa.text(
                "INSERT INTO former_holder (invitation_id, person_id, kind, state, answered_at, left_at)"
                " VALUES (9, :former, 'definitive', 'coming', :answered, :left)"
            ),
            {"former": former, "answered": answered, "left": left},
        )
        for at, state in ((answered, "coming"), (again, "not_coming")):
            connection.execute(
                sa.text(
                    "INSERT INTO audit_entry (at, action, subject_type, subject_id, subject_name, detail)"
                    " VALUES (:at, 'invitation.answer_recorded', 'invitation', 9, 'x', :detail)"
                ),
                {"at": at, "detail": f'{{"state": ["invited", "{state}"], "source": "phone"}}'},
            )
    upgrade()
    with db.engine.connect() as connection:
        kept = connection.execute(
            sa.select(GivenAnswer.person_id, GivenAnswer.state, GivenAnswer.source)
            .where(GivenAnswer.invitation_id == 9, GivenAnswer.given_at <= sa.text(f"'{again}'"))
            .order_by(GivenAnswer.given_at)
        ).all()
    assert [tuple(row) for row in kept] == [(former, "coming", "phone"), (now_theirs, "not_coming", "phone")]


@pytest.mark.filterwarnings("ignore:autogenerate skipping")
def test_one_command_creates_all_tables_and_never_drops_foreign_tables(empty_database):
    migrations.upgrade()
    queue = {name for name in sa.inspect(db.engine).get_table_names() if name.startswith("procrastinate_")}
    assert bool(queue) == (db.engine.dialect.name == "postgresql")
    check()  # exits if a migration is missing

"""A backup made while mails are sent: it is restored completely, and nothing is sent twice because of it."""

import json
import re
import stat
import threading
import zipfile
from datetime import timedelta

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask_migrate import stamp
from flask_migrate import upgrade as migrate_upgrade

from outreach import clock
from outreach.cli import commands
from outreach.cli.data import migrations
from outreach.delivery.outbox import drain as outbox
from outreach.domain.city_map import read as read_map
from outreach.domain.kinds import Role, StaffRole
from outreach.domain.states import InvitationState, MessageState, ReminderState
from outreach.engines.embedded import EmbeddedEngine
from outreach.extensions import db
from outreach.models import (
    AnswerEvidence,
    AuditEntry,
    FeedbackRemark,
    Invitation,
    Message,
    Person,
    Reminder,
    SealedFeedback,
    StoredFile,
)
from outreach.services import city_map
from outreach.services.activities import publish as publishing
from outreach.services.invitations import invite as inviting
from outreach.services.office import reading_links
from outreach.services.operations import engines as heartbeats
from outreach.services.operations.backup import archive as safekeeping
from outreach.services.operations.backup import hold as holding
from outreach.services.operations.backup import load as loading
from outreach.services.operations.backup.tables import Kind, SavedTable, Sum, line, row_from
from outreach.services.privacy import marks
from outreach.services.privacy import person as privacy
from outreach.services.privacy.retention import run as retention
from outreach.services.reminders import rules
from outreach.services.reminders import tick as reminding
from tests.cli.databases import app_on, both_kinds, contents, new_postgresql
from tests.servers.smtp import Server
from tests.support.apps import SECRET
from tests.world import (
    JAKARTA,
    NOW,
    a_hall,
    a_person,
    a_programme,
    account,
    an_invitation,
    an_office,
    at,
    draft_activity,
    invite_many,
    outbox_now,
    send_through,
    store_regions,
)

pytestmark = [pytest.mark.any_day, pytest.mark.slow]


@pytest.fixture
def urls(request):
    """Return a function that gives the URL of an empty database of a kind; "" means SQLite in the app's folder."""
    made = []

    def url(kind: str) -> str:
        if kind == "sqlite":
            return ""
        made.append(kind)
        return new_postgresql(request.getfixturevalue("postgresql_server"), f"restored{len(made)}")

    return url


def run(command, *arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(command, [str(argument) for argument in arguments])
    return done.exit_code, done.output + (str(done.exception) if done.exception else "")


@pytest.fixture
def office_app(tmp_path, upgraded):
    """An app on SQLite made by the migrations, with one row."""
    with app_on(tmp_path / "office", upgraded(tmp_path / "office")) as app:
        a_person("Ani")
        yield app


@both_kinds
def test_a_whole_office_is_restored_in_either_database(loaded_demo, tmp_path, urls, kind):
    before, path = contents(), tmp_path / "backup.zip"
    told_of = (
        "letter",
        "returned_file",
        "material",
        "stored_file",
        "call",
        "rung",
        "acting_person",
        "post_holder",
        "assistant",
        "minutes_version",
        "follow_up",
        "activity_photo",
        "certificate",
        "scan",
        "signed_list",
    )
    assert [name for name in told_of if not before[name][0]] == []
    code, said = run(commands.backup, path)
    assert (code, "secret key" in said, f"{sum(rows for rows, _ in before.values()):,} rows" in said) == (0, True, True)
    with app_on(tmp_path / "back", urls(kind)):
        code, said = run(commands.restore, path, "--resend-overdue")
        assert code == 0, said
        after = contents()
        assert {name for name in before if after[name] != before[name]} <= {"audit_entry", "channel_slot", "heartbeat"}
        assert db.session.scalar(sa.select(AuditEntry.action).order_by(AuditEntry.id.desc())) == "office.restored"
        assert after["audit_entry"][0] == before["audit_entry"][0] + 1
        assert db.session.scalar(sa.select(sa.func.count(Message.id))) == before["message"][0] > 100
    assert contents() == before


@both_kinds
def test_the_evidence_of_an_answer_is_restored_byte_for_byte(office_app, tmp_path, upgraded, kind):
    store_regions()
    activity = draft_activity(a_programme(), a_hall())
    ani = db.session.scalars(sa.select(Person)).one()
    told = an_invitation(activity, ani)
    photo = StoredFile(sha256="ab", size=4, media_type="image/png", name="surat.png", data=b"\x89PN\0", uploaded_at=NOW)
    db.session.add(AnswerEvidence(invitation_id=told.id, file=photo, answered_at=NOW))
    db.session.commit()
    before, path = contents(), tmp_path / "backup.zip"
    assert run(commands.backup, path)[0] == 0
    with app_on(tmp_path / "back", upgraded(tmp_path / "back", kind)):
        assert run(commands.restore, path)[0] == 0
        assert contents()["answer_evidence"] == before["answer_evidence"]
        kept = db.session.execute(sa.select(StoredFile.data, AnswerEvidence.answered_at).join(AnswerEvidence)).one()
        assert tuple(kept) == (b"\x89PN\0", NOW)


@both_kinds
def test_the_map_that_a_city_loaded_is_drawn_after_a_backup_was_restored(office_app, tmp_path, upgraded, kind):
    store_regions()
    an_office()
    square = [[105.0, -5.0], [105.1, -5.0], [105.1, -5.1], [105.0, -5.1], [105.0, -5.0]]
    area = {"properties": {"code": "18.72.01.1003"}, "geometry": {"type": "Polygon", "coordinates": [square]}}
    loaded = json.dumps({"type": "FeatureCollection", "features": [area]}).encode()
    ours = city_map.our_kelurahan(db.session())
    city_map.use(read_map(loaded, ours).city_map, "kota.geojson", by=None, now=NOW)
    before, path = contents()["kelurahan_map"], tmp_path / "backup.zip"
    assert run(commands.backup, path)[0] == 0
    url = upgraded(tmp_path / "back", kind)
    with app_on(tmp_path / "back", url):
        assert run(commands.restore, path)[0] == 0
        assert contents()["kelurahan_map"] == before
        assert before[0] == 1
    with app_on(tmp_path / "back", url, pages=True) as app:
        link = reading_links.make(
            "Kepala", clock.now().date() + timedelta(days=9), by=account(StaffRole.COORDINATOR, "Rina"), now=clock.now()
        )
        drawn = app.test_client().get(f"/lihat/{link.code}/coverage").text
        assert re.findall(r"<title>([^:<]+): ", drawn) == ["Imopuro"]  # the shipped map has all 22


def test_feedback_that_waits_for_others_is_not_in_a_backup(office_app, tmp_path, upgraded):
    store_regions()
    activity = draft_activity(a_programme(), a_hall())
    db.session.add(SealedFeedback(id="a" * 32, activity_id=activity.id, sealed=b"sealed"))
    db.session.add(FeedbackRemark(id="b" * 32, activity_id=activity.id, text="Terima kasih"))
    db.session.commit()
    path = tmp_path / "backup.zip"
    assert run(commands.backup, path)[0] == 0
    with app_on(tmp_path / "back", upgraded(tmp_path / "back")):
        assert run(commands.restore, path)[0] == 0
        assert (contents()["feedback_sealed"][0], contents()["feedback_remark"][0]) == (0, 1)


@both_kinds
def test_backups_made_while_mails_are_sent_each_hold_one_moment(tmp_path, upgraded, kind):
    with app_on(tmp_path / "office", upgraded(tmp_path / "office", kind)) as app, Server() as server:
        send_through(app, server, tick_s=0.1, hand_over_group=2, claim_size=10, mail_connections=1, mail_timeout_s=300)
        may_go = threading.Semaphore(0)
        server.at["DATA"] = lambda _address: may_go.acquire() and None
        invite_many(60)
        paths = []
        with EmbeddedEngine(app):
            while set(states()) != {"sent"}:
                may_go.release(10)  # mails, which are sent while the next backup is made
                paths.append(tmp_path / f"{len(paths)}.zip")
                assert run(commands.backup, paths[-1])[0] == 0
        assert len(server.taken) == 60
    seen = [messages_and_attempts(path) for path in paths]
    assert len(paths) > 2
    assert all(sent == attempts and messages == 60 for messages, sent, attempts in seen)
    assert len({sent for _messages, sent, _attempts in seen}) > 2  # made at different moments
    for path in paths:
        safekeeping.examine(path)


@both_kinds
def test_a_snapshot_shows_one_moment_while_others_write(tmp_path, upgraded, kind):
    with app_on(tmp_path / "office", upgraded(tmp_path / "office", kind)):
        a_person("Ani")
        with loading.snapshot(db.engine) as connection:
            names = sa.select(Person.name)
            assert connection.scalars(names).all() == ["Ani"]
            a_person("Budi")
            assert connection.scalars(names).all() == ["Ani"]
        assert db.session.scalars(names.order_by(Person.id)).all() == ["Ani", "Budi"]


def messages_and_attempts(path) -> tuple[int, int, int]:
    """Return how many messages, sent messages and attempts a backup holds."""
    with zipfile.ZipFile(path) as archive:
        tables = {
            table["name"]: [name for name, _ in table["columns"]]
            for table in json.loads(archive.read("manifest.json"))["tables"]
        }
        messages = [json.loads(line) for line in archive.open("tables/message.jsonl")]
        state = tables["message"].index("state")
        return (
            len(messages),
            sum(message[state] == "sent" for message in messages),
            len(list(archive.open("tables/attempt.jsonl"))),
        )


def states() -> set[str]:
    db.session.rollback()
    found = {state.value for state in db.session.scalars(sa.select(Message.state))}
    db.session.rollback()
    return found


@both_kinds
@pytest.mark.parametrize("resend", [False, True])
def test_mails_sent_after_the_backup_are_not_sent_again_unless_requested(tmp_path, upgraded, kind, resend):
    path = tmp_path / "backup.zip"
    with Server() as server:
        with app_on(tmp_path / "office", upgraded(tmp_path / "office")) as app:
            send_through(app, server)
            invite_many(2)
            assert run(commands.backup, path)[0] == 0
            assert outbox.drain(now=clock.now, worker="w1").sent == 2
        with app_on(tmp_path / "back", upgraded(tmp_path / "back", kind)) as app:
            code, said = run(commands.restore, path, *["--resend-overdue"] * resend)
            assert (code, "2 messages (state unknown)" in said) == (0, not resend)
            send_through(app, server)
            reminding.tick(clock.now())
            outbox.drain(now=clock.now, worker="w2")
            found = outbox_now()
            told = set(db.session.scalars(sa.select(Invitation.state)))
    assert len(server.taken) == (4 if resend else 2)
    assert {(state, reason) for _name, state, reason in found} == {("sent", "") if resend else ("unknown", "restored")}
    assert told == {InvitationState.INVITED}  # invitees may have got the mail, so reminders continue


def test_reminders_that_came_due_are_missed_and_tomorrows_are_kept(app, office, ani, tmp_path, upgraded):
    stamp()  # its tables were created without migrations
    activity = draft_activity(None, None, starts_at=at(20), ends_at=at(20, 12), respond_by_at=at(18))
    rules.install_defaults(now=NOW)
    inviting.invite_people([activity.id], [ani.id], Role.CADRE, by=None, now=NOW)
    publishing.publish([activity.id], by=None, now=NOW)
    due = {reminder.key: reminder.due_at for reminder in db.session.scalars(sa.select(Reminder))}
    one_past = max(moment for moment in due.values() if moment < at(20)).astimezone(JAKARTA).replace(hour=0, minute=1)
    path = tmp_path / "backup.zip"
    saved = safekeeping.save(path, db.engine, version="1", now=NOW)
    with app_on(tmp_path / "back", upgraded(tmp_path / "back")):
        held = safekeeping.restore(path, saved, db.engine, now=one_past)
        rows = db.session.execute(sa.select(Reminder.key, Reminder.state, Reminder.reason)).all()
    missed = {key for key, moment in due.items() if moment < holding.tonight(JAKARTA, one_past)}
    assert held == holding.Held(0, len(missed))
    assert {row.key for row in rows if (row.state, row.reason) == (ReminderState.MISSED, "restored")} == missed
    assert {row.key for row in rows if row.state is ReminderState.SCHEDULED} == due.keys() - missed != set()


def test_tonight_is_the_offices_midnight():
    assert holding.tonight(JAKARTA, at(18, 23, 59)) == at(19, 0)
    assert holding.tonight(JAKARTA, at(19, 0)) == at(20, 0)


def test_a_damaged_or_truncated_backup_is_refused_and_nothing_is_changed(office_app, tmp_path):
    path, before = tmp_path / "backup.zip", contents()
    run(commands.backup, path)
    whole = path.read_bytes()
    shortened, changed, other = tmp_path / "short.zip", tmp_path / "changed.zip", tmp_path / "other.zip"
    shortened.write_bytes(whole[:-40])
    rewritten(path, changed, "tables/person.jsonl", lambda text: text.replace(b"Ani", b"Ina"))
    rewritten(path, other, "tables/person.jsonl", lambda text: text + text)
    assert "no backup made by outreach" in run(commands.restore, shortened, "--force")[1]
    assert "damaged at table person" in run(commands.restore, changed, "--force")[1]
    assert "damaged at table person" in run(commands.restore, other, "--force")[1]
    assert f"There is no file {tmp_path / 'nothing.zip'}." in run(commands.restore, tmp_path / "nothing.zip")[1]
    assert "no backup made by outreach" in run(commands.restore, tmp_path)[1]
    assert contents() == before
    assert run(commands.restore, path, "--force")[0] == 0


@pytest.mark.parametrize(
    ("entry", "change"),
    [
        ("tables/person.jsonl", lambda text: b"[" * 100_000),
        ("tables/person.jsonl", lambda text: b"[" + b"9" * 5000 + b"]"),
        ("tables/person.jsonl", lambda text: b"[" + b" " * safekeeping.MOST_LINE),
        ("tables/person.jsonl", lambda text: re.sub(rb'"20\d\d-[^"]*"', b"5", text)),
        ("manifest.json", lambda text: b"[1]"),
        ("manifest.json", lambda text: b"[" * 100_000),
        ("manifest.json", lambda text: text + b" " * safekeeping.MOST_LINE),
        ("manifest.json", lambda text: text.replace(b'"format": 1', b'"format": {}')),
    ],
)
def test_a_forged_backup_is_refused_with_a_message(office_app, tmp_path, entry, change):
    path, made_up, before = tmp_path / "backup.zip", tmp_path / "other.zip", contents()
    run(commands.backup, path)
    rewritten(path, made_up, entry, change)
    code, said = run(commands.restore, made_up, "--force")
    assert (code, "Error" in said or "backup" in said) == (1, True)
    with pytest.raises((safekeeping.Damaged, safekeeping.NotABackup, safekeeping.FromNewer)):
        safekeeping.examine(made_up)
    assert contents() == before


def test_a_flipped_bit_anywhere_is_reported_with_a_message(office_app, tmp_path):
    path, flipped = tmp_path / "backup.zip", tmp_path / "flipped.zip"
    run(commands.backup, path)
    whole, noticed = path.read_bytes(), 0
    for place in range(0, len(whole), max(1, len(whole) // 200)):
        data = bytearray(whole)
        data[place] ^= 0xFF
        flipped.write_bytes(data)
        try:
            safekeeping.examine(flipped)
        except (safekeeping.Damaged, safekeeping.NotABackup, safekeeping.FromNewer):
            noticed += 1
    assert noticed > 50  # the rest are dates and permissions of the entries, which do not belong to the data


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("alembic_version", [["version_num", "text"]]),
        ('person"; DROP TABLE person; --', [["a", "text"]]),
        ("person", [["name) VALUES ('x'); DROP TABLE person; --", "text"]]),
        ("nothing", [["a", "text"]]),
    ],
)
def test_a_backup_cannot_add_tables_or_columns(office_app, tmp_path, name, columns):
    path, made_up, before = tmp_path / "backup.zip", tmp_path / "other.zip", contents()
    run(commands.backup, path)
    empty = {"name": name, "columns": columns, "key": [], "rows": 0, "sum": "0"}

    def with_another(text):
        manifest = json.loads(text)
        return json.dumps({**manifest, "tables": [*manifest["tables"], empty]}).encode()

    rewritten(path, made_up, "manifest.json", with_another)
    with zipfile.ZipFile(made_up, "a") as archive:
        if name != "person":
            archive.writestr(f"tables/{name}.jsonl", "")
    assert "is damaged at table" in run(commands.restore, made_up, "--force")[1]
    assert contents() == before


@both_kinds
@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("id", 2**70),
        ("region_code", "99.99"),
        ("organisation_id", 424242),
        ("created_at", "2027-01-01T00:00:00"),
        ("created_at", "0001-01-01T00:00:00+14:00"),
        ("name", ["Ani"]),
        ("name", None),
    ],
)
def test_a_row_that_the_database_refuses_is_reported_and_the_former_data_stay(
    office_app, tmp_path, upgraded, kind, column, value
):
    path, made_up = tmp_path / "backup.zip", tmp_path / "other.zip"
    run(commands.backup, path)
    with_value(path, made_up, "person", column, value)
    with app_on(tmp_path / "other", upgraded(tmp_path / "other", kind)):
        a_person("Budi")
        before = contents()
        with pytest.raises((loading.RowRefused, loading.NotTheSame), match="Table person"):
            safekeeping.restore(made_up, safekeeping.examine(made_up), db.engine, now=NOW, force=True)
        db.session.rollback()
        assert contents() == before


@pytest.mark.postgresql
@pytest.mark.parametrize("id_", [-5, 0, 2**31 - 1])
def test_postgresql_refuses_an_id_after_which_no_new_one_can_be_given(office_app, tmp_path, upgraded, id_):
    path, made_up = tmp_path / "backup.zip", tmp_path / "other.zip"
    run(commands.backup, path)
    with_value(path, made_up, "person", "id", id_)
    with app_on(tmp_path / "other", upgraded(tmp_path / "other", "postgresql")):
        a_person("Budi")
        before = contents()
        with pytest.raises(loading.RowRefused, match="Table person"):
            safekeeping.restore(made_up, safekeeping.examine(made_up), db.engine, now=NOW, force=True)
        db.session.rollback()
        assert contents() == before


@pytest.mark.parametrize(
    "change", [{"version": "\x1b[2J", "format": 2}, {"version": "\x1b[2J", "revision": "9999"}, {"version": {}}]
)
def test_no_sign_of_a_backup_steers_the_terminal(office_app, tmp_path, change):
    path, made_up = tmp_path / "backup.zip", tmp_path / "other.zip"
    run(commands.backup, path)
    rewritten(path, made_up, "manifest.json", lambda text: json.dumps(json.loads(text) | change).encode())
    code, said = run(commands.restore, made_up, "--force")
    assert (code, "\x1b" in said, "no backup made by outreach" in said) == (1, False, True)


def with_value(path, to, table: str, column: str, value) -> None:
    """Write the backup with another value in a table's first row, and with the count and checksum that fit it."""
    with zipfile.ZipFile(path) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        lines = archive.read(f"tables/{table}.jsonl").splitlines()
    noted = next(each for each in manifest["tables"] if each["name"] == table)
    columns = tuple((name, Kind(kind)) for name, kind in noted["columns"])
    saved, found = SavedTable(table, columns, tuple(noted["key"])), Sum()
    row = json.loads(lines[0])
    row[[name for name, _kind in columns].index(column)] = value
    lines[0] = json.dumps(row).encode()
    for text in lines:
        found.add(line(saved, row_from(saved, text)))
    noted["sum"] = found.digest
    rewritten(path, tmp := to.with_suffix(".tmp"), f"tables/{table}.jsonl", lambda _text: b"\n".join(lines) + b"\n")
    rewritten(tmp, to, "manifest.json", lambda _text: json.dumps(manifest).encode())


def test_an_existing_file_under_the_temporary_name_is_neither_overwritten_nor_followed(office_app, tmp_path):
    precious = tmp_path / "precious"
    precious.write_text("precious")
    (tmp_path / "backup.zip.part").symlink_to(precious)
    path = tmp_path / "backup.zip"
    assert run(commands.backup, path)[0] == 0
    assert (precious.read_text(), path.is_symlink(), stat.S_IMODE(path.stat().st_mode)) == ("precious", False, 0o600)


def rewritten(path, to, entry: str, change) -> None:
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(to, "w") as new:
        for name in old.namelist():
            new.writestr(name, change(old.read(name)) if name == entry else old.read(name))


@both_kinds
def test_a_databases_contents_are_replaced_only_by_force(office_app, tmp_path, upgraded, kind):
    path = tmp_path / "backup.zip"
    run(commands.backup, path)
    before = contents()
    with app_on(tmp_path / "other", upgraded(tmp_path / "other", kind)):
        a_person("Budi")
        a_person("Citra")
        code, said = run(commands.restore, path)
        assert (code, "holds data already (table person)" in said) == (1, True)
        assert db.session.scalar(sa.select(sa.func.count(Person.id))) == 2
        db.session.rollback()
        assert run(commands.restore, path, "--force")[0] == 0
        assert contents() == before


@both_kinds
def test_an_old_backup_does_not_bring_back_who_was_erased_since(office_app, tmp_path, urls, kind):
    path = tmp_path / "backup.zip"
    run(commands.backup, path)
    with app_on(tmp_path / "other", urls(kind)):
        migrations.upgrade()
        assert run(commands.restore, path)[0] == 0
        ani = db.session.scalars(sa.select(Person)).one()
        assert ani.name == "Ani"  # nobody has erased her yet
        privacy.erase(ani.id, by=None, now=NOW)
        code, said = run(commands.restore, path, "--force")
        assert (code, "Erased again, as they were erased since the backup: 1 people." in said) == (0, True)
        assert db.session.scalars(sa.select(Person.name)).all() == ["(erased)"]


def test_the_list_of_marks_is_enough_where_the_database_was_lost_and_it_names_nobody(office_app, tmp_path):
    path = tmp_path / "backup.zip"
    run(commands.backup, path)
    privacy.erase(db.session.scalars(sa.select(Person.id)).one(), by=None, now=NOW)
    retention.run(NOW)
    (tmp_path / "new").mkdir()
    kept = (tmp_path / "office" / marks.FILE).read_text()
    assert re.fullmatch(r"[0-9a-f]{64}\n", kept)
    (tmp_path / "new" / marks.FILE).write_text(kept)
    with app_on(tmp_path / "new"):
        assert "Erased again" in run(commands.restore, path)[1]
        assert db.session.scalars(sa.select(Person.name)).all() == ["(erased)"]


def test_a_backup_names_those_beside_it_that_are_older_than_the_office_keeps_them(office_app, tmp_path):
    folder = tmp_path / "kept"
    folder.mkdir()
    for days in (89, 91):
        (folder / f"outreach-{clock.now() - timedelta(days=days):%Y%m%dT%H%M%SZ}.zip").write_text("")
    said = run(commands.backup, folder)[1]
    assert "Older than the 90 days" in said
    assert (said.count("(89 days)"), said.count("(91 days)")) == (0, 1)


def test_a_backup_of_older_tables_is_restored_and_upgraded(tmp_path):
    path = tmp_path / "old.zip"
    with app_on(tmp_path / "old"):
        migrate_upgrade(revision="0001")
        with db.engine.begin() as connection:
            connection.exec_driver_sql("INSERT INTO region (code, name, level) VALUES ('18', 'Lampung', 1)")
        assert run(commands.backup, path)[0] == 0
    with app_on(tmp_path / "new"):
        migrations.upgrade()
        assert run(commands.restore, path)[0] == 0
        assert contents()["region"][0] == 1
        code, said = run(commands.restore, path, "--force")
        assert (code, "another version" in said) == (1, True)
        assert contents()["region"][0] == 1


def test_a_backup_from_a_newer_version_is_refused_with_advice(office_app, tmp_path):
    path, newer = tmp_path / "backup.zip", tmp_path / "newer.zip"
    run(commands.backup, path)
    rewritten(
        path,
        newer,
        "manifest.json",
        lambda text: json.dumps(json.loads(text) | {"revision": "9999", "version": "9.0"}).encode(),
    )
    code, said = run(commands.restore, newer, "--force")
    assert (code, "newer outreach (9.0)" in said) == (1, True)


def test_a_backup_is_readable_by_its_owner_only_replaces_no_file_and_has_no_secret_key(office_app, tmp_path):
    code, said = run(commands.backup, tmp_path)
    (path,) = tmp_path.glob("outreach-*.zip")
    assert (code, path.name in said) == (0, True)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "is there already" in run(commands.backup, path)[1]
    with zipfile.ZipFile(path) as archive:
        held = b"".join(archive.read(name) for name in archive.namelist())
    assert b"ani@example.com" in held
    assert SECRET.encode() not in held
    assert list(tmp_path.glob("*.part")) == []


def test_a_name_without_zip_is_a_folder_created_for_its_owner_only(office_app, tmp_path):
    folder = tmp_path / "var" / "backups"
    assert run(commands.backup, folder)[0] == 0
    (path,) = folder.iterdir()
    assert (stat.S_IMODE(folder.stat().st_mode), stat.S_IMODE(path.stat().st_mode)) == (0o700, 0o600)
    safekeeping.examine(path)
    path.rename(folder / "first.zip")
    assert run(commands.backup, folder)[0] == 0  # the next night
    assert len(list(folder.iterdir())) == 2
    (tmp_path / "note").write_text("mine")
    assert "is there already" in run(commands.backup, tmp_path / "note")[1]
    assert (tmp_path / "note").read_text() == "mine"


def test_nothing_is_restored_while_an_engine_seems_to_run_unless_it_is_declared_stopped(
    office_app, tmp_path, monkeypatch
):
    heartbeats.beat("host:1", now=NOW)
    path, before = tmp_path / "backup.zip", contents()
    assert run(commands.backup, path)[0] == 0
    for moment in (NOW - timedelta(minutes=2), NOW, NOW + timedelta(minutes=5)):
        monkeypatch.setattr(clock, "now", lambda moment=moment: moment)
        code, said = run(commands.restore, path, "--force")
        assert (code, "An engine (host:1) gave a sign of life" in said) == (1, True)
        assert contents() == before
    assert run(commands.restore, path, "--force", "--stopped")[0] == 0
    heartbeats.beat("host:1", now=NOW)
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(minutes=5, seconds=1))
    assert run(commands.restore, path, "--force")[0] == 0


def test_an_interrupted_backup_leaves_no_file(office_app, tmp_path, monkeypatch):
    def full(*_arguments):
        raise OSError("No space left on device")

    monkeypatch.setattr(safekeeping, "_manifest", full)
    assert run(commands.backup, tmp_path / "backup.zip")[0] == 1
    assert [path.name for path in tmp_path.iterdir()] == ["office"]


def test_messages_claimed_at_the_time_of_the_backup_are_held_as_well(office_app, tmp_path):
    path, now = tmp_path / "backup.zip", clock.now()
    person = db.session.scalar(sa.select(Person.id))
    for number, (state, due_at) in enumerate(
        [(MessageState.LEASED, now), (MessageState.HANDING_OVER, now), (MessageState.RETRY, now), (MessageState.SENT, now),
         (MessageState.DUE, now + timedelta(days=2))]
    ):  # fmt: skip
        db.session.add(
            Message(person_id=person, kind="invitation", local_day=now.date(), due_at=due_at, state=state,
                    expires_at=now + timedelta(days=9), leased_until=now, merge_key=f"key {number}")
        )  # fmt: skip
    db.session.commit()
    run(commands.backup, path)
    run(commands.restore, path, "--force")
    rows = db.session.execute(sa.select(Message.state, Message.reason, Message.merge_key).order_by(Message.id)).all()
    unknown = (MessageState.UNKNOWN, "restored", None)
    assert [tuple(row) for row in rows] == [
        unknown, unknown, unknown, (MessageState.SENT, "", "key 3"), (MessageState.DUE, "", "key 4")
    ]  # fmt: skip

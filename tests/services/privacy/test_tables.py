"""Every table says whether it holds personal data; what it says is true of export, erasing and retention."""

import sqlalchemy as sa

from outreach.domain.privacy.retention import CHANGEABLE, ONLY_TOLD
from outreach.extensions import db
from outreach.models import ErasedCount
from outreach.models.personal import NOT_PERSONAL, PERSONAL, Erasing
from outreach.services.privacy import person as privacy
from outreach.services.privacy.retention import run as retention
from outreach.services.privacy.retention.stores import STORES
from tests.support.copied import copied
from tests.world import NOW
from tests.world.filled import LEFT_OUT, fill_every_table, where_it_stands

# Words of no person: random letters, keys, and what the program or staff call things.
NAMELESS = {
    "nonce", "key", "uid", "worker", "rfc_message_id", "mailbox", "digest", "sha256", "code", "merge_key", "substance",
    "text_key", "frame_key", "mark", "zone", "fs_uniquifier", "media_type", "etag", "last_modified", "kept", "locale",
    "public_key", "what_done", "subject_type", "action", "region_code", "code_hash", "key_hash", "stamp",
}  # fmt: skip
PARENTS = ("person", "acting_person", "invitation", "message", "archived_message")


def left(table_and_column: str) -> bool:
    table, column = table_and_column.split(".")
    return table in PERSONAL and column not in NAMELESS


def test_every_table_says_whether_it_holds_personal_data():
    tables = set(db.metadata.tables)
    assert tables - set(PERSONAL) - set(NOT_PERSONAL) == set(), "write a line in outreach/models/personal.py"
    assert (set(PERSONAL) | set(NOT_PERSONAL)) - tables == set()
    assert set(PERSONAL) & set(NOT_PERSONAL) == set()
    assert [name for name, said in PERSONAL.items() if not (said.exported or said.because)] == []


def test_a_table_that_refers_to_a_person_cannot_say_that_it_holds_nothing():
    refers = {
        table.name
        for table in db.metadata.sorted_tables
        if any(key.column.table.name in PARENTS for key in table.foreign_keys)
    }
    assert refers & set(NOT_PERSONAL) == set()


def test_retention_knows_each_table_by_the_purpose_that_it_names():
    known = {(table, store.purpose) for store in STORES for table in store.tables}
    wanted = {(name, said.purpose) for name, said in PERSONAL.items() if said.purpose in CHANGEABLE}
    assert wanted - known == set()
    assert {store.purpose for store in STORES} == set(CHANGEABLE) - ONLY_TOLD


@copied
def filled(any_app, coordinator, activity, ani):
    fill_every_table(ani, activity)
    return ani


def test_the_export_has_what_each_table_names_and_erasing_leaves_none_of_it(filled):
    held = privacy.export(filled.id, by=None, now=NOW)
    missing = {
        name
        for name, said in PERSONAL.items()
        if said.exported and name not in LEFT_OUT and not held.get(said.exported)
    }
    assert missing == {"letter"}  # it is named in a version, which this world leaves out
    assert {one.split(".")[0] for one in where_it_stands()} >= {"given_answer", "scan", "stored_file", "call"}
    privacy.erase(filled.id, by=None, now=NOW)
    db.session.commit()
    stays = {name for name, said in PERSONAL.items() if said.erasing is Erasing.STAYS}
    assert {one for one in where_it_stands() if left(one) and one.split(".")[0] not in stays} == set()
    gone = [name for name, said in PERSONAL.items() if said.erasing is Erasing.GONE and name != "stored_file"]
    assert [name for name in gone if db.session.execute(sa.select(db.metadata.tables[name])).all()] == []


def test_when_everything_is_old_a_run_leaves_no_word_of_anybody_and_a_second_run_does_nothing(filled):
    done = retention.run(NOW)
    changeable = {name for name, said in PERSONAL.items() if said.purpose in CHANGEABLE}
    assert {one for one in where_it_stands() if left(one) and one.split(".")[0] in changeable} == set()
    stores = {store.name for store in STORES}
    # This account is in use; SQLite keeps the newest message, so that its number is not given again.
    assert stores - set(done) == {"mails", "accounts", "ended_accounts", "weekly_absences"}
    assert {row.store: row.number for row in db.session.scalars(sa.select(ErasedCount))} == {
        name: number for name, number in done.items() if name in stores
    }
    assert retention.run(NOW) == {}

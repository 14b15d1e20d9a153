"""Undoing an import within a day: added people are removed, changed people get their former values.

People who were changed or invited since the import stay as they are.
"""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from outreach.domain.kinds import CadreKind
from outreach.extensions import db
from outreach.models import AuditEntry, Cadre, Person, PersonImportLine
from outreach.queries.directory import lists as directory
from outreach.queries.invitations import history
from outreach.queries.invitations.history import EntryKind
from outreach.services.directory import import_people as importing
from outreach.services.directory import import_undo, people
from outreach.services.directory.import_undo import ImportMissing, ImportUndone, WhyKept
from outreach.services.invitations import invitee
from outreach.services.privacy import person as privacy
from tests.services.directory.sheets import ANI, a_sheet
from tests.world import NOW, invite

BUDI = [2, "Budi Santoso", "Yosodadi", "081234567891", "budi@example.com", "PKK"]
LATER = NOW + timedelta(hours=5)


def store(*rows, now=NOW):
    return importing.store(a_sheet(*rows), "kader.xlsx", by=None, now=now).import_id


def undo(import_id, now=LATER):
    done = import_undo.undo(import_id, by=None, now=now)
    return done.removed, done.restored, [(person.full_name, why) for person, why in done.left]


def listed():
    return {
        person.name: (person.email, person.phone, person.region_code)
        for person in db.session.scalars(sa.select(Person))
    }


def named(name):
    return db.session.scalars(sa.select(Person).where(Person.name == name)).one()


def values(person, **changed):
    return importing.replace(people.values_of(person), **changed)


@pytest.mark.usefixtures("metro")
def test_people_who_were_added_are_removed_with_their_roles():
    import_id = store(ANI, BUDI)
    assert len(listed()) == 2
    assert undo(import_id) == (2, 0, [])
    assert listed() == {}
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Cadre)) == 0


@pytest.mark.usefixtures("metro")
def test_people_who_were_changed_get_their_former_values_and_roles_back():
    store(ANI)
    before = people.values_of(named("Ani Wijaya"))
    import_id = store([1, "Hj. Ani Wijaya", "Metro", "081234567890", "baru@example.com", "PKK"])
    after = people.values_of(named("Ani Wijaya"))
    assert (after.email, after.kinds) == ("baru@example.com", (CadreKind.PATBM, CadreKind.PKK))
    assert undo(import_id) == (0, 1, [])
    assert people.values_of(named("Ani Wijaya")) == before
    assert db.session.scalars(sa.select(Cadre.region_code)).all() == ["18.72.01.1003"]
    entry = db.session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id.desc()).offset(1)).first()
    assert entry.detail == {"changed": ["email", "kinds", "region_code", "title_before"]}


@pytest.mark.usefixtures("metro")
def test_people_changed_since_the_import_are_named_and_left_unchanged():
    import_id = store(ANI, BUDI)
    ani = named("Ani Wijaya")
    people.edit(ani.id, values(ani, phone="0812-9999-8888"), by=None, now=LATER)
    assert undo(import_id) == (1, 0, [("Ani Wijaya", WhyKept.CHANGED)])
    assert listed() == {"Ani Wijaya": ("ani@example.com", "+6281299998888", "18.72.01.1003")}


@pytest.mark.usefixtures("metro")
def test_people_changed_by_a_later_import_are_left_unchanged():
    first = store(ANI, BUDI)
    second = store([1, "Ani Wijaya", "Imopuro", "081234567890", "baru@example.com", "PATBM"])
    assert undo(first) == (1, 0, [("Ani Wijaya", WhyKept.CHANGED)])
    assert undo(second) == (0, 1, [])
    assert listed()["Ani Wijaya"][0] == "ani@example.com"


@pytest.mark.usefixtures("metro")
def test_people_who_stopped_reminders_since_the_import_are_left_unchanged():
    import_id = store(ANI)
    invitee.stop_reminders(named("Ani Wijaya"), by=None, now=LATER)
    assert undo(import_id) == (0, 0, [("Ani Wijaya", WhyKept.CHANGED)])


def test_people_invited_since_the_import_are_named_and_left_unchanged(any_app, activity):
    first = store(ANI, BUDI)
    invite(activity, named("Ani Wijaya"))
    assert undo(first) == (1, 0, [("Ani Wijaya", WhyKept.USED)])
    assert "Ani Wijaya" in listed()


def test_people_invited_before_the_import_get_their_former_values_back(any_app, activity):
    store(ANI)
    invite(activity, named("Ani Wijaya"))
    import_id = store([1, "Ani Wijaya", "Imopuro", "081234567890", "baru@example.com", "PATBM"])
    assert undo(import_id) == (0, 1, [])
    assert listed()["Ani Wijaya"][0] == "ani@example.com"


@pytest.mark.usefixtures("metro")
def test_an_erased_persons_former_values_are_erased_too_and_undoing_brings_nothing_back():
    store(ANI)
    import_id = store([1, "Ani Wijaya", "Imopuro", "081234567890", "baru@example.com", "PATBM"])
    ani = named("Ani Wijaya")
    held = privacy.export(ani.id, by=None, now=LATER)["imports"]
    assert [(row["file"], row["before"] and row["before"]["email"]) for row in held] == [
        ("kader.xlsx", None),
        ("kader.xlsx", "ani@example.com"),
    ]
    privacy.erase(ani.id, by=None, now=LATER)
    assert "ani@example.com" not in str(db.session.scalars(sa.select(PersonImportLine.before)).all())
    assert undo(import_id) == (0, 0, [("(erased)", WhyKept.ERASED)])


@pytest.mark.usefixtures("metro")
def test_the_effect_of_undoing_is_shown_before_and_what_was_left_is_shown_afterwards():
    import_id = store(ANI, BUDI)
    ani = named("Ani Wijaya")
    people.edit(ani.id, values(ani, post="Ketua"), by=None, now=LATER)
    done = directory.recent_import(import_id, now=LATER)
    before = import_undo.forecast(done)
    assert (before.removed, before.restored, [(p.name, why) for p, why in before.left]) == (
        1,
        0,
        [("Ani Wijaya", WhyKept.CHANGED)],
    )
    undo(import_id)
    after = import_undo.forecast(directory.recent_import(import_id, now=LATER))
    assert [(p.name, why) for p, why in after.left] == [("Ani Wijaya", WhyKept.CHANGED)]


@pytest.mark.usefixtures("metro")
def test_an_import_is_undone_once_and_is_in_the_audit_log():
    import_id = store(ANI, BUDI)
    undo(import_id)
    with pytest.raises(ImportUndone):
        undo(import_id)
    entry = db.session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert (entry.action, entry.subject_name, entry.detail) == (
        "person.import_undone",
        "kader.xlsx",
        {"removed": 2, "restored": 0, "left": 0},
    )


@pytest.mark.usefixtures("metro")
def test_an_import_can_be_undone_for_a_day_and_is_then_only_named_in_histories():
    import_id = store(ANI)
    day = NOW + timedelta(days=1)
    assert directory.recent_import(import_id, now=day - timedelta(seconds=1)).id == import_id
    assert [past_import.id for past_import in directory.recent_imports(now=day - timedelta(seconds=1))] == [import_id]
    assert import_undo.forget_old(day - timedelta(seconds=1)) == 0
    with pytest.raises(ImportMissing):
        undo(import_id, now=day)
    assert directory.recent_imports(now=day) == []
    assert import_undo.forget_old(day) == 1
    assert import_undo.forget_old(day) == 0
    ani = named("Ani Wijaya")
    imported = [
        one.what.filename for one in history.everything(history.of_invitee(ani)) if one.kind is EntryKind.IMPORTED
    ]
    assert imported == ["kader.xlsx"]
    assert [(line.digest, line.before) for line in db.session.scalars(sa.select(PersonImportLine))] == [("", None)]


@pytest.mark.usefixtures("metro")
def test_the_values_that_an_import_replaced_are_forgotten_after_a_day():
    store(ANI)
    store([1, "Hj. Ani Wijaya", "Metro", "081234567890", "baru@example.com", "PKK"])
    assert import_undo.forget_old(NOW + timedelta(days=1)) == 2
    befores = sa.select(PersonImportLine.before).order_by(PersonImportLine.import_id)
    assert db.session.scalars(befores).all() == [None, {}]


@pytest.mark.usefixtures("metro")
def test_only_the_person_changed_since_the_import_stays_when_many_are_removed():
    rows = [[n, f"Kader {chr(97 + n % 26)}{chr(97 + n // 26)} Baru", "Metro", "", "", "PKK"] for n in range(600)]
    import_id = store(*rows)
    assert len(listed()) == 600
    touched = named("Kader aa Baru")
    people.edit(touched.id, values(touched, post="Ketua"), by=None, now=LATER)
    assert undo(import_id) == (599, 0, [("Kader aa Baru", WhyKept.CHANGED)])
    assert list(listed()) == ["Kader aa Baru"]

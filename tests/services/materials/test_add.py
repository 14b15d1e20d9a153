"""Staff add a file for a speaker after the activity, and remove what they added; what a speaker sent stays theirs."""

import pytest
import sqlalchemy as sa

from outreach.domain.kinds import Role
from outreach.domain.materials import FileNotTaken, FilesTooLarge, MaterialMissing
from outreach.extensions import db
from outreach.models import AuditEntry, Material, StoredFile
from outreach.services.materials import add as adding
from outreach.services.materials import send as sending
from outreach.services.materials.add import SpeakerNotInvited
from outreach.services.materials.send import GivenFile
from outreach.services.reminders import tick as reminding
from tests.world import NOW, at, invite, rows_of, token_of
from tests.world import uploads as made

SLIDES = GivenFile(made.PDF, "Paparan.pdf")
AFTERWARDS = at(20)


def test_a_file_is_added_after_the_activity_and_removed_again(any_app, published, chief, ani, coordinator):
    invite(published, chief, role=Role.SPEAKER)
    reminding.tick(NOW)
    own = sending.send(token_of(chief), published.id, SLIDES, most_mb=40, now=NOW).id

    def add(person, file=SLIDES, most_mb=40):
        return adding.add(
            published.id, person.id, file, most_mb=most_mb, file_mb=10, by=coordinator, now=AFTERWARDS
        )  # fmt: skip

    for refused, person, file, most_mb in (
        (SpeakerNotInvited, ani, SLIDES, 40), (FileNotTaken, chief, GivenFile(b"MZ", "a.exe"), 40),
        (FilesTooLarge, chief, SLIDES, 0),
    ):  # fmt: skip
        with pytest.raises(refused):
            add(person, file, most_mb)
    added = add(chief).id
    assert [(one.id, one.file.uploaded_by_id) for one in rows_of(Material)] == [(own, None), (added, coordinator.id)]
    with pytest.raises(MaterialMissing):
        adding.remove(published.id, own, by=coordinator, now=AFTERWARDS)
    adding.remove(published.id, added, by=coordinator, now=AFTERWARDS)
    assert ([one.id for one in rows_of(Material)], len(rows_of(StoredFile))) == ([own], 1)
    said = sa.select(AuditEntry.action).where(AuditEntry.action.contains("material")).order_by(AuditEntry.id)
    assert db.session.scalars(said).all() == ["activity.material_added", "activity.material_removed"]

"""A speaker's biography, photo, files and topics are in the export; erasing deletes them."""

import hashlib

import sqlalchemy as sa

from outreach.domain.kinds import Role
from outreach.extensions import db
from outreach.models import Material, ProposedTopic, SpeakerProfile, StoredFile
from outreach.services.materials import send as sending
from outreach.services.materials.send import GivenFile
from outreach.services.privacy import person as privacy
from outreach.services.reminders import tick as reminding
from tests.world import NOW, count, invite, token_of
from tests.world import uploads as made


def test_what_a_speaker_gave_is_exported_and_erased(any_app, published, chief, ani, coordinator):
    for speaker in (chief, ani):
        invite(published, speaker, role=Role.SPEAKER)
    reminding.tick(NOW)
    for speaker in (chief, ani):
        link = token_of(speaker)
        sending.send(link, published.id, GivenFile(made.PDF, "Paparan.pdf"), most_mb=40, now=NOW)
        sending.introduce(link, published.id, "Kepala Unit PPA.", GivenFile(made.png(), "saya.png"), now=NOW)
        sending.propose(link, published.id, "Lapor ke mana?", now=NOW)
    exported = privacy.export(chief.id, by=coordinator, now=NOW)
    assert (exported["biography"], exported["photo"]["file"]) == ("Kepala Unit PPA.", "saya.png")
    assert [one["topic"] for one in exported["topics_proposed"]] == ["Lapor ke mana?"]
    (file,) = exported["materials"]
    assert (file["activity"], file["file"], file["bytes"]) == (published.title, "Paparan.pdf", len(made.PDF))
    assert file["sha256"] == hashlib.sha256(made.PDF).hexdigest()
    privacy.erase(chief.id, by=coordinator, now=NOW)
    assert [count(model) for model in (Material, ProposedTopic, SpeakerProfile, StoredFile)] == [1, 1, 1, 2]
    assert db.session.scalars(sa.select(Material.person_id)).all() == [ani.id]

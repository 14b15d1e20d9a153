"""A speaker's biography, photo, files and topics are in the export; erasing deletes them."""

import hashlib

import sqlalchemy as sa

from outreach.delivery import tokens
from outreach.domain.answers import Choice, Representative
from outreach.domain.kinds import Role
from outreach.extensions import db
from outreach.models import ActingPerson, ActingProfile, Material, ProposedTopic, SpeakerProfile, StoredFile
from outreach.services.answers import answer as answering
from outreach.services.materials import send as sending
from outreach.services.materials.send import GivenFile
from outreach.services.privacy import person as privacy
from outreach.services.reminders import tick as reminding
from tests.world import NOW, a_person, count, invite, token_of
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


def test_what_somebody_gave_who_acted_for_a_speaker_is_exported_and_erased_with_them_or_with_the_speaker(
    any_app, published, chief, ani, coordinator
):
    rina = a_person("Rina Dewi", email="rina@example.com")
    for speaker in (chief, ani):
        invite(published, speaker, role=Role.SPEAKER)
    reminding.tick(NOW)
    for speaker, name in ((chief, "Rina Dewi"), (ani, "Tono")):
        named = Representative(name, email=f"{name.split()[0].lower()}@example.com")
        answering.answer(token_of(speaker), published.id, Choice.REPRESENTED, named, now=NOW)
        nonce = db.session.scalar(sa.select(ActingPerson.nonce).where(ActingPerson.name == name).limit(1))
        link = tokens.acting_token(nonce)
        sending.send(link, published.id, GivenFile(made.PDF, f"{name}.pdf"), most_mb=40, now=NOW)
        sending.introduce(link, published.id, "Wakapolres.", GivenFile(made.png(), "saya.png"), now=NOW)
        sending.propose(link, published.id, "Lapor ke mana?", now=NOW)
    said = privacy.export(rina.id, by=coordinator, now=NOW)["sent_as_representative"]
    assert [(one["biography"], one["photo"]["file"]) for one in said["introduced"]] == [("Wakapolres.", "saya.png")]
    assert [one["file"] for one in said["materials"]] == ["Rina Dewi.pdf"]
    assert [one["topic"] for one in said["topics_proposed"]] == ["Lapor ke mana?"]
    kept = (Material, ProposedTopic, ActingProfile, StoredFile)
    privacy.erase(rina.id, by=coordinator, now=NOW)
    assert [count(model) for model in kept] == [1, 1, 1, 2]
    privacy.erase(ani.id, by=coordinator, now=NOW)
    assert [count(model) for model in kept] == [0, 0, 0, 0]

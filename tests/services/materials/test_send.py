"""Speakers send files, a topic, a biography and a photo by their link; what is refused leaves nothing."""

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from outreach.domain.kinds import Role
from outreach.domain.materials import (
    FileNotTaken,
    FilesTooLarge,
    MaterialMissing,
    MaterialsClosed,
    NotASpeaker,
    PhotoNotTaken,
    TooManyFiles,
)
from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.models import AuditEntry, Material, ProposedTopic, SpeakerProfile, StoredFile
from outreach.services import files
from outreach.services.invitations.links import LinkUnknown
from outreach.services.materials import send as sending
from outreach.services.materials.send import BiographyTooLong, GivenFile, TopicTooLong
from outreach.services.reminders import tick as reminding
from tests.support.copied import copied
from tests.world import NOW, invite, set_state, token_of
from tests.world import uploads as made

SLIDES = GivenFile(made.PDF, "C:\\Users\\Ani\\Paparan.pdf")


@copied
def link(any_app, published, chief) -> str:
    """The link of the chief, who speaks at the published activity."""
    invite(published, chief, role=Role.SPEAKER)
    reminding.tick(NOW)
    return token_of(chief)


def rows(model) -> list:
    db.session.rollback()
    return list(db.session.scalars(sa.select(model).order_by(model.id)))


def send(link, activity, upload=SLIDES, *, most_mb=40, now=NOW, staff=None):
    return sending.send(link, activity.id, upload, most_mb=most_mb, now=now, staff=staff)


def test_how_large_a_file_may_be_is_what_the_office_set(link, published):
    large = GivenFile(made.PDF[:9] + b"%" * 1024 * 1024 * 11 + made.PDF[9:], "paparan.pdf")
    with pytest.raises(files.UploadTooLarge) as refused:
        sending.send(link, published.id, large, most_mb=40, now=NOW)
    assert refused.value.values["megabytes"] == 10
    kept = sending.send(link, published.id, large, most_mb=40, file_mb=12, now=NOW)
    assert kept.file.size == len(large.data)


def test_a_file_is_kept_under_a_clean_name_and_removed_with_its_data(link, published, chief):
    sent = send(link, published)
    (file,) = rows(StoredFile)
    assert (file.name, file.media_type, file.data, file.uploaded_by_id) == (
        "Paparan.pdf",
        "application/pdf",
        made.PDF,
        None,
    )
    sending.remove(link, published.id, sent.id, now=NOW)
    assert (rows(Material), rows(StoredFile)) == ([], [])
    with pytest.raises(MaterialMissing):
        sending.remove(link, published.id, sent.id, now=NOW)


def test_what_is_refused_is_logged_and_leaves_nothing(link, published):
    with capture_logs() as logged, pytest.raises(FileNotTaken):
        send(link, published, GivenFile(b"<script>", "paparan.pdf"))
    assert [(one["event"], one["why"], one["bytes"]) for one in logged] == [("file refused", "FileNotTaken", 8)]
    with pytest.raises(PhotoNotTaken):
        sending.introduce(link, published.id, "Saya", GivenFile(made.PDF, "saya.jpg"), now=NOW)
    assert (rows(StoredFile), rows(SpeakerProfile)) == ([], [])


def test_files_are_limited_in_number_and_in_size_together(link, published, monkeypatch):
    monkeypatch.setattr(sending, "MOST_FILES", 2)
    large = GivenFile(made.PDF[:9] + b"%" * 1024 * 700 + made.PDF[9:], "a.pdf")
    send(link, published, large, most_mb=1)
    with pytest.raises(FilesTooLarge):
        send(link, published, large, most_mb=1)
    send(link, published, large)
    with pytest.raises(TooManyFiles):
        send(link, published)
    assert len(rows(StoredFile)) == 2


def test_only_who_speaks_there_may_send(link, published, ani):
    for token, activity_id in ((token_of(ani), published.id), (link, published.id + 100)):
        with pytest.raises(NotASpeaker):
            sending.send(token, activity_id, SLIDES, most_mb=40, now=NOW)
    with pytest.raises(LinkUnknown):
        sending.send("forged" * 4, published.id, SLIDES, most_mb=40, now=NOW)
    assert rows(StoredFile) == []


def test_a_speaker_cannot_remove_another_ones_file(link, published, ani):
    invite(published, ani, role=Role.SPEAKER)
    reminding.tick(NOW)
    sent = send(link, published)
    with pytest.raises(MaterialMissing):
        sending.remove(token_of(ani), published.id, sent.id, now=NOW)
    assert len(rows(Material)) == 1


def test_nothing_is_sent_or_removed_once_the_activity_has_begun_or_by_who_declined(link, published, chief):
    sent = send(link, published)
    for change in (
        lambda now: send(link, published, now=now),
        lambda now: sending.remove(link, published.id, sent.id, now=now),
        lambda now: sending.introduce(link, published.id, "Saya", now=now),
        lambda now: sending.propose(link, published.id, "Topik", now=now),
    ):
        with pytest.raises(MaterialsClosed):
            change(published.starts_at)
    set_state(published, InvitationState.NOT_COMING, chief)
    with pytest.raises(MaterialsClosed):
        send(link, published)


def test_biography_and_photo_are_replaced_and_the_old_photo_is_deleted(link, published):
    sending.introduce(
        link, published.id, " Kepala Unit PPA. \r\n\r\nSejak 2019. ", GivenFile(made.jpeg(), "a.jpg"), now=NOW
    )
    profile = sending.introduce(link, published.id, "Kepala Unit PPA.", GivenFile(made.png(), "b.png"), now=NOW)
    assert (profile.biography, [file.name for file in rows(StoredFile)]) == ("Kepala Unit PPA.", ["b.png"])
    sending.introduce(link, published.id, "Kepala Unit PPA.", now=NOW)
    assert len(rows(StoredFile)) == 1
    sending.introduce(link, published.id, "Kepala Unit PPA.", without_photo=True, now=NOW)
    assert (rows(StoredFile), [one.photo_id for one in rows(SpeakerProfile)]) == ([], [None])
    with pytest.raises(BiographyTooLong):
        sending.introduce(link, published.id, "x" * 3001, now=NOW)


def test_a_topic_is_proposed_changed_and_taken_back(link, published):
    for topic in ("Kekerasan  di rumah", "Lapor ke mana?"):
        sending.propose(link, published.id, topic, now=NOW)
    assert [one.topic for one in rows(ProposedTopic)] == ["Lapor ke mana?"]
    sending.propose(link, published.id, " ", now=NOW)
    assert rows(ProposedTopic) == []
    with pytest.raises(TopicTooLong):
        sending.propose(link, published.id, "x" * 301, now=NOW)


def test_the_audit_log_says_what_the_link_was_used_for_while_staff_were_signed_in(link, published, coordinator):
    send(link, published)
    send(link, published, staff=coordinator)
    logged = db.session.execute(
        sa.select(AuditEntry.action, AuditEntry.user_id).where(AuditEntry.action.contains("material"))
    )
    assert [tuple(row) for row in logged] == [("person.material_sent_by_link", coordinator.id)]

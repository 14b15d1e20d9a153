"""Whoever acts for a speaker sends files, a topic, a biography and a photo by their own link; who sent what is kept."""

import pytest
import sqlalchemy as sa

from outreach.delivery import tokens
from outreach.domain.answers import Choice, Representative
from outreach.domain.kinds import Role
from outreach.domain.materials import MaterialMissing, MaterialsClosed, NotASpeaker
from outreach.domain.representation import NotActing
from outreach.extensions import db
from outreach.models import ActingProfile, Activity, Material, Person, ProposedTopic, SpeakerProfile, StoredFile
from outreach.services.answers import acting
from outreach.services.answers import answer as answering
from outreach.services.materials import send as sending
from outreach.services.materials.send import GivenFile
from outreach.services.reminders import tick as reminding
from tests.support.copied import copied
from tests.world import NOW, fresh, invitation_of, invite, token_of
from tests.world import uploads as made

SLIDES = GivenFile(made.PDF, "Paparan.pdf")
PHOTO = GivenFile(made.jpeg(), "saya.jpg")
RINA = Representative("Kompol Rina Dewi", "Wakapolres", email="rina@example.com")
TONO = Representative("AKP Tono", "Kasat Reskrim", email="tono@example.com")


@copied
def represented(any_app, published, chief) -> Activity:
    """The activity at which Rina speaks for the chief."""
    invite(published, chief, role=Role.SPEAKER)
    reminding.tick(NOW)
    answering.answer(token_of(chief), published.id, Choice.REPRESENTED, RINA, now=NOW)
    return published


def page_of(activity: Activity, invitee: Person) -> str:
    db.session.rollback()
    return tokens.acting_token(invitation_of(activity, invitee).acting.nonce)


def send(link, activity, upload=SLIDES):
    return sending.send(link, activity.id, upload, most_mb=40, now=NOW)


def senders() -> list[tuple[str, str]]:
    """Return each file with the name of whoever sent it for the speaker; "" if the speaker did."""
    db.session.rollback()
    return [
        (one.file.name, one.sent_by.name if one.sent_by else "")
        for one in db.session.scalars(sa.select(Material).order_by(Material.id))
    ]


def test_the_acting_person_sends_for_the_speaker_and_it_is_kept_who_sent_what(represented, chief):
    rinas = page_of(represented, chief)
    send(token_of(chief), represented, GivenFile(made.PDF, "Kapolres.pdf"))
    send(rinas, represented)
    sending.propose(rinas, represented.id, "Lapor ke mana?", now=NOW)
    assert senders() == [("Kapolres.pdf", ""), ("Paparan.pdf", "Kompol Rina Dewi")]
    proposal = db.session.scalar(sa.select(ProposedTopic))
    assert (proposal.person_id, proposal.proposed_by.name) == (chief.id, "Kompol Rina Dewi")


def test_the_acting_persons_biography_leaves_the_speakers_own_as_it_is(represented, chief):
    sending.introduce(token_of(chief), represented.id, "Kapolres sejak 2024.", PHOTO, now=NOW)
    rinas = page_of(represented, chief)
    sending.introduce(rinas, represented.id, "Wakapolres.", PHOTO, now=NOW)
    sending.introduce(rinas, represented.id, "Wakapolres sejak 2025.", without_photo=True, now=NOW)
    db.session.rollback()
    assert db.session.scalar(sa.select(SpeakerProfile)).biography == "Kapolres sejak 2024."
    own = db.session.scalar(sa.select(ActingProfile))
    assert (own.biography, own.photo_id) == ("Wakapolres sejak 2025.", None)
    assert db.session.scalar(sa.select(sa.func.count(StoredFile.id))) == 1  # the speaker's photo


def test_the_acting_person_removes_only_their_own_file_and_the_speaker_any(represented, chief):
    of_chief = send(token_of(chief), represented, GivenFile(made.PDF, "Kapolres.pdf"))
    rinas = page_of(represented, chief)
    of_rina, other = send(rinas, represented), send(rinas, represented)
    with pytest.raises(MaterialMissing):
        sending.remove(rinas, represented.id, of_chief.id, now=NOW)
    sending.remove(rinas, represented.id, of_rina.id, now=NOW)
    sending.remove(token_of(chief), represented.id, other.id, now=NOW)
    assert senders() == [("Kapolres.pdf", "")]


@pytest.mark.parametrize("how", ["undone", "passed on", "declined"])
def test_the_link_of_somebody_who_acts_no_more_sends_nothing_and_what_they_sent_stays(represented, chief, how):
    rinas = page_of(represented, chief)
    sent = send(rinas, represented)
    if how == "undone":
        acting.take_back(token_of(chief), represented.id, now=NOW)
    else:
        choice = Choice.REPRESENTED if how == "passed on" else Choice.NOT_COMING
        acting.answer(rinas, represented.id, choice, TONO if how == "passed on" else None, now=NOW)
    with pytest.raises(NotActing):
        send(rinas, represented)
    with pytest.raises(NotActing):
        sending.introduce(rinas, represented.id, "Wakapolres.", now=NOW)
    with pytest.raises(NotActing):
        sending.propose(rinas, represented.id, "Lapor", now=NOW)
    with pytest.raises(NotActing):
        sending.remove(rinas, represented.id, sent.id, now=NOW)
    assert senders() == [("Paparan.pdf", "Kompol Rina Dewi")]


def test_nobody_sends_for_a_participant_or_once_the_activity_has_begun(any_app, published, chief, represented, ani):
    rinas = page_of(represented, chief)
    with pytest.raises(MaterialsClosed):
        sending.send(rinas, represented.id, SLIDES, most_mb=40, now=fresh(represented).starts_at)
    answering.answer(token_of(ani), published.id, Choice.REPRESENTED, TONO, now=NOW)
    with pytest.raises(NotASpeaker):
        send(page_of(published, ani), published)
    assert senders() == []

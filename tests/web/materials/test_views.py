"""Speakers' materials on the activity's page, for staff."""

import io

import pytest
import sqlalchemy as sa

from outreach.domain.kinds import Role
from outreach.extensions import db
from outreach.models import AgendaItem, Material, Person, ProposedTopic
from outreach.services.materials import send as sending
from outreach.services.materials.send import GivenFile
from outreach.services.reminders import tick as reminding
from tests.support.copied import copied
from tests.web.reading import text_of
from tests.world import NOW, at, fresh, invite, token_of
from tests.world import uploads as made

pytestmark = pytest.mark.usefixtures("clock_stands")


@copied
def link(app, published, chief) -> str:
    invite(published, chief, role=Role.SPEAKER)
    reminding.tick(NOW)
    return token_of(chief)


@copied
def sent(link, published) -> int:
    """The id of a file that the chief sent, with a biography and a photo."""
    sending.send(link, published.id, GivenFile(made.PDF, "Paparan.pdf"), most_mb=40, now=NOW)
    sending.introduce(link, published.id, "Kepala Unit PPA.", GivenFile(made.jpeg(), "saya.jpg"), now=NOW)
    return db.session.scalar(sa.select(Material.id))


def test_staff_see_and_download_what_a_speaker_sent(viewer_client, sent, published, chief):
    page = viewer_client.get(f"/activities/{published.id}?lang=en")
    said = text_of(page.text)
    assert "Speakers' materials" in said
    assert "Wanted by Friday, 15 January 2027 at 16:00 WIB. That is the office's usual time." in said
    assert "Kepala Unit PPA." in said
    assert "Show them to attendees" not in said
    file = viewer_client.get(f"/activities/{published.id}/materials/{sent}")
    assert (file.data, file.headers["Content-Disposition"]) == (made.PDF, "attachment; filename=Paparan.pdf")
    assert file.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert viewer_client.get(f"/activities/{published.id}/materials/photo/{chief.id}").mimetype == "image/jpeg"
    assert viewer_client.get(f"/activities/{published.id + 1}/materials/{sent}").status_code == 404
    for changing in ("show", "add", f"{sent}/remove"):
        assert viewer_client.post(f"/activities/{published.id}/materials/{changing}").status_code == 403


def test_a_coordinator_shows_them_to_attendees_and_hides_them_again(coordinator_client, sent, published):
    address = f"/activities/{published.id}/materials"
    shown = coordinator_client.post(f"{address}/show", follow_redirects=True)
    assert "Attendees see them" in text_of(coordinator_client.get(f"/activities/{published.id}?lang=en").text)
    assert (shown.status_code, fresh(published).materials_published_at) == (200, NOW)
    coordinator_client.post(f"{address}/hide")
    assert fresh(published).materials_published_at is None


@pytest.mark.parametrize(("typed", "stored"), [("1", 1), ("0", 0), ("", None), ("x", 2), ("31", 2), ("-1", 2)])
def test_a_coordinator_sets_until_when_they_are_wanted(coordinator_client, link, published, typed, stored):
    address = f"/activities/{published.id}/materials/days"
    coordinator_client.post(address, data={"days": "2"})
    answered = coordinator_client.post(address, data={"days": typed}, follow_redirects=True)
    assert (fresh(published).materials_days, answered.status_code) == (stored, 200)


def test_a_coordinator_takes_a_proposed_topic_over(coordinator_client, link, published, chief):
    item = AgendaItem(activity_id=published.id, starts_at=at(18, 9), ends_at=at(18, 10), topic="Materi")
    item.speakers = [db.session.get_one(Person, chief.id)]
    db.session.add(item)
    db.session.commit()
    sending.propose(link, published.id, "Lapor ke mana?", now=NOW)
    proposal = db.session.scalar(sa.select(ProposedTopic.id))
    assert "Lapor ke mana?" in coordinator_client.get(f"/activities/{published.id}").text
    coordinator_client.post(f"/activities/{published.id}/materials/topics/{proposal}", data={"do": "take"})
    assert [one.topic for one in fresh(published).agenda] == ["Lapor ke mana?"]


def test_a_coordinator_adds_a_file_for_a_speaker_and_removes_it_again(coordinator_client, link, published, chief):
    address = f"/activities/{published.id}/materials"
    sent = {"speaker": str(chief.id), "file": (io.BytesIO(made.PDF), "Paparan.pdf")}
    coordinator_client.post(f"{address}/add", data=sent, content_type="multipart/form-data")
    assert "added by staff" in text_of(coordinator_client.get(f"/activities/{published.id}?lang=en").text)
    answered = coordinator_client.post(f"{address}/add", data={"speaker": str(chief.id)}, follow_redirects=True)
    assert "Please choose a file." in text_of(answered.text)
    coordinator_client.post(f"{address}/{db.session.scalar(sa.select(Material.id))}/remove")
    assert db.session.scalar(sa.select(sa.func.count(Material.id))) == 0

"""Staff show materials to attendees, set until when they are wanted, and take a proposed topic over."""

import pytest
import sqlalchemy as sa

from outreach.domain.kinds import Role
from outreach.extensions import db
from outreach.models import AgendaItem, Office, Person, ProposedTopic
from outreach.queries import materials as material_pages
from outreach.services.materials import publish as publishing
from outreach.services.materials import send as sending
from outreach.services.materials.publish import (
    MaterialsDaysOutOfRange,
    NothingToShow,
    NotShownYet,
    SlotGone,
    TopicGone,
)
from outreach.services.materials.send import GivenFile
from outreach.services.reminders import tick as reminding
from tests.support.copied import copied
from tests.world import NOW, at, fresh, invite, minutes, token_of
from tests.world import uploads as made


@copied
def link(any_app, published, chief) -> str:
    invite(published, chief, role=Role.SPEAKER)
    reminding.tick(NOW)
    return token_of(chief)


def test_materials_are_shown_and_hidden_again(link, published, coordinator):
    with pytest.raises(NothingToShow):
        publishing.show(published.id, by=coordinator, now=NOW)
    sending.send(link, published.id, GivenFile(made.PDF, "a.pdf"), most_mb=40, now=NOW)
    publishing.show(published.id, by=coordinator, now=NOW)
    assert fresh(published).materials_published_at == NOW
    publishing.show(published.id, by=coordinator, now=at(5))
    assert fresh(published).materials_published_at == NOW
    publishing.hide(published.id, by=coordinator, now=NOW)
    assert fresh(published).materials_published_at is None


def test_a_draft_shows_nothing(activity, coordinator):
    with pytest.raises(NotShownYet):
        publishing.show(activity.id, by=coordinator, now=NOW)


def test_until_when_they_are_wanted_is_the_offices_setting_or_the_activitys_own(link, published, office, coordinator):
    assert material_pages.of_activity(published).wanted_by == at(15, 16)
    db.session.get_one(Office, office.id).materials_days = 5
    db.session.commit()
    assert material_pages.of_activity(fresh(published)).wanted_by == at(13, 16)
    publishing.set_days(published.id, 1, by=coordinator, now=NOW)
    assert material_pages.of_activity(fresh(published)).wanted_by == at(17, 16)
    publishing.set_days(published.id, None, by=coordinator, now=NOW)
    assert material_pages.of_activity(fresh(published)).wanted_by == at(13, 16)
    for days in (-1, 31):
        with pytest.raises(MaterialsDaysOutOfRange):
            publishing.set_days(published.id, days, by=coordinator, now=NOW)


@copied
def proposal(link, published) -> int:
    sending.propose(link, published.id, "Lapor ke mana?", now=NOW)
    return db.session.scalar(sa.select(ProposedTopic.id))


def lines(activity, *speakers) -> None:
    """Give the activity two lines, each with these speakers."""
    for number, topic in enumerate(("Materi 1", "Materi 2")):
        begins = at(18, 9 + number)
        item = AgendaItem(activity_id=activity.id, starts_at=begins, ends_at=begins + minutes(60), topic=topic)
        item.speakers = [db.session.get_one(Person, one.id) for one in speakers]
        db.session.add(item)
    db.session.commit()


def topics(activity) -> list[str]:
    return [item.topic for item in fresh(activity).agenda]


def test_a_proposed_topic_is_taken_over_into_the_chosen_line(proposal, published, chief, coordinator):
    with pytest.raises(SlotGone):
        publishing.take_topic(published.id, proposal, None, by=coordinator, now=NOW)
    lines(published, chief)
    with pytest.raises(SlotGone):
        publishing.take_topic(published.id, proposal, None, by=coordinator, now=NOW)
    line = fresh(published).agenda[1].id
    version = published.version
    publishing.take_topic(published.id, proposal, line, by=coordinator, now=NOW)
    assert (topics(published), fresh(published).version) == (["Materi 1", "Lapor ke mana?"], version + 1)
    with pytest.raises(TopicGone):
        publishing.take_topic(published.id, proposal, line, by=coordinator, now=NOW)


def test_a_line_of_somebody_else_never_gets_the_topic(proposal, published, ani, coordinator):
    lines(published, ani)
    line = fresh(published).agenda[0].id
    with pytest.raises(SlotGone):
        publishing.take_topic(published.id, proposal, line, by=coordinator, now=NOW)


def test_a_refused_topic_leaves_the_agenda_as_it_is(proposal, published, chief, coordinator):
    lines(published, chief)
    publishing.refuse_topic(published.id, proposal, by=coordinator, now=NOW)
    assert (topics(published), db.session.scalar(sa.select(ProposedTopic.id))) == (["Materi 1", "Materi 2"], None)

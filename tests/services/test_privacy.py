"""What is held about a person is handed out whole, and erased for good, while counts stay right."""

import json
from datetime import date

import pytest
import sqlalchemy as sa

from outreach.delivery import tokens
from outreach.domain.kinds import AnswerSource, MailKind, Role
from outreach.domain.states import ActivityState, InvitationState, MessageState
from outreach.extensions import db
from outreach.models import AgendaItem, AuditEntry, Invitation, Link, Message, Person
from outreach.services import audit, links, privacy
from outreach.services.people import PersonErased, PersonMissing
from tests.conftest import NOW, at, draft_activity


def invited(person, activity, state=InvitationState.COMING, **values):
    invitation = Invitation(activity=activity, person=person, role=Role.CADRE, state=state, **values)
    db.session.add(invitation)
    db.session.commit()
    return invitation


@pytest.fixture
def published(any_app, activity):
    activity.state = ActivityState.PUBLISHED
    db.session.commit()
    return activity


def erase(person):
    return privacy.erase(person.id, by=None, now=NOW)


def test_nothing_that_tells_who_it_was_is_left(published, ani):
    sent = Message(
        person=ani, kind=MailKind.INVITATION, local_day=date(2027, 1, 4), due_at=NOW, expires_at=at(18),
        state=MessageState.SENT, address="ani@example.com", server_reply="250 ani@example.com ok",
    )  # fmt: skip
    due = Message(person=ani, kind=MailKind.REMINDER, local_day=date(2027, 1, 11), due_at=at(11), expires_at=at(18))
    db.session.add_all([sent, due])
    invited(ani, published, answer_note="Ani Wijaya called", answer_source=AnswerSource.PHONE)
    audit.record(db.session, None, "person.edited", ani, now=NOW, changed=["email"])
    tokens.link_for(db.session, ani, expires_at=at(18, month=2))
    db.session.commit()
    erase(ani)
    assert (ani.full_name, ani.post, ani.email, ani.phone, ani.note, ani.erased_at) == ("(erased)", "", "", "", "", NOW)
    assert [role.active for role in ani.cadre_roles] == [False]
    assert [(m.state, m.address, m.server_reply) for m in (sent, due)] == [
        (MessageState.SENT, "", ""),
        (MessageState.SKIPPED, "", ""),
    ]
    everything = " ".join(
        str(row)
        for table in (Person, Invitation, Message, AuditEntry)
        for row in db.session.execute(sa.select(*table.__table__.columns)).all()
    ).lower()
    assert "ani wijaya" not in everything
    assert "ani@example.com" not in everything
    assert "81234567890" not in everything


def test_the_link_stops_working(published, ani):
    token = tokens.token(tokens.link_for(db.session, ani, expires_at=at(18, month=2)))
    db.session.commit()
    assert links.open_link(token, now=NOW).person_id == ani.id
    erase(ani)
    with pytest.raises(links.LinkRevoked):
        links.open_link(token, now=NOW)


def test_invitations_to_what_is_to_come_are_withdrawn_and_past_ones_keep_their_count(published, hall, ani):
    past = draft_activity(None, hall, 3, state=ActivityState.HELD)
    was_there, to_come = invited(ani, past), invited(ani, published)
    assert privacy.upcoming(ani.id, now=NOW) == [to_come]
    erase(ani)
    assert (was_there.state, to_come.state) == (InvitationState.COMING, InvitationState.WITHDRAWN)
    assert privacy.upcoming(ani.id, now=NOW) == []


def test_an_activity_counts_as_to_come_until_it_has_ended(published, ani):
    invited(ani, published)
    last_moment = published.ends_at.replace(second=0)
    assert len(privacy.upcoming(ani.id, now=last_moment.replace(hour=last_moment.hour - 1))) == 1
    assert len(privacy.upcoming(ani.id, now=last_moment)) == 0


def test_the_freed_seat_goes_to_whoever_waits(published, ani, budi):
    published.capacity = 1
    invited(ani, published)
    waiting = invited(budi, published, InvitationState.WAITLISTED, waitlisted_at=NOW)
    erase(ani)
    assert waiting.state is InvitationState.COMING


def test_a_speaker_leaves_the_agenda_of_what_is_to_come(published, ani):
    item = AgendaItem(activity=published, starts_at=at(18, 9), ends_at=at(18, 10), topic="Deteksi dini", speakers=[ani])
    db.session.add(item)
    db.session.commit()
    erase(ani)
    db.session.expire_all()
    assert item.speakers == []


def test_who_was_named_as_a_representative_is_forgotten_there_too(published, ani, budi):
    named = {
        "representative_name": "Ani Wijaya",
        "representative_email": "ani@example.com",
        "representative_post": "Kader",
    }
    represented = invited(budi, published, InvitationState.REPRESENTED, **named)
    assert len(privacy.export(ani.id, by=None, now=NOW)["named_as_representative"]) == 1
    erase(ani)
    assert (represented.representative_name, represented.representative_email) == ("(erased)", "")
    assert represented.state is InvitationState.REPRESENTED


def test_somebody_else_at_the_same_address_is_left_alone(published, ani, budi):
    budi.email = ani.email
    other = invited(
        budi, published, representative_name="Citra", representative_email="ani@example.com", representative_phone=""
    )
    erase(ani)
    assert (budi.name, budi.email, other.representative_name) == ("Budi Santoso", "ani@example.com", "Citra")


def test_an_erased_person_cannot_be_erased_or_exported_again(any_app, ani):
    erase(ani)
    with pytest.raises(PersonErased):
        erase(ani)
    with pytest.raises(PersonErased):
        privacy.export(ani.id, by=None, now=NOW)
    with pytest.raises(PersonMissing):
        privacy.erase(10_000, by=None, now=NOW)


def test_the_export_is_json_and_has_no_key_to_the_link(published, ani):
    invited(ani, published, representative_name="Citra")
    link = tokens.link_for(db.session, ani, expires_at=at(18, month=2))
    db.session.commit()
    found = privacy.export(ani.id, by=None, now=NOW)
    text = json.dumps(found)
    assert found["person"]["email"] == "ani@example.com"
    assert [(i["activity"], i["state"], i["representative_name"]) for i in found["invitations"]] == [
        ("Rapat koordinasi pencegahan kekerasan", "coming", "Citra")
    ]
    assert link.nonce not in text
    assert db.session.scalars(sa.select(Link)).one().revoked_at is None

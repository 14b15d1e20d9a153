"""The pages of substitutes: who is proposed, why and with which clashes; what a swap sends; who may."""

import sqlalchemy as sa

from outreach.domain.kinds import LetterKind, Role, Sector
from outreach.domain.states import ActivityState, InvitationState, MessageState
from outreach.extensions import db
from outreach.models import Invitation, Message, Organisation
from outreach.queries.ladder import substitutes
from outreach.services.activities import agenda
from outreach.services.activities.agenda import AgendaValues
from outreach.services.letters import make
from tests.support.copied import copied
from tests.world import (
    NOW,
    a_person,
    an_invitation,
    an_organisation,
    at,
    draft_activity,
    invitation_of,
    invite,
    mark_as_invited,
    publish,
)


@copied
def speaking(activity, chief):
    """The police chief speaks about witnesses, and was invited by mail."""
    items = [AgendaValues(at(18, 9), at(18, 10), "Perlindungan saksi dan korban", (chief.id,))]
    agenda.set_agenda(activity.id, items, by=None, now=NOW)
    publish(activity)
    mark_as_invited()
    db.session.execute(sa.update(Message).values(state=MessageState.SENT, sent_at=NOW))
    db.session.commit()
    return activity


@copied
def others(office, police):
    """The chief's colleague of another town, an officer who is needed elsewhere then, and a lawyer who spoke on it."""
    elsewhere = an_organisation("Polres Pringsewu", sector=Sector.POLICE, email="pringsewu@example.com")
    colleague = a_person("", post="Kapolres Pringsewu", organisation=elsewhere, email="kapolres.p@example.com")
    officer = a_person("Rudi Hartono", post="Kanit PPA", organisation=police)
    lawyer = a_person("Sari Dewi", post="Advokat")
    earlier = draft_activity(
        None, None, title="Sosialisasi hukum", starts_at=at(3, 8), ends_at=at(3, 10), registration_at=None,
        respond_by_at=at(2, 8), state=ActivityState.HELD,
    )  # fmt: skip
    an_invitation(earlier, lawyer, Role.SPEAKER, state=InvitationState.COMING)
    earlier.title = "Perlindungan korban dan saksi di pengadilan"
    db.session.commit()
    invite(draft_activity(None, None, title="Apel pagi"), officer, role=Role.SPEAKER)
    return colleague, officer, lawyer


def test_who_can_come_is_proposed_before_who_clashes_each_with_the_reason(speaking, chief, others, coordinator_client):
    colleague, officer, lawyer = others
    a_person("Joko Anwar", post="Kapolsek Metro")  # another post, no office, never spoke
    found = substitutes.of(invitation_of(speaking, chief), now=NOW)
    assert [(one.person.id, one.blocked) for one in found] == [
        (colleague.id, False), (lawyer.id, False), (officer.id, True),
    ]  # fmt: skip
    page = coordinator_client.get(f"/ladders/substitutes/{invitation_of(speaking, chief).id}").text
    assert "the same post at Polres Pringsewu" in page
    assert "spoke on “Perlindungan korban dan saksi di pengadilan” in 2027" in page
    assert "the same sector: Polres Metro" in page
    assert "Apel pagi" in page
    assert f"/ladders/substitutes/{invitation_of(speaking, chief).id}/{colleague.id}" in page
    assert f"/ladders/substitutes/{invitation_of(speaking, chief).id}/{officer.id}" not in page


def test_proposals_take_the_same_number_of_statements_for_any_number_of_people(speaking, chief, others, queries):
    invitation_id = invitation_of(speaking, chief).id

    def read():
        return substitutes.of(db.session.get(Invitation, invitation_id), now=NOW)

    few = queries(read)
    office = db.session.scalars(sa.select(Organisation).where(Organisation.name == "Polres Pringsewu")).one()
    for n in range(5):
        a_person(f"Perwira{n} Satu", post="Kasat Binmas", organisation=office)
    assert (len(read()), queries(read)) == (8, few)


def test_the_mails_are_shown_before_the_press_and_one_press_swaps(speaking, chief, others, budi, coordinator_client):
    colleague = others[0]
    invite(speaking, budi, role=Role.MODERATOR)
    mark_as_invited()
    former = invitation_of(speaking, chief).id
    make.make(LetterKind.SPEAKER_REQUEST, [former], by=None, now=NOW)
    address = f"/ladders/substitutes/{former}/{colleague.id}"
    page = coordinator_client.get(address).text
    for said in (
        "Kapolres Metro gets a mail at once that says that the invitation is withdrawn.",
        "Kapolres Pringsewu gets the invitation by mail at once.",
        "they take the place at “Perlindungan saksi dan korban”",
        "A draft of the letter to them is made",
        "Budi Santoso get a mail that somebody else speaks or moderates.",
    ):
        assert said in page
    assert invitation_of(speaking, chief).state is InvitationState.INVITED
    done = coordinator_client.post(address, follow_redirects=True)
    assert "Kapolres Pringsewu is asked in place of Kapolres Metro." in done.text
    assert "The draft of their letter is made." in done.text
    db.session.rollback()
    assert invitation_of(speaking, chief).state is InvitationState.WITHDRAWN
    again = coordinator_client.post(address)
    assert (again.status_code, "This invitation has been withdrawn already." in again.text) == (422, True)


def test_who_declined_gets_no_mail_and_who_has_no_address_is_to_be_called(speaking, chief, others, coordinator_client):
    invitation_of(speaking, chief).state = InvitationState.NOT_COMING
    others[2].email = ""
    db.session.commit()
    page = coordinator_client.get(f"/ladders/substitutes/{invitation_of(speaking, chief).id}/{others[2].id}").text
    assert "No mail goes to Kapolres Metro, who has declined." in page
    assert "Sari Dewi has no e-mail address. Please call them." in page


def test_a_clash_that_the_office_blocks_is_refused_with_its_sentence(speaking, chief, others, coordinator_client):
    address = f"/ladders/substitutes/{invitation_of(speaking, chief).id}/{others[1].id}"
    assert "Apel pagi" in coordinator_client.get(address).text
    refused = coordinator_client.post(address)
    assert (refused.status_code, "Rudi Hartono is already to be at “Apel pagi”" in refused.text) == (422, True)
    db.session.rollback()
    assert db.session.scalars(sa.select(Invitation.state).where(Invitation.person_id == chief.id)).one() is (
        InvitationState.INVITED
    )


def test_a_viewer_neither_looks_for_substitutes_nor_swaps(speaking, chief, others, viewer_client):
    former = invitation_of(speaking, chief).id
    assert viewer_client.get(f"/ladders/substitutes/{former}").status_code == 403
    assert viewer_client.post(f"/ladders/substitutes/{former}/{others[0].id}").status_code == 403
    assert "Look for a substitute" not in viewer_client.get(f"/invitations/{former}").text
    assert invitation_of(speaking, chief).state is InvitationState.INVITED


def test_only_who_is_on_stage_has_substitutes(speaking, chief, ani, coordinator_client):
    invite(speaking, ani)
    cadre = invitation_of(speaking, ani).id
    assert "Look for a substitute" not in coordinator_client.get(f"/invitations/{cadre}").text
    assert coordinator_client.get(f"/ladders/substitutes/{cadre}").headers["Location"] == f"/invitations/{cadre}"
    former = invitation_of(speaking, chief).id
    assert "Look for a substitute" in coordinator_client.get(f"/invitations/{former}").text
    assert coordinator_client.get("/ladders/substitutes/10000").status_code == 404
    assert coordinator_client.get(f"/ladders/substitutes/{former}/10000").status_code == 404

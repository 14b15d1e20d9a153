"""Choosing who gets letters, and who goes without: in pages, filtered, or all who match, for any number of invitees."""

import re

import pytest
import sqlalchemy as sa

from outreach.domain.kinds import LetterKind, Role, Sector
from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.models import AuditEntry, Invitation, Letter, Person
from outreach.queries.letters import choice as letter_choice
from outreach.queries.letters.choice import ChoiceFilters
from outreach.services.invitations import withdraw
from outreach.services.letters import make
from outreach.services.letters.make import TooManyOnLetters
from outreach.services.reminders import tick as reminding
from tests.support.copied import copied
from tests.web.reading import text_of
from tests.world import NOW, a_person, an_invitation, an_organisation, drain, fresh, invite, publish, send_through
from tests.world.letters.signed import signed_letter

pytestmark = pytest.mark.usefixtures("clock_stands")
MANY = 120


@copied
def invitations(activity):
    chief = a_person("", post="Kapolres Metro", email="polres@example.com")
    school = an_organisation("SMAN 1 Metro", sector=Sector.SCHOOL)
    return [an_invitation(activity, chief, Role.SPEAKER), an_invitation(activity, school, quota=2)]


@copied
def many(activity) -> list[int]:
    """A hundred and twenty invitees, by name."""
    people = [Person(name=f"Orang {number:03}", phone="", email="") for number in range(MANY)]
    db.session.add_all(people)
    db.session.flush()
    found = [
        Invitation(activity=activity, person=one, role=Role.CADRE, state=InvitationState.INVITED) for one in people
    ]
    db.session.add_all(found)
    db.session.commit()
    return [one.id for one in found]


def ticks(page: str) -> list[str]:
    return re.findall(r'name="invitations" value="(\d+)"', page)


def the_letter() -> Letter:
    return db.session.scalars(sa.select(Letter)).one()


def post(client, address, **chosen):
    return client.post(address, data={"kind": "invitation", "how": "one", **chosen})


def test_one_letter_is_made_for_all_who_are_ticked(coordinator_client, activity, invitations):
    page = coordinator_client.get(f"/letters/new?activity={activity.id}")
    assert "Kapolres Metro" in page.text
    assert "SMAN 1 Metro" in page.text
    ids = [one.id for one in invitations]
    made = post(coordinator_client, f"/letters/new?activity={activity.id}", who="ticked", invitations=ids)
    letter = the_letter()
    assert made.headers["Location"] == f"/letters/{letter.id}"
    assert [one.id for one in letter.invitations] == ids


def test_each_gets_a_letter_and_the_list_shows_them(any_app, coordinator_client, activity, programme, invitations):
    made = post(coordinator_client, f"/letters/new?programme={programme.id}", how="each", who="all")
    assert made.headers["Location"] == f"/letters?programme={programme.id}"
    listed = text_of(coordinator_client.get(made.headers["Location"]).text)
    assert "Kapolres Metro" in listed
    assert "Pimpinan SMAN 1 Metro" in listed
    assert "has a letter" in coordinator_client.get(f"/letters/new?activity={activity.id}").text


def test_nobody_ticked_is_told_in_the_form(coordinator_client, activity, invitations):
    refused = post(coordinator_client, f"/letters/new?activity={activity.id}", who="ticked")
    assert refused.status_code == 422
    assert "Please choose who the letter is for." in refused.text


def test_an_invitation_of_another_activity_is_not_taken(coordinator_client, activity, invitations):
    address = f"/letters/new?activity={activity.id}"
    assert post(coordinator_client, address, invitations=["999"]).status_code == 422
    assert coordinator_client.get("/letters/new").status_code == 404
    assert coordinator_client.get("/letters/new?activity=999").status_code == 404


def test_a_page_has_so_many_invitees_and_all_who_match_get_the_letter(coordinator_client, activity, many):
    address = f"/letters/new?activity={activity.id}"
    first, third = (coordinator_client.get(f"{address}&page={number}").text for number in (1, 3))
    assert (len(ticks(first)), len(ticks(third))) == (letter_choice.PER_PAGE, MANY - 2 * letter_choice.PER_PAGE)
    assert "Letters for all 120" in first
    post(coordinator_client, address, who="all")
    assert [one.id for one in the_letter().invitations] == many


@pytest.mark.parametrize(
    ("query", "found"), [("role=speaker", [0]), ("sector=school", [1]), ("q=sman", [1]), ("lacks=letter", [1])]
)
def test_all_who_match_the_filters_get_a_letter(any_app, coordinator_client, activity, invitations, query, found):
    if "lacks" in query:
        make.make(LetterKind.INVITATION, [invitations[0].id], by=None, now=NOW)
    address = f"/letters/new?activity={activity.id}&{query}"
    assert ticks(coordinator_client.get(address).text) == [str(invitations[index].id) for index in found]
    assert "Letters for the one who matches" in coordinator_client.get(address).text
    post(coordinator_client, address, who="all")
    made = db.session.scalars(sa.select(Letter).order_by(Letter.id.desc()).limit(1)).one()
    assert [one.id for one in made.invitations] == [invitations[index].id for index in found]


def test_nobody_who_matches_is_said(coordinator_client, activity, invitations):
    assert "Nobody matches" in coordinator_client.get(f"/letters/new?activity={activity.id}&q=zzz").text


def test_no_statement_has_a_value_for_each_invitee(any_app, activity, many, statements, monkeypatch):
    """PostgreSQL takes at most 65,535 values in a statement."""
    activity_id = activity.id

    def everybody() -> sa.Select[int]:
        return letter_choice.chosen(letter_choice.scope_of(activity_id), ChoiceFilters())

    def read() -> list[str]:
        def run() -> None:
            letter_choice.to_choose(letter_choice.scope_of(activity_id), ChoiceFilters(), 2)
            db.session.execute(everybody())

        return statements(run)

    few = read()
    for number in range(60):
        an_invitation(activity, a_person(f"Orang lagi {number}", email=""))
    read()
    assert read() == few
    monkeypatch.setattr(make, "MOST_AT_ONCE", 179)
    with pytest.raises(TooManyOnLetters):
        make.make(LetterKind.INVITATION, everybody(), by=None, now=NOW)
    monkeypatch.setattr(make, "MOST_AT_ONCE", 180)
    letter = make.make(LetterKind.INVITATION, everybody(), by=None, now=NOW)
    assert len(letter.invitations) == 180


@pytest.fixture
def waiting(activity, ani, budi, current_app_, server) -> list[Invitation]:
    """Ani and Budi, of a published activity whose mails wait for letters; neither has one."""
    send_through(current_app_, server)
    for person in (ani, budi):
        person.email = f"{person.name.split()[0].lower()}@example.com"
    activity.letter_first = True
    found = [an_invitation(activity, person, state=InvitationState.PREPARED) for person in (ani, budi)]
    publish(activity)
    drain()
    assert server.taken == []
    return found


def test_single_invitees_go_without_a_letter_and_the_others_go_on_waiting(
    any_app, coordinator_client, activity, waiting, server
):
    ani, budi = waiting
    address = f"/activities/{activity.id}/without-letter"
    assert ticks(coordinator_client.get(address).text) == [str(one.id) for one in waiting]
    assert coordinator_client.post(address, data={"who": "ticked"}).status_code == 422
    done = coordinator_client.post(address, data={"who": "ticked", "invitations": [ani.id]})
    assert done.headers["Location"] == f"/activities/{activity.id}"
    publish_and_send()
    assert [taken.recipient for taken in server.taken] == ["ani@example.com"]
    assert (fresh(ani).state, fresh(budi).state) == (InvitationState.INVITED, InvitationState.PREPARED)
    assert fresh(activity).letter_first
    [entry] = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "activity.without_letter"))
    assert entry.detail == {"invitations": 1}
    assert ticks(coordinator_client.get(address).text) == [str(budi.id)]


def publish_and_send() -> None:
    reminding.tick(NOW)
    drain()


def test_all_who_wait_go_without_at_once(coordinator_client, activity, waiting, server):
    coordinator_client.post(f"/activities/{activity.id}/without-letter", data={"who": "all"})
    publish_and_send()
    assert sorted(taken.recipient for taken in server.taken) == ["ani@example.com", "budi@example.com"]


def test_who_is_invited_after_the_letter_was_signed_is_named_as_the_next_step(
    any_app, coordinator_client, activity, waiting
):
    ani, budi = waiting
    signed_letter(ani)
    page = coordinator_client.get(f"/activities/{activity.id}").text
    said = text_of(page)
    assert "Next: write their letters" in said
    assert (
        "1 invitee has no invitation yet, because it waits for their signed letter. 1 of them is on no letter." in said
    )
    assert f"On no letter yet: {budi.person.display_name}." in said
    address = f"/letters/new?activity={activity.id}&lacks=draft"
    assert address in page.replace("&amp;", "&")
    assert ticks(coordinator_client.get(address).text) == [str(budi.id)]
    make.make(LetterKind.INVITATION, [budi.id], by=None, now=NOW)
    assert "Next: have the letters signed" in coordinator_client.get(f"/activities/{activity.id}").text
    assert "wait for their signed letters" in coordinator_client.get(f"/programmes/{activity.programme_id}").text


def test_who_was_to_go_without_waits_again_when_invited_again(activity, waiting):
    ani = waiting[0]
    ani.without_letter = True
    db.session.commit()
    withdraw.withdraw(ani.id, by=None, now=NOW)
    invite(activity, ani.person, role=ani.role)
    assert not fresh(ani).without_letter

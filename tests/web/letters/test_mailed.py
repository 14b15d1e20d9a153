"""An office sees how many of a signed letter's addressees had it by mail, and for whom it has to be printed."""

from datetime import date

import pytest
import sqlalchemy as sa

from outreach.domain.kinds import HolderKind, Role
from outreach.domain.states import ActivityState, InvitationState
from outreach.extensions import db
from outreach.models import StoredFile
from outreach.queries.letters import mailed as mailed_letters
from outreach.queries.letters.mailed import MailedLetter
from outreach.services import posts
from outreach.services.invitations import invite as inviting
from outreach.services.posts import HolderValues, PostValues
from outreach.services.reminders import tick as reminding
from tests.support.copied import copied
from tests.web.reading import text_of
from tests.world import NOW, a_person, drain, invitation_of, invite, move, publish, send_through
from tests.world.letters.signed import signed_letter

pytestmark = pytest.mark.usefixtures("clock_stands")


@pytest.fixture
def send(current_app_, server):
    """Returns a function that sends what is due."""
    send_through(current_app_, server)

    def run() -> None:
        reminding.tick(NOW)
        drain()

    return run


@copied
def letter(activity, ani, send):
    """A signed letter to Ani, who has an address, and to two who have none; the activity is not published yet."""
    ani.email = "ani@example.com"
    people = [ani, a_person("Lurah Satu", email=""), a_person("Lurah Dua", email="")]
    db.session.commit()
    invite(activity, *people)
    return signed_letter(*(invitation_of(activity, person) for person in people))


def found(letter) -> MailedLetter:
    return mailed_letters.mailed([letter.id])[letter.id]


def listed(client, letter, group: str) -> bool:
    return f'href="/letters/{letter.id}"' in client.get(f"/letters?show={group}").text


def test_a_letter_says_to_how_many_it_was_mailed_and_for_whom_it_is_printed(coordinator_client, letter, activity, send):
    assert found(letter) == MailedLetter(invitations=3, mailed=0, on_paper=2)
    publish(activity)
    send()
    assert found(letter) == MailedLetter(invitations=3, mailed=1, on_paper=2)
    page = text_of(coordinator_client.get(f"/letters/{letter.id}").text)
    assert "Mailed to 1 of 3" in page
    assert "Please print the signed letter for them: Lurah Satu; Lurah Dua" in page
    assert "Mailed to 1 of 3; no mail reaches 2: print it" in text_of(coordinator_client.get("/letters").text)
    assert listed(coordinator_client, letter, "unmailed")


def test_what_the_former_holder_of_a_post_had_is_printed_for_the_next_who_has_no_address(activity, ani, send):
    ani.email = "ani@example.com"
    post = posts.add(PostValues("Kapolsek"), by=None, now=NOW)
    since = HolderValues(ani.id, HolderKind.DEFINITIVE, date(2026, 1, 1))
    posts.add_holder(post.id, since, by=None, now=NOW)
    inviting.invite_people([activity.id], [], Role.SPEAKER, post_ids=[post.id], by=None, now=NOW)
    letter = signed_letter(invitation_of(activity, ani))
    publish(activity)
    send()
    assert found(letter) == MailedLetter(invitations=1, mailed=1, on_paper=0)
    posts.hand_over(post.id, a_person("Sari", email="").id, date(2027, 1, 10), by=None, now=NOW)
    assert found(letter) == MailedLetter(invitations=1, mailed=0, on_paper=1)


def test_a_letter_that_everybody_had_is_not_among_those_to_see_to(
    coordinator_client, letter, activity, ani, budi, send
):
    for one in letter.invitations[1:]:
        one.state = InvitationState.WITHDRAWN
    db.session.commit()
    assert listed(coordinator_client, letter, "unmailed")
    publish(activity)
    send()
    assert [listed(coordinator_client, letter, group) for group in ("unmailed", "signed")] == [False, True]


def test_a_letter_about_what_is_over_is_not_among_those_to_see_to(coordinator_client, letter, activity):
    activity.state = ActivityState.HELD
    db.session.commit()
    assert not listed(coordinator_client, letter, "unmailed")


def test_a_mail_from_before_the_letter_was_accepted_had_it_not(activity, ani, send):
    ani.email = "ani@example.com"
    db.session.commit()
    invite(activity, ani)
    publish(activity)
    send()
    late = signed_letter(invitation_of(activity, ani))
    db.session.execute(sa.update(StoredFile).values(uploaded_at=NOW.replace(hour=23)))
    db.session.commit()
    assert found(late) == MailedLetter(invitations=1, mailed=0, on_paper=0)
    assert found(late).waiting == 1


def test_the_mail_of_a_move_does_not_carry_the_invitation(letter, activity, send):
    publish(activity)
    send()
    before = found(letter)
    move(activity, activity.starts_at.replace(day=19), activity.ends_at.replace(day=19))
    send()
    assert found(letter) == before

"""A signed correction or cancellation reaches those who were told of the move or cancellation by mail before."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from outreach.domain.kinds import HolderKind, Role
from outreach.domain.letters.values import LetterKind
from outreach.extensions import db
from outreach.models import Letter, Message, StoredFile
from outreach.services import posts
from outreach.services.activities import publish as publishing
from outreach.services.invitations import invite as inviting
from outreach.services.letters import make, returned
from outreach.services.messages import send_letter
from outreach.services.messages.send_letter import NobodyToSendTo
from outreach.services.posts import HolderValues, PostValues
from outreach.services.reminders import tick as reminding
from tests.support.copied import copied
from tests.world import NOW, a_person, at, drain, fresh, invitation_of, invite, move, publish, send_through
from tests.world.letters.papers import paper
from tests.world.letters.signed import signed_letter

FILE = paper(["Surat ralat"])


@pytest.fixture
def send(current_app_, server):
    """Returns a function that sends what is due and returns the PDF files of the mails received."""
    send_through(current_app_, server)

    def run() -> list[bytes]:
        server.taken.clear()
        reminding.tick(NOW)
        drain()
        parts = [part for taken in server.taken for part in taken.mail.walk()]
        return [part.get_payload(decode=True) for part in parts if part.get_content_type() == "application/pdf"]

    return run


@copied
def first(activity, ani, send):
    """A signed letter to Ani, who got it by mail."""
    ani.email = "ani@example.com"
    db.session.commit()
    invite(activity, ani)
    letter = signed_letter(invitation_of(activity, ani))
    publish(activity)
    assert len(send()) == 1
    return letter


def moved(activity):
    move(activity, at(19), at(19, 12))


def postponed(activity):
    publishing.postpone(activity.id, "banjir", by=None, now=NOW)


def cancelled(activity):
    publishing.cancel(activity.id, "banjir", by=None, now=NOW)


@pytest.mark.parametrize(
    ("change", "kind"),
    [(moved, LetterKind.CORRECTION), (postponed, LetterKind.CORRECTION), (cancelled, LetterKind.CANCELLATION)],
)
def test_the_news_is_sent_once_more_with_the_letter(first, activity, send, change, kind):
    change(activity)
    assert send() == []  # the news goes out before anybody has signed
    later = signed_letter(kind=kind, follows=first, data=FILE, number="400.2/8/2027")
    assert send_letter.send(later.id, by=None, now=NOW) == 1
    assert send() == [FILE]
    with pytest.raises(NobodyToSendTo):
        send_letter.send(later.id, by=None, now=NOW)


def test_the_news_of_a_second_move_does_not_carry_the_correction_of_the_first(first, activity, send, server):
    moved(activity)
    send()
    signed_letter(kind=LetterKind.CORRECTION, follows=first, data=FILE, number="400.2/8/2027")
    move(activity, at(20), at(20, 12))
    assert (send(), len(server.taken)) == ([], 1)


def test_news_that_went_out_before_the_letter_was_accepted_is_sent_again_though_its_file_was_there(
    first, activity, send
):
    moved(activity)
    later = make.follow(first.id, LetterKind.CORRECTION, reason="Aula dipakai", by=None, now=NOW)
    row = returned.receive(later.id, FILE, "ralat.pdf", by=None, now=NOW - timedelta(hours=1))
    assert send() == []
    version = fresh(later).version
    returned.accept(
        later.id, row.id, "400.2/8/2027", date(2027, 1, 6), version, sure=True, by=None, now=NOW + timedelta(hours=1)
    )
    assert len(send_letter.mails_to_repeat(db.session(), later.id)) == 1


def test_however_many_had_the_news_it_takes_as_many_statements(activity, ani, send, queries):
    people = [ani, a_person("Budi"), a_person("Cici")]
    for person in people:
        person.email = f"{person.name.split()[0].lower()}@example.com"
        invite(activity, person)
    invitations = [invitation_of(activity, person) for person in people]
    to_one, to_three = signed_letter(invitations[0]).id, signed_letter(*invitations).id
    publish(activity)
    send()
    move(activity, at(19), at(19, 12))
    send()
    taken = {}
    for number, letter_id in ((1, to_one), (3, to_three)):
        first = db.session.get(Letter, letter_id)
        later = signed_letter(kind=LetterKind.CORRECTION, follows=first, data=FILE).id
        found: list[int] = []
        taken[number] = queries(
            lambda id=later, found=found: found.extend(send_letter.mails_to_repeat(db.session(), id))
        )
        assert len(found) == number
    assert taken[1] == taken[3]


def test_who_was_invited_before_the_letter_was_signed_gets_the_invitation_once_more(activity, ani, send):
    ani.email = "ani@example.com"
    db.session.commit()
    invite(activity, ani)
    publish(activity)
    assert send() == []
    letter = signed_letter(invitation_of(activity, ani), data=FILE)
    db.session.execute(sa.update(StoredFile).values(uploaded_at=NOW + timedelta(minutes=1)))
    db.session.commit()
    assert send_letter.send(letter.id, by=None, now=NOW) == 1
    assert send() == [FILE]


def test_who_had_the_letter_with_the_invitation_does_not_get_it_again(first):
    assert send_letter.mails_to_repeat(db.session(), first.id) == []


def test_after_a_post_changed_hands_the_mail_to_its_former_holder_is_not_repeated(activity, ani, send):
    ani.email = "ani@example.com"
    sari = a_person("Sari Wulandari", email="sari@example.com")
    db.session.commit()
    post = posts.add(PostValues("Kapolres Metro"), by=None, now=NOW)
    posts.add_holder(post.id, HolderValues(ani.id, HolderKind.DEFINITIVE, date(2026, 1, 1)), by=None, now=NOW)
    inviting.invite_people([activity.id], [], Role.PARTICIPANT, post_ids=[post.id], by=None, now=NOW)
    publish(activity)
    send()
    letter = signed_letter(invitation_of(activity, ani), data=FILE)
    db.session.execute(sa.update(StoredFile).values(uploaded_at=NOW + timedelta(minutes=1)))
    db.session.commit()
    assert len(send_letter.mails_to_repeat(db.session(), letter.id)) == 1
    posts.hand_over(post.id, sari.id, date(2027, 1, 10), by=None, now=NOW)
    assert send_letter.mails_to_repeat(db.session(), letter.id) == []  # Sari has had no mail yet
    send()
    to = sa.select(Message.person_id).where(Message.id.in_(send_letter.mails_to_repeat(db.session(), letter.id)))
    assert list(db.session.scalars(to)) == [sari.id]

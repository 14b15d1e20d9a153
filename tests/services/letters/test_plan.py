"""A letter that nobody has signed follows the plan, when somebody takes it over."""

from dataclasses import replace
from datetime import date

import pytest

from outreach.domain.letters.values import LetterKind, LetterState
from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.models import AgendaItem
from outreach.services.letters import compose, make, plan
from outreach.services.letters.compose import LetterSigned, NumberMissing, text_of
from outreach.services.letters.versions import last_values
from tests.support.copied import copied
from tests.world import NOW, a_person, an_invitation, at, fresh

pytestmark = pytest.mark.usefixtures("any_app")


@copied
def letter(activity):
    invitation = an_invitation(activity, a_person("", post="Kapolres Metro", email="polres@example.com"))
    return make.make(LetterKind.INVITATION, [invitation.id], by=None, now=NOW)


def moved(activity):
    activity.starts_at, activity.ends_at = at(19, 8), at(19, 12)
    db.session.add(AgendaItem(activity=activity, starts_at=at(19, 8), ends_at=at(19, 9), topic="Pembukaan"))
    db.session.commit()


def test_a_move_is_noticed_and_taken_over_and_the_texts_stay(activity, letter):
    assert not plan.has_changed(db.session, fresh(letter))
    text = replace(text_of(last_values(letter)), closing="Penutup sendiri.")
    compose.compose(letter.id, text, letter.version, by=None, now=NOW)
    moved(activity)
    assert plan.has_changed(db.session, fresh(letter))
    plan.take_over(letter.id, letter.version, by=None, now=NOW)
    values = last_values(fresh(letter))
    assert values.facts[0] == ("hari/tanggal", "Selasa, 19 Januari 2027")
    assert [line.topic for line in values.agenda] == ["Pembukaan"]
    assert (values.closing, values.attachments) == ("Penutup sendiri.", "satu berkas")
    assert not plan.has_changed(db.session, fresh(letter))


def test_a_signed_letter_does_not_follow(activity, letter):
    letter.state = LetterState.SIGNED
    db.session.commit()
    moved(activity)
    assert not plan.has_changed(db.session, fresh(letter))
    with pytest.raises(LetterSigned):
        plan.take_over(letter.id, letter.version, by=None, now=NOW)


def test_a_letter_whose_invitees_were_all_withdrawn_stays(activity, letter):
    letter.invitations[0].state = InvitationState.WITHDRAWN
    moved(activity)
    assert not plan.has_changed(db.session, fresh(letter))


def test_many_letters_get_numbers_in_turn(activity, coordinator):
    people = [an_invitation(activity, a_person(f"Orang {number}")).id for number in range(3)]
    made = make.make_each(LetterKind.INVITATION, people, by=coordinator, now=NOW)
    made[1].state = LetterState.SIGNED
    db.session.commit()
    ids = [one.id for one in made]
    assert compose.number_all(ids, "005/{urut}/2027", date(2027, 1, 4), by=coordinator, now=NOW) == 2
    assert [(fresh(one).number, fresh(one).state) for one in made] == [
        ("005/001/2027", LetterState.COMPOSED), ("", LetterState.SIGNED), ("005/002/2027", LetterState.COMPOSED),
    ]  # fmt: skip
    assert [last_values(fresh(one)).number for one in made] == ["005/001/2027", "", "005/002/2027"]
    assert compose.number_all(ids, "006", date(2027, 1, 5), by=coordinator, now=NOW) == 0  # a number stays
    with pytest.raises(NumberMissing):
        compose.number_all(ids, " ", date(2027, 1, 4), by=coordinator, now=NOW)

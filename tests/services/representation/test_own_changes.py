"""What an invitee does on their own page about who comes is confirmed to them by one mail, unless they want no notices."""

import pytest

from outreach.delivery import tokens
from outreach.domain.answers import Choice, Representative
from outreach.domain.kinds import Role
from outreach.extensions import db
from outreach.models import Office
from outreach.services.answers import acting, undo
from outreach.services.answers import answer as answering
from tests.world import NOW, at, invitation_of, invite_and_publish, token_of
from tests.world.mails import mails, run

pytestmark = pytest.mark.usefixtures("any_app")

RINA = Representative("Kompol Rina Dewi", "Wakapolres", email="rina@example.com")
TONO = Representative("AKP Tono", "Kasat Reskrim", email="tono@example.com")


@pytest.fixture
def invited(activity, chief):
    invite_and_publish(activity, chief, role=Role.SPEAKER)
    run(NOW)
    return activity


def name(activity, chief, who=RINA, now=None):
    answering.answer(token_of(chief), activity.id, Choice.REPRESENTED, who, now=now or at(5))


def to_the_chief(*instants):
    """Return the kinds of each mail to the chief but the invitation, after the work of these instants."""
    run(*instants)
    return [kinds for reader, _due, kinds in mails() if reader == "Kapolres"][1:]


def test_naming_somebody_is_confirmed_by_one_mail_and_each_further_change_by_one(invited, chief):
    name(invited, chief)
    assert to_the_chief(at(5)) == [["representation"]]
    name(invited, chief, TONO, at(6))
    assert to_the_chief(at(6)) == [["representation"]] * 2
    answering.answer(token_of(chief), invited.id, Choice.COMING, now=at(7))
    assert to_the_chief(at(7)) == [["representation"]] * 2 + [["confirmation"]]
    undo.undo(token_of(chief), now=at(7, 10))
    assert to_the_chief(at(7, 10))[3:] == [["representation"]]


def test_taking_back_who_was_named_is_confirmed(invited, chief):
    name(invited, chief)
    run(at(5))
    rinas = tokens.acting_token(invitation_of(invited, chief).acting.nonce)
    acting.answer(rinas, invited.id, Choice.REPRESENTED, TONO, now=at(6))
    run(at(6))
    acting.take_back(token_of(chief), invited.id, now=at(7))
    assert to_the_chief(at(7)) == [["representation"]] * 3
    acting.take_back(token_of(chief), invited.id, now=at(8))
    assert to_the_chief(at(8)) == [["representation"]] * 4


def test_a_corrected_phone_or_the_same_answer_again_is_no_change(invited, chief):
    name(invited, chief)
    run(at(5))
    name(invited, chief, Representative(RINA.name, RINA.post, "+6281234567890", RINA.email), at(6))
    name(invited, chief, RINA, at(7))
    assert to_the_chief(at(7)) == [["representation"]]


def test_who_wants_no_notices_gets_none_of_what_they_do_themselves(invited, chief):
    name(invited, chief)
    run(at(5))
    acting.want_notices(token_of(chief), invited.id, False, now=at(5))
    acting.take_back(token_of(chief), invited.id, now=at(6))
    assert to_the_chief(at(6)) == [["representation"]]


def test_where_the_office_confirms_all_answers_one_mail_says_it(invited, chief):
    db.session.query(Office).one().confirms_answers = True
    db.session.commit()
    name(invited, chief)
    assert to_the_chief(at(5)) == [["confirmation"]]

"""What an invitee does on their own page about who comes is confirmed to them by one mail, unless they want no notices."""

import pytest

from outreach.delivery import tokens
from outreach.domain.answers import Choice, Representative
from outreach.domain.kinds import AnswerSource, Role
from outreach.extensions import db
from outreach.models import Office
from outreach.services.answers import acting, undo
from outreach.services.answers import answer as answering
from outreach.services.answers import record as recording
from outreach.services.directory import assistants
from tests.support.copied import copied
from tests.world import NOW, at, invitation_of, invite_and_publish, token_of
from tests.world.mails import mails, run

pytestmark = pytest.mark.usefixtures("any_app")

RINA = Representative("Kompol Rina Dewi", "Wakapolres", email="rina@example.com")
TONO = Representative("AKP Tono", "Kasat Reskrim", email="tono@example.com")


@copied
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


def test_an_invitee_gets_five_mails_about_changes_in_a_day_and_the_last_state_a_day_after_the_first(invited, chief):
    for hour in range(8, 16):
        name(invited, chief, (RINA, TONO)[hour % 2], at(5, hour))
        run(at(5, hour))
    assert to_the_chief(at(5, 20)) == [["representation"]] * 5
    assert to_the_chief(at(6, 7, 59)) == [["representation"]] * 5
    assert to_the_chief(at(6, 8)) == [["representation"]] * 6
    name(invited, chief, RINA, at(6, 12))
    assert to_the_chief(at(6, 12)) == [["representation"]] * 7


def test_changes_by_whoever_acts_count_among_them_and_what_staff_record_does_not(invited, chief):
    for hour in range(8, 13):
        name(invited, chief, (RINA, TONO)[hour % 2], at(5, hour))
        run(at(5, hour))
    acts = tokens.acting_token(invitation_of(invited, chief).acting.nonce)
    acting.answer(acts, invited.id, Choice.NOT_COMING, now=at(5, 13))
    assert to_the_chief(at(5, 13)) == [["representation"]] * 5
    recording.record_answer(
        invitation_of(invited, chief).id, Choice.REPRESENTED, AnswerSource.PHONE, TONO, by=None, now=at(5, 14)
    )
    assert to_the_chief(at(5, 14)) == [["representation"]] * 6


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


def test_what_an_adjutants_link_takes_back_counts_as_theirs(invited, chief):
    assistants.write(chief, "Rina Astuti", "", "adc@example.com")
    db.session.commit()
    name(invited, chief)
    acts = tokens.acting_token(invitation_of(invited, chief).acting.nonce)
    acting.answer(acts, invited.id, Choice.REPRESENTED, TONO, now=at(6))
    acting.take_back(tokens.assistant_token(chief.assistant.nonce), invited.id, now=at(7))
    assert invitation_of(invited, chief).answer_source is AnswerSource.ASSISTANT


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

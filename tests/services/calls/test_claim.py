"""Who is given to which caller: one caller at a time, until the result, until they leave, or for twenty minutes."""

from datetime import timedelta

import pytest

from outreach.domain.answers import Choice
from outreach.domain.calls import CLAIMED_FOR, SKIPPED_FOR, CallOutcome
from outreach.domain.kinds import StaffRole
from outreach.extensions import db
from outreach.models import CallClaim, Invitation, User
from outreach.queries.calls import lists
from outreach.queries.calls.lists import CallScope
from outreach.queries.invitations.select import InviteeFilters
from outreach.services.calls import claim, questions
from outreach.services.calls import record as recording
from outreach.services.calls.callee import CalleeKey
from outreach.services.calls.claim import CallTaken
from outreach.services.calls.record import CallResult
from tests.support.copied import copied
from tests.world import NOW, a_person, account, answer, at_once, invite, invite_and_publish, mark_as_invited, rows_of

ALL, UNFILTERED = CallScope(), InviteeFilters()
ROUNDS = 6


@copied
def asked(activity, ani, budi, coordinator):
    """Ani and Budi are invited as cadres, and have not answered."""
    return invite_and_publish(activity, ani, budi, by=coordinator)


@copied
def rina(office):
    return account(StaffRole.ADMINISTRATOR, "Rina")


def key(person):
    return CalleeKey("person", person.id)


def still_asked(callee, now=NOW):
    return bool(lists.one(callee.kind, callee.id, ALL, now=now).asked)


def next_of(user, now=NOW):
    candidates = lists.candidates(ALL, UNFILTERED, by_id=user.id, now=now)
    return claim.take_next(candidates, lambda one: still_asked(one, now), by=user, now=now)


def result(outcome, activity, person, **values):
    about = lists.one("person", person.id, ALL, now=NOW).about
    return CallResult(outcome, about, **values)


def test_two_callers_get_two_people_and_the_third_nobody(any_app, asked, ani, budi, coordinator, rina, viewer):
    assert [next_of(user) for user in (coordinator, rina, viewer)] == [key(ani), key(budi), None]


def test_after_twenty_minutes_somebody_else_gets_them(any_app, asked, ani, coordinator, rina):
    claim.take(key(ani), by=coordinator, now=NOW)
    within, over = NOW + CLAIMED_FOR - timedelta(seconds=1), NOW + CLAIMED_FOR
    with pytest.raises(claim.CallTaken):
        claim.take(key(ani), by=rina, now=within)
    claim.take(key(ani), by=rina, now=over)
    assert lists.held_by(rina.id, now=over) == key(ani)
    assert lists.held_by(coordinator.id, now=over) is None


def test_who_leaves_gives_them_back(any_app, asked, ani, coordinator, rina):
    assert next_of(coordinator) == key(ani)
    claim.leave(by=coordinator, now=NOW)
    assert next_of(rina) == key(ani)


def test_who_takes_the_next_gives_back_the_one_before(any_app, asked, ani, budi, coordinator, rina):
    claim.take(key(budi), by=coordinator, now=NOW)
    assert next_of(coordinator) == key(ani)
    assert next_of(rina) == key(budi)


def test_somebody_left_out_is_given_to_nobody_for_half_an_hour(any_app, asked, ani, budi, coordinator, rina):
    assert next_of(coordinator) == key(ani)
    claim.skip(key(ani), by=coordinator, now=NOW)
    assert [next_of(coordinator), next_of(rina)] == [key(budi), None]
    assert lists.next_rest_ends(ALL, UNFILTERED, now=NOW) == NOW + SKIPPED_FOR
    assert next_of(rina, NOW + SKIPPED_FOR) == key(ani)


def test_nobody_leaves_out_somebody_whom_a_colleague_calls(any_app, asked, ani, coordinator, rina):
    assert next_of(coordinator) == key(ani)
    with pytest.raises(CallTaken):
        claim.skip(key(ani), by=rina, now=NOW)
    one = lists.one("person", ani.id, ALL, now=NOW)
    assert (one.holder_at(NOW), one.rests_at(NOW)) == (coordinator.id, None)
    over = NOW + CLAIMED_FOR
    claim.skip(key(ani), by=rina, now=over)
    assert lists.one("person", ani.id, ALL, now=over).rests_at(over) == over + SKIPPED_FOR


def test_somebody_who_answered_since_the_list_was_read_is_not_given_again(any_app, asked, ani, budi, rina):
    read_before = lists.candidates(ALL, UNFILTERED, by_id=rina.id, now=NOW)
    answer(asked, ani, Choice.COMING)
    assert claim.take_next(read_before, still_asked, by=rina, now=NOW) == key(budi)
    assert lists.one("person", ani.id, ALL, now=NOW).holder_at(NOW) is None


def test_who_asked_for_a_call_comes_first_once_the_time_has_come(any_app, asked, ani, budi, coordinator):
    at_ten = NOW + timedelta(hours=2)
    recording.record(key(budi), result(CallOutcome.AGAIN, asked, budi, again_at=at_ten), by=coordinator, now=NOW)
    assert lists.candidates(ALL, UNFILTERED, by_id=coordinator.id, now=NOW) == [key(ani)]
    assert lists.candidates(ALL, UNFILTERED, by_id=coordinator.id, now=at_ten) == [key(budi), key(ani)]


def test_nobody_without_a_number_with_a_wrong_one_or_with_an_open_question_is_given(
    any_app, asked, ani, budi, coordinator
):
    citra = a_person("Citra Dewi", phone="")
    budi.phone = "+6281299990000"
    db.session.commit()
    invite(asked, citra, by=coordinator)
    recording.record(key(budi), result(CallOutcome.WRONG_NUMBER, asked, budi), by=coordinator, now=NOW)
    question = result(CallOutcome.QUESTION, asked, ani, note="Apakah ada pengganti transport?")
    call = recording.record(key(ani), question, by=coordinator, now=NOW)
    assert lists.candidates(ALL, UNFILTERED, by_id=coordinator.id, now=NOW) == []
    assert questions.settle(call.id, by=coordinator, now=NOW) is True
    assert questions.settle(call.id, by=coordinator, now=NOW) is False
    budi.phone = "+6281299990001"
    db.session.commit()
    assert lists.candidates(ALL, UNFILTERED, by_id=coordinator.id, now=NOW) == [key(ani), key(budi)]


def test_of_four_callers_who_begin_at_once_no_two_get_the_same_person(any_app, asked, ani, budi, coordinator, rina):
    """Each round the list has three people for four callers; one of them finds nobody."""
    citra = a_person("Citra Dewi")
    invite(asked, citra, by=coordinator)
    mark_as_invited()
    people = {key(person) for person in (ani, budi, citra)}
    callers = [coordinator, rina, account(StaffRole.VIEWER, "Sari"), _another("Tuti")]
    ids = [caller.id for caller in callers]
    db.session.rollback()
    for round_ in range(ROUNDS):
        now = NOW + round_ * CLAIMED_FOR
        got = []

        def begin(user_id, now=now, got=got):
            user = db.session.get(User, user_id)
            candidates = lists.candidates(ALL, UNFILTERED, by_id=user_id, now=now)
            got.append(claim.take_next(candidates, lambda one: still_asked(one, now), by=user, now=now))

        assert at_once(any_app, [lambda id=id: begin(id) for id in ids]) == ["done"] * 4
        assert sorted(filter(None, got), key=lambda one: one.id) == sorted(people, key=lambda one: one.id)
        assert got.count(None) == 1
    db.session.rollback()
    assert len(rows_of(CallClaim)) == 3


def test_a_result_and_a_claim_at_once_never_give_somebody_who_has_just_answered(
    any_app, asked, ani, budi, coordinator, rina
):
    for round_ in range(ROUNDS):
        now = NOW + round_ * CLAIMED_FOR
        citra = a_person(f"Citra {round_}")
        invite(asked, citra, by=coordinator)
        mark_as_invited(Invitation.person_id == citra.id)
        mine, found = key(citra), result(CallOutcome.NOT_COMING, asked, citra)
        claim.take(mine, by=coordinator, now=now)
        ids = coordinator.id, rina.id
        db.session.rollback()
        got = []

        def answers(now=now, mine=mine, found=found, ids=ids):
            by = db.session.get(User, ids[0])
            recording.record(mine, found, by=by, now=now)
            claim.leave(by=by, now=now)

        def begins(now=now, got=got, mine=mine, ids=ids):
            got.append(
                claim.take_next([mine], lambda one: still_asked(one, now), by=db.session.get(User, ids[1]), now=now)
            )

        assert at_once(any_app, [answers, begins]) == ["done", "done"]
        assert got == [None]


def _another(name):
    made = User(
        email=f"{name.lower()}@example.com", name=name, password="-", fs_uniquifier=name.ljust(32, "x"), active=True
    )
    db.session.add(made)
    db.session.commit()
    return made

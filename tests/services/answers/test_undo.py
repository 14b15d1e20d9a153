"""Undoing the last answer by link: what it replaced counts again, and nothing newer is overwritten."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from outreach.domain.answers import Choice, DeadlinePassed, Representative
from outreach.domain.kinds import AnswerSource, Role
from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.models import AnswerBefore, Invitation, Person
from outreach.services.answers import answer as answering
from outreach.services.answers import before as kept_answers
from outreach.services.answers import record as recording
from outreach.services.answers import undo as undoing
from outreach.services.answers.answer import LinkAnswer
from outreach.services.answers.nominees import Nominee
from outreach.services.answers.undo import AnsweredSince, NothingToUndo
from outreach.services.invitations import invite as inviting
from outreach.services.invitations import withdraw as withdrawing
from outreach.services.privacy import person as privacy
from tests.support.copied import copied
from tests.world import NOW, at, at_once, draft_activity, invite, publish, token_of

pytestmark = pytest.mark.usefixtures("any_app", "default_rules")


def said(person) -> list[tuple[str, str]]:
    db.session.rollback()
    rows = db.session.execute(
        sa.select(Invitation.state, Invitation.representative_name)
        .where(Invitation.person_id == person.id)
        .order_by(Invitation.activity_id)
    )
    return [(state.value, name) for state, name in rows]


def named(activity) -> list[tuple[str, str]]:
    db.session.rollback()
    rows = db.session.execute(
        sa.select(Person.name, Person.phone)
        .join(Invitation, Invitation.person_id == Person.id)
        .where(
            Invitation.activity_id == activity.id,
            Invitation.nominated_under_id.is_not(None),
            Invitation.state == InvitationState.COMING,
        )
        .order_by(Invitation.id)
    )
    return [(name, phone) for name, phone in rows]


@copied
def two_days(programme, hall):
    return [draft_activity(programme, hall, day) for day in (18, 19)]


def test_two_named_representatives_come_back_after_an_answer_for_both_days(two_days, ani):
    invite(two_days, ani)
    publish(*two_days)
    first_day, second_day = (day.id for day in two_days)
    first = {
        first_day: LinkAnswer(
            Choice.REPRESENTED, Representative("Rina", "Sekretaris", "+6281234567890", "rina@example.com")
        ),
        second_day: LinkAnswer(Choice.REPRESENTED, Representative("Dedi")),
    }
    answering.answer_all(token_of(ani), first, now=at(5))
    before = kept_rows(ani)
    answering.answer_all(
        token_of(ani), dict.fromkeys((first_day, second_day), LinkAnswer(Choice.NOT_COMING)), now=at(6)
    )
    assert said(ani) == [("not_coming", "")] * 2
    assert undoing.undo(token_of(ani), now=at(6, 12)) == {}
    assert said(ani) == [("represented", "Rina"), ("represented", "Dedi")]
    assert kept_rows(ani) == before


def kept_rows(person) -> list[tuple]:
    db.session.rollback()
    columns = [getattr(Invitation, name) for name in kept_answers.ANSWER_COLUMNS]
    wanted = sa.select(*columns).where(Invitation.person_id == person.id).order_by(Invitation.activity_id)
    return [tuple(row) for row in db.session.execute(wanted)]


def test_undoing_a_first_answer_leaves_the_invitation_unanswered(activity, ani):
    invite(activity, ani)
    publish(activity)
    before = kept_rows(ani)
    answering.answer(token_of(ani), activity.id, Choice.NOT_COMING, now=at(5))
    undoing.undo(token_of(ani), now=at(5))
    assert kept_rows(ani) == before
    with pytest.raises(NothingToUndo):
        undoing.undo(token_of(ani), now=at(5))


def test_a_double_tap_can_still_be_undone_to_what_was_before(activity, ani):
    invite(activity, ani)
    publish(activity)
    answering.answer(token_of(ani), activity.id, Choice.COMING, now=at(5))
    for minute in (1, 2):
        answering.answer(token_of(ani), activity.id, Choice.NOT_COMING, now=at(5, 9, minute))
    assert undoing.undo(token_of(ani), now=at(5, 10)) == {}
    assert said(ani) == [("coming", "")]


def test_if_an_answer_is_undone_twice_at_the_same_moment_one_restores_and_the_other_says_why_not(
    any_app, activity, ani
):
    invite(activity, ani)
    publish(activity)
    mine = token_of(ani)
    for round_ in range(5):
        answering.answer(mine, activity.id, Choice.NOT_COMING, now=at(5, 9, round_))
        outcomes = at_once(any_app, [lambda: undoing.undo(mine, now=at(5, 10))] * 3)
        assert sorted(outcomes) == ["NothingToUndo", "NothingToUndo", "done"]
        assert said(ani) == [("invited", "")]


def test_first_answers_to_two_activities_at_the_same_moment_are_both_stored(any_app, two_days, ani):
    invite(two_days, ani)
    publish(*two_days)
    mine = token_of(ani)
    ids = [day.id for day in two_days]
    actions = [lambda id_=id_: answering.answer(mine, id_, Choice.COMING, now=at(5)) for id_ in ids]
    assert at_once(any_app, actions) == ["done"] * 2
    assert (said(ani), count()) == ([("coming", "")] * 2, 1)


def test_an_answer_that_staff_recorded_since_is_not_overwritten(activity, ani, coordinator):
    invite(activity, ani)
    publish(activity)
    answering.answer(token_of(ani), activity.id, Choice.NOT_COMING, now=at(5))
    mine = db.session.scalars(sa.select(Invitation.id).where(Invitation.person_id == ani.id)).one()
    recording.record_answer(mine, Choice.COMING, AnswerSource.PHONE, by=coordinator, now=at(6))
    refused = undoing.undo(token_of(ani), now=at(5, 10))
    assert [type(problem) for problem in refused.values()] == [AnsweredSince]
    assert said(ani) == [("coming", "")]


def test_after_the_deadline_and_after_a_day_nothing_is_undone(activity, ani):
    invite(activity, ani)
    publish(activity)
    answering.answer(token_of(ani), activity.id, Choice.NOT_COMING, now=at(16, 15, 59))
    refused = undoing.undo(token_of(ani), now=at(16, 16))
    assert [type(problem) for problem in refused.values()] == [DeadlinePassed]
    assert said(ani) == [("not_coming", "")]
    moment = at(10)
    answering.answer(token_of(ani), activity.id, Choice.COMING, now=moment)
    with pytest.raises(NothingToUndo):
        undoing.undo(token_of(ani), now=moment + kept_answers.OFFERED_FOR)
    assert undoing.undo(token_of(ani), now=moment + kept_answers.OFFERED_FOR - timedelta(seconds=1)) == {}


def test_undoing_does_not_take_a_seat_from_somebody_who_got_it_meanwhile(programme, hall, ani, budi):
    activity = draft_activity(programme, hall, capacity=1)
    invite(activity, ani, budi)
    publish(activity)
    answering.answer(token_of(ani), activity.id, Choice.COMING, now=at(5))
    answering.answer(token_of(budi), activity.id, Choice.COMING, now=at(6))
    answering.answer(token_of(ani), activity.id, Choice.NOT_COMING, now=at(7))
    assert said(budi) == [("coming", "")]
    undoing.undo(token_of(ani), now=at(7, 12))
    assert (said(ani), said(budi)) == ([("waitlisted", "")], [("coming", "")])


def test_undoing_a_yes_gives_the_seat_to_the_waiting_list(programme, hall, ani, budi):
    activity = draft_activity(programme, hall, capacity=1)
    invite(activity, ani, budi)
    publish(activity)
    answering.answer(token_of(ani), activity.id, Choice.COMING, now=at(5))
    answering.answer(token_of(budi), activity.id, Choice.COMING, now=at(5, 9))
    undoing.undo(token_of(ani), now=at(5, 10))
    assert (said(ani), said(budi)) == ([("invited", "")], [("coming", "")])


def test_all_roles_of_a_person_are_restored(activity, ani):
    invite(activity, ani, role=Role.SPEAKER)
    invite(activity, ani, role=Role.MODERATOR)
    publish(activity)
    answering.answer(token_of(ani), activity.id, Choice.NOT_COMING, now=at(5))
    undoing.undo(token_of(ani), now=at(5, 9))
    assert said(ani) == [("invited", "")] * 2


def test_an_offices_list_comes_back_with_names_corrected_and_withdrawn(activity, police):
    inviting.invite_organisations([activity.id], {police.id: 3}, by=None, now=NOW)
    publish(activity)
    mine = db.session.scalars(sa.select(Invitation.id).where(Invitation.organisation_id == police.id)).one()
    first = [Nominee("Rina Kartika", "Kanit", "+6281234567890"), Nominee("Dedi"), Nominee("Sari")]
    answering.nominate(token_of(police), mine, first, now=at(5))
    rows = dict(db.session.execute(sa.select(Person.name, Invitation.id).join(Invitation.person)).all())
    second = [
        Nominee("Rina Kartiko", "Kanit", "+6281111111111", invitation_id=rows["Rina Kartika"]),
        Nominee("Joko"),
    ]
    answering.nominate(token_of(police), mine, second, now=at(6))
    assert named(activity) == [("Rina Kartiko", "+6281111111111"), ("Joko", "")]
    assert undoing.undo(token_of(police), now=at(6, 12)) == {}
    assert named(activity) == [("Rina Kartika", "+6281234567890"), ("Dedi", ""), ("Sari", "")]


def test_an_office_that_sends_nobody_by_mistake_gets_its_list_back(activity, police):
    inviting.invite_organisations([activity.id], {police.id: 2}, by=None, now=NOW)
    publish(activity)
    mine = db.session.scalars(sa.select(Invitation.id).where(Invitation.organisation_id == police.id)).one()
    answering.nominate(token_of(police), mine, [Nominee("Rina"), Nominee("Dedi")], now=at(5))
    answering.answer(token_of(police), activity.id, Choice.NOT_COMING, now=at(6))
    assert named(activity) == []
    assert undoing.undo(token_of(police), now=at(6, 12)) == {}
    assert named(activity) == [("Rina", ""), ("Dedi", "")]
    assert db.session.get_one(Invitation, mine).state is InvitationState.COMING


def test_undoing_a_first_list_leaves_the_office_without_an_answer(activity, police):
    inviting.invite_organisations([activity.id], {police.id: 2}, by=None, now=NOW)
    publish(activity)
    mine = db.session.scalars(sa.select(Invitation.id).where(Invitation.organisation_id == police.id)).one()
    answering.nominate(token_of(police), mine, [Nominee("Rina")], now=at(5))
    undoing.undo(token_of(police), now=at(5, 9))
    assert named(activity) == []
    assert db.session.get_one(Invitation, mine).answered_at is None


def test_the_replaced_answer_is_deleted_after_a_day_and_when_somebody_is_erased(activity, ani, budi, coordinator):
    invite(activity, ani, budi)
    publish(activity)
    answering.answer(token_of(ani), activity.id, Choice.REPRESENTED, Representative("Rina"), now=at(5))
    answering.answer(token_of(ani), activity.id, Choice.COMING, now=at(5, 9))
    assert count() == 1
    assert kept_answers.delete_old(at(6, 8, 59)) == 0
    assert kept_answers.delete_old(at(6, 9)) == 1
    answering.answer(token_of(ani), activity.id, Choice.NOT_COMING, now=at(6, 10))
    privacy.erase(budi.id, by=coordinator, now=at(6, 11))
    assert count() == 0


def count() -> int:
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(AnswerBefore))


def test_a_role_that_staff_withdrew_since_stays_withdrawn(activity, ani, coordinator):
    invite(activity, ani, role=Role.MODERATOR)
    invite(activity, ani, role=Role.SPEAKER)
    publish(activity)
    answering.answer(token_of(ani), activity.id, Choice.NOT_COMING, now=at(5))
    withdrawn = sa.select(Invitation.id).where(Invitation.person_id == ani.id, Invitation.role == Role.SPEAKER)
    withdrawing.withdraw(db.session.scalars(withdrawn).one(), by=coordinator, now=at(5, 9))
    assert undoing.undo(token_of(ani), now=at(5, 10)) == {}
    states = dict(db.session.execute(sa.select(Invitation.role, Invitation.state)).all())
    assert states == {Role.MODERATOR: InvitationState.INVITED, Role.SPEAKER: InvitationState.WITHDRAWN}


def test_a_nominee_whom_staff_withdrew_since_is_not_invited_again(activity, police, coordinator):
    inviting.invite_organisations([activity.id], {police.id: 3}, by=None, now=NOW)
    publish(activity)
    mine = db.session.scalars(sa.select(Invitation.id).where(Invitation.organisation_id == police.id)).one()
    answering.nominate(token_of(police), mine, [Nominee("Rina"), Nominee("Dedi"), Nominee("Sari")], now=at(5))
    answering.nominate(token_of(police), mine, [Nominee("Rina"), Nominee("Dedi"), Nominee("Joko")], now=at(6))
    dedi = db.session.scalars(sa.select(Invitation.id).join(Invitation.person).where(Person.name == "Dedi")).one()
    withdrawing.withdraw(dedi, by=coordinator, now=at(6, 9))
    assert undoing.undo(token_of(police), now=at(6, 10)) == {}
    assert named(activity) == [("Rina", ""), ("Sari", "")]

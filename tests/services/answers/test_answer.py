"""Answers by link and by phone, seats, waiting list, nominees: what each person gets and what is refused."""

import re
import threading

import pytest
import sqlalchemy as sa

from outreach.delivery import tokens
from outreach.domain.answers import Choice, DeadlinePassed, Representative, RepresentativeUnnamed
from outreach.domain.kinds import AnswerSource, NamedBy, Role
from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.models import Activity, GivenAnswer, Invitation, Link, Message, Person, Reminder
from outreach.queries.answers import page as answer_page
from outreach.services.answers import acting, nominees
from outreach.services.answers import answer as answering
from outreach.services.answers import record as recording
from outreach.services.answers import undo as undoing
from outreach.services.answers.answer import LinkAnswer
from outreach.services.answers.nominees import Nominee
from outreach.services.invitations import invite as inviting
from outreach.services.invitations import links
from outreach.services.invitations import withdraw as withdrawing
from outreach.services.reminders import tick as reminding
from tests.support.waiting import waits_for_another
from tests.world import NOW, at, draft_activity, give_link, invitation_of, invite, publish, token_of

pytestmark = pytest.mark.usefixtures("any_app", "default_rules")


def test_ani_answers_by_her_link(activity, ani):
    invite(activity, ani)
    publish(activity)
    answered = answering.answer(token_of(ani), activity.id, Choice.COMING, now=at(5))
    assert (answered.state, answered.answer_source, answered.answered_at) == (
        InvitationState.COMING,
        AnswerSource.LINK,
        at(5),
    )


def test_an_answer_can_be_changed_until_the_deadline_and_not_after(activity, ani):
    invite(activity, ani)
    publish(activity)
    answering.answer(token_of(ani), activity.id, Choice.COMING, now=at(16, 15, 58))
    answering.answer(token_of(ani), activity.id, Choice.NOT_COMING, now=at(16, 15, 59))
    with pytest.raises(DeadlinePassed):
        answering.answer(token_of(ani), activity.id, Choice.COMING, now=at(16, 16))
    assert invitation_of(activity, ani).state is InvitationState.NOT_COMING


def test_people_invited_after_the_deadline_may_answer_until_the_start_and_the_others_may_not(activity, ani, budi):
    invite(activity, ani)
    publish(activity)
    invite(activity, budi, now=at(17))
    reminding.tick(at(17))
    reminding.tick(at(17, 9))
    states = {who.name: invitation_of(activity, who).state for who in (ani, budi)}
    assert states == {ani.name: InvitationState.NO_ANSWER, budi.name: InvitationState.INVITED}
    with pytest.raises(DeadlinePassed):
        answering.answer(token_of(ani), activity.id, Choice.COMING, now=at(17, 9))
    [shown] = answer_page.read(token_of(budi), now=at(17, 9)).activities
    assert (shown.refusal, shown.activity.respond_by_at) == (None, activity.starts_at)
    answering.answer(token_of(budi), activity.id, Choice.COMING, now=at(18, 7, 59))
    with pytest.raises(DeadlinePassed):
        answering.answer(token_of(budi), activity.id, Choice.NOT_COMING, now=at(18, 8))


def test_people_invited_after_the_deadline_have_not_answered_once_it_begins(activity, ani, budi):
    invite(activity, ani)
    publish(activity)
    invite(activity, budi, now=at(17))
    reminding.tick(at(17))
    reminding.tick(at(18, 8))
    assert invitation_of(activity, budi).state is InvitationState.NO_ANSWER


def test_one_answer_applies_to_all_roles_in_an_activity(activity, ani):
    invite(activity, ani, role=Role.SPEAKER)
    invite(activity, ani, role=Role.MODERATOR)
    publish(activity)
    answering.answer(token_of(ani), activity.id, Choice.COMING, now=at(5))
    assert db.session.scalars(sa.select(Invitation.state)).all() == [InvitationState.COMING] * 2


def test_a_representative_needs_a_name(activity, chief):
    invite(activity, chief, role=Role.SPEAKER)
    publish(activity)
    with pytest.raises(RepresentativeUnnamed):
        answering.answer(token_of(chief), activity.id, Choice.REPRESENTED, Representative(" "), now=at(5))
    assert invitation_of(activity, chief).state is InvitationState.INVITED
    answered = answering.answer(
        token_of(chief), activity.id, Choice.REPRESENTED, Representative("Rina", "Wakapolres"), now=at(5)
    )
    assert (answered.state, answered.representative_name) == (InvitationState.REPRESENTED, "Rina")


def test_the_last_seat_goes_to_one_person_and_the_other_waits_until_it_is_free(programme, hall, ani, budi):
    activity = draft_activity(programme, hall, capacity=1)
    invite(activity, ani, budi)
    publish(activity)
    answering.answer(token_of(ani), activity.id, Choice.COMING, now=at(5))
    answering.answer(token_of(budi), activity.id, Choice.COMING, now=at(6))
    assert invitation_of(activity, budi).state is InvitationState.WAITLISTED
    answering.answer(token_of(ani), activity.id, Choice.NOT_COMING, now=at(7))
    assert invitation_of(activity, budi).state is InvitationState.COMING
    told = db.session.scalars(sa.select(Reminder).where(Reminder.kind == "seat")).one()
    assert (told.invitation.person.name, told.due_at) == ("Budi Santoso", at(7))


def test_a_person_with_a_seat_keeps_it_when_answering_again_in_a_full_activity(programme, hall, ani):
    activity = draft_activity(programme, hall, capacity=1)
    invite(activity, ani)
    publish(activity)
    for _ in range(2):
        assert answering.answer(token_of(ani), activity.id, Choice.COMING, now=at(5)).state is InvitationState.COMING


def test_a_speaker_needs_no_free_seat(programme, hall, ani, chief):
    activity = draft_activity(programme, hall, capacity=1)
    invite(activity, ani)
    invite(activity, chief, role=Role.SPEAKER)
    publish(activity)
    answering.answer(token_of(ani), activity.id, Choice.COMING, now=at(5))
    assert answering.answer(token_of(chief), activity.id, Choice.COMING, now=at(5)).state is InvitationState.COMING


def quota_of(activity, organisation, seats):
    inviting.invite_organisations([activity.id], {organisation.id: seats}, by=None, now=NOW)
    publish(activity)
    return db.session.scalars(sa.select(Invitation).where(Invitation.organisation_id == organisation.id)).one()


def test_the_police_name_two_people_and_change_one(activity, police):
    invitation = quota_of(activity, police, 2)
    answering.nominate(token_of(police), invitation.id, [Nominee("Rina"), Nominee("Joko", phone="+62812")], now=at(5))
    answering.nominate(token_of(police), invitation.id, [Nominee("rina", post="Kanit"), Nominee("Sari")], now=at(6))
    nominees = db.session.execute(
        sa.select(Person.name, Person.post, Invitation.state)
        .join(Invitation, Invitation.person_id == Person.id)
        .order_by(Person.id)
    )
    assert [tuple(n) for n in nominees] == [
        ("Rina", "Kanit", "coming"),
        ("Joko", "", "withdrawn"),
        ("Sari", "", "coming"),
    ]
    assert db.session.get_one(Invitation, invitation.id).state is InvitationState.COMING


def test_more_nominees_than_the_quota_are_refused_and_nothing_changes(activity, police):
    invitation = quota_of(activity, police, 1)
    with pytest.raises(nominees.QuotaExceeded):
        answering.nominate(token_of(police), invitation.id, [Nominee("Rina"), Nominee("Joko")], now=at(5))
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Invitation)) == 1


def test_an_organisation_cannot_name_people_for_anothers_invitation(activity, police, office):
    from outreach.domain.kinds import Sector
    from outreach.models import Organisation

    other_organisation = Organisation(name="Kodim Metro", sector=Sector.MILITARY, email="kodim@example.com")
    db.session.add(other_organisation)
    db.session.commit()
    give_link(other_organisation)
    invitation = quota_of(activity, police, 2)
    with pytest.raises(answering.NothingToAnswer):
        answering.nominate(token_of(other_organisation), invitation.id, [Nominee("Rina")], now=at(5))


def test_the_page_shows_all_published_activities_and_no_drafts(programme, hall, ani):
    shown = [draft_activity(programme, hall, day) for day in (18, 19)]
    hidden = draft_activity(programme, hall, 20)
    for activity in (*shown, hidden):
        invite(activity, ani)
    publish(*shown)
    page = answer_page.read(token_of(ani), now=at(5))
    assert [activity.activity.id for activity in page.activities] == [published.id for published in shown]
    assert page.invitee.name == "Ani Wijaya"


def test_staff_record_answers_by_phone_even_after_the_deadline(activity, ani, coordinator):
    invite(activity, ani)
    publish(activity)
    invitation = db.session.scalars(sa.select(Invitation)).one()
    recording.record_answer(
        invitation.id, Choice.COMING, AnswerSource.PHONE, note="ditelepon", by=coordinator, now=at(17)
    )
    assert (invitation.state, invitation.answer_source, invitation.answer_recorded_by.name, invitation.answer_note) == (
        InvitationState.COMING,
        AnswerSource.PHONE,
        "Coordinator",
        "ditelepon",
    )


def test_forged_truncated_and_foreign_tokens_open_nothing(activity, ani, budi):
    give_link(ani, budi)
    good, other = token_of(ani), token_of(budi)
    for bad in (
        good[:-1],
        good[:-1] + ("A" if good[-1] != "A" else "B"),
        good[:16] + other[16:],
        "",
        "x" * 38,
        "é" * 38,
    ):
        with pytest.raises(links.LinkUnknown):
            links.open_link(bad, now=NOW)
    assert links.open_link(good, now=NOW).person_id == ani.id


def test_a_link_expires_thirty_days_after_its_last_activity(activity, ani):
    invite(activity, ani)
    good = token_of(ani)
    db.session.execute(sa.update(Link).values(expires_at=at(1)))
    invite(activity, ani)
    inviting.invite_people([activity.id], [ani.id], Role.MODERATOR, by=None, now=NOW)
    assert links.open_link(good, now=at(17, 11, 59, month=2)).person_id == ani.id
    with pytest.raises(links.LinkExpired):
        links.open_link(good, now=at(17, 12, month=2))


def test_a_renewed_link_replaces_the_old_one(ani, coordinator):
    give_link(ani)
    old = token_of(ani)
    links.renew(ani, by=coordinator, now=NOW)
    with pytest.raises(links.LinkReplaced):
        links.open_link(old, now=NOW)
    assert links.open_link(token_of(ani), now=NOW).person_id == ani.id


def test_the_database_alone_does_not_reveal_a_token(ani):
    link = links.link_for(db.session, ani, expires_at=at(28))
    stored = {str(getattr(link, column.key)) for column in Link.__table__.columns}
    assert not any(tokens.token(link)[16:] in value for value in stored)


def test_a_withdrawn_cadre_is_notified_and_the_seat_is_free(programme, hall, ani, budi):
    activity = draft_activity(programme, hall, capacity=1)
    invite(activity, ani, budi)
    publish(activity)
    answering.answer(token_of(ani), activity.id, Choice.COMING, now=at(5))
    answering.answer(token_of(budi), activity.id, Choice.COMING, now=at(5))
    invitation = db.session.scalars(sa.select(Invitation).where(Invitation.person_id == ani.id)).one()
    withdrawing.withdraw(invitation.id, by=None, now=at(6))
    assert (invitation_of(activity, ani).state, invitation_of(activity, budi).state) == (
        InvitationState.WITHDRAWN,
        InvitationState.COMING,
    )
    reminding.tick(at(6))
    kinds = db.session.scalars(sa.select(Message.kind)).all()
    assert sorted(kinds) == ["invitation", "invitation", "seat", "withdrawal"]


def test_answers_lock_their_activities_once(programme, hall, ani, police, statements):
    activities = [draft_activity(programme, hall, day) for day in (18, 19, 20)]
    ids = [activity.id for activity in activities]
    for activity in activities:
        invite(activity, ani)
        inviting.invite_organisations([activity.id], {police.id: 2}, by=None, now=NOW)
    publish(*activities)
    hers, theirs, ani_id = token_of(ani), token_of(police), ani.id
    under = db.session.scalar(sa.select(Invitation.id).where(Invitation.organisation_id == police.id))

    def readings(action) -> int:
        return sum(
            bool(re.search(r"FROM activity\s+WHERE activity\.id (=|IN)", statement)) for statement in statements(action)
        )

    replies = {id_: answering.LinkAnswer(Choice.COMING) for id_ in ids}
    assert readings(lambda: answering.answer_all(hers, replies, now=at(5))) == 1
    assert readings(lambda: answering.answer(hers, ids[0], Choice.NOT_COMING, now=at(5))) == 1
    assert readings(lambda: answering.nominate(theirs, under, [Nominee("Rina")], now=at(5))) == 1
    states = db.session.scalars(
        sa.select(Invitation.state).where(Invitation.person_id == ani_id).order_by(Invitation.activity_id)
    )
    assert [state.value for state in states] == ["not_coming", "coming", "coming"]


@pytest.mark.postgresql
@pytest.mark.parametrize("any_app", ["postgresql"], indirect=True)  # on SQLite one writes at a time
def test_a_link_revoked_while_its_answer_waits_records_nothing(any_app, activity, ani):
    invite(activity, ani)
    publish(activity)
    hers, activity_id, ani_id, raised = token_of(ani), activity.id, ani.id, []
    db.session.remove()

    def answer() -> None:
        with any_app.app_context():
            with pytest.raises(links.LinkRevoked) as caught:
                answering.answer(hers, activity_id, Choice.COMING, now=at(5))
            raised.append(caught.value)
            db.session.remove()

    answering_now = threading.Thread(target=answer)
    with db.engine.begin() as connection:
        connection.execute(sa.select(Activity.id).where(Activity.id == activity_id).with_for_update())
        answering_now.start()
        assert waits_for_another()
        connection.execute(sa.update(Link).where(Link.person_id == ani_id).values(revoked_at=NOW))
    answering_now.join()
    assert len(raised) == 1
    assert db.session.scalar(sa.select(Invitation.answered_at)) is None


def noted_with(*invitations: Invitation) -> list[tuple[int | None, list[int | None]]]:
    """Return the account that is noted with each invitation's answer, and those with all that was kept of it."""
    db.session.expire_all()
    kept = sa.select(GivenAnswer.recorded_by_id).order_by(GivenAnswer.id)
    return [
        (one.answer_recorded_by_id, list(db.session.scalars(kept.where(GivenAnswer.invitation_id == one.id))))
        for one in invitations
    ]


def test_an_answer_by_link_where_staff_are_signed_in_is_marked_as_theirs_until_the_invitee_answers(
    activity, ani, coordinator
):
    invite(activity, ani)
    publish(activity)
    staff, mine = coordinator.id, invitation_of(activity, ani)
    coming, not_coming = LinkAnswer(Choice.COMING), LinkAnswer(Choice.NOT_COMING)
    answering.answer_all(token_of(ani), {activity.id: coming}, now=at(5))
    assert noted_with(mine) == [(None, [None])]
    answering.answer_all(token_of(ani), {activity.id: not_coming}, now=at(5), staff=coordinator)  # in the same moment
    assert noted_with(mine) == [(staff, [None, staff])]
    undoing.undo(token_of(ani), now=at(5, 9), staff=coordinator)
    assert noted_with(mine) == [(None, [None, staff, staff])]
    answering.answer_all(token_of(ani), {activity.id: not_coming}, now=at(6), staff=coordinator)
    answering.answer_all(token_of(ani), {activity.id: coming}, now=at(6, 9))
    assert noted_with(mine) == [(None, [None, staff, staff, staff, None])]
    undoing.undo(token_of(ani), now=at(6, 10))
    assert noted_with(mine) == [(staff, [None, staff, staff, staff, None, None])]


def test_so_are_the_names_that_an_office_gives_and_the_answer_of_who_comes_in_somebodys_place(
    activity, police, chief, coordinator
):
    inviting.invite_organisations([activity.id], {police.id: 2}, by=None, now=NOW)
    invite(activity, chief)
    publish(activity)
    staff, office, his = coordinator.id, invitation_of(activity, police), invitation_of(activity, chief)
    named = LinkAnswer(Choice.COMING, nominees=[Nominee("Rina"), Nominee("Dedi")])
    answering.answer_all(token_of(police), {activity.id: named}, now=at(5), staff=coordinator)
    assert noted_with(office, *office.nominees) == [(staff, [staff])] * 3
    rina = Representative("Kompol Rina Dewi", email="rina@example.com")
    answering.answer(token_of(chief), activity.id, Choice.REPRESENTED, rina, now=at(5))
    assert his.acting.named_by is NamedBy.INVITEE
    token = tokens.acting_token(his.acting.nonce)
    acting.answer(token, activity.id, Choice.COMING, now=at(6), staff=coordinator)
    assert noted_with(his) == [(None, [None, staff])]  # whether they are represented, the invitee has said

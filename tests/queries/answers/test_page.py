"""The data that an answer page reads, on both databases."""

import pytest
import sqlalchemy as sa

from outreach.domain.answers import Choice, DeadlinePassed, NotInvited
from outreach.domain.kinds import Role
from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.models import AgendaItem, Invitation
from outreach.queries.answers import page as answer_page
from outreach.queries.answers.page import Contact, LinkInvitee, Topic
from outreach.services.activities import publish as publishing
from outreach.services.answers import answer as answering
from outreach.services.answers.answer import NothingToAnswer
from outreach.services.answers.nominees import Nominee
from outreach.services.invitations import invite as inviting
from outreach.services.invitations import withdraw as withdrawing
from tests.world import NOW, at, draft_activity, invite, mark_as_invited, publish, token_of

pytestmark = pytest.mark.usefixtures("any_app")


def publish_and_mark(*activities):
    """Publish activities and mark every invitation as sent."""
    publish(*activities, tick=False)
    mark_as_invited()


def test_ani_sees_her_published_days_in_order_and_no_draft(programme, hall, ani, budi):
    days = [draft_activity(programme, hall, day) for day in (19, 18, 20)]
    for day in days:
        invite(day, ani)
    invite(days[0], budi)
    publish_and_mark(*days[:2])
    page = answer_page.read(token_of(ani), now=at(5))
    hers = {"id": "Bapak/Ibu Ani Wijaya", "en": "Ani Wijaya"}
    assert page.invitee == LinkInvitee(ani.id, "Ani Wijaya", "id", False, False, hers)
    assert page.contact == Contact("DP3AP2KB Kota Metro", "Bidang PPA", "+6281200000001")
    assert [activity.activity.id for activity in page.activities] == [days[1].id, days[0].id]
    assert [activity.activity.title for activity in page.activities] == ["Rapat koordinasi lintas sektor"] * 2
    assert [(activity.state, activity.roles, activity.refusal) for activity in page.activities] == [
        (InvitationState.INVITED, (Role.CADRE,), None)
    ] * 2


def test_a_programmes_own_contact_is_preferred_to_the_offices(activity, programme, ani):
    programme.contact_name, programme.contact_phone = "Ibu Rina", "+6281299999999"
    db.session.commit()
    invite(activity, ani)
    publish_and_mark(activity)
    assert answer_page.read(token_of(ani), now=at(5)).contact == Contact(
        "DP3AP2KB Kota Metro", "Ibu Rina", "+6281299999999"
    )


def test_seats_are_counted_for_people_who_still_want_one(programme, hall, ani, budi):
    small = draft_activity(programme, hall, capacity=2)
    invite(small, ani)
    invite(small, ani, role=Role.PARTICIPANT)
    invite(small, budi)
    publish_and_mark(small)
    answering.answer(token_of(ani), small.id, Choice.COMING, now=at(5))
    assert [activity.seats_left for activity in answer_page.read(token_of(budi), now=at(5)).activities] == [1]
    assert [activity.seats_left for activity in answer_page.read(token_of(ani), now=at(5)).activities] == [None]


def test_the_deadline_is_the_first_instant_at_which_no_answer_is_accepted(activity, ani):
    invite(activity, ani)
    publish_and_mark(activity)
    (before,) = answer_page.read(token_of(ani), now=at(16, 15, 59)).activities
    (after,) = answer_page.read(token_of(ani), now=at(16, 16)).activities
    assert (before.refusal, type(after.refusal)) == (None, DeadlinePassed)
    assert after.refusal.values == {"deadline": at(16, 16), "contact": "Bidang PPA (0812-0000-0001)"}


def test_the_chief_sees_his_topics(activity, chief, ani):
    activity.agenda.append(AgendaItem(starts_at=at(18, 10), ends_at=at(18, 11), topic="Lain", speakers=[]))
    activity.agenda.append(AgendaItem(starts_at=at(18, 9), ends_at=at(18, 10), topic="Pelaporan", speakers=[chief]))
    db.session.commit()
    invite(activity, chief, role=Role.SPEAKER)
    invite(activity, chief, role=Role.PARTICIPANT)
    publish_and_mark(activity)
    page = answer_page.read(token_of(chief), now=at(5))
    (shown,) = page.activities
    assert page.invitee.name == "Kapolres Metro"
    assert (set(shown.roles), shown.topics) == (
        {Role.SPEAKER, Role.PARTICIPANT},
        (Topic(at(18, 9), at(18, 10), "Pelaporan"),),
    )


def test_the_police_see_their_nominees_and_nobody_they_removed(activity, police):
    inviting.invite_organisations([activity.id], {police.id: 2}, by=None, now=NOW)
    publish_and_mark(activity)
    (shown,) = answer_page.read(token_of(police), now=at(5)).activities
    for names in (["Rina", "Dedi"], ["Rina"]):
        answering.nominate(
            token_of(police), shown.invitation_id, [Nominee(nominee, "Kanit") for nominee in names], now=at(5)
        )
    page = answer_page.read(token_of(police), now=at(5))
    assert page.invitee == LinkInvitee(police.id, "Polres Metro", "id", False, True)
    (shown,) = page.activities
    assert (shown.quota, [(nominee.name, nominee.post, nominee.state) for nominee in shown.nominees]) == (
        2,
        [("Rina", "Kanit", InvitationState.COMING)],
    )


def test_an_organisation_sees_no_contacts_of_people_who_are_not_its_own(activity, police, ani):
    inviting.invite_organisations([activity.id], {police.id: 2}, by=None, now=NOW)
    publish_and_mark(activity)
    (shown,) = answer_page.read(token_of(police), now=at(5)).activities
    answering.nominate(token_of(police), shown.invitation_id, [Nominee("Ani Wijaya", email=ani.email)], now=at(5))
    (shown,) = answer_page.read(token_of(police), now=at(5)).activities
    assert [nominee[:4] for nominee in shown.nominees] == [("Ani Wijaya", "", "", "")]
    assert ani.phone != ""


def test_a_withdrawn_invitation_is_shown_as_ended_until_the_activity_is_over(activity, ani, coordinator):
    invite(activity, ani)
    publish_and_mark(activity)
    withdrawing.withdraw(db.session.scalars(sa.select(Invitation.id)).one(), by=coordinator, now=NOW)
    (shown,) = answer_page.read(token_of(ani), now=at(18, 11, 59)).activities
    assert (shown.state, type(shown.refusal)) == (InvitationState.WITHDRAWN, NotInvited)
    with pytest.raises(NothingToAnswer):
        answer_page.activity_for_calendar(answer_page.read(token_of(ani), now=at(5)), activity.id)
    assert answer_page.read(token_of(ani), now=at(18, 12)).activities == ()


def test_people_never_told_of_an_invitation_do_not_read_of_its_withdrawal(activity, ani, coordinator):
    invite(activity, ani)
    withdrawing.withdraw(db.session.scalars(sa.select(Invitation.id)).one(), by=coordinator, now=NOW)
    publishing.publish([activity.id], by=None, now=NOW)
    assert answer_page.read(token_of(ani), now=at(5)).activities == ()


def test_people_withdrawn_in_one_of_two_roles_see_only_the_other_role(activity, ani, coordinator):
    invite(activity, ani, role=Role.CADRE)
    invite(activity, ani, role=Role.MODERATOR)
    publish_and_mark(activity)
    withdrawing.withdraw(
        db.session.scalars(sa.select(Invitation.id).where(Invitation.role == Role.MODERATOR)).one(),
        by=coordinator,
        now=NOW,
    )
    (shown,) = answer_page.read(token_of(ani), now=at(5)).activities
    assert (shown.state, shown.roles, shown.refusal) == (InvitationState.INVITED, (Role.CADRE,), None)


def test_the_calendar_has_only_the_readers_own_activities(programme, hall, ani, budi):
    hers, his = draft_activity(programme, hall, 18), draft_activity(programme, hall, 19)
    invite(hers, ani)
    invite(his, budi)
    publish_and_mark(hers, his)
    page = answer_page.read(token_of(ani), now=at(5))
    assert answer_page.activity_for_calendar(page, hers.id).id == hers.id
    with pytest.raises(NothingToAnswer):
        answer_page.activity_for_calendar(page, his.id)

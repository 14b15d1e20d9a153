"""To each activity its own people are invited, all in one transaction."""

import pytest
import sqlalchemy as sa

from outreach.domain.kinds import Role
from outreach.domain.planning.rules import Severity
from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.models import Invitation, Link, Reminder
from outreach.services.invitations import invite as inviting
from outreach.services.invitations.add import Invited
from outreach.services.invitations.checks import ActivityOver, NobodyChosen
from outreach.services.locking import ActivityMissing
from outreach.services.planning.book import SpeakerTaken
from outreach.services.planning.checks import PlanBlocked
from tests.support.copied import copied
from tests.world import (
    NOW,
    a_person,
    at,
    at_once,
    draft_activity,
    invitation_of,
    invite,
    publish,
    set_severities,
    set_state,
)


@copied
def second(any_app, programme):
    """A draft on the 19th."""
    return draft_activity(programme, None, 19, title="Pembinaan")


def invite_each(chosen, role=Role.CADRE) -> Invited:
    people = {activity.id: [person.id for person in some] for activity, some in chosen}
    return inviting.invite_each(people, role, by=None, now=NOW)


def asked() -> list[tuple[int, int]]:
    db.session.rollback()
    rows = db.session.execute(
        sa.select(Invitation.activity_id, Invitation.person_id).order_by(Invitation.activity_id, Invitation.person_id)
    )
    return [tuple(row) for row in rows]


def test_each_activity_gets_its_own_people(activity, second, ani, budi, default_rules):
    publish(second)
    result = invite_each([(activity, [ani]), (second, [ani, budi])])
    assert (result.new, result.already, result.by_activity) == (3, 0, {activity.id: 1, second.id: 2})
    assert asked() == [(activity.id, ani.id), (second.id, ani.id), (second.id, budi.id)]
    due = db.session.scalars(
        sa.select(Reminder.activity_id).where(Reminder.due_at == NOW, Reminder.kind == "invitation")
    )
    assert set(due) == {second.id}  # the other is a draft


def test_people_already_invited_stay_invited_and_withdrawn_ones_are_invited_again(activity, second, ani, budi):
    invite(activity, ani, budi)
    set_state(activity, InvitationState.COMING, ani)
    set_state(activity, InvitationState.WITHDRAWN, budi)
    result = invite_each([(activity, [ani, budi]), (second, [ani])])
    assert (result.new, result.already) == (2, 1)
    states = [invitation_of(activity, person).state for person in (ani, budi)]
    assert states == [InvitationState.COMING, InvitationState.PREPARED]
    assert invitation_of(activity, budi).revision == 1


def test_a_link_lives_until_after_the_last_activity_of_its_own_person(activity, second, ani, budi):
    invite_each([(activity, [ani, budi]), (second, [budi])])
    ends = dict(db.session.execute(sa.select(Link.person_id, Link.expires_at)).all())
    assert ends[budi.id] - ends[ani.id] == second.ends_at - activity.ends_at


def test_nobody_chosen_changes_nothing(activity, second, ani):
    for chosen in ([], [(activity, [])]):
        with pytest.raises(NobodyChosen):
            invite_each(chosen)
    second.state = "cancelled"
    db.session.commit()
    with pytest.raises(ActivityOver):
        invite_each([(activity, [ani]), (second, [ani])])
    with pytest.raises(ActivityMissing):
        inviting.invite_each({activity.id: [ani.id], 999: [ani.id]}, Role.CADRE, by=None, now=NOW)
    assert asked() == []


def test_a_clash_that_blocks_one_invitation_refuses_all(activity, second, ani, budi):
    set_severities(cadre_twice=Severity.BLOCK)
    elsewhere = draft_activity(None, None, 19)
    invite(elsewhere, budi)
    with pytest.raises(PlanBlocked):
        invite_each([(activity, [ani]), (second, [budi])])
    assert asked() == [(elsewhere.id, budi.id)]


def test_each_speaker_is_booked_for_their_own_activity(activity, second, ani, budi):
    invite_each([(activity, [ani]), (second, [budi])], Role.SPEAKER)
    same_time = draft_activity(None, None, 19, starts_at=at(19, 9))
    with pytest.raises(SpeakerTaken):
        invite_each([(same_time, [budi])], Role.SPEAKER)
    invite_each([(same_time, [ani])], Role.SPEAKER)


def test_two_presses_at_once_invite_everybody_once(any_app, activity, second, ani, budi):
    citra = a_person("Citra Dewi")
    people = {activity.id: [ani.id, budi.id], second.id: [budi.id, citra.id]}
    backwards = dict(reversed(people.items()))
    outcomes = at_once(
        any_app,
        [
            lambda: inviting.invite_each(people, Role.CADRE, by=None, now=NOW),
            lambda: inviting.invite_each(backwards, Role.CADRE, by=None, now=NOW),
        ],
    )
    assert outcomes == ["done", "done"]
    assert len(asked()) == 4

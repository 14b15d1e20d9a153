"""Calendar revisions: a withdrawal outranks its invitation, and a new invitation outranks the withdrawal."""

import pytest
import sqlalchemy as sa

from outreach.domain.kinds import AnswerSource, Role
from outreach.extensions import db
from outreach.models import Invitation
from outreach.services.activities import publish as publishing
from outreach.services.answers import record as recording
from outreach.services.answers.nominees import Nominee
from outreach.services.invitations import invite as inviting
from outreach.services.invitations import withdraw as withdrawing
from outreach.services.reminders import tick as reminding
from tests.world import NOW

pytestmark = pytest.mark.usefixtures("any_app")


def invite_published(activity, person, role=Role.CADRE) -> None:
    inviting.invite_people([activity.id], [person.id], role, by=None, now=NOW)
    if activity.state == "draft":
        publishing.publish([activity.id], by=None, now=NOW)
    reminding.tick(NOW)


def take_back(person, role=Role.CADRE) -> None:
    wanted = sa.select(Invitation.id).where(Invitation.person_id == person.id, Invitation.role == role)
    withdrawing.withdraw(db.session.scalars(wanted).one(), by=None, now=NOW)


def revisions(person) -> dict[str, int]:
    db.session.rollback()
    rows = db.session.execute(sa.select(Invitation.role, Invitation.revision).where(Invitation.person_id == person.id))
    return {role.value: revision for role, revision in rows}


def test_a_withdrawal_raises_the_revision_by_one_and_inviting_again_by_one_more(activity, ani):
    invite_published(activity, ani)
    assert revisions(ani) == {"cadre": 0}
    take_back(ani)
    assert revisions(ani) == {"cadre": 1}
    invite_published(activity, ani)
    assert revisions(ani) == {"cadre": 2}


def test_a_withdrawal_in_one_of_two_roles_leaves_the_calendar_alone(activity, ani):
    invite_published(activity, ani, Role.SPEAKER)
    invite_published(activity, ani)
    take_back(ani)
    assert revisions(ani) == {"speaker": 0, "cadre": 0}
    take_back(ani, Role.SPEAKER)
    assert revisions(ani) == {"speaker": 1, "cadre": 1}


def test_inviting_in_another_role_outranks_the_withdrawal_from_the_first(activity, ani):
    invite_published(activity, ani, Role.SPEAKER)
    take_back(ani, Role.SPEAKER)
    invite_published(activity, ani)
    assert revisions(ani) == {"speaker": 2, "cadre": 2}


def test_an_organisation_and_its_nominees_are_withdrawn_and_invited_again_with_higher_revisions(activity, police):
    def invite():
        inviting.invite_organisations([activity.id], {police.id: 2}, by=None, now=NOW)
        if activity.state == "draft":
            publishing.publish([activity.id], by=None, now=NOW)
        reminding.tick(NOW)

    def name(*people):
        recording.nominate_for(
            theirs.id, [Nominee(person) for person in people], by=None, now=NOW, source=AnswerSource.PHONE
        )

    def all_revisions():
        db.session.rollback()
        return list(db.session.scalars(sa.select(Invitation.revision).order_by(Invitation.id)))

    invite()
    theirs = db.session.scalars(sa.select(Invitation)).one()
    name("Agus Salim", "Rahmat Hidayat")
    assert all_revisions() == [0, 0, 0]
    name("Agus Salim")
    assert all_revisions() == [0, 0, 1]
    name("Agus Salim", "Rahmat Hidayat")
    assert all_revisions() == [0, 0, 2]
    withdrawing.withdraw(theirs.id, by=None, now=NOW)
    assert all_revisions() == [1, 1, 3]
    invite()
    assert all_revisions() == [2, 1, 3]

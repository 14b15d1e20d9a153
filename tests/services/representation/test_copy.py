"""The same person acts for all roles of an invitee at an activity, at the same place in the chain."""

import pytest

from outreach.domain.answers import Representative
from outreach.domain.kinds import AnswerSource, NamedBy, Role
from outreach.domain.representation import may_pass_on
from outreach.extensions import db
from outreach.models import Invitation
from outreach.services.representation import chain
from outreach.transactions import writing
from tests.world import at, invite

pytestmark = pytest.mark.usefixtures("any_app")

RINA, TONO, SARI, DANU = (Representative(name) for name in ("Rina", "Tono", "Sari", "Danu"))


def test_a_second_acting_person_is_copied_onto_a_role_for_which_another_second_one_acts(published, chief):
    invite(published, chief, role=Role.SPEAKER)
    invite(published, chief, role=Role.PARTICIPANT)
    with writing() as session:
        speaker, participant = session.query(Invitation).filter_by(person_id=chief.id).order_by(Invitation.id)
        for invitation, first, second in ((speaker, RINA, TONO), (participant, SARI, DANU)):
            chain.name(session, invitation, first, AnswerSource.LINK, now=at(5))
            chain.name(session, invitation, second, AnswerSource.LINK, now=at(5), by=NamedBy.ACTING)
        chain.copy(session, participant, speaker, now=at(6))
    db.session.rollback()
    acting = participant.acting
    assert (acting.name, acting.position, may_pass_on(acting.position)) == ("Tono", 2, False)

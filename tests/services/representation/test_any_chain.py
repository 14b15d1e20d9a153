"""Whatever invitees, acting people and staff do, in any order: one acts at most, seats are kept, and mails reach who acts.

Mails go through a real server. Each name has an address of its own, so a mail's recipient says whom it is for.
"""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from outreach.delivery import tokens
from outreach.domain.answers import Choice, Representative
from outreach.domain.kinds import AnswerSource, NoLongerActing
from outreach.domain.problems import Problem
from outreach.domain.states import TAKES_A_SEAT, InvitationState
from outreach.extensions import db
from outreach.models import ActingPerson, Activity, Invitation
from outreach.services.answers import acting, undo
from outreach.services.answers import answer as answering
from outreach.services.answers import record as recording
from outreach.services.reminders import tick as reminding
from tests.servers.smtp import Server
from tests.support.long_form import many
from tests.world import NOW, a_person, draft_activity, drain, invite, publish, send_through, token_of

SEATS = 2
NAMES = ("Rina", "Tono", "Sari")
people = st.integers(0, 2)
named = st.sampled_from(NAMES)
choices = st.sampled_from(list(Choice))


class AnyChain(RuleBasedStateMachine):
    server: Server
    told: set[str] = set()

    @initialize()
    def three_are_invited_to_two_seats(self) -> None:
        self.now = NOW
        self.taken = len(self.server.taken)
        self.activity = draft_activity(None, None, capacity=SEATS)
        self.people = [a_person(name, email=f"{name.lower()}@example.com") for name in ("Ani", "Budi", "Citra")]
        invite(self.activity, *self.people)
        publish(self.activity)

    def teardown(self) -> None:
        db.session.rollback()
        db.session.execute(sa.update(Activity).values(state="cancelled"))  # the next run is not to send its mails
        db.session.commit()

    def later(self) -> None:
        self.now += timedelta(minutes=20)

    def representative(self, who: int, name: str) -> Representative:
        return Representative(name, email=f"{name}.{who}.{self.activity.id}@example.com".lower())

    def try_to(self, action) -> None:
        self.later()
        try:
            action()
        except Problem:
            db.session.rollback()

    @rule(who=people, choice=choices, name=named)
    def the_invitee_answers(self, who: int, choice: Choice, name: str) -> None:
        token, one = token_of(self.people[who]), self.representative(who, name)
        self.try_to(lambda: answering.answer(token, self.activity.id, choice, one, now=self.now))

    @rule(who=people, choice=choices, name=named)
    def staff_record(self, who: int, choice: Choice, name: str) -> None:
        id, one = self.invitation(who).id, self.representative(who, name)
        self.try_to(lambda: recording.record_answer(id, choice, AnswerSource.PHONE, one, by=None, now=self.now))

    @rule(who=people, place=st.integers(0, 2), choice=choices, name=named)
    def somebody_named_answers(self, who: int, place: int, choice: Choice, name: str) -> None:
        """The latest, or somebody who was named before and still has the link."""
        chain = self.chain(who)
        if len(chain) > place:
            token, one = tokens.acting_token(chain[-1 - place].nonce), self.representative(who, name)
            self.try_to(lambda: acting.answer(token, self.activity.id, choice, one, now=self.now))

    @rule(who=people)
    def the_invitee_undoes_the_last_name(self, who: int) -> None:
        self.try_to(lambda: acting.take_back(token_of(self.people[who]), self.activity.id, now=self.now))

    @rule(who=people)
    def the_invitee_undoes_the_last_answer(self, who: int) -> None:
        self.try_to(lambda: undo.undo(token_of(self.people[who]), now=self.now))

    @rule(who=people)
    def staff_undo_the_last_name(self, who: int) -> None:
        self.try_to(lambda: acting.take_back_for(self.invitation(who).id, by=None, now=self.now))

    @rule(days=st.integers(0, 3))
    def mails_go_out(self, days: int) -> None:
        self.now = min(self.now + timedelta(days=days), self.activity.starts_at - timedelta(hours=2))
        reminding.tick(self.now)
        drain(self.now)
        own = {person.email for person in self.people}
        acts = {self.invitation(who).representative_email for who in range(3)}
        for mail in self.server.taken[self.taken :]:
            if "Tidak perlu lagi mewakili" in str(mail.mail["Subject"]):
                assert mail.recipient in self.told - own, f"{mail.recipient} was never told to come"
                continue
            assert mail.recipient in own | acts, f"{mail.recipient} does not act"
            self.told.add(mail.recipient)
        self.taken = len(self.server.taken)

    def invitation(self, who: int) -> Invitation:
        db.session.rollback()
        wanted = (Invitation.activity_id == self.activity.id, Invitation.person_id == self.people[who].id)
        return db.session.scalars(sa.select(Invitation).where(*wanted)).one()

    def chain(self, who: int) -> list[ActingPerson]:
        return list(self.invitation(who).chain)

    @invariant()
    def one_acts_if_somebody_is_represented_and_nobody_otherwise(self) -> None:
        for who in range(3):
            found = self.invitation(who)
            acting_now = [link for link in found.chain if link.acting]
            if found.state is InvitationState.REPRESENTED:
                assert len(acting_now) == 1
            elif found.state is not InvitationState.WAITLISTED:
                assert acting_now == []
            assert all(link.position in (1, 2) for link in found.chain)
            assert all((link.ended_at is None) is link.acting for link in found.chain)
            if acting_now and acting_now[0].position == 2:
                assert NoLongerActing.PASSED_ON in {link.ended_because for link in found.chain}

    @invariant()
    def seats_are_never_exceeded(self) -> None:
        states = [self.invitation(who).state for who in range(3)]
        assert sum(state in TAKES_A_SEAT for state in states) <= SEATS


@pytest.mark.usefixtures("default_rules")
def test_in_any_order_one_acts_and_only_they_get_the_mails(any_app):
    with Server() as server:
        send_through(any_app, server)

        AnyChain.server, AnyChain.told = server, set()
        run_state_machine_as_test(
            AnyChain,
            settings=settings(
                max_examples=many(4, 300), stateful_step_count=25, deadline=None, database=None, print_blob=True,
                suppress_health_check=list(HealthCheck), derandomize=True,
            ),
        )  # fmt: skip
    assert any(address[0] in "rts" for address in AnyChain.told)  # otherwise nothing was proved about those who act

"""Whatever invitees, acting people, an office and staff do, in any order: who acts, seats, rungs and mails stay right together.

Cadres share three seats, an office has a quota, a speaker may be swapped; ladders run for all of them, and are edited. Mails go
through a real server; each reader has an address of their own.
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import NamedTuple

import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from outreach.delivery import tokens
from outreach.delivery.rows import stored as rows_stored
from outreach.domain.activities.values import Move
from outreach.domain.answers import Choice, Representative
from outreach.domain.kinds import ON_STAGE, AnswerSource, MailKind, Role, Sector
from outreach.domain.ladder.rungs import (
    MAILS,
    PROPOSED,
    LadderName,
    RungKind,
    RungRule,
    RungState,
    RungTiming,
    kinds_of,
)
from outreach.domain.problems import Problem
from outreach.domain.states import TAKES_A_SEAT, UNANSWERED, ActivityState, InvitationState, MessageState, ReminderState
from outreach.extensions import db
from outreach.models import Activity, Invitation, Message, Reminder, Rung
from outreach.services.activities import agenda
from outreach.services.activities import move as moves
from outreach.services.activities import publish as publishing
from outreach.services.activities.agenda import AgendaValues
from outreach.services.answers import acting, undo
from outreach.services.answers import answer as answering
from outreach.services.answers import record as recording
from outreach.services.answers.nominees import Nominee
from outreach.services.directory import assistants
from outreach.services.invitations import invite as inviting
from outreach.services.invitations import withdraw as withdrawing
from outreach.services.ladder import climb, edit, substitutes
from outreach.services.reminders import forecast as forecasting
from outreach.services.reminders import rules
from outreach.services.reminders import tick as reminding
from outreach.services.reminders.forecast import Forecast
from tests.chaos.support.written import Written, lines_now, written
from tests.servers.smtp import Server
from tests.support.long_form import LONG, many
from tests.world import (
    NOW,
    a_person,
    an_office,
    an_organisation,
    at,
    draft_activity,
    drain,
    invite,
    invite_organisation,
    publish,
    send_through,
    store_regions,
    token_of,
)

SEATS, QUOTA = 3, 2
OF_SEATS = (MailKind.SEAT, MailKind.APPOINTMENT)  # the mails to who gets a seat, and to who comes in their place
PAUSE, HOUR, DAY = timedelta(minutes=20), timedelta(hours=1), timedelta(days=1)
which = st.integers(0, 9)
choices = st.sampled_from(list(Choice))
named = st.sampled_from(["Rina", "Tono", "Sari"])
MORE_THAN_QUOTA = ["Eka", "Fitri", "Gita"]
nominees = st.lists(st.sampled_from(MORE_THAN_QUOTA), max_size=3, unique=True)
ladders = st.sampled_from(list(LadderName)).flatmap(
    lambda name: st.tuples(
        st.just(name),
        st.lists(
            st.builds(RungRule, st.sampled_from(kinds_of(name)), st.sampled_from(RungTiming), st.integers(0, 8)),
            max_size=4,
        ),
    )
)


class Copied(NamedTuple):
    """What a rung was when its ladder started."""

    invitation_id: int
    invited_at: datetime | None
    position: int
    kind: RungKind
    timing: RungTiming
    days: int
    at: time


class AnyStory(RuleBasedStateMachine):
    server: Server
    seen: Counter[str] = Counter()

    @initialize(other=ladders, days=st.integers(3, 6))
    def some_have_answered_after_days(self, other: tuple, days: int) -> None:
        """All are invited; Ani's representative passes it on, the office names two, Budi waits, and the others' ladders run."""
        _empty()
        self.now, self.taken = NOW, len(self.server.taken)
        self.copied: dict[int, Copied] = {}  # by rung
        self.climbed: dict[int, int] = {}  # the invitation, by rung that was climbed
        self.mailed: Counter[int] = Counter()  # rungs of mails, by invitation, of ladders that started again since
        for name, rungs in (*PROPOSED.items(), other):
            edit.save(name, rungs, by=None, now=NOW)
        cadres = [a_person(name, email=f"{name.lower()}@example.com") for name in ("Ani", "Budi", "Citra", "Dedi")]
        chief, deputy = (
            a_person(name, post=name, email=f"{name.lower()}@example.com") for name in ("Kapolres", "Wakil")
        )
        police = an_organisation("Polres Metro", sector=Sector.POLICE, email="polres@example.com")
        for one in (chief, police):
            assistants.write(one, "Ajudan", "", f"ajudan.{one.email}")
        db.session.commit()
        activity = draft_activity(None, None, capacity=SEATS)
        agenda.set_agenda(
            activity.id, [AgendaValues(at(18, 9), at(18, 10), "Perlindungan", (chief.id,))], by=None, now=NOW
        )
        invite(activity, *cadres[:3])
        invite_organisation(activity, police, seats=QUOTA)
        publish(activity)
        self.cadres, self.on_stage = [one.id for one in cadres], [chief.id, deputy.id]
        self.activity_id = activity.id
        self.work()
        self.the_office_names_others(MORE_THAN_QUOTA)  # while a seat is free for each: only the quota refuses it
        self.an_invitee_answers(1, Choice.REPRESENTED, "Rina")
        self.somebody_named_answers(1, 0, Choice.REPRESENTED, "Tono")
        self.the_office_names_others(["Eka", "Fitri"])
        self.an_invitee_answers(2, Choice.COMING, "")
        assert self.some(2).state is InvitationState.WAITLISTED
        self.days_pass_one_by_one(days)

    # What people do

    @rule(who=which, choice=choices, name=named)
    def an_invitee_answers(self, who: int, choice: Choice, name: str) -> None:
        one = self.some(who)
        token, instead = token_of(one.invitee), self.representative(one, name)
        self.try_to("answer", lambda: answering.answer(token, self.activity_id, choice, instead, now=self.now))

    @rule(who=which, place=st.integers(0, 2), choice=choices, name=named)
    def somebody_named_answers(self, who: int, place: int, choice: Choice, name: str) -> None:
        """The latest, or somebody who was named before and still has the link."""
        one = self.some(who)
        if len(one.chain) > place:
            token, instead = tokens.acting_token(one.chain[-1 - place].nonce), self.representative(one, name)
            self.try_to("acting", lambda: acting.answer(token, self.activity_id, choice, instead, now=self.now))

    @rule(who=which)
    def the_invitee_undoes_the_last_name(self, who: int) -> None:
        token = token_of(self.some(who).invitee)
        self.try_to("name undone", lambda: acting.take_back(token, self.activity_id, now=self.now))

    @rule(who=which)
    def the_invitee_undoes_the_last_answer(self, who: int) -> None:
        token = token_of(self.some(who).invitee)
        self.try_to("undo", lambda: undo.undo(token, now=self.now))

    @rule(people=nominees)
    def the_office_names_others(self, people: list[str]) -> None:
        one = self.office()
        self.name(people, lambda: answering.nominate(token_of(one.invitee), one.id, _named(people), now=self.now))

    # What staff do

    @rule(who=which, choice=choices, name=named)
    def staff_record(self, who: int, choice: Choice, name: str) -> None:
        id, instead = self.some(who).id, self.representative(self.some(who), name)
        self.try_to(
            "recorded",
            lambda: recording.record_answer(id, choice, AnswerSource.PHONE, instead, by=None, now=self.now),
        )

    @rule(who=which)
    def staff_undo_what_they_recorded(self, who: int) -> None:
        id = self.some(who).id
        self.try_to("record undone", lambda: undo.undo_recorded(id, by=None, now=self.now))

    @rule(who=which)
    def staff_undo_the_last_name(self, who: int) -> None:
        id = self.some(who).id
        self.try_to("name undone by staff", lambda: acting.take_back_for(id, by=None, now=self.now))

    @rule(people=nominees)
    def staff_record_who_the_office_sends(self, people: list[str]) -> None:
        id = self.office().id
        self.name(people, lambda: recording.nominate_for(id, _named(people), by=None, now=self.now))

    @rule(quota=st.integers(1, 3))
    def the_quota_is_changed(self, quota: int) -> None:
        id = self.office().id
        self.try_to("quota", lambda: inviting.set_quota(id, quota, by=None, now=self.now))

    @rule(who=st.integers(0, 3))
    def somebody_is_invited(self, who: int) -> None:
        """Dedi for the first time, the others if they were withdrawn."""
        ids = [self.cadres[who]]
        self.try_to(
            "invited", lambda: inviting.invite_people([self.activity_id], ids, Role.CADRE, by=None, now=self.now)
        )

    @rule(who=which)
    def somebody_is_withdrawn(self, who: int) -> None:
        id = self.some(who).id
        said = withdrawing.preview(id, now=self.now + PAUSE).forecast
        if self.try_to("withdrawn", lambda: withdrawing.withdraw(id, by=None, now=self.now)):
            self.work(_people(said, MailKind.WITHDRAWAL, *OF_SEATS))

    @rule(in_place_of=st.integers(0, 1))
    def a_speaker_is_swapped(self, in_place_of: int) -> None:
        former, substitute = self.on_stage[in_place_of], self.on_stage[1 - in_place_of]
        found = self.all(Invitation.person_id == former, Invitation.role == Role.SPEAKER)
        if found:
            id = found[0].id
            said = withdrawing.preview(id, now=self.now + PAUSE).forecast
            if self.try_to("swapped", lambda: substitutes.swap(id, substitute, by=None, now=self.now)):
                self.work(_people(said, MailKind.WITHDRAWAL, *OF_SEATS))

    @rule(ladder=ladders)
    def a_ladder_is_edited(self, ladder: tuple) -> None:
        self.try_to("edited", lambda: edit.save(*ladder, by=None, now=self.now))

    @rule(by=st.sampled_from([DAY, 2 * HOUR, -DAY, 7 * DAY, None]))
    def the_activity_is_moved_or_postponed(self, by: timedelta | None) -> None:
        """If it is postponed, it gets its new date."""
        activity, then = self.activity(), self.now + PAUSE
        if by is None:
            kinds, said = (MailKind.POSTPONEMENT,), forecasting.for_postponing(activity.id, now=then)
            done = self.try_to("postponed", lambda: publishing.postpone(activity.id, "Banjir", by=None, now=self.now))
        else:
            move = Move(activity.starts_at + by, activity.ends_at + by, activity.zone, None)
            kinds, said = (MailKind.CHANGE, *OF_SEATS), moves.forecast(activity, move, (), now=then)
            done = self.try_to("moved", lambda: moves.move(activity.id, move, "Banjir", None, by=None, now=self.now))
        if done:
            self.work(_people(said, *kinds))

    # Time

    @rule(hours=st.integers(1, 72))
    def time_passes(self, hours: int) -> None:
        self.now += hours * HOUR
        self.work()

    @rule(days=st.integers(1, 4))
    def days_pass_one_by_one(self, days: int) -> None:
        for _day in range(days):
            self.now += DAY
            self.work()

    @rule(hours=st.integers(1, 72))
    def nothing_runs(self, hours: int) -> None:
        self.now += hours * HOUR

    def work(self, said_before: dict[MailKind, int] | None = None) -> None:
        """Do what an engine does, and hold what it wrote against the forecast. said_before: readers, before saving."""
        open_ones = {one.id for one in self.all() if one.state in UNANSWERED}
        published = self.activity().state is ActivityState.PUBLISHED
        climb.tick(self.now)
        self.check_climb(open_ones if published else set())
        due = self.due()
        forecast = {id: forecasting.for_reminder(id, now=self.now).rows[0] for id in due}
        had = lines_now()
        reminding.tick(self.now)
        found = written(had, self.now)
        for id, row in forecast.items():
            reminder = db.session.get_one(Reminder, id)
            state = (ReminderState.MISSED, row.note.value) if row.note else (ReminderState.EXPANDED, "")
            assert (reminder.state, reminder.reason) == state, row
            assert (row.people, row.without_address, row.later) == found.get(id, Written()).numbers, (
                row,
                found.get(id),
            )
        for kind, people in (said_before or {}).items():
            own = [found[id] for id, row in forecast.items() if row.kind is kind and row.due_at == self.now]
            assert people == sum(len(one.mailed) for one in own), (kind, people, own)
        self.send()

    def due(self) -> list[int]:
        db.session.rollback()
        ready = sa.select(Reminder.id).where(Reminder.state == ReminderState.SCHEDULED, Reminder.due_at <= self.now)
        return list(db.session.scalars(ready.order_by(Reminder.id)))

    def check_climb(self, open_ones: set[int]) -> None:
        """One catch-up for an invitation, only for who has not answered, and each rung of mails with its one reminder."""
        new = [rung for rung in self.rungs() if rung.state is RungState.DONE and rung.id not in self.climbed]
        each = Counter(rung.invitation_id for rung in new)
        assert set(each) <= open_ones, "a rung was climbed for somebody who has answered"
        assert set(each.values()) <= {1}, "two rungs were climbed at once"
        for rung in new:
            assert rung.done_at == self.now
            of_now = [
                one for one in self.by_ladder() if one.due_at == self.now and rung.invitation_id in one.detail["only"]
            ]
            assert len(of_now) == (rung.kind in MAILS)
            self.climbed[rung.id] = rung.invitation_id
            self.copied.setdefault(rung.id, _copy(rung))
            self.seen[f"rung {rung.kind.value}"] += 1
        mails = Counter(id for one in self.by_ladder() for id in one.detail["only"])
        assert mails == self.mailed + Counter(self.climbed[id] for id in self.climbed if self.copied[id].kind in MAILS)
        for rung in self.rungs():
            waits = rung.state is RungState.WAITING
            assert not waits or rung.invitation_id in open_ones, "a rung waits for somebody who has answered"

    def send(self) -> None:
        drain(self.now)
        db.session.rollback()
        new = [
            message
            for message in db.session.scalars(sa.select(Message).order_by(Message.id))
            if message.state is MessageState.SENT and message.sent_at == self.now
        ]
        mailed = [mail.recipient for mail in self.server.taken[self.taken :]]
        self.taken = len(self.server.taken)
        assert sorted(mailed) == sorted(message.address for message in new)
        for message in new:
            for line in message.lines:
                if not line.skipped:
                    self.check_reader(message, line)

    def check_reader(self, message: Message, line) -> None:
        one, kind = line.invitation, line.reminder.kind
        self.seen[kind.value] += 1
        row = rows_stored.line_row(line)
        leaves = row.leaves
        if row.assistant is not None:
            assert message.address == one.invitee.assistant_email
            assert one.state in UNANSWERED, "an adjutant was asked for somebody who has answered"
            return
        if leaves is not None:
            assert message.address == leaves.email
            assert one.acting is None or one.acting.email != leaves.email or one.state not in TAKES_A_SEAT
            return
        acts = one.acting.email if one.acting is not None else ""
        assert message.address == (acts if line.to_representative else one.invitee.email)
        if kind is MailKind.REMINDER:
            assert one.state not in (InvitationState.WITHDRAWN, InvitationState.NOT_COMING), (
                "reminded though not coming"
            )
            assert bool(acts) is line.to_representative, "reminded though somebody else acts"

    # What holds after each step

    @invariant()
    def one_acts_if_somebody_is_represented_and_nobody_otherwise(self) -> None:
        for one in self.all():
            acts = [link for link in one.chain if link.acting]
            if one.state is InvitationState.REPRESENTED:
                assert len(acts) == 1
            elif one.state is InvitationState.WAITLISTED:
                assert len(acts) <= 1
            elif one.state is not InvitationState.WITHDRAWN:
                assert acts == []
            assert {link.position for link in one.chain} <= {1, 2}

    @invariant()
    def seats_and_quota_are_kept(self) -> None:
        seated = [one for one in self.all() if one.person_id and one.state in TAKES_A_SEAT]
        assert len({one.person_id for one in seated if one.role not in ON_STAGE}) <= SEATS
        for one in self.all(Invitation.organisation_id.is_not(None)):
            stand = [nominee for nominee in one.nominees if nominee.state is not InvitationState.WITHDRAWN]
            assert len(stand) <= (one.quota or 0)

    @invariant()
    def a_ladder_that_runs_stays_as_it_was_copied(self) -> None:
        present = {rung.id: rung for rung in self.rungs()}
        assert len({(rung.invitation_id, rung.position) for rung in present.values()}) == len(present)
        for id, copied in list(self.copied.items()):
            if id in present:
                assert _copy(present[id])._replace(invited_at=copied.invited_at) == copied
                assert id not in self.climbed or present[id].state is RungState.DONE
                continue
            one = db.session.get_one(Invitation, copied.invitation_id)
            assert one.invited_at != copied.invited_at, "a ladder started again by itself"
            del self.copied[id]
            self.mailed[self.climbed.pop(id, 0)] += copied.kind in MAILS
        del self.mailed[0]
        for id, rung in present.items():
            self.copied.setdefault(id, _copy(rung))

    # Helpers

    def try_to(self, what: str, action: Callable[[], object]) -> bool:
        self.now += PAUSE
        try:
            action()
        except Problem:
            db.session.rollback()
            return False
        self.seen[what] += 1
        return True

    def name(self, people: list[str], action: Callable[[], object]) -> None:
        """Let the office name these people: never more than its quota."""
        quota = self.office().quota or 0
        self.seen["too many named"] += len(people) > quota
        assert self.try_to("nominees", action) <= (len(people) <= quota), (people, quota)

    def all(self, *where: sa.ColumnElement[bool]) -> list[Invitation]:
        db.session.rollback()
        wanted = sa.select(Invitation).where(Invitation.activity_id == self.activity_id, *where)
        return list(db.session.scalars(wanted.order_by(Invitation.id)))

    def some(self, who: int) -> Invitation:
        found = self.all()
        return found[who % len(found)]

    def office(self) -> Invitation:
        return self.all(Invitation.organisation_id.is_not(None))[0]

    def activity(self) -> Activity:
        db.session.rollback()
        return db.session.get_one(Activity, self.activity_id)

    def rungs(self) -> list[Rung]:
        db.session.rollback()
        return list(db.session.scalars(sa.select(Rung).order_by(Rung.id)))

    def by_ladder(self) -> list[Reminder]:
        wanted = sa.select(Reminder).where(Reminder.kind == MailKind.REMINDER).order_by(Reminder.id)
        return [one for one in db.session.scalars(wanted) if (one.detail or {}).get("only")]

    def representative(self, one: Invitation, name: str) -> Representative:
        return Representative(name, email=f"{name}.{one.id}@example.com".lower())


def _copy(rung: Rung) -> Copied:
    invited_at = rung.invitation.invited_at
    return Copied(rung.invitation_id, invited_at, rung.position, rung.kind, rung.timing, rung.days, rung.at)


def _people(said: Forecast, *kinds: MailKind) -> dict[MailKind, int]:
    """Return how many were said to get a mail of each kind at once."""
    return {kind: said.people(kind) for kind in kinds}


def _named(people: list[str]) -> list[Nominee]:
    return [Nominee(f"{name} Wijaya", email=f"{name.lower()}@example.com") for name in people]


def _empty() -> None:
    """Start again with an office and its rules."""
    db.session.remove()
    with db.engine.begin() as connection:
        for table in reversed(db.metadata.sorted_tables):
            connection.execute(table.delete())
    store_regions()
    an_office()
    rules.install_defaults(now=NOW)


def test_in_any_story_chain_quota_ladder_and_mails_stay_right_together(any_app):
    with Server() as server:
        send_through(any_app, server)
        AnyStory.server, AnyStory.seen = server, Counter()
        run_state_machine_as_test(
            AnyStory,
            settings=settings(
                max_examples=many(4, 400), stateful_step_count=many(15, 40), deadline=None, database=None,
                print_blob=True, derandomize=not LONG, suppress_health_check=list(HealthCheck),
                phases=[Phase.generate, Phase.shrink] if LONG else [Phase.generate],
            ),
        )  # fmt: skip
    print(dict(AnyStory.seen))
    wanted = {"answer", "acting", "nominees", "too many named", "rung mail", "invitation", "appointment", "reminder"}
    if LONG:
        wanted |= {
            "recorded", "record undone", "undo", "name undone", "name undone by staff", "quota", "invited", "withdrawn",
            "swapped", "edited", "moved", "postponed", "rung assistant", "rung last_call", "rung call", "rung substitutes",
            "withdrawal", "change", "postponement",
        }  # fmt: skip
    assert {what for what in wanted if not AnyStory.seen[what]} == set()  # otherwise the stories proved nothing

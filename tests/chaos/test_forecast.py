"""After any history, the forecast gives what expansion then writes: how many mails, which readers, today or tomorrow.

Mails are really claimed, checked, composed and settled; only the mail server's reply is random. So histories have mails in retry,
in doubt, claimed by a dead worker, and sent after midnight. The office has hours for mails: what can wait is held at night.
"""

from collections import defaultdict
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from outreach.delivery.outbox import leases, results
from outreach.delivery.outbox import settle as settling
from outreach.delivery.outbox.prepare import Preparer
from outreach.delivery.smtp.outcomes import Accepted, InDoubt, Permanent, Temporary
from outreach.domain.activities.values import Move
from outreach.domain.answers import Choice, Representative
from outreach.domain.kinds import AnswerSource, AttendanceSource, Audience, MailKind, Role, RuleTiming, Sector
from outreach.domain.problems import Problem
from outreach.domain.reminders.due import MissedReason, local_day
from outreach.domain.states import InvitationState, MessageState, ReminderState
from outreach.extensions import current_settings, db
from outreach.models import Activity, Invitation, Message, Office, Organisation, Person, Region, Reminder
from outreach.services import office_defaults
from outreach.services.activities import move as moves
from outreach.services.activities import publish as publishing
from outreach.services.answers import record as recording
from outreach.services.answers.nominees import Nominee
from outreach.services.door import attendance
from outreach.services.invitations import invite as inviting
from outreach.services.invitations import withdraw as withdrawing
from outreach.services.materials import send as sending
from outreach.services.materials.send import GivenFile
from outreach.services.messages import resend as resending
from outreach.services.reminders import edit_rules, rules
from outreach.services.reminders import expand as expanding
from outreach.services.reminders import forecast as forecasting
from outreach.services.reminders import remind_now as by_hand
from outreach.services.reminders import tick as reminding
from outreach.services.reminders.edit_rules import RuleValues
from outreach.services.reminders.forecast import ForecastRow
from tests.chaos.support.written import lines_now, written
from tests.support.long_form import LONG, many
from tests.world import AT_ANY_HOUR, JAKARTA, NOW, a_person, at, draft_activity, token_of, uploads

MAKASSAR = ZoneInfo("Asia/Makassar")
SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LEASE_S = 60.0
SENT, RETRY, REFUSED, DOUBT, VANISHED = "sent", "retry", "refused", "doubt", "vanished"
OUTCOMES = {
    SENT: Accepted(250, "OK"),
    RETRY: Temporary(451, "later"),
    REFUSED: Permanent(550, "no"),
    DOUBT: InDoubt(None, "gone"),
}
TITLES = ("Alfa", "Beta", "Gama")
PEOPLE = ("Ani", "Budi", "Citra", "Dedi")  # Citra has no address
NOT_SCHEDULED = {MissedReason.MOMENT_PASSED, MissedReason.ACTIVITY_BEGAN, MissedReason.SAME_DAY}

titles = st.sampled_from(TITLES)
roles = st.sampled_from([Role.CADRE, Role.PARTICIPANT, Role.SPEAKER])
names = st.sampled_from(PEOPLE)
words = st.lists(st.sampled_from([SENT, SENT, SENT, RETRY, RETRY, REFUSED, DOUBT, VANISHED]), min_size=1, max_size=4)
seen: dict[str, int] = defaultdict(int)  # so that a run that proved nothing is noticed


class AnyHistory(RuleBasedStateMachine):
    @initialize(
        far=st.sampled_from(["planned", "told", "answered", "the day before"]), late=st.booleans(), quiet=st.booleans(),
        put_off=st.booleans(), early=st.booleans(),
    )  # fmt: skip
    def it_begins(self, far: str, late: bool, quiet: bool, put_off: bool, early: bool) -> None:
        """Three drafts; or Alfa and Beta published and notified early or late in the evening, then answered days later.

        early: Alfa and Gama are to be answered so early that people are invited after that.
        """
        self.furnish(quiet=quiet)
        self.quiet = quiet
        self.now = at(4, 23, 50) if late else NOW
        self.preparer = Preparer(current_settings())
        beta = {"zone": MAKASSAR, "starts_at": at(18, 14), "ends_at": at(18, 16)}
        self.activities = {
            "Alfa": draft_activity(None, None, 18, title="Alfa", **({"respond_by_at": at(8, 16)} if early else {})).id,
            "Beta": draft_activity(None, None, 18, title="Beta", **beta).id,
            "Gama": draft_activity(None, None, 13, title="Gama", respond_by_at=at(6 if early else 11, 16)).id,
        }
        self.drafts, self.published, self.postponed = set(TITLES), set(), set()
        self.held: dict[
            int, tuple[datetime, datetime, datetime]
        ] = {}  # until when, by reminder; and its activity's times
        for title, name in (("Alfa", "Ani"), ("Alfa", "Citra"), ("Beta", "Ani"), ("Beta", "Budi"), ("Gama", "Dedi")):
            self.invite(title, name)
        if far == "planned":
            return
        for title in ("Alfa", "Beta"):
            self.publish(title, tick=False)
        self.tick()
        self.now += 20 * MINUTE
        self.work([SENT])
        if far != "told":
            ids = self.invitations(Invitation.activity_id != self.activities["Gama"])
            for invitation_id, choice in zip(ids, (Choice.REPRESENTED, Choice.COMING, Choice.COMING), strict=False):
                self.answer(invitation_id, choice, "rudi@example.com")
            self.now = at(10, 7, 30) if far == "answered" else at(16, 7, 30)
        if put_off:
            self.call_off("Beta", for_good=False, tick=True)
            self.work([SENT])
            self.move("Beta", DAY, tick=True)
            self.work([SENT])
            if quiet:
                self.until(21)  # what can wait is held until the morning
            for title in ("Alfa", "Beta"):
                self.invite(title, "Dedi")
                self.tick()
                self.work([SENT])

    @rule(title=titles, name=names)
    def somebody_is_invited(self, title: str, name: str) -> None:
        self.invite(title, name)

    @rule(title=titles, name=names)
    def a_speaker_is_invited(self, title: str, name: str) -> None:
        self.invite(title, name, Role.SPEAKER)

    @precondition(lambda self: self.published)
    @rule(data=st.data(), name=names, words=words, over_night=st.booleans())
    def somebody_is_invited_to_one_after_the_other(
        self, data: st.DataObject, name: str, words: list[str], over_night: bool
    ) -> None:
        """The first invitation is sent, waits for its retry, or is sent only after midnight; then the second one."""
        published = st.sampled_from(sorted(self.published))
        if self.quiet and not 7 <= self.now.astimezone(JAKARTA).hour < 19:
            self.until(10)
        self.invite(data.draw(published), name, data.draw(roles))
        if over_night:
            self.until(23, 50)
        self.tick()
        self.now += 20 * MINUTE
        self.work(words)
        self.invite(data.draw(published), name, data.draw(roles))
        self.passes()
        self.tick()

    @rule(title=titles)
    def the_police_are_invited(self, title: str) -> None:
        self.attempt(
            lambda: inviting.invite_organisations(
                [self.activities[title]], {self.police: 2}, by=None, now=self.passes()
            )
        )

    @precondition(lambda self: self.drafts)
    @rule(tick=st.booleans())
    def a_draft_is_published(self, tick: bool) -> None:
        self.publish(min(self.drafts), tick=tick)

    @precondition(lambda self: self.drafts)
    @rule(days=st.integers(0, 3), hour=st.sampled_from([6, 8, 19, 21]))
    def a_draft_is_published_whose_invitations_go_out_later(self, days: int, hour: int) -> None:
        now, title = self.passes(), min(self.drafts)
        local = now.astimezone(JAKARTA) + days * DAY
        sent_at = local.replace(hour=hour, minute=0, second=0, microsecond=0)
        activity_id = self.activities[title]
        forecast = forecasting.for_publishing([activity_id], now=now, invitations_at=sent_at)
        if self.attempt(lambda: publishing.publish([activity_id], by=None, now=now, invitations_at=sent_at)):
            self.drafts.discard(title)
            self.published.add(title)
            self.check_scheduled(activity_id, forecast.rows)
            stored = forecasting.for_activities([activity_id], now=now).rows
            said = [row for row in forecast.rows if row.note not in NOT_SCHEDULED]
            in_order = [sorted(rows, key=lambda row: (row.due_at, row.kind, row.audience)) for rows in (stored, said)]
            assert in_order[0] == in_order[1]
            seen["invitation for later"] += 1

    @precondition(lambda self: self.published | self.postponed)
    @rule(title=titles, by=st.sampled_from([2 * HOUR, DAY, 3 * DAY, -DAY]), tick=st.booleans())
    def an_activity_is_moved(self, title: str, by: timedelta, tick: bool) -> None:
        """If one is postponed, it gets its new date."""
        self.move(min(self.postponed, default=title), by, tick)

    def move(self, title: str, by: timedelta, tick: bool) -> None:
        activity = db.session.get_one(Activity, self.activities[title])
        if title in self.postponed and activity.starts_at + by <= self.now:
            by = (self.now - activity.starts_at).days * DAY + 2 * DAY
        move = Move(activity.starts_at + by, activity.ends_at + by, activity.zone, None)
        now = self.passes()
        forecast = forecasting.for_move(activity.id, move, now=now)
        announced = title in self.published | self.postponed  # of a draft nobody is told
        if self.attempt(lambda: moves.move(activity.id, move, "Banjir", None, by=None, now=now)) and announced:
            seen["new date"] += title in self.postponed
            self.postponed.discard(title)
            self.published.add(title)
            self.check_event(activity.id, MailKind.CHANGE, forecast.rows, tick)

    @precondition(lambda self: len(self.published | self.postponed) > 1)
    @rule(for_good=st.booleans(), tick=st.booleans())
    def an_activity_is_cancelled_or_postponed(self, for_good: bool, tick: bool) -> None:
        title = max(self.published | self.postponed if for_good else self.published, default="")
        if title:
            self.call_off(title, for_good=for_good, tick=tick)

    def call_off(self, title: str, *, for_good: bool, tick: bool) -> None:
        activity_id, now = self.activities[title], self.passes()
        if for_good:
            forecast, call_off, kind = forecasting.for_cancelling, publishing.cancel, MailKind.CANCELLATION
        else:
            forecast, call_off, kind = forecasting.for_postponing, publishing.postpone, MailKind.POSTPONEMENT
        said = forecast(activity_id, now=now)
        if self.attempt(lambda: call_off(activity_id, "Banjir", by=None, now=now)):
            self.published.discard(title)
            self.postponed -= {title} if for_good else set()
            self.postponed |= set() if for_good else {title}
            seen["postponed"] += not for_good
            self.check_event(activity_id, kind, said.rows, tick)

    @rule(data=st.data(), choice=st.sampled_from(list(Choice)), email=st.sampled_from(["", "rudi@example.com"]))
    def somebody_answers(self, data: st.DataObject, choice: Choice, email: str) -> None:
        invitation_id = self.some_invitation(data)
        if invitation_id:
            self.answer(invitation_id, choice, email)

    @rule(data=st.data(), people=st.sampled_from([("Siti Aminah",), ("Joko Susilo", "Siti Aminah"), ()]))
    def the_police_name_who_comes(self, data: st.DataObject, people: tuple[str, ...]) -> None:
        invitation_id = self.some_invitation(data, Invitation.organisation_id.is_not(None))
        named = [Nominee(name, email=f"{name.split()[0].lower()}@example.com") for name in people]
        if invitation_id:
            self.attempt(lambda: recording.nominate_for(invitation_id, named, by=None, now=self.passes()))

    @rule(data=st.data())
    def somebody_is_told_to_stay_away(self, data: st.DataObject) -> None:
        invitation_id = self.some_invitation(data)
        if invitation_id:
            self.attempt(lambda: withdrawing.withdraw(invitation_id, by=None, now=self.passes()))

    @rule(data=st.data())
    def a_speaker_sends_a_file(self, data: st.DataObject) -> None:
        invitation_id = self.some_invitation(data, Invitation.role == Role.SPEAKER)
        if invitation_id:
            invitation = db.session.get_one(Invitation, invitation_id)
            token, file = token_of(invitation.person), GivenFile(uploads.PDF, "paparan.pdf")
            now = self.passes()
            self.attempt(lambda: sending.send(token, invitation.activity_id, file, most_mb=40, now=now))

    @rule(name=names, stops=st.booleans())
    def somebody_stops_or_resumes_reminders(self, name: str, stops: bool) -> None:
        db.session.get_one(Person, self.people[name]).reminders_stopped_at = self.passes() if stops else None
        db.session.commit()

    @rule(title=titles, there=st.lists(st.booleans(), min_size=6, max_size=6))
    def presence_is_ticked(self, title: str, there: list[bool]) -> None:
        ids = self.invitations(Invitation.activity_id == self.activities[title], Invitation.person_id.is_not(None))
        present = [id_ for id_, here in zip(ids, there, strict=False) if here]
        self.attempt(
            lambda: attendance.tick(
                self.activities[title], present, ids, AttendanceSource.HAND, by=None, now=self.passes()
            )
        )

    @precondition(lambda self: self.published)
    @rule(data=st.data(), tick=st.booleans())
    def staff_reminds_some_by_hand(self, data: st.DataObject, tick: bool) -> None:
        activity_id = self.activities[data.draw(st.sampled_from(sorted(self.published)))]
        ids = self.invitations(Invitation.activity_id == activity_id)
        chosen = data.draw(st.lists(st.sampled_from(ids), unique=True)) if ids else []
        now = self.passes()
        said = [reminded for reminded in by_hand.preview(activity_id, chosen, now=now) if reminded.reason is None]
        if not self.attempt(lambda: by_hand.remind(activity_id, chosen, by=None, now=now)):
            return
        rows = [row for row in forecasting.for_activities([activity_id], now=now).rows if row.due_at == now]
        assert {reminded.audience for reminded in said} == {row.audience for row in rows}
        for row in rows:
            own = [reminded for reminded in said if reminded.audience is row.audience]
            when = {reminded.at for reminded in own}
            assert row.later == 0 or row.goes_at != max(when), (row, own)
            assert row.people > 0, (row, own)
        seen["by hand"] += len(said)
        if tick:
            self.tick()

    @rule(which=st.integers(0, 20))
    def staff_sends_one_again(self, which: int) -> None:
        ids = list(db.session.scalars(sa.select(Message.id).order_by(Message.id)))
        if ids:
            self.attempt(lambda: resending.resend(ids[which % len(ids)], by=None, now=self.passes()))

    @rule(hour=st.sampled_from([8, 10, 13]), key=st.sampled_from(["seven-days-before", "day-before"]), title=titles)
    def a_rule_gets_another_hour(self, hour: int, key: str, title: str) -> None:
        days, audience = (7, Audience.UNANSWERED) if key == "seven-days-before" else (1, Audience.COMING)
        values = RuleValues(days, time(hour), audience)
        self.attempt(lambda: edit_rules.edit(key, values, None, self.activities[title], by=None, now=self.passes()))

    @rule(words=words)
    def mails_go_out(self, words: list[str]) -> None:
        self.passes()
        self.tick()
        self.work(words)

    @rule(words=words, minutes=st.sampled_from([3, 20, 100, 300]))
    def some_time_passes(self, words: list[str], minutes: int) -> None:
        self.now += minutes * MINUTE
        self.tick()
        self.work(words)

    @rule(words=words, hour=st.sampled_from([8, 8, 10]))
    def a_morning_comes(self, words: list[str], hour: int) -> None:
        self.until(hour)
        self.tick()
        self.work(words)

    @rule(days=st.integers(1, 4))
    def nothing_runs(self, days: int) -> None:
        self.now += days * DAY

    def furnish(self, *, quiet: bool) -> None:
        """Start again with an office, its rules, four people and the police. quiet: mails that can wait do so at night."""
        db.session.remove()
        with db.engine.begin() as connection:
            for table in reversed(db.metadata.sorted_tables):
                connection.execute(table.delete())
        for code, name in (("18", "Lampung"), ("18.72", "Kota Metro")):
            db.session.add(Region(code=code, name=name, level=code.count(".") + 1))
        db.session.flush()
        db.session.add(
            Office(
                name="DP3AP2KB Kota Metro",
                short_name="DP3AP2KB",
                region_code="18.72",
                email="dinas@example.com",
                zone=JAKARTA,
                **({} if quiet else AT_ANY_HOUR),
            )
        )
        police = Organisation(name="Polres Metro", sector=Sector.POLICE, email="polres@example.com")
        db.session.add(police)
        db.session.commit()
        self.police = police.id
        self.people = {
            name: a_person(f"{name} Wijaya", email="" if name == "Citra" else f"{name.lower()}@example.com").id
            for name in PEOPLE
        }
        rules.install_defaults(now=NOW)
        for timing, values in (
            (RuleTiming.BEFORE_START, RuleValues(2, time(8), Audience.EXPECTED)),
            (RuleTiming.AFTER_END, RuleValues(2, time(8), Audience.ABSENT)),
        ):
            edit_rules.add(timing, values, by=None, now=NOW)

    def invite(self, title: str, name: str, role: Role = Role.CADRE) -> None:
        people = [self.people[name]]
        self.attempt(lambda: inviting.invite_people([self.activities[title]], people, role, by=None, now=self.passes()))

    def answer(self, invitation_id: int, choice: Choice, email: str) -> None:
        """Answer; where the choice says so with a representative, who has an address or none."""
        named = Representative("Rudi Hartono", phone="+6281200000009", email=email)
        now = self.passes()
        self.attempt(
            lambda: recording.record_answer(invitation_id, choice, AnswerSource.PHONE, named, by=None, now=now)
        )

    def publish(self, title: str, *, tick: bool = True) -> None:
        activity_id, now = self.activities[title], self.passes()
        forecast = forecasting.for_publishing([activity_id], now=now)
        if self.attempt(lambda: publishing.publish([activity_id], by=None, now=now)):
            self.drafts.discard(title)
            self.published.add(title)
            self.check_event(activity_id, MailKind.INVITATION, forecast.rows, tick)

    def check_event(self, activity_id: int, kind: MailKind, forecast: tuple[ForecastRow, ...], tick: bool) -> None:
        """The forecast before saving is right: what is sent at once, and which reminders are scheduled."""
        self.check_scheduled(activity_id, forecast)
        event = db.session.scalars(
            sa.select(Reminder.id).where(
                Reminder.activity_id == activity_id, Reminder.kind == kind, Reminder.due_at == self.now
            )
        ).one()
        (row,) = [row for row in forecast if row.kind is kind]
        if tick:
            self.tick({event: row})

    def check_scheduled(self, activity_id: int, forecast: tuple[ForecastRow, ...]) -> None:
        by_rule = (
            Reminder.activity_id == activity_id,
            Reminder.state == ReminderState.SCHEDULED,
            Reminder.due_at > self.now,
        )
        scheduled = db.session.execute(sa.select(Reminder.due_at, Reminder.kind, Reminder.audience).where(*by_rule))
        said = [
            (row.due_at, row.kind, row.audience)
            for row in forecast
            if row.due_at > self.now and row.note not in NOT_SCHEDULED
        ]
        assert sorted(tuple(row) for row in scheduled) == sorted(said)

    def tick(self, said_before: dict[int, ForecastRow] | None = None) -> None:
        """Expand what is due, and compare it with the forecast made just before. said_before: by reminder."""
        due = db.session.execute(
            sa.select(Reminder.id, Reminder.activity_id)
            .where(Reminder.state == ReminderState.SCHEDULED, Reminder.due_at <= self.now)
            .order_by(Reminder.id)
        ).all()
        alone = {row.id: forecasting.for_reminder(row.id, now=self.now) for row in due}
        together = forecasting.for_activities({row.activity_id for row in due}, now=self.now)
        rows = [forecast_alone.rows[0] for forecast_alone in alone.values()]
        assert sorted(map(repr, rows)) == sorted(repr(row) for row in together.rows if row.due_at <= self.now)
        hours = office_defaults.mail_hours(db.session)
        waiting = {
            due_reminder.id
            for due_reminder in db.session.scalars(sa.select(Reminder).where(Reminder.id.in_(alone)))
            if expanding.held_until(due_reminder, due_reminder.activity, self.now, hours)
        }
        had_lines = lines_now()
        reminding.tick(self.now)
        tick_wrote = written(had_lines, self.now)
        # In the hour in which it is tomorrow in Makassar, an urgent mail there includes what was postponed here.
        one_day = local_day(self.now, JAKARTA) == local_day(self.now, MAKASSAR)
        for reminder_id, forecast in alone.items():
            (row,) = forecast.rows
            reminder = db.session.get_one(Reminder, reminder_id)
            expected = (ReminderState.MISSED, row.note.value) if row.note else (ReminderState.EXPANDED, "")
            if row.held_until:
                expected = (ReminderState.SCHEDULED, "")
                assert (row.held_until - self.now, reminder_id in tick_wrote) == (self.opening() - self.now, False), row
            if row.note and reminder_id in waiting:  # it waits for the morning, when a later rule will have replaced it
                expected = (ReminderState.SCHEDULED, "")
            assert (reminder.state, reminder.reason) == expected, row
            if row.held_until:
                its = reminder.activity
                self.held[reminder_id] = row.held_until, its.starts_at, its.respond_by_at
                seen[f"{row.kind.value} held"] += 1
                continue
            if reminder_id in self.held and not row.note:
                self.check_held(self.held.pop(reminder_id), reminder)
            found = tick_wrote[reminder_id]
            today = local_day(self.now, row.zone)
            later = len(found.later) if one_day else row.later
            numbers = (len(found.mailed), len(found.without_address), later)
            assert (row.people, row.without_address, row.later) == numbers, (row, found)
            per_day = {today: len(found.mailed) - later, today + DAY: later}
            assert dict(forecast.mails_per_day) == {day: count for day, count in per_day.items() if count}
            if said_before and reminder_id in said_before:
                before = said_before[reminder_id]
                assert (before.people, before.without_address, before.later, before.note) == (*numbers, row.note), (
                    before
                )
            seen[f"{row.kind.value} {'later' if row.later else 'mailed' if row.people else row.note or 'none'}"] += 1
        db.session.rollback()

    def opening(self) -> datetime:
        """Return the next seven in the morning."""
        local = self.now.astimezone(JAKARTA)
        morning = local.replace(hour=7, minute=0, second=0, microsecond=0)
        return morning if morning > local else morning + DAY

    def check_held(self, said: tuple[datetime, datetime, datetime], reminder: Reminder) -> None:
        """What was held goes out when the forecast said, unless the activity or its deadline has moved since."""
        until, starts_at, respond_by_at = said
        if (reminder.activity.starts_at, reminder.activity.respond_by_at) == (starts_at, respond_by_at):
            assert self.now >= until, (until, reminder.kind, reminder.detail)

    def work(self, words: list[str]) -> None:
        """Send what is due, as the outbox does. words: the mail server's replies in order; or the worker vanishes."""
        results.take_back("w", LEASE_S, 50, now=self.now)
        claimed = leases.claim("w", 100, LEASE_S, now=self.now)
        batch = self.preparer.prepare(claimed, now=self.now)
        results.settle(batch.decided, MessageState.LEASED, "w", now=self.now)
        for number, ready in enumerate(batch.ready):
            word = words[number % len(words)]
            seen[word] += 1
            if word == VANISHED and number % 2:
                continue  # before sending: its lease expires
            results.turn([], [ready.lease], "w", lease_s=LEASE_S, now=self.now)
            if word != VANISHED:
                settled = settling.settled(ready, ready.planned.write(), OUTCOMES[word], now=self.now)
                results.settle([settled], MessageState.HANDING_OVER, "w", now=self.now)
        db.session.rollback()

    def passes(self) -> datetime:
        """Let a second pass: no two events have one instant."""
        self.now += SECOND
        return self.now

    def until(self, hour: int, minute: int = 0) -> None:
        local = self.now.astimezone(JAKARTA)
        then = local.replace(hour=hour, minute=minute, second=0, microsecond=0)
        self.now = then if then > local else then + DAY

    def attempt(self, use_case) -> bool:
        try:
            use_case()
        except Problem:
            db.session.rollback()
            return False
        return True

    def invitations(self, *where: sa.ColumnElement[bool]) -> list[int]:
        return list(db.session.scalars(sa.select(Invitation.id).where(*where).order_by(Invitation.id)))

    def some_invitation(self, data: st.DataObject, *where: sa.ColumnElement[bool]) -> int | None:
        ids = self.invitations(Invitation.state != InvitationState.WITHDRAWN, *where)
        return data.draw(st.sampled_from(ids)) if ids else None


def test_the_forecast_is_what_expansion_then_writes(any_app: Flask):
    seen.clear()
    run_state_machine_as_test(
        AnyHistory,
        settings=settings(
            max_examples=many(4, 400), stateful_step_count=30 if LONG else 20, deadline=None,
            derandomize=not LONG, database=None,
            phases=[Phase.generate, Phase.shrink] if LONG else [Phase.generate],  # shrinking takes minutes
            suppress_health_check=list(HealthCheck), print_blob=True,
        ),
    )  # fmt: skip
    print(dict(seen))
    wanted = {"invitation mailed", "reminder mailed"}
    # Which events four histories have depends on the modules that the process has loaded: Hypothesis draws from these.
    if LONG:
        wanted |= {
            "invitation later", "invitation held", "reminder later", "reminder superseded", "change mailed",
            "cancellation mailed", "withdrawal mailed", "thanks mailed", "invitation for later", "postponed", "new date",
            "by hand", RETRY, DOUBT, VANISHED,
        }  # fmt: skip
    assert {what for what in wanted if not seen[what]} == set()  # otherwise the histories proved nothing

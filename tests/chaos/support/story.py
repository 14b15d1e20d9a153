"""One story of an office: people's actions, the clock, and a check of each mail the moment the mail server has it.

The state machine in test_any_order.py tells such stories at random.
"""

from collections import Counter
from datetime import datetime, timedelta

from outreach.domain.activities.values import Move
from outreach.domain.answers import Choice, Representative
from outreach.domain.kinds import AnswerSource, Role
from outreach.domain.states import MessageState
from outreach.services.activities import move as moves
from outreach.services.activities import publish as publishing
from outreach.services.answers import answer as answering
from outreach.services.answers import record as recording
from outreach.services.invitations import invite as inviting
from outreach.services.invitations import withdraw as withdrawing
from outreach.services.messages import resend as resending
from tests.chaos.support.faults import Fault
from tests.chaos.support.harness import Took
from tests.chaos.support.truth import DAY, HOUR, NEWS, POSTPONED, REMINDERS, WITHDRAWN, Part, Truth, on_day, parts_of
from tests.chaos.support.world import LASTS, World
from tests.world import JAKARTA, at

MINUTE = timedelta(minutes=1)
BEGINS = at(10, 7)  # a day before the first reminders
LAST_DAY = at(28, 18, month=2)

seen: Counter[str] = Counter()  # the events that the stories contained


class ChaosStory:
    def __init__(self, world: World) -> None:
        super().__init__()  # the machine's, where this is one
        self.world = world
        self.truth = Truth(world.reset())
        self.now = BEGINS
        self.trouble_at: datetime | None = None  # the last crash, fault or outage
        self.crashed_at: datetime | None = None
        self.ids: Counter[str] = Counter()
        self.said: dict[object, str] = {}  # who was notified of what: by which Message-ID
        self.may_double: set[str] = set()
        self.before: Truth | None = None  # the state before the last change, while mails were being sent
        self.under_way = 0  # how many of them may still be sent in that state

    # --- people's actions

    def invitations(self) -> list[tuple[str, str]]:
        """Return (activity, name) of the current invitations."""
        return [
            (title, name)
            for title, activity in self.truth.activities.items()
            for name, asked in activity.asked.items()
            if asked.answer != WITHDRAWN
        ]

    def invite(self, title: str, name: str) -> None:
        if self.later() >= self.truth.activities[title].starts_at:
            return
        id, person = self.world.activities[title], self.world.people[name]
        if self.world.do(lambda: inviting.invite_people([id], [person], Role.CADRE, by=None, now=self.now)):
            self.truth.invite(title, name, self.now)

    def publish(self, title: str) -> None:
        now, id = self.later(), self.world.activities[title]
        if respond_by_at := self.world.do(lambda: publishing.publish([id], by=None, now=now)[0].respond_by_at):
            self.truth.publish(title, now, respond_by_at)

    def answer(self, title: str, name: str, choice: Choice, by_link: bool, with_address: bool) -> None:
        now = self.later()
        address = f"wakil-{name}@example.com" if with_address and choice is Choice.REPRESENTED else ""
        representative = Representative(f"Wakil {name}", email=address)

        def take() -> object:
            if by_link:
                id = self.world.activities[title]
                return answering.answer(self.world.token(name), id, choice, representative, now=now)
            id = self.world.invitation(title, name)
            return recording.record_answer(id, choice, AnswerSource.PHONE, representative, by=None, now=now)

        if self.world.do(take):
            self.truth.answer(title, name, choice.value.replace("_", " "), address)

    def move(self, title: str, by: timedelta) -> None:
        """Move an activity; a postponed one gets its new date so."""
        now, activity = self.later(), self.truth.activities[title]
        starts_at, postponed = activity.starts_at + by, activity.state == POSTPONED
        while postponed and starts_at <= now:
            starts_at += DAY
        if starts_at > LAST_DAY or (now >= activity.starts_at and not postponed):
            return
        to = Move(starts_at, starts_at + LASTS, JAKARTA, None)
        id = self.world.activities[title]
        respond_by_at = self.world.do(
            lambda: moves.move(id, to, "Hujan", None, by=None, now=now).activity.respond_by_at
        )
        if respond_by_at:
            changed = self.truth.set_date if postponed else self.truth.move
            changed(title, now, starts_at, starts_at + LASTS, respond_by_at)

    def postpone(self, title: str) -> None:
        now = self.later()
        if now >= self.truth.activities[title].starts_at:
            return
        if self.world.do(lambda: publishing.postpone(self.world.activities[title], "Hujan", by=None, now=now)):
            self.truth.postpone(title, now)

    def cancel(self, title: str) -> None:
        now = self.later()
        if now >= self.truth.activities[title].starts_at and self.truth.activities[title].state != POSTPONED:
            return
        if self.world.do(lambda: publishing.cancel(self.world.activities[title], "Hujan", by=None, now=now)):
            self.truth.cancel(title, now)

    def withdraw(self, title: str, name: str) -> None:
        now = self.later()
        if self.world.do(lambda: withdrawing.withdraw(self.world.invitation(title, name), by=None, now=now)):
            self.truth.withdraw(title, name, now)

    def stop_or_resume(self, name: str) -> None:
        now, again = self.later(), name in self.truth.stopped
        change = answering.resume_reminders if again else answering.stop_reminders
        if self.world.do(lambda: change(self.world.token(name), now=now)):
            if again:
                self.truth.stopped.discard(name)
            else:
                self.truth.stop(name)

    def resend(self, which: int) -> None:
        finished = self.world.finished()
        if finished:
            now = self.later()
            self.world.do(lambda: resending.resend(finished[which % len(finished)].id, by=None, now=now))

    # --- time and work

    def pass_quietly(self, days: int) -> None:
        """Let some days pass with nothing but the work: then all mails owed must have arrived."""
        if self.trouble_at is not None:
            for minutes in (3, 15, 75):
                self.now += minutes * MINUTE
                self.work()
        began, owed = self.now, list(self.truth.owed)
        self.work()
        for _ in range(days):
            for hour in (8, 16):
                self.until_hour(hour)
                self.work()
                self.now += MINUTE
                self.work()
        self._forgive_what_staff_sees()
        for owed_mail in owed:
            slack = HOUR if owed_mail.key in NEWS else DAY + 2 * HOUR
            if owed_mail in self.truth.owed and owed_mail.until > began + slack and self.now >= began + slack:
                raise AssertionError(f"never came: {owed_mail}")
        reminders = self.truth.reminders_between(began, self.now - MINUTE)
        for moment, title, name in reminders:
            addresses = (f"{name}@example.com", f"wakil-{name}@example.com")
            midnight = moment.replace(hour=0)
            if self.truth.wrote_about(title, addresses, midnight, moment + DAY + HOUR):
                continue
            waits = moment + DAY + HOUR > self.now and any(
                when >= midnight and to == addresses[0] for when, _id, to, _parts in self.truth.written
            )
            assert waits, f"never reminded: {name} of {title}, {moment}"

    # --- the mail server's mails

    def read(self, *, crashed: bool = False) -> None:
        news = self.world.sink.news()
        if news:
            self.may_double |= self.world.in_doubt() if crashed or self.trouble_at else set()
        for mail in news:
            self._check(mail)

    def _check(self, mail: Took) -> None:
        parts = parts_of(mail)
        local = mail.recipient.partition("@")[0]
        name = local.removeprefix("wakil-")
        said = [(told_part.key, told_part.activity) for told_part in parts]
        told = f"{mail.recipient} was told {said} at {self.now.astimezone(JAKARTA)}"
        for part in parts:
            wrong = self.truth.wrong_in(part, name, mail.recipient, self.now)
            if wrong and self.under_way > 0:  # the groups that were checked before may be sent, one per connection
                wrong = self.before.wrong_in(part, name, mail.recipient, self.now)
            seen[part.key] += 1
            seen["reminded a representative"] += part.key in REMINDERS and local != name
            assert not wrong, f"{told}, but {part.activity} {wrong}"
        self.under_way -= 1
        self.ids[mail.message_id] += 1
        if self.ids[mail.message_id] > 1:
            assert mail.message_id in self.may_double, f"{told} twice without a doubt"
            copies = self.ids[mail.message_id] - 1
            assert copies <= self.world.doubts(mail.message_id), f"{told} more often than it was in doubt"
            seen["doubled"] += 1
            return
        if not self._is_resent(mail):
            self._check_not_too_many(mail, parts, name, told)
        self.truth.note(mail, parts, name, self.now, to_representative=local != name)

    def _check_not_too_many(self, mail: Took, parts: list[Part], name: str, told: str) -> None:
        for part in parts:
            what = (mail.recipient, part.key, part.activity, self.truth.tag(part, name, self.now))
            if self.crashed_at and self.now - self.crashed_at < DAY:
                continue  # a dead worker's mail may arrive after what was written again meanwhile
            doubted = {mail.message_id, self.said.get(what)} & self.may_double  # it repeats what it said then
            assert what not in self.said or doubted, f"{told} a second time"
            self.said[what] = mail.message_id
        calm = self.trouble_at is None or self.now - self.trouble_at > 36 * HOUR
        if calm and mail.recipient.startswith(name) and all(self.truth.may_wait(part, self.now) for part in parts):
            resent = self.world.resent()  # sent by hand, so it is not that day's mail
            earlier = [
                [part.key for part in said]
                for when, id, recipient, said in self.truth.written
                if recipient == mail.recipient and on_day(when) == on_day(self.now) and id not in resent
            ]
            assert earlier == [], f"{told}, after another mail that day"

    def _is_resent(self, mail: Took) -> bool:
        ids = self.world.resent()
        seen["resent"] += mail.message_id in ids
        return mail.message_id in ids

    def misbehaving(self, fault: Fault) -> None:
        """Work once while the mail server has a fault."""
        self.later()
        self.trouble_at = self.now
        self.world.sink.misbehave(fault)
        self.world.work(lambda: self.now)
        self.world.sink.misbehave()
        self.read()
        self._forgive_what_staff_sees()

    def _forgive_what_staff_sees(self) -> None:
        """Refused mails, and mails in doubt until they are useless, are shown to staff and not sent again."""
        for message in self.world.finished():
            if message.state in (MessageState.FAILED, MessageState.UNKNOWN):
                self.truth.forgive_all(self.world.name_of(message.person_id))

    # --- the clock

    def later(self) -> datetime:
        self.now += MINUTE
        return self.now

    def until_hour(self, hour: int) -> None:
        local = self.now.astimezone(JAKARTA).replace(hour=hour, minute=0, second=0, microsecond=0)
        self.now = local if local > self.now else local + DAY

    def work(self) -> None:
        self.world.work(lambda: self.now)
        self.read()

    def crash(self, **how: object) -> None:
        self.later()
        self.trouble_at = self.crashed_at = self.now
        self.world.work_and_crash(self.now, **how)
        self.read(crashed=True)

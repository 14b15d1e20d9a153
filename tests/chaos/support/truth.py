"""What must be sent to which reader, computed from the actions alone; and reading the contents of a mail.

It never reads the database. The mails state their contents in a form made for this: office-wide texts whose body is
"PART key, activity, day, hour" (see `texts`), filled in by the product's own placeholders.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from outreach.delivery.mail.texts import KEYS, Text
from tests.chaos.support.harness import Took
from tests.world import JAKARTA

PART = re.compile(  # "semula": a postponed activity has only its former day
    r"PART\s+(\S+)\s+(\w+)\s+(?:semula\s+)?\w+,\s+(\d+)\s+(\w+)\s+2027\s+(\d\d)\.(\d\d)\s+END"
)
MONTHS = {"Januari": 1, "Februari": 2, "Maret": 3}
UNASKED, COMING, NOT_COMING, REPRESENTED, WITHDRAWN = "", "coming", "not coming", "represented", "withdrawn"
DRAFT, PUBLISHED, POSTPONED, CANCELLED = "draft", "published", "postponed", "cancelled"
INVITATION, UNANSWERED_REMINDER, COMING_REMINDER = "invitation-cadre", "reminder-unanswered", "reminder-coming"
CHANGE, CANCELLATION, WITHDRAWAL = "change", "cancellation", "withdrawal"
POSTPONEMENT, NEW_DATE = "postponement", "new-date"
APPOINTMENT, REPRESENTATION, NO_LONGER = "appointment", "representation", "representation-ended"
BY_LINK = "confirmation-link"  # to invitees who said on their page that they come themselves, or that nobody comes
REMINDERS = (UNANSWERED_REMINDER, COMING_REMINDER)
NEWS = (CHANGE, NEW_DATE, POSTPONEMENT, CANCELLATION, WITHDRAWAL, APPOINTMENT, REPRESENTATION, NO_LONGER, BY_LINK)
CHANGES = (CHANGE, NEW_DATE)
DATELESS_USEFUL_FOR = timedelta(days=7)
RULES = ((UNANSWERED_REMINDER, 7), (UNANSWERED_REMINDER, 3), (COMING_REMINDER, 1))  # days before, at 08.00
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def texts() -> Iterator[tuple[str, Text]]:
    """Return each key with the text that makes a mail state its contents."""
    for key in KEYS:
        yield key, Text("{kegiatan}", "Yth.", f"PART {key} {{kegiatan}} {{hari_tanggal}} {{mulai}} END")


@dataclass(frozen=True)
class Part:
    key: str
    activity: str
    starts_at: datetime


def parts_of(mail: Took) -> list[Part]:
    """Return a mail's contents, read from its plain text; raise AssertionError where it has none."""
    text = mail.mail.get_body(("plain",)).get_content()
    found = [
        Part(key, title, datetime(2027, MONTHS[month], int(day), int(hour), int(minute), tzinfo=JAKARTA))
        for key, title, day, month, hour, minute in PART.findall(text)
    ]
    assert found, f"a mail that says nothing we know: {text}"
    return found


def on_day(instant: datetime) -> date:
    return instant.astimezone(JAKARTA).date()


@dataclass
class Asked:
    """One person's invitation to one activity."""

    answer: str = UNASKED
    represented_by: str = ""  # address
    episode: int = 0  # raised each time they are invited again
    told_at: datetime | None = None  # when the first mail about this episode reached the server
    heard: bool = False  # of the activity, in any episode
    knows: datetime | None = None  # the start that they were told last; None after a postponement
    withdrawals: int = 0
    namings: int = 0  # how often somebody was named to come in their place


@dataclass
class ExpectedActivity:
    id: int
    title: str
    starts_at: datetime
    ends_at: datetime
    respond_by_at: datetime
    state: str = DRAFT
    moves: int = 0
    new_dates: int = 0  # of these, how often it got a date after it was postponed
    asked: dict[str, Asked] = field(default_factory=dict)

    def news_until(self, now: datetime) -> datetime:
        """Return how long news of its going off is useful: without a date, for a while; otherwise until its end."""
        return max(self.ends_at, now + DATELESS_USEFUL_FOR) if self.state == POSTPONED else self.ends_at

    def expects(self, name: str) -> bool:
        return name in self.asked and self.asked[name].answer not in (NOT_COMING, WITHDRAWN)

    def over(self, now: datetime) -> bool:
        return now >= self.ends_at


@dataclass(frozen=True)
class Owed:
    """A mail that a person must get. until: the instant after which it would be useless."""

    key: str
    activity: str
    name: str
    since: datetime
    until: datetime


@dataclass
class Truth:
    activities: dict[str, ExpectedActivity]
    stopped: set[str] = field(default_factory=set)
    owed: list[Owed] = field(default_factory=list)
    written: list[tuple[datetime, str, str, tuple[Part, ...]]] = field(
        default_factory=list
    )  # when, Message-ID, recipient

    # --- actions

    def publish(self, title: str, now: datetime, respond_by_at: datetime) -> None:
        activity = self.activities[title]
        activity.state, activity.respond_by_at = PUBLISHED, respond_by_at
        for name in activity.asked:
            if activity.asked[name].answer == UNASKED:
                self._owe_invitation(activity, name, now)

    def invite(self, title: str, name: str, now: datetime) -> None:
        activity = self.activities[title]
        before = activity.asked.get(name)
        if before is not None and before.answer != WITHDRAWN:
            return
        asked = (
            Asked(episode=before.episode + 1, heard=before.heard, withdrawals=before.withdrawals) if before else Asked()
        )
        activity.asked[name] = asked
        self._forgive(title, name)
        if activity.state == PUBLISHED:
            self._owe_invitation(activity, name, now)

    def withdraw(self, title: str, name: str, now: datetime) -> None:
        activity = self.activities[title]
        asked = activity.asked[name]
        told = asked.told_at is not None and asked.answer != NOT_COMING
        asked.answer, asked.withdrawals = WITHDRAWN, asked.withdrawals + 1
        self._forgive(title, name)
        if told and activity.state in (PUBLISHED, POSTPONED):
            self.owed.append(Owed(WITHDRAWAL, title, name, now, activity.news_until(now)))

    def answer(self, title: str, name: str, answer: str, represented_by: str = "") -> None:
        asked = self.activities[title].asked[name]
        asked.answer, asked.represented_by = answer, represented_by
        asked.namings += answer == REPRESENTED
        news = (CHANGE, POSTPONEMENT, CANCELLATION) if answer == NOT_COMING else ()
        self._forgive(title, name, INVITATION, *news)

    def move(self, title: str, now: datetime, starts_at: datetime, ends_at: datetime, respond_by_at: datetime) -> None:
        activity = self.activities[title]
        activity.starts_at, activity.ends_at, activity.respond_by_at = starts_at, ends_at, respond_by_at
        activity.moves += 1
        for name, asked in activity.asked.items():
            if any(
                owed_mail.key == INVITATION and (owed_mail.activity, owed_mail.name) == (title, name)
                for owed_mail in self.owed
            ):
                self._forgive(title, name, INVITATION)
                self._owe_invitation(activity, name, now)
            if activity.expects(name) and self._hears(name, asked):
                self._owe_change(activity, name, now)

    def _owe_change(self, activity: ExpectedActivity, name: str, now: datetime) -> None:
        """They are owed a notice, unless it is back at the time that they were told last."""
        self._forgive(activity.title, name, CHANGE)
        if activity.asked[name].knows != activity.starts_at:
            self.owed.append(Owed(CHANGE, activity.title, name, now, activity.starts_at))

    def postpone(self, title: str, now: datetime) -> None:
        activity = self.activities[title]
        activity.state = POSTPONED
        for name, asked in activity.asked.items():
            self._forgive(title, name, INVITATION, CHANGE)
            knows_no_date = asked.told_at is not None and asked.knows is None
            if activity.expects(name) and self._hears(name, asked) and not knows_no_date:
                self.owed.append(Owed(POSTPONEMENT, title, name, now, activity.news_until(now)))

    def set_date(
        self, title: str, now: datetime, starts_at: datetime, ends_at: datetime, respond_by_at: datetime
    ) -> None:
        activity = self.activities[title]
        activity.starts_at, activity.ends_at, activity.respond_by_at = starts_at, ends_at, respond_by_at
        activity.state = PUBLISHED
        activity.moves += 1
        activity.new_dates += 1
        for name, asked in activity.asked.items():
            self._forgive(title, name, POSTPONEMENT)
            if asked.answer == UNASKED and asked.told_at is None:
                self._owe_invitation(activity, name, now)
            elif activity.expects(name) and self._hears(name, asked):
                self._owe_change(activity, name, now)

    def cancel(self, title: str, now: datetime) -> None:
        activity = self.activities[title]
        until = activity.news_until(now)
        activity.state = CANCELLED
        for name, asked in activity.asked.items():
            self._forgive(title, name, INVITATION, CHANGE, POSTPONEMENT)
            if activity.expects(name) and self._hears(name, asked):
                self.owed.append(Owed(CANCELLATION, title, name, now, until))

    def stop(self, name: str) -> None:
        self.stopped.add(name)
        for title, activity in self.activities.items():
            if name in activity.asked and activity.asked[name].answer not in (COMING, REPRESENTED):
                self._forgive(title, name, CHANGE, POSTPONEMENT, CANCELLATION)

    def _hears(self, name: str, asked: Asked) -> bool:
        """Return whether they are notified of changes: they know of it and have not stopped mails, or have accepted."""
        accepted = asked.answer in (COMING, REPRESENTED)
        return accepted or (asked.told_at is not None and name not in self.stopped)

    def _owe_invitation(self, activity: ExpectedActivity, name: str, now: datetime) -> None:
        until = min(activity.respond_by_at, activity.starts_at)
        self.owed.append(Owed(INVITATION, activity.title, name, now, activity.starts_at if until <= now else until))

    def _forgive(self, title: str, name: str, *keys: str) -> None:
        self.owed = [
            owed_mail
            for owed_mail in self.owed
            if (owed_mail.activity, owed_mail.name) != (title, name) or (keys and owed_mail.key not in keys)
        ]

    def forgive_all(self, name: str) -> None:
        """The server refused a mail to them permanently: staff see that, and no more is owed."""
        self.owed = [owed_mail for owed_mail in self.owed if owed_mail.name != name]

    # --- arrivals

    def wrong_in(self, part: Part, name: str, recipient: str, now: datetime) -> str:
        """Return what is wrong with a part of a mail sent at `now`; "" where nothing is."""
        activity = self.activities[part.activity]
        asked = activity.asked.get(name)
        if asked is None:
            return "was never invited"
        if part.starts_at != activity.starts_at:
            return f"names {part.starts_at}, not {activity.starts_at.astimezone(JAKARTA)}"
        if part.key == WITHDRAWAL:
            return "" if asked.answer == WITHDRAWN else "is not withdrawn"
        if part.key == NO_LONGER:
            acts = asked.answer == REPRESENTED and recipient == asked.represented_by
            return "acts for them" if acts or not asked.namings else ""
        if asked.answer == WITHDRAWN:
            return "is withdrawn"
        if part.key == CANCELLATION:
            return (
                ""
                if activity.state == CANCELLED and asked.answer != NOT_COMING
                else "is not cancelled, or was declined"
            )
        if part.key == POSTPONEMENT:
            return (
                ""
                if activity.state == POSTPONED and asked.answer != NOT_COMING
                else "is not postponed, or was declined"
            )
        if activity.state != PUBLISHED:
            return f"is {activity.state}"
        if now >= activity.starts_at:
            return "has begun"
        if part.key in CHANGES:
            changed = activity.new_dates if part.key == NEW_DATE else activity.moves
            return "" if asked.answer != NOT_COMING and changed else "was declined, or not moved"
        if part.key == INVITATION:
            return "" if asked.answer == UNASKED else f"is answered: {asked.answer}"
        if part.key == APPOINTMENT:
            is_theirs = asked.answer == REPRESENTED and recipient == asked.represented_by
            return "" if is_theirs else "is represented by nobody, or by another"
        if part.key == REPRESENTATION:
            return "" if asked.answer == REPRESENTED else f"is answered: {asked.answer}"
        if part.key == BY_LINK:
            ended = asked.answer in (COMING, NOT_COMING) and asked.namings
            return "" if ended else "has no representative who was dismissed"
        if part.key not in REMINDERS:
            return f"nobody should get: {part.key}"
        if name in self.stopped:
            return "has stopped reminders"
        if part.key == UNANSWERED_REMINDER:
            late = asked.told_at is not None and asked.told_at >= activity.respond_by_at
            may_answer = now < (activity.starts_at if late else activity.respond_by_at)
            return "" if asked.answer == UNASKED and may_answer else "need not answer any more"
        if asked.answer == REPRESENTED and asked.represented_by:
            return "" if recipient == asked.represented_by else "is represented by another"
        return "" if asked.answer in (COMING, REPRESENTED) else "does not come"

    def note(self, mail: Took, parts: list[Part], name: str, now: datetime, *, to_representative: bool) -> None:
        """Record that a mail has reached the server."""
        self.written.append((now, mail.message_id, mail.recipient, tuple(parts)))
        if to_representative:
            return
        for part in parts:
            asked = self.activities[part.activity].asked[name]
            asked.told_at, asked.heard = asked.told_at or now, True
            asked.knows = None if part.key == POSTPONEMENT else part.starts_at
            # An invitation that staff sent again tells the present time, too.
            settled = {INVITATION, CHANGE} if part.key in (INVITATION, *CHANGES) else {part.key}
            self._forgive(part.activity, name, *settled)

    def tag(self, part: Part, name: str, now: datetime) -> object:
        """Return what distinguishes two mails of one key to one person; with the same tag the second is one too many."""
        activity = self.activities[part.activity]
        if part.key in REMINDERS:
            return on_day(now)
        if part.key == INVITATION:
            return activity.asked[name].episode
        if part.key == WITHDRAWAL:
            return activity.asked[name].withdrawals
        if part.key in (APPOINTMENT, REPRESENTATION, NO_LONGER, BY_LINK):
            return (activity.asked[name].episode, activity.asked[name].namings)
        return (activity.asked[name].episode, activity.moves)

    def may_wait(self, part: Part, now: datetime) -> bool:
        """Return whether a mail could have waited for tomorrow, because its reader had one today."""
        if part.key in NEWS:
            return False
        activity = self.activities[part.activity]
        morning = datetime.combine(on_day(now) + DAY, time(8), tzinfo=JAKARTA)
        if part.key == COMING_REMINDER:
            return morning <= activity.starts_at - 4 * HOUR
        return morning <= min(activity.respond_by_at, activity.starts_at) - DAY

    # --- missing mails

    def reminders_between(self, after: datetime, until: datetime) -> Iterator[tuple[datetime, str, str]]:
        """Return each reminder whose moment lies there: (moment, activity, name), in the present state."""
        for title, activity in self.activities.items():
            if activity.state != PUBLISHED:
                continue
            for key, days in RULES:
                moment = datetime.combine(on_day(activity.starts_at) - days * DAY, time(8), tzinfo=JAKARTA)
                if not after < moment <= until or moment >= activity.starts_at:
                    continue
                for name, asked in activity.asked.items():
                    if key == UNANSWERED_REMINDER:
                        meant = asked.answer == UNASKED and moment < activity.respond_by_at
                    else:
                        meant = asked.answer in (COMING, REPRESENTED)
                    known = asked.told_at is not None and on_day(asked.told_at) < on_day(moment)
                    if meant and known and name not in self.stopped:
                        yield moment, title, name

    def wrote_about(self, title: str, addresses: tuple[str, ...], after: datetime, until: datetime) -> bool:
        return any(
            after <= when <= until and recipient in addresses and any(part.activity == title for part in parts)
            for when, _id, recipient, parts in self.written
        )

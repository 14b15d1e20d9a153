"""A nation's reminders for one day in PostgreSQL, written by few set-based statements, with progress.

A thousand cadres to an activity, one invitation, one answer link and one message each. An activity's mails are due
together; nothing else is in the database.
"""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta

import sqlalchemy as sa

from benchmarks.databases.rows import DESCRIPTION, ZONE, insert, numbers, settle_down, write_office, write_venue
from outreach.delivery.tokens import NONCE_LENGTH
from outreach.domain.kinds import ActivityKind, Audience, LinkPurpose, MailKind, Role
from outreach.domain.states import ActivityState, InvitationState, MessageState, ReminderState
from outreach.extensions import db
from outreach.models import Activity, Invitation, Link, Message, MessageLine, Person, Reminder

PER_ACTIVITY = 1000
PORTION = 100_000


def fill(people: int, *, due_at: datetime, say: Callable[[str], None]) -> None:
    """Write `people` cadres with a reminder each, due at `due_at`, to activities three days later; commit as it goes."""
    activities = -(-people // PER_ACTIVITY)
    write_office()
    write_venue()
    _activities(activities, due_at)
    for first in range(1, people + 1, PORTION):
        last = min(first + PORTION - 1, people)
        _people(first, last, due_at)
        db.session.commit()
        say(f"filled {last:,} of {people:,} people")
    settle_down()


def _activities(count: int, due_at: datetime) -> None:
    day = (due_at.astimezone(ZONE) + timedelta(days=3)).date()
    starts_at = datetime.combine(day, time(9), ZONE).astimezone(UTC)
    number = numbers(1, count)
    title = sa.literal("Sosialisasi kelurahan ") + sa.cast(number, sa.String)
    insert(
        Activity,
        {"id": number, "kind": ActivityKind.OUTREACH, "title": title, "public_title": title, "zone": ZONE,
         "starts_at": starts_at, "ends_at": starts_at + timedelta(hours=3),
         "registration_at": starts_at - timedelta(minutes=30), "respond_by_at": starts_at - timedelta(days=1),
         "venue_id": 1, "holds_venue": False, "description": DESCRIPTION, "things_to_bring": "Surat tugas dan KTP",
         "state": ActivityState.PUBLISHED, "published_at": due_at - timedelta(days=10),
         "uid": sa.func.md5(sa.cast(number, sa.String)) + "@outreach"},
    )  # fmt: skip
    insert(
        Reminder,
        {"id": number, "activity_id": number, "key": "three-days-before", "kind": MailKind.REMINDER,
         "audience": Audience.UNANSWERED, "due_at": due_at, "state": ReminderState.EXPANDED, "expanded_at": due_at},
    )  # fmt: skip


def _people(first: int, last: int, due_at: datetime) -> None:
    """Write people, links, invitations and messages, all numbered alike."""
    number = numbers(first, last)
    activity = (number - 1) // PER_ACTIVITY + 1
    text = sa.cast(number, sa.String)
    insert(
        Person,
        {"id": number, "name": "Kader Contoh " + text, "title_after": "S.Sos.", "email": "kader" + text + "@example.com",
         "phone": "+6281234567890", "region_code": "18.72"},
    )  # fmt: skip
    insert(
        Link,
        {"purpose": LinkPurpose.ANSWER, "person_id": number, "nonce": sa.func.substr(sa.func.md5(text), 1, NONCE_LENGTH),
         "expires_at": due_at + timedelta(days=60)},
    )  # fmt: skip
    insert(
        Invitation,
        {"id": number, "activity_id": activity, "person_id": number, "role": Role.CADRE,
         "state": InvitationState.INVITED, "invited_at": due_at - timedelta(days=10)},
    )  # fmt: skip
    insert(
        Message,
        {"id": number, "person_id": number, "kind": MailKind.REMINDER, "local_day": due_at.astimezone(ZONE).date(),
         "due_at": due_at, "expires_at": due_at + timedelta(days=3), "state": MessageState.DUE,
         "created_at": due_at},
    )  # fmt: skip
    insert(
        MessageLine,
        {"id": number, "message_id": number, "reminder_id": activity, "invitation_id": number, "sequence": 0},
    )

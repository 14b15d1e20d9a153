"""People who wait: activities next month, and for each invitation a message and a reminder that are not yet due.

Written by a few set-based statements, on either database, so that a million rows take well under a minute.
"""

from datetime import datetime, timedelta

import sqlalchemy as sa

from benchmarks.databases.rows import ZONE, insert, numbers
from outreach.domain.kinds import ActivityKind, Audience, MailKind, Role
from outreach.domain.states import ActivityState, InvitationState, MessageState, ReminderState
from outreach.extensions import db
from outreach.models import Activity, Invitation, Message, MessageLine, Person, Reminder

ACTIVITIES_EACH = 4
PEOPLE_PER_ACTIVITY = 1000
SENT_BEFORE = timedelta(days=14)


def write_people(first: int, last: int) -> None:
    """Write the people with the ids `first` to `last`, each with an address of their own."""
    i = numbers(first, last)
    names = (sa.literal("Kader ") + sa.cast(i, sa.String), sa.literal("kader") + sa.cast(i, sa.String) + "@example.com")
    insert(Person, {"id": i, "name": names[0], "email": names[1]})


def write_activity(starts_at: datetime, title: str, *, now: datetime) -> int:
    """Write one published activity; return its id."""
    activity = Activity(
        kind=ActivityKind.OUTREACH, title=title, zone=ZONE, starts_at=starts_at, ends_at=starts_at + timedelta(hours=2),
        respond_by_at=starts_at - timedelta(days=1), state=ActivityState.PUBLISHED, published_at=now - SENT_BEFORE,
    )  # fmt: skip
    db.session.add(activity)
    db.session.flush()
    return activity.id


def invite(activity_id: int, first: int, last: int, *, now: datetime) -> None:
    """Invite the people with the ids `first` to `last`, as if their invitations were sent two weeks ago."""
    person = numbers(first, last)
    insert(
        Invitation,
        {"activity_id": activity_id, "person_id": person, "role": Role.CADRE, "state": InvitationState.INVITED,
         "invited_at": now - SENT_BEFORE},
    )  # fmt: skip


def write_waiting(number: int, *, now: datetime) -> None:
    """Write about `number` messages that are due next month, with their lines, and as many reminders; commit.

    Each person from id 1 on gets four of them; these people must exist.
    """
    people = number // ACTIVITIES_EACH
    for group, first in enumerate(range(1, people + 1, PEOPLE_PER_ACTIVITY)):
        last = min(first + PEOPLE_PER_ACTIVITY - 1, people)
        for n in range(ACTIVITIES_EACH):
            starts_at = now + timedelta(days=33 + n, minutes=group)
            activity_id = write_activity(starts_at, f"Kegiatan {group + 1}.{n + 1}", now=now)
            invite(activity_id, first, last, now=now)
            _write_mails(activity_id, starts_at, n)
    db.session.commit()


def _write_mails(activity_id: int, starts_at: datetime, n: int) -> None:
    """Write the activity's messages of three days before, and for each invitation a reminder of the day before."""
    due_at, expires_at = starts_at - timedelta(days=3), starts_at
    shared = Reminder(
        activity_id=activity_id, key="three-days-before", kind=MailKind.REMINDER, audience=Audience.UNANSWERED,
        due_at=due_at, state=ReminderState.EXPANDED,
    )  # fmt: skip
    db.session.add(shared)
    db.session.flush()
    invitations = sa.select(Invitation).where(Invitation.activity_id == activity_id)
    key = sa.literal("p") + sa.cast(Invitation.person_id, sa.String) + f":waiting{n}"
    insert(
        Message,
        {"person_id": Invitation.person_id, "merge_key": key, "kind": MailKind.REMINDER, "due_at": due_at,
         "expires_at": expires_at, "state": MessageState.DUE, "local_day": due_at.astimezone(ZONE).date()},
        invitations,
    )  # fmt: skip
    insert(
        MessageLine,
        {"message_id": Message.id, "reminder_id": shared.id, "invitation_id": Invitation.id, "sequence": 0},
        invitations.join(Message, Message.merge_key == key),
    )
    insert(
        Reminder,
        {"activity_id": activity_id, "key": "seat", "occurrence": Invitation.id, "kind": MailKind.REMINDER,
         "audience": Audience.ONE, "invitation_id": Invitation.id, "due_at": starts_at - timedelta(days=1),
         "state": ReminderState.SCHEDULED},
        invitations,
    )  # fmt: skip

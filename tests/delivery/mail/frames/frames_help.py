"""Messages of every kind as the outbox claims them, planned by frames, compared with the same mail composed alone."""

from functools import partial
from itertools import count

from icalendar import Calendar

from outreach.delivery import tokens
from outreach.delivery.mail import kept as kept_mails
from outreach.delivery.mail.compose import compose, worth_saying
from outreach.delivery.mail.headers import LONGEST_LINE
from outreach.delivery.recheck import moves_told
from outreach.delivery.rows import batch as batch_rows
from outreach.domain.activities.values import WAS_POSTPONED
from outreach.domain.kinds import ActivityKind, Audience, MailKind, Role, Sector
from outreach.domain.states import ActivityState, InvitationState
from outreach.extensions import db
from outreach.models import (
    Activity,
    Invitation,
    Message,
    MessageLine,
    Organisation,
    Person,
    Reminder,
)  # fmt: skip
from tests.world import JAKARTA, NOW, at
from tests.world.composed import calendar_parts, parsed

State = InvitationState
# kind, audience, the invitation's state and role, and the recipient
SORTS = {
    "invitation-cadre": (MailKind.INVITATION, Audience.NEWLY_INVITED, State.INVITED, Role.CADRE),
    "invitation-participant": (MailKind.INVITATION, Audience.NEWLY_INVITED, State.PREPARED, Role.PARTICIPANT),
    "invitation-speaker": (MailKind.INVITATION, Audience.NEWLY_INVITED, State.INVITED, Role.SPEAKER),
    "unanswered": (MailKind.REMINDER, Audience.UNANSWERED, State.INVITED, Role.CADRE),
    "coming": (MailKind.REMINDER, Audience.COMING, State.COMING, Role.CADRE),
    "represented": (MailKind.REMINDER, Audience.COMING, State.REPRESENTED, Role.CADRE),
    "change": (MailKind.CHANGE, Audience.EXPECTED, State.COMING, Role.CADRE),
    "change-unanswered": (MailKind.CHANGE, Audience.EXPECTED, State.INVITED, Role.PARTICIPANT),
    "new-date": (MailKind.CHANGE, Audience.EXPECTED, State.COMING, Role.CADRE),
    "postponement": (MailKind.POSTPONEMENT, Audience.EXPECTED, State.COMING, Role.CADRE),
    "cancellation": (MailKind.CANCELLATION, Audience.EXPECTED, State.COMING, Role.CADRE),
    "withdrawal": (MailKind.WITHDRAWAL, Audience.ONE, State.WITHDRAWN, Role.PARTICIPANT),
    "seat": (MailKind.SEAT, Audience.ONE, State.COMING, Role.CADRE),
    "link": (MailKind.LINK, Audience.ONE, State.COMING, Role.CADRE),
    "materials": (MailKind.REMINDER, Audience.NO_MATERIALS, State.COMING, Role.SPEAKER),
    "certificate": (MailKind.CERTIFICATE, Audience.CERTIFIED, State.COMING, Role.CADRE),
    "thanks": (MailKind.THANKS, Audience.PRESENT, State.COMING, Role.CADRE),
    "thanks-speaker": (MailKind.THANKS, Audience.PRESENT, State.COMING, Role.SPEAKER),
}
TO_OFFICES = [
    "invitation-participant",
    "unanswered",
    "coming",
    "link",
    "change",
    "new-date",
    "postponement",
    "cancellation",
]
number = count(1)


class Stage:
    """Activities, reminders, readers and their messages, stored as the application stores them."""

    def __init__(self, programme, hall):
        self.programme, self.hall = programme, hall

    def activity(self, day=18, **values):
        activity = Activity(**{
            "programme": self.programme, "venue": self.hall, "kind": ActivityKind.COORDINATION, "title": f"Rapat {day}",
            "public_title": "Rapat lintas sektor", "zone": JAKARTA, "starts_at": at(day), "ends_at": at(day, 12),
            "registration_at": at(day, 7, 30), "respond_by_at": at(day - 2, 16), "state": ActivityState.PUBLISHED, **values,
        })  # fmt: skip
        db.session.add(activity)
        db.session.flush()
        return activity

    def reminder(self, activity, sort, **values):
        kind, audience, *_ = SORTS[sort]
        moved = {"old_starts_at": at(17).isoformat(), "reason": "banjir"}
        moved |= {WAS_POSTPONED: "yes"} if sort == "new-date" else {}
        reminder = Reminder(**{
            "activity": activity, "key": sort, "occurrence": next(number), "kind": kind, "audience": audience,
            "due_at": NOW, "detail": moved if kind is MailKind.CHANGE else {},
            **values,
        })  # fmt: skip
        db.session.add(reminder)
        return reminder

    def person(self, **values):
        made = {"name": f"Kader {next(number)}", "email": "kader@example.com", "region_code": "18.72.01.1003", **values}
        person = Person(**made)
        db.session.add(person)
        return person

    def office(self, **values):
        office = Organisation(**{
            "name": f"SMP {next(number)}", "sector": Sector.SCHOOL, "email": "smp@example.com", **values,
        })  # fmt: skip
        db.session.add(office)
        return office

    def message(self, reader, *reminders, sorts, **values):
        """Store and return a message with the reminders' lines."""
        invitee = {"person": reader} if isinstance(reader, Person) else {"organisation": reader}
        message = Message(
            **invitee, kind=reminders[0].kind, local_day=NOW.date(), due_at=NOW, expires_at=at(30), created_at=NOW, fence=1,
            rfc_message_id=f"<{next(number)}.1@example.com>",
        )  # fmt: skip
        for reminder, sort in zip(reminders, sorts, strict=True):
            _, _, state, role = SORTS[sort]
            invitation = Invitation(**{
                **invitee, "activity": reminder.activity, "role": Role.PARTICIPANT if "organisation" in invitee else role,
                "state": state, "answered_sequence": 0, "quota": 2 if "organisation" in invitee else None, **values,
            })  # fmt: skip
            line = MessageLine(reminder=reminder, invitation=invitation, sequence=0)
            message.lines.append(line)
        db.session.add(message)
        db.session.flush()
        ids = {"person_ids": [reader.id]} if isinstance(reader, Person) else {"organisation_ids": [reader.id]}
        tokens.ensure_links(db.session, expires_at=at(30), **ids)
        db.session.commit()
        return message


def plan(kept, *messages, now=NOW):
    """Return the plan of these messages as one batch; each has its lines in the order of the mail."""
    db.session.commit()
    rows = batch_rows.load(db.session(), [message.id for message in messages])
    shared = batch_rows.load_shared(db.session(), rows)
    not_yet_notified = moves_told.not_yet_notified(db.session(), rows, shared)
    plans = []
    for row, message in zip(rows, messages, strict=True):
        by_id = {line.id: line._replace(moves=not_yet_notified.get(line.id, ())) for line in row.lines}
        said, _ = worth_saying(message.lines)
        plans.append(kept.plan(db.session(), row, [by_id[line.id] for line in said], shared, now=now))
    return plans


def framed(planned):
    return isinstance(planned.write, partial)


def check(planned, message, now=NOW):
    """Compare a planned mail with the one composed for its reader alone, and with the limits of the wire."""
    composed = compose(message, message.lines, now=now)
    written = planned.write()
    data = written.data
    stored = written.kept()
    frame = stored.frame.data if stored.frame else None
    assert kept_mails.whole_of(stored.data, frame) == kept_mails.hidden(data)
    assert data.split(b"\r\n") == composed.data.split(b"\r\n")
    assert (planned.subject, planned.recipient) == (composed.subject, composed.recipient)
    assert data.isascii()
    rows = data.split(b"\r\n")
    assert not any(b"\r" in row or b"\n" in row for row in rows)
    head = rows.index(b"")
    assert all(len(row) <= 76 for row in rows[head:])
    assert all(len(row) <= LONGEST_LINE for row in rows[:head])
    mail = parsed(data)
    assert mail.defects == []
    for part in calendar_parts(mail):
        (event,) = Calendar.from_ical(part.get_payload(decode=True)).walk("VEVENT")
        shown = part["Content-Type"].params["method"] == "PUBLISH"
        assert event.get("ATTENDEE") == (None if shown else f"mailto:{composed.recipient}")

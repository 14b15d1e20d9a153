"""What the messages of a batch have in common: activities, reminders, the office, blocked addresses, each loaded once."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from outreach.delivery.rows.message_rows import MessageRow
from outreach.domain.directory import email_addresses
from outreach.domain.kinds import MailKind
from outreach.models import Activity, AddressFailure, AgendaItem, Office, Reminder

MOVED = MailKind.CHANGE.value  # the key of a move's notice


@dataclass(frozen=True)
class SharedRows:
    """What the messages of a batch have in common, loaded once."""

    activities: dict[int, Activity] = field(default_factory=dict)  # with programme, venue, region, coordinator, agenda
    reminders: dict[int, Reminder] = field(default_factory=dict)  # also of all moves of the activities
    office: Office | None = None
    blocked: frozenset[str] = frozenset()  # addresses that no mail reaches, as contacts.key writes them

    def moves_of(self, activity: Activity) -> list[Reminder]:
        """Return the notices of an activity's moves, oldest first; one that was sent again by hand has another key."""
        notices = (one for one in self.reminders.values() if one.activity_id == activity.id and one.key == MOVED)
        return sorted(notices, key=lambda move: move.occurrence)


def load(session: Session, rows: Collection[MessageRow]) -> SharedRows:
    """Return what the messages have in common, read anew. Its objects belong to no session: nothing expires them."""
    lines = [line for row in rows for line in row.lines]
    with Session(session.get_bind()) as own:
        activities = own.scalars(
            sa.select(Activity)
            .where(Activity.id.in_({line.activity_id for line in lines}))
            .options(
                joinedload(Activity.programme),
                joinedload(Activity.venue),
                joinedload(Activity.region),
                joinedload(Activity.coordinator),
                selectinload(Activity.agenda).selectinload(AgendaItem.speakers),
            )
        ).unique()
        moves = sa.and_(Reminder.activity_id.in_({line.activity_id for line in lines}), Reminder.key == MOVED)
        # After the activities: a move that comes in between is not among those that they have seen.
        reminders = own.scalars(
            sa.select(Reminder).where(sa.or_(Reminder.id.in_({line.reminder_id for line in lines}), moves))
        )
        found = SharedRows(
            {activity.id: activity for activity in activities},
            {reminder.id: reminder for reminder in reminders},
            own.scalar(sa.select(Office).order_by(Office.id).limit(1)),
        )
        own.expunge_all()
    return replace(found, blocked=blocked_among(session, rows))


def covers(found: SharedRows, rows: Collection[MessageRow]) -> bool:
    """Return whether all that these messages have in common is there."""
    lines = {(line.activity_id, line.reminder_id) for row in rows for line in row.lines}
    return all(activity in found.activities and reminder in found.reminders for activity, reminder in lines)


def blocked_among(session: Session, rows: Collection[MessageRow]) -> frozenset[str]:
    """Return which of the messages' addresses no mail reaches, as contacts.key writes them."""
    blocked = AddressFailure.blocked_at.is_not(None)
    if not session.scalar(sa.select(sa.exists().where(blocked))):
        return frozenset()
    addresses = {email_addresses.key(row.email) for row in rows}
    addresses |= {email_addresses.key(line.representative_email) for row in rows for line in row.lines}
    return frozenset(
        session.scalars(sa.select(AddressFailure.address).where(blocked, AddressFailure.address.in_(addresses)))
    )

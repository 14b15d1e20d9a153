"""What one mail says when there are several things to say to one reader: what once, what first, and under which subject.

How much a kind matters is the order of IMPORTANCE.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from flask_babel import gettext

from outreach.delivery import wording
from outreach.domain.kinds import IMPORTANCE, MailKind, Role
from outreach.domain.reminders import local_day
from outreach.models import Message, MessageLine

_ROLES = (Role.SPEAKER, Role.MODERATOR, Role.CADRE, Role.PARTICIPANT)


def worth_saying(lines: Iterable[MessageLine]) -> tuple[list[MessageLine], list[MessageLine]]:
    """Return the lines to say and those that another line about the same activity makes needless.

    A withdrawal is needless beside anything else: whoever still hears of the activity in another role is not to stay away.
    Those to say are in the order of the mail: the most important kind first, then by the activity's start.
    """
    kept: dict[int, MessageLine] = {}
    dropped: list[MessageLine] = []
    for line in sorted(lines, key=_weight):
        if line.invitation.activity_id in kept:
            dropped.append(line)
        else:
            kept[line.invitation.activity_id] = line
    return sorted(kept.values(), key=_place), dropped


def detail_of(message: Message, line: MessageLine) -> dict[str, Any]:
    """Return what a line's reminder knows. Of several moves in one mail, "before" is before the first of them."""
    detail = dict(line.reminder.detail or {})
    if line.reminder.kind is MailKind.CHANGE:
        moves = [
            other.reminder
            for other in message.lines
            if other.reminder.kind is MailKind.CHANGE and other.invitation_id == line.invitation_id
        ]
        if moves:
            first = min(moves, key=lambda reminder: (reminder.due_at, reminder.id)).detail or {}
            detail |= {name: value for name, value in first.items() if name.startswith("old_")}
    return detail


def common_subject(lines: Sequence[MessageLine]) -> str:
    """Return the subject of a mail about several activities: "Invitation: 4 activities, 18–21 January 2027"."""
    kinds = dict.fromkeys(sorted((line.reminder.kind for line in lines), key=IMPORTANCE.index))
    activities = [line.invitation.activity for line in lines]
    days = sorted(local_day(activity.starts_at, activity.zone) for activity in activities)
    return gettext(
        "%(kinds)s: %(count)d activities, %(days)s",
        kinds=", ".join(wording.label(kind) for kind in kinds),
        count=len(activities),
        days=wording.days(days[0], days[-1]),
    )


def heading_of(line: MessageLine) -> str:
    """Return the heading of a part, by the title that the calendar and the answer page say too."""
    activity = line.invitation.activity
    return f"{activity.neutral_title}, {wording.day(activity.starts_at, activity.zone)}"


def _weight(line: MessageLine) -> tuple[bool, int, int, float, int]:
    kind, role = line.reminder.kind, _ROLES.index(line.invitation.role)
    return (
        kind is MailKind.WITHDRAWAL,
        IMPORTANCE.index(kind),
        role,
        -line.reminder.due_at.timestamp(),
        -line.reminder_id,
    )


def _place(line: MessageLine) -> tuple[int, float, int]:
    return IMPORTANCE.index(line.reminder.kind), line.invitation.activity.starts_at.timestamp(), line.invitation_id

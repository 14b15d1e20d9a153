"""How one mail says several things: details of moves, subject, headings.

domain/mail/merging.py decides which lines are said, and in what order.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from flask_babel import gettext

from outreach.delivery.words import formats, labels
from outreach.domain.kinds import IMPORTANCE, MailKind
from outreach.domain.mail import merging
from outreach.domain.reminders.due import local_day
from outreach.models import Activity, MessageLine, Reminder


def worth_saying(lines: Iterable[MessageLine]) -> tuple[list[MessageLine], list[MessageLine]]:
    """Return the lines to say, and those that another line about the same activity makes unnecessary."""
    found = list(lines)
    said, needless = merging.worth_saying([_saying(line) for line in found])
    return [found[place] for place in said], [found[place] for place in needless]


def detail_of(reminder: Reminder, moves: Sequence[Reminder] = ()) -> dict[str, Any]:
    """Return what a line's reminder knows. moves: moves that it tells, oldest first; "before" means before the first."""
    if not moves:
        return dict(reminder.detail or {})
    first, last = moves[0].detail or {}, moves[-1].detail or {}
    return dict(last) | {name: value for name, value in first.items() if name.startswith("old_")}


def common_subject(said: Sequence[tuple[MailKind, Activity]]) -> str:
    """Return the subject of a mail about several activities: "Invitation: 4 activities, 18–21 January 2027"."""
    kinds = dict.fromkeys(sorted((kind for kind, _ in said), key=IMPORTANCE.index))
    days = sorted(local_day(activity.starts_at, activity.zone) for _, activity in said)
    return gettext(
        "%(kinds)s: %(count)d activities, %(days)s",
        kinds=", ".join(labels.label(kind) for kind in kinds),
        count=len(said),
        days=formats.days(days[0], days[-1]),
    )


def heading_of(activity: Activity, kind: MailKind) -> str:
    """Return the heading of a section, with the same title as in the calendar and on the answer page."""
    return f"{activity.neutral_title}, {former(formats.day(activity.starts_at, activity.zone), activity, kind)}"


def former(time: str, activity: Activity, kind: MailKind | None) -> str:
    """Return an activity's time; marked as the former one if the mail says that it does not take place and it has no
    new date.
    """
    off = kind in (MailKind.POSTPONEMENT, MailKind.CANCELLATION) and activity.dateless
    return gettext("before: %(day)s", day=time) if off else time


def _saying(line: MessageLine) -> merging.Saying:
    invitation, reminder = line.invitation, line.reminder
    return merging.Saying(
        reminder.kind,
        invitation.role,
        invitation.activity_id,
        line.invitation_id,
        line.reminder_id,
        reminder.due_at,
        invitation.activity.starts_at,
    )

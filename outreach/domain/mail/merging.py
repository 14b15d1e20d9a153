"""Which of several lines to one recipient a mail contains, and in what order.

Pure functions. delivery/mail/merge_lines.py writes the lines.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from outreach.domain.kinds import IMPORTANCE, MailKind, Role

_ROLES = (Role.SPEAKER, Role.MODERATOR, Role.CADRE, Role.PARTICIPANT)


class Saying(NamedTuple):
    """One line of a mail, with what decides its order and whether it is dropped."""

    kind: MailKind
    role: Role
    activity_id: int
    invitation_id: int
    reminder_id: int
    due_at: datetime
    starts_at: datetime


def worth_saying(sayings: Sequence[Saying]) -> tuple[list[int], list[int]]:
    """Return the indexes of the lines to keep, and of those that another line about the same activity makes
    unnecessary.

    A withdrawal is unnecessary beside any other line: the recipient is still invited in another role and should come.
    The lines to keep are in the order of the mail: the most important kind first, then by the activity's start.
    """
    kept: dict[int, int] = {}
    dropped: list[int] = []
    for place in sorted(range(len(sayings)), key=lambda place: _weight(sayings[place])):
        if sayings[place].activity_id in kept:
            dropped.append(place)
        else:
            kept[sayings[place].activity_id] = place
    return sorted(kept.values(), key=lambda place: _place(sayings[place])), dropped


def _weight(saying: Saying) -> tuple[bool, int, int, float, int]:
    return (
        saying.kind is MailKind.WITHDRAWAL,
        IMPORTANCE.index(saying.kind),
        _ROLES.index(saying.role),
        -saying.due_at.timestamp(),
        -saying.reminder_id,
    )


def _place(saying: Saying) -> tuple[int, float, int]:
    return IMPORTANCE.index(saying.kind), saying.starts_at.timestamp(), saying.invitation_id

"""Which of several lines to one reader a mail says, and in what order.

Pure: how they are said is delivery/mail/merge_lines.py.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from outreach.domain.kinds import IMPORTANCE, MailKind, Role

_ROLES = (Role.SPEAKER, Role.MODERATOR, Role.CADRE, Role.PARTICIPANT)


class Saying(NamedTuple):
    """One line of a mail, as far as it competes with others."""

    kind: MailKind
    role: Role
    activity_id: int
    invitation_id: int
    reminder_id: int
    due_at: datetime
    starts_at: datetime


def worth_saying(sayings: Sequence[Saying]) -> tuple[list[int], list[int]]:
    """Return the places of those to say, and of those that another one about the same activity makes needless.

    A withdrawal is needless beside anything else: whoever still hears of the activity in another role is not to stay away.
    Those to say are in the order of the mail: the most important kind first, then by the activity's start.
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

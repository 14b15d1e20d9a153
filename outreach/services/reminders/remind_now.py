"""Remind chosen invitees of one activity now, by hand: who would get a mail and when, and doing it.

The mails are those of the rules: reminders/expand.py writes them, and the same checks hold. A reminder by hand names its
invitations in `detail`.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from outreach.domain.kinds import Audience, MailKind
from outreach.domain.problems import Problem
from outreach.domain.states import ActivityState
from outreach.models import User
from outreach.services import audit
from outreach.services.locking import activity_for_change
from outreach.services.reminders import forecast as forecasting
from outreach.services.reminders.forecast import ToRemind
from outreach.services.reminders.schedule import BY_HAND, event_reminder
from outreach.transactions import writing

MOST = 1000


class NotUnderWay(Problem):
    message = "Only invitees of a published activity can be reminded."


class NobodyToRemind(Problem):
    message = "None of these would get a reminder now. The list says why."


@dataclass(frozen=True)
class Reminded:
    """How many mails go out at once, and how many later."""

    now: int
    later: int


def preview(activity_id: int, invitation_ids: Collection[int], *, now: datetime) -> Sequence[ToRemind]:
    """Return, for each of these invitations, when its mail would go out, or why it gets none."""
    return forecasting.for_reminding(activity_id, invitation_ids, now=now)


def remind(activity_id: int, invitation_ids: Collection[int], *, by: User | None, now: datetime) -> Reminded:
    """Write a reminder for those of the invitations that may get one; the next tick expands it.

    Raise NotUnderWay or NobodyToRemind; nothing is changed then.
    """
    with writing() as session:
        activity = activity_for_change(session, activity_id)
        if activity.state is not ActivityState.PUBLISHED:
            raise NotUnderWay
        found = [line for line in preview(activity_id, invitation_ids, now=now) if line.reason is None]
        if not found:
            raise NobodyToRemind
        for audience in (Audience.UNANSWERED, Audience.COMING):
            chosen = sorted({line.invitation_id for line in found if line.audience is audience})
            if chosen:
                event_reminder(
                    session, activity, MailKind.REMINDER, audience, now=now, key=BY_HAND, detail={"only": chosen}
                )  # fmt: skip
        audit.record(session, by, "activity.reminded", activity, now=now, invited=len(found))
    when = Counter(line.at is not None and line.at > now for line in found)
    return Reminded(when[False], when[True])

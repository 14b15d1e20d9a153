"""What a coordinator does next with an activity or a programme: first its facts, then its invitees, then publishing.

Pure: the page gathers the numbers (queries/activities/page.py) and says the sentence.
"""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum

from outreach.domain.states import ActivityState


class NextStep(StrEnum):
    ADD_ACTIVITIES = "add_activities"  # a programme without any
    NEW_DATE = "new_date"  # a draft whose start has passed
    INVITE = "invite"
    PUBLISH = "publish"
    FIND_SPEAKER = "find_speaker"  # published, and a speaker has declined, or nobody speaks in its agenda
    WAIT = "wait"  # published: answers come in
    ATTENDANCE = "attendance"  # over, and nobody ticked
    DONE = "done"
    CANCELLED = "cancelled"


# Of a programme's activities, the most urgent step is the programme's.
ORDER = (
    NextStep.NEW_DATE,
    NextStep.FIND_SPEAKER,
    NextStep.ATTENDANCE,
    NextStep.INVITE,
    NextStep.PUBLISH,
    NextStep.WAIT,
    NextStep.DONE,
    NextStep.CANCELLED,
)


def next_step(
    state: ActivityState,
    starts_at: datetime,
    ends_at: datetime,
    now: datetime,
    *,
    invitees: int,
    speakers: int,
    agenda_lines: int,
    attended: int,
    declined: int = 0,
) -> NextStep:
    """Return what an activity asks for now. invitees, speakers: invitations that stand; attended: people
    ticked; declined: speakers who are not coming, and in whose place nobody speaks yet."""
    if state is ActivityState.CANCELLED:
        return NextStep.CANCELLED
    if state is ActivityState.DRAFT:
        if starts_at <= now:
            return NextStep.NEW_DATE
        return NextStep.PUBLISH if invitees else NextStep.INVITE
    if state is ActivityState.HELD or now >= ends_at:
        return NextStep.DONE if attended else NextStep.ATTENDANCE
    if not invitees:
        return NextStep.INVITE
    return NextStep.FIND_SPEAKER if declined or (agenda_lines and not speakers) else NextStep.WAIT


def programmes_next_step(steps: Collection[NextStep]) -> NextStep:
    """Return the most urgent of its activities' steps; without activities, to add some."""
    if not steps:
        return NextStep.ADD_ACTIVITIES
    return min(steps, key=ORDER.index)

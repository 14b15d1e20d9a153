"""The next step of a coordinator for an activity or a programme: its details, then its invitees, then publishing.

Pure functions. queries/activities/page.py loads the numbers; the page words the sentence.
"""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum

from outreach.domain.states import ActivityState


class NextStep(StrEnum):
    ADD_ACTIVITIES = "add_activities"  # a programme without activities
    NEW_DATE = "new_date"  # a draft whose start has passed
    POSTPONED = "postponed"  # waits for a new date
    INVITE = "invite"  # nobody is invited, or only those who speak or moderate
    PUBLISH = "publish"
    SIGN_CHANGE = "sign_change"  # letters that tell of a move or cancellation are drafted, and not signed
    LETTERS = "letters"  # published, and invitations wait for their signed letters
    FIND_SPEAKER = "find_speaker"  # published, and a speaker has declined or its agenda has no speaker
    WAIT = "wait"  # published, waiting for answers
    ATTENDANCE = "attendance"  # over, and no attendance recorded
    DONE = "done"
    CANCELLED = "cancelled"


# A programme takes the most urgent step of its activities.
ORDER = (
    NextStep.NEW_DATE,
    NextStep.POSTPONED,
    NextStep.SIGN_CHANGE,
    NextStep.LETTERS,
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
    audience: int,
    declined: int = 0,
    changes_to_sign: int = 0,
    without_letter: int = 0,
) -> NextStep:
    """Return the next step of an activity. invitees, speakers: valid invitations; attended: people recorded as present.

    audience: those of the invitees who neither speak nor moderate. Setting speakers, by hand or by timetabling, invites nobody.
    declined: speakers who are not coming and are not replaced yet. changes_to_sign: drafts of letters that tell of a move or
    cancellation. without_letter: invitations that wait for their signed letter.
    """
    over = state is not ActivityState.POSTPONED and now >= ends_at
    if changes_to_sign and not over:
        return NextStep.SIGN_CHANGE
    if state is ActivityState.CANCELLED:
        return NextStep.CANCELLED
    if state is ActivityState.POSTPONED:
        return NextStep.POSTPONED
    if state is ActivityState.DRAFT:
        if starts_at <= now:
            return NextStep.NEW_DATE
        return NextStep.PUBLISH if audience else NextStep.INVITE
    if state is ActivityState.HELD or now >= ends_at:
        return NextStep.DONE if attended else NextStep.ATTENDANCE
    if not invitees:
        return NextStep.INVITE
    if without_letter:
        return NextStep.LETTERS
    if declined or (agenda_lines and not speakers):
        return NextStep.FIND_SPEAKER
    return NextStep.WAIT if audience else NextStep.INVITE


def programmes_next_step(steps: Collection[NextStep]) -> NextStep:
    """Return the most urgent step of its activities; ADD_ACTIVITIES if there are none."""
    if not steps:
        return NextStep.ADD_ACTIVITIES
    return min(steps, key=ORDER.index)

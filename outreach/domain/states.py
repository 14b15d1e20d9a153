"""The states that activities, invitations, reminders and messages pass through, and the groups of them that have names."""

from enum import StrEnum


class ActivityState(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"
    HELD = "held"
    CANCELLED = "cancelled"


class InvitationState(StrEnum):
    PREPARED = "prepared"  # chosen, but nothing went out yet
    INVITED = "invited"
    COMING = "coming"
    NOT_COMING = "not_coming"
    REPRESENTED = "represented"
    NO_ANSWER = "no_answer"  # the deadline passed in silence
    WAITLISTED = "waitlisted"  # wants to come, but the activity is full
    WITHDRAWN = "withdrawn"


TAKES_A_SEAT = frozenset({InvitationState.COMING, InvitationState.REPRESENTED})
ANSWERED = TAKES_A_SEAT | {InvitationState.NOT_COMING, InvitationState.WAITLISTED}
UNANSWERED = frozenset({InvitationState.INVITED, InvitationState.NO_ANSWER})


class ReminderState(StrEnum):
    SCHEDULED = "scheduled"
    EXPANDED = "expanded"
    MISSED = "missed"
    CANCELLED = "cancelled"


class MessageState(StrEnum):
    DUE = "due"
    LEASED = "leased"
    HANDING_OVER = "handing_over"
    SENT = "sent"
    RETRY = "retry"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


TO_SEND = frozenset({MessageState.DUE, MessageState.RETRY})
IN_WORK = frozenset({MessageState.LEASED, MessageState.HANDING_OVER})
FINISHED = frozenset(
    {MessageState.SENT, MessageState.FAILED, MessageState.UNKNOWN, MessageState.SKIPPED, MessageState.CANCELLED}
)


class PollState(StrEnum):
    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"  # no answers any more, and nothing chosen
    DECIDED = "decided"  # a slot became the activity


class SearchState(StrEnum):
    PREPARED = "prepared"
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"  # proposed: proven best, or the best in the time given
    STOPPED = "stopped"  # by the stop button, with the best so far
    COLLIDES = "collides"  # no plan can meet the demands; the result says which collide
    FAILED = "failed"
    TAKEN = "taken"  # all or some of it became the plan

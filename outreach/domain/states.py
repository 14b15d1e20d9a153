"""The states of activities, invitations, reminders, messages, polls and searches, and named groups of states."""

from enum import StrEnum


class ActivityState(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"
    POSTPONED = "postponed"  # was published; its times are the former ones until it gets new ones
    HELD = "held"
    CANCELLED = "cancelled"


class InvitationState(StrEnum):
    PREPARED = "prepared"  # chosen, but no mail sent yet
    INVITED = "invited"
    COMING = "coming"
    NOT_COMING = "not_coming"
    REPRESENTED = "represented"
    NO_ANSWER = "no_answer"  # the deadline passed without an answer
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


class LetterState(StrEnum):
    DRAFT = "draft"  # prepared from the plan, and read by nobody yet
    COMPOSED = "composed"  # konsep: to be numbered and signed
    SIGNED = "signed"  # came back
    CORRECTED = "corrected"  # a later letter says what changed
    CANCELLED = (
        "cancelled"  # a later letter says that nothing of it takes place, or it was withdrawn before it was signed
    )


class CertificateState(StrEnum):
    STANDS = "stands"
    REPLACED = "replaced"  # by one with a corrected name
    REVOKED = "revoked"


class PollState(StrEnum):
    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"  # no more answers, and no slot chosen
    DECIDED = "decided"  # a slot became the activity


class MinutesState(StrEnum):
    DRAFT = "draft"
    ASKED = "asked"  # the chair has been asked to agree
    APPROVED = "approved"
    SENT = "sent"  # to all who were present or represented


class FollowUpState(StrEnum):
    OPEN = "open"
    DONE = "done"
    DROPPED = "dropped"


class SearchState(StrEnum):
    PREPARED = "prepared"
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"  # proposed: proven best, or the best within the time given
    STOPPED = "stopped"  # by the stop button, with the best so far
    COLLIDES = "collides"  # no plan can meet the demands; the result lists the conflicts
    FAILED = "failed"
    TAKEN = "taken"  # all or part of it was applied to the plan

"""Whether one line of a mail is still true when it is sent, and if not, why."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from outreach.domain.kinds import Audience, MailKind
from outreach.domain.reminders.audiences import belongs
from outreach.domain.states import ANSWERED, TAKES_A_SEAT, UNANSWERED, ActivityState, InvitationState

NOT_IF_STOPPED = frozenset(
    {MailKind.REMINDER, MailKind.THANKS, MailKind.CERTIFICATE, MailKind.LINK, MailKind.ASSISTANCE}
)
ONLY_IF_ACCEPTED = frozenset({MailKind.CHANGE, MailKind.POSTPONEMENT, MailKind.CANCELLATION, MailKind.SUBSTITUTION})
ACTING = "acting"  # in an appointment's reminder: the id of the acting person whom it is for
FORMER_HOLDER = "former_holder"  # in a withdrawal's reminder: the id of the person whose post has another holder now
TOLD_WHILE_POSTPONED = frozenset({MailKind.POSTPONEMENT, MailKind.WITHDRAWAL})


class SkipReason(StrEnum):
    """Why a mail, or a line of it, was not sent; the page shows the sentence for it."""

    NO_ADDRESS = "no_address"
    ADDRESS_BLOCKED = "address_blocked"  # a delivery report said that the address takes no mail
    STOPPED = "stopped"  # the recipient asked for no more mails
    ERASED = "erased"
    ACTIVITY_CANCELLED = "activity_cancelled"
    ACTIVITY_POSTPONED = "activity_postponed"
    ACTIVITY_MOVED = "activity_moved"
    NEW_DATE = "new_date"  # a postponement, but the new date is set
    NOT_PUBLISHED = "not_published"
    WITHDRAWN = "withdrawn"
    ANSWERED = "answered"  # a reminder to answer, but the answer has come
    CAME = "came"  # a reminder to answer, but the invitee is there
    DECLINED = "declined"
    MATERIALS_SENT = "materials_sent"  # a reminder to send materials, but they have come
    NO_CERTIFICATE = "no_certificate"  # it does not stand any more
    NOT_ATTENDING = "not_attending"
    NEVER_TOLD = "never_told"  # a change, postponement or cancellation of an activity that the recipient never heard of
    ALREADY_WRITTEN_TODAY = "already_written_today"
    OTHER_HOLDER = "other_holder"  # an invitation to a post that goes to another holder now
    NOT_WANTED = "not_wanted"  # the invitee leaves the notices to whoever acts for them
    KNOWN = "known"  # a change to what the recipient was last told anyway
    JOINED = "joined"  # its content is in a later mail to the same recipient
    LINK_REVOKED = "link_revoked"
    SAID_BY_ANOTHER_LINE = "said_by_another_line"
    TOO_LATE = "too_late"
    POLL_CLOSED = "poll_closed"  # a date poll accepts no answers any more
    MINUTES_CHANGED = "minutes_changed"  # another version of the minutes is written, or they are not approved any more
    MINUTES_ANSWERED = "minutes_answered"  # the chair has answered meanwhile
    FOLLOW_UP_SETTLED = "follow_up_settled"  # done or dropped meanwhile
    REQUEST_DONE = "request_done"  # the request about personal data is done meanwhile
    NOT_CONSENTED = "not_consented"  # a parent has not consented yet
    FOLLOW_UP_CHANGED = "follow_up_changed"  # another owner or another due day


REPRESENTABLE = (InvitationState.REPRESENTED, InvitationState.WAITLISTED)
OUTSIDE = {Audience.UNANSWERED: SkipReason.ANSWERED, Audience.EXPECTED: SkipReason.DECLINED}


@dataclass(frozen=True)
class LineFacts:
    """What is known about one line when it is sent: a mail of `kind` about one invitation."""

    kind: MailKind
    audience: Audience
    activity_state: ActivityState
    activity_sequence: int
    line_sequence: int  # the activity's sequence when the line was written
    invitation_state: InvitationState
    present: bool
    stopped: bool  # the recipient stopped reminders
    link_revoked: bool  # the answer link in the mail would not work
    nominated: bool  # by their organisation: the invitation tells them so, although the answer is already given
    told_before: bool  # an earlier mail about this invitation was sent
    useful_until: datetime
    owes_materials: bool = False  # a speaker who has sent no file
    certified: bool = False  # there is a certificate that stands


def skip_because(facts: LineFacts, now: datetime) -> SkipReason | None:
    """Return why the line must not be sent, or None if it is still true.

    A recipient who stopped reminders gets no reminders, no thanks, no news of a certificate and no new link, and changes,
    postponements and cancellations only if they accepted. A line that a postponement held back is never too late: its times
    are those that no longer hold. A recipient who accepted knows of the activity even if no mail was sent: by phone or from
    the office that named them.
    """
    state = facts.invitation_state
    accepted = state in TAKES_A_SEAT
    if facts.stopped and (facts.kind in NOT_IF_STOPPED or (facts.kind in ONLY_IF_ACCEPTED and not accepted)):
        return SkipReason.STOPPED
    postponed = facts.activity_state is ActivityState.POSTPONED
    if now >= facts.useful_until:
        held_back = postponed and facts.kind not in TOLD_WHILE_POSTPONED
        return SkipReason.ACTIVITY_POSTPONED if held_back else SkipReason.TOO_LATE
    if facts.kind is MailKind.CERTIFICATE:  # whoever was there has it, whatever the invitation says
        return None if facts.certified else SkipReason.NO_CERTIFICATE
    if facts.kind is MailKind.WITHDRAWAL:
        if state is not InvitationState.WITHDRAWN:
            return SkipReason.SAID_BY_ANOTHER_LINE
        return None if facts.told_before else SkipReason.NEVER_TOLD
    if state is InvitationState.WITHDRAWN:
        return SkipReason.WITHDRAWN
    if facts.kind is MailKind.CANCELLATION:
        if state is InvitationState.NOT_COMING:
            return SkipReason.DECLINED
        return None if facts.told_before or accepted else SkipReason.NEVER_TOLD
    if facts.activity_state is ActivityState.CANCELLED:
        return SkipReason.ACTIVITY_CANCELLED
    if facts.activity_state is ActivityState.DRAFT:
        return SkipReason.NOT_PUBLISHED
    if postponed is not (facts.kind is MailKind.POSTPONEMENT):
        return SkipReason.ACTIVITY_POSTPONED if postponed else SkipReason.NEW_DATE
    if facts.kind in (MailKind.CHANGE, MailKind.POSTPONEMENT, MailKind.SUBSTITUTION):
        if state is InvitationState.NOT_COMING:
            return SkipReason.DECLINED
        return None if facts.told_before or accepted else SkipReason.NEVER_TOLD
    asks = facts.kind in (MailKind.INVITATION, MailKind.LINK) or facts.audience is Audience.UNANSWERED
    if asks and facts.link_revoked:
        return SkipReason.LINK_REVOKED
    if facts.kind is MailKind.INVITATION:
        if facts.nominated and accepted:
            return None
        return SkipReason.ANSWERED if state not in UNANSWERED | {InvitationState.PREPARED} else None
    if facts.kind is MailKind.CONFIRMATION:
        return None if state in ANSWERED else SkipReason.NOT_ATTENDING
    if facts.kind is MailKind.LINK:
        return None
    if facts.kind is MailKind.APPOINTMENT:
        return None if state is InvitationState.REPRESENTED else SkipReason.NOT_ATTENDING
    if facts.kind is MailKind.REPRESENTATION and facts.audience is Audience.ONE:
        return None if state in REPRESENTABLE else SkipReason.NOT_ATTENDING
    if facts.kind is MailKind.SEAT:
        return None if accepted else SkipReason.NOT_ATTENDING
    if facts.kind is MailKind.REMINDER and facts.line_sequence != facts.activity_sequence:
        return SkipReason.ACTIVITY_MOVED
    return _outside_audience(facts)


def _outside_audience(facts: LineFacts) -> SkipReason | None:
    if belongs(facts.audience, facts.invitation_state, present=facts.present, owes_materials=facts.owes_materials):
        return None
    if facts.audience is Audience.NO_MATERIALS and facts.invitation_state in TAKES_A_SEAT:
        return SkipReason.MATERIALS_SENT
    if facts.audience is Audience.UNANSWERED and facts.invitation_state in UNANSWERED:
        return SkipReason.CAME
    return OUTSIDE.get(facts.audience, SkipReason.NOT_ATTENDING)

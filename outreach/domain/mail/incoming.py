"""What mails that come in can say, and why one did what it did, or did nothing; the page shows the sentence for it.

Pure: reading mails is delivery/inbox/, applying them services/inbox/receive.py.
"""

from enum import StrEnum

from outreach.domain.answers import Choice


class IncomingReason(StrEnum):
    """Stored with the mail; "" where its kind and outcome say it all."""

    # An answer from a calendar program that was not taken as it stands.
    SENDER_DIFFERS = "sender_differs"  # the mail's sender is not the attendee it answers for
    SENDER_UNPROVEN = "sender_unproven"  # its sender's address is a mere claim, or found forged by the server
    UNKNOWN_ACTIVITY = "unknown_activity"  # about an entry that is not ours
    NOT_INVITED = "not_invited"  # nobody with the attendee's address is invited
    AMBIGUOUS = "ambiguous"  # several invitees share the address
    ACTIVITY_CHANGED = "activity_changed"  # it answers an entry from before a move or another invitation
    NEWER_ANSWER = "newer_answer"  # a later answer was recorded already
    TENTATIVE = "tentative"
    DELEGATED = "delegated"
    ANOTHER_TIME = "another_time"  # proposes one (COUNTER); `text` begins with it
    UNCLEAR = "unclear"  # neither yes nor no
    PEOPLE_NAMED = "people_named"  # an organisation says no, but people whom it named are expected
    KNOWN = "known"  # it says what is recorded already
    REPRESENTATIVE = "representative"  # it came from whoever comes in an invitee's place; letters too
    ADDRESS_CHANGED = "address_changed"  # we wrote to that address; another has been recorded since
    NAMES_NEEDED = "names_needed"  # an organisation says yes, but must name people
    DEADLINE_PASSED = "deadline_passed"
    ACTIVITY_CANCELLED = "activity_cancelled"
    ACTIVITY_ENDED = "activity_ended"
    WITHDRAWN = "withdrawn"
    TOO_MANY = "too_many"  # answers from one calendar in one day
    CANNOT_CONFIRM = "cannot_confirm"  # not recorded: no mail would tell the invitee
    UNCONFIRMED = "unconfirmed"  # recorded, but the mail that tells the invitee did not arrive
    # A delivery report.
    NOT_OURS = "not_ours"  # about a mail that we did not send
    UNPROVEN = "unproven"  # names an address we know, but no mail of ours to it
    MAIL_REFUSED = "mail_refused"  # the other server refused this mail, not the address
    GAVE_UP = "gave_up"  # the other server could not take it, or be reached, for days
    DELIVERED = "delivered"
    # Nothing to do.
    OWN = "own"  # sent by ourselves
    DUPLICATE = "duplicate"  # the same mail was read before
    # Set aside.
    TOO_LARGE = "too_large"
    TOO_COMPLEX = "too_complex"  # more parts, nested deeper, or a larger calendar than any honest mail has
    BROKEN = "broken"


class Participation(StrEnum):
    """What an attendee answers (PARTSTAT: RFC 5545, 3.2.12)."""

    ACCEPTED = "ACCEPTED"
    DECLINED = "DECLINED"
    TENTATIVE = "TENTATIVE"
    DELEGATED = "DELEGATED"
    UNCLEAR = ""  # NEEDS-ACTION, or a word that we do not know


CHOICES = {Participation.ACCEPTED: Choice.COMING, Participation.DECLINED: Choice.NOT_COMING}

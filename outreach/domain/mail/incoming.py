"""The reasons of incoming mails: why each was handled as it was. The page shows the sentence for it.

Pure values. delivery/inbox/ reads mails, services/inbox/receive.py applies them.
"""

from enum import StrEnum

from outreach.domain.answers import Choice


class IncomingReason(StrEnum):
    """Stored with the mail; "" if its kind and outcome say enough."""

    # An answer from a calendar program that was not recorded as it stands.
    SENDER_DIFFERS = "sender_differs"  # the mail's sender is not the attendee whose answer it carries
    SENDER_UNPROVEN = "sender_unproven"  # its sender's address is only claimed, or the server found it forged
    UNKNOWN_ACTIVITY = "unknown_activity"  # about an event that is not ours
    NOT_INVITED = "not_invited"  # nobody with the attendee's address is invited
    AMBIGUOUS = "ambiguous"  # several invitees share the address
    ACTIVITY_CHANGED = "activity_changed"  # it answers an event from before a move or another invitation
    NEWER_ANSWER = "newer_answer"  # a later answer is already recorded
    TENTATIVE = "tentative"
    DELEGATED = "delegated"
    ANOTHER_TIME = "another_time"  # it proposes another time (COUNTER); `text` begins with it
    UNCLEAR = "unclear"  # neither yes nor no
    PEOPLE_NAMED = "people_named"  # an organisation says no, but its nominees are expected
    KNOWN = "known"  # it says what is already recorded
    REPRESENTATIVE = "representative"  # it came from an invitee's representative; used for letters too
    ADDRESS_CHANGED = "address_changed"  # we wrote to that address, but the invitee's address has changed since
    NAMES_NEEDED = "names_needed"  # an organisation says yes, but must name its nominees
    DEADLINE_PASSED = "deadline_passed"
    ACTIVITY_CANCELLED = "activity_cancelled"
    ACTIVITY_POSTPONED = "activity_postponed"
    ACTIVITY_ENDED = "activity_ended"
    WITHDRAWN = "withdrawn"
    TOO_MANY = "too_many"  # too many answers from one calendar in one day
    CANNOT_CONFIRM = "cannot_confirm"  # not recorded: no mail would tell the invitee
    UNCONFIRMED = "unconfirmed"  # recorded, but the confirming mail to the invitee did not arrive
    # A signed letter of ours, attached.
    LETTER_RETURNED = "letter_returned"  # kept on its letter's page, to be accepted there
    LETTER_UNPROVEN = "letter_unproven"  # the sender's address is only claimed, so it was not read
    # A delivery report.
    NOT_OURS = "not_ours"  # about a mail that we did not send
    UNPROVEN = "unproven"  # names an address that we know, but no mail of ours to it
    MAIL_REFUSED = "mail_refused"  # the other server refused this mail, not the address
    GAVE_UP = "gave_up"  # the other server did not accept it or was unreachable for days
    REPORT_UNREAD = "report_unread"  # a delivery report in a form that cannot be read
    DELIVERED = "delivered"
    # Nothing to do.
    OWN = "own"  # sent by ourselves
    DUPLICATE = "duplicate"  # the same mail was already read
    # Set aside.
    TOO_LARGE = "too_large"
    TOO_COMPLEX = "too_complex"  # more parts, deeper nesting, or a larger calendar than any honest mail has
    BROKEN = "broken"
    NOT_JUDGED = "not_judged"  # the virus scanner cannot examine it; only who sent it and about what is kept
    INFECTED = "infected"  # the virus scanner found something; only who sent it and about what is kept


class Participation(StrEnum):
    """What an attendee answers (PARTSTAT: RFC 5545, 3.2.12)."""

    ACCEPTED = "ACCEPTED"
    DECLINED = "DECLINED"
    TENTATIVE = "TENTATIVE"
    DELEGATED = "DELEGATED"
    UNCLEAR = ""  # NEEDS-ACTION, or an unknown value


CHOICES = {Participation.ACCEPTED: Choice.COMING, Participation.DECLINED: Choice.NOT_COMING}

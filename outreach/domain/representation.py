"""The rules of representation: who comes in whose place, how often that is passed on, and who gets which mail.

Pure functions. services/representation/chain.py stores the chain.
"""

from outreach.domain.answers import Representative
from outreach.domain.directory import names
from outreach.domain.kinds import MailKind
from outreach.domain.problems import Problem

MOST_LINKS = 2  # the invitee names somebody, who passes it on once more
INSTEAD = frozenset(
    {MailKind.REMINDER, MailKind.THANKS, MailKind.CERTIFICATE}
)  # to the acting person in place of the invitee
TO_ACTING = frozenset({MailKind.APPOINTMENT})  # mails to the acting person alone
TO_ASSISTANT = frozenset({MailKind.ASSISTANCE})  # mails that neither of them gets
AS_WELL = frozenset(
    {MailKind.CHANGE, MailKind.POSTPONEMENT, MailKind.CANCELLATION, MailKind.SUBSTITUTION}
)  # mails that both get


class NotActing(Problem):
    message = "You no longer come in place of %(invitee)s."


class NobodyActs(Problem):
    message = "Nobody is named to come in their place any more, so nothing was changed."


class PassedOnAlready(Problem):
    message = "This was passed on once already. Please call %(contact)s if you cannot come."


def may_pass_on(position: int) -> bool:
    """Return whether the acting person at this position, from 1, may name somebody else."""
    return position < MOST_LINKS


def is_same(one: Representative, other: Representative) -> bool:
    """Return whether both are the same person: the name decides, as a phone number or an address may be corrected."""
    return names.key(names.split(one.name).name) == names.key(names.split(other.name).name)


def reads(kind: MailKind, *, reached: bool, notices_wanted: bool, to_acting: bool) -> bool:
    """Return whether a mail about an invitation goes to the invitee or, if `to_acting`, to the acting person.

    reached: somebody acts for the invitee and has an address. notices_wanted: the invitee wants to know of changes, too.
    Without an address of the acting person, all mails go to the invitee.
    """
    if kind in TO_ASSISTANT:
        return False
    if to_acting:
        return reached and kind in INSTEAD | AS_WELL | TO_ACTING
    if not reached or kind in TO_ACTING:
        return kind not in TO_ACTING
    return kind not in INSTEAD and (notices_wanted or kind not in AS_WELL)

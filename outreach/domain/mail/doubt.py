"""Mails in doubt: handed over, but no answer came. They are repeated in ever smaller groups, until a word comes.

Pure. delivery/outbox/connection.py forms the groups, channel.py stores the size of the channel's.
"""

from datetime import datetime

from outreach.domain.mail.failures import next_try

ALONE = 1


def group_of(doubts: int, full: int) -> int:
    """Return the most mails of a group that a mail may go in. doubts: its hand-overs without an answer. full: a whole group."""
    if doubts == 0:
        return full
    return max(ALONE, full // 2) if doubts == 1 else ALONE


def smaller(group: int, broke: int) -> int:
    """Return the channel's next group, after a doubt in a group of `broke` mails. group: the channel's present one.

    A mail that went alone shows nothing about the size of groups.
    """
    return min(group, max(ALONE, broke // 2)) if broke > ALONE else group


def larger(group: int, went: int, full: int) -> int | None:
    """Return the channel's next group, or None for a whole one again. went: mails without a doubt since it was last changed.

    It grows after as many mails as it has, in one full group or in several small ones.
    """
    grown = group + 1 if went >= group else group
    return grown if grown < full else None


def repeat_at(now: datetime, doubts: int, useful_until: datetime, jitter: float) -> datetime | None:
    """Return when to repeat a mail after `doubts` (1 or more) hand-overs without an answer, or None if it would be useless."""
    return next_try(now, doubts, useful_until, jitter)

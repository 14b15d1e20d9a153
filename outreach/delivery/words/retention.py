"""What is held for which purpose, and for how long, in words: for the office's page of periods and for its privacy page."""

from dataclasses import dataclass

from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _l

from outreach.domain.privacy.retention import YEAR, Purpose


@dataclass(frozen=True)
class PurposeWords:
    """what: what is held; why: what for; since: from when the period counts."""

    what: object
    why: object
    since: object


_ACTIVITY = _l("after the activity")
WORDS: dict[Purpose, PurposeWords] = {
    Purpose.PEOPLE: PurposeWords(
        _l("Name, post, office, kelurahan, e-mail and phone of people who are invited"),
        _l("to invite them and to reach them"),
        _l("after their last activity"),
    ),
    Purpose.ANSWERS: PurposeWords(
        _l("What was written with an answer, and who comes in somebody's place"),
        _l("to prepare the activity and to show who answered what"),
        _ACTIVITY,
    ),
    Purpose.ATTENDANCE: PurposeWords(
        _l("Times at the door, and lists that were signed on paper"),
        _l("to account for the activity"),
        _ACTIVITY,
    ),
    Purpose.CALLS: PurposeWords(
        _l("What was noted after a phone call"), _l("to know what was said"), _l("after the call")
    ),
    Purpose.MESSAGES: PurposeWords(
        _l("The text of mails that were sent"), _l("to look up what was written"), _ACTIVITY
    ),
    Purpose.ARCHIVE: PurposeWords(
        _l("That a mail was sent, when, and to which address"),
        _l("to show who was told what"),
        _l("after the mail was due"),
    ),
    Purpose.INCOMING: PurposeWords(
        _l("Mails that people wrote to the office's mailbox for invitations"),
        _l("to answer them"),
        _l("after they came, once nobody has to read them"),
    ),
    Purpose.UPLOADS: PurposeWords(
        _l("Speakers' files and the topics that they proposed"), _l("to show them at the activity"), _ACTIVITY
    ),
    Purpose.ABSENCES: PurposeWords(
        _l("When people cannot come"), _l("to plan activities for other days"), _l("after the absence")
    ),
    Purpose.PROPOSALS: PurposeWords(
        _l("Proposals for the times of activities, with their speakers"),
        _l("to choose a plan"),
        _l("after the last change"),
    ),
    Purpose.FEEDS: PurposeWords(
        _l("Secret addresses from which a calendar reads activities"),
        _l("to show activities in people's own calendars"),
        _l("after the address was last read"),
    ),
    Purpose.AUDIT: PurposeWords(
        _l("What staff changed and downloaded"), _l("to check who did what"), _l("after the change")
    ),
    Purpose.SECURITY: PurposeWords(
        _l("Sign-ins of staff and refused tries, with the network address"),
        _l("to notice attacks"),
        _l("after the event"),
    ),
    Purpose.ACCOUNTS: PurposeWords(
        _l("Name and e-mail of staff whose account is closed; links for reading that have ended"),
        _l("to say by whom something was done"),
        _l("after it was closed"),
    ),
    Purpose.REQUESTS: PurposeWords(
        _l("What people asked about their data, and what was done"),
        _l("to show that the office answered in time"),
        _l("after it was done"),
    ),
    Purpose.BACKUPS: PurposeWords(
        _l("Backups"), _l("to bring data back after a fault"), _l("after the backup was made")
    ),
    Purpose.SHORT: PurposeWords(
        _l("What an answer replaced, to undo it; that feedback was given; news that staff have seen"),
        _l("to undo a mistake and to ask only once"),
        _l("hours to a few weeks"),
    ),
    Purpose.DOCUMENTS: PurposeWords(
        _l("Letters, minutes, certificates and photos"),
        _l("because they are documents of the office"),
        _l("as the office's rules on archives say"),
    ),
}


# What the program itself writes as done about a request (services/privacy/requests.py).
DONE_BY_PROGRAM = (
    _l("A link to the copy was mailed to the known address."),
    _l("Reminders were stopped."),
    _l("The person was erased."),
)


def what(purpose: Purpose) -> str:
    return str(WORDS[purpose].what)


def why(purpose: Purpose) -> str:
    return str(WORDS[purpose].why)


def how_long(purpose: Purpose, days: int | None) -> str:
    """Return "2 years after the activity"; of a purpose without a period, what ends it."""
    since = str(WORDS[purpose].since)
    return since if days is None else f"{length(days)} {since}"


def length(days: int) -> str:
    """Return days in words, as years where they are whole ones: "2 years", "90 days"."""
    if days >= YEAR and days % YEAR == 0:
        return ngettext("%(num)d year", "%(num)d years", days // YEAR)
    return ngettext("%(num)d day", "%(num)d days", days)


def counted(purpose: Purpose, number: int) -> str:
    """Return how much is meant, in words: "12 people", "5 entries"."""
    if purpose is Purpose.PEOPLE:
        return ngettext("%(num)d person", "%(num)d people", number)
    return gettext("%(num)d entries", num=number) if number != 1 else gettext("1 entry")

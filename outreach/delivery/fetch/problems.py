"""Reasons why a download from a given address failed, each with a message that says what to do."""

from outreach.domain.problems import Problem


class FetchProblem(Problem):
    field = "source"


class AddressUnreadable(FetchProblem):
    message = "This is not the address of a calendar. It begins with https:// or webcal:// and stands in your calendar program."


class NameInAddress(FetchProblem):
    message = (
        "An address with a user name or password in it cannot be used. Please share the calendar by a secret address."
    )


class OtherPort(FetchProblem):
    message = "Calendars are read from the usual ports 80 and 443 only, not from %(port)s."


class PrivateHost(FetchProblem):
    message = "“%(host)s” lies within a private network, from which no calendars are read. Please share it by a public address."


class HostNotListed(FetchProblem):
    message = (
        "Calendars are read from certain servers only, and “%(host)s” is not among them. Please upload the calendar as a file, "
        "or ask the office’s administrator to add this server."
    )


class HostUnknown(FetchProblem):
    message = "No server is known by the name “%(host)s”. Please look for a slip in the address."


class NoConnection(FetchProblem):
    message = "“%(host)s” does not answer at present."


class NotTrusted(FetchProblem):
    message = "The certificate of “%(host)s” is not trustworthy, so nothing is read from there."


class TooSlow(FetchProblem):
    message = "“%(host)s” took longer than %(seconds)s seconds to answer."


class FetchTooLarge(FetchProblem):
    message = "This calendar is larger than %(megabytes)s MB. Please share one that holds fewer events."


class TooManyRedirects(FetchProblem):
    message = (
        "This address leads on and on to others. Please use the one at the end, which stands in your calendar program."
    )


class AnswerBroken(FetchProblem):
    message = "What “%(host)s” answered broke off or cannot be read."


class NotAllowed(FetchProblem):
    message = "“%(host)s” does not let us read this calendar. Please share it by its secret address."


class NotThere(FetchProblem):
    message = "“%(host)s” has no calendar at this address any more. Please enter the new one."


class FetchRefused(FetchProblem):
    message = "“%(host)s” answered with the error %(status)s."


PASSING = (NoConnection, TooSlow, AnswerBroken, FetchRefused)  # these may be over at the next attempt


def refusal(status: int, host: str) -> FetchProblem:
    """Return the problem that an HTTP status other than success means (RFC 9110, 15)."""
    if status in (401, 403, 407):
        return NotAllowed(host=host)
    return NotThere(host=host) if status in (404, 410) else FetchRefused(host=host, status=status)

"""The sentence for a piece of news: on the bell's page and in the daily summary."""

from flask_babel import gettext, ngettext

from outreach.delivery.words import formats
from outreach.delivery.words.labels import label
from outreach.domain.bell import News, NewsKind
from outreach.domain.planning.rules import ClashKind
from outreach.domain.privacy.requests import RequestKind


def sentence(one: News) -> str:
    """Return what happened, in the current language. What it is about is `News.about`."""
    match one.kind:
        case NewsKind.REFUSAL:
            said = gettext("%(name)s is not coming", name=one.name)
            if one.reason:
                said = f"{said}: “{one.reason}”"
            if one.wished_on is None:
                return said
            return gettext("%(said)s. They wish %(day)s instead", said=said, day=formats.day(one.wished_on))
        case NewsKind.SWAP:
            other = one.other or gettext("somebody whose name is not known")
            return gettext("%(name)s sends %(other)s", name=one.name, other=other)
        case NewsKind.OPEN_AGAIN:
            return gettext(
                "%(other)s cannot come in place of %(name)s, who is asked again", other=one.other, name=one.name
            )
        case NewsKind.SUBSTITUTES:
            return gettext("%(name)s has not answered. Look for a substitute", name=one.name)
        case NewsKind.SUBSTITUTED:
            return gettext(
                "%(other)s is asked in place of %(name)s. Please tell the moderator", other=one.other, name=one.name
            )
        case NewsKind.NAMES:
            return gettext("%(name)s sends other people than it named", name=one.name)
        case NewsKind.OTHER_HOLDER:
            return gettext("The invitation to the post %(name)s goes to %(other)s now", name=one.name, other=one.other)
        case NewsKind.LEFT_BEHIND:
            return gettext(
                "The invitation to the post %(name)s goes to %(other)s, who does not hold it on that day",
                name=one.name, other=one.other,
            )  # fmt: skip
        case NewsKind.QUESTION:
            return gettext("%(name)s asks: %(question)s", name=one.name, question=one.other)
        case NewsKind.CERTIFICATE:
            return gettext(
                "The attendance of %(name)s was undone. Please revoke certificate %(number)s, or tick the attendance again",
                name=one.name, number=one.other,
            )  # fmt: skip
        case NewsKind.CLASH:
            return gettext("New clash: %(kind)s", kind=label(ClashKind(one.name)))
        case NewsKind.MINUTES_APPROVED:
            return gettext("%(name)s agrees to the minutes", name=one.name)
        case NewsKind.MINUTES_RETURNED:
            return gettext("%(name)s asks for changes in the minutes: “%(note)s”", name=one.name, note=one.other)
        case NewsKind.DATA_REQUEST:
            return gettext(
                "%(name)s asks about their data: %(what)s", name=one.name, what=label(RequestKind(one.other))
            )
        case NewsKind.MAILS_FAILED:
            return ngettext("%(num)d mail could not be delivered", "%(num)d mails could not be delivered", one.count)
        case NewsKind.ADDRESSES:
            return ngettext(
                "No mail arrives at one more address", "No mail arrives at %(num)d more addresses", one.count
            )


def about(one: News) -> str:
    """Return the activity or the two activities that it is about; "" for mails."""
    return " · ".join((one.about, one.other)) if one.kind is NewsKind.CLASH and one.other else one.about

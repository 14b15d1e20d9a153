"""The ladder's words: rungs, their states and their times, for staff."""

from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _l

from outreach.domain.ladder.rungs import (
    ANSWERED_FIRST,
    AnswerChannel,
    LadderName,
    RungKind,
    RungRule,
    RungState,
    RungTiming,
    WhyMissed,
)

LADDERS: dict[LadderName, object] = {
    LadderName.SPEAKERS: _l("Speakers and moderators"),
    LadderName.OFFICES: _l("Offices and their people"),
    LadderName.CADRES: _l("Cadres"),
}
KINDS: dict[RungKind, object] = {
    RungKind.MAIL: _l("Reminder by mail"),
    RungKind.ASSISTANT: _l("Mail to their adjutant or secretary"),
    RungKind.LAST_CALL: _l("Last call by mail"),
    RungKind.CALL: _l("Call: first on the list of people to call"),
    RungKind.SUBSTITUTES: _l("Substitutes are proposed"),
}
CHANNELS: dict[AnswerChannel, object] = {
    AnswerChannel.MAIL: _l("By mail: link, calendar or a mail"),
    AnswerChannel.WHATSAPP: _l("WhatsApp"),
    AnswerChannel.PHONE: _l("By phone"),
    AnswerChannel.LETTER: _l("By letter"),
    AnswerChannel.IN_PERSON: _l("In person"),
    AnswerChannel.ASSISTANT: _l("By their adjutant or secretary"),
}
TIMINGS: dict[RungTiming, object] = {
    RungTiming.AFTER_INVITATION: _l("working days after the invitation"),
    RungTiming.BEFORE_START: _l("days before the start"),
}
STATES: dict[RungState, object] = {
    RungState.WAITING: _l("waits"),
    RungState.DONE: _l("done"),
    RungState.ENDED: _l("not needed"),
    RungState.MISSED: _l("missed"),
}
REASONS: dict[str, object] = {
    WhyMissed.PASSED.value: _l("its time lay behind when the ladder started"),
    WhyMissed.SUPERSEDED.value: _l("a later rung was due, too"),
    WhyMissed.TOO_LATE.value: _l("it came too late to help"),
    WhyMissed.NO_MAIL.value: _l("no mail could go to them then"),
    WhyMissed.NO_ASSISTANT.value: _l("no e-mail address of an adjutant or secretary is known"),
    ANSWERED_FIRST: _l("there is an answer"),
}


def when(rule: RungRule) -> str:
    """Return when a rung is due, as a sentence."""
    if rule.timing is RungTiming.AFTER_INVITATION:
        return ngettext(
            "%(num)d working day after the invitation", "%(num)d working days after the invitation", rule.days
        )
    if rule.days == 0:
        return gettext("on the day of the start")
    return ngettext("%(num)d day before the start", "%(num)d days before the start", rule.days)

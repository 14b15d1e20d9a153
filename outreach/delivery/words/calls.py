"""What came of a call, in words for staff."""

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext

from outreach.domain.calls import CallOutcome

OUTCOMES: dict[CallOutcome, object] = {
    CallOutcome.COMING: lazy_pgettext("answer", "Coming"),
    CallOutcome.NOT_COMING: lazy_pgettext("answer", "Not coming"),
    CallOutcome.REPRESENTED: _l("Represented"),
    CallOutcome.NO_ANSWER: _l("Did not pick up"),
    CallOutcome.AGAIN: _l("Call again"),
    CallOutcome.WRONG_NUMBER: _l("Wrong number"),
    CallOutcome.QUESTION: _l("Question for the coordinator"),
    CallOutcome.WHATSAPP_OPENED: _l("WhatsApp opened"),
}


def outcome(one: CallOutcome) -> str:
    return str(OUTCOMES[one])

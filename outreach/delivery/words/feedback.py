"""The usual questions of feedback, and the words of its scale."""

from flask_babel import lazy_gettext as _l

from outreach.domain.feedback import SCALE

QUESTIONS = (
    _l("How useful was this activity for you?"),
    _l("How clear was what the speakers said?"),
    _l("How was it organised: place, time, service?"),
)
REMARK = _l("What should we do better?")
WORDS = dict(zip(SCALE, (_l("Very poor"), _l("Poor"), _l("Fair"), _l("Good"), _l("Very good")), strict=True))


def question(number: int, text: str) -> str:
    """Return a question's text: the office's own, or the usual one in the current language. number: from 1."""
    return text or str(QUESTIONS[number - 1])


def remark(text: str) -> str:
    return text or str(REMARK)

"""Record what came of a call: the answers, the rest until the next one, a question, a wrong number.

A result is never refused because of a claim: what somebody said on the phone is true, whoever holds them meanwhile.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.answers import Representative
from outreach.domain.calls import ANSWERED_AS, CallOutcome, rests_until
from outreach.domain.kinds import AnswerSource
from outreach.domain.problems import Problem
from outreach.extensions import current_settings
from outreach.models import Call, CallQuestion, Invitation, User, WrongNumber
from outreach.services import audit, office_defaults
from outreach.services.answers import record as recording
from outreach.services.answers.evidence import Evidence
from outreach.services.answers.record import Told
from outreach.services.calls import claim
from outreach.services.calls.callee import CalleeKey
from outreach.transactions import insert_into, writing

LONGEST_REST = timedelta(days=60)


class NoActivityTicked(Problem):
    message = "Please tick at least one activity that they answered for."


class AgainWhen(Problem):
    message = "Please write when to call again: a moment that lies ahead, within 60 days."
    field = "again_at"


class QuestionMissing(Problem):
    message = "Please write what they ask."
    field = "question"


class NoNumber(Problem):
    message = "There is no phone number that could be wrong."


@dataclass(frozen=True)
class CallResult:
    """What came of a call. about: ids of the invitations that were spoken of. note: the question, for QUESTION."""

    outcome: CallOutcome
    about: Sequence[int]
    note: str = ""
    again_at: datetime | None = None
    representative: Representative | None = None
    source: AnswerSource = AnswerSource.PHONE
    shown_by: Evidence | None = None  # for an answer


def record(callee: CalleeKey, result: CallResult, *, by: User, now: datetime) -> Call:
    """Record what came of a call.

    Raise NoActivityTicked, AgainWhen, QuestionMissing, NoNumber, InvitationMissing, or what
    recording an answer raises.
    After an answer the caller keeps their claim, because the invitee may be asked to more; otherwise it ends.
    """
    _check(result, now)
    choice = ANSWERED_AS.get(result.outcome)
    with writing() as session:
        if choice is not None:
            told = [Told(id, choice, result.representative, result.note) for id in result.about]
            recording.record_answers(session, told, result.source, by=by, now=now, shown_by=result.shown_by)
        invitee = callee.read(session)
        if result.outcome is CallOutcome.WRONG_NUMBER:
            _mark_wrong(session, invitee.phone, by, now)
        rest = timedelta(hours=current_settings().call_rest_hours)
        hours = office_defaults.mail_hours(session)
        until = rests_until(result.outcome, now=now, again_at=result.again_at, rest=rest, hours=hours)
        started = claim.end(session, callee, by.id, now=now, rests_until=until, keep=choice is not None)
        call = _log(session, callee, result, by, started, now)
        if result.outcome is CallOutcome.QUESTION:
            session.add(CallQuestion(call_id=call.id))
        audit.record(
            session, by, f"{callee.kind}.called", invitee, now=now, name=invitee.display_name,
            outcome=result.outcome.value,
        )  # fmt: skip
    return call


def whatsapp_opened(
    callee: CalleeKey, about: Collection[int], *, by: User, now: datetime, note: str = ""
) -> None:  # fmt: skip
    """Note that a caller opened WhatsApp for an invitee. Whether something was sent, nobody here knows.

    note: with whom else, or about what, if `about` does not say it.
    """
    with writing() as session:
        invitee = callee.read(session)
        _log(session, callee, CallResult(CallOutcome.WHATSAPP_OPENED, tuple(about), note[:300]), by, now, now)
        audit.record(session, by, f"{callee.kind}.whatsapp_opened", invitee, now=now, name=invitee.display_name)


def _check(result: CallResult, now: datetime) -> None:
    match result.outcome:
        case outcome if outcome in ANSWERED_AS and not result.about:
            raise NoActivityTicked
        case CallOutcome.AGAIN if result.again_at is None or not now < result.again_at <= now + LONGEST_REST:
            raise AgainWhen
        case CallOutcome.QUESTION if not result.note.strip():
            raise QuestionMissing


def _log(session: Session, callee: CalleeKey, result: CallResult, by: User, started: datetime, now: datetime) -> Call:
    own = Invitation.person_id if callee.kind == "person" else Invitation.organisation_id
    about = session.scalars(sa.select(Invitation).where(Invitation.id.in_(list(result.about)), own == callee.id)).all()
    call = Call(
        **callee.values, caller_id=by.id, started_at=started, ended_at=now, outcome=result.outcome,
        again_at=result.again_at, note=result.note.strip(), about=list(about),
    )  # fmt: skip
    session.add(call)
    session.flush()
    return call


def _mark_wrong(session: Session, number: str, by: User, now: datetime) -> None:
    if not number:
        raise NoNumber
    marking = insert_into(session, WrongNumber).values(number=number, found_at=now, found_by_id=by.id)
    session.execute(marking.on_conflict_do_nothing())

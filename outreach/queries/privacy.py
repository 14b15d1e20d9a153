"""The requests about personal data, for the staff's list and its download; and what is recorded of a person's consent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from outreach.domain.mail.failures import FailureReason
from outreach.domain.mail.still_true import SkipReason
from outreach.domain.privacy.requests import PrivacyPurpose, RequestClock, RequestKind, clock_of, due_at, is_told
from outreach.domain.states import IN_WORK, TO_SEND, MessageState
from outreach.extensions import db
from outreach.models import Consent, DataRequest, Message, Person, PrivacyMail, User
from outreach.models.consents import IS_CHILD, NEEDS_CONSENT
from outreach.queries.messages.log import reason_named
from outreach.services.privacy import requests as carried_out

MOST = 500


@dataclass(frozen=True)
class RequestRow:
    request: DataRequest
    who: str
    by: str  # who did it; "" by the program
    clock: RequestClock
    due_at: datetime


def requests(*, done: bool, now: datetime) -> list[RequestRow]:
    """Return open requests, the most urgent first, or those that are done, the latest first. One query."""
    wanted = sa.select(DataRequest).options(
        joinedload(DataRequest.person), joinedload(DataRequest.done_by), joinedload(DataRequest.entered_by)
    )
    if done:
        wanted = wanted.where(DataRequest.done_at.is_not(None)).order_by(DataRequest.done_at.desc())
    else:
        wanted = wanted.where(DataRequest.done_at.is_(None)).order_by(DataRequest.received_at)
    return [row_of(one, now=now) for one in db.session.scalars(wanted.limit(MOST)).unique()]


def row_of(one: DataRequest, *, now: datetime) -> RequestRow:
    return RequestRow(
        one,
        one.person.display_name if one.person else one.name,
        one.done_by.display_name if one.done_by else "",
        clock_of(one.received_at, one.done_at, now),
        due_at(one.received_at),
    )


@dataclass(frozen=True)
class Telling:
    """How a person hears what was done. by_mail: a mail went or will go to them. otherwise: staff have to tell them.

    copy_state: of the mail with the link to a copy, while the request waits for it.
    """

    by_mail: bool
    otherwise: bool
    state: MessageState | None = None
    reason: SkipReason | FailureReason | None = None
    copy_state: MessageState | None = None


def telling(one: DataRequest) -> Telling:
    """Return how the person of a request hears of it: of an open one as it stands, of a closed one by its mail."""
    mails = db.session.execute(
        sa.select(PrivacyMail.purpose, Message.state, Message.reason)
        .join(Message, Message.id == PrivacyMail.message_id)
        .where(PrivacyMail.request_id == one.id)
        .order_by(Message.id)
    ).all()
    last = {purpose: (state, reason) for purpose, state, reason in mails}
    copy_state = last.get(PrivacyPurpose.COPY, (None, ""))[0]
    if one.done_at is None:
        session, person = db.session(), one.person
        reached = person is not None and one.kind is not RequestKind.STOP and carried_out.is_reached(session, person)
        return Telling(reached, not reached, copy_state=copy_state)
    if PrivacyPurpose.SETTLED in last:
        state, reason = last[PrivacyPurpose.SETTLED]
        arrives = state in TO_SEND | IN_WORK | {MessageState.SENT}
        return Telling(True, not arrives, state, reason_named(reason))
    # Without an account: done by the program, which told them on their page or by the copy's mail.
    return Telling(
        False, one.done_by_id is not None and (one.kind is RequestKind.STOP or is_told(one.kind, one.outcome))
    )


def open_count() -> int:
    return db.session.scalar(sa.select(sa.func.count(DataRequest.id)).where(DataRequest.done_at.is_(None))) or 0


def people_named(q: str) -> Sequence[Person]:
    """Return a few people whose name or post has these letters, to enter a request for."""
    if not q.strip():
        return []
    like = sa.or_(*(column.icontains(q.strip(), autoescape=True) for column in (Person.name, Person.post)))
    wanted = sa.select(Person).where(Person.erased_at.is_(None), like).order_by(Person.name, Person.id)
    return db.session.scalars(wanted.limit(10)).all()


def consents(person_id: int) -> Sequence[tuple[Consent, str]]:
    """Return a person's consents, the latest first, with who recorded them."""
    rows = db.session.execute(
        sa.select(Consent, sa.func.coalesce(sa.func.nullif(User.name, ""), User.email, ""))
        .outerjoin(User, User.id == Consent.recorded_by_id)
        .where(Consent.person_id == person_id)
        .order_by(Consent.id.desc())
    )
    return [(consent, name) for consent, name in rows]


def needs_consent(person_id: int) -> bool:
    """Return whether somebody has to consent for this person, and nobody has."""
    wanted = sa.select(Person.id).where(Person.id == person_id, NEEDS_CONSENT)
    return db.session.scalar(wanted) is not None


def is_child(person_id: int) -> bool:
    return db.session.scalar(sa.select(Person.id).where(Person.id == person_id, IS_CHILD)) is not None

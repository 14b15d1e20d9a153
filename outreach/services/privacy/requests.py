"""What people ask about their data: taken by their own link or entered by staff, carried out, and kept as a record.

Once a request is done, what the person wrote goes; that it was asked, when, and what was done stays for its period.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.delivery import tokens
from outreach.domain.directory import email_addresses, names, phones
from outreach.domain.kinds import LinkPurpose, MailKind
from outreach.domain.privacy.requests import (
    CONFIRM_FOR,
    COPY_FOR,
    MOST_WORDS,
    TOLD_WITHIN,
    WARNED_BEFORE,
    WITHIN,
    AddressUnconfirmed,
    CopyGone,
    CorrectionMissing,
    Corrections,
    DataRequestMissing,
    PrivacyPurpose,
    RequestDone,
    RequestKind,
    RequestOutcome,
    RequestWay,
    StillWaiting,
    WhatWasDoneMissing,
    is_told,
)
from outreach.domain.states import MessageState
from outreach.extensions import db
from outreach.models import AddressFailure, DataRequest, Message, Organisation, Person, PrivacyMail, User
from outreach.models.consents import NEEDS_CONSENT
from outreach.services import audit, office_defaults
from outreach.services.answers import answer as answering
from outreach.services.directory import people
from outreach.services.invitations import links
from outreach.services.locking import lock_people
from outreach.services.sign_in.administrators import administrators
from outreach.transactions import writing

MOST_OPEN = 5  # of a kind, of one person by their link: a forwarded link neither fills the list nor writes to strangers
MOST_COPIES = 3  # mailed to one person within a day
SAME_WITHIN = timedelta(minutes=10)  # the same request again is a second press
MAILED = "A link to the copy was mailed to the known address."
STOPPED = "Reminders were stopped."
ERASED_BY_STAFF = "The person was erased."


@dataclass(frozen=True)
class Entered:
    """A request as staff enter it. person_id: None for somebody who is not in the address book; name then says who."""

    person_id: int | None
    name: str
    kind: RequestKind
    way: RequestWay
    received_at: datetime
    words: str = ""


def ask_for_copy(token: str, *, now: datetime) -> bool:
    """Mail the link to a copy to the known address; return whether one is on its way. Else the request waits for staff.

    Who holds a forwarded link does not get the copy: it goes to the address that the office knows, if it is theirs alone.
    The request is done once the mail was handed over (`close_mailed`).
    """
    with writing() as session:
        person = _asking(session, token, now)
        known = _same(session, person, RequestKind.COPY, now) or _last_of_many_copies(session, person, now)
        if known is not None:
            return _copy_was_mailed(session, known)
        request = _new(person, RequestKind.COPY, RequestWay.LINK, now)
        session.add(request)
        session.flush()
        mailed = is_reached(session, person)
        if mailed:
            _mail(session, request, PrivacyPurpose.COPY, person.email, now + COPY_FOR, now, person=person)
    return mailed


def close_mailed(now: datetime) -> int:
    """Close the requests whose link to a copy was handed over to the mail server. Return how many."""
    sent = sa.exists().where(
        PrivacyMail.request_id == DataRequest.id, PrivacyMail.purpose == PrivacyPurpose.COPY,
        Message.id == PrivacyMail.message_id, Message.state == MessageState.SENT,
    )  # fmt: skip
    waiting = sa.select(DataRequest).where(DataRequest.kind == RequestKind.COPY, DataRequest.done_at.is_(None), sent)
    if db.session.scalar(waiting.with_only_columns(DataRequest.id).limit(1)) is None:
        return 0
    with writing() as session:
        locked = waiting.order_by(DataRequest.id).with_for_update(of=DataRequest, skip_locked=True)
        requests = session.scalars(locked).all()
        for request in requests:
            _close(request, RequestOutcome.DONE, MAILED, None, now)
    return len(requests)


def ask_to_correct(token: str, wanted: Corrections, *, now: datetime) -> DataRequest:
    """Take what should be corrected, for staff to check. A new address has to be confirmed there; the old one is told.

    Raise CorrectionMissing, StillWaiting, or what email_addresses.address and phones.number raise.
    """
    checked = Corrections(
        name=names.tidy(wanted.name)[:160],
        post=names.tidy(wanted.post)[:160],
        phone=phones.number(wanted.phone) if wanted.phone.strip() else "",
        email=email_addresses.address(wanted.email) if wanted.email.strip() else "",
    )
    if not checked.given:
        raise CorrectionMissing
    with writing() as session:
        person = _asking(session, token, now)
        known = _same(session, person, RequestKind.CORRECT, now)
        if known is not None and known.wanted == checked.given:
            return known
        _refuse_too_many(session, person, RequestKind.CORRECT)
        request = _new(person, RequestKind.CORRECT, RequestWay.LINK, now, wanted=checked.given)
        session.add(request)
        session.flush()
        if checked.email and checked.email != person.email:
            _mail(session, request, PrivacyPurpose.CONFIRM, checked.email, now + CONFIRM_FOR, now, person=person)
            if person.email:
                _mail(session, request, PrivacyPurpose.CHANGED, person.email, now + CONFIRM_FOR, now, person=person)
    return request


def ask_to_erase(token: str, *, now: datetime) -> DataRequest:
    """Take the request to be erased. Staff check first that it is the person who asks."""
    return _ask(token, RequestKind.ERASE, "", now)


def ask_other(token: str, words: str, *, now: datetime) -> DataRequest:
    return _ask(token, RequestKind.OTHER, words.strip()[:MOST_WORDS], now)


def stop(token: str, *, now: datetime, staff: User | None) -> None:
    """Stop reminders at once, and keep that it was asked."""
    answering.stop_reminders(token, now=now, staff=staff)
    with writing() as session:
        person = _asking(session, token, now)
        if _same(session, person, RequestKind.STOP, now) is None:
            request = _new(person, RequestKind.STOP, RequestWay.LINK, now)
            _close(request, RequestOutcome.DONE, STOPPED, None, now)
            session.add(request)


def confirm_address(token: str, *, now: datetime) -> DataRequest:
    """Note that the new address is the person's: they opened the link that was mailed there. Raise CopyGone."""
    with writing() as session:
        request = _by_nonce(session, token, LinkPurpose.ADDRESS, CONFIRM_FOR, now)
        if request.done_at is not None:
            raise CopyGone
        request.confirmed_at = request.confirmed_at or now
    return request


def opened(token: str, purpose: LinkPurpose, *, now: datetime) -> DataRequest:
    """Return the request whose mailed link this is. Raise CopyGone."""
    return _by_nonce(db.session(), token, purpose, COPY_FOR if purpose is LinkPurpose.COPY else CONFIRM_FOR, now)


def enter(one: Entered, *, by: User | None, now: datetime) -> DataRequest:
    """Enter a request that came by phone, paper or mail. Its time counts from when it came."""
    with writing() as session:
        person = people.get(one.person_id) if one.person_id else None
        request = _new(person, one.kind, one.way, min(one.received_at, now), words=one.words.strip()[:MOST_WORDS])
        request.name = "" if person else names.tidy(one.name)[:160]
        request.entered_by_id = by.id if by else None
        session.add(request)
        audit.record(session, by, "data_request.entered", request, now=now)
    return request


def apply_corrections(request_id: int, *, by: User, now: datetime, checked: bool = False) -> DataRequest:
    """Write what the person asked to have corrected, and close the request. The former address is told of a new one.

    checked: staff have checked a new address that nobody confirmed. Raise AddressUnconfirmed, or what editing a person raises.
    """
    person_id = get(request_id).person_id
    with writing() as session:
        lock_people(session, [person_id] if person_id else [])
        request = _open(session, request_id)
        if request.person_id is None or request.person_id != person_id:
            raise RequestDone
        person = people.get(request.person_id)
        values = people.values_of(person)
        wanted = {name: value for name, value in request.wanted.items() if name in ("name", "post", "phone", "email")}
        moves = wanted.get("email", values.email) != values.email
        if moves and request.confirmed_at is None and not checked:
            raise AddressUnconfirmed
        people.correct(session, person, replace(values, namesake=True, **wanted), by=by, now=now)
        if moves and values.email:
            _mail(session, request, PrivacyPurpose.FORMER, values.email, now + TOLD_WITHIN, now, person=person)
        _settle(session, request, RequestOutcome.DONE, ", ".join(sorted(wanted)), by=by, now=now)
    return request


def settle(request_id: int, outcome: RequestOutcome, what_done: str, *, by: User | None, now: datetime) -> DataRequest:
    """Close a request with what was done, or why not, and tell the person if a mail reaches them alone.

    Raise DataRequestMissing, RequestDone or WhatWasDoneMissing.
    """
    if not what_done.strip():
        raise WhatWasDoneMissing
    with writing() as session:
        request = _open(session, request_id)
        _settle(session, request, outcome, what_done, by=by, now=now)
    return request


def _open(session: Session, request_id: int) -> DataRequest:
    """Return an open request, locked for the caller's transaction. Raise DataRequestMissing or RequestDone."""
    request = session.get(DataRequest, request_id, with_for_update={"of": DataRequest})
    if request is None:
        raise DataRequestMissing
    if request.done_at is not None:
        raise RequestDone
    return request


def _settle(
    session: Session, request: DataRequest, outcome: RequestOutcome, what_done: str, *, by: User | None, now: datetime
) -> None:
    _close(request, outcome, what_done.strip()[:500], by, now)
    audit.record(session, by, "data_request.settled", request, now=now, outcome=outcome.value)
    person = request.person
    if person is not None and is_told(request.kind, outcome) and is_reached(session, person):
        _mail(session, request, PrivacyPurpose.SETTLED, person.email, now + TOLD_WITHIN, now, person=person)


def close_all_of(session: Session, person: Person, *, by: User | None, now: datetime) -> None:
    """Close the open requests of a person who is erased, and take their words out of all. In the caller's transaction."""
    own = sa.select(DataRequest.id).where(DataRequest.person_id == person.id)
    addressed = sa.update(PrivacyMail).where(PrivacyMail.request_id.in_(own)).values(address="")
    session.execute(addressed.execution_options(synchronize_session=False))
    for request in session.scalars(sa.select(DataRequest).where(DataRequest.person_id == person.id)):
        if request.done_at is None:
            _close(request, RequestOutcome.DONE, ERASED_BY_STAFF, by, now)
        request.wanted, request.words, request.name = {}, "", ""


def get(request_id: int) -> DataRequest:
    """Return a request. Raise DataRequestMissing."""
    request = db.session.get(DataRequest, request_id)
    if request is None:
        raise DataRequestMissing
    return request


def remind(now: datetime) -> int:
    """Write the mails to administrators about requests that are due within a day, or overdue; each once. Return how many."""
    written = 0
    with writing() as session:
        open_ = session.scalars(
            sa.select(DataRequest)
            .where(DataRequest.done_at.is_(None), DataRequest.received_at <= now - WITHIN + WARNED_BEFORE)
            .order_by(DataRequest.id)
            .with_for_update(of=DataRequest, skip_locked=True)
        ).all()
        for request in open_:
            overdue = request.received_at < now - WITHIN
            if overdue and request.overdue_told_at is None:
                request.overdue_told_at = now
                purpose = PrivacyPurpose.OVERDUE
            elif not overdue and request.warned_at is None:
                request.warned_at = now
                purpose = PrivacyPurpose.DUE_SOON
            else:
                continue
            for user in administrators(session, now=now):
                _mail(session, request, purpose, user.email, now + WARNED_BEFORE, now, user=user)
                written += 1
    return written


def has_own_address(session: Session, person: Person) -> bool:
    """Return whether a mail reaches the person and nobody else: an address that no other record has, and that takes mail."""
    if not person.email or person.shares_phone:
        return False
    same = sa.func.lower(Person.email) == person.email.lower()
    others = sa.exists().where(same, Person.id != person.id, Person.erased_at.is_(None))
    offices = sa.exists().where(sa.func.lower(Organisation.email) == person.email.lower())
    blocked = sa.exists().where(
        AddressFailure.address == email_addresses.key(person.email), AddressFailure.blocked_at.is_not(None)
    )
    return not session.scalar(sa.select(sa.or_(others, offices, blocked)))


def is_reached(session: Session, person: Person) -> bool:
    """Return whether a mail may go to the person about their data: it reaches nobody else, and no consent is missing."""
    return person.erased_at is None and has_own_address(session, person) and not _waits_for_consent(session, person)


def _copy_was_mailed(session: Session, request: DataRequest) -> bool:
    """Return whether the link to this copy arrived or is on its way."""
    lost = (MessageState.FAILED, MessageState.SKIPPED, MessageState.CANCELLED)
    mails = sa.select(PrivacyMail.message_id).join(PrivacyMail.message).where(
        PrivacyMail.request_id == request.id, PrivacyMail.purpose == PrivacyPurpose.COPY, Message.state.not_in(lost)
    )  # fmt: skip
    return session.scalar(mails.limit(1)) is not None


def _waits_for_consent(session: Session, person: Person) -> bool:
    """Return whether no mail goes to the person because a parent has not consented yet. Staff then give the copy."""
    return session.scalar(sa.select(Person.id).where(Person.id == person.id, NEEDS_CONSENT)) is not None


def link_of(request: DataRequest, purpose: LinkPurpose) -> str:
    """Return the token of a request's own page."""
    return tokens.tokens_by_nonce(purpose)(request.nonce)


def _ask(token: str, kind: RequestKind, words: str, now: datetime) -> DataRequest:
    with writing() as session:
        person = _asking(session, token, now)
        request = _same(session, person, kind, now)
        if request is None or request.words != words:
            _refuse_too_many(session, person, kind)
            request = _new(person, kind, RequestWay.LINK, now, words=words)
            session.add(request)
    return request


def _asking(session: Session, token: str, now: datetime) -> Person:
    """Return the person whose own link this is, not that of their adjutant. Raise LinkUnknown and the like."""
    link = links.open_link(token, now=now)
    if link.person is None or tokens.nonce_of(token, LinkPurpose.ANSWER) is None:
        raise links.LinkUnknown
    session.get(Person, link.person.id, with_for_update={"key_share": True})
    return link.person


def _same(session: Session, person: Person, kind: RequestKind, now: datetime) -> DataRequest | None:
    """Return the request of this kind that they have just made, or the last open one if they made very many."""
    own = sa.select(DataRequest).where(DataRequest.person_id == person.id, DataRequest.kind == kind)
    just = session.scalar(
        own.where(DataRequest.received_at > now - SAME_WITHIN).order_by(DataRequest.id.desc()).limit(1)
    )
    if just is not None:
        return just
    waiting = session.scalars(own.where(DataRequest.done_at.is_(None)).order_by(DataRequest.id.desc())).all()
    return waiting[0] if len(waiting) >= MOST_OPEN else None


def _refuse_too_many(session: Session, person: Person, kind: RequestKind) -> None:
    """Raise StillWaiting if so many of the person's requests wait that more would help nobody."""
    waiting = sa.select(sa.func.count()).where(
        DataRequest.person_id == person.id, DataRequest.kind == kind, DataRequest.done_at.is_(None)
    )
    if (session.scalar(waiting) or 0) >= MOST_OPEN:
        raise StillWaiting


def _last_of_many_copies(session: Session, person: Person, now: datetime) -> DataRequest | None:
    """Return the last copy that was asked for if there were many within a day: their mails would only annoy its owner."""
    copies = (
        sa.select(DataRequest)
        .where(DataRequest.person_id == person.id, DataRequest.kind == RequestKind.COPY)
        .where(DataRequest.received_at > now - timedelta(days=1))
        .order_by(DataRequest.id.desc())
    )
    made = session.scalars(copies).all()
    return made[0] if len(made) >= MOST_COPIES else None


def _new(
    person: Person | None,
    kind: RequestKind,
    way: RequestWay,
    now: datetime,
    *,
    words: str = "",
    wanted: dict[str, str] | None = None,
) -> DataRequest:
    return DataRequest(
        person_id=person.id if person else None, kind=kind, way=way, received_at=now, words=words, wanted=wanted or {},
        nonce=tokens.new_nonce(), what_done="",
    )  # fmt: skip


def _close(request: DataRequest, outcome: RequestOutcome, what_done: str, by: User | None, now: datetime) -> None:
    request.outcome, request.what_done, request.done_at = outcome, what_done, now
    request.done_by_id = by.id if by else None
    request.wanted, request.words, request.name = {}, "", ""


def _by_nonce(session: Session, token: str, purpose: LinkPurpose, valid: timedelta, now: datetime) -> DataRequest:
    nonce = tokens.nonce_of(token, purpose)
    request = session.scalar(sa.select(DataRequest).where(DataRequest.nonce == nonce)) if nonce else None
    kind = RequestKind.COPY if purpose is LinkPurpose.COPY else RequestKind.CORRECT
    if request is None or request.kind is not kind or now >= request.received_at + valid:
        raise CopyGone
    if request.person is None or request.person.erased_at is not None:
        raise CopyGone
    return request


def _mail(
    session: Session,
    request: DataRequest,
    purpose: PrivacyPurpose,
    address: str,
    expires_at: datetime,
    now: datetime,
    *,
    person: Person | None = None,
    user: User | None = None,
) -> None:
    """Add a mail about a request to the caller's transaction."""
    message = Message(
        person_id=person.id if person else None, user_id=user.id if user else None, kind=MailKind.PRIVACY,
        local_day=now.astimezone(office_defaults.zone(session)).date(), due_at=now, expires_at=expires_at,
    )  # fmt: skip
    session.add(message)
    session.flush()
    session.add(PrivacyMail(message_id=message.id, request_id=request.id, purpose=purpose, address=address))

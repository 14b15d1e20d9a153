"""Remind the owners of follow-ups: one mail an owner and day, with all that is due. The outbox sends them.

delivery/mail/kinds/follow_ups.py checks each line once more when the mail is sent.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from outreach.domain.directory import email_addresses
from outreach.domain.kinds import MailKind
from outreach.domain.minutes import follow_ups as rules
from outreach.domain.states import FollowUpState
from outreach.extensions import db
from outreach.models import FollowUp, FollowUpLine, Message, Minutes, Office, the_office
from outreach.services import addresses, office_defaults
from outreach.services.locking import lock_ticks
from outreach.services.reminders import audiences
from outreach.transactions import writing

AT = time(8, 0)  # in the office's zone
USEFUL_FOR = timedelta(days=2)
CHUNK = 500  # owners in one statement
Owner = tuple[int | None, int | None]  # a person's id, or an organisation's


def tick(now: datetime) -> int:
    """Write the reminders that are due today, from AT on and in the office's hours for mails; return how many mails.

    Only of minutes that were approved. Owners without an address get none: they stand in the list with their number.
    Whoever has a mail today already gets it tomorrow, unless it is due tomorrow or before.
    """
    office = office_defaults.office(db.session)
    some = sa.select(sa.exists().where(FollowUp.state == FollowUpState.OPEN))
    waits = office is None or not db.session.scalar(some)
    db.session.rollback()
    if waits:
        return 0
    with writing() as session:
        lock_ticks(session)
        office = office_defaults.office(session)
        if office is None:
            return 0
        local = now.astimezone(office.zone)
        if local.time() < AT or office.mail_hours.opening(now) is not None:
            return 0
        due = _due(session, office, local.date())
        had = _had_a_mail(session, list(due), local.date(), office.zone)
        written = 0
        for owner, rows in due.items():
            if owner in had and all((one.due_on - local.date()).days > 1 for one, _lead in rows):
                continue
            _write(session, owner, rows, local.date(), now)
            written += 1
    return written


def leads(session: Session) -> tuple[int, ...]:
    """Return how many days before its day the owner of a follow-up is reminded, by the office's setting."""
    text = session.scalar(the_office(Office.follow_up_days))
    return rules.LEADS if text is None else rules.read_leads(text)


def _due(session: Session, office: Office, today: date) -> Mapping[Owner, list[tuple[FollowUp, int]]]:
    set_leads = rules.read_leads(office.follow_up_days)
    latest = today + timedelta(days=max(set_leads, default=0))
    is_due = (FollowUp.state == FollowUpState.OPEN, FollowUp.due_on <= latest, Minutes.approved_at.is_not(None))
    found = session.scalars(
        sa.select(FollowUp)
        .join(FollowUp.minutes)
        .where(*is_due)
        .options(joinedload(FollowUp.person), joinedload(FollowUp.organisation))
        .order_by(FollowUp.due_on, FollowUp.id)
    ).all()
    told: dict[tuple[int, date], set[int]] = defaultdict(set)
    for line in session.scalars(
        sa.select(FollowUpLine).join(FollowUpLine.follow_up).join(FollowUp.minutes).where(*is_due)
    ):
        told[line.follow_up_id, line.due_on].add(line.lead)
    blocked = addresses.among([one.owner.email for one in found])
    due: dict[Owner, list[tuple[FollowUp, int]]] = defaultdict(list)
    for one in found:
        owner = one.owner
        if not owner.email or email_addresses.key(owner.email) in blocked or owner.reminders_stopped_at is not None:
            continue
        lead = rules.lead_today(one.due_on, one.noted_on, today, set_leads, told[one.id, one.due_on])
        if lead is not None:
            due[one.person_id, one.organisation_id].append((one, lead))
    return due


def _had_a_mail(session: Session, owners: Sequence[Owner], day: date, zone: ZoneInfo) -> set[Owner]:
    todays = sa.and_(audiences.is_mail_of(day, zone, joinable=True), audiences.SENT_BY_ITSELF)
    found: set[Owner] = set()
    for start in range(0, len(owners), CHUNK):
        some = owners[start : start + CHUNK]
        people = [person_id for person_id, _organisation_id in some if person_id is not None]
        offices = [organisation_id for _person_id, organisation_id in some if organisation_id is not None]
        found |= {(row[0], row[1]) for row in session.execute(audiences.those_with(todays, people, offices))}
    return found


def _write(session: Session, owner: Owner, rows: Sequence[tuple[FollowUp, int]], today: date, now: datetime) -> None:
    message = Message(
        person_id=owner[0], organisation_id=owner[1], kind=MailKind.FOLLOW_UP, local_day=today, due_at=now,
        expires_at=now + USEFUL_FOR,
    )  # fmt: skip
    session.add(message)
    session.flush()
    session.add_all(
        FollowUpLine(follow_up_id=one.id, message_id=message.id, due_on=one.due_on, lead=lead) for one, lead in rows
    )

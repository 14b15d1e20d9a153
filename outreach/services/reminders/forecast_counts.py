"""How many get each of the mails of a forecast, and on which day. Which mails these are is reminders/forecast.py. Reads only.

The people are counted by their present states, as services/reminders/audiences.py would choose them (a test holds the two equal);
what depends on answers still to come is given as "at most".
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from outreach.domain.kinds import Audience, MailKind
from outreach.domain.mail.still_true import NOT_IF_STOPPED
from outreach.domain.reminders import ActivityTimes, MissedReason, local_day, may_wait_until, next_morning
from outreach.domain.states import TAKES_A_SEAT, InvitationState
from outreach.extensions import db
from outreach.models import Attendance, Invitation, Message, MessageLine, Organisation, Person
from outreach.services import office_defaults
from outreach.services.reminders import expand as expanding

DEPENDS_ON_ANSWERS = frozenset({Audience.UNANSWERED, Audience.COMING, Audience.PRESENT, Audience.ABSENT})
TOLD = frozenset({MailKind.CHANGE, MailKind.CANCELLATION})


@dataclass(frozen=True)
class ForecastRow:
    """One reminder of one activity.

    people: mails as things stand; at_most: if everyone still open becomes one of them; later: those of `people` who have
    had a mail that day already and get this one the next morning. note: why nothing goes out.
    """

    day: date
    due_at: datetime
    zone: ZoneInfo
    kind: MailKind
    audience: Audience
    activity_title: str
    people: int
    at_most: int
    without_address: int
    later: int = 0
    note: MissedReason | None = None


@dataclass(frozen=True)
class Forecast:
    """mails_per_day: what one person gets on one day is one mail, so this is less than the rows' sum. (day, mails)"""

    rows: tuple[ForecastRow, ...]
    mails_per_day: tuple[tuple[date, int], ...]
    without_address: int


@dataclass(frozen=True)
class PlannedReminder:
    """One reminder of one activity that will be due, or would be. note: why nothing goes out."""

    activity_id: int
    title: str
    zone: ZoneInfo
    due_at: datetime
    kind: MailKind
    audience: Audience
    times: ActivityTimes
    invitation_id: int | None = None
    note: MissedReason | None = None


@dataclass(frozen=True)
class _Reader:
    key: tuple[str, int]
    state: InvitationState
    has_address: bool
    invited_at: datetime | None
    told: bool
    stopped: bool
    present: bool
    represented: bool  # by somebody with an address, who gets the mails of the day itself
    open_seats: int  # of an office's quota: people it may still name


def count(planned: Iterable[PlannedReminder], now: datetime) -> Forecast:
    """Return how many get these mails, and when."""
    planned = sorted(planned, key=lambda p: (p.due_at, p.activity_id))
    readers = _readers({p.activity_id for p in planned})
    had = _had_a_mail_today(now) if planned else set()
    rows = []
    per_day: dict[date, set[tuple[str, int]]] = defaultdict(set)
    unreachable: set[tuple[str, int]] = set()
    for one in planned:
        day = local_day(one.due_at, one.zone)
        those = [] if one.note else [r for r in readers[one.activity_id] if _is_for(one, r, now)]
        mailed = {r.key for r in those if r.has_address}
        without = {r.key for r in those if not r.has_address}
        most = set(mailed)
        if not one.note and one.audience in DEPENDS_ON_ANSWERS:
            open_to = [r for r in readers[one.activity_id] if _may_become(one.audience, r) and not r.stopped]
            most |= {r.key for r in open_to if r.has_address and (not r.represented or _to_this_one(one, r))}
        later = mailed & had if day == local_day(now, one.zone) and _may_wait(one, now) else set()
        per_day[day] |= mailed - later
        per_day[day + timedelta(days=1)] |= later
        unreachable |= without
        rows.append(
            ForecastRow(
                day=day, due_at=one.due_at, zone=one.zone, kind=one.kind, audience=one.audience,
                activity_title=one.title, people=len(mailed),
                at_most=len(most) + _to_be_named(one, readers[one.activity_id]),
                without_address=len(without), later=len(later), note=one.note,
            )
        )  # fmt: skip
    mails = tuple((day, len(keys)) for day, keys in sorted(per_day.items()) if keys)
    return Forecast(tuple(rows), mails, len(unreachable))


def _had_a_mail_today(now: datetime) -> set[tuple[str, int]]:
    """Return ("person", id) and ("organisation", id) of those who have had a mail today or are just getting one."""
    rows = db.session.execute(
        sa.select(Message.person_id, Message.organisation_id, Message.local_day, Message.state).where(
            Message.local_day.in_([now.date() + timedelta(days=n) for n in (-1, 0, 1)]),
            Message.merge_key.is_(None),
            Message.representative_of_id.is_(None),
            Message.state.in_(expanding.GONE),
        )
    )
    today = local_day(now, office_defaults.zone(db.session))
    return {
        ("person", row.person_id) if row.person_id else ("organisation", row.organisation_id)
        for row in rows
        if row.local_day == today
    }


def _to_be_named(one: PlannedReminder, readers: Collection[_Reader]) -> int:
    """Return how many more people offices may name until then, each of whom gets a mail of their own."""
    if one.note or one.audience not in (Audience.COMING, Audience.PRESENT):
        return 0
    gone = (InvitationState.NOT_COMING, InvitationState.WITHDRAWN)
    return sum(r.open_seats for r in readers if r.state not in gone)


def _may_wait(one: PlannedReminder, now: datetime) -> bool:
    latest = may_wait_until(one.kind, one.audience, one.due_at, one.times)
    return latest is not None and next_morning(max(one.due_at, now), one.zone) <= latest


def _readers(activity_ids: Collection[int]) -> dict[int, list[_Reader]]:
    told = sa.exists().where(MessageLine.invitation_id == Invitation.id, MessageLine.message_id == Message.id,
                             Message.sent_at.is_not(None))  # fmt: skip
    present = sa.exists().where(Attendance.invitation_id == Invitation.id, Attendance.present)
    named = aliased(Invitation)
    names = (
        sa.select(sa.func.count())
        .where(named.nominated_under_id == Invitation.id, named.state != InvitationState.WITHDRAWN)
        .scalar_subquery()
    )
    rows = db.session.execute(
        sa.select(
            Invitation.activity_id, Invitation.person_id, Invitation.organisation_id, Invitation.state,
            Invitation.invited_at, Invitation.representative_email,
            (sa.func.coalesce(Person.email, Organisation.email, "") != "").label("has_address"),
            told.label("told"), present.label("present"),
            sa.func.coalesce(Person.reminders_stopped_at, Organisation.reminders_stopped_at).is_not(None).label("stopped"),
            sa.case((Invitation.quota.is_not(None), Invitation.quota - names), else_=0).label("open_seats"),
        )
        .outerjoin(Person, Person.id == Invitation.person_id)
        .outerjoin(Organisation, Organisation.id == Invitation.organisation_id)
        .where(Invitation.activity_id.in_(activity_ids))
    )  # fmt: skip
    found: dict[int, list[_Reader]] = defaultdict(list)
    for row in rows:
        key = ("person", row.person_id) if row.person_id else ("organisation", int(row.organisation_id or 0))
        represented = row.state is InvitationState.REPRESENTED and bool(row.representative_email)
        reader = _Reader(
            key, row.state, bool(row.has_address), row.invited_at, bool(row.told), bool(row.stopped),
            bool(row.present), represented, max(row.open_seats, 0),
        )  # fmt: skip
        found[row.activity_id].append(reader)
        if represented:
            stand_in = (f"representative {row.representative_email.casefold()}", key[1])
            found[row.activity_id].append(replace(reader, key=stand_in, has_address=True))
    return found


def _is_for(planned: PlannedReminder, reader: _Reader, now: datetime) -> bool:
    state = reader.state
    if reader.stopped and (planned.kind in NOT_IF_STOPPED or (planned.kind in TOLD and state not in TAKES_A_SEAT)):
        return False
    invited = (reader.invited_at or now).astimezone(planned.zone).date()
    if planned.kind is MailKind.REMINDER and invited >= local_day(planned.due_at, planned.zone):
        return False  # written to on that very day, or later
    if planned.kind in TOLD and reader.has_address and not reader.told and state not in TAKES_A_SEAT:
        return False  # who has no address may have been told by phone, and is to be called
    if reader.represented and not _to_this_one(planned, reader):
        return False
    match planned.audience:
        case Audience.NEWLY_INVITED:
            return state is InvitationState.PREPARED
        case Audience.UNANSWERED:
            return state in (InvitationState.PREPARED, InvitationState.INVITED, InvitationState.NO_ANSWER)
        case Audience.COMING:
            return state in TAKES_A_SEAT
        case Audience.PRESENT:
            return reader.present
        case Audience.EXPECTED:
            return state not in (InvitationState.PREPARED, InvitationState.NOT_COMING, InvitationState.WITHDRAWN)
        case _:
            return False


def _to_this_one(planned: PlannedReminder, reader: _Reader) -> bool:
    """Whether a mail goes to this one of the two: the invitee, or the representative who has an address."""
    stands_in = reader.key[0].startswith("representative")
    if planned.kind in expanding.ALSO_TO_REPRESENTATIVE:
        return True
    if planned.kind in expanding.ONLY_TO_REPRESENTATIVE and planned.audience is not Audience.UNANSWERED:
        return stands_in
    return not stands_in


def _may_become(audience: Audience, reader: _Reader) -> bool:
    """Whether a reader could still be in this audience when its moment comes."""
    if audience is Audience.UNANSWERED:
        return False  # nobody loses an answer once given
    if audience in (Audience.PRESENT, Audience.ABSENT) and reader.key[0] == "organisation":
        return False  # people are there, not offices
    return reader.state not in (InvitationState.NOT_COMING, InvitationState.WITHDRAWN)

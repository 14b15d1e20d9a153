"""Make, change and delete date polls while they are drafts. Invitees and opening are in polls/ask.py."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain import polls
from outreach.domain.kinds import ActivityKind
from outreach.domain.polls import Proposed
from outreach.domain.problems import Problem
from outreach.domain.states import PollState
from outreach.models import DatePoll, PollSlot, Programme, Region, User, Venue
from outreach.services import audit
from outreach.services.activities.checks import TitleMissing
from outreach.services.locking import PRESSED_TWICE, ProgrammeMissing, Stale, lock_plans
from outreach.services.planning.book import VenueGone
from outreach.transactions import writing


class PollMissing(Problem):
    message = "This date poll does not exist, or has been deleted."


class PollNotADraft(Problem):
    message = "People have been asked already, so what the poll proposes stays as it is. Close it, and make a new one."


class RegionMissing(Problem):
    message = "Please choose one from the list."
    field = "region_code"


@dataclass(frozen=True)
class PollValues:
    """Instants are aware. slots: in any order; stored by their start."""

    title: str
    kind: ActivityKind
    zone: ZoneInfo
    closes_at: datetime
    slots: Sequence[Proposed]
    public_title: str = ""
    note: str = ""
    programme_id: int | None = None
    region_code: str | None = None


def create(values: PollValues, *, by: User | None, now: datetime) -> DatePoll:
    """Make a draft; nobody is notified. Raise a Problem, NoSlots before all others; nothing is made then.

    If the same account has just sent the same form, return the draft that was made of it.
    """
    with writing() as session:
        lock_plans(session)
        poll = DatePoll(coordinator_id=by.id if by else None, state=PollState.DRAFT, created_at=now)
        _fill(session, poll, values, now)
        if (made := _just_made(session, poll, now)) is not None:
            return made
        session.add(poll)
        audit.record(session, by, "date_poll.created", poll, now=now, slots=len(poll.slots))
    return poll


def _just_made(session: Session, wanted: DatePoll, now: datetime) -> DatePoll | None:
    """Return the draft that a second press on the form's button would make again."""
    since = sa.select(DatePoll).where(
        DatePoll.coordinator_id == wanted.coordinator_id,
        DatePoll.state == PollState.DRAFT,
        DatePoll.title == wanted.title,
        DatePoll.created_at > now - PRESSED_TWICE,
        DatePoll.created_at <= now,
    )
    drafts = session.scalars(since.order_by(DatePoll.id)) if wanted.coordinator_id else ()
    return next((made for made in drafts if _facts(made) == _facts(wanted)), None)


def _facts(poll: DatePoll) -> dict[str, object]:
    slots = {(slot.starts_at, slot.ends_at, slot.venue_id) for slot in poll.slots}
    return {field.name: getattr(poll, field.name) for field in fields(PollValues)} | {"slots": slots}


def edit(poll_id: int, values: PollValues, version: int, *, by: User | None, now: datetime) -> DatePoll:
    """Change a draft; raise PollNotADraft once people were asked, Stale if somebody else changed it, or a Problem."""
    with writing() as session:
        poll = poll_for_change(session, poll_id, version)
        if poll.state is not PollState.DRAFT:
            raise PollNotADraft
        _fill(session, poll, values, now)
        audit.record(session, by, "date_poll.edited", poll, now=now, slots=len(poll.slots))
    return poll


def delete_draft(poll_id: int, *, by: User | None, now: datetime) -> None:
    """Delete a draft; raise PollNotADraft once people were asked."""
    with writing() as session:
        poll = poll_for_change(session, poll_id)
        if poll.state is not PollState.DRAFT:
            raise PollNotADraft
        audit.record(session, by, "date_poll.deleted", poll, now=now)
        session.delete(poll)


def poll_for_change(session: Session, poll_id: int, version: int | None = None) -> DatePoll:
    """Return the poll, locked for this transaction; raise PollMissing, or Stale if its version differs."""
    poll = session.get(DatePoll, poll_id, with_for_update={"of": DatePoll}, populate_existing=True)
    if poll is None:
        raise PollMissing
    if version is not None and poll.version != version:
        raise Stale
    return poll


def _fill(session: Session, poll: DatePoll, values: PollValues, now: datetime) -> None:
    polls.check_slots(values.slots)
    if not values.title.strip():
        raise TitleMissing
    polls.check_closing(values.closes_at, [slot.starts_at for slot in values.slots], now)
    if values.programme_id is not None and session.get(Programme, values.programme_id) is None:
        raise ProgrammeMissing(field="programme_id")
    if values.region_code is not None and session.get(Region, values.region_code) is None:
        raise RegionMissing
    venues = {slot.venue_id for slot in values.slots if slot.venue_id is not None}
    if set(session.scalars(sa.select(Venue.id).where(Venue.id.in_(venues)))) != venues:
        raise VenueGone(field="slots")
    poll.title, poll.public_title = values.title.strip(), values.public_title.strip()
    poll.note, poll.kind, poll.zone = values.note.strip(), values.kind, values.zone
    poll.programme_id, poll.region_code = values.programme_id, values.region_code
    poll.closes_at = values.closes_at
    poll.slots = [
        PollSlot(starts_at=slot.starts_at, ends_at=slot.ends_at, venue_id=slot.venue_id)
        for slot in sorted(values.slots, key=lambda slot: (slot.starts_at, slot.ends_at))
    ]

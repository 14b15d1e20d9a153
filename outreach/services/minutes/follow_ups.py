"""Follow-ups: note them, change them, and settle them: at a press by staff, or by their owner through a link."""

from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.delivery import tokens
from outreach.domain.kinds import LinkPurpose
from outreach.domain.minutes.follow_ups import MOST_LETTERS
from outreach.domain.problems import Problem
from outreach.domain.states import FollowUpState
from outreach.extensions import db
from outreach.models import FollowUp, Organisation, Person, User
from outreach.services import audit, office_defaults
from outreach.services.locking import Stale
from outreach.services.minutes import versions
from outreach.transactions import writing


class FollowUpMissing(Problem):
    message = "There is no such task."


class TaskMissing(Problem):
    message = "Please write what is to be done."
    field = "what"


class OwnerMissing(Problem):
    message = "Please choose who takes care of it: one person or one organisation."
    field = "owner"


class DueDayMissing(Problem):
    message = "Please choose until when it is to be done."
    field = "due_on"


class FollowUpLinkUnknown(Problem):
    message = "This link is not complete, or it has been replaced. Please open the link in our latest message."


class FollowUpClosed(Problem):
    message = "This task is settled already. Nothing was changed."


@dataclass(frozen=True)
class FollowUpValues:
    """What staff write. person_id, organisation_id: the owner, one of the two."""

    what: str
    person_id: int | None
    organisation_id: int | None
    due_on: date | None
    note: str = ""


def add(activity_id: int, values: FollowUpValues, *, by: User | None, now: datetime) -> FollowUp:
    """Note a follow-up of an activity's minutes. Raise MinutesMissing, TaskMissing, OwnerMissing or DueDayMissing."""
    with writing() as session:
        minutes = versions.minutes_for_change(session, activity_id)
        kept = _checked(session, values)
        today = now.astimezone(office_defaults.zone(session)).date()
        made = FollowUp(minutes=minutes, noted_on=today, **kept)
        session.add(made)
        audit.record(session, by, "follow_up.noted", made, now=now)
    return made


def change(id_: int, values: FollowUpValues, version: int, *, by: User | None, now: datetime) -> FollowUp:
    """Change a follow-up. Raise FollowUpMissing, Stale, and as add."""
    with writing() as session:
        found = _for_change(session, id_, version)
        kept = _checked(session, values)
        changed = sorted(name for name, value in kept.items() if getattr(found, name) != value)
        if changed:
            if {"person_id", "organisation_id"} & set(changed):
                found.nonce = tokens.new_nonce()  # the former owner's link settles nothing any more
            for name, value in kept.items():
                setattr(found, name, value)
            audit.record(session, by, "follow_up.changed", found, now=now, changed=changed)
    return found


def settle(id_: int, state: FollowUpState, version: int, *, by: User | None, now: datetime) -> FollowUp:
    """Mark a follow-up as done or dropped, or as open again. Raise FollowUpMissing or Stale."""
    with writing() as session:
        found = _for_change(session, id_, version)
        if found.state is not state:
            is_open = state is FollowUpState.OPEN
            found.state = state
            found.settled_at, found.settled_by_id = None if is_open else now, by.id if by and not is_open else None
            audit.record(session, by, f"follow_up.{state.value}", found, now=now)
    return found


def opened(token: str) -> FollowUp:
    """Return the follow-up whose owner's page a link opens; raise FollowUpLinkUnknown. Nothing is changed."""
    return _opened(db.session(), token)


def done_by_owner(token: str, note: str, *, now: datetime) -> FollowUp:
    """Mark a follow-up as done, by its owner's link. Raise FollowUpLinkUnknown or FollowUpClosed.

    The owner's note stands behind that of staff; if both are too long together, it replaces it.
    """
    with writing() as session:
        found = _opened(session, token)
        session.refresh(found, with_for_update={"of": FollowUp})
        _opened(session, token)  # once more: it may have got another owner during the wait
        if found.state is not FollowUpState.OPEN:
            raise FollowUpClosed
        found.state, found.settled_at, found.settled_by_id = FollowUpState.DONE, now, None
        said = " – ".join(filter(None, (found.note, note.strip())))
        found.note = said if len(said) <= MOST_LETTERS else note.strip()[:MOST_LETTERS] or found.note
    return found


def handed_over(id_: int, *, by: User | None, now: datetime) -> None:
    """Record that staff remind the owner by WhatsApp. Raise FollowUpMissing."""
    with writing() as session:
        found = session.get(FollowUp, id_)
        if found is None:
            raise FollowUpMissing
        audit.record(session, by, "follow_up.handed_over", found, now=now)


def _opened(session: Session, token: str) -> FollowUp:
    nonce = tokens.nonce_of(token, LinkPurpose.FOLLOW_UP)
    found = session.scalar(sa.select(FollowUp).where(FollowUp.nonce == nonce)) if nonce else None
    if found is None:
        raise FollowUpLinkUnknown
    return found


def _for_change(session: Session, id_: int, version: int) -> FollowUp:
    found = session.get(FollowUp, id_, with_for_update={"of": FollowUp}, populate_existing=True)
    if found is None:
        raise FollowUpMissing
    if found.version != version:
        raise Stale
    return found


def _checked(session: Session, values: FollowUpValues) -> dict[str, object]:
    what = values.what.strip()
    if not what:
        raise TaskMissing
    if bool(values.person_id) == bool(values.organisation_id):
        raise OwnerMissing
    if values.due_on is None:
        raise DueDayMissing
    known = (
        session.get(Person, values.person_id) if values.person_id else session.get(Organisation, values.organisation_id)
    )
    if known is None or (isinstance(known, Person) and known.erased_at is not None):
        raise OwnerMissing
    return {
        "what": what[:MOST_LETTERS], "person_id": values.person_id or None,
        "organisation_id": values.organisation_id or None, "due_on": values.due_on,
        "note": values.note.strip()[:MOST_LETTERS],
    }  # fmt: skip

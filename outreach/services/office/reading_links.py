"""Links by which a post that has no account, such as the head of office, reads reports, coverage and calendar until a day.

A link counts as long as the account that made it could still make it. Opening one changes nothing but when it was opened.
queries/reports/by_link.py lists the links and gives what only they show.
"""

import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from outreach.domain.directory.names import tidy
from outreach.domain.kinds import StaffRole
from outreach.domain.problems import Problem
from outreach.domain.sign_in.events import SecurityKind
from outreach.extensions import db
from outreach.models import ReadingLink, User
from outreach.services import audit, office_defaults
from outreach.services.office import access
from outreach.services.sign_in.events import security_event
from outreach.transactions import apart, writing

USUAL_DAYS, MOST_DAYS = 30, 366
A_VISIT = timedelta(minutes=30)  # what is opened within it counts as one
NOTED_EVERY = timedelta(minutes=1)
MAKERS = (StaffRole.ADMINISTRATOR, StaffRole.COORDINATOR)


class ReaderUnnamed(Problem):
    message = "Please write for which post the link is, such as Kepala Dinas."
    field = "for_post"


class ReadingDayOdd(Problem):
    message = "Please choose a day from %(first)s to %(last)s."
    field = "ends_on"


class ReadingLinkMissing(Problem):
    message = "There is no such link."


class ReadingLinkOver(Problem):
    message = "This link does not open anything, or no longer. Please ask the office for a new one."


@dataclass(frozen=True)
class MadeLink:
    """A link and its code. The code is in the answer to the request that made it, and stored nowhere."""

    link: ReadingLink
    code: str


def make(for_post: str, ends_on: date | None, *, by: User, now: datetime) -> MadeLink:
    """Make a link. by: an account of the whole office that may change records. Raise ReaderUnnamed or ReadingDayOdd."""
    name = tidy(for_post)[:120]
    if not name:
        raise ReaderUnnamed
    code = secrets.token_urlsafe(32)
    with writing() as session:
        today = now.astimezone(office_defaults.zone(session)).date()
        latest = today + timedelta(days=MOST_DAYS)
        if ends_on is None or not today <= ends_on <= latest:
            raise ReadingDayOdd(first=today, last=latest)
        link = ReadingLink(
            for_post=name, code_hash=_hash(code), ends_on=ends_on, made_by_id=by.id, created_at=now, visits=0
        )
        session.add(link)
        audit.record(session, by, "reading_link.created", link, now=now, ends_on=str(ends_on))
        security_event(SecurityKind.READING_LINK_MADE, by, now=now, link=link.id)
    return MadeLink(link, code)


def end(link_id: int, *, by: User, now: datetime) -> ReadingLink:
    """End a link at once. Ending it again changes nothing. Raise ReadingLinkMissing."""
    with writing() as session:
        link = session.get(ReadingLink, link_id, with_for_update={"of": ReadingLink}, populate_existing=True)
        if link is None:
            raise ReadingLinkMissing
        if link.ended_at is None:
            link.ended_at = now
            audit.record(session, by, "reading_link.ended", link, now=now)
            security_event(SecurityKind.READING_LINK_ENDED, by, now=now, link=link.id)
    return link


def opened(code: str, *, now: datetime) -> ReadingLink:
    """Return the link with this code. Raise ReadingLinkOver, in the same words for one that never was."""
    link = db.session.scalar(sa.select(ReadingLink).where(ReadingLink.code_hash == _hash(code)))
    if link is None or not counts(link, now=now):
        raise ReadingLinkOver
    return link


def counts(link: ReadingLink, *, now: datetime) -> bool:
    """Return whether a link opens: not ended, its last day not over, and its maker may still make one."""
    today = now.astimezone(office_defaults.zone(db.session())).date()
    return link.ended_at is None and today <= link.ends_on and may_make(link.made_by, now=now)


def may_make(user: User, *, now: datetime) -> bool:
    if not user.active or access.has_ended(user, now=now):
        return False
    role, reach = access.access_of(user, now=now)
    return role in MAKERS and reach.is_whole


def note_opening(link: ReadingLink, *, now: datetime) -> None:
    """Store when a link was opened last, at most once a minute, and count a visit if it is a new one."""
    if link.opened_at is not None and now - link.opened_at < NOTED_EVERY:
        return
    is_new = sa.or_(ReadingLink.opened_at.is_(None), ReadingLink.opened_at < now - A_VISIT)
    noted = (
        sa.update(ReadingLink)
        .where(ReadingLink.id == link.id)
        .values(visits=ReadingLink.visits + sa.case((is_new, 1), else_=0), opened_at=now)
    )
    try:
        with apart(patience_s=0) as session:
            session.execute(noted)
    except OperationalError:
        return  # a busy database does not hold up the page; the next one writes it


def _hash(code: str) -> str:
    return sha256(code.encode()).hexdigest()

"""The search over everything: people, organisations, programmes, activities and messages. Reads only.

It shows the first few of each; the lists of queries/directory/lists.py, activities/lists.py and messages/log.py have all. Each
table is read once, because no index helps to find letters inside a text.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from outreach.domain.states import ActivityState
from outreach.extensions import db
from outreach.models import Activity, Message, Organisation, Person, Programme, Venue
from outreach.queries.activities.lists import activity_matches, programme_matches
from outreach.queries.directory.lists import any_holds, organisation_matches, person_matches, words_of
from outreach.queries.posts import posts_select

SHOWN = 6  # of each kind
SHORTEST, LONGEST = 2, 100  # letters
NEWEST_MESSAGES = 10_000  # only these are searched here; the message log searches all
MOST_RANKED = 3_000  # more matches than that are not sorted: another search word helps more
MOST_RECIPIENTS = 200  # found people whose messages are looked for


class SearchSubject(StrEnum):
    """What can be found, in the order of the page."""

    PEOPLE = "people"
    POSTS = "posts"
    ORGANISATIONS = "organisations"
    PROGRAMMES = "programmes"
    ACTIVITIES = "activities"
    MESSAGES = "messages"


@dataclass(frozen=True)
class FoundGroup:
    """The first rows of one kind. more: there are further ones."""

    subject: SearchSubject
    rows: Sequence[Any]
    more: bool


@dataclass(frozen=True)
class Found:
    """q: what was searched for, as the lists take it. too_short: nothing was searched."""

    q: str
    groups: tuple[FoundGroup, ...] = ()
    too_short: bool = False


def find(written: str, *, now: datetime) -> Found:
    """Return what matches all words of `written`, in groups; groups without a match are left out. A fixed number of
    statements.
    """
    q = " ".join(words_of(written[:LONGEST]))
    if len(q) < SHORTEST:
        return Found(q, too_short=True)
    people = _ids(Person, [Person.erased_at.is_(None), *person_matches(q)], q)
    organisations = _ids(Organisation, organisation_matches(q), q)
    selects = {
        SearchSubject.PEOPLE: _of(Person, people).options(joinedload(Person.organisation), joinedload(Person.region)),
        SearchSubject.POSTS: posts_select(q),
        SearchSubject.ORGANISATIONS: _of(Organisation, organisations).options(joinedload(Organisation.region)),
        SearchSubject.PROGRAMMES: _programmes(q),
        SearchSubject.ACTIVITIES: _activities(q, now),
        SearchSubject.MESSAGES: _messages(q, people, organisations),
    }
    groups = []
    for subject, select in selects.items():
        rows = db.session.scalars(select.limit(SHOWN + 1)).unique().all()  # an account is joined with its roles
        if rows:
            groups.append(FoundGroup(subject, rows[:SHOWN], len(rows) > SHOWN))
    return Found(q, tuple(groups))


def _ids(table: Any, conditions: Sequence[sa.ColumnElement[bool]], q: str) -> list[int]:
    """Return the ids of the first matches: names that begin with `q`, then those with a word that does, then all others."""
    matches = sa.select(table.id, table.name).where(*conditions).limit(MOST_RANKED).subquery()
    begins, inside = (
        matches.c.name.istartswith(q, autoescape=True),
        matches.c.name.icontains(f" {q}", autoescape=True),
    )
    rank = sa.case((begins, 0), (inside, 1), else_=2)
    found = sa.select(matches.c.id).order_by(rank, matches.c.name, matches.c.id)
    return list(db.session.scalars(found.limit(MOST_RECIPIENTS)))


def _of(table: Any, ids: Sequence[int]) -> sa.Select[Any]:
    """Select the first of these rows, in the order of the ids."""
    first = ids[: SHOWN + 1]
    place = sa.case({id_: place for place, id_ in enumerate(first)}, value=table.id) if first else table.id
    return sa.select(table).where(table.id.in_(first)).order_by(place)


def _programmes(q: str) -> sa.Select[Any]:
    return sa.select(Programme).where(*programme_matches(q)).order_by(Programme.starts_on.desc(), Programme.id.desc())


def _activities(q: str, now: datetime) -> sa.Select[Any]:
    """Select activities still to come, the next first; then past ones, the latest first."""
    ahead = sa.or_(Activity.ends_at >= now, Activity.state == ActivityState.POSTPONED)
    return (
        sa.select(Activity)
        .outerjoin(Venue, Venue.id == Activity.venue_id)
        .where(*activity_matches(q))
        .options(joinedload(Activity.venue), joinedload(Activity.programme))
        .order_by(~ahead, sa.case((ahead, Activity.starts_at)), Activity.starts_at.desc(), Activity.id)
    )


def _messages(q: str, people: Sequence[int], organisations: Sequence[int]) -> sa.Select[Any]:
    """Select messages with these words, or to somebody who was found, the newest first."""
    oldest = sa.select(sa.func.max(Message.id) - NEWEST_MESSAGES).scalar_subquery()
    return (
        sa.select(Message)
        .where(
            Message.id > oldest,
            sa.or_(
                Message.person_id.in_(people),
                Message.organisation_id.in_(organisations),
                sa.and_(*(any_holds(word, Message.address, Message.subject) for word in words_of(q))),
            ),
        )
        .options(joinedload(Message.person), joinedload(Message.organisation), joinedload(Message.user))
        .order_by(Message.id.desc())
    )

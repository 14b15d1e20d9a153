"""Who holds a post on a day, and how the holder is addressed.

Pure functions on terms. services/posts.py stores terms, services/invitations/post_holders.py lets invitations follow them.
"""

from collections.abc import Collection, Iterable
from datetime import date
from typing import NamedTuple

from outreach.domain.kinds import HolderKind, Role
from outreach.domain.problems import Problem

_RANK = {kind: place for place, kind in enumerate(HolderKind)}
BEFORE_THE_NAME = {HolderKind.DAILY_ACTING: "Plh. ", HolderKind.ACTING: "Plt. ", HolderKind.DEFINITIVE: ""}


class HolderTerm(NamedTuple):
    """Somebody holds a post from one day to another, both included. until_on: None while no end is known."""

    person_id: int
    from_on: date
    until_on: date | None = None
    kind: HolderKind = HolderKind.DEFINITIVE
    id: int = 0

    def covers(self, day: date) -> bool:
        return self.from_on <= day and (self.until_on is None or day <= self.until_on)


class ToPost(NamedTuple):
    """An invitation to a post, with the person who has it now, and the post's terms."""

    id: int
    role: Role
    person_id: int
    terms: tuple[HolderTerm, ...]


class NobodyHolds(Problem):
    message = "Nobody holds the post “%(post)s” on %(day)s. Please enter who does, then try again."


def holder_on(terms: Iterable[HolderTerm], day: date) -> HolderTerm | None:
    """Return who holds the post on this day; None if nobody does.

    A Plh. comes before a Plt., a Plt. before the definitive holder. Of the same kind, who began later comes first.
    """
    held = [term for term in terms if term.covers(day)]
    return min(held, key=lambda term: (_RANK[term.kind], -term.from_on.toordinal(), -term.id), default=None)


def passed_on(invitations: Iterable[ToPost], day: date, invited: Collection[tuple[Role, int]]) -> dict[int, HolderTerm]:
    """Return the invitations of an activity that go to another person if it takes place on this day, by id, with the new holder.

    invited: (role, person id) of all invitations to the activity. Who is or was invited in the same role already gets no
    second invitation; then it stays where it is, as it does if nobody holds the post.
    """
    own, found = set(invited), {}
    for one in invitations:
        term = holder_on(one.terms, day)
        if term is None or term.person_id == one.person_id or (one.role, term.person_id) in own:
            continue
        own = (own - {(one.role, one.person_id)}) | {(one.role, term.person_id)}
        found[one.id] = term
    return found


def next_after(terms: Iterable[HolderTerm], day: date) -> HolderTerm | None:
    """Return the term with which another person begins to hold the post after this day; None if none is known."""
    known = list(terms)
    now = holder_on(known, day)
    for change in sorted({turn for term in known for turn in _turns(term) if turn > day}):
        then = holder_on(known, change)
        if then is not None and (now is None or then.person_id != now.person_id):
            return then
    return None


def overlapping(terms: Iterable[HolderTerm], new: HolderTerm) -> HolderTerm | None:
    """Return the definitive term that another definitive term would overlap; None if it may be stored."""
    if new.kind is not HolderKind.DEFINITIVE:
        return None
    return next((term for term in terms if term.kind is new.kind and term.id != new.id and _meet(term, new)), None)


def title(post: str, kind: HolderKind) -> str:
    """Return the post as its holder has it: "Plh. Kapolres Metro"."""
    return BEFORE_THE_NAME[kind] + post


def _meet(one: HolderTerm, other: HolderTerm) -> bool:
    return one.from_on <= (other.until_on or date.max) and other.from_on <= (one.until_on or date.max)


def _turns(term: HolderTerm) -> list[date]:
    after = [] if term.until_on in (None, date.max) else [date.fromordinal(term.until_on.toordinal() + 1)]
    return [term.from_on, *after]

"""What the pages of letters show: the list, and one letter with its history. Reads only."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from outreach import codec
from outreach.domain.letters.values import (
    CHANGEABLE,
    STANDS,
    LetterSettings,
    LetterState,
    LetterValues,
)
from outreach.extensions import db
from outreach.models import (
    Activity,
    AuditEntry,
    Invitation,
    Letter,
    LetterVersion,
    User,
    letter_invitation,
    the_office,
)
from outreach.queries.letters import mailed as mailed_letters
from outreach.queries.letters.mailed import MailedLetter
from outreach.queries.paging import Page, paged
from outreach.services.letters import plan
from outreach.services.letters import settings as letter_settings
from outreach.services.letters.settings import StoredSettings
from outreach.services.letters.versions import LetterMissing
from outreach.services.letters.word import form_in_use


class LetterGroup(StrEnum):
    OPEN = "open"
    SIGNED = "signed"
    UNMAILED = "unmailed"  # signed, and somebody on it has not had it by mail
    ENDED = "ended"


STATES: Mapping[LetterGroup, Collection[LetterState]] = {
    LetterGroup.OPEN: CHANGEABLE,
    LetterGroup.SIGNED: STANDS,
    LetterGroup.UNMAILED: STANDS,
    LetterGroup.ENDED: (LetterState.CORRECTED, LetterState.CANCELLED),
}


@dataclass(frozen=True)
class LetterFilters:
    group: LetterGroup | None = None
    q: str = ""
    activity_id: int | None = None
    programme_id: int | None = None

    @property
    def query(self) -> dict[str, Any]:
        """Return the filters as values of an address."""
        given = {"show": self.group, "q": self.q, "activity": self.activity_id, "programme": self.programme_id}
        return {name: value for name, value in given.items() if value}


@dataclass(frozen=True)
class LetterRow:
    """addressees: as they stand on the letter, the first line of each. mailed: None until it is signed."""

    letter: Letter
    addressees: Sequence[str]
    activities: Sequence[Activity]
    mailed: MailedLetter | None = None


@dataclass(frozen=True)
class LetterPage:
    """values: what the letter says now. log: its entries of the audit log as rows of at, user, action, detail."""

    letter: Letter
    values: LetterValues
    activities: Sequence[Activity]
    invitations: int
    log: Sequence[Any]
    plan_changed: bool = False  # day, time, place or agenda differ by now


def listed(filters: LetterFilters, number: int = 1) -> Page:
    """Return a page of LetterRow, the latest first. Five queries."""
    page = paged(_select(filters), number, q=filters.q)
    return Page(list(_rows(page.items)), page.total, page.number, page.per_page, page.q, page.more)


def all_rows(filters: LetterFilters) -> Iterator[LetterRow]:
    """Yield the rows of the whole list, for a download."""
    letters = list(db.session.scalars(_select(filters)))
    for start in range(0, len(letters), 500):
        yield from _rows(letters[start : start + 500])


def ids_of(filters: LetterFilters, most: int) -> list[int]:
    """Return the ids of the list's letters, at most this many and one more."""
    return list(db.session.scalars(_select(filters).with_only_columns(Letter.id).limit(most + 1)))


def letter_page(letter_id: int) -> LetterPage:
    """Return one letter with its versions and what was done with it; raise LetterMissing."""
    letter = db.session.scalar(
        sa.select(Letter)
        .where(Letter.id == letter_id)
        .options(
            selectinload(Letter.versions).joinedload(LetterVersion.made_by),
            joinedload(Letter.corrects),
            selectinload(Letter.corrected_by),
            joinedload(Letter.signed_file),
        )
    )
    if letter is None:
        raise LetterMissing
    activities = _activities([letter.id]).get(letter.id, [])
    invitations = sa.select(sa.func.count()).where(letter_invitation.c.letter_id == letter.id)
    log = db.session.execute(
        sa.select(
            AuditEntry.at,
            sa.func.coalesce(sa.func.nullif(User.name, ""), User.email, "").label("user"),
            AuditEntry.action,
            AuditEntry.detail,
        )
        .outerjoin(User, User.id == AuditEntry.user_id)
        .where(AuditEntry.subject_type == Letter.__tablename__, AuditEntry.subject_id == letter.id)
        .order_by(AuditEntry.id.desc())
    ).all()
    values = codec.from_json(LetterValues, letter.versions[-1].values)
    changed = plan.has_changed(db.session, letter)
    return LetterPage(letter, values, activities, db.session.scalar(invitations) or 0, log, changed)


def version_of(letter_id: int, number: int | None = None) -> tuple[Letter, LetterVersion]:
    """Return a version of a letter, the last one for None. Raise LetterMissing."""
    wanted = (
        sa.select(LetterVersion).where(LetterVersion.letter_id == letter_id).options(joinedload(LetterVersion.letter))
    )
    if number is not None:
        wanted = wanted.where(LetterVersion.number == number)
    found = db.session.scalar(wanted.order_by(LetterVersion.number.desc()).limit(1))
    if found is None:
        raise LetterMissing
    return found.letter, found


def of_activity(activity_id: int) -> Mapping[LetterState, int]:
    """Return how many letters an activity has, by state."""
    its = (
        sa.select(letter_invitation.c.letter_id)
        .join(Invitation, Invitation.id == letter_invitation.c.invitation_id)
        .where(Invitation.activity_id == activity_id)
    )
    counted = sa.select(Letter.state, sa.func.count()).where(Letter.id.in_(its)).group_by(Letter.state)
    found = {row[0]: row[1] for row in db.session.execute(counted)}
    return {state: found[state] for state in LetterState if state in found}


def settings() -> StoredSettings:
    """Return how letters are written, as it was saved."""
    return letter_settings.stored(db.session)


def word_form() -> bytes:
    """Return the template for Word that is in use."""
    return form_in_use(db.session)


def completed_settings(values: LetterSettings) -> LetterSettings:
    """Return the settings with what is taken from the office."""
    return letter_settings.completed(values, db.session.scalar(the_office()))


def _select(filters: LetterFilters) -> sa.Select[Any]:
    select = sa.select(Letter).order_by(Letter.id.desc())
    if filters.group is not None:
        select = select.where(Letter.state.in_(STATES[filters.group]))
    if filters.group is LetterGroup.UNMAILED:
        select = select.where(mailed_letters.not_with_everybody())
    for word in filters.q.split()[:6]:
        code = word.replace("-", "")
        select = select.where(
            sa.or_(
                Letter.number.icontains(word, autoescape=True),
                Letter.subject.icontains(word, autoescape=True),
                Letter.code.icontains(code, autoescape=True) if code else sa.false(),
            )
        )
    if filters.activity_id is not None or filters.programme_id is not None:
        its = (
            sa.select(letter_invitation.c.letter_id)
            .join(Invitation, Invitation.id == letter_invitation.c.invitation_id)
            .join(Activity, Activity.id == Invitation.activity_id)
        )
        if filters.activity_id is not None:
            its = its.where(Activity.id == filters.activity_id)
        if filters.programme_id is not None:
            its = its.where(Activity.programme_id == filters.programme_id)
        select = select.where(Letter.id.in_(its))
    return select


def _rows(letters: Sequence[Letter]) -> Iterator[LetterRow]:
    ids = [letter.id for letter in letters]
    activities = _activities(ids)
    last = (
        sa.select(LetterVersion.letter_id, sa.func.max(LetterVersion.number).label("number"))
        .where(LetterVersion.letter_id.in_(ids))
        .group_by(LetterVersion.letter_id)
        .subquery()
    )
    values = db.session.execute(
        sa.select(LetterVersion.letter_id, LetterVersion.values).join(
            last, sa.and_(last.c.letter_id == LetterVersion.letter_id, last.c.number == LetterVersion.number)
        )
    )
    addressees = {
        letter_id: [one["lines"][0] for one in said.get("addressees", ()) if one.get("lines")]
        for letter_id, said in values
    }
    mailed = mailed_letters.mailed(ids)
    for letter in letters:
        yield LetterRow(letter, addressees.get(letter.id, ()), activities.get(letter.id, ()), mailed.get(letter.id))


def _activities(letter_ids: Collection[int]) -> dict[int, list[Activity]]:
    found: dict[int, list[Activity]] = {}
    pairs = (
        sa.select(letter_invitation.c.letter_id, Activity)
        .join(Invitation, Invitation.id == letter_invitation.c.invitation_id)
        .join(Activity, Activity.id == Invitation.activity_id)
        .where(letter_invitation.c.letter_id.in_(letter_ids))
        .distinct()
        .order_by(letter_invitation.c.letter_id, Activity.starts_at, Activity.id)
    )
    for letter_id, activity in db.session.execute(pairs):
        found.setdefault(letter_id, []).append(activity)
    return found

"""What the pages of letters show: the list, one letter with its history, and who a new letter can be for. Reads only."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from outreach import codec
from outreach.domain.letters import CHANGEABLE, STANDS, LetterSettings, LetterState, LetterValues
from outreach.domain.states import ActivityState, InvitationState
from outreach.extensions import db
from outreach.models import (
    Activity,
    AuditEntry,
    Invitation,
    Letter,
    LetterVersion,
    Organisation,
    Person,
    Programme,
    User,
    letter_invitation,
    the_office,
)
from outreach.queries import mailed_letters, returned_letters
from outreach.queries.mailed_letters import MailedLetter
from outreach.queries.paging import Page, paged
from outreach.services.letters import plan
from outreach.services.letters import settings as letter_settings
from outreach.services.letters.settings import StoredSettings
from outreach.services.letters.versions import LetterMissing
from outreach.services.letters.word import form_in_use
from outreach.services.locking import ActivityMissing, ProgrammeMissing

MOST_ON_A_PAGE = 1000  # invitations to choose from


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


@dataclass(frozen=True)
class InvitableActivity:
    """An activity with those who can be on a letter. lettered: ids of invitations that are on a letter already."""

    activity: Activity
    invitations: Sequence[Invitation]
    lettered: Collection[int]


@dataclass(frozen=True)
class NewLetter:
    """activity, programme: where the choice began.

    one_by_one: the activities of a programme with too many invitations for one page; each has its own.
    """

    title: str
    activities: Sequence[InvitableActivity]
    activity: Activity | None = None
    programme: Programme | None = None
    one_by_one: Sequence[Activity] = ()

    @property
    def ids(self) -> set[int]:
        return {one.id for activity in self.activities for one in activity.invitations}

    @property
    def waiting(self) -> set[int]:
        """Return those who are not invited yet, because they are on no letter that could be signed."""
        return returned_letters.unlettered_ids(self.activity.id) & self.ids if self.activity else set()

    @property
    def without_letter(self) -> set[int]:
        return self.ids.difference(*(activity.lettered for activity in self.activities))


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


def new_letter(activity_id: int | None, programme_id: int | None) -> NewLetter:
    """Return who a letter can be for. Raise ActivityMissing or ProgrammeMissing."""
    if activity_id is not None:
        activity = db.session.get(Activity, activity_id)
        if activity is None:
            raise ActivityMissing
        return NewLetter(activity.title, _invitable([activity.id]), activity=activity)
    programme = db.session.get(Programme, programme_id) if programme_id is not None else None
    if programme is None:
        raise ProgrammeMissing
    its = sa.select(Activity.id).where(
        Activity.programme_id == programme.id, Activity.state.not_in((ActivityState.CANCELLED, ActivityState.HELD))
    )
    activity_ids = db.session.scalars(its).all()
    invited = sa.select(sa.func.count()).where(
        Invitation.activity_id.in_(activity_ids), Invitation.state != InvitationState.WITHDRAWN
    )
    if len(activity_ids) > 1 and (db.session.scalar(invited) or 0) > MOST_ON_A_PAGE:
        wanted = sa.select(Activity).where(Activity.id.in_(activity_ids)).order_by(Activity.starts_at, Activity.id)
        return NewLetter(programme.title, (), programme=programme, one_by_one=db.session.scalars(wanted).all())
    return NewLetter(programme.title, _invitable(activity_ids), programme=programme)


def settings() -> StoredSettings:
    """Return how letters are written, as it was saved."""
    return letter_settings.stored(db.session)


def word_form() -> bytes:
    """Return the template for Word that is in use."""
    return form_in_use(db.session)


def completed_settings(values: LetterSettings) -> LetterSettings:
    """Return the settings with what is taken from the office."""
    return letter_settings.completed(values, db.session.scalar(the_office()))


def _invitable(activity_ids: Collection[int]) -> list[InvitableActivity]:
    """Nominees are left out: the letter goes to their organisation."""
    found: dict[Activity, list[Invitation]] = {}
    invitations = db.session.scalars(
        sa.select(Invitation)
        .join(Invitation.activity)
        .outerjoin(Invitation.person)
        .where(
            Invitation.activity_id.in_(activity_ids),
            Invitation.state != InvitationState.WITHDRAWN,
            Invitation.nominated_under_id.is_(None),
        )
        .options(
            joinedload(Invitation.person).joinedload(Person.organisation),
            joinedload(Invitation.organisation).load_only(Organisation.name),
            joinedload(Invitation.activity),
        )
        .order_by(Activity.starts_at, Activity.id, Invitation.role.desc(), Person.name, Invitation.id)
    ).all()
    for one in invitations:
        found.setdefault(one.activity, []).append(one)
    lettered = set(
        db.session.scalars(
            sa.select(letter_invitation.c.invitation_id)
            .join(Letter, Letter.id == letter_invitation.c.letter_id)
            .where(
                letter_invitation.c.invitation_id.in_(
                    sa.select(Invitation.id).where(Invitation.activity_id.in_(activity_ids))
                ),
                Letter.state != LetterState.CANCELLED,
            )
        )
    )
    return [InvitableActivity(activity, its, lettered) for activity, its in found.items()]


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

"""Change what an unsigned letter says: each change is a new version, and the letter is a konsep from then on."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from outreach import codec
from outreach.domain.documents import Signatory
from outreach.domain.letters import values as letters
from outreach.domain.letters.values import CHANGEABLE, Addressee, LetterState, LetterValues
from outreach.domain.problems import Problem
from outreach.models import Letter, LetterVersion, User
from outreach.services import audit
from outreach.services.letters.versions import last_values, letter_for_change
from outreach.transactions import writing

IN_TURN = "{urut}"
MOST_IN_A_NUMBER = 80


class LetterSigned(Problem):
    message = "This letter is signed, so its text stays as it is. A correction is a letter of its own."


class LetterSubjectMissing(Problem):
    message = "Please write what the letter is about (hal)."
    field = "subject"


class AddresseesMissing(Problem):
    message = "Please write who the letter is for: one addressee a paragraph."
    field = "addressees"


class NumberMissing(Problem):
    message = "Please write the number of the letters."
    field = "number"


@dataclass(frozen=True)
class LetterText:
    """What staff may change in one letter. The facts and the agenda come from the plan."""

    subject: str
    opening: str
    closing: str
    addressees: tuple[Addressee, ...]
    nature: str = ""
    attachments: str = ""
    number: str = ""
    dated_on: date | None = None
    copies: tuple[str, ...] = ()
    signatory: Signatory = field(default_factory=Signatory)


def text_of(values: LetterValues) -> LetterText:
    """Return what may be changed, as it is now."""
    return LetterText(**{name: getattr(values, name) for name in LetterText.__dataclass_fields__})


def changed_by(values: LetterValues, text: LetterText) -> LetterValues:
    """Return the letter with a changed text, for its preview and for storing it. Raise a Problem."""
    if not text.subject.strip():
        raise LetterSubjectMissing
    if not any(any(one.lines) for one in text.addressees):
        raise AddresseesMissing
    return replace(values, **{name: getattr(text, name) for name in LetterText.__dataclass_fields__})


def compose(letter_id: int, text: LetterText, version: int, *, by: User | None, now: datetime) -> Letter:
    """Store a changed text as a new version, and make the letter a konsep.

    Raise LetterMissing, Stale, LetterSigned, LetterSubjectMissing, AddresseesMissing; nothing is changed then.
    """
    with writing() as session:
        letter = letter_for_change(session, letter_id, version)
        add_version(session, letter, changed_by(last_values(letter), text), by=by, now=now)
        return letter


def number_all(letter_ids: Collection[int], number: str, dated_on: date, *, by: User | None, now: datetime) -> int:
    """Give number and date to all of these letters that have no number and no signature; return how many there were.

    {urut} in the number becomes 001, 002 … in the order in which they were made. Raise NumberMissing.
    """
    if not number.strip():
        raise NumberMissing
    with writing() as session:
        found = session.scalars(
            sa.select(Letter)
            .where(Letter.id.in_(letter_ids), Letter.state.in_(CHANGEABLE), Letter.number == "")
            .options(selectinload(Letter.versions))
            .order_by(Letter.id)
            .with_for_update(of=Letter, key_share=True)
            .execution_options(populate_existing=True)
        ).all()
        for position, letter in enumerate(found, start=1):
            own = number.strip().replace(IN_TURN, f"{position:03}")[:MOST_IN_A_NUMBER]
            add_version(
                session, letter, letters.written(last_values(letter), number=own, dated_on=dated_on), by=by, now=now
            )
        return len(found)


def add_version(session: Session, letter: Letter, values: LetterValues, *, by: User | None, now: datetime) -> None:
    """Add a version to the caller's transaction, if it differs from the last one. Raise LetterSigned."""
    if letter.state not in CHANGEABLE:
        raise LetterSigned
    changed = letters.what_changed(last_values(letter), values)
    was, letter.state = letter.state, LetterState.COMPOSED
    letter.number, letter.dated_on, letter.subject = values.number, values.dated_on, values.subject
    if changed:
        letter.versions.append(
            LetterVersion(
                number=letter.versions[-1].number + 1, values=codec.to_json(values), changed=list(changed), made_at=now,
                made_by_id=by.id if by else None,
            )
        )  # fmt: skip
    if changed or was is not LetterState.COMPOSED:
        audit.record(
            session, by, "letter.composed", letter, now=now, version=letter.versions[-1].number, changed=list(changed)
        )


def withdraw(letter_id: int, version: int, *, by: User | None, now: datetime) -> None:
    """Give up a letter that nobody has signed. It stays on record. Raise LetterMissing, Stale, LetterSigned."""
    with writing() as session:
        letter = letter_for_change(session, letter_id, version)
        if letter.state not in CHANGEABLE:
            raise LetterSigned
        letter.state = LetterState.CANCELLED
        audit.record(session, by, "letter.withdrawn", letter, now=now)

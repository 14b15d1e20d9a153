"""Many letters as one file, made by services/bundles.py: which letters, and the PDF of each."""

from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from functools import partial

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from outreach.delivery.documents.typeset import Press
from outreach.domain.letters.values import LetterState
from outreach.domain.problems import Problem
from outreach.extensions import db
from outreach.models import Letter, User
from outreach.services import audit, bundles
from outreach.services.bundles import Bundle, BundleForm, BundleOf, BundlePart
from outreach.services.letters import document
from outreach.services.letters.document import DocumentMaker
from outreach.transactions import writing

MOST_LETTERS = 2000
AT_ONCE = 100  # letters read from the database at once


class NoLettersChosen(Problem):
    message = "None of these letters can be printed so."


class TooManyLetters(Problem):
    message = "At most %(most)s letters can be made into one file. Please narrow the list."


def start(
    letter_ids: Collection[int], form: BundleForm, *, to_sign: bool, by: User, now: datetime,
    launch: Callable[[str], object] | None = None,
) -> str:  # fmt: skip
    """Start making the file; return its key. Raise NoLettersChosen or TooManyLetters.

    The audit log records each letter that is taken to be signed. launch: starts the process.
    """
    with writing() as session:
        found = session.scalars(
            sa.select(Letter)
            .where(Letter.id.in_(letter_ids), Letter.state != LetterState.CANCELLED)
            .order_by(Letter.id)
        ).all()
        chosen = [one for one in found if _is_ready(one)] if to_sign else list(found)
        if not chosen:
            raise NoLettersChosen
        if len(chosen) > MOST_LETTERS:
            raise TooManyLetters(most=MOST_LETTERS)
        session.flush()
        made_by, ids = by.id, tuple(one.id for one in chosen)
        action = "letter.taken_to_sign" if to_sign else "letter.printed"
        session.add_all(audit.entry(by, action, one, now=now) for one in chosen)
    left_out = len(set(letter_ids)) - len(ids)
    bundle = Bundle(made_by, BundleOf.LETTERS, form, ids, now, to_sign=to_sign, left_out=left_out)
    return bundles.begin(bundle, now=now, launch=launch)


def work(key: str) -> None:
    """Make the file, in the process of its own. Needs an app context."""
    bundles.work(key, parts)


def parts(bundle: Bundle) -> Iterator[BundlePart]:
    """Yield the letters of the file, in order."""
    maker = DocumentMaker(db.session)
    for letter in _letters(bundle.ids):
        make = partial(_pdf, letter, to_sign=bundle.to_sign, maker=maker)
        yield BundlePart(letter.title, f"{letter.number or letter.code} {letter.id}.pdf", make)


def _pdf(letter: Letter, on: Press, *, to_sign: bool, maker: DocumentMaker) -> bytes:
    """Return the signed file as it came, or what is to be signed, or the draft."""
    if letter.signed_file is not None and letter.signed_file.media_type == "application/pdf":
        data = letter.signed_file.data
        db.session.expire(letter.signed_file, ["data"])  # or the files of a whole portion stay in memory
        return data
    return document.pdf(letter.versions[-1], draft=not to_sign, on=on, maker=maker)


def _letters(ids: Collection[int]) -> Iterator[Letter]:
    wanted = list(ids)
    for start in range(0, len(wanted), AT_ONCE):
        portion = wanted[start : start + AT_ONCE]
        yield from db.session.scalars(
            sa.select(Letter)
            .where(Letter.id.in_(portion))
            .options(selectinload(Letter.versions), joinedload(Letter.signed_file))
            .order_by(Letter.id)
        )
        db.session.rollback()


def _is_ready(letter: Letter) -> bool:
    return letter.state is LetterState.COMPOSED and bool(letter.number) and letter.dated_on is not None
